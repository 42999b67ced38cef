/* The mixture of models: its weights against a grid and the conditions of an optimum, its trust against drift. */
#include "forecast/ensemble.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("%.17g, expected %.17g", got, expected);
    }
}

static uint64_t seed = 11;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / 4503599627370496.0 - 1;
}

static double value_of(const double *a, int n, const double *w)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            sum += w[i] * a[i * n + j] * w[j];
        }
    }
    return sum;
}

static void draw(double *a, int n, int rank)
{
    memset(a, 0, (size_t)(n * n) * sizeof *a);
    for (int r = 0; r < rank; r++) {
        double e[SG_FORECASTER_MAX], all = 2 * uniform();
        for (int i = 0; i < n; i++) {
            e[i] = all + uniform() * (1 + i % 3);
        }
        for (int i = 0; i < n * n; i++) {
            a[i] += e[i / n] * e[i % n];
        }
    }
}

static void weights_are_as_good_as_the_best_of_a_grid(void **state)
{
    (void)state;
    enum { PARTS = 60 };
    for (int round = 0; round < 300; round++) {
        double a[9], w[3] = {0}, best = INFINITY;
        draw(a, 3, 2 + round % 5);
        sg_mix_weights(a, 3, w);
        for (int i = 0; i <= PARTS; i++) {
            for (int j = 0; i + j <= PARTS; j++) {
                double grid[3] = {(double)i / PARTS, (double)j / PARTS,
                                  (double)(PARTS - i - j) / PARTS};
                best = fmin(best, value_of(a, 3, grid));
            }
        }
        assert_true(value_of(a, 3, w) <= best + 1e-9);
        near(w[0] + w[1] + w[2], 1, 1e-12);
    }
}

/* w >= 0, sum 1; the gradient is the same wherever w > 0, and not less elsewhere. */
static void weights_meet_the_conditions_of_an_optimum(void **state)
{
    (void)state;
    for (int round = 0; round < 500; round++) {
        int n = 2 + round % (SG_FORECASTER_MAX - 1);
        double a[SG_FORECASTER_MAX * SG_FORECASTER_MAX], w[SG_FORECASTER_MAX] = {0}, sum = 0,
                                                         scale = 0;
        draw(a, n, 2 * n);
        w[round % n] = round % 2; /* begins in a corner, or nowhere */
        sg_mix_weights(a, n, w);
        double value = value_of(a, n, w);
        for (int i = 0; i < n; i++) {
            double g = 0;
            for (int j = 0; j < n; j++) {
                g += a[i * n + j] * w[j];
            }
            scale = fmax(scale, a[i * n + i]);
            assert_true(w[i] >= 0);
            assert_true(g >= value - 1e-7 * scale);
            assert_true(w[i] < 1e-9 || fabs(g - value) <= 1e-7 * scale);
            sum += w[i];
        }
        near(sum, 1, 1e-9);
    }
}

static void weights_stay_weights_whatever_comes(void **state)
{
    (void)state;
    double odd[] = {0, NAN, INFINITY, 1e300, -1e300};
    for (int round = 0; round < 2000; round++) {
        double a[16], w[4] = {0}, sum = 0;
        for (int i = 0; i < 16; i++) {
            a[i] = fabs(uniform()) < 0.3 ? odd[(int)(fabs(uniform()) * 4.99)] : uniform();
        }
        sg_mix_weights(a, 4, w);
        for (int i = 0; i < 4; i++) {
            assert_true(w[i] >= 0 && w[i] <= 1 + 1e-9);
            sum += w[i];
        }
        near(sum, 1, 1e-6);
    }
}

enum { MODELS = 2 };

/* Misses of two models; the mixtures' own follow from their weights, as a forecast's would. */
static double one_row(sg_ensemble *e, double first, double second)
{
    double miss[SG_VOICE_MAX] = {first, second};
    for (int32_t v = MODELS; v <= sg_ensemble_whole(e); v++) {
        const double *w = sg_ensemble_voice_weights(e, v, 0, 0);
        miss[v] = w[0] * first + w[1] * second;
    }
    double whole = miss[sg_ensemble_whole(e)];
    sg_ensemble_take(e, 0, 0, miss);
    sg_ensemble_settle(e);
    return whole;
}

static sg_ensemble two_models(void)
{
    sg_ensemble ret;
    const sg_forecast_shape shape = {.series_count = 1, .horizon = 1, .fit_rows = 10};
    assert_int_equal(sg_ensemble_create(&ret, &shape, "persistence,seasonal_naive"), SG_OK);
    return ret;
}

/* Two independent misses of deviations 1 and 2: the least square is at weights 4/5 and 1/5, and its mean 0.8. */
static void two_that_miss_by_chance_are_better_together(void **state)
{
    (void)state;
    sg_ensemble e = two_models();
    double sum = 0;
    enum { ROWS = 20000 };
    for (int i = 0; i < ROWS; i++) {
        double a = sqrt(3) * uniform(), b = 2 * sqrt(3) * uniform(), whole = one_row(&e, a, b);
        sum += whole * whole;
    }
    assert_true(sum / ROWS < 0.83);
    near(sg_ensemble_weights(&e, 0, 0)[1], 0.2, 0.12);
    sg_ensemble_free(&e);
}

/* Who is right changes after thousands of rows; the whole must not lose more than a little against the better one of each half. */
static void follows_when_another_one_is_right(void **state)
{
    (void)state;
    sg_ensemble e = two_models();
    double whole = 0, better = 0;
    for (int i = 0; i < 40000; i++) {
        double shared = uniform(), good = shared + 0.1 * uniform(), bad = 3 * shared + uniform();
        double got = one_row(&e, i < 20000 ? good : bad, i < 20000 ? bad : good);
        whole += fabs(got);
        better += fabs(good);
    }
    assert_true(whole < 1.03 * better);
    assert_true(sg_ensemble_weights(&e, 0, 0)[1] > 0.95);
    sg_ensemble_free(&e);
}

static void a_perfect_model_is_trusted_alone(void **state)
{
    (void)state;
    sg_ensemble e = two_models();
    for (int i = 0; i < 1000; i++) {
        one_row(&e, uniform(), 0);
    }
    near(sg_ensemble_weights(&e, 0, 0)[1], 1, 1e-9);
    sg_ensemble_free(&e);
}

static void unknown_models_are_refused(void **state)
{
    (void)state;
    sg_ensemble e;
    const sg_forecast_shape shape = {.series_count = 1, .horizon = 1, .fit_rows = 10};
    assert_int_equal(sg_ensemble_create(&e, &shape, "persistence,oracle"), SG_MISSING);
    assert_int_equal(sg_ensemble_create(&e, &shape, ""), SG_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_as_good_as_the_best_of_a_grid),
        cmocka_unit_test(weights_meet_the_conditions_of_an_optimum),
        cmocka_unit_test(weights_stay_weights_whatever_comes),
        cmocka_unit_test(two_that_miss_by_chance_are_better_together),
        cmocka_unit_test(follows_when_another_one_is_right),
        cmocka_unit_test(a_perfect_model_is_trusted_alone),
        cmocka_unit_test(unknown_models_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
