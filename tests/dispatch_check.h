/* dispatch_check.h - is a schedule what its program asked for? Written from docs/formats.md, with no
 * code of src/plan, and without a test framework, so that the fuzz target can use it too.
 *
 * Units    kW, and kWh for energies; money.
 * Errors   dispatch_check() measures; dispatch_compare() writes one line that says what is wrong. */
#ifndef TESTS_DISPATCH_CHECK_H
#define TESTS_DISPATCH_CHECK_H
#include "plan/dispatch.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A schedule of a program without a solution need not name what gave way by less (kW, kWh). */
static const double CHECK_UNNAMED_KW = 2e-5;

/* ---- the constraints of the format --------------------------------------------------------------- */

/* The largest miss found so far; a NaN anywhere is an infinite one. */
typedef struct dispatch_miss {
    double amount;
    const char *what;
    int step;
} dispatch_miss;

static inline double check_at(const double *series, int t)
{
    return series ? series[t] : 0.0;
}

static inline void check_between(dispatch_miss *self, double value, double low, double high,
                                 const char *what, int step)
{
    double miss = fmax(low - value, value - high);
    if (isnan(value)) {
        miss = HUGE_VAL;
    }
    if (miss > self->amount) {
        *self = (dispatch_miss){miss, what, step};
    }
}

/* How much of a constraint gave way at a step, by the schedule's own list. */
static inline double check_softened(const sg_schedule *r, const char *constraint, int step)
{
    double sum = 0.0;
    for (int k = 0; k < r->softened_count; k++) {
        if (r->softened[k].step == step && strcmp(r->softened[k].constraint, constraint) == 0) {
            sum += r->softened[k].amount_kw;
        }
    }
    return sum;
}

static inline const double *check_load_kw(const sg_dispatch *p, int zone)
{
    return p->zones ? p->zones[zone].load_kw : p->load_kw;
}

static inline int check_zone_count(const sg_dispatch *p)
{
    return p->zones ? p->zone_count : 1;
}

static inline void check_limits(const sg_dispatch *p, const sg_schedule *r, int t,
                                dispatch_miss *ret)
{
    for (int s = 0; s < p->source_count; s++) {
        check_between(ret, r->source_kw[s][t], 0.0, p->sources[s].available_kw[t], "source", t);
    }
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        check_between(ret, r->charge_kw[s][t], 0.0, d->charge_kw_max, "charge", t);
        check_between(ret, r->discharge_kw[s][t], 0.0, d->discharge_kw_max, "discharge", t);
    }
    for (int s = 0; s < p->shed_count; s++) {
        check_between(ret, r->shed_kw[s][t], 0.0, p->shed[s].max_kw[t], "shed", t);
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *job = &p->shiftable[k];
        bool inside = t >= job->from && t < job->to;
        check_between(ret, r->shift_kw[k][t], 0.0, inside ? job->power_kw_max : 0.0, "job", t);
    }
    for (int l = 0; l < p->link_count; l++) {
        const sg_dispatch_link *link = &p->links[l];
        check_between(ret, r->link_forward_kw[l][t], 0.0, link->forward_kw_max, "link", t);
        check_between(ret, r->link_back_kw[l][t], 0.0, link->back_kw_max, "link", t);
    }
}

/* What the links bring into a zone less what leaves it. */
static inline double check_links_kw(const sg_dispatch *p, const sg_schedule *r, int zone, int t)
{
    double net = 0.0;
    for (int l = 0; l < p->link_count; l++) {
        const sg_dispatch_link *link = &p->links[l];
        double there = r->link_forward_kw[l][t], back = r->link_back_kw[l][t];
        double arrives = 1.0 - link->loss_frac;
        net += link->from == zone ? arrives * back - there : 0.0;
        net += link->to == zone ? arrives * there - back : 0.0;
    }
    return net;
}

