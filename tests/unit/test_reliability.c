/* Redundancy, outage tables and the simulation beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/prng.h"
#include "golden/reliability_systems.h"
#include "model/model.h"
#include "model/reliability.h"

#include <math.h>

static double no_state[1]; /* these models remember nothing */

/* P(fewer than k of n work) by counting units one after the other. */
static double counted_unavailability(int k, int n, double out)
{
    double works[64] = {1};
    for (int u = 0; u < n; u++) {
        for (int i = u + 1; i >= 0; i--) {
            works[i] = works[i] * out + (i > 0 ? works[i - 1] * (1 - out) : 0);
        }
    }
    double sum = 0;
    for (int i = 0; i < k; i++) {
        sum += works[i];
    }
    return sum;
}

static void k_of_n_is_what_counting_gives(void **state)
{
    (void)state;
    static const double outs[] = {1e-9, 1e-4, 0.01, 0.3, 0.5, 0.9, 0.999};
    for (int n = 1; n <= 40; n++) {
        for (int k = 1; k <= n; k++) {
            for (int o = 0; o < SG_COUNT(outs); o++) {
                double slow = counted_unavailability(k, n, outs[o]);
                double fast = sg_unavailability_k_of_n(k, n, outs[o]);
                assert_true(fabs(fast - slow) <= 1e-12 * slow + 1e-300);
            }
        }
    }
}

static void k_of_n_holds_at_its_ends(void **state)
{
    (void)state;
    assert_true(sg_unavailability_k_of_n(0, 5, 0.3) == 0);
    assert_true(sg_unavailability_k_of_n(6, 5, 0) == 1);
    assert_true(sg_unavailability_k_of_n(1, 0, 0) == 1);
    assert_true(sg_unavailability_k_of_n(3, 5, 0) == 0);
    assert_true(sg_unavailability_k_of_n(3, 5, 1) == 1);
    /* all of ten thousand, and one of them, where single terms are far below the smallest number */
    assert_true(fabs(sg_unavailability_k_of_n(10000, 10000, 0.5) - 1) < 1e-15);
    assert_true(sg_unavailability_k_of_n(1, 10000, 0.5) == 0);
    assert_true(fabs(sg_unavailability_k_of_n(5001, 10000, 0.5) - 0.5) < 0.005);
    assert_true(fabs(sg_unavailability_k_of_n(5001, 10000, 0.5) +
                     sg_unavailability_k_of_n(5000, 10000, 0.5) - 1) < 1e-12);
}

static void one_unit_more_never_harms(void **state)
{
    (void)state;
    for (int n = 1; n < 60; n++) {
        for (int k = 1; k <= n; k++) {
            double here = sg_unavailability_k_of_n(k, n, 0.07);
            assert_true(sg_unavailability_k_of_n(k, n + 1, 0.07) <= here);
            assert_true(sg_unavailability_k_of_n(k + 1, n, 0.07) >= here);
            assert_true(sg_unavailability_k_of_n(k, n, 0.08) >= here);
        }
    }
}

static void blocks_are_the_ends_of_k_of_n(void **state)
{
    (void)state;
    double units[] = {0.9, 0.9, 0.9};
    assert_true(fabs(1 - sg_availability_series(units, 3) - sg_unavailability_k_of_n(3, 3, 0.1)) <
                1e-15);
    assert_true(fabs(1 - sg_availability_parallel(units, 3) - sg_unavailability_k_of_n(1, 3, 0.1)) <
                1e-15);
    assert_true(sg_availability_series(units, 0) == 1 && sg_availability_parallel(units, 0) == 0);
}

