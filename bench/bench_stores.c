/* bench_stores.c - steps a second of the stores' batches, one core, medians of ROUNDS.
 *
 * usage: bench_stores [ROWS]...        default 4096 (in cache) and 4194304 (in memory)
 *
 * bytes: what a row reads and writes of its columns; GB/s counts them once. The last column is the checked single step. */
#include "base/prng.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 9 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *column(int64_t rows)
{
    double *ret = malloc((size_t)rows * sizeof *ret);
    if (!ret) {
        fputs("bench_stores: out of memory\n", stderr);
        exit(3);
    }
    return ret;
}

static double single_ns(const sg_model *model, const double *p, const double *asked, int64_t rows)
{
    double state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX];
    sg_now now = {.dt_s = 1};
    int64_t count = rows < 200000 ? rows : 200000;
    sg_model_start(model, p, state);
    double from_s = now_s();
    for (int64_t k = 0; k < count; k++) {
        if (sg_model_step(model, p, &now, &asked[k], state, out) != SG_OK) {
            exit(3);
        }
    }
    return 1e9 * (now_s() - from_s) / (double)count;
}

static void run(const sg_model *model, int64_t rows)
{
    double p[SG_PARAM_MAX], start[SG_MODEL_STATE_MAX], took_s[ROUNDS];
    double *asked = column(rows), *held = column(rows), *out[SG_MODEL_OUTPUT_MAX];
    sg_model_presets(model, p);
    sg_model_start(model, p, start);
    for (int i = 0; i < model->output_count; i++) {
        out[i] = column(rows);
    }
    for (int64_t k = 0; k < rows; k++) {
        asked[k] = 1e5 * (2 * sg_prng_unit(1, (uint64_t)k) - 1);
        held[k] = start[0] * 2 * sg_prng_unit(2, (uint64_t)k);
    }
    const double *in[] = {asked};
    double *state[] = {held};
    int64_t repeat = 1 + (1 << 22) / rows;
    for (int r = 0; r < ROUNDS; r++) {
        double from_s = now_s();
        for (int64_t i = 0; i < repeat; i++) {
            model->batch(p, NULL, 1e-3, rows, in, state, out);
        }
        took_s[r] = (now_s() - from_s) / (double)repeat;
    }
    qsort(took_s, ROUNDS, sizeof *took_s, compare);
    double steps_per_s = (double)rows / took_s[ROUNDS / 2];
    int bytes = 8 * (3 + model->output_count); /* asked, state twice, outputs */
    printf("%-16s %9lld %10.1f %8d %8.2f %12.1f\n", model->name, (long long)rows,
           steps_per_s * 1e-6, bytes, steps_per_s * bytes * 1e-9, single_ns(model, p, asked, rows));
    for (int i = 0; i < model->output_count; i++) {
        free(out[i]);
    }
    free(asked);
    free(held);
}

int main(int argc, char **argv)
{
    static const int64_t preset[] = {4096, 4194304};
    printf("%-16s %9s %10s %8s %8s %12s\n", "model", "rows", "Msteps/s", "bytes", "GB/s",
           "step ns");
    for (int i = 0; i < sg_model_count; i++) {
        const sg_model *model = sg_models[i];
        bool store = model->batch && model->state_count == 1 && model->input_count == 1;
        for (int r = 0; store && r < (argc > 1 ? argc - 1 : 2); r++) {
            long long rows = argc > 1 ? strtoll(argv[r + 1], NULL, 10) : preset[r];
            if (rows < 1) {
                fputs("usage: bench_stores [ROWS]...\n", stderr);
                return 2;
            }
            run(model, rows);
        }
    }
    return 0;
}
