/* Pair algebra against quantum mechanics itself: amplitudes of four qubits, gate by gate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/prng.h"
#include "model/entanglement.h"
#include "model/model.h"

#include <complex.h>
#include <math.h>
#include <string.h>

static double no_state[1]; /* these models remember nothing */

/* --- four qubits: bit q of the index is qubit q; pair one is qubits 0 and 1, pair two is 2 and 3 --- */

typedef double complex amplitude;

/* Phi+, Psi-, Psi+, Phi- of two qubits, index bit 0 the first. */
static const double bell[4][4] = {{M_SQRT1_2, 0, 0, M_SQRT1_2},
                                  {0, -M_SQRT1_2, M_SQRT1_2, 0},
                                  {0, M_SQRT1_2, M_SQRT1_2, 0},
                                  {M_SQRT1_2, 0, 0, -M_SQRT1_2}};

static void both_pairs(int one, int other, amplitude ret[16])
{
    for (int i = 0; i < 16; i++) {
        ret[i] = bell[one][i & 3] * bell[other][i >> 2];
    }
}

/* exp(-i angle X / 2) */
static void rotate_x(amplitude *psi, int qubit, double angle)
{
    amplitude turn = -sin(angle / 2) * csqrt(-1.0);
    for (int i = 0; i < 16; i++) {
        if (!(i >> qubit & 1)) {
            amplitude zero = psi[i], one = psi[i | 1 << qubit];
            psi[i] = cos(angle / 2) * zero + turn * one;
            psi[i | 1 << qubit] = cos(angle / 2) * one + turn * zero;
        }
    }
}

static void controlled_not(amplitude *psi, int control, int target)
{
    for (int i = 0; i < 16; i++) {
        if ((i >> control & 1) && !(i >> target & 1)) {
            amplitude kept = psi[i];
            psi[i] = psi[i | 1 << target];
            psi[i | 1 << target] = kept;
        }
    }
}

/* Adds the shares of the Bell states of qubits 0 and 1 where 2 and 3 are measured alike. */
static void measure_alike(const amplitude *psi, double weight, double ret[4])
{
    for (int outcome = 0; outcome < 4; outcome += 3) {
        for (int b = 0; b < 4; b++) {
            amplitude overlap = 0;
            for (int i = 0; i < 4; i++) {
                overlap += bell[b][i] * psi[i | outcome << 2];
            }
            ret[b] += weight * creal(overlap * conj(overlap));
        }
    }
}

static double purify_by_gates(const double *one, const double *other, bool rotate, double ret[4])
{
    double sum[4] = {0}, success = 0;
    for (int b = 0; b < 16; b++) {
        amplitude psi[16];
        both_pairs(b & 3, b >> 2, psi);
        for (int q = 0; rotate && q < 4; q++) { /* one partner turns back what the other turns */
            rotate_x(psi, q, q & 1 ? -M_PI_2 : M_PI_2);
        }
        controlled_not(psi, 0, 2);
        controlled_not(psi, 1, 3);
        measure_alike(psi, one[b & 3] * other[b >> 2], sum);
    }
    for (int b = 0; b < 4; b++) {
        success += sum[b];
    }
    for (int b = 0; b < 4; b++) {
        ret[b] = sum[b] / success;
    }
    return success;
}

/* Qubits 1 and 2 are found in Phi+; what 0 and 3 are then. */
static void swap_by_measurement(const double *one, const double *other, double ret[4])
{
    double sum[4] = {0}, success = 0;
    for (int b = 0; b < 16; b++) {
        amplitude psi[16], ends[4] = {0};
        both_pairs(b & 3, b >> 2, psi);
        for (int i = 0; i < 16; i++) {
            ends[(i & 1) | (i >> 3 & 1) << 1] += bell[0][i >> 1 & 3] * psi[i];
        }
        for (int state = 0; state < 4; state++) {
            amplitude overlap = 0;
            for (int i = 0; i < 4; i++) {
                overlap += bell[state][i] * ends[i];
            }
            sum[state] += one[b & 3] * other[b >> 2] * creal(overlap * conj(overlap));
        }
    }
    for (int i = 0; i < 4; i++) {
        success += sum[i];
    }
    for (int i = 0; i < 4; i++) {
        ret[i] = sum[i] / success;
    }
    assert_true(fabs(success - 0.25) < 1e-12);
}

