/* ridge_inputs.c - every step ahead as a linear function of a long window and of the inputs, each series by itself, in closed form.
 *
 * Model    x(t+h) - x(t-1) = sum over lags of w(lag, h) (x(t-lag) - x(t-1))        the series' own window, as in ridge.c
 *                          + w(h) x(t-1)                                                 its level
 *                          + sum over inputs of w(u, h) u(t-1)                           the newest value of each
 *                          + sum over inputs known ahead of w(u, o, h) u(t+h+o)          o = 0, and a day before
 *          with x and u brought to the scale of the rows that were learnt from. Effects differ from series to series, so unlike
 *          ridge.c each has weights of its own.
 * Fit      least squares with a penalty on w. All products that the normal equations sum are of two signals a fixed way apart, so
 *          each is the one of the row before, a row in and a row out. What all steps share is factored once; what is known of step h
 *          alone comes in by the Schur complement: with A of the shared, B between, C of the step's own columns,
 *          (C - B' A^-1 B) v = c - B' A^-1 y and w = A^-1 (y - B v).
 * Penalty  the one of a few that is best on the last fifth of the rows, learnt from the first four; a share of A's mean diagonal.
 * Bounds   an input counts for at most what was seen of it and a half of its range more.
 * Source   Toner and Darlow, An Analysis of Linear Time Series Forecasting Models, ICML 2024 (closed form, normalisation); Golub
 *          and Van Loan, Matrix Computations, 4th ed., 3.2.11 (Schur complement). */
#include "forecast/forecaster.h"
#include "math/dense.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_ROWS = 24,
    LEAST_ROWS = 4,
    INPUT_LAGS = 1,
    KNOWN_OFFSETS = 2, /* the row itself and that of the day before */
    BLOCK = 128,       /* steps ahead that are solved together      */
    TRIAL_ORIGINS = 64,
    TRIAL_COLUMNS = 32
};

static const double penalties[] = {0.01, 0.03, 0.1, 0.3, 1, 3};
enum { PENALTY_COUNT = sizeof penalties / sizeof penalties[0] };

typedef struct regression {
    sg_forecast_shape shape;
    int32_t lags;          /* of the series, the last value among them              */
    int32_t back;          /* rows before the origin that are looked at             */
    int32_t shared, apart; /* columns that all steps look at, and that one step has */
    int32_t learnt;
    double
        numbers[]; /* [input] scales; [series] means; [series][shared + apart][horizon] weights */
} regression;

static const struct window {
    int32_t days, lags_max;
} windows[] = {{4, 128}, {14, 384}};

static int64_t day_of(const sg_forecast_shape *shape)
{
    return shape->season >= 2 ? shape->season : DAY_ROWS;
}

static void measure(const sg_forecast_shape *shape, int32_t variant, regression *ret)
{
    int64_t day = day_of(shape), lags = windows[variant].days * day;
    int64_t room = (shape->fit_rows - shape->horizon) / LEAST_ROWS;
    lags = lags < windows[variant].lags_max ? lags : windows[variant].lags_max;
    lags = lags < room ? lags : room;
    *ret = (regression){.shape = *shape, .lags = lags < 2 ? 0 : (int32_t)lags};
    bool seasonal = day < room;
    ret->back = (int32_t)(seasonal && day > lags ? day : lags);
    ret->back = ret->back > INPUT_LAGS ? ret->back : INPUT_LAGS;
    ret->shared = lags < 2 ? 0 : (int32_t)lags + shape->input_count * INPUT_LAGS;
    ret->apart = lags < 2 ? 0 : shape->known_count * (seasonal ? KNOWN_OFFSETS : 1);
}

static size_t size(const sg_forecast_shape *shape, int32_t variant)
{
    regression r;
    measure(shape, variant, &r);
    size_t columns = (size_t)r.shared + (size_t)r.apart, series = (size_t)shape->series_count;
    return sizeof r + (size_t)shape->input_count * sizeof(sg_input_scale) +
           series * (1 + columns * (size_t)shape->horizon) * sizeof(double);
}

