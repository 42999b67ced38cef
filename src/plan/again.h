/* again.h - the dispatch program solved from the basis of the one before; private to src/plan and its bench.
 *
 * What     the program is written out (program.h) and goes on by pivots (pivot.h). With the matrix of before, the
 *          factors are kept and only numbers change; with other coefficients or some steps later, the basis is.
 *          Where there is none to go on from, the interior point solves, and its schedule becomes a basis.
 * Memory   of its own, on the heap; a program of the shape of before takes no more of it.
 * Proof    none here: the caller judges the schedule by its residuals and its bound (schedule.h). */
#ifndef SG_PLAN_AGAIN_H
#define SG_PLAN_AGAIN_H
#include "plan/dispatch.h"
#include "plan/pivot.h"

/* Solve a valid problem. SG_SOLVED: ret, a schedule of its shape, has powers, energies and prices, ret_turnover all costs
 * without their signs. pool: for the interior point, where that is asked; NULL = none. Anything else: it gave up, and another solver may do better. ret->iterations are pivots.
 * @effects alloc=yes block=for the solve */
sg_outcome sg_again_solve(sg_again *self, const sg_dispatch *problem, double seconds_max,
                          sg_pool *pool, sg_schedule *ret, double *ret_turnover);

/* The next program begins with no basis. @effects alloc=no block=no fails=never */
void sg_again_forget(sg_again *self);

/* The model that the last program became, its simplex, the basis that it was to begin at (as told by the one before) and
 * how long the pivots took, for the bench; NULL where there is none. @effects alloc=no block=no fails=never */
sg_lp_model *sg_again_model(sg_again *self);
sg_pivot *sg_again_pivot(sg_again *self);
const signed char *sg_again_start(const sg_again *self);
double sg_again_pivot_s(const sg_again *self);
#endif
