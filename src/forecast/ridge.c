/* ridge.c - every step ahead as a linear function of a long window, the same for all series, in closed form.
 *
 * Model    x(t+h) - x(t-1) = sum over lags of w(lag, h) (x(t-lag) - x(t-1)), on series brought to the same scale. The last
 *          value as the zero of a window (instance normalisation) lets it follow a level that moves.
 * Fit      least squares with a penalty on w. The products that the normal equations sum are those of one window moved by a
 *          row, so each diagonal of the matrix is one sum and then a row in and a row out: rows * (lags + horizon) instead of
 *          rows * lags * (lags + horizon) multiplications.
 * Penalty  the one of a few that is best on the last fifth of the rows, learnt from the first four.
 * Source   Toner and Darlow, An Analysis of Linear Time Series Forecasting Models, ICML 2024 (closed form, normalisation). */
#include "forecast/forecaster.h"
#include "math/dense.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_ROWS = 24, LEAST_ROWS = 4, TRIAL_ORIGINS = 64, TRIAL_COLUMNS = 32 };

static const double penalties[] = {0.01, 0.03, 0.1,
                                   0.3,  1,    3}; /* of the mean of the matrix' diagonal */
enum { PENALTY_COUNT = sizeof penalties / sizeof penalties[0] };

typedef struct ridge {
    sg_forecast_shape shape;
    int32_t lags, learnt;
    double weight[]; /* [lags - 1][horizon], oldest lag first */
} ridge;

/* The window in days, and at most so many rows. */
static const struct window {
    int32_t days, lags_max;
} windows[] = {{4, 128}, {14, 384}, {30, 1024}};

static int32_t lags_of(const sg_forecast_shape *shape, int32_t variant)
{
    int64_t day = shape->season >= 2 ? shape->season : DAY_ROWS;
    int64_t lags = windows[variant].days * day,
            room = (shape->fit_rows - shape->horizon) / LEAST_ROWS;
    lags = lags < windows[variant].lags_max ? lags : windows[variant].lags_max;
    lags = lags < room ? lags : room;
    return lags < 2 ? 0 : (int32_t)lags;
}

static size_t size(const sg_forecast_shape *shape, int32_t variant)
{
    size_t lags = (size_t)lags_of(shape, variant);
    return sizeof(ridge) + lags * (size_t)shape->horizon * sizeof(double);
}

static void create(void *self, const sg_forecast_shape *shape, int32_t variant)
{
    memset(self, 0, size(shape, variant));
    ((ridge *)self)->shape = *shape;
    ((ridge *)self)->lags = lags_of(shape, variant);
}

/* --- the sums of products: [lags][lags + horizon], from the diagonal on; row i is the value lags - i before the origin --- */

static double product_sum(const double *a, const double *b, int64_t count)
{
    double sum[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (int lane = 0; lane < 4; lane++) {
            sum[lane] += a[i + lane] * b[i + lane];
        }
    }
    for (; i < count; i++) {
        sum[0] += a[i] * b[i];
    }
    return sum[0] + sum[1] + (sum[2] + sum[3]);
}

/* z: the rows of one series, `count` windows of `lags + horizon` rows beginning at its first. */
static void add_products(const double *z, int64_t count, int32_t lags, int32_t horizon, double *ret)
{
    int32_t width = lags + horizon;
    for (int32_t d = 0; d < width; d++) {
        double sum = product_sum(z, z + d, count);
        for (int32_t i = 0; i < lags && i + d < width; i++) {
            ret[(int64_t)i * width + i + d] += sum;
            if (i + d + 1 < width) {
                sum += z[count + i] * z[count + i + d] - z[i] * z[i + d];
            }
        }
    }
}

typedef struct problem {
    const sg_panel *panel;
    int32_t lags, horizon;
    double *z, *products, *gram, *rhs, *column;
    double diagonal; /* mean */
} problem;

static void free_problem(problem *p)
{
    free(p->z);
    free(p->products);
    free(p->gram);
    free(p->rhs);
    free(p->column);
}

