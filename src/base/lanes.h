/* lanes.h - a vector of LANES numbers and what all kernels do with one; included by a file of kernels, <name>_lanes.h, which is
 * included itself once for each width. Expected before it: LANES, how many numbers a vector holds; LANE and LANE_MASK, the number
 * (float or double) and the signed integer of its size; TARGET, the attribute of the width; NAMED(name), a name with its suffix.
 * lanes_end.h takes the names away again. Each lane is a series by itself, and no width contracts or reorders, so the bits are the
 * same. No include guard: it is meant to be read more than once. */
#define INLINE static inline __attribute__((always_inline)) TARGET
#define lanes  NAMED(lanes)
#define mask   NAMED(mask)
#define all    NAMED(all)
#define load   NAMED(load)
#define store  NAMED(store)
#define where  NAMED(where)
#define least  NAMED(least)
#define most   NAMED(most)

typedef LANE lanes __attribute__((vector_size(LANES * sizeof(LANE))));
typedef LANE_MASK mask __attribute__((vector_size(LANES * sizeof(LANE))));

INLINE lanes all(LANE x)
{
    lanes zero = {0};
    return zero + x;
}

INLINE lanes load(const LANE *at)
{
    lanes x;
    memcpy(&x, at, sizeof x);
    return x;
}

INLINE void store(LANE *at, lanes x)
{
    memcpy(at, &x, sizeof x);
}

/* Comparisons give all bits or none. */
INLINE lanes where(mask yes, lanes a, lanes b)
{
    return (lanes)((yes & (mask)a) | (~yes & (mask)b));
}

INLINE lanes least(lanes a, lanes b)
{
    return where(a < b, a, b);
}

INLINE lanes most(lanes a, lanes b)
{
    return where(a > b, a, b);
}
