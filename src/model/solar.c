/* solar - photovoltaic arrays on a platform that may move.
 *
 * power = min(capacity, G A eff (1 + gamma (Tcell - 25)) (1 - soiling) tilt bos)
 * Source   Tcell = Tair + G / (25 + 6.84 v): Faiman, Prog. Photovolt. 16 (2008) 307, coefficients of IEC 61853-2 practice.
 *          tilt = E[cos] of a Gaussian roll of rms slope k Hs/4, k = (2 pi)^2 / (g T^2) (deep-water dispersion).
 * Limits   irradiance is taken in the plane of the array: transposition from horizontal comes with the sun's position. */
#include "model/kind.h"

#include <math.h>
#include <stdio.h>

enum {
    CAPACITY,
    EFFICIENCY,
    AREA,
    PANEL,
    STABILIZATION,
    MAINTENANCE,
    GAMMA,
    SOILING,
    BALANCE,
    PARAM_COUNT
};
enum { IRRADIANCE, AIR_TEMPERATURE, WIND_SPEED, WAVE_HEIGHT, WAVE_PERIOD, INPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_POWER, NAN, 0, 1e12, NULL, "most the inverters deliver", ""},
    [EFFICIENCY] = {"efficiency", SG_DIM_FRACTION, 0.20, 0.001, 1, NULL,
                    "of the modules at 25 degC and 1000 W/m2", ""},
    [AREA] = {"coverage_area", SG_DIM_AREA, NAN, 0, 1e9, NULL, "area of the modules", ""},
    [PANEL] = {"panel_type", SG_DIM_NONE, 0, 0, 0, "", "label", ""},
    [STABILIZATION] = {"stabilization", SG_DIM_NONE, 0, 0, 2, "none|gimbal|gimbal_wave_adaptive",
                       "share of the platform's roll that reaches the panels: 1, 0.2, 0.05",
                       "engineering estimate"},
    [MAINTENANCE] = {"maintenance_cycle", SG_DIM_TIME, 168 * 3600.0, 3600, 1e9, NULL,
                     "time between cleanings", ""},
    [GAMMA] = {"temperature_coefficient", SG_DIM_PER_KELVIN, -0.0035, -0.02, 0.005, NULL,
               "change of power per kelvin of cell temperature",
               "typical of monocrystalline silicon"},
    [SOILING] = {"soiling_rate", SG_DIM_RATE, 0.0015 / 86400, 0, 0.1 / 86400, NULL,
                 "loss that builds up until the next cleaning",
                 "engineering estimate for sea spray"},
    [BALANCE] = {"system_efficiency", SG_DIM_FRACTION, 0.93, 0.01, 1, NULL,
                 "inverter, wiring and mismatch", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [IRRADIANCE] = {"irradiance", SG_DIM_IRRADIANCE, NAN, "in the plane of the array"},
    [AIR_TEMPERATURE] = {"air_temperature", SG_DIM_TEMPERATURE, 25, "ambient"},
    [WIND_SPEED] = {"wind_speed", SG_DIM_SPEED, 1, "at the modules"},
    [WAVE_HEIGHT] = {"wave_height", SG_DIM_LENGTH, 0, "significant wave height"},
    [WAVE_PERIOD] = {"wave_period", SG_DIM_TIME, 8, "energy period of the waves"},
};

static double tilt_factor(double stabilization, double height_m, double period_s)
{
    static const double passed_on[] = {1.0, 0.2, 0.05};
    if (!(height_m > 0) || !(period_s > 0)) {
        return 1.0;
    }
    double wave_number =
        39.4784176043574 / (9.80665 * period_s * period_s); /* (2 pi)^2 / (g T^2) */
    double slope_rad = wave_number * height_m / 4 * passed_on[(int)stabilization];
    return exp(-slope_rad * slope_rad / 2);
}

static double available_w(const double *p, const double *in)
{
    double irradiance = in[IRRADIANCE] > 0 ? in[IRRADIANCE] : 0;
    double wind_ms = in[WIND_SPEED] > 0 ? in[WIND_SPEED] : 0;
    double cell_degc = in[AIR_TEMPERATURE] + irradiance / (25 + 6.84 * wind_ms);
    double soiled = p[SOILING] * p[MAINTENANCE] / 2; /* mean over a cleaning cycle */
    double power_w = irradiance * p[AREA] * p[EFFICIENCY] * (1 + p[GAMMA] * (cell_degc - 25)) *
                     (soiled < 1 ? 1 - soiled : 0) * p[BALANCE] *
                     tilt_factor(p[STABILIZATION], in[WAVE_HEIGHT], in[WAVE_PERIOD]);
    if (!(power_w > 0)) {
        return 0;
    }
    return power_w < p[CAPACITY] ? power_w : p[CAPACITY];
}

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    double sun_w = 1000 * p[AREA] * p[EFFICIENCY];
    if (i == 0 && sun_w < p[CAPACITY] * 0.999) {
        snprintf(ret, SG_WARNING_TEXT,
                 "%g m2 x %g %% gives %.4g MW at 1 kW/m2, less than the capacity of %.4g MW: the "
                 "smaller figure counts",
                 p[AREA], p[EFFICIENCY] * 100, sun_w * 1e-6, p[CAPACITY] * 1e-6);
        return true;
    }
    return false;
}

const sg_kind sg_kind_solar = {
    .name = "solar",
    .title = "photovoltaic array",
    .role = SG_SOURCE,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .available_w = available_w,
    .warning = warning,
};
