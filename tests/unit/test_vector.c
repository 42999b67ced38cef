/* The elementary functions of math/vector.h against libm, and as lanes against themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "math/vector.h"

#include <math.h>

enum { DRAWS = 200000 };
static const double pi = 3.141592653589793;

static double drawn(uint64_t seed, int i, double low, double high)
{
    return low + (high - low) * sg_prng_unit(seed, (uint64_t)i);
}

static void near(const char *what, double x, double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("%s(%.17g) is %.17g, libm says %.17g", what, x, got, want);
    }
}

static void sine_and_cosine_are_within_2e_16(void **state)
{
    (void)state;
    double s, c;
    for (int i = 0; i < DRAWS; i++) {
        double turns = drawn(1, i, -0.125, 0.125);
        sg_vec_sincos_turns(turns, &s, &c);
        near("sin", turns, s, sin(turns * 2 * pi), 2.3e-16);
        near("cos", turns, c, cos(turns * 2 * pi), 2.3e-16);
        turns *= 4; /* libm is given an angle that was rounded */
        sg_vec_sincos_turns(turns, &s, &c);
        near("sin", turns, s, sin(turns * 2 * pi), 7e-16);
        near("cos", turns, c, cos(turns * 2 * pi), 7e-16);
        sg_vec_sincos_turns(turns + 4096, &s, &c); /* whole turns are taken out exactly */
        double part = (turns + 4096) - 4096;
        double s_part, c_part;
        sg_vec_sincos_turns(part, &s_part, &c_part);
        assert_true(s == s_part && c == c_part);
        double x = drawn(2, i, -1e4, 1e4);
        sg_vec_sincos(x, &s, &c);
        near("sin", x, s, sin(x), 3e-12);
        near("cos", x, c, cos(x), 3e-12);
    }
    static const double exact[][3] = {{0, 0, 1}, {0.25, 1, 0}, {0.5, 0, -1}, {0.75, -1, 0}};
    for (int i = 0; i < 4; i++) {
        for (int turn = -3; turn <= 3; turn++) {
            sg_vec_sincos_turns(exact[i][0] + turn, &s, &c);
            assert_true(s == exact[i][1] && c == exact[i][2]);
        }
    }
}

static void exponential_is_within_two_units_in_the_last_place(void **state)
{
    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        double x = i % 2 ? drawn(3, i, -700, 700) : drawn(3, i, -2, 2);
        near("exp", x, sg_vec_exp(x), exp(x), 4.5e-16 * exp(x));
    }
    assert_true(sg_vec_exp(0) == 1);
    assert_true(sg_vec_exp(-1e9) == sg_vec_exp(-700) && sg_vec_exp(1e9) == sg_vec_exp(700));
}

static void logarithm_is_within_two_units_in_the_last_place(void **state)
{
    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        double x = i % 2 ? exp(drawn(4, i, -700, 700)) : drawn(4, i, 0.5, 2);
        near("log", x, sg_vec_log(x), log(x), 4.5e-16 * fabs(log(x)));
    }
    assert_true(sg_vec_log(1) == 0);
}

static void square_root_is_within_two_units_in_the_last_place(void **state)
{
    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        double x = i % 2 ? exp(drawn(5, i, -660, 700)) : drawn(5, i, 0, 4);
        near("sqrt", x, sg_vec_sqrt(x), sqrt(x), 4.5e-16 * sqrt(x));
    }
    assert_true(sg_vec_sqrt(0) == 0 && sg_vec_sqrt(-1) == 0 && sg_vec_sqrt(1) == 1);
}

static void angles_are_within_4_ulp_all_the_way_round(void **state)
{
    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        double y = drawn(6, i, -1, 1), x = drawn(7, i, -1, 1);
        double scale = i % 3 ? 1 : exp(drawn(8, i, -300, 300));
        y *= i % 5 ? 1 : 1e-9;
        near("atan2", y / x, sg_vec_atan2(y * scale, x * scale), atan2(y, x),
             8.9e-16 * fabs(atan2(y, x)));
        double c = drawn(9, i, -1, 1);
        near("acos", c, sg_vec_acos(c), acos(c), 1e-15);
    }
    assert_true(sg_vec_atan2(0, 1) == 0 && sg_vec_atan2(0, -1) == pi);
    assert_true(sg_vec_atan2(1, 0) == pi / 2 && sg_vec_atan2(-1, 0) == -pi / 2);
    assert_true(sg_vec_atan2(0, 0) == 0);
    assert_true(sg_vec_acos(1.0000001) == 0 && sg_vec_acos(-2) == pi && sg_vec_acos(0) == pi / 2);
}

static void small_tools(void **state)
{
    (void)state;
    assert_true(sg_vec_select(true, 1, 2) == 1 && sg_vec_select(false, 1, 2) == 2);
    assert_true(sg_vec_min(1, 2) == 1 && sg_vec_max(1, 2) == 2 && sg_vec_abs(-3) == 3);
    assert_true(sg_vec_clamp(5, 0, 1) == 1 && sg_vec_clamp(-5, 0, 1) == 0);
    assert_true(isnan(sg_vec_clamp(NAN, 0, 1))); /* a missing value is not a limit */
    assert_true(sg_vec_round(2.5) == 2 && sg_vec_round(-3.7) == -4 && sg_vec_round(0.4) == 0);
}

static inline __attribute__((always_inline)) void all_of_them(const double *x, double *ret)
{
    for (int k = 0; k < SG_VEC_BLOCK; k++) {
        double s, c, e = sg_vec_exp(x[k]);
        sg_vec_sincos(x[k], &s, &c);
        ret[k] = sg_vec_log(e + 1) + sg_vec_sqrt(e) + sg_vec_atan2(s, c) + sg_vec_acos(s * c);
    }
}

__attribute__((noinline)) static void as_two_lanes(const double *x, double *ret)
{
    all_of_them(x, ret);
}

#if defined(__x86_64__)
__attribute__((noinline, target("avx2"))) static void as_four_lanes(const double *x, double *ret)
{
    all_of_them(x, ret);
}
#endif

/* The bits of the reference are those of a build that made no vectors of it: one row, behind a volatile. */
static void lanes_give_the_bits_of_the_single_row(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        double x[SG_VEC_BLOCK], two[SG_VEC_BLOCK], four[SG_VEC_BLOCK];
        for (int k = 0; k < SG_VEC_BLOCK; k++) {
            x[k] = drawn(10, round * SG_VEC_BLOCK + k, -50, 50);
        }
        as_two_lanes(x, two);
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx2")) {
            as_four_lanes(x, four);
            assert_memory_equal(two, four, sizeof two);
        }
#endif
        for (int k = 0; k < SG_VEC_BLOCK; k++) {
            volatile double one = x[k];
            double s, c, e = sg_vec_exp(one);
            sg_vec_sincos(one, &s, &c);
            four[k] = sg_vec_log(e + 1) + sg_vec_sqrt(e) + sg_vec_atan2(s, c) + sg_vec_acos(s * c);
        }
        assert_memory_equal(two, four, sizeof two);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sine_and_cosine_are_within_2e_16),
        cmocka_unit_test(exponential_is_within_two_units_in_the_last_place),
        cmocka_unit_test(logarithm_is_within_two_units_in_the_last_place),
        cmocka_unit_test(square_root_is_within_two_units_in_the_last_place),
        cmocka_unit_test(angles_are_within_4_ulp_all_the_way_round),
        cmocka_unit_test(small_tools),
        cmocka_unit_test(lanes_give_the_bits_of_the_single_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
