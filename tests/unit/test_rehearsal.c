/* Rehearsals: a twin of a running site on which incidents are played, held against the same incidents in plain runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/prng.h"
#include "host/shadow.h"
#include "host/twin.h"
#include "rig.h"

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <time.h>

/* Ten minutes of storage, two classes that need time to shut down, a roof that sun comes to all day. */
static const char text[] =
    "nodes:\n"
    "  site: {limit: 200kW}\n"
    "  row:  {parent: site, count: 2, limit: 90kW}\n"
    "loads:\n"
    "  rack: {node: row, count: 2, rating: 30kW, minimum: 3kW, class: 1, shutdown_time: 30s, "
    "demand: [18kW, 20kW, 22kW, 24kW]}\n"
    "  cooling: {rating: 20kW, minimum: 5kW, class: 0, shutdown_time: 20s, value: 3 USD/kWh, "
    "demand: 12kW}\n"
    "sources:\n"
    "  roof: {type: solar, capacity: 10kW, coverage_area: 50m2, irradiance: 200W/m2}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 6kWh, discharge_rate: 60kW, packs: 4, initial: 80%}\n"
    "  bridge: {type: lithium_ion, capacity: 4kWh, discharge_rate: 150kW, charge_rate: 10kW, duty: "
    "bridge, forming: yes, initial: 100%}\n"
    "grid: {import_max: 150kW, import_price: 0.2 USD/kWh, bridge_time: 1min, return_delay: 5s, "
    "return_ramp: 600kW/min}\n"
    "mode: control\n";
static const double step_s = 0.1;
static const int64_t start_us = INT64_C(1686391200000000);

static void start(rig *r, const char *more)
{
    char whole[4096];
    memset(r, 0, sizeof *r);
    int length = snprintf(whole, sizeof whole, "%s%s", text, more);
    rig_parse("small.yaml", whole, (size_t)length, &r->site);
    rig_start(r, SG_POLICY_RULES, start_us);
}

static sg_rehearsal_order order_of(const sg_site *site, const char *body)
{
    sg_rehearsal_order order;
    sg_body_error error;
    assert_int_equal(sg_body_rehearsal(body, strlen(body), &order, &error), SG_OK);
    assert_int_equal(sg_rehearsal_find(site, &order, &error), SG_OK);
    order.speed = INFINITY;
    return order;
}

/* --- what is asked for --- */

static void refused(const sg_site *site, const char *body, const char *pointer, const char *words)
{
    sg_rehearsal_order order;
    sg_body_error error = {0};
    sg_status status = sg_body_rehearsal(body, strlen(body), &order, &error);
    status = status == SG_OK ? sg_rehearsal_find(site, &order, &error) : status;
    if (status != SG_FORMAT) {
        fail_msg("taken: %s", body);
    }
    assert_string_equal(error.pointer, pointer);
    if (!strstr(error.detail, words)) {
        fail_msg("'%s' does not say '%s'", error.detail, words);
    }
}

static void test_what_cannot_be_rehearsed_is_refused_with_its_place(void **state)
{
    rig r;
    (void)state;
    start(&r, "");
    refused(&r.site, "{}", "/event", "required");
    refused(&r.site, "[]", "", "an object");
    refused(&r.site, "{\"event\":\"gird\"}", "/event", "did you mean \"grid\"");
    refused(&r.site, "{\"event\":7}", "/event", "\"cloud\"");
    refused(&r.site, "{\"event\":\"grid\",\"for\":\"2kW\"}", "/for", "a duration");
    refused(&r.site, "{\"event\":\"grid\",\"for\":\"25h\"}", "/for", "86400");
    refused(&r.site, "{\"event\":\"grid\",\"speed\":61}", "/speed", "60");
    refused(&r.site, "{\"event\":\"grid\",\"speed\":\"fast\"}", "/speed", "number");
    refused(&r.site, "{\"event\":\"grid\",\"sped\":2}", "/sped", "speed");
    refused(&r.site, "{\"event\":\"pack\",\"device\":\"roof\"}", "/device", "\"battery\"");
    refused(&r.site, "{\"event\":\"pack\",\"device\":\"battery-2\"}", "/device", "\"battery\"");
    refused(&r.site, "{\"event\":\"spike\",\"device\":\"rack-5\"}", "/device", "\"rack\"");
    refused(&r.site, "{\"event\":\"pdu\",\"device\":\"site\"}", "/device", "\"row-1\"");
    refused(&r.site, "{\"event\":\"cloud\",\"device\":\"../x\"}", "/device", "name");
    rig_free(&r);
}

