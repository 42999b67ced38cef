/* The life of alarms against the state diagram of ISA-18.2, written down here once more as a table, and each kind's sign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "base/time.h"
#include "control/control.h"
#include "control/ride.h"
#include "counted_alloc.h"
#include "host/alarm_desk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t START_US = INT64_C(1700000000) * SG_US_PER_S;

static sg_alarms alarms;
static int64_t now_us;

static void begin(void)
{
    sg_alarms_init(&alarms);
    now_us = START_US;
}

/* A look `dt_s` later at what is so. */
static void look(double dt_s, const sg_alarm_sign *sign, int count)
{
    now_us += (int64_t)(dt_s * 1e6);
    sg_alarms_look(&alarms, now_us, sign, count);
}

static sg_alarm_sign sign_of(int kind, const char *source)
{
    sg_alarm_sign sign = {.kind = kind, .value = NAN, .limit = NAN};
    snprintf(sign.source, sizeof sign.source, "%s", source);
    return sign;
}

/* Looks each second for some seconds. */
static void hold(double s, int kind, const char *source)
{
    sg_alarm_sign sign = sign_of(kind, source);
    for (int i = 0; i < (int)s; i++) {
        look(1, &sign, kind >= 0);
    }
}

static sg_alarm newest(int which)
{
    sg_alarm alarm = {.kind = -1, .state = -1};
    (void)sg_alarms_list(&alarms, which, 1, &alarm);
    return alarm;
}

static sg_status act(uint64_t id, sg_alarm_action action, double shelve_s, sg_alarm *ret)
{
    sg_alarm_order order = {.id = id, .action = action, .shelve_s = shelve_s};
    return sg_alarms_act(&alarms, &order, ret);
}

static int events(int what)
{
    int count = 0;
    sg_alarm_event event;
    while (sg_alarms_take(&alarms, &event)) {
        count += event.what == what;
    }
    return count;
}

/* ---- the diagram ---- */

/* What may be done or happen to an alarm, and where it takes it. -1: not there, or refused. */
enum { RISES, FALLS, ACK, SHELVE, UNSHELVE, INPUTS };
enum {
    A = SG_ALARM_UNACKNOWLEDGED,
    B = SG_ALARM_ACKNOWLEDGED,
    C = SG_ALARM_RETURNED,
    D = SG_ALARM_SHELVED,
    N = SG_ALARM_CLEARED
};

/* [state][active before][input]: D is told apart by whether the sign is there when it is left */
static const int diagram[4][2][INPUTS] = {
    [A] = {{-1, -1, -1, -1, -1}, {A, C, B, D, A}},
    [B] = {{-1, -1, -1, -1, -1}, {B, N, B, D, B}},
    [C] = {{A, C, N, D, C}, {-1, -1, -1, -1, -1}},
    [D] = {{D, D, -1, D, N}, {D, D, -1, D, A}},
};

static void put_in_state(int state, bool active)
{
    sg_alarm alarm;
    begin();
    hold(1, SG_ALARM_GRID_LOST, "");
    uint64_t id = newest(SG_ALARMS_STANDING).id;
    if (state == B) {
        assert_int_equal(act(id, SG_ALARM_ACKNOWLEDGE, 0, &alarm), SG_OK);
    } else if (state == D) {
        assert_int_equal(act(id, SG_ALARM_SHELVE, 3600, &alarm), SG_OK);
    }
    if (!active) {
        hold(12, -1, "");
    }
    alarm = newest(SG_ALARMS_STANDING);
    assert_int_equal(alarm.state, state);
    assert_int_equal(alarm.active, active);
}

static int apply(int input, bool active)
{
    sg_alarm before = newest(SG_ALARMS_STANDING), after = before;
    switch (input) {
    case RISES:
        hold(1, SG_ALARM_GRID_LOST, "");
        break;
    case FALLS:
        hold(12, -1, "");
        break;
    default: {
        sg_status status = act(before.id, (sg_alarm_action)(input - ACK), 3600, &after);
        if (status != SG_OK) {
            assert_int_equal(status, SG_RANGE);
            assert_int_equal(newest(SG_ALARMS_STANDING).state, before.state);
            return -1;
        }
    }
    }
    (void)active;
    sg_alarm now = newest(SG_ALARMS_ALL);
    assert_int_equal(now.id, before.id); /* one alarm throughout */
    return now.state;
}

static void every_state_and_input_goes_where_the_diagram_says(void **state)
{
    (void)state;
    int tried = 0;
    for (int from = 0; from < 4; from++) {
        for (int active = 0; active < 2; active++) {
            for (int input = 0; input < INPUTS; input++) {
                int expected = diagram[from][active][input];
                bool there = from == D || active == (from != C);
                if (!there) {
                    continue;
                }
                put_in_state(from, active);
                assert_int_equal(apply(input, active), expected);
                tried++;
            }
        }
    }
    assert_int_equal(tried, 25);
}

/* ---- delays and deadband ---- */

