#include "plan/explain.h"

#include "plan/value.h"

#include <math.h>
#include <stdlib.h>

/* Below these a flow does not run and a price is nothing: an interior point leaves a little of everything. */
static const double FLOW_FRAC = 1e-5, FLOW_KW = 1e-6, FLOW_KW_UNLIMITED = 1e-3;
static const double MONEY = 1e-6;
/* A nearer step is named only where it differs by this much: what is worth the same has one reason. */
static const double SAME_FRAC = 0.005;

/* The worth of a kWh in a store after a step, and where it comes from. */
typedef struct carried {
    sg_why_then then;
    int step;
    double worth_per_kwh, price_per_kwh; /* in store; at then_step's bus */
} carried;

typedef struct context {
    const sg_dispatch *problem;
    const sg_schedule *schedule;
    sg_values values;
    carried *use, *kept, *paid; /* [step] of the store at hand: see look_ahead, look_back */
    sg_why *item;               /* NULL while counting */
    int count;
    sg_why open; /* the row that still grows; to = 0 when there is none */
} context;

static double at(const double *series, int step)
{
    return series ? series[step] : 0.0;
}

static double hours_of(const sg_dispatch *p)
{
    return p->step_s / 3600.0;
}

static bool runs(double kw, double kw_max)
{
    return kw > (isfinite(kw_max) ? FLOW_FRAC * kw_max + FLOW_KW : FLOW_KW_UNLIMITED);
}

static bool is_full(double kw, double kw_max)
{
    return isfinite(kw_max) && !runs(kw_max - kw, kw_max);
}

/* ---- rows -------------------------------------------------------------------------------------- */

static sg_why_span none(void)
{
    return (sg_why_span){(double)NAN, (double)NAN};
}

static sg_why_span one(double value)
{
    return (sg_why_span){value + 0.0, value + 0.0};
}

static sg_why row(sg_why_reason reason, int device, int t, double amount_kw, double price,
                  double worth)
{
    return (sg_why){.reason = reason,
                    .device = device,
                    .from = t,
                    .to = t + 1,
                    .then_step = -1,
                    .amount_kw = one(amount_kw),
                    .price_per_kwh = one(price),
                    .worth_per_kwh = one(worth),
                    .limit_per_kw = none(),
                    .then_price_per_kwh = none()};
}

static void widen(sg_why_span *ret, sg_why_span other)
{
    ret->low = fmin(ret->low, other.low); /* NaN stands for none: the number stays */
    ret->high = fmax(ret->high, other.high);
}

/* The row that grows is finished. */
static void close_row(context *self)
{
    if (self->open.to > 0) {
        if (self->item) {
            self->item[self->count] = self->open;
        }
        self->count++;
        self->open.to = 0;
    }
}

static void add(context *self, const sg_why *why)
{
    sg_why *open = &self->open;
    if (open->to != why->from || open->reason != why->reason || open->limit != why->limit ||
        open->then != why->then || open->then_step != why->then_step ||
        open->device != why->device) {
        close_row(self);
        *open = *why;
        return;
    }
    open->to = why->to;
    widen(&open->amount_kw, why->amount_kw);
    widen(&open->price_per_kwh, why->price_per_kwh);
    widen(&open->worth_per_kwh, why->worth_per_kwh);
    widen(&open->limit_per_kw, why->limit_per_kw);
    widen(&open->then_price_per_kwh, why->then_price_per_kwh);
}

/* ---- stores ------------------------------------------------------------------------------------ */

typedef struct store_step {
    const sg_dispatch_store *store;
    sg_store_margin margin;
    int t;
    double price, value,
        later; /* later: of energy carried past the step, as if no energy limit bound here */
    double charge_kw, discharge_kw;
} store_step;

static double keep_of(const sg_dispatch *p, const sg_dispatch_store *s)
{
    return pow(1.0 - s->standing_loss_per_h, hours_of(p));
}

