/* Whole months on both example sites, the hall's by its own clock: knowing more never costs more. `static` leaves the stores alone,
 * `rules` sees the present, `mpc` the forecasts, `perfect` the truth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "study/simulate.h"

#include <math.h>

enum { POLICIES = SG_POLICY_PERFECT + 1 };

static void months_cost(const char *path, const char *month, double days, double ret[POLICIES])
{
    sg_site site;
    rig_load(path, "", &site);
    static sg_report report;
    for (int policy = 0; policy < POLICIES; policy++) {
        sg_simulation simulation = {.site = &site,
                                    .from_us = rig_time(month),
                                    .duration_s = days * 86400,
                                    .step_s = 900,
                                    .policy = (sg_policy)policy};
        assert_int_equal(sg_simulate(&simulation, &report), SG_OK);
        ret[policy] = report.cost;
        assert_true(report.balance_error_j < 1e-9 * report.throughput_j);
        /* cheaper by serving less would be no merit */
        assert_true(report.unserved_j <= 1e-4 * report.demand_j);
    }
    sg_site_free(&site);
    print_message("%s %s: static %.2f, rules %.2f, mpc %.2f, perfect %.2f\n", path, month,
                  ret[SG_POLICY_STATIC], ret[SG_POLICY_RULES], ret[SG_POLICY_MPC],
                  ret[SG_POLICY_PERFECT]);
}

static void expect_order(const char *path, const char *month, double days)
{
    double cost[POLICIES];
    months_cost(path, month, days, cost);
    double slack = 1e-9 * fabs(cost[SG_POLICY_STATIC]);
    assert_true(cost[SG_POLICY_RULES] <= cost[SG_POLICY_STATIC] + slack);
    assert_true(cost[SG_POLICY_MPC] <= cost[SG_POLICY_RULES] + slack);
    for (int policy = 0; policy < POLICIES; policy++) {
        assert_true(cost[SG_POLICY_PERFECT] <= cost[policy] + slack);
    }
    /* the policies are different ones: equal costs would pass the above */
    assert_true(cost[SG_POLICY_PERFECT] < 0.999 * cost[SG_POLICY_STATIC]);
}

static void knowing_more_never_costs_more_on_the_hall_in_february(void **state)
{
    (void)state;
    expect_order("sites/hall.maml.md", "2023-02-01T05:00Z", 28);
}

static void knowing_more_never_costs_more_on_the_hall_in_july(void **state)
{
    (void)state;
    expect_order("sites/hall.maml.md", "2023-07-01T05:00Z", 31);
}

static void knowing_more_never_costs_more_on_the_float_in_july(void **state)
{
    (void)state;
    expect_order("sites/floating.maml.md", "2023-07-01", 31);
}

static void knowing_more_never_costs_more_on_the_float_in_september(void **state)
{
    (void)state;
    expect_order("sites/floating.maml.md", "2023-09-01", 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knowing_more_never_costs_more_on_the_hall_in_february),
        cmocka_unit_test(knowing_more_never_costs_more_on_the_hall_in_july),
        cmocka_unit_test(knowing_more_never_costs_more_on_the_float_in_july),
        cmocka_unit_test(knowing_more_never_costs_more_on_the_float_in_september),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
