/* Journal records: whatever the stream of them, a replay ends in an answer. The input is a program of short
 * instructions, so that most inputs get past the outer checks: a byte says what to feed (a snapshot, plan,
 * frame or command that is right but for a few changed bytes, or raw bytes), then come the changes. */
#include "base/check.h"
#include "engine/journal.h"
#include "engine/layout.h"
#include "site/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "nodes:\n"
    "  site: {limit: 60kW, voltage: 400V}\n"
    "  rack: {parent: site, count: 2, limit: 20kW, voltage: 400V, cable_length: 30m, "
    "cable_section: 16mm2}\n"
    "loads:\n"
    "  server: {node: rack, count: 3, rating: 8kW, minimum: 1kW, class: 1, idle_below: 2kW, "
    "demand: 6kW}\n"
    "  pump: {rating: 5kW, demand: 3kW, class: 0}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 50kWh, discharge_rate: 20kW, reserve: 10%}\n"
    "  cap: {type: supercapacitor, node: rack, modules: 2, power: 2kW, duty: power}\n"
    "  cell: {type: lithium_ion, beside: server, capacity: 50Wh, discharge_rate: 400W, duty: "
    "device}\n"
    "  bridge: {type: lithium_ion, capacity: 10kWh, discharge_rate: 60kW, duty: bridge}\n"
    "  dream: {type: quantum, capacity: 1kWh, power: 1kW}\n"
    "sources:\n"
    "  roof: {type: generator, node: rack, capacity: 10kW}\n"
    "  diesel: {type: generator, capacity: 30kW, cost: 0.3 EUR/kWh}\n"
    "grid: {import_max: 50kW, export_max: 10kW, import_price: 0.2 EUR/kWh, demand_charge: 10 "
    "EUR/kW}\n";

static unsigned char *snapshot;
static size_t snapshot_size;
static int32_t point_count;
static double *values;
static uint8_t *qualities;

/* The engine after some steps on plausible readings, once. */
static void prepare(void)
{
    sg_site site;
    sg_diagnostics said = {0};
    SG_CHECK(sg_site_parse("fuzz.yaml", text, sizeof text - 1, false, &site, &said) == SG_OK);
    sg_points points = sg_points_of(&site);
    size_t size = (sg_engine_size(&site) + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, size);
    point_count = points.count;
    values = calloc((size_t)point_count, sizeof *values);
    qualities = calloc((size_t)point_count, 1);
    SG_CHECK(memory && values && qualities);
    sg_engine_config config = {
        .policy = SG_POLICY_MPC, .mode = SG_CONTROL, .start_us = INT64_C(1690000000000000)};
    sg_engine *engine = sg_engine_create(memory, &site, &config);
    for (int p = 0; p < points.first[SG_POINT_SITE]; p++) {
        values[p] = 1000.0 + 100 * p;
    }
    values[points.first[SG_POINT_SITE] + SG_SITE_GRID_UP] = 1;
    sg_request request = {.task_id = "task", .priority = 1, .power_w = 1000, .duration_s = 3600};
    sg_reply reply;
    for (int step = 1; step <= 100; step++) {
        sg_frame frame = {.time_us = config.start_us + step * INT64_C(60000000),
                          .dt_s = 60,
                          .value = values,
                          .quality = qualities,
                          .requests = &request,
                          .request_count = step == 3};
        sg_engine_step(engine, &frame, &reply);
    }
    snapshot_size = sg_engine_state_size(engine);
    snapshot = malloc(snapshot_size);
    SG_CHECK(snapshot);
    memcpy(snapshot, engine, snapshot_size);
    free(memory);
    sg_site_free(&site);
    sg_diagnostics_free(&said);
}

typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

static uint64_t take(input *self, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes && self->left > 0; i++, self->at++, self->left--) {
        value = value << 8 | *self->at;
    }
    return value;
}

