/* The operations that keep numbers inside their bounds: every argument of a small domain, and the corners of the whole one,
 * against the definition in wider integers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/agent.h"
#include "agent/bounds.h"
#include "base/prng.h"

enum { SMALL = 12 };

static const int32_t CORNERS[] = {
    0, 1, 2, 999, 65535, 65536, SG_AGENT_POWER_MW_MAX - 1, SG_AGENT_POWER_MW_MAX};
enum { CORNER_COUNT = sizeof CORNERS / sizeof *CORNERS };

static void check_clamped(int64_t x, int64_t low, int64_t high)
{
    int64_t got = sg_agent_clamped((int32_t)x, (int32_t)low, (int32_t)high);
    assert_true(got >= low && got <= high);
    assert_true(got == x || (x < low && got == low) || (x > high && got == high));
}

/* Never overshoots, never moves more than allowed, and gets as near as that permits. */
static void check_ramped(int64_t x, int64_t target, int64_t most)
{
    int64_t got = sg_agent_ramped((int32_t)x, (int32_t)target, (int32_t)most);
    int64_t away = target - x, moved = got - x;
    int64_t far = away < 0 ? -away : away;
    assert_true(away >= 0 ? moved >= 0 : moved <= 0);
    assert_true((moved < 0 ? -moved : moved) == (far < most ? far : most));
}

static void small_numbers_are_all_tried(void **state)
{
    (void)state;
    for (int x = -SMALL; x <= SMALL; x++) {
        for (int low = -SMALL; low <= SMALL; low++) {
            for (int high = low; high <= SMALL; high++) {
                check_clamped(x, low, high);
            }
            for (int most = 0; most <= 2 * SMALL + 1; most++) {
                check_ramped(x, low, most);
            }
        }
    }
}

static void great_numbers_do_not_overflow(void **state)
{
    (void)state;
    for (int i = 0; i < CORNER_COUNT * 2; i++) {
        for (int j = 0; j < CORNER_COUNT * 2; j++) {
            int32_t x = i < CORNER_COUNT ? CORNERS[i] : -CORNERS[i - CORNER_COUNT];
            int32_t y = j < CORNER_COUNT ? CORNERS[j] : -CORNERS[j - CORNER_COUNT];
            for (int k = 0; k < CORNER_COUNT; k++) {
                check_ramped(x, y, CORNERS[k]);
                check_ramped(x, y, 2 * CORNERS[k]);
            }
            check_clamped(x, y < x ? y : x, y < x ? x : y);
            check_clamped(INT32_MIN, y < x ? y : x, y < x ? x : y);
            check_clamped(INT32_MAX, y < x ? y : x, y < x ? x : y);
        }
    }
}

static void products_are_those_of_wide_integers(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000000; i++) {
        uint64_t r = sg_prng_u64(7, i);
        /* lengths of every kind, and all ones where carries run furthest */
        uint32_t a = (uint32_t)r >> (i & 31), b = (uint32_t)(r >> 32) >> (i / 32 & 31);
        a = i % 7 == 0 ? UINT32_MAX >> (i & 31) : a;
        b = i % 5 == 0 ? UINT32_MAX >> (i / 32 & 31) : b;
        uint64_t product = (uint64_t)a * b;
        assert_true(sg_agent_product(a, b) == product);
        int32_t most = (int32_t)(r >> 33);
        int32_t capped = product < (uint64_t)most ? (int32_t)product : most;
        assert_int_equal(sg_agent_product_capped(a, b, most), capped);
    }
}

static void counters_stop_at_their_end(void **state)
{
    (void)state;
    uint32_t counter = UINT32_MAX - 1;
    sg_agent_count(&counter);
    assert_int_equal(counter, UINT32_MAX);
    sg_agent_count(&counter);
    assert_int_equal(counter, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_numbers_are_all_tried),
        cmocka_unit_test(great_numbers_do_not_overflow),
        cmocka_unit_test(products_are_those_of_wide_integers),
        cmocka_unit_test(counters_stop_at_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
