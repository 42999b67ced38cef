/* worker.h - a thread beside the loop, and the lock at which the two meet.
 *
 * Rule     the work function takes the lock, waits under it until there is something to do or `ending` is said, and lets
 *          it go while it works. The loop only tries the lock (sg_worker_try): it never waits for a worker.
 * Threads  start and end are the owner's. Signals are the loop's business: every thread that is started here has all of them blocked. */
#ifndef SG_BASE_WORKER_H
#define SG_BASE_WORKER_H
#include "base/status.h"

#include <pthread.h>
#include <stdbool.h>

typedef void *sg_thread_work(void *context);

typedef struct sg_worker {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ending; /* under the lock */
} sg_worker;

/* A thread alone; `name` as the system shows it, at most 15 characters. False when none can be had. @effects alloc=yes */
SG_MUST_CHECK bool sg_thread_start(pthread_t *ret, const char *name, sg_thread_work *work,
                                   void *context);

/* False when no thread can be had; then there is nothing to end. @effects alloc=yes */
SG_MUST_CHECK bool sg_worker_start(sg_worker *self, const char *name, sg_thread_work *work,
                                   void *context);
/* Says that it ends, and waits until the work function has returned. @effects block=yes */
void sg_worker_end(sg_worker *self);

void sg_worker_lock(sg_worker *self);
bool sg_worker_try(sg_worker *self); /* @effects block=no */
void sg_worker_unlock(sg_worker *self);

/* Under the lock. A wait may end early, for no reason: look again. `until_s` is of sg_clock_s(); INFINITY waits for a wake alone. */
void sg_worker_wake(sg_worker *self);
void sg_worker_wait(sg_worker *self, double until_s);
#endif
