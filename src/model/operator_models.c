/* operator_models - the operators of the Pi0-QTEN study as models: what they claim, and whether it may be counted.
 * The physics is in operators.h. */
#include "base/check.h"
#include "model/model.h"
#include "model/operators.h"

#include <math.h>

#define STUDY "Pi0 Quantum-Temporal Energy Network study, section "

/* --- 7.1: transfer between two times --- */

enum { BASE, DECAY, QUANTUM, TRANSFER_PARAMS };
static const sg_param transfer_params[TRANSFER_PARAMS] = {
    [BASE] = {"base_efficiency", SG_DIM_FRACTION, 0.95, 0, 1, NULL, "of any transfer", "7.1"},
    [DECAY] = {"decay", SG_DIM_NONE, 0.01, 0, 1e6, NULL, "per unit of time between the two", "7.1"},
    [QUANTUM] = {"quantum_enhancement", SG_DIM_NONE, 1, 0, 1, "off|on",
                 "hypothetical: times 1 + 0.1 ln(1 + time)", "7.1"},
};
static const sg_input transfer_inputs[] = {
    {"source", SG_DIM_NONE, 0, "the time it comes from, a plain number: the study names no unit"},
    {"target", SG_DIM_NONE, NAN, "the time it goes to, in the same unit"},
    {"energy_j", SG_DIM_ENERGY, 1, "committed at the source"},
};
static const sg_output transfer_outputs[] = {
    {"efficiency", "", "as the study has it, also above 1"},
    {"claimed_j", "J", "energy times efficiency"},
    {"transferred_j", "J", "what may be counted: the claim, or 0 where it is refused"},
    {"refused", "", "1: the efficiency is above 1, energy from nothing"},
};

static void judge(double efficiency, double claimed_j, double *out)
{
    bool allowed = sg_operator_allowed(efficiency);
    out[0] = efficiency;
    out[1] = claimed_j;
    out[2] = allowed ? claimed_j : 0;
    out[3] = allowed ? 0 : 1;
}

static sg_status transfer_step(const sg_model *self, const double *p, const sg_now *now,
                               const double *in, double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    if (in[2] < 0) {
        return SG_RANGE;
    }
    double efficiency =
        sg_operator_transfer_efficiency(in[0], in[1], p[BASE], p[DECAY], p[QUANTUM] > 0);
    judge(efficiency, in[2] * efficiency, out);
    return SG_OK;
}

const sg_model sg_model_transfer_operator = {
    .name = "transfer_operator",
    .title = "energy transfer between two times (hypothetical)",
    .source = STUDY "7.1",
    .limits = "hypothetical: no device moves energy through time; with quantum_enhancement off it "
              "is the loss of a store that stands",
    .example = "source=0 target=0..150 energy_j=1000",
    .hypothetical = true,
    .params = transfer_params,
    .param_count = TRANSFER_PARAMS,
    .inputs = transfer_inputs,
    .input_count = SG_COUNT(transfer_inputs),
    .outputs = transfer_outputs,
    .output_count = SG_COUNT(transfer_outputs),
    .step = transfer_step,
};

/* --- 1.3: shifting --- */

enum { ETA, SHIFT_DECAY, SHIFT_PARAMS };
static const sg_param shift_params[SHIFT_PARAMS] = {
    [ETA] = {"temporal_efficiency", SG_DIM_FRACTION, 0.95, 0, 1, NULL, "of any shift", "7.1"},
    [SHIFT_DECAY] = {"decay", SG_DIM_NONE, 0.01, 0, 1e6, NULL, "per unit of time", "7.1"},
};
static const sg_input shift_inputs[] = {
    {"time_difference", SG_DIM_NONE, NAN, "between the two times, in the unit of 1 / decay"},
    {"quantum_factor", SG_DIM_NONE, 1, "1: none; above 1: hypothetical"},
    {"energy_j", SG_DIM_ENERGY, 1, "committed at the first time"},
};

