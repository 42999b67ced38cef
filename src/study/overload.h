/* overload.h - warnings that a server or rack will pass its limit within the horizon, and what they were worth.
 *
 * Chance   that the truth passes the limit, from the intervals about the forecast: between their bounds the share is linear, beyond
 *          the outermost it falls off exponentially as between the last two. Of the steps within the horizon the largest counts,
 *          which is what all steps have in common at least.
 * Judged   windows of the test rows whose last known value is not above the limit. One is right to warn where a value within the
 *          horizon is above it. Precision: right ones of those warned; recall: warned ones of those that were right to.
 * Event    a row above the limit after one that is not; caught where a window that holds it warned; lead: rows from the first such
 *          window's last known row to the event, at most the horizon.
 * Beside   persistence + margin: it warns where the last value is above limit - margin. The margin is the one, looked up in the same
 *          windows, whose recall is at least as large: better than anyone could choose beforehand. In deviations of the series.
 * Memory   the caller's. @effects alloc=no block=no, but for sg_overload_beside(), which sorts a copy */
#ifndef SG_STUDY_OVERLOAD_H
#define SG_STUDY_OVERLOAD_H
#include "study/backtest.h"

typedef struct sg_overload {
    const double *limit;     /* [series], in the panel's units           */
    const double *deviation; /* [series], > 0                            */
    int64_t from, count;     /* origins: from, from + 1, ...             */
    int32_t series_count, horizon;
    float *chance; /* [origin][series], NAN: not judged        */
    float *near;   /* (last value - limit) / deviation, likewise */
} sg_overload;

typedef struct sg_overload_worth {
    int64_t judged, warned, due, right; /* windows; due: the limit was passed */
    int64_t events, caught;
    double lead_rows; /* mean of those caught */
} sg_overload_worth;

/* Of a forecast from a voice's bands: said[series][horizon]. limit in the same units. From 0 to 1. */
double sg_overload_chance(const sg_bands *bands, const double *said, int32_t series, double limit);

/* Keep what is said of the window from `origin`; of the others nothing is judged. */
void sg_overload_keep(sg_overload *self, const sg_bands *bands, const double *said,
                      const sg_panel *panel, int64_t origin);

/* of: self->chance or self->near; warned where it is at least `least`. */
sg_overload_worth sg_overload_judge(const sg_overload *self, const sg_panel *panel, const float *of,
                                    double least);

/* The margin: persistence's largest `least` with as many right windows. SG_NOMEM. -INFINITY where `right` is 0 or beyond reach. */
SG_MUST_CHECK sg_status sg_overload_beside(const sg_overload *self, const sg_panel *panel,
                                           int64_t right, double *ret);
#endif
