/* Intervals hold what they promise, on misses of heavy tails whose size drifts and jumps, near and far ahead. */
#include "forecast/bands.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("%.17g, expected %.17g", got, expected);
    }
}

static uint64_t seed = 5;

static double uniform(void) /* in (0, 1) */
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(seed >> 12) + 0.5) / 4503599627370496.0;
}

/* Student's t with three degrees of freedom: Bailey's polar form. */
static double heavy(void)
{
    double u, v, w;
    do {
        u = 2 * uniform() - 1;
        v = 2 * uniform() - 1;
        w = u * u + v * v;
    } while (w > 1);
    return u * sqrt(3 * (pow(w, -2.0 / 3) - 1) / w);
}

static const double levels[] = {0.8, 0.95};

/* One series, one step ahead; misses become known `delay` rows after the forecast. ret: share inside. */
static void run(int32_t ahead, double (*miss_at)(int row), double ret[2])
{
    enum { START = 1000, ROWS = 30000 };
    sg_bands bands;
    float *sample = calloc(START, sizeof *sample), *sorted = calloc(START, sizeof *sorted);
    double *miss = calloc(ROWS, sizeof *miss);
    uint8_t *passed = calloc(ROWS, 1);
    int32_t horizon = ahead + 1;
    assert_int_equal(sg_bands_create(&bands, 1, horizon, levels, 2), SG_OK);
    float *whole = calloc((size_t)START * (size_t)horizon, sizeof *whole);
    ret[0] = ret[1] = 0;
    for (int row = 0; row < ROWS; row++) {
        int spoken = row - horizon;
        if (spoken >= 0) {
            sg_bands_take(&bands, 0, ahead, miss[spoken], passed[spoken]);
        }
        sg_bands_settle(&bands);
        if (row == START) {
            for (int i = 0; i < START; i++) {
                whole[(size_t)i * (size_t)horizon + (size_t)ahead] = sample[i];
            }
            sg_bands_start(&bands, whole, START, sorted);
        }
        miss[row] = miss_at(row);
        passed[row] = row < START ? SG_BANDS_NONE : sg_bands_passed(&bands, 0, ahead, miss[row]);
        if (row < START) {
            sample[row] = (float)(miss[row] / sg_bands_scale(&bands, 0, ahead));
        }
        for (int l = 0; l < 2 && row >= START; l++) {
            double low, high;
            sg_bands_bounds(&bands, l, 0, ahead, &low, &high);
            assert_true(isfinite(low) && isfinite(high) && low <= high);
            ret[l] += (miss[row] >= low && miss[row] <= high) / (double)(ROWS - START);
        }
    }
    sg_bands_free(&bands);
    free(sample);
    free(sorted);
    free(miss);
    free(passed);
    free(whole);
}

static double steady(int row)
{
    (void)row;
    return heavy();
}

static double drifting(int row)
{
    return 0.5 + exp(2 * sin(row / 900.0)) * heavy();
}

static double jumping(int row)
{
    return (row / 4000 % 2 ? 10 : 1) * heavy() + row / 3000 % 3;
}

/* Today's miss is much like yesterday's: what makes late feedback hard. */
static double slow(int row)
{
    static double level;
    level = row == 0 ? 0 : 0.97 * level + 0.2 * heavy();
    return level;
}

static void hold_what_they_promise(void **state)
{
    (void)state;
    double (*const kinds[])(int) = {steady, drifting, jumping, slow};
    const int32_t aheads[] = {0, 11, 47};
    for (int k = 0; k < 4; k++) {
        for (int a = 0; a < 3; a++) {
            double inside[2];
            run(aheads[a], kinds[k], inside);
            near(inside[0], 0.8, 0.02);
            near(inside[1], 0.95, 0.02);
        }
    }
}

/* A hundred misses 1 ... 100 in order: nine tenths of 101 of them lie below 90.9, one tenth below 10.1. */
static void begin_with_the_quantiles(void **state)
{
    (void)state;
    sg_bands bands;
    float miss[100], sorted[100];
    double low, high;
    for (int i = 0; i < 100; i++) {
        miss[i] = (float)(100 - i);
    }
    assert_int_equal(sg_bands_create(&bands, 1, 1, levels, 1), SG_OK);
    sg_bands_start(&bands, miss, 100, sorted);
    sg_bands_bounds(&bands, 0, 0, 0, &low, &high);
    near(low, 10.1, 1e-5);
    near(high, 90.9, 1e-5);
    assert_int_equal(sg_bands_passed(&bands, 0, 0, 5), 1);
    assert_int_equal(sg_bands_passed(&bands, 0, 0, 95), 2);
    assert_int_equal(sg_bands_passed(&bands, 0, 0, 50), 0);
    sg_bands_free(&bands);
}

/* The bound moves by what was told, whatever stands now: out by gain (1 - tail) mean size, in by gain tail mean size. */
static void move_by_what_was_told(void **state)
{
    (void)state;
    sg_bands bands;
    float miss[100], sorted[100];
    double low[3], high[3];
    for (int i = 0; i < 100; i++) {
        miss[i] = (float)(i - 50);
    }
    assert_int_equal(sg_bands_create(&bands, 1, 1, levels, 1), SG_OK);
    sg_bands_start(&bands, miss, 100, sorted);
    sg_bands_bounds(&bands, 0, 0, 0, &low[0], &high[0]);
    sg_bands_take(&bands, 0, 0, 4, 2); /* root of the mean size: 2 */
    sg_bands_bounds(&bands, 0, 0, 0, &low[1], &high[1]);
    near(high[1] - high[0], 0.1 * 2 * 0.9, 1e-12);
    near(low[1] - low[0], 0.1 * 2 * 0.1, 1e-12);
    sg_bands_take(&bands, 0, 0, 4, SG_BANDS_NONE);
    sg_bands_bounds(&bands, 0, 0, 0, &low[2], &high[2]);
    near(high[2], high[1], 0);
    sg_bands_free(&bands);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hold_what_they_promise),
        cmocka_unit_test(begin_with_the_quantiles),
        cmocka_unit_test(move_by_what_was_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
