/* allocate_tree.h - the prepared tree: order, memory and sweeps over leaves. Private to allocation.
 *
 * Order    nodes stand at places in depth-first order, so that a subtree is one range of places; the
 *          leaves of a class are slots, place after place, each place filled up to a whole pair with slots
 *          of no weight that want nothing: neighbours that rise together stand in one row.
 * Chunks   ranges of whole subtrees of some thousand leaves: what one thread sweeps at a time. The
 *          places in no chunk are the top of the tree. Both depend on the tree alone.
 * Shut     a place with a limit of nothing, and all below it: they get nothing whatever they ask for,
 *          so nobody looks for their levels. */
#ifndef SG_CONTROL_ALLOCATE_TREE_H
#define SG_CONTROL_ALLOCATE_TREE_H
#include "base/limits.h"
#include "control/allocate.h"

#include <stdbool.h>

/* A place's slots of a class, without the one that fills up a pair: it begins at an even slot. */
typedef struct sg_slots {
    int32_t from, to;
} sg_slots;

#define SG_ALLOCATOR_MAGIC UINT64_C(0x31434F4C4C414753) /* "SGALLOC1" */

/* The head of the block. */
struct sg_allocator {
    uint64_t magic;
    int32_t node_count, leaf_count, class_count, slot_count;
    int32_t chunk_count, top_count;
    int32_t fresh, pad; /* 1: nothing was solved yet */
    int64_t used;
};

/* The block resolved to pointers; name, type, how many. */
#define SG_TREE_ARRAYS(X)                                                           \
    X(weight, double, slots)                                                        \
    X(min, double, slots)                                                           \
    X(demand, double, slots)                                                        \
    X(own, double, nodes *phases) /* [place][phase] asked by its own leaves */      \
    X(own_least, double, nodes)   /* of that: the minimums, and in all */           \
    X(own_all, double, nodes)                                                       \
    X(total, double, nodes *phases) /* [place][phase] taken below, as limits let */ \
    X(limit, double, nodes)                                                         \
    X(level, double, nodes)     /* at which the place is full, in phase `full` */   \
    X(cap_level, double, nodes) /* the first of these on the way to the root */     \
    X(own_given, double, nodes)                                                     \
    X(given, double, nodes)      /* sum below, in the promised order */             \
    X(part_below, double, nodes) /* [chunk] partial sums of a sweep */              \
    X(part_slope, double, nodes)                                                    \
    X(leaf, int32_t, slots) /* -1: none */                                          \
    X(node, int32_t, nodes)                                                         \
    X(parent, int32_t, nodes)     /* place, -1: root */                             \
    X(end, int32_t, nodes)        /* of the subtree's places */                     \
    X(first_leaf, int32_t, nodes) /* of the own ones, -1: they are not in a row */  \
    X(own_count, int32_t, nodes)                                                    \
    X(below_count, int32_t, nodes) /* leaves in the subtree */                      \
    X(chunk, int32_t, nodes + 1)   /* [chunk] first place */                        \
    X(chunk_end, int32_t, nodes + 1)                                                \
    X(top, int32_t, nodes)             /* places in no chunk */                     \
    X(slots, sg_slots, nodes *classes) /* [place][class] */                         \
    X(full, int8_t, nodes)             /* phase, or phase_count: never full */      \
    X(cap, int8_t, nodes)              /* -1: to be given anew */                   \
    X(news, uint8_t, nodes)            /* something differs in the subtree */       \
    X(shut, uint8_t, nodes)            /* there is nothing for it at all */         \
    X(is_top, uint8_t, nodes)                                                       \
    X(part_near, uint8_t, nodes)                                                    \
    X(chunk_odd, uint8_t, nodes) /* [chunk] a class is not the one in the order */

typedef struct sg_tree {
    sg_allocator *head;
    int32_t node_count, class_count, phase_count;
#define X(name, type, count) type *name;
    SG_TREE_ARRAYS(X)
#undef X
} sg_tree;

sg_tree sg_tree_at(sg_allocator *self);

static inline sg_slots sg_tree_leaves(const sg_tree *t, int class, int at)
{
    return t->slots[(size_t)at * (size_t)t->class_count + (size_t) class];
}

/* The slots of neighbouring places [from, to), in whole pairs. */
static inline sg_slots sg_tree_row(const sg_tree *t, int class, int from, int to)
{
    return (sg_slots){sg_tree_leaves(t, class, from).from,
                      (sg_tree_leaves(t, class, to - 1).to + 1) & ~1};
}

/* What a subtree takes, phase by phase. */
static inline double *sg_tree_total(const sg_tree *t, int phase, int at)
{
    return &t->total[(size_t)at * (size_t)t->phase_count + (size_t)phase];
}

/* What a leaf's demand counts for. */
static inline double sg_allocation_demand_w(const sg_allocation *p, int leaf)
{
    double demand = p->leaf_demand_w[leaf];
    return p->leaf_most_w && p->leaf_most_w[leaf] < demand ? p->leaf_most_w[leaf] : demand;
}

/* The own leaves of a place: take in what they ask for. False when a leaf's class is not the one
 * that the order has it in. */
bool sg_tree_look(const sg_tree *t, const sg_allocation *p, sg_allocation_news news, int at);

/* Have the slots of a place brought near: to look at all, to find its level, to hand out. There are too many streams of them for a
 * core to foresee. The latter two do so only for a place that has news. */
void sg_tree_fetch_look(const sg_tree *t, int at);
void sg_tree_fetch_full(const sg_tree *t, int at);
void sg_tree_fetch_give(const sg_tree *t, int at);

/* What slots take at a level: `below` by those that have their ask, `slope` per unit of level by the
 * others. */
typedef struct sg_taken {
    double below, slope;
    bool near; /* looked for only when asked to: an ask (or a full node) within this of the level */
} sg_taken;
#define SG_TAKEN_NEAR 0x1p-30

/* Add slots [from, to) to what is there. */
void sg_tree_take(const sg_tree *t, bool rest, bool watch, int from, int to, double level,
                  sg_taken *sum);

/* Hand out to the own leaves of a place what (cap, cap_level) allows. */
void sg_tree_give(const sg_tree *t, int at, double *given_w);

/* Sums of the own leaves by index, of up to SG_TREE_SUMS places; one by itself. */
enum { SG_TREE_SUMS = 4 };
void sg_tree_own_sums(const sg_tree *t, const int32_t *place, int count, const double *given_w);
double sg_tree_own_sum(const sg_tree *t, int at, const double *given_w);
#endif