static bool new_problem(problem *p, const ridge *self, const sg_panel *panel, int64_t rows)
{
    size_t lags = (size_t)self->lags, horizon = (size_t)self->shape.horizon;
    *p = (problem){.panel = panel, .lags = self->lags, .horizon = self->shape.horizon};
    p->z = calloc((size_t)rows, sizeof(double));
    p->products = malloc(lags * (lags + horizon) * sizeof(double));
    p->gram = malloc(lags * lags * sizeof(double));
    p->rhs = malloc(lags * horizon * sizeof(double));
    p->column = malloc(lags * sizeof(double));
    return p->z && p->products && p->gram && p->rhs && p->column;
}

static void sum_products(problem *p, int64_t from, int64_t to)
{
    int32_t width = p->lags + p->horizon;
    memset(p->products, 0, (size_t)p->lags * (size_t)width * sizeof(double));
    for (int32_t s = 0; s < p->panel->series_count; s++) {
        const double *value = sg_panel_series(p->panel, s);
        double mean, deviation;
        sg_panel_scale(p->panel, s, from, to, &mean, &deviation);
        for (int64_t i = from; i < to; i++) {
            p->z[i - from] = (value[i] - mean) / deviation;
        }
        add_products(p->z, to - from - width + 1, p->lags, p->horizon, p->products);
    }
}

/* --- the normal equations, the last value taken off every value --- */

static double product(const problem *p, int32_t i, int32_t j)
{
    int32_t width = p->lags + p->horizon;
    return p->products[i <= j ? (int64_t)i * width + j : (int64_t)j * width + i];
}

static double centred(const problem *p, int32_t i, int32_t j)
{
    int32_t last = p->lags - 1;
    return product(p, i, j) - product(p, i, last) - product(p, last, j) + product(p, last, last);
}

static void fill_gram(problem *p, double penalty)
{
    int32_t n = p->lags - 1;
    p->diagonal = 0;
    for (int32_t i = 0; i < n; i++) {
        for (int32_t j = 0; j <= i; j++) {
            p->gram[(int64_t)i * n + j] = centred(p, i, j);
        }
        p->diagonal += p->gram[(int64_t)i * n + i] / n;
    }
    for (int32_t i = 0; i < n; i++) {
        p->gram[(int64_t)i * n + i] += penalty * p->diagonal;
    }
}

/* Every `stride`th step ahead, beginning with the first. */
static void fill_rhs(problem *p, int32_t stride, int32_t columns)
{
    for (int32_t i = 0; i < p->lags - 1; i++) {
        for (int32_t c = 0; c < columns; c++) {
            p->rhs[(int64_t)i * columns + c] = centred(p, i, p->lags + c * stride);
        }
    }
}

static bool solve(problem *p, double penalty, int32_t stride, int32_t columns)
{
    int32_t n = p->lags - 1;
    fill_gram(p, penalty);
    if (!sg_cholesky(p->gram, n, n, p->column)) {
        return false;
    }
    fill_rhs(p, stride, columns);
    sg_cholesky_solve(p->gram, n, n, p->rhs, columns);
    return true;
}

/* --- looking ahead --- */

/* ret += weights of four lags times what they are above the last value */
static void add_lags(double *restrict ret, const double *restrict weight, const double *x,
                     double last, int32_t lags, int32_t columns)
{
    int32_t i = 0;
    for (; i + 4 <= lags; i += 4, weight += 4 * (int64_t)columns) {
        const double *w1 = weight + columns, *w2 = w1 + columns, *w3 = w2 + columns;
        double a0 = x[i] - last, a1 = x[i + 1] - last, a2 = x[i + 2] - last, a3 = x[i + 3] - last;
        for (int32_t c = 0; c < columns; c++) {
            ret[c] += a0 * weight[c] + a1 * w1[c] + (a2 * w2[c] + a3 * w3[c]);
        }
    }
    for (; i < lags; i++, weight += columns) {
        double a = x[i] - last;
        for (int32_t c = 0; c < columns; c++) {
            ret[c] += a * weight[c];
        }
    }
}

static void look_ahead(const double *weight, int32_t lags, int32_t columns, const sg_panel *panel,
                       int64_t origin, double *ret)
{
    for (int32_t s = 0; s < panel->series_count; s++) {
        double last = origin > 0 ? sg_panel_series(panel, s)[origin - 1] : 0;
        for (int32_t c = 0; c < columns; c++) {
            ret[(int64_t)s * columns + c] = last;
        }
    }
    if (origin < lags || lags < 2) {
        return;
    }
    for (int32_t i = 0; i < lags - 1; i += 4) { /* four lags stay in the cache for all series */
        int32_t count = lags - 1 - i < 4 ? lags - 1 - i : 4;
        for (int32_t s = 0; s < panel->series_count; s++) {
            const double *x = sg_panel_series(panel, s) + origin - lags;
            add_lags(ret + (int64_t)s * columns, weight + (int64_t)i * columns, x + i, x[lags - 1],
                     count, columns);
        }
    }
}

