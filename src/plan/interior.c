#include "plan/interior.h"

#include "base/clock.h"
#include "plan/interior_kernels.h"
#include "plan/interior_layout.h"

#include <math.h>
#include <string.h>

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

enum { ITERATIONS_MAX = 100 };
static const double GAP_RELATIVE = 1e-9;
/* Of the products that there are, aimed at: one bound in a year that stops the first step says little about the others. */
static const double TARGET_MOST = 0.2;

/* Bounds, which all have a price. */
static double count_bounds(const sg_interior *self)
{
    double count = 0;
    for (int b = 0; b < self->blocks; b++) {
        const sg_interior_block block = sg_interior_block_at(self, b);
        for (size_t i = 0; i < self->column_width; i++) {
            count += block.price_low[i] > 0 ? 1 : 0;
            count += i >= self->single && block.price_high[i] > 0 ? 1 : 0;
        }
    }
    for (int w = 0; w < self->window_count; w++) {
        count += self->window[w].price > 0 ? 1 : 0;
    }
    return count;
}

/* --- the windows' own unknowns: the same as the sweeps do with columns (interior_columns.h), one by one --- */

static double inverse(const sg_interior_window *window)
{
    return window->price > 0 ? 1 / window->z : 0;
}

static double pull(const sg_interior_window *window, double target)
{
    double inv = inverse(window), first = window->dz_affine;
    return (target + first * window->price * (1 + first * inv)) * inv;
}

static double change(const sg_interior_window *window, double target)
{
    return pull(window, target) - window->price - window->price * window->dz * inverse(window);
}

static void move_windows(sg_interior *self, const sg_interior_move *last)
{
    for (int w = 0; w < self->window_count; w++) {
        sg_interior_window *window = &self->window[w];
        if (window->price > 0) {
            double changed = last->dual * change(window, last->target);
            window->z += last->primal * window->dz;
            window->price += changed;
        }
        window->y += last->dual * window->dy;
        window->pull = 0;
        window->weight =
            window->price > 0 ? window->price / window->z + SG_INTERIOR_LEAST : SG_INTERIOR_PIN;
    }
}

static void measure_windows(const sg_interior *self, sg_interior_measure *ret)
{
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        double money = window->cost * window->z;
        double reduced = sg_interior_window_reduced(window);
        ret->miss = fmax(ret->miss, fabs(sg_interior_window_miss(window)));
        ret->dual = fmax(ret->dual, window->price > 0 ? fabs(reduced - window->price) : 0);
        ret->products += window->price * window->z;
        ret->cost += money;
        ret->turnover += fabs(money);
    }
}

static void predict_windows(sg_interior *self, sg_interior_reach *ret)
{
    for (int w = 0; w < self->window_count; w++) {
        sg_interior_window *window = &self->window[w];
        double step = window->dz, ratio = step * inverse(window);
        window->dz_affine = step;
        ret->primal = fmax(ret->primal, -ratio);
        ret->dual = fmax(ret->dual, 1 + ratio);
        ret->first += window->price * step;
        ret->second -= window->price * (1 + ratio) * step;
    }
}

static void aim_windows(sg_interior *self, double target)
{
    for (int w = 0; w < self->window_count; w++) {
        sg_interior_window *window = &self->window[w];
        window->pull = pull(window, target);
    }
}

static void correct_windows(const sg_interior *self, double target, sg_interior_reach *ret)
{
    for (int w = 0; w < self->window_count; w++) {
        const sg_interior_window *window = &self->window[w];
        ret->primal = fmax(ret->primal, -window->dz * inverse(window));
        ret->dual = fmax(ret->dual, -change(window, target) / (window->price + 1e-300));
    }
}

/* --- the method --- */

/* What counts as solved: the rows met, the reduced costs met, the gap between cost and bound closed. */
typedef struct goals {
    double miss, dual, gap;
    double bounds;
} goals;

/* SG_SOLVED, SG_LIMIT to go on, SG_NUMERIC where going on leads nowhere. */
static sg_outcome look(sg_interior *self, const goals *goal, const sg_interior_measure *at)
{
    self->turnover = at->turnover + self->paid_turnover;
    /* where costs and revenues cancel out, what is left of them is measured by what they were */
    double gap = goal->gap * fmax(fmax(fabs(at->cost + self->paid), 1e-4 * self->turnover), 1e-9);
    bool closed = at->products <= gap;
    if (closed && at->miss <= goal->miss && at->dual <= goal->dual) {
        return SG_SOLVED;
    }
    /* once the gap is far closer than asked for, what the rows still miss is not to be had */
    bool lost = !isfinite(at->cost) || !isfinite(at->products) || at->products <= 1e-6 * gap;
    return lost ? SG_NUMERIC : SG_LIMIT;
}

/* Of the way to the nearest bound, as 1 / length, that is gone. */
static double length(double inverse, double share)
{
    return inverse > share ? share / inverse : 1;
}

/* --- sweeps of both halves, each by a thread where there are two --- */

typedef struct sweep {
    sg_interior *self;
    sg_interior_move move;
    sg_interior_measure at[2];
    sg_interior_reach to[2];
} sweep;

static void measure_half(void *context, int h)
{
    sweep *s = context;
    s->self->kernels->measure(s->self, h, &s->move, &s->at[h]);
}

