/* clear_sky.h - the light that a plane gets from a sky without clouds, as a mean over an interval.
 *
 * Model    sun position (sun.h), clear sky by Ineichen and Perez at one turbidity all year, beam and isotropic sky on the plane, ground of
 *          albedo 0.2 (sky.h); mean over the interval by eight instants in the middle of its parts.
 * Units    W/m2, radians, m, microseconds since 1970 (UTC). Azimuth of the plane from north, clockwise; tilt 0: horizontal.
 * Limits   no horizon, no change of the haze: a measure of how high the sun stands, to divide by, not a forecast of its own.
 * @effects of all: alloc=no block=no fails=never */
#ifndef SG_MODEL_CLEAR_SKY_H
#define SG_MODEL_CLEAR_SKY_H
#include "model/sky.h"
#include "model/sun.h"

typedef struct sg_clear_sky {
    sg_sun_site site;
    sg_sky_plane plane;
    double altitude_m, linke_turbidity;
} sg_clear_sky;

sg_clear_sky sg_clear_sky_of(double latitude_rad, double longitude_rad, double tilt_rad,
                             double azimuth_rad);
double sg_clear_sky_w_m2(const sg_clear_sky *self, int64_t from_us, int64_t to_us);
#endif
