#include "plan/schedule.h"

#include "plan/extremes.h"

#include <float.h>
#include <math.h>

/* Both directions above this at once count as circulation. */
static const double CIRCULATION_KW = 1e-6;

/* A price that has no sense below zero; NaN, no price, stays NaN. */
static double not_negative(double price)
{
    return price < 0.0 ? 0.0 : price;
}

static double at(const double *series, int step)
{
    return series ? series[step] : 0.0;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static double **rows_of(sg_arena *arena, int count, int length, bool *done)
{
    double **rows = sg_arena_array(arena, (size_t)count + 1, sizeof *rows);
    *done = *done && rows;
    for (int i = 0; *done && i < count; i++) {
        rows[i] = sg_arena_array(arena, (size_t)length, sizeof **rows);
        *done = rows[i] != NULL;
    }
    return rows;
}

static double *row_of(sg_arena *arena, int length, bool *done)
{
    double *row = sg_arena_array(arena, (size_t)length + 1, sizeof *row);
    *done = *done && row;
    return row;
}

static double *price_of(sg_arena *arena, int length, bool *done)
{
    double *row = row_of(arena, length, done);
    for (int t = 0; *done && t < length; t++) {
        row[t] = (double)NAN;
    }
    return row;
}

static double **prices_of(sg_arena *arena, int count, int length, bool *done)
{
    double **rows = rows_of(arena, count, length, done);
    for (int i = 0; *done && i < count; i++) {
        for (int t = 0; t < length; t++) {
            rows[i][t] = (double)NAN;
        }
    }
    return rows;
}

sg_status sg_schedule_create(const sg_dispatch *p, sg_arena *arena, sg_schedule *ret)
{
    bool done = true;
    *ret = (sg_schedule){.outcome = SG_NUMERIC,
                         .solver = "none",
                         .objective = (double)NAN,
                         .bound = (double)NAN,
                         .relative_gap = (double)NAN,
                         .residual_kw = (double)NAN,
                         .dual_residual_per_kwh = (double)NAN};
    ret->source_kw = rows_of(arena, p->source_count, p->steps, &done);
    ret->import_kw = row_of(arena, p->steps, &done);
    ret->export_kw = row_of(arena, p->steps, &done);
    ret->peak_kw = row_of(arena, p->grid.demand_count, &done);
    ret->charge_kw = rows_of(arena, p->store_count, p->steps, &done);
    ret->discharge_kw = rows_of(arena, p->store_count, p->steps, &done);
    ret->energy_kwh = rows_of(arena, p->store_count, p->steps + 1, &done);
    ret->shed_kw = rows_of(arena, p->shed_count, p->steps, &done);
    ret->shift_kw = rows_of(arena, p->shiftable_count, p->steps, &done);
    ret->unserved_kwh = row_of(arena, p->shiftable_count, &done);
    ret->link_forward_kw = rows_of(arena, p->link_count, p->steps, &done);
    ret->link_back_kw = rows_of(arena, p->link_count, p->steps, &done);
    ret->zone_price_per_kwh = prices_of(arena, sg_dispatch_zone_count(p), p->steps, &done);
    ret->marginal_price_per_kwh = done ? ret->zone_price_per_kwh[0] : NULL;
    ret->energy_value_per_kwh = prices_of(arena, p->store_count, p->steps, &done);
    ret->reserve_up_price_per_kw = price_of(arena, p->steps, &done);
    ret->reserve_down_price_per_kw = price_of(arena, p->steps, &done);
    ret->ramp_price_per_kw = price_of(arena, p->steps, &done);
    ret->peak_price_per_kw = rows_of(arena, p->grid.demand_count, 0, &done);
    for (int m = 0; done && p->grid.present && m < p->grid.demand_count; m++) {
        int length = p->grid.demand[m].to - p->grid.demand[m].from;
        ret->peak_price_per_kw[m] = price_of(arena, length, &done);
    }
    ret->shift_price_per_kwh = price_of(arena, p->shiftable_count, &done);
    ret->circulation = sg_arena_array(arena, (size_t)p->steps, sizeof *ret->circulation);
    return done && ret->circulation ? SG_OK : SG_NOMEM;
}

/* ---- flows both ways ------------------------------------------------------------------------- */

static void net_pair(double *there, double *back)
{
    double both = fmin(*there, *back);
    *there -= both;
    *back -= both;
}

/* Power that flows both ways at once and earns nothing by it is an accident of the simplex corner.
 * Through losses it changes the energy, so that only lossless pairs are netted. */
void sg_schedule_net_out(const sg_dispatch *p, sg_schedule *self)
{
    for (int t = 0; p->grid.present && t < p->steps; t++) {
        if (at(p->grid.import_price_per_kwh, t) >= at(p->grid.export_price_per_kwh, t)) {
            net_pair(&self->import_kw[t], &self->export_kw[t]);
        }
    }
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        bool lossless = d->charge_eff == 1.0 && d->discharge_eff == 1.0;
        for (int t = 0; lossless && d->wear_cost_per_kwh >= 0.0 && t < p->steps; t++) {
            net_pair(&self->charge_kw[s][t], &self->discharge_kw[s][t]);
        }
    }
    for (int l = 0; l < p->link_count; l++) {
        for (int t = 0; p->links[l].loss_frac == 0.0 && t < p->steps; t++) {
            net_pair(&self->link_forward_kw[l][t], &self->link_back_kw[l][t]);
        }
    }
}

