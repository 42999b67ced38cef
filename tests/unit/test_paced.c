/* What the envelope keeps beside heat: the loss of whoever helps a breaker, ramps through the safe set, least running and resting
 * times of generators. Against trips of the simulated plant's breakers and times counted here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <math.h>

static const double STEP_S = 0.1;

static void start(rig *r, const char *text)
{
    memset(r, 0, sizeof *r);
    rig_parse("paced.yaml", text, strlen(text), &r->site);
    rig_start(r, SG_POLICY_RULES, rig_time("2026-01-01T00:00:00Z"));
}

/* 100 A at 400 V are 69.3 kW, and 1.5 times that opens the breaker at once. The loads want 1.7 times from the 60th second on, a store
 * could bring 0.9. No more than 0.8 of the 1.5 is drawn: when the store trips, the breaker holds. */
static const char at_once[] =
    "mode: control\n"
    "nodes:\n"
    "  site: {}\n"
    "  rack: {parent: site, breaker: 100A, voltage: 400V, curve: ul489, trip_at_200: 10s, "
    "instantaneous: 1.5}\n"
    "loads:\n"
    "  servers: {node: rack, rating: 130kW, demand: 30kW}\n"
    "%s"
    "grid: {import_max: 500kW, import_price: 0.1 EUR/kWh}\n"
    "%s"
    "faults:\n"
    "  - {kind: load_step, target: servers, at: 60s, severity: 3.933}\n"
    "  - {kind: trip, target: helper, at: 85s}\n";

static void no_more_rests_on_one_than_the_breaker_bears(void **state)
{
    (void)state;
    char text[2048];
    rig r;
    snprintf(text, sizeof text, at_once,
             "stores:\n  helper: {type: lithium_ion, node: rack, capacity: 60kWh, discharge_rate: "
             "65kW, initial: 90%}\n",
             "");
    start(&r, text);
    double rating_w = sqrt(3.0) * 400 * 100, most_w = 0;
    for (int i = 0; i < 840; i++) {
        rig_step(&r, STEP_S);
        most_w = fmax(most_w, rig_value(&r, SG_POINT_LOAD_POWER, 0));
    }
    sg_command command = sg_engine_command(r.engine);
    print_message("%.3f of the rating drawn, %.3f by the store\n", most_w / rating_w,
                  command.store_w[0] / rating_w);
    assert_true(most_w > 1.15 * rating_w && most_w <= 1.2 * rating_w * (1 + 1e-9));
    assert_true(command.load_reason[0] == SG_REASON_LOSS ||
                command.load_reason[0] == SG_REASON_BREAKER_HEAT);
    assert_true(command.load_cap_w[0] <= 1.2 * rating_w * (1 + 1e-9));
    for (int i = 0; i < 100; i++) { /* the store trips */
        rig_step(&r, STEP_S);
    }
    assert_true(rig_value(&r, SG_POINT_STORE_POWER, 0) == 0);
    assert_int_equal(sg_world_books_of(r.world)->trips, 0);
    assert_true(sg_world_books_of(r.world)->heat_worst <= 0.9);
    rig_free(&r);
}

