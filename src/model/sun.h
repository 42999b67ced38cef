/* sun.h - where the sun stands: zenith, azimuth, refraction, distance, rise and set.
 *
 * Units    radians, seconds, Pa, degC, W/m2; instants are microseconds since 1970, UTC (UT1 - UTC is taken as 0).
 * Sign     zenith from the vertical; azimuth clockwise from north; latitude north and longitude east positive.
 * Source   The Astronomical Almanac's low-precision sun, in the form of J. J. Michalsky, Solar Energy 40 (1988) 227. Refraction and
 *          the -0.8333 degrees of rise and set: I. Reda, A. Andreas, NREL/TP-560-34302, eq. 42 and A.2.
 * Limits   against the full algorithm of that report, 2024-2030: zenith within 0.012 degrees, azimuth within 0.025 (0.3 where the
 *          sun is near the zenith). Made for 1950-2050; no parallax (0.0024 degrees at most), no nutation.
 * Memory   nothing is allocated. The functions marked SG_VEC have no branches and run as lanes (math/vector.h). */
#ifndef SG_MODEL_SUN_H
#define SG_MODEL_SUN_H
#include "base/status.h"
#include "math/vector.h"

#include <stdint.h>

#define SG_SUN_J2000_US INT64_C(946728000000000) /* 2000-01-01T12:00:00Z */
#define SG_SUN_DAY_US   INT64_C(86400000000)
#define SG_PI           3.141592653589793
#define SG_DEGREE       0.017453292519943295 /* one degree, rad */
#define SG_PER_DEGREE \
    57.29577951308232        /* and its inverse: lanes multiply faster than they divide */
#define SG_SOLAR_W_M2 1366.1 /* ASTM E490: irradiance at one astronomical unit */

/* A place on the ground. The angles' sines and the pressure's share of refraction are kept ready. */
typedef struct sg_sun_site {
    double sin_lat, cos_lat;
    double lon_turns;
    double
        refraction_deg; /* (P / 1010 hPa) (283 K / T) 1.02 / 60: what the cotangent is multiplied by */
} sg_sun_site;

/* The sun's ecliptic place and the turn of the earth. */
typedef struct sg_sun_ephemeris {
    double ecliptic_turns; /* true longitude */
    double sin_ecliptic, cos_ecliptic, sin_obliquity, cos_obliquity;
    double sidereal_turns; /* Greenwich mean sidereal time */
} sg_sun_ephemeris;

/* Unit vector from the site to the sun. */
typedef struct sg_sun_vector {
    double up, north, east;
} sg_sun_vector;

typedef struct sg_sun_position {
    double zenith_rad, apparent_zenith_rad; /* without and with refraction */
    double azimuth_rad;                     /* 0..2 pi */
    double right_ascension_rad;             /* 0..2 pi */
    double declination_rad;
    double hour_angle_rad;       /* -pi..pi, > 0 after noon */
    double equation_of_time_rad; /* sundial minus clock */
    double obliquity_rad, ecliptic_longitude_rad;
    double distance_au;
    double extraterrestrial_w_m2; /* on a plane that faces the sun */
} sg_sun_position;

typedef enum sg_sun_day { SG_SUN_RISES, SG_SUN_NEVER_RISES, SG_SUN_NEVER_SETS } sg_sun_day;

/* @effects alloc=no block=no fails=never */
sg_sun_site sg_sun_site_of(double latitude_rad, double longitude_rad, double pressure_pa,
                           double air_degc);
/* @effects alloc=no block=no fails=never */
void sg_sun_position_at(const sg_sun_site *site, int64_t time_us, sg_sun_position *ret);
/* Noon nearest to time_us, and the rise before and the set after it, of the upper limb as refraction shows it at 1010 hPa
 * (centre at -0.8333 degrees). In polar day or night only *ret_noon_us is written. @effects alloc=no block=no fails=never */
sg_sun_day sg_sun_rise_and_set(const sg_sun_site *site, int64_t time_us, int64_t *ret_rise_us,
                               int64_t *ret_noon_us, int64_t *ret_set_us);
/* @effects alloc=no block=no fails=never */
double sg_julian_day(int64_t time_us);

/* Days since 2000-01-01 12:00 UT. */
SG_VEC double sg_sun_days(int64_t time_us)
{
    return (double)(time_us - SG_SUN_J2000_US) * (1 / 86400e6);
}

