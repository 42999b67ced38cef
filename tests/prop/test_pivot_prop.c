/* Programs drawn at random, changed a little and solved again from the basis of before: against the library's simplex from
 * nothing, with limits, prices and complementarity measured on the numbers of the program and not on what the solver says.
 *
 * usage: test_prop_pivot_prop                400 programs, or 20,000 with SYMGRID_PROP_FULL=1
 *        test_prop_pivot_prop COUNT FIRST    programs of the seeds FIRST, FIRST + 1, ...
 *
 * ctest: timeout=300 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dispatch_check.h"
#include "plan/pivot.h"
#include "plan/program.h"
#include "random_dispatch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAMS = 400, PROGRAMS_FULL = 20000, CHANGES = 4 };

/* What is the same program after a change, and what is not the same day any more. */
typedef enum change { LOADS, PRICES, BOUNDS, SHIFT, CHANGE_COUNT } change;

static const char *const CHANGE_NAMES[] = {"loads", "prices", "bounds", "shift"};

/* Of the programs' magnitudes: bounds are about 2^8 and costs about 2 after scaling. */
static const double FEASIBLE = 1e-7, DUAL = 1e-7, OBJECTIVE = 1e-7;

typedef struct tally {
    long asked[CHANGE_COUNT], gave_up[CHANGE_COUNT], pivots[CHANGE_COUNT], wrong;
    uint64_t seed;
} tally;

/* ---- the program and its answers ---------------------------------------------------------------- */

typedef struct bench {
    sg_lp lp;
    sg_lp_model model;
    sg_pivot *pivot;
    void *block;
    double *value, *dual;
} bench;

/* The program, written out and scaled, with a simplex for it. */
static void bench_open(bench *self, const sg_dispatch *p)
{
    sg_program program = {0};
    sg_arena scratch = {0};
    assert_int_equal(sg_program_build(&program, p, false, &scratch), SG_OK);
    self->lp = program.lp;
    assert_int_equal(sg_lp_model_build(&self->model, &self->lp), SG_OK);
    size_t size = sg_pivot_size(&self->model);
    self->block = malloc(size);
    self->pivot = sg_pivot_create(&self->model, self->block, size);
    self->value = calloc(self->lp.column_count + 1, sizeof *self->value);
    self->dual = calloc(self->lp.row_count + 1, sizeof *self->dual);
    assert_non_null(self->pivot);
    sg_arena_free(&scratch);
}

static void bench_close(bench *self)
{
    sg_lp_free(&self->lp);
    sg_lp_model_free(&self->model);
    free(self->block);
    free(self->value);
    free(self->dual);
}

static sg_outcome solve(bench *self, int64_t *ret_pivots)
{
    sg_pivot_options options = {0};
    sg_lp_point point = {.value = self->value, .row_dual = self->dual};
    sg_outcome outcome = sg_pivot_solve(self->pivot, &options, &point);
    *ret_pivots = point.iterations;
    return outcome;
}

static bool reports(tally *self, const char *what, double miss, double most)
{
    if (miss <= most) {
        return false;
    }
    print_error("seed %llu: %s %.3g\n", (unsigned long long)self->seed, what, miss);
    self->wrong++;
    return true;
}

/* How far a price pulls against a bound that does not hold it: what is not at its lower bound must not have a price
 * above zero, what is not at its upper none below. */
static double pull(double value, double lower, double upper, double reduced)
{
    double room = reduced > 0.0 ? value - lower : upper - value;
    return fmin(fabs(reduced), room);
}

/* Limits, rows, prices and complementarity of the scaled program, all from its cells. */
static void check_point(tally *t, const bench *b)
{
    const sg_lp_model *m = &b->model;
    double *sum = calloc((size_t)m->row_count + 1, sizeof *sum);
    double outside = 0.0, against = 0.0;
    for (int j = 0; j < m->column_count; j++) {
        double reduced = m->cost[j], size = fabs(m->cost[j]) + 1.0, v = b->value[j];
        for (int k = m->start[j]; k < m->start[j + 1]; k++) {
            sum[m->index[k]] += m->value[k] * v;
            reduced -= m->value[k] * b->dual[m->index[k]];
            size += fabs(m->value[k] * b->dual[m->index[k]]);
        }
        outside = fmax(outside, fmax(m->lower[j] - v, v - m->upper[j]));
        against = fmax(against, pull(v, m->lower[j], m->upper[j], reduced) / size);
    }
    for (int i = 0; i < m->row_count; i++) {
        double low = m->row_lower[i], high = m->row_upper[i], size = 1.0 + fabs(sum[i]);
        outside = fmax(outside, fmax(low - sum[i], sum[i] - high) / size);
        against = fmax(against, pull(sum[i], low, high, b->dual[i]) / size);
    }
    reports(t, "a limit is missed by", outside, FEASIBLE * 256.0);
    reports(t, "a price pulls by", against, DUAL * 256.0);
    free(sum);
}

