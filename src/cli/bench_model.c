/* How long a step of a model takes, for many devices whose values stand in columns.
 *
 * Device k starts at row k of the example and goes one row further with each pass, so that stores fill and empty and sources
 * see night and day. */
#include "base/check.h"
#include "base/clock.h"
#include "cli/bench.h"
#include "cli/model_rows.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES_MAX = 100000, DEVICES_MIN = 97, PASSES_MIN = 5, PASSES_MAX = 999 };

typedef struct columns {
    const sg_model *model;
    double p[SG_PARAM_MAX];
    int64_t devices, rows; /* in the columns; of the example */
    int64_t doubles;       /* in all columns */
    double *memory, *in[SG_MODEL_INPUT_MAX], *state[SG_MODEL_STATE_MAX], *out[SG_MODEL_OUTPUT_MAX];
    int64_t *time_us; /* NULL where the model needs none */
    double dt_s;
    int64_t pass, refused;
} columns;

void sg_bench_params(const sg_model *model, double p[SG_PARAM_MAX])
{
    static const double middling[SG_DIM_COUNT] = {
        [SG_DIM_NONE] = 1,
        [SG_DIM_FRACTION] = 0.9,
        [SG_DIM_POWER] = 100e3,
        [SG_DIM_ENERGY] = 100 * 3.6e6,
        [SG_DIM_TIME] = 3600,
        [SG_DIM_LENGTH] = 10,
        [SG_DIM_AREA] = 1000,
        [SG_DIM_SECTION] = 240e-6,
        [SG_DIM_VOLUME] = 100,
        [SG_DIM_VOLTAGE] = 400,
        [SG_DIM_CURRENT] = 100,
        [SG_DIM_RESISTANCE] = 1e-3,
        [SG_DIM_CAPACITANCE] = 100,
        [SG_DIM_TEMPERATURE] = 25,
        [SG_DIM_PER_KELVIN] = -0.004,
        [SG_DIM_IRRADIANCE] = 800,
        [SG_DIM_SPEED] = 5,
        [SG_DIM_ROTATION] = 1000,
        [SG_DIM_FREQUENCY] = 50,
        [SG_DIM_SALINITY] = 35,
        [SG_DIM_ANGLE] = 0.2,
        [SG_DIM_RAMP] = 1e4,
        [SG_DIM_RATE] = 1e-7,
        [SG_DIM_ENERGY_PER_VOLUME] = 10e6,
        [SG_DIM_MONEY] = 100,
        [SG_DIM_PRICE_ENERGY] = 3e-8,
        [SG_DIM_PRICE_POWER] = 0.01,
        [SG_DIM_CARBON] = 1e-7,
    };
    sg_model_presets(model, p);
    for (int i = 0; i < model->param_count; i++) {
        const sg_param *param = &model->params[i];
        if (isnan(p[i])) {
            double value = middling[param->dimension];
            p[i] = param->choices ? 0 : value < param->min ? param->min : value;
            p[i] = p[i] > param->max && !param->choices ? param->max : p[i];
        }
    }
}

static bool allocate(columns *self)
{
    const sg_model *m = self->model;
    size_t long_column = (size_t)(self->devices + self->rows), column = (size_t)self->devices;
    size_t doubles =
        long_column * (size_t)m->input_count + column * (size_t)(m->state_count + m->output_count);
    self->doubles = (int64_t)doubles;
    bool timed = m->needs & SG_NEEDS_TIME;
    self->memory = malloc((doubles + 1) * sizeof(double));
    self->time_us = timed ? malloc(long_column * sizeof(int64_t)) : NULL;
    double *at = self->memory;
    if (!at || (timed && !self->time_us)) {
        free(self->memory);
        free(self->time_us);
        fputs("symgrid bench: memory is exhausted\n", stderr);
        return false;
    }
    for (int i = 0; i < m->input_count; i++, at += long_column) {
        self->in[i] = at;
    }
    for (int i = 0; i < m->state_count; i++, at += column) {
        self->state[i] = at;
    }
    for (int i = 0; i < m->output_count; i++, at += column) {
        self->out[i] = at;
        memset(at, 0, column * sizeof *at); /* pages are there before the clock runs */
    }
    return true;
}

