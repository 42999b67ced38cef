/* The worth of things against what happens: the problem is changed a little and solved again. ctest: timeout=240 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/value.h"
#include "unit/dispatch_site.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DRAWS = 5 }; /* for each mix of parts */

static sg_arena arena;

static int free_arena(void **state)
{
    (void)state;
    sg_arena_free(&arena);
    return 0;
}

static void expect_near(double value, double wanted)
{
    if (!(fabs(value - wanted) <= 1e-7 * (1.0 + fabs(wanted)))) {
        fail_msg("%.12g, wanted %.12g", value, wanted);
    }
}

static void solve(const site *self, sg_schedule *ret)
{
    sg_dispatch_options options = {.solver = SG_SOLVER_CLP, .vertex = true};
    assert_int_equal(sg_dispatch_solve_with(&self->problem, &options, &arena, ret), SG_OK);
}

/* The cost once a thing has grown by `by` (in the direction its value speaks of); NaN where that cannot be met. */
static double cost_of(const site *self)
{
    sg_schedule r;
    solve(self, &r);
    return r.outcome == SG_SOLVED ? r.objective : (double)NAN;
}

static void change(site *self, sg_value_thing thing, int device, double by)
{
    sg_dispatch_store *s = &self->store[device < 0 || device >= STORES ? 0 : device];
    sg_dispatch_grid *g = &self->problem.grid;
    switch (thing) {
    case SG_VALUE_STORE_ENERGY_MAX:
        s->energy_kwh_max += by;
        break;
    case SG_VALUE_STORE_ENERGY_MIN:
        s->energy_kwh_min += by;
        break;
    case SG_VALUE_STORE_CHARGE:
        s->charge_kw_max += by;
        break;
    case SG_VALUE_STORE_DISCHARGE:
        s->discharge_kw_max += by;
        break;
    case SG_VALUE_STORE_INITIAL:
        s->initial_kwh += by;
        break;
    case SG_VALUE_STORE_FINAL:
        s->final_kwh_min += by;
        break;
    case SG_VALUE_STORE_CHARGE_EFF:
        s->charge_eff += by;
        break;
    case SG_VALUE_STORE_DISCHARGE_EFF:
        s->discharge_eff += by;
        break;
    case SG_VALUE_GRID_IMPORT:
        g->import_kw_max += by;
        break;
    case SG_VALUE_GRID_EXPORT:
        g->export_kw_max += by;
        break;
    case SG_VALUE_GRID_RAMP:
        g->ramp_kw_per_step += by;
        break;
    case SG_VALUE_GRID_PEAK:
        self->demand[device].peak_so_far_kw += by;
        break;
    case SG_VALUE_SOURCE:
        scale(device ? self->fuel_kw : self->sun_kw, 1.0 + by);
        break;
    case SG_VALUE_SHED:
        shift(self->leave_kw, by);
        break;
    case SG_VALUE_SHIFT_ENERGY:
        self->job.energy_kwh += by;
        break;
    case SG_VALUE_SHIFT_POWER:
        self->job.power_kw_max += by;
        break;
    case SG_VALUE_RESERVE_UP:
        shift(self->up_kw, by);
        break;
    case SG_VALUE_RESERVE_DOWN:
        shift(self->down_kw, by);
        break;
    case SG_VALUE_LINK_FORWARD:
        self->link.forward_kw_max += by;
        break;
    case SG_VALUE_LINK_BACK:
        self->link.back_kw_max += by;
        break;
    case SG_VALUE_SHIFT_FROM:
    case SG_VALUE_SHIFT_TO:
    case SG_VALUE_COUNT:
    default:
        fail_msg("no change is known for %s", sg_value_describe(thing)->name);
    }
}

static double cost_changed(const site *self, sg_value_thing thing, int device, double by)
{
    site other = *self;
    bind(&other);
    change(&other, thing, device, by);
    return cost_of(&other);
}

