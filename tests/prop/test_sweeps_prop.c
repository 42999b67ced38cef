/* However a step is gone about - all points or those that changed, one thread or three - what comes out is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/prng.h"
#include "base/sweep.h"
#include "engine/journal.h"
#include "site/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char SITE[] =
    "nodes:\n"
    "  site: {limit: 95MW, voltage: 10kV}\n"
    "  hall: {parent: site, count: 3, limit: 34MW, voltage: 10kV}\n"
    "  rack: {parent: hall, count: 170, limit: 210kW, voltage: 415V}\n"
    "loads:\n"
    "  server: {node: rack, count: 38, rating: 7.6kW, minimum: 2.2kW, class: [0, 1, 2, 3], "
    "weight: [1, 2], demand: 6kW}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 10MWh, discharge_rate: 20MW}\n"
    "  rackcell: {type: lithium_ion, node: rack, count: 1, capacity: 1kWh, discharge_rate: 9kW, "
    "duty: power}\n"
    "grid: {import_max: 90MW, import_price: 0.1 EUR/kWh}\n";

typedef struct side {
    sg_engine *engine;
    sg_frame_codec *codec;
} side;

static sg_site site;
static sg_points points;
static double *value;
static uint8_t *quality;
static int32_t *changed, changed_count;
static uint64_t draws;

static double unit(void)
{
    return sg_prng_unit(510, draws++);
}

static side side_new(void)
{
    size_t size = (sg_engine_size(&site) + 63) & ~(size_t)63;
    sg_engine_config config = {.policy = SG_POLICY_RULES, .mode = SG_CONTROL};
    void *memory = aligned_alloc(64, size);
    assert_non_null(memory);
    side s = {sg_engine_create(memory, &site, &config), sg_frame_codec_create(points.count)};
    assert_non_null(s.codec);
    return s;
}

static void side_free(side *s)
{
    free(s->engine);
    sg_frame_codec_free(s->codec);
}

static void readings_first(void)
{
    for (int32_t l = 0; l < site.device_count[SG_LOAD]; l++) {
        double w = 4500 + 2500 * unit();
        value[points.first[SG_POINT_LOAD_DEMAND] + l] = w;
        value[points.first[SG_POINT_LOAD_POWER] + l] = 0.9 * w;
    }
    for (int32_t s = 0; s < site.device_count[SG_STORE]; s++) {
        value[points.first[SG_POINT_STORE_ENERGY] + s] = 1.8e6;
    }
    value[points.first[SG_POINT_SITE] + SG_SITE_GRID_UP] = 1;
}

/* The nodes' meters show what the loads below them draw, as far as that is known. */
static void read_meters(void)
{
    static double below_w[1000];
    int32_t power = points.first[SG_POINT_LOAD_POWER], meter = points.first[SG_POINT_NODE_POWER];
    memset(below_w, 0, sizeof below_w);
    for (int32_t l = 0; l < site.device_count[SG_LOAD]; l++) {
        double w = value[power + l];
        below_w[site.devices[SG_LOAD][l].node] += fabs(w) < 1e6 ? w : 0;
    }
    for (int32_t n = site.node_count - 1; n >= 0; n--) {
        if (n > 0) {
            below_w[site.nodes[n].parent] += below_w[n];
        }
    }
    for (int32_t n = 0; n < site.node_count; n++) {
        value[meter + n] = below_w[n];
        changed[changed_count++] = meter + n;
    }
}

static void read_load(int point, double w, bool trouble)
{
    bool now = trouble && unit() < 0.01;
    quality[point] = now && unit() < 0.5 ? SG_NO_DATA : SG_GOOD;
    value[point] = now && unit() < 0.3 ? (double)NAN : now && unit() < 0.5 ? -1e15 : w;
    changed[changed_count++] = point;
}

static bool lost(int point)
{
    return quality[point] != SG_GOOD || !(value[point] > 0);
}

