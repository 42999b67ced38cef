/* The online forecasts against a twin that keeps the whole history and works every error and every choice
 * out from the definitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "forecast/online.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MAX = 2000, DAY = 96 };
static const int RANGES[] = {4, 16, 48};

/* --- the twin: truth[i] is the mean over slot i, level[i] the smoothed level after it --- */

typedef struct twin {
    double truth[SLOTS_MAX], level[SLOTS_MAX];
    int slots;
    double mae[3][3];       /* < 0: none yet */
    double said[SLOTS_MAX]; /* for one hour after slot i, at the end of slot i */
    double error_sum, persistence_sum;
    long errors;
} twin;

/* What model m says at the end of slot `at` about slot at + ahead; only the last three days are known. */
static double twin_says(const twin *t, int m, int at, int ahead)
{
    int from = at;
    if (m == SG_FORECAST_YESTERDAY) {
        from = at + ahead;
        while (from > at) {
            from -= DAY;
        }
    }
    bool known = from >= 0 && t->slots - 1 - from < SG_HISTORY_SLOT_MAX;
    return !known ? (double)NAN : m == SG_FORECAST_SMOOTHING ? t->level[from] : t->truth[from];
}

static int twin_choice(const twin *t, int ahead)
{
    int r = ahead <= 4 ? 0 : ahead <= 16 ? 1 : 2, best = SG_FORECAST_PERSISTENCE;
    for (int m = 1; m < 3; m++) {
        bool can = t->mae[r][m] >= 0 && isfinite(twin_says(t, m, t->slots - 1, ahead));
        if (can && (t->mae[r][best] < 0 || t->mae[r][m] < t->mae[r][best])) {
            best = m;
        }
    }
    return best;
}

static double twin_forecast(const twin *t, int ahead)
{
    double says = twin_says(t, twin_choice(t, ahead), t->slots - 1, ahead);
    return isfinite(says) ? says : t->truth[t->slots - 1];
}

static void twin_add(twin *t, double truth)
{
    int i = t->slots;
    assert_true(i < SLOTS_MAX);
    t->truth[i] = truth;
    t->level[i] = i == 0 ? truth : t->level[i - 1] + 0.3 * (truth - t->level[i - 1]);
    t->slots++;
    for (int r = 0; r < 3; r++) {
        for (int m = 0; m < 3; m++) {
            double error = fabs(twin_says(t, m, i - RANGES[r], RANGES[r]) - truth);
            if (isfinite(error)) {
                t->mae[r][m] =
                    t->mae[r][m] < 0 ? error : t->mae[r][m] + 0.02 * (error - t->mae[r][m]);
            }
        }
    }
    if (i >= 4) {
        t->error_sum += fabs(t->said[i - 4] - truth);
        t->persistence_sum += fabs(t->truth[i - 4] - truth);
        t->errors++;
    }
    t->said[i] = twin_forecast(t, 4);
}

static twin *twin_new(void)
{
    twin *t = calloc(1, sizeof *t);
    assert_non_null(t);
    for (int i = 0; i < 9; i++) {
        t->mae[i / 3][i % 3] = -1;
    }
    return t;
}

static void expect_equal(const sg_forecast *f, const twin *t)
{
    assert_int_equal(f->slot_count, t->slots);
    assert_int_equal(f->error_count, t->errors);
    assert_true(f->error_sum_w == t->error_sum);
    assert_true(f->persistence_error_sum_w == t->persistence_sum);
    assert_memory_equal(f->mae, t->mae, sizeof t->mae);
    for (int ahead = 1; ahead <= DAY; ahead++) {
        assert_int_equal(sg_forecast_choice(f, ahead), twin_choice(t, ahead));
        assert_true(sg_forecast_at(f, ahead) == twin_forecast(t, ahead));
    }
}

static const int64_t SLOT_US = INT64_C(900000000);
static const int64_t BEGIN_US = INT64_C(1689984000000000); /* a midnight */

