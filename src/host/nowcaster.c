#include "host/nowcaster.h"

#include "base/time.h"
#include "engine/engine.h"
#include "forecast/nowcast.h"
#include "host/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 100000, ROWS_AHEAD = 10 };
static const double row_s_min = 1, ahead_s = 10, forget = 1e-4;
static const double told_frac_min = 0.05, judged_min = 600; /* of warnings; node rows */

/* What was told of a node; told_w NAN: nothing. */
typedef struct said {
    float last_w, told_w, low_w, high_w;
} said;

/* The last ROWS_AHEAD rows, a bit each, the newest lowest. */
typedef struct rows {
    uint16_t passed, warned, could; /* above the limit; warned of; known, and not above it */
} rows;

struct sg_nowcaster {
    void (*log)(const char *line);
    char path[SG_WHOLE_PATH_MAX]; /* "": nothing is kept */
    int32_t count, ahead;         /* nodes; rows         */
    int64_t row_us, time_us;      /* length; of the last */
    int64_t row;                  /* since the last gap  */
    bool begun;
    sg_nowcast *model;
    double *limit_w, *value_w; /* INFINITY: none; NAN: not known */
    double *told_w, *low_w, *high_w;
    uint8_t *quality;
    said *said; /* [row % ahead][node] */
    rows *rows;
    double error_w, last_error_w, inside, scored, warned, came,
        passed; /* of the past that counts */
};

/* --- life --- */

static void recall(sg_nowcaster *self)
{
    FILE *file = self->path[0] ? fopen(self->path, "rb") : NULL;
    if (!file) {
        return;
    }
    size_t size = sg_nowcast_saved_size(self->model);
    void *saved = malloc(size + 1);
    size_t got = saved ? fread(saved, 1, size + 1, file) : 0;
    fclose(file);
    sg_status status = saved ? sg_nowcast_load(self->model, saved, got) : SG_NOMEM;
    free(saved);
    if (status != SG_OK) {
        char line[SG_WHOLE_PATH_MAX + 160];
        snprintf(line, sizeof line, "%s cannot be used (%s): the next seconds are learnt anew",
                 self->path, sg_status_text(status));
        self->log(line);
    }
}

static void keep(const sg_nowcaster *self)
{
    size_t size = self->model && self->path[0] ? sg_nowcast_saved_size(self->model) : 0;
    void *saved = size > 0 ? malloc(size) : NULL;
    if (saved) {
        sg_nowcast_save(self->model, saved);
        (void)sg_write_whole(self->path, saved, size); /* else: learnt anew */
        free(saved);
    }
}

static void release(sg_nowcaster *self)
{
    free(self->model);
    free(self->limit_w);
    free(self->value_w);
    free(self->told_w);
    free(self->low_w);
    free(self->high_w);
    free(self->quality);
    free(self->said);
    free(self->rows);
    free(self);
}

static bool make_room(sg_nowcaster *self)
{
    size_t n = (size_t)self->count, size = sg_nowcast_size(self->count);
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    self->model = memory ? sg_nowcast_create(memory, self->count) : NULL;
    self->limit_w = calloc(n, sizeof *self->limit_w);
    self->value_w = calloc(n, sizeof *self->value_w);
    self->told_w = calloc(n, sizeof *self->told_w);
    self->low_w = calloc(n, sizeof *self->low_w);
    self->high_w = calloc(n, sizeof *self->high_w);
    self->quality = calloc(n, sizeof *self->quality);
    self->said = calloc(n * (size_t)self->ahead, sizeof *self->said);
    self->rows = calloc(n, sizeof *self->rows);
    return self->model && self->limit_w && self->value_w && self->told_w && self->low_w &&
           self->high_w && self->quality && self->said && self->rows;
}

sg_nowcaster *sg_nowcaster_create(const sg_site *site, double step_s, const char *dir,
                                  void (*log)(const char *line))
{
    sg_nowcaster *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->log = log;
    double row_s = fmax(step_s, row_s_min);
    self->count = site->node_count < NODES_MAX ? site->node_count : NODES_MAX;
    self->ahead = (int32_t)fmin(fmax(ahead_s / row_s, 1), ROWS_AHEAD);
    self->row_us = (int64_t)(row_s * SG_US_PER_S);
    if (self->count < 1 || !make_room(self)) {
        release(self);
        return NULL;
    }
    for (int32_t n = 0; n < self->count; n++) {
        self->limit_w[n] = site->nodes[n].limit_w;
    }
    if (dir && strlen(dir) + sizeof SG_NOWCASTER_FILE + 1 < sizeof self->path) {
        snprintf(self->path, sizeof self->path, "%s/%s", dir, SG_NOWCASTER_FILE);
    }
    recall(self);
    return self;
}

void sg_nowcaster_destroy(sg_nowcaster *self)
{
    if (self) {
        keep(self);
        release(self);
    }
}

/* --- a row --- */

