/* supercapacitor - a bank between two voltages.
 *
 * Lumped   E = 1/2 C (v_max^2 - v_min^2); one-way efficiency 1 - P R / v^2 at rated power and the rms of the two voltages.
 * Model    the current that the power needs, I = (V - sqrt(V^2 - 4 R P)) / 2R, and its loss I^2 R; the power that leaves
 *          the capacitor is P + I^2 R, with the voltage of the middle of the step (implicit midpoint rule, solved in closed
 *          form): second order in the step.
 *          The leakage resistance is exact: e^(-2 t / R C) of the whole energy. Without leakage_resistance it is such that
 *          a bank that is half full loses the share `leakage`, as the lumped view has it.
 * Source   defaults: a 165 F, 48 V, 6.3 mOhm module, the common industrial size. */
#include "model/supercapacitor.h"

#include "base/check.h"
#include "model/decay.h"
#include "model/lanes.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>

enum { CAPACITANCE, VOLTAGE_MAX, VOLTAGE_MIN, ESR, POWER, MODULES, LEAKAGE, LEAK_OHM, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITANCE] = {"capacitance", SG_DIM_CAPACITANCE, 165, 1e-3, 1e6, NULL, "of one module",
                     "Maxwell BMOD0165 P048"},
    [VOLTAGE_MAX] = {"voltage_max", SG_DIM_VOLTAGE, 48, 0.1, 1e5, NULL, "full",
                     "Maxwell BMOD0165 P048"},
    [VOLTAGE_MIN] = {"voltage_min", SG_DIM_VOLTAGE, 24, 0, 1e5, NULL,
                     "empty: below it the converter stops", ""},
    [ESR] = {"series_resistance", SG_DIM_RESISTANCE, 6.3e-3, 0, 100, NULL, "of one module",
             "Maxwell BMOD0165 P048"},
    [POWER] = {"power", SG_DIM_POWER, 5e3, 0, 1e9, NULL, "of one module's converter", ""},
    [MODULES] = {"modules", SG_DIM_NONE, 1, 1, 1e6, NULL, "in the bank", ""},
    [LEAKAGE] = {"leakage", SG_DIM_RATE, 0.01 / 3600, 0, 1e-4, NULL,
                 "share of the energy lost while it stands, half full", "engineering estimate"},
    [LEAK_OHM] = {"leakage_resistance", SG_DIM_RESISTANCE, 0, 0, 1e9, NULL,
                  "of one module, in place of `leakage`; 0: not given",
                  "a data sheet's voltage over its leakage current: 48 V / 5.2 mA = 9.2 kOhm"},
};

/* --- the bank --- */

double sg_supercapacitor_energy_j(double farad, double v_high, double v_low)
{
    return farad * (v_high * v_high - v_low * v_low) / 2;
}

double sg_supercapacitor_matched_w(double volt, double ohm)
{
    return ohm > 0 ? volt * volt / (4 * ohm) : HUGE_VAL;
}

double sg_supercapacitor_usable_w(double volt, double ohm)
{
    return 0.12 * volt * volt / ohm;
}

double sg_supercapacitor_short_a(double volt, double ohm)
{
    return volt / ohm;
}

double sg_supercapacitor_current_a(double volt, double ohm, double power_w)
{
    double inside = volt * volt - 4 * ohm * power_w;
    return 2 * power_w / (volt + sqrt(inside > 0 ? inside : 0));
}

static double one_way_eff(const double *p)
{
    double v2 = (p[VOLTAGE_MAX] * p[VOLTAGE_MAX] + p[VOLTAGE_MIN] * p[VOLTAGE_MIN]) / 2;
    double eff = 1 - p[POWER] * p[ESR] / v2;
    return eff > 0.05 ? eff : 0.05;
}

static double capacity_j(const double *p)
{
    double span_v2 = p[VOLTAGE_MAX] * p[VOLTAGE_MAX] - p[VOLTAGE_MIN] * p[VOLTAGE_MIN];
    double ret = p[MODULES] * p[CAPACITANCE] * span_v2 / 2;
    return ret > 1 ? ret : 1;
}

static double below_j(const double *p)
{
    return p[MODULES] * p[CAPACITANCE] * p[VOLTAGE_MIN] * p[VOLTAGE_MIN] / 2;
}

/* Of the whole energy, down to no voltage at all. */
static double leak_rate_per_s(const double *p)
{
    if (p[LEAK_OHM] > 0) {
        return 2 / (p[LEAK_OHM] * p[CAPACITANCE]);
    }
    double half_j = capacity_j(p) / 2;
    return sg_decay_rate_per_s(p[LEAKAGE] * 3600) * half_j / (half_j + below_j(p));
}

static double standing_loss_per_h(const double *p)
{
    if (p[LEAK_OHM] > 0) {
        double half_j = capacity_j(p) / 2;
        double share = sg_decay_share_per_h(leak_rate_per_s(p) * (half_j + below_j(p)) / half_j);
        return share < 0.999 ? share : 0.999;
    }
    return p[LEAKAGE] * 3600;
}

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = capacity_j(p),
        .charge_w_max = p[POWER] * p[MODULES],
        .discharge_w_max = p[POWER] * p[MODULES],
        .charge_eff = one_way_eff(p),
        .discharge_eff = one_way_eff(p),
        .standing_loss_per_h = standing_loss_per_h(p),
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

/* --- a step --- */

static const sg_input inputs[] = {
    {"power_w", SG_DIM_POWER, 0, "asked for at the bus; > 0: discharge"}};