static void is_raised_after_its_on_delay_and_not_before(void **state)
{
    (void)state;
    for (int kind = 0; kind < SG_ALARM_KIND_COUNT; kind++) {
        if (kind == SG_ALARM_FLOOD) {
            continue;
        }
        begin();
        int delay_s = (int)sg_alarm_rule_of(NULL, kind).on_s;
        hold(delay_s, kind, "x"); /* seen first at 0: so for delay - 1 s */
        assert_int_equal(newest(SG_ALARMS_STANDING).kind, -1);
        hold(1, kind, "x");
        assert_int_equal(newest(SG_ALARMS_STANDING).kind, kind);
        assert_int_equal(newest(SG_ALARMS_STANDING).raised_us, now_us);
    }
}

static void a_sign_with_gaps_shorter_than_its_delay_raises_nothing(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 100; i++) {
        hold(5, SG_ALARM_FEEDER_OVER, "pdu"); /* seen for 4 s of the 5 it takes */
        hold(1, -1, "");
    }
    assert_int_equal(newest(SG_ALARMS_ALL).kind, -1);
}

static void gaps_shorter_than_the_off_delay_are_one_alarm(void **state)
{
    (void)state;
    begin();
    hold(10, SG_ALARM_FEEDER_OVER, "pdu");
    for (int i = 0; i < 100; i++) {
        hold(9, -1, ""); /* it returns after 10 */
        hold(1, SG_ALARM_FEEDER_OVER, "pdu");
    }
    assert_int_equal(newest(SG_ALARMS_STANDING).count, 1);
    assert_int_equal(events(SG_ALARM_WAS_RAISED), 1);
    hold(10, -1, "");
    assert_int_equal(newest(SG_ALARMS_STANDING).active, 1);
    hold(1, -1, "");
    assert_int_equal(newest(SG_ALARMS_STANDING).state, SG_ALARM_RETURNED);
}

static void what_is_raised_again_has_its_whole_off_delay(void **state)
{
    (void)state;
    begin();
    hold(1, SG_ALARM_GRID_LOST, "");
    hold(20, -1, "");
    hold(1, SG_ALARM_GRID_LOST, "");
    hold(10, -1, ""); /* not before it was away for 10 s */
    assert_int_equal(newest(SG_ALARMS_STANDING).active, 1);
    assert_int_equal(newest(SG_ALARMS_STANDING).count, 2);
    hold(1, -1, "");
    assert_int_equal(newest(SG_ALARMS_STANDING).active, 0);
}

static void the_deadband_keeps_an_alarm_and_raises_none(void **state)
{
    (void)state;
    sg_alarm_sign warm = sign_of(SG_ALARM_BREAKER_HOT, "pdu");
    warm.warm = true;
    begin();
    for (int i = 0; i < 100; i++) {
        look(1, &warm, 1);
    }
    assert_int_equal(newest(SG_ALARMS_ALL).kind, -1);
    hold(3, SG_ALARM_BREAKER_HOT, "pdu");
    for (int i = 0; i < 100; i++) {
        look(1, &warm, 1);
    }
    assert_int_equal(newest(SG_ALARMS_STANDING).active, 1);
    hold(31, -1, "");
    assert_int_equal(newest(SG_ALARMS_STANDING).active, 0);
    for (int i = 0; i < 100; i++) {
        look(1, &warm, 1);
    }
    assert_int_equal(newest(SG_ALARMS_STANDING).active, 0);
}

static void a_clock_that_jumps_ends_no_delay(void **state)
{
    (void)state;
    sg_alarm_sign sign = sign_of(SG_ALARM_PLAN_MISSING, "");
    begin();
    look(1, &sign, 1);
    look(-86400, &sign, 1); /* back a day */
    assert_int_equal(newest(SG_ALARMS_ALL).kind, -1);
    hold(59, SG_ALARM_PLAN_MISSING, "");
    assert_int_equal(newest(SG_ALARMS_ALL).kind, -1);
    hold(1, SG_ALARM_PLAN_MISSING, "");
    assert_int_equal(newest(SG_ALARMS_STANDING).kind, SG_ALARM_PLAN_MISSING);
}

/* ---- rules of a site ---- */

static sg_alarm_rule rules[SG_ALARM_KIND_COUNT];

static void rules_as_they_come(void)
{
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        rules[i] = sg_alarm_rule_of(NULL, i);
    }
}

static void delays_and_priority_are_those_of_the_site(void **state)
{
    (void)state;
    rules_as_they_come();
    rules[SG_ALARM_FEEDER_OVER] = (sg_alarm_rule){
        .priority = SG_PRIORITY_CRITICAL, .on_s = 20, .off_s = 3, .setpoint = 0, .deadband = 0};
    begin();
    sg_alarms_rules(&alarms, rules);
    hold(20, SG_ALARM_FEEDER_OVER, "pdu"); /* so for 19 s */
    assert_int_equal(newest(SG_ALARMS_ALL).kind, -1);
    hold(1, SG_ALARM_FEEDER_OVER, "pdu");
    assert_int_equal(newest(SG_ALARMS_STANDING).priority, SG_PRIORITY_CRITICAL);
    assert_int_equal(alarms.summary.priority[SG_PRIORITY_CRITICAL], 1);
    assert_int_equal(alarms.summary.raised[SG_PRIORITY_CRITICAL], 1);
    hold(3, -1, ""); /* gone for 2 s */
    assert_int_equal(newest(SG_ALARMS_STANDING).active, 1);
    hold(1, -1, "");
    assert_int_equal(newest(SG_ALARMS_STANDING).active, 0);
}