/* A number that is often an interesting one. */
static double take_double(input *self)
{
    static const double often[] = {0,      -0.0, 1,     -1,     NAN,  INFINITY, -INFINITY, 1e300,
                                   -1e300, 1e18, -1e18, 5e-324, 1e12, 0.1,      3600,      1e-9};
    uint8_t kind = (uint8_t)take(self, 1);
    if (kind < 128) {
        return often[kind % 16];
    }
    if (kind < 192) {
        return (double)(int16_t)take(self, 2);
    }
    uint64_t bits = take(self, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Up to 15 changes to a payload of ours: a byte, or eight of them as a number. */
static void change(input *self, unsigned char *payload, size_t size)
{
    for (uint64_t count = take(self, 1) % 16; count > 0 && size >= 8; count--) {
        uint64_t where = take(self, 3);
        size_t place = (size_t)where % (size - 7);
        if (where >> 23 & 1) {
            payload[place] = (unsigned char)take(self, 1);
        } else {
            double value = take_double(self);
            memcpy(payload + place / 8 * 8, &value, sizeof value);
        }
    }
}

static void feed(sg_replay *replay, uint8_t type, const void *payload, size_t size)
{
    uint64_t frames = replay->frames, snapshots = replay->snapshots;
    uint64_t before = replay->engine ? sg_engine_hash(replay->engine) : 0;
    sg_status status = sg_replay_feed(replay, type, payload, size);
    SG_CHECK(status == SG_OK || status == SG_CORRUPT || status == SG_NOMEM);
    if (status != SG_OK) { /* the replay stands where it stood */
        SG_CHECK(replay->frames == frames && replay->snapshots == snapshots);
        SG_CHECK((replay->engine ? sg_engine_hash(replay->engine) : 0) == before);
    } else if (replay->frames > frames) {
        sg_command command = sg_engine_command(replay->engine);
        SG_CHECK(command.task_w >= 0);
    }
}

static void feed_snapshot(sg_replay *replay, input *in)
{
    unsigned char *payload = malloc(snapshot_size);
    SG_CHECK(payload);
    memcpy(payload, snapshot, snapshot_size);
    change(in, payload, snapshot_size);
    feed(replay, SG_RECORD_SNAPSHOT, payload, snapshot_size - (take(in, 1) == 1));
    free(payload);
}

static void feed_frame(sg_replay *replay, input *in)
{
    sg_frame_codec *codec = sg_frame_codec_create(point_count);
    SG_CHECK(codec);
    for (uint64_t count = take(in, 1) % 32; count > 0; count--) {
        uint64_t point = take(in, 1) % (uint64_t)point_count;
        values[point] = take_double(in);
        qualities[point] = (uint8_t)(take(in, 1) % 4);
    }
    static int64_t now_us = INT64_C(1690006000000000);
    now_us = replay->engine ? sg_engine_time(replay->engine) : now_us;
    static const double steps_s[] = {0.1, 1, 60, 900, 3600, 1e5, 1e-3, 3e7};
    sg_frame frame = {.dt_s = steps_s[take(in, 1) % 8], .value = values, .quality = qualities};
    frame.time_us = now_us + (int64_t)(frame.dt_s * 1e6);
    sg_request requests[4] = {0};
    frame.requests = requests;
    frame.request_count = (int32_t)(take(in, 1) % 5);
    for (int i = 0; i < frame.request_count; i++) {
        requests[i].task_id[0] = (char)take(in, 1);
        requests[i].kind = (int32_t)(take(in, 1) % 2);
        requests[i].power_w = fabs(take_double(in));
        requests[i].duration_s = fabs(take_double(in));
    }
    const void *bytes;
    size_t size;
    sg_frame_encode(codec, &frame, &bytes, &size);
    unsigned char *payload = malloc(size);
    SG_CHECK(payload);
    memcpy(payload, bytes, size);
    change(in, payload, size);
    feed(replay, SG_RECORD_FRAME, payload, size - (take(in, 1) == 1));
    free(payload);
    sg_frame_codec_free(codec);
}

static void feed_plan(sg_replay *replay, input *in)
{
    sg_plan *plan = calloc(1, sizeof *plan);
    SG_CHECK(plan);
    plan->made_us = plan->start_us = replay->engine ? sg_engine_time(replay->engine) : 0;
    plan->step_us = 900000000;
    plan->steps = 96;
    plan->store_count = 1;
    for (int t = 0; t < plan->steps; t++) {
        plan->store_w[0][t] = (t % 7 - 3) * 5000.0;
    }
    plan->store_group[0] = (int32_t)(take(in, 1) % 12);
    change(in, (unsigned char *)plan, sizeof *plan);
    sg_plan_bytes bytes;
    size_t size = sg_plan_encode(plan, &bytes);
    feed(replay, SG_RECORD_PLAN, bytes.byte, size - (take(in, 1) == 1));
    free(plan);
}

static void feed_raw(sg_replay *replay, input *in)
{
    uint8_t type = (uint8_t)take(in, 1);
    size_t length = (size_t)take(in, 2);
    length = length < in->left ? length : in->left;
    feed(replay, type, in->at, length);
    in->at += length;
    in->left -= length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sg_view view;
    if (!snapshot) {
        prepare();
    }
    for (int p = 0; p < point_count; p++) {
        values[p] = 1000.0 + 100 * p;
        qualities[p] = SG_GOOD;
    }
    sg_replay replay = {0};
    input in = {data, size};
    for (int records = 0; in.left > 0 && records < 200; records++) {
        sg_record_command command;
        switch (take(&in, 1) % 8) {
        case 0:
            feed_snapshot(&replay, &in);
            break;
        case 1:
            feed_plan(&replay, &in);
            break;
        case 2:
            feed_raw(&replay, &in);
            break;
        case 3:
            memset(&command, (int)take(&in, 1), sizeof command);
            feed(&replay, SG_RECORD_COMMAND, &command, sizeof command);
            break;
        default:
            feed_frame(&replay, &in);
            break;
        }
    }
    if (replay.engine) {
        sg_engine_view(replay.engine, &view);
    }
    sg_replay_free(&replay);
    return 0;
}