static void fill(columns *self, const sg_rows *example)
{
    const sg_model *m = self->model;
    double state[SG_MODEL_STATE_MAX];
    for (int64_t k = 0; k < self->devices + self->rows; k++) {
        for (int i = 0; i < m->input_count; i++) {
            self->in[i][k] = example->in[i][k % self->rows];
        }
        if (self->time_us) {
            self->time_us[k] = example->time_us ? example->time_us[k % self->rows] : 0;
        }
    }
    sg_model_start(m, self->p, state);
    for (int i = 0; i < m->state_count; i++) {
        for (int64_t k = 0; k < self->devices; k++) {
            self->state[i][k] = state[i];
        }
    }
}

static void step_each(columns *self, int64_t shift, int64_t count)
{
    const sg_model *m = self->model;
    for (int64_t k = 0; k < count; k++) {
        double in[SG_MODEL_INPUT_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
        sg_now now = {self->time_us ? self->time_us[k + shift] : 0, self->dt_s};
        for (int i = 0; i < m->input_count; i++) {
            in[i] = self->in[i][k + shift];
        }
        for (int i = 0; i < m->state_count; i++) {
            state[i] = self->state[i][k];
        }
        if (sg_model_step(m, self->p, &now, in, state, out) != SG_OK) {
            self->refused++;
            continue;
        }
        for (int i = 0; i < m->state_count; i++) {
            self->state[i][k] = state[i];
        }
        for (int i = 0; i < m->output_count; i++) {
            self->out[i][k] = out[i];
        }
    }
}

/* One step of the first `count` devices. Returns its time. */
static double pass_s(columns *self, int64_t count)
{
    int64_t shift = self->pass++ % self->rows;
    const double *in[SG_MODEL_INPUT_MAX] = {NULL};
    for (int i = 0; i < self->model->input_count; i++) {
        in[i] = self->in[i] + shift;
    }
    const int64_t *time_us = self->time_us ? self->time_us + shift : NULL;
    double began_s = sg_clock_s();
    if (self->model->batch) {
        self->model->batch(self->p, time_us, self->dt_s, count, in, self->state, self->out);
    } else {
        step_each(self, shift, count);
    }
    return sg_clock_s() - began_s;
}

/* Columns as long as leaves time for some passes over them. */
static int64_t devices_for(columns *self, double seconds)
{
    double each_s = pass_s(self, DEVICES_MIN);
    double again_s = pass_s(self, DEVICES_MIN);
    each_s = (again_s < each_s ? again_s : each_s) / DEVICES_MIN + 1e-10;
    double fit = seconds / (2 * PASSES_MIN) / each_s;
    return fit > DEVICES_MAX ? DEVICES_MAX : fit < DEVICES_MIN ? DEVICES_MIN : (int64_t)fit;
}

static double bytes_of(const sg_model *m)
{
    int numbers =
        m->input_count + 2 * m->state_count + m->output_count + ((m->needs & SG_NEEDS_TIME) != 0);
    return (double)numbers * sizeof(double);
}

int sg_bench_measure_model(const sg_model *model, double seconds, sg_bench_model *ret)
{
    columns c = {.model = model, .devices = DEVICES_MAX};
    double took_s[PASSES_MAX];
    sg_rows example;
    sg_bench_params(model, c.p);
    int status = sg_rows_example(model, &example);
    if (status != SG_EXIT_DONE) {
        return status;
    }
    c.rows = example.count;
    c.dt_s = example.dt_s[0];
    if (!allocate(&c)) {
        sg_rows_free(&example);
        return SG_EXIT_ENVIRONMENT;
    }
    fill(&c, &example);
    sg_rows_free(&example);
    int64_t devices = devices_for(&c, seconds);
    pass_s(&c, devices);
    c.refused = 0;
    int repeats = 0;
    double began_s = sg_clock_s();
    while (repeats < PASSES_MAX && (repeats < PASSES_MIN || sg_clock_s() - began_s < seconds)) {
        took_s[repeats++] = pass_s(&c, devices);
    }
    *ret =
        (sg_bench_model){.name = model->name,
                         .batched = model->batch != NULL,
                         .devices = devices,
                         .repeats = repeats,
                         .step_s = sg_bench_median(took_s, repeats) / (double)devices,
                         .bytes = bytes_of(model),
                         .read_b_per_s = sg_bench_read_b_per_s(c.memory, c.doubles),
                         .refused_frac = (double)c.refused / ((double)repeats * (double)devices)};
    free(c.memory);
    free(c.time_us);
    return SG_EXIT_DONE;
}
