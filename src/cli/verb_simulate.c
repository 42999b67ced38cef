/* symgrid simulate - days to years of a site, one report. */
#include "base/check.h"
#include "base/quantity.h"
#include "base/time.h"
#include "cli/paint.h"
#include "cli/simulate_seeds.h"
#include "cli/verbs.h"
#include "study/breakers.h"
#include "study/regulation.h"
#include "study/rolling.h"
#include "study/swings.h"
#include "study/trace_svg.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char help[] =
    "usage: symgrid simulate SITE [OPTIONS]\n"
    "       symgrid simulate [SITE] --seeds A..B [--faults] [--for D] [--jobs N] [--json]\n"
    "\n"
    "Runs the engine that controls a real site against a simulated plant that plays the site's "
    "series.\n"
    "\n"
    "  --from TIME       where to start, e.g. 2023-01-01 (default: where the site's series start)\n"
    "  --for DURATION    how long, e.g. 30d, 365d (default 30d)\n"
    "  --step DURATION   length of a step, 10ms to 1h (default 15min)\n"
    "  --policy NAME     static   stores stand still: the baseline\n"
    "                    rules    own surplus first, cheap hours, peaks (default)\n"
    "                    mpc      a plan from forecasts, made anew every hour\n"
    "                    perfect  a plan from the true future: the bound, no policy beats it\n"
    "  --plan-every D    mpc: a new plan every so often (default 1h)\n"
    "  --study rolling   what planning again is worth: no store, plans once a day, every 30 min "
    "and "
    "every 5 min with\n"
    "                    four ways of forecasting, perfect knowledge; one line each, with the "
    "regret\n"
    "  --study breakers  what feeders cost that are too small: no control, equal caps, fixed "
    "limits, "
    "limits that follow\n"
    "                    the heat of the breakers; steps of 100ms unless --step says otherwise\n"
    "  --study regulation  how well the regulation signal is followed: score and its parts, "
    "energy, "
    "credit, for the whole mix,\n"
    "                    without recentring, the battery alone, the flywheel alone (default: one "
    "day "
    "at steps of 1s)\n"
    "  --study swings    what the contract on the site's own power comes to: ramp, band and "
    "spectrum "
    "before and after\n"
    "                    (default: one hour at steps of 100ms); --report writes an SVG picture\n"
    "  --report FILE     FILE.html: one self-contained page with plots; FILE.json: "
    "symgrid.report/1; FILE.csv: its figures\n"
    "                    as lines\n"
    "  --trace FILE      power and stored energy over time: FILE.csv as lines, else one SVG "
    "picture\n"
    "  --json            symgrid.report/1 on stdout instead of a table\n"
    "  --seed N          of drawn series and random faults (default: the site file's `seed`, or "
    "0)\n"
    "  --no-baseline     do not run `static` beside it\n"
    "  --seeds A..B      instead of a report: for each seed a random small site (or SITE) at steps "
    "of 100 ms for\n"
    "                    20 h (or --for), and every invariant checked at every step; 1 where one "
    "is "
    "violated\n"
    "  --faults          with --seeds: devices, sensors, links, clock, planner and engine fail at "
    "random\n"
    "  --jobs N          with --seeds: so many at once (default: one a core)\n"
    "\n"
    "example: symgrid simulate sites/floating.maml.md --from 2023-01-01 --for 365d --report "
    "year.html\n";

static void progress(void *self, double done_frac)
{
    sg_progress_step(self, done_frac);
}

static int write_file(const char *path, const sg_out *out)
{
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(out->text, 1, out->length, file) == out->length;
    good = file && fclose(file) == 0 && good;
    if (!good) {
        fprintf(stderr, "symgrid simulate: cannot write %s: %s\n", path, strerror(errno));
        return SG_EXIT_ENVIRONMENT;
    }
    return SG_EXIT_DONE;
}

static int print_out(sg_out *out)
{
    bool good = fwrite(out->text, 1, out->length, stdout) == out->length && fflush(stdout) == 0;
    if (!good) {
        fprintf(stderr, "symgrid simulate: cannot write to stdout: %s\n", strerror(errno));
    }
    return good ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
}

/* What --report writes, by the end of its name. */
static const struct report_kind {
    const char *ending;
    void (*write)(const sg_report *report, sg_out *out);
} report_kinds[] = {{".html", sg_report_html},
                    {".htm", sg_report_html},
                    {".json", sg_report_json},
                    {".csv", sg_report_csv}};

