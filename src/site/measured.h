/* measured.h - the readings as far as they are trusted: written by `measure`, read by everybody after it.
 *
 * Units    as the points. Memory: parallel arrays in the engine's block. */
#ifndef SG_SITE_MEASURED_H
#define SG_SITE_MEASURED_H
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct sg_measure {
    double *value;    /* [point] last trusted value            */
    double *age_s;    /* [point] since it was read, < 0: never */
    uint8_t *quality; /* [point] sg_quality                    */
    double *low_j, *high_j; /* [store] between these its energy lies, as far as the reading can be believed */
} sg_measure;

/* May the reading carry a set-point: good, or a short hold of a good one? */
static inline bool sg_measure_fresh(const sg_measure *self, int point)
{
    return self->quality[point] <= SG_SUSPECT;
}
#endif
