/* sweep.h - loops over many devices in blocks, which a pool's threads may share.
 *
 * Rule     blocks begin at multiples of SG_SWEEP_BLOCK, and sums are made lane by lane in a block and block by block, so a sum
 *          is the same to the last bit whoever made its parts. */
#ifndef SG_BASE_SWEEP_H
#define SG_BASE_SWEEP_H
#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>

enum { SG_SWEEP_BLOCK = 8192, SG_SWEEP_BLOCK_MAX = 1024 };

typedef struct sg_span {
    int32_t from, to;
} sg_span;

static inline int32_t sg_sweep_blocks(int32_t count)
{
    return (count + SG_SWEEP_BLOCK - 1) / SG_SWEEP_BLOCK;
}

static inline sg_span sg_sweep_span(int32_t block, int32_t count)
{
    int32_t from = block * SG_SWEEP_BLOCK, to = from + SG_SWEEP_BLOCK;
    return (sg_span){from, to < count ? to : count};
}

/* Of count <= SG_SWEEP_BLOCK * SG_SWEEP_BLOCK_MAX numbers. @effects alloc=no block=as the pool fails=never */
double sg_sweep_sum(sg_pool *pool, const double *value, int32_t count);

/* The same of one block, or of any few numbers. */
double sg_lanes_sum(const double *value, int32_t count);

/* Sum of the squares; *ret_sum of the numbers, in four lanes. */
double sg_lanes_squares(const double *value, int32_t count, double *ret_sum);

/* Is 0 <= value[i] <= scale * most[i] + more everywhere? False for NaN. */
bool sg_lanes_within(const double *value, const double *most, double scale, double more,
                     int32_t count);
/* Is value[i] <= a * x[i] + b * y[i] everywhere? */
bool sg_lanes_below(const double *value, const double *x, double a, const double *y, double b,
                    int32_t count);
/* All bits of some bytes together: 0 when all of them are 0. */
uint8_t sg_bytes_any(const uint8_t *byte, int32_t count);

/* Mix bytes into a hash in four lanes: another number than sg_hash(), made several times as fast. Blocks of 64 kB are hashed
 * on their own, then their hashes. @effects alloc=no block=as the pool fails=never */
uint64_t sg_sweep_hash(sg_pool *pool, uint64_t hash, const void *data, int64_t size);
#endif
