/* Dirt on modules against published series; the tables name the sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/model.h"
#include "model/soiling.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/soiling.csv");
}

static void dust(void **state)
{
    (void)state;
    sg_soiling plant = {.cos_tilt = 1,
                        .settle_fine_ms = 1e-5,
                        .settle_coarse_ms = 1e-4,
                        .rain_threshold_mm = 10,
                        .rain_window_s = 3600,
                        .loss_max_frac = 1};
    double memory[SG_SOILING_STATE] = {0}, ratio = 1;
    for (int hour = 1; hour <= 100000; hour++) {
        ratio = sg_soiling_step(&plant, &(sg_soiling_day){3600, 0, 1, 2, false}, memory);
        if (hour <= 7 || hour == 24) {
            char name[32];
            snprintf(name, sizeof name, "dry_%d", hour);
            expect(name, ratio);
        }
    }
    expect("dry_bottom", ratio);
}

static void rain(void **state)
{
    (void)state;
    static const double rain_mm[24] = {
        [4] = 1, [8] = 0.5, [9] = 0.5, [16] = 0.3, [17] = 0.3, [18] = 0.3, [19] = 0.3};
    sg_soiling plant = {.cos_tilt = 1,
                        .settle_fine_ms = 0.0009,
                        .settle_coarse_ms = 0.004,
                        .rain_threshold_mm = 0.5,
                        .rain_window_s = 3600,
                        .loss_max_frac = 1};
    double memory[SG_SOILING_STATE] = {0};
    for (int h = 0; h < 24; h++) {
        double ratio =
            sg_soiling_step(&plant, &(sg_soiling_day){3600, rain_mm[h], 1e-2, 2e-2, false}, memory);
        if (h < 10 || h == 23) {
            char name[32];
            snprintf(name, sizeof name, "rain_%d", h + 1);
            expect(name, ratio);
        }
    }
}

/* The model's presets are Kimber's: no dust, 0.15 % a day up to 30 %. */
static void constant_rate(void **state)
{
    (void)state;
    sg_model room;
    const sg_model *model = sg_model_find("soiling", &room);
    double p[SG_PARAM_MAX], memory[SG_MODEL_STATE_MAX], in[SG_MODEL_INPUT_MAX] = {0};
    double out[SG_MODEL_OUTPUT_MAX];
    sg_model_presets(model, p);
    sg_model_start(model, p, memory);
    for (int day = 1; day <= 400; day++) {
        assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 86400}, in, memory, out), SG_OK);
        if (day == 1) {
            expect("kimber_day", 1 - out[0]);
        }
    }
    expect("kimber_most", 1 - out[0]);
}

/* tests/golden/models/pv_hours.py has the same days; the first one only says where the loss starts. */
static void rate_rain_and_grace(void **state)
{
    (void)state;
    static const double rain_mm[90] = {[10] = 8, [40] = 3, [41] = 20, [60] = 6.5};
    static const int told[] = {5, 9, 10, 20, 25, 30, 39, 41, 50, 56, 59, 60, 74, 80, 89};
    sg_model room;
    const sg_model *model = sg_model_find("soiling", &room);
    double p[SG_PARAM_MAX], memory[SG_MODEL_STATE_MAX], in[SG_MODEL_INPUT_MAX] = {0};
    double out[SG_MODEL_OUTPUT_MAX];
    sg_model_presets(model, p);
    sg_model_start(model, p, memory);
    for (int day = 1, next = 0; day < 90; day++) {
        in[0] = rain_mm[day];
        assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 86400}, in, memory, out), SG_OK);
        if (day == told[next]) {
            char name[32];
            snprintf(name, sizeof name, "kimber_pvlib_%d", told[next++]);
            expect(name, out[0]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dust),
        cmocka_unit_test(rain),
        cmocka_unit_test(constant_rate),
        cmocka_unit_test(rate_rain_and_grace),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
