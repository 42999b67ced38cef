/* The battery's truth: no joule appears or vanishes, limits hold, packs fail alone, rows and columns agree to the bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/prng.h"
#include "model/battery_thermal.h"
#include "model/battery_voltage.h"
#include "model/lithium_ion.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POWER, ENERGY, LOSS, GIVE, TAKE, TEMPERATURE, SOC, HEALTH, LOCKED };

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

static const sg_model *battery(double *p, double *state)
{
    const sg_model *model = sg_model_find("lithium_ion", NULL);
    assert_non_null(model);
    sg_model_presets(model, p);
    set(model, p, "capacity", 3.6e8);
    set(model, p, "discharge_rate", 1e5);
    if (state) {
        sg_model_start(model, p, state);
    }
    return model;
}

static void go(const sg_model *model, const double *p, double dt_s, double power_w, double packs,
               double *state, double *out)
{
    double in[] = {power_w, 25, packs};
    assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = dt_s}, in, state, out), SG_OK);
}

static double between(uint64_t seed, uint64_t n, double low, double high)
{
    return low + (high - low) * sg_prng_unit(seed, n);
}

static void with_presets_it_moves_energy_as_the_reservoir_does(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = battery(p, s);
    sg_reservoir r;
    model->kind->reservoir(p, &r);
    assert_true(r.capacity_j == 3.6e8 && r.charge_w_max == 1e5 && r.discharge_w_max == 1e5);
    assert_true(r.charge_eff == sqrt(0.88) && r.discharge_eff == sqrt(0.88));
    double energy_j = s[SG_LITHIUM_ENERGY];
    for (uint64_t i = 0; i < 20000; i++) {
        double dt_s = i % 3 ? 0.1 : 900, asked_w = between(1, i, -2e5, 2e5);
        double keep = sg_reservoir_keep_frac(&r, dt_s);
        double give_w = sg_reservoir_discharge_w(&r, energy_j, 0, keep, dt_s);
        double take_w = sg_reservoir_charge_w(&r, energy_j, keep, dt_s);
        double w = asked_w > give_w ? give_w : asked_w < -take_w ? -take_w : asked_w;
        energy_j = sg_reservoir_step(&r, energy_j, w, keep, dt_s);
        go(model, p, dt_s, asked_w, -1, s, out);
        assert_true(out[POWER] == w && out[ENERGY] == energy_j); /* to the bit */
        assert_true(out[GIVE] == give_w && out[TAKE] == take_w);
    }
}

/* Everything that the model can do, switched on in turn by the bits of `which`. */
static void configure(const sg_model *model, double *p, unsigned which)
{
    if (which & 1) {
        set(model, p, "soc_min", 0.15);
        set(model, p, "soc_max", 0.95);
        set(model, p, "auxiliary_power", 500);
    }
    if (which & 2) {
        set(model, p, "taper_empty", 0.1);
        set(model, p, "taper_full", 0.2);
        set(model, p, "derating", 1);
    }
    if (which & 4) {
        set(model, p, "resistance", 0.2);
    }
    if (which & 8) {
        set(model, p, "thermal_mass_kg", 900);
        set(model, p, "cooled_area", 12);
    }
    if (which & 16) {
        set(model, p, "packs", 4);
    }
    if (which & 32) {
        set(model, p, "fade", 1);
    }
    set(model, p, "ageing", which >> 6 & 3);
}

static void energy_is_conserved_over_a_million_steps(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
        static const unsigned every[] = {192, 1, 2 + 64, 4 + 128, 8, 16 + 192, 16 + 32, 255};
        const sg_model *model = battery(p, NULL);
        configure(model, p, every[round]);
        sg_model_start(model, p, s);
        sg_reservoir r;
        model->kind->reservoir(p, &r);
        double first_j = s[SG_LITHIUM_ENERGY], through_j = 0, lost_j = 0, gross_j = first_j;
        double packs = every[round] & 16 ? 4 : 1;
        int steps = round ? 100000 : 1000000;
        for (int i = 0; i < steps; i++) {
            uint64_t n = (uint64_t)i * 4;
            double dt_s = between(round, n, 0.05, i % 100 ? 60 : 4000);
            double asked_w = between(round, n + 1, -1.5e5, 1.5e5);
            double in_service = i % 50 ? -1 : floor(between(round, n + 2, 0, packs + 1));
            double in[] = {asked_w, between(round, n + 3, -25, 60), in_service}, before_j = s[0];
            assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = dt_s}, in, s, out), SG_OK);
            through_j += out[POWER] * dt_s;
            lost_j += out[LOSS];
            gross_j += fabs(out[POWER]) * dt_s;
            assert_true(fabs(out[POWER]) <= fabs(asked_w) && out[POWER] * asked_w >= 0);
            assert_true(out[ENERGY] >= 0 && out[ENERGY] <= r.capacity_j * (1 + 1e-15));
            assert_true(out[ENERGY] == s[SG_LITHIUM_ENERGY] && out[LOSS] >= 0);
            assert_true(out[LOCKED] >= 0 && out[LOCKED] <= out[ENERGY] * (1 + 1e-15));
            assert_true(out[POWER] <= out[GIVE] && -out[POWER] <= out[TAKE]);
            assert_true(fabs(before_j - out[ENERGY] - out[POWER] * dt_s - out[LOSS]) <=
                        1e-14 * r.capacity_j);
        }
        double error_j = first_j - s[SG_LITHIUM_ENERGY] - through_j - lost_j;
        assert_true(fabs(error_j) <= 1e-12 * gross_j);
    }
}

