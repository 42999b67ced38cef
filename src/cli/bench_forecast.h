/* bench_forecast.h - how long forecasts of very many series take, beside what memory and arithmetic let anybody do. Private to the command
 * line.
 *
 * A job of the table in bench_forecast.c measures one kind of forecast for one number of series and fills one row of the result; a new
 * kind is one function and one line there. */
#ifndef SG_CLI_BENCH_FORECAST_H
#define SG_CLI_BENCH_FORECAST_H
#include "cli/bench.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SG_BENCH_FORECAST_SERIES_MAX = 1000000 };

/* What the peer took for one series or one update, s; NAN: it was not asked. */
typedef struct sg_bench_statsmodels {
    char version[32];
    double holt_s;      /* damped trend, gains given, 60 values behind it: 60 steps ahead */
    double recursive_s; /* a row of recursive least squares, 17 columns                   */
    double autoreg_s;   /* order 16 fitted to the rows of the long series, 96 steps ahead */
    double smoothing_s; /* trend, damped, season of 24, fitted to them, 96 steps ahead    */
} sg_bench_statsmodels;

typedef struct sg_bench_forecast_options {
    const int32_t *sizes;
    int size_count, ticks, threads;
    bool peers, json;
} sg_bench_forecast_options;

typedef struct sg_bench_forecast_row {
    char name[32];
    const char *unit; /* of `count` */
    int32_t series;
    int threads, rounds;
    double least_s, median_s; /* of a round: a tick, or a fit and a forecast        */
    double count;             /* that a round makes: values, updates, series        */
    double pass_s;            /* moving as many bytes, median; NAN: not compared    */
    double flops; /* of a round and core, two floats as one double; NAN: not counted */
    double peer_s;            /* the peer's for the same, from fewer; NAN           */
    double bytes;             /* of state, a series                                 */
} sg_bench_forecast_row;

typedef struct sg_bench_forecast_task {
    const sg_bench_forecast_options *options;
    const sg_bench_statsmodels *peer;
    int32_t series;
} sg_bench_forecast_task;

/* SG_EXIT_DONE, or SG_EXIT_ENVIRONMENT after one line on stderr. */
typedef int sg_bench_forecast_job(const sg_bench_forecast_task *task, sg_bench_forecast_row *ret);

int sg_bench_forecast(const sg_bench_forecast_options *options);

/* Ticks of the nowcast and of the autoregressions, as the table has them. */
sg_bench_forecast_job sg_bench_nowcast, sg_bench_rls;
/* Steps of the recurrent network's unit (math/gru.h); its peer is its products by the process' BLAS, as if all threads did them. */
sg_bench_forecast_job sg_bench_gru;

/* Each model fitted to seven series of 8,640 hours and asked for 96 more. model: an index of sg_forecasters. */
int sg_bench_forecaster(const sg_bench_forecast_task *task, int model, sg_bench_forecast_row *ret);

/* Asks statsmodels. SG_UNAVAILABLE: it is not here. */
sg_status sg_bench_statsmodels_ask(sg_bench_statsmodels *ret);
#endif