static void predict(const void *self, const sg_panel *panel, int64_t origin, double *ret)
{
    const ridge *r = self;
    look_ahead(r->weight, r->learnt ? r->lags : 0, r->shape.horizon, panel, origin, ret);
}

/* --- fit --- */

/* Mean square of what the trial's weights miss from `from` on, on the scale of the rows before. */
static double trial_error(const problem *p, int32_t stride, int32_t columns,
                          const double *deviation, int64_t from, int64_t to, double *guess)
{
    double sum = 0;
    int64_t count = to - from - p->horizon + 1, step = count / TRIAL_ORIGINS + 1;
    for (int64_t origin = from; origin < from + count; origin += step) {
        look_ahead(p->rhs, p->lags, columns, p->panel, origin, guess);
        for (int32_t s = 0; s < p->panel->series_count; s++) {
            for (int32_t c = 0; c < columns; c++) {
                double truth = sg_panel_series(p->panel, s)[origin + c * stride];
                double miss = (guess[(int64_t)s * columns + c] - truth) / deviation[s];
                sum += miss * miss;
            }
        }
    }
    return sum;
}

static double best_penalty(problem *p, int64_t from, int64_t to)
{
    double best = penalties[1], least = INFINITY;
    int64_t split = to - (to - from) / 5;
    int32_t stride = (p->horizon + TRIAL_COLUMNS - 1) / TRIAL_COLUMNS;
    int32_t columns = (p->horizon + stride - 1) / stride;
    size_t series = (size_t)p->panel->series_count;
    double *guess = malloc(series * ((size_t)columns + 1) * sizeof(double));
    double *deviation = guess + series * (size_t)columns, mean;
    if (!guess || split - from < p->lags + p->horizon || to - split < p->horizon) {
        free(guess);
        return best; /* too few rows to try */
    }
    for (int32_t s = 0; s < p->panel->series_count; s++) {
        sg_panel_scale(p->panel, s, from, split, &mean, &deviation[s]);
    }
    sum_products(p, from, split);
    for (int i = 0; i < PENALTY_COUNT; i++) {
        if (solve(p, penalties[i], stride, columns)) {
            double error = trial_error(p, stride, columns, deviation, split, to, guess);
            best = error < least ? penalties[i] : best;
            least = fmin(error, least);
        }
    }
    free(guess);
    return best;
}

static sg_status fit(void *self, const sg_panel *panel, int64_t from, int64_t to)
{
    ridge *r = self;
    problem p;
    r->learnt = 0;
    if (r->lags < 2 || to - from < r->lags + r->shape.horizon) {
        return SG_OK;
    }
    bool room = new_problem(&p, r, panel, to - from);
    if (room) {
        double penalty = best_penalty(&p, from, to);
        sum_products(&p, from, to);
        if (solve(&p, penalty, 1, p.horizon)) {
            size_t count = (size_t)(p.lags - 1) * (size_t)p.horizon;
            memcpy(r->weight, p.rhs, count * sizeof(double));
            r->learnt = 1;
        }
    }
    free_problem(&p);
    return room ? SG_OK : SG_NOMEM;
}

#define RIDGE(which, text, number)                                                           \
    const sg_forecaster sg_forecaster_##which = {                                            \
        .name = #which,                                                                      \
        .title = (text),                                                                     \
        .source = "Toner and Darlow, An Analysis of Linear Time Series Forecasting Models, " \
                  "ICML 2024",                                                               \
        .variant = (number),                                                                 \
        .size = size,                                                                        \
        .create = create,                                                                    \
        .fit = fit,                                                                          \
        .predict = predict,                                                                  \
    }

RIDGE(ridge_short, "linear in the last four days", 0);
RIDGE(ridge, "linear in the last two weeks", 1);
RIDGE(ridge_long, "linear in the last thirty days", 2);
