#include "host/twin.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/worker.h"
#include "host/trace.h"

#include <math.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const double speed_first = 10;
static const double publish_s = 0.2; /* of wall time */
static const double door_s_max = 5;  /* for the loop to come by */
static const double quiet_s_least = 30, after_s_max = 3600;
static const double lead_s_max =
    10; /* of site time before an incident, or a second of the clock: what it is like before */
enum { NICE = 10 };

/* The loop's door. Whoever moves it from WANTED owns what comes next. */
enum { CLOSED, WANTED, COPYING, COPIED, REFUSED };

struct sg_twin {
    sg_worker worker; /* its lock is server's and twin's only; the loop never takes it */
    double step_s;
    /* under it */
    uint64_t wanted; /* rehearsal that is to run, 0: none; counts up */
    uint64_t last, number;
    sg_rehearsal_order order[SG_REHEARSAL_ORDER_MAX]; /* of the wanted one */
    int order_count;
    sg_rehearsal shown;
    /* between twin and loop */
    atomic_int door;
    const sg_site *site;
    void *state;
    size_t state_size;
    sg_foretold told;
    /* the twin's */
    uint64_t mine;
    sg_shadow *with, *without;
    sg_rehearsal now;
    sg_trace trace;
    double over_s; /* the last incident ends */
    bool real;     /* the live devices are: the plant is made from the site file */
};

static void rest_s(double s)
{
    struct timespec span = {.tv_sec = (time_t)s, .tv_nsec = (long)(fmod(s, 1.0) * 1e9)};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
}

/* --- the loop's side --- */

void sg_twin_door(sg_twin *self, const sg_site *site, const sg_engine *engine,
                  const sg_world *world, const sg_foretold *told)
{
    int wanted = WANTED;
    if (!self || atomic_load_explicit(&self->door, memory_order_relaxed) != WANTED ||
        !atomic_compare_exchange_strong(&self->door, &wanted, COPYING)) {
        return;
    }
    if (site != self->site || sg_engine_state_size(engine) != self->state_size) {
        atomic_store(&self->door, REFUSED);
        return;
    }
    memcpy(self->state, engine, self->state_size);
    self->told = *told;
    self->real = world == NULL;
    if (world) {
        sg_world_copy(self->with->world, world);
    }
    atomic_store(&self->door, COPIED);
}

/* --- the twin's side --- */

static bool still_wanted(sg_twin *self)
{
    sg_worker_lock(&self->worker);
    bool wanted = !self->worker.ending && self->wanted == self->mine;
    sg_worker_unlock(&self->worker);
    return wanted;
}

/* An incident that was asked for while the twin came to its end keeps it running. */
static void publish(sg_twin *self)
{
    sg_worker_lock(&self->worker);
    if (self->wanted == self->mine) {
        bool by_itself =
            self->now.state == SG_REHEARSAL_DONE || self->now.state == SG_REHEARSAL_ENDED;
        if (by_itself && self->order_count > self->now.order_count) {
            self->now.state = SG_REHEARSAL_RUNNING;
        }
        self->shown = self->now;
        self->number++;
        if (self->now.state > SG_REHEARSAL_RUNNING) {
            self->wanted = 0;
        }
    }
    sg_worker_unlock(&self->worker);
}

static void fail(sg_twin *self, const char *text)
{
    self->now.state = SG_REHEARSAL_FAILED;
    snprintf(self->now.text, sizeof self->now.text, "%s", text);
    publish(self);
}

/* Room for all of it, before the loop is asked. The state's size is that of the block without the scratch behind it. */
static bool make_room(sg_twin *self)
{
    self->with = sg_shadow_create(self->site);
    self->without = sg_shadow_create(self->site);
    self->state_size = sg_engine_state_size_of(self->site);
    self->state = malloc(self->state_size);
    return self->with && self->without && self->state;
}

static bool get_copy(sg_twin *self)
{
    double until_s = sg_clock_s() + door_s_max;
    atomic_store(&self->door, WANTED);
    while (atomic_load(&self->door) < COPIED) { /* ends: copied, refused, or closed below */
        int wanted = WANTED;
        if ((sg_clock_s() > until_s || !still_wanted(self)) &&
            atomic_compare_exchange_strong(&self->door, &wanted, CLOSED)) {
            fail(self, "the control loop did not come by within 5 s");
            return false;
        }
        rest_s(0.002);
    }
    bool copied = atomic_exchange(&self->door, CLOSED) == COPIED;
    if (!copied) {
        fail(self, "the site file was read again meanwhile; ask once more");
    }
    return copied;
}

