/* The horizon moves on by a step: the planner and its peers from the same basis. */
#include "base/clock.h"
#include "cli/bench.h"
#include "cli/bench_plan.h"
#include "plan/again.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double FILE_BYTES_MAX = 64e6; /* of the programs that HiGHS reads */

typedef struct shift {
    sg_bench_site site;
    sg_again *again;
    sg_arena arena; /* of plan */
    sg_schedule plan;
    FILE *file; /* NULL = nobody reads it */
    double own_s[SG_BENCH_ROUND_MAX], call_s[SG_BENCH_ROUND_MAX], clp_s[SG_BENCH_ROUND_MAX];
    int own_count, clp_count;
    double clp_total_s;
} shift;

double sg_bench_money(const sg_lp_model *m, const double *value, const sg_dispatch *problem)
{
    double sum = 0.0;
    for (int j = 0; j < m->column_count; j++) {
        sum += m->cost[j] * value[j];
    }
    return sum * m->unit * m->price - sg_bench_paid_already(problem);
}

/* The next plan; that of before is gone. */
static sg_status plan_once(shift *self, double seconds_max)
{
    sg_dispatch_options options = {
        .solver = SG_SOLVER_OWN, .seconds_max = seconds_max, .again = self->again};
    sg_arena_free(&self->arena);
    return sg_dispatch_solve_with(&self->site.problem, &options, &self->arena, &self->plan);
}

static void take_own(shift *self, sg_bench_answer *ret)
{
    self->own_s[self->own_count] = sg_again_pivot_s(self->again);
    self->call_s[self->own_count++] = self->plan.solve_s;
    ret->outcome = self->plan.outcome;
    ret->objective = self->plan.objective;
    ret->iterations = self->plan.iterations;
}

/* The peers' turn on the program that the planner has just solved. */
static sg_status ask_peers(shift *self, const sg_bench_effort *effort, sg_bench_answer *ret_clp)
{
    const sg_lp_model *m = sg_again_model(self->again);
    const signed char *stand = sg_again_start(self->again);
    sg_status status = SG_OK;
    if (!m || !stand) {
        return SG_OK;
    }
    if (self->clp_total_s < effort->seconds_max) {
        double took_s;
        status =
            sg_bench_clp_from(m, stand, &self->site.problem, effort->seconds_max, ret_clp, &took_s);
        self->clp_s[self->clp_count++] = took_s;
        self->clp_total_s += took_s;
    }
    if (self->file && (double)ftell(self->file) < FILE_BYTES_MAX &&
        !sg_bench_highs_put(self->file, m, stand)) {
        status = SG_IO;
    }
    return status;
}

static sg_status run_rounds(shift *self, const sg_bench_effort *effort, bool peers,
                            sg_bench_answer *ret_own, sg_bench_answer *ret_clp)
{
    double began_s = sg_clock_s();
    sg_status status = plan_once(self, effort->seconds_max);
    for (int k = 0; k < effort->repeats && status == SG_OK && self->plan.outcome == SG_SOLVED;
         k++) {
        if (k && sg_clock_s() - began_s - self->clp_total_s > 2.0 * effort->seconds_max) {
            break;
        }
        sg_bench_site_step(&self->site, &self->plan);
        status = plan_once(self, effort->seconds_max);
        if (status == SG_OK) {
            take_own(self, ret_own);
            status = peers ? ask_peers(self, effort, ret_clp) : SG_OK;
        }
    }
    ret_own->repeats = self->own_count;
    ret_clp->repeats = self->clp_count;
    if (self->own_count) {
        ret_own->solve_s = sg_bench_median(self->own_s, self->own_count);
        ret_own->call_s = sg_bench_median(self->call_s, self->own_count);
    }
    if (self->clp_count) {
        ret_clp->solve_s = sg_bench_median(self->clp_s, self->clp_count);
    }
    return status;
}

static sg_status with_highs(shift *self, const char *path, const sg_bench_effort *effort,
                            sg_bench_answer ret[SG_BENCH_SHIFT_MAX], int *ret_count)
{
    sg_status status = run_rounds(self, effort, true, &ret[0], &ret[1]);
    if (status == SG_OK && fflush(self->file) != 0) {
        status = SG_IO;
    }
    *ret_count = 2;
    if (status == SG_OK && self->clp_count) {
        sg_status found = sg_bench_highs_from(path, &self->site.problem, effort, &ret[2]);
        *ret_count += found == SG_OK;
        status = found == SG_UNAVAILABLE ? SG_OK : found;
    }
    return status;
}

sg_status sg_bench_shift(int steps, int stores, const sg_bench_effort *effort, bool peers,
                         sg_bench_answer ret[SG_BENCH_SHIFT_MAX], int *ret_count)
{
    char path[] = "/tmp/symgrid-bench-XXXXXX";
    shift *self = calloc(1, sizeof *self);
    int fd = self && peers ? mkstemp(path) : -1;
    sg_status status =
        self ? sg_bench_site_create_ahead(steps, stores, effort->repeats, &self->site) : SG_NOMEM;
    for (int k = 0; k < SG_BENCH_SHIFT_MAX; k++) {
        ret[k] = (sg_bench_answer){.solve_s = (double)NAN, .call_s = (double)NAN};
    }
    snprintf(ret[0].solver, sizeof ret[0].solver, "own");
    snprintf(ret[1].solver, sizeof ret[1].solver, "clp");
    *ret_count = 1;
    if (status == SG_OK) {
        self->again = sg_again_create();
        self->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
        status = !self->again ? SG_NOMEM : peers && !self->file ? SG_IO : SG_OK;
    }
    if (status == SG_OK) {
        status = peers ? with_highs(self, path, effort, ret, ret_count)
                       : run_rounds(self, effort, false, &ret[0], &ret[1]);
    }
    if (self) {
        if (self->file) {
            fclose(self->file);
        }
        sg_again_free(self->again);
        sg_arena_free(&self->arena);
        sg_bench_site_free(&self->site);
    }
    if (fd >= 0) {
        remove(path);
    }
    free(self);
    return status;
}
