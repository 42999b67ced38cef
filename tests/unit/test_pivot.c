/* The dual simplex on programs whose answers are published or can be read off, and what it promises of its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counted_alloc.h"
#include "plan/pivot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 8 };

typedef struct bench {
    sg_lp lp;
    sg_lp_model model;
    sg_pivot *pivot;
    void *block;
    size_t size;
    double value[16], dual[16];
    sg_lp_point point;
} bench;

static void open_bench(bench *b)
{
    assert_int_equal(sg_lp_model_build(&b->model, &b->lp), SG_OK);
    b->size = sg_pivot_size(&b->model);
    b->block = malloc(b->size);
    b->pivot = sg_pivot_create(&b->model, b->block, b->size);
    assert_non_null(b->pivot);
    b->point = (sg_lp_point){.value = b->value, .row_dual = b->dual};
}

static sg_outcome solve(bench *b)
{
    sg_pivot_options options = {0};
    return sg_pivot_solve(b->pivot, &options, &b->point);
}

static void close_bench(bench *b)
{
    sg_lp_free(&b->lp);
    sg_lp_model_free(&b->model);
    free(b->block);
}

/* In the program's own units. */
static double objective(const bench *b)
{
    double sum = 0.0;
    for (size_t j = 0; j < b->lp.column_count; j++) {
        sum += b->lp.column_cost[j] * b->value[j] * b->model.unit;
    }
    return sum;
}

/* rows x columns coefficients, every column >= 0 and at most `most`, every row <= side. */
static void write_program(sg_lp *lp, int rows, int columns, const double *a, const double *cost,
                          const double *side, double most)
{
    for (int j = 0; j < columns; j++) {
        sg_lp_column(lp, cost[j], 0.0, most);
    }
    for (int i = 0; i < rows; i++) {
        sg_lp_row(lp, -HUGE_VAL, side[i]);
        for (int j = 0; j < columns; j++) {
            if (a[i * columns + j] != 0.0) {
                sg_lp_term(lp, i, j, a[i * columns + j]);
            }
        }
    }
}

/* Beale's example, on which a simplex without care goes round for ever; its optimum is -1/20. */
static void test_beale_ends(void **state)
{
    (void)state;
    static const double A[] = {0.25,        -60.0, -1.0 / 25.0, 9.0, 0.5, -90.0,
                               -1.0 / 50.0, 3.0,   0.0,         0.0, 1.0, 0.0};
    static const double COST[] = {-0.75, 150.0, -1.0 / 50.0, 6.0}, SIDE_[] = {0.0, 0.0, 1.0};
    bench b = {0};
    write_program(&b.lp, 3, 4, A, COST, SIDE_, 1000.0);
    open_bench(&b);
    assert_int_equal(solve(&b), SG_SOLVED);
    assert_true(fabs(objective(&b) - (-0.05)) < 1e-12);
    assert_true(b.point.iterations < 20);
    close_bench(&b);
}

/* Kuhn's example, which goes round likewise; its optimum is -2. */
static void test_kuhn_ends(void **state)
{
    (void)state;
    static const double A[] = {-2.0,       -9.0, 1.0, 9.0, 1.0 / 3.0, 1.0,
                               -1.0 / 3.0, -2.0, 2.0, 3.0, -1.0,      -12.0};
    static const double COST[] = {-2.0, -3.0, 1.0, 12.0}, SIDE_[] = {0.0, 0.0, 2.0};
    bench b = {0};
    write_program(&b.lp, 3, 4, A, COST, SIDE_, 1000.0);
    open_bench(&b);
    assert_int_equal(solve(&b), SG_SOLVED);
    assert_true(fabs(objective(&b) - (-2.0)) < 1e-12);
    assert_true(b.point.iterations < 20);
    close_bench(&b);
}

