/* trees.c - what comes as a sum of regression trees over lags, days before, the calendar of the rows and the inputs.
 *
 * Target   (x(t+h) - m) / d, m the mean of the last day and d the deviation of the rows that were learnt from.
 * Columns  the step ahead, the row's place in its day and the day's in a week; the last values, the same time on days before, means, all
 *          less m; m; which series; each input's last value and, where it is known ahead, that of the row and of a day before.
 * Blocks   of steps ahead (forecaster.h) have trees of their own, shared by all series: 120 trees of depth 5 from at most 30,000 rows,
 *          evenly over the past, the steps of a block by turns.
 * State    the trees as they are (boosting.h), so they are kept across a restart, also on a machine that could not learn them.
 * Source   Chen and Guestrin, XGBoost: A Scalable Tree Boosting System, KDD 2016. */
#include "forecast/boosting.h"
#include "forecast/forecaster.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_ROWS = 24, WEEK_DAYS = 7, TREES = 120, ROWS_MAX = 30000, OWN = 17, BLOCK_MAX = 8 };
static const double rate = 0.08;

typedef struct forest {
    sg_forecast_shape shape;
    int32_t columns, block_count, learnt, zero;
    double deviation[]; /* [series]; then [block][TREES][SG_TREE_NODES] nodes */
} forest;

static size_t size(const sg_forecast_shape *shape, int32_t variant)
{
    (void)variant;
    size_t blocks = (size_t)sg_horizon_block(shape->horizon - 1) + 1;
    return sizeof(forest) + (size_t)shape->series_count * sizeof(double) +
           blocks * TREES * SG_TREE_NODES * sizeof(sg_tree_node);
}

static void create(void *self, const sg_forecast_shape *shape, int32_t variant)
{
    forest *f = self;
    memset(self, 0, size(shape, variant));
    f->shape = *shape;
    f->columns = OWN + shape->input_count + 2 * shape->known_count;
    f->block_count = sg_horizon_block(shape->horizon - 1) + 1;
}

static int64_t day_of(const forest *self)
{
    return self->shape.season >= 2 ? self->shape.season : DAY_ROWS;
}

/* --- columns --- */

/* What all steps of one series from one origin have in common. */
typedef struct view {
    const forest *self;
    const sg_panel *panel;
    const double *value;
    int32_t series;
    int64_t origin, day;
    double deviation, mean, hour, week; /* of the last day, rows, week */
} view;

/* Of a row before the first one, that one. */
static double at(const view *v, int64_t row)
{
    return v->value[row > 0 ? row : 0];
}

static double mean_of(const view *v, int64_t rows)
{
    double sum = 0;
    int64_t first = v->origin > rows ? v->origin - rows : 0;
    for (int64_t i = first; i < v->origin; i++) {
        sum += v->value[i];
    }
    return v->origin > first ? sum / (double)(v->origin - first) : 0;
}

static view look(const forest *self, const sg_panel *panel, int32_t series, int64_t origin)
{
    view v = {.self = self,
              .panel = panel,
              .value = sg_panel_series(panel, series),
              .series = series,
              .origin = origin,
              .day = day_of(self),
              .deviation = self->deviation[series]};
    v.mean = mean_of(&v, v.day);
    v.hour = mean_of(&v, v.day / DAY_ROWS > 4 ? v.day / DAY_ROWS : 4);
    v.week = mean_of(&v, WEEK_DAYS * v.day);
    return v;
}

static float bounded(double x)
{
    return (float)fmax(fmin(x, 1e30), -1e30);
}

static void fill_inputs(const view *v, int64_t row, float *ret)
{
    for (int32_t k = 0; k < v->self->shape.input_count; k++) {
        *ret++ = bounded(sg_input_at(v->panel->inputs, k, v->origin > 0 ? v->origin - 1 : 0));
    }
    for (int32_t k = 0; k < v->self->shape.known_count; k++) {
        *ret++ = bounded(sg_input_at(v->panel->inputs, k, row));
        *ret++ = bounded(sg_input_at(v->panel->inputs, k, row > v->day ? row - v->day : 0));
    }
}

static void fill(const view *v, int32_t ahead, float *ret)
{
    int64_t row = v->origin + ahead, days = ahead / v->day + 1, before = row - days * v->day;
    int64_t weeks = (days + WEEK_DAYS - 1) / WEEK_DAYS;
    double same = 0;
    for (int32_t d = 0; d < WEEK_DAYS; d++) {
        same += at(v, before - d * v->day) / WEEK_DAYS;
    }
    const double own[OWN - 5] = {at(v, v->origin - 1),
                                 at(v, v->origin - 2),
                                 at(v, v->origin - 3),
                                 v->hour,
                                 at(v, before - 1),
                                 at(v, before),
                                 at(v, before + 1 < v->origin ? before + 1 : before),
                                 at(v, before - v->day),
                                 at(v, row - weeks * WEEK_DAYS * v->day),
                                 same,
                                 v->week,
                                 at(v, v->origin - v->day)};
    for (int i = 0; i < OWN - 5; i++) {
        ret[i] = bounded((own[i] - v->mean) / v->deviation);
    }
    float *to = ret + OWN - 5;
    *to++ = (float)ahead;
    *to++ = (float)(row % v->day);
    *to++ = (float)(row / v->day % WEEK_DAYS);
    *to++ = bounded(v->mean / v->deviation);
    *to++ = (float)v->series;
    fill_inputs(v, row, to);
}

