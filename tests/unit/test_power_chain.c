/* Cables, transformers, converters, voltage tolerance, frequency: the laws that hold for any figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "model/cable.h"
#include "model/converter.h"
#include "model/frequency.h"
#include "model/itic.h"
#include "model/model.h"
#include "model/powerflow.h"
#include "model/transformer.h"

#include <math.h>

static double p[SG_PARAM_MAX], state_now[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];

static const sg_model *fresh(const char *name)
{
    const sg_model *model = sg_model_find(name, NULL);
    assert_non_null(model);
    sg_model_presets(model, p);
    sg_model_start(model, p, state_now);
    return model;
}

static void run(const sg_model *model, double dt_s, const double *in)
{
    const sg_now now = {.dt_s = dt_s};
    assert_int_equal(sg_model_step(model, p, &now, in, state_now, out), SG_OK);
}

/* --- converters --- */

enum { EFFICIENCY, LOAD_FRAC, LOSS, OTHER_SIDE, OVERLOAD };

static void a_converter_conserves_energy_in_both_directions(void **state)
{
    (void)state;
    const sg_model *model = fresh("converter");
    for (int curve = 0; curve <= SG_CONVERTER_TABLE; curve++) {
        double last_other_w = -INFINITY;
        p[0] = curve;
        for (int i = -600; i <= 600; i++) {
            double power_w = p[1] * i / 400.0;
            run(model, 1, &power_w);
            assert_true(fabs(out[OTHER_SIDE] - power_w - out[LOSS]) <= 1e-9);
            assert_true(out[LOSS] >= 0 && out[EFFICIENCY] >= 0 && out[EFFICIENCY] <= 1);
            assert_true(out[OTHER_SIDE] > last_other_w); /* no jump, no fall */
            assert_true(out[OTHER_SIDE] - last_other_w < p[1] / 400 * 1.5 || i == -600);
            last_other_w = out[OTHER_SIDE];
            /* the loss is that of the output, whichever side it is */
            sg_converter c;
            if (curve < SG_CONVERTER_PARABOLA && (power_w > 0 || out[OTHER_SIDE] < 0)) {
                double output_w = power_w > 0 ? power_w : -out[OTHER_SIDE];
                sg_converter_preset(&c, (sg_converter_curve)curve, p[1]);
                assert_true(fabs(sg_converter_loss_w(&c, output_w) - out[LOSS]) < 1e-9);
            }
        }
    }
}

static void output_is_the_inverse_of_input(void **state)
{
    (void)state;
    for (int curve = 0; curve < SG_CONVERTER_PARABOLA; curve++) {
        sg_converter c;
        sg_converter_preset(&c, (sg_converter_curve)curve, 1000);
        for (double output_w = 0; output_w < 1800; output_w += 7.3) {
            double input_w = output_w + sg_converter_loss_w(&c, output_w);
            assert_true(fabs(sg_converter_output_w(&c, input_w) - output_w) < 1e-9);
        }
    }
}

static void loss_never_falls_with_load(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 500; n++) {
        const double loads[] = {0.1, 0.2, 0.5, 1};
        double efficiency[4], last_w = 0;
        for (uint64_t i = 0; i < 4; i++) {
            efficiency[i] = 0.3 + 0.7 * sg_prng_unit(n, i);
        }
        sg_converter c;
        sg_converter_from_efficiency(&c, 1000, 4, loads, efficiency);
        for (double output_w = 0; output_w < 1500; output_w += 10) {
            double loss_w = sg_converter_loss_w(&c, output_w);
            assert_true(loss_w >= last_w - 1e-9);
            last_w = loss_w;
        }
    }
}

static void modes_of_a_ups_are_within_what_makers_state(void **state)
{
    (void)state;
    for (double load = 0.4; load <= 1; load += 0.1) {
        sg_converter twice, eco;
        sg_converter_preset(&twice, SG_CONVERTER_UPS_DOUBLE, 1);
        sg_converter_preset(&eco, SG_CONVERTER_UPS_ECO, 1);
        double a = load / (load + sg_converter_loss_w(&twice, load));
        double b = load / (load + sg_converter_loss_w(&eco, load));
        assert_true(a >= 0.94 && a <= 0.97 && b >= 0.98 && b <= 0.99);
    }
}

/* --- transformers --- */

