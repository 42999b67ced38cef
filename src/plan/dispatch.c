#include "plan/dispatch.h"

#include "plan/program.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Both directions above this at once count as circulation. */
static const double CIRCULATION_KW = 1e-6;
/* Softened amounts below this are the solver's rounding and not reported. */
static const double SOFTENED_MIN_KW = 1e-5;

static double at(const double *series, int step)
{
    return series ? series[step] : 0.0;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* What is left of the limit; 0 stays 0 (none), an exhausted limit becomes a moment. */
static double seconds_left(double seconds_max, double began_s)
{
    return seconds_max <= 0.0 ? 0.0 : fmax(seconds_max - (now_s() - began_s), 1e-3);
}

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
    char solver[48];
    snprintf(solver, sizeof solver, "clp %s", sg_lp_solver_version());
    *ret = (sg_schedule){.outcome = SG_NUMERIC,
                         .objective = (double)NAN,
                         .bound = (double)NAN,
                         .relative_gap = (double)NAN,
                         .residual_kw = (double)NAN,
                         .dual_residual_per_kwh = (double)NAN};
    ret->solver = sg_arena_text(arena, solver, strlen(solver));
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
    ret->shift_price_per_kwh = price_of(arena, p->shiftable_count, &done);
    ret->circulation = sg_arena_array(arena, (size_t)p->steps, sizeof *ret->circulation);
    return done && ret->circulation && ret->solver ? SG_OK : SG_NOMEM;
}

/* Power that flows both ways at once and earns nothing by it is an accident of the simplex corner:
 * net it. */
static void net_out(const sg_dispatch *p, sg_schedule *ret)
{
    for (int t = 0; p->grid.present && t < p->steps; t++) {
        if (at(p->grid.import_price_per_kwh, t) >= at(p->grid.export_price_per_kwh, t)) {
            double both = fmin(ret->import_kw[t], ret->export_kw[t]);
            ret->import_kw[t] -= both;
            ret->export_kw[t] -= both;
        }
    }
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        if (d->charge_eff < 1.0 || d->discharge_eff < 1.0 || d->wear_cost_per_kwh < 0.0) {
            continue; /* through losses it changes the energy */
        }
        for (int t = 0; t < p->steps; t++) {
            double both = fmin(ret->charge_kw[s][t], ret->discharge_kw[s][t]);
            ret->charge_kw[s][t] -= both;
            ret->discharge_kw[s][t] -= both;
        }
    }
}

static void find_circulation(const sg_dispatch *p, sg_schedule *ret)
{
    for (int t = 0; t < p->steps; t++) {
        bool found = fmin(ret->import_kw[t], ret->export_kw[t]) > CIRCULATION_KW;
        for (int s = 0; s < p->store_count; s++) {
            found |= fmin(ret->charge_kw[s][t], ret->discharge_kw[s][t]) > CIRCULATION_KW;
        }
        ret->circulation[t] = found;
    }
}

static void find_peaks(const sg_dispatch_grid *g, sg_schedule *ret)
{
    for (int m = 0; g->present && m < g->demand_count; m++) {
        ret->peak_kw[m] = g->demand[m].peak_so_far_kw;
        for (int t = g->demand[m].from; t < g->demand[m].to; t++) {
            ret->peak_kw[m] = fmax(ret->peak_kw[m], ret->import_kw[t]);
        }
    }
}

/* The money of the schedule itself, by the format's formula rather than by the solver's word. */
static double cost_of(const sg_dispatch *p, const sg_schedule *r)
{
    double money = 0.0;
    for (int t = 0; t < p->steps; t++) {
        double rate = 0.0; /* money per hour */
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
        money += rate * (p->step_s / 3600.0);
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        money += p->shiftable[k].unserved_cost_per_kwh * r->unserved_kwh[k];
    }
    for (int m = 0; p->grid.present && m < p->grid.demand_count; m++) {
        money +=
            p->grid.demand[m].charge_per_kw * (r->peak_kw[m] - p->grid.demand[m].peak_so_far_kw);
    }
    for (int s = 0; s < p->store_count; s++) {
        money -= p->stores[s].terminal_value_per_kwh * r->energy_kwh[s][p->steps];
    }
    return money;
}

