/* Whole documents against answers of independent programs: see plan/README.md, control/README.md.
 * The schedules are also held against the constraints of the format, written out here once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/problem_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/golden"

/* The solver's tolerance at the size of these sites (kW, kWh). */
static const double SLOP = 1e-4;

static json_t *expected_of(const char *kind)
{
    char path[128];
    json_error_t error;
    snprintf(path, sizeof path, FOLDER "/%s/expected.json", kind);
    json_t *expected = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!expected) {
        print_error("%s: %s\n", path, error.text);
        fail();
    }
    return expected;
}

/* ---- the format's constraints -----------------------------------------------------------------
 * */

static double at(const double *series, int t)
{
    return series ? series[t] : 0.0;
}

static void expect_between(double value, double low, double high, const char *what, int step)
{
    if (!(value >= low - SLOP && value <= high + SLOP)) {
        print_error("%s at step %d: %.9g is not in %.9g..%.9g\n", what, step, value, low, high);
        fail();
    }
}

/* How much of a constraint gave way at a step, by the schedule's own list. */
static double softened(const sg_schedule *r, const char *constraint, int step)
{
    double sum = 0.0;
    for (int k = 0; k < r->softened_count; k++) {
        if (r->softened[k].step == step && strcmp(r->softened[k].constraint, constraint) == 0) {
            sum += r->softened[k].amount_kw;
        }
    }
    return sum;
}

static void check_balance(const sg_dispatch *p, const sg_schedule *r, int zone, int t)
{
    bool grid = p->grid.zone == zone;
    double net = grid ? r->import_kw[t] - r->export_kw[t] : 0.0;
    net -= p->zones ? p->zones[zone].load_kw[t] : p->load_kw[t];
    for (int s = 0; s < p->source_count; s++) {
        expect_between(r->source_kw[s][t], 0.0, p->sources[s].available_kw[t], "source", t);
        net += p->sources[s].zone == zone ? r->source_kw[s][t] : 0.0;
    }
    for (int s = 0; s < p->store_count; s++) {
        expect_between(r->charge_kw[s][t], 0.0, p->stores[s].charge_kw_max, "charge", t);
        expect_between(r->discharge_kw[s][t], 0.0, p->stores[s].discharge_kw_max, "discharge", t);
        net += p->stores[s].zone == zone ? r->discharge_kw[s][t] - r->charge_kw[s][t] : 0.0;
    }
    for (int s = 0; s < p->shed_count; s++) {
        expect_between(r->shed_kw[s][t], 0.0, p->shed[s].max_kw[t], "shed", t);
        net += p->shed[s].zone == zone ? r->shed_kw[s][t] : 0.0;
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        const sg_dispatch_shiftable *job = &p->shiftable[k];
        bool inside = t >= job->from && t < job->to;
        expect_between(r->shift_kw[k][t], 0.0, inside ? job->power_kw_max : 0.0, "job", t);
        net -= job->zone == zone ? r->shift_kw[k][t] : 0.0;
    }
    for (int l = 0; l < p->link_count; l++) {
        const sg_dispatch_link *link = &p->links[l];
        double there = r->link_forward_kw[l][t], back = r->link_back_kw[l][t];
        net -= link->from == zone ? there : link->to == zone ? back : 0.0;
        net += (1.0 - link->loss_frac) * (link->from == zone ? back
                                          : link->to == zone ? there
                                                             : 0.0);
    }
    char name[96] = "balance";
    if (p->zones) {
        snprintf(name, sizeof name, "zones/%s/balance", p->zones[zone].id);
    }
    expect_between(net + softened(r, name, t), 0.0, 0.0, name, t);
}

/* What leaves a zone at its price must be worth as much where it arrives, unless the link is full;
 * and never be worth more there while the link has room. */
static void check_link(const sg_dispatch_link *link, const double *sent_kw, double most_kw,
                       const double *price, const double *price_there, int t)
{
    double worth = (1.0 - link->loss_frac) * price_there[t];
    expect_between(sent_kw[t], 0.0, most_kw, link->id, t);
    if (sent_kw[t] > SLOP) {
        assert_true(worth >= price[t] - 1e-7);
    }
    if (sent_kw[t] < most_kw - SLOP) {
        assert_true(worth <= price[t] + 1e-7);
    }
}

