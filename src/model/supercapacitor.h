/* supercapacitor.h - a capacitor behind a resistance.
 *
 * Units    F, ohm, V, A, W, J. Sign: power and current > 0 leave the capacitor.
 * Source   V I = P + I^2 R at the terminals; data-sheet figures as IEC 62391-2 and 62576 define them. */
#ifndef SG_MODEL_SUPERCAPACITOR_H
#define SG_MODEL_SUPERCAPACITOR_H

/* Between two voltages: C (v_high^2 - v_low^2) / 2. @effects alloc=no block=no fails=never */
double sg_supercapacitor_energy_j(double farad, double v_high, double v_low);

/* The most that gets past the resistance: V^2 / 4R, half of it lost. INFINITY without resistance.
 * @effects alloc=no block=no fails=never */
double sg_supercapacitor_matched_w(double volt, double ohm);

/* The data sheets' usable power, 0.12 V^2 / R: at 95 % efficiency, of a pulse. @effects alloc=no block=no fails=never */
double sg_supercapacitor_usable_w(double volt, double ohm);

/* V / R. @effects alloc=no block=no fails=never */
double sg_supercapacitor_short_a(double volt, double ohm);

/* The current at which power_w, not above the matched power, leaves the terminals: the smaller root.
 * @effects alloc=no block=no fails=never */
double sg_supercapacitor_current_a(double volt, double ohm, double power_w);
#endif
