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
        cmocka_unit_test(highs_finds_the_same_where_python_has_it),
        cmocka_unit_test(a_missing_python_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