static void random_pair(uint64_t seed, double ret[4])
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        ret[i] = sg_prng_unit(seed, (uint64_t)i);
        sum += ret[i];
    }
    for (int i = 0; i < 4; i++) {
        ret[i] /= sum;
    }
}

static void assert_same(const double *one, const double *other)
{
    for (int i = 0; i < 4; i++) {
        assert_true(fabs(one[i] - other[i]) < 1e-12);
    }
}

static void purification_is_what_gates_do(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 200; n++) {
        double one[4], other[4], gates[4], ours[4], fidelity;
        random_pair(2 * n, one);
        random_pair(2 * n + 1, other);
        double by_gates = purify_by_gates(one, other, true, gates);
        assert_true(fabs(sg_purify_dejmps(one, other, ours) - by_gates) < 1e-12);
        assert_same(ours, gates);
        sg_werner_pair(0.25 + 0.75 * one[0], one);
        sg_werner_pair(0.25 + 0.75 * other[0], other);
        by_gates = purify_by_gates(one, other, false, gates);
        assert_true(fabs(sg_purify_bbpssw(one[0], other[0], &fidelity) - by_gates) < 1e-12);
        assert_true(fabs(fidelity - gates[0]) < 1e-12);
    }
}

static void swapping_is_what_a_measurement_does(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 200; n++) {
        double one[4], other[4], measured[4], ours[4];
        random_pair(2 * n, one);
        random_pair(2 * n + 1, other);
        swap_by_measurement(one, other, measured);
        sg_swap(one, other, ours);
        assert_same(ours, measured);
        sg_werner_pair(one[0], one);
        sg_werner_pair(other[0], other);
        sg_swap(one, other, ours);
        assert_true(fabs(ours[0] - sg_swap_fidelity(one[0], other[0])) < 1e-15);
        assert_true(fabs(ours[1] - ours[3]) < 1e-15);
    }
}

/* --- laws --- */

static void werner_and_fidelity_are_inverse(void **state)
{
    (void)state;
    for (double f = 0.25; f <= 1; f += 0.01) {
        assert_true(fabs(sg_fidelity_of_werner(sg_werner_of_fidelity(f)) - f) < 1e-15);
        for (int links = 1; links < 20; links++) {
            double link = sg_link_fidelity(f, links), ends = link;
            for (int i = 1; i < links; i++) {
                ends = sg_swap_fidelity(ends, link);
            }
            assert_true(fabs(ends - f) < 1e-13);
        }
    }
}

static void noise_composes_and_commutes_with_swapping(void **state)
{
    (void)state;
    double one[4], other[4], early[4], late[4];
    random_pair(1, one);
    random_pair(2, other);
    sg_swap(one, other, late);
    sg_depolarise(late, 0.7 * 0.8);
    sg_depolarise(one, 0.7);
    sg_depolarise(other, 0.8);
    sg_swap(one, other, early);
    assert_same(early, late);
    sg_depolarise(late, 0);
    for (int i = 0; i < 4; i++) {
        assert_true(late[i] == 0.25);
    }
}

static void only_pairs_above_a_half_get_better(void **state)
{
    (void)state;
    for (double f = 0.26; f < 1; f += 0.01) {
        double made, pair[4];
        sg_purify_bbpssw(f, f, &made);
        assert_true((made > f) == (f > 0.5 + 1e-9));
        sg_werner_pair(f, pair);
        sg_purify_dejmps(pair, pair, pair);
        assert_true(fabs(pair[0] - made) < 1e-14); /* the first round is the same for both */
    }
}

/* --- chains --- */

