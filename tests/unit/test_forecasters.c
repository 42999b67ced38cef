/* The models that look ahead, each against the same thing done by hand or by brute force. */
#include "forecast/forecaster.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed = 3;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / 4503599627370496.0 - 1;
}

static void near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("%.17g, expected %.17g", got, expected);
    }
}

enum { ROWS_MAX = 8192, SERIES_MAX = 3 };

static double values[SERIES_MAX * ROWS_MAX];
static uint8_t missing[SERIES_MAX * ROWS_MAX];

static sg_panel panel_of(int32_t series, int64_t rows, int32_t season)
{
    return (sg_panel){.series_count = series,
                      .season = season,
                      .row_count = rows,
                      .stride = ROWS_MAX,
                      .value = values,
                      .missing = missing};
}

typedef struct learnt {
    const sg_forecaster *model;
    sg_forecast_shape shape;
    void *state;
} learnt;

static learnt learn(const char *name, const sg_panel *panel, int32_t horizon, int64_t rows)
{
    learnt ret = {sg_forecaster_find(name),
                  {.series_count = panel->series_count,
                   .horizon = horizon,
                   .season = panel->season,
                   .fit_rows = rows},
                  NULL};
    assert_non_null(ret.model);
    ret.state = calloc(1, ret.model->size(&ret.shape, ret.model->variant));
    ret.model->create(ret.state, &ret.shape, ret.model->variant);
    if (ret.model->fit) {
        assert_int_equal(ret.model->fit(ret.state, panel, 0, rows), SG_OK);
    }
    return ret;
}

/* --- gaps --- */

static void gaps_are_filled_from_the_day_before_or_the_last_value(void **state)
{
    (void)state;
    const double in[] = {NAN, 1, 2, INFINITY, 4, NAN, NAN, 1e200};
    const double with_season[] = {1, 1, 2, 2, 4, 2, 4, 4}; /* of three rows; a gap is no source */
    const double without[] = {1, 1, 2, 2, 4, 4, 4, 4};
    const uint8_t gaps[] = {1, 0, 0, 1, 0, 1, 1, 1};
    for (int season = 0; season <= 3; season += 3) {
        sg_panel panel = panel_of(1, 8, season);
        memcpy(values, in, sizeof in);
        sg_panel_fill(&panel);
        assert_memory_equal(values, season ? with_season : without, sizeof in);
        assert_memory_equal(missing, gaps, sizeof gaps);
    }
    sg_panel empty = panel_of(1, 2, 0);
    values[0] = values[1] = NAN;
    sg_panel_fill(&empty);
    assert_true(values[0] == 0 && values[1] == 0);
}

/* --- naive --- */

static void naive_ones_repeat(void **state)
{
    (void)state;
    sg_panel panel = panel_of(1, 12, 3);
    for (int i = 0; i < 12; i++) {
        values[i] = i * i;
    }
    double ret[4];
    learnt last = learn("persistence", &panel, 4, 12);
    last.model->predict(last.state, &panel, 12, ret);
    for (int h = 0; h < 4; h++) {
        assert_true(ret[h] == 121);
    }
    learnt day = learn("seasonal_naive", &panel, 4, 12);
    day.model->predict(day.state, &panel, 12, ret);
    assert_true(ret[0] == 81 && ret[1] == 100 && ret[2] == 121 && ret[3] == 81);
    learnt week = learn("profile_week", &panel, 4, 12);
    week.model->predict(week.state, &panel, 12, ret);
    near(ret[1], (1 + 16 + 49 + 100) / 4.0, 1e-12);
    free(last.state);
    free(day.state);
    free(week.state);
    sg_panel weeks = panel_of(
        1, 6 * 21, 3); /* six weeks of three rows a day; the week's number and the row in it */
    for (int i = 0; i < 6 * 21; i++) {
        values[i] = 100 * (i / 21) + i % 21;
    }
    learnt mean = learn("profile_weeks", &weeks, 4, 6 * 21);
    mean.model->predict(mean.state, &weeks, 6 * 21, ret);
    near(ret[3], 100 * (2 + 3 + 4 + 5) / 4.0 + 3, 1e-12);
    free(mean.state);
}

/* --- smoothing: the component form of the textbook, and Akaike's choice among all of the grid --- */

typedef struct parts {
    double level, trend, season[8], squares;
} parts;