/* --- looking ahead --- */

static const sg_tree_node *trees_of(const forest *self, int32_t block)
{
    const double *behind = self->deviation + self->shape.series_count;
    return (const sg_tree_node *)(const void *)behind + (int64_t)block * TREES * SG_TREE_NODES;
}

enum { COLUMNS_MAX = OWN + 3 * SG_FORECAST_INPUT_MAX };

static void predict(const void *memory, const sg_panel *panel, int64_t origin, double *ret)
{
    const forest *self = memory;
    float row[COLUMNS_MAX];
    for (int32_t s = 0; s < self->shape.series_count; s++) {
        double last = origin > 0 ? sg_panel_series(panel, s)[origin - 1] : 0;
        bool can = self->learnt && origin > 0;
        view v = {0};
        if (can) {
            v = look(self, panel, s, origin);
        }
        for (int32_t h = 0; h < self->shape.horizon; h++) {
            double said = last;
            if (can) {
                fill(&v, h, row);
                said = v.mean + v.deviation * sg_boosting_sum(trees_of(self, sg_horizon_block(h)),
                                                              TREES, row);
            }
            *ret++ = isfinite(said) ? said : last;
        }
    }
}

/* --- fit --- */

static sg_status learn_block(forest *self, const sg_panel *panel, int32_t block, int64_t from,
                             int64_t to, float *x, float *y)
{
    int32_t first = block > 0 ? sg_horizon_block_end(block - 1) : 0;
    int32_t end = sg_horizon_block_end(block), step = 0;
    end = end < self->shape.horizon ? end : self->shape.horizon;
    int64_t rows = 0, origins = (to - from) * self->shape.series_count;
    int64_t times = origins < ROWS_MAX / 2 ? ROWS_MAX / (origins + 1) : 1;
    times = times < end - first ? times : end - first;
    int64_t stride = origins * times / ROWS_MAX + 1;
    for (int32_t s = 0; s < self->shape.series_count; s++) {
        for (int64_t origin = from + s % stride; origin < to; origin += stride) {
            view v = look(self, panel, s, origin);
            for (int64_t i = 0; i < times; i++, step++) {
                /* every step by turns, a stride apart that has no factor in common with their number */
                int32_t ahead = first + (int32_t)((int64_t)step * 7919 % (end - first));
                if (origin + ahead >= to || rows == ROWS_MAX) {
                    continue;
                }
                fill(&v, ahead, x + rows * self->columns);
                y[rows++] = bounded((v.value[origin + ahead] - v.mean) / v.deviation);
            }
        }
    }
    sg_tree_node *trees = (sg_tree_node *)(void *)(self->deviation + self->shape.series_count);
    return rows == 0 ? SG_RANGE
                     : sg_boosting_learn(x, y, rows, self->columns, TREES, rate,
                                         trees + (int64_t)block * TREES * SG_TREE_NODES);
}

static sg_status fit(void *memory, const sg_panel *panel, int64_t from, int64_t to)
{
    forest *self = memory;
    int64_t begin = from + WEEK_DAYS * day_of(self);
    self->learnt = 0;
    if (sg_boosting_lacks()) {
        return SG_UNAVAILABLE;
    }
    begin = to - begin < (to - from) / 2 ? from + (to - from) / 2 : begin;
    if (to - begin <= self->shape.horizon || self->columns > COLUMNS_MAX) {
        return SG_OK; /* nothing to learn the last steps from */
    }
    for (int32_t s = 0; s < self->shape.series_count; s++) {
        double mean;
        sg_panel_scale(panel, s, from, to, &mean, &self->deviation[s]);
    }
    float *x = malloc(ROWS_MAX * ((size_t)self->columns + 1) * sizeof *x);
    sg_status status = x ? SG_OK : SG_NOMEM;
    for (int32_t b = 0; b < self->block_count && status == SG_OK; b++) {
        status = learn_block(self, panel, b, begin, to, x, x + ROWS_MAX * (size_t)self->columns);
    }
    free(x);
    self->learnt = status == SG_OK;
    return status == SG_RANGE ? SG_OK : status;
}

const sg_forecaster sg_forecaster_trees = {
    .name = "trees",
    .title = "boosted trees over lags, days before, calendar and inputs (XGBoost)",
    .source = "Chen and Guestrin, XGBoost: A Scalable Tree Boosting System, KDD 2016",
    .use = SG_USE_NAMED,
    .lacks = sg_boosting_lacks,
    .size = size,
    .create = create,
    .fit = fit,
    .predict = predict,
};
