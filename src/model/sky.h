/* sky.h - how much light a tilted plane gets: air mass, direct and diffuse parts, transposition, reflection.
 *
 * Units    W/m2, radians, Pa, m; ratios are plain numbers.
 * Sign     irradiance >= 0; zenith and tilt from the vertical; angles of incidence from the plane's normal.
 * Source   air mass: F. Kasten, A. T. Young, Appl. Optics 28 (1989) 4735. Pressure: US Standard Atmosphere. Diffuse share: D. G. Erbs
 *          et al., Solar Energy 28 (1982) 293. Clear sky: P. Ineichen, R. Perez, Solar Energy 73 (2002) 151. Sky: J. E. Hay, J. A. Davies
 *          1980; R. Perez et al., Solar Energy 44 (1990) 271, coefficients "all sites composite". Reflection: W. De Soto et al.,
 *          Solar Energy 80 (2006) 78; ASHRAE 93-77; N. Martin, J. M. Ruiz, Sol. Energy Mater. 70 (2001) 25.
 * Limits   hourly and shorter means of unobstructed sky; nothing below the horizon: twilight (about 3 W/m2) counts as night.
 * Memory   nothing is allocated. The functions marked SG_VEC have no branches and run as lanes (math/vector.h). */
#ifndef SG_MODEL_SKY_H
#define SG_MODEL_SKY_H
#include "math/vector.h"

/* What a plane sees of the sky. */
typedef struct sg_sky_scene {
    double dni_w_m2, dhi_w_m2;     /* direct normal, diffuse horizontal */
    double extraterrestrial_w_m2;  /* normal; > 0 */
    double zenith_rad, cos_zenith; /* apparent */
    double
        cos_aoi; /* cosine of the angle of incidence; for a plane that rolls, the mean of its positive part */
    double air_mass;
} sg_sky_scene;

/* The tilt of a plane: (1 + cos)/2 of the sky and (1 - cos)/2 of the ground are in its view. */
typedef struct sg_sky_plane {
    double sky_share, ground_share, sin_tilt;
    double normal_up, normal_north, normal_east;
} sg_sky_plane;

typedef struct sg_sky_clear {
    double ghi_w_m2, dni_w_m2, dhi_w_m2;
} sg_sky_clear;

/* Glass of a module: refractive index, glazing extinction 1/m times thickness m; inverses of the index and of its transmission at
 * 0 degrees. */
typedef struct sg_sky_glass {
    double index, extinction;
    double per_index, per_head_on;
} sg_sky_glass;

enum { SG_PEREZ_BINS = 8, SG_PEREZ_TERMS = 6 };
extern const double sg_perez_terms[SG_PEREZ_BINS][SG_PEREZ_TERMS]; /* f11 f12 f13 f21 f22 f23 */

/* @effects of all: alloc=no block=no fails=never */
sg_sky_plane sg_sky_plane_of(double tilt_rad, double azimuth_rad);
sg_sky_glass sg_sky_glass_of(double index, double extinction);
double sg_sky_pressure_pa(double altitude_m);
sg_sky_clear sg_sky_clear_of(double zenith_rad, double air_mass, double linke_turbidity,
                             double altitude_m, double extraterrestrial_w_m2);

/* Relative to the zenith; below the horizon that of the horizon, 38. */
SG_VEC double sg_sky_air_mass(double zenith_rad)
{
    double z_deg = sg_vec_min(90, zenith_rad * 57.29577951308232), s, c;
    sg_vec_sincos_turns(z_deg * (1.0 / 360), &s, &c);
    return 1 / (c + 0.50572 * sg_vec_exp(-1.6364 * sg_vec_log(96.07995 - z_deg)));
}

/* Diffuse share of global irradiance by clearness. */
SG_VEC double sg_sky_erbs_share(double clearness)
{
    double k = clearness;
    double middle = 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)));
    return sg_vec_select(k > 0.80, 0.165, sg_vec_select(k > 0.22, middle, 1 - 0.09 * k));
}

/* Direct and diffuse part of ghi >= 0 by Erbs. Beyond a zenith of 87 degrees all is diffuse; there is never more direct light
 * than outside the atmosphere, what is above it counts as diffuse. */
