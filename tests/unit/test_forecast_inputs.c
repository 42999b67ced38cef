/* What stands beside the series: each model with inputs against brute force, and none that looks where it may not. */
#include "base/time.h"
#include "forecast/calendar.h"
#include "forecast/forecaster.h"
#include "model/clear_sky.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS_MAX = 4096, AHEAD_MAX = 64, SERIES_MAX = 2, INPUTS_MAX = 4 };

static uint64_t seed = 7;

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

static double values[SERIES_MAX][ROWS_MAX], beside[INPUTS_MAX][ROWS_MAX + AHEAD_MAX];
static uint8_t missing[SERIES_MAX][ROWS_MAX];
static sg_inputs inputs;

static sg_panel panel_of(int32_t series, int64_t rows, int32_t season, int32_t count, int32_t known)
{
    inputs = (sg_inputs){.count = count,
                         .known = known,
                         .row_count = rows + AHEAD_MAX,
                         .stride = ROWS_MAX + AHEAD_MAX,
                         .value = beside[0]};
    return (sg_panel){.series_count = series,
                      .season = season,
                      .row_count = rows,
                      .stride = ROWS_MAX,
                      .value = values[0],
                      .missing = missing[0],
                      .inputs = &inputs};
}

typedef struct learnt {
    const sg_forecaster *model;
    sg_forecast_shape shape;
    void *state;
} learnt;

static learnt learn(const char *name, const sg_panel *panel, int32_t horizon, int64_t rows)
{
    learnt m = {.model = sg_forecaster_find(name),
                .shape = {.series_count = panel->series_count,
                          .horizon = horizon,
                          .season = panel->season,
                          .fit_rows = rows,
                          .input_count = panel->inputs->count,
                          .known_count = panel->inputs->known,
                          .sky = panel->inputs->sky}};
    assert_non_null(m.model);
    m.state = malloc(m.model->size(&m.shape, m.model->variant));
    assert_non_null(m.state);
    m.model->create(m.state, &m.shape, m.model->variant);
    if (m.model->fit) {
        assert_int_equal(m.model->fit(m.state, panel, 0, rows), SG_OK);
    }
    return m;
}

/* --- ridge with inputs: every window a row of a table, the equations by elimination --- */

enum { SEASON = 5, FIT = 120, LAGS = 20, H = 3, COLUMNS = LAGS + 3 + 4 };

/* What step h from `origin` looks at: differences of the series, its level, the last value of three inputs, two known ones there and a day before. */
static void columns_by_hand(int s, int origin, int h, const double mean[3], const double scale[3],
                            double level, double deviation, double ret[COLUMNS])
{
    const double *x = values[s] + origin;
    for (int i = 0; i < LAGS - 1; i++) {
        ret[i] = (x[i - LAGS] - x[-1]) / deviation;
    }
    ret[LAGS - 1] = (x[-1] - level) / deviation;
    for (int k = 0; k < 3; k++) {
        ret[LAGS + k] = (beside[k][origin - 1] - mean[k]) / scale[k];
    }
    for (int k = 0; k < 2; k++) {
        ret[LAGS + 3 + k] = (beside[k][origin + h] - mean[k]) / scale[k];
        ret[LAGS + 5 + k] = (beside[k][origin + h - SEASON] - mean[k]) / scale[k];
    }
}

static void eliminate(double a[COLUMNS][COLUMNS], double b[COLUMNS])
{
    for (int k = 0; k < COLUMNS; k++) {
        int pivot = k;
        for (int i = k + 1; i < COLUMNS; i++) {
            pivot = fabs(a[i][k]) > fabs(a[pivot][k]) ? i : pivot;
        }
        for (int j = 0; j < COLUMNS; j++) {
            double swap = a[k][j];
            a[k][j] = a[pivot][j];
            a[pivot][j] = swap;
        }
        double swap = b[k];
        b[k] = b[pivot];
        b[pivot] = swap;
        for (int i = 0; i < COLUMNS; i++) {
            double share = i == k ? 0 : a[i][k] / a[k][k];
            for (int j = 0; j < COLUMNS; j++) {
                a[i][j] -= share * a[k][j];
            }
            b[i] -= share * b[k];
        }
    }
    for (int i = 0; i < COLUMNS; i++) {
        b[i] /= a[i][i];
    }
}