static void look_at_store(const context *self, int store, int t, store_step *ret)
{
    const sg_dispatch *p = self->problem;
    const sg_schedule *r = self->schedule;
    const sg_dispatch_store *s = &p->stores[store];
    *ret = (store_step){.store = s,
                        .t = t,
                        .price = r->zone_price_per_kwh[s->zone][t],
                        .value = r->energy_value_per_kwh[store][t],
                        .charge_kw = r->charge_kw[store][t],
                        .discharge_kw = r->discharge_kw[store][t]};
    ret->later = t + 1 < p->steps ? keep_of(p, s) * r->energy_value_per_kwh[store][t + 1]
                                  : s->terminal_value_per_kwh;
    sg_store_margin_at(p, r, store, t, &ret->margin);
}

/* A floor after the step makes energy before it dearer than energy after it; a ceiling cheaper. */
static bool floor_binds(const store_step *x)
{
    return x->value > x->later + MONEY;
}

static bool ceiling_binds(const store_step *x)
{
    return x->value < x->later - MONEY;
}

static sg_why_limit which_floor(const context *self, const store_step *x)
{
    if (x->margin.up_energy_per_kwh > MONEY) {
        return SG_BY_RESERVE;
    }
    bool last = x->t + 1 == self->problem->steps;
    return last && x->store->final_kwh_min > x->store->energy_kwh_min ? SG_BY_FINAL : SG_BY_EMPTY;
}

/* What a kW more of discharging takes from the up reserve less what it gives to the down reserve. */
static double reserve_power_price(const store_step *x)
{
    return x->margin.up_power_per_kw - x->margin.down_power_per_kw;
}

/* What a kWh in store after step t is good for: the use that pays least among those it can reach, because it is the one
 * that a kWh more would serve. Upper bounds of the energy's value by the reduced cost of discharging. */
static carried use_after(const context *self, const store_step *x, const store_step *next,
                         const carried *after_next, double keep)
{
    if (floor_binds(x)) {
        sg_why_limit floor = which_floor(self, x);
        return (carried){floor == SG_BY_RESERVE ? SG_THEN_RESERVE
                         : floor == SG_BY_FINAL ? SG_THEN_END_NEED
                                                : SG_THEN_FLOOR,
                         floor == SG_BY_FINAL ? -1 : x->t, x->value, (double)NAN};
    }
    if (!next) {
        return (carried){SG_THEN_END_VALUE, -1, x->later, (double)NAN};
    }
    carried best = *after_next;
    const sg_dispatch_store *s = x->store;
    double held = reserve_power_price(next) / hours_of(self->problem);
    double use = s->discharge_eff * (next->price - s->wear_cost_per_kwh - held);
    bool has_number = best.then == SG_THEN_END_VALUE || isfinite(best.price_per_kwh);
    if (runs(next->discharge_kw - next->charge_kw, s->discharge_kw_max) &&
        (!has_number || use < best.worth_per_kwh - SAME_FRAC * fabs(best.worth_per_kwh))) {
        bool priced = fabs(held) > MONEY;
        best = (carried){priced ? SG_THEN_RESERVE : SG_THEN_USE, next->t, use, next->price};
    }
    best.worth_per_kwh *= keep;
    return best;
}

static carried dearer(carried found, carried other)
{
    bool more = !isfinite(found.worth_per_kwh) ||
                other.worth_per_kwh > found.worth_per_kwh + SAME_FRAC * fabs(found.worth_per_kwh);
    return more ? other : found;
}

/* What a kWh left in store after step t could still bring: the best of what the schedule did not use up. Lower bounds of
 * the energy's value: by discharging later where there is power for it, or by what must be bought for it later. */
