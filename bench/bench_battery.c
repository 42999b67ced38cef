/* bench_battery - batteries and cycle counting, steps a second on one core: medians of seven rounds.
 * usage: bench_battery [DEVICES]     default 1000000; 4000 fit the caches */
#include "base/check.h"
#include "base/prng.h"
#include "model/lithium_ion.h"
#include "model/model.h"
#include "model/rainflow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 7, PARAM_CAPACITY = 0, PARAM_DISCHARGE = 1 };

/* Of this process alone: others may share the core. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double *column(int64_t count)
{
    double *ret = aligned_alloc(64, (size_t)(count + 7) / 8 * 64);
    SG_CHECK(ret != NULL);
    memset(ret, 0, (size_t)count * sizeof *ret);
    return ret;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void say(const char *what, double *took_s, double steps, double bytes)
{
    qsort(took_s, ROUNDS, sizeof *took_s, compare);
    double s = took_s[ROUNDS / 2];
    printf("%-34s %10.1f M/s %8.2f ns", what, steps / s * 1e-6, s / steps * 1e9);
    printf(bytes > 0 ? " %7.1f GB/s\n" : "\n", steps * bytes / s * 1e-9);
}

typedef struct park {
    int64_t count;
    double *in[3], *state[SG_MODEL_STATE_MAX], *out[SG_MODEL_OUTPUT_MAX];
    double p[SG_PARAM_MAX];
    const sg_model *model;
} park;

static park park_of(int64_t count)
{
    park self = {.count = count, .model = sg_model_find("lithium_ion", NULL)};
    sg_model_presets(self.model, self.p);
    self.p[PARAM_CAPACITY] = 3.6e8;
    self.p[PARAM_DISCHARGE] = 1e5;
    double first[SG_MODEL_STATE_MAX];
    sg_model_start(self.model, self.p, first);
    for (int i = 0; i < 3; i++) {
        self.in[i] = column(count);
    }
    for (int i = 0; i < self.model->output_count; i++) {
        self.out[i] = column(count);
    }
    for (int i = 0; i < self.model->state_count; i++) {
        self.state[i] = column(count);
        for (int64_t k = 0; k < count; k++) {
            self.state[i][k] = first[i];
        }
    }
    for (int64_t k = 0; k < count; k++) {
        self.in[0][k] = 2e5 * (sg_prng_unit(1, (uint64_t)k) - 0.5);
        self.in[1][k] = 25;
        self.in[2][k] = -1;
    }
    return self;
}

static void set(park *self, const char *name, double value)
{
    for (int i = 0; i < self->model->param_count; i++) {
        if (strcmp(self->model->params[i].name, name) == 0) {
            self->p[i] = value;
        }
    }
}

static void turn(park *self)
{
    for (int64_t k = 0; k < self->count; k++) {
        self->in[0][k] = -self->in[0][k] * 0.999;
    }
}

/* All of the model, or its energy alone; small parks are stepped more than once a round. */
static void run(park *self, const char *what, bool energy_only, double bytes)
{
    double took_s[ROUNDS];
    int repeats = self->count < 200000 ? (int)(2000000 / self->count) : 4;
    for (int round = 0; round < ROUNDS; round++) {
        turn(self);
        double began = now_s();
        for (int i = 0; i < repeats; i++) {
            if (energy_only) {
                const sg_lithium_ion_columns columns = {self->in[0], self->state[0], self->out[0],
                                                        self->out[2]};
                sg_lithium_ion_energy_batch(self->p, 1, self->count, &columns);
            } else {
                const double *const in[] = {self->in[0], self->in[1], self->in[2]};
                self->model->batch(self->p, NULL, 1, self->count, in, self->state, self->out);
            }
        }
        took_s[round] = now_s() - began;
    }
    say(what, took_s, (double)self->count * repeats, bytes);
}

