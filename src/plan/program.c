#include "plan/program.h"

#include "base/check.h"

#include <math.h>


static double at(const double *series, int step)
{
    return series ? series[step] : 0.0;
}

static bool all_finite(const double *series, int steps, double low)
{
    for (int t = 0; series && t < steps; t++) {
        if (!isfinite(series[t]) || series[t] < low) {
            return false;
        }
    }
    return true;
}

/* True for a number that is at least low; HUGE_VAL passes, NaN does not. */
static bool at_least(double value, double low)
{
    return value >= low;
}

static bool store_is_valid(const sg_dispatch_store *s)
{
    return isfinite(s->energy_kwh_min) && isfinite(s->energy_kwh_max) && s->energy_kwh_min >= 0.0 &&
           s->energy_kwh_max >= s->energy_kwh_min && isfinite(s->charge_kw_max) &&
           isfinite(s->discharge_kw_max) && s->charge_kw_max >= 0.0 && s->discharge_kw_max >= 0.0 &&
           s->charge_eff > 0.0 && s->charge_eff <= 1.0 && s->discharge_eff > 0.0 &&
           s->discharge_eff <= 1.0 && s->standing_loss_per_h >= 0.0 &&
           s->standing_loss_per_h < 1.0 && isfinite(s->initial_kwh) && s->initial_kwh >= 0.0 &&
           s->final_kwh_min < HUGE_VAL && isfinite(s->wear_cost_per_kwh) &&
           isfinite(s->terminal_value_per_kwh);
}

static bool grid_is_valid(const sg_dispatch_grid *g, int steps)
{
    if (!g->present) {
        return true;
    }
    bool valid = at_least(g->import_kw_max, 0.0) && at_least(g->export_kw_max, 0.0) &&
                 all_finite(g->import_price_per_kwh, steps, -HUGE_VAL) &&
                 all_finite(g->export_price_per_kwh, steps, -HUGE_VAL) &&
                 at_least(g->ramp_kw_per_step, 0.0) &&
                 (!g->initial_net_given || isfinite(g->initial_net_kw)) && g->demand_count >= 0;
    for (int m = 0; valid && m < g->demand_count; m++) {
        const sg_dispatch_demand *d = &g->demand[m];
        valid = d->from >= 0 && d->from <= d->to && d->to <= steps && isfinite(d->charge_per_kw) &&
                d->charge_per_kw >= 0.0 && isfinite(d->peak_so_far_kw) && d->peak_so_far_kw >= 0.0;
    }
    return valid;
}

/* The zones' loads, the links between them, and that everything stands in one of them. */
static bool zones_are_valid(const sg_dispatch *p)
{
    int zones = sg_dispatch_zone_count(p);
    bool valid = zones >= 1 && zones <= SG_DISPATCH_ZONE_MAX && (!p->zones || !p->load_kw);
    for (int zone = 0; valid && zone < zones; zone++) {
        const double *load_kw = sg_dispatch_load_kw(p, zone);
        valid = load_kw && all_finite(load_kw, p->steps, -HUGE_VAL);
    }
    for (int l = 0; valid && l < p->link_count; l++) {
        const sg_dispatch_link *d = &p->links[l];
        valid = d->from >= 0 && d->from < zones && d->to >= 0 && d->to < zones &&
                d->from != d->to && at_least(d->forward_kw_max, 0.0) &&
                at_least(d->back_kw_max, 0.0) && d->loss_frac >= 0.0 && d->loss_frac < 1.0;
    }
    valid = valid && (!p->grid.present || (p->grid.zone >= 0 && p->grid.zone < zones));
    for (int s = 0; valid && s < p->source_count; s++) {
        valid = p->sources[s].zone >= 0 && p->sources[s].zone < zones;
    }
    for (int s = 0; valid && s < p->store_count; s++) {
        valid = p->stores[s].zone >= 0 && p->stores[s].zone < zones;
    }
    for (int s = 0; valid && s < p->shed_count; s++) {
        valid = p->shed[s].zone >= 0 && p->shed[s].zone < zones;
    }
    for (int k = 0; valid && k < p->shiftable_count; k++) {
        valid = p->shiftable[k].zone >= 0 && p->shiftable[k].zone < zones;
    }
    return valid;
}