static carried kept_after(const store_step *x, const store_step *next, const carried *after_next,
                          double keep)
{
    if (ceiling_binds(x)) {
        return (carried){SG_THEN_NOTHING, -1, -HUGE_VAL, (double)NAN};
    }
    if (!next) {
        return (carried){SG_THEN_END_VALUE, -1, x->later, (double)NAN};
    }
    const sg_dispatch_store *s = x->store;
    double use = s->discharge_eff * (next->price - s->wear_cost_per_kwh);
    double bought = (next->price + s->wear_cost_per_kwh) / s->charge_eff;
    carried best = *after_next;
    bool priced = fabs(reserve_power_price(next)) > MONEY; /* then energy alone decides nothing */
    if (!priced && !is_full(next->discharge_kw, s->discharge_kw_max)) {
        best = dearer(best, (carried){SG_THEN_USE, next->t, use, next->price});
    }
    if (!priced && runs(next->charge_kw - next->discharge_kw, s->charge_kw_max)) {
        best = dearer(best, (carried){SG_THEN_REFILL, next->t, bought, next->price});
    }
    best.worth_per_kwh *= keep;
    return best;
}

static void look_ahead(context *self, int store)
{
    const sg_dispatch *p = self->problem;
    double keep = keep_of(p, &p->stores[store]);
    store_step x, next;
    for (int t = p->steps - 1; t >= 0; t--) {
        bool last = t + 1 == p->steps;
        look_at_store(self, store, t, &x);
        self->use[t] =
            use_after(self, &x, last ? NULL : &next, last ? NULL : &self->use[t + 1], keep);
        self->kept[t] = kept_after(&x, last ? NULL : &next, last ? NULL : &self->kept[t + 1], keep);
        next = x;
    }
}

/* What the energy in store cost: the dearest charge since the store last ran down to a floor. A kWh less in store now would
 * have saved that; lower bounds of the energy's value by the reduced cost of charging. */
static void look_back(context *self, int store)
{
    const sg_dispatch *p = self->problem;
    const sg_dispatch_store *s = &p->stores[store];
    double keep = keep_of(p, s);
    carried best = {SG_THEN_NOTHING, -1, -HUGE_VAL, (double)NAN};
    for (int t = 0; t < p->steps; t++) {
        store_step x;
        look_at_store(self, store, t, &x);
        best.worth_per_kwh /= keep;
        self->paid[t] = best;
        double paid = (x.price + s->wear_cost_per_kwh) / s->charge_eff;
        bool priced = fabs(reserve_power_price(&x)) > MONEY;
        if (!priced && runs(x.charge_kw - x.discharge_kw, s->charge_kw_max)) {
            best = dearer(best, (carried){SG_THEN_PAID, t, paid, x.price});
        }
        if (floor_binds(&x)) {
            best = (carried){SG_THEN_NOTHING, -1, -HUGE_VAL, (double)NAN};
        }
    }
}

static double stored_worth(const store_step *x, double in_store_per_kwh)
{
    return x->store->charge_eff * in_store_per_kwh - x->store->wear_cost_per_kwh;
}

static double given_worth(const store_step *x, double in_store_per_kwh)
{
    return in_store_per_kwh / x->store->discharge_eff + x->store->wear_cost_per_kwh;
}

static void take_then(sg_why *why, const carried *from)
{
    why->then = from->then;
    why->then_step = from->step == why->from ? -1 : from->step; /* here and now needs no name */
    why->then_price_per_kwh = one(from->price_per_kwh);
}

/* What a kW or kWh is worth to the reserve. */
static double reserve_pays(const store_step *x)
{
    return fmax(fmax(x->margin.up_power_per_kw, x->margin.down_power_per_kw),
                fmax(x->margin.up_energy_per_kwh, x->margin.down_energy_per_kwh));
}

/* Prices of energy alone would have it otherwise: the reserve decides, or nothing but the solver's rounding. */
static bool is_held(const store_step *x)
{
    return reserve_pays(x) > MONEY;
}

static sg_why held_for_reserve(const store_step *x, int store)
{
    double net_kw = x->discharge_kw - x->charge_kw;
    sg_why why = row(SG_WHY_HOLD, store, x->t, net_kw, x->price,
                     net_kw < 0.0 ? stored_worth(x, x->value) : given_worth(x, x->value));
    why.limit = SG_BY_RESERVE;
    why.limit_per_kw = one(reserve_pays(x));
    return why;
}

