#include "forecast/online.h"

#include "base/check.h"

#include <math.h>
#include <string.h>

/* The last range is scored at its middle: a day ahead the same time yesterday and the last value are the same thing. */
static const int range_ahead[SG_FORECAST_RANGE_COUNT] = {4, 16, 48};
static const double smoothing_gain = 0.3; /* of the level per quarter hour */
static const double score_gain = 0.02;    /* about the last half day counts */
static const double quantile = 0.9;
static const double miss_gain = 0.2; /* of the mean absolute error per slot */

void sg_forecast_init(sg_forecast *self, int64_t only)
{
    memset(self, 0, sizeof *self);
    self->only = only;
    self->slot = -1;
    for (int r = 0; r < SG_FORECAST_RANGE_COUNT; r++) {
        for (int m = 0; m < SG_FORECAST_MODEL_COUNT; m++) {
            self->mae[r][m] = -1;
        }
    }
}

static double ring(const sg_forecast *self, const double *values, int64_t slots_back)
{
    return values[(self->slot_count - 1 - slots_back) % SG_HISTORY_SLOT_MAX];
}

/* What a model said `ahead` slots before `back` slots ago; NAN where history is too short. */
static double said(const sg_forecast *self, sg_forecast_model model, int ahead, int64_t back)
{
    int64_t age = model == SG_FORECAST_YESTERDAY
                      ? back + (ahead + SG_FORECAST_DAY_SLOTS - 1) / SG_FORECAST_DAY_SLOTS *
                                   SG_FORECAST_DAY_SLOTS
                      : back + ahead;
    if (age >= self->slot_count || age >= SG_HISTORY_SLOT_MAX) {
        return NAN;
    }
    return ring(self, model == SG_FORECAST_SMOOTHING ? self->smooth : self->mean, age);
}

/* Compare what was said an hour ago with what came, then say what comes in an hour. */
static void record_1h(sg_forecast *self, double truth_w)
{
    double *said_then = &self->said_1h[self->slot_count % SG_FORECAST_HOUR_SLOTS];
    if (self->slot_count > SG_FORECAST_HOUR_SLOTS) {
        self->error_sum_w += fabs(*said_then - truth_w);
        self->persistence_error_sum_w +=
            fabs(ring(self, self->mean, SG_FORECAST_HOUR_SLOTS) - truth_w);
        self->error_count++;
    }
    *said_then = sg_forecast_at(self, SG_FORECAST_HOUR_SLOTS);
}

static void score(sg_forecast *self, double truth_w)
{
    for (int r = 0; r < SG_FORECAST_RANGE_COUNT; r++) {
        for (int m = 0; m < SG_FORECAST_MODEL_COUNT; m++) {
            double error = fabs(said(self, (sg_forecast_model)m, range_ahead[r], 0) - truth_w);
            if (isfinite(error)) {
                double *mae = &self->mae[r][m];
                *mae = *mae < 0 ? error : *mae + score_gain * (error - *mae);
            }
        }
    }
}

/* One step towards the quantile that `error` is below in nine of ten cases. */
static double towards_quantile(double now, double error, double scale)
{
    double step = miss_gain * scale * (error > now ? quantile : quantile - 1);
    return now + step > 0 ? now + step : 0;
}

static void score_misses(sg_forecast *self, double truth_w)
{
    for (int r = 0; r < SG_FORECAST_RANGE_COUNT; r++) {
        sg_forecast_model model = sg_forecast_choice(self, range_ahead[r]);
        double error = truth_w - said(self, model, range_ahead[r], 0);
        double scale = self->mae[r][model];
        if (isfinite(error) && scale > 0) {
            self->above[r] = towards_quantile(self->above[r], error, scale);
            self->below[r] = towards_quantile(self->below[r], -error, scale);
        }
    }
}

static void finish_slot(sg_forecast *self, double mean_w)
{
    self->level =
        self->slot_count == 0 ? mean_w : self->level + smoothing_gain * (mean_w - self->level);
    int at = (int)(self->slot_count % SG_HISTORY_SLOT_MAX);
    self->mean[at] = mean_w;
    self->smooth[at] = self->level;
    self->slot_count++;
    score(self, mean_w);
    score_misses(self, mean_w);
    record_1h(self, mean_w);
}

void sg_forecast_step(sg_forecast *self, int64_t time_us, double dt_s, double mean_w)
{
    SG_CHECK(isfinite(mean_w));
    const int64_t slot_us = (int64_t)SG_FORECAST_SLOT_S * 1000000;
    int64_t slot = (time_us - 1) / slot_us; /* the slot that the interval's end lies in */
    if (self->slot >= 0 && slot != self->slot) {
        double mean = self->sum_s > 0 ? self->sum_ws / self->sum_s : mean_w;
        int64_t passed = slot - self->slot;
        if (passed < 1 || passed > SG_FORECAST_DAY_SLOTS) {
            passed = 1; /* a clock step or a long silence: one slot, not thousands */
        }
        for (int64_t i = 0; i < passed; i++) {
            finish_slot(self, mean);
        }
        self->sum_ws = self->sum_s = 0;
    }
    self->slot = slot;
    self->sum_ws += mean_w * dt_s;
    self->sum_s += dt_s;
}

static int range_of(int ahead)
{
    return ahead <= range_ahead[0] ? 0 : ahead <= range_ahead[1] ? 1 : 2;
}

void sg_forecast_miss(const sg_forecast *self, int ahead, double *ret_above, double *ret_below)
{
    *ret_above = self->above[range_of(ahead)];
    *ret_below = self->below[range_of(ahead)];
}

sg_forecast_model sg_forecast_choice(const sg_forecast *self, int ahead)
{
    if (self->only > 0) {
        return (sg_forecast_model)(self->only - 1);
    }
    int r = range_of(ahead);
    sg_forecast_model best = SG_FORECAST_PERSISTENCE;
    for (int m = 1; m < SG_FORECAST_MODEL_COUNT; m++) {
        double mae = self->mae[r][m];
        if (mae >= 0 && isfinite(said(self, (sg_forecast_model)m, ahead, -(int64_t)ahead)) &&
            (self->mae[r][best] < 0 || mae < self->mae[r][best])) {
            best = (sg_forecast_model)m;
        }
    }
    return best;
}

double sg_forecast_now(const sg_forecast *self)
{
    if (self->sum_s > 0) {
        return self->sum_ws / self->sum_s;
    }
    return self->slot_count > 0 ? ring(self, self->mean, 0) : 0;
}

double sg_forecast_at(const sg_forecast *self, int ahead)
{
    if (self->slot_count == 0) {
        return sg_forecast_now(self);
    }
    double value = said(self, sg_forecast_choice(self, ahead), ahead, -(int64_t)ahead);
    return isfinite(value) ? value : ring(self, self->mean, 0);
}
