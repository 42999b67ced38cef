/* The step asks nothing of the system: no memory, no lock, no clock, no system call. The program's own
 * malloc and relatives stand in front of the C library's and count; a child process under strict
 * seccomp is killed at its first system call. Faults, requests and plans are part of the run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/journal.h"
#include "plan/rolling.h"
#include "rig.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Sanitizers bring an allocator of their own; there the counting is left out and says so. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INTERPOSED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define INTERPOSED 0
#endif
#endif
#if !defined(INTERPOSED) && !defined(__GLIBC__)
#define INTERPOSED 0
#endif
#ifndef INTERPOSED
#define INTERPOSED 1
#endif

static volatile bool counting;
static volatile long allocations, clocks, locks;

#if INTERPOSED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static void count_one(void)
{
    allocations += counting;
}

void *malloc(size_t size)
{
    count_one();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    count_one();
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    count_one();
    return __libc_realloc(block, size);
}

void free(void *block)
{
    count_one();
    __libc_free(block);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count_one();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    count_one();
    *ret = __libc_memalign(alignment, size);
    return *ret ? 0 : ENOMEM;
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
    clocks += counting;
    return (int)syscall(SYS_clock_gettime, id, ret);
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    clocks += counting;
    return (int)syscall(SYS_gettimeofday, ret, zone);
}

time_t time(time_t *ret)
{
    clocks += counting;
    struct timeval now;
    syscall(SYS_gettimeofday, &now, NULL);
    if (ret) {
        *ret = now.tv_sec;
    }
    return now.tv_sec;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*real)(pthread_mutex_t *);
    if (!real) {
        void *found = dlsym(RTLD_NEXT, "pthread_mutex_lock");
        memcpy(&real, &found, sizeof real);
    }
    locks += counting;
    return real(mutex);
}
#endif

static const char faults[] =
    "## Faults_Schema\n"
    "```yaml\n"
    "faults:\n"
    "  - {at: 10s, kind: sensor_missing, target: trainer, member: 3, duration: 20s}\n"
    "  - {at: 15s, kind: sensor_nan, target: supercap, duration: 20s}\n"
    "  - {at: 20s, kind: sensor_stuck, target: trainer, duration: 20s}\n"
    "  - {at: 30s, kind: load_step, target: trainer, severity: 1.4, duration: 20s}\n"
    "  - {at: 60s, kind: grid_loss, duration: 20s}\n"
    "  - {at: 90s, kind: trip, target: flywheel, duration: 20s}\n"
    "  - {at: 120s, kind: ignores, target: battery, duration: 20s}\n"
    "  - {at: 150s, kind: sensor_missing, target: trainer, duration: 20s}\n"
    "  - {at: 150s, kind: sensor_missing, target: answerer, duration: 20s}\n"
    "```\n";

enum { STEPS = 2400 };

typedef struct bench {
    rig rig;
    sg_frame_codec *codec;
    sg_plan plan;
    sg_view view;
    int safe_steps, granted, settled;
} bench;

static bench b;

static int open_bench(void **state)
{
    (void)state;
    rig_load("sites/hall.maml.md", faults, &b.rig.site);
    rig_start(&b.rig, SG_POLICY_MPC, rig_time("2023-07-03T12:00:00Z"));
    b.codec = sg_frame_codec_create(b.rig.points.count);
    assert_non_null(b.codec);
    static sg_outlook outlook;
    rig_step(&b.rig, 0.1);
    sg_engine_outlook(b.rig.engine, 900 * SG_US_PER_S, 96, NULL, &outlook);
    assert_int_equal(sg_plan_make(&outlook, 10, NULL, &b.plan), SG_OK);
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    sg_frame_codec_free(b.codec);
    rig_free(&b.rig);
    return 0;
}

/* Everything between readings and set-points, as often as STEPS says; true when asked to allocate. */
static void run_steps(int steps, bool sabotage)
{
    static sg_reply replies[SG_REQUEST_MAX];
    for (int step = 0; step < steps; step++) {
        sg_world_read(b.rig.world, 0.1, &b.rig.readings);
        sg_frame frame = rig_frame(&b.rig);
        sg_request request = {
            .priority = step % 4, .power_w = 100.0 + step % 7000, .duration_s = 3.0 + step % 11};
        request.task_id[0] = 't';
        request.task_id[1] = (char)('a' + step % 26);
        request.task_id[2] = (char)('a' + step / 26 % 26);
        request.kind = step % 13 == 0 ? SG_REQUEST_WITHDRAW : SG_REQUEST_ALLOCATE;
        frame.requests = &request;
        frame.request_count = step % 3 == 0;
        frame.plan = step % 200 == 0 ? &b.plan : NULL;
        counting = true;
        sg_engine_step(b.rig.engine, &frame, replies);
        const void *bytes;
        size_t size;
        sg_frame_encode(b.codec, &frame, &bytes, &size);
        sg_engine_view(b.rig.engine, &b.view);
        sg_command command = sg_engine_command(b.rig.engine);
        if (sabotage && step == steps / 2) {
            void *volatile block = malloc(1);
            free(block);
        }
        counting = false;
        sg_world_write(b.rig.world, &command);
        sg_settlement settled;
        b.safe_steps += command.safe;
        b.settled += sg_engine_settled(b.rig.engine, &settled);
    }
    for (int i = 0; i < b.view.task_count; i++) {
        b.granted += b.view.task[i].granted_us != 0;
    }
}

static void the_step_allocates_nothing_locks_nothing_reads_no_clock(void **state)
{
    (void)state;
    if (!INTERPOSED) {
        skip();
    }
    allocations = clocks = locks = 0;
    run_steps(STEPS, false);
    assert_int_equal(allocations, 0);
    assert_int_equal(clocks, 0);
    assert_int_equal(locks, 0);
    /* the run went through its corners */
    assert_true(b.safe_steps > 100 && b.granted > 2);
    assert_true(b.view.plan_outcome == SG_SOLVED);
}

/* Negative control: one deliberate block, a clock and a lock are seen. */
static void one_allocation_is_counted(void **state)
{
    (void)state;
    if (!INTERPOSED) {
        skip();
    }
    allocations = clocks = locks = 0;
    run_steps(100, true);
    assert_int_equal(allocations, 2); /* malloc and free */
    counting = true;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    void *block = NULL;
    int failed = posix_memalign(&block, 64, 64);
    counting = false;
    pthread_mutex_unlock(&mutex);
    free(block);
    assert_int_equal(failed, 0);
    assert_int_equal(clocks, 1);
    assert_int_equal(locks, 1);
    assert_int_equal(allocations, 3);
}

/* In a child that may only read, write and leave. Returns its wait status, -1 where the kernel does not
 * offer that. */
static int in_a_cage(bool sabotage)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) {
            _exit(77);
        }
        run_steps(500, false);
        if (sabotage) {
            syscall(SYS_getppid);
        }
        syscall(SYS_exit, 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 77 ? -1 : status;
}

static void the_step_makes_no_system_call(void **state)
{
    (void)state;
    if (!INTERPOSED) {
        skip();
    }
    int status = in_a_cage(false);
    if (status == -1) {
        skip();
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    /* negative control: one system call is the end */
    status = in_a_cage(true);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_step_allocates_nothing_locks_nothing_reads_no_clock),
        cmocka_unit_test(one_allocation_is_counted),
        cmocka_unit_test(the_step_makes_no_system_call),
    };
    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
