#include "forecast/nowcast.h"

#include "base/check.h"
#include "base/hash.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* A tile is 16 series, a cache line of floats for each thing that is kept of them; what is learnt is held in floats, the last value
 * itself in full. Tiles lie one behind the other, so a tick reads memory in its order. */
enum { TILE = 16, PART_TILES = 64 };
enum { BLOCKS = 8, BOUNDS = 4, RECENT = 6, EVERY = 5, SNAPSHOTS = 13 };
enum { TO_LEVEL, ALONG_TREND, WAYS };

/* Ticks ahead that share weights and bounds. Those beyond RECENT hold an age of every residue of EVERY. */
static const int32_t block_from[BLOCKS] = {1, 2, 3, 4, 5, 6, 7, 22};
static const int32_t block_to[BLOCKS] = {1, 2, 3, 4, 5, 6, 21, 60};
/* What misses that many ticks ahead, which come in runs of that length, count for: 1 / ahead^0.7 of a coin, of
 * the middle of a block. */
static const float coin_worth[BLOCKS] = {1,           0.61557221F, 0.46346306F, 0.37892914F,
                                         0.32413132F, 0.28529498F, 0.15765595F, 0.07431069F};

static const float median_gain = 0.1F, size_gain = 0.05F;    /* of the level */
static const float holt_gain = 0.5F, holt_trend_gain = 0.1F; /* damped by: */
static const double damping = 0.9;
static const float purse = 0.005F, purse_most = 3; /* of a bettor */
static const float stake_most = 0.5F;              /* of what it has */
static const float keep = 0.998F; /* of its record and of the largest way, per tick */
static const float bound_gain = 0.1F, miss_gain = 0.02F;
static const float tail[BOUNDS] = {0.1F, 0.025F, 0.1F, 0.025F}; /* low 80, 95, high 80, 95 */
static const double value_most = 1e30;
static const float nothing =
    1e-30F; /* below it, zero: no denormal numbers, no quotient overflows */

typedef float line[TILE];

typedef struct bettor {
    line wealth, sum, turnover; /* in coins: what it has; sum and size of the coins it saw */
    line longest;               /* way lately, the series' unit                            */
} bettor;

typedef struct band {
    line miss, bound[BOUNDS]; /* mean size of a miss; distances from the forecast */
} band;

typedef struct snapshot {
    line value, level, trend;
} snapshot;

typedef struct tile {
    double value[TILE];
    line age, level,
        size; /* ticks since the first value, it counted, 0: none yet; running median; mean change */
    line smooth,
        trend; /* Holt's                                                                           */
    bettor bet[BLOCKS][WAYS];
    band of[BLOCKS];
    snapshot recent[RECENT], seldom[SNAPSHOTS]; /* of the last ticks; of every fifth */
} tile;

struct sg_nowcast {
    char magic[8];
    uint32_t version, checksum; /* of all behind it, as it was saved; else 0 */
    int32_t count, tile_count;
    int64_t tick; /* that were taken in */
    _Alignas(64) tile tiles[];
};
_Static_assert(sizeof(sg_nowcast) == 64 && sizeof(tile) % 64 == 0, "tiles lie on cache lines");

static const char magic[8] = "SGNOWCA";
enum { VERSION = 1 };

/* --- life --- */

size_t sg_nowcast_size(int32_t series_count)
{
    SG_CHECK(series_count > 0 && series_count <= SG_NOWCAST_SERIES_MAX);
    size_t tiles = ((size_t)series_count + TILE - 1) / TILE;
    return sizeof(sg_nowcast) + tiles * sizeof(tile);
}

sg_nowcast *sg_nowcast_create(void *memory, int32_t series_count)
{
    SG_CHECK((uintptr_t)memory % 64 == 0);
    sg_nowcast *self = memory;
    memset(memory, 0, sg_nowcast_size(series_count));
    memcpy(self->magic, magic, sizeof magic);
    self->version = VERSION;
    self->count = series_count;
    self->tile_count = (series_count + TILE - 1) / TILE;
    for (int32_t i = 0; i < self->tile_count; i++) {
        for (int k = 0; k < BLOCKS * WAYS; k++) {
            for (int l = 0; l < TILE; l++) {
                self->tiles[i].bet[k / WAYS][k % WAYS].wealth[l] = purse;
            }
        }
    }
    return self;
}

/* How far a trend has come after `ahead` ticks, for a trend of 1: damping + damping^2 + ... */
typedef struct path {
    double at[SG_NOWCAST_STEP_MAX];
} path;

static path path_of(void)
{
    path p;
    double step = 1, sum = 0;
    for (int h = 0; h < SG_NOWCAST_STEP_MAX; h++) {
        step *= damping;
        sum += step;
        p.at[h] = sum;
    }
    return p;
}