void sg_schedule_find_circulation(const sg_dispatch *p, sg_schedule *self)
{
    for (int t = 0; t < p->steps; t++) {
        double most = fmin(self->import_kw[t], self->export_kw[t]);
        for (int s = 0; s < p->store_count; s++) {
            most = fmax(most, fmin(self->charge_kw[s][t], self->discharge_kw[s][t]));
        }
        for (int l = 0; l < p->link_count; l++) {
            most = fmax(most, fmin(self->link_forward_kw[l][t], self->link_back_kw[l][t]));
        }
        self->circulation[t] = most > CIRCULATION_KW;
    }
}

/* ---- money ----------------------------------------------------------------------------------- */

void sg_schedule_find_peaks(const sg_dispatch *p, sg_schedule *self)
{
    const sg_dispatch_grid *g = &p->grid;
    for (int m = 0; g->present && m < g->demand_count; m++) {
        self->peak_kw[m] = g->demand[m].peak_so_far_kw;
        for (int t = g->demand[m].from; t < g->demand[m].to; t++) {
            self->peak_kw[m] = fmax(self->peak_kw[m], self->import_kw[t]);
        }
    }
}

/* Money per hour of one step. */
static double cost_rate(const sg_dispatch *p, const sg_schedule *r, int t)
{
    double rate = 0.0;
    for (int s = 0; s < p->source_count; s++) {
        rate += at(p->sources[s].cost_per_kwh, t) * r->source_kw[s][t];
    }
    if (p->grid.present) {
        rate += at(p->grid.import_price_per_kwh, t) * r->import_kw[t] -
                at(p->grid.export_price_per_kwh, t) * r->export_kw[t];
    }
    for (int s = 0; s < p->store_count; s++) {
        rate += p->stores[s].wear_cost_per_kwh * (r->charge_kw[s][t] + r->discharge_kw[s][t]);
    }
    for (int s = 0; s < p->shed_count; s++) {
        rate += p->shed[s].cost_per_kwh * r->shed_kw[s][t];
    }
    return rate;
}

