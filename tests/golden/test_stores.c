/* Stores against data sheets, published tables and what the printed equations give elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "model/flywheel.h"
#include "model/hydrogen.h"
#include "model/model.h"
#include "model/quantum.h"
#include "model/supercapacitor.h"
#include "model/thermal.h"

#define KWH 3.6e6

static int read_table(void **state)
{
    (void)state;
    return golden_load("tests/golden/models/stores.csv");
}

/* A model with its presets, and what it remembers. */
typedef struct rig {
    const sg_model *model;
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
} rig;

static rig rig_of(const char *name)
{
    static sg_model room;
    rig ret = {.model = sg_model_find(name, &room)};
    assert_non_null(ret.model);
    sg_model_presets(ret.model, ret.p);
    return ret;
}

static void set(rig *self, const char *name, double value)
{
    for (int i = 0; i < self->model->param_count; i++) {
        if (strcmp(self->model->params[i].name, name) == 0) {
            assert_true(value >= self->model->params[i].min && value <= self->model->params[i].max);
            self->p[i] = value;
            return;
        }
    }
    fail_msg("%s has no %s", self->model->name, name);
}

static double output(const rig *self, const char *name)
{
    for (int i = 0; i < self->model->output_count; i++) {
        if (strcmp(self->model->outputs[i].name, name) == 0) {
            return self->out[i];
        }
    }
    fail_msg("%s gives no %s", self->model->name, name);
    return NAN;
}

static double ask(rig *self, double power_w, double dt_s)
{
    sg_now now = {.dt_s = dt_s};
    assert_int_equal(sg_model_step(self->model, self->p, &now, &power_w, self->state, self->out),
                     SG_OK);
    return self->out[0];
}

static void flywheels(void **state)
{
    (void)state;
    const double top = 16000 * 2 * M_PI / 60;
    expect("flywheel_inertia_total", sg_flywheel_inertia_kg_m2(25 * KWH, top, 0));
    expect("flywheel_inertia_window", sg_flywheel_inertia_kg_m2(25 * KWH, top, 0.5));
    expect("flywheel_full_energy", (25 * KWH + sg_flywheel_below_j(25 * KWH, 0.5)) / KWH);
    /* the preset is that wheel: full at 16,000 rpm, empty at 8,000 */
    rig wheel = rig_of("flywheel");
    set(&wheel, "drag", 0);
    wheel.state[0] = 25 * KWH;
    ask(&wheel, 0, 1);
    assert_true(fabs(output(&wheel, "speed_rad_s") / top - 1) < 1e-12);
    wheel.state[0] = 0;
    ask(&wheel, 0, 1);
    assert_true(fabs(output(&wheel, "speed_rad_s") / top - 0.5) < 1e-12);
}

static void supercapacitors(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double farad, ohm, volt, kg;
    } sheet[] = {{"BMOD0165_P048", 165, 6.3e-3, 48, 13.5},
                 {"BMOD0083_P048", 83, 10e-3, 48, 10.3},
                 {"BMOD0130_P056", 130, 8.1e-3, 56, 18}};
    for (int i = 0; i < 3; i++) {
        const double f = sheet[i].farad, r = sheet[i].ohm, v = sheet[i].volt, kg = sheet[i].kg;
        rig bank = rig_of("supercapacitor");
        set(&bank, "capacitance", f);
        set(&bank, "series_resistance", r);
        set(&bank, "voltage_max", v);
        set(&bank, "voltage_min", 0);
        set(&bank, "power", 1e9);
        set(&bank, "leakage", 0);
        sg_model_start(bank.model, bank.p, bank.state);
        double wh = 2 * bank.state[0] / 3600; /* it starts half full */
        assert_true(fabs(sg_supercapacitor_energy_j(f, v, 0) / 3600 - wh) < 1e-9);
        char name[80];
        snprintf(name, sizeof name, "supercap_%s_energy", sheet[i].name);
        expect(name, wh);
        snprintf(name, sizeof name, "supercap_%s_specific", sheet[i].name);
        expect(name, wh / kg);
        snprintf(name, sizeof name, "supercap_%s_matched", sheet[i].name);
        expect(name, sg_supercapacitor_matched_w(v, r) / kg);
        bank.state[0] *= 2; /* and full, for an instant, the model gives just that and not more */
        expect(name, ask(&bank, 1e9, 1e-6) / kg);
        snprintf(name, sizeof name, "supercap_%s_usable", sheet[i].name);
        expect(name, sg_supercapacitor_usable_w(v, r) / kg);
        snprintf(name, sizeof name, "supercap_%s_short", sheet[i].name);
        expect(name, sg_supercapacitor_short_a(v, r));
    }
    /* 48 V over the leakage current: the resistance that the model takes; full, it then loses V I */
    rig bank = rig_of("supercapacitor");
    set(&bank, "leakage_resistance", 48 / 5.2e-3);
    bank.state[0] = sg_supercapacitor_energy_j(165, 48, 24);
    ask(&bank, 0, 0.01);
    expect("leak_BMOD0165_P048", output(&bank, "loss_j") / 0.01 / 48 * 1e3);
}

