/* The next minute of many series at once: against a plain program that keeps the whole past of one series, against what noise, walks and
 * ramps let anybody say, and on measured racks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "forecast/nowcast.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = SG_NOWCAST_STEP_MAX, BLOCKS = 8 };
static const int block_from[BLOCKS] = {1, 2, 3, 4, 5, 6, 7, 22};
static const int block_to[BLOCKS] = {1, 2, 3, 4, 5, 6, 21, 60};

static sg_nowcast *created(int32_t count)
{
    void *memory = aligned_alloc(64, sg_nowcast_size(count));
    assert_non_null(memory);
    return sg_nowcast_create(memory, count);
}

static double normal(uint64_t stream, uint64_t at)
{
    double u = sg_prng_unit(stream, 2 * at), v = sg_prng_unit(stream, 2 * at + 1);
    return sqrt(-2 * log(1 - u)) * cos(2 * 3.14159265358979 * v);
}

/* --- the plain program: one series, all of its past, no rings, no tiles --- */

enum { PAST_MAX = 4000 };

typedef struct plain {
    float value[PAST_MAX], level[PAST_MAX], trend[PAST_MAX];
    float change, smooth;
    float wealth[BLOCKS][2], sum[BLOCKS][2], turnover[BLOCKS][2], longest[BLOCKS][2];
    double last;
    int ticks, first; /* first: the tick of the first value, -1: none */
} plain;

static float plain_weight(const plain *p, int k, int i)
{
    float part = p->sum[k][i] / (p->turnover[k][i] + 1);
    part = part < 0 ? 0 : part > 0.5F ? 0.5F : part;
    float w = part * p->wealth[k][i];
    return w > 1 ? 1 : w;
}

static double plain_path(int ahead)
{
    double sum = 0;
    for (int h = 1; h <= ahead; h++) {
        sum += pow(0.9, h);
    }
    return sum;
}

static void plain_judge(plain *p, int k, int age, float x)
{
    static const double ahead[BLOCKS] = {1, 2, 3, 4, 5, 6, 14, 41};
    int then = p->ticks - age;
    if (p->first < 0 || then < p->first) {
        return;
    }
    float way[2] = {p->level[then] - p->value[then], p->trend[then] * (float)plain_path(age)};
    float w[2] = {plain_weight(p, k, 0), plain_weight(p, k, 1)};
    float miss = x - (p->value[then] + (way[0] * w[0] + way[1] * w[1]));
    float side = miss > 0 ? 1 : miss < 0 ? -1 : 0;
    for (int i = 0; i < 2; i++) {
        float *longest = &p->longest[k][i];
        *longest = fmaxf(*longest * 0.998F, fabsf(way[i]));
        float coin = *longest > 0 ? side * way[i] / *longest * (float)pow(ahead[k], -0.7) : 0;
        coin = w[i] >= 1 && coin > 0 ? 0 : coin;
        p->wealth[k][i] = fminf(fmaxf(p->wealth[k][i] + coin * w[i], 0.005F), 3);
        p->sum[k][i] = p->sum[k][i] * 0.998F + coin;
        p->turnover[k][i] = p->turnover[k][i] * 0.998F + fabsf(coin);
    }
}

/* The ages of a tick: 1 to 6; of the longer blocks those that fell on a multiple of five, in turns. */
static void plain_score(plain *p, float x)
{
    for (int k = 0; k < 6; k++) {
        plain_judge(p, k, k + 1, x);
    }
    for (int k = 6; k < BLOCKS; k++) {
        int ages[20], n = 0;
        for (int a = block_from[k]; a <= block_to[k]; a++) {
            if ((p->ticks - a + 100) % 5 == 0) {
                ages[n++] = a;
            }
        }
        plain_judge(p, k, ages[p->ticks / 5 % n], x);
    }
}

