#include "host/reload.h"

#include "base/pages.h"
#include "base/worker.h"
#include "site/reader.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDLE, AT_WORK, READY, FAILED };

struct sg_reload {
    sg_reload_plan plan;
    const sg_site *now;
    sg_replacement made;
    pthread_t thread;
    bool joinable;
    atomic_int state;
};

sg_reload *sg_reload_create(void)
{
    return calloc(1, sizeof(sg_reload));
}

static void discard(sg_replacement *self)
{
    sg_transfer_free(&self->map);
    sg_world_free(self->world);
    free(self->engine);
    if (self->site) {
        sg_site_free(self->site);
        free(self->site);
    }
    *self = (sg_replacement){0};
}

static void join(sg_reload *self)
{
    if (self->joinable) {
        pthread_join(self->thread, NULL);
        self->joinable = false;
    }
}

void sg_reload_destroy(sg_reload *self)
{
    if (self) {
        join(self);
        discard(&self->made);
        free(self);
    }
}

static void say(const sg_diagnostics *said)
{
    static const char *const severity[] = {"error", "warning", "note"};
    for (int i = 0; i < said->count; i++) {
        const sg_diagnostic *d = &said->items[i];
        fprintf(stderr, "symgrid: %s:%d:%d: %s: %s%s%s\n", d->file, d->line, d->column,
                severity[d->severity], d->message, d->hint[0] ? "; " : "", d->hint);
    }
}

/* A site with another identity would go on under this one's books. */
static bool same_site(const sg_site *now, const sg_site *next)
{
    if (now->id[0] && next->id[0] && strcmp(now->id, next->id) != 0) {
        fprintf(stderr, "symgrid: %s now describes site %s, not %s\n", next->path, next->id,
                now->id);
        return false;
    }
    if (strcmp(now->currency, next->currency) != 0) {
        fprintf(stderr, "symgrid: %s counts in %s now, the meter in %s\n", next->path,
                next->currency, now->currency);
        return false;
    }
    return true;
}

static bool load(sg_reload *self)
{
    sg_site *site = calloc(1, sizeof *site);
    sg_diagnostics *said = calloc(1, sizeof *said);
    bool good = site && said && sg_site_load(self->plan.path, site, said) == SG_OK;
    if (said) {
        say(said);
        sg_diagnostics_free(said);
        free(said);
    }
    if (!good) {
        free(site);
        return false;
    }
    self->made.site = site;
    if (self->plan.plan_every_s > 0) {
        sg_site_plan_every(site, self->plan.plan_every_s);
    }
    return same_site(self->now, site);
}

static bool prepare(sg_reload *self)
{
    const sg_site *site = self->made.site;
    sg_engine_config config = {
        .policy = self->plan.policy, .mode = site->mode, .start_us = self->plan.start_us};
    void *memory = aligned_alloc(64, (sg_engine_size(site) + 63) & ~(size_t)63);
    sg_pages_large(memory, sg_engine_size(site));
    self->made.engine = memory ? sg_engine_create(memory, site, &config) : NULL;
    self->made.world = sg_world_create(site, self->plan.start_us);
    return self->made.engine && self->made.world &&
           sg_transfer_create(self->now, site, &self->made.map) == SG_OK;
}

static void *work(void *argument)
{
    sg_reload *self = argument;
    bool done = load(self) && prepare(self);
    if (!done) {
        fprintf(stderr, "symgrid: %s was not taken: the site goes on as it was\n", self->plan.path);
        discard(&self->made);
    }
    atomic_store(&self->state, done ? READY : FAILED);
    return NULL;
}

bool sg_reload_begin(sg_reload *self, const sg_reload_plan *plan, const sg_site *now)
{
    int state = atomic_load(&self->state);
    if (state == AT_WORK || state == READY) {
        return false;
    }
    join(self);
    self->plan = *plan;
    self->now = now;
    atomic_store(&self->state, AT_WORK);
    self->joinable = sg_thread_start(&self->thread, "sg-reload", work, self);
    if (!self->joinable) {
        atomic_store(&self->state, FAILED);
    }
    return self->joinable;
}

bool sg_reload_take(sg_reload *self, sg_replacement *ret)
{
    if (atomic_load(&self->state) != READY) {
        return false;
    }
    *ret = self->made;
    self->made = (sg_replacement){0};
    atomic_store(&self->state, IDLE);
    return true;
}
