/* sun - the sun's place for a time and a place, and the irradiance of a clear sky. */
#include "model/sun.h"

#include "base/check.h"
#include "model/model.h"
#include "model/sky.h"

#include <math.h>

#define SIDEREAL_TURNS_PER_US (1.0027379093 / 86400e6)
#define RISE_RAD              (-0.83337 * SG_DEGREE)

double sg_julian_day(int64_t time_us)
{
    return 2440587.5 + (double)time_us / 86400e6;
}

sg_sun_site sg_sun_site_of(double latitude_rad, double longitude_rad, double pressure_pa,
                           double air_degc)
{
    sg_sun_site site = {.lon_turns = longitude_rad / (2 * SG_PI),
                        .refraction_deg =
                            pressure_pa / 101000 * 283 / (273 + air_degc) * 1.02 / 60};
    sg_vec_sincos(latitude_rad, &site.sin_lat, &site.cos_lat);
    return site;
}

static double whole_turns_out(double turns)
{
    return turns - sg_vec_round(turns); /* -0.5..0.5 */
}

void sg_sun_position_at(const sg_sun_site *site, int64_t time_us, sg_sun_position *ret)
{
    double days = sg_sun_days(time_us), ecliptic_turns, distance_au;
    sg_sun_orbit(days, &ecliptic_turns, &distance_au);
    sg_sun_ephemeris e = sg_sun_ephemeris_of(days, ecliptic_turns);
    sg_sun_vector v = sg_sun_vector_of(site, &e);
    double y = e.cos_obliquity * e.sin_ecliptic, sin_decl = e.sin_obliquity * e.sin_ecliptic;
    double cos_decl = sg_vec_sqrt((1 - sin_decl) * (1 + sin_decl));
    double ascension = sg_vec_atan2(y, e.cos_ecliptic);
    double hour = whole_turns_out(e.sidereal_turns + site->lon_turns - ascension / (2 * SG_PI));
    double azimuth = sg_vec_atan2(v.east, v.north);
    /* aberration, 20.5 seconds of arc, is in the mean longitude already */
    double equation = whole_turns_out((280.460 + 0.9856474 * days) / 360 - ascension / (2 * SG_PI));
    *ret = (sg_sun_position){
        .zenith_rad = sg_sun_zenith_rad(&v),
        .azimuth_rad = azimuth < 0 ? azimuth + 2 * SG_PI : azimuth,
        .right_ascension_rad = ascension < 0 ? ascension + 2 * SG_PI : ascension,
        .declination_rad = sg_vec_atan2(sin_decl, cos_decl),
        .hour_angle_rad = hour * 2 * SG_PI,
        .equation_of_time_rad = equation * 2 * SG_PI,
        .obliquity_rad = sg_vec_atan2(e.sin_obliquity, e.cos_obliquity),
        .ecliptic_longitude_rad = (e.ecliptic_turns - floor(e.ecliptic_turns)) * 2 * SG_PI,
        .distance_au = distance_au,
        .extraterrestrial_w_m2 = SG_SOLAR_W_M2 / (distance_au * distance_au),
    };
    ret->apparent_zenith_rad = sg_sun_refract(site, ret->zenith_rad, &v);
}

/* --- rise and set --- */

/* The instant nearest to time_us at which the sun is `side` (-1, 0, 1) times its half day away from noon. */
static bool event_near(const sg_sun_site *site, int side, int64_t *time_us)
{
    bool happens = true;
    for (int i = 0; i < 6; i++) { /* each round leaves less than a hundredth of the error */
        sg_sun_position at;
        sg_sun_position_at(site, *time_us, &at);
        double cosine = (sin(RISE_RAD) - site->sin_lat * sin(at.declination_rad)) /
                        (site->cos_lat * cos(at.declination_rad));
        double wanted = side * sg_vec_acos(cosine) / (2 * SG_PI);
        happens = side == 0 || (cosine > -1 && cosine < 1);
        double missing = whole_turns_out(wanted - at.hour_angle_rad / (2 * SG_PI));
        *time_us += (int64_t)(missing / SIDEREAL_TURNS_PER_US);
    }
    return happens;
}

sg_sun_day sg_sun_rise_and_set(const sg_sun_site *site, int64_t time_us, int64_t *ret_rise_us,
                               int64_t *ret_noon_us, int64_t *ret_set_us)
{
    sg_sun_position at_noon;
    (void)event_near(site, 0, &time_us);
    sg_sun_position_at(site, time_us, &at_noon);
    int64_t rise_us = time_us - SG_SUN_DAY_US / 4, set_us = time_us + SG_SUN_DAY_US / 4;
    *ret_noon_us = time_us;
    if (!event_near(site, -1, &rise_us) || !event_near(site, 1, &set_us)) {
        return at_noon.zenith_rad > SG_PI / 2 - RISE_RAD ? SG_SUN_NEVER_RISES : SG_SUN_NEVER_SETS;
    }
    *ret_rise_us = rise_us;
    *ret_set_us = set_us;
    return SG_SUN_RISES;
}

