/* allocate_tree.c - the prepared tree: see allocate_tree.h. */
#include "control/allocate_tree.h"

#include "base/check.h"
#include "base/quads.h"

#include <math.h>
#include <string.h>

enum {
    CHUNK_LEAVES_MIN = 8192,
    CHUNKS = 64,
    PAIR = 2,
    ROW_MAX = 256, /* leaves of a place that are looked at together */
    LINE = 8       /* doubles of a cache line */
};

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
        ret_least_w[t.node[at]] = t.own_least[at];
        ret_node_w[t.node[at]] = t.own_all[at];
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

/* In a row? Else no sum with a count comes to an index. */
static void note_own(const sg_tree *t, const sg_allocation *p, int at, int k)
{
    bool next_one = t->own_count[at] > 0 && t->first_leaf[at] + t->own_count[at] == k;
    if (t->own_count[at]++ == 0) {
        t->first_leaf[at] = k;
    } else if (!next_one) {
        t->first_leaf[at] = -1 - p->leaf_count;
    }
}

/* Leaves to slots: by class, place and index. Counts become ends, and ends are walked down to firsts. */
static void place_leaves(const sg_tree *t, const sg_allocation *p, const int32_t *place)
{
    const int classes = t->class_count;
    int32_t next = 0;
    memset(t->slots, 0, sizeof *t->slots * (size_t)(t->node_count * classes));
    memset(t->own_count, 0, sizeof *t->own_count * (size_t)t->node_count);
    for (int k = 0; k < p->leaf_count; k++) {
        int at = place[p->leaf_node[k]];
        t->slots[at * classes + p->leaf_class[k]].to++;
        note_own(t, p, at, k);
    }
    for (int c = 0; c < classes; c++) {
        for (int at = 0; at < t->node_count; at++) {
            sg_slots *s = &t->slots[at * classes + c];
            int32_t count = s->to;
            s->from = s->to = next + count;
            next += count + count % PAIR;
        }
    }
    memset(t->leaf, 0xFF, sizeof *t->leaf * (size_t)next);
    for (int k = p->leaf_count - 1; k >= 0; k--) {
        t->leaf[--t->slots[place[p->leaf_node[k]] * classes + p->leaf_class[k]].from] = k;
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
        t.own_given[at] = t.given[at] = t.own_least[at] = t.own_all[at] = 0.0;
        t.limit[at] = -1.0; /* none: everything is news */
    }
    return self;
}

/* --- sweeps --- */

static inline double lesser(double a, double b)
{
    return a < b ? a : b;
}

#define SG_QUADS 2
#include "control/allocate_quads.h"
#undef SG_QUADS
#if SG_QUADS_X86
#define SG_QUADS 4
#include "control/allocate_quads.h"
#undef SG_QUADS
#define BY_WIDTH(name, ...) (SG_QUADS_WIDE() ? name##4(__VA_ARGS__) : name##2(__VA_ARGS__))
#else
#define BY_WIDTH(name, ...) name##2(__VA_ARGS__)
#endif

void sg_tree_take(const sg_tree *t, bool rest, bool watch, int from, int to, double level,
                  sg_taken *sum)
{
    BY_WIDTH(take, t, rest, watch, from, to, level, sum);
}

/* A place's slots of a class are ten or so: two lines of most columns. */
static void fetch_two(const double *at)
{
    __builtin_prefetch(at);
    __builtin_prefetch(at + LINE);
}

void sg_tree_fetch_look(const sg_tree *t, int at)
{
    for (int c = 0; t->own_count[at] > 0 && c < t->class_count; c++) {
        int32_t from = sg_tree_leaves(t, c, at).from;
        __builtin_prefetch(t->leaf + from);
        fetch_two(t->demand + from);
        fetch_two(t->min + from);
    }
}

void sg_tree_fetch_full(const sg_tree *t, int at)
{
    if (t->news[at] && t->own_count[at] > 0 && t->full[at] < t->phase_count) {
        int32_t from = sg_tree_leaves(t, t->full[at] % t->class_count, at).from;
        fetch_two(t->demand + from);
        fetch_two(t->min + from);
        fetch_two(t->weight + from);
    }
}

void sg_tree_fetch_give(const sg_tree *t, int at)
{
    for (int c = 0; t->news[at] && t->own_count[at] > 0 && c < t->class_count; c++) {
        int32_t from = sg_tree_leaves(t, c, at).from;
        __builtin_prefetch(t->leaf + from);
        fetch_two(t->demand + from);
    }
}

/* What was seen while looking at slots: any bit of `news` set where something differs. */
typedef struct seen {
    sg_pair_mask news;
    sg_pair low, rest; /* asked in the two phases */
} seen;

