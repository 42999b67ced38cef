/* The planner's foresight: who speaks and why, clocks that jump, what a restart keeps, what the outlook takes over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/foresight.h"
#include "engine/layout.h"
#include "host/lookout.h"
#include "rig.h"

#include <dirent.h>
#include <math.h>
#include <unistd.h>

enum { DAY = 96, SLOT_S = 900, FIRST = 1700000 };

static const char text[] =
    "id: urn:uuid:11111111-2222-3333-4444-555555555555\n"
    "planning: {period: 15min, step: 15min, horizon: 24h}\n"
    "series:\n"
    "  want: {daily: [{from: \"00:00\", value: 20 kW}, {from: \"08:00\", value: 60 kW}, {from: "
    "\"18:00\", value: 30 kW}]}\n"
    "loads: {server: {rating: 80kW, demand: want}}\n"
    "stores: {battery: {type: lithium_ion, capacity: 100kWh, discharge_rate: 25kW}}\n"
    "grid: {import_max: 200kW, import_price: 0.2 EUR/kWh}\n";

static sg_seen seen;
static sg_foretold told;

/* A day's course, and up to 500 W either way that nobody can know. */
static double load_of(int64_t slot)
{
    double noise = (double)((uint64_t)slot * UINT64_C(0x9E3779B97F4A7C15) >> 44) / 1048576.0 - 0.5;
    return 50e3 + 20e3 * sin((double)slot * 6.283185307179586 / DAY) + 1000 * noise;
}

static sg_foresight *open_foresight(const char *more)
{
    static char whole[4096];
    sg_site site;
    int length = snprintf(whole, sizeof whole, "%s%s", text, more);
    rig_parse("foresight.yaml", whole, (size_t)length, &site);
    const sg_foresight_config config = {.horizon_s = 86400};
    sg_foresight *self = sg_foresight_create(&site, &config);
    assert_non_null(self);
    sg_site_free(&site);
    memset(&told, 0, sizeof told);
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        sg_forecast_init(&seen.series[c], 0);
    }
    return self;
}

/* Quarter hour `slot` passes; it has ended for certain when the next one begins. */
static void pass(int64_t slot)
{
    const double value[SG_SERIES_COUNT] = {load_of(slot), 0, 5 + 0.05 * (double)(slot % DAY), 90};
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        sg_forecast_step(&seen.series[c], (slot + 1) * SLOT_S * SG_US_PER_S, SLOT_S, value[c]);
    }
}

static void live_through(sg_foresight *self, int64_t from, int64_t to)
{
    for (int64_t slot = from; slot < to; slot++) {
        pass(slot);
        sg_foresight_look(self, &seen, &told);
    }
}

static const sg_foretold_lead *lead_of(int series, int lead)
{
    return &told.series[series].lead[lead];
}

static void it_begins_with_the_last_value_and_says_why(void **state)
{
    (void)state;
    sg_foresight *self = open_foresight("");
    live_through(self, FIRST, FIRST + 20);
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_24H)->speaker, SG_SPEAKER_LAST);
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_24H)->fall, SG_FALL_YOUNG);
    assert_int_equal(lead_of(SG_SERIES_SUN, SG_LEAD_1H)->fall, SG_FALL_ABSENT);
    assert_true(told.series[SG_SERIES_LOAD].mean[95] == load_of(told.slot));
    live_through(self, FIRST + 20, FIRST + 8 * DAY);
    for (int i = 0; i < SG_LEAD_COUNT; i++) {
        assert_int_equal(lead_of(SG_SERIES_LOAD, i)->speaker, SG_SPEAKER_MIXTURE);
        assert_int_equal(lead_of(SG_SERIES_LOAD, i)->fall, SG_FALL_NONE);
    }
    for (int h = 0; h < told.horizon; h++) {
        assert_true(fabs(told.series[SG_SERIES_LOAD].mean[h] - load_of(told.slot + 1 + h)) < 1500);
    }
    assert_true(sg_track_skill(&lead_of(SG_SERIES_LOAD, SG_LEAD_1H)->score) > 0.3);
    assert_int_equal(told.series[SG_SERIES_SUN].present, 0);
    sg_foresight_free(self);
}

/* What the clock skipped is missing and is not guessed; set back it is silent until the time is new; set far away it begins anew. */
static void a_clock_that_jumps_is_told_of(void **state)
{
    (void)state;
    sg_foresight *self = open_foresight("");
    int64_t at = FIRST + 9 * DAY;
    live_through(self, FIRST, at);
    live_through(self, at + 30, at + 34); /* seven and a half hours are not there */
    assert_int_equal(told.series[SG_SERIES_LOAD].rows, 9 * DAY + 33);
    assert_int_equal(told.slot, at + 32);
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_1H)->speaker, SG_SPEAKER_MIXTURE);
    assert_true(fabs(told.series[SG_SERIES_LOAD].mean[0] - load_of(at + 33)) < 3000);
    live_through(self, at + 24, at + 27); /* two and a half hours back */
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_1H)->fall, SG_FALL_CLOCK);
    assert_true(lead_of(SG_SERIES_LOAD, SG_LEAD_1H)->speaker != SG_SPEAKER_MIXTURE);
    live_through(self, at + 27, at + 40);
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_1H)->fall, SG_FALL_NONE);
    live_through(self, FIRST - 400 * DAY, FIRST - 400 * DAY + 5);
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_1H)->fall, SG_FALL_YOUNG);
    live_through(self, FIRST, FIRST + 6 * DAY); /* more than a history later */
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_1H)->fall, SG_FALL_NONE);
    assert_true(told.series[SG_SERIES_LOAD].rows <= 6 * DAY);
    sg_foresight_free(self);
}

