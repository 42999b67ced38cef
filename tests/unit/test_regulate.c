/* Regulation, droop and contract on small sites: who does which part, and what may not be moved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services_bench.h"

#include <math.h>

#define HEAD                                       \
    "title: small\ncurrency: EUR\nmode: control\n" \
    "nodes: {site: {limit: 2MW}}\n"                \
    "loads: {hall: {rating: 700kW, minimum: 100kW, demand: 500kW}}\n"

#define GRID(blocks) \
    "grid: {import_max: 2MW, export_max: 500kW, import_price: 0.1 EUR/kWh, " blocks "}\n"

#define REGULATION "regulation: {signal: 0.5, capability: 200kW}"

#define STORES                                                                                   \
    "stores:\n"                                                                                  \
    "  battery: {type: lithium_ion, capacity: 1MWh, discharge_rate: 300kW, charge_rate: 300kW, " \
    "initial: 55%, reserve: 10%}\n"                                                              \
    "  wheel: {type: flywheel, capacity: 20kWh, power: 200kW, duty: power, initial: 50%}\n"      \
    "  cap: {type: supercapacitor, modules: 20, power: 2.5kW, duty: power, initial: 50%}\n"

enum { BATTERY, WHEEL, CAP, STORES_COUNT };
static const double STEP_S = 0.1;

static double sum_w(const bench *b)
{
    return bench_told_w(b, BATTERY) + bench_told_w(b, WHEEL) + bench_told_w(b, CAP);
}

static double energy_j(const bench *b, int store)
{
    return rig_value(&b->r, SG_POINT_STORE_ENERGY, store);
}

static void the_parts_add_up_to_what_is_asked(void **state)
{
    (void)state;
    bench b;
    bench_start(&b, HEAD GRID(REGULATION) STORES, SG_POLICY_RULES);
    for (int i = 0; i < 6000; i++) { /* ten minutes of a signal with all time scales in it */
        double t = i * STEP_S;
        b.signal = 0.4 * sin(t / 90) + 0.3 * sin(t / 11) + 0.2 * sin(t / 1.5);
        bench_step(&b, STEP_S);
        const sg_regulation *r = sg_engine_regulation(b.r.engine);
        double asked_w = 200e3 * b.signal + r->recentre_w;
        assert_true(fabs(sum_w(&b) - asked_w) < 1e-3);
        assert_true(fabs(r->signal_w - 200e3 * b.signal) < 1e-6);
    }
    bench_stop(&b);
}

/* The means over a second of the changes: the battery's are slower than what is asked, the supercapacitor's are the fastest. */
static void each_takes_its_own_time_scale(void **state)
{
    (void)state;
    bench b;
    bench_start(&b, HEAD GRID(REGULATION) STORES, SG_POLICY_RULES);
    for (int i = 0; i < 50; i++) {
        bench_step(&b, STEP_S);
    }
    b.signal = 0.2; /* 40 kW, which any of them could do alone */
    bench_step(&b, STEP_S);
    assert_true(bench_told_w(&b, CAP) > 0.9 * 40e3);
    assert_true(fabs(bench_told_w(&b, BATTERY)) < 0.05 * 40e3);
    double cap_then_w = bench_told_w(&b, CAP), wheel_most_w = 0;
    for (int i = 0; i < 3600 * 10;
         i++) { /* an hour later the battery does it all and the others have been put back */
        bench_step(&b, STEP_S);
        wheel_most_w = fmax(wheel_most_w, bench_told_w(&b, WHEEL));
    }
    assert_true(wheel_most_w > 0.5 * 40e3);
    assert_true(bench_told_w(&b, CAP) < 0.1 * cap_then_w);
    assert_true(fabs(bench_told_w(&b, BATTERY) - 40e3) < 0.1 * 40e3);
    assert_true(fabs(energy_j(&b, WHEEL) / (20 * 3.6e6) - 0.5) < 0.1);
    bench_stop(&b);
}

