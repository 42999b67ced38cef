/* symgrid bench plan - the planner and its peers on the same programs, in one run. */
#include "cli/bench_plan.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/bench.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRY_MAX = 6, RACE_MAX = 3 * SG_BENCH_SIZE_MAX };

static const double SECONDS_MAX = 60.0; /* for one solver on one program */

static const char *const PEERS[] = {"clp", "highs"};

/* All solvers on one program. The first entry is the planner's own. */
typedef struct race {
    const char *name; /* "cold", "again", "shift", "arbitrage" */
    int steps, stores;
    sg_bench_answer entries[ENTRY_MAX];
    int count;
    double own_bytes; /* of the own solver's block; NAN where it is not made for this */
} race;

typedef struct bench {
    const sg_bench_plan_options *options;
    sg_bench_effort effort;
    race races[RACE_MAX];
    int race_count;
    bool highs_missing;
    sg_status status;
} bench;

/* ---- solvers ---------------------------------------------------------------------------------- */

static void progress(const race *r, const char *what)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K%s %dx%d: %s", r->name, r->steps, r->stores, what);
    }
}

static void progress_end(void)
{
    if (isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
    }
}

static void enter(race *self, const sg_bench_answer *answer)
{
    if (self->count < ENTRY_MAX) {
        self->entries[self->count++] = *answer;
    }
}

/* A solver's answer to the program as it is, and as every load moves by up to 1 %. */
typedef sg_status cold_solver(const sg_bench_site *site, const sg_bench_effort *effort,
                              sg_bench_answer *ret);
typedef sg_status again_solver(sg_bench_site *site, const sg_bench_effort *effort,
                               sg_bench_answer *ret);

/* Keep the answer; that of a solver which is not here stands empty. */
static void enter_if(bench *self, race *r, sg_status status, const sg_bench_answer *answer)
{
    if (status == SG_OK || status == SG_UNAVAILABLE) {
        enter(r, answer);
    } else {
        self->status = status;
    }
}

static void enter_cold(bench *self, race *r, const char *name, cold_solver *solve,
                       const sg_bench_site *site)
{
    sg_bench_answer answer;
    progress(r, name);
    sg_status status = solve(site, &self->effort, &answer);
    enter_if(self, r, status, &answer);
}

static void enter_again(bench *self, race *r, const char *name, again_solver *solve,
                        sg_bench_site *site)
{
    sg_bench_answer answer;
    progress(r, name);
    sg_status status = solve(site, &self->effort, &answer);
    enter_if(self, r, status, &answer);
}

/* The library's HiGHS where this machine has it. */
static void enter_library_highs(bench *self, race *r, const sg_bench_site *site)
{
    double took_s[SG_BENCH_ROUND_MAX], began_s = sg_clock_s();
    sg_bench_answer answer = {0};
    sg_status status = SG_OK;
    int done = 0;
    while (status == SG_OK && done < self->effort.repeats &&
           (!done || sg_clock_s() - began_s < self->effort.seconds_max)) {
        sg_arena arena = {0};
        sg_schedule schedule;
        sg_dispatch_options options = {.solver = SG_SOLVER_HIGHS};
        status = sg_dispatch_solve_with(&site->problem, &options, &arena, &schedule);
        if (status == SG_OK) {
            snprintf(answer.solver, sizeof answer.solver, "lib%s", schedule.solver);
            answer.outcome = schedule.outcome;
            answer.objective = schedule.objective;
            answer.iterations = schedule.iterations;
            took_s[done++] = schedule.solve_s;
        }
        sg_arena_free(&arena);
    }
    if (status == SG_OK) {
        answer.repeats = done;
        answer.solve_s = (double)NAN;
        answer.call_s = sg_bench_median(took_s, done);
        enter(r, &answer);
    }
}

/* HiGHS in Python: its cold answers into the race (NULL = nobody asked for them), and, from the basis of its simplex, what it
 * makes of `rounds` of moved loads. */
