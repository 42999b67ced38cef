/* vector.h - elementary functions without branches, tables or libm, so that a loop over rows becomes vector code.
 *
 * Each is one double in, one double out, and is inlined everywhere. A loop of them over 64 doubles compiles to as many lanes as
 * the enclosing function's target has, and each lane does the same operations in the same order: the bits are the same
 * with SSE2, AVX2 and AVX-512, with gcc and clang, at -O0 and -O2. There is no fused multiply-add.
 *
 * Accuracy  against libm over the stated ranges (tests/unit/test_vector.c): sine and cosine 2.3e-16 absolute; exp, log and sqrt
 *           2 units in the last place (4.5e-16 relative), atan2 4 of them.
 * Limits    arguments are finite and inside the range that each function names; rounding is to nearest. Powers of two are
 *           taken from the bits of IEEE 754 doubles.
 * Method    argument reduction by adding 1.5 * 2^52; polynomials through Chebyshev nodes, fitted at 60 digits for this file.
 * @effects of all: alloc=no block=no fails=never */
#ifndef SG_MATH_VECTOR_H
#define SG_MATH_VECTOR_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A call left in a loop would keep it scalar, so inlining is not left to the compiler's taste. */
#define SG_VEC static inline __attribute__((always_inline))

enum {
    SG_VEC_BLOCK = 64
}; /* rows that a block of local arrays holds: ten such arrays fit the first cache */

SG_VEC uint64_t sg_vec_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

