#include "measure/measure.h"

#include "base/sweep.h"

#include <math.h>
#include <string.h>

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

/* One reading: taken, or the last one held. */
static inline void step_point(sg_measure self, int point, range r, double v, uint8_t quality,
                              double limit_s, double dt_s)
{
    if (quality <= SG_SUSPECT && isfinite(v) && v >= r.low && v <= r.high) {
        self.value[point] = v;
        self.age_s[point] = 0;
        self.quality[point] = quality;
    } else if (self.age_s[point] < 0) {
        self.quality[point] = SG_NO_DATA;
    } else {
        self.age_s[point] += dt_s;
        self.quality[point] = self.age_s[point] <= limit_s ? SG_SUSPECT : SG_STALE;
    }
}

/* Points that are alike: of one kind, with ranges by device or one for all. */
typedef struct run {
    int first, count;
    bool electrical;
    range wide;
    const double *scale; /* [point of the run] NULL: wide holds */
} run;

/* What is plausible of a device that is rated so. */
static const double SCALE = 1.05, SLACK = 1.0;

static inline double scaled(double rating)
{
    return rating * SCALE + SLACK;
}

static inline range range_of(const run *r, int i)
{
    if (!r->scale) {
        return r->wide;
    }
    double high = scaled(r->scale[i]);
    return (range){r->wide.low < -high ? -high : r->wide.low, high};
}

/* A frame on its way in. */
typedef struct frame_in {
    const sg_measure *self;
    const sg_readings_in *in;
    const run *run;
} frame_in;

static void run_part(void *context, int part)
{
    const frame_in *f = context;
    /* held here: a quality is a byte, and a byte that is written could be any pointer of theirs */
    const sg_measure self = *f->self;
    const sg_readings_in in = *f->in;
    const run r = *f->run;
    double limit_s = age_max_s(r.electrical, in.dt_s);
    sg_span span = sg_sweep_span(part, r.count);
    for (int i = span.from; i < span.to; i++) {
        int point = r.first + i;
        step_point(self, point, range_of(&r, i), in.value[point], in.quality[point], limit_s,
                   in.dt_s);
    }
}

static void step_run(frame_in *f, const run *r)
{
    f->run = r;
    sg_pool_run(f->in->pool, run_part, f, sg_sweep_blocks(r->count));
}

static void step_stores(frame_in *f, const sg_plant *plant, sg_point_kind kind)
{
    for (int s = 0; s < plant->store_count; s++) {
        const sg_reservoir *r = &plant->store_reservoir[s];
        double most_w = r->charge_w_max > r->discharge_w_max ? r->charge_w_max : r->discharge_w_max;
        bool energy = kind == SG_POINT_STORE_ENERGY;
        step_run(f, &(run){plant->points.first[kind] + s,
                           1,
                           true,
                           {energy ? 0 : -(double)INFINITY, 0},
                           energy ? &r->capacity_j : &most_w});
    }
}

static void step_site(frame_in *f, int site)
{
    for (int i = 0; i < SG_SITE_POINT_COUNT; i++) {
        bool market = i == SG_SITE_IMPORT_PRICE || i == SG_SITE_EXPORT_PRICE || i == SG_SITE_CARBON;
        range wide = i == SG_SITE_GRID_UP                ? (range){0, 1}
                     : market || i == SG_SITE_REGULATION ? (range){-1, 1}
                                                         : (range){0, 1e18};
        step_run(f, &(run){site + i, 1, !market, wide, NULL});
    }
}

static void count_range(const uint8_t *quality, int32_t from, int32_t to, int64_t ret_counts[4])
{
    for (int32_t i = from; i < to; i++) {
        ret_counts[quality[i]]++;
    }
}

