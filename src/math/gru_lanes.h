/* gru_lanes.h - the loops of gru.c for one vector width, included once for each: LANES floats in a vector, TARGET the attribute of
 * the width, NAMED(name) the name with its suffix. A lane's arithmetic is the same in all of them. */
#ifndef SG_MATH_GRU_KERNELS
#define SG_MATH_GRU_KERNELS
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))

typedef struct kernels {
    void (*product_add)(float *c, ptrdiff_t c_stride, const float *a, ptrdiff_t a_stride,
                        const float *b, ptrdiff_t b_stride, int32_t m, int32_t n, int32_t k);
    void (*open_gates)(float *z, float *r, const float *h, float *seen, int64_t count);
    void (*blend)(const float *z, float *n, const float *h, float *next, int64_t count);
    void (*unblend)(const float *z, const float *n, const float *h, float *dh, float *dz, float *dn,
                    int64_t count);
    void (*unsee)(const float *r, const float *h, const float *dseen, float *dr, float *dh,
                  int64_t count);
} kernels;
#endif

#define lanes NAMED(lanes)
#define bits  NAMED(bits)
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t bits __attribute__((vector_size(LANES * sizeof(int32_t))));

static ALWAYS_INLINE TARGET lanes NAMED(load)(const float *from)
{
    lanes ret;
    memcpy(&ret, from, sizeof ret);
    return ret;
}

static ALWAYS_INLINE TARGET void NAMED(store)(float *to, lanes value)
{
    memcpy(to, &value, sizeof value);
}

#define LOAD(from)       NAMED(load)(from)
#define STORE(to, value) NAMED(store)((to), (value))

/* --- products: four rows and up to two vectors of columns stay in registers --- */

#define TILE_ROW(i)                      \
    c##i##0 += a[(i)*a_stride + l] * b0; \
    c##i##1 += a[(i)*a_stride + l] * b1;

static ALWAYS_INLINE TARGET void NAMED(tile_4_2)(float *c, ptrdiff_t c_stride, const float *a,
                                                 ptrdiff_t a_stride, const float *b,
                                                 ptrdiff_t b_stride, int32_t k)
{
    float *r0 = c, *r1 = c + c_stride, *r2 = r1 + c_stride, *r3 = r2 + c_stride;
    lanes c00 = LOAD(r0), c10 = LOAD(r1), c20 = LOAD(r2), c30 = LOAD(r3);
    lanes c01 = LOAD(r0 + LANES), c11 = LOAD(r1 + LANES), c21 = LOAD(r2 + LANES),
          c31 = LOAD(r3 + LANES);
    for (int32_t l = 0; l < k; l++, b += b_stride) {
        lanes b0 = LOAD(b), b1 = LOAD(b + LANES);
        TILE_ROW(0)
        TILE_ROW(1)
        TILE_ROW(2)
        TILE_ROW(3)
    }
    STORE(r0, c00);
    STORE(r0 + LANES, c01);
    STORE(r1, c10);
    STORE(r1 + LANES, c11);
    STORE(r2, c20);
    STORE(r2 + LANES, c21);
    STORE(r3, c30);
    STORE(r3 + LANES, c31);
}

static ALWAYS_INLINE TARGET void NAMED(tile_4_1)(float *c, ptrdiff_t c_stride, const float *a,
                                                 ptrdiff_t a_stride, const float *b,
                                                 ptrdiff_t b_stride, int32_t k)
{
    const float *a1 = a + a_stride, *a2 = a1 + a_stride, *a3 = a2 + a_stride;
    float *r0 = c, *r1 = c + c_stride, *r2 = r1 + c_stride, *r3 = r2 + c_stride;
    lanes c0 = LOAD(r0), c1 = LOAD(r1), c2 = LOAD(r2), c3 = LOAD(r3);
    for (int32_t l = 0; l < k; l++, b += b_stride) {
        lanes x = LOAD(b);
        c0 += a[l] * x;
        c1 += a1[l] * x;
        c2 += a2[l] * x;
        c3 += a3[l] * x;
    }
    STORE(r0, c0);
    STORE(r1, c1);
    STORE(r2, c2);
    STORE(r3, c3);
}

static ALWAYS_INLINE TARGET void NAMED(tile_1_1)(float *c, const float *a, const float *b,
                                                 ptrdiff_t b_stride, int32_t k)
{
    lanes sum = LOAD(c);
    for (int32_t l = 0; l < k; l++, b += b_stride) {
        sum += a[l] * LOAD(b);
    }
    STORE(c, sum);
}

