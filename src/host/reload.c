#include "host/reload.h"

#include "agent/sha256.h"
#include "base/pages.h"
#include "base/worker.h"
#include "serve/audit_log.h"
#include "site/csv.h"
#include "site/difference.h"
#include "site/reader.h"

#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NOTING: taken, and the thread writes it down. */
enum { IDLE, AT_WORK, READY, NOTING };
enum { SHA_TEXT = 2 * SG_SHA256_SIZE + 1, WHY_MAX = 480 };

struct sg_reload {
    sg_reload_plan plan;
    const sg_site *now;
    sg_replacement made;
    pthread_t thread;
    bool joinable;
    atomic_int state;
    atomic_bool ending;
    sem_t taken; /* what was READY was taken, or never will be */
    /* the thread's */
    char sha[SHA_TEXT],
        next_sha
            [SHA_TEXT]; /* of the file that is running; of the one that was read, "": it cannot be */
    char why[WHY_MAX];  /* it was not taken */
    sg_out changed;     /* items of a JSON array */
};

static void sha_of(const char *text, size_t length, char ret[SHA_TEXT])
{
    sg_sha256 sum;
    uint8_t hash[SG_SHA256_SIZE];
    sg_sha256_start(&sum);
    sg_sha256_add(&sum, (const uint8_t *)text, (uint32_t)length);
    sg_sha256_end(&sum, hash);
    for (int i = 0; i < SG_SHA256_SIZE; i++) {
        snprintf(ret + 2 * i, 3, "%02x", hash[i]);
    }
}

sg_reload *sg_reload_create(const char *path)
{
    size_t length;
    const char *why;
    sg_reload *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    sem_init(&self->taken, 0, 0);
    char *text = sg_file_read(path, SG_SITE_FILE_MAX, &length, &why);
    if (text) {
        sha_of(text, length, self->sha);
    }
    free(text);
    return self;
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
        atomic_store(&self->ending, true);
        sem_post(&self->taken);
        join(self);
        discard(&self->made);
        sem_destroy(&self->taken);
        sg_out_free(&self->changed);
        free(self);
    }
}

static void refuse(sg_reload *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void refuse(sg_reload *self, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(self->why, sizeof self->why, format, list);
    va_end(list);
}

/* All of it for the log; the first error is why. */
static void say(sg_reload *self, const sg_diagnostics *said)
{
    static const char *const severity[] = {"error", "warning", "note"};
    for (int i = 0; i < said->count; i++) {
        const sg_diagnostic *d = &said->items[i];
        char text[WHY_MAX];
        snprintf(text, sizeof text, "%s:%d:%d: %s: %s%s%s", d->file, d->line, d->column,
                 severity[d->severity], d->message, d->hint[0] ? "; " : "", d->hint);
        fprintf(stderr, "symgrid: %s\n", text);
        if (d->severity == SG_ERROR && !self->why[0]) {
            refuse(self, "%s", text);
        }
    }
}

/* A site with another identity would go on under this one's books. */
static bool same_site(sg_reload *self, const sg_site *next)
{
    const sg_site *now = self->now;
    if (now->id[0] && next->id[0] && strcmp(now->id, next->id) != 0) {
        refuse(self, "%s now describes site %s, not %s", next->path, next->id, now->id);
    } else if (strcmp(now->currency, next->currency) != 0) {
        refuse(self, "%s counts in %s now, the meter in %s", next->path, next->currency,
               now->currency);
    } else {
        return true;
    }
    fprintf(stderr, "symgrid: %s\n", self->why);
    return false;
}

/* What is hashed is what is read. */
static sg_status read_site(sg_reload *self, sg_site *site, sg_diagnostics *said)
{
    size_t length;
    const char *why, *path = self->plan.path;
    char *text = sg_file_read(path, SG_SITE_FILE_MAX, &length, &why);
    if (!text) {
        return sg_site_load(path, site, said); /* says why it cannot be */
    }
    sha_of(text, length, self->next_sha);
    sg_status status = sg_site_parse(path, text, length, true, site, said);
    free(text);
    return status;
}

static bool load(sg_reload *self)
{
    sg_site *site = calloc(1, sizeof *site);
    sg_diagnostics *said = calloc(1, sizeof *said);
    bool good = site && said && read_site(self, site, said) == SG_OK;
    if (said) {
        say(self, said);
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
    return same_site(self, site);
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

/* ---- the audit log ---- */

static void put_state(sg_out *out, const char *sha, const sg_site *site)
{
    char hash[20];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)site->hash);
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "sha256", sha[0] ? sha : NULL);
    sg_json_text(out, "site_hash", hash);
}

