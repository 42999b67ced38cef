/* itic.h - how long information-technology equipment bears a voltage: the ITIC (CBEMA) curve.
 *
 * Curve    interruption 20 ms; below 70 %; to 80 % 0.5 s; to 90 % 10 s; 90 % to 110 % for ever; to 120 % 0.5 s; to 140 % 3 ms;
 *          then falling in log(time) to 1 ms at 200 % and a hundredth of a 60 Hz cycle at 500 %.
 * Units    rms voltage as a fraction of nominal, s.
 * Source   ITI (CBEMA) curve application note, Information Technology Industry Council, 2000.
 * Limits   single events at 120 V, 60 Hz single-phase equipment; what happens outside differs from device to device. */
#ifndef SG_MODEL_ITIC_H
#define SG_MODEL_ITIC_H
#include <stdbool.h>

/* INFINITY between 90 % and 110 %; 0 above 500 %. @effects alloc=no block=no fails=never */
double sg_itic_limit_s(double voltage_frac);

/* Does equipment ride through this voltage for so long? @effects alloc=no block=no fails=never */
bool sg_itic_rides_through(double voltage_frac, double duration_s);
#endif