/* The library's word on the program as it stands: NAN where it has no solution. */
static double reference(const bench *b, double *ret_money)
{
    sg_lp lp = b->lp;
    sg_lp_result result = {0};
    double objective = (double)NAN;
    *ret_money = 0.0;
    assert_int_equal(sg_lp_solve(&lp, SG_LP_CLP, 0.0, &result), SG_OK);
    if (result.outcome == SG_SOLVED) {
        objective = result.objective;
        for (size_t j = 0; j < lp.column_count; j++) {
            *ret_money += fabs(lp.column_cost[j] * result.value[j]);
        }
    }
    sg_lp_result_free(&result);
    return objective;
}

/* ---- changes ------------------------------------------------------------------------------------ */

static double either_way(draws *d, double most)
{
    return 1.0 + most * (2.0 * draw_unit(d) - 1.0);
}

static void change_loads(random_dispatch *site)
{
    sg_dispatch *p = &site->problem;
    for (int t = 0; t < p->steps; t++) {
        site->load[t] *= either_way(&site->draw, 0.01);
        for (int z = 0; z < DRAW_ZONES; z++) {
            site->zone_load[z][t] *= either_way(&site->draw, 0.01);
        }
    }
}

static void change_prices(random_dispatch *site)
{
    for (int t = 0; t < site->problem.steps; t++) {
        double factor = either_way(&site->draw, 0.1);
        site->buy[t] *= factor;
        site->sell[t] *= factor;
    }
}

static void change_bounds(random_dispatch *site)
{
    sg_dispatch *p = &site->problem;
    for (int s = 0; s < p->source_count; s++) {
        for (int t = 0; t < p->steps; t++) {
            site->available[s][t] *= either_way(&site->draw, 0.1);
        }
    }
    for (int s = 0; s < p->store_count; s++) {
        sg_dispatch_store *d = &site->stores[s];
        d->charge_kw_max *= either_way(&site->draw, 0.1);
        d->initial_kwh += 0.05 * draw_unit(&site->draw) * (d->energy_kwh_max - d->initial_kwh);
    }
}

/* One step later: every series moves up, its end repeats. */
static void move_up(double *series, int steps)
{
    memmove(series, series + 1, (size_t)(steps - 1) * sizeof *series);
}

static void change_shift(random_dispatch *site)
{
    int steps = site->problem.steps;
    double *const all[] = {site->load, site->buy, site->sell};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        move_up(all[k], steps);
    }
    for (int z = 0; z < DRAW_ZONES; z++) {
        move_up(site->zone_load[z], steps);
    }
    for (int s = 0; s < DRAW_SOURCES; s++) {
        move_up(site->available[s], steps);
    }
    change_loads(site);
}

static void apply(random_dispatch *site, change what)
{
    static void (*const CHANGE[])(random_dispatch *) = {change_loads, change_prices, change_bounds,
                                                        change_shift};
    CHANGE[what](site);
}

/* The changed numbers into the model whose matrix stays; false where it did not. */
static bool load_again(bench *b, const sg_dispatch *p)
{
    sg_program program = {0};
    sg_arena scratch = {0};
    assert_int_equal(sg_program_build(&program, p, false, &scratch), SG_OK);
    bool same = program.lp.term_count == b->lp.term_count &&
                program.lp.column_count == b->lp.column_count &&
                program.lp.row_count == b->lp.row_count;
    sg_lp_free(&b->lp);
    b->lp = program.lp;
    if (same) {
        sg_lp_model_load(&b->model, &b->lp);
    }
    sg_arena_free(&scratch);
    return same;
}

static void one_change(tally *t, bench *b, random_dispatch *site, change what)
{
    int64_t pivots = 0;
    double money = 0.0;
    apply(site, what);
    if (!load_again(b, &site->problem)) {
        return;
    }
    double expected = reference(b, &money);
    sg_outcome outcome = solve(b, &pivots);
    if (isnan(expected)) {
        if (outcome == SG_SOLVED) {
            /* within its tolerances it may have found one where the library has none */
            check_point(t, b);
        }
        return;
    }
    t->asked[what]++;
    t->gave_up[what] += outcome != SG_SOLVED;
    t->pivots[what] += pivots;
    if (outcome == SG_SOLVED) {
        double objective = 0.0;
        for (size_t j = 0; j < b->lp.column_count; j++) {
            objective += b->lp.column_cost[j] * b->value[j] * b->model.unit;
        }
        double nothing = b->model.unit * b->model.price; /* one of each, after scaling */
        double off = fabs(objective - expected) / fmax(money, nothing);
        check_point(t, b);
        reports(t, CHANGE_NAMES[what], off, OBJECTIVE);
    }
}