static void a_restart_keeps_history_and_scores(void **state)
{
    (void)state;
    sg_foresight *self = open_foresight(""), *next;
    live_through(self, FIRST, FIRST + 8 * DAY);
    char *bytes = calloc(1, sg_foresight_saved_size_max(self));
    size_t size = sg_foresight_save(self, bytes);
    assert_true(size <= sg_foresight_saved_size_max(self));
    int64_t scored = lead_of(SG_SERIES_LOAD, SG_LEAD_4H)->score.count;
    sg_foresight_free(self);
    sg_seen then = seen;
    next = open_foresight("");
    assert_int_equal(sg_foresight_load(next, bytes, size), SG_OK);
    seen = then;
    live_through(next, FIRST + 8 * DAY, FIRST + 8 * DAY + 1);
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_1H)->speaker, SG_SPEAKER_MIXTURE);
    assert_int_equal(told.series[SG_SERIES_LOAD].rows, 8 * DAY);
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_4H)->score.count, scored + 1);
    assert_true(fabs(told.series[SG_SERIES_LOAD].mean[40] - load_of(told.slot + 41)) < 1500);
    sg_foresight_free(next);
    next = open_foresight("");
    for (size_t at = 0; at < size; at += at < 64 ? 1 : 997) { /* no byte may differ */
        bytes[at] ^= 16;
        assert_true(sg_foresight_load(next, bytes, size) != SG_OK);
        bytes[at] ^= 16;
    }
    for (size_t cut = 0; cut < size; cut += 1013) {
        assert_true(sg_foresight_load(next, bytes, cut) != SG_OK);
    }
    sg_foresight_look(next, &seen, &told); /* untouched by all of that */
    assert_true(told.series[SG_SERIES_LOAD].rows <= SG_HISTORY_SLOT_MAX);
    free(bytes);
    sg_foresight_free(next);
}

static void another_site_begins_without_history(void **state)
{
    (void)state;
    sg_foresight *self = open_foresight("");
    live_through(self, FIRST, FIRST + DAY);
    char *bytes = calloc(1, sg_foresight_saved_size_max(self));
    size_t size = sg_foresight_save(self, bytes);
    sg_foresight_free(self);
    sg_site site;
    rig_load("sites/household.maml.md", "", &site);
    const sg_foresight_config config = {.horizon_s = 86400};
    self = sg_foresight_create(&site, &config);
    assert_int_equal(sg_foresight_load(self, bytes, size), SG_RANGE);
    const sg_foresight_config unknown = {.horizon_s = 86400, .models = "persistence,none_such"};
    assert_null(sg_foresight_create(&site, &unknown));
    sg_site_free(&site);
    sg_foresight_free(self);
    free(bytes);
}

/* The outlook tells what was foretold while that is young, and the engine's own forecast after two hours; tasks come on top of either. */
static void the_outlook_takes_it_over_while_it_is_young(void **state)
{
    (void)state;
    rig r = {0};
    rig_parse("foresight.yaml", text, sizeof text - 1, &r.site);
    rig_start(&r, SG_POLICY_MPC, rig_time("2023-05-10T00:00:00Z"));
    for (int i = 0; i < 40; i++) {
        rig_step(&r, SLOT_S);
    }
    static sg_outlook own, with;
    sg_engine_outlook(r.engine, SLOT_S * SG_US_PER_S, DAY, NULL, &own);
    memset(&told, 0, sizeof told);
    told.any = 1;
    told.horizon = DAY;
    told.slot = sg_engine_slot(r.engine) - 3;
    for (int h = 0; h < DAY; h++) {
        told.series[SG_SERIES_LOAD].mean[h] = 1000 + h;
        told.series[SG_SERIES_LOAD].low[h] = 900 + h;
        told.series[SG_SERIES_LOAD].high[h] = 1300 + h;
        told.series[SG_SERIES_SUN].mean[h] = 500;
        told.series[SG_SERIES_SUN].low[h] = 100;
        told.series[SG_SERIES_SUN].high[h] = 600;
        told.series[SG_SERIES_PRICE].mean[h] = 7;
    }
    sg_engine_outlook(r.engine, SLOT_S * SG_US_PER_S, DAY, &told, &with);
    assert_true(with.load_w[0] ==
                own.load_w[0]); /* of the quarter hour under way something is known */
    int64_t begins = with.start_us / (SLOT_S * SG_US_PER_S) - told.slot - 1; /* index of step 0 */
    for (int t = 1; t + begins < DAY; t++) {
        assert_true(with.load_w[t] == 1000 + t + (double)begins);
        assert_true(with.available_w[t] == 500);
        assert_true(fabs(with.miss_w[t] - 500) < 1e-9); /* 300 above and 400 below */
        assert_true(with.import_price[t] == 7e-6);
    }
    assert_true(with.load_w[DAY - 1] ==
                told.series[SG_SERIES_LOAD].mean[begins - 1]); /* a day before */
    told.slot = sg_engine_slot(r.engine) - SG_FORETOLD_AGE_MAX - 1;
    sg_engine_outlook(r.engine, SLOT_S * SG_US_PER_S, DAY, &told, &with);
    assert_memory_equal(&with, &own, sizeof own);
    rig_stop(&r);
    sg_site_free(&r.site);
}

