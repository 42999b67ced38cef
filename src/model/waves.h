/* waves.h - a sea state as a spectrum: how high, how steep, how often, and a record of it over time.
 *
 * Units    m, s, Hz, rad; spectra in m2/Hz of frequency f (not of angular frequency).
 * Memory   plain values and the caller's arrays; nothing is allocated. Pure.
 * Source   Pierson-Moskowitz and JONSWAP as in IEC TS 62600-2: B = 1.25 / Tp^4, A = B (Hs / 2)^2, S = A f^-5 exp(-B f^-4), times
 *          (1 - 0.287 ln gamma) gamma^exp(-(f - fp)^2 / (2 sigma^2 fp^2)), sigma 0.07 up to the peak and 0.09 above.
 *          By wind: Pierson and Moskowitz 1964, alpha 0.0081, beta 0.74, wind at 19.5 m.
 * Limits   one wave system, long-crested, linear; 1 <= gamma <= 7. The slope of an endless spectrum has no bound: every
 *          slope here is that of waves up to a stated cut-off. */
#ifndef SG_MODEL_WAVES_H
#define SG_MODEL_WAVES_H
#include "base/status.h"

#include <stdint.h>

#define SG_GRAVITY_MS2 9.80665

typedef struct sg_sea {
    double hs_m;  /* significant wave height, >= 0 */
    double tp_s;  /* peak period, > 0              */
    double gamma; /* 1: Pierson-Moskowitz          */
} sg_sea;

/* The peak enhancement that IEC TS 62600-2 takes for such a sea, 1 to 5. @effects alloc=no block=no fails=never */
double sg_waves_gamma(double hs_m, double tp_s);

/* m2/Hz; 0 for f <= 0. @effects alloc=no block=no fails=never */
double sg_waves_spectrum(const sg_sea *self, double f_hz);

/* Peak period of a Pierson-Moskowitz sea with that mean zero-crossing period. @effects alloc=no block=no fails=never */
double sg_waves_peak_period_s(double tz_s);

/* The fully grown sea under a steady wind at 19.5 m. @effects alloc=no block=no fails=never */
sg_sea sg_waves_by_wind(double wind_ms);

/* Wave number, rad/m, from omega^2 = g k tanh(k depth); depth <= 0: deep water. @effects alloc=no block=no fails=never */
double sg_waves_number(double f_hz, double depth_m);

typedef struct sg_wave_moments {
    double before; /* m(-1), m2 s    */
    double m0;     /* m2             */
    double m1;     /* m2/s           */
    double m2;     /* m2/s2          */
    double slope;  /* of k^2 S, rad2 */
} sg_wave_moments;

/* Moments over f from 0 to cut_ratio times the peak (> 1). @effects alloc=no block=no fails=never */
void sg_waves_moments(const sg_sea *self, double cut_ratio, double depth_m, sg_wave_moments *ret);

/* From moments; 0 where there are no waves. @effects alloc=no block=no fails=never */
double sg_waves_hm0_m(const sg_wave_moments *self);
double sg_waves_te_s(const sg_wave_moments *self); /* energy period, m(-1) / m0      */
double sg_waves_t1_s(const sg_wave_moments *self); /* mean period, m0 / m1           */
double sg_waves_tz_s(const sg_wave_moments *self); /* zero crossings, sqrt(m0 / m2)  */

typedef struct sg_wave_record {
    double from_hz, to_hz; /* the band that is drawn from, 0 <= from < to     */
    int waves;             /* cosines, >= 1; the record repeats after waves / (to - from) */
    uint64_t seed;         /* of the phases                                   */
    double start_s, dt_s;  /* times: start, start + dt, ...                   */
    double depth_m;        /* <= 0: deep water                                */
} sg_wave_record;

/* count values of the elevation, m, and of the slope along the waves' way, rad, at one place; either array may be NULL. Each
 * cosine has the amplitude sqrt(2 S df), so elevation and slope belong together. @effects alloc=no block=no fails=never */
void sg_waves_record(const sg_sea *self, const sg_wave_record *how, int64_t count,
                     double *ret_elevation_m, double *ret_slope_rad);
#endif
