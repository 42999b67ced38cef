/* The mixture at work: it learns a day's course and holds its interval; fits that fail, holes, numbers that are none, a history that is full. */
#include "forecast/live.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { DAY = 24, HORIZON = 24 };
static const char models[] = "persistence,seasonal_naive,profile_week,autoregression,ridge_short";
static double mean[HORIZON], low[HORIZON], high[HORIZON];
static uint64_t seed;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / 4503599627370496.0 - 1;
}

static double course(int64_t row)
{
    return 100 + 40 * sin((double)row * 6.283185307179586 / DAY);
}

static sg_live new_live(void)
{
    sg_live live;
    const sg_live_shape shape = {.horizon = HORIZON,
                                 .season = DAY,
                                 .rows_least = 4 * DAY,
                                 .rows_most = 21 * DAY,
                                 .rows_anew = 7 * DAY,
                                 .models = models,
                                 .seen_least = 0.5};
    assert_int_equal(sg_live_create(&live, &shape), SG_OK);
    seed = 5;
    return live;
}

/* Rows [from, to) of the course with noise. */
static void feed(sg_live *live, int64_t from, int64_t to)
{
    for (int64_t row = from; row < to; row++) {
        sg_live_take(live, course(row) + 4 * uniform());
        (void)sg_live_predict(live, mean, low, high);
    }
}

static void a_days_course_is_learnt_and_the_interval_holds(void **state)
{
    (void)state;
    sg_live live = new_live();
    double missed = 0, last_missed = 0, inside = 0, count = 0;
    feed(&live, 0, 14 * DAY);
    assert_int_equal(live.state, SG_LIVE_READY);
    for (int64_t row = 14 * DAY; row < 74 * DAY; row++) {
        assert_true(sg_live_predict(&live, mean, low, high));
        double truth[HORIZON], last = live.panel.value[live.panel.row_count - 1];
        uint64_t before = seed;
        for (int h = 0; h < HORIZON; h++) {
            truth[h] = course(row + h) + 4 * uniform();
        }
        seed = before;
        for (int h = 5; h < HORIZON; h += 6) {
            missed += fabs(truth[h] - mean[h]);
            last_missed += fabs(truth[h] - last);
            inside += low[h] <= truth[h] && truth[h] <= high[h];
            count++;
        }
        sg_live_take(&live, course(row) + 4 * uniform());
    }
    /* noise of up to 4 either way misses by 2 on average; nobody can do better */
    assert_true(missed / count < 2.4 && missed < 0.2 * last_missed);
    assert_true(fabs(inside / count - 0.8) < 0.04);
    assert_true(live.fit_count >= 5 && live.panel.row_count <= 28 * DAY);
    sg_live_free(&live);
}

static void too_few_rows_say_nothing(void **state)
{
    (void)state;
    sg_live live = new_live();
    mean[0] = -7;
    for (int64_t row = 0; row < 4 * DAY - 1; row++) {
        sg_live_take(&live, course(row));
        assert_false(sg_live_predict(&live, mean, low, high));
        assert_int_equal(live.state, SG_LIVE_YOUNG);
    }
    assert_true(mean[0] == -7);
    sg_live_take(&live, course(4 * DAY - 1));
    assert_true(sg_live_predict(&live, mean, low, high));
    sg_live_free(&live);
}

static int fits_that_fail;

static sg_status fail_to_fit(void *self, const sg_panel *panel, int64_t from, int64_t to)
{
    (void)self, (void)panel, (void)from, (void)to;
    return fits_that_fail-- > 0 ? SG_NOMEM : SG_OK;
}

static void speak_nonsense(const void *self, const sg_panel *panel, int64_t origin, double *ret)
{
    (void)self;
    bool nonsense = panel->value[origin - 1] > 1000;
    for (int h = 0; h < HORIZON; h++) {
        ret[h] = nonsense ? (double)NAN : 100;
    }
}

