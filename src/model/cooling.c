#include "model/cooling.h"

#include "model/model.h"

#include <math.h>

const sg_chiller_curves sg_chiller_doe2_centrifugal = {
    .capft = {0.257896, 0.0389016, -0.00021708, 0.0468684, -0.00094284, -0.00034344},
    .eirft = {0.933884, -0.058212, 0.00450036, 0.00243, 0.000486, -0.001215},
    .eirfplr = {0.222903, 0.313387, 0.46371},
    .cop_ref = 5.5,
};

double sg_chiller_biquadratic(const double c[6], double leaving_degc, double entering_degc)
{
    double x = leaving_degc, y = entering_degc;
    return c[0] + c[1] * x + c[2] * x * x + c[3] * y + c[4] * y * y + c[5] * x * y;
}

double sg_chiller_capacity_w(const sg_chiller_curves *curves, double rated_w, double leaving_degc,
                             double entering_degc)
{
    double factor = sg_chiller_biquadratic(curves->capft, leaving_degc, entering_degc);
    return factor > 0 ? rated_w * factor : 0;
}

double sg_chiller_power_w(const sg_chiller_curves *curves, double rated_w, double leaving_degc,
                          double entering_degc, double plr_min, double heat_w)
{
    double capacity_w = sg_chiller_capacity_w(curves, rated_w, leaving_degc, entering_degc);
    if (!(heat_w > 0) || !(capacity_w > 0)) {
        return 0;
    }
    double plr = heat_w < capacity_w ? heat_w / capacity_w : 1;
    double runs = plr < plr_min ? plr / plr_min : 1; /* share of the time */
    plr = plr < plr_min ? plr_min : plr;
    const double *d = curves->eirfplr;
    double eir = sg_chiller_biquadratic(curves->eirft, leaving_degc, entering_degc) *
                 (d[0] + d[1] * plr + d[2] * plr * plr) / curves->cop_ref;
    return eir > 0 ? capacity_w * eir * runs : 0;
}

double sg_pump_power_w(double rated_w, double flow_min_frac, double flow_frac)
{
    if (!(flow_frac > 0)) {
        return 0;
    }
    double flow = flow_frac > flow_min_frac ? flow_frac : flow_min_frac;
    flow = flow < 1 ? flow : 1;
    return rated_w * flow * flow * flow;
}

void sg_sea_cooling_run(const sg_sea_cooling *self, const sg_chiller_curves *curves, double heat_w,
                        double sea_degc, sg_cooling_result *ret)
{
    *ret = (sg_cooling_result){.mode = SG_COOLING_OFF};
    if (!(heat_w > 0)) {
        return;
    }
    double coldest_degc = sea_degc + self->approach_k;
    double by_sea_w = 0;
    ret->mode = SG_COOLING_CHILLER;
    if (coldest_degc < self->supply_degc) {
        ret->mode = SG_COOLING_SEA;
        by_sea_w = heat_w < self->rated_w ? heat_w : self->rated_w;
        ret->unmet_w = heat_w - by_sea_w;
    } else if (self->mixed && coldest_degc < self->supply_degc + self->rise_k) {
        ret->mode = SG_COOLING_MIXED;
        by_sea_w = heat_w * (self->supply_degc + self->rise_k - coldest_degc) / self->rise_k;
        by_sea_w = by_sea_w < self->rated_w ? by_sea_w : self->rated_w;
    }
    if (ret->mode != SG_COOLING_SEA) {
        double leaving_degc =
            self->supply_degc < self->leaving_max_degc ? self->supply_degc : self->leaving_max_degc;
        double entering_degc =
            coldest_degc > self->condenser_min_degc ? coldest_degc : self->condenser_min_degc;
        double rest_w = heat_w - by_sea_w;
        double capacity_w =
            sg_chiller_capacity_w(curves, self->rated_w, leaving_degc, entering_degc);
        ret->unmet_w = rest_w > capacity_w ? rest_w - capacity_w : 0;
        ret->chiller_w = sg_chiller_power_w(curves, self->rated_w, leaving_degc, entering_degc,
                                            self->plr_min, rest_w);
    }
    ret->pump_w = sg_pump_power_w(self->pump_frac * self->rated_w, self->flow_min_frac,
                                  heat_w / self->rated_w);
    double power_w = ret->chiller_w + ret->pump_w;
    ret->cop = power_w > 0 ? (heat_w - ret->unmet_w) / power_w : 0;
}

/* --- the model --- */

