#include "host/lookout.h"

#include "base/clock.h"
#include "base/worker.h"
#include "host/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double keep_period_s = 10; /* of wall time */

typedef enum stage { IDLE, ASKED, FINISHED } stage;

struct sg_lookout {
    sg_foresight *foresight;
    sg_unusual *unusual;
    void (*log)(const char *line);
    char path[SG_WHOLE_PATH_MAX]; /* "": nothing is kept */
    char *bytes;                  /* of the file         */
    double keep_due_s;
    bool keep_failed;
    bool beside;
    /* the loop's */
    sg_watch watch;
    sg_seen news;
    bool any_news;
    bool spoken[SG_SERIES_COUNT];  /* the mixture spoke once */
    int32_t fall[SG_SERIES_COUNT]; /* since then: as told last */
    /* the worker's while ASKED stands */
    sg_worker worker;
    stage stage;
    bool look_due, judge_due; /* what was asked */
    sg_seen seen;
    sg_foretold told;
    sg_unusual_list odd;
    /* the loop's again */
    sg_unusual_list odd_told;
};

/* --- kept over a restart --- */

static void keep(sg_lookout *self)
{
    if (!self->path[0]) {
        return;
    }
    bool good =
        sg_write_whole(self->path, self->bytes, sg_foresight_save(self->foresight, self->bytes));
    if (!good && !self->keep_failed) {
        self->log("forecasts cannot be kept on disk; they go on, and begin anew after a restart");
    }
    self->keep_failed = !good;
    self->keep_due_s = sg_clock_s() + keep_period_s;
}

static void recall(sg_lookout *self)
{
    FILE *file = self->path[0] ? fopen(self->path, "rb") : NULL;
    if (!file) {
        return; /* the first start */
    }
    size_t most = sg_foresight_saved_size_max(self->foresight);
    size_t size = fread(self->bytes, 1, most, file);
    bool whole = fgetc(file) == EOF && !ferror(file);
    fclose(file);
    sg_status status = whole ? sg_foresight_load(self->foresight, self->bytes, size) : SG_CORRUPT;
    if (status != SG_OK) {
        char line[700];
        snprintf(line, sizeof line, "%s cannot be used (%s): the forecasts begin without history",
                 self->path, sg_status_text(status));
        self->log(line);
    }
}

/* --- the worker --- */

static void look(sg_lookout *self)
{
    if (self->judge_due) {
        sg_unusual_look(self->unusual, &self->odd);
    }
    if (!self->look_due) {
        return;
    }
    sg_foresight_look(self->foresight, &self->seen, &self->told);
    if (sg_clock_s() >= self->keep_due_s) {
        keep(self);
    }
}

static void *work(void *argument)
{
    sg_lookout *self = argument;
    sg_worker_lock(&self->worker);
    while (!self->worker.ending) {
        if (self->stage != ASKED) {
            sg_worker_wait(&self->worker, INFINITY);
            continue;
        }
        sg_worker_unlock(&self->worker); /* seen and told are the worker's while ASKED stands */
        look(self);
        sg_worker_lock(&self->worker);
        self->stage = FINISHED;
    }
    sg_worker_unlock(&self->worker);
    return NULL;
}

/* --- life --- */

static void release(sg_lookout *self)
{
    sg_foresight_free(self->foresight);
    sg_unusual_destroy(self->unusual);
    free(self->bytes);
    free(self);
}

sg_lookout *sg_lookout_create(const sg_site *site, const char *dir, bool beside,
                              void (*log)(const char *line))
{
    sg_lookout *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    const sg_foresight_config config = {.horizon_s = site->planning.horizon_s};
    self->log = log;
    self->beside = beside;
    sg_watch_init(&self->watch);
    self->foresight = sg_foresight_create(site, &config);
    self->bytes = self->foresight ? malloc(sg_foresight_saved_size_max(self->foresight)) : NULL;
    self->unusual = sg_unusual_create(site, dir, log);
    if (!self->bytes || !self->unusual) {
        release(self);
        return NULL;
    }
    if (dir && strlen(dir) + sizeof SG_LOOKOUT_FILE + 1 < sizeof self->path) {
        snprintf(self->path, sizeof self->path, "%s/%s", dir, SG_LOOKOUT_FILE);
    }
    recall(self);
    if (beside && !sg_worker_start(&self->worker, "sg-lookout", work, self)) {
        release(self);
        return NULL;
    }
    return self;
}

