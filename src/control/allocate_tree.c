/* allocate_tree.c - the prepared tree: see allocate_tree.h. */
#include "control/allocate_tree.h"

#include "base/check.h"

#include <math.h>
#include <string.h>

enum { CHUNK_LEAVES_MIN = 8192, CHUNKS = 64, PAIR = 2 };

static size_t align_up(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

/* Every class of every node may need one slot more than it has leaves. */
static size_t slots_max(size_t nodes, size_t leaves, size_t classes)
{
    size_t odd = nodes * classes < leaves ? nodes * classes : leaves;
    return leaves + odd;
}

static size_t block_size(size_t nodes, size_t slots, size_t classes)
{
    size_t phases = 2 * classes, size = 64 + align_up(sizeof(sg_allocator));
#define X(name, type, count) size += align_up(sizeof(type) * (count));
    SG_TREE_ARRAYS(X)
#undef X
    return size;
}

size_t sg_allocation_size(int node_count, int leaf_count)
{
    size_t nodes = (size_t)node_count, leaves = (size_t)leaf_count;
    return block_size(nodes, slots_max(nodes, leaves, SG_CLASS_MAX), SG_CLASS_MAX);
}

size_t sg_allocator_used(const sg_allocator *self)
{
    return (size_t)self->used;
}

/* For reading: the resolver hands out writable pointers. */
static sg_tree tree_to_read(const sg_allocator *self)
{
    union {
        const sg_allocator *read;
        sg_allocator *write;
    } block = {.read = self};
    return sg_tree_at(block.write);
}

void sg_allocator_asked(const sg_allocator *self, double *ret_least_w, double *ret_node_w)
{
    sg_tree t = tree_to_read(self);
    for (int at = 0; at < t.node_count; at++) {
        double least = 0.0, sum = 0.0;
        for (int phase = 0; phase < t.phase_count; phase++) {
            double own = t.own[at * t.phase_count + phase];
            least += phase < t.class_count ? own : 0.0;
            sum += own;
        }
        ret_least_w[t.node[at]] = least;
        ret_node_w[t.node[at]] = sum;
    }
}

void sg_allocator_given(const sg_allocator *self, double *ret_node_w)
{
    sg_tree t = tree_to_read(self);
    for (int at = 0; at < t.node_count; at++) {
        ret_node_w[t.node[at]] = t.given[at];
    }
}

sg_tree sg_tree_at(sg_allocator *self)
{
    sg_tree t = {.head = self,
                 .node_count = self->node_count,
                 .class_count = self->class_count,
                 .phase_count = 2 * self->class_count};
    size_t nodes = (size_t)self->node_count, slots = (size_t)self->slot_count;
    size_t classes = (size_t)self->class_count, phases = 2 * classes;
    unsigned char *at = (unsigned char *)self + align_up(sizeof *self);
#define X(name, type, count)     \
    t.name = (type *)(void *)at; \
    at += align_up(sizeof(type) * (count));
    SG_TREE_ARRAYS(X)
#undef X
    return t;
}

/* --- order --- */

/* Places depth first, children by node; `end` and `below_count` are lent for sizes and cursors. */
static void place_nodes(const sg_tree *t, const sg_allocation *p, int32_t *place)
{
    int32_t *size = t->end, *cursor = t->below_count, next_root = 0;
    for (int n = 0; n < t->node_count; n++) {
        size[n] = 1;
    }
    for (int n = t->node_count - 1; n > 0; n--) {
        if (p->node_parent[n] >= 0) {
            size[p->node_parent[n]] += size[n];
        }
    }
    for (int n = 0; n < t->node_count; n++) {
        int32_t *next = p->node_parent[n] >= 0 ? &cursor[p->node_parent[n]] : &next_root;
        place[n] = *next;
        cursor[n] = place[n] + 1;
        *next += size[n];
    }
    for (int n = 0; n < t->node_count; n++) {
        int at = place[n];
        t->node[at] = n;
        t->parent[at] = p->node_parent[n] >= 0 ? place[p->node_parent[n]] : -1;
    }
}

static void find_ends(const sg_tree *t)
{
    for (int at = 0; at < t->node_count; at++) {
        t->end[at] = at + 1;
    }
    for (int at = t->node_count - 1; at > 0; at--) {
        int above = t->parent[at];
        if (above >= 0 && t->end[above] < t->end[at]) {
            t->end[above] = t->end[at];
        }
    }
}

/* Leaves to slots: by class, place and index. Counts become ends, and ends are walked down to firsts. */
static void place_leaves(const sg_tree *t, const sg_allocation *p, const int32_t *place)
{
    int32_t slices = t->node_count * t->class_count, next = 0;
    memset(t->slice, 0, sizeof *t->slice * ((size_t)slices + 1));
    memset(t->own_count, 0, sizeof *t->own_count * (size_t)t->node_count);
    for (int k = 0; k < p->leaf_count; k++) {
        int at = place[p->leaf_node[k]];
        t->slice[p->leaf_class[k] * t->node_count + at]++;
        bool next_one = t->own_count[at] > 0 && t->first_leaf[at] + t->own_count[at] == k;
        if (t->own_count[at]++ == 0) {
            t->first_leaf[at] = k;
        } else if (!next_one) {
            t->first_leaf[at] = -1 - p->leaf_count; /* no sum with a count comes to an index */
        }
    }
    for (int i = 0; i < slices; i++) {
        int32_t count = t->slice[i];
        t->slice[i] = next + count;
        next += count + count % PAIR;
    }
    t->slice[slices] = next;
    memset(t->leaf, 0xFF, sizeof *t->leaf * (size_t)next);
    for (int k = p->leaf_count - 1; k >= 0; k--) {
        t->leaf[--t->slice[p->leaf_class[k] * t->node_count + place[p->leaf_node[k]]]] = k;
    }
    for (int at = 0; at < t->node_count; at++) {
        t->first_leaf[at] = t->own_count[at] > 0 && t->first_leaf[at] >= 0 ? t->first_leaf[at] : -1;
    }
}

static void count_below(const sg_tree *t)
{
    memcpy(t->below_count, t->own_count, sizeof *t->own_count * (size_t)t->node_count);
    for (int at = t->node_count - 1; at > 0; at--) {
        if (t->parent[at] >= 0) {
            t->below_count[t->parent[at]] += t->below_count[at];
        }
    }
}

/* Neighbours share a chunk while they fit, so that a site of many small nodes has few chunks. Chunks of a large tree grow with it:
 * what is left at the top is swept once for each of its nodes. */
static void find_chunks(const sg_tree *t)
{
    int32_t chunks = 0, tops = 0, held = 0, most = t->head->leaf_count / CHUNKS;
    most = most > CHUNK_LEAVES_MIN ? most : CHUNK_LEAVES_MIN;
    for (int at = 0; at < t->node_count;) {
        int32_t leaves = t->below_count[at];
        if (leaves > most) {
            t->is_top[at] = 1;
            t->top[tops++] = at++;
            held = most + 1; /* the next one begins a chunk */
            continue;
        }
        if (chunks == 0 || held + leaves > most) {
            t->chunk[chunks++] = at;
            held = 0;
        }
        held += leaves;
        at = t->chunk_end[chunks - 1] = t->end[at];
    }
    t->head->chunk_count = chunks;
    t->head->top_count = tops;
}

static void count_slots(sg_allocator *self, const sg_allocation *p)
{
    int class_count = 1;
    for (int k = 0; k < p->leaf_count; k++) {
        SG_CHECK(p->leaf_class[k] < SG_CLASS_MAX);
        class_count = p->leaf_class[k] >= class_count ? p->leaf_class[k] + 1 : class_count;
    }
    self->class_count = class_count;
    self->slot_count =
        (int32_t)slots_max((size_t)p->node_count, (size_t)p->leaf_count, (size_t)class_count);
    self->used =
        (int64_t)block_size((size_t)p->node_count, (size_t)self->slot_count, (size_t)class_count);
}

sg_allocator *sg_allocator_create(void *memory, const sg_allocation *p)
{
    sg_allocator *self = memory;
    *self = (sg_allocator){.magic = SG_ALLOCATOR_MAGIC,
                           .node_count = p->node_count,
                           .leaf_count = p->leaf_count,
                           .fresh = 1};
    count_slots(self, p);
    sg_tree t = sg_tree_at(self);
    int32_t *place = t.chunk; /* until chunks are found */
    place_nodes(&t, p, place);
    find_ends(&t);
    place_leaves(&t, p, place);
    count_below(&t);
    size_t bytes = (size_t)self->slot_count * sizeof(double);
    memset(t.weight, 0, bytes);
    memset(t.min, 0, bytes);
    memset(t.demand, 0, bytes);
    memset(t.own, 0, sizeof(double) * (size_t)(t.node_count * t.phase_count));
    memset(t.cap, -1, (size_t)t.node_count);
    memset(t.is_top, 0, (size_t)t.node_count);
    find_chunks(&t);
    for (int at = 0; at < t.node_count; at++) {
        t.own_given[at] = t.given[at] = 0.0;
        t.limit[at] = -1.0; /* none: everything is news */
    }
    return self;
}

/* --- sweeps --- */

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

static inline double lesser(double a, double b)
{
    return a < b ? a : b;
}

static inline pair lesser_pair(pair a, pair b)
{
    pair_mask less = a < b;
    return (pair)((less & (pair_mask)a) | (~less & (pair_mask)b));
}

/* What a pair of slots asks for in the phase. */
static inline pair ask_of(const sg_tree *t, bool rest, int k)
{
    pair demand = load_pair(t->demand + k), low = lesser_pair(load_pair(t->min + k), demand);
    return rest ? demand - low : low;
}

/* Is the ask close to what the level gives? -1 or 0 each, to be added up: gcc 12 takes an `or` of masks apart. Never for a slot that
 * wants nothing. */
static inline pair_mask close_to(pair ask, pair share)
{
    const pair_mask unsign = {INT64_MAX, INT64_MAX};
    pair off = (pair)((pair_mask)(ask - share) & unsign);
    return off < share * (pair){SG_TAKEN_NEAR, SG_TAKEN_NEAR};
}

static inline __attribute__((always_inline)) void
take(const sg_tree *t, bool rest, bool watch, int from, int to, double level, sg_taken *sum)
{
    pair below_0 = {0}, below_1 = {0}, slope_0 = {0}, slope_1 = {0}, at = {level, level};
    pair_mask near = {0};
    int k = from;
    for (; k + 2 * PAIR <= to; k += 2 * PAIR) {
        pair ask_0 = ask_of(t, rest, k), ask_1 = ask_of(t, rest, k + PAIR);
        pair w_0 = load_pair(t->weight + k), w_1 = load_pair(t->weight + k + PAIR);
        pair_mask full_0 = ask_0 <= w_0 * at, full_1 = ask_1 <= w_1 * at;
        below_0 += where(full_0, ask_0);
        below_1 += where(full_1, ask_1);
        slope_0 += where(~full_0, w_0);
        slope_1 += where(~full_1, w_1);
        if (watch) {
            near += close_to(ask_0, w_0 * at);
            near += close_to(ask_1, w_1 * at);
        }
    }
    if (k < to) {
        pair ask = ask_of(t, rest, k), w = load_pair(t->weight + k);
        pair_mask full = ask <= w * at;
        below_0 += where(full, ask);
        slope_0 += where(~full, w);
        if (watch) {
            near += close_to(ask, w * at);
        }
    }
    below_0 += below_1;
    slope_0 += slope_1;
    sum->below += below_0[0] + below_0[1];
    sum->slope += slope_0[0] + slope_0[1];
    sum->near |= near[0] + near[1] != 0;
}

void sg_tree_take(const sg_tree *t, bool rest, bool watch, int from, int to, double level,
                  sg_taken *sum)
{
    if (rest && watch) {
        take(t, true, true, from, to, level, sum);
    } else if (rest) {
        take(t, true, false, from, to, level, sum);
    } else {
        take(t, false, watch, from, to, level, sum);
    }
}

/* What was seen while looking at slots: any bit of `news` set where something differs, the highest,
 * which is the sign's, of `bad` where a number cannot be allowed. */
typedef struct seen {
    pair_mask news, bad;
    pair low, rest; /* asked in the two phases */
} seen;

static inline void look_at_pair(const sg_tree *t, int slot, pair demand, seen *s)
{
    const pair endless = {HUGE_VAL, HUGE_VAL};
    pair low = lesser_pair(load_pair(t->min + slot), demand);
    s->bad |= ~(demand < endless) | (pair_mask)demand;
    s->news |= (pair_mask)demand ^ (pair_mask)load_pair(t->demand + slot);
    memcpy(t->demand + slot, &demand, sizeof demand);
    s->low += low;
    s->rest += demand - low;
}

/* The slots of one class and place; zeros lose their sign, so that equal numbers are equal bits. */
static inline __attribute__((always_inline)) void look_at(const sg_tree *t, const sg_allocation *p,
                                                          bool capped, sg_slots own, seen *s)
{
    const pair zero = {0.0, 0.0};
    int slot = own.from;
    for (; slot + PAIR <= own.to; slot += PAIR) {
        int a = t->leaf[slot], b = t->leaf[slot + 1];
        look_at_pair(
            t, slot,
            (pair){sg_allocation_demand_w(p, a, capped), sg_allocation_demand_w(p, b, capped)} +
                zero,
            s);
    }
    if (slot < own.to) {
        look_at_pair(t, slot, (pair){sg_allocation_demand_w(p, t->leaf[slot], capped), 0.0} + zero,
                     s);
    }
}

/* Minimums, weights and classes. Returns whether the leaves are of this class. */
static bool look_at_terms(const sg_tree *t, const sg_allocation *p, int class, sg_slots own,
                          seen *s)
{
    bool ordered = true;
    for (int slot = own.from; slot < own.to; slot++) {
        int k = t->leaf[slot];
        double weight = p->leaf_weight[k], min = p->leaf_min_w[k] + 0.0;
        SG_CHECK(weight > 0.0 && weight < HUGE_VAL && min >= 0.0 && min < HUGE_VAL);
        s->news[0] |= weight != t->weight[slot] || min != t->min[slot];
        t->weight[slot] = weight;
        t->min[slot] = min;
        ordered &= p->leaf_class[k] == class;
    }
    return ordered;
}

bool sg_tree_look(const sg_tree *t, const sg_allocation *p, sg_allocation_news news, int at)
{
    bool ordered = true, all = news == SG_NEWS_ALL || t->head->fresh;
    for (int c = 0; c < t->class_count; c++) {
        sg_slots own = sg_tree_leaves(t, c, at);
        seen s = {0};
        ordered &= !all || look_at_terms(t, p, c, own, &s);
        if (p->leaf_most_w) {
            look_at(t, p, true, own, &s);
        } else {
            look_at(t, p, false, own, &s);
        }
        SG_CHECK(s.bad[0] >= 0 && s.bad[1] >= 0);
        if (s.news[0] | s.news[1]) {
            double *sum = t->own + at * t->phase_count;
            sum[c] = s.low[0] + s.low[1];
            sum[t->class_count + c] = s.rest[0] + s.rest[1];
            t->news[at] = 1;
        }
    }
    return ordered;
}

/* --- handing out --- */

/* Own leaves of several classes by index where they do not stand in a row: the least of the heads. */
static double own_sum_merged(const sg_tree *t, int at, const double *given_w)
{
    sg_slots left[SG_CLASS_MAX];
    for (int c = 0; c < t->class_count; c++) {
        left[c] = sg_tree_leaves(t, c, at);
    }
    double sum = 0.0;
    for (int done = 0; done < t->own_count[at]; done++) {
        int best = -1;
        for (int c = 0; c < t->class_count; c++) {
            bool any = left[c].from < left[c].to;
            if (any && (best < 0 || t->leaf[left[c].from] < t->leaf[left[best].from])) {
                best = c;
            }
        }
        sum += given_w[t->leaf[left[best].from++]];
    }
    return sum;
}

double sg_tree_own_sum(const sg_tree *t, int at, const double *given_w)
{
    if (t->first_leaf[at] < 0) {
        return own_sum_merged(t, at, given_w);
    }
    double sum = 0.0;
    const double *own = given_w + t->first_leaf[at];
    for (int k = 0; k < t->own_count[at]; k++) {
        sum += own[k];
    }
    return sum;
}

/* The slots of one class: before, in or after the phase in which the way up is full. */
static void give_slots(const sg_tree *t, int class, int from, int to, int cap, double level,
                       double *given_w)
{
    if (cap > t->class_count + class) {
        for (int i = from; i < to; i++) {
            given_w[t->leaf[i]] = t->demand[i];
        }
    } else if (cap == t->class_count + class) {
        for (int i = from; i < to; i++) {
            double demand = t->demand[i], low = lesser(t->min[i], demand);
            double share = t->weight[i] * level;
            double more = lesser(low + share, demand);
            given_w[t->leaf[i]] = demand - low <= share ? demand : more;
        }
    } else if (cap > class) {
        for (int i = from; i < to; i++) {
            given_w[t->leaf[i]] = lesser(t->min[i], t->demand[i]);
        }
    } else {
        double reached = cap == class ? level : 0.0;
        for (int i = from; i < to; i++) {
            double low = lesser(t->min[i], t->demand[i]);
            given_w[t->leaf[i]] = lesser(t->weight[i] * reached, low);
        }
    }
}

void sg_tree_give(const sg_tree *t, int at, double *given_w)
{
    for (int c = 0; c < t->class_count; c++) {
        sg_slots s = sg_tree_leaves(t, c, at);
        give_slots(t, c, s.from, s.to, t->cap[at], t->cap_level[at], given_w);
    }
    t->own_given[at] = sg_tree_own_sum(t, at, given_w);
}
