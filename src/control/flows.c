/* flows.c - demands on the tree and the caps that keep every breaker. */
#include "control/flows.h"

#include "base/check.h"
#include "base/sweep.h"
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

/* fmin without its care for NaN, which costs a call per load: readings are checked when they come in. */
static inline double lesser(double a, double b)
{
    return a < b ? a : b;
}

static sg_allocation problem_of(const sg_flows *f, const double *ask_w)
{
    const sg_plant *plant = f->plant;
    return (sg_allocation){.node_count = plant->node_count,
                           .node_parent = plant->node_parent,
                           .node_limit_w = f->self->node_room_w,
                           .leaf_count = plant->load_count,
                           .leaf_node = plant->load_node,
                           .leaf_class = plant->load_class,
                           .leaf_weight = plant->load_weight,
                           .leaf_min_w = plant->load_minimum_w,
                           .leaf_demand_w = ask_w};
}

/* Weights and classes stand in the plant, which does not change while the engine lives. */
static sg_allocation_step step_of(const sg_flows *f)
{
    return (sg_allocation_step){.news = SG_NEWS_DEMAND, .pool = f->in->pool};
}

/* A sweep over the loads: what its blocks share, and a number that each of them finds. */
typedef struct sweep {
    const sg_flows *f;
    double found[SG_SWEEP_BLOCK_MAX];
} sweep;

/* What is found is not zeroed: 8 kB in vain, a quarter of a step of a small site. */
static void sweep_with(const sg_flows *f, sg_pool_part *part, sweep *s)
{
    int32_t blocks = sg_sweep_blocks(f->plant->load_count);
    SG_CHECK(blocks <= SG_SWEEP_BLOCK_MAX);
    s->f = f;
    sg_pool_run(f->in->pool, part, s, blocks);
}

static double sweep_loads(const sg_flows *f, sg_pool_part *part)
{
    sweep s;
    sweep_with(f, part, &s);
    return sg_lanes_sum(s.found, sg_sweep_blocks(f->plant->load_count));
}

static void want_part(void *context, int part)
{
    sweep *s = context;
    const sg_plant *plant = s->f->plant;
    sg_span span = sg_sweep_span(part, plant->load_count);
    const double *demand_w =
        s->f->measure->value + plant->points.first[SG_POINT_LOAD_DEMAND] + span.from;
    const double *rating_w = plant->load_rating_w + span.from,
                 *minimum_w = plant->load_minimum_w + span.from;
    double *restrict want_w = s->f->self->load_want_w + span.from;
    double sum[4] = {0};
    bool start = s->f->in->start;
    int count = span.to - span.from, l = 0;
    for (int i = 0; i < count; i++) {
        /* a held value is the best guess for a stale demand; the cap bounds the damage */
        want_w[i] = start ? 0 : lesser(demand_w[i], rating_w[i]);
    }
    for (int i = 0; s->f->bridging && i < count; i++) {
        want_w[i] = sg_island_want_w(s->f, span.from + i, want_w[i]);
    }
    for (; l + 4 <= count; l += 4) {
        for (int lane = 0; lane < 4; lane++) {
            sum[lane] += lesser(minimum_w[l + lane], want_w[l + lane]);
        }
    }
    for (; l < count; l++) {
        sum[0] += lesser(minimum_w[l], want_w[l]);
    }
    s->found[part] = (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

void sg_flows_demands(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    f->minimums_w = sweep_loads(f, want_part);
    sg_allocation problem = problem_of(f, self->load_want_w);
    sg_allocation_step step = step_of(f);
    sg_allocator *caps = sg_allocator_at(self->caps, &problem);
    sg_allocator_look(caps, &problem, &step);
    sg_allocator_asked(caps, self->node_flow_w);
    for (int n = plant->node_count - 1; n > 0; n--) {
        self->node_flow_w[plant->node_parent[n]] +=
            fmin(self->node_flow_w[n], self->node_leaf_w[n]);
    }
    f->wanted_w = self->node_flow_w[0];
}

void sg_flows_caps(sg_flows *f)
{
    const sg_control *self = f->self;
    sg_allocation problem = problem_of(f, self->load_want_w);
    sg_allocation_step step = step_of(f);
    sg_allocator *caps = sg_allocator_at(self->caps, &problem);
    sg_allocator_solve(caps, &problem, &step, self->load_given_w, self->node_binding);
    sg_allocator_given(caps, self->node_used_w);
    f->served_w = self->node_used_w[0];
}

/* Why a load gets less than it wants. */
static sg_reason reason_cut(const sg_flows *f, int l)
{
    const sg_control *self = f->self;
    const sg_plant *plant = f->plant;
    if (self->load_given_w[l] <
        lesser(plant->load_minimum_w[l], self->load_want_w[l]) * (1 - 1e-9)) {
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
    sg_allocation problem = problem_of(f, self->load_cap_w);
    sg_allocate(&problem, self->spare, self->load_given_w, NULL);
    /* what they know of the last step is no longer so */
    sg_allocator_forget(self->caps);
    sg_allocator_forget(self->spare);
    for (int l = 0; l < plant->load_count; l++) {
        self->load_cap_w[l] = self->load_given_w[l];
        self->load_reason[l] = SG_REASON_SAFE;
    }
}

/* Pointers are held here: a reason is a byte, and a byte that is written could be any of them. */
static void reason_part(void *context, int part)
{
    const sweep *s = context;
    const sg_plant *plant = s->f->plant;
    const sg_control *self = s->f->self;
    sg_span span = sg_sweep_span(part, plant->load_count);
    const uint8_t *quality = s->f->measure->quality + plant->points.first[SG_POINT_LOAD_DEMAND];
    const double *given_w = self->load_given_w, *rating_w = plant->load_rating_w;
    double *want_w = self->load_want_w;
    uint8_t *reason = self->load_reason;
    for (int l = span.from; l < span.to; l++) {
        bool cut = given_w[l] < want_w[l] * (1 - 1e-9);
        reason[l] = (uint8_t)(quality[l] >= SG_STALE ? SG_REASON_STALE
                              : cut                  ? reason_cut(s->f, l)
                                                     : SG_REASON_DEMAND);
    }
    for (int l = span.from; s->f->bridging && l < span.to; l++) {
        sg_reason island = sg_island_reason(s->f, l);
        bool told = island != SG_REASON_NONE && quality[l] < SG_STALE;
        reason[l] = told ? (uint8_t)island : reason[l];
    }
    for (int l = span.from; l < span.to; l++) {
        double most_w = s->f->bridging ? sg_island_want_w(s->f, l, rating_w[l]) : rating_w[l];
        double left_w = most_w - given_w[l];
        want_w[l] = left_w > 0 ? left_w : 0;
    }
}

static void cap_part(void *context, int part)
{
    const sweep *s = context;
    const double *given_w = s->f->self->load_given_w, *spare_w = s->f->self->load_spare_w;
    double *cap_w = s->f->self->load_cap_w;
    sg_span span = sg_sweep_span(part, s->f->plant->load_count);
    for (int l = span.from; l < span.to; l++) {
        cap_w[l] = given_w[l] + spare_w[l];
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
    if (f->bridging) { /* no jump that the stores would not follow by themselves */
        self->node_room_w[0] = lesser(self->node_room_w[0], f->form_w);
    }
    sweep s;
    sweep_with(f, reason_part, &s);
    sg_allocation problem = problem_of(f, self->load_want_w);
    sg_allocation_step step = step_of(f);
    sg_allocator_step(sg_allocator_at(self->spare, &problem), &problem, &step, self->load_spare_w,
                      NULL);
    sweep_with(f, cap_part, &s);
}
