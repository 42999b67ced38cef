/* The dispatch program on cases worked out by hand, against a table search for one lossless store,
 * and against the meaning of its duals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "plan/dispatch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sg_arena arena;

static int free_arena(void **state)
{
    (void)state;
    sg_arena_free(&arena);
    return 0;
}

static void solve(const sg_dispatch *problem, sg_schedule *ret)
{
    assert_int_equal(sg_dispatch_solve(problem, 0.0, &arena, ret), SG_OK);
}

static void expect_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-6 * (1.0 + fabs(wanted)))) {
        print_error("%.12g, wanted %.12g\n", value, wanted);
        fail();
    }
}

static sg_dispatch_store store_of(double capacity_kwh, double power_kw, double eff)
{
    return (sg_dispatch_store){.id = "bat",
                               .energy_kwh_max = capacity_kwh,
                               .charge_kw_max = power_kw,
                               .discharge_kw_max = power_kw,
                               .charge_eff = eff,
                               .discharge_eff = eff,
                               .final_kwh_min = -HUGE_VAL};
}

static sg_dispatch_grid grid_of(const double *buy, const double *sell, double most_kw)
{
    return (sg_dispatch_grid){.present = true,
                              .import_kw_max = most_kw,
                              .export_kw_max = sell ? most_kw : 0.0,
                              .import_price_per_kwh = buy,
                              .export_price_per_kwh = sell,
                              .ramp_kw_per_step = HUGE_VAL};
}

/* Buy at 0.10, sell at 0.50 with 0.9 each way: 10 kWh bought give 8.1 sold. */
static void a_store_buys_cheap_and_sells_dear_through_its_losses(void **state)
{
    (void)state;
    static const double LOAD[] = {0.0, 0.0}, PRICE[] = {0.1, 0.5};
    sg_dispatch_store bat = store_of(100.0, 10.0, 0.9);
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 2,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, PRICE, 50.0),
                     .stores = &bat,
                     .store_count = 1};
    sg_schedule r;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_SOLVED);
    expect_near(r.objective, 10.0 * 0.1 - 8.1 * 0.5);
    expect_near(r.charge_kw[0][0], 10.0);
    expect_near(r.discharge_kw[0][1], 8.1);
    expect_near(r.energy_kwh[0][1], 9.0);
    expect_near(r.energy_kwh[0][2], 0.0);
    assert_true(r.relative_gap < 1e-9);
}

/* Wear of 0.2 each way eats the spread of 0.3. */
static void wear_stops_a_trade_that_does_not_pay(void **state)
{
    (void)state;
    static const double LOAD[] = {0.0, 0.0}, PRICE[] = {0.1, 0.4};
    sg_dispatch_store bat = store_of(100.0, 10.0, 1.0);
    bat.wear_cost_per_kwh = 0.2;
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 2,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, PRICE, 50.0),
                     .stores = &bat,
                     .store_count = 1};
    sg_schedule r;
    solve(&p, &r);
    expect_near(r.objective, 0.0);
    expect_near(r.charge_kw[0][0], 0.0);
}

/* 40 kW of peak to shave with 15 kWh: from 100, 140 down to 125, 115; only the excess over 90 is
 * paid. */
static void a_demand_charge_levels_the_peak(void **state)
{
    (void)state;
    static const double LOAD[] = {100.0, 140.0}, PRICE[] = {0.1, 0.1};
    sg_dispatch_demand month = {0, 2, 10.0, 90.0};
    sg_dispatch_store bat = store_of(15.0, 50.0, 1.0);
    bat.initial_kwh = 0.0;
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 2,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, NULL, 500.0),
                     .stores = &bat,
                     .store_count = 1};
    p.grid.demand = &month;
    p.grid.demand_count = 1;
    sg_schedule r;
    solve(&p, &r);
    expect_near(r.import_kw[0], 115.0);
    expect_near(r.import_kw[1], 125.0);
    expect_near(r.peak_kw[0], 125.0);
    expect_near(r.objective, 0.1 * 240.0 + 10.0 * 35.0);
}

static void the_cheaper_source_runs_first_and_sets_no_price(void **state)
{
    (void)state;
    static const double LOAD[] = {100.0, 30.0}, SUN[] = {40.0, 40.0}, GAS[] = {80.0, 80.0};
    static const double FREE[] = {0.0, 0.0}, FUEL[] = {0.25, 0.25};
    sg_dispatch_source sources[] = {{"gas", 0, GAS, FUEL}, {"pv", 0, SUN, FREE}};
    sg_dispatch p = {
        .step_s = 900.0, .steps = 2, .load_kw = LOAD, .sources = sources, .source_count = 2};
    sg_schedule r;
    solve(&p, &r);
    expect_near(r.source_kw[1][0], 40.0);
    expect_near(r.source_kw[0][0], 60.0);
    expect_near(r.source_kw[1][1], 30.0);
    expect_near(r.objective, 60.0 * 0.25 * 0.25);
    expect_near(r.marginal_price_per_kwh[0], 0.25);
    expect_near(r.marginal_price_per_kwh[1], 0.0);
}

