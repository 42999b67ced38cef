/* Journal records: frames come back as they were, bit for bit; what is damaged is refused and changes
 * nothing; a replay makes the same engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "engine/journal.h"
#include "engine/layout.h"
#include "rig.h"

#include <math.h>

enum { POINTS = 1000, FRAMES = 300 };

static uint64_t draws;

static double unit(void)
{
    return sg_prng_unit(31, draws++);
}

static int below(int n)
{
    return (int)(unit() * n);
}

typedef struct made {
    double value[POINTS];
    uint8_t quality[POINTS];
    sg_request requests[SG_REQUEST_MAX];
    sg_frame frame;
} made;

static double odd_number(void)
{
    uint64_t bits =
        sg_prng_u64(32, draws++); /* any bits: denormals, NaNs with payloads, infinities */
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void change_some(made *m, int round)
{
    int changes = round % 10 == 0 ? POINTS : round % 10 == 1 ? 0 : below(50);
    for (int i = 0; i < changes; i++) {
        int p = changes == POINTS ? i : below(POINTS);
        m->value[p] = below(3) ? 1e5 * unit() : odd_number();
        m->quality[p] = (uint8_t)below(4);
    }
    int count = round % 7 == 0 ? SG_REQUEST_MAX : below(3);
    for (int i = 0; i < count; i++) {
        sg_request *r = &m->requests[i];
        memset(r, 0, sizeof *r);
        snprintf(r->task_id, sizeof r->task_id, "task %d", below(1000));
        r->priority = below(4);
        r->kind = below(2);
        r->power_w = 1e6 * unit();
        r->duration_s = below(2) ? 0 : 1e5 * unit();
        r->deadline_us = below(2) ? 0 : below(1000000);
    }
    m->frame = (sg_frame){.time_us = 1000 + round * 100000,
                          .dt_s = 0.1 + unit(),
                          .value = m->value,
                          .quality = m->quality,
                          .requests = m->requests,
                          .request_count = count};
}

static void expect_same(const sg_frame *a, const sg_frame *b)
{
    assert_int_equal(a->time_us, b->time_us);
    assert_memory_equal(&a->dt_s, &b->dt_s, sizeof a->dt_s);
    assert_memory_equal(a->value, b->value,
                        POINTS * sizeof(double)); /* bits, NaN and -0 included */
    assert_memory_equal(a->quality, b->quality, POINTS);
    assert_int_equal(a->request_count, b->request_count);
    assert_memory_equal(a->requests, b->requests, sizeof(sg_request) * (size_t)a->request_count);
    assert_null(b->plan);
}

static void frames_come_back_bit_for_bit(void **state)
{
    (void)state;
    static made m;
    sg_frame_codec *out = sg_frame_codec_create(POINTS), *in = sg_frame_codec_create(POINTS);
    size_t least = SIZE_MAX;
    for (int round = 0; round < FRAMES; round++) {
        change_some(&m, round);
        if (round % 37 == 0) { /* as at a snapshot: the next frame is whole */
            sg_frame_codec_reset(out);
            sg_frame_codec_reset(in);
        }
        const void *bytes;
        size_t size;
        sg_frame_encode(out, &m.frame, &bytes, &size);
        least = size < least ? size : least;
        sg_frame back;
        assert_int_equal(sg_frame_decode(in, bytes, size, &back), SG_OK);
        expect_same(&m.frame, &back);
    }
    assert_true(least < 200); /* a frame in which nothing moved costs a bit a point and a head */
    sg_frame_codec_free(out);
    sg_frame_codec_free(in);
}

/* Any byte changed or cut: refused, or decoded to some other frame; never past the end, and a refused one
 * leaves the decoder as it was. */