bool sg_dispatch_is_valid(const sg_dispatch *p)
{
    int steps = p->steps;
    bool valid = steps > 0 && isfinite(p->step_s) && p->step_s > 0.0 && zones_are_valid(p) &&
                 grid_is_valid(&p->grid, steps) && all_finite(p->reserve_up_kw, steps, 0.0) &&
                 all_finite(p->reserve_down_kw, steps, 0.0) && isfinite(p->reserve_duration_s) &&
                 p->reserve_duration_s >= 0.0;
    for (int s = 0; valid && s < p->source_count; s++) {
        valid = p->sources[s].available_kw && all_finite(p->sources[s].available_kw, steps, 0.0) &&
                all_finite(p->sources[s].cost_per_kwh, steps, -HUGE_VAL);
    }
    for (int s = 0; valid && s < p->store_count; s++) {
        valid = store_is_valid(&p->stores[s]);
    }
    for (int s = 0; valid && s < p->shed_count; s++) {
        valid = p->shed[s].max_kw && all_finite(p->shed[s].max_kw, steps, 0.0) &&
                isfinite(p->shed[s].cost_per_kwh);
    }
    for (int k = 0; valid && k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *j = &p->shiftable[k];
        valid = j->from >= 0 && j->from <= j->to && j->to <= steps && isfinite(j->energy_kwh) &&
                j->energy_kwh >= 0.0 && at_least(j->power_kw_max, 0.0) &&
                isfinite(j->unserved_cost_per_kwh);
    }
    return valid;
}

/* A column that lets a row give way, counted by the time it lasts. */
static int slack_add(sg_program *self, sg_slack_kind kind, sg_tier tier, int item, int step)
{
    SG_CHECK(self->slack_count < self->slack_size);
    double hours = step >= 0 ? self->hours : 1.0;
    int column = sg_lp_column(&self->lp, 0.0, 0.0, HUGE_VAL);
    self->slacks[self->slack_count++] = (sg_slack){.kind = kind,
                                                   .tier = tier,
                                                   .column = column,
                                                   .item = item,
                                                   .step = step,
                                                   .hours = hours};
    return column;
}

static void build_balance(sg_program *self)
{
    const sg_dispatch *p = self->problem;
    int zones = sg_dispatch_zone_count(p);
    self->balance = (int)self->lp.row_count;
    for (int zone = 0; zone < zones; zone++) {
        const double *load_kw = sg_dispatch_load_kw(p, zone);
        for (int t = 0; t < p->steps; t++) {
            sg_lp_row(&self->lp, load_kw[t], load_kw[t]);
        }
    }
    for (int k = 0; self->elastic && k < zones * p->steps; k++) {
        int zone = k / p->steps, t = k % p->steps;
        sg_lp_term(&self->lp, self->balance + k,
                   slack_add(self, SG_SLACK_SHORT, SG_TIER_BALANCE, zone, t), 1.0);
        sg_lp_term(&self->lp, self->balance + k,
                   slack_add(self, SG_SLACK_SURPLUS, SG_TIER_BALANCE, zone, t), -1.0);
    }
}

/* How `steps` columns of power enter the program. */
typedef struct power_block {
    int zone;
    double balance_sign;
    const double *cost_per_kwh; /* NULL = cost_flat_per_kwh */
    double cost_sign, cost_flat_per_kwh;
    const double *kw_max; /* NULL = kw_max_flat */
    double kw_max_flat;
} power_block;

/* The first column is returned. */
static int build_power(sg_program *self, const power_block *d)
{
    int first = (int)self->lp.column_count, steps = self->problem->steps;
    for (int t = 0; t < steps; t++) {
        double cost = d->cost_per_kwh ? d->cost_sign * d->cost_per_kwh[t] : d->cost_flat_per_kwh;
        double most = d->kw_max ? d->kw_max[t] : d->kw_max_flat;
        int column = sg_lp_column(&self->lp, self->hours * cost, 0.0, most);
        sg_lp_term(&self->lp, self->balance + d->zone * steps + t, column, d->balance_sign);
    }
    return first;
}

static void build_sources(sg_program *self)
{
    const sg_dispatch *p = self->problem;
    self->source = (int)self->lp.column_count;
    for (int s = 0; s < p->source_count; s++) {
        const sg_dispatch_source *d = &p->sources[s];
        build_power(self, &(power_block){.zone = d->zone,
                                         .balance_sign = 1.0,
                                         .cost_per_kwh = d->cost_per_kwh,
                                         .cost_sign = 1.0,
                                         .kw_max = d->available_kw});
    }
}

