/* measure.h - readings in, trusted values out: plausibility, last good value, age, quality.
 *
 * Units    as the points (W, J, money per J); ages in s of frame time.
 * Rule     a reading is taken when the field calls it good (or suspect), it is finite and inside its plausible range.
 *          Otherwise the last value stands, marked suspect while younger than its class limit and stale after it.
 *          Never a value at all: missing. Ages are counted in frame time at the receiver, so a clock step changes nothing.
 * Memory   parallel arrays in the caller's block. */
#ifndef SG_MEASURE_MEASURE_H
#define SG_MEASURE_MEASURE_H
#include "site/measured.h"
#include "site/plant.h"

/* Take one frame. counts (may not be NULL) receives the number of points per quality.
 * @effects alloc=no block=no fails=never */
void sg_measure_step(const sg_measure *self, const sg_plant *plant, const double *value,
                     const uint8_t *quality, double dt_s, int64_t counts[4]);
#endif
