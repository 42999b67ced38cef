/* bound.h - the bound that no policy beats: the whole run as one dispatch program, on what really happened.
 *
 * Limits   the truth is that of the static run; the control's own small stores (smoothing, cells, bridge) are load in it. The
 *          program begins with the run's second step: the first passes under the safe start in every policy. */
#ifndef SG_STUDY_BOUND_H
#define SG_STUDY_BOUND_H
#include "plan/dispatch.h"
#include "study/simulate.h"

/* What the static run saw; arrays of the run's steps. */
typedef struct sg_truth {
    double *load_kw, *available_kw, *import_price, *export_price; /* per kWh */
    double mean_import_price;                                     /* per J   */
} sg_truth;

/* SG_UNAVAILABLE when the program has no solution. stores: the planned stores as they start.
 * @effects alloc=yes (arena and solver) block=for the solve */
SG_MUST_CHECK sg_status sg_bound_solve(const sg_simulation *sim, int64_t steps,
                                       const sg_truth *seen, const sg_outlook *stores,
                                       sg_arena *arena, sg_schedule *ret);
#endif