/* --- the model --- */

enum { LATITUDE, LONGITUDE, ALTITUDE, PRESSURE, AIR, TURBIDITY, PARAM_COUNT };
enum {
    ELEVATION,
    AZIMUTH,
    ZENITH,
    TRUE_ZENITH,
    EXTRA,
    CLEAR_GHI,
    CLEAR_DNI,
    CLEAR_DHI,
    OUTPUT_COUNT
};

static const sg_param params[PARAM_COUNT] = {
    [LATITUDE] = {"latitude", SG_DIM_ANGLE, 54.5 * SG_DEGREE, -SG_PI / 2, SG_PI / 2, NULL,
                  "north positive; the preset is an example in the North Sea", ""},
    [LONGITUDE] = {"longitude", SG_DIM_ANGLE, 3 * SG_DEGREE, -SG_PI, SG_PI, NULL,
                   "east positive; the preset is an example in the North Sea", ""},
    [ALTITUDE] = {"altitude", SG_DIM_LENGTH, 0, -500, 9000, NULL, "above the sea", ""},
    [PRESSURE] = {"pressure_pa", SG_DIM_NONE, 0, 0, 120000, NULL,
                  "of the air; 0: that of the altitude", "US Standard Atmosphere"},
    [AIR] = {"air_temperature", SG_DIM_TEMPERATURE, 12, -90, 60, NULL, "for refraction",
             "yearly mean used by NREL SPA"},
    [TURBIDITY] = {"linke_turbidity", SG_DIM_NONE, 3, 1, 12, NULL,
                   "haze of the clear sky: 2 clean and cold, 3 usual, 5 and more humid or dusty",
                   "Ineichen & Perez 2002"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [ELEVATION] = {"elevation_deg", "deg", "as seen, with refraction"},
    [AZIMUTH] = {"azimuth_deg", "deg", "clockwise from north"},
    [ZENITH] = {"zenith_deg", "deg", "as seen, with refraction"},
    [TRUE_ZENITH] = {"true_zenith_deg", "deg", "without refraction"},
    [EXTRA] = {"extraterrestrial_w_m2", "W/m2", "outside the atmosphere, facing the sun"},
    [CLEAR_GHI] = {"clear_ghi_w_m2", "W/m2", "global horizontal irradiance of a clear sky"},
    [CLEAR_DNI] = {"clear_dni_w_m2", "W/m2", "direct normal"},
    [CLEAR_DHI] = {"clear_dhi_w_m2", "W/m2", "diffuse horizontal"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)in;
    (void)state;
    double pressure_pa = p[PRESSURE] > 0 ? p[PRESSURE] : sg_sky_pressure_pa(p[ALTITUDE]);
    sg_sun_site site = sg_sun_site_of(p[LATITUDE], p[LONGITUDE], pressure_pa, p[AIR]);
    sg_sun_position at;
    sg_sun_position_at(&site, now->time_us, &at);
    double seen = at.apparent_zenith_rad;
    sg_sky_clear clear =
        sg_sky_clear_of(seen, sg_sky_air_mass(seen) * sg_sky_pressure_pa(p[ALTITUDE]) / 101325,
                        p[TURBIDITY], p[ALTITUDE], at.extraterrestrial_w_m2);
    out[ELEVATION] = 90 - seen / SG_DEGREE;
    out[AZIMUTH] = at.azimuth_rad / SG_DEGREE;
    out[ZENITH] = seen / SG_DEGREE;
    out[TRUE_ZENITH] = at.zenith_rad / SG_DEGREE;
    out[EXTRA] = at.extraterrestrial_w_m2;
    out[CLEAR_GHI] = clear.ghi_w_m2;
    out[CLEAR_DNI] = clear.dni_w_m2;
    out[CLEAR_DHI] = clear.dhi_w_m2;
    return SG_OK;
}

const sg_model sg_model_sun = {
    .name = "sun",
    .title = "place of the sun, and a clear sky's irradiance",
    .source =
        "Astronomical Almanac, low precision (Michalsky, Solar Energy 40 (1988) 227); refraction "
        "of NREL/TP-560-34302; clear sky: Ineichen & Perez, Solar Energy 73 (2002) 151",
    .limits =
        "1950 to 2050; zenith within 0.012 degrees of the full algorithm, azimuth within 0.025 "
        "(0.3 with the sun overhead); no horizon but the sea's",
    .example = "time=2026-06-21T00:00:00Z..2026-06-21T23:30:00Z",
    .needs = SG_NEEDS_TIME,
    .params = params,
    .param_count = PARAM_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
