/* interior_lanes.h - the sweeps of the interior point for one vector width, included by interior.c once for each: LANES
 * doubles in a vector, TARGET the attribute of the width, NAMED(name) the name with its suffix.
 *
 * Loops over a block along time stand for themselves: every step is the same arithmetic, so any width gives the same bits.
 * Sums over many entries go into eight partial sums, whatever the width. */
#define lanes NAMED(lanes)
#define mask  NAMED(mask)
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef int64_t mask __attribute__((vector_size(LANES * sizeof(int64_t))));

static ALWAYS_INLINE TARGET lanes NAMED(load)(const double *from)
{
    lanes ret;
    memcpy(&ret, from, sizeof ret);
    return ret;
}

static ALWAYS_INLINE TARGET void NAMED(store)(double *to, lanes value)
{
    memcpy(to, &value, sizeof value);
}

/* At place t of a series. */
#define LOAD(series)         NAMED(load)((series) + t)
#define STORE(series, value) NAMED(store)((series) + t, value)
#define ADD(series, value)   STORE(series, LOAD(series) + (value))

/* All steps of a block. */
#define EACH_STEP          \
    size_t t = 0;          \
    t < SG_INTERIOR_BLOCK; \
    t += LANES

/* in this order: each uses what stands in those before */
#include "plan/interior_columns.h"

#include "plan/interior_matrix.h"

#include "plan/interior_local.h"

#include "plan/interior_steps.h"
/* --- the sweeps --- */

static TARGET void NAMED(multiply_all)(sg_interior *self)
{
    NAMED(multiply_windows)(self);
    for (int b = 0; b < self->blocks; b++) {
        NAMED(multiply)(self, b);
    }
}

static TARGET void NAMED(price_all)(sg_interior *self)
{
    NAMED(price_windows)(self);
    for (int b = 0; b < self->blocks; b++) {
        NAMED(price)(self, b);
    }
}

/* Everything of a block is done while it is in the cache. */
static TARGET void NAMED(measure)(sg_interior *self, const sg_interior_move *last,
                                  sg_interior_measure *ret)
{
    NAMED(sums) sums = {0};
    sg_interior_walk walk = sg_interior_walk_from_start(self);
    NAMED(multiply_windows)(self);
    NAMED(price_windows)(self);
    NAMED(move_prices)(self, 0, last->dual);
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        if (b + 1 < self->blocks) { /* whose first prices this block needs */
            NAMED(move_prices)(self, b + 1, last->dual);
        }
        NAMED(move_columns)(self, &block, last, &sums);
        NAMED(multiply)(self, b);
        NAMED(price)(self, b);
        NAMED(measure_residuals)(self, &block, &sums);
        NAMED(weigh)(self, &block, false, 0);
        NAMED(reduce)(self);
        NAMED(fold)(self, b, &block);
        NAMED(forward)(self, &walk, b, true);
    }
    *ret = NAMED(measured)(&sums);
}

static TARGET void NAMED(back)(sg_interior *self, sg_interior_walk *walk, int b,
                               const sg_interior_block *block, bool aimed, double target,
                               double *dz)
{
    NAMED(weigh)(self, block, aimed, target);
    NAMED(backward)(self, walk, b);
    NAMED(unfold)(self, b, block, dz);
}

static TARGET void NAMED(predict)(sg_interior *self, sg_interior_reach *ret)
{
    NAMED(sums) sums = {0};
    sg_interior_walk walk = sg_interior_walk_from_end(self);
    for (int b = self->blocks - 1; b >= 0; b--) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        NAMED(back)(self, &walk, b, &block, false, 0, block.dz_affine);
        NAMED(probe)(self, &block, &sums);
    }
    *ret = NAMED(reached)(&sums);
}

static TARGET void NAMED(aim)(sg_interior *self, double target)
{
    sg_interior_walk walk = sg_interior_walk_from_start(self);
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        NAMED(weigh)(self, &block, true, target);
        NAMED(fold)(self, b, &block);
        NAMED(forward)(self, &walk, b, false);
    }
}

static TARGET void NAMED(correct)(sg_interior *self, double target, sg_interior_reach *ret)
{
    NAMED(sums) sums = {0};
    sg_interior_walk walk = sg_interior_walk_from_end(self);
    for (int b = self->blocks - 1; b >= 0; b--) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        NAMED(back)(self, &walk, b, &block, true, target, block.dz);
        size_t own = self->slacks;
        memcpy(block.dy + own, self->row + own, (self->row_width - own) * sizeof *block.dy);
        NAMED(reach)(self, &block, target, &sums);
    }
    *ret = NAMED(reached)(&sums);
}

static const sg_interior_kernels NAMED(kernels) = {NAMED(multiply_all), NAMED(price_all),
                                                   NAMED(measure),      NAMED(predict),
                                                   NAMED(aim),          NAMED(correct)};
#undef lanes
#undef mask
#undef LOAD
#undef STORE
#undef ADD
#undef EACH_STEP
#undef PARTS
