/* A store's reserve comes back after a bridge and after standing losses: from what the grid brings beside all else, below the month's
 * peak, and from nobody's store. What it takes is worked out here from energies alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <math.h>

static const double KWH = 3.6e6;

/* Half an hour without the grid takes 10 kWh and losses from a battery that holds 41 kWh, 40 of them its reserve. The price never moves,
 * so nothing else makes it charge. */
static const char bridged[] =
    "mode: control\n"
    "nodes:\n"
    "  site: {limit: 60kW, voltage: 400V}\n"
    "loads:\n"
    "  hall: {rating: 30kW, minimum: 5kW, demand: work}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 100kWh, discharge_rate: 50kW, initial: 41%, reserve: "
    "40%}\n"
    "series:\n"
    "  work: {unit: kW, daily: [{from: '00:00', value: 20}, {from: '01:00', value: 28}, {from: "
    "'02:00', value: 20}, {from: '05:00', value: 28}, {from: '06:00', value: 20}]}\n";
static const char flat_price[] = "grid: {import_max: 40kW, import_price: 0.2 EUR/kWh}\n";
static const char peak_price[] =
    "grid: {import_max: 40kW, import_price: 0.2 EUR/kWh, demand_charge: 10 EUR/kW}\n";
static const char outage[] = "faults:\n"
                             "  - {kind: grid_loss, at: 2h, duration: 30min}\n";

typedef struct course {
    double least_kwh, last_kwh, most_import_w, back_s; /* since the grid is back; < 0: not back */
    int with_reason;                                   /* steps */
} course;

static course hours(const char *grid, sg_policy policy, double count)
{
    rig r = {0};
    char text[2048];
    int length = snprintf(text, sizeof text, "%s%s%s", bridged, grid, outage);
    rig_parse("reserve.yaml", text, (size_t)length, &r.site);
    rig_start(&r, policy, rig_time("2026-01-01T00:00:00Z"));
    course ret = {.least_kwh = INFINITY, .back_s = -1};
    double capped_w = fmin(40e3, r.site.nodes[0].limit_w);
    for (int t = 1; t <= count * 360; t++) {
        rig_step(&r, 10);
        double kwh = rig_value(&r, SG_POINT_STORE_ENERGY, 0) / KWH,
               import_w = rig_value(&r, SG_POINT_NODE_POWER, 0);
        ret.least_kwh = fmin(ret.least_kwh, kwh);
        ret.last_kwh = kwh;
        ret.most_import_w = fmax(ret.most_import_w, import_w);
        ret.with_reason += sg_engine_command(r.engine).store_reason[0] == SG_REASON_RESERVE;
        assert_true(import_w <= capped_w * (1 + 1e-9));
        if (t > 2.5 * 360 && ret.back_s < 0 && kwh >= 0.998 * 40) {
            ret.back_s = (t - 2.5 * 360) * 10;
        }
    }
    rig_free(&r);
    return ret;
}

static void what_a_bridge_took_comes_back_within_hours(void **state)
{
    (void)state;
    for (int policy = SG_POLICY_RULES; policy <= SG_POLICY_MPC; policy++) {
        course c = hours(flat_price, (sg_policy)policy, 12);
        print_message("%s: down to %.1f kWh, back after %.1f h, at last %.2f kWh\n",
                      policy == SG_POLICY_RULES ? "rules" : "mpc", c.least_kwh, c.back_s / 3600,
                      c.last_kwh);
        assert_true(c.least_kwh < 31); /* the bridge took it */
        assert_true(c.back_s > 0 && c.back_s < 5 * 3600);
        assert_true(c.last_kwh > 0.998 * 40 && c.last_kwh < 41); /* and no more than that */
        assert_true(c.with_reason > 0);
    }
}

static void the_baseline_leaves_it_alone(void **state)
{
    (void)state;
    course c = hours(flat_price, SG_POLICY_STATIC, 12);
    assert_true(c.least_kwh < 31 && c.last_kwh < 31 && c.with_reason == 0);
}

/* The load had its highest quarter hour before the grid went: filling the reserve adds nothing to it. */
static void the_months_peak_is_not_lifted_for_it(void **state)
{
    (void)state;
    course c = hours(peak_price, SG_POLICY_RULES, 12);
    print_message("at most %.2f kW, back after %.1f h\n", c.most_import_w * 1e-3, c.back_s / 3600);
    assert_true(c.most_import_w < 28.1e3);
    assert_true(c.back_s > 0);
}

/* A twentieth a day is lost while it stands: 40 kWh would be 38. */
static void standing_losses_are_made_good(void **state)
{
    (void)state;
    static const char text[] =
        "mode: control\n"
        "nodes:\n"
        "  site: {limit: 60kW, voltage: 400V}\n"
        "loads:\n"
        "  hall: {rating: 30kW, demand: 20kW}\n"
        "stores:\n"
        "  battery: {type: lithium_ion, capacity: 100kWh, discharge_rate: 50kW, initial: 40%, "
        "reserve: 40%, standing_loss: 5%/day}\n"
        "grid: {import_max: 40kW, import_price: 0.2 EUR/kWh}\n";
    for (int policy = SG_POLICY_STATIC; policy <= SG_POLICY_RULES; policy++) {
        rig r = {0};
        rig_parse("standing.yaml", text, sizeof text - 1, &r.site);
        rig_start(&r, (sg_policy)policy, rig_time("2026-01-01T00:00:00Z"));
        double least_kwh = INFINITY, most_kwh = 0;
        for (int minute = 0; minute < 24 * 60; minute++) {
            rig_step(&r, 60);
            double kwh = rig_value(&r, SG_POINT_STORE_ENERGY, 0) / KWH;
            least_kwh = fmin(least_kwh, kwh);
            most_kwh = fmax(most_kwh, kwh);
        }
        if (policy == SG_POLICY_STATIC) {
            assert_true(least_kwh < 38.1);
        } else { /* within a thousandth and what two minutes take */
            assert_true(least_kwh > 40 * 0.999 - 2 * 40 * 0.05 / 1440 && most_kwh < 40.01);
        }
        rig_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_bridge_took_comes_back_within_hours),
        cmocka_unit_test(the_baseline_leaves_it_alone),
        cmocka_unit_test(the_months_peak_is_not_lifted_for_it),
        cmocka_unit_test(standing_losses_are_made_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