static void create(void *self, const sg_forecast_shape *shape, int32_t variant)
{
    memset(self, 0, size(shape, variant));
    measure(shape, variant, self);
}

static sg_input_scale *scales_of(const regression *r)
{
    union {
        const double *in;
        sg_input_scale *out;
    } at = {.in = r->numbers}; /* the block is the caller's, const only where it looks ahead */
    return at.out;
}

static int64_t means_at(const regression *r)
{
    return r->shape.input_count * (int64_t)(sizeof(sg_input_scale) / sizeof(double));
}

static int64_t weights_at(const regression *r, int32_t series)
{
    return means_at(r) + r->shape.series_count +
           (int64_t)series * (r->shared + r->apart) * r->shape.horizon;
}

/* The input and the offset to the step ahead of the step's own column e. */
static int32_t known_of(const regression *r, int32_t e, int64_t *ret_offset)
{
    *ret_offset = e < r->shape.known_count ? 0 : -day_of(&r->shape);
    return e % r->shape.known_count;
}

/* --- looking ahead: columns are every `stride`th step --- */

static void add(double *restrict ret, const double *restrict weight, double value, int32_t columns)
{
    for (int32_t c = 0; c < columns; c++) {
        ret[c] += value * weight[c];
    }
}

static void look_ahead(const regression *r, const double *weight, int32_t stride, int32_t columns,
                       const sg_panel *panel, int32_t series, int64_t origin, double *ret)
{
    const double *x = sg_panel_series(panel, series) + origin;
    const sg_input_scale *scales = scales_of(r);
    for (int32_t c = 0; c < columns; c++) {
        ret[c] = x[-1];
    }
    for (int32_t i = r->lags; i > 1; i--, weight += columns) {
        add(ret, weight, x[-i] - x[-1], columns);
    }
    add(ret, weight, x[-1] - r->numbers[means_at(r) + series], columns);
    weight += columns;
    for (int32_t k = 0; k < r->shape.input_count; k++) {
        for (int32_t i = 1; i <= INPUT_LAGS; i++, weight += columns) {
            double value = sg_input_scaled(&scales[k], sg_input_at(panel->inputs, k, origin - i));
            add(ret, weight, value, columns);
        }
    }
    for (int32_t e = 0; e < r->apart; e++, weight += columns) {
        int64_t offset;
        int32_t k = known_of(r, e, &offset);
        for (int32_t c = 0; c < columns; c++) {
            int64_t row = origin + (int64_t)c * stride + offset;
            ret[c] += sg_input_scaled(&scales[k], sg_input_at(panel->inputs, k, row)) * weight[c];
        }
    }
}

static void predict(const void *self, const sg_panel *panel, int64_t origin, double *ret)
{
    const regression *r = self;
    int32_t horizon = r->shape.horizon;
    for (int32_t s = 0; s < r->shape.series_count; s++, ret += horizon) {
        double last = origin > 0 ? sg_panel_series(panel, s)[origin - 1] : 0;
        if (r->learnt && origin >= r->back) {
            look_ahead(r, r->numbers + weights_at(r, s), 1, horizon, panel, s, origin, ret);
        }
        for (int32_t h = 0; h < horizon; h++) {
            ret[h] = r->learnt && origin >= r->back && isfinite(ret[h]) ? ret[h] : last;
        }
    }
}

/* --- sums of products --- */

typedef struct problem {
    regression *r;
    int64_t rows;   /* of each signal                                       */
    int64_t count;  /* windows: rows [i, i + back + horizon), origin at i + back */
    double *z;      /* [1 + input][rows]: the series, the inputs            */
    double *gram;   /* [shared][shared], as they are                              */
    double *factor; /* [shared][shared], centred, with the penalty          */
    double *
        cross; /* [shared][step of the block][1 + apart]: with the truth, with the step's own columns */
    double *own;    /* [step of the block][apart][1 + apart]                */
    double *solved; /* [shared][chosen step][1 + apart]                     */
    double *small;  /* [apart][apart], [apart], [apart]                     */
    double *column;
    double diagonal; /* mean */
    void *memory;
} problem;

