/* What `symgrid bench plan` stands on: its programs, and answers of other solvers to the same ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/bench_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const sg_bench_effort ONCE = {.repeats = 1, .seconds_max = 60.0};

static void loads_move_by_one_percent_at_most_and_anew_each_round(void **state)
{
    (void)state;
    sg_bench_site site;
    double first[96], largest = 0.0;
    assert_int_equal(sg_bench_site_create(96, 2, &site), SG_OK);
    sg_bench_site_jitter(&site, 0);
    memcpy(first, site.load_kw, sizeof first);
    sg_bench_site_jitter(&site, 1);
    assert_memory_not_equal(first, site.load_kw, sizeof first);
    for (int t = 0; t < 96; t++) {
        largest = fmax(largest, fabs(first[t] / site.load_base_kw[t] - 1.0));
    }
    assert_true(largest > 0.008 && largest <= 0.01 + 1e-12);
    sg_bench_site_jitter(&site, 0);
    assert_memory_equal(first, site.load_kw, sizeof first);
    sg_bench_site_free(&site);
}

static void a_year_of_quarter_hours_has_a_demand_period_for_each_month(void **state)
{
    (void)state;
    sg_bench_site site;
    assert_int_equal(sg_bench_site_create(35040, 1, &site), SG_OK);
    const sg_dispatch_grid *g = &site.problem.grid;
    assert_true(site.problem.step_s == 900.0);
    assert_int_equal(g->demand_count, 12);
    assert_int_equal(g->demand[11].to, 35040);
    for (int m = 1; m < 12; m++) {
        assert_int_equal(g->demand[m].from, g->demand[m - 1].to);
    }
    sg_bench_site_free(&site);
}

static void expect_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-6 * fabs(wanted))) {
        print_error("%.12g, wanted %.12g\n", value, wanted);
        fail();
    }
}

static void solvers_find_the_same_cost_cold_and_again(void **state)
{
    (void)state;
    sg_bench_site site, moved;
    sg_bench_answer own, clp;
    assert_int_equal(sg_bench_site_create(48, 3, &site), SG_OK);
    assert_int_equal(sg_bench_site_create(48, 3, &moved), SG_OK);
    assert_int_equal(sg_bench_own(&site, &ONCE, &own), SG_OK);
    assert_int_equal(sg_bench_clp(&site, &ONCE, &clp), SG_OK);
    assert_true(own.repeats == 1 && clp.repeats == 1 && own.solve_s > 0.0 && clp.solve_s > 0.0);
    expect_near(own.objective, clp.objective);
    double cold = clp.objective;
    assert_int_equal(sg_bench_own_again(&moved, &ONCE, &own), SG_OK);
    assert_int_equal(sg_bench_clp_again(&moved, &ONCE, &clp), SG_OK);
    expect_near(own.objective, clp.objective);
    assert_true(fabs(clp.objective - cold) > 1e-6 * fabs(cold));
    sg_bench_site_free(&moved);
    sg_bench_site_free(&site);
}

/* Every step begins where the plan before left the site, and peers start from the basis that it left. */
static void a_horizon_that_moves_on_costs_the_same_by_all(void **state)
{
    (void)state;
    sg_bench_answer answers[SG_BENCH_SHIFT_MAX];
    int count = 0;
    const sg_bench_effort three = {.repeats = 3, .seconds_max = 60.0};
    assert_int_equal(sg_bench_shift(96, 4, &three, true, answers, &count), SG_OK);
    assert_in_range(count, 2, SG_BENCH_SHIFT_MAX);
    for (int k = 0; k < count; k++) {
        assert_int_equal(answers[k].repeats, 3);
        assert_int_equal(answers[k].outcome, SG_SOLVED);
        assert_true(answers[k].solve_s > 0.0);
        expect_near(answers[k].objective, answers[1].objective);
    }
    assert_true(answers[0].call_s > answers[0].solve_s);
    assert_int_equal(sg_bench_shift(96, 4, &three, false, answers, &count), SG_OK);
    assert_int_equal(count, 1);
}

