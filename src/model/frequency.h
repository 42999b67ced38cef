/* frequency.h - frequency of a small power system, and what answers to it.
 *
 * Swing    df/dt = f0 (imbalance + response - D S df / f0) / (2 H S): one rotating mass for all machines.
 * Droop    response / rating = -(df / f0) / R outside a deadband; IEEE 1547-2018: counted from the deadband's edge.
 *          NESO dynamic containment: 0 to +-0.015 Hz, 5 % at 0.2 Hz, 100 % at 0.5 Hz, straight lines between.
 * Units    Hz, W, VA, s. Sign: imbalance = generation - load; response > 0 feeds the system.
 * Limits   small deviations; no network, no governor beyond one time constant, no load shedding. */
#ifndef SG_MODEL_FREQUENCY_H
#define SG_MODEL_FREQUENCY_H

/* df/dt at nominal frequency. @effects alloc=no block=no fails=never */
double sg_swing_hz_per_s(double nominal_hz, double imbalance_w, double inertia_s, double rating_va);

/* Without a deadband; fractions of the rating. @effects alloc=no block=no fails=never */
double sg_droop_frac(double deviation_hz, double nominal_hz, double droop_frac);

/* IEEE 1547-2018 frequency-droop: change of power, per unit of the rating. deadband_hz is db_OF = db_UF, droop_frac is k.
 * @effects alloc=no block=no fails=never */
double sg_droop_1547_frac(double frequency_hz, double nominal_hz, double deadband_hz,
                          double droop_frac);

/* Of the contracted power. @effects alloc=no block=no fails=never */
double sg_neso_containment_frac(double deviation_hz);
#endif