static double daily(int slot)
{
    return 5e4 + 3e4 * sin(2 * 3.14159265358979 * slot / DAY);
}

static double signal_of(int kind, int slot, double *walk)
{
    double noise = sg_prng_unit(11, (uint64_t)slot) - 0.5;
    *walk += 2000 * noise;
    switch (kind) {
    case 0:
        return *walk;
    case 1:
        return daily(slot) + 500 * noise;
    case 2:
        return 2e4 + 5000 * noise;
    default:
        return slot / 200 % 2 ? *walk : daily(slot);
    }
}

/* One reading a slot; a slot is finished by the first reading of the next one. */
static void every_error_and_choice_equals_the_twins(void **state)
{
    (void)state;
    static sg_forecast f;
    for (int kind = 0; kind < 4; kind++) {
        twin *t = twin_new();
        sg_forecast_init(&f, 0);
        double walk = 1e4;
        int chosen[3] = {0};
        for (int slot = 0; slot < 1200; slot++) {
            double mean = signal_of(kind, slot, &walk);
            sg_forecast_step(&f, BEGIN_US + (slot + 1) * SLOT_US, 900, mean);
            if (slot > 0) {
                expect_equal(&f, t); /* slots 0 .. slot - 1 are finished */
                chosen[twin_choice(t, 17)]++;
            }
            twin_add(t, mean * 900 / 900);
        }
        assert_true(kind != 0 || chosen[SG_FORECAST_PERSISTENCE] > 300);
        assert_true(kind != 1 || chosen[SG_FORECAST_YESTERDAY] > 900);
        assert_true(kind != 2 || chosen[SG_FORECAST_SMOOTHING] > 900);
        free(t);
    }
}

/* Of what was said with its miss on top, nine in ten come true, above and below, at each range. */
static void nine_in_ten_stay_within_the_miss(void **state)
{
    (void)state;
    enum { SLOTS = 6000, FROM = 1000 };
    static sg_forecast f;
    static double high[3][SLOTS], low[3][SLOTS];
    static const int ahead[3] = {4, 16, 48};
    int above[3] = {0}, below[3] = {0};
    sg_forecast_init(&f, 1 + SG_FORECAST_YESTERDAY);
    for (int slot = 0; slot < SLOTS; slot++) {
        double u = sg_prng_unit(5, (uint64_t)slot), v = sg_prng_unit(6, (uint64_t)slot);
        double mean = daily(slot) + 1000 * u * u + 300 * v; /* not symmetric */
        sg_forecast_step(&f, BEGIN_US + (slot + 1) * SLOT_US, 900, mean);
        for (int r = 0; r < 3; r++) { /* slots up to slot - 1 are finished */
            double up, down;
            sg_forecast_miss(&f, ahead[r], &up, &down);
            if (slot + ahead[r] - 1 < SLOTS) {
                high[r][slot + ahead[r] - 1] = sg_forecast_at(&f, ahead[r]) + up;
                low[r][slot + ahead[r] - 1] = sg_forecast_at(&f, ahead[r]) - down;
            }
            above[r] += slot >= FROM && mean > high[r][slot];
            below[r] += slot >= FROM && mean < low[r][slot];
        }
    }
    for (int r = 0; r < 3; r++) {
        assert_in_range(above[r], 0.07 * (SLOTS - FROM), 0.13 * (SLOTS - FROM));
        assert_in_range(below[r], 0.07 * (SLOTS - FROM), 0.13 * (SLOTS - FROM));
    }
}

/* A week of days alike, with noise: same time yesterday wins, and what was said an hour ahead has less
 * than half of persistence's error. On a random walk there is nothing to win, and little is lost. */
