/* What the site does for the grid: the blocks `regulation`, `droop` and `contract` of `grid`. */
#include "site/bind.h"

#include "base/check.h"

#include <math.h>

enum { BLOCK_PARAM_MAX = 4, BLOCK_INPUT_MAX = 3 };

/* In the order in which sg_bind_services() takes them. */
static const struct block {
    const char *name;
    sg_param params[BLOCK_PARAM_MAX];
    int param_count;
    sg_input inputs[BLOCK_INPUT_MAX];
    int input_count;
} blocks[] = {
    {"regulation",
     {{"capability", SG_DIM_POWER, NAN, 1, 1e12, NULL, "offered each way", ""},
      {"recentre", SG_DIM_FRACTION, 0.2, 0, 0.5, NULL,
       "of the capability, the most that goes into keeping the stores near their middle", ""},
      {"mileage_ratio", SG_DIM_NONE, 1, 0, 1000, NULL,
       "of this signal's mileage to that of the market's slow one", ""}},
     3,
     {{"signal", SG_DIM_NONE, NAN, "what the grid operator asks for, -1 to 1"},
      {"capability_price", SG_DIM_PRICE_POWER, 0, "for an hour of capability"},
      {"performance_price", SG_DIM_PRICE_POWER, 0, "for an hour of performance"}},
     3},
    {"droop",
     {{"power", SG_DIM_POWER, NAN, 1, 1e12, NULL, "at full deflection", ""},
      {"nominal", SG_DIM_FREQUENCY, 50, 10, 100, NULL, "frequency at which nothing is asked", ""},
      {"dead_band", SG_DIM_FREQUENCY, 0.036, 0, 5, NULL, "either side of it",
       "IEEE 1547-2018, default"},
      {"slope", SG_DIM_FRACTION, 0.05, 0.001, 1, NULL,
       "deviation beyond the dead band, of the nominal frequency, that asks for all the power",
       "IEEE 1547-2018, default"}},
     4,
     {{"frequency", SG_DIM_FREQUENCY, NAN, "as measured at the connection"}},
     1},
    {"contract",
     {{"ramp", SG_DIM_RAMP, 0, 1e-3, 1e12, NULL, "most that the site's power may change", ""},
      {"band", SG_DIM_POWER, 0, 1, 1e12, NULL,
       "most that it may be away from its trend, either side", ""},
      {"trend", SG_DIM_TIME, 300, 10, 7200, NULL, "time constant of that trend", ""}},
     3,
     {{0}},
     0},
};

typedef struct values {
    double p[BLOCK_PARAM_MAX];
    int32_t series[BLOCK_INPUT_MAX];
    double value[BLOCK_INPUT_MAX];
} values;

static bool given(const sg_bind *b, const sg_yaml *body, const char *name, bool needed)
{
    if (needed && !sg_yaml_get(body, name)) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, body), NULL,
                    "expected `%s`, which is missing", name);
        return false;
    }
    return true;
}

static bool read_block(sg_bind *b, const struct block *block, const sg_yaml *body, values *ret)
{
    const char *names[BLOCK_PARAM_MAX + BLOCK_INPUT_MAX];
    int count = 0;
    if (!sg_bind_map(b, body, block->name)) {
        return false;
    }
    bool good = true;
    for (int i = 0; i < block->param_count; i++) {
        const sg_yaml *at = sg_yaml_get(body, block->params[i].name);
        names[count++] = block->params[i].name;
        ret->p[i] = block->params[i].preset;
        good = given(b, body, block->params[i].name, isnan(ret->p[i])) &&
               (!at || sg_bind_scalar(b, at, &block->params[i], &ret->p[i])) && good;
    }
    for (int i = 0; i < block->input_count; i++) {
        const sg_yaml *at = sg_yaml_get(body, block->inputs[i].name);
        names[count++] = block->inputs[i].name;
        ret->series[i] = -1;
        ret->value[i] = block->inputs[i].preset;
        good = given(b, body, block->inputs[i].name, isnan(ret->value[i])) &&
               (!at || sg_bind_feed(b, at, &block->inputs[i], &ret->series[i], &ret->value[i])) &&
               good;
    }
    sg_bind_unknown(b, &(sg_entry){.own = body}, names, count, block->name);
    return good;
}

static void take(sg_services *s, int block, const values *v)
{
    switch (block) {
    case 0:
        s->capability_w = v->p[0];
        s->recentre_frac = v->p[1];
        s->mileage_ratio = v->p[2];
        s->signal_series = v->series[0];
        s->capability_price_series = v->series[1];
        s->capability_price = v->value[1];
        s->performance_price_series = v->series[2];
        s->performance_price = v->value[2];
        break;
    case 1:
        s->droop_w = v->p[0];
        s->nominal_hz = v->p[1];
        s->dead_band_hz = v->p[2];
        s->slope_frac = v->p[3];
        s->frequency_series = v->series[0];
        break;
    default:
        s->ramp_w_per_s = v->p[0];
        s->band_w = v->p[1];
        s->trend_s = v->p[2];
        break;
    }
}

/* Who provides it? Stores with duty `energy` or `power`; without any the blocks promise what nothing can give. */
static void check(sg_bind *b, const sg_yaml *at)
{
    double power_w = 0;
    for (int32_t s = 0; s < b->site->device_count[SG_STORE]; s++) {
        const sg_device *device = &b->site->devices[SG_STORE][s];
        const sg_kind *kind = sg_device_kind(b->site, device);
        double duty = kind->role == SG_STORE ? device->p[kind->param_count + SG_STORE_DUTY] : 0;
        sg_reservoir r;
        kind->reservoir(device->p, &r);
        bool in = !kind->hypothetical && (duty == SG_DUTY_ENERGY || duty == SG_DUTY_POWER);
        power_w += in ? fmin(r.charge_w_max, r.discharge_w_max) : 0;
    }
    double most_w = b->site->services.capability_w + b->site->services.droop_w;
    if (power_w < most_w) {
        char has[SG_QUANTITY_TEXT], needs[SG_QUANTITY_TEXT];
        sg_quantity_format(power_w, SG_DIM_POWER, has);
        sg_quantity_format(most_w, SG_DIM_POWER, needs);
        sg_diagnose(b->diagnostics, SG_WARNING, sg_bind_place(b, at), NULL,
                    "the stores with duty energy or power can do %s each way, %s is offered", has,
                    needs);
    }
}

void sg_bind_services(sg_bind *b)
{
    sg_services *s = &b->site->services;
    *s = (sg_services){.signal_series = -1,
                       .frequency_series = -1,
                       .capability_price_series = -1,
                       .performance_price_series = -1,
                       .nominal_hz = 50,
                       .slope_frac = 0.05,
                       .trend_s = 300};
    const sg_item *grid = b->sections[SG_IN_GRID].first;
    if (!grid || grid->body->kind != SG_YAML_MAP) {
        return;
    }
    const sg_yaml *last = NULL;
    for (int i = 0; i < SG_COUNT(blocks); i++) {
        const sg_yaml *at = sg_yaml_get(grid->body, blocks[i].name);
        values v;
        if (at && read_block(b, &blocks[i], at, &v)) {
            take(s, i, &v);
            last = at;
        }
    }
    if (last && b->devices_good && b->diagnostics->errors == 0) {
        check(b, last);
    }
}