static sg_status shift_step(const sg_model *self, const double *p, const sg_now *now,
                            const double *in, double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    if (in[1] < 0 || in[2] < 0) {
        return SG_RANGE;
    }
    judge(sg_operator_shifted_j(1, p[ETA], p[SHIFT_DECAY], in[0], in[1]),
          sg_operator_shifted_j(in[2], p[ETA], p[SHIFT_DECAY], in[0], in[1]), out);
    return SG_OK;
}

const sg_model sg_model_time_shift = {
    .name = "time_shift",
    .title = "temporal energy shifting (hypothetical where its quantum factor is above 1)",
    .source = STUDY "1.3",
    .limits = "a quantum factor above 1 is hypothetical; what exceeds the energy committed is "
              "refused",
    .example = "time_difference=0..100 quantum_factor=1..3 energy_j=1000",
    .hypothetical = true,
    .params = shift_params,
    .param_count = SHIFT_PARAMS,
    .inputs = shift_inputs,
    .input_count = SG_COUNT(shift_inputs),
    .outputs = transfer_outputs,
    .output_count = SG_COUNT(transfer_outputs),
    .step = shift_step,
};

/* --- 2.2: conduits --- */

static const sg_input conduit_inputs[] = {
    {"base", SG_DIM_NONE, 0.97, "base efficiency, 0.95 to 0.99 in the study"},
    {"quantum_factor", SG_DIM_NONE, 1, "1: none; above 1: hypothetical"},
    {"temporal_factor", SG_DIM_NONE, 1, ""},
    {"distance_factor", SG_DIM_NONE, 1, "attenuation over the way"},
    {"load_factor", SG_DIM_NONE, 1, ""},
    {"energy_j", SG_DIM_ENERGY, 1, "sent"},
};

static sg_status conduit_step(const sg_model *self, const double *p, const sg_now *now,
                              const double *in, double *state, double *out)
{
    (void)self;
    (void)p;
    (void)now;
    (void)state;
    for (int i = 0; i < SG_COUNT(conduit_inputs); i++) {
        if (in[i] < 0) {
            return SG_RANGE;
        }
    }
    double efficiency = sg_operator_conduit_efficiency(in[0], in[1], in[2], in[3], in[4]);
    judge(efficiency, in[5] * efficiency, out);
    return SG_OK;
}

const sg_model sg_model_transfer_efficiency = {
    .name = "transfer_efficiency",
    .title = "efficiency of an energy conduit (hypothetical where its quantum factor is above 1)",
    .source = STUDY "2.2",
    .limits = "factors are given, not modelled; a product above 1 is refused",
    .example = "base=0.97 quantum_factor=0.9..1.1 temporal_factor=1 distance_factor=0.98 "
               "load_factor=1 energy_j=1000",
    .hypothetical = true,
    .inputs = conduit_inputs,
    .input_count = SG_COUNT(conduit_inputs),
    .outputs = transfer_outputs,
    .output_count = SG_COUNT(transfer_outputs),
    .step = conduit_step,
};

/* --- 7.2: the ledger of seven stores --- */

enum { N = SG_OPERATOR_DIMENSIONS, COUPLING = 2 * N, WEIGHTS, LEDGER_PARAMS = WEIGHTS + N };

#define CAPACITY(name, preset)                                                               \
    {                                                                                        \
        name "_capacity", SG_DIM_ENERGY, preset, 0, 1e18, NULL, "in one unit for all", "7.2" \
    }
#define EFFICIENCY(name, preset)                                                   \
    {                                                                              \
        name "_efficiency", SG_DIM_FRACTION, preset, 0, 1, NULL, "each way", "7.2" \
    }
#define WEIGHT(name)                                                        \
    {                                                                       \
        name "_weight", SG_DIM_NONE, 1, 0, 1e6, NULL, "in the total", "7.2" \
    }

