#include "host/moment.h"

#include "base/time.h"
#include "engine/journal.h"
#include "store/segment.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A replay on its way to the moment, and the last frame as it was read. */
typedef struct search {
    const sg_moment_question *q;
    sg_segment_reader *reader;
    sg_replay replay;
    sg_frame_codec *codec; /* beside the replay's own, for the raw readings */
    sg_frame frame;        /* of the last step; its arrays are the codec's */
    bool framed, damaged;
    char *error;
} search;

static sg_status fail(search *s, sg_status status, const char *text)
{
    snprintf(s->error, SG_MOMENT_ERROR, "%s", text);
    return status;
}

static void release(search *s)
{
    sg_segment_read_close(s->reader);
    s->reader = NULL;
    sg_replay_free(&s->replay);
    sg_frame_codec_free(s->codec);
    s->codec = NULL;
    s->framed = false;
}

/* Open a segment at its snapshot. SG_MISSING: it cannot be used. */
static sg_status open_segment(search *s, uint32_t number)
{
    char why[SG_SEGMENT_TEXT] = "";
    sg_segment_record record;
    release(s);
    sg_status status = sg_segment_read_open(s->q->dir, number, &s->reader, why);
    if (status == SG_OK) {
        status = sg_segment_read(s->reader, &record);
    }
    if (status == SG_OK && record.segment != number) {
        status = SG_MISSING;
    }
    if (status == SG_OK) {
        status = sg_replay_feed(&s->replay, record.type, record.payload, record.length);
    }
    if (status == SG_OK && s->replay.engine) {
        s->codec = sg_frame_codec_create(sg_engine_point_count(s->replay.engine));
        return s->codec ? SG_OK : SG_NOMEM;
    }
    return status == SG_NOMEM || status == SG_IO ? status : SG_MISSING;
}

/* The last segment that begins before the moment, opened. */
static sg_status find_segment(search *s)
{
    uint32_t first, last;
    char text[160], time[SG_TIME_TEXT];
    int64_t begins_us = INT64_MAX;
    if (sg_segment_span(s->q->dir, &first, &last) != SG_OK) {
        snprintf(s->error, SG_MOMENT_ERROR,
                 "there is no journal in %.200s; `symgrid run SITE --data DIR` writes one",
                 s->q->dir);
        return SG_MISSING;
    }
    for (uint32_t number = last;;) { /* ends: at the first segment */
        sg_status status = open_segment(s, number);
        if (status == SG_OK) {
            begins_us = sg_engine_time(s->replay.engine);
            if (begins_us < s->q->at_us) {
                return SG_OK;
            }
        } else if (status != SG_MISSING) {
            return fail(s, status, sg_status_text(status));
        }
        if (sg_segment_before(s->q->dir, number, &number) != SG_OK) {
            break;
        }
    }
    if (begins_us == INT64_MAX) {
        return fail(s, SG_CORRUPT, "no segment of the journal begins with a usable snapshot");
    }
    sg_time_format(begins_us, time);
    snprintf(text, sizeof text, "the journal begins at %s: expected a later time", time);
    return fail(s, SG_MISSING, text);
}

/* Feed one record. SG_MISSING: it lies behind the moment, or cannot be used. */
static sg_status feed(search *s, const sg_segment_record *record)
{
    int64_t time_us;
    if (record->type ==
        SG_RECORD_SNAPSHOT) { /* of the next segment: what it holds is here already */
        return SG_MISSING;
    }
    if (record->type == SG_RECORD_FRAME) {
        if (sg_frame_time(record->payload, record->length, &time_us) == SG_OK &&
            time_us > s->q->at_us) {
            return SG_MISSING;
        }
        s->framed = sg_frame_decode(s->codec, record->payload, record->length, &s->frame) == SG_OK;
    }
    sg_status status = sg_replay_feed(&s->replay, record->type, record->payload, record->length);
    s->damaged = s->damaged || status == SG_CORRUPT;
    return status == SG_CORRUPT ? SG_MISSING : status;
}

