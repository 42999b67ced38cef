#include "measure/measure.h"

#include <math.h>

/* Class limits: how long a held value may still carry a decision. At steps longer than the limit one missed reading is
 * allowed. Electrical values 1 s, prices and carbon 2 h (they change by the hour). */
static double age_max_s(bool electrical, double dt_s)
{
    double limit_s = electrical ? 1.0 : 7200.0;
    return limit_s > 1.5 * dt_s ? limit_s : 1.5 * dt_s;
}

typedef struct range {
    double low, high;
} range;

static void step_run(const sg_measure *self, int first, int count, bool electrical, range wide,
                     const double *scale, const double *value, const uint8_t *quality, double dt_s)
{
    double limit_s = age_max_s(electrical, dt_s);
    for (int i = 0; i < count; i++) {
        int point = first + i;
        double high = scale ? scale[i] * 1.05 + 1.0 : wide.high;
        double low = scale && wide.low < -high ? -high : wide.low;
        double v = value[point];
        if (quality[point] <= SG_SUSPECT && isfinite(v) && v >= low && v <= high) {
            self->value[point] = v;
            self->age_s[point] = 0;
            self->quality[point] = quality[point];
        } else if (self->age_s[point] < 0) {
            self->quality[point] = SG_NO_DATA;
        } else {
            self->age_s[point] += dt_s;
            self->quality[point] = self->age_s[point] <= limit_s ? SG_SUSPECT : SG_STALE;
        }
    }
}

static void step_stores(const sg_measure *self, const sg_plant *plant, const double *value,
                        const uint8_t *quality, double dt_s)
{
    for (int s = 0; s < plant->store_count; s++) {
        const sg_reservoir *r = &plant->store_reservoir[s];
        double most_w = r->charge_w_max > r->discharge_w_max ? r->charge_w_max : r->discharge_w_max;
        step_run(self, plant->points.first[SG_POINT_STORE_ENERGY] + s, 1, true, (range){0, 0},
                 &r->capacity_j, value, quality, dt_s);
        step_run(self, plant->points.first[SG_POINT_STORE_POWER] + s, 1, true,
                 (range){-INFINITY, 0}, &most_w, value, quality, dt_s);
    }
}

void sg_measure_step(const sg_measure *self, const sg_plant *plant, const double *value,
                     const uint8_t *quality, double dt_s, int64_t counts[4])
{
    const int32_t *first = plant->points.first;
    const range power = {-1e12, 1e12}, magnitude = {0, 1e12};
    step_run(self, first[SG_POINT_SOURCE_AVAILABLE], plant->source_count, true, magnitude, NULL,
             value, quality, dt_s);
    step_run(self, first[SG_POINT_SOURCE_POWER], plant->source_count, true, power, NULL, value,
             quality, dt_s);
    step_stores(self, plant, value, quality, dt_s);
    step_run(self, first[SG_POINT_LOAD_DEMAND], plant->load_count, true, magnitude,
             plant->load_rating_w, value, quality, dt_s);
    step_run(self, first[SG_POINT_LOAD_POWER], plant->load_count, true, magnitude,
             plant->load_rating_w, value, quality, dt_s);
    step_run(self, first[SG_POINT_NODE_POWER], plant->node_count, true, power, NULL, value, quality,
             dt_s);
    int site = first[SG_POINT_SITE];
    for (int i = 0; i < SG_SITE_POINT_COUNT; i++) {
        bool market = i == SG_SITE_IMPORT_PRICE || i == SG_SITE_EXPORT_PRICE || i == SG_SITE_CARBON;
        range wide = i == SG_SITE_GRID_UP                ? (range){0, 1}
                     : market || i == SG_SITE_REGULATION ? (range){-1, 1}
                                                         : (range){0, 1e18};
        step_run(self, site + i, 1, !market, wide, NULL, value, quality, dt_s);
    }
    counts[SG_GOOD] = counts[SG_SUSPECT] = counts[SG_STALE] = counts[SG_NO_DATA] = 0;
    for (int point = 0; point < plant->points.count; point++) {
        counts[self->quality[point]]++;
    }
}
