/* flywheel.h - a rotor between two speeds.
 *
 * Units    J, W, rad/s, kg m2; speeds as a fraction of the highest end in _frac.
 * Source   E = 1/2 I w^2; G. Genta, Kinetic Energy Storage, Butterworths 1985. */
#ifndef SG_MODEL_FLYWHEEL_H
#define SG_MODEL_FLYWHEEL_H

/* The moment of inertia that holds usable_j between speed_min_frac of the speed and the speed.
 * @effects alloc=no block=no fails=never */
double sg_flywheel_inertia_kg_m2(double usable_j, double speed_max_rad_s, double speed_min_frac);

/* What it holds below the lowest speed, which is not used. @effects alloc=no block=no fails=never */
double sg_flywheel_below_j(double usable_j, double speed_min_frac);

/* The speed with energy_j above the lowest speed. @effects alloc=no block=no fails=never */
double sg_flywheel_speed_rad_s(double usable_j, double speed_max_rad_s, double speed_min_frac,
                               double energy_j);
#endif