static inline void look_at_pair(double *slot_demand, const double *slot_min, sg_pair demand,
                                seen *s)
{
    sg_pair low = sg_pair_min(sg_pair_load(slot_min), demand);
    s->news |= (sg_pair_mask)demand ^ (sg_pair_mask)sg_pair_load(slot_demand);
    sg_pair_store(slot_demand, demand);
    s->low += low;
    s->rest += demand - low;
}

/* The slots of one class and place; want_w[leaf - first]. */
static inline void look_at(const sg_tree *t, const double *want_w, int first, sg_slots own, seen *s)
{
    const int32_t *leaf = t->leaf + own.from;
    double *demand = t->demand + own.from;
    const double *min = t->min + own.from;
    int count = own.to - own.from, i = 0;
    for (; i + PAIR <= count; i += PAIR) {
        look_at_pair(demand + i, min + i,
                     (sg_pair){want_w[leaf[i] - first], want_w[leaf[i + 1] - first]}, s);
    }
    if (i < count) {
        look_at_pair(demand + i, min + i, (sg_pair){want_w[leaf[i] - first], 0.0}, s);
    }
}

/* Leaves that stand anywhere, some at a time. */
static void look_apart(const sg_tree *t, const sg_allocation *p, sg_slots own, seen *s)
{
    for (int slot = own.from; slot < own.to; slot += PAIR) {
        sg_pair demand = {0.0, 0.0};
        for (int i = 0; i < PAIR && slot + i < own.to; i++) {
            demand[i] = sg_allocation_demand_w(p, t->leaf[slot + i]) + 0.0;
            SG_CHECK(demand[i] >= 0.0 && demand[i] < HUGE_VAL);
        }
        look_at_pair(t->demand + slot, t->min + slot, demand, s);
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

/* What the place's own leaves ask for as minimums, and in all. */
static void sum_own(const sg_tree *t, int at)
{
    const double *own = t->own + (size_t)at * (size_t)t->phase_count;
    double least = 0.0, all = 0.0;
    for (int phase = 0; phase < t->phase_count; phase++) {
        least += phase < t->class_count ? own[phase] : 0.0;
        all += own[phase];
    }
    t->own_least[at] = least;
    t->own_all[at] = all;
}

bool sg_tree_look(const sg_tree *t, const sg_allocation *p, sg_allocation_news news, int at)
{
    bool ordered = true, all = news == SG_NEWS_ALL || t->head->fresh;
    double want_w[ROW_MAX];
    int first = t->first_leaf[at];
    bool row = first >= 0 && t->own_count[at] <= ROW_MAX;
    SG_CHECK(!row || BY_WIDTH(wants_of_row, p, first, t->own_count[at], want_w));
    for (int c = 0; c < t->class_count; c++) {
        sg_slots own = sg_tree_leaves(t, c, at);
        seen s = {0};
        ordered &= !all || look_at_terms(t, p, c, own, &s);
        if (row) {
            look_at(t, want_w, first, own, &s);
        } else {
            look_apart(t, p, own, &s);
        }
        if (s.news[0] | s.news[1]) {
            double *sum = t->own + at * t->phase_count;
            sum[c] = s.low[0] + s.low[1];
            sum[t->class_count + c] = s.rest[0] + s.rest[1];
            t->news[at] = 1;
        }
    }
    if (t->news[at]) {
        sum_own(t, at);
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

/* Four places at a time: a sum in a fixed order waits for its last term, so others go on meanwhile. */
static void sum_four(const sg_tree *t, const int32_t at[4], const double *given_w)
{
    const double *row[4];
    double sum[4] = {0.0};
    int32_t least = INT32_MAX;
    for (int i = 0; i < 4; i++) {
        least = t->own_count[at[i]] < least ? t->own_count[at[i]] : least;
        row[i] = given_w + t->first_leaf[at[i]];
    }
    for (int32_t k = 0; k < least; k++) {
        sum[0] += row[0][k];
        sum[1] += row[1][k];
        sum[2] += row[2][k];
        sum[3] += row[3][k];
    }
    for (int i = 0; i < 4; i++) {
        for (int32_t k = least; k < t->own_count[at[i]]; k++) {
            sum[i] += row[i][k];
        }
        t->own_given[at[i]] = sum[i];
    }
}

void sg_tree_own_sums(const sg_tree *t, const int32_t *place, int count, const double *given_w)
{
    bool rows = count == SG_TREE_SUMS;
    for (int i = 0; i < count; i++) {
        rows = rows && t->first_leaf[place[i]] >= 0;
    }
    if (rows) {
        sum_four(t, place, given_w);
        return;
    }
    for (int i = 0; i < count; i++) {
        t->own_given[place[i]] = sg_tree_own_sum(t, place[i], given_w);
    }
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
        BY_WIDTH(give_rest, t, (sg_slots){from, to}, level, given_w);
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
}
