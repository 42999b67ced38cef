/* The hydrogen store's machines: what they serve while cold, starting, below their least load, coming down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "model/hydrogen.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

enum { POWER, ENERGY, LOSS, TANK, MADE, HEAT, STATE };

typedef struct store {
    const sg_model *model;
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
} store;

static void set(store *self, const char *name, double value)
{
    for (int i = 0; i < self->model->param_count; i++) {
        if (strcmp(self->model->params[i].name, name) == 0) {
            self->p[i] = value;
            return;
        }
    }
    fail_msg("hydrogen has no %s", name);
}

/* 1 MWh, an electrolyser of 200 kW and a fuel cell of 100 kW, at least a tenth each, a minute to start. */
static store fresh(void)
{
    sg_model room;
    store ret = {.model = sg_model_find("hydrogen", &room)};
    sg_model_presets(ret.model, ret.p);
    set(&ret, "capacity", 3.6e9);
    set(&ret, "electrolyser", 200e3);
    set(&ret, "fuel_cell", 100e3);
    sg_model_start(ret.model, ret.p, ret.state);
    return ret;
}

static double ask(store *self, double power_w, double dt_s)
{
    sg_now now = {.dt_s = dt_s};
    assert_int_equal(sg_model_step(self->model, self->p, &now, &power_w, self->state, self->out),
                     SG_OK);
    return self->out[POWER];
}

static void a_cold_machine_serves_nothing_until_it_has_started(void **unused)
{
    (void)unused;
    store s = fresh();
    for (int i = 0; i < 6; i++) {
        assert_true(ask(&s, 50e3, 10) == 0);
        assert_true(s.out[STATE] == 1 && s.out[LOSS] == 0);
    }
    assert_true(ask(&s, 50e3, 10) == 50e3 && s.out[STATE] == 2);
    s = fresh();
    for (int i = 0; i < 6; i++) {
        assert_true(ask(&s, -50e3, 10) == 0 && s.out[STATE] == 3);
    }
    assert_true(ask(&s, -50e3, 10) == -50e3 && s.out[STATE] == 4);
    /* a start that ends within the step serves the rest of it: 60 of 80 s are gone */
    s = fresh();
    assert_true(fabs(ask(&s, 50e3, 80) - 12.5e3) < 1e-9);
}

static void below_its_least_load_a_machine_stands(void **unused)
{
    (void)unused;
    store s = fresh();
    set(&s, "fuel_cell_start", 0);
    set(&s, "electrolyser_start", 0);
    assert_true(ask(&s, 9.9e3, 10) == 0 && s.out[STATE] == 0);
    assert_true(ask(&s, 10e3, 10) == 10e3 && s.out[STATE] == 2);
    assert_true(ask(&s, -19e3, 10) == 0 && s.out[STATE] == 0);
    assert_true(ask(&s, -20e3, 10) == -20e3 && s.out[STATE] == 4);
    assert_true(ask(&s, 0, 10) == 0 && s.out[STATE] == 0 && s.out[LOSS] == 0);
}

static void it_stays_warm_for_a_while(void **unused)
{
    (void)unused;
    store s = fresh();
    ask(&s, 50e3, 60);
    assert_true(ask(&s, 50e3, 1) == 50e3);
    ask(&s, 0, 899);
    assert_true(ask(&s, 50e3, 1) == 50e3); /* still warm */
    ask(&s, -50e3, 899);
    assert_true(ask(&s, 50e3, 1) == 50e3); /* the electrolyser's turn changes nothing of that */
    ask(&s, 0, 900);
    assert_true(ask(&s, 50e3, 60) == 0); /* cold again */
    assert_true(ask(&s, 50e3, 1) == 50e3);
}

static void part_load_costs_fuel(void **unused)
{
    (void)unused;
    store s = fresh();
    set(&s, "part_load", 1);
    set(&s, "fuel_cell_start", 0);
    set(&s, "fuel_cell_efficiency", 0.6);
    double last = 0;
    for (int percent = 10; percent <= 82; percent++) {
        double before_j = s.state[0];
        double given_j = ask(&s, percent * 1e3, 1) * 1;
        double eff = given_j / (before_j - s.state[0]);
        assert_true(eff > last - 1e-9 && eff <= 0.6 + 1e-9);
        assert_true(s.out[HEAT] >= 0);
        assert_true(s.out[HEAT] + given_j <= before_j - s.state[0] + 1e-6);
        last = eff;
    }
    assert_true(fabs(last - 0.6) < 1e-9);
    assert_true(sg_hydrogen_part_load_frac(-1) == 0 && sg_hydrogen_part_load_frac(2) == 0.51);
}

static void what_it_makes_while_it_comes_down_is_lost(void **unused)
{
    (void)unused;
    store s = fresh();
    set(&s, "fuel_cell_start", 0);
    set(&s, "fuel_cell_ramp_down", 1e3);
    assert_true(ask(&s, 100e3, 10) == 100e3);
    assert_true(ask(&s, 30e3, 10) == 30e3 && s.out[MADE] == 90e3);
    assert_true(fabs(s.out[LOSS] - (90e3 / 0.5 - 30e3) * 10) < 1e-3);
    assert_true(ask(&s, 0, 10) == 0 && s.out[MADE] == 80e3);
    assert_true(ask(&s, -50e3, 10) == 0 && s.out[MADE] == 70e3); /* and the electrolyser starts */
    int steps = 0;
    for (; s.out[MADE] > 0 && steps < 100; steps++) {
        ask(&s, 0, 10);
    }
    assert_true(steps == 7); /* 60, 50, 40, 30, 20, 10, and then below its least */
}

static void a_tank_ends_the_power_within_the_step(void **unused)
{
    (void)unused;
    store s = fresh();
    set(&s, "fuel_cell_start", 0);
    set(&s, "electrolyser_start", 0);
    s.state[0] = 100e3 / 0.5 * 30; /* half a minute at full power */
    assert_true(fabs(ask(&s, 100e3, 60) - 50e3) < 1e-6 && s.state[0] == 0);
    assert_true(ask(&s, 100e3, 60) == 0);
    s.state[0] = 3.6e9 - 200e3 * 0.65 * 15;
    assert_true(fabs(ask(&s, -200e3, 60) + 50e3) < 1e-6 && s.state[0] == 3.6e9);
    assert_true(ask(&s, -200e3, 60) == 0);
    assert_true(fabs(s.out[TANK] - 3.6e9 / 119.988e6) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cold_machine_serves_nothing_until_it_has_started),
        cmocka_unit_test(below_its_least_load_a_machine_stands),
        cmocka_unit_test(it_stays_warm_for_a_while),
        cmocka_unit_test(part_load_costs_fuel),
        cmocka_unit_test(what_it_makes_while_it_comes_down_is_lost),
        cmocka_unit_test(a_tank_ends_the_power_within_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