static const sg_repeater_chain preset = {.links = 4,
                                         .link_fidelity = 0.95,
                                         .pair_rate = 20,
                                         .swap_success = 0.5,
                                         .coherence_s = 0.4,
                                         .target = 0.25};

/* Links that get their pairs at exponential times, one attempt after the other. */
static void waiting_is_what_trials_show(void **state)
{
    (void)state;
    enum { TRIALS = 400000 };
    sg_repeater_result got;
    assert_int_equal(sg_repeater_run(&preset, &got), SG_OK);
    double w = pow(sg_werner_of_fidelity(preset.link_fidelity), preset.links);
    double sum_w = 0, squares = 0, sum_s = 0;
    for (int n = 0; n < TRIALS; n++) {
        double last_s = 0, total_s = 0;
        for (int i = 0; i < preset.links; i++) {
            double s =
                -log1p(-sg_prng_unit(5, (uint64_t)(n * preset.links + i))) / preset.pair_rate;
            last_s = fmax(last_s, s);
            total_s += s;
        }
        double waited = w * exp(-(preset.links * last_s - total_s) / preset.coherence_s);
        sum_w += waited;
        squares += waited * waited;
        sum_s += last_s;
    }
    double mean = sum_w / TRIALS, sigma = sqrt((squares / TRIALS - mean * mean) / TRIALS);
    assert_true(fabs(sg_werner_of_fidelity(got.plain_fidelity) - mean) < 3 * sigma);
    assert_true(sigma < 1e-3);
    double rate = 0.125 / (sum_s / TRIALS); /* three measurements must succeed */
    assert_true(fabs(got.pair_rate / rate - 1) < 0.005);
}

static void chain_without_loss_is_algebra(void **state)
{
    (void)state;
    sg_repeater_chain chain = preset;
    sg_repeater_result got;
    chain.coherence_s = INFINITY;
    chain.target = 0.99;
    assert_int_equal(sg_repeater_run(&chain, &got), SG_OK);
    double pair[4], ends[4], rate = 20 * 12.0 / 25 * 0.125; /* 1 + 1/2 + 1/3 + 1/4 = 25/12 */
    sg_werner_pair(0.95, pair);
    memcpy(ends, pair, sizeof ends);
    for (int i = 1; i < 4; i++) {
        sg_swap(ends, pair, ends);
    }
    assert_true(fabs(got.plain_fidelity - ends[0]) < 1e-15);
    int rounds = 0;
    for (; ends[0] < 0.99; rounds++) {
        rate *= sg_purify_dejmps(ends, ends, ends) / 2;
    }
    assert_int_equal(got.rounds, rounds);
    assert_true(got.reached && fabs(got.pair_rate / rate - 1) < 1e-12);
    assert_same(got.pair, ends);
}

static void chain_gets_worse_with_length_and_forgetting(void **state)
{
    (void)state;
    sg_repeater_chain chain = preset;
    sg_repeater_result got;
    double fidelity = 1, rate = INFINITY;
    for (chain.links = 1; chain.links <= 64; chain.links++) {
        assert_int_equal(sg_repeater_run(&chain, &got), SG_OK);
        assert_true(got.plain_fidelity < fidelity && got.plain_fidelity >= 0.25);
        assert_true(got.pair_rate < rate);
        fidelity = got.plain_fidelity;
        rate = got.pair_rate;
    }
    chain.links = 4;
    fidelity = 0.25;
    for (chain.coherence_s = 1e-3; chain.coherence_s < 1e6; chain.coherence_s *= 2) {
        assert_int_equal(sg_repeater_run(&chain, &got), SG_OK);
        assert_true(got.plain_fidelity > fidelity);
        fidelity = got.plain_fidelity;
    }
}

