/* Breakers under currents that change: the heat integrates, cools, latches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "model/breaker.h"
#include "model/model.h"

#include <math.h>

enum { CURRENT, RESET };
enum { HEAT, TRIPPED, LEFT, CARRIED };

static const sg_model *model;
static double p[SG_PARAM_MAX], state_now[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];

static void fresh(int curve)
{
    model = sg_model_find("breaker", NULL);
    sg_model_presets(model, p);
    p[0] = curve;
    sg_model_start(model, p, state_now);
}

static void run(double current_a, double reset, double dt_s)
{
    const sg_now now = {.dt_s = dt_s};
    const double in[] = {current_a, reset};
    assert_int_equal(sg_model_step(model, p, &now, in, state_now, out), SG_OK);
}

static sg_breaker any(int curve)
{
    return (sg_breaker){.curve = (sg_breaker_curve)curve, .dial = 0.7, .tau_s = 200};
}

static void steps_of_any_length_give_the_same_trip(void **state)
{
    (void)state;
    for (int curve = 0; curve <= SG_BREAKER_IEEE_EI; curve++) {
        sg_breaker b = any(curve);
        for (uint64_t n = 0; n < 200; n++) {
            double multiple = 1.02 + 8 * sg_prng_unit(1, n),
                   wanted_s = sg_breaker_trip_s(&b, multiple);
            double heat = 0, elapsed_s = 0;
            for (uint64_t i = 0; i < 100000; i++) {
                double dt_s = wanted_s * 0.2 * sg_prng_unit(n, i);
                double left_s = sg_breaker_left_s(&b, heat, multiple);
                assert_true(fabs(elapsed_s + left_s - wanted_s) < 1e-9 * wanted_s);
                if (left_s <= dt_s) {
                    assert_true(sg_breaker_heat(&b, heat, multiple, dt_s) == 1);
                    break;
                }
                heat = sg_breaker_heat(&b, heat, multiple, dt_s);
                elapsed_s += dt_s;
                assert_true(heat >= 0 && heat < 1);
            }
        }
    }
}

static void more_current_trips_sooner_and_more_heat_too(void **state)
{
    (void)state;
    for (int curve = 0; curve <= SG_BREAKER_IEEE_EI; curve++) {
        sg_breaker b = any(curve);
        double last_s = INFINITY;
        for (double m = 1.001; m < 30; m *= 1.01) {
            double cold_s = sg_breaker_trip_s(&b, m), warm_s = sg_breaker_left_s(&b, 0.5, m);
            assert_true(cold_s < last_s && warm_s < cold_s && warm_s > 0);
            last_s = cold_s;
        }
        assert_true(isinf(sg_breaker_trip_s(&b, 1)) && isinf(sg_breaker_trip_s(&b, 0.2)));
        assert_true(sg_breaker_trip_s(&b, -3) == sg_breaker_trip_s(&b, 3));
    }
}

static void the_multiple_that_lasts_is_the_inverse_of_the_curve(void **state)
{
    (void)state;
    for (int curve = 0; curve <= SG_BREAKER_IEEE_EI; curve++) {
        sg_breaker b = any(curve);
        for (double heat = 0; heat < 0.95; heat += 0.1) {
            double wanted_s = sg_breaker_left_s(&b, heat, 1.7);
            assert_true(fabs(sg_breaker_multiple(&b, heat, wanted_s) - 1.7) < 1e-7);
        }
        assert_true(sg_breaker_multiple(&b, 1, 10) >= 1);
        assert_true(sg_breaker_multiple(&b, 0, 1e12) < 1.0001);
    }
}

/* dh/dt = (m2 - h) / tau by very small Euler steps. */
static void the_thermal_body_is_that_of_its_equation(void **state)
{
    (void)state;
    sg_breaker b = {.curve = SG_BREAKER_UL489, .dial = 1, .tau_s = 100};
    double exact = 0, slow = 0;
    for (uint64_t i = 0; i < 40; i++) {
        double m = 1.2 * sg_prng_unit(4, i);
        exact = sg_breaker_heat(&b, exact, m, 7);
        for (int k = 0; k < 70000; k++) {
            slow += 1e-4 * (m * m - slow) / b.tau_s;
        }
        assert_true(fabs(exact - slow) < 1e-5);
    }
    assert_true(fabs(sg_breaker_trip_s(&(sg_breaker){.tau_s = sg_breaker_tau_s(120)}, 2) - 120) <
                1e-9);
}