/* A site file that is read again while alarms stand: they take the new priority, and what returned stays as it is. */
static void what_stands_takes_a_new_priority(void **state)
{
    (void)state;
    rules_as_they_come();
    begin();
    hold(1, SG_ALARM_CLOCK_JUMP, "");
    hold(7, SG_ALARM_FEEDER_OVER, "pdu");
    assert_int_equal(alarms.summary.priority[SG_PRIORITY_HIGH], 1);
    rules[SG_ALARM_FEEDER_OVER].priority = SG_PRIORITY_LOW;
    alarms.changed = false;
    sg_alarms_rules(&alarms, rules);
    assert_true(alarms.changed); /* it is kept on disk */
    hold(1, SG_ALARM_FEEDER_OVER, "pdu");
    assert_int_equal(newest(SG_ALARMS_STANDING).priority, SG_PRIORITY_LOW);
    assert_int_equal(alarms.summary.priority[SG_PRIORITY_HIGH], 0);
    assert_int_equal(alarms.summary.priority[SG_PRIORITY_LOW], 1);
    alarms.changed = false;
    sg_alarms_rules(&alarms, rules);
    assert_false(alarms.changed);
    sg_alarms_rules(&alarms, NULL);
    assert_int_equal(newest(SG_ALARMS_STANDING).priority, SG_PRIORITY_HIGH);
}

/* A flood holds back by the priority that the site gave. */
static void a_flood_goes_by_the_priority_of_the_site(void **state)
{
    (void)state;
    static sg_alarm_sign sign[12];
    rules_as_they_come();
    rules[SG_ALARM_READINGS_STALE].priority = SG_PRIORITY_HIGH;
    rules[SG_ALARM_STORE_DEAF].on_s = 0;
    begin();
    sg_alarms_rules(&alarms, rules);
    for (int i = 0; i < 12; i++) {
        char name[24];
        snprintf(name, sizeof name, "rack-%d", i);
        sign[i] = sign_of(SG_ALARM_READINGS_STALE, name);
    }
    for (int i = 0; i < 10; i++) {
        look(1, sign, 10);
    }
    assert_true(alarms.flood);
    sign[10] = sign_of(SG_ALARM_STORE_DEAF, "bat");
    for (int i = 0; i < 10; i++) {
        look(1, sign, 12);
    }
    assert_int_equal(alarms.summary.active[SG_ALARM_READINGS_STALE], 11);
    assert_int_equal(alarms.summary.suppressed, 1);
}

/* ---- shelving ---- */

static void shelving_ends_by_itself(void **state)
{
    (void)state;
    sg_alarm alarm;
    begin();
    hold(1, SG_ALARM_GRID_LOST, "");
    assert_int_equal(act(1, SG_ALARM_SHELVE, 600, &alarm), SG_OK);
    assert_int_equal(alarm.shelved_until_us, now_us + 600 * SG_US_PER_S);
    (void)events(-1);
    hold(599, SG_ALARM_GRID_LOST, "");
    assert_int_equal(newest(SG_ALARMS_STANDING).state, SG_ALARM_SHELVED);
    assert_int_equal(alarms.summary.priority[SG_PRIORITY_CRITICAL], 0);
    assert_int_equal(events(SG_ALARM_WAS_RAISED), 0);
    hold(1, SG_ALARM_GRID_LOST, "");
    assert_int_equal(newest(SG_ALARMS_STANDING).state, SG_ALARM_UNACKNOWLEDGED);
    assert_int_equal(alarms.summary.priority[SG_PRIORITY_CRITICAL], 1);
    assert_int_equal(events(SG_ALARM_WAS_UNSHELVED), 1);
}

static void nothing_is_shelved_for_longer_than_a_day(void **state)
{
    (void)state;
    sg_alarm alarm;
    begin();
    hold(1, SG_ALARM_GRID_LOST, "");
    assert_int_equal(act(1, SG_ALARM_SHELVE, 1e12, &alarm), SG_OK);
    assert_int_equal(alarm.shelved_until_us, now_us + SG_US_PER_DAY);
}

static void what_is_not_there_is_missing(void **state)
{
    (void)state;
    sg_alarm alarm;
    begin();
    assert_int_equal(act(1, SG_ALARM_ACKNOWLEDGE, 0, &alarm), SG_MISSING);
    hold(1, SG_ALARM_FEEDER_OVER, "pdu"); /* pending, so nobody was shown it */
    assert_int_equal(act(0, SG_ALARM_ACKNOWLEDGE, 0, &alarm), SG_MISSING);
    assert_int_equal(act(1, SG_ALARM_ACKNOWLEDGE, 0, &alarm), SG_MISSING);
}

/* ---- floods and consequences ---- */

static int stale_signs(sg_alarm_sign *sign, int count)
{
    char name[SG_ID_MAX];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "group-%d", i);
        sign[i] = sign_of(SG_ALARM_READINGS_STALE, name);
    }
    return count;
}