/* ret[k * stride] = sum over windows t of a(t + k) b(t + k) */
static void sum_along(const double *a, const double *b, int64_t windows_, int32_t count,
                      double *ret, int64_t stride)
{
    double lane[4] = {0}, sum = 0;
    int64_t t = 0;
    for (; t + 4 <= windows_; t += 4) {
        for (int i = 0; i < 4; i++) {
            lane[i] += a[t + i] * b[t + i];
        }
    }
    for (; t < windows_; t++) {
        sum += a[t] * b[t];
    }
    sum += lane[0] + lane[1] + (lane[2] + lane[3]);
    for (int32_t k = 0; k < count; k++) {
        ret[k * stride] = sum;
        sum += a[windows_ + k] * b[windows_ + k] - a[k] * b[k];
    }
}

static const double *signal_of(const problem *p, int32_t which, int64_t offset)
{
    return p->z + which * p->rows + p->r->back + offset;
}

/* ret[i][j], i and j steps along two runs of rows that begin at a and b. */
static void sum_run(const problem *p, const double *a, int32_t rows, const double *b,
                    int32_t columns, double *ret, int64_t row_stride, int64_t column_stride)
{
    for (int32_t i = 0; i < rows; i++) { /* diagonals that begin in the first column */
        int32_t count = rows - i < columns ? rows - i : columns;
        sum_along(a + i, b, p->count, count, ret + i * row_stride, row_stride + column_stride);
    }
    for (int32_t j = 1; j < columns; j++) { /* and in the first row */
        int32_t count = columns - j < rows ? columns - j : rows;
        sum_along(a, b + j, p->count, count, ret + j * column_stride, row_stride + column_stride);
    }
}

/* Of the shared columns: runs are the series' lags and each input's, oldest first. */
static int32_t run_of(const problem *p, int32_t which, const double **ret)
{
    int32_t length = which == 0 ? p->r->lags : INPUT_LAGS;
    *ret = signal_of(p, which, -length);
    return length;
}

static int32_t run_begin(const problem *p, int32_t which)
{
    return which == 0 ? 0 : p->r->lags + (which - 1) * INPUT_LAGS;
}

static void sum_gram(problem *p)
{
    for (int32_t a = 0; a <= p->r->shape.input_count; a++) {
        for (int32_t b = 0; b <= a; b++) {
            const double *x, *y;
            int32_t rows = run_of(p, a, &x), columns = run_of(p, b, &y);
            double *to = p->gram + (int64_t)run_begin(p, a) * p->r->shared + run_begin(p, b);
            sum_run(p, x, rows, y, columns, to, p->r->shared, 1);
        }
    }
}

/* Signal of the step's own column e, of the truth where e < 0; as it is for the first step of a block. */
static const double *step_signal(const problem *p, int32_t e, int32_t first)
{
    int64_t offset = 0;
    int32_t which = e < 0 ? 0 : 1 + known_of(p->r, e, &offset);
    return signal_of(p, which, first + offset);
}

static void sum_block(problem *p, int32_t first, int32_t steps)
{
    int32_t each = 1 + p->r->apart;
    for (int32_t e = -1; e < p->r->apart; e++) {
        const double *y = step_signal(p, e, first), *x;
        for (int32_t a = 0; a <= p->r->shape.input_count; a++) {
            int32_t rows = run_of(p, a, &x);
            int64_t stride = (int64_t)steps * each;
            sum_run(p, x, rows, y, steps, p->cross + run_begin(p, a) * stride + e + 1, stride,
                    each);
        }
        for (int32_t f = 0; f < p->r->apart; f++) {
            sum_along(y, step_signal(p, f, first), p->count, steps, p->own + f * each + e + 1,
                      (int64_t)p->r->apart * each);
        }
    }
}

