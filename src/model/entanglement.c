/* entanglement - pairs over a chain of repeaters: fidelity, purification to a target, and what a key makes of it.
 * Hypothetical: no network of this kind is for sale; the arithmetic is that of the papers in entanglement.h. */
#include "model/entanglement.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

enum { PHI_PLUS, PSI_MINUS, PSI_PLUS, PHI_MINUS };

/* --- pairs --- */

double sg_werner_of_fidelity(double fidelity)
{
    return (4 * fidelity - 1) / 3;
}

double sg_fidelity_of_werner(double werner)
{
    return (3 * werner + 1) / 4;
}

void sg_werner_pair(double fidelity, double ret[SG_BELL_STATES])
{
    ret[PHI_PLUS] = fidelity;
    ret[PSI_MINUS] = ret[PSI_PLUS] = ret[PHI_MINUS] = (1 - fidelity) / 3;
}

double sg_swap_fidelity(double one, double other)
{
    return one * other + (1 - one) * (1 - other) / 3;
}

/* Bell states multiply like the Pauli operators that make them of Phi+: in our order the product of i and j is i ^ j. */
void sg_swap(const double one[SG_BELL_STATES], const double other[SG_BELL_STATES],
             double ret[SG_BELL_STATES])
{
    double sum[SG_BELL_STATES] = {0};
    for (int i = 0; i < SG_BELL_STATES; i++) {
        for (int j = 0; j < SG_BELL_STATES; j++) {
            sum[i ^ j] += one[i] * other[j];
        }
    }
    memcpy(ret, sum, sizeof sum);
}

double sg_link_fidelity(double fidelity, int links)
{
    return sg_fidelity_of_werner(pow(sg_werner_of_fidelity(fidelity), 1.0 / links));
}

void sg_depolarise(double pair[SG_BELL_STATES], double keep_frac)
{
    for (int i = 0; i < SG_BELL_STATES; i++) {
        pair[i] = keep_frac * pair[i] + (1 - keep_frac) / SG_BELL_STATES;
    }
}

double sg_purify_bbpssw(double one, double other, double *ret_fidelity)
{
    double one_rest = (1 - one) / 3, other_rest = (1 - other) / 3;
    double agree = one * other + one * other_rest + other * one_rest + 5 * one_rest * other_rest;
    *ret_fidelity = (one * other + one_rest * other_rest) / agree;
    return agree;
}

double sg_purify_dejmps(const double one[SG_BELL_STATES], const double other[SG_BELL_STATES],
                        double ret[SG_BELL_STATES])
{
    enum { A = PHI_PLUS, B = PSI_MINUS, C = PSI_PLUS, D = PHI_MINUS };
    double agree =
        (one[A] + one[B]) * (other[A] + other[B]) + (one[C] + one[D]) * (other[C] + other[D]);
    double made[SG_BELL_STATES] = {
        [A] = (one[A] * other[A] + one[B] * other[B]) / agree,
        [B] = (one[C] * other[D] + one[D] * other[C]) / agree,
        [C] = (one[C] * other[C] + one[D] * other[D]) / agree,
        [D] = (one[A] * other[B] + one[B] * other[A]) / agree,
    };
    memcpy(ret, made, sizeof made);
    return agree;
}

static double binary_entropy(double x)
{
    return x <= 0 || x >= 1 ? 0 : -(x * log2(x) + (1 - x) * log2(1 - x));
}

double sg_bb84_secret_frac(double bit_errors, double phase_errors, double efficiency)
{
    double rest = 1 - binary_entropy(phase_errors) - efficiency * binary_entropy(bit_errors);
    return rest > 0 ? rest : 0;
}

double sg_werner_error_frac(double fidelity)
{
    return 2 * (1 - fidelity) / 3;
}

/* --- a chain --- */

/* Pairs as they come: how good, and how many a second. */
typedef struct flow {
    double pair[SG_BELL_STATES];
    double rate;
} flow;

/* All links have a pair after H_n / rate on average. Between the k-th and the next one k pairs wait, for a time that is
 * exponential with (n - k) rate: the mean of exp(-k t / T) is (n - k) rate / ((n - k) rate + k / T). */
