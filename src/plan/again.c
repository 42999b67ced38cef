#include "plan/again.h"

#include "base/clock.h"
#include "plan/interior.h"
#include "plan/program.h"
#include "plan/schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Next to nothing, as a value and as a price of a scaled program. */
static const double TRACE_VALUE = 4e-6, TRACE_PRICE = 1e-5;

/* The program at hand and the one before it take turns. */
struct sg_again {
    sg_program programs[2];
    sg_dispatch shapes
        [2]; /* what is kept of their problems: counts and windows; the series are the caller's */
    sg_arena scratch[2];
    int now;
    bool begun;       /* programs[1 - now] was solved, and its basis is in pivot */
    bool followed;    /* stand is where the last one began */
    double pivot_s;   /* of the last one */
    int64_t start_us; /* of that one */
    sg_lp_model model;
    sg_pivot *pivot;
    void *block;
    size_t block_size;
    signed char *stand; /* [variable of now]                          */
    int *from;          /* [variable of now] what it was before       */
    bool *gone;         /* [variable of before] nobody is it any more */
    size_t stand_size, from_size, gone_size;
    sg_lp_result result;
    size_t columns, rows; /* of result */
};

/* What is left of the limit; 0 stays 0 (none), an exhausted limit becomes a moment. */
static double seconds_left(double seconds_max, double began_s)
{
    return seconds_max <= 0.0 ? 0.0 : fmax(seconds_max - (sg_clock_s() - began_s), 1e-3);
}

sg_again *sg_again_create(void)
{
    return calloc(1, sizeof(sg_again));
}

void sg_again_free(sg_again *self)
{
    if (!self) {
        return;
    }
    for (int k = 0; k < 2; k++) {
        sg_lp_free(&self->programs[k].lp);
        sg_arena_free(&self->scratch[k]);
    }
    sg_lp_model_free(&self->model);
    sg_lp_result_free(&self->result);
    free(self->block);
    free(self->stand);
    free(self->from);
    free(self->gone);
    free(self);
}

void sg_again_forget(sg_again *self)
{
    self->begun = false;
    self->pivot = NULL;
}

sg_lp_model *sg_again_model(sg_again *self)
{
    return self->pivot ? &self->model : NULL;
}

sg_pivot *sg_again_pivot(sg_again *self)
{
    return self->pivot;
}

const signed char *sg_again_start(const sg_again *self)
{
    return self->followed ? self->stand : NULL;
}

double sg_again_pivot_s(const sg_again *self)
{
    return self->pivot_s;
}

static bool same_matrix(const sg_lp *a, const sg_lp *b)
{
    return a->column_count == b->column_count && a->row_count == b->row_count &&
           a->term_count == b->term_count &&
           memcmp(a->term_row, b->term_row, a->term_count * sizeof *a->term_row) == 0 &&
           memcmp(a->term_column, b->term_column, a->term_count * sizeof *a->term_column) == 0 &&
           memcmp(a->term_value, b->term_value, a->term_count * sizeof *a->term_value) == 0;
}

/* At least so many bytes; what was there is lost. */
static bool make_room(void **block, size_t *size, size_t needed)
{
    if (*size < needed) {
        free(*block);
        *block = malloc(needed);
        *size = *block ? needed : 0;
    }
    return *block != NULL;
}

/* The simplex for a matrix that it does not have. */
static sg_status start_pivot(sg_again *self, const sg_lp *lp)
{
    self->pivot = NULL;
    sg_lp_model_free(&self->model);
    if (lp->failed || sg_lp_model_build(&self->model, lp) != SG_OK) {
        return SG_NOMEM;
    }
    size_t size = sg_pivot_size(&self->model);
    if (!make_room(&self->block, &self->block_size, size)) {
        return SG_NOMEM;
    }
    self->pivot = sg_pivot_create(&self->model, self->block, size);
    return SG_OK;
}