static void a_flood_holds_back_what_can_wait_and_nothing_else(void **state)
{
    (void)state;
    static sg_alarm_sign sign[64];
    begin();
    for (int i = 0; i < 12; i++) {
        look(1, sign, stale_signs(sign, 10)); /* ten at once, after their 5 s: a flood */
    }
    assert_true(alarms.flood);
    assert_int_equal(alarms.summary.active[SG_ALARM_READINGS_STALE], 10);
    assert_int_equal(alarms.summary.active[SG_ALARM_FLOOD], 1);
    (void)events(-1);
    int count = stale_signs(sign, 40);
    sign[count++] = sign_of(SG_ALARM_GRID_LOST, "");
    for (int i = 0; i < 10; i++) {
        look(1, sign, count);
    }
    assert_int_equal(alarms.summary.suppressed, 30);
    assert_int_equal(alarms.summary.active[SG_ALARM_READINGS_STALE], 10);
    assert_int_equal(alarms.summary.active[SG_ALARM_GRID_LOST], 1);
    assert_int_equal(events(SG_ALARM_WAS_RAISED), 1);
    /* ten minutes later it is calm, and what is still so is told; what is over by then never is */
    count = stale_signs(sign, 25);
    for (int i = 0; i < 620; i++) {
        look(1, sign, count);
    }
    assert_false(alarms.flood);
    assert_int_equal(alarms.summary.suppressed, 0);
    assert_int_equal(alarms.summary.active[SG_ALARM_READINGS_STALE], 25);
    assert_int_equal(events(SG_ALARM_WAS_RAISED), 15);
}

/* One each 100 s is six in ten minutes: too many for a flood to be over; one each 200 s is three. */
static void a_flood_lasts_until_it_is_calm(void **state)
{
    (void)state;
    static sg_alarm_sign sign[64];
    char name[SG_ID_MAX];
    begin();
    for (int i = 0; i < 12; i++) {
        look(1, sign, stale_signs(sign, 10));
    }
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "gen-%d", i);
        hold(1, SG_ALARM_START_FAILED, name);
        hold(99, -1, "");
        assert_true(alarms.flood);
    }
    for (int i = 0; i < 5; i++) {
        hold(1, SG_ALARM_START_FAILED, "other");
        hold(199, -1, "");
    }
    assert_false(alarms.flood);
}

/* EEMUA 191: at most one in ten minutes can be handled well; nine within them are no flood. */
static void nine_in_ten_minutes_are_no_flood(void **state)
{
    (void)state;
    static sg_alarm_sign sign[64];
    begin();
    for (int i = 0; i < 300; i++) {
        look(1, sign, stale_signs(sign, 9));
    }
    assert_false(alarms.flood);
    assert_int_equal(alarms.summary.suppressed, 0);
}

static void what_follows_from_an_outage_is_not_told_beside_it(void **state)
{
    (void)state;
    sg_alarm_sign sign[2] = {sign_of(SG_ALARM_GRID_LOST, ""),
                             sign_of(SG_ALARM_STORE_RESERVE, "bat")};
    begin();
    for (int i = 0; i < 100; i++) {
        look(1, sign, 2);
    }
    assert_int_equal(newest(SG_ALARM_SUPPRESSED).kind, SG_ALARM_STORE_RESERVE);
    assert_int_equal(alarms.summary.suppressed, 1);
    (void)events(-1);
    for (int i = 0; i < 20; i++) { /* the grid is back, the store still below */
        look(1, &sign[1], 1);
    }
    assert_int_equal(newest(SG_ALARM_UNACKNOWLEDGED).kind, SG_ALARM_STORE_RESERVE);
    assert_int_equal(events(SG_ALARM_WAS_RAISED), 1);
}

/* ---- bounds, counts, order: against a slow obvious account of random signs ---- */

static void counts_agree_with_the_list_whatever_happens(void **state)
{
    (void)state;
    static sg_alarm_sign sign[SG_ALARMS_SIGN_MAX];
    static sg_alarm list[SG_ALARMS_LIST_MAX];
    char name[SG_ID_MAX];
    for (uint64_t seed = 0; seed < 20; seed++) {
        uint64_t n = 0;
        begin();
        for (int step = 0; step < 400; step++) {
            int count = 0;
            for (int i = 0; i < 60; i++) {
                if (sg_prng_unit(seed, n++) < 0.4) {
                    snprintf(name, sizeof name, "s%d", i % 7);
                    sign[count] =
                        sign_of((int)(sg_prng_u64(seed, n++) % SG_ALARM_KIND_COUNT), name);
                    sign[count++].warm = sg_prng_unit(seed, n++) < 0.2;
                }
            }
            look(sg_prng_unit(seed, n++) * 20, sign, count);
            sg_alarm alarm;
            for (int i = 0; i < 2; i++) {
                uint64_t id = 1 + sg_prng_u64(seed, n++) % (alarms.next_id + 1);
                (void)!act(id, (sg_alarm_action)(sg_prng_u64(seed, n++) % 3), 300, &alarm);
            }
            int shelved = 0, suppressed = 0, open = 0, urgent = 0;
            int all = sg_alarms_list(&alarms, SG_ALARMS_STANDING, SG_ALARMS_LIST_MAX, list);
            for (int i = 0; i < all; i++) {
                assert_true(i == 0 || list[i - 1].raised_us >= list[i].raised_us);
                shelved += list[i].state == SG_ALARM_SHELVED;
                suppressed += list[i].state == SG_ALARM_SUPPRESSED;
                open +=
                    list[i].state == SG_ALARM_UNACKNOWLEDGED || list[i].state == SG_ALARM_RETURNED;
                urgent += list[i].active && list[i].state != SG_ALARM_SHELVED &&
                          list[i].priority == SG_PRIORITY_CRITICAL;
                assert_int_equal(list[i].priority, sg_alarm_rule_of(NULL, list[i].kind).priority);
                assert_true(list[i].state != SG_ALARM_RETURNED || !list[i].active);
                assert_true((list[i].state != SG_ALARM_UNACKNOWLEDGED &&
                             list[i].state != SG_ALARM_ACKNOWLEDGED) ||
                            list[i].active);
                for (int j = 0; j < i; j++) { /* one alarm to a point */
                    assert_true(list[i].kind != list[j].kind ||
                                strcmp(list[i].source, list[j].source) != 0);
                    assert_true(list[i].id != list[j].id);
                }
            }
            assert_int_equal(alarms.summary.shelved, shelved);
            assert_int_equal(alarms.summary.suppressed, suppressed);
            assert_int_equal(alarms.summary.unacknowledged, open);
            assert_int_equal(alarms.summary.priority[SG_PRIORITY_CRITICAL], urgent);
        }
    }
}

