#include "control/allocate.h"

#include "base/check.h"
#include "control/allocate_tree.h"

#include <math.h>
#include <string.h>

/* How the point of progressive filling is found without filling.
 *
 * In one phase every leaf k rises as min(ask_k, weight_k * L) with a common level L; phases follow
 * one another. A node is full at one (phase, level), if ever, and from then on nobody below it gets
 * more, in this phase or a later one. So a leaf gets what it would get alone up to the first
 * (phase, level) on its way to the root.
 *
 * Where a node is full depends on its subtree alone: limits above it either come into force later,
 * and change nothing before, or earlier, and then the node never gets that far. So one pass up, with
 * what each subtree takes phase by phase, finds all of them, and one pass down hands out. Inside its
 * phase a node takes a concave function of L, a broken line that reaches the node's room at the
 * level looked for: Newton's method from below climbs to it without ever overshooting. */

/* Room below this share of a limit is the rounding of earlier sums and counts as none. */
static const double DUST = 1e-12;
/* And so does room that is lost in the denormal numbers, where shares of it cannot be told apart. */
static const double NOTHING = 1e-200;
/* What large nodes keep back of their limit: more than sums of some hundred terms are off. */
static const double KEEP_BACK = 0x1p-42;

enum {
    KEEP_BACK_LEAVES = 64,
    NEWTON_ROUND_MAX = 16, /* then halving the bits of the level takes turns */
    LEVEL_ROUND_MAX = 192, /* 64 bits of a level, two rounds each, and a margin */
    WARM_ROUND_MAX = 5,    /* from the last step's level: two are usual */
    TRIM_ROUND_MAX = 24,
    FETCH_AHEAD = 6 /* places */
};

/* One step at work: what all its parts need. */
typedef struct job {
    sg_tree t;
    const sg_allocation *p;
    const sg_allocation_step *how;
    double *given_w;
    uint8_t *binding;
    int first_chunk, phase; /* of a sweep over the chunks below a node at the top */
    double level;
    bool watch; /* for what is near the level */
} job;

/* --- up: where each node is full --- */

/* The slots of places [from, to) that rise in the phase. */
static void take_places(const job *j, int from, int to, sg_taken *sum)
{
    const sg_tree *t = &j->t;
    bool rest = j->phase >= t->class_count;
    int class = rest ? j->phase - t->class_count : j->phase;
    sg_slots s = sg_tree_row(t, class, from, to);
    if (s.from < s.to) {
        sg_tree_take(t, rest, j->watch, s.from, s.to, j->level, sum);
    }
}

/* Does the subtree take all that it ever will in this phase? That is added, then. */
static bool take_full(const job *j, int at, sg_taken *sum)
{
    const sg_tree *t = &j->t;
    double total = *sg_tree_total(t, j->phase, at), level = t->level[at];
    if (total == 0.0) { /* nobody asks, or full in an earlier phase */
        return true;
    }
    if (t->full[at] != j->phase) {
        return false;
    }
    sum->near |= fabs(level - j->level) < SG_TAKEN_NEAR * j->level;
    sum->below += level <= j->level ? total : 0.0;
    return level <= j->level;
}

/* What the subtrees at places [from, to) take at j->level of j->phase. */
static void take_range(const job *j, int from, int to, sg_taken *sum)
{
    int row = from; /* of places that are not full */
    for (int at = from; at < to;) {
        if (!take_full(j, at, sum)) {
            at++;
            continue;
        }
        if (row < at) {
            take_places(j, row, at, sum);
        }
        row = at = j->t.end[at];
    }
    if (row < to) {
        take_places(j, row, to, sum);
    }
}

static void take_part(void *context, int part)
{
    const job *j = context;
    int chunk = j->first_chunk + part;
    sg_taken sum = {0};
    take_range(j, j->t.chunk[chunk], j->t.chunk_end[chunk], &sum);
    j->t.part_below[chunk] = sum.below;
    j->t.part_slope[chunk] = sum.slope;
    j->t.part_near[chunk] = sum.near;
}

/* The first chunk that begins at or after a place. */
static int chunk_from(const sg_tree *t, int place)
{
    int low = 0, high = t->head->chunk_count;
    while (low < high) {
        int middle = (low + high) / 2;
        *(t->chunk[middle] < place ? &low : &high) = t->chunk[middle] < place ? middle + 1 : middle;
    }
    return low;
}

