/* random_dispatch.h - dispatch programs drawn at random, for tests: odd, tied, tiny, huge, impossible.
 *
 * Draws    from a seed (the same program every time) or from bytes of a fuzzer, two bytes a draw; a
 *          fuzzer's short input goes on with the numbers of seed 0.
 * Units    as in plan/dispatch.h. Powers lie between 0.01 kW and 100 MW; stores hold 0.001 to 1e6 kWh.
 * Memory   everything lives in the record; the program points into it, so it must not be copied. */
#ifndef TESTS_RANDOM_DISPATCH_H
#define TESTS_RANDOM_DISPATCH_H
#include "base/prng.h"
#include "base/text.h"
#include "plan/dispatch.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

enum {
    DRAW_STEPS = 160,
    DRAW_SOURCES = 3,
    DRAW_STORES = 5,
    DRAW_SHED = 2,
    DRAW_JOBS = 3,
    DRAW_PERIODS = 4,
    DRAW_ZONES = 4,
    DRAW_LINKS = 4
};

typedef struct draws {
    uint64_t seed, count;
    const uint8_t *bytes; /* NULL = the seed's numbers */
    size_t size;
} draws;

typedef struct random_dispatch {
    draws draw;
    double kw;    /* typical power of the site  */
    double price; /* typical price per kWh      */
    double load[DRAW_STEPS], buy[DRAW_STEPS], sell[DRAW_STEPS], up[DRAW_STEPS], down[DRAW_STEPS];
    double available[DRAW_SOURCES][DRAW_STEPS], cost[DRAW_SOURCES][DRAW_STEPS];
    double shed_max[DRAW_SHED][DRAW_STEPS];
    double zone_load[DRAW_ZONES][DRAW_STEPS]; /* where there are zones; else `load` holds */
    sg_dispatch_source sources[DRAW_SOURCES];
    sg_dispatch_store stores[DRAW_STORES];
    sg_dispatch_shed shed[DRAW_SHED];
    sg_dispatch_shiftable jobs[DRAW_JOBS];
    sg_dispatch_demand demand[DRAW_PERIODS];
    sg_dispatch_zone zones[DRAW_ZONES];
    sg_dispatch_link links[DRAW_LINKS];
    sg_dispatch problem;
} random_dispatch;

static inline double draw_unit(draws *self)
{
    size_t at = (size_t)(2 * self->count);
    if (self->bytes && at + 1 < self->size) {
        self->count++;
        return (self->bytes[at] + 256.0 * self->bytes[at + 1]) / 65536.0;
    }
    return sg_prng_unit(self->seed, self->count++);
}

static inline int draw_below(draws *self, int n)
{
    return (int)(draw_unit(self) * n);
}

/* True once in n draws. */
static inline bool draw_one_in(draws *self, int n)
{
    return draw_below(self, n) == 0;
}

/* Between two powers of ten, every decade as likely as the other. */
static inline double draw_decades(draws *self, double low, double high)
{
    return pow(10.0, low + (high - low) * draw_unit(self));
}

/* ---- series -------------------------------------------------------------------------------------- */

/* Money per kWh: none, flat, two levels (ties), any, below zero now and then, spikes of 100 times. */
static inline void draw_prices(random_dispatch *self, double *ret)
{
    int style = draw_below(&self->draw, 8);
    for (int t = 0; t < self->problem.steps; t++) {
        double x = draw_unit(&self->draw);
        ret[t] = style == 0   ? 0.0
                 : style == 1 ? self->price
                 : style == 2 ? self->price * (x < 0.5 ? 1.0 : 2.0)
                 : style == 3 ? self->price * (2.0 * x - 1.0)
                 : style == 4 ? self->price * (x < 0.2 ? -1.0 : 1.0)
                              : self->price * (0.5 + x);
        ret[t] *= style == 6 && draw_one_in(&self->draw, 8) ? 100.0 : 1.0;
    }
}

