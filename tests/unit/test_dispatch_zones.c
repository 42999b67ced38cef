/* Zones and links of the dispatch program: worked out by hand, by trying every flow, and against
 * the same site without zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "plan/dispatch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static sg_arena arena;

static int free_arena(void **state)
{
    (void)state;
    sg_arena_free(&arena);
    return 0;
}

/* Who solves, and how far off its numbers may be: corners of the library are exact. */
static sg_dispatch_solver solver = SG_SOLVER_CLP;
static double slop = 1e-9;

static void solve(const sg_dispatch *problem, sg_schedule *ret)
{
    const sg_dispatch_options options = {.solver = solver};
    assert_int_equal(sg_dispatch_solve_with(problem, &options, &arena, ret), SG_OK);
}

static void expect_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= slop * (1.0 + fabs(wanted)))) {
        print_error("%.12g, wanted %.12g\n", value, wanted);
        fail();
    }
}

/* One hour, a cheap source in the west, a dear one in the east. */
typedef struct pair {
    double west_load, east_load, most[2], cost[2];
    sg_dispatch_zone zones[2];
    sg_dispatch_source sources[2];
    sg_dispatch_link link;
    sg_dispatch problem;
} pair;

static void make_pair(pair *self, double forward_kw_max, double loss_frac)
{
    *self =
        (pair){.west_load = 20.0, .east_load = 50.0, .most = {100.0, 100.0}, .cost = {0.1, 0.3}};
    self->zones[0] = (sg_dispatch_zone){"west", &self->west_load};
    self->zones[1] = (sg_dispatch_zone){"east", &self->east_load};
    self->sources[0] = (sg_dispatch_source){"wind", 0, &self->most[0], &self->cost[0]};
    self->sources[1] = (sg_dispatch_source){"gas", 1, &self->most[1], &self->cost[1]};
    self->link = (sg_dispatch_link){"tie", 0, 1, forward_kw_max, 0.0, loss_frac};
    self->problem = (sg_dispatch){.step_s = 3600.0,
                                  .steps = 1,
                                  .zones = self->zones,
                                  .zone_count = 2,
                                  .links = &self->link,
                                  .link_count = 1,
                                  .sources = self->sources,
                                  .source_count = 2};
}

/* 50 kW arrive of 50/0.9 sent, and in the east a kWh costs what must be sent for it. */
static void prices_of_a_free_link_differ_by_its_loss(void **state)
{
    (void)state;
    pair site;
    sg_schedule r;
    make_pair(&site, 80.0, 0.1);
    solve(&site.problem, &r);
    assert_int_equal(r.outcome, SG_SOLVED);
    expect_near(r.link_forward_kw[0][0], 50.0 / 0.9);
    expect_near(r.link_back_kw[0][0], 0.0);
    expect_near(r.objective, 0.1 * (20.0 + 50.0 / 0.9));
    expect_near(r.zone_price_per_kwh[0][0], 0.1);
    expect_near(r.zone_price_per_kwh[1][0], 0.1 / 0.9);
    expect_near(r.marginal_price_per_kwh[0], 0.1);
    expect_near(r.bound, r.objective);
}

/* 30 kW sent and 27 arriving; the rest is made in the east, and each more kW of the link would save
 * 0.9 * 0.3 - 0.1 of rent. */
static void a_full_link_earns_the_difference_of_prices(void **state)
{
    (void)state;
    pair site;
    sg_schedule r, wider;
    make_pair(&site, 30.0, 0.1);
    solve(&site.problem, &r);
    expect_near(r.link_forward_kw[0][0], 30.0);
    expect_near(r.source_kw[0][0], 50.0);
    expect_near(r.source_kw[1][0], 23.0);
    expect_near(r.objective, 50.0 * 0.1 + 23.0 * 0.3);
    expect_near(r.zone_price_per_kwh[0][0], 0.1);
    expect_near(r.zone_price_per_kwh[1][0], 0.3);
    expect_near(r.bound, r.objective);
    site.link.forward_kw_max = 31.0;
    solve(&site.problem, &wider);
    expect_near(r.objective - wider.objective, 0.9 * 0.3 - 0.1);
}

static void a_link_runs_back_as_well(void **state)
{
    (void)state;
    pair site;
    sg_schedule r;
    make_pair(&site, 0.0, 0.2);
    site.link.back_kw_max = 100.0;
    site.cost[1] = 0.05;
    solve(&site.problem, &r);
    expect_near(r.link_back_kw[0][0], 20.0 / 0.8);
    expect_near(r.zone_price_per_kwh[0][0], 0.05 / 0.8);
    expect_near(r.zone_price_per_kwh[1][0], 0.05);
}

