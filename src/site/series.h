/* series.h - measured time series on a regular grid, averaged over any interval in constant time.
 *
 * Units    SI after the column's unit and scale.
 * Time     value[i] holds from start_us + i*step_us for one step (`between: hold`), or is a point that straight lines
 *          connect (`between: linear`). Relative series (seconds since the first row) start at 0 and must repeat.
 * Memory   arrays belong to the site's arena. */
#ifndef SG_SITE_SERIES_H
#define SG_SITE_SERIES_H
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct sg_series {
    const char *id;
    int64_t start_us, step_us;
    int32_t count;
    int32_t
        calendar_year; /* > 0: only month, day and time of day count; the data are of this year */
    bool
        repeat; /* the series starts again at its end, phase fixed to 1970-01-01T00:00Z plus start_us */
    bool linear;
    const double *value;      /* [count] gaps already filled by the gap rule         */
    const double *cumulative; /* [count + 1] integral of the interpolated values, value x step */
    const uint8_t *quality;   /* [count] sg_quality: filled gaps are SG_SUSPECT      */
} sg_series;

/* Mean over [from_us, to_us), from < to. Outside an absolute series' span: nearest value, SG_NO_DATA. The worst quality
 * in the interval is looked up at its first and last step only.
 * @effects alloc=no block=no fails=never */
double sg_series_mean(const sg_series *self, int64_t from_us, int64_t to_us,
                      sg_quality *ret_quality);
#endif
