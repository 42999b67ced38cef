/* Work dealt out over ticks: everyone's turn comes once a round, and no tick has more than its share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forecast/stagger.h"

#include <string.h>

enum { COUNT_MAX = 1000 };

/* One round from the phase on: each series once, as evenly as whole grains go. */
static void deal_a_round(int32_t count, int32_t grain, int32_t period, int32_t phase)
{
    static int seen[COUNT_MAX];
    int32_t g = (count + grain - 1) / grain, most = 0;
    sg_stagger s;
    memset(seen, 0, sizeof seen);
    sg_stagger_init(&s, count, grain, period, phase);
    for (int32_t tick = 0; tick < period; tick++) {
        sg_span due = sg_stagger_next(&s);
        assert_true(0 <= due.from && due.from <= due.to && due.to <= count);
        int32_t share = (due.to - due.from + grain - 1) / grain;
        assert_true(share == g / period || share == (g + period - 1) / period);
        assert_true(due.from % grain == 0 || due.from == count);
        for (int32_t i = due.from; i < due.to; i++) {
            seen[i]++;
        }
        most = due.to - due.from > most ? due.to - due.from : most;
    }
    assert_true(most <= sg_stagger_most(&s) &&
                most > sg_stagger_most(&s) - grain); /* the last may be cut */
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(seen[i], 1);
    }
}

static void every_series_has_one_turn_in_a_round(void **state)
{
    (void)state;
    const int32_t counts[] = {0, 1, 7, 8, 60, 61, 999, 1000}, grains[] = {1, 8},
                  periods[] = {1, 2, 7, 60, 300};
    for (int c = 0; c < 8; c++) {
        for (int g = 0; g < 2; g++) {
            for (int p = 0; p < 5; p++) {
                deal_a_round(counts[c], grains[g], periods[p], 0);
                deal_a_round(counts[c], grains[g], periods[p], periods[p] - 1);
            }
        }
    }
}

static void the_phase_says_where_a_round_begins(void **state)
{
    (void)state;
    sg_stagger s;
    sg_stagger_init(&s, 100, 1, 10, 3);
    assert_int_equal(sg_stagger_next(&s).from, 30);
    for (int i = 0; i < 6; i++) {
        sg_stagger_next(&s);
    }
    assert_int_equal(sg_stagger_next(&s).from, 0);
    assert_int_equal(sg_stagger_next(&s).to, 20);
}

static void two_billion_series_do_not_overflow(void **state)
{
    (void)state;
    sg_stagger s;
    sg_stagger_init(&s, INT32_MAX, 8, INT32_MAX, INT32_MAX - 1);
    assert_int_equal(sg_stagger_next(&s).to, INT32_MAX);
    assert_int_equal(sg_stagger_next(&s).from, 0);
    assert_int_equal(sg_stagger_most(&s), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_series_has_one_turn_in_a_round),
        cmocka_unit_test(the_phase_says_where_a_round_begins),
        cmocka_unit_test(two_billion_series_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
