/* Requests for power: once per name, by priority and age, never taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "control/tasks.h"
#include "site/reason.h"

#include <stdio.h>
#include <string.h>

static const int64_t SECOND = 1000000;
static sg_tasks tasks;

static int empty(void **state)
{
    (void)state;
    memset(&tasks, 0, sizeof tasks);
    return 0;
}

static sg_request request(const char *name, int priority, double power_w)
{
    sg_request r = {.kind = SG_REQUEST_ALLOCATE, .priority = priority, .power_w = power_w};
    snprintf(r.task_id, sizeof r.task_id, "%s", name);
    return r;
}

static sg_reply ask(const char *name, int priority, double power_w, int64_t now_us)
{
    sg_request r = request(name, priority, power_w);
    return sg_tasks_request(&tasks, &r, now_us);
}

static sg_reply withdraw(const char *name, int64_t now_us)
{
    sg_request r = request(name, 0, 0);
    r.kind = SG_REQUEST_WITHDRAW;
    return sg_tasks_request(&tasks, &r, now_us);
}

static const sg_task *task(const char *name)
{
    for (int i = 0; i < tasks.count; i++) {
        if (strcmp(tasks.task[i].request.task_id, name) == 0) {
            return &tasks.task[i];
        }
    }
    fail_msg("no task %s", name);
    return NULL;
}

static double step(int64_t now_us, double free_w)
{
    return sg_tasks_step(&tasks, now_us, (sg_supply){.free_w = free_w, .ever_w = 1e6});
}

static void the_same_request_again_has_no_second_effect(void **state)
{
    (void)state;
    sg_reply first = ask("a", 2, 1000, 1), again = ask("a", 2, 1000, 2);
    assert_int_equal(first.task, 0);
    assert_int_equal(again.task, 0);
    assert_int_equal(again.conflict, 0);
    assert_int_equal(tasks.count, 1);
    assert_true(step(3, 5000) == 1000);
    again = ask("a", 2, 1000, 4);
    assert_int_equal(again.conflict, 0);
    assert_true(step(5, 4000) == 1000);
    /* other content under the same name is a conflict and changes nothing */
    assert_int_equal(ask("a", 2, 1001, 6).conflict, 1);
    assert_int_equal(ask("a", 1, 1000, 6).conflict, 1);
    sg_request r = request("a", 2, 1000);
    r.duration_s = 5;
    assert_int_equal(sg_tasks_request(&tasks, &r, 6).conflict, 1);
    r = request("a", 2, 1000);
    r.deadline_us = 99;
    assert_int_equal(sg_tasks_request(&tasks, &r, 6).conflict, 1);
    assert_true(sg_tasks_granted_w(&tasks) == 1000);
    assert_true(task("a")->request.power_w == 1000 && task("a")->received_us == 1);
}

static void the_queue_is_served_by_priority_then_age(void **state)
{
    (void)state;
    ask("late-low", 3, 1000, 1);
    ask("normal-1", 2, 1000, 2);
    ask("critical", 0, 1000, 3);
    ask("normal-2", 2, 1000, 4);
    static const char *const order[] = {"critical", "normal-1", "normal-2", "late-low"};
    assert_true(step(5, 0) == 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(task(order[i])->state, SG_TASK_QUEUED);
        assert_int_equal(task(order[i])->reason, SG_REASON_NOT_NOW);
        assert_true(step(6 + i, 1500) == 1000 * (i + 1)); /* room for one more each time */
        assert_int_equal(task(order[i])->state, SG_TASK_GRANTED);
        assert_int_equal(task(order[i])->granted_us, 6 + i);
        assert_true(task(order[i])->firm_w == 1500);
    }
}

/* A small one of lower priority may pass a large one that does not fit. */
static void what_fits_is_granted_past_what_does_not(void **state)
{
    (void)state;
    ask("large", 0, 9000, 1);
    ask("small", 3, 1000, 1);
    assert_true(step(2, 5000) == 1000);
    assert_int_equal(task("large")->state, SG_TASK_QUEUED);
    assert_true(step(3, 9000) == 10000);
}

