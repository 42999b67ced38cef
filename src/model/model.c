#include "model/model.h"

#include "base/check.h"

#include <math.h>
#include <string.h>

#define SG_MODEL(name) extern const sg_model sg_model_##name;
#include "model/models.def"
#undef SG_MODEL

const sg_model *const sg_models[] = {
#define SG_MODEL(name) &sg_model_##name,
#include "model/models.def"
#undef SG_MODEL
    NULL};
const int sg_model_count = SG_COUNT(sg_models) - 1;

/* --- kinds without a model of their own run by their lumped equation --- */

static const sg_output source_outputs[] = {{"available_w", "W", "power that could be delivered"}};
static const sg_input store_inputs[] = {
    {"power_w", SG_DIM_POWER, 0, "asked for at the bus; > 0: discharge"}};
static const sg_output store_outputs[] = {{"power_w", "W", "that flows at the bus"},
                                          {"energy_j", "J", "held that can come out again"},
                                          {"loss_j", "J", "lost in the step"}};

static sg_status source_step(const sg_model *self, const double *p, const sg_now *now,
                             const double *in, double *state, double *out)
{
    (void)now;
    (void)state;
    out[0] = self->kind->available_w(p, in);
    return SG_OK;
}

static void store_start(const sg_model *self, const double *p, double *state)
{
    sg_reservoir r;
    self->kind->reservoir(p, &r);
    state[0] = r.capacity_j / 2;
}

static sg_status store_step(const sg_model *self, const double *p, const sg_now *now,
                            const double *in, double *state, double *out)
{
    sg_reservoir r;
    self->kind->reservoir(p, &r);
    double keep = sg_reservoir_keep_frac(&r, now->dt_s);
    double give_w = sg_reservoir_discharge_w(&r, state[0], 0, keep, now->dt_s);
    double take_w = sg_reservoir_charge_w(&r, state[0], keep, now->dt_s);
    double w = in[0] > give_w ? give_w : in[0] < -take_w ? -take_w : in[0];
    double next_j = sg_reservoir_step(&r, state[0], w, keep, now->dt_s);
    out[0] = w;
    out[1] = next_j;
    out[2] = state[0] - next_j - w * now->dt_s;
    state[0] = next_j;
    return SG_OK;
}

static const sg_model *model_of_kind(const sg_kind *kind, sg_model *ret)
{
    if (!kind || (!kind->available_w && !kind->reservoir)) {
        return NULL;
    }
    *ret = (sg_model){.name = kind->name,
                      .title = kind->title,
                      .source = "",
                      .limits = "",
                      .hypothetical = kind->hypothetical,
                      .params = kind->params,
                      .param_count = kind->param_count,
                      .inputs = kind->inputs,
                      .input_count = kind->input_count,
                      .outputs = source_outputs,
                      .output_count = SG_COUNT(source_outputs),
                      .step = source_step,
                      .kind = kind};
    if (!kind->available_w) {
        ret->needs = SG_NEEDS_DT;
        ret->inputs = store_inputs;
        ret->input_count = SG_COUNT(store_inputs);
        ret->outputs = store_outputs;
        ret->output_count = SG_COUNT(store_outputs);
        ret->state_count = 1;
        ret->start = store_start;
        ret->step = store_step;
    }
    return ret;
}

const sg_model *sg_model_find(const char *name, sg_model *room)
{
    for (int i = 0; i < sg_model_count; i++) {
        if (strcmp(sg_models[i]->name, name) == 0) {
            return sg_models[i];
        }
    }
    return model_of_kind(sg_kind_find(name), room);
}

void sg_model_presets(const sg_model *self, double p[SG_PARAM_MAX])
{
    for (int i = 0; i < self->param_count; i++) {
        p[i] = self->params[i].preset;
    }
}

void sg_model_start(const sg_model *self, const double *p, double *state)
{
    for (int i = 0; i < self->state_count; i++) {
        state[i] = 0;
    }
    if (self->start) {
        self->start(self, p, state);
    }
}

static bool all_finite(const double *value, int count)
{
    for (int i = 0; i < count; i++) {
        if (!isfinite(value[i])) {
            return false;
        }
    }
    return true;
}

/* memcpy may not be handed NULL, and a model without state may. */
static void copy(double *to, const double *from, int count)
{
    for (int i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

sg_status sg_model_step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                        double *state, double *out)
{
    double next[SG_MODEL_STATE_MAX], result[SG_MODEL_OUTPUT_MAX];
    if (!(now->dt_s > 0) || !isfinite(now->dt_s) || !all_finite(in, self->input_count)) {
        return SG_RANGE;
    }
    copy(next, state, self->state_count);
    sg_status status = self->step(self, p, now, in, next, result);
    if (status != SG_OK || !all_finite(result, self->output_count) ||
        !all_finite(next, self->state_count)) {
        return status != SG_OK ? status : SG_RANGE;
    }
    copy(state, next, self->state_count);
    copy(out, result, self->output_count);
    return SG_OK;
}
