/* What has no news is left out of a step, and nothing comes out other for it: a site is stepped beside two twins, one that is told
 * that everything may have changed, and one that is taken from a snapshot before every step and so knows nothing of the step
 * before. Bytes of the states are compared, and which nodes are looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "engine/layout.h"
#include "rig.h"

#include <math.h>

static uint64_t draws;

static double unit(void)
{
    return sg_prng_unit(77, draws++);
}

static int below(int n)
{
    return (int)(unit() * n);
}

/* --- sites --- */

/* Two kinds of loads to a rack, so that those of a node do not stand in a row; breakers with curves, a pair of feeders, stores of
 * every duty, sets that start, faults of the plant. */
static const char HALL[] =
    "nodes:\n"
    "  site: {limit: 900kW, voltage: 10kV}\n"
    "  a: {parent: site, breaker: 700A, curve: ul489, trip_at_200: 10s, instantaneous: 5, voltage: "
    "400V, partner: b}\n"
    "  b: {parent: site, breaker: 700A, curve: ul489, trip_at_200: 10s, instantaneous: 5, voltage: "
    "400V}\n"
    "  rack: {parent: a, count: 6, limit: 52kW, voltage: 400V, cable_length: 20m, cable_section: "
    "35mm2}\n"
    "  shelf: {parent: b, count: 5, limit: 55kW, voltage: 400V, efficiency: 97%}\n"
    "loads:\n"
    "  server: {node: rack, count: 8, rating: 7.6kW, minimum: 2.2kW, class: [0, 1, 2, 3], weight: "
    "[1, 2], demand: 6kW}\n"
    "  switch: {node: rack, count: 2, rating: 1kW, class: 0, demand: 0.6kW}\n"
    "  node: {node: shelf, count: 9, rating: 7kW, minimum: 1kW, class: [1, 2], demand: 5kW}\n"
    "sources:\n"
    "  set: {type: genset, count: 2, capacity: 300kW, start_time: 4s, warm_up: 1s, ramp_time: 3s, "
    "cost: 0.4 EUR/kWh}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 100kWh, discharge_rate: 300kW, duty: bridge}\n"
    "  day: {type: lithium_ion, capacity: 50kWh, discharge_rate: 60kW}\n"
    "  fast: {type: flywheel, node: rack, count: 1, capacity: 1kWh, power: 9kW, duty: power}\n"
    "  cell: {type: lithium_ion, beside: node, capacity: 0.2kWh, discharge_rate: 2kW, duty: "
    "device}\n"
    "grid: {import_max: 700kW, import_price: 0.1 EUR/kWh, return_delay: 2s, return_ramp: "
    "6000kW/min}\n"
    "faults: [{at: 20s, kind: grid_loss, duration: 15s}, {at: 100s, kind: grid_loss, duration: "
    "15s}, {at: 300s, kind: grid_loss, duration: 9s}]\n";

/* Everything fits, or racks are short, or all of it. */
static const char TREE[] =
    "nodes:\n"
    "  site: {limit: %dkW, voltage: 10kV}\n"
    "  zone: {parent: site, count: 2, limit: 2000kW, voltage: 690V}\n"
    "  feeder: {parent: zone, count: 3, limit: 700kW, voltage: 690V}\n"
    "  rack: {parent: feeder, count: 10, limit: %dkW, voltage: 415V}\n"
    "loads:\n"
    "  server: {node: rack, count: 12, rating: 7.6kW, minimum: 2.2kW, class: [0, 1, 2, 3], weight: "
    "[1, 2], demand: 5kW}\n"
    "grid: {import_max: 5MW, import_price: 0.1 EUR/kWh}\n";

/* --- readings: the plant's, of which most stay as they were, and some are spoilt for a while --- */

typedef struct lie {
    int kind, point, steps; /* steps: that it lasts on */
} lie;

enum { LIES = 6, LOST = 0, SIGN, UNIT, FROZEN, LOW_DEMAND, LIE_KINDS };

typedef struct news_rig {
    rig full; /* told that everything may differ */
    sg_engine *quick, *cold;
    void *cold_memory;
    sg_pool *pool;
    double *value, *about;
    uint8_t *quality;
    int32_t *changed;
    int changed_count, step;
    lie lies[LIES];
    bool dark; /* most demands are lost */
} news_rig;

