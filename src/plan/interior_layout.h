/* interior_layout.h - where the numbers of the interior point stand. Private to src/plan/interior*.c.
 *
 * The program in the form that is solved: minimise c'z over A z = b, 0 <= z <= room. Every column counts from its lower
 * bound, so that it is its own distance from it; what the lower bounds multiply to stands in b. An inequality has a row
 * with a slack column of the same place (A z - slack = b), turned so that its price is never negative. The price of such
 * a row is the slack's own, price_low, from the first point on: neither has a reduced cost to be kept.
 *
 *   columns  slacks of the inequalities, shares of the reserve: without an upper bound (`single` of them);
 *            then with one: slack of the ramp, sources, shed, links, import, export, stores (charge, discharge, energy),
 *            shifted powers
 *   rows     inequalities in the order of their slacks: reserve needs, each store's limits of its shares, demand peaks;
 *            then those whose price is kept in y: ramp, balances, the stores' energy equations
 *
 * Time is cut into blocks of SG_INTERIOR_BLOCK steps, and what one block needs stands together: a sweep over the horizon
 * does all that is to do in a block while it is in the cache. Inside a block each column and row is a series of so many
 * steps; `need_up`, `import`, ... say where it begins. After the last step everything is zero and cannot move. */
#ifndef SG_PLAN_INTERIOR_LAYOUT_H
#define SG_PLAN_INTERIOR_LAYOUT_H
#include "plan/dispatch.h"
#include "plan/interior.h"

#include <stdint.h>
#include <string.h>

enum {
    SG_INTERIOR_BLOCK = 32,     /* steps                                       */
    SG_INTERIOR_FRONT_MAX = 96, /* unknowns of two neighbouring steps at once  */
    SG_INTERIOR_PARTS = 15,     /* that a store adds to the front              */
    SG_INTERIOR_FETCH = 4,      /* steps ahead that a way back asks for        */
    SG_INTERIOR_CUT = 4,        /* blocks of the shortest horizon in halves    */
    SG_INTERIOR_SHARED = 32     /* blocks of the shortest that two threads share: in a shorter one a
                                   thread that is late costs more than it saves */
};

/* Where in `part` a store's share of the front stands: of the price of its energy (own) now and at the next step, of its
 * zone's balance, of the reserve up and down; one name for the square, two for the product. */
enum {
    SG_PART_OWN = 0 * SG_INTERIOR_BLOCK,
    SG_PART_OWN_BALANCE = 1 * SG_INTERIOR_BLOCK,
    SG_PART_BALANCE = 2 * SG_INTERIOR_BLOCK,
    SG_PART_OWN_NEXT = 3 * SG_INTERIOR_BLOCK,
    SG_PART_NEXT = 4 * SG_INTERIOR_BLOCK,
    SG_PART_BALANCE_NEXT = 5 * SG_INTERIOR_BLOCK,
    SG_PART_OWN_UP = 6 * SG_INTERIOR_BLOCK,
    SG_PART_BALANCE_UP = 7 * SG_INTERIOR_BLOCK,
    SG_PART_UP = 8 * SG_INTERIOR_BLOCK,
    SG_PART_UP_NEXT = 9 * SG_INTERIOR_BLOCK,
    SG_PART_OWN_DOWN = 10 * SG_INTERIOR_BLOCK,
    SG_PART_BALANCE_DOWN = 11 * SG_INTERIOR_BLOCK,
    SG_PART_DOWN = 12 * SG_INTERIOR_BLOCK,
    SG_PART_DOWN_NEXT = 13 * SG_INTERIOR_BLOCK,
    SG_PART_UP_DOWN = 14 * SG_INTERIOR_BLOCK
};

/* Weights: of a column that cannot move, and the least that is added to each (docs/planning.md). */
#define SG_INTERIOR_PIN   1e40
#define SG_INTERIOR_LEAST 1e-10

