/* The planner's own solver: from nothing, from its last plan, and what it needs of memory. */
#include "base/clock.h"
#include "cli/bench.h"
#include "cli/bench_plan.h"
#include "plan/again.h"
#include "plan/arbitrage.h"
#include "plan/interior.h"
#include "plan/schedule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The solver in its block, and a schedule to fill. */
typedef struct bench_own {
    sg_interior *interior;
    void *block;
    sg_schedule schedule;
    sg_arena arena;
} bench_own;

static void bench_own_free(bench_own *self)
{
    free(self->block);
    sg_arena_free(&self->arena);
}

static sg_status bench_own_create(bench_own *self, const sg_dispatch *problem)
{
    size_t size = sg_interior_size(problem), rounded = (size + 63) & ~(size_t)63;
    *self = (bench_own){0};
    if (!size) {
        return SG_UNAVAILABLE;
    }
    self->block = aligned_alloc(64, rounded);
    if (self->block && sg_schedule_create(problem, &self->arena, &self->schedule) == SG_OK) {
        self->interior = sg_interior_create(problem, self->block, rounded);
    }
    if (!self->interior) {
        bench_own_free(self);
        return SG_NOMEM;
    }
    return SG_OK;
}

static double solve_s(bench_own *self, const sg_dispatch *problem, bool warm, sg_pool *pool,
                      sg_bench_answer *ret)
{
    sg_interior_options options = {.warm = warm, .pool = pool};
    double began_s = sg_clock_s();
    ret->outcome = sg_interior_solve(self->interior, problem, &options, &self->schedule);
    double took_s = sg_clock_s() - began_s;
    ret->objective = (double)NAN;
    if (ret->outcome == SG_SOLVED) {
        sg_schedule_finish(problem, &self->schedule);
        ret->objective = self->schedule.objective;
    }
    ret->iterations = self->schedule.iterations;
    return took_s;
}

sg_status sg_bench_call(const sg_dispatch *problem, sg_dispatch_solver solver, sg_pool *pool,
                        double *ret_s)
{
    sg_arena arena = {0};
    sg_schedule schedule;
    sg_dispatch_options options = {.solver = solver, .pool = pool};
    sg_status status = sg_dispatch_solve_with(problem, &options, &arena, &schedule);
    *ret_s = status == SG_OK ? schedule.solve_s : (double)NAN;
    sg_arena_free(&arena);
    return status;
}

sg_status sg_bench_own(const sg_bench_site *site, const sg_bench_effort *effort,
                       sg_bench_answer *ret)
{
    double alone_s[SG_BENCH_ROUND_MAX], all_s[SG_BENCH_ROUND_MAX], began_s = sg_clock_s();
    bench_own self;
    int done = 0;
    *ret = (sg_bench_answer){.solver = "own"};
    sg_status status = bench_own_create(&self, &site->problem);
    if (status != SG_OK) {
        return status;
    }
    while (status == SG_OK && done < effort->repeats &&
           (!done || sg_clock_s() - began_s < effort->seconds_max)) {
        alone_s[done] = solve_s(&self, &site->problem, false, effort->pool, ret);
        status = sg_bench_call(&site->problem, SG_SOLVER_OWN, effort->pool, &all_s[done++]);
    }
    bench_own_free(&self);
    if (status == SG_OK) {
        ret->repeats = done;
        ret->solve_s = sg_bench_median(alone_s, done);
        ret->call_s = sg_bench_median(all_s, done);
    }
    return status;
}

/* One whole call of the planner, which leaves its basis; the time of it. */
static sg_status planner_call(sg_again *again, const sg_dispatch *problem, double seconds_max,
                              double *ret_s)
{
    sg_arena arena = {0};
    sg_schedule schedule;
    sg_dispatch_options options = {
        .solver = SG_SOLVER_OWN, .seconds_max = seconds_max, .again = again};
    sg_status status = sg_dispatch_solve_with(problem, &options, &arena, &schedule);
    *ret_s = status == SG_OK ? schedule.solve_s : (double)NAN;
    sg_arena_free(&arena);
    return status;
}

/* The loads of the site into the model, whose first rows are the balances, and on from the basis of before. */
static double pivot_s(sg_again *again, const sg_bench_site *site, double seconds_max,
                      sg_lp_point *point, sg_bench_answer *ret)
{
    const sg_lp_model *m = sg_again_model(again);
    sg_pivot_options options = {.seconds_max = seconds_max};
    for (int t = 0; t < site->problem.steps; t++) {
        m->row_lower[t] = m->row_upper[t] = site->load_kw[t] / m->unit;
    }
    double began_s = sg_clock_s();
    ret->outcome = sg_pivot_solve(sg_again_pivot(again), &options, point);
    double took_s = sg_clock_s() - began_s;
    ret->objective = sg_bench_money(m, point->value, &site->problem);
    ret->iterations = point->iterations;
    return took_s;
}

