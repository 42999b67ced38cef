/* pivot_factor_state.h - the triangles of a basis, what replaces its columns, and the scratch of both; private to
 * src/plan/pivot_factor.c and pivot_build.c. */
#ifndef SG_PLAN_PIVOT_FACTOR_STATE_H
#define SG_PLAN_PIVOT_FACTOR_STATE_H
#include "plan/pivot_factor.h"

#include <stdint.h>

/* Below it a value is rounding. */
static const double SG_FACTOR_NOTHING = 1e-14;

typedef struct sg_factor_cell {
    double value;
    int index;
} sg_factor_cell;

/* A cell that came later, and the one before it in the same place (-1 = none). */
typedef struct sg_late_cell {
    double value;
    int index, before;
} sg_late_cell;

/* By columns or by rows: place k has the cells [start[k], end[k]), and where there is `late`, a chain of later ones. */
typedef struct sg_triangle {
    int *start, *end, *late; /* late NULL = none come later */
    sg_factor_cell *cells;
    double *inverse; /* [place] of the diagonal, 0 = the place is no more; NULL = all ones */
} sg_triangle;

/* Row etas: update e ended place gone[e], whose row becomes that of place rows + e less the cells [start[e],
 * start[e + 1]). The chain of a place names the updates that have a cell there. */
typedef struct sg_etas {
    int *start, *gone, *late; /* late: [place] */
    sg_late_cell *cells;      /* index = place  */
    int *update;              /* [cell]         */
    double *sum;              /* [update] scratch, zero between calls */
} sg_etas;

struct sg_factor {
    const sg_cells *cells;
    int rows, size, updates_max, late_size;
    sg_triangle lower, upper;                /* by columns, as x = B^-1 x needs them */
    sg_triangle lower_row, upper_row;        /* the same by rows                     */
    sg_triangle lower_near;                  /* lower_row without the rows of hubs   */
    int hubs[SG_FACTOR_HUBS_MAX], hub_count; /* their places */
    sg_late_cell *late;                      /* of upper_row */
    int *row, *place;                        /* [place], [row]; place -1 = still open */
    int updates, late_count, upper_count;
    sg_etas etas;
    int eta_ready,
        spike_ready; /* cells of a coming update behind those that are there; -1 = they do not fit */
    uint64_t *bits;  /* a set of places, empty between calls */
    /* while factoring */
    int factored, kernel; /* places given; the first that no singleton led to */
    double *pivot;        /* [place] of upper */
    int *column, *open_in_column, *open_in_row, *queue, *bucket;
    bool *taken;                    /* [column of the old head] */
    int *basis_start, *basis_index; /* old places by rows */
    double *packed;
    bool *listed; /* [row] */
    sg_spread work;
};

static inline void sg_set_bit(uint64_t *bits, int i)
{
    bits[i >> 6] |= (uint64_t)1 << (i & 63);
}

/* The next of word w, taken out of it. */
static inline int sg_take_bit(uint64_t *bits, int w, bool forward)
{
    int b = forward ? __builtin_ctzll(bits[w]) : 63 - __builtin_clzll(bits[w]);
    bits[w] &= ~((uint64_t)1 << b);
    return 64 * w + b;
}
#endif