enum {
    RATED,
    COP,
    SUPPLY,
    RISE,
    APPROACH,
    PUMPS,
    FLOW_MIN,
    PLR_MIN,
    CONDENSER_MIN,
    LEAVING_MAX,
    MIXED,
    PARAM_COUNT
};
enum { HEAT, SEA, INPUT_COUNT };
enum { POWER, CHILLER, PUMP, UNMET, COP_OUT, MODE, OUTPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [RATED] = {"capacity", SG_DIM_POWER, 1e6, 1, 1e10, NULL, "heat it is made for", ""},
    [COP] = {"cop", SG_DIM_NONE, 5.5, 1, 20, NULL,
             "heat over power of the chiller at its rating, 6.67 and 29.4 degC",
             "EnergyPlus Chillers.idf, DOE-2 centrifugal"},
    [SUPPLY] = {"supply_temperature", SG_DIM_TEMPERATURE, 18, 2, 60, NULL,
                "of the water that goes to the hall", "engineering estimate"},
    [RISE] = {"supply_rise", SG_DIM_NONE, 8, 0.1, 60, NULL, "of that water in the hall, K",
              "engineering estimate"},
    [APPROACH] = {"approach", SG_DIM_NONE, 3, 0, 30, NULL,
                  "of the heat exchanger to the sea's temperature, K", "engineering estimate"},
    [PUMPS] = {"pump_power_frac", SG_DIM_FRACTION, 0.02, 0, 0.5, NULL,
               "of pumps and fans at full flow, of the capacity", "engineering estimate"},
    [FLOW_MIN] = {"flow_min", SG_DIM_FRACTION, 0.3, 0, 1, NULL, "least flow of the pumps",
                  "engineering estimate"},
    [PLR_MIN] = {"part_load_min", SG_DIM_FRACTION, 0.1, 0.001, 1, NULL,
                 "below it the chiller runs part of the time", "EnergyPlus Chillers.idf"},
    [CONDENSER_MIN] = {"condenser_min", SG_DIM_TEMPERATURE, 24, -2, 60, NULL,
                       "coldest condenser water: the curve is held there",
                       "DOE-2 centrifugal: curve made for 24 to 35 degC"},
    [LEAVING_MAX] = {"leaving_max", SG_DIM_TEMPERATURE, 10, 2, 60, NULL,
                     "warmest leaving water: the curve is held there",
                     "DOE-2 centrifugal: curve made for 5 to 10 degC"},
    [MIXED] = {"mixed", SG_DIM_NONE, 0, 0, 1, "no|yes",
               "sea water takes what it can, the chiller the rest", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [HEAT] = {"heat_w", SG_DIM_POWER, NAN, "to be removed"},
    [SEA] = {"sea_temperature", SG_DIM_TEMPERATURE, NAN, "of the water at the intake"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [POWER] = {"power_w", "W", "of chiller, pumps and fans"},
    [CHILLER] = {"chiller_w", "W", "of the chiller"},
    [PUMP] = {"pump_w", "W", "of pumps and fans"},
    [UNMET] = {"unmet_w", "W", "heat that is not removed"},
    [COP_OUT] = {"cop", "", "heat removed over all power"},
    [MODE] = {"mode", "", "0 off, 1 sea water alone, 2 sea water and chiller, 3 chiller"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    if (in[HEAT] < 0 || in[SEA] < -5 || in[SEA] > 60) {
        return SG_RANGE;
    }
    sg_chiller_curves curves = sg_chiller_doe2_centrifugal;
    curves.cop_ref = p[COP];
    sg_sea_cooling cooling = {
        .rated_w = p[RATED],
        .supply_degc = p[SUPPLY],
        .rise_k = p[RISE],
        .approach_k = p[APPROACH],
        .pump_frac = p[PUMPS],
        .flow_min_frac = p[FLOW_MIN],
        .plr_min = p[PLR_MIN],
        .condenser_min_degc = p[CONDENSER_MIN],
        .leaving_max_degc = p[LEAVING_MAX],
        .mixed = p[MIXED] > 0,
    };
    sg_cooling_result result;
    sg_sea_cooling_run(&cooling, &curves, in[HEAT], in[SEA], &result);
    out[POWER] = result.chiller_w + result.pump_w;
    out[CHILLER] = result.chiller_w;
    out[PUMP] = result.pump_w;
    out[UNMET] = result.unmet_w;
    out[COP_OUT] = result.cop;
    out[MODE] = (double)result.mode;
    return SG_OK;
}

const sg_model sg_model_chiller = {
    .name = "chiller",
    .title = "chiller with sea-water free cooling",
    .source = "DOE-2 electric chiller (EnergyPlus Engineering Reference, Chiller:Electric:EIR; "
              "coefficients of Chillers.idf)",
    .limits =
        "steady state; below 24 degC at the condenser and above 10 degC of leaving water the "
        "curve is held at its end, which overstates power; above 35 degC it is carried on; no "
        "fouling, no humidity",
    .example = "heat_w=800000 sea_temperature=0..36",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
