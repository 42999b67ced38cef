/* The allocation on random trees: against progressive filling round by round (a twin that shares no
 * code and no idea with it), against the definition of max-min fairness, and against symmetries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/prng.h"
#include "control/allocate.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 40, LEAVES = 120, CASES = 1500 };

typedef struct tree {
    sg_allocation p;
    int32_t parent[NODES], node[LEAVES];
    double limit[NODES], weight[LEAVES], min[LEAVES], demand[LEAVES];
    uint8_t class[LEAVES];
} tree;

static uint64_t draws;

static double unit(void)
{
    return sg_prng_unit(20230701, draws++);
}

static int below(int n)
{
    return (int)(unit() * n);
}

static void tree_bind(tree *self, int nodes, int leaves)
{
    self->p = (sg_allocation){nodes,       self->parent, self->limit, leaves,       self->node,
                              self->class, self->weight, self->min,   self->demand, NULL};
}

/* Any shape from a star to a chain, any number of classes, round numbers now and then so that ties
 * and exactly full nodes occur, limits from generous to none. */
static void tree_sized(tree *self, int classes, int nodes, int leaves)
{
    int depth = below(3);
    bool round_numbers = below(2) == 0;
    for (int n = 0; n < nodes; n++) {
        int near = n > 3 ? n - 1 - below(3) : n - 1;
        self->parent[n] = n == 0 ? -1 : depth == 0 ? 0 : depth == 1 ? below(n) : near;
    }
    double sum[NODES] = {0};
    for (int k = 0; k < leaves; k++) {
        self->node[k] = below(nodes);
        self->class[k] = (uint8_t)below(classes);
        self->weight[k] = round_numbers ? 1.0 + below(4) : exp(6.0 * unit() - 3.0);
        self->demand[k] = below(8) == 0 ? 0.0 : round_numbers ? 10.0 * below(20) : 200.0 * unit();
        self->min[k] = below(3) == 0 ? 0.0 : self->demand[k] * 1.2 * unit();
        sum[self->node[k]] += self->demand[k];
    }
    for (int n = nodes - 1; n > 0; n--) {
        sum[self->parent[n]] += sum[n];
    }
    double tight = 0.2 + unit();
    for (int n = 0; n < nodes; n++) {
        double limit = sum[n] * tight * (0.4 + unit());
        self->limit[n] = below(12) == 0  ? 0.0
                         : below(6) == 0 ? HUGE_VAL
                         : round_numbers ? 10.0 * floor(limit / 10.0)
                                         : limit;
    }
    tree_bind(self, nodes, leaves);
}

static void tree_random(tree *self, int classes)
{
    int nodes = 1 + below(NODES);
    tree_sized(self, classes, nodes, below(LEAVES + 1));
}

static void allocate(const tree *t, double *given, uint8_t *binding)
{
    void *scratch = malloc(sg_allocation_size(t->p.node_count, t->p.leaf_count));
    assert_non_null(scratch);
    sg_allocate(&t->p, scratch, given, binding);
    free(scratch);
}

/* Is node n on the way from the leaf to the root? */
static bool on_path(const tree *t, int leaf, int n)
{
    int at = t->node[leaf];
    while (at >= 0 && at != n) {
        at = t->parent[at];
    }
    return at == n;
}

static long double subtree_sum(const tree *t, const long double *leaf, int n)
{
    long double sum = 0.0L;
    for (int k = 0; k < t->p.leaf_count; k++) {
        sum += on_path(t, k, n) ? leaf[k] : 0.0L;
    }
    return sum;
}

/* One phase of progressive filling, the way the format tells it: raise everybody who can still rise
 * by the largest step that fits, freeze who has his ask or sits below a node that got full, repeat.
 * */
static void twin_phase(const tree *t, int class, bool minimums, long double *given)
{
    long double level[LEAVES] = {0}, ask[LEAVES] = {0}, room[NODES];
    bool active[LEAVES] = {false};
    for (int n = 0; n < t->p.node_count; n++) {
        room[n] = (long double)t->limit[n] - subtree_sum(t, given, n);
    }
    for (int k = 0; k < t->p.leaf_count; k++) {
        double want = minimums ? fmin(t->min[k], t->demand[k]) : t->demand[k];
        ask[k] = (long double)want - given[k];
        active[k] = t->class[k] == class && ask[k] > 1e-13L;
    }
    for (bool any = true; any;) {
        long double step = HUGE_VALL;
        any = false;
        for (int k = 0; k < t->p.leaf_count; k++) {
            if (active[k]) {
                any = true;
                step = fminl(step, (ask[k] - level[k]) / (long double)t->weight[k]);
            }
        }
        for (int n = 0; any && n < t->p.node_count; n++) {
            long double weight = 0.0L;
            for (int k = 0; k < t->p.leaf_count; k++) {
                weight += active[k] && on_path(t, k, n) ? (long double)t->weight[k] : 0.0L;
            }
            if (weight > 0.0L && !isinf(t->limit[n])) {
                step = fminl(step, fmaxl(room[n], 0.0L) / weight);
            }
        }
        for (int k = 0; any && k < t->p.leaf_count; k++) {
            long double gain = active[k] ? step * (long double)t->weight[k] : 0.0L;
            level[k] += gain;
            for (int at = t->node[k]; gain > 0.0L && at >= 0; at = t->parent[at]) {
                room[at] -= gain;
            }
        }
        for (int k = 0; any && k < t->p.leaf_count; k++) {
            active[k] = active[k] && ask[k] - level[k] > 1e-13L;
            for (int at = t->node[k]; at >= 0; at = t->parent[at]) {
                active[k] = active[k] && room[at] > 1e-13L;
            }
        }
    }
    for (int k = 0; k < t->p.leaf_count; k++) {
        given[k] += level[k];
    }
}