static void a_job_runs_in_its_window_at_the_cheapest_hours(void **state)
{
    (void)state;
    static const double LOAD[] = {0, 0, 0, 0, 0}, PRICE[] = {0.0, 0.3, 0.1, 0.2, 0.0};
    sg_dispatch_shiftable job = {"job", 0, 1, 4, 25.0, 10.0, 0.25};
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 5,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, NULL, 100.0),
                     .shiftable = &job,
                     .shiftable_count = 1};
    sg_schedule r;
    solve(&p, &r);
    expect_near(r.shift_kw[0][0] + r.shift_kw[0][1] + r.shift_kw[0][4], 0.0);
    expect_near(r.shift_kw[0][2], 10.0);
    expect_near(r.shift_kw[0][3], 10.0);
    expect_near(r.unserved_kwh[0], 5.0); /* the third hour costs 0.30, doing without 0.25 */
    expect_near(r.objective, 1.0 + 2.0 + 1.25);
}

static void a_ramp_limits_each_step_from_the_given_start(void **state)
{
    (void)state;
    static const double LOAD[] = {100.0, 100.0, 100.0}, PRICE[] = {1.0, 1.0, 1.0};
    static const double CAN_SHED[] = {100.0, 100.0, 100.0};
    sg_dispatch_shed shed = {"batch", 0, CAN_SHED, 5.0};
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 3,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, NULL, 500.0),
                     .shed = &shed,
                     .shed_count = 1};
    p.grid.ramp_kw_per_step = 30.0;
    p.grid.initial_net_given = true;
    p.grid.initial_net_kw = 20.0;
    sg_schedule r;
    solve(&p, &r);
    expect_near(r.import_kw[0], 50.0);
    expect_near(r.import_kw[1], 80.0);
    expect_near(r.import_kw[2], 100.0);
    expect_near(r.shed_kw[0][0], 50.0);
}

/* 20 kW up for half an hour through 0.8 needs 12.5 kWh left; without reserve all 30 would be sold.
 * */
static void reserve_keeps_energy_in_the_store(void **state)
{
    (void)state;
    static const double LOAD[] = {0.0}, PRICE[] = {1.0}, UP[] = {20.0};
    sg_dispatch_store bat = store_of(100.0, 50.0, 0.8);
    bat.initial_kwh = 30.0;
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 1,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, PRICE, 500.0),
                     .stores = &bat,
                     .store_count = 1,
                     .reserve_up_kw = UP,
                     .reserve_duration_s = 1800.0};
    sg_schedule r;
    solve(&p, &r);
    expect_near(r.energy_kwh[0][1], 12.5);
    expect_near(r.discharge_kw[0][0], (30.0 - 12.5) * 0.8);
}

static void standing_loss_compounds_over_the_step(void **state)
{
    (void)state;
    static const double LOAD[] = {0.0, 0.0};
    sg_dispatch_store wheel = store_of(100.0, 0.0, 1.0);
    wheel.initial_kwh = 80.0;
    wheel.standing_loss_per_h = 0.19;
    sg_dispatch p = {
        .step_s = 1800.0, .steps = 2, .load_kw = LOAD, .stores = &wheel, .store_count = 1};
    sg_schedule r;
    solve(&p, &r);
    expect_near(r.energy_kwh[0][1], 80.0 * 0.9); /* 0.81 to the power of one half */
    expect_near(r.energy_kwh[0][2], 80.0 * 0.81);
}

/* At equal prices buying and selling at once costs nothing, so a simplex corner may do both. */
static void nothing_circulates_unless_it_pays(void **state)
{
    (void)state;
    static const double LOAD[] = {10.0, 10.0}, SUN[] = {25.0, 0.0}, PRICE[] = {0.2, 0.2};
    static const double NEGATIVE[] = {-0.1, -0.1};
    sg_dispatch_source pv = {"pv", 0, SUN, NULL};
    sg_dispatch_store bat = store_of(1.0, 5.0, 0.9);
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 2,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, PRICE, 100.0),
                     .sources = &pv,
                     .source_count = 1};
    sg_schedule r;
    solve(&p, &r);
    assert_true(fmin(r.import_kw[0], r.export_kw[0]) == 0.0);
    assert_false(r.circulation[0] || r.circulation[1]);
    p.grid = grid_of(NEGATIVE, NULL, 100.0); /* being paid to burn energy in the losses */
    p.stores = &bat;
    p.store_count = 1;
    solve(&p, &r);
    assert_true(r.circulation[0] || r.circulation[1]);
}