/* The money of the schedule itself, by the format's formula rather than by the solver's word. */
double sg_schedule_cost(const sg_dispatch *p, const sg_schedule *r)
{
    double money = 0.0;
    for (int t = 0; t < p->steps; t++) {
        money += cost_rate(p, r, t) * (p->step_s / 3600.0);
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        money += p->shiftable[k].unserved_cost_per_kwh * r->unserved_kwh[k];
    }
    for (int m = 0; p->grid.present && m < p->grid.demand_count; m++) {
        const sg_dispatch_demand *d = &p->grid.demand[m];
        money += d->charge_per_kw * (r->peak_kw[m] - d->peak_so_far_kw);
    }
    for (int s = 0; s < p->store_count; s++) {
        money -= p->stores[s].terminal_value_per_kwh * r->energy_kwh[s][p->steps];
    }
    return money;
}

/* ---- misses ---------------------------------------------------------------------------------- */

/* How far a value stands outside 0..high. */
static double outside(double value, double high)
{
    return fmax(fmax(-value, value - high), 0.0);
}

static double miss_of_balance(const sg_dispatch *p, const sg_schedule *r, int zone, int t)
{
    double net = -sg_dispatch_load_kw(p, zone)[t];
    for (int s = 0; s < p->source_count; s++) {
        net += p->sources[s].zone == zone ? r->source_kw[s][t] : 0.0;
    }
    if (p->grid.present && p->grid.zone == zone) {
        net += r->import_kw[t] - r->export_kw[t];
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
    for (int l = 0; l < p->link_count; l++) {
        double forward = r->link_forward_kw[l][t], back = r->link_back_kw[l][t];
        double arrives = 1.0 - p->links[l].loss_frac;
        net += p->links[l].from == zone ? arrives * back - forward : 0.0;
        net += p->links[l].to == zone ? arrives * forward - back : 0.0;
    }
    return fabs(net);
}

static double miss_of_limits(const sg_dispatch *p, const sg_schedule *r, int t)
{
    const sg_dispatch_grid *g = &p->grid;
    double worst = outside(r->import_kw[t], g->present ? g->import_kw_max : 0.0);
    worst = fmax(worst, outside(r->export_kw[t], g->present ? g->export_kw_max : 0.0));
    if (g->present && (t > 0 || g->initial_net_given)) {
        double before = t ? r->import_kw[t - 1] - r->export_kw[t - 1] : g->initial_net_kw;
        double change = r->import_kw[t] - r->export_kw[t] - before;
        worst = fmax(worst, fabs(change) - g->ramp_kw_per_step);
    }
    for (int s = 0; s < p->source_count; s++) {
        worst = fmax(worst, outside(r->source_kw[s][t], p->sources[s].available_kw[t]));
    }
    for (int s = 0; s < p->shed_count; s++) {
        worst = fmax(worst, outside(r->shed_kw[s][t], p->shed[s].max_kw[t]));
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *j = &p->shiftable[k];
        double most = t >= j->from && t < j->to ? j->power_kw_max : 0.0;
        worst = fmax(worst, outside(r->shift_kw[k][t], most));
    }
    for (int l = 0; l < p->link_count; l++) {
        worst = fmax(worst, outside(r->link_forward_kw[l][t], p->links[l].forward_kw_max));
        worst = fmax(worst, outside(r->link_back_kw[l][t], p->links[l].back_kw_max));
    }
    return worst;
}

static double miss_of_store(const sg_dispatch *p, const sg_schedule *r, int store, double keep,
                            int t)
{
    const sg_dispatch_store *s = &p->stores[store];
    const double *energy = r->energy_kwh[store], hours = p->step_s / 3600.0;
    double charge = r->charge_kw[store][t], discharge = r->discharge_kw[store][t];
    double kept = keep * (t ? energy[t] : s->initial_kwh);
    double next = kept + hours * (s->charge_eff * charge - discharge / s->discharge_eff);
    double low = t == p->steps - 1 ? fmax(s->energy_kwh_min, s->final_kwh_min) : s->energy_kwh_min;
    double worst = fmax(outside(charge, s->charge_kw_max), outside(discharge, s->discharge_kw_max));
    worst = fmax(worst, fabs(energy[t + 1] - next));
    return fmax(worst, fmax(low - energy[t + 1], energy[t + 1] - s->energy_kwh_max));
}

/* What the stores cannot promise of the need: each can give the lesser of its power and energy. */
static double miss_of_reserve(const sg_dispatch *p, const sg_schedule *r, int t)
{
    double lasts_h = p->reserve_duration_s / 3600.0, up = 0.0, down = 0.0;
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        double out = r->discharge_kw[s][t] - r->charge_kw[s][t], energy = r->energy_kwh[s][t + 1];
        double above = fmax(energy - d->energy_kwh_min, 0.0) * d->discharge_eff;
        double room = fmax(d->energy_kwh_max - energy, 0.0) / d->charge_eff;
        up += fmin(d->discharge_kw_max - out, lasts_h > 0.0 ? above / lasts_h : HUGE_VAL);
        down += fmin(d->charge_kw_max + out, lasts_h > 0.0 ? room / lasts_h : HUGE_VAL);
    }
    return fmax(at(p->reserve_up_kw, t) - up, at(p->reserve_down_kw, t) - down);
}

