/* One step of the recurrent network's unit over very many series, beside its products by the BLAS that the process has for its own reasons. */
#include "base/clock.h"
#include "base/prng.h"
#include "cli/bench_forecast.h"
#include "cli/verbs.h"
#include "math/gru.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 8, UNITS = 32, WIDTH = INPUTS + UNITS, GATES = 3 * UNITS, WARM_TICKS = 5 };

/* As the Fortran library has it; matrices by columns. */
typedef void sgemm(const char *turn_a, const char *turn_b, const int *m, const int *n, const int *k,
                   const float *alpha, const float *a, const int *a_stride, const float *b,
                   const int *b_stride, const float *beta, float *c, const int *c_stride);

typedef struct rig {
    sg_pool *pool;
    float *weight, *x, *gates; /* x above h, [inputs + units][count] */
    double *took_s;
    int32_t count;
} rig;

static bool rig_create(rig *r, const sg_bench_forecast_task *task)
{
    const sg_bench_forecast_options *o = task->options;
    int32_t count = (task->series + 7) / 8 * 8;
    *r = (rig){.pool = sg_pool_create(o->threads),
               .weight = malloc(sg_gru_weights(INPUTS, UNITS) * sizeof(float)),
               .x = malloc((size_t)WIDTH * (size_t)count * sizeof(float)),
               .gates = calloc((size_t)GATES * (size_t)count, sizeof(float)),
               .took_s = malloc((size_t)o->ticks * sizeof(double)),
               .count = count};
    for (size_t i = 0; r->weight && i < sg_gru_weights(INPUTS, UNITS); i++) {
        r->weight[i] = (float)(sg_prng_unit(29, i) - 0.5);
    }
    for (size_t i = 0; r->x && i < (size_t)WIDTH * (size_t)count; i++) {
        r->x[i] = (float)(sg_prng_unit(31, i) - 0.5);
    }
    return r->weight && r->x && r->gates && r->took_s;
}

static void rig_free(rig *r)
{
    sg_pool_free(r->pool);
    free(r->weight);
    free(r->x);
    free(r->gates);
    free(r->took_s);
}

static double step_s(const rig *r)
{
    const sg_gru unit = {INPUTS, UNITS, r->weight};
    sg_pool_wake(r->pool);
    double began_s = sg_clock_s();
    sg_gru_sweep(r->pool, &unit, r->x, r->x + (size_t)INPUTS * (size_t)r->count, r->count);
    double took_s = sg_clock_s() - began_s;
    sg_pool_park(r->pool);
    return took_s;
}

/* The same products alone, on one core; NAN where the process has no BLAS. */
static double blas_s(const rig *r, int rounds)
{
    const int columns = GATES, width = WIDTH;
    const float one = 1;
    sgemm *multiply = NULL;
    void *found = dlsym(RTLD_DEFAULT, "sgemm_");
    memcpy(&multiply, &found, sizeof multiply); /* ISO C has no cast for it */
    if (!multiply) {
        return (double)NAN;
    }
    for (int i = 0; i < rounds; i++) {
        double began_s = sg_clock_s();
        multiply("N", "N", &r->count, &columns, &width, &one, r->x, &r->count, r->weight, &width,
                 &one, r->gates, &r->count);
        r->took_s[i] = sg_clock_s() - began_s;
    }
    return sg_bench_median(r->took_s, rounds);
}

/* A tick: every series' state takes a step. Counted are its products, two floats as one number: peaks are told for doubles. */
int sg_bench_gru(const sg_bench_forecast_task *task, sg_bench_forecast_row *ret)
{
    rig r;
    int ticks = task->options->ticks, threads = task->options->threads;
    if (!rig_create(&r, task)) {
        rig_free(&r);
        fputs("symgrid bench: memory is exhausted\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    double blas = task->options->peers ? blas_s(&r, ticks) : (double)NAN;
    for (int i = -WARM_TICKS; i < ticks; i++) {
        double took_s = step_s(&r);
        if (i >= 0) {
            r.took_s[i] = took_s;
        }
    }
    ret->rounds = ticks;
    ret->median_s = sg_bench_median(r.took_s, ticks);
    ret->least_s = r.took_s[0]; /* sorted now */
    snprintf(ret->name, sizeof ret->name, "gru step of 32");
    ret->threads = threads;
    ret->count = r.count;
    ret->unit = "steps";
    ret->flops = 2.0 * GATES * WIDTH * r.count / 2 / threads;
    ret->bytes = UNITS * sizeof(float);
    ret->peer_s = blas / threads;
    rig_free(&r);
    return SG_EXIT_DONE;
}