static void selling_without_limit_above_the_price_is_unbounded(void **state)
{
    (void)state;
    static const double LOAD[] = {1.0}, BUY[] = {0.1}, SELL[] = {0.2};
    sg_dispatch p = {
        .step_s = 3600.0, .steps = 1, .load_kw = LOAD, .grid = grid_of(BUY, SELL, HUGE_VAL)};
    sg_schedule r;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_UNBOUNDED);
    assert_true(isnan(r.objective) && r.import_kw[0] == 0.0);
}

static void a_shortage_is_named_with_its_amount(void **state)
{
    (void)state;
    static const double LOAD[] = {50.0, 130.0}, PRICE[] = {0.1, 0.1};
    sg_dispatch p = {
        .step_s = 3600.0, .steps = 2, .load_kw = LOAD, .grid = grid_of(PRICE, NULL, 100.0)};
    sg_schedule r;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    assert_int_equal(r.softened_count, 1);
    assert_string_equal(r.softened[0].constraint, "balance");
    assert_int_equal(r.softened[0].step, 1);
    expect_near(r.softened[0].amount_kw, 30.0);
    expect_near(r.import_kw[1], 100.0);
    expect_near(r.objective, 15.0);
}

static void power_with_nowhere_to_go_is_a_negative_amount(void **state)
{
    (void)state;
    static const double LOAD[] = {-20.0};
    sg_dispatch p = {.step_s = 3600.0, .steps = 1, .load_kw = LOAD};
    sg_schedule r;
    solve(&p, &r);
    assert_int_equal(r.softened_count, 1);
    expect_near(r.softened[0].amount_kw, -20.0);
}

/* Serving the load and ending at 60 kWh exclude each other; the end gives way, the load does not.
 * */
static void the_final_energy_gives_way_before_the_load(void **state)
{
    (void)state;
    static const double LOAD[] = {10.0, 10.0};
    sg_dispatch_store bat = store_of(100.0, 50.0, 1.0);
    bat.initial_kwh = 70.0;
    bat.final_kwh_min = 60.0;
    sg_dispatch p = {
        .step_s = 3600.0, .steps = 2, .load_kw = LOAD, .stores = &bat, .store_count = 1};
    sg_schedule r;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    assert_int_equal(r.softened_count, 1);
    assert_string_equal(r.softened[0].constraint, "stores/bat/final_kwh_min");
    assert_int_equal(r.softened[0].step, -1);
    expect_near(r.softened[0].amount_kw, 10.0);
    expect_near(r.energy_kwh[0][2], 50.0);
}

static void the_ramp_gives_way_before_the_reserve(void **state)
{
    (void)state;
    static const double LOAD[] = {0.0, 40.0}, PRICE[] = {0.1, 0.1}, UP[] = {0.0, 50.0};
    sg_dispatch_store bat = store_of(100.0, 50.0, 1.0);
    bat.initial_kwh = 50.0;
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 2,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, NULL, 100.0),
                     .stores = &bat,
                     .store_count = 1,
                     .reserve_up_kw = UP,
                     .reserve_duration_s = 1800.0};
    p.grid.ramp_kw_per_step = 5.0;
    p.grid.initial_net_given = true;
    sg_schedule r;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    assert_true(r.softened_count > 0);
    for (int k = 0; k < r.softened_count; k++) {
        assert_string_equal(r.softened[k].constraint, "grid/ramp_kw_per_step");
    }
}

/* 1.7 kWh of sun beyond what the store may hold would carry its reserve for all the hours after the load: by any weights worth
 * naming the range would give way. */
static void a_short_reserve_gives_way_before_the_energy_range(void **state)
{
    (void)state;
    enum { STEPS = 24 };
    double load[STEPS] = {[1] = 10.0}, sun[STEPS] = {[0] = 20.0}, up[STEPS];
    for (int t = 0; t < STEPS; t++) {
        up[t] = 20.0;
    }
    sg_dispatch_store bat = store_of(30.0, 50.0, 1.0);
    bat.initial_kwh = bat.energy_kwh_min = 20.0;
    sg_dispatch_source pv = {.id = "pv", .available_kw = sun};
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = STEPS,
                     .load_kw = load,
                     .sources = &pv,
                     .source_count = 1,
                     .stores = &bat,
                     .store_count = 1,
                     .reserve_up_kw = up,
                     .reserve_duration_s = 300.0};
    sg_schedule r;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    double missing_kw = 0.0;
    for (int k = 0; k < r.softened_count; k++) {
        assert_string_equal(r.softened[k].constraint, "reserve/up_kw");
        missing_kw += r.softened[k].amount_kw;
    }
    expect_near(r.energy_kwh[0][1], 30.0);
    expect_near(missing_kw, 20.0 * (STEPS - 1));
}