/* North makes 0.10 power for the south: directly at a loss of 20 % up to 10 kW, or over the middle
 * at 5 % each up to 40 kW. The detour is the better way (0.9025 against 0.8) and is filled first:
 * 40 kW sent give 38 in the middle, where 8 are used, and 28.5 of the other 30 in the south. The
 * direct link adds 10 * 0.8 = 8, and the south makes the rest of its 50 kW: 13.5 at 0.50. */
static void three_zones_share_two_ways(void **state)
{
    (void)state;
    static const double LOAD[3] = {5.0, 8.0, 50.0}, MOST = 500.0, CHEAP = 0.1, DEAR = 0.5;
    const sg_dispatch_zone zones[] = {
        {"north", &LOAD[0]}, {"middle", &LOAD[1]}, {"south", &LOAD[2]}};
    const sg_dispatch_link links[] = {{"direct", 0, 2, 10.0, 10.0, 0.2},
                                      {"upper", 0, 1, 40.0, 40.0, 0.05},
                                      {"lower", 2, 1, 40.0, 40.0, 0.05}}; /* drawn from the south */
    const sg_dispatch_source sources[] = {{"hydro", 0, &MOST, &CHEAP}, {"gas", 2, &MOST, &DEAR}};
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 1,
                     .zones = zones,
                     .zone_count = 3,
                     .links = links,
                     .link_count = 3,
                     .sources = sources,
                     .source_count = 2};
    sg_schedule r;
    solve(&p, &r);
    expect_near(r.link_forward_kw[0][0], 10.0);
    expect_near(r.link_forward_kw[1][0], 40.0);
    expect_near(r.link_forward_kw[2][0], 0.0);
    expect_near(r.link_back_kw[2][0], 30.0);
    expect_near(r.source_kw[1][0], 13.5);
    expect_near(r.objective, 0.1 * 55.0 + 0.5 * 13.5);
    expect_near(r.zone_price_per_kwh[0][0], 0.1);
    expect_near(r.zone_price_per_kwh[1][0],
                0.95 * 0.5); /* a kW used there is missed in the south */
    expect_near(r.zone_price_per_kwh[2][0], 0.5);
    expect_near(r.bound, r.objective);
}

/* ---- every flow, one by one -------------------------------------------------------------------- */

enum { SPAN = 4 };

/* Least cost of serving a whole number of kW from two sources and, dearest, by shedding. */
static double serve(int need, const double *most, const double *cost)
{
    double money = 0.0, left = need;
    int first = cost[0] <= cost[1] ? 0 : 1;
    for (int k = 0; k < 2 && left > 0.0; k++) {
        int source = k ? 1 - first : first;
        double take = fmin(left, most[source]);
        money += take * cost[source];
        left -= take;
    }
    return money + fmax(left, 0.0);
}

/* Without losses the program is a flow in a network, so that whole numbers have whole optima. */
static void equals_trying_every_flow_of_a_triangle(void **state)
{
    (void)state;
    static const int FROM[] = {0, 1, 0}, TO[] = {1, 2, 2};
    uint64_t draws = 0;
    for (int i = 0; i < 200; i++) {
        double load[3], most[6], cost[6], no_limit = 100.0;
        sg_dispatch_zone zones[3];
        sg_dispatch_link links[3];
        sg_dispatch_source sources[6];
        sg_dispatch_shed shed[3];
        for (int zone = 0; zone < 3; zone++) {
            load[zone] = floor(9.0 * sg_prng_unit(21, draws++));
            zones[zone] = (sg_dispatch_zone){"z", &load[zone]};
            shed[zone] = (sg_dispatch_shed){"s", zone, &no_limit, 1.0};
            double forward = floor((SPAN + 1) * sg_prng_unit(22, draws++));
            double back = floor((SPAN + 1) * sg_prng_unit(23, draws++));
            links[zone] = (sg_dispatch_link){"l", FROM[zone], TO[zone], forward, back, 0.0};
        }
        for (int s = 0; s < 6; s++) {
            most[s] = floor(7.0 * sg_prng_unit(24, draws++));
            cost[s] = 0.9 * sg_prng_unit(25, draws++);
            sources[s] = (sg_dispatch_source){"g", s / 2, &most[s], &cost[s]};
        }
        sg_dispatch p = {.step_s = 3600.0,
                         .steps = 1,
                         .zones = zones,
                         .zone_count = 3,
                         .links = links,
                         .link_count = 3,
                         .sources = sources,
                         .source_count = 6,
                         .shed = shed,
                         .shed_count = 3};
        double best = HUGE_VAL;
        for (int a = -(int)links[0].back_kw_max; a <= (int)links[0].forward_kw_max; a++) {
            for (int b = -(int)links[1].back_kw_max; b <= (int)links[1].forward_kw_max; b++) {
                for (int c = -(int)links[2].back_kw_max; c <= (int)links[2].forward_kw_max; c++) {
                    int need[] = {(int)load[0] + a + c, (int)load[1] - a + b, (int)load[2] - b - c};
                    double money = 0.0;
                    for (int zone = 0; zone < 3; zone++) {
                        /* what arrives beyond the load has nowhere to go */
                        money += need[zone] < 0
                                     ? HUGE_VAL
                                     : serve(need[zone], most + 2 * zone, cost + 2 * zone);
                    }
                    best = fmin(best, money);
                }
            }
        }
        sg_schedule r;
        solve(&p, &r);
        assert_int_equal(r.outcome, SG_SOLVED);
        expect_near(r.objective, best);
        expect_near(r.bound, best);
        assert_false(r.circulation[0]);
        sg_arena_free(&arena);
    }
}

