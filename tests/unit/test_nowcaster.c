/* What is told of nodes ten seconds ahead, its scores against a second count by brute force, warnings before a limit is passed, gaps in
 * readings and in time, and a restart. */
#include "host/nowcaster.h"

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
                           "  rack: {parent: site, count: 2, limit: 30kW}\n"
                           "loads: {server: {node: rack, count: 4, rating: 10kW, demand: 4kW}}\n"
                           "grid: {import_max: 100kW, import_price: 0.2 EUR/kWh}\n";
enum { LOADS = 8, NODES = 3, AHEAD = 10, ROWS = 4000 };

static rig r;
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

/* A step of dt_s in which each load draws load_w[rack]; NAN: the meters of rack 0 and of the site say nothing. */
static void one_step(double dt_s, double first_w, double second_w)
{
    sg_world_read(r.world, dt_s, &r.readings);
    sg_frame frame = rig_frame(&r);
    static double value[64];
    static uint8_t quality[64];
    assert_true(r.points.count <= 64);
    memcpy(value, frame.value, sizeof(double) * (size_t)r.points.count);
    memcpy(quality, frame.quality, (size_t)r.points.count);
    for (int l = 0; l < LOADS; l++) {
        double power_w = l < 4 ? (isnan(first_w) ? 4000 : first_w) : second_w;
        value[r.points.first[SG_POINT_LOAD_POWER] + l] = power_w;
        value[r.points.first[SG_POINT_LOAD_DEMAND] + l] = power_w;
    }
    double *node_w = value + r.points.first[SG_POINT_NODE_POWER];
    node_w[1] = 4 * first_w;
    node_w[2] = 4 * second_w;
    node_w[0] = node_w[1] + node_w[2];
    for (int n = 0; n < 2 && isnan(first_w); n++) {
        node_w[n] = 0;
        quality[r.points.first[SG_POINT_NODE_POWER] + n] = SG_NO_DATA;
    }
    frame.value = value;
    frame.quality = quality;
    sg_engine_step(r.engine, &frame, NULL);
}

static int start(void **state)
{
    (void)state;
    rig_parse("nowcaster.yaml", text, sizeof text - 1, &r.site);
    rig_start(&r, SG_POLICY_STATIC, rig_time("2023-07-03T00:00:00Z"));
    seed = 5;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    rig_free(&r);
    return 0;
}

/* What was told and what came, row by row. */
static struct row {
    double value_w[NODES], told_w[NODES];
    bool may_pass[NODES];
} past[ROWS];

/* The same sums from the whole record, each row weighted by its age. */
static void count_again(int rows, sg_view_nowcast *ret)
{
    static const double limit_w[NODES] = {100e3, 30e3, 30e3};
    double error = 0, last = 0;
    *ret = (sg_view_nowcast){0};
    for (int t = AHEAD; t < rows; t++) {
        double weight = pow(1 - 1e-4, rows - 1 - t);
        const struct row *then = &past[t - AHEAD];
        for (int n = 0; n < NODES; n++) {
            if (!isnan(past[t].value_w[n]) && !isnan(then->told_w[n])) {
                error += weight * fabs(then->told_w[n] - past[t].value_w[n]);
                last += weight * fabs(then->value_w[n] - past[t].value_w[n]);
            }
            bool passed = false;
            for (int k = 0; k < AHEAD; k++) {
                passed = passed || past[t - k].value_w[n] > limit_w[n];
            }
            bool could = then->value_w[n] <= limit_w[n];
            ret->warned += weight * (could && then->may_pass[n]);
            ret->passed += weight * (could && passed);
            ret->came += weight * (could && then->may_pass[n] && passed);
        }
    }
    ret->skill_frac = 1 - error / last;
}