/* A node at the top: its chunks at once, then added up in order with the nodes between them. */
static void take_top(job *j, int at, sg_taken *sum)
{
    const sg_tree *t = &j->t;
    int chunk = chunk_from(t, at), last = chunk_from(t, t->end[at]);
    j->first_chunk = chunk;
    sg_pool_run(j->how->pool, take_part, j, last - chunk);
    for (int q = at + 1; q < t->end[at];) {
        while (chunk < last && t->chunk[chunk] < q) {
            chunk++; /* skipped with a full node above it */
        }
        if (chunk < last && t->chunk[chunk] == q) {
            sum->below += t->part_below[chunk];
            sum->slope += t->part_slope[chunk];
            sum->near |= t->part_near[chunk];
            q = t->chunk_end[chunk];
        } else if (take_full(j, q, sum)) {
            q = t->end[q];
        } else {
            take_places(j, q, q + 1, sum);
            q++;
        }
    }
}

/* What a node takes at a level of j->phase, its own limit left out. */
static sg_taken take_all(job *j, int at, double level)
{
    sg_taken sum = {0};
    j->level = level;
    take_places(j, at, at + 1, &sum);
    if (j->t.is_top[at]) {
        take_top(j, at, &sum);
    } else {
        take_range(j, at + 1, j->t.end[at], &sum);
    }
    return sum;
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

static double next_level(sg_taken sum, double room)
{
    return sum.slope > 0.0 ? (room - sum.below) / sum.slope : HUGE_VAL;
}

/* Two levels that only rounding tells apart. */
static bool same_level(double a, double b)
{
    return fabs(a - b) <= SG_TAKEN_NEAR / 4 * b;
}

/* The level at which a node takes just its room, HUGE_VAL when it never does. `low` climbs towards
 * it from below. */
static double climb_level(job *j, int at, double room)
{
    double low = 0.0, high = HUGE_VAL;
    for (int round = 0; round < LEVEL_ROUND_MAX; round++) {
        bool halve = round >= NEWTON_ROUND_MAX && round % 2 == 1;
        double from = halve ? middle(low, high) : low;
        sg_taken sum = take_all(j, at, from);
        double next = next_level(sum, room);
        if (halve) {
            /* with everybody full the node takes too much (or the caller would not ask) */
            bool too_far = sum.slope > 0.0 ? next < from : true;
            low = too_far ? low : next;
            high = too_far ? from : high;
        } else if (next > low && sum.slope > 0.0) {
            low = next;
        } else if (sum.slope > 0.0) {
            return same_level(next, low) ? next : low;
        } else {
            return HUGE_VAL;
        }
    }
    return low;
}

/* The same from where the level was in the last step; false when it is not certain to come out the
 * same to the last bit. A level is (room - below) / slope, with the sums over those that are full at
 * it and those that are not. Where no ask lies near it, and enough of the room is left beside
 * `below` for the quotient to be far better than near, the climb ends with the same ones, and so
 * with the same quotient. */
static bool warm_level(job *j, int at, double room, double start, double *ret)
{
    double level = start;
    bool found = false;
    j->watch = true;
    for (int round = 0; round < WARM_ROUND_MAX && level > NOTHING && level < HUGE_VAL && !found;
         round++) {
        sg_taken sum = take_all(j, at, level);
        double next = next_level(sum, room);
        found = same_level(next, level) && !sum.near && room - sum.below > 0x1p-8 * room;
        level = next;
    }
    j->watch = false;
    *ret = level;
    return found;
}

static double fill_level(job *j, int at, double room, double last)
{
    double level;
    return warm_level(j, at, room, last, &level) ? level : climb_level(j, at, room);
}

/* The phase in which a node is full and the room that it has left then; phase_count for never. */
static int find_full(const sg_tree *t, int at, double *ret_room)
{
    double limit = t->limit[at], used = 0.0, all = 0.0;
    for (int phase = 0; phase < t->phase_count; phase++) {
        all += *sg_tree_total(t, phase, at);
    }
    if (all < limit * (1.0 - 1e-9)) { /* far from it: most nodes, most of the time */
        return t->phase_count;
    }
    for (int phase = 0; phase < t->phase_count; phase++) {
        double room = limit - used;
        room = room > DUST * limit + NOTHING || limit == HUGE_VAL ? room : 0.0;
        double total = *sg_tree_total(t, phase, at);
        if (total - room > DUST * limit) {
            bool large = t->below_count[at] > KEEP_BACK_LEAVES;
            double kept = large ? limit * (1.0 - KEEP_BACK) - used : room;
            *ret_room = room > 0.0 && kept > 0.0 ? kept : 0.0;
            return phase;
        }
        used += total;
    }
    return t->phase_count;
}

/* One node, all below it done: what it takes, and where it is full. */
static void fill_node(job *j, int at)
{
    const sg_tree *t = &j->t;
    double limit = j->p->node_limit_w[t->node[at]];
    SG_CHECK(limit >= 0.0);
    bool news = t->news[at] || limit != t->limit[at];
    for (int child = at + 1; child < t->end[at]; child = t->end[child]) {
        news |= t->news[child];
    }
    t->limit[at] = limit;
    t->news[at] = news;
    if (!news) {
        return;
    }
    double room = 0.0;
    double *total = sg_tree_total(t, 0, at);
    memcpy(total, t->own + (size_t)at * (size_t)t->phase_count,
           sizeof *total * (size_t)t->phase_count);
    for (int child = at + 1; child < t->end[at]; child = t->end[child]) {
        const double *below = sg_tree_total(t, 0, child);
        for (int phase = 0; phase < t->phase_count; phase++) {
            total[phase] += below[phase];
        }
    }
    int full = find_full(t, at, &room);
    double last = !t->head->fresh && t->full[at] == full ? t->level[at] : HUGE_VAL;
    t->full[at] = (int8_t)full;
    t->level[at] = HUGE_VAL;
    if (full < t->phase_count) {
        j->phase = full;
        t->level[at] = room > 0.0 ? fill_level(j, at, room, last) : 0.0;
        *sg_tree_total(t, full, at) = room;
        for (int phase = full + 1; phase < t->phase_count; phase++) {
            *sg_tree_total(t, phase, at) = 0.0;
        }
    }
}

/* May a leaf of the place's own differ? */
static bool may_differ(const job *j, int at)
{
    const uint8_t *node_news = j->how->node_news;
    return j->t.own_count[at] > 0 && (j->t.head->fresh || !node_news || node_news[j->t.node[at]]);
}

/* Take in the news of a node's own leaves. */
static bool look(const job *j, int at)
{
    const sg_tree *t = &j->t;
    t->news[at] = t->head->fresh != 0;
    return may_differ(j, at) ? sg_tree_look(t, j->p, j->how->news, at) : true;
}

static void look_part(void *context, int part)
{
    const job *j = context;
    int end = j->t.chunk_end[part];
    bool ordered = true;
    for (int at = j->t.chunk[part]; at < end; at++) {
        if (at + FETCH_AHEAD < end && may_differ(j, at + FETCH_AHEAD)) {
            sg_tree_fetch_look(&j->t, at + FETCH_AHEAD);
        }
        ordered &= look(j, at);
    }
    j->t.chunk_odd[part] = !ordered;
}

/* Does it get anything? Places come after those above them. */
static void find_shut(const job *j, int at)
{
    const sg_tree *t = &j->t;
    int above = t->parent[at];
    bool none = !j->binding && j->p->node_limit_w[t->node[at]] == 0.0;
    t->shut[at] = none || (above >= 0 && t->shut[above]);
}

/* A shut place is full before anybody asks. When it opens, no limit is the one it had, and so it has news. */
static void pass_shut(const job *j, int at)
{
    const sg_tree *t = &j->t;
    t->news[at] = (uint8_t)!isnan(t->limit[at]); /* to those above: it is shut from now on */
    t->limit[at] = NAN;
    t->level[at] = 0.0;
    t->full[at] = 0;
    for (int phase = 0; phase < t->phase_count; phase++) {
        *sg_tree_total(t, phase, at) = 0.0;
    }
}

static void up_node(job *j, int at)
{
    if (j->t.shut[at]) {
        pass_shut(j, at);
    } else {
        fill_node(j, at);
    }
}

static void up_part(void *context, int part)
{
    job own = *(const job *)context; /* level and phase are this part's */
    for (int at = own.t.chunk[part]; at < own.t.chunk_end[part]; at++) {
        find_shut(&own, at);
    }
    for (int at = own.t.chunk_end[part] - 1; at >= own.t.chunk[part]; at--) {
        if (at - FETCH_AHEAD >= own.t.chunk[part]) {
            sg_tree_fetch_full(&own.t, at - FETCH_AHEAD);
        }
        up_node(&own, at);
    }
}

/* False when classes have changed: the order does not hold. */
static bool look_all(job *j)
{
    const sg_tree *t = &j->t;
    bool ordered = true;
    sg_pool_run(j->how->pool, look_part, j, t->head->chunk_count);
    for (int c = 0; c < t->head->chunk_count; c++) {
        ordered &= !t->chunk_odd[c];
    }
    for (int i = 0; i < t->head->top_count; i++) {
        ordered &= look(j, t->top[i]);
    }
    return ordered;
}

static void up(job *j)
{
    const sg_tree *t = &j->t;
    for (int i = 0; i < t->head->top_count; i++) {
        find_shut(j, t->top[i]);
    }
    sg_pool_run(j->how->pool, up_part, j, t->head->chunk_count);
    for (int i = t->head->top_count - 1; i >= 0; i--) {
        up_node(j, t->top[i]);
    }
}

/* --- down: who gets what --- */

static void note_given(const job *j, int at, bool least)
{
    int node = j->t.node[at];
    if (j->how->node_given) {
        j->how->node_given[node] = 1;
    }
    if (j->how->node_least) {
        j->how->node_least[node] = least;
    }
}

/* The first (phase, level) on the way up; a node that comes after one above it stops nobody. True where its own leaves were given
 * anew, and their sum is not known yet. */
static bool cap_node(const job *j, int at)
{
    const sg_tree *t = &j->t;
    int above = t->parent[at], full = t->full[at], cap = full;
    double level = t->level[at];
    if (above >= 0 &&
        (t->cap[above] < full || (t->cap[above] == full && t->cap_level[above] < level))) {
        cap = t->cap[above];
        level = t->cap_level[above];
    } else if (j->binding) {
        j->binding[t->node[at]] = full < t->phase_count && level < HUGE_VAL;
    }
    if (t->cap[at] != cap || t->cap_level[at] != level) {
        t->cap[at] = (int8_t)cap;
        t->cap_level[at] = level;
        t->news[at] = 1;
    }
    bool anew = t->news[at] && t->own_count[at] > 0;
    if (anew) {
        sg_tree_give(t, at, j->given_w);
        note_given(j, at, t->cap[at] < t->class_count);
    }
    return anew;
}

/* Rounding may leave the sum below a node a few units in the last place above its limit: scale the
 * subtree down until the sum in the promised order fits. The margin grows each round, so the loop is
 * short. What was scaled is handed out anew in the next step. */
static void trim(const job *j, int at)
{
    const sg_tree *t = &j->t;
    double margin = 0x1p-52;
    for (int round = 0; round < TRIM_ROUND_MAX && t->given[at] > t->limit[at]; round++) {
        double factor = t->limit[at] / t->given[at] * (1.0 - margin);
        for (int q = at; q < t->end[at]; q++) {
            for (int c = 0; c < t->class_count; c++) {
                sg_slots s = sg_tree_leaves(t, c, q);
                for (int i = s.from; i < s.to; i++) {
                    j->given_w[t->leaf[i]] *= factor;
                }
            }
            t->given[q] = t->own_given[q] = sg_tree_own_sum(t, q, j->given_w);
            t->cap[q] = -1;
            note_given(j, q, true);
        }
        for (int q = t->end[at] - 1; q > at; q--) {
            t->given[t->parent[q]] += t->given[q];
        }
        margin *= 4.0;
    }
    SG_CHECK(t->given[at] <= t->limit[at]);
}

static void down_part(void *context, int part)
{
    const job *j = context;
    const sg_tree *t = &j->t;
    int first = t->chunk[part], end = t->chunk_end[part], waiting = 0;
    int32_t place[SG_TREE_SUMS]; /* that wait for their sums */
    for (int at = first; at < end; at++) {
        if (at + FETCH_AHEAD < end) {
            sg_tree_fetch_give(t, at + FETCH_AHEAD);
        }
        if (cap_node(j, at)) {
            place[waiting++] = at;
        }
        if (waiting == SG_TREE_SUMS || at + 1 == end) {
            sg_tree_own_sums(t, place, waiting, j->given_w);
            waiting = 0;
        }
    }
    memcpy(t->given + first, t->own_given + first, sizeof *t->given * (size_t)(end - first));
    for (int at = end - 1; at >= first; at--) {
        if (t->given[at] > t->limit[at]) {
            trim(j, at);
        }
        if (t->parent[at] >= first) {
            t->given[t->parent[at]] += t->given[at];
        }
    }
}

static void down(job *j)
{
    const sg_tree *t = &j->t;
    for (int i = 0; i < t->head->top_count; i++) {
        int at = t->top[i];
        if (cap_node(j, at)) {
            t->own_given[at] = sg_tree_own_sum(t, at, j->given_w);
        }
        t->given[at] = t->own_given[at];
    }
    sg_pool_run(j->how->pool, down_part, j, t->head->chunk_count);
    /* children of the top, from the last to the first: each is complete when its turn comes */
    for (int at = t->head->top_count > 0 ? t->node_count - 1 : -1; at >= 0; at--) {
        if (t->is_top[at] && t->given[at] > t->limit[at]) {
            trim(j, at);
        }
        if (t->parent[at] >= 0 && t->is_top[t->parent[at]]) {
            t->given[t->parent[at]] += t->given[at];
        }
    }
}

/* --- the two doors --- */

sg_allocator *sg_allocator_at(void *memory, const sg_allocation *problem)
{
    sg_allocator *self = memory;
    bool here = self->magic == SG_ALLOCATOR_MAGIC && self->node_count == problem->node_count &&
                self->leaf_count == problem->leaf_count;
    return here ? self : sg_allocator_create(memory, problem);
}

void sg_allocator_forget(void *memory)
{
    memset(memory, 0, sizeof(sg_allocator));
}

bool sg_allocator_fresh(const sg_allocator *self)
{
    return self->fresh != 0;
}

void sg_allocator_look(sg_allocator *self, const sg_allocation *problem,
                       const sg_allocation_step *how)
{
    SG_CHECK(problem->node_count == self->node_count && problem->leaf_count == self->leaf_count);
    job j = {.t = sg_tree_at(self), .p = problem, .how = how};
    if (!look_all(&j)) { /* classes have changed */
        sg_allocator_create(self, problem);
        j.t = sg_tree_at(self);
        SG_CHECK(look_all(&j));
    }
}

void sg_allocator_solve(sg_allocator *self, const sg_allocation *problem,
                        const sg_allocation_step *how, double *ret_given_w, uint8_t *ret_binding)
{
    job j = {.t = sg_tree_at(self),
             .p = problem,
             .how = how,
             .given_w = ret_given_w,
             .binding = ret_binding};
    if (ret_binding && problem->node_count) {
        memset(ret_binding, 0, (size_t)problem->node_count);
    }
    up(&j);
    down(&j);
    self->fresh = 0;
}

void sg_allocator_step(sg_allocator *self, const sg_allocation *problem,
                       const sg_allocation_step *how, double *ret_given_w, uint8_t *ret_binding)
{
    sg_allocator_look(self, problem, how);
    sg_allocator_solve(self, problem, how, ret_given_w, ret_binding);
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
        SG_CHECK(!p->leaf_most_w || p->leaf_most_w[k] >= 0.0);
    }
}

