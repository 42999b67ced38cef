/* Redistribution over feeders and ties: against the same problem as a linear program that a library solves (random networks),
 * against enumeration (small ones), and on cases whose answer is plain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "control/redistribute.h"
#include "plan/lp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 12, SUPPLIES = 8, TIES = 5 };

typedef struct net {
    int nodes, supplies, ties;
    int32_t parent[NODES], supply_node[SUPPLIES], from[TIES], to[TIES];
    double flow_w[NODES], limit_w[NODES], up_w[NODES], loss[NODES];
    double supply_w[SUPPLIES], supply_fixed[SUPPLIES];
    double tie_w[TIES], tie_loss[TIES], tie_fixed[TIES];
    double quantum_w;
} net;

typedef struct answer {
    sg_redistributed r;
    double given_w[SUPPLIES], tie_w[TIES];
    int32_t taker[SUPPLIES], tie_taker[TIES];
} answer;

static sg_redistribution problem_of(const net *n)
{
    return (sg_redistribution){.node_count = n->nodes,
                               .node_parent = n->parent,
                               .node_flow_w = n->flow_w,
                               .node_limit_w = n->limit_w,
                               .node_up_w = n->up_w,
                               .node_loss_per_w = n->loss,
                               .supply_count = n->supplies,
                               .supply_node = n->supply_node,
                               .supply_w = n->supply_w,
                               .supply_fixed = n->supply_fixed,
                               .tie_count = n->ties,
                               .tie_from = n->from,
                               .tie_to = n->to,
                               .tie_w = n->tie_w,
                               .tie_loss_per_w = n->tie_loss,
                               .tie_fixed = n->tie_fixed,
                               .quantum_w = n->quantum_w,
                               .push_max = 4096};
}

static answer solve(const net *n)
{
    answer a;
    sg_redistribution in = problem_of(n);
    void *memory = malloc(sg_redistribution_size(n->nodes, n->supplies, n->ties));
    assert_non_null(memory);
    a.r = sg_redistribute(&in, memory, a.given_w, a.taker, a.tie_w, a.tie_taker);
    free(memory);
    return a;
}

/* Loads at every node, flows upwards clipped at the limits. */
static net draw(uint64_t seed)
{
    uint64_t k = 0;
#define U sg_prng_unit(seed, k++)
    net n = {0};
    n.nodes = 2 + (int)(U * (NODES - 1));
    n.supplies = (int)(U * (SUPPLIES + 1));
    n.ties = (int)(U * (TIES + 1));
    n.quantum_w = 0.5 + 3 * U;
    double own[NODES];
    for (int i = 0; i < n.nodes; i++) {
        n.parent[i] = i > 0 ? (int32_t)(U * i) : -1;
        own[i] = 10 * U;
        n.limit_w[i] = i > 0 ? 4 + 20 * U : 20 + 80 * U;
        n.up_w[i] = n.limit_w[i] * U;
        n.loss[i] = 0.002 * U;
    }
    for (int i = n.nodes - 1; i >= 0; i--) {
        n.flow_w[i] += own[i];
        if (i > 0) {
            n.flow_w[n.parent[i]] += fmin(n.flow_w[i], n.limit_w[i]);
        }
    }
    n.flow_w[0] = fmin(n.flow_w[0], n.limit_w[0]);
    for (int i = 0; i < n.supplies; i++) {
        n.supply_node[i] = (int32_t)(U * n.nodes);
        n.supply_w[i] = 8 * U;
        n.supply_fixed[i] = 1 + 0.3 * U;
    }
    for (int i = 0; i < n.ties; i++) {
        n.from[i] = (int32_t)(U * n.nodes);
        n.to[i] = (int32_t)(U * n.nodes);
        n.tie_w[i] = 6 * U;
        n.tie_loss[i] = 0.004 * U;
        n.tie_fixed[i] = 1 + 0.2 * U;
    }
#undef U
    return n;
}

static double cost(double loss, double fixed, double x)
{
    return loss * x * x + fixed * fabs(x);
}

/* One arc as columns: a chord of a quantum each, forwards from `base` up to `high`, backwards down to `low`. */
static void arc(sg_lp *lp, const int *row, int from, int to, double base, double low, double high,
                double loss, double fixed, double q)
{
    for (int side = 1; side >= -1; side -= 2) {
        double left = side > 0 ? high - base : base - low;
        for (int j = 0; left > 0 && j < 400; j++, left -= q) {
            double a = base + side * q * j, b = a + side * q;
            double slope = (cost(loss, fixed, b) - cost(loss, fixed, a)) / q;
            int column = sg_lp_column(lp, slope, 0, fmin(left, q));
            if (from >= 0) {
                sg_lp_term(lp, row[from], column, -side);
            }
            if (to >= 0) {
                sg_lp_term(lp, row[to], column, side);
            }
        }
    }
}