static void test_devices_are_found_or_chosen(void **state)
{
    rig r;
    (void)state;
    start(&r, "");
    int battery = rig_group(&r.site, "battery"), rack = rig_group(&r.site, "rack");
    sg_rehearsal_order order = order_of(&r.site, "{\"event\":\"pack\"}");
    assert_true(order.group == battery && order.member == 0 && order.for_s == 120);
    assert_string_equal(order.device, "battery");
    order = order_of(&r.site, "{\"event\":\"spike\",\"device\":\"rack-3\",\"for\":\"5s\"}");
    assert_true(order.group == rack && order.member == 2 && order.for_s == 5);
    order = order_of(&r.site, "{\"event\":\"spike\"}");
    assert_true(order.group == -1 && order.member == -1);
    order = order_of(&r.site, "{\"event\":\"pdu\",\"device\":\"row-2\"}");
    assert_int_equal(order.node, 2);
    order = order_of(&r.site, "{\"event\":\"pdu\"}");
    assert_string_equal(order.device, "row-1");
    rig_free(&r);
}

/* --- the copy --- */

/* Every kind of fault that has a memory of its own. */
static const char faults[] =
    "faults:\n"
    "  - {kind: link_drop, target: rack, severity: 20%, every: 20s, duration: 10s}\n"
    "  - {kind: sensor_noise, target: battery, severity: 1%, at: 5s, duration: 1h}\n"
    "  - {kind: command_slow, target: bridge, severity: 3, at: 10s, duration: 1h}\n"
    "  - {kind: grid_loss, at: 40s, duration: 100s}\n"
    "  - {kind: packs_lost, target: battery, severity: 1, every: 40s, duration: 20s}\n";

static void same_plant(const rig *a, const sg_readings *seen, const sg_world *b)
{
    size_t points = (size_t)a->points.count;
    assert_memory_equal(a->readings.value, seen->value, points * sizeof(double));
    assert_memory_equal(a->readings.quality, seen->quality, points);
    assert_memory_equal(sg_world_books_of(a->world), sg_world_books_of(b), sizeof(sg_world_books));
    assert_memory_equal(sg_world_faults_fired(a->world), sg_world_faults_fired(b),
                        SG_FAULT_KIND_COUNT * sizeof(uint64_t));
}

/* A copied plant under the same commands shows the same readings, from every moment of a run with faults. */
static void test_a_copied_plant_goes_on_like_the_first(void **state)
{
    rig r;
    (void)state;
    start(&r, faults);
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < 157; i++) {
            rig_step(&r, step_s);
        }
        sg_shadow *shadow = sg_shadow_create(&r.site);
        assert_non_null(shadow);
        sg_world_copy(shadow->world, r.world);
        for (int i = 0; i < 150; i++) {
            sg_readings seen;
            rig_step(&r, i % 50 == 49 ? 20 : step_s);
            sg_world_read(shadow->world, i % 50 == 49 ? 20 : step_s, &seen);
            sg_command command = sg_engine_command(r.engine);
            sg_world_write(shadow->world, &command);
            same_plant(&r, &seen, shadow->world);
        }
        sg_shadow_free(shadow);
    }
    assert_true(sg_world_faults_fired(r.world)[SG_FAULT_LINK_DROP] > 0);
    assert_true(sg_world_faults_fired(r.world)[SG_FAULT_PACKS_LOST] > 0);
    rig_free(&r);
}

