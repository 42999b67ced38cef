/* Battery voltage, limits, temperature against published figures: tests/golden/models/battery.csv names the sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/battery_thermal.h"
#include "model/battery_voltage.h"
#include "model/lithium_ion.h"
#include "model/model.h"

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/battery.csv");
}

static void set(const sg_model *model, double *p, const char *name, double value)
{
    for (int i = 0; i < model->param_count; i++) {
        if (strcmp(model->params[i].name, name) == 0) {
            p[i] = value;
            return;
        }
    }
    fail_msg("%s has no %s", model->name, name);
}

static double output(const sg_model *model, const double *out, const char *name)
{
    for (int i = 0; i < model->output_count; i++) {
        if (strcmp(model->outputs[i].name, name) == 0) {
            return out[i];
        }
    }
    fail_msg("%s gives no %s", model->name, name);
    return 0;
}

static const sg_model *model_of(const char *name, double *p)
{
    const sg_model *model = sg_model_find(name, NULL);
    assert_non_null(model);
    sg_model_presets(model, p);
    return model;
}

static void expect_numbered(const char *stem, int number, double got)
{
    char name[80];
    snprintf(name, sizeof name, "%s%d", stem, number);
    expect(name, got);
}

static void power_behind_a_resistance(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX], out[SG_MODEL_OUTPUT_MAX], nothing[1];
    const sg_model *model = model_of("battery_voltage", p);
    set(model, p, "curve", 2);
    set(model, p, "voltage_full", 800);
    set(model, p, "resistance", 0.05);
    static const char *const names[] = {"discharge", "charge"};
    for (int i = 0; i < 2; i++) {
        double in[] = {0.5, i ? -100e3 : 100e3};
        char name[64];
        assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 1}, in, nothing, out), SG_OK);
        snprintf(name, sizeof name, "ocvr_%s_current", names[i]);
        expect(name, output(model, out, "current_a"));
        snprintf(name, sizeof name, "ocvr_%s_voltage", names[i]);
        expect(name, output(model, out, "voltage_v"));
        snprintf(name, sizeof name, "ocvr_%s_loss", names[i]);
        expect(name, output(model, out, "loss_w"));
    }
    /* the battery's truth makes the same current of the same power: 800 V half full, 0.05 ohm */
    double q[SG_PARAM_MAX], store[SG_MODEL_STATE_MAX];
    const sg_model *battery = model_of("lithium_ion", q);
    set(battery, q, "capacity", 1e12);
    set(battery, q, "discharge_rate", 1e6);
    set(battery, q, "resistance", 0.05);
    set(battery, q, "standing_loss", 0);
    sg_model_start(battery, q, store);
    double ask[] = {100e3, 25, -1};
    assert_int_equal(sg_model_step(battery, q, &(sg_now){.dt_s = 1}, ask, store, out), SG_OK);
    expect("ocvr_discharge_loss", output(battery, out, "loss_j"));
    ask[0] = -100e3;
    assert_int_equal(sg_model_step(battery, q, &(sg_now){.dt_s = 1}, ask, store, out), SG_OK);
    expect("ocvr_charge_loss", output(battery, out, "loss_j"));
}

static const sg_shepherd_points sam_cell = {.full_v = 4.1,
                                            .exponential_v = 4.05,
                                            .nominal_v = 3.4,
                                            .full_ah = 2.25,
                                            .exponential_ah = 0.04,
                                            .nominal_ah = 2.0,
                                            .rate_per_h = 0.2,
                                            .resistance_ohm = 0.2};

static void shepherd_curve(void **state)
{
    (void)state;
    sg_shepherd curve = sg_shepherd_of(&sam_cell);
    expect("shepherd_a", curve.a_v);
    expect("shepherd_b", curve.b_per_ah);
    expect("shepherd_k", curve.k_v);
    expect("shepherd_e0", curve.e0_v);
    expect("shepherd_half", sg_shepherd_ocv_v(&curve, 2.25 / 2));
    double p[SG_PARAM_MAX], in[] = {0.5, 0}, out[SG_MODEL_OUTPUT_MAX], nothing[1];
    const sg_model *model = model_of("battery_voltage", p); /* its presets are this cell */
    assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 1}, in, nothing, out), SG_OK);
    expect("shepherd_half", output(model, out, "voltage_v"));
}

