/* When a new plan is due, and why; what the outlook says of tasks and of stores that are lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/replan.h"
#include "rig.h"

#include <math.h>

static const char text[] =
    "planning: {period: 1h, step: 15min, horizon: 24h}\n"
    "series:\n"
    "  price: {daily: [{from: \"00:00\", value: 0.2 EUR/kWh}, {from: \"18:00\", value: 0.3 "
    "EUR/kWh}]}\n"
    "loads: {server: {count: 4, rating: 10kW, minimum: 1kW, demand: 5kW}}\n"
    "sources: {diesel: {type: generator, capacity: 10kW, cost: 0.5 EUR/kWh}}\n"
    "stores: {battery: {type: lithium_ion, count: 2, capacity: 50kWh, discharge_rate: 20kW}}\n"
    "grid: {import_max: 80kW, import_price: price}\n"
    "faults: [%s]\n";

static rig r;
static sg_replan replan;
static double value[64]; /* of the last frame, for tests to change */
static uint8_t quality[64];
static double price_factor;
static int lost_store; /* -1 = none */

static void open_site(const char *fault)
{
    char site[2048];
    int length = snprintf(site, sizeof site, text, fault);
    memset(&r, 0, sizeof r);
    rig_parse("replan.yaml", site, (size_t)length, &r.site);
    rig_start(&r, SG_POLICY_MPC, rig_time("2023-05-10T08:00:00Z"));
    memset(&replan, 0, sizeof replan);
    price_factor = 1;
    lost_store = -1;
}

static void step_with(const sg_request *request)
{
    sg_reply reply;
    sg_world_read(r.world, 30, &r.readings);
    sg_frame frame = rig_frame(&r);
    memcpy(value, frame.value, sizeof *value * (size_t)r.points.count);
    memcpy(quality, frame.quality, (size_t)r.points.count);
    value[r.points.first[SG_POINT_SITE] + SG_SITE_IMPORT_PRICE] *= price_factor;
    if (lost_store >= 0) {
        quality[r.points.first[SG_POINT_STORE_ENERGY] + lost_store] = SG_NO_DATA;
    }
    frame.value = value;
    frame.quality = quality;
    frame.requests = request;
    frame.request_count = request != NULL;
    sg_engine_step(r.engine, &frame, &reply);
    sg_command command = sg_engine_command(r.engine);
    sg_world_write(r.world, &command);
}

/* As the hosts do it. */
static sg_plan_cause look(void)
{
    sg_plan_cause cause = sg_replan_due(&replan, r.engine, &r.site.planning);
    if (cause != SG_PLAN_CAUSE_NONE) {
        sg_replan_ask(&replan, cause, r.engine, &r.site.planning, 0, NULL);
        sg_outlook *o = &replan.outlook;
        sg_world_prices(r.world, o->start_us, o->step_us, o->steps, o->import_price,
                        o->export_price);
    }
    return cause;
}

/* Steps of 30 s until a plan is due; the cause, or NONE after so many minutes. */
static sg_plan_cause next_cause(int minutes)
{
    for (int i = 0; i < 2 * minutes; i++) {
        step_with(NULL);
        sg_plan_cause cause = look();
        if (cause != SG_PLAN_CAUSE_NONE) {
            return cause;
        }
    }
    return SG_PLAN_CAUSE_NONE;
}

static int minute_of_day(void)
{
    return (int)(sg_engine_time(r.engine) / (60 * SG_US_PER_S) % 1440);
}

static void the_first_comes_with_the_first_reading_then_one_each_period(void **state)
{
    (void)state;
    open_site("");
    assert_int_equal(look(), SG_PLAN_CAUSE_NONE); /* nothing was read */
    assert_int_equal(next_cause(1), SG_PLAN_CAUSE_FIRST);
    for (int hour = 9; hour < 24; hour++) { /* on the hour, also where the price changes at 18:00 */
        assert_int_equal(next_cause(61), SG_PLAN_CAUSE_PERIOD);
        assert_int_equal(minute_of_day(), 60 * hour);
        assert_int_equal(replan.outlook.cause, SG_PLAN_CAUSE_PERIOD);
        assert_true(replan.outlook.made_us == sg_engine_time(r.engine));
        assert_true(replan.outlook.start_us == sg_engine_time(r.engine) + 30 * SG_US_PER_S);
    }
    rig_free(&r);
}

static void a_lost_grid_and_its_return_are_events(void **state)
{
    (void)state;
    open_site("{kind: grid_loss, at: 70min, duration: 20min}");
    assert_int_equal(next_cause(1), SG_PLAN_CAUSE_FIRST);
    assert_int_equal(next_cause(61), SG_PLAN_CAUSE_PERIOD);
    assert_int_equal(next_cause(15), SG_PLAN_CAUSE_GRID);
    assert_int_equal(minute_of_day(), 9 * 60 + 10);
    assert_true(replan.outlook.import_w_max == 0);
    assert_int_equal(next_cause(25), SG_PLAN_CAUSE_GRID);
    assert_int_equal(minute_of_day(), 9 * 60 + 30);
    assert_true(replan.outlook.import_w_max == 80e3);
    rig_free(&r);
}

