#include "math/dense.h"

#include <math.h>

/* y -= a x */
static void take(double *restrict y, const double *restrict x, double a, int count)
{
    for (int i = 0; i < count; i++) {
        y[i] -= a * x[i];
    }
}

bool sg_cholesky(double *a, int n, int stride, double *column)
{
    for (int k = 0; k < n; k++) {
        double *row = a + (long)k * stride, diagonal = row[k];
        if (!(diagonal > 0) || !isfinite(diagonal)) {
            return false;
        }
        double inverse = 1 / sqrt(diagonal);
        row[k] = inverse;
        for (int i = k + 1; i < n; i++) {
            column[i] = a[(long)i * stride + k] * inverse;
        }
        for (int i = k + 1; i < n; i++) {
            double *below = a + (long)i * stride;
            below[k] = column[i];
            take(below + k + 1, column + k + 1, column[i], i - k);
        }
    }
    return true;
}

void sg_cholesky_solve(const double *l, int n, int stride, double *x, int columns)
{
    for (int i = 0; i < n; i++) {
        double *row = x + (long)i * columns;
        for (int k = 0; k < i; k++) {
            take(row, x + (long)k * columns, l[(long)i * stride + k], columns);
        }
        for (int c = 0; c < columns; c++) {
            row[c] *= l[(long)i * stride + i];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        double *row = x + (long)i * columns;
        for (int k = i + 1; k < n; k++) {
            take(row, x + (long)k * columns, l[(long)k * stride + i], columns);
        }
        for (int c = 0; c < columns; c++) {
            row[c] *= l[(long)i * stride + i];
        }
    }
}