static void plain_tick(plain *p, double value)
{
    bool came = isfinite(value);
    float x = (float)value;
    int t = p->ticks, before = t > 0 ? t - 1 : 0;
    if (t == 0) {
        p->first = -1;
        for (int k = 0; k < 2 * BLOCKS; k++) {
            p->wealth[k / 2][k % 2] = 0.005F;
        }
    }
    if (came) {
        plain_score(p, x);
    }
    p->value[t] = p->value[before];
    p->level[t] = p->level[before];
    p->trend[t] = p->trend[before] * 0.9F;
    if (came && p->first < 0) {
        p->first = t;
        p->level[t] = p->smooth = x;
    } else if (came) {
        p->change += 0.05F * (fabsf(x - p->value[before]) - p->change);
        float step = 0.1F * (x - p->level[t]), most = 0.1F * p->change;
        p->level[t] += step > most ? most : step < -most ? -most : step;
        float expected = p->smooth + p->trend[t], error = x - expected;
        p->smooth = expected + 0.5F * error;
        p->trend[t] += 0.1F * error;
    }
    if (came) {
        p->value[t] = x;
        p->last = value;
    }
    p->ticks++;
}

static double plain_said(const plain *p, int ahead)
{
    int k = 0, t = p->ticks - 1;
    while (ahead > block_to[k]) {
        k++;
    }
    return p->last + (double)(plain_weight(p, k, 0) * (p->level[t] - p->value[t])) +
           (double)(plain_weight(p, k, 1) * p->trend[t]) * plain_path(ahead);
}

/* Kinds of series: noise about a level, a walk, ramps, a rhythm, jumps, gaps. */
static double drawn(int series, int t)
{
    double noise = normal((uint64_t)series, (uint64_t)t);
    if (series % 7 == 6 && sg_prng_unit(99, (uint64_t)(series * 5000 + t)) < 0.2) {
        return NAN;
    }
    switch (series % 6) {
    case 0:
        return 5000 + 300 * noise;
    case 1:
        return 800 + 40 * sin(t / 9.0) + noise;
    case 2:
        return 3 * (t % 97) + noise;
    case 3:
        return 6000 + 900 * (t % 5 == 0) + 30 * noise;
    case 4:
        return t / 150 % 2 ? 3400 : 1480 + noise;
    default:
        return 1e6 + 2e5 * sin(t / 50.0) + 1e4 * noise;
    }
}

static void it_says_what_the_plain_program_says(void **state)
{
    (void)state;
    enum { N = 37, TICKS = 1500 };
    static plain p[N];
    static double value[N], said[N * STEPS];
    sg_nowcast *m = created(N);
    memset(p, 0, sizeof p);
    for (int t = 0; t < TICKS; t++) {
        for (int s = 0; s < N; s++) {
            value[s] = drawn(s, t);
            plain_tick(&p[s], value[s]);
        }
        sg_nowcast_update(m, NULL, value, NULL);
        sg_nowcast_predict(m, NULL, STEPS, said);
        for (int s = 0; s < N; s++) {
            for (int h = 1; h <= STEPS; h += 1 + h / 4) {
                double expected = plain_said(&p[s], h), got = said[s * STEPS + h - 1];
                assert_true(fabs(got - expected) <= 1e-3 * (1 + (double)p[s].change));
                assert_true(got == sg_nowcast_at(m, s, h)); /* NOLINT: the same bits */
            }
        }
        int ahead = 1 + t % STEPS;
        sg_nowcast_level level = (sg_nowcast_level)(t % 2);
        double of_all[N], low[N], high[N], bound[2];
        sg_nowcast_told(m, ahead, level, of_all, low, high);
        for (int s = 0; s < N; s++) {
            sg_nowcast_interval(m, s, ahead, level, &bound[0], &bound[1]);
            assert_true(of_all[s] == said[s * STEPS + ahead - 1]);
            assert_true(low[s] == bound[0] && high[s] == bound[1]);
        }
    }
    free(m);
}

/* --- what can be known --- */

