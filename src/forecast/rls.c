#include "forecast/rls.h"

#include "base/check.h"
#include "base/hash.h"
#include "forecast/stagger.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Eight series make a group, a cache line of doubles for each number that is kept of them. */
enum { GROUP = 8, LAGS = SG_RLS_LAGS, N = LAGS + 1, PERIOD = SG_RLS_PERIOD };
enum { PACKED = N * (N + 1) / 2, PAST = LAGS + PERIOD, PART_GROUPS = 16, CHUNK = 64 };

static const double keep = 0.9995;
static const double start = 100, grown = 1e6; /* of the covariance's diagonal */
static const double far = 50;                 /* deviations */
static const double wider = 20, narrower = 1e-4, alike = 1e-9;
static const double value_most = 1e30;

typedef double line[GROUP];

typedef struct group {
    line covariance[PACKED]; /* rows of the lower triangle: i (i + 1) / 2 + k, k <= i */
    line weight[N];
    line recent[PAST];               /* values: of tick t at t % PAST             */
    line mean, deviation, low, high; /* deviation 0: not known yet; of z */
    int32_t age[GROUP];   /* ticks since the first value, it counted, at most PAST; 0: none */
    uint32_t came[GROUP]; /* a bit for each of `recent` */
    int64_t fixed[GROUP]; /* the scale was set from outside */
} group;

struct sg_rls {
    char magic[8];
    uint32_t version, checksum; /* of the whole block, as it was saved; else 0 */
    int32_t count, group_count;
    int64_t tick; /* that were taken in */
    sg_stagger turn;
    _Alignas(64) group groups[];
};
_Static_assert(sizeof(group) % 64 == 0, "groups lie on cache lines");

static const char magic[8] = "SGRLS16";
enum { VERSION = 1 };

/* --- life --- */

size_t sg_rls_size(int32_t series_count)
{
    SG_CHECK(series_count > 0 && series_count <= SG_RLS_SERIES_MAX);
    size_t groups = ((size_t)series_count + GROUP - 1) / GROUP;
    return sizeof(sg_rls) + groups * sizeof(group);
}

static void restart(group *g, int l)
{
    for (int i = 0, at = 0; i < N; i++) {
        for (int k = 0; k <= i; k++, at++) {
            g->covariance[at][l] = k == i ? start : 0;
        }
    }
}

static void begin(group *g, int l, double mean, double deviation)
{
    for (int i = 0; i < N; i++) {
        g->weight[i][l] = i == 0 ? 1 : 0;
    }
    g->mean[l] = mean;
    g->deviation[l] = deviation;
    g->low[l] = g->high[l] = 0;
    restart(g, l);
}

sg_rls *sg_rls_create(void *memory, int32_t series_count)
{
    SG_CHECK((uintptr_t)memory % 64 == 0);
    sg_rls *self = memory;
    memset(memory, 0, sg_rls_size(series_count));
    memcpy(self->magic, magic, sizeof magic);
    self->version = VERSION;
    self->count = series_count;
    self->group_count = (series_count + GROUP - 1) / GROUP;
    sg_stagger_init(&self->turn, self->group_count, 1, PERIOD, 0);
    for (int32_t i = 0; i < self->group_count; i++) {
        for (int l = 0; l < GROUP; l++) {
            begin(&self->groups[i], l, 0, 0);
        }
    }
    return self;
}

void sg_rls_set_scale(sg_rls *self, int32_t series, double mean, double deviation)
{
    SG_CHECK(series >= 0 && series < self->count && fabs(mean) <= value_most);
    SG_CHECK(deviation > 0 && deviation <= value_most);
    group *g = &self->groups[series / GROUP];
    int l = series % GROUP;
    SG_CHECK(g->age[l] == 0);
    begin(g, l, mean, deviation);
    g->fixed[l] = 1;
    for (int i = 0; i < PAST; i++) {
        g->recent[i][l] = mean;
    }
}

void sg_rls_weights(const sg_rls *self, int32_t series, double ret[SG_RLS_LAGS + 1])
{
    SG_CHECK(series >= 0 && series < self->count);
    for (int i = 0; i < N; i++) {
        ret[i] = self->groups[series / GROUP].weight[i][series % GROUP];
    }
}

/* --- one tick: what came --- */

typedef struct job {
    sg_rls *self;
    const double *value;
    const uint8_t *quality;
    sg_span due; /* groups that learn */
} job;

static void take_in(const job *j, int32_t i)
{
    group *g = &j->self->groups[i];
    int64_t tick = j->self->tick;
    int slot = (int)(tick % PAST), before = (int)((tick + PAST - 1) % PAST);
    for (int l = 0; l < GROUP && i * GROUP + l < j->self->count; l++) {
        double x = j->value[i * GROUP + l];
        bool ok = (!j->quality || j->quality[i * GROUP + l] <= SG_SUSPECT) && fabs(x) <= value_most;
        g->recent[slot][l] = ok ? x : g->recent[before][l];
        g->came[l] = (g->came[l] & ~(UINT32_C(1) << slot)) | (uint32_t)ok << slot;
        g->age[l] += (ok || g->age[l] > 0) && g->age[l] < PAST;
    }
}

