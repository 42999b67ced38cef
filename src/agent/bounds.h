/* bounds.h - the few operations that keep a number inside its bounds. Nothing overflows for powers up to
 * SG_AGENT_POWER_MW_MAX; nothing divides. Proved by enumeration in tests/unit/test_agent_bounds.c. */
#ifndef SG_AGENT_BOUNDS_H
#define SG_AGENT_BOUNDS_H
#include <stdint.h>

/* low <= high. */
static inline int32_t sg_agent_clamped(int32_t x, int32_t low, int32_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* The whole product; by halves, because small cores have no such multiplication. */
static inline uint64_t sg_agent_product(uint32_t a, uint32_t b)
{
    uint32_t a0 = a & 0xffff, a1 = a >> 16, b0 = b & 0xffff, b1 = b >> 16;
    uint32_t low = a0 * b0;
    uint32_t middle = a1 * b0 + (low >> 16); /* at most (2^16 - 1)^2 + 2^16 - 1 */
    uint32_t rest = a0 * b1 + (middle & 0xffff);
    uint32_t high = a1 * b1 + (middle >> 16) + (rest >> 16);
    return (uint64_t)high << 32 | (rest << 16 | (low & 0xffff));
}

/* The product, at most `most`; most >= 0. */
static inline int32_t sg_agent_product_capped(uint32_t a, uint32_t b, int32_t most)
{
    uint64_t product = sg_agent_product(a, b);
    return product < (uint32_t)most ? (int32_t)(uint32_t)product : most;
}

/* From x towards the target, by at most `most` >= 0. Their distance fits an int32_t. */
static inline int32_t sg_agent_ramped(int32_t x, int32_t target, int32_t most)
{
    return x + sg_agent_clamped(target - x, -most, most);
}

static inline void sg_agent_count(uint32_t *counter) /* stays at its end */
{
    *counter += *counter != UINT32_MAX;
}
#endif