static void a_full_table_forgets_the_oldest_that_returned_and_counts_the_rest(void **state)
{
    (void)state;
    char name[SG_ID_MAX];
    begin();
    for (int i = 0; i < SG_ALARMS_STANDING_MAX - 1; i++) { /* with the flood's own they fill it */
        snprintf(name, sizeof name, "gen-%d", i);
        hold(1, SG_ALARM_START_FAILED, name);
    }
    hold(62, -1, "");
    assert_int_equal(alarms.summary.unacknowledged, SG_ALARMS_STANDING_MAX);
    hold(1, SG_ALARM_START_FAILED, "another");
    assert_string_equal(newest(SG_ALARMS_STANDING).source, "another");
    assert_int_equal(newest(SG_ALARM_CLEARED).id, 1);
    assert_int_equal(alarms.summary.lost, 0);
}

static void a_look_allocates_nothing(void **state)
{
    (void)state;
    static sg_alarm_sign sign[64];
    if (!INTERPOSED) {
        skip();
    }
    begin();
    int count = stale_signs(sign, 40);
    allocations = 0;
    counting = true;
    for (int i = 0; i < 100; i++) {
        look(1, sign, i % 40 < 20 ? count : 0);
    }
    counting = false;
    assert_int_equal(allocations, 0);
    assert_true(alarms.next_id > 30);
}

/* ---- over a restart ---- */

static bool same(const sg_alarm *a, const sg_alarm *b)
{
    return a->id == b->id && a->kind == b->kind && a->priority == b->priority &&
           a->state == b->state && a->active == b->active && a->count == b->count &&
           strcmp(a->source, b->source) == 0 && a->first_us == b->first_us &&
           a->raised_us == b->raised_us && a->cleared_us == b->cleared_us &&
           a->acknowledged_us == b->acknowledged_us && a->shelved_until_us == b->shelved_until_us &&
           strcmp(a->note, b->note) == 0 &&
           (a->value == b->value || (isnan(a->value) && isnan(b->value)));
}

static void all_of_it_is_there_after_a_restart(void **state)
{
    (void)state;
    static sg_alarm before[SG_ALARMS_LIST_MAX], after[SG_ALARMS_LIST_MAX];
    static sg_alarms again;
    char folder[] = "/tmp/symgrid-alarms-XXXXXX", path[64];
    sg_alarm alarm;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/alarms.json", folder);
    begin();
    sg_alarm_sign sign[4] = {
        sign_of(SG_ALARM_GRID_LOST, ""), sign_of(SG_ALARM_JOURNAL_DEGRADED, ""),
        sign_of(SG_ALARM_START_FAILED, "gen \"1\""), sign_of(SG_ALARM_CLOCK_JUMP, "")};
    sign[3].value = -2.5;
    sign[3].limit = 1;
    look(1, sign, 4);
    sg_alarm_order order = {.id = 2, .action = SG_ALARM_ACKNOWLEDGE, .note = "Störung gemeldet"};
    assert_int_equal(sg_alarms_act(&alarms, &order, &alarm), SG_OK);
    assert_int_equal(act(3, SG_ALARM_SHELVE, 7200, &alarm), SG_OK);
    for (int i = 0; i < 100; i++) {
        look(1, sign, 3);
    }
    assert_int_equal(act(4, SG_ALARM_ACKNOWLEDGE, 0, &alarm), SG_OK);
    int count = sg_alarms_list(&alarms, SG_ALARMS_ALL, SG_ALARMS_LIST_MAX, before);
    assert_int_equal(count, 4);
    assert_true(sg_alarms_keep(path, before, count));
    sg_alarms_init(&again);
    assert_int_equal(sg_alarms_recall(path, &again), SG_OK);
    assert_int_equal(sg_alarms_list(&again, SG_ALARMS_ALL, SG_ALARMS_LIST_MAX, after), count);
    for (int i = 0; i < count; i++) {
        assert_true(same(&before[i], &after[i]));
    }
    /* and they go on: no second alarm for what is still so, the next id is a new one, the shelf has its time */
    sg_alarms_look(&again, now_us + 1, sign, 3);
    assert_int_equal(sg_alarms_list(&again, SG_ALARMS_ALL, SG_ALARMS_LIST_MAX, after), count);
    assert_int_equal(again.next_id, 5);
    assert_int_equal(again.summary.shelved, 1);
    assert_false(sg_alarms_take(&again, &(sg_alarm_event){0}));
    unlink(path);
    rmdir(folder);
}

