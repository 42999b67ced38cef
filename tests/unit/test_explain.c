/* Reasons on cases small enough to be worked out by hand, down to the words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/explain.h"

#include <math.h>
#include <string.h>

static sg_arena arena;

static int free_arena(void **state)
{
    (void)state;
    sg_arena_free(&arena);
    return 0;
}

static sg_dispatch_store battery(double capacity_kwh, double power_kw)
{
    return (sg_dispatch_store){.id = "bat",
                               .energy_kwh_max = capacity_kwh,
                               .charge_kw_max = power_kw,
                               .discharge_kw_max = power_kw,
                               .charge_eff = 0.9,
                               .discharge_eff = 0.9,
                               .final_kwh_min = -HUGE_VAL};
}

static sg_dispatch hourly(int steps, const double *load_kw, const double *buy, const double *sell)
{
    sg_dispatch p = {.step_s = 3600.0, .steps = steps, .load_kw = load_kw};
    p.grid = (sg_dispatch_grid){.present = true,
                                .import_kw_max = 1000.0,
                                .export_kw_max = sell ? 1000.0 : 0.0,
                                .import_price_per_kwh = buy,
                                .export_price_per_kwh = sell,
                                .ramp_kw_per_step = HUGE_VAL};
    return p;
}

/* All sentences, each on a line of its own behind its steps. */
static void expect_sentences(const sg_dispatch *p, const char *wanted)
{
    sg_schedule r;
    sg_explanation e;
    sg_out out = {0};
    assert_int_equal(sg_dispatch_solve(p, 0.0, &arena, &r), SG_OK);
    assert_int_equal(sg_explain(p, &r, &arena, &e), SG_OK);
    for (int i = 0; i < e.count; i++) {
        sg_out_format(&out, "%d-%d ", e.item[i].from, e.item[i].to);
        sg_why_text(p, &e.item[i], &out);
        sg_out_text(&out, "\n");
    }
    assert_string_equal(out.text, wanted);
    sg_out_free(&out);
}

/* 0.50 * 0.81 = 0.405, and what was bought for 0.10 costs 0.10 / 0.81 = 0.123 on its way out. */
static void a_store_says_what_it_earns(void **state)
{
    (void)state;
    static const double LOAD[] = {50.0, 50.0}, PRICE[] = {0.1, 0.5};
    sg_dispatch_store bat = battery(100.0, 10.0);
    sg_dispatch p = hourly(2, LOAD, PRICE, NULL);
    p.stores = &bat;
    p.store_count = 1;
    expect_sentences(
        &p, "0-2 imports 41.9 to 60 kW: the next kWh comes from the grid for 0.100 to 0.500\n"
            "0-1 bat charges 10 kW, its limit: a kWh costs 0.100 and will be worth 0.405: 0.500 at "
            "01:00, less losses and wear\n"
            "1-2 bat discharges 8.1 kW, down to its floor of 0 kWh: a kWh saves 0.500 and cost "
            "0.123: 0.100 at 00:00, with losses and wear\n");
}

/* At its end value of 0.15 a kWh taken in is worth 0.15 * 0.9, one given 0.15 / 0.9: prices between them move nothing. */
static void a_small_spread_leaves_it_idle(void **state)
{
    (void)state;
    static const double LOAD[] = {50.0, 50.0}, PRICE[] = {0.14, 0.16};
    sg_dispatch_store bat = battery(100.0, 10.0);
    bat.initial_kwh = 50.0;
    bat.terminal_value_per_kwh = 0.15;
    sg_dispatch p = hourly(2, LOAD, PRICE, NULL);
    p.stores = &bat;
    p.store_count = 1;
    expect_sentences(
        &p,
        "0-2 imports 50 kW: the next kWh comes from the grid for 0.140 to 0.160\n"
        "0-2 bat is idle: a kWh costs 0.140 to 0.160, would be worth 0.135 once stored and 0.167 "
        "if kept in store: no spread pays for losses and wear\n");
}

static void surplus_without_an_outlet_is_curtailed(void **state)
{
    (void)state;
    static const double LOAD[] = {50.0, 50.0}, BUY[] = {0.3, 0.3}, SELL[] = {0.05, 0.05},
                        SUN[] = {200.0, 80.0};
    sg_dispatch_source pv = {.id = "pv", .available_kw = SUN};
    sg_dispatch p = hourly(2, LOAD, BUY, SELL);
    p.sources = &pv;
    p.source_count = 1;
    p.grid.export_kw_max = 30.0;
    p.steps = 1;
    expect_sentences(
        &p, "0-1 exports 30 kW, its limit: one kW more would bring 0.0500 a step\n"
            "0-1 pv is curtailed by 120 kW, export is at its limit: a kWh more is worth 0\n");
    p.grid.export_kw_max = 0.0;
    expect_sentences(
        &p, "0-1 pv is curtailed by 150 kW, nothing may be exported: a kWh more is worth 0\n");
}

