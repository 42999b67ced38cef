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
static const int RANGES[] = {4, 16, 96};

/* --- the twin: truth[i] is the mean over slot i, level[i] the smoothed level after it --- */

typedef struct twin {
    double truth[SLOTS_MAX], level[SLOTS_MAX];
    int slots;
    double mae[3][3];      /* < 0: none yet */
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
                t->mae[r][m] = t->mae[r][m] < 0 ? error : t->mae[r][m] + 0.02 * (error - t->mae[r][m]);
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

/* One reading a slot; the slot is finished by the first reading of the next one. */
static void every_error_and_choice_equals_the_twins(void **state)
{
    (void)state;
    static sg_forecast f;
    for (int kind = 0; kind < 4; kind++) {
        twin *t = twin_new();
        sg_forecast_init(&f);
        double walk = 1e4;
        int chosen[3] = {0};
        for (int slot = 0; slot < 1200; slot++) {
            double noise = sg_prng_unit(11, (uint64_t)slot) - 0.5;
            walk += 2000 * noise;
            double mean = kind == 0   ? walk
                          : kind == 1 ? daily(slot) + 500 * noise
                          : kind == 2 ? 2e4 + 5000 * noise
                                      : slot / 200 % 2 ? walk : daily(slot);
            if (slot > 0) {
                sg_forecast_step(&f, BEGIN_US + slot * SLOT_US + 1, 900, mean); /* already the next slot */
                twin_add(t, mean);
            } else {
                sg_forecast_step(&f, BEGIN_US + 1, 900, mean);
                twin_add(t, mean);
                continue;
            }
            t->slots--; /* the last one is still under way */
            chosen[0] += 0;
            t->slots++;
        }
        free(t);
    }
    /* plain feeding, compared slot by slot */
    for (int kind = 0; kind < 4; kind++) {
        twin *t = twin_new();
        sg_forecast_init(&f);
        double walk = 1e4;
        int chosen[3] = {0};
        for (int slot = 0; slot < 1200; slot++) {
            double noise = sg_prng_unit(11, (uint64_t)slot) - 0.5;
            walk += 2000 * noise;
            double mean = kind == 0   ? walk
                          : kind == 1 ? daily(slot) + 500 * noise
                          : kind == 2 ? 2e4 + 5000 * noise
                                      : slot / 200 % 2 ? walk : daily(slot);
            sg_forecast_step(&f, BEGIN_US + (slot + 1) * SLOT_US, 900, mean);
            if (t->slots < slot) {
                fail();
            }
            if (slot > 0) {
                expect_equal(&f, t); /* slots 0 .. slot - 1 are finished */
                chosen[twin_choice(t, 96)]++;
            }
            twin_add(t, mean);
        }
        assert_true(kind != 1 || chosen[SG_FORECAST_YESTERDAY] > 900);
        assert_true(kind != 2 || chosen[SG_FORECAST_SMOOTHING] > 900);
        free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_and_choice_equals_the_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
