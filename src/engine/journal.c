#include "engine/journal.h"

#include "base/check.h"
#include "base/pages.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- frames --- */

typedef struct frame_head {
    int64_t time_us;
    double dt_s;
    int32_t point_count, changed, marked, request_count;
} frame_head;

typedef struct mark {
    int32_t point, quality;
} mark;

/* What a part of the frame came to. */
typedef struct encoded {
    int32_t from, changed, marked;
} encoded;

struct sg_frame_codec {
    int32_t point_count;
    bool forgotten; /* the frame before: this one is looked at as a whole */
    double *value;
    uint8_t *quality;
    sg_request request[SG_REQUEST_MAX];
    mark *marks;
    encoded *part;
    unsigned char *bytes; /* room for the largest frame */
};

enum {
    PART_LOOKS = 8192, /* whole bytes of the bitmap */
    FETCH_AHEAD = 24   /* looks */
};

static int part_count(int32_t looks)
{
    return (looks + PART_LOOKS - 1) / PART_LOOKS;
}

static size_t bitmap_size(int32_t point_count)
{
    return ((size_t)point_count + 7) / 8;
}

sg_frame_codec *sg_frame_codec_create(int32_t point_count)
{
    size_t points = (size_t)point_count;
    sg_frame_codec *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->point_count = point_count;
    self->forgotten = true;
    self->value = calloc(points + 1, sizeof *self->value);
    self->quality = calloc(points + 1, 1);
    self->marks = calloc(points + 1, sizeof *self->marks);
    self->part = calloc((size_t)part_count(point_count) + 1, sizeof *self->part);
    self->bytes = calloc(1, sizeof(frame_head) + bitmap_size(point_count) +
                                points * (sizeof(double) + sizeof(mark)) + sizeof self->request);
    if (!self->value || !self->quality || !self->marks || !self->part || !self->bytes) {
        sg_frame_codec_free(self);
        return NULL;
    }
    sg_pages_large(self->value, points * sizeof *self->value);
    sg_pages_large(self->bytes, points * sizeof *self->value);
    return self;
}

void sg_frame_codec_free(sg_frame_codec *self)
{
    if (self) {
        free(self->value);
        free(self->quality);
        free(self->marks);
        free(self->part);
        free(self->bytes);
        free(self);
    }
}

void sg_frame_codec_reset(sg_frame_codec *self)
{
    memset(self->value, 0, sizeof *self->value * (size_t)self->point_count);
    memset(self->quality, 0, (size_t)self->point_count);
    self->forgotten = true;
}

/* One frame on its way into bytes. Parts of what is looked at write behind one another as if all of theirs had changed; where
 * some had not, what follows is moved down. */
typedef struct encoding {
    sg_frame_codec *codec;
    const sg_frame *frame;
    bool whole;
    int32_t looks;
    unsigned char *bitmap, *values;
} encoding;

/* The first look of a part: no two parts write to a byte of the bitmap. */
static int32_t part_from(const encoding *e, int part)
{
    int64_t from = (int64_t)part * PART_LOOKS;
    if (from >= e->looks) {
        return e->looks;
    }
    int32_t i = (int32_t)from;
    for (const int32_t *p = e->frame->changed; !e->whole && i > 0 && i < e->looks;) {
        if (p[i] / 8 != p[i - 1] / 8) {
            break;
        }
        i++;
    }
    return i;
}

/* Bits, not numbers, are compared: a NaN is journaled as the NaN it is. */
static void encode_part(void *context, int part)
{
    const encoding *e = context;
    sg_frame_codec *self = e->codec;
    const double *now = e->frame->value;
    const uint8_t *now_quality = e->frame->quality;
    const int32_t *changed = e->whole ? NULL : e->frame->changed;
    double *value = self->value;
    uint8_t *quality = self->quality;
    unsigned char *bitmap = e->bitmap;
    int32_t from = part_from(e, part), to = part_from(e, part + 1);
    unsigned char *first = e->values + sizeof(double) * (size_t)from, *at = first;
    mark *first_mark = self->marks + from, *marks = first_mark;
    for (int32_t i = from; i < to; i++) {
        int32_t p = changed ? changed[i] : i;
        if (changed && i + FETCH_AHEAD < to) { /* they lie apart */
            __builtin_prefetch(&now[changed[i + FETCH_AHEAD]]);
            __builtin_prefetch(&value[changed[i + FETCH_AHEAD]], 1);
        }
        uint64_t bits, before;
        memcpy(&bits, &now[p], sizeof bits);
        memcpy(&before, &value[p], sizeof before);
        memcpy(at, &bits, sizeof bits); /* the next one overwrites it where it has not changed */
        memcpy(&value[p], &bits, sizeof bits);
        at += bits != before ? sizeof bits : 0;
        bitmap[p / 8] = (unsigned char)(bitmap[p / 8] | (bits != before) << p % 8);
        if (now_quality[p] != quality[p]) {
            *marks++ = (mark){p, now_quality[p]};
            quality[p] = now_quality[p];
        }
    }
    self->part[part] = (encoded){.from = from,
                                 .changed = (int32_t)((size_t)(at - first) / sizeof(double)),
                                 .marked = (int32_t)(marks - first_mark)};
}

