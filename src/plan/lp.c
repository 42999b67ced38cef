#include "plan/lp.h"

#include <Clp_C_Interface.h>

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A point counts as feasible within this share of the program's typical magnitude (see scale_of).
 * */
static const double FEASIBLE_TOLERANCE = 1e-7;

static bool grow(void **array, size_t item_size, size_t size)
{
    void *bigger = realloc(*array, item_size * size);
    if (bigger) {
        *array = bigger;
    }
    return bigger != NULL;
}

static bool grow_doubles(double **array, size_t size)
{
    void *block = *array;
    bool done = grow(&block, sizeof **array, size);
    *array = block;
    return done;
}

static bool grow_ints(int32_t **array, size_t size)
{
    void *block = *array;
    bool done = grow(&block, sizeof **array, size);
    *array = block;
    return done;
}

/* The next size of a full table, or 0 when the solver's ints could not count it. */
static size_t next_size(size_t size)
{
    size_t next = size ? size * 2 : 1024;
    return next > INT_MAX / 2 ? 0 : next;
}

int sg_lp_column(sg_lp *self, double cost, double lower, double upper)
{
    if (self->column_count == self->column_size) {
        size_t size = next_size(self->column_size);
        if (!size || !grow_doubles(&self->column_cost, size) ||
            !grow_doubles(&self->column_lower, size) || !grow_doubles(&self->column_upper, size)) {
            self->failed = true;
            return 0;
        }
        self->column_size = size;
    }
    size_t at = self->column_count++;
    self->column_cost[at] = cost;
    self->column_lower[at] = lower;
    self->column_upper[at] = upper;
    return (int)at;
}

int sg_lp_row(sg_lp *self, double lower, double upper)
{
    if (self->row_count == self->row_size) {
        size_t size = next_size(self->row_size);
        if (!size || !grow_doubles(&self->row_lower, size) ||
            !grow_doubles(&self->row_upper, size)) {
            self->failed = true;
            return 0;
        }
        self->row_size = size;
    }
    size_t at = self->row_count++;
    self->row_lower[at] = lower;
    self->row_upper[at] = upper;
    return (int)at;
}

void sg_lp_term(sg_lp *self, int row, int column, double value)
{
    if (self->term_count == self->term_size) {
        size_t size = next_size(self->term_size);
        if (!size || !grow_doubles(&self->term_value, size) || !grow_ints(&self->term_row, size) ||
            !grow_ints(&self->term_column, size)) {
            self->failed = true;
            return;
        }
        self->term_size = size;
    }
    size_t at = self->term_count++;
    self->term_row[at] = row;
    self->term_column[at] = column;
    self->term_value[at] = value;
}

void sg_lp_free(sg_lp *self)
{
    free(self->column_cost);
    free(self->column_lower);
    free(self->column_upper);
    free(self->row_lower);
    free(self->row_upper);
    free(self->term_value);
    free(self->term_row);
    free(self->term_column);
    *self = (sg_lp){0};
}

/* The program as the solver wants it: columns of terms, finite infinities, scaled. */
typedef struct model {
    int *start, *index;
    double *value, *lower, *upper, *cost, *row_lower, *row_upper;
    double unit;  /* of the columns and right-hand sides; a power of two */
    double price; /* of the costs; a power of two                         */
} model;

static void model_free(model *self)
{
    free(self->start);
    free(self->index);
    free(self->value);
    free(self->lower);
    free(self->upper);
    free(self->cost);
    free(self->row_lower);
    free(self->row_upper);
}

typedef struct magnitude {
    int64_t exponents;
    int64_t count;
} magnitude;

static void magnitude_add(magnitude *self, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i] != 0.0 && isfinite(values[i])) {
            int exponent;
            frexp(values[i], &exponent);
            self->exponents += exponent;
            self->count++;
        }
    }
}

/* The power of two that brings the geometric mean to the target: one absurd value among thousands
 * moves it little, which a maximum would not withstand. */
static double magnitude_scale(const magnitude *self, int target_exponent)
{
    if (!self->count) {
        return 1.0;
    }
    double mean = (double)self->exponents / (double)self->count;
    return ldexp(1.0, (int)floor(mean + 0.5) - target_exponent);
}

static double scaled_bound(double value, double unit)
{
    return isinf(value) ? copysign(DBL_MAX, value) : value / unit;
}

static void model_scale(model *self, const sg_lp *lp)
{
    magnitude bounds = {0}, costs = {0};
    magnitude_add(&bounds, lp->column_lower, lp->column_count);
    magnitude_add(&bounds, lp->column_upper, lp->column_count);
    magnitude_add(&bounds, lp->row_lower, lp->row_count);
    magnitude_add(&bounds, lp->row_upper, lp->row_count);
    magnitude_add(&costs, lp->column_cost, lp->column_count);
    self->unit = magnitude_scale(&bounds, 8);
    self->price = magnitude_scale(&costs, 1);
    for (size_t j = 0; j < lp->column_count; j++) {
        self->lower[j] = scaled_bound(lp->column_lower[j], self->unit);
        self->upper[j] = scaled_bound(lp->column_upper[j], self->unit);
        self->cost[j] = lp->column_cost[j] / self->price;
    }
    for (size_t i = 0; i < lp->row_count; i++) {
        self->row_lower[i] = scaled_bound(lp->row_lower[i], self->unit);
        self->row_upper[i] = scaled_bound(lp->row_upper[i], self->unit);
    }
}

