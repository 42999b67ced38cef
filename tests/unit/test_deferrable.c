/* Work that may wait: none is lost, none is late that could have run, and deadlines hold against a queue kept job by job. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "model/information.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

enum { RUNNING, BACKLOG, FORCED, LATE, SHIFTED };
enum { AGES = 48 };

static double state[SG_MODEL_STATE_MAX], out[SG_MODEL_OUTPUT_MAX], p[SG_PARAM_MAX];
static const sg_model *model;

static int fresh(void **unused)
{
    (void)unused;
    sg_model room;
    model = sg_model_find("deferrable", &room);
    sg_model_presets(model, p);
    p[0] = 100e3;
    p[1] = 4800;
    sg_model_start(model, p, state);
    return 0;
}

static double step(double run_w, double arriving_w, double dt_s)
{
    sg_now now = {.dt_s = dt_s};
    double in[] = {run_w, arriving_w};
    assert_int_equal(sg_model_step(model, p, &now, in, state, out), SG_OK);
    return out[RUNNING];
}

static void no_work_is_lost(void **unused)
{
    (void)unused;
    double arrived_j = 0, done_j = 0;
    for (uint64_t k = 0; k < 1000000; k++) {
        double dt_s = 900 * sg_prng_unit(1, 3 * k) + 1e-3;
        double run_w = 80e3 * sg_prng_unit(1, 3 * k + 1);
        double arriving_w = k % 2000 < 1500 ? 120e3 * sg_prng_unit(1, 3 * k + 2) : 0;
        double before_j = out[BACKLOG] * (k > 0);
        double power_w = step(run_w, arriving_w, dt_s);
        double size_j = before_j + (arriving_w + power_w) * dt_s;
        assert_true(fabs(before_j + (arriving_w - power_w) * dt_s - out[BACKLOG]) <=
                    1e-12 * fmax(size_j, 1));
        assert_true(power_w >= 0 && power_w <= 100e3 && out[BACKLOG] >= 0);
        assert_true(fabs(out[FORCED] - fmax(power_w - run_w, 0)) < 1e-9);
        assert_true(fabs(out[SHIFTED] - (arriving_w - power_w)) < 1e-9);
        /* late work waits only where all the power is spent already */
        assert_true(out[LATE] <= 1e-6 || fabs(power_w - 100e3) < 1e-6);
        arrived_j += arriving_w * dt_s;
        done_j += power_w * dt_s;
    }
    assert_true(fabs(arrived_j - done_j - out[BACKLOG]) < 1e-9 * arrived_j);
}

/* Job by job, first come first served: what the model leaves is never older than the deadline. */
static void deadlines_are_kept(void **unused)
{
    (void)unused;
    enum { JOBS = 200000 };
    static double left_j[JOBS], came_s[JOBS];
    double dt_s = 60, time_s = 0;
    int first = 0;
    bool waited = false;
    for (int k = 0; k < JOBS; k++) {
        double unit = sg_prng_unit(2, (uint64_t)k);
        double arriving_w = unit < 0.5 ? 0 : 120e3 * (unit - 0.5);
        left_j[k] = arriving_w * dt_s;
        came_s[k] = time_s; /* the earliest of it */
        double power_w = step(k % 400 < 200 ? 0 : 20e3 * unit, arriving_w, dt_s);
        double run_j = power_w * dt_s;
        for (; first <= k && run_j > 1e-6; first += left_j[first] <= 1e-6) {
            double done_j = fmin(run_j, left_j[first]);
            left_j[first] -= done_j;
            run_j -= done_j;
        }
        time_s += dt_s;
        while (first < k && left_j[first] <= 1e-6) {
            first++;
        }
        if (first <= k && left_j[first] > 1e-6) {
            assert_true(time_s - came_s[first] <= 4800 + 1e-6);
            /* and it may wait until a class and a step before that */
            waited = waited || time_s - came_s[first] >= 4800 - 4800.0 / AGES - dt_s;
        }
        assert_true(out[LATE] <= 1e-6);
    }
    assert_true(waited);
}

