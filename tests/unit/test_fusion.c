/* The fusion filter against a truth drawn from its own model, and against waves with every kind of bad sensor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/fusion.h"
#include "model/gauss.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 100000, RUN = 500, TRUTH, TRUTH_TOO, LIDAR, SONAR, OUTLIER, OUTLIER_TOO };
static const double dt_s = 0.1;

static sg_fusion_config config_of(bool velocity, double process)
{
    return (sg_fusion_config){.velocity = velocity,
                              .process = process,
                              .std_m = {0.03, 0.1},
                              .gate = 9,
                              .health_steps = 50,
                              .stuck_steps = 10,
                              .relock_steps = 5,
                              .speed_ms = 3,
                              .coast_s = 2,
                              .bias_s = 60,
                              .bias_sigma = 5,
                              .bias_allow_m = 0.02};
}

static double drawn(int stream, int k)
{
    return sg_gauss(1000 + (uint64_t)stream, (uint64_t)k);
}

static bool one_in(int stream, int k, double share)
{
    return sg_prng_unit(2000 + (uint64_t)stream, (uint64_t)k) < share;
}

/* The next height of the filter's own model, drawn exactly. Its velocity wanders without bound, so truth and filter start
 * anew every RUN steps. */
static void move(const sg_fusion_config *c, int k, double *x, double *v, sg_fusion *f)
{
    if (k % RUN == 0) {
        *x = *v = 0;
        *f = (sg_fusion){0};
    }
    if (!c->velocity) {
        *x += sqrt(c->process * dt_s) * drawn(TRUTH, k);
        return;
    }
    double kick = sqrt(c->process * dt_s) * drawn(TRUTH, k);
    *x += (*v + kick / 2) * dt_s + sqrt(c->process * dt_s / 12) * dt_s * drawn(TRUTH_TOO, k);
    *v += kick;
}

/* 0.5 m waves of 6 s on 0.2 m ones of 2.7 s. */
static double wave_m(int k)
{
    double t = k * dt_s;
    return 0.5 * sin(6.283185307179586 * t / 6) + 0.2 * sin(6.283185307179586 * t / 2.7 + 1);
}

static void innovations_are_as_large_as_predicted(void **state)
{
    (void)state;
    for (int velocity = 0; velocity < 2; velocity++) {
        sg_fusion_config c = config_of(velocity, velocity ? 0.2 : 0.01);
        c.gate = 1e9; /* a gate that rejects is not the linear filter that chi-square speaks of */
        c.bias_allow_m = 1e9;
        sg_fusion f = {0};
        sg_fusion_result r;
        double x = 0, v = 0, sum = 0, count = 0, squares = 0;
        for (int k = 0; k < STEPS; k++) {
            move(&c, k, &x, &v, &f);
            const double z[] = {x + 0.03 * drawn(LIDAR, k), x + 0.1 * drawn(SONAR, k)};
            const bool valid[] = {!one_in(LIDAR, k, 0.1), !one_in(SONAR, k, 0.3)};
            sg_fusion_step(&f, &c, z, valid, dt_s, &r);
            if (k % RUN >= 100) {
                sum += r.nis;
                squares += (r.nis - r.nis_count) * (r.nis - r.nis_count);
                count += r.nis_count;
            }
        }
        /* chi-square of `count` degrees: mean count, deviation sqrt(2 count); 99.9 % */
        assert_true(count > 1.2 * STEPS);
        assert_true(fabs(sum - count) < 3.29 * sqrt(2 * count));
        assert_true(fabs(squares / (2 * count) - 1) < 0.05); /* and the spread of it */
    }
}