static TARGET void NAMED(product_add)(float *c, ptrdiff_t c_stride, const float *a,
                                      ptrdiff_t a_stride, const float *b, ptrdiff_t b_stride,
                                      int32_t m, int32_t n, int32_t k)
{
    int32_t i = 0;
    for (; i + 4 <= m; i += 4, c += 4 * c_stride, a += 4 * a_stride) {
        int32_t j = 0;
        for (; j + 2 * LANES <= n; j += 2 * LANES) {
            NAMED(tile_4_2)(c + j, c_stride, a, a_stride, b + j, b_stride, k);
        }
        for (; j < n; j += LANES) {
            NAMED(tile_4_1)(c + j, c_stride, a, a_stride, b + j, b_stride, k);
        }
    }
    for (; i < m; i++, c += c_stride, a += a_stride) {
        for (int32_t j = 0; j < n; j += LANES) {
            NAMED(tile_1_1)(c + j, a, b + j, b_stride, k);
        }
    }
}

/* --- gates --- */

static ALWAYS_INLINE TARGET lanes NAMED(clamp)(lanes x, float most)
{
    const lanes high = (lanes){0} + most, low = (lanes){0} - most;
    bits above = x > high, below = x < low;
    bits ret = ((bits)high & above) | ((bits)low & below) | ((bits)x & ~(above | below));
    return (lanes)ret;
}

/* e^x for |x| <= 80 */
static ALWAYS_INLINE TARGET lanes NAMED(exponential)(lanes x)
{
    const lanes shift = (lanes){0} + 0x1.8p23f;
    lanes shifted = x * 1.442695041f + shift, k = shifted - shift;
    lanes r = (x - k * 0.693359375f) + k * 2.12194440e-4f, u = r * r;
    lanes e =
        (0.5f + r * 0.16666577f) + u * ((0.041666556f + r * 0.0083632329f) + u * 0.0013926251f);
    e = 1 + (r + u * e);
    return (lanes)((bits)e + ((bits)shifted << 23));
}

static ALWAYS_INLINE TARGET lanes NAMED(sigmoid)(lanes x)
{
    return 1 / (1 + NAMED(exponential)(-NAMED(clamp)(x, 30)));
}

static ALWAYS_INLINE TARGET lanes NAMED(tangent)(lanes x)
{
    return 1 - 2 / (1 + NAMED(exponential)(2 * NAMED(clamp)(x, 15)));
}

/* z and r from their sums, in place, and r h. */
static TARGET void NAMED(open_gates)(float *z, float *r, const float *h, float *seen, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES) {
        lanes open = NAMED(sigmoid)(LOAD(r + i));
        STORE(z + i, NAMED(sigmoid)(LOAD(z + i)));
        STORE(r + i, open);
        STORE(seen + i, open * LOAD(h + i));
    }
}

static TARGET void NAMED(blend)(const float *z, float *n, const float *h, float *next,
                                int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES) {
        lanes stays = LOAD(z + i), candidate = NAMED(tangent)(LOAD(n + i));
        STORE(n + i, candidate);
        STORE(next + i, stays * LOAD(h + i) + (1 - stays) * candidate);
    }
}

/* From dh by h' to those by the sums of z and n, and what of dh stays. */
static TARGET void NAMED(unblend)(const float *z, const float *n, const float *h, float *dh,
                                  float *dz, float *dn, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES) {
        lanes stays = LOAD(z + i), candidate = LOAD(n + i), d = LOAD(dh + i);
        STORE(dn + i, d * (1 - stays) * (1 - candidate * candidate));
        STORE(dz + i, d * (LOAD(h + i) - candidate) * stays * (1 - stays));
        STORE(dh + i, d * stays);
    }
}

/* From the derivative by r h to that by the sum of r; dh += what comes through h. */
static TARGET void NAMED(unsee)(const float *r, const float *h, const float *dseen, float *dr,
                                float *dh, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES) {
        lanes open = LOAD(r + i), d = LOAD(dseen + i);
        STORE(dr + i, d * LOAD(h + i) * open * (1 - open));
        STORE(dh + i, LOAD(dh + i) + d * open);
    }
}

static const kernels NAMED(kernels) = {NAMED(product_add), NAMED(open_gates), NAMED(blend),
                                       NAMED(unblend), NAMED(unsee)};

#undef TILE_ROW
#undef LOAD
#undef STORE
#undef lanes
#undef bits
