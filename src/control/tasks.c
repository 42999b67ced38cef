#include "control/tasks.h"

#include "site/reason.h"

#include <string.h>

static bool over(const sg_task *task)
{
    return task->state != SG_TASK_QUEUED && task->state != SG_TASK_GRANTED;
}

static bool same_content(const sg_request *a, const sg_request *b)
{
    return a->priority == b->priority && a->power_w == b->power_w &&
           a->duration_s == b->duration_s && a->deadline_us == b->deadline_us;
}

static int find(const sg_tasks *self, const char *task_id)
{
    for (int i = 0; i < self->count; i++) {
        if (strncmp(self->task[i].request.task_id, task_id, SG_ID_MAX) == 0) {
            return i;
        }
    }
    return -1;
}

/* Make room by forgetting the oldest task that is over. */
static bool forget_one(sg_tasks *self)
{
    for (int i = 0; i < self->count; i++) {
        if (over(&self->task[i])) {
            memmove(&self->task[i], &self->task[i + 1],
                    (size_t)(self->count - i - 1) * sizeof self->task[0]);
            self->count--;
            return true;
        }
    }
    return false;
}

static void end(sg_task *task, sg_task_state state, sg_reason reason, int64_t now_us)
{
    task->state = (int32_t)state;
    task->reason = (int32_t)reason;
    task->ended_us = now_us;
}

sg_reply sg_tasks_request(sg_tasks *self, const sg_request *request, int64_t now_us)
{
    int at = find(self, request->task_id);
    if (request->kind == SG_REQUEST_WITHDRAW) {
        if (at >= 0 && !over(&self->task[at])) {
            end(&self->task[at], SG_TASK_WITHDRAWN, SG_REASON_WITHDRAWN, now_us);
        }
        return (sg_reply){.task = at};
    }
    if (at >= 0) {
        return (sg_reply){.task = at, .conflict = !same_content(request, &self->task[at].request)};
    }
    if (self->count == SG_TASK_MAX && !forget_one(self)) {
        return (sg_reply){.task = -1, .conflict = 2};
    }
    sg_task *task = &self->task[self->count];
    memset(task, 0, sizeof *task);
    task->request = *request;
    task->state = SG_TASK_QUEUED;
    task->reason = SG_REASON_NOT_NOW;
    task->received_us = now_us;
    return (sg_reply){.task = self->count++};
}

static void end_what_is_over(sg_tasks *self, int64_t now_us)
{
    for (int i = 0; i < self->count; i++) {
        sg_task *task = &self->task[i];
        double duration_s = task->request.duration_s;
        if (task->state == SG_TASK_GRANTED && duration_s > 0 &&
            (double)(now_us - task->granted_us) * 1e-6 >= duration_s) {
            end(task, SG_TASK_DONE, SG_REASON_FINISHED, now_us);
        } else if (task->state == SG_TASK_QUEUED && task->request.deadline_us != 0 &&
                   now_us > task->request.deadline_us) {
            end(task, SG_TASK_EXPIRED, SG_REASON_DEADLINE, now_us);
        }
    }
}

/* The next to decide on: the most urgent, then the oldest of those still undecided in this step. */
static int next_waiting(const sg_tasks *self, const bool *decided)
{
    int best = -1;
    for (int i = 0; i < self->count; i++) {
        if (self->task[i].state == SG_TASK_QUEUED && !decided[i] &&
            (best < 0 || self->task[i].request.priority < self->task[best].request.priority)) {
            best = i;
        }
    }
    return best;
}

double sg_tasks_step(sg_tasks *self, int64_t now_us, sg_supply supply)
{
    bool decided[SG_TASK_MAX] = {false};
    double before_w = sg_tasks_granted_w(self);
    end_what_is_over(self, now_us);
    double free_w =
        supply.free_w + before_w - sg_tasks_granted_w(self); /* what ended is free again */
    for (int i; (i = next_waiting(self, decided)) >= 0;) {
        sg_task *task = &self->task[i];
        decided[i] = true;
        task->firm_w = free_w > 0 ? free_w : 0;
        if (task->request.power_w <= free_w) {
            task->state = SG_TASK_GRANTED;
            task->reason = SG_REASON_FITS;
            task->granted_us = now_us;
            free_w -= task->request.power_w;
        } else if (task->request.power_w > supply.ever_w) {
            end(task, SG_TASK_REFUSED, SG_REASON_NEVER_FITS, now_us);
        } else {
            task->reason = SG_REASON_NOT_NOW;
        }
    }
    return sg_tasks_granted_w(self);
}

double sg_tasks_granted_w(const sg_tasks *self)
{
    double granted_w = 0;
    for (int i = 0; i < self->count; i++) {
        granted_w += self->task[i].state == SG_TASK_GRANTED ? self->task[i].request.power_w : 0;
    }
    return granted_w;
}
