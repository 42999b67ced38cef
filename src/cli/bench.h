/* bench.h - how fast models run here, and what the machine could do. Private to the command line.
 *
 * Every figure is the median of its repeats, one thread on whatever core it runs on. */
#ifndef SG_CLI_BENCH_H
#define SG_CLI_BENCH_H
#include "model/model.h"

/* What one core of this machine does, measured with kernels of our own. */
typedef struct sg_bench_limits {
    double read_b_per_s;    /* sums 192 MiB                                              */
    double triad_b_per_s;   /* a = b + c * s over 64 MiB each, 24 bytes an element       */
    double flop_per_s;      /* x = x * a + b, compiled like the models: two flops a lane */
    double wide_flop_per_s; /* the same in AVX2; NAN where the core has none             */
} sg_bench_limits;

typedef struct sg_bench_model {
    const char *name;
    bool batched;    /* by its own batch, else step by step through the checked door */
    int64_t devices; /* in columns, each at another place of the example's sweep      */
    int repeats;     /* passes over all devices                                       */
    double step_s;   /* per device                                                    */
    double bytes;    /* that a step must at least move: inputs, state both ways, outputs */
    double
        read_b_per_s; /* what the core reads of these very columns, from whatever cache holds them */
    double refused_frac; /* steps that the model would not make                           */
} sg_bench_model;

/* About half a second. SG_EXIT_DONE, or SG_EXIT_ENVIRONMENT after one line on stderr. */
int sg_bench_measure_limits(sg_bench_limits *ret);

/* About `seconds`. SG_EXIT_DONE, or another status after one line on stderr. */
int sg_bench_measure_model(const sg_model *model, double seconds, sg_bench_model *ret);

/* The presets; where a parameter has none, a middling size for its dimension, inside its range. */
void sg_bench_params(const sg_model *model, double p[SG_PARAM_MAX]);

/* Bytes a second that summing these doubles reads; 16-byte aligned, count > 0. */
double sg_bench_read_b_per_s(const double *block, int64_t count);

double sg_bench_median(double *value, int count); /* sorts them; count > 0 */
#endif
