/* Slope merging on random one-store programs: against Clp, against the constraints of the format written out here once
 * more, against a search over a grid of energies, and against what its own prices say.
 * ctest: timeout=600 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "plan/arbitrage.h"
#include "plan/dispatch.h"
#include "plan/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 120, SOURCES = 3, SHEDS = 2, PROGRAMS = 3000, PROGRAMS_FULL = 20000, NUDGES = 500, GRIDS = 1000 };

typedef struct program {
    sg_dispatch p;
    double load[STEPS], buy[STEPS], sell[STEPS];
    double available[SOURCES][STEPS], cost[SOURCES][STEPS], most[SHEDS][STEPS];
    sg_dispatch_source sources[SOURCES];
    sg_dispatch_shed sheds[SHEDS];
    sg_dispatch_store store;
} program;

static uint64_t draws;

static double unit(void)
{
    return sg_prng_unit(20260704, draws++);
}

static int below(int n)
{
    return (int)(unit() * n);
}

static bool chance(double share)
{
    return unit() < share;
}

/* 10^low .. 10^high */
static double decades(double low, double high)
{
    return pow(10.0, low + (high - low) * unit());
}

static double price_at(int style, int t)
{
    static const double LEVELS[] = {-0.05, 0.0, 0.1, 0.1, 0.2, 0.4};
    switch (style) {
    case 0: /* a tariff of few levels: ties everywhere */
        return LEVELS[(t / 4 + below(2)) % 6];
    case 1: /* now and then a hundred times as dear, or as much below zero */
        return 0.1 + 0.1 * unit() + (chance(0.05) ? 10.0 * (unit() - 0.3) : 0.0);
    case 2:
        return unit() - 0.5;
    case 3:
        return 0.0;
    default:
        return 0.15 + 0.1 * sin(t / 3.8) + 0.05 * unit();
    }
}

static void draw_series(program *self, int steps, double size_kw)
{
    int style = below(6);
    bool spread = chance(0.7), sells_dear = chance(0.1), flat = chance(0.2);
    double load = chance(0.5) ? size_kw * 3.0 * unit() : 0.0;
    for (int t = 0; t < steps; t++) {
        self->buy[t] = price_at(style, t);
        self->sell[t] = self->buy[t] - (spread ? 0.1 * unit() : 0.0);
        self->sell[t] += sells_dear && chance(0.3) ? 0.2 * unit() : 0.0;
        self->load[t] = flat ? load : load * unit();
        if (chance(0.01)) {
            self->load[t] -= 2.0 * size_kw * unit(); /* something delivers that nobody commands */
        }
    }
}

static void draw_parts(program *self, int steps, double size_kw)
{
    sg_dispatch *p = &self->p;
    p->sources = self->sources;
    p->source_count = chance(0.5) ? 0 : 1 + below(SOURCES);
    p->shed = self->sheds;
    p->shed_count = chance(0.7) ? 0 : 1 + below(SHEDS);
    for (int j = 0; j < p->source_count; j++) {
        bool free_of_cost = chance(0.5);
        for (int t = 0; t < steps; t++) {
            self->available[j][t] = chance(0.3) ? 0.0 : 2.0 * size_kw * unit();
            self->cost[j][t] = price_at(4, t) * (chance(0.1) ? -1.0 : 1.0);
        }
        self->sources[j] =
            (sg_dispatch_source){"s", 0, self->available[j], free_of_cost ? NULL : self->cost[j]};
    }
    for (int k = 0; k < p->shed_count; k++) {
        for (int t = 0; t < steps; t++) {
            self->most[k][t] = chance(0.3) ? 0.0 : size_kw * unit();
        }
        self->sheds[k] = (sg_dispatch_shed){"u", 0, self->most[k], 0.6 * unit() - 0.05};
    }
}

