/* soiling - the share of light that dirt lets through, and what washes it off. */
#include "model/soiling.h"

#include "base/check.h"
#include "math/vector.h"
#include "model/model.h"

#include <math.h>

double sg_soiling_dust_ratio(double dust_g_m2)
{
    return dust_g_m2 > 0 ? 1 - 0.3437 * erf(0.17 * pow(dust_g_m2, 0.8473)) : 1;
}

/* Time passes over the rain window; returns the rain in it, mm, with that of the step. A step counts as one fall at its beginning:
 * exact for steps that are whole multiples of the window's 24th, and one that is as long as the window stands alone. */
static double rain_in_window(const sg_soiling *self, const sg_soiling_day *day, double *state)
{
    double *bucket = state + SG_SOILING_RAIN, bucket_s = self->rain_window_s / SG_SOILING_BUCKETS;
    double passed_s = state[SG_SOILING_PHASE] + day->dt_s, sum_mm = 0;
    double moved = floor(passed_s / bucket_s * (1 + 1e-12));
    int newest = (int)state[SG_SOILING_NEWEST];
    for (int i = 0; i < SG_SOILING_BUCKETS && i < moved; i++) {
        newest = (newest + 1) % SG_SOILING_BUCKETS;
        bucket[newest] = 0;
    }
    state[SG_SOILING_NEWEST] = newest;
    state[SG_SOILING_PHASE] = fmax(0, passed_s - moved * bucket_s);
    bucket[newest] += day->rain_mm;
    for (int i = 0; i < SG_SOILING_BUCKETS; i++) {
        sum_mm += bucket[i];
    }
    return sum_mm;
}

double sg_soiling_step(const sg_soiling *self, const sg_soiling_day *day,
                       double state[SG_SOILING_STATE])
{
    double rain_mm = rain_in_window(self, day, state);
    double coarse_g_m3 = fmax(0, day->pm10_g_m3 - day->pm2_5_g_m3);
    double settling_g_m2s =
        self->settle_fine_ms * day->pm2_5_g_m3 + self->settle_coarse_ms * coarse_g_m3;
    double builds_s = fmax(0, day->dt_s - state[SG_SOILING_GRACE]);
    state[SG_SOILING_GRACE] = fmax(0, state[SG_SOILING_GRACE] - day->dt_s);
    state[SG_SOILING_DUST] += settling_g_m2s * fmax(0, self->cos_tilt) * day->dt_s;
    state[SG_SOILING_LOSS] =
        fmin(self->loss_max_frac, state[SG_SOILING_LOSS] + self->loss_rate_per_s * builds_s);
    state[SG_SOILING_SINCE] += day->dt_s;
    bool rained = day->rain_mm > 0 && rain_mm >= self->rain_threshold_mm * (1 - 1e-12);
    bool due =
        self->maintenance_s > 0 && state[SG_SOILING_SINCE] >= self->maintenance_s * (1 - 1e-12);
    if (due || day->cleaned) {
        state[SG_SOILING_SINCE] = 0;
    }
    if (rained || due || day->cleaned) {
        state[SG_SOILING_DUST] = 0;
        state[SG_SOILING_LOSS] = 0;
    }
    if (rained) {
        state[SG_SOILING_GRACE] =
            fmax(0, self->grace_s - day->dt_s); /* it fell as the step began */
    }
    return sg_soiling_dust_ratio(state[SG_SOILING_DUST]) * (1 - state[SG_SOILING_LOSS]);
}

/* --- the model --- */

