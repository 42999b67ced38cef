/* panel.h - what was measured, for the models that look ahead: one row a step, one series a column.
 *
 * Shapes   value and missing: [series][row], `stride` apart, so that the past of a series is one run of memory.
 * Gaps     a value that is missing or not finite is filled in with the one a season before, else with the last one, else with
 *          the first to come, else with 0, and marked: models learn from what was filled in, scores leave it out.
 * Inputs   what is not forecast itself but tells of what is: weather, arrivals, the calendar, the clear sky. Row i is the panel's
 *          row i. A forecast from `origin` looks at rows before it alone, and of those that are known ahead at the rows that it
 *          speaks of as well; they go on behind the panel's last row as far as anybody wants to look ahead.
 * Memory   the caller's arrays. @effects of every function: alloc=no block=no fails=never */
#ifndef SG_FORECAST_PANEL_H
#define SG_FORECAST_PANEL_H
#include <stdbool.h>
#include <stdint.h>

enum { SG_FORECAST_INPUT_MAX = 1100 };

typedef struct sg_inputs {
    int32_t count,
        known; /* at most SG_FORECAST_INPUT_MAX; the first `known` of them are known ahead */
    bool
        sky; /* the first one is what the series would be under a clear sky, but for a factor; >= 0 */
    int64_t row_count, stride; /* of the others only the rows that the panel has are told */
    double *value;             /* [input][row]; finite: sg_inputs_fill() */
} sg_inputs;

typedef struct sg_panel {
    int32_t series_count;
    int32_t season; /* rows of a day; below 2: there is none */
    int64_t row_count, stride;
    double *value;
    uint8_t *missing;
    const sg_inputs *inputs; /* NULL: none */
} sg_panel;

static inline const double *sg_panel_series(const sg_panel *self, int32_t series)
{
    return self->value + (int64_t)series * self->stride;
}

/* Of a row behind the last one, that one. */
static inline double sg_input_at(const sg_inputs *self, int32_t input, int64_t row)
{
    return self->value[(int64_t)input * self->stride +
                       (row < self->row_count ? row : self->row_count - 1)];
}

/* Fill in and mark what is missing of all rows. */
void sg_panel_fill(sg_panel *self);
/* The same of the inputs; season: rows of a day. */
void sg_inputs_fill(sg_inputs *self, int32_t season);

/* An input beside what was seen of it in the rows that were learnt from. */
typedef struct sg_input_scale {
    double mean, deviation, low, high;
} sg_input_scale;

sg_input_scale sg_input_scale_of(const sg_inputs *self, int32_t input, int64_t from, int64_t to);
/* In deviations from the mean; a value counts for at most what was seen and a half of its range more. */
double sg_input_scaled(const sg_input_scale *scale, double value);

/* Mean and deviation (of the population) of rows [from, to); a deviation of 0 or beyond doubles comes back as 1. */
void sg_panel_scale(const sg_panel *self, int32_t series, int64_t from, int64_t to,
                    double *ret_mean, double *ret_deviation);
#endif