/* Stores that are stepped by their lumped equation give and hold what their models would, to the bit: asked for anything, full and empty,
 * over long steps and short ones, and through the loss of packs. */
static void test_lumped_stores_move_energy_to_the_same_bits(void **state)
{
    static const char more[] =
        "  aged: {type: lithium_ion, capacity: 1kWh, discharge_rate: 30kW, fade: applied}\n"
        "  cell: {type: lithium_ion, beside: rack, capacity: 50Wh, discharge_rate: 4kW, "
        "charge_rate: 1kW, duty: device, initial: [0%, 40%, 100%]}\n"
        "  wheel: {type: flywheel, capacity: 1kWh, power: 20kW, duty: power}\n"
        "faults:\n"
        "  - {kind: packs_lost, target: battery, severity: 2, at: 40s, duration: 20s}\n"
        "  - {kind: derate, target: cell, severity: 30%, at: 70s, duration: 20s}\n";
    char whole[4096];
    const char *stores = strstr(text, "grid:");
    rig r = {0};
    (void)state;
    int length =
        snprintf(whole, sizeof whole, "%.*s%.*s%s%s", (int)(stores - text), text,
                 (int)(strstr(more, "faults:") - more), more, stores, strstr(more, "faults:"));
    rig_parse("lumped.yaml", whole, (size_t)length, &r.site);
    rig_start(&r, SG_POLICY_RULES, start_us);
    sg_world *lumped = sg_world_create(&r.site, start_us);
    assert_non_null(lumped);
    sg_world_copy(lumped, r.world);
    sg_world_lump(lumped);
    double asked_w[32];
    int stores_here = r.site.device_count[SG_STORE], moved = 0;
    assert_true(stores_here <= 32);
    for (int i = 0; i < 1200; i++) {
        sg_readings seen, other;
        double dt_s = i < 1000 ? step_s : 30;
        sg_world_read(r.world, dt_s, &seen);
        sg_world_read(lumped, dt_s, &other);
        assert_memory_equal(seen.value, other.value, (size_t)r.points.count * sizeof(double));
        sg_command command = sg_engine_command(r.engine);
        for (int s = 0; s < stores_here; s++) {
            double way = sg_prng_unit(3, (uint64_t)(i / 20 * stores_here + s)) - 0.5;
            asked_w[s] = 2e5 * way;
            moved += fabs(seen.value[r.points.first[SG_POINT_STORE_POWER] + s]) > 100;
        }
        command.store_w = asked_w;
        sg_world_write(r.world, &command);
        sg_world_write(lumped, &command);
    }
    assert_true(moved > 1200);
    assert_true(sg_world_faults_fired(lumped)[SG_FAULT_PACKS_LOST] == 1);
    int battery = r.site.groups[rig_group(&r.site, "battery")].first,
        aged = r.site.groups[rig_group(&r.site, "aged")].first,
        cell = r.site.groups[rig_group(&r.site, "cell")].first;
    bool aged_here = !isnan(sg_world_soh_frac(r.world, cell)),
         aged_there = !isnan(sg_world_soh_frac(lumped, cell)),
         modelled = !isnan(sg_world_soh_frac(lumped, battery)); /* it lost packs: its model again */
    assert_true(aged_here && !aged_there && modelled);
    assert_true(sg_world_soh_frac(lumped, aged) == sg_world_soh_frac(r.world, aged));
    sg_world_free(lumped);
    rig_free(&r);
}

