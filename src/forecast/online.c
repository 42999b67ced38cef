#include "forecast/online.h"

#include "base/check.h"

#include <math.h>
#include <stddef.h>
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
    self->slot = self->last = -1;
    for (int r = 0; r < SG_FORECAST_RANGE_COUNT; r++) {
        for (int m = 0; m < SG_FORECAST_MODEL_COUNT; m++) {
            self->mae[r][m] = -1;
        }
    }
}

bool sg_forecast_same(const sg_forecast *a, const sg_forecast *b)
{
    size_t learnt = offsetof(sg_forecast, level);
    return a->slot_count == b->slot_count &&
           memcmp((const char *)a + learnt, (const char *)b + learnt, sizeof *a - learnt) == 0;
}

/* `back` slots before the last one that was finished. */
static int place(const sg_forecast *self, int64_t back)
{
    return (int)((self->slot_count - 1 - back) % SG_HISTORY_SLOT_MAX);
}

static double ring(const sg_forecast *self, const double *values, int64_t back)
{
    return values[place(self, back)];
}

/* How far back slot `which` stands, -1: it was not seen or is forgotten. of_day: the latest of the same time of day will do. */
static int64_t back_to(const sg_forecast *self, int64_t which, bool of_day)
{
    const int64_t *seen = self->which;
    int64_t kept =
        self->slot_count < SG_HISTORY_SLOT_MAX ? self->slot_count : (int64_t)SG_HISTORY_SLOT_MAX;
    int64_t guess = kept > 0 ? seen[place(self, 0)] - which : -1;
    if (guess >= 0 && guess < kept && seen[place(self, guess)] == which) {
        return guess; /* wherever no slot is missing */
    }
    for (int64_t back = 0; back < kept; back++) {
        int64_t off = seen[place(self, back)] - which;
        if (off == 0 || (of_day && off % SG_FORECAST_DAY_SLOTS == 0)) {
            return back;
        }
    }
    return -1;
}

/* What a model said `ahead` slots before about slot `which`; NAN where what it goes by was not seen. What it says now goes by the
 * last that there is. */
static double said(const sg_forecast *self, sg_forecast_model model, int ahead, int64_t which)
{
    const int day = SG_FORECAST_DAY_SLOTS;
    bool now = which - ahead == self->last;
    int64_t back;
    if (model == SG_FORECAST_YESTERDAY) {
        back = back_to(self, which - (int64_t)(ahead + day - 1) / day * day, now);
    } else {
        back = now && self->slot_count > 0 ? 0 : back_to(self, which - ahead, false);
    }
    return back < 0 ? (double)NAN
                    : ring(self, model == SG_FORECAST_SMOOTHING ? self->smooth : self->mean, back);
}

/* Compare what was said an hour ago with what came, then say what comes in an hour. */
static void record_1h(sg_forecast *self, double truth_w)
{
    double *said_then = &self->said_1h[self->slot_count % SG_FORECAST_HOUR_SLOTS];
    if (back_to(self, self->last - SG_FORECAST_HOUR_SLOTS, false) == SG_FORECAST_HOUR_SLOTS) {
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
            double error =
                fabs(said(self, (sg_forecast_model)m, range_ahead[r], self->last) - truth_w);
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
        double error = truth_w - said(self, model, range_ahead[r], self->last);
        double scale = self->mae[r][model];
        if (isfinite(error) && scale > 0) {
            self->above[r] = towards_quantile(self->above[r], error, scale);
            self->below[r] = towards_quantile(self->below[r], -error, scale);
        }
    }
}

static void finish_slot(sg_forecast *self, int64_t which, double mean_w)
{
    self->level =
        self->slot_count == 0 ? mean_w : self->level + smoothing_gain * (mean_w - self->level);
    int at = (int)(self->slot_count % SG_HISTORY_SLOT_MAX);
    self->mean[at] = mean_w;
    self->smooth[at] = self->level;
    self->which[at] = self->last = which;
    self->slot_count++;
    score(self, mean_w);
    score_misses(self, mean_w);
    record_1h(self, mean_w);
}

/* Slots up to `slot` are over. A step of a day and more is one value, not hundreds. */
static void finish_slots(sg_forecast *self, int64_t slot, double mean_w)
{
    double mean = self->sum_s > 0 ? self->sum_ws / self->sum_s : mean_w;
    int64_t end = slot - self->slot > SG_FORECAST_DAY_SLOTS ? self->slot + 1 : slot;
    for (int64_t which = self->slot; which < end; which++) {
        finish_slot(self, which, mean);
    }
    self->sum_ws = self->sum_s = 0;
}

void sg_forecast_step(sg_forecast *self, int64_t time_us, double dt_s, double mean_w)
{
    SG_CHECK(isfinite(mean_w));
    const int64_t slot_us = (int64_t)SG_FORECAST_SLOT_S * 1000000;
    int64_t slot = (time_us - 1) / slot_us; /* the slot that the interval's end lies in */
    double moved_s = (double)(time_us - self->end_us) * 1e-6;
    bool begins = self->slot < 0, jumped = !begins && fabs(moved_s - dt_s) > SG_CLOCK_JUMP_S;
    if (!begins && !jumped && slot > self->slot) {
        finish_slots(self, slot, mean_w);
    }
    if (begins || jumped ||
        slot > self->slot) { /* a clock that runs back a little names nothing anew */
        self->slot = slot;
        self->last = slot - 1;
    }
    self->end_us = time_us;
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
        if (mae >= 0 && isfinite(said(self, (sg_forecast_model)m, ahead, self->last + ahead)) &&
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
    double value = said(self, sg_forecast_choice(self, ahead), ahead, self->last + ahead);
    return isfinite(value) ? value : ring(self, self->mean, 0);
}