/* A part of the loads moves; now and then readings are lost, impossible or no numbers, and come back. */
static void readings_next(int step)
{
    static double wants_w[20000];
    static bool moves[20000];
    int32_t demand = points.first[SG_POINT_LOAD_DEMAND], power = points.first[SG_POINT_LOAD_POWER];
    bool trouble = step % 11 == 10;
    double part = step % 5 == 0 ? 1 : step % 5 == 1 ? 0 : 0.08;
    changed_count = 0;
    for (int32_t l = 0; l < site.device_count[SG_LOAD]; l++) {
        bool back = (lost(demand + l) || lost(power + l)) && unit() < 0.5;
        moves[l] = back || unit() < part;
        wants_w[l] = lost(demand + l) ? 5000 : value[demand + l] * (0.995 + 0.01 * unit());
        if (moves[l]) {
            read_load(demand + l, wants_w[l], trouble);
        }
    }
    for (int32_t l = 0; l < site.device_count[SG_LOAD]; l++) {
        if (moves[l]) {
            read_load(power + l, 0.9 * wants_w[l], trouble);
        }
    }
    if (changed_count > 0) {
        read_meters();
    }
}

static void the_same_to_the_last_bit(void **state)
{
    (void)state;
    side plain = side_new(), quick = side_new();
    sg_pool *pool = sg_pool_create(3);
    readings_first();
    static sg_view view;
    int cut = 0, swift_steps = 0;
    for (int step = 0; step < 60; step++) {
        readings_next(step);
        sg_frame frame = {.time_us = (step + 1) * INT64_C(100000),
                          .dt_s = 0.1,
                          .value = value,
                          .quality = quality};
        sg_frame swift = frame;
        swift.changed = step > 0 ? changed : NULL;
        swift.changed_count = changed_count;
        swift.pool = pool;
        sg_pool_wake(pool);
        sg_engine_step(plain.engine, &frame, NULL);
        sg_engine_step(quick.engine, &swift, NULL);
        assert_int_equal(sg_engine_command_hash(plain.engine),
                         sg_engine_command_hash(quick.engine));
        assert_memory_equal(plain.engine, quick.engine, sg_engine_state_size(plain.engine));
        const void *bytes, *swift_bytes;
        size_t size, swift_size;
        sg_frame_encode(plain.codec, &frame, &bytes, &size);
        sg_frame_encode(quick.codec, &swift, &swift_bytes, &swift_size);
        assert_int_equal(size, swift_size);
        assert_memory_equal(bytes, swift_bytes, size);
        sg_engine_view(quick.engine, &view);
        swift_steps += view.disbelieved == 0 && view.quality_count[SG_GOOD] == points.count;
        sg_command command = sg_engine_command(quick.engine);
        for (int32_t l = 0; l < site.device_count[SG_LOAD]; l++) {
            cut += command.load_cap_w[l] < value[points.first[SG_POINT_LOAD_DEMAND] + l];
        }
    }
    assert_true(cut > 1000);       /* somebody had to be told */
    assert_true(swift_steps > 10); /* and the next step had but to look at what changed */
    sg_pool_free(pool);
    side_free(&plain);
    side_free(&quick);
}

