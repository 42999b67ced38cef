/* Reverse electrodialysis: the laws of thermodynamics over the whole range of its parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/prng.h"
#include "model/electrodialysis.h"

static uint64_t drawn;

static double draw(double low, double high)
{
    return low + (high - low) * sg_prng_unit(31415, drawn++);
}

static double draw_log(double low, double high)
{
    return exp(draw(log(low), log(high)));
}

/* A stack and its waters from the ranges of the model's table, edges included. */
static void any_stack(sg_red_stack *stack, sg_red_feed *feed)
{
    *stack = (sg_red_stack){.length_m = draw_log(0.01, 10),
                            .gap_salt_m = draw_log(20e-6, 5e-3),
                            .gap_fresh_m = draw_log(20e-6, 5e-3),
                            .membranes_ohm_m2 = draw(0, 1) < 0.2 ? 0 : draw_log(1e-6, 0.1),
                            .boundary_ohm_m2 = draw(0, 1) < 0.2 ? 0 : draw_log(1e-6, 0.1),
                            .permselectivity_frac = draw(0, 1) < 0.3 ? 1 : draw(0.1, 1),
                            .spacer_open_frac = draw(0.05, 1),
                            .spacer_drag = draw_log(1, 100),
                            .leak_ms = draw(0, 1) < 0.3 ? 0 : draw_log(1e-10, 1e-5),
                            .pump_eff = draw(0.05, 0.95),
                            .electrode_v = draw(0, 1) < 0.3 ? 0 : draw_log(1e-5, 0.1),
                            .health_frac = draw(0, 1) < 0.5 ? 1 : draw(0.01, 1)};
    double salt = draw_log(1e-3, 200);
    *feed = (sg_red_feed){.salt_molality = sg_seawater_molality(salt),
                          .fresh_molality = sg_seawater_molality(salt * draw_log(1e-5, 0.999)),
                          .salt_ms = draw_log(1e-4, 0.2),
                          .fresh_ms = draw_log(1e-4, 0.2),
                          .temp_degc = draw(0, 50)};
}

/* Gibbs energies are differences of what streams carry: their rounding. */
static double rounding_w_m2(const sg_red_stack *stack, const sg_red_feed *feed)
{
    double flow = (feed->salt_ms * stack->gap_salt_m + feed->fresh_ms * stack->gap_fresh_m) * 1000 /
                  stack->length_m;
    return 1e-14 * flow * feed->salt_molality * 2 * SG_GAS_J_PER_MOL_K * 300 *
           (1 + fabs(log(feed->salt_molality)));
}

static void no_more_than_the_mixing_energy_comes_out(void **state)
{
    (void)state;
    double best = 0;
    for (int i = 0; i < 30000; i++) {
        sg_red_stack stack;
        sg_red_feed feed;
        sg_red_result r;
        any_stack(&stack, &feed);
        sg_red_run(&stack, &feed, draw(0.01, 1), &r);
        double slack = 1e-9 * r.mixing_w_m2 + rounding_w_m2(&stack, &feed);
        assert_true(r.gross_w_m2 <= r.released_w_m2 + slack);
        assert_true(r.released_w_m2 <= r.mixing_w_m2 + slack);
        assert_true(r.net_w_m2 <= r.gross_w_m2 && r.pump_w_m2 > 0);
        assert_true(r.salt_molality > 0 && r.fresh_molality > 0);
        best = r.mixing_w_m2 > 1e-6 ? fmax(best, r.gross_w_m2 / r.mixing_w_m2) : best;
    }
    print_message("best share of the mixing energy: %.4f\n", best);
}

/* The rectangle below a convex falling curve. */
static void at_most_half_comes_out_while_fresh_water_is_the_smaller_stream(void **state)
{
    (void)state;
    double best = 0;
    for (int i = 0; i < 30000; i++) {
        sg_red_stack stack;
        sg_red_feed feed;
        sg_red_result r;
        any_stack(&stack, &feed);
        /* as much or more water on the salt side */
        feed.salt_ms = feed.fresh_ms * draw_log(1, 20) * stack.gap_fresh_m / stack.gap_salt_m *
                       sg_nacl_volume_m3_per_kg(feed.salt_molality, feed.temp_degc) /
                       sg_nacl_volume_m3_per_kg(feed.fresh_molality, feed.temp_degc);
        sg_red_run(&stack, &feed, draw(0.01, 1), &r);
        assert_true(r.gross_w_m2 <= 0.5 * r.mixing_w_m2 + rounding_w_m2(&stack, &feed));
        best = r.mixing_w_m2 > 1e-6 ? fmax(best, r.gross_w_m2 / r.mixing_w_m2) : best;
    }
    print_message("best share of the mixing energy: %.4f\n", best);
    assert_true(best > 0.3); /* the bound is not far away */
}