static void nothing_is_won_on_a_round_trip(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 8; which++) {
        double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
        const sg_model *model = battery(p, NULL);
        set(model, p, "round_trip_efficiency", 1);
        set(model, p, "standing_loss", 0);
        configure(model, p, which & 7);
        sg_model_start(model, p, s);
        s[SG_LITHIUM_ENERGY] = 0;
        double in_j = 0, out_j = 0;
        for (int i = 0; i < 4000; i++) {
            go(model, p, 60, i < 2000 ? -1e5 : 1e5, -1, s, out);
            in_j += out[POWER] < 0 ? -out[POWER] * 60 : 0;
            out_j += out[POWER] > 0 ? out[POWER] * 60 : 0;
        }
        assert_true(out_j <= in_j * (1 + 1e-12) && out_j > 0.5 * in_j);
    }
}

static void packs_fail_alone_and_bring_their_energy_back(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = battery(p, NULL);
    set(model, p, "packs", 4);
    set(model, p, "standing_loss", 0);
    sg_model_start(model, p, s);
    go(model, p, 1, 1e6, 3, s, out); /* one fails: three quarters of power and energy are left */
    assert_true(fabs(out[GIVE] - 0.75e5) < 1e-9 && fabs(out[LOCKED] - 0.25 * 1.8e8) < 1e-6);
    double kept_j = out[LOCKED];
    for (int i = 0; i < 10000; i++) {
        go(model, p, 60, 1e6, 3, s, out); /* the others are emptied */
        assert_true(out[LOCKED] == kept_j && out[ENERGY] >= kept_j);
    }
    assert_true(out[POWER] == 0 && out[ENERGY] == kept_j);
    go(model, p, 1, 0, 0, s, out); /* all out of service: nothing flows, nothing is lost */
    assert_true(out[ENERGY] == kept_j && out[GIVE] == 0 && out[TAKE] == 0 && out[LOSS] == 0);
    go(model, p, 1, 0, 4, s, out);
    assert_true(out[ENERGY] == kept_j && out[LOCKED] == 0 && out[GIVE] > 0);
    go(model, p, 60, 1e6, 4, s, out);
    assert_true(out[POWER] == 1e5 && out[ENERGY] < kept_j);
}

static void packs_that_return_one_by_one_bring_their_own_share(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = battery(p, NULL);
    set(model, p, "packs", 4);
    set(model, p, "standing_loss", 0);
    sg_model_start(model, p, s);
    double whole_j = s[SG_LITHIUM_ENERGY];
    static const double in_service[] = {2, 1, 3, 2, 4};
    for (int i = 0; i < SG_COUNT(in_service);
         i++) { /* nothing flows: each pack keeps its quarter */
        go(model, p, 1, 0, in_service[i], s, out);
        assert_true(fabs(out[LOCKED] - whole_j * (1 - in_service[i] / 4)) < 1e-9 * whole_j);
        assert_true(out[ENERGY] == whole_j && fabs(out[SOC] - 0.5) < 1e-12);
    }
}

static void a_number_of_packs_that_cannot_be_is_refused(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], before[SG_MODEL_STATE_MAX];
    double out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = battery(p, NULL);
    set(model, p, "packs", 4);
    sg_model_start(model, p, s);
    memcpy(before, s, sizeof s);
    static const double bad[] = {5, -2, 1.5, -0.5, 1e9};
    for (int i = 0; i < SG_COUNT(bad); i++) {
        double in[] = {0, 25, bad[i]};
        assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 1}, in, s, out), SG_RANGE);
    }
    double in[] = {0, -274, -1};
    assert_int_equal(sg_model_step(model, p, &(sg_now){.dt_s = 1}, in, s, out), SG_RANGE);
    assert_memory_equal(before, s, sizeof(double) * (size_t)model->state_count);
}

