/* A worker takes what it is handed, waits no longer than it is told, ends when it is told, and no signal interrupts it. */
#include "base/clock.h"
#include "base/worker.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

enum { NUMBERS = 1000 };

typedef struct adder {
    sg_worker worker;
    int handed, taken; /* under the lock */
    long sum;
    sigset_t blocked;
} adder;

static void *add(void *context)
{
    adder *self = context;
    sg_worker_lock(&self->worker);
    pthread_sigmask(SIG_SETMASK, NULL, &self->blocked);
    while (!self->worker.ending || self->taken < self->handed) {
        if (self->taken == self->handed) {
            sg_worker_wait(&self->worker, INFINITY);
            continue;
        }
        self->sum += ++self->taken;
    }
    sg_worker_unlock(&self->worker);
    return NULL;
}

static void what_is_handed_over_is_done_before_the_end(void **state)
{
    (void)state;
    adder self = {0};
    assert_true(sg_worker_start(&self.worker, "sg-adder", add, &self));
    char name[16];
    assert_int_equal(pthread_getname_np(self.worker.thread, name, sizeof name), 0);
    assert_string_equal(name, "sg-adder");
    for (int i = 0; i < NUMBERS;) {
        if (sg_worker_try(&self.worker)) {
            self.handed = ++i;
            sg_worker_wake(&self.worker);
            sg_worker_unlock(&self.worker);
        }
    }
    sg_worker_end(&self.worker);
    assert_int_equal(self.sum, NUMBERS * (NUMBERS + 1) / 2);
    assert_true(sigismember(&self.blocked, SIGTERM) && sigismember(&self.blocked, SIGHUP));
    sigset_t mine;
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_false(sigismember(&mine, SIGTERM));
}

static void *sleep_until_told(void *context)
{
    sg_worker *self = context;
    sg_worker_lock(self);
    while (!self->ending) {
        sg_worker_wait(self, sg_clock_s() + 3600);
    }
    sg_worker_unlock(self);
    return NULL;
}

static void a_wait_is_over_in_time_or_when_it_ends(void **state)
{
    (void)state;
    sg_worker self;
    assert_true(sg_worker_start(&self, "sg-sleeper", sleep_until_told, &self));
    sg_worker_lock(&self);
    double until_s = sg_clock_s() + 0.02;
    while (sg_clock_s() < until_s) {
        sg_worker_wait(&self, until_s);
    }
    sg_worker_unlock(&self);
    sg_worker_end(&self); /* an hour early */
}

static void the_clock_does_not_run_back(void **state)
{
    (void)state;
    double before_s = sg_clock_s();
    for (int i = 0; i < 10000; i++) {
        double now_s = sg_clock_s();
        assert_true(now_s >= before_s);
        before_s = now_s;
    }
    assert_true(fabs((double)sg_clock_ms() / 1e3 - sg_clock_s()) < 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_handed_over_is_done_before_the_end),
        cmocka_unit_test(a_wait_is_over_in_time_or_when_it_ends),
        cmocka_unit_test(the_clock_does_not_run_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
