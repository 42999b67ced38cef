#include "base/worker.h"

#include <math.h>
#include <signal.h>
#include <time.h>

bool sg_thread_start(pthread_t *ret, const char *name, sg_thread_work *work, void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool made = pthread_create(ret, NULL, work, context) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (made) {
        pthread_setname_np(*ret, name);
    }
    return made;
}

bool sg_worker_start(sg_worker *self, const char *name, sg_thread_work *work, void *context)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    self->ending = false;
    if (sg_thread_start(&self->thread, name, work, context)) {
        return true;
    }
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->mutex);
    return false;
}

void sg_worker_end(sg_worker *self)
{
    sg_worker_lock(self);
    self->ending = true;
    sg_worker_wake(self);
    sg_worker_unlock(self);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->mutex);
}

void sg_worker_lock(sg_worker *self)
{
    pthread_mutex_lock(&self->mutex);
}

bool sg_worker_try(sg_worker *self)
{
    return pthread_mutex_trylock(&self->mutex) == 0;
}

void sg_worker_unlock(sg_worker *self)
{
    pthread_mutex_unlock(&self->mutex);
}

void sg_worker_wake(sg_worker *self)
{
    pthread_cond_signal(&self->changed);
}

void sg_worker_wait(sg_worker *self, double until_s)
{
    if (!isfinite(until_s)) {
        pthread_cond_wait(&self->changed, &self->mutex);
        return;
    }
    struct timespec at = {.tv_sec = (time_t)until_s};
    at.tv_nsec = (long)((until_s - (double)at.tv_sec) * 1e9);
    (void)pthread_cond_timedwait(&self->changed, &self->mutex, &at);
}