static void what_is_due_runs_unasked(void **unused)
{
    (void)unused;
    step(0, 30e3, 600);
    double forced_j = 0, at_s = 600;
    while (at_s < 4800) {
        double power_w = step(0, 0, 100);
        at_s += 100;
        forced_j += power_w * 100;
        assert_true(out[FORCED] == power_w && out[LATE] < 1e-3);
        assert_true(power_w == 0 || at_s > 4500); /* as late as 18 MJ at 100 kW allow */
    }
    assert_true(fabs(forced_j - 30e3 * 600) < 1e-3 && out[BACKLOG] < 1e-3);
}

static void too_much_work_is_late_and_not_lost(void **unused)
{
    (void)unused;
    step(0, 1e6, 4800); /* ten times what can run */
    assert_true(out[RUNNING] == 100e3 && fabs(out[LATE] - 0.9e6 * 4800) < 1);
    for (int i = 0; i < 9; i++) {
        assert_true(fabs(step(0, 0, 4800) - 100e3) < 1e-6);
    }
    assert_true(out[BACKLOG] < 1 && step(1e6, 0, 4800) < 1e-3);
}

static void negative_requests_are_refused(void **unused)
{
    (void)unused;
    sg_now now = {.dt_s = 1};
    double run[] = {-1, 0}, arriving[] = {0, -1};
    assert_int_equal(sg_model_step(model, p, &now, run, state, out), SG_RANGE);
    assert_int_equal(sg_model_step(model, p, &now, arriving, state, out), SG_RANGE);
}

/* Work computed ahead: the balance over a round trip is that of its formula. */
static void work_ahead_gives_back_what_is_asked_for(void **unused)
{
    (void)unused;
    assert_true(sg_information_efficiency(0, 5, 4, 1, 1) == 0);
    assert_true(sg_information_efficiency(1, 5, 4, 0, 2) == 5.0 / 6);
    assert_true(sg_information_efficiency(0.5, 6, 2, 3, 1) == 0.5);
    assert_true(sg_information_efficiency(1, 0, 0, 0, 0) == 0);
    sg_model room;
    const sg_model *cache = sg_model_find("information", &room);
    double q[SG_PARAM_MAX], held[1], gave[SG_MODEL_OUTPUT_MAX], power_w;
    sg_now now = {.dt_s = 10};
    sg_model_presets(cache, q);
    q[0] = 1e9;  /* capacity */
    q[1] = 1e6;  /* power */
    q[2] = 0.7;  /* hit_probability */
    q[3] = 0;    /* expiry */
    q[4] = 0.9;  /* ahead_efficiency */
    q[6] = 0.05; /* lookup */
    held[0] = 0;
    power_w = -1e6;
    assert_int_equal(sg_model_step(cache, q, &now, &power_w, held, gave), SG_OK);
    double exec_j = held[0], ahead_j = exec_j / 0.9;
    assert_true(fabs(1e7 - ahead_j - 0.05 * ahead_j) < 1e-3);
    power_w = 1e6;
    assert_int_equal(sg_model_step(cache, q, &now, &power_w, held, gave), SG_OK);
    double back_j = gave[0] * 10,
           formula = sg_information_efficiency(0.7, exec_j, ahead_j, 0, 0.05 * ahead_j);
    assert_true(held[0] == 0 && fabs(back_j / 1e7 - formula) < 1e-12);
    assert_true(fabs(gave[3] - 0.3 * exec_j) < 1e-3); /* nobody asked for the rest */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_work_is_lost, fresh),
        cmocka_unit_test_setup(deadlines_are_kept, fresh),
        cmocka_unit_test_setup(what_is_due_runs_unasked, fresh),
        cmocka_unit_test_setup(too_much_work_is_late_and_not_lost, fresh),
        cmocka_unit_test_setup(negative_requests_are_refused, fresh),
        cmocka_unit_test(work_ahead_gives_back_what_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
