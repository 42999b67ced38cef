/* Clp on the planner's programs: from nothing, and from the basis of a program with other loads. */
#include "base/clock.h"
#include "cli/bench.h"
#include "cli/bench_plan.h"
#include "plan/lp.h"
#include "plan/pivot.h"
#include "plan/program.h"

#include <Clp_C_Interface.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The program with Clp's model of it. */
typedef struct bench_clp {
    sg_program program;
    sg_arena scratch;
    Clp_Simplex *model;
} bench_clp;

static double clp_bound(double value)
{
    return isinf(value) ? copysign(DBL_MAX, value) : value;
}

static void bounds_of(const double *bound, size_t count, double *ret)
{
    for (size_t i = 0; i < count; i++) {
        ret[i] = clp_bound(bound[i]);
    }
}

/* Terms sorted into columns; the programs of bench_problem.h have none twice. */
static void sort_terms(const sg_lp *lp, int *start, int *row, double *value)
{
    for (size_t k = 0; k < lp->term_count; k++) {
        start[lp->term_column[k] + 2]++;
    }
    for (size_t j = 2; j < lp->column_count + 2; j++) {
        start[j] += start[j - 1];
    }
    for (size_t k = 0; k < lp->term_count; k++) {
        int at = start[lp->term_column[k] + 1]++;
        row[at] = lp->term_row[k];
        value[at] = lp->term_value[k];
    }
}

static bool load(const sg_lp *lp, Clp_Simplex *model)
{
    size_t columns = lp->column_count, rows = lp->row_count, terms = lp->term_count;
    int *start = calloc(columns + 2, sizeof *start), *row = malloc((terms + 1) * sizeof *row);
    double *value = malloc((terms + 1) * sizeof *value);
    double *bounds = malloc(2 * (columns + rows + 1) * sizeof *bounds);
    bool done = start && row && value && bounds;
    if (done) {
        double *lower = bounds, *upper = lower + columns, *row_lower = upper + columns;
        double *row_upper = row_lower + rows;
        sort_terms(lp, start, row, value);
        bounds_of(lp->column_lower, columns, lower);
        bounds_of(lp->column_upper, columns, upper);
        bounds_of(lp->row_lower, rows, row_lower);
        bounds_of(lp->row_upper, rows, row_upper);
        Clp_loadProblem(model, (int)columns, (int)rows, start, row, value, lower, upper,
                        lp->column_cost, row_lower, row_upper);
    }
    free(start);
    free(row);
    free(value);
    free(bounds);
    return done;
}

static void bench_clp_free(bench_clp *self)
{
    if (self->model) {
        Clp_deleteModel(self->model);
    }
    sg_lp_free(&self->program.lp);
    sg_arena_free(&self->scratch);
}

static sg_status bench_clp_create(bench_clp *self, const sg_dispatch *problem)
{
    *self = (bench_clp){0};
    sg_status status = sg_program_build(&self->program, problem, false, &self->scratch);
    self->model = status == SG_OK ? Clp_newModel() : NULL;
    if (!self->model || !load(&self->program.lp, self->model)) {
        bench_clp_free(self);
        return SG_NOMEM;
    }
    Clp_setLogLevel(self->model, 0);
    Clp_setPerturbation(self->model, 50); /* as plan/lp.c has it */
    return SG_OK;
}

/* Presolve and dual simplex, its best on most sizes. Returns the time. */
static double first_solve_s(bench_clp *self)
{
    Clp_Solve *options = ClpSolve_new();
    ClpSolve_setSolveType(options, 0, -1);
    ClpSolve_setPresolveType(options, 0, -1);
    ClpSolve_setSpecialOption(options, 2, 1, -1);
    double began_s = sg_clock_s();
    Clp_initialSolveWithOptions(self->model, options);
    double took_s = sg_clock_s() - began_s;
    ClpSolve_delete(options);
    return took_s;
}

static sg_outcome outcome_of(const bench_clp *self)
{
    int status = Clp_status(self->model);
    return status == 0   ? SG_SOLVED
           : status == 1 ? SG_INFEASIBLE
           : status == 2 ? SG_UNBOUNDED
           : status == 3 ? SG_LIMIT
                         : SG_NUMERIC;
}

static void answer_take(const bench_clp *self, const sg_dispatch *p, sg_bench_answer *ret)
{
    snprintf(ret->solver, sizeof ret->solver, "clp %s", Clp_Version());
    ret->outcome = outcome_of(self);
    ret->objective = Clp_objectiveValue(self->model) - sg_bench_paid_already(p);
    ret->iterations = Clp_numberIterations(self->model);
}