#define HEAD "{\"format\":\"symgrid.alarms/1\",\"alarms\":["
#define ONE(id, state, active)                                                                     \
    HEAD "{\"id\":" id                                                                             \
         ",\"kind\":\"grid_lost\",\"source\":null,\"priority\":\"critical\",\"state\":\"" state    \
         "\",\"active\":" active ",\"note\":null,\"first\":null,\"raised\":null,\"cleared\":null," \
         "\"acknowledged\":null,\"shelved_until\":null}]}"

static sg_status recall(const char *path, const char *text, sg_alarms *ret)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    sg_alarms_init(ret);
    return sg_alarms_recall(path, ret);
}

static void a_broken_file_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{\"format\":\"symgrid.alarms/2\",\"alarms\":[]}",
                                        HEAD "1]}",
                                        HEAD "{\"id\":\"1\",\"kind\":\"grid_lost\"}]}",
                                        ONE("\"-1\"", "returned", "false"),
                                        ONE("1", "returned", "false"),
                                        ONE("\"1\"", "asleep", "false"),
                                        ONE("\"1\",\"priority\":\"urgent\"", "returned", "false"),
                                        ONE("\"1\"", "returned", "true"),
                                        ONE("\"1\"", "acknowledged", "false")};
    static sg_alarms fresh;
    char path[] = "/tmp/symgrid-alarms-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(recall(path, texts[i], &fresh), SG_CORRUPT);
        assert_int_equal(fresh.next_id, 1);
        assert_int_equal(fresh.past_count, 0);
    }
    assert_int_equal(recall(path, ONE("\"7\"", "returned", "false"), &fresh), SG_OK);
    assert_int_equal(fresh.next_id, 8);
    unlink(path);
    assert_int_equal(sg_alarms_recall(path, &fresh), SG_OK); /* no file: the first start */
}

/* ---- signs ---- */

static const sg_kind battery = {.name = "cell", .title = "battery", .role = SG_STORE};
static sg_device devices[3][2];
static sg_node nodes[2] = {{.parent = -1, .limit_w = INFINITY},
                           {.parent = 0, .group = 1, .limit_w = 5000}};
static sg_node_group node_groups[2] = {{"main", 0, 1, 1}, {"pdu", 1, 1, 2}};
static sg_group groups[3] = {{.id = "gen", .kind = &battery, .role = SG_SOURCE, .count = 1},
                             {.id = "bat", .kind = &battery, .role = SG_STORE, .count = 2},
                             {.id = "racks", .kind = &battery, .role = SG_LOAD, .count = 2}};
static sg_site site = {.id = "",
                       .title = "t",
                       .nodes = nodes,
                       .node_count = 2,
                       .node_groups = node_groups,
                       .node_group_count = 2,
                       .devices = {devices[0], devices[1], devices[2], devices[0]},
                       .device_count = {1, 2, 2, 1},
                       .groups = groups,
                       .group_count = 3};
static sg_view calm, view;
static sg_alarm_watch watch;
static sg_alarm_sign seen[SG_ALARMS_SIGN_MAX];

static void all_is_well(void)
{
    calm = (sg_view){
        .time_us = START_US, .tick = 1000, .grid_up = 1, .group_count = 3, .policy = SG_POLICY_MPC};
    for (int g = 0; g < 3; g++) {
        calm.group[g] = (sg_view_group){
            .role = (int32_t)groups[g].role, .energy_j = 5e8, .capacity_j = 1e9, .floor_j = 3e8};
    }
    watch = (sg_alarm_watch){0};
    view = calm;
    assert_int_equal(sg_alarm_signs(&watch, &site, &view, 0.1, false, seen), 0);
    view.tick++;
    view.time_us += 100000;
}

/* Exactly one sign, of this kind and source. */
static const sg_alarm_sign *only(int kind, const char *source)
{
    int count = sg_alarm_signs(&watch, &site, &view, 0.1, false, seen);
    assert_int_equal(count, 1);
    assert_int_equal(seen[0].kind, kind);
    assert_string_equal(seen[0].source, source);
    return &seen[0];
}

