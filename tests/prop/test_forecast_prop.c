/* Whatever a series does - constant, spikes, gaps, infinities, steps, too short - what models, mixture and intervals say is finite, and
 * a mixture lies between the models it is made of. 4,000 series; 1,000,000 with SYMGRID_PROP_FULL=1. ctest: timeout=1200 */
#include "study/backtest.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROWS_MAX = 160, SERIES_MAX = 2, HORIZON_MAX = 30, INPUTS_MAX = 3 };

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

static const double odd[] = {0,      -0.0, 1e9,      -1e9,      1e150,   -1e150, 1e300,
                             1e-300, NAN,  INFINITY, -INFINITY, DBL_MAX, DBL_MIN};

static void draw_series(double *x, int rows)
{
    int kind = below(7);
    double scale = pow(10, below(13) - 6), level = below(2) ? 0 : scale * 100 * uniform();
    double spikes = below(2) ? 0 : below(4) ? 0.02 : 0.5;
    for (int i = 0; i < rows; i++) {
        double walk = i > 0 && isfinite(x[i - 1]) ? x[i - 1] : level;
        x[i] = kind == 0   ? level
               : kind == 1 ? level + scale * uniform()
               : kind == 2 ? walk + scale * uniform()
               : kind == 3 ? level + scale * sin(i * 0.5)
               : kind == 4 ? level + (i * 3 > rows ? 1e6 * scale : 0)
               : kind == 5 ? level * pow(1.5, i)
                           : (double)NAN;
        if (spikes > 0 && fabs(uniform()) < spikes) {
            x[i] = odd[below((int)(sizeof odd / sizeof odd[0]))];
        }
    }
}

static void all_is_finite(const sg_backtest *it, const sg_panel *panel)
{
    const sg_ensemble *e = &it->ensemble;
    int32_t whole = sg_ensemble_whole(e), horizon = e->shape.horizon;
    for (int32_t s = 0; s < panel->series_count; s++) {
        for (int32_t h = 0; h < horizon; h++) {
            double low = INFINITY, high = -INFINITY;
            for (int32_t v = 0; v <= whole; v++) {
                double said = e->guess[((int64_t)v * panel->series_count + s) * horizon + h];
                assert_true(isfinite(said));
                low = fmin(low, said);
                high = fmax(high, said);
                for (int32_t l = 0; l < it->bands[v].level_count; l++) {
                    double ends[2];
                    sg_bands_bounds(&it->bands[v], l, s, h, &ends[0], &ends[1]);
                    assert_true(isfinite(ends[0]) && isfinite(ends[1]) && ends[0] <= ends[1]);
                }
            }
            double mixed = e->guess[((int64_t)whole * panel->series_count + s) * horizon + h];
            double room = 1e-9 * fmax(fabs(low), fabs(high));
            assert_true(mixed >= low - room && mixed <= high + room);
        }
        for (int32_t b = 0; b < e->block_count; b++) {
            double sum = 0;
            for (int32_t m = 0; m < e->model_count; m++) {
                assert_true(sg_ensemble_weights(e, s, b)[m] >= 0);
                sum += sg_ensemble_weights(e, s, b)[m];
            }
            assert_true(fabs(sum - 1) < 1e-6);
        }
    }
}

static bool one(uint64_t number)
{
    static double value[SERIES_MAX * ROWS_MAX];
    static uint8_t missing[SERIES_MAX * ROWS_MAX];
    static sg_backtest it;
    seed = number;
    sg_panel panel = {.series_count = 1 + below(SERIES_MAX),
                      .season = below(3) ? below(40) : 0,
                      .row_count = 1 + below(ROWS_MAX),
                      .stride = ROWS_MAX,
                      .value = value,
                      .missing = missing};
    for (int32_t s = 0; s < panel.series_count; s++) {
        draw_series(value + s * ROWS_MAX, (int)panel.row_count);
    }
    sg_panel_fill(&panel);
    static double input[INPUTS_MAX * (ROWS_MAX + HORIZON_MAX)];
    sg_inputs inputs = {.count = below(2) ? 1 + below(INPUTS_MAX) : 0,
                        .row_count = panel.row_count + HORIZON_MAX,
                        .stride = ROWS_MAX + HORIZON_MAX,
                        .value = input};
    for (int32_t k = 0; k < inputs.count; k++) {
        draw_series(input + k * inputs.stride, (int)inputs.row_count);
    }
    inputs.known = inputs.count > 0 ? below(inputs.count + 1) : 0;
    inputs.sky = inputs.known > 0 && below(2);
    for (int64_t i = 0; inputs.sky && i < inputs.row_count; i++) {
        input[i] = fabs(input[i]);
    }
    sg_inputs_fill(&inputs, panel.season);
    panel.inputs = inputs.count > 0 ? &inputs : NULL;
    sg_backtest_plan plan = {.horizon = 1 + below(below(2) ? 4 : HORIZON_MAX),
                             .stride = 1 + below(3),
                             .standardize = below(2),
                             .level = {0.8, 0.95},
                             .level_count = 2};
    plan.test = 1 + below(60);
    plan.val = below(40);
    plan.train = panel.row_count - plan.test - plan.val;
    bool tried = below(2) ? sg_backtest_run(&plan, &panel, &it) == SG_OK
                          : sg_outlook_run(&plan, &panel, &it) == SG_OK;
    if (tried) {
        all_is_finite(&it, &panel);
        sg_backtest_free(&it);
    }
    return tried;
}

static void nothing_but_numbers_comes_out(void **state)
{
    (void)state;
    uint64_t count = getenv("SYMGRID_PROP_FULL") ? 1000000 : 4000, tried = 0;
    for (uint64_t i = 0; i < count; i++) {
        tried += one(i);
    }
    printf("%llu of %llu series were long enough\n", (unsigned long long)tried,
           (unsigned long long)count);
    assert_true(tried > count / 4);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_numbers_comes_out),
    };
    if (argc > 1) { /* one series by its number, or those from one number up to another */
        uint64_t first = strtoull(argv[1], NULL, 10), tried = 0;
        uint64_t end = argc > 2 ? strtoull(argv[2], NULL, 10) : first + 1;
        for (uint64_t i = first; i < end; i++) {
            tried += one(i);
        }
        printf("%llu of %llu series were long enough\n", (unsigned long long)tried,
               (unsigned long long)(end - first));
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
