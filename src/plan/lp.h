/* lp.h - a linear program built a column, a row and a term at a time, and the
 *        libraries that solve it.
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
 * Source   the C interfaces of Clp 1.17 and HiGHS. */
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

/* Empty again, with the memory it has. @effects alloc=no block=no fails=never */
void sg_lp_clear(sg_lp *self);

/* Accepts a zeroed program. */
void sg_lp_free(sg_lp *self);

typedef enum sg_lp_solver { SG_LP_CLP, SG_LP_HIGHS } sg_lp_solver; /* dual simplex, both */

/* Solve. seconds_max <= 0 means no limit; the limit is checked between the solver's factorisations,
 * so that large programs may overrun it. SG_OK: the outcome says what was found
 * and the arrays are filled (the last point for SG_LIMIT, zeros for SG_UNBOUNDED and
 * SG_INFEASIBLE). SG_NOMEM, SG_UNAVAILABLE (the library is not on this machine): nothing to free. @effects alloc=yes block=for the solve */
SG_MUST_CHECK sg_status sg_lp_solve(const sg_lp *self, sg_lp_solver solver, double seconds_max,
                                    sg_lp_result *ret);
/* A result of the program's shape, all zero. SG_NOMEM: nothing to free. @effects alloc=yes block=no */
SG_MUST_CHECK sg_status sg_lp_result_create(const sg_lp *lp, sg_lp_result *ret);
void sg_lp_result_free(sg_lp_result *self);

enum { SG_LP_SOLVER_NAME = 48 };

/* The library that is loaded and its version, "clp 1.17.6". SG_UNAVAILABLE: it is not on this
 * machine. @effects alloc=yes (the library is loaded when first asked for) block=no */
SG_MUST_CHECK sg_status sg_lp_solver_name(sg_lp_solver solver, char ret[SG_LP_SOLVER_NAME]);
#endif
