/* Servers under a cap, against a slow integration, and the laws that any power curve keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "model/model.h"
#include "model/server.h"

#include <math.h>
#include <string.h>

static sg_server_curve curve(int form)
{
    return (sg_server_curve){
        .form = (sg_server_form)form, .idle_w = 150, .max_w = 500, .exponent = 1.4};
}

static void power_rises_with_load_and_load_is_read_back(void **state)
{
    (void)state;
    for (int form = 0; form <= SG_SERVER_FAN_BARROSO; form++) {
        sg_server_curve c = curve(form);
        double last_w = 0;
        for (int i = 0; i <= 1000; i++) {
            double load = i / 1000.0, power_w = sg_server_power_w(&c, load);
            assert_true(power_w > last_w);
            assert_true(fabs(sg_server_load_frac(&c, power_w) - load) < 1e-9);
            last_w = power_w;
        }
        assert_true(sg_server_load_frac(&c, 1) == 0 && sg_server_load_frac(&c, 1e9) == 1);
        assert_true(sg_server_power_w(&c, -1) == sg_server_power_w(&c, 0));
        assert_true(sg_server_power_w(&c, 2) == sg_server_power_w(&c, 1));
    }
}

/* The same lag by 20,000 small steps a second. */
static double slow_mean_w(sg_cap *self, double cap_w, double latency_s, double settle_s,
                          double level_w, double dt_s)
{
    enum { PARTS = 20000 };
    double sum_w = 0, h = dt_s / PARTS;
    double heard_w = self->wait_s > 0 ? self->pending_w : self->target_w;
    if (cap_w != heard_w) {
        self->pending_w = cap_w;
        self->wait_s = self->wait_s > 0 ? self->wait_s : latency_s;
    }
    bool waiting = self->wait_s > 0;
    for (int i = 0; i < PARTS; i++) {
        bool heard = !waiting || i * h >= self->wait_s - 1e-12;
        double target_w = heard ? cap_w : self->target_w;
        double before_w = self->limit_w;
        self->limit_w += (target_w - self->limit_w) * h / settle_s;
        double limit_w = (before_w + self->limit_w) / 2;
        sum_w += limit_w < level_w ? limit_w : level_w;
    }
    self->target_w = !waiting || dt_s >= self->wait_s ? cap_w : self->target_w;
    self->wait_s = waiting && dt_s < self->wait_s ? self->wait_s - dt_s : 0;
    return sum_w / PARTS;
}

static void a_cap_lags_as_a_slow_integration_says(void **state)
{
    (void)state;
    sg_cap fast = {300, 300, 300, 0}, slow = fast;
    double cap_w = 300;
    for (int k = 0; k < 60; k++) {
        cap_w = k % 3 == 0 ? 50 + 250 * sg_prng_unit(7, (uint64_t)k) : cap_w;
        double level_w = 100 + 200 * sg_prng_unit(8, (uint64_t)k), mean_w;
        double dt_s = 0.05 + 3 * sg_prng_unit(9, (uint64_t)k);
        double want_w = slow_mean_w(&slow, cap_w, 1.3, 0.4, level_w, dt_s);
        sg_cap_step(&fast, cap_w, &(sg_cap_lag){1.3, 0.4}, level_w, dt_s, &mean_w);
        assert_true(fabs(mean_w - want_w) < 0.05);
        assert_true(fabs(fast.limit_w - slow.limit_w) < 0.05);
        slow = fast; /* errors do not add up */
    }
}

static void one_long_step_is_many_short_ones(void **state)
{
    (void)state;
    static const sg_cap_lag lag = {2, 0.7}, none = {0, 0};
    sg_cap whole = {400, 400, 400, 0}, parts = whole;
    double whole_w, sum_w = 0;
    sg_cap_step(&whole, 120, &lag, 350, 8, &whole_w);
    for (int i = 0; i < 64; i++) {
        double part_w;
        sg_cap_step(&parts, 120, &lag, 350, 0.125, &part_w);
        sum_w += part_w / 64;
    }
    assert_true(fabs(whole_w - sum_w) < 1e-9 && fabs(whole.limit_w - parts.limit_w) < 1e-9);
    sg_cap at_once = {400, 400, 400, 0};
    sg_cap_step(&at_once, 120, &none, 350, 1, &whole_w);
    assert_true(whole_w == 120 && at_once.limit_w == 120);
}