static void one_program(tally *t, uint64_t seed)
{
    static random_dispatch site;
    bench b = {0};
    int64_t pivots = 0;
    t->seed = seed;
    random_dispatch_draw(&site, (draws){.seed = seed});
    bench_open(&b, &site.problem);
    if (b.lp.column_count > 0 && b.lp.row_count > 0) {
        (void)solve(&b, &pivots);
        for (int k = 0; k < CHANGES; k++) {
            one_change(t, &b, &site, (change)((seed + (uint64_t)k) % CHANGE_COUNT));
        }
    }
    bench_close(&b);
}

static long count_asked = PROGRAMS;
static uint64_t first_asked = 1;

/* ---- one memory for plans of any shape ---------------------------------------------------------- */

static void plan_again(tally *t, const sg_dispatch *p, sg_again *again)
{
    sg_arena arena = {0};
    sg_schedule tested, expected;
    char text[300] = "";
    sg_dispatch_options options = {.again = again}, by_library = {.solver = SG_SOLVER_CLP};
    assert_int_equal(sg_dispatch_solve_with(p, &options, &arena, &tested), SG_OK);
    assert_int_equal(sg_dispatch_solve_with(p, &by_library, &arena, &expected), SG_OK);
    dispatch_verdict verdict = dispatch_compare(p, &tested, &expected, text, sizeof text);
    bool gave_up = verdict == DISPATCH_GAVE_UP && !dispatch_gave_up(&expected);
    if (verdict == DISPATCH_WRONG || gave_up) {
        print_error("seed %llu: %s: %s\n", (unsigned long long)t->seed, tested.solver, text);
        t->wrong++;
    }
    if (expected.outcome == SG_SOLVED) {
        t->asked[SHIFT]++;
        t->gave_up[SHIFT] += strcmp(tested.solver, "pivot") != 0;
    }
    sg_arena_free(&arena);
}

/* A program, the same a step and two later, and then one of another shape. */
static void test_one_memory_serves_any_plan(void **state)
{
    (void)state;
    static random_dispatch site;
    tally t = {0};
    sg_again *again = sg_again_create();
    assert_non_null(again);
    for (long k = 0; k < count_asked / 4; k++) {
        t.seed = first_asked + (uint64_t)k;
        random_dispatch_draw(&site, (draws){.seed = t.seed});
        plan_again(&t, &site.problem, again);
        for (int step = 0; step < 2; step++) {
            site.problem.start_us += (int64_t)(site.problem.step_s * 1e6);
            change_shift(&site);
            plan_again(&t, &site.problem, again);
        }
    }
    print_message("%ld plans, %ld left to another solver\n", t.asked[SHIFT], t.gave_up[SHIFT]);
    assert_true(t.asked[SHIFT] > count_asked / 4);
    assert_true(t.gave_up[SHIFT] * 20 < t.asked[SHIFT]);
    assert_int_equal(t.wrong, 0);
    sg_again_free(again);
}

static void test_changed_programs_end_where_the_library_does(void **state)
{
    (void)state;
    tally t = {0};
    for (long k = 0; k < count_asked; k++) {
        one_program(&t, first_asked + (uint64_t)k);
    }
    for (int c = 0; c < CHANGE_COUNT; c++) {
        print_message("%s: %ld asked, %ld given up, %.1f pivots\n", CHANGE_NAMES[c], t.asked[c],
                      t.gave_up[c], (double)t.pivots[c] / (double)(t.asked[c] ? t.asked[c] : 1));
        assert_true(t.asked[c] > count_asked / 4);
        assert_true(t.gave_up[c] * 20 < t.asked[c]);
    }
    assert_int_equal(t.wrong, 0);
}

int main(int argc, char **argv)
{
    const char *full = getenv("SYMGRID_PROP_FULL");
    count_asked = argc > 1 ? atol(argv[1]) : full && *full == '1' ? PROGRAMS_FULL : PROGRAMS;
    first_asked = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed_programs_end_where_the_library_does),
        cmocka_unit_test(test_one_memory_serves_any_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
