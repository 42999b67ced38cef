/* sky_index.c - sunlight as a share of what a clear sky would give: the last share again, and a regression on shares.
 *
 * Input    the first one is the clear sky's light c, but for a factor (panel.h). A row is lit where c is above a twentieth of the most
 *          of it. What a series is when c is 0 is its zero, so it may be told on any scale.
 * Last     zero + c(t+h) K: K is the share of the last row where that is lit, else of the last day. Persistence of the clear-sky
 *          index is what forecasts of sunlight are usually held against.
 * Ridge    least squares of what comes on what the shares of the last row, hour of rows, day and week make of c(t+h), on the mean of the
 *          same time on the last seven days (which knows trees and tilts) alone and times how the last rows were beside theirs, on the same
 *          time yesterday, and on c times what else is known ahead. Of rows that are lit and not missing; each step ahead has weights of its own,
 *          one set for origins in light and one for the others. Within a half more than was ever seen on both sides of zero.
 * Source   Ineichen and Perez, Solar Energy 73, 2002 (clear sky); Yang et al., Verification of deterministic solar forecasts, Solar
 *          Energy 210, 2020 (persistence of the index as reference). */
#include "forecast/forecaster.h"
#include "math/dense.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_ROWS = 24, WEEK_DAYS = 7, HOUR_ROWS = 4, OWN = 8, FIT_WORK = 4000000 };
static const double lit_share = 0.05, penalty = 0.01; /* of the most light; of each diagonal */

typedef struct sky {
    sg_forecast_shape shape;
    int32_t columns, learnt;
    double lit; /* rows with more light of a clear sky count */
    double numbers
        []; /* [series] zero, least, most; [input] scales; [series][set][horizon][columns] weights */
} sky;

static int32_t columns_of(const sg_forecast_shape *shape, int32_t variant)
{
    return variant == 0 || !shape->sky ? 0 : OWN + shape->known_count - 1;
}

static size_t size(const sg_forecast_shape *shape, int32_t variant)
{
    size_t series = (size_t)shape->series_count, horizon = (size_t)shape->horizon;
    size_t weights = series * 2 * horizon * (size_t)columns_of(shape, variant);
    return sizeof(sky) + (3 * series + weights) * sizeof(double) +
           (size_t)shape->input_count * sizeof(sg_input_scale);
}

static void create(void *self, const sg_forecast_shape *shape, int32_t variant)
{
    memset(self, 0, size(shape, variant));
    ((sky *)self)->shape = *shape;
    ((sky *)self)->columns = columns_of(shape, variant);
}

static sg_input_scale scale_of(const sky *self, int32_t input)
{
    sg_input_scale ret;
    memcpy(&ret, self->numbers + 3 * self->shape.series_count + 4 * input, sizeof ret);
    return ret;
}

static int64_t weights_at(const sky *self, int32_t series, bool light, int32_t ahead)
{
    int64_t row = ((int64_t)series * 2 + light) * self->shape.horizon + ahead;
    return 3 * self->shape.series_count + 4 * self->shape.input_count + row * self->columns;
}

static int64_t day_of(const sky *self)
{
    return self->shape.season >= 2 ? self->shape.season : DAY_ROWS;
}

/* --- shares --- */

/* One series from one origin. */
typedef struct view {
    const sky *self;
    const sg_panel *panel;
    const double *value;
    double zero;
    int64_t origin, day;
    bool light;                         /* the last row is lit */
    double last, hour, day_share, week; /* shares of c */
    double beside; /* the last rows in relation to the same time on other days */
} view;

static double clear(const view *v, int64_t row)
{
    return sg_input_at(v->panel->inputs, 0, row);
}

/* Mean above zero of the same time on the seven days before the row that the origin knows. */
static double usual(const view *v, int64_t row)
{
    double sum = 0;
    int count = 0;
    int64_t from =
        row < v->origin ? row - v->day : row - (row - v->origin + v->day) / v->day * v->day;
    for (int64_t i = from; i >= 0 && count < WEEK_DAYS; i -= v->day, count++) {
        sum += v->value[i] - v->zero;
    }
    return count > 0 ? sum / count : 0;
}

/* Share of the last `most` lit rows within `rows` rows; 0: there is none. */
static double share(const view *v, int64_t rows, int64_t most)
{
    double light = 0, clear_light = 0;
    int64_t first = v->origin > rows ? v->origin - rows : 0;
    for (int64_t i = v->origin - 1; i >= first && most > 0; i--) {
        if (clear(v, i) > v->self->lit) {
            light += v->value[i] - v->zero;
            clear_light += clear(v, i);
            most--;
        }
    }
    return clear_light > 0 ? light / clear_light : 0;
}