static void maintenance_costs_its_share(void **state)
{
    (void)state;
    double got;
    sg_redundancy lone = {1, 1, 0, 168 * 3600.0, 2 * 3600.0};
    assert_int_equal(sg_redundancy_unavailability(&lone, &got), SG_OK);
    assert_true(fabs(got - 2.0 / 168) <
                1e-15); /* one unit that never fails: the maintenance itself */
    sg_redundancy spare = {1, 2, 0, 168 * 3600.0, 2 * 3600.0};
    assert_int_equal(sg_redundancy_unavailability(&spare, &got), SG_OK);
    assert_true(got == 0); /* a spare that never fails carries it */
    sg_redundancy pair = {1, 2, 0.01, 100, 10};
    assert_int_equal(sg_redundancy_unavailability(&pair, &got), SG_OK);
    assert_true(fabs(got - (0.8 * 0.0001 + 0.2 * 0.01)) < 1e-15);
    sg_redundancy crowded = {1, 11, 0.01, 100, 10}; /* eleven times ten in a hundred */
    assert_int_equal(sg_redundancy_unavailability(&crowded, &got), SG_RANGE);
    sg_redundancy nonsense[] = {{0, 2, 0.1, 0, 0},  {3, 2, 0.1, 0, 0},  {1, 2, NAN, 0, 0},
                                {1, 2, -0.1, 0, 0}, {1, 2, 0.1, -1, 0}, {1, 2, 0.1, 10, NAN}};
    for (int i = 0; i < SG_COUNT(nonsense); i++) {
        assert_int_equal(sg_redundancy_unavailability(&nonsense[i], &got), SG_RANGE);
    }
}

/* --- outage table --- */

enum { UNITS = 11 };

typedef struct system_data {
    sg_unit units[64];
    double outage[64];
    int count;
} system_data;

static system_data rbts(void)
{
    system_data s;
    s.count = system_units("tests/golden/models/rbts_units.csv", s.units, s.outage);
    return s;
}

static sg_outage_table table_of(const system_data *s, double step_w, double *memory, int size)
{
    sg_outage_table table;
    assert_int_equal(sg_outage_table_init(&table, step_w, size, memory), SG_OK);
    for (int u = 0; u < s->count; u++) {
        assert_int_equal(sg_outage_table_add(&table, s->units[u].capacity_w, s->outage[u]), SG_OK);
    }
    sg_outage_table_close(&table);
    return table;
}

/* All 2^11 states of the system, one by one; and how often a year a failure leads from enough to too little. */
static void every_state(const system_data *s, double load_w, double *ret_lolp, double *ret_w,
                        double *ret_per_s)
{
    *ret_lolp = *ret_w = *ret_per_s = 0;
    for (unsigned out = 0; out < 1u << s->count; out++) {
        double probability = 1, available_w = 0;
        for (int u = 0; u < s->count; u++) {
            double rate = sg_unavailability(s->units[u].up_s, s->units[u].down_s);
            probability *= out >> u & 1 ? rate : 1 - rate;
            available_w += out >> u & 1 ? 0 : s->units[u].capacity_w;
        }
        if (available_w < load_w) {
            *ret_lolp += probability;
            *ret_w += probability * (load_w - available_w);
            continue;
        }
        for (int u = 0; u < s->count; u++) {
            if (!(out >> u & 1) && available_w - s->units[u].capacity_w < load_w) {
                *ret_per_s += probability / s->units[u].up_s;
            }
        }
    }
}

static void table_is_what_all_states_give(void **state)
{
    (void)state;
    system_data s = rbts();
    double memory[3 * 64];
    assert_int_equal(s.count, UNITS);
    sg_outage_table table = table_of(&s, 5e6, memory, 49);
    assert_int_equal(table.top, 48);
    double sum = 0;
    for (int i = 0; i <= table.top; i++) {
        sum += table.probability[i];
    }
    assert_true(fabs(sum - 1) < 1e-14 && fabs(table.at_least[0] - 1) < 1e-14);
    for (double load_w = 0; load_w <= 300e6; load_w += 1.7e6) {
        double lolp, unserved_w, per_s;
        every_state(&s, load_w, &lolp, &unserved_w, &per_s);
        assert_true(fabs(sg_outage_table_lolp(&table, load_w) - lolp) < 1e-13);
        assert_true(fabs(sg_outage_table_unserved_w(&table, load_w) - unserved_w) < 1e-13 * 240e6);
    }
}

