/* thermal - cold or heat made ahead. Energy is counted as the electricity that the chillers do not need later.
 *
 * Lumped   one efficiency, and standing_loss as a share of the energy held.
 * Model    a mixed tank between temperature_empty and temperature_full. Its difference to the ambient decays as
 *          e^(-t UA / m c), exactly over the step; an empty tank drifts on, but what it drifts is not counted. The mass
 *          follows from capacity, cop and the two temperatures. Without heat_loss_w_per_k the tank's UA is such that half
 *          full it loses the share `standing_loss`, as the lumped view has it.
 * Limits   `discharge` is avoided cooling power, so it is useful only up to the cooling load of the site. */
#include "model/thermal.h"

#include "base/check.h"
#include "model/decay.h"
#include "model/leaky.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>

enum {
    CAPACITY,
    POWER,
    EFFICIENCY,
    STANDING,
    COP,
    FULL,
    EMPTY,
    AMBIENT,
    HEAT_CAPACITY,
    HEAT_LOSS,
    PARAM_COUNT
};

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL, "electrical equivalent", ""},
    [POWER] = {"power", SG_DIM_POWER, NAN, 0, 1e11, NULL, "electrical, both ways", ""},
    [EFFICIENCY] = {"round_trip_efficiency", SG_DIM_FRACTION, 0.9, 0.05, 1, NULL,
                    "electricity in to electricity avoided", ""},
    [STANDING] = {"standing_loss", SG_DIM_RATE, 0.01 / 3600, 0, 1e-4, NULL,
                  "through the insulation, half full", "engineering estimate"},
    [COP] = {"cop", SG_DIM_NONE, 4, 0.5, 20, NULL,
             "heat moved per electricity by the chillers that it spares", "engineering estimate"},
    [FULL] = {"temperature_full", SG_DIM_TEMPERATURE, 5, -50, 150, NULL, "of a full tank",
              "usual for chilled water"},
    [EMPTY] = {"temperature_empty", SG_DIM_TEMPERATURE, 12, -50, 150, NULL, "of an empty tank",
               "usual for chilled water"},
    [AMBIENT] = {"ambient", SG_DIM_TEMPERATURE, 25, -50, 60, NULL, "around the tank", ""},
    [HEAT_CAPACITY] = {"heat_capacity_j_per_kg_k", SG_DIM_NONE, 4186, 100, 10000, NULL,
                       "of what is in the tank", "water at 15 degC"},
    [HEAT_LOSS] = {"heat_loss_w_per_k", SG_DIM_NONE, 0, 0, 1e9, NULL,
                   "of the whole tank (UA), in place of standing_loss; 0: not given", ""},
};

/* --- the tank --- */

double sg_thermal_heat_j(double mass_kg, double heat_capacity_j_per_kg_k, double span_k)
{
    return mass_kg * heat_capacity_j_per_kg_k * span_k;
}

double sg_thermal_time_constant_s(double mass_kg, double heat_capacity_j_per_kg_k,
                                  double loss_w_per_k)
{
    return mass_kg * heat_capacity_j_per_kg_k / loss_w_per_k;
}

double sg_thermal_drift_degc(double from_degc, double ambient_degc, double time_constant_s,
                             double time_s)
{
    return ambient_degc + (from_degc - ambient_degc) * exp(-time_s / time_constant_s);
}

/* How far beyond empty the ambient would take it, as a share of the span. What comes from outside is never counted as
 * stored: an ambient on the useful side of temperature_empty counts as that. */
static double beyond_empty(const double *p)
{
    double span = p[FULL] - p[EMPTY];
    double share = span != 0 ? (p[EMPTY] - p[AMBIENT]) / span : 0;
    return share > 0 ? share : 0;
}

/* Of the difference to the ambient. */
static double rate_per_s(const double *p)
{
    if (p[HEAT_LOSS] > 0) {
        double span_k = fabs(p[FULL] - p[EMPTY]);
        return p[HEAT_LOSS] * span_k / (p[CAPACITY] * p[COP]);
    }
    return sg_decay_rate_per_s(p[STANDING] * 3600) * 0.5 / (0.5 + beyond_empty(p));
}

static double standing_loss_per_h(const double *p)
{
    if (p[HEAT_LOSS] > 0) {
        double share = sg_decay_share_per_h(rate_per_s(p) * (0.5 + beyond_empty(p)) / 0.5);
        return share < 0.999 ? share : 0.999;
    }
    return p[STANDING] * 3600;
}

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY],
        .charge_w_max = p[POWER],
        .discharge_w_max = p[POWER],
        .charge_eff = p[EFFICIENCY],
        .discharge_eff = 1,
        .standing_loss_per_h = standing_loss_per_h(p),
    };
}

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    if (i == 0 && p[FULL] == p[EMPTY]) {
        snprintf(ret, SG_WARNING_TEXT,
                 "temperature_full and temperature_empty are both %g degC: nothing tells a full "
                 "tank from an empty one",
                 p[FULL]);
        return true;
    }
    return false;
}

/* --- a step --- */

static const sg_input inputs[] = {
    {"power_w", SG_DIM_POWER, 0, "asked for at the bus; > 0: discharge"}};

enum { OUT_POWER, OUT_ENERGY, OUT_LOSS, OUT_TEMPERATURE, OUT_COUNT };
static const sg_output outputs[OUT_COUNT] = {
    [OUT_POWER] = {"power_w", "W", "that flows at the bus, or need not flow"},
    [OUT_ENERGY] = {"energy_j", "J", "held, as electricity that it spares"},
    [OUT_LOSS] = {"loss_j", "J", "lost in the step through the insulation and in conversion"},
    [OUT_TEMPERATURE] = {"temperature_degc", "degC", "of the tank, at the end of the step"},
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
    double rate = rate_per_s(p);
    sg_leaky tank = {.capacity_j = p[CAPACITY],
                     .charge_w_max = p[POWER],
                     .discharge_w_max = p[POWER],
                     .charge_frac = p[EFFICIENCY],
                     .discharge_frac = 1,
                     .rate_per_s = rate,
                     .drain_w = rate * beyond_empty(p) * p[CAPACITY]};
    out[OUT_POWER] = sg_leaky_step(&tank, in[0], now->dt_s, &state[0], &out[OUT_LOSS]);
    out[OUT_ENERGY] = state[0];
    out[OUT_TEMPERATURE] = p[EMPTY] + (p[FULL] - p[EMPTY]) * (state[0] / p[CAPACITY]);
    return SG_OK;
}

const sg_model sg_model_thermal = {
    .name = "thermal",
    .title = "thermal store",
    .source = "heat balance of a mixed tank, m c dT/dt = -UA (T - T_ambient): F. P. Incropera and "
              "D. P. DeWitt, Fundamentals of Heat and Mass Transfer, lumped capacitance",
    .limits = "mixed: a stratified tank gives its last cold at full value, this one does not "
              "lose by mixing either; constant ambient and cop; useful up to the cooling load only",
    .example = "dt_s=900 power_w=-250000..250000",
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

const sg_kind sg_kind_thermal = {
    .name = "thermal",
    .title = "thermal store",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
    .warning = warning,
    .model = &sg_model_thermal,
};