static void enter_highs(bench *self, race *cold, int rounds, sg_bench_site *site,
                        sg_bench_answer *ret_warm)
{
    sg_bench_answer answers[SG_BENCH_HIGHS_MAX];
    int count = 0;
    ret_warm->repeats = 0;
    if (self->highs_missing) {
        return;
    }
    progress(cold ? cold : &self->races[self->race_count - 1], "highs");
    sg_status status = sg_bench_highs(site, &self->effort, rounds, answers, &count, ret_warm);
    self->highs_missing = status == SG_UNAVAILABLE;
    if (status != SG_OK) {
        self->status = status == SG_UNAVAILABLE ? self->status : status;
        ret_warm->repeats = 0;
        return;
    }
    for (int k = 0; k < count && cold; k++) {
        enter(cold, &answers[k]);
    }
}

/* ---- races ------------------------------------------------------------------------------------ */

static race *race_start(bench *self, const char *name, int steps, int stores)
{
    race *r = &self->races[self->race_count++];
    *r = (race){.name = name, .steps = steps, .stores = stores, .own_bytes = (double)NAN};
    return r;
}

static bool asked(const bench *self, unsigned way)
{
    return (self->options->races & way) != 0;
}

/* From nothing. HiGHS goes on in the same process with the moved loads, where they are asked for: ret_warm. */
static void race_cold(bench *self, const sg_bench_size *size, sg_bench_answer *ret_warm)
{
    sg_bench_site site;
    self->status = sg_bench_site_create(size->steps, size->stores, &site);
    if (self->status != SG_OK) {
        return;
    }
    race *r = race_start(self, "cold", size->steps, size->stores);
    r->own_bytes = sg_bench_own_bytes(&site.problem);
    enter_cold(self, r, "own", sg_bench_own, &site);
    if (self->status == SG_OK && self->options->peers) {
        enter_cold(self, r, "clp", sg_bench_clp, &site);
        enter_library_highs(self, r, &site);
        enter_highs(self, r, asked(self, SG_BENCH_AGAIN) ? self->effort.repeats : 0, &site,
                    ret_warm);
    }
    sg_bench_site_free(&site);
}

/* Again after every load moved by up to 1 %. */
static void race_again(bench *self, const sg_bench_size *size, const sg_bench_answer *warm)
{
    sg_bench_site moved;
    self->status = sg_bench_site_create(size->steps, size->stores, &moved);
    if (self->status != SG_OK) {
        return;
    }
    race *r = race_start(self, "again", size->steps, size->stores);
    enter_again(self, r, "own", sg_bench_own_again, &moved);
    enter_again(self, r, "own-interior", sg_bench_interior_again, &moved);
    if (self->status == SG_OK && self->options->peers) {
        enter_again(self, r, "clp", sg_bench_clp_again, &moved);
    }
    sg_bench_answer own_warm = *warm;
    if (self->status == SG_OK && self->options->peers && !asked(self, SG_BENCH_COLD)) {
        enter_highs(self, NULL, self->effort.repeats, &moved, &own_warm);
    }
    if (own_warm.repeats) {
        enter(r, &own_warm);
    }
    sg_bench_site_free(&moved);
}

/* The horizon one step later, from the basis of the plan before. */
static void race_shift(bench *self, const sg_bench_size *size)
{
    sg_bench_answer answers[SG_BENCH_SHIFT_MAX];
    int count = 0;
    race *r = race_start(self, "shift", size->steps, size->stores);
    progress(r, "all");
    self->status = sg_bench_shift(size->steps, size->stores, &self->effort, self->options->peers,
                                  answers, &count);
    for (int k = 0; k < count && self->status == SG_OK; k++) {
        enter(r, &answers[k]);
    }
}