static sg_why why_charge(const context *self, const store_step *x, int store)
{
    sg_why why = row(SG_WHY_CHARGE, store, x->t, x->charge_kw - x->discharge_kw, x->price,
                     stored_worth(x, self->use[x->t].worth_per_kwh));
    take_then(&why, &self->use[x->t]);
    if (x->price > why.worth_per_kwh.low + MONEY) {
        if (is_held(x)) {
            return held_for_reserve(x, store);
        }
        why = row(SG_WHY_CHARGE, store, x->t, x->charge_kw - x->discharge_kw, x->price,
                  stored_worth(x, x->value));
    }
    if (x->margin.charge_per_kw < -MONEY) {
        why.limit = SG_BY_POWER;
        why.limit_per_kw = one(-x->margin.charge_per_kw);
    } else if (ceiling_binds(x)) {
        why.limit = x->margin.down_energy_per_kwh > MONEY ? SG_BY_RESERVE : SG_BY_FULL;
        why.limit_per_kw = one(x->later - x->value);
    } else if (x->margin.down_power_per_kw > MONEY) {
        why.limit = SG_BY_RESERVE;
        why.limit_per_kw = one(x->margin.down_power_per_kw);
    }
    return why;
}

static sg_why why_discharge(const context *self, const store_step *x, int store)
{
    carried kept = dearer(self->kept[x->t], self->paid[x->t]);
    double worth = given_worth(x, kept.worth_per_kwh);
    sg_why why =
        row(SG_WHY_DISCHARGE, store, x->t, x->discharge_kw - x->charge_kw, x->price, worth);
    if (kept.then == SG_THEN_NOTHING || x->price < worth - MONEY) {
        why.worth_per_kwh = one(given_worth(x, x->value));
        if (x->price < why.worth_per_kwh.low - MONEY && is_held(x)) {
            return held_for_reserve(x, store);
        }
    } else {
        take_then(&why, &kept);
    }
    if (x->margin.discharge_per_kw < -MONEY) {
        why.limit = SG_BY_POWER;
        why.limit_per_kw = one(-x->margin.discharge_per_kw);
    } else if (floor_binds(x)) {
        why.limit = which_floor(self, x);
        why.limit_per_kw = one(x->value - x->later);
    } else if (x->margin.up_power_per_kw > MONEY) {
        why.limit = SG_BY_RESERVE;
        why.limit_per_kw = one(x->margin.up_power_per_kw);
    }
    return why;
}

static sg_why why_idle(const context *self, const store_step *x, int store)
{
    double stored = stored_worth(x, x->value), given = given_worth(x, x->value);
    sg_why why = row(SG_WHY_IDLE, store, x->t, 0.0, x->price, stored);
    why.worth_per_kwh.high = given + 0.0;
    if (floor_binds(x) && x->price > given_worth(x, x->later) + MONEY) {
        why.reason = SG_WHY_EMPTY;
        why.limit = which_floor(self, x);
        why.worth_per_kwh = one(given_worth(x, x->later));
        why.limit_per_kw = one(x->value - x->later);
    } else if (ceiling_binds(x) && x->price < stored_worth(x, x->later) - MONEY) {
        why.reason = SG_WHY_FULL;
        why.limit = x->margin.down_energy_per_kwh > MONEY ? SG_BY_RESERVE : SG_BY_FULL;
        why.worth_per_kwh = one(stored_worth(x, x->later));
        why.limit_per_kw = one(x->later - x->value);
    } else if (x->price < stored - MONEY || x->price > given + MONEY) {
        if (is_held(x)) {
            return held_for_reserve(x, store);
        }
        why.limit = SG_BY_POWER; /* it would run, and has no power to */
    }
    return why;
}

static void explain_store(context *self, int store)
{
    look_ahead(self, store);
    look_back(self, store);
    for (int t = 0; t < self->problem->steps; t++) {
        store_step x;
        look_at_store(self, store, t, &x);
        bool charges = runs(x.charge_kw, x.store->charge_kw_max);
        bool discharges = runs(x.discharge_kw, x.store->discharge_kw_max);
        sg_why why;
        if (charges && discharges) {
            why = row(SG_WHY_CIRCULATE, store, t, fmin(x.charge_kw, x.discharge_kw), x.price,
                      x.value);
        } else {
            why = charges      ? why_charge(self, &x, store)
                  : discharges ? why_discharge(self, &x, store)
                               : why_idle(self, &x, store);
        }
        add(self, &why);
    }
    close_row(self);
}

