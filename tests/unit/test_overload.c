/* Warnings of a limit: the chance against the distribution behind the intervals, and precision, recall, lead and margin by hand. */
#include "study/overload.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("%.17g, expected %.17g", got, expected);
    }
}

/* Misses even from -1 to 1: P(miss > d) = (1 - d) / 2 where the intervals tell, whatever their order. */
static void the_chance_is_that_of_the_misses(void **state)
{
    (void)state;
    enum { COUNT = 1999 };
    const double levels[] = {0.95, 0.5, 0.8};
    const double said[] = {100, 90};
    float miss[2 * COUNT], sorted[COUNT];
    sg_bands bands;
    for (int i = 0; i < COUNT; i++) {
        miss[2 * i] = miss[2 * i + 1] = (float)(-1 + (i + 1) / 1000.0);
    }
    assert_int_equal(sg_bands_create(&bands, 1, 2, levels, 3), SG_OK);
    sg_bands_start(&bands, miss, COUNT, sorted);
    for (double d = -0.95; d <= 0.951; d += 0.05) {
        near(sg_overload_chance(&bands, said, 0, 100 + d), (1 - d) / 2, 1e-6);
    }
    near(sg_overload_chance(&bands, said, 0, 99), 0.975,
         1e-6); /* below all bounds: at least that */
    near(sg_overload_chance(&bands, said, 0, 100.95), 0.025, 1e-6);
    near(sg_overload_chance(&bands, said, 0, 101.1), 0.00625,
         1e-6); /* a quarter in 0.15, again in the next 0.15 */
    assert_true(sg_overload_chance(&bands, said, 0, 1e9) >= 0);
    sg_bands_free(&bands);
}

/* Rows 0 1 2 3 ... with the limit 10; events at rows 6 and 12. Horizon 3, windows from 2 to 12. */
static const double rows[] = {1, 1, 2, 5, 8, 9, 11, 12, 4, 3, 2, 9, 15, 1, 1};
enum { ROWS = sizeof rows / sizeof rows[0], FROM = 2, WINDOWS = 11 };

static void what_warnings_are_worth_by_hand(void **state)
{
    (void)state;
    double value[ROWS], limit = 10, deviation = 2;
    uint8_t missing[ROWS] = {0};
    float chance[WINDOWS], last[WINDOWS];
    for (int i = 0; i < ROWS; i++) {
        value[i] = rows[i];
    }
    sg_panel panel = {
        .series_count = 1, .row_count = ROWS, .stride = ROWS, .value = value, .missing = missing};
    sg_overload it = {.limit = &limit,
                      .deviation = &deviation,
                      .from = FROM,
                      .count = WINDOWS,
                      .series_count = 1,
                      .horizon = 3,
                      .chance = chance,
                      .near = last};
    sg_bands none;
    double said[3] = {0};
    assert_int_equal(sg_bands_create(&none, 1, 3, NULL, 0), SG_OK);
    for (int origin = FROM; origin < FROM + WINDOWS; origin++) {
        said[2] = origin == 5 || origin == 6 || origin == 9
                      ? 11
                      : 0; /* without intervals it is sure or not at all */
        sg_overload_keep(&it, &none, said, &panel, origin);
    }
    sg_bands_free(&none);
    assert_true(isnan(chance[7 - FROM]) && isnan(chance[8 - FROM])); /* rows 6 and 7 are above it */
    near((double)last[6 - FROM], -0.5, 1e-6);
    /* Due: windows 4 5 6 (row 6), 10 11 12 (row 12); warned: 5 6 9, right 5 6; the first event is told two rows ahead. */
    sg_overload_worth worth = sg_overload_judge(&it, &panel, chance, 0.5);
    assert_int_equal(worth.judged, 9);
    assert_int_equal(worth.due, 6);
    assert_int_equal(worth.warned, 3);
    assert_int_equal(worth.right, 2);
    assert_int_equal(worth.events, 2);
    assert_int_equal(worth.caught, 1);
    near(worth.lead_rows, 2, 1e-12);
    /* Last values of windows 2 .. 6, 9 .. 12: 1 2 5 8 9 | 4 3 2 9; of those due 5 8 9 3 2 9: with two right the margin is 9 - 10. */
    double least;
    assert_int_equal(sg_overload_beside(&it, &panel, 2, &least), SG_OK);
    near(least, -0.5, 1e-6);
    worth = sg_overload_judge(&it, &panel, last, least);
    assert_int_equal(worth.warned, 2);
    assert_int_equal(worth.right, 2);
    assert_int_equal(worth.caught, 2);
    near(worth.lead_rows, 1, 1e-12);
    assert_int_equal(sg_overload_beside(&it, &panel, 5, &least),
                     SG_OK); /* 3 and more: 3 4 5 8 9 9 */
    worth = sg_overload_judge(&it, &panel, last, least);
    assert_int_equal(worth.warned, 6);
    assert_int_equal(worth.right, 5);
    near(worth.lead_rows, 3, 1e-12);
    assert_int_equal(sg_overload_beside(&it, &panel, 7, &least), SG_OK);
    assert_true(least == -(double)INFINITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chance_is_that_of_the_misses),
        cmocka_unit_test(what_warnings_are_worth_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