double sg_schedule_residual_kw(const sg_dispatch *p, const sg_schedule *r)
{
    double worst = 0.0;
    for (int t = 0; t < p->steps; t++) {
        for (int zone = 0; zone < sg_dispatch_zone_count(p); zone++) {
            worst = fmax(worst, miss_of_balance(p, r, zone, t));
        }
        worst = fmax(worst, miss_of_limits(p, r, t));
        if (at(p->reserve_up_kw, t) > 0.0 || at(p->reserve_down_kw, t) > 0.0) {
            worst = fmax(worst, miss_of_reserve(p, r, t));
        }
    }
    for (int s = 0; s < p->store_count; s++) {
        double keep = pow(1.0 - p->stores[s].standing_loss_per_h, p->step_s / 3600.0);
        for (int t = 0; t < p->steps; t++) {
            worst = fmax(worst, miss_of_store(p, r, s, keep, t));
        }
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        double served = r->unserved_kwh[k];
        for (int t = p->shiftable[k].from; t < p->shiftable[k].to; t++) {
            served += p->step_s / 3600.0 * r->shift_kw[k][t];
        }
        worst = fmax(worst, fabs(served - p->shiftable[k].energy_kwh));
        worst = fmax(worst, outside(r->unserved_kwh[k], p->shiftable[k].energy_kwh));
    }
    return worst;
}

/* ---- the bound ------------------------------------------------------------------------------- */

/* Reduced costs of powers without limit count as zero below this share of the prices in them, of the highest price of the
 * day, and of money itself. */
static const double PRICE_TOLERANCE = 1e-7, HIGHEST_TOLERANCE = 1e-9, MONEY_TOLERANCE = 1e-12;

/* More than mankind has: no limit. */
static const double UNLIMITED_KW = 1e12;

/* Least of reduced * x over 0 <= x <= high; `price` is the size of what `reduced` is made of. */
static double least(double reduced, double high, double price)
{
    if (reduced >= 0.0 || high == 0.0) {
        return 0.0;
    }
    if (high >= UNLIMITED_KW) {
        return reduced >= -PRICE_TOLERANCE * price - MONEY_TOLERANCE ? 0.0 : -HUGE_VAL;
    }
    return reduced * high;
}

/* Peaks, each at least what was paid for, and the charge that their prices put on the imports. */
static double bound_of_peaks(const sg_dispatch_grid *g, const sg_schedule *r)
{
    double money = 0.0;
    for (int m = 0; m < g->demand_count; m++) {
        const sg_dispatch_demand *d = &g->demand[m];
        double left = d->charge_per_kw;
        for (int t = d->from; t < d->to; t++) {
            double price = not_negative(r->peak_price_per_kw[m][t - d->from]);
            left -= price;
            money -= price * d->peak_so_far_kw;
        }
        /* no peak needs to be above what can be imported */
        double room = fmax(g->import_kw_max - d->peak_so_far_kw, 0.0);
        money += least(left, room, d->charge_per_kw);
    }
    return money;
}