static void a_transformer_is_best_where_its_losses_are_equal(void **state)
{
    (void)state;
    const sg_transformer t = {1e6, 700, 7600, 0.06};
    double best = sg_transformer_best_frac(&t), at = best * t.rating_va;
    assert_true(fabs(sg_transformer_loss_w(&t, at) - 2 * t.no_load_w) < 1e-9);
    for (double load = 0.01; load < 1.5; load += 0.01) {
        double other = load * t.rating_va;
        assert_true(sg_transformer_loss_w(&t, other) / other >=
                    sg_transformer_loss_w(&t, at) / at - 1e-15);
    }
    /* peak efficiency index of EN 50708 without cooling power: 1 - 2 sqrt(P0 Pk) / S */
    double index = 1 - 2 * sqrt(t.no_load_w * t.load_w) / t.rating_va;
    assert_true(fabs(1 - sg_transformer_loss_w(&t, at) / at - index) < 1e-12);
}

static void a_transformer_conserves_energy_in_both_directions(void **state)
{
    (void)state;
    const sg_model *model = fresh("transformer");
    for (int i = -150; i <= 150; i++) {
        const double in[] = {i * 1e4, i % 2 ? 0.8 : -0.9};
        run(model, 1, in);
        assert_true(fabs(out[5] - in[0] - out[4]) < 1e-9 && out[4] >= 693 - 1e-9);
        assert_true(out[1] >= 0 && out[1] <= 1 && out[0] == 1 - out[1]);
    }
    const double in[] = {1, 0};
    const sg_now now = {.dt_s = 1};
    assert_int_equal(sg_model_step(model, p, &now, in, state_now, out), SG_RANGE);
}

/* Kapp's rule against the exact voltage of the branch: same impedance, per unit. */
static void the_drop_of_a_transformer_is_nearly_exact(void **state)
{
    (void)state;
    const sg_transformer t = {1e6, 700, 7600, 0.06};
    double er = 0.0076, ex = sqrt(0.06 * 0.06 - er * er);
    for (double factor = 0.5; factor <= 1; factor += 0.1) {
        double drop = sg_transformer_drop_frac(&t, 1e6, factor), sine = sqrt(1 - factor * factor);
        /* the load as seen from its own voltage: current 1, voltage 1 - drop */
        double v = sg_branch_voltage_v(1, er, ex, factor * (1 - drop), sine * (1 - drop));
        assert_true(fabs(v - (1 - drop)) < 2e-4);
        assert_true(sg_transformer_drop_frac(&t, 1e6, -factor) <= drop + 1e-12);
    }
}

/* --- cables --- */

static void a_small_drop_is_that_of_the_exact_branch(void **state)
{
    (void)state;
    const sg_model *model = fresh("cable");
    for (int system = SG_CABLE_DC; system <= SG_CABLE_THREE_PHASE; system++) {
        p[0] = system;
        for (double factor = 0.6; factor <= 1.0001; factor += 0.1) {
            const double in[] = {4000, factor < 1 ? factor : 1};
            double one = system == SG_CABLE_DC ? 1 : in[1];
            run(model, 1, in);
            double ways = system == SG_CABLE_THREE_PHASE ? 1 : 2;
            double r = sg_cable_table_ohm_per_m(SG_CABLE_COPPER, 25e-6) * 50 * ways *
                       sg_cable_warmth(SG_CABLE_COPPER, 70);
            double x = system == SG_CABLE_DC ? 0 : 0.08e-3 * 50 * ways;
            double v = sg_branch_voltage_v(400, r, x, 4000, 4000 * tan(acos(one)));
            assert_true(fabs(400 - v - out[2]) < 0.01 * out[2]);
            /* heat = r I2, I = S / U over the ways of the system */
            double square = 4000 / one / 400 * (4000 / one / 400);
            assert_true(fabs(out[4] - r * square) < 1e-9);
        }
    }
}

static void reversed_power_lifts_the_voltage_as_much(void **state)
{
    (void)state;
    const sg_model *model = fresh("cable");
    const double in[] = {50e3, 0.9}, back[] = {-50e3, 0.9};
    run(model, 1, in);
    double drop_v = out[2], loss_w = out[4];
    run(model, 1, back);
    assert_true(out[2] == -drop_v && out[4] == loss_w);
}

/* --- voltage tolerance --- */

static void worse_voltages_are_borne_for_less_time(void **state)
{
    (void)state;
    for (double v = 0; v < 0.999; v += 0.001) {
        assert_true(sg_itic_limit_s(v) <= sg_itic_limit_s(v + 0.001));
    }
    for (double v = 1; v < 6; v += 0.001) {
        assert_true(sg_itic_limit_s(v + 0.001) <= sg_itic_limit_s(v));
    }
    assert_true(fabs(sg_itic_limit_s(2) - 1e-3) < 1e-12);
    assert_true(fabs(sg_itic_limit_s(5) - 0.01 / 60) < 1e-12 && sg_itic_limit_s(5.01) == 0);
}