SG_VEC void sg_sky_erbs(double ghi_w_m2, double cos_zenith, double extraterrestrial_w_m2,
                        double *ret_dni_w_m2, double *ret_dhi_w_m2)
{
    double clearness = ghi_w_m2 / (extraterrestrial_w_m2 * sg_vec_max(0.065, cos_zenith));
    double share = sg_sky_erbs_share(sg_vec_min(1, clearness));
    double dni = ghi_w_m2 * (1 - share) / sg_vec_max(0.052, cos_zenith);
    dni = sg_vec_min(extraterrestrial_w_m2, dni);
    dni = sg_vec_select(cos_zenith < 0.052335956242943835, 0, dni); /* cos 87 degrees */
    *ret_dni_w_m2 = dni;
    *ret_dhi_w_m2 = sg_vec_max(0, ghi_w_m2 - dni * cos_zenith);
}

SG_VEC double sg_sky_isotropic(const sg_sky_scene *s, const sg_sky_plane *plane)
{
    return s->dhi_w_m2 * plane->sky_share;
}

/* A share of the diffuse light, as great as the air's transmission, comes from around the sun. */
SG_VEC double sg_sky_hay_davies(const sg_sky_scene *s, const sg_sky_plane *plane)
{
    double around = sg_vec_min(1, s->dni_w_m2 / s->extraterrestrial_w_m2);
    double ratio = sg_vec_max(0, s->cos_aoi) / sg_vec_max(0.01745, s->cos_zenith);
    return s->dhi_w_m2 * (around * ratio + (1 - around) * plane->sky_share);
}

/* Row of sg_perez_terms, as a number from 0. */
SG_VEC double sg_sky_perez_bin(const sg_sky_scene *s)
{
    double z = s->zenith_rad, cube = 1.041 * z * z * z;
    double dhi = sg_vec_max(1e-9, s->dhi_w_m2);
    double clearness = ((dhi + s->dni_w_m2) / dhi + cube) / (1 + cube);
    return sg_vec_select(clearness >= 1.065, 1, 0) + sg_vec_select(clearness >= 1.23, 1, 0) +
           sg_vec_select(clearness >= 1.5, 1, 0) + sg_vec_select(clearness >= 1.95, 1, 0) +
           sg_vec_select(clearness >= 2.8, 1, 0) + sg_vec_select(clearness >= 4.5, 1, 0) +
           sg_vec_select(clearness >= 6.2, 1, 0);
}

/* Brightness around the sun, *ret_around, and of the horizon, *ret_rim, by the terms of its bin. */
SG_VEC double sg_sky_perez(const sg_sky_scene *s, const sg_sky_plane *plane, double around,
                           double rim)
{
    double a = sg_vec_max(0, s->cos_aoi), b = sg_vec_max(0.08715574274765817, s->cos_zenith);
    around = sg_vec_max(0, around);
    double sky = (1 - around) * plane->sky_share + around * a / b + rim * plane->sin_tilt;
    return sg_vec_max(0, s->dhi_w_m2 * sky);
}

/* One term f1 + f2 delta + f3 z, delta the sky's brightness. */
SG_VEC double sg_sky_perez_term(const sg_sky_scene *s, double f1, double f2, double f3)
{
    double delta = s->dhi_w_m2 * s->air_mass / s->extraterrestrial_w_m2;
    return f1 + f2 * delta + f3 * s->zenith_rad;
}

SG_VEC double sg_sky_glass_passes(const sg_sky_glass *glass, double cos_aoi)
{
    double c = sg_vec_max(1e-6, cos_aoi);
    double sin_square =
        (1 - c) * (1 + c) * (glass->per_index * glass->per_index); /* inside: Snell */
    double cos_in = sg_vec_sqrt(1 - sin_square);
    double across = (c - glass->index * cos_in) / (c + glass->index * cos_in);
    double along = (cos_in - glass->index * c) / (cos_in + glass->index * c);
    return (1 - 0.5 * (across * across + along * along)) * sg_vec_exp(-glass->extinction / cos_in);
}

/* Share of the beam that gets through the glass, 1 at 0 degrees; 0 behind the plane. Fresnel and absorption. */
SG_VEC double sg_sky_iam_physical(const sg_sky_glass *glass, double cos_aoi)
{
    double share = sg_sky_glass_passes(glass, cos_aoi) * glass->per_head_on;
    return sg_vec_select(cos_aoi <= 0, 0, share);
}

SG_VEC double sg_sky_iam_ashrae(double b, double cos_aoi)
{
    double share = 1 - b * (1 / sg_vec_max(1e-6, cos_aoi) - 1);
    return sg_vec_select(cos_aoi <= 0, 0, sg_vec_max(0, share));
}

SG_VEC double sg_sky_iam_martin_ruiz(double a_r, double cos_aoi)
{
    double share = (1 - sg_vec_exp(-cos_aoi / a_r)) / (1 - sg_vec_exp(-1 / a_r));
    return sg_vec_select(cos_aoi <= 0, 0, share);
}
#endif