static void weights_by_hand(int s, int rows, int h, double penalty, const double mean[3],
                            const double scale[3], double level, double deviation,
                            double ret[COLUMNS])
{
    double a[COLUMNS][COLUMNS] = {{0}}, u[COLUMNS], trace = 0;
    memset(ret, 0, COLUMNS * sizeof *ret);
    for (int origin = LAGS; origin + H <= rows; origin++) {
        columns_by_hand(s, origin, h, mean, scale, level, deviation, u);
        for (int i = 0; i < COLUMNS; i++) {
            for (int j = 0; j < COLUMNS; j++) {
                a[i][j] += u[i] * u[j];
            }
            ret[i] += u[i] * (values[s][origin + h] - values[s][origin - 1]) / deviation;
        }
    }
    for (int i = 0; i < LAGS + 3; i++) { /* what all steps share gives the measure */
        trace += a[i][i] / (LAGS + 3);
    }
    for (int i = 0; i < COLUMNS; i++) {
        a[i][i] += penalty * trace;
    }
    eliminate(a, ret);
}

static double say_by_hand(int s, int origin, int h, const double w[COLUMNS], const double mean[3],
                          const double scale[3], double level, double deviation)
{
    double u[COLUMNS], sum = 0;
    columns_by_hand(s, origin, h, mean, scale, level, deviation, u);
    for (int i = 0; i < COLUMNS; i++) {
        sum += w[i] * u[i];
    }
    return values[s][origin - 1] + deviation * sum;
}

static double deviation_of(const double *x, int rows, double *ret_mean)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < rows; i++) {
        mean += x[i] / rows;
    }
    for (int i = 0; i < rows; i++) {
        squares += (x[i] - mean) * (x[i] - mean) / rows;
    }
    *ret_mean = mean;
    return sqrt(squares);
}

static double penalty_by_hand(int s, const double mean[3], const double scale[3])
{
    static const double penalties[] = {0.01, 0.03, 0.1, 0.3, 1, 3};
    double best = 0, least = INFINITY, w[H][COLUMNS], level;
    int split = FIT - FIT / 5;
    double deviation = deviation_of(values[s], split, &level);
    for (int p = 0; p < 6; p++) {
        double sum = 0;
        for (int h = 0; h < H; h++) {
            weights_by_hand(s, split, h, penalties[p], mean, scale, level, deviation, w[h]);
            for (int origin = split; origin + H <= FIT; origin++) {
                double miss = say_by_hand(s, origin, h, w[h], mean, scale, level, deviation) -
                              values[s][origin + h];
                sum += miss * miss;
            }
        }
        best = sum < least ? penalties[p] : best;
        least = fmin(sum, least);
    }
    return best;
}

static void ridge_with_inputs_solves_the_normal_equations(void **state)
{
    (void)state;
    for (int round = 0; round < 12; round++) {
        sg_panel panel = panel_of(SERIES_MAX, FIT + 8, SEASON, 3, 2);
        double mean[3], scale[3], got[SERIES_MAX][H], w[COLUMNS], level;
        for (int k = 0; k < 3; k++) {
            for (int i = 0; i < FIT + AHEAD_MAX; i++) {
                beside[k][i] = 5 * k + uniform() + (k == 1 ? sin(i) : 0);
            }
            scale[k] = deviation_of(beside[k], FIT, &mean[k]);
        }
        for (int s = 0; s < SERIES_MAX; s++) {
            for (int i = 0; i < FIT + 8; i++) {
                values[s][i] = 40 * s + 3 * sin(i * 6.2831853 / SEASON) + 2 * beside[0][i] +
                               (i > 0 ? beside[2][i - 1] : 0) + (round % 3) * uniform();
            }
        }
        learnt m = learn("ridge_inputs_short", &panel, H, FIT);
        for (int origin = FIT; origin < FIT + 4; origin++) {
            m.model->predict(m.state, &panel, origin, got[0]);
            for (int s = 0; s < SERIES_MAX; s++) {
                double penalty = penalty_by_hand(s, mean, scale);
                double deviation = deviation_of(values[s], FIT, &level);
                for (int h = 0; h < H; h++) {
                    weights_by_hand(s, FIT, h, penalty, mean, scale, level, deviation, w);
                    near(got[s][h], say_by_hand(s, origin, h, w, mean, scale, level, deviation),
                         1e-8);
                }
            }
        }
        free(m.state);
    }
}

