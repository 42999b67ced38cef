#include "plan/lp.h"

#include "plan/lp_backend.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A point counts as feasible within this share of the program's typical magnitude, which scaling
 * puts at 2^8. */
static const double FEASIBLE_TOLERANCE = 1e-7 * 256.0;

/* ---- the program as the caller builds it ----------------------------------------------------- */

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

void sg_lp_clear(sg_lp *self)
{
    self->column_count = self->row_count = self->term_count = 0;
    self->failed = false;
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

/* ---- the program as a solver wants it -------------------------------------------------------- */

void sg_lp_model_free(sg_lp_model *self)
{
    free(self->start);
    free(self->index);
    free(self->value);
    free(self->lower);
    free(self->upper);
    free(self->cost);
    free(self->row_lower);
    free(self->row_upper);
    free(self->row_sum);
    *self = (sg_lp_model){0};
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

static void model_scale(sg_lp_model *self, const sg_lp *lp)
{
    magnitude bounds = {0}, costs = {0};
    magnitude_add(&bounds, lp->column_lower, lp->column_count);
    magnitude_add(&bounds, lp->column_upper, lp->column_count);
    magnitude_add(&bounds, lp->row_lower, lp->row_count);
    magnitude_add(&bounds, lp->row_upper, lp->row_count);
    magnitude_add(&costs, lp->column_cost, lp->column_count);
    self->unit = magnitude_scale(&bounds, 8);
    self->price = magnitude_scale(&costs, 1);
}

void sg_lp_model_load(sg_lp_model *self, const sg_lp *lp)
{
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

/* Counting sort of the terms by column; equal cells are merged because solvers refuse
 * duplicates. */
static void model_columns(sg_lp_model *self, const sg_lp *lp, int *last_seen)
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

sg_status sg_lp_model_build(sg_lp_model *self, const sg_lp *lp)
{
    size_t columns = lp->column_count, rows = lp->row_count, terms = lp->term_count;
    *self = (sg_lp_model){
        .column_count = (int)columns, .row_count = (int)rows, .unit = 1.0, .price = 1.0};
    int *last_seen = calloc(rows + 1, sizeof *last_seen);
    self->start = malloc((columns + 2) * sizeof *self->start);
    self->index = calloc(terms + 1, sizeof *self->index);
    self->value = calloc(terms + 1, sizeof *self->value);
    self->lower = malloc((columns + 1) * sizeof *self->lower);
    self->upper = malloc((columns + 1) * sizeof *self->upper);
    self->cost = malloc((columns + 1) * sizeof *self->cost);
    self->row_lower = malloc((rows + 1) * sizeof *self->row_lower);
    self->row_upper = malloc((rows + 1) * sizeof *self->row_upper);
    self->row_sum = malloc((rows + 1) * sizeof *self->row_sum);
    bool done = last_seen && self->start && self->index && self->value && self->lower &&
                self->upper && self->cost && self->row_lower && self->row_upper && self->row_sum;
    if (done) {
        model_columns(self, lp, last_seen);
        model_scale(self, lp);
        sg_lp_model_load(self, lp);
    } else {
        sg_lp_model_free(self);
    }
    free(last_seen);
    return done ? SG_OK : SG_NOMEM;
}

/* ---- from a solver's point to a result ------------------------------------------------------- */

/* Move the point inside the column bounds; true where it then meets the rows. */
static bool settle_point(const sg_lp_model *m, double *value)
{
    double worst = 0.0;
    memset(m->row_sum, 0, (size_t)m->row_count * sizeof *m->row_sum);
    for (int j = 0; j < m->column_count; j++) {
        value[j] = value[j] < m->lower[j]   ? m->lower[j]
                   : value[j] > m->upper[j] ? m->upper[j]
                                            : value[j];
        for (int k = m->start[j]; k < m->start[j + 1]; k++) {
            m->row_sum[m->index[k]] += m->value[k] * value[j];
        }
    }
    for (int i = 0; i < m->row_count; i++) {
        worst = fmax(worst, fmax(m->row_lower[i] - m->row_sum[i], m->row_sum[i] - m->row_upper[i]));
        if (isnan(m->row_sum[i])) {
            return false;
        }
    }
    return worst <= FEASIBLE_TOLERANCE;
}

/* Duals that point at an absent side of a row are dropped; the reduced costs follow from the rest, in the caller's units. */
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

/* Run, and run on where the answer is not one yet: undoing a presolve may lose accuracy. */
static void run(const sg_lp_model *m, const sg_lp_backend *backend, void *session,
                sg_lp_result *ret)
{
    for (int again = 0; again < 2; again++) {
        sg_lp_point point = {.value = ret->value, .row_dual = ret->row_dual};
        backend->run(session, again == 1, &point);
        ret->iterations += point.iterations;
        ret->outcome = point.outcome;
        ret->feasible = settle_point(m, ret->value);
        if (ret->outcome == SG_SOLVED && !ret->feasible) {
            ret->outcome = SG_NUMERIC;
        }
        if (ret->outcome != SG_NUMERIC) {
            break;
        }
    }
}

void sg_lp_result_unscale(const sg_lp *lp, const sg_lp_model *m, sg_lp_result *ret)
{
    for (size_t j = 0; j < lp->column_count; j++) {
        ret->value[j] *= m->unit;
        ret->objective += lp->column_cost[j] * ret->value[j];
    }
    for (size_t i = 0; i < lp->row_count; i++) {
        ret->row_dual[i] *= m->price;
    }
    find_reduced_costs(lp, ret);
}

/* Solvers refuse programs without columns; they are decided by their rows. */
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

static const sg_lp_backend *backend_of(sg_lp_solver solver)
{
    return solver == SG_LP_HIGHS ? &SG_LP_BACKEND_HIGHS : &SG_LP_BACKEND_CLP;
}

static sg_status solve_model(const sg_lp *self, const sg_lp_model *m, sg_lp_solver solver,
                             double seconds_max, sg_lp_result *ret)
{
    const sg_lp_backend *backend = backend_of(solver);
    void *session = NULL;
    if (!self->column_count) {
        solve_empty(self, ret);
        return SG_OK;
    }
    sg_status status = backend->open(m, seconds_max, &session);
    if (status == SG_OK) {
        run(m, backend, session, ret);
        backend->close(session);
    }
    if (ret->outcome == SG_INFEASIBLE || ret->outcome == SG_UNBOUNDED) {
        memset(ret->value, 0, self->column_count * sizeof *ret->value);
        memset(ret->row_dual, 0, self->row_count * sizeof *ret->row_dual);
        ret->feasible = false;
    } else if (status == SG_OK) {
        sg_lp_result_unscale(self, m, ret);
    }
    return status;
}

sg_status sg_lp_result_create(const sg_lp *lp, sg_lp_result *ret)
{
    *ret = (sg_lp_result){.outcome = SG_NUMERIC};
    ret->value = calloc(lp->column_count + 1, sizeof *ret->value);
    ret->reduced_cost = calloc(lp->column_count + 1, sizeof *ret->reduced_cost);
    ret->row_dual = calloc(lp->row_count + 1, sizeof *ret->row_dual);
    if (!ret->value || !ret->reduced_cost || !ret->row_dual) {
        sg_lp_result_free(ret);
        return SG_NOMEM;
    }
    return SG_OK;
}

sg_status sg_lp_solve(const sg_lp *self, sg_lp_solver solver, double seconds_max, sg_lp_result *ret)
{
    sg_lp_model m;
    *ret = (sg_lp_result){.outcome = SG_NUMERIC};
    if (self->failed || sg_lp_model_build(&m, self) != SG_OK) {
        return SG_NOMEM;
    }
    sg_status status = sg_lp_result_create(self, ret);
    if (status == SG_OK) {
        status = solve_model(self, &m, solver, seconds_max, ret);
    }
    sg_lp_model_free(&m);
    if (status != SG_OK) {
        sg_lp_result_free(ret);
    }
    return status;
}

void sg_lp_result_free(sg_lp_result *self)
{
    free(self->value);
    free(self->reduced_cost);
    free(self->row_dual);
    *self = (sg_lp_result){0};
}

sg_status sg_lp_solver_name(sg_lp_solver solver, char ret[SG_LP_SOLVER_NAME])
{
    const char *version = backend_of(solver)->version();
    if (!version) {
        return SG_UNAVAILABLE;
    }
    snprintf(ret, SG_LP_SOLVER_NAME, "%s %s", solver == SG_LP_HIGHS ? "highs" : "clp", version);
    return SG_OK;
}