static bool is_window(sg_value_thing thing)
{
    return thing == SG_VALUE_SHIFT_FROM || thing == SG_VALUE_SHIFT_TO;
}

static bool is_efficiency(sg_value_thing thing)
{
    return thing == SG_VALUE_STORE_CHARGE_EFF || thing == SG_VALUE_STORE_DISCHARGE_EFF;
}

typedef struct tally {
    int checked, exact, positive;
} tally;

/* The saving of one more <= the value <= the loss of one less; both are the same where the prices are unique. */
static void check_value(const site *self, double cost, const sg_value *v, tally *ret)
{
    const sg_value_info *info = sg_value_describe(v->thing);
    double step = is_efficiency(v->thing) ? 1e-3 : 1e-2; /* parts of the change the value is for */
    double more = (cost - cost_changed(self, v->thing, v->device, step * info->change)) / step;
    double less = (cost_changed(self, v->thing, v->device, -step * info->change) - cost) / step;
    if (isnan(more) || isnan(less)) {
        return; /* on the edge of what can be met at all */
    }
    double slop = 1e-4 + 1e-4 * fabs(v->money);
    bool same = fabs(more - less) <= slop;
    if (is_efficiency(v->thing)) {
        slop += 2e-3 *
                fabs(v->money); /* not linear in it, and so not convex: exact where it is smooth */
        same = fabs(more - less) <= slop;
        if (!same) {
            return;
        }
    }
    if (!(v->money >= more - slop && v->money <= less + slop)) {
        fail_msg("%s of %d: %.9g is not between %.9g and %.9g", info->name, v->device, v->money,
                 more, less);
    }
    ret->checked++;
    ret->exact += same;
    ret->positive += same && v->money > 1e-3;
}

/* What a wider window brings is at most what its price says, and nothing where that is nothing. */
static void check_window(const site *self, double cost, const sg_value *v)
{
    site other = *self;
    bind(&other);
    other.job.from -= v->thing == SG_VALUE_SHIFT_FROM;
    other.job.to += v->thing == SG_VALUE_SHIFT_TO;
    double saved = cost - cost_of(&other);
    assert_true(saved <= v->money * self->job.power_kw_max + 1e-5);
    assert_true((saved > 1e-5) <= (v->money > 0.0));
}

static void is_what_solving_again_finds(int parts, uint64_t seed, tally per_thing[SG_VALUE_COUNT])
{
    dice d = {.seed = seed};
    int solved = 0;
    for (int n = 0; n < DRAWS; n++) {
        site self;
        sg_schedule r;
        sg_values values;
        draw_site(&d, parts, &self);
        solve(&self, &r);
        if (r.outcome == SG_SOLVED) {
            solved++;
            assert_int_equal(sg_values_of(&self.problem, &r, &arena, &values), SG_OK);
            for (int i = 0; i < values.count; i++) {
                const sg_value *v = &values.item[i];
                if (is_window(v->thing)) {
                    check_window(&self, r.objective, v);
                } else {
                    check_value(&self, r.objective, v, &per_thing[v->thing]);
                }
            }
        }
        sg_arena_free(&arena);
    }
    assert_true(solved > DRAWS / 2);
}

static void every_value_is_what_solving_again_finds(void **state)
{
    (void)state;
    tally per_thing[SG_VALUE_COUNT] = {0};
    for (int parts = 0; parts < 16; parts++) {
        is_what_solving_again_finds(parts, 40 + (uint64_t)parts, per_thing);
    }
    for (int i = 0; i < SG_VALUE_COUNT; i++) {
        bool elsewhere =
            is_window((sg_value_thing)i) || i == SG_VALUE_LINK_FORWARD || i == SG_VALUE_LINK_BACK;
        const tally *t = &per_thing[i];
        print_message("%-20s %4d checked, %4d exact, %4d above 0\n",
                      sg_value_describe((sg_value_thing)i)->name, t->checked, t->exact,
                      t->positive);
        assert_true(elsewhere || (t->exact * 10 >= t->checked * 7 && t->positive > 3));
    }
}