static void power_tapers_and_derates_along_straight_lines(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = battery(p, NULL);
    set(model, p, "taper_empty", 0.2);
    set(model, p, "taper_full", 0.4);
    set(model, p, "derating", 1);
    set(model, p, "standing_loss", 0);
    sg_model_start(model, p, s);
    s[SG_LITHIUM_ENERGY] = 0.1 * 3.6e8;
    go(model, p, 1e-3, 0, -1, s, out);
    assert_true(fabs(out[GIVE] - 0.5e5) < 1e-6 && fabs(out[TAKE] - 1e5) < 1e-6);
    s[SG_LITHIUM_ENERGY] = 0.9 * 3.6e8;
    go(model, p, 1e-3, 0, -1, s, out);
    assert_true(fabs(out[GIVE] - 1e5) < 1e-6 && fabs(out[TAKE] - 0.25e5) < 1e-6);
    static const double at[][2] = {{-30, 0}, {-10, 0.5}, {20, 1}, {48, 0.8}, {70, 0}};
    s[SG_LITHIUM_ENERGY] = 0.5 * 3.6e8;
    for (int i = 0; i < SG_COUNT(at); i++) {
        s[SG_LITHIUM_TEMPERATURE] = at[i][0];
        go(model, p, 1e-3, 0, -1, s, out);
        assert_true(fabs(out[GIVE] - at[i][1] * 1e5) < 1e-6 && out[GIVE] == out[TAKE]);
    }
}

static void columns_give_the_bits_of_rows(void **state)
{
    (void)state;
    enum { MANY = 151, STEPS = 60 };
    static double columns[SG_MODEL_STATE_MAX][MANY], rows[MANY][SG_MODEL_STATE_MAX];
    static double in[3][MANY], out[SG_MODEL_OUTPUT_MAX][MANY];
    static const unsigned every[] = {192, 193, 0, 255, 31, 16 + 64, 63};
    for (int c = 0; c < SG_COUNT(every); c++) {
        double p[SG_PARAM_MAX], *state_at[SG_MODEL_STATE_MAX], *out_at[SG_MODEL_OUTPUT_MAX];
        const double *in_at[3] = {in[0], in[1], in[2]};
        const sg_model *model = battery(p, NULL);
        configure(model, p, every[c]);
        for (int i = 0; i < model->state_count; i++) {
            state_at[i] = columns[i];
        }
        for (int i = 0; i < model->output_count; i++) {
            out_at[i] = out[i];
        }
        for (int k = 0; k < MANY; k++) {
            sg_model_start(model, p, rows[k]);
            for (int i = 0; i < model->state_count; i++) {
                columns[i][k] = rows[k][i];
            }
        }
        for (int t = 0; t < STEPS; t++) {
            double dt_s = t % 2 ? 900 : 30;
            for (int k = 0; k < MANY; k++) {
                uint64_t n = 3 * (uint64_t)(t * MANY + k);
                in[0][k] = k == 0 ? 0 : between(9, n, -2e5, 2e5);
                in[1][k] = between(9, n + 1, 0, 60);
                in[2][k] = every[c] & 16 ? floor(between(9, n + 2, -1, 5)) : -1;
            }
            model->batch(p, NULL, dt_s, MANY, in_at, state_at, out_at);
            for (int k = 0; k < MANY; k++) {
                double row[] = {in[0][k], in[1][k], in[2][k]}, result[SG_MODEL_OUTPUT_MAX];
                sg_now now = {.dt_s = dt_s};
                assert_int_equal(sg_model_step(model, p, &now, row, rows[k], result), SG_OK);
                for (int i = 0; i < model->output_count; i++) {
                    assert_memory_equal(&result[i], &out[i][k], sizeof(double));
                }
                int used = SG_LITHIUM_AGE + SG_AGE_RAINFLOW + 1 +
                           (int)rows[k][SG_LITHIUM_AGE + SG_AGE_RAINFLOW];
                for (int i = 0; i < used; i++) {
                    assert_memory_equal(&rows[k][i], &columns[i][k], sizeof(double));
                }
            }
        }
    }
}

