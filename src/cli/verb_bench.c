/* symgrid bench - how fast the models, the forecasts, the planner and the control step run on this machine, beside what
 * the machine and other programs can do. */
#include "base/text.h"
#include "cli/bench.h"
#include "cli/bench_agent.h"
#include "cli/bench_control.h"
#include "cli/bench_forecast.h"
#include "cli/bench_plan.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "symgrid bench - how fast models, forecasts, planner and control step run here\n"
    "\n"
    "usage: symgrid bench model [NAME]... [--json] [--seconds S]\n"
    "       symgrid bench plan [--sizes LIST] [--full] [--repeats N] [--threads N]\n"
    "                          [--races LIST] [--peer auto|none] [--json]\n"
    "       symgrid bench agent [--sizes LIST] [--seconds S] [--json]\n"
    "       symgrid bench control [--sizes LIST] [--changed F] [--ticks N] [--threads N]\n"
    "                             [--peer auto|none] [--json]\n"
    "       symgrid bench forecast [--sizes LIST] [--ticks N] [--threads N] [--peer auto|none]\n"
    "                              [--json]\n"
    "\n"
    "  --json       write one symgrid.bench/1 document instead of a table\n"
    "  --seconds S  for each model; 0.3 unless told otherwise\n"
    "  --sizes LIST steps x stores of the sites, or steps of an arbitrage: 96x4,288x8,96\n"
    "               agent, control: numbers of devices, up to 4000000, 1000000: 1000,1000000\n"
    "               forecast: numbers of series, up to 1000000\n"
    "  --full       the usual sizes and two of a whole year with 8 stores, 8760x8 and 35040x8\n"
    "  --races LIST of cold, again, shift, arbitrage: only these, like cold,again; all of them\n"
    "               unless told otherwise\n"
    "  --repeats N  medians of N solves, 20 unless told otherwise; fewer where they take a minute\n"
    "  --peer none  only our own; auto, the default, asks Clp, HiGHS, statsmodels as well\n"
    "  --changed F  the part of the devices that changes in a tick, 0.1 unless told otherwise\n"
    "  --ticks N    ticks of every size, 100 unless told otherwise\n"
    "  --threads N  plan, control, forecast: that share our own sweeps, 2 unless told otherwise\n"
    "\n"
    "model: steps up to 100,000 devices whose inputs, states and outputs stand in columns, each "
    "at\n"
    "another place of the model's example, on one core: all at once where the model can "
    "(`batch`),\n"
    "else one by one (`step`). Medians. The first line says what the core can do: bytes it reads\n"
    "and moves (a = b + c s) in memory, multiplications with an addition. `of reads` compares a\n"
    "model's bytes with what the core reads of the same columns, which a cache may hold: near\n"
    "100 % it is as fast as that lets it be; else a step takes the time of so many multiply-adds.\n"
    "\n"
    "plan: a site of so many steps and stores is planned by every solver: from nothing (`cold`) "
    "and\n"
    "after each load moved by up to 1 % (`again`), and with the horizon one step later, from the\n"
    "basis of the planner's last plan (`shift`); then one store between two prices "
    "(`arbitrage`).\n"
    "`solve ms` is the solver alone, `call ms` includes writing the program out and handing it\n"
    "over. HiGHS runs in python3, with the module highspy or scipy where one of them is there.\n"
    "\n"
    "agent: steps fleets of devices with the code that runs on them (src/agent), then hands each "
    "a\n"
    "sealed set-point; the registers of the devices are held against books of the fleet.\n"
    "\n"
    "control: a full tick of sites of so many devices, 40 to a rack, 25 racks to a feeder, 10\n"
    "feeders to a zone: changed values taken in (`ingest`), one step of the engine with quality,\n"
    "short forecast, allocation, envelope and set-points (`step`), the journal's records written\n"
    "down (`journal`). `allocate` is one exact allocation alone, `pass` a sweep over 40 bytes a\n"
    "device on as many threads, `Clp` one linear program without fairness, up to 10,000 devices.\n"
    "\n"
    "forecast: ticks of so many series: the newest value of each taken in and 60 steps ahead told\n"
    "(`nowcast`), one value learnt by each autoregression of order 16 (`rls`, one core); then "
    "each\n"
    "model of symgrid forecast fitted to 7 series of 8,640 hours and asked for 96 more. `pass`\n"
    "reads and writes as much memory on as many threads, `ratio` is the tick's time by its; `of\n"
    "peak` is the share of what the core computes at most; the peer is statsmodels in python3,\n"
    "timed on fewer and reckoned up.\n"
    "\n"
    "Exit status: 0 done, 2 bad usage, 3 memory is exhausted or a peer fails.\n"
    "\n"
    "Example: symgrid bench model outage_table --seconds 1\n"
    "         symgrid bench plan --sizes 96x4 --peer none\n";