/* An assignment: every corner of it is degenerate. cost (i + 1)(j + 1) is least where the largest meets the smallest. */
static void write_assignment(sg_lp *lp, int side)
{
    for (int k = 0; k < side * side; k++) {
        sg_lp_column(lp, (double)((k / side + 1) * (k % side + 1)), 0.0, 1.0);
    }
    for (int r = 0; r < 2 * side; r++) {
        sg_lp_row(lp, 1.0, 1.0);
        for (int n = 0; n < side; n++) {
            sg_lp_term(lp, r, r < side ? r * side + n : n * side + r - side, 1.0);
        }
    }
}

static void test_an_assignment_ends_at_its_corner(void **state)
{
    (void)state;
    double value[SIDE * SIDE], dual[2 * SIDE], best = 0.0, sum = 0.0;
    bench b = {0};
    write_assignment(&b.lp, SIDE);
    open_bench(&b);
    b.point = (sg_lp_point){.value = value, .row_dual = dual};
    assert_int_equal(solve(&b), SG_SOLVED);
    for (int k = 0; k < SIDE * SIDE; k++) {
        sum += b.lp.column_cost[k] * value[k] * b.model.unit;
    }
    for (int i = 0; i < SIDE; i++) {
        best += (i + 1) * (SIDE - i);
    }
    assert_true(fabs(sum - (best)) < 1e-9);
    close_bench(&b);
}

/* Buying is cheaper than it was: the dearer source gives way, and the price of the load follows. */
static void test_it_goes_on_from_where_it_was(void **state)
{
    (void)state;
    bench b = {0};
    sg_lp_column(&b.lp, 2.0, 0.0, 60.0);
    sg_lp_column(&b.lp, 3.0, 0.0, 100.0);
    sg_lp_row(&b.lp, 80.0, 80.0);
    sg_lp_term(&b.lp, 0, 0, 1.0);
    sg_lp_term(&b.lp, 0, 1, 1.0);
    open_bench(&b);
    assert_int_equal(solve(&b), SG_SOLVED);
    assert_true(fabs(objective(&b) - (60.0 * 2.0 + 20.0 * 3.0)) < 1e-9);
    assert_true(fabs(b.dual[0] * b.model.price - (3.0)) < 1e-12);
    b.lp.row_lower[0] = b.lp.row_upper[0] = 85.0;
    sg_lp_model_load(&b.model, &b.lp);
    assert_int_equal(solve(&b), SG_SOLVED);
    assert_int_equal(b.point.iterations, 0);
    assert_true(fabs(objective(&b) - (60.0 * 2.0 + 25.0 * 3.0)) < 1e-9);
    b.lp.row_lower[0] = b.lp.row_upper[0] = 50.0;
    sg_lp_model_load(&b.model, &b.lp);
    assert_int_equal(solve(&b), SG_SOLVED);
    assert_int_equal(b.point.iterations, 1);
    assert_true(fabs(objective(&b) - (50.0 * 2.0)) < 1e-9);
    assert_true(fabs(b.dual[0] * b.model.price - (2.0)) < 1e-12);
    b.lp.column_cost[1] = 1.0;
    sg_lp_model_load(&b.model, &b.lp);
    assert_int_equal(solve(&b), SG_SOLVED);
    assert_true(fabs(objective(&b) - (50.0)) < 1e-9);
    close_bench(&b);
}

static void test_what_has_no_solution_is_not_called_solved(void **state)
{
    (void)state;
    bench b = {0};
    sg_lp_column(&b.lp, 1.0, 0.0, 10.0);
    sg_lp_row(&b.lp, 20.0, HUGE_VAL);
    sg_lp_term(&b.lp, 0, 0, 1.0);
    open_bench(&b);
    assert_int_equal(solve(&b), SG_INFEASIBLE);
    b.lp.row_lower[0] = 10.0; /* and there is one after all */
    sg_lp_model_load(&b.model, &b.lp);
    assert_int_equal(solve(&b), SG_SOLVED);
    b.lp.column_lower[0] = 11.0; /* above the upper bound */
    sg_lp_model_load(&b.model, &b.lp);
    assert_int_equal(solve(&b), SG_INFEASIBLE);
    b.lp.column_lower[0] = 0.0;
    b.lp.column_upper[0] = HUGE_VAL; /* money without end */
    b.lp.column_cost[0] = -1.0;
    sg_lp_model_load(&b.model, &b.lp);
    assert_int_equal(solve(&b), SG_NUMERIC);
    close_bench(&b);
}

