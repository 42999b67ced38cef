/* The step seen from outside: safe start, the safe set, plans in and out of force, tasks, what views and
 * outlooks say, what a change of the site file keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/layout.h"
#include "rig.h"

#include <math.h>

static const char small[] =
    "nodes:\n"
    "  site: {limit: 60kW, voltage: 400V}\n"
    "  rack: {parent: site, count: 2, limit: 20kW, voltage: 400V}\n"
    "loads:\n"
    "  server: {node: rack, count: 3, rating: 8kW, minimum: 1kW, class: 1, demand: 5kW}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 50kWh, discharge_rate: 20kW, initial: 50%, reserve: "
    "10%}\n"
    "grid: {import_max: 50kW, import_price: 0.2 EUR/kWh, carbon: 300g/kWh, demand_charge: 10 "
    "EUR/kW}\n";

static rig r;

static int open_small(void **state)
{
    (void)state;
    memset(&r, 0, sizeof r);
    rig_parse("small.yaml", small, sizeof small - 1, &r.site);
    rig_start(&r, SG_POLICY_MPC, rig_time("2023-06-10"));
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_free(&r);
    return 0;
}

static void before_any_reading_caps_keep_breakers_and_stores_rest(void **state)
{
    (void)state;
    sg_command c = sg_engine_command(r.engine);
    double rack_w = c.load_cap_w[0] + c.load_cap_w[1] + c.load_cap_w[2];
    assert_true(rack_w <= 20e3 && rack_w > 19.9e3);
    assert_true(c.store_w[0] == 0 && c.task_w == 0 && !c.safe && !c.advisory);
    assert_int_equal(sg_engine_tick(r.engine), 0);
    assert_int_equal(sg_engine_time(r.engine), rig_time("2023-06-10"));
}

static void only_control_mode_commands(void **state)
{
    (void)state;
    for (int mode = SG_OBSERVE; mode <= SG_CONTROL; mode++) {
        void *memory = rig_block(r.size);
        sg_engine_config config = {.policy = SG_POLICY_RULES, .mode = (sg_mode)mode};
        sg_engine *engine = sg_engine_create(memory, &r.site, &config);
        assert_true(sg_engine_command(engine).advisory == (mode != SG_CONTROL));
        free(memory);
    }
}

static sg_plan plan_of(double power_w, double net_w)
{
    sg_plan plan = {.made_us = sg_engine_time(r.engine),
                    .start_us = sg_engine_time(r.engine),
                    .step_us = 900 * SG_US_PER_S,
                    .steps = 96,
                    .store_count = 1};
    plan.store_group[0] = rig_group(&r.site, "battery");
    for (int t = 0; t < 96; t++) {
        plan.store_w[0][t] = power_w;
        plan.net_w[t] = net_w;
    }
    return plan;
}

static void step_of(double dt_s, const sg_plan *plan, const sg_request *requests, int count,
                    sg_reply *replies)
{
    sg_world_read(r.world, dt_s, &r.readings);
    sg_frame frame = rig_frame(&r);
    frame.plan = plan;
    frame.requests = requests;
    frame.request_count = count;
    sg_engine_step(r.engine, &frame, replies);
    sg_command command = sg_engine_command(r.engine);
    sg_world_write(r.world, &command);
}

static void step_with(const sg_plan *plan, const sg_request *requests, int count, sg_reply *replies)
{
    step_of(60, plan, requests, count, replies);
}

static double battery_w(void)
{
    return sg_engine_command(r.engine).store_w[0];
}

static sg_reason battery_reason(void)
{
    return (sg_reason)sg_engine_command(r.engine).store_reason[0];
}

static void a_plan_is_followed_until_it_is_too_old(void **state)
{
    (void)state;
    rig_step(&r, 60);
    rig_step(&r, 60);
    sg_plan plan = plan_of(5000, 25000);
    step_with(&plan, NULL, 0, NULL);
    for (int minute = 0; minute < 3 * 60 - 1; minute++) {
        assert_true(battery_w() == 5000);
        assert_int_equal(battery_reason(), SG_REASON_PLAN);
        rig_step(&r, 60);
    }
    rig_step(&r, 60);
    rig_step(&r, 60);
    assert_int_not_equal(battery_reason(), SG_REASON_PLAN); /* three hours: the rules decide */
}