static void a_grant_is_never_taken_back(void **state)
{
    (void)state;
    ask("low", 3, 4000, 1);
    assert_true(step(2, 5000) == 4000);
    ask("critical", 0, 4000, 3);
    assert_true(step(4, 1000) == 4000); /* 1000 W are free beside it */
    assert_int_equal(task("low")->state, SG_TASK_GRANTED);
    assert_int_equal(task("critical")->state, SG_TASK_QUEUED);
    assert_true(step(5, -50000) == 4000); /* not even when supply falls below */
    assert_int_equal(task("low")->state, SG_TASK_GRANTED);
    withdraw("low", 6);
    assert_true(step(7, 5000) == 4000);
    assert_int_equal(task("critical")->state, SG_TASK_GRANTED);
    assert_int_equal(task("low")->state, SG_TASK_WITHDRAWN);
    assert_int_equal(task("low")->ended_us, 6);
}

/* What a task leaves behind is free in the same step. */
static void the_next_one_takes_over_when_a_duration_is_over(void **state)
{
    (void)state;
    sg_request r = request("first", 2, 3000);
    r.duration_s = 10;
    sg_tasks_request(&tasks, &r, 0);
    ask("second", 2, 3000, 0);
    assert_true(step(SECOND, 3000) == 3000);
    assert_true(step(11 * SECOND - 1, 0) == 3000);
    assert_int_equal(task("first")->state, SG_TASK_GRANTED);
    assert_true(step(11 * SECOND, 0) == 3000);
    assert_int_equal(task("first")->state, SG_TASK_DONE);
    assert_int_equal(task("first")->reason, SG_REASON_FINISHED);
    assert_int_equal(task("second")->state, SG_TASK_GRANTED);
    assert_true(step(12 * SECOND, 0) == 3000); /* the second has no end */
    assert_true(step(1000000 * SECOND, 0) == 3000);
}

static void a_deadline_ends_waiting_not_running(void **state)
{
    (void)state;
    sg_request r = request("waits", 2, 3000);
    r.deadline_us = 10 * SECOND;
    sg_tasks_request(&tasks, &r, 0);
    r = request("runs", 1, 1000);
    r.deadline_us = 10 * SECOND;
    sg_tasks_request(&tasks, &r, 0);
    step(SECOND, 1000);
    step(10 * SECOND, 0); /* just in time still */
    assert_int_equal(task("waits")->state, SG_TASK_QUEUED);
    step(10 * SECOND + 1, 0);
    assert_int_equal(task("waits")->state, SG_TASK_EXPIRED);
    assert_int_equal(task("waits")->reason, SG_REASON_DEADLINE);
    assert_int_equal(task("runs")->state, SG_TASK_GRANTED);
    step(11 * SECOND, 1e6);
    assert_int_equal(task("waits")->state, SG_TASK_EXPIRED); /* over is over */
}

static void what_can_never_fit_is_refused(void **state)
{
    (void)state;
    ask("huge", 0, 2e6, 0);
    step(1, 0);
    assert_int_equal(task("huge")->state, SG_TASK_REFUSED);
    assert_int_equal(task("huge")->reason, SG_REASON_NEVER_FITS);
}