/* Longitude and distance; the rest of the ephemeris follows from days and the true longitude. */
SG_VEC void sg_sun_orbit(double days, double *ret_ecliptic_turns, double *ret_distance_au)
{
    double sin_g, cos_g, mean_turns = (280.460 + 0.9856474 * days) * (1.0 / 360);
    sg_vec_sincos_turns((357.528 + 0.9856003 * days) * (1.0 / 360), &sin_g, &cos_g);
    *ret_ecliptic_turns =
        mean_turns + (1.915 + 0.040 * cos_g) * sin_g * (1.0 / 360); /* sin 2g = 2 sin cos */
    *ret_distance_au = 1.00014 - 0.01671 * cos_g - 0.00014 * (2 * cos_g * cos_g - 1);
}

SG_VEC sg_sun_ephemeris sg_sun_ephemeris_of(double days, double ecliptic_turns)
{
    sg_sun_ephemeris e = {.ecliptic_turns = ecliptic_turns};
    double tilt_rad = -4e-7 * SG_DEGREE * days;
    sg_vec_sincos_turns(ecliptic_turns, &e.sin_ecliptic, &e.cos_ecliptic);
    /* 23.439 degrees and a change of less than 0.003 rad in a thousand years, of which the square is kept */
    double s = 0.39777249434045, c = 0.9174840831023592;
    e.sin_obliquity = s + tilt_rad * (c - 0.5 * s * tilt_rad);
    e.cos_obliquity = c - tilt_rad * (s + 0.5 * c * tilt_rad);
    double noon = days - sg_vec_round(days); /* the day's fraction, counted from noon */
    e.sidereal_turns = (18.697375 + 0.0657098242 * days) * (1.0 / 24) + noon;
    return e;
}

/* The cosines of declination times those of the hour angle come without an inverse function. */
SG_VEC sg_sun_vector sg_sun_vector_of(const sg_sun_site *site, const sg_sun_ephemeris *e)
{
    double sin_t, cos_t, y = e->cos_obliquity * e->sin_ecliptic;
    sg_vec_sincos_turns(e->sidereal_turns + site->lon_turns, &sin_t, &cos_t);
    double sin_decl = e->sin_obliquity * e->sin_ecliptic;
    double along = e->cos_ecliptic * cos_t + y * sin_t;  /* cos(decl) cos(hour angle) */
    double across = e->cos_ecliptic * sin_t - y * cos_t; /* cos(decl) sin(hour angle) */
    return (sg_sun_vector){site->sin_lat * sin_decl + site->cos_lat * along,
                           site->cos_lat * sin_decl - site->sin_lat * along, -across};
}

/* What the air adds to the elevation; 0 below -0.8333 degrees. */
SG_VEC double sg_sun_refraction_rad(const sg_sun_site *site, double elevation_rad)
{
    double e_deg = sg_vec_max(-0.83337, elevation_rad * SG_PER_DEGREE), s, c;
    sg_vec_sincos_turns((e_deg + 10.3 / (e_deg + 5.11)) * (1.0 / 360), &s, &c);
    return sg_vec_select(elevation_rad < -0.83337 * SG_DEGREE, 0,
                         site->refraction_deg * SG_DEGREE * c / s);
}

SG_VEC double sg_sun_zenith_rad(const sg_sun_vector *v)
{
    return sg_vec_atan2(sg_vec_sqrt(v->north * v->north + v->east * v->east), v->up);
}

/* The vector as it is seen; returns the apparent zenith, rad. */
SG_VEC double sg_sun_refract(const sg_sun_site *site, double zenith_rad, sg_sun_vector *v)
{
    double flat = sg_vec_sqrt(v->north * v->north + v->east * v->east);
    double lift = sg_sun_refraction_rad(site, SG_PI / 2 - zenith_rad), square = lift * lift;
    double sin_lift = lift * (1 - square * (1.0 / 6)),
           cos_lift = 1 - square * (0.5 - square * (1.0 / 24));
    double share = (flat * cos_lift - v->up * sin_lift) / sg_vec_max(1e-12, flat);
    v->up = v->up * cos_lift + flat * sin_lift;
    v->north *= share;
    v->east *= share;
    return zenith_rad - lift;
}
#endif
