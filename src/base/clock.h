/* clock.h - the one clock that durations are measured by (CLOCK_MONOTONIC): never set, it does not jump. Not for instants: base/time.h.
 *
 * @effects alloc=no block=no fails=never */
#ifndef SG_BASE_CLOCK_H
#define SG_BASE_CLOCK_H
#include <stdint.h>

double sg_clock_s(void);
int64_t sg_clock_ms(void);
#endif
