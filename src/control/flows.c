/* flows.c - demands on the tree and the caps that keep every breaker. */
#include "control/flows.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/quads.h"
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

static sg_allocation problem_of(const sg_flows *f, const double *demand_w, const double *most_w)
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
                           .leaf_demand_w = demand_w,
                           .leaf_most_w = most_w};
}

/* What a load wants. A held value is the best guess for a stale demand; the cap bounds the damage. */
static inline double want_w(const sg_flows *f, const double *demand_w, int l)
{
    double w = lesser(demand_w[l], f->plant->load_rating_w[l]);
    return f->in->start ? 0 : f->bridging ? sg_island_want_w(f, l, w) : w;
}

static const double *demands_w(const sg_flows *f)
{
    return f->measure->value + f->plant->points.first[SG_POINT_LOAD_DEMAND];
}

/* Weights and classes stand in the plant, which does not change while the engine lives. */
static sg_allocation_step step_of(const sg_flows *f, const uint8_t *node_news)
{
    return (sg_allocation_step){
        .news = SG_NEWS_DEMAND, .node_news = node_news, .pool = f->in->pool};
}

static void sweep_nodes(const sg_flows *f, sg_pool_part *part)
{
    sg_pool_run(f->in->pool, part, &f, f->in->news->head->part_count);
}

static void want_part(void *context, int part)
{
    const sg_flows *f = *(const sg_flows *const *)context;
    const sg_news news = *f->in->news;
    const double *demand_w = demands_w(f);
    double *ret_w = f->self->load_cap_w;
    for (int32_t i = news.first[news.part[part]]; i < news.first[news.part[part + 1]]; i++) {
        ret_w[news.load[i]] = want_w(f, demand_w, news.load[i]);
    }
}

/* Mostly the readings as they are, each up to its load's rating. Where it is more than that, all has news (control.c), and wants
 * stand in load_cap_w until there are caps. */
void sg_flows_demands(sg_flows *f)
{
    bool plain = !f->in->start && !f->bridging;
    sg_allocation problem = problem_of(f, plain ? demands_w(f) : f->self->load_cap_w,
                                       plain ? f->plant->load_rating_w : NULL);
    sg_allocation_step step = step_of(f, f->in->news->readings);
    if (!plain) {
        sweep_nodes(f, want_part);
    }
    sg_allocator_look(sg_allocator_at(f->self->caps, &problem), &problem, &step);
    sg_flows_sum(f);
}

void sg_flows_sum(sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    sg_allocator_asked(self->caps, self->node_used_w, self->node_flow_w);
    f->minimums_w = 0;
    for (int n = 0; n < plant->node_count; n++) {
        f->minimums_w += self->node_used_w[n];
    }
    for (int n = plant->node_count - 1; n > 0; n--) {
        self->node_flow_w[plant->node_parent[n]] +=
            lesser(self->node_flow_w[n], self->node_leaf_w[n]);
    }
    f->wanted_w = self->node_flow_w[0];
}

/* Why a load of each node would get less than it wants: the first limit on its way up. */
static void find_reasons(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    const sg_control *self = f->self;
    const sg_news *news = f->in->news;
    for (int n = 0; n < plant->node_count; n++) {
        bool here = n > 0 && self->node_binding[n];
        int why = n == 0 ? SG_REASON_SITE_SUPPLY : news->why[plant->node_parent[n]];
        if (here) {
            bool rests = self->node_allow_w[n] > self->node_leaf_w[n] && /* on who helps */
                         self->node_allow_w[n] >= 0.999 * self->node_bear_w[n];
            why = self->node_pair[n] || rests ? SG_REASON_LOSS
                  : plant->node_curve[n] > 0  ? SG_REASON_BREAKER_HEAT
                                              : SG_REASON_NODE_LIMIT;
        }
        if (news->why[n] != why) {
            news->why[n] = (uint8_t)why;
            news->given[n] = 1;
        }
    }
}

void sg_flows_caps(sg_flows *f)
{
    const sg_control *self = f->self;
    sg_allocation problem = problem_of(f, NULL, NULL); /* demands were looked at */
    sg_allocation_step step = step_of(f, f->in->news->readings);
    step.node_given = f->in->news->given;
    step.node_least = f->in->news->least;
    sg_allocator *caps = sg_allocator_at(self->caps, &problem);
    sg_allocator_solve(caps, &problem, &step, self->load_given_w, self->node_binding);
    sg_allocator_given(caps, self->node_used_w);
    f->served_w = self->node_used_w[0];
    find_reasons(f);
}

/* --- what each load is told --- */

/* Where nothing but the demand, its minimum and the way up count. */
static inline sg_reason plain_reason(double given_w, double wanted_w, double minimum_w, int why)
{
    int cut = given_w < lesser(minimum_w, wanted_w) * (1 - 1e-9) ? SG_REASON_SHED : why;
    return (sg_reason)(given_w < wanted_w * (1 - 1e-9) ? cut : SG_REASON_DEMAND);
}

