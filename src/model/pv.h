/* pv.h - a photovoltaic plant from the sun's place to alternating current.
 *
 * Almanac sun -> direct and diffuse light -> plane of the array -> reflection -> cell temperature -> PVWatts DC, losses,
 * inverter -> transformer.
 *
 * Units    SI: rad, m, m/s, degC, W, W/m2; shares are fractions; instants are microseconds since 1970, UTC.
 * Sign     power into the bus is positive; only a transformer that is given losses draws power at night.
 * Source   cells: D. Faiman, Prog. Photovolt. 16 (2008) 307; King et al., SAND2004-3535; A. Mermoud, PVsyst; R. G. Ross 1980; SAM
 *          Photovoltaic Technical Reference (NOCT). DC, losses and inverter: A. Dobos, PVWatts Version 5, NREL/TP-6A20-62641.
 * Limits   PVWatts is good to about 10 % of a year's energy; no shading by neighbours, no snow, no spectrum, no clouds' edges
 *          between two rows. See sun.h and sky.h for theirs.
 * Memory   nothing is allocated. Results have the same bits for one row and for many, with SSE2 and AVX2. */
#ifndef SG_MODEL_PV_H
#define SG_MODEL_PV_H
#include "math/vector.h"
#include "model/sky.h"
#include "model/sun.h"

typedef enum sg_pv_sky { SG_PV_HAY_DAVIES, SG_PV_PEREZ, SG_PV_ISOTROPIC } sg_pv_sky;

typedef struct sg_pv_params {
    double latitude_rad, longitude_rad, altitude_m;
    double tilt_rad, azimuth_rad;
    double albedo_frac;
    double dc_rating_w;  /* at 1000 W/m2 and 25 degC; area times efficiency times 1000 W/m2 */
    double gamma_per_k;  /* change of power per kelvin of cell temperature, < 0 */
    double inverter_w;   /* most AC that the inverters deliver */
    double inverter_eff; /* nominal */
    double loss_frac;    /* of DC: wiring, mismatch, ... without soiling where that is an input */
    double u0_w_m2k, u1_w_m3sk; /* Faiman: heat loss, and its share per m/s of wind (W s/(m3 K)) */
    double no_load_frac, load_frac; /* transformer, of inverter_w; 0: none */
    sg_pv_sky sky;
} sg_pv_params;

/* Parameters made ready for many rows. */
typedef struct sg_pv {
    sg_pv_params p;
    sg_sun_site site;
    sg_sky_plane plane;
    sg_sky_glass glass;
    double dc_per_w_m2;   /* W per W/m2 at 25 degC, losses taken off */
    double inverter_dc_w; /* DC at full AC power */
} sg_pv;

/* Columns. An input pointer that is NULL stands for the preset of all rows, an output pointer that is NULL is not computed. */
enum sg_pv_input {
    SG_PV_GHI,     /* W/m2 on the level; below 0 counts as 0 */
    SG_PV_DNI,     /* W/m2 facing the sun; below 0: not measured. Preset -1 */
    SG_PV_DHI,     /* W/m2 from the sky on the level; below 0: not measured. Preset -1 */
    SG_PV_AIR,     /* degC. Preset 20 */
    SG_PV_WIND,    /* m/s at the modules; below 0 counts as 0. Preset 1 */
    SG_PV_SOILING, /* share of light that dirt lets through. Preset 1 */
    SG_PV_ROLL,    /* rad, rms of the platform's tilt in each of two directions. Preset 0 */
    SG_PV_INPUTS
};
enum sg_pv_output {
    SG_PV_AC,        /* W at the bus                                   */
    SG_PV_DC,        /* W into the inverters, losses taken off, before they clip */
    SG_PV_POA,       /* W/m2 on the plane of the array                 */
    SG_PV_EFFECTIVE, /* W/m2 of it that reach the cells, after reflection and dirt */
    SG_PV_CELL,      /* degC                                           */
    SG_PV_ZENITH,    /* degrees, as seen                               */
    SG_PV_AOI,       /* degrees, of the beam on the plane at rest      */
    SG_PV_OUTPUTS
};

/* @effects alloc=no block=no fails=never */
void sg_pv_prepare(const sg_pv_params *p, sg_pv *ret);

/* `count` rows; time_us is the middle of each. Effective irradiance and power are NaN where a value is
 * missing (NaN) or senseless: air below 0 K, soiling outside 0..1, a tilt below 0. @effects alloc=no block=no fails=never */
void sg_pv_rows(const sg_pv *self, int64_t count, const int64_t *time_us,
                const double *const in[SG_PV_INPUTS], double *const out[SG_PV_OUTPUTS]);

/* One row, with the bits that sg_pv_rows gives. @effects alloc=no block=no fails=never */
void sg_pv_point(const sg_pv *self, int64_t time_us, const double in[SG_PV_INPUTS],
                 double out[SG_PV_OUTPUTS]);