/* Counting sort of the terms by column; equal cells are merged because the solver refuses
 * duplicates. */
static void model_columns(model *self, const sg_lp *lp, int *last_seen)
{
    size_t columns = lp->column_count;
    memset(self->start, 0, (columns + 1) * sizeof *self->start);
    for (size_t k = 0; k < lp->term_count; k++) {
        self->start[lp->term_column[k] + 1]++;
    }
    for (size_t j = 0; j < columns; j++) {
        self->start[j + 1] += self->start[j];
    }
    for (size_t k = 0; k < lp->term_count; k++) {
        int at = self->start[lp->term_column[k]]++;
        self->index[at] = lp->term_row[k];
        self->value[at] = lp->term_value[k];
    }
    for (size_t i = 0; i < lp->row_count; i++) {
        last_seen[i] = -1;
    }
    int out = 0, from = 0;
    for (size_t j = 0; j < columns; j++) {
        int to = self->start[j]; /* the fill above moved each start to the next column's */
        int begin = out;
        for (int k = from; k < to; k++) {
            int row = self->index[k];
            if (last_seen[row] >= begin) {
                self->value[last_seen[row]] += self->value[k];
            } else {
                last_seen[row] = out;
                self->index[out] = row;
                self->value[out++] = self->value[k];
            }
        }
        from = to;
        self->start[j] = begin;
    }
    self->start[columns] = out;
}

static sg_status model_build(model *self, const sg_lp *lp)
{
    size_t columns = lp->column_count, rows = lp->row_count, terms = lp->term_count;
    *self = (model){.unit = 1.0, .price = 1.0};
    int *last_seen = malloc((rows + 1) * sizeof *last_seen);
    self->start = malloc((columns + 2) * sizeof *self->start);
    self->index = malloc((terms + 1) * sizeof *self->index);
    self->value = malloc((terms + 1) * sizeof *self->value);
    self->lower = malloc((columns + 1) * sizeof *self->lower);
    self->upper = malloc((columns + 1) * sizeof *self->upper);
    self->cost = malloc((columns + 1) * sizeof *self->cost);
    self->row_lower = malloc((rows + 1) * sizeof *self->row_lower);
    self->row_upper = malloc((rows + 1) * sizeof *self->row_upper);
    bool done = last_seen && self->start && self->index && self->value && self->lower &&
                self->upper && self->cost && self->row_lower && self->row_upper;
    if (done) {
        model_columns(self, lp, last_seen);
        model_scale(self, lp);
    } else {
        model_free(self);
    }
    free(last_seen);
    return done ? SG_OK : SG_NOMEM;
}

/* Largest distance of the point from a row or bound, in the caller's units; row_sum is scratch. */
static double violation_of(const sg_lp *lp, const double *value, double *row_sum)
{
    double worst = 0.0;
    memset(row_sum, 0, lp->row_count * sizeof *row_sum);
    for (size_t k = 0; k < lp->term_count; k++) {
        row_sum[lp->term_row[k]] += lp->term_value[k] * value[lp->term_column[k]];
    }
    for (size_t i = 0; i < lp->row_count; i++) {
        worst = fmax(worst, fmax(lp->row_lower[i] - row_sum[i], row_sum[i] - lp->row_upper[i]));
    }
    for (size_t j = 0; j < lp->column_count; j++) {
        worst = fmax(worst, fmax(lp->column_lower[j] - value[j], value[j] - lp->column_upper[j]));
    }
    return worst;
}

/* Duals that point at an absent side of a row are dropped; the reduced costs follow from the rest. */
static void find_reduced_costs(const sg_lp *lp, sg_lp_result *ret)
{
    for (size_t i = 0; i < lp->row_count; i++) {
        double side = ret->row_dual[i] > 0.0 ? lp->row_lower[i] : lp->row_upper[i];
        if (isinf(side)) {
            ret->row_dual[i] = 0.0;
        }
    }
    memcpy(ret->reduced_cost, lp->column_cost, lp->column_count * sizeof *ret->reduced_cost);
    for (size_t k = 0; k < lp->term_count; k++) {
        ret->reduced_cost[lp->term_column[k]] -= lp->term_value[k] * ret->row_dual[lp->term_row[k]];
    }
}

static sg_outcome outcome_of(int status)
{
    switch (status) {
    case 0:
        return SG_SOLVED;
    case 1:
        return SG_INFEASIBLE;
    case 2:
        return SG_UNBOUNDED;
    case 3:
        return SG_LIMIT;
    default:
        return SG_NUMERIC;
    }
}

