/* symgrid replay - a journal again: the same inputs through the same engine, every command compared. */
#include "base/time.h"
#include "cli/paint.h"
#include "cli/verbs.h"
#include "engine/journal.h"
#include "store/segment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "usage: symgrid replay DIR [--from-segment N] [--json]\n"
    "\n"
    "Reads the journal in DIR (the data folder of `symgrid run`), feeds its frames, requests and "
    "plans to the engine and\n"
    "compares every command and state hash with what was recorded. No site file is needed: each "
    "segment begins with a\n"
    "snapshot. Exit status 0: the same to the bit; 1: something differs or a segment is damaged.\n"
    "\n"
    "  --from-segment N  start at a later segment (default: the first there is)\n"
    "  --json            a machine-readable answer\n";

typedef struct answer {
    uint64_t records, settled, damaged;
    int64_t from_us, to_us;
} answer;

static void print_answer(const sg_replay *replay, const answer *a, bool json)
{
    char from[SG_TIME_TEXT], to[SG_TIME_TEXT];
    sg_time_format(a->from_us, from);
    sg_time_format(a->to_us, to);
    uint64_t hash = replay->engine ? sg_engine_hash(replay->engine) : 0;
    if (!json) {
        printf("%s to %s: %" PRIu64 " frames, %" PRIu64 " commands, %" PRIu64
               " of them differ, %" PRIu64 " intervals settled\n",
               from, to, replay->frames, replay->commands, replay->mismatches, a->settled);
        printf("state %016" PRIx64 "\n", hash);
        return;
    }
    sg_out out = {0};
    char text[24];
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "format", "symgrid.replay/1");
    sg_json_text(&out, "from", from);
    sg_json_text(&out, "to", to);
    sg_json_integer(&out, "segments", (int64_t)replay->snapshots);
    sg_json_integer(&out, "frames", (int64_t)replay->frames);
    sg_json_integer(&out, "commands", (int64_t)replay->commands);
    sg_json_integer(&out, "mismatches", (int64_t)replay->mismatches);
    sg_json_integer(&out, "state_hashes", (int64_t)replay->state_hashes);
    sg_json_integer(&out, "settled", (int64_t)a->settled);
    sg_json_integer(&out, "damaged", (int64_t)a->damaged);
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    sg_json_text(&out, "state", text);
    sg_json_end(&out, '}');
    puts(out.text);
    sg_out_free(&out);
}

/* A rotation must not lose anything: the state at the end of a segment is the snapshot of the next. */
/* Not so after a change of the site file, which begins anew: a line, not a failure. */
static void check_rotation(const sg_replay *replay, const sg_segment_record *record)
{
    if (record->type == SG_RECORD_SNAPSHOT && replay->engine &&
        (record->length != sg_engine_state_size(replay->engine) ||
         memcmp(record->payload, replay->engine, record->length) != 0)) {
        fprintf(
            stderr,
            "symgrid replay: segment %u begins with another state than the one before ended with\n",
            record->segment);
    }
}

/* How many bytes the segments of a journal have, for a bar that says how far it is. */
typedef struct extent {
    uint32_t first;
    double total, before; /* of all from the first on; of those before the one that is read */
    uint32_t segment;
} extent;

static double segment_bytes(const char *dir, uint32_t number)
{
    char path[600];
    struct stat about;
    snprintf(path, sizeof path, "%s/journal-%08u.sgj", dir, number);
    return stat(path, &about) == 0 ? (double)about.st_size : 0;
}

static extent extent_of(const char *dir, uint32_t from)
{
    extent e = {0};
    uint32_t first, last;
    if (sg_segment_span(dir, &first, &last) == SG_OK) {
        e.first = e.segment = from > first ? from : first;
        for (uint32_t n = e.first; n >= e.first && n <= last; n++) {
            e.total += segment_bytes(dir, n);
        }
    }
    return e;
}

static double done_frac(extent *e, const char *dir, const sg_segment_record *record)
{
    for (; e->segment < record->segment; e->segment++) {
        e->before += segment_bytes(dir, e->segment);
    }
    return e->total > 0 ? (e->before + (double)record->offset) / e->total : 0;
}

static int replay_all(const char *dir, uint32_t from, bool json)
{
    sg_segment_reader *reader = NULL;
    char error[SG_SEGMENT_TEXT] = "";
    if (sg_segment_read_open(dir, from, &reader, error) != SG_OK) {
        fprintf(stderr, "symgrid replay: %s\n", error[0] ? error : "no journal there");
        return SG_EXIT_ENVIRONMENT;
    }
    sg_replay replay = {0};
    answer a = {0};
    sg_status status = SG_OK;
    extent whole = extent_of(dir, from);
    sg_progress bar;
    sg_progress_begin(&bar, "replay");
    for (;;) {
        sg_segment_record record;
        status = sg_segment_read(reader, &record);
        if (status == SG_CORRUPT) {
            fprintf(stderr, "symgrid replay: %s\n", sg_segment_read_error(reader));
            a.damaged++;
            continue;
        }
        if (status != SG_OK) {
            break;
        }
        sg_progress_step(&bar, done_frac(&whole, dir, &record));
        check_rotation(&replay, &record);
        sg_status fed = sg_replay_feed(&replay, record.type, record.payload, record.length);
        if (fed == SG_NOMEM) {
            status = fed;
            break;
        }
        if (fed != SG_OK) {
            fprintf(stderr, "symgrid replay: segment %u, offset %" PRIu64 ": %s\n", record.segment,
                    record.offset, replay.text);
            a.damaged++;
        }
        a.records++;
        a.settled += record.type == SG_RECORD_SETTLED;
        a.from_us = a.from_us == 0 && replay.engine ? sg_engine_time(replay.engine) : a.from_us;
    }
    sg_progress_end(&bar);
    bool complete = status == SG_MISSING;
    a.to_us = replay.engine ? sg_engine_time(replay.engine) : 0;
    print_answer(&replay, &a, json);
    if (replay.mismatches > 0) {
        fprintf(stderr,
                "symgrid replay: the first command that differs is that of step %" PRIu64 "\n",
                replay.first_mismatch_tick);
    }
    bool same = complete && replay.mismatches == 0 && a.damaged == 0 && replay.engine;
    sg_replay_free(&replay);
    sg_segment_read_close(reader);
    return !complete ? SG_EXIT_ENVIRONMENT : same ? SG_EXIT_DONE : SG_EXIT_NO;
}

int sg_cli_replay(int argc, char **argv)
{
    const char *from = NULL;
    bool json = false, wants_help = false;
    const sg_option options[] = {
        {"--from-segment", &from, NULL}, {"--json", NULL, &json}, {"--help", NULL, &wants_help}};
    int count = sg_options_parse(argc, argv, options, 3, 1);
    if (wants_help) {
        fputs(help, stdout);
        return SG_EXIT_DONE;
    }
    uint32_t segment = 0;
    if (count == 1 && (!from || sscanf(from, "%" SCNu32, &segment) == 1)) {
        return replay_all(argv[1], segment, json);
    }
    if (count == 0) {
        fputs("symgrid replay: which journal? see symgrid replay --help\n", stderr);
    } else if (count == 1) {
        fprintf(stderr, "symgrid replay: --from-segment: expected a number, got '%s'\n", from);
    }
    return SG_EXIT_USAGE;
}
