#include "plan/dispatch.h"

#include "base/clock.h"
#include "plan/again.h"
#include "plan/interior.h"
#include "plan/program.h"
#include "plan/schedule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Softened amounts below this are the solver's rounding and not reported. */
static const double SOFTENED_MIN_KW = 1e-5;

/* What is left of the limit; 0 stays 0 (none), an exhausted limit becomes a moment. */
static double seconds_left(double seconds_max, double began_s)
{
    return seconds_max <= 0.0 ? 0.0 : fmax(seconds_max - (sg_clock_s() - began_s), 1e-3);
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

/* What a tier gives way in all, as the cost; the number of its slacks. */
static int ask_tier(sg_program *self, sg_tier tier)
{
    int count = 0;
    memset(self->lp.column_cost, 0, self->lp.column_count * sizeof *self->lp.column_cost);
    for (int k = 0; k < self->slack_count; k++) {
        if (self->slacks[k].tier == tier) {
            self->lp.column_cost[self->slacks[k].column] = self->slacks[k].hours;
            count++;
        }
    }
    return count;
}

/* Below this, kWh in all, a tier does not give way. */
static const double TIER_MIN_KWH = 1e-6;

/* And no more than that from now on: none at all where none is needed. */
static void hold_tier(sg_program *self, sg_tier tier, const sg_lp_result *found)
{
    double total = 0.0;
    for (int k = 0; k < self->slack_count; k++) {
        const sg_slack *s = &self->slacks[k];
        total += s->tier == tier ? s->hours * found->value[s->column] : 0.0;
    }
    bool closed = total <= TIER_MIN_KWH;
    int row = closed ? -1 : sg_lp_row(&self->lp, -HUGE_VAL, total * (1.0 + 1e-9) + TIER_MIN_KWH);
    for (int k = 0; k < self->slack_count; k++) {
        const sg_slack *s = &self->slacks[k];
        if (s->tier == tier && closed) {
            self->lp.column_upper[s->column] = 0.0;
        } else if (s->tier == tier) {
            sg_lp_term(&self->lp, row, s->column, s->hours);
        }
    }
}

/* Solve, and keep what was found before where nothing better is. */
static sg_status try_for(const sg_program *self, sg_lp_solver library, double seconds_max,
                         sg_lp_result *best, bool *ret_solved)
{
    sg_lp_result found = {0};
    sg_status status = sg_lp_solve(&self->lp, library, seconds_max, &found);
    *ret_solved = status == SG_OK && found.outcome == SG_SOLVED;
    found.iterations += best->iterations;
    best->iterations = found.iterations;
    bool better = status == SG_OK && found.feasible;
    sg_lp_result_free(better ? best : &found);
    if (better) {
        *best = found;
    }
    return status;
}

/* The nearest program: of each tier, the dearest first, the least that has to give way beside what the ones before it kept; then
 * the least cost. */
static sg_status solve_nearest(const sg_dispatch *problem, sg_lp_solver library, double seconds_max,
                               double began_s, sg_arena *scratch, sg_arena *arena, sg_schedule *ret)
{
    sg_program self = {0};
    sg_lp_result best = {0};
    sg_status status = sg_program_build(&self, problem, true, scratch);
    size_t bytes = self.lp.column_count * sizeof(double);
    double *cost = sg_arena_array(scratch, self.lp.column_count + 1, sizeof *cost);
    if (status == SG_OK && !cost) {
        status = SG_NOMEM;
    }
    bool solved = status == SG_OK;
    if (solved) {
        memcpy(cost, self.lp.column_cost, bytes);
    }
    for (int tier = 0; tier <= SG_TIER_COUNT && status == SG_OK && solved; tier++) {
        if (tier == SG_TIER_COUNT) {
            memcpy(self.lp.column_cost, cost, bytes);
        } else if (!ask_tier(&self, (sg_tier)tier)) {
            continue;
        }
        status = try_for(&self, library, seconds_left(seconds_max, began_s), &best, &solved);
        if (status == SG_OK && solved && tier < SG_TIER_COUNT) {
            hold_tier(&self, (sg_tier)tier, &best);
        }
    }
    if (status == SG_OK && best.feasible) {
        sg_program_read(&self, &best, ret);
        sg_schedule_net_out(problem, ret);
        sg_schedule_find_circulation(problem, ret);
        sg_schedule_find_peaks(problem, ret);
        ret->objective = sg_schedule_cost(problem, ret);
        status = take_softened(&self, &best, arena, ret);
    }
    ret->iterations += best.iterations;
    sg_lp_result_free(&best);
    sg_lp_free(&self.lp);
    return status;
}

/* The program as stated, by a library. */
static sg_status solve_stated(const sg_dispatch *problem, sg_lp_solver library, double seconds_max,
                              sg_arena *scratch, sg_schedule *ret)
{
    sg_program self = {0};
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
        if (!isfinite(ret->objective)) {
            ret->outcome = SG_NUMERIC; /* costs beyond what a double holds */
        }
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

/* What a proved schedule may miss, of its powers, and of its cost. */
static const double RESIDUAL_MAX = 1e-9, GAP_MAX = 1e-7, MONEY_MIN = 1e-13; /* per kWh */

/* Of the powers that the schedule really moves: limits may be far beyond them. */
static double largest_kw(const sg_dispatch *p, const sg_schedule *r)
{
    double most = 0.0;
    for (int t = 0; t < p->steps; t++) {
        for (int z = 0; z < sg_dispatch_zone_count(p); z++) {
            most = fmax(most, fabs(sg_dispatch_load_kw(p, z)[t]));
        }
        for (int s = 0; s < p->store_count; s++) {
            most = fmax(most, fmax(r->charge_kw[s][t], r->discharge_kw[s][t]));
        }
        most = fmax(most, fmax(r->import_kw[t], r->export_kw[t]));
    }
    return most;
}

/* True where residuals and bound prove the schedule, which is finished for it. turnover: all costs without their signs. */
static bool prove(const sg_dispatch *problem, double turnover, sg_schedule *ret)
{
    sg_schedule_finish(problem, ret);
    double money = fmax(fabs(ret->objective), 1e-4 * turnover);
    double largest = fmax(largest_kw(problem, ret), 1.0);
    bool met = ret->residual_kw <= RESIDUAL_MAX * largest;
    double nothing = MONEY_MIN * largest * problem->step_s / 3600.0 * problem->steps;
    bool counted = isfinite(ret->objective) && isfinite(ret->bound);
    return met && counted && ret->objective - ret->bound <= GAP_MAX * money + nothing;
}

/* The program as stated, by its own structure. Only a schedule whose residuals and bound prove it counts as solved. */
static sg_status solve_own(const sg_dispatch *problem, const sg_dispatch_options *options,
                           sg_schedule *ret)
{
    ret->solver = "interior";
    size_t size = sg_interior_size(problem);
    void *block = size ? aligned_alloc(64, (size + 63) & ~(size_t)63) : NULL;
    if (!block) {
        ret->outcome =
            SG_NUMERIC; /* a shape that it is not made for, or more than the memory there is */
        return SG_OK;
    }
    sg_interior *interior = sg_interior_create(problem, block, size);
    sg_interior_options how = {.seconds_max = options->seconds_max, .pool = options->pool};
    ret->outcome = interior ? sg_interior_solve(interior, problem, &how, ret) : SG_NUMERIC;
    if (ret->outcome == SG_SOLVED && !prove(problem, sg_interior_turnover(interior), ret)) {
        ret->outcome = SG_NUMERIC;
    }
    free(block);
    return SG_OK;
}

/* The program as stated, from the basis of the one before. It gives up freely, and in half of the time, so that the interior point
 * still has the other half: from no basis a long horizon takes it far longer. */
static void solve_again(const sg_dispatch *problem, const sg_dispatch_options *options,
                        sg_schedule *ret)
{
    double turnover = 0.0;
    ret->solver = "pivot";
    ret->outcome =
        sg_again_solve(options->again, problem, 0.5 * options->seconds_max, options->pool, ret,
                       &turnover);
    if (ret->outcome == SG_SOLVED && !prove(problem, turnover, ret)) {
        sg_again_forget(options->again);
        ret->outcome = SG_NUMERIC;
    }
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

/* Nothing of an unproved schedule stays but what was said of it. */
static sg_status forget(const sg_dispatch *problem, sg_arena *arena, sg_schedule *ret)
{
    sg_schedule said = *ret;
    sg_status status = sg_schedule_create(problem, arena, ret);
    ret->outcome = said.outcome;
    ret->iterations = said.iterations;
    ret->solver = said.solver;
    return status;
}

/* By what is Symgrid's own: from the last basis where there is one, then by the interior point. */
static sg_status solve_by_own(const sg_dispatch *problem, const sg_dispatch_options *options,
                              double began_s, sg_arena *arena, sg_schedule *ret)
{
    sg_status status = SG_OK;
    ret->outcome = SG_NUMERIC;
    if (options->again) {
        solve_again(problem, options, ret);
        status = ret->outcome == SG_SOLVED ? SG_OK : forget(problem, arena, ret);
    }
    if (status == SG_OK && ret->outcome != SG_SOLVED) {
        int64_t pivots = ret->iterations;
        sg_dispatch_options rest = *options;
        rest.seconds_max = seconds_left(options->seconds_max, began_s);
        status = solve_own(problem, &rest, ret);
        ret->iterations += pivots;
    }
    return status == SG_OK && ret->outcome != SG_SOLVED ? forget(problem, arena, ret) : status;
}

sg_status sg_dispatch_solve_with(const sg_dispatch *problem, const sg_dispatch_options *options,
                                 sg_arena *arena, sg_schedule *ret)
{
    double began_s = sg_clock_s();
    sg_lp_solver library = options->solver == SG_SOLVER_HIGHS ? SG_LP_HIGHS : SG_LP_CLP;
    if (!sg_dispatch_is_valid(problem)) {
        return SG_RANGE;
    }
    sg_status status = sg_schedule_create(problem, arena, ret);
    /* a corner is what a simplex ends at */
    bool own =
        options->solver == SG_SOLVER_OWN || (options->solver == SG_SOLVER_AUTO && !options->vertex);
    if (status == SG_OK && own) {
        status = solve_by_own(problem, options, began_s, arena, ret);
    }
    /* what it could not prove is the library's to decide, and how a program without a solution gives way; there is no
     * more time for either after a limit */
    bool open = !own || ret->outcome == SG_INFEASIBLE ||
                (options->solver == SG_SOLVER_AUTO && ret->outcome != SG_SOLVED &&
                 ret->outcome != SG_LIMIT);
    if (status == SG_OK && open) {
        status = solve_by_library(problem, library, options->seconds_max, began_s, arena, ret);
    }
    ret->solve_s = sg_clock_s() - began_s;
    return status;
}
