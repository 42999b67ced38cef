/* Clocks: the filter's own figure for its error is the error, disciplined and in holdover. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/clock.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

enum { ERROR, BOUND, STD, SYNC_BOUND, OFFSET, ESTIMATE, DRIFT, SINCE, NIS };

typedef struct bench {
    const sg_model *model;
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
} bench;

static void set(bench *b, const char *name, double value)
{
    for (int i = 0; i < b->model->param_count; i++) {
        if (strcmp(b->model->params[i].name, name) == 0) {
            b->p[i] = value;
            return;
        }
    }
    fail_msg("no parameter %s", name);
}

static void bench_presets(bench *b)
{
    b->model = sg_model_find("clock", NULL);
    sg_model_presets(b->model, b->p);
}

static void bench_step(bench *b, double reference, double temperature, double dt_s)
{
    double in[] = {reference, temperature};
    sg_now now = {.dt_s = dt_s};
    assert_int_equal(sg_model_step(b->model, b->p, &now, in, b->state, b->out), SG_OK);
}

static void errors_are_as_large_as_vouched_for(void **state)
{
    (void)state;
    bench b;
    bench_presets(&b);
    sg_model_start(b.model, b.p, b.state);
    double nis = 0, measured = 0, errors = 0, beyond = 0;
    enum { STEPS = 200000 };
    for (int k = 0; k < STEPS; k++) {
        bench_step(&b, 1, 25, 100);
        if (k < 100) {
            continue;
        }
        nis += b.out[NIS];
        measured += b.out[SINCE] == 0;
        errors += pow(b.out[ERROR] / b.out[STD], 2) / (STEPS - 100);
        beyond += fabs(b.out[ERROR]) > b.out[BOUND];
        assert_true(fabs(b.out[OFFSET] - b.out[ESTIMATE] - b.out[ERROR]) < 1e-12);
    }
    assert_true(fabs(nis - measured) < 3.29 * sqrt(2 * measured)); /* chi-square, 99.9 % */
    assert_true(fabs(sqrt(errors) - 1) < 0.05);
    assert_true(beyond / STEPS <
                0.005); /* 0.27 % by a normal error, which keeps its sign for a while */
}

static void holdover_grows_as_vouched_for(void **state)
{
    (void)state;
    enum { CLOCKS = 2000 };
    double squares = 0, std_s = 0, at_loss_s = 0;
    for (int seed = 1; seed <= CLOCKS; seed++) {
        bench b;
        bench_presets(&b);
        set(&b, "seed", seed);
        /* the truth starts where the filter says it may: offset and drift as far off as their deviations */
        set(&b, "offset_start", 1e-3);
        sg_model_start(b.model, b.p, b.state);
        for (int k = 0; k < 100; k++) {
            bench_step(&b, 1, 25, 300);
        }
        at_loss_s = b.out[STD];
        for (int k = 0; k < 24; k++) {
            bench_step(&b, 0, 25, 3600);
        }
        assert_true(b.out[SINCE] == 24 * 3600);
        squares += b.out[ERROR] * b.out[ERROR] / CLOCKS;
        std_s = b.out[STD];
    }
    assert_true(std_s > 20 * at_loss_s);
    assert_true(fabs(sqrt(squares) / std_s - 1) < 0.05); /* 3 deviations of 1/sqrt(2 x 2000) */
}

static void the_truth_wanders_alike_in_long_and_short_steps(void **state)
{
    (void)state;
    enum { CLOCKS = 4000, DAY_S = 86400 };
    static const int parts[] = {1, 2, 24};
    for (int i = 0; i < 3; i++) {
        double offsets = 0;
        for (int seed = 1; seed <= CLOCKS; seed++) {
            bench b;
            bench_presets(&b);
            set(&b, "seed", seed);
            set(&b, "offset_start", 0);
            set(&b, "drift_start", 0);
            set(&b, "white_frequency_noise_s", 0);
            sg_model_start(b.model, b.p, b.state);
            for (int k = 0; k < parts[i]; k++) {
                bench_step(&b, 0, 25, (double)DAY_S / parts[i]);
            }
            offsets += b.out[OFFSET] * b.out[OFFSET] / CLOCKS;
        }
        double want = 1e-22 * pow(DAY_S, 3) / 3; /* of an integrated random walk */
        assert_true(fabs(offsets / want - 1) < 4 * sqrt(2.0 / CLOCKS));
    }
}