/* Both twins stand where the live site stood. */
static bool set_up(sg_twin *self)
{
    sg_shadow *both[] = {self->with, self->without};
    for (int i = 0; i < 2; i++) {
        if (!sg_shadow_start(both[i], self->state, self->state_size, &self->told)) {
            fail(self, "there is no memory for a twin");
            return false;
        }
    }
    if (self->real) {
        sg_command command = sg_engine_command(self->with->engine);
        command.advisory = false;
        sg_world_resume(self->with->world, sg_engine_time(self->with->engine),
                        sg_engine_values(self->with->engine));
        sg_world_write(self->with->world, &command);
    }
    sg_world_copy(self->without->world, self->with->world);
    self->now.from_us = sg_engine_time(self->with->engine);
    self->now.mode = sg_engine_mode(self->with->engine);
    self->now.policy = sg_engine_policy(self->with->engine);
    self->now.state = SG_REHEARSAL_RUNNING;
    sg_trace_start(&self->trace, self->with, self->without, &self->now);
    return true;
}

/* Orders that came in since. */
static void take_orders(sg_twin *self)
{
    sg_rehearsal *now = &self->now;
    sg_worker_lock(&self->worker);
    int count = self->wanted == self->mine ? self->order_count : now->order_count;
    for (; now->order_count < count; now->order_count++) {
        const sg_rehearsal_order *order = &self->order[now->order_count];
        now->speed = order->speed > 0 ? order->speed : now->speed;
        double lead_s = fmin(now->speed, lead_s_max);
        now->order[now->order_count] =
            (sg_rehearsal_played){.order = *order, .at_s = now->elapsed_s + lead_s};
        self->over_s = fmax(self->over_s, now->elapsed_s + lead_s + order->for_s);
    }
    sg_worker_unlock(&self->worker);
}

/* Incidents that begin or end with this step. */
static bool play(sg_twin *self)
{
    sg_rehearsal *now = &self->now;
    for (int i = 0; i < now->order_count; i++) {
        sg_rehearsal_played *one = &now->order[i];
        if (!one->begun && now->elapsed_s > one->at_s - 1e-6) {
            one->begun = true;
            sg_trace_order(&self->trace, i, SG_REHEARSAL_BEGINS);
            if (!sg_shadow_begin(self->with, i, &one->order)) {
                fail(self,
                     "the site file and this rehearsal hold more faults than the plant takes");
                return false;
            }
        }
        if (one->begun && !one->over && now->elapsed_s > one->at_s + one->order.for_s - 1e-6) {
            one->over = true;
            sg_shadow_end(self->with, i);
            sg_trace_order(&self->trace, i, SG_REHEARSAL_ENDS);
        }
    }
    return true;
}

/* Is it at its end? */
static bool is_over(sg_twin *self)
{
    double after_s = self->now.elapsed_s - self->over_s;
    if (after_s > quiet_s_least && sg_trace_quiet_s(&self->trace) > quiet_s_least) {
        self->now.state = SG_REHEARSAL_DONE;
    } else if (after_s > after_s_max) {
        self->now.state = SG_REHEARSAL_ENDED;
    }
    return self->now.state != SG_REHEARSAL_RUNNING;
}

/* Wait until the next step is due; a twin that is behind does not run after its clock. */
static void pace(sg_twin *self, double *due_s)
{
    double now_s = sg_clock_s();
    *due_s = fmax(*due_s + self->step_s / self->now.speed, now_s - 0.1);
    while (*due_s - now_s > 0.01 && still_wanted(self)) {
        rest_s(fmin(*due_s - now_s, 0.05));
        now_s = sg_clock_s();
    }
}

