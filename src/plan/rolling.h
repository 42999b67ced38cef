/* rolling.h - the plan made again and again: an outlook in, a plan out. */
#ifndef SG_PLAN_ROLLING_H
#define SG_PLAN_ROLLING_H
#include "base/status.h"
#include "plan/dispatch.h"
#include "site/plan.h"

/* Energy left at the end of the horizon is worth what it saves later: the mean import price ahead, less the losses and the
 * wear on its way out. @effects alloc=no block=no fails=never */
void sg_outlook_terminal_values(sg_outlook *outlook);

/* Solve the outlook as a linear program and write the plan; `again` (dispatch.h) is what the plan before left for this one
 * and is left for the next, NULL = nothing. SG_UNAVAILABLE when it could not be solved: *ret is untouched.
 * @effects alloc=yes block=for the solve; never called from the step */
SG_MUST_CHECK sg_status sg_plan_make(const sg_outlook *outlook, double seconds_max, sg_again *again,
                                     sg_plan *ret);
#endif
