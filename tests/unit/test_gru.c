/* The gated recurrent unit: its derivatives against differences of an own double-precision one, its numbers the same whatever the
 * vector width, the lanes beside and the threads. */
#include "math/gru.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The library's loops once more, for both widths. */
#define LANES 4
#define TARGET
#define NAMED(name) name##_4
#include "math/gru_lanes.h"
#undef LANES
#undef TARGET
#undef NAMED

#define LANES       8
#define NAMED(name) name##_8
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2")))
#define WIDE() __builtin_cpu_supports("avx2")
#else
#define TARGET
#define WIDE() 1
#endif
#include "math/gru_lanes.h"
#undef LANES
#undef TARGET
#undef NAMED

static uint64_t seed = 5;

static float uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(seed >> 40) / 8388608 - 1;
}

static void draw(float *ret, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++) {
        ret[i] = scale * uniform();
    }
}

/* --- products --- */

static void products_are_sums_in_order(void **state)
{
    (void)state;
    static const int32_t sizes[][3] = {
        {1, 8, 1}, {4, 16, 5}, {7, 24, 33}, {12, 64, 40}, {9, 8, 100}};
    static float a[12 * 104], b[104 * 72], c[12 * 72], expected[12 * 72];
    for (size_t q = 0; q < sizeof sizes / sizeof sizes[0]; q++) {
        int32_t m = sizes[q][0], n = sizes[q][1], k = sizes[q][2];
        const ptrdiff_t a_stride = k + 3, b_stride = n + 8, c_stride = n + 4;
        draw(a, sizeof a / sizeof *a, 1);
        draw(b, sizeof b / sizeof *b, 1);
        draw(c, sizeof c / sizeof *c, 1);
        memcpy(expected, c, sizeof c);
        for (int32_t i = 0; i < m; i++) {
            for (int32_t j = 0; j < n; j++) {
                volatile float sum = c[i * c_stride + j]; /* each step rounded by itself */
                for (int32_t l = 0; l < k; l++) {
                    volatile float product = a[i * a_stride + l] * b[l * b_stride + j];
                    sum = sum + product;
                }
                expected[i * c_stride + j] = sum;
            }
        }
        sg_product_add(c, c_stride, a, a_stride, b, b_stride, m, n, k);
        assert_memory_equal(c, expected, sizeof c); /* and nothing beside them is touched */
    }
}

static void turned_is_turned(void **state)
{
    (void)state;
    float from[13 * 21], to[21 * 16] = {0};
    draw(from, 13 * 21, 1);
    sg_transpose(to, 16, from, 21, 13, 21);
    for (int i = 0; i < 13; i++) {
        for (int j = 0; j < 21; j++) {
            assert_true(to[j * 16 + i] == from[i * 21 + j]);
        }
    }
}

/* --- gates --- */

static void gates_are_libms_to_two_parts_in_ten_million(void **state)
{
    (void)state;
    enum { COUNT = 40000 };
    static float z[COUNT], r[COUNT], n[COUNT], one[COUNT], zero[COUNT], seen[COUNT], next[COUNT];
    double most = 0;
    for (int i = 0; i < COUNT; i++) {
        z[i] = r[i] = n[i] = (float)(i - COUNT / 2) / 1000; /* -20 .. 20 */
        one[i] = 1;
    }
    kernels_4.open_gates(z, r, one, seen, COUNT);
    kernels_4.blend(zero, n, zero, next, COUNT);
    for (int i = 0; i < COUNT; i++) {
        double x = (double)((float)(i - COUNT / 2) / 1000);
        most = fmax(most, fabs((double)z[i] - 1 / (1 + exp(-x))));
        most = fmax(most, fabs((double)next[i] - tanh(x)));
        assert_true(r[i] == z[i] && seen[i] == z[i] && next[i] == n[i]);
    }
    printf("sigmoid and tanh within %.2e\n", most);
    assert_true(most < 2e-7);
    float far[8] = {1e38F, -1e38F, INFINITY, -INFINITY, 100, -100, 0, -0.0F}, same[8], h[8] = {0};
    memcpy(same, far, sizeof far);
    kernels_4.open_gates(far, same, h, seen, 8);
    for (int i = 0; i < 8; i++) {
        assert_true(far[i] >= 0 && far[i] <= 1);
    }
}

