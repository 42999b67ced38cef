/* rls.h - autoregressions of very many series, each learnt by recursive least squares in every tick's values.
 *
 * Model    z(t) = sum over i = 1 .. 16 of w(i) z(t - i) + w(0), z = (value - mean) / deviation of the series; further steps by putting
 *          forecasts in place of values. The mathematics of autoregression.c, with the covariance packed as the symmetric matrix it is.
 * Ticks    tick() takes in every series' newest value and lets one group in SG_RLS_PERIOD learn its last SG_RLS_PERIOD values one
 *          after the other, so each value of each series is learnt, at most SG_RLS_PERIOD ticks late, and the covariance (1.2 kB a
 *          series) comes from memory once in so many ticks. predict() goes by the newest values.
 * Scale    mean and deviation of the last 32 values, taken when there are as many and they differ, and anew (with the weights) when
 *          their deviation has become 20 times as large or 1/10,000; or what set_scale() says. Before that: the last value.
 * Bounds   a value counts for at most 50 deviations; a forecast stays within what was seen, a half of its range more. Where the
 *          covariance has grown beyond use it starts anew.
 * Missing  as in nowcast.h: the last value stands in, and nothing is learnt from the tick.
 * State    one flat block without pointers; save and load as in nowcast.h.
 * Always   every number that comes out is finite.
 * @effects alloc=no block=as the pool (none without one) fails=never, unless a function says otherwise
 * Source   Haykin, Adaptive Filter Theory, 4th ed., 9.3. */
#ifndef SG_FORECAST_RLS_H
#define SG_FORECAST_RLS_H
#include "base/pool.h"
#include "base/status.h"
#include "base/sweep.h"

#include <stddef.h>
#include <stdint.h>

enum { SG_RLS_LAGS = 16, SG_RLS_PERIOD = 16, SG_RLS_STEP_MAX = 4096, SG_RLS_SERIES_MAX = 4000000 };

typedef struct sg_rls sg_rls;

/* 0 < series_count <= SG_RLS_SERIES_MAX. Memory is aligned to 64 bytes. */
size_t sg_rls_size(int32_t series_count);
sg_rls *sg_rls_create(void *memory, int32_t series_count);

/* Of a series before its first value, where its past is known; deviation > 0. It is kept for ever. */
void sg_rls_set_scale(sg_rls *self, int32_t series, double mean, double deviation);

/* One tick: value[series], quality[series] or NULL: all are good. */
void sg_rls_tick(sg_rls *self, sg_pool *pool, const double *value, const uint8_t *quality);

/* The series of a span (of sg_stagger, or all): ret[series - span.from][steps], [0] one tick ahead; 1 <= steps <= SG_RLS_STEP_MAX. */
void sg_rls_predict(const sg_rls *self, sg_pool *pool, sg_span span, int32_t steps, double *ret);

/* w(1) .. w(16), w(0) of a series, to look at. */
void sg_rls_weights(const sg_rls *self, int32_t series, double ret[SG_RLS_LAGS + 1]);

size_t sg_rls_saved_size(const sg_rls *self);
void sg_rls_save(const sg_rls *self, void *ret);
SG_MUST_CHECK sg_status sg_rls_load(sg_rls *self, const void *saved, size_t size);
#endif