enum { OUT_POWER, OUT_ENERGY, OUT_LOSS, OUT_VOLTAGE, OUT_CURRENT, OUT_COUNT };
static const sg_output outputs[OUT_COUNT] = {
    [OUT_POWER] = {"power_w", "W", "that flows at the bus"},
    [OUT_ENERGY] = {"energy_j", "J", "held above voltage_min"},
    [OUT_LOSS] = {"loss_j", "J", "lost in the step to series resistance and leakage"},
    [OUT_VOLTAGE] = {"voltage_v", "V", "of the capacitors, at the end of the step"},
    [OUT_CURRENT] = {"current_a", "A", "of the bank, out of it, in the middle of the step"},
};

/* What the parameters and the length of the step make, once per call. */
typedef struct bank {
    double capacity_j, power_w, dt_s;
    double keep, span_s, drain_j;    /* of leakage: see decay.h; drain over the step */
    double half_keep, half_drain_j;  /* to the middle of the step */
    double per_span;                 /* 1 / span_s */
    double low_v2, v2_per_j;         /* voltage squared = low_v2 + energy * v2_per_j */
    double ohm, v2_per_w;            /* of the bank; fall of voltage squared to the middle */
    double twice_sum, most_w_per_v2; /* 2 (R + v2_per_w); what gets out at most */
} bank;

static bank bank_of(const double *p, double dt_s)
{
    double rate_per_s = leak_rate_per_s(p), span_s = sg_decay_span_s(rate_per_s, dt_s);
    double ohm = p[ESR] / p[MODULES], v2_per_j = 2 / (p[MODULES] * p[CAPACITANCE]);
    double v2_per_w = v2_per_j * dt_s / 2;
    double root = sqrt(ohm * (ohm + v2_per_w));
    return (bank){
        .capacity_j = capacity_j(p),
        .power_w = p[POWER] * p[MODULES],
        .dt_s = dt_s,
        .keep = sg_decay_keep_frac(rate_per_s, dt_s),
        .span_s = span_s,
        .drain_j = rate_per_s * below_j(p) * span_s,
        .half_keep = sg_decay_keep_frac(rate_per_s, dt_s / 2),
        .half_drain_j = rate_per_s * below_j(p) * sg_decay_span_s(rate_per_s, dt_s / 2),
        .per_span = 1 / span_s,
        .low_v2 = p[VOLTAGE_MIN] * p[VOLTAGE_MIN],
        .v2_per_j = v2_per_j,
        .ohm = ohm,
        .v2_per_w = v2_per_w,
        .twice_sum = 2 * (ohm + v2_per_w),
        .most_w_per_v2 = (ohm > 0 ? root / (ohm + root) : 1) / (v2_per_w + ohm + root),
    };
}

static const double least_v2 = 1e-12; /* keeps 0 / 0 out */

#define SG_LANES 2
#include "model/supercapacitor_rows.h"
#undef SG_LANES
#if SG_LANES_X86
#define SG_LANES 4
#include "model/supercapacitor_rows.h"
#undef SG_LANES
#endif

static void start(const sg_model *self, const double *p, double *state)
{
    (void)self;
    state[0] = capacity_j(p) / 2;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    bank c = bank_of(p, now->dt_s);
    sg_lanes2 ret[OUT_COUNT];
    flow2(&c, SG_LANES_OF2(in[0]), SG_LANES_OF2(state[0]), ret);
    for (int i = 0; i < OUT_COUNT; i++) {
        out[i] = ret[i][0];
    }
    state[0] = out[OUT_ENERGY];
    return SG_OK;
}

#if SG_LANES_X86
static __attribute__((target("avx2"))) int64_t
many_wide(const bank *c, int64_t count, const double *asked_w, double *held_j, double *const *out)
{
    return many4(c, count, asked_w, held_j, out);
}
#else
static int64_t many_wide(const bank *c, int64_t count, const double *asked_w, double *held_j,
                         double *const *out)
{
    return many2(c, count, asked_w, held_j, out);
}
#endif

static void batch(const double *p, const int64_t *time_us, double dt_s, int64_t count,
                  const double *const *in, double *const *state, double *const *out)
{
    (void)time_us;
    const bank c = bank_of(p, dt_s);
    const double *asked_w = in[0];
    double *held_j = state[0];
    int64_t k = SG_LANES_WIDE() ? many_wide(&c, count, asked_w, held_j, out)
                                : many2(&c, count, asked_w, held_j, out);
    for (; k < count; k++) {
        sg_lanes2 ret[OUT_COUNT];
        flow2(&c, SG_LANES_OF2(asked_w[k]), SG_LANES_OF2(held_j[k]), ret);
        held_j[k] = ret[OUT_ENERGY][0];
        for (int i = 0; i < OUT_COUNT; i++) {
            out[i][k] = ret[i][0];
        }
    }
}

const sg_model sg_model_supercapacitor = {
    .name = "supercapacitor",
    .title = "supercapacitor bank",
    .source = "V I = P + I^2 R; data-sheet terms of IEC 62391-2; Maxwell BMOD0165 P048",
    .limits = "one resistance and one capacitance: no slow branches, no temperature, no ageing; "
              "modules alike and in parallel; the converter's own loss is not in it",
    .example = "dt_s=1 power_w=-5000..5000",
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
    .batch = batch,
};

const sg_kind sg_kind_supercapacitor = {
    .name = "supercapacitor",
    .title = "supercapacitor bank",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
    .warning = warning,
    .model = &sg_model_supercapacitor,
};
