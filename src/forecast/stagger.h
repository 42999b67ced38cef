/* stagger.h - slow work on many series, dealt out over ticks so that no tick has more than its share.
 *
 * Rule     a round visits every series once in `period` ticks, in the order of their indices: tick k of a round has the series
 *          of the grains [floor(k g / period), floor((k + 1) g / period)) of g grains, so never more than ceil(g / period) of them. A
 *          grain is what a model sweeps at once (so many series, or one).
 * Time     counts the calls, not the clock: after ticks that were left out the next series are those whose turn it was, so none is
 *          passed over, and a replay deals alike.
 * Several  models with slow rounds begin at different phases, lest those with fewer grains than ticks all meet in one.
 * Memory   one flat value. @effects of every function: alloc=no block=no fails=never */
#ifndef SG_FORECAST_STAGGER_H
#define SG_FORECAST_STAGGER_H
#include "base/sweep.h"

typedef struct sg_stagger {
    int32_t count, grain; /* series, 0 and more; that go together, > 0 */
    int32_t period, tick; /* ticks of a round, > 0; of this round that are over */
} sg_stagger;

/* The first call gets the share of tick `phase` of a round, 0 <= phase < period. */
void sg_stagger_init(sg_stagger *self, int32_t count, int32_t grain, int32_t period, int32_t phase);

/* The series whose turn it is; from == to: none. */
sg_span sg_stagger_next(sg_stagger *self);

/* The most series that one tick can have. */
int32_t sg_stagger_most(const sg_stagger *self);
#endif
