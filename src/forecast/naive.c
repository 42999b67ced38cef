/* naive.c - what the past says without any learning: the last value, the same time of the last day, the mean day. */
#include "forecast/forecaster.h"

typedef struct naive {
    sg_forecast_shape shape;
    int64_t days; /* that a profile is the mean of */
} naive;

static size_t size(const sg_forecast_shape *shape, int32_t variant)
{
    (void)shape, (void)variant;
    return sizeof(naive);
}

static void create(void *self, const sg_forecast_shape *shape, int32_t variant)
{
    *(naive *)self = (naive){*shape, variant};
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

/* The mean over at most `days` days of the rows at the same time of the day. */
static double same_time(const naive *n, const double *value, int64_t origin, int32_t ahead)
{
    int64_t season = n->shape.season;
    int64_t row = origin + ahead - (ahead / season + 1) * season, count = 0;
    double sum = 0;
    for (; count < n->days && row >= 0; count++, row -= season) {
        sum += value[row];
    }
    return count > 0 ? sum / (double)count : last_value(value, origin);
}

static void seasonal(const void *self, const sg_panel *panel, int64_t origin, double *ret)
{
    const naive *n = self;
    if (n->shape.season < 2) {
        last(self, panel, origin, ret);
        return;
    }
    for (int32_t s = 0; s < n->shape.series_count; s++, ret += n->shape.horizon) {
        const double *value = sg_panel_series(panel, s);
        for (int32_t h = 0; h < n->shape.horizon; h++) {
            ret[h] =
                h < n->shape.season ? same_time(n, value, origin, h) : ret[h - n->shape.season];
        }
    }
}

const sg_forecaster sg_forecaster_persistence = {
    .name = "persistence",
    .title = "the last value again",
    .variant = 1,
    .size = size,
    .create = create,
    .predict = last,
};

const sg_forecaster sg_forecaster_seasonal_naive = {
    .name = "seasonal_naive",
    .title = "the value of the same time on the last day",
    .source = "Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2",
    .variant = 1,
    .size = size,
    .create = create,
    .predict = seasonal,
};

const sg_forecaster sg_forecaster_profile_week = {
    .name = "profile_week",
    .title = "the mean day of the last week",
    .variant = 7,
    .size = size,
    .create = create,
    .predict = seasonal,
};

const sg_forecaster sg_forecaster_profile_month = {
    .name = "profile_month",
    .title = "the mean day of the last thirty days",
    .variant = 30,
    .size = size,
    .create = create,
    .predict = seasonal,
};