/* A measured state of charge a little outside the range is an everyday thing. */
static void a_store_that_starts_too_low_still_gets_a_schedule(void **state)
{
    (void)state;
    static const double LOAD[] = {10.0, 10.0}, PRICE[] = {0.1, 0.1}, UP[] = {1.0, 1.0};
    sg_dispatch_store bat = store_of(100.0, 4.0, 1.0);
    bat.energy_kwh_min = 20.0;
    bat.initial_kwh = 13.0;
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 2,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, NULL, 100.0),
                     .stores = &bat,
                     .store_count = 1};
    sg_schedule r;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    assert_int_equal(r.softened_count, 1);
    assert_string_equal(r.softened[0].constraint, "stores/bat/energy_kwh_min");
    assert_int_equal(r.softened[0].step, 0);
    expect_near(r.softened[0].amount_kw, 3.0);
    expect_near(r.energy_kwh[0][2], 20.0);
    p.reserve_up_kw = UP; /* what is missing below the range is no reserve, but no trouble either */
    p.reserve_duration_s = 900.0;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    assert_true(isfinite(r.objective));
}

static void an_exhausted_time_limit_says_so(void **state)
{
    (void)state;
    enum { STEPS = 6000 };
    static double load[STEPS], price[STEPS];
    for (int t = 0; t < STEPS; t++) {
        load[t] = 50.0 + 50.0 * sg_prng_unit(1, (uint64_t)t);
        price[t] = sg_prng_unit(2, (uint64_t)t);
    }
    sg_dispatch_store bats[] = {store_of(100.0, 20.0, 0.9), store_of(500.0, 20.0, 0.95)};
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = STEPS,
                     .load_kw = load,
                     .grid = grid_of(price, price, 200.0),
                     .stores = bats,
                     .store_count = 2,
                     .reserve_up_kw = load,
                     .reserve_duration_s = 900.0};
    sg_schedule r;
    assert_int_equal(sg_dispatch_solve(&p, 1e-3, &arena, &r), SG_OK);
    assert_int_equal(r.outcome, SG_LIMIT);
    assert_true(isnan(r.objective) || r.relative_gap >= 0.0);
}

/* The dual of a step's balance is what the day costs more for a little more load there. */
static void the_marginal_price_predicts_a_second_solve(void **state)
{
    (void)state;
    enum { STEPS = 24 };
    static double load[STEPS], buy[STEPS], sell[STEPS];
    for (int t = 0; t < STEPS; t++) {
        load[t] = 60.0 + 40.0 * sg_prng_unit(3, (uint64_t)t);
        buy[t] = 0.05 + 0.3 * sg_prng_unit(4, (uint64_t)t);
        sell[t] = 0.8 * buy[t];
    }
    sg_dispatch_store bat = store_of(80.0, 30.0, 0.93);
    bat.wear_cost_per_kwh = 0.01;
    sg_dispatch p = {.step_s = 1800.0,
                     .steps = STEPS,
                     .load_kw = load,
                     .grid = grid_of(buy, sell, 90.0),
                     .stores = &bat,
                     .store_count = 1};
    sg_schedule r, more;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_SOLVED);
    for (int t = 0; t < STEPS; t++) {
        const double extra_kw = 1e-3;
        load[t] += extra_kw;
        solve(&p, &more);
        load[t] -= extra_kw;
        double predicted = r.marginal_price_per_kwh[t] * extra_kw * 0.5;
        assert_true(fabs(more.objective - r.objective - predicted) < 1e-8);
    }
}

/* ---- prices are what a second solve costs more -------------------------------------------------
 * */

enum { BUSY_STEPS = 12 };

/* A site with everything a problem can hold, drawn at random. */
typedef struct busy_day {
    double load[BUSY_STEPS], sun[BUSY_STEPS], fuel[BUSY_STEPS], buy[BUSY_STEPS], sell[BUSY_STEPS];
    double batch[BUSY_STEPS], up[BUSY_STEPS], down[BUSY_STEPS], diesel[BUSY_STEPS];
    sg_dispatch_source sources[2];
    sg_dispatch_store stores[2];
    sg_dispatch_demand demand[2];
    sg_dispatch_shed shed;
    sg_dispatch_shiftable jobs[2];
    sg_dispatch problem;
} busy_day;

static void draw_series(busy_day *self, uint64_t seed)
{
    for (int t = 0; t < BUSY_STEPS; t++) {
        uint64_t at = seed * 1000 + (uint64_t)t;
        self->load[t] = 60.0 + 60.0 * sg_prng_unit(11, at);
        self->sun[t] = fmax(100.0 * sg_prng_unit(12, at) - 40.0, 0.0);
        self->buy[t] = 0.05 + 0.3 * sg_prng_unit(13, at);
        self->sell[t] = self->buy[t] * sg_prng_unit(14, at);
        self->fuel[t] = 0.2 + 0.1 * sg_prng_unit(15, at);
        self->up[t] = fmax(20.0 * sg_prng_unit(16, at) - 4.0, 0.0);
        self->down[t] = fmax(20.0 * sg_prng_unit(17, at) - 4.0, 0.0);
        self->diesel[t] = 40.0;
        self->batch[t] = 80.0;
    }
}

