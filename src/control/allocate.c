#include "control/allocate.h"

#include "base/check.h"
#include "base/limits.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* How the weighted max-min point is found without filling by rounds.
 *
 * In one phase every leaf k rises as min(ask_k, weight_k * L) with a common level L. What a subtree
 * takes is a concave function of L, cut off at the room its node has left, so each node that the
 * asks overfill has a level of its own at which it is full, and a leaf gets min(ask, weight * the
 * least level on its path). One walk up the tree finds those levels, children first. Leaves are
 * kept in depth-first order, so that a subtree is one range of an array and a level is found by
 * sweeps over it (Newton's method on a concave broken line: from below it never overshoots). */

/* Room below this share of a limit is the rounding of earlier sums and counts as none. */
static const double DUST = 1e-12;
/* And so does room that is lost in the denormal numbers, where shares of it cannot be told apart. */
static const double NOTHING = 1e-200;

enum {
    NEWTON_ROUND_MAX = 16, /* then halving the bits of the level takes turns */
    LEVEL_ROUND_MAX = 192, /* 64 bits of a level, two rounds each, and a margin */
    TRIM_ROUND_MAX = 24,
    LANES = 8 /* partial sums of a sweep, always added in the same order */
};

/* The scratch block. Leaf arrays are sorted by class and, inside a class, depth first. */
typedef struct workspace {
    double *total, *used, *level, *factor;        /* [node] */
    int32_t *first, *count, *cursor;              /* [node] range of the class in hand */
    double *weight, *low, *demand, *given, *rise; /* [leaf]; low = min(min, demand) */
    int32_t *node, *leaf, *walk;                  /* [leaf] */
    int32_t class_first[SG_CLASS_MAX + 1];
} workspace;

enum { NODE_BYTES = 4 * 8 + 3 * 4, LEAF_BYTES = 5 * 8 + 3 * 4 };

size_t sg_allocation_size(int node_count, int leaf_count)
{
    return (size_t)node_count * NODE_BYTES + (size_t)leaf_count * LEAF_BYTES + 64;
}

/* fmin and fmax without their care for NaN, which costs a call per leaf; inputs are checked. */
static inline double lesser(double a, double b)
{
    return a < b ? a : b;
}

static inline double greater(double a, double b)
{
    return a > b ? a : b;
}

static double *take_doubles(unsigned char **block, size_t count)
{
    double *taken = (double *)(void *)*block;
    *block += count * sizeof *taken;
    return taken;
}

static int32_t *take_ints(unsigned char **block, size_t count)
{
    int32_t *taken = (int32_t *)(void *)*block;
    *block += count * sizeof *taken;
    return taken;
}

static void workspace_create(workspace *self, const sg_allocation *p, void *scratch)
{
    size_t nodes = (size_t)p->node_count, leaves = (size_t)p->leaf_count;
    unsigned char *block = scratch;
    self->total = take_doubles(&block, nodes);
    self->used = take_doubles(&block, nodes);
    self->level = take_doubles(&block, nodes);
    self->factor = take_doubles(&block, nodes);
    self->weight = take_doubles(&block, leaves);
    self->low = take_doubles(&block, leaves);
    self->demand = take_doubles(&block, leaves);
    self->given = take_doubles(&block, leaves);
    self->rise = take_doubles(&block, leaves);
    self->first = take_ints(&block, nodes);
    self->count = take_ints(&block, nodes);
    self->cursor = take_ints(&block, nodes);
    self->node = take_ints(&block, leaves);
    self->leaf = take_ints(&block, leaves);
    self->walk = take_ints(&block, leaves);
}

static void check_problem(const sg_allocation *p)
{
    SG_CHECK(p->node_count >= 0 && p->leaf_count >= 0);
    for (int n = 0; n < p->node_count; n++) {
        SG_CHECK(p->node_parent[n] >= -1 && p->node_parent[n] < n);
        SG_CHECK(p->node_limit_w[n] >= 0.0);
    }
    for (int k = 0; k < p->leaf_count; k++) {
        SG_CHECK(p->leaf_node[k] >= 0 && p->leaf_node[k] < p->node_count);
        SG_CHECK(p->leaf_class[k] < SG_CLASS_MAX);
        SG_CHECK(p->leaf_weight[k] > 0.0 && p->leaf_weight[k] < HUGE_VAL);
        SG_CHECK(p->leaf_min_w[k] >= 0.0 && p->leaf_min_w[k] < HUGE_VAL);
        SG_CHECK(p->leaf_demand_w[k] >= 0.0 && p->leaf_demand_w[k] < HUGE_VAL);
    }
}

/* The sum below each node in the order the header promises: a node's own leaves by index, then its
 * children from the last node to the first. */
static void sum_below(const sg_allocation *p, const double *leaf_w, double *ret_total)
{
    memset(ret_total, 0, (size_t)p->node_count * sizeof *ret_total);
    for (int k = 0; k < p->leaf_count;) {
        int32_t node = p->leaf_node[k];
        double sum = ret_total[node];
        for (; k < p->leaf_count && p->leaf_node[k] == node; k++) {
            sum += leaf_w[k];
        }
        ret_total[node] = sum;
    }
    for (int n = p->node_count - 1; n > 0; n--) {
        if (p->node_parent[n] >= 0) {
            ret_total[p->node_parent[n]] += ret_total[n];
        }
    }
}

static bool all_within_limits(const sg_allocation *p, const double *total)
{
    for (int n = 0; n < p->node_count; n++) {
        if (total[n] > p->node_limit_w[n]) {
            return false;
        }
    }
    return true;
}

/* From the own leaves of each node (count, on entry) to the range of its subtree: own leaves first,
 * then the children in order; roots follow one another from start. */
static void find_ranges(workspace *self, const sg_allocation *p, int32_t start)
{
    size_t bytes = (size_t)p->node_count * sizeof *self->count;
    memcpy(self->cursor, self->count, bytes);
    for (int n = p->node_count - 1; n > 0; n--) {
        if (p->node_parent[n] >= 0) {
            self->count[p->node_parent[n]] += self->count[n];
        }
    }
    for (int n = 0; n < p->node_count; n++) {
        int32_t parent = p->node_parent[n];
        int32_t *next = parent >= 0 ? &self->cursor[parent] : &start;
        self->first[n] = *next;
        *next += self->count[n];
        self->cursor[n] += self->first[n];
    }
}

/* Sort the leaves by class and, inside each class, depth first. */
static void order_leaves(workspace *self, const sg_allocation *p)
{
    size_t node_bytes = (size_t)p->node_count * sizeof *self->count;
    memset(self->count, 0, node_bytes);
    memset(self->class_first, 0, sizeof self->class_first);
    for (int k = 0; k < p->leaf_count; k++) {
        self->count[p->leaf_node[k]]++;
        self->class_first[p->leaf_class[k] + 1]++;
    }
    int32_t next[SG_CLASS_MAX];
    for (int c = 0; c < SG_CLASS_MAX; c++) {
        next[c] = self->class_first[c];
        self->class_first[c + 1] += self->class_first[c];
    }
    find_ranges(self, p, 0);
    memcpy(self->cursor, self->first, node_bytes);
    for (int32_t k = 0; k < p->leaf_count; k++) {
        self->walk[self->cursor[p->leaf_node[k]]++] = k;
    }
    for (int32_t i = 0; i < p->leaf_count; i++) {
        int32_t leaf = self->walk[i], k = next[p->leaf_class[leaf]]++;
        self->leaf[k] = leaf;
        self->node[k] = p->leaf_node[leaf];
        self->weight[k] = p->leaf_weight[leaf];
        self->demand[k] = p->leaf_demand_w[leaf];
        self->low[k] = lesser(p->leaf_min_w[leaf], p->leaf_demand_w[leaf]);
    }
}

/* Two doubles at a time: what every 64-bit machine has. A comparison gives all bits or none, and a
 * number and-ed with that is itself or +0.0. */
typedef double pair __attribute__((vector_size(16)));
typedef int64_t pair_mask __attribute__((vector_size(16)));

static inline pair load_pair(const double *at)
{
    pair two;
    memcpy(&two, at, sizeof two);
    return two;
}

static inline pair where(pair_mask mask, pair value)
{
    return (pair)(mask & (pair_mask)value);
}

/* What a range takes at a level: `below` from the leaves that have their ask, `slope` per unit of
 * level from the others. */
static void measure(const double *rise, const double *weight, int32_t count, double level,
                    double *ret_below, double *ret_slope)
{
    pair below_pair[LANES / 2] = {0}, slope_pair[LANES / 2] = {0}, level_pair = {level, level};
    int32_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        for (int lane = 0; lane < LANES / 2; lane++) {
            pair r = load_pair(rise + k + 2 * lane), w = load_pair(weight + k + 2 * lane);
            pair_mask full = r <= level_pair;
            below_pair[lane] += where(full, r * w);
            slope_pair[lane] += where(~full, w);
        }
    }
    double below[LANES], slope[LANES];
    memcpy(below, below_pair, sizeof below);
    memcpy(slope, slope_pair, sizeof slope);
    for (int lane = 0; k + lane < count; lane++) {
        bool full = rise[k + lane] <= level;
        below[lane] += full ? rise[k + lane] * weight[k + lane] : 0.0;
        slope[lane] += full ? 0.0 : weight[k + lane];
    }
    *ret_below = ((below[0] + below[4]) + (below[2] + below[6])) +
                 ((below[1] + below[5]) + (below[3] + below[7]));
    *ret_slope = ((slope[0] + slope[4]) + (slope[2] + slope[6])) +
                 ((slope[1] + slope[5]) + (slope[3] + slope[7]));
}

