/* measure.h - readings in, trusted values out: plausibility, last good value, age, quality.
 *
 * Units    as the points (W, J, money per J); ages in s of frame time.
 * Rule     a reading is taken when the field calls it good (or suspect), it is finite and inside its plausible range.
 *          Otherwise the last value stands, marked suspect while younger than its class limit and stale after it.
 *          Never a value at all: missing. Ages are counted in frame time at the receiver, so a clock step changes nothing.
 * Memory   parallel arrays in the caller's block. */
#ifndef SG_MEASURE_MEASURE_H
#define SG_MEASURE_MEASURE_H
#include "base/pool.h"
#include "site/measured.h"
#include "site/news.h"

/* One frame. */
typedef struct sg_readings_in {
    const double *value;    /* [point] */
    const uint8_t *quality; /* [point] sg_quality as the field marked it */
    double dt_s;
    sg_pool *pool; /* NULL: none */
} sg_readings_in;

/* Take a frame, all points but those of loads; these for one node, as far as it has news. @effects alloc=no block=as the pool
 * fails=never */
void sg_measure_step(const sg_measure *self, const sg_plant *plant, const sg_readings_in *in);
void sg_measure_loads(const sg_measure *self, const sg_plant *plant, const sg_news *news,
                      const sg_readings_in *in, int32_t node);

/* Numbers of points per quality, once all are taken. */
void sg_measure_count(const sg_measure *self, const sg_plant *plant, const sg_news *news,
                      int64_t ret_counts[4]);
#endif