/* kW from 0 to `most`: steady, any, or on and off. */
static inline void draw_powers(random_dispatch *self, double most, double *ret)
{
    int style = draw_below(&self->draw, 3);
    for (int t = 0; t < self->problem.steps; t++) {
        double x = draw_unit(&self->draw);
        ret[t] = most * (style == 0 ? 1.0 : style == 1 ? x : x < 0.5 ? 0.0 : 1.0);
    }
}

/* A window of steps; one in six is empty. */
static inline void draw_window(random_dispatch *self, int *ret_from, int *ret_to)
{
    int steps = self->problem.steps;
    *ret_from = draw_below(&self->draw, steps + 1);
    *ret_to = *ret_from + draw_below(&self->draw, steps - *ret_from + 1);
    *ret_to = draw_one_in(&self->draw, 6) ? *ret_from : *ret_to;
}

/* ---- parts --------------------------------------------------------------------------------------- */

static inline void draw_load(random_dispatch *self)
{
    int style = draw_below(&self->draw, 12);
    draw_powers(self, self->kw, self->load);
    for (int t = 0; t < self->problem.steps; t++) {
        self->load[t] = style == 0   ? 0.0
                        : style == 1 ? self->load[t] - 0.3 * self->kw
                        : style < 6  ? 0.5 * (self->kw + self->load[t])
                                     : self->load[t];
    }
}

static inline void draw_sources(random_dispatch *self)
{
    static const char *const IDS[DRAW_SOURCES] = {"g0", "g1", "g2"};
    sg_dispatch *p = &self->problem;
    p->source_count = draw_below(&self->draw, DRAW_SOURCES + 1);
    p->sources = self->sources;
    for (int s = 0; s < p->source_count; s++) {
        draw_powers(self, self->kw * 2.0 * draw_unit(&self->draw), self->available[s]);
        self->sources[s] = (sg_dispatch_source){.id = IDS[s], .available_kw = self->available[s]};
        int cost = draw_below(&self->draw, 4);
        if (cost == 1 || cost == 3) {
            draw_prices(self, self->cost[s]);
        }
        if (cost > 0) {
            self->sources[s].cost_per_kwh = cost == 2 ? self->buy : self->cost[s];
        }
    }
}

static inline double draw_limit_kw(random_dispatch *self)
{
    static const double SHARE[8] = {0.0, 0.6, 1.0, 1.5, 2.0, 3.0, 10.0, HUGE_VAL};
    return self->kw * SHARE[draw_below(&self->draw, 8)];
}

static inline void draw_sell_prices(random_dispatch *self)
{
    int style = draw_below(&self->draw, 6);
    draw_prices(self,
                self->sell); /* style 5: whatever it is, above the import price now and then */
    for (int t = 0; t < self->problem.steps && style < 5; t++) {
        self->sell[t] = self->buy[t] - (style == 0 ? 0.0 : 0.1 * self->price * style);
    }
}

static inline void draw_demand(random_dispatch *self, sg_dispatch_grid *g)
{
    g->demand_count = draw_one_in(&self->draw, 2) ? 0 : draw_below(&self->draw, DRAW_PERIODS + 1);
    g->demand = self->demand;
    for (int m = 0; m < g->demand_count; m++) {
        sg_dispatch_demand *d = &self->demand[m];
        draw_window(self, &d->from, &d->to);
        d->charge_per_kw =
            draw_one_in(&self->draw, 6) ? 0.0 : 50.0 * self->price * draw_unit(&self->draw);
        d->peak_so_far_kw = draw_one_in(&self->draw, 2) ? 0.0 : self->kw * draw_unit(&self->draw);
    }
}