/* ---- the grid ---------------------------------------------------------------------------------- */

static bool ramp_binds(const context *self, int t)
{
    const sg_dispatch *p = self->problem;
    return fabs(sg_ramp_price_at(p, self->schedule, t)) > MONEY ||
           fabs(sg_ramp_price_at(p, self->schedule, t + 1)) > MONEY;
}

/* The demand period that bears most of this step's price, or -1. */
static int period_of(const context *self, int t)
{
    int best = -1;
    for (int m = 0; m < self->problem->grid.demand_count; m++) {
        double share = self->values.peak_share_per_kw[m][t];
        if (share > MONEY && (best < 0 || share > self->values.peak_share_per_kw[best][t])) {
            best = m;
        }
    }
    return best;
}

static sg_why why_import(const context *self, int t)
{
    const sg_dispatch *p = self->problem;
    double price = self->schedule->zone_price_per_kwh[p->grid.zone][t];
    sg_why why = row(SG_WHY_IMPORT, -1, t, self->schedule->import_kw[t], price,
                     at(p->grid.import_price_per_kwh, t));
    int period = period_of(self, t);
    if (self->values.import_per_kw[t] > MONEY) {
        why.limit = SG_BY_POWER;
        why.limit_per_kw = one(self->values.import_per_kw[t]);
    } else if (period >= 0) {
        why.reason = SG_WHY_PEAK;
        why.device = period;
        why.limit_per_kw = one(self->values.peak_share_per_kw[period][t]);
    } else if (ramp_binds(self, t)) {
        why.limit = SG_BY_RAMP;
    }
    return why;
}

static sg_why why_export(const context *self, int t)
{
    const sg_dispatch *p = self->problem;
    double saving = sg_export_saving_per_kw(p, self->schedule, t);
    sg_why why = row(SG_WHY_EXPORT, -1, t, self->schedule->export_kw[t],
                     self->schedule->zone_price_per_kwh[p->grid.zone][t],
                     at(p->grid.export_price_per_kwh, t));
    if (saving > MONEY) {
        why.limit = SG_BY_POWER;
        why.limit_per_kw = one(saving);
    } else if (ramp_binds(self, t)) {
        why.limit = SG_BY_RAMP;
    }
    return why;
}

static void explain_grid(context *self)
{
    const sg_dispatch *p = self->problem;
    const sg_dispatch_grid *g = &p->grid;
    for (int t = 0; t < p->steps; t++) {
        sg_why why;
        if (runs(self->schedule->import_kw[t], g->import_kw_max)) {
            why = why_import(self, t);
            add(self, &why);
        } else if (runs(self->schedule->export_kw[t], g->export_kw_max)) {
            why = why_export(self, t);
            add(self, &why);
        }
    }
    close_row(self);
    for (int t = 0; t < p->steps; t++) {
        double price = sg_ramp_price_at(p, self->schedule, t);
        if (fabs(price) > MONEY) {
            double before = t ? self->schedule->import_kw[t - 1] - self->schedule->export_kw[t - 1]
                              : g->initial_net_kw;
            sg_why why = row(SG_WHY_RAMP, -1, t,
                             self->schedule->import_kw[t] - self->schedule->export_kw[t] - before,
                             self->schedule->zone_price_per_kwh[g->zone][t], (double)NAN);
            why.limit = SG_BY_RAMP;
            why.limit_per_kw = one(fabs(price));
            add(self, &why);
        }
    }
    close_row(self);
}

/* ---- sources, loads, links, reserve ------------------------------------------------------------ */