static void a_bad_plan_is_not_taken(void **state)
{
    (void)state;
    rig_step(&r, 60);
    rig_step(&r, 60);
    static sg_view view;
    sg_plan good = plan_of(7000, 23000);
    for (int kind = 0; kind < 10; kind++) {
        sg_plan plan = good;
        switch (kind) {
        case 0:
            plan.store_w[0][50] = NAN;
            break;
        case 1:
            plan.net_w[95] = INFINITY;
            break;
        case 2:
            plan.steps = 0;
            break;
        case 3:
            plan.steps = SG_PLAN_STEP_MAX + 1;
            break;
        case 4:
            plan.step_us = 0;
            break;
        case 5:
            plan.store_count = SG_PLAN_STORE_MAX + 1;
            break;
        case 6:
            plan.store_group[0] = r.site.group_count;
            break;
        case 7:
            plan.store_group[0] = rig_group(&r.site, "server");
            break;
        case 8:
            plan.made_us = INT64_MIN;
            break;
        default:
            plan.store_group[0] = -1;
            break;
        }
        step_with(&plan, NULL, 0, NULL);
        sg_engine_view(r.engine, &view);
        assert_int_equal(view.plan_outcome, -1);
        assert_int_not_equal(battery_reason(), SG_REASON_PLAN);
    }
    step_with(&good, NULL, 0, NULL);
    sg_engine_view(r.engine, &view);
    assert_int_equal(view.plan_outcome, SG_SOLVED);
    assert_true(battery_w() == 7000);
    sg_plan bad = plan_of(NAN, 0); /* and does not put a good one out of force */
    step_with(&bad, NULL, 0, NULL);
    assert_true(battery_w() == 7000);
}

/* With most demands unreadable nothing is steered: stores rest, and caps are such that no breaker needs
 * them. The first good frame ends it. */