/* A twin to which nothing happens does what the live site goes on to do, bit for bit. */
static void test_an_untouched_twin_is_the_live_site(void **state)
{
    static const sg_foretold nothing;
    rig r;
    (void)state;
    start(&r, faults);
    for (int i = 0; i < 300; i++) {
        rig_step(&r, step_s);
    }
    sg_shadow *shadow = sg_shadow_create(&r.site);
    assert_non_null(shadow);
    sg_world_copy(shadow->world, r.world);
    assert_true(sg_shadow_start(shadow, r.engine, sg_engine_state_size(r.engine), &nothing));
    for (int i = 0; i < 2000; i++) {
        rig_step(&r, step_s);
        sg_shadow_step(shadow, step_s);
        assert_int_equal(sg_engine_command_hash(shadow->engine), sg_engine_command_hash(r.engine));
    }
    assert_int_equal(sg_engine_hash(shadow->engine), sg_engine_hash(r.engine));
    sg_shadow_free(shadow);
    rig_free(&r);
}

/* --- a rehearsal, as the host runs it --- */

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static sg_rehearsal shown;

/* Let the loop come by until the rehearsal is over. */
static void await(sg_twin *twin, rig *r, bool devices_are_real)
{
    static const sg_foretold nothing;
    do {
        rig_step(r, step_s);
        sg_twin_door(twin, &r->site, r->engine, devices_are_real ? NULL : r->world, &nothing);
        nap();
        sg_twin_look(twin, 0, &shown);
    } while (shown.state < SG_REHEARSAL_DONE);
}

/* When it was first told after a moment; -1: never. what: the group or SG_GRID. */
static double told_s(int what, int group, sg_reason reason, double after_s)
{
    for (int i = 0; i < shown.event_count; i++) {
        const sg_rehearsal_event *e = &shown.event[i];
        if (e->what == what && (what == SG_GRID || e->index == group) &&
            e->reason == (int32_t)reason && e->at_s >= after_s - 1e-9) {
            return e->at_s;
        }
    }
    return -1;
}

static double incident_s(int what)
{
    for (int i = 0; i < shown.event_count; i++) {
        if (shown.event[i].what == what) {
            return shown.event[i].at_s;
        }
    }
    return -1;
}

/* Outage, bridging, staged shedding and return, each told within two seconds of site time of what caused it. */
static void check_story(const sg_site *site)
{
    int rack = rig_group(site, "rack"), cooling = rig_group(site, "cooling");
    double cut_s = incident_s(SG_REHEARSAL_BEGINS), back_s = incident_s(SG_REHEARSAL_ENDS);
    assert_true(cut_s > 0 && fabs(back_s - cut_s - 900) < 0.2);
    double bridging_s = told_s(SG_GRID, 0, SG_REASON_BRIDGING, cut_s);
    assert_true(bridging_s >= cut_s && bridging_s - cut_s < 2);
    double saving_s = told_s(SG_LOAD, rack, SG_REASON_SAVING, cut_s),
           closing_s = told_s(SG_LOAD, rack, SG_REASON_SHUT_DOWN, cut_s),
           off_s = told_s(SG_LOAD, rack, SG_REASON_SHED, cut_s),
           last_s = told_s(SG_LOAD, cooling, SG_REASON_SHUT_DOWN, cut_s),
           dark_s = told_s(SG_GRID, 0, SG_REASON_DARK, cut_s);
    assert_true(bridging_s < saving_s && saving_s < closing_s && closing_s < off_s);
    assert_true(off_s - closing_s >= 30 && off_s - closing_s < 32); /* its shutdown_time */
    assert_true(last_s >= closing_s);
    double shutting_s = told_s(SG_GRID, 0, SG_REASON_SHUTTING_DOWN, cut_s);
    assert_true(shutting_s > 0 && fabs(shutting_s - closing_s) < 2);
    assert_true(dark_s < 0 || dark_s > off_s);
    double resync_s = told_s(SG_GRID, 0, SG_REASON_RESYNC, back_s),
           grid_s = told_s(SG_GRID, 0, SG_REASON_RIDE_GRID, back_s);
    assert_true(resync_s - back_s >= 5 && resync_s - back_s < 7); /* return_delay */
    assert_true(grid_s > resync_s);
    assert_true(told_s(SG_LOAD, rack, SG_REASON_DEMAND, resync_s) > resync_s);
}