static void errors_are_as_large_as_predicted(void **state)
{
    (void)state;
    for (int velocity = 0; velocity < 2; velocity++) {
        sg_fusion_config c = config_of(velocity, velocity ? 0.2 : 0.01);
        sg_fusion f = {0};
        sg_fusion_result r;
        double x = 0, v = 0, errors = 0, variances = 0;
        for (int k = 0; k < STEPS; k++) {
            move(&c, k, &x, &v, &f);
            const double z[] = {x + 0.03 * drawn(LIDAR, k), x + 0.1 * drawn(SONAR, k)};
            const bool valid[] = {!one_in(LIDAR, k, 0.1), !one_in(SONAR, k, 0.3)};
            sg_fusion_step(&f, &c, z, valid, dt_s, &r);
            if (k % RUN >= 100) {
                errors += (r.estimate_m - x) * (r.estimate_m - x);
                variances += r.std_m * r.std_m;
            }
            assert_int_equal(r.blame, SG_FUSION_AGREE);
        }
        double ratio = sqrt(errors / variances);
        assert_true(ratio > 0.95 && ratio < 1.05);
    }
}

/* Root mean square error on a truth of the model, with outliers of up to 3 m and sensors that live or not. */
static double rms_m(const sg_fusion_config *c, double outliers, bool lidar, bool sonar)
{
    sg_fusion f = {0};
    sg_fusion_result r;
    double x = 0, v = 0, errors = 0;
    for (int k = 0; k < STEPS; k++) {
        move(c, k, &x, &v, &f);
        double z[] = {x + 0.03 * drawn(LIDAR, k), x + 0.1 * drawn(SONAR, k)};
        z[0] += one_in(OUTLIER, k, outliers) ? 6 * sg_prng_unit(9, (uint64_t)k) - 3 : 0;
        z[1] += one_in(OUTLIER_TOO, k, outliers) ? 6 * sg_prng_unit(10, (uint64_t)k) - 3 : 0;
        const bool valid[] = {lidar, sonar};
        sg_fusion_step(&f, c, z, valid, dt_s, &r);
        errors += k % RUN >= 100 ? (r.estimate_m - x) * (r.estimate_m - x) : 0;
    }
    return sqrt(errors / (STEPS / RUN * (RUN - 100)));
}

/* One reading in twenty up to 3 m off (thirty deviations of the sonar): 1.2 times the error at most, whichever sensor lives.
 * Without the gate it is more than three times. */
static void outliers_and_a_dead_sensor_cost_little(void **state)
{
    (void)state;
    sg_fusion_config c = config_of(true, 0.2), open = c;
    open.gate = 1e9;
    for (int alive = 1; alive < 4; alive++) {
        double clean_m = rms_m(&c, 0, alive & 1, alive & 2);
        double dirty_m = rms_m(&c, 0.05, alive & 1, alive & 2);
        double open_m = rms_m(&open, 0.05, alive & 1, alive & 2);
        if (!(dirty_m < 1.2 * clean_m && open_m > 3 * clean_m)) {
            fail_msg("sensors %d: %g m clean, %g m with outliers, %g m ungated", alive, clean_m,
                     dirty_m, open_m);
        }
    }
    /* a second sensor helps */
    assert_true(rms_m(&c, 0, true, true) < rms_m(&c, 0, true, false));
    assert_true(rms_m(&c, 0, true, false) < rms_m(&c, 0, false, true));
}

/* Steps from the start of a lie of 2 mm/s until it is noticed, and until the liar is named; -1: never. Returns what it was
 * blamed on at last. The error after the naming goes to *ret_rms_m. */
static sg_fusion_blame lie(double rest_std_m, int liar, double rate_ms, int ret_steps[2],
                           double *ret_rms_m)
{
    enum { BEGIN = 6000, END = 18000 };
    sg_fusion_config c = config_of(true, 2);
    c.rest_std_m = rest_std_m;
    sg_fusion f = {0};
    sg_fusion_result r = {0};
    double errors = 0, count = 0;
    ret_steps[0] = ret_steps[1] = -1;
    for (int k = 0; k < END; k++) {
        double z[] = {wave_m(k) + 0.03 * drawn(LIDAR, k), wave_m(k) + 0.1 * drawn(SONAR, k)};
        const bool valid[] = {true, true};
        z[liar] += k > BEGIN ? rate_ms * dt_s * (k - BEGIN) : 0;
        sg_fusion_step(&f, &c, z, valid, dt_s, &r);
        assert_true(k > BEGIN || r.blame == SG_FUSION_AGREE);
        ret_steps[0] = ret_steps[0] < 0 && r.blame != SG_FUSION_AGREE ? k - BEGIN : ret_steps[0];
        bool named = r.blame == SG_FUSION_LIDAR_LIES || r.blame == SG_FUSION_SONAR_LIES;
        ret_steps[1] = ret_steps[1] < 0 && named ? k - BEGIN : ret_steps[1];
        if (ret_steps[1] >= 0 && k > BEGIN + ret_steps[1] + 100) {
            assert_false(r.used[liar]);
            errors += (r.estimate_m - wave_m(k)) * (r.estimate_m - wave_m(k));
            count++;
        }
    }
    *ret_rms_m = count > 0 ? sqrt(errors / count) : 0;
    return r.blame;
}

