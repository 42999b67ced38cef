/* The states of a grid failure, row by row of their table; who is kept, for how long. Figures worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "base/status.h"
#include "control/ride.h"

#include <math.h>
#include <string.h>

static sg_plant_head site;
static sg_ride_input in;
static sg_ride ride;

/* Two classes: 100 kW (at least 40), 200 kW (at least 60); one store of 400 kW and 100 MJ. */
static int fresh(void **state)
{
    (void)state;
    site = (sg_plant_head){.import_w_max = 500e3,
                           .return_delay_s = 5,
                           .return_ramp_w_per_s = 10e3,
                           .class_closing_s = {20, 60}};
    in = (sg_ride_input){.site = &site,
                         .dt_s = 0.1,
                         .voltage = true,
                         .class_want_w = {100e3, 200e3},
                         .class_min_w = {40e3, 60e3},
                         .group_count = 1,
                         .give_w = {400e3},
                         .energy_j = {100e6}};
    sg_ride_init(&ride);
    ride.served = 1;
    return 0;
}

static void step(int count)
{
    for (int i = 0; i < count; i++) {
        sg_ride_step(&ride, &in);
    }
}

static void lose(void)
{
    in.voltage = false;
    step(1);
    assert_int_equal(ride.state, SG_RIDE_BRIDGING);
}

/* The rows as docs/ride-through.md has them, written down a second time. */
static void the_table_has_these_moves_and_no_others(void **state)
{
    (void)state;
    enum { G, B, I, S, D, K, R };
    enum { LOST, STEADY, EMPTY, CARRIED, DRAINING, RUNNING_OUT, SOURCE, UP, DONE };
    static const int8_t to[SG_RIDE_STATE_COUNT][SG_RIDE_EVENT_COUNT] = {
        [G] = {B, G, G, G, G, G, G, G, G}, [B] = {B, R, D, I, B, S, B, B, B},
        [I] = {I, R, D, I, B, I, I, I, I}, [S] = {S, R, D, I, S, S, S, S, S},
        [D] = {D, R, D, D, D, D, K, D, D}, [K] = {K, R, D, K, K, K, K, I, K},
        [R] = {B, R, R, R, R, R, R, R, G},
    };
    for (int s = 0; s < SG_RIDE_STATE_COUNT; s++) {
        assert_int_equal(sg_ride_next((sg_ride_state)s, 0), s);
        for (int e = 0; e < SG_RIDE_EVENT_COUNT; e++) {
            assert_int_equal(sg_ride_next((sg_ride_state)s, 1U << e), to[s][e]);
        }
    }
    static const char *const names[SG_RIDE_STATE_COUNT] = {
        "grid", "bridging", "islanded", "shutting_down", "dark", "black_start", "resynchronising"};
    for (int s = 0; s < SG_RIDE_STATE_COUNT; s++) {
        assert_string_equal(sg_reason_name(sg_ride_reason(s)), names[s]);
    }
    /* of several, the return of the grid comes first, then the dark */
    unsigned all = (1U << SG_RIDE_EVENT_COUNT) - 1;
    assert_int_equal(sg_ride_next(SG_RIDE_BRIDGING, all), SG_RIDE_RESYNC);
    assert_int_equal(sg_ride_next(SG_RIDE_BRIDGING, all & ~(1U << STEADY)), SG_RIDE_DARK);
    assert_int_equal(sg_ride_next(SG_RIDE_RESYNC, all), SG_RIDE_BRIDGING);
}