/* The same cut in a plain run of the site with the fault in its file, from the same steps on. */
static void check_against_plain_run(int64_t from_us)
{
    char cut[160];
    rig plain;
    snprintf(cut, sizeof cut, "faults: [{kind: grid_loss, at: %.2fs, duration: 900s}]\n",
             (double)(from_us - start_us) * 1e-6 + incident_s(SG_REHEARSAL_BEGINS) - 0.5 * step_s);
    start(&plain, cut);
    while (sg_world_time(plain.world) < from_us) {
        rig_step(&plain, step_s);
    }
    sg_world_books before = *sg_world_books_of(plain.world);
    for (int i = 0; i < (int)llround(shown.elapsed_s / step_s); i++) {
        rig_step(&plain, step_s);
    }
    const sg_world_books *after = sg_world_books_of(plain.world);
    double held_j = 0;
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        held_j += shown.with.held_j[k];
    }
    assert_true(held_j > 3.6e6);
    double unserved_j = after->unserved_j - before.unserved_j;
    assert_true(fabs(held_j - unserved_j) < 1e-6 * unserved_j);
    double import_j = after->import_j - before.import_j;
    assert_true(fabs((double)shown.with.metered.import_j - import_j) < 1e-3 * import_j);
    assert_true(fabs(shown.with.stored_j - after->stored_j) < 1e-6 * after->stored_j);
    rig_free(&plain);
}

/* Curves and sums tell the same: what was held back, and what the connection carried. */
static void check_curves(void)
{
    double held_j = 0, grid_j = 0, sum_j = 0;
    for (int i = 0; i < shown.sample_count; i++) {
        const sg_rehearsal_sample *s = &shown.sample[i];
        held_j += (s->held_w[0] + s->held_w[1]) * shown.sample_s;
        grid_j += s->grid_w * shown.sample_s;
        assert_true(fabs(s->wanted_w - s->load_w - s->held_w[0] - s->held_w[1]) <
                    1e-6 * s->wanted_w);
    }
    sum_j = shown.with.held_j[0] + shown.with.held_j[1];
    assert_true(fabs(held_j - sum_j) < 0.001 * sum_j);
    double last_j = 150e3 * shown.sample_s; /* of the span under way */
    double metered_j = (double)shown.with.metered.import_j;
    assert_true(grid_j < metered_j * 1.001 && grid_j > metered_j * 0.999 - last_j);
}

static void test_the_grid_is_cut_and_the_live_site_does_not_notice(void **state)
{
    rig live, alone;
    (void)state;
    start(&live, "");
    start(&alone, "");
    sg_twin *twin = sg_twin_create(step_s);
    assert_non_null(twin);
    for (int i = 0; i < 100; i++) {
        rig_step(&live, step_s);
    }
    sg_rehearsal_order order = order_of(&live.site, "{\"event\":\"grid\",\"for\":\"15min\"}");
    assert_int_equal(sg_twin_order(twin, &order), SG_OK);
    await(twin, &live, false);
    assert_int_equal(shown.state, SG_REHEARSAL_DONE);
    assert_int_equal(shown.events_left_out, 0);
    check_story(&live.site);
    check_against_plain_run(shown.from_us);
    check_curves();
    uint64_t ticks = sg_engine_tick(live.engine);
    while (sg_engine_tick(alone.engine) < ticks) {
        rig_step(&alone, step_s);
    }
    assert_int_equal(sg_engine_command_hash(live.engine), sg_engine_command_hash(alone.engine));
    assert_int_equal(sg_engine_hash(live.engine), sg_engine_hash(alone.engine));
    sg_twin_destroy(twin);
    rig_free(&live);
    rig_free(&alone);
}

