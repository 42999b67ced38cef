/* Rangers: the errors that they are told to make are the errors that they make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"
#include "model/ranging.h"

#include <math.h>
#include <string.h>

enum { DISTANCE, WATER, SALINITY, DEPTH, LIDAR_FAULT, SONAR_FAULT };
enum { LIDAR, SONAR, LIDAR_VALID, SONAR_VALID, SOUND_SPEED };
enum { STEPS = 100000 };

typedef struct bench {
    const sg_model *model;
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
} bench;

static void set(bench *b, const char *name, double value)
{
    for (int i = 0; i < b->model->param_count; i++) {
        if (strcmp(b->model->params[i].name, name) == 0) {
            b->p[i] = value;
            return;
        }
    }
    fail_msg("no parameter %s", name);
}

static void bench_start(bench *b)
{
    b->model = sg_model_find("ranging", NULL);
    sg_model_presets(b->model, b->p);
    sg_model_start(b->model, b->p, b->state);
}

static void look(bench *b, double distance_m, double lidar_fault, double sonar_fault)
{
    double in[] = {distance_m, 15, 35, 5, lidar_fault, sonar_fault};
    sg_now now = {.dt_s = 0.1};
    assert_int_equal(sg_model_step(b->model, b->p, &now, in, b->state, b->out), SG_OK);
}

static void noise_bias_and_dropouts_are_as_told(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    set(&b, "lidar_bias", 0.07);
    double sum[2] = {0}, square[2] = {0}, product = 0, count[2] = {0}, pairs = 0;
    double scale = 1500 / sg_sound_speed_ms(15, 35, 5);
    for (int k = 0; k < STEPS; k++) {
        look(&b, 12, 0, 0);
        double off[] = {b.out[LIDAR] - 12.07, b.out[SONAR] - 12 * scale};
        for (int i = 0; i < 2; i++) {
            if (b.out[LIDAR_VALID + i] > 0) {
                sum[i] += off[i];
                square[i] += off[i] * off[i];
                count[i]++;
            }
        }
        if (b.out[LIDAR_VALID] > 0 && b.out[SONAR_VALID] > 0) {
            product += off[0] * off[1];
            pairs++;
        }
    }
    /* rounding to a bin adds its square over twelve */
    double want[] = {sqrt(0.03 * 0.03 + pow(sg_lidar_resolution_m(1e-10), 2) / 12),
                     sqrt(0.01 * 0.01 + 0.12 * 0.12)};
    static const double silent[] = {0.01, 0.02};
    for (int i = 0; i < 2; i++) {
        assert_true(fabs(sum[i] / count[i]) < 4 * want[i] / sqrt(count[i]));
        assert_true(fabs(sqrt(square[i] / count[i]) / want[i] - 1) < 4 / sqrt(2 * count[i]));
        double gone = 1 - count[i] / STEPS;
        assert_true(fabs(gone - silent[i]) < 4 * sqrt(silent[i] / STEPS));
    }
    assert_true(fabs(product / pairs / want[0] / want[1]) < 4 / sqrt(pairs));
}

static void readings_are_whole_bins(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    double bin_m = sg_lidar_resolution_m(1e-10);
    for (int k = 0; k < 1000; k++) {
        look(&b, 5 + 0.01 * k, 0, 0);
        double bins = b.out[LIDAR] / bin_m;
        assert_true(fabs(bins - floor(bins + 0.5)) < 1e-6);
    }
}

static void there_is_no_echo_out_of_range(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    set(&b, "lidar_dropout", 0);
    set(&b, "sonar_dropout", 0);
    static const double far_m[] = {0.2, 0.3, 200, 201, 5000, 5001};
    static const bool lidar[] = {true, true, true, false, false, false};
    static const bool sonar[] = {false, true, true, true, true, false};
    for (int i = 0; i < 6; i++) {
        look(&b, far_m[i], 0, 0);
        assert_true((b.out[LIDAR_VALID] > 0) == lidar[i] && (b.out[SONAR_VALID] > 0) == sonar[i]);
    }
}

static void a_stuck_sensor_repeats_itself_and_a_silent_one_says_so(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    set(&b, "sonar_dropout", 0);
    set(&b, "lidar_dropout", 0);
    look(&b, 10, 0, 0);
    double lidar_m = b.out[LIDAR], sonar_m = b.out[SONAR];
    for (int k = 0; k < 50; k++) {
        look(&b, 10 + k, 2, 1);
        assert_true(b.out[LIDAR] == lidar_m && b.out[LIDAR_VALID] == 1);
        assert_true(b.out[SONAR] == sonar_m && b.out[SONAR_VALID] == 0);
    }
    look(&b, 60, 0, 0);
    assert_true(fabs(b.out[LIDAR] - 60) < 1 && b.out[SONAR_VALID] == 1);
    set(&b, "lidar_stuck_rate", 1.0 / 600); /* by itself: 60 s of each 660 s */
    double stuck = 0, last_m = -1;
    for (int k = 0; k < STEPS; k++) {
        look(&b, 10 + 1e-3 * k, 0, 0);
        stuck += b.out[LIDAR] == last_m;
        last_m = b.out[LIDAR];
    }
    /* about 15 episodes in 10,000 s; two honest readings share a bin now and then */
    assert_true(stuck / STEPS > 0.05 && stuck / STEPS < 0.4);
}

static void sound_is_faster_in_warm_and_salt_and_deep_water(void **state)
{
    (void)state;
    for (double t = 2; t < 30; t++) {
        for (double s = 25; s < 40; s++) {
            double here = sg_sound_speed_ms(t, s, 100);
            assert_true(sg_sound_speed_ms(t + 1, s, 100) > here);
            assert_true(sg_sound_speed_ms(t, s + 1, 100) > here);
            assert_true(sg_sound_speed_ms(t, s, 200) > here);
        }
    }
}

static void senseless_inputs_are_refused(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    sg_now now = {.dt_s = 0.1};
    double bad[][6] = {
        {-1, 15, 35, 5, 0, 0}, {1, 15, 35, -5, 0, 0}, {1, 15, -35, 5, 0, 0}, {1, 400, 35, 5, 0, 0}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(sg_model_step(b.model, b.p, &now, bad[i], b.state, b.out), SG_RANGE);
        assert_true(b.state[0] == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_bias_and_dropouts_are_as_told),
        cmocka_unit_test(readings_are_whole_bins),
        cmocka_unit_test(there_is_no_echo_out_of_range),
        cmocka_unit_test(a_stuck_sensor_repeats_itself_and_a_silent_one_says_so),
        cmocka_unit_test(sound_is_faster_in_warm_and_salt_and_deep_water),
        cmocka_unit_test(senseless_inputs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