/* The last two are the long ones, for --full. */
static const sg_bench_size SIZES[] = {{96, SG_BENCH_ARBITRAGE},
                                      {288, SG_BENCH_ARBITRAGE},
                                      {8760, SG_BENCH_ARBITRAGE},
                                      {96, 1},
                                      {96, 4},
                                      {96, 8},
                                      {288, 4},
                                      {288, 8},
                                      {2976, 2},
                                      {8760, 1},
                                      {8760, 4},
                                      {8760, 8},
                                      {35040, 8}};
enum { SIZES_ALL = sizeof SIZES / sizeof *SIZES, SIZES_USUAL = SIZES_ALL - 2 };

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

static int refuse(const char *option, const char *expected, const char *text)
{
    fprintf(stderr, "symgrid bench: %s: expected %s, got '%.40s'\n", option, expected, text);
    return SG_EXIT_USAGE;
}

/* A whole number up to `most` at *text, which moves behind it; -1 for anything else. */
static int parse_count(const char **text, int most)
{
    char *end;
    long count = **text >= '0' && **text <= '9' ? strtol(*text, &end, 10) : -1;
    if (count < 0 || count > most) {
        return -1;
    }
    *text = end;
    return (int)count;
}

/* "96x4,288x8,96": sites, and the arbitrage of a store where no number of stores is given. The number of
 * sizes, 0 for anything else. */
static int parse_sizes(const char *text, sg_bench_size *ret)
{
    for (int count = 0; count < SG_BENCH_SIZE_MAX; text++) {
        int stores = SG_BENCH_ARBITRAGE, steps = parse_count(&text, SG_BENCH_STEP_MAX);
        if (steps > 0 && *text == 'x') {
            text++;
            stores = parse_count(&text, SG_BENCH_STORE_MAX);
            steps = stores < 0 ? -1 : steps;
        }
        if (steps < 1 || (*text && *text != ',')) {
            return 0;
        }
        ret[count++] = (sg_bench_size){steps, stores};
        if (*text == '\0') {
            return count;
        }
    }
    return 0;
}

typedef struct bench_words {
    const char *seconds, *sizes, *races, *repeats, *peer, *changed, *ticks, *threads;
    bool json, full;
} bench_words;

static bool parse_peer(const char *text, bool *ret)
{
    *ret = !text || strcmp(text, "none") != 0;
    return !text || strcmp(text, "auto") == 0 || strcmp(text, "none") == 0;
}

/* A whole number from 1 to `most`, or `preset` without a text; 0 for anything else. */
static int whole_number(const char *text, int preset, int most)
{
    if (!text) {
        return preset;
    }
    int number = parse_count(&text, most);
    return number < 1 || *text ? 0 : number;
}

/* Names with commas between them; 0 for anything else. */
static unsigned parse_races(const char *text)
{
    static const char *const NAMES[] = {"cold", "again", "shift", "arbitrage"};
    unsigned races = 0;
    for (;;) {
        size_t length = strcspn(text, ","), k = 0;
        while (k < 4 && (strlen(NAMES[k]) != length || strncmp(NAMES[k], text, length) != 0)) {
            k++;
        }
        if (k == 4) {
            return 0;
        }
        races |= 1U << k;
        if (text[length] == '\0') {
            return races;
        }
        text += length + 1;
    }
}