static void draw_busy_day(busy_day *self, uint64_t seed)
{
    draw_series(self, seed);
    self->sources[0] = (sg_dispatch_source){"pv", 0, self->sun, NULL};
    self->sources[1] = (sg_dispatch_source){"diesel", 0, self->diesel, self->fuel};
    for (int s = 0; s < 2; s++) {
        self->stores[s] = store_of(s ? 25.0 : 70.0, s ? 22.0 : 18.0, s ? 0.97 : 0.9);
        self->stores[s].initial_kwh = 11.0 + 7.0 * sg_prng_unit(18, seed);
        self->stores[s].energy_kwh_min = 3.0;
        self->stores[s].final_kwh_min = 9.0;
        self->stores[s].standing_loss_per_h = 0.01;
        self->stores[s].wear_cost_per_kwh = s ? 0.002 : 0.01;
        self->stores[s].terminal_value_per_kwh = 0.05;
    }
    /* the second lies across the end of the first */
    self->demand[0] = (sg_dispatch_demand){0, 8, 0.31, 40.0};
    self->demand[1] = (sg_dispatch_demand){5, BUSY_STEPS, 0.17, 55.0 * sg_prng_unit(19, seed)};
    self->shed = (sg_dispatch_shed){"batch", 0, self->batch, 0.9};
    self->jobs[0] = (sg_dispatch_shiftable){"a", 0, 1, 9, 16.3, 9.7, 0.7};
    self->jobs[1] = (sg_dispatch_shiftable){"b", 0, 4, 7, 30.0, 14.1, 0.3};
    self->problem = (sg_dispatch){.step_s = 1800.0,
                                  .steps = BUSY_STEPS,
                                  .load_kw = self->load,
                                  .grid = grid_of(self->buy, self->sell, 95.0),
                                  .sources = self->sources,
                                  .source_count = 2,
                                  .stores = self->stores,
                                  .store_count = 2,
                                  .shed = &self->shed,
                                  .shed_count = 1,
                                  .shiftable = self->jobs,
                                  .shiftable_count = 2,
                                  .reserve_up_kw = self->up,
                                  .reserve_down_kw = self->down,
                                  .reserve_duration_s = 1200.0};
    self->problem.grid.demand = self->demand;
    self->problem.grid.demand_count = 2;
    self->problem.grid.ramp_kw_per_step = 17.0;
    self->problem.grid.initial_net_given = true;
    self->problem.grid.initial_net_kw = 50.0;
}

/* Who gives the prices that are checked, and the change by which they are. The second solves are
 * always the library's, whose corners are exact. */
typedef struct giver {
    sg_dispatch_solver solver;
    double change, gap_slop, kw_slop;
} giver;

static const giver LIBRARY = {SG_SOLVER_CLP, 1e-3, 1e-11, 1e-9};
static const giver ANYONE = {SG_SOLVER_AUTO, 0.1, 1e-7, 1e-6};

static void solve_by(sg_dispatch_solver solver, const sg_dispatch *p, sg_schedule *ret)
{
    const sg_dispatch_options options = {.solver = solver};
    assert_int_equal(sg_dispatch_solve_with(p, &options, &arena, ret), SG_OK);
}

static double cost_with(const sg_dispatch *p, double *number, double change)
{
    sg_schedule r;
    double kept = *number;
    *number += change;
    solve_by(SG_SOLVER_CLP, p, &r);
    *number = kept;
    return r.outcome == SG_SOLVED ? r.objective : (double)NAN;
}

/* Where a little more and a little less cost alike, the price must be that cost. True there. Prices
 * that prove the cost up to a gap cannot be further off than the gap over the change. */
static bool price_holds(const giver *by, const sg_schedule *given, const sg_dispatch *p,
                        double *number, double price)
{
    sg_schedule r;
    solve_by(SG_SOLVER_CLP, p, &r);
    double more = (cost_with(p, number, by->change) - r.objective) / by->change;
    double less = (r.objective - cost_with(p, number, -by->change)) / by->change;
    if (!(fabs(more - less) < 1e-7)) {
        return false; /* a corner: any price between the two is right */
    }
    if (fabs(more - price) > 1e-7 + (given->objective - given->bound) / by->change) {
        print_error("price %.10g, by a second solve %.10g\n", price, more);
        fail();
    }
    return true;
}