typedef struct seen {
    long steps, left_out, looked_at, cut, disbelieved, safe, bridging, quiet, refused_room;
} seen;

static bool is_load(const sg_points *p, int point)
{
    return point >= p->first[SG_POINT_LOAD_DEMAND] && point < p->first[SG_POINT_NODE_POWER];
}

/* A reading that moves: near what it was about. */
static double drawn_anew(const news_rig *r, int point)
{
    const int32_t *first = r->full.points.first;
    int loads = r->full.site.device_count[SG_LOAD], l = point - first[SG_POINT_LOAD_DEMAND];
    double rating_w = r->full.site.devices[SG_LOAD][l % loads].p[SG_LOAD_RATING];
    return fmin(fabs(r->about[point]) * (0.9 + 0.2 * unit()), rating_w);
}

static void lie_about(news_rig *r, lie *it)
{
    double *v = &r->value[it->point];
    switch (it->kind) {
    case LOST:
        r->quality[it->point] = SG_NO_DATA;
        break;
    case SIGN:
        *v = -*v;
        break;
    case UNIT:
        *v = it->steps % 2 ? *v * 1000 : (double)NAN;
        break;
    case LOW_DEMAND:
        *v = 0.3 * *v;
        break;
    default:
        break; /* frozen: it does not move, which the others do */
    }
}

static void new_lies(news_rig *r)
{
    for (int i = 0; i < LIES; i++) {
        lie *it = &r->lies[i];
        if (it->steps > 0) {
            it->steps--;
        } else if (below(15) == 0) {
            *it = (lie){below(LIE_KINDS), below(r->full.points.count), 1 + below(40)};
        }
    }
    r->dark = r->dark ? below(25) > 0 : below(200) == 0;
}

/* Which loads move in this step: none, one, those of some nodes, some anywhere, all. */
static bool moves(int way, int l)
{
    switch (way) {
    case 0:
        return false;
    case 1:
        return l == 11;
    case 2:
        return l / 8 % 9 == 3;
    case 3:
        return unit() < 0.1;
    default:
        return true;
    }
}

/* The meters above a load show what it draws here in place of what it draws in the plant. */
static void move_meters(news_rig *r, const sg_readings *from)
{
    const sg_site *site = &r->full.site;
    int power = r->full.points.first[SG_POINT_LOAD_POWER];
    int meter = r->full.points.first[SG_POINT_NODE_POWER];
    for (int l = 0; l < site->device_count[SG_LOAD]; l++) {
        double more_w = r->value[power + l] - from->value[power + l];
        for (int n = site->devices[SG_LOAD][l].node; n >= 0; n = site->nodes[n].parent) {
            r->value[meter + n] += more_w;
        }
    }
}

static void read_frame(news_rig *r, const sg_readings *from)
{
    const double *cap_w = sg_engine_command(r->full.engine).load_cap_w;
    const sg_points *points = &r->full.points;
    int loads = r->full.site.device_count[SG_LOAD], demand = points->first[SG_POINT_LOAD_DEMAND];
    int power = points->first[SG_POINT_LOAD_POWER], way = below(6);
    static double before[4096];
    static uint8_t quality_before[4096];
    assert_true(points->count <= 4096);
    memcpy(before, r->value, sizeof *before * (size_t)points->count);
    memcpy(quality_before, r->quality, (size_t)points->count);
    for (int p = 0; p < points->count; p++) {
        bool held = is_load(points, p) && r->step > 0;
        r->value[p] = held ? r->about[p] : from->value[p];
        r->quality[p] = held ? SG_GOOD : from->quality[p];
    }
    for (int l = 0; l < loads; l++) {
        if (r->step == 0 || moves(way, l)) {
            r->about[demand + l] = from->value[demand + l];
            r->value[demand + l] = r->about[demand + l] = drawn_anew(r, demand + l);
            r->about[power + l] = r->value[power + l] = fmin(r->value[demand + l], cap_w[l]);
        }
    }
    move_meters(r, from);
    new_lies(r);
    for (int i = 0; i < LIES; i++) {
        if (r->lies[i].steps > 0) {
            lie_about(r, &r->lies[i]);
        }
    }
    for (int l = 0; r->dark && l < loads; l++) {
        r->quality[demand + l] = l % 4 ? SG_NO_DATA : SG_GOOD;
    }
    r->changed_count = 0;
    for (int p = 0; p < points->count; p++) {
        bool differs = memcmp(&before[p], &r->value[p], sizeof *before) != 0 ||
                       quality_before[p] != r->quality[p];
        if (differs || below(200) == 0) { /* more may be told than differs */
            r->changed[r->changed_count++] = p;
        }
    }
}