static void check_links(const sg_dispatch *p, const sg_schedule *r, int t)
{
    for (int l = 0; l < p->link_count; l++) {
        const sg_dispatch_link *link = &p->links[l];
        const double *from = r->zone_price_per_kwh[link->from],
                     *to = r->zone_price_per_kwh[link->to];
        check_link(link, r->link_forward_kw[l], link->forward_kw_max, from, to, t);
        check_link(link, r->link_back_kw[l], link->back_kw_max, to, from, t);
    }
}

static void check_grid(const sg_dispatch *p, const sg_schedule *r, int t)
{
    const sg_dispatch_grid *g = &p->grid;
    expect_between(r->import_kw[t], 0.0, g->present ? g->import_kw_max : 0.0, "import", t);
    expect_between(r->export_kw[t], 0.0, g->present ? g->export_kw_max : 0.0, "export", t);
    if (g->present && (t > 0 || g->initial_net_given)) {
        double before = t ? r->import_kw[t - 1] - r->export_kw[t - 1] : g->initial_net_kw;
        double most = g->ramp_kw_per_step + softened(r, "grid/ramp_kw_per_step", t);
        expect_between(r->import_kw[t] - r->export_kw[t] - before, -most, most, "ramp", t);
    }
    for (int m = 0; m < g->demand_count; m++) {
        if (t >= g->demand[m].from && t < g->demand[m].to) {
            expect_between(r->peak_kw[m], r->import_kw[t], HUGE_VAL, "peak", t);
        }
        expect_between(r->peak_kw[m], g->demand[m].peak_so_far_kw, HUGE_VAL, "peak", -1);
    }
}

static void check_store(const sg_dispatch *p, const sg_schedule *r, int s, int t)
{
    const sg_dispatch_store *d = &p->stores[s];
    double hours = p->step_s / 3600.0, *energy = r->energy_kwh[s];
    double kept = pow(1.0 - d->standing_loss_per_h, hours) * (t ? energy[t] : d->initial_kwh);
    double next = kept + hours * (d->charge_eff * r->charge_kw[s][t] -
                                  r->discharge_kw[s][t] / d->discharge_eff);
    char low[96], high[96], final[96];
    snprintf(low, sizeof low, "stores/%s/energy_kwh_min", d->id);
    snprintf(high, sizeof high, "stores/%s/energy_kwh_max", d->id);
    snprintf(final, sizeof final, "stores/%s/final_kwh_min", d->id);
    expect_between(energy[t + 1] - next, 0.0, 0.0, "energy", t);
    expect_between(energy[t + 1], d->energy_kwh_min - softened(r, low, t),
                   d->energy_kwh_max + softened(r, high, t), "energy range", t);
    if (t == p->steps - 1) {
        expect_between(energy[t + 1], d->final_kwh_min - softened(r, final, -1), HUGE_VAL, "final",
                       t);
    }
}

/* The most that the stores can promise at a step: each the lesser of its power and its energy. */
static void check_reserve(const sg_dispatch *p, const sg_schedule *r, int t)
{
    double lasts = p->reserve_duration_s / 3600.0, up = 0.0, down = 0.0;
    for (int s = 0; s < p->store_count; s++) {
        const sg_dispatch_store *d = &p->stores[s];
        double out = r->discharge_kw[s][t] - r->charge_kw[s][t], energy = r->energy_kwh[s][t + 1];
        double above = fmax(energy - d->energy_kwh_min, 0.0);
        double room = fmax(d->energy_kwh_max - energy, 0.0);
        up += fmin(d->discharge_kw_max - out, above * d->discharge_eff / lasts);
        down += fmin(d->charge_kw_max + out, room / (d->charge_eff * lasts));
    }
    expect_between(up, at(p->reserve_up_kw, t) - softened(r, "reserve/up_kw", t), HUGE_VAL,
                   "reserve up", t);
    expect_between(down, at(p->reserve_down_kw, t) - softened(r, "reserve/down_kw", t), HUGE_VAL,
                   "reserve down", t);
}