static void draw_store(program *self, double size_kw)
{
    double size_kwh = size_kw * decades(-1.0, 1.5);
    double low = chance(0.5) ? 0.0 : size_kwh * 0.3 * unit();
    self->store = (sg_dispatch_store){
        .id = "bat",
        .energy_kwh_min = low,
        .energy_kwh_max = chance(0.03) ? low : size_kwh,
        .charge_kw_max = chance(0.05) ? 0.0 : size_kw * (0.3 + unit()),
        .discharge_kw_max = chance(0.05) ? 0.0 : size_kw * (0.3 + unit()),
        .charge_eff = chance(0.3) ? 1.0 : 0.7 + 0.3 * unit(),
        .discharge_eff = chance(0.3) ? 1.0 : 0.7 + 0.3 * unit(),
        .standing_loss_per_h = chance(0.5)    ? 0.0
                               : chance(0.05) ? 0.999
                                              : 0.05 * unit(),
        .initial_kwh = low + (size_kwh - low) * unit() * (chance(0.03) ? 1.3 : 1.0),
        .final_kwh_min = -HUGE_VAL,
        .wear_cost_per_kwh = chance(0.4) ? 0.0 : 0.05 * unit() - (chance(0.1) ? 0.03 : 0.0),
        .terminal_value_per_kwh = chance(0.5) ? 0.0 : 0.3 * unit() - 0.05};
    if (chance(0.5)) {
        self->store.final_kwh_min = chance(0.5) ? self->store.initial_kwh : size_kwh * unit();
    }
}

static void draw(program *self)
{
    int steps = 1 + below(chance(0.2) ? STEPS : 20);
    double size_kw = decades(-2.5, 5.0);
    memset(self, 0, sizeof *self);
    draw_series(self, steps, size_kw);
    self->p = (sg_dispatch){.step_s = chance(0.5) ? 3600.0 : 300.0 * (1 + below(12)),
                            .steps = steps,
                            .load_kw = self->load,
                            .stores = &self->store,
                            .store_count = 1};
    draw_parts(self, steps, size_kw);
    draw_store(self, size_kw);
    self->p.grid = (sg_dispatch_grid){.present = !chance(0.05),
                                      .import_kw_max = chance(0.3)   ? HUGE_VAL
                                                       : chance(0.1) ? size_kw * unit()
                                                                     : 6.0 * size_kw * unit(),
                                      .export_kw_max = chance(0.3)   ? HUGE_VAL
                                                       : chance(0.2) ? 0.0
                                                                     : 3.0 * size_kw * unit(),
                                      .import_price_per_kwh = self->buy,
                                      .export_price_per_kwh = self->sell,
                                      .ramp_kw_per_step = HUGE_VAL};
}

/* ---- the format's program, written out ---- */

static double at(const double *series, int t)
{
    return series ? series[t] : 0.0;
}

/* How far beyond its limits the schedule goes, in kW and kWh. */
static double miss_of(const sg_dispatch *p, const sg_schedule *r)
{
    const sg_dispatch_store *s = &p->stores[0];
    double hours = p->step_s / 3600.0, keep = pow(1.0 - s->standing_loss_per_h, hours), miss = 0.0;
    const double *x = r->energy_kwh[0], *c = r->charge_kw[0], *d = r->discharge_kw[0];
#define MISS(amount) miss = fmax(miss, amount)
    MISS(fabs(x[0] - s->initial_kwh));
    for (int t = 0; t < p->steps; t++) {
        double sum = r->import_kw[t] - r->export_kw[t] + d[t] - c[t] - p->load_kw[t];
        for (int j = 0; j < p->source_count; j++) {
            double g = r->source_kw[j][t];
            sum += g;
            MISS(fmax(-g, g - p->sources[j].available_kw[t]));
        }
        for (int k = 0; k < p->shed_count; k++) {
            double u = r->shed_kw[k][t];
            sum += u;
            MISS(fmax(-u, u - p->shed[k].max_kw[t]));
        }
        MISS(fabs(sum));
        MISS(fmax(-r->import_kw[t],
                  r->import_kw[t] - (p->grid.present ? p->grid.import_kw_max : 0)));
        MISS(fmax(-r->export_kw[t],
                  r->export_kw[t] - (p->grid.present ? p->grid.export_kw_max : 0)));
        MISS(fmax(-c[t], c[t] - s->charge_kw_max));
        MISS(fmax(-d[t], d[t] - s->discharge_kw_max));
        MISS(fabs(x[t + 1] - keep * x[t] -
                  hours * (s->charge_eff * c[t] - d[t] / s->discharge_eff)));
        MISS(fmax(s->energy_kwh_min - x[t + 1], x[t + 1] - s->energy_kwh_max));
    }
    MISS(s->final_kwh_min - x[p->steps]);
#undef MISS
    return miss;
}