static inline void draw_grid(random_dispatch *self)
{
    sg_dispatch_grid *g = &self->problem.grid;
    *g = (sg_dispatch_grid){.ramp_kw_per_step = HUGE_VAL};
    draw_prices(self, self->buy);
    draw_sell_prices(self);
    if (draw_one_in(&self->draw, 8)) {
        return;
    }
    g->present = true;
    bool unlimited = draw_one_in(&self->draw, 12);
    g->import_kw_max = unlimited                     ? HUGE_VAL
                       : draw_one_in(&self->draw, 4) ? draw_limit_kw(self)
                                                     : 4.0 * self->kw;
    g->export_kw_max = unlimited ? HUGE_VAL : draw_limit_kw(self);
    g->import_price_per_kwh = draw_one_in(&self->draw, 20) ? NULL : self->buy;
    g->export_price_per_kwh = draw_one_in(&self->draw, 4) ? NULL : self->sell;
    if (draw_one_in(&self->draw, 4)) {
        g->ramp_kw_per_step =
            draw_one_in(&self->draw, 8) ? 0.0 : self->kw * draw_decades(&self->draw, -1.0, 0.5);
    }
    g->initial_net_given = draw_one_in(&self->draw, 2);
    g->initial_net_kw = g->initial_net_given ? self->load[0] * draw_unit(&self->draw) : 0.0;
    draw_demand(self, g);
}

static inline double draw_efficiency(random_dispatch *self)
{
    return draw_one_in(&self->draw, 3)    ? 1.0
           : draw_one_in(&self->draw, 20) ? 0.01 + 0.5 * draw_unit(&self->draw)
                                          : 0.8 + 0.2 * draw_unit(&self->draw);
}

static inline double draw_leak_per_h(random_dispatch *self)
{
    return draw_one_in(&self->draw, 2)    ? 0.0
           : draw_one_in(&self->draw, 10) ? 0.99 * draw_unit(&self->draw)
                                          : 0.02 * draw_unit(&self->draw);
}

static inline void draw_energies(random_dispatch *self, sg_dispatch_store *s)
{
    double low = s->energy_kwh_min, high = s->energy_kwh_max;
    s->initial_kwh = draw_one_in(&self->draw, 16)  ? high * 1.3 * draw_unit(&self->draw)
                     : draw_one_in(&self->draw, 8) ? low
                     : draw_one_in(&self->draw, 8) ? high
                                                   : low + (high - low) * draw_unit(&self->draw);
    s->final_kwh_min = draw_one_in(&self->draw, 2)    ? -HUGE_VAL
                       : draw_one_in(&self->draw, 2)  ? fmin(0.9 * s->initial_kwh, high)
                       : draw_one_in(&self->draw, 12) ? high * 1.1
                       : draw_one_in(&self->draw, 4)  ? high
                                                      : low;
}

static inline void draw_store(random_dispatch *self, const char *id, sg_dispatch_store *s)
{
    double hours = self->problem.step_s / 3600.0;
    double size = draw_one_in(&self->draw, 6) ? draw_decades(&self->draw, -3.0, 6.0)
                                              : self->kw * draw_decades(&self->draw, -1.0, 1.0);
    double power = draw_one_in(&self->draw, 8)
                       ? draw_decades(&self->draw, -3.0, 6.0)
                       : size / hours * draw_decades(&self->draw, -2.0, 0.3);
    *s = (sg_dispatch_store){.id = id,
                             .energy_kwh_max = size,
                             .charge_kw_max = power,
                             .discharge_kw_max = power,
                             .charge_eff = draw_efficiency(self),
                             .discharge_eff = draw_efficiency(self),
                             .standing_loss_per_h = draw_leak_per_h(self)};
    s->energy_kwh_min = draw_one_in(&self->draw, 2)    ? 0.0
                        : draw_one_in(&self->draw, 20) ? size
                                                       : 0.5 * size * draw_unit(&self->draw);
    s->charge_kw_max = draw_one_in(&self->draw, 20) ? 0.0 : s->charge_kw_max;
    s->discharge_kw_max = draw_one_in(&self->draw, 20)  ? 0.0
                          : draw_one_in(&self->draw, 3) ? power * draw_unit(&self->draw)
                                                        : power;
    draw_energies(self, s);
    s->wear_cost_per_kwh = draw_one_in(&self->draw, 3) ? 0.0
                           : draw_one_in(&self->draw, 30)
                               ? -0.1 * self->price
                               : 0.2 * self->price * draw_unit(&self->draw);
    s->terminal_value_per_kwh =
        draw_one_in(&self->draw, 2) ? 0.0 : self->price * (2.0 * draw_unit(&self->draw) - 0.5);
}

