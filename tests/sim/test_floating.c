/* The floating data centre over a whole year in quarter hours, under the rules: energy is neither made
 * nor lost, no device does more than physics lets it, and the engine's meter agrees with the plant's
 * own books, which it never sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <math.h>

enum { STEPS = 365 * 96 };
static const double STEP_S = 900;

static rig year;
static double solar_peak_w, osmotic_in_j, osmotic_out_j, osmotic_first_j, osmotic_last_j;
static double net_import_j, net_export_j, cost, revenue, demand_j, drawn_j;
static struct first { /* of the first quarter hour */
    double import_j, export_j, cost, revenue;
} first;

static double store_energy_j(int group)
{
    const sg_group *g = &year.site.groups[group];
    double sum_j = 0;
    for (int s = g->first; s < g->first + g->count; s++) {
        sum_j += rig_value(&year, SG_POINT_STORE_ENERGY, s);
    }
    return sum_j;
}

/* The quarter hour's prices straight from the series: import + 5 ct, export - 0.5 ct per kWh. */
static double market_price(int64_t from_us)
{
    for (int i = 0; i < year.site.series_count; i++) {
        if (strcmp(year.site.series[i].id, "price") == 0) {
            sg_quality quality;
            return sg_series_mean(&year.site.series[i], from_us, from_us + 900 * SG_US_PER_S,
                                  &quality);
        }
    }
    fail();
    return 0;
}

static void note_step(int step, int solar, int osmotic, int64_t from_us)
{
    const sg_site *site = &year.site;
    double sun_w = 0;
    for (int i = 0; i < site->groups[solar].count; i++) {
        sun_w += rig_value(&year, SG_POINT_SOURCE_POWER, site->groups[solar].first + i);
    }
    solar_peak_w = fmax(solar_peak_w, sun_w);
    for (int i = 0; i < site->groups[osmotic].count; i++) {
        double w = rig_value(&year, SG_POINT_STORE_POWER, site->groups[osmotic].first + i);
        *(w > 0 ? &osmotic_out_j : &osmotic_in_j) += fabs(w) * STEP_S;
    }
    double net_j = rig_value(&year, SG_POINT_NODE_POWER, 0) * STEP_S;
    double price = market_price(from_us);
    net_import_j += fmax(net_j, 0);
    net_export_j += fmax(-net_j, 0);
    cost += fmax(net_j, 0) * (price + 0.05 / 3.6e6);
    revenue += fmax(-net_j, 0) * (price - 0.005 / 3.6e6);
    for (int l = 0; l < site->device_count[SG_LOAD]; l++) {
        demand_j += rig_value(&year, SG_POINT_LOAD_DEMAND, l) * STEP_S;
        drawn_j += rig_value(&year, SG_POINT_LOAD_POWER, l) * STEP_S;
    }
    if (step == 0) {
        osmotic_first_j = store_energy_j(osmotic);
        first = (struct first){net_import_j, net_export_j, cost, revenue};
    }
}

static int play_a_year(void **state)
{
    (void)state;
    rig_load("sites/floating.maml.md", "", &year.site);
    int64_t start_us = rig_time("2023-01-01");
    rig_start(&year, SG_POLICY_RULES, start_us);
    int solar = rig_group(&year.site, "solar"), osmotic = rig_group(&year.site, "osmotic");
    for (int step = 0; step < STEPS; step++) {
        rig_step(&year, STEP_S);
        note_step(step, solar, osmotic, start_us + step * 900 * SG_US_PER_S);
    }
    osmotic_last_j = store_energy_j(osmotic);
    return 0;
}

static int end_of_year(void **state)
{
    (void)state;
    rig_free(&year);
    return 0;
}

/* Both the plant's own sum and one from its parts: in = out + losses + what is stored. */
static void a_year_neither_makes_nor_loses_energy(void **state)
{
    (void)state;
    const sg_world_books *b = sg_world_books_of(year.world);
    double through_j = b->sources_j + b->import_j + b->discharge_j;
    assert_true(through_j >
                1e12); /* a good 300 MWh passed through: the bound below means something */
    double error_j = sg_world_balance_error_j(year.world);
    print_message("balance error %.3g of %.4g J\n", error_j / through_j, through_j);
    assert_true(error_j < 1e-9 * through_j);
    /* the bus alone: what enters leaves or is lost in cables and converters */
    double bus_j = b->sources_j + b->import_j + b->discharge_j - b->loads_j - b->tasks_j -
                   b->export_j - b->charge_j - b->losses_j;
    assert_true(fabs(bus_j) < 1e-9 * through_j);
    /* negative control: one kilowatt hour that goes missing is seen */
    assert_true(3.6e6 > 1e-9 * through_j);
}

/* 10,000 m2 at 22 % and 1000 W/m2 are 2.2 MW, whatever the block's `capacity` says. Measured sun may
 * pass 1000 W/m2 in a quarter hour; heat, wiring and soiling keep the sum below. */
