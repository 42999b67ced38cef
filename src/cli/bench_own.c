/* The planner's own solver: from nothing, from its last plan, and what it needs of memory. */
#include "cli/bench.h"
#include "cli/bench_plan.h"
#include "plan/interior.h"
#include "plan/schedule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        memset(self->block, 0, rounded); /* pages are there before the clock runs */
        self->interior = sg_interior_create(problem, self->block, rounded);
    }
    if (!self->interior) {
        bench_own_free(self);
        return SG_NOMEM;
    }
    return SG_OK;
}

static double solve_s(bench_own *self, const sg_dispatch *problem, bool warm, sg_bench_answer *ret)
{
    sg_interior_options options = {.warm = warm};
    double began_s = sg_bench_now_s();
    ret->outcome = sg_interior_solve(self->interior, problem, &options, &self->schedule);
    double took_s = sg_bench_now_s() - began_s;
    ret->objective = (double)NAN;
    if (ret->outcome == SG_SOLVED) {
        sg_schedule_finish(problem, &self->schedule);
        ret->objective = self->schedule.objective;
    }
    ret->iterations = self->schedule.iterations;
    return took_s;
}

sg_status sg_bench_call(const sg_dispatch *problem, sg_dispatch_solver solver, double *ret_s)
{
    sg_arena arena = {0};
    sg_schedule schedule;
    sg_dispatch_options options = {.solver = solver};
    sg_status status = sg_dispatch_solve_with(problem, &options, &arena, &schedule);
    *ret_s = status == SG_OK ? schedule.solve_s : (double)NAN;
    sg_arena_free(&arena);
    return status;
}

sg_status sg_bench_own(const sg_bench_site *site, const sg_bench_effort *effort,
                       sg_bench_answer *ret)
{
    double alone_s[SG_BENCH_ROUND_MAX], all_s[SG_BENCH_ROUND_MAX], began_s = sg_bench_now_s();
    bench_own self;
    int done = 0;
    *ret = (sg_bench_answer){.solver = "own"};
    sg_status status = bench_own_create(&self, &site->problem);
    if (status != SG_OK) {
        return status;
    }
    while (status == SG_OK && done < effort->repeats &&
           (!done || sg_bench_now_s() - began_s < effort->seconds_max)) {
        alone_s[done] = solve_s(&self, &site->problem, false, ret);
        status = sg_bench_call(&site->problem, SG_SOLVER_OWN, &all_s[done++]);
    }
    bench_own_free(&self);
    if (status == SG_OK) {
        ret->repeats = done;
        ret->solve_s = sg_bench_median(alone_s, done);
        ret->call_s = sg_bench_median(all_s, done);
    }
    return status;
}

sg_status sg_bench_own_again(sg_bench_site *site, const sg_bench_effort *effort,
                             sg_bench_answer *ret)
{
    double took_s[SG_BENCH_ROUND_MAX], began_s = sg_bench_now_s();
    bench_own self;
    int done = 0;
    *ret = (sg_bench_answer){.solver = "own"};
    sg_status status = bench_own_create(&self, &site->problem);
    if (status != SG_OK) {
        return status;
    }
    solve_s(&self, &site->problem, false, ret);
    while (done < effort->repeats && (!done || sg_bench_now_s() - began_s < effort->seconds_max)) {
        sg_bench_site_jitter(site, done);
        took_s[done++] = solve_s(&self, &site->problem, true, ret);
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
