/* temporal - work that may run earlier or later. Running ahead charges it, holding back discharges it; nothing is won or
 * lost, so the round trip is one.
 *
 * Model    a virtual store: the energy held is how much more may be held back, the rest of the capacity is work not yet
 *          done. Exact. Who must keep deadlines runs the model `deferrable`, which sees arrivals and ages. */
#include "base/check.h"
#include "model/leaky.h"
#include "model/model.h"

#include <math.h>

enum { CAPACITY, POWER, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL,
                  "energy of the work that may be moved", ""},
    [POWER] = {"power", SG_DIM_POWER, NAN, 0, 1e11, NULL, "most that may be moved at a time", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){.capacity_j = p[CAPACITY],
                          .charge_w_max = p[POWER],
                          .discharge_w_max = p[POWER],
                          .charge_eff = 1,
                          .discharge_eff = 1};
}

static const sg_input inputs[] = {
    {"power_w", SG_DIM_POWER, 0, "asked for at the bus; > 0: hold work back"}};

enum { OUT_POWER, OUT_ENERGY, OUT_LOSS, OUT_BACKLOG, OUT_COUNT };
static const sg_output outputs[OUT_COUNT] = {
    [OUT_POWER] = {"power_w", "W", "held back (> 0) or run beside the schedule"},
    [OUT_ENERGY] = {"energy_j", "J", "that may still be held back"},
    [OUT_LOSS] = {"loss_j", "J", "nothing but rounding: work is moved, not lost"},
    [OUT_BACKLOG] = {"backlog_j", "J", "of work that waits"},
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
    sg_leaky work = {.capacity_j = p[CAPACITY],
                     .charge_w_max = p[POWER],
                     .discharge_w_max = p[POWER],
                     .charge_frac = 1,
                     .discharge_frac = 1};
    out[OUT_POWER] = sg_leaky_step(&work, in[0], now->dt_s, &state[0], &out[OUT_LOSS]);
    out[OUT_ENERGY] = state[0];
    out[OUT_BACKLOG] = p[CAPACITY] - state[0];
    return SG_OK;
}

const sg_model sg_model_temporal = {
    .name = "temporal",
    .title = "shiftable work",
    .source = "deferrable load as a virtual store: A. Radovanovic et al., Carbon-Aware Computing "
              "for Datacenters, IEEE Trans. Power Systems 38(2), 2023",
    .limits = "no deadlines: work that is held back waits until it is asked to run (the model "
              "`deferrable` keeps them)",
    .example = "dt_s=300 power_w=-60000..60000",
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

const sg_kind sg_kind_temporal = {
    .name = "temporal",
    .title = "shiftable work",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
    .model = &sg_model_temporal,
};