static void order_of_units_does_not_matter(void **state)
{
    (void)state;
    system_data s = rbts(), turned = s;
    for (int u = 0; u < s.count; u++) {
        turned.units[u] = s.units[s.count - 1 - u];
        turned.outage[u] = s.outage[s.count - 1 - u];
    }
    double memory[2][3 * 49];
    sg_outage_table one = table_of(&s, 5e6, memory[0], 49),
                    other = table_of(&turned, 5e6, memory[1], 49);
    for (int i = 0; i <= one.top; i++) {
        assert_true(fabs(one.at_least[i] - other.at_least[i]) <= 1e-13 * one.at_least[i]);
    }
}

static void capacities_between_steps_keep_the_mean(void **state)
{
    (void)state;
    system_data s = rbts();
    static double memory[3 * 4096];
    double mean_w = 0;
    for (int u = 0; u < s.count; u++) {
        mean_w += s.units[u].capacity_w * s.outage[u];
    }
    static const double steps_w[] = {5e6, 1e6, 0.7e6, 3.1e6, 17e6};
    for (int i = 0; i < SG_COUNT(steps_w); i++) {
        sg_outage_table table = table_of(&s, steps_w[i], memory, 4096);
        /* the mean outage is what a load of the whole installed power lacks */
        assert_true(fabs(sg_outage_table_unserved_w(&table, 240e6) - mean_w) < 1e-9 * mean_w);
        assert_true(fabs(table.installed_w - 240e6) < 1e-6);
    }
}

static void table_refuses_what_it_cannot_hold(void **state)
{
    (void)state;
    double memory[3 * 10];
    sg_outage_table table;
    assert_int_equal(sg_outage_table_init(&table, 0, 10, memory), SG_RANGE);
    assert_int_equal(sg_outage_table_init(&table, NAN, 10, memory), SG_RANGE);
    assert_int_equal(sg_outage_table_init(&table, 1, 0, memory), SG_RANGE);
    assert_int_equal(sg_outage_table_init(&table, 1, 10, memory), SG_OK);
    assert_int_equal(sg_outage_table_add(&table, 5, 0.1), SG_OK);
    assert_int_equal(sg_outage_table_add(&table, 5, 0.1), SG_RANGE); /* 11 steps */
    assert_int_equal(sg_outage_table_add(&table, 3.5, 0.1), SG_OK);
    assert_int_equal(sg_outage_table_add(&table, 0.5, 0.1), SG_RANGE);
    assert_int_equal(sg_outage_table_add(&table, -1, 0.1), SG_RANGE);
    assert_int_equal(sg_outage_table_add(&table, NAN, 0.1), SG_RANGE);
    assert_int_equal(sg_outage_table_add(&table, 1e300, 0.1), SG_RANGE);
    assert_int_equal(sg_outage_table_add(&table, 0, 1.1), SG_RANGE);
    assert_true(table.top == 9 && table.installed_w == 8.5);
}

static void days_are_counted_by_their_peak(void **state)
{
    (void)state;
    double memory[3 * 2];
    sg_outage_table table;
    assert_int_equal(sg_outage_table_init(&table, 10, 2, memory), SG_OK);
    assert_int_equal(sg_outage_table_add(&table, 10, 0.25), SG_OK);
    sg_outage_table_close(&table);
    double load_w[] = {0, 4, 0, 0, 0, 0, 10, 2}; /* three days of three rows, the last one short */
    sg_load_profile load = {load_w, 8, 7200, 3};
    sg_adequacy got;
    sg_outage_table_adequacy(&table, &load, &got);
    assert_true(fabs(got.lole_days - 0.5) < 1e-15);
    assert_true(fabs(got.lole_h - 3 * 0.25 * 2) < 1e-15);
    assert_true(fabs(got.eens_j - 16 * 0.25 * 7200) < 1e-9);
}

/* --- simulation --- */