static void twin(const tree *t, long double *given)
{
    memset(given, 0, LEAVES * sizeof *given);
    for (int phase = 0; phase < 2 * SG_CLASS_MAX; phase++) {
        twin_phase(t, phase % SG_CLASS_MAX, phase < SG_CLASS_MAX, given);
    }
}

static void expect_twin(const tree *t, int number)
{
    static double given[LEAVES];
    static long double wanted[LEAVES];
    uint8_t binding[NODES];
    allocate(t, given, binding);
    twin(t, wanted);
    for (int k = 0; k < t->p.leaf_count; k++) {
        if (fabsl((long double)given[k] - wanted[k]) > 1e-9L * (1.0L + wanted[k])) {
            print_error("case %d leaf %d: given %.17g, wanted %.17Lg\n", number, k, given[k],
                        wanted[k]);
            fail();
        }
    }
}

static void equals_progressive_filling(void **state)
{
    (void)state;
    static tree t;
    for (int i = 0; i < CASES; i++) {
        tree_random(&t, 1 + below(SG_CLASS_MAX));
        expect_twin(&t, i);
    }
}

/* A million; fewer where instruments slow everything down, unless SYMGRID_PROP_FULL=1. */
static void so_do_a_million_small_trees(void **state)
{
    (void)state;
    static tree t;
    const char *full = getenv("SYMGRID_PROP_FULL"), *scale = getenv("SYMGRID_TIME_SCALE");
    bool slow = scale && atof(scale) > 1.0 && !(full && full[0] == '1');
    int count = slow ? 50000 : 1000000;
    for (int i = 0; i < count; i++) {
        int nodes = 1 + below(6);
        tree_sized(&t, 1 + below(4), nodes, below(10));
        expect_twin(&t, i);
    }
}

static void never_exceeds_a_limit_or_a_demand(void **state)
{
    (void)state;
    static tree t;
    static double given[LEAVES];
    uint8_t binding[NODES];
    for (int i = 0; i < 4 * CASES; i++) {
        tree_random(&t, 1 + below(SG_CLASS_MAX));
        allocate(&t, given, binding);
        double sum[NODES] = {0};
        for (int k = 0; k < t.p.leaf_count; k++) {
            assert_true(given[k] >= 0.0 && given[k] <= t.demand[k]);
            sum[t.node[k]] += given[k];
        }
        for (int n = t.p.node_count - 1; n >= 0; n--) {
            assert_true(sum[n] <= t.limit[n]); /* exactly: no tolerance */
            if (n > 0) {
                sum[t.parent[n]] += sum[n];
            }
        }
    }
}

/* With one class and no minimums the result is max-min fair if and only if every leaf that misses
 * something has a full node on its path where nobody else has a higher share per weight. */
static void everyone_who_misses_something_has_a_bottleneck(void **state)
{
    (void)state;
    static tree t;
    static double given[LEAVES];
    static long double exact[LEAVES];
    uint8_t binding[NODES];
    int missing = 0;
    for (int i = 0; i < CASES; i++) {
        tree_random(&t, 1);
        memset(t.min, 0, sizeof t.min);
        allocate(&t, given, binding);
        for (int k = 0; k < t.p.leaf_count; k++) {
            exact[k] = (long double)given[k];
        }
        for (int k = 0; k < t.p.leaf_count; k++) {
            if (given[k] >= t.demand[k] * (1.0 - 1e-9)) {
                continue;
            }
            missing++;
            bool found = false;
            for (int at = t.node[k]; at >= 0 && !found; at = t.parent[at]) {
                bool full = subtree_sum(&t, exact, at) >= (long double)(t.limit[at] * (1.0 - 1e-9));
                double highest = 0.0;
                for (int other = 0; full && other < t.p.leaf_count; other++) {
                    if (on_path(&t, other, at)) {
                        highest = fmax(highest, given[other] / t.weight[other]);
                    }
                }
                found = full && given[k] / t.weight[k] >= highest * (1.0 - 1e-9);
            }
            assert_true(found);
        }
    }
    assert_true(missing > CASES); /* the property was not vacuous */
}