static void each_plain_condition_is_its_sign_and_no_other(void **state)
{
    (void)state;
    all_is_well();
    view.grid_up = 0;
    (void)only(SG_ALARM_GRID_LOST, "");
    all_is_well();
    view.ride = SG_RIDE_SHUTDOWN;
    view.hold_s = 90;
    assert_true(only(SG_ALARM_SHUTTING_DOWN, "")->value == 90);
    all_is_well();
    view.ride = SG_RIDE_DARK;
    (void)only(SG_ALARM_SITE_DARK, "");
    all_is_well();
    view.safe = 1;
    (void)only(SG_ALARM_SAFE_SET, "");
    all_is_well();
    view.journal_degraded = 1;
    (void)only(SG_ALARM_JOURNAL_DEGRADED, "");
    all_is_well();
    view.rung = SG_RUNG_RULES;
    (void)only(SG_ALARM_PLAN_MISSING, "");
    view.policy = SG_POLICY_RULES; /* which makes none, so none is missing */
    view.tick++;
    view.time_us += 100000;
    assert_int_equal(sg_alarm_signs(&watch, &site, &view, 0.1, false, seen), 0);
    all_is_well();
    assert_int_equal(sg_alarm_signs(&watch, &site, &view, 0.1, true, seen), 1);
    assert_int_equal(seen[0].kind, SG_ALARM_WEBHOOK_FAILING);
    all_is_well();
    view.group[2].shed_count = 2;
    assert_true(only(SG_ALARM_LOAD_SHED, "racks")->value == 2);
    all_is_well();
    view.group[0].fault_count = 1;
    (void)only(SG_ALARM_START_FAILED, "gen");
    all_is_well();
    view.group[1].fault_count = 1;
    (void)only(SG_ALARM_STORE_DEAF, "bat");
    all_is_well();
    view.group[2].quality = SG_STALE;
    (void)only(SG_ALARM_READINGS_STALE, "racks");
    all_is_well();
    view.doubt_count = 1;
    view.doubt[0] =
        (sg_view_doubt){.kind = SG_POINT_NODE_POWER, .index = 1, .verdict = SG_VERDICT_SIGN};
    (void)only(SG_ALARM_DISBELIEVED, "pdu power");
}

static void a_site_without_a_grid_misses_none(void **state)
{
    (void)state;
    all_is_well();
    site.device_count[SG_GRID] = 0;
    view.grid_up = 0;
    assert_int_equal(sg_alarm_signs(&watch, &site, &view, 0.1, false, seen), 0);
    site.device_count[SG_GRID] = 1;
}

static void analogue_signs_carry_value_limit_and_deadband(void **state)
{
    (void)state;
    all_is_well();
    view.strain_count = 1;
    view.strain[0] = (sg_view_strain){.node = 1, .heat = 0.83, .limit_w = INFINITY};
    const sg_alarm_sign *sign = only(SG_ALARM_BREAKER_HOT, "pdu");
    assert_true(fabs(sign->value - 83) < 1e-9 && sign->limit == 80 && !sign->warm);
    view.strain[0] = (sg_view_strain){.node = 1, .power_w = 5100, .limit_w = 5000};
    view.tick++;
    view.time_us += 100000;
    sign = only(SG_ALARM_FEEDER_OVER, "pdu");
    assert_true(sign->value == 5.1 && sign->limit == 5 && !sign->warm);
    all_is_well();
    view.group[1].energy_j =
        2.95e8; /* 0.5 % of the capacity below its reserve: inside the deadband */
    assert_true(only(SG_ALARM_STORE_RESERVE, "bat")->warm);
    view.group[1].energy_j = 2.85e8;
    view.tick++;
    view.time_us += 100000;
    sign = only(SG_ALARM_STORE_RESERVE, "bat");
    assert_true(!sign->warm && fabs(sign->limit - 3e8 / 3.6e6) < 1e-9);
    view.group[1].quality = SG_STALE; /* then its energy is not known */
    view.tick++;
    view.time_us += 100000;
    (void)only(SG_ALARM_READINGS_STALE, "bat");
}

static void the_clock_is_held_against_the_steps(void **state)
{
    (void)state;
    all_is_well();
    view.time_us += 3600 * SG_US_PER_S;
    assert_true(fabs(only(SG_ALARM_CLOCK_JUMP, "")->value - 3600) < 1e-6);
    view.tick++;
    view.time_us += 100000;
    assert_int_equal(sg_alarm_signs(&watch, &site, &view, 0.1, false, seen), 0);
    view.tick++;
    view.time_us -= 7200 * SG_US_PER_S;
    assert_true(only(SG_ALARM_CLOCK_JUMP, "")->value < -7199);
    view.tick += 36000; /* an hour of steps between two views is no jump */
    view.time_us += 3600 * SG_US_PER_S;
    assert_int_equal(sg_alarm_signs(&watch, &site, &view, 0.1, false, seen), 0);
}