static void one_long_holdover_is_many_short_ones(void **state)
{
    (void)state;
    static const sg_clock_noise noise = {1e-18, 1e-22};
    sg_clock whole, parts;
    sg_clock_start(&whole, 1e-5, 1e-7);
    whole.drift = 3e-7;
    parts = whole;
    double ahead_s = sg_clock_holdover_std_s(&whole, &noise, 86400), last_s = 0;
    sg_clock_predict(&whole, &noise, 86400);
    for (int k = 0; k < 86400; k++) {
        sg_clock_predict(&parts, &noise, 1);
        assert_true(parts.p00 > last_s);
        last_s = parts.p00;
    }
    assert_true(fabs(parts.p00 / whole.p00 - 1) < 1e-9 && fabs(parts.p11 / whole.p11 - 1) < 1e-9);
    assert_true(fabs(parts.p01 / whole.p01 - 1) < 1e-9);
    assert_true(fabs(parts.offset_s / whole.offset_s - 1) < 1e-9);
    assert_true(fabs(ahead_s / sqrt(whole.p00) - 1) < 1e-15);
}

static void a_measurement_never_adds_doubt(void **state)
{
    (void)state;
    static const sg_clock_noise noise = {1e-18, 1e-22};
    sg_clock c;
    sg_clock_start(&c, 1, 1e-3);
    for (int k = 0; k < 1000; k++) {
        sg_clock_predict(&c, &noise, 100);
        sg_clock before = c;
        sg_clock_correct(&c, 1e-3, 1e-6);
        assert_true(c.p00 <= before.p00 && c.p11 <= before.p11 && c.p00 <= 1e-12);
        assert_true(c.p00 > 0 && c.p11 > 0 && c.p00 * c.p11 >= c.p01 * c.p01);
    }
}

/* What limits says: a change of temperature in holdover is not in the bound. */
static void warmth_in_holdover_escapes_the_bound(void **state)
{
    (void)state;
    bench b;
    bench_presets(&b);
    sg_model_start(b.model, b.p, b.state);
    for (int k = 0; k < 100; k++) {
        bench_step(&b, 1, 25, 300);
    }
    for (int k = 0; k < 24; k++) {
        bench_step(&b, 0, 45, 3600);
    }
    /* 20 K off: 3.5e-8 x 400 x 5 % = 7e-7 s/s, 60 ms a day behind */
    assert_true(fabs(b.out[ERROR] + 7e-7 * 86400) < b.out[BOUND]);
    assert_true(fabs(b.out[ERROR]) > b.out[BOUND]);
}

static void the_hypothetical_bound_moves_nothing(void **state)
{
    (void)state;
    bench a, b;
    bench_presets(&a);
    bench_presets(&b);
    set(&b, "energy_quantum", 1e-20);
    sg_model_start(a.model, a.p, a.state);
    sg_model_start(b.model, b.p, b.state);
    for (int k = 0; k < 100; k++) {
        bench_step(&a, 1, 25, 60);
        bench_step(&b, 1, 25, 60);
        /* h = 6.62607015e-34 J s exactly */
        assert_true(fabs(a.out[SYNC_BOUND] / (6.62607015e-34 / (4 * 3.14159265358979)) - 1) < 1e-9);
        assert_true(fabs(b.out[SYNC_BOUND] / a.out[SYNC_BOUND] / 1e20 - 1) < 1e-12);
        a.out[SYNC_BOUND] = b.out[SYNC_BOUND];
        assert_memory_equal(a.out, b.out, sizeof(double) * (size_t)a.model->output_count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_as_large_as_vouched_for),
        cmocka_unit_test(holdover_grows_as_vouched_for),
        cmocka_unit_test(the_truth_wanders_alike_in_long_and_short_steps),
        cmocka_unit_test(one_long_holdover_is_many_short_ones),
        cmocka_unit_test(a_measurement_never_adds_doubt),
        cmocka_unit_test(warmth_in_holdover_escapes_the_bound),
        cmocka_unit_test(the_hypothetical_bound_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
