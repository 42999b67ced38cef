/* model_laws.h - laws that hold for every model, by whoever wrote it. Include after cmocka.h.
 *
 * A law is a function that returns NULL, or a text that says where it is broken. test_models_prop.c holds all models to them;
 * test_model_laws.c shows that each law catches models that break it. */
#ifndef SG_TEST_MODEL_LAWS_H
#define SG_TEST_MODEL_LAWS_H
#include "base/check.h"
#include "base/prng.h"
#include "cli/bench.h"
#include "cli/model_rows.h"
#include "cli/verbs.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_STEPS = 1000, SETS_MAX = 4000 };
/* A model of first order: what one step and two halves differ by, over what moved, falls with the share of what is
 * held (discharge) or of the whole store that moves in the step, since limits and losses are taken at the start of a step. */
#define SPLIT_BOUND 0.5

/* --- which models --- */

/* All of the registry, then the kinds that have none of their own there. *at starts at 0. */
static inline const sg_model *next_model(int *at, sg_model *room)
{
    while (*at < sg_model_count + sg_kind_count) {
        int i = (*at)++;
        if (i < sg_model_count) {
            return sg_models[i];
        }
        const sg_model *model = sg_model_find(sg_kinds[i - sg_model_count]->name, room);
        if (model == room) {
            return model;
        }
    }
    return NULL;
}

static inline const sg_kind *kind_of(const sg_model *model)
{
    return model->kind ? model->kind : sg_kind_find(model->name);
}