static void blind_it_goes_to_the_safe_set_and_comes_back(void **state)
{
    (void)state;
    rig_stop(&r);
    sg_site_free(&r.site);
    rig_load("sites/hall.maml.md", "", &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-07-03T12:00:00Z"));
    sg_command c = sg_engine_command(r.engine);
    bool relief = false;
    for (int step = 0; step < 30000 && !relief; step++) { /* until stores carry part of some rack */
        rig_step(&r, 0.1);
        c = sg_engine_command(r.engine);
        for (int s = 0; s < 8; s++) {
            relief = relief || (c.store_reason[s] == SG_REASON_NODE_RELIEF && c.store_w[s] > 500 &&
                                rig_value(&r, SG_POINT_STORE_POWER, s) > 500);
        }
    }
    assert_true(relief);
    int points = r.points.count, demand = r.points.first[SG_POINT_LOAD_DEMAND];
    double *value = calloc((size_t)points, sizeof *value);
    uint8_t *quality = calloc((size_t)points, 1);
    assert_true(value && quality);
    for (int step = 0; step < 40; step++) {
        sg_world_read(r.world, 0.1, &r.readings);
        memcpy(value, r.readings.value, sizeof *value * (size_t)points);
        memcpy(quality, r.readings.quality, (size_t)points);
        for (int l = 0; l < 97 && step < 20; l++) {
            quality[demand + l] = l < 60 ? SG_NO_DATA : SG_GOOD;
        }
        sg_frame frame = rig_frame(&r);
        frame.value = value;
        frame.quality = quality;
        sg_engine_step(r.engine, &frame, NULL);
        c = sg_engine_command(r.engine);
        sg_world_write(r.world, &c);
        assert_true(c.safe == (step > 10 - 1 && step < 20)); /* held values carry for one second */
        if (!c.safe) {
            continue;
        }
        double cap_w[64] = {0};
        for (int s = 0; s < r.site.device_count[SG_STORE]; s++) {
            assert_true(c.store_w[s] == 0);
            assert_int_equal(c.store_reason[s], SG_REASON_SAFE);
        }
        for (int l = 0; l < 97; l++) {
            assert_int_equal(c.load_reason[l], SG_REASON_SAFE);
            cap_w[r.site.devices[SG_LOAD][l].node] += c.load_cap_w[l];
        }
        for (int n = 0; n < r.site.node_count;
             n++) { /* loads stand at racks: each rack's own sum */
            assert_true(cap_w[n] <= r.site.nodes[n].limit_w);
        }
    }
    assert_true(sg_world_books_of(r.world)->overload_worst < 1 + 1e-9);
    free(value);
    free(quality);
}

static void a_task_is_granted_drawn_and_ended(void **state)
{
    (void)state;
    rig_step(&r, 60);
    rig_step(&r, 60);
    sg_request request = {.task_id = "train", .priority = 1, .power_w = 4000, .duration_s = 600};
    sg_reply reply;
    step_with(NULL, &request, 1, &reply);
    assert_int_equal(reply.conflict, 0);
    const sg_task *task = sg_engine_task(r.engine, "train");
    assert_non_null(task);
    assert_int_equal(task->state, SG_TASK_GRANTED);
    assert_int_equal(task->granted_us, sg_engine_time(r.engine));
    assert_null(sg_engine_task(r.engine, "other"));
    int drawn = 0;
    for (int minute = 0; minute < 20; minute++) {
        rig_step(&r, 60);
        double w = rig_value(&r, SG_POINT_SITE, SG_SITE_TASK_W);
        assert_true(w == 0 || w == 4000);
        drawn += w == 4000;
    }
    assert_int_equal(drawn, 10);
    assert_int_equal(sg_engine_task(r.engine, "train")->state, SG_TASK_DONE);
    /* what can never be supplied is refused: 50 kW of import and 20 kW of battery */
    sg_request huge = {.task_id = "huge", .priority = 0, .power_w = 71e3};
    step_with(NULL, &huge, 1, &reply);
    assert_int_equal(sg_engine_task(r.engine, "huge")->state, SG_TASK_REFUSED);
}

/* Before anything is known of the supply nothing is promised, and a blind start does not change that. */
static void nothing_is_granted_blind(void **state)
{
    (void)state;
    for (int blind = 0; blind < 2; blind++) {
        rig_stop(&r);
        rig_start(&r, SG_POLICY_RULES, rig_time("2023-06-10"));
        sg_request request = {.task_id = "early", .priority = 0, .power_w = 100e3};
        sg_reply reply;
        uint8_t quality[128];
        memset(quality, blind ? SG_NO_DATA : SG_GOOD, sizeof quality);
        for (int step = 0; step < 5; step++) {
            sg_world_read(r.world, 1, &r.readings);
            sg_frame frame = rig_frame(&r);
            frame.quality = quality;
            frame.requests = &request;
            frame.request_count = step == 0;
            sg_engine_step(r.engine, &frame, &reply);
            assert_int_not_equal(sg_engine_task(r.engine, "early")->state, SG_TASK_GRANTED);
            assert_true(sg_engine_command(r.engine).task_w == 0);
            assert_true(sg_engine_command(r.engine).safe == (blind != 0));
        }
    }
}

/* Each rack carries 15 kW of 20. */
static void nodes_are_strained_by_the_rules_they_are_asked_by(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        rig_step(&r, 1);
    }
    static sg_view v;
    sg_alarm_rule rules[SG_ALARM_KIND_COUNT];
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        rules[i] = sg_alarm_rule_of(NULL, i);
    }
    sg_engine_view(r.engine, &v);
    assert_int_equal(v.strain_count, 0);
    rules[SG_ALARM_FEEDER_OVER].setpoint = -0.26; /* above 14.8 kW */
    sg_engine_strains(r.engine, rules, &v);
    assert_true(v.strain_count == 2 && v.strain_count_all == 2);
    assert_true(v.strain[0].node == 1 && v.strain[1].node == 2 && !v.strain[0].warm);
    assert_true(v.strain[0].limit_w == 20e3 && fabs(v.strain[0].power_w - 15e3) < 1);
    rules[SG_ALARM_FEEDER_OVER].setpoint = -0.24; /* above 15.2 kW, until below 14.8 kW */
    sg_engine_strains(r.engine, rules, &v);
    assert_true(v.strain_count == 2 && v.strain_count_all == 0 && v.strain[1].warm);
    rules[SG_ALARM_FEEDER_OVER].deadband = 0; /* until below 15.2 kW */
    sg_engine_strains(r.engine, rules, &v);
    assert_int_equal(v.strain_count, 0);
}

static void the_view_adds_up(void **state)
{
    (void)state;
    for (int minute = 0; minute < 200; minute++) {
        rig_step(&r, 60);
    }
    static sg_view v;
    memset(&v, 0xEE, sizeof v);
    v.speed = 17;
    sg_engine_view(r.engine, &v);
    double load_w = 0;
    for (int l = 0; l < 6; l++) {
        load_w += rig_value(&r, SG_POINT_LOAD_POWER, l);
    }
    assert_true(fabs(v.load_w - load_w) < 1e-9 * load_w && load_w > 29e3);
    assert_true(fabs(v.generation_w + v.import_w + v.discharge_w - v.load_w - v.losses_w -
                     v.charge_w - v.export_w) < 1e-6 * load_w);
    assert_int_equal(v.tick, 200);
    assert_int_equal(v.time_us, rig_time("2023-06-10T03:20:00Z"));
    assert_int_equal(v.settled_count, 13);
    assert_int_equal(v.node_count, 3);
    assert_true(v.node_limit_w[1] == 20e3 && v.group_count == r.site.group_count);
    assert_int_equal(v.command_hash, sg_engine_command_hash(r.engine));
    assert_true(v.speed == 17); /* the host's own */
    assert_int_equal(v.quality_count[SG_GOOD], r.points.count);
    sg_settlement settled;
    assert_false(sg_engine_settled(r.engine, &settled));
    for (int minute = 0; minute < 10; minute++) {
        rig_step(&r, 60);
    }
    assert_true(sg_engine_settled(r.engine, &settled)); /* 03:30 */
    assert_int_equal(settled.end_us, rig_time("2023-06-10T03:30:00Z"));
    assert_int_equal(settled.steps, 15);
}

