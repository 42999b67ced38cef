/* Whatever the series hold - spikes of 1e9 and of 1e150, gaps, infinities, steps, nothing at all - what the recurrent network has learnt
 * from them and says is finite. 30 panels; 3,000 with SYMGRID_PROP_FULL=1. */
#include "forecast/forecaster.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROWS_MAX = 640, SERIES_MAX = 3, HORIZON_MAX = 12 };

static uint64_t seed;

static uint64_t draw(void)
{
    seed += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = seed;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static int below(int most)
{
    return (int)(draw() % (uint64_t)most);
}

static double uniform(void)
{
    return (double)(draw() >> 11) / 4503599627370496.0 - 1;
}

static void draw_series(double *x, int rows)
{
    static const double odd[] = {1e9,      -1e9,    1e150,   -1e150, NAN,
                                 INFINITY, DBL_MAX, DBL_MIN, 0,      1e-300};
    int kind = below(5), spikes = below(4);
    double scale = pow(10, below(40) - 20), level = below(2) ? 0 : 100 * scale * uniform(),
           walk = 0;
    for (int i = 0; i < rows; i++) {
        double noise = uniform();
        walk += noise;
        x[i] = kind == 0   ? level
               : kind == 1 ? level + scale * noise
               : kind == 2 ? level + scale * walk
               : kind == 3 ? level + scale * (sin(i * 0.26) + 0.1 * noise)
                           : level + (i * 3 > rows ? 1e6 * scale : 0);
        if (spikes > 0 && below(spikes == 1 ? 200 : 8) == 0) {
            x[i] = odd[below((int)(sizeof odd / sizeof odd[0]))];
        }
    }
}

static bool one(uint64_t number)
{
    static double value[SERIES_MAX * ROWS_MAX], ret[SERIES_MAX * HORIZON_MAX];
    static uint8_t missing[SERIES_MAX * ROWS_MAX];
    seed = number;
    int32_t series = 1 + below(SERIES_MAX), rows = 150 + below(ROWS_MAX - 150);
    sg_panel panel = {.series_count = series,
                      .season = 24,
                      .row_count = rows,
                      .stride = ROWS_MAX,
                      .value = value,
                      .missing = missing};
    const sg_forecaster *model = sg_forecaster_find(below(2) ? "gru" : "gru_long");
    sg_forecast_shape shape = {.series_count = series,
                               .horizon = 1 + below(HORIZON_MAX),
                               .season = 24,
                               .fit_rows = rows - 50};
    for (int32_t s = 0; s < series; s++) {
        draw_series(value + s * ROWS_MAX, rows);
    }
    sg_panel_fill(&panel);
    void *state = calloc(1, model->size(&shape, model->variant));
    model->create(state, &shape, model->variant);
    assert_int_equal(model->fit(state, &panel, 0, shape.fit_rows), SG_OK);
    bool bends = false; /* says more than the last value */
    for (int64_t origin = 0; origin <= rows; origin += origin < rows - 60 ? 60 : 1) {
        model->predict(state, &panel, origin, ret);
        for (int32_t i = 0; i < series * shape.horizon; i++) {
            assert_true(isfinite(ret[i]));
            double last = origin > 0 ? value[i / shape.horizon * ROWS_MAX + origin - 1] : 0;
            bends = bends || ret[i] != last;
        }
    }
    free(state);
    return bends;
}

static void nothing_but_numbers_comes_out(void **state)
{
    (void)state;
    uint64_t count = getenv("SYMGRID_PROP_FULL") ? 3000 : 30, learnt = 0;
    for (uint64_t i = 0; i < count; i++) {
        learnt += one(i);
    }
    printf("%llu of %llu panels taught the network something\n", (unsigned long long)learnt,
           (unsigned long long)count);
    assert_true(learnt > count / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_numbers_comes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
