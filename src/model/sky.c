/* sky - light on a tilted plane, and what its glass reflects. */
#include "model/sky.h"

#include "base/check.h"
#include "model/model.h"
#include "model/sun.h"

#include <math.h>

/* R. Perez et al. 1990, all sites composite, by clearness from 1, 1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2 upwards. */
const double sg_perez_terms[SG_PEREZ_BINS][SG_PEREZ_TERMS] = {
    {-0.008, 0.588, -0.062, -0.060, 0.072, -0.022}, {0.130, 0.683, -0.151, -0.019, 0.066, -0.029},
    {0.330, 0.487, -0.221, 0.055, -0.064, -0.026},  {0.568, 0.187, -0.295, 0.109, -0.152, -0.014},
    {0.873, -0.392, -0.362, 0.226, -0.462, 0.001},  {1.132, -1.237, -0.412, 0.288, -0.823, 0.056},
    {1.060, -1.600, -0.359, 0.264, -1.127, 0.131},  {0.678, -0.327, -0.250, 0.156, -1.377, 0.251},
};

sg_sky_plane sg_sky_plane_of(double tilt_rad, double azimuth_rad)
{
    double sin_t, cos_t, sin_a, cos_a;
    sg_vec_sincos(tilt_rad, &sin_t, &cos_t);
    sg_vec_sincos(azimuth_rad, &sin_a, &cos_a);
    return (sg_sky_plane){.sky_share = (1 + cos_t) / 2,
                          .ground_share = (1 - cos_t) / 2,
                          .sin_tilt = sin_t,
                          .normal_up = cos_t,
                          .normal_north = sin_t * cos_a,
                          .normal_east = sin_t * sin_a};
}

sg_sky_glass sg_sky_glass_of(double index, double extinction)
{
    sg_sky_glass glass = {index, extinction, 1 / index, 1};
    glass.per_head_on = 1 / sg_sky_glass_passes(&glass, 1);
    return glass;
}

double sg_sky_pressure_pa(double altitude_m)
{
    double base = (44331.514 - altitude_m) / 11880.516;
    return base > 0 ? 100 * sg_vec_exp(sg_vec_log(base) / 0.1902632) : 0;
}

sg_sky_clear sg_sky_clear_of(double zenith_rad, double air_mass, double linke_turbidity,
                             double altitude_m, double extraterrestrial_w_m2)
{
    double sin_z, cos_z, haze = linke_turbidity - 1;
    sg_vec_sincos(zenith_rad, &sin_z, &cos_z);
    if (zenith_rad >= SG_PI / 2 || cos_z <= 0) {
        return (sg_sky_clear){0};
    }
    double fh1 = sg_vec_exp(-altitude_m / 8000), fh2 = sg_vec_exp(-altitude_m / 1250);
    double cg1 = 5.09e-5 * altitude_m + 0.868, cg2 = 3.92e-5 * altitude_m + 0.0387;
    double ghi =
        cg1 * extraterrestrial_w_m2 * cos_z * sg_vec_exp(-cg2 * air_mass * (fh1 + fh2 * haze));
    double beam =
        extraterrestrial_w_m2 * (0.664 + 0.163 / fh1) * sg_vec_exp(-0.09 * air_mass * haze);
    double most =
        ghi / cos_z * fmax(0, 1 - (0.1 - 0.2 * sg_vec_exp(-linke_turbidity)) / (0.1 + 0.882 / fh1));
    double dni = fmin(beam, most);
    return (sg_sky_clear){ghi, dni, ghi - dni * cos_z};
}

/* --- transposition --- */

enum { TILT, AZIMUTH, ALBEDO, TRANSPOSITION_PARAMS };
enum { GHI, DNI, DHI, ZENITH, SUN_AZIMUTH, EXTRA, AIR_MASS, TRANSPOSITION_INPUTS };
enum {
    POA_ISOTROPIC,
    POA_HAY_DAVIES,
    POA_PEREZ,
    BEAM,
    GROUND,
    SKY_ISOTROPIC,
    SKY_HAY_DAVIES,
    SKY_PEREZ,
    AOI,
    TRANSPOSITION_OUTPUTS
};

