/* interior_layout.h - where the numbers of the interior point stand. Private to src/plan/interior*.c.
 *
 * The program in the form that is solved: minimise c'z over A z = b, low <= z <= high. Columns and rows stand in blocks
 * along time, so that each loop runs over consecutive steps. An inequality row has a slack column of the same index
 * (A z - slack = b): such rows and columns come first, in the same order.
 *
 *   columns 0..slack_count   = rows 0..slack_count: reserve needs, ramp, each store's shares of the reserve, demand peaks
 *   columns from there       sources, shed, import, export, links, stores (charge, discharge, energy, shares), shifted
 *                            powers, peaks, unserved energies
 *   rows from slack_count    balances, the stores' energy equations, the shiftable totals
 *
 * A block along time is `stride` long, which is more than `steps`: the entry after the last step is empty, and so is, by
 * the block before, the entry before the first. */
#ifndef SG_PLAN_INTERIOR_LAYOUT_H
#define SG_PLAN_INTERIOR_LAYOUT_H
#include "plan/dispatch.h"
#include "plan/interior.h"

#include <stdint.h>

enum {
    SG_INTERIOR_BLOCK = 32, /* steps whose eliminations are made before the sweep takes them up */
    SG_INTERIOR_FRONT_MAX =
        96,                /* unknowns of two neighbouring steps at once                       */
    SG_INTERIOR_COEF = 14, /* kept of each store's elimination                                 */
    SG_INTERIOR_PARTS = 15 /* that a store adds to the front                                   */
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

/* Holds a column that cannot move. */
#define SG_INTERIOR_PIN 1e40

typedef struct sg_interior_store {
    size_t charge, discharge, energy, share_up, share_down; /* columns                            */
    size_t power_up, energy_up, power_down, energy_down;    /* rows and slacks of the shares      */
    size_t row;                                             /* of the energy equation             */
    size_t coef; /* SG_INTERIOR_COEF series in `coef`                                  */
    int zone;
    double charge_eff;    /* energy in a unit of the bus                                        */
    double discharge_inv; /* 1 / discharge_eff                                                  */
    double keep;          /* of the energy over a step                                          */
    double backing_up;    /* energy that a kW of upward share needs, in kW steps                */
    double backing_down;
} sg_interior_store;

/* A window of steps whose one unknown joins them: a demand period's peak, or the total of a shiftable load. */
typedef struct sg_interior_window {
    int from, to;
    size_t
        series; /* peak: rows and slacks; shiftable: columns; one for each step of the window    */
    size_t
        column; /* the peak, the unserved energy                                                 */
    size_t row; /* of the total                                                                  */
    int item;   /* demand period or shiftable                                                    */
    int zone;
    bool shiftable;
} sg_interior_window;

/* The unknowns of a step, in the order of elimination, while the set of open windows stays the same: prices of the
 * balances, of the reserves, of the ramp, of the energies, windows that close here; and what is left for the next step:
 * its ramp and its energies, windows that stay open. */
typedef struct sg_interior_pattern {
    int first;                  /* step from which it holds                                    */
    int out, all;               /* unknowns eliminated here, of all                            */
    int ramp, energy;           /* where the ramp's price and the energies' prices stand       */
    int next_ramp, next_energy; /* those of the next step                                      */
    int open_count;             /* windows                                                     */
    int16_t open[SG_INTERIOR_FRONT_MAX],
        place[SG_INTERIOR_FRONT_MAX];  /* window and its unknown    */
    bool opens[SG_INTERIOR_FRONT_MAX]; /* the window, here */
    bool peak[SG_INTERIOR_FRONT_MAX];  /* is the unknown a peak? All others are prices */
    int carry_count;                   /* windows that were open at the step before             */
    int16_t
        carry[SG_INTERIOR_FRONT_MAX]; /* where they stand now; ramp and energies come before   */
} sg_interior_pattern;

typedef struct sg_interior_kernels sg_interior_kernels;

struct sg_interior {
    const sg_interior_kernels *kernels;
    int steps, zones, store_count, source_count, shed_count, link_count, window_count;
    int demand_count, pattern_count, pattern_size;
    bool grid, ramp, up, down;
    int grid_zone;
    int ramp_from; /* the first step whose ramp is bound: 0 where the net before it is given, else 1 */
    size_t stride, slack_count, column_count, row_count;
    size_t factor_count, pivot_count, front_count; /* doubles */
    /* columns and rows of one series each */
    size_t need_up, need_down, ramp_row; /* rows = slacks */
    size_t source, shed, import, export, link;
    size_t balance; /* rows of zone 0; others follow */
    size_t total;   /* rows of the shiftable totals  */
    int *source_zone, *shed_zone, *link_from, *link_to;
    double *link_arrives; /* share */
    sg_interior_store *store;
    sg_interior_window *window;
    sg_interior_pattern *pattern;
    /* scale: kW, money per kWh, hours of a step */
    double unit, price, hours;
    bool solved;     /* the block holds a solution */
    double turnover; /* all costs and revenues of the point, scaled */
    /* columns */
    double *z, *below, *above; /* value; distance from the bounds, 1 where there is none */
    double *below_inv, *above_inv;
    double *price_low, *price_high; /* of the bounds */
    double *cost, *reduced, *weight, *force, *dz, *dz_other;
    double *change_low, *change_high; /* of the bounds' prices by a step */
    /* rows */
    double *right, *miss, *y, *dy, *dy_other;
    /* of the elimination */
    double *coef;
    double *factor, *pivot;          /* of each step: see keep; inverted pivots */
    double *import_inv, *export_inv; /* [stride] */
    double *part;                    /* [store][SG_INTERIOR_PARTS][SG_INTERIOR_BLOCK] */
    double *diagonal;     /* [zone][stride] what columns of one balance alone add to it */
    double *front;        /* two of the largest front                                   */
    double *rows;         /* of a front, divided by their pivots                        */
    double *kept;         /* [pivot] of the substitution                                */
    double *window_right; /* [window]                                                   */
    double *none, *one;   /* [stride] 0 and 1                                           */
    double *spare;        /* [4][stride]                                                */
};

/* The width of a row of a front, padded so that vectors fit. */
static inline size_t sg_interior_lead(int count)
{
    return ((size_t)count + 3) & ~(size_t)3;
}

/* Doubles of a step in `factor`. */
static inline size_t sg_interior_kept(const sg_interior_pattern *step)
{
    return (size_t)step->out *
           (sg_interior_lead(step->out) + sg_interior_lead(step->all - step->out));
}

/* The loops for vectors of at most so many doubles, 2 or 4; what this machine cannot do it does in narrower ones. */
const sg_interior_kernels *sg_interior_kernels_of(int lanes);

/* Bounds, costs and right-hand sides of a problem of the block's shape; false where it contradicts itself at sight (bounds
 * that cross). */
bool sg_interior_load(sg_interior *self, const sg_dispatch *problem);
/* A first point inside all bounds: from nothing, or near the last solution, which load left in `force` (where `solved` still
 * stands). */
void sg_interior_start(sg_interior *self);
void sg_interior_restart(sg_interior *self);

/* The solution in the units of the problem: series, prices, residuals are the caller's to judge. */
void sg_interior_read(const sg_interior *self, const sg_dispatch *problem, sg_schedule *ret);
#endif