/* What keeps surplus power of a zone from leaving it. */
static sg_why_limit outlet_limit(const context *self, int zone, int t)
{
    const sg_dispatch *p = self->problem;
    const sg_schedule *r = self->schedule;
    if (p->grid.present && p->grid.zone == zone) {
        if (is_full(r->export_kw[t], p->grid.export_kw_max)) {
            return SG_BY_EXPORT;
        }
        if (ramp_binds(self, t)) {
            return SG_BY_RAMP;
        }
    }
    for (int l = 0; l < p->link_count; l++) {
        const sg_dispatch_link *k = &p->links[l];
        if ((k->from == zone && is_full(r->link_forward_kw[l][t], k->forward_kw_max)) ||
            (k->to == zone && is_full(r->link_back_kw[l][t], k->back_kw_max))) {
            return SG_BY_LINK;
        }
    }
    return SG_BY_NOTHING;
}

static void explain_source(context *self, int source)
{
    const sg_dispatch *p = self->problem;
    const sg_dispatch_source *d = &p->sources[source];
    for (int t = 0; t < p->steps; t++) {
        double most = d->available_kw[t], given = self->schedule->source_kw[source][t];
        double price = self->schedule->zone_price_per_kwh[d->zone][t],
               cost = at(d->cost_per_kwh, t);
        bool full = is_full(given, most);
        if (!runs(most, most) || (full && cost <= 0.0)) {
            continue; /* nothing to give, or all of it and for nothing: no decision */
        }
        sg_why why = row(cost <= 0.0         ? SG_WHY_CURTAIL
                         : runs(given, most) ? SG_WHY_RUN
                                             : SG_WHY_OFF,
                         source, t, cost <= 0.0 ? most - given : given, price, cost);
        if (why.reason == SG_WHY_CURTAIL) {
            why.limit = outlet_limit(self, d->zone, t);
        } else if (full) {
            why.limit = SG_BY_POWER;
            why.limit_per_kw = one(hours_of(p) * (price - cost));
        }
        add(self, &why);
    }
    close_row(self);
}

static void explain_shed(context *self, int item)
{
    const sg_dispatch *p = self->problem;
    const sg_dispatch_shed *d = &p->shed[item];
    for (int t = 0; t < p->steps; t++) {
        double kw = self->schedule->shed_kw[item][t];
        double price = self->schedule->zone_price_per_kwh[d->zone][t];
        if (runs(kw, d->max_kw[t])) {
            sg_why why = row(SG_WHY_SHED, item, t, kw, price, d->cost_per_kwh);
            if (price > d->cost_per_kwh + MONEY) {
                why.limit = SG_BY_POWER;
                why.limit_per_kw = one(hours_of(p) * (price - d->cost_per_kwh));
            }
            add(self, &why);
        }
    }
    close_row(self);
}

static void explain_shiftable(context *self, int item)
{
    const sg_dispatch *p = self->problem;
    const sg_dispatch_shiftable *d = &p->shiftable[item];
    double worth = self->schedule->shift_price_per_kwh[item];
    for (int t = d->from; t < d->to && d->energy_kwh > 0.0; t++) {
        double kw = self->schedule->shift_kw[item][t];
        double price = self->schedule->zone_price_per_kwh[d->zone][t];
        sg_why why =
            row(runs(kw, d->power_kw_max) ? SG_WHY_WORK : SG_WHY_WAIT, item, t, kw, price, worth);
        if (why.reason == SG_WHY_WORK && price < worth - MONEY) {
            why.limit = SG_BY_POWER;
            why.limit_per_kw = one(hours_of(p) * (worth - price));
        }
        add(self, &why);
    }
    close_row(self);
    double left_kwh = self->schedule->unserved_kwh[item];
    if (runs(left_kwh, d->energy_kwh)) {
        sg_why why = row(SG_WHY_UNDONE, item, d->from, left_kwh, d->unserved_cost_per_kwh, worth);
        why.to = d->to > d->from ? d->to : d->from + 1;
        add(self, &why);
    }
    close_row(self);
}

