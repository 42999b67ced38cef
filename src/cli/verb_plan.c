#include "base/text.h"
#include "base/time.h"
#include "cli/plan_arbitrage.h"
#include "cli/plan_explain.h"
#include "cli/problem_json.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "symgrid plan - the cheapest schedule of sources, grid, stores and loads\n"
    "\n"
    "usage: symgrid plan --problem FILE|- [--explain] [--json] [--seconds S] [--solver NAME]\n"
    "                    [--vertex]\n"
    "       symgrid plan --arbitrage FILE|- [--json]\n"
    "\n"
    "  --problem FILE  a symgrid.dispatch/1 document; '-' reads standard input\n"
    "  --arbitrage FILE  a symgrid.arbitrage/1 document: the Pi0-QTEN study's transfers between\n"
    "                  periods, its greedy plan, and the optimum beside it\n"
    "  --explain       add the reason of every step and what one more of each limit is worth\n"
    "  --json          write symgrid.schedule/1 (symgrid.arbitrage-plan/1) instead of a table\n"
    "  --seconds S     give up after about S seconds\n"
    "  --solver NAME   auto (unless told otherwise), own, clp, or highs where this machine has\n"
    "                  libhighs (SYMGRID_HIGHS_LIB may name the file)\n"
    "  --vertex        where schedules cost alike, end at a corner as a simplex does, not between\n"
    "\n"
    "Powers are in kW, energies in kWh, prices per kWh. The marginal price of a step is what one\n"
    "more kWh of load would cost there; with zones, in the first of them. Where the limits cannot "
    "all be met, the schedule that\n"
    "comes nearest is given and every limit that gave way is named with its amount.\n"
    "\n"
    "Exit status: 0 solved, 1 infeasible, unbounded or no solution in time, 2 bad input or usage,\n"
    "3 the file cannot be read, memory is exhausted, or the solver failed or is not here.\n"
    "\n"
    "Example: one hour, 50 kW of sun against 80 kW of load\n"
    "  echo "
    "'{\"format\":\"symgrid.dispatch/1\",\"start\":\"2023-07-01T12:00:00Z\",\"step_s\":900,\n"
    "   \"steps\":4,\"load_kw\":80,\"sources\":[{\"id\":\"pv\",\"available_kw\":50}],\n"
    "   \"grid\":{\"import_kw_max\":100,\"import_price_per_kwh\":[0.2,0.3,0.3,0.1]}}' |\n"
    "  symgrid plan --problem -\n";

static void write_series(sg_out *out, const char *key, const double *values, int count)
{
    sg_json_begin(out, key, '[');
    for (int t = 0; t < count; t++) {
        sg_json_number(out, NULL, values[t]);
    }
    sg_json_end(out, ']');
}

