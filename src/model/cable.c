#include "model/cable.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>
#include <stddef.h>

/* ohm/km at 20 degC; 0: the standard has none */
static const struct {
    double mm2, copper, aluminium;
} class2[] = {
    {1.5, 12.1, 0},        {2.5, 7.41, 0},        {4, 4.61, 0},          {6, 3.08, 0},
    {10, 1.83, 3.08},      {16, 1.15, 1.91},      {25, 0.727, 1.20},     {35, 0.524, 0.868},
    {50, 0.387, 0.641},    {70, 0.268, 0.443},    {95, 0.193, 0.320},    {120, 0.153, 0.253},
    {150, 0.124, 0.206},   {185, 0.0991, 0.164},  {240, 0.0754, 0.125},  {300, 0.0601, 0.100},
    {400, 0.0470, 0.0778}, {500, 0.0366, 0.0605}, {630, 0.0283, 0.0469},
};

double sg_cable_table_ohm_per_m(sg_cable_metal metal, double section_m2)
{
    for (int i = 0; i < SG_COUNT(class2); i++) {
        if (fabs(section_m2 * 1e6 - class2[i].mm2) < 1e-6 * class2[i].mm2) {
            double per_km = metal == SG_CABLE_COPPER ? class2[i].copper : class2[i].aluminium;
            return per_km > 0 ? per_km / 1000 : (double)NAN;
        }
    }
    return NAN;
}

double sg_cable_ideal_ohm_per_m(sg_cable_metal metal, double section_m2)
{
    return (metal == SG_CABLE_COPPER ? 1e-6 / 58 : 1e-6 / 35.38) / section_m2;
}

double sg_cable_warmth(sg_cable_metal metal, double temperature_degc)
{
    return 1 + (metal == SG_CABLE_COPPER ? 0.00393 : 0.00403) * (temperature_degc - 20);
}

double sg_cable_current_a(const sg_cable *self, double power_w, double power_factor)
{
    switch (self->system) {
    case SG_CABLE_THREE_PHASE:
        return power_w / (sqrt(3) * self->voltage_v * fabs(power_factor));
    case SG_CABLE_ONE_PHASE:
        return power_w / (self->voltage_v * fabs(power_factor));
    case SG_CABLE_DC:
    default:
        return power_w / self->voltage_v;
    }
}

double sg_cable_drop_v(const sg_cable *self, double current_a, double power_factor)
{
    if (self->system == SG_CABLE_DC) {
        return 2 * self->length_m * current_a * self->r_ohm_per_m;
    }
    double cosine = fabs(power_factor);
    double sine = copysign(sqrt(1 - cosine * cosine), power_factor);
    double ways = self->system == SG_CABLE_THREE_PHASE ? sqrt(3) : 2;
    return ways * self->length_m * current_a *
           (self->r_ohm_per_m * cosine + self->x_ohm_per_m * sine);
}

double sg_cable_loss_w(const sg_cable *self, double current_a)
{
    double conductors = self->system == SG_CABLE_THREE_PHASE ? 3 : 2;
    return conductors * self->length_m * self->r_ohm_per_m * current_a * current_a;
}

/* --- the model --- */