static void test_pivots_are_bounded(void **state)
{
    (void)state;
    double value[SIDE * SIDE], dual[2 * SIDE];
    bench b = {0};
    write_assignment(&b.lp, SIDE);
    open_bench(&b);
    b.point = (sg_lp_point){.value = value, .row_dual = dual};
    sg_pivot_options options = {.pivots_max = 3};
    assert_int_equal(sg_pivot_solve(b.pivot, &options, &b.point), SG_LIMIT);
    assert_int_equal(b.point.iterations, 3);
    options = (sg_pivot_options){.seconds_max = 1e-9};
    assert_int_equal(sg_pivot_solve(b.pivot, &options, &b.point), SG_LIMIT);
    assert_int_equal(solve(&b), SG_SOLVED); /* from where it stopped */
    close_bench(&b);
}

static void test_any_basis_may_be_given(void **state)
{
    (void)state;
    double value[SIDE * SIDE], dual[2 * SIDE];
    signed char stand[SIDE * SIDE + 2 * SIDE];
    bench b = {0};
    write_assignment(&b.lp, SIDE);
    open_bench(&b);
    b.point = (sg_lp_point){.value = value, .row_dual = dual};
    memset(stand, SG_BASIC, sizeof stand); /* far too many */
    sg_pivot_set_basis(b.pivot, stand);
    assert_int_equal(solve(&b), SG_SOLVED);
    memset(stand, SG_AT_UPPER, sizeof stand); /* none at all */
    sg_pivot_set_basis(b.pivot, stand);
    assert_int_equal(solve(&b), SG_SOLVED);
    memcpy(stand, sg_pivot_basis(b.pivot), sizeof stand);
    sg_pivot_set_basis(b.pivot, stand); /* its own */
    assert_int_equal(solve(&b), SG_SOLVED);
    assert_int_equal(b.point.iterations, 0);
    close_bench(&b);
}

/* Every worker does an eighth of each task: as cheap as nothing else if all tasks cost alike, and no corner. */
static void test_a_point_inside_a_face_becomes_a_corner(void **state)
{
    (void)state;
    double value[SIDE * SIDE], dual[2 * SIDE], point[SIDE * SIDE];
    bench b = {0};
    write_assignment(&b.lp, SIDE);
    for (int k = 0; k < SIDE * SIDE; k++) {
        b.lp.column_cost[k] = k / SIDE + 1.0;
    }
    open_bench(&b);
    b.point = (sg_lp_point){.value = value, .row_dual = dual};
    for (int k = 0; k < SIDE * SIDE; k++) {
        point[k] = 1.0 / SIDE / b.model.unit;
    }
    allocations = 0;
    counting = true;
    sg_pivot_begin_at(b.pivot, point, 0.0);
    counting = false;
    assert_int_equal(allocations, 0);
    assert_int_equal(solve(&b), SG_SOLVED);
    assert_int_equal(b.point.iterations, 0);
    double sum = 0.0;
    for (int k = 0; k < SIDE * SIDE; k++) {
        double v = value[k] * b.model.unit;
        assert_true(fabs(v) < 1e-9 || fabs(v - 1.0) < 1e-9);
        sum += b.lp.column_cost[k] * v;
    }
    assert_true(fabs(sum - SIDE * (SIDE + 1) / 2.0) < 1e-9);
    close_bench(&b);
}