typedef struct sg_interior_store {
    size_t charge, discharge, energy, share_up, share_down; /* columns                            */
    size_t power_up, energy_up, power_down, energy_down;    /* rows and slacks of the shares      */
    size_t row;                                             /* of the energy equation             */
    int zone;
    double charge_eff;    /* energy in a unit of the bus                                        */
    double discharge_inv; /* 1 / discharge_eff                                                  */
    double keep;          /* of the energy over a step                                          */
    double backing_up;    /* energy that a kW of upward share needs, in kW steps                */
    double backing_down;
} sg_interior_store;

/* A window of steps that one unknown joins: a demand period's peak above what it was so far, or the unserved energy of a
 * shiftable load. Windows of one kind share a series where they do not overlap. */
typedef struct sg_interior_window {
    int from, to;
    int item; /* demand period or shiftable */
    int zone;
    bool shiftable;
    int track;
    size_t series; /* peak: row and slack of its steps; shiftable: column */
    /* the unknown, a column without upper bound */
    double cost, z, price, weight, pull, dz, dz_affine;
    double right, y, dy; /* the row of a shiftable's total                       */
    /* of its reduced cost and of its row, what the steps of each half add up to */
    double reduced[2], miss[2];
} sg_interior_window;

static inline double sg_interior_window_miss(const sg_interior_window *window)
{
    return window->miss[0] + window->miss[1];
}

static inline double sg_interior_window_reduced(const sg_interior_window *window)
{
    return window->reduced[0] + window->reduced[1];
}

/* The right-hand side of its unknown: pull is what a target asks of its price. */
static inline double sg_interior_window_force(const sg_interior_window *window)
{
    return sg_interior_window_reduced(window) - window->pull;
}

/* The unknowns of a step, in the order of elimination, while the set of open windows stays the same: prices of the
 * balances, of the reserves, of the ramp, of the energies, windows that close here; and what is left for the next step:
 * its ramp and its energies, windows that stay open. Against time it is the other way round: the ramp and the energies of
 * the next step go and those of this one are left, and windows go where they open. */
typedef struct sg_interior_pattern {
    int first;                  /* step from which it holds, in the order of elimination       */
    int out;                    /* unknowns eliminated here                                    */
    int all;                    /* end of those that are left, which begin at the next four    */
    int ramp, energy;           /* where the ramp's price and the energies' prices stand       */
    int next_ramp, next_energy; /* those of the next step                                      */
    int carried;                /* where what the step before left begins: a ramp, energies    */
    int open_count;             /* windows                                                     */
    int16_t open[SG_INTERIOR_FRONT_MAX],
        place[SG_INTERIOR_FRONT_MAX]; /* window and its unknown    */
    bool peak[SG_INTERIOR_FRONT_MAX]; /* is the unknown a peak? All others are prices */
    int carry_count;                  /* windows that were open at the step before             */
    int16_t
        carry[SG_INTERIOR_FRONT_MAX]; /* where they stand now; ramp and energies come before   */
} sg_interior_pattern;

/* How far a sweep has come along the fronts. */
typedef struct sg_interior_walk {
    const sg_interior_pattern *now, *end;
    double *factor, *pivot, *kept;
    double *front, *last_front; /* of this step, of the one before */
    size_t last_own, last_lead;
    double *last; /* towards the middle: what the step before left; from it: what the one before
                     solved */
} sg_interior_walk;

/* A half of the horizon, with all that a sweep over it writes to beside the blocks, so that each may have a thread of its
 * own. The first is eliminated with time, the second against it, and what both leave is solved where they meet. A
 * short horizon is all in the first. */