/* Mean |miss| over the last 300 rows, in deviations of the series. */
static double miss_of(const learnt *m, const sg_panel *panel, int h)
{
    double sum = 0, got[AHEAD_MAX], mean;
    int from = (int)panel->row_count - 300, count = 0;
    for (int origin = from; origin + h < panel->row_count; origin++, count++) {
        m->model->predict(m->state, panel, origin, got);
        sum += fabs(got[h] - values[0][origin + h]);
    }
    return sum / count / deviation_of(values[0], (int)panel->row_count, &mean);
}

/* A series of nothing but an input: known ahead it is told in full, seen only the row after is, and never the one behind it. */
static void an_input_that_is_all_there_is(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        sg_panel panel = panel_of(1, 4000, 0, 1, known);
        for (int i = 0; i < 4000 + AHEAD_MAX; i++) {
            beside[0][i] = uniform();
        }
        for (int i = 0; i < 4000; i++) {
            values[0][i] = 7 + 3 * (known ? beside[0][i] : i > 0 ? beside[0][i - 1] : 0);
        }
        learnt m = learn("ridge_inputs_short", &panel, 4, 3700);
        for (int h = 0; h < 4; h++) {
            double miss = miss_of(&m, &panel, h);
            print_message("%s, %d ahead: %.3f deviations missed\n", known ? "known" : "seen", h + 1,
                          miss);
            assert_true(known || h == 0 ? miss < 0.05 : miss > 0.7);
        }
        free(m.state);
    }
}

/* --- nobody looks where he may not --- */

static void draw_world(int rows)
{
    for (int i = 0; i < rows + AHEAD_MAX; i++) {
        beside[0][i] = fmax(0, sin(i * 6.2831853 / 24));
        beside[1][i] = uniform();
        beside[2][i] = i % 7 == 0;
        beside[3][i] = uniform();
    }
    for (int i = 0; i < rows; i++) {
        for (int s = 0; s < SERIES_MAX; s++) {
            values[s][i] = (1 + s) * beside[0][i] * (1 + 0.3 * beside[1][i]) + 0.1 * uniform();
        }
    }
}

/* Truths from the origin on, seen inputs from there on and known ones from origin + horizon on are changed: not a bit of what is said
 * changes. A known value of the rows ahead that is changed is heard by those that take inputs. */
static void what_is_not_known_is_not_heard(void **state)
{
    (void)state;
    enum { ROWS = 1200, AHEAD = 6 };
    static double before[SERIES_MAX * AHEAD], after[SERIES_MAX * AHEAD];
    int heard = 0;
    for (int i = 0; i < sg_forecaster_count; i++) {
        draw_world(ROWS);
        sg_panel panel = panel_of(SERIES_MAX, ROWS, 24, 4, 3);
        inputs.sky = true;
        if (sg_forecasters[i]->lacks && sg_forecasters[i]->lacks()) {
            print_message("SKIPPED %s: %s\n", sg_forecasters[i]->name, sg_forecasters[i]->lacks());
            continue;
        }
        learnt m = learn(sg_forecasters[i]->name, &panel, AHEAD, 1000);
        int64_t origin = 1040; /* in light */
        for (int row = 1000; row < origin && m.model->update; row++) {
            m.model->update(m.state, &panel, row);
        }
        m.model->predict(m.state, &panel, origin, before);
        for (int64_t row = origin; row < ROWS + AHEAD_MAX; row++) {
            for (int s = 0; s < SERIES_MAX && row < ROWS; s++) {
                values[s][row] = 1e3 * uniform();
            }
            for (int k = row < origin + AHEAD ? 3 : 0; k < 4; k++) {
                beside[k][row] = 1e3 * uniform();
            }
        }
        m.model->predict(m.state, &panel, origin, after);
        assert_memory_equal(before, after, sizeof before);
        beside[1][origin + 2] += 1;
        m.model->predict(m.state, &panel, origin, after);
        heard += after[2] != before[2];
        free(m.state);
    }
    assert_true(heard >= 3); /* both ridges, sky_ridge, and trees where they are */
}