/* How far the energy of a lossless store swings when it takes up a load of +-1 MW. */
static double swing_kwh(const char *name, double hertz, bool square)
{
    rig store = rig_of(name);
    if (strcmp(name, "flywheel") == 0) {
        set(&store, "power", 2e6);
        set(&store, "drag", 0);
        set(&store, "round_trip_efficiency", 1);
    } else {
        set(&store, "modules", 1000);
        set(&store, "series_resistance", 0);
        set(&store, "leakage", 0);
    }
    sg_model_start(store.model, store.p, store.state);
    enum { STEPS = 4000 };
    double low = INFINITY, high = -INFINITY, dt_s = 1 / hertz / STEPS;
    for (int k = 0; k < STEPS; k++) {
        double wave = sin(2 * M_PI * (k + 0.5) / STEPS);
        double asked = 1e6 * (square ? (wave > 0 ? 1 : -1) : wave);
        assert_true(ask(&store, asked, dt_s) == asked);
        low = fmin(low, store.state[0]);
        high = fmax(high, store.state[0]);
    }
    return (high - low) / KWH;
}

static void energy_of_power_swings(void **state)
{
    (void)state;
    static const char *const names[] = {"flywheel", "supercapacitor"};
    for (int i = 0; i < 2; i++) {
        expect("swing_sine_0.2", swing_kwh(names[i], 0.2, false));
        expect("swing_sine_1", swing_kwh(names[i], 1, false));
        expect("swing_sine_3", swing_kwh(names[i], 3, false));
        expect("swing_square_0.2", swing_kwh(names[i], 0.2, true));
        expect("swing_square_1", swing_kwh(names[i], 1, true));
    }
}

/* The fuel cell of the ssc test: 100 kW, at least 20 kW, 8 h to start, 20 kW/h up and 10 kW/h down. */
static rig fuel_cell(void)
{
    rig ret = rig_of("hydrogen");
    set(&ret, "capacity", 1e6 * KWH);
    set(&ret, "electrolyser", 0);
    set(&ret, "fuel_cell", 100e3);
    set(&ret, "fuel_cell_efficiency", 0.52);
    set(&ret, "part_load", 1);
    set(&ret, "fuel_cell_minimum", 0.2);
    set(&ret, "fuel_cell_start", 8 * 3600);
    set(&ret, "fuel_cell_ramp_up", 20e3 / 3600);
    set(&ret, "fuel_cell_ramp_down", 10e3 / 3600);
    sg_model_start(ret.model, ret.p, ret.state);
    return ret;
}

static void fuel_cell_efficiencies(void **state)
{
    (void)state;
    static const int loads[] = {0, 16, 25, 34, 44, 53, 62, 72, 82, 90, 100};
    char name[64];
    for (int i = 0; i < 11; i++) {
        snprintf(name, sizeof name, "fuel_cell_%d_electric", loads[i]);
        expect(name, 100 * sg_hydrogen_part_load_frac(loads[i] / 100.0));
        snprintf(name, sizeof name, "fuel_cell_%d_heat", loads[i]);
        expect(name, 100 * sg_hydrogen_part_load_heat_frac(loads[i] / 100.0));
        rig cell = fuel_cell(); /* and what the model burns at that load */
        set(&cell, "fuel_cell_start", 0);
        set(&cell, "fuel_cell_minimum", 0.01);
        set(&cell, "fuel_cell_ramp_up", 0);
        double before_j = cell.state[0];
        double given_w = ask(&cell, loads[i] * 1e3, 3600);
        snprintf(name, sizeof name, "fuel_cell_%d_electric", loads[i]);
        if (loads[i] > 0) {
            expect(name, 100 * given_w * 3600 / (before_j - cell.state[0]));
        }
    }
    expect("fuel_cell_50_electric", 100 * sg_hydrogen_part_load_frac(0.5));
}

