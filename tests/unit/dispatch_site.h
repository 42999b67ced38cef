/* dispatch_site.h - random dispatch problems with everything in them, for the tests of values and reasons. Numbers are drawn
 * from continuous ranges, so that schedules and prices are unique but for rare draws. */
#ifndef TESTS_UNIT_DISPATCH_SITE_H
#define TESTS_UNIT_DISPATCH_SITE_H
#include "base/prng.h"
#include "plan/dispatch.h"

#include <math.h>

enum { STEPS = 24, STORES = 2 };

/* A problem with everything in it, whose numbers can be changed one by one. */
typedef struct site {
    double load_kw[STEPS], sun_kw[STEPS], fuel_kw[STEPS], fuel_cost[STEPS], buy[STEPS], sell[STEPS];
    double leave_kw[STEPS], up_kw[STEPS], down_kw[STEPS];
    sg_dispatch_source source[2];
    sg_dispatch_store store[STORES];
    sg_dispatch_demand demand[2];
    sg_dispatch_shed shed;
    sg_dispatch_shiftable job;
    double hall_kw[STEPS]; /* load of the second zone */
    sg_dispatch_zone zone[2];
    sg_dispatch_link link;
    sg_dispatch problem;
} site;

/* The pointers of a copy lead into the copy. */
static void bind(site *self)
{
    sg_dispatch *p = &self->problem;
    self->zone[0] = (sg_dispatch_zone){.id = "yard", .load_kw = self->load_kw};
    self->zone[1] = (sg_dispatch_zone){.id = "hall", .load_kw = self->hall_kw};
    p->load_kw = p->zone_count ? NULL : self->load_kw;
    p->zones = p->zone_count ? self->zone : NULL;
    p->links = p->zone_count ? &self->link : NULL;
    self->source[0].available_kw = self->sun_kw;
    self->source[1].available_kw = self->fuel_kw;
    self->source[1].cost_per_kwh = self->fuel_cost;
    p->sources = self->source;
    p->stores = self->store;
    p->grid.import_price_per_kwh = self->buy;
    p->grid.export_price_per_kwh = self->sell;
    p->grid.demand = self->demand;
    self->shed.max_kw = self->leave_kw;
    p->shed = &self->shed;
    p->shiftable = &self->job;
    p->reserve_up_kw = p->reserve_up_kw ? self->up_kw : NULL;
    p->reserve_down_kw = p->reserve_down_kw ? self->down_kw : NULL;
}

typedef struct dice {
    uint64_t seed, n;
} dice;

static double draw(dice *d, double low, double high)
{
    return low + (high - low) * sg_prng_unit(d->seed, d->n++);
}

static sg_dispatch_store draw_store(dice *d)
{
    double capacity = draw(d, 50.0, 300.0);
    return (sg_dispatch_store){.id = "bat",
                               .energy_kwh_min = draw(d, 0.0, 0.2) * capacity,
                               .energy_kwh_max = capacity,
                               .charge_kw_max = draw(d, 15.0, 60.0),
                               .discharge_kw_max = draw(d, 15.0, 60.0),
                               .charge_eff = draw(d, 0.85, 0.99),
                               .discharge_eff = draw(d, 0.85, 0.99),
                               .standing_loss_per_h = draw(d, 0.0, 0.003),
                               .initial_kwh = draw(d, 0.3, 0.8) * capacity,
                               .final_kwh_min = draw(d, 0.25, 0.7) * capacity,
                               .wear_cost_per_kwh = draw(d, 0.001, 0.01),
                               .terminal_value_per_kwh = draw(d, 0.0, 0.05)};
}

static void draw_series(dice *d, site *self)
{
    for (int t = 0; t < STEPS; t++) {
        double day = sin((t - 6.0) * 3.14159265 / 12.0);
        self->load_kw[t] = draw(d, 80.0, 120.0) + 30.0 * day;
        self->sun_kw[t] = fmax(draw(d, 120.0, 220.0) * day, 0.0);
        self->fuel_kw[t] = draw(d, 10.0, 30.0);
        self->fuel_cost[t] = draw(d, 0.15, 0.4);
        self->buy[t] = draw(d, 0.05, 0.45);
        self->sell[t] = self->buy[t] * draw(d, 0.3, 0.9);
        self->leave_kw[t] = draw(d, 2.0, 10.0);
        self->up_kw[t] = draw(d, 10.0, 40.0);
        self->down_kw[t] = draw(d, 10.0, 40.0);
    }
}

/* Half the load, a store, the generator and the job stand behind a link that is narrow at times. */
static void split(dice *d, site *self)
{
    for (int t = 0; t < STEPS; t++) {
        self->hall_kw[t] = draw(d, 0.3, 0.6) * self->load_kw[t];
        self->load_kw[t] -= self->hall_kw[t];
    }
    self->store[1].zone = self->source[1].zone = self->job.zone = 1;
    self->link = (sg_dispatch_link){.id = "cable",
                                    .to = 1,
                                    .forward_kw_max = draw(d, 25.0, 60.0),
                                    .back_kw_max = draw(d, 5.0, 15.0),
                                    .loss_frac = draw(d, 0.01, 0.05)};
    self->problem.zone_count = 2;
    self->problem.link_count = 1;
}

/* Bits of `parts`: 1 demand periods, 2 ramp, 4 reserve, 8 two zones. */
static void draw_site(dice *d, int parts, site *self)
{
    *self = (site){0};
    draw_series(d, self);
    for (int s = 0; s < STORES; s++) {
        self->store[s] = draw_store(d);
    }
    self->source[0] = (sg_dispatch_source){.id = "pv"};
    self->source[1] = (sg_dispatch_source){.id = "gen"};
    self->demand[0] = (sg_dispatch_demand){
        .to = STEPS, .charge_per_kw = draw(d, 0.2, 2.0), .peak_so_far_kw = 30.0};
    self->demand[1] = (sg_dispatch_demand){
        .from = 17, .to = 21, .charge_per_kw = draw(d, 0.2, 2.0), .peak_so_far_kw = 10.0};
    self->shed = (sg_dispatch_shed){.id = "batch", .cost_per_kwh = draw(d, 0.3, 0.5)};
    self->job = (sg_dispatch_shiftable){.id = "job",
                                        .from = 6,
                                        .to = 16,
                                        .energy_kwh = draw(d, 30.0, 90.0),
                                        .power_kw_max = draw(d, 12.0, 25.0),
                                        .unserved_cost_per_kwh = 2.0};
    sg_dispatch *p = &self->problem;
    *p = (sg_dispatch){.step_s = 3600.0,
                       .steps = STEPS,
                       .source_count = 2,
                       .store_count = STORES,
                       .shed_count = 1,
                       .shiftable_count = 1,
                       .reserve_duration_s = 1800.0};
    p->grid = (sg_dispatch_grid){.present = true,
                                 .import_kw_max = draw(d, 90.0, 140.0),
                                 .export_kw_max = draw(d, 10.0, 60.0),
                                 .ramp_kw_per_step = parts & 2 ? draw(d, 40.0, 80.0) : HUGE_VAL,
                                 .demand_count = parts & 1 ? 2 : 0};
    p->reserve_up_kw = parts & 4 ? self->up_kw : NULL;
    p->reserve_down_kw = parts & 4 ? self->down_kw : NULL;
    if (parts & 8) {
        split(d, self);
    }
    bind(self);
}

static void scale(double *series, double factor)
{
    for (int t = 0; t < STEPS; t++) {
        series[t] *= factor;
    }
}

static void shift(double *series, double by)
{
    for (int t = 0; t < STEPS; t++) {
        series[t] += by;
    }
}
#endif