static void solar_stays_below_what_its_area_allows(void **state)
{
    (void)state;
    print_message("solar peak %.4f MW\n", solar_peak_w * 1e-6);
    assert_true(solar_peak_w <= 2.2e6);
    assert_true(solar_peak_w > 1.2e6); /* the sun did shine */
}

/* 1.064 kWh of mixing energy per m3 x 35 % over 2.727 kWh of desalination is 13.66 %. */
static void osmotic_power_from_own_desalination_is_a_poor_store(void **state)
{
    (void)state;
    int g = rig_group(&year.site, "osmotic");
    assert_int_equal(year.site.groups[g].role, SG_STORE);
    assert_int_equal(year.site.groups[g].kind->role, SG_SOURCE);
    double from_stock_j = osmotic_first_j - osmotic_last_j;
    print_message("osmotic in %.4g J, out %.4g J of which %.4g from the tank's first filling\n",
                  osmotic_in_j, osmotic_out_j, from_stock_j);
    assert_true(osmotic_in_j > 0 && osmotic_out_j > 0);
    double trip = (osmotic_out_j - from_stock_j) / osmotic_in_j;
    assert_true(fabs(trip - 1.064 * 0.35 / 2.727) < 2e-3);
    assert_true(trip <= 0.14);
}

static void agree(const char *what, double meter, double books, double unit)
{
    /* every interval is rounded to a whole unit: half of one each, and sums of doubles beside it */
    double allowed = 0.5 * unit * STEPS + 1e-9 * fabs(books);
    if (!(fabs(meter - books) <= allowed)) {
        print_error("%s: meter %.12g, books %.12g, allowed %.3g\n", what, meter, books, allowed);
        fail();
    }
}

static void the_meter_agrees_with_the_books_of_the_plant(void **state)
{
    (void)state;
    const sg_world_books *b = sg_world_books_of(year.world);
    static sg_view view;
    sg_engine_view(year.engine, &view);
    const sg_settlement *t = &view.total;
    assert_int_equal(view.settled_count, STEPS);
    assert_int_equal(view.running.steps, 0);
    assert_int_equal(t->suspect_steps, 0);
    /* The first reading of a register only sets it, as with a meter that was there before: what was
     * exchanged in the first quarter hour is in the books alone. */
    agree("import", (double)t->import_j + first.import_j, b->import_j, 1);
    agree("export", (double)t->export_j + first.export_j, b->export_j, 1);
    assert_true(first.import_j > 1e6); /* so the two lines above would fail without it */
    agree("load", (double)t->load_j, b->loads_j + b->tasks_j, 1);
    agree("generation", (double)t->generation_j, b->sources_j, 1);
    agree("charge", (double)t->charge_j, b->charge_j, 1);
    agree("discharge", (double)t->discharge_j, b->discharge_j, 1);
    agree("losses", (double)t->losses_j, b->losses_j, 1);
    agree("drawn", drawn_j, b->loads_j, 0);
    agree("root import", net_import_j, b->import_j, 0);
    agree("root export", net_export_j, b->export_j, 0);
    /* Demand is read as that of the step which begins: the sums are one step apart. */
    assert_true(fabs(demand_j - b->demand_j) < 1e6 * 900);
}

/* Money from the price file's numbers and the exchange at the root, outside of engine and plant. */
static void the_bill_is_exchange_times_price(void **state)
{
    (void)state;
    static sg_view view;
    sg_engine_view(year.engine, &view);
    print_message("cost %.2f (meter %.2f), revenue %.2f (meter %.2f)\n", cost,
                  (double)view.total.cost_u * 1e-6, revenue, (double)view.total.revenue_u * 1e-6);
    agree("cost", (double)view.total.cost_u * 1e-6 + first.cost, cost, 1e-6);
    agree("revenue", (double)view.total.revenue_u * 1e-6 + first.revenue, revenue, 1e-6);
    assert_true(cost > 1000 && fabs(revenue) > 10);
}

/* Breakers, connection and loads over the year. */
static void nothing_is_overloaded_and_nothing_goes_unserved(void **state)
{
    (void)state;
    const sg_world_books *b = sg_world_books_of(year.world);
    assert_true(b->overload_s == 0);
    assert_true(b->unserved_j <= 1e-3 * b->demand_j);
    assert_true(b->short_s == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_neither_makes_nor_loses_energy),
        cmocka_unit_test(solar_stays_below_what_its_area_allows),
        cmocka_unit_test(osmotic_power_from_own_desalination_is_a_poor_store),
        cmocka_unit_test(the_meter_agrees_with_the_books_of_the_plant),
        cmocka_unit_test(the_bill_is_exchange_times_price),
        cmocka_unit_test(nothing_is_overloaded_and_nothing_goes_unserved),
    };
    return cmocka_run_group_tests(tests, play_a_year, end_of_year);
}
