/* The linear-program builder and its solver on programs with known answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/lp.h"

#include <math.h>
#include <string.h>

static sg_lp_solver library = SG_LP_CLP;

static void solve(sg_lp *lp, sg_lp_result *ret)
{
    assert_int_equal(sg_lp_solve(lp, library, 0.0, ret), SG_OK);
    sg_lp_free(lp);
}

static bool is_near(double value, double wanted)
{
    return fabs(value - wanted) <= 1e-9 * (1.0 + fabs(wanted));
}

/* The Wyndor Glass problem (Hillier & Lieberman, Introduction to Operations Research, chapter 3):
 * maximise 3x + 5y, x <= 4, 2y <= 12, 3x + 2y <= 18. */
static sg_lp textbook(void)
{
    sg_lp lp = {0};
    int x = sg_lp_column(&lp, -3.0, 0.0, 4.0), y = sg_lp_column(&lp, -5.0, 0.0, HUGE_VAL);
    int a = sg_lp_row(&lp, -HUGE_VAL, 12.0), b = sg_lp_row(&lp, -HUGE_VAL, 18.0);
    sg_lp_term(&lp, a, y, 2.0);
    sg_lp_term(&lp, b, x, 3.0);
    sg_lp_term(&lp, b, y, 2.0);
    return lp;
}

static void finds_the_textbook_corner_and_its_duals(void **state)
{
    (void)state;
    sg_lp lp = textbook();
    sg_lp_result r;
    solve(&lp, &r);
    assert_int_equal(r.outcome, SG_SOLVED);
    assert_true(r.feasible && is_near(r.objective, -36.0));
    assert_true(is_near(r.value[0], 2.0) && is_near(r.value[1], 6.0));
    assert_true(is_near(r.row_dual[0], -1.5) && is_near(r.row_dual[1], -1.0));
    assert_true(is_near(r.reduced_cost[0], 0.0) && is_near(r.reduced_cost[1], 0.0));
    sg_lp_result_free(&r);
}

static void terms_of_one_cell_add_up(void **state)
{
    (void)state;
    sg_lp lp = {0};
    int x = sg_lp_column(&lp, 1.0, 0.0, HUGE_VAL);
    int other = sg_lp_row(&lp, -HUGE_VAL, HUGE_VAL), row = sg_lp_row(&lp, 12.0, HUGE_VAL);
    sg_lp_term(&lp, row, x, 1.0);
    sg_lp_term(&lp, other, x, 1.0);
    sg_lp_term(&lp, row, x, 2.0);
    sg_lp_result r;
    solve(&lp, &r);
    assert_true(is_near(r.value[0], 4.0));
    sg_lp_result_free(&r);
}

static void both_ends_of_a_row_count(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        sg_lp lp = {0};
        int x = sg_lp_column(&lp, sign, -HUGE_VAL, HUGE_VAL);
        sg_lp_term(&lp, sg_lp_row(&lp, -7.0, 5.0), x, 1.0);
        sg_lp_result r;
        solve(&lp, &r);
        assert_true(is_near(r.value[0], sign > 0 ? -7.0 : 5.0) && is_near(r.row_dual[0], sign));
        sg_lp_result_free(&r);
    }
}

static void the_impossible_and_the_unbounded_are_told_apart(void **state)
{
    (void)state;
    sg_lp lp = {0};
    int x = sg_lp_column(&lp, 1.0, 0.0, 1.0);
    sg_lp_term(&lp, sg_lp_row(&lp, 2.0, HUGE_VAL), x, 1.0);
    sg_lp_result r;
    solve(&lp, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    assert_false(r.feasible);
    sg_lp_result_free(&r);
    x = sg_lp_column(&lp, -1.0, 0.0, HUGE_VAL);
    int y = sg_lp_column(&lp, 0.0, 0.0, HUGE_VAL), row = sg_lp_row(&lp, 0.0, 0.0);
    sg_lp_term(&lp, row, x, 1.0);
    sg_lp_term(&lp, row, y, -1.0);
    solve(&lp, &r);
    assert_int_equal(r.outcome, SG_UNBOUNDED);
    sg_lp_result_free(&r);
}

static void a_program_without_columns_is_decided_by_its_rows(void **state)
{
    (void)state;
    sg_lp lp = {0};
    sg_lp_row(&lp, -1.0, 1.0);
    sg_lp_result r;
    solve(&lp, &r);
    assert_int_equal(r.outcome, SG_SOLVED);
    sg_lp_result_free(&r);
    sg_lp_row(&lp, 1.0, 2.0);
    solve(&lp, &r);
    assert_int_equal(r.outcome, SG_INFEASIBLE);
    sg_lp_result_free(&r);
}

/* Watts or gigawatts, cents or billions: the solver's tolerances are absolute, ours must not be. */
static void the_size_of_the_numbers_does_not_matter(void **state)
{
    (void)state;
    for (double scale = 1e-9; scale < 1e12; scale *= 1000.0) {
        sg_lp lp = textbook();
        for (size_t j = 0; j < lp.column_count; j++) {
            lp.column_upper[j] *= scale;
            lp.column_cost[j] *= 1e-3 / scale;
        }
        for (size_t i = 0; i < lp.row_count; i++) {
            lp.row_upper[i] *= scale;
        }
        sg_lp_result r;
        solve(&lp, &r);
        assert_int_equal(r.outcome, SG_SOLVED);
        assert_true(fabs(r.objective + 36e-3) < 1e-12);
        assert_true(is_near(r.row_dual[0] * scale * 1e3, -1.5));
        sg_lp_result_free(&r);
    }
}

/* All of the above once more by the other library; SYMGRID_HIGHS_LIB says where one lies. */
static void highs_passes_the_same_tests(void **state)
{
    char name[SG_LP_SOLVER_NAME];
    if (sg_lp_solver_name(SG_LP_HIGHS, name) == SG_UNAVAILABLE) {
        sg_lp lp = {0};
        sg_lp_result r;
        sg_lp_column(&lp, 1.0, 0.0, 1.0);
        assert_int_equal(sg_lp_solve(&lp, SG_LP_HIGHS, 0.0, &r), SG_UNAVAILABLE);
        sg_lp_free(&lp);
        print_message("no libhighs on this machine\n");
        skip();
    }
    print_message("%s\n", name);
    library = SG_LP_HIGHS;
    finds_the_textbook_corner_and_its_duals(state);
    terms_of_one_cell_add_up(state);
    both_ends_of_a_row_count(state);
    the_impossible_and_the_unbounded_are_told_apart(state);
    a_program_without_columns_is_decided_by_its_rows(state);
    the_size_of_the_numbers_does_not_matter(state);
    library = SG_LP_CLP;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_textbook_corner_and_its_duals),
        cmocka_unit_test(terms_of_one_cell_add_up),
        cmocka_unit_test(both_ends_of_a_row_count),
        cmocka_unit_test(the_impossible_and_the_unbounded_are_told_apart),
        cmocka_unit_test(a_program_without_columns_is_decided_by_its_rows),
        cmocka_unit_test(the_size_of_the_numbers_does_not_matter),
        cmocka_unit_test(highs_passes_the_same_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
