/* The recurrent network as a forecaster: what it learns that no linear one can, and what it says where there is nothing to learn. */
#include "forecast/forecaster.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS_MAX = 3000, SERIES_MAX = 9 };

static double values[SERIES_MAX * ROWS_MAX];
static uint8_t missing[SERIES_MAX * ROWS_MAX];
static uint64_t seed = 11;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / 4503599627370496.0 - 1;
}

static sg_panel panel_of(int32_t series, int64_t rows)
{
    memset(missing, 0, sizeof missing);
    return (sg_panel){.series_count = series,
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
    learnt ret = {
        .model = sg_forecaster_find(name),
        .shape = {.series_count = panel->series_count, .horizon = horizon, .fit_rows = rows}};
    assert_non_null(ret.model);
    ret.state = calloc(1, ret.model->size(&ret.shape, ret.model->variant));
    ret.model->create(ret.state, &ret.shape, ret.model->variant);
    assert_int_equal(ret.model->fit(ret.state, panel, 0, rows), SG_OK);
    return ret;
}

/* Mean square of one row ahead from row `from` on. */
static double mean_square(const learnt *m, const sg_panel *panel, int64_t from)
{
    double sum = 0, ret[SERIES_MAX];
    for (int64_t origin = from; origin < panel->row_count; origin++) {
        m->model->predict(m->state, panel, origin, ret);
        for (int32_t s = 0; s < panel->series_count; s++) {
            sum += pow(ret[s] - sg_panel_series(panel, s)[origin], 2);
        }
    }
    return sum / (double)((panel->row_count - from) * panel->series_count);
}

/* x(t) = 1 - 1.9 x(t-1)^2: chaos that a linear model takes for noise and that is known one row ahead to who bends. */
static void learns_what_is_not_linear(void **state)
{
    (void)state;
    enum { ROWS = 3000, FIT = 2500 };
    sg_panel panel = panel_of(1, ROWS);
    values[0] = 0.3;
    for (int i = 1; i < ROWS; i++) {
        values[i] = 1 - 1.9 * values[i - 1] * values[i - 1];
    }
    learnt network = learn("gru", &panel, 1, FIT), linear = learn("ridge", &panel, 1, FIT);
    double bent = mean_square(&network, &panel, FIT), straight = mean_square(&linear, &panel, FIT);
    printf("mean square %.4f, of ridge %.4f\n", bent, straight);
    assert_true(bent < 0.05 * straight);
    free(network.state);
    free(linear.state);
}

static void the_same_rows_give_the_same_bits(void **state)
{
    (void)state;
    enum { ROWS = 500, FIT = 400, H = 5 };
    sg_panel panel = panel_of(SERIES_MAX, ROWS);
    for (int i = 0; i < ROWS; i++) {
        double next = sin(i * 0.3) + 0.1 * uniform();
        for (int s = 0; s < SERIES_MAX; s++) {
            values[s * ROWS_MAX + i] = next;
        }
    }
    double ret[SERIES_MAX * H];
    learnt once = learn("gru", &panel, H, FIT), again = learn("gru", &panel, H, FIT);
    assert_memory_equal(once.state, again.state, once.model->size(&once.shape, 0));
    once.model->predict(once.state, &panel, ROWS, ret);
    for (int s = 1; s < SERIES_MAX; s++) { /* beyond the first eight too */
        assert_memory_equal(ret, ret + s * H, H * sizeof *ret);
    }
    free(once.state);
    free(again.state);
}

/* Of a series of which every row is missing, whatever was filled in teaches nothing. */
static void what_is_missing_counts_nowhere(void **state)
{
    (void)state;
    enum { ROWS = 600, H = 3 };
    double ret[2][2 * H];
    sg_panel panel = panel_of(2, ROWS);
    memset(missing + ROWS_MAX, 1, ROWS);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < ROWS; i++) {
            values[i] = sin(i * 0.3);
            values[ROWS_MAX + i] = k ? uniform() : i % 7;
        }
        learnt m = learn("gru", &panel, H, ROWS);
        m.model->predict(m.state, &panel, ROWS, ret[k]);
        free(m.state);
    }
    assert_memory_equal(ret[0], ret[1], H * sizeof ret[0][0]);
    assert_true(fabs(ret[0][0] - sin(ROWS * 0.3)) < 0.1); /* and something was learnt */
}

static void says_the_last_value_where_nothing_is_to_be_learnt(void **state)
{
    (void)state;
    enum { ROWS = 800, H = 7 };
    double ret[2 * H];
    sg_panel panel = panel_of(2, ROWS);
    for (int i = 0; i < ROWS; i++) {
        values[i] = 0.1; /* a sum of many of which is not exact */
        values[ROWS_MAX + i] = i < 700 ? uniform() : 12345.678;
    }
    learnt still = learn("gru_long", &panel, H, 600);
    still.model->predict(still.state, &panel, ROWS, ret);
    for (int h = 0; h < H; h++) {
        assert_true(ret[h] == 0.1);
    }
    still.model->predict(still.state, &panel, 10, ret); /* less than a window ago */
    for (int h = 0; h < 2 * H; h++) {
        assert_true(ret[h] == values[h / H * ROWS_MAX + 9]);
    }
    learnt few = learn("gru", &panel, H, 100);
    few.model->predict(few.state, &panel, 690, ret);
    for (int h = 0; h < 2 * H; h++) {
        assert_true(ret[h] == values[h / H * ROWS_MAX + 689]);
    }
    free(still.state);
    free(few.state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_what_is_not_linear),
        cmocka_unit_test(the_same_rows_give_the_same_bits),
        cmocka_unit_test(what_is_missing_counts_nowhere),
        cmocka_unit_test(says_the_last_value_where_nothing_is_to_be_learnt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