/* What the demand periods put on a kW of import. */
static double peak_price(const sg_dispatch_grid *g, const sg_schedule *r, int t)
{
    double sum = 0.0;
    for (int m = 0; m < g->demand_count; m++) {
        const sg_dispatch_demand *d = &g->demand[m];
        sum += t >= d->from && t < d->to ? not_negative(r->peak_price_per_kw[m][t - d->from]) : 0.0;
    }
    return sum;
}

/* Most that the site can take in at a step, or give off: an optimal schedule imports or exports no more, unless buying
 * to sell pays. */
static double most_taken(const sg_dispatch *p, int t)
{
    double sum = 0.0;
    for (int z = 0; z < sg_dispatch_zone_count(p); z++) {
        sum += fmax(sg_dispatch_load_kw(p, z)[t], 0.0);
    }
    for (int s = 0; s < p->store_count; s++) {
        sum += p->stores[s].charge_kw_max;
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        sum += p->shiftable[k].power_kw_max;
    }
    return sum;
}

static double most_given(const sg_dispatch *p, int t)
{
    double sum = 0.0;
    for (int z = 0; z < sg_dispatch_zone_count(p); z++) {
        sum += fmax(-sg_dispatch_load_kw(p, z)[t], 0.0);
    }
    for (int s = 0; s < p->source_count; s++) {
        sum += p->sources[s].available_kw[t];
    }
    for (int s = 0; s < p->shed_count; s++) {
        sum += p->shed[s].max_kw[t];
    }
    for (int s = 0; s < p->store_count; s++) {
        sum += p->stores[s].discharge_kw_max;
    }
    return sum;
}

/* What prices near zero are measured by, as a share of the highest. */
static double price_floor(const sg_dispatch *p, const sg_schedule *r)
{
    double most = 0.0;
    for (int z = 0; z < sg_dispatch_zone_count(p); z++) {
        for (int t = 0; t < p->steps; t++) {
            most = fmax(most, fabs(r->zone_price_per_kwh[z][t]));
        }
    }
    return most * p->step_s / 3600.0 * (HIGHEST_TOLERANCE / PRICE_TOLERANCE);
}

static double bound_of_grid(const sg_dispatch *p, const sg_schedule *r)
{
    double floor = price_floor(p, r);
    const sg_dispatch_grid *g = &p->grid;
    double money = bound_of_peaks(g, r), hours = p->step_s / 3600.0;
    bool ramps = isfinite(g->ramp_kw_per_step);
    for (int t = 0; t < p->steps; t++) {
        double here = r->zone_price_per_kwh[g->zone][t], net = 0.0;
        if (ramps && (t > 0 || g->initial_net_given)) {
            double ramp = r->ramp_price_per_kw[t], before = t ? 0.0 : g->initial_net_kw;
            money += ramp * (before + (ramp > 0.0 ? -g->ramp_kw_per_step : g->ramp_kw_per_step));
            net -= ramp;
        }
        net += ramps && t + 1 < p->steps ? r->ramp_price_per_kw[t + 1] : 0.0;
        double buy = at(g->import_price_per_kwh, t), sell = at(g->export_price_per_kwh, t);
        double peak = peak_price(g, r, t);
        double size = floor + fabs(net) + peak + hours * (fabs(here) + fabs(buy) + fabs(sell));
        /* without a limit of its own a flow is limited by what there is to take or to give */
        bool ends = buy >= sell && p->link_count == 0;
        double in = ends ? fmin(g->import_kw_max, most_taken(p, t)) : g->import_kw_max;
        double out = ends ? fmin(g->export_kw_max, most_given(p, t)) : g->export_kw_max;
        money += least(hours * (buy - here) + net + peak, in, size);
        money += least(hours * (here - sell) - net, out, size);
    }
    return money;
}

