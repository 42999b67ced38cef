/* thermal.h - a tank that is mixed all through.
 *
 * Units    kg, J/(kg K), K, degC, W/K, s, J of heat. */
#ifndef SG_MODEL_THERMAL_H
#define SG_MODEL_THERMAL_H

/* m c dT. @effects alloc=no block=no fails=never */
double sg_thermal_heat_j(double mass_kg, double heat_capacity_j_per_kg_k, double span_k);

/* m c / UA: the time in which a difference to the ambient falls to 1/e. @effects alloc=no block=no fails=never */
double sg_thermal_time_constant_s(double mass_kg, double heat_capacity_j_per_kg_k,
                                  double loss_w_per_k);

/* T_amb + (T - T_amb) e^(-t / tau). @effects alloc=no block=no fails=never */
double sg_thermal_drift_degc(double from_degc, double ambient_degc, double time_constant_s,
                             double time_s);
#endif
