#include "host/journal_file.h"

#include "store/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const uint64_t segment_bytes_max = UINT64_C(64) << 20;
static const uint64_t journal_bytes_max = UINT64_C(2) << 30;
static const double retry_s = 1.0;

struct sg_journal_file {
    sg_segment_log *log;
    sg_frame_codec *codec;
    bool degraded, degraded_before;
    bool lost; /* a record of this step did not fit */
    double retry_at_s;
    char error[600];
};

static double wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* --- recovery --- */

/* Tell every interval in the last two segments: telemetry may have missed those settled just before a segment gave way. */
static void tell_settled(const char *dir, uint32_t first, uint32_t last, void (*settled)(void *, const sg_settlement *),
                         void *self)
{
    sg_segment_reader *reader = NULL;
    sg_segment_record record;
    char error[SG_SEGMENT_TEXT];
    if (!settled || sg_segment_read_open(dir, last > first ? last - 1 : last, &reader, error) != SG_OK) {
        return;
    }
    sg_status status;
    while ((status = sg_segment_read(reader, &record)) == SG_OK || status == SG_CORRUPT) {
        if (status == SG_OK && record.type == SG_RECORD_SETTLED && record.length == sizeof(sg_settlement)) {
            sg_settlement interval;
            memcpy(&interval, record.payload, sizeof interval);
            settled(self, &interval);
        }
    }
    sg_segment_read_close(reader);
}

/* Feed one segment and all after it. SG_MISSING: it does not begin with a usable snapshot. */
static sg_status recover_from(const char *dir, uint32_t segment, sg_replay *replay, char *ret_line, size_t line_size)
{
    sg_segment_reader *reader = NULL;
    char error[SG_SEGMENT_TEXT] = "";
    sg_status status = sg_segment_read_open(dir, segment, &reader, error);
    while (status == SG_OK) {
        sg_segment_record record;
        status = sg_segment_read(reader, &record);
        if (status == SG_CORRUPT) {
            snprintf(ret_line, line_size, "%s", sg_segment_read_error(reader));
            status = SG_OK;
            continue;
        }
        if (status != SG_OK) {
            break;
        }
        status = sg_replay_feed(replay, record.type, record.payload, record.length);
        if (status == SG_CORRUPT) {
            snprintf(ret_line, line_size, "journal segment %u, offset %llu: %s", record.segment,
                     (unsigned long long)record.offset, replay->text);
            status = replay->engine ? SG_OK : SG_MISSING;
        }
    }
    if (status != SG_MISSING && error[0]) {
        snprintf(ret_line, line_size, "%s", error);
    }
    sg_segment_read_close(reader);
    if (status == SG_MISSING) { /* the end of the records, or no usable snapshot */
        return replay->engine ? SG_OK : SG_MISSING;
    }
    return status;
}

sg_status sg_journal_recover(const char *dir, void (*settled)(void *self, const sg_settlement *interval), void *self,
                             sg_journal_recovery *ret)
{
    uint32_t first, last;
    memset(ret, 0, sizeof *ret);
    if (sg_segment_span(dir, &first, &last) != SG_OK) {
        return SG_OK;
    }
    tell_settled(dir, first, last, settled, self);
    sg_status status = SG_MISSING;
    for (uint32_t segment = last; status == SG_MISSING && segment >= first && segment > 0; segment--) {
        sg_replay replay = {0};
        status = recover_from(dir, segment, &replay, ret->line, sizeof ret->line);
        if (status == SG_OK) {
            ret->engine = replay.engine;
            ret->frames = replay.frames;
            ret->mismatches = replay.mismatches;
            replay.engine = NULL;
        }
        sg_replay_free(&replay);
    }
    if (status == SG_MISSING) {
        /* nothing but torn first snapshots: no frame was ever journaled, so nothing is lost */
        return first == last ? SG_OK : SG_CORRUPT;
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

static bool begin_segment(sg_journal_file *self, const sg_engine *engine)
{
    bool fresh = sg_segment_size(self->log) == SG_SEGMENT_HEADER && sg_segment_buffered(self->log) == 0 && !self->degraded_before;
    if (!fresh && sg_segment_rotate(self->log) != SG_OK) {
        return false;
    }
    sg_frame_codec_reset(self->codec);
    self->lost = false;
    put(self, SG_RECORD_SNAPSHOT, engine, sg_engine_state_size(engine));
    return !self->lost && sg_segment_sync(self->log) == SG_OK;
}

sg_status sg_journal_open(const char *dir, const sg_engine *engine, sg_journal_file **ret, char ret_error[600])
{
    sg_segment_report report;
    sg_journal_file *self = calloc(1, sizeof *self);
    if (!self) {
        return SG_NOMEM;
    }
    size_t points = (size_t)sg_engine_point_count(engine);
    size_t buffer = sg_engine_state_size(engine) + points * 32 + sizeof(sg_plan) * 2 + ((size_t)1 << 20);
    sg_status status = sg_segment_open(dir, buffer, NULL, &self->log, &report);
    if (status != SG_OK) {
        snprintf(ret_error, 600, "%s", report.line);
        free(self);
        return status;
    }
    self->codec = sg_frame_codec_create(sg_engine_point_count(engine));
    if (!self->codec || !begin_segment(self, engine)) {
        snprintf(ret_error, 600, "%s", self->codec ? sg_segment_error(self->log) : "memory is exhausted");
        sg_journal_close(self);
        return SG_IO;
    }
    snprintf(self->error, sizeof self->error, "%s", report.line);
    *ret = self;
    return SG_OK;
}

void sg_journal_plan(sg_journal_file *self, const sg_plan *plan)
{
    put(self, SG_RECORD_PLAN, plan, sizeof *plan);
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

void sg_journal_command(sg_journal_file *self, const sg_engine *engine)
{
    sg_record_command command = sg_record_command_of(engine);
    sg_settlement interval;
    put(self, SG_RECORD_COMMAND, &command, sizeof command);
    if (sg_engine_settled(engine, &interval)) {
        put(self, SG_RECORD_SETTLED, &interval, sizeof interval);
    }
}

static void degrade(sg_journal_file *self)
{
    snprintf(self->error, sizeof self->error, "%s", sg_segment_error(self->log));
    self->degraded = self->degraded_before = true;
    self->retry_at_s = wall_s() + retry_s;
}

bool sg_journal_commit(sg_journal_file *self, const sg_engine *engine, bool sync)
{
    if (self->degraded) {
        if (wall_s() < self->retry_at_s) {
            return false;
        }
        self->degraded = false; /* so that the snapshot is let in */
        if (!begin_segment(self, engine)) {
            degrade(self);
            return false;
        }
        return true; /* the snapshot holds all that this step did */
    }
    if (self->lost || (sync ? sg_segment_sync(self->log) : sg_segment_flush(self->log)) != SG_OK) {
        degrade(self);
        return false;
    }
    if (sg_segment_size(self->log) > segment_bytes_max) {
        if (!begin_segment(self, engine)) {
            degrade(self);
            return false;
        }
        uint32_t removed;
        (void)!sg_segment_prune(self->log, journal_bytes_max, sg_segment_number(self->log) - 1, &removed);
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