/* --- the three of them --- */

static void open_rig(news_rig *r, const char *text)
{
    *r = (news_rig){.pool = sg_pool_create(3)};
    rig_parse("news.yaml", text, strlen(text), &r->full.site);
    rig_start(&r->full, SG_POLICY_RULES, rig_time("2023-06-30T22:00:00Z"));
    size_t points = (size_t)r->full.points.count;
    r->quick = rig_block(r->full.size);
    r->cold_memory = rig_block(r->full.size);
    memcpy(r->quick, r->full.engine, r->full.size);
    r->value = calloc(points, sizeof *r->value);
    r->about = calloc(points, sizeof *r->about);
    r->quality = calloc(points, 1);
    r->changed = calloc(points, sizeof *r->changed);
    assert_true(r->value && r->about && r->quality && r->changed);
}

static void close_rig(news_rig *r)
{
    sg_pool_free(r->pool);
    free(r->quick);
    free(r->cold_memory);
    free(r->value);
    free(r->about);
    free(r->quality);
    free(r->changed);
    rig_free(&r->full);
}

static void compare(const news_rig *r, const sg_engine *other, const char *whose)
{
    if (memcmp(r->full.engine, other, sg_engine_state_size(other)) != 0) {
        const unsigned char *a = (const void *)r->full.engine, *b = (const void *)other;
        size_t at = 0;
        while (a[at] == b[at]) {
            at++;
        }
        fail_msg("step %d: the %s twin differs from byte %zu of %zu on", r->step, whose, at,
                 sg_engine_state_size(other));
    }
}

static void note(const news_rig *r, const sg_command *command, seen *ret)
{
    sg_rooms rooms = sg_rooms_at(r->quick);
    sg_news news = sg_news_at(rooms.news, &rooms.plant);
    for (int n = 0; n < rooms.plant.node_count; n++) {
        bool any = news.first[n] < news.first[n + 1];
        ret->looked_at += any && news.readings[n];
        ret->left_out += any && !news.readings[n];
        ret->quiet += any && !news.readings[n] && !news.given[n] && !news.asks[n];
        ret->refused_room += any && news.waits[n];
    }
    for (int l = 0; l < rooms.plant.load_count; l++) {
        ret->cut += command->load_reason[l] != SG_REASON_DEMAND;
    }
    ret->steps++;
    ret->disbelieved += rooms.head->disbelieved;
    ret->safe += command->safe;
    ret->bridging += rooms.head->ride.state != SG_RIDE_GRID;
}

static void step_all(news_rig *r, double dt_s, seen *ret)
{
    sg_world_read(r->full.world, dt_s, &r->full.readings);
    read_frame(r, &r->full.readings);
    sg_frame frame = {.time_us = r->full.readings.time_us,
                      .dt_s = dt_s,
                      .value = r->value,
                      .quality = r->quality};
    size_t state = sg_engine_state_size(r->full.engine);
    r->cold = sg_engine_restore(r->cold_memory, r->full.size, r->full.engine, state);
    assert_non_null(r->cold);
    sg_engine_step(r->full.engine, &frame, NULL);
    sg_engine_step(r->cold, &frame, NULL);
    frame.changed = r->changed;
    frame.changed_count = r->changed_count;
    frame.pool = below(2) ? r->pool : NULL;
    sg_pool_wake(frame.pool);
    sg_engine_step(r->quick, &frame, NULL);
    compare(r, r->quick, "quick");
    compare(r, r->cold, "restored");
    sg_command command = sg_engine_command(r->full.engine);
    sg_world_write(r->full.world, &command);
    note(r, &command, ret);
    r->step++;
}

/* Mostly tenths of a second; now and then a longer step, one of those that are not judged, or a different short one. */
static double step_length(void)
{
    static const double odd[] = {0.2, 1, 5, 20};
    return below(50) ? 0.1 : odd[below(4)];
}