static sg_status make_result(sg_again *self, const sg_lp *lp)
{
    if (self->columns < lp->column_count || self->rows < lp->row_count) {
        sg_lp_result_free(&self->result);
        self->columns = lp->column_count;
        self->rows = lp->row_count;
        if (sg_lp_result_create(lp, &self->result) != SG_OK) {
            self->columns = self->rows = 0;
            return SG_NOMEM;
        }
    }
    return SG_OK;
}

/* How many steps later than the one before; one of another grid of time does not count as one. */
static int shift_of(const sg_again *self, const sg_dispatch *p)
{
    double step_us = p->step_s * 1e6;
    double steps = round((double)(p->start_us - self->start_us) / step_us);
    return steps >= 0.0 && steps < p->steps ? (int)steps : -1;
}

/* Room for what is told of `before` variables to `now` ones. */
static bool make_told(sg_again *self, size_t before, size_t now)
{
    void *stand = self->stand, *from = self->from, *gone = self->gone;
    bool done = make_room(&stand, &self->stand_size, now) &&
                make_room(&from, &self->from_size, now * sizeof *self->from) &&
                make_room(&gone, &self->gone_size, before + 1);
    self->stand = stand;
    self->from = from;
    self->gone = gone;
    return done;
}

static size_t variables_of(const sg_program *program)
{
    return program->lp.column_count + program->lp.row_count;
}

/* The basis of the program before as one of this. What is gone with the steps that passed leaves the basis first, while its
 * prices are known. False where they have not the same parts. */
static bool follow(sg_again *self, int shift)
{
    const sg_program *before = &self->programs[1 - self->now], *now = &self->programs[self->now];
    if (!sg_program_follow(before, now, shift, self->from)) {
        return false;
    }
    memset(self->gone, 1, variables_of(before));
    for (size_t j = 0; j < variables_of(now); j++) {
        if (self->from[j] >= 0) {
            self->gone[self->from[j]] = false;
        }
    }
    sg_pivot_let_go(self->pivot, self->gone);
    sg_program_tell(now, shift, self->from, sg_pivot_basis(self->pivot), self->stand);
    return true;
}

/* The model, the simplex and a basis for programs[now]; *ret_fresh where there is none to go on from. */
static sg_status prepare(sg_again *self, const sg_dispatch *problem, bool *ret_fresh)
{
    const sg_program *before = &self->programs[1 - self->now], *now = &self->programs[self->now];
    bool same = self->pivot && same_matrix(&before->lp, &now->lp);
    int shift = self->begun ? shift_of(self, problem) : -1;
    if (!make_told(self, variables_of(before), variables_of(now))) {
        return SG_NOMEM;
    }
    bool follows = (shift > 0 || (shift == 0 && !same)) && follow(self, shift);
    sg_status status = SG_OK;
    if (same) {
        sg_lp_model_load(&self->model, &now->lp);
    } else {
        status = start_pivot(self, &now->lp);
    }
    if (status == SG_OK && follows) {
        sg_pivot_set_basis(self->pivot, self->stand);
    }
    self->followed = follows;
    *ret_fresh = !same && !follows;
    return status == SG_OK ? make_result(self, &now->lp) : status;
}

/* A schedule by the interior point. SG_NUMERIC where it has none, in the time that there is or of this shape. */
static sg_outcome solve_interior(const sg_dispatch *problem, double seconds_max, sg_pool *pool,
                                 sg_schedule *ret)
{
    size_t size = (sg_interior_size(problem) + 63) & ~(size_t)63;
    void *block = size ? aligned_alloc(64, size) : NULL;
    sg_interior *interior = block ? sg_interior_create(problem, block, size) : NULL;
    sg_interior_options how = {.seconds_max = seconds_max, .pool = pool};
    sg_outcome outcome = interior ? sg_interior_solve(interior, problem, &how, ret) : SG_NUMERIC;
    free(block);
    return outcome;
}

/* Where there is no basis to go on from: one near the interior point's schedule. Without one the simplex begins at nothing, which
 * takes it longer the longer the horizon is. */