static void check_each_price(const giver *by)
{
    int load = 0, up = 0, down = 0, net = 0, ramp = 0, work = 0, start = 0, paid = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        static busy_day day;
        draw_busy_day(&day, seed);
        const sg_dispatch *p = &day.problem;
        double hours = p->step_s / 3600.0, ramps = 0.0;
        sg_schedule r;
        solve_by(by->solver, p, &r);
        assert_int_equal(r.outcome, SG_SOLVED);
        for (int t = 0; t < BUSY_STEPS; t++) {
            load += price_holds(by, &r, p, &day.load[t], r.zone_price_per_kwh[0][t] * hours);
            if (day.up[t] > by->change) {
                up += price_holds(by, &r, p, &day.up[t], r.reserve_up_price_per_kw[t]);
                paid += r.reserve_up_price_per_kw[t] > 1e-6;
            } else if (day.up[t] == 0.0) {
                assert_true(r.reserve_up_price_per_kw[t] == 0.0);
            }
            if (day.down[t] > by->change) {
                down += price_holds(by, &r, p, &day.down[t], r.reserve_down_price_per_kw[t]);
                paid += r.reserve_down_price_per_kw[t] > 1e-6;
            }
            ramps += fabs(r.ramp_price_per_kw[t]);
        }
        sg_dispatch_grid *g = &day.problem.grid;
        net += price_holds(by, &r, p, &g->initial_net_kw, r.ramp_price_per_kw[0]);
        /* a wider ramp moves both sides: each step saves by the side it stands at */
        ramp += price_holds(by, &r, p, &g->ramp_kw_per_step, -ramps) && ramps > 1e-6;
        for (int k = 0; k < 2; k++) {
            work += price_holds(by, &r, p, &day.jobs[k].energy_kwh, r.shift_price_per_kwh[k]);
            double keep = pow(1.0 - day.stores[k].standing_loss_per_h, hours);
            start += price_holds(by, &r, p, &day.stores[k].initial_kwh,
                                 -keep * r.energy_value_per_kwh[k][0]);
        }
        sg_arena_free(&arena);
    }
    assert_true(load > 100 && up > 50 && down > 50 && paid > 10);
    assert_true(net > 6 && ramp > 3 && work > 12 && start > 12);
}

static void each_price_is_what_a_second_solve_costs_more(void **state)
{
    (void)state;
    check_each_price(&LIBRARY);
    check_each_price(&ANYONE);
}

/* What a store holds in the middle of the day is worth what the rest of the day costs less with
 * more. */
static void check_value_of_energy(const giver *by)
{
    int checked = 0;
    for (uint64_t seed = 0; seed < 6; seed++) {
        static busy_day day;
        draw_busy_day(&day, seed);
        sg_dispatch *p = &day.problem;
        p->grid.demand_count = p->shiftable_count = 0; /* nothing but the stores ties the steps */
        p->grid.ramp_kw_per_step = HUGE_VAL;
        sg_schedule r;
        solve_by(by->solver, p, &r);
        for (int t = 0; t + 1 < BUSY_STEPS; t++) {
            sg_dispatch rest = *p;
            sg_dispatch_source sources[] = {{"pv", 0, day.sun + t + 1, NULL},
                                            {"diesel", 0, day.diesel, day.fuel + t + 1}};
            rest.steps -= t + 1;
            rest.load_kw += t + 1;
            rest.sources = sources;
            rest.grid.import_price_per_kwh += t + 1;
            rest.grid.export_price_per_kwh += t + 1;
            rest.reserve_up_kw += t + 1;
            rest.reserve_down_kw += t + 1;
            sg_dispatch_store stores[] = {day.stores[0], day.stores[1]};
            stores[0].initial_kwh = r.energy_kwh[0][t + 1];
            stores[1].initial_kwh = r.energy_kwh[1][t + 1];
            rest.stores = stores;
            for (int s = 0; s < 2; s++) {
                double energy = r.energy_kwh[s][t + 1];
                /* what is held back for the reserve of step t is worth more there than later */
                bool held = r.reserve_up_price_per_kw[t] + r.reserve_down_price_per_kw[t] > 1e-6;
                if (energy > stores[s].energy_kwh_min + 0.1 && !held &&
                    energy < stores[s].energy_kwh_max - 0.1) {
                    checked += price_holds(by, &r, &rest, &stores[s].initial_kwh,
                                           -r.energy_value_per_kwh[s][t]);
                }
            }
        }
        sg_arena_free(&arena);
    }
    assert_true(checked > 15);
}

static void the_value_of_energy_is_what_the_rest_of_the_day_saves(void **state)
{
    (void)state;
    check_value_of_energy(&LIBRARY);
    check_value_of_energy(&ANYONE);
}

