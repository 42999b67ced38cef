/* flows.c - demands on the tree and the caps that keep every breaker. */
#include "control/flows.h"

#include "control/allocate.h"

#include <math.h>
#include <string.h>

double sg_path_room_w(const sg_flows *f, int n)
{
    double room_w = INFINITY;
    for (int depth = 0; n >= 0 && depth < SG_TREE_DEPTH_MAX;
         depth++, n = f->plant->node_parent[n]) {
        room_w = fmin(room_w, f->self->node_room_w[n] - f->self->node_used_w[n]);
    }
    return fmax(room_w, 0);
}

void sg_path_use(const sg_flows *f, int n, double power_w)
{
    for (int depth = 0; n >= 0 && depth < SG_TREE_DEPTH_MAX;
         depth++, n = f->plant->node_parent[n]) {
        f->self->node_used_w[n] += power_w;
    }
}

static void sum_up(const sg_plant *plant, double *node_w)
{
    for (int n = plant->node_count - 1; n > 0; n--) {
        node_w[plant->node_parent[n]] += node_w[n];
    }
}

void sg_flows_demands(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    int demand = plant->points.first[SG_POINT_LOAD_DEMAND];
    memset(self->node_flow_w, 0, (size_t)plant->node_count * sizeof(double));
    for (int l = 0; l < plant->load_count; l++) {
        /* a held value is the best guess for a stale demand; the cap bounds the damage */
        double want_w =
            f->in->start ? 0 : fmin(f->measure->value[demand + l], plant->load_rating_w[l]);
        self->load_want_w[l] = want_w;
        self->node_flow_w[plant->load_node[l]] += want_w;
    }
    for (int n = plant->node_count - 1; n > 0; n--) {
        self->node_flow_w[plant->node_parent[n]] +=
            fmin(self->node_flow_w[n], self->node_leaf_w[n]);
    }
}

static sg_allocation problem_of(const sg_flows *f, const double *limit_w, const double *minimum_w,
                                const double *ask_w)
{
    const sg_plant *plant = f->plant;
    return (sg_allocation){.node_count = plant->node_count,
                           .node_parent = plant->node_parent,
                           .node_limit_w = limit_w,
                           .leaf_count = plant->load_count,
                           .leaf_node = plant->load_node,
                           .leaf_class = plant->load_class,
                           .leaf_weight = plant->load_weight,
                           .leaf_min_w = minimum_w,
                           .leaf_demand_w = ask_w};
}

void sg_flows_caps(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    sg_allocation problem =
        problem_of(f, self->node_room_w, plant->load_minimum_w, self->load_want_w);
    sg_allocate(&problem, self->scratch, self->load_given_w, self->node_binding);
    memset(self->node_used_w, 0, (size_t)plant->node_count * sizeof(double));
    f->served_w = 0;
    for (int l = 0; l < plant->load_count; l++) {
        self->node_used_w[plant->load_node[l]] += self->load_given_w[l];
        f->served_w += self->load_given_w[l];
    }
    sum_up(plant, self->node_used_w);
}

static sg_reason reason_for(const sg_flows *f, int l)
{
    const sg_control *self = f->self;
    const sg_plant *plant = f->plant;
    double given_w = self->load_given_w[l], want_w = self->load_want_w[l];
    if (f->measure->quality[plant->points.first[SG_POINT_LOAD_DEMAND] + l] >= SG_STALE) {
        return SG_REASON_STALE;
    }
    if (given_w >= want_w * (1 - 1e-9)) {
        return SG_REASON_DEMAND;
    }
    if (given_w < fmin(plant->load_minimum_w[l], want_w) * (1 - 1e-9)) {
        return SG_REASON_SHED;
    }
    int n = plant->load_node[l];
    for (int depth = 0; n > 0 && depth < SG_TREE_DEPTH_MAX; depth++, n = plant->node_parent[n]) {
        if (self->node_binding[n]) {
            return self->node_pair[n]         ? SG_REASON_LOSS
                   : plant->node_curve[n] > 0 ? SG_REASON_BREAKER_HEAT
                                              : SG_REASON_NODE_LIMIT;
        }
    }
    return SG_REASON_SITE_SUPPLY;
}

/* Caps stay as they are where breakers keep without help from stores, which rest; elsewhere they give way. */
void sg_flows_rest(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    for (int n = 0; n < plant->node_count; n++) { /* heat is not spent on guesses */
        self->node_room_w[n] = fmin(self->node_leaf_w[n], plant->node_leaf_limit_w[n]);
    }
    self->node_room_w[0] = fmax(self->node_room_w[0] - f->task_w, 0);
    sg_allocation problem =
        problem_of(f, self->node_room_w, plant->load_minimum_w, self->load_cap_w);
    sg_allocate(&problem, self->scratch, self->load_given_w, NULL);
    for (int l = 0; l < plant->load_count; l++) {
        self->load_cap_w[l] = self->load_given_w[l];
        self->load_reason[l] = SG_REASON_SAFE;
    }
}

/* What the tree has left is given out as room to grow, so that a load which jumps between two steps is not cut needlessly
 * and still cannot pass a breaker. */
void sg_flows_headroom(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    for (int n = 0; n < plant->node_count; n++) {
        double left_w = self->node_room_w[n] - self->node_used_w[n];
        self->node_room_w[n] = left_w > 0 ? left_w : 0;
    }
    for (int l = 0; l < plant->load_count; l++) {
        self->load_reason[l] = (uint8_t)reason_for(f, l);
        self->load_want_w[l] = fmax(plant->load_rating_w[l] - self->load_given_w[l], 0);
    }
    sg_allocation problem =
        problem_of(f, self->node_room_w, plant->load_minimum_w, self->load_want_w);
    sg_allocate(&problem, self->scratch, self->load_spare_w, NULL);
    for (int l = 0; l < plant->load_count; l++) {
        self->load_cap_w[l] = self->load_given_w[l] + self->load_spare_w[l];
    }
}