static void heat_that_was_cooled_away_counts_no_more(void **state)
{
    (void)state;
    for (int curve = 0; curve <= SG_BREAKER_IEEE_EI; curve++) {
        sg_breaker b = any(curve);
        double heat = sg_breaker_heat(&b, 0, 2, 0.8 * sg_breaker_trip_s(&b, 2));
        double cooler = sg_breaker_heat(&b, heat, 0, 100), cold = sg_breaker_heat(&b, heat, 0, 1e5);
        assert_true(cooler < heat && cooler > 0 && cold < 1e-9);
        assert_true(fabs(cooler - heat * exp(-0.5)) < 1e-12);
        assert_true(sg_breaker_left_s(&b, cooler, 2) > sg_breaker_left_s(&b, heat, 2));
    }
}

static void it_stays_open_until_it_is_reset(void **state)
{
    (void)state;
    for (int curve = 0; curve <= SG_BREAKER_IEEE_EI; curve++) {
        fresh(curve);
        for (int i = 0; i < 100000 && out[TRIPPED] < 0.5; i++) {
            run(90, 0, 0.05);
        }
        assert_true(out[TRIPPED] == 1 && out[LEFT] == 0);
        double heat = out[HEAT];
        run(90, 0, 1000); /* what is asked for does not flow */
        assert_true(out[TRIPPED] == 1 && out[CARRIED] == 0 && out[HEAT] < heat);
        run(10, 0, 1);
        assert_true(out[TRIPPED] == 1);
        run(10, 1, 1);
        assert_true(out[TRIPPED] == 0 && out[CARRIED] == 1);
        run(10, 0, 1);
        assert_true(out[TRIPPED] == 0);
    }
}

static void a_short_circuit_opens_at_once_and_does_not_heat(void **state)
{
    (void)state;
    fresh(SG_BREAKER_UL489);
    p[5] = 10;
    run(299, 0, 0.01);
    assert_true(out[TRIPPED] == 0);
    double heat = out[HEAT];
    run(300, 0, 0.01);
    assert_true(out[TRIPPED] == 1 && out[CARRIED] == 0 && out[HEAT] <= heat);
}

static void the_rating_is_carried_for_ever(void **state)
{
    (void)state;
    for (int curve = 0; curve <= SG_BREAKER_IEEE_EI; curve++) {
        fresh(curve);
        for (int i = 0; i < 1000; i++) {
            run(30, 0, 3600);
            assert_true(out[TRIPPED] == 0 && out[HEAT] < 1 && out[LEFT] == 1e9);
        }
        /* 80 % for loads of three hours and more */
        run(24, 0, 1);
        assert_true(fabs(out[4] - 1) < 1e-12);
    }
}

static void ul_489_allows_large_frames_more_time(void **state)
{
    (void)state;
    double last_s = 0;
    for (double rating_a = 15; rating_a < 5000; rating_a *= 1.1) {
        double longest_s = sg_breaker_ul489_max_s(rating_a, 2);
        assert_true(longest_s >= last_s && longest_s <= sg_breaker_ul489_max_s(rating_a, 1.35));
        last_s = longest_s;
    }
    assert_true(isinf(sg_breaker_ul489_max_s(100, 1.2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_any_length_give_the_same_trip),
        cmocka_unit_test(more_current_trips_sooner_and_more_heat_too),
        cmocka_unit_test(the_multiple_that_lasts_is_the_inverse_of_the_curve),
        cmocka_unit_test(the_thermal_body_is_that_of_its_equation),
        cmocka_unit_test(heat_that_was_cooled_away_counts_no_more),
        cmocka_unit_test(it_stays_open_until_it_is_reset),
        cmocka_unit_test(a_short_circuit_opens_at_once_and_does_not_heat),
        cmocka_unit_test(the_rating_is_carried_for_ever),
        cmocka_unit_test(ul_489_allows_large_frames_more_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