/* What the planner is told: flat demand, the price, the battery. */
static void the_outlook_tells_the_planner_what_is(void **state)
{
    (void)state;
    for (int quarter = 0; quarter < 120; quarter++) {
        rig_step(&r, 900);
    }
    static sg_outlook o;
    sg_engine_outlook(r.engine, 900 * SG_US_PER_S, 96, NULL, &o);
    assert_int_equal(o.made_us, sg_engine_time(r.engine));
    assert_int_equal(o.start_us, sg_engine_time(r.engine) + 900 * SG_US_PER_S);
    for (int t = 0; t < 96; t++) {
        assert_true(fabs(o.load_w[t] - 30e3) < 1); /* six servers at 5 kW, no losses */
        assert_true(o.available_w[t] == 0);
        assert_true(fabs(o.import_price[t] * 3.6e6 - 0.2) < 1e-9);
    }
    assert_true(o.import_w_max == 50e3 && o.export_w_max == 0);
    assert_true(fabs(o.demand_charge - 10e-3) < 1e-12);
    assert_int_equal(o.store_count, 1);
    assert_true(fabs(o.store[0].capacity_j - 50 * 3.6e6) < 1 &&
                fabs(o.store[0].floor_j - 5 * 3.6e6) < 1);
    assert_true(fabs(o.store[0].charge_eff * o.store[0].discharge_eff - 0.88) < 1e-12);
    /* a plan comes in with the next frame: the energy is what will be there then, under the command that is in force */
    sg_plan plan = plan_of(5000, 25000);
    step_of(900, &plan, NULL, 0, NULL);
    double before_j = rig_value(&r, SG_POINT_STORE_ENERGY, 0);
    sg_engine_outlook(r.engine, 900 * SG_US_PER_S, 96, NULL, &o);
    rig_step(&r, 900);
    double then_j = rig_value(&r, SG_POINT_STORE_ENERGY, 0);
    assert_true(before_j - then_j > 4e6); /* 5 kW for a quarter hour, and losses */
    assert_true(fabs(o.store[0].energy_j - then_j) < 0.01 * (before_j - then_j));
}

/* A new engine for a changed site takes over tasks, meter and time, not the old plant. */
static void tasks_and_meter_outlive_a_change_of_site(void **state)
{
    (void)state;
    sg_request request = {.task_id = "stays", .priority = 1, .power_w = 2000};
    sg_reply reply;
    rig_step(&r, 60);
    rig_step(&r, 60);
    step_with(NULL, &request, 1, &reply);
    for (int minute = 0; minute < 60; minute++) {
        rig_step(&r, 60);
    }
    static sg_view before, after;
    sg_engine_view(r.engine, &before);
    sg_site larger;
    const char more[] =
        "nodes: {site: {limit: 90kW, voltage: 400V}}\n"
        "loads: {server: {count: 9, rating: 8kW, demand: 5kW}}\n"
        "grid: {import_max: 80kW, import_price: 0.2 EUR/kWh, demand_charge: 7 EUR/kW}\n";
    rig_parse("larger.yaml", more, sizeof more - 1, &larger);
    void *memory = rig_block(sg_engine_size(&larger));
    sg_engine_config config = {.policy = SG_POLICY_RULES, .mode = SG_CONTROL};
    sg_engine *engine = sg_engine_create(memory, &larger, &config);
    sg_engine_inherit(engine, r.engine);
    sg_engine_view(engine, &after);
    assert_int_equal(sg_engine_task(engine, "stays")->state, SG_TASK_GRANTED);
    assert_memory_equal(&before.total, &after.total, sizeof before.total);
    assert_int_equal(before.time_us, after.time_us);
    assert_int_equal(before.tick, after.tick);
    assert_int_equal(after.group_count, larger.group_count);
    assert_true(sg_engine_site_hash(engine) != sg_engine_site_hash(r.engine));
    free(memory);
    sg_site_free(&larger);
}

