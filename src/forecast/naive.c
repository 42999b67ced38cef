/* naive.c - what the past says without any learning: the last value, the same time of the last day or week, the mean of some. */
#include "forecast/forecaster.h"

#include <stdbool.h>

enum { WEEK_DAYS = 7, LEAST_WEEKS = 6 };

/* Of a model: how many periods of how many days are the mean. */
static const struct form {
    int32_t count, days;
} forms[] = {{1, 1}, {7, 1}, {30, 1}, {4, WEEK_DAYS}};
enum { DAY, DAYS_OF_WEEK, DAYS_OF_MONTH, WEEKS };

typedef struct naive {
    sg_forecast_shape shape;
    int64_t count, period; /* rows; below 2: there is none */
} naive;

static size_t size(const sg_forecast_shape *shape, int32_t variant)
{
    (void)shape, (void)variant;
    return sizeof(naive);
}

/* Where there are too few weeks to tell, a week's model is the day's. */
static void create(void *self, const sg_forecast_shape *shape, int32_t variant)
{
    int64_t period = (int64_t)shape->season * forms[variant].days;
    bool told = forms[variant].days == 1 || shape->fit_rows >= LEAST_WEEKS * period;
    *(naive *)self = (naive){*shape, forms[variant].count, told ? period : shape->season};
}

static double last_value(const double *value, int64_t origin)
{
    return origin > 0 ? value[origin - 1] : 0;
}

static void last(const void *self, const sg_panel *panel, int64_t origin, double *ret)
{
    const naive *n = self;
    for (int32_t s = 0; s < n->shape.series_count; s++) {
        double value = last_value(sg_panel_series(panel, s), origin);
        for (int32_t h = 0; h < n->shape.horizon; h++) {
            *ret++ = value;
        }
    }
}

/* The mean over at most `count` periods of the rows at the same time. */
static double same_time(const naive *n, const double *value, int64_t origin, int32_t ahead)
{
    int64_t row = origin + ahead - (ahead / n->period + 1) * n->period, count = 0;
    double sum = 0;
    for (; count < n->count && row >= 0; count++, row -= n->period) {
        sum += value[row];
    }
    return count > 0 ? sum / (double)count : last_value(value, origin);
}

static void seasonal(const void *self, const sg_panel *panel, int64_t origin, double *ret)
{
    const naive *n = self;
    if (n->period < 2) {
        last(self, panel, origin, ret);
        return;
    }
    for (int32_t s = 0; s < n->shape.series_count; s++, ret += n->shape.horizon) {
        const double *value = sg_panel_series(panel, s);
        for (int32_t h = 0; h < n->shape.horizon; h++) {
            ret[h] = h < n->period ? same_time(n, value, origin, h) : ret[h - n->period];
        }
    }
}

const sg_forecaster sg_forecaster_persistence = {
    .name = "persistence",
    .title = "the last value again",
    .variant = DAY,
    .size = size,
    .create = create,
    .predict = last,
};

#define SEASONAL(which, text, number)                                                         \
    const sg_forecaster sg_forecaster_##which = {                                             \
        .name = #which,                                                                       \
        .title = (text),                                                                      \
        .source =                                                                             \
            "Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2", \
        .variant = (number),                                                                  \
        .size = size,                                                                         \
        .create = create,                                                                     \
        .predict = seasonal,                                                                  \
    }

SEASONAL(seasonal_naive, "the value of the same time on the last day", DAY);
SEASONAL(profile_week, "the mean day of the last week", DAYS_OF_WEEK);
SEASONAL(profile_month, "the mean day of the last thirty days", DAYS_OF_MONTH);
SEASONAL(profile_weeks, "the mean week of the last four", WEEKS);
