/* Trust among experts against the formula written out, its regret on adversaries, and how much of an advantage is believed. */
#include "forecast/experts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 4 };

static void near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("%.17g, expected %.17g", got, expected);
    }
}

static uint64_t seed = 17;

static double uniform(void) /* in (0, 1) */
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(seed >> 12) + 0.5) / 4503599627370496.0;
}

static void weigh_alone(double *self, int32_t count)
{
    double all[2 * SG_EXPERT_MEMORIES * SG_EXPERT_MAX] = {0};
    sg_experts_add(self, count, 1, all);
    sg_experts_weigh(self, count, all);
}

/* From the whole past of losses, each sum written out anew. */
static void by_the_formula(double loss[][N], double weights[][N], int rows, double memory,
                           double ret[N])
{
    const double memories[] = {memory / 4, memory, memory * 4};
    double sum = 0;
    for (int x = 0; x < N; x++) {
        ret[x] = 0;
        for (int m = 0; m < 3; m++) {
            double most = 0, regrets = 0, squares = 0;
            for (int i = 0; i < rows; i++) {
                double mean = 0, fade = pow(1 - 1 / memories[m], rows - 1 - i);
                for (int k = 0; k < N; k++) {
                    mean += weights[i][k] * loss[i][k];
                }
                most = fmax(most, fade * fabs(mean - loss[i][x]));
                regrets += fade * (mean - loss[i][x]);
                squares += fade * (mean - loss[i][x]) * (mean - loss[i][x]);
            }
            for (int r = 1; r <= 8; r++) {
                double rate = pow(0.5, r);
                double of = most > 0 ? most : 1;
                ret[x] += rate * exp(rate * regrets / of - rate * rate * squares / of / of);
            }
        }
        sum += ret[x];
    }
    for (int x = 0; x < N; x++) {
        ret[x] /= sum;
    }
}

static void weights_are_those_of_the_formula(void **state)
{
    (void)state;
    enum { ROWS = 60 };
    double loss[ROWS][N], weights[ROWS + 1][N] = {{1}}, expected[N];
    double *self = calloc(sg_experts_size(N), sizeof *self);
    sg_experts_start(self);
    for (int i = 0; i < ROWS; i++) {
        for (int x = 0; x < N; x++) {
            loss[i][x] = uniform() * (x + 1) + (i % 7 == x ? 3 : 0);
        }
        sg_experts_take(self, N, loss[i], 20, 1);
        weigh_alone(self, N);
        memcpy(weights[i + 1], sg_experts_weights(self), sizeof weights[0]);
        by_the_formula(loss, weights, i + 1, 20, expected);
        for (int x = 0; x < N; x++) {
            near(weights[i + 1][x], expected[x], 1e-9);
        }
    }
    free(self);
}

/* Losses in [0, 1] of experts who are right by turns or by chance: the loss is that of the best and at most 3 sqrt(T ln N) + 10 more. */
static void regret_is_bounded_whatever_the_losses(void **state)
{
    (void)state;
    enum { ROWS = 4000 };
    for (int kind = 0; kind < 6; kind++) {
        double *self = calloc(sg_experts_size(N), sizeof *self), total = 0, of[N] = {0},
               best = INFINITY;
        sg_experts_start(self);
        for (int i = 0; i < ROWS; i++) {
            double loss[N];
            for (int x = 0; x < N; x++) {
                loss[x] = kind == 0   ? x == 2
                          : kind == 1 ? (i + x) % 2
                          : kind == 2 ? uniform() < 0.5
                          : kind == 3 ? fmin(1, uniform() + 0.02 * x)
                          : kind == 4 ? (i / 500 + x) % N != 0
                                      : sg_experts_weights(self)[x] > 1.0 / N;
                total += sg_experts_weights(self)[x] * loss[x];
                of[x] += loss[x];
            }
            sg_experts_take(self, N, loss, 1e9, 1);
            weigh_alone(self, N);
        }
        for (int x = 0; x < N; x++) {
            best = fmin(best, of[x]);
        }
        assert_true(total <= best + 3 * sqrt(ROWS * log(N)) + 10);
        free(self);
    }
}

static void odd_losses_leave_weights(void **state)
{
    (void)state;
    const double odd[] = {0, 0, 1e-300, 1e-160, 1, 1e9, 1e120};
    double *self = calloc(sg_experts_size(N), sizeof *self);
    sg_experts_start(self);
    for (int i = 0; i < 200000; i++) {
        double loss[N] = {0}, sum = 0;
        for (int x = 0; x < N && i / 20000 % 2 == 0; x++) {
            loss[x] = odd[(int)(uniform() * 6.999)];
        }
        sg_experts_take(self, N, loss, 30, 1);
        weigh_alone(self, N);
        for (int x = 0; x < N; x++) {
            assert_true(sg_experts_weights(self)[x] >= 0);
            sum += sg_experts_weights(self)[x];
        }
        near(sum, 1, 1e-9);
    }
    free(self);
}

/* By hand: advantages 1 and 3, ahead 1: mean 2, mean square 5, variance of a row 1 and of the mean of two (1 + 2 / 2) / 2 = 1: the share is
 * 1 - (2 x 1 / 4)^2. */
static void edge_by_hand(void **state)
{
    (void)state;
    sg_edge edge = {0};
    sg_edge_take(&edge, 1, 1, 1e12);
    sg_edge_take(&edge, 3, 1, 1e12);
    near(sg_edge_share(&edge, 1), 0.75, 1e-6);
    edge = (sg_edge){0};
    sg_edge_take(&edge, -1, 1, 1e12);
    near(sg_edge_share(&edge, 1), 0, 0);
}

/* A steady advantage is believed; one that is chance hardly ever; one that comes in runs of 50 rows, in forecasts of 50 rows ahead, by no
 * more than its runs are worth. */
static void what_is_chance_is_not_believed(void **state)
{
    (void)state;
    enum { ROUNDS = 400, ROWS = 1000, AHEAD = 50 };
    double steady = 0, chance = 0, runs = 0, blind = 0;
    for (int round = 0; round < ROUNDS; round++) {
        sg_edge a = {0}, b = {0}, c = {0}, d = {0};
        double run = 0;
        for (int i = 0; i < ROWS; i++) {
            double u = uniform() - 0.5;
            run = i % AHEAD == 0 ? uniform() - 0.5 : run;
            sg_edge_take(&a, 0.3 + u, 1, 500);
            sg_edge_take(&b, u, 1, 500);
            sg_edge_take(&c, run, AHEAD, 500);
            sg_edge_take(&d, run, 1, 500);
        }
        steady += sg_edge_share(&a, 1) / ROUNDS;
        chance += sg_edge_share(&b, 1) / ROUNDS;
        runs += sg_edge_share(&c, AHEAD) / ROUNDS;
        blind += sg_edge_share(&d, 1) / ROUNDS;
    }
    assert_true(steady > 0.999);
    assert_true(chance <
                0.1); /* beyond sqrt 2 deviations, one side: 8 % of rounds, and of these not all */
    assert_true(runs < 0.15);
    assert_true(blind > 0.3); /* as if each row told something new: wrong */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_the_formula),
        cmocka_unit_test(regret_is_bounded_whatever_the_losses),
        cmocka_unit_test(odd_losses_leave_weights),
        cmocka_unit_test(edge_by_hand),
        cmocka_unit_test(what_is_chance_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
