/* battery_voltage - see battery_voltage.h for the equations; below them the model of that name. */
#include "model/battery_voltage.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>

double sg_battery_power_max_w(double ocv_v, double resistance_ohm)
{
    return resistance_ohm > 0 ? ocv_v * ocv_v / (4 * resistance_ohm) : (double)INFINITY;
}

double sg_battery_current_a(double ocv_v, double resistance_ohm, double power_w)
{
    double under_root = ocv_v * ocv_v - 4 * resistance_ohm * power_w;
    if (!(under_root > 0)) {
        return ocv_v / (2 * resistance_ohm);
    }
    return 2 * power_w / (ocv_v + sqrt(under_root)); /* no cancellation at small powers */
}

sg_shepherd sg_shepherd_of(const sg_shepherd_points *points)
{
    double a_v = points->full_v - points->exponential_v, b_per_ah = 3 / points->exponential_ah;
    double k_v =
        (points->full_v - points->nominal_v + a_v * expm1(-b_per_ah * points->nominal_ah)) *
        (points->full_ah - points->nominal_ah) / points->nominal_ah;
    double current_a = points->full_ah * points->rate_per_h;
    return (sg_shepherd){
        .e0_v = points->full_v + k_v + points->resistance_ohm * current_a - a_v,
        .k_v = k_v,
        .a_v = a_v,
        .b_per_ah = b_per_ah,
        .full_ah = points->full_ah,
    };
}

double sg_shepherd_ocv_v(const sg_shepherd *self, double drawn_ah)
{
    return self->e0_v - self->k_v * self->full_ah / (self->full_ah - drawn_ah) +
           self->a_v * exp(-self->b_per_ah * drawn_ah);
}

double sg_table_linear(const double *x, const double *y, int count, double at)
{
    int upper = 0;
    while (upper < count && x[upper] < at) {
        upper++;
    }
    if (upper == 0 || upper == count) {
        return y[upper ? count - 1 : 0];
    }
    double share = (at - x[upper - 1]) / (x[upper] - x[upper - 1]);
    return y[upper - 1] + (y[upper] - y[upper - 1]) * share;
}

/* At state of charge 0, 0.1, .. 1. */
static const double nmc_ocv_v[11] = {3.0000, 3.4679, 3.5394, 3.5950, 3.6453, 3.6876,
                                     3.7469, 3.8400, 3.9521, 4.0668, 4.193};
static const double nmc_anode_v[11] = {1.2868, 0.2420, 0.1818, 0.1488, 0.1297, 0.1230,
                                       0.1181, 0.1061, 0.0925, 0.0876, 0.0859};

static double tenths(const double *table, double soc_frac)
{
    double at = soc_frac > 0 ? (soc_frac < 1 ? soc_frac * 10 : 10) : 0;
    int lower = at < 9 ? (int)at : 9;
    return table[lower] + (table[lower + 1] - table[lower]) * (at - lower);
}

double sg_nmc_ocv_v(double soc_frac)
{
    return tenths(nmc_ocv_v, soc_frac);
}

double sg_nmc_anode_v(double soc_frac)
{
    return tenths(nmc_anode_v, soc_frac);
}

/* --- the model --- */