typedef struct sg_interior_half {
    _Alignas(64) bool back; /* eliminated against time; no line of the cache is another's    */
    int first, end;  /* blocks                                                               */
    int start, stop; /* steps at which elimination begins and ends                           */
    sg_interior_pattern *pattern;
    int pattern_count;
    size_t factor_count, pivot_count; /* doubles */
    sg_interior_walk walk;
    double *factor, *pivot; /* of each step: see keep; inverted pivots                       */
    double *kept;           /* [pivot] of the substitution                                   */
    /* of the block that a sweep is at */
    double *weight, *force;  /* columns: see weigh; right-hand sides                     */
    double *inv, *above_inv; /* columns: 1 / the distances from their bounds, the upper of those
                                from `single` on */
    double *out;             /* columns: to the middle, what the elimination of a column alone makes
                                of its force; from it, the first step */
    double *row;             /* rows: right-hand sides, then changes of the prices            */
    double *part;            /* [store][SG_INTERIOR_PARTS][SG_INTERIOR_BLOCK]                 */
    double *diagonal;        /* [zone][SG_INTERIOR_BLOCK] what columns of one balance add to it */
    double *import_inv, *export_inv;
    double *spare; /* anything */
    /* from the middle on: the change of the prices at the first step of the block after, of the ramp and of
     * [store] its row */
    double ramp_ahead, *ahead;
    double *front; /* two of the largest front */
    double *last;  /* a row of it: see walk    */
} sg_interior_half;

typedef struct sg_interior_kernels sg_interior_kernels;

/* The numbers of one block; each is where its series would begin, also where the first ones have none. */
typedef struct sg_interior_block {
    double *z, *price_low;             /* columns: value, price of the lower bound                */
    double *dz;                        /* of the step                                             */
    float *dz_affine;                  /* of the first one, straight at the goal                  */
    double *above, *price_high, *cost; /* columns from `single` on: distance from the upper bound */
    double *reduced;                   /* columns from `slacks` on                                */
    double *right, *miss;              /* rows                                                    */
    double *y, *dy;                    /* rows from `slacks` on                                   */
} sg_interior_block;

struct sg_interior {
    const sg_interior_kernels *kernels;
    int steps, blocks, zones, store_count, source_count, shed_count, link_count, window_count;
    int demand_count, half_count;
    bool grid, ramp, up, down;
    int grid_zone;
    int ramp_from; /* the first step whose ramp is bound: 0 where the net before it is given, else 1 */
    size_t slacks, single; /* of a block: inequalities; columns without an upper bound */
    size_t column_width, row_width, slab_size;
    size_t front_count, lead_count; /* doubles of the largest front, of its row */
    /* where in a block */
    size_t need_up, need_down; /* rows = slacks */
    size_t ramp_slack, source, shed, import, export, link;
    size_t ramp_row, balance; /* rows; balance: of zone 0, others follow */
    int *source_zone, *shed_zone, *link_from, *link_to;
    double *link_arrives; /* share */
    sg_interior_store *store;
    sg_interior_window *window;
    int *touch, *touching; /* windows of block b: touching[touch[b]] .. touching[touch[b + 1]] */
    sg_interior_half half[2];
    /* where they meet: what no step eliminates */
    sg_interior_pattern middle;
    double *middle_factor, *middle_pivot;
    double met[SG_INTERIOR_FRONT_MAX]; /* the unknowns there, solved */
    /* scale: kW, money per kWh, hours of a step */
    double unit, price, hours;
    double right_size, cost_size; /* the largest of the program's numbers, at least 1      */
    double paid;                  /* cost of the lower bounds, but for the peaks so far    */
    double paid_turnover;         /* that without signs, with the peaks                    */
    bool solved;                  /* the block holds a solution */
    double turnover;              /* all costs and revenues of the point, scaled */
    double *slab;                 /* [blocks][slab_size]                                   */
    double *none, *one;           /* [SG_INTERIOR_BLOCK] 0 and 1                           */
};