static sg_dispatch_grid market(const double *price)
{
    return (sg_dispatch_grid){.present = true,
                              .import_kw_max = 500.0,
                              .export_kw_max = 500.0,
                              .import_price_per_kwh = price,
                              .export_price_per_kwh = price,
                              .ramp_kw_per_step = HUGE_VAL};
}

static double money_of(const sg_values *values, sg_value_thing thing, int device)
{
    for (int i = 0; i < values->count; i++) {
        if (values->item[i].thing == thing && values->item[i].device == device) {
            return values->item[i].money;
        }
    }
    fail_msg("no value of %s", sg_value_describe(thing)->name);
    return 0.0;
}

static void value_of(const sg_dispatch *p, sg_values *ret)
{
    sg_schedule r;
    sg_dispatch_options options = {.solver = SG_SOLVER_CLP, .vertex = true};
    assert_int_equal(sg_dispatch_solve_with(p, &options, &arena, &r), SG_OK);
    assert_int_equal(sg_values_of(p, &r, &arena, ret), SG_OK);
}

/* Bought at 0.10, sold at 0.50 through 0.9 each way: a kW more of charging earns 0.81 * 0.5 - 0.1. */
static void a_faster_store_earns_the_spread_less_its_losses(void **state)
{
    (void)state;
    static const double LOAD[] = {0.0, 0.0}, PRICE[] = {0.1, 0.5};
    sg_dispatch_store bat = {.id = "bat",
                             .energy_kwh_max = 100.0,
                             .charge_kw_max = 10.0,
                             .discharge_kw_max = 50.0,
                             .charge_eff = 0.9,
                             .discharge_eff = 0.9,
                             .final_kwh_min = -HUGE_VAL};
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 2,
                     .load_kw = LOAD,
                     .grid = market(PRICE),
                     .stores = &bat,
                     .store_count = 1};
    sg_values v;
    value_of(&p, &v);
    expect_near(money_of(&v, SG_VALUE_STORE_CHARGE, 0), 0.305);
    expect_near(money_of(&v, SG_VALUE_STORE_INITIAL, 0), 0.45);
    expect_near(money_of(&v, SG_VALUE_STORE_ENERGY_MAX, 0), 0.0);
    expect_near(money_of(&v, SG_VALUE_STORE_CHARGE_EFF, 0), 0.01 * 10.0 * 0.45);
    bat.energy_kwh_max = 6.0; /* room for 6.67 of the 10 kW */
    value_of(&p, &v);
    expect_near(money_of(&v, SG_VALUE_STORE_ENERGY_MAX, 0), 0.305 / 0.9);
    expect_near(money_of(&v, SG_VALUE_STORE_CHARGE, 0), 0.0);
}

/* 5,000 kW of rating on 25,000 m2: 1,000 m2 more, built and solved again, bring what the value says. */
static void the_value_of_a_source_scales_to_its_rating_and_area(void **state)
{
    (void)state;
    double load[] = {4000.0, 6000.0, 5000.0}, price[] = {0.1, 0.3, 0.2},
           sun[] = {1000.0, 4000.0, 2500.0};
    sg_dispatch_source pv = {.id = "pv", .available_kw = sun};
    sg_dispatch p = {.step_s = 900.0,
                     .steps = 3,
                     .load_kw = load,
                     .grid = market(price),
                     .sources = &pv,
                     .source_count = 1};
    p.grid.import_kw_max = 6000.0;
    sg_schedule r;
    sg_values v;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_OK);
    double before = r.objective;
    value_of(&p, &v);
    double per_array = sg_value_per_part(money_of(&v, SG_VALUE_SOURCE, 0), 25.0);
    for (int t = 0; t < 3; t++) {
        sun[t] *= 26.0 / 25.0;
    }
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_OK);
    expect_near(per_array, before - r.objective);
    assert_true(per_array > 1.0);
}