static parts smooth_by_hand(const double *x, int rows, int season, double a, double b, double g)
{
    parts p = {0};
    int warm = season ? season : 1;
    for (int i = 0; i < warm; i++) {
        p.level += x[i] / warm;
    }
    for (int i = 0; i < warm && g >= 0; i++) {
        p.season[i] = x[i] - p.level;
    }
    p.level = g >= 0 ? p.level : x[warm - 1];
    for (int i = warm; i < rows; i++) {
        double s = g >= 0 ? p.season[i % season] : 0, before = p.level;
        double error = x[i] - (before + 0.98 * p.trend + s);
        p.level = a * (x[i] - s) + (1 - a) * (before + 0.98 * p.trend);
        p.trend = b * (p.level - before) + (1 - b) * 0.98 * p.trend;
        if (g >= 0) {
            p.season[i % season] = g * (x[i] - p.level) + (1 - g) * s;
        }
        p.squares += error * error;
    }
    return p;
}

static void smoothing_is_the_textbooks(void **state)
{
    (void)state;
    static const double as[] = {0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95};
    static const double bs[] = {0, 0.02, 0.1, 0.3}, gs[] = {-1, 0.02, 0.1, 0.3};
    for (int round = 0; round < 24; round++) {
        enum { ROWS = 120, H = 9 };
        int season = round % 2 ? 6 : 0;
        sg_panel panel = panel_of(1, ROWS, season);
        for (int i = 0; i < ROWS; i++) {
            values[i] = uniform() + (round % 3) * 0.1 * i + (round % 4) * sin(i * M_PI / 3);
        }
        double best = INFINITY, expected[H], got[H];
        for (int k = 0; k < 8 * 4 * (season ? 4 : 1); k++) {
            double a = as[k % 8], b = bs[k / 8 % 4], g = gs[k / 32];
            parts p = smooth_by_hand(values, ROWS, season, a, b, g);
            double aic = ROWS * log(p.squares / ROWS) +
                         2 * (2 + (b > 0 ? 2 : 0) + (g >= 0 ? 1 + season : 0));
            for (int h = 0; h < H && aic < best; h++) {
                double damped = 0;
                for (int i = 1; i <= h + 1; i++) {
                    damped += pow(0.98, i);
                }
                expected[h] =
                    p.level + damped * p.trend + (g >= 0 ? p.season[(ROWS + h) % season] : 0);
            }
            best = fmin(aic, best);
        }
        learnt m = learn("smoothing", &panel, H, ROWS);
        m.model->predict(m.state, &panel, ROWS, got);
        for (int h = 0; h < H; h++) {
            near(got[h], expected[h], 1e-9);
        }
        free(m.state);
    }
}

/* --- autoregression --- */

/* z(t) = 1.2 z(t-1) - 0.5 z(t-2) + noise, on a level: what the process itself would say of the rows ahead. */
static void autoregression_finds_the_process(void **state)
{
    (void)state;
    enum { ROWS = 8000, H = 5 };
    sg_panel panel = panel_of(1, ROWS, 0);
    double z[ROWS + H] = {0}, squares = 0;
    for (int i = 2; i < ROWS; i++) {
        z[i] = 1.2 * z[i - 1] - 0.5 * z[i - 2] + uniform();
        values[i] = 50 + 3 * z[i];
    }
    values[0] = values[1] = 50;
    learnt m = learn("autoregression", &panel, H, ROWS - 2000);
    for (int origin = ROWS - 2000; origin < ROWS; origin++) {
        double got[H], truth[2] = {z[origin - 1], z[origin - 2]};
        m.model->predict(m.state, &panel, origin, got);
        for (int h = 0; h < H; h++) {
            double next = 1.2 * truth[0] - 0.5 * truth[1];
            truth[1] = truth[0];
            truth[0] = next;
            squares += pow(got[h] - (50 + 3 * next), 2) / (2000 * H);
        }
        m.model->update(m.state, &panel, origin);
    }
    /* Of a noise of deviation sqrt(3): 17 weights from some 2,000 rows of it are good to a tenth, several steps ahead to twice that. */
    assert_true(sqrt(squares) < 0.2 * sqrt(3));
    free(m.state);
}

/* --- ridge: every window by itself, the equations by elimination --- */

enum { LAGS = 14, AHEAD = 3, FIT_ROWS = 60 };