static bool ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcasecmp(path + length - tail, ending) == 0;
}

/* NULL: none of them. */
static const struct report_kind *report_kind_of(const char *path)
{
    for (int i = 0; i < SG_COUNT(report_kinds); i++) {
        if (ends_in(path, report_kinds[i].ending)) {
            return &report_kinds[i];
        }
    }
    return NULL;
}

static int print_report(const sg_report *report, bool json, const char *report_path,
                        const char *plot_path)
{
    sg_out out = {0};
    if (json) {
        sg_report_json(report, &out);
        sg_out_text(&out, "\n");
    } else {
        sg_report_table(report, &out);
    }
    int status = print_out(&out);
    if (report_path && status == SG_EXIT_DONE) {
        sg_out_clear(&out);
        report_kind_of(report_path)->write(report, &out);
        status = write_file(report_path, &out);
    }
    if (plot_path && status == SG_EXIT_DONE) {
        sg_out_clear(&out);
        (ends_in(plot_path, ".csv") ? sg_trace_csv : sg_trace_svg)(report, &out);
        status = write_file(plot_path, &out);
    }
    sg_out_free(&out);
    return status;
}

/* The command as a shell would take it again. */
static void say_command(int argc, char **argv, sg_out *out)
{
    sg_out_text(out, "symgrid");
    for (int i = 0; i < argc; i++) {
        bool plain = argv[i][0] && strspn(argv[i], "abcdefghijklmnopqrstuvwxyz"
                                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                   "0123456789_-./:=,+@%") == strlen(argv[i]);
        sg_out_text(out, plain ? " " : " '");
        for (const char *at = argv[i]; *at; at++) {
            sg_out_text(out, *at == '\'' ? "'\\" : "");
            sg_out_bytes(out, at, 1);
            sg_out_text(out, *at == '\'' ? "'" : "");
        }
        sg_out_text(out, plain ? "" : "'");
    }
}

static int failed(sg_status outcome)
{
    fprintf(stderr, "symgrid simulate: %s\n",
            outcome == SG_UNAVAILABLE ? "the bound could not be solved: the site cannot serve its "
                                        "load even with full foresight"
                                      : sg_status_text(outcome));
    return outcome == SG_UNAVAILABLE ? SG_EXIT_NO : SG_EXIT_ENVIRONMENT;
}

static sg_status study_breakers(const sg_simulation *sim, bool json, sg_out *out, sg_out *picture)
{
    sg_breakers *study = malloc(sizeof *study);
    sg_status outcome = study ? sg_breakers_study(sim, study) : SG_NOMEM;
    if (outcome == SG_OK) {
        (json ? sg_breakers_json : sg_breakers_table)(study, out);
        sg_breakers_html(study, picture);
    }
    free(study);
    return outcome;
}

static sg_status study_rolling(const sg_simulation *sim, bool json, sg_out *out, sg_out *picture)
{
    (void)picture;
    sg_rolling study;
    sg_status outcome = sg_rolling_study(sim, &study);
    if (outcome == SG_OK) {
        (json ? sg_rolling_json : sg_rolling_table)(&study, out);
    }
    return outcome;
}

static sg_status study_regulation(const sg_simulation *sim, bool json, sg_out *out, sg_out *picture)
{
    (void)picture;
    sg_regulation_report study;
    sg_status outcome = sg_regulation_study(sim, &study);
    if (outcome == SG_OK) {
        (json ? sg_regulation_json : sg_regulation_table)(&study, out);
    }
    return outcome;
}

static sg_status study_swings(const sg_simulation *sim, bool json, sg_out *out, sg_out *picture)
{
    sg_swings_report *study = malloc(sizeof *study);
    sg_status outcome = study ? sg_swings_study(sim, study) : SG_NOMEM;
    if (outcome == SG_OK) {
        (json ? sg_swings_json : sg_swings_table)(study, out);
        sg_swings_svg(study, picture);
    }
    free(study);
    return outcome;
}

static const struct study {
    const char *name;
    sg_status (*run)(const sg_simulation *sim, bool json, sg_out *out, sg_out *picture);
    bool draws;                            /* a page or picture for --report */
    const char *needs;                     /* told when something is missing */
    double duration_s, step_s, step_s_max; /* presets; of the seconds that it looks at */
} studies[] = {
    {"rolling", study_rolling, false, "", 30 * 86400, 900, 3600},
    {"breakers", study_breakers, true, "expected a node with a `curve` in the site file",
     30 * 86400, 0.1, 60},
    {"regulation", study_regulation, false, "the site has no `regulation` in `grid`, or no stores",
     86400, 1, 5},
    {"swings", study_swings, true, "the site has no `contract` in `grid`, or no stores", 3600, 0.1,
     1},
};