static int bench_plan(const bench_words *words)
{
    sg_bench_size sizes[SG_BENCH_SIZE_MAX];
    sg_bench_plan_options options = {.sizes = SIZES,
                                     .size_count = words->full ? SIZES_ALL : SIZES_USUAL,
                                     .races = SG_BENCH_ALL_RACES,
                                     .repeats = 20,
                                     .threads = whole_number(words->threads, 2, 64),
                                     .json = words->json};
    if (words->sizes) {
        options.sizes = sizes;
        options.size_count = parse_sizes(words->sizes, sizes);
        if (!options.size_count) {
            return refuse("--sizes", "sizes like 96x4,288x8,96, up to 100000x64", words->sizes);
        }
    }
    if (words->races) {
        options.races = parse_races(words->races);
        if (!options.races) {
            return refuse("--races", "some of cold,again,shift,arbitrage", words->races);
        }
    }
    if (words->repeats) {
        char *end;
        long repeats = strtol(words->repeats, &end, 10);
        if (end == words->repeats || *end || repeats < 1 || repeats > SG_BENCH_ROUND_MAX) {
            return refuse("--repeats", "a number from 1 to 1000", words->repeats);
        }
        options.repeats = (int)repeats;
    }
    if (!options.threads) {
        return refuse("--threads", "a number from 1 to 64", words->threads);
    }
    if (!parse_peer(words->peer, &options.peers)) {
        return refuse("--peer", "auto or none", words->peer);
    }
    return sg_bench_plan(&options);
}

/* --seconds, or what is usual. False after one line on stderr. */
static bool parse_seconds(const bench_words *words, double *seconds)
{
    char *end;
    if (!words->seconds) {
        return true;
    }
    *seconds = strtod(words->seconds, &end);
    if (end == words->seconds || *end != '\0' || !(*seconds > 0 && *seconds <= SECONDS_MAX)) {
        refuse("--seconds", "a number above 0", words->seconds);
        return false;
    }
    return true;
}

static int bench_agent(const bench_words *words)
{
    int64_t devices[SG_BENCH_AGENT_SIZES] = {1000, 10000, 100000, 1000000};
    int count = 4;
    double seconds = 1;
    if (words->sizes) {
        const char *text = words->sizes;
        for (count = 0; count < SG_BENCH_AGENT_SIZES; text++) {
            devices[count++] = parse_count(&text, SG_BENCH_AGENT_MAX);
            if (devices[count - 1] < 1 || *text != ',') {
                break;
            }
        }
        if (devices[count - 1] < 1 || *text) {
            return refuse("--sizes", "up to 8 numbers of devices like 1000,1000000", words->sizes);
        }
    }
    return parse_seconds(words, &seconds) ? sg_bench_agent(devices, count, seconds, words->json)
                                          : SG_EXIT_USAGE;
}

/* "1000,10000": the number of sizes, 0 for anything else. */
static int parse_devices(const char *text, int32_t *ret)
{
    for (int count = 0; count < SG_BENCH_CONTROL_SIZE_MAX; text++) {
        ret[count] = parse_count(&text, SG_BENCH_DEVICE_MAX);
        if (ret[count++] < 1 || (*text && *text != ',')) {
            return 0;
        }
        if (*text == '\0') {
            return count;
        }
    }
    return 0;
}

static int bench_control(const bench_words *words)
{
    static const int32_t USUAL[] = {1000, 10000, 100000, 1000000};
    int32_t sizes[SG_BENCH_CONTROL_SIZE_MAX];
    sg_bench_control_options options = {.sizes = USUAL,
                                        .size_count = 4,
                                        .changed_frac = 0.1,
                                        .ticks = whole_number(words->ticks, 100, SG_BENCH_TICK_MAX),
                                        .threads = whole_number(words->threads, 2, 64),
                                        .json = words->json};
    if (words->sizes) {
        options.sizes = sizes;
        options.size_count = parse_devices(words->sizes, sizes);
    }
    if (!options.size_count) {
        return refuse("--sizes", "numbers of devices like 1000,100000, up to 1000000",
                      words->sizes);
    }
    if (words->changed) {
        char *end;
        options.changed_frac = strtod(words->changed, &end);
        if (end == words->changed || *end ||
            !(options.changed_frac >= 0 && options.changed_frac <= 1)) {
            return refuse("--changed", "a number from 0 to 1", words->changed);
        }
    }
    if (!options.ticks) {
        return refuse("--ticks", "a number from 1 to 1000000", words->ticks);
    }
    if (!options.threads) {
        return refuse("--threads", "a number from 1 to 64", words->threads);
    }
    if (!parse_peer(words->peer, &options.peers)) {
        return refuse("--peer", "auto or none", words->peer);
    }
    return sg_bench_control(&options);
}

