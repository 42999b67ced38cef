/* redistribute.h - who gives what to a feeder that is about to be overloaded, over the cables that there are.
 *
 * Problem  On a tree of feeders (and ties between nodes, where there are any) some feeders would carry more than they may. What
 *          is too much comes from supplies below them (stores), or over ties from feeders that have room, with the least loss.
 * Method   Min-cost flow by successive shortest paths (Bellman-Ford, for cancelling a flow has a negative cost). Losses are
 *          quadratic: the cost of a flow x is loss_per_w x^2 + fixed |x|, a chord of quantum_w at a time, so the result is exact
 *          for the piecewise linear cost and near the quadratic one. Flows are not reduced by what is lost on the way.
 * Units    W. Sign: a feeder's flow > 0 goes from the parent into the node, a tie's from `from` to `to`.
 * Memory   the caller gives sg_redistribution_size() bytes, aligned for doubles; nothing else is touched.
 * Limits   at most `push_max` pushes, each at most node_count + 2 passes over the arcs: then what is found so far stands. The
 *          marginal losses of a path should stay below the fixed cost of a tie or supply (1 W/W in the control room), so that
 *          no cycle of negative cost exists; if there is one, pushing ends.
 * Source   Ahuja, Magnanti, Orlin, Network Flows, 1993, sections 9.7 and 14.3. */
#ifndef SG_CONTROL_REDISTRIBUTE_H
#define SG_CONTROL_REDISTRIBUTE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sg_redistribution {
    int32_t node_count;         /* node 0 is the root, parents before children */
    const int32_t *node_parent; /* [node] */
    const double *
        node_flow_w; /* [node] >= 0: wanted through its feeder, as far as the feeders below let it */
    const double *
        node_limit_w; /* [node] that may flow into it; INFINITY = none. Of the root: what the site has */
    const double *node_up_w; /* [node] the most that supplies below may carry through its feeder */
    const double *node_loss_per_w; /* [node] loss_w = this x flow_w^2 */
    int32_t supply_count;
    const int32_t *supply_node;
    const double *supply_w; /* [supply] the most it can give, >= 0 */
    const double
        *supply_fixed; /* [supply] loss per W, and what keeps it from being used for little */
    int32_t tie_count;
    const int32_t *tie_from, *tie_to;
    const double *tie_w, *tie_loss_per_w, *tie_fixed; /* [tie] rating either way */
    double quantum_w;                                 /* > 0 */
    int32_t push_max;
} sg_redistribution;

typedef struct sg_redistributed {
    double wanted_w, moved_w; /* too much in all; what was found for it */
    double cost_w;            /* of what was moved, by the chords */
    int32_t pushes;
    bool complete; /* false: push_max came first */
} sg_redistributed;

/* @effects alloc=no block=no fails=never */
size_t sg_redistribution_size(int32_t node_count, int32_t supply_count, int32_t tie_count);

/* Fills given_w[supply], taker[supply] (the node that most lately got from it, -1: none), tie_w[tie] and tie_taker[tie]; the
 * tie arrays may be NULL where there are none. @effects alloc=no block=no fails=never */
sg_redistributed sg_redistribute(const sg_redistribution *in, void *memory, double *ret_given_w,
                                 int32_t *ret_taker, double *ret_tie_w, int32_t *ret_tie_taker);
#endif