static void energy_ends_where_reserve_and_capacity_are(void **state)
{
    (void)state;
    bench b;
    bench_start(&b, HEAD GRID(REGULATION) STORES, SG_POLICY_RULES);
    double least = 1, most = 0;
    for (int hour = 0; hour < 2 * 8;
         hour++) { /* eight hours of full discharge, then of full charge */
        b.signal = hour < 8 ? 1 : -1;
        for (int i = 0; i < 3600; i++) {
            bench_step(&b, 1);
            double frac = energy_j(&b, BATTERY) / 3.6e9;
            least = fmin(least, frac);
            most = fmax(most, frac);
            assert_true(frac > 0.1 - 1e-4 && frac < 1 + 1e-9);
            assert_true(energy_j(&b, WHEEL) >= 0 && energy_j(&b, WHEEL) < 20 * 3.6e6 * (1 + 1e-9));
        }
    }
    assert_true(least < 0.11 && most > 0.98); /* it was driven there */
    bench_stop(&b);
}

static void recentring_is_neutral_bounded_and_turns_back(void **state)
{
    (void)state;
    bench b;
    bench_start(&b, HEAD GRID(REGULATION) STORES, SG_POLICY_RULES);
    double most_w = 0;
    for (int i = 0; i < 3600; i++) { /* in the middle nothing drifts */
        b.signal = i % 60 < 30 ? 0.5 : -0.5;
        bench_step(&b, 1);
        most_w = fmax(most_w, fabs(sg_engine_regulation(b.r.engine)->recentre_w));
    }
    assert_true(most_w == 0);
    for (int i = 0; i < 2 * 3600; i++) { /* two hours of charging */
        b.signal = -1;
        bench_step(&b, 1);
    }
    double full = energy_j(&b, BATTERY) / 3.6e9;
    assert_true(full > 0.75);
    for (int i = 0; i < 6 * 3600;
         i++) { /* a signal without a mean: the energy goes back towards the middle */
        b.signal = i % 60 < 30 ? 1 : -1;
        bench_step(&b, 1);
        double drift_w = sg_engine_regulation(b.r.engine)->recentre_w;
        assert_true(drift_w >= 0 && drift_w <= 0.2 * 200e3 + 1e-6);
    }
    double after = energy_j(&b, BATTERY) / 3.6e9;
    assert_true(after < full - 0.1 && after > 0.5);
    bench_stop(&b);
}

static void no_signal_no_grid_no_rules_no_movement(void **state)
{
    (void)state;
    bench b;
    bench_start(&b, HEAD GRID(REGULATION) STORES, SG_POLICY_RULES);
    b.signal = 1;
    bench_step(&b, STEP_S);
    bench_step(&b, STEP_S);
    assert_true(sum_w(&b) > 199e3);
    b.signal_quality = SG_NO_DATA; /* held for a second, then it counts for nothing */
    for (int i = 0; i < 30; i++) {
        bench_step(&b, STEP_S);
    }
    assert_true(fabs(sum_w(&b)) < 1);
    int64_t windows = sg_engine_regulated(b.r.engine)->total.windows;
    for (int i = 0; i < 3600; i++) {
        bench_step(&b, 1);
    }
    assert_true(sg_engine_regulated(b.r.engine)->total.windows == windows);
    bench_stop(&b);
    bench_start(&b, HEAD GRID(REGULATION) STORES, SG_POLICY_STATIC);
    b.signal = 1;
    for (int i = 0; i < 30; i++) {
        bench_step(&b, STEP_S);
        assert_true(bench_told_w(&b, BATTERY) == 0);
    }
    bench_stop(&b);
    bench_start(&b, HEAD GRID(REGULATION) STORES, SG_POLICY_RULES);
    b.signal = 1;
    for (int i = 0; i < 3; i++) { /* a quarter of an hour has no seconds in it */
        bench_step(&b, 900);
        assert_true(!sg_engine_regulation(b.r.engine)->active);
    }
    bench_stop(&b);
}