/* As the simulated plant does: a battery at a time through the checked door. */
static void step_rows(park *self)
{
    enum { ROWS = 200000 };
    double took_s[ROUNDS], state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    sg_now now = {.dt_s = 1};
    sg_model_start(self->model, self->p, state);
    for (int round = 0; round < ROUNDS; round++) {
        double began = now_s();
        for (int64_t k = 0; k < ROWS; k++) {
            double in[] = {self->in[0][k % self->count], 25, -1};
            SG_CHECK(sg_model_step(self->model, self->p, &now, in, state, out) == SG_OK);
        }
        took_s[round] = now_s() - began;
    }
    say("model, presets, row by row", took_s, ROWS, 0);
}

static void copy(park *self)
{
    double took_s[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double began = now_s();
        for (int i = 0; i < 10; i++) {
            memcpy(self->out[i % 4], self->in[0], (size_t)self->count * sizeof(double));
        }
        took_s[round] = now_s() - began;
    }
    say("memcpy, for the memory's speed", took_s, (double)self->count * 10, 16);
}

static void count_cycles(const char *what, const double *value, int64_t count)
{
    double took_s[ROUNDS], *work = column(count), sum = 0, state[SG_RAINFLOW_STATE] = {0};
    sg_rainflow_cycle *cycle = malloc((size_t)count * sizeof *cycle);
    sg_rainflow_cycle closed[SG_RAINFLOW_POINTS];
    char name[64];
    SG_CHECK(cycle != NULL);
    memset(cycle, 0, (size_t)count * sizeof *cycle);
    int64_t cycles = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double began = now_s();
        cycles = sg_rainflow_array(value, count, work, cycle);
        took_s[round] = now_s() - began;
    }
    snprintf(name, sizeof name, "rainflow, %s (%.2f a point)", what,
             (double)cycles / (double)count);
    say(name, took_s, (double)count, 0);
    for (int round = 0; round < ROUNDS; round++) {
        double began = now_s();
        for (int64_t i = 0; i < count; i++) {
            int n = sg_rainflow_push(state, value[i], closed);
            sum += n > 0 ? closed[n - 1].range : 0;
        }
        took_s[round] = now_s() - began;
    }
    snprintf(name, sizeof name, "  streaming");
    say(name, took_s, (double)count, 0);
    SG_CHECK(isfinite(sum));
    free(work);
    free(cycle);
}

int main(int argc, char **argv)
{
    int64_t count = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000000;
    if (count < 1 || count > 100000000) {
        fprintf(stderr, "%s: expected a number of devices from 1 to 100000000\n", argv[1]);
        return 2;
    }
    park many = park_of(count);
    copy(&many);
    run(&many, "energy alone", true, 40);
    set(&many, "ageing", SG_AGEING_NONE);
    run(&many, "model, no ageing", false, 18 * 8);
    set(&many, "ageing", SG_AGEING_LFP);
    run(&many, "model, presets (ageing)", false, 0);
    step_rows(&many);
    set(&many, "thermal_mass_kg", 1000);
    set(&many, "resistance", 0.05);
    set(&many, "packs", 4);
    set(&many, "derating", 1);
    run(&many, "model, everything", false, 0);
    int64_t points = count > 2000000 ? count : 2000000;
    double *value = column(points);
    for (int64_t i = 0; i < points; i++) {
        value[i] = sg_prng_unit(3, (uint64_t)i);
    }
    count_cycles("white noise", value, points);
    for (int64_t i = 0; i < points; i++) {
        value[i] = (i ? value[i - 1] : 0) + sg_prng_unit(3, (uint64_t)i) - 0.5;
    }
    count_cycles("random walk", value, points);
    for (int64_t i = 0; i < points;
         i++) { /* a state of charge each minute: two swings a day, and noise */
        value[i] = sin((double)i * 6.283185307 / 720) + 1e-3 * sg_prng_unit(4, (uint64_t)i);
    }
    count_cycles("daily swing", value, points);
    return 0;
}
