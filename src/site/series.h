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

/* A series that is drawn: a Gaussian process whose memory fades with its correlation time (Ornstein and Uhlenbeck, Phys. Rev. 36
 * (1930) 823, in exact steps), cut off at its bounds; it repeats after its length. */
typedef struct sg_random {
    double mean, deviation; /* in the series' SI unit; the deviation before the cut */
    double lowest, highest;
    double correlation_s, step_s, length_s;
    int32_t series;             /* index into the site's series */
    double *value, *cumulative; /* the series' arrays */
} sg_random;

/* The values of the stream-th drawn series of a seed. @effects alloc=no block=no */
void sg_random_draw(const sg_random *self, sg_series *series, uint64_t site_seed, uint64_t stream);

/* Mean over [from_us, to_us), from < to. Outside an absolute series' span: nearest value, SG_NO_DATA. The worst quality
 * in the interval is looked up at its first and last step only.
 * @effects alloc=no block=no fails=never */
double sg_series_mean(const sg_series *self, int64_t from_us, int64_t to_us,
                      sg_quality *ret_quality);
#endif
