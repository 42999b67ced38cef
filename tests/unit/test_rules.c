/* The policy `rules`: bought by a price that is read, held for two hours, and not beyond; and what the grid cannot bring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <math.h>

/* A price that swings from day to day, a battery that it pays, a generator that is dearer or cheaper than the grid. */
static const char text[] =
    "mode: control\n"
    "seed: 3\n"
    "nodes:\n"
    "  site: {limit: 500kW}\n"
    "loads:\n"
    "  hall: {rating: 120kW, demand: 100kW}\n"
    "sources:\n"
    "  set: {type: generator, capacity: 60kW, cost: 0.2 EUR/kWh}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 400kWh, discharge_rate: 50kW, initial: 50%}\n"
    "series:\n"
    "  price: {unit: EUR/kWh, random: {mean: 0.2 EUR/kWh, deviation: 0.1 EUR/kWh, correlation: 2h, "
    "step: 15min, length: 3d}}\n"
    "grid: {import_max: 500kW, import_price: price}\n"
    "faults:\n"
    "  - {kind: price_missing, at: 12h, duration: 24h}\n";

typedef struct deals {
    int bought_by_price, set_ran;
} deals;

static deals minutes(rig *r, int count)
{
    deals ret = {0};
    for (int i = 0; i < count; i++) {
        rig_step(r, 60);
        sg_command command = sg_engine_command(r->engine);
        int reason = command.store_reason[0];
        ret.bought_by_price +=
            reason == SG_REASON_CHEAP || reason == SG_REASON_DEAR || reason == SG_REASON_DEFICIT;
        ret.set_ran += command.source_limit_w[0] > 0;
    }
    return ret;
}

static void an_old_price_moves_nothing(void **state)
{
    (void)state;
    rig r;
    memset(&r, 0, sizeof r);
    rig_parse("rules.yaml", text, strlen(text), &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2026-01-01T00:00:00Z"));
    deals read = minutes(&r, 12 * 60);
    minutes(&r, 2 * 60 + 1); /* the last one stands for two hours */
    deals old = minutes(&r, 20 * 60);
    minutes(&r, 2 * 60);
    deals again = minutes(&r, 12 * 60);
    print_message("by price and set, minutes: %d and %d, price lost %d and %d, back %d and %d\n",
                  read.bought_by_price, read.set_ran, old.bought_by_price, old.set_ran,
                  again.bought_by_price, again.set_ran);
    assert_true(read.bought_by_price > 60 && read.set_ran > 60);
    assert_int_equal(old.bought_by_price, 0);
    assert_int_equal(old.set_ran, 0);
    assert_true(again.bought_by_price > 60 && again.set_ran > 60);
    rig_free(&r);
}

/* The connection brings 80 kW of the 100 that are wanted, at a price that never moves: a charged store gives the rest. */
static void a_store_gives_what_the_grid_cannot(void **state)
{
    (void)state;
    static const char site[] =
        "mode: control\n"
        "nodes:\n"
        "  site: {}\n"
        "loads:\n"
        "  hall: {rating: 120kW, demand: 100kW}\n"
        "stores:\n"
        "  battery: {type: lithium_ion, capacity: 400kWh, discharge_rate: 50kW, initial: 90%}\n"
        "grid: {import_max: 80kW, import_price: 0.1 EUR/kWh}\n";
    rig r;
    memset(&r, 0, sizeof r);
    rig_parse("short.yaml", site, strlen(site), &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2026-01-01T00:00:00Z"));
    for (int i = 0; i < 300; i++) {
        rig_step(&r, 0.1);
    }
    sg_command command = sg_engine_command(r.engine);
    assert_true(fabs(command.store_w[0] - 20e3) < 500);
    assert_int_equal(command.store_reason[0], SG_REASON_PEAK);
    assert_true(fabs(rig_value(&r, SG_POINT_LOAD_POWER, 0) - 100e3) < 1);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_price_moves_nothing),
        cmocka_unit_test(a_store_gives_what_the_grid_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