static void check_feasible(const sg_dispatch *p, const sg_schedule *r)
{
    for (int t = 0; t < p->steps; t++) {
        for (int zone = 0; zone < (p->zones ? p->zone_count : 1); zone++) {
            check_balance(p, r, zone, t);
        }
        check_links(p, r, t);
        check_grid(p, r, t);
        for (int s = 0; s < p->store_count; s++) {
            check_store(p, r, s, t);
        }
        if (p->reserve_up_kw || p->reserve_down_kw) {
            check_reserve(p, r, t);
        }
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        double served = r->unserved_kwh[k];
        for (int t = 0; t < p->steps; t++) {
            served += p->step_s / 3600.0 * r->shift_kw[k][t];
        }
        expect_between(served - p->shiftable[k].energy_kwh, 0.0, 0.0, "job energy", -1);
    }
}

/* The money, item by item instead of step by step. */
static double money_of(const sg_dispatch *p, const sg_schedule *r)
{
    double hours = p->step_s / 3600.0, money = 0.0;
    for (int t = 0; t < p->steps; t++) {
        money += hours * at(p->grid.import_price_per_kwh, t) * r->import_kw[t];
        money -= hours * at(p->grid.export_price_per_kwh, t) * r->export_kw[t];
    }
    for (int s = 0; s < p->source_count; s++) {
        for (int t = 0; t < p->steps; t++) {
            money += hours * at(p->sources[s].cost_per_kwh, t) * r->source_kw[s][t];
        }
    }
    for (int s = 0; s < p->store_count; s++) {
        for (int t = 0; t < p->steps; t++) {
            money += hours * p->stores[s].wear_cost_per_kwh * r->charge_kw[s][t];
            money += hours * p->stores[s].wear_cost_per_kwh * r->discharge_kw[s][t];
        }
        money -= p->stores[s].terminal_value_per_kwh * r->energy_kwh[s][p->steps];
    }
    for (int s = 0; s < p->shed_count; s++) {
        for (int t = 0; t < p->steps; t++) {
            money += hours * p->shed[s].cost_per_kwh * r->shed_kw[s][t];
        }
    }
    for (int k = 0; k < p->shiftable_count; k++) {
        money += p->shiftable[k].unserved_cost_per_kwh * r->unserved_kwh[k];
    }
    for (int m = 0; m < p->grid.demand_count; m++) {
        const sg_dispatch_demand *d = &p->grid.demand[m];
        money += d->charge_per_kw * (r->peak_kw[m] - d->peak_so_far_kw);
    }
    return money;
}

static void check_plan_case(const char *name, json_t *expected, sg_dispatch_solver solver)
{
    char path[128];
    sg_arena arena = {0};
    sg_json_in in;
    sg_dispatch problem;
    sg_schedule schedule;
    snprintf(path, sizeof path, FOLDER "/plan/%s.json", name);
    if (!sg_json_in_open(&in, path, SG_DISPATCH_FORMAT) ||
        !sg_dispatch_from_json(&in, &arena, &problem)) {
        print_error("%s\n", in.message);
        fail();
    }
    sg_json_in_close(&in);
    const sg_dispatch_options options = {.solver = solver};
    assert_int_equal(sg_dispatch_solve_with(&problem, &options, &arena, &schedule), SG_OK);
    assert_string_equal(sg_outcome_text(schedule.outcome),
                        json_string_value(json_object_get(expected, "outcome")));
    json_t *objective = json_object_get(expected, "objective");
    if (json_is_number(objective)) {
        double wanted = json_number_value(objective);
        if (fabs(schedule.objective - wanted) > 1e-6 * fabs(wanted)) {
            print_error("%s: cost %.12g, wanted %.12g\n", name, schedule.objective, wanted);
            fail();
        }
        assert_true(schedule.bound <= wanted * (1.0 + 1e-9)); /* no proof of what is false */
        assert_true(schedule.relative_gap >= 0.0 && schedule.relative_gap <= 1e-6);
        assert_int_equal(schedule.softened_count, 0);
    } else {
        assert_true(schedule.softened_count > 0);
    }
    check_feasible(&problem, &schedule);
    double money = money_of(&problem, &schedule);
    assert_true(fabs(money - schedule.objective) <= 1e-9 * (1.0 + fabs(money)));
    sg_arena_free(&arena);
}