static void voltage_is_what_is_seen_of_it(void **state)
{
    (void)state;
    static const struct {
        sg_ride_sight sight;
        bool voltage;
    } cases[] = {
        /* connected, quality, up, seen, expected, least, carries, for how long import has been missing */
        {{true, SG_GOOD, 1, 300e3, 0, 10e3, true, 0}, true},
        {{true, SG_GOOD, 0, 300e3, 0, 10e3, true, 0}, false},   /* said to be gone: gone      */
        {{true, SG_GOOD, 1, 0, 300e3, 10e3, true, 2.6}, false}, /* import has collapsed        */
        {{true, SG_GOOD, 1, 0, 300e3, 10e3, true, 2.4}, true},  /* or a command came late      */
        {{true, SG_GOOD, 1, 0, 5e3, 10e3, true, 0}, true},      /* little is due anyway         */
        {{true, SG_GOOD, 1, 9e3, 50e3, 10e3, true, 0}, true},   /* less than due, yet it flows  */
        {{true, SG_GOOD, 1, -1, 300e3, 10e3, true, 0}, true},   /* no meter to hold against it  */
        {{false, SG_GOOD, 1, 0, 300e3, 10e3, true, 0}, true},   /* the switch is open           */
        {{true, SG_SUSPECT, 1, 300e3, 0, 10e3, true, 0}, true},
        {{true, SG_SUSPECT, 1, 0, 0, 10e3, true, 0},
         true}, /* held: nothing is due through the meter */
        {{true, SG_SUSPECT, 1, 0, 300e3, 10e3, true, 2.6}, false},
        {{true, SG_STALE, 1, 0, 0, 10e3, true, 0}, false}, /* nothing shows it: safe side  */
        {{true, SG_NO_DATA, 1, -1, 0, 10e3, true, 0}, false},
        {{true, SG_NO_DATA, 0, 300e3, 0, 10e3, true, 0}, true},
        {{true, SG_SUSPECT, 1, 0, 0, 10e3, false, 0}, true}, /* held, while nothing else carries */
        {{true, SG_SUSPECT, 0, 0, 0, 10e3, false, 0}, false},
        {{true, SG_STALE, 1, 0, 0, 10e3, false, 0}, true}, /* as it was */
        {{false, SG_STALE, 1, 0, 0, 10e3, false, 0}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const sg_ride_sight *s = &cases[i].sight;
        assert_int_equal(sg_ride_voltage(s), cases[i].voltage);
        bool missing = s->connected && s->seen_w == 0 && s->expected_w > 5e3;
        assert_int_equal(sg_ride_missing(s), missing);
    }
}

static void hold_up_follows_the_hand_over(void **state)
{
    (void)state;
    assert_true(isinf(sg_ride_hold_s(&in, 0)) && isinf(sg_ride_hold_s(&in, -1)));
    assert_true(fabs(sg_ride_hold_s(&in, 200e3) - 500) < 1e-9);
    assert_true(sg_ride_hold_s(&in, 401e3) == 0); /* more than it can give at all */
    /* 200 kW for 900 kJ/... : the slow one gives 100 kW for 1000 s, the fast one 50 kW until its 20 MJ are gone at 400 s */
    in.group_count = 2;
    in.give_w[0] = 100e3;
    in.give_w[1] = 300e3;
    in.energy_j[1] = 20e6;
    assert_true(fabs(sg_ride_hold_s(&in, 150e3) - 400) < 1e-9);
    /* 80 kW: the first alone for 1250 s, then the second for 250 s */
    assert_true(fabs(sg_ride_hold_s(&in, 80e3) - 1500) < 1e-6);
    in.energy_j[0] = 0;
    assert_true(fabs(sg_ride_hold_s(&in, 80e3) - 250) < 1e-9);
    in.group_count = 0;
    assert_true(sg_ride_hold_s(&in, 1) == 0);
}

static void a_cut_is_seen_in_its_step_and_ends_after_the_delay(void **state)
{
    (void)state;
    step(10);
    assert_int_equal(ride.state, SG_RIDE_GRID);
    lose();
    step(20);
    assert_true(sg_ride_all_full(&ride)); /* nothing is held back for ten seconds */
    in.voltage = true;
    step(49);
    assert_int_equal(ride.state, SG_RIDE_BRIDGING);
    in.voltage = false; /* a blink: the delay begins anew */
    step(1);
    in.voltage = true;
    step(49);
    assert_false(sg_ride_connected(&ride));
    step(1);
    assert_int_equal(ride.state, SG_RIDE_RESYNC);
    assert_true(fabs(ride.line_w - 1e3) < 1e-6);
    step(498);
    assert_int_equal(ride.state, SG_RIDE_RESYNC); /* 500 kW at 10 kW/s */
    step(2);
    assert_int_equal(ride.state, SG_RIDE_GRID);
}

/* 333 s at this load; asked for 600: class 1 at its minimum gives 625. */
static void classes_are_held_back_for_the_bridge(void **state)
{
    (void)state;
    site.class_closing_s[0] = site.class_closing_s[1] = 0;
    site.bridge_s = 600;
    lose();
    assert_true(fabs(ride.hold_s - 100e6 / 300e3) < 1e-6);
    step(98);
    assert_true(sg_ride_all_full(&ride));
    step(5);
    assert_int_equal(ride.level[0], SG_LEVEL_FULL);
    assert_int_equal(ride.level[1], SG_LEVEL_MINIMUM);
    /* 1100 s are more than 100 kW get: class 0 gives way to its minimum too, and class 1 goes (2500 s for class 0 alone) */
    site.bridge_s = 1100;
    step(1);
    assert_int_equal(ride.level[0], SG_LEVEL_MINIMUM);
    step(2);
    assert_int_equal(ride.state, SG_RIDE_SHUTDOWN);
    assert_int_equal(ride.level[1], SG_LEVEL_OFF);
    assert_int_equal(ride.level[0], SG_LEVEL_MINIMUM);
}

/* Where even class 0's minimum does not last, ten seconds are not given away. */
static void the_short_of_energy_save_at_once(void **state)
{
    (void)state;
    site.bridge_s = 5000;
    lose();
    assert_int_equal(ride.level[1], SG_LEVEL_MINIMUM);
    assert_int_equal(ride.level[0], SG_LEVEL_MINIMUM);
}

static void a_generator_to_come_shortens_what_is_needed(void **state)
{
    (void)state;
    site.bridge_s = 5000;
    in.soon_w = 300e3;
    in.soon_s = 20;
    lose();
    step(300);
    assert_int_equal(ride.state, SG_RIDE_BRIDGING);
    assert_true(sg_ride_all_full(&ride));
    in.soon_w = 0;
    in.free_w = 300e3; /* it runs */
    step(1);
    assert_int_equal(ride.state, SG_RIDE_ISLANDED);
    in.free_w = 280e3;
    step(1);
    assert_int_equal(ride.state, SG_RIDE_ISLANDED);
    in.free_w = 200e3; /* one trips: 100 kW from the store, for 1000 s */
    in.soon_w = 300e3; /* another is asked */
    step(1);
    assert_int_equal(ride.state, SG_RIDE_BRIDGING);
    assert_true(sg_ride_all_full(&ride));
    /* one that is too small for the least of all does not count */
    in.free_w = 0;
    in.soon_w = 50e3;
    step(1);
    assert_int_equal(ride.level[0], SG_LEVEL_MINIMUM);
}

/* Drains the store as the classes kept draw from it. */
static void drain(int count)
{
    for (int i = 0; i < count; i++) {
        double w = 0;
        for (int k = 0; k < 2; k++) {
            w += ride.level[k] <= SG_LEVEL_RETURNING ? in.class_want_w[k]
                 : ride.level[k] == SG_LEVEL_OFF     ? 0
                                                     : in.class_min_w[k];
        }
        in.energy_j[0] = fmax(in.energy_j[0] - w * in.dt_s, 0);
        in.give_w[0] = in.energy_j[0] > 0 ? 400e3 : 0;
        step(1);
    }
}

static void classes_shut_down_in_order_before_the_store_is_empty(void **state)
{
    (void)state;
    lose();
    double told_s[2] = {0}, off_s[2] = {0};
    for (int i = 0; i < 20000 && off_s[0] == 0; i++) {
        drain(1);
        for (int k = 0; k < 2; k++) {
            bool told = ride.level[k] == SG_LEVEL_CLOSING, off = ride.level[k] == SG_LEVEL_OFF;
            told_s[k] = told && told_s[k] == 0 ? i * in.dt_s : told_s[k];
            off_s[k] = off && off_s[k] == 0 ? i * in.dt_s : off_s[k];
        }
    }
    assert_true(told_s[1] > 0 && off_s[1] >= told_s[1] + 60 - 1e-6);
    assert_true(told_s[0] >= off_s[1] && off_s[0] >= told_s[0] + 20 - 1e-6);
    assert_true(in.energy_j[0] > 0 && in.energy_j[0] < 0.05 * 100e6);
    assert_int_equal(ride.state, SG_RIDE_SHUTDOWN);
    step(1);
    assert_int_equal(ride.state, SG_RIDE_DARK);
}

static void generation_ends_a_shutdown(void **state)
{
    (void)state;
    lose();
    while (ride.state != SG_RIDE_SHUTDOWN) {
        drain(1);
    }
    assert_int_equal(ride.level[1], SG_LEVEL_CLOSING);
    in.free_w = 250e3; /* enough for the minimums, not for all */
    step(1);
    assert_int_equal(ride.state, SG_RIDE_ISLANDED);
    assert_int_equal(ride.level[1], SG_LEVEL_CLOSING);
    in.free_w = 400e3;
    step(2);
    assert_true(sg_ride_all_full(&ride));
}

static void from_black_class_by_class(void **state)
{
    (void)state;
    lose();
    in.give_w[0] = in.energy_j[0] = 0;
    step(1);
    assert_int_equal(ride.state, SG_RIDE_DARK);
    assert_int_equal(ride.level[0], SG_LEVEL_OFF);
    /* stores for class 0's minimum, five minutes and its shutdown: 40 kW x 320 s = 12.8 MJ */
    in.give_w[0] = 400e3;
    in.energy_j[0] = 12.7e6;
    step(1);
    assert_int_equal(ride.state, SG_RIDE_DARK);
    in.energy_j[0] = 13e6;
    ride.served = 0; /* what has just been let in is not served yet */
    step(1);
    assert_int_equal(ride.state, SG_RIDE_BLACK_START);
    assert_int_equal(ride.level[0], SG_LEVEL_MINIMUM);
    assert_int_equal(ride.level[1], SG_LEVEL_OFF);
    in.free_w = 330e3; /* a generator */
    step(1);
    assert_int_equal(ride.level[1], SG_LEVEL_OFF);
    ride.served = 1;
    step(1);
    assert_int_equal(ride.level[0], SG_LEVEL_FULL);
    step(1);
    assert_int_equal(ride.level[1], SG_LEVEL_FULL);
    step(1);
    assert_int_equal(ride.state, SG_RIDE_ISLANDED);
    in.free_w = in.give_w[0] = in.energy_j[0] = 0; /* and it all fails again */
    step(1);
    assert_int_equal(ride.state, SG_RIDE_DARK);
    in.class_want_w[0] = in.class_want_w[1] = 0; /* nobody there: nothing to start for */
    in.free_w = 300e3;
    step(1);
    assert_int_equal(ride.state, SG_RIDE_DARK);
}

static void classes_return_one_after_the_other_on_import(void **state)
{
    (void)state;
    lose();
    in.give_w[0] = 0;
    step(1);
    assert_int_equal(ride.state, SG_RIDE_DARK);
    in.voltage = true;
    step(50);
    assert_int_equal(ride.state, SG_RIDE_RESYNC);
    step(38); /* 39 kW: below class 0's 40 */
    assert_int_equal(ride.level[0], SG_LEVEL_OFF);
    ride.served = 0;
    step(3);
    assert_int_equal(ride.level[0], SG_LEVEL_OFF);
    ride.served = 1;
    step(1);
    assert_int_equal(ride.level[0], SG_LEVEL_RETURNING);
    assert_true(sg_ride_protected_w(&ride, &in) == 40e3); /* the stores do not lift it */
    in.give_w[0] = 400e3;
    in.voltage = false; /* again */
    step(1);
    assert_int_equal(ride.state, SG_RIDE_BRIDGING);
    assert_int_equal(ride.level[0], SG_LEVEL_MINIMUM);
    assert_true(ride.lost_s == 0);
}

static void a_long_step_holds_the_whole_return(void **state)
{
    (void)state;
    in.dt_s = 900;
    in.voltage = false;
    in.give_w[0] = 0;
    step(1);
    assert_int_equal(ride.state, SG_RIDE_DARK);
    in.free_w = 500e3;
    ride.served = 0;
    step(1);
    assert_true(sg_ride_all_full(&ride)); /* both classes in one step */
    in.voltage = true;
    step(1);
    assert_int_equal(ride.state, SG_RIDE_GRID);
}

/* --- whatever happens --- */

static bool allowed(int from, int to)
{
    bool row = from == to;
#define X(a, event, b) row = row || (from == (a) && to == (b));
    SG_RIDE_MOVE_LIST(X)
#undef X
    return row;
}

/* May the state be reached within one step, by rows of the table alone? A long step or an empty store takes several. */
static bool reachable(int from, int to)
{
    bool at[SG_RIDE_STATE_COUNT] = {false};
    at[from] = true;
    for (int round = 0; round < SG_RIDE_STATE_COUNT; round++) {
        for (int a = 0; a < SG_RIDE_STATE_COUNT; a++) {
            for (int b = 0; b < SG_RIDE_STATE_COUNT; b++) {
                at[b] = at[b] || (at[a] && allowed(a, b));
            }
        }
    }
    return at[to];
}

static void higher_classes_are_kept_first(void)
{
    for (int k = 1; k < SG_CLASS_MAX; k++) {
        for (int higher = 0; higher < k; higher++) {
            if (!(in.class_want_w[k] > 0) || !(in.class_want_w[higher] > 0)) {
                continue;
            }
            bool shed = ride.level[higher] >= SG_LEVEL_CLOSING;
            assert_false(shed && ride.level[k] < SG_LEVEL_MINIMUM);
            assert_false(ride.level[higher] == SG_LEVEL_OFF && ride.level[k] != SG_LEVEL_OFF);
        }
    }
}

static double unit(uint64_t seed, uint64_t *n)
{
    return sg_prng_unit(seed, (*n)++);
}

static void shake(uint64_t seed, uint64_t *n)
{
    double what = unit(seed, n), how = unit(seed, n);
    if (what < 0.3) {
        in.voltage = !in.voltage;
    } else if (what < 0.5) {
        in.free_w = how < 0.4 ? 0 : how * 500e3;
    } else if (what < 0.7) {
        int g = (int)(how * in.group_count);
        in.energy_j[g] = 200e6 * unit(seed, n) * (unit(seed, n) < 0.6);
        in.give_w[g] = in.energy_j[g] > 0 ? 300e3 * unit(seed, n) : 0;
    } else if (what < 0.8) {
        in.soon_w = how < 0.5 ? 0 : 400e3 * how;
        in.soon_s = 60 * how;
    } else if (what < 0.9) {
        ride.served = how < 0.7;
    } else {
        int k = (int)(how * 4);
        in.class_want_w[k] = 100e3 * unit(seed, n) * (unit(seed, n) < 0.8);
        in.class_min_w[k] = in.class_want_w[k] * unit(seed, n);
    }
}

static void any_sequence_stays_in_the_table_and_keeps_the_order(void **state)
{
    (void)state;
    long moves = 0, seen[SG_RIDE_STATE_COUNT] = {0};
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        uint64_t n = 0;
        fresh(NULL);
        in.group_count = 3;
        in.dt_s = seed % 7 == 0 ? 900 : seed % 3 == 0 ? 1 : 0.1;
        site.bridge_s = seed % 2 ? 600 * unit(seed, &n) : 0;
        site.return_ramp_w_per_s = seed % 5 ? 50e3 : 1e12;
        for (int k = 0; k < 4; k++) {
            site.class_closing_s[k] = unit(seed, &n) < 0.5 ? 0 : 100 * unit(seed, &n);
        }
        for (int i = 0; i < 400; i++) {
            for (int g = 0; g < 3; g++) {
                in.energy_j[g] = fmax(in.energy_j[g] - in.give_w[g] * in.dt_s * 0.5, 0);
                in.give_w[g] = in.energy_j[g] > 0 ? in.give_w[g] : 0;
            }
            if (unit(seed, &n) < 0.2) {
                shake(seed, &n);
            }
            int before = ride.state;
            sg_ride_step(&ride, &in);
            assert_true(ride.state >= 0 && ride.state < SG_RIDE_STATE_COUNT);
            assert_true(reachable(before, ride.state));
            higher_classes_are_kept_first();
            assert_true(ride.hold_s >= 0 && ride.line_w >= 0);
            assert_true(ride.state != SG_RIDE_GRID || (in.voltage && sg_ride_all_full(&ride)));
            assert_true(sg_ride_connected(&ride) == false || in.voltage);
            moves += before != ride.state;
            seen[ride.state]++;
        }
    }
    print_message("%ld moves; steps in each state:", moves);
    for (int s = 0; s < SG_RIDE_STATE_COUNT; s++) {
        print_message(" %s %ld", sg_reason_name(sg_ride_reason(s)), seen[s]);
        assert_true(seen[s] > 1000);
    }
    print_message("\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_table_has_these_moves_and_no_others, fresh),
        cmocka_unit_test_setup(voltage_is_what_is_seen_of_it, fresh),
        cmocka_unit_test_setup(hold_up_follows_the_hand_over, fresh),
        cmocka_unit_test_setup(a_cut_is_seen_in_its_step_and_ends_after_the_delay, fresh),
        cmocka_unit_test_setup(classes_are_held_back_for_the_bridge, fresh),
        cmocka_unit_test_setup(the_short_of_energy_save_at_once, fresh),
        cmocka_unit_test_setup(a_generator_to_come_shortens_what_is_needed, fresh),
        cmocka_unit_test_setup(classes_shut_down_in_order_before_the_store_is_empty, fresh),
        cmocka_unit_test_setup(generation_ends_a_shutdown, fresh),
        cmocka_unit_test_setup(from_black_class_by_class, fresh),
        cmocka_unit_test_setup(classes_return_one_after_the_other_on_import, fresh),
        cmocka_unit_test_setup(a_long_step_holds_the_whole_return, fresh),
        cmocka_unit_test(any_sequence_stays_in_the_table_and_keeps_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