/* From the problem in memory to a proved schedule, with what the call before left; the median of as many rounds. */
static sg_status call_again(sg_bench_site *site, int rounds, double *ret_s)
{
    double took_s[SG_BENCH_ROUND_MAX];
    sg_again *again = sg_again_create();
    sg_status status = again ? SG_OK : SG_NOMEM;
    for (int k = -1; k < rounds && status == SG_OK; k++) {
        double call_s;
        sg_bench_site_jitter(site, k < 0 ? rounds : k);
        status = planner_call(again, &site->problem, 0.0, &call_s);
        took_s[k < 0 ? 0 : k] = call_s;
    }
    *ret_s = status == SG_OK ? sg_bench_median(took_s, rounds) : (double)NAN;
    sg_again_free(again);
    return status;
}

/* Rounds by pivots alone, from the basis that a call has left. */
static sg_status rounds_again(sg_again *again, sg_bench_site *site, const sg_bench_effort *effort,
                              sg_bench_answer *ret)
{
    double took_s[SG_BENCH_ROUND_MAX], began_s = sg_clock_s();
    const sg_lp_model *m = sg_again_model(again);
    sg_lp_point point = {.value = calloc((size_t)m->column_count + 1, sizeof(double)),
                         .row_dual = calloc((size_t)m->row_count + 1, sizeof(double))};
    bool room = point.value && point.row_dual;
    int done = 0;
    while (room && done < effort->repeats &&
           (!done || sg_clock_s() - began_s < effort->seconds_max)) {
        sg_bench_site_jitter(site, done);
        took_s[done++] = pivot_s(again, site, effort->seconds_max, &point, ret);
    }
    ret->repeats = done;
    ret->solve_s = done ? sg_bench_median(took_s, done) : (double)NAN;
    free(point.value);
    free(point.row_dual);
    return room ? SG_OK : SG_NOMEM;
}

sg_status sg_bench_own_again(sg_bench_site *site, const sg_bench_effort *effort,
                             sg_bench_answer *ret)
{
    double first_s;
    sg_again *again = sg_again_create();
    *ret = (sg_bench_answer){
        .solver = "own", .solve_s = (double)NAN, .call_s = (double)NAN, .objective = (double)NAN};
    sg_status status =
        again ? planner_call(again, &site->problem, effort->seconds_max, &first_s) : SG_NOMEM;
    if (status == SG_OK && sg_again_pivot(again)) { /* else no basis in the time that there is */
        status = rounds_again(again, site, effort, ret);
    }
    sg_again_free(again);
    return status == SG_OK && ret->repeats ? call_again(site, ret->repeats, &ret->call_s) : status;
}

sg_status sg_bench_interior_again(sg_bench_site *site, const sg_bench_effort *effort,
                                  sg_bench_answer *ret)
{
    double took_s[SG_BENCH_ROUND_MAX];
    bench_own self;
    int done = 0;
    *ret = (sg_bench_answer){.solver = "own-interior"};
    sg_status status = bench_own_create(&self, &site->problem);
    if (status != SG_OK) {
        return status;
    }
    solve_s(&self, &site->problem, false, effort->pool, ret);
    double began_s = sg_clock_s();
    while (done < effort->repeats && (!done || sg_clock_s() - began_s < effort->seconds_max)) {
        sg_bench_site_jitter(site, done);
        took_s[done++] = solve_s(&self, &site->problem, true, effort->pool, ret);
    }
    bench_own_free(&self);
    ret->repeats = done;
    ret->solve_s = sg_bench_median(took_s, done);
    ret->call_s = (double)NAN;
    return SG_OK;
}

double sg_bench_own_bytes(const sg_dispatch *problem)
{
    size_t size = sg_interior_size(problem);
    return size ? (double)size : (double)NAN;
}

/* One store alone by merging slopes: the solve in memory that is there, and with everything it needs. */
static sg_status slope_merge(const sg_dispatch *problem, sg_bench_answer *ret, double *ret_solve_s,
                             double *ret_call_s)
{
    double began_s = sg_clock_s();
    sg_arena arena = {0};
    sg_schedule schedule;
    size_t size = sg_arbitrage_size(problem);
    void *memory = malloc(size);
    sg_status status = memory ? sg_schedule_create(problem, &arena, &schedule) : SG_NOMEM;
    double ready_s = sg_clock_s();
    if (status == SG_OK) {
        status = sg_arbitrage_solve(problem, memory, size, &schedule);
    }
    double done_s = sg_clock_s();
    if (status == SG_OK) {
        ret->outcome = schedule.outcome;
        ret->objective = schedule.objective;
        ret->iterations = schedule.iterations;
    }
    *ret_solve_s = done_s - ready_s;
    *ret_call_s = done_s - began_s;
    free(memory);
    sg_arena_free(&arena);
    return status;
}

sg_status sg_bench_slope(const sg_bench_site *site, const sg_bench_effort *effort,
                         sg_bench_answer *ret)
{
    double alone_s[SG_BENCH_ROUND_MAX], all_s[SG_BENCH_ROUND_MAX];
    sg_status status = SG_OK;
    int done = 0;
    *ret = (sg_bench_answer){.solver = "own"};
    while (status == SG_OK && done < effort->repeats) {
        status = slope_merge(&site->problem, ret, &alone_s[done], &all_s[done]);
        done++;
    }
    if (status == SG_OK) {
        ret->repeats = done;
        ret->solve_s = sg_bench_median(alone_s, done);
        ret->call_s = sg_bench_median(all_s, done);
    }
    return status;
}
