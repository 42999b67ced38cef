/* lp_backend.h - what a linear programming library has to offer; and the program as it
 *        wants it; private to src/plan.
 *
 * Form     the model is scaled, by columns, each cell once; absent bounds are -DBL_MAX and DBL_MAX.
 *          Libraries see scaled numbers only, so that their absolute tolerances mean the same for
 *          every program.
 * Memory   the model outlives the session; a session is the library's own.
 * Threads  one session, one thread; several sessions at once. */
#ifndef SG_PLAN_LP_BACKEND_H
#define SG_PLAN_LP_BACKEND_H
#include "base/status.h"
#include "plan/lp.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct sg_lp_model {
    int column_count, row_count;
    int *start, *index; /* start[column_count] = number of cells; index = rows */
    double *value, *lower, *upper, *cost, *row_lower, *row_upper;
    double *row_sum; /* scratch                                       */
    double unit;     /* of the columns and right-hand sides; a power of two */
    double price;    /* of the costs; a power of two                         */
} sg_lp_model;

/* Scaled and sorted by columns; free it. @effects alloc=yes block=no */
SG_MUST_CHECK sg_status sg_lp_model_build(sg_lp_model *self, const sg_lp *lp);
void sg_lp_model_free(sg_lp_model *self);

/* Other bounds and costs of the same matrix, at the scale that the model has. @effects alloc=no block=no fails=never */
void sg_lp_model_load(sg_lp_model *self, const sg_lp *lp);

/* A result whose value and row_dual are the model's, in the caller's units, with objective and reduced costs. @effects
 * alloc=no block=no fails=never */
void sg_lp_result_unscale(const sg_lp *lp, const sg_lp_model *model, sg_lp_result *ret);

typedef struct sg_lp_point {
    sg_outcome outcome;
    int64_t iterations; /* of this run */
    double *value;      /* [column] written where the library has a point */
    double *row_dual;   /* [row]    the same                              */
} sg_lp_point;

typedef struct sg_lp_backend {
    /* SG_UNAVAILABLE: no such library here. */
    sg_status (*open)(const sg_lp_model *model, double seconds_max, void **ret);
    /* Solve, the library's way; `again` goes on without a presolve from what was found. */
    void (*run)(void *session, bool again, sg_lp_point *ret);
    void (*close)(void *session);
    const char *(*version)(void); /* NULL: no such library here */
} sg_lp_backend;

extern const sg_lp_backend SG_LP_BACKEND_CLP;   /* lp_clp.c   */
extern const sg_lp_backend SG_LP_BACKEND_HIGHS; /* lp_highs.c */
#endif