static void a_voltage_that_recovers_stops_the_clock(void **state)
{
    (void)state;
    const sg_model *model = fresh("itic");
    const double low[] = {0.75}, fine[] = {1};
    for (int i = 0; i < 20; i++) {
        run(model, 0.4, low);
        assert_true(out[1] == 1);
        run(model, 0.1, fine);
        assert_true(out[0] == 0);
    }
    run(model, 0.4, low);
    run(model, 0.2, low);
    assert_true(out[1] == 0 && out[3] == 1);
}

/* --- frequency --- */

static void an_answer_settles_where_droop_and_damping_meet(void **state)
{
    (void)state;
    const sg_model *model = fresh("frequency");
    const double in[] = {-5e6, 0, 0};
    for (int i = 0; i < 3000; i++) {
        run(model, 0.1, in);
    }
    /* df (D S / f0) + (df - db) P / (R f0) = imbalance */
    double damping = 1 * 100e6 / 60, gain = 10e6 / (0.05 * 60);
    double away_hz = (5e6 + 0.036 * gain) / (damping + gain);
    assert_true(fabs(out[1] - (60 - away_hz)) < 1e-6);
    assert_true(fabs(out[2]) < 1e-6);
    /* without an answer: an exponential towards imbalance / damping */
    model = fresh("frequency");
    p[4] = 2; /* no response */
    for (int i = 1; i <= 50; i++) {
        run(model, 0.37, in);
        double tau_s = 2 * 5.0 / 1, wanted = 60 - 3 * (1 - exp(-0.37 * i / tau_s));
        assert_true(fabs(out[1] - wanted) < 1e-6);
    }
}

static void long_steps_and_short_steps_agree(void **state)
{
    (void)state;
    for (int response = 0; response < 3; response++) {
        const double in[] = {-4e6, 0, 0};
        const sg_model *model = fresh("frequency");
        p[4] = response;
        run(model, 20, in);
        double far_hz = out[1];
        model = fresh("frequency");
        p[4] = response;
        for (int i = 0; i < 400; i++) {
            run(model, 0.05, in);
        }
        assert_true(fabs(far_hz - out[1]) < 1e-4);
    }
}

static void inside_the_deadband_nothing_answers(void **state)
{
    (void)state;
    for (double away_hz = -0.036; away_hz <= 0.036; away_hz += 0.0004) {
        assert_true(sg_droop_1547_frac(60 + away_hz, 60, 0.036, 0.05) == 0);
    }
    assert_true(sg_droop_1547_frac(59.9, 60, 0, 0.05) == sg_droop_frac(59.9 - 60, 60, 0.05));
    for (double away_hz = 0; away_hz < 0.7; away_hz += 0.001) {
        assert_true(sg_neso_containment_frac(-away_hz) == -sg_neso_containment_frac(away_hz));
        assert_true(sg_neso_containment_frac(-away_hz - 0.001) >=
                    sg_neso_containment_frac(-away_hz));
    }
}

static void import_pulls_the_connection_down(void **state)
{
    (void)state;
    const sg_model *model = fresh("frequency");
    const double none[] = {0, 0, 0}, import[] = {0, 20e6, 10e6}, far[] = {0, 2e9, 0};
    run(model, 1, none);
    assert_true(fabs(out[4] - 1) < 1e-12 && out[1] == 60);
    run(model, 1, import);
    /* about (R P + X Q) / U2 with |Z| = U2 / Ssc */
    double r = 1 / sqrt(101), x = 10 / sqrt(101);
    assert_true(fabs(1 - out[4] - (r * 0.04 + x * 0.02)) < 0.002);
    run(model, 1, far);
    assert_true(out[4] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_converter_conserves_energy_in_both_directions),
        cmocka_unit_test(output_is_the_inverse_of_input),
        cmocka_unit_test(loss_never_falls_with_load),
        cmocka_unit_test(modes_of_a_ups_are_within_what_makers_state),
        cmocka_unit_test(a_transformer_is_best_where_its_losses_are_equal),
        cmocka_unit_test(a_transformer_conserves_energy_in_both_directions),
        cmocka_unit_test(the_drop_of_a_transformer_is_nearly_exact),
        cmocka_unit_test(a_small_drop_is_that_of_the_exact_branch),
        cmocka_unit_test(reversed_power_lifts_the_voltage_as_much),
        cmocka_unit_test(worse_voltages_are_borne_for_less_time),
        cmocka_unit_test(a_voltage_that_recovers_stops_the_clock),
        cmocka_unit_test(an_answer_settles_where_droop_and_damping_meet),
        cmocka_unit_test(long_steps_and_short_steps_agree),
        cmocka_unit_test(inside_the_deadband_nothing_answers),
        cmocka_unit_test(import_pulls_the_connection_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