/* Do all demands fit? Sums in the promised order, in total[node]. */
static bool all_fit(const sg_allocation *p, double *total)
{
    memset(total, 0, (size_t)p->node_count * sizeof *total);
    for (int k = 0; k < p->leaf_count;) {
        int32_t node = p->leaf_node[k];
        double sum = total[node];
        for (; k < p->leaf_count && p->leaf_node[k] == node; k++) {
            sum += sg_allocation_demand_w(p, k);
        }
        total[node] = sum;
    }
    for (int n = p->node_count - 1; n >= 0; n--) {
        if (total[n] > p->node_limit_w[n]) {
            return false;
        }
        if (p->node_parent[n] >= 0) {
            total[p->node_parent[n]] += total[n];
        }
    }
    return true;
}

void sg_allocate(const sg_allocation *problem, void *scratch, double *ret_given_w,
                 uint8_t *ret_binding)
{
    static const sg_allocation_step alone = {SG_NEWS_ALL, NULL, NULL, NULL, NULL};
    check_problem(problem);
    if (ret_binding && problem->node_count) {
        memset(ret_binding, 0, (size_t)problem->node_count);
    }
    if (problem->leaf_count == 0) {
        return;
    }
    if (all_fit(problem, scratch)) {
        for (int k = 0; k < problem->leaf_count; k++) {
            ret_given_w[k] = sg_allocation_demand_w(problem, k);
        }
        return;
    }
    sg_allocator_step(sg_allocator_create(scratch, problem), problem, &alone, ret_given_w,
                      ret_binding);
}
