/* gru.h - a gated recurrent unit for many series side by side, forwards and backwards, and the product of matrices under it.
 *
 * Unit     of an input x and a state h, W the weights on x and U those on h:
 *              z = sigmoid(W_z x + U_z h)          how much of the state stays
 *              r = sigmoid(W_r x + U_r h)          how much of it the candidate sees
 *              n = tanh(W_n x + U_n (r h))         the candidate
 *              h' = z h + (1 - z) n
 *          A bias is the weight on an input that is always 1.
 * Shapes   floats, one series a lane, 8 lanes at least: x[inputs][lanes], h[units][lanes]. inputs, units and lanes are multiples of 8.
 *          weight[3 units][inputs + units], rows z, r, n; columns W, U.
 * Order    each number is made by the same operations in the same order whatever the vector width or the other lanes hold, none of them
 *          fused: the same bits on every machine. There is no library of products under it, whose sums differ between processors.
 * Accuracy sigmoid and tanh within 2e-7 of their values; e^x by 2^k and a polynomial fitted at 60 digits for this file. Finite for
 *          finite input.
 * Source   Cho, van Merrienboer, Gulcehre, Bahdanau, Bougares, Schwenk and Bengio, Learning Phrase Representations using RNN
 *          Encoder-Decoder for Statistical Machine Translation, EMNLP 2014, equations 5 to 8. Backwards: Werbos, Backpropagation
 *          Through Time, Proceedings of the IEEE 78, 1990.
 * @effects of all: alloc=no fails=never; block=no, but for sg_gru_sweep, as the pool */
#ifndef SG_MATH_GRU_H
#define SG_MATH_GRU_H
#include "base/pool.h"

#include <stddef.h>
#include <stdint.h>

typedef struct sg_gru {
    int32_t inputs, units;
    const float *weight;
} sg_gru;

static inline size_t sg_gru_weights(int32_t inputs, int32_t units)
{
    return 3 * (size_t)units * (size_t)(inputs + units);
}

/* c += a b: c[m][n], a[m][k], b[k][n], rows `*_stride` apart; n is a multiple of 8. Each sum goes over k in order. */
void sg_product_add(float *c, ptrdiff_t c_stride, const float *a, ptrdiff_t a_stride,
                    const float *b, ptrdiff_t b_stride, int32_t m, int32_t n, int32_t k);
/* to[columns][rows] = from[rows][columns] */
void sg_transpose(float *restrict to, ptrdiff_t to_stride, const float *restrict from,
                  ptrdiff_t from_stride, int32_t rows, int32_t columns);

/* What one step leaves behind for the way back: [inputs] x, [units] h, [units] r h, [3 units] z, r, n; all of [lanes]. */
static inline size_t sg_gru_tape_floats(int32_t inputs, int32_t units, int32_t lanes)
{
    return (size_t)(inputs + 5 * units) * (size_t)lanes;
}

/* One step: x and h stand in the tape. next: h', [units][lanes]; may be the h of the next tape, or of this one. */
void sg_gru_forward(const sg_gru *self, float *tape, int32_t lanes, float *next);

/* The way back over one step. back: U_z, U_r, U_n turned, [3][units][units] (sg_gru_turn). dh: of a loss by h' (in), by h (out).
 * ret += of the loss by the weights, shaped like them. scratch: sg_gru_scratch_floats. */
size_t sg_gru_scratch_floats(int32_t inputs, int32_t units, int32_t lanes);
void sg_gru_turn(const sg_gru *self, float *back);
void sg_gru_backward(const sg_gru *self, const float *back, const float *tape, int32_t lanes,
                     float *dh, float *ret, float *scratch);

/* One step of `count` series, a multiple of 8, over all of the pool's threads: x[inputs][count], h[units][count] (in and out).
 * inputs <= 64, units <= 64. */
void sg_gru_sweep(sg_pool *pool, const sg_gru *self, const float *x, float *h, int32_t count);
#endif