void sg_lookout_destroy(sg_lookout *self)
{
    if (!self) {
        return;
    }
    if (self->beside) {
        sg_worker_end(&self->worker);
    }
    keep(self);
    release(self);
}

/* --- the loop's --- */

static void tell_fall(sg_lookout *self, int c, int32_t fall, int32_t speaker)
{
    char line[300];
    const char *name = sg_series_class_name((sg_series_class)c);
    if (fall == SG_FALL_NONE) {
        snprintf(line, sizeof line, "the forecast of %s is the mixture of models again", name);
    } else {
        snprintf(line, sizeof line, "the forecast of %s is %s: %s", name,
                 sg_speaker_text((sg_speaker)speaker), sg_fall_text((sg_fall)fall));
    }
    self->log(line);
}

/* A series that falls from the mixture, or comes back to it, is told of; not how it begins. */
static void tell_falls(sg_lookout *self, const sg_foretold *told)
{
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        int32_t now = SG_FALL_NONE, speaker = SG_SPEAKER_MIXTURE;
        for (int i = 0; i < SG_LEAD_COUNT; i++) {
            const sg_foretold_lead *lead = &told->series[c].lead[i];
            speaker = lead->fall != SG_FALL_NONE ? lead->speaker : speaker;
            now = lead->fall != SG_FALL_NONE ? lead->fall : now;
        }
        self->spoken[c] = self->spoken[c] || now == SG_FALL_NONE;
        if (self->spoken[c] && now != self->fall[c]) {
            tell_fall(self, c, now, speaker);
        }
        self->fall[c] = self->spoken[c] ? now : SG_FALL_NONE;
    }
}

/* What there is for the worker to do, copied for it. */
static bool ask(sg_lookout *self, const sg_engine *engine)
{
    self->look_due = self->any_news;
    self->judge_due = sg_unusual_watch(self->unusual, engine);
    if (self->look_due) {
        self->seen = self->news;
        self->any_news = false;
    }
    if (self->judge_due) {
        sg_unusual_take(self->unusual);
    }
    return self->look_due || self->judge_due;
}

/* True: the forecasts are new. */
static bool hear(sg_lookout *self, sg_foretold *told)
{
    if (self->judge_due) {
        self->odd_told = self->odd;
    }
    if (self->look_due) {
        *told = self->told;
    }
    return self->look_due;
}

static bool exchange(sg_lookout *self, const sg_engine *engine, sg_foretold *told)
{
    if (!sg_worker_try(&self->worker)) {
        return false;
    }
    bool fresh = self->stage == FINISHED && hear(self, told);
    self->stage = self->stage == FINISHED ? IDLE : self->stage;
    if (self->stage == IDLE && ask(self, engine)) {
        self->stage = ASKED;
        sg_worker_wake(&self->worker);
    }
    sg_worker_unlock(&self->worker);
    return fresh;
}

bool sg_lookout_step(sg_lookout *self, const sg_engine *engine, sg_foretold *told)
{
    if (!self) {
        return false;
    }
    self->any_news = sg_watch_step(&self->watch, engine, &self->news) || self->any_news;
    bool fresh = false;
    if (self->beside) {
        fresh = exchange(self, engine, told);
    } else if (ask(self, engine)) {
        look(self);
        fresh = hear(self, told);
    }
    if (fresh) {
        tell_falls(self, told);
    }
    return fresh;
}

const sg_unusual_list *sg_lookout_unusual(const sg_lookout *self)
{
    return &self->odd_told;
}