static inline void check_balance(const sg_dispatch *p, const sg_schedule *r, int zone, int t,
                                 dispatch_miss *ret)
{
    double net = p->grid.zone == zone ? r->import_kw[t] - r->export_kw[t] : 0.0;
    net += check_links_kw(p, r, zone, t) - check_load_kw(p, zone)[t];
    for (int s = 0; s < p->source_count; s++) {
        net += p->sources[s].zone == zone ? r->source_kw[s][t] : 0.0;
    }
    for (int s = 0; s < p->store_count; s++) {
        net += p->stores[s].zone == zone ? r->discharge_kw[s][t] - r->charge_kw[s][t] : 0.0;
    }
    for (int s = 0; s < p->shed_count; s++) {
        net += p->shed[s].zone == zone ? r->shed_kw[s][t] : 0.0;
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        net -= p->shiftable[k].zone == zone ? r->shift_kw[k][t] : 0.0;
    }
    char name[96] = "balance";
    if (p->zones) {
        snprintf(name, sizeof name, "zones/%s/balance", p->zones[zone].id);
    }
    check_between(ret, net + check_softened(r, name, t), 0.0, 0.0, "balance", t);
}

static inline void check_grid(const sg_dispatch *p, const sg_schedule *r, int t, dispatch_miss *ret)
{
    const sg_dispatch_grid *g = &p->grid;
    check_between(ret, r->import_kw[t], 0.0, g->present ? g->import_kw_max : 0.0, "import", t);
    check_between(ret, r->export_kw[t], 0.0, g->present ? g->export_kw_max : 0.0, "export", t);
    if (g->present && (t > 0 || g->initial_net_given)) {
        double before = t ? r->import_kw[t - 1] - r->export_kw[t - 1] : g->initial_net_kw;
        double most = g->ramp_kw_per_step + check_softened(r, "grid/ramp_kw_per_step", t);
        check_between(ret, r->import_kw[t] - r->export_kw[t] - before, -most, most, "ramp", t);
    }
    for (int m = 0; g->present && m < g->demand_count; m++) {
        if (t >= g->demand[m].from && t < g->demand[m].to) {
            check_between(ret, r->peak_kw[m], r->import_kw[t], HUGE_VAL, "peak", t);
        }
        check_between(ret, r->peak_kw[m], g->demand[m].peak_so_far_kw, HUGE_VAL, "peak", -1);
    }
}

/* The range that a store kept at a step, after what gave way of it. */
static inline void check_range(const sg_dispatch_store *d, const sg_schedule *r, int t,
                               double *ret_low, double *ret_high)
{
    char low[96], high[96];
    snprintf(low, sizeof low, "stores/%s/energy_kwh_min", d->id);
    snprintf(high, sizeof high, "stores/%s/energy_kwh_max", d->id);
    *ret_low = d->energy_kwh_min - check_softened(r, low, t);
    *ret_high = d->energy_kwh_max + check_softened(r, high, t);
}

static inline void check_store(const sg_dispatch *p, const sg_schedule *r, int s, int t,
                               dispatch_miss *ret)
{
    const sg_dispatch_store *d = &p->stores[s];
    double hours = p->step_s / 3600.0, *energy = r->energy_kwh[s], low, high;
    double kept = pow(1.0 - d->standing_loss_per_h, hours) * (t ? energy[t] : d->initial_kwh);
    double next = kept + hours * (d->charge_eff * r->charge_kw[s][t] -
                                  r->discharge_kw[s][t] / d->discharge_eff);
    char final[96];
    snprintf(final, sizeof final, "stores/%s/final_kwh_min", d->id);
    check_range(d, r, t, &low, &high);
    check_between(ret, energy[t + 1] - next, 0.0, 0.0, "energy", t);
    check_between(ret, energy[t + 1], low, high, "energy range", t);
    if (t == p->steps - 1) {
        check_between(ret, energy[t + 1], d->final_kwh_min - check_softened(r, final, -1), HUGE_VAL,
                      "final energy", t);
    }
}