static void a_daily_pattern_beats_persistence(void **state)
{
    (void)state;
    static sg_forecast f;
    for (int kind = 0; kind < 2; kind++) {
        sg_forecast_init(&f, 0);
        double walk = 1e4, error = 0, persistence = 0;
        for (int slot = 0; slot < 8 * DAY; slot++) {
            sg_forecast_step(&f, BEGIN_US + (slot + 1) * SLOT_US, 900,
                             signal_of(kind, slot, &walk));
            if (slot ==
                2 * DAY) { /* a day to learn the pattern, another to learn which model to trust */
                error = f.error_sum_w;
                persistence = f.persistence_error_sum_w;
            }
        }
        double skill = 1 - (f.error_sum_w - error) / (f.persistence_error_sum_w - persistence);
        print_message("skill of %s one hour ahead: %.2f\n", kind ? "a daily pattern" : "a walk",
                      skill);
        assert_true(kind == 1 ? skill > 0.5 : skill > -0.15 && skill < 0.3);
        if (kind == 1) {
            for (int ahead = 4; ahead <= DAY; ahead++) {
                assert_true(fabs(sg_forecast_at(&f, ahead) - daily(8 * DAY - 2 + ahead)) < 600);
            }
        }
    }
}

/* Readings of any length are averaged over the quarter hours of frame time that their ends lie in. */
static void slots_are_means_over_quarter_hours(void **state)
{
    (void)state;
    static sg_forecast f;
    sg_forecast_init(&f, 0);
    int64_t now = BEGIN_US;
    double sum = 0, length_s = 0;
    int finished = 0;
    for (int i = 0; i < 5000; i++) {
        double dt_s = 1 + floor(40 * sg_prng_unit(3, (uint64_t)i));
        double w = 1000 * sg_prng_unit(4, (uint64_t)i);
        int64_t before = (now - 1) / SLOT_US;
        now += (int64_t)(dt_s * 1e6);
        if (i > 0 && (now - 1) / SLOT_US != before) {
            sg_forecast_step(&f, now, dt_s, w);
            finished++;
            assert_int_equal(f.slot_count, finished);
            assert_true(fabs(f.mean[(finished - 1) % SG_HISTORY_SLOT_MAX] - sum / length_s) < 1e-9);
            sum = length_s = 0;
        } else {
            sg_forecast_step(&f, now, dt_s, w);
        }
        sum += w * dt_s;
        length_s += dt_s;
        assert_true(fabs(sg_forecast_now(&f) - sum / length_s) < 1e-9);
    }
    assert_true(finished > 100);
}

/* What was learnt, without the slot under way. */
typedef struct learnt {
    double mean[SG_HISTORY_SLOT_MAX], smooth[SG_HISTORY_SLOT_MAX], mae[9], said[4], miss[6],
        sums[3];
    int64_t which[SG_HISTORY_SLOT_MAX], counts[2];
} learnt;

static void look(const sg_forecast *f, learnt *ret)
{
    memset(ret, 0, sizeof *ret);
    memcpy(ret->mean, f->mean, sizeof ret->mean);
    memcpy(ret->smooth, f->smooth, sizeof ret->smooth);
    memcpy(ret->which, f->which, sizeof ret->which);
    memcpy(ret->mae, f->mae, sizeof ret->mae);
    memcpy(ret->said, f->said_1h, sizeof ret->said);
    memcpy(ret->miss, f->above, sizeof f->above);
    memcpy(ret->miss + 3, f->below, sizeof f->below);
    double sums[3] = {f->level, f->error_sum_w, f->persistence_error_sum_w};
    memcpy(ret->sums, sums, sizeof sums);
    ret->counts[0] = f->slot_count;
    ret->counts[1] = f->error_count;
}

