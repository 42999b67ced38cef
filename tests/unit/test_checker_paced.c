/* The checks of losses, paces, ties and switchings each see the mistake that they are for, and nothing where there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "world/checker.h"

static const char site_text[] =
    "mode: control\n"
    "nodes:\n"
    "  site: {voltage: 400V}\n"
    "  a: {parent: site, limit: 20kW, voltage: 400V, cable_length: 100m, cable_section: 16mm2}\n"
    "  b: {parent: site, limit: 20kW, voltage: 400V}\n"
    "ties:\n"
    "  t: {from: a, to: b, limit: 5kW}\n"
    "loads:\n"
    "  one: {node: a, rating: 300kW, demand: 5kW}\n"
    "  two: {node: b, rating: 18kW, demand: 5kW}\n"
    "sources:\n"
    "  set: {node: b, type: genset, capacity: 10kW, start_time: 0s, cost: 0.4 EUR/kWh, least_run: "
    "60s, dwell: 60s}\n"
    "stores:\n"
    "  s: {type: lithium_ion, node: a, capacity: 300kWh, discharge_rate: 200kW, charge_rate: 80kW, "
    "initial: 50%, ramp: 1kW/s, dwell: 5s}\n"
    "grid: {import_max: 500kW, import_price: 0.2 EUR/kWh}\n";

typedef struct scene {
    rig r;
    sg_checker *checker;
    sg_tick tick;
    sg_command command;
    sg_readings frame;
    double cap_w[2], store_w[1], limit_w[1], tie_w[1], value[64], node_in_w[3];
    double now_tie_w[1], could_w[1];
    uint8_t quality[64], start[1];
} scene;

static void open_scene(scene *s)
{
    memset(s, 0, sizeof *s);
    rig_parse("paced.yaml", site_text, sizeof site_text - 1, &s->r.site);
    rig_start(&s->r, SG_POLICY_STATIC, 0);
    s->checker = sg_checker_create(&s->r.site);
    assert_non_null(s->checker);
    for (int i = 0; i < 3; i++) {
        rig_step(&s->r, 0.1);
    }
    sg_command now = sg_engine_command(s->r.engine);
    sg_checker_start(s->checker, &now);
    sg_world_read(s->r.world, 0.1, &s->frame);
    assert_true(s->r.points.count <= 64);
    memcpy(s->value, s->frame.value, sizeof(double) * (size_t)s->r.points.count);
    memcpy(s->quality, s->frame.quality, (size_t)s->r.points.count);
    s->frame.value = s->value;
    s->frame.quality = s->quality;
    memcpy(s->cap_w, now.load_cap_w, sizeof s->cap_w);
    memcpy(s->store_w, now.store_w, sizeof s->store_w);
    memcpy(s->limit_w, now.source_limit_w, sizeof s->limit_w);
    s->command = now;
    s->command.load_cap_w = s->cap_w;
    s->command.store_w = s->store_w;
    s->command.source_limit_w = s->limit_w;
    s->command.tie_w = s->tie_w;
    s->command.source_start = s->start;
    s->tick = (sg_tick){.dt_s = 0.1,
                        .now = sg_world_look(s->r.world),
                        .in_j = 1e6,
                        .frame = &s->frame,
                        .command = &s->command,
                        .rung = SG_RUNG_RULES};
    memcpy(s->node_in_w, s->tick.now.node_in_w, sizeof s->node_in_w);
    s->tick.now.tie_w = s->now_tie_w;
    s->tick.now.source_could_w = s->could_w;
}

static uint64_t count(const scene *s, sg_invariant which)
{
    return sg_checker_violations(s->checker)[which].count;
}

static void close_scene(scene *s)
{
    sg_checker_free(s->checker);
    rig_free(&s->r);
}

static void tick(scene *s, int times)
{
    for (int i = 0; i < times; i++) {
        sg_checker_tick(s->checker, &s->tick);
    }
}

static void all_is_well(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    tick(&s, 30);
    for (int i = 0; i < SG_INVARIANT_COUNT; i++) {
        assert_int_equal(count(&s, (sg_invariant)i), 0);
    }
    close_scene(&s);
}

/* A gigawatt hour is known to a thousandth of a joule, and each step rounds it once more; a mistake shows all the same. */
static void what_is_stored_is_rounded(void **state)
{
    (void)state;
    scene s;
    double store_j[1] = {3.6e12};
    open_scene(&s);
    s.tick.now.store_j = store_j;
    s.tick.in_j = 0;
    s.tick.balance_error_j = 1e-3;
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_BALANCE), 0);
    s.tick.balance_error_j = 3e-3;
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_BALANCE), 1);
    s.tick.number = 2;
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_BALANCE), 1);
    close_scene(&s);
}