static const sg_param transposition_params[TRANSPOSITION_PARAMS] = {
    [TILT] = {"tilt", SG_DIM_ANGLE, 30 * SG_DEGREE, 0, SG_PI, NULL, "of the plane; 0 is level", ""},
    [AZIMUTH] = {"azimuth", SG_DIM_ANGLE, SG_PI, 0, 2 * SG_PI, NULL,
                 "that the plane faces, clockwise from north", ""},
    [ALBEDO] = {"albedo", SG_DIM_FRACTION, 0.25, 0, 1, NULL,
                "of the ground; open sea 0.06 to 0.10 (engineering estimate)",
                "usual preset for land"},
};

static const sg_input transposition_inputs[TRANSPOSITION_INPUTS] = {
    [GHI] = {"ghi", SG_DIM_IRRADIANCE, NAN, "global horizontal irradiance"},
    [DNI] = {"dni", SG_DIM_IRRADIANCE, NAN, "direct normal irradiance"},
    [DHI] = {"dhi", SG_DIM_IRRADIANCE, NAN, "diffuse horizontal irradiance"},
    [ZENITH] = {"zenith_deg", SG_DIM_NONE, NAN, "of the sun as seen"},
    [SUN_AZIMUTH] = {"azimuth_deg", SG_DIM_NONE, NAN, "of the sun, clockwise from north"},
    [EXTRA] = {"extraterrestrial", SG_DIM_IRRADIANCE, SG_SOLAR_W_M2,
               "outside the atmosphere, facing the sun"},
    [AIR_MASS] = {"air_mass", SG_DIM_NONE, -1,
                  "relative; below 0: from the zenith, Kasten & Young"},
};

static const sg_output transposition_outputs[TRANSPOSITION_OUTPUTS] = {
    [POA_ISOTROPIC] = {"isotropic_w_m2", "W/m2", "on the plane, evenly bright sky"},
    [POA_HAY_DAVIES] = {"hay_davies_w_m2", "W/m2", "on the plane, brighter around the sun"},
    [POA_PEREZ] = {"perez_w_m2", "W/m2", "on the plane, brighter around the sun and horizon"},
    [BEAM] = {"beam_w_m2", "W/m2", "of it, straight from the sun"},
    [GROUND] = {"ground_w_m2", "W/m2", "of it, from the ground"},
    [SKY_ISOTROPIC] = {"sky_isotropic_w_m2", "W/m2", "of it, from the sky"},
    [SKY_HAY_DAVIES] = {"sky_hay_davies_w_m2", "W/m2", "of it, from the sky"},
    [SKY_PEREZ] = {"sky_perez_w_m2", "W/m2", "of it, from the sky"},
    [AOI] = {"aoi_deg", "deg", "angle of incidence of the beam"},
};

static sg_status transposition_step(const sg_model *self, const double *p, const sg_now *now,
                                    const double *in, double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    if (in[GHI] < 0 || in[DNI] < 0 || in[DHI] < 0 || !(in[EXTRA] > 0) || in[ZENITH] < 0 ||
        in[ZENITH] > 180) {
        return SG_RANGE;
    }
    double sin_z, cos_z, sin_a, cos_a;
    sg_vec_sincos_turns(in[ZENITH] / 360, &sin_z, &cos_z);
    sg_vec_sincos_turns(in[SUN_AZIMUTH] / 360, &sin_a, &cos_a);
    sg_sky_plane plane = sg_sky_plane_of(p[TILT], p[AZIMUTH]);
    double cos_aoi =
        plane.normal_up * cos_z + sin_z * (plane.normal_north * cos_a + plane.normal_east * sin_a);
    sg_sky_scene s = {.dni_w_m2 = in[DNI],
                      .dhi_w_m2 = in[DHI],
                      .extraterrestrial_w_m2 = in[EXTRA],
                      .zenith_rad = in[ZENITH] * SG_DEGREE,
                      .cos_zenith = cos_z,
                      .cos_aoi = cos_aoi,
                      .air_mass = in[AIR_MASS]};
    s.air_mass = in[AIR_MASS] < 0 ? sg_sky_air_mass(s.zenith_rad) : in[AIR_MASS];
    const double *f = sg_perez_terms[(int)sg_sky_perez_bin(&s)];
    out[BEAM] = in[DNI] * sg_vec_max(0, cos_aoi);
    out[GROUND] = in[GHI] * p[ALBEDO] * plane.ground_share;
    out[SKY_ISOTROPIC] = sg_sky_isotropic(&s, &plane);
    out[SKY_HAY_DAVIES] = sg_sky_hay_davies(&s, &plane);
    out[SKY_PEREZ] = sg_sky_perez(&s, &plane, sg_sky_perez_term(&s, f[0], f[1], f[2]),
                                  sg_sky_perez_term(&s, f[3], f[4], f[5]));
    for (int i = 0; i < 3; i++) {
        out[POA_ISOTROPIC + i] = out[BEAM] + out[GROUND] + out[SKY_ISOTROPIC + i];
    }
    out[AOI] = sg_vec_acos(cos_aoi) / SG_DEGREE;
    return SG_OK;
}

