/* dense.h - small dense systems with a symmetric positive definite matrix.
 *
 * Shapes   a: n rows of `stride` doubles, of which the lower triangle counts. x: n rows of `columns` doubles, one right-hand side a
 *          column.
 * Order    every loop goes over a row, so it becomes vector code, and each element is made in one order: the same bits on every
 *          machine.
 * @effects of both: alloc=no block=no
 * Source   Golub and Van Loan, Matrix Computations, 4th ed., 4.2. */
#ifndef SG_MATH_DENSE_H
#define SG_MATH_DENSE_H
#include <stdbool.h>

/* a = L L', L in place of the lower triangle, 1 / L(i,i) on its diagonal. False where a is not positive definite to rounding: its
 * contents are lost then. column: n doubles of scratch. */
bool sg_cholesky(double *a, int n, int stride, double *column);

/* x becomes the solution. */
void sg_cholesky_solve(const double *l, int n, int stride, double *x, int columns);
#endif
