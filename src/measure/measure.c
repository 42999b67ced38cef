#include "measure/measure.h"

#include "base/check.h"
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

static inline range range_of(const run *r, int i)
{
    if (!r->scale) {
        return r->wide;
    }
    double high = r->scale[i] * 1.05 + 1.0;
    return (range){r->wide.low < -high ? -high : r->wide.low, high};
}

/* The whole frame, or what has changed of it: changed[at] is the first not yet looked at. */
typedef struct frame_in {
    const sg_measure *self;
    const sg_readings_in *in;
    const run *run;
    int64_t at;
} frame_in;

static void whole_part(void *context, int part)
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

/* Those of the changed points that are in the run, by themselves. */
static void step_changed(frame_in *f, const run *one)
{
    const sg_measure self = *f->self;
    const sg_readings_in in = *f->in;
    const run r = *one;
    double limit_s = age_max_s(r.electrical, in.dt_s);
    int64_t at = f->at;
    for (; at < in.changed_count && in.changed[at] < r.first + r.count; at++) {
        int point = in.changed[at];
        step_point(self, point, range_of(&r, point - r.first), in.value[point], in.quality[point],
                   limit_s, in.dt_s);
    }
    f->at = at;
}

static void step_run(frame_in *f, const run *r)
{
    f->run = r;
    if (f->in->changed) {
        step_changed(f, r);
    } else {
        sg_pool_run(f->in->pool, whole_part, f, sg_sweep_blocks(r->count));
    }
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

/* Points by quality. */
typedef struct count_job {
    const uint8_t *quality;
    int32_t count, found[SG_SWEEP_BLOCK_MAX][4];
} count_job;

static void count_part(void *context, int part)
{
    count_job *j = context;
    sg_span span = sg_sweep_span(part, j->count);
    int32_t suspect = 0, stale = 0, none = 0;
    for (int i = span.from; i < span.to; i++) {
        suspect += j->quality[i] == SG_SUSPECT;
        stale += j->quality[i] == SG_STALE;
        none += j->quality[i] == SG_NO_DATA;
    }
    j->found[part][SG_SUSPECT] = suspect;
    j->found[part][SG_STALE] = stale;
    j->found[part][SG_NO_DATA] = none;
    j->found[part][SG_GOOD] = span.to - span.from - suspect - stale - none;
}

static void count_all(const sg_measure *self, const sg_plant *plant, sg_pool *pool,
                      int64_t counts[4])
{
    count_job j;
    int32_t blocks = sg_sweep_blocks(plant->points.count);
    SG_CHECK(blocks <= SG_SWEEP_BLOCK_MAX);
    j.quality = self->quality;
    j.count = plant->points.count;
    sg_pool_run(pool, count_part, &j, blocks);
    memset(counts, 0, 4 * sizeof *counts);
    for (int32_t b = 0; b < blocks; b++) {
        for (int quality = 0; quality < 4; quality++) {
            counts[quality] += j.found[b][quality];
        }
    }
}

void sg_measure_step(const sg_measure *self, const sg_plant *plant, const sg_readings_in *given,
                     int64_t counts[4])
{
    const int32_t *first = plant->points.first;
    const range power = {-1e12, 1e12}, magnitude = {0, 1e12};
    sg_readings_in in = *given;
    if (counts[SG_GOOD] != plant->points.count) {
        in.changed = NULL; /* what is held grows older, changed or not */
    }
    frame_in f = {.self = self, .in = &in};
    step_run(&f,
             &(run){first[SG_POINT_SOURCE_AVAILABLE], plant->source_count, true, magnitude, NULL});
    step_run(&f, &(run){first[SG_POINT_SOURCE_POWER], plant->source_count, true, power, NULL});
    step_stores(&f, plant, SG_POINT_STORE_ENERGY);
    step_stores(&f, plant, SG_POINT_STORE_POWER);
    step_run(&f, &(run){first[SG_POINT_LOAD_DEMAND], plant->load_count, true, magnitude,
                        plant->load_rating_w});
    step_run(&f, &(run){first[SG_POINT_LOAD_POWER], plant->load_count, true, magnitude,
                        plant->load_rating_w});
    step_run(&f, &(run){first[SG_POINT_NODE_POWER], plant->node_count, true, power, NULL});
    step_site(&f, first[SG_POINT_SITE]);
    SG_CHECK(!in.changed || f.at == in.changed_count); /* ascending, and points of the site */
    count_all(self, plant, in.pool, counts);
}