/* The block is hashed and journaled as bytes: no byte of the head may be padding. */
static void the_head_has_no_padding(void **state)
{
    (void)state;
    static const size_t gaps[] = {
        sizeof(sg_settlement) - (offsetof(sg_settlement, steps) + sizeof(int32_t)),
        sizeof(sg_meter) - (offsetof(sg_meter, total) + sizeof(sg_settlement)),
        offsetof(sg_meter, running) - (offsetof(sg_meter, settled_count) + sizeof(uint64_t)),
        sizeof(sg_forecast) - (offsetof(sg_forecast, only) + sizeof(int64_t)),
        sizeof(sg_plan) - (offsetof(sg_plan, price) + sizeof(((sg_plan *)0)->price)),
        offsetof(sg_plan, objective) -
            (offsetof(sg_plan, store_group) + sizeof(((sg_plan *)0)->store_group)),
        sizeof(sg_task) - (offsetof(sg_task, firm_w) + sizeof(double)),
        sizeof(sg_request) - (offsetof(sg_request, deadline_us) + sizeof(int64_t)),
        offsetof(struct sg_engine, group_told_us) - (offsetof(struct sg_engine, group_reason) +
                                                     sizeof(((struct sg_engine *)0)->group_reason)),
        offsetof(struct sg_engine, meter) - (offsetof(struct sg_engine, ride) + sizeof(sg_ride)),
        offsetof(struct sg_engine, ride) -
            (offsetof(struct sg_engine, wanted_high_w) + sizeof(double)),
        sizeof(sg_ride) - (offsetof(sg_ride, missing_s) + sizeof(double)),
        offsetof(sg_ride, told_s) - (offsetof(sg_ride, level) + sizeof(((sg_ride *)0)->level)),
        offsetof(struct sg_engine, tie_told) -
            (offsetof(struct sg_engine, group_setpoint_w) +
             sizeof(((struct sg_engine *)0)->group_setpoint_w)),
        sizeof(struct sg_engine) - (offsetof(struct sg_engine, tie_told_w) +
                                    sizeof(((struct sg_engine *)0)->tie_told_w)),
    };
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        assert_int_equal(gaps[i], 0);
    }
    /* and two engines made in memory with different dirt are the same bytes, also after steps */
    void *memory[2];
    for (int i = 0; i < 2; i++) {
        memory[i] = rig_block(r.size);
        memset(memory[i], i ? 0xFF : 0x55, r.size);
        rig_stop(&r);
        rig_start(&r, SG_POLICY_MPC, rig_time("2023-06-10"));
        sg_engine_config config = {
            .policy = SG_POLICY_MPC, .mode = SG_CONTROL, .start_us = rig_time("2023-06-10")};
        sg_engine *engine = sg_engine_create(memory[i], &r.site, &config);
        for (int step = 0; step < 100; step++) {
            rig_step(&r, 60);
            sg_frame frame = rig_frame(&r);
            sg_engine_step(engine, &frame, NULL);
        }
    }
    assert_memory_equal(memory[0], memory[1], sg_engine_state_size(memory[0]));
    free(memory[0]);
    free(memory[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_any_reading_caps_keep_breakers_and_stores_rest,
                                        open_small, close_rig),
        cmocka_unit_test_setup_teardown(only_control_mode_commands, open_small, close_rig),
        cmocka_unit_test_setup_teardown(a_plan_is_followed_until_it_is_too_old, open_small,
                                        close_rig),
        cmocka_unit_test_setup_teardown(a_bad_plan_is_not_taken, open_small, close_rig),
        cmocka_unit_test_setup_teardown(blind_it_goes_to_the_safe_set_and_comes_back, open_small,
                                        close_rig),
        cmocka_unit_test_setup_teardown(a_task_is_granted_drawn_and_ended, open_small, close_rig),
        cmocka_unit_test_setup_teardown(nothing_is_granted_blind, open_small, close_rig),
        cmocka_unit_test_setup_teardown(nodes_are_strained_by_the_rules_they_are_asked_by,
                                        open_small, close_rig),
        cmocka_unit_test_setup_teardown(the_view_adds_up, open_small, close_rig),
        cmocka_unit_test_setup_teardown(the_outlook_tells_the_planner_what_is, open_small,
                                        close_rig),
        cmocka_unit_test_setup_teardown(tasks_and_meter_outlive_a_change_of_site, open_small,
                                        close_rig),
        cmocka_unit_test_setup_teardown(the_head_has_no_padding, open_small, close_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