enum {
    CURVE,
    FULL_V,
    EXP_V,
    NOM_V,
    FULL_AH,
    EXP_AH,
    NOM_AH,
    RATE,
    RESISTANCE,
    SERIES,
    PARALLEL,
    PARAM_COUNT
};
enum { SHEPHERD, NMC, CONSTANT };
enum { SOC, POWER, INPUT_COUNT };
enum { VOLTAGE, OCV, CURRENT, DELIVERED, LOSS, POWER_MAX, OUTPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CURVE] = {"curve", SG_DIM_NONE, 0, 0, 2, "shepherd|nmc|constant",
               "of the open-circuit voltage: fitted to three points, a table, or voltage_full", ""},
    [FULL_V] = {"voltage_full", SG_DIM_VOLTAGE, 4.1, 0.1, 5000, NULL, "of a full cell",
                "NREL SAM, lithium-ion"},
    [EXP_V] = {"voltage_exponential", SG_DIM_VOLTAGE, 4.05, 0.1, 5000, NULL,
               "where the steep start of the curve ends", "NREL SAM, lithium-ion"},
    [NOM_V] = {"voltage_nominal", SG_DIM_VOLTAGE, 3.4, 0.1, 5000, NULL,
               "where the flat part of the curve ends", "NREL SAM, lithium-ion"},
    [FULL_AH] = {"charge_full_ah", SG_DIM_NONE, 2.25, 1e-3, 1e6, NULL, "of a cell, Ah",
                 "NREL SAM, lithium-ion"},
    [EXP_AH] = {"charge_exponential_ah", SG_DIM_NONE, 0.04, 1e-6, 1e6, NULL,
                "drawn at voltage_exponential, Ah", "NREL SAM, lithium-ion"},
    [NOM_AH] = {"charge_nominal_ah", SG_DIM_NONE, 2.0, 1e-6, 1e6, NULL,
                "drawn at voltage_nominal, Ah; less than charge_full_ah", "NREL SAM, lithium-ion"},
    [RATE] = {"rate_per_h", SG_DIM_NONE, 0.2, 0, 100, NULL,
              "current of the curve, as a share of the full charge an hour", "NREL SAM"},
    [RESISTANCE] = {"resistance", SG_DIM_RESISTANCE, 0.2, 0, 1e3, NULL, "of a cell",
                    "NREL SAM, test of the dynamic voltage model"},
    [SERIES] = {"cells_in_series", SG_DIM_NONE, 1, 1, 1e5, NULL, "in a string", ""},
    [PARALLEL] = {"strings", SG_DIM_NONE, 1, 1, 1e6, NULL, "side by side", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [SOC] = {"soc", SG_DIM_FRACTION, NAN, "state of charge, above 0"},
    [POWER] = {"power", SG_DIM_POWER, 0, "asked of the terminals; > 0: discharge"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [VOLTAGE] = {"voltage_v", "V", "at the terminals"},
    [OCV] = {"open_circuit_v", "V", "with no current"},
    [CURRENT] = {"current_a", "A", "> 0: discharge"},
    [DELIVERED] = {"power_w", "W", "at the terminals, not more than power_max_w"},
    [LOSS] = {"loss_w", "W", "heat in the cells"},
    [POWER_MAX] = {"power_max_w", "W",
                   "most that the resistance lets out; 0 without resistance: no "
                   "bound"},
};

static double cell_ocv_v(const double *p, double soc_frac)
{
    if (p[CURVE] == NMC) {
        return sg_nmc_ocv_v(soc_frac);
    }
    if (p[CURVE] == CONSTANT) {
        return p[FULL_V];
    }
    sg_shepherd_points points = {.full_v = p[FULL_V],
                                 .exponential_v = p[EXP_V],
                                 .nominal_v = p[NOM_V],
                                 .full_ah = p[FULL_AH],
                                 .exponential_ah = p[EXP_AH],
                                 .nominal_ah = p[NOM_AH],
                                 .rate_per_h = p[RATE],
                                 .resistance_ohm = p[RESISTANCE]};
    sg_shepherd curve = sg_shepherd_of(&points);
    double ocv_v = sg_shepherd_ocv_v(&curve, (1 - soc_frac) * p[FULL_AH]);
    return ocv_v > 0 ? ocv_v : 0;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    bool misfit = p[CURVE] == SHEPHERD && (p[NOM_AH] >= p[FULL_AH] || p[EXP_AH] >= p[NOM_AH] ||
                                           p[EXP_V] > p[FULL_V] || p[NOM_V] > p[EXP_V]);
    if (misfit || !(in[SOC] > 0) || in[SOC] > 1) {
        return SG_RANGE;
    }
    double ocv_v = cell_ocv_v(p, in[SOC]) * p[SERIES];
    double ohm = p[RESISTANCE] * p[SERIES] / p[PARALLEL];
    double max_w = sg_battery_power_max_w(ocv_v, ohm);
    double power_w = ocv_v > 0 ? (in[POWER] < max_w ? in[POWER] : max_w) : 0;
    double current_a = power_w != 0 ? sg_battery_current_a(ocv_v, ohm, power_w) : 0;
    out[VOLTAGE] = ocv_v - current_a * ohm;
    out[OCV] = ocv_v;
    out[CURRENT] = current_a;
    out[DELIVERED] = power_w;
    out[LOSS] = current_a * current_a * ohm;
    out[POWER_MAX] = isfinite(max_w) ? max_w : 0;
    return SG_OK;
}

const sg_model sg_model_battery_voltage = {
    .name = "battery_voltage",
    .title = "battery terminal voltage",
    .source =
        "Shepherd, J. Electrochem. Soc. 112 (1965) 657; Tremblay et al., IEEE VPPC 2007; NREL "
        "SAM (ssc, lib_battery_voltage); Smith et al., ACC 2017 (NMC table)",
    .limits = "ohmic only: no diffusion, no hysteresis, no temperature; 1 to 2 % in the middle of "
              "the charge, worse at the ends",
    .example = "soc=0.05..1 power=6",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
