/* battery_voltage.h - terminal voltage of a cell or pack: open-circuit voltage behind a resistance.
 *
 *   V = OCV - I R,  P = V I   =>   I = 2 P / (OCV + sqrt(OCV^2 - 4 R P)),  P_max = OCV^2 / (4 R)
 *   Shepherd's OCV = E0 - K Q/(Q - it) + A exp(-B it), `it` the charge drawn since full
 *
 * Units    V, A, ohm, W; charge in Ah, as data sheets give it. A cell's figures, unless a function says pack.
 * Sign     current and power > 0: discharge.
 * Source   C. M. Shepherd, J. Electrochem. Soc. 112 (1965) 657; O. Tremblay, L.-A. Dessaint, A.-I. Dekkiche, IEEE VPPC 2007;
 *          the polarisation fit as NREL's SAM has it. Table: K. Smith et al., American Control Conference 2017, Kokam 75 Ah NMC.
 * Limits   no diffusion, no hysteresis, no temperature; a Shepherd curve falls without bound as the cell empties. */
#ifndef SG_MODEL_BATTERY_VOLTAGE_H
#define SG_MODEL_BATTERY_VOLTAGE_H

/* Current for a power, A. Powers above the most that the cell can give yield the current of that most, OCV/(2R). ocv_v > 0,
 * resistance_ohm >= 0. @effects alloc=no block=no fails=never */
double sg_battery_current_a(double ocv_v, double resistance_ohm, double power_w);

/* Most power that the resistance lets through, W; INFINITY without resistance. @effects alloc=no block=no fails=never */
double sg_battery_power_max_w(double ocv_v, double resistance_ohm);

/* What a data sheet's discharge curve shows. */
typedef struct sg_shepherd_points {
    double full_v, exponential_v,
        nominal_v; /* at full charge, where the exponential zone and the nominal zone end */
    double full_ah, exponential_ah,
        nominal_ah;    /* charge drawn there                                                  */
    double rate_per_h; /* current of the curve over full_ah                                   */
    double resistance_ohm;
} sg_shepherd_points;

typedef struct sg_shepherd {
    double e0_v, k_v, a_v, b_per_ah, full_ah;
} sg_shepherd;

/* @effects alloc=no block=no fails=never */
sg_shepherd sg_shepherd_of(const sg_shepherd_points *points);

/* Without current, at `drawn_ah` below full, 0 <= drawn_ah < full_ah. @effects alloc=no block=no fails=never */
double sg_shepherd_ocv_v(const sg_shepherd *self, double drawn_ah);

/* Open-circuit voltage of an NMC cell, and of its graphite against lithium, V; soc_frac is held to 0..1. Linear between the
 * table's eleven points. @effects alloc=no block=no fails=never */
double sg_nmc_ocv_v(double soc_frac);
double sg_nmc_anode_v(double soc_frac);

/* y at x, linear between points of rising x, the ends held. count >= 1. @effects alloc=no block=no fails=never */
double sg_table_linear(const double *x, const double *y, int count, double at);
#endif