static void what_is_kept_tells_its_inputs(void **state)
{
    (void)state;
    draw_world(1000);
    sg_panel panel = panel_of(SERIES_MAX, 1000, 24, 4, 3);
    inputs.sky = true;
    static const char *const names[] = {"ridge_inputs_short", "sky_index", "sky_ridge"};
    for (int i = 0; i < 3; i++) {
        double said[SERIES_MAX * 3], again[SERIES_MAX * 3];
        learnt m = learn(names[i], &panel, 3, 900);
        size_t size = sg_forecaster_saved_size(m.model, &m.shape);
        void *saved = malloc(size), *other = malloc(m.model->size(&m.shape, m.model->variant));
        assert_true(saved && other);
        sg_forecaster_save(m.model, &m.shape, m.state, saved);
        sg_forecast_shape fewer = m.shape, unknown = m.shape, dark = m.shape;
        fewer.input_count--;
        unknown.known_count--;
        dark.sky = false;
        assert_int_equal(sg_forecaster_load(m.model, &fewer, saved, size, other), SG_RANGE);
        assert_int_equal(sg_forecaster_load(m.model, &unknown, saved, size, other), SG_RANGE);
        assert_int_equal(sg_forecaster_load(m.model, &dark, saved, size, other), SG_RANGE);
        assert_int_equal(sg_forecaster_load(m.model, &m.shape, saved, size, other), SG_OK);
        m.model->predict(m.state, &panel, 950, said);
        m.model->predict(other, &panel, 950, again);
        assert_memory_equal(said, again, sizeof said);
        free(m.state);
        free(saved);
        free(other);
    }
}

static void the_mixture_takes_what_suits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool plain, inputs, sky;
    } rows[] = {{"persistence", true, true, true},
                {"ridge", true, true, true},
                {"ridge_inputs", false, true, true},
                {"sky_index", false, false, true},
                {"trees", false, false, false}};
    sg_forecast_shape plain = {.series_count = 1, .horizon = 1}, with = plain, sun = plain;
    with.input_count = 1;
    sun.input_count = sun.known_count = 1;
    sun.sky = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const sg_forecaster *model = sg_forecaster_find(rows[i].name);
        assert_int_equal(sg_forecaster_suits(model, &plain), rows[i].plain);
        assert_int_equal(sg_forecaster_suits(model, &with), rows[i].inputs);
        assert_int_equal(sg_forecaster_suits(model, &sun), rows[i].sky);
    }
}

static void gaps_of_inputs_are_filled(void **state)
{
    (void)state;
    enum { N = 8 };
    double in[2][N] = {{NAN, 1, 2, NAN, INFINITY, 5, 6, NAN},
                       {NAN, NAN, NAN, NAN, 1e200, NAN, NAN, NAN}};
    const double season_of_3[N] = {1, 1, 2, 2, 1, 5, 6, 1}, none[N] = {1, 1, 2, 2, 2, 5, 6, 6};
    for (int season = 0; season <= 3; season += 3) {
        double work[2][N];
        memcpy(work, in, sizeof in);
        sg_inputs it = {.count = 2, .row_count = N, .stride = N, .value = work[0]};
        sg_inputs_fill(&it, season);
        for (int i = 0; i < N; i++) {
            near(work[0][i], season ? season_of_3[i] : none[i], 0);
            near(work[1][i], 0, 0);
        }
        near(sg_input_at(&it, 0, N + 5), work[0][N - 1], 0);
    }
}

/* --- the calendar --- */

