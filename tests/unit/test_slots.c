/* A plan as a calendar: slots by hand, and laws that hold for any plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "base/time.h"
#include "plan/slots.h"

#include <math.h>
#include <string.h>

static sg_plan plan;
static sg_plan_slot slot[SG_PLAN_STEP_MAX];

static void plan_of(const double *power_w, int steps)
{
    memset(&plan, 0, sizeof plan);
    plan.start_us = 1000 * SG_US_PER_S;
    plan.step_us = 900 * SG_US_PER_S;
    plan.steps = steps;
    plan.store_count = 1;
    plan.store_group[0] = 5;
    memcpy(plan.store_w[0], power_w, sizeof *power_w * (size_t)steps);
}

static void steps_of_a_kind_make_one_slot(void **state)
{
    (void)state;
    static const double power_w[] = {0, 30, -4000, -8000, 8000, 4000, 2000, 0};
    plan_of(power_w, 8);
    assert_int_equal(sg_plan_slots(&plan, 0, plan.start_us, 8, slot), 4);
    const struct {
        sg_slot_kind kind;
        int from, to;
        double power_w, energy_j;
    } wanted[] = {{SG_SLOT_REST, 0, 2, 0, 0}, /* 30 W are less than a hundredth of 8 kW */
                  {SG_SLOT_CHARGE, 2, 4, -6000, 12000 * 900.0},
                  {SG_SLOT_DISCHARGE, 4, 7, 14000 / 3.0, 14000 * 900.0},
                  {SG_SLOT_REST, 7, 8, 0, 0}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(slot[i].group, 5);
        assert_int_equal(slot[i].kind, wanted[i].kind);
        assert_int_equal(slot[i].start_us, plan.start_us + wanted[i].from * plan.step_us);
        assert_int_equal(slot[i].end_us, plan.start_us + wanted[i].to * plan.step_us);
        assert_true(fabs(slot[i].power_w - wanted[i].power_w) < 1e-9);
        assert_true(fabs(slot[i].energy_j - wanted[i].energy_j) < 1e-6);
    }
    assert_int_equal(sg_plan_slots(&plan, 0, plan.start_us, 2, slot), 2); /* no more than fit */
    assert_int_equal(slot[1].end_us, plan.start_us + 4 * plan.step_us);
}

static void what_is_over_is_left_out(void **state)
{
    (void)state;
    static const double power_w[] = {5000, 5000, -5000, 0};
    plan_of(power_w, 4);
    assert_int_equal(sg_plan_slots(&plan, 0, plan.start_us + plan.step_us, 8, slot), 3);
    assert_int_equal(slot[0].start_us, plan.start_us + plan.step_us);
    assert_true(slot[0].energy_j == 5000 * 900.0);
    assert_int_equal(sg_plan_slots(&plan, 0, plan.start_us + 4 * plan.step_us, 8, slot), 0);
    assert_int_equal(sg_plan_slots(&plan, 0, plan.start_us - 1, 8, slot), 0);
}

/* Without a gap from now to the end, neighbours of different kinds, energies that add up. */
static void any_plan_is_covered(void **state)
{
    (void)state;
    uint64_t drawn = 0;
    for (int round = 0; round < 500; round++) {
        double power_w[SG_PLAN_STEP_MAX], charged_j = 0, given_j = 0, sum_in_j = 0, sum_out_j = 0;
        int steps = 1 + (int)(sg_prng_unit(9, drawn++) * SG_PLAN_STEP_MAX);
        for (int t = 0; t < steps; t++) {
            double u = sg_prng_unit(9, drawn++);
            power_w[t] = u < 0.4 ? 0 : u < 0.7 ? -1000 - 5000 * u : 1000 + 5000 * u;
            charged_j -= power_w[t] < 0 ? power_w[t] * 900 : 0;
            given_j += power_w[t] > 0 ? power_w[t] * 900 : 0;
        }
        plan_of(power_w, steps);
        int count = sg_plan_slots(&plan, 0, plan.start_us, SG_PLAN_STEP_MAX, slot);
        assert_int_equal(slot[0].start_us, plan.start_us);
        assert_int_equal(slot[count - 1].end_us, plan.start_us + steps * plan.step_us);
        for (int i = 0; i < count; i++) {
            assert_true(i == 0 || (slot[i].start_us == slot[i - 1].end_us &&
                                   slot[i].kind != slot[i - 1].kind));
            *(slot[i].kind == SG_SLOT_CHARGE ? &sum_in_j : &sum_out_j) += slot[i].energy_j;
        }
        assert_true(fabs(sum_in_j - charged_j) <= 1e-9 * charged_j + 1e-6);
        assert_true(fabs(sum_out_j - given_j) <= 1e-9 * given_j + 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_a_kind_make_one_slot),
        cmocka_unit_test(what_is_over_is_left_out),
        cmocka_unit_test(any_plan_is_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