/* Adding zero turns the solver's -0 into 0. */
static void take_block(double *ret, const double *value, int first, int count)
{
    for (int t = 0; t < count; t++) {
        ret[t] = value[first + t] + 0.0;
    }
}

static void schedule_take(const sg_program *self, const sg_lp_result *result, sg_schedule *ret)
{
    const sg_dispatch *p = self->problem;
    const double *value = result->value;
    int steps = p->steps;
    for (int s = 0; s < p->source_count; s++) {
        take_block(ret->source_kw[s], value, self->source + s * steps, steps);
    }
    if (p->grid.present) {
        take_block(ret->import_kw, value, self->import, steps);
        take_block(ret->export_kw, value, self->export, steps);
    }
    for (int s = 0; s < p->store_count; s++) {
        take_block(ret->charge_kw[s], value, self->charge + s * steps, steps);
        take_block(ret->discharge_kw[s], value, self->discharge + s * steps, steps);
        ret->energy_kwh[s][0] = p->stores[s].initial_kwh;
        take_block(ret->energy_kwh[s] + 1, value, self->energy + s * steps, steps);
    }
    for (int s = 0; s < p->shed_count; s++) {
        take_block(ret->shed_kw[s], value, self->shed + s * steps, steps);
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        int from = p->shiftable[k].from;
        take_block(ret->shift_kw[k] + from, value, self->shift[k], p->shiftable[k].to - from);
        ret->unserved_kwh[k] = value[self->unserved + k] + 0.0;
    }
    for (int t = 0; t < steps; t++) {
        ret->marginal_price_per_kwh[t] = result->row_dual[self->balance + t] / self->hours + 0.0;
    }
    net_out(p, ret);
    find_circulation(p, ret);
    find_peaks(&p->grid, ret);
    ret->objective = cost_of(p, ret);
}

static void set_bound(const sg_dispatch *p, double lp_bound, sg_schedule *ret)
{
    double bound = lp_bound;
    for (int m = 0; p->grid.present && m < p->grid.demand_count; m++) {
        bound -= p->grid.demand[m].charge_per_kw * p->grid.demand[m].peak_so_far_kw;
    }
    ret->bound = isfinite(ret->objective) ? fmin(bound, ret->objective) : bound;
    ret->relative_gap = (ret->objective - ret->bound) / fmax(fabs(ret->objective), DBL_MIN);
    if (ret->objective == ret->bound) {
        ret->relative_gap = 0.0;
    }
}

static void softened_name(const sg_program *self, const sg_slack *s, sg_dispatch_softened *ret)
{
    static const char *const NAMES[] = {
        "balance",       "balance",         "energy_kwh_min", "energy_kwh_max",
        "reserve/up_kw", "reserve/down_kw", "final_kwh_min",  "grid/ramp_kw_per_step"};
    if (s->store >= 0) {
        const char *id = self->problem->stores[s->store].id;
        snprintf(ret->constraint, sizeof ret->constraint, "stores/%.63s/%s", id ? id : "",
                 NAMES[s->kind]);
    } else {
        snprintf(ret->constraint, sizeof ret->constraint, "%s", NAMES[s->kind]);
    }
}

static sg_status take_softened(const sg_program *self, const sg_lp_result *result, sg_arena *arena,
                               sg_schedule *ret)
{
    int count = 0;
    for (int k = 0; k < self->slack_count; k++) {
        count += result->value[self->slacks[k].column] > SOFTENED_MIN_KW;
    }
    ret->softened = sg_arena_array(arena, (size_t)count + 1, sizeof *ret->softened);
    if (!ret->softened) {
        return SG_NOMEM;
    }
    for (int k = 0; k < self->slack_count; k++) {
        const sg_slack *s = &self->slacks[k];
        double amount = result->value[s->column];
        if (amount > SOFTENED_MIN_KW) {
            sg_dispatch_softened *row = &ret->softened[ret->softened_count++];
            softened_name(self, s, row);
            row->step = s->step;
            row->amount_kw = s->kind == SG_SLACK_SURPLUS ? -amount : amount;
        }
    }
    return SG_OK;
}