static void simulation_agrees_with_the_table(void **state)
{
    (void)state;
    static double load_w[SYSTEM_HOURS], memory[3 * 64];
    enum { SEEDS = 20, YEARS = 400 };
    system_data s = rbts();
    for (int u = 0; u < s.count; u++) { /* the rates of the simulated times, to the last digit */
        s.outage[u] = sg_unavailability(s.units[u].up_s, s.units[u].down_s);
    }
    system_load(185e6, load_w);
    sg_load_profile load = {load_w, SYSTEM_HOURS, 3600, 24};
    sg_outage_table table = table_of(&s, 5e6, memory, 49);
    sg_adequacy exact;
    sg_outage_table_adequacy(&table, &load, &exact);
    int hours = 0, energy = 0;
    double mean_h = 0, variance = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        sg_simulated_adequacy got;
        assert_int_equal(sg_adequacy_simulate(s.units, s.count, &load, YEARS, (uint64_t)seed, &got),
                         SG_OK);
        hours += fabs(got.lole_h.mean - exact.lole_h) <= got.lole_h.half_width;
        energy += fabs(got.eens_j.mean - exact.eens_j) <= got.eens_j.half_width;
        mean_h += got.lole_h.mean / SEEDS;
        variance += got.lole_h.half_width * got.lole_h.half_width / SEEDS / SEEDS;
        assert_true(got.frequency.mean > 0.1 && got.frequency.mean < 0.3);
    }
    print_message(
        "simulated %.4f +- %.4f h/yr over %d years, table %.4f; within: %d and %d of %d\n", mean_h,
        sqrt(variance), SEEDS * YEARS, exact.lole_h, hours, energy, SEEDS);
    assert_true(fabs(mean_h - exact.lole_h) <= sqrt(variance)); /* all years together */
    assert_true(hours >= 17 && energy >= 16); /* 19 in the mean; skewed energies come less often */
}

/* A load that stays: frequency and duration have an exact answer too. */
static void simulation_finds_frequency_and_duration(void **state)
{
    (void)state;
    system_data s = rbts();
    double load_w[] = {185e6}, lolp, unserved_w, per_s, year_s = 8736 * 3600.0;
    sg_load_profile load = {load_w, 1, year_s, 1};
    sg_simulated_adequacy got;
    every_state(&s, load_w[0], &lolp, &unserved_w, &per_s);
    assert_int_equal(sg_adequacy_simulate(s.units, s.count, &load, 20000, 7, &got), SG_OK);
    assert_true(fabs(got.frequency.mean - per_s * year_s) <= got.frequency.half_width);
    assert_true(fabs(got.lole_h.mean - lolp * 8736) <= got.lole_h.half_width);
    assert_true(fabs(got.eens_j.mean - unserved_w * year_s) <= got.eens_j.half_width);
    assert_true(got.frequency.half_width < 0.03 * got.frequency.mean);
}

static void simulation_is_reproducible(void **state)
{
    (void)state;
    system_data s = rbts();
    double load_w[] = {150e6, 200e6};
    sg_load_profile load = {load_w, 2, 86400 * 100.0, 1};
    sg_simulated_adequacy one, again, other;
    assert_int_equal(sg_adequacy_simulate(s.units, s.count, &load, 50, 3, &one), SG_OK);
    assert_int_equal(sg_adequacy_simulate(s.units, s.count, &load, 50, 3, &again), SG_OK);
    assert_int_equal(sg_adequacy_simulate(s.units, s.count, &load, 50, 4, &other), SG_OK);
    assert_memory_equal(&one, &again, sizeof one);
    assert_true(one.lole_h.mean != other.lole_h.mean);
}

static void simulation_refuses_nonsense(void **state)
{
    (void)state;
    sg_unit good = {10, 100, 1},
            bad[] = {{-1, 100, 1}, {10, 0, 1}, {10, 100, NAN}, {NAN, 1, 1}, {10, 1e-9, 1e-9}};
    double load_w[] = {5};
    sg_load_profile load = {load_w, 1, 3600, 1}, none = {load_w, 0, 3600, 1},
                    still = {load_w, 1, 0, 1};
    sg_simulated_adequacy got;
    assert_int_equal(sg_adequacy_simulate(&good, 1, &load, 2, 1, &got), SG_OK);
    assert_int_equal(sg_adequacy_simulate(&good, 0, &load, 2, 1, &got), SG_RANGE);
    assert_int_equal(sg_adequacy_simulate(&good, 257, &load, 2, 1, &got), SG_RANGE);
    assert_int_equal(sg_adequacy_simulate(&good, 1, &load, 1, 1, &got), SG_RANGE);
    assert_int_equal(sg_adequacy_simulate(&good, 1, &none, 2, 1, &got), SG_RANGE);
    assert_int_equal(sg_adequacy_simulate(&good, 1, &still, 2, 1, &got), SG_RANGE);
    for (int i = 0; i < SG_COUNT(bad); i++) {
        assert_int_equal(sg_adequacy_simulate(&bad[i], 1, &load, 2, 1, &got), SG_RANGE);
    }
}

