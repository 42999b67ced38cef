#include "model/transformer.h"

#include "model/model.h"

#include <math.h>

double sg_transformer_loss_w(const sg_transformer *self, double power_va)
{
    double load = power_va / self->rating_va;
    return self->no_load_w + self->load_w * (load * load);
}

double sg_transformer_best_frac(const sg_transformer *self)
{
    return self->load_w > 0 ? sqrt(self->no_load_w / self->load_w) : 1;
}

double sg_transformer_drop_frac(const sg_transformer *self, double power_va, double power_factor)
{
    double load = power_va / self->rating_va;
    double er = self->load_w / self->rating_va;
    double square = self->impedance_frac * self->impedance_frac - er * er;
    double ex = square > 0 ? sqrt(square) : 0;
    double cosine = fabs(power_factor);
    double sine = copysign(sqrt(1 - cosine * cosine), power_factor);
    double along = er * cosine + ex * sine, across = ex * cosine - er * sine;
    return load * along + load * load * across * across / 2;
}

/* --- the model --- */

enum { RATING, NO_LOAD, LOAD, IMPEDANCE, PARAM_COUNT };
enum { POWER, POWER_FACTOR, INPUT_COUNT };
enum { LOST, EFFICIENCY, LOAD_FRAC, DROP, LOSS, PRIMARY, OUTPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [RATING] = {"rating", SG_DIM_POWER, 1e6, 1, 1e10, NULL, "apparent power, VA", ""},
    [NO_LOAD] = {"no_load_loss", SG_DIM_FRACTION, 0.000693, 0, 0.2, NULL,
                 "of the rating, whenever it is energised",
                 "a 1 MVA unit of Regulation (EU) 548/2014 tier 2: 693 W, recalled"},
    [LOAD] = {"load_loss", SG_DIM_FRACTION, 0.0076, 0, 0.2, NULL, "of the rating, at rating",
              "a 1 MVA unit of Regulation (EU) 548/2014 tier 2: 7.6 kW, recalled"},
    [IMPEDANCE] = {"impedance", SG_DIM_FRACTION, 0.06, 0, 0.5, NULL, "short-circuit voltage",
                   "IEC 60076-5: 6 % is usual at 1 MVA, recalled"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [POWER] = {"power", SG_DIM_POWER, NAN, "out of the secondary side; < 0: into it"},
    [POWER_FACTOR] = {"power_factor", SG_DIM_NONE, 1, "-1..1 but 0; < 0: leading"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [LOST] = {"lost_frac", "", "part of the power in that is lost: 1 - efficiency"},
    [EFFICIENCY] = {"efficiency", "1", "power out per power in; 0 when nothing comes out"},
    [LOAD_FRAC] = {"load_frac", "1", "apparent power at the secondary side, of the rating"},
    [DROP] = {"drop_frac", "1", "voltage lost at the secondary side, of its no-load voltage"},
    [LOSS] = {"loss_w", "W", "heat"},
    [PRIMARY] = {"primary_w", "W", "into the primary side: power + loss; < 0: out of it"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    double power_w = in[POWER], factor = in[POWER_FACTOR];
    sg_transformer t = {.rating_va = p[RATING],
                        .no_load_w = p[NO_LOAD] * p[RATING],
                        .load_w = p[LOAD] * p[RATING],
                        .impedance_frac = p[IMPEDANCE] > p[LOAD] ? p[IMPEDANCE] : p[LOAD]};
    (void)self;
    (void)now;
    (void)state;
    if (!(fabs(factor) > 0 && fabs(factor) <= 1)) {
        return SG_RANGE;
    }
    double power_va = power_w / fabs(factor);
    double loss_w = sg_transformer_loss_w(&t, power_va), primary_w = power_w + loss_w;
    out[LOSS] = loss_w;
    out[PRIMARY] = primary_w;
    out[LOAD_FRAC] = fabs(power_va) / t.rating_va;
    out[DROP] = sg_transformer_drop_frac(&t, power_va, factor);
    out[EFFICIENCY] = power_w > 0 ? power_w / primary_w : primary_w < 0 ? primary_w / power_w : 0;
    out[LOST] = 1 - out[EFFICIENCY];
    return SG_OK;
}

const sg_model sg_model_transformer = {
    .name = "transformer",
    .title = "losses of a power transformer",
    .source = "IEC 60076-1; Kapp's rule for the voltage drop",
    .limits = "losses do not change with temperature, voltage or frequency; no tap changer",
    .example = "power=40000..1000000",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
