#include "cli/bench_problem.h"

#include "base/prng.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
enum { PERIOD_HOURS = 730, JITTER_SEED = 1000 };

/* The arrays that a site is made of. */
typedef struct series {
    double *sun, *buy, *sell, *shed, *up, *down;
    double *load, *load_base;
    sg_dispatch_store *stores;
    sg_dispatch_demand *demand;
    sg_dispatch_source *source;
    sg_dispatch_shed *batch;
} series;

static double step_s_of(int steps)
{
    return steps <= 3000 || steps >= 35040 ? 900.0 : 3600.0;
}

static int periods_of(int steps, double hours)
{
    int period = (int)(PERIOD_HOURS / hours);
    return (steps + period - 1) / period;
}

static bool allocate(sg_arena *arena, int steps, int stores, int periods, series *ret)
{
    double **rows[] = {&ret->sun, &ret->buy,  &ret->sell, &ret->shed,
                       &ret->up,  &ret->down, &ret->load, &ret->load_base};
    bool done = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i] = sg_arena_array(arena, (size_t)steps, sizeof(double));
        done = done && *rows[i];
    }
    ret->stores = sg_arena_array(arena, (size_t)stores + 1, sizeof *ret->stores);
    ret->demand = sg_arena_array(arena, (size_t)periods + 1, sizeof *ret->demand);
    ret->source = sg_arena_alloc(arena, sizeof *ret->source);
    ret->batch = sg_arena_alloc(arena, sizeof *ret->batch);
    return done && ret->stores && ret->demand && ret->source && ret->batch;
}

static void fill_series(series *self, int steps, double hours)
{
    for (int t = 0; t < steps; t++) {
        uint64_t n = (uint64_t)t;
        double hour = fmod((double)t * hours, 24.0), daylight = sin((hour - 6.0) / 12.0 * PI);
        self->load_base[t] =
            2500.0 + 400.0 * sin((hour - 9.0) / 12.0 * PI) + 300.0 * sg_prng_unit(1, n);
        self->load[t] = self->load_base[t];
        self->sun[t] = fmax(daylight, 0.0) * 3000.0 * (0.4 + 0.6 * sg_prng_unit(2, n));
        self->buy[t] = 0.12 + 0.06 * sin((hour - 12.0) / 6.0 * PI) + 0.05 * sg_prng_unit(3, n);
        self->sell[t] = self->buy[t] - 0.01;
        self->shed[t] = 0.15 * self->load_base[t];
        self->up[t] = 300.0;
        self->down[t] = 200.0;
    }
}