/* The bound is made of the published prices alone: a gap of nothing proves all of them at once. */
static void check_proof(const giver *by)
{
    for (uint64_t seed = 100; seed < 300; seed++) {
        static busy_day day;
        draw_busy_day(&day, seed);
        sg_schedule r;
        solve_by(by->solver, &day.problem, &r);
        assert_int_equal(r.outcome, SG_SOLVED);
        assert_true(r.relative_gap >= 0.0 && r.relative_gap < by->gap_slop);
        assert_true(r.residual_kw < by->kw_slop);
        assert_true(by != &LIBRARY || r.dual_residual_per_kwh < 1e-9);
        for (int m = 0; m < 2; m++) {
            const sg_dispatch_demand *d = &day.demand[m];
            double sum = 0.0; /* of the charge, spread over the steps that set the peak */
            for (int t = d->from; t < d->to; t++) {
                double price = r.peak_price_per_kw[m][t - d->from];
                assert_true(price >= 0.0 && (price * (r.peak_kw[m] - r.import_kw[t]) <
                                             1e-9 + r.objective - r.bound));
                sum += price;
            }
            double above_kw = r.peak_kw[m] - d->peak_so_far_kw, left = d->charge_per_kw - sum;
            assert_true(left > -1e-9 && left * above_kw < 1e-9 + r.objective - r.bound);
        }
        sg_arena_free(&arena);
    }
}

static void the_prices_prove_the_cost(void **state)
{
    (void)state;
    check_proof(&LIBRARY);
    check_proof(&ANYONE);
}

static void prices_without_a_solution_are_no_numbers(void **state)
{
    (void)state;
    static const double LOAD[] = {130.0}, PRICE[] = {0.1};
    sg_dispatch_store bat = store_of(1.0, 1.0, 1.0);
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 1,
                     .load_kw = LOAD,
                     .grid = grid_of(PRICE, NULL, 100.0),
                     .stores = &bat,
                     .store_count = 1};
    sg_schedule r;
    solve(&p, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    assert_true(isfinite(r.objective) && isnan(r.bound) && isnan(r.residual_kw));
    assert_true(isnan(r.zone_price_per_kwh[0][0]) && isnan(r.energy_value_per_kwh[0][0]));
    assert_true(isnan(r.ramp_price_per_kw[0]) && isnan(r.reserve_up_price_per_kw[0]));
}

/* ---- a table search for one lossless store with whole numbers ----------------------------------
 * */

enum { TABLE_STEPS = 7, TABLE_ENERGY = 12 };

/* Least money to end anywhere, over all whole energies: the program has whole corners in this case,
 * because without losses it is a flow in a network. */
static double table_search(const sg_dispatch *p)
{
    const sg_dispatch_store *d = p->stores;
    double best[TABLE_ENERGY + 1];
    for (int e = 0; e <= TABLE_ENERGY; e++) {
        best[e] = e == (int)d->initial_kwh ? 0.0 : HUGE_VAL;
    }
    for (int t = 0; t < p->steps; t++) {
        double next[TABLE_ENERGY + 1];
        for (int to = 0; to <= TABLE_ENERGY; to++) {
            next[to] = HUGE_VAL;
            for (int from = 0; from <= TABLE_ENERGY; from++) {
                double change = to - from, net = p->load_kw[t] + change;
                bool allowed = change <= d->charge_kw_max && -change <= d->discharge_kw_max &&
                               to <= d->energy_kwh_max && to >= d->energy_kwh_min &&
                               net <= p->grid.import_kw_max && -net <= p->grid.export_kw_max;
                double price =
                    net > 0.0 ? p->grid.import_price_per_kwh[t] : p->grid.export_price_per_kwh[t];
                if (allowed) {
                    next[to] = fmin(next[to],
                                    best[from] + price * net + d->wear_cost_per_kwh * fabs(change));
                }
            }
        }
        memcpy(best, next, sizeof best);
    }
    double least = HUGE_VAL;
    for (int e = 0; e <= TABLE_ENERGY; e++) {
        if (e >= d->final_kwh_min) {
            least = fmin(least, best[e] - d->terminal_value_per_kwh * e);
        }
    }
    return least;
}

static double draw(void)
{
    static uint64_t count;
    return sg_prng_unit(5, count++);
}

