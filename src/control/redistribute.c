#include "control/redistribute.h"

#include <math.h>
#include <string.h>

/* Arcs in order: feeders (node 0's is the way from the source to the root), supplies, ties, takers. */
typedef struct arc {
    int32_t from, to;
    double base, flow, low, high; /* chords are counted from base */
    double loss_per_w, fixed;
    double price[2], room_w[2]; /* of one more W along it, of one less: changed by a push alone */
} arc;

enum { ALONG, BACKWARDS };

typedef struct graph {
    const sg_redistribution *in;
    arc *arcs;
    int32_t arc_count, vertex_count;
    int32_t *
        by; /* [vertex] 1 + arc that leads to it on the cheapest path, < 0: against its direction, 0: none */
    double *price; /* [vertex] of the cheapest path from the source */
} graph;

static const double rounding = 1e-9; /* of a quantum */

size_t sg_redistribution_size(int32_t node_count, int32_t supply_count, int32_t tie_count)
{
    size_t vertices = (size_t)node_count + 2;
    size_t arcs = 2 * (size_t)node_count + (size_t)supply_count + (size_t)tie_count;
    return arcs * sizeof(arc) + vertices * (sizeof(double) + sizeof(double));
}

/* What a flow costs. */
static double cost_w(const arc *a, double flow)
{
    return a->loss_per_w * flow * flow + a->fixed * fabs(flow);
}

/* One more W along the arc (or one less, backwards): its price on the chord that the flow stands on, and how far that goes. */
static double price_of(const arc *a, bool backwards, double quantum_w, double *ret_room_w)
{
    double chords = (a->flow - a->base) / quantum_w;
    double low = backwards ? ceil(chords - rounding) - 1 : floor(chords + rounding);
    double from = a->base + low * quantum_w, to = from + quantum_w;
    double room_w =
        backwards ? fmin(a->flow - from, a->flow - a->low) : fmin(to - a->flow, a->high - a->flow);
    double slope = (cost_w(a, to) - cost_w(a, from)) / quantum_w;
    *ret_room_w = room_w > rounding * quantum_w ? room_w : 0;
    return backwards ? -slope : slope;
}

static void reprice(arc *a, double quantum_w)
{
    for (int way = ALONG; way <= BACKWARDS; way++) {
        a->price[way] = price_of(a, way == BACKWARDS, quantum_w, &a->room_w[way]);
    }
}

static void add(graph *g, arc a)
{
    a.flow = a.base;
    reprice(&a, g->in->quantum_w);
    g->arcs[g->arc_count++] = a;
}

/* Source: vertex node_count; sink: the one after it. */
static double build(graph *g)
{
    const sg_redistribution *in = g->in;
    int32_t source = in->node_count, sink = in->node_count + 1;
    double wanted_w = 0;
    for (int32_t n = 0; n < in->node_count; n++) {
        double limit_w = in->node_limit_w[n], flow_w = fmin(in->node_flow_w[n], limit_w);
        add(g, (arc){.from = n > 0 ? in->node_parent[n] : source,
                     .to = n,
                     .base = flow_w,
                     .low = n > 0 ? flow_w - in->node_up_w[n] : flow_w,
                     .high = limit_w,
                     .loss_per_w = in->node_loss_per_w[n]});
    }
    for (int32_t s = 0; s < in->supply_count; s++) {
        add(g, (arc){.from = source,
                     .to = in->supply_node[s],
                     .high = in->supply_w[s],
                     .fixed = in->supply_fixed[s]});
    }
    for (int32_t t = 0; t < in->tie_count; t++) {
        add(g, (arc){.from = in->tie_from[t],
                     .to = in->tie_to[t],
                     .low = -in->tie_w[t],
                     .high = in->tie_w[t],
                     .loss_per_w = in->tie_loss_per_w[t],
                     .fixed = in->tie_fixed[t]});
    }
    for (int32_t n = 1; n < in->node_count; n++) {
        double excess_w = in->node_flow_w[n] - in->node_limit_w[n];
        if (excess_w > 0) {
            add(g, (arc){.from = n, .to = sink, .high = excess_w});
            wanted_w += excess_w;
        }
    }
    return wanted_w;
}