/* What the energy of a store can carry for the duration asked; no duration asks for no energy. */
static inline double check_lasting_kw(double energy_kwh, double per_kwh, double lasts_h)
{
    return lasts_h > 0.0 ? fmax(energy_kwh, 0.0) * per_kwh / lasts_h : HUGE_VAL;
}

/* The most that the stores can promise at a step: each the lesser of its power and its energy. */
static inline void check_reserve(const sg_dispatch *p, const sg_schedule *r, int t,
                                 dispatch_miss *ret)
{
    double lasts_h = p->reserve_duration_s / 3600.0, up = 0.0, down = 0.0, low, high;
    double unnamed_kwh = r->outcome == SG_INFEASIBLE ? CHECK_UNNAMED_KW : 0.0;
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        double out = r->discharge_kw[s][t] - r->charge_kw[s][t], energy = r->energy_kwh[s][t + 1];
        check_range(d, r, t, &low, &high);
        up += fmin(d->discharge_kw_max - out,
                   check_lasting_kw(energy - low + unnamed_kwh, d->discharge_eff, lasts_h));
        down += fmin(d->charge_kw_max + out,
                     check_lasting_kw(high - energy + unnamed_kwh, 1.0 / d->charge_eff, lasts_h));
    }
    check_between(ret, up, check_at(p->reserve_up_kw, t) - check_softened(r, "reserve/up_kw", t),
                  HUGE_VAL, "reserve up", t);
    check_between(ret, down,
                  check_at(p->reserve_down_kw, t) - check_softened(r, "reserve/down_kw", t),
                  HUGE_VAL, "reserve down", t);
}

/* By how much the schedule misses its program; 0 where it keeps everything. */
static inline dispatch_miss dispatch_check(const sg_dispatch *p, const sg_schedule *r)
{
    dispatch_miss miss = {0.0, "", -1};
    for (int t = 0; t < p->steps; t++) {
        check_limits(p, r, t, &miss);
        for (int zone = 0; zone < check_zone_count(p); zone++) {
            check_balance(p, r, zone, t, &miss);
        }
        check_grid(p, r, t, &miss);
        for (int s = 0; s < p->store_count; s++) {
            check_store(p, r, s, t, &miss);
        }
        if (p->reserve_up_kw || p->reserve_down_kw) {
            check_reserve(p, r, t, &miss);
        }
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        double served = r->unserved_kwh[k];
        for (int t = 0; t < p->steps; t++) {
            served += p->step_s / 3600.0 * r->shift_kw[k][t];
        }
        check_between(&miss, r->unserved_kwh[k], 0.0, HUGE_VAL, "unserved", -1);
        check_between(&miss, served, p->shiftable[k].energy_kwh, p->shiftable[k].energy_kwh,
                      "job energy", -1);
    }
    return miss;
}

/* ---- money --------------------------------------------------------------------------------------- */

typedef struct dispatch_money {
    double total;          /* the objective                                   */
    double stake;          /* the same with every item taken as a cost: |cost x amount| summed */
    double dearest_per_kw; /* the largest |price| of one kW for one step */
    double largest_kw;     /* flow, or energy in kWh, see dispatch_money_of */
} dispatch_money;

static inline void money_item(dispatch_money *self, double cost, double amount)
{
    self->total += cost * amount;
    self->stake += fabs(cost * amount);
    self->dearest_per_kw = fmax(self->dearest_per_kw, fabs(cost));
    self->largest_kw = fmax(self->largest_kw, fabs(amount));
}

static inline double check_wider(double kw, double limit_kw)
{
    return isfinite(limit_kw) ? fmax(kw, fabs(limit_kw)) : kw;
}

/* The widest finite limit on a power. */
static inline double dispatch_widest_kw(const sg_dispatch *p)
{
    double kw = 0.0;
    for (int t = 0; t < p->steps; t++) {
        for (int zone = 0; zone < check_zone_count(p); zone++) {
            kw = check_wider(kw, check_load_kw(p, zone)[t]);
        }
        for (int s = 0; s < p->source_count; s++) {
            kw = check_wider(kw, p->sources[s].available_kw[t]);
        }
    }
    for (int s = 0; s < p->store_count; s++) {
        kw = check_wider(kw, p->stores[s].charge_kw_max);
        kw = check_wider(kw, p->stores[s].discharge_kw_max);
    }
    return p->grid.present
               ? check_wider(check_wider(kw, p->grid.import_kw_max), p->grid.export_kw_max)
               : kw;
}

