/* lanes.h - several rows of a table at a time, for the models whose `batch` is to keep up with memory.
 *
 * Two rows a register on any 64-bit machine, four where SG_LANES_WIDE() finds AVX2. Each operation is the IEEE one on each
 * row, so a row gives the same bits beside any other row, alone, and on any machine. A model writes its equations once, in
 * src/model/<name>_rows.h, and includes that with SG_LANES 2 and, where SG_LANES_X86, with SG_LANES 4 defined; its `step` is a
 * row beside itself.
 *
 *     sg_lanes(N)          N doubles                     sg_lanes_mask(N)   of a comparison: all ones or none
 *     SG_LANES_OF(N, x)    x in each                     sg_lanes<N>_load, _store, _min, _max, _clamp, _sqrt, _pick */
#ifndef SG_MODEL_LANES_H
#define SG_MODEL_LANES_H
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__SSE2__)
#include <immintrin.h>
#define SG_LANES_X86 1
#else
#define SG_LANES_X86 0
#endif

#define SG_LANES_CODE2 static inline __attribute__((always_inline))
#define SG_LANES_CODE4 static inline __attribute__((target("avx2")))

typedef double sg_lanes2 __attribute__((vector_size(16)));
typedef int64_t sg_lanes_mask2 __attribute__((vector_size(16)));

#if SG_LANES_X86
typedef double sg_lanes4 __attribute__((vector_size(32)));
typedef int64_t sg_lanes_mask4 __attribute__((vector_size(32)));
#define SG_LANES_WIDE() (__builtin_cpu_supports("avx2") != 0)
#else
#define SG_LANES_WIDE() false
static inline sg_lanes2 sg_lanes2_lesser(sg_lanes2 a, sg_lanes2 b)
{
    return (sg_lanes2){a[0] < b[0] ? a[0] : b[0], a[1] < b[1] ? a[1] : b[1]};
}
static inline sg_lanes2 sg_lanes2_greater(sg_lanes2 a, sg_lanes2 b)
{
    return (sg_lanes2){a[0] > b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1]};
}
static inline sg_lanes2 sg_lanes2_root(sg_lanes2 x)
{
    return (sg_lanes2){sqrt(x[0]), sqrt(x[1])};
}
#endif

/* min is a < b ? a : b, max a > b ? a : b, pick mask ? yes : no. */
#define SG_LANES_MAKE(N, LESSER, GREATER, ROOT)                                                \
    SG_LANES_CODE##N sg_lanes##N sg_lanes##N##_load(const double *from)                        \
    {                                                                                          \
        sg_lanes##N ret;                                                                       \
        memcpy(&ret, from, sizeof ret);                                                        \
        return ret;                                                                            \
    }                                                                                          \
    SG_LANES_CODE##N void sg_lanes##N##_store(double *to, sg_lanes##N value)                   \
    {                                                                                          \
        memcpy(to, &value, sizeof value);                                                      \
    }                                                                                          \
    SG_LANES_CODE##N sg_lanes##N sg_lanes##N##_min(sg_lanes##N a, sg_lanes##N b)               \
    {                                                                                          \
        return LESSER(a, b);                                                                   \
    }                                                                                          \
    SG_LANES_CODE##N sg_lanes##N sg_lanes##N##_max(sg_lanes##N a, sg_lanes##N b)               \
    {                                                                                          \
        return GREATER(a, b);                                                                  \
    }                                                                                          \
    SG_LANES_CODE##N sg_lanes##N sg_lanes##N##_clamp(sg_lanes##N x, sg_lanes##N low,           \
                                                     sg_lanes##N high)                         \
    {                                                                                          \
        return GREATER(LESSER(x, high), low);                                                  \
    }                                                                                          \
    SG_LANES_CODE##N sg_lanes##N sg_lanes##N##_sqrt(sg_lanes##N x)                             \
    {                                                                                          \
        return ROOT(x);                                                                        \
    }                                                                                          \
    SG_LANES_CODE##N sg_lanes##N sg_lanes##N##_pick(sg_lanes_mask##N mask, sg_lanes##N yes,    \
                                                    sg_lanes##N no)                            \
    {                                                                                          \
        return (sg_lanes##N)(((sg_lanes_mask##N)yes & mask) | ((sg_lanes_mask##N)no & ~mask)); \
    }

#if SG_LANES_X86
SG_LANES_MAKE(2, _mm_min_pd, _mm_max_pd, _mm_sqrt_pd)
SG_LANES_MAKE(4, _mm256_min_pd, _mm256_max_pd, _mm256_sqrt_pd)
#else
SG_LANES_MAKE(2, sg_lanes2_lesser, sg_lanes2_greater, sg_lanes2_root)
#endif

#define SG_LANES_OF2(x) ((sg_lanes2){(x), (x)})
#define SG_LANES_OF4(x) ((sg_lanes4){(x), (x), (x), (x)})

/* For <name>_rows.h: names of the width that SG_LANES says. */
#define SG_LANES_PASTE2(a, b)    a##b
#define SG_LANES_PASTE3(a, b, c) a##b##c
#define SG_LANES_JOIN2(a, b)     SG_LANES_PASTE2(a, b)
#define SG_LANES_JOIN3(a, b, c)  SG_LANES_PASTE3(a, b, c)
#define LANES                    SG_LANES_JOIN2(sg_lanes, SG_LANES)      /* the type           */
#define LANES_MASK               SG_LANES_JOIN2(sg_lanes_mask, SG_LANES) /* of a comparison    */
#define LANES_OF(x)              SG_LANES_JOIN2(SG_LANES_OF, SG_LANES)(x)
#define LANES_DO(what)           SG_LANES_JOIN3(sg_lanes, SG_LANES, what) /* LANES_DO(_min)(a, b) */
#define LANES_NAME(name)         SG_LANES_JOIN2(name, SG_LANES)           /* a function's own  */
#define LANES_CODE               SG_LANES_JOIN2(SG_LANES_CODE, SG_LANES)
#endif