/* The schedule's money, and the sum of all that changes hands in it. */
static double money_of(const sg_dispatch *p, const sg_schedule *r, double *ret_at_stake)
{
    const sg_dispatch_store *s = &p->stores[0];
    double hours = p->step_s / 3600.0, money = 0.0, stake = 0.0;
#define PAY(amount) (money += (amount), stake += fabs(amount))
    for (int t = 0; t < p->steps; t++) {
        PAY(hours * at(p->grid.import_price_per_kwh, t) * r->import_kw[t]);
        PAY(-hours * at(p->grid.export_price_per_kwh, t) * r->export_kw[t]);
        PAY(hours * s->wear_cost_per_kwh * (r->charge_kw[0][t] + r->discharge_kw[0][t]));
        for (int j = 0; j < p->source_count; j++) {
            PAY(hours * at(p->sources[j].cost_per_kwh, t) * r->source_kw[j][t]);
        }
        for (int k = 0; k < p->shed_count; k++) {
            PAY(hours * p->shed[k].cost_per_kwh * r->shed_kw[k][t]);
        }
    }
    PAY(-s->terminal_value_per_kwh * r->energy_kwh[0][p->steps]);
#undef PAY
    *ret_at_stake = stake;
    return money;
}

static double size_of(const sg_dispatch *p)
{
    const sg_dispatch_store *s = &p->stores[0];
    double size = s->energy_kwh_max + s->initial_kwh + s->charge_kw_max + s->discharge_kw_max;
    for (int t = 0; t < p->steps; t++) {
        size = fmax(size, fabs(p->load_kw[t]));
    }
    return size;
}

static void solve(const sg_dispatch *p, sg_arena *arena, sg_schedule *ret)
{
    size_t size = sg_arbitrage_size(p);
    void *memory = malloc(size); /* exactly: the sanitizer sees a byte too many */
    assert_int_equal(sg_schedule_create(p, arena, ret), SG_OK);
    assert_non_null(memory);
    assert_int_equal(sg_arbitrage_solve(p, memory, size, ret), SG_OK);
    free(memory);
}

static void expect_equal(int number, const sg_dispatch *p, const sg_schedule *own,
                         const sg_schedule *clp)
{
    double stake, clp_stake, size = size_of(p);
    if (own->outcome != clp->outcome) {
        fail_msg("program %d: %s, Clp %s", number, sg_outcome_text(own->outcome),
                 sg_outcome_text(clp->outcome));
    }
    if (own->outcome != SG_SOLVED) {
        assert_true(isnan(own->objective));
        return;
    }
    double money = money_of(p, own, &stake), clp_money = money_of(p, clp, &clp_stake);
    stake = fmax(stake, clp_stake) + 0.01 * size; /* where nothing changes hands, its size */
    double miss = miss_of(p, own), wanted_gap = 1e-9 * stake;
    /* a schedule that keeps all limits and costs less shows Clp's tolerance, not ours */
    if (!(money <= clp_money + 1e-7 * stake)) {
        fail_msg("program %d: %.15g, Clp %.15g of %.3g at stake", number, money, clp_money, stake);
    }
    if (!(fabs(own->objective - money) <= 1e-11 * stake)) {
        fail_msg("program %d: says %.15g, is %.15g", number, own->objective, money);
    }
    if (!(miss <= 1e-11 * size) || !(own->residual_kw <= 1e-11 * size)) {
        fail_msg("program %d: misses a limit by %.3g of %.3g (says %.3g)", number, miss, size,
                 own->residual_kw);
    }
    if (!(own->bound <= clp_money + 1e-7 * stake) || !(own->objective - own->bound <= wanted_gap)) {
        fail_msg("program %d: bound %.15g of %.15g", number, own->bound, own->objective);
    }
    /* the same prices in the Lagrangian that serves all solvers */
    double bound = sg_schedule_bound(p, own);
    if (!(fabs(bound - own->objective) <= 1e-9 * stake)) {
        fail_msg("program %d: prices prove %.15g of %.15g", number, bound, own->objective);
    }
}

