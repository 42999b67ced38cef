/* quantum - hypothetical: no device of this kind exists. It can be declared and shown; it commands and delivers nothing.
 *
 * Model    the store stands still: 0 W whatever is asked. Beside it, as an illustration, what laboratory Dicke batteries
 *          hold and how fast they charge: billions of electronvolts in femtoseconds, which is 1e-16 of a kilowatt-hour. */
#include "model/quantum.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>

enum { CAPACITY, POWER, HELD, CELLS, CHARGE_TIME, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL, "hypothetical", ""},
    [POWER] = {"power", SG_DIM_POWER, NAN, 0, 1e11, NULL, "hypothetical", ""},
    [HELD] = {"illustrated_ev", SG_DIM_NONE, 3e9, 0, 1e30, NULL,
              "energy of a laboratory device, electronvolts: illustration only",
              "CSIRO prototype, 2026: a few billion eV"},
    [CELLS] = {"illustrated_cells", SG_DIM_NONE, 1e6, 1, 1e30, NULL,
               "that absorb together: illustration only", ""},
    [CHARGE_TIME] = {"illustrated_time", SG_DIM_TIME, 1e-9, 0, 1, NULL,
                     "in which one cell alone would charge: illustration only", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){.capacity_j = p[CAPACITY], .charge_eff = 1, .discharge_eff = 1};
}

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    (void)p;
    if (i > 0) {
        return false;
    }
    const char text[] =
        "hypothetical physics: it is shown in outputs, and nothing is ever dispatched to it";
    for (size_t c = 0; c < sizeof text; c++) {
        ret[c] = text[c];
    }
    return true;
}

double sg_quantum_energy_j(double electronvolt)
{
    return electronvolt * 1.602176634e-19; /* exact since 2019 */
}

double sg_quantum_charge_time_s(double of_one_s, double cells)
{
    return of_one_s / sqrt(cells);
}

static const sg_input inputs[] = {
    {"power_w", SG_DIM_POWER, 0, "asked for at the bus; nothing comes of it"}};

enum { OUT_POWER, OUT_ENERGY, OUT_LOSS, OUT_HELD, OUT_TIME, OUT_SHARE, OUT_COUNT };
static const sg_output outputs[OUT_COUNT] = {
    [OUT_POWER] = {"power_w", "W", "0: no such device exists"},
    [OUT_ENERGY] = {"energy_j", "J", "hypothetical; it never moves"},
    [OUT_LOSS] = {"loss_j", "J", "0"},
    [OUT_HELD] = {"illustrated_j", "J", "what the laboratory device holds"},
    [OUT_TIME] = {"illustrated_charge_s", "s", "how long it takes to charge"},
    [OUT_SHARE] = {"illustrated_share", "", "of a kilowatt-hour"},
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
    (void)now;
    (void)in;
    out[OUT_POWER] = 0;
    out[OUT_ENERGY] = state[0];
    out[OUT_LOSS] = 0;
    out[OUT_HELD] = sg_quantum_energy_j(p[HELD]);
    out[OUT_TIME] = sg_quantum_charge_time_s(p[CHARGE_TIME], p[CELLS]);
    out[OUT_SHARE] = out[OUT_HELD] / 3.6e6;
    return SG_OK;
}

const sg_model sg_model_quantum = {
    .name = "quantum",
    .title = "quantum store (hypothetical)",
    .source = "J. Q. Quach et al., Superabsorption in an organic microcavity, Science Advances 8, "
              "2022, eabk3160: an experiment in a laboratory, no energy store",
    .limits = "hypothetical: delivers and takes exactly 0 W; the illustrated figures are orders "
              "of magnitude from a laboratory",
    .example = "dt_s=1 power_w=-1000..1000",
    .hypothetical = true,
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

const sg_kind sg_kind_quantum = {
    .name = "quantum",
    .title = "quantum store (hypothetical)",
    .role = SG_STORE,
    .hypothetical = true,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
    .warning = warning,
    .model = &sg_model_quantum,
};