static void target_is_met_or_said_to_be_out_of_reach(void **state)
{
    (void)state;
    int met = 0, out = 0;
    for (uint64_t n = 0; n < 5000; n++) {
        sg_repeater_chain chain = {.links = 1 + (int)(16 * sg_prng_unit(n, 0)),
                                   .link_fidelity = 0.25 + 0.75 * sg_prng_unit(n, 1),
                                   .pair_rate = pow(10, 6 * sg_prng_unit(n, 2)),
                                   .swap_success = 0.1 + 0.9 * sg_prng_unit(n, 3),
                                   .coherence_s = pow(10, 4 * sg_prng_unit(n, 4) - 2),
                                   .target = 0.5 + 0.499 * sg_prng_unit(n, 5),
                                   .twirl = n & 1,
                                   .at_links = n >> 1 & 1};
        sg_repeater_result got;
        assert_int_equal(sg_repeater_run(&chain, &got), SG_OK);
        double sum = 0;
        for (int i = 0; i < 4; i++) {
            assert_true(got.pair[i] >= 0 && got.pair[i] <= 1);
            sum += got.pair[i];
        }
        assert_true(fabs(sum - 1) < 1e-12);
        assert_true(got.reached == (got.pair[0] >= chain.target));
        assert_true(got.pair[0] >= got.plain_fidelity);
        assert_true(got.rounds >= 0 && got.rounds <= SG_PURIFICATION_ROUND_MAX);
        met += got.reached && got.rounds > 0;
        out += !got.reached;
    }
    assert_true(met > 200 && out > 200);
}

static void chain_refuses_nonsense(void **state)
{
    (void)state;
    sg_repeater_result got;
    for (int i = 0; i < 9; i++) {
        sg_repeater_chain chain = preset;
        chain.links = i == 0 ? 0 : i == 1 ? SG_LINK_MAX + 1 : chain.links;
        chain.link_fidelity = i == 2   ? 0.2
                              : i == 3 ? 1.01
                              : i == 4 ? (double)NAN
                                       : chain.link_fidelity;
        chain.pair_rate = i == 5 ? 0 : chain.pair_rate;
        chain.swap_success = i == 6 ? 0 : chain.swap_success;
        chain.coherence_s = i == 7 ? 0 : chain.coherence_s;
        chain.target = i == 8 ? 1.01 : chain.target;
        assert_int_equal(sg_repeater_run(&chain, &got), SG_RANGE);
    }
    sg_repeater_chain endless = preset; /* half to the power of a thousand and more */
    endless.links = SG_LINK_MAX;
    endless.swap_success = 1e-3;
    assert_int_equal(sg_repeater_run(&endless, &got), SG_RANGE);
}

static void model_is_marked_hypothetical(void **state)
{
    (void)state;
    sg_model room;
    const sg_model *model = sg_model_find("entanglement", &room);
    double p[SG_PARAM_MAX], in[] = {0.97}, out[SG_MODEL_OUTPUT_MAX];
    assert_non_null(model);
    assert_true(model->hypothetical);
    sg_model_presets(model, p);
    sg_now now = {.dt_s = 1};
    assert_int_equal(sg_model_step(model, p, &now, in, no_state, out), SG_OK);
    assert_true(out[1] >= 0.99 && out[4] == 1 && fabs(out[5] * out[6] - 1) < 1e-12);
    in[0] = 0.2;
    assert_int_equal(sg_model_step(model, p, &now, in, no_state, out), SG_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purification_is_what_gates_do),
        cmocka_unit_test(swapping_is_what_a_measurement_does),
        cmocka_unit_test(werner_and_fidelity_are_inverse),
        cmocka_unit_test(noise_composes_and_commutes_with_swapping),
        cmocka_unit_test(only_pairs_above_a_half_get_better),
        cmocka_unit_test(waiting_is_what_trials_show),
        cmocka_unit_test(chain_without_loss_is_algebra),
        cmocka_unit_test(chain_gets_worse_with_length_and_forgetting),
        cmocka_unit_test(target_is_met_or_said_to_be_out_of_reach),
        cmocka_unit_test(chain_refuses_nonsense),
        cmocka_unit_test(model_is_marked_hypothetical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