/* Halfway between two levels >= 0 in the order of their bits, which for such doubles is the order
 * of their values: any pair meets within 64 halvings. */
static double middle(double low, double high)
{
    uint64_t a, b;
    memcpy(&a, &low, sizeof a);
    memcpy(&b, &high, sizeof b);
    a += (b - a) / 2;
    memcpy(&low, &a, sizeof low);
    return low;
}

/* The level at which a range takes just its room, HUGE_VAL when it never does. `low` climbs towards
 * it from below. */
static double fill_level(const double *rise, const double *weight, int32_t count, double room)
{
    double low = 0.0, high = HUGE_VAL, below, slope;
    for (int round = 0; round < LEVEL_ROUND_MAX; round++) {
        bool halve = round >= NEWTON_ROUND_MAX && round % 2 == 1;
        double from = halve ? middle(low, high) : low;
        measure(rise, weight, count, from, &below, &slope);
        double next = slope > 0.0 ? (room - below) / slope : HUGE_VAL;
        if (halve) {
            /* with everybody full the range takes too much (or the caller would not ask) */
            bool too_far = slope > 0.0 ? next < from : true;
            low = too_far ? low : next;
            high = too_far ? from : high;
        } else if (next > low && slope > 0.0) {
            low = next;
        } else {
            return slope > 0.0 ? low : HUGE_VAL;
        }
    }
    return low;
}