/* What is sent leaves one zone in full and arrives in the other less the loss. */
static void build_links(sg_program *self, bool forward)
{
    const sg_dispatch *p = self->problem;
    int *block = forward ? &self->link_forward : &self->link_back;
    *block = (int)self->lp.column_count;
    for (int l = 0; l < p->link_count; l++) {
        const sg_dispatch_link *d = &p->links[l];
        int from = forward ? d->from : d->to, to = forward ? d->to : d->from;
        double most = forward ? d->forward_kw_max : d->back_kw_max;
        int first = build_power(
            self, &(power_block){.zone = from, .balance_sign = -1.0, .kw_max_flat = most});
        for (int t = 0; t < p->steps; t++) {
            sg_lp_term(&self->lp, self->balance + to * p->steps + t, first + t, 1.0 - d->loss_frac);
        }
    }
}

static void build_ramp(sg_program *self)
{
    const sg_dispatch_grid *g = &self->problem->grid;
    if (isinf(g->ramp_kw_per_step)) {
        return;
    }
    self->ramp = (int)self->lp.row_count;
    self->ramp_from = g->initial_net_given ? 0 : 1;
    for (int t = self->ramp_from; t < self->problem->steps; t++) {
        double before = t ? 0.0 : g->initial_net_kw;
        int row = sg_lp_row(&self->lp, before - g->ramp_kw_per_step, before + g->ramp_kw_per_step);
        sg_lp_term(&self->lp, row, self->import + t, 1.0);
        sg_lp_term(&self->lp, row, self->export + t, -1.0);
        if (t) {
            sg_lp_term(&self->lp, row, self->import + t - 1, -1.0);
            sg_lp_term(&self->lp, row, self->export + t - 1, 1.0);
        }
        if (self->elastic) {
            sg_lp_term(&self->lp, row, slack_add(self, SG_SLACK_RAMP, SG_TIER_RAMP, -1, t), 1.0);
            sg_lp_term(&self->lp, row, slack_add(self, SG_SLACK_RAMP, SG_TIER_RAMP, -1, t), -1.0);
        }
    }
}

static void build_grid(sg_program *self)
{
    const sg_dispatch_grid *g = &self->problem->grid;
    self->peak = (int)self->lp.column_count;
    if (!g->present) {
        return;
    }
    self->import = build_power(self, &(power_block){.zone = g->zone,
                                                    .balance_sign = 1.0,
                                                    .cost_per_kwh = g->import_price_per_kwh,
                                                    .cost_sign = 1.0,
                                                    .kw_max_flat = g->import_kw_max});
    self->export = build_power(self, &(power_block){.zone = g->zone,
                                                    .balance_sign = -1.0,
                                                    .cost_per_kwh = g->export_price_per_kwh,
                                                    .cost_sign = -1.0,
                                                    .kw_max_flat = g->export_kw_max});
    build_ramp(self);
    self->peak = (int)self->lp.column_count;
    self->peak_rows = (int)self->lp.row_count;
    for (int m = 0; m < g->demand_count; m++) {
        const sg_dispatch_demand *d = &g->demand[m];
        /* no import can exceed its limit, so neither need the peak: a finite bound helps the dual
         * bound */
        int peak = sg_lp_column(&self->lp, d->charge_per_kw, d->peak_so_far_kw,
                                fmax(d->peak_so_far_kw, g->import_kw_max));
        for (int t = d->from; t < d->to; t++) {
            int row = sg_lp_row(&self->lp, 0.0, HUGE_VAL);
            sg_lp_term(&self->lp, row, peak, 1.0);
            sg_lp_term(&self->lp, row, self->import + t, -1.0);
        }
    }
}

/* The energy range as rows with slacks: a store that starts outside its range must not void the
 * day. The slacks of all stores stand side by side, for the reserve finds them by counting. */
static void build_soft_range(sg_program *self, int store, int first)
{
    const sg_dispatch_store *s = &self->problem->stores[store];
    for (int t = 0; t < self->problem->steps; t++) {
        int low = slack_add(self, SG_SLACK_ENERGY_MIN, SG_TIER_RANGE, store, t);
        int high = slack_add(self, SG_SLACK_ENERGY_MAX, SG_TIER_RANGE, store, t);
        if (store == 0 && t == 0) {
            self->range_min = low;
            self->range_max = high;
        }
        int row = sg_lp_row(&self->lp, s->energy_kwh_min, HUGE_VAL);
        sg_lp_term(&self->lp, row, first + t, 1.0);
        sg_lp_term(&self->lp, row, low, 1.0);
        row = sg_lp_row(&self->lp, -HUGE_VAL, s->energy_kwh_max);
        sg_lp_term(&self->lp, row, first + t, 1.0);
        sg_lp_term(&self->lp, row, high, -1.0);
    }
}