static void scores_are_those_of_the_record(void **state)
{
    (void)state;
    static sg_view view;
    sg_nowcaster *self = sg_nowcaster_create(&r.site, 0.5, NULL, count_line);
    assert_non_null(self);
    double noise_w = 0;
    for (int t = 0; t < ROWS; t++) {
        noise_w = 0.6 * noise_w + 150 * uniform();
        double swing_w = 6000 + 2000 * sin(t * 0.12) + noise_w, walk_w = 5000 + 400 * uniform();
        bool silent = t % 500 > 480;
        for (int half = 0; half < 2; half++) { /* of a row */
            one_step(0.5, silent ? (double)NAN : swing_w, walk_w);
            sg_nowcaster_step(self, r.engine);
        }
        sg_nowcaster_view(self, &view);
        (void)sg_engine_readings(r.engine, SG_POINT_NODE_POWER, NODES, past[t].value_w);
        assert_true(view.nowcast.ahead_s == AHEAD);
        for (int n = 0; n < NODES; n++) {
            past[t].told_w[n] = view.nowcast.told_w[n];
            past[t].may_pass[n] = view.nowcast.may_pass[n];
            assert_true(isnan(past[t].value_w[n]) == isnan(past[t].told_w[n]));
            assert_true(isnan(view.nowcast.told_w[n]) ||
                        view.nowcast.high_w[n] >= view.nowcast.told_w[n]);
        }
    }
    static sg_view_nowcast again;
    count_again(ROWS, &again);
    const sg_view_nowcast *said = &view.nowcast;
    assert_true(fabs(said->skill_frac - again.skill_frac) < 1e-4);
    assert_true(fabs(said->warned - again.warned) < 1e-6 * again.warned);
    assert_true(fabs(said->came - again.came) < 1e-6 * again.warned);
    assert_true(fabs(said->passed - again.passed) < 1e-6 * again.passed);
    print_message("skill %.1f %%, inside %.1f %%, precision %.0f %%, recall %.0f %%\n",
                  100 * said->skill_frac, 100 * said->inside_frac, 100 * said->came / said->warned,
                  100 * said->came / said->passed);
    assert_true(said->skill_frac > 0.05); /* a swing has a direction */
    assert_true(said->inside_frac > 0.7 && said->inside_frac < 0.9);
    assert_true(said->passed > 100 && said->came > 0.8 * said->passed);
    sg_nowcaster_destroy(self);
}

static void a_climb_is_warned_of_before_the_limit_is_passed(void **state)
{
    (void)state;
    static sg_view view;
    sg_nowcaster *self = sg_nowcaster_create(&r.site, 1, NULL, count_line);
    double power_w = 4000;
    for (int t = 0; t < 600; t++) { /* saws, none of which reaches the limit */
        power_w = 4000 + t % 60 * 50;
        one_step(1, power_w, 4000);
        sg_nowcaster_step(self, r.engine);
    }
    int first = -1, over = -1;
    for (int t = 0; over < 0; t++) {
        one_step(1, 4000 + t * 50, 4000);
        sg_nowcaster_step(self, r.engine);
        sg_nowcaster_view(self, &view);
        first = first < 0 && view.nowcast.may_pass[1] ? t : first;
        over = 4 * (4000 + t * 50) > 30000 ? t : over;
        assert_false(view.nowcast.may_pass[2]);
    }
    print_message("warned %d s before\n", over - first);
    assert_true(first >= 0 && over - first >= 5 && over - first <= 25);
    assert_false(view.nowcast.may_pass[1]); /* above it: no longer a warning */
    sg_nowcaster_destroy(self);
}

/* Forty times up to just below the limit and back: whoever warns each time is not heard for long, and is again when it comes true. */
static void warnings_that_do_not_come_true_fall_silent(void **state)
{
    (void)state;
    static sg_view view;
    sg_nowcaster *self = sg_nowcaster_create(&r.site, 1, NULL, count_line);
    int told[2] = {0, 0};
    for (int part = 0; part < 2; part++) {
        for (int t = 0; t < 4000; t++) {
            double climb_w = 20.0 * (t % 100);
            one_step(1, 5600 + fmin(climb_w, part ? 1e9 : 1890), 4000);
            sg_nowcaster_step(self, r.engine);
            sg_nowcaster_view(self, &view);
            told[part] += t >= 3000 && view.nowcast.may_pass[1];
        }
        print_message("warned %.0f, came %.0f\n", view.nowcast.warned, view.nowcast.came);
        assert_int_equal(view.nowcast.silent, !part);
    }
    assert_true(told[0] == 0 && told[1] > 0);
    sg_nowcaster_destroy(self);
}

