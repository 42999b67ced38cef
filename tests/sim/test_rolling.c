/* What planning again is worth, on the fixed public fortnight of docs/rolling.md (ctest: timeout=400): each step towards knowing the future
 * costs less, and where forecasts are exact nothing but the end of the horizon is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "study/rolling.h"

#include <math.h>

static const sg_rolling_row *row_of(const sg_rolling *study, const char *policy,
                                    const char *forecaster)
{
    for (int i = 0; i < study->row_count; i++) {
        if (strcmp(study->row[i].policy, policy) == 0 &&
            strcmp(study->row[i].forecaster, forecaster) == 0) {
            return &study->row[i];
        }
    }
    fail_msg("no row %s, %s", policy, forecaster);
    return NULL;
}

static double regret(const sg_rolling *study, const char *policy, const char *forecaster)
{
    return row_of(study, policy, forecaster)->regret;
}

static void print_study(const sg_rolling *study)
{
    sg_out out = {0};
    sg_rolling_table(study, &out);
    print_message("%s", out.text);
    sg_out_free(&out);
}

static void knowing_more_costs_less_on_the_fortnight(void **state)
{
    (void)state;
    static sg_rolling study;
    sg_site site;
    rig_load("sites/household.maml.md", "", &site);
    sg_simulation sim = {
        .site = &site, .from_us = rig_time("2023-04-15"), .duration_s = 14 * 86400, .step_s = 900};
    assert_int_equal(sg_rolling_study(&sim, &study), SG_OK);
    print_study(&study);
    double none = regret(&study, "no store", "");
    assert_int_equal(row_of(&study, "plan once a day", "own")->plans, 14);
    assert_int_equal(row_of(&study, "plan every 30 min", "own")->plans, 672);
    for (int i = 0; i < study.row_count;
         i++) { /* nothing beats knowing, nothing is worse than no store */
        assert_true(study.row[i].regret >= 0 && study.row[i].regret <= none);
    }
    static const char *const forecasters[] = {"own", "same time yesterday"};
    for (int f = 0; f < 2; f++) {
        double day = regret(&study, "plan once a day", forecasters[f]);
        double half_hour = regret(&study, "plan every 30 min", forecasters[f]);
        assert_true(0 < half_hour && half_hour < day && day < none);
    }
    assert_true(regret(&study, "plan every 30 min", "own") < regret(&study, "rules", ""));
    assert_true(regret(&study, "plan every 30 min", "own") <
                regret(&study, "plan every 30 min", "persistence"));
    sg_site_free(&site);
}

/* A flat load is forecast exactly, prices are public a day ahead: what is left of the regret is the end of the horizon. A plan that
 * begins at the wrong step, or gives up a store that is empty, shows here at once. */
static void exact_forecasts_leave_no_regret(void **state)
{
    (void)state;
    static const char text[] =
        "series:\n"
        "  price: {file: data/prices/DE-LU_2023.csv, time: time_utc, column: price_eur_mwh, unit: "
        "EUR/MWh}\n"
        "loads: {server: {rating: 80kW, demand: 60kW}}\n"
        "stores: {battery: {type: lithium_ion, capacity: 100kWh, discharge_rate: 25kW, reserve: "
        "10%, initial: 10%}}\n"
        "grid: {import_max: 200kW, export_max: 200kW, import_price: price, export_price: price}\n";
    static sg_report report;
    static const double periods_s[] = {86400, 3600, 900};
    sg_site site;
    rig_parse("flat.yaml", text, sizeof text - 1, &site);
    sg_simulation sim = {.site = &site,
                         .from_us = rig_time("2023-03-10"),
                         .duration_s = 14 * 86400,
                         .step_s = 900,
                         .warm_s = 86400};
    double cost[5];
    const sg_policy policies[] = {SG_POLICY_STATIC, SG_POLICY_PERFECT};
    for (int i = 0; i < 2; i++) {
        sim.policy = policies[i];
        assert_int_equal(sg_simulate(&sim, &report), SG_OK);
        cost[i] = report.cost;
    }
    sim.policy = SG_POLICY_MPC;
    for (int i = 0; i < 3; i++) {
        sim.plan_period_s = periods_s[i];
        assert_int_equal(sg_simulate(&sim, &report), SG_OK);
        cost[2 + i] = report.cost;
    }
    double saved = cost[0] - cost[1];
    print_message("saved %.2f; regret once a day %.4f, hourly %.4f, each step %.4f\n", saved,
                  cost[2] - cost[1], cost[3] - cost[1], cost[4] - cost[1]);
    assert_true(saved > 0);
    for (int i = 2; i < 5; i++) {
        assert_true(cost[i] >= cost[1] - 1e-6 * fabs(cost[1]));
    }
    assert_true(cost[3] - cost[1] < 0.02 * saved && cost[4] - cost[1] < 0.02 * saved);
    sg_site_free(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_forecasts_leave_no_regret),
        cmocka_unit_test(knowing_more_costs_less_on_the_fortnight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