static void silence_guesses_nothing(void **state)
{
    (void)state;
    static sg_forecast f;
    sg_forecast_init(&f, 0);
    assert_true(sg_forecast_now(&f) == 0 && sg_forecast_at(&f, 1) == 0);
    sg_forecast_step(&f, BEGIN_US + SLOT_US, 900, 100);
    assert_true(sg_forecast_at(&f, 7) == 100); /* before anything is finished: what there is */
    sg_forecast_step(&f, BEGIN_US + 9 * SLOT_US, 900, 200); /* two hours without frames */
    assert_int_equal(f.slot_count, 0);
    assert_true(sg_forecast_now(&f) == 150); /* the slot under way has another name, and goes on */
    sg_forecast_step(&f, BEGIN_US + 10 * SLOT_US, 900, 300);
    assert_int_equal(f.slot_count, 1);
    assert_true(f.mean[0] == 150);
    sg_forecast_step(&f, BEGIN_US + 14 * SLOT_US, 3600,
                     400); /* one step of an hour is no silence */
    assert_int_equal(f.slot_count, 5);
    assert_true(f.mean[1] == 300 && f.mean[4] == 300);
}

/* The clock jumps to and fro by minutes to years: what was learnt stays as it is to the byte, and the same time yesterday is the
 * latest that was seen of that time of day, by a list that is kept here. */
static void a_jump_alters_nothing_that_was_learnt(void **state)
{
    (void)state;
    enum { DAYS = 12, LIST_MAX = 4096 };
    static sg_forecast f;
    static learnt before, after;
    static struct {
        int64_t slot;
        double mean;
    } list[LIST_MAX];
    int seen = 0, jumps = 0;
    uint64_t n = 0;
    double sum = 0, count = 0;
    sg_forecast_init(&f, 1 + SG_FORECAST_YESTERDAY);
    int64_t now = BEGIN_US, step_us = 60000000;
    for (int minute = 0; minute < DAYS * 1440; minute++) {
        double w = daily((int)(now / SLOT_US % DAY)) + 100 * sg_prng_unit(21, n++);
        bool jump = sg_prng_unit(22, n) < 0.001;
        double size_s =
            pow(10, 2 + 6.5 * sg_prng_unit(23, n)) * (sg_prng_unit(24, n) < 0.5 ? -1 : 1);
        int64_t slot = (now - 1) / SLOT_US;
        now += step_us + (jump ? (int64_t)size_s * 1000000 : 0);
        look(&f, &before);
        sg_forecast_step(&f, now, 60, w);
        look(&f, &after);
        if (jump && minute > 0) {
            assert_memory_equal(&before, &after, sizeof before);
            jumps++;
        } else if (minute > 0 && (now - 1) / SLOT_US != slot) {
            list[seen].slot = slot;
            list[seen++].mean = sum / count;
            sum = count = 0;
            assert_int_equal(f.slot_count, seen);
        }
        sum += w;
        count++;
        for (int ahead = 1; ahead <= DAY && seen > 0; ahead += 19) {
            int64_t wanted = (now - 1) / SLOT_US - 1 + ahead - DAY;
            int exact = -1, alike = -1;
            for (int i = 0; i < seen; i++) {
                bool kept = i >= seen - SG_HISTORY_SLOT_MAX;
                exact = kept && list[i].slot == wanted ? i : exact;
                alike = kept && (list[i].slot - wanted) % DAY == 0 ? i : alike;
            }
            int from = alike >= 0 ? alike : seen - 1;
            assert_true(exact < 0 || exact <= alike);
            double says = sg_forecast_at(&f, ahead);
            bool right = fabs(says - list[from].mean) < 1e-6 ||
                         (exact >= 0 && fabs(says - list[exact].mean) < 1e-6);
            assert_true(right);
        }
    }
    print_message("%d jumps, %d quarter hours seen\n", jumps, seen);
    assert_true(jumps > 5 && seen > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_and_choice_equals_the_twins),
        cmocka_unit_test(nine_in_ten_stay_within_the_miss),
        cmocka_unit_test(a_daily_pattern_beats_persistence),
        cmocka_unit_test(slots_are_means_over_quarter_hours),
        cmocka_unit_test(silence_guesses_nothing),
        cmocka_unit_test(a_jump_alters_nothing_that_was_learnt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
