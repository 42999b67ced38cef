/* smoothing.c - exponential smoothing: a level, with or without a damped trend and a season of a day.
 *
 * Model    error correction with additive parts; of the four forms and a grid of gains the one with the least AIC of its errors one
 *          step ahead, each series for itself.
 * Source   Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 8.4 to 8.6. */
#include "forecast/forecaster.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SEASON_MAX = 1024 };

static const double damping = 0.98;
static const double level_gains[] = {0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95};
static const double trend_gains[] = {0, 0.02, 0.1, 0.3};   /* of the level's; 0: no trend */
static const double season_gains[] = {-1, 0.02, 0.1, 0.3}; /* -1: no season              */

typedef struct form {
    double level_gain, trend_gain, season_gain;
} form;

typedef struct smooth {
    form form;
    double level, trend;
    double season[]; /* by row modulo season */
} smooth;

typedef struct smoothing {
    sg_forecast_shape shape;
    int32_t season, learnt; /* 0: none that can be kept */
} smoothing;

static int32_t season_of(const sg_forecast_shape *shape)
{
    bool kept = shape->season >= 2 && shape->season <= SEASON_MAX &&
                shape->fit_rows >= 2 * (int64_t)shape->season;
    return kept ? shape->season : 0;
}

static size_t one_size(int32_t season)
{
    return sizeof(smooth) + (size_t)season * sizeof(double);
}

static size_t size(const sg_forecast_shape *shape, int32_t variant)
{
    (void)variant;
    return sizeof(smoothing) + (size_t)shape->series_count * one_size(season_of(shape));
}

static size_t place(const smoothing *self, int32_t series)
{
    return sizeof *self + (size_t)series * one_size(self->season);
}

static smooth *one(void *self, int32_t series)
{
    return (smooth *)(void *)((char *)self + place(self, series));
}

static void create(void *self, const sg_forecast_shape *shape, int32_t variant)
{
    memset(self, 0, size(shape, variant));
    ((smoothing *)self)->shape = *shape;
    ((smoothing *)self)->season = season_of(shape);
}

static bool seasonal(const form *f)
{
    return f->season_gain >= 0;
}

/* One row on; the error of what was said of it. */
static double step(smooth *o, int32_t season, double x, int64_t row)
{
    double *part = season > 0 && seasonal(&o->form) ? &o->season[row % season] : NULL;
    double level = o->level + damping * o->trend, error = x - level - (part ? *part : 0);
    o->level = level + o->form.level_gain * error;
    o->trend = damping * o->trend + o->form.level_gain * o->form.trend_gain * error;
    if (part) {
        *part += o->form.season_gain * (1 - o->form.level_gain) * error;
    }
    return error;
}

/* Through rows [from, to): the sum of squares beyond the first season. */
static double run(smooth *o, int32_t season, const double *x, int64_t from, int64_t to)
{
    int64_t warm = from + (season > 0 ? season : 1);
    warm = warm < to ? warm : to;
    double squares = 0, count = fmax((double)(warm - from), 1);
    o->level = o->trend = 0;
    for (int64_t i = from; i < warm; i++) {
        o->level += x[i] / count;
    }
    for (int64_t i = from; season > 0 && i < warm; i++) {
        o->season[i % season] = x[i] - o->level;
    }
    if (!seasonal(&o->form)) {
        o->level = x[warm - 1];
    }
    for (int64_t i = warm; i < to; i++) {
        double error = step(o, season, x[i], i);
        squares += error * error;
    }
    return squares;
}

static double aic(const form *f, double squares, int64_t count, int32_t season)
{
    double parameters = 2 + 2 * (f->trend_gain > 0) + (seasonal(f) ? 1 + season : 0);
    return (double)count * log(squares / (double)count + 1e-300) + 2 * parameters;
}

static form best_form(smooth *o, int32_t season, const double *x, int64_t from, int64_t to)
{
    enum { LEVELS = sizeof level_gains / sizeof *level_gains, TRENDS = 4, SEASONS = 4 };
    form best = {1, 0, -1}; /* the last value */
    double least = INFINITY;
    for (int i = 0; i < LEVELS * TRENDS * SEASONS; i++) {
        o->form = (form){level_gains[i % LEVELS], trend_gains[i / LEVELS % TRENDS],
                         season_gains[i / LEVELS / TRENDS]};
        if (seasonal(&o->form) && season == 0) {
            continue;
        }
        double squares = run(o, season, x, from, to);
        double score = aic(&o->form, squares, to - from, season);
        if (isfinite(squares) && score < least) {
            least = score;
            best = o->form;
        }
    }
    return best;
}

static sg_status fit(void *self, const sg_panel *panel, int64_t from, int64_t to)
{
    smoothing *m = self;
    m->learnt = to > from;
    for (int32_t s = 0; s < m->shape.series_count && m->learnt; s++) {
        smooth *o = one(self, s);
        o->form = best_form(o, m->season, sg_panel_series(panel, s), from, to);
        run(o, m->season, sg_panel_series(panel, s), from, to);
    }
    return SG_OK;
}

static void update(void *self, const sg_panel *panel, int64_t row)
{
    smoothing *m = self;
    for (int32_t s = 0; s < m->shape.series_count && m->learnt; s++) {
        step(one(self, s), m->season, sg_panel_series(panel, s)[row], row);
    }
}

static void predict(const void *self, const sg_panel *panel, int64_t origin, double *ret)
{
    const smoothing *m = self;
    for (int32_t s = 0; s < m->shape.series_count; s++) {
        const smooth *o = (const smooth *)(const void *)((const char *)self + place(m, s));
        double last = origin > 0 ? sg_panel_series(panel, s)[origin - 1] : 0;
        double level = m->learnt ? o->level : last, trend = m->learnt ? o->trend : 0;
        bool season = m->learnt && seasonal(&o->form);
        for (int32_t h = 0; h < m->shape.horizon; h++) {
            trend *= damping;
            level += trend;
            *ret++ = level + (season ? o->season[(origin + h) % m->season] : 0);
        }
    }
}

const sg_forecaster sg_forecaster_smoothing = {
    .name = "smoothing",
    .title = "exponential smoothing with a damped trend and a season where they help",
    .source = "Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 8.4",
    .size = size,
    .create = create,
    .fit = fit,
    .update = update,
    .predict = predict,
};