static void a_tie_beyond_its_rating(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    s.tie_w[0] = 5.1e3;
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_TIES), 1);
    s.tie_w[0] = 1e3;
    s.quality[s.r.points.first[SG_POINT_TIE_POWER]] = SG_NO_DATA;
    tick(&s, 10);
    assert_int_equal(count(&s, SG_INVARIANT_TIES), 1); /* a second old */
    tick(&s, 2);
    assert_true(count(&s, SG_INVARIANT_TIES) > 1);
    close_scene(&s);
}

/* 34 kW over 129 mOhm: 400 V fall by 2.7 % at the first step of the formula; over 8 % behind 100 kW. */
static void a_tie_that_pulls_the_voltage_down(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    s.tick.now.node_in_w = s.node_in_w;
    s.node_in_w[1] = 34e3;
    s.now_tie_w[0] = 4e3;
    tick(&s, 30);
    assert_int_equal(count(&s, SG_INVARIANT_SAG), 0);
    s.node_in_w[1] = 100e3;
    tick(&s, 11);
    assert_int_equal(count(&s, SG_INVARIANT_SAG), 0); /* a second is allowed for */
    tick(&s, 5);
    assert_true(count(&s, SG_INVARIANT_SAG) > 0);
    uint64_t seen = count(&s, SG_INVARIANT_SAG);
    s.now_tie_w[0] = -4e3; /* the other way it is no tie's doing */
    tick(&s, 30);
    assert_int_equal(count(&s, SG_INVARIANT_SAG), seen);
    close_scene(&s);
}

/* Behind a limit of 20 kW, 150 kW may rest on a store that is shown to give 140; without it six times the rating would flow, which heats
 * a cold breaker by 36 (1 - exp(-2 / 34.76)) = 2.0 of its trip in two seconds. 30 kW without it would not: 1.44 x 0.056 = 0.08. */
static void what_rests_on_one(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    s.store_w[0] = 140e3;
    s.value[s.r.points.first[SG_POINT_STORE_POWER]] = 140e3;
    s.cap_w[0] = 30e3;
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_LOSS), 0);
    assert_int_equal(count(&s, SG_INVARIANT_CAPS), 0);
    s.cap_w[0] = 150e3;
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_CAPS), 0);
    assert_true(count(&s, SG_INVARIANT_LOSS) > 0);
    close_scene(&s);
}

static void too_fast_and_too_soon(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    for (int i = 1; i <= 5; i++) { /* 100 W a step */
        s.store_w[0] = 100.0 * i;
        tick(&s, 1);
    }
    assert_int_equal(count(&s, SG_INVARIANT_PACE), 0);
    s.store_w[0] = 700;
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_PACE), 1);
    s.store_w[0] = 0;
    tick(&s, 48);
    s.store_w[0] = -100; /* after 4.8 s of 5 s */
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_PACE), 2);
    s.store_w[0] = 0;
    tick(&s, 50);
    s.store_w[0] = 100;
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_PACE), 2);
    close_scene(&s);
}

static void on_and_off(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    int available = s.r.points.first[SG_POINT_SOURCE_AVAILABLE];
    s.start[0] = SG_START_RUNNING;
    s.could_w[0] = s.value[available] = 10e3;
    tick(&s, 590);
    s.start[0] = SG_START_OFF; /* after 59 s of 60 s */
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_CYCLES), 1);
    s.could_w[0] = s.value[available] = 0;
    tick(&s, 500);
    s.start[0] = SG_START_ASKED; /* after 50 s of 60 s */
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_CYCLES), 2);
    s.start[0] = SG_START_RUNNING;
    s.could_w[0] = s.value[available] = 10e3;
    tick(&s, 20);
    s.could_w[0] = s.value[available] = 0; /* it failed */
    s.start[0] = SG_START_RESTING;
    tick(&s, 1);
    assert_int_equal(count(&s, SG_INVARIANT_CYCLES), 2);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well),
        cmocka_unit_test(what_is_stored_is_rounded),
        cmocka_unit_test(a_tie_beyond_its_rating),
        cmocka_unit_test(a_tie_that_pulls_the_voltage_down),
        cmocka_unit_test(what_rests_on_one),
        cmocka_unit_test(too_fast_and_too_soon),
        cmocka_unit_test(on_and_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