static inline void draw_stores(random_dispatch *self)
{
    static const char *const IDS[DRAW_STORES] = {"s0", "s1", "s2", "s3", "s4"};
    sg_dispatch *p = &self->problem;
    p->store_count = draw_below(&self->draw, DRAW_STORES + 1);
    p->stores = self->stores;
    for (int s = 0; s < p->store_count; s++) {
        if (s > 0 && draw_one_in(&self->draw, 5)) {
            self->stores[s] = self->stores[s - 1]; /* a twin: ties everywhere */
            self->stores[s].id = IDS[s];
        } else {
            draw_store(self, IDS[s], &self->stores[s]);
        }
    }
}

static inline void draw_shed(random_dispatch *self)
{
    static const char *const IDS[DRAW_SHED] = {"u0", "u1"};
    sg_dispatch *p = &self->problem;
    p->shed_count = draw_below(&self->draw, DRAW_SHED + 1);
    p->shed = self->shed;
    for (int s = 0; s < p->shed_count; s++) {
        draw_powers(self, self->kw * draw_unit(&self->draw), self->shed_max[s]);
        double cost =
            draw_one_in(&self->draw, 5) ? 0.0 : self->price * 10.0 * draw_unit(&self->draw);
        self->shed[s] =
            (sg_dispatch_shed){.id = IDS[s], .max_kw = self->shed_max[s], .cost_per_kwh = cost};
    }
}

static inline void draw_jobs(random_dispatch *self)
{
    static const char *const IDS[DRAW_JOBS] = {"j0", "j1", "j2"};
    sg_dispatch *p = &self->problem;
    p->shiftable_count = draw_one_in(&self->draw, 2) ? 0 : draw_below(&self->draw, DRAW_JOBS + 1);
    p->shiftable = self->jobs;
    for (int k = 0; k < p->shiftable_count; k++) {
        sg_dispatch_shiftable *j = &self->jobs[k];
        *j = (sg_dispatch_shiftable){.id = IDS[k]};
        draw_window(self, &j->from, &j->to);
        j->power_kw_max = draw_one_in(&self->draw, 8) ? 0.0 : self->kw * draw_unit(&self->draw);
        double fits_kwh = j->power_kw_max * (j->to - j->from) * p->step_s / 3600.0;
        j->energy_kwh = draw_one_in(&self->draw, 6)   ? 0.0
                        : draw_one_in(&self->draw, 6) ? fits_kwh
                                                      : 1.2 * fits_kwh * draw_unit(&self->draw);
        j->unserved_cost_per_kwh =
            draw_one_in(&self->draw, 5) ? 0.0 : self->price * 20.0 * draw_unit(&self->draw);
    }
}