enum {
    SYSTEM,
    VOLTAGE,
    LENGTH,
    SECTION,
    METAL,
    RESISTANCE,
    TEMPERATURE,
    REACTANCE,
    DROP_LIMIT,
    PARAM_COUNT
};
enum { POWER, POWER_FACTOR, INPUT_COUNT };
enum { DROP_FRAC, LIMIT_FRAC, DROP, CURRENT, LOSS, WITHIN, OUTPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [SYSTEM] = {"system", SG_DIM_NONE, 2, 0, 2, "dc|one_phase|three_phase", "conductors", ""},
    [VOLTAGE] = {"voltage", SG_DIM_VOLTAGE, 400, 1, 1e6, NULL,
                 "nominal, line to line or of the pair", ""},
    [LENGTH] = {"length", SG_DIM_LENGTH, 50, 0, 1e6, NULL, "one way", ""},
    [SECTION] = {"section", SG_DIM_SECTION, 25e-6, 0.1e-6, 5000e-6, NULL, "of a conductor", ""},
    [METAL] = {"metal", SG_DIM_NONE, 0, 0, 1, "copper|aluminium", "of the conductors", ""},
    [RESISTANCE] = {"resistance", SG_DIM_NONE, 0, 0, 1, "table|resistivity",
                    "at 20 degC; sections that the table lacks take the resistivity",
                    "IEC 60228 class 2; 1/58 and 1/35.38 ohm mm2/m"},
    [TEMPERATURE] = {"temperature", SG_DIM_TEMPERATURE, 70, -60, 250, NULL,
                     "of the conductors: 70 degC is the limit of PVC, 90 degC of XLPE",
                     "IEC 60364-5-52"},
    [REACTANCE] = {"reactance_ohm_per_m", SG_DIM_NONE, 0.08e-3, 0, 1e-2, NULL,
                   "of a conductor; unused with dc", "IEC 60364-5-52 annex G: 0.08 mohm/m"},
    [DROP_LIMIT] = {"drop_limit", SG_DIM_FRACTION, 0.03, 0.001, 1, NULL,
                    "largest drop wanted: 3 % of a feeder or branch, 5 % in all",
                    "NEC 210.19(A) and 215.2(A), informational notes"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [POWER] = {"power", SG_DIM_POWER, NAN, "at nominal voltage; < 0: towards the source"},
    [POWER_FACTOR] = {"power_factor", SG_DIM_NONE, 1, "-1..1 but 0; < 0: leading; unused with dc"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [DROP_FRAC] = {"drop_frac", "", "voltage lost, of the nominal; < 0: gained"},
    [LIMIT_FRAC] = {"limit_frac", "", "largest drop wanted"},
    [DROP] = {"drop_v", "V", "voltage lost"},
    [CURRENT] = {"current_a", "A", "in a conductor"},
    [LOSS] = {"loss_w", "W", "heat of all conductors"},
    [WITHIN] = {"within", "1", "1: drop or rise within the limit, 0: not"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    sg_cable_metal metal = p[METAL] > 0.5 ? SG_CABLE_ALUMINIUM : SG_CABLE_COPPER;
    double r = p[RESISTANCE] > 0.5 ? (double)NAN : sg_cable_table_ohm_per_m(metal, p[SECTION]);
    double factor = in[POWER_FACTOR];
    (void)self;
    (void)now;
    (void)state;
    if (!(fabs(factor) > 0 && fabs(factor) <= 1)) {
        return SG_RANGE;
    }
    r = isnan(r) ? sg_cable_ideal_ohm_per_m(metal, p[SECTION]) : r;
    sg_cable cable = {.system = (sg_cable_system)(int)p[SYSTEM],
                      .voltage_v = p[VOLTAGE],
                      .length_m = p[LENGTH],
                      .r_ohm_per_m = r * sg_cable_warmth(metal, p[TEMPERATURE]),
                      .x_ohm_per_m = p[REACTANCE]};
    out[CURRENT] = sg_cable_current_a(&cable, in[POWER], factor);
    out[DROP] = sg_cable_drop_v(&cable, out[CURRENT], factor);
    out[DROP_FRAC] = out[DROP] / cable.voltage_v;
    out[LIMIT_FRAC] = p[DROP_LIMIT];
    out[LOSS] = sg_cable_loss_w(&cable, out[CURRENT]);
    out[WITHIN] = fabs(out[DROP_FRAC]) <= p[DROP_LIMIT];
    return SG_OK;
}

const sg_model sg_model_cable = {
    .name = "cable",
    .title = "voltage drop and loss of a cable",
    .source = "IEC 60228:2004 class 2; IEC 60364-5-52 annex G",
    .limits = "first-order drop; no skin effect or capacitance; the conductors' temperature is "
              "given, not computed from the load",
    .example = "power=0..140000 power_factor=0.95",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
