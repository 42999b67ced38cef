/* What the site would have paid with its stores at rest: against sums made here, reading by reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/baseline.h"
#include "rig.h"

#include <math.h>

enum { STEPS = 700, STEP_S = 60, POINTS = 64 };

static const char with_grid[] =
    "nodes:\n"
    "  site: {limit: 60kW, voltage: 400V}\n"
    "loads:\n"
    "  server: {count: 3, rating: 8kW, minimum: 1kW, class: 1, demand: 5kW}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 50kWh, discharge_rate: 20kW, initial: 50%, wear: "
    "0.01 "
    "EUR/kWh}\n"
    "grid: {import_max: 50kW, import_price: 0.2 EUR/kWh, export_price: 0.1 EUR/kWh, export: "
    "permitted, export_max: 2kW, carbon: 300g/kWh, demand_charge: 10 EUR/kW}\n";
static const char island[] =
    "nodes:\n"
    "  site: {limit: 60kW, voltage: 400V}\n"
    "loads:\n"
    "  server: {count: 3, rating: 8kW, minimum: 1kW, class: 1, demand: 1kW}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 50kWh, discharge_rate: 20kW, initial: 50%}\n";

static rig r;
static sg_baseline baseline;
static double value[POINTS];
static uint8_t quality[POINTS];
static sg_view view;

static void open_site(const char *text)
{
    memset(&r, 0, sizeof r);
    rig_parse("baseline.yaml", text, strlen(text), &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-06-10"));
    assert_true(r.points.count <= POINTS);
    sg_baseline_init(&baseline);
}

static double *site_value(int point)
{
    return &value[r.points.first[SG_POINT_SITE] + point];
}

/* A price and a carbon intensity that move. */
static void step(int i, bool up)
{
    sg_world_read(r.world, STEP_S, &r.readings);
    memcpy(value, r.readings.value, sizeof *value * (size_t)r.points.count);
    memcpy(quality, r.readings.quality, (size_t)r.points.count);
    *site_value(SG_SITE_IMPORT_PRICE) = (0.2 + 0.1 * sin(i * 0.01)) / 3.6e6;
    *site_value(SG_SITE_CARBON) = (300 + 100 * cos(i * 0.02)) / 3.6e9;
    *site_value(SG_SITE_GRID_UP) = up;
    sg_frame frame = rig_frame(&r);
    frame.value = value;
    frame.quality = quality;
    sg_engine_step(r.engine, &frame, NULL);
    sg_command command = sg_engine_command(r.engine);
    sg_world_write(r.world, &command);
}

/* Node power and stores as the engine took them in, which is what the baseline may know. */
static double net_at_rest_w(void)
{
    const double *taken = sg_engine_values(r.engine);
    return taken[r.points.first[SG_POINT_NODE_POWER]] + taken[r.points.first[SG_POINT_STORE_POWER]];
}

static void the_bill_is_that_of_stores_at_rest(void **state)
{
    double cost = 0, carbon_kg = 0, import_j = 0, quarter_j = 0, peak_w = 0, price = 0, carbon = 0;
    bool moved = false;
    (void)state;
    open_site(with_grid);
    for (int i = 0; i < STEPS; i++) {
        step(i, true);
        sg_baseline_step(&baseline, &r.site, r.engine, STEP_S);
        if (i > 0) { /* the first step only tells where it begins */
            double j = fmax(net_at_rest_w(), 0) * STEP_S;
            import_j += j;
            cost += j * price;
            carbon_kg += j * carbon;
            quarter_j += j;
            moved = moved ||
                    fabs(sg_engine_values(r.engine)[r.points.first[SG_POINT_STORE_POWER]]) > 100;
        }
        if ((i + 1) % 15 == 0) {
            peak_w = fmax(peak_w, quarter_j / 900);
            quarter_j = 0;
        }
        price = *site_value(SG_SITE_IMPORT_PRICE);
        carbon = *site_value(SG_SITE_CARBON);
    }
    assert_true(moved); /* else it proves nothing */
    sg_baseline_view(&baseline, &r.site, r.engine, &view);
    const sg_settlement *rest = &view.compared.at_rest;
    assert_true(view.compared.any && view.compared.left_out_s == 0);
    assert_int_equal(rest->steps, STEPS - 1);
    assert_true(fabs((double)rest->import_j - import_j) < 100);
    assert_true(fabs((double)rest->cost_u * 1e-6 - cost) < 1e-4);
    assert_true(fabs((double)rest->carbon_mg * 1e-6 - carbon_kg) < 1e-4);
    assert_true(fabs((double)rest->demand_u * 1e-6 - peak_w * 0.01) < 1e-4);
    assert_true(rest->wear_u == 0 && view.compared.real.wear_u > 0);
    rig_free(&r);
}

/* What stores gave and took lies between the two sites, and nothing else: energy is conserved. */
static void the_two_sites_differ_by_what_the_stores_did(void **state)
{
    double stores_j = 0;
    (void)state;
    open_site(with_grid);
    for (int i = 0; i < STEPS; i++) {
        step(i, true);
        sg_baseline_step(&baseline, &r.site, r.engine, STEP_S);
        stores_j +=
            i > 0 ? sg_engine_values(r.engine)[r.points.first[SG_POINT_STORE_POWER]] * STEP_S : 0;
    }
    sg_baseline_view(&baseline, &r.site, r.engine, &view);
    const sg_settlement *rest = &view.compared.at_rest, *real = &view.compared.real;
    double more_j = (double)(rest->import_j - rest->export_j - real->import_j + real->export_j);
    assert_true(fabs(more_j - stores_j) < 1e-3 * fabs(stores_j) + 1000);
    rig_free(&r);
}

static void an_outage_is_left_out_of_both(void **state)
{
    sg_settlement before, after;
    (void)state;
    open_site(with_grid);
    for (int i = 0; i < 100; i++) {
        step(i, true);
        sg_baseline_step(&baseline, &r.site, r.engine, STEP_S);
    }
    sg_baseline_view(&baseline, &r.site, r.engine, &view);
    before = view.compared.at_rest;
    int64_t real_u = view.compared.real.cost_u;
    for (int i = 100; i < 110; i++) {
        step(i, false);
        sg_baseline_step(&baseline, &r.site, r.engine, STEP_S);
    }
    sg_baseline_view(&baseline, &r.site, r.engine, &view);
    after = view.compared.at_rest;
    assert_true(view.compared.left_out_s == 10 * STEP_S);
    assert_int_equal(after.cost_u, before.cost_u);
    assert_int_equal(after.steps, before.steps);
    assert_int_equal(view.compared.real.cost_u, real_u);
    rig_free(&r);
}

static void an_island_has_nothing_to_compare_with(void **state)
{
    (void)state;
    open_site(island);
    rig_step(&r, STEP_S);
    sg_baseline_step(&baseline, &r.site, r.engine, STEP_S);
    sg_baseline_view(&baseline, &r.site, r.engine, &view);
    assert_false(view.compared.any);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bill_is_that_of_stores_at_rest),
        cmocka_unit_test(the_two_sites_differ_by_what_the_stores_did),
        cmocka_unit_test(an_outage_is_left_out_of_both),
        cmocka_unit_test(an_island_has_nothing_to_compare_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
