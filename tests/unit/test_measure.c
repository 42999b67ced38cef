/* Readings to trusted values: what is believed, how long a held value carries, and what it is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/measure.h"
#include "rig.h"

#include <math.h>
#include <string.h>

static const char text[] =
    "nodes: {site: {limit: 60kW, voltage: 400V}}\n"
    "loads: {server: {count: 2, rating: 8kW, demand: 6kW}}\n"
    "stores: {battery: {type: lithium_ion, capacity: 10kWh, discharge_rate: 5kW, charge_rate: "
    "2kW}}\n"
    "sources: {diesel: {type: generator, capacity: 30kW, cost: 0.3 EUR/kWh}}\n"
    "grid: {import_max: 50kW, import_price: 0.2 EUR/kWh}\n";

enum { POINTS_MAX = 64 };
static sg_site site;
static void *plant_memory;
static sg_plant plant;
static void *news_memory;
static sg_news news;
static double held[POINTS_MAX], age_s[POINTS_MAX], value[POINTS_MAX];
static uint8_t held_quality[POINTS_MAX], quality[POINTS_MAX];
static sg_measure measure = {.value = held, .age_s = age_s, .quality = held_quality};
static int64_t counts[4];
static int demand, power, energy, store_power, price, grid_up, losses, node, available;

static int start(void **state)
{
    (void)state;
    rig_parse("measure.yaml", text, sizeof text - 1, &site);
    plant_memory = rig_block(sg_plant_size(&site));
    sg_plant_create(plant_memory, &site);
    plant = sg_plant_at(plant_memory);
    size_t news_size = sg_news_size(plant.node_count, plant.load_count);
    news_memory = memset(rig_block(news_size), 0, news_size);
    news = sg_news_at(news_memory, &plant);
    const int32_t *first = plant.points.first;
    demand = first[SG_POINT_LOAD_DEMAND];
    power = first[SG_POINT_LOAD_POWER];
    energy = first[SG_POINT_STORE_ENERGY];
    store_power = first[SG_POINT_STORE_POWER];
    node = first[SG_POINT_NODE_POWER];
    available = first[SG_POINT_SOURCE_AVAILABLE];
    price = first[SG_POINT_SITE] + SG_SITE_IMPORT_PRICE;
    grid_up = first[SG_POINT_SITE] + SG_SITE_GRID_UP;
    losses = first[SG_POINT_SITE] + SG_SITE_LOSS_W;
    assert_true(plant.points.count <= POINTS_MAX);
    for (int p = 0; p < POINTS_MAX; p++) {
        held[p] = value[p] = 0;
        age_s[p] = -1;
        held_quality[p] = SG_NO_DATA;
        quality[p] = SG_GOOD;
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    free(plant_memory);
    free(news_memory);
    sg_site_free(&site);
    return 0;
}

static void step(double dt_s)
{
    sg_readings_in in = {.value = value, .quality = quality, .dt_s = dt_s};
    sg_news_begin(&news, &plant, NULL, 0, dt_s, NULL);
    sg_measure_step(&measure, &plant, &in);
    for (int n = 0; n < plant.node_count; n++) {
        sg_measure_loads(&measure, &plant, &news, &in, n);
    }
    sg_measure_count(&measure, &plant, &news, counts);
}

static void a_good_reading_is_taken_as_it_is(void **state)
{
    (void)state;
    value[demand] = 5123.25;
    value[store_power] = -1999;
    value[price] = -0.02 / 3.6e6;
    step(0.1);
    assert_true(held[demand] == 5123.25 && held_quality[demand] == SG_GOOD && age_s[demand] == 0);
    assert_true(held[store_power] == -1999 && held[price] == -0.02 / 3.6e6);
    assert_int_equal(counts[SG_GOOD], plant.points.count);
    quality[demand] = SG_SUSPECT; /* the field's own doubt stays with it */
    value[demand] = 5200;
    step(0.1);
    assert_true(held[demand] == 5200 && held_quality[demand] == SG_SUSPECT);
    assert_int_equal(counts[SG_SUSPECT], 1);
}

static void check_refused(int point, double last, double bad)
{
    value[point] = last;
    step(0.1);
    assert_true(held[point] == last && held_quality[point] == SG_GOOD);
    value[point] = bad;
    step(0.1);
    if (!(held[point] == last && held_quality[point] == SG_SUSPECT)) {
        fail_msg("point %d took %g", point, bad);
    }
    value[point] = last;
    step(0.1);
}

