#include "host/journal_file.h"

#include "base/clock.h"
#include "store/segment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t segment_bytes_max = UINT64_C(64)
                                          << 20; /* and four snapshots, where those are large */
static const uint64_t journal_bytes_max = UINT64_C(2) << 30;
static const double retry_s = 1.0;

enum {
    MISSED_MAX = 128, /* intervals kept in memory while the disk takes none: more than a day */
    SNAPSHOT_BYTES_MIN = 4096 /* less than any engine */
};

struct sg_journal_file {
    sg_segment_log *log;
    sg_frame_codec *codec;
    bool degraded;
    bool lost; /* a record of this step did not fit */
    double retry_at_s;
    int missed_count;
    sg_settlement missed[MISSED_MAX]; /* settled, not recorded; oldest first */
    char error[600];
};

/* --- recovery --- */

typedef struct recovery {
    const char *dir;
    void (*settled)(void *self, const sg_settlement *interval);
    void *self;
    sg_replay replay;
    int64_t recorded_us; /* end of the last interval that has a record */
    sg_journal_recovery *ret;
} recovery;

static bool settlement_of(const sg_segment_record *record, sg_settlement *ret)
{
    if (record->type != SG_RECORD_SETTLED || record->length != sizeof *ret) {
        return false;
    }
    memcpy(ret, record->payload, sizeof *ret);
    return true;
}

/* Tell every interval that has a record from a segment on. */
static void tell_recorded(recovery *r, uint32_t from)
{
    sg_segment_reader *reader = NULL;
    sg_segment_record record;
    sg_settlement interval;
    char error[SG_SEGMENT_TEXT];
    sg_status status;
    if (!r->settled || sg_segment_read_open(r->dir, from, &reader, error) != SG_OK) {
        return;
    }
    while ((status = sg_segment_read(reader, &record)) == SG_OK || status == SG_CORRUPT) {
        if (status == SG_OK && settlement_of(&record, &interval)) {
            r->settled(r->self, &interval);
        }
    }
    sg_segment_read_close(reader);
}

static sg_status feed(recovery *r, const sg_segment_record *record)
{
    sg_settlement interval;
    sg_status status = sg_replay_feed(&r->replay, record->type, record->payload, record->length);
    if (status == SG_CORRUPT) {
        snprintf(r->ret->line, sizeof r->ret->line, "journal segment %u, offset %llu: %s",
                 record->segment, (unsigned long long)record->offset, r->replay.text);
        return r->replay.engine ? SG_OK : SG_MISSING;
    }
    if (settlement_of(record, &interval)) {
        r->recorded_us = interval.end_us;
    }
    return status;
}

/* Feed one segment and all after it. SG_MISSING: it does not begin with a usable snapshot. */
static sg_status recover_from(recovery *r, uint32_t segment)
{
    sg_segment_reader *reader = NULL;
    char error[SG_SEGMENT_TEXT] = "";
    sg_status status = sg_segment_read_open(r->dir, segment, &reader, error);
    if (status != SG_OK) {
        snprintf(r->ret->line, sizeof r->ret->line, "%s", error);
    }
    while (status == SG_OK) {
        sg_segment_record record;
        status = sg_segment_read(reader, &record);
        if (status == SG_CORRUPT) {
            snprintf(r->ret->line, sizeof r->ret->line, "%s", sg_segment_read_error(reader));
            status = SG_OK;
        } else if (status == SG_OK) {
            status = feed(r, &record);
        }
    }
    sg_segment_read_close(reader);
    if (status == SG_MISSING) { /* the end of the records, or no usable snapshot */
        return r->replay.engine ? SG_OK : SG_MISSING;
    }
    return status;
}

static void found(recovery *r)
{
    sg_journal_recovery *ret = r->ret;
    ret->engine = r->replay.engine;
    ret->frames = r->replay.frames;
    ret->mismatches = r->replay.mismatches;
    /* A torn tail may have taken the interval's own record and left the frame that closed it. */
    ret->unrecorded_any = ret->frames > 0 && sg_engine_settled(ret->engine, &ret->unrecorded) &&
                          ret->unrecorded.end_us != r->recorded_us;
    if (ret->unrecorded_any && r->settled) {
        r->settled(r->self, &ret->unrecorded);
    }
    if (ret->mismatches > 0 && !ret->line[0]) {
        snprintf(ret->line, sizeof ret->line,
                 "%llu commands in the journal come out otherwise in this program, the first at "
                 "step %llu",
                 (unsigned long long)ret->mismatches,
                 (unsigned long long)r->replay.first_mismatch_tick);
    }
    r->replay.engine = NULL;
}