/* 1 - product of (1 - loss). @effects alloc=no block=no fails=never */
double sg_pv_losses_frac(const double *loss_frac, int count);

/* What leaves a transformer of rating_w that takes power_w; losses rise with the square of what it delivers. The quadratic of
 * no-load and load loss (IEC 60076), solved without cancellation. */
SG_VEC double sg_pv_transformer_w(double power_w, double no_load_frac, double load_frac,
                                  double rating_w)
{
    double in = power_w / rating_w - no_load_frac;
    return rating_w * 2 * in / (1 + sg_vec_sqrt(1 + 4 * load_frac * in));
}

/* Module temperatures, degC, at poa_w_m2, air_degc and wind_ms. */
SG_VEC double sg_pv_faiman_degc(double poa_w_m2, double air_degc, double wind_ms, double u0_w_m2k,
                                double u1_w_m3sk)
{
    return air_degc + poa_w_m2 / (u0_w_m2k + u1_w_m3sk * wind_ms);
}

SG_VEC double sg_pv_sapm_module_degc(double poa_w_m2, double air_degc, double wind_ms, double a,
                                     double b)
{
    return poa_w_m2 * sg_vec_exp(a + b * wind_ms) + air_degc;
}

/* cell_rise_k: cell over back of module at 1000 W/m2 */
SG_VEC double sg_pv_sapm_cell_degc(double poa_w_m2, double module_degc, double cell_rise_k)
{
    return module_degc + poa_w_m2 / 1000 * cell_rise_k;
}

/* efficiency of the module; 0.9 of the light is absorbed */
SG_VEC double sg_pv_pvsyst_degc(double poa_w_m2, double air_degc, double wind_ms, double uc_w_m2k,
                                double uv_w_m3sk, double efficiency_frac)
{
    return air_degc + poa_w_m2 * 0.9 * (1 - efficiency_frac) / (uc_w_m2k + uv_w_m3sk * wind_ms);
}

SG_VEC double sg_pv_ross_degc(double poa_w_m2, double air_degc, double k_km2_w)
{
    return air_degc + k_km2_w * poa_w_m2;
}

/* One storey high (wind at 0.51 of that at 10 m), free behind. */
SG_VEC double sg_pv_noct_sam_degc(double poa_w_m2, double air_degc, double wind_ms,
                                  double noct_degc, double efficiency_frac)
{
    double wind = 9.5 / (5.7 + 3.8 * 0.51 * wind_ms);
    return air_degc + poa_w_m2 / 800 * (noct_degc - 20) * (1 - efficiency_frac / 0.9) * wind;
}

/* PVWatts, without losses. */
SG_VEC double sg_pv_dc_w(double effective_w_m2, double cell_degc, double rating_w,
                         double gamma_per_k)
{
    double w = effective_w_m2 * 0.001 * rating_w * (1 + gamma_per_k * (cell_degc - 25));
    return sg_vec_max(0, w);
}

/* PVWatts inverter: dc_rating_w in gives eff * dc_rating_w out, and no more. The part-load curve of eta times the power is a
 * polynomial, so that nothing is divided by the little power of dawn; where it falls below 0 the output is 0. */
SG_VEC double sg_pv_inverter_w(double dc_w, double dc_rating_w, double eff)
{
    double own = 0.0059 * dc_rating_w,
           bend = 0.0162 / dc_rating_w; /* the same for all rows of a plant */
    double w = eff / 0.9637 * (dc_w * (0.9858 - bend * dc_w) - own);
    return sg_vec_max(0, sg_vec_min(eff * dc_rating_w, w));
}

/* Mean of max(cos, 0) of the angle of incidence on a plane whose tilt is Gaussian in two directions. Exact while the sun stays
 * in front of the plane: cos times exp(-roll^2); beyond, a Gaussian with the right mean and spread, cut off at 0: within 1 %
 * of many draws, for angles up to 88 degrees and 15 degrees of roll. */
SG_VEC double sg_pv_rolling_cos(double cos_aoi, double sin_aoi, double roll_rad)
{
    double keep = sg_vec_exp(-roll_rad * roll_rad), twice = keep * keep;
    double mean = cos_aoi * keep;
    double spread = sin_aoi * sg_vec_sqrt((1 - twice) / 2 * (3 + twice) / 4);
    double t = sg_vec_clamp(mean / sg_vec_max(1e-150, spread), -30, 30), far = sg_vec_abs(t);
    double density = 0.3989422804014327 * sg_vec_exp(-t * t / 2);
    double k = 1 / (1 + 0.2316419 * far); /* Abramowitz & Stegun 26.2.17, 7.5e-8 */
    double tail =
        k * (0.319381530 +
             k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))));
    tail *= density;
    double cut = mean * sg_vec_select(t > 0, 1 - tail, tail) + spread * density;
    return sg_vec_select(roll_rad == 0, sg_vec_max(0, cos_aoi), sg_vec_max(0, cut));
}
#endif