/* What the parts wrote, one behind the other. Returns where it ends. */
static unsigned char *join_parts(const encoding *e, int parts, frame_head *head)
{
    const sg_frame_codec *self = e->codec;
    unsigned char *at = e->values;
    for (int i = 0; i < parts; i++) {
        const encoded *done = &self->part[i];
        unsigned char *from = e->values + sizeof(double) * (size_t)done->from;
        size_t size = sizeof(double) * (size_t)done->changed;
        if (at != from) {
            memmove(at, from, size);
        }
        at += size;
        head->changed += done->changed;
    }
    for (int i = 0; i < parts; i++) {
        size_t size = sizeof(mark) * (size_t)self->part[i].marked;
        memcpy(at, self->marks + self->part[i].from, size);
        at += size;
        head->marked += self->part[i].marked;
    }
    return at;
}

void sg_frame_encode(sg_frame_codec *self, const sg_frame *frame, const void **ret_bytes,
                     size_t *ret_size)
{
    frame_head head = {.time_us = frame->time_us,
                       .dt_s = frame->dt_s,
                       .point_count = self->point_count,
                       .request_count = frame->request_count};
    encoding e = {.codec = self,
                  .frame = frame,
                  .whole = self->forgotten || !frame->changed,
                  .bitmap = self->bytes + sizeof head};
    e.looks = e.whole ? self->point_count : frame->changed_count;
    e.values = e.bitmap + bitmap_size(self->point_count);
    SG_CHECK(e.looks >= 0 && e.looks <= self->point_count);
    int parts = part_count(e.looks);
    self->forgotten = false;
    memset(e.bitmap, 0, bitmap_size(self->point_count));
    sg_pool_run(frame->pool, encode_part, &e, parts);
    unsigned char *at = join_parts(&e, parts, &head);
    if (frame->request_count > 0) {
        memcpy(at, frame->requests, sizeof(sg_request) * (size_t)frame->request_count);
        at += sizeof(sg_request) * (size_t)frame->request_count;
    }
    memcpy(self->bytes, &head, sizeof head);
    *ret_bytes = self->bytes;
    *ret_size = (size_t)(at - self->bytes);
}

/* Everything behind the head is looked at before anything is taken over: a refused frame changes nothing. */
static bool frame_sane(const frame_head *head, int32_t point_count, size_t size)
{
    enum { STEP_S_MAX = 400 * 86400 };
    return head->point_count == point_count && head->changed >= 0 && head->changed <= point_count &&
           head->marked >= 0 && head->marked <= point_count && head->request_count >= 0 &&
           head->request_count <= SG_REQUEST_MAX && head->dt_s > 0 && head->dt_s <= STEP_S_MAX &&
           head->time_us >= -SG_TIME_US_MAX && head->time_us <= SG_TIME_US_MAX &&
           size == sizeof *head + bitmap_size(point_count) +
                       (size_t)head->changed * sizeof(double) +
                       (size_t)head->marked * sizeof(mark) +
                       (size_t)head->request_count * sizeof(sg_request);
}

static bool bitmap_sane(const unsigned char *bitmap, const frame_head *head)
{
    int32_t changed = 0;
    for (size_t bit = 0; bit < 8 * bitmap_size(head->point_count); bit++) {
        bool set = bitmap[bit / 8] >> bit % 8 & 1;
        changed += set;
        if (set && bit >= (size_t)head->point_count) {
            return false;
        }
    }
    return changed == head->changed;
}

