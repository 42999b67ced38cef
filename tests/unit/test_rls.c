/* Many autoregressions learnt at once: against the model that learns one at a time, against normal equations solved by elimination, and
 * what happens to series that stand still, leap, or have gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "forecast/forecaster.h"
#include "forecast/rls.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LAGS = SG_RLS_LAGS, N = LAGS + 1, STEPS = 60 };

static sg_rls *created(int32_t count)
{
    void *memory = aligned_alloc(64, sg_rls_size(count));
    assert_non_null(memory);
    return sg_rls_create(memory, count);
}

static double noise(int s, int t)
{
    return sg_prng_unit((uint64_t)s, (uint64_t)t) + sg_prng_unit((uint64_t)s + 1000, (uint64_t)t) +
           sg_prng_unit((uint64_t)s + 2000, (uint64_t)t) - 1.5;
}

/* A rhythm of its own with noise about a level of its own. */
static double drawn(int s, int t)
{
    return 1000 * (1 + s) + 300 * sin(t / (1.5 + s)) + 100 * noise(s, t);
}

/* --- against the model that learns one at a time --- */

static void it_learns_what_one_at_a_time_learns(void **state)
{
    (void)state;
    enum { SERIES = 44, ROWS = 1000, FIT = 600 };
    static double panel_value[SERIES * ROWS], tick_value[SERIES];
    static double before[SERIES][N], one[SERIES * STEPS], many[SERIES * STEPS];
    static uint8_t missing[SERIES * ROWS];
    sg_panel panel = {.series_count = SERIES,
                      .row_count = ROWS,
                      .stride = ROWS,
                      .value = panel_value,
                      .missing = missing};
    for (int i = 0; i < SERIES * ROWS; i++) {
        panel_value[i] = drawn(i / ROWS, i % ROWS);
    }
    sg_forecast_shape shape = {.series_count = SERIES, .horizon = STEPS, .fit_rows = FIT};
    const sg_forecaster *f = sg_forecaster_find("autoregression");
    void *plain = malloc(f->size(&shape, f->variant));
    f->create(plain, &shape, f->variant);
    assert_int_equal(f->fit(plain, &panel, 0, FIT), SG_OK);
    sg_rls *m = created(SERIES);
    for (int s = 0; s < SERIES; s++) {
        double mean, deviation;
        sg_panel_scale(&panel, s, 0, FIT, &mean, &deviation);
        sg_rls_set_scale(m, s, mean, deviation);
    }
    int compared = 0;
    for (int t = 0; t < ROWS; t++) {
        for (int s = 0; s < SERIES; s++) {
            tick_value[s] = panel_value[s * ROWS + t];
            sg_rls_weights(m, s, before[s]);
        }
        sg_rls_tick(m, NULL, tick_value, NULL);
        if (t < FIT) {
            continue;
        }
        f->update(plain, &panel, t);
        f->predict(plain, &panel, t + 1, one);
        sg_rls_predict(m, NULL, (sg_span){0, SERIES}, STEPS, many);
        for (int s = 0; s < SERIES; s++) {
            double now[N];
            sg_rls_weights(m, s, now);
            if (memcmp(now, before[s], sizeof now) == 0) {
                continue; /* its turn to learn is another tick's */
            }
            for (int h = 0; h < STEPS; h++) {
                assert_true(fabs(one[s * STEPS + h] - many[s * STEPS + h]) < 1e-5);
            }
            compared++;
        }
    }
    assert_int_equal(compared, SERIES * (ROWS - FIT) / SG_RLS_PERIOD);
    free(plain);
    free(m);
}

/* --- against normal equations --- */

/* a x = b, a symmetric and positive definite; by elimination. */
static void solve(double a[N][N], double b[N], double x[N])
{
    for (int i = 0; i < N; i++) {
        for (int r = i + 1; r < N; r++) {
            double by = a[r][i] / a[i][i];
            for (int c = i; c < N; c++) {
                a[r][c] -= by * a[i][c];
            }
            b[r] -= by * b[i];
        }
    }
    for (int i = N - 1; i >= 0; i--) {
        x[i] = b[i];
        for (int c = i + 1; c < N; c++) {
            x[i] -= a[i][c] * x[c];
        }
        x[i] /= a[i][i];
    }
}

/* Least squares of all rows, each counting 0.9995 times as much as the next, and of the distance from (1, 0, ..) at the start, whose
 * square counts for 1 / 100. */
static void brute_force(const double *z, int rows, double ret[N])
{
    static double a[N][N], b[N];
    double u[N];
    memset(a, 0, sizeof a);
    memset(b, 0, sizeof b);
    for (int t = 0; t < rows; t++) {
        for (int i = 0; i < LAGS; i++) {
            u[i] = t - 1 - i >= 0 ? z[t - 1 - i] : 0;
        }
        u[LAGS] = 1;
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < N; k++) {
                a[i][k] += pow(0.9995, rows - 1 - t) * u[i] * u[k];
            }
            b[i] += pow(0.9995, rows - 1 - t) * u[i] * z[t];
        }
    }
    for (int i = 0; i < N; i++) {
        a[i][i] += pow(0.9995, rows) / 100;
    }
    b[0] += pow(0.9995, rows) / 100;
    solve(a, b, ret);
}

