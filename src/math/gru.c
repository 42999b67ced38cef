#include "math/gru.h"

#include "base/check.h"

#include <string.h>

#define LANES 4
#define TARGET
#define NAMED(name) name##_4
#include "math/gru_lanes.h"
#undef LANES
#undef TARGET
#undef NAMED

#if defined(__x86_64__)
#define LANES       8
#define TARGET      __attribute__((target("avx2")))
#define NAMED(name) name##_8
#include "math/gru_lanes.h"
#undef LANES
#undef TARGET
#undef NAMED
#endif

static const kernels *best(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        return &kernels_8;
    }
#endif
    return &kernels_4;
}

void sg_product_add(float *c, ptrdiff_t c_stride, const float *a, ptrdiff_t a_stride,
                    const float *b, ptrdiff_t b_stride, int32_t m, int32_t n, int32_t k)
{
    best()->product_add(c, c_stride, a, a_stride, b, b_stride, m, n, k);
}

void sg_transpose(float *restrict to, ptrdiff_t to_stride, const float *restrict from,
                  ptrdiff_t from_stride, int32_t rows, int32_t columns)
{
    enum { TILE = 8 };
    for (int32_t i = 0; i < rows; i += TILE) {
        for (int32_t j = 0; j < columns; j += TILE) {
            int32_t i_end = i + TILE < rows ? i + TILE : rows;
            int32_t j_end = j + TILE < columns ? j + TILE : columns;
            for (int32_t jj = j; jj < j_end; jj++) {
                for (int32_t ii = i; ii < i_end; ii++) {
                    to[jj * to_stride + ii] = from[ii * from_stride + jj];
                }
            }
        }
    }
}

/* --- one step --- */

void sg_gru_forward(const sg_gru *self, float *tape, int32_t lanes, float *next)
{
    const kernels *k = best();
    int32_t inputs = self->inputs, units = self->units, width = inputs + units;
    int64_t each = (int64_t)units * lanes;
    float *h = tape + (int64_t)inputs * lanes, *seen = h + each, *z = seen + each, *r = z + each,
          *n = r + each;
    const float *candidate = self->weight + 2 * (int64_t)units * width;
    memset(z, 0, 3 * (size_t)each * sizeof *z);
    k->product_add(z, lanes, self->weight, width, tape, lanes, 2 * units, lanes, width);
    k->open_gates(z, r, h, seen, each);
    k->product_add(n, lanes, candidate, width, tape, lanes, units, lanes, inputs);
    k->product_add(n, lanes, candidate + inputs, width, seen, lanes, units, lanes, units);
    k->blend(z, n, h, next, each);
}

/* --- back over it --- */

size_t sg_gru_scratch_floats(int32_t inputs, int32_t units, int32_t lanes)
{
    return (size_t)(4 * units + inputs + 2 * units) * (size_t)lanes;
}

void sg_gru_turn(const sg_gru *self, float *back)
{
    int32_t units = self->units, width = self->inputs + units;
    for (int g = 0; g < 3; g++) {
        sg_transpose(back + (int64_t)g * units * units, units,
                     self->weight + (int64_t)g * units * width + self->inputs, width, units, units);
    }
}

void sg_gru_backward(const sg_gru *self, const float *back, const float *tape, int32_t lanes,
                     float *dh, float *ret, float *scratch)
{
    const kernels *k = best();
    int32_t inputs = self->inputs, units = self->units, width = inputs + units;
    int64_t each = (int64_t)units * lanes, square = (int64_t)units * units;
    const float *h = tape + (int64_t)inputs * lanes, *z = h + 2 * each, *r = z + each,
                *n = r + each;
    float *dz = scratch, *dr = dz + each, *dn = dr + each, *dseen = dn + each;
    float *turned = dseen + each; /* [lanes][inputs + units + units]: x, h, r h */
    int32_t columns = width + units;
    k->unblend(z, n, h, dh, dz, dn, each);
    memset(dseen, 0, (size_t)each * sizeof *dseen);
    k->product_add(dseen, lanes, back + 2 * square, units, dn, lanes, units, lanes, units);
    k->unsee(r, h, dseen, dr, dh, each);
    k->product_add(dh, lanes, back, units, dz, lanes, units, lanes, units);
    k->product_add(dh, lanes, back + square, units, dr, lanes, units, lanes, units);
    sg_transpose(turned, columns, tape, lanes, columns, lanes);
    k->product_add(ret, width, dz, lanes, turned, columns, 2 * units, width, lanes);
    float *candidate = ret + 2 * (int64_t)units * width;
    k->product_add(candidate, width, dn, lanes, turned, columns, units, inputs, lanes);
    k->product_add(candidate + inputs, width, dn, lanes, turned + width, columns, units, units,
                   lanes);
}

/* --- many series --- */

enum { BLOCK = 64, PART = 1024, INPUTS_MAX = 64, UNITS_MAX = 64 };

typedef struct sweep {
    const sg_gru *net;
    const float *x;
    float *h;
    int32_t count;
} sweep;

static void copy(float *to, ptrdiff_t to_stride, const float *from, ptrdiff_t from_stride,
                 int32_t rows, int32_t columns)
{
    for (int32_t i = 0; i < rows; i++) {
        memcpy(to + i * to_stride, from + i * from_stride, (size_t)columns * sizeof *to);
    }
}

static void sweep_part(void *context, int part)
{
    const sweep *s = context;
    int32_t inputs = s->net->inputs, units = s->net->units;
    int32_t to = (part + 1) * PART < s->count ? (part + 1) * PART : s->count;
    float tape[(INPUTS_MAX + 5 * UNITS_MAX) * BLOCK];
    for (int32_t from = part * PART; from < to; from += BLOCK) {
        int32_t lanes = to - from < BLOCK ? to - from : BLOCK;
        float *h = tape + (ptrdiff_t)inputs * lanes;
        copy(tape, lanes, s->x + from, s->count, inputs, lanes);
        copy(h, lanes, s->h + from, s->count, units, lanes);
        sg_gru_forward(s->net, tape, lanes, h);
        copy(s->h + from, s->count, h, lanes, units, lanes);
    }
}

void sg_gru_sweep(sg_pool *pool, const sg_gru *self, const float *x, float *h, int32_t count)
{
    SG_CHECK(self->inputs <= INPUTS_MAX && self->units <= UNITS_MAX && count % 8 == 0);
    sweep s = {self, x, h, count};
    sg_pool_run(pool, sweep_part, &s, (count + PART - 1) / PART);
}