static void explain_link(context *self, int link, bool forward)
{
    const sg_dispatch *p = self->problem;
    const sg_dispatch_link *k = &p->links[link];
    const double *here = self->schedule->zone_price_per_kwh[forward ? k->from : k->to];
    const double *there = self->schedule->zone_price_per_kwh[forward ? k->to : k->from];
    const double *kw =
        forward ? self->schedule->link_forward_kw[link] : self->schedule->link_back_kw[link];
    for (int t = 0; t < p->steps; t++) {
        double arrives = (1.0 - k->loss_frac) * there[t];
        if (arrives > here[t] + MONEY &&
            is_full(kw[t], forward ? k->forward_kw_max : k->back_kw_max)) {
            sg_why why = row(forward ? SG_WHY_LINK_FORWARD : SG_WHY_LINK_BACK, link, t, kw[t],
                             here[t], arrives);
            why.limit = SG_BY_POWER;
            why.limit_per_kw = one(hours_of(p) * (arrives - here[t]));
            add(self, &why);
        }
    }
    close_row(self);
}

static void explain_reserve(context *self, bool up)
{
    const sg_dispatch *p = self->problem;
    const double *need_kw = up ? p->reserve_up_kw : p->reserve_down_kw;
    const double *price_per_kw =
        up ? self->schedule->reserve_up_price_per_kw : self->schedule->reserve_down_price_per_kw;
    for (int t = 0; need_kw && t < p->steps; t++) {
        if (need_kw[t] > 0.0 && price_per_kw[t] > MONEY) {
            sg_why why = row(up ? SG_WHY_RESERVE_UP : SG_WHY_RESERVE_DOWN, -1, t, need_kw[t],
                             (double)NAN, (double)NAN);
            why.limit = SG_BY_RESERVE;
            why.limit_per_kw = one(price_per_kw[t]);
            add(self, &why);
        }
    }
    close_row(self);
}

/* ---- all of it --------------------------------------------------------------------------------- */

static void walk(context *self)
{
    const sg_dispatch *p = self->problem;
    self->count = 0;
    if (p->grid.present) {
        explain_grid(self);
    }
    for (int s = 0; s < p->store_count; s++) {
        explain_store(self, s);
    }
    for (int s = 0; s < p->source_count; s++) {
        explain_source(self, s);
    }
    for (int s = 0; s < p->shed_count; s++) {
        explain_shed(self, s);
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        explain_shiftable(self, k);
    }
    for (int l = 0; l < p->link_count; l++) {
        explain_link(self, l, true);
        explain_link(self, l, false);
    }
    explain_reserve(self, true);
    explain_reserve(self, false);
}

static int compare(const void *left, const void *right)
{
    const sg_why *a = left, *b = right;
    int keys[][2] = {{a->from, b->from},
                     {(int)sg_why_list_of(a->reason), (int)sg_why_list_of(b->reason)},
                     {a->device, b->device},
                     {(int)a->reason, (int)b->reason}};
    for (int i = 0; i < 4; i++) {
        if (keys[i][0] != keys[i][1]) {
            return keys[i][0] < keys[i][1] ? -1 : 1;
        }
    }
    return 0;
}

sg_status sg_explain(const sg_dispatch *p, const sg_schedule *r, sg_arena *arena,
                     sg_explanation *ret)
{
    context self = {.problem = p, .schedule = r};
    sg_status status = sg_values_of(p, r, arena, &self.values);
    if (status != SG_OK) {
        return status;
    }
    self.use = sg_arena_array(arena, (size_t)p->steps, sizeof *self.use);
    self.kept = sg_arena_array(arena, (size_t)p->steps, sizeof *self.kept);
    self.paid = sg_arena_array(arena, (size_t)p->steps, sizeof *self.paid);
    if (!self.use || !self.kept || !self.paid) {
        return SG_NOMEM;
    }
    walk(&self);
    self.item = sg_arena_array(arena, (size_t)self.count + 1, sizeof *self.item);
    if (!self.item) {
        return SG_NOMEM;
    }
    walk(&self);
    qsort(self.item, (size_t)self.count, sizeof *self.item, compare);
    *ret = (sg_explanation){.item = self.item, .count = self.count};
    return SG_OK;
}