/* One store between two prices. */
static void race_arbitrage(bench *self, int steps)
{
    sg_bench_site site;
    sg_bench_answer none;
    self->status = sg_bench_arbitrage_create(steps, &site);
    if (self->status != SG_OK) {
        return;
    }
    race *r = race_start(self, "arbitrage", steps, 1);
    enter_cold(self, r, "own", sg_bench_slope, &site);
    if (self->options->peers) {
        enter_cold(self, r, "clp", sg_bench_clp, &site);
        enter_library_highs(self, r, &site);
        enter_highs(self, r, 0, &site, &none);
    }
    sg_bench_site_free(&site);
}

/* ---- what follows from the races -------------------------------------------------------------- */

static double time_of(const sg_bench_answer *e, bool call)
{
    return call ? e->call_s : e->solve_s;
}

/* The quickest answer of the peers whose name begins so, by the solver's time or by the call's; NULL where
 * none has one. */
static const sg_bench_answer *best_peer(const race *r, const char *name, bool call)
{
    const sg_bench_answer *best = NULL;
    for (int k = 1; k < r->count; k++) {
        const sg_bench_answer *e = &r->entries[k];
        bool counts = e->repeats && e->outcome == SG_SOLVED && isfinite(time_of(e, call)) &&
                      strncmp(e->solver, name, strlen(name)) == 0;
        if (counts && (!best || time_of(e, call) < time_of(best, call))) {
            best = e;
        }
    }
    return best;
}

/* How many times as long as the own solver the best of them takes; NAN where either is not here. */
static double times_own(const race *r, const char *name, bool call)
{
    const sg_bench_answer *peer = best_peer(r, name, call), *own = &r->entries[0];
    return own->repeats && peer ? time_of(peer, call) / time_of(own, call) : (double)NAN;
}

/* Relative to the first answer of the race. Again and shift: the program is that of the last round, so that only
 * answers after as many rounds compare. */
static double off_frac(const race *r, const sg_bench_answer *e)
{
    for (int k = 0; k < r->count; k++) {
        const sg_bench_answer *first = &r->entries[k];
        bool rounds = strcmp(r->name, "again") == 0 || strcmp(r->name, "shift") == 0;
        bool same = !rounds || first->repeats == e->repeats;
        if (first->repeats && first->outcome == SG_SOLVED && same) {
            return (e->objective - first->objective) / fabs(first->objective);
        }
    }
    return (double)NAN;
}

/* The slope of log time over log steps, least squares over the cold races of so many stores: entry 0 is
 * the own solver, entry 1 Clp. NAN with fewer than two. */
static double growth(const bench *self, int stores, int entry)
{
    double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
    for (int k = 0; k < self->race_count; k++) {
        const race *r = &self->races[k];
        if (strcmp(r->name, "cold") == 0 && r->stores == stores && entry < r->count &&
            r->entries[entry].repeats) {
            double steps = log(r->steps), s = log(r->entries[entry].solve_s);
            n += 1.0;
            x += steps;
            y += s;
            xx += steps * steps;
            xy += steps * s;
        }
    }
    double spread = n * xx - x * x;
    return n >= 2.0 && spread > 1e-9 ? (n * xy - x * y) / spread : (double)NAN;
}

/* True for the first cold race of so many stores. */
static bool first_of_stores(const bench *self, int index)
{
    for (int k = 0; k < index; k++) {
        if (strcmp(self->races[k].name, "cold") == 0 &&
            self->races[k].stores == self->races[index].stores) {
            return false;
        }
    }
    return strcmp(self->races[index].name, "cold") == 0;
}

/* ---- table ------------------------------------------------------------------------------------ */

static void write_ms(double s)
{
    if (isfinite(s)) {
        printf(" %11.3f", 1e3 * s);
    } else {
        printf(" %11s", "-");
    }
}

