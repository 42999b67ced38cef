/* reservoir.h - the one way in which every store is seen by planning and control.
 *
 * Units    J, W at the bus, fractions.
 * Sign     power_w > 0 flows from the store into the site bus.
 * Dynamics over dt, with h = dt in hours and constant power c (charge) or d (discharge) at the bus:
 *            x' = x (1 - standing_loss_per_h)^h + dt (charge_eff c - d / discharge_eff)
 *          the same equation as the dispatch program, so plan and plant agree.
 * Memory   plain values; nothing is allocated. Pure. */
#ifndef SG_MODEL_RESERVOIR_H
#define SG_MODEL_RESERVOIR_H

typedef struct sg_reservoir {
    double capacity_j;          /* usable energy, > 0                     */
    double charge_w_max;        /* >= 0                                   */
    double discharge_w_max;     /* >= 0                                   */
    double charge_eff;          /* 0 < x <= 1                             */
    double discharge_eff;       /* 0 < x <= 1                             */
    double standing_loss_per_h; /* fraction of the energy held, 0 <= x < 1 */
} sg_reservoir;

/* The fraction of energy that remains after dt_s of standing. */
double sg_reservoir_keep_frac(const sg_reservoir *self, double dt_s);

/* The most that can be taken from (given to) the bus for dt_s without passing floor_j (capacity_j); W >= 0. */
double sg_reservoir_discharge_w(const sg_reservoir *self, double energy_j, double floor_j,
                                double keep_frac, double dt_s);
double sg_reservoir_charge_w(const sg_reservoir *self, double energy_j, double keep_frac,
                             double dt_s);

/* Energy after dt_s at power_w, which must lie within the two limits above (then 0 <= result <= capacity_j up to
 * rounding, and the result is clamped to that range). */
double sg_reservoir_step(const sg_reservoir *self, double energy_j, double power_w,
                         double keep_frac, double dt_s);
#endif