static void the_view_says_what_is_told_instead(void **state)
{
    (void)state;
    static sg_view view;
    memset(&view, 0, sizeof view);
    sg_view_tell(&view, NULL, 100);
    assert_int_equal(view.told[SG_SERIES_LOAD].lead[0].fall, SG_FALL_NO_MEMORY);
    sg_foresight *self = open_foresight("");
    live_through(self, FIRST, FIRST + 8 * DAY);
    sg_view_tell(&view, &told, told.slot);
    assert_int_equal(view.told[SG_SERIES_LOAD].lead[SG_LEAD_1H].fall, SG_FALL_NONE);
    assert_true(view.load_forecast.in_1h_w == told.series[SG_SERIES_LOAD].mean[3]);
    view.load_forecast.in_1h_w = 5;
    sg_view_tell(&view, &told, told.slot + SG_FORETOLD_AGE_MAX + 1);
    assert_int_equal(view.told[SG_SERIES_LOAD].lead[SG_LEAD_1H].fall, SG_FALL_LATE);
    assert_true(view.load_forecast.in_1h_w == 5); /* the engine's own */
    sg_foresight_free(self);
}

static void beyond_the_horizon_a_day_is_the_one_before(void **state)
{
    (void)state;
    const sg_foretold f = {.horizon = 100};
    const int64_t ahead[] = {1, 100, 101, 196, 197, 672};
    const int place[] = {0, 99, 4, 99, 4, 95};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(sg_foretold_place(&f, ahead[i]), place[i]);
    }
}

static int lines;

static void count_line(const char *line)
{
    (void)line;
    lines++;
}

/* Beside the loop or in it the same is told; a file that cannot be used costs one line and the history. */
static void a_lookout_keeps_its_history(void **state)
{
    (void)state;
    char dir[] = "/tmp/symgrid-lookout-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/%s", dir, SG_LOOKOUT_FILE);
    rig r = {0};
    rig_parse("foresight.yaml", text, sizeof text - 1, &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-05-10T00:00:00Z"));
    lines = 0;
    static sg_foretold after;
    sg_lookout *lookout = sg_lookout_create(&r.site, dir, false, count_line);
    for (int i = 0; i < 6 * DAY; i++) {
        rig_step(&r, SLOT_S);
        (void)sg_lookout_step(lookout, r.engine, &told);
    }
    assert_int_equal(lead_of(SG_SERIES_LOAD, SG_LEAD_24H)->speaker, SG_SPEAKER_MIXTURE);
    sg_lookout_destroy(lookout);
    lookout = sg_lookout_create(&r.site, dir, true, count_line);
    memset(&after, 0, sizeof after);
    rig_step(&r, SLOT_S);
    while (!sg_lookout_step(lookout, r.engine, &after)) {
        usleep(1000);
    }
    assert_true(after.series[SG_SERIES_LOAD].rows >= told.series[SG_SERIES_LOAD].rows);
    assert_int_equal(after.series[SG_SERIES_LOAD].lead[SG_LEAD_24H].speaker, SG_SPEAKER_MIXTURE);
    sg_lookout_destroy(lookout);
    assert_int_equal(lines, 0);
    assert_int_equal(truncate(path, 1000), 0);
    sg_lookout_destroy(sg_lookout_create(&r.site, dir, true, count_line));
    assert_int_equal(lines, 1);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/%s", dir, SG_UNUSUAL_FILE);
    (void)unlink(path);
    assert_int_equal(rmdir(dir), 0);
    sg_lookout_destroy(sg_lookout_create(&r.site, dir, false, count_line)); /* nowhere to keep it */
    assert_int_equal(lines, 2);
    rig_stop(&r);
    sg_site_free(&r.site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_with_the_last_value_and_says_why),
        cmocka_unit_test(a_clock_that_jumps_is_told_of),
        cmocka_unit_test(a_restart_keeps_history_and_scores),
        cmocka_unit_test(another_site_begins_without_history),
        cmocka_unit_test(the_outlook_takes_it_over_while_it_is_young),
        cmocka_unit_test(the_view_says_what_is_told_instead),
        cmocka_unit_test(beyond_the_horizon_a_day_is_the_one_before),
        cmocka_unit_test(a_lookout_keeps_its_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
