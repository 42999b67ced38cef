/* request.h - what people and programs may ask of the site: power for a task, and taking that back.
 *
 * Units    W, s. Memory: flat values without pointers or padding, so they are journaled as they are. */
#ifndef SG_SITE_REQUEST_H
#define SG_SITE_REQUEST_H
#include "base/limits.h"
#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef enum sg_request_kind { SG_REQUEST_ALLOCATE, SG_REQUEST_WITHDRAW } sg_request_kind;

/* A request for power, POST /energy/allocate. Same task_id and same content again: the same answer, no second effect. */
typedef struct sg_request {
    char task_id[SG_ID_MAX];
    int32_t kind;     /* sg_request_kind */
    int32_t priority; /* 0 critical, 1 high, 2 normal, 3 low */
    double power_w;
    double duration_s;   /* 0 = until withdrawn                         */
    int64_t deadline_us; /* latest start, 0 = none: refused after it    */
} sg_request;

/* Whole name, known kind and priority, finite and not negative numbers, a deadline in this calendar. */
static inline bool sg_request_sane(const sg_request *r)
{
    return memchr(r->task_id, 0, SG_ID_MAX) && r->kind >= SG_REQUEST_ALLOCATE &&
           r->kind <= SG_REQUEST_WITHDRAW && r->priority >= 0 && r->priority <= 3 &&
           r->power_w >= 0 && r->power_w <= 1e15 && r->duration_s >= 0 && r->duration_s <= 1e15 &&
           r->deadline_us >= 0 && r->deadline_us <= SG_TIME_US_MAX;
}

#define SG_TASK_STATE_LIST(X)         \
    X(SG_TASK_FREE, "free")           \
    X(SG_TASK_QUEUED, "queued")       \
    X(SG_TASK_GRANTED, "granted")     \
    X(SG_TASK_REFUSED, "refused")     \
    X(SG_TASK_DONE, "done")           \
    X(SG_TASK_WITHDRAWN, "withdrawn") \
    X(SG_TASK_EXPIRED, "expired")

typedef enum sg_task_state {
#define X(code, text) code,
    SG_TASK_STATE_LIST(X)
#undef X
} sg_task_state;

typedef struct sg_task {
    sg_request request;
    int32_t state;                             /* sg_task_state           */
    int32_t reason;                            /* sg_reason               */
    int64_t received_us, granted_us, ended_us; /* 0 = not yet */
    double firm_w;                             /* what was free at the decision, for the answer */
} sg_task;

/* The answer to the i-th request of a frame. */
typedef struct sg_reply {
    int32_t task;     /* index into the task table, -1 when it was not taken in */
    int32_t conflict; /* 1: the task_id is known with other content, 2: the table is full */
} sg_reply;
#endif