/* Sums and hashes in blocks: against exact sums of whole numbers, and every byte counts. */
static void sums_and_hashes_do_not_depend_on_threads(void **state)
{
    (void)state;
    enum { COUNT = 100003 };
    static double number[COUNT];
    int64_t exact = 0;
    for (int i = 0; i < COUNT; i++) {
        int64_t n = (int64_t)(sg_prng_u64(7, (uint64_t)i) % 1000000007);
        number[i] = (double)n;
        exact += n;
    }
    sg_pool *pool = sg_pool_create(3);
    sg_pool_wake(pool);
    assert_true(sg_sweep_sum(NULL, number, COUNT) == (double)exact);
    uint64_t hash = sg_sweep_hash(NULL, SG_HASH_START, number, sizeof number);
    assert_int_equal(hash, sg_sweep_hash(pool, SG_HASH_START, number, sizeof number));
    for (int i = 0; i < 500; i++) {
        number[i % 50] = sg_prng_unit(8, (uint64_t)i) / 3;
        double alone = sg_sweep_sum(NULL, number, COUNT - i);
        assert_memory_equal(&alone, &(double){sg_sweep_sum(pool, number, COUNT - i)}, sizeof alone);
    }
    unsigned char *byte = (unsigned char *)number;
    uint64_t before = sg_sweep_hash(NULL, SG_HASH_START, number, sizeof number - 3);
    for (int i = 0; i < 300; i++) {
        size_t at = sg_prng_u64(9, (uint64_t)i) % (sizeof number - 3);
        byte[at] ^= (unsigned char)(1u << i % 8);
        assert_int_not_equal(before, sg_sweep_hash(NULL, SG_HASH_START, number, sizeof number - 3));
        byte[at] ^= (unsigned char)(1u << i % 8);
    }
    sg_pool_free(pool);
}

/* Rows with nothing or one thing wrong in them, of every length and at every place. */
static void what_is_looked_for_in_rows_is_found(void **state)
{
    (void)state;
    static const double wrong[] = {NAN, -1, -5e-324, INFINITY, -INFINITY, 1e9};
    double v[24], most[24], other[24];
    uint8_t byte[24];
    for (int i = 0; i < 200000; i++) {
        int count = (int)(sg_prng_u64(11, (uint64_t)i) % 24);
        int at = (int)(sg_prng_u64(12, (uint64_t)i) % 24);
        bool spoilt = i % 2 && at < count;
        for (int k = 0; k < 24; k++) {
            most[k] = 10 * sg_prng_unit(13, (uint64_t)(i * 24 + k));
            other[k] = sg_prng_unit(14, (uint64_t)(i * 24 + k));
            v[k] = sg_prng_unit(15, (uint64_t)(i * 24 + k)) > 0.9
                       ? most[k] * 1.05 + 1
                       : sg_prng_unit(16, (uint64_t)(i * 24 + k)) * most[k];
            byte[k] = k >= count; /* beyond the end nobody looks */
        }
        assert_true(sg_lanes_within(v, most, 1.05, 1, count));
        assert_int_equal(sg_bytes_any(byte, count), 0);
        if (spoilt) {
            v[at] = wrong[i / 2 % 6];
            byte[at] = (uint8_t)(1u << i / 2 % 8);
            assert_int_equal(sg_bytes_any(byte, count), byte[at]);
        }
        bool within = true, below = true;
        for (int k = 0; k < count; k++) {
            within = within && v[k] >= 0 && v[k] <= most[k] * 1.05 + 1;
            below = below && v[k] <= most[k] * 0.9 + other[k] * 0.5;
        }
        assert_int_equal(sg_lanes_within(v, most, 1.05, 1, count), within);
        assert_int_equal(sg_lanes_below(v, most, 0.9, other, 0.5, count), below);
        assert_int_equal(within, !spoilt);
    }
}

static int start(void **state)
{
    (void)state;
    sg_diagnostics said = {0};
    sg_status status = sg_site_parse("sweeps.yaml", SITE, sizeof SITE - 1, false, &site, &said);
    for (int i = 0; status != SG_OK && i < said.count; i++) {
        print_error("%d: %s\n", said.items[i].line, said.items[i].message);
    }
    sg_diagnostics_free(&said);
    points = sg_points_of(&site);
    value = calloc((size_t)points.count, sizeof *value);
    quality = calloc((size_t)points.count, 1);
    changed = calloc((size_t)points.count, sizeof *changed);
    return status == SG_OK && value && quality && changed ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    free(value);
    free(quality);
    free(changed);
    sg_site_free(&site);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_to_the_last_bit),
        cmocka_unit_test(sums_and_hashes_do_not_depend_on_threads),
        cmocka_unit_test(what_is_looked_for_in_rows_is_found),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