static void fuel_cell_start_and_ramps(void **state)
{
    (void)state;
    rig cell = fuel_cell();
    int hours = 0;
    while (hours < 100 && ask(&cell, 20e3, 3600) == 0) {
        hours++;
    }
    expect("fuel_cell_hours_to_start", hours);
    expect("fuel_cell_first", cell.out[0] / 1e3);
    expect("fuel_cell_ramp_up", ask(&cell, 100e3, 3600) / 1e3);
    for (int i = 0; i < 5; i++) {
        ask(&cell, 110e3, 3600);
    }
    assert_true(fabs(cell.out[0] - 100e3) < 1e-6); /* not above its rating */
    assert_true(ask(&cell, 0, 3600) == 0);         /* not asked: nothing at the bus */
    expect("fuel_cell_ramp_down", output(&cell, "fuel_cell_w") / 1e3);

    cell = fuel_cell();
    for (int i = 0; i < 8; i++) {
        assert_true(ask(&cell, 50e3, 3600) == 0);
    }
    expect("fuel_cell_dispatch_1", ask(&cell, 50e3, 3600) / 1e3);
    expect("fuel_cell_dispatch_2", ask(&cell, 50e3, 3600) / 1e3);
    for (int i = 0; i < 40; i++) {
        expect("fuel_cell_dispatch_3", ask(&cell, 50e3, 3600) / 1e3);
    }

    cell = fuel_cell();
    for (int i = 0; i < 8 * 4; i++) {
        assert_true(ask(&cell, 40e3, 900) == 0);
    }
    for (int i = 0; i < 4; i++) {
        ask(&cell, 40e3, 900);
    }
    expect("fuel_cell_quarter_hours", cell.out[0] / 1e3);
}

static void electrolysis(void **state)
{
    (void)state;
    expect("hydrogen_charge", sg_hydrogen_charge_ah_per_kg() / 1e3);
    expect("hydrogen_1.229", sg_hydrogen_electrolysis_j_per_kg(1.229) / KWH);
    expect("hydrogen_1.481", sg_hydrogen_electrolysis_j_per_kg(1.481) / KWH);
    expect("hydrogen_1.9", sg_hydrogen_electrolysis_j_per_kg(1.9) / KWH);
    double share = SG_HYDROGEN_LHV_J_PER_KG / (55.8 * KWH);
    expect("hydrogen_electrolysis_55.8", 100 * share);
    rig store = rig_of("hydrogen");
    set(&store, "capacity", 1000 * KWH);
    set(&store, "electrolyser", 100e3);
    set(&store, "fuel_cell", 100e3);
    set(&store, "electrolyser_efficiency", share);
    set(&store, "fuel_cell_efficiency", 0.5);
    double in_j = 0, out_j = 0;
    for (int i = 0; i < 10; i++) {
        in_j -= ask(&store, -100e3, 3600) * 3600;
    }
    for (int i = 0; i < 10; i++) {
        out_j += ask(&store, 100e3, 3600) * 3600;
    }
    assert_true(store.state[0] == 0);
    expect("hydrogen_round_trip", 100 * out_j / in_j);
}

static void tanks(void **state)
{
    (void)state;
    double heat_j = sg_thermal_heat_j(1e6, 4186, 7);
    expect("thermal_1000_m3_7_K", heat_j / KWH);
    expect("thermal_tank_3.8_Mgal", sg_thermal_heat_j(14385e3, 4186, 8.9) / (1000 * KWH));
    double tau_s = sg_thermal_time_constant_s(1e6, 4186, 500);
    expect("thermal_time_constant", tau_s / 3600);
    expect("thermal_drift_24_h", sg_thermal_drift_degc(5, 25, tau_s, 86400) - 5);
    /* the same tank as a store: full at 5 degC, empty at 12, in a room of 25 */
    rig tank = rig_of("thermal");
    set(&tank, "cop", 4);
    set(&tank, "capacity", heat_j / 4);
    set(&tank, "power", 1e6);
    set(&tank, "heat_loss_w_per_k", 500);
    tank.state[0] = heat_j / 4;
    for (int hour = 0; hour < 24; hour++) {
        ask(&tank, 0, 3600);
    }
    expect("thermal_drift_24_h", output(&tank, "temperature_degc") - 5);
}

static void quantum_figures(void **state)
{
    (void)state;
    expect("quantum_energy", sg_quantum_energy_j(3e9));
    rig store = rig_of("quantum");
    set(&store, "capacity", KWH);
    set(&store, "power", 1e3);
    assert_true(ask(&store, 1e3, 1) == 0 && ask(&store, -1e3, 1) == 0);
    expect("quantum_energy", output(&store, "illustrated_j"));
    expect("quantum_share", output(&store, "illustrated_share"));
    /* four times the cells charge in half the time */
    assert_true(fabs(sg_quantum_charge_time_s(1e-9, 400) / sg_quantum_charge_time_s(1e-9, 100) -
                     0.5) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flywheels),
        cmocka_unit_test(supercapacitors),
        cmocka_unit_test(energy_of_power_swings),
        cmocka_unit_test(fuel_cell_efficiencies),
        cmocka_unit_test(fuel_cell_start_and_ramps),
        cmocka_unit_test(electrolysis),
        cmocka_unit_test(tanks),
        cmocka_unit_test(quantum_figures),
        cmocka_unit_test(every_row_was_used),
    };
    return cmocka_run_group_tests(tests, read_table, NULL);
}
