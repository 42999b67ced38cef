/* The rows of `symgrid bench forecast`, as a table or as JSON. */
#include "cli/bench_forecast.h"

#include "base/text.h"
#include "cli/verbs.h"
#include "forecast/forecaster.h"

#include <math.h>
#include <stdio.h>

/* What is timed for every number of series. A kind of forecast of many series is a line here. */
static sg_bench_forecast_job *const jobs[] = {sg_bench_nowcast, sg_bench_rls, sg_bench_gru};
enum { JOBS = sizeof jobs / sizeof *jobs };

typedef struct result {
    const sg_bench_forecast_options *options;
    sg_bench_limits limits;
    sg_bench_statsmodels peer;
    sg_out out;
} result;

static double peak(const sg_bench_limits *limits)
{
    return isfinite(limits->wide_flop_per_s) ? limits->wide_flop_per_s : limits->flop_per_s;
}

static void write_head(const result *r)
{
    printf("one core reads %.1f GB/s, moves %.1f GB/s (triad), computes %.1f GFLOP/s; ticks on %d "
           "threads; ",
           r->limits.read_b_per_s * 1e-9, r->limits.triad_b_per_s * 1e-9, peak(&r->limits) * 1e-9,
           r->options->threads);
    if (r->peer.version[0]) {
        printf("peer: statsmodels %s\n\n", r->peer.version);
    } else {
        printf("no peer: %s\n\n",
               r->options->peers ? "python3 has no statsmodels here" : "--peer none");
    }
    printf("%-21s %8s %3s %6s %10s %10s %21s %9s %6s %7s %11s %9s\n", "", "series", "thr", "rounds",
           "least ms", "median ms", "a second        ", "pass ms", "ratio", "of peak", "peer ms",
           "faster");
}

static void write_number(int width, int digits, double value)
{
    if (isfinite(value)) {
        printf(" %*.*f", width, digits, value);
    } else {
        printf(" %*s", width, "-");
    }
}

static void write_row(const result *r, const sg_bench_forecast_row *row)
{
    printf("%-21s %8d %3d %6d", row->name, row->series, row->threads, row->rounds);
    write_number(10, 4, row->least_s * 1e3);
    write_number(10, 4, row->median_s * 1e3);
    double rate = row->count / row->median_s;
    printf(" %9.4g %s%-9s", rate < 1e6 ? rate : rate * 1e-6, rate < 1e6 ? "  " : "M ", row->unit);
    write_number(9, 4, row->pass_s * 1e3);
    write_number(6, 2, row->median_s / row->pass_s);
    write_number(7, 3, row->flops / row->median_s / peak(&r->limits));
    write_number(11, 1, row->peer_s * 1e3);
    write_number(9, 1, row->peer_s / row->median_s);
    puts("");
    fflush(stdout);
}

static void number_or_null(sg_out *out, const char *key, double value, int digits)
{
    if (isfinite(value)) {
        sg_json_fixed(out, key, value, digits);
    } else {
        sg_json_null(out, key);
    }
}

static void write_row_json(result *r, const sg_bench_forecast_row *row)
{
    sg_out *out = &r->out;
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "name", row->name);
    sg_json_integer(out, "series", row->series);
    sg_json_integer(out, "threads", row->threads);
    sg_json_integer(out, "rounds", row->rounds);
    sg_json_fixed(out, "least_ms", row->least_s * 1e3, 6);
    sg_json_fixed(out, "median_ms", row->median_s * 1e3, 6);
    sg_json_text(out, "unit", row->unit);
    sg_json_fixed(out, "million_per_s", row->count / row->median_s * 1e-6, 6);
    number_or_null(out, "bytes_per_series", row->bytes, 1);
    number_or_null(out, "pass_ms", row->pass_s * 1e3, 6);
    number_or_null(out, "per_pass", row->median_s / row->pass_s, 3);
    number_or_null(out, "flop_frac", row->flops / row->median_s / peak(&r->limits), 4);
    number_or_null(out, "peer_ms", row->peer_s * 1e3, 3);
    number_or_null(out, "peer_ratio", row->peer_s / row->median_s, 2);
    sg_json_end(out, '}');
}