static void energy_alone_gives_the_bits_of_the_model(void **state)
{
    (void)state;
    enum { MANY = 1001 };
    static double asked_w[MANY], energy_j[MANY], power_w[MANY], loss_j[MANY];
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    const sg_model *model = battery(p, NULL);
    configure(model, p, 1);
    sg_reservoir r;
    model->kind->reservoir(p, &r);
    for (int t = 0; t < 20; t++) {
        for (int k = 0; k < MANY; k++) {
            uint64_t n = 2 * (uint64_t)(t * MANY + k);
            asked_w[k] = between(4, n, -2e5, 2e5);
            energy_j[k] = t ? energy_j[k] : between(4, n + 1, 0, r.capacity_j);
            sg_model_start(model, p, s);
            s[SG_LITHIUM_ENERGY] = energy_j[k];
            go(model, p, 300, asked_w[k], -1, s, out);
            power_w[k] = out[POWER];
            loss_j[k] = out[LOSS];
        }
        static double moved_w[MANY], lost_j[MANY];
        sg_lithium_ion_energy_batch(p, 300, MANY,
                                    &(sg_lithium_ion_columns){asked_w, energy_j, moved_w, lost_j});
        assert_memory_equal(moved_w, power_w, sizeof power_w);
        assert_memory_equal(lost_j, loss_j, sizeof loss_j);
    }
}

static void current_and_power_are_inverse(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10000; i++) {
        double ocv_v = between(2, 3 * i, 1, 1500), ohm = between(2, 3 * i + 1, 0, 2);
        double max_w = sg_battery_power_max_w(ocv_v, ohm);
        double power_w = between(2, 3 * i + 2, -1, 1) * (max_w < 1e6 ? max_w : 1e6);
        double a = sg_battery_current_a(ocv_v, ohm, power_w);
        assert_true(fabs((ocv_v - a * ohm) * a - power_w) <= 1e-9 * fabs(power_w) + 1e-12);
    }
    assert_true(sg_battery_current_a(100, 0.1, 1e9) ==
                500); /* beyond the most: the current of it */
    assert_true(sg_battery_current_a(100, 0, 1000) == 10);
}

static void the_lump_does_not_care_how_time_is_cut(void **state)
{
    (void)state;
    static const double conductances[] = {0, 1e-9, 40, 1e6};
    for (int g = 0; g < 4; g++) {
        sg_battery_thermal whole = sg_battery_thermal_of(5e5, conductances[g], 1000);
        sg_battery_thermal part = sg_battery_thermal_of(5e5, conductances[g], 10);
        double mean, sum = 0, degc = 30, end = sg_battery_thermal_step(&whole, 30, 800, 20, &mean);
        for (int i = 0; i < 100; i++) {
            double some;
            degc = sg_battery_thermal_step(&part, degc, 800, 20, &some);
            sum += some / 100;
        }
        assert_true(fabs(degc - end) < 1e-5 && fabs(sum - mean) < 1e-5);
        /* heat in = heat kept + heat to the coolant */
        double kept_j = 5e5 * (end - 30), gone_j = conductances[g] * (mean - 20) * 1000;
        assert_true(fabs(kept_j + gone_j - 8e5) < 1e-4 * 8e5);
    }
}

static void losses_warm_the_cells(void **state)
{
    (void)state;
    double p[SG_PARAM_MAX], s[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX], heat_j = 0;
    const sg_model *model = battery(p, NULL);
    set(model, p, "thermal_mass_kg", 1000);
    set(model, p, "heat_transfer_w_per_m2_k", 0);
    set(model, p, "standing_loss", 0);
    sg_model_start(model, p, s);
    for (int i = 0; i < 100; i++) {
        go(model, p, 10, i % 2 ? 1e5 : -1e5, -1, s, out);
        heat_j += out[LOSS];
    }
    assert_true(heat_j > 0 && fabs(out[TEMPERATURE] - 25 - heat_j / (1000 * 1004)) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_presets_it_moves_energy_as_the_reservoir_does),
        cmocka_unit_test(energy_is_conserved_over_a_million_steps),
        cmocka_unit_test(nothing_is_won_on_a_round_trip),
        cmocka_unit_test(packs_fail_alone_and_bring_their_energy_back),
        cmocka_unit_test(packs_that_return_one_by_one_bring_their_own_share),
        cmocka_unit_test(a_number_of_packs_that_cannot_be_is_refused),
        cmocka_unit_test(power_tapers_and_derates_along_straight_lines),
        cmocka_unit_test(columns_give_the_bits_of_rows),
        cmocka_unit_test(energy_alone_gives_the_bits_of_the_model),
        cmocka_unit_test(current_and_power_are_inverse),
        cmocka_unit_test(the_lump_does_not_care_how_time_is_cut),
        cmocka_unit_test(losses_warm_the_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