/* Clp's names for where a variable stands. */
static unsigned char status_of(signed char stand, double lower, double upper)
{
    enum { BASIC = 1, UPPER = 2, LOWER = 3 };
    bool low = stand == SG_AT_LOWER ? lower > -DBL_MAX : upper >= DBL_MAX;
    return stand == SG_BASIC ? BASIC : low ? LOWER : UPPER;
}

static bool copy_basis(Clp_Simplex *clp, const sg_lp_model *m, const signed char *stand)
{
    int columns = m->column_count, rows = m->row_count;
    unsigned char *status = malloc((size_t)columns + (size_t)rows + 1);
    for (int j = 0; status && j < columns; j++) {
        status[j] = status_of(stand[j], m->lower[j], m->upper[j]);
    }
    for (int i = 0; status && i < rows; i++) {
        status[columns + i] = status_of(stand[columns + i], m->row_lower[i], m->row_upper[i]);
    }
    if (status) {
        Clp_copyinStatus(clp, status);
    }
    free(status);
    return status != NULL;
}

sg_status sg_bench_clp_from(const sg_lp_model *m, const signed char *stand,
                            const sg_dispatch *problem, double seconds_max, sg_bench_answer *ret,
                            double *ret_s)
{
    bench_clp self = {.model = Clp_newModel()};
    *ret = (sg_bench_answer){.call_s = (double)NAN};
    if (!self.model) {
        return SG_NOMEM;
    }
    Clp_setLogLevel(self.model, 0);
    Clp_setPerturbation(self.model, 50); /* as plan/lp.c has it */
    Clp_setMaximumSeconds(self.model, seconds_max);
    Clp_loadProblem(self.model, m->column_count, m->row_count, m->start, m->index, m->value,
                    m->lower, m->upper, m->cost, m->row_lower, m->row_upper);
    bool copied = copy_basis(self.model, m, stand);
    double began_s = sg_clock_s();
    if (copied) {
        Clp_dual(self.model, 0);
    }
    *ret_s = sg_clock_s() - began_s;
    answer_take(&self, problem, ret);
    ret->objective = sg_bench_money(m, Clp_primalColumnSolution(self.model), problem);
    bench_clp_free(&self);
    return copied ? SG_OK : SG_NOMEM;
}

sg_status sg_bench_clp(const sg_bench_site *site, const sg_bench_effort *effort,
                       sg_bench_answer *ret)
{
    double solve_s[SG_BENCH_ROUND_MAX], all_s[SG_BENCH_ROUND_MAX];
    double began_s = sg_clock_s();
    sg_status status = SG_OK;
    int done = 0;
    *ret = (sg_bench_answer){0};
    while (status == SG_OK && done < effort->repeats &&
           (!done || sg_clock_s() - began_s < effort->seconds_max)) {
        bench_clp self;
        status = bench_clp_create(&self, &site->problem);
        if (status == SG_OK) {
            solve_s[done] = first_solve_s(&self);
            answer_take(&self, &site->problem, ret);
            bench_clp_free(&self);
            status = sg_bench_call(&site->problem, SG_SOLVER_CLP, NULL, &all_s[done++]);
        }
    }
    if (status == SG_OK) {
        ret->repeats = done;
        ret->solve_s = sg_bench_median(solve_s, done);
        ret->call_s = sg_bench_median(all_s, done);
    }
    return status;
}

static void move_loads(bench_clp *self, const sg_dispatch *p)
{
    double *lower = Clp_rowLower(self->model) + self->program.balance;
    double *upper = Clp_rowUpper(self->model) + self->program.balance;
    memcpy(lower, p->load_kw, (size_t)p->steps * sizeof *lower);
    memcpy(upper, p->load_kw, (size_t)p->steps * sizeof *upper);
}

sg_status sg_bench_clp_again(sg_bench_site *site, const sg_bench_effort *effort,
                             sg_bench_answer *ret)
{
    double solve_s[SG_BENCH_ROUND_MAX];
    bench_clp self;
    int done = 0;
    *ret = (sg_bench_answer){.call_s = (double)NAN};
    sg_status status = bench_clp_create(&self, &site->problem);
    if (status != SG_OK) {
        return status;
    }
    first_solve_s(&self);
    double began_s = sg_clock_s();
    while (done < effort->repeats && (!done || sg_clock_s() - began_s < effort->seconds_max)) {
        sg_bench_site_jitter(site, done);
        move_loads(&self, &site->problem);
        double again_s = sg_clock_s();
        Clp_dual(self.model, 0);
        solve_s[done++] = sg_clock_s() - again_s;
    }
    answer_take(&self, &site->problem, ret);
    bench_clp_free(&self);
    ret->repeats = done;
    ret->solve_s = sg_bench_median(solve_s, done);
    return SG_OK;
}
