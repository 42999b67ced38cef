#include "model/facility.h"

#include "model/cooling.h"
#include "model/model.h"

#include <math.h>

double sg_power_chain_input_w(const sg_power_chain *self, double it_w)
{
    double ups_out_w = it_w / self->distribution_eff;
    double rated_out_w = self->rated_w / self->distribution_eff;
    double rated_loss_w = rated_out_w * (1 / self->ups_eff - 1);
    double moving_w = rated_loss_w * (1 - self->ups_standing_frac) * (it_w / self->rated_w);
    return ups_out_w + moving_w + rated_loss_w * self->ups_standing_frac;
}

/* --- the model --- */

enum {
    RATED,
    UPS,
    UPS_STANDING,
    DISTRIBUTION,
    COOLING,
    COP,
    SUPPLY,
    APPROACH,
    PUMPS,
    FANS,
    FIXED,
    PARAM_COUNT
};
enum { IT, SEA, INPUT_COUNT };
enum { PUE, TOTAL, CHAIN_LOSS, COOLING_POWER, OTHER, UNMET, OUTPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [RATED] = {"it_rating", SG_DIM_POWER, 1e6, 1, 1e10, NULL, "IT power the hall is made for", ""},
    [UPS] = {"ups_efficiency", SG_DIM_FRACTION, 0.95, 0.5, 1, NULL, "at the rating",
             "double conversion: 94 to 97 %"},
    [UPS_STANDING] = {"ups_standing_loss", SG_DIM_FRACTION, 0.4, 0, 1, NULL,
                      "share of the loss at the rating that stays at any load",
                      "engineering estimate"},
    [DISTRIBUTION] = {"distribution_efficiency", SG_DIM_FRACTION, 0.99, 0.5, 1, NULL,
                      "between UPS and computers", "engineering estimate"},
    [COOLING] = {"cooling", SG_DIM_NONE, 1, 0, 1, "cop|sea_water",
                 "heat over power, or the chiller with sea water", ""},
    [COP] = {"cop", SG_DIM_NONE, 5.5, 1, 100, NULL, "of the cooling plant (at its rating)",
             "EnergyPlus Chillers.idf, DOE-2 centrifugal"},
    [SUPPLY] = {"supply_temperature", SG_DIM_TEMPERATURE, 18, 2, 60, NULL,
                "of the water that goes to the hall", "engineering estimate"},
    [APPROACH] = {"approach", SG_DIM_NONE, 3, 0, 30, NULL,
                  "of the heat exchanger to the sea's temperature, K", "engineering estimate"},
    [PUMPS] = {"pump_power_frac", SG_DIM_FRACTION, 0.02, 0, 0.5, NULL,
               "of the sea-water pumps at full flow, of the heat at the rating",
               "engineering estimate"},
    [FANS] = {"fan_frac", SG_DIM_FRACTION, 0.04, 0, 1, NULL,
              "of pumps and fans in the hall, of the IT power", "engineering estimate"},
    [FIXED] = {"fixed_power", SG_DIM_POWER, 10e3, 0, 1e9, NULL, "light, control, people",
               "engineering estimate"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [IT] = {"it_w", SG_DIM_POWER, NAN, "drawn by the computers"},
    [SEA] = {"sea_temperature", SG_DIM_TEMPERATURE, 15, "at the intake, for cooling=sea_water"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [PUE] = {"pue", "", "total over IT power"},
    [TOTAL] = {"total_w", "W", "drawn by the hall"},
    [CHAIN_LOSS] = {"chain_loss_w", "W", "lost in UPS and distribution"},
    [COOLING_POWER] = {"cooling_w", "W", "of the cooling plant"},
    [OTHER] = {"other_w", "W", "of fans and of what is fixed"},
    [UNMET] = {"unmet_w", "W", "heat that is not removed"},
};

static void cool(const double *p, double heat_w, double sea_degc, sg_cooling_result *ret)
{
    if (!(p[COOLING] > 0)) {
        *ret = (sg_cooling_result){.chiller_w = heat_w / p[COP], .cop = p[COP]};
        return;
    }
    sg_power_chain chain = {p[RATED], p[UPS], p[UPS_STANDING], p[DISTRIBUTION]};
    sg_chiller_curves curves = sg_chiller_doe2_centrifugal;
    curves.cop_ref = p[COP];
    sg_sea_cooling plant = {
        .rated_w = 1.25 * sg_power_chain_input_w(&chain, p[RATED]), /* margin for a warm sea */
        .supply_degc = p[SUPPLY],
        .rise_k = 8,
        .approach_k = p[APPROACH],
        .pump_frac = p[PUMPS] / 1.25,
        .flow_min_frac = 0.3,
        .plr_min = 0.1,
        .condenser_min_degc = 24,
        .leaving_max_degc = 10,
    };
    sg_sea_cooling_run(&plant, &curves, heat_w, sea_degc, ret);
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    if (!(in[IT] > 0) || in[SEA] < -5 || in[SEA] > 60) {
        return SG_RANGE; /* without IT power there is no ratio */
    }
    sg_power_chain chain = {p[RATED], p[UPS], p[UPS_STANDING], p[DISTRIBUTION]};
    double input_w = sg_power_chain_input_w(&chain, in[IT]);
    sg_cooling_result cooling;
    cool(p, input_w, in[SEA], &cooling);
    out[CHAIN_LOSS] = input_w - in[IT];
    out[COOLING_POWER] = cooling.chiller_w + cooling.pump_w;
    out[OTHER] = p[FANS] * in[IT] + p[FIXED];
    out[UNMET] = cooling.unmet_w;
    out[TOTAL] = input_w + out[COOLING_POWER] + out[OTHER];
    out[PUE] = out[TOTAL] / in[IT];
    return SG_OK;
}

const sg_model sg_model_pue = {
    .name = "pue",
    .title = "power usage effectiveness of a hall",
    .source = "ISO/IEC 30134-2 (PUE); DOE-2 chiller (EnergyPlus Engineering Reference)",
    .limits = "steady state; UPS loss is linear in load; heat is what the power chain draws: fans "
              "and people are left out of it",
    .example = "it_w=50000..1000000 sea_temperature=12",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