static void write_entry(const race *r, const sg_bench_answer *e)
{
    printf("%-9s %6d %6d  %-22s", r->name, r->steps, r->stores, e->solver);
    if (!e->repeats) {
        puts(" not here");
        return;
    }
    write_ms(e->solve_s);
    write_ms(e->call_s);
    printf(" %7d %10lld %18.6f %9.1e%s%s\n", e->repeats, (long long)e->iterations, e->objective,
           off_frac(r, e), e->outcome == SG_SOLVED ? "" : "  ",
           e->outcome == SG_SOLVED ? "" : sg_outcome_text(e->outcome));
}

static void write_ratio(const race *r, const char *peer)
{
    double solve = times_own(r, peer, false), call = times_own(r, peer, true);
    if (isfinite(solve)) {
        printf("%-9s %6d %6d  own is %.1f times as fast as %s", r->name, r->steps, r->stores, solve,
               best_peer(r, peer, false)->solver);
        printf(isfinite(call) ? ", %.1f times by the call\n" : "\n", call);
    }
}

static void write_race(const race *r)
{
    progress_end();
    for (int k = 0; k < r->count; k++) {
        write_entry(r, &r->entries[k]);
    }
    for (size_t k = 0; k < sizeof PEERS / sizeof *PEERS; k++) {
        write_ratio(r, PEERS[k]);
    }
    if (isfinite(r->own_bytes)) {
        printf("%-9s %6d %6d  own takes %.2f MB, %.0f bytes per step and store\n", r->name,
               r->steps, r->stores, 1e-6 * r->own_bytes,
               r->own_bytes / ((double)r->steps * (r->stores ? r->stores : 1)));
    }
    fflush(stdout);
}

static void write_head(void)
{
    printf("%-9s %6s %6s  %-22s %11s %11s %7s %10s %18s %9s\n", "", "steps", "stores", "solver",
           "solve ms", "call ms", "repeats", "iterations", "cost", "off by");
}

static void write_growth(const bench *self)
{
    for (int k = 0; k < self->race_count; k++) {
        int stores = self->races[k].stores;
        double own = growth(self, stores, 0), clp = growth(self, stores, 1);
        if (first_of_stores(self, k) && isfinite(own)) {
            printf("growth with %d stores: own time ~ steps^%.2f\n", stores, own);
        }
        if (first_of_stores(self, k) && isfinite(clp)) {
            printf("growth with %d stores: clp time ~ steps^%.2f\n", stores, clp);
        }
    }
    if (self->highs_missing) {
        puts("highs is not installed: no python3 with the module highspy or scipy");
    }
}

/* ---- document --------------------------------------------------------------------------------- */

static void write_ms_json(sg_out *out, const char *key, double s)
{
    if (isfinite(s)) {
        sg_json_fixed(out, key, 1e3 * s, 6);
    } else {
        sg_json_null(out, key);
    }
}

static void write_entry_json(const race *r, const sg_bench_answer *e, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "solver", e->solver);
    sg_json_integer(out, "repeats", e->repeats);
    if (e->repeats) {
        sg_json_text(out, "outcome", sg_outcome_text(e->outcome));
        write_ms_json(out, "solve_ms", e->solve_s);
        write_ms_json(out, "call_ms", e->call_s);
        sg_json_integer(out, "iterations", e->iterations);
        sg_json_number(out, "objective", e->objective);
        sg_json_number(out, "off_frac", off_frac(r, e));
    }
    sg_json_end(out, '}');
}

static void write_race_json(const race *r, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "race", r->name);
    sg_json_integer(out, "steps", r->steps);
    sg_json_integer(out, "stores", r->stores);
    sg_json_begin(out, "answers", '[');
    for (int k = 0; k < r->count; k++) {
        write_entry_json(r, &r->entries[k], out);
    }
    sg_json_end(out, ']');
    sg_json_begin(out, "times_own", '{');
    for (size_t k = 0; k < sizeof PEERS / sizeof *PEERS; k++) {
        const sg_bench_answer *best = best_peer(r, PEERS[k], false);
        sg_json_begin(out, PEERS[k], '{');
        sg_json_text(out, "best", best ? best->solver : NULL);
        sg_json_number(out, "solve", times_own(r, PEERS[k], false));
        sg_json_number(out, "call", times_own(r, PEERS[k], true));
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
    sg_json_number(out, "own_bytes", r->own_bytes);
    sg_json_end(out, '}');
}