static bool relax(graph *g, int32_t k, bool backwards)
{
    const arc *a = &g->arcs[k];
    int32_t from = backwards ? a->to : a->from, to = backwards ? a->from : a->to;
    double price = g->price[from] + a->price[backwards]; /* INFINITY where no path leads to yet */
    if (!(a->room_w[backwards] > 0) || !(price < g->price[to] - 1e-12)) {
        return false;
    }
    g->price[to] = price;
    g->by[to] = backwards ? -(k + 1) : k + 1;
    return true;
}

/* The cheapest path from the source to everywhere. False when prices do not settle: a cycle of negative cost. */
static bool find_paths(graph *g)
{
    for (int32_t v = 0; v < g->vertex_count; v++) {
        g->price[v] = INFINITY;
        g->by[v] = 0;
    }
    g->price[g->in->node_count] = 0;
    bool moved = true;
    for (int32_t pass = 0; moved && pass <= g->vertex_count; pass++) {
        moved = false;
        for (int32_t k = 0; k < g->arc_count; k++) {
            moved = relax(g, k, false) || moved;
            moved = relax(g, k, true) || moved;
        }
    }
    return !moved;
}

/* The path's arcs from the sink back to the source; each with what it can still take. */
static double push(graph *g, double *price)
{
    int32_t source = g->in->node_count, sink = source + 1;
    double push_w = INFINITY;
    for (int32_t v = sink; v != source;) {
        int32_t by = g->by[v], k = (by < 0 ? -by : by) - 1;
        push_w = fmin(push_w, g->arcs[k].room_w[by < 0]);
        v = by < 0 ? g->arcs[k].to : g->arcs[k].from;
    }
    for (int32_t v = sink; v != source;) {
        int32_t by = g->by[v], k = (by < 0 ? -by : by) - 1;
        g->arcs[k].flow += by < 0 ? -push_w : push_w;
        reprice(&g->arcs[k], g->in->quantum_w);
        v = by < 0 ? g->arcs[k].to : g->arcs[k].from;
    }
    *price = g->price[sink];
    return push_w;
}

/* Who gets what the last push moved, told to the supply and the ties on its way. */
static void note_taker(const graph *g, int32_t *taker, int32_t *tie_taker)
{
    const sg_redistribution *in = g->in;
    int32_t source = in->node_count, sink = source + 1, got = -1;
    int32_t first_supply = in->node_count, first_tie = first_supply + in->supply_count;
    for (int32_t v = sink; v != source;) {
        int32_t by = g->by[v], k = (by < 0 ? -by : by) - 1;
        got = v == sink ? g->arcs[k].from : got;
        if (k >= first_tie && k < first_tie + in->tie_count) {
            tie_taker[k - first_tie] = got;
        } else if (k >= first_supply && k < first_tie) {
            taker[k - first_supply] = got;
        }
        v = by < 0 ? g->arcs[k].to : g->arcs[k].from;
    }
}

sg_redistributed sg_redistribute(const sg_redistribution *in, void *memory, double *ret_given_w,
                                 int32_t *ret_taker, double *ret_tie_w, int32_t *ret_tie_taker)
{
    size_t arcs = 2 * (size_t)in->node_count + (size_t)in->supply_count + (size_t)in->tie_count;
    graph g = {.in = in, .arcs = memory, .vertex_count = in->node_count + 2};
    g.price = (double *)(void *)(g.arcs + arcs);
    g.by = (int32_t *)(void *)(g.price + g.vertex_count);
    sg_redistributed ret = {.wanted_w = build(&g), .complete = true};
    for (int32_t s = 0; s < in->supply_count; s++) {
        ret_taker[s] = -1;
    }
    for (int32_t t = 0; t < in->tie_count; t++) {
        ret_tie_taker[t] = -1;
    }
    while (ret.wanted_w - ret.moved_w > rounding * in->quantum_w) {
        if (ret.pushes == in->push_max) {
            ret.complete = false;
            break;
        }
        if (!find_paths(&g) || isinf(g.price[in->node_count + 1])) {
            break;
        }
        double price, moved_w = push(&g, &price);
        note_taker(&g, ret_taker, ret_tie_taker);
        ret.moved_w += moved_w;
        ret.cost_w += moved_w * price;
        ret.pushes++;
    }
    const arc *supply = g.arcs + in->node_count, *tie = supply + in->supply_count;
    for (int32_t s = 0; s < in->supply_count; s++) {
        ret_given_w[s] = supply[s].flow;
    }
    for (int32_t t = 0; t < in->tie_count; t++) {
        ret_tie_w[t] = tie[t].flow;
    }
    return ret;
}