/* --- one tick --- */

typedef struct tick_job {
    sg_nowcast *self;
    const double *value;
    const uint8_t *quality;
    int32_t age[BLOCKS],
        slot[BLOCKS]; /* the snapshot that each block is judged by; age 0: there is none so old */
    float path[BLOCKS];
    int32_t recent_slot, seldom_slot; /* of the snapshots that this tick leaves; -1: none */
} tick_job;

/* Of 16 series: what they were, what came, and where something did. */
typedef struct news {
    _Alignas(64) float last[TILE];
    float value[TILE];
    int32_t came[TILE];
} news;

static void take_in(const tick_job *j, int32_t t, news *ret)
{
    tile *of = &j->self->tiles[t];
    int32_t from = t * TILE, left = j->self->count - from;
    for (int32_t l = 0; l < TILE; l++) {
        double x = l < left ? j->value[from + l] : (double)NAN;
        bool trusted = l < left && (!j->quality || j->quality[from + l] <= SG_SUSPECT);
        bool came = trusted && fabs(x) <= value_most;
        ret->last[l] = (float)of->value[l];
        ret->came[l] = came ? -1 : 0;
        ret->value[l] = came ? (float)x : ret->last[l];
        of->value[l] = came ? x : of->value[l];
    }
}

static void remember(const tile *t, const news *n, snapshot *ret)
{
    memcpy(ret->value, n->value, sizeof ret->value);
    memcpy(ret->level, t->level, sizeof ret->level);
    memcpy(ret->trend, t->trend, sizeof ret->trend);
}

/* --- what is said --- */

/* Of 16 series and each block: last value + base + slope * path. */
typedef struct outlook {
    line base[BLOCKS], slope[BLOCKS];
} outlook;

typedef struct tell_job {
    const sg_nowcast *self;
    int32_t steps;
    double *ret;
    path path;
} tell_job;

typedef struct sweep_job {
    int32_t tile_count;
    const tick_job *tick; /* NULL: nothing came in   */
    const tell_job *tell; /* NULL: nothing was asked */
} sweep_job;

/* --- both, in vectors --- */

#define LANE      float
#define LANE_MASK int32_t

#define LANES     4
#define TARGET
#define NAMED(name) name##_base
#include "forecast/nowcast_lanes.h"

#if defined(__x86_64__)
#define LANES       8
#define TARGET      __attribute__((target("avx2")))
#define NAMED(name) name##_avx2
#include "forecast/nowcast_lanes.h"

