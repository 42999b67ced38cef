/* A prepared tree, step after step: the same bits as a solution from nothing, whatever changed in
 * between and however many threads share the work. */
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

enum { NODE_MAX = 1500, LEAF_MAX = 40000 };

typedef struct tree {
    sg_allocation p;
    int32_t parent[NODE_MAX], node[LEAF_MAX];
    double limit[NODE_MAX], weight[LEAF_MAX], min[LEAF_MAX], demand[LEAF_MAX], most[LEAF_MAX];
    uint8_t class[LEAF_MAX], news[NODE_MAX];
} tree;

static tree t;
static double given[LEAF_MAX], cold[LEAF_MAX];
static uint8_t binding[NODE_MAX], cold_binding[NODE_MAX];
static uint64_t draws;
static bool whole; /* whole numbers only: ties, and nodes that are full to the last bit */

static double unit(void)
{
    return sg_prng_unit(20261125, draws++);
}

static int below(int n)
{
    return (int)(unit() * n);
}

/* The numbers that go wrong first. */
static double odd_number(double usual)
{
    if (whole) {
        return 10.0 * below(20);
    }
    switch (below(12)) {
    case 0:
        return 0.0;
    case 1:
        return 0x1p-1074 * (1 + below(5));
    case 2:
        return 0x1p-1022;
    case 3:
        return 1e150 * unit();
    case 4:
        return 10.0 * below(20);
    default:
        return usual;
    }
}

static double limit_random(double usual, bool odd)
{
    return below(8) == 0 ? HUGE_VAL : below(15) == 0 ? 0.0 : odd ? odd_number(usual) : usual;
}

static void leaf_random(int k, int classes, bool odd)
{
    double usual = 200.0 * unit();
    t.class[k] = (uint8_t)below(classes);
    t.weight[k] = whole || below(2) ? 1.0 + below(4) : exp(4.0 * unit() - 2.0);
    t.demand[k] = odd ? odd_number(usual) : usual;
    t.most[k] = t.demand[k] * 2.0 * unit();
    t.min[k] = below(3) == 0 ? 0.0 : odd ? odd_number(usual) : usual * unit();
}

/* Stars, chains, forests; leaves in a row below their nodes or thrown about. */
static void tree_random(int nodes, int leaves, int classes, bool odd)
{
    int shape = below(4);
    bool in_rows = below(2) == 0;
    for (int n = 0; n < nodes; n++) {
        int near = n > 3 ? n - 1 - below(3) : n - 1;
        t.parent[n] = n == 0 ? -1 : shape == 0 ? 0 : shape == 1 ? below(n) : near;
        if (shape == 3 && below(nodes) < 3) {
            t.parent[n] = -1;
        }
    }
    for (int k = 0; k < leaves; k++) {
        t.node[k] = in_rows ? (int32_t)((int64_t)k * nodes / leaves) : below(nodes);
        leaf_random(k, classes, odd);
    }
    for (int n = 0; n < nodes; n++) {
        double usual = 100.0 * leaves * unit() * (n == 0 ? 0.7 : 3.0 / nodes);
        t.limit[n] = whole ? 10.0 * floor(usual / 10.0) : limit_random(usual, odd);
    }
    t.p = (sg_allocation){nodes,   t.parent, t.limit, leaves,   t.node,
                          t.class, t.weight, t.min,   t.demand, below(2) ? t.most : NULL};
}

static void solve_cold(void)
{
    size_t size = sg_allocation_size(t.p.node_count, t.p.leaf_count);
    void *scratch = malloc(size);
    assert_non_null(scratch);
    memset(scratch, 0xA5, size);
    static const sg_allocation_step alone = {.news = SG_NEWS_ALL};
    sg_allocator_step(sg_allocator_create(scratch, &t.p), &t.p, &alone, cold, cold_binding);
    free(scratch);
}

static void expect_the_same(int step)
{
    if (memcmp(given, cold, sizeof *given * (size_t)t.p.leaf_count) != 0 ||
        memcmp(binding, cold_binding, (size_t)t.p.node_count) != 0) {
        for (int k = 0; k < t.p.leaf_count; k++) {
            if (given[k] != cold[k]) {
                print_error("step %d leaf %d: %.17g, from nothing %.17g\n", step, k, given[k],
                            cold[k]);
                break;
            }
        }
        fail();
    }
}