/* Where the point is far from the optimum, or keeps nothing at all, the optimum is found all the same. */
static void test_any_point_may_be_begun_at(void **state)
{
    (void)state;
    double value[SIDE * SIDE], dual[2 * SIDE], point[SIDE * SIDE], best = 0.0;
    bench b = {0};
    write_assignment(&b.lp, SIDE);
    open_bench(&b);
    b.point = (sg_lp_point){.value = value, .row_dual = dual};
    for (int i = 0; i < SIDE; i++) {
        best += (i + 1) * (SIDE - i);
    }
    for (int n = 0; n < 3; n++) {
        for (int k = 0; k < SIDE * SIDE; k++) {
            double v[] = {1.0 / SIDE, k / SIDE == k % SIDE ? 1.0 : 0.0, 5.0 * k};
            point[k] = v[n] / b.model.unit;
        }
        sg_pivot_begin_at(b.pivot, point, 0.0);
        assert_int_equal(solve(&b), SG_SOLVED);
        double sum = 0.0;
        for (int k = 0; k < SIDE * SIDE; k++) {
            sum += b.lp.column_cost[k] * value[k] * b.model.unit;
        }
        assert_true(fabs(sum - best) < 1e-9);
    }
    close_bench(&b);
}

/* A basic column that will be gone, and another that does what it does: that one takes its place. */
static void test_what_goes_leaves_the_basis(void **state)
{
    (void)state;
    bench b = {0};
    static const double COST[] = {1.0, 2.0, 3.0};
    for (int j = 0; j < 3; j++) {
        sg_lp_column(&b.lp, COST[j], 0.0, j == 2 ? 100.0 : 50.0);
    }
    sg_lp_row(&b.lp, 40.0, 40.0); /* x0 + x1 = 40, x0 + x1 + x2 = 70: x0 = 40, x2 = 30 */
    sg_lp_row(&b.lp, 70.0, 70.0);
    for (int j = 0; j < 3; j++) {
        if (j < 2) {
            sg_lp_term(&b.lp, 0, j, 1.0);
        }
        sg_lp_term(&b.lp, 1, j, 1.0);
    }
    open_bench(&b);
    assert_int_equal(solve(&b), SG_SOLVED);
    assert_true(fabs(objective(&b) - (40.0 + 90.0)) < 1e-9);
    assert_int_equal(sg_pivot_basis(b.pivot)[0], SG_BASIC);
    assert_int_equal(sg_pivot_basis(b.pivot)[2], SG_BASIC);
    const bool gone[5] = {true, false, false, false, false};
    sg_pivot_let_go(b.pivot, gone);
    assert_int_not_equal(sg_pivot_basis(b.pivot)[0], SG_BASIC);
    assert_int_equal(sg_pivot_basis(b.pivot)[1], SG_BASIC);
    assert_int_equal(sg_pivot_basis(b.pivot)[2], SG_BASIC);
    assert_int_equal(solve(&b), SG_SOLVED); /* it comes back where it does not go after all */
    assert_true(fabs(objective(&b) - (40.0 + 90.0)) < 1e-9);
    close_bench(&b);
}

static void test_memory_is_the_callers(void **state)
{
    (void)state;
    double value[SIDE * SIDE], dual[2 * SIDE];
    bench b = {0};
    write_assignment(&b.lp, SIDE);
    open_bench(&b);
    b.point = (sg_lp_point){.value = value, .row_dual = dual};
    assert_null(sg_pivot_create(&b.model, b.block, b.size - 1));
    memset(b.block, 0xa5, b.size);
    b.pivot = sg_pivot_create(&b.model, b.block, b.size);
    allocations = 0;
    counting = true;
    sg_outcome outcome = solve(&b);
    counting = false;
    assert_int_equal(outcome, SG_SOLVED);
    assert_int_equal(allocations, 0);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beale_ends),
        cmocka_unit_test(test_kuhn_ends),
        cmocka_unit_test(test_an_assignment_ends_at_its_corner),
        cmocka_unit_test(test_it_goes_on_from_where_it_was),
        cmocka_unit_test(test_what_has_no_solution_is_not_called_solved),
        cmocka_unit_test(test_pivots_are_bounded),
        cmocka_unit_test(test_any_basis_may_be_given),
        cmocka_unit_test(test_a_point_inside_a_face_becomes_a_corner),
        cmocka_unit_test(test_any_point_may_be_begun_at),
        cmocka_unit_test(test_what_goes_leaves_the_basis),
        cmocka_unit_test(test_memory_is_the_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