static void what_cannot_be_is_not_believed(void **state)
{
    (void)state;
    static const double never[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300};
    const int points[] = {demand,    power, energy,  store_power, node,
                          available, price, grid_up, losses};
    for (size_t p = 0; p < sizeof points / sizeof points[0]; p++) {
        for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
            check_refused(points[p], 0.5 * (points[p] == price ? 1e-7 : 1), never[i]);
        }
    }
    check_refused(demand, 8000, 8000 * 1.05 + 1.1); /* beyond the rating and its tolerance */
    check_refused(demand, 10, -0.5);
    check_refused(power, 10, -1);
    check_refused(energy, 3.6e7, 3.6e7 * 1.05 + 1.1);
    check_refused(energy, 0, -1);
    check_refused(store_power, 5000, 5252); /* the larger of both ratings, both ways */
    check_refused(store_power, -5000, -5252);
    check_refused(grid_up, 1, 2);
    check_refused(grid_up, 1, -1);
    check_refused(price, 1e-7, 1.5);
    check_refused(losses, 100, -1);
    check_refused(available, 100, -1);
}

/* The edges of the plausible range belong to it. */
static void what_can_just_be_is_believed(void **state)
{
    (void)state;
    value[demand] = 8000 * 1.05 + 1;
    value[energy] = 3.6e7 * 1.05 + 1;
    value[store_power] = -(5000 * 1.05 + 1);
    value[grid_up] = 1;
    step(0.1);
    assert_int_equal(counts[SG_GOOD], plant.points.count);
    assert_true(held[demand] == 8401);
}

/* Electrical values carry for one second, then they are stale; the value itself stands. */
static void a_held_value_goes_stale_after_a_second(void **state)
{
    (void)state;
    value[demand] = 4000;
    step(0.1);
    value[demand] = NAN;
    for (int i = 1; i <= 10; i++) {
        step(0.1);
        assert_int_equal(held_quality[demand], SG_SUSPECT);
        assert_true(fabs(age_s[demand] - i * 0.1) < 1e-12);
        assert_true(sg_measure_fresh(&measure, demand));
    }
    step(0.1);
    assert_int_equal(held_quality[demand], SG_STALE);
    assert_false(sg_measure_fresh(&measure, demand));
    assert_true(held[demand] == 4000);
    assert_int_equal(counts[SG_STALE], 1);
    value[demand] = 4100; /* and is well again with the first good one */
    step(0.1);
    assert_true(held[demand] == 4100 && held_quality[demand] == SG_GOOD && age_s[demand] == 0);
}

static void prices_hold_for_two_hours(void **state)
{
    (void)state;
    value[price] = 1e-7;
    value[demand] = 4000;
    step(60);
    quality[price] = quality[demand] = SG_NO_DATA;
    for (int minute = 1; minute <= 120; minute++) {
        step(60);
        assert_int_equal(held_quality[price], SG_SUSPECT);
        assert_int_equal(held_quality[demand], minute == 1 ? SG_SUSPECT : SG_STALE);
    }
    step(60);
    assert_int_equal(held_quality[price], SG_STALE);
}

/* At steps longer than the limit one reading may be missed, not two. */
static void long_steps_forgive_one_miss(void **state)
{
    (void)state;
    static const double steps_s[] = {2, 60, 900, 3600};
    for (int i = 0; i < 4; i++) {
        quality[energy] = SG_GOOD;
        value[energy] = 1e6;
        step(steps_s[i]);
        quality[energy] = SG_STALE; /* what the field calls stale is no reading */
        value[energy] = 2e6;
        step(steps_s[i]);
        assert_int_equal(held_quality[energy], SG_SUSPECT);
        step(steps_s[i]);
        assert_int_equal(held_quality[energy], SG_STALE);
        assert_true(held[energy] == 1e6);
    }
}

static void what_never_came_is_missing(void **state)
{
    (void)state;
    for (int p = 0; p < POINTS_MAX; p++) {
        quality[p] = SG_NO_DATA;
        value[p] = 77;
    }
    for (int i = 0; i < 100; i++) {
        step(1);
        assert_int_equal(counts[SG_NO_DATA], plant.points.count);
        assert_true(held[demand] == 0 && age_s[demand] < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_reading_is_taken_as_it_is, start, stop),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_not_believed, start, stop),
        cmocka_unit_test_setup_teardown(what_can_just_be_is_believed, start, stop),
        cmocka_unit_test_setup_teardown(a_held_value_goes_stale_after_a_second, start, stop),
        cmocka_unit_test_setup_teardown(prices_hold_for_two_hours, start, stop),
        cmocka_unit_test_setup_teardown(long_steps_forgive_one_miss, start, stop),
        cmocka_unit_test_setup_teardown(what_never_came_is_missing, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