const sg_model sg_model_transposition = {
    .name = "transposition",
    .title = "irradiance on a tilted plane from horizontal irradiance",
    .source = "Hay & Davies 1980; Perez et al., Solar Energy 44 (1990) 271, coefficients all sites "
              "composite; evenly bright sky: Liu & Jordan 1963",
    .limits = "unobstructed sky and level ground; beam and sky are not cut off when the sun is "
              "down: give "
              "zeros then",
    .example = "ghi=257.2 dni=646.2 dhi=62 zenith_deg=72.42 azimuth_deg=90..270",
    .params = transposition_params,
    .param_count = TRANSPOSITION_PARAMS,
    .inputs = transposition_inputs,
    .input_count = TRANSPOSITION_INPUTS,
    .outputs = transposition_outputs,
    .output_count = TRANSPOSITION_OUTPUTS,
    .step = transposition_step,
};

/* --- incidence --- */

enum { INDEX, EXTINCTION, THICKNESS, ASHRAE_B, A_R, INCIDENCE_PARAMS };

static const sg_param incidence_params[INCIDENCE_PARAMS] = {
    [INDEX] = {"refractive_index", SG_DIM_NONE, 1.526, 1.0001, 3, NULL, "of the glass",
               "De Soto et al. 2006"},
    [EXTINCTION] = {"extinction_per_m", SG_DIM_NONE, 4, 0, 1000, NULL, "of the glass",
                    "De Soto et al. 2006: white glass"},
    [THICKNESS] = {"thickness", SG_DIM_LENGTH, 0.002, 0, 0.1, NULL, "of the glass",
                   "De Soto et al. 2006"},
    [ASHRAE_B] = {"ashrae_b", SG_DIM_NONE, 0.05, 0, 1, NULL, "of the ASHRAE curve", "ASHRAE 93-77"},
    [A_R] = {"martin_ruiz_a_r", SG_DIM_NONE, 0.16, 0.01, 1, NULL,
             "angular loss of Martin and Ruiz: 0.16 clean, 0.20 and more dusty",
             "Martin & Ruiz 2001"},
};

static const sg_input incidence_inputs[] = {
    {"aoi_deg", SG_DIM_NONE, NAN, "angle of incidence; 90 and more gives 0"}};

static const sg_output incidence_outputs[] = {
    {"physical", "", "share that gets through, by Fresnel and absorption, 1 at 0 degrees"},
    {"martin_ruiz", "", "the same by Martin and Ruiz"},
    {"ashrae", "", "the same by ASHRAE"}};

static sg_status incidence_step(const sg_model *self, const double *p, const sg_now *now,
                                const double *in, double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    if (in[0] < -180 || in[0] > 180) {
        return SG_RANGE;
    }
    double sine, cosine;
    sg_vec_sincos_turns(in[0] / 360, &sine, &cosine);
    sg_sky_glass glass = sg_sky_glass_of(p[INDEX], p[EXTINCTION] * p[THICKNESS]);
    out[0] = sg_sky_iam_physical(&glass, cosine);
    out[1] = sg_sky_iam_martin_ruiz(p[A_R], cosine);
    out[2] = sg_sky_iam_ashrae(p[ASHRAE_B], cosine);
    return SG_OK;
}

const sg_model sg_model_incidence = {
    .name = "incidence",
    .title = "what a module's glass lets through at an angle",
    .source = "De Soto et al., Solar Energy 80 (2006) 78; Martin & Ruiz, Sol. Energy Mater. 70 "
              "(2001) 25; "
              "ASHRAE 93-77",
    .limits =
        "one clean pane without coating, unpolarised light; ASHRAE's curve is not meant beyond 80 "
        "degrees",
    .example = "aoi_deg=0..90",
    .params = incidence_params,
    .param_count = INCIDENCE_PARAMS,
    .inputs = incidence_inputs,
    .input_count = SG_COUNT(incidence_inputs),
    .outputs = incidence_outputs,
    .output_count = SG_COUNT(incidence_outputs),
    .step = incidence_step,
};
