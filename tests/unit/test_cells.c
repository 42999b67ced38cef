/* Every load in two bytes: what they say against the readings that went in, and how they reach another thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/cells.h"
#include "host/heat.h"
#include "rig.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#define SITE(limit, demand)                                                                       \
    "nodes:\n"                                                                                    \
    "  site: {limit: 90kW, voltage: 400V}\n"                                                      \
    "  rack: {parent: site, count: 2, limit: " limit ", voltage: 400V}\n"                         \
    "loads:\n"                                                                                    \
    "  server: {node: rack, count: 3, rating: 8kW, minimum: 1kW, class: 1, demand: " demand "}\n" \
    "grid: {import_max: 80kW, import_price: 0.2 EUR/kWh}\n"

static const char free_site[] = SITE("30kW", "[0.2kW, 1kW, 3kW, 4.4kW, 6.1kW, 8kW]");
static const char tight_site[] = SITE("12kW", "8kW");
static const char dark_site[] = SITE("2kW", "8kW");

static rig r;

static void open_site(const char *text, int steps)
{
    memset(&r, 0, sizeof r);
    rig_parse("cells.yaml", text, strlen(text), &r.site);
    rig_start(&r, SG_POLICY_RULES, rig_time("2023-06-10"));
    for (int i = 0; i < steps; i++) {
        rig_step(&r, 0.1);
    }
}

static void the_share_is_power_over_rating(void **state)
{
    uint8_t share[6], marks[6];
    (void)state;
    open_site(free_site, 50);
    assert_int_equal(sg_engine_cells(r.engine, 6, share, marks), 6);
    for (int l = 0; l < 6; l++) {
        double wanted = rig_value(&r, SG_POINT_LOAD_POWER, l) / 8000 * 200;
        assert_true(fabs(share[l] - wanted) <= 0.5 + 1e-9);
        assert_int_equal(marks[l], 0);
    }
    assert_int_equal(share[5], 200);
    uint8_t two[2], two_marks[2];
    assert_int_equal(sg_engine_cells(r.engine, 2, two, two_marks),
                     2); /* no more than there is room */
    rig_free(&r);
}

/* The same readings with one of them lost, or beyond what two bytes can say. */
static void what_is_not_known_or_too_much_says_so(void **state)
{
    uint8_t share[6], marks[6];
    (void)state;
    open_site(free_site, 5);
    double value[64];
    uint8_t quality[64];
    assert_true(r.points.count <= 64);
    for (int i = 0; i < 3; i++) {
        sg_world_read(r.world, 0.1, &r.readings);
        memcpy(value, r.readings.value, sizeof *value * (size_t)r.points.count);
        memcpy(quality, r.readings.quality, (size_t)r.points.count);
        int first = r.points.first[SG_POINT_LOAD_POWER];
        quality[first + 3] = SG_NO_DATA;
        value[first + 5] = 40000;
        sg_frame frame = rig_frame(&r);
        frame.value = value;
        frame.quality = quality;
        sg_engine_step(r.engine, &frame, NULL);
    }
    sg_engine_cells(r.engine, 6, share, marks);
    assert_true((marks[3] & SG_CELL_QUALITY) != SG_GOOD);
    assert_true((marks[3] & SG_CELL_QUALITY) != SG_NO_DATA || share[3] == SG_CELL_UNKNOWN);
    assert_true(share[5] <= SG_CELL_MOST);
    assert_int_equal(marks[0] & SG_CELL_QUALITY, SG_GOOD);
    rig_free(&r);
}

static void cut_and_shed_loads_are_marked(void **state)
{
    uint8_t share[6], marks[6];
    int cut = 0, shed = 0;
    (void)state;
    open_site(tight_site,
              50); /* 24 kW wanted behind 12 kW: all get less, none less than its minimum */
    sg_engine_cells(r.engine, 6, share, marks);
    for (int l = 0; l < 6; l++) {
        cut += marks[l] == SG_CELL_CUT;
        assert_true(share[l] < 200);
    }
    assert_int_equal(cut, 6);
    rig_free(&r);
    open_site(dark_site, 50); /* three minimums of 1 kW behind 2 kW: one of each rack has to go */
    sg_engine_cells(r.engine, 6, share, marks);
    for (int l = 0; l < 6; l++) {
        shed += (marks[l] & SG_CELL_SHED) != 0;
        assert_true(!(marks[l] & SG_CELL_SHED) || share[l] < 25); /* 1 kW of 8 */
    }
    assert_true(shed >= 2);
    rig_free(&r);
}

static void the_newest_is_handed_over_while_somebody_looks(void **state)
{
    sg_cells cells;
    (void)state;
    open_site(free_site, 1);
    sg_heat *heat = sg_heat_create(&r.site, NULL);
    assert_non_null(heat);
    assert_false(sg_heat_read(NULL, &cells));
    assert_false(sg_heat_read(heat, &cells));
    for (int i = 0; i < 200; i++) {
        rig_step(&r, 0.1);
        sg_heat_post(heat, r.engine);
        assert_true(sg_heat_read(heat, &cells));
        assert_int_equal(cells.tick, sg_engine_tick(r.engine));
        assert_int_equal(cells.time_us, sg_engine_time(r.engine));
        assert_ptr_equal(cells.site, &r.site);
        assert_int_equal(cells.count, 6);
    }
    for (int i = 0; i < 503; i++) { /* nobody looks */
        rig_step(&r, 0.1);
        sg_heat_post(heat, r.engine);
    }
    assert_true(sg_heat_read(heat, &cells));
    assert_in_range(sg_engine_tick(r.engine) - cells.tick, 1,
                    9);                            /* less work, and not much older */
    sg_heat *next = sg_heat_create(&r.site, heat); /* after a reload: the one before is kept */
    assert_non_null(next);
    assert_false(sg_heat_read(next, &cells));
    sg_heat_free(next);
    rig_free(&r);
}

static _Atomic bool over;

static void *look(void *heat)
{
    sg_cells cells;
    uint64_t tick = 0, *seen = malloc(sizeof *seen);
    assert_non_null(seen);
    *seen = 0;
    while (!atomic_load(&over)) { /* ends: the writer has a last step */
        if (sg_heat_read(heat, &cells)) {
            assert_true(cells.tick >= tick && cells.count == 6);
            for (int l = 0; l < cells.count; l++) {
                assert_true(cells.state[l] == 0);
            }
            *seen += cells.tick > tick;
            tick = cells.tick;
        }
    }
    return seen;
}

static void a_reader_beside_the_loop_never_goes_back(void **state)
{
    pthread_t reader;
    void *seen = NULL;
    (void)state;
    open_site(free_site, 20);
    sg_heat *heat = sg_heat_create(&r.site, NULL);
    assert_non_null(heat);
    atomic_store(&over, false);
    assert_int_equal(pthread_create(&reader, NULL, look, heat), 0);
    for (int i = 0; i < 3000; i++) {
        rig_step(&r, 0.1);
        sg_heat_post(heat, r.engine);
    }
    atomic_store(&over, true);
    pthread_join(reader, &seen);
    assert_non_null(seen);
    free(seen);
    sg_heat_free(heat);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_is_power_over_rating),
        cmocka_unit_test(what_is_not_known_or_too_much_says_so),
        cmocka_unit_test(cut_and_shed_loads_are_marked),
        cmocka_unit_test(the_newest_is_handed_over_while_somebody_looks),
        cmocka_unit_test(a_reader_beside_the_loop_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
