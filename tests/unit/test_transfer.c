/* Arbitrage between periods: the optimum against all ways of pairing periods, tried one by one, and what is told of a
 * greedy plan that passes the limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "plan/transfer.h"

#include <math.h>

enum { MOST = 5, CELLS = MOST * MOST };

/* Most profit of exactly 0..n transfers of one unit, each period sending and receiving at most one: every pairing of the
 * periods from `from` on. */
static void try_pairings(const sg_transfer *t, int from, unsigned taken, int count, double profit,
                         double best[MOST + 1])
{
    if (from == t->periods) {
        best[count] = fmax(best[count], profit);
        return;
    }
    try_pairings(t, from + 1, taken, count, profit, best);
    for (int to = 0; to < t->periods; to++) {
        double efficiency = t->efficiency[from * t->periods + to];
        if (to != from && !(taken >> to & 1u) && efficiency <= 1.0) {
            double gain =
                efficiency * (t->price[to] - t->price[from] - t->cost[from * t->periods + to]);
            try_pairings(t, from + 1, taken | 1u << to, count + 1, profit + gain, best);
        }
    }
}

/* The profit is concave in the number of transfers (a flow), so a fraction of a transfer earns its share of the next. */
static double best_of(const sg_transfer *t)
{
    double best[MOST + 1], most = 0.0;
    for (int k = 0; k <= MOST; k++) {
        best[k] = -HUGE_VAL;
    }
    try_pairings(t, 0, 0, 0, 0.0, best);
    double units = t->max_energy > 0.0 ? t->available_energy / t->max_energy : 0.0;
    for (int k = 0; k <= t->periods; k++) {
        if (k <= units) {
            most = fmax(most, best[k]);
        } else {
            double share = units - (k - 1);
            most = fmax(most, best[k - 1] + share * (best[k] - best[k - 1]));
            break;
        }
    }
    return most * t->max_energy;
}

static void optimum_is_the_best_of_all_pairings(void **state)
{
    (void)state;
    uint64_t draw = 0;
    for (int k = 0; k < 2000; k++) {
        double price[MOST], cost[CELLS], efficiency[CELLS], energy[CELLS];
        int n = 1 + (int)(MOST * sg_prng_unit(7, draw++));
        for (int i = 0; i < n * n; i++) {
            cost[i] = 0.1 * (sg_prng_unit(7, draw++) - 0.2);
            efficiency[i] = 0.5 + 0.6 * sg_prng_unit(7, draw++);
        }
        for (int i = 0; i < n; i++) {
            price[i] = sg_prng_unit(7, draw++) - 0.3;
        }
        double most = 4.0 * sg_prng_unit(7, draw++), available = 12.0 * sg_prng_unit(7, draw++);
        sg_transfer t = {n, price, cost, efficiency, most, available};
        sg_transfer_plan plan = {.energy = energy};
        assert_int_equal(sg_transfer_optimum(&t, &plan), SG_OK);
        double wanted = best_of(&t);
        assert_true(fabs(plan.profit - wanted) <= 1e-7 * (1.0 + fabs(wanted)));
        assert_true(plan.bound >= wanted - 1e-7 && plan.bound <= wanted + 1e-7);
        assert_true(plan.excess <= 1e-9);
    }
}

static void efficiencies_above_one_earn_nothing_in_the_optimum(void **state)
{
    (void)state;
    static const double PRICE[] = {0.0, 1.0}, COST[4] = {0}, EFFICIENCY[] = {0.0, 1.5, 0.9, 0.0};
    double matrix[4], energy[4];
    sg_transfer t = {2, PRICE, COST, EFFICIENCY, 10.0, 10.0};
    sg_transfer_plan plan = {.energy = energy};
    sg_transfer_matrix(&t, matrix);
    assert_true(matrix[1] == 15.0); /* as the study has it */
    assert_int_equal(sg_transfer_optimum(&t, &plan), SG_OK);
    assert_true(plan.profit == 0.0 && plan.refused == 1);
}

/* At 0.5 a period, the study's plan sends 0.8 to each of two periods: 1.1 too much. */
static void greedy_plan_beyond_a_limit_is_told(void **state)
{
    (void)state;
    static const double PRICE[] = {0.0, 1.0, 2.0}, COST[9] = {0};
    static const double EFFICIENCY[] = {0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8};
    double matrix[9], energy[9];
    sg_transfer t = {3, PRICE, COST, EFFICIENCY, 0.5, 10.0};
    sg_transfer_plan plan = {.energy = energy};
    sg_transfer_matrix(&t, matrix);
    assert_int_equal(sg_transfer_greedy(&t, matrix, &plan), SG_OK);
    assert_true(fabs(plan.excess - 1.1) < 1e-12);
    /* 0.8 over each of 0->2 (2), 0->1 and 1->2 (1 each), at 0.8 */
    assert_true(fabs(plan.profit - 0.8 * 0.8 * 4.0) < 1e-12);
    /* the total multiplies by the energies once more */
    assert_true(fabs(plan.printed_profit - 0.8 * 0.8 * 0.5 * 4.0) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimum_is_the_best_of_all_pairings),
        cmocka_unit_test(efficiencies_above_one_earn_nothing_in_the_optimum),
        cmocka_unit_test(greedy_plan_beyond_a_limit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
