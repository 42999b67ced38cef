#include "base/sweep.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/quads.h"

#include <stddef.h>
#include <string.h>

enum { HASH_LANES = 4, HASH_BLOCK = 1 << 16 };

#define SG_QUADS 2
#include "base/sweep_quads.h"
#undef SG_QUADS
#if SG_QUADS_X86
#define SG_QUADS 4
#include "base/sweep_quads.h"
#undef SG_QUADS
#define BY_WIDTH(name, ...) (SG_QUADS_WIDE() ? name##4(__VA_ARGS__) : name##2(__VA_ARGS__))
#else
#define BY_WIDTH(name, ...) name##2(__VA_ARGS__)
#endif

double sg_lanes_sum(const double *value, int32_t count)
{
    return BY_WIDTH(lanes_sum, value, count);
}

double sg_lanes_squares(const double *value, int32_t count, double *ret_sum)
{
    return BY_WIDTH(lanes_squares, value, count, ret_sum);
}

bool sg_lanes_within(const double *value, const double *most, double scale, double more,
                     int32_t count)
{
    return BY_WIDTH(lanes_within, value, most, scale, more, count);
}

bool sg_lanes_below(const double *value, const double *x, double a, const double *y, double b,
                    int32_t count)
{
    return BY_WIDTH(lanes_below, value, x, a, y, b, count);
}

typedef struct sum_job {
    const double *value;
    int32_t count;
    double sum[SG_SWEEP_BLOCK_MAX];
} sum_job;

static void sum_part(void *context, int part)
{
    sum_job *j = context;
    sg_span s = sg_sweep_span(part, j->count);
    j->sum[part] = sg_lanes_sum(j->value + s.from, s.to - s.from);
}

double sg_sweep_sum(sg_pool *pool, const double *value, int32_t count)
{
    int32_t blocks = sg_sweep_blocks(count);
    SG_CHECK(blocks <= SG_SWEEP_BLOCK_MAX);
    sum_job j;
    j.value = value;
    j.count = count;
    sg_pool_run(pool, sum_part, &j, blocks);
    double sum = 0;
    for (int32_t b = 0; b < blocks; b++) {
        sum += j.sum[b];
    }
    return sum;
}

uint8_t sg_bytes_any(const uint8_t *byte, int32_t count)
{
    uint64_t any = 0;
    uint8_t rest = 0;
    int32_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t word;
        memcpy(&word, byte + i, sizeof word);
        any |= word;
    }
    for (; i < count; i++) {
        rest |= byte[i];
    }
    any |= any >> 32;
    any |= any >> 16;
    return (uint8_t)(any | any >> 8 | rest);
}

static uint64_t hash_lanes(const unsigned char *at, size_t size)
{
    const uint64_t mix = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t lane[HASH_LANES] = {SG_HASH_START, SG_HASH_START + 1, SG_HASH_START + 2,
                                 SG_HASH_START + 3};
    for (; size >= sizeof lane; size -= sizeof lane, at += sizeof lane) {
        for (int k = 0; k < HASH_LANES; k++) {
            uint64_t word;
            memcpy(&word, at + 8 * k, sizeof word);
            lane[k] = (lane[k] ^ word) * mix;
            lane[k] ^= lane[k] >> 29;
        }
    }
    return sg_hash(sg_hash(SG_HASH_START, lane, sizeof lane), at, size);
}

/* Hashes of blocks are mixed a row of them at a time, in order. */
typedef struct hash_job {
    const unsigned char *data;
    int64_t size;
    uint64_t hash[SG_SWEEP_BLOCK_MAX];
} hash_job;

static void hash_part(void *context, int part)
{
    hash_job *j = context;
    int64_t from = (int64_t)part * HASH_BLOCK, left = j->size - from;
    j->hash[part] = hash_lanes(j->data + from, (size_t)(left < HASH_BLOCK ? left : HASH_BLOCK));
}

uint64_t sg_sweep_hash(sg_pool *pool, uint64_t hash, const void *data, int64_t size)
{
    const int64_t row = (int64_t)HASH_BLOCK * SG_SWEEP_BLOCK_MAX;
    const unsigned char *at = data;
    for (; size > 0; at += row, size -= row) {
        hash_job j;
        j.data = at;
        j.size = size < row ? size : row;
        int blocks = (int)((j.size + HASH_BLOCK - 1) / HASH_BLOCK);
        sg_pool_run(pool, hash_part, &j, blocks);
        hash = sg_hash(hash, j.hash, sizeof j.hash[0] * (size_t)blocks);
    }
    return hash;
}