/* The first snapshot of all was cut short, so that no frame can have followed it. A whole one that cannot be read, or one with
 * something behind it, is damage. */
static bool torn_at_birth(const char *dir, uint32_t segment)
{
    char path[600];
    unsigned char head[SG_SEGMENT_HEADER + SG_SEGMENT_RECORD_HEADER] = {0};
    snprintf(path, sizeof path, "%s/journal-%08u.sgj", dir, segment);
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    size_t got = fread(head, 1, sizeof head, file);
    bool sized = fseek(file, 0, SEEK_END) == 0;
    long size = ftell(file);
    fclose(file);
    uint32_t length = 0;
    for (int i = 0; i < 4; i++) {
        length |= (uint32_t)head[SG_SEGMENT_HEADER + i] << (8 * i);
    }
    return got < sizeof head || (sized && (length < SNAPSHOT_BYTES_MIN ||
                                           (uint64_t)size <= sizeof head + (uint64_t)length));
}

sg_status sg_journal_recover(const char *dir,
                             void (*settled)(void *self, const sg_settlement *interval), void *self,
                             sg_journal_recovery *ret)
{
    uint32_t first, last, before;
    memset(ret, 0, sizeof *ret);
    recovery r = {.dir = dir, .settled = settled, .self = self, .ret = ret};
    if (sg_segment_span(dir, &first, &last) != SG_OK) {
        return SG_OK;
    }
    sg_status status = SG_MISSING;
    uint32_t segment = last;
    do {
        /* telemetry may have missed those settled just before a segment gave way */
        bool more = sg_segment_before(dir, segment, &before) == SG_OK;
        tell_recorded(&r, more ? before : segment);
        status = recover_from(&r, segment);
        if (status == SG_OK) {
            found(&r);
        }
        sg_replay_free(&r.replay);
        segment = more ? before : 0;
    } while (status == SG_MISSING && segment > 0);
    if (status == SG_MISSING) {
        return first == last && torn_at_birth(dir, first) ? SG_OK : SG_CORRUPT;
    }
    return status;
}

/* --- writing --- */

static void put(sg_journal_file *self, sg_record type, const void *payload, size_t size)
{
    if (!self->degraded && sg_segment_append(self->log, (uint8_t)type, payload, size) != SG_OK) {
        self->lost = true;
    }
}

static void remember(sg_journal_file *self, const sg_settlement *interval)
{
    if (self->missed_count == MISSED_MAX) {
        memmove(self->missed, self->missed + 1, sizeof self->missed - sizeof self->missed[0]);
        self->missed_count--;
    }
    self->missed[self->missed_count++] = *interval;
}

/* A snapshot at the head of a segment of its own, and behind it what could not be recorded before. What still waits in the
 * buffer was acknowledged to nobody and is in the snapshot. */
static bool begin_segment(sg_journal_file *self, const sg_engine *engine)
{
    sg_segment_discard(self->log);
    if (sg_segment_size(self->log) > SG_SEGMENT_HEADER && sg_segment_rotate(self->log) != SG_OK) {
        return false;
    }
    sg_frame_codec_reset(self->codec);
    self->lost = false;
    put(self, SG_RECORD_SNAPSHOT, engine, sg_engine_state_size(engine));
    for (int i = 0; i < self->missed_count; i++) {
        put(self, SG_RECORD_SETTLED, &self->missed[i], sizeof self->missed[i]);
    }
    if (self->lost || sg_segment_sync(self->log) != SG_OK) {
        return false;
    }
    self->missed_count = 0;
    return true;
}

sg_status sg_journal_lock(const char *dir, int *ret_lock, char ret_error[600])
{
    return sg_segment_lock(dir, ret_lock, ret_error);
}

static size_t buffer_size(const sg_engine *engine)
{
    return sg_engine_state_size(engine) + (size_t)sg_engine_point_count(engine) * 32 +
           sizeof(sg_plan) * 2 + ((size_t)1 << 20);
}

