/* bench_arbitrage.c - one store against a tariff: slope merging beside Clp on the same problems in one run, medians of 20.
 *
 * usage: bench_arbitrage [STEPS]      default: a day, three days, a month, a year, and stores that are large
 *
 * Times are those of the solve calls, of one thread: for Clp once with the writing out of the program (`symgrid plan`), and once for
 * sg_lp_solve alone. Objectives of both are printed: they must agree. */
#include "base/prng.h"
#include "plan/arbitrage.h"
#include "plan/program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STEP_MAX = 40000, ROUNDS = 20 };

typedef struct site {
    double load[STEP_MAX], buy[STEP_MAX], sell[STEP_MAX], sun[STEP_MAX];
    sg_dispatch_source source;
    sg_dispatch_store store;
    sg_dispatch p;
} site;

/* 1 MW against a market, or beside load and sun; `hours` is how long the full store lasts. */
static void site_create(site *self, int steps, double hours, bool load)
{
    double step_h = steps <= 3000 ? 0.25 : 1.0;
    for (int t = 0; t < steps; t++) {
        uint64_t n = (uint64_t)t;
        double hour = fmod((double)t * step_h, 24.0), day = sin((hour - 6.0) / 12.0 * 3.14159265);
        self->buy[t] =
            0.12 + 0.06 * sin((hour - 12.0) / 6.0 * 3.14159265) + 0.05 * sg_prng_unit(3, n);
        self->sell[t] = self->buy[t] - 0.01;
        self->load[t] = load ? 800.0 + 400.0 * sg_prng_unit(1, n) : 0.0;
        self->sun[t] = fmax(day, 0.0) * 2000.0 * sg_prng_unit(2, n);
    }
    self->source = (sg_dispatch_source){.id = "pv", .available_kw = self->sun};
    self->store = (sg_dispatch_store){.id = "battery",
                                      .energy_kwh_max = 1000.0 * hours,
                                      .charge_kw_max = 1000.0,
                                      .discharge_kw_max = 1000.0,
                                      .charge_eff = 0.95,
                                      .discharge_eff = 0.95,
                                      .standing_loss_per_h = 2e-4,
                                      .initial_kwh = 500.0 * hours,
                                      .final_kwh_min = 500.0 * hours,
                                      .wear_cost_per_kwh = 0.005};
    self->p = (sg_dispatch){.step_s = 3600.0 * step_h,
                            .steps = steps,
                            .load_kw = self->load,
                            .grid = {.present = true,
                                     .import_kw_max = 5000.0,
                                     .export_kw_max = 5000.0,
                                     .import_price_per_kwh = self->buy,
                                     .export_price_per_kwh = self->sell,
                                     .ramp_kw_per_step = HUGE_VAL},
                            .sources = &self->source,
                            .source_count = load ? 1 : 0,
                            .stores = &self->store,
                            .store_count = 1};
}

/* Time of this thread: neither solver has another, and what else the machine does is left out. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *took_s, int count)
{
    qsort(took_s, (size_t)count, sizeof *took_s, compare);
    return count % 2 ? took_s[count / 2] : (took_s[count / 2 - 1] + took_s[count / 2]) / 2.0;
}

static void give_up(void)
{
    fputs("bench_arbitrage: a solve failed\n", stderr);
    exit(3);
}

static double time_own(const sg_dispatch *p, sg_schedule *ret, sg_arena *arena)
{
    double took_s[ROUNDS];
    size_t size = sg_arbitrage_size(p);
    void *memory = malloc(size);
    if (!memory || sg_schedule_create(p, arena, ret) != SG_OK) {
        give_up();
    }
    for (int k = 0; k < ROUNDS; k++) {
        double began_s = now_s();
        if (sg_arbitrage_solve(p, memory, size, ret) != SG_OK || ret->outcome != SG_SOLVED) {
            give_up();
        }
        took_s[k] = now_s() - began_s;
    }
    free(memory);
    return median(took_s, ROUNDS);
}

/* With the model's build in *ret_whole_s, without it in the result. Twenty runs, fewer where they are slow. */
static double time_clp(const sg_dispatch *p, double *ret_whole_s, double *ret_objective)
{
    double solve_s[ROUNDS], whole_s[ROUNDS], total_s = 0.0;
    int done = 0;
    while (done < ROUNDS && total_s < 60.0) {
        sg_arena scratch = {0};
        sg_program program;
        sg_lp_result result;
        double began_s = now_s();
        if (sg_program_build(&program, p, false, &scratch) != SG_OK) {
            give_up();
        }
        double built_s = now_s();
        if (sg_lp_solve(&program.lp, SG_LP_CLP, 0.0, &result) != SG_OK ||
            result.outcome != SG_SOLVED) {
            give_up();
        }
        solve_s[done] = now_s() - built_s;
        whole_s[done] = now_s() - began_s;
        total_s += whole_s[done++];
        *ret_objective = result.objective;
        sg_lp_result_free(&result);
        sg_lp_free(&program.lp);
        sg_arena_free(&scratch);
    }
    *ret_whole_s = median(whole_s, done);
    return median(solve_s, done);
}

static void run(site *self, int steps, double hours, bool load)
{
    sg_arena arena = {0};
    sg_schedule own;
    double whole_s, objective = (double)NAN;
    site_create(self, steps, hours, load);
    double own_s = time_own(&self->p, &own, &arena);
    double clp_s = time_clp(&self->p, &whole_s, &objective);
    printf("%6d %6g h %-8s %10.2f %8.1f %10.3f %10.3f %7.0f x %16.6f %16.6f %8.1e\n", steps, hours,
           load ? "load+sun" : "market", 1e6 * own_s, 1e9 * own_s / steps, 1e3 * clp_s,
           1e3 * whole_s, clp_s / own_s, own.objective, objective, own.relative_gap);
    sg_arena_free(&arena);
}

int main(int argc, char **argv)
{
    static site here;
    static const struct {
        int steps;
        double hours;
        bool load;
    } DEFAULTS[] = {{96, 4, false},      {288, 4, false}, {2976, 4, false}, {8760, 4, false},
                    {96, 4, true},       {288, 4, true},  {8760, 4, true},  {8760, 100, false},
                    {8760, 8760, false}, {35040, 4, true}};
    int steps = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 1;
    if (argc > 2 || steps < 1 || steps > STEP_MAX) {
        fprintf(stderr, "usage: bench_arbitrage [STEPS], up to %d\n", STEP_MAX);
        return 2;
    }
    printf("%6s %8s %-8s %10s %8s %10s %10s %9s %16s %16s %8s\n", "steps", "store", "site",
           "own us", "ns/step", "clp ms", "with build", "faster", "own cost", "clp cost",
           "own gap");
    if (argc == 2) {
        run(&here, steps, 4.0, false);
        return 0;
    }
    for (size_t i = 0; i < sizeof DEFAULTS / sizeof *DEFAULTS; i++) {
        run(&here, DEFAULTS[i].steps, DEFAULTS[i].hours, DEFAULTS[i].load);
    }
    return 0;
}