/* A fit that fails leaves no forecast, the rows go on, and a day later it is tried again. */
static void a_fit_that_fails_is_tried_again(void **state)
{
    (void)state;
    sg_live live = new_live();
    sg_forecaster failing = *live.ensemble.model[1];
    failing.fit = fail_to_fit;
    live.ensemble.model[1] = &failing;
    fits_that_fail = 2;
    feed(&live, 0, 4 * DAY);
    assert_int_equal(live.state, SG_LIVE_UNFITTED);
    assert_false(sg_live_predict(&live, mean, low, high));
    feed(&live, 4 * DAY, 5 * DAY);
    assert_int_equal(live.state, SG_LIVE_UNFITTED);
    feed(&live, 5 * DAY, 6 * DAY);
    assert_int_equal(live.state, SG_LIVE_READY);
    assert_true(sg_live_predict(&live, mean, low, high));
    sg_live_free(&live);
}

static void a_model_that_says_no_number_is_not_heard(void **state)
{
    (void)state;
    sg_live live = new_live();
    sg_forecaster mad = *live.ensemble.model[1];
    mad.predict = speak_nonsense;
    mad.fit = NULL;
    live.ensemble.model[1] = &mad;
    feed(&live, 0, 6 * DAY);
    assert_int_equal(live.state, SG_LIVE_READY);
    sg_live_take(&live, 2000);
    assert_false(sg_live_predict(&live, mean, low, high));
    assert_int_equal(live.state, SG_LIVE_NOT_FINITE);
    sg_live_take(&live, 100);
    assert_true(sg_live_predict(&live, mean, low, high));
    assert_int_equal(live.state, SG_LIVE_READY);
    feed(&live, 6 * DAY + 2, 8 * DAY);
    for (int h = 0; h < HORIZON; h++) {
        assert_true(isfinite(mean[h]) && low[h] <= high[h]);
    }
    sg_live_free(&live);
}

static void a_history_of_holes_is_not_learnt_from(void **state)
{
    (void)state;
    sg_live live = new_live();
    for (int64_t row = 0; row < 8 * DAY; row++) { /* a third was seen */
        sg_live_take(&live, row % 3 == 0 ? course(row) : (double)NAN);
    }
    assert_int_equal(live.state, SG_LIVE_HOLES);
    assert_false(sg_live_predict(&live, mean, low, high));
    feed(&live, 8 * DAY, 20 * DAY);
    assert_int_equal(live.state, SG_LIVE_READY);
    for (int64_t row = 20 * DAY; row < 22 * DAY;
         row++) { /* two days dark: it speaks of what it knows */
        sg_live_take(&live, (double)NAN);
        assert_true(sg_live_predict(&live, mean, low, high));
    }
    for (int h = 0; h < HORIZON; h++) {
        assert_true(fabs(mean[h] - course(22 * DAY + h)) < 8); /* of a course from 60 to 140 */
    }
    sg_live_free(&live);
}

/* Whatever comes in, what comes out is finite. */
static void nothing_but_numbers_comes_out(void **state)
{
    (void)state;
    static const double odd[] = {1e9, -1e9, 1e140, 1e200, 0, 0, 1e-300};
    for (int round = 0; round < 12; round++) {
        sg_live live = new_live();
        seed = (uint64_t)round + 77;
        int spoken = 0;
        for (int64_t row = 0; row < 40 * DAY; row++) {
            double u = uniform(), v = uniform();
            double value = round % 4 == 0 ? 3 : course(row) + 30 * v;
            value = u > 0.97 ? odd[(int)(fabs(v) * 7) % 7] : u < -0.9 ? (double)NAN : value;
            sg_live_take(&live, value);
            if (sg_live_predict(&live, mean, low, high)) {
                spoken++;
                for (int h = 0; h < HORIZON; h++) {
                    assert_true(isfinite(mean[h]) && isfinite(low[h]) && isfinite(high[h]));
                }
            }
        }
        assert_true(spoken > 0);
        sg_live_free(&live);
    }
}

