/* quads.h - four doubles at a time: in one register where the machine has AVX2, in two of a pair each elsewhere.
 *
 * Use      a file of kernels, <name>_quads.h, is included once with SG_QUADS 2 and, where SG_QUADS_X86, once more with SG_QUADS 4.
 *          It writes Q for the type, Q_MASK for what a comparison gives, Q_DO(add)(a, b), Q_CODE before each function and
 *          Q_NAME(f) for its name. Whoever calls asks SG_QUADS_WIDE() which of the two to take.
 * Bits     every operation is the IEEE one on each of the four, and sums are written lane by lane, so both come to the same bits.
 * Masks    all bits or none, by lane. min(a, b) is a < b ? a : b. */
#ifndef SG_BASE_QUADS_H
#define SG_BASE_QUADS_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__SSE2__)
#include <immintrin.h>
#define SG_QUADS_X86    1
#define SG_QUADS_WIDE() (__builtin_cpu_supports("avx2") != 0)
#else
#define SG_QUADS_X86    0
#define SG_QUADS_WIDE() false
#endif

#define SG_QUADS_CODE2 static inline __attribute__((always_inline))
#define SG_QUADS_CODE4 static inline __attribute__((target("avx2")))

/* --- two pairs --- */

typedef double sg_pair __attribute__((vector_size(16)));
typedef int64_t sg_pair_mask __attribute__((vector_size(16)));

typedef struct sg_quad2 {
    sg_pair a, b;
} sg_quad2;
typedef struct sg_quad2_mask {
    sg_pair_mask a, b;
} sg_quad2_mask;

SG_QUADS_CODE2 sg_pair sg_pair_load(const double *from)
{
    sg_pair ret;
    memcpy(&ret, from, sizeof ret);
    return ret;
}

SG_QUADS_CODE2 void sg_pair_store(double *to, sg_pair value)
{
    memcpy(to, &value, sizeof value);
}