static void equals_the_linear_program_whatever_the_prices(void **state)
{
    (void)state;
    static program one;
    int solved = 0, infeasible = 0, circulating = 0, unbounded = 0;
    draws = 0;
    int programs = getenv("SYMGRID_PROP_FULL") ? PROGRAMS_FULL : PROGRAMS;
    for (int n = 0; n < programs; n++) {
        sg_arena arena = {0};
        sg_schedule own, clp;
        sg_dispatch_options options = {.solver = SG_SOLVER_CLP};
        draw(&one);
        solve(&one.p, &arena, &own);
        assert_int_equal(sg_dispatch_solve_with(&one.p, &options, &arena, &clp), SG_OK);
        expect_equal(n, &one.p, &own, &clp);
        solved += own.outcome == SG_SOLVED;
        infeasible += own.outcome == SG_INFEASIBLE;
        unbounded += own.outcome == SG_UNBOUNDED;
        for (int t = 0; t < one.p.steps && own.outcome == SG_SOLVED; t++) {
            if (own.circulation[t] && fmin(own.charge_kw[0][t], own.discharge_kw[0][t]) > 0) {
                circulating++;
                break;
            }
        }
        sg_arena_free(&arena);
    }
    /* every branch was there to be wrong in */
    print_message("%d solved (%d circulate), %d infeasible, %d unbounded\n", solved, circulating,
                  infeasible, unbounded);
    assert_true(solved > programs / 2 && infeasible > programs / 50);
    assert_true(circulating > programs / 100 && unbounded > programs / 1000);
}

/* ---- what the prices mean ---- */

static double cost_by_clp(const sg_dispatch *p)
{
    sg_arena arena = {0};
    sg_schedule r;
    sg_dispatch_options options = {.solver = SG_SOLVER_CLP};
    assert_int_equal(sg_dispatch_solve_with(p, &options, &arena, &r), SG_OK);
    double cost = r.outcome == SG_SOLVED ? r.objective : HUGE_VAL; /* infeasible costs any amount */
    sg_arena_free(&arena);
    return cost;
}

/* Cost is convex in the load of a step and in the initial energy, so no change of either may cost less than its price
 * says. */
static void prices_are_subgradients_of_the_cost(void **state)
{
    (void)state;
    static program one;
    int tried = 0;
    draws = 1u << 30;
    while (tried < NUDGES) {
        sg_arena arena = {0};
        sg_schedule own;
        double stake;
        draw(&one);
        solve(&one.p, &arena, &own);
        if (own.outcome == SG_SOLVED) {
            double hours = one.p.step_s / 3600.0, size = size_of(&one.p);
            double keep = pow(1.0 - one.store.standing_loss_per_h, hours);
            double nudge = size * (unit() - 0.5) * decades(-3.0, 0.0);
            int t = below(one.p.steps);
            double price = own.zone_price_per_kwh[0][t];
            money_of(&one.p, &own, &stake);
            double slop = 1e-6 * (stake + size);
            one.load[t] += nudge;
            double cost = cost_by_clp(&one.p);
            if (!(cost >= own.objective + hours * price * nudge - slop)) {
                fail_msg("step %d: %.9g more load at %.9g cost only %.9g", t, nudge, price,
                         cost - own.objective);
            }
            one.load[t] -= nudge;
            double value = keep * own.energy_value_per_kwh[0][0];
            nudge = fmax(nudge, -one.store.initial_kwh);
            one.store.initial_kwh += nudge;
            cost = cost_by_clp(&one.p);
            if (!(cost >= own.objective - value * nudge - slop)) {
                fail_msg("%.9g kWh more at %.9g saved %.9g", nudge, value, own.objective - cost);
            }
            tried++;
        }
        sg_arena_free(&arena);
    }
}

/* ---- a search over whole numbers ---- */

enum { GRID_STEPS = 5, GRID_KWH = 8, GRID_KW = 5 };

/* Least cost of one lossless hour with these whole powers into and out of the store, HUGE_VAL where it cannot be. */
static double hour_cost(const program *one, int t, int charge, int discharge)
{
    const sg_dispatch *p = &one->p;
    double least = HUGE_VAL;
    for (int sun = 0; sun <= (int)one->available[0][t]; sun++) {
        for (int import = 0; import <= (int)p->grid.import_kw_max; import++) {
            int export = sun + import + discharge - charge - (int)one->load[t];
            if (export >= 0 && export <= (int)p->grid.export_kw_max) {
                double cost = one->buy[t] * import - one->sell[t] * export + one->cost[0][t] * sun +
                              one->store.wear_cost_per_kwh * (charge + discharge);
                least = fmin(least, cost);
            }
        }
    }
    return least;
}