/* What the stores could hold back at most, some of it asked for; too much now and then. */
static inline void draw_reserve(random_dispatch *self)
{
    static const double DURATIONS_S[4] = {0.0, 30.0, 900.0, 7200.0};
    sg_dispatch *p = &self->problem;
    double up = 0.0, down = 0.0;
    if (!draw_one_in(&self->draw, 4)) {
        return;
    }
    p->reserve_duration_s = DURATIONS_S[draw_below(&self->draw, 4)];
    for (int s = 0; s < p->store_count; s++) {
        double held = self->stores[s].initial_kwh - self->stores[s].energy_kwh_min;
        double room = self->stores[s].energy_kwh_max - self->stores[s].initial_kwh;
        double hours = fmax(p->reserve_duration_s, 1.0) / 3600.0;
        up += fmin(self->stores[s].discharge_kw_max, fmax(held, 0.0) / hours);
        down += fmin(self->stores[s].charge_kw_max, fmax(room, 0.0) / hours);
    }
    double share = draw_one_in(&self->draw, 8) ? 3.0 : 0.6 * draw_unit(&self->draw);
    if (!draw_one_in(&self->draw, 3)) {
        draw_powers(self, up * share, self->up);
        p->reserve_up_kw = self->up;
    }
    if (!draw_one_in(&self->draw, 3)) {
        draw_powers(self, down * share, self->down);
        p->reserve_down_kw = self->down;
    }
}

/* The load spread over zones, which stand in a row with a link or two more between any; everything
 * else stands anywhere. */
static inline void draw_links(random_dispatch *self)
{
    static const char *const IDS[DRAW_LINKS] = {"l0", "l1", "l2", "l3"};
    static const double LOSSES[4] = {0.0, 0.0, 0.02, 0.3};
    sg_dispatch *p = &self->problem;
    p->links = self->links;
    p->link_count = p->zone_count - 1 + draw_below(&self->draw, DRAW_LINKS - p->zone_count + 2);
    for (int l = 0; l < p->link_count; l++) {
        bool row = l < p->zone_count - 1;
        int from = row ? l : draw_below(&self->draw, p->zone_count);
        int on = row ? 1 : 1 + draw_below(&self->draw, p->zone_count - 1);
        self->links[l] = (sg_dispatch_link){
            .id = IDS[l],
            .from = from,
            .to = (from + on) % p->zone_count,
            .forward_kw_max = draw_one_in(&self->draw, 2) ? HUGE_VAL : draw_limit_kw(self),
            .back_kw_max = draw_one_in(&self->draw, 2) ? HUGE_VAL : draw_limit_kw(self),
            .loss_frac = LOSSES[draw_below(&self->draw, 4)]};
    }
}

static inline void draw_zones(random_dispatch *self)
{
    static const char *const IDS[DRAW_ZONES] = {"z0", "z1", "z2", "z3"};
    sg_dispatch *p = &self->problem;
    if (!draw_one_in(&self->draw, 5)) {
        return;
    }
    p->zone_count = 2 + draw_below(&self->draw, DRAW_ZONES - 1);
    p->zones = self->zones;
    p->load_kw = NULL;
    for (int z = 0; z < p->zone_count; z++) {
        double share = draw_unit(&self->draw);
        self->zones[z] = (sg_dispatch_zone){IDS[z], self->zone_load[z]};
        for (int t = 0; t < p->steps; t++) {
            self->zone_load[z][t] = share * self->load[t];
        }
    }
    draw_links(self);
    p->grid.zone = draw_below(&self->draw, p->zone_count);
    for (int s = 0; s < p->source_count; s++) {
        self->sources[s].zone = draw_below(&self->draw, p->zone_count);
    }
    for (int s = 0; s < p->store_count; s++) {
        self->stores[s].zone = draw_below(&self->draw, p->zone_count);
    }
    for (int s = 0; s < p->shed_count; s++) {
        self->shed[s].zone = draw_below(&self->draw, p->zone_count);
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        self->jobs[k].zone = draw_below(&self->draw, p->zone_count);
    }
}

