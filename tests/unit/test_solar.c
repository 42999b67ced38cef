/* The kind solar: dirt, rain, storms and the two planes of irradiance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

enum { IRRADIANCE, AIR, WIND, WAVE_HEIGHT, WAVE_PERIOD, RAIN };
enum { AVAILABLE, PLANE, CELL, CLEAN, MOTION, STOWED };

static void set(const sg_model *model, double *p, const char *name, double value)
{
    for (int i = 0; i < model->param_count; i++) {
        if (strcmp(model->params[i].name, name) == 0) {
            p[i] = value;
            return;
        }
    }
    fail_msg("solar has no %s", name);
}

typedef struct array {
    const sg_model *model;
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    sg_now now;
} array;

static void start(array *self)
{
    sg_model room;
    *self = (array){.model = sg_model_find("solar", &room), .now = {.dt_s = 3600}};
    assert_non_null(self->model);
    sg_model_presets(self->model, self->p);
    set(self->model, self->p, "capacity", 250e3); /* never clips: 1000 m2 at 20 % are 200 kW */
    set(self->model, self->p, "coverage_area", 1000);
    sg_model_start(self->model, self->p, self->state);
}

static double power_w(array *self, double irradiance, double wave_m, double rain)
{
    double in[] = {irradiance, 20, 3, wave_m, 8, rain};
    assert_int_equal(sg_model_step(self->model, self->p, &self->now, in, self->state, self->out),
                     SG_OK);
    return self->out[AVAILABLE];
}

static void dirt_builds_up_until_the_panels_are_cleaned(void **state)
{
    (void)state;
    array a;
    start(&a);
    double least = 1;
    int cleanings = 0;
    double before = 1;
    for (int hour = 1; hour <= 4 * 168; hour++) {
        power_w(&a, 500, 0, 0);
        cleanings += a.out[CLEAN] > before;
        least = a.out[CLEAN] < least ? a.out[CLEAN] : least;
        if (hour == 24) {
            assert_true(fabs(a.out[CLEAN] - (1 - 0.0015)) < 1e-12); /* 0.15 % a day */
        }
        before = a.out[CLEAN];
    }
    assert_in_range(cleanings, 3, 4);
    assert_true(least > 1 - 0.0015 * 7.01 && least < 1 - 0.0015 * 6.9);
}

static void rain_cleans(void **state)
{
    (void)state;
    array a;
    start(&a);
    for (int hour = 0; hour < 100; hour++) {
        power_w(&a, 500, 0, 0);
    }
    assert_true(a.out[CLEAN] < 0.995);
    power_w(&a, 500, 0, 2); /* 2 mm are a drizzle */
    assert_true(a.out[CLEAN] < 0.995);
    power_w(&a, 500, 0, 5);
    assert_true(a.out[CLEAN] > 0.9999);
}

static void a_rough_sea_costs_power_and_a_gimbal_wins_it_back(void **state)
{
    (void)state;
    array a, gimbal;
    start(&a);
    start(&gimbal);
    set(gimbal.model, gimbal.p, "stabilization", 2);
    double calm = power_w(&a, 800, 0, 0), before = calm;
    assert_true(power_w(&gimbal, 800, 0, 0) == calm);
    for (double wave_m = 1; wave_m <= 8; wave_m++) {
        start(&a);
        double rough = power_w(&a, 800, wave_m, 0);
        assert_true(rough < before);
        before = rough;
    }
    start(&gimbal);
    set(gimbal.model, gimbal.p, "stabilization", 2);
    double held = power_w(&gimbal, 800, 8, 0);
    assert_true(held > before && held < calm);
}

static void panels_are_stowed_in_a_storm(void **state)
{
    (void)state;
    array a;
    start(&a);
    set(a.model, a.p, "storm_height", 6);
    assert_true(power_w(&a, 800, 5.9, 0) > 0 && a.out[STOWED] == 0);
    assert_true(power_w(&a, 800, 6, 0) == 0 && a.out[STOWED] == 1);
    set(a.model, a.p, "irradiance_on", 1);
    a.now.time_us = sg_days_from_civil(2023, 6, 21) * SG_US_PER_DAY + 12 * 3600 * SG_US_PER_S;
    assert_true(power_w(&a, 800, 6, 0) == 0 && power_w(&a, 800, 1, 0) > 0);
}

static void a_level_array_sees_the_horizontal_irradiance(void **state)
{
    (void)state;
    array a;
    start(&a);
    set(a.model, a.p, "irradiance_on", 1);
    double in[] = {800, 20, 3, 0, 8, 0};
    /* without a time nobody knows where the sun stands */
    assert_int_equal(sg_model_step(a.model, a.p, &a.now, in, a.state, a.out), SG_RANGE);
    a.now.time_us = sg_days_from_civil(2023, 3, 21) * SG_US_PER_DAY + 12 * 3600 * SG_US_PER_S;
    power_w(&a, 800, 0, 0); /* on the equator, the sun overhead */
    assert_true(fabs(a.out[PLANE] - 800) < 0.5);
    set(a.model, a.p, "latitude", 0.9);
    set(a.model, a.p, "tilt", 0.6);
    power_w(&a, 600, 0, 0);
    assert_true(a.out[PLANE] > 700); /* leaning towards the sun */
    set(a.model, a.p, "azimuth", 0);
    power_w(&a, 600, 0, 0);
    assert_true(a.out[PLANE] < 400); /* and away from it */
    a.now.time_us += 12 * 3600 * SG_US_PER_S;
    assert_true(power_w(&a, 0, 0, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dirt_builds_up_until_the_panels_are_cleaned),
        cmocka_unit_test(rain_cleans),
        cmocka_unit_test(a_rough_sea_costs_power_and_a_gimbal_wins_it_back),
        cmocka_unit_test(panels_are_stowed_in_a_storm),
        cmocka_unit_test(a_level_array_sees_the_horizontal_irradiance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
