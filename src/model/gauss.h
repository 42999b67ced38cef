/* gauss.h - normal numbers from the counter-based generator: the n-th of a stream needs only (seed, n).
 * Source   G. Box, M. Muller, Ann. Math. Stat. 29 (1958) 610, the cosine branch. */
#ifndef SG_MODEL_GAUSS_H
#define SG_MODEL_GAUSS_H
#include "base/prng.h"

#include <math.h>

/* The seed of an independent stream: one model draws several things from one seed.
 * @effects alloc=no block=no fails=never */
static inline uint64_t sg_gauss_stream(double seed, uint64_t stream)
{
    return sg_prng_u64((uint64_t)seed, stream);
}

/* Mean 0, standard deviation 1; |value| < 8.6. @effects alloc=no block=no fails=never */
static inline double sg_gauss(uint64_t seed, uint64_t n)
{
    double radius = sqrt(-2 * log(1 - sg_prng_unit(seed, 2 * n))); /* the unit is below 1 */
    return radius * cos(6.283185307179586 * sg_prng_unit(seed, 2 * n + 1));
}
#endif
