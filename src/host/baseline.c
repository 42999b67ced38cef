#include "host/baseline.h"

#include "model/kind.h"
#include "site/points.h"

#include <math.h>
#include <string.h>

static sg_settlement so_far(const sg_engine *engine)
{
    const sg_meter *meter = sg_engine_meter(engine);
    sg_settlement sum = meter->total;
    sg_settlement_add(&sum, &meter->running);
    return sum;
}

/* a += sign * b, of what is compared. */
static void shift(sg_settlement *a, const sg_settlement *b, int sign)
{
    a->import_j += sign * b->import_j;
    a->export_j += sign * b->export_j;
    a->cost_u += sign * b->cost_u;
    a->revenue_u += sign * b->revenue_u;
    a->wear_u += sign * b->wear_u;
    a->fuel_u += sign * b->fuel_u;
    a->demand_u += sign * b->demand_u;
    a->carbon_mg += sign * b->carbon_mg;
    a->carbon_credit_mg += sign * b->carbon_credit_mg;
    a->steps += sign * b->steps;
}

static double sum(const double *value, int32_t first, int32_t count)
{
    double total = 0;
    for (int32_t i = 0; i < count; i++) {
        total += value[first + i];
    }
    return total;
}

static double export_w_max(const sg_site *site)
{
    const double *p = site->devices[SG_GRID][0].p;
    return p[SG_GRID_EXPORT_RULE] < 0.5 ? fmin(p[SG_GRID_EXPORT_MAX], site->nodes[0].limit_w) : 0;
}

void sg_baseline_init(sg_baseline *self)
{
    *self = (sg_baseline){.since_us = -1};
}

/* It begins with the month's peak that the real site has, so that both pay for what they add to it. */
static void begin(sg_baseline *self, const sg_site *site, const sg_engine *engine,
                  const double *value, const sg_points *points)
{
    const sg_meter *real = sg_engine_meter(engine);
    sg_meter_init(&self->meter, (double)real->interval_us * 1e-6, real->demand_charge,
                  site->zone_offset_s);
    self->meter.month = real->month;
    self->meter.peak_w = real->peak_w;
    self->meter.import_register_j = self->meter.export_register_j = 0;
    self->meter.read_us = sg_engine_time(engine);
    self->start = self->last = so_far(engine);
    self->since_us = sg_engine_time(engine);
    self->held_j = sum(value, points->first[SG_POINT_STORE_ENERGY], site->device_count[SG_STORE]);
}

static void account(sg_baseline *self, const sg_site *site, const sg_settlement *now,
                    const double *value, const sg_points *points, int64_t time_us, double dt_s)
{
    double net_w = value[points->first[SG_POINT_NODE_POWER]] +
                   sum(value, points->first[SG_POINT_STORE_POWER], site->device_count[SG_STORE]);
    self->import_j += fmax(net_w, 0) * dt_s;
    self->export_j += fmin(fmax(-net_w, 0), export_w_max(site)) * dt_s;
    sg_metered step = {.import_register_j = self->import_j,
                       .export_register_j = self->export_j,
                       .registers_good = true,
                       .import_w_max = INFINITY,
                       .export_w_max = INFINITY,
                       .fuel_per_s = (double)(now->fuel_u - self->last.fuel_u) * 1e-6 / dt_s,
                       .import_price = self->import_price,
                       .export_price = self->export_price,
                       .carbon_kg_per_j = self->carbon_kg_per_j};
    sg_meter_step(&self->meter, time_us, dt_s, &step);
}

void sg_baseline_step(sg_baseline *self, const sg_site *site, const sg_engine *engine, double dt_s)
{
    if (site->device_count[SG_GRID] == 0 || dt_s <= 0) {
        return;
    }
    const double *value = sg_engine_values(engine);
    const sg_points points = sg_points_of(site);
    const double *at_site = value + points.first[SG_POINT_SITE];
    bool began = self->since_us < 0;
    if (began) {
        begin(self, site, engine, value, &points);
    }
    const sg_settlement now = so_far(engine);
    if (!began && at_site[SG_SITE_GRID_UP] > 0.5) {
        account(self, site, &now, value, &points, sg_engine_time(engine), dt_s);
    } else if (!began) {
        shift(&self->start, &now, 1);
        shift(&self->start, &self->last, -1);
        self->left_out_s += dt_s;
    }
    self->last = now;
    self->import_price = at_site[SG_SITE_IMPORT_PRICE];
    self->export_price = at_site[SG_SITE_EXPORT_PRICE];
    self->carbon_kg_per_j = at_site[SG_SITE_CARBON];
}

void sg_baseline_view(const sg_baseline *self, const sg_site *site, const sg_engine *engine,
                      sg_view *ret)
{
    struct sg_view_compared *to = &ret->compared;
    memset(to, 0, sizeof *to);
    to->any = self->since_us >= 0;
    if (!to->any) {
        return;
    }
    const sg_points points = sg_points_of(site);
    to->since_us = self->since_us;
    to->left_out_s = self->left_out_s;
    to->stored_j = sum(sg_engine_values(engine), points.first[SG_POINT_STORE_ENERGY],
                       site->device_count[SG_STORE]) -
                   self->held_j;
    to->real = self->last;
    shift(&to->real, &self->start, -1);
    to->at_rest = self->meter.total;
    sg_settlement_add(&to->at_rest, &self->meter.running);
}