static void what_was_kept_is_learnt_from_at_once(void **state)
{
    (void)state;
    static double kept[40 * DAY];
    sg_live live = new_live();
    for (int i = 0; i < 40 * DAY; i++) {
        kept[i] = i % 50 == 7 ? (double)NAN : course(i) + 4 * uniform();
    }
    sg_live_restore(&live, kept, 40 * DAY);
    assert_int_equal(live.panel.row_count, 21 * DAY);
    assert_false(sg_live_predict(&live, mean, low, high));
    sg_live_fit_when_due(&live);
    assert_true(sg_live_predict(&live, mean, low, high));
    for (int h = 0; h < HORIZON; h++) {
        assert_true(fabs(mean[h] - course(40 * DAY + h)) < 5);
        assert_true(low[h] < mean[h] && mean[h] < high[h]);
    }
    sg_live_forget(&live);
    assert_false(sg_live_predict(&live, mean, low, high));
    feed(&live, 0, 5 * DAY);
    assert_true(sg_live_predict(&live, mean, low, high));
    sg_live_restore(&live, kept, DAY); /* too little to learn from */
    sg_live_fit_when_due(&live);
    assert_int_equal(live.state, SG_LIVE_YOUNG);
    sg_live_free(&live);
}

/* After `change` a day has a course of three shifts. Returns what is missed on the days 4 to 10 after it, mean over all leads. */
static double missed_after_change(int64_t change, bool watching, int64_t *ret_drifts,
                                  int64_t *ret_row)
{
    sg_live live;
    const sg_live_shape shape = {HORIZON, DAY, 4 * DAY, 60 * DAY, 50 * DAY, models, 0.5};
    assert_int_equal(sg_live_create(&live, &shape), SG_OK);
    seed = 11;
    double missed = 0, count = 0;
    *ret_row = -1;
    for (int64_t row = 0; row < 60 * DAY; row++) {
        int64_t times = row >= change ? 3 : 1;
        if (!watching) {
            live.drift.from_row = INT64_MAX;
        }
        sg_live_take(&live, course(row * times) + 4 * uniform());
        *ret_row = *ret_row < 0 && live.drift_count > 0 ? row : *ret_row;
        if (sg_live_predict(&live, mean, low, high) && row >= change + 4 * DAY &&
            row < change + 10 * DAY) {
            for (int h = 0; h < HORIZON; h++) {
                missed += fabs(course((row + 1 + h) * times) - mean[h]);
                count++;
            }
        }
    }
    *ret_drifts = live.drift_count;
    sg_live_free(&live);
    return count > 0 ? missed / count : 0;
}

static void a_series_that_drifts_is_learnt_anew(void **state)
{
    (void)state;
    int64_t drifts, row, change = 40 * DAY;
    missed_after_change(INT64_MAX / 2, true, &drifts, &row);
    assert_int_equal(drifts, 0); /* nothing changes, nothing drifts */
    double blind = missed_after_change(change, false, &drifts, &row);
    assert_int_equal(drifts, 0);
    double watched = missed_after_change(change, true, &drifts, &row);
    print_message("missed %.2f, without looking for drift %.2f; noticed after %d h, %d times\n",
                  watched, blind, (int)(row - change), (int)drifts);
    assert_true(drifts >= 1 && row > change && row < change + 2 * DAY);
    assert_true(watched < blind);
}

static void shapes_that_cannot_be_are_refused(void **state)
{
    (void)state;
    sg_live live;
    sg_live_shape shape = {HORIZON, DAY, 4 * DAY, 21 * DAY, 7 * DAY, "no_such_model", 0.5};
    assert_int_equal(sg_live_create(&live, &shape), SG_MISSING);
    shape.models = models;
    shape.rows_least = DAY;
    assert_int_equal(sg_live_create(&live, &shape), SG_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_days_course_is_learnt_and_the_interval_holds),
        cmocka_unit_test(too_few_rows_say_nothing),
        cmocka_unit_test(a_fit_that_fails_is_tried_again),
        cmocka_unit_test(a_model_that_says_no_number_is_not_heard),
        cmocka_unit_test(a_history_of_holes_is_not_learnt_from),
        cmocka_unit_test(nothing_but_numbers_comes_out),
        cmocka_unit_test(what_was_kept_is_learnt_from_at_once),
        cmocka_unit_test(a_series_that_drifts_is_learnt_anew),
        cmocka_unit_test(shapes_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