static void what_is_damaged_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static made m;
    sg_frame_codec *out = sg_frame_codec_create(POINTS);
    int refused = 0, taken = 0;
    for (int round = 0; round < 60; round++) {
        change_some(&m, round);
        const void *bytes;
        size_t size;
        sg_frame_codec_reset(out);
        sg_frame_encode(out, &m.frame, &bytes, &size);
        for (int i = 0; i < 60; i++) {
            /* a block of just its size, so that a sanitizer sees one byte too many */
            size_t length = i % 3 == 0 ? (size_t)(unit() * (double)size) : size;
            unsigned char *damaged = malloc(length + 1);
            assert_non_null(damaged);
            memcpy(damaged, bytes, length);
            if (i % 3 != 0) {
                size_t place = i % 2 ? (size_t)below(180) % size : (size_t)(unit() * (double)size);
                damaged[place] = (unsigned char)(damaged[place] ^ 1u << below(8));
            }
            sg_frame_codec *in = sg_frame_codec_create(POINTS);
            sg_frame back;
            if (sg_frame_decode(in, damaged, length, &back) == SG_OK) {
                taken++;
            } else {
                refused++;
                static made nothing;
                nothing.frame = (sg_frame){
                    .time_us = 1, .dt_s = 1, .value = nothing.value, .quality = nothing.quality};
                sg_frame_codec *clean = sg_frame_codec_create(POINTS);
                const void *still;
                size_t still_size;
                sg_frame_encode(clean, &nothing.frame, &still, &still_size);
                assert_int_equal(sg_frame_decode(in, still, still_size, &back), SG_OK);
                for (int p = 0; p < POINTS; p++) {
                    assert_true(back.value[p] == 0 && back.quality[p] == 0);
                }
                sg_frame_codec_free(clean);
            }
            assert_true(length == size || refused > 0);
            sg_frame_codec_free(in);
            free(damaged);
        }
    }
    print_message("%d damaged frames refused, %d decoded to other readings\n", refused, taken);
    assert_true(refused > 1800 && taken > 100);
    sg_frame_codec_free(out);
}

/* The fields that say how long everything is, one by one. */
static void lies_in_the_head_are_refused(void **state)
{
    (void)state;
    static made m;
    sg_frame_codec *out = sg_frame_codec_create(POINTS), *in = sg_frame_codec_create(POINTS);
    change_some(&m, 3);
    m.frame.request_count = 1;
    const void *bytes;
    size_t size;
    sg_frame_encode(out, &m.frame, &bytes, &size);
    unsigned char *copy = malloc(size);
    assert_non_null(copy);
    static const int32_t lies[] = {-1, INT32_MIN, INT32_MAX, POINTS + 1, 65, 1 << 20};
    for (int field = 16; field < 32; field += 4) { /* counts of points, changes, marks, requests */
        for (int i = 0; i < 6; i++) {
            memcpy(copy, bytes, size);
            memcpy(copy + field, &lies[i], sizeof lies[i]);
            sg_frame back;
            assert_int_equal(sg_frame_decode(in, copy, size, &back), SG_CORRUPT);
        }
    }
    static const double lengths_s[] = {0, -1, NAN, INFINITY, 1e12, -0.0};
    for (int i = 0; i < 6; i++) {
        memcpy(copy, bytes, size);
        memcpy(copy + 8, &lengths_s[i], sizeof lengths_s[i]);
        sg_frame back;
        assert_int_equal(sg_frame_decode(in, copy, size, &back), SG_CORRUPT);
    }
    sg_request bad[5] = {m.requests[0], m.requests[0], m.requests[0], m.requests[0], m.requests[0]};
    memset(bad[0].task_id, 'x', sizeof bad[0].task_id); /* no end */
    bad[1].power_w = -1;
    bad[2].power_w = NAN;
    bad[3].priority = 4;
    bad[4].kind = -1;
    for (int i = 0; i < 5; i++) {
        memcpy(copy, bytes, size);
        memcpy(copy + size - sizeof bad[i], &bad[i], sizeof bad[i]);
        sg_frame back;
        assert_int_equal(sg_frame_decode(in, copy, size, &back), SG_CORRUPT);
    }
    free(copy);
    sg_frame_codec_free(out);
    sg_frame_codec_free(in);
}

/* --- replay --- */

static const char faults[] = "## Faults_Schema\n```yaml\nfaults:\n"
                             "  - {at: 20s, kind: sensor_nan, target: trainer, duration: 5s}\n"
                             "  - {at: 40s, kind: grid_loss, duration: 20s}\n```\n";

typedef struct stream {
    sg_replay replay;
    sg_frame_codec *codec;
} stream;

static void snapshot(stream *s, const rig *r)
{
    sg_frame_codec_reset(s->codec);
    assert_int_equal(
        sg_replay_feed(&s->replay, SG_RECORD_SNAPSHOT, r->engine, sg_engine_state_size(r->engine)),
        SG_OK);
}