void sg_measure_count(const sg_measure *self, const sg_plant *plant, const sg_news *news,
                      int64_t ret_counts[4])
{
    const int32_t loads = plant->points.first[SG_POINT_LOAD_DEMAND],
                  after = plant->points.first[SG_POINT_NODE_POWER];
    int64_t suspect = 0, stale = 0, none = 0;
    for (int32_t n = 0; n < plant->node_count; n++) {
        suspect += news->suspect[n];
        stale += news->stale[n];
        none += news->none[n];
    }
    memset(ret_counts, 0, 4 * sizeof *ret_counts);
    count_range(self->quality, 0, loads, ret_counts);
    count_range(self->quality, after, plant->points.count, ret_counts);
    ret_counts[SG_GOOD] += after - loads - suspect - stale - none;
    ret_counts[SG_SUSPECT] += suspect;
    ret_counts[SG_STALE] += stale;
    ret_counts[SG_NO_DATA] += none;
}

void sg_measure_step(const sg_measure *self, const sg_plant *plant, const sg_readings_in *in)
{
    const int32_t *first = plant->points.first;
    const range power = {-1e12, 1e12}, magnitude = {0, 1e12};
    frame_in f = {.self = self, .in = in};
    step_run(&f,
             &(run){first[SG_POINT_SOURCE_AVAILABLE], plant->source_count, true, magnitude, NULL});
    step_run(&f, &(run){first[SG_POINT_SOURCE_POWER], plant->source_count, true, power, NULL});
    step_stores(&f, plant, SG_POINT_STORE_ENERGY);
    step_stores(&f, plant, SG_POINT_STORE_POWER);
    step_run(&f, &(run){first[SG_POINT_NODE_POWER], plant->node_count, true, power, NULL});
    step_site(&f, first[SG_POINT_SITE]);
    step_run(&f,
             &(run){first[SG_POINT_TIE_POWER], plant->tie_count, true, power, plant->tie_limit_w});
}

/* --- loads --- */

/* Readings of a node by quality; all others are good. */
typedef struct tally {
    int32_t suspect, stale, none;
} tally;

/* Is it all good, and was so before? Most is: then nothing grows older, and a range is left to be checked. */
static bool all_good(const sg_measure *self, const sg_readings_in *in, int first, int count,
                     const double *rating_w, bool was_good)
{
    return sg_bytes_any(in->quality + first, count) == SG_GOOD &&
           (was_good || sg_bytes_any(self->quality + first, count) == SG_GOOD) &&
           sg_lanes_within(in->value + first, rating_w, SCALE, SLACK, count);
}

/* How many of them can carry no set-point. */
static int step_row(const sg_measure *self, const sg_readings_in *in, int first, int count,
                    const double *rating_w, bool was_good, tally *ret)
{
    int lost = 0;
    if (all_good(self, in, first, count, rating_w, was_good)) { /* so they are of age 0 */
        memcpy(self->value + first, in->value + first, sizeof(double) * (size_t)count);
        return 0;
    }
    for (int point = first; point < first + count; point++) {
        step_point(*self, point, (range){0, scaled(rating_w[point - first])}, in->value[point],
                   in->quality[point], age_max_s(true, in->dt_s), in->dt_s);
        uint8_t quality = self->quality[point];
        ret->suspect += quality == SG_SUSPECT;
        ret->stale += quality == SG_STALE;
        ret->none += quality == SG_NO_DATA;
        lost += quality >= SG_STALE;
    }
    return lost;
}

void sg_measure_loads(const sg_measure *self, const sg_plant *plant, const sg_news *news,
                      const sg_readings_in *in, int32_t node)
{
    int demand = plant->points.first[SG_POINT_LOAD_DEMAND],
        power = plant->points.first[SG_POINT_LOAD_POWER], lost = 0;
    bool was_good = !news->restless[node];
    tally all = {0};
    for (int32_t i = news->first[node], end = news->first[node + 1]; i < end;) {
        sg_row row = sg_news_row(news, i, end);
        const double *rating_w = plant->load_rating_w + row.from;
        int count = row.to - row.from;
        lost += step_row(self, in, demand + row.from, count, rating_w, was_good, &all);
        (void)step_row(self, in, power + row.from, count, rating_w, was_good, &all);
        i += count;
    }
    news->suspect[node] = all.suspect;
    news->stale[node] = all.stale;
    news->none[node] = all.none;
    news->lost[node] = lost;
    news->restless[node] = (all.suspect | all.stale | all.none) != 0;
}