sg_status sg_journal_open(const char *dir, int lock, const sg_engine *engine,
                          const sg_settlement *unrecorded, sg_journal_file **ret,
                          char ret_error[600])
{
    sg_segment_report report;
    sg_journal_file *self = calloc(1, sizeof *self);
    if (!self) {
        snprintf(ret_error, 600, "memory is exhausted");
        close(lock);
        return SG_NOMEM;
    }
    size_t buffer = buffer_size(engine);
    sg_status status = sg_segment_open_locked(dir, lock, buffer, NULL, &self->log, &report);
    if (status != SG_OK) {
        snprintf(ret_error, 600, "%s", report.line);
        free(self);
        return status;
    }
    if (unrecorded) {
        remember(self, unrecorded);
    }
    self->codec = sg_frame_codec_create(sg_engine_point_count(engine));
    if (!self->codec || !begin_segment(self, engine)) {
        snprintf(ret_error, 600, "%s",
                 self->codec ? sg_segment_error(self->log) : "memory is exhausted");
        sg_segment_discard(self->log);
        sg_journal_close(self);
        return SG_IO;
    }
    snprintf(self->error, sizeof self->error, "%s", report.line);
    *ret = self;
    return SG_OK;
}

static bool degrade(sg_journal_file *self);

bool sg_journal_change(sg_journal_file *self, const sg_engine *engine)
{
    sg_frame_codec *codec = sg_frame_codec_create(sg_engine_point_count(engine));
    if (!codec || sg_segment_reserve(self->log, buffer_size(engine)) != SG_OK) {
        snprintf(self->error, sizeof self->error, "memory is exhausted");
        sg_frame_codec_free(codec);
        self->degraded = true;
        self->retry_at_s = INFINITY;
        return false;
    }
    sg_frame_codec_free(self->codec);
    self->codec = codec;
    if (!self->degraded && sg_segment_sync(self->log) != SG_OK) {
        return degrade(self); /* the next segment is begun with this engine's snapshot */
    }
    return self->degraded || begin_segment(self, engine) || degrade(self);
}

void sg_journal_plan(sg_journal_file *self, const sg_plan *plan)
{
    sg_plan_bytes bytes;
    size_t size = sg_plan_encode(plan, &bytes);
    put(self, SG_RECORD_PLAN, bytes.byte, size);
}

void sg_journal_frame(sg_journal_file *self, const sg_frame *frame)
{
    const void *bytes;
    size_t size;
    if (!self->degraded) {
        sg_frame_encode(self->codec, frame, &bytes, &size);
        put(self, SG_RECORD_FRAME, bytes, size);
    }
}

void sg_journal_command(sg_journal_file *self, const sg_engine *engine, sg_pool *pool)
{
    sg_record_command command = sg_record_command_of(engine, pool);
    sg_settlement interval;
    put(self, SG_RECORD_COMMAND, &command, sizeof command);
    if (sg_engine_settled(engine, &interval)) {
        put(self, SG_RECORD_SETTLED, &interval, sizeof interval);
    }
}

static bool degrade(sg_journal_file *self)
{
    snprintf(self->error, sizeof self->error, "%s", sg_segment_error(self->log));
    self->degraded = true;
    self->retry_at_s = sg_clock_s() + retry_s;
    return false;
}

bool sg_journal_commit(sg_journal_file *self, const sg_engine *engine, bool sync)
{
    sg_settlement interval;
    bool settled = sg_engine_settled(engine, &interval);
    if (self->degraded) {
        if (settled) {
            remember(self, &interval);
        }
        if (sg_clock_s() < self->retry_at_s) {
            return false;
        }
        self->degraded = false; /* so that the snapshot is let in */
        return begin_segment(self, engine) ||
               degrade(self); /* the snapshot holds all that this step did */
    }
    if (self->lost || (sync ? sg_segment_sync(self->log) : sg_segment_flush(self->log)) != SG_OK) {
        if (settled && sg_segment_buffered(self->log) >
                           0) { /* else it is in the file, though perhaps not on the disk */
            remember(self, &interval);
        }
        return degrade(self);
    }
    if (sg_segment_size(self->log) >
        segment_bytes_max + 4 * (uint64_t)sg_engine_state_size(engine)) {
        if (!begin_segment(self, engine)) {
            return degrade(self);
        }
        uint32_t removed;
        (void)!sg_segment_prune(self->log, journal_bytes_max, sg_segment_number(self->log) - 1,
                                &removed);
    }
    return true;
}

bool sg_journal_degraded(const sg_journal_file *self)
{
    return self->degraded;
}

const char *sg_journal_error(const sg_journal_file *self)
{
    return self->error;
}

uint64_t sg_journal_bytes(const sg_journal_file *self)
{
    return sg_segment_total(self->log);
}

void sg_journal_close(sg_journal_file *self)
{
    if (self) {
        (void)!sg_segment_close(self->log);
        sg_frame_codec_free(self->codec);
        free(self);
    }
}
