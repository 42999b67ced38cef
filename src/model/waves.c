#include "model/waves.h"

#include "base/check.h"
#include "base/prng.h"
#include "model/model.h"

#include <math.h>
#include <stddef.h>

static const double two_pi = 6.283185307179586;

double sg_waves_gamma(double hs_m, double tp_s)
{
    double steep = tp_s / sqrt(hs_m);
    return steep <= 3.6 ? 5 : steep > 5 ? 1 : exp(5.75 - 1.15 * steep);
}

double sg_waves_spectrum(const sg_sea *self, double f_hz)
{
    double u = f_hz * self->tp_s; /* over the peak's frequency */
    if (!(u > 0.1)) {
        return 0; /* exp(-12500) */
    }
    double u2 = u * u, u4 = u2 * u2;
    double s = 1.25 * self->tp_s * (self->hs_m * self->hs_m / 4) / (u4 * u) * exp(-1.25 / u4);
    if (self->gamma == 1) {
        return s;
    }
    double sigma = u <= 1 ? 0.07 : 0.09, ln_gamma = log(self->gamma);
    double off = (u - 1) / sigma;
    return s * (1 - 0.287 * ln_gamma) * exp(ln_gamma * exp(-0.5 * off * off));
}

double sg_waves_peak_period_s(double tz_s)
{
    return tz_s * 1.407715755684721; /* (1.25 pi)^(1/4) */
}

sg_sea sg_waves_by_wind(double wind_ms)
{
    double u = wind_ms > 0 ? wind_ms : 0;
    /* m0 = alpha U^4 / (4 beta g^2); the peak lies at (4 beta / 5)^(1/4) g / (2 pi U) */
    double hs_m = 4 * sqrt(0.0081 / (4 * 0.74)) * u * u / SG_GRAVITY_MS2;
    double tp_s = two_pi * u / (0.8771632473301956 * SG_GRAVITY_MS2);
    return (sg_sea){.hs_m = hs_m, .tp_s = tp_s > 1e-3 ? tp_s : 1e-3, .gamma = 1};
}

double sg_waves_number(double f_hz, double depth_m)
{
    double omega = two_pi * f_hz, deep = omega * omega / SG_GRAVITY_MS2;
    if (!(depth_m > 0) || !(deep > 0) || deep * depth_m > 20) {
        return deep;
    }
    double y = deep * depth_m, x = y / sqrt(tanh(y)); /* Eckart's first guess */
    for (int i = 0; i < 20; i++) {
        double th = tanh(x), error = x * th - y;
        double next = x - error / (th + x * (1 - th * th));
        if (fabs(next - x) <= 1e-15 * x) {
            break;
        }
        x = next;
    }
    return x / depth_m;
}

/* The trapezoidal rule over ln f, in which the spectrum is smooth. */
void sg_waves_moments(const sg_sea *self, double cut_ratio, double depth_m, sg_wave_moments *ret)
{
    enum { STEPS = 640 };
    double low = log(0.3), step = (log(cut_ratio) - low) / STEPS;
    *ret = (sg_wave_moments){0};
    for (int i = 0; i <= STEPS; i++) {
        double f = exp(low + step * i) / self->tp_s, k = sg_waves_number(f, depth_m);
        double share = sg_waves_spectrum(self, f) * f * step * (i == 0 || i == STEPS ? 0.5 : 1);
        ret->before += share / f;
        ret->m0 += share;
        ret->m1 += share * f;
        ret->m2 += share * f * f;
        ret->slope += share * k * k;
    }
}

double sg_waves_hm0_m(const sg_wave_moments *self)
{
    return 4 * sqrt(self->m0);
}

double sg_waves_te_s(const sg_wave_moments *self)
{
    return self->m0 > 0 ? self->before / self->m0 : 0;
}

double sg_waves_t1_s(const sg_wave_moments *self)
{
    return self->m1 > 0 ? self->m0 / self->m1 : 0;
}

double sg_waves_tz_s(const sg_wave_moments *self)
{
    return self->m2 > 0 ? sqrt(self->m0 / self->m2) : 0;
}