/* Where the signs begin and end is the site's, too. */
static void setpoints_and_deadbands_are_those_of_the_site(void **state)
{
    (void)state;
    rules_as_they_come();
    rules[SG_ALARM_STORE_RESERVE].setpoint = 0.1;
    rules[SG_ALARM_STORE_RESERVE].deadband = 0.02;
    rules[SG_ALARM_CLOCK_JUMP].setpoint = 60;
    rules[SG_ALARM_BREAKER_HOT].setpoint = 0.9;
    site.alarms = rules;
    all_is_well();
    view.group[1].energy_j = 2.25e8; /* 7.5 % of the capacity below its reserve: nothing yet */
    assert_int_equal(sg_alarm_signs(&watch, &site, &view, 0.1, false, seen), 0);
    view.group[1].energy_j = 2.15e8; /* 8.5 % */
    assert_true(only(SG_ALARM_STORE_RESERVE, "bat")->warm);
    view.group[1].energy_j = 1.95e8; /* 10.5 % */
    assert_false(only(SG_ALARM_STORE_RESERVE, "bat")->warm);
    all_is_well();
    view.time_us += 59 * SG_US_PER_S;
    assert_int_equal(sg_alarm_signs(&watch, &site, &view, 0.1, false, seen), 0);
    view.tick++;
    view.time_us += 62 * SG_US_PER_S;
    assert_true(only(SG_ALARM_CLOCK_JUMP, "")->limit == 60);
    all_is_well();
    view.strain_count = 1;
    view.strain[0] = (sg_view_strain){.node = 1, .heat = 0.93, .limit_w = INFINITY};
    assert_true(only(SG_ALARM_BREAKER_HOT, "pdu")->limit == 90);
    rules[SG_ALARM_LATE_STEPS].setpoint = 0.05; /* 2 % of the steps late show no longer */
    all_is_well();
    for (int i = 0; i < 3000; i++) {
        view.tick++;
        view.time_us += 100000;
        view.late_steps += i % 50 == 0;
        int count = sg_alarm_signs(&watch, &site, &view, 0.1, false, seen);
        assert_true(count == 0);
    }
    site.alarms = NULL;
}

/* 2 % of the steps late for a minute shows, and is over a few minutes later; 0.2 % never shows. */
static void late_steps_show_when_they_are_many(void **state)
{
    (void)state;
    int shown = 0, gone_after = 0;
    all_is_well();
    for (int i = 0; i < 6000; i++) {
        view.tick++;
        view.time_us += 100000;
        view.late_steps += i < 3000 ? i % 50 == 0 : 0;
        int count = sg_alarm_signs(&watch, &site, &view, 0.1, false, seen);
        shown += i < 3000 && count == 1 && seen[0].kind == SG_ALARM_LATE_STEPS && !seen[0].warm;
        gone_after = count ? i : gone_after;
    }
    assert_true(shown > 2000);
    assert_true(gone_after > 3000 && gone_after < 5000);
    all_is_well();
    for (int i = 0; i < 6000; i++) {
        view.tick++;
        view.time_us += 100000;
        view.late_steps += i % 500 == 499;
        assert_int_equal(sg_alarm_signs(&watch, &site, &view, 0.1, false, seen), 0);
    }
}

/* ---- every kind is fit for people: text, advice, and shares of the priorities as EEMUA 191 has them ---- */

static void every_kind_says_what_is_the_matter_and_what_to_do(void **state)
{
    (void)state;
    int of[SG_PRIORITY_COUNT] = {0};
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        assert_true(strlen(sg_alarm_kind_text(i)) > 10);
        assert_true(strlen(sg_alarm_kind_advice(i)) > 20);
        assert_int_equal(sg_alarm_kind_find(sg_alarm_kind_name(i)), i);
        assert_true(sg_text_is_id(sg_alarm_kind_name(i)));
        of[sg_alarm_rule_of(NULL, i).priority]++;
    }
    assert_true(of[SG_PRIORITY_CRITICAL] <= 3); /* few: they must not be lost among others */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_input_goes_where_the_diagram_says),
        cmocka_unit_test(is_raised_after_its_on_delay_and_not_before),
        cmocka_unit_test(a_sign_with_gaps_shorter_than_its_delay_raises_nothing),
        cmocka_unit_test(gaps_shorter_than_the_off_delay_are_one_alarm),
        cmocka_unit_test(what_is_raised_again_has_its_whole_off_delay),
        cmocka_unit_test(the_deadband_keeps_an_alarm_and_raises_none),
        cmocka_unit_test(a_clock_that_jumps_ends_no_delay),
        cmocka_unit_test(delays_and_priority_are_those_of_the_site),
        cmocka_unit_test(what_stands_takes_a_new_priority),
        cmocka_unit_test(a_flood_goes_by_the_priority_of_the_site),
        cmocka_unit_test(shelving_ends_by_itself),
        cmocka_unit_test(nothing_is_shelved_for_longer_than_a_day),
        cmocka_unit_test(what_is_not_there_is_missing),
        cmocka_unit_test(a_flood_holds_back_what_can_wait_and_nothing_else),
        cmocka_unit_test(a_flood_lasts_until_it_is_calm),
        cmocka_unit_test(nine_in_ten_minutes_are_no_flood),
        cmocka_unit_test(what_follows_from_an_outage_is_not_told_beside_it),
        cmocka_unit_test(counts_agree_with_the_list_whatever_happens),
        cmocka_unit_test(a_full_table_forgets_the_oldest_that_returned_and_counts_the_rest),
        cmocka_unit_test(a_look_allocates_nothing),
        cmocka_unit_test(all_of_it_is_there_after_a_restart),
        cmocka_unit_test(a_broken_file_changes_nothing),
        cmocka_unit_test(each_plain_condition_is_its_sign_and_no_other),
        cmocka_unit_test(a_site_without_a_grid_misses_none),
        cmocka_unit_test(analogue_signs_carry_value_limit_and_deadband),
        cmocka_unit_test(the_clock_is_held_against_the_steps),
        cmocka_unit_test(setpoints_and_deadbands_are_those_of_the_site),
        cmocka_unit_test(late_steps_show_when_they_are_many),
        cmocka_unit_test(every_kind_says_what_is_the_matter_and_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
