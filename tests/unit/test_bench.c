/* What `symgrid bench` stands on: medians, parameters for every model, a measurement that counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/clock.h"
#include "cli/bench.h"
#include "cli/verbs.h"

#include <math.h>

static void median_is_the_middle_one(void **state)
{
    (void)state;
    double one[] = {3}, odd[] = {5, 1, 9}, even[] = {4, 8, 1, 2};
    assert_true(sg_bench_median(one, 1) == 3 && sg_bench_median(odd, 3) == 5);
    assert_true(sg_bench_median(even, 4) == 3);
}

static void every_model_gets_parameters_inside_its_range(void **state)
{
    (void)state;
    for (int i = 0; i < sg_model_count + sg_kind_count; i++) {
        sg_model room;
        double p[SG_PARAM_MAX];
        const sg_model *model = i < sg_model_count
                                    ? sg_models[i]
                                    : sg_model_find(sg_kinds[i - sg_model_count]->name, &room);
        for (int k = 0; model && k < model->param_count; k++) {
            sg_bench_params(model, p);
            assert_true(isfinite(p[k]));
            /* a preset outside the range says "not given" (charge_rate of a battery) */
            if (!model->params[k].choices && p[k] != model->params[k].preset) {
                assert_true(p[k] >= model->params[k].min && p[k] <= model->params[k].max);
            }
        }
    }
}

static int slow_steps;

/* Takes about 20 us a step, and refuses every other one. */
static sg_status slow_step(const sg_model *self, const double *p, const sg_now *now,
                           const double *in, double *state, double *out)
{
    (void)self;
    (void)p;
    (void)now;
    double until_s = sg_clock_s() + 20e-6;
    while (sg_clock_s() < until_s) {
        continue;
    }
    slow_steps++;
    state[0] += 1;
    out[0] = in[0];
    return slow_steps % 2 ? SG_OK : SG_RANGE;
}

static void slow_model_is_measured_as_slow(void **state)
{
    (void)state;
    static const sg_input inputs[] = {{"x", SG_DIM_NONE, 0, ""}};
    static const sg_output outputs[] = {{"y", "", ""}};
    const sg_model slow = {.name = "slow",
                           .example = "x=0..1",
                           .needs = SG_NEEDS_DT,
                           .inputs = inputs,
                           .input_count = 1,
                           .outputs = outputs,
                           .output_count = 1,
                           .state_count = 1,
                           .step = slow_step};
    sg_bench_model got;
    assert_int_equal(sg_bench_measure_model(&slow, 0.1, &got), SG_EXIT_DONE);
    assert_true(got.step_s >= 20e-6 && got.step_s < 2e-3); /* a busy machine is slower still */
    assert_true(got.devices >= 97 && got.devices < 2000 && got.repeats >= 5);
    assert_true(got.bytes == 8 * (1 + 2 + 1) && !got.batched);
    assert_true(fabs(got.refused_frac - 0.5) < 0.01);
}

static void limits_are_in_the_order_of_machines(void **state)
{
    (void)state;
    sg_bench_limits got;
    assert_int_equal(sg_bench_measure_limits(&got), SG_EXIT_DONE);
    assert_true(got.read_b_per_s > 1e7 && got.read_b_per_s < 1e13);
    assert_true(got.triad_b_per_s > 1e7 && got.triad_b_per_s < 1e13);
    assert_true(got.flop_per_s > 1e6 && got.flop_per_s < 1e13);
    assert_true(isnan(got.wide_flop_per_s) || got.wide_flop_per_s > 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_is_the_middle_one),
        cmocka_unit_test(every_model_gets_parameters_inside_its_range),
        cmocka_unit_test(slow_model_is_measured_as_slow),
        cmocka_unit_test(limits_are_in_the_order_of_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