/* The safe set sends stores to rest; out of it they come by their ramp. */
static void out_of_the_safe_set_by_the_ramp(void **state)
{
    (void)state;
    static const char text[] =
        "mode: control\n"
        "nodes:\n"
        "  site: {}\n"
        "  rack: {parent: site, limit: 50kW}\n"
        "loads:\n"
        "  servers: {node: rack, rating: 80kW, demand: 56kW}\n"
        "stores:\n"
        "  helper: {type: lithium_ion, node: rack, capacity: 60kWh, discharge_rate: 40kW, initial: "
        "90%, ramp: 2kW/s}\n"
        "grid: {import_max: 500kW, import_price: 0.1 EUR/kWh}\n";
    rig r;
    start(&r, text);
    for (int i = 0; i < 900; i++) { /* nobody knows how warm the breaker was: it cools first */
        rig_step(&r, STEP_S);
    }
    assert_true(sg_engine_command(r.engine).store_w[0] > 5.5e3);
    uint8_t quality[256];
    assert_true(r.points.count <= 256);
    double before_w = 0;
    int safe = 0;
    for (int i = 0; i < 400; i++) {
        sg_world_read(r.world, STEP_S, &r.readings);
        memcpy(quality, r.readings.quality, (size_t)r.points.count);
        if (i < 30) {
            quality[r.points.first[SG_POINT_LOAD_DEMAND]] = SG_NO_DATA;
            quality[r.points.first[SG_POINT_LOAD_POWER]] = SG_NO_DATA;
            quality[r.points.first[SG_POINT_NODE_POWER] + 0] = SG_NO_DATA;
            quality[r.points.first[SG_POINT_NODE_POWER] + 1] = SG_NO_DATA;
        }
        sg_frame frame = rig_frame(&r);
        frame.quality = quality;
        sg_engine_step(r.engine, &frame, NULL);
        sg_command command = sg_engine_command(r.engine);
        double w = command.store_w[0];
        safe += command.safe;
        assert_true(!command.safe || w == 0);
        assert_true(i == 0 || w <= before_w + 2e3 * STEP_S + 1e-6);
        before_w = w;
        sg_world_write(r.world, &command);
    }
    assert_true(safe > 10 && before_w > 2e3);
    rig_free(&r);
}

/* The grid fails for 12 s, comes back, and fails again: the set runs its least time on, and rests before it is asked again. */
static void a_set_is_not_switched_on_and_off(void **state)
{
    (void)state;
    static const char text[] =
        "mode: control\n"
        "nodes:\n"
        "  site: {limit: 500kW}\n"
        "loads:\n"
        "  hall: {rating: 120kW, minimum: 10kW, demand: 100kW}\n"
        "sources:\n"
        "  set: {type: genset, capacity: 150kW, start_time: 5s, cost: 0.4 EUR/kWh, least_run: 40s, "
        "dwell: 30s}\n"
        "stores:\n"
        "  ups: {type: lithium_ion, capacity: 20kWh, discharge_rate: 150kW, duty: bridge, initial: "
        "100%, forming: yes}\n"
        "grid: {import_max: 500kW, import_price: 0.1 EUR/kWh, return_delay: 2s}\n"
        "faults:\n"
        "  - {kind: grid_loss, at: 10s, duration: 12s}\n"
        "  - {kind: grid_loss, at: 70s, duration: 30s}\n";
    rig r;
    start(&r, text);
    double on_s = 0, off_s = 0, ran_s = 0, stood_s = INFINITY, able_s = 0;
    int starts = 0, kept = 0;
    bool was = false;
    for (int i = 0; i < 2000; i++) {
        rig_step(&r, STEP_S);
        sg_command command = sg_engine_command(r.engine);
        bool on = sg_start_wanted(command.source_start[0]);
        on_s = on ? on_s + STEP_S : 0;
        able_s = on && rig_value(&r, SG_POINT_SOURCE_AVAILABLE, 0) > 0 ? able_s + STEP_S : able_s;
        if (on && !was) {
            starts++;
            able_s = 0;
            stood_s = starts > 1 ? off_s : stood_s;
        } else if (!on && was) {
            ran_s = able_s;
            assert_true(ran_s >= 40 - 0.3 && ran_s < 60);
        }
        off_s = on ? 0 : off_s + STEP_S;
        kept += command.source_reason[0] == SG_REASON_LEAST_RUN;
        was = on;
    }
    print_message("%d starts; ran %.1f s, stood %.1f s between; kept on for %.1f s\n", starts,
                  ran_s, stood_s, kept * STEP_S);
    assert_int_equal(starts, 2);
    assert_true(stood_s >= 30 - 0.3);
    assert_true(kept > 100);
    assert_true(sg_world_books_of(r.world)->short_s < 0.25); /* the first tenths of each loss */
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_rests_on_one_than_the_breaker_bears),
        cmocka_unit_test(out_of_the_safe_set_by_the_ramp),
        cmocka_unit_test(a_set_is_not_switched_on_and_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
