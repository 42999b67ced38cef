#include "host/planner.h"

#include "base/worker.h"
#include "plan/rolling.h"

#include <math.h>
#include <stdlib.h>

static const double seconds_max = 20; /* of solving; then the plan before goes on */

typedef enum stage { IDLE, ASKED, FINISHED, FAILED } stage;

struct sg_planner {
    sg_worker worker;
    stage stage; /* under the lock */
    sg_outlook outlook;
    sg_plan plan;
    sg_again *again;
};

static void *work(void *argument)
{
    sg_planner *self = argument;
    sg_worker_lock(&self->worker);
    while (!self->worker.ending) {
        if (self->stage != ASKED) {
            sg_worker_wait(&self->worker, INFINITY);
            continue;
        }
        sg_worker_unlock(&self->worker); /* outlook and plan are its own while ASKED stands */
        sg_status status = sg_plan_make(&self->outlook, seconds_max, self->again, &self->plan);
        sg_worker_lock(&self->worker);
        self->stage = status == SG_OK ? FINISHED : FAILED;
    }
    sg_worker_unlock(&self->worker);
    return NULL;
}

sg_planner *sg_planner_create(void)
{
    sg_planner *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->again = sg_again_create(); /* without it each plan is made from nothing */
    if (!sg_worker_start(&self->worker, "sg-planner", work, self)) {
        sg_again_free(self->again);
        free(self);
        return NULL;
    }
    return self;
}

void sg_planner_destroy(sg_planner *self)
{
    if (!self) {
        return;
    }
    sg_worker_end(&self->worker);
    sg_again_free(self->again);
    free(self);
}

bool sg_planner_free(sg_planner *self)
{
    if (!sg_worker_try(&self->worker)) {
        return false;
    }
    bool free_now = self->stage == IDLE || self->stage == FAILED;
    sg_worker_unlock(&self->worker);
    return free_now;
}

bool sg_planner_ask(sg_planner *self, const sg_outlook *outlook)
{
    if (!sg_worker_try(&self->worker)) {
        return false;
    }
    bool free_now = self->stage != ASKED;
    if (free_now) {
        self->outlook = *outlook;
        self->stage = ASKED;
        sg_worker_wake(&self->worker);
    }
    sg_worker_unlock(&self->worker);
    return free_now;
}

bool sg_planner_take(sg_planner *self, sg_plan *ret)
{
    if (!sg_worker_try(&self->worker)) {
        return false;
    }
    bool finished = self->stage == FINISHED;
    if (finished) {
        *ret = self->plan;
        self->stage = IDLE;
    }
    sg_worker_unlock(&self->worker);
    return finished;
}

bool sg_planner_make(const sg_outlook *outlook, sg_again *again, sg_plan *ret)
{
    return sg_plan_make(outlook, seconds_max, again, ret) == SG_OK;
}
