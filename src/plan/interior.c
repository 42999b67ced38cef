#include "plan/interior.h"

#include "plan/interior_kernels.h"
#include "plan/interior_layout.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))

#define NAMED(name)   name##_2
#define LANES         2
#define TARGET
#include "plan/interior_lanes.h"
#undef NAMED
#undef LANES
#undef TARGET

#if defined(__x86_64__)
#define NAMED(name) name##_4
#define LANES       4
#define TARGET      __attribute__((target("avx2")))
#include "plan/interior_lanes.h"
#undef NAMED
#undef LANES
#undef TARGET
#endif

const sg_interior_kernels *sg_interior_kernels_here(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        return &kernels_4;
    }
#endif
    return &kernels_2;
}

enum { CENTRE_MAX = 2 };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Bounds, which all have a price. */
static double count_bounds(const sg_interior *self)
{
    double count = 0;
    for (size_t i = 0; i < self->column_count; i++) {
        count += (self->price_low[i] > 0 ? 1 : 0) + (self->price_high[i] > 0 ? 1 : 0);
    }
    return count;
}

static double largest(const double *value, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs(value[i]));
    }
    return most;
}

typedef struct progress {
    double miss, dual, products, cost;
} progress;

static progress look(sg_interior *self)
{
    double measured[4];
    self->kernels->multiply(self, self->z, self->miss);
    self->kernels->price(self, self->y, self->reduced);
    self->kernels->judge(self, measured);
    return (progress){measured[0], measured[1], measured[2], measured[3]};
}

/* Of the way to the nearest bound, as 1 / length, that is gone. */
static double length(double inverse, double share)
{
    return inverse > share ? share / inverse : 1;
}

static void swap(double **a, double **b)
{
    double *kept = *a;
    *a = *b;
    *b = kept;
}

/* One predictor and corrector step (Mehrotra). products = the sum over all bounds. */
static void step(sg_interior *self, double products, double count)
{
    const sg_interior_kernels *run = self->kernels;
    double to[4];
    run->factorise(self);
    run->solve(self, self->reduced, self->miss, self->dz, self->dy);
    run->probe(self, to);
    double primal = length(to[0], 1), dual = length(to[1], 1);
    double left = products * (1 - dual) + (primal - dual) * to[2] + primal * dual * to[3];
    double ratio = left / products, target = products / count * ratio * ratio * ratio;
    swap(&self->dz, &self->dz_other);
    run->aim(self, target);
    run->solve(self, self->force, self->miss, self->dz, self->dy);
    run->reach(self, target, to);
    primal = length(to[0], 0.9995);
    dual = length(to[1], 0.9995);
    for (int i = 0; i < CENTRE_MAX && primal + dual < 1.9; i++) {
        double p = fmin(primal + 0.3, 1), d = fmin(dual + 0.3, 1);
        run->centre(self, target, p, d);
        swap(&self->dz, &self->dz_other);
        swap(&self->dy, &self->dy_other);
        run->solve(self, self->force, self->miss, self->dz, self->dy);
        run->reach_centred(self, target, p, d, false, to);
        double primal_then = length(to[0], 0.9995), dual_then = length(to[1], 0.9995);
        if (primal_then + dual_then < primal + dual + 0.02) {
            swap(&self->dz, &self->dz_other);
            swap(&self->dy, &self->dy_other);
            break;
        }
        run->reach_centred(self, target, p, d, true, to);
        primal = primal_then;
        dual = dual_then;
    }
    run->advance(self, primal, dual);
}

sg_outcome sg_interior_solve(sg_interior *self, const sg_dispatch *problem,
                             const sg_interior_options *options, sg_schedule *ret)
{
    double began_s = now_s();
    int most = options->iterations_max > 0 ? options->iterations_max : 100;
    double tolerance = options->gap_relative > 0 ? options->gap_relative : 1e-9;
    if (!sg_interior_load(self, problem)) {
        return SG_INFEASIBLE;
    }
    sg_interior_start(self);
    double count = count_bounds(self);
    double right = fmax(largest(self->right, self->row_count), 1),
           cost = fmax(largest(self->cost, self->column_count), 1);
    double paid = 0; /* for the peaks so far: part of the columns' cost, not of the schedule's */
    for (int w = 0; w < self->demand_count; w++) {
        size_t i = self->window[w].column;
        paid += self->cost[i] * (self->z[i] - self->below[i]);
    }
    sg_outcome outcome = SG_NUMERIC;
    int iteration = 0;
    for (; iteration < most; iteration++) {
        progress now = look(self);
        break;
    }
    if (!isfinite(now.cost) || !isfinite(now.products)) {
        break;
    }
    if (options->seconds_max > 0 && now_s() - began_s > options->seconds_max) {
        outcome = SG_LIMIT;
        break;
    }
    step(self, now.products, count);
}
ret->iterations = iteration;
if (outcome == SG_SOLVED) {
    sg_interior_read(self, problem, ret);
}
ret->outcome = outcome;
ret->solve_s = now_s() - began_s;
return outcome;
}
