/* Four numbers at a time, in one register or in two, are the same numbers as one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "base/quads.h"

#include <math.h>

#define SG_QUADS 2
#include "base/sweep_quads.h"
#undef SG_QUADS
#if SG_QUADS_X86
#define SG_QUADS 4
#include "base/sweep_quads.h"
#undef SG_QUADS
#endif

enum { COUNT_MAX = 67 };

static double a[COUNT_MAX], b[COUNT_MAX];
static uint64_t draws;

static double unit(void)
{
    return sg_prng_unit(77, draws++);
}

/* Sizes and signs of all sorts. */
static double odd(void)
{
    double size = pow(10.0, 30 * (unit() - 0.5)), kind = unit();
    return kind < 0.1 ? 0 : kind < 0.2 ? -size : kind < 0.22 ? (double)NAN : size;
}

static bool same(double x, double y)
{
    return x == y || (isnan(x) && isnan(y));
}

static double sum_one_by_one(int count)
{
    double lane[8] = {0}, rest = 0;
    for (int i = 0; i < count; i++) {
        *(i < count - count % 8 ? &lane[i % 8] : &rest) += a[i];
    }
    return (((lane[0] + lane[4]) + (lane[2] + lane[6])) +
            ((lane[1] + lane[5]) + (lane[3] + lane[7]))) +
           rest;
}

static double squares_one_by_one(int count, double *ret_sum)
{
    double lane[4] = {0}, square[4] = {0};
    for (int i = 0; i < count; i++) {
        int k = i < count - count % 4 ? i % 4 : 0;
        lane[k] += a[i];
        square[k] += a[i] * a[i];
    }
    *ret_sum = (lane[0] + lane[2]) + (lane[1] + lane[3]);
    return (square[0] + square[2]) + (square[1] + square[3]);
}

typedef struct kernels {
    double (*sum)(const double *, int32_t);
    double (*squares)(const double *, int32_t, double *);
    bool (*within)(const double *, const double *, double, double, int32_t);
    bool (*below)(const double *, const double *, double, const double *, double, int32_t);
} kernels;

static void expect_the_same(const kernels *k, int count)
{
    double sum_w, other_w, square = squares_one_by_one(count, &sum_w);
    bool within = true, below = true;
    for (int i = 0; i < count; i++) {
        within = within && a[i] >= 0 && a[i] <= b[i] * 1.5 + 0.25;
        below = below && a[i] <= b[i] * 1.25 + a[i] * 0.5;
    }
    assert_true(same(k->sum(a, count), sum_one_by_one(count)));
    assert_true(same(k->squares(a, count, &other_w), square) && same(other_w, sum_w));
    assert_int_equal(k->within(a, b, 1.5, 0.25, count), within);
    assert_int_equal(k->below(a, b, 1.25, a, 0.5, count), below);
}

static void both_widths_are_as_one_by_one(void **state)
{
    (void)state;
    const kernels two = {lanes_sum2, lanes_squares2, lanes_within2, lanes_below2};
    for (int round = 0; round < 20000; round++) {
        int count = (int)(COUNT_MAX * unit()), mostly = round % 2;
        for (int i = 0; i < count; i++) {
            a[i] = mostly ? unit() : odd();
            b[i] = mostly ? a[i] * (0.6 + 0.5 * unit()) : odd();
        }
        expect_the_same(&two, count);
#if SG_QUADS_X86
        const kernels four = {lanes_sum4, lanes_squares4, lanes_within4, lanes_below4};
        if (SG_QUADS_WIDE()) {
            expect_the_same(&four, count);
        }
#endif
    }
}

static void operations_are_those_of_each_number(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        double x[4], y[4], got[4];
        for (int i = 0; i < 4; i++) {
            x[i] = odd();
            y[i] = unit() < 0.2 ? x[i] : odd();
        }
        sg_quad2 p = sg_quad2_load(x), q = sg_quad2_load(y);
        unsigned less = sg_quad2_bits(sg_quad2_below(p, q)),
                 upto = sg_quad2_bits(sg_quad2_upto(p, q));
        sg_quad2_store(got, sg_quad2_pick(sg_quad2_below(p, q), sg_quad2_abs(p), q));
        for (int i = 0; i < 4; i++) {
            assert_int_equal(less >> i & 1, x[i] < y[i]);
            assert_int_equal(upto >> i & 1, x[i] <= y[i]);
            assert_true(same(got[i], x[i] < y[i] ? fabs(x[i]) : y[i]));
        }
        sg_quad2_store(got, sg_quad2_min(p, q));
        for (int i = 0; i < 4; i++) {
            assert_true(same(got[i], x[i] < y[i] ? x[i] : y[i]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_widths_are_as_one_by_one),
        cmocka_unit_test(operations_are_those_of_each_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
