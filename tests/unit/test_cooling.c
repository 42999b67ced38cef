/* Cooling and halls: what must hold whatever the sea and the load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "model/cooling.h"
#include "model/facility.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

static const sg_chiller_curves *const curves = &sg_chiller_doe2_centrifugal;
static const sg_sea_cooling plant = {.rated_w = 1e6,
                                     .supply_degc = 18,
                                     .rise_k = 8,
                                     .approach_k = 3,
                                     .pump_frac = 0.02,
                                     .flow_min_frac = 0.3,
                                     .plr_min = 0.1,
                                     .condenser_min_degc = 24,
                                     .leaving_max_degc = 10};

static void pumps_alone_serve_while_the_sea_is_cold(void **state)
{
    (void)state;
    sg_cooling_result r;
    sg_sea_cooling_run(&plant, curves, 8e5, 14.999, &r);
    assert_true(r.mode == SG_COOLING_SEA && r.chiller_w == 0 && r.unmet_w == 0);
    assert_true(fabs(r.pump_w - 2e4 * 0.512) < 1e-9);
    sg_sea_cooling_run(&plant, curves, 8e5, 15, &r);
    assert_true(r.mode == SG_COOLING_CHILLER && r.chiller_w > 1e5);
    sg_sea_cooling_run(&plant, curves, 0, 15, &r);
    assert_true(r.mode == SG_COOLING_OFF && r.pump_w == 0 && r.cop == 0);
}

static void a_warmer_sea_never_costs_less(void **state)
{
    (void)state;
    for (int mixed = 0; mixed < 2; mixed++) {
        sg_sea_cooling some = plant;
        some.mixed = mixed;
        for (double heat_w = 5e4; heat_w <= 9e5; heat_w += 5e4) {
            double last_w = 0;
            for (double sea = 0; sea <= 32; sea += 0.1) {
                sg_cooling_result r, other;
                sg_sea_cooling_run(&some, curves, heat_w, sea, &r);
                assert_true(r.unmet_w == 0 && r.chiller_w + r.pump_w >= last_w - 1e-9);
                last_w = r.chiller_w + r.pump_w;
                sg_sea_cooling_run(&plant, curves, heat_w, sea, &other);
                assert_true(r.chiller_w <= other.chiller_w * (1 + 1e-12));
            }
        }
    }
}

static void heat_is_removed_or_told(void **state)
{
    (void)state;
    double capacity_w = sg_chiller_capacity_w(curves, 1e6, 10, 33);
    sg_cooling_result r;
    sg_sea_cooling_run(&plant, curves, capacity_w + 12345, 30, &r);
    assert_true(fabs(r.unmet_w - 12345) < 1e-6);
    sg_sea_cooling_run(&plant, curves, 1.5e6, 5, &r);
    assert_true(r.unmet_w == 5e5);
}

static void a_cycling_chiller_draws_in_proportion(void **state)
{
    (void)state;
    double capacity_w = sg_chiller_capacity_w(curves, 1e6, 6.67, 29.4);
    double at_w = sg_chiller_power_w(curves, 1e6, 6.67, 29.4, 0.1, 0.1 * capacity_w);
    double below_w = sg_chiller_power_w(curves, 1e6, 6.67, 29.4, 0.1, 0.025 * capacity_w);
    assert_true(fabs(below_w - at_w / 4) < 1e-6);
    assert_true(
        fabs(at_w - sg_chiller_power_w(curves, 1e6, 6.67, 29.4, 0.1, 0.1000001 * capacity_w)) < 1);
}

typedef struct hall {
    const sg_model *model;
    double p[SG_PARAM_MAX], state[1], out[SG_MODEL_OUTPUT_MAX];
} hall;

static double pue(hall *h, double it_w, double sea)
{
    double in[] = {it_w, sea};
    sg_now now = {.dt_s = 1};
    assert_int_equal(sg_model_step(h->model, h->p, &now, in, h->state, h->out), SG_OK);
    assert_true(fabs(h->out[1] - (it_w + h->out[2] + h->out[3] + h->out[4])) < 1e-6);
    return h->out[0];
}

static void pue_falls_as_a_hall_fills_and_rises_with_the_sea(void **state)
{
    (void)state;
    hall h = {.model = sg_model_find("pue", NULL)};
    sg_model_presets(h.model, h.p);
    double last = 1e9;
    for (double it_w = 2e4; it_w <= 1e6; it_w += 2e4) {
        double now = pue(&h, it_w, 10);
        assert_true(now > 1 && (now < last || it_w > 3.5e5)); /* pumps on the cube take over */
        last = now;
    }
    double full = 1;
    for (double sea = 0; sea <= 32; sea++) {
        assert_true(pue(&h, 1e6, sea) >= full && h.out[5] == 0);
        full = pue(&h, 1e6, sea);
    }
    h.p[4] = 0; /* a fixed ratio of heat to power: nothing but overhead is left to change */
    assert_true(strcmp(h.model->params[4].name, "cooling") == 0);
    last = 1e9;
    for (double it_w = 2e4; it_w <= 1e6; it_w += 2e4) {
        assert_true(pue(&h, it_w, 10) < last);
        last = pue(&h, it_w, 10);
    }
    double none[] = {0, 15}, out[SG_MODEL_OUTPUT_MAX];
    sg_now now = {.dt_s = 1};
    assert_int_equal(sg_model_step(h.model, h.p, &now, none, h.state, out), SG_RANGE);
}

static void no_chain_gives_more_than_it_takes(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 10000; k++) {
        sg_power_chain chain = {1e3 + 1e6 * sg_prng_unit(1, k), 0.5 + 0.5 * sg_prng_unit(2, k),
                                sg_prng_unit(3, k), 0.5 + 0.5 * sg_prng_unit(4, k)};
        double it_w = 2e6 * sg_prng_unit(5, k);
        assert_true(sg_power_chain_input_w(&chain, it_w) >= it_w * (1 - 1e-15));
        double rated_w = sg_power_chain_input_w(&chain, chain.rated_w);
        double want_w = chain.rated_w / chain.ups_eff / chain.distribution_eff;
        assert_true(fabs(rated_w - want_w) < 1e-9 * want_w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pumps_alone_serve_while_the_sea_is_cold),
        cmocka_unit_test(a_warmer_sea_never_costs_less),
        cmocka_unit_test(heat_is_removed_or_told),
        cmocka_unit_test(a_cycling_chiller_draws_in_proportion),
        cmocka_unit_test(pue_falls_as_a_hall_fills_and_rises_with_the_sea),
        cmocka_unit_test(no_chain_gives_more_than_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