static flow join(const sg_repeater_chain *self, const flow *link)
{
    flow all = *link;
    int n = self->links;
    double keep_frac = 1, wait = 1.0 / n, success = 1;
    for (int k = 1; k < n; k++) {
        double coming = (n - k) * link->rate;
        keep_frac *= coming / (coming + k / self->coherence_s);
        wait += 1.0 / k;
        success *= self->swap_success;
        sg_swap(all.pair, link->pair, all.pair);
    }
    sg_depolarise(all.pair, keep_frac);
    all.rate = link->rate / wait * success;
    return all;
}

/* Two pairs into one; the first has waited for the second. Returns false where nothing is won. */
static bool purify(const sg_repeater_chain *self, flow *pairs)
{
    double waited[SG_BELL_STATES], made[SG_BELL_STATES], agree;
    memcpy(waited, pairs->pair, sizeof waited);
    sg_depolarise(waited, pairs->rate / (pairs->rate + 1 / self->coherence_s));
    if (self->twirl) {
        double fidelity;
        agree = sg_purify_bbpssw(waited[PHI_PLUS], pairs->pair[PHI_PLUS], &fidelity);
        sg_werner_pair(fidelity, made);
    } else {
        agree = sg_purify_dejmps(waited, pairs->pair, made);
    }
    if (!(made[PHI_PLUS] > pairs->pair[PHI_PLUS])) {
        return false;
    }
    memcpy(pairs->pair, made, sizeof made);
    pairs->rate *= agree / 2;
    return true;
}

static bool chain_runs(const sg_repeater_chain *self)
{
    return self->links >= 1 && self->links <= SG_LINK_MAX && self->link_fidelity >= 0.25 &&
           self->link_fidelity <= 1 && self->pair_rate > 0 && isfinite(self->pair_rate) &&
           self->swap_success > 0 && self->swap_success <= 1 && self->coherence_s > 0 &&
           self->target >= 0.25 && self->target <= 1;
}

sg_status sg_repeater_run(const sg_repeater_chain *self, sg_repeater_result *ret)
{
    if (!chain_runs(self)) {
        return SG_RANGE;
    }
    flow link = {.rate = self->pair_rate};
    sg_werner_pair(self->link_fidelity, link.pair);
    flow ends = join(self, &link);
    sg_repeater_result result = {.plain_fidelity = ends.pair[PHI_PLUS]};
    flow *pairs = self->at_links ? &link : &ends;
    while (ends.pair[PHI_PLUS] < self->target && result.rounds < SG_PURIFICATION_ROUND_MAX) {
        flow before = ends;
        if (!purify(self, pairs)) {
            break;
        }
        if (self->at_links) {
            ends = join(self, &link);
            if (!(ends.pair[PHI_PLUS] > before.pair[PHI_PLUS])) { /* slower by more than better */
                ends = before;
                break;
            }
        }
        result.rounds++;
    }
    memcpy(result.pair, ends.pair, sizeof result.pair);
    result.reached = ends.pair[PHI_PLUS] >= self->target;
    result.pair_rate = ends.rate;
    if (!(ends.rate > 0)) {
        return SG_RANGE;
    }
    *ret = result;
    return SG_OK;
}

/* --- the model --- */

enum {
    LINKS,
    PAIR_RATE,
    SWAP_SUCCESS,
    COHERENCE,
    TARGET,
    PURIFICATION,
    PLACE,
    CORRECTION,
    PARAM_COUNT
};
enum { LINK_FIDELITY, INPUT_COUNT };
enum { PLAIN, PURIFIED, SECRET, ROUNDS, REACHED, RATE, TIME, KEY, OUTPUT_COUNT };

#define ASSUMED "assumption: no device behind it"

