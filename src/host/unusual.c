#include "host/unusual.h"

#include "base/hash.h"
#include "base/time.h"
#include "engine/engine.h"
#include "forecast/usual.h"
#include "host/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_MAX = 20000 };
static const double alarm_rate = 0.001;
static const int64_t minute_us = 60 * SG_US_PER_S, quarter_us = 900 * SG_US_PER_S,
                     hour_us = 3600 * SG_US_PER_S;

typedef struct extent {
    int32_t nodes, loads; /* that are watched */
} extent;

typedef struct file_head {
    uint64_t magic, size;
    extent extent;
    uint32_t crc, pad;
} file_head;
static const uint64_t file_magic = UINT64_C(0x314C415553554753); /* "SGUSUAL1" */

struct sg_unusual {
    void (*log)(const char *line);
    char path[512]; /* "": nothing is kept */
    bool keep_failed;
    int64_t zone_us;
    /* the loop's: nodes, then loads */
    int64_t minute, quarter;
    extent seen;
    int64_t seen_us;
    bool ready; /* a quarter hour has ended */
    double look[SERIES_MAX], sum[SERIES_MAX];
    float count[SERIES_MAX];
    /* handed from one to the other */
    extent now;
    int64_t now_us;
    double value[SERIES_MAX]; /* means; NAN: not known */
    /* the worker's */
    extent extent;
    int64_t kept_hour;
    sg_usual *usual;
    file_head *image; /* of the file: the head, with `usual` behind it */
    float odd[SERIES_MAX];
};

static int32_t series_of(extent e)
{
    return e.nodes + e.loads;
}

/* --- kept over a restart --- */

static void keep(sg_unusual *self)
{
    if (!self->path[0] || !self->image) {
        return;
    }
    size_t size = sg_usual_size(series_of(self->extent));
    *self->image = (file_head){.magic = file_magic,
                               .size = size,
                               .extent = self->extent,
                               .crc = sg_crc32c(0, self->usual, size)};
    bool good = sg_write_whole(self->path, self->image, sizeof *self->image + size);
    if (!good && !self->keep_failed) {
        self->log("what is usual cannot be kept on disk; it is learnt anew after a restart");
    }
    self->keep_failed = !good;
}

/* What was kept, if it is of this extent and whole. */
static bool recall(sg_unusual *self, FILE *file)
{
    size_t size = sg_usual_size(series_of(self->extent));
    bool whole =
        fread(self->image, 1, sizeof *self->image + size, file) == sizeof *self->image + size &&
        fgetc(file) == EOF;
    const file_head *head = self->image;
    return whole && head->magic == file_magic && head->size == size &&
           head->extent.nodes == self->extent.nodes && head->extent.loads == self->extent.loads &&
           head->crc == sg_crc32c(0, self->usual, size);
}

/* Room for what is watched now, empty or as it was kept. */
static bool begin(sg_unusual *self, extent of)
{
    size_t size = sg_usual_size(series_of(of));
    free(self->image);
    self->image = malloc(sizeof *self->image + size);
    self->extent = of;
    if (!self->image) {
        self->usual = NULL;
        return false;
    }
    self->usual = (sg_usual *)(self->image + 1);
    FILE *file = self->path[0] ? fopen(self->path, "rb") : NULL;
    bool recalled = file && recall(self, file);
    if (file && !recalled) {
        char line[700];
        snprintf(line, sizeof line,
                 "%s cannot be used, or is of a site with other nodes or loads: what is usual is "
                 "learnt anew",
                 self->path);
        self->log(line);
    }
    if (file) {
        fclose(file);
    }
    if (!recalled) {
        self->usual = sg_usual_create(self->image + 1, series_of(of), alarm_rate);
    }
    return true;
}

/* --- life --- */

sg_unusual *sg_unusual_create(const sg_site *site, const char *dir, void (*log)(const char *line))
{
    sg_unusual *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->log = log;
    self->zone_us = (int64_t)site->zone_offset_s * SG_US_PER_S;
    self->minute = self->quarter = self->kept_hour = INT64_MIN;
    if (dir && strlen(dir) + sizeof SG_UNUSUAL_FILE + 1 < sizeof self->path) {
        snprintf(self->path, sizeof self->path, "%s/%s", dir, SG_UNUSUAL_FILE);
    }
    return self;
}

