#include "plan/dispatch.h"

#include "plan/program.h"
#include "plan/schedule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Softened amounts below this are the solver's rounding and not reported. */
static const double SOFTENED_MIN_KW = 1e-5;

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

static void softened_name(const sg_program *self, const sg_slack *s, sg_dispatch_softened *ret)
{
    static const char *const NAMES[] = {
        "balance",       "balance",         "energy_kwh_min", "energy_kwh_max",
        "reserve/up_kw", "reserve/down_kw", "final_kwh_min",  "grid/ramp_kw_per_step"};
    const sg_dispatch *p = self->problem;
    const char *folder = "", *id = NULL;
    if (s->tier == SG_TIER_BALANCE && p->zones) {
        folder = "zones/";
        id = p->zones[s->item].id;
    } else if (s->tier != SG_TIER_BALANCE && s->item >= 0) {
        folder = "stores/";
        id = p->stores[s->item].id;
    }
    snprintf(ret->constraint, sizeof ret->constraint, "%s%.63s%s%s", folder, id ? id : "",
             *folder ? "/" : "", NAMES[s->kind]);
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
static sg_status solve_nearest(const sg_dispatch *problem, sg_lp_solver library, double seconds_max,
                               double began_s, sg_arena *scratch, sg_arena *arena, sg_schedule *ret)
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
        status = sg_lp_solve(&self.lp, library, seconds_left(seconds_max, began_s), &nearest);
    }
    if (status == SG_OK && nearest.outcome == SG_SOLVED) {
        memcpy(self.lp.column_cost, cost, columns * sizeof *cost);
        hold_tiers(&self, &nearest);
        status = sg_lp_solve(&self.lp, library, seconds_left(seconds_max, began_s), &best);
    }
    if (status == SG_OK && nearest.feasible) {
        const sg_lp_result *use = best.feasible ? &best : &nearest;
        sg_program_read(&self, use, ret);
        sg_schedule_net_out(problem, ret);
        sg_schedule_find_circulation(problem, ret);
        sg_schedule_find_peaks(problem, ret);
        ret->objective = sg_schedule_cost(problem, ret);
        status = take_softened(&self, use, arena, ret);
    }
    ret->iterations += nearest.iterations + best.iterations;
    sg_lp_result_free(&nearest);
    sg_lp_result_free(&best);
    sg_lp_free(&self.lp);
    return status;
}

/* The program as stated, by a library. */
static sg_status solve_stated(const sg_dispatch *problem, sg_lp_solver library, double seconds_max,
                              sg_arena *scratch, sg_schedule *ret)
{
    sg_program self;
    sg_lp_result result = {0};
    sg_status status = sg_program_build(&self, problem, false, scratch);
    if (status == SG_OK) {
        status = sg_lp_solve(&self.lp, library, seconds_max, &result);
    }
    if (status == SG_OK) {
        ret->outcome = result.outcome;
        ret->iterations = result.iterations;
    }
    if (status == SG_OK && result.feasible) {
        sg_program_read(&self, &result, ret);
        sg_program_read_prices(&self, &result, ret);
        sg_schedule_finish(problem, ret);
    }
    sg_lp_free(&self.lp);
    sg_lp_result_free(&result);
    return status;
}

sg_status sg_dispatch_solve(const sg_dispatch *problem, double seconds_max, sg_arena *arena,
                            sg_schedule *ret)
{
    sg_dispatch_options options = {.seconds_max = seconds_max};
    return sg_dispatch_solve_with(problem, &options, arena, ret);
}

static sg_status name_library(sg_lp_solver library, sg_arena *arena, sg_schedule *ret)
{
    char name[SG_LP_SOLVER_NAME];
    sg_status status = sg_lp_solver_name(library, name);
    if (status == SG_OK) {
        ret->solver = sg_arena_text(arena, name, strlen(name));
        status = ret->solver ? SG_OK : SG_NOMEM;
    }
    return status;
}

/* By a library: the program as stated, and the nearest one where that has no solution. */
static sg_status solve_by_library(const sg_dispatch *problem, sg_lp_solver library,
                                  double seconds_max, double began_s, sg_arena *arena,
                                  sg_schedule *ret)
{
    sg_arena scratch = {0};
    sg_status status = name_library(library, arena, ret);
    if (status == SG_OK) {
        status = solve_stated(problem, library, seconds_left(seconds_max, began_s), &scratch, ret);
    }
    if (status == SG_OK && ret->outcome == SG_INFEASIBLE) {
        status = solve_nearest(problem, library, seconds_max, began_s, &scratch, arena, ret);
    }
    sg_arena_free(&scratch);
    return status;
}

sg_status sg_dispatch_solve_with(const sg_dispatch *problem, const sg_dispatch_options *options,
                                 sg_arena *arena, sg_schedule *ret)
{
    double began_s = now_s();
    sg_lp_solver library = options->solver == SG_SOLVER_HIGHS ? SG_LP_HIGHS : SG_LP_CLP;
    if (!sg_dispatch_is_valid(problem)) {
        return SG_RANGE;
    }
    sg_status status = sg_schedule_create(problem, arena, ret);
    if (status == SG_OK && options->solver == SG_SOLVER_OWN) {
        status = SG_UNAVAILABLE;
    } else if (status == SG_OK) {
        status = solve_by_library(problem, library, options->seconds_max, began_s, arena, ret);
    }
    ret->solve_s = now_s() - began_s;
    return status;
}
