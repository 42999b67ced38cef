/* tasks.h - requests for power: granted, queued or refused, each with its reason, once per task_id.
 *
 * Rule     a request is granted while the firm supply that is free covers it; queued while it could be covered when other
 *          tasks end or the load falls; refused when the site could never supply it. The queue is served by priority,
 *          then age; a higher priority never takes power from a granted task.
 * Units    W. Time: frame time. Memory: a fixed table; ended tasks are forgotten oldest first when room is needed.
 * @effects of every function: alloc=no block=no fails=never */
#ifndef SG_CONTROL_TASKS_H
#define SG_CONTROL_TASKS_H
#include "site/request.h"

#include <stdbool.h>

typedef struct sg_tasks {
    int32_t count; /* used entries, oldest first */
    int32_t pad;
    sg_task task[SG_TASK_MAX];
} sg_tasks;

/* What the site can promise: power free now beside all granted tasks, and the most it could ever give to tasks. */
typedef struct sg_supply {
    double free_w, ever_w;
} sg_supply;

/* Take one request in; the same task_id with the same content gives the same entry again. */
sg_reply sg_tasks_request(sg_tasks *self, const sg_request *request, int64_t now_us);

/* End what is over, then decide on what waits. Returns the power granted to tasks, W. */
double sg_tasks_step(sg_tasks *self, int64_t now_us, sg_supply supply);

double sg_tasks_granted_w(const sg_tasks *self);
#endif