static void build_soft_final(sg_program *self, int store, int last)
{
    double least = self->problem->stores[store].final_kwh_min;
    if (isfinite(least)) {
        int row = sg_lp_row(&self->lp, least, HUGE_VAL);
        sg_lp_term(&self->lp, row, last, 1.0);
        sg_lp_term(&self->lp, row, slack_add(self, SG_SLACK_FINAL, SG_TIER_FINAL, store, -1), 1.0);
    }
}

static void build_store(sg_program *self, int store, int energy, int charge, int discharge)
{
    const sg_dispatch *p = self->problem;
    const sg_dispatch_store *s = &p->stores[store];
    double keep = pow(1.0 - s->standing_loss_per_h, self->hours);
    for (int t = 0; t < p->steps; t++) {
        double start = t ? 0.0 : keep * s->initial_kwh;
        int row = sg_lp_row(&self->lp, start, start);
        sg_lp_term(&self->lp, row, energy + t, 1.0);
        sg_lp_term(&self->lp, row, charge + t, -self->hours * s->charge_eff);
        sg_lp_term(&self->lp, row, discharge + t, self->hours / s->discharge_eff);
        if (t) {
            sg_lp_term(&self->lp, row, energy + t - 1, -keep);
        }
    }
}

static void build_stores(sg_program *self)
{
    const sg_dispatch *p = self->problem;
    self->charge = (int)self->lp.column_count;
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        build_power(self, &(power_block){.zone = d->zone,
                                         .balance_sign = -1.0,
                                         .cost_flat_per_kwh = d->wear_cost_per_kwh,
                                         .kw_max_flat = d->charge_kw_max});
    }
    self->discharge = (int)self->lp.column_count;
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        build_power(self, &(power_block){.zone = d->zone,
                                         .balance_sign = 1.0,
                                         .cost_flat_per_kwh = d->wear_cost_per_kwh,
                                         .kw_max_flat = d->discharge_kw_max});
    }
    self->energy = (int)self->lp.column_count;
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        for (int t = 0; t < p->steps; t++) {
            bool last = t == p->steps - 1;
            double low = last ? fmax(d->energy_kwh_min, d->final_kwh_min) : d->energy_kwh_min;
            sg_lp_column(&self->lp, last ? -d->terminal_value_per_kwh : 0.0,
                         self->elastic ? 0.0 : low, self->elastic ? HUGE_VAL : d->energy_kwh_max);
        }
    }
    self->dynamics = (int)self->lp.row_count;
    for (int s = 0; s < p->store_count; s++) {
        int block = s * p->steps;
        build_store(self, s, self->energy + block, self->charge + block, self->discharge + block);
    }
    for (int s = 0; self->elastic && s < p->store_count; s++) {
        build_soft_range(self, s, self->energy + s * p->steps);
    }
    for (int s = 0; self->elastic && s < p->store_count; s++) {
        build_soft_final(self, s, self->energy + (s + 1) * p->steps - 1);
    }
}

static void build_flexible(sg_program *self)
{
    const sg_dispatch *p = self->problem;
    self->shed = (int)self->lp.column_count;
    for (int s = 0; s < p->shed_count; s++) {
        build_power(self, &(power_block){.zone = p->shed[s].zone,
                                         .balance_sign = 1.0,
                                         .cost_flat_per_kwh = p->shed[s].cost_per_kwh,
                                         .kw_max = p->shed[s].max_kw});
    }
    self->unserved = (int)self->lp.column_count;
    for (int k = 0; k < p->shiftable_count; k++) {
        sg_lp_column(&self->lp, p->shiftable[k].unserved_cost_per_kwh, 0.0,
                     p->shiftable[k].energy_kwh);
    }
    self->work = (int)self->lp.row_count;
    for (int k = 0; k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *j = &p->shiftable[k];
        int row = sg_lp_row(&self->lp, j->energy_kwh, j->energy_kwh);
        sg_lp_term(&self->lp, row, self->unserved + k, 1.0);
        self->shift[k] = (int)self->lp.column_count;
        for (int t = j->from; t < j->to; t++) {
            int column = sg_lp_column(&self->lp, 0.0, 0.0, j->power_kw_max);
            sg_lp_term(&self->lp, self->balance + j->zone * p->steps + t, column, -1.0);
            sg_lp_term(&self->lp, row, column, self->hours);
        }
    }
}