/* The money item by item instead of step by step, and the sizes that tolerances are shares of. */
static inline dispatch_money dispatch_money_of(const sg_dispatch *p, const sg_schedule *r)
{
    double hours = p->step_s / 3600.0;
    /* where next to nothing flows a kW counts, or what a smaller site could let flow */
    dispatch_money m = {.largest_kw = fmax(fmin(1.0, dispatch_widest_kw(p)), 1e-3)};
    for (int t = 0; t < p->steps; t++) {
        for (int zone = 0; zone < check_zone_count(p); zone++) {
            m.largest_kw = fmax(m.largest_kw, fabs(check_load_kw(p, zone)[t]));
        }
        money_item(&m, hours * check_at(p->grid.import_price_per_kwh, t), r->import_kw[t]);
        money_item(&m, -hours * check_at(p->grid.export_price_per_kwh, t), r->export_kw[t]);
        for (int s = 0; s < p->source_count; s++) {
            money_item(&m, hours * check_at(p->sources[s].cost_per_kwh, t), r->source_kw[s][t]);
        }
        for (int s = 0; s < p->store_count; s++) {
            money_item(&m, hours * p->stores[s].wear_cost_per_kwh, r->charge_kw[s][t]);
            money_item(&m, hours * p->stores[s].wear_cost_per_kwh, r->discharge_kw[s][t]);
            m.largest_kw = fmax(m.largest_kw, fabs(r->energy_kwh[s][t + 1]));
        }
        for (int s = 0; s < p->shed_count; s++) {
            money_item(&m, hours * p->shed[s].cost_per_kwh, r->shed_kw[s][t]);
        }
    }
    for (int s = 0; s < p->store_count; s++) {
        money_item(&m, -p->stores[s].terminal_value_per_kwh, r->energy_kwh[s][p->steps]);
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        money_item(&m, p->shiftable[k].unserved_cost_per_kwh, r->unserved_kwh[k]);
    }
    for (int d = 0; p->grid.present && d < p->grid.demand_count; d++) {
        const sg_dispatch_demand *period = &p->grid.demand[d];
        money_item(&m, period->charge_per_kw, r->peak_kw[d] - period->peak_so_far_kw);
    }
    return m;
}

/* ---- two answers to one program ------------------------------------------------------------------ */

typedef enum dispatch_verdict {
    DISPATCH_AGREES,
    DISPATCH_BORDERLINE, /* solvable or not by less than the tolerance: either answer is right */
    DISPATCH_GAVE_UP,    /* limit or numeric: no answer, and none claimed                      */
    DISPATCH_WRONG
} dispatch_verdict;

/* Shares of what flows in the schedule (kW, kWh) and of the money at stake. */
static const double CHECK_FLOW_FRAC = 1e-6, CHECK_MONEY_FRAC = 1e-6;

/* Objectives nearer than this count as equal: a share of the money at stake, and what the dearest kW
 * of one step costs at a hundredth of the tolerance of flows (where the stake is nothing at all). */
static inline double dispatch_money_slop(const dispatch_money *m)
{
    return CHECK_MONEY_FRAC * m->stake + 0.01 * CHECK_FLOW_FRAC * m->dearest_per_kw * m->largest_kw;
}