static bool wide(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
#define sweep_part_avx2 sweep_part_base

static bool wide(void)
{
    return false;
}
#endif

static void sweep(sg_pool *pool, sweep_job j)
{
    int parts = (j.tile_count + PART_TILES - 1) / PART_TILES;
    sg_pool_run(pool, wide() ? sweep_part_avx2 : sweep_part_base, &j, parts);
}

/* Each tick judges every block at one age; the ages that a block holds take turns. */
static void choose_ages(tick_job *j)
{
    path p = path_of();
    int64_t tick = j->self->tick, residue = tick % EVERY, turn = tick / EVERY;
    for (int k = 0; k < BLOCKS; k++) {
        int64_t low = (block_from[k] - residue + EVERY - 1) / EVERY;
        int64_t high = (block_to[k] - residue) / EVERY;
        int64_t age = k < RECENT ? k + 1 : residue + EVERY * (low + turn % (high - low + 1));
        int64_t slot = k < RECENT ? (tick - age) % RECENT : (tick - age) / EVERY % SNAPSHOTS;
        j->age[k] = tick >= age ? (int32_t)age : 0;
        j->slot[k] = tick >= age ? (int32_t)slot : 0;
        j->path[k] = (float)p.at[age - 1];
    }
    j->recent_slot = (int32_t)(tick % RECENT);
    j->seldom_slot = residue == 0 ? (int32_t)(turn % SNAPSHOTS) : -1;
}

static tell_job tell_job_of(const sg_nowcast *self, int32_t steps, double *ret)
{
    SG_CHECK(steps >= 1 && steps <= SG_NOWCAST_STEP_MAX);
    return (tell_job){self, steps, ret, path_of()};
}

void sg_nowcast_update(sg_nowcast *self, sg_pool *pool, const double *value, const uint8_t *quality)
{
    tick_job tick = {.self = self, .value = value, .quality = quality};
    choose_ages(&tick);
    sweep(pool, (sweep_job){self->tile_count, &tick, NULL});
    self->tick++;
}

void sg_nowcast_predict(const sg_nowcast *self, sg_pool *pool, int32_t steps, double *ret)
{
    tell_job tell = tell_job_of(self, steps, ret);
    sweep(pool, (sweep_job){self->tile_count, NULL, &tell});
}

void sg_nowcast_tick(sg_nowcast *self, sg_pool *pool, const double *value, const uint8_t *quality,
                     int32_t steps, double *ret)
{
    tick_job tick = {.self = self, .value = value, .quality = quality};
    tell_job tell = tell_job_of(self, steps, ret);
    choose_ages(&tick);
    sweep(pool, (sweep_job){self->tile_count, &tick, &tell});
    self->tick++;
}

static int block_of(int32_t ahead)
{
    SG_CHECK(ahead >= 1 && ahead <= SG_NOWCAST_STEP_MAX);
    int k = 0;
    while (ahead > block_to[k]) {
        k++;
    }
    return k;
}

static double said_of(const tile *t, const outlook *o, int k, int l, double way)
{
    return t->value[l] + ((double)o->base[k][l] + (double)o->slope[k][l] * way);
}

double sg_nowcast_at(const sg_nowcast *self, int32_t series, int32_t ahead)
{
    SG_CHECK(series >= 0 && series < self->count);
    const tile *t = &self->tiles[series / TILE];
    outlook o;
    look_ahead_base(t, &o);
    return said_of(t, &o, block_of(ahead), series % TILE, path_of().at[ahead - 1]);
}

/* How far the bounds of series l lie from what is said. */
static void reach_of(const band *b, int l, sg_nowcast_level level, double *ret_low,
                     double *ret_high)
{
    double low = fmin((double)b->bound[0][l], 0), high = fmax((double)b->bound[2][l], 0);
    if (level == SG_NOWCAST_95) { /* never inside the other */
        low = fmin(low, (double)b->bound[1][l]);
        high = fmax(high, (double)b->bound[3][l]);
    }
    *ret_low = low;
    *ret_high = high;
}

void sg_nowcast_interval(const sg_nowcast *self, int32_t series, int32_t ahead,
                         sg_nowcast_level level, double *ret_low, double *ret_high)
{
    double said = sg_nowcast_at(self, series, ahead);
    double low, high;
    reach_of(&self->tiles[series / TILE].of[block_of(ahead)], series % TILE, level, &low, &high);
    *ret_low = said + low;
    *ret_high = said + high;
}

void sg_nowcast_told(const sg_nowcast *self, int32_t ahead, sg_nowcast_level level,
                     double *ret_said, double *ret_low, double *ret_high)
{
    int k = block_of(ahead);
    double way = path_of().at[ahead - 1];
    for (int32_t i = 0; i < self->tile_count; i++) {
        const tile *t = &self->tiles[i];
        int32_t from = i * TILE, left = self->count - from;
        outlook o;
        look_ahead_base(t, &o);
        for (int32_t l = 0; l < TILE && l < left; l++) {
            double low, high, said = said_of(t, &o, k, l, way);
            reach_of(&t->of[k], l, level, &low, &high);
            ret_said[from + l] = said;
            ret_low[from + l] = said + low;
            ret_high[from + l] = said + high;
        }
    }
}

/* --- kept across a restart --- */

size_t sg_nowcast_saved_size(const sg_nowcast *self)
{
    return sg_nowcast_size(self->count);
}

static uint32_t checksum(const void *saved, size_t size)
{
    sg_nowcast head;
    memcpy(&head, saved, sizeof head);
    head.checksum = 0;
    return sg_crc32c(sg_crc32c(0, &head, sizeof head), (const char *)saved + sizeof head,
                     size - sizeof head);
}

void sg_nowcast_save(const sg_nowcast *self, void *ret)
{
    size_t size = sg_nowcast_saved_size(self);
    memcpy(ret, self, size);
    uint32_t sum = checksum(ret, size);
    memcpy((char *)ret + offsetof(sg_nowcast, checksum), &sum, sizeof sum);
}

sg_status sg_nowcast_load(sg_nowcast *self, const void *saved, size_t size)
{
    sg_nowcast head;
    if (size < sizeof head) {
        return SG_FORMAT;
    }
    memcpy(&head, saved, sizeof head);
    if (memcmp(head.magic, magic, sizeof magic) != 0 || head.version != VERSION) {
        return SG_FORMAT;
    }
    if (head.count != self->count || head.tile_count != self->tile_count) {
        return SG_RANGE;
    }
    if (size != sg_nowcast_saved_size(self) || checksum(saved, size) != head.checksum) {
        return SG_CORRUPT;
    }
    memcpy(self, saved, size);
    self->checksum = 0;
    return SG_OK;
}