/* One store and step with its share of the reserve kept as a constraint: reduced costs of charge,
 * discharge and energy, prices of reserve. */
typedef struct store_step {
    double charge, discharge, energy; /* reduced costs */
    double up, down;                  /* prices        */
    double charge_max, discharge_max;
    double low, high;        /* of the energy */
    double floor, top;       /* the energy that reserve may use */
    double up_kwh, down_kwh; /* energy that a kW of reserve needs */
} store_step;

/* Least cost at a net output and an energy. */
static double store_cost(const store_step *s, double net, double energy)
{
    net = sg_lesser(sg_larger(net, -s->charge_max), s->discharge_max);
    energy = sg_lesser(sg_larger(energy, s->low), s->high);
    double out = sg_larger(net, 0.0), in = sg_larger(-net, 0.0);
    double both = s->charge + s->discharge < 0.0
                      ? sg_lesser(s->discharge_max - out, s->charge_max - in)
                      : 0.0;
    double cost = s->discharge * (out + both) + s->charge * (in + both) + s->energy * energy;
    double up_kw = s->discharge_max - net, down_kw = s->charge_max + net;
    if (s->up_kwh > 0.0) {
        up_kw = sg_lesser(up_kw, (energy - s->floor) / s->up_kwh);
    }
    if (s->down_kwh > 0.0) {
        down_kw = sg_lesser(down_kw, (s->top - energy) / s->down_kwh);
    }
    return cost - s->up * up_kw - s->down * down_kw;
}

/* Without a price on reserve nothing ties charge, discharge and energy together. */
static double least_without_reserve(const store_step *s)
{
    return sg_lesser(s->charge, 0.0) * s->charge_max +
           sg_lesser(s->discharge, 0.0) * s->discharge_max +
           s->energy * (s->energy > 0.0 ? s->low : s->high);
}

/* Least where the energy that reserve needs is `slope * (net - at_net)` away from `from`: on that
 * line, at the ends and bends of the net and at the ends of the energy. */
static double least_on_line(const store_step *s, const double *nets, double from, double slope,
                            double at_net)
{
    double best = HUGE_VAL;
    for (int i = 0; i < 4; i++) {
        best = sg_lesser(best, store_cost(s, nets[i], from + slope * (nets[i] - at_net)));
    }
    if (slope != 0.0) {
        best = sg_lesser(best, store_cost(s, at_net + (s->low - from) / slope, s->low));
        best = sg_lesser(best, store_cost(s, at_net + (s->high - from) / slope, s->high));
    }
    return best;
}

/* Least over all nets and energies. The cost is convex and piecewise linear, so that it is least
 * where two of these lines cross: a limit of either, a bend of the cost of the net, and the lines
 * on which power and energy limit the reserve alike. */
static double least_of_store(const store_step *s)
{
    if (s->up == 0.0 && s->down == 0.0) {
        return least_without_reserve(s);
    }
    double bend = sg_larger(s->discharge_max - s->charge_max, -s->charge_max);
    double nets[] = {-s->charge_max, 0.0, bend, s->discharge_max}, best = HUGE_VAL;
    for (int i = 0; i < 4; i++) {
        best = sg_lesser(best, store_cost(s, nets[i], s->low));
        best = sg_lesser(best, store_cost(s, nets[i], s->high));
    }
    if (s->up > 0.0) {
        best = sg_lesser(best, least_on_line(s, nets, s->floor, -s->up_kwh, s->discharge_max));
    }
    if (s->down > 0.0) {
        best = sg_lesser(best, least_on_line(s, nets, s->top, -s->down_kwh, -s->charge_max));
    }
    if (s->up > 0.0 && s->down > 0.0 && s->up_kwh != s->down_kwh) {
        double net =
            (s->top - s->floor - s->down_kwh * s->charge_max - s->up_kwh * s->discharge_max) /
            (s->down_kwh - s->up_kwh);
        best = sg_lesser(best, store_cost(s, net, s->floor + s->up_kwh * (s->discharge_max - net)));
    }
    return best;
}