/* All paths over whole energies: with whole data and no losses the program is a flow in a network, which has an optimum
 * in whole numbers. */
static double best_by_search(const program *one)
{
    double best[GRID_KWH + 1], next[GRID_KWH + 1];
    const sg_dispatch_store *s = &one->store;
    for (int x = 0; x <= GRID_KWH; x++) {
        best[x] = x == (int)s->initial_kwh ? 0.0 : HUGE_VAL;
    }
    for (int t = 0; t < one->p.steps; t++) {
        for (int x = 0; x <= GRID_KWH; x++) {
            next[x] = HUGE_VAL;
        }
        for (int c = 0; c <= (int)s->charge_kw_max; c++) {
            for (int d = 0; d <= (int)s->discharge_kw_max; d++) {
                double cost = hour_cost(one, t, c, d);
                for (int x = 0; x <= GRID_KWH && cost < HUGE_VAL; x++) {
                    int to = x + c - d;
                    if (to >= (int)s->energy_kwh_min && to <= (int)s->energy_kwh_max) {
                        next[to] = fmin(next[to], best[x] + cost);
                    }
                }
            }
        }
        memcpy(best, next, sizeof best);
    }
    double least = HUGE_VAL;
    for (int x = 0; x <= GRID_KWH; x++) {
        if (x >= s->final_kwh_min) {
            least = fmin(least, best[x] - s->terminal_value_per_kwh * x);
        }
    }
    return least;
}

static void draw_whole(program *self)
{
    memset(self, 0, sizeof *self);
    int top = below(GRID_KWH + 1), bottom = below(top + 1);
    self->p = (sg_dispatch){.step_s = 3600.0,
                            .steps = 1 + below(GRID_STEPS),
                            .load_kw = self->load,
                            .stores = &self->store,
                            .store_count = 1,
                            .sources = self->sources,
                            .source_count = 1};
    for (int t = 0; t < self->p.steps; t++) {
        self->buy[t] = 0.05 * (below(12) - 3);
        self->sell[t] = self->buy[t] + 0.05 * (below(5) - 3);
        self->load[t] = below(6) - 1;
        self->available[0][t] = below(4);
        self->cost[0][t] = 0.05 * (below(6) - 1);
    }
    self->sources[0] = (sg_dispatch_source){"s", 0, self->available[0], self->cost[0]};
    self->store = (sg_dispatch_store){.id = "bat",
                                      .energy_kwh_min = bottom,
                                      .energy_kwh_max = top,
                                      .charge_kw_max = below(GRID_KW),
                                      .discharge_kw_max = below(GRID_KW),
                                      .charge_eff = 1.0,
                                      .discharge_eff = 1.0,
                                      .initial_kwh = below(GRID_KWH + 1),
                                      .final_kwh_min = below(2) ? below(GRID_KWH + 1) : -HUGE_VAL,
                                      .wear_cost_per_kwh = 0.01 * (below(4) - 1),
                                      .terminal_value_per_kwh = 0.05 * below(4)};
    self->p.grid = (sg_dispatch_grid){.present = true,
                                      .import_kw_max = below(8),
                                      .export_kw_max = below(8),
                                      .import_price_per_kwh = self->buy,
                                      .export_price_per_kwh = self->sell,
                                      .ramp_kw_per_step = HUGE_VAL};
}

static void equals_a_search_over_all_whole_schedules(void **state)
{
    (void)state;
    static program one;
    int solved = 0;
    draws = UINT64_C(1) << 40;
    for (int n = 0; n < GRIDS; n++) {
        sg_arena arena = {0};
        sg_schedule own;
        draw_whole(&one);
        solve(&one.p, &arena, &own);
        double best = best_by_search(&one);
        assert_int_equal(own.outcome, isinf(best) ? SG_INFEASIBLE : SG_SOLVED);
        if (own.outcome == SG_SOLVED && !(fabs(own.objective - best) <= 1e-9)) {
            fail_msg("program %d: %.12g, the search found %.12g", n, own.objective, best);
        }
        solved += own.outcome == SG_SOLVED;
        sg_arena_free(&arena);
    }
    assert_true(solved > GRIDS / 3 && solved < GRIDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_linear_program_whatever_the_prices),
        cmocka_unit_test(prices_are_subgradients_of_the_cost),
        cmocka_unit_test(equals_a_search_over_all_whole_schedules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
