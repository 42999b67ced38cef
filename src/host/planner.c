#include "host/planner.h"

#include "plan/rolling.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

static const double seconds_max = 20; /* of solving; then the plan before goes on */

typedef enum stage { IDLE, ASKED, FINISHED, FAILED, ENDING } stage;

struct sg_planner {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    stage stage;
    sg_outlook outlook;
    sg_plan plan;
    sg_again *again;
};

static void *work(void *argument)
{
    sg_planner *self = argument;
    pthread_mutex_lock(&self->mutex);
    while (self->stage != ENDING) {
        if (self->stage != ASKED) {
            pthread_cond_wait(&self->changed, &self->mutex);
            continue;
        }
        pthread_mutex_unlock(
            &self->mutex); /* outlook and plan are the worker's while ASKED stands */
        sg_status status = sg_plan_make(&self->outlook, seconds_max, self->again, &self->plan);
        pthread_mutex_lock(&self->mutex);
        if (self->stage == ASKED) {
            self->stage = status == SG_OK ? FINISHED : FAILED;
            pthread_cond_broadcast(&self->changed);
        }
    }
    pthread_mutex_unlock(&self->mutex);
    return NULL;
}

sg_planner *sg_planner_create(void)
{
    sg_planner *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->again = sg_again_create(); /* without it each plan is made from nothing */
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->changed, NULL);
    sigset_t all, before;
    sigfillset(&all); /* signals are the loop's business */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool made = pthread_create(&self->thread, NULL, work, self) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!made) {
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
    pthread_mutex_lock(&self->mutex);
    self->stage = ENDING;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->mutex);
    sg_again_free(self->again);
    free(self);
}

bool sg_planner_free(sg_planner *self)
{
    if (pthread_mutex_trylock(&self->mutex) != 0) {
        return false;
    }
    bool free_now = self->stage == IDLE || self->stage == FAILED;
    pthread_mutex_unlock(&self->mutex);
    return free_now;
}

bool sg_planner_ask(sg_planner *self, const sg_outlook *outlook)
{
    if (pthread_mutex_trylock(&self->mutex) != 0) {
        return false;
    }
    bool free_now = self->stage != ASKED;
    if (free_now) {
        self->outlook = *outlook;
        self->stage = ASKED;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->mutex);
    return free_now;
}

bool sg_planner_take(sg_planner *self, sg_plan *ret)
{
    if (pthread_mutex_trylock(&self->mutex) != 0) {
        return false;
    }
    bool finished = self->stage == FINISHED;
    if (finished) {
        *ret = self->plan;
        self->stage = IDLE;
    }
    pthread_mutex_unlock(&self->mutex);
    return finished;
}

bool sg_planner_make(const sg_outlook *outlook, sg_again *again, sg_plan *ret)
{
    return sg_plan_make(outlook, seconds_max, again, ret) == SG_OK;
}
