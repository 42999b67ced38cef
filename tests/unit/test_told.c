/* What loads are told, one by one: why they get less, and what is believed of a load that draws more than it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "engine/layout.h"
#include "site/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char SITE[] =
    "nodes:\n"
    "  site: {limit: 60kW, voltage: 400V}\n"
    "  rack: {parent: site, count: 3, limit: 30kW, voltage: 400V}\n"
    "loads:\n"
    "  server: {node: rack, count: 11, rating: 6kW, minimum: 2kW, class: [0, 1, 2, 3], "
    "weight: [1, 2], demand: 3kW}\n"
    "grid: {import_max: 60kW, import_price: 0.1 EUR/kWh}\n";

enum { LOADS = 33 };

typedef struct told_rig {
    sg_site site;
    sg_points points;
    sg_engine *engine;
    double *value;
    uint8_t *quality;
    int64_t time_us;
    uint64_t draws;
} told_rig;

static void rig_open(told_rig *r)
{
    sg_diagnostics said = {0};
    *r = (told_rig){0};
    assert_int_equal(sg_site_parse("told.yaml", SITE, sizeof SITE - 1, false, &r->site, &said),
                     SG_OK);
    sg_diagnostics_free(&said);
    r->points = sg_points_of(&r->site);
    void *memory = aligned_alloc(64, (sg_engine_size(&r->site) + 63) & ~(size_t)63);
    sg_engine_config config = {.policy = SG_POLICY_RULES, .mode = SG_CONTROL};
    assert_non_null(memory);
    r->engine = sg_engine_create(memory, &r->site, &config);
    r->value = calloc((size_t)r->points.count, sizeof *r->value);
    r->quality = calloc((size_t)r->points.count, 1);
    assert_true(r->value && r->quality);
    r->value[r->points.first[SG_POINT_SITE] + SG_SITE_GRID_UP] = 1;
}

static void rig_close(told_rig *r)
{
    free(r->engine);
    free(r->value);
    free(r->quality);
    sg_site_free(&r->site);
}

static double *demand_w(const told_rig *r)
{
    return r->value + r->points.first[SG_POINT_LOAD_DEMAND];
}

static double *power_w(const told_rig *r)
{
    return r->value + r->points.first[SG_POINT_LOAD_POWER];
}

static void step(told_rig *r)
{
    double *meter_w = r->value + r->points.first[SG_POINT_NODE_POWER];
    memset(meter_w, 0, sizeof *meter_w * (size_t)r->site.node_count);
    for (int l = 0; l < LOADS; l++) {
        meter_w[r->site.devices[SG_LOAD][l].node] += power_w(r)[l];
    }
    for (int n = r->site.node_count - 1; n > 0; n--) {
        meter_w[r->site.nodes[n].parent] += meter_w[n];
    }
    int32_t list[2 * LOADS + 8],
        count = 0; /* all points from the demands on, the meters' among them */
    for (int32_t p = r->points.first[SG_POINT_LOAD_DEMAND]; p < r->points.count; p++) {
        bool ours = p < r->points.first[SG_POINT_NODE_POWER] + r->site.node_count;
        list[count] = p;
        count += ours;
        assert_true(!ours || count < (int)(sizeof list / sizeof *list));
    }
    sg_frame frame = {.time_us = r->time_us += 100000,
                      .dt_s = 0.1,
                      .value = r->value,
                      .quality = r->quality,
                      .changed = list,
                      .changed_count = count};
    sg_engine_step(r->engine, &frame, NULL);
}

/* A load that gets less than its minimum, or than it wants where that is less, is shed; one that gets less than it wants is
 * limited; the others get what they want. Rows of eleven have a rest beside whole fours. */
static void who_is_shed_and_who_is_limited_is_said(void **state)
{
    (void)state;
    told_rig r;
    int shed = 0, limited = 0, served = 0;
    rig_open(&r);
    for (int i = 0; i < 400; i++) {
        double size_w = 4100 * sg_prng_unit(9, r.draws++);
        for (int l = 0; l < LOADS; l++) {
            demand_w(&r)[l] = power_w(&r)[l] = size_w * (0.5 + sg_prng_unit(9, r.draws++));
        }
        step(&r);
        sg_command command = sg_engine_command(r.engine);
        for (int l = 0; l < LOADS; l++) {
            double want_w = fmin(demand_w(&r)[l], 6000), cap_w = command.load_cap_w[l];
            int reason = command.load_reason[l];
            bool less = cap_w < want_w * (1 - 1e-9),
                 least = cap_w < fmin(want_w, 2000) * (1 - 1e-9);
            assert_int_equal(reason == SG_REASON_SHED, least);
            assert_int_equal(reason == SG_REASON_DEMAND, !less);
            shed += least;
            limited += less && !least;
            served += !less;
        }
    }
    assert_true(shed > 100 && limited > 100 && served > 100);
    rig_close(&r);
}

/* Ten steps on end make a liar of it, and not nine, a pause, and some more. */
static void a_load_that_draws_more_than_it_says_is_given_ten_steps(void **state)
{
    (void)state;
    told_rig r;
    rig_open(&r);
    for (int l = 0; l < LOADS; l++) {
        demand_w(&r)[l] = power_w(&r)[l] = 1000;
    }
    step(&r);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 10; i++) {
            power_w(&r)[17] = i < 9 ? 1500 : 1000;
            step(&r);
            assert_int_equal(r.engine->disbelieved, 0);
        }
    }
    power_w(&r)[17] = 1500;
    for (int i = 1; i <= 12; i++) {
        step(&r);
        assert_int_equal(r.engine->disbelieved, i >= 10);
    }
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_shed_and_who_is_limited_is_said),
        cmocka_unit_test(a_load_that_draws_more_than_it_says_is_given_ten_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