static bool marks_sane(const unsigned char *at, const frame_head *head)
{
    for (int32_t i = 0; i < head->marked; i++) {
        mark m;
        memcpy(&m, at + (size_t)i * sizeof m, sizeof m);
        if (m.point < 0 || m.point >= head->point_count || m.quality < SG_GOOD ||
            m.quality > SG_NO_DATA) {
            return false;
        }
    }
    return true;
}

static bool requests_sane(const unsigned char *at, const frame_head *head)
{
    for (int32_t i = 0; i < head->request_count; i++) {
        sg_request request;
        memcpy(&request, at + (size_t)i * sizeof request, sizeof request);
        if (!sg_request_sane(&request)) {
            return false;
        }
    }
    return true;
}

sg_status sg_frame_decode(sg_frame_codec *self, const void *bytes, size_t size, sg_frame *ret)
{
    frame_head head;
    if (size < sizeof head) {
        return SG_CORRUPT;
    }
    memcpy(&head, bytes, sizeof head);
    if (!frame_sane(&head, self->point_count, size)) {
        return SG_CORRUPT;
    }
    const unsigned char *bitmap = (const unsigned char *)bytes + sizeof head;
    const unsigned char *values = bitmap + bitmap_size(self->point_count);
    const unsigned char *marks = values + (size_t)head.changed * sizeof(double);
    const unsigned char *requests = marks + (size_t)head.marked * sizeof(mark);
    if (!bitmap_sane(bitmap, &head) || !marks_sane(marks, &head) ||
        !requests_sane(requests, &head)) {
        return SG_CORRUPT;
    }
    for (int32_t p = 0; p < self->point_count; p++) {
        if (bitmap[p / 8] >> p % 8 & 1) {
            memcpy(&self->value[p], values, sizeof(double));
            values += sizeof(double);
        }
    }
    for (int32_t i = 0; i < head.marked; i++) {
        mark m;
        memcpy(&m, marks + (size_t)i * sizeof m, sizeof m);
        self->quality[m.point] = (uint8_t)m.quality;
    }
    memcpy(self->request, requests, sizeof(sg_request) * (size_t)head.request_count);
    *ret = (sg_frame){.time_us = head.time_us,
                      .dt_s = head.dt_s,
                      .value = self->value,
                      .quality = self->quality,
                      .requests = self->request,
                      .request_count = head.request_count};
    return SG_OK;
}

sg_status sg_frame_time(const void *bytes, size_t size, int64_t *ret_us)
{
    frame_head head;
    if (size < sizeof head) {
        return SG_CORRUPT;
    }
    memcpy(&head, bytes, sizeof head);
    *ret_us = head.time_us;
    return SG_OK;
}

/* --- plans --- */

static bool plan_counts_sane(int32_t steps, int32_t stores)
{
    return steps >= 0 && steps <= SG_PLAN_STEP_MAX && stores >= 0 && stores <= SG_PLAN_STORE_MAX;
}

static int plan_rows(const sg_plan *plan)
{
    return 2 * plan->store_count + 3;
}

/* The rows of a plan, one after the other: powers of the stores, values of their energy, then the site's. */
static double *plan_row(sg_plan *plan, int row)
{
    int stores = plan->store_count;
    double *const site[] = {plan->net_w, plan->curtail_w, plan->price};
    return row < stores       ? plan->store_w[row]
           : row < 2 * stores ? plan->energy_value[row - stores]
                              : site[row - 2 * stores];
}

size_t sg_plan_encode(const sg_plan *plan, sg_plan_bytes *self)
{
    const size_t head = offsetof(sg_plan, store_w);
    sg_plan copy; /* rows are reached through a writable plan */
    memcpy(self->byte, plan, head);
    if (!plan_counts_sane(plan->steps, plan->store_count)) {
        return head; /* refused by whoever reads it, as the step refuses it */
    }
    memcpy(&copy, plan, sizeof copy);
    size_t row_size = (size_t)plan->steps * sizeof(double), size = head;
    for (int row = 0; row < plan_rows(plan); row++) {
        memcpy(self->byte + size, plan_row(&copy, row), row_size);
        size += row_size;
    }
    return size;
}

sg_status sg_plan_decode(const void *bytes, size_t size, sg_plan *ret)
{
    const size_t head = offsetof(sg_plan, store_w);
    sg_plan start;
    if (size < head) {
        return SG_CORRUPT;
    }
    memset(&start, 0, sizeof start);
    memcpy(&start, bytes, head);
    bool sane = plan_counts_sane(start.steps, start.store_count);
    size_t row_size = sane ? (size_t)start.steps * sizeof(double) : 0;
    if (size != head + (sane ? row_size * (size_t)plan_rows(&start) : 0)) {
        return SG_CORRUPT;
    }
    *ret = start;
    const unsigned char *at = (const unsigned char *)bytes + head;
    for (int row = 0; sane && row < plan_rows(ret); row++, at += row_size) {
        memcpy(plan_row(ret, row), at, row_size);
    }
    return SG_OK;
}

