/* The training model against the measured run it was fitted to, and the laws it keeps.
 *
 * What "as measured" allows, of the fleet's mean per server at 2 s, without the first 20 s (start-up):
 *   mean 1 %       energy is what a site plans with, and a wattmeter is not better
 *   swing 5 %      5th to 95th percentile: what a store must take up
 *   deviation 5 %  the same by another measure
 *   steps 15 %     50th to 99th percentile of the change in 2 s: what a ramp limit sees. The steps depend on how the meters'
 *                  seconds fall on the dips, which the model knows only on average.
 *   rhythm 1 %     the strongest frequency
 * The two halves of the measured run differ from each other by 0.3 % in the swing and up to 9 % in the steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/accelerator.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 2000, START_ROWS = 10, LINE_MAX_BYTES = 1024 };

static int measured(double mean_w[ROWS_MAX])
{
    FILE *file = fopen("data/training_power_h100/gpt3_64node_run1.csv", "r");
    char line[LINE_MAX_BYTES];
    int count = 0;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file) && count < ROWS_MAX) {
        double sum_w = 0;
        int servers = 0;
        const char *at = strchr(strchr(line, ',') + 1, ',');
        for (; at; at = strchr(at + 1, ',')) {
            if (at[1] != ',' && at[1] != '\n') {
                sum_w += strtod(at + 1, NULL);
                servers++;
            }
        }
        assert_true(servers > 0);
        mean_w[count++] = sum_w / servers;
    }
    fclose(file);
    return count;
}

typedef struct bench {
    const sg_model *model;
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
} bench;

static int param(const sg_model *model, const char *name)
{
    for (int i = 0; i < model->param_count; i++) {
        if (strcmp(model->params[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("no parameter %s", name);
    return 0;
}

static void bench_start(bench *b)
{
    b->model = sg_model_find("accelerator", NULL);
    sg_model_presets(b->model, b->p);
    sg_model_start(b->model, b->p, b->state);
}

static double bench_step(bench *b, double running, double cap_w, double dt_s)
{
    double in[] = {running, cap_w};
    sg_now now = {.dt_s = dt_s};
    assert_int_equal(sg_model_step(b->model, b->p, &now, in, b->state, b->out), SG_OK);
    return b->out[0];
}

static void modelled(double seed, int count, double mean_w[ROWS_MAX])
{
    bench b;
    bench_start(&b);
    b.p[param(b.model, "seed")] = seed;
    for (int k = 0; k < count; k++) {
        mean_w[k] = bench_step(&b, 1, 1e12, 2) / b.p[param(b.model, "servers")];
    }
}

typedef struct figures {
    double mean, deviation, swing, rhythm_hz, steps[5];
} figures;

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, int count, double percent)
{
    return sorted[(int)floor(percent / 100 * (count - 1) + 0.5)];
}

static double strongest_hz(const double *x, int count, double mean)
{
    double best = 0, best_hz = 0;
    for (double hz = 0.02; hz < 0.24; hz += 0.0001) {
        double re = 0, im = 0;
        for (int k = 0; k < count; k++) {
            double window = 1 - cos(6.283185307179586 * k / count);
            re += (x[k] - mean) * window * cos(6.283185307179586 * hz * 2 * k);
            im += (x[k] - mean) * window * sin(6.283185307179586 * hz * 2 * k);
        }
        if (re * re + im * im > best) {
            best = re * re + im * im;
            best_hz = hz;
        }
    }
    return best_hz;
}

static figures figures_of(const double *x, int count)
{
    static const double percents[] = {50, 75, 90, 95, 99};
    static double sorted[ROWS_MAX];
    figures f = {0};
    for (int k = 0; k < count; k++) {
        f.mean += x[k] / count;
    }
    for (int k = 0; k < count; k++) {
        f.deviation += (x[k] - f.mean) * (x[k] - f.mean) / count;
        sorted[k] = x[k];
    }
    f.deviation = sqrt(f.deviation);
    qsort(sorted, (size_t)count, sizeof *sorted, by_size);
    f.swing = percentile(sorted, count, 95) - percentile(sorted, count, 5);
    for (int k = 0; k + 1 < count; k++) {
        sorted[k] = fabs(x[k + 1] - x[k]);
    }
    qsort(sorted, (size_t)(count - 1), sizeof *sorted, by_size);
    for (int i = 0; i < 5; i++) {
        f.steps[i] = percentile(sorted, count - 1, percents[i]);
    }
    f.rhythm_hz = strongest_hz(x, count, f.mean);
    return f;
}

static void within(const char *what, double got, double want, double share)
{
    if (!(fabs(got - want) <= share * want)) {
        fail_msg("%s: %g, measured %g", what, got, want);
    }
}

static void the_presets_train_as_measured(void **state)
{
    (void)state;
    static double x[ROWS_MAX], y[ROWS_MAX];
    int count = measured(x);
    assert_int_equal(count, 1707);
    figures want = figures_of(x + START_ROWS, count - START_ROWS);
    for (int seed = 1; seed <= 3; seed++) {
        modelled(seed, count, y);
        figures got = figures_of(y + START_ROWS, count - START_ROWS);
        within("mean", got.mean, want.mean, 0.01);
        within("deviation", got.deviation, want.deviation, 0.05);
        within("swing", got.swing, want.swing, 0.05);
        within("rhythm", got.rhythm_hz, want.rhythm_hz, 0.01);
        for (int i = 0; i < 5; i++) {
            within("step", got.steps[i], want.steps[i], 0.15);
        }
    }
}

static void the_energy_of_a_run_does_not_depend_on_the_step(void **state)
{
    (void)state;
    static const double steps_s[] = {0.1, 1, 2, 10, 60};
    double first_j = 0;
    for (int i = 0; i < 5; i++) {
        bench b;
        bench_start(&b);
        b.p[param(b.model, "noise")] = 0;
        double sum_j = 0;
        for (int k = 0; k < (int)(1800 / steps_s[i] + 0.5); k++) {
            sum_j += bench_step(&b, 1, 1e12, steps_s[i]) * steps_s[i];
        }
        first_j = i == 0 ? sum_j : first_j;
        assert_true(fabs(sum_j / first_j - 1) < 1e-4);
    }
}

static void the_seed_is_all_that_chance_has(void **state)
{
    (void)state;
    static double x[ROWS_MAX], y[ROWS_MAX], z[ROWS_MAX];
    modelled(5, 300, x);
    modelled(5, 300, y);
    modelled(6, 300, z);
    assert_memory_equal(x, y, 300 * sizeof(double));
    assert_memory_not_equal(x, z, 300 * sizeof(double));
}

static void a_cap_is_held_and_slows_the_work(void **state)
{
    (void)state;
    double last = 1.01;
    for (double share = 1.2; share >= 0.29; share -= 0.1) {
        bench b;
        bench_start(&b);
        double top_w = b.p[param(b.model, "compute_power")] * b.p[param(b.model, "servers")];
        double done = 0;
        for (int k = 0; k < 300; k++) {
            double power_w = bench_step(&b, 1, share * top_w, 1);
            assert_true(share >= 1 || k < 5 || power_w <= share * top_w * (1 + 1e-9));
            done += k >= 10 ? b.out[3] / 290 : 0;
            assert_true(b.out[3] >= 0 && b.out[3] <= 1 + 1e-12);
        }
        assert_true(done <= last + 1e-9 && (share > 1 || done < 1));
        last = done;
    }
    assert_true(last < 0.1); /* 30 % of the top is hardly above idle */
}