static void any_width_gives_the_same_bits(void **state)
{
    (void)state;
    enum { COUNT = 1024 };
    static float in[6][COUNT], out[2][6][COUNT];
    if (!WIDE()) {
        skip();
    }
    for (int round = 0; round < 50; round++) {
        draw(in[0], sizeof in / sizeof in[0][0], round % 2 ? 1 : 30);
        for (int wide = 0; wide < 2; wide++) {
            const kernels *k = wide ? &kernels_8 : &kernels_4;
            float(*o)[COUNT] = out[wide];
            memcpy(o, in, sizeof in);
            k->open_gates(o[0], o[1], in[2], o[3], COUNT);
            k->blend(o[0], o[4], in[2], o[5], COUNT);
            k->unblend(o[0], o[4], in[2], o[5], o[3], o[2], COUNT);
            k->unsee(o[1], in[2], in[3], o[4], o[5], COUNT);
            k->product_add(o[0], 64, in[1], 16, in[2], 64, 15, 56, 16);
        }
        assert_memory_equal(out[0], out[1], sizeof out[0]);
    }
}

/* --- derivatives: a window of some steps, the loss a weighted sum of the last state --- */

enum {
    INPUTS = 8,
    UNITS = 8,
    SIDE = 16,
    STEPS = 5,
    WIDTH = INPUTS + UNITS,
    WEIGHTS = 3 * UNITS * WIDTH
};

typedef struct task {
    float weight[WEIGHTS], x[STEPS][INPUTS * SIDE], wanted[UNITS * SIDE], first[UNITS * SIDE];
} task;

static double gate_sum(const double *w, int row, const double *x, const double *h)
{
    double sum = 0;
    for (int i = 0; i < WIDTH; i++) {
        sum += w[row * WIDTH + i] * (i < INPUTS ? x[i] : h[i - INPUTS]);
    }
    return sum;
}

static double loss_by_hand(const task *t, const double *w, const double *first)
{
    double loss = 0;
    for (int lane = 0; lane < SIDE; lane++) {
        double h[UNITS], x[INPUTS], z[UNITS], seen[UNITS];
        for (int j = 0; j < UNITS; j++) {
            h[j] = first[j * SIDE + lane];
        }
        for (int s = 0; s < STEPS; s++) {
            for (int i = 0; i < INPUTS; i++) {
                x[i] = (double)t->x[s][i * SIDE + lane];
            }
            for (int j = 0; j < UNITS; j++) {
                z[j] = 1 / (1 + exp(-gate_sum(w, j, x, h)));
                seen[j] = h[j] / (1 + exp(-gate_sum(w, UNITS + j, x, h)));
            }
            for (int j = 0; j < UNITS; j++) {
                h[j] = z[j] * h[j] + (1 - z[j]) * tanh(gate_sum(w, 2 * UNITS + j, x, seen));
            }
        }
        for (int j = 0; j < UNITS; j++) {
            loss += (double)t->wanted[j * SIDE + lane] * h[j];
        }
    }
    return loss;
}

static void backward_over(const task *t, float *gradient, float *dh)
{
    static float tape[STEPS + 1][(INPUTS + 5 * UNITS) * SIDE], back[3 * UNITS * UNITS];
    const sg_gru unit = {INPUTS, UNITS, t->weight};
    float *scratch = malloc(sg_gru_scratch_floats(INPUTS, UNITS, SIDE) * sizeof *scratch);
    assert_int_equal(sg_gru_tape_floats(INPUTS, UNITS, SIDE) * sizeof(float), sizeof tape[0]);
    memcpy(tape[0] + INPUTS * SIDE, t->first, sizeof t->first);
    for (int s = 0; s < STEPS; s++) {
        memcpy(tape[s], t->x[s], sizeof t->x[s]);
        sg_gru_forward(&unit, tape[s], SIDE, tape[s + 1] + INPUTS * SIDE);
    }
    memcpy(dh, t->wanted, sizeof t->wanted);
    memset(gradient, 0, WEIGHTS * sizeof *gradient);
    sg_gru_turn(&unit, back);
    for (int s = STEPS - 1; s >= 0; s--) {
        sg_gru_backward(&unit, back, tape[s], SIDE, dh, gradient, scratch);
    }
    free(scratch);
}