static double bound_of_store(const sg_dispatch *p, const sg_schedule *r, int store)
{
    const sg_dispatch_store *d = &p->stores[store];
    const double *value = r->energy_value_per_kwh[store], *here = r->zone_price_per_kwh[d->zone];
    double hours = p->step_s / 3600.0, keep = pow(1.0 - d->standing_loss_per_h, hours);
    double lasts_h = p->reserve_duration_s / 3600.0, money = -value[0] * keep * d->initial_kwh;
    for (int t = 0; t < p->steps; t++) {
        bool last = t == p->steps - 1;
        bool up = at(p->reserve_up_kw, t) > 0.0, down = at(p->reserve_down_kw, t) > 0.0;
        store_step s = {
            .charge = hours * (d->wear_cost_per_kwh + here[t] - d->charge_eff * value[t]),
            .discharge = hours * (d->wear_cost_per_kwh - here[t] + value[t] / d->discharge_eff),
            .energy = value[t] - (last ? d->terminal_value_per_kwh : keep * value[t + 1]),
            .up = up ? not_negative(r->reserve_up_price_per_kw[t]) : 0.0,
            .down = down ? not_negative(r->reserve_down_price_per_kw[t]) : 0.0,
            .charge_max = d->charge_kw_max,
            .discharge_max = d->discharge_kw_max,
            .low = last ? fmax(d->energy_kwh_min, d->final_kwh_min) : d->energy_kwh_min,
            .high = d->energy_kwh_max,
            .floor = d->energy_kwh_min,
            .top = d->energy_kwh_max,
            .up_kwh = lasts_h / d->discharge_eff,
            .down_kwh = lasts_h * d->charge_eff,
        };
        money += least_of_store(&s);
    }
    return money;
}

static double bound_of_flexible(const sg_dispatch *p, const sg_schedule *r)
{
    double money = 0.0, hours = p->step_s / 3600.0;
    for (int s = 0; s < p->shed_count; s++) {
        const double *here = r->zone_price_per_kwh[p->shed[s].zone];
        for (int t = 0; t < p->steps; t++) {
            money += least(hours * (p->shed[s].cost_per_kwh - here[t]), p->shed[s].max_kw[t], 0.0);
        }
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *j = &p->shiftable[k];
        const double *here = r->zone_price_per_kwh[j->zone], price = r->shift_price_per_kwh[k];
        money +=
            price * j->energy_kwh + least(j->unserved_cost_per_kwh - price, j->energy_kwh, 0.0);
        for (int t = j->from; t < j->to; t++) {
            /* no step can do more than all of the work */
            double most = fmin(j->power_kw_max, j->energy_kwh / hours);
            money += least(hours * (here[t] - price), most, 0.0);
        }
    }
    return money;
}

static double bound_of_links(const sg_dispatch *p, const sg_schedule *r)
{
    double money = 0.0, hours = p->step_s / 3600.0, floor = p->link_count ? price_floor(p, r) : 0.0;
    for (int l = 0; l < p->link_count; l++) {
        const sg_dispatch_link *link = &p->links[l];
        double arrives = 1.0 - link->loss_frac;
        for (int t = 0; t < p->steps; t++) {
            double from = r->zone_price_per_kwh[link->from][t];
            double to = r->zone_price_per_kwh[link->to][t];
            double size = floor + hours * (fabs(from) + fabs(to));
            money += least(hours * (from - arrives * to), link->forward_kw_max, size);
            money += least(hours * (to - arrives * from), link->back_kw_max, size);
        }
    }
    return money;
}

