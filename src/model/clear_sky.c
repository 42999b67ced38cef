#include "model/clear_sky.h"

#include <math.h>

enum { PARTS = 8 };
static const double haze = 3, albedo = 0.2; /* Linke turbidity of clean air inland and at the sea */

sg_clear_sky sg_clear_sky_of(double latitude_rad, double longitude_rad, double tilt_rad,
                             double azimuth_rad)
{
    return (sg_clear_sky){
        .site = sg_sun_site_of(latitude_rad, longitude_rad, sg_sky_pressure_pa(0), 12),
        .plane = sg_sky_plane_of(tilt_rad, azimuth_rad),
        .linke_turbidity = haze};
}

static double at(const sg_clear_sky *self, int64_t time_us)
{
    sg_sun_position sun;
    sg_sun_position_at(&self->site, time_us, &sun);
    double zenith = sun.apparent_zenith_rad;
    sg_sky_clear sky = sg_sky_clear_of(zenith, sg_sky_air_mass(zenith), self->linke_turbidity,
                                       self->altitude_m, sun.extraterrestrial_w_m2);
    double flat = sin(zenith), north = flat * cos(sun.azimuth_rad),
           east = flat * sin(sun.azimuth_rad);
    double on_plane = cos(zenith) * self->plane.normal_up + north * self->plane.normal_north +
                      east * self->plane.normal_east;
    return sky.dni_w_m2 * fmax(0, on_plane) + sky.dhi_w_m2 * self->plane.sky_share +
           sky.ghi_w_m2 * albedo * self->plane.ground_share;
}

double sg_clear_sky_w_m2(const sg_clear_sky *self, int64_t from_us, int64_t to_us)
{
    double sum = 0;
    for (int i = 0; i < PARTS; i++) {
        sum += at(self, from_us + (to_us - from_us) / (2 * PARTS) * (2 * i + 1)) / PARTS;
    }
    return sum;
}