static void write_growth_json(const bench *self, sg_out *out)
{
    sg_json_begin(out, "growth", '[');
    for (int k = 0; k < self->race_count; k++) {
        if (first_of_stores(self, k)) {
            sg_json_begin(out, NULL, '{');
            sg_json_integer(out, "stores", self->races[k].stores);
            sg_json_number(out, "own_exponent", growth(self, self->races[k].stores, 0));
            sg_json_number(out, "clp_exponent", growth(self, self->races[k].stores, 1));
            sg_json_end(out, '}');
        }
    }
    sg_json_end(out, ']');
}

static int write_json(const bench *self)
{
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "format", "symgrid.bench/1");
    sg_json_integer(&out, "threads", self->options->threads);
    sg_json_begin(&out, "plan", '[');
    for (int k = 0; k < self->race_count; k++) {
        write_race_json(&self->races[k], &out);
    }
    sg_json_end(&out, ']');
    write_growth_json(self, &out);
    sg_json_bool(&out, "highs_is_installed", self->options->peers && !self->highs_missing);
    sg_json_end(&out, '}');
    sg_out_text(&out, "\n");
    bool written = !out.failed && fwrite(out.text, 1, out.length, stdout) == out.length;
    sg_out_free(&out);
    return written ? SG_EXIT_DONE : SG_EXIT_ENVIRONMENT;
}

/* ---- the run ---------------------------------------------------------------------------------- */

/* The race that was run last, as rows, while others go on. */
static void show(const bench *self)
{
    if (!self->options->json && self->status == SG_OK) {
        write_race(&self->races[self->race_count - 1]);
    }
}

static void run_site(bench *self, const sg_bench_size *size)
{
    sg_bench_answer warm = {.repeats = 0};
    if (asked(self, SG_BENCH_COLD)) {
        race_cold(self, size, &warm);
        show(self);
    }
    if (self->status == SG_OK && asked(self, SG_BENCH_AGAIN)) {
        race_again(self, size, &warm);
        show(self);
    }
    if (self->status == SG_OK && asked(self, SG_BENCH_SHIFT)) {
        race_shift(self, size);
        show(self);
    }
}

static void run(bench *self)
{
    const sg_bench_plan_options *o = self->options;
    for (int k = 0; k < o->size_count && self->status == SG_OK; k++) {
        if (o->sizes[k].stores != SG_BENCH_ARBITRAGE) {
            run_site(self, &o->sizes[k]);
        } else if (asked(self, SG_BENCH_SLOPES)) {
            race_arbitrage(self, o->sizes[k].steps);
            show(self);
        }
    }
    progress_end();
}

int sg_bench_plan(const sg_bench_plan_options *options)
{
    bench *self = calloc(1, sizeof *self);
    int status = SG_EXIT_ENVIRONMENT;
    if (!self) {
        fputs("symgrid bench: memory is exhausted\n", stderr);
        return status;
    }
    self->options = options;
    self->effort =
        (sg_bench_effort){options->repeats, SECONDS_MAX, sg_pool_create(options->threads)};
    if (!options->json) {
        write_head();
    }
    run(self);
    sg_pool_free(self->effort.pool);
    if (self->status != SG_OK) {
        fprintf(stderr, "symgrid bench: %s\n", sg_status_text(self->status));
    } else if (options->json) {
        status = write_json(self);
    } else {
        write_growth(self);
        status = SG_EXIT_DONE;
    }
    free(self);
    if (fflush(stdout) != 0) {
        fputs("symgrid bench: the result cannot be written\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    return status;
}