static const struct study *study_find(const char *name)
{
    for (int i = 0; name && i < SG_COUNT(studies); i++) {
        if (strcmp(studies[i].name, name) == 0) {
            return &studies[i];
        }
    }
    return NULL;
}

static int run_study(const struct study *study, const sg_simulation *sim, bool json,
                     const char *picture_path)
{
    sg_out out = {0}, picture = {0};
    sg_status outcome = study->run(sim, json, &out, &picture);
    if (outcome == SG_MISSING) {
        fprintf(stderr, "symgrid simulate: --study %s: %s\n", study->name, study->needs);
        return SG_EXIT_USAGE;
    }
    if (outcome != SG_OK) {
        return failed(outcome);
    }
    if (json) {
        sg_out_text(&out, "\n");
    }
    int status = print_out(&out);
    if (picture_path && status == SG_EXIT_DONE) {
        status = write_file(picture_path, &picture);
    }
    sg_out_free(&out);
    sg_out_free(&picture);
    return status;
}

typedef struct words {
    const char *from, *duration, *step, *policy, *report, *trace, *seed, *plan_every, *study,
        *seeds, *jobs;
    bool json, help, no_baseline, faults;
} words;

static int read_seed(const char *text, sg_site *site)
{
    double value;
    if (!text) {
        return SG_EXIT_DONE;
    }
    if (sg_number_scan(text, strlen(text), &value) != strlen(text) || !(value >= 0) ||
        value > INT32_MAX || value != floor(value)) {
        fprintf(stderr, "symgrid simulate: --seed: expected a whole number up to %d, got '%s'\n",
                INT32_MAX, text);
        return SG_EXIT_USAGE;
    }
    sg_site_reseed(site, (uint64_t)value);
    return SG_EXIT_DONE;
}

/* A long run is not begun for a file that could not be written at its end. */
static int check_place(const char *option, const char *path)
{
    char folder[4096] = ".";
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (slash) {
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    }
    const char *place = path && access(path, F_OK) == 0 ? path : folder;
    if (path && access(place, W_OK) != 0) {
        fprintf(stderr, "symgrid simulate: %s: cannot write %s: %s\n", option, path,
                strerror(errno));
        return SG_EXIT_ENVIRONMENT;
    }
    return 0;
}

static int read_options(const words *w, const sg_site *site, sg_simulation *ret)
{
    const struct study *study = study_find(w->study);
    if (w->study && !study) {
        fprintf(stderr,
                "symgrid simulate: --study: expected rolling, breakers, regulation or swings, got "
                "'%s'\n",
                w->study);
        return SG_EXIT_USAGE;
    }
    ret->duration_s = study ? study->duration_s : 30 * 86400.0;
    ret->step_s = study ? study->step_s : 900;
    ret->policy = SG_POLICY_RULES;
    int64_t end_us;
    if (sg_site_span(site, &ret->from_us, &end_us) != SG_OK) {
        ret->from_us = sg_days_from_civil(2023, 1, 1) * SG_US_PER_DAY;
    }
    int status = sg_option_time("--from", w->from, &ret->from_us);
    status = status ? status : sg_option_duration("--for", w->duration, &ret->duration_s);
    status = status ? status : sg_option_duration("--step", w->step, &ret->step_s);
    if (!status && (ret->step_s < 0.01 || ret->step_s > 3600 || ret->step_s > ret->duration_s)) {
        fprintf(stderr, "symgrid simulate: --step: expected 10ms to 1h and not more than --for\n");
        status = SG_EXIT_USAGE;
    }
    status =
        status ? status : sg_option_duration("--plan-every", w->plan_every, &ret->plan_period_s);
    if (!status && study && ret->step_s > study->step_s_max) {
        fprintf(stderr, "symgrid simulate: --step: --study %s looks at steps of at most %g s\n",
                study->name, study->step_s_max);
        status = SG_EXIT_USAGE;
    }
    if (!status && study && w->report && !study->draws) {
        fprintf(stderr, "symgrid simulate: --study %s draws nothing for --report\n", study->name);
        status = SG_EXIT_USAGE;
    }
    if (!status && !study && w->report && !report_kind_of(w->report)) {
        fprintf(
            stderr,
            "symgrid simulate: --report: expected a name that ends in .html, .json or .csv, got "
            "'%s'\n",
            w->report);
        status = SG_EXIT_USAGE;
    }
    status = status ? status : check_place("--report", w->report);
    status = status ? status : check_place("--trace", w->trace);
    if (!status && w->policy && !sg_policy_find(w->policy, &ret->policy)) {
        fprintf(stderr,
                "symgrid simulate: --policy: expected static, rules, mpc or perfect, got '%s'\n",
                w->policy);
        status = SG_EXIT_USAGE;
    }
    return status ? status : sg_cli_check_span(site, ret->from_us, ret->duration_s);
}