static void a_gap_in_time_spoils_no_score(void **state)
{
    (void)state;
    static sg_view view;
    sg_nowcaster *self = sg_nowcaster_create(&r.site, 1, NULL, count_line);
    sg_nowcaster_view(NULL, &view);
    assert_true(view.nowcast.ahead_s == 0);
    sg_nowcaster_view(self, &view);
    assert_true(view.nowcast.ahead_s == 0); /* nothing seen yet */
    for (int t = 0; t < 50; t++) {
        one_step(1, 4000, 4000);
        sg_nowcaster_step(self, r.engine);
    }
    one_step(100, 8000, 8000); /* what was told of a second cannot be held against it */
    sg_nowcaster_step(self, r.engine);
    for (int t = 0; t < 5; t++) {
        one_step(1, 8000, 8000);
        sg_nowcaster_step(self, r.engine);
    }
    sg_nowcaster_view(self, &view);
    assert_true(isnan(view.nowcast.skill_frac)); /* nothing moved in what was scored: 0 / 0 */
    assert_true(view.nowcast.warned == 0 && view.nowcast.passed == 0);
    sg_nowcaster_destroy(self);
}

static void long_rows_tell_of_the_next(void **state)
{
    (void)state;
    static sg_view view;
    sg_nowcaster *self = sg_nowcaster_create(&r.site, 60, NULL, count_line);
    one_step(60, 4000, 4000);
    sg_nowcaster_step(self, r.engine);
    sg_nowcaster_view(self, &view);
    assert_true(view.nowcast.ahead_s == 60);
    sg_nowcaster_destroy(self);
}

static void a_restart_goes_on_where_it_was(void **state)
{
    (void)state;
    static sg_view before, after;
    char dir[] = "/tmp/symgrid-nowcast-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/%s", dir, SG_NOWCASTER_FILE);
    sg_nowcaster *self = sg_nowcaster_create(&r.site, 1, dir, count_line), *twin;
    for (int t = 0; t < 900; t++) {
        one_step(1, 4000 + 2000 * sin(t * 0.1), 4000);
        sg_nowcaster_step(self, r.engine);
    }
    sg_nowcaster_destroy(self);
    self = sg_nowcaster_create(&r.site, 1, dir, count_line);
    twin = sg_nowcaster_create(&r.site, 1, NULL, count_line); /* knows nothing */
    one_step(1, 4000 + 2000 * sin(900 * 0.1), 4000);
    sg_nowcaster_step(self, r.engine);
    sg_nowcaster_step(twin, r.engine);
    sg_nowcaster_view(self, &after);
    sg_nowcaster_view(twin, &before);
    assert_true(after.nowcast.told_w[1] != before.nowcast.told_w[1]);
    sg_nowcaster_destroy(twin);
    sg_nowcaster_destroy(self);
    assert_int_equal(lines, 0);
    assert_int_equal(truncate(path, 100), 0);
    self = sg_nowcaster_create(&r.site, 1, dir, count_line); /* not whole: from nothing */
    assert_int_equal(lines, 1);
    sg_nowcaster_step(self, r.engine);
    sg_nowcaster_view(self, &after);
    assert_true(after.nowcast.told_w[1] == before.nowcast.told_w[1]);
    sg_nowcaster_destroy(self);
    (void)unlink(path);
    (void)rmdir(dir);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(scores_are_those_of_the_record),
        CASE(a_climb_is_warned_of_before_the_limit_is_passed),
        CASE(warnings_that_do_not_come_true_fall_silent),
        CASE(a_gap_in_time_spoils_no_score),
        CASE(long_rows_tell_of_the_next),
        CASE(a_restart_goes_on_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
