/* symgrid bench - how fast the models run on this machine, beside what the machine can do. */
#include "base/text.h"
#include "cli/bench.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "symgrid bench - how fast the models run here\n"
    "\n"
    "usage: symgrid bench model [NAME]... [--json] [--seconds S]\n"
    "\n"
    "  --json       write one symgrid.bench/1 document instead of a table\n"
    "  --seconds S  for each model; 0.3 unless told otherwise\n"
    "\n"
    "Steps up to 100,000 devices whose inputs, states and outputs stand in columns, each at "
    "another\n"
    "place of the model's example, on one core: all at once where the model can (`batch`), else "
    "one\n"
    "by one (`step`). Medians. The first line says what the core can do: bytes it reads and moves\n"
    "(a = b + c s) in memory, multiplications with an addition. `of reads` compares a model's "
    "bytes\n"
    "with what the core reads of the same columns, which a cache may hold: near 100 % it is as "
    "fast\n"
    "as that lets it be; else a step takes the time of so many multiply-adds.\n"
    "\n"
    "Exit status: 0 done, 2 bad usage, 3 memory is exhausted.\n"
    "\n"
    "Example: symgrid bench model outage_table --seconds 1\n";

enum { NAMES_MAX = 256, SECONDS_MAX = 3600 };

static void write_head(const sg_bench_limits *limits)
{
    printf("one core reads %.1f GB/s, moves %.1f GB/s (triad), computes %.1f GFLOP/s as compiled",
           limits->read_b_per_s * 1e-9, limits->triad_b_per_s * 1e-9, limits->flop_per_s * 1e-9);
    if (isfinite(limits->wide_flop_per_s)) {
        printf(", %.1f in AVX2", limits->wide_flop_per_s * 1e-9);
    }
    printf("\n\n%-22s %-5s %8s %12s %9s %7s %7s %9s %13s\n", "model", "way", "devices", "M steps/s",
           "ns/step", "B/step", "GB/s", "of reads", "multiply-adds");
}

static void write_row(const sg_bench_limits *limits, const sg_bench_model *m)
{
    double b_per_s = m->bytes / m->step_s;
    printf("%-22s %-5s %8lld %12.4g %9.1f %7.0f %7.2f %7.1f %% %13.0f", m->name,
           m->batched ? "batch" : "step", (long long)m->devices, 1e-6 / m->step_s, m->step_s * 1e9,
           m->bytes, b_per_s * 1e-9, 100 * b_per_s / m->read_b_per_s,
           limits->flop_per_s * m->step_s / 2);
    if (m->refused_frac > 0) {
        printf("  (%.1f %% refused)", 100 * m->refused_frac);
    }
    puts("");
    fflush(stdout);
}

static void write_machine_json(const sg_bench_limits *limits, sg_out *out)
{
    sg_json_begin(out, "core", '{');
    sg_json_fixed(out, "read_gb_per_s", limits->read_b_per_s * 1e-9, 3);
    sg_json_fixed(out, "triad_gb_per_s", limits->triad_b_per_s * 1e-9, 3);
    sg_json_fixed(out, "multiply_add_gflop_per_s", limits->flop_per_s * 1e-9, 3);
    if (isfinite(limits->wide_flop_per_s)) {
        sg_json_fixed(out, "multiply_add_avx2_gflop_per_s", limits->wide_flop_per_s * 1e-9, 3);
    } else {
        sg_json_null(out, "multiply_add_avx2_gflop_per_s");
    }
    sg_json_end(out, '}');
}