/* One store's share of the reserve of one step: a column bounded by its power and by its energy. */
static int build_reserve_share(sg_program *self, bool up, int store, int t)
{
    const sg_dispatch *p = self->problem;
    const sg_dispatch_store *s = &p->stores[store];
    int block = store * p->steps + t;
    double lasts_h = p->reserve_duration_s / 3600.0;
    double power = up ? s->discharge_kw_max : s->charge_kw_max;
    int share = sg_lp_column(&self->lp, 0.0, 0.0, s->discharge_kw_max + s->charge_kw_max);
    int row = sg_lp_row(&self->lp, -HUGE_VAL, power);
    sg_lp_term(&self->lp, row, share, 1.0);
    sg_lp_term(&self->lp, row, self->discharge + block, up ? 1.0 : -1.0);
    sg_lp_term(&self->lp, row, self->charge + block, up ? -1.0 : 1.0);
    row = up ? sg_lp_row(&self->lp, s->energy_kwh_min, HUGE_VAL)
             : sg_lp_row(&self->lp, -HUGE_VAL, s->energy_kwh_max);
    sg_lp_term(&self->lp, row, self->energy + block, 1.0);
    sg_lp_term(&self->lp, row, share, up ? -lasts_h / s->discharge_eff : lasts_h * s->charge_eff);
    if (self->elastic) {
        /* a store outside its range offers no reserve there, but its own bound has already given
         * way */
        sg_lp_term(&self->lp, row, (up ? self->range_min : self->range_max) + 2 * block,
                   up ? 1.0 : -1.0);
    }
    return share;
}

static void build_reserve(sg_program *self, bool up)
{
    const sg_dispatch *p = self->problem;
    const double *need_kw = up ? p->reserve_up_kw : p->reserve_down_kw;
    int *rows = up ? self->reserve_up : self->reserve_down;
    for (int t = 0; t < p->steps; t++) {
        rows[t] = -1;
        if (at(need_kw, t) <= 0.0) {
            continue;
        }
        int row = sg_lp_row(&self->lp, need_kw[t], HUGE_VAL);
        rows[t] = row;
        for (int s = 0; s < p->store_count; s++) {
            sg_lp_term(&self->lp, row, build_reserve_share(self, up, s, t), 1.0);
        }
        if (self->elastic) {
            sg_slack_kind kind = up ? SG_SLACK_RESERVE_UP : SG_SLACK_RESERVE_DOWN;
            sg_lp_term(&self->lp, row, slack_add(self, kind, SG_TIER_RESERVE, -1, t), 1.0);
        }
    }
}

sg_status sg_program_build(sg_program *self, const sg_dispatch *problem, bool elastic,
                           sg_arena *scratch)
{
    sg_lp lp = self->lp;
    sg_lp_clear(&lp);
    *self = (sg_program){.problem = problem,
                         .lp = lp,
                         .hours = problem->step_s / 3600.0,
                         .elastic = elastic,
                         .ramp = -1};
    size_t steps = (size_t)problem->steps, stores = (size_t)problem->store_count;
    self->shift =
        sg_arena_array(scratch, (size_t)problem->shiftable_count + 1, sizeof *self->shift);
    self->reserve_up = sg_arena_array(scratch, steps, sizeof *self->reserve_up);
    self->reserve_down = sg_arena_array(scratch, steps, sizeof *self->reserve_down);
    if (elastic) {
        size_t zones = (size_t)sg_dispatch_zone_count(problem);
        self->slack_size = (int)(steps * (2 * zones + 2 + 2 + 2 * stores) + stores);
        self->slacks = sg_arena_array(scratch, (size_t)self->slack_size, sizeof *self->slacks);
    }
    if (!self->shift || !self->reserve_up || !self->reserve_down || (elastic && !self->slacks)) {
        return SG_NOMEM;
    }
    build_balance(self);
    build_sources(self);
    build_links(self, true);
    build_links(self, false);
    build_grid(self);
    build_stores(self);
    build_flexible(self);
    self->share = (int)self->lp.column_count;
    build_reserve(self, true);
    build_reserve(self, false);
    return self->lp.failed ? SG_NOMEM : SG_OK;
}

/* ---- from the solver's point to a schedule --------------------------------------------------- */

