/* Cases of a network side by side, as many as a vector holds. Each lane does what sg_powerflow_solve does, in the same order,
 * so the bits are the same. Compiled for three vector widths and
 * chosen at run time: no width contracts or reorders. */
#include "model/powerflow.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LANES_MAX = 8 };

#define ALWAYS_INLINE static inline __attribute__((always_inline)) TARGET

size_t sg_powerflow_batch_size(int32_t node_count)
{
    size_t lanes = LANES_MAX * sizeof(double);
    return lanes + (size_t)node_count * (6 * lanes + sizeof(double));
}

#define LANES 2
#define TARGET
#define NAMED(name) name##_base
#include "model/powerflow_lanes.h"

#if defined(__x86_64__)
#define LANES       4
#define TARGET      __attribute__((target("avx2")))
#define NAMED(name) name##_avx2
#include "model/powerflow_lanes.h"

#define LANES       8
#define TARGET      __attribute__((target("avx512f,avx512dq")))
#define NAMED(name) name##_avx512
#include "model/powerflow_lanes.h"
#endif

void sg_powerflow_batch(const sg_network *self, const sg_powerflow_limits *limits,
                        const sg_powerflow_cases *cases, void *memory)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
        batch_avx512(self, limits, cases, memory);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        batch_avx2(self, limits, cases, memory);
        return;
    }
#endif
    batch_base(self, limits, cases, memory);
}
