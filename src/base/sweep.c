#include "base/sweep.h"

#include "base/check.h"
#include "base/hash.h"

#include <stddef.h>
#include <string.h>

enum { LANES = 8, HASH_LANES = 4, HASH_BLOCK = 1 << 16 };

double sg_lanes_sum(const double *value, int32_t count)
{
    double lane[LANES] = {0}, rest = 0;
    int32_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            lane[k] += value[i + k];
        }
    }
    for (; i < count; i++) {
        rest += value[i];
    }
    return (((lane[0] + lane[4]) + (lane[2] + lane[6])) +
            ((lane[1] + lane[5]) + (lane[3] + lane[7]))) +
           rest;
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
