/* The demand charge's month as the planner and the control see it: the site's own, as the meter has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/rolling.h"
#include "rig.h"

#include <math.h>

static const char site_text[] =
    "timezone: UTC-5\n"
    "nodes:\n"
    "  site: {limit: 60kW, voltage: 400V}\n"
    "loads:\n"
    "  server: {count: 6, rating: 8kW, minimum: 1kW, class: 1, demand: 5kW}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 50kWh, discharge_rate: 20kW, initial: 50%}\n"
    "grid: {import_max: 50kW, import_price: 0.2 EUR/kWh, demand_charge: 10 EUR/kW}\n";

/* 30 kW all the time; the month turns at 05:00 UTC. */
static void the_outlook_splits_where_the_sites_month_turns(void **state)
{
    (void)state;
    static rig r;
    static sg_outlook o;
    static sg_view view;
    rig_parse("months.yaml", site_text, sizeof site_text - 1, &r.site);
    rig_start(&r, SG_POLICY_STATIC, rig_time("2023-05-31T12:00:00Z"));
    for (int quarter = 0; quarter < 17 * 4 - 1; quarter++) {
        rig_step(&r, 900);
    }
    assert_int_equal(sg_engine_time(r.engine), rig_time("2023-06-01T04:45:00Z"));
    sg_engine_outlook(r.engine, 900 * SG_US_PER_S, 96, NULL, &o); /* from 05:00: June alone */
    assert_int_equal(o.start_us, rig_time("2023-06-01T05:00:00Z"));
    assert_true(o.month_steps == 96 && o.peak_so_far_w == 0);
    sg_engine_view(r.engine, &view);
    assert_true(fabs(view.peak_w - 30e3) < 1);
    rig_step(&r, 900);
    sg_engine_view(r.engine, &view);
    assert_true(view.peak_w == 0 && fabs(view.peak_all_w - 30e3) < 1);
    for (int quarter = 0; quarter < 29 * 96; quarter++) {
        rig_step(&r, 900);
    }
    /* 05:00 UTC on 30 June: a day of June is left, its last quarter hours are those that a plan from 05:15 sees */
    sg_engine_outlook(r.engine, 900 * SG_US_PER_S, 192, NULL, &o);
    assert_int_equal(o.month_steps, 95);
    assert_true(fabs(o.peak_so_far_w - 30e3) < 1);
    rig_free(&r);
}

/* Eight hours at a flat price, one battery without losses, 10 a kW. What is kept is worth what is bought, and moving it wears it, so
 * that nothing but a peak moves it. The load is 50 kW but for one hour at 90: the mean is 55 kW. */
static void hours_of_steady_load(int hour_of_peak, int month_steps, sg_outlook *o)
{
    *o = (sg_outlook){.step_us = 3600 * SG_US_PER_S,
                      .steps = 8,
                      .month_steps = month_steps,
                      .import_w_max = 200e3,
                      .demand_charge = 10e-3,
                      .peak_so_far_w = 100e3,
                      .store_count = 1};
    o->store[0] = (struct sg_outlook_store){.capacity_j = 100 * 3.6e6,
                                            .energy_j = 100 * 3.6e6,
                                            .charge_w_max = 100e3,
                                            .discharge_w_max = 100e3,
                                            .charge_eff = 1,
                                            .discharge_eff = 1,
                                            .wear_per_j = 0.01 / 3.6e6,
                                            .terminal_value_per_j = 0.2 / 3.6e6};
    for (int t = 0; t < 8; t++) {
        o->load_w[t] = t == hour_of_peak ? 90e3 : 50e3;
        o->import_price[t] = 0.2 / 3.6e6;
        o->export_price[t] = 0.1 / 3.6e6;
    }
}

static void expect_given(const sg_plan *plan, int hour, double w)
{
    for (int t = 0; t < 8; t++) {
        double wanted_w = t == hour ? w : 0;
        if (fabs(plan->store_w[0][t] - wanted_w) > 1) {
            fail_msg("hour %d: the battery gives %g W, expected %g W", t, plan->store_w[0][t],
                     wanted_w);
        }
    }
}

static void a_plan_across_two_months_pays_for_both(void **state)
{
    (void)state;
    static sg_outlook o;
    static sg_plan plan;
    /* below the 100 kW that were paid for already, this month's 90 kW cost nothing more */
    hours_of_steady_load(5, 8, &o);
    assert_int_equal(sg_plan_make(&o, 10, NULL, &plan), SG_OK);
    expect_given(&plan, 5, 0);
    hours_of_steady_load(2, 4, &o);
    assert_int_equal(sg_plan_make(&o, 10, NULL, &plan), SG_OK);
    expect_given(&plan, 2, 0);
    /* the next month has paid for nothing: 90 kW there come down to the mean of 55 kW, and no further */
    hours_of_steady_load(5, 4, &o);
    assert_int_equal(sg_plan_make(&o, 10, NULL, &plan), SG_OK);
    expect_given(&plan, 5, 35e3);
    /* its first hour alone is seen, with a load that every hour will have: nothing to be won there */
    hours_of_steady_load(2, 7, &o);
    assert_int_equal(sg_plan_make(&o, 10, NULL, &plan), SG_OK);
    expect_given(&plan, 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_outlook_splits_where_the_sites_month_turns),
        cmocka_unit_test(a_plan_across_two_months_pays_for_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
