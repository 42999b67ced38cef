/* What is usual of a small site is learnt over four weeks; what is not is named, and a restart forgets nothing. */
#include "host/unusual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

#include <math.h>
#include <unistd.h>

static const char text[] = "nodes:\n"
                           "  site: {limit: 100kW}\n"
                           "  rack: {parent: site, count: 2, limit: 40kW}\n"
                           "loads: {server: {node: rack, count: 4, rating: 10kW, demand: 4kW}}\n"
                           "grid: {import_max: 100kW, import_price: 0.2 EUR/kWh}\n";
enum { LOADS = 8, STEP_S = 300, STEPS_WEEK = 7 * 24 * 12 };

static rig r;
static int64_t step;
static uint64_t seed;
static int lines;

static void count_line(const char *line)
{
    (void)line;
    lines++;
}

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / 4503599627370496.0 - 1;
}

/* A working day's course with noise; load `odd` draws half as much again. True: a quarter hour was judged. */
static bool one_step(sg_unusual *unusual, int odd, sg_unusual_list *ret)
{
    sg_world_read(r.world, STEP_S, &r.readings);
    sg_frame frame = rig_frame(&r);
    static double value[64];
    assert_true(r.points.count <= 64);
    memcpy(value, frame.value, sizeof(double) * (size_t)r.points.count);
    double hour = (double)(step % 288) / 12, rack_w[2] = {0, 0};
    for (int l = 0; l < LOADS; l++) {
        double power_w = 3000 + 1500 * sin((hour - 8) * 0.2617993878) + 60 * uniform();
        power_w *= l == odd ? 1.5 : 1;
        value[r.points.first[SG_POINT_LOAD_POWER] + l] = power_w;
        value[r.points.first[SG_POINT_LOAD_DEMAND] + l] = power_w;
        rack_w[l / 4] += power_w;
    }
    double *node_w = value + r.points.first[SG_POINT_NODE_POWER];
    node_w[1] = rack_w[0];
    node_w[2] = rack_w[1];
    node_w[0] = rack_w[0] + rack_w[1];
    frame.value = value;
    sg_engine_step(r.engine, &frame, NULL);
    step++;
    bool ready = sg_unusual_watch(unusual, r.engine);
    if (ready) {
        sg_unusual_take(unusual);
        assert_false(sg_unusual_watch(unusual, r.engine));
        sg_unusual_look(unusual, ret);
    }
    return ready;
}

static void what_is_not_usual_is_named(void **state)
{
    (void)state;
    char dir[] = "/tmp/symgrid-usual-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/%s", dir, SG_UNUSUAL_FILE);
    rig_parse("unusual.yaml", text, sizeof text - 1, &r.site);
    rig_start(&r, SG_POLICY_STATIC, rig_time("2023-07-03T00:00:00Z"));
    seed = 3;
    sg_unusual *unusual = sg_unusual_create(&r.site, dir, count_line);
    sg_unusual_list odd;
    for (int i = 0; i < 3 * STEPS_WEEK; i++) {
        assert_true(!one_step(unusual, -1, &odd) || odd.count == 0); /* too early to tell */
    }
    int64_t called = 0, judged = 0;
    for (int i = 0; i < STEPS_WEEK; i++) {
        if (one_step(unusual, -1, &odd)) {
            called += odd.count;
            judged += odd.judged;
        }
    }
    print_message("%.2f %% called unusual of %.0f quarter hours as ever\n",
                  100.0 * (double)called / (double)judged, (double)judged);
    assert_true(judged > 3 * STEPS_WEEK && (double)called < 0.003 * (double)judged);

    sg_unusual_destroy(unusual); /* a restart */
    unusual = sg_unusual_create(&r.site, dir, count_line);
    int named = 0;
    for (int i = 0; i < 5; i++) {
        if (one_step(unusual, 5, &odd) && named++ == 0) {
            assert_true(odd.judged >= 10 && odd.count >= 1);
            assert_int_equal(odd.most[0].kind, SG_POINT_LOAD_POWER);
            assert_int_equal(odd.most[0].index, 5);
            assert_true(fabs(odd.most[0].value_w / odd.most[0].usual_w - 1.5) < 0.2);
            assert_true(odd.most[0].times > 1);
        }
    }
    assert_true(named > 0);
    assert_int_equal(lines, 0);

    sg_unusual_destroy(unusual);
    assert_int_equal(truncate(path, 1000), 0);
    unusual = sg_unusual_create(&r.site, dir, count_line);
    for (int i = 0; i < 5; i++) {
        assert_true(!one_step(unusual, 5, &odd) || odd.judged == 0);
    }
    assert_int_equal(lines, 1); /* a file that cannot be used costs one line and what was learnt */
    sg_unusual_destroy(unusual);
    (void)unlink(path);
    assert_int_equal(rmdir(dir), 0);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_not_usual_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
