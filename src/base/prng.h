/* prng.h - a counter-based generator: the n-th number of a stream needs no state but (seed, n).
 * Source: splitmix64, G. Steele, D. Lea, C. Flood, OOPSLA 2014. Not for secrets. */
#ifndef SG_BASE_PRNG_H
#define SG_BASE_PRNG_H
#include <stdint.h>

/* The n-th 64-bit number of the stream. @effects alloc=no block=no fails=never */
static inline uint64_t sg_prng_u64(uint64_t seed, uint64_t n)
{
    uint64_t z = seed + (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Uniform in [0, 1). @effects alloc=no block=no fails=never */
static inline double sg_prng_unit(uint64_t seed, uint64_t n)
{
    return (double)(sg_prng_u64(seed, n) >> 11) * 0x1p-53;
}
#endif