/* 139 cells in series, 5 strings; the pack's charge moves in the battery model read as an Ah counter: W as A, s as h. */
static void shepherd_under_current(void **state)
{
    (void)state;
    static const double steps_s[] = {3600, 1800, 18}, currents_a[] = {2, -2, 5};
    sg_shepherd curve = sg_shepherd_of(&sam_cell);
    for (int d = 0; d < 3; d++) {
        double p[SG_PARAM_MAX], held[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
        const sg_model *counter = model_of("lithium_ion", p);
        set(counter, p, "capacity", 11.25);
        set(counter, p, "discharge_rate", 1e6);
        set(counter, p, "round_trip_efficiency", 1);
        set(counter, p, "standing_loss", 0);
        set(counter, p, "soc_min", 0.05);
        set(counter, p, "soc_max", 0.95);
        sg_model_start(counter, p, held);
        for (int i = 0; i < 3; i++) {
            double in[] = {currents_a[i], 25, -1};
            sg_now now = {.dt_s = steps_s[d] / 3600};
            assert_int_equal(sg_model_step(counter, p, &now, in, held, out), SG_OK);
            double charge_ah = 0.05 * 11.25 + held[SG_LITHIUM_ENERGY];
            double cell_a = output(counter, out, "power_w") / 5;
            char name[64];
            snprintf(name, sizeof name, "charge_%g_%d", steps_s[d], i);
            expect(name, charge_ah);
            snprintf(name, sizeof name, "shepherd_%g_%d", steps_s[d], i);
            expect(name, sg_shepherd_ocv_v(&curve, 2.25 - charge_ah / 5) - cell_a * 0.2);
        }
    }
}

static void nickel_metal_hydride_of_the_paper(void **state)
{
    (void)state;
    static const double hours[] = {1.0 / 6, 0.5, 5.0 / 6};
    sg_shepherd curve = sg_shepherd_of(&(sg_shepherd_points){.full_v = 1.4,
                                                             .exponential_v = 1.25,
                                                             .nominal_v = 1.2,
                                                             .full_ah = 6.5,
                                                             .exponential_ah = 1.3,
                                                             .nominal_ah = 5.2,
                                                             .rate_per_h = 0.2,
                                                             .resistance_ohm = 0.0046});
    for (int i = 0; i < 3; i++) {
        expect_numbered("nimh_", i, sg_shepherd_ocv_v(&curve, 6.5 * hours[i]) - 6.5 * 0.0046);
    }
}

static void nmc_tables(void **state)
{
    (void)state;
    for (int i = 0; i <= 10; i++) {
        expect_numbered("nmc_ocv_", i, sg_nmc_ocv_v(i / 10.0));
        expect_numbered("nmc_anode_", i, sg_nmc_anode_v(i / 10.0));
    }
    assert_true(fabs(sg_nmc_ocv_v(0.25) - (3.5394 + 3.5950) / 2) < 1e-12);
    assert_true(sg_nmc_ocv_v(-1) == 3 && sg_nmc_ocv_v(2) == 4.193);
}

/* Charge in Ah, current in A, steps of an hour: the same numbers as J, W and s. */
static const sg_model *charge_counter(double *p, double *held, bool window)
{
    const sg_model *model = model_of("lithium_ion", p);
    set(model, p, "capacity", 1000);
    set(model, p, "discharge_rate", 1e6);
    set(model, p, "round_trip_efficiency", 1);
    set(model, p, "standing_loss", 0);
    set(model, p, "soc_min", window ? 0.15 : 0);
    set(model, p, "soc_max", window ? 0.95 : 1);
    sg_model_start(model, p, held);
    held[SG_LITHIUM_ENERGY] = window ? 350 : 500;
    return model;
}

static double draw(const sg_model *model, const double *p, double *held, double current_a)
{
    double in[] = {current_a, 25, -1}, out[SG_MODEL_OUTPUT_MAX];
    assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 1}, in, held, out), SG_OK);
    return out[0];
}