static inline bool is_store(const sg_model *model)
{
    static const char *const names[] = {"power_w", "energy_j", "loss_j"};
    for (int i = 0; i < 3; i++) {
        if (i >= model->output_count || strcmp(model->outputs[i].name, names[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* --- chance --- */

typedef struct dice {
    uint64_t seed, thrown;
} dice;

static inline double throw(dice * self)
{
    return sg_prng_unit(self->seed, self->thrown++);
}

/* From low to high, both above 0, each power of ten as often as the next. */
static inline double throw_size(dice *self, double low, double high)
{
    return low * pow(high / low, throw(self));
}

static inline double inside(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static inline int choices_of(const sg_param *param)
{
    int count = param->choices[0] != '\0';
    for (const char *at = param->choices; *at; at++) {
        count += *at == '|';
    }
    return count > 0 ? count : 1;
}

/* Around the presets, inside the ranges; set 0 is the presets themselves. */
static inline void draw_params(const sg_model *model, int set, dice *chance, double p[SG_PARAM_MAX])
{
    sg_bench_params(model, p);
    for (int i = 0; set > 0 && i < model->param_count; i++) {
        const sg_param *param = &model->params[i];
        if (param->choices) {
            p[i] = floor(throw(chance) * choices_of(param));
        } else if (p[i] == 0 || p[i] < param->min) { /* none, not given */
            double top = param->max < 1e6 ? param->max : 1e6;
            p[i] = throw(chance) < 0.5 || top <= 0
                       ? p[i]
                       : inside(throw_size(chance, top * 1e-6, top), param->min, param->max);
        } else {
            double spread = param->dimension == SG_DIM_FRACTION ? 1.6 : 5;
            p[i] = inside(p[i] * throw_size(chance, 1 / spread, spread), param->min, param->max);
        }
    }
}

/* What such an input is in a normal led. */
static inline double draw_input(const sg_input *input, dice *chance)
{
    static const double ranges[SG_DIM_COUNT][2] = {
        [SG_DIM_FRACTION] = {0, 1},       [SG_DIM_POWER] = {0, 1e6},
        [SG_DIM_ENERGY] = {0, 1e10},      [SG_DIM_TIME] = {0, 20},
        [SG_DIM_LENGTH] = {0, 10},        [SG_DIM_TEMPERATURE] = {-20, 50},
        [SG_DIM_IRRADIANCE] = {0, 1200},  [SG_DIM_SPEED] = {0, 25},
        [SG_DIM_VOLTAGE] = {0, 1000},     [SG_DIM_CURRENT] = {0, 1000},
        [SG_DIM_FREQUENCY] = {49, 51},    [SG_DIM_SALINITY] = {0.1, 40},
        [SG_DIM_ANGLE] = {-1, 1},         [SG_DIM_ROTATION] = {0, 4000},
        [SG_DIM_CAPACITANCE] = {1, 1000}, [SG_DIM_VOLUME] = {0, 1000},
    };
    const double *range = ranges[input->dimension];
    if (input->dimension == SG_DIM_POWER && throw(chance) < 0.3) {
        return -range[1] * throw(chance);
    }
    if (range[0] < range[1]) {
        return range[0] + (range[1] - range[0]) * throw(chance);
    }
    if (input->preset < 0) {
        return input->preset; /* stands for what is not given: any other number means something */
    }
    double preset = isnan(input->preset) || input->preset == 0 ? 1 : input->preset;
    return preset * throw_size(chance, 0.2, 5);
}

/* --- what a broken law says --- */

static char said[600];

__attribute__((format(printf, 2, 3))) static inline const char *broken(const sg_model *model,
                                                                       const char *format, ...)
{
    va_list arguments;
    int length = snprintf(said, sizeof said, "%s: ", model->name);
    va_start(arguments, format);
    vsnprintf(said + length, sizeof said - (size_t)length, format, arguments);
    va_end(arguments);
    return said;
}

/* --- law: what is not a number is refused, and changes nothing --- */

typedef sg_status (*door)(const sg_model *self, const double *p, const sg_now *now,
                          const double *in, double *state, double *out);

static inline const char *refuses(const sg_model *model, door step)
{
    const double no_number[] = {NAN, INFINITY, -INFINITY},
                 no_time[] = {NAN, INFINITY, -INFINITY, 0, -1};
    dice chance = {1, 0};
    double p[SG_PARAM_MAX], good[SG_MODEL_INPUT_MAX], start[SG_MODEL_STATE_MAX];
    sg_bench_params(model, p);
    sg_model_start(model, p, start);
    for (int i = 0; i < model->input_count; i++) {
        good[i] = isnan(model->inputs[i].preset) ? draw_input(&model->inputs[i], &chance)
                                                 : model->inputs[i].preset;
    }
    for (int bad = 0; bad < 3 * model->input_count + 5; bad++) {
        double in[SG_MODEL_INPUT_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX],
            untouched[SG_MODEL_OUTPUT_MAX];
        size_t state_size = sizeof *state * (size_t)model->state_count;
        sg_now now = {.time_us = INT64_C(1687348800000000), .dt_s = 60};
        memcpy(in, good, sizeof in);
        memcpy(state, start, state_size);
        memset(untouched, 0x5a, sizeof untouched);
        memcpy(out, untouched, sizeof out);
        if (bad < 3 * model->input_count) {
            in[bad / 3] = no_number[bad % 3];
        } else {
            now.dt_s = no_time[bad - 3 * model->input_count];
        }
        if (step(model, p, &now, in, state, out) == SG_OK) {
            return broken(model, "takes dt_s %g and an input of %g", now.dt_s,
                          bad < 3 * model->input_count ? in[bad / 3] : 0);
        }
        if (memcmp(state, start, state_size) != 0 || memcmp(out, untouched, sizeof out) != 0) {
            return broken(model, "changes something in a refused step");
        }
    }
    return NULL;
}

/* --- law: a store neither makes energy nor gives more than it is asked for --- */

typedef struct life {
    const sg_model *model;
    double p[SG_PARAM_MAX], state[SG_MODEL_STATE_MAX];
    double capacity_j; /* of the lumped equation; NAN where there is none */
    double scale_j;    /* the size of its energies                        */
    sg_now now;
    double in[SG_MODEL_INPUT_MAX], out[SG_MODEL_OUTPUT_MAX];
} life;

static inline double capacity_of(const sg_model *model, const double *p)
{
    const sg_kind *kind = kind_of(model);
    if (kind && kind->reservoir && kind->params == model->params) {
        sg_reservoir reservoir;
        kind->reservoir(p, &reservoir);
        return reservoir.capacity_j;
    }
    for (int i = 0; i < model->param_count; i++) {
        if (model->params[i].dimension == SG_DIM_ENERGY &&
            strcmp(model->params[i].name, "capacity") == 0) {
            return p[i];
        }
    }
    return NAN;
}

static inline void life_start(life *self, const sg_model *model, int set, dice *chance)
{
    *self = (life){.model = model, .now = {.time_us = INT64_C(1687348800000000), .dt_s = 1}};
    draw_params(model, set, chance, self->p);
    sg_model_start(model, self->p, self->state);
    self->capacity_j = capacity_of(model, self->p);
    self->scale_j = isnan(self->capacity_j) ? 2 * self->state[0] : self->capacity_j;
    if (!(self->scale_j > 0)) {
        self->scale_j = 1e6;
    }
    self->now.dt_s = throw_size(chance, 0.1, 3600);
}

/* Requests that fill and empty it, and now and then what nobody would ask for. */
static inline void life_draw(life *self, dice *chance)
{
    double kind = throw(chance),
           size_w = self->scale_j / self->now.dt_s * throw_size(chance, 1e-4, 3);
    bool turn = throw(chance) < 0.03;
    double sign = (self->in[0] < 0) != turn ? -1 : 1;
    self->in[0] = sign * (kind < 0.02 ? 0 : kind < 0.03 ? 1e300 : kind < 0.04 ? 1e-300 : size_w);
    for (int i = 1; i < self->model->input_count; i++) {
        self->in[i] = draw_input(&self->model->inputs[i], chance);
    }
    self->now.time_us += (int64_t)(self->now.dt_s * 1e6);
}

static inline const char *check_store(const life *self, double before_j)
{
    const sg_model *model = self->model;
    double w = self->out[0], after_j = self->state[0], loss_j = self->out[2], asked_w = self->in[0];
    double moved_j = fabs(w) * self->now.dt_s + fabs(loss_j);
    double tolerance_j = 1e-12 * (moved_j + fmax(fmax(before_j, after_j), self->scale_j));
    if (self->out[1] != after_j) {
        return broken(model, "says it holds %.17g J, and holds %.17g J", self->out[1], after_j);
    }
    if (!(fabs(before_j - after_j - w * self->now.dt_s - loss_j) <= tolerance_j)) {
        return broken(model, "%.17g J became %.17g J: %.17g J out and %.17g J lost leave %.3g J",
                      before_j, after_j, w * self->now.dt_s, loss_j,
                      before_j - after_j - w * self->now.dt_s - loss_j);
    }
    if (!(fabs(w) <= fabs(asked_w) * (1 + 1e-12)) || w * (asked_w > 0 ? 1 : -1) < 0) {
        return broken(model, "gives %.17g W, asked for %.17g W", w, asked_w);
    }
    if (!(after_j >= 0) || after_j > self->capacity_j * (1 + 1e-12)) {
        return broken(model, "holds %.17g J of %.17g J", after_j, self->capacity_j);
    }
    if (!(loss_j >= -tolerance_j)) {
        return broken(model, "wins %.17g J in a step of %g s, %g W flowing", -loss_j,
                      self->now.dt_s, w);
    }
    return NULL;
}

/* Runs until so many steps were made. */
static inline const char *conserves(const sg_model *model, int steps, uint64_t seed)
{
    dice chance = {seed, 0};
    life led;
    int made = 0, set = 0;
    for (; made < steps && set < SETS_MAX; set++) {
        life_start(&led, model, set, &chance);
        for (int k = 0; k < RUN_STEPS; k++) {
            double before_j = led.state[0];
            life_draw(&led, &chance);
            if (sg_model_step(model, led.p, &led.now, led.in, led.state, led.out) != SG_OK) {
                if (set == 0) {
                    return broken(model, "refuses %g W with its presets", led.in[0]);
                }
                if (k == 0) {
                    break; /* parameters that contradict each other */
                }
                continue;
            }
            const char *bad = check_store(&led, before_j);
            if (bad) {
                return bad;
            }
            made++;
        }
    }
    return made >= steps ? NULL : broken(model, "made only %d steps in %d sets", made, set);
}

/* --- law: half a step and half a step are about a step --- */

/* Difference of the energies over what moved, at most `bound` times the share of the store that moved; *ret_worst is the largest. */
static inline const char *splits(const sg_model *model, int sets, double bound, double *ret_worst)
{
    dice chance = {3, 0};
    life led;
    *ret_worst = 0;
    for (int set = 0; set < sets; set++) {
        life_start(&led, model, set, &chance);
        led.now.dt_s = throw_size(&chance, 0.5, 60);
        for (int k = 0; k < 200; k++) {
            life_draw(&led, &chance);
            double half[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX], before_j = led.state[0];
            memcpy(half, led.state, sizeof half);
            sg_now halves = {led.now.time_us, led.now.dt_s / 2};
            if (sg_model_step(model, led.p, &halves, led.in, half, out) != SG_OK ||
                sg_model_step(model, led.p, &halves, led.in, half, out) != SG_OK ||
                sg_model_step(model, led.p, &led.now, led.in, led.state, led.out) != SG_OK) {
                break;
            }
            double moved_j = fabs(before_j - led.state[0]) + fabs(led.out[0]) * led.now.dt_s +
                             1e-9 * led.scale_j;
            double off = fabs(half[0] - led.state[0]) / moved_j;
            *ret_worst = off > *ret_worst ? off : *ret_worst;
            double of_j = led.in[0] > 0 && before_j < led.scale_j ? before_j : led.scale_j;
            if (!(off * of_j <= bound * moved_j + 1e-6 * of_j)) {
                return broken(model,
                              "%g W for %g s from %.9g J: in one step %.9g J, in two %.9g J are "
                              "left",
                              led.in[0], led.now.dt_s, before_j, led.state[0], half[0]);
            }
        }
    }
    return NULL;
}

/* --- law: many at once are what each is alone --- */

enum { DEVICES = 37, BATCH_STEPS = 25 };

typedef struct many {
    double in[SG_MODEL_INPUT_MAX][DEVICES], state[SG_MODEL_STATE_MAX][DEVICES],
        out[SG_MODEL_OUTPUT_MAX][DEVICES];
    int64_t time_us[DEVICES];
} many;

static inline void run_batch(const sg_model *model, const double *p, double dt_s, many *m)
{
    const double *in[SG_MODEL_INPUT_MAX];
    double *state[SG_MODEL_STATE_MAX], *out[SG_MODEL_OUTPUT_MAX];
    for (int i = 0; i < SG_MODEL_INPUT_MAX; i++) {
        in[i] = m->in[i];
    }
    for (int i = 0; i < SG_MODEL_STATE_MAX; i++) {
        state[i] = m->state[i];
    }
    for (int i = 0; i < SG_MODEL_OUTPUT_MAX; i++) {
        out[i] = m->out[i];
    }
    model->batch(p, model->needs & SG_NEEDS_TIME ? m->time_us : NULL, dt_s, DEVICES, in, state,
                 out);
}

/* Inputs of one device: of a normal life, or those of the example. */
static inline void draw_inputs(const sg_model *model, const sg_rows *example, dice *chance, int k,
                               many *m)
{
    int64_t row = (int64_t)(throw(chance) * (double)(example ? example->count : 1));
    bool by_example = example && throw(chance) < 0.5;
    for (int i = 0; i < model->input_count; i++) {
        m->in[i][k] = by_example ? example->in[i][row] : draw_input(&model->inputs[i], chance);
    }
    m->time_us[k] = INT64_C(1577836800000000) + (int64_t)(throw(chance) * 10 * 365 * 86400e6);
}

/* A step alone, and the columns beside it. *ret_alive: false once a step that should leave a state was refused. */
static inline bool same_alone(const sg_model *model, const double *p, double dt_s,
                              const many *before, const many *after, int k, bool *ret_alive)
{
    double in[SG_MODEL_INPUT_MAX], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    sg_now now = {before->time_us[k], dt_s};
    for (int i = 0; i < model->input_count; i++) {
        in[i] = before->in[i][k];
    }
    for (int i = 0; i < model->state_count; i++) {
        state[i] = before->state[i][k];
    }
    if (sg_model_step(model, p, &now, in, state, out) != SG_OK) {
        *ret_alive = model->state_count == 0;
        return true;
    }
    for (int i = 0; i < model->state_count; i++) {
        if (memcmp(&state[i], &after->state[i][k], sizeof(double)) != 0) {
            return false;
        }
    }
    for (int i = 0; i < model->output_count; i++) {
        if (memcmp(&out[i], &after->out[i][k], sizeof(double)) != 0) {
            return false;
        }
    }
    return true;
}

static inline const char *batch_agrees(const sg_model *model)
{
    static many before, after;
    sg_rows example = {0};
    bool has_example = model->example && sg_rows_example(model, &example) == SG_EXIT_DONE;
    const char *bad = NULL;
    int64_t compared = 0;
    for (int set = 0; set < 12 && !bad; set++) {
        dice chance = {100 + (uint64_t)set, 0};
        double p[SG_PARAM_MAX], start[SG_MODEL_STATE_MAX], dt_s = throw_size(&chance, 0.1, 3600);
        bool alive[DEVICES];
        draw_params(model, set, &chance, p);
        sg_model_start(model, p, start);
        for (int k = 0; k < DEVICES; k++) {
            alive[k] = true;
            for (int i = 0; i < model->state_count; i++) {
                after.state[i][k] = start[i];
            }
        }
        for (int step = 0; step < BATCH_STEPS && !bad; step++) {
            for (int k = 0; k < DEVICES; k++) {
                draw_inputs(model, has_example ? &example : NULL, &chance, k, &after);
            }
            before = after;
            run_batch(model, p, dt_s, &after);
            for (int k = 0; k < DEVICES && !bad; k++) {
                if (alive[k] && !same_alone(model, p, dt_s, &before, &after, k, &alive[k])) {
                    bad = broken(model, "device %d of a batch differs in step %d of set %d", k,
                                 step, set);
                }
                compared += alive[k];
            }
        }
    }
    sg_rows_free(&example);
    return bad               ? bad
           : compared > 1000 ? NULL
                             : broken(model, "only %lld steps were compared", (long long)compared);
}

/* --- law: tables are whole --- */

static inline bool plain_name(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static inline const char *param_is_whole(const sg_model *model, const sg_param *param)
{
    if (!plain_name(param->name) || !param->help || !param->help[0]) {
        return broken(model, "parameter '%s' has no name or no help", param->name);
    }
    if (param->choices) {
        return param->choices[0] && !isnan(param->preset) &&
                       !(param->preset >= 0 && param->preset < choices_of(param))
                   ? broken(model, "the preset of %s is none of its choices", param->name)
                   : NULL;
    }
    bool not_given = param->preset == -1 && param->min == 0;
    if (!(param->min <= param->max) || !isfinite(param->min) || !isfinite(param->max) ||
        (!isnan(param->preset) && !not_given &&
         !(param->preset >= param->min && param->preset <= param->max))) {
        return broken(model, "%s: %g is not between %g and %g", param->name, param->preset,
                      param->min, param->max);
    }
    return NULL;
}

static inline const char *tables_are_whole(const sg_model *model)
{
    const char *names[SG_PARAM_MAX + SG_MODEL_INPUT_MAX], *bad = NULL;
    int count = 0;
    if (model->param_count > SG_PARAM_MAX || model->input_count > SG_MODEL_INPUT_MAX ||
        model->output_count > SG_MODEL_OUTPUT_MAX || model->output_count < 1 ||
        model->state_count > SG_MODEL_STATE_MAX || !model->step) {
        return broken(model, "has more of something than there is room for, or nothing to give");
    }
    if (!plain_name(model->name) || !model->title[0] || !model->source || !model->source[0] ||
        !model->limits || !model->limits[0] || !model->example || !model->example[0]) {
        return broken(model, "lacks a title, a source, limits or an example");
    }
    if (model->state_count > 0 && !(model->needs & SG_NEEDS_DT)) {
        return broken(model, "has a state and does not say that it needs dt_s");
    }
    for (int i = 0; i < model->param_count && !bad; i++) {
        bad = param_is_whole(model, &model->params[i]);
        names[count++] = model->params[i].name;
    }
    for (int i = 0; i < model->input_count; i++) {
        names[count++] = model->inputs[i].name;
    }
    for (int i = 0; i < count && !bad; i++) {
        for (int j = 0; j < i; j++) {
            bad = strcmp(names[i], names[j]) == 0 ? broken(model, "has two '%s'", names[i]) : bad;
        }
    }
    for (int i = 0; i < model->output_count && !bad; i++) {
        const sg_output *output = &model->outputs[i];
        bad = !plain_name(output->name) || !output->unit || !output->help || !output->help[0]
                  ? broken(model, "output '%s' lacks something", output->name)
                  : NULL;
        for (int j = 0; j < i; j++) {
            bad = strcmp(output->name, model->outputs[j].name) == 0
                      ? broken(model, "gives two '%s'", output->name)
                      : bad;
        }
    }
    return bad;
}

/* The example runs and every figure is finite. */
static inline const char *example_runs(const sg_model *model)
{
    sg_rows rows;
    double p[SG_PARAM_MAX];
    sg_bench_params(model, p);
    if (sg_rows_example(model, &rows) != SG_EXIT_DONE) {
        return broken(model, "its example is no example");
    }
    const char *bad = sg_rows_run(model, p, "example", &rows) == SG_EXIT_DONE
                          ? NULL
                          : broken(model, "refuses its own example");
    bool moves = model->output_count == 0;
    for (int i = 0; i < model->output_count && !bad; i++) {
        for (int64_t k = 0; k < rows.count && !bad; k++) {
            bad = isfinite(rows.out[i][k]) ? NULL
                                           : broken(model, "its example gives %g", rows.out[i][k]);
            moves = moves || rows.out[i][k] != rows.out[i][0];
        }
    }
    sg_rows_free(&rows);
    return bad ? bad
           : moves || model->hypothetical
               ? NULL /* what delivers nothing shows nothing */
               : broken(model, "its example shows nothing but one figure");
}
#endif
