/* bench_dispatch.c - time of a cold solve of the dispatch program, medians.
 *
 * usage: bench_dispatch [STEPS STORES]      default: a table from one day to a year
 *
 * The site has sun, a tariff with a spread, a demand charge per 730 hours, a ramp, reserve in both
 * directions, sheddable load, and batteries and flywheels of different sizes. The step is a quarter
 * of an hour up to 3000 steps and an hour beyond. For documents of your own read `solve_s` of
 * `symgrid plan --problem FILE --json`. */
#include "base/prng.h"
#include "plan/dispatch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEP_MAX = 10000, STORE_MAX = 16, DEMAND_MAX = 16, ROUND_MAX = 15 };

typedef struct site {
    double load[STEP_MAX], sun[STEP_MAX], buy[STEP_MAX], sell[STEP_MAX], shed[STEP_MAX];
    double up[STEP_MAX], down[STEP_MAX];
    sg_dispatch_store stores[STORE_MAX];
    sg_dispatch_demand demand[DEMAND_MAX];
    sg_dispatch_source source;
    sg_dispatch_shed batch;
    sg_dispatch problem;
} site;

static void site_series(site *self, int steps, double hours)
{
    for (int t = 0; t < steps; t++) {
        uint64_t n = (uint64_t)t;
        double hour = fmod((double)t * hours, 24.0),
               daylight = sin((hour - 6.0) / 12.0 * 3.14159265);
        self->load[t] =
            2500.0 + 400.0 * sin((hour - 9.0) / 12.0 * 3.14159265) + 300.0 * sg_prng_unit(1, n);
        self->sun[t] = fmax(daylight, 0.0) * 3000.0 * (0.4 + 0.6 * sg_prng_unit(2, n));
        self->buy[t] =
            0.12 + 0.06 * sin((hour - 12.0) / 6.0 * 3.14159265) + 0.05 * sg_prng_unit(3, n);
        self->sell[t] = self->buy[t] - 0.01;
        self->shed[t] = 0.15 * self->load[t];
        self->up[t] = 300.0;
        self->down[t] = 200.0;
    }
}

static void site_create(site *self, int steps, int stores)
{
    double step_s = steps <= 3000 ? 900.0 : 3600.0, hours = step_s / 3600.0;
    int period = (int)(730.0 / hours), periods = 0;
    site_series(self, steps, hours);
    for (int from = 0; from < steps && periods < DEMAND_MAX; from += period) {
        int to = from + period < steps ? from + period : steps;
        self->demand[periods++] = (sg_dispatch_demand){from, to, 9.0, 1500.0};
    }
    for (int s = 0; s < stores; s++) {
        bool wheel = s % 2 == 1;
        double size = (wheel ? 300.0 : 4000.0) / (1.0 + 0.5 * s);
        self->stores[s] = (sg_dispatch_store){.id = "store",
                                              .energy_kwh_min = 0.1 * size,
                                              .energy_kwh_max = size,
                                              .charge_kw_max = wheel ? 4.0 * size : 0.3 * size,
                                              .discharge_kw_max = wheel ? 4.0 * size : 0.3 * size,
                                              .charge_eff = wheel ? 0.93 : 0.95,
                                              .discharge_eff = wheel ? 0.93 : 0.95,
                                              .standing_loss_per_h = wheel ? 0.02 : 5e-5,
                                              .initial_kwh = 0.5 * size,
                                              .final_kwh_min = 0.5 * size,
                                              .wear_cost_per_kwh = wheel ? 0.0005 : 0.012};
    }
    self->source = (sg_dispatch_source){.id = "pv", .available_kw = self->sun};
    self->batch = (sg_dispatch_shed){.id = "batch", .max_kw = self->shed, .cost_per_kwh = 0.35};
    self->problem = (sg_dispatch){.step_s = step_s,
                                  .steps = steps,
                                  .load_kw = self->load,
                                  .grid = {.present = true,
                                           .import_kw_max = 6000.0,
                                           .export_kw_max = 3000.0,
                                           .import_price_per_kwh = self->buy,
                                           .export_price_per_kwh = self->sell,
                                           .ramp_kw_per_step = 1500.0,
                                           .demand = self->demand,
                                           .demand_count = periods},
                                  .sources = &self->source,
                                  .source_count = 1,
                                  .stores = self->stores,
                                  .store_count = stores,
                                  .shed = &self->batch,
                                  .shed_count = 1,
                                  .reserve_up_kw = self->up,
                                  .reserve_down_kw = self->down,
                                  .reserve_duration_s = 900.0};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void run(site *self, int steps, int stores)
{
    double took_s[ROUND_MAX], total_s = 0.0;
    sg_schedule r = {0};
    int done = 0;
    site_create(self, steps, stores);
    while (done < ROUND_MAX && (done < 3 || total_s < 2.0) && total_s < 60.0) {
        sg_arena arena = {0};
        if (sg_dispatch_solve(&self->problem, 0.0, &arena, &r) != SG_OK) {
            fputs("bench_dispatch: the solve failed\n", stderr);
            exit(3);
        }
        took_s[done] = r.solve_s;
        total_s += took_s[done++];
        sg_arena_free(&arena);
    }
    qsort(took_s, (size_t)done, sizeof *took_s, compare);
    printf("%8d %8d %12.2f %12lld %18.6f %10.1e  %s\n", steps, stores, 1e3 * took_s[done / 2],
           (long long)r.iterations, r.objective, r.relative_gap, sg_outcome_text(r.outcome));
}

int main(int argc, char **argv)
{
    static const int DEFAULTS[][2] = {{96, 1},  {96, 4},  {96, 8},   {288, 1},
                                      {288, 4}, {288, 8}, {2976, 2}, {8760, 1}};
    static site here;
    int steps = argc == 3 ? atoi(argv[1]) : 1, stores = argc == 3 ? atoi(argv[2]) : 1;
    if ((argc != 1 && argc != 3) || steps < 1 || steps > STEP_MAX || stores < 0 ||
        stores > STORE_MAX) {
        fprintf(stderr, "usage: bench_dispatch [STEPS STORES], up to %d and %d\n", STEP_MAX,
                STORE_MAX);
        return 2;
    }
    printf("%8s %8s %12s %12s %18s %10s\n", "steps", "stores", "median ms", "iterations", "cost",
           "gap");
    if (argc == 3) {
        run(&here, steps, stores);
        return 0;
    }
    for (size_t i = 0; i < sizeof DEFAULTS / sizeof *DEFAULTS; i++) {
        run(&here, DEFAULTS[i][0], DEFAULTS[i][1]);
    }
    return 0;
}
