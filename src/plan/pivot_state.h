/* pivot_state.h - what a dual simplex knows between two pivots; private to src/plan/pivot*.c.
 *
 * Index    variables j: columns, then logicals (columns + row). Places: as in pivot_factor.h, each with the variable
 *          head[place]; vectors of solves are over places.
 * Sign     reduced costs of what stands at its lower bound are >= 0, at its upper <= 0. */
#ifndef SG_PLAN_PIVOT_STATE_H
#define SG_PLAN_PIVOT_STATE_H
#include "plan/pivot.h"
#include "plan/pivot_factor.h"

#include <stdbool.h>

/* Of programs scaled to about 2^8 in their bounds and 2 in their costs. */
static const double SG_PIVOT_FEASIBLE = 1e-8, SG_PIVOT_DUAL = 1e-11;

/* A bound that is not there, as far as moving a variable out of the way is concerned. */
static const double SG_PIVOT_FAR = 1e8;

/* The matrix by rows: of row i the cells [start[i], live_end[i]) are those of live columns. */
typedef struct sg_row_cell {
    double value;
    int column;
} sg_row_cell;

typedef struct sg_row_cells {
    int *start, *live_end;
    sg_row_cell *cells;
} sg_row_cells;

/* What hub k of the factors adds to a row of the tableau: cells [start[k], start[k + 1]) of variables of any kind. */
typedef struct sg_hub_cells {
    int start[SG_FACTOR_HUBS_MAX + 1], size;
    sg_row_cell *cells;
} sg_hub_cells;

typedef struct sg_ratio {
    double reduced, size; /* |d|, |alpha| */
    int variable;
} sg_ratio;

struct sg_pivot {
    const sg_lp_model *model;
    int rows, columns, variables, places, place_size;
    sg_cells cells;
    sg_row_cells by_row;
    sg_hub_cells hubs;
    sg_factor *factor;
    const int *place_of, *row_of;                    /* [row], [place] of the factor           */
    int *head;                                       /* [place]; -1 = the place is no more     */
    double *place_value, *place_lower, *place_upper; /* [place]                                */
    double *miss, *weight;                           /* [place] beyond its bounds; its measure */
    int *missing, missing_count; /* places that miss a bound, and some that did */
    bool *in_missing;            /* [place]                                */
    signed char *stand;          /* [variable] sg_stand                    */
    bool *live;                  /* [variable] neither basic nor fixed     */
    double *lower, *upper, *cost, *reduced, *value; /* [variable]; value of those not basic   */
    double *gain_weight;                            /* [variable] measure of what it gains */
    int *gaining, gaining_count; /* who gains by leaving its bound, and some that did */
    bool *in_gaining;            /* [variable]                                        */
    double *row_value;           /* [variable] of the row of the tableau; zero between pivots */
    int *row_index, row_count;   /* its live variables                     */
    sg_ratio *ratio;
    int *flipped, flip_count;
    double *rest; /* [row] what the values miss it by, where they do not fit yet */
    bool *listed; /* [place] scratch, false between uses    */
    sg_spread rho, column, flips;
    double *scratch;                /* [variable]                             */
    bool factored, priced, shifted; /* shifted: costs are not the model's    */
    bool gains;       /* who has the wrong price stays where it is, at a cost shifted for it */
    double price_min; /* a price that is wrong by less than this is right                    */
    bool invented;    /* a variable stands on a bound that the model does not have */
    int64_t pivots;
};

typedef enum sg_pivot_step {
    SG_STEP_DONE,     /* another basis                         */
    SG_STEP_FEASIBLE, /* no bound is missed                    */
    SG_STEP_BLOCKED,  /* a bound is missed and nothing can help */
    SG_STEP_REFRESH   /* rounding shows: factor anew           */
} sg_pivot_step;

/* One pivot of the dual simplex. @effects alloc=no block=no */
sg_pivot_step sg_pivot_once(sg_pivot *self);

/* Variable j, neither basic nor at a bound, goes to the nearer one, or becomes basic for one that comes to a bound first.
 * @effects alloc=no block=no */
sg_pivot_step sg_pivot_push(sg_pivot *self, int j);

/* The variable in this place leaves the basis where it is, for one that is not `gone` and whose price comes to zero first;
 * SG_STEP_BLOCKED = there is none. @effects alloc=no block=no */
sg_pivot_step sg_pivot_let_out(sg_pivot *self, int place, const bool *gone);

/* Who gains by leaving its bound, for a run of the primal simplex; how many. @effects alloc=no block=no fails=never */
int sg_pivot_list_gaining(sg_pivot *self);

/* One pivot of the primal simplex, where no bound is missed: SG_STEP_FEASIBLE = no variable gains by leaving its bound,
 * SG_STEP_BLOCKED = one gains without end. @effects alloc=no block=no */
sg_pivot_step sg_pivot_gain(sg_pivot *self);

/* The row of the tableau from rho, a part of a row of the inverse: cells of live variables, or of all.
 * @effects alloc=no block=no fails=never */
void sg_pivot_spread_row(sg_pivot *self, bool live_only);

/* A variable joins or leaves those that a pivot may move. @effects alloc=no block=no fails=never */
void sg_pivot_set_live(sg_pivot *self, int variable, bool live);

/* What place i misses its bounds by. */
static inline void sg_pivot_look_at(sg_pivot *self, int i)
{
    double v = self->place_value[i];
    double below = self->place_lower[i] - v, above = v - self->place_upper[i];
    double miss = below > above ? below : above;
    self->miss[i] = miss > SG_PIVOT_FEASIBLE ? miss : 0.0;
    if (miss > SG_PIVOT_FEASIBLE && !self->in_missing[i]) {
        self->in_missing[i] = true;
        self->missing[self->missing_count++] = i;
    }
}

/* x += factor * column j of [A, -I], x over rows. */
static inline void sg_pivot_add_column(const sg_pivot *self, int j, double factor, double *x)
{
    if (j >= self->columns) {
        x[j - self->columns] -= factor;
        return;
    }
    for (int k = self->cells.start[j]; k < self->cells.start[j + 1]; k++) {
        x[self->cells.index[k]] += factor * self->cells.value[k];
    }
}
#endif
