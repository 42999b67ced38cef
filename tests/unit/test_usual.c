/* What is usual by hour of week: found again in series that were made so, the false alarms as many as promised, what is odd marked. */
#include "forecast/usual.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 3;

static double uniform(void) /* in (-1, 1) */
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(seed >> 12) + 0.5) / 2251799813685248.0 - 1;
}

static void near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("%.17g, expected %.17g", got, expected);
    }
}

/* Thursday 1970-01-01 00:00; Monday 2023-06-05 17:59:59.999999; the hour before 1970. */
static void hours_of_the_week(void **state)
{
    (void)state;
    assert_int_equal(sg_usual_hour(0), 72);
    assert_int_equal(sg_usual_hour(INT64_C(1685987999999999)), 17);
    assert_int_equal(sg_usual_hour(INT64_C(1685988000000000)), 18);
    assert_int_equal(sg_usual_hour(-1), 71);
}

/* A week of a shape of its own for each of three series, readings every quarter hour. */
static double truth(int32_t series, int32_t hour)
{
    return 100 * (series + 1) + 40 * sin(hour * 0.26) + (hour >= 120 ? -30 : 0);
}

static void the_middle_and_the_spread_are_found(void **state)
{
    (void)state;
    enum { N = 3, WEEKS = 60 };
    void *memory = malloc(sg_usual_size(N));
    sg_usual *usual = sg_usual_create(memory, N, 0.001);
    float odd[N];
    for (int32_t i = 0; i < WEEKS * SG_USUAL_HOURS * 4; i++) {
        double value[N];
        for (int32_t s = 0; s < N; s++) {
            value[s] = truth(s, i / 4 % SG_USUAL_HOURS) + 6 * (s + 1) * uniform();
        }
        sg_usual_take(usual, i / 4 % SG_USUAL_HOURS, value, odd);
    }
    for (int32_t s = 0; s < N; s++) {
        for (int32_t hour = 0; hour < SG_USUAL_HOURS; hour++) {
            sg_usual_cell cell = sg_usual_at(usual, s, hour);
            near(cell.middle, truth(s, hour),
                 3 * (s + 1)); /* 32 readings count: 0.6 (s + 1) sigma */
            near(cell.spread, 3 * (s + 1),
                 1.5 * (s + 1)); /* the mean of |6 (s + 1) uniform|      */
            assert_int_equal(cell.weeks, WEEKS - (hour == SG_USUAL_HOURS - 1));
        }
    }
    free(memory);
}

/* Of one hour: 10, then 20 to 29: the middle and the mean size off it by hand. */
static void the_first_weeks_by_hand(void **state)
{
    (void)state;
    void *memory = malloc(sg_usual_size(1));
    sg_usual *usual = sg_usual_create(memory, 1, 0.01);
    double value[] = {10, 14, NAN, 20, 24, 0};
    const int32_t hour[] = {5, 5, 5, 6, 5, 6};
    float odd;
    for (int i = 0; i < 6; i++) {
        sg_usual_take(usual, hour[i], &value[i], &odd);
        near((double)odd, 0, 0);
    }
    sg_usual_cell cell =
        sg_usual_at(usual, 0, 5); /* weeks of 10, 14 (12, off the first by 0 and 4) and of 24 */
    assert_int_equal(cell.weeks, 2);
    near(cell.middle, 18, 1e-5);
    near(cell.spread, (2 * (2 + 12) / 2.0 + 4 * 12) / 6, 1e-5); /* its own is 7, the series' 12 */
    free(memory);
}