static const sg_param ledger_params[LEDGER_PARAMS] = {
    CAPACITY("electrical", 1000),
    CAPACITY("thermal", 2000),
    CAPACITY("mechanical", 1500),
    CAPACITY("chemical", 3000),
    CAPACITY("quantum", 500),
    CAPACITY("temporal", 2000),
    CAPACITY("information", 1000),
    EFFICIENCY("electrical", 0.92),
    EFFICIENCY("thermal", 0.85),
    EFFICIENCY("mechanical", 0.88),
    EFFICIENCY("chemical", 0.75),
    EFFICIENCY("quantum", 0.99),
    EFFICIENCY("temporal", 0.95),
    EFFICIENCY("information", 0.97),
    {"coupling", SG_DIM_NONE, 0.1, 0, 1, NULL, "between any two dimensions", "7.2"},
    WEIGHT("electrical"),
    WEIGHT("thermal"),
    WEIGHT("mechanical"),
    WEIGHT("chemical"),
    WEIGHT("quantum"),
    WEIGHT("temporal"),
    WEIGHT("information"),
};
static const sg_input ledger_inputs[] = {
    {"dimension", SG_DIM_NONE, 0,
     "0 electrical, 1 thermal, 2 mechanical, 3 chemical, 4 quantum, 5 temporal, 6 information"},
    {"store_j", SG_DIM_ENERGY, 0, "to put in"},
    {"retrieve_j", SG_DIM_ENERGY, 0, "to take out, after that"},
};
static const sg_output ledger_outputs[] = {
    {"stored_j", "J", "after its efficiency"},
    {"excess_j", "J", "that did not fit"},
    {"retrieved_j", "J", "after its efficiency"},
    {"shortfall_j", "J", "asked for and not there"},
    {"level_j", "J", "of that dimension afterwards"},
    {"total_capacity_j", "J", "of all seven, weighted and coupled"},
};

static sg_status ledger_step(const sg_model *self, const double *p, const sg_now *now,
                             const double *in, double *state, double *out)
{
    (void)self;
    (void)now;
    if (!(in[0] >= 0 && in[0] < N) || in[0] != floor(in[0]) || in[1] < 0 || in[2] < 0) {
        return SG_RANGE;
    }
    sg_operator_store stores[N];
    for (int i = 0; i < N; i++) {
        stores[i] = (sg_operator_store){p[i], p[N + i], state[i]};
    }
    int which = (int)in[0];
    sg_operator_moved put = sg_operator_put(&stores[which], in[1]);
    sg_operator_moved taken = sg_operator_take(&stores[which], in[2]);
    state[which] = stores[which].level_j;
    out[0] = put.moved_j;
    out[1] = put.rest_j;
    out[2] = taken.moved_j;
    out[3] = taken.rest_j;
    out[4] = state[which];
    out[5] = sg_operator_total_capacity_j(stores, p + WEIGHTS, p[COUPLING]);
    return SG_OK;
}

const sg_model sg_model_storage_operator = {
    .name = "storage_operator",
    .title = "ledger of seven kinds of stores (one of them hypothetical)",
    .source = STUDY "7.2",
    .limits = "no power limits, no time; the quantum dimension is hypothetical; a level that was "
              "filled to what fits ends below capacity, since the efficiency comes off after it",
    .example = "dt_s=1 dimension=1 store_j=120 retrieve_j=0..240",
    .hypothetical = true,
    .needs = SG_NEEDS_DT,
    .params = ledger_params,
    .param_count = LEDGER_PARAMS,
    .inputs = ledger_inputs,
    .input_count = SG_COUNT(ledger_inputs),
    .outputs = ledger_outputs,
    .output_count = SG_COUNT(ledger_outputs),
    .state_count = N,
    .step = ledger_step,
};

/* --- 1.2: total capacity --- */