static void a_lying_sensor_is_found_and_left_out(void **state)
{
    (void)state;
    int steps[2];
    double rms;
    for (int liar = 0; liar < 2; liar++) {
        /* 2 mm/s, against a mean known to 2 cm: noticed in 65 s, at 13 cm; named in 70 s */
        sg_fusion_blame blame = lie(0.02, liar, 0.002, steps, &rms);
        assert_int_equal(blame, liar ? SG_FUSION_SONAR_LIES : SG_FUSION_LIDAR_LIES);
        assert_true(steps[0] > 0 && steps[0] <= 650 && steps[1] <= 700);
        assert_true(rms < (liar ? 0.03 : 0.1)); /* as good as the other one alone */
        /* without a known mean it is noticed as soon, and nobody is named */
        blame = lie(0, liar, 0.002, steps, &rms);
        assert_int_equal(blame, SG_FUSION_ONE_LIES);
        assert_true(steps[0] <= 650 && steps[1] == -1);
    }
    /* the control: honest sensors are not blamed */
    assert_int_equal(lie(0.02, 0, 0, steps, &rms), SG_FUSION_AGREE);
    assert_int_equal(steps[0], -1);
}

static void honest_sensors_with_outliers_are_never_blamed(void **state)
{
    (void)state;
    sg_fusion_config c = config_of(true, 2);
    c.rest_std_m = 0.02;
    sg_fusion f = {0};
    sg_fusion_result r;
    for (int k = 0; k < STEPS; k++) {
        double z[] = {wave_m(k) + 0.03 * drawn(LIDAR, k), wave_m(k) + 0.1 * drawn(SONAR, k)};
        z[0] += one_in(OUTLIER, k, 0.05) ? 6 * sg_prng_unit(9, (uint64_t)k) - 3 : 0;
        z[1] += one_in(OUTLIER_TOO, k, 0.05) ? 6 * sg_prng_unit(10, (uint64_t)k) - 3 : 0;
        sg_fusion_step(&f, &c, z, (const bool[]){true, true}, dt_s, &r);
        assert_int_equal(r.blame, SG_FUSION_AGREE);
        assert_true(k < 100 || (r.health[0] > 0.5 && r.health[1] > 0.5));
    }
}

static void a_sensor_that_recovers_is_taken_in_again(void **state)
{
    (void)state;
    sg_fusion_config c = config_of(true, 2);
    sg_fusion f = {0};
    sg_fusion_result r;
    int back = -1;
    for (int k = 0; k < 3000; k++) {
        bool garbage = k >= 1000 && k < 2000;
        double z[] = {wave_m(k) + 0.03 * drawn(LIDAR, k), wave_m(k) + 0.1 * drawn(SONAR, k)};
        z[0] = garbage ? 20 * sg_prng_unit(11, (uint64_t)k) - 10 : z[0];
        sg_fusion_step(&f, &c, z, (const bool[]){true, true}, dt_s, &r);
        assert_true(fabs(r.estimate_m - wave_m(k)) < 0.6);
        if (k >= 1050 && k < 2000) {
            assert_true(r.health[0] < 0.5 && !r.used[0] && r.used[1] + r.health[1] > 0.5);
        }
        back = back < 0 && k >= 2000 && r.used[0] ? k - 2000 : back;
    }
    assert_true(back >= 0 && back <= 120); /* 50 ln(1/0.2) steps, and some */
    assert_true(r.health[0] > 0.95);
}