static const sg_param params[PARAM_COUNT] = {
    [LINKS] = {"links", SG_DIM_NONE, 4, 1, SG_LINK_MAX, NULL, "of the chain, all alike", ASSUMED},
    [PAIR_RATE] = {"pair_rate", SG_DIM_FREQUENCY, 100, 1e-6, 1e12, NULL,
                   "pairs a second that a link makes", ASSUMED},
    [SWAP_SUCCESS] = {"swap_success", SG_DIM_FRACTION, 0.5, 1e-3, 1, NULL, "of a Bell measurement",
                      "1/2 is the most that linear optics reach (N. Luetkenhaus et al., Phys. Rev. "
                      "A 59 (1999) 3295)"},
    [COHERENCE] = {"coherence_time", SG_DIM_TIME, 100, 1e-9, 1e12, NULL, "of the memories",
                   ASSUMED},
    [TARGET] = {"target_fidelity", SG_DIM_FRACTION, 0.99, 0.25, 1, NULL, "wanted from end to end",
                ASSUMED},
    [PURIFICATION] = {"purification", SG_DIM_NONE, 0, 0, 1, "dejmps|bbpssw",
                      "how two pairs are made one", "Phys. Rev. Lett. 77, 2818; 76, 722"},
    [PLACE] = {"purify_at", SG_DIM_NONE, 0, 0, 1, "ends|links",
               "after swapping, or before it on every link", ""},
    [CORRECTION] = {"error_correction", SG_DIM_NONE, 1.16, 1, 2, NULL,
                    "bits disclosed over Shannon's limit", "typical of cascade codes, assumption"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [LINK_FIDELITY] = {"link_fidelity", SG_DIM_FRACTION, NAN,
                       "of a fresh pair on a link, 1/4 to 1"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [PLAIN] = {"fidelity", "", "from end to end, not purified"},
    [PURIFIED] = {"purified_fidelity", "",
                  "after the rounds that lead to the target, or that help"},
    [SECRET] = {"secret_fraction", "", "of BB84 key in sifted bits of such pairs"},
    [ROUNDS] = {"rounds", "rounds", "of purification"},
    [REACHED] = {"reached", "yes/no", "1: the target is met, 0: it cannot be"},
    [RATE] = {"pairs_per_s", "1/s", "purified pairs from end to end"},
    [TIME] = {"time_to_pair_s", "s", "mean time for one of them"},
    [KEY] = {"key_bits_per_s", "1/s", "secret bits; half of the pairs are sifted away"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    sg_repeater_chain chain = {.links = (int)p[LINKS],
                               .link_fidelity = in[LINK_FIDELITY],
                               .pair_rate = p[PAIR_RATE],
                               .swap_success = p[SWAP_SUCCESS],
                               .coherence_s = p[COHERENCE],
                               .target = p[TARGET],
                               .twirl = p[PURIFICATION] > 0,
                               .at_links = p[PLACE] > 0};
    sg_repeater_result result;
    sg_status status = sg_repeater_run(&chain, &result);
    if (status != SG_OK) {
        return status;
    }
    double bit_errors = result.pair[PSI_MINUS] + result.pair[PSI_PLUS];
    double phase_errors = result.pair[PSI_MINUS] + result.pair[PHI_MINUS];
    out[PLAIN] = result.plain_fidelity;
    out[PURIFIED] = result.pair[PHI_PLUS];
    out[SECRET] = sg_bb84_secret_frac(bit_errors, phase_errors, p[CORRECTION]);
    out[ROUNDS] = result.rounds;
    out[REACHED] = result.reached;
    out[RATE] = result.pair_rate;
    out[TIME] = 1 / result.pair_rate;
    out[KEY] = result.pair_rate / 2 * out[SECRET];
    return SG_OK;
}

const sg_model sg_model_entanglement = {
    .name = "entanglement",
    .title = "entangled pairs over a chain of quantum repeaters",
    .source = "H.-J. Briegel et al., Phys. Rev. Lett. 81 (1998) 5932; C. H. Bennett et al., Phys. "
              "Rev. Lett. 76 (1996) 722; D. Deutsch et al., Phys. Rev. Lett. 77 (1996) 2818; P. W. "
              "Shor, J. Preskill, Phys. Rev. Lett. 85 (2000) 441",
    .limits =
        "no such network is for sale: rates, memories and successes are assumptions. Gates "
        "and measurements have no faults, pairs come at exponential times, classical messages "
        "take no time, keys are endless; purified pairs are taken to come at exponential "
        "times too",
    .example = "link_fidelity=0.75..1",
    .hypothetical = true,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