/* Mean absolute error at `ahead` over that of the last value, of one kind of series, the first 500 ticks left out. */
static double relative_error(double (*series)(int s, int t), int ahead)
{
    enum { N = 32, TICKS = 3000 };
    double *said = calloc(TICKS * N, sizeof *said), *x = calloc(TICKS * N, sizeof *x);
    double ours = 0, last = 0;
    sg_nowcast *m = created(N);
    for (int t = 0; t < TICKS; t++) {
        for (int s = 0; s < N; s++) {
            x[t * N + s] = series(s, t);
        }
        sg_nowcast_update(m, NULL, x + t * N, NULL);
        for (int s = 0; s < N; s++) {
            said[t * N + s] = sg_nowcast_at(m, s, ahead);
            if (t >= 500) {
                ours += fabs(x[t * N + s] - said[(t - ahead) * N + s]);
                last += fabs(x[t * N + s] - x[(t - ahead) * N + s]);
            }
        }
    }
    free(said);
    free(x);
    free(m);
    return ours / last;
}

static double noise(int s, int t)
{
    return 1000 + 10 * normal((uint64_t)s, (uint64_t)t);
}

static double walk(int s, int t)
{
    static double at[32];
    at[s] = t == 0 ? 1000 : at[s] + normal((uint64_t)s + 100, (uint64_t)t);
    return at[s];
}

/* 200 W up and down in 200 ticks, with some noise. */
static double ramps(int s, int t)
{
    int at = (t + 7 * s) % 400;
    return 1000 + (at < 200 ? at : 400 - at) + 0.1 * normal((uint64_t)s + 200, (uint64_t)t);
}

static void noise_walks_and_ramps_are_told_apart(void **state)
{
    (void)state;
    /* The mean of normal noise misses by sigma sqrt(2 / pi), the last value by sigma 2 / sqrt(pi): 0.707 of it. */
    assert_true(relative_error(noise, 1) < 0.78);
    assert_true(relative_error(noise, 10) < 0.78);
    assert_true(relative_error(noise, 60) < 0.80);
    /* Nobody foretells a walk: the last value is best. */
    assert_true(relative_error(walk, 1) < 1.01);
    assert_true(relative_error(walk, 10) < 1.01);
    assert_true(relative_error(walk, 60) < 1.01);
    /* A ramp goes on: a trend damped by 0.9 sees 90 % of the next step, 45 % of the next ten. */
    assert_true(relative_error(ramps, 1) < 0.4);
    assert_true(relative_error(ramps, 6) < 0.6);
    assert_true(relative_error(ramps, 20) < 0.9);
}

static void a_constant_is_told_to_the_last_bit(void **state)
{
    (void)state;
    sg_nowcast *m = created(1);
    double x = 1234.5678901234567, low, high;
    for (int h = 1; h <= STEPS; h++) {
        assert_true(sg_nowcast_at(m, 0, h) == 0); /* nothing came yet */
    }
    for (int t = 0; t < 20000; t++) {
        sg_nowcast_update(m, NULL, &x, NULL);
    }
    for (int h = 1; h <= STEPS; h++) {
        assert_true(sg_nowcast_at(m, 0, h) == x);
        sg_nowcast_interval(m, 0, h, SG_NOWCAST_95, &low, &high);
        assert_true(low == x && high == x);
    }
    free(m);
}

static void what_is_missing_or_beyond_belief_changes_nothing(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, -INFINITY, 1e31, -1e300, 7, 7};
    const uint8_t quality[] = {SG_GOOD, SG_GOOD, SG_GOOD, SG_GOOD, SG_GOOD, SG_STALE, SG_NO_DATA};
    sg_nowcast *m = created(1);
    for (int t = 0; t < 400; t++) {
        double x = noise(1, t);
        uint8_t as = t % 2 ? SG_GOOD : SG_SUSPECT;
        sg_nowcast_update(m, NULL, &x, &as);
    }
    double before = sg_nowcast_at(m, 0, 60), low, high, low_after, high_after;
    sg_nowcast_interval(m, 0, 6, SG_NOWCAST_80, &low, &high);
    for (int i = 0; i < 7; i++) {
        sg_nowcast_update(m, NULL, &bad[i], &quality[i]);
    }
    sg_nowcast_interval(m, 0, 6, SG_NOWCAST_80, &low_after, &high_after);
    assert_true(fabs(sg_nowcast_at(m, 0, 60) - before) < 0.01); /* a trend dies down */
    assert_true(fabs((high_after - low_after) - (high - low)) < 1e-3);
    free(m);
}