SG_VEC double sg_vec_double(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Both values are computed; a comparison picks the bits of one. */
SG_VEC double sg_vec_select(bool yes, double a, double b)
{
    uint64_t mask = (uint64_t)0 - (uint64_t)yes;
    return sg_vec_double((sg_vec_bits(a) & mask) | (sg_vec_bits(b) & ~mask));
}

/* The second where one of them is NaN. */
SG_VEC double sg_vec_min(double a, double b)
{
    return sg_vec_select(a < b, a, b);
}

SG_VEC double sg_vec_max(double a, double b)
{
    return sg_vec_select(a > b, a, b);
}

/* NaN stays NaN. */
SG_VEC double sg_vec_clamp(double x, double low, double high)
{
    return sg_vec_min(high, sg_vec_max(low, x));
}

SG_VEC double sg_vec_abs(double x)
{
    return sg_vec_double(sg_vec_bits(x) & UINT64_C(0x7fffffffffffffff));
}

/* The nearest whole number, ties to even; |x| < 2^51. */
SG_VEC double sg_vec_round(double x)
{
    return (x + 0x1.8p52) - 0x1.8p52;
}

/* Sine and cosine of an angle in turns (1 is 360 degrees); |x| < 2^48. Taking out quarters of a turn is exact. */
SG_VEC void sg_vec_sincos_turns(double x, double *ret_sin, double *ret_cos)
{
    double shifted = 4 * x + 0x1.8p52;
    uint64_t quarter = sg_vec_bits(shifted);
    double r = (x - (shifted - 0x1.8p52) * 0.25) * 6.283185307179586, u = r * r;
    double v = u * u, w = v * v; /* pairs of terms: shorter chains than one term after the other */
    double s = (-0.16666666666666666 + u * 0.008333333333330948) +
               v * (-0.00019841269836756774 + u * 2.7557316101617852e-06) +
               w * (-2.5051131650231316e-08 + u * 1.5918115263038246e-10);
    double c = (0.041666666666666664 + u * -0.0013888888888887398) +
               v * (2.480158729876456e-05 + u * -2.755731727114513e-07) +
               w * (2.0876146146556195e-09 + u * -1.1382623647332156e-11);
    s = r + r * u * s;
    c = 1 - (0.5 * u - v * c);
    uint64_t a = sg_vec_bits(s), b = sg_vec_bits(c), swap = (a ^ b) & ((uint64_t)0 - (quarter & 1));
    *ret_sin = sg_vec_double(a ^ swap ^ ((quarter & 2) << 62));
    *ret_cos = sg_vec_double(b ^ swap ^ (((quarter + 1) & 2) << 62));
}

/* The same for radians. For |x| < 1e4 the rounding of x to turns adds |x| * 2e-16 to the error. */
SG_VEC void sg_vec_sincos(double x_rad, double *ret_sin, double *ret_cos)
{
    sg_vec_sincos_turns(x_rad * 0.15915494309189535, ret_sin, ret_cos);
}

/* e^x; x is taken into -700..700 (1e-304 and 1e304). */
SG_VEC double sg_vec_exp(double x)
{
    x = sg_vec_clamp(x, -700, 700);
    double shifted = x * 1.4426950408889634 + 0x1.8p52, k = shifted - 0x1.8p52;
    double r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    double u = r * r, v = u * u;
    double e = (0.5 + r * 0.16666666666666669) +
               u * (0.04166666666662413 + r * 0.008333333333330062) +
               v * ((0.0013888888917213717 + r * 0.00019841269863053618) +
                    u * (2.4801521295954376e-05 + r * 2.7557268459997064e-06) +
                    v * (2.7620088445409746e-07 + r * 2.510038549551032e-08));
    e = 1 + (r + u * e);
    return sg_vec_double(sg_vec_bits(e) + (sg_vec_bits(shifted) << 52));
}

/* Natural logarithm; x is normal and above zero. */
SG_VEC double sg_vec_log(double x)
{
    uint64_t bits = sg_vec_bits(x);
    uint64_t exponent = (bits + UINT64_C(0x95f619980c433)) >> 52; /* so that m is in 0.707..1.414 */
    double k = sg_vec_double(exponent | UINT64_C(0x4330000000000000)) - (0x1p52 + 1023);
    double m = sg_vec_double(bits - ((exponent - 1023) << 52));
    double f = (m - 1) / (m + 1), u = f * f;
    double v = u * u;
    double l = (0.666666666666667 + u * 0.39999999999899444) +
               v * ((0.2857142862600327 + u * 0.22222211130259875) +
                    v * (0.18182889455675105 + u * (0.1533171061820642 + u * 0.14616585424934123)));
    return k * 0.6931471803691238 + (2 * f + (f * u * l + k * 1.9082149292705877e-10));
}

/* Square root; 0 for x < 1e-290. The compilers keep sqrt() out of vectors because it may set errno. */
SG_VEC double sg_vec_sqrt(double x)
{
    double half = 0.5 * sg_vec_max(x, 1e-290);
    double y = sg_vec_double(UINT64_C(0x5fe6eb50c7b537a9) - (sg_vec_bits(half + half) >> 1));
    y = y * (1.5 - half * (y * y));
    y = y * (1.5 - half * (y * y));
    y = y * (1.5 - half * (y * y));
    double s = x * y;
    s = s + 0.5 * y * (x - s * s);
    return sg_vec_select(x >= 1e-290, s, 0);
}

/* The angle of (x, y) from the x axis, -pi..pi; 0 or pi for y = 0. The greater of |x|, |y| is above 1e-290, or both are 0. */
SG_VEC double sg_vec_atan2(double y, double x)
{
    double ay = sg_vec_abs(y), ax = sg_vec_abs(x);
    double low = sg_vec_min(ay, ax), high = sg_vec_max(sg_vec_max(ay, ax), 1e-290);
    bool far = low > 0.41421356237309503 * high; /* tan(pi/8): turn by an eighth */
    double r = (low - sg_vec_select(far, high, 0)) / (high + sg_vec_select(far, low, 0)), u = r * r;
    double v = u * u, w = v * v;
    double a = (-0.3333333333333325 + u * 0.19999999999898324) +
               v * (-0.1428571426608229 + u * 0.11111109635603796) +
               w * ((-0.09090852527088293 + u * 0.07691054614825589) +
                    v * (-0.0664960795339919 + u * 0.0573629695934982) +
                    w * (-0.04483218628987248 + u * 0.022748939747679543));
    a = r + r * u * a + sg_vec_select(far, 0.7853981633974483, 0);
    a = sg_vec_select(ay > ax, 1.5707963267948966 - a, a);
    a = sg_vec_select(x < 0, 3.141592653589793 - a, a);
    return sg_vec_double(sg_vec_bits(a) | (sg_vec_bits(y) & UINT64_C(0x8000000000000000)));
}

/* The angle 0..pi of a cosine; values beyond -1..1 count as -1 or 1. Near them the error is that of the cosine, 1e-8 rad. */
SG_VEC double sg_vec_acos(double x)
{
    x = sg_vec_clamp(x, -1, 1);
    return sg_vec_atan2(sg_vec_sqrt((1 - x) * (1 + x)), x);
}
#endif
