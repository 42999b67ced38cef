/* soiling.h - dirt on modules: dust that settles, salt and grime that build up, rain and cleaning that take them off.
 *
 * Units    s, mm of rain in the step, g/m3 of particles in the air, g/m2 of dust on the panel; ratios are fractions of light.
 * Sign     a soiling ratio is the share of light let through, 1 for clean; a loss is 1 minus that.
 * Source   dust: M. Coello, L. Boyle, IEEE J. Photovolt. 9 (2019) 1382 ("HSU"). Constant rate and grace: A. Kimber et al., 4th WCPEC (2006).
 * Limits   dust is validated up to 10 g/m2 and ends at 0.656. No published rate for salt was found: salt is a constant rate
 *          here, and the rate an assumption of who sets it. Rain cleans wholly or not at all.
 * Memory   the caller's array of SG_SOILING_STATE doubles; zeros are a clean plant. Nothing is allocated. */
#ifndef SG_MODEL_SOILING_H
#define SG_MODEL_SOILING_H
#include <stdbool.h>

enum {
    SG_SOILING_BUCKETS = 24, /* the rain window is remembered in as many parts */
    SG_SOILING_DUST = 0,     /* g/m2 */
    SG_SOILING_LOSS,         /* of the constant rate, fraction */
    SG_SOILING_GRACE,        /* s until the constant rate starts again */
    SG_SOILING_SINCE,        /* s since the last cleaning of the maintenance cycle */
    SG_SOILING_PHASE,        /* s into the newest bucket */
    SG_SOILING_NEWEST,       /* its index */
    SG_SOILING_RAIN,         /* mm in each bucket */
    SG_SOILING_STATE = SG_SOILING_RAIN + SG_SOILING_BUCKETS
};

typedef struct sg_soiling {
    double cos_tilt;
    double settle_fine_ms, settle_coarse_ms; /* m/s: up to 2.5 um, 2.5 to 10 um */
    double rain_threshold_mm,
        rain_window_s; /* a step with rain cleans when the window holds that much */
    double loss_rate_per_s, loss_max_frac; /* the constant rate and where it ends */
    double grace_s;       /* after rain, from the step's beginning: damp ground, no constant rate */
    double maintenance_s; /* cleaned every so often; 0: never */
} sg_soiling;

typedef struct sg_soiling_day {
    double dt_s;                  /* > 0 */
    double rain_mm;               /* in the step */
    double pm2_5_g_m3, pm10_g_m3; /* the second includes the first */
    bool cleaned;                 /* by people or machines, in this step */
} sg_soiling_day;

/* One step; returns the soiling ratio at its end. @effects alloc=no block=no fails=never */
double sg_soiling_step(const sg_soiling *self, const sg_soiling_day *day,
                       double state[SG_SOILING_STATE]);

/* Light that so much dust lets through. @effects alloc=no block=no fails=never */
double sg_soiling_dust_ratio(double dust_g_m2);
#endif