static sg_reason reason_of(const sg_flows *f, const double *demand_w, int l, int quality, int why)
{
    if (quality >= SG_STALE) {
        return SG_REASON_STALE;
    }
    sg_reason island = f->bridging ? sg_island_reason(f, l) : SG_REASON_NONE;
    return island != SG_REASON_NONE ? island
                                    : plain_reason(f->self->load_given_w[l], want_w(f, demand_w, l),
                                                   f->plant->load_minimum_w[l], why);
}

/* The columns that a row of loads is told from; NULL: minimum_w where all get theirs, spare_w where none gets more. */
typedef struct telling {
    const double *given_w, *demand_w, *rating_w, *minimum_w, *spare_w;
    double *cap_w;
    uint8_t *reason;
} telling;

#define SG_QUADS 2
#include "control/told_quads.h"
#undef SG_QUADS
#if SG_QUADS_X86
#define SG_QUADS 4
#include "control/told_quads.h"
#undef SG_QUADS
#endif

static inline uint64_t mix_in(uint64_t hash, double cap_w, uint8_t reason)
{
    const uint64_t mix = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t word;
    memcpy(&word, &cap_w, sizeof word);
    hash = (hash ^ word ^ (reason * (mix >> 8))) * mix;
    return hash ^ hash >> 29;
}

/* Load l goes into lane l & 3: four at a time, beginning with the lane of the first one. */
static void hash_row(const double *cap_w, const uint8_t *reason, sg_row row, uint64_t lane[4])
{
    uint64_t *a = &lane[row.from & 3], *b = &lane[(row.from + 1) & 3],
             *c = &lane[(row.from + 2) & 3], *d = &lane[(row.from + 3) & 3];
    uint64_t hash_a = *a, hash_b = *b, hash_c = *c, hash_d = *d;
    int32_t l = row.from;
    for (; l + 4 <= row.to; l += 4) {
        hash_a = mix_in(hash_a, cap_w[l], reason[l]);
        hash_b = mix_in(hash_b, cap_w[l + 1], reason[l + 1]);
        hash_c = mix_in(hash_c, cap_w[l + 2], reason[l + 2]);
        hash_d = mix_in(hash_d, cap_w[l + 3], reason[l + 3]);
    }
    *a = hash_a;
    *b = hash_b;
    *c = hash_c;
    *d = hash_d;
    for (; l < row.to; l++) {
        lane[l & 3] = mix_in(lane[l & 3], cap_w[l], reason[l]);
    }
}

/* Hash, sum and check of a row: see sg_flows_told(). */
static bool told_row(const sg_flows *f, sg_row row, uint64_t lane[4], double *sum_w)
{
    const double *cap_w = f->self->load_cap_w, *rating_w = f->plant->load_rating_w;
    hash_row(cap_w, f->self->load_reason, row, lane);
    *sum_w += sg_lanes_sum(cap_w + row.from, row.to - row.from);
    return sg_lanes_within(cap_w + row.from, rating_w + row.from, 1 + 1e-9, 0, row.to - row.from);
}

void sg_flows_told(const sg_flows *f, int32_t node)
{
    const sg_news *news = f->in->news;
    uint64_t lane[4] = {SG_HASH_START, SG_HASH_START + 1, SG_HASH_START + 2, SG_HASH_START + 3};
    double sum_w = 0;
    for (int32_t i = news->first[node], end = news->first[node + 1]; i < end;) {
        sg_row row = sg_news_row(news, i, end);
        SG_CHECK(told_row(f, row, lane, &sum_w));
        i += row.to - row.from;
    }
    news->cap_w[node] = sum_w;
    news->hash[node] = sg_hash(SG_HASH_START, lane, sizeof lane);
}

static void tell_row(const telling *j, sg_row row, int why)
{
#if SG_QUADS_X86
    if (SG_QUADS_WIDE()) {
        tell4(j, row, why);
        return;
    }
#endif
    tell2(j, row, why);
}

/* One by one, where more counts than the demand and the way up. */
static void tell_each(const sg_flows *f, const telling *j, sg_row row, int why)
{
    const uint8_t *quality = f->measure->quality + f->plant->points.first[SG_POINT_LOAD_DEMAND];
    for (int32_t l = row.from; l < row.to; l++) {
        j->reason[l] = (uint8_t)reason_of(f, j->demand_w, l, quality[l], why);
        j->cap_w[l] = j->given_w[l] + (j->spare_w ? j->spare_w[l] : 0);
    }
}

/* Has none of the node's loads anything beyond what it wants? Kept until that is given anew. */
static bool without_spare(const sg_flows *f, int32_t n)
{
    const sg_news *news = f->in->news;
    if (news->spared[n] || !news->no_spare[n]) {
        double most_w = 0;
        for (int32_t i = news->first[n]; i < news->first[n + 1]; i++) {
            most_w += f->self->load_spare_w[news->load[i]];
        }
        news->no_spare[n] = most_w == 0;
    }
    return news->no_spare[n] != 0;
}

