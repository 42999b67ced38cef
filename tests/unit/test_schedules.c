/* Classes, weights and minimums by the time of day: shares against hand calculations, through a change to summer time and back, on dates
 * of exception, over midnight; the state goes on from a copy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "world/checker.h"

#include <math.h>
#include <time.h>

/* 90 kW for two racks that want 80 kW each. */
static const char site_text[] = "mode: control\n"
                                "nodes:\n"
                                "  site: {limit: 90kW}\n"
                                "loads:\n"
                                "  day:   {rating: 80kW, demand: 80kW, class: 1, minimum: 10kW}\n"
                                "  batch: {rating: 80kW, demand: 80kW, class: 1, minimum: 10kW}\n"
                                "grid: {import_max: 500kW, import_price: 0.1 EUR/kWh}\n"
                                "schedules:\n"
                                "%s";

static void start_at(rig *r, const char *schedules, const char *time)
{
    char text[4096];
    memset(r, 0, sizeof *r);
    int length = snprintf(text, sizeof text, site_text, schedules);
    rig_parse("hours.yaml", text, (size_t)length, &r->site);
    rig_start(r, SG_POLICY_STATIC, rig_time(time));
}

static void run(rig *r, double seconds)
{
    for (int i = 0; i < (int)(seconds + 0.5); i++) {
        rig_step(r, 1);
    }
}

static double got_kw(const rig *r, int load)
{
    return rig_value(r, SG_POINT_LOAD_POWER, load) / 1e3;
}

static void expect(rig *r, double day_kw, double batch_kw)
{
    assert_true(fabs(got_kw(r, 0) - day_kw) < 1e-6);
    assert_true(fabs(got_kw(r, 1) - batch_kw) < 1e-6);
}

/* Alike by default: 45 and 45. Three times the weight: the minimums of 10 each, and the 70 that are left by 1 to 3. A better class: 80
 * and the minimum of 10. A minimum of 60: 60 and 10, and the 20 that are left alike. */
static void what_changes_changes_the_shares(void **state)
{
    (void)state;
    static const struct {
        const char *change;
        double day_kw, batch_kw;
    } cases[] = {{"weight: 3", 27.5, 62.5},
                 {"class: 0", 10, 80},
                 {"minimum: 60kW", 20, 70},
                 {"class: 2, minimum: 0kW", 80, 10}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        rig r;
        snprintf(text, sizeof text, "  s: {loads: batch, from: \"12:00\", to: \"12:01\", %s}\n",
                 cases[i].change);
        start_at(&r, text, "2026-01-05T11:59:50Z");
        run(&r, 8);
        expect(&r, 45, 45);
        run(&r, 6); /* to 12:00:04 */
        expect(&r, cases[i].day_kw, cases[i].batch_kw);
        run(&r, 54);
        expect(&r, cases[i].day_kw, cases[i].batch_kw);
        run(&r, 6);
        expect(&r, 45, 45);
        assert_true(fabs(sg_world_balance_error_j(r.world)) < 1);
        rig_free(&r);
    }
}

/* The later rule counts where both say something, key by key. */
static void the_later_rule_counts(void **state)
{
    (void)state;
    rig r;
    start_at(&r,
             "  a: {loads: batch, class: 0, weight: 3}\n"
             "  b: {loads: batch, class: 1}\n",
             "2026-01-05T12:00:00Z");
    run(&r, 3);
    expect(&r, 27.5, 62.5);
    rig_free(&r);
}

/* What the rule's own text says of an instant, by the C library's clock. */
typedef struct window {
    const char *zone;
    int from_min, to_min; /* of the local day; to <= from: of the next */
    bool weekdays_only;
    int except_month, except_day; /* of 2026; 0: none */
} window;

static bool library_holds(const window *w, time_t t)
{
    struct tm local;
    localtime_r(&t, &local);
    int minute = local.tm_hour * 60 + local.tm_min;
    bool night = w->to_min <= w->from_min;
    bool yesterday = night && minute < w->to_min;
    if (!(yesterday || (minute >= w->from_min && (night || minute < w->to_min)))) {
        return false;
    }
    struct tm day = local; /* noon of the day on which it began */
    day.tm_mday -= yesterday;
    day.tm_hour = 12;
    day.tm_min = day.tm_sec = 0;
    day.tm_isdst = -1;
    mktime(&day);
    bool excepted =
        day.tm_year == 126 && day.tm_mon + 1 == w->except_month && day.tm_mday == w->except_day;
    return !excepted && !(w->weekdays_only && (day.tm_wday == 0 || day.tm_wday == 6));
}

/* Every minute of two years, through eight changes of the clock. */
static void rules_hold_when_the_librarys_clock_says_so(void **state)
{
    (void)state;
    static const window windows[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", 22 * 60, 6 * 60, false, 0, 0},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 8 * 60, 18 * 60, true, 12, 25},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 150, 165, false, 0,
         0}, /* within the hour that comes and goes */
        {"EST5EDT,M3.2.0,M11.1.0", 23 * 60, 5 * 60 + 30, true, 12, 24}, /* its night of the 24th */
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", 0, 9 * 60, true, 1, 1},
    };
    long held = 0, looked = 0;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        const window *w = &windows[i];
        sg_load_rule rule = {.from_s = w->from_min * 60,
                             .to_s = w->to_min * 60,
                             .days = w->weekdays_only ? 62 : 127};
        assert_int_equal(sg_zone_rule_parse(w->zone, strlen(w->zone), &rule.zone), SG_OK);
        if (w->except_month > 0) {
            rule.except_count = 1;
            rule.except[0] = (int32_t)sg_days_from_civil(2026, w->except_month, w->except_day);
        }
        setenv("TZ", w->zone, 1);
        tzset();
        for (time_t t = 1767225600; t < 1767225600 + 2 * 365 * 86400L; t += 60) {
            bool wanted = library_holds(w, t);
            looked++;
            held += wanted;
            if (sg_schedule_holds(&rule, (int64_t)t * SG_US_PER_S) != wanted) {
                fail_msg("rule %d at %lld", (int)i, (long long)t);
            }
        }
    }
    print_message("%ld of %ld minutes held\n", held, looked);
    assert_true(held > looked / 10 && held < looked / 2);
}