/* Of heavy and of skew misses as many are called unusual as was promised. */
static void false_alarms_are_as_many_as_promised(void **state)
{
    (void)state;
    enum { N = 2, WEEKS = 300 };
    const double rate = 0.01;
    void *memory = malloc(sg_usual_size(N));
    sg_usual *usual = sg_usual_create(memory, N, rate);
    int64_t alarms[N] = {0}, judged = 0;
    for (int32_t i = 0; i < WEEKS * SG_USUAL_HOURS; i++) {
        float odd[N];
        double u = 0.5 + uniform() / 2, v = 0.5 + uniform() / 2;
        double value[N] = {50 + copysign(pow(u, -0.4) - 1, uniform()), -log(v)};
        sg_usual_take(usual, i % SG_USUAL_HOURS, value, odd);
        for (int32_t s = 0; s < N && i >= SG_USUAL_WEEKS * SG_USUAL_HOURS + SG_USUAL_HOURS; s++) {
            alarms[s] += odd[s] > 1;
            judged += s == 0;
        }
    }
    for (int32_t s = 0; s < N; s++) {
        near((double)alarms[s] / (double)judged, rate, 0.002);
    }
    free(memory);
}

static void what_is_odd_is_marked_once_and_learnt_when_it_stays(void **state)
{
    (void)state;
    sg_usual *usual = malloc(sg_usual_size(1));
    sg_usual_create(usual, 1, 0.001);
    float odd;
    int32_t marked = 0;
    for (int32_t i = 0; i < 20 * SG_USUAL_HOURS; i++) {
        double value = truth(0, i % SG_USUAL_HOURS) + uniform();
        sg_usual_take(usual, i % SG_USUAL_HOURS, &value, &odd);
    }
    sg_usual_cell before = sg_usual_at(usual, 0, 0);
    double spike = 1e9, gone = NAN;
    sg_usual_take(usual, 0, &spike, &odd);
    assert_true(odd > 100 && odd <= 1e6F);
    sg_usual_take(usual, 0, &gone, &odd);
    near((double)odd, 0, 0);
    for (int32_t i = 1; i <= 30 * SG_USUAL_HOURS; i++) { /* from now on 60 more than before */
        double value = truth(0, i % SG_USUAL_HOURS) + uniform() + 60;
        sg_usual_take(usual, i % SG_USUAL_HOURS, &value, &odd);
        marked += odd > 1;
        if (i < 8) {
            assert_true(odd > 1);
        }
        if (i == 1) { /* the spike moved its hour by half a spread: four of them by an eighth */
            near(sg_usual_at(usual, 0, 0).middle, before.middle, 0.51 * before.spread + 1e-3);
        }
    }
    assert_true(marked < 3 * SG_USUAL_HOURS);
    near(sg_usual_at(usual, 0, 33).middle, truth(0, 33) + 60, 5);
    free(usual);
}

static void whatever_comes_it_stays_a_number(void **state)
{
    (void)state;
    const double kinds[] = {0, 1e9, -1e9, 1e30, 1e300, NAN, INFINITY, -INFINITY, 1e-300, 7};
    sg_usual *usual = malloc(sg_usual_size(2));
    sg_usual_create(usual, 2, 0.05);
    for (int32_t i = 0; i < 200000; i++) {
        float odd[2];
        double value[2] = {kinds[(int)((uniform() + 1) * 4.999)], i % 3 ? 7 : uniform() * 1e-20};
        sg_usual_take(usual, i / 7 % SG_USUAL_HOURS, value, odd);
        for (int s = 0; s < 2; s++) {
            sg_usual_cell cell = sg_usual_at(usual, s, i / 7 % SG_USUAL_HOURS);
            assert_true(odd[s] >= 0 && odd[s] <= 1e6F);
            assert_true(isfinite(cell.middle) && isfinite(cell.limit) && cell.limit >= 3);
            assert_true(isfinite(cell.spread) && cell.spread > 0);
        }
    }
    free(usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_of_the_week),
        cmocka_unit_test(the_middle_and_the_spread_are_found),
        cmocka_unit_test(the_first_weeks_by_hand),
        cmocka_unit_test(false_alarms_are_as_many_as_promised),
        cmocka_unit_test(what_is_odd_is_marked_once_and_learnt_when_it_stays),
        cmocka_unit_test(whatever_comes_it_stays_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
