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

/* Where single precision does. */
typedef float NAMED(singles) __attribute__((vector_size(LANES * sizeof(float))));

static ALWAYS_INLINE TARGET lanes NAMED(load_single)(const float *from)
{
    NAMED(singles) ret;
    memcpy(&ret, from, sizeof ret);
    return __builtin_convertvector(ret, lanes);
}

static ALWAYS_INLINE TARGET void NAMED(store_single)(float *to, lanes value)
{
    NAMED(singles) single = __builtin_convertvector(value, NAMED(singles));
    memcpy(to, &single, sizeof single);
}

/* At place t of a series. */
#define LOAD(series)         NAMED(load)((series) + t)
#define LOAD_SINGLE(series)  NAMED(load_single)((series) + t)
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
        NAMED(multiply)(self, 0, b);
    }
}

static TARGET void NAMED(price_all)(sg_interior *self)
{
    NAMED(price_windows)(self);
    for (int b = 0; b < self->blocks; b++) {
        NAMED(price)(self, 0, b);
    }
}

/* What each half needs of the other's first block is moved before they set out. */
static TARGET void NAMED(set_out)(sg_interior *self, const sg_interior_move *last,
                                  sg_interior_measure *ret)
{
    NAMED(sums) sums = {0};
    NAMED(multiply_windows)(self);
    NAMED(price_windows)(self);
    if (self->half_count > 1) {
        int middle = self->half[1].first;
        NAMED(move_columns)(self, middle - 1, last, &sums);
        NAMED(move_prices)(self, middle, last->dual);
    }
    *ret = NAMED(measured)(&sums);
}

/* Before the i-th block of a half on the way to the middle: the multiplication needs the columns of the block before it in
 * time, the prices those of the block after it. */
static TARGET void NAMED(move_on)(const sg_interior *self, const sg_interior_half *half, int i,
                                  const sg_interior_move *last, NAMED(sums) * sums)
{
    int b = sg_interior_inward(half, i);
    bool more = i + 1 < half->end - half->first, alone = self->half_count < 2;
    if (half->back) {
        if (i == 0) {
            NAMED(move_columns)(self, b, last, sums);
        }
        if (more) {
            NAMED(move_columns)(self, b - 1, last, sums);
            NAMED(move_prices)(self, b, last->dual);
        }
    } else {
        if (i == 0) {
            NAMED(move_prices)(self, b, last->dual);
        }
        if (more) {
            NAMED(move_prices)(self, b + 1, last->dual);
        }
        if (more || alone) {
            NAMED(move_columns)(self, b, last, sums);
        }
    }
}

/* Everything of a block is done while it is in the cache. */
static TARGET void NAMED(measure)(sg_interior *self, int h, const sg_interior_move *last,
                                  sg_interior_measure *ret)
{
    NAMED(sums) sums = {0};
    sg_interior_half *half = &self->half[h];
    sg_interior_walk_in(self, half);
    for (int i = 0; i < half->end - half->first; i++) {
        int b = sg_interior_inward(half, i);
        const sg_interior_block block = sg_interior_block_at(self, b);
        NAMED(move_on)(self, half, i, last, &sums);
        NAMED(multiply)(self, h, b);
        NAMED(price)(self, h, b);
        NAMED(measure_residuals)(self, &block, &sums);
        NAMED(weigh)(self, half, &block, false, 0);
        NAMED(fold)(self, half, b, &block, true);
        NAMED(inward)(self, half, b, true);
    }
    *ret = NAMED(measured)(&sums);
}

static TARGET void NAMED(back)(sg_interior *self, sg_interior_half *half, int b,
                               const sg_interior_block *block, bool aimed, double target,
                               double *dz)
{
    NAMED(weigh)(self, half, block, aimed, target);
    NAMED(outward)(self, half, b);
    NAMED(unfold)(self, half, b, block, dz);
}

static TARGET void NAMED(predict)(sg_interior *self, int h, sg_interior_reach *ret)
{
    NAMED(sums) sums = {0};
    sg_interior_half *half = &self->half[h];
    sg_interior_walk_out(self, half);
    for (int i = 0; i < half->end - half->first; i++) {
        int b = sg_interior_outward(half, i);
        const sg_interior_block block = sg_interior_block_at(self, b);
        NAMED(back)(self, half, b, &block, false, 0, half->out);
        NAMED(probe)(self, half, &block, &sums);
    }
    *ret = NAMED(reached)(&sums);
}

static TARGET void NAMED(aim)(sg_interior *self, int h, double target)
{
    sg_interior_half *half = &self->half[h];
    sg_interior_walk_in(self, half);
    for (int i = 0; i < half->end - half->first; i++) {
        int b = sg_interior_inward(half, i);
        const sg_interior_block block = sg_interior_block_at(self, b);
        NAMED(weigh)(self, half, &block, true, target);
        NAMED(fold)(self, half, b, &block, false);
        NAMED(inward)(self, half, b, false);
    }
}

static TARGET void NAMED(correct)(sg_interior *self, int h, double target, sg_interior_reach *ret)
{
    NAMED(sums) sums = {0};
    for (size_t l = 0; l < PARTS; l++) {
        sums.fall_of[l] += 1;
    }
    sg_interior_half *half = &self->half[h];
    sg_interior_walk_out(self, half);
    for (int i = 0; i < half->end - half->first; i++) {
        int b = sg_interior_outward(half, i);
        const sg_interior_block block = sg_interior_block_at(self, b);
        NAMED(back)(self, half, b, &block, true, target, block.dz);
        size_t own = self->slacks;
        memcpy(block.dy + own, half->row + own, (self->row_width - own) * sizeof *block.dy);
        NAMED(reach)(self, half, &block, target, &sums);
    }
    *ret = NAMED(reached)(&sums);
}

static const sg_interior_kernels NAMED(kernels) = {
    NAMED(multiply_all), NAMED(price_all), NAMED(set_out), NAMED(measure),
    NAMED(meet),         NAMED(predict),   NAMED(aim),     NAMED(correct)};
#undef lanes
#undef mask
#undef LOAD
#undef LOAD_SINGLE
#undef STORE
#undef ADD
#undef EACH_STEP
#undef PARTS