SG_QUADS_CODE2 sg_pair sg_pair_min(sg_pair a, sg_pair b)
{
#if SG_QUADS_X86
    return _mm_min_pd(a, b);
#else
    sg_pair_mask less = a < b;
    return (sg_pair)((less & (sg_pair_mask)a) | (~less & (sg_pair_mask)b));
#endif
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_load(const double *from)
{
    return (sg_quad2){sg_pair_load(from), sg_pair_load(from + 2)};
}

SG_QUADS_CODE2 void sg_quad2_store(double *to, sg_quad2 x)
{
    sg_pair_store(to, x.a);
    sg_pair_store(to + 2, x.b);
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_all(double x)
{
    return (sg_quad2){{x, x}, {x, x}};
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_of(double x, double y, double z, double w)
{
    return (sg_quad2){{x, y}, {z, w}};
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_add(sg_quad2 x, sg_quad2 y)
{
    return (sg_quad2){x.a + y.a, x.b + y.b};
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_sub(sg_quad2 x, sg_quad2 y)
{
    return (sg_quad2){x.a - y.a, x.b - y.b};
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_mul(sg_quad2 x, sg_quad2 y)
{
    return (sg_quad2){x.a * y.a, x.b * y.b};
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_min(sg_quad2 x, sg_quad2 y)
{
    return (sg_quad2){sg_pair_min(x.a, y.a), sg_pair_min(x.b, y.b)};
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_abs(sg_quad2 x)
{
    const sg_pair_mask unsign = {INT64_MAX, INT64_MAX};
    return (sg_quad2){(sg_pair)((sg_pair_mask)x.a & unsign), (sg_pair)((sg_pair_mask)x.b & unsign)};
}

SG_QUADS_CODE2 sg_quad2_mask sg_quad2_below(sg_quad2 x, sg_quad2 y)
{
    return (sg_quad2_mask){x.a < y.a, x.b < y.b};
}

SG_QUADS_CODE2 sg_quad2_mask sg_quad2_upto(sg_quad2 x, sg_quad2 y)
{
    return (sg_quad2_mask){x.a <= y.a, x.b <= y.b};
}

SG_QUADS_CODE2 sg_quad2_mask sg_quad2_both(sg_quad2_mask x, sg_quad2_mask y)
{
    return (sg_quad2_mask){x.a & y.a, x.b & y.b};
}

SG_QUADS_CODE2 sg_quad2_mask sg_quad2_either(sg_quad2_mask x, sg_quad2_mask y)
{
    return (sg_quad2_mask){x.a | y.a, x.b | y.b};
}

/* x where the mask is, else 0. */
SG_QUADS_CODE2 sg_quad2 sg_quad2_where(sg_quad2_mask m, sg_quad2 x)
{
    return (sg_quad2){(sg_pair)(m.a & (sg_pair_mask)x.a), (sg_pair)(m.b & (sg_pair_mask)x.b)};
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_unless(sg_quad2_mask m, sg_quad2 x)
{
    return (sg_quad2){(sg_pair)(~m.a & (sg_pair_mask)x.a), (sg_pair)(~m.b & (sg_pair_mask)x.b)};
}

SG_QUADS_CODE2 sg_quad2 sg_quad2_pick(sg_quad2_mask m, sg_quad2 yes, sg_quad2 no)
{
    sg_quad2 x = sg_quad2_where(m, yes), y = sg_quad2_unless(m, no);
    return (sg_quad2){(sg_pair)((sg_pair_mask)x.a | (sg_pair_mask)y.a),
                      (sg_pair)((sg_pair_mask)x.b | (sg_pair_mask)y.b)};
}

/* Bit i: lane i. */
SG_QUADS_CODE2 unsigned sg_quad2_bits(sg_quad2_mask m)
{
#if SG_QUADS_X86
    return (unsigned)_mm_movemask_pd((sg_pair)m.a) | (unsigned)_mm_movemask_pd((sg_pair)m.b) << 2;
#else
    return (m.a[0] & 1) | (m.a[1] & 2) | (m.b[0] & 4) | (m.b[1] & 8);
#endif
}

/* Lanes 0 and 1, 2 and 3. */
SG_QUADS_CODE2 sg_pair sg_quad2_low(sg_quad2 x)
{
    return x.a;
}

SG_QUADS_CODE2 sg_pair sg_quad2_high(sg_quad2 x)
{
    return x.b;
}

/* --- one register --- */

#if SG_QUADS_X86
typedef double sg_quad4 __attribute__((vector_size(32)));
typedef int64_t sg_quad4_mask __attribute__((vector_size(32)));

SG_QUADS_CODE4 sg_quad4 sg_quad4_load(const double *from)
{
    return _mm256_loadu_pd(from);
}

SG_QUADS_CODE4 void sg_quad4_store(double *to, sg_quad4 x)
{
    _mm256_storeu_pd(to, x);
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_all(double x)
{
    return (sg_quad4){x, x, x, x};
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_of(double x, double y, double z, double w)
{
    return (sg_quad4){x, y, z, w};
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_add(sg_quad4 x, sg_quad4 y)
{
    return x + y;
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_sub(sg_quad4 x, sg_quad4 y)
{
    return x - y;
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_mul(sg_quad4 x, sg_quad4 y)
{
    return x * y;
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_min(sg_quad4 x, sg_quad4 y)
{
    return _mm256_min_pd(x, y);
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_abs(sg_quad4 x)
{
    return _mm256_andnot_pd(sg_quad4_all(-0.0), x);
}

SG_QUADS_CODE4 sg_quad4_mask sg_quad4_below(sg_quad4 x, sg_quad4 y)
{
    return (sg_quad4_mask)_mm256_cmp_pd(x, y, _CMP_LT_OQ);
}

SG_QUADS_CODE4 sg_quad4_mask sg_quad4_upto(sg_quad4 x, sg_quad4 y)
{
    return (sg_quad4_mask)_mm256_cmp_pd(x, y, _CMP_LE_OQ);
}

SG_QUADS_CODE4 sg_quad4_mask sg_quad4_both(sg_quad4_mask x, sg_quad4_mask y)
{
    return x & y;
}

SG_QUADS_CODE4 sg_quad4_mask sg_quad4_either(sg_quad4_mask x, sg_quad4_mask y)
{
    return x | y;
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_where(sg_quad4_mask m, sg_quad4 x)
{
    return _mm256_and_pd((sg_quad4)m, x);
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_unless(sg_quad4_mask m, sg_quad4 x)
{
    return _mm256_andnot_pd((sg_quad4)m, x);
}

SG_QUADS_CODE4 sg_quad4 sg_quad4_pick(sg_quad4_mask m, sg_quad4 yes, sg_quad4 no)
{
    return _mm256_blendv_pd(no, yes, (sg_quad4)m);
}

SG_QUADS_CODE4 unsigned sg_quad4_bits(sg_quad4_mask m)
{
    return (unsigned)_mm256_movemask_pd((sg_quad4)m);
}

SG_QUADS_CODE4 sg_pair sg_quad4_low(sg_quad4 x)
{
    return _mm256_castpd256_pd128(x);
}

SG_QUADS_CODE4 sg_pair sg_quad4_high(sg_quad4 x)
{
    return _mm256_extractf128_pd(x, 1);
}
#endif

#define SG_QUADS_PASTE2(a, b)    a##b
#define SG_QUADS_PASTE3(a, b, c) a##b##c
#define SG_QUADS_JOIN2(a, b)     SG_QUADS_PASTE2(a, b)
#define SG_QUADS_JOIN3(a, b, c)  SG_QUADS_PASTE3(a, b, c)
#define Q                        SG_QUADS_JOIN2(sg_quad, SG_QUADS)
#define Q_MASK                   SG_QUADS_JOIN3(sg_quad, SG_QUADS, _mask)
#define Q_DO(what)               SG_QUADS_JOIN3(SG_QUADS_JOIN2(sg_quad, SG_QUADS), _, what)
#define Q_CODE                   SG_QUADS_JOIN2(SG_QUADS_CODE, SG_QUADS)
#define Q_NAME(name)             SG_QUADS_JOIN2(name, SG_QUADS)
#endif