/* Balance at every node: what comes in less what goes out, beside the base flows, is what the node's excess gets. */
static void solve_lp(const net *n, double price_missing, double *ret_moved, double *ret_cost)
{
    sg_lp lp = {0};
    int row[NODES];
    double wanted = 0;
    for (int i = 0; i < n->nodes; i++) {
        row[i] = sg_lp_row(&lp, 0, 0);
    }
    int first_excess = 0, excess_count = 0, excess_column[NODES];
    (void)first_excess;
    for (int i = 0; i < n->nodes; i++) {
        double base = fmin(n->flow_w[i], n->limit_w[i]);
        arc(&lp, row, n->parent[i], i, base, i > 0 ? base - n->up_w[i] : base, n->limit_w[i],
            n->loss[i], 0, n->quantum_w);
        double excess = i > 0 ? fmax(n->flow_w[i] - n->limit_w[i], 0) : 0;
        if (excess > 0) {
            int column = sg_lp_column(&lp, -price_missing, 0, excess);
            sg_lp_term(&lp, row[i], column, -1);
            excess_column[excess_count++] = column;
            wanted += excess;
        }
    }
    for (int i = 0; i < n->supplies; i++) {
        arc(&lp, row, -1, n->supply_node[i], 0, 0, n->supply_w[i], 0, n->supply_fixed[i],
            n->quantum_w);
    }
    for (int i = 0; i < n->ties; i++) {
        arc(&lp, row, n->from[i], n->to[i], 0, -n->tie_w[i], n->tie_w[i], n->tie_loss[i],
            n->tie_fixed[i], n->quantum_w);
    }
    sg_lp_result r;
    assert_int_equal(sg_lp_solve(&lp, SG_LP_CLP, 0, &r), SG_OK);
    assert_int_equal(r.outcome, SG_SOLVED);
    *ret_moved = 0;
    for (int i = 0; i < excess_count; i++) {
        *ret_moved += r.value[excess_column[i]];
    }
    *ret_cost = r.objective + price_missing * *ret_moved;
    assert_true(*ret_moved <= wanted + 1e-6);
    sg_lp_result_free(&r);
    sg_lp_free(&lp);
}

static void as_good_as_a_linear_program(void **state)
{
    (void)state;
    char name[SG_LP_SOLVER_NAME];
    if (sg_lp_solver_name(SG_LP_CLP, name) != SG_OK) {
        skip();
    }
    int with_excess = 0, short_of = 0, with_ties = 0;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        net n = draw(seed);
        answer a = solve(&n);
        double moved, cost_w;
        solve_lp(&n, 100, &moved, &cost_w);
        if (fabs(a.r.moved_w - moved) > 1e-6 || fabs(a.r.cost_w - cost_w) > 1e-6) {
            fail_msg("seed %d: moved %.9g for %.9g, program %.9g for %.9g", (int)seed, a.r.moved_w,
                     a.r.cost_w, moved, cost_w);
        }
        assert_true(a.r.complete);
        with_excess += a.r.wanted_w > 0;
        short_of += a.r.moved_w < a.r.wanted_w - 1e-6;
        for (int t = 0; t < n.ties; t++) {
            with_ties += fabs(a.tie_w[t]) > 1e-6;
        }
    }
    print_message("%d with too much, %d of them not for all of it, %d ties used\n", with_excess,
                  short_of, with_ties);
    assert_true(with_excess > 1000 && short_of > 300 && with_ties > 300);
}

