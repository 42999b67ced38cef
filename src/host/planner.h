/* planner.h - the worker that turns outlooks into plans beside the loop. At most one is under way; a late plan is just late.
 *
 * Threads  create, ask, take and destroy are the loop's; the solver runs in a thread of its own. */
#ifndef SG_HOST_PLANNER_H
#define SG_HOST_PLANNER_H
#include "site/plan.h"

#include <stdbool.h>

typedef struct sg_planner sg_planner;

/* NULL when no thread can be had. */
sg_planner *sg_planner_create(void);
void sg_planner_destroy(sg_planner *self);

/* Start on an outlook (copied). False while the one before is still being solved. @effects block=no */
bool sg_planner_ask(sg_planner *self, const sg_outlook *outlook);
/* The finished plan, once. False when there is none. @effects block=no */
bool sg_planner_take(sg_planner *self, sg_plan *ret);
/* Wait for the one under way, if any. */
void sg_planner_wait(sg_planner *self);
#endif