static void derivatives_are_differences(void **state)
{
    (void)state;
    static task t;
    static float gradient[WEIGHTS], dh[UNITS * SIDE];
    static double w[WEIGHTS], first[UNITS * SIDE];
    for (int round = 0; round < 5; round++) {
        draw(t.weight, WEIGHTS, 0.8F);
        draw(t.x[0], (size_t)STEPS * INPUTS * SIDE, 2);
        draw(t.wanted, UNITS * SIDE, 1);
        draw(t.first, UNITS * SIDE, 1);
        backward_over(&t, gradient, dh);
        for (int i = 0; i < WEIGHTS; i++) {
            w[i] = (double)t.weight[i];
        }
        for (int i = 0; i < UNITS * SIDE; i++) {
            first[i] = (double)t.first[i];
        }
        const double step = 1e-5;
        double most = 0;
        for (int i = 0; i < WEIGHTS + UNITS * SIDE; i++) {
            double *at = i < WEIGHTS ? &w[i] : &first[i - WEIGHTS], was = *at;
            *at = was + step;
            double above = loss_by_hand(&t, w, first);
            *at = was - step;
            double below = loss_by_hand(&t, w, first);
            *at = was;
            double got = (double)(i < WEIGHTS ? gradient[i] : dh[i - WEIGHTS]);
            most = fmax(most, fabs((above - below) / (2 * step) - got));
        }
        printf("%d derivatives within %.2e\n", WEIGHTS + UNITS * SIDE, most);
        assert_true(most < 2e-5); /* of sums of some 80 terms of size 1 in single precision */
    }
}

/* --- many series --- */

static void threads_and_neighbours_change_nothing(void **state)
{
    (void)state;
    enum { MANY = 5 * 1024 + 200, IN = 16, OF = 24 };
    float *x = malloc(sizeof(float) * IN * MANY), *h = malloc(sizeof(float) * OF * MANY);
    float *together = malloc(sizeof(float) * OF * MANY);
    static float weight[3 * OF * (IN + OF)], tape[(IN + 5 * OF) * 8];
    const sg_gru unit = {IN, OF, weight};
    draw(weight, sizeof weight / sizeof *weight, 0.5F);
    draw(x, (size_t)IN * MANY, 1);
    draw(h, (size_t)OF * MANY, 1);
    for (int threads = 1; threads <= 3; threads++) {
        sg_pool *pool = sg_pool_create(threads);
        memcpy(together, h, sizeof(float) * OF * MANY);
        sg_gru_sweep(pool, &unit, x, together, MANY);
        sg_pool_free(pool);
        for (int from = 0; from < MANY; from += 8) {
            for (int i = 0; i < IN * 8; i++) {
                tape[i] = x[i / 8 * MANY + from + i % 8];
            }
            for (int i = 0; i < OF * 8; i++) {
                tape[IN * 8 + i] = h[i / 8 * MANY + from + i % 8];
            }
            sg_gru_forward(&unit, tape, 8, tape + IN * 8);
            for (int i = 0; i < OF * 8; i++) {
                assert_true(tape[IN * 8 + i] == together[i / 8 * MANY + from + i % 8]);
            }
        }
    }
    free(x);
    free(h);
    free(together);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_sums_in_order),
        cmocka_unit_test(turned_is_turned),
        cmocka_unit_test(gates_are_libms_to_two_parts_in_ten_million),
        cmocka_unit_test(any_width_gives_the_same_bits),
        cmocka_unit_test(derivatives_are_differences),
        cmocka_unit_test(threads_and_neighbours_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