static void a_frozen_sensor_is_not_believed(void **state)
{
    (void)state;
    sg_fusion_config c = config_of(true, 2);
    sg_fusion f = {0};
    sg_fusion_result r;
    double frozen_m = 0;
    for (int k = 0; k < 2000; k++) {
        double z[] = {wave_m(k) + 0.03 * drawn(LIDAR, k), wave_m(k) + 0.1 * drawn(SONAR, k)};
        frozen_m = k < 500 ? z[0] : frozen_m;
        z[0] = frozen_m;
        sg_fusion_step(&f, &c, z, (const bool[]){true, true}, dt_s, &r);
        assert_true(k < 510 || !r.used[0]);
        assert_true(k < 530 || fabs(r.estimate_m - wave_m(k)) < 0.4);
    }
    assert_true(r.health[0] < 0.01 && r.health[1] > 0.9);
}

static void without_readings_the_doubt_grows_and_stays_finite(void **state)
{
    (void)state;
    for (int velocity = 0; velocity < 2; velocity++) {
        sg_fusion_config c = config_of(velocity, 0.2);
        sg_fusion f = {0};
        sg_fusion_result r;
        sg_fusion_step(&f, &c, (const double[]){3, NAN}, (const bool[]){true, true}, dt_s, &r);
        assert_true(r.estimate_m == 3 && r.std_m == 0.03 && r.used[0] && !r.used[1]);
        double last_m = r.std_m;
        for (int k = 0; k < STEPS; k++) {
            sg_fusion_step(&f, &c, (const double[]){NAN, INFINITY}, (const bool[]){true, true},
                           1000, &r);
            assert_true(r.std_m >= last_m && r.std_m <= 1e6 && r.estimate_m == 3);
            assert_true(r.nis_count == 0 && !r.used[0] && !r.used[1]);
            last_m = r.std_m;
        }
        assert_true(r.health[0] == 0 || r.health[0] < 1e-6);
        /* and one good reading is worth what it is worth */
        sg_fusion_step(&f, &c, (const double[]){5, 0}, (const bool[]){true, false}, dt_s, &r);
        assert_true(fabs(r.estimate_m) <= 5 && isfinite(r.std_m));
    }
}

static void a_jump_of_the_truth_is_followed(void **state)
{
    (void)state;
    sg_fusion_config c = config_of(true, 2);
    sg_fusion f = {0};
    sg_fusion_result r;
    for (int k = 0; k < 1200; k++) {
        double x = wave_m(k) + (k >= 1000 ? 25 : 0); /* the platform is in dock, say */
        const double z[] = {x + 0.03 * drawn(LIDAR, k), x + 0.1 * drawn(SONAR, k)};
        sg_fusion_step(&f, &c, z, (const bool[]){true, true}, dt_s, &r);
        assert_true(k < 1050 || fabs(r.estimate_m - x) < 0.3);
    }
}

static void before_the_first_reading_nothing_is_known(void **state)
{
    (void)state;
    sg_fusion_config c = config_of(true, 2);
    sg_fusion f = {0};
    sg_fusion_result r;
    sg_fusion_step(&f, &c, (const double[]){1, 2}, (const bool[]){false, false}, dt_s, &r);
    assert_true(r.estimate_m == 0 && r.std_m == 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(innovations_are_as_large_as_predicted),
        cmocka_unit_test(errors_are_as_large_as_predicted),
        cmocka_unit_test(outliers_and_a_dead_sensor_cost_little),
        cmocka_unit_test(a_lying_sensor_is_found_and_left_out),
        cmocka_unit_test(honest_sensors_with_outliers_are_never_blamed),
        cmocka_unit_test(a_sensor_that_recovers_is_taken_in_again),
        cmocka_unit_test(a_frozen_sensor_is_not_believed),
        cmocka_unit_test(without_readings_the_doubt_grows_and_stays_finite),
        cmocka_unit_test(a_jump_of_the_truth_is_followed),
        cmocka_unit_test(before_the_first_reading_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