/* --- the models --- */

static sg_status run(const sg_model *model, const double *p, const double *in, double *out)
{
    sg_now now = {.dt_s = 1};
    return sg_model_step(model, p, &now, in, no_state, out);
}

static void availability_model_wants_one_source(void **state)
{
    (void)state;
    sg_model room;
    const sg_model *model = sg_model_find("availability", &room);
    double p[SG_PARAM_MAX], out[SG_MODEL_OUTPUT_MAX];
    sg_model_presets(model, p);
    static const double refused[][5] = {{2, 3, 0, 0, 0},    {2, 3, .9, 100, 1}, {4, 3, .9, 0, 0},
                                        {1.5, 3, .9, 0, 0}, {2, 3, 1.1, 0, 0},  {0, 3, .9, 0, 0},
                                        {2, 1e5, .9, 0, 0}, {2, 3, 0, 10, -1},  {2, 3, -.1, 0, 0}};
    for (int i = 0; i < SG_COUNT(refused); i++) {
        assert_int_equal(run(model, p, refused[i], out), SG_RANGE);
    }
    double times[] = {1, 2, 0, 990, 10};
    assert_int_equal(run(model, p, times, out), SG_OK);
    assert_true(fabs(out[0] - 0.9999) < 1e-15 && fabs(out[1] - 0.99) < 1e-15);
    p[0] = 1000, p[1] = 100; /* each unit a tenth of the time in maintenance */
    assert_int_equal(run(model, p, times, out), SG_OK);
    assert_true(fabs(1 - out[0] - (0.8 * 0.0001 + 0.2 * 0.01)) < 1e-12);
}

static void outage_model_takes_any_capacities(void **state)
{
    (void)state;
    sg_model room;
    const sg_model *model = sg_model_find("outage_table", &room);
    double p[SG_PARAM_MAX] = {0}, out[SG_MODEL_OUTPUT_MAX], load[] = {1000};
    assert_int_equal(run(model, p, load, out), SG_OK); /* no units at all */
    assert_true(out[0] == 1 && out[1] == 1000 && out[2] == -1000);
    p[0] = 1, p[1] = 1001.5, p[2] = 0.25; /* half watts, and a step that no whole number divides */
    p[3] = 3, p[4] = 1e6, p[5] = 0.1;
    for (load[0] = 100; load[0] < 4e6; load[0] *= 1.3) {
        assert_int_equal(run(model, p, load, out), SG_OK);
        assert_true(out[0] >= 0 && out[0] <= 1 + 1e-15 && out[1] >= 0 && out[1] <= load[0]);
    }
    load[0] = -1;
    assert_int_equal(run(model, p, load, out), SG_RANGE);
    load[0] = 1;
    p[30] = 1; /* a step of one watt does not fit */
    assert_int_equal(run(model, p, load, out), SG_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k_of_n_is_what_counting_gives),
        cmocka_unit_test(k_of_n_holds_at_its_ends),
        cmocka_unit_test(one_unit_more_never_harms),
        cmocka_unit_test(blocks_are_the_ends_of_k_of_n),
        cmocka_unit_test(maintenance_costs_its_share),
        cmocka_unit_test(table_is_what_all_states_give),
        cmocka_unit_test(order_of_units_does_not_matter),
        cmocka_unit_test(capacities_between_steps_keep_the_mean),
        cmocka_unit_test(table_refuses_what_it_cannot_hold),
        cmocka_unit_test(days_are_counted_by_their_peak),
        cmocka_unit_test(simulation_agrees_with_the_table),
        cmocka_unit_test(simulation_finds_frequency_and_duration),
        cmocka_unit_test(simulation_is_reproducible),
        cmocka_unit_test(simulation_refuses_nonsense),
        cmocka_unit_test(availability_model_wants_one_source),
        cmocka_unit_test(outage_model_takes_any_capacities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
