/* The allocation on cases that can be worked out by hand. The two classic single-link examples are
 * those of S. Keshav, An Engineering Approach to Computer Networking, 1997, section 9.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/allocate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 8, LEAVES = 16 };

/* A small tree that a test fills by hand. */
typedef struct tree {
    int nodes, leaves;
    int32_t parent[NODES], node[LEAVES];
    double limit[NODES], weight[LEAVES], min[LEAVES], demand[LEAVES], given[LEAVES];
    uint8_t class[LEAVES], binding[NODES];
} tree;

static int node_add(tree *self, int parent, double limit)
{
    self->parent[self->nodes] = parent;
    self->limit[self->nodes] = limit;
    return self->nodes++;
}

static int leaf_add(tree *self, int node, int class, double weight, double min, double demand)
{
    int k = self->leaves++;
    self->node[k] = node;
    self->class[k] = (uint8_t) class;
    self->weight[k] = weight;
    self->min[k] = min;
    self->demand[k] = demand;
    return k;
}

static sg_allocation problem_of(const tree *self)
{
    return (sg_allocation){.node_count = self->nodes,
                           .node_parent = self->parent,
                           .node_limit_w = self->limit,
                           .leaf_count = self->leaves,
                           .leaf_node = self->node,
                           .leaf_class = self->class,
                           .leaf_weight = self->weight,
                           .leaf_min_w = self->min,
                           .leaf_demand_w = self->demand};
}

/* The scratch block is exactly as long as promised, so that a sanitizer sees one byte too many. */
static void allocate(tree *self)
{
    sg_allocation problem = problem_of(self);
    size_t size = sg_allocation_size(self->nodes, self->leaves);
    void *scratch = malloc(size);
    assert_non_null(scratch);
    memset(scratch, 0xA5, size); /* what the caller left there must not matter */
    sg_allocate(&problem, scratch, self->given, self->binding);
    free(scratch);
}

static void expect(const tree *self, const double *wanted)
{
    for (int k = 0; k < self->leaves; k++) {
        assert_true(fabs(self->given[k] - wanted[k]) <= 1e-12 * (1.0 + fabs(wanted[k])));
    }
}

static void one_link_is_shared_max_min_fairly(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, 10.0);
    static const double DEMAND[] = {2.0, 2.6, 4.0, 5.0};
    for (int k = 0; k < 4; k++) {
        leaf_add(&t, site, 0, 1.0, 0.0, DEMAND[k]);
    }
    allocate(&t);
    expect(&t, (const double[]){2.0, 2.6, 2.7, 2.7});
    assert_int_equal(t.binding[site], 1);
}

static void weights_split_one_link(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, 16.0);
    leaf_add(&t, site, 0, 2.5, 0.0, 4.0);
    leaf_add(&t, site, 0, 4.0, 0.0, 2.0);
    leaf_add(&t, site, 0, 0.5, 0.0, 10.0);
    leaf_add(&t, site, 0, 1.0, 0.0, 4.0);
    allocate(&t);
    expect(&t, (const double[]){4.0, 2.0, 6.0, 4.0});
}

static void everybody_gets_all_when_nothing_binds(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, HUGE_VAL), rack = node_add(&t, site, 30.0);
    leaf_add(&t, rack, 3, 1.0, 5.0, 10.0);
    leaf_add(&t, rack, 0, 2.0, 0.0, 20.0);
    allocate(&t);
    assert_true(t.given[0] == 10.0 && t.given[1] == 20.0);
    assert_int_equal(t.binding[site] + t.binding[rack], 0);
}

static void minimums_of_every_class_come_before_the_rest_of_any(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, 100.0);
    leaf_add(&t, site, 0, 1.0, 30.0, 90.0);
    leaf_add(&t, site, 1, 1.0, 40.0, 90.0);
    allocate(&t);
    expect(&t, (const double[]){60.0, 40.0});
}

static void class_zero_takes_its_minimum_first(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, 50.0);
    leaf_add(&t, site, 1, 1.0, 40.0, 90.0);
    leaf_add(&t, site, 0, 1.0, 30.0, 90.0);
    leaf_add(&t, site, 7, 1.0, 30.0, 30.0);
    allocate(&t);
    expect(&t, (const double[]){20.0, 30.0, 0.0});
}

static void a_minimum_above_the_demand_is_cut_to_it(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, 10.0);
    leaf_add(&t, site, 0, 1.0, 50.0, 4.0);
    leaf_add(&t, site, 1, 1.0, 0.0, 50.0);
    allocate(&t);
    expect(&t, (const double[]){4.0, 6.0});
}

static void the_rest_rises_from_zero_again_on_top_of_the_minimums(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, 20.0);
    leaf_add(&t, site, 0, 1.0, 10.0, 100.0);
    leaf_add(&t, site, 0, 1.0, 0.0, 100.0);
    allocate(&t);
    expect(&t, (const double[]){15.0, 5.0}); /* not 10 and 10 */
}

static void a_full_rack_leaves_its_share_to_the_others(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, 100.0), a = node_add(&t, site, 20.0), b = node_add(&t, site, 90.0);
    leaf_add(&t, a, 0, 1.0, 0.0, 60.0);
    leaf_add(&t, a, 0, 3.0, 0.0, 60.0);
    leaf_add(&t, b, 0, 1.0, 0.0, 60.0);
    leaf_add(&t, b, 0, 1.0, 0.0, 30.0);
    allocate(&t);
    expect(&t, (const double[]){5.0, 15.0, 50.0, 30.0});
    assert_int_equal(t.binding[site], 1);
    assert_int_equal(t.binding[a], 1);
    assert_int_equal(t.binding[b], 0);
}

