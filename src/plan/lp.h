/* lp.h - a linear program built a column, a row and a term at a time, and Clp behind it.
 *
 * Form     minimise cost' x over column_lower <= x <= column_upper, row_lower <= A x <= row_upper.
 *          Use -INFINITY and INFINITY for absent bounds. Terms of one row and column add up.
 * Units    the caller's. Before solving, all bounds are divided by one power of two and all costs
 *          by another, so that the solver's absolute tolerances mean the same for a rack and for a
 *          region.
 * Memory   the program owns heap arrays until sg_lp_free; a result owns its arrays until
 *          sg_lp_result_free.
 * Errors   the builder never fails aloud: `failed` is set when memory runs out and sg_lp_solve then
 *          says SG_NOMEM.
 * Threads  one program, one thread; several programs may be solved at once.
 * Source   Clp 1.17 C interface. */
#ifndef SG_PLAN_LP_H
#define SG_PLAN_LP_H
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sg_lp {
    double *column_cost, *column_lower, *column_upper;
    double *row_lower, *row_upper;
    double *term_value;
    int32_t *term_row, *term_column;
    size_t column_count, row_count, term_count;
    size_t column_size, row_size, term_size;
    bool failed;
} sg_lp;

typedef struct sg_lp_result {
    sg_outcome outcome;
    bool feasible;    /* `value` meets every row and bound within the tolerance      */
    double objective; /* cost' value                                                  */
    int64_t iterations;
    double *value;        /* [column] */
    double *reduced_cost; /* [column] change of the objective per unit forced into the column */
    double *row_dual;     /* [row] change of the objective per unit of right-hand side     */
} sg_lp_result;

/* Add one; the index is returned (0 after a failure). @effects alloc=yes block=no */
int sg_lp_column(sg_lp *self, double cost, double lower, double upper);
int sg_lp_row(sg_lp *self, double lower, double upper);
void sg_lp_term(sg_lp *self, int row, int column, double value);

/* Accepts a zeroed program. */
void sg_lp_free(sg_lp *self);

/* Solve. seconds_max <= 0 means no limit; the limit is checked between the solver's factorisations,
 * so that large programs may overrun it by their presolve. SG_OK: the outcome says what was found
 * and the arrays are filled (the last point for SG_LIMIT, zeros for SG_UNBOUNDED and
 * SG_INFEASIBLE). SG_NOMEM: nothing to free. @effects alloc=yes block=for the solve */
SG_MUST_CHECK sg_status sg_lp_solve(const sg_lp *self, double seconds_max, sg_lp_result *ret);
void sg_lp_result_free(sg_lp_result *self);

/* The version of the Clp library that is loaded, "1.17.6". @effects alloc=no block=no fails=never
 * */
const char *sg_lp_solver_version(void);
#endif