void sg_unusual_destroy(sg_unusual *self)
{
    if (self) {
        keep(self);
        free(self->image);
        free(self);
    }
}

/* --- the loop's --- */

/* What is drawn now, added up. A site that has changed begins a new sum. */
static void look_once(sg_unusual *self, const sg_engine *engine)
{
    int32_t nodes = sg_engine_readings(engine, SG_POINT_NODE_POWER, SERIES_MAX, self->look);
    nodes = nodes < SERIES_MAX ? nodes : SERIES_MAX;
    int32_t room = SERIES_MAX - nodes;
    int32_t loads = sg_engine_readings(engine, SG_POINT_LOAD_POWER, room, self->look + nodes);
    extent now = {nodes, loads < room ? loads : room};
    if (now.nodes != self->seen.nodes || now.loads != self->seen.loads) {
        memset(self->count, 0, sizeof self->count);
        memset(self->sum, 0, sizeof self->sum);
        self->seen = now;
    }
    for (int32_t s = 0; s < series_of(now); s++) {
        bool known = !isnan(self->look[s]);
        self->sum[s] += known ? self->look[s] : 0;
        self->count[s] += (float)known;
    }
}

bool sg_unusual_watch(sg_unusual *self, const sg_engine *engine)
{
    int64_t now_us = sg_engine_time(engine), minute = now_us / minute_us,
            quarter = now_us / quarter_us;
    if (minute == self->minute) {
        return self->ready;
    }
    self->ready = self->ready || (self->quarter != INT64_MIN && quarter != self->quarter);
    self->minute = minute;
    self->quarter = quarter;
    self->seen_us = self->ready ? self->seen_us : now_us;
    look_once(self, engine);
    return self->ready;
}

void sg_unusual_take(sg_unusual *self)
{
    for (int32_t s = 0; s < series_of(self->seen); s++) {
        self->value[s] = self->count[s] > 0 ? self->sum[s] / (double)self->count[s] : (double)NAN;
        self->sum[s] = 0;
        self->count[s] = 0;
    }
    self->now = self->seen;
    self->now_us = self->seen_us;
    self->ready = false;
}

/* --- the worker's --- */

static sg_view_unusual entry_of(const sg_unusual *self, int32_t s, int32_t hour)
{
    bool node = s < self->extent.nodes;
    return (sg_view_unusual){.kind = node ? SG_POINT_NODE_POWER : SG_POINT_LOAD_POWER,
                             .index = node ? s : s - self->extent.nodes,
                             .value_w = self->value[s],
                             .usual_w = sg_usual_at(self->usual, s, hour).middle,
                             .times = (double)self->odd[s]};
}

/* Sorted in, the most unusual first; what falls off the end is only counted. */
static void list(sg_unusual_list *ret, const sg_view_unusual *entry)
{
    int at = ret->count < SG_VIEW_UNUSUAL_MAX ? ret->count : SG_VIEW_UNUSUAL_MAX;
    ret->count++;
    for (; at > 0 && ret->most[at - 1].times < entry->times; at--) {
        if (at < SG_VIEW_UNUSUAL_MAX) {
            ret->most[at] = ret->most[at - 1];
        }
    }
    if (at < SG_VIEW_UNUSUAL_MAX) {
        ret->most[at] = *entry;
    }
}

void sg_unusual_look(sg_unusual *self, sg_unusual_list *ret)
{
    *ret = (sg_unusual_list){0};
    bool same = self->image && self->now.nodes == self->extent.nodes &&
                self->now.loads == self->extent.loads;
    if (!same && !begin(self, self->now)) {
        return;
    }
    int64_t local_us = self->now_us + self->zone_us;
    int32_t hour = sg_usual_hour(local_us);
    sg_usual_take(self->usual, hour, self->value, self->odd);
    for (int32_t s = 0; s < series_of(self->extent); s++) {
        ret->judged += self->odd[s] > 0;
        if (self->odd[s] > 1) {
            const sg_view_unusual entry = entry_of(self, s, hour);
            list(ret, &entry);
        }
    }
    if (self->kept_hour != local_us / hour_us) {
        if (self->kept_hour != INT64_MIN) {
            keep(self);
        }
        self->kept_hour = local_us / hour_us;
    }
}
