/* One engine's state into another's: into the same site nothing changes; into a changed one, names decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/layout.h"
#include "engine/transfer.h"
#include "rig.h"

#define SITE(racks, loads, stores)                                                               \
    "mode: control\n"                                                                            \
    "nodes: {site: {limit: 90kW, voltage: 400V}, rack: {parent: site, count: " #racks            \
    ", limit: 30kW}}\n"                                                                          \
    "series: {work: {unit: kW, count: 12, random: {mean: 4kW, deviation: 2kW, correlation: 5s, " \
    "lowest: 0kW, step: 1s, length: 1h}}}\n"                                                     \
    "loads:\n"                                                                                   \
    "  server: {node: rack, count: 4, rating: 8kW, minimum: 1kW, class: 1, demand: 5kW}\n" loads \
    "stores:\n" stores "sources: {roof: {type: generator, capacity: 20kW, cost: 0.3 EUR/kWh}}\n" \
    "grid: {import_max: 60kW, import_price: 0.2 EUR/kWh}\n"
#define LAMP "  lamp: {rating: 3kW, class: 3, demand: 2kW}\n"
#define BATTERY \
    "  battery: {type: lithium_ion, capacity: 40kWh, discharge_rate: 20kW, initial: 70%}\n"
#define WHEEL "  wheel: {type: flywheel, capacity: 2kWh, power: 20kW, duty: power, initial: 50%}\n"

static const char small[] = SITE(2, "", BATTERY), large[] = SITE(3, LAMP, WHEEL BATTERY);

static rig r; /* the plant points at its site */

static void begin(const char *text, size_t length, int steps)
{
    r = (rig){0};
    rig_parse("hot.yaml", text, length, &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-07-01T00:00:00Z"));
    for (int t = 0; t < steps; t++) {
        rig_step(&r, 0.1);
    }
}

static sg_engine *engine_of(const sg_site *site)
{
    sg_engine_config config = {.policy = SG_POLICY_RULES,
                               .mode = SG_CONTROL,
                               .start_us = rig_time("2023-07-01T00:00:00Z")};
    return sg_engine_create(rig_block(sg_engine_size(site)), site, &config);
}

static void into_the_same_site_nothing_changes(void **state)
{
    (void)state;
    begin(large, sizeof large - 1, 500);
    sg_engine *other = engine_of(&r.site);
    sg_transfer map;
    assert_int_equal(sg_transfer_create(&r.site, &r.site, &map), SG_OK);
    assert_int_equal(map.added, 0);
    assert_int_equal(map.removed, 0);
    sg_engine_transfer(other, r.engine, &map);
    for (int t = 0; t < 300; t++) {
        sg_world_read(r.world, 0.1, &r.readings);
        sg_frame frame = rig_frame(&r);
        sg_engine_step(other, &frame, NULL);
        sg_engine_step(r.engine, &frame, NULL);
        assert_int_equal(sg_engine_command_hash(other), sg_engine_command_hash(r.engine));
        assert_int_equal(sg_engine_tick(other), sg_engine_tick(r.engine));
        sg_command command = sg_engine_command(other);
        sg_world_write(r.world, &command);
    }
    sg_transfer_free(&map);
    free(other);
    rig_free(&r);
}

/* Where a thing of this name stands in the site's dense order. */
static int32_t index_of(const sg_site *site, sg_role role, const char *name)
{
    char text[SG_ID_MAX];
    for (int32_t i = 0; i < site->device_count[role]; i++) {
        sg_site_device_name(site, role, i, text);
        if (strcmp(text, name) == 0) {
            return i;
        }
    }
    return -1;
}

static void expect_kept(const rig *from, const sg_site *to, sg_engine *engine, const char *load)
{
    sg_rooms was = sg_rooms_at(from->engine), is = sg_rooms_at(engine);
    int32_t old = index_of(&from->site, SG_LOAD, load), new = index_of(to, SG_LOAD, load);
    assert_true(old >= 0 && new >= 0);
    int point = was.plant.points.first[SG_POINT_LOAD_DEMAND] + old,
        now = is.plant.points.first[SG_POINT_LOAD_DEMAND] + new;
    assert_true(was.measure.value[point] == is.measure.value[now]);
    assert_true(was.control.load_cap_w[old] == is.control.load_cap_w[new]);
    assert_int_equal(is.measure.quality[now], SG_GOOD);
}

static void names_decide_in_a_changed_one(void **state)
{
    (void)state;
    begin(small, sizeof small - 1, 200);
    sg_site next;
    rig_parse("hot.yaml", large, sizeof large - 1, &next);
    sg_engine *engine = engine_of(&next);
    sg_transfer map;
    assert_int_equal(sg_transfer_create(&r.site, &next, &map), SG_OK);
    assert_int_equal(map.added, 1 + 4 + 1 + 1); /* a rack, its servers, a lamp, a wheel */
    assert_int_equal(map.removed, 0);
    sg_engine_transfer(engine, r.engine, &map);
    expect_kept(&r, &next, engine, "server-1");
    expect_kept(&r, &next, engine, "server-8");
    sg_rooms was = sg_rooms_at(r.engine), is = sg_rooms_at(engine);
    int battery = index_of(&next, SG_STORE, "battery"), wheel = index_of(&next, SG_STORE, "wheel");
    const double *energy_j = is.measure.value + is.plant.points.first[SG_POINT_STORE_ENERGY];
    assert_true(energy_j[battery] ==
                was.measure.value[was.plant.points.first[SG_POINT_STORE_ENERGY]]);
    assert_true(energy_j[wheel] == is.plant.store_initial_j[wheel]);
    assert_int_equal(is.measure.quality[is.plant.points.first[SG_POINT_STORE_ENERGY] + wheel],
                     SG_NO_DATA);
    assert_true(sg_rooms_sane(&is));
    assert_int_equal(is.head->tick, 200);
    sg_transfer_free(&map);

    /* and back */
    sg_engine *back = engine_of(&r.site);
    assert_int_equal(sg_transfer_create(&next, &r.site, &map), SG_OK);
    assert_int_equal(map.added, 0);
    assert_int_equal(map.removed, 7);
    sg_engine_transfer(back, engine, &map);
    for (int p = 0; p < was.plant.points.count; p++) {
        assert_true(sg_rooms_at(back).measure.value[p] == was.measure.value[p]);
    }
    sg_transfer_free(&map);
    free(back);
    free(engine);
    sg_site_free(&next);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(into_the_same_site_nothing_changes),
                                       cmocka_unit_test(names_decide_in_a_changed_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
