/* online.h - forecasts that learn as the readings come: three simple models and a running score for each.
 *
 * Models   persistence (the last quarter hour again), same time yesterday, exponential smoothing.
 * Choice   per range of horizons the model with the least running absolute error; the error of a forecast made h slots ago
 *          is known from history alone (it is a value of the ring), so nothing but the ring is kept.
 * Misses   nine-tenths quantiles of what the model in charge missed by, for each range, followed by stochastic approximation
 *          (H. Robbins, S. Monro, Ann. Math. Statist. 22, 1951) in steps of the mean absolute error.
 * Units    W. Time: slots of 15 min of frame time, aligned to the hour.
 * Clock    a jump (frame time moved otherwise than by dt_s, by more than SG_CLOCK_JUMP_S; a silence is the same) alters nothing
 *          that was learnt: the slot under way goes on under its new name, those between are missing, not guessed. What they are
 *          needed for is not scored; the same time yesterday is then that of the last day on which it was seen.
 * Memory   one flat value. @effects of every function: alloc=no block=no fails=never
 * Source   Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., sections 5.2 and 8.1. */
#ifndef SG_FORECAST_ONLINE_H
#define SG_FORECAST_ONLINE_H
#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum sg_forecast_model {
    SG_FORECAST_PERSISTENCE,
    SG_FORECAST_YESTERDAY,
    SG_FORECAST_SMOOTHING,
    SG_FORECAST_MODEL_COUNT
} sg_forecast_model;

enum {
    SG_FORECAST_SLOT_S = 900,
    SG_FORECAST_HOUR_SLOTS = 4,
    SG_FORECAST_DAY_SLOTS = 96,
    SG_FORECAST_RANGE_COUNT = 3 /* up to 1 h, up to 4 h, beyond: scored at 1 h, 4 h and 12 h */
};

/* More than a loop may stand still for. */
static const double SG_CLOCK_JUMP_S = 3;

typedef struct sg_forecast {
    int64_t slot;       /* index of the slot under way since 1970, -1 before the first */
    int64_t last;       /* the slot before it                                          */
    int64_t end_us;     /* of the interval fed last                                    */
    int64_t slot_count; /* finished slots, all time; those that are missing not counted */
    double sum_ws, sum_s;
    double level;                       /* of the smoothing */
    double mean[SG_HISTORY_SLOT_MAX];   /* ring of slot means            */
    double smooth[SG_HISTORY_SLOT_MAX]; /* ring of the level at that slot */
    int64_t which[SG_HISTORY_SLOT_MAX]; /* ring of their indices          */
    double mae[SG_FORECAST_RANGE_COUNT][SG_FORECAST_MODEL_COUNT]; /* running, < 0: none yet */
    /* the whole record one hour ahead: what was really said, against persistence */
    double said_1h[SG_FORECAST_HOUR_SLOTS];
    double error_sum_w, persistence_error_sum_w;
    int64_t error_count;
    /* what nine in ten forecasts missed the truth by at most: by how much the truth was above, and below; >= 0 */
    double above[SG_FORECAST_RANGE_COUNT], below[SG_FORECAST_RANGE_COUNT];
    int64_t only; /* 0: the best model is chosen; else 1 + sg_forecast_model, always that one */
} sg_forecast;

void sg_forecast_init(sg_forecast *self, int64_t only);

/* Have both learnt the same, to the byte? The slot under way is left out. */
bool sg_forecast_same(const sg_forecast *a, const sg_forecast *b);

/* Feed the mean over the interval of dt_s that ended at time_us. */
void sg_forecast_step(sg_forecast *self, int64_t time_us, double dt_s, double mean_w);

/* The model in charge `ahead` slots from the one before that under way (>= 1). */
sg_forecast_model sg_forecast_choice(const sg_forecast *self, int ahead);

/* Nine in ten forecasts `ahead` slots from the one before that under way miss by less: *ret_above where the truth is above, *ret_below where
 * it is below. 0 while nothing could be compared. */
void sg_forecast_miss(const sg_forecast *self, int ahead, double *ret_above, double *ret_below);

/* Mean so far of the slot under way; of the last one where none is. */
double sg_forecast_now(const sg_forecast *self);

/* Mean over the slot `ahead` slots after the one before that under way (>= 1). */
double sg_forecast_at(const sg_forecast *self, int ahead);
#endif
