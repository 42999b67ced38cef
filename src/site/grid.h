/* grid.h - irregular rows onto a regular time grid, gaps filled; private to src/site. */
#ifndef SG_SITE_GRID_H
#define SG_SITE_GRID_H
#include "site/csv.h"
#include "site/series.h"

typedef enum sg_gap_rule { SG_GAP_HOLD, SG_GAP_LINEAR, SG_GAP_ZERO, SG_GAP_ERROR } sg_gap_rule;

typedef struct sg_grid {
    int64_t start_us, step_us;
    int32_t count;   /* of steps from the first to the last row */
    int32_t *slot;   /* [rows] of the rows; heap                */
    int32_t moved;   /* rows that were off the grid             */
    int32_t dropped; /* rows whose step was taken               */
} sg_grid;

/* Find the most frequent step and give every row its place. Returns NULL or a static text of what is wrong.
 * @effects alloc=yes block=no */
const char *sg_grid_fit(const sg_csv *csv, sg_grid *ret);
void sg_grid_free(sg_grid *self);

typedef struct sg_gaps {
    int32_t filled;     /* values that were missing     */
    int32_t longest;    /* steps of the longest gap     */
    int32_t first_slot; /* where the first one begins   */
    int32_t longest_slot;
} sg_gaps;

/* Fill NaN in value[count] by the rule and mark the places SG_SUSPECT. At both ends the nearest value is held.
 * False when all are missing. @effects alloc=no block=no */
bool sg_grid_fill(double *value, uint8_t *quality, int32_t count, sg_gap_rule rule, sg_gaps *ret);

/* The running integral, value x seconds: count + 1 items. @effects alloc=no block=no */
void sg_grid_integrate(const double *value, int32_t count, int64_t step_us, bool linear,
                       bool repeat, double *ret);
#endif