static void check_plan_cases(sg_dispatch_solver solver)
{
    json_t *all = expected_of("plan"), *expected;
    const char *name;
    int count = 0;
    json_object_foreach(all, name, expected)
    {
        check_plan_case(name, expected, solver);
        count++;
    }
    assert_int_equal(count, 14);
    json_decref(all);
}

static void schedules_cost_what_highs_found_and_keep_the_format(void **state)
{
    (void)state;
    check_plan_cases(SG_SOLVER_CLP);
}

static void so_do_those_of_highs_behind_the_same_interface(void **state)
{
    (void)state;
    static const double LOAD[] = {1.0};
    const sg_dispatch any = {.step_s = 1.0, .steps = 1, .load_kw = LOAD};
    const sg_dispatch_options options = {.solver = SG_SOLVER_HIGHS};
    sg_arena arena = {0};
    sg_schedule r;
    sg_status status = sg_dispatch_solve_with(&any, &options, &arena, &r);
    sg_arena_free(&arena);
    if (status == SG_UNAVAILABLE) {
        print_message("no libhighs on this machine; SYMGRID_HIGHS_LIB says where one lies\n");
        skip();
    }
    check_plan_cases(SG_SOLVER_HIGHS);
}

/* ---- allocation -------------------------------------------------------------------------------
 * */

static void check_control_case(const char *name, json_t *expected)
{
    char path[128];
    sg_arena arena = {0};
    sg_json_in in;
    sg_allocation_document document;
    snprintf(path, sizeof path, FOLDER "/control/%s.json", name);
    if (!sg_json_in_open(&in, path, SG_ALLOCATION_FORMAT) ||
        !sg_allocation_from_json(&in, &arena, &document)) {
        print_error("%s\n", in.message);
        fail();
    }
    sg_json_in_close(&in);
    const sg_allocation *a = &document.allocation;
    void *scratch = malloc(sg_allocation_size(a->node_count, a->leaf_count));
    double *given_kw = calloc((size_t)a->leaf_count, sizeof *given_kw);
    assert_true(scratch && given_kw);
    sg_allocate(a, scratch, given_kw, NULL);
    json_t *leaves = json_object_get(expected, "leaves"), *shed = json_object_get(expected, "shed");
    assert_int_equal(json_object_size(leaves), a->leaf_count);
    size_t short_count = 0;
    for (int k = 0; k < a->leaf_count; k++) {
        double wanted = json_number_value(json_object_get(leaves, document.leaf_id[k]));
        if (fabs(given_kw[k] - wanted) > 1e-9 * wanted) {
            print_error("%s: %s gets %.17g, wanted %.17g\n", name, document.leaf_id[k], given_kw[k],
                        wanted);
            fail();
        }
        double low = fmin(a->leaf_min_w[k], a->leaf_demand_w[k]);
        if (given_kw[k] < low * (1.0 - 1e-9)) {
            bool listed = false;
            for (size_t i = 0; i < json_array_size(shed); i++) {
                const char *id = json_string_value(json_array_get(shed, i));
                listed |= strcmp(id, document.leaf_id[k]) == 0;
            }
            assert_true(listed);
            short_count++;
        }
    }
    assert_int_equal(short_count, json_array_size(shed));
    free(scratch);
    free(given_kw);
    sg_arena_free(&arena);
}

static void allocations_equal_exact_progressive_filling(void **state)
{
    (void)state;
    json_t *all = expected_of("control"), *expected;
    const char *name;
    int count = 0;
    json_object_foreach(all, name, expected)
    {
        check_control_case(name, expected);
        count++;
    }
    assert_int_equal(count, 20);
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules_cost_what_highs_found_and_keep_the_format),
        cmocka_unit_test(so_do_those_of_highs_behind_the_same_interface),
        cmocka_unit_test(allocations_equal_exact_progressive_filling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
