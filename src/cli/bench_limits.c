/* What one core could do: bytes read, bytes moved, multiply-adds. */
#include "base/clock.h"
#include "cli/bench.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPEATS = 7, ROUNDS = 1000000, CHAINS = 12 };
enum { THIRD = 8 << 20 }; /* doubles: 64 MiB, twice what a large cache holds */

typedef double two __attribute__((vector_size(16)));  /* SSE2: what x86-64 always has */
typedef double four __attribute__((vector_size(32))); /* AVX2 */

static volatile double sink; /* what is never read would not be computed */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double sg_bench_median(double *value, int count)
{
    qsort(value, (size_t)count, sizeof *value, compare);
    return count % 2 ? value[count / 2] : (value[count / 2 - 1] + value[count / 2]) / 2;
}

/* Written out, for a compiler keeps arrays of sums in memory. The last few doubles are left out. */
static void read_doubles(const double *block, int64_t count)
{
    two a = {0}, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    for (int64_t i = 0; i + 16 <= count; i += 16) {
        const two *at = (const two *)(const void *)(block + i);
        a += at[0];
        b += at[1];
        c += at[2];
        d += at[3];
        e += at[4];
        f += at[5];
        g += at[6];
        h += at[7];
    }
    a += b + c + d + e + f + g + h;
    sink = a[0] + a[1];
}

static void read_all(double *block)
{
    read_doubles(block, 3 * (int64_t)THIRD);
}

double sg_bench_read_b_per_s(const double *block, int64_t count)
{
    double took_s[REPEATS];
    int64_t rounds = 1 + 1000000 / count; /* so that the clock sees something */
    for (int r = 0; r < REPEATS; r++) {
        double began_s = sg_clock_s();
        for (int64_t i = 0; i < rounds; i++) {
            read_doubles(block, count);
        }
        took_s[r] = sg_clock_s() - began_s;
    }
    return (double)rounds * (double)count * sizeof *block / sg_bench_median(took_s, REPEATS);
}

static void triad(double *block)
{
    double *restrict a = block;
    const double *b = block + THIRD, *c = block + 2 * (int64_t)THIRD;
    for (int64_t i = 0; i < THIRD; i++) {
        a[i] = b[i] + c[i] * 0.5;
    }
    sink = a[THIRD / 2];
}

/* Twelve chains that do not wait for each other: a register each. All settle at b / (1 - a). */
static void multiply_add_here(double *block)
{
    (void)block;
    two a = {0.1, 0.2}, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5;
    two g = a + 6, h = a + 7, i = a + 8, j = a + 9, k = a + 10, l = a + 11;
    for (int round = 0; round < ROUNDS; round++) {
        a = a * 0.75 + 0.25;
        b = b * 0.75 + 0.25;
        c = c * 0.75 + 0.25;
        d = d * 0.75 + 0.25;
        e = e * 0.75 + 0.25;
        f = f * 0.75 + 0.25;
        g = g * 0.75 + 0.25;
        h = h * 0.75 + 0.25;
        i = i * 0.75 + 0.25;
        j = j * 0.75 + 0.25;
        k = k * 0.75 + 0.25;
        l = l * 0.75 + 0.25;
    }
    a += b + c + d + e + f + g + h + i + j + k + l;
    sink = a[0] + a[1];
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void multiply_add_wide(double *block)
{
    (void)block;
    four a = {0.1, 0.2, 0.3, 0.4}, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5;
    four g = a + 6, h = a + 7, i = a + 8, j = a + 9, k = a + 10, l = a + 11;
    for (int round = 0; round < ROUNDS; round++) {
        a = a * 0.75 + 0.25;
        b = b * 0.75 + 0.25;
        c = c * 0.75 + 0.25;
        d = d * 0.75 + 0.25;
        e = e * 0.75 + 0.25;
        f = f * 0.75 + 0.25;
        g = g * 0.75 + 0.25;
        h = h * 0.75 + 0.25;
        i = i * 0.75 + 0.25;
        j = j * 0.75 + 0.25;
        k = k * 0.75 + 0.25;
        l = l * 0.75 + 0.25;
    }
    a += b + c + d + e + f + g + h + i + j + k + l;
    sink = a[0] + a[1] + a[2] + a[3];
}

static bool has_wide(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
static void multiply_add_wide(double *block)
{
    multiply_add_here(block);
}

static bool has_wide(void)
{
    return false;
}
#endif

/* Amount a second, as the median says. */
static double rate(void (*kernel)(double *block), double *block, double amount)
{
    double took_s[REPEATS];
    kernel(block); /* pages, clock, caches */
    for (int r = 0; r < REPEATS; r++) {
        double began_s = sg_clock_s();
        kernel(block);
        took_s[r] = sg_clock_s() - began_s;
    }
    return amount / sg_bench_median(took_s, REPEATS);
}

int sg_bench_measure_limits(sg_bench_limits *ret)
{
    const double flops = 2.0 * CHAINS * ROUNDS; /* a lane */
    double *block = aligned_alloc(64, 3 * (size_t)THIRD * sizeof *block);
    if (!block) {
        fputs("symgrid bench: memory is exhausted\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    for (int64_t i = 0; i < 3 * (int64_t)THIRD; i++) {
        block[i] = (double)(i & 7);
    }
    *ret = (sg_bench_limits){
        .read_b_per_s = rate(read_all, block, 3 * (double)THIRD * sizeof *block),
        .triad_b_per_s = rate(triad, block, 3 * (double)THIRD * sizeof *block),
        .flop_per_s = rate(multiply_add_here, NULL, 2 * flops),
        .wide_flop_per_s = has_wide() ? rate(multiply_add_wide, NULL, 4 * flops) : (double)NAN};
    free(block);
    return SG_EXIT_DONE;
}