/* ---- the same site with and without zones ------------------------------------------------------- */

enum { STEPS = 16 };

static double prices_apart(const sg_schedule *r)
{
    double worst = 0.0;
    for (int t = 0; t < STEPS; t++) {
        worst = fmax(worst, fabs(r->zone_price_per_kwh[0][t] - r->zone_price_per_kwh[1][t]));
    }
    return worst;
}

static void a_link_without_limit_and_loss_makes_two_zones_one(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        double load[STEPS], west[STEPS], east[STEPS], sun[STEPS], buy[STEPS], sell[STEPS],
            batch[STEPS], up[STEPS];
        for (int t = 0; t < STEPS; t++) {
            uint64_t at = seed * 100 + (uint64_t)t;
            load[t] = 40.0 + 50.0 * sg_prng_unit(31, at);
            west[t] = load[t] * sg_prng_unit(32, at);
            east[t] = load[t] - west[t];
            sun[t] = fmax(140.0 * sg_prng_unit(33, at) - 40.0, 0.0);
            buy[t] = 0.05 + 0.3 * sg_prng_unit(34, at);
            sell[t] = 0.7 * buy[t];
            batch[t] = 30.0;
            up[t] = 6.0;
        }
        sg_dispatch_source pv = {"pv", 0, sun, NULL};
        sg_dispatch_store bat = {.id = "bat",
                                 .energy_kwh_min = 4.0,
                                 .energy_kwh_max = 60.0,
                                 .charge_kw_max = 20.0,
                                 .discharge_kw_max = 25.0,
                                 .charge_eff = 0.94,
                                 .discharge_eff = 0.95,
                                 .initial_kwh = 20.0,
                                 .final_kwh_min = 15.0,
                                 .wear_cost_per_kwh = 0.01};
        sg_dispatch_shed shed = {"batch", 0, batch, 0.8};
        sg_dispatch_shiftable job = {"job", 0, 2, 13, 31.0, 12.0, 0.6};
        sg_dispatch_demand month = {0, STEPS, 0.4, 20.0};
        sg_dispatch one = {.step_s = 900.0,
                           .steps = STEPS,
                           .load_kw = load,
                           .grid = {.present = true,
                                    .import_kw_max = 90.0,
                                    .export_kw_max = 30.0,
                                    .import_price_per_kwh = buy,
                                    .export_price_per_kwh = sell,
                                    .ramp_kw_per_step = 40.0,
                                    .demand = &month,
                                    .demand_count = 1},
                           .sources = &pv,
                           .source_count = 1,
                           .stores = &bat,
                           .store_count = 1,
                           .shed = &shed,
                           .shed_count = 1,
                           .shiftable = &job,
                           .shiftable_count = 1,
                           .reserve_up_kw = up,
                           .reserve_duration_s = 900.0};
        sg_schedule alone, split;
        solve(&one, &alone);
        assert_int_equal(alone.outcome, SG_SOLVED);
        const sg_dispatch_zone zones[] = {{"west", west}, {"east", east}};
        const sg_dispatch_link tie = {"tie", 0, 1, HUGE_VAL, HUGE_VAL, 0.0};
        sg_dispatch two = one;
        two.load_kw = NULL;
        two.zones = zones;
        two.zone_count = 2;
        two.links = &tie;
        two.link_count = 1;
        two.grid.zone = 1;
        bat.zone = job.zone = 1;
        solve(&two, &split);
        assert_int_equal(split.outcome, SG_SOLVED);
        expect_near(split.objective, alone.objective);
        assert_true(split.relative_gap < slop && split.residual_kw < slop);
        assert_true(prices_apart(&split) < 10.0 * slop);
        for (int t = 0; t < STEPS; t++) {
            assert_false(split.circulation[t]);
        }
        sg_arena_free(&arena);
    }
}

