#include "base/pool.h"

#include "base/check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    THREAD_MAX = 64,
    LOOK_MAX = 100000, /* looks for work before a thread parks itself: some milliseconds */
    WAIT_SPINS = 2000  /* looks at the parts in hand before the core is offered to others */
};

/* What is to be done, in one word, so that it is taken as a whole: round, number of parts, next part. */
enum { PART_BITS = 21 };
static const uint64_t PART_MASK = (UINT64_C(1) << PART_BITS) - 1;

struct sg_pool {
    _Atomic uint64_t work;
    _Alignas(64) atomic_int done; /* parts of this round */
    _Alignas(64) atomic_bool awake, over;
    sg_pool_part *part; /* of this round: not changed while a part is in hand */
    void *context;
    int thread_count;
    pthread_mutex_t lock;
    pthread_cond_t bell;
    pthread_t thread[THREAD_MAX];
};

static void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Take parts until there are none left. Returns whether there was one. */
static bool work_on(sg_pool *self)
{
    bool any = false;
    uint64_t work = atomic_load_explicit(&self->work, memory_order_acquire);
    for (;;) {
        uint64_t next = work & PART_MASK, count = work >> PART_BITS & PART_MASK;
        if (next >= count) {
            return any;
        }
        if (atomic_compare_exchange_weak_explicit(&self->work, &work, work + 1,
                                                  memory_order_acq_rel, memory_order_acquire)) {
            self->part(self->context, (int)next);
            atomic_fetch_add_explicit(&self->done, 1, memory_order_release);
            any = true;
            work = atomic_load_explicit(&self->work, memory_order_acquire);
        }
    }
}

static void *thread_main(void *arg)
{
    sg_pool *self = arg;
    while (!atomic_load(&self->over)) {
        for (int look = 0; look < LOOK_MAX && atomic_load(&self->awake); look++) {
            look = work_on(self) ? 0 : look;
            relax();
        }
        pthread_mutex_lock(&self->lock);
        atomic_store(&self->awake, false); /* who was idle that long need not be looked at again */
        while (!atomic_load(&self->awake) && !atomic_load(&self->over)) {
            pthread_cond_wait(&self->bell, &self->lock);
        }
        pthread_mutex_unlock(&self->lock);
    }
    return NULL;
}

sg_pool *sg_pool_create(int threads)
{
    SG_CHECK(threads >= 1 && threads <= THREAD_MAX);
    sg_pool *self = threads > 1 ? aligned_alloc(64, (sizeof *self + 63) & ~(size_t)63) : NULL;
    if (!self) {
        return NULL;
    }
    atomic_init(&self->work, 0);
    atomic_init(&self->done, 0);
    atomic_init(&self->awake, false);
    atomic_init(&self->over, false);
    self->thread_count = 0;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->bell, NULL);
    while (self->thread_count < threads - 1 &&
           pthread_create(&self->thread[self->thread_count], NULL, thread_main, self) == 0) {
        self->thread_count++;
    }
    return self;
}

static void ring(sg_pool *self, bool awake, bool over)
{
    pthread_mutex_lock(&self->lock);
    atomic_store(&self->awake, awake);
    atomic_store(&self->over, over);
    pthread_cond_broadcast(&self->bell);
    pthread_mutex_unlock(&self->lock);
}

void sg_pool_free(sg_pool *self)
{
    if (!self) {
        return;
    }
    ring(self, false, true);
    for (int i = 0; i < self->thread_count; i++) {
        pthread_join(self->thread[i], NULL);
    }
    pthread_cond_destroy(&self->bell);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

int sg_pool_threads(const sg_pool *self)
{
    return self ? 1 + self->thread_count : 1;
}

void sg_pool_wake(sg_pool *self)
{
    if (self) {
        ring(self, true, false);
    }
}

void sg_pool_park(sg_pool *self)
{
    if (self) {
        atomic_store(&self->awake, false);
    }
}

void sg_pool_run(sg_pool *self, sg_pool_part *part, void *context, int count)
{
    SG_CHECK(count >= 0 && count <= SG_POOL_PART_MAX);
    if (!self || count <= 1) {
        for (int i = 0; i < count; i++) {
            part(context, i);
        }
        return;
    }
    uint64_t round = (atomic_load_explicit(&self->work, memory_order_relaxed) >> 2 * PART_BITS) + 1;
    self->part = part;
    self->context = context;
    atomic_store_explicit(&self->done, 0, memory_order_relaxed);
    atomic_store_explicit(&self->work, round << 2 * PART_BITS | (uint64_t)count << PART_BITS,
                          memory_order_release);
    work_on(self);
    for (int spins = 0; atomic_load_explicit(&self->done, memory_order_acquire) < count; spins++) {
        relax();
        if (spins >= WAIT_SPINS) {
            sched_yield();
        }
    }
}