/* A schedule by itself: it keeps its program, costs what it says, and proves no more than it costs. */
static inline bool dispatch_holds(const sg_dispatch *p, const sg_schedule *r, char *text,
                                  size_t size)
{
    dispatch_money money = dispatch_money_of(p, r);
    dispatch_miss miss = dispatch_check(p, r);
    double slop = dispatch_money_slop(&money);
    /* where nothing pays, a proof still sums what the whole program could cost */
    double rounding =
        1e-8 * p->steps * fmax(dispatch_widest_kw(p), 1.0) * fmax(money.dearest_per_kw, 1e-4);
    double unnamed_kw = r->outcome == SG_INFEASIBLE ? CHECK_UNNAMED_KW : 0.0;
    if (miss.amount > fmax(CHECK_FLOW_FRAC * money.largest_kw, unnamed_kw)) {
        snprintf(text, size, "%s at step %d misses by %.3g of %.3g kW", miss.what, miss.step,
                 miss.amount, money.largest_kw);
    } else if (!(fabs(money.total - r->objective) <= 1e-9 * money.stake + 0.01 * slop)) {
        snprintf(text, size, "objective is %.12g, the schedule costs %.12g", r->objective,
                 money.total);
    } else if (r->outcome == SG_SOLVED && !(r->objective - r->bound <= slop + rounding)) {
        snprintf(text, size, "solved at %.12g, but proved no better than %.12g", r->objective,
                 r->bound);
    } else if (r->bound > r->objective + slop) {
        snprintf(text, size, "bound %.12g above objective %.12g", r->bound, r->objective);
    } else {
        return true;
    }
    return false;
}

/* Does so little give way that the program counts as solvable as well? */
static inline bool dispatch_is_borderline(const sg_dispatch *p, const sg_schedule *infeasible)
{
    dispatch_money money = dispatch_money_of(p, infeasible);
    for (int k = 0; k < infeasible->softened_count; k++) {
        if (fabs(infeasible->softened[k].amount_kw) > CHECK_FLOW_FRAC * money.largest_kw) {
            return false;
        }
    }
    return isfinite(infeasible->objective);
}

static inline bool dispatch_gave_up(const sg_schedule *r)
{
    return r->outcome == SG_LIMIT || r->outcome == SG_NUMERIC;
}

/* What `tested` says, held against an independent answer to the same program. */
static inline dispatch_verdict dispatch_compare(const sg_dispatch *p, const sg_schedule *tested,
                                                const sg_schedule *reference, char *text,
                                                size_t size)
{
    if (isfinite(tested->objective) && !dispatch_holds(p, tested, text, size)) {
        return DISPATCH_WRONG;
    }
    if (dispatch_gave_up(tested) || dispatch_gave_up(reference)) {
        snprintf(text, size, "%s, reference %s", sg_outcome_text(tested->outcome),
                 sg_outcome_text(reference->outcome));
        return DISPATCH_GAVE_UP;
    }
    if (tested->outcome != reference->outcome) {
        bool one_solved = tested->outcome == SG_SOLVED || reference->outcome == SG_SOLVED;
        const sg_schedule *other = tested->outcome == SG_INFEASIBLE ? tested : reference;
        snprintf(text, size, "%s, reference %s", sg_outcome_text(tested->outcome),
                 sg_outcome_text(reference->outcome));
        return one_solved && other->outcome == SG_INFEASIBLE && dispatch_is_borderline(p, other)
                   ? DISPATCH_BORDERLINE
                   : DISPATCH_WRONG;
    }
    if (tested->outcome != SG_SOLVED) {
        return DISPATCH_AGREES;
    }
    dispatch_money mine = dispatch_money_of(p, tested), theirs = dispatch_money_of(p, reference);
    double slop = fmax(dispatch_money_slop(&mine), dispatch_money_slop(&theirs));
    if (!(fabs(tested->objective - reference->objective) <= slop)) {
        snprintf(text, size, "objective %.12g, reference %.12g: off by %.3g of %.3g at stake",
                 tested->objective, reference->objective, tested->objective - reference->objective,
                 theirs.stake);
        return DISPATCH_WRONG;
    }
    if (tested->bound > reference->objective + slop) {
        snprintf(text, size, "bound %.12g, but reference found %.12g", tested->bound,
                 reference->objective);
        return DISPATCH_WRONG;
    }
    return DISPATCH_AGREES;
}
#endif