/* 29 March 2026, central Europe: at 02:00 the clock goes to 03:00, which is 01:00 UTC. A rule from 03:00 begins there. 25 October: at 03:00
 * it goes back to 02:00, 01:00 UTC; a rule to 03:00 that began at 02:00 local ends at 02:00 UTC, having lasted two hours. */
static void the_clock_changes(void **state)
{
    (void)state;
    static const char spring[] =
        "  s: {loads: batch, from: \"03:00\", to: \"04:00\", class: 0, timezone: "
        "\"CET-1CEST,M3.5.0,M10.5.0/3\"}\n";
    rig r;
    start_at(&r, spring, "2026-03-29T00:59:50Z");
    run(&r, 8);
    expect(&r, 45, 45);
    run(&r, 6);
    expect(&r, 10, 80);
    rig_free(&r);
    static const char autumn[] =
        "  s: {loads: batch, from: \"02:00\", to: \"03:00\", class: 0, timezone: "
        "\"CET-1CEST,M3.5.0,M10.5.0/3\"}\n";
    static const struct {
        const char *time;
        bool holds;
    } looks[] = {{"2026-10-24T23:59:00Z", false}, {"2026-10-25T00:01:00Z", true},
                 {"2026-10-25T00:59:00Z", true},  {"2026-10-25T01:01:00Z", true},
                 {"2026-10-25T01:59:00Z", true},  {"2026-10-25T02:01:00Z", false}};
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        start_at(&r, autumn, looks[i].time);
        run(&r, 3);
        expect(&r, looks[i].holds ? 10 : 45, looks[i].holds ? 80 : 45);
        rig_free(&r);
    }
}

/* Christmas is excepted, a Sunday in advent is added. */
static void dates_of_exception(void **state)
{
    (void)state;
    static const char rules[] =
        "  s: {loads: batch, from: \"08:00\", to: \"18:00\", days: weekdays, dates: [2026-12-20], "
        "except: 2026-12-25, class: 0}\n";
    static const struct {
        const char *time;
        bool holds;
    } looks[] = {{"2026-12-18T12:00:00Z", true},  {"2026-12-19T12:00:00Z", false},
                 {"2026-12-20T12:00:00Z", true},  {"2026-12-24T12:00:00Z", true},
                 {"2026-12-25T12:00:00Z", false}, {"2026-12-28T07:00:00Z", false}};
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        rig r;
        start_at(&r, rules, looks[i].time);
        run(&r, 3);
        expect(&r, looks[i].holds ? 10 : 45, looks[i].holds ? 80 : 45);
        rig_free(&r);
    }
}

/* Whoever reads the log sees when a rule began; the page shows the class of now; the state carries it all. */
static void it_is_told_and_carried(void **state)
{
    (void)state;
    rig r;
    start_at(&r, "  s: {loads: batch, from: \"12:00\", to: \"12:02\", class: 0}\n",
             "2026-01-05T11:59:50Z");
    run(&r, 15);
    static sg_view view;
    sg_engine_view(r.engine, &view);
    int told = 0;
    for (int i = 0; i < view.decision_count; i++) {
        told += view.decision[i].reason == SG_REASON_SCHEDULE && view.decision[i].index == 1;
    }
    assert_int_equal(told, 1);
    assert_int_equal(view.group[rig_group(&r.site, "batch")].load_class, 0);
    assert_int_equal(view.group[rig_group(&r.site, "day")].load_class, 1);
    size_t size = sg_engine_state_size(r.engine), whole;
    void *copy = rig_block(size);
    memcpy(copy, r.engine, size);
    assert_int_equal(sg_engine_restore_size(copy, size, &whole), SG_OK);
    void *memory = rig_block(whole);
    sg_engine *twin = sg_engine_restore(memory, whole, copy, size);
    assert_non_null(twin);
    for (int i = 0; i < 150; i++) { /* past the rule's end */
        rig_step(&r, 1);
        sg_frame frame = rig_frame(&r);
        sg_engine_step(twin, &frame, NULL);
        assert_true(sg_engine_command_hash(twin) == sg_engine_command_hash(r.engine));
        assert_true(sg_engine_hash(twin) == sg_engine_hash(r.engine));
    }
    expect(&r, 45, 45);
    free(memory);
    free(copy);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_changes_the_shares),
        cmocka_unit_test(the_later_rule_counts),
        cmocka_unit_test(rules_hold_when_the_librarys_clock_says_so),
        cmocka_unit_test(the_clock_changes),
        cmocka_unit_test(dates_of_exception),
        cmocka_unit_test(it_is_told_and_carried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
