/* `symgrid bench forecast` on so few series that a test has time for it: rows of every kind, and figures that hang together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/bench_forecast.h"
#include "cli/verbs.h"
#include "forecast/forecaster.h"

#include <math.h>
#include <string.h>

static const sg_bench_forecast_options few = {.ticks = 9, .threads = 2};
static const sg_bench_statsmodels peer = {"0", 1e-3, 1e-6, 1e-2, 1};

static void ticks_are_measured(void **state)
{
    (void)state;
    sg_bench_forecast_task task = {&few, &peer, 1000};
    sg_bench_forecast_job *const jobs[] = {sg_bench_nowcast, sg_bench_rls};
    for (int i = 0; i < 2; i++) {
        sg_bench_forecast_row row = {.series = 1000};
        assert_int_equal(jobs[i](&task, &row), SG_EXIT_DONE);
        assert_int_equal(row.rounds, 9);
        assert_int_equal(row.threads, i == 0 ? 2 : 1);
        assert_true(0 < row.least_s && row.least_s <= row.median_s && row.pass_s > 0);
        assert_true(row.count == (i == 0 ? 60000 : 1000));
        assert_true(row.bytes > 500 && row.bytes < 2000);
        assert_true(fabs(row.peer_s / (i == 0 ? 1 : 1e-3) - 1) < 1e-9); /* of a thousand */
    }
}

static void steps_of_the_network_are_measured(void **state)
{
    (void)state;
    const sg_bench_forecast_options some = {.ticks = 9, .threads = 2, .peers = true};
    sg_bench_forecast_task task = {&some, &peer, 1003};
    sg_bench_forecast_row row = {.series = 1003};
    assert_int_equal(sg_bench_gru(&task, &row), SG_EXIT_DONE);
    assert_true(row.rounds == 9 && row.threads == 2 && row.count == 1008 && row.bytes == 128);
    assert_true(0 < row.least_s && row.least_s <= row.median_s);
    /* 3 gates of 32 rows of 40 products and sums; two floats a double, two threads */
    assert_true(row.flops == 3 * 32 * 40 * 2 * 1008 / 4);
    assert_true(isnan(row.peer_s) || row.peer_s > 0);
}

static void fits_are_measured(void **state)
{
    (void)state;
    sg_bench_forecast_task task = {&few, &peer, 0};
    int with_peer = 0;
    for (int m = 0; m < sg_forecaster_count; m++) {
        const char *name = sg_forecasters[m]->name;
        if (strcmp(name, "persistence") == 0 || strcmp(name, "autoregression") == 0) {
            sg_bench_forecast_row row = {0};
            assert_int_equal(sg_bench_forecaster(&task, m, &row), SG_EXIT_DONE);
            assert_string_equal(row.name + 4, name);
            assert_true(row.series == 7 && row.rounds > 0 && row.median_s > 0);
            with_peer += isfinite(row.peer_s);
        }
    }
    assert_int_equal(with_peer, 1);
}

static void wrong_words_are_refused(void **state)
{
    (void)state;
    char wrong[][2][16] = {{"--sizes", "0"},    {"--sizes", "1000001"}, {"--sizes", "10x4"},
                           {"--ticks", "0"},    {"--ticks", "some"},    {"--threads", "65"},
                           {"--peer", "some"},  {"--repeats", "3"},     {"--seconds", "1"},
                           {"--changed", "0.1"}};
    char bench[] = "bench", forecast[] = "forecast";
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *words[] = {bench, forecast, wrong[i][0], wrong[i][1], NULL};
        assert_int_equal(sg_cli_bench(4, words), SG_EXIT_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_measured),
        cmocka_unit_test(steps_of_the_network_are_measured),
        cmocka_unit_test(fits_are_measured),
        cmocka_unit_test(wrong_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
