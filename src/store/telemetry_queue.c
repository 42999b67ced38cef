#include "base/clock.h"
#include "base/ring.h"
#include "base/worker.h"
#include "store/telemetry.h"
#include "store/telemetry_row.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    ROW_SLOTS = 512,        /* eight and a half minutes at one row a second     */
    SETTLEMENT_SLOTS = 256, /* more than two days of quarter hours              */
    COMMIT_MS = 1000,
    WAIT_MS = 100
};

struct sg_telemetry_queue {
    sg_telemetry *store;
    const sg_site *site;
    void (*log)(void *self, const char *line);
    void *log_self;
    sg_ring rows, settlements;
    pthread_t thread;
    sem_t wake;
    atomic_bool stop, asleep;
    atomic_uint_least64_t dropped;
    /* Of the thread that offers. */
    int64_t second, decided_us;
    uint64_t settled_count;
    bool any;
    sg_telemetry_row offered;
    /* Of the thread that writes. */
    sg_telemetry_row row;
    sg_settlement pending[SETTLEMENT_SLOTS]; /* not yet committed */
    int pending_count;
    uint64_t rows_in_transaction;
    bool failing;
};

static void say(sg_telemetry_queue *self, bool failing)
{
    char line[SG_TELEMETRY_TEXT + 64];
    if (failing == self->failing) {
        return;
    }
    self->failing = failing;
    snprintf(line, sizeof line, "%s%s",
             failing ? sg_telemetry_error(self->store) : "telemetry.db: writing works again",
             failing ? "; rows are dropped until it works again" : "");
    if (self->log) {
        self->log(self->log_self, line);
    }
}

/* Everything that waits, into the open transaction. Returns how many rows and intervals that were.
 * */
static int write_waiting(sg_telemetry_queue *self, int most)
{
    int done = 0;
    while (self->pending_count < SETTLEMENT_SLOTS &&
           sg_ring_pop(&self->settlements, &self->pending[self->pending_count])) {
        if (sg_telemetry_settlement(self->store, &self->pending[self->pending_count++]) != SG_OK) {
            say(self, true);
        }
        done++;
    }
    while (done < most && sg_ring_pop(&self->rows, &self->row)) {
        if (sg_telemetry_row_write(self->store, &self->row) == SG_OK) {
            self->rows_in_transaction++;
        } else {
            atomic_fetch_add(&self->dropped, 1);
            say(self, true);
        }
        done++;
    }
    return done;
}

static void commit(sg_telemetry_queue *self, bool idle)
{
    for (int i = 0; self->failing && i < self->pending_count;
         i++) { /* what an earlier rollback undid */
        if (sg_telemetry_settlement(self->store, &self->pending[i]) != SG_OK) {
            break;
        }
    }
    if (sg_telemetry_commit(self->store, idle) == SG_OK) {
        if (self->rows_in_transaction) {
            say(self, false);
        }
        self->pending_count = 0;
    } else {
        atomic_fetch_add(&self->dropped, self->rows_in_transaction);
        say(self, true);
    }
    self->rows_in_transaction = 0;
}

static void pause_until_woken(sg_telemetry_queue *self)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    atomic_store(&self->asleep, true);
    while (sem_timedwait(&self->wake, &until) != 0 && errno == EINTR) {
    }
    atomic_store(&self->asleep, false);
}

static void *work(void *argument)
{
    sg_telemetry_queue *self = argument;
    int64_t committed_ms = sg_clock_ms();
    bool open = false;
    for (;;) { /* ends: when told to and nothing waits */
        bool stop = atomic_load(&self->stop);
        int done = write_waiting(self, ROW_SLOTS);
        open = open || done > 0;
        bool due = sg_clock_ms() - committed_ms >= COMMIT_MS;
        if (open && (due || (stop && done == 0))) {
            commit(self, done == 0);
            open = self->failing && self->pending_count > 0;
            committed_ms = sg_clock_ms();
        }
        if (done == 0) {
            if (stop) {
                return NULL;
            }
            pause_until_woken(self);
        }
    }
}

sg_status sg_telemetry_queue_start(sg_telemetry *store, void (*log)(void *self, const char *line),
                                   void *log_self, sg_telemetry_queue **ret)
{
    sg_telemetry_queue *self = calloc(1, sizeof *self);
    if (!self) {
        return SG_NOMEM;
    }
    self->store = store;
    self->site = sg_telemetry_site(store);
    self->log = log;
    self->log_self = log_self;
    self->decided_us = INT64_MIN;
    bool made =
        sg_ring_init(&self->rows, ROW_SLOTS, sizeof(sg_telemetry_row)) == SG_OK &&
        sg_ring_init(&self->settlements, SETTLEMENT_SLOTS, sizeof(sg_settlement)) == SG_OK &&
        sem_init(&self->wake, 0, 0) == 0 &&
        sg_thread_start(&self->thread, "sg-telemetry", work, self);
    if (!made) {
        sg_ring_free(&self->rows);
        sg_ring_free(&self->settlements);
        free(self);
        return SG_NOMEM;
    }
    *ret = self;
    return SG_OK;
}

/* True when the item went in. A full queue loses its oldest item to the new one, or is waited for.
 * */
static bool put(sg_telemetry_queue *self, sg_ring *ring, const void *item, bool may_wait)
{
    for (int try = 0; try < 4 || may_wait; try++) {
        if (sg_ring_push(ring, item)) {
            return true;
        }
        if (may_wait) {
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
        } else if (ring == &self->rows) {
            sg_telemetry_row oldest;
            if (sg_ring_pop(ring, &oldest)) {
                atomic_fetch_add(&self->dropped, 1);
            }
        }
    }
    return false;
}

void sg_telemetry_queue_offer(sg_telemetry_queue *self, const sg_view *view, bool may_wait)
{
    bool given = false;
    if (view->settled_count != self->settled_count) {
        if (put(self, &self->settlements, &view->settled, may_wait)) {
            self->settled_count = view->settled_count; /* else the next offer brings it again */
        }
        given = true;
    }
    int64_t second = view->time_us / 1000000;
    if (!self->any || second != self->second) {
        self->any = true;
        self->second = second;
        sg_telemetry_row_make(view->site ? view->site : self->site, view, self->decided_us, &self->offered);
        if (view->decision_count > 0) {
            self->decided_us = view->decision[0].time_us;
        }
        if (!put(self, &self->rows, &self->offered, may_wait)) {
            atomic_fetch_add(&self->dropped, 1);
        }
        given = true;
    }
    if (given && atomic_exchange(&self->asleep, false)) {
        sem_post(&self->wake);
    }
}

uint64_t sg_telemetry_queue_dropped(const sg_telemetry_queue *self)
{
    return atomic_load(&self->dropped);
}

void sg_telemetry_queue_stop(sg_telemetry_queue *self)
{
    if (!self) {
        return;
    }
    atomic_store(&self->stop, true);
    sem_post(&self->wake);
    pthread_join(self->thread, NULL);
    sem_destroy(&self->wake);
    sg_ring_free(&self->rows);
    sg_ring_free(&self->settlements);
    free(self);
}