/* --- the normal equations, the last value taken off the series' own --- */

static double gram_of(const problem *p, int32_t i, int32_t j)
{
    return p->gram[i >= j ? (int64_t)i * p->r->shared + j : (int64_t)j * p->r->shared + i];
}

static double centred(const problem *p, int32_t i, int32_t j)
{
    int32_t last = p->r->lags - 1;
    double sum = gram_of(p, i, j);
    sum -= i < last ? gram_of(p, last, j) : 0;
    sum -= j < last ? gram_of(p, i, last) : 0;
    return sum + (i < last && j < last ? gram_of(p, last, last) : 0);
}

static bool factor(problem *p, double penalty)
{
    int32_t n = p->r->shared;
    p->diagonal = 0;
    for (int32_t i = 0; i < n; i++) {
        for (int32_t j = 0; j <= i; j++) {
            p->factor[(int64_t)i * n + j] = centred(p, i, j);
        }
        p->diagonal += p->factor[(int64_t)i * n + i] / n;
    }
    for (int32_t i = 0; i < n; i++) {
        p->factor[(int64_t)i * n + i] += penalty * p->diagonal;
    }
    return sg_cholesky(p->factor, n, n, p->column);
}

/* Shared column i with the truth (e 0) or the step's own column e - 1. */
static double cross_of(const problem *p, int32_t i, int32_t step, int32_t steps, int32_t e)
{
    int32_t last = p->r->lags - 1;
    int64_t stride = (int64_t)steps * (1 + p->r->apart), at = step * (1 + p->r->apart) + e;
    double sum = p->cross[i * stride + at] - (i < last ? p->cross[last * stride + at] : 0);
    if (e == 0) { /* the truth is told from the last value, too */
        sum -= gram_of(p, i, last) - (i < last ? gram_of(p, last, last) : 0);
    }
    return sum;
}

static double own_of(const problem *p, int32_t f, int32_t step, int32_t steps, int32_t e)
{
    int32_t each = 1 + p->r->apart, last = p->r->lags - 1;
    double sum = p->own[((int64_t)step * p->r->apart + f) * each + e];
    return e > 0 ? sum : sum - p->cross[((int64_t)last * steps + step) * each + 1 + f];
}

/* Weights of one step into ret[(shared + apart)][stride] from A^-1 (y, B) in `solved`. False: not positive definite. */
static bool finish_step(problem *p, double penalty, int32_t step, int32_t steps,
                        const double *solved, int64_t solved_stride, double *ret, int64_t stride)
{
    int32_t n = p->r->shared, m = p->r->apart;
    double *s = p->small, *v = s + (int64_t)m * m, *column = v + m;
    for (int32_t f = 0; f < m; f++) {
        v[f] = own_of(p, f, step, steps, 0);
        for (int32_t g = 0; g <= f; g++) {
            s[(int64_t)f * m + g] = own_of(p, f, step, steps, 1 + g);
        }
        s[(int64_t)f * m + f] += penalty * p->diagonal;
    }
    for (int32_t i = 0; i < n; i++) {
        const double *x = solved + i * solved_stride;
        for (int32_t f = 0; f < m; f++) {
            double b = cross_of(p, i, step, steps, 1 + f);
            v[f] -= b * x[0];
            for (int32_t g = 0; g <= f; g++) {
                s[(int64_t)f * m + g] -= b * x[1 + g];
            }
        }
    }
    if (m > 0 && !sg_cholesky(s, m, m, column)) {
        return false;
    }
    sg_cholesky_solve(s, m, m, v, 1);
    for (int32_t i = 0; i < n; i++) {
        const double *x = solved + i * solved_stride;
        double w = x[0];
        for (int32_t f = 0; f < m; f++) {
            w -= x[1 + f] * v[f];
        }
        ret[i * stride] = w;
    }
    for (int32_t f = 0; f < m; f++) {
        ret[(n + f) * stride] = v[f];
    }
    return true;
}

