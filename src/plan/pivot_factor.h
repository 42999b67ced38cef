/* pivot_factor.h - a sparse basis as a product of triangles, and what replaces one column of it; private to src/plan.
 *
 * Basis    rows.row_count columns out of [A, -I]: column j < column_count is that of A, column_count + i is minus
 *          the unit column of row i (the logical that stands for the row's value).
 * Places   each basic column is named by the turn in which it pivots, and its row with it: head[k] is the column in
 *          place k, places[i] the place of row i. Factoring therefore reorders head. A replaced column ends its place;
 *          the new one gets the next after all others, so that columns have row_count + updates places of which
 *          row_count live, while those of rows stay what they were. Vectors have room for row_count + updates_max.
 * Method   columns with one row left, then rows with one column left, in the order in which they fall out; what
 *          remains (little, where a program is a chain over time) by columns of few cells first with threshold
 *          pivoting. A replaced column changes the upper triangle and leaves a row eta behind. Sparse right-hand sides
 *          are solved along what they reach only: a set of bits over the places finds the next in their order.
 * Memory   one block of the caller; nothing is allocated.
 * Source   Forrest and Tomlin 1972 (the update); after Gilbert and Peierls 1988 (work in proportion to the
 *          arithmetic). */
#ifndef SG_PLAN_PIVOT_FACTOR_H
#define SG_PLAN_PIVOT_FACTOR_H
#include <stdbool.h>
#include <stddef.h>

/* A by columns: start[column_count] cells, index = rows. */
typedef struct sg_cells {
    int row_count, column_count;
    const int *start, *index;
    const double *value;
} sg_cells;

/* A vector over places: all of value is there, index names the places that may hold more than zero. count < 0 = not listed. */
typedef struct sg_spread {
    double *value;
    int *index;
    int count;
} sg_spread;

typedef struct sg_factor sg_factor;

/* Bytes for bases of this matrix with up to updates_max replaced columns. @effects alloc=no block=no */
size_t sg_factor_size(const sg_cells *cells, int updates_max);

/* Lay out the block (8-byte aligned); cells must outlive it. NULL where size is too small. @effects alloc=no block=no */
sg_factor *sg_factor_create(const sg_cells *cells, int updates_max, void *memory, size_t size);

/* Factor the columns of head[row_count], any order. Columns that depend on others give way to logicals: how many is
 * returned; -1 where the factors do not fit. @effects alloc=no block=no */
int sg_factor_build(sg_factor *self, int *head);

/* [row] place, and [place] row, of the last build. @effects alloc=no block=no fails=never */
const int *sg_factor_places(const sg_factor *self);
const int *sg_factor_rows(const sg_factor *self);

/* x = B^-1 x, from places of rows to places of columns, and x = B^-T x, the other way.
 * @effects alloc=no block=no fails=never */
void sg_factor_ftran(sg_factor *self, sg_spread *x);
void sg_factor_btran(sg_factor *self, sg_spread *x);

/* Rows of the inverse share long parts: where a few columns, such as a peak, tie all steps together, most rows hold a
 * multiple of the same long vectors. Those are the hubs of a build. sg_factor_hub: x, zero before, becomes that of hub k.
 * @effects alloc=no block=no fails=never */
enum { SG_FACTOR_HUBS_MAX = 16 };
int sg_factor_hub_count(const sg_factor *self);
void sg_factor_hub(sg_factor *self, int k, sg_spread *x);
void sg_factor_keep_hubs(sg_factor *self, int count); /* the first of them, and no others */

/* The same for a column that may enter, and for the unit vector of a place that may end (x is zero before): what
 * sg_factor_replace needs of them is kept. The row of the inverse is x + the sum of share[k] times hub k.
 * @effects alloc=no block=no fails=never */
void sg_factor_enter(sg_factor *self, sg_spread *x);
void sg_factor_leave(sg_factor *self, int place, sg_spread *x, double share[SG_FACTOR_HUBS_MAX]);

/* The column of `place`, the last to leave, gives way to the last to enter, whose B^-1 a has `pivot` there. The new
 * place, or -1 where it does not fit or the pivot is next to nothing: factor anew. @effects alloc=no block=no */
int sg_factor_replace(sg_factor *self, int place, double pivot);

/* How many columns were replaced since, and the cells of all factors. @effects alloc=no block=no fails=never */
int sg_factor_updates(const sg_factor *self);
int sg_factor_place_count(const sg_factor *self); /* row_count + updates */
int sg_factor_cells(const sg_factor *self);

/* Write the index of a vector that is not listed; next to nothing becomes zero. @effects alloc=no block=no fails=never */
void sg_spread_list(sg_spread *self, int places);

/* All zero, nothing listed. @effects alloc=no block=no fails=never */
void sg_spread_clear(sg_spread *self, int places);
#endif
