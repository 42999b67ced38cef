/* facility.h - what a hall draws in all for the power its computers draw: power usage effectiveness.
 *
 * Units    W, fractions. All powers are magnitudes >= 0.
 * Memory   pure functions.
 * Source   PUE = total over IT power (ISO/IEC 30134-2). UPS loss = a constant part and a part in proportion to load.
 * Limits   steady state. */
#ifndef SG_MODEL_FACILITY_H
#define SG_MODEL_FACILITY_H

typedef struct sg_power_chain {
    double rated_w;           /* IT power that the UPS is made for                              */
    double ups_eff;           /* at that power, 0 < x <= 1                                      */
    double ups_standing_frac; /* of the loss at the rating, lost at any load; 0: eff is constant */
    double distribution_eff;  /* between UPS and computers, at any load, 0 < x <= 1             */
} sg_power_chain;

/* What the chain draws to deliver it_w >= 0, its losses included. @effects alloc=no block=no fails=never */
double sg_power_chain_input_w(const sg_power_chain *self, double it_w);
#endif