static void write_row_of(result *r, const sg_bench_forecast_row *row)
{
    if (r->options->json) {
        write_row_json(r, row);
    } else {
        write_row(r, row);
    }
}

static sg_bench_forecast_row blank(int32_t series)
{
    return (sg_bench_forecast_row){
        .series = series, .unit = "", .pass_s = NAN, .flops = NAN, .peer_s = NAN, .bytes = NAN};
}

/* The panel has no clear sky, and what is not installed is said. */
static bool can_be_fitted(const sg_forecaster *model)
{
    const char *lacks = model->lacks ? model->lacks() : NULL;
    if (lacks) {
        fprintf(stderr, "symgrid bench: %s: %s\n", model->name, lacks);
    }
    return !lacks && model->use != SG_USE_SKY;
}

static int measure_all(result *r)
{
    int status = SG_EXIT_DONE;
    for (int i = 0; i < r->options->size_count * JOBS && status == SG_EXIT_DONE; i++) {
        sg_bench_forecast_task task = {r->options, &r->peer,
                                       r->options->sizes[i % r->options->size_count]};
        sg_bench_forecast_row row = blank(task.series);
        status = jobs[i / r->options->size_count](&task, &row);
        if (status == SG_EXIT_DONE) {
            write_row_of(r, &row);
        }
    }
    for (int m = 0; m < sg_forecaster_count && status == SG_EXIT_DONE; m++) {
        if (!can_be_fitted(sg_forecasters[m])) {
            continue;
        }
        sg_bench_forecast_task task = {r->options, &r->peer, 0};
        sg_bench_forecast_row row = blank(0);
        status = sg_bench_forecaster(&task, m, &row);
        if (status == SG_EXIT_DONE) {
            write_row_of(r, &row);
        }
    }
    return status;
}

static void begin_json(result *r)
{
    sg_out *out = &r->out;
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.bench/1");
    sg_json_integer(out, "threads", r->options->threads);
    sg_json_fixed(out, "read_gb_per_s", r->limits.read_b_per_s * 1e-9, 3);
    sg_json_fixed(out, "triad_gb_per_s", r->limits.triad_b_per_s * 1e-9, 3);
    sg_json_fixed(out, "peak_gflop_per_s", peak(&r->limits) * 1e-9, 3);
    if (r->peer.version[0]) {
        sg_json_text(out, "statsmodels", r->peer.version);
    } else {
        sg_json_null(out, "statsmodels");
    }
    sg_json_begin(out, "forecast", '[');
}

int sg_bench_forecast(const sg_bench_forecast_options *options)
{
    result r = {.options = options,
                .peer = {"", (double)NAN, (double)NAN, (double)NAN, (double)NAN}};
    int status = sg_bench_measure_limits(&r.limits);
    if (status != SG_EXIT_DONE) {
        return status;
    }
    sg_status asked = options->peers ? sg_bench_statsmodels_ask(&r.peer) : SG_UNAVAILABLE;
    if (asked != SG_OK && asked != SG_UNAVAILABLE) {
        fputs("symgrid bench: statsmodels failed in python3; --peer none leaves it out\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    begin_json(&r);
    if (!options->json) {
        write_head(&r);
    }
    status = measure_all(&r);
    sg_json_end(&r.out, ']');
    sg_json_end(&r.out, '}');
    sg_out_text(&r.out, "\n");
    bool written = status != SG_EXIT_DONE || !options->json ||
                   (!r.out.failed && fwrite(r.out.text, 1, r.out.length, stdout) == r.out.length);
    sg_out_free(&r.out);
    if (!written || fflush(stdout) != 0) {
        fputs("symgrid bench: the result cannot be written\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    return status;
}