static double beside_usual(const view *v)
{
    double light = 0, like = 0;
    int64_t most = HOUR_ROWS, first = v->origin > v->day ? v->origin - v->day : 0;
    for (int64_t i = v->origin - 1; i >= first && most > 0; i--) {
        if (clear(v, i) > v->self->lit) {
            light += v->value[i] - v->zero;
            like += usual(v, i);
            most--;
        }
    }
    return like > 0 ? fmax(fmin(light / like, 4), 0) : 1;
}

static view look(const sky *self, const sg_panel *panel, int32_t series, int64_t origin)
{
    view v = {.self = self,
              .panel = panel,
              .value = sg_panel_series(panel, series),
              .zero = self->numbers[3 * series],
              .origin = origin,
              .day = day_of(self)};
    v.light = origin > 0 && clear(&v, origin - 1) > self->lit;
    v.last = share(&v, v.day, 1);
    v.day_share = share(&v, v.day, v.day);
    if (self->columns > 0) {
        v.hour = share(&v, v.day, HOUR_ROWS);
        v.week = share(&v, WEEK_DAYS * v.day, WEEK_DAYS * v.day);
        v.beside = beside_usual(&v);
    }
    return v;
}

static void columns(const view *v, int32_t ahead, double *ret)
{
    int64_t row = v->origin + ahead, before = row - (ahead + v->day) / v->day * v->day;
    double c = clear(v, row), like = usual(v, row);
    ret[0] = c;
    ret[1] = c * v->last;
    ret[2] = c * v->hour;
    ret[3] = c * v->day_share;
    ret[4] = c * v->week;
    ret[5] = like;
    ret[6] = like * v->beside;
    ret[7] = before >= 0 ? v->value[before] - v->zero : 0;
    for (int32_t k = 1; k < v->self->shape.known_count; k++) {
        sg_input_scale scale = scale_of(v->self, k);
        ret[OWN + k - 1] = c * sg_input_scaled(&scale, sg_input_at(v->panel->inputs, k, row));
    }
}

/* --- looking ahead --- */

static double step(const view *v, int32_t series, int32_t ahead, double *scratch)
{
    const sky *self = v->self;
    double c = clear(v, v->origin + ahead), sum = 0;
    if (self->columns == 0 || c <= self->lit) {
        return c * (v->light ? v->last : v->day_share);
    }
    const double *weight = self->numbers + weights_at(self, series, v->light, ahead);
    columns(v, ahead, scratch);
    for (int32_t i = 0; i < self->columns; i++) {
        sum += weight[i] * scratch[i];
    }
    return sum;
}

static void predict(const void *memory, const sg_panel *panel, int64_t origin, double *ret)
{
    const sky *self = memory;
    double scratch[OWN + SG_FORECAST_INPUT_MAX];
    for (int32_t s = 0; s < self->shape.series_count; s++) {
        double last = origin > 0 ? sg_panel_series(panel, s)[origin - 1] : 0;
        const double *bounds = self->numbers + 3 * s; /* zero, least, most */
        view v = {0};
        if (self->learnt) {
            v = look(self, panel, s, origin);
        }
        for (int32_t h = 0; h < self->shape.horizon; h++) {
            double above = self->learnt ? step(&v, s, h, scratch) : (double)NAN;
            *ret++ = isfinite(above) ? bounds[0] + fmax(fmin(above, bounds[2]), bounds[1]) : last;
        }
    }
}

/* --- fit --- */

/* Zero of each series in rows [from, to), and a half more than the least and most beside it: light may lessen a value, too. */
static void measure(sky *self, const sg_panel *panel, int64_t from, int64_t to)
{
    double most_clear = 0;
    for (int64_t i = from; i < to; i++) {
        most_clear = fmax(most_clear, sg_input_at(panel->inputs, 0, i));
    }
    self->lit = lit_share * most_clear;
    for (int32_t s = 0; s < self->shape.series_count; s++) {
        const double *x = sg_panel_series(panel, s);
        const uint8_t *missing = panel->missing + s * panel->stride;
        double sum = 0, count = 0, low = 0, high = 0;
        for (int64_t i = from; i < to; i++) {
            bool night = sg_input_at(panel->inputs, 0, i) <= 0 && !missing[i];
            sum += night ? x[i] : 0;
            count += night;
        }
        double zero = count > 0 ? sum / count : 0;
        for (int64_t i = from; i < to; i++) {
            low = fmin(low, missing[i] ? 0 : x[i] - zero);
            high = fmax(high, missing[i] ? 0 : x[i] - zero);
        }
        self->numbers[3 * s] = zero;
        self->numbers[3 * s + 1] = 1.5 * low;
        self->numbers[3 * s + 2] = 1.5 * high;
    }
    for (int32_t k = 0; k < self->shape.input_count; k++) {
        sg_input_scale scale = sg_input_scale_of(panel->inputs, k, from, to);
        memcpy(self->numbers + 3 * self->shape.series_count + 4 * k, &scale, sizeof scale);
    }
}