/* The program of the draws. Always a valid one (sg_dispatch_is_valid), often without a solution. */
static inline void random_dispatch_draw(random_dispatch *self, draws draw)
{
    static const double STEPS_S[6] = {60.0, 300.0, 900.0, 1800.0, 3600.0, 86400.0};
    self->draw = draw;
    self->problem = (sg_dispatch){0};
    sg_dispatch *p = &self->problem;
    p->steps = draw_one_in(&self->draw, 16)   ? DRAW_STEPS
               : draw_one_in(&self->draw, 12) ? 1 + draw_below(&self->draw, 3)
                                              : 1 + draw_below(&self->draw, 40);
    p->step_s = STEPS_S[draw_below(&self->draw, 6)];
    self->kw = draw_one_in(&self->draw, 2) ? draw_decades(&self->draw, 1.0, 4.0)
                                           : draw_decades(&self->draw, -2.0, 5.0);
    self->price = draw_one_in(&self->draw, 8) ? draw_decades(&self->draw, -4.0, 4.0) : 0.1;
    p->load_kw = self->load;
    draw_load(self);
    draw_grid(self);
    draw_sources(self);
    draw_stores(self);
    draw_shed(self);
    draw_jobs(self);
    draw_reserve(self);
    draw_zones(self);
}

static inline void random_dispatch_seed(random_dispatch *self, uint64_t seed)
{
    random_dispatch_draw(self, (draws){.seed = seed});
}

/* ---- as a document ------------------------------------------------------------------------------- */

/* JSON has no infinity: an unlimited grid is written as a limit beyond what a solver takes for one. */
static inline void dump_number(sg_out *out, const char *key, double value)
{
    sg_json_number(out, key, isinf(value) ? 1e30 : value);
}

static inline void dump_series(sg_out *out, const char *key, const double *series, int count)
{
    if (series) {
        sg_json_begin(out, key, '[');
        for (int t = 0; t < count; t++) {
            sg_json_number(out, NULL, series[t]);
        }
        sg_json_end(out, ']');
    }
}

/* Where a part stands; nothing in a site without zones. */
static inline void dump_zone(sg_out *out, const sg_dispatch *p, int zone)
{
    if (p->zones) {
        sg_json_text(out, "zone", p->zones[zone].id);
    }
}

