#include "plan/transfer.h"

#include "model/operators.h"
#include "plan/lp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of one unit of energy, by 3.3. */
static double unit_profit(const sg_transfer *self, int from, int to)
{
    size_t at = (size_t)from * (size_t)self->periods + (size_t)to;
    return self->efficiency[at] * (self->price[to] - self->price[from] - self->cost[at]);
}

void sg_transfer_matrix(const sg_transfer *self, double *ret_matrix)
{
    for (int from = 0; from < self->periods; from++) {
        for (int to = 0; to < self->periods; to++) {
            size_t at = (size_t)from * (size_t)self->periods + (size_t)to;
            double profit = self->max_energy * self->efficiency[at] *
                            (self->price[to] - self->price[from] - self->cost[at]);
            ret_matrix[at] = from != to && profit > 0.0 ? profit : 0.0;
        }
    }
}

/* What the plan comes to by 3.3, and how far it passes the limits of the optimum. */
static void judge(const sg_transfer *self, sg_transfer_plan *plan)
{
    int n = self->periods;
    double sum = 0.0;
    plan->profit = 0.0;
    plan->excess = 0.0;
    plan->refused = 0;
    for (int i = 0; i < n; i++) {
        double sent = 0.0, received = 0.0;
        for (int j = 0; j < n; j++) {
            size_t out = (size_t)i * (size_t)n + (size_t)j, in = (size_t)j * (size_t)n + (size_t)i;
            sent += plan->energy[out];
            received += plan->energy[in];
            plan->profit += plan->energy[out] * unit_profit(self, i, j);
            plan->refused += i != j && !sg_operator_allowed(self->efficiency[out]);
        }
        plan->excess = fmax(plan->excess, fmax(sent, received) - self->max_energy);
        sum += sent;
    }
    plan->excess = fmax(plan->excess, sum - self->available_energy);
}

typedef struct pair {
    double profit;
    size_t at;
} pair;

/* Dearest first; equal ones stay in the order of the matrix, as in a stable sort. */
static int compare_pairs(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    return x->profit != y->profit ? (x->profit < y->profit ? 1 : -1)
                                  : (x->at > y->at) - (x->at < y->at);
}

sg_status sg_transfer_greedy(const sg_transfer *self, const double *matrix, sg_transfer_plan *ret)
{
    size_t cells = (size_t)self->periods * (size_t)self->periods, count = 0;
    pair *pairs = malloc((cells + 1) * sizeof *pairs);
    if (!pairs) {
        return SG_NOMEM;
    }
    for (size_t at = 0; at < cells; at++) {
        ret->energy[at] = 0.0;
        if (matrix[at] > 0.0) {
            pairs[count++] = (pair){matrix[at], at};
        }
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    ret->remaining = self->available_energy;
    ret->printed_profit = 0.0;
    ret->bound = (double)NAN;
    for (size_t k = 0; k < count && ret->remaining > 0.0; k++) {
        size_t at = pairs[k].at;
        double energy = fmin(ret->remaining, self->efficiency[at]);
        ret->energy[at] = energy;
        ret->remaining -= energy;
        ret->printed_profit += matrix[at] * energy;
    }
    free(pairs);
    judge(self, ret);
    return SG_OK;
}

/* A column per pair that earns something, named by its place in the matrix. */
static size_t build(const sg_transfer *self, sg_lp *lp, size_t *ret_at)
{
    size_t columns = 0;
    int all = sg_lp_row(lp, -HUGE_VAL, self->available_energy), sends = (int)lp->row_count;
    for (int i = 0; i < 2 * self->periods; i++) {
        sg_lp_row(lp, -HUGE_VAL, self->max_energy);
    }
    for (int from = 0; from < self->periods; from++) {
        for (int to = 0; to < self->periods; to++) {
            size_t at = (size_t)from * (size_t)self->periods + (size_t)to;
            double profit = unit_profit(self, from, to);
            if (from != to && profit > 0.0 && sg_operator_allowed(self->efficiency[at])) {
                int column = sg_lp_column(lp, -profit, 0.0, self->max_energy);
                sg_lp_term(lp, all, column, 1.0);
                sg_lp_term(lp, sends + from, column, 1.0);
                sg_lp_term(lp, sends + self->periods + to, column, 1.0);
                ret_at[columns++] = at;
            }
        }
    }
    return columns;
}

/* Weak duality: at any prices of the limits, no plan earns more than the limits are worth and what pairs earn beyond. */
static double bound_of(const sg_transfer *self, const size_t *at, size_t columns,
                       const double *row_dual)
{
    const double *sends = row_dual + 1, *receives = sends + self->periods;
    double bound = fmax(-row_dual[0], 0.0) * self->available_energy;
    for (int i = 0; i < self->periods; i++) {
        bound += (fmax(-sends[i], 0.0) + fmax(-receives[i], 0.0)) * self->max_energy;
    }
    for (size_t k = 0; k < columns; k++) {
        int from = (int)(at[k] / (size_t)self->periods), to = (int)(at[k] % (size_t)self->periods);
        double price = fmax(-row_dual[0], 0.0) + fmax(-sends[from], 0.0) + fmax(-receives[to], 0.0);
        bound += fmax(unit_profit(self, from, to) - price, 0.0) * self->max_energy;
    }
    return bound;
}

sg_status sg_transfer_optimum(const sg_transfer *self, sg_transfer_plan *ret)
{
    size_t cells = (size_t)self->periods * (size_t)self->periods;
    size_t *at = malloc((cells + 1) * sizeof *at);
    if (!at) {
        return SG_NOMEM;
    }
    sg_lp lp = {0};
    sg_lp_result result;
    memset(ret->energy, 0, cells * sizeof *ret->energy);
    ret->remaining = self->available_energy;
    size_t columns = build(self, &lp, at);
    sg_status status = sg_lp_solve(&lp, SG_LP_CLP, 0.0, &result);
    if (status == SG_OK && result.outcome != SG_SOLVED) {
        sg_lp_result_free(&result);
        status = SG_UNAVAILABLE;
    }
    if (status == SG_OK) {
        for (size_t k = 0; k < columns; k++) {
            ret->energy[at[k]] = result.value[k];
            ret->remaining -= result.value[k];
        }
        ret->printed_profit = (double)NAN;
        ret->bound = bound_of(self, at, columns, result.row_dual);
        judge(self, ret);
        sg_lp_result_free(&result);
    }
    sg_lp_free(&lp);
    free(at);
    return status;
}
