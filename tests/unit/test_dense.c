/* Small dense systems: a case by hand, and what is left of random ones. */
#include "math/dense.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) {
        fail_msg("%.17g, expected %.17g", got, expected);
    }
}

enum { N_MAX = 40, COLUMNS = 3 };

static uint64_t seed = 7;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / 4503599627370496.0 - 1;
}

/* [4 2; 2 5] = L L' with L = [2 0; 1 2]; x = [1 -1] gives the right side [2 -3]. */
static void solves_a_case_by_hand(void **state)
{
    (void)state;
    double a[4] = {4, NAN, 2, 5}, column[2], x[2] = {2, -3};
    assert_true(sg_cholesky(a, 2, 2, column));
    near(a[0], 0.5, 1e-15);
    near(a[2], 1, 1e-15);
    near(a[3], 0.5, 1e-15);
    sg_cholesky_solve(a, 2, 2, x, 1);
    near(x[0], 1, 1e-15);
    near(x[1], -1, 1e-15);
}

static void refuses_what_is_not_positive(void **state)
{
    (void)state;
    double indefinite[4] = {1, 0, 2, 1}, zero[1] = {0}, none[1] = {NAN}, column[2];
    assert_false(sg_cholesky(indefinite, 2, 2, column));
    assert_false(sg_cholesky(zero, 1, 1, column));
    assert_false(sg_cholesky(none, 1, 1, column));
}

static void leaves_no_residual(void **state)
{
    (void)state;
    for (int n = 1; n <= N_MAX; n++) {
        static double b[N_MAX][N_MAX], a[N_MAX][N_MAX + 2], l[N_MAX][N_MAX + 2];
        static double rhs[N_MAX][COLUMNS], x[N_MAX][COLUMNS], column[N_MAX];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                b[i][j] = uniform();
            }
            for (int c = 0; c < COLUMNS; c++) {
                rhs[i][c] = uniform();
            }
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                a[i][j] = i == j ? 0.5 : 0;
                for (int k = 0; k < n; k++) {
                    a[i][j] += b[i][k] * b[j][k];
                }
            }
        }
        memcpy(l, a, sizeof l);
        assert_true(sg_cholesky(l[0], n, N_MAX + 2, column));
        for (int i = 0; i < n; i++) {
            memcpy(&x[0][0] + i * COLUMNS, rhs[i], sizeof rhs[i]);
        }
        sg_cholesky_solve(l[0], n, N_MAX + 2, &x[0][0], COLUMNS);
        for (int i = 0; i < n; i++) {
            for (int c = 0; c < COLUMNS; c++) {
                double left = rhs[i][c];
                for (int k = 0; k < n; k++) {
                    left -= a[i][k] * x[k][c];
                }
                near(left, 0, 1e-11);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solves_a_case_by_hand),
        cmocka_unit_test(refuses_what_is_not_positive),
        cmocka_unit_test(leaves_no_residual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