typedef struct bench {
    const sg_model *model;
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
} bench;

static void bench_start(bench *b)
{
    b->model = sg_model_find("server", NULL);
    sg_model_presets(b->model, b->p);
    sg_model_start(b->model, b->p, b->state);
}

static double bench_step(bench *b, double load, double cap_w, double brake, double dt_s)
{
    double in[] = {load, cap_w, brake};
    sg_now now = {.dt_s = dt_s};
    assert_int_equal(sg_model_step(b->model, b->p, &now, in, b->state, b->out), SG_OK);
    return b->out[0];
}

static void a_slow_path_is_heard_after_its_latency(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    b.p[5] = 1; /* out of band, 40 s */
    assert_true(strcmp(b.model->params[5].name, "path") == 0);
    for (int k = 0; k < 40; k++) {
        assert_true(bench_step(&b, 1, 150, 0, 1) == 222);
        assert_true(b.out[3] == 1 && b.out[5] == 0); /* nothing lost, cap not held */
    }
    bench_step(&b, 1, 150, 0, 1);
    assert_true(fabs(bench_step(&b, 1, 150, 0, 1) - 150) < 0.1 && b.out[5] == 1);
    assert_true(fabs(b.out[3] - (0.5 + 0.1 * 10 / 13)) < 1e-3); /* 140 W at 50 %, 153 W at 60 % */
    for (int k = 0; k < 5; k++) {                               /* the brake needs 5 s */
        assert_true(fabs(bench_step(&b, 1, 150, 1, 1) - 150) < 0.1);
    }
    bench_step(&b, 1, 150, 1, 1);
    assert_true(fabs(bench_step(&b, 1, 150, 1, 1) - 111) < 0.1);
}

static void a_cap_costs_work_and_never_gives_any(void **state)
{
    (void)state;
    for (int form = 0; form <= SG_SERVER_FAN_BARROSO; form++) {
        bench b;
        bench_start(&b);
        b.p[0] = form;
        b.p[4] = 10;
        sg_model_start(b.model, b.p, b.state);
        double idle_w = bench_step(&b, 0, 1e12, 0, 60), last = 2;
        for (double cap_w = 6000; cap_w >= 0; cap_w -= 50) {
            bench_step(&b, 0.8, cap_w, 0, 60);
            double power_w = bench_step(&b, 0.8, cap_w, 0, 60);
            assert_true(power_w <= b.out[1] && power_w >= idle_w);
            assert_true(power_w <= cap_w * (1 + 1e-9) || power_w == idle_w);
            assert_true((b.out[5] == 1) == (power_w <= cap_w * (1 + 1e-6)));
            assert_true(b.out[3] >= 0 && b.out[3] <= 1 && b.out[3] <= last);
            last = b.out[3];
        }
        assert_true(last == 0);
    }
}

static void senseless_inputs_change_nothing(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    double before[SG_MODEL_STATE_MAX],
        bad[][3] = {{-0.1, 1, 0}, {1.1, 1, 0}, {0.5, -1, 0}, {NAN, 1, 0}};
    memcpy(before, b.state, sizeof before);
    for (int i = 0; i < 4; i++) {
        sg_now now = {.dt_s = 1};
        assert_int_equal(sg_model_step(b.model, b.p, &now, bad[i], b.state, b.out), SG_RANGE);
    }
    assert_memory_equal(before, b.state, sizeof(double) * (size_t)b.model->state_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_rises_with_load_and_load_is_read_back),
        cmocka_unit_test(a_cap_lags_as_a_slow_integration_says),
        cmocka_unit_test(one_long_step_is_many_short_ones),
        cmocka_unit_test(a_slow_path_is_heard_after_its_latency),
        cmocka_unit_test(a_cap_costs_work_and_never_gives_any),
        cmocka_unit_test(senseless_inputs_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
