/* panel.h - what was measured, for the models that look ahead: one row a step, one series a column.
 *
 * Shapes   value and missing: [series][row], `stride` apart, so that the past of a series is one run of memory.
 * Gaps     a value that is missing or not finite is filled in with the one a season before, else with the last one, else with
 *          the first to come, else with 0, and marked: models learn from what was filled in, scores leave it out.
 * Memory   the caller's arrays. @effects of every function: alloc=no block=no fails=never */
#ifndef SG_FORECAST_PANEL_H
#define SG_FORECAST_PANEL_H
#include <stdint.h>

typedef struct sg_panel {
    int32_t series_count;
    int32_t season; /* rows of a day; below 2: there is none */
    int64_t row_count, stride;
    double *value;
    uint8_t *missing;
} sg_panel;

static inline const double *sg_panel_series(const sg_panel *self, int32_t series)
{
    return self->value + (int64_t)series * self->stride;
}

/* Fill in and mark what is missing of all rows. */
void sg_panel_fill(sg_panel *self);

/* Mean and deviation (of the population) of rows [from, to); a deviation of 0 or beyond doubles comes back as 1. */
void sg_panel_scale(const sg_panel *self, int32_t series, int64_t from, int64_t to,
                    double *ret_mean, double *ret_deviation);
#endif