/* --- measured racks --- */

enum { ROWS_MAX = 2000, COLUMNS = 64 };

/* The power of 64 servers of 8 H100 in training, every 2 s; the first column of those that are alike in the source stands for all. */
static int read_racks(double (*x)[COLUMNS], int *ret_rows)
{
    static char line[1024];
    FILE *f = fopen("data/training_power_h100/gpt3_64node_run1.csv", "r");
    assert_non_null(f);
    int rows = 0, distinct = 0;
    assert_non_null(fgets(line, sizeof line, f));
    while (rows < ROWS_MAX && fgets(line, sizeof line, f)) {
        const char *at = strchr(strchr(line, ',') + 1, ',') + 1;
        for (int c = 0; c < COLUMNS; c++) {
            char *end;
            x[rows][c] = strtod(at, &end);
            x[rows][c] = end == at ? (double)NAN : x[rows][c];
            at = end + 1;
        }
        rows++;
    }
    fclose(f);
    for (int c = 0; c < COLUMNS; c++) {
        bool seen = false;
        for (int d = 0; d < distinct && !seen; d++) {
            seen = true;
            for (int r = 0; r < rows && seen; r++) {
                seen = x[r][c] == x[r][d] || (isnan(x[r][c]) && isnan(x[r][d]));
            }
        }
        for (int r = 0; r < rows && !seen; r++) {
            x[r][distinct] = x[r][c];
        }
        distinct += !seen;
    }
    *ret_rows = rows;
    return distinct;
}

typedef struct account {
    double ours, last, inside[SG_NOWCAST_LEVEL_COUNT], count;
} account;

/* Whatever the rack: in no block of steps ahead is the mean error more than 1 % above that of the last value. */
static void racks_in_training_are_never_told_worse_than_as_it_is_now(void **state)
{
    (void)state;
    static double x[ROWS_MAX][COLUMNS], last[ROWS_MAX][COLUMNS], said[ROWS_MAX][COLUMNS * STEPS];
    static float bound[ROWS_MAX][COLUMNS][BLOCKS][4];
    int rows, n = read_racks(x, &rows);
    assert_true(rows == 1707 && n == 34);
    sg_nowcast *m = created(n);
    for (int t = 0; t < rows; t++) {
        sg_nowcast_update(m, NULL, x[t], NULL);
        sg_nowcast_predict(m, NULL, STEPS, said[t]);
        for (int s = 0; s < n; s++) {
            last[t][s] = isnan(x[t][s]) && t > 0 ? last[t - 1][s] : x[t][s];
            for (int k = 0; k < BLOCKS * 2; k++) {
                double low, high;
                sg_nowcast_interval(m, s, block_from[k / 2], (sg_nowcast_level)(k % 2), &low,
                                    &high);
                bound[t][s][k / 2][k % 2 * 2] =
                    (float)(low - said[t][s * STEPS + block_from[k / 2] - 1]);
                bound[t][s][k / 2][k % 2 * 2 + 1] =
                    (float)(high - said[t][s * STEPS + block_from[k / 2] - 1]);
            }
        }
    }
    for (int k = 0; k < BLOCKS; k++) {
        account all = {0};
        for (int s = 0; s < n; s++) {
            account one = {0};
            for (int h = block_from[k]; h <= block_to[k]; h++) {
                for (int t = rows / 5; t < rows; t++) {
                    double truth = x[t][s], then = last[t - h][s];
                    double miss = truth - said[t - h][s * STEPS + h - 1];
                    if (isnan(truth) || isnan(then)) {
                        continue;
                    }
                    const float *b = bound[t - h][s][k];
                    one.ours += fabs(miss);
                    one.last += fabs(truth - then);
                    one.inside[0] += miss >= (double)b[0] && miss <= (double)b[1];
                    one.inside[1] += miss >= (double)b[2] && miss <= (double)b[3];
                    one.count++;
                }
            }
            assert_true(one.ours <= 1.01 * one.last);
            all.ours += one.ours;
            all.last += one.last;
            all.count += one.count;
            all.inside[0] += one.inside[0];
            all.inside[1] += one.inside[1];
        }
        assert_true(all.ours < 0.97 * all.last);
        assert_true(fabs(all.inside[0] / all.count - 0.80) < 0.05);
        assert_true(fabs(all.inside[1] / all.count - 0.95) < 0.05);
    }
    free(m);
}