static void score(sg_nowcaster *self, const said *then)
{
    for (int32_t n = 0; n < self->count; n++) {
        double came_w = self->value_w[n];
        if (isnan(came_w) || isnan(then[n].told_w)) {
            continue;
        }
        self->error_w += fabs((double)then[n].told_w - came_w);
        self->last_error_w += fabs((double)then[n].last_w - came_w);
        self->inside += came_w >= (double)then[n].low_w && came_w <= (double)then[n].high_w;
        self->scored += 1;
    }
}

static uint16_t shifted(uint16_t past, bool now, unsigned kept)
{
    return (uint16_t)(((unsigned)past << 1 | now) & kept);
}

/* The warnings of the row `ahead` ago have had their time. */
static void judge(sg_nowcaster *self)
{
    unsigned then = 1U << (self->ahead - 1), until = (then << 1) - 1;
    for (int32_t n = 0; n < self->count; n++) {
        rows *past = &self->rows[n];
        bool known = !isnan(self->value_w[n]), over = fabs(self->value_w[n]) > self->limit_w[n];
        bool could = past->could & then, warned = past->warned & then;
        past->passed = shifted(past->passed, over, until);
        if (could && self->row >= self->ahead) {
            bool passed = past->passed != 0;
            self->warned += warned;
            self->passed += passed;
            self->came += warned && passed;
        }
        past->could = shifted(past->could, known && !over, until);
        past->warned = shifted(past->warned, false, until); /* until tell() */
    }
}

static void tell(sg_nowcaster *self, said *now)
{
    sg_nowcast_told(self->model, self->ahead, SG_NOWCAST_80, self->told_w, self->low_w,
                    self->high_w);
    for (int32_t n = 0; n < self->count; n++) {
        bool known = !isnan(self->value_w[n]);
        now[n] = (said){.last_w = (float)self->value_w[n],
                        .told_w = known ? (float)self->told_w[n] : NAN,
                        .low_w = (float)self->low_w[n],
                        .high_w = (float)self->high_w[n]};
        bool far = fmax(self->high_w[n], -self->low_w[n]) > self->limit_w[n];
        self->rows[n].warned |= (self->rows[n].could & 1) && far;
    }
}

static void forget_some(sg_nowcaster *self)
{
    double *const sums[] = {&self->error_w, &self->last_error_w, &self->inside, &self->scored,
                            &self->warned,  &self->came,         &self->passed};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        *sums[i] *= 1 - forget;
    }
}

void sg_nowcaster_step(sg_nowcaster *self, const sg_engine *engine)
{
    int64_t now_us = self ? sg_engine_time(engine) : 0,
            since_us = self && self->begun ? now_us - self->time_us : INT64_MAX;
    if (!self || (since_us >= 0 && since_us < self->row_us)) {
        return;
    }
    self->time_us = now_us;
    self->begun = true;
    if (since_us < 0 || since_us > 3 * self->row_us / 2) { /* ten rows must be ten seconds */
        self->row = 0;
        memset(self->rows, 0, sizeof *self->rows * (size_t)self->count);
    }
    if (sg_engine_readings(engine, SG_POINT_NODE_POWER, self->count, self->value_w) < self->count) {
        return;
    }
    for (int32_t n = 0; n < self->count; n++) {
        self->quality[n] = isnan(self->value_w[n]) ? SG_NO_DATA : SG_GOOD;
    }
    said *slot = self->said + self->row % self->ahead * self->count;
    forget_some(self);
    if (self->row >= self->ahead) {
        score(self, slot);
    }
    judge(self);
    sg_nowcast_update(self->model, NULL, self->value_w, self->quality);
    tell(self, slot);
    self->row++;
}

/* --- what is told --- */

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

void sg_nowcaster_view(const sg_nowcaster *self, sg_view *view)
{
    sg_view_nowcast *ret = &view->nowcast;
    *ret = (sg_view_nowcast){0};
    if (!self || self->row == 0) {
        return;
    }
    ret->ahead_s = (double)(self->ahead * self->row_us) / SG_US_PER_S;
    ret->skill_frac = 1 - share(self->error_w, self->last_error_w);
    ret->inside_frac = share(self->inside, self->scored);
    ret->warned = self->warned;
    ret->came = self->came;
    ret->passed = self->passed;
    ret->silent = self->warned >= judged_min && self->came < told_frac_min * self->warned;
    const said *now = self->said + (self->row - 1) % self->ahead * self->count;
    for (int32_t n = 0; n < self->count; n++) {
        bool warned = !ret->silent && (self->rows[n].warned & 1);
        ret->warned_now += warned;
        if (n < SG_VIEW_NODE_MAX) {
            ret->told_w[n] = (double)now[n].told_w;
            ret->high_w[n] = isnan(now[n].told_w) ? (double)NAN : (double)now[n].high_w;
            ret->may_pass[n] = warned;
        }
    }
}