static int bench_forecast(const bench_words *words)
{
    static const int32_t USUAL[] = {1000, 10000, 100000};
    int32_t sizes[SG_BENCH_CONTROL_SIZE_MAX];
    sg_bench_forecast_options options = {.sizes = USUAL,
                                         .size_count = 3,
                                         .ticks =
                                             whole_number(words->ticks, 100, SG_BENCH_TICK_MAX),
                                         .threads = whole_number(words->threads, 2, 64),
                                         .json = words->json};
    if (words->sizes) {
        options.sizes = sizes;
        options.size_count = parse_devices(words->sizes, sizes);
    }
    if (!options.size_count) {
        return refuse("--sizes", "numbers of series like 1000,100000, up to 1000000", words->sizes);
    }
    if (!options.ticks) {
        return refuse("--ticks", "a number from 1 to 1000000", words->ticks);
    }
    if (!options.threads) {
        return refuse("--threads", "a number from 1 to 64", words->threads);
    }
    if (!parse_peer(words->peer, &options.peers)) {
        return refuse("--peer", "auto or none", words->peer);
    }
    return sg_bench_forecast(&options);
}

static int bench_model(const bench_words *words, char **names, int name_count)
{
    static sg_model rooms[NAMES_MAX];
    static const sg_model *models[NAMES_MAX];
    double seconds = 0.3;
    if (!parse_seconds(words, &seconds)) {
        return SG_EXIT_USAGE;
    }
    int count = choose(names, name_count, rooms, models);
    return count < 0 ? SG_EXIT_USAGE : measure(models, count, seconds, words->json);
}

int sg_cli_bench(int argc, char **argv)
{
    bench_words given = {0};
    bool help = false;
    const sg_option options[] = {{"--seconds", &given.seconds, NULL},
                                 {"--sizes", &given.sizes, NULL},
                                 {"--repeats", &given.repeats, NULL},
                                 {"--peer", &given.peer, NULL},
                                 {"--changed", &given.changed, NULL},
                                 {"--ticks", &given.ticks, NULL},
                                 {"--threads", &given.threads, NULL},
                                 {"--json", NULL, &given.json},
                                 {"--full", NULL, &given.full},
                                 {"--races", &given.races, NULL},
                                 {"--help", NULL, &help}};
    int words = sg_options_parse(argc, argv, options, 11, NAMES_MAX);
    if (words < 0) {
        return SG_EXIT_USAGE;
    }
    if (help) {
        fputs(HELP, stdout);
        return SG_EXIT_DONE;
    }
    bool plan = words == 1 && strcmp(argv[1], "plan") == 0;
    bool control = words == 1 && strcmp(argv[1], "control") == 0;
    bool model = words >= 1 && strcmp(argv[1], "model") == 0;
    bool agent = words == 1 && strcmp(argv[1], "agent") == 0;
    bool forecast = words == 1 && strcmp(argv[1], "forecast") == 0;
    if (!plan && !control && !model && !agent && !forecast) {
        fputs("symgrid bench: expected `symgrid bench model`, `plan`, `control`, `forecast` or "
              "`agent`; see symgrid bench --help\n",
              stderr);
        return SG_EXIT_USAGE;
    }
    bool odd = (!model && !agent && given.seconds) || (model && given.sizes) ||
               ((model || agent) && given.peer) ||
               (!plan && (given.repeats || given.full || given.races)) ||
               (!control && given.changed) || (!control && !forecast && given.ticks) ||
               ((model || agent) && given.threads);
    if (odd) {
        fprintf(stderr,
                "symgrid bench: an option that `symgrid bench %s` does not have; see "
                "symgrid bench --help\n",
                argv[1]);
        return SG_EXIT_USAGE;
    }
    return plan       ? bench_plan(&given)
           : control  ? bench_control(&given)
           : agent    ? bench_agent(&given)
           : forecast ? bench_forecast(&given)
                      : bench_model(&given, argv + 2, words - 1);
}