/* A few leaves or limits, or all of them, or none; t.news says where. Returns what may differ. */
static sg_allocation_news change(int classes, bool odd)
{
    memset(t.news, 0, sizeof t.news);
    int what = below(6), leaves = t.p.leaf_count, count = below(3) ? 1 + below(5) : leaves;
    for (int i = 0; i < count && what < 4 && leaves > 0; i++) {
        int k = count == leaves ? i : below(leaves);
        double usual = 200.0 * unit();
        t.news[t.node[k]] = 1;
        if (what <= 1) {
            t.demand[k] = what == 0 && !whole ? t.demand[k] * (0.98 + 0.04 * unit())
                          : odd               ? odd_number(usual)
                                              : usual;
        } else if (what == 2) {
            t.min[k] = whole ? 10.0 * below(10) : usual * unit();
        } else {
            leaf_random(k, below(4) ? 1 : classes, odd);
        }
    }
    if (what == 4) {
        int n = below(t.p.node_count);
        double usual = t.limit[n] < HUGE_VAL ? t.limit[n] * 2.0 * unit() : 500.0;
        t.limit[n] = whole ? 10.0 * floor(usual / 10.0) : limit_random(usual, odd);
        t.limit[n] = below(4) ? t.limit[n] : 0.0; /* nothing at all for those below it */
    }
    return what == 2 || what == 3 ? SG_NEWS_ALL : SG_NEWS_DEMAND;
}

static void run_steps(int steps, int classes, bool odd, sg_pool *pool)
{
    void *memory = malloc(sg_allocation_size(t.p.node_count, t.p.leaf_count));
    assert_non_null(memory);
    sg_allocator *self = sg_allocator_create(memory, &t.p);
    for (int step = 0; step < steps; step++) {
        sg_allocation_news news = step == 0 ? SG_NEWS_ALL : change(classes, odd);
        static double before[LEAF_MAX];
        static uint8_t anew[NODE_MAX], least[NODE_MAX];
        bool told =
            below(3) > 0; /* which nodes stop somebody: then no subtree is left out as shut */
        sg_allocation_step how = {.news = news,
                                  .node_news = step > 0 && below(3) ? t.news : NULL,
                                  .pool = pool,
                                  .node_given = anew,
                                  .node_least = least};
        memcpy(before, given, sizeof *before * (size_t)t.p.leaf_count);
        memset(anew, step == 0, sizeof anew);
        sg_pool_wake(pool);
        sg_allocator_step(self, &t.p, &how, given, told ? binding : NULL);
        solve_cold();
        if (!told) {
            memcpy(binding, cold_binding, (size_t)t.p.node_count);
        }
        expect_the_same(step);
        for (int k = 0; k < t.p.leaf_count; k++) { /* who was given anew is told of */
            assert_true(anew[t.node[k]] || memcmp(&before[k], &given[k], sizeof *before) == 0);
        }
        for (int k = 0; k < t.p.leaf_count; k++) { /* and where minimums may be missed */
            double want_w = t.p.leaf_most_w ? fmin(t.demand[k], t.p.leaf_most_w[k]) : t.demand[k];
            double least_w = fmin(t.min[k], want_w);
            assert_true(least[t.node[k]] || given[k] >= least_w * (1 - 1e-10));
        }
    }
    free(memory);
}

static void steps_equal_solutions_from_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 1500; i++) {
        int classes = 1 + below(SG_CLASS_MAX);
        bool odd = i % 4 >= 2;
        whole = i % 4 == 2;
        tree_random(1 + below(30), below(120), classes, odd);
        run_steps(25, classes, odd, NULL);
    }
    whole = false;
}

/* One link whose level falls on asks of its leaves, or just beside them; a large leaf in front takes
 * nearly all of the room, so that what is left is known to few digits only. */
static void tree_on_the_edge(double level, double large)
{
    int leaves = 2 + below(6), first = large > 0.0;
    double sum = large;
    t.parent[0] = -1;
    for (int k = 0; k < leaves; k++) {
        bool edge = k == first || below(3) == 0;
        double beside = below(2) ? 1.0 : 1.0 + 1e-12 * (unit() - 0.5) * pow(10.0, below(9));
        t.node[k] = t.class[k] = 0;
        t.weight[k] = 1.0 + below(7);
        t.min[k] = 0.0;
        t.demand[k] = t.weight[k] * level * (edge ? beside : 1.0 + unit());
        sum += k >= first ? t.weight[k] * level : 0.0;
    }
    if (first) {
        t.weight[0] = 1e9;
        t.demand[0] = large;
    }
    t.limit[0] = sum;
    t.p = (sg_allocation){1,       t.parent, t.limit, leaves,   t.node,
                          t.class, t.weight, t.min,   t.demand, NULL};
}