/* Freeze how much each tier gives way, and let the money decide what is left. */
static void hold_tiers(sg_program *self, const sg_lp_result *nearest)
{
    for (int level = 0; level < SG_TIER_COUNT; level++) {
        double total = 0.0;
        int row = sg_lp_row(&self->lp, -HUGE_VAL, 0.0);
        for (int k = 0; k < self->slack_count; k++) {
            const sg_slack *s = &self->slacks[k];
            if ((int)s->tier == level) {
                sg_lp_term(&self->lp, row, s->column, s->hours);
                total += s->hours * nearest->value[s->column];
            }
        }
        if (!self->lp.failed) {
            self->lp.row_upper[row] = total * (1.0 + 1e-9) + 1e-6;
        }
    }
}

/* The nearest program: first the least weighted sum of what gives way, then the least cost at that
 * sum. */
static sg_status solve_nearest(const sg_dispatch *problem, double seconds_max, double began_s,
                               sg_arena *scratch, sg_arena *arena, sg_schedule *ret)
{
    sg_program self;
    sg_lp_result nearest = {0}, best = {0};
    sg_status status = sg_program_build(&self, problem, true, scratch);
    size_t columns = self.lp.column_count;
    double *cost = sg_arena_array(scratch, columns + 1, sizeof *cost);
    if (status == SG_OK && !cost) {
        status = SG_NOMEM;
    }
    if (status == SG_OK) {
        memcpy(cost, self.lp.column_cost, columns * sizeof *cost);
        memset(self.lp.column_cost, 0, columns * sizeof *cost);
        for (int k = 0; k < self.slack_count; k++) {
            self.lp.column_cost[self.slacks[k].column] = self.slacks[k].weight;
        }
        status = sg_lp_solve(&self.lp, seconds_left(seconds_max, began_s), &nearest);
    }
    if (status == SG_OK && nearest.outcome == SG_SOLVED) {
        memcpy(self.lp.column_cost, cost, columns * sizeof *cost);
        hold_tiers(&self, &nearest);
        status = sg_lp_solve(&self.lp, seconds_left(seconds_max, began_s), &best);
    }
    if (status == SG_OK && nearest.feasible) {
        const sg_lp_result *use = best.feasible ? &best : &nearest;
        schedule_take(&self, use, ret);
        status = take_softened(&self, use, arena, ret);
    }
    ret->iterations += nearest.iterations + best.iterations;
    sg_lp_result_free(&nearest);
    sg_lp_result_free(&best);
    sg_lp_free(&self.lp);
    return status;
}

sg_status sg_dispatch_solve(const sg_dispatch *problem, double seconds_max, sg_arena *arena,
                            sg_schedule *ret)
{
    sg_dispatch_options options = {.seconds_max = seconds_max};
    return sg_dispatch_solve_with(problem, &options, arena, ret);
}

sg_status sg_dispatch_solve_with(const sg_dispatch *problem, const sg_dispatch_options *options,
                                 sg_arena *arena, sg_schedule *ret)
{
    double seconds_max = options->seconds_max;
    double began_s = now_s();
    if (!sg_dispatch_is_valid(problem)) {
        return SG_RANGE;
    }
    sg_arena scratch = {0};
    sg_program self;
    sg_lp_result result = {0};
    sg_status status = sg_schedule_create(problem, arena, ret);
    if (status == SG_OK) {
        status = sg_program_build(&self, problem, false, &scratch);
        if (status == SG_OK) {
            status = sg_lp_solve(&self.lp, seconds_max, &result);
        }
        if (status == SG_OK) {
            ret->outcome = result.outcome;
            ret->iterations = result.iterations;
            if (result.feasible) {
                schedule_take(&self, &result, ret);
                set_bound(problem, result.bound, ret);
            }
        }
        sg_lp_free(&self.lp);
        sg_lp_result_free(&result);
    }
    if (status == SG_OK && ret->outcome == SG_INFEASIBLE) {
        status = solve_nearest(problem, seconds_max, began_s, &scratch, arena, ret);
    }
    ret->solve_s = now_s() - began_s;
    sg_arena_free(&scratch);
    return status;
}