/* The flows that follow from what was given: no limit is passed, and what is missing is what was not moved. */
static void flows_stay_within_limits(void **state)
{
    (void)state;
    for (uint64_t seed = 5000; seed < 9000; seed++) {
        net n = draw(seed);
        answer a = solve(&n);
        double more[NODES] = {0}, missing = 0, given = 0;
        for (int s = 0; s < n.supplies; s++) {
            assert_true(a.given_w[s] >= 0 && a.given_w[s] <= n.supply_w[s] * (1 + 1e-12));
            assert_true((a.taker[s] >= 0) == (a.given_w[s] > 0) || a.given_w[s] == 0);
            more[n.supply_node[s]] -= a.given_w[s];
            given += a.given_w[s];
        }
        for (int t = 0; t < n.ties; t++) {
            assert_true(fabs(a.tie_w[t]) <= n.tie_w[t] * (1 + 1e-12));
            more[n.from[t]] += a.tie_w[t];
            more[n.to[t]] -= a.tie_w[t];
        }
        for (int i = n.nodes - 1; i > 0; i--) {
            /* what the node asks of its feeder beside the clipped flow */
            double excess = fmax(n.flow_w[i] - n.limit_w[i], 0), asks = more[i] + excess;
            double base = fmin(n.flow_w[i], n.limit_w[i]);
            double left = fmax(base + asks - n.limit_w[i], 0);
            missing += left;
            assert_true(left <= excess + 1e-9);
            assert_true(asks - left >= -n.up_w[i] - 1e-9);
            more[n.parent[i]] += asks - left;
        }
        assert_true(missing <= a.r.wanted_w - a.r.moved_w + 1e-6);
        assert_true(n.flow_w[0] + more[0] <= n.limit_w[0] + 1e-6);
        assert_true(given <= 100);
    }
}

/* Two racks on a PDU, each with a store, a PDU beside it with room and a tie. */
static net hall(void)
{
    /* 0 site, 1 and 2 PDUs, 3 and 4 racks on the first, 5 a rack on the second */
    net n = {.nodes = 6, .supplies = 3, .ties = 1, .quantum_w = 1};
    const int32_t parent[] = {-1, 0, 0, 1, 1, 2};
    const double flow[] = {30, 20, 10, 14, 10, 10}, limit[] = {100, 30, 30, 10, 12, 12};
    memcpy(n.parent, parent, sizeof parent);
    memcpy(n.flow_w, flow, sizeof flow);
    memcpy(n.limit_w, limit, sizeof limit);
    for (int i = 0; i < n.nodes; i++) {
        n.up_w[i] = 5;
        n.loss[i] = 0.001;
    }
    n.supply_node[0] = 3; /* in the rack that wants too much */
    n.supply_node[1] = 4; /* beside it: no help for its breaker */
    n.supply_node[2] = 0;
    for (int s = 0; s < n.supplies; s++) {
        n.supply_w[s] = 3;
        n.supply_fixed[s] = 1.1;
    }
    n.from[0] = 5;
    n.to[0] = 3;
    n.tie_w[0] = 2;
    n.tie_loss[0] = 0.01;
    n.tie_fixed[0] = 1;
    return n;
}

static void a_store_under_the_breaker_relieves_it_and_one_beside_it_does_not(void **state)
{
    (void)state;
    net n = hall();
    n.ties = 0;
    answer a = solve(&n);
    assert_true(a.r.wanted_w == 4 && fabs(a.r.moved_w - 3) < 1e-9);
    assert_true(fabs(a.given_w[0] - 3) < 1e-9 && a.given_w[1] == 0 && a.given_w[2] == 0);
    assert_int_equal(a.taker[0], 3);
    assert_int_equal(a.taker[1], -1);
}

static void a_tie_brings_what_another_feeder_has_spare(void **state)
{
    (void)state;
    net n = hall();
    n.supply_fixed[0] = 1.3; /* more than the tie and the longer way */
    answer a = solve(&n);
    assert_true(fabs(a.r.moved_w - 4) < 1e-9 && fabs(a.tie_w[0] - 2) < 1e-9);
    assert_true(fabs(a.given_w[0] - 2) < 1e-9);
    assert_int_equal(a.tie_taker[0], 3);
    n.limit_w[5] = 10.5; /* now the other rack's feeder has half a watt to spare */
    a = solve(&n);
    assert_true(fabs(a.r.moved_w - 3.5) < 1e-9 && fabs(a.tie_w[0] - 0.5) < 1e-9);
    n.tie_fixed[0] = 2; /* dear: the store comes first */
    a = solve(&n);
    assert_true(fabs(a.given_w[0] - 3) < 1e-9 && fabs(a.tie_w[0] - 0.5) < 1e-9);
}

static void least_loss_comes_first(void **state)
{
    (void)state;
    net n = hall();
    n.ties = 0;
    n.supply_node[1] = 3;
    n.supply_fixed[0] = 1.2;
    n.supply_fixed[1] = 1.05;
    answer a = solve(&n);
    assert_true(fabs(a.given_w[1] - 3) < 1e-9 && fabs(a.given_w[0] - 1) < 1e-9);
}