static void levels_on_the_edge_of_an_ask_come_out_the_same(void **state)
{
    (void)state;
    static const sg_allocation_step how = {.news = SG_NEWS_DEMAND};
    for (int i = 0; i < 100000; i++) {
        tree_on_the_edge(0.1 * (1 + below(30)), i % 2 ? 1e3 * pow(10.0, below(10)) * unit() : 0.0);
        void *memory = malloc(sg_allocation_size(1, t.p.leaf_count));
        assert_non_null(memory);
        sg_allocator *self = sg_allocator_create(memory, &t.p);
        double edge = t.limit[0], room = edge - (i % 2 ? t.demand[0] : 0.0);
        for (int step = 0; step < 6; step++) {
            t.limit[0] = step % 2 ? edge : edge + room * 0.2 * (unit() - 0.5);
            sg_allocator_step(self, &t.p, &how, given, binding);
            solve_cold();
            expect_the_same(step);
        }
        free(memory);
    }
}

static void so_do_those_of_large_trees_on_one_to_three_threads(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        sg_pool *pool = sg_pool_create(threads);
        assert_int_equal(sg_pool_threads(pool), threads);
        for (int i = 0; i < 4; i++) {
            draws = 1000003 * (uint64_t)i; /* the same trees and changes for all */
            tree_random(i == 0 ? 3 : NODE_MAX - below(100), LEAF_MAX - below(1000), 4, i == 3);
            run_steps(12, 4, i == 3, pool);
        }
        sg_pool_free(pool);
    }
}

static void a_block_may_be_moved(void **state)
{
    (void)state;
    tree_random(200, 3000, 4, false);
    size_t size = sg_allocation_size(t.p.node_count, t.p.leaf_count);
    void *here = malloc(size), *there = malloc(size);
    static const sg_allocation_step how = {.news = SG_NEWS_ALL};
    sg_allocator_step(sg_allocator_create(here, &t.p), &t.p, &how, given, binding);
    memcpy(there, here, size);
    memset(here, 0, size);
    t.demand[17] *= 2.0;
    sg_allocator_step(there, &t.p, &how, given, binding);
    solve_cold();
    expect_the_same(0);
    free(here);
    free(there);
}

/* Conservation, whatever the numbers: nobody gets more than he asks, no sum passes its limit. */
static void odd_numbers_pass_no_limit(void **state)
{
    (void)state;
    static double sum[NODE_MAX];
    for (int i = 0; i < 20000; i++) {
        tree_random(1 + below(12), below(30), 1 + below(3), true);
        solve_cold();
        memset(sum, 0, sizeof sum);
        for (int k = 0; k < t.p.leaf_count; k++) {
            assert_true(cold[k] >= 0.0 && cold[k] <= t.demand[k]);
            assert_true(!t.p.leaf_most_w || cold[k] <= t.most[k]);
            sum[t.node[k]] += cold[k];
        }
        for (int n = t.p.node_count - 1; n >= 0; n--) {
            assert_true(sum[n] <= t.limit[n]);
            if (t.parent[n] >= 0) {
                sum[t.parent[n]] += sum[n];
            }
        }
    }
}

static void count_part(void *context, int part)
{
    ((int *)context)[part]++;
}

static void a_pool_runs_every_part_once(void **state)
{
    (void)state;
    enum { PARTS = 300 };
    for (int threads = 1; threads <= 4; threads++) {
        sg_pool *pool = sg_pool_create(threads);
        int runs[PARTS] = {0};
        for (int round = 0; round < 2000; round++) {
            if (round % 500 == 0) {
                sg_pool_wake(pool);
            } else if (round % 500 == 400) {
                sg_pool_park(pool);
            }
            sg_pool_run(pool, count_part, runs, 1 + round % PARTS);
        }
        int sum = 0, wanted = 0;
        for (int round = 0; round < 2000; round++) {
            wanted += 1 + round % PARTS;
        }
        for (int part = 0; part < PARTS; part++) {
            sum += runs[part];
            assert_true(part == 0 || runs[part] <= runs[part - 1]);
        }
        assert_int_equal(sum, wanted);
        sg_pool_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_equal_solutions_from_nothing),
        cmocka_unit_test(levels_on_the_edge_of_an_ask_come_out_the_same),
        cmocka_unit_test(so_do_those_of_large_trees_on_one_to_three_threads),
        cmocka_unit_test(a_block_may_be_moved),
        cmocka_unit_test(odd_numbers_pass_no_limit),
        cmocka_unit_test(a_pool_runs_every_part_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