static void run(sg_twin *self)
{
    double began_s = sg_clock_s(), due_s = began_s, published_s = -INFINITY;
    while (still_wanted(self)) { /* ends: is_over(), at the latest an hour after the last order */
        take_orders(self);
        if (!play(self)) {
            return;
        }
        sg_shadow_step(self->with, self->step_s);
        sg_shadow_step(self->without, self->step_s);
        sg_trace_step(&self->trace, self->with, self->without, self->step_s);
        double now_s = sg_clock_s();
        self->now.ran_speed = self->now.elapsed_s / fmax(now_s - began_s, 1e-3);
        if (is_over(self) || now_s - published_s >= publish_s) {
            published_s = now_s;
            publish(self); /* after the last one nobody wants it any more */
        }
        pace(self, &due_s);
    }
}

static void rehearse(sg_twin *self)
{
    if (!make_room(self)) {
        fail(self, "there is no memory for a twin");
    } else if (get_copy(self) && set_up(self)) {
        run(self);
    }
}

static void tidy(sg_twin *self)
{
    sg_shadow_free(self->with);
    sg_shadow_free(self->without);
    free(self->state);
    self->with = self->without = NULL;
    self->state = NULL;
}

/* --- an internal check fails: here it is the rehearsal that ends --- */

static _Thread_local jmp_buf way_out;

static void give_up(const char *condition, const char *file, int line)
{
    fprintf(stderr,
            "symgrid: internal check failed on the twin of a rehearsal, which ends: %s (%s:%d)\n",
            condition, file, line);
    longjmp(way_out, 1);
}

static void guarded(sg_twin *self)
{
    if (setjmp(way_out) == 0) {
        sg_check_on_thread_failure(give_up);
        rehearse(self);
    } else {
        fail(self, "an internal check failed on the twin; the live site is not touched by it");
    }
    sg_check_on_thread_failure(NULL);
}

static void *work(void *argument)
{
    sg_twin *self = argument;
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* of this thread: everything else comes first */
    sg_worker_lock(&self->worker);
    while (!self->worker.ending) {
        if (self->wanted == 0 || self->wanted == self->mine) {
            sg_worker_wait(&self->worker, INFINITY);
            continue;
        }
        self->mine = self->wanted;
        self->site = self->order[0].site;
        self->now = self->shown;
        self->over_s = 0;
        sg_worker_unlock(&self->worker);
        guarded(self);
        tidy(self);
        sg_worker_lock(&self->worker);
    }
    sg_worker_unlock(&self->worker);
    return NULL;
}

/* --- the server's side --- */

sg_status sg_twin_order(sg_twin *self, const sg_rehearsal_order *order)
{
    sg_status status = SG_OK;
    sg_worker_lock(&self->worker);
    if (self->wanted == 0) {
        self->wanted = ++self->last;
        self->order[0] = *order;
        self->order_count = 1;
        memset(&self->shown, 0, sizeof self->shown);
        self->shown.state = SG_REHEARSAL_STARTING;
        self->shown.site = order->site;
        self->shown.step_s = self->step_s;
        self->shown.speed = speed_first;
        self->number++;
        sg_worker_wake(&self->worker);
    } else if (order->site != self->order[0].site) {
        status = SG_UNAVAILABLE;
    } else if (self->order_count == SG_REHEARSAL_ORDER_MAX) {
        status = SG_FULL;
    } else {
        self->order[self->order_count++] = *order;
    }
    sg_worker_unlock(&self->worker);
    return status;
}

void sg_twin_stop(sg_twin *self)
{
    sg_worker_lock(&self->worker);
    if (self->wanted != 0) {
        self->wanted = 0;
        self->shown.state = SG_REHEARSAL_STOPPED;
        self->number++;
    }
    sg_worker_unlock(&self->worker);
}

uint64_t sg_twin_look(sg_twin *self, uint64_t seen, sg_rehearsal *ret)
{
    sg_worker_lock(&self->worker);
    uint64_t number = self->number;
    if (ret && number != seen) {
        *ret = self->shown;
    }
    sg_worker_unlock(&self->worker);
    return number;
}

/* --- start and end --- */

sg_twin *sg_twin_create(double step_s)
{
    sg_twin *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->step_s = step_s;
    self->number = 1;
    if (!sg_worker_start(&self->worker, "sg-twin", work, self)) {
        free(self);
        return NULL;
    }
    return self;
}

void sg_twin_destroy(sg_twin *self)
{
    if (!self) {
        return;
    }
    sg_worker_end(&self->worker);
    free(self);
}