static inline void dump_zones(sg_out *out, const sg_dispatch *p)
{
    if (!p->zones) {
        dump_series(out, "load_kw", p->load_kw, p->steps);
        return;
    }
    sg_json_begin(out, "zones", '[');
    for (int z = 0; z < p->zone_count; z++) {
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "id", p->zones[z].id);
        dump_series(out, "load_kw", p->zones[z].load_kw, p->steps);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_begin(out, "links", '[');
    for (int l = 0; l < p->link_count; l++) {
        const sg_dispatch_link *link = &p->links[l];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "id", link->id);
        sg_json_text(out, "from", p->zones[link->from].id);
        sg_json_text(out, "to", p->zones[link->to].id);
        if (isfinite(link->forward_kw_max)) {
            sg_json_number(out, "forward_kw_max", link->forward_kw_max);
        }
        if (isfinite(link->back_kw_max)) {
            sg_json_number(out, "back_kw_max", link->back_kw_max);
        }
        sg_json_number(out, "loss_frac", link->loss_frac);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static inline void dump_grid(sg_out *out, const sg_dispatch *p)
{
    const sg_dispatch_grid *g = &p->grid;
    if (!g->present) {
        return;
    }
    sg_json_begin(out, "grid", '{');
    dump_zone(out, p, g->zone);
    dump_number(out, "import_kw_max", g->import_kw_max);
    dump_number(out, "export_kw_max", g->export_kw_max);
    dump_series(out, "import_price_per_kwh", g->import_price_per_kwh, p->steps);
    dump_series(out, "export_price_per_kwh", g->export_price_per_kwh, p->steps);
    if (isfinite(g->ramp_kw_per_step)) {
        sg_json_number(out, "ramp_kw_per_step", g->ramp_kw_per_step);
    }
    if (g->initial_net_given) {
        sg_json_number(out, "initial_net_kw", g->initial_net_kw);
    }
    sg_json_begin(out, "demand_periods", '[');
    for (int m = 0; m < g->demand_count; m++) {
        sg_json_begin(out, NULL, '{');
        sg_json_integer(out, "from", g->demand[m].from);
        sg_json_integer(out, "to", g->demand[m].to);
        sg_json_number(out, "charge_per_kw", g->demand[m].charge_per_kw);
        sg_json_number(out, "peak_so_far_kw", g->demand[m].peak_so_far_kw);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
}

static inline void dump_stores(sg_out *out, const sg_dispatch *p)
{
    sg_json_begin(out, "stores", '[');
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "id", d->id);
        dump_zone(out, p, d->zone);
        sg_json_number(out, "energy_kwh_min", d->energy_kwh_min);
        sg_json_number(out, "energy_kwh_max", d->energy_kwh_max);
        sg_json_number(out, "charge_kw_max", d->charge_kw_max);
        sg_json_number(out, "discharge_kw_max", d->discharge_kw_max);
        sg_json_number(out, "charge_eff", d->charge_eff);
        sg_json_number(out, "discharge_eff", d->discharge_eff);
        sg_json_number(out, "standing_loss_per_h", d->standing_loss_per_h);
        sg_json_number(out, "initial_kwh", d->initial_kwh);
        if (isfinite(d->final_kwh_min)) {
            sg_json_number(out, "final_kwh_min", d->final_kwh_min);
        }
        sg_json_number(out, "wear_cost_per_kwh", d->wear_cost_per_kwh);
        sg_json_number(out, "terminal_value_per_kwh", d->terminal_value_per_kwh);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static inline void dump_flexible(sg_out *out, const sg_dispatch *p)
{
    sg_json_begin(out, "shed", '[');
    for (int s = 0; s < p->shed_count; s++) {
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "id", p->shed[s].id);
        dump_zone(out, p, p->shed[s].zone);
        dump_series(out, "max_kw", p->shed[s].max_kw, p->steps);
        sg_json_number(out, "cost_per_kwh", p->shed[s].cost_per_kwh);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_begin(out, "shiftable", '[');
    for (int k = 0; k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *j = &p->shiftable[k];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "id", j->id);
        dump_zone(out, p, j->zone);
        sg_json_integer(out, "from", j->from);
        sg_json_integer(out, "to", j->to);
        sg_json_number(out, "energy_kwh", j->energy_kwh);
        sg_json_number(out, "power_kw_max", j->power_kw_max);
        sg_json_number(out, "unserved_cost_per_kwh", j->unserved_cost_per_kwh);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    if (p->reserve_up_kw || p->reserve_down_kw) {
        sg_json_begin(out, "reserve", '{');
        dump_series(out, "up_kw", p->reserve_up_kw, p->steps);
        dump_series(out, "down_kw", p->reserve_down_kw, p->steps);
        sg_json_number(out, "duration_s", p->reserve_duration_s);
        sg_json_end(out, '}');
    }
}

/* The program as a symgrid.dispatch/1 document, for `symgrid plan --problem`. */
static inline void dispatch_dump(const sg_dispatch *p, FILE *file)
{
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "format", "symgrid.dispatch/1");
    sg_json_text(&out, "start", "2023-07-01T00:00:00Z");
    sg_json_number(&out, "step_s", p->step_s);
    sg_json_integer(&out, "steps", p->steps);
    dump_zones(&out, p);
    sg_json_begin(&out, "sources", '[');
    for (int s = 0; s < p->source_count; s++) {
        sg_json_begin(&out, NULL, '{');
        sg_json_text(&out, "id", p->sources[s].id);
        dump_zone(&out, p, p->sources[s].zone);
        dump_series(&out, "available_kw", p->sources[s].available_kw, p->steps);
        dump_series(&out, "cost_per_kwh", p->sources[s].cost_per_kwh, p->steps);
        sg_json_end(&out, '}');
    }
    sg_json_end(&out, ']');
    dump_grid(&out, p);
    dump_stores(&out, p);
    dump_flexible(&out, p);
    sg_json_end(&out, '}');
    fwrite(out.text, 1, out.length, file);
    fputc('\n', file);
    sg_out_free(&out);
}
#endif