static inline sg_interior_block sg_interior_block_at(const sg_interior *self, int block)
{
    size_t columns = self->column_width, pairs = columns - self->single, rows = self->row_width,
           slacks = self->slacks;
    sg_interior_block ret;
    ret.z = self->slab + (size_t)block * self->slab_size;
    ret.price_low = ret.z + columns;
    ret.dz = ret.price_low + columns;
    ret.dz_affine = (float *)(ret.dz + columns);
    double *next = ret.dz + columns + columns / 2;
    ret.above = next - self->single;
    ret.price_high = ret.above + pairs;
    ret.cost = ret.price_high + pairs;
    next += 3 * pairs;
    ret.reduced = next - slacks;
    ret.right = next + columns - slacks;
    ret.miss = ret.right + rows;
    ret.y = ret.miss + rows - slacks;
    ret.dy = ret.y + rows - slacks;
    return ret;
}

/* Doubles of a block. */
static inline size_t sg_interior_slab_size(const sg_interior *self)
{
    return 3 * self->column_width + self->column_width / 2 +
           3 * (self->column_width - self->single) + (self->column_width - self->slacks) +
           2 * self->row_width + 2 * (self->row_width - self->slacks);
}

/* The blocks of a half in the order of elimination. */
static inline int sg_interior_inward(const sg_interior_half *half, int i)
{
    return half->back ? half->end - 1 - i : half->first + i;
}

static inline int sg_interior_outward(const sg_interior_half *half, int i)
{
    return sg_interior_inward(half, half->end - half->first - 1 - i);
}

/* To the middle. */
static inline void sg_interior_walk_in(const sg_interior *self, sg_interior_half *half)
{
    half->walk = (sg_interior_walk){.now = half->pattern,
                                    .end = half->pattern + half->pattern_count,
                                    .factor = half->factor,
                                    .pivot = half->pivot,
                                    .kept = half->kept,
                                    .front = half->front,
                                    .last_front = half->front + self->front_count,
                                    .last = half->last};
}

/* From the middle, where the prices of the next steps are those that were met. */
static inline void sg_interior_walk_out(const sg_interior *self, sg_interior_half *half)
{
    size_t ramp = self->ramp ? 1 : 0;
    half->ramp_ahead = self->ramp ? self->met[0] : 0;
    memcpy(half->ahead, self->met + ramp, (size_t)self->store_count * sizeof *half->ahead);
    half->walk.now = half->pattern + half->pattern_count - 1;
    half->walk.factor = half->factor + half->factor_count;
    half->walk.kept = half->kept + half->pivot_count;
}

/* What a step of the method did. */
typedef struct sg_interior_move {
    double target;       /* product of distance and price that was aimed at         */
    double primal, dual; /* parts of the way that were gone                         */
} sg_interior_move;

/* The width of a row of a front, padded so that vectors fit. */
static inline size_t sg_interior_lead(int count)
{
    return ((size_t)count + 3) & ~(size_t)3;
}

/* What is kept of a front are the rows of its eliminated unknowns, in fours, of which each begins at its own first
 * unknown k. From here on, by i (lead - k) further, stands column 0 of row k + i, were it kept. */
static inline size_t sg_interior_four(size_t k, size_t lead)
{
    return k * lead - k * (k - 4) / 2 - k;
}

/* Doubles of a step in `factor`. */
static inline size_t sg_interior_kept(const sg_interior_pattern *step)
{
    size_t own = sg_interior_lead(step->out);
    return sg_interior_four(own, sg_interior_lead(step->all)) + own;
}

/* The loops for vectors of at most so many doubles, 2 or 4; what this machine cannot do it does in narrower ones. */
const sg_interior_kernels *sg_interior_kernels_of(int lanes);

/* Costs, rooms and right-hand sides of a problem of the block's shape; false where it contradicts itself at sight (bounds
 * that cross). */
bool sg_interior_load(sg_interior *self, const sg_dispatch *problem);
/* A first point inside all bounds: from nothing, or near the last solution (where `solved` still stands). */
void sg_interior_start(sg_interior *self);
void sg_interior_restart(sg_interior *self);

/* The solution in the units of the problem: series, prices, residuals are the caller's to judge. */
void sg_interior_read(const sg_interior *self, const sg_dispatch *problem, sg_schedule *ret);
#endif