static void begin(sg_again *self, const sg_dispatch *problem, double seconds_max, sg_pool *pool,
                  sg_schedule *ret)
{
    const sg_program *now = &self->programs[self->now];
    const sg_lp_model *m = &self->model;
    sg_program_trace trace = {.kw = TRACE_VALUE * m->unit, .price_per_kw = TRACE_PRICE * m->price};
    double began_s = sg_clock_s();
    if (solve_interior(problem, 0.5 * seconds_max, pool, ret) == SG_SOLVED) {
        sg_program_point(now, ret, &trace, self->result.value);
        for (int j = 0; j < m->column_count; j++) {
            self->result.value[j] /= m->unit;
        }
        sg_pivot_begin_at(self->pivot, self->result.value, seconds_left(seconds_max, began_s));
    }
}

static void *copy_of(sg_arena *arena, const void *items, int count, size_t item_size)
{
    void *copy = sg_arena_array(arena, (size_t)count + 1, item_size);
    if (copy && count > 0) {
        memcpy(copy, items, (size_t)count * item_size);
    }
    return copy;
}

/* The counts and windows of the problem, to outlive it. */
static sg_status keep_shape(sg_again *self, const sg_dispatch *p)
{
    sg_dispatch *shape = &self->shapes[self->now];
    sg_arena *arena = &self->scratch[self->now];
    *shape = *p;
    shape->grid.demand =
        copy_of(arena, p->grid.demand, p->grid.demand_count, sizeof *p->grid.demand);
    shape->shiftable = copy_of(arena, p->shiftable, p->shiftable_count, sizeof *p->shiftable);
    shape->zones = p->zones ? copy_of(arena, p->zones, p->zone_count, sizeof *p->zones) : NULL;
    self->programs[self->now].problem = shape;
    return shape->grid.demand && shape->shiftable && (shape->zones || !p->zones) ? SG_OK : SG_NOMEM;
}

/* Of what is decided: a peak that was paid for is not. */
static double turnover_of(const sg_lp *lp, const double *value)
{
    double sum = 0.0;
    for (size_t j = 0; j < lp->column_count; j++) {
        double decided = value[j] - fmax(lp->column_lower[j], 0);
        sum += fabs(lp->column_cost[j] * decided);
    }
    return sum;
}

sg_outcome sg_again_solve(sg_again *self, const sg_dispatch *problem, double seconds_max,
                          sg_pool *pool, sg_schedule *ret, double *ret_turnover)
{
    sg_program *now = &self->programs[self->now];
    double began_s = sg_clock_s();
    bool fresh = false;
    sg_arena_free(&self->scratch[self->now]);
    sg_status status = sg_program_build(now, problem, false, &self->scratch[self->now]);
    if (status == SG_OK && now->lp.column_count > 0 && now->lp.row_count > 0) {
        status = prepare(self, problem, &fresh);
    }
    if (status != SG_OK || !self->pivot) {
        sg_again_forget(self);
        return SG_NUMERIC;
    }
    if (fresh) {
        begin(self, problem, 0.5 * seconds_max, pool, ret);
    }
    if (keep_shape(self, problem) != SG_OK) {
        sg_again_forget(self);
        return SG_NUMERIC;
    }
    sg_pivot_options options = {.seconds_max = seconds_left(seconds_max, began_s)};
    sg_lp_point point = {.value = self->result.value, .row_dual = self->result.row_dual};
    double pivots_s = sg_clock_s();
    sg_outcome outcome = sg_pivot_solve(self->pivot, &options, &point);
    self->pivot_s = sg_clock_s() - pivots_s;
    ret->iterations = point.iterations;
    self->begun = true;
    self->start_us = problem->start_us;
    self->now = 1 - self->now;
    if (outcome == SG_NUMERIC) {
        sg_again_forget(self);
    }
    if (outcome == SG_SOLVED) {
        self->result.objective = 0.0;
        sg_lp_result_unscale(&now->lp, &self->model, &self->result);
        *ret_turnover = turnover_of(&now->lp, self->result.value);
        now->problem = problem;
        sg_program_read(now, &self->result, ret);
        sg_program_read_prices(now, &self->result, ret);
        now->problem = &self->shapes[1 - self->now];
    }
    return outcome;
}