/* Bring the solver's point back to the caller's units, inside the column bounds, and measure it. */
static void result_take(const sg_lp *lp, const model *m, Clp_Simplex *solver, double *scratch,
                        sg_lp_result *ret)
{
    const double *value = Clp_primalColumnSolution(solver);
    const double *dual = Clp_dualRowSolution(solver);
    ret->objective = 0.0;
    for (size_t j = 0; j < lp->column_count; j++) {
        double x = value[j] * m->unit;
        ret->value[j] = x < lp->column_lower[j]   ? lp->column_lower[j]
                        : x > lp->column_upper[j] ? lp->column_upper[j]
                                                  : x;
        ret->objective += lp->column_cost[j] * ret->value[j];
    }
    for (size_t i = 0; i < lp->row_count; i++) {
        ret->row_dual[i] = dual[i] * m->price;
    }
    /* the scaling put typical values at 2^8 units */
    ret->feasible = violation_of(lp, ret->value, scratch) <= FEASIBLE_TOLERANCE * m->unit * 256.0;
    find_reduced_costs(lp, ret);
}

static void solve_model(const sg_lp *lp, const model *m, double seconds_max, double *scratch,
                        Clp_Simplex *solver, Clp_Solve *options, sg_lp_result *ret)
{
    Clp_setLogLevel(solver, 0);
    /* always perturb: schedules are degenerate, and this measured a quarter faster on a year than
     * on demand */
    Clp_setPerturbation(solver, 50);
    Clp_loadProblem(solver, (int)lp->column_count, (int)lp->row_count, m->start, m->index, m->value,
                    m->lower, m->upper, m->cost, m->row_lower, m->row_upper);
    if (seconds_max > 0.0) {
        Clp_setMaximumSeconds(solver, seconds_max);
    }
    ClpSolve_setSolveType(options, 0, -1);        /* dual simplex */
    ClpSolve_setPresolveType(options, 0, -1);     /* on           */
    ClpSolve_setSpecialOption(options, 2, 1, -1); /* no signal handlers of its own */
    Clp_initialSolveWithOptions(solver, options);
    ret->outcome = outcome_of(Clp_status(solver));
    ret->iterations = Clp_numberIterations(solver);
    result_take(lp, m, solver, scratch, ret);
    if (ret->outcome == SG_NUMERIC || (ret->outcome == SG_SOLVED && !ret->feasible)) {
        /* undoing the presolve lost accuracy: finish on the whole program from the basis found */
        Clp_primal(solver, 0);
        ret->outcome = outcome_of(Clp_status(solver));
        ret->iterations += Clp_numberIterations(solver);
        result_take(lp, m, solver, scratch, ret);
        if (ret->outcome == SG_SOLVED && !ret->feasible) {
            ret->outcome = SG_NUMERIC;
        }
    }
}

/* The solver refuses programs without columns; they are decided by their rows. */
static void solve_empty(const sg_lp *lp, sg_lp_result *ret)
{
    ret->outcome = SG_SOLVED;
    for (size_t i = 0; i < lp->row_count; i++) {
        if (lp->row_lower[i] > 0.0 || lp->row_upper[i] < 0.0) {
            ret->outcome = SG_INFEASIBLE;
        }
    }
    ret->feasible = ret->outcome == SG_SOLVED;
}

sg_status sg_lp_solve(const sg_lp *self, double seconds_max, sg_lp_result *ret)
{
    *ret = (sg_lp_result){.outcome = SG_NUMERIC};
    model m;
    if (self->failed || model_build(&m, self) != SG_OK) {
        return SG_NOMEM;
    }
    size_t most = self->column_count > self->row_count ? self->column_count : self->row_count;
    double *scratch = calloc(most + 1, sizeof *scratch);
    ret->value = calloc(self->column_count + 1, sizeof *ret->value);
    ret->reduced_cost = calloc(self->column_count + 1, sizeof *ret->reduced_cost);
    ret->row_dual = calloc(self->row_count + 1, sizeof *ret->row_dual);
    Clp_Simplex *solver = Clp_newModel();
    Clp_Solve *options = ClpSolve_new();
    bool ready = scratch && ret->value && ret->reduced_cost && ret->row_dual && solver && options;
    if (ready && self->column_count) {
        solve_model(self, &m, seconds_max, scratch, solver, options, ret);
    } else if (ready) {
        solve_empty(self, ret);
    }
    if (options) {
        ClpSolve_delete(options);
    }
    if (solver) {
        Clp_deleteModel(solver);
    }
    free(scratch);
    model_free(&m);
    if (!ready) {
        sg_lp_result_free(ret);
        return SG_NOMEM;
    }
    if (ret->outcome == SG_INFEASIBLE || ret->outcome == SG_UNBOUNDED) {
        memset(ret->value, 0, self->column_count * sizeof *ret->value);
        memset(ret->reduced_cost, 0, self->column_count * sizeof *ret->reduced_cost);
        memset(ret->row_dual, 0, self->row_count * sizeof *ret->row_dual);
        ret->feasible = false;
    }
    return SG_OK;
}

void sg_lp_result_free(sg_lp_result *self)
{
    free(self->value);
    free(self->reduced_cost);
    free(self->row_dual);
    *self = (sg_lp_result){0};
}

const char *sg_lp_solver_version(void)
{
    return Clp_Version();
}
