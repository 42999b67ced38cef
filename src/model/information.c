/* information - work computed ahead and kept: answers in a cache are energy that need not be spent later.
 * The share of the stored work that is really asked for (hit_probability) is its discharge efficiency.
 *
 * Model    kept work grows stale at the rate `expiry` and costs `keeping` while it stands, both exact over the step; looking
 *          it up is booked with computing it. Over a round trip: hit exec / (ahead + keeping + lookup). */
#include "model/information.h"

#include "base/check.h"
#include "model/decay.h"
#include "model/leaky.h"
#include "model/model.h"

#include <math.h>

enum { CAPACITY, POWER, HIT, STANDING, AHEAD, KEEPING, LOOKUP, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL,
                  "energy of the work that can be kept", ""},
    [POWER] = {"power", SG_DIM_POWER, NAN, 0, 1e11, NULL, "spent ahead, or saved later", ""},
    [HIT] = {"hit_probability", SG_DIM_FRACTION, 0.6, 0.01, 1, NULL,
             "share of the kept work that is asked for", "engineering estimate"},
    [STANDING] = {"expiry", SG_DIM_RATE, 0.02 / 3600, 0, 1e-3, NULL,
                  "share of the kept work that grows stale", "engineering estimate"},
    [AHEAD] = {"ahead_efficiency", SG_DIM_FRACTION, 1, 0.01, 1, NULL,
               "energy of the work on demand, per energy to compute it ahead", ""},
    [KEEPING] = {"keeping", SG_DIM_RATE, 0, 0, 1e-3, NULL,
                 "energy to keep work, as a share of its own", ""},
    [LOOKUP] = {"lookup", SG_DIM_FRACTION, 0, 0, 1, NULL,
                "energy to look work up, as a share of what it took to compute it", ""},
};

double sg_information_efficiency(double hit_frac, double exec_j, double ahead_j, double cache_j,
                                 double lookup_j)
{
    double spent_j = ahead_j + cache_j + lookup_j;
    return spent_j > 0 ? hit_frac * exec_j / spent_j : 0;
}

/* A rate near its end of the range would lose more than there is within the hour: nearly all then. */
static double share_per_h(double rate)
{
    double share = rate * 3600;
    return share < 0.999 ? share : 0.999;
}

static void reservoir(const double *p, sg_reservoir *ret)
{
    double fresh = 1 - share_per_h(p[STANDING]);
    double standing =
        p[KEEPING] > 0 ? 1 - fresh * (1 - share_per_h(p[KEEPING])) : share_per_h(p[STANDING]);
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY],
        .charge_w_max = p[POWER],
        .discharge_w_max = p[POWER],
        .charge_eff = p[AHEAD] / (1 + p[LOOKUP]),
        .discharge_eff = p[HIT],
        .standing_loss_per_h = standing,
    };
}

/* --- a step --- */

static const sg_input inputs[] = {
    {"power_w", SG_DIM_POWER, 0, "asked for at the bus; > 0: answers from the cache"}};

enum { OUT_POWER, OUT_ENERGY, OUT_LOSS, OUT_MISSED, OUT_COUNT };
static const sg_output outputs[OUT_COUNT] = {
    [OUT_POWER] = {"power_w", "W", "spent ahead (< 0), or need not be spent"},
    [OUT_ENERGY] = {"energy_j", "J", "of the kept work, were all of it asked for"},
    [OUT_LOSS] = {"loss_j", "J", "lost in the step: stale, kept, looked up, or never asked for"},
    [OUT_MISSED] = {"missed_j", "J", "of that: work that was given up unasked"},
};

static void start(const sg_model *self, const double *p, double *state)
{
    (void)self;
    state[0] = p[CAPACITY] / 2;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    sg_leaky cache = {.capacity_j = p[CAPACITY],
                      .charge_w_max = p[POWER],
                      .discharge_w_max = p[POWER],
                      .charge_frac = p[AHEAD] / (1 + p[LOOKUP]),
                      .discharge_frac = p[HIT],
                      .rate_per_s = sg_decay_rate_per_s(share_per_h(p[STANDING])) +
                                    sg_decay_rate_per_s(share_per_h(p[KEEPING]))};
    double power_w = sg_leaky_step(&cache, in[0], now->dt_s, &state[0], &out[OUT_LOSS]);
    out[OUT_POWER] = power_w;
    out[OUT_ENERGY] = state[0];
    out[OUT_MISSED] = power_w > 0 ? power_w * now->dt_s * (1 / p[HIT] - 1) : 0;
    return SG_OK;
}

const sg_model sg_model_information = {
    .name = "information",
    .title = "work computed ahead",
    .source = "J. Switzer and B. Raghavan, Information Batteries, ACM Energy Informatics Review "
              "1(1), 2021, doi:10.1145/3508467.3508468; the energy balance is this program's",
    .limits = "one hit probability for all work, whatever its age; work that is asked for spares "
              "what it would take on demand, no more",
    .example = "dt_s=900 power_w=-40000..40000",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = SG_COUNT(inputs),
    .outputs = outputs,
    .output_count = OUT_COUNT,
    .state_count = 1,
    .start = start,
    .step = step,
};

const sg_kind sg_kind_information = {
    .name = "information",
    .title = "work computed ahead",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
    .model = &sg_model_information,
};