/* --- threads, restarts --- */

static void threads_and_one_sweep_do_not_change_a_bit(void **state)
{
    (void)state;
    enum { N = 5000 };
    static double value[N], a[N * STEPS], b[N * STEPS];
    sg_nowcast *one = created(N), *shared = created(N);
    sg_pool *pool = sg_pool_create(3);
    for (int t = 0; t < 100; t++) {
        for (int s = 0; s < N; s++) {
            value[s] = drawn(s, t);
        }
        sg_nowcast_update(one, NULL, value, NULL);
        sg_nowcast_tick(shared, pool, value, NULL, STEPS, b);
    }
    sg_nowcast_predict(one, NULL, STEPS, a);
    assert_memory_equal(a, b, sizeof a);
    memset(b, 0, sizeof b);
    sg_nowcast_predict(shared, pool, STEPS, b);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_equal(one, shared, sg_nowcast_size(N));
    sg_nowcast_predict(shared, pool, 7, b);
    for (int s = 0; s < N; s++) {
        assert_memory_equal(&a[s * STEPS], &b[s * 7], 7 * sizeof *a);
    }
    sg_pool_free(pool);
    free(one);
    free(shared);
}

static void it_goes_on_after_a_restart(void **state)
{
    (void)state;
    enum { N = 21 };
    double value[N];
    sg_nowcast *a = created(N), *b = created(N), *other = created(N + 1);
    for (int t = 0; t < 333; t++) {
        for (int s = 0; s < N; s++) {
            value[s] = drawn(s, t);
        }
        sg_nowcast_update(a, NULL, value, NULL);
    }
    size_t size = sg_nowcast_saved_size(a);
    unsigned char *saved = malloc(size);
    sg_nowcast_save(a, saved);
    assert_int_equal(sg_nowcast_load(other, saved, size), SG_RANGE);
    assert_int_equal(sg_nowcast_load(b, saved, size - 1), SG_CORRUPT);
    assert_int_equal(sg_nowcast_load(b, saved, 10), SG_FORMAT);
    saved[size / 2] ^= 4;
    assert_int_equal(sg_nowcast_load(b, saved, size), SG_CORRUPT);
    assert_true(sg_nowcast_at(b, 0, 1) == 0); /* untouched */
    saved[size / 2] ^= 4;
    saved[0] ^= 1;
    assert_int_equal(sg_nowcast_load(b, saved, size), SG_FORMAT);
    saved[0] ^= 1;
    assert_int_equal(sg_nowcast_load(b, saved, size), SG_OK);
    for (int t = 333; t < 400; t++) {
        for (int s = 0; s < N; s++) {
            value[s] = drawn(s, t);
        }
        sg_nowcast_update(a, NULL, value, NULL);
        sg_nowcast_update(b, NULL, value, NULL);
    }
    assert_memory_equal(a, b, sg_nowcast_size(N));
    free(saved);
    free(a);
    free(b);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_the_plain_program_says),
        cmocka_unit_test(noise_walks_and_ramps_are_told_apart),
        cmocka_unit_test(a_constant_is_told_to_the_last_bit),
        cmocka_unit_test(what_is_missing_or_beyond_belief_changes_nothing),
        cmocka_unit_test(racks_in_training_are_never_told_worse_than_as_it_is_now),
        cmocka_unit_test(threads_and_one_sweep_do_not_change_a_bit),
        cmocka_unit_test(it_goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