/* sums: [set][horizon][columns][columns + 1], the lower triangle and the truth behind each row */
static void sum_origin(const view *v, int64_t end, double *scratch, double *sums)
{
    int32_t n = v->self->columns;
    for (int32_t h = 0; h < v->self->shape.horizon && v->origin + h < end; h++) {
        int64_t row = v->origin + h;
        bool missing = v->panel->missing[v->value - v->panel->value + row];
        if (missing || clear(v, row) <= v->self->lit) {
            continue;
        }
        double *to = sums + ((int64_t)v->light * v->self->shape.horizon + h) * n * (n + 1);
        double truth = v->value[row] - v->zero;
        columns(v, h, scratch);
        for (int32_t i = 0; i < n; i++, to += n + 1) {
            for (int32_t j = 0; j <= i; j++) {
                to[j] += scratch[i] * scratch[j];
            }
            to[n] += scratch[i] * truth;
        }
    }
}

/* In place: row i of the sums is gram up to its diagonal and, last, the truth. */
static void solve(double *sums, int32_t n, double *scratch, double *weight)
{
    for (int32_t i = 0; i < n; i++) {
        double *diagonal = &sums[(int64_t)i * (n + 1) + i];
        weight[i] = sums[(int64_t)i * (n + 1) + n];
        *diagonal = *diagonal > 0 ? *diagonal * (1 + penalty) : 1; /* nothing was seen of it */
    }
    if (sg_cholesky(sums, n, n + 1, scratch)) {
        sg_cholesky_solve(sums, n, n + 1, weight, 1);
    } else {
        memset(weight, 0, (size_t)n * sizeof *weight);
        weight[3] = 1; /* the share of the last day */
    }
}

static sg_status learn(sky *self, const sg_panel *panel, int64_t from, int64_t to)
{
    int32_t n = self->columns, horizon = self->shape.horizon;
    size_t each = (size_t)n * (size_t)(n + 1), total = 2 * (size_t)horizon * each;
    double *sums = malloc((total + (size_t)n) * sizeof *sums), *scratch = sums + total;
    int64_t first = from + WEEK_DAYS * day_of(self), stride;
    first = first < to ? first : from;
    stride = (to - first) * horizon / FIT_WORK + 1;
    if (!sums) {
        return SG_NOMEM;
    }
    for (int32_t s = 0; s < self->shape.series_count; s++) {
        memset(sums, 0, total * sizeof *sums);
        for (int64_t origin = first; origin < to; origin += stride) {
            view v = look(self, panel, s, origin);
            sum_origin(&v, to, scratch, sums);
        }
        for (int32_t i = 0; i < 2 * horizon; i++) {
            solve(sums + (size_t)i * each, n, scratch,
                  self->numbers + weights_at(self, s, i >= horizon, i % horizon));
        }
    }
    free(sums);
    return SG_OK;
}

static sg_status fit(void *memory, const sg_panel *panel, int64_t from, int64_t to)
{
    sky *self = memory;
    self->learnt = 0;
    if (!self->shape.sky || self->shape.known_count > SG_FORECAST_INPUT_MAX ||
        to - from < day_of(self)) {
        return SG_OK;
    }
    measure(self, panel, from, to);
    sg_status status = self->columns > 0 ? learn(self, panel, from, to) : SG_OK;
    self->learnt = status == SG_OK;
    return status;
}

#define SKY(which, text, number)                                                              \
    const sg_forecaster sg_forecaster_##which = {                                             \
        .name = #which,                                                                       \
        .title = (text),                                                                      \
        .source = "Yang et al., Verification of deterministic solar forecasts, Solar Energy " \
                  "210, 2020",                                                                \
        .variant = (number),                                                                  \
        .use = SG_USE_SKY,                                                                    \
        .size = size,                                                                         \
        .create = create,                                                                     \
        .fit = fit,                                                                           \
        .predict = predict,                                                                   \
    }

SKY(sky_index, "the last share of a clear sky's light again (--sun)", 0);
SKY(sky_ridge, "linear in shares of a clear sky's light (--sun)", 1);