/* ---- what gives way, and what is refused --------------------------------------------------------- */

static void a_shortage_names_its_zone(void **state)
{
    (void)state;
    pair site;
    sg_schedule r;
    make_pair(&site, 30.0, 0.1);
    site.most[1] = 10.0;
    solve(&site.problem, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    assert_int_equal(r.softened_count, 1);
    assert_string_equal(r.softened[0].constraint, "zones/east/balance");
    assert_int_equal(r.softened[0].step, 0);
    /* the second solve may give way by a millionth more than the nearest */
    assert_true(fabs(r.softened[0].amount_kw - (50.0 - 27.0 - 10.0)) < 1e-5);
    assert_true(fabs(r.link_forward_kw[0][0] - 30.0) < 1e-5);
    assert_true(isnan(r.zone_price_per_kwh[1][0]));
}

/* Paid to take power, a lossy link burns some by running both ways. It is told. */
static void running_both_ways_for_the_losses_is_circulation(void **state)
{
    (void)state;
    pair site;
    sg_schedule r;
    make_pair(&site, 100.0, 0.1);
    site.link.back_kw_max = 100.0;
    site.cost[0] = -0.2;
    solve(&site.problem, &r);
    assert_int_equal(r.outcome, SG_SOLVED);
    /* 100 kW sent at most: 90 arrive, 50 serve the east, 40 go back and are 36 in the west */
    expect_near(r.link_forward_kw[0][0], 100.0);
    expect_near(r.link_back_kw[0][0], 40.0);
    expect_near(r.source_kw[0][0], 20.0 + 100.0 - 36.0);
    assert_true(r.circulation[0]);
    site.cost[0] = 0.2;
    solve(&site.problem, &r);
    assert_false(r.circulation[0]);
}

static void malformed_zones_are_refused(void **state)
{
    (void)state;
    pair site;
    sg_schedule r;
    double load = 1.0;
    make_pair(&site, 30.0, 0.1);
    sg_dispatch good = site.problem, p = good;
    assert_int_equal(sg_dispatch_solve(&good, 0.0, &arena, &r), SG_OK);
    p.zone_count = 0;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    p = good;
    p.load_kw = &load; /* of which zone? */
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    p = good;
    p.zones = NULL; /* then there is no second zone */
    p.load_kw = &load;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    sg_dispatch_zone many[SG_DISPATCH_ZONE_MAX + 1];
    for (int i = 0; i <= SG_DISPATCH_ZONE_MAX; i++) {
        many[i] = site.zones[0];
    }
    p = good;
    p.zones = many;
    p.zone_count = SG_DISPATCH_ZONE_MAX;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_OK);
    p.zone_count++;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    const sg_dispatch_link LINKS[] = {
        {"l", 0, 0, 1.0, 1.0, 0.0},         {"l", 0, 2, 1.0, 1.0, 0.0},
        {"l", -1, 1, 1.0, 1.0, 0.0},        {"l", 0, 1, -1.0, 1.0, 0.0},
        {"l", 0, 1, 1.0, (double)NAN, 0.0}, {"l", 0, 1, 1.0, 1.0, 1.0},
        {"l", 0, 1, 1.0, 1.0, -0.1},        {"l", 0, 1, 1.0, 1.0, (double)NAN}};
    for (size_t i = 0; i < sizeof LINKS / sizeof *LINKS; i++) {
        p = good;
        p.links = &LINKS[i];
        assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
    }
    site.sources[1].zone = 2;
    assert_int_equal(sg_dispatch_solve(&good, 0.0, &arena, &r), SG_RANGE);
    site.sources[1].zone = 1;
    p = good;
    p.grid = (sg_dispatch_grid){.present = true, .zone = -1, .ramp_kw_per_step = HUGE_VAL};
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_of_a_free_link_differ_by_its_loss),
        cmocka_unit_test(a_full_link_earns_the_difference_of_prices),
        cmocka_unit_test(a_link_runs_back_as_well),
        cmocka_unit_test(three_zones_share_two_ways),
        cmocka_unit_test(equals_trying_every_flow_of_a_triangle),
        cmocka_unit_test(a_link_without_limit_and_loss_makes_two_zones_one),
        cmocka_unit_test(a_shortage_names_its_zone),
        cmocka_unit_test(running_both_ways_for_the_losses_is_circulation),
        cmocka_unit_test(malformed_zones_are_refused),
    };
    int failed = cmocka_run_group_tests_name("by the library", tests, NULL, free_arena);
    solver = SG_SOLVER_AUTO;
    slop = 1e-6;
    return failed + cmocka_run_group_tests_name("by whoever solves first", tests, NULL, free_arena);
}