/* Weights [shared + apart][columns] of every `stride`th step, by the factor that stands. */
static bool solve(problem *p, double penalty, int32_t stride, int32_t columns, double *ret)
{
    int32_t n = p->r->shared, each = 1 + p->r->apart, horizon = p->r->shape.horizon;
    for (int32_t first = 0; first < horizon; first += BLOCK) {
        int32_t steps = horizon - first < BLOCK ? horizon - first : BLOCK;
        int32_t from = (first + stride - 1) / stride, to = (first + steps - 1) / stride + 1;
        to = to < columns ? to : columns;
        if (from >= to) {
            continue;
        }
        sum_block(p, first, steps);
        int64_t width = (int64_t)(to - from) * each;
        for (int32_t i = 0; i < n; i++) {
            for (int32_t c = from; c < to; c++) {
                for (int32_t e = 0; e < each; e++) {
                    p->solved[i * width + (c - from) * each + e] =
                        cross_of(p, i, c * stride - first, steps, e);
                }
            }
        }
        sg_cholesky_solve(p->factor, n, n, p->solved, (int)width);
        for (int32_t c = from; c < to; c++) {
            if (!finish_step(p, penalty, c * stride - first, steps, p->solved + (c - from) * each,
                             width, ret + c, columns)) {
                return false;
            }
        }
    }
    return true;
}

/* --- fit --- */

static bool new_problem(problem *p, regression *r, int64_t rows)
{
    size_t n = (size_t)r->shared, m = (size_t)r->apart;
    size_t steps = (size_t)(r->shape.horizon < BLOCK ? r->shape.horizon : BLOCK);
    size_t signals = 1 + (size_t)r->shape.input_count;
    *p = (problem){.r = r, .rows = rows};
    size_t sizes[] = {signals * (size_t)rows,
                      n * n,
                      n * n,
                      n * steps * (1 + m),
                      steps * m * (1 + m),
                      n * steps * (1 + m),
                      m * m + 2 * m + 1,
                      n};
    double **parts[] = {&p->z,   &p->gram,   &p->factor, &p->cross,
                        &p->own, &p->solved, &p->small,  &p->column};
    size_t total = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        total += sizes[i];
    }
    double *at = p->memory = calloc(total, sizeof(double));
    for (size_t i = 0; at && i < sizeof sizes / sizeof sizes[0]; i++) {
        *parts[i] = at;
        at += sizes[i];
    }
    return at != NULL;
}

/* The inputs' scales by rows [from, to). */
static void set_scales(regression *r, const sg_panel *panel, int64_t from, int64_t to)
{
    for (int32_t k = 0; k < r->shape.input_count; k++) {
        scales_of(r)[k] = sg_input_scale_of(panel->inputs, k, from, to);
    }
}

/* Signals and the sums that all steps share, of rows [from, to), and the series' mean. Returns its deviation. */
static double set_signals(problem *p, const sg_panel *panel, int32_t series, int64_t from,
                          int64_t to)
{
    double *mean = p->r->numbers + means_at(p->r) + series, deviation;
    const double *x = sg_panel_series(panel, series);
    const sg_input_scale *scales = scales_of(p->r);
    p->rows = to - from;
    p->count = p->rows - p->r->back - p->r->shape.horizon + 1;
    sg_panel_scale(panel, series, from, to, mean, &deviation);
    for (int64_t i = from; i < to; i++) {
        p->z[i - from] = (x[i] - *mean) / deviation;
        for (int32_t k = 0; k < p->r->shape.input_count; k++) {
            p->z[(1 + k) * p->rows + i - from] =
                sg_input_scaled(&scales[k], sg_input_at(panel->inputs, k, i));
        }
    }
    sum_gram(p);
    return deviation;
}

/* Weights of inputs told in the series' own units: what stands before them is scaled, what comes out is not. */
static void to_units(const regression *r, double deviation, int32_t columns, double *weight)
{
    int64_t from = (int64_t)r->lags * columns;
    int64_t to = (int64_t)(r->shared + r->apart) * columns;
    for (int64_t i = from; i < to; i++) {
        weight[i] *= deviation;
    }
}