/* The store levels three hours to one peak: what each of them saves by a kW more of it adds up to the charge. */
static void the_steps_of_a_peak_share_its_charge(void **state)
{
    (void)state;
    static const double LOAD[] = {10.0, 100.0, 110.0, 120.0}, PRICE[] = {0.1, 0.1, 0.14, 0.12};
    sg_dispatch_demand month = {.from = 0, .to = 4, .charge_per_kw = 5.0};
    sg_dispatch_store bat = {.id = "bat",
                             .energy_kwh_max = 60.0,
                             .charge_kw_max = 50.0,
                             .discharge_kw_max = 50.0,
                             .charge_eff = 1.0,
                             .discharge_eff = 1.0,
                             .wear_cost_per_kwh = 0.01};
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 4,
                     .load_kw = LOAD,
                     .grid = market(PRICE),
                     .stores = &bat,
                     .store_count = 1};
    p.grid.demand = &month;
    p.grid.demand_count = 1;
    p.grid.export_kw_max = 0.0;
    sg_values v;
    value_of(&p, &v);
    const double *share = v.peak_share_per_kw[0];
    expect_near(share[0] + share[1] + share[2] + share[3], 5.0);
    expect_near(share[0], 0.0);
    /* a kWh moves freely between the three: their prices of energy and peak together are the same */
    expect_near(share[1] + 0.10, share[2] + 0.14);
    expect_near(share[1] + 0.10, share[3] + 0.12);
    expect_near(money_of(&v, SG_VALUE_GRID_PEAK, 0), 5.0);
}

/* So little power that the job never ends: each step it gains is one at the cost of leaving work undone. */
static void a_wider_window_is_worth_its_price_by_each_kw(void **state)
{
    (void)state;
    static const double LOAD[] = {10.0, 10.0, 10.0}, PRICE[] = {0.1, 0.2, 0.4};
    sg_dispatch_shiftable job = {.id = "job",
                                 .from = 1,
                                 .to = 2,
                                 .energy_kwh = 50.0,
                                 .power_kw_max = 3.0,
                                 .unserved_cost_per_kwh = 0.3};
    sg_dispatch p = {.step_s = 3600.0,
                     .steps = 3,
                     .load_kw = LOAD,
                     .grid = market(PRICE),
                     .shiftable = &job,
                     .shiftable_count = 1};
    sg_values v;
    value_of(&p, &v);
    expect_near(money_of(&v, SG_VALUE_SHIFT_FROM, 0), 0.2);
    expect_near(money_of(&v, SG_VALUE_SHIFT_TO, 0), 0.0);
    expect_near(money_of(&v, SG_VALUE_SHIFT_POWER, 0), 0.1);
    expect_near(money_of(&v, SG_VALUE_SHIFT_ENERGY, 0), 0.3);
}

static void there_are_no_values_where_there_is_no_solution(void **state)
{
    (void)state;
    static const double LOAD[] = {80.0};
    sg_dispatch p = {.step_s = 3600.0, .steps = 1, .load_kw = LOAD};
    p.grid =
        (sg_dispatch_grid){.present = true, .import_kw_max = 50.0, .ramp_kw_per_step = HUGE_VAL};
    sg_schedule r;
    sg_values v;
    assert_int_equal(sg_dispatch_solve(&p, 0.0, &arena, &r), SG_OK);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    assert_int_equal(sg_values_of(&p, &r, &arena, &v), SG_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_value_is_what_solving_again_finds, free_arena),
        cmocka_unit_test_teardown(a_faster_store_earns_the_spread_less_its_losses, free_arena),
        cmocka_unit_test_teardown(the_value_of_a_source_scales_to_its_rating_and_area, free_arena),
        cmocka_unit_test_teardown(the_steps_of_a_peak_share_its_charge, free_arena),
        cmocka_unit_test_teardown(a_wider_window_is_worth_its_price_by_each_kw, free_arena),
        cmocka_unit_test_teardown(there_are_no_values_where_there_is_no_solution, free_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