static void a_full_table_forgets_what_is_over_and_nothing_else(void **state)
{
    (void)state;
    char name[SG_ID_MAX];
    for (int i = 0; i < SG_TASK_MAX; i++) {
        snprintf(name, sizeof name, "t%d", i);
        assert_int_equal(ask(name, 2, 1, i).task, i);
    }
    step(1000, 10); /* ten run, the rest waits */
    sg_reply reply = ask("one-more", 0, 1, 1001);
    assert_int_equal(reply.task, -1);
    assert_int_equal(reply.conflict, 2);
    assert_int_equal(withdraw("nobody", 1001).task, -1);
    withdraw("t5", 1002);
    withdraw("t3", 1003);
    assert_int_equal(ask("one-more", 0, 1, 1004).task,
                     SG_TASK_MAX - 1); /* t3 is forgotten: the oldest */
    assert_int_equal(task("t5")->state, SG_TASK_WITHDRAWN);
    assert_int_equal(ask("two-more", 0, 1, 1005).task, SG_TASK_MAX - 1);
    assert_int_equal(ask("three-more", 0, 1, 1006).conflict, 2);
    assert_int_equal(tasks.count, SG_TASK_MAX);
    for (int i = 0; i < SG_TASK_MAX; i++) {
        snprintf(name, sizeof name, "t%d", i);
        if (i != 3 && i != 5) {
            assert_int_equal(task(name)->state, i < 10 ? SG_TASK_GRANTED : SG_TASK_QUEUED);
        }
    }
    /* a forgotten name is a new one */
    withdraw("t0", 1007);
    assert_int_equal(ask("t3", 2, 1, 1008).conflict, 0);
    assert_int_equal(task("t3")->received_us, 1008);
}

/* Random days against the rules themselves: grants only while they fit, none lost, states only move on. */
static void nothing_is_promised_twice(void **state)
{
    (void)state;
    uint64_t n = 0;
    static int32_t before[SG_TASK_MAX];
    static char names[SG_TASK_MAX][SG_ID_MAX];
    for (int i = 0; i < 5000; i++) {
        int64_t now = i * SECOND;
        char name[SG_ID_MAX];
        snprintf(name, sizeof name, "n%d", (int)(sg_prng_unit(5, n++) * 400));
        if (sg_prng_unit(5, n++) < 0.2) {
            withdraw(name, now);
        } else {
            int priority = (int)(sg_prng_unit(5, n++) * 4);
            sg_request r = request(name, priority, 1 + sg_prng_unit(5, n++) * 9000);
            r.duration_s = sg_prng_unit(5, n++) * 50;
            sg_tasks_request(&tasks, &r, now);
        }
        int count = tasks.count;
        for (int k = 0; k < count; k++) {
            before[k] = tasks.task[k].state;
            memcpy(names[k], tasks.task[k].request.task_id, SG_ID_MAX);
        }
        double supply_w = 50e3, granted_before_w = sg_tasks_granted_w(&tasks);
        double granted_w = step(now, supply_w - granted_before_w);
        assert_true(granted_w <= supply_w + 1e-6);
        double sum_w = 0;
        for (int k = 0; k < count; k++) {
            const sg_task *t = &tasks.task[k];
            assert_string_equal(t->request.task_id, names[k]);
            sum_w += t->state == SG_TASK_GRANTED ? t->request.power_w : 0;
            if (before[k] == SG_TASK_GRANTED) {
                assert_true(t->state == SG_TASK_GRANTED || t->state == SG_TASK_DONE);
                assert_true(t->state == SG_TASK_GRANTED ||
                            (double)(now - t->granted_us) * 1e-6 >= t->request.duration_s);
            } else if (before[k] != SG_TASK_QUEUED) {
                assert_int_equal(t->state, before[k]);
            }
        }
        assert_true(sum_w == granted_w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_same_request_again_has_no_second_effect, empty),
        cmocka_unit_test_setup(the_queue_is_served_by_priority_then_age, empty),
        cmocka_unit_test_setup(what_fits_is_granted_past_what_does_not, empty),
        cmocka_unit_test_setup(a_grant_is_never_taken_back, empty),
        cmocka_unit_test_setup(the_next_one_takes_over_when_a_duration_is_over, empty),
        cmocka_unit_test_setup(a_deadline_ends_waiting_not_running, empty),
        cmocka_unit_test_setup(what_can_never_fit_is_refused, empty),
        cmocka_unit_test_setup(a_full_table_forgets_what_is_over_and_nothing_else, empty),
        cmocka_unit_test_setup(nothing_is_promised_twice, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