static int run_seeds(const words *w, const char *site_path)
{
    sg_site site = {0};
    if (w->from || w->step || w->policy || w->report || w->seed || w->plan_every || w->study ||
        w->no_baseline) {
        fputs("symgrid simulate: --seeds goes with SITE, --faults, --for, --jobs and --json only\n",
              stderr);
        return SG_EXIT_USAGE;
    }
    int status = site_path ? sg_cli_load_site(site_path, &site) : SG_EXIT_DONE;
    if (!status) {
        const sg_seeds seeds = {.seeds = w->seeds,
                                .site_path = site_path,
                                .site = site_path ? &site : NULL,
                                .duration = w->duration,
                                .jobs = w->jobs,
                                .faults = w->faults,
                                .json = w->json};
        status = sg_cli_seeds(&seeds);
    }
    sg_site_free(&site);
    return status;
}

static int run_report(const words *w, sg_simulation *sim, const char *command)
{
    sg_report *report = malloc(sizeof *report);
    if (!report) {
        return failed(SG_NOMEM);
    }
    sg_progress bar;
    sg_progress_begin(&bar, sg_policy_name(sim->policy));
    sim->progress = progress;
    sim->progress_self = &bar;
    sg_status outcome = sg_simulate(sim, report);
    sg_progress_end(&bar);
    int status;
    if (outcome == SG_OK) {
        report->origin = (sg_report_origin){command, SYMGRID_VERSION};
        status = print_report(report, w->json, w->report, w->trace);
    } else {
        status = failed(outcome);
    }
    free(report);
    return status;
}

static int run_site(const words *w, const char *site_path, const char *command)
{
    sg_site site = {0};
    int status = sg_cli_load_site(site_path, &site);
    sg_simulation sim = {.site = &site, .baseline = !w->no_baseline};
    status = status ? status : read_seed(w->seed, &site);
    status = status ? status : read_options(w, &site, &sim);
    if (!status) {
        status = w->study ? run_study(study_find(w->study), &sim, w->json, w->report)
                          : run_report(w, &sim, command);
    }
    sg_site_free(&site);
    return status;
}

int sg_cli_simulate(int argc, char **argv)
{
    words w = {0};
    const sg_option options[] = {
        {"--from", &w.from, NULL},     {"--for", &w.duration, NULL},
        {"--step", &w.step, NULL},     {"--policy", &w.policy, NULL},
        {"--report", &w.report, NULL}, {"--json", NULL, &w.json},
        {"--help", NULL, &w.help},     {"--no-baseline", NULL, &w.no_baseline},
        {"--seed", &w.seed, NULL},     {"--plan-every", &w.plan_every, NULL},
        {"--study", &w.study, NULL},   {"--seeds", &w.seeds, NULL},
        {"--jobs", &w.jobs, NULL},     {"--faults", NULL, &w.faults},
        {"--trace", &w.trace, NULL}};
    sg_out command = {0};
    say_command(argc, argv, &command); /* before its words are sorted */
    int count = sg_options_parse(argc, argv, options, SG_COUNT(options), 1);
    int status = SG_EXIT_USAGE;
    if (w.help) {
        fputs(help, stdout);
        status = SG_EXIT_DONE;
    } else if (count >= 0 && w.seeds) {
        status = run_seeds(&w, count == 1 ? argv[1] : NULL);
    } else if (count >= 0 && (w.faults || w.jobs)) {
        fputs("symgrid simulate: --faults and --jobs go with --seeds\n", stderr);
    } else if (count == 0) {
        fputs("symgrid simulate: which site? see symgrid simulate --help\n", stderr);
    } else if (count == 1) {
        status = run_site(&w, argv[1], command.text);
    }
    sg_out_free(&command);
    return status;
}