static void step_and_feed(stream *s, rig *r, const sg_request *request)
{
    sg_world_read(r->world, 0.1, &r->readings);
    sg_frame frame = rig_frame(r);
    frame.requests = request;
    frame.request_count = request != NULL;
    sg_reply reply;
    sg_engine_step(r->engine, &frame, &reply);
    sg_command command = sg_engine_command(r->engine);
    sg_world_write(r->world, &command);
    const void *bytes;
    size_t size;
    sg_frame_encode(s->codec, &frame, &bytes, &size);
    assert_int_equal(sg_replay_feed(&s->replay, SG_RECORD_FRAME, bytes, size), SG_OK);
    sg_record_command now = sg_record_command_of(r->engine, NULL);
    assert_int_equal(sg_replay_feed(&s->replay, SG_RECORD_COMMAND, &now, sizeof now), SG_OK);
}

static void a_replay_is_the_same_engine(void **state)
{
    (void)state;
    rig r = {0};
    rig_load("sites/hall.maml.md", faults, &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-06-10"));
    stream s = {.codec = sg_frame_codec_create(r.points.count)};
    snapshot(&s, &r);
    sg_request request = {.task_id = "t", .priority = 1, .power_w = 5000, .duration_s = 30};
    for (int step = 0; step < 1200; step++) {
        step_and_feed(&s, &r, step == 50 ? &request : NULL);
        if (step == 700) { /* a new segment */
            snapshot(&s, &r);
        }
    }
    assert_int_equal(s.replay.mismatches, 0);
    assert_int_equal(s.replay.frames, 1200);
    assert_int_equal(s.replay.snapshots, 2);
    assert_int_equal(s.replay.state_hashes, 1200 / SG_STATE_HASH_EVERY);
    assert_memory_equal(s.replay.engine, r.engine, sg_engine_state_size(r.engine));
    /* negative control: a step that the replay does not see is noticed at the next command */
    rig_step(&r, 0.1);
    sg_record_command now = sg_record_command_of(r.engine, NULL);
    assert_int_equal(sg_replay_feed(&s.replay, SG_RECORD_COMMAND, &now, sizeof now), SG_OK);
    assert_int_equal(s.replay.mismatches, 1);
    assert_int_equal(s.replay.first_mismatch_tick, 1201);
    sg_replay_free(&s.replay);
    sg_frame_codec_free(s.codec);
    rig_free(&r);
}

/* One watt more in one reading: the replay says so. */
static void a_changed_reading_is_noticed(void **state)
{
    (void)state;
    rig r = {0};
    rig_load("sites/hall.maml.md", "", &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-06-10"));
    stream s = {.codec = sg_frame_codec_create(r.points.count)};
    snapshot(&s, &r);
    for (int step = 0; step < 200; step++) {
        sg_world_read(r.world, 0.1, &r.readings);
        sg_frame frame = rig_frame(&r);
        double *value = malloc(sizeof(double) * (size_t)r.points.count);
        assert_non_null(value);
        memcpy(value, r.readings.value, sizeof(double) * (size_t)r.points.count);
        sg_engine_step(r.engine, &frame, NULL);
        sg_command command = sg_engine_command(r.engine);
        sg_world_write(r.world, &command);
        value[r.points.first[SG_POINT_LOAD_DEMAND] + 7] += step == 100;
        frame.value = value;
        const void *bytes;
        size_t size;
        sg_frame_encode(s.codec, &frame, &bytes, &size);
        assert_int_equal(sg_replay_feed(&s.replay, SG_RECORD_FRAME, bytes, size), SG_OK);
        sg_record_command now = sg_record_command_of(r.engine, NULL);
        assert_int_equal(sg_replay_feed(&s.replay, SG_RECORD_COMMAND, &now, sizeof now), SG_OK);
        free(value);
    }
    assert_true(s.replay.mismatches > 0);
    assert_int_equal(s.replay.first_mismatch_tick, 101);
    sg_replay_free(&s.replay);
    sg_frame_codec_free(s.codec);
    rig_free(&r);
}

static void records_out_of_place_are_refused(void **state)
{
    (void)state;
    rig r = {0};
    rig_load("sites/hall.maml.md", "", &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-06-10"));
    size_t size = sg_engine_state_size(r.engine);
    sg_replay replay = {0};
    unsigned char small[16] = {0};
    assert_int_equal(sg_replay_feed(&replay, SG_RECORD_FRAME, small, sizeof small), SG_CORRUPT);
    assert_true(strstr(replay.text, "before the first snapshot") != NULL);
    assert_int_equal(sg_replay_feed(&replay, SG_RECORD_SNAPSHOT, r.engine, size - 1), SG_CORRUPT);
    assert_int_equal(sg_replay_feed(&replay, SG_RECORD_SNAPSHOT, small, sizeof small), SG_CORRUPT);
    assert_int_equal(sg_replay_feed(&replay, SG_RECORD_SNAPSHOT, small, 0), SG_CORRUPT);
    assert_null(replay.engine);
    assert_int_equal(sg_replay_feed(&replay, SG_RECORD_SNAPSHOT, r.engine, size), SG_OK);
    uint64_t before = sg_engine_hash(replay.engine);
    assert_int_equal(sg_replay_feed(&replay, SG_RECORD_FRAME, small, sizeof small), SG_CORRUPT);
    assert_int_equal(sg_replay_feed(&replay, SG_RECORD_PLAN, small, sizeof small), SG_CORRUPT);
    assert_int_equal(sg_replay_feed(&replay, SG_RECORD_COMMAND, small, sizeof small), SG_CORRUPT);
    assert_int_equal(sg_replay_feed(&replay, 99, small, sizeof small), SG_CORRUPT);
    assert_int_equal(sg_replay_feed(&replay, 0, small, sizeof small), SG_CORRUPT);
    assert_int_equal(sg_replay_feed(&replay, SG_RECORD_SETTLED, small, sizeof small), SG_OK);
    assert_true(sg_engine_hash(replay.engine) == before && replay.frames == 0);
    sg_replay_free(&replay);
    rig_free(&r);
}

/* A snapshot with one number or index out of its range is no engine, whichever it is: refused at once, or
 * else it can be stepped and hashed like any other. */
static void a_snapshot_that_does_not_hold_together_is_refused(void **state)
{
    (void)state;
    rig r = {0};
    rig_load("sites/hall.maml.md", "", &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-06-10"));
    for (int step = 0; step < 50; step++) {
        rig_step(&r, 0.1);
    }
    size_t size = sg_engine_state_size(r.engine);
    unsigned char *copy = malloc(size);
    assert_non_null(copy);
    static const uint64_t words[] = {UINT64_MAX, UINT64_C(0x7FF8000000000000),
                                     UINT64_C(0x7FEFFFFFFFFFFFFF), UINT64_C(0x8000000080000000),
                                     UINT64_C(0x7FFFFFFF7FFFFFFF)};
    int refused = 0, taken = 0;
    for (size_t at = 0; at + 8 <= size; at += 8 * (1 + (size_t)below(40))) {
        memcpy(copy, r.engine, size);
        memcpy(copy + at, &words[below(5)], 8);
        sg_replay replay = {0};
        if (sg_replay_feed(&replay, SG_RECORD_SNAPSHOT, copy, size) == SG_OK) {
            taken++;
            sg_frame frame = rig_frame(&r);
            frame.time_us += 100000;
            sg_engine_step(replay.engine, &frame, NULL);
        } else {
            refused++;
            assert_null(replay.engine);
        }
        sg_replay_free(&replay);
    }
    print_message("%d changed snapshots refused, %d could be stepped\n", refused, taken);
    assert_true(refused > 100);
    /* indices above all */
    sg_rooms rooms = sg_rooms_at(r.engine);
    size_t offset = (size_t)((unsigned char *)rooms.plant.node_parent - (unsigned char *)r.memory);
    for (int i = 0; i < 3; i++) {
        static const int32_t parents[] = {9, -1, 1000000};
        memcpy(copy, r.engine, size);
        memcpy(copy + offset + 5 * 4, &parents[i], 4);
        sg_replay replay = {0};
        assert_int_equal(sg_replay_feed(&replay, SG_RECORD_SNAPSHOT, copy, size), SG_CORRUPT);
    }
    free(copy);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_back_bit_for_bit),
        cmocka_unit_test(what_is_damaged_is_refused_and_changes_nothing),
        cmocka_unit_test(lies_in_the_head_are_refused),
        cmocka_unit_test(a_replay_is_the_same_engine),
        cmocka_unit_test(a_changed_reading_is_noticed),
        cmocka_unit_test(records_out_of_place_are_refused),
        cmocka_unit_test(a_snapshot_that_does_not_hold_together_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