static void eliminate(double a[LAGS][LAGS], double b[LAGS][AHEAD], int n)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++) {
            pivot = fabs(a[i][k]) > fabs(a[pivot][k]) ? i : pivot;
        }
        for (int j = 0; j < LAGS; j++) {
            double swap = a[k][j];
            a[k][j] = a[pivot][j];
            a[pivot][j] = swap;
        }
        for (int c = 0; c < AHEAD; c++) {
            double swap = b[k][c];
            b[k][c] = b[pivot][c];
            b[pivot][c] = swap;
        }
        for (int i = 0; i < n; i++) {
            double share = i == k ? 0 : a[i][k] / a[k][k];
            for (int j = 0; j < n; j++) {
                a[i][j] -= share * a[k][j];
            }
            for (int c = 0; c < AHEAD; c++) {
                b[i][c] -= share * b[k][c];
            }
        }
    }
    for (int i = 0; i < n; i++) {
        for (int c = 0; c < AHEAD; c++) {
            b[i][c] /= a[i][i];
        }
    }
}

/* Weights from all windows of rows [0, rows), each series by its mean and deviation there. */
static void ridge_by_hand(int series, int rows, double penalty, double ret[LAGS][AHEAD])
{
    double a[LAGS][LAGS] = {{0}}, trace = 0;
    memset(ret, 0, sizeof(double) * LAGS * AHEAD);
    for (int s = 0; s < series; s++) {
        const double *x = values + s * ROWS_MAX;
        double mean = 0, deviation = 0;
        for (int i = 0; i < rows; i++) {
            mean += x[i] / rows;
        }
        for (int i = 0; i < rows; i++) {
            deviation += (x[i] - mean) * (x[i] - mean) / rows;
        }
        deviation = sqrt(deviation);
        for (int first = 0; first + LAGS + AHEAD <= rows; first++) {
            double last = x[first + LAGS - 1];
            for (int i = 0; i < LAGS - 1; i++) {
                double u = (x[first + i] - last) / deviation;
                for (int j = 0; j < LAGS - 1; j++) {
                    a[i][j] += u * (x[first + j] - last) / deviation;
                }
                for (int h = 0; h < AHEAD; h++) {
                    ret[i][h] += u * (x[first + LAGS + h] - last) / deviation;
                }
            }
        }
    }
    for (int i = 0; i < LAGS - 1; i++) {
        trace += a[i][i] / (LAGS - 1);
    }
    for (int i = 0; i < LAGS - 1; i++) {
        a[i][i] += penalty * trace;
    }
    eliminate(a, ret, LAGS - 1);
}

static double ridge_ahead(int s, int origin, double w[LAGS][AHEAD], int h)
{
    const double *x = values + s * ROWS_MAX + origin - LAGS;
    double sum = x[LAGS - 1];
    for (int i = 0; i < LAGS - 1; i++) {
        sum += w[i][h] * (x[i] - x[LAGS - 1]);
    }
    return sum;
}

/* The penalty that is best on the last fifth, learnt from the first four. */
static double penalty_by_hand(int series)
{
    static const double penalties[] = {0.01, 0.03, 0.1, 0.3, 1, 3};
    double best = 0, least = INFINITY, w[LAGS][AHEAD];
    int split = FIT_ROWS - FIT_ROWS / 5;
    for (int p = 0; p < 6; p++) {
        double sum = 0;
        ridge_by_hand(series, split, penalties[p], w);
        for (int s = 0; s < series; s++) {
            double mean, deviation;
            sg_panel panel = panel_of(series, FIT_ROWS, 0);
            sg_panel_scale(&panel, s, 0, split, &mean, &deviation);
            for (int origin = split; origin + AHEAD <= FIT_ROWS; origin++) {
                for (int h = 0; h < AHEAD; h++) {
                    double miss = ridge_ahead(s, origin, w, h) - values[s * ROWS_MAX + origin + h];
                    sum += miss * miss / (deviation * deviation);
                }
            }
        }
        best = sum < least ? penalties[p] : best;
        least = fmin(sum, least);
    }
    return best;
}

static void ridge_solves_the_normal_equations(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        int series = 1 + round % SERIES_MAX;
        sg_panel panel = panel_of(series, FIT_ROWS, 0);
        for (int s = 0; s < series; s++) {
            double walk = 100 * s;
            for (int i = 0; i < FIT_ROWS; i++) {
                walk += (round % 5) * 0.2 * uniform();
                values[s * ROWS_MAX + i] = walk + sin(i * 0.9 + s) + 0.3 * uniform();
            }
        }
        double w[LAGS][AHEAD], got[SERIES_MAX * AHEAD];
        ridge_by_hand(series, FIT_ROWS, penalty_by_hand(series), w);
        learnt m = learn("ridge", &panel, AHEAD, FIT_ROWS);
        m.model->predict(m.state, &panel, FIT_ROWS, got);
        for (int s = 0; s < series; s++) {
            for (int h = 0; h < AHEAD; h++) {
                near(got[s * AHEAD + h], ridge_ahead(s, FIT_ROWS, w, h), 1e-8);
            }
        }
        free(m.state);
    }
}

