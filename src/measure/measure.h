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
#include "site/plant.h"

/* One frame. */
typedef struct sg_readings_in {
    const double *value;    /* [point] */
    const uint8_t *quality; /* [point] sg_quality as the field marked it */
    double dt_s;
    const int32_t *changed; /* points that may differ from the frame before, ascending; NULL: any */
    int32_t changed_count;
    sg_pool *pool; /* NULL: none */
} sg_readings_in;

/* Take one frame. counts are the numbers of points per quality after the last one, and then after this one; while all points
 * are good, only what changed is looked at. @effects alloc=no block=as the pool fails=never */
void sg_measure_step(const sg_measure *self, const sg_plant *plant, const sg_readings_in *given,
                     int64_t counts[4]);
#endif
