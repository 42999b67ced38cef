/* Forecasts kept until their truth is known: scores against sums done another way, missing truths, the choice between speakers. */
#include "forecast/track.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static sg_track t;

static void near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("%.17g, expected %.17g", got, expected);
    }
}

static void say(int lead, int64_t row, double mixture, double online, double last)
{
    const sg_said said = {.row = row,
                          .speaker = SG_SPEAKER_MIXTURE,
                          .mean = {mixture, online, last},
                          .low = mixture - 1,
                          .high = mixture + 1};
    sg_track_say(&t, lead, &said);
}

static int begin(void **state)
{
    (void)state;
    sg_track_init(&t);
    return 0;
}

/* Each lead is told of at its own distance; a truth counts for those that spoke of its row and for no other. */
static void each_lead_is_held_against_its_own_row(void **state)
{
    (void)state;
    enum { ROWS = 400 };
    double miss[SG_LEAD_COUNT] = {0}, last[SG_LEAD_COUNT] = {0}, inside[SG_LEAD_COUNT] = {0};
    int64_t count[SG_LEAD_COUNT] = {0};
    for (int64_t row = 0; row < ROWS; row++) {
        double truth = sin((double)row * 0.7) * 3;
        sg_track_truth(&t, row, truth);
        for (int lead = 0; lead < SG_LEAD_COUNT; lead++) {
            int64_t of = row + sg_lead_rows[lead];
            double mixture = cos((double)of) + lead, then = sin((double)of * 0.7) * 3;
            say(lead, of, mixture, 0, truth);
            if (of < ROWS) { /* what its truth will bring, by weights that fade from the end */
                double weight = pow(1 - 1.0 / 1000, (double)(ROWS - 1 - of));
                miss[lead] += weight * fabs(then - mixture);
                last[lead] += weight * fabs(then - truth);
                inside[lead] += weight * (fabs(then - mixture) <= 1);
                count[lead]++;
            }
        }
    }
    for (int lead = 0; lead < SG_LEAD_COUNT; lead++) {
        const sg_lead_score *s = &t.lead[lead];
        double weight = 0;
        for (int64_t i = 0; i < count[lead]; i++) {
            weight += pow(1 - 1.0 / 1000, (double)i);
        }
        assert_int_equal(s->count, count[lead]);
        near(sg_track_mae(s), miss[lead] / weight, 1e-12);
        near(sg_track_skill(s), 1 - miss[lead] / last[lead], 1e-12);
        near(sg_track_inside(s), inside[lead] / weight, 1e-12);
    }
    assert_true(sg_track_sane(&t));
}

static void a_row_that_was_not_seen_counts_nowhere(void **state)
{
    (void)state;
    say(SG_LEAD_15MIN, 10, 1, 1, 1);
    sg_track_truth(&t, 10, (double)NAN);
    sg_track_truth(&t, 10, 1); /* nor does it later */
    assert_int_equal(t.lead[SG_LEAD_15MIN].count, 0);
    assert_true(isnan(sg_track_mae(&t.lead[SG_LEAD_15MIN])));
    assert_true(isnan(sg_track_skill(&t.lead[SG_LEAD_15MIN])));
    assert_true(isnan(sg_track_inside(&t.lead[SG_LEAD_15MIN])));
    say(SG_LEAD_1H, 12, 1, 1, 1);
    say(SG_LEAD_1H, 16, 1, 1, 1); /* in its place */
    sg_track_truth(&t, 12, 1);
    assert_int_equal(t.lead[SG_LEAD_1H].count, 0);
    sg_track_truth(&t, 16, 3);
    assert_int_equal(t.lead[SG_LEAD_1H].count, 1);
    near(sg_track_mae(&t.lead[SG_LEAD_1H]), 2, 0);
}

static void without_an_interval_nothing_is_said_of_coverage(void **state)
{
    (void)state;
    sg_said said = {.row = 3,
                    .speaker = SG_SPEAKER_LAST,
                    .mean = {(double)NAN, 5, 4},
                    .low = (double)NAN,
                    .high = (double)NAN};
    sg_track_say(&t, SG_LEAD_15MIN, &said);
    sg_track_truth(&t, 3, 6);
    const sg_lead_score *s = &t.lead[SG_LEAD_15MIN];
    assert_int_equal(s->count, 1);
    assert_int_equal(s->bounded, 0);
    near(sg_track_mae(s), 2, 0);
    near(sg_track_skill(s), 0, 0); /* the last value was what was told */
    near(s->both, 0, 0);           /* the mixture was silent */
}

static void feed(int64_t *row, int rows, double mixture_miss, double online_miss)
{
    for (int i = 0; i < rows; i++, ++*row) {
        say(SG_LEAD_15MIN, *row, mixture_miss, online_miss, 0);
        sg_track_truth(&t, *row, 0);
    }
}

/* Two days and a tenth before it falls; it is back when it misses by less. */
static void the_mixture_falls_late_and_comes_back_at_par(void **state)
{
    (void)state;
    int64_t row = 0;
    const sg_lead_score *s = &t.lead[SG_LEAD_15MIN];
    feed(&row, 190, 2, 1);
    assert_int_equal(s->worse, 0);
    feed(&row, 20, 2, 1);
    assert_int_equal(s->worse, 1);
    feed(&row, 150, 0, 1); /* 420 to 360, but for what faded */
    assert_int_equal(s->worse, 1);
    feed(&row, 60, 0, 1); /* to 420, of which less faded */
    assert_int_equal(s->worse, 0);
    begin(NULL);
    feed(&row, 1000, 1.05, 1); /* a twentieth is chance */
    assert_int_equal(s->worse, 0);
}

static void what_a_file_may_hold_is_looked_at(void **state)
{
    (void)state;
    assert_true(sg_track_sane(&t));
    t.said[5].speaker = SG_SPEAKER_COUNT;
    assert_false(sg_track_sane(&t));
    t.said[5].speaker = 0;
    t.lead[2].told = (double)NAN;
    assert_false(sg_track_sane(&t));
    t.lead[2].told = -1;
    assert_false(sg_track_sane(&t));
    t.lead[2].told = 0;
    t.said[0].row = -2;
    assert_false(sg_track_sane(&t));
}

static void a_lead_is_judged_by_the_next_one(void **state)
{
    (void)state;
    const int32_t ahead[] = {1, 2, 4, 5, 16, 17, 96, 97, 192};
    const int lead[] = {0, 1, 1, 2, 2, 3, 3, 3, 3};
    for (int i = 0; i < 9; i++) {
        assert_int_equal(sg_lead_of(ahead[i]), lead[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_lead_is_held_against_its_own_row, begin),
        cmocka_unit_test_setup(a_row_that_was_not_seen_counts_nowhere, begin),
        cmocka_unit_test_setup(without_an_interval_nothing_is_said_of_coverage, begin),
        cmocka_unit_test_setup(the_mixture_falls_late_and_comes_back_at_par, begin),
        cmocka_unit_test_setup(what_a_file_may_hold_is_looked_at, begin),
        cmocka_unit_test_setup(a_lead_is_judged_by_the_next_one, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