static void the_calendar_knows_its_days(void **state)
{
    (void)state;
    static const struct {
        const char *when; /* by any almanac */
        bool holiday, off, sunday, monday;
    } rows[] = {{"2023-06-02 12:00", false, false, false, false}, /* a Friday */
                {"2023-06-03 00:00", false, true, false, false},
                {"2023-06-04 23:59", false, true, true, false},
                {"2023-06-05 00:00", false, false, false, true},
                {"2023-12-25 06:00", false, false, false, true}, /* a Monday, for whom it is one */
                {"2023-12-25 06:00", true, true, true, false},
                {"1969-12-31 18:00", false, false, false, false}, /* a Wednesday */
                {"1969-12-28 18:00", false, true, true, false},
                {"2024-02-29 03:00", false, false, false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t time_us;
        int hour, minute;
        double got[SG_CALENDAR_COUNT];
        assert_int_equal(sg_time_parse(rows[i].when, strlen(rows[i].when), &time_us), SG_OK);
        assert_int_equal(sscanf(rows[i].when + 11, "%d:%d", &hour, &minute), 2);
        sg_calendar_of(time_us, rows[i].holiday, got);
        double turns = (hour + minute / 60.0) / 24 * 6.283185307179586;
        double daily[4] = {sin(turns), cos(turns), sin(2 * turns), cos(2 * turns)};
        for (int k = 0; k < 4; k++) {
            near(got[k], daily[k], 1e-9);
            near(got[5 + k], rows[i].off ? daily[k] : 0, 1e-9);
        }
        near(got[4], rows[i].off, 0);
        near(got[9], rows[i].sunday, 0);
        near(got[10], rows[i].monday, 0);
    }
}

/* --- the sky --- */

/* Light that is the same share of the clear sky's all day, another each day: the share of the last row tells the rest of the day
 * exactly, at night the last day's does; on any scale, with any zero. */
static void a_share_of_the_sky_is_told_again(void **state)
{
    (void)state;
    enum { DAY = 48, ROWS = 40 * DAY, AHEAD = 12 };
    for (int round = 0; round < 3; round++) {
        double share[42], zero = round == 1 ? -1.3 : 0, factor = round == 2 ? -250 : 4;
        for (int d = 0; d < 42; d++) {
            share[d] = 0.6 + 0.4 * uniform();
        }
        sg_panel panel = panel_of(1, ROWS, DAY, 1, 1);
        inputs.sky = true;
        for (int i = 0; i < ROWS + AHEAD_MAX; i++) {
            beside[0][i] = fmax(0, -cos(i * 6.283185307179586 / DAY) - 0.2);
        }
        for (int i = 0; i < ROWS; i++) {
            values[0][i] = zero + factor * share[i / DAY] * beside[0][i];
        }
        learnt m = learn("sky_index", &panel, AHEAD, ROWS);
        for (int origin = 30 * DAY; origin < 39 * DAY; origin++) {
            double got[AHEAD];
            bool lit = beside[0][origin - 1] > 0.05 * 0.8;
            m.model->predict(m.state, &panel, origin, got);
            for (int h = 0; h < AHEAD; h++) {
                int day = (origin + h) / DAY;
                bool morning = (origin - 1) % DAY < DAY / 2;
                day = lit || !morning ? (origin - 1) / DAY : day - 1;
                if (day == (origin + h) / DAY || (!lit && !morning) || beside[0][origin + h] == 0) {
                    near(got[h], zero + factor * share[day] * beside[0][origin + h],
                         round == 2 ? 1e-6 : 1e-9);
                }
            }
        }
        free(m.state);
    }
}

/* Shares that come back half way to their mean from row to row, trees that shade the mornings: the regression knows both. */
static void shares_that_return_are_learnt(void **state)
{
    (void)state;
    enum { DAY = 24, ROWS = 160 * DAY, AHEAD = 3 };
    double deviation = 0.5, miss[2] = {0}, best = 0;
    sg_panel panel = panel_of(1, ROWS, DAY, 1, 1);
    inputs.sky = true;
    static double around[ROWS];
    for (int i = 0; i < ROWS + AHEAD_MAX; i++) {
        beside[0][i] = 800 * fmax(0, -cos(i * 6.283185307179586 / DAY));
    }
    for (int i = 0; i < ROWS; i++) {
        around[i] = (i > 0 ? 0.8 * around[i - 1] : 0) + 0.1 * uniform();
        values[0][i] = beside[0][i] * (deviation + around[i]) * (i % DAY < 9 ? 0.4 : 1);
    }
    static const char *const names[] = {"sky_index", "sky_ridge"};
    for (int k = 0; k < 2; k++) {
        learnt m = learn(names[k], &panel, AHEAD, ROWS / 2);
        for (int origin = ROWS / 2; origin + AHEAD <= ROWS; origin++) {
            double got[AHEAD];
            m.model->predict(m.state, &panel, origin, got);
            miss[k] += fabs(got[2] - values[0][origin + 2]);
            double process = beside[0][origin + 2] * (deviation + 0.512 * around[origin - 1]) *
                             ((origin + 2) % DAY < 9 ? 0.4 : 1);
            best += k == 0 ? fabs(process - values[0][origin + 2]) : 0;
        }
        free(m.state);
    }
    print_message("three rows ahead: last share %.3f, regression %.3f of what the process misses\n",
                  miss[0] / best, miss[1] / best);
    assert_true(miss[0] > 1.3 * best && miss[1] < 1.15 * best);
}

/* On the ground it is the sky's global light, by a thousand instants; a plane that faces the sun gets more, one that turns its back
 * less; nothing at night. */
static void clear_sky_is_the_mean_over_the_interval(void **state)
{
    (void)state;
    const double lat = 48.8 * SG_DEGREE, lon = 6.9 * SG_DEGREE;
    sg_clear_sky flat = sg_clear_sky_of(lat, lon, 0, 0);
    sg_clear_sky south = sg_clear_sky_of(lat, lon, 40 * SG_DEGREE, 180 * SG_DEGREE);
    sg_clear_sky north = sg_clear_sky_of(lat, lon, 40 * SG_DEGREE, 0);
    sg_sun_site site = sg_sun_site_of(lat, lon, sg_sky_pressure_pa(0), 12);
    int64_t day_us;
    assert_int_equal(sg_time_parse("2024-03-20", 10, &day_us), SG_OK);
    for (int hour = 0; hour < 24; hour++) {
        int64_t from = day_us + hour * INT64_C(3600000000);
        double sum = 0;
        for (int i = 0; i < 1000; i++) {
            sg_sun_position sun;
            sg_sun_position_at(&site, from + (2 * i + 1) * INT64_C(1800000), &sun);
            double zenith = sun.apparent_zenith_rad;
            sum += sg_sky_clear_of(zenith, sg_sky_air_mass(zenith), 3, 0, sun.extraterrestrial_w_m2)
                       .ghi_w_m2 /
                   1000;
        }
        double got = sg_clear_sky_w_m2(&flat, from, from + INT64_C(3600000000));
        near(got, sum, 2);
        assert_true(hour > 4 && hour < 19 ? got >= 0 : got == 0);
        if (hour >= 10 && hour <= 13) {
            assert_true(sg_clear_sky_w_m2(&south, from, from + INT64_C(3600000000)) > 1.2 * got);
            assert_true(sg_clear_sky_w_m2(&north, from, from + INT64_C(3600000000)) < 0.6 * got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ridge_with_inputs_solves_the_normal_equations),
        cmocka_unit_test(an_input_that_is_all_there_is),
        cmocka_unit_test(what_is_not_known_is_not_heard),
        cmocka_unit_test(what_is_kept_tells_its_inputs),
        cmocka_unit_test(the_mixture_takes_what_suits),
        cmocka_unit_test(gaps_of_inputs_are_filled),
        cmocka_unit_test(the_calendar_knows_its_days),
        cmocka_unit_test(a_share_of_the_sky_is_told_again),
        cmocka_unit_test(shares_that_return_are_learnt),
        cmocka_unit_test(clear_sky_is_the_mean_over_the_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
