/* bytes.h - numbers in messages and images: little endian, at any address. */
#ifndef SG_AGENT_BYTES_H
#define SG_AGENT_BYTES_H
#include <stdint.h>

static inline uint32_t sg_agent_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t sg_agent_u64(const uint8_t *p)
{
    return (uint64_t)sg_agent_u32(p + 4) << 32 | sg_agent_u32(p);
}

static inline void sg_agent_put_u32(uint8_t *p, uint32_t x)
{
    for (unsigned i = 0; i < 4; i++, x >>= 8) {
        p[i] = (uint8_t)x;
    }
}

static inline void sg_agent_put_u64(uint8_t *p, uint64_t x)
{
    sg_agent_put_u32(p, (uint32_t)x);
    sg_agent_put_u32(p + 4, (uint32_t)(x >> 32));
}
#endif
