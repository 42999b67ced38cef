/* A generator set: it starts before it serves, burns along a straight line, and never makes more than its fuel holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

enum { AVAILABLE, POWER, FUEL, EFFICIENCY, DUMPED, RUNNING };

static double state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX], p[SG_PARAM_MAX];
static const sg_model *model;

static int fresh(void **unused)
{
    (void)unused;
    sg_model room;
    model = sg_model_find("genset", &room);
    sg_model_presets(model, p); /* 1 MW, at least 300 kW, 10 s to start */
    sg_model_start(model, p, state);
    return 0;
}

static double ask(double power_w, double dt_s)
{
    sg_now now = {.dt_s = dt_s};
    assert_int_equal(sg_model_step(model, p, &now, &power_w, state, out), SG_OK);
    return out[POWER];
}

static void it_serves_once_it_has_started(void **unused)
{
    (void)unused;
    assert_true(ask(0, 5) == 0 && out[AVAILABLE] == 0 && out[RUNNING] == 0);
    assert_true(ask(5e5, 5) == 0 && out[RUNNING] == 1 && out[FUEL] == 0);
    assert_true(ask(5e5, 4) == 0);
    assert_true(fabs(ask(5e5, 2) - 2.5e5) < 1e-9); /* the second half of this step */
    assert_true(ask(5e5, 5) == 5e5 && out[AVAILABLE] == 1e6 && out[RUNNING] == 2);
    assert_true(ask(2e6, 5) == 1e6);
    assert_true(ask(0, 5) == 0 && out[FUEL] == 0);
    assert_true(ask(5e5, 5) == 0); /* from the beginning */
}

static void fuel_lies_on_a_straight_line(void **unused)
{
    (void)unused;
    ask(1e6, 10);
    ask(1e6, 3600); /* an hour at full load: 84.15 l for turning and 246 l for the load */
    assert_true(fabs(out[FUEL] - 330.15) < 1e-9);
    assert_true(fabs(out[EFFICIENCY] - 3.6e9 / (330.15 * 35.9e6)) < 1e-12);
    double full = out[EFFICIENCY];
    ask(5e5, 3600);
    assert_true(fabs(out[FUEL] - 207.15) < 1e-9 && out[EFFICIENCY] < full);
    /* below its least load it burns as at that, and dumps the rest */
    ask(1e5, 3600);
    assert_true(fabs(out[FUEL] - (84.15 + 73.8)) < 1e-9);
    assert_true(out[POWER] == 1e5 && fabs(out[DUMPED] - 2e5) < 1e-9);
}

static void it_makes_no_more_than_its_fuel_holds(void **unused)
{
    (void)unused;
    for (uint64_t k = 0; k < 100000; k++) {
        p[1] = sg_prng_unit(1, 8 * k);                   /* minimum */
        p[2] = 20 * sg_prng_unit(1, 8 * k + 1);          /* start */
        p[3] = sg_prng_unit(1, 8 * k + 2);               /* fuel_idle */
        p[4] = 0.12 + 0.88 * sg_prng_unit(1, 8 * k + 3); /* fuel_slope */
        p[5] = 30e6 + 10e6 * sg_prng_unit(1, 8 * k + 4); /* heating_value */
        double asked_w = 1.5e6 * sg_prng_unit(1, 8 * k + 5) * (k % 5 != 0);
        double dt_s = 30 * sg_prng_unit(1, 8 * k + 6) + 1e-3;
        double power_w = ask(asked_w, dt_s);
        assert_true(power_w >= 0 && power_w <= asked_w && power_w <= 1e6 * (1 + 1e-15));
        assert_true(power_w <= out[AVAILABLE] * (1 + 1e-15));
        assert_true((power_w + out[DUMPED]) * dt_s <= out[FUEL] * p[5] * (1 + 1e-12));
        assert_true(out[EFFICIENCY] >= 0 && out[EFFICIENCY] <= 1);
    }
}

static void time_may_be_cut_anywhere(void **unused)
{
    (void)unused;
    double whole[2] = {0, 0}, parts[2] = {0, 0};
    ask(7e5, 33);
    whole[0] = out[POWER] * 33;
    whole[1] = out[FUEL];
    fresh(NULL);
    for (int i = 0; i < 330; i++) {
        parts[0] += ask(7e5, 0.1) * 0.1;
        parts[1] += out[FUEL];
    }
    assert_true(fabs(parts[0] / whole[0] - 1) < 1e-12 && fabs(parts[1] / whole[1] - 1) < 1e-12);
}

static void a_negative_request_is_refused(void **unused)
{
    (void)unused;
    sg_now now = {.dt_s = 1};
    double asked_w = -1;
    assert_int_equal(sg_model_step(model, p, &now, &asked_w, state, out), SG_RANGE);
}

static void the_kind_is_ready_at_once_as_planning_sees_it(void **unused)
{
    (void)unused;
    const sg_kind *kind = sg_kind_find("generator");
    double rating[] = {2e6};
    assert_null(kind->model);
    assert_true(kind->available_w(rating, NULL) == 2e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_serves_once_it_has_started, fresh),
        cmocka_unit_test_setup(fuel_lies_on_a_straight_line, fresh),
        cmocka_unit_test_setup(it_makes_no_more_than_its_fuel_holds, fresh),
        cmocka_unit_test_setup(time_may_be_cut_anywhere, fresh),
        cmocka_unit_test_setup(a_negative_request_is_refused, fresh),
        cmocka_unit_test(the_kind_is_ready_at_once_as_planning_sees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
