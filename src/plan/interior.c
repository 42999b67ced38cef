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

const sg_interior_kernels *sg_interior_kernels_of(int lanes)
{
#if defined(__x86_64__)
    if (lanes >= 4 && __builtin_cpu_supports("avx2")) {
        return &kernels_4;
    }
#endif
    (void)lanes;
    return &kernels_2;
}

enum { CENTRE_MAX = 1, ITERATIONS_MAX = 100 };
static const double GAP_RELATIVE = 1e-9;

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
    double most = 1;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs(value[i]));
    }
    return most;
}

/* What counts as solved: the rows met, the reduced costs met, the gap between cost and bound closed. */
typedef struct goals {
    double miss, dual, gap;
    double paid; /* for the peaks so far: part of the columns' cost, not of the schedule's */
    double bounds;
} goals;

static goals set_goal(const sg_interior *self, double gap_relative)
{
    goals ret = {.miss = 1e-11 * largest(self->right, self->row_count),
                 .dual = 1e-9 * largest(self->cost, self->column_count),
                 .gap = gap_relative,
                 .bounds = count_bounds(self)};
    for (int w = 0; w < self->demand_count; w++) {
        size_t i = self->window[w].column;
        ret.paid += self->cost[i] * (self->z[i] - self->below[i]);
    }
    return ret;
}

/* SG_SOLVED, SG_LIMIT to go on, SG_NUMERIC where going on leads nowhere. */
static sg_outcome look(sg_interior *self, const goals *goal, double *ret_products, double *ret_dual)
{
    double measured[5];
    self->kernels->multiply(self, self->z, self->miss);
    self->kernels->price(self, self->y, self->reduced);
    self->kernels->judge(self, measured);
    double miss = measured[0], dual = measured[1], products = measured[2], cost = measured[3];
    *ret_products = products;
    *ret_dual = dual;
    self->turnover = measured[4];
    /* where costs and revenues cancel out, what is left of them is measured by what they were */
    double gap = goal->gap * fmax(fmax(fabs(cost - goal->paid), 1e-2 * self->turnover), 1e-9);
    bool closed = products <= gap;
    if (closed && miss <= goal->miss && dual <= goal->dual) {
        return SG_SOLVED;
    }
    /* once the gap is far closer than asked for, what the rows still miss is not to be had */
    bool lost = !isfinite(cost) || !isfinite(products) || products <= 1e-6 * gap;
    return lost ? SG_NUMERIC : SG_LIMIT;
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
    double began_s = now_s(), products, dual;
    int most = options->iterations_max > 0 ? options->iterations_max : ITERATIONS_MAX;
    sg_outcome outcome = SG_INFEASIBLE;
    ret->iterations = 0;
    if (sg_interior_load(self, problem)) {
        if (options->warm && self->solved) {
            sg_interior_restart(self);
        } else {
            sg_interior_start(self);
        }
        goals goal =
            set_goal(self, options->gap_relative > 0 ? options->gap_relative : GAP_RELATIVE);
        while ((outcome = look(self, &goal, &products, &dual)) == SG_LIMIT) {
            if (ret->iterations == most) {
                outcome = SG_NUMERIC;
                break;
            }
            if (options->seconds_max > 0 && now_s() - began_s > options->seconds_max) {
                break;
            }
            step(self, products, goal.bounds);
            ret->iterations++;
        }
    }
    if (outcome == SG_SOLVED) {
        sg_interior_read(self, problem, ret);
        ret->dual_residual_per_kwh = dual * self->price;
    }
    self->solved = outcome == SG_SOLVED;
    ret->outcome = outcome;
    ret->solve_s = now_s() - began_s;
    return outcome;
}

double sg_interior_turnover(const sg_interior *self)
{
    return self->turnover * self->unit * self->price * self->hours;
}