static void salt_is_kept(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        sg_red_stack stack;
        sg_red_feed feed;
        sg_red_result r;
        any_stack(&stack, &feed);
        sg_red_run(&stack, &feed, 0.5, &r);
        double salt_kg = feed.salt_ms * stack.gap_salt_m /
                         sg_nacl_volume_m3_per_kg(feed.salt_molality, feed.temp_degc);
        double fresh_kg = feed.fresh_ms * stack.gap_fresh_m /
                          sg_nacl_volume_m3_per_kg(feed.fresh_molality, feed.temp_degc);
        double before = salt_kg * feed.salt_molality + fresh_kg * feed.fresh_molality;
        double after = salt_kg * r.salt_molality + fresh_kg * r.fresh_molality;
        assert_true(fabs(before - after) <= 1e-12 * before);
    }
}

/* Much water through little membrane: the stack of the textbooks. */
static void fast_water_gives_the_matched_load_formula(void **state)
{
    (void)state;
    sg_red_stack stack;
    sg_red_result r;
    sg_red_preset(&stack);
    stack.leak_ms = 0;
    stack.electrode_v = 0;
    sg_red_feed feed = {0.6, 0.02, 100, 100, 25};
    sg_red_run(&stack, &feed, 0.5, &r);
    assert_true(fabs(r.gross_w_m2 / sg_red_matched_w_m2(r.open_v, r.r_ohm_m2) - 1) < 1e-3);
    assert_true(fabs(r.open_v - sg_red_voltage_v(0.6, 0.02, 25, stack.permselectivity_frac, 1)) <
                1e-15);
    for (double load = 0.1; load < 5; load += 0.1) { /* no load beats the matched one */
        assert_true(sg_red_load_w_m2(0.15, 1e-3, load * 1e-3) <=
                    sg_red_matched_w_m2(0.15, 1e-3) * (1 + 1e-12));
    }
}

static void waters_without_a_gradient_give_nothing(void **state)
{
    (void)state;
    sg_red_stack stack;
    sg_red_result r;
    sg_red_preset(&stack);
    static const double pairs[][2] = {{0.5, 0.5}, {0.01, 0.5}, {0.5, 0}, {0, 0}};
    for (int i = 0; i < 4; i++) {
        sg_red_feed feed = {pairs[i][0], pairs[i][1], 0.01, 0.01, 25};
        sg_red_run(&stack, &feed, 0.5, &r);
        assert_true(r.gross_w_m2 == 0 && r.net_w_m2 == -r.pump_w_m2);
    }
}

static void fouling_settles_and_its_mean_is_the_mean(void **state)
{
    (void)state;
    double sum = 0;
    enum { PARTS = 100000 };
    for (int i = 0; i < PARTS; i++) {
        sum += sg_red_fouling_frac(0.4, 20, 50 * (i + 0.5) / PARTS) / PARTS;
    }
    assert_true(fabs(sum - sg_red_fouling_mean_frac(0.4, 20, 50)) < 1e-9);
    assert_true(sg_red_fouling_frac(0.4, 20, 0) == 1);
    assert_true(fabs(sg_red_fouling_mean_frac(0.4, 20, 1e-9) - 1) < 1e-9);
    assert_true(fabs(sg_red_fouling_frac(0.4, 20, 1e6) - 0.6) < 1e-12);
    assert_true(sg_red_age_frac(1e-9, 0) == 1 && sg_red_age_frac(1e-9, 1e9) < 0.37);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_than_the_mixing_energy_comes_out),
        cmocka_unit_test(at_most_half_comes_out_while_fresh_water_is_the_smaller_stream),
        cmocka_unit_test(salt_is_kept),
        cmocka_unit_test(fast_water_gives_the_matched_load_formula),
        cmocka_unit_test(waters_without_a_gradient_give_nothing),
        cmocka_unit_test(fouling_settles_and_its_mean_is_the_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