static void droop_answers_against_the_deviation(void **state)
{
    (void)state;
    bench b;
    bench_start(
        &b, HEAD GRID("droop: {frequency: 50Hz, power: 100kW, dead_band: 20mHz, slope: 1%}") STORES,
        SG_POLICY_RULES);
    static const struct {
        double hz, w;
    } cases[] = {{50, 0},        {50.02, 0},      {49.98, 0},    {49.88, 20e3}, {50.12, -20e3},
                 {49.48, 100e3}, {50.52, -100e3}, {49.0, 100e3}, {20.0, 0} /* no grid has that */};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        b.frequency_hz = cases[i].hz;
        bench_step(&b, STEP_S);
        assert_true(fabs(sum_w(&b) - cases[i].w) < 1e-3);
    }
    bench_stop(&b);
}

/* 300 kW more at once: the site rises by no more than the ramp, and the stores bring the rest. */
static void the_contract_holds_through_a_step(void **state)
{
    (void)state;
    static const char text[] =
        "title: small\ncurrency: EUR\nmode: control\nnodes: {site: {limit: 2MW}}\n"
        "series:\n  want: {daily: [{from: \"00:00\", value: 200kW}, {from: \"00:01\", value: "
        "500kW}, "
        "{from: \"00:10\", value: 200kW}]}\n"
        "loads: {hall: {rating: 700kW, minimum: 100kW, demand: want}}\n" GRID(
            "contract: {ramp: 10kW/s, band: 100kW, trend: 1min}") STORES;
    bench b;
    bench_start(&b, text, SG_POLICY_RULES);
    double was_w = NAN, trend_w = NAN, second_w = 0;
    for (int i = 0; i < 15 * 600; i++) {
        bench_step(&b, STEP_S);
        second_w += rig_value(&b.r, SG_POINT_NODE_POWER, 0) / 10;
        if (i % 10 < 9) {
            continue;
        }
        if (i > 50) {
            /* a jump is seen one step late: of a second's mean it moves a tenth there and back */
            assert_true(fabs(second_w - was_w) <= 10e3 + 300e3 / 10);
            assert_true(fabs(second_w - trend_w) <= 100e3 + 300e3 / 10);
        }
        trend_w = isnan(trend_w) ? second_w : trend_w + (second_w - trend_w) / 61;
        was_w = second_w;
        second_w = 0;
    }
    bench_stop(&b);
}

static void refuse(const char *block, const char *said)
{
    char text[2048];
    sg_site site;
    static sg_diagnostics d;
    snprintf(text, sizeof text, "%sgrid: {import_max: 2MW, import_price: 0.1 EUR/kWh, %s}\n%s",
             HEAD, block, STORES);
    memset(&d, 0, sizeof d);
    assert_int_equal(sg_site_parse("small.yaml", text, strlen(text), true, &site, &d), SG_FORMAT);
    assert_true(d.count > 0 && d.items[0].line > 0);
    if (!strstr(d.items[0].message, said)) {
        fail_msg("%s: '%s', expected '%s'", block, d.items[0].message, said);
    }
    sg_diagnostics_free(&d);
}

static void blocks_are_checked(void **state)
{
    (void)state;
    refuse("regulation: {capability: 1kW}", "signal");
    refuse("regulation: {signal: 0}", "capability");
    refuse("regulation: {signal: nowhere, capability: 1kW}", "nowhere");
    refuse("regulation: {signal: 0, capability: 1kWh}", "capability");
    refuse("regulation: {signal: 0, capability: 1kW, speed: 3}", "speed");
    refuse("regulation: 3", "regulation");
    refuse("droop: {frequency: 50Hz, power: 1kW, slope: 0%}", "slope");
    refuse("droop: {frequency: [50Hz, 60Hz], power: 1kW}", "frequency");
    refuse("contract: {ramp: 3kW}", "ramp");
    refuse("contracts: {ramp: 3kW/s}", "contracts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_add_up_to_what_is_asked),
        cmocka_unit_test(each_takes_its_own_time_scale),
        cmocka_unit_test(energy_ends_where_reserve_and_capacity_are),
        cmocka_unit_test(recentring_is_neutral_bounded_and_turns_back),
        cmocka_unit_test(no_signal_no_grid_no_rules_no_movement),
        cmocka_unit_test(droop_answers_against_the_deviation),
        cmocka_unit_test(the_contract_holds_through_a_step),
        cmocka_unit_test(blocks_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