/* With real devices the plant is made from the site file: there is no other to copy. */
static void test_real_devices_are_played_by_the_site_files_plant(void **state)
{
    rig live;
    (void)state;
    start(&live, "");
    sg_twin *twin = sg_twin_create(step_s);
    for (int i = 0; i < 50; i++) {
        rig_step(&live, step_s);
    }
    double stored_j[2];
    sg_world_stored(live.world, stored_j);
    sg_rehearsal_order order = order_of(&live.site, "{\"event\":\"grid\",\"for\":\"20s\"}");
    assert_int_equal(sg_twin_order(twin, &order), SG_OK);
    await(twin, &live, true);
    assert_int_equal(shown.state, SG_REHEARSAL_DONE);
    double cut_s = incident_s(SG_REHEARSAL_BEGINS);
    assert_true(told_s(SG_GRID, 0, SG_REASON_BRIDGING, cut_s) - cut_s < 2);
    assert_true(shown.sample[0].stored_j > 0.99 * (stored_j[0] + stored_j[1]));
    assert_true(shown.with.stored_j < shown.without.stored_j - 0.3 * 3.6e6);
    sg_twin_destroy(twin);
    rig_free(&live);
}

/* --- the other incidents, on the shadow itself --- */

static sg_shadow *shadow_of(rig *r)
{
    static const sg_foretold nothing;
    start(r, "");
    for (int i = 0; i < 100; i++) {
        rig_step(r, step_s);
    }
    sg_shadow *shadow = sg_shadow_create(&r->site);
    assert_non_null(shadow);
    sg_world_copy(shadow->world, r->world);
    assert_true(sg_shadow_start(shadow, r->engine, sg_engine_state_size(r->engine), &nothing));
    return shadow;
}

static void play(sg_shadow *shadow, const char *body, int i, int steps)
{
    sg_rehearsal_order order = order_of(&shadow->site, body);
    assert_true(sg_shadow_begin(shadow, i, &order));
    for (int k = 0; k < steps; k++) {
        sg_shadow_step(shadow, step_s);
    }
}

static void test_sun_demand_and_packs_do_what_they_say_and_come_back(void **state)
{
    rig r;
    (void)state;
    sg_shadow *shadow = shadow_of(&r);
    sg_world_now now = sg_world_look(shadow->world);
    int rack = r.site.groups[rig_group(&r.site, "rack")].first,
        cooling = r.site.groups[rig_group(&r.site, "cooling")].first,
        battery = r.site.groups[rig_group(&r.site, "battery")].first;
    double sun_w = now.source_could_w[0], want_w[4];
    memcpy(want_w, now.load_want_w + rack, sizeof want_w);
    assert_true(sun_w > 500);
    play(shadow, "{\"event\":\"cloud\"}", 0, 5);
    play(shadow, "{\"event\":\"spike\",\"device\":\"rack\"}", 1, 5);
    now = sg_world_look(shadow->world);
    assert_true(fabs(now.source_could_w[0] - 0.2 * sun_w) < 1e-6 * sun_w);
    for (int l = 0; l < 4; l++) { /* up to the rating */
        assert_true(fabs(now.load_want_w[rack + l] - fmin(1.5 * want_w[l], 30e3)) <
                    1e-6 * want_w[l]);
    }
    assert_true(now.load_want_w[cooling] == 12e3); /* was not named */
    play(shadow, "{\"event\":\"pack\"}", 2, 5);
    play(shadow, "{\"event\":\"grid\"}", 3, 100);
    now = sg_world_look(shadow->world);
    assert_true(now.store_w[battery] > 1 && now.store_w[battery] < 45e3 * (1 + 1e-9));
    for (int i = 0; i < 4; i++) {
        sg_shadow_end(shadow, i);
    }
    for (int i = 0; i < 5; i++) {
        sg_shadow_step(shadow, step_s);
    }
    now = sg_world_look(shadow->world);
    assert_true(now.grid_up && fabs(now.source_could_w[0] - sun_w) < 1e-6 * sun_w);
    assert_memory_equal(now.load_want_w + rack, want_w, sizeof want_w);
    sg_shadow_free(shadow);
    rig_free(&r);
}