/* A thread alone goes back first where it came to last: that is still in the cache. */
static int turned(const sweep *s, int part)
{
    return s->self->half_count - 1 - part;
}

static void predict_half(void *context, int part)
{
    sweep *s = context;
    int h = turned(s, part);
    s->self->kernels->predict(s->self, h, &s->to[h]);
}

static void aim_half(void *context, int h)
{
    sweep *s = context;
    s->self->kernels->aim(s->self, h, s->move.target);
}

static void correct_half(void *context, int part)
{
    sweep *s = context;
    int h = turned(s, part);
    s->self->kernels->correct(s->self, h, s->move.target, &s->to[h]);
}

static void add_measure(sg_interior_measure *self, const sg_interior_measure *other)
{
    self->miss = fmax(self->miss, other->miss);
    self->dual = fmax(self->dual, other->dual);
    self->products += other->products;
    self->cost += other->cost;
    self->turnover += other->turnover;
}

/* Of a horizon in one half the other stays zero. */
static sg_interior_reach reach_of(const sweep *s)
{
    const sg_interior_reach *a = &s->to[0], *b = &s->to[1];
    return (sg_interior_reach){fmax(a->primal, b->primal), fmax(a->dual, b->dual),
                               a->first + b->first, a->second + b->second};
}

/* A sweep takes longer than a thread without a part looks for one, so that it is woken for each. */
static void both(sweep *s, sg_pool *pool, sg_pool_part *part)
{
    sg_pool_wake(pool);
    sg_pool_run(pool, part, s, s->self->half_count);
}

/* Go the last move, and look where that leads. */
static sg_interior_measure measure(sweep *s, sg_pool *pool)
{
    sg_interior *self = s->self;
    sg_interior_measure at;
    move_windows(self, &s->move);
    self->kernels->set_out(self, &s->move, &at);
    both(s, pool, measure_half);
    for (int h = 0; h < self->half_count; h++) {
        add_measure(&at, &s->at[h]);
    }
    self->kernels->meet(self, true);
    measure_windows(self, &at);
    return at;
}

/* One predictor and corrector step (Mehrotra), which the next measurement goes. */
static void step(sweep *s, sg_pool *pool, double products, double count)
{
    sg_interior *self = s->self;
    both(s, pool, predict_half);
    sg_interior_reach to = reach_of(s);
    predict_windows(self, &to);
    double primal = length(to.primal, 1), dual = length(to.dual, 1);
    double left = products * (1 - dual) + (primal - dual) * to.first + primal * dual * to.second;
    double ratio = left / products;
    s->move.target = products / count * fmin(ratio * ratio * ratio, TARGET_MOST);
    aim_windows(self, s->move.target);
    both(s, pool, aim_half);
    self->kernels->meet(self, false);
    both(s, pool, correct_half);
    to = reach_of(s);
    correct_windows(self, s->move.target, &to);
    s->move.primal = length(to.primal, 0.9995);
    s->move.dual = length(to.dual, 0.9995);
}

static sg_outcome iterate(sg_interior *self, const sg_interior_options *options, sg_pool *pool,
                          double began_s, sg_schedule *ret)
{
    const goals goal = {.miss = 1e-11 * self->right_size,
                        .dual = 1e-9 * self->cost_size,
                        .gap = options->gap_relative > 0 ? options->gap_relative : GAP_RELATIVE,
                        .bounds = count_bounds(self)};
    int most = options->iterations_max > 0 ? options->iterations_max : ITERATIONS_MAX;
    sweep s = {.self = self};
    for (;;) {
        sg_interior_measure at = measure(&s, pool);
        sg_outcome outcome = look(self, &goal, &at);
        if (outcome == SG_SOLVED) {
            ret->dual_residual_per_kwh = at.dual * self->price;
        }
        if (outcome != SG_LIMIT) {
            return outcome;
        }
        if (ret->iterations == most) {
            return SG_NUMERIC;
        }
        if (options->seconds_max > 0 && sg_clock_s() - began_s > options->seconds_max) {
            return SG_LIMIT;
        }
        step(&s, pool, at.products, goal.bounds);
        ret->iterations++;
    }
}

sg_outcome sg_interior_solve(sg_interior *self, const sg_dispatch *problem,
                             const sg_interior_options *options, sg_schedule *ret)
{
    double began_s = sg_clock_s();
    sg_outcome outcome = SG_INFEASIBLE;
    ret->iterations = 0;
    if (sg_interior_load(self, problem)) {
        if (options->warm && self->solved) {
            sg_interior_restart(self);
        } else {
            sg_interior_start(self);
        }
        sg_pool *pool = self->blocks >= SG_INTERIOR_SHARED ? options->pool : NULL;
        outcome = iterate(self, options, pool, began_s, ret);
        sg_pool_park(pool);
    }
    if (outcome == SG_SOLVED) {
        sg_interior_read(self, problem, ret);
    }
    self->solved = outcome == SG_SOLVED;
    ret->outcome = outcome;
    ret->solve_s = sg_clock_s() - began_s;
    return outcome;
}

double sg_interior_turnover(const sg_interior *self)
{
    return self->turnover * self->unit * self->price * self->hours;
}