/* The mean and deviation of what is remembered, taken where there are none or they do not fit any more. */
static void rescale(group *g)
{
    line mean = {0}, squares = {0};
    for (int i = 0; i < PAST; i++) {
        for (int l = 0; l < GROUP; l++) {
            mean[l] += g->recent[i][l] / PAST;
        }
    }
    for (int i = 0; i < PAST; i++) {
        for (int l = 0; l < GROUP; l++) {
            double off = g->recent[i][l] - mean[l];
            squares[l] += off * off / PAST;
        }
    }
    for (int l = 0; l < GROUP; l++) {
        double deviation = sqrt(squares[l]), now = g->deviation[l];
        bool differ = g->age[l] == PAST && !g->fixed[l] && deviation > alike * fabs(mean[l]);
        if (differ && (now <= 0 || deviation > wider * now || deviation < narrower * now)) {
            begin(g, l, mean[l], deviation);
        }
    }
}

/* --- what a covariance and a window do, in vectors --- */

#define LANE      double
#define LANE_MASK int64_t

#define LANES     2
#define TARGET
#define NAMED(name) name##_base
#include "forecast/rls_lanes.h"

#if defined(__x86_64__)
#define LANES       4
#define TARGET      __attribute__((target("avx2")))
#define NAMED(name) name##_avx2
#include "forecast/rls_lanes.h"

#define LANES       8
#define TARGET      __attribute__((target("avx512f,avx512dq")))
#define NAMED(name) name##_avx512
#include "forecast/rls_lanes.h"
#endif

typedef void learn_group(group *g, int64_t tick);
typedef void tell_group(const group *g, int64_t tick, int32_t steps, double *const ret[GROUP]);

typedef struct width {
    learn_group *learn;
    tell_group *tell;
} width;

static width choose(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
        return (width){learn_avx512, tell_avx512};
    }
    if (__builtin_cpu_supports("avx2")) {
        return (width){learn_avx2, tell_avx2};
    }
#endif
    return (width){learn_base, tell_base};
}

static void tick_part(void *context, int part)
{
    const job *j = context;
    int32_t from = part * PART_GROUPS, to = from + PART_GROUPS;
    width in = choose();
    for (int32_t i = from; i < to && i < j->self->group_count; i++) {
        group *g = &j->self->groups[i];
        take_in(j, i);
        if (i >= j->due.from && i < j->due.to) {
            rescale(g);
            in.learn(g, j->self->tick);
        }
    }
}

static int parts(int32_t groups)
{
    return (groups + PART_GROUPS - 1) / PART_GROUPS;
}

void sg_rls_tick(sg_rls *self, sg_pool *pool, const double *value, const uint8_t *quality)
{
    job j = {self, value, quality, sg_stagger_next(&self->turn)};
    sg_pool_run(pool, tick_part, &j, parts(self->group_count));
    self->tick++;
}

/* --- what is said --- */

typedef struct tell_job {
    const sg_rls *self;
    sg_span span;
    int32_t steps, first; /* group */
    double *ret;
} tell_job;

static void tell_part(void *context, int part)
{
    const tell_job *j = context;
    int32_t from = j->first + part * PART_GROUPS, to = from + PART_GROUPS;
    int32_t last = (j->span.to - 1) / GROUP;
    width in = choose();
    for (int32_t i = from; i < to && i <= last; i++) {
        double *ret[GROUP] = {0};
        for (int l = 0; l < GROUP; l++) {
            int32_t s = i * GROUP + l;
            if (s >= j->span.from && s < j->span.to) {
                ret[l] = j->ret + (size_t)(s - j->span.from) * (size_t)j->steps;
            }
        }
        in.tell(&j->self->groups[i], j->self->tick, j->steps, ret);
    }
}

void sg_rls_predict(const sg_rls *self, sg_pool *pool, sg_span span, int32_t steps, double *ret)
{
    SG_CHECK(steps >= 1 && steps <= SG_RLS_STEP_MAX);
    SG_CHECK(span.from >= 0 && span.to <= self->count);
    if (span.from < span.to) {
        tell_job j = {self, span, steps, span.from / GROUP, ret};
        sg_pool_run(pool, tell_part, &j, parts((span.to - 1) / GROUP - j.first + 1));
    }
}

/* --- kept across a restart --- */

size_t sg_rls_saved_size(const sg_rls *self)
{
    return sg_rls_size(self->count);
}

static uint32_t checksum(const void *saved, size_t size)
{
    sg_rls head;
    memcpy(&head, saved, sizeof head);
    head.checksum = 0;
    return sg_crc32c(sg_crc32c(0, &head, sizeof head), (const char *)saved + sizeof head,
                     size - sizeof head);
}

void sg_rls_save(const sg_rls *self, void *ret)
{
    size_t size = sg_rls_saved_size(self);
    memcpy(ret, self, size);
    uint32_t sum = checksum(ret, size);
    memcpy((char *)ret + offsetof(sg_rls, checksum), &sum, sizeof sum);
}

sg_status sg_rls_load(sg_rls *self, const void *saved, size_t size)
{
    sg_rls head;
    if (size < sizeof head) {
        return SG_FORMAT;
    }
    memcpy(&head, saved, sizeof head);
    if (memcmp(head.magic, magic, sizeof magic) != 0 || head.version != VERSION) {
        return SG_FORMAT;
    }
    if (head.count != self->count || head.group_count != self->group_count) {
        return SG_RANGE;
    }
    if (size != sg_rls_saved_size(self) || checksum(saved, size) != head.checksum) {
        return SG_CORRUPT;
    }
    memcpy(self, saved, size);
    self->checksum = 0;
    return SG_OK;
}