/* All whole flows of a small network, one by one: nothing that is possible moves more, or as much for less. */
static void no_whole_flow_is_better(void **state)
{
    (void)state;
    int checked = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t k = 0;
#define W(most) ((int)(sg_prng_unit(seed + 77777, k++) * ((most) + 1)))
        net n = {.nodes = 4, .supplies = 2, .ties = 1, .quantum_w = 1};
        int own[4];
        for (int i = 0; i < 4; i++) {
            n.parent[i] = i > 0 ? (i > 1 ? W(i - 1) : 0) : -1;
            own[i] = W(3);
            n.limit_w[i] = i > 0 ? 1 + W(2) : 12;
            n.up_w[i] = W(2);
            n.loss[i] = 0.01 * W(5);
        }
        for (int i = 3; i > 0; i--) {
            n.flow_w[i] += own[i];
            n.flow_w[n.parent[i]] += fmin(n.flow_w[i], n.limit_w[i]);
        }
        n.flow_w[0] = fmin(n.flow_w[0] + own[0], n.limit_w[0]);
        for (int s = 0; s < 2; s++) {
            n.supply_node[s] = W(3);
            n.supply_w[s] = W(2);
            n.supply_fixed[s] = 1 + 0.1 * W(3);
        }
        n.from[0] = W(3);
        n.to[0] = W(3);
        n.tie_w[0] = W(2);
        n.tie_fixed[0] = 1.15;
        n.tie_loss[0] = 0.02;
#undef W
        answer a = solve(&n);
        double best_moved = 0, best_cost = 0;
        for (int x0 = 0; x0 <= (int)n.supply_w[0]; x0++) {
            for (int x1 = 0; x1 <= (int)n.supply_w[1]; x1++) {
                for (int t = -(int)n.tie_w[0]; t <= (int)n.tie_w[0]; t++) {
                    for (int miss = 0; miss < 1000;
                         miss++) { /* what nodes 1..3 go without, 0..9 each */
                        double more[4] = {0}, moved = 0, total = 0;
                        more[n.supply_node[0]] -= x0;
                        more[n.supply_node[1]] -= x1;
                        more[n.from[0]] += t;
                        more[n.to[0]] -= t;
                        bool possible = true;
                        for (int i = 3; i > 0 && possible; i--) {
                            int left = (i == 1 ? miss : i == 2 ? miss / 10 : miss / 100) % 10;
                            double excess = fmax(n.flow_w[i] - n.limit_w[i], 0);
                            double base = fmin(n.flow_w[i], n.limit_w[i]);
                            possible = left <= excess;
                            double x = base + more[i] + excess - left;
                            possible = possible && x <= n.limit_w[i] && x >= base - n.up_w[i];
                            more[n.parent[i]] += x - base;
                            moved += excess - left;
                            total += n.loss[i] * (x * x - base * base);
                        }
                        double x = n.flow_w[0] + more[0];
                        possible = possible && x <= n.limit_w[0] && x >= n.flow_w[0];
                        total += n.loss[0] * (x * x - n.flow_w[0] * n.flow_w[0]);
                        total += x0 * n.supply_fixed[0] + x1 * n.supply_fixed[1] +
                                 cost(n.tie_loss[0], n.tie_fixed[0], t);
                        if (possible &&
                            (moved > best_moved || (moved == best_moved && total < best_cost))) {
                            best_moved = moved;
                            best_cost = total;
                        }
                    }
                }
            }
        }
        checked += a.r.wanted_w > 0;
        if (fabs(a.r.moved_w - best_moved) > 1e-9 || fabs(a.r.cost_w - best_cost) > 1e-9) {
            fail_msg("seed %d: %g for %g, enumeration %g for %g", (int)seed, a.r.moved_w,
                     a.r.cost_w, best_moved, best_cost);
        }
    }
    assert_true(checked > 100);
}

static void pushes_are_bounded_and_say_so(void **state)
{
    (void)state;
    net n = hall();
    sg_redistribution in = problem_of(&n);
    in.push_max = 1;
    answer a;
    void *memory = malloc(sg_redistribution_size(n.nodes, n.supplies, n.ties));
    assert_non_null(memory);
    a.r = sg_redistribute(&in, memory, a.given_w, a.taker, a.tie_w, a.tie_taker);
    assert_false(a.r.complete);
    assert_true(a.r.pushes == 1 && a.r.moved_w > 0 && a.r.moved_w < 4);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_good_as_a_linear_program),
        cmocka_unit_test(flows_stay_within_limits),
        cmocka_unit_test(no_whole_flow_is_better),
        cmocka_unit_test(a_store_under_the_breaker_relieves_it_and_one_beside_it_does_not),
        cmocka_unit_test(a_tie_brings_what_another_feeder_has_spare),
        cmocka_unit_test(least_loss_comes_first),
        cmocka_unit_test(pushes_are_bounded_and_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