static double room_of(const workspace *self, const sg_allocation *p, int node)
{
    double limit = p->node_limit_w[node], room = limit - self->used[node];
    return room > DUST * limit + NOTHING || limit == HUGE_VAL ? room : 0.0;
}

/* What a leaf still asks for in the phase. */
static double ask_of(const workspace *self, const double *want, int32_t leaf)
{
    return greater(want[leaf] - self->given[leaf], 0.0);
}

/* Sum the asks up the tree, each subtree cut off at its room; factor is 1 at nodes that are
 * overfilled. Returns whether any is. */
static bool find_overfilled(workspace *self, const sg_allocation *p, const double *want,
                            int32_t from, int32_t to)
{
    bool any = false;
    memset(self->total, 0, (size_t)p->node_count * sizeof *self->total);
    for (int32_t k = from; k < to;) {
        int32_t node = self->node[k];
        double sum = 0.0;
        for (; k < to && self->node[k] == node; k++) {
            sum += ask_of(self, want, k);
        }
        self->total[node] = sum;
    }
    for (int n = p->node_count - 1; n >= 0; n--) {
        double room = room_of(self, p, n);
        bool over = self->total[n] - room > DUST * p->node_limit_w[n];
        self->factor[n] = over ? 1.0 : 0.0;
        self->total[n] = lesser(self->total[n], room);
        any |= over;
        if (p->node_parent[n] >= 0) {
            self->total[p->node_parent[n]] += self->total[n];
        }
    }
    return any;
}

/* The level of every overfilled node, children first; rise becomes the least level on each leaf's
 * path. */
static void find_levels(workspace *self, const sg_allocation *p, const double *want, int32_t from,
                        int32_t to)
{
    memset(self->count, 0, (size_t)p->node_count * sizeof *self->count);
    for (int32_t k = from; k < to; k++) {
        self->count[self->node[k]]++;
        self->rise[k] = ask_of(self, want, k) / self->weight[k];
    }
    find_ranges(self, p, from);
    for (int n = p->node_count - 1; n >= 0; n--) {
        self->level[n] = HUGE_VAL;
        if (self->factor[n] == 0.0) {
            continue;
        }
        double *rise = self->rise + self->first[n];
        double level =
            fill_level(rise, self->weight + self->first[n], self->count[n], room_of(self, p, n));
        for (int32_t k = 0; k < self->count[n]; k++) {
            rise[k] = rise[k] < level ? rise[k] : level;
        }
        self->level[n] = level;
    }
}