static double trial_error(const problem *p, const double *weight, int32_t stride, int32_t columns,
                          const sg_panel *panel, int32_t series, int64_t from, int64_t to)
{
    double sum = 0, guess[TRIAL_COLUMNS];
    int64_t count = to - from - p->r->shape.horizon + 1, step = count / TRIAL_ORIGINS + 1;
    for (int64_t origin = from; origin < from + count; origin += step) {
        look_ahead(p->r, weight, stride, columns, panel, series, origin, guess);
        for (int32_t c = 0; c < columns; c++) {
            double miss = guess[c] - sg_panel_series(panel, series)[origin + c * stride];
            sum += miss * miss;
        }
    }
    return sum;
}

/* weight: scratch of the series' own, [shared + apart][horizon]. */
static double best_penalty(problem *p, const sg_panel *panel, int32_t series, int64_t from,
                           int64_t to, double *weight)
{
    const regression *r = p->r;
    int64_t split = to - (to - from) / 5;
    int32_t stride = (r->shape.horizon + TRIAL_COLUMNS - 1) / TRIAL_COLUMNS;
    int32_t columns = (r->shape.horizon + stride - 1) / stride;
    double best = penalties[1], least = INFINITY;
    if (split - from < r->back + r->shape.horizon || to - split < r->shape.horizon) {
        return best; /* too few rows to try */
    }
    double deviation = set_signals(p, panel, series, from, split);
    for (int i = 0; i < PENALTY_COUNT; i++) {
        if (factor(p, penalties[i]) && solve(p, penalties[i], stride, columns, weight)) {
            to_units(r, deviation, columns, weight);
            double error = trial_error(p, weight, stride, columns, panel, series, split, to);
            best = error < least ? penalties[i] : best;
            least = fmin(error, least);
        }
    }
    return best;
}

static bool fit_series(problem *p, double *weight, const sg_panel *panel, int32_t series,
                       int64_t from, int64_t to)
{
    double penalty = best_penalty(p, panel, series, from, to, weight);
    double deviation = set_signals(p, panel, series, from, to);
    int32_t horizon = p->r->shape.horizon;
    if (!factor(p, penalty) || !solve(p, penalty, 1, horizon, weight)) {
        return false;
    }
    to_units(p->r, deviation, horizon, weight);
    return true;
}

static sg_status fit(void *self, const sg_panel *panel, int64_t from, int64_t to)
{
    regression *r = self;
    problem p;
    r->learnt = 0;
    if (r->lags < 2 || to - from < r->back + r->shape.horizon) {
        return SG_OK;
    }
    if (!new_problem(&p, r, to - from)) {
        return SG_NOMEM;
    }
    set_scales(r, panel, from, to);
    r->learnt = 1;
    for (int32_t s = 0; s < r->shape.series_count; s++) {
        double *weight = r->numbers + weights_at(r, s);
        if (!fit_series(&p, weight, panel, s, from, to)) { /* a series that does not move */
            memset(weight, 0, (size_t)(weights_at(r, 1) - weights_at(r, 0)) * sizeof *weight);
        }
    }
    free(p.memory);
    return SG_OK;
}

#define RIDGE(which, text, number)                                                           \
    const sg_forecaster sg_forecaster_##which = {                                            \
        .name = #which,                                                                      \
        .title = (text),                                                                     \
        .source = "Toner and Darlow, An Analysis of Linear Time Series Forecasting Models, " \
                  "ICML 2024; with inputs by the Schur complement",                          \
        .variant = (number),                                                                 \
        .use = SG_USE_INPUTS,                                                                \
        .size = size,                                                                        \
        .create = create,                                                                    \
        .fit = fit,                                                                          \
        .predict = predict,                                                                  \
    }

RIDGE(ridge_inputs_short, "linear in the last four days and the inputs", 0);
RIDGE(ridge_inputs, "linear in the last two weeks and the inputs", 1);
