/* nowcast.h - the next minute of very many series, learnt and told in one pass per tick.
 *
 * Life     size -> the caller's memory -> create -> at every tick update() with the newest values, then predict(). Nothing is
 *          allocated or locked. Parts go to the pool's threads; the bits do not depend on how many there are.
 * State    one flat block without pointers: copying it is keeping it; save() writes it with a head that load() checks.
 * Units    the series' own. Steps ahead are ticks, 1 .. SG_NOWCAST_STEP_MAX; one tick is as long as the caller calls.
 * Shapes   value[series], quality[series]; predict: ret[series][steps], [0] one tick ahead.
 * Missing  quality other than SG_GOOD and SG_SUSPECT, or a value that is not finite or beyond 1e30: the series stays
 *          where it was and learns nothing, its trend dies down. Before its first value a series says 0.
 * Always   every number that comes out is finite, whatever went in.
 * Model    said = last value + a (running median - last value) + b (Holt's trend, damped), a and b in [0, 1] of each series and each
 *          block of steps (1, 2, .. 6, 7-21, 22-60). Each is what a bettor stakes that began with next to nothing and never stakes
 *          more than half of what it has, on the side of the forecast that the truth falls on: where the last value is best it
 *          has lost its purse and stays there; where it is not, wealth grows until the whole way is staked.
 * Bounds   quantiles of the misses of each block, followed online: passed, out by g (1 - tail), else in by g tail.
 * Source   F. Orabona, D. Pal, Coin betting and parameter-free online learning, NIPS 2016 (the losses of such bets are at most
 *          the first purse; purses refilled, records forgotten and coins of long blocks counted less are ours, so it is the reason
 *          for the form, not a promise); Gardner, Int. J. Forecasting 22 (2006), eq. 6, damped trend; Angelopoulos et al.,
 *          Conformal PID control, NeurIPS 2023, quantile tracking.
 * @effects alloc=no block=as the pool (none without one) fails=never, unless a function says otherwise */
#ifndef SG_FORECAST_NOWCAST_H
#define SG_FORECAST_NOWCAST_H
#include "base/pool.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { SG_NOWCAST_STEP_MAX = 60, SG_NOWCAST_SERIES_MAX = 4000000 };

typedef struct sg_nowcast sg_nowcast;

/* 0 < series_count <= SG_NOWCAST_SERIES_MAX. Memory is aligned to 64 bytes. */
size_t sg_nowcast_size(int32_t series_count);
sg_nowcast *sg_nowcast_create(void *memory, int32_t series_count);

/* One tick. quality NULL: all are good. pool NULL: the caller's thread. */
void sg_nowcast_update(sg_nowcast *self, sg_pool *pool, const double *value,
                       const uint8_t *quality);

/* 1 <= steps <= SG_NOWCAST_STEP_MAX. */
void sg_nowcast_predict(const sg_nowcast *self, sg_pool *pool, int32_t steps, double *ret);

/* update(), then predict(), in one sweep: the same bits, but what is kept of a series comes from memory once. */
void sg_nowcast_tick(sg_nowcast *self, sg_pool *pool, const double *value, const uint8_t *quality,
                     int32_t steps, double *ret);

/* One series, `ahead` ticks ahead, 1 .. SG_NOWCAST_STEP_MAX: the same bits as predict() gives. */
double sg_nowcast_at(const sg_nowcast *self, int32_t series, int32_t ahead);

/* What 80 and 95 % of the truths fall between, each `ahead` ticks ahead. */
typedef enum sg_nowcast_level {
    SG_NOWCAST_80,
    SG_NOWCAST_95,
    SG_NOWCAST_LEVEL_COUNT
} sg_nowcast_level;
void sg_nowcast_interval(const sg_nowcast *self, int32_t series, int32_t ahead,
                         sg_nowcast_level level, double *ret_low, double *ret_high);
/* Both of all series, [series]: the same bits. */
void sg_nowcast_told(const sg_nowcast *self, int32_t ahead, sg_nowcast_level level,
                     double *ret_said, double *ret_low, double *ret_high);

/* For a restart. load: self is a created block for as many series, untouched unless SG_OK; SG_FORMAT: not such bytes or of another
 * version; SG_RANGE: another number of series; SG_CORRUPT: the checksum differs. @effects alloc=no block=no */
size_t sg_nowcast_saved_size(const sg_nowcast *self);
void sg_nowcast_save(const sg_nowcast *self, void *ret);
SG_MUST_CHECK sg_status sg_nowcast_load(sg_nowcast *self, const void *saved, size_t size);
#endif
