/* allocate.h - who gets how much when the tree has limits (symgrid.allocation/1).
 *
 * Method   phases of weighted max-min fairness, exact up to rounding: first the minimums of class
 *          0, 1, ... then the rest up to demand of class 0, 1, ... What a phase gave is never taken
 *          back. The point that progressive filling would reach is found from the phase and level
 *          at which each node is full: one pass up the tree, one down; see allocate.c.
 * Units    W here (the JSON door speaks kW). Power drawn by a leaf is a magnitude >= 0.
 * Shape    nodes in an order with parents before children (node 0 is a root, parent -1; there may
 *          be more roots); leaves name their node.
 * Memory   the caller gives one block of sg_allocation_size() bytes; nothing else is touched. An
 *          allocator in it holds no pointers and may be moved.
 * Sums     below a node: its own leaves by index, then its children from the last node to the
 *          first. In this order the result never exceeds a limit, not even by rounding; a node with
 *          many leaves below keeps 2e-13 of its limit back so that this costs no second pass.
 * Limits   no recursion; the level of a node costs at most 192 sweeps (3 to 6 are usual) over the
 *          leaves below it that are of one class. When every demand fits, one pass in all.
 * Source   Bertsekas & Gallager, Data Networks, 1992, section 6.5.2 (max-min fairness, bottleneck
 *          argument). */
#ifndef SG_CONTROL_ALLOCATE_H
#define SG_CONTROL_ALLOCATE_H
#include "base/pool.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One allocation problem; arrays are the caller's and only read. */
typedef struct sg_allocation {
    int node_count;
    const int32_t *node_parent; /* [node] -1 for roots */
    const double *node_limit_w; /* [node] >= 0, INFINITY = no limit */
    int leaf_count;
    const int32_t *leaf_node;    /* [leaf] */
    const uint8_t *leaf_class;   /* [leaf] 0 .. SG_CLASS_MAX-1 */
    const double *leaf_weight;   /* [leaf] > 0 */
    const double *leaf_min_w;    /* [leaf] >= 0 */
    const double *leaf_demand_w; /* [leaf] >= 0 */
    const double *leaf_most_w;   /* [leaf] >= 0, what counts of a demand; NULL: all of it */
} sg_allocation;

/* Bytes of scratch memory for a tree of this size. @effects alloc=no block=no fails=never */
size_t sg_allocation_size(int node_count, int leaf_count);

/* scratch is aligned for doubles. Fill ret_given_w[leaf], and ret_binding[node] with 1 where the
 * node's limit stopped somebody (may be NULL). Inputs must be finite (limits may be INFINITY):
 * checked by SG_CHECK on the first violation. Invariants: given <= demand; the sum below each node
 * <= its limit (exactly, in the order of the final sweep). @effects alloc=no block=no fails=never
 * */
void sg_allocate(const sg_allocation *problem, void *scratch, double *ret_given_w,
                 uint8_t *ret_binding);

/* --- the same tree again and again --- */

typedef struct sg_allocator sg_allocator;

/* What of the problem may differ from the last step; limits always may. */
typedef enum sg_allocation_news {
    SG_NEWS_ALL, /* demands, minimums, weights, classes; new classes cost a new order of the leaves */
    SG_NEWS_DEMAND /* demands alone */
} sg_allocation_news;

typedef struct sg_allocation_step {
    sg_allocation_news news;
    const uint8_t *node_news; /* [node] 0: no leaf of the node itself differs; NULL: look at all  */
    sg_pool *pool;            /* NULL: in this thread; the result is the same to the last bit */
    uint8_t *node_given; /* [node] set to 1 where leaves of the node itself were given anew; may
                                 be NULL */
    uint8_t *node_least; /* [node] where node_given: 1 if a leaf of its own may get less than its
                                 minimum, else 0; may be NULL */
} sg_allocation_step;

/* The allocator that a block holds; where it holds none of this size, it is prepared. A block of
 * zeros holds none. */
sg_allocator *sg_allocator_at(void *memory, const sg_allocation *problem);
void sg_allocator_forget(void *memory);
/* Nothing was solved yet: the next look is at all leaves, whatever node_news says. */
bool sg_allocator_fresh(const sg_allocator *self);

/* Put the tree's leaves in order, once. Only tree, leaves' nodes and classes are read; memory is
 * sg_allocation_size() bytes aligned for doubles. @effects alloc=no block=no fails=never */
sg_allocator *sg_allocator_create(void *memory, const sg_allocation *problem);

/* sg_allocate() for the prepared tree: the same bits, whatever the steps before. Subtrees without
 * news keep their levels, and leaves whose levels stand are not written: ret_given_w is what the
 * last step filled. @effects alloc=no block=as the pool fails=never */
void sg_allocator_step(sg_allocator *self, const sg_allocation *problem,
                       const sg_allocation_step *how, double *ret_given_w, uint8_t *ret_binding);

/* The two halves of a step, for whoever needs the sums of what is asked to set the limits: take in
 * leaves, then solve for the limits in `problem`. */
void sg_allocator_look(sg_allocator *self, const sg_allocation *problem,
                       const sg_allocation_step *how);
void sg_allocator_solve(sg_allocator *self, const sg_allocation *problem,
                        const sg_allocation_step *how, double *ret_given_w, uint8_t *ret_binding);

/* What each node's own leaves ask for, as minimums and in all, and what all below it got in the last
 * step; [node], W. */
void sg_allocator_asked(const sg_allocator *self, double *ret_least_w, double *ret_node_w);
void sg_allocator_given(const sg_allocator *self, double *ret_node_w);

/* Bytes of the block that are in use: the rest is for more classes than there are. */
size_t sg_allocator_used(const sg_allocator *self);
#endif
