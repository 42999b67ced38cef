/* planner.h - the worker that turns outlooks into plans beside the loop. At most one is under way; a late plan is just late.
 *
 * Threads  create, ask, take and destroy are the loop's; the solver runs in a thread of its own. */
#ifndef SG_HOST_PLANNER_H
#define SG_HOST_PLANNER_H
#include "plan/dispatch.h"
#include "site/plan.h"

#include <stdbool.h>

typedef struct sg_planner sg_planner;

/* NULL when no thread can be had. */
sg_planner *sg_planner_create(void);
void sg_planner_destroy(sg_planner *self);

/* True when a question would be taken up at once. @effects block=no */
bool sg_planner_free(sg_planner *self);
/* Start on an outlook (copied). False while the one before is still being solved. @effects block=no */
bool sg_planner_ask(sg_planner *self, const sg_outlook *outlook);
/* The finished plan, once. False when there is none. @effects block=no */
bool sg_planner_take(sg_planner *self, sg_plan *ret);
/* The plan at once, in the caller's thread: when steps follow no clock, a plan belongs to a step and not to the moment at which
 * a thread was done. `again` as in plan/rolling.h. False when there is none. @effects alloc=yes block=yes */
bool sg_planner_make(const sg_outlook *outlook, sg_again *again, sg_plan *ret);
#endif