static void a_store_that_is_lost_leaves_the_outlook_until_it_is_back(void **state)
{
    (void)state;
    open_site("");
    assert_int_equal(next_cause(1), SG_PLAN_CAUSE_FIRST);
    assert_true(replan.outlook.store[0].capacity_j == 100 * 3.6e6);
    assert_int_equal(next_cause(5), SG_PLAN_CAUSE_NONE);
    lost_store = 1;
    assert_int_equal(next_cause(5), SG_PLAN_CAUSE_DEVICE);
    assert_true(replan.outlook.store[0].capacity_j == 50 * 3.6e6);
    assert_true(replan.outlook.store[0].discharge_w_max == 20e3);
    lost_store = -1;
    assert_int_equal(next_cause(5), SG_PLAN_CAUSE_DEVICE);
    assert_true(replan.outlook.store[0].capacity_j == 100 * 3.6e6);
    lost_store = 0;
    assert_int_equal(next_cause(5), SG_PLAN_CAUSE_DEVICE);
    rig_free(&r);
}

static void a_granted_task_is_in_the_outlook_for_its_time(void **state)
{
    (void)state;
    open_site("");
    assert_int_equal(next_cause(1), SG_PLAN_CAUSE_FIRST);
    assert_int_equal(next_cause(2), SG_PLAN_CAUSE_NONE);
    sg_request request = {.task_id = "t", .priority = 1, .power_w = 8000, .duration_s = 2400};
    step_with(&request);
    double before_w = replan.outlook.load_w[5];
    assert_int_equal(look(), SG_PLAN_CAUSE_TASK);
    const sg_outlook *o = &replan.outlook;
    double most_w = 0, energy_j = 0;
    for (int t = 0; t < o->steps; t++) {
        double more_w = o->load_w[t] - before_w;
        energy_j += more_w > 100 ? more_w * 900 : 0;
        most_w = fmax(most_w, more_w);
    }
    assert_true(fabs(most_w - 8000) < 1 && fabs(energy_j - 8000.0 * (2400 - 30)) < 1e4);
    assert_true(o->load_w[2] - before_w < 8000 * 0.7 && o->load_w[2] > before_w);
    assert_int_equal(next_cause(45), SG_PLAN_CAUSE_TASK); /* it is over */
    assert_true(fabs(o->load_w[0] - before_w) < 1);
    rig_free(&r);
}

static void another_price_than_told_is_an_event_and_a_told_one_is_none(void **state)
{
    (void)state;
    open_site("");
    assert_int_equal(next_cause(1), SG_PLAN_CAUSE_FIRST);
    assert_int_equal(next_cause(10), SG_PLAN_CAUSE_NONE);
    price_factor = 1.5;
    assert_int_equal(next_cause(5), SG_PLAN_CAUSE_PRICE);
    rig_free(&r);
}

static void a_load_that_goes_another_way_is_an_event(void **state)
{
    (void)state;
    open_site("{kind: load_step, target: server, severity: 1.1, at: 10min},"
              "{kind: load_step, target: server, severity: 1.6, at: 75min}");
    assert_int_equal(next_cause(1), SG_PLAN_CAUSE_FIRST);
    assert_int_equal(next_cause(61), SG_PLAN_CAUSE_PERIOD); /* 10 % are no event */
    assert_int_equal(next_cause(61), SG_PLAN_CAUSE_FORECAST);
    /* after a minute of the quarter hour that began at 9:15 */
    assert_in_range(minute_of_day(), 9 * 60 + 15, 9 * 60 + 17);
    rig_free(&r);
}

/* However often something flaps, questions keep their distance. */
static void events_wait_for_their_turn(void **state)
{
    (void)state;
    open_site("");
    assert_int_equal(next_cause(1), SG_PLAN_CAUSE_FIRST);
    int asked = 0;
    for (int i = 0; i < 60; i++) { /* 30 min; a single missed reading would be bridged */
        lost_store = i / 3 % 2 ? 0 : -1;
        step_with(NULL);
        asked += look() != SG_PLAN_CAUSE_NONE;
    }
    assert_in_range(asked, 5, 30); /* a minute apart at a period of an hour */
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_comes_with_the_first_reading_then_one_each_period),
        cmocka_unit_test(a_lost_grid_and_its_return_are_events),
        cmocka_unit_test(a_store_that_is_lost_leaves_the_outlook_until_it_is_back),
        cmocka_unit_test(a_granted_task_is_in_the_outlook_for_its_time),
        cmocka_unit_test(another_price_than_told_is_an_event_and_a_told_one_is_none),
        cmocka_unit_test(a_load_that_goes_another_way_is_an_event),
        cmocka_unit_test(events_wait_for_their_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
