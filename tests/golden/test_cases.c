/* Whole documents against answers of independent programs: see plan/README.md, control/README.md.
 * The schedules are also held against the constraints of the format (dispatch_check.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/problem_json.h"
#include "dispatch_check.h"

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

/* What leaves a zone at its price must be worth as much where it arrives, unless the link is full;
 * and never be worth more there while the link has room. What prices miss of that is part of the
 * gap between cost and bound, money. */
static void check_link(const sg_dispatch_link *link, double sent_kw, double most_kw, double price,
                       double price_there, double gap)
{
    double gain = (1.0 - link->loss_frac) * price_there - price;
    assert_true(sent_kw * -gain <= gap);
    assert_true(isinf(most_kw) ? gain <= 1e-6 : (most_kw - sent_kw) * gain <= gap);
}

static void check_links(const sg_dispatch *p, const sg_schedule *r)
{
    double gap = (r->objective - r->bound + 1e-7) / (p->step_s / 3600.0);
    for (int k = 0; k < p->link_count * p->steps; k++) {
        int l = k / p->steps, t = k % p->steps;
        const sg_dispatch_link *link = &p->links[l];
        double from = r->zone_price_per_kwh[link->from][t], to = r->zone_price_per_kwh[link->to][t];
        check_link(link, r->link_forward_kw[l][t], link->forward_kw_max, from, to, gap);
        check_link(link, r->link_back_kw[l][t], link->back_kw_max, to, from, gap);
    }
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
    dispatch_miss miss = dispatch_check(&problem, &schedule);
    if (miss.amount > SLOP) {
        print_error("%s: %s at step %d misses by %.3g\n", name, miss.what, miss.step, miss.amount);
        fail();
    }
    check_links(&problem, &schedule);
    double money = dispatch_money_of(&problem, &schedule).total;
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
    check_plan_cases(SG_SOLVER_AUTO);
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