static void it_is_the_least_squares_of_all_it_saw(void **state)
{
    (void)state;
    enum { SERIES = 8, ROWS = 640 };
    static double z[SERIES][ROWS], value[SERIES];
    double expected[N], got[N];
    sg_rls *m = created(SERIES);
    for (int s = 0; s < SERIES; s++) {
        sg_rls_set_scale(m, s, 50 + s, 2);
    }
    for (int t = 0; t < ROWS; t++) {
        for (int s = 0; s < SERIES; s++) {
            double before = t > 1 ? 0.5 * z[s][t - 1] - 0.3 * z[s][t - 2] : 0;
            z[s][t] = before + noise(s, t) + 0.2;
            value[s] = 50 + s + 2 * z[s][t];
        }
        sg_rls_tick(m, NULL, value, NULL);
    }
    for (int s = 0; s < SERIES; s++) {
        brute_force(z[s], ROWS, expected);
        sg_rls_weights(m, s, got);
        for (int i = 0; i < N; i++) {
            assert_true(fabs(expected[i] - got[i]) < 1e-7);
        }
        assert_true(fabs(got[0] - 0.5) < 0.15 && fabs(got[1] + 0.3) < 0.15); /* what made it */
    }
    free(m);
}

/* --- series as they come --- */

static void a_rhythm_is_foretold_without_a_scale_given(void **state)
{
    (void)state;
    enum { SERIES = 9 };
    double value[SERIES], said[SERIES * STEPS], ours = 0, last = 0;
    sg_rls *m = created(SERIES);
    for (int t = 0; t < 2000; t++) {
        for (int s = 0; s < SERIES; s++) {
            value[s] = t < 100 ? 250 : 6000 + 2000 * sin(t / (2.0 + s)) + 10 * noise(s, t);
            ours += t > 600 ? fabs(value[s] - said[s * STEPS]) : 0;
            last += t > 600 ? fabs(value[s] - said[s * STEPS + 1]) : 0;
        }
        sg_rls_tick(m, NULL, value, NULL);
        sg_rls_predict(m, NULL, (sg_span){0, SERIES}, STEPS, said);
        for (int s = 0; s < SERIES; s++) {
            assert_true(t >= 100 || said[s * STEPS + STEPS - 1] == value[s]); /* stood still */
            said[s * STEPS + 1] = value[s];
        }
    }
    assert_true(ours < 0.05 * last);
    free(m);
}

static void gaps_and_leaps_do_no_lasting_harm(void **state)
{
    (void)state;
    double said[STEPS], ours = 0, last = 0, before = 0;
    sg_rls *m = created(1);
    for (int t = 0; t < 3000; t++) {
        double x = drawn(0, t);
        double fed = t % 7 == 3 ? (double)NAN : t == 700 ? 1e9 : x;
        uint8_t quality = t % 11 == 5 ? SG_STALE : SG_GOOD;
        sg_rls_predict(m, NULL, (sg_span){0, 1}, STEPS, said);
        ours += t > 2000 ? fabs(x - said[0]) : 0;
        last += t > 2000 ? fabs(x - before) : 0;
        sg_rls_tick(m, NULL, &fed, &quality);
        before = isfinite(fed) && quality == SG_GOOD ? fed : before;
    }
    assert_true(ours < 0.7 * last);
    free(m);
}

static void threads_spans_and_restarts_do_not_change_a_bit(void **state)
{
    (void)state;
    enum { SERIES = 1003 };
    static double value[SERIES], a[SERIES * 7], b[SERIES * 7];
    sg_rls *one = created(SERIES), *shared = created(SERIES), *other = created(SERIES + 1);
    sg_pool *pool = sg_pool_create(3);
    unsigned char *saved = malloc(sg_rls_saved_size(one));
    for (int t = 0; t < 150; t++) {
        for (int s = 0; s < SERIES; s++) {
            value[s] = drawn(s % 50, t);
        }
        sg_rls_tick(one, NULL, value, NULL);
        if (t == 77) { /* goes on from a copy */
            size_t size = sg_rls_saved_size(one);
            sg_rls_save(one, saved);
            assert_int_equal(sg_rls_load(other, saved, size), SG_RANGE);
            assert_int_equal(sg_rls_load(shared, saved, size - 8), SG_CORRUPT);
            assert_int_equal(sg_rls_load(shared, saved, 20), SG_FORMAT);
            saved[size - 5] ^= 1;
            assert_int_equal(sg_rls_load(shared, saved, size), SG_CORRUPT);
            saved[size - 5] ^= 1;
            assert_int_equal(sg_rls_load(shared, saved, size), SG_OK);
        } else if (t > 77) {
            sg_rls_tick(shared, pool, value, NULL);
        }
    }
    assert_memory_equal(one, shared, sg_rls_size(SERIES));
    sg_rls_predict(one, NULL, (sg_span){0, SERIES}, 7, a);
    sg_rls_predict(shared, pool, (sg_span){0, 333}, 7, b);
    sg_rls_predict(shared, pool, (sg_span){333, 340}, 7, b + 333 * 7);
    sg_rls_predict(shared, pool, (sg_span){340, 340}, 7, NULL);
    sg_rls_predict(shared, pool, (sg_span){340, SERIES}, 7, b + 340 * 7);
    assert_memory_equal(a, b, sizeof a);
    sg_pool_free(pool);
    free(saved);
    free(one);
    free(shared);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns_what_one_at_a_time_learns),
        cmocka_unit_test(it_is_the_least_squares_of_all_it_saw),
        cmocka_unit_test(a_rhythm_is_foretold_without_a_scale_given),
        cmocka_unit_test(gaps_and_leaps_do_no_lasting_harm),
        cmocka_unit_test(threads_spans_and_restarts_do_not_change_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