static void write_row_json(const sg_bench_model *m, sg_out *out)
{
    double b_per_s = m->bytes / m->step_s;
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "name", m->name);
    sg_json_text(out, "way", m->batched ? "batch" : "step");
    sg_json_integer(out, "devices", m->devices);
    sg_json_integer(out, "repeats", m->repeats);
    sg_json_fixed(out, "million_steps_per_s", 1e-6 / m->step_s, 6);
    sg_json_fixed(out, "step_ns", m->step_s * 1e9, 3);
    sg_json_number(out, "bytes_per_step", m->bytes);
    sg_json_fixed(out, "gb_per_s", b_per_s * 1e-9, 6);
    sg_json_fixed(out, "read_gb_per_s", m->read_b_per_s * 1e-9, 3);
    sg_json_fixed(out, "read_frac", b_per_s / m->read_b_per_s, 6);
    sg_json_fixed(out, "refused_frac", m->refused_frac, 6);
    sg_json_end(out, '}');
}

static int measure(const sg_model *const *models, int count, double seconds, bool json)
{
    sg_bench_limits limits;
    sg_out out = {0};
    int status = sg_bench_measure_limits(&limits);
    if (status != SG_EXIT_DONE) {
        return status;
    }
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "format", "symgrid.bench/1");
    write_machine_json(&limits, &out);
    sg_json_begin(&out, "models", '[');
    if (!json) {
        write_head(&limits);
    }
    for (int i = 0; i < count && status == SG_EXIT_DONE; i++) {
        sg_bench_model measured;
        status = sg_bench_measure_model(models[i], seconds, &measured);
        if (status == SG_EXIT_DONE && json) {
            write_row_json(&measured, &out);
        } else if (status == SG_EXIT_DONE) {
            write_row(&limits, &measured);
        }
    }
    sg_json_end(&out, ']');
    sg_json_end(&out, '}');
    sg_out_text(&out, "\n");
    bool written = out.failed || !json || status != SG_EXIT_DONE
                       ? !out.failed
                       : fwrite(out.text, 1, out.length, stdout) == out.length;
    sg_out_free(&out);
    if (!written || fflush(stdout) != 0) {
        fputs("symgrid bench: the result cannot be written\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    return status;
}

/* The models of these names, or all of the registry. Returns how many, -1 after one line on stderr. */
static int choose(char **names, int count, sg_model *rooms, const sg_model **ret)
{
    for (int i = 0; count == 0 && i < sg_model_count && i < NAMES_MAX; i++) {
        ret[i] = sg_models[i];
    }
    for (int i = 0; i < count; i++) {
        ret[i] = sg_model_find(names[i], &rooms[i]);
        if (!ret[i] || !ret[i]->example) {
            fprintf(stderr, "symgrid bench: %s '%s'; symgrid model --list names the models\n",
                    ret[i] ? "there is no example to run of" : "there is no model", names[i]);
            return -1;
        }
    }
    return count > 0 ? count : sg_model_count < NAMES_MAX ? sg_model_count : NAMES_MAX;
}

int sg_cli_bench(int argc, char **argv)
{
    static sg_model rooms[NAMES_MAX];
    static const sg_model *models[NAMES_MAX];
    const char *text = NULL;
    bool json = false, help = false;
    double seconds = 0.3;
    const sg_option options[] = {
        {"--seconds", &text, NULL}, {"--json", NULL, &json}, {"--help", NULL, &help}};
    int words = sg_options_parse(argc, argv, options, 3, NAMES_MAX);
    if (words < 0) {
        return SG_EXIT_USAGE;
    }
    if (help) {
        fputs(HELP, stdout);
        return SG_EXIT_DONE;
    }
    if (words < 1 || strcmp(argv[1], "model") != 0) {
        fputs("symgrid bench: expected `symgrid bench model`; see symgrid bench --help\n", stderr);
        return SG_EXIT_USAGE;
    }
    if (text) {
        char *end;
        seconds = strtod(text, &end);
        if (end == text || *end != '\0' || !(seconds > 0 && seconds <= SECONDS_MAX)) {
            fprintf(stderr, "symgrid bench: --seconds: expected a number above 0, got '%.40s'\n",
                    text);
            return SG_EXIT_USAGE;
        }
    }
    int count = choose(argv + 2, words - 1, rooms, models);
    return count < 0 ? SG_EXIT_USAGE : measure(models, count, seconds, json);
}
