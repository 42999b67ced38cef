/* `symgrid bench control` on a site that is small enough for a test: whole ticks, and figures that hang together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/bench_control.h"
#include "cli/verbs.h"

#include <math.h>

static void a_small_site_is_measured(void **state)
{
    (void)state;
    sg_bench_control_options options = {
        .changed_frac = 0.1, .ticks = 9, .threads = 2, .peers = true};
    sg_bench_control_row row;
    assert_int_equal(sg_bench_control_size(&options, 1000, &row), SG_EXIT_DONE);
    assert_int_equal(row.devices, 1000);
    assert_int_equal(row.ticks, 9);
    const sg_bench_times *t = &row.tick;
    assert_true(0 < t->least_s && t->least_s <= t->median_s && t->median_s <= t->p99_s);
    assert_true(t->p99_s <= t->p999_s && t->p999_s <= t->worst_s);
    assert_true(row.step_s > 0 && row.journal_s > 0 && row.ingest_s >= 0);
    assert_true(row.allocate_s > 0 && row.pass_least_s > 0 && row.pass_least_s <= row.pass_s);
    assert_true(isfinite(row.peer_s) && row.peer_s > 0);
    assert_true(row.engine_bytes > 100 && row.engine_bytes < 1000);
}

static void wrong_words_are_refused(void **state)
{
    (void)state;
    char wrong[][2][16] = {{"--sizes", "0"},     {"--sizes", "1000001"}, {"--sizes", "10x4"},
                           {"--changed", "1.5"}, {"--changed", "x"},     {"--ticks", "0"},
                           {"--threads", "65"},  {"--peer", "some"},     {"--repeats", "3"},
                           {"--seconds", "1"}};
    char bench[] = "bench", control[] = "control";
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *words[] = {bench, control, wrong[i][0], wrong[i][1], NULL};
        assert_int_equal(sg_cli_bench(4, words), SG_EXIT_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_site_is_measured),
        cmocka_unit_test(wrong_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