void sg_waves_record(const sg_sea *self, const sg_wave_record *how, int64_t count,
                     double *ret_elevation_m, double *ret_slope_rad)
{
    double df = (how->to_hz - how->from_hz) / how->waves;
    for (int64_t k = 0; k < count; k++) {
        if (ret_elevation_m) {
            ret_elevation_m[k] = 0;
        }
        if (ret_slope_rad) {
            ret_slope_rad[k] = 0;
        }
    }
    for (int i = 0; i < how->waves; i++) {
        double f = how->from_hz + (i + 0.5) * df, k_rad_m = sg_waves_number(f, how->depth_m);
        double height = sqrt(2 * sg_waves_spectrum(self, f) * df);
        double phase = two_pi * sg_prng_unit(how->seed, (uint64_t)i);
        for (int64_t k = 0; k < count; k++) {
            double angle = two_pi * f * (how->start_s + how->dt_s * (double)k) + phase;
            if (ret_elevation_m) {
                ret_elevation_m[k] += height * cos(angle);
            }
            if (ret_slope_rad) { /* of height cos(omega t - k x + phase) at x = 0 */
                ret_slope_rad[k] += height * k_rad_m * sin(angle);
            }
        }
    }
}

/* --- the model --- */

enum { GAMMA, CUT, DEPTH, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [GAMMA] = {"gamma", SG_DIM_NONE, 0, 0, 7, NULL,
               "peak enhancement, 1 to 7; below 1: from height and period", "IEC TS 62600-2"},
    [CUT] = {"cut_ratio", SG_DIM_NONE, 10, 1.5, 100, NULL,
             "highest frequency that counts, over that of the peak", ""},
    [DEPTH] = {"depth", SG_DIM_LENGTH, 0, 0, 11000, NULL, "of the sea; 0: deep water", ""},
};

enum { FREQUENCY, HEIGHT, PERIOD, INPUT_COUNT };

static const sg_input inputs[INPUT_COUNT] = {
    [FREQUENCY] = {"frequency", SG_DIM_FREQUENCY, 0.125, "at which the spectrum is wanted"},
    [HEIGHT] = {"wave_height", SG_DIM_LENGTH, 2.5, "significant wave height"},
    [PERIOD] = {"peak_period", SG_DIM_TIME, 8, "of the spectrum's peak"},
};

static const sg_output outputs[] = {
    {"spectrum_m2_hz", "m2/Hz", "of the elevation"},
    {"pierson_moskowitz_m2_hz", "m2/Hz", "the same without enhancement of the peak"},
    {"slope_spectrum", "1/Hz", "of the slope"},
    {"gamma", "", "peak enhancement in use"},
    {"hm0_m", "m", "significant wave height from the spectrum"},
    {"te_s", "s", "energy period"},
    {"t1_s", "s", "mean period"},
    {"tz_s", "s", "mean period between zero crossings"},
    {"slope_rms_rad", "rad", "of the water's surface, up to the cut-off"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    if (in[FREQUENCY] < 0 || in[HEIGHT] < 0 || in[HEIGHT] > 40 || !(in[PERIOD] >= 0.1) ||
        in[PERIOD] > 60) {
        return SG_RANGE;
    }
    sg_sea sea = {.hs_m = in[HEIGHT], .tp_s = in[PERIOD], .gamma = p[GAMMA]};
    if (sea.gamma < 1) {
        sea.gamma = sea.hs_m > 0 ? sg_waves_gamma(sea.hs_m, sea.tp_s) : 1;
    }
    sg_sea plain = {.hs_m = sea.hs_m, .tp_s = sea.tp_s, .gamma = 1};
    double k = sg_waves_number(in[FREQUENCY], p[DEPTH]);
    sg_wave_moments m;
    sg_waves_moments(&sea, p[CUT], p[DEPTH], &m);
    out[0] = sg_waves_spectrum(&sea, in[FREQUENCY]);
    out[1] = sg_waves_spectrum(&plain, in[FREQUENCY]);
    out[2] = k * k * out[0];
    out[3] = sea.gamma;
    out[4] = sg_waves_hm0_m(&m);
    out[5] = sg_waves_te_s(&m);
    out[6] = sg_waves_t1_s(&m);
    out[7] = sg_waves_tz_s(&m);
    out[8] = sqrt(m.slope);
    return SG_OK;
}

const sg_model sg_model_waves = {
    .name = "waves",
    .title = "sea state: spectrum, periods and slope of the waves",
    .source = "IEC TS 62600-2 forms of Pierson-Moskowitz and JONSWAP; linear dispersion",
    .limits = "one wave system, long-crested, linear; the slope is that of waves up to cut_ratio",
    .example = "frequency=0.02..0.4 wave_height=2.5 peak_period=6.5",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = SG_COUNT(outputs),
    .step = step,
};