static void tell_node(const sg_flows *f, telling *j, int32_t n)
{
    const sg_news *news = f->in->news;
    bool plain = !news->restless[n] && !f->bridging && !f->in->start;
    j->spare_w = without_spare(f, n) ? NULL : f->self->load_spare_w;
    j->minimum_w = news->least[n] ? f->plant->load_minimum_w : NULL;
    for (int32_t i = news->first[n], end = news->first[n + 1]; i < end;) {
        sg_row row = sg_news_row(news, i, end);
        if (plain) {
            tell_row(j, row, news->why[n]);
        } else {
            tell_each(f, j, row, news->why[n]);
        }
        i += row.to - row.from;
    }
    sg_flows_told(f, n);
}

static void told_part(void *context, int part)
{
    const sg_flows *f = *(const sg_flows *const *)context;
    const sg_news *news = f->in->news;
    telling j = {.given_w = f->self->load_given_w,
                 .demand_w = demands_w(f),
                 .rating_w = f->plant->load_rating_w,
                 .cap_w = f->self->load_cap_w,
                 .reason = f->self->load_reason};
    for (int32_t n = news->part[part]; n < news->part[part + 1]; n++) {
        if (news->readings[n] | news->given[n] | news->asks[n] | news->spared[n]) {
            tell_node(f, &j, n);
        }
    }
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
    sg_allocation problem = problem_of(f, self->load_cap_w, NULL);
    sg_allocate(&problem, self->spare, self->load_given_w, NULL);
    /* what they know of the last step is no longer so */
    sg_allocator_forget(self->caps);
    sg_allocator_forget(self->spare);
    sg_news_forget(f->in->news);
    for (int l = 0; l < plant->load_count; l++) {
        self->load_cap_w[l] = self->load_given_w[l];
        self->load_reason[l] = SG_REASON_SAFE;
    }
    for (int n = 0; n < plant->node_count; n++) {
        sg_flows_told(f, n);
    }
}

/* --- room to grow --- */

/* What is left of a room that the allocation has used up is rounding. */
static const double room_least = 1e-9;

/* Below a node without room there is none either. */
static void find_rooms(const sg_flows *f)
{
    const sg_plant *plant = f->plant;
    double *room_w = f->self->node_room_w;
    for (int n = 0; n < plant->node_count; n++) {
        double left_w = room_w[n] - f->self->node_used_w[n];
        room_w[n] = left_w > room_least * room_w[n] ? left_w : 0;
    }
    if (f->bridging) { /* no jump that the stores would not follow by themselves */
        room_w[0] = lesser(room_w[0], f->form_w);
    }
    for (int n = 1; n < plant->node_count; n++) {
        room_w[n] = room_w[plant->node_parent[n]] > 0 ? room_w[n] : 0;
    }
}

/* Where there is room, and what its loads could take is not what it was when they were last asked. */
static void find_asks(const sg_flows *f, bool fresh)
{
    const sg_news *news = f->in->news;
    for (int n = 0; n < f->plant->node_count; n++) {
        bool waits = news->waits[n] || news->readings[n] || news->given[n];
        bool asks = fresh || (waits && f->self->node_room_w[n] > 0);
        news->asks[n] = asks;
        news->waits[n] = waits && !asks;
    }
}

/* Left in load_cap_w until there are caps. */
static void ask_part(void *context, int part)
{
    const sg_flows *f = *(const sg_flows *const *)context;
    const sg_news news = *f->in->news;
    const double *given_w = f->self->load_given_w, *rating_w = f->plant->load_rating_w;
    double *ask_w = f->self->load_cap_w;
    bool bridging = f->bridging;
    for (int32_t n = news.part[part]; n < news.part[part + 1]; n++) {
        for (int32_t i = news.first[n]; news.asks[n] && i < news.first[n + 1]; i++) {
            int32_t l = news.load[i];
            double most_w = bridging ? sg_island_want_w(f, l, rating_w[l]) : rating_w[l];
            double left_w = most_w - given_w[l];
            ask_w[l] = left_w > 0 ? left_w : 0;
        }
    }
}

/* What the tree has left is given out as room to grow, so that a load which jumps between two steps is not cut needlessly
 * and still cannot pass a breaker. While there is no room at all, nobody has any, and nobody is asked. */
void sg_flows_headroom(sg_flows *f)
{
    const sg_control *self = f->self;
    const sg_news *news = f->in->news;
    sg_allocation problem = problem_of(f, self->load_cap_w, NULL);
    sg_allocation_step step = step_of(f, news->asks);
    step.node_given = news->spared;
    sg_allocator *spare = sg_allocator_at(self->spare, &problem);
    bool fresh = sg_allocator_fresh(spare);
    find_rooms(f);
    find_asks(f, fresh);
    memset(news->spared, 0, (size_t)f->plant->node_count);
    bool full = self->node_room_w[0] == 0;
    if (fresh || !full || !news->head->full) {
        sweep_nodes(f, ask_part);
        sg_allocator_step(spare, &problem, &step, self->load_spare_w, NULL);
    }
    news->head->full = full;
    sweep_nodes(f, told_part);
}
