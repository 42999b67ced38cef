/* autoregression.c - the next value as a linear function of the last sixteen, learnt anew with every row.
 *
 * Model    z(t) = sum over i of w(i) z(t - i) + w(0), z brought to the scale of the rows that were fitted; several steps ahead
 *          by putting forecasts in place of values.
 * Learning recursive least squares, the past forgotten at a rate of a row in two thousand. Where the covariance has grown beyond
 *          use (nothing moves) it starts anew, the weights stay.
 * Bounds   a value counts for at most 50 deviations, and a forecast stays within what was seen, a half of its range more.
 * Source   Haykin, Adaptive Filter Theory, 4th ed., 9.3. */
#include "forecast/forecaster.h"

#include <math.h>
#include <string.h>

enum { LAGS = 16, N = LAGS + 1 };

static const double keep = 0.9995;
static const double start = 100, grown = 1e6; /* of the covariance's diagonal */
static const double far = 50;                 /* deviations */

typedef struct filter {
    double mean, deviation, low, high;
    double weight[N], covariance[N * N];
} filter;

typedef struct autoregression {
    sg_forecast_shape shape;
    filter of[];
} autoregression;

static size_t size(const sg_forecast_shape *shape, int32_t variant)
{
    (void)variant;
    return sizeof(autoregression) + (size_t)shape->series_count * sizeof(filter);
}

static void restart(filter *f)
{
    memset(f->covariance, 0, sizeof f->covariance);
    for (int i = 0; i < N; i++) {
        f->covariance[i * N + i] = start;
    }
}

static void create(void *self, const sg_forecast_shape *shape, int32_t variant)
{
    autoregression *a = self;
    memset(self, 0, size(shape, variant));
    a->shape = *shape;
    for (int32_t s = 0; s < shape->series_count; s++) {
        a->of[s] = (filter){.deviation = 1, .weight = {1}};
        restart(&a->of[s]);
    }
}

static double scaled(const filter *f, double x)
{
    return fmax(fmin((x - f->mean) / f->deviation, far), -far);
}

/* The rows before `row`, newest first, and a one. */
static void look_back(const filter *f, const double *x, int64_t row, double ret[N])
{
    for (int i = 0; i < LAGS; i++) {
        ret[i] = row - 1 - i >= 0 ? scaled(f, x[row - 1 - i]) : 0;
    }
    ret[LAGS] = 1;
}

static double output(const double weight[N], const double u[N])
{
    double sum = 0;
    for (int i = 0; i < N; i++) {
        sum += weight[i] * u[i];
    }
    return sum;
}

static void learn(filter *f, const double u[N], double z)
{
    double pu[N] = {0}, upu = keep, trace = 0;
    for (int k = 0; k < N; k++) {
        for (int i = 0; i < N; i++) {
            pu[i] += f->covariance[k * N + i] * u[k];
        }
    }
    for (int i = 0; i < N; i++) {
        upu += pu[i] * u[i];
    }
    double error = z - output(f->weight, u);
    for (int i = 0; i < N; i++) {
        f->weight[i] += pu[i] / upu * error;
    }
    for (int k = 0; k < N; k++) {
        double a = pu[k] / upu;
        for (int i = 0; i < N; i++) {
            f->covariance[k * N + i] = (f->covariance[k * N + i] - a * pu[i]) / keep;
        }
        trace += f->covariance[k * N + k];
    }
    if (!(trace > 0 && trace < grown)) {
        restart(f);
    }
}

static void take_row(filter *f, const double *x, int64_t row)
{
    double u[N], z = scaled(f, x[row]);
    look_back(f, x, row, u);
    learn(f, u, z);
    f->low = fmin(f->low, z);
    f->high = fmax(f->high, z);
}

static sg_status fit(void *self, const sg_panel *panel, int64_t from, int64_t to)
{
    autoregression *a = self;
    for (int32_t s = 0; s < a->shape.series_count; s++) {
        filter *f = &a->of[s];
        sg_panel_scale(panel, s, from, to, &f->mean, &f->deviation);
        for (int64_t i = from; i < to; i++) {
            take_row(f, sg_panel_series(panel, s), i);
        }
    }
    return SG_OK;
}

static void update(void *self, const sg_panel *panel, int64_t row)
{
    autoregression *a = self;
    for (int32_t s = 0; s < a->shape.series_count; s++) {
        take_row(&a->of[s], sg_panel_series(panel, s), row);
    }
}

static void predict(const void *self, const sg_panel *panel, int64_t origin, double *ret)
{
    const autoregression *a = self;
    for (int32_t s = 0; s < a->shape.series_count; s++) {
        const filter *f = &a->of[s];
        double u[N], margin = (f->high - f->low) / 2;
        look_back(f, sg_panel_series(panel, s), origin, u);
        for (int32_t h = 0; h < a->shape.horizon; h++) {
            double z = fmax(fmin(output(f->weight, u), f->high + margin), f->low - margin);
            memmove(u + 1, u, (LAGS - 1) * sizeof *u);
            u[0] = z;
            *ret++ = f->mean + f->deviation * z;
        }
    }
}

const sg_forecaster sg_forecaster_autoregression = {
    .name = "autoregression",
    .title = "linear in the last sixteen values, learnt anew with every row",
    .source = "Haykin, Adaptive Filter Theory, 4th ed., 9.3 (recursive least squares)",
    .size = size,
    .create = create,
    .fit = fit,
    .update = update,
    .predict = predict,
};