static void a_step_later_the_site_is_where_its_plan_was(void **state)
{
    (void)state;
    sg_bench_site site, late;
    sg_arena arena = {0};
    sg_schedule plan;
    assert_int_equal(sg_bench_site_create_ahead(3000, 2, 1, &site), SG_OK);
    assert_int_equal(sg_bench_site_create(3000, 2, &late), SG_OK);
    assert_int_equal(sg_dispatch_solve(&site.problem, 0.0, &arena, &plan), SG_OK);
    assert_int_equal(site.problem.grid.demand_count, 2);
    assert_int_equal(site.demand[0].to, 2920);
    sg_bench_site_step(&site, &plan);
    assert_memory_equal(site.problem.load_kw, late.problem.load_kw + 1, 2999 * sizeof(double));
    assert_memory_equal(site.problem.grid.export_price_per_kwh,
                        late.problem.grid.export_price_per_kwh + 1, 2999 * sizeof(double));
    assert_true(site.stores[1].initial_kwh == plan.energy_kwh[1][1]);
    assert_true(site.problem.grid.initial_net_given);
    assert_true(site.problem.grid.initial_net_kw == plan.import_kw[0] - plan.export_kw[0]);
    assert_true(site.demand[0].peak_so_far_kw == fmax(1500.0, plan.import_kw[0]));
    assert_true(site.demand[1].peak_so_far_kw == 1500.0);
    assert_int_equal(site.demand[0].to, 2919);
    assert_int_equal(site.demand[1].from, 2919);
    assert_int_equal(site.demand[1].to, 3000);
    assert_true(site.problem.start_us == (int64_t)(site.problem.step_s * 1e6));
    sg_arena_free(&arena);
    sg_bench_site_free(&late);
    sg_bench_site_free(&site);
}

/* HiGHS sees the program as a file and runs in another process. */
static void highs_finds_the_same_where_python_has_it(void **state)
{
    (void)state;
    sg_bench_site site;
    sg_bench_answer clp, cold[SG_BENCH_HIGHS_MAX], again;
    int count;
    assert_int_equal(sg_bench_arbitrage_create(48, &site), SG_OK);
    sg_status status = sg_bench_highs(&site, &ONCE, 1, cold, &count, &again);
    if (status == SG_UNAVAILABLE) {
        sg_bench_site_free(&site);
        print_message("no python3 with highspy or scipy\n");
        skip();
    }
    assert_int_equal(status, SG_OK);
    sg_bench_site_free(&site);
    assert_int_equal(sg_bench_arbitrage_create(48, &site), SG_OK);
    assert_int_equal(sg_bench_clp(&site, &ONCE, &clp), SG_OK);
    assert_int_equal(count, 2);
    for (int k = 0; k < count; k++) {
        assert_int_equal(cold[k].outcome, SG_SOLVED);
        expect_near(cold[k].objective, clp.objective);
    }
    sg_bench_site_free(&site);
}

/* No Python in the folder that the PATH names. */
static void a_missing_python_is_said_so(void **state)
{
    (void)state;
    sg_bench_site site;
    sg_bench_answer cold[SG_BENCH_HIGHS_MAX], again;
    int count;
    const char *path = getenv("PATH");
    char *before = strdup(path ? path : "");
    assert_non_null(before);
    assert_int_equal(sg_bench_site_create(4, 1, &site), SG_OK);
    setenv("PATH", "/nowhere", 1);
    sg_status status = sg_bench_highs(&site, &ONCE, 0, cold, &count, &again);
    setenv("PATH", before, 1);
    free(before);
    assert_int_equal(status, SG_UNAVAILABLE);
    sg_bench_site_free(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_move_by_one_percent_at_most_and_anew_each_round),
        cmocka_unit_test(a_year_of_quarter_hours_has_a_demand_period_for_each_month),
        cmocka_unit_test(solvers_find_the_same_cost_cold_and_again),
        cmocka_unit_test(a_horizon_that_moves_on_costs_the_same_by_all),
        cmocka_unit_test(a_step_later_the_site_is_where_its_plan_was),
        cmocka_unit_test(highs_finds_the_same_where_python_has_it),
        cmocka_unit_test(a_missing_python_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