double sg_schedule_bound(const sg_dispatch *p, const sg_schedule *r)
{
    double money = 0.0, hours = p->step_s / 3600.0;
    for (int zone = 0; zone < sg_dispatch_zone_count(p); zone++) {
        const double *load = sg_dispatch_load_kw(p, zone), *here = r->zone_price_per_kwh[zone];
        for (int t = 0; t < p->steps; t++) {
            money += hours * here[t] * load[t];
        }
    }
    for (int t = 0; t < p->steps; t++) {
        double up = at(p->reserve_up_kw, t), down = at(p->reserve_down_kw, t);
        money += up > 0.0 ? up * not_negative(r->reserve_up_price_per_kw[t]) : 0.0;
        money += down > 0.0 ? down * not_negative(r->reserve_down_price_per_kw[t]) : 0.0;
    }
    for (int s = 0; s < p->source_count; s++) {
        const sg_dispatch_source *d = &p->sources[s];
        const double *here = r->zone_price_per_kwh[d->zone];
        for (int t = 0; t < p->steps; t++) {
            money += least(hours * (at(d->cost_per_kwh, t) - here[t]), d->available_kw[t], 0.0);
        }
    }
    money += p->grid.present ? bound_of_grid(p, r) : 0.0;
    for (int s = 0; s < p->store_count; s++) {
        money += bound_of_store(p, r, s);
    }
    money += bound_of_flexible(p, r) + bound_of_links(p, r);
    return isfinite(money) ? money : -HUGE_VAL; /* NaN: there are no prices */
}

/* What a kWh more of a job costs at most: leaving it undone, because what may be left undone moves
 * with the work; where there is no work yet, also its cheapest step. */
static double most_for_work(const sg_dispatch *p, const sg_schedule *r, int k)
{
    const sg_dispatch_shiftable *j = &p->shiftable[k];
    double most = j->unserved_cost_per_kwh;
    bool none_yet = j->energy_kwh == 0.0 && j->power_kw_max > 0.0;
    for (int t = j->from; none_yet && t < j->to; t++) {
        most = fmin(most, r->zone_price_per_kwh[j->zone][t]);
    }
    return most;
}

/* Reserve and peaks have no price below zero, and reserve none where nothing is needed: what a
 * solver leaves there is its rounding. */
static void tidy_prices(const sg_dispatch *p, sg_schedule *self)
{
    double *up = self->reserve_up_price_per_kw, *down = self->reserve_down_price_per_kw;
    for (int t = 0; t < p->steps; t++) {
        up[t] = at(p->reserve_up_kw, t) > 0.0 ? not_negative(up[t]) : 0.0;
        down[t] = at(p->reserve_down_kw, t) > 0.0 ? not_negative(down[t]) : 0.0;
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        double *price = &self->shift_price_per_kwh[k], most = most_for_work(p, self, k);
        *price = *price > most ? most : *price;
    }
    for (int m = 0; p->grid.present && m < p->grid.demand_count; m++) {
        for (int t = 0; t < p->grid.demand[m].to - p->grid.demand[m].from; t++) {
            self->peak_price_per_kw[m][t] = not_negative(self->peak_price_per_kw[m][t]);
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* A cost below this is none: gaps are not measured by it. */
static const double MONEY_MIN = 1e-9;

void sg_schedule_finish(const sg_dispatch *p, sg_schedule *self)
{
    tidy_prices(p, self);
    sg_schedule_net_out(p, self);
    sg_schedule_find_circulation(p, self);
    sg_schedule_find_peaks(p, self);
    self->objective = sg_schedule_cost(p, self);
    self->residual_kw = sg_schedule_residual_kw(p, self);
    /* rounding may lift the bound of an optimum above its cost by the last digits */
    self->bound = fmin(sg_schedule_bound(p, self), self->objective);
    double gap = self->objective - self->bound;
    self->relative_gap = gap > 0.0 ? gap / fmax(fabs(self->objective), MONEY_MIN) : 0.0;
}
