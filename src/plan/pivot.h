/* pivot.h - a dual simplex that goes on from a basis which is nearly right; private to src/plan.
 *
 * For      planning again: the program of a moment ago with other loads, prices or hours. Its basis is kept with its
 *          factors, so that a call costs little more than its pivots.
 * Gives up freely: after pivots_max pivots, on a pivot next to nothing, where a bound that is not there would have to
 *          hold. What it calls solved has passed its tolerances on numbers computed anew; the caller proves it once more
 *          from outside (dispatch.c).
 * Form     as sg_lp_model: minimise cost x, lower <= x <= upper, row_lower <= A x <= row_upper; scaled, absent bounds
 *          are -DBL_MAX and DBL_MAX. Variables are the columns, then one logical per row (the row's value).
 * Memory   one block of the caller; nothing is allocated. The model of create is kept by pointer: its bounds and costs
 *          may change between solves, its matrix may not.
 * Threads  one block, one thread.
 * Source   Lemke 1954; steepest edge: Forrest and Goldfarb 1992; long steps over boxed columns: Fourer 1994, Maros
 *          2003; two passes of the ratio test: Harris 1973. */
#ifndef SG_PLAN_PIVOT_H
#define SG_PLAN_PIVOT_H
#include "plan/lp_backend.h"

#include <stddef.h>

typedef struct sg_pivot sg_pivot;

/* Where a variable stands. */
typedef enum sg_stand { SG_AT_LOWER, SG_AT_UPPER, SG_BASIC } sg_stand;

typedef struct sg_pivot_options {
    double seconds_max; /* <= 0 = none; looked at every few pivots */
    int pivots_max;     /* <= 0 = 2 x rows + 1000                  */
} sg_pivot_options;

/* Bytes for the model's shape. @effects alloc=no block=no */
size_t sg_pivot_size(const sg_lp_model *model);

/* Lay out the block (8-byte aligned); it starts with all logicals basic. NULL where size is too small.
 * @effects alloc=no block=no */
sg_pivot *sg_pivot_create(const sg_lp_model *model, void *memory, size_t size);

/* Begin at another basis: stand[column_count + row_count] of sg_stand. Where too many or dependent columns are basic, some
 * are left out; where too few, logicals join. @effects alloc=no block=no */
void sg_pivot_set_basis(sg_pivot *self, const signed char *stand);

/* Begin at a point that keeps all rows and bounds, nearly at least: value[column_count]. The variables with most room to
 * their bounds become basic; those that have room and are not go to a bound, with the basic ones giving way, for at most
 * seconds_max (<= 0 = no limit). A point that is optimal, such as that of an interior point, so ends at a basis that is
 * or nearly is. @effects alloc=no block=for the pivots */
void sg_pivot_begin_at(sg_pivot *self, const double *value, double seconds_max);

/* Variables and rows that will be no more (gone[column_count + row_count]; columns + row for a row) leave the basis, until no
 * more of them are in it than rows go: by dual pivots that move no value, as the prices of the last solve have it. Nothing
 * happens where there is no such solve. @effects alloc=no block=for the pivots */
void sg_pivot_let_go(sg_pivot *self, const bool *gone);

/* Where each variable stands now. @effects alloc=no block=no fails=never */
const signed char *sg_pivot_basis(const sg_pivot *self);

/* From the kept basis to the optimum of the model as it is now. SG_SOLVED: ret->value and ret->row_dual are filled;
 * SG_LIMIT: pivots or time; SG_INFEASIBLE: a row said so; SG_NUMERIC: gave up. The basis of any end is kept.
 * @effects alloc=no block=for the solve */
sg_outcome sg_pivot_solve(sg_pivot *self, const sg_pivot_options *options, sg_lp_point *ret);
#endif