/* A binding node is full, and somebody below it misses something. */
static void binding_names_full_nodes_only(void **state)
{
    (void)state;
    static tree t;
    static double given[LEAVES];
    static long double exact[LEAVES];
    uint8_t binding[NODES];
    int seen = 0;
    for (int i = 0; i < CASES; i++) {
        tree_random(&t, 1 + below(3));
        allocate(&t, given, binding);
        for (int k = 0; k < t.p.leaf_count; k++) {
            exact[k] = (long double)given[k];
        }
        for (int n = 0; n < t.p.node_count; n++) {
            if (binding[n]) {
                bool missed = false;
                for (int k = 0; k < t.p.leaf_count; k++) {
                    missed |= on_path(&t, k, n) && given[k] < t.demand[k];
                }
                assert_true(missed);
                assert_true(subtree_sum(&t, exact, n) >= (long double)(t.limit[n] * (1.0 - 1e-9)));
                seen++;
            }
        }
    }
    assert_true(seen > CASES);
}

/* More room at the root never takes from anybody, as long as there is one class without minimums.
 * */
static void more_room_at_the_root_takes_from_nobody(void **state)
{
    (void)state;
    static tree t;
    static double before[LEAVES], after[LEAVES];
    uint8_t binding[NODES];
    for (int i = 0; i < CASES; i++) {
        tree_random(&t, 1);
        memset(t.min, 0, sizeof t.min);
        allocate(&t, before, binding);
        t.limit[0] = t.limit[0] * (1.0 + unit()) + unit();
        allocate(&t, after, binding);
        for (int k = 0; k < t.p.leaf_count; k++) {
            assert_true(after[k] >= before[k] - 1e-9 * (1.0 + before[k]));
        }
    }
}

static void the_rest_of_a_later_class_changes_nothing_for_an_earlier_one(void **state)
{
    (void)state;
    static tree t;
    static double before[LEAVES], after[LEAVES];
    uint8_t binding[NODES];
    for (int i = 0; i < CASES; i++) {
        tree_random(&t, 2);
        for (int k = 0; k < t.p.leaf_count; k++) {
            t.min[k] = fmin(t.min[k], t.demand[k]);
        }
        allocate(&t, before, binding);
        for (int k = 0; k < t.p.leaf_count; k++) {
            t.demand[k] += t.class[k] == 1 ? 50.0 * unit() : 0.0;
        }
        allocate(&t, after, binding);
        for (int k = 0; k < t.p.leaf_count; k++) {
            if (t.class[k] == 0) {
                assert_true(fabs(after[k] - before[k]) <= 1e-9 * (1.0 + before[k]));
            }
        }
    }
}

/* Powers of two in all powers only move exponents: the bits below them must not change. */
static void another_unit_gives_the_same_answer_to_the_last_bit(void **state)
{
    (void)state;
    static tree t, u;
    static double here[LEAVES], there[LEAVES];
    uint8_t binding[NODES], other[NODES];
    for (int i = 0; i < CASES; i++) {
        tree_random(&t, 1 + below(3));
        u = t;
        tree_bind(&u, t.p.node_count, t.p.leaf_count);
        for (int n = 0; n < t.p.node_count; n++) {
            u.limit[n] *= 1024.0;
        }
        for (int k = 0; k < t.p.leaf_count; k++) {
            u.min[k] *= 1024.0;
            u.demand[k] *= 1024.0;
        }
        allocate(&t, here, binding);
        allocate(&u, there, other);
        for (int k = 0; k < t.p.leaf_count; k++) {
            assert_true(there[k] == here[k] * 1024.0);
        }
        assert_memory_equal(binding, other, (size_t)t.p.node_count);
    }
}

static void the_order_of_the_leaves_does_not_matter(void **state)
{
    (void)state;
    static tree t, u;
    static double here[LEAVES], there[LEAVES];
    uint8_t binding[NODES];
    for (int i = 0; i < CASES; i++) {
        tree_random(&t, 1 + below(3));
        u = t;
        tree_bind(&u, t.p.node_count, t.p.leaf_count);
        for (int k = 0, last = t.p.leaf_count - 1; k <= last; k++) {
            u.node[last - k] = t.node[k];
            u.class[last - k] = t.class[k];
            u.weight[last - k] = t.weight[k];
            u.min[last - k] = t.min[k];
            u.demand[last - k] = t.demand[k];
        }
        allocate(&t, here, binding);
        allocate(&u, there, binding);
        for (int k = 0; k < t.p.leaf_count; k++) {
            double mirrored = there[t.p.leaf_count - 1 - k];
            assert_true(fabs(mirrored - here[k]) <= 1e-9 * (1.0 + here[k]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_progressive_filling),
        cmocka_unit_test(so_do_a_million_small_trees),
        cmocka_unit_test(never_exceeds_a_limit_or_a_demand),
        cmocka_unit_test(everyone_who_misses_something_has_a_bottleneck),
        cmocka_unit_test(binding_names_full_nodes_only),
        cmocka_unit_test(more_room_at_the_root_takes_from_nobody),
        cmocka_unit_test(the_rest_of_a_later_class_changes_nothing_for_an_earlier_one),
        cmocka_unit_test(another_unit_gives_the_same_answer_to_the_last_bit),
        cmocka_unit_test(the_order_of_the_leaves_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