static seen run(const char *text, int steps)
{
    news_rig r;
    seen all = {0};
    open_rig(&r, text);
    for (int step = 0; step < steps; step++) {
        step_all(&r, step_length(), &all);
    }
    close_rig(&r);
    print_message("%ld steps: %ld nodes looked at, %ld left out, %ld quiet to the end; %ld loads "
                  "cut, %ld readings disbelieved, %ld safe steps, %ld without the grid\n",
                  all.steps, all.looked_at, all.left_out, all.quiet, all.cut, all.disbelieved,
                  all.safe, all.bridging);
    return all;
}

static void a_hall_with_all_that_can_go_wrong(void **state)
{
    (void)state;
    seen all = run(HALL, 3000);
    assert_true(all.left_out > 2000 && all.looked_at > 2000);
    assert_true(all.disbelieved > 500 && all.safe > 5 && all.bridging > 20 && all.cut > 1000);
}

static void trees_that_are_short_here_and_there(void **state)
{
    (void)state;
    static const int limits_kw[][2] = {{9000, 200}, {9000, 61}, {3200, 64}, {3000, 200}};
    for (int i = 0; i < 4; i++) {
        char text[2000];
        snprintf(text, sizeof text, TREE, limits_kw[i][0], limits_kw[i][1]);
        seen all = run(text, 400);
        assert_true(all.left_out > 2000 && all.looked_at > 2000);
        assert_true(i == 0 ? all.quiet > 2000 : all.cut > 2000);
        assert_true(i < 2 || all.refused_room > 2000); /* a short site has no room to grow */
    }
}

/* Without any news no load is gone over, whatever the site. */
static void nothing_is_looked_at_where_nothing_changes(void **state)
{
    (void)state;
    news_rig r;
    char text[2000];
    snprintf(text, sizeof text, TREE, 3200, 64);
    open_rig(&r, text);
    sg_world_read(r.full.world, 0.1, &r.full.readings);
    sg_frame frame = {.dt_s = 0.1,
                      .value = r.full.readings.value,
                      .quality = r.full.readings.quality,
                      .changed = r.changed};
    for (int step = 0; step < 8; step++) {
        frame.time_us = r.full.readings.time_us + step * INT64_C(100000);
        sg_engine_step(r.quick, &frame, NULL);
    }
    sg_rooms rooms = sg_rooms_at(r.quick);
    sg_news news = sg_news_at(rooms.news, &rooms.plant);
    for (int n = 0; n < rooms.plant.node_count; n++) {
        assert_false(news.readings[n] || news.given[n] || news.asks[n]);
    }
    int32_t one = r.full.points.first[SG_POINT_LOAD_POWER] + 100; /* and one load has its node */
    frame.changed = &one;
    frame.changed_count = 1;
    frame.time_us += 100000;
    sg_engine_step(r.quick, &frame, NULL);
    int looked_at = 0;
    for (int n = 0; n < rooms.plant.node_count; n++) {
        looked_at += news.readings[n];
    }
    assert_int_equal(looked_at, 1);
    assert_int_equal(news.readings[rooms.plant.load_node[100]], 1);
    close_rig(&r);
}

/* Every load is in one node's list, its own, and every node in one part. */
static void the_lists_hold_every_load_once(void **state)
{
    (void)state;
    news_rig r;
    open_rig(&r, HALL);
    sg_rooms rooms = sg_rooms_at(r.quick);
    sg_news news = sg_news_at(rooms.news, &rooms.plant);
    int32_t found = 0, end = 0;
    for (int n = 0; n < rooms.plant.node_count; n++) {
        for (int32_t i = news.first[n]; i < news.first[n + 1]; i++) {
            assert_int_equal(rooms.plant.load_node[news.load[i]], n);
            assert_true(i == news.first[n] || news.load[i] > news.load[i - 1]);
            found++;
        }
    }
    assert_int_equal(found, rooms.plant.load_count);
    for (int part = 0; part < news.head->part_count; part++) {
        assert_int_equal(news.part[part], end);
        end = news.part[part + 1];
    }
    assert_int_equal(end, rooms.plant.node_count);
    close_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lists_hold_every_load_once),
        cmocka_unit_test(nothing_is_looked_at_where_nothing_changes),
        cmocka_unit_test(trees_that_are_short_here_and_there),
        cmocka_unit_test(a_hall_with_all_that_can_go_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