/* A node whose level lies above one of its ancestors' never fills up: it stops nobody. */
static void mark_binding(workspace *self, const sg_allocation *p, uint8_t *ret_binding)
{
    for (int n = 0; n < p->node_count; n++) {
        int32_t parent = p->node_parent[n];
        double above = parent >= 0 ? self->level[parent] : HUGE_VAL;
        if (self->level[n] <= above && self->level[n] < HUGE_VAL) {
            ret_binding[n] = 1;
        }
        self->level[n] = lesser(self->level[n], above);
    }
}

/* Hand out what the levels allow; total becomes what each subtree received. */
static void give(workspace *self, const sg_allocation *p, const double *want, int32_t from,
                 int32_t to)
{
    memset(self->total, 0, (size_t)p->node_count * sizeof *self->total);
    for (int32_t k = from; k < to;) {
        int32_t node = self->node[k];
        double sum = 0.0;
        for (; k < to && self->node[k] == node; k++) {
            double ask = ask_of(self, want, k), before = self->given[k];
            if (self->rise[k] < ask / self->weight[k]) {
                double share = lesser(self->rise[k] * self->weight[k], ask);
                self->given[k] = lesser(before + share, want[k]);
                sum += share;
            } else {
                self->given[k] = greater(before, want[k]);
                sum += ask;
            }
        }
        self->total[node] = sum;
    }
    for (int n = p->node_count - 1; n > 0; n--) {
        if (p->node_parent[n] >= 0) {
            self->total[p->node_parent[n]] += self->total[n];
        }
    }
}

/* One phase: the leaves [from, to) of one class rise towards `want`. */
static void run_phase(workspace *self, const sg_allocation *p, const double *want, int32_t from,
                      int32_t to, uint8_t *ret_binding)
{
    if (find_overfilled(self, p, want, from, to)) {
        find_levels(self, p, want, from, to);
        if (ret_binding) {
            mark_binding(self, p, ret_binding);
        }
        give(self, p, want, from, to);
    } else {
        for (int32_t k = from; k < to; k++) {
            self->given[k] = greater(self->given[k], want[k]);
        }
    }
    for (int n = 0; n < p->node_count; n++) {
        self->used[n] += self->total[n];
    }
}

/* Rounding may leave a sum a few units in the last place above its limit: scale such subtrees down
 * until the sums in the promised order fit. The margin grows each round, so the loop is short. */
static void trim(workspace *self, const sg_allocation *p, double *given_w)
{
    double margin = 0x1p-52;
    for (int round = 0; round < TRIM_ROUND_MAX; round++, margin *= 4.0) {
        sum_below(p, given_w, self->total);
        if (all_within_limits(p, self->total)) {
            return;
        }
        for (int n = 0; n < p->node_count; n++) {
            double limit = p->node_limit_w[n], factor = 1.0;
            if (self->total[n] > limit) {
                factor = limit / self->total[n] * (1.0 - margin);
            }
            int32_t parent = p->node_parent[n];
            self->factor[n] = parent >= 0 ? lesser(factor, self->factor[parent]) : factor;
        }
        for (int k = 0; k < p->leaf_count; k++) {
            given_w[k] *= self->factor[p->leaf_node[k]];
        }
    }
    sum_below(p, given_w, self->total);
    SG_CHECK(all_within_limits(p, self->total));
}

void sg_allocate(const sg_allocation *problem, void *scratch, double *ret_given_w,
                 uint8_t *ret_binding)
{
    workspace self;
    check_problem(problem);
    workspace_create(&self, problem, scratch);
    if (ret_binding && problem->node_count) {
        memset(ret_binding, 0, (size_t)problem->node_count);
    }
    if (problem->leaf_count == 0) {
        return;
    }
    sum_below(problem, problem->leaf_demand_w, self.total);
    if (all_within_limits(problem, self.total)) {
        memcpy(ret_given_w, problem->leaf_demand_w,
               (size_t)problem->leaf_count * sizeof *ret_given_w);
        return;
    }
    order_leaves(&self, problem);
    memset(self.given, 0, (size_t)problem->leaf_count * sizeof *self.given);
    memset(self.used, 0, (size_t)problem->node_count * sizeof *self.used);
    for (int phase = 0; phase < 2 * SG_CLASS_MAX; phase++) {
        int class = phase % SG_CLASS_MAX;
        int32_t from = self.class_first[class], to = self.class_first[class + 1];
        if (from < to) {
            run_phase(&self, problem, phase < SG_CLASS_MAX ? self.low : self.demand, from, to,
                      ret_binding);
        }
    }
    for (int k = 0; k < problem->leaf_count; k++) {
        ret_given_w[self.leaf[k]] = self.given[k];
    }
    trim(&self, problem, ret_given_w);
}
