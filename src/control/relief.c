/* relief.c - stores carry what a breaker above them cannot: who, and from when on. */
#include "control/flows.h"

#include "control/breakers.h"
#include "control/redistribute.h"
#include "control/ties.h"

#include <math.h>
#include <string.h>

/* A demand that grows is met before it is there: stores take a step or two to show what they were told. */
static const double ahead_s = 1;
static const double level_s = 1,
                    slope_s = 2; /* time constants of a node's flow and of its growth */

/* Each W from a store costs what it loses, and this: it is not used where a feeder can do it. */
static const double store_fixed = 1;
enum {
    QUANTA = 8,
    PUSH_MAX = 64
}; /* of the min-cost flow: chords of all that is too much; bound of its time */

size_t sg_relief_size(int32_t node_count, int32_t store_count, int32_t tie_count)
{
    return node_count <= SG_RELIEF_NODE_MAX && store_count <= SG_RELIEF_STORE_MAX
               ? sg_redistribution_size(node_count, store_count, tie_count)
               : 0;
}

sg_reason sg_relief_reason(const sg_flows *f, int s)
{
    return f->self->store_early[s] ? SG_REASON_MOVED : SG_REASON_NODE_RELIEF;
}

/* What is wanted through each node, and what will be in a moment where it grows (Holt's linear trend). In node_expect_w; the sum is
 * clipped again on the way up. True when some node is to carry more than it may. */
static bool foresee(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    double dt_s = f->in->dt_s;
    bool trend = dt_s <= SG_LONG_STEP_S, too_much = false;
    for (int n = 0; n < plant->node_count; n++) {
        double flow_w = self->node_flow_w[n], *level_w = &self->node_level_w[n],
               *slope = &self->node_slope[n];
        double guess_w = *level_w + *slope * dt_s;
        double next_w = fmax(guess_w + (flow_w - guess_w) * dt_s / (level_s + dt_s), 0);
        double grown = (next_w - *level_w) / dt_s;
        bool known = trend && *level_w > 0;
        *slope = known ? *slope + (grown - *slope) * dt_s / (slope_s + dt_s) : 0;
        *level_w = known ? next_w : flow_w;
        double more_w = fmax(*slope, 0) * ahead_s;
        double most_w = fmax(plant->node_rating_w[n], flow_w);
        self->node_expect_w[n] = trend ? fmin(flow_w + more_w, most_w) : flow_w;
        too_much = too_much || (n > 0 && self->node_expect_w[n] > self->node_leaf_w[n]);
    }
    return too_much;
}

/* How much too much is wanted at some node on the way up. The root is left out: stores do not raise its limit. */
static double path_excess_w(const sg_flows *f, int n)
{
    double excess_w = 0;
    for (int depth = 0; n > 0 && depth < SG_TREE_DEPTH_MAX; depth++, n = f->plant->node_parent[n]) {
        excess_w = fmax(excess_w, f->self->node_flow_w[n] - f->self->node_leaf_w[n]);
    }
    return excess_w;
}

/* What stores may still carry of the flow down to node n. All of it together stays below each breaker's limit, so that nothing
 * flows up through one when the loads below it fall away, and below what the site has to give. */
static double path_budget_w(const sg_flows *f, int n)
{
    double budget_w = f->self->node_room_w[0] - f->self->node_used_w[0];
    for (int depth = 0; n > 0 && depth < SG_TREE_DEPTH_MAX; depth++, n = f->plant->node_parent[n]) {
        double most_w = fmin(f->self->node_leaf_w[n], f->plant->node_up_limit_w[n]);
        budget_w = fmin(budget_w, most_w - f->self->node_used_w[n]);
    }
    return fmax(budget_w, 0);
}

/* A store at node n carries help_w, of which counted_w may be drawn beyond the breakers' limits; higher up, only what is left of
 * it after the way there. What flows into a node that wants more than its limit falls only once the rest is within it. */
static void path_help(const sg_flows *f, int n, double help_w, double counted_w)
{
    const sg_control *self = f->self;
    double less_w = help_w;
    self->node_used_w[0] += help_w;
    for (int depth = 0; n > 0 && depth < SG_TREE_DEPTH_MAX; depth++, n = f->plant->node_parent[n]) {
        double limit_w = f->self->node_leaf_w[n], before_w = fmin(self->node_flow_w[n], limit_w);
        self->node_flow_w[n] -= less_w;
        less_w = before_w - fmin(self->node_flow_w[n], limit_w);
        double room_w = self->node_room_w[n] + counted_w / f->plant->node_gain_below[n];
        self->node_room_w[n] = fmin(room_w, fmax(self->node_bear_w[n], limit_w));
        self->node_used_w[n] += help_w;
        counted_w *= f->plant->node_up_frac[n];
    }
    self->node_flow_w[0] -= less_w;
}