static void charge_stops_at_the_window(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX], held[SG_MODEL_STATE_MAX];
    const sg_model *model = charge_counter(p, held, true);
    draw(model, p, held, 1.5);
    expect("window_after_1.5", 150 + held[SG_LITHIUM_ENERGY]);
    draw(model, p, held, 3);
    expect("window_after_3", 150 + held[SG_LITHIUM_ENERGY]);
    expect("window_delivered_490", draw(model, p, held, 490));
    expect("window_after_490", 150 + held[SG_LITHIUM_ENERGY]);
    expect("window_delivered_490_again", draw(model, p, held, 490));
    charge_counter(p, held, true);
    expect("window_delivered_400", draw(model, p, held, 400));
    draw(model, p, held, -400);
    expect("window_charged_400", 150 + held[SG_LITHIUM_ENERGY]);
}

static void faded_capacity_loses_what_does_not_fit(void **state)
{
    (void)state;
    static const int percent[] = {80, 50, 10};
    double p[SG_PARAM_MAX], held[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = charge_counter(p, held, false);
    set(model, p, "fade", 1);
    set(model, p, "ageing", SG_AGEING_CYCLE_LIFE);
    double in[] = {0, 25, -1}, lost = 0;
    for (int i = 0; i < 3; i++) {
        char name[64];
        held[SG_LITHIUM_AGE + SG_AGE_CYCLE] = 1 - percent[i] / 100.0;
        assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 1}, in, held, out), SG_OK);
        lost += output(model, out, "loss_j");
        snprintf(name, sizeof name, "fade_%d_charge", percent[i]);
        expect(name, held[SG_LITHIUM_ENERGY]);
        snprintf(name, sizeof name, "fade_%d_soc", percent[i]);
        expect(name, 100 * output(model, out, "soc_frac"));
    }
    expect("fade_10_lost", lost);
}

static const double thermal_currents_a[] = {50, -50, 50, 10, 10, 10, 100};
static const double room_degc[] = {16.85, 16.85, 21.85, 21.85, 16.85, -3.15, -3.15};

static void temperature_of_the_lump(void **state)
{
    (void)state;
    static const double at_degc[] = {-10, 0, 25, 40}, percent[] = {60, 80, 100, 100};
    double capacity = 507 * 1004.0, conductance = 20 * 0.58 * 0.58 * 6;
    expect("thermal_tau", capacity / conductance / 3600);
    sg_battery_thermal hour = sg_battery_thermal_of(capacity, conductance, 3600);
    double degc = 16.85, mean_degc;
    for (int i = 0; i < 7; i++) {
        double heat_w = thermal_currents_a[i] * thermal_currents_a[i] * 0.0002;
        degc = sg_battery_thermal_step(&hour, degc, heat_w, room_degc[i], &mean_degc);
        expect_numbered("thermal_mean_", i + 1, mean_degc);
        expect_numbered("thermal_capacity_", i + 1,
                        sg_table_linear(at_degc, percent, 4, mean_degc));
        if (i > 0) {
            expect_numbered("thermal_heat_", i + 1,
                            (mean_degc - room_degc[i]) * conductance * 1e-3);
        }
    }
    /* in steps of six seconds, the mean over each hour */
    sg_battery_thermal short_step = sg_battery_thermal_of(capacity, conductance, 6);
    double end_degc = degc;
    degc = 16.85;
    for (int i = 0; i < 7; i++) {
        double heat_w = thermal_currents_a[i] * thermal_currents_a[i] * 0.0002, sum = 0;
        for (int k = 0; k < 600; k++) {
            degc = sg_battery_thermal_step(&short_step, degc, heat_w, room_degc[i], &mean_degc);
            sum += mean_degc;
        }
        expect_numbered("thermal_six_seconds_", i + 1, sum / 600);
    }
    assert_true(fabs(degc - end_degc) < 1e-9); /* exact, so the step's length does not matter */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_behind_a_resistance),
        cmocka_unit_test(shepherd_curve),
        cmocka_unit_test(shepherd_under_current),
        cmocka_unit_test(nickel_metal_hydride_of_the_paper),
        cmocka_unit_test(nmc_tables),
        cmocka_unit_test(charge_stops_at_the_window),
        cmocka_unit_test(faded_capacity_loses_what_does_not_fit),
        cmocka_unit_test(temperature_of_the_lump),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