static void fill_stores(sg_dispatch_store *stores, int count)
{
    for (int s = 0; s < count; s++) {
        bool wheel = s % 2 == 1;
        double size = (wheel ? 300.0 : 4000.0) / (1.0 + 0.5 * s);
        stores[s] = (sg_dispatch_store){.id = "store",
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
}

static void fill_demand(sg_dispatch_demand *demand, int count, int steps, double hours)
{
    int period = (int)(PERIOD_HOURS / hours);
    for (int m = 0; m < count; m++) {
        int from = m * period, to = from + period < steps ? from + period : steps;
        demand[m] = (sg_dispatch_demand){from, to, 9.0, 1500.0};
    }
}

sg_status sg_bench_site_create(int steps, int stores, sg_bench_site *ret)
{
    return sg_bench_site_create_ahead(steps, stores, 0, ret);
}

sg_status sg_bench_site_create_ahead(int steps, int stores, int ahead, sg_bench_site *ret)
{
    double step_s = step_s_of(steps), hours = step_s / 3600.0;
    int periods = periods_of(steps, hours);
    series own;
    *ret = (sg_bench_site){0};
    if (!allocate(&ret->arena, steps + ahead, stores, periods, &own)) {
        sg_bench_site_free(ret);
        return SG_NOMEM;
    }
    fill_series(&own, steps + ahead, hours);
    fill_stores(own.stores, stores);
    fill_demand(own.demand, periods, steps, hours);
    *own.source = (sg_dispatch_source){.id = "pv", .available_kw = own.sun};
    *own.batch = (sg_dispatch_shed){.id = "batch", .max_kw = own.shed, .cost_per_kwh = 0.35};
    ret->load_kw = own.load;
    ret->load_base_kw = own.load_base;
    ret->source = own.source;
    ret->stores = own.stores;
    ret->demand = own.demand;
    ret->batch = own.batch;
    ret->problem = (sg_dispatch){.step_s = step_s,
                                 .steps = steps,
                                 .load_kw = own.load,
                                 .grid = {.present = true,
                                          .import_kw_max = 6000.0,
                                          .export_kw_max = 3000.0,
                                          .import_price_per_kwh = own.buy,
                                          .export_price_per_kwh = own.sell,
                                          .ramp_kw_per_step = 1500.0,
                                          .demand = own.demand,
                                          .demand_count = periods},
                                 .sources = own.source,
                                 .source_count = 1,
                                 .stores = own.stores,
                                 .store_count = stores,
                                 .shed = own.batch,
                                 .shed_count = 1,
                                 .reserve_up_kw = stores ? own.up : NULL,
                                 .reserve_down_kw = stores ? own.down : NULL,
                                 .reserve_duration_s = 900.0};
    return SG_OK;
}

sg_status sg_bench_arbitrage_create(int steps, sg_bench_site *ret)
{
    sg_status status = sg_bench_site_create(steps, 1, ret);
    if (status != SG_OK) {
        return status;
    }
    const sg_dispatch *site = &ret->problem;
    memset(ret->load_kw, 0, (size_t)steps * sizeof *ret->load_kw);
    ret->load_base_kw = ret->load_kw;
    ret->problem = (sg_dispatch){.step_s = site->step_s,
                                 .steps = steps,
                                 .load_kw = ret->load_kw,
                                 .grid = {.present = true,
                                          .import_kw_max = HUGE_VAL,
                                          .export_kw_max = HUGE_VAL,
                                          .import_price_per_kwh = site->grid.import_price_per_kwh,
                                          .export_price_per_kwh = site->grid.export_price_per_kwh,
                                          .ramp_kw_per_step = HUGE_VAL},
                                 .stores = site->stores,
                                 .store_count = 1};
    return SG_OK;
}

void sg_bench_site_free(sg_bench_site *self)
{
    sg_arena_free(&self->arena);
    *self = (sg_bench_site){0};
}

void sg_bench_site_jitter(sg_bench_site *self, int round)
{
    uint64_t seed = JITTER_SEED + (uint64_t)round;
    for (int t = 0; t < self->problem.steps; t++) {
        double share = 2.0 * sg_prng_unit(seed, (uint64_t)t) - 1.0;
        self->load_kw[t] = self->load_base_kw[t] * (1.0 + 0.01 * share);
    }
}

static void move_windows(sg_bench_site *self)
{
    int count = self->problem.grid.demand_count, steps = self->problem.steps;
    for (int m = 0; m < count; m++) {
        sg_dispatch_demand *d = &self->demand[m];
        d->from = d->from > 0 ? d->from - 1 : 0;
        d->to = m == count - 1 ? steps : d->to > 0 ? d->to - 1 : 0;
    }
}

void sg_bench_site_step(sg_bench_site *self, const sg_schedule *plan)
{
    sg_dispatch *p = &self->problem;
    sg_dispatch_grid *g = &p->grid;
    for (int m = 0; m < g->demand_count; m++) {
        sg_dispatch_demand *d = &self->demand[m];
        bool now = d->from == 0 && d->to > 0;
        d->peak_so_far_kw = now ? fmax(d->peak_so_far_kw, plan->import_kw[0]) : d->peak_so_far_kw;
    }
    for (int s = 0; s < p->store_count; s++) {
        self->stores[s].initial_kwh = plan->energy_kwh[s][1];
    }
    g->initial_net_given = true;
    g->initial_net_kw = plan->import_kw[0] - plan->export_kw[0];
    move_windows(self);
    p->start_us += (int64_t)(p->step_s * 1e6);
    self->load_kw++;
    self->load_base_kw++;
    p->load_kw = self->load_kw;
    g->import_price_per_kwh++;
    g->export_price_per_kwh++;
    self->source->available_kw++;
    self->batch->max_kw++;
    p->reserve_up_kw += p->store_count ? 1 : 0;
    p->reserve_down_kw += p->store_count ? 1 : 0;
}

double sg_bench_paid_already(const sg_dispatch *problem)
{
    double money = 0.0;
    for (int m = 0; m < problem->grid.demand_count; m++) {
        const sg_dispatch_demand *d = &problem->grid.demand[m];
        money += d->charge_per_kw * d->peak_so_far_kw;
    }
    return money;
}