/* Adding zero turns the solver's -0 into 0. */
static void read_block(double *ret, const double *value, int first, int count)
{
    for (int t = 0; t < count; t++) {
        ret[t] = value[first + t] + 0.0;
    }
}

void sg_program_read(const sg_program *self, const sg_lp_result *result, sg_schedule *ret)
{
    const sg_dispatch *p = self->problem;
    const double *value = result->value;
    int steps = p->steps;
    for (int s = 0; s < p->source_count; s++) {
        read_block(ret->source_kw[s], value, self->source + s * steps, steps);
    }
    for (int l = 0; l < p->link_count; l++) {
        read_block(ret->link_forward_kw[l], value, self->link_forward + l * steps, steps);
        read_block(ret->link_back_kw[l], value, self->link_back + l * steps, steps);
    }
    if (p->grid.present) {
        read_block(ret->import_kw, value, self->import, steps);
        read_block(ret->export_kw, value, self->export, steps);
    }
    for (int s = 0; s < p->store_count; s++) {
        read_block(ret->charge_kw[s], value, self->charge + s * steps, steps);
        read_block(ret->discharge_kw[s], value, self->discharge + s * steps, steps);
        ret->energy_kwh[s][0] = p->stores[s].initial_kwh;
        read_block(ret->energy_kwh[s] + 1, value, self->energy + s * steps, steps);
    }
    for (int s = 0; s < p->shed_count; s++) {
        read_block(ret->shed_kw[s], value, self->shed + s * steps, steps);
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        int from = p->shiftable[k].from;
        read_block(ret->shift_kw[k] + from, value, self->shift[k], p->shiftable[k].to - from);
        ret->unserved_kwh[k] = value[self->unserved + k] + 0.0;
    }
}

/* Powers count in kWh by the hours of a step; energies, peaks and reserve stand for themselves. */
static double hours_of_column(const sg_program *self, int column)
{
    bool power =
        column < self->peak || (column >= self->charge && column < self->energy) ||
        (column >= self->shed && column < self->unserved) ||
        (column >= self->unserved + self->problem->shiftable_count && column < self->share);
    return power ? self->hours : 1.0;
}

/* A reduced cost above zero holds its column at the lower bound, one below zero at the upper. */
static double dual_residual(const sg_program *self, const sg_lp_result *result)
{
    const sg_lp *lp = &self->lp;
    double worst = 0.0;
    for (int j = 0; j < (int)lp->column_count; j++) {
        double reduced = result->reduced_cost[j], value = result->value[j];
        double side = reduced > 0.0 ? lp->column_lower[j] : lp->column_upper[j];
        if (isinf(side) || fabs(value - side) > 1e-6 * (1.0 + fabs(side))) {
            worst = fmax(worst, fabs(reduced) / hours_of_column(self, j));
        }
    }
    return worst;
}

void sg_program_read_prices(const sg_program *self, const sg_lp_result *result, sg_schedule *ret)
{
    const sg_dispatch *p = self->problem;
    const double *dual = result->row_dual;
    for (int k = 0; k < sg_dispatch_zone_count(p) * p->steps; k++) {
        ret->zone_price_per_kwh[k / p->steps][k % p->steps] =
            dual[self->balance + k] / self->hours + 0.0;
    }
    for (int t = 0; t < p->steps; t++) {
        int up = self->reserve_up[t], down = self->reserve_down[t];
        bool ramps = self->ramp >= 0 && t >= self->ramp_from;
        ret->reserve_up_price_per_kw[t] = up >= 0 ? dual[up] : 0.0;
        ret->reserve_down_price_per_kw[t] = down >= 0 ? dual[down] : 0.0;
        ret->ramp_price_per_kw[t] = ramps ? dual[self->ramp + t - self->ramp_from] + 0.0 : 0.0;
    }
    for (int s = 0; s < p->store_count; s++) {
        for (int t = 0; t < p->steps; t++) {
            ret->energy_value_per_kwh[s][t] = 0.0 - dual[self->dynamics + s * p->steps + t];
        }
    }
    for (int m = 0, row = self->peak_rows; p->grid.present && m < p->grid.demand_count; m++) {
        int length = p->grid.demand[m].to - p->grid.demand[m].from;
        read_block(ret->peak_price_per_kw[m], dual, row, length);
        row += length;
    }
    read_block(ret->shift_price_per_kwh, dual, self->work, p->shiftable_count);
    ret->dual_residual_per_kwh = dual_residual(self, result);
}
