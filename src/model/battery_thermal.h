/* battery_thermal.h - a battery as one lump of heat capacity that a coolant or a room takes heat from.
 *
 *   C dT/dt = heat - G (T - T_coolant)      C = mass x specific heat, G = area x heat-transfer coefficient
 *
 * The step is the exact solution for constant heat and coolant, so it holds for any dt. With x = G dt/C and the net heat
 * n = heat - G (T - T_coolant) at its beginning,
 *   T(dt) = T + n dt/C (1 - exp(-x))/x,   mean over the step = T + n dt/C (x - 1 + exp(-x))/x^2.
 *
 * Units    J/K, W/K, W, s, degC.
 * Source   lumped capacitance (Biot number below 0.1), as in NREL's SAM, thermal model of the battery.
 * Limits   one temperature for all cells; no phase change, no radiation. */
#ifndef SG_MODEL_BATTERY_THERMAL_H
#define SG_MODEL_BATTERY_THERMAL_H

/* What a step of one length needs; made once for many batteries. */
typedef struct sg_battery_thermal {
    double conductance_w_per_k; /* G; 0: isolated                     */
    double end_k_per_w;         /* net heat to rise until the end     */
    double mean_k_per_w;        /* net heat to rise on the step's mean */
} sg_battery_thermal;

/* capacity_j_per_k > 0, conductance_w_per_k >= 0, dt_s > 0. @effects alloc=no block=no fails=never */
sg_battery_thermal sg_battery_thermal_of(double capacity_j_per_k, double conductance_w_per_k,
                                         double dt_s);

/* The temperature at the end of the step; *ret_mean_degc, where given, is the mean over it. @effects alloc=no block=no
 * fails=never */
double sg_battery_thermal_step(const sg_battery_thermal *self, double temperature_degc,
                               double heat_w, double coolant_degc, double *ret_mean_degc);
#endif