/* Up to the moment. */
static sg_status advance(search *s)
{
    sg_status status = SG_OK;
    while (status == SG_OK) {
        sg_segment_record record;
        if (s->q->stop && atomic_load(s->q->stop)) {
            return fail(s, SG_UNAVAILABLE, "the program is stopping");
        }
        status = sg_segment_read(s->reader, &record);
        if (status == SG_CORRUPT) { /* a torn tail, or damage */
            s->damaged = true;
            status = SG_MISSING;
        } else if (status == SG_OK) {
            status = feed(s, &record);
        }
    }
    return status == SG_MISSING ? SG_OK : fail(s, status, sg_status_text(status));
}

static void note(const search *s, sg_moment *ret)
{
    bool late = s->q->at_us != INT64_MAX &&
                (double)(s->q->at_us - sg_engine_time(s->replay.engine)) * 1e-6 > 2 * ret->step_s;
    snprintf(ret->note, sizeof ret->note, "%s%s",
             s->replay.mismatches ? "this program decides otherwise than the one that ran then. "
                                  : "",
             s->damaged ? "the journal is damaged behind this step. "
             : late     ? "the journal ends before the time asked for. "
                        : "");
}

sg_status sg_moment_explain(const sg_moment_question *question, sg_moment *ret,
                            char ret_error[SG_MOMENT_ERROR])
{
    search s = {.q = question, .error = ret_error};
    memset(ret, 0, sizeof *ret);
    ret_error[0] = '\0';
    sg_status status = find_segment(&s);
    status = status == SG_OK ? advance(&s) : status;
    if (status == SG_OK && !s.framed) {
        status = fail(&s, SG_MISSING, "the journal holds no step before that time");
    }
    /* Names, limits and the order of the readings are the site's: another version would tell of other devices. */
    if (status == SG_OK && sg_engine_site_hash(s.replay.engine) != question->site->hash) {
        status =
            fail(&s, SG_FORMAT,
                 "the site file has changed since then: expected the one that ran at that time");
    }
    if (status == SG_OK) {
        sg_moment_source moment = {.site = question->site,
                                   .engine = s.replay.engine,
                                   .frame = &s.frame,
                                   .plan = sg_engine_plan(s.replay.engine)};
        ret->asked_us = question->at_us;
        ret->time_us = sg_engine_time(s.replay.engine);
        ret->tick = sg_engine_tick(s.replay.engine);
        ret->step_s = s.frame.dt_s;
        status = sg_moment_tell(&moment, question->device, ret, ret_error);
        note(&s, ret);
    }
    release(&s);
    return status;
}

/* ---- telling ---- */

static const char *const part_names[] = {
#define X(code, name) name,
    SG_MOMENT_PART_LIST(X)
#undef X
};

void sg_moment_json(const sg_moment *self, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.explanation/1");
    sg_json_time(out, "time", self->time_us);
    sg_json_integer(out, "tick", (int64_t)self->tick);
    sg_json_number(out, "step_s", self->step_s);
    sg_json_text(out, "device", self->device[0] ? self->device : NULL);
    sg_json_text(out, "note", self->note[0] ? self->note : NULL);
    for (int part = 0; part < SG_MOMENT_PART_COUNT; part++) {
        sg_json_begin(out, part_names[part], '[');
        for (int i = 0; i < self->count; i++) {
            const sg_moment_item *item = &self->item[i];
            if ((int)item->part == part) {
                sg_json_begin(out, NULL, '{');
                sg_json_text(out, "name", item->name);
                sg_json_fixed(out, "value", item->value, 6);
                sg_json_text(out, "reason", item->reason);
                sg_json_text(out, "text", item->text);
                sg_json_end(out, '}');
            }
        }
        sg_json_end(out, ']');
    }
    sg_json_end(out, '}');
}

void sg_moment_text(const sg_moment *self, sg_out *out)
{
    char time[SG_TIME_TEXT];
    sg_time_format(self->time_us, time);
    sg_out_format(out, "%s at %s, step %llu of %g s\n", self->device[0] ? self->device : "the site",
                  time, (unsigned long long)self->tick, self->step_s);
    if (self->note[0]) {
        sg_out_format(out, "note: %s\n", self->note);
    }
    for (int part = 0; part < SG_MOMENT_PART_COUNT; part++) {
        const char *head = part_names[part];
        for (int i = 0; i < self->count; i++) {
            if ((int)self->item[i].part == part) {
                sg_out_format(out, "%-10s %s\n", head, self->item[i].text);
                head = "";
            }
        }
    }
}