enum { TILT, FINE, COARSE, THRESHOLD, WINDOW, RATE, RATE_MAX, GRACE, MAINTENANCE, PARAM_COUNT };
enum { RAIN, PM2_5, PM10, CLEANED, INPUT_COUNT };
enum { RATIO, DUST_RATIO, RATE_LOSS, DUST, OUTPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [TILT] = {"tilt", SG_DIM_ANGLE, 0, 0, 3.141592653589793, NULL, "of the modules; 0 is level",
              ""},
    [FINE] = {"settling_pm2_5", SG_DIM_SPEED, 0.0009, 0, 1, NULL, "of particles up to 2.5 um",
              "Coello & Boyle 2019"},
    [COARSE] = {"settling_pm10", SG_DIM_SPEED, 0.004, 0, 1, NULL, "of particles from 2.5 to 10 um",
                "Coello & Boyle 2019"},
    [THRESHOLD] = {"rain_threshold_mm", SG_DIM_NONE, 6, 0, 1000, NULL,
                   "rain in the window that cleans", "Kimber et al. 2006"},
    [WINDOW] = {"rain_window", SG_DIM_TIME, 86400, 60, 30 * 86400.0, NULL,
                "over which rain is added up", "Kimber et al. 2006"},
    [RATE] = {"loss_rate", SG_DIM_RATE, 0.0015 / 86400, 0, 0.1 / 86400, NULL,
              "loss that builds up between cleanings: regions of California 0.11 to 0.30 %/day; "
              "for salt "
              "spray an assumption",
              "Kimber et al. 2006"},
    [RATE_MAX] = {"loss_max", SG_DIM_FRACTION, 0.30, 0, 1, NULL, "where it ends",
                  "Kimber et al. 2006"},
    [GRACE] = {"grace_period", SG_DIM_TIME, 14 * 86400.0, 0, 365 * 86400.0, NULL,
               "after rain without this loss, the ground being damp; 0 at sea",
               "Kimber et al. 2006"},
    [MAINTENANCE] = {"maintenance_cycle", SG_DIM_TIME, 0, 0, 1e9, NULL,
                     "time between cleanings; 0: never", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [RAIN] = {"rain_mm", SG_DIM_NONE, 0, "in the step"},
    [PM2_5] = {"pm2_5_g_m3", SG_DIM_NONE, 0,
               "particles up to 2.5 um in the air (10 ug/m3 is 1e-5)"},
    [PM10] = {"pm10_g_m3", SG_DIM_NONE, 0, "particles up to 10 um, those above included"},
    [CLEANED] = {"cleaned", SG_DIM_NONE, 0, "1: the modules are washed in this step"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [RATIO] = {"soiling_ratio", "", "share of light that comes through"},
    [DUST_RATIO] = {"dust_ratio", "", "the same of dust alone"},
    [RATE_LOSS] = {"loss_frac", "", "loss of the constant rate"},
    [DUST] = {"dust_g_m2", "g/m2", "dust on the modules"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    if (in[RAIN] < 0 || in[PM2_5] < 0 || in[PM10] < 0) {
        return SG_RANGE;
    }
    double sine, cosine;
    sg_vec_sincos(p[TILT], &sine, &cosine);
    sg_soiling plant = {.cos_tilt = cosine,
                        .settle_fine_ms = p[FINE],
                        .settle_coarse_ms = p[COARSE],
                        .rain_threshold_mm = p[THRESHOLD],
                        .rain_window_s = p[WINDOW],
                        .loss_rate_per_s = p[RATE],
                        .loss_max_frac = p[RATE_MAX],
                        .grace_s = p[GRACE],
                        .maintenance_s = p[MAINTENANCE]};
    sg_soiling_day day = {now->dt_s, in[RAIN], in[PM2_5], in[PM10], in[CLEANED] > 0};
    out[RATIO] = sg_soiling_step(&plant, &day, state);
    out[DUST_RATIO] = sg_soiling_dust_ratio(state[SG_SOILING_DUST]);
    out[RATE_LOSS] = state[SG_SOILING_LOSS];
    out[DUST] = state[SG_SOILING_DUST];
    return SG_OK;
}

const sg_model sg_model_soiling = {
    .name = "soiling",
    .title = "dust and salt on modules, rain and cleaning",
    .source = "Coello & Boyle, IEEE J. Photovolt. 9 (2019) 1382; Kimber et al., 4th WCPEC (2006)",
    .limits = "dust up to 10 g/m2; rain cleans wholly or not at all; the rate for salt is an "
              "assumption, no "
              "published one was found",
    .example = "rain_mm=0..12 pm2_5_g_m3=2e-5 pm10_g_m3=1e-4 dt_s=86400",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .state_count = SG_SOILING_STATE,
    .step = step,
};