static const sg_param sum_params[] = {
    EFFICIENCY("electrical", 0.92),
    EFFICIENCY("thermal", 0.85),
    EFFICIENCY("mechanical", 0.88),
    EFFICIENCY("chemical", 0.75),
    EFFICIENCY("quantum", 0.99),
    EFFICIENCY("temporal", 0.95),
    EFFICIENCY("information", 0.97),
    WEIGHT("electrical"),
    WEIGHT("thermal"),
    WEIGHT("mechanical"),
    WEIGHT("chemical"),
    {"quantum_weight", SG_DIM_NONE, 0, 0, 1e6, NULL, "in the total; above 0: hypothetical", "1.2"},
    WEIGHT("temporal"),
    WEIGHT("information"),
    {"coupling_factor", SG_DIM_NONE, 1, 0, 1, NULL, "of each dimension with the others", "1.2"},
};
static const sg_input sum_inputs[] = {
    {"electrical_j", SG_DIM_ENERGY, 0, "capacity"},  {"thermal_j", SG_DIM_ENERGY, 0, "capacity"},
    {"mechanical_j", SG_DIM_ENERGY, 0, "capacity"},  {"chemical_j", SG_DIM_ENERGY, 0, "capacity"},
    {"quantum_j", SG_DIM_ENERGY, 0, "hypothetical"}, {"temporal_j", SG_DIM_ENERGY, 0, "capacity"},
    {"information_j", SG_DIM_ENERGY, 0, "capacity"},
};
static const sg_output sum_outputs[] = {{"total_j", "J", "weighted, after efficiencies"}};

static sg_status sum_step(const sg_model *self, const double *p, const sg_now *now,
                          const double *in, double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    double coupling[N];
    for (int i = 0; i < N; i++) {
        if (in[i] < 0) {
            return SG_RANGE;
        }
        coupling[i] = p[2 * N];
    }
    out[0] = sg_operator_capacity_j(p + N, in, p, coupling, N);
    return SG_OK;
}

const sg_model sg_model_capacity_sum = {
    .name = "capacity_sum",
    .title = "capacity of a site's stores of all kinds",
    .source = STUDY "1.2; efficiencies of 7.2",
    .limits = "a sum of capacities says nothing about power; the quantum store does not exist and "
              "counts nothing unless it is given a weight",
    .example = "electrical_j=0..1000 thermal_j=2000 mechanical_j=1500 chemical_j=3000",
    .params = sum_params,
    .param_count = SG_COUNT(sum_params),
    .inputs = sum_inputs,
    .input_count = SG_COUNT(sum_inputs),
    .outputs = sum_outputs,
    .output_count = SG_COUNT(sum_outputs),
    .step = sum_step,
};

/* --- 2.3: the bound on synchronisation --- */

static const sg_input bound_inputs[] = {
    {"energy_min_j", SG_DIM_ENERGY, NAN, "smallest energy that is told apart; > 0"}};
static const sg_output bound_outputs[] = {{"time_s", "s", "hbar / 2E"}};

static sg_status bound_step(const sg_model *self, const double *p, const sg_now *now,
                            const double *in, double *state, double *out)
{
    (void)self;
    (void)p;
    (void)now;
    (void)state;
    if (!(in[0] > 0)) {
        return SG_RANGE;
    }
    out[0] = sg_operator_sync_bound_s(in[0]);
    return SG_OK;
}

const sg_model sg_model_sync_bound = {
    .name = "sync_bound",
    .title = "least uncertainty of time for an energy",
    .source = STUDY "2.3; h of the SI",
    .limits = "a bound of physics, some thirty orders of magnitude below what clocks and breakers "
              "need",
    .example = "energy_min_j=0.1..2",
    .inputs = bound_inputs,
    .input_count = SG_COUNT(bound_inputs),
    .outputs = bound_outputs,
    .output_count = SG_COUNT(bound_outputs),
    .step = bound_step,
};