static void a_node_that_never_fills_up_is_not_called_binding(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, 20.0), rack = node_add(&t, site, 30.0);
    leaf_add(&t, rack, 0, 1.0, 0.0, 25.0);
    leaf_add(&t, rack, 0, 1.0, 0.0, 25.0);
    allocate(&t);
    expect(&t, (const double[]){10.0, 10.0});
    assert_int_equal(t.binding[site], 1);
    assert_int_equal(t.binding[rack], 0); /* asked for 50 of its 30, but only 20 ever arrive */
}

static void a_limit_of_zero_gives_nothing(void **state)
{
    (void)state;
    tree t = {0};
    int site = node_add(&t, -1, 100.0), dead = node_add(&t, site, 0.0);
    leaf_add(&t, dead, 0, 1.0, 1.0, 60.0);
    leaf_add(&t, site, 0, 1.0, 0.0, 60.0);
    allocate(&t);
    assert_true(t.given[0] == 0.0 && t.given[1] == 60.0);
    assert_int_equal(t.binding[dead], 1);
}

static void several_roots_do_not_touch_each_other(void **state)
{
    (void)state;
    tree t = {0};
    int left = node_add(&t, -1, 10.0), right = node_add(&t, -1, 50.0);
    leaf_add(&t, right, 0, 1.0, 0.0, 40.0);
    leaf_add(&t, left, 0, 1.0, 0.0, 40.0);
    allocate(&t);
    expect(&t, (const double[]){40.0, 10.0});
}

static void a_tree_without_leaves_is_no_trouble(void **state)
{
    (void)state;
    tree t = {0};
    node_add(&t, -1, 0.0);
    allocate(&t);
    assert_int_equal(t.binding[0], 0);
    sg_allocation nothing = {0};
    sg_allocate(&nothing, t.given, t.given, NULL);
}

static void the_binding_list_may_be_left_out(void **state)
{
    (void)state;
    tree t = {0};
    leaf_add(&t, node_add(&t, -1, 3.0), 0, 1.0, 0.0, 8.0);
    sg_allocation problem = problem_of(&t);
    void *scratch = malloc(sg_allocation_size(1, 1));
    assert_non_null(scratch);
    sg_allocate(&problem, scratch, t.given, NULL);
    free(scratch);
    assert_true(t.given[0] == 3.0);
}

/* 0.1 ten times is not 1 in binary: the sum in the promised order must still not pass the limit. */
static void rounding_never_passes_a_limit(void **state)
{
    (void)state;
    for (int step = 0; step < 4000; step++) {
        tree t = {0};
        double limit = 0.3 + 0.0007 * step;
        int site = node_add(&t, -1, limit), rack = node_add(&t, site, limit * (1.0 / 3.0));
        for (int k = 0; k < 10; k++) {
            leaf_add(&t, k % 3 ? rack : site, k % 2, 1.0 / (3.0 + k), 0.01 * k, 0.1 * (1 + k));
        }
        allocate(&t);
        double below_site = 0.0, below_rack = 0.0;
        for (int k = 0; k < t.leaves; k++) {
            *(t.node[k] == site ? &below_site : &below_rack) += t.given[k];
            assert_true(t.given[k] >= 0.0 && t.given[k] <= t.demand[k]);
        }
        below_site += below_rack;
        assert_true(below_rack <= t.limit[rack] && below_site <= t.limit[site]);
        assert_true(below_site >= limit * (1.0 - 1e-12)); /* and is used up */
    }
}

/* Newton's method alone would pass one breakpoint a round here. */
static void shares_that_double_from_leaf_to_leaf_are_found(void **state)
{
    (void)state;
    enum { COUNT = 600 };
    int32_t parent = -1, node[COUNT] = {0};
    static double weight[COUNT], min[COUNT], demand[COUNT], given[COUNT];
    uint8_t class[COUNT] = {0}, binding;
    double total = 0.0;
    for (int k = 0; k < COUNT; k++) {
        weight[k] = ldexp(1.0, -k / 2);
        demand[k] = weight[k] * ldexp(1.0, k);
        total += k < 300 ? demand[k] : weight[k] * ldexp(1.0, 299);
    }
    sg_allocation problem = {1, &parent, &total, COUNT, node, class, weight, min, demand, NULL};
    void *scratch = malloc(sg_allocation_size(1, COUNT));
    sg_allocate(&problem, scratch, given, &binding);
    free(scratch);
    for (int k = 0; k < COUNT; k++) {
        double wanted = k < 300 ? demand[k] : weight[k] * ldexp(1.0, 299);
        assert_true(fabs(given[k] - wanted) <= 1e-9 * wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_link_is_shared_max_min_fairly),
        cmocka_unit_test(weights_split_one_link),
        cmocka_unit_test(everybody_gets_all_when_nothing_binds),
        cmocka_unit_test(minimums_of_every_class_come_before_the_rest_of_any),
        cmocka_unit_test(class_zero_takes_its_minimum_first),
        cmocka_unit_test(a_minimum_above_the_demand_is_cut_to_it),
        cmocka_unit_test(the_rest_rises_from_zero_again_on_top_of_the_minimums),
        cmocka_unit_test(a_full_rack_leaves_its_share_to_the_others),
        cmocka_unit_test(a_node_that_never_fills_up_is_not_called_binding),
        cmocka_unit_test(a_limit_of_zero_gives_nothing),
        cmocka_unit_test(several_roots_do_not_touch_each_other),
        cmocka_unit_test(a_tree_without_leaves_is_no_trouble),
        cmocka_unit_test(the_binding_list_may_be_left_out),
        cmocka_unit_test(rounding_never_passes_a_limit),
        cmocka_unit_test(shares_that_double_from_leaf_to_leaf_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
