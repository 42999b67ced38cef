/* news.h - which nodes have loads that must be looked at, and what was found at the others.
 *
 * Idea     a step goes over the loads node by node, and leaves out the nodes at which nothing can come out other than before.
 *          What it made of their loads stands in the engine's arrays, and what they add up to is kept here. A node that is
 *          looked at is done as a whole, in the order of its loads, so a step that looks at some and one that looks at all come
 *          to the same bits.
 * News     a reading of the node's loads that may differ from the frame before; or it is restless: one of its readings is not
 *          good and grows older, a count of steps runs. Later in the step also what the allocation gives and why.
 * Threads  the nodes are shared out in parts of some thousand loads. A part writes to its own nodes alone; sums over nodes are
 *          made by the caller, in their order.
 * Memory   one block without pointers, scratch: it may be lost, zeros know nothing, and then all has news once. Nothing is
 *          allocated. */
#ifndef SG_SITE_NEWS_H
#define SG_SITE_NEWS_H
#include "base/limits.h"
#include "base/pool.h"
#include "site/plant.h"

enum {
    SG_NEWS_PART_LOADS = 8192, /* loads of a part; those of one node stay together, however many */
    SG_NEWS_PART_MAX = SG_DEVICE_MAX / SG_NEWS_PART_LOADS + 1
};

typedef struct sg_news_head {
    uint64_t magic;
    int32_t node_count, load_count, part_count, pad;
    int32_t all;  /* the next step looks at all of it */
    int32_t full; /* the last one found no room anywhere */
    double dt_s;  /* of the last step                 */
    int64_t size; /* of the block                     */
} sg_news_head;

/* name, type, how many */
#define SG_NEWS_ARRAYS(X)                                                                          \
    X(first, int32_t,                                                                              \
      nodes + 1)                /* [node + 1] in `load`                                         */ \
    X(load, int32_t, loads)     /* [load] node by node, ascending in each                       */ \
    X(part, int32_t, nodes + 1) /* [part_count + 1] first node                                  */ \
    /* of this step, 0 or 1 */                                                                     \
    X(readings, uint8_t, nodes) /* may differ from what they were                               */ \
    X(given, uint8_t, nodes)    /* so may what its loads get, or why                            */ \
    X(asks, uint8_t, nodes)     /* what they could take beyond that is asked anew               */ \
    X(waits, uint8_t, nodes)    /* it would have to be; kept until there is room                */ \
    X(spared, uint8_t, nodes)   /* and what they got beyond that was given anew                 */ \
    /* what was found at a node's loads; kept until they are looked at again */                    \
    X(read_w, double, nodes) /* their powers as the field read them, ...                     */    \
    X(read_square, double,                                                                         \
      nodes)                   /* ... and the squares of these                                */   \
    X(demand_w, double, nodes) /* as trusted                                                   */  \
    X(power_w, double, nodes)                                                                      \
    X(cap_w, double, nodes)                                                                        \
    X(hash, uint64_t, nodes)   /* of caps and reasons                                        */    \
    X(suspect, int32_t, nodes) /* readings by quality; all others are good                   */    \
    X(stale, int32_t, nodes)                                                                       \
    X(none, int32_t, nodes)                                                                        \
    X(lost, int32_t, nodes) /* demands that are stale or none                             */       \
    X(disbelieved, int32_t,                                                                        \
      nodes)                    /* demands that were replaced by what is drawn                */   \
    X(restless, uint8_t, nodes) /* 0: all readings good and of now, no count of steps runs    */   \
    X(why, uint8_t, nodes)      /* sg_reason of a load that gets less than it wants           */   \
    X(least, uint8_t, nodes)    /* one of its loads may get less than its minimum             */   \
    X(no_spare, uint8_t, nodes) /* none of its loads got anything beyond what it wants        */

typedef struct sg_news {
    sg_news_head *head;
#define X(name, type, count) type *name;
    SG_NEWS_ARRAYS(X)
#undef X
} sg_news;

/* Loads that follow one another. */
typedef struct sg_row {
    int32_t from, to;
} sg_row;

/* Those that begin at place i of `load`, of a node that ends at place `end`: mostly all of it, so that sweeps over a node are
 * sweeps over arrays. */
static inline sg_row sg_news_row(const sg_news *self, int32_t i, int32_t end)
{
    const int32_t *load = self->load;
    int32_t count = end - i;
    if (load[end - 1] - load[i] != count - 1) {
        for (count = 1; load[i + count] == load[i] + count;) {
            count++;
        }
    }
    return (sg_row){load[i], load[i] + count};
}

/* @effects alloc=no block=no fails=never */
size_t sg_news_size(int32_t node_count, int32_t load_count);

/* The block in memory of that size, aligned for doubles; one that is not of this plant is begun anew. */
sg_news sg_news_at(void *memory, const sg_plant *plant);

/* Begin a step: mark the nodes whose readings are looked at. changed: points that may differ, ascending; NULL: any. */
void sg_news_begin(const sg_news *self, const sg_plant *plant, const int32_t *changed,
                   int32_t changed_count, double dt_s, sg_pool *pool);

/* All nodes, for the rest of this step. */
void sg_news_all(const sg_news *self);
/* All nodes in the next step: somebody has changed what was left to stand. */
void sg_news_forget(const sg_news *self);
#endif
