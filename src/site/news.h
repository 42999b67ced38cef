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
    int32_t node_count, load_count, part_count;
    int32_t all;  /* the next step looks at all of it */
    double dt_s;  /* of the last step                 */
    int64_t size; /* of the block                     */
} sg_news_head;

/* What was found at a node's loads; kept until they are looked at again. */
typedef struct sg_found {
    double read_w, read_square; /* their powers as the field read them, and the squares of these */
    double demand_w, power_w;   /* as trusted                                                    */
    double cap_w;
    uint64_t hash;                /* of caps and reasons                            */
    int32_t suspect, stale, none; /* readings by quality; all others are good       */
    int32_t lost;                 /* demands that are stale or none                 */
    int32_t disbelieved;          /* demands that were replaced by what is drawn    */
    uint8_t restless;
    uint8_t why; /* sg_reason of a load that gets less than it wants */
    uint8_t pad[2];
} sg_found;

typedef struct sg_news {
    sg_news_head *head;
    int32_t *first;  /* [node + 1] in `load`                     */
    int32_t *load;   /* [load] node by node, ascending in each   */
    int32_t *part;   /* [part_count + 1] first node              */
    sg_found *found; /* [node]                                   */
    /* of this step, 0 or 1 */
    uint8_t *readings; /* [node] may differ from what they were      */
    uint8_t *given;    /* [node] so may what its loads get, or why   */
    uint8_t *asks;     /* [node] what they could take beyond that is asked anew */
    uint8_t *waits;    /* [node] it would have to be; kept until there is room  */
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
                   int32_t changed_count, double dt_s);

/* All nodes, for the rest of this step. */
void sg_news_all(const sg_news *self);
/* All nodes in the next step: somebody has changed what was left to stand. */
void sg_news_forget(const sg_news *self);
#endif