static void a_job_starts_and_stops_by_its_ramps(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    b.p[param(b.model, "noise")] = 0;
    double idle_w = 2000 * 64, top_w = b.p[param(b.model, "compute_power")] * 64;
    double last_w = bench_step(&b, 0, 1e12, 0.1);
    assert_true(last_w == idle_w && b.out[4] == SG_TRAINING_IDLE);
    for (int k = 0; k < 40; k++) { /* 4 s up */
        double power_w = bench_step(&b, 1, 1e12, 0.1);
        assert_true(power_w >= last_w && power_w - last_w <= (top_w - idle_w) / 40 * 1.01);
        last_w = power_w;
    }
    assert_true(fabs(bench_step(&b, 1, 1e12, 0.1) - top_w) < 1e-6 * top_w);
    for (int k = 0; k < 11; k++) { /* 1 s down */
        last_w = bench_step(&b, 0, 1e12, 0.1);
    }
    assert_true(fabs(last_w - idle_w) < 1e-6 && b.out[3] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_presets_train_as_measured),
        cmocka_unit_test(the_energy_of_a_run_does_not_depend_on_the_step),
        cmocka_unit_test(the_seed_is_all_that_chance_has),
        cmocka_unit_test(a_cap_is_held_and_slows_the_work),
        cmocka_unit_test(a_job_starts_and_stops_by_its_ramps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