static void test_a_silent_row_is_not_read_and_keeps_its_caps(void **state)
{
    rig r;
    double cap_w[4];
    sg_view view;
    (void)state;
    sg_shadow *shadow = shadow_of(&r);
    int rack = rig_group(&r.site, "rack"), first = r.site.groups[rack].first;
    memcpy(cap_w, sg_world_look(shadow->world).load_cap_w + first, sizeof cap_w);
    play(shadow, "{\"event\":\"pdu\",\"device\":\"row-2\"}", 0, 15);
    sg_engine_view(shadow->engine, &view);
    assert_true(view.group[rack].quality >= SG_STALE);
    play(shadow, "{\"event\":\"grid\"}", 1, 3500); /* the others are held back, then switched off */
    sg_world_now now = sg_world_look(shadow->world);
    for (int l = 0; l < 4; l++) {
        bool silent = r.site.devices[SG_LOAD][first + l].node == 2;
        assert_true(silent ? now.load_cap_w[first + l] == cap_w[l]
                           : now.load_cap_w[first + l] < 0.9 * cap_w[l]);
    }
    sg_shadow_end(shadow, 0);
    for (int k = 0; k < 20; k++) {
        sg_shadow_step(shadow, step_s);
    }
    now = sg_world_look(shadow->world);
    for (int l = 0; l < 4; l++) {
        assert_true(now.load_cap_w[first + l] < 0.9 * cap_w[l]);
    }
    sg_shadow_free(shadow);
    rig_free(&r);
}

/* --- what may go wrong --- */

static void test_orders_join_what_runs_until_it_is_full_or_stopped(void **state)
{
    rig live, other;
    static const sg_foretold nothing;
    (void)state;
    start(&live, "");
    start(&other, "");
    sg_twin *twin = sg_twin_create(step_s);
    sg_rehearsal_order order = order_of(&live.site, "{\"event\":\"spike\",\"for\":\"24h\"}");
    order.speed = 1;
    for (int i = 0; i < SG_REHEARSAL_ORDER_MAX; i++) {
        assert_int_equal(sg_twin_order(twin, &order), SG_OK);
    }
    assert_int_equal(sg_twin_order(twin, &order), SG_FULL);
    order.site = &other.site;
    assert_int_equal(sg_twin_order(twin, &order), SG_UNAVAILABLE);
    sg_twin_stop(twin);
    uint64_t number = sg_twin_look(twin, 0, &shown);
    assert_int_equal(shown.state, SG_REHEARSAL_STOPPED);
    assert_int_equal(sg_twin_look(twin, number, &shown), number);
    /* the next one is asked for on a site that is gone when the loop comes by */
    assert_int_equal(sg_twin_order(twin, &order), SG_OK);
    do {
        rig_step(&live, step_s);
        sg_twin_door(twin, &live.site, live.engine, live.world, &nothing);
        nap();
        sg_twin_look(twin, 0, &shown);
    } while (shown.state < SG_REHEARSAL_DONE);
    assert_int_equal(shown.state, SG_REHEARSAL_FAILED);
    assert_non_null(strstr(shown.text, "read again"));
    sg_twin_destroy(twin);
    rig_free(&live);
    rig_free(&other);
}

static jmp_buf out;

static void leave(const char *condition, const char *file, int line)
{
    (void)condition;
    (void)file;
    (void)line;
    longjmp(out, 1);
}

static void *break_something(void *argument)
{
    bool *left = argument;
    if (setjmp(out) == 0) {
        sg_check_on_thread_failure(leave);
        SG_CHECK(left == NULL);
    } else {
        *left = true;
    }
    sg_check_on_thread_failure(NULL);
    return NULL;
}

static void test_a_check_that_fails_in_a_guarded_thread_ends_what_it_did_alone(void **state)
{
    pthread_t thread;
    bool left = false;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, break_something, &left), 0);
    pthread_join(thread, NULL);
    assert_true(left);
}

/* --- the document --- */