sg_record_command sg_record_command_of(const sg_engine *engine, sg_pool *pool)
{
    uint64_t tick = sg_engine_tick(engine);
    return (sg_record_command){
        .tick = tick,
        .command_hash = sg_engine_command_hash(engine),
        .state_hash = tick % SG_STATE_HASH_EVERY == 0 ? sg_engine_hash_by(engine, pool) : 0};
}

/* --- replay --- */

static sg_status bad(sg_replay *self, const char *text)
{
    snprintf(self->text, sizeof self->text, "%s", text);
    return SG_CORRUPT;
}

static sg_status feed_snapshot(sg_replay *self, const void *payload, size_t size)
{
    size_t block_size;
    if (sg_engine_restore_size(payload, size, &block_size) != SG_OK) {
        return bad(self, "the snapshot is not one of this version");
    }
    block_size = (block_size + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, block_size);
    if (!memory) {
        return SG_NOMEM;
    }
    sg_engine *engine = sg_engine_restore(memory, block_size, payload, size);
    if (!engine) {
        free(memory);
        return bad(self, "the snapshot does not hold together");
    }
    sg_frame_codec *codec = sg_frame_codec_create(sg_engine_point_count(engine));
    if (!codec) {
        free(memory);
        return SG_NOMEM;
    }
    free(self->engine);
    sg_frame_codec_free(self->codec);
    self->engine = engine;
    self->codec = codec;
    self->plan_waits = false;
    self->snapshots++;
    return SG_OK;
}

static sg_status feed_plan(sg_replay *self, const void *payload, size_t size)
{
    if (!self->plan && !(self->plan = malloc(sizeof *self->plan))) {
        return SG_NOMEM;
    }
    if (sg_plan_decode(payload, size, self->plan) != SG_OK) {
        return bad(self, "the plan has the wrong size");
    }
    self->plan_waits = true;
    return SG_OK;
}

static sg_status feed_frame(sg_replay *self, const void *payload, size_t size)
{
    sg_frame frame;
    sg_reply replies[SG_REQUEST_MAX];
    if (sg_frame_decode(self->codec, payload, size, &frame) != SG_OK) {
        return bad(self, "the frame does not fit the snapshot before it");
    }
    frame.plan = self->plan_waits ? self->plan : NULL;
    sg_engine_step(self->engine, &frame, replies);
    self->plan_waits = false;
    self->frames++;
    return SG_OK;
}

static sg_status feed_command(sg_replay *self, const void *payload, size_t size)
{
    sg_record_command recorded;
    if (size != sizeof recorded) {
        return bad(self, "the command record has the wrong size");
    }
    memcpy(&recorded, payload, size);
    sg_record_command now = sg_record_command_of(self->engine, NULL);
    self->commands++;
    self->state_hashes += recorded.state_hash != 0;
    if (recorded.tick != now.tick || recorded.command_hash != now.command_hash ||
        recorded.state_hash != now.state_hash) {
        self->first_mismatch_tick =
            self->mismatches == 0 ? recorded.tick : self->first_mismatch_tick;
        self->mismatches++;
    }
    return SG_OK;
}

sg_status sg_replay_feed(sg_replay *self, uint8_t type, const void *payload, size_t size)
{
    if (type == SG_RECORD_SNAPSHOT) {
        return feed_snapshot(self, payload, size);
    }
    if (!self->engine) {
        return bad(self, "a record before the first snapshot");
    }
    switch (type) {
    case SG_RECORD_PLAN:
        return feed_plan(self, payload, size);
    case SG_RECORD_FRAME:
        return feed_frame(self, payload, size);
    case SG_RECORD_COMMAND:
        return feed_command(self, payload, size);
    case SG_RECORD_SETTLED:
        return SG_OK; /* for readers: the frames say it all */
    default:
        return bad(self, "an unknown kind of record");
    }
}

void sg_replay_free(sg_replay *self)
{
    free(self->engine);
    sg_frame_codec_free(self->codec);
    free(self->plan);
    *self = (sg_replay){0};
}