/* next: the site that took over, NULL: none did. */
static void note(sg_reload *self, const sg_site *next)
{
    sg_out asked = {0}, before = {0}, after = {0};
    if (!self->plan.dir) {
        return;
    }
    sg_json_begin(&asked, NULL, '{');
    sg_json_text(&asked, "signal", "SIGHUP");
    sg_json_text(&asked, "sha256", self->next_sha[0] ? self->next_sha : NULL);
    sg_json_text(&asked, "refused", next ? NULL : self->why[0] ? self->why : "memory is exhausted");
    sg_json_end(&asked, '}');
    put_state(&before, self->sha, self->now);
    sg_json_end(&before, '}');
    if (next) {
        put_state(&after, self->next_sha, next);
        sg_json_begin(&after, "changed", '[');
        sg_out_text(&after, self->changed.text ? self->changed.text : "");
        sg_json_end(&after, ']');
        sg_json_end(&after, '}');
    }
    const sg_audit_signal entry = {.pid = self->plan.pid,
                                   .uid = self->plan.uid,
                                   .site_time_us = self->plan.now_us,
                                   .path = self->plan.path,
                                   .taken = next != NULL,
                                   .asked = asked.text,
                                   .before = before.text,
                                   .after = after.text};
    if (asked.failed || before.failed || after.failed ||
        sg_audit_note_signal(self->plan.dir, &entry) != SG_OK) {
        fprintf(stderr, "symgrid: the audit log cannot be written: an entry is lost\n");
    }
    sg_out_free(&asked);
    sg_out_free(&before);
    sg_out_free(&after);
}

/* ---- the thread ---- */

static void drop(sg_reload *self)
{
    fprintf(stderr, "symgrid: %s was not taken: the site goes on as it was\n", self->plan.path);
    note(self, NULL);
    discard(&self->made);
    atomic_store(&self->state, IDLE);
}

/* Hands it over and waits until the loop has it. */
static void hand_over(sg_reload *self)
{
    const sg_site *next = self->made.site; /* lives on: see begin */
    atomic_store(&self->state, READY);
    while (sem_wait(&self->taken) != 0) { /* ends: interrupted, once more */
    }
    if (atomic_load(&self->state) == NOTING) {
        note(self, next);
        memcpy(self->sha, self->next_sha, sizeof self->sha);
    } else {
        refuse(self, "the program ended");
        note(self, NULL);
    }
    atomic_store(&self->state, IDLE);
}

static void *work(void *argument)
{
    sg_reload *self = argument;
    self->why[0] = self->next_sha[0] = '\0';
    sg_out_clear(&self->changed);
    if (!load(self)) {
        drop(self);
        return NULL;
    }
    if (sg_site_difference(self->now, self->made.site, &self->changed) == 0) {
        fprintf(stderr, "symgrid: %s was read again: nothing changed\n", self->plan.path);
        note(self, self->made.site);
        memcpy(self->sha, self->next_sha, sizeof self->sha);
        discard(&self->made);
        atomic_store(&self->state, IDLE);
    } else if (!prepare(self)) {
        drop(self);
    } else {
        hand_over(self);
    }
    return NULL;
}

bool sg_reload_begin(sg_reload *self, const sg_reload_plan *plan, const sg_site *now)
{
    if (atomic_load(&self->state) != IDLE) {
        return false;
    }
    join(self);
    self->plan = *plan;
    self->now = now;
    atomic_store(&self->state, AT_WORK);
    self->joinable = sg_thread_start(&self->thread, "sg-reload", work, self);
    if (!self->joinable) {
        atomic_store(&self->state, IDLE);
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
    atomic_store(&self->state, NOTING);
    sem_post(&self->taken);
    return true;
}