/* --- all of them --- */

static void what_is_kept_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    enum { ROWS = 400, H = 6 };
    sg_panel panel = panel_of(2, ROWS, 24);
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < ROWS; i++) {
            values[s * ROWS_MAX + i] = 10 * s + sin(i * M_PI / 12) + 0.2 * uniform();
        }
    }
    for (int k = 0; k < sg_forecaster_count; k++) {
        const char *lacks = sg_forecasters[k]->lacks ? sg_forecasters[k]->lacks() : NULL;
        if (lacks) {
            print_message("SKIPPED: %s: %s\n", sg_forecasters[k]->name, lacks);
            continue;
        }
        learnt m = learn(sg_forecasters[k]->name, &panel, H, 300);
        size_t size = sg_forecaster_saved_size(m.model, &m.shape);
        size_t bytes = m.model->size(&m.shape, m.model->variant);
        char *saved = malloc(size), *again = malloc(size), *other = calloc(1, bytes);
        sg_forecaster_save(m.model, &m.shape, m.state, saved);
        assert_int_equal(sg_forecaster_load(m.model, &m.shape, saved, size, other), SG_OK);
        sg_forecaster_save(m.model, &m.shape, other, again);
        assert_memory_equal(saved, again, size);
        for (int row = 300; row < ROWS; row++) {
            double a[2 * H], b[2 * H];
            m.model->predict(m.state, &panel, row, a);
            m.model->predict(other, &panel, row, b);
            assert_memory_equal(a, b, sizeof a);
            if (m.model->update) {
                m.model->update(m.state, &panel, row);
                m.model->update(other, &panel, row);
            }
        }
        free(m.state);
        free(saved);
        free(again);
        free(other);
    }
}

static void what_is_kept_is_not_taken_for_something_else(void **state)
{
    (void)state;
    sg_panel panel = panel_of(1, 200, 0);
    for (int i = 0; i < 200; i++) {
        values[i] = uniform();
    }
    learnt m = learn("autoregression", &panel, 2, 200);
    const sg_forecaster *other = sg_forecaster_find("smoothing");
    size_t size = sg_forecaster_saved_size(m.model, &m.shape);
    char *saved = malloc(size), *room = malloc(size);
    sg_forecast_shape wide = m.shape, long_one = m.shape;
    wide.series_count = 2;
    long_one.horizon = 3;
    sg_forecaster_save(m.model, &m.shape, m.state, saved);
    assert_int_equal(sg_forecaster_load(m.model, &wide, saved, size, room), SG_RANGE);
    assert_int_equal(sg_forecaster_load(m.model, &long_one, saved, size, room), SG_RANGE);
    assert_int_equal(sg_forecaster_load(other, &m.shape, saved, size, room), SG_FORMAT);
    assert_int_equal(sg_forecaster_load(m.model, &m.shape, saved, 10, room), SG_FORMAT);
    assert_int_equal(sg_forecaster_load(m.model, &m.shape, saved, size - 1, room), SG_CORRUPT);
    for (size_t i = 0; i < size; i++) { /* any changed byte is noticed */
        saved[i] ^= 0x10;
        assert_int_not_equal(sg_forecaster_load(m.model, &m.shape, saved, size, room), SG_OK);
        saved[i] ^= 0x10;
    }
    free(m.state);
    free(saved);
    free(room);
}

static void blocks_are_those_of_the_header(void **state)
{
    (void)state;
    static const int first[] = {1, 2, 7, 25, 97, 337, 1025, 2049};
    for (int b = 0; b < 8; b++) {
        int last = b < 7 ? first[b + 1] - 1 : SG_FORECAST_HORIZON_MAX;
        assert_int_equal(sg_horizon_block(first[b] - 1), b);
        assert_int_equal(sg_horizon_block(last - 1), b);
        assert_int_equal(sg_horizon_block_end(b), last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_filled_from_the_day_before_or_the_last_value),
        cmocka_unit_test(naive_ones_repeat),
        cmocka_unit_test(smoothing_is_the_textbooks),
        cmocka_unit_test(autoregression_finds_the_process),
        cmocka_unit_test(ridge_solves_the_normal_equations),
        cmocka_unit_test(what_is_kept_goes_on_with_the_same_bits),
        cmocka_unit_test(what_is_kept_is_not_taken_for_something_else),
        cmocka_unit_test(blocks_are_those_of_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
