/* supercapacitor - a bank between two voltages.
 * E = 1/2 C (v_max^2 - v_min^2); one-way efficiency 1 - P R / v^2 at rated power and the rms of the two voltages.
 * Source   defaults: a 165 F, 48 V, 6.3 mOhm module, the common industrial size. */
#include "model/kind.h"

#include <math.h>
#include <stdio.h>

enum { CAPACITANCE, VOLTAGE_MAX, VOLTAGE_MIN, ESR, POWER, MODULES, LEAKAGE, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITANCE] = {"capacitance", SG_DIM_CAPACITANCE, 165, 1e-3, 1e6, NULL, "of one module", ""},
    [VOLTAGE_MAX] = {"voltage_max", SG_DIM_VOLTAGE, 48, 0.1, 1e5, NULL, "full", ""},
    [VOLTAGE_MIN] = {"voltage_min", SG_DIM_VOLTAGE, 24, 0, 1e5, NULL,
                     "empty: below it the converter stops", ""},
    [ESR] = {"series_resistance", SG_DIM_RESISTANCE, 6.3e-3, 0, 100, NULL, "of one module", ""},
    [POWER] = {"power", SG_DIM_POWER, 5e3, 0, 1e9, NULL, "of one module's converter", ""},
    [MODULES] = {"modules", SG_DIM_NONE, 1, 1, 1e6, NULL, "in the bank", ""},
    [LEAKAGE] = {"leakage", SG_DIM_RATE, 0.01 / 3600, 0, 1e-4, NULL,
                 "share of the energy lost while it stands", ""},
};

static double one_way_eff(const double *p)
{
    double v2 = (p[VOLTAGE_MAX] * p[VOLTAGE_MAX] + p[VOLTAGE_MIN] * p[VOLTAGE_MIN]) / 2;
    double eff = 1 - p[POWER] * p[ESR] / v2;
    return eff > 0.05 ? eff : 0.05;
}

static void reservoir(const double *p, sg_reservoir *ret)
{
    double span_v2 = p[VOLTAGE_MAX] * p[VOLTAGE_MAX] - p[VOLTAGE_MIN] * p[VOLTAGE_MIN];
    double capacity_j = p[MODULES] * p[CAPACITANCE] * span_v2 / 2;
    *ret = (sg_reservoir){
        .capacity_j = capacity_j > 1 ? capacity_j : 1,
        .charge_w_max = p[POWER] * p[MODULES],
        .discharge_w_max = p[POWER] * p[MODULES],
        .charge_eff = one_way_eff(p),
        .discharge_eff = one_way_eff(p),
        .standing_loss_per_h = p[LEAKAGE] * 3600,
    };
}

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    if (i == 0 && p[VOLTAGE_MIN] >= p[VOLTAGE_MAX]) {
        snprintf(ret, SG_WARNING_TEXT,
                 "voltage_min %g V is not below voltage_max %g V: the bank holds nothing",
                 p[VOLTAGE_MIN], p[VOLTAGE_MAX]);
        return true;
    }
    return false;
}

const sg_kind sg_kind_supercapacitor = {
    .name = "supercapacitor",
    .title = "supercapacitor bank",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
    .warning = warning,
};