static json_t *document(void)
{
    sg_out out_text = {0};
    sg_document_rehearsal(&shown, &out_text);
    json_t *root = json_loadb(out_text.text, out_text.length, JSON_REJECT_DUPLICATES, NULL);
    sg_out_free(&out_text);
    assert_non_null(root);
    return root;
}

static double number_at(const json_t *root, const char *a, const char *b, const char *c)
{
    const json_t *value = json_object_get(json_object_get(json_object_get(root, a), b), c);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void test_the_document_has_the_story_the_curves_and_both_bills(void **state)
{
    rig live;
    (void)state;
    memset(&shown, 0, sizeof shown);
    json_t *root = document();
    assert_string_equal(json_string_value(json_object_get(root, "state")), "none");
    json_decref(root);
    start(&live, "");
    sg_twin *twin = sg_twin_create(step_s);
    sg_rehearsal_order order = order_of(&live.site, "{\"event\":\"grid\",\"for\":\"15min\"}");
    assert_int_equal(sg_twin_order(twin, &order), SG_OK);
    await(twin, &live, false);
    root = document();
    assert_string_equal(json_string_value(json_object_get(root, "state")), "done");
    const json_t *events = json_object_get(root, "events");
    const json_t *first = json_array_get(events, 0), *second = json_array_get(events, 1);
    assert_string_equal(json_string_value(json_object_get(first, "text")),
                        "the grid connection is cut, for 15 min");
    assert_string_equal(json_string_value(json_object_get(second, "reason")), "bridging");
    assert_non_null(
        strstr(json_string_value(json_object_get(second, "text")), "left at this load"));
    double before = number_at(root, "bill", "before", "import_kwh"),
           after = number_at(root, "bill", "after", "import_kwh");
    assert_true(before > after);
    /* by hand: 0.2 USD/kWh for what was bought and for what is missing in the stores; for what was not served 3 in class 0, in
     * class 1 the 2 of a load that says nothing */
    double missing = number_at(root, "bill", "before", "stored_kwh") -
                     number_at(root, "bill", "after", "stored_kwh");
    double more = number_at(root, "bill", "more", "total"),
           by_hand = 0.2 * (after - before + missing) +
                     (3 * (shown.with.held_j[0] - shown.without.held_j[0]) +
                      2 * (shown.with.held_j[1] - shown.without.held_j[1])) /
                         3.6e6;
    assert_true(shown.with.held_j[0] > 1e5 && fabs(more - by_hand) < 2e-3);
    const json_t *series = json_object_get(root, "series");
    size_t count = json_array_size(json_object_get(series, "at_s"));
    assert_true(count > 100 && count < SG_REHEARSAL_SAMPLE_MAX);
    assert_int_equal(json_array_size(json_object_get(series, "grid_kw")), count);
    assert_int_equal(json_array_size(json_object_get(series, "shed_kw")), 2);
    assert_int_equal(shown.sample_count, count);
    json_decref(root);
    sg_twin_destroy(twin);
    rig_free(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_cannot_be_rehearsed_is_refused_with_its_place),
        cmocka_unit_test(test_devices_are_found_or_chosen),
        cmocka_unit_test(test_a_copied_plant_goes_on_like_the_first),
        cmocka_unit_test(test_lumped_stores_move_energy_to_the_same_bits),
        cmocka_unit_test(test_an_untouched_twin_is_the_live_site),
        cmocka_unit_test(test_the_grid_is_cut_and_the_live_site_does_not_notice),
        cmocka_unit_test(test_real_devices_are_played_by_the_site_files_plant),
        cmocka_unit_test(test_sun_demand_and_packs_do_what_they_say_and_come_back),
        cmocka_unit_test(test_a_silent_row_is_not_read_and_keeps_its_caps),
        cmocka_unit_test(test_orders_join_what_runs_until_it_is_full_or_stopped),
        cmocka_unit_test(test_a_check_that_fails_in_a_guarded_thread_ends_what_it_did_alone),
        cmocka_unit_test(test_the_document_has_the_story_the_curves_and_both_bills)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
