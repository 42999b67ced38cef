/* interior.h - the dispatch program solved by its own structure: a primal-dual interior point over time.
 *
 * Units    kW, kWh and money per kWh as in dispatch.h. Inside, powers are in units of a power of two near the site's own
 *          and prices likewise; energies are divided by the hours of a step, so that they count in kW too.
 * Memory   one block that the caller gives, sg_interior_size bytes of it, 64-byte aligned; nothing is allocated or freed.
 *          The block keeps the last solution for the next start. Its size grows with steps x stores, near 1 kB each.
 * Bits     the same from every compiler and vector width, and from any number of threads.
 * Threads  one block, one caller; with a pool two halves of the horizon are swept at a time.
 * Source   Mehrotra 1992 (predictor-corrector); the elimination is derived in docs/planning.md. */
#ifndef SG_PLAN_INTERIOR_H
#define SG_PLAN_INTERIOR_H
#include "base/pool.h"
#include "base/status.h"
#include "plan/dispatch.h"

#include <stddef.h>

typedef struct sg_interior sg_interior;

typedef struct sg_interior_options {
    double seconds_max;  /* <= 0 = none; looked at before each iteration                       */
    int iterations_max;  /* <= 0 = 100                                                         */
    double gap_relative; /* <= 0 = 1e-9: cost above the proved bound, over the cost            */
    bool warm;           /* begin at the last solution of this block, moved to the new numbers */
    sg_pool *pool;       /* NULL = the caller's thread alone                                   */
} sg_interior_options;

/* Bytes for problems of this shape: steps, counts, zones, windows, which of ramp and reserve there are. 0 = the shape is
 * more than the method is made for (a step with too many windows open at once). @effects alloc=no block=no */
size_t sg_interior_size(const sg_dispatch *shape);

/* Lay out the block. NULL where size is too small. @effects alloc=no block=no */
sg_interior *sg_interior_create(const sg_dispatch *shape, void *memory, size_t size);

/* True where the block was laid out for a problem of this very shape. @effects alloc=no block=no */
bool sg_interior_fits(const sg_interior *self, const sg_dispatch *problem);

/* Solve a valid problem (sg_dispatch_is_valid) of the block's shape. ret is a schedule of that shape (sg_schedule_create);
 * it is filled when the outcome is SG_SOLVED, which the result's own residuals and bound prove. SG_LIMIT: time or
 * iterations ran out. SG_NUMERIC: no progress, as when the program has no solution; a simplex decides that better.
 * @effects alloc=no block=for the solve */
sg_outcome sg_interior_solve(sg_interior *self, const sg_dispatch *problem,
                             const sg_interior_options *options, sg_schedule *ret);

/* All costs and revenues of the last solution without their signs, money. @effects alloc=no block=no fails=never */
double sg_interior_turnover(const sg_interior *self);
#endif