/* By how much the store at hand is measured to help: a held reading shows nothing. */
static double shown_w(const sg_flows *f, int s)
{
    int point = f->plant->points.first[SG_POINT_STORE_POWER] + s;
    return f->measure->quality[point] == SG_GOOD ? f->measure->value[point] : 0;
}

static double spare_w(const sg_flows *f, int s)
{
    bool ready = f->plant->store_duty[s] != SG_DUTY_BRIDGE;
    return ready ? fmin(sg_store_can_give_w(f, s), sg_store_pace_w(f, s)) : 0;
}

double sg_relief_counted_w(const sg_flows *f, int s)
{
    return fmax(fmin(f->self->store_help_w[s], shown_w(f, s)), 0);
}

static void give(const sg_flows *f, int s, double help_w)
{
    f->self->store_help_w[s] = help_w;
    path_help(f, f->plant->store_node[s], help_w, sg_relief_counted_w(f, s));
}

/* The stores in their order, each as much as its path needs: for sites too large for the min-cost flow. */
static void in_order(const sg_flows *f)
{
    for (int s = 0; s < f->plant->store_count; s++) {
        double excess_w = path_excess_w(f, f->plant->store_node[s]);
        if (excess_w > 0) {
            double budget_w = path_budget_w(f, f->plant->store_node[s]);
            give(f, s, fmin(fmin(excess_w, budget_w), spare_w(f, s)));
        }
    }
}

/* Least loss first, over the feeders that there are. What is given below a feeder stays under its limit upwards too, so that
 * nothing flows up through it when the loads fall away. */
static void least_loss(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    double wanted_w = 0;
    for (int n = 0; n < plant->node_count; n++) {
        self->node_up_w[n] = fmin(self->node_leaf_w[n], plant->node_up_limit_w[n]);
        wanted_w += n > 0 ? fmax(self->node_expect_w[n] - self->node_leaf_w[n], 0) : 0;
    }
    for (int s = 0; s < plant->store_count; s++) {
        self->store_spare_w[s] = spare_w(f, s);
        self->store_fixed[s] = store_fixed + 1 / plant->store_reservoir[s].discharge_eff - 1;
    }
    sg_redistribution problem = {.node_count = plant->node_count,
                                 .node_parent = plant->node_parent,
                                 .node_flow_w = self->node_expect_w,
                                 .node_limit_w = self->node_leaf_w,
                                 .node_up_w = self->node_up_w,
                                 .node_loss_per_w = plant->node_loss_per_w,
                                 .supply_count = plant->store_count,
                                 .supply_node = plant->store_node,
                                 .supply_w = self->store_spare_w,
                                 .supply_fixed = self->store_fixed,
                                 .tie_count = plant->tie_count,
                                 .tie_from = plant->tie_from,
                                 .tie_to = plant->tie_to,
                                 .tie_w = self->tie_can_w,
                                 .tie_loss_per_w = plant->tie_loss_per_w,
                                 .tie_fixed = self->tie_fixed,
                                 .quantum_w = wanted_w / QUANTA,
                                 .push_max = PUSH_MAX};
    sg_ties_able(f);
    for (int round = 0; round == 0 || (round == 1 && sg_ties_sag(f)); round++) {
        sg_redistribute(&problem, self->scratch, self->store_help_w, self->store_taker, self->tie_w,
                        self->tie_taker);
    }
    for (int s = 0; s < plant->store_count; s++) {
        int taker = self->store_taker[s];
        double help_w = fmin(self->store_help_w[s], path_budget_w(f, plant->store_node[s]));
        self->store_early[s] =
            taker >= 0 && self->node_flow_w[taker] <= self->node_leaf_w[taker] && help_w > 0;
        self->store_help_w[s] = 0;
        if (help_w > 0) {
            give(f, s, help_w);
        }
    }
    sg_ties_carry(f);
}

/* Limits are raised only by what stores and ties were measured to deliver in the interval before, and as far as breakers bear it. */
void sg_flows_relief(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    size_t bytes = (size_t)plant->node_count * sizeof(double);
    memcpy(self->node_room_w + 1, self->node_leaf_w + 1, bytes - sizeof(double));
    memset(self->node_used_w, 0, bytes); /* here: help below */
    memset(self->store_help_w, 0, (size_t)plant->store_count * sizeof(double));
    memset(self->store_early, 0, (size_t)plant->store_count);
    for (int s = 0; s < plant->store_count; s++) {
        self->store_taker[s] = -1;
    }
    if (!f->in->start && plant->store_count + plant->tie_count > 0 && foresee(f)) {
        sg_ties_cool(f);
        self->node_bear_w[0] = INFINITY; /* no store raises its limit */
        for (int n = 1; n < plant->node_count; n++) {
            self->node_bear_w[n] = sg_breakers_bear_w(f, n);
        }
        if (sg_relief_size(plant->node_count, plant->store_count, plant->tie_count) > 0) {
            least_loss(f);
        } else {
            in_order(f);
        }
    }
    memcpy(self->node_allow_w, self->node_room_w, bytes);
}