static void write_stores(sg_out *out, const sg_dispatch *p, const sg_schedule *r)
{
    sg_json_begin(out, "stores", '{');
    for (int s = 0; s < p->store_count; s++) {
        sg_json_begin(out, p->stores[s].id, '{');
        write_series(out, "charge_kw", r->charge_kw[s], p->steps);
        write_series(out, "discharge_kw", r->discharge_kw[s], p->steps);
        write_series(out, "energy_kwh", r->energy_kwh[s], p->steps + 1);
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
}

static void write_flexible(sg_out *out, const sg_dispatch *p, const sg_schedule *r)
{
    sg_json_begin(out, "shed", '{');
    for (int s = 0; s < p->shed_count; s++) {
        sg_json_begin(out, p->shed[s].id, '{');
        write_series(out, "power_kw", r->shed_kw[s], p->steps);
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
    sg_json_begin(out, "shiftable", '{');
    for (int k = 0; k < p->shiftable_count; k++) {
        sg_json_begin(out, p->shiftable[k].id, '{');
        write_series(out, "power_kw", r->shift_kw[k], p->steps);
        sg_json_number(out, "unserved_kwh", r->unserved_kwh[k]);
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
}

static void write_zones(sg_out *out, const sg_dispatch *p, const sg_schedule *r)
{
    if (!p->zones) {
        return;
    }
    sg_json_begin(out, "zones", '{');
    for (int zone = 0; zone < p->zone_count; zone++) {
        sg_json_begin(out, p->zones[zone].id, '{');
        write_series(out, "marginal_price_per_kwh", r->zone_price_per_kwh[zone], p->steps);
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
    sg_json_begin(out, "links", '{');
    for (int l = 0; l < p->link_count; l++) {
        sg_json_begin(out, p->links[l].id, '{');
        write_series(out, "forward_kw", r->link_forward_kw[l], p->steps);
        write_series(out, "back_kw", r->link_back_kw[l], p->steps);
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
}

static void write_softened(sg_out *out, const sg_schedule *r)
{
    sg_json_begin(out, "softened", '[');
    for (int k = 0; k < r->softened_count; k++) {
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "constraint", r->softened[k].constraint);
        if (r->softened[k].step >= 0) {
            sg_json_integer(out, "step", r->softened[k].step);
        } else {
            sg_json_null(out, "step");
        }
        sg_json_number(out, "amount_kw", r->softened[k].amount_kw);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

/* The end is left open for what --explain adds. */
static void write_json(sg_out *out, const sg_dispatch *p, const sg_schedule *r)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.schedule/1");
    sg_json_text(out, "outcome", sg_outcome_text(r->outcome));
    sg_json_number(out, "objective", r->objective);
    sg_json_number(out, "bound", r->bound);
    sg_json_number(out, "relative_gap", r->relative_gap);
    sg_json_integer(out, "iterations", r->iterations);
    sg_json_fixed(out, "solve_s", r->solve_s, 6);
    sg_json_text(out, "solver", r->solver);
    sg_json_begin(out, "sources", '{');
    for (int s = 0; s < p->source_count; s++) {
        sg_json_begin(out, p->sources[s].id, '{');
        write_series(out, "power_kw", r->source_kw[s], p->steps);
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
    sg_json_begin(out, "grid", '{');
    write_series(out, "import_kw", r->import_kw, p->steps);
    write_series(out, "export_kw", r->export_kw, p->steps);
    sg_json_end(out, '}');
    write_series(out, "peak_kw", r->peak_kw, p->grid.demand_count);
    write_stores(out, p, r);
    write_flexible(out, p, r);
    write_series(out, "marginal_price_per_kwh", r->marginal_price_per_kwh, p->steps);
    write_zones(out, p, r);
    sg_json_begin(out, "circulation", '[');
    for (int t = 0; t < p->steps; t++) {
        sg_json_bool(out, NULL, r->circulation[t]);
    }
    sg_json_end(out, ']');
    write_softened(out, r);
}

static double sum_at(double *const *rows, int count, int step)
{
    double sum = 0.0;
    for (int i = 0; i < count; i++) {
        sum += rows[i][step];
    }
    return sum;
}

static double total_load_kw(const sg_dispatch *p, int step)
{
    double sum = 0.0;
    for (int zone = 0; zone < sg_dispatch_zone_count(p); zone++) {
        sum += sg_dispatch_load_kw(p, zone)[step];
    }
    return sum;
}

static double largest(const double *values, int count)
{
    double most = values[0];
    for (int t = 1; t < count; t++) {
        most = fmax(most, values[t]);
    }
    return most;
}

/* A line for each zone and link; the steps below them show the whole site. */
static void write_zone_lines(sg_out *out, const sg_dispatch *p, const sg_schedule *r)
{
    for (int zone = 0; p->zones && zone < p->zone_count; zone++) {
        const double *price = r->zone_price_per_kwh[zone];
        double sum = 0.0;
        for (int t = 0; t < p->steps; t++) {
            sum += price[t];
        }
        if (isfinite(sum)) {
            sg_out_format(out, "zone       %s: mean price %.5f, highest %.5f per kWh\n",
                          p->zones[zone].id, sum / p->steps, largest(price, p->steps));
        }
    }
    for (int l = 0; p->zones && l < p->link_count; l++) {
        const sg_dispatch_link *d = &p->links[l];
        sg_out_format(out, "link       %s: at most %.1f kW from %s, %.1f kW from %s\n", d->id,
                      largest(r->link_forward_kw[l], p->steps), p->zones[d->from].id,
                      largest(r->link_back_kw[l], p->steps), p->zones[d->to].id);
    }
}

static void write_steps(sg_out *out, const sg_dispatch *p, const sg_schedule *r)
{
    sg_out_format(out, "%-20s %10s %10s %10s %10s %10s %10s %11s %9s %9s %10s\n", "time", "load",
                  "sources", "import", "export", "charge", "discharge", "stored kWh", "shed",
                  "shifted", "price/kWh");
    for (int t = 0; t < p->steps; t++) {
        char time[SG_TIME_TEXT];
        sg_time_format(p->start_us + (int64_t)((double)t * p->step_s * 1e6), time);
        char price[32] = "-"; /* none where the problem has no solution */
        if (isfinite(r->marginal_price_per_kwh[t])) {
            snprintf(price, sizeof price, "%.5f", r->marginal_price_per_kwh[t]);
        }
        sg_out_format(
            out, "%-20s %10.1f %10.1f %10.1f %10.1f %10.1f %10.1f %11.1f %9.1f %9.1f %10s%s\n",
            time, total_load_kw(p, t), sum_at(r->source_kw, p->source_count, t), r->import_kw[t],
            r->export_kw[t], sum_at(r->charge_kw, p->store_count, t),
            sum_at(r->discharge_kw, p->store_count, t),
            sum_at(r->energy_kwh, p->store_count, t + 1), sum_at(r->shed_kw, p->shed_count, t),
            sum_at(r->shift_kw, p->shiftable_count, t), price,
            r->circulation[t] ? "  circulates" : "");
    }
}

static void write_table(sg_out *out, const sg_dispatch *p, const sg_schedule *r)
{
    sg_out_format(out, "outcome    %s (%s, %lld iterations, %.3f s)\n", sg_outcome_text(r->outcome),
                  r->solver, (long long)r->iterations, r->solve_s);
    if (!isfinite(r->objective)) {
        sg_out_text(out, "objective  none: there is no schedule to show\n");
        return;
    }
    sg_out_format(out, "objective  %.6f", r->objective);
    if (isfinite(r->bound)) {
        sg_out_format(out, " (no schedule costs less than %.6f; gap %.1e)", r->bound,
                      r->relative_gap);
    }
    sg_out_text(out, "\n");
    for (int m = 0; p->grid.present && m < p->grid.demand_count; m++) {
        sg_out_format(out, "peak       %.3f kW in steps %d to %d\n", r->peak_kw[m],
                      p->grid.demand[m].from, p->grid.demand[m].to - 1);
    }
    write_zone_lines(out, p, r);
    for (int k = 0; k < p->shiftable_count; k++) {
        if (r->unserved_kwh[k] >= 5e-4) { /* what three digits show */
            sg_out_format(out, "unserved   %.3f kWh of %s\n", r->unserved_kwh[k],
                          p->shiftable[k].id);
        }
    }
    for (int k = 0; k < r->softened_count; k++) {
        const sg_dispatch_softened *s = &r->softened[k];
        sg_out_format(out, "gave way   %s by %.4f", s->constraint, s->amount_kw);
        if (s->step >= 0) {
            sg_out_format(out, " at step %d", s->step);
        }
        sg_out_text(out, "\n");
    }
    sg_out_text(out, "\n");
    write_steps(out, p, r);
}

static int status_of(sg_outcome outcome)
{
    return outcome == SG_SOLVED    ? SG_EXIT_DONE
           : outcome == SG_NUMERIC ? SG_EXIT_ENVIRONMENT
                                   : SG_EXIT_NO;
}

static const char *const SOLVERS[] = {
    [SG_SOLVER_AUTO] = "auto",
    [SG_SOLVER_OWN] = "own",
    [SG_SOLVER_CLP] = "clp",
    [SG_SOLVER_HIGHS] = "highs",
};

static sg_status write_answer(const sg_dispatch *p, const sg_schedule *r, bool json, bool explain,
                              sg_arena *arena, sg_out *out)
{
    sg_status status = SG_OK;
    if (!json) {
        write_table(out, p, r);
        return explain ? sg_plan_explain_table(p, r, arena, out) : SG_OK;
    }
    write_json(out, p, r);
    if (explain) {
        status = sg_plan_explain_json(p, r, arena, out);
    }
    sg_json_end(out, '}');
    sg_out_text(out, "\n");
    return status;
}

static sg_status solve(const sg_dispatch *problem, const sg_dispatch_options *options,
                       sg_arena *arena, sg_schedule *ret)
{
    sg_dispatch_options both = *options;
    both.pool = sg_pool_create(2); /* one for each half of the horizon */
    sg_status status = sg_dispatch_solve_with(problem, &both, arena, ret);
    sg_pool_free(both.pool);
    return status;
}

/* Solve what was read and print it. */
static int answer(const sg_dispatch *problem, const sg_dispatch_options *options, bool json,
                  bool explain, sg_arena *arena)
{
    sg_schedule schedule;
    sg_out out = {0};
    sg_status status = solve(problem, options, arena, &schedule);
    if (status == SG_UNAVAILABLE) {
        fprintf(stderr, "symgrid plan: --solver %s: expected a solver that this machine has%s\n",
                SOLVERS[options->solver],
                options->solver == SG_SOLVER_HIGHS ? ", found no libhighs" : "");
        return SG_EXIT_ENVIRONMENT;
    }
    if (status == SG_OK) {
        status = write_answer(problem, &schedule, json, explain, arena, &out);
    }
    if (status != SG_OK) {
        fprintf(stderr, "symgrid plan: %s\n", sg_status_text(status));
        sg_out_free(&out);
        return status == SG_RANGE ? SG_EXIT_USAGE : SG_EXIT_ENVIRONMENT;
    }
    bool written =
        !out.failed && fwrite(out.text, 1, out.length, stdout) == out.length && fflush(stdout) == 0;
    sg_out_free(&out);
    if (!written) {
        fputs("symgrid plan: expected to be able to write the answer\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    return status_of(schedule.outcome);
}

static bool parse_seconds(const char *text, double *ret)
{
    char *end;
    *ret = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*ret) && *ret > 0.0;
}

static bool parse_solver(const char *text, sg_dispatch_solver *ret)
{
    for (size_t i = 0; i < sizeof SOLVERS / sizeof *SOLVERS; i++) {
        if (strcmp(text, SOLVERS[i]) == 0) {
            *ret = (sg_dispatch_solver)i;
            return true;
        }
    }
    return false;
}

/* Read the document and answer it. */
static int plan_file(const char *file, const sg_dispatch_options *options, bool json, bool explain)
{
    sg_arena arena = {0};
    sg_json_in in;
    sg_dispatch problem;
    bool read = sg_json_in_open(&in, file, SG_DISPATCH_FORMAT) &&
                sg_dispatch_from_json(&in, &arena, &problem);
    sg_json_in_close(&in);
    int status = in.environment ? SG_EXIT_ENVIRONMENT : SG_EXIT_USAGE;
    if (read) {
        status = answer(&problem, options, json, explain, &arena);
    } else {
        fprintf(stderr, "%s\n", in.message);
    }
    sg_arena_free(&arena);
    return status;
}

int sg_cli_plan(int argc, char **argv)
{
    const char *file = NULL, *arbitrage = NULL, *seconds = NULL, *solver = NULL;
    bool json = false, explain = false, help = false;
    sg_dispatch_options how = {.solver = SG_SOLVER_AUTO};
    const sg_option options[] = {{"--problem", &file, NULL},      {"--arbitrage", &arbitrage, NULL},
                                 {"--seconds", &seconds, NULL},   {"--solver", &solver, NULL},
                                 {"--vertex", NULL, &how.vertex}, {"--explain", NULL, &explain},
                                 {"--json", NULL, &json},         {"--help", NULL, &help}};
    if (sg_options_parse(argc, argv, options, sizeof options / sizeof *options, 0) < 0) {
        return SG_EXIT_USAGE;
    }
    if (help) {
        fputs(HELP, stdout);
        return SG_EXIT_DONE;
    }
    if (arbitrage && !file && !seconds && !solver && !how.vertex && !explain) {
        return sg_cli_plan_arbitrage(arbitrage, json);
    }
    if (!file || arbitrage) {
        fputs(
            "symgrid plan: expected --problem FILE or --arbitrage FILE; see symgrid plan --help\n",
            stderr);
        return SG_EXIT_USAGE;
    }
    if (seconds && !parse_seconds(seconds, &how.seconds_max)) {
        fprintf(stderr, "symgrid plan: --seconds: expected a number above 0, got '%.40s'\n",
                seconds);
        return SG_EXIT_USAGE;
    }
    if (solver && !parse_solver(solver, &how.solver)) {
        fprintf(stderr, "symgrid plan: --solver: expected auto, own, clp or highs, got '%.40s'\n",
                solver);
        return SG_EXIT_USAGE;
    }
    if (how.vertex && how.solver == SG_SOLVER_OWN) {
        fputs("symgrid plan: --vertex: expected --solver auto, clp or highs: own ends between "
              "corners\n",
              stderr);
        return SG_EXIT_USAGE;
    }
    /* "at its limit" is a reason at a corner only */
    how.vertex |= explain && how.solver == SG_SOLVER_AUTO;
    return plan_file(file, &how, json, explain);
}