/* At 5 per kW the generator at 0.40 runs rather than let the peak of 70 kW rise for one hour. */
static void a_peak_is_held_by_what_is_dearer_than_the_grid(void **state)
{
    (void)state;
    static const double LOAD[] = {50.0, 100.0}, BUY[] = {0.1, 0.1}, FUEL[] = {60.0, 60.0},
                        COST[] = {0.4, 0.4};
    sg_dispatch_source gen = {.id = "gen", .available_kw = FUEL, .cost_per_kwh = COST};
    sg_dispatch_demand month = {.from = 0, .to = 2, .charge_per_kw = 5.0, .peak_so_far_kw = 70.0};
    sg_dispatch p = hourly(2, LOAD, BUY, NULL);
    p.sources = &gen;
    p.source_count = 1;
    p.grid.demand = &month;
    p.grid.demand_count = 1;
    expect_sentences(
        &p, "0-1 imports 50 kW: the next kWh comes from the grid for 0.100\n"
            "0-1 gen stands still: its kWh costs 0.400 and is worth 0.100\n"
            "1-2 imports 70 kW, the peak: one kW more would cost 5.00 and save 0.300 a step\n"
            "1-2 gen gives 30 kW: its kWh costs 0.400 and is worth 0.400\n");
}

/* The connection gives 60 of 100 kW; what may be left out at 0.80 is 30 kW, and the rest is at a generator's 2.00. */
static void load_is_shed_where_that_is_cheapest(void **state)
{
    (void)state;
    static const double LOAD[] = {100.0}, BUY[] = {0.1}, LEAVE[] = {30.0}, FUEL[] = {60.0},
                        COST[] = {2.0};
    sg_dispatch_source gen = {.id = "gen", .available_kw = FUEL, .cost_per_kwh = COST};
    sg_dispatch_shed batch = {.id = "batch", .max_kw = LEAVE, .cost_per_kwh = 0.8};
    sg_dispatch p = hourly(1, LOAD, BUY, NULL);
    p.sources = &gen;
    p.source_count = 1;
    p.shed = &batch;
    p.shed_count = 1;
    p.grid.import_kw_max = 60.0;
    expect_sentences(&p,
                     "0-1 imports 60 kW, its limit: one kW more would save 1.90 a step\n"
                     "0-1 gen gives 10 kW: its kWh costs 2.00 and is worth 2.00\n"
                     "0-1 batch sheds 30 kW, all it may: a kWh of it costs 0.800 and saves 2.00\n");
}

/* 15 of 25 kWh in the cheapest hour, as much as it may; the rest in the next cheapest. */
static void a_job_works_where_it_is_cheap(void **state)
{
    (void)state;
    static const double LOAD[] = {10.0, 10.0, 10.0}, BUY[] = {0.1, 0.3, 0.2};
    sg_dispatch_shiftable job = {.id = "job",
                                 .from = 0,
                                 .to = 3,
                                 .energy_kwh = 25.0,
                                 .power_kw_max = 15.0,
                                 .unserved_cost_per_kwh = 2.0};
    sg_dispatch p = hourly(3, LOAD, BUY, NULL);
    p.shiftable = &job;
    p.shiftable_count = 1;
    expect_sentences(
        &p, "0-3 imports 10 to 25 kW: the next kWh comes from the grid for 0.100 to 0.300\n"
            "0-1 job works at 15 kW, its limit: a kWh costs 0.100 now, one more elsewhere 0.200\n"
            "1-2 job waits: a kWh costs 0.300 now, elsewhere 0.200\n"
            "2-3 job works at 10 kW: a kWh costs 0.200 now, one more elsewhere 0.200\n");
}

/* Each of the 4 kW that must stay ready could have saved 0.50 less 0.01 of wear. */
static void a_reserve_says_what_it_costs(void **state)
{
    (void)state;
    static const double LOAD[] = {50.0}, PRICE[] = {0.5}, READY[] = {4.0};
    sg_dispatch_store bat = battery(100.0, 9.0);
    bat.initial_kwh = 90.0;
    bat.wear_cost_per_kwh = 0.01;
    sg_dispatch p = hourly(1, LOAD, PRICE, NULL);
    p.stores = &bat;
    p.store_count = 1;
    p.reserve_up_kw = READY;
    p.reserve_duration_s = 900.0;
    expect_sentences(
        &p, "0-1 imports 45 kW: the next kWh comes from the grid for 0.500\n"
            "0-1 bat discharges 5 kW, as far as the reserve allows: a kWh saves 0.500 and "
            "would be worth 0.0100 at the end\n"
            "0-1 the stores hold 4 kW of up reserve: one kW more would cost 0.490 a step\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_store_says_what_it_earns, free_arena),
        cmocka_unit_test_teardown(a_small_spread_leaves_it_idle, free_arena),
        cmocka_unit_test_teardown(surplus_without_an_outlet_is_curtailed, free_arena),
        cmocka_unit_test_teardown(a_peak_is_held_by_what_is_dearer_than_the_grid, free_arena),
        cmocka_unit_test_teardown(load_is_shed_where_that_is_cheapest, free_arena),
        cmocka_unit_test_teardown(a_job_works_where_it_is_cheap, free_arena),
        cmocka_unit_test_teardown(a_reserve_says_what_it_costs, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