static void equals_a_table_search_for_one_lossless_store(void **state)
{
    (void)state;
    int feasible = 0;
    for (int i = 0; i < 300; i++) {
        double load[TABLE_STEPS], buy[TABLE_STEPS], sell[TABLE_STEPS];
        for (int t = 0; t < TABLE_STEPS; t++) {
            load[t] = floor(8.0 * draw()) - 2.0;
            buy[t] = draw();
            sell[t] = buy[t] * draw();
        }
        double power_kw = 1.0 + floor(4.0 * draw());
        sg_dispatch_store bat = store_of(TABLE_ENERGY - floor(6.0 * draw()), power_kw, 1.0);
        bat.initial_kwh = floor(7.0 * draw());
        bat.final_kwh_min = floor(7.0 * draw());
        bat.wear_cost_per_kwh = 0.1 * draw();
        bat.terminal_value_per_kwh = 0.3 * draw();
        sg_dispatch p = {.step_s = 3600.0,
                         .steps = TABLE_STEPS,
                         .load_kw = load,
                         .grid = grid_of(buy, sell, 1.0 + floor(8.0 * draw())),
                         .stores = &bat,
                         .store_count = 1};
        sg_schedule r;
        solve(&p, &r);
        double wanted = table_search(&p);
        assert_int_equal(r.outcome, isfinite(wanted) ? SG_SOLVED : SG_INFEASIBLE);
        if (isfinite(wanted)) {
            expect_near(r.objective, wanted);
            feasible++;
        } else {
            assert_true(r.softened_count > 0);
        }
        sg_arena_free(&arena);
    }
    assert_true(feasible > 100 && feasible < 300);
}

/* Costs that no double holds are no schedule, whoever is asked. */
static void money_beyond_all_numbers_is_not_called_solved(void **state)
{
    (void)state;
    static const double LOAD[] = {1e300, 1e300}, PRICE[] = {1e300, 1e300};
    sg_dispatch p = {
        .step_s = 900.0, .steps = 2, .load_kw = LOAD, .grid = grid_of(PRICE, NULL, 1e308)};
    for (int solver = SG_SOLVER_AUTO; solver <= SG_SOLVER_CLP; solver++) {
        sg_dispatch_options options = {.solver = (sg_dispatch_solver)solver};
        sg_schedule r;
        assert_int_equal(sg_dispatch_solve_with(&p, &options, &arena, &r), SG_OK);
        assert_int_not_equal(r.outcome, SG_SOLVED);
    }
    sg_arena_free(&arena);
}

static void malformed_problems_are_refused(void **state)
{
    (void)state;
    double load[] = {1.0, 1.0}, less_than_nothing[] = {1.0, -1.0};
    sg_schedule r;
    sg_dispatch good = {.step_s = 900.0, .steps = 2, .load_kw = load}, p = good;
    p.steps = 0;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    p = good;
    p.step_s = (double)NAN;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    load[1] = HUGE_VAL;
    assert_int_equal(sg_dispatch_solve(&good, 0.0, &arena, &r), SG_RANGE);
    load[1] = 1.0;
    p = good;
    p.reserve_up_kw = less_than_nothing;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    sg_dispatch_store bat = store_of(10.0, 5.0, 1.1);
    p = good;
    p.stores = &bat;
    p.store_count = 1;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    bat = store_of(10.0, 5.0, 0.9);
    bat.energy_kwh_min = 11.0;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    p = good;
    p.grid = grid_of(NULL, NULL, (double)NAN);
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    sg_dispatch_shiftable job = {"job", 0, 1, 3, 1.0, 1.0, 0.0};
    p = good;
    p.shiftable = &job;
    p.shiftable_count = 1;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_buys_cheap_and_sells_dear_through_its_losses),
        cmocka_unit_test(wear_stops_a_trade_that_does_not_pay),
        cmocka_unit_test(a_demand_charge_levels_the_peak),
        cmocka_unit_test(the_cheaper_source_runs_first_and_sets_no_price),
        cmocka_unit_test(a_job_runs_in_its_window_at_the_cheapest_hours),
        cmocka_unit_test(a_ramp_limits_each_step_from_the_given_start),
        cmocka_unit_test(reserve_keeps_energy_in_the_store),
        cmocka_unit_test(standing_loss_compounds_over_the_step),
        cmocka_unit_test(nothing_circulates_unless_it_pays),
        cmocka_unit_test(selling_without_limit_above_the_price_is_unbounded),
        cmocka_unit_test(a_shortage_is_named_with_its_amount),
        cmocka_unit_test(power_with_nowhere_to_go_is_a_negative_amount),
        cmocka_unit_test(the_final_energy_gives_way_before_the_load),
        cmocka_unit_test(the_ramp_gives_way_before_the_reserve),
        cmocka_unit_test(a_short_reserve_gives_way_before_the_energy_range),
        cmocka_unit_test(a_store_that_starts_too_low_still_gets_a_schedule),
        cmocka_unit_test(an_exhausted_time_limit_says_so),
        cmocka_unit_test(the_marginal_price_predicts_a_second_solve),
        cmocka_unit_test(each_price_is_what_a_second_solve_costs_more),
        cmocka_unit_test(the_value_of_energy_is_what_the_rest_of_the_day_saves),
        cmocka_unit_test(the_prices_prove_the_cost),
        cmocka_unit_test(prices_without_a_solution_are_no_numbers),
        cmocka_unit_test(equals_a_table_search_for_one_lossless_store),
        cmocka_unit_test(money_beyond_all_numbers_is_not_called_solved),
        cmocka_unit_test(malformed_problems_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, free_arena);
}
