/* solar - photovoltaic arrays on a platform that may move: the site's kind, built on pv.h, soiling.h and platform.h.
 *
 * Irradiance comes in the plane of the array, or on the horizontal: then the sun's position, Hay-Davies transposition, the
 * glass and the inverter of the pv model stand between it and the power.
 *     power = min(capacity, G A eff (1 + gamma (Tcell - 25)) clean motion bos)      in the plane of the array
 * Limits   the platform's motion takes from the beam; in the plane of the array it is taken from all light, a little too much. */
#include "model/model.h"
#include "model/platform.h"
#include "model/pv.h"
#include "model/soiling.h"

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
    PLANE,
    LATITUDE,
    LONGITUDE,
    ALTITUDE,
    TILT,
    AZIMUTH,
    ALBEDO,
    INVERTER,
    PLATFORM_LENGTH,
    PLATFORM_BEAM,
    STORM_HEIGHT,
    PARAM_COUNT
};
enum { IRRADIANCE, AIR_TEMPERATURE, WIND_SPEED, WAVE_HEIGHT, WAVE_PERIOD, RAIN, INPUT_COUNT };
enum { AVAILABLE, PLANE_IRRADIANCE, CELL, CLEAN, MOTION, STOWED, OUTPUT_COUNT };
enum { ARRAY, HORIZONTAL };

#define DEGREE 0.017453292519943295

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
                 "loss that builds up until the next cleaning or rain of 6 mm in a day",
                 "Kimber 2006; taken for sea spray too"},
    [BALANCE] = {"system_efficiency", SG_DIM_FRACTION, 0.93, 0.01, 1, NULL,
                 "inverter, wiring and mismatch", ""},
    [PLANE] = {"irradiance_on", SG_DIM_NONE, ARRAY, 0, 1, "array|horizontal",
               "the plane that `irradiance` is measured in; horizontal needs the position", ""},
    [LATITUDE] = {"latitude", SG_DIM_ANGLE, 0, -90 * DEGREE, 90 * DEGREE, NULL, "north positive",
                  ""},
    [LONGITUDE] = {"longitude", SG_DIM_ANGLE, 0, -180 * DEGREE, 180 * DEGREE, NULL, "east positive",
                   ""},
    [ALTITUDE] = {"altitude", SG_DIM_LENGTH, 0, -500, 9000, NULL, "above the sea", ""},
    [TILT] = {"tilt", SG_DIM_ANGLE, 0, 0, 90 * DEGREE, NULL, "of the panels from the horizontal",
              ""},
    [AZIMUTH] = {"azimuth", SG_DIM_ANGLE, 180 * DEGREE, 0, 360 * DEGREE, NULL,
                 "that the panels face, clockwise from north", ""},
    [ALBEDO] = {"albedo", SG_DIM_FRACTION, 0.06, 0, 1, NULL,
                "of what lies around: sea 0.06, land 0.2", "engineering estimate"},
    [INVERTER] = {"inverter_efficiency", SG_DIM_FRACTION, 0.96, 0.5, 1, NULL,
                  "nominal, its share of system_efficiency; used with irradiance_on: horizontal",
                  "PVWatts 5"},
    [PLATFORM_LENGTH] = {"platform_length", SG_DIM_LENGTH, 100, 1, 1e4, NULL,
                         "of the deck that floats", "10,000 m2 of modules"},
    [PLATFORM_BEAM] = {"platform_beam", SG_DIM_LENGTH, 100, 1, 1e4, NULL, "of the deck", ""},
    [STORM_HEIGHT] = {"storm_height", SG_DIM_LENGTH, 0, 0, 100, NULL,
                      "significant wave height from which the panels are stowed; 0 = never", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [IRRADIANCE] = {"irradiance", SG_DIM_IRRADIANCE, NAN, "in the plane of `irradiance_on`"},
    [AIR_TEMPERATURE] = {"air_temperature", SG_DIM_TEMPERATURE, 25, "ambient"},
    [WIND_SPEED] = {"wind_speed", SG_DIM_SPEED, 1, "at the modules"},
    [WAVE_HEIGHT] = {"wave_height", SG_DIM_LENGTH, 0, "significant wave height"},
    [WAVE_PERIOD] = {"wave_period", SG_DIM_TIME, 8, "energy period of the waves"},
    [RAIN] = {"rain_mm_per_h", SG_DIM_NONE, 0, "rain, mm in an hour"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [AVAILABLE] = {"available_w", "W", "power that could be delivered"},
    [PLANE_IRRADIANCE] = {"plane_w_m2", "W/m2", "irradiance in the plane of the array"},
    [CELL] = {"cell_degc", "degC", "cell temperature"},
    [CLEAN] = {"clean_frac", "", "share of the light that dirt lets through"},
    [MOTION] = {"motion_frac", "", "share of the beam that the platform's motion leaves"},
    [STOWED] = {"stowed", "", "1 while the panels are stowed in a storm"},
};

static sg_motion motion_of(const double *p, const double *in)
{
    static const double residual[] = {1.0, 0.2, 0.05};
    const sg_platform platform = {
        .length_m = p[PLATFORM_LENGTH],
        .beam_m = p[PLATFORM_BEAM],
        .heading_rad = 45 * DEGREE,
        .gamma = 1, /* a fully developed sea: the broader spectrum, the steeper slopes */
        .gimbal = p[STABILIZATION] > 0,
        .residual_frac = residual[(int)p[STABILIZATION]],
        .rate_max_rad_s = 5 * DEGREE,
        .stroke_max_rad = 20 * DEGREE,
        .storm_height_m = p[STORM_HEIGHT],
        .stowed_frac = 0,
    };
    sg_motion motion;
    sg_platform_motion(&platform, in[WAVE_HEIGHT], in[WAVE_PERIOD], &motion);
    return motion;
}

static double clean_frac(const double *p, const double *in, double dt_s, double *state)
{
    const sg_soiling soiling = {.cos_tilt = 1,
                                .rain_threshold_mm = 6,
                                .rain_window_s = 86400,
                                .loss_rate_per_s = p[SOILING],
                                .loss_max_frac = 0.3,
                                .maintenance_s = p[MAINTENANCE]};
    const sg_soiling_day day = {.dt_s = dt_s, .rain_mm = in[RAIN] > 0 ? in[RAIN] * dt_s / 3600 : 0};
    return sg_soiling_step(&soiling, &day, state);
}

static double from_plane(const double *p, const double *in, double *out)
{
    double irradiance = in[IRRADIANCE] > 0 ? in[IRRADIANCE] : 0;
    double wind_ms = in[WIND_SPEED] > 0 ? in[WIND_SPEED] : 0;
    out[PLANE_IRRADIANCE] = irradiance;
    out[CELL] = sg_pv_faiman_degc(irradiance, in[AIR_TEMPERATURE], wind_ms, 25, 6.84);
    return irradiance * p[AREA] * p[EFFICIENCY] * (1 + p[GAMMA] * (out[CELL] - 25)) * out[CLEAN] *
           p[BALANCE] * out[MOTION];
}

static double from_horizontal(const double *p, const double *in, const sg_motion *motion,
                              int64_t time_us, double *out)
{
    double share = p[BALANCE] / p[INVERTER];
    const sg_pv_params plant = {.latitude_rad = p[LATITUDE],
                                .longitude_rad = p[LONGITUDE],
                                .altitude_m = p[ALTITUDE],
                                .tilt_rad = p[TILT],
                                .azimuth_rad = p[AZIMUTH],
                                .albedo_frac = p[ALBEDO],
                                .dc_rating_w = 1000 * p[AREA] * p[EFFICIENCY],
                                .gamma_per_k = p[GAMMA],
                                .inverter_w = p[CAPACITY] > 0 ? p[CAPACITY] : 1e-3,
                                .inverter_eff = p[INVERTER],
                                .loss_frac = share < 1 ? 1 - share : 0,
                                .u0_w_m2k = 25,
                                .u1_w_m3sk = 6.84,
                                .sky = SG_PV_HAY_DAVIES};
    double roll_rad = sqrt((motion->panel_roll_rms_rad * motion->panel_roll_rms_rad +
                            motion->panel_pitch_rms_rad * motion->panel_pitch_rms_rad) /
                           2);
    const double columns[SG_PV_INPUTS] = {[SG_PV_GHI] = in[IRRADIANCE],
                                          [SG_PV_DNI] = -1,
                                          [SG_PV_DHI] = -1,
                                          [SG_PV_AIR] = in[AIR_TEMPERATURE],
                                          [SG_PV_WIND] = in[WIND_SPEED],
                                          [SG_PV_SOILING] = out[CLEAN],
                                          [SG_PV_ROLL] = roll_rad};
    double result[SG_PV_OUTPUTS];
    sg_pv ready;
    sg_pv_prepare(&plant, &ready);
    sg_pv_point(&ready, time_us, columns, result);
    out[PLANE_IRRADIANCE] = result[SG_PV_POA];
    out[CELL] = result[SG_PV_CELL];
    return motion->stowed ? 0 : result[SG_PV_AC];
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    if (in[AIR_TEMPERATURE] < -273.15 || (p[PLANE] == HORIZONTAL && now->time_us == 0)) {
        return SG_RANGE; /* where the sun stands is not known without a time */
    }
    sg_motion motion = motion_of(p, in);
    out[CLEAN] = clean_frac(p, in, now->dt_s, state);
    out[MOTION] = motion.beam_frac;
    out[STOWED] = motion.stowed;
    double power_w = p[PLANE] == HORIZONTAL ? from_horizontal(p, in, &motion, now->time_us, out)
                                            : from_plane(p, in, out);
    out[AVAILABLE] = power_w > 0 ? power_w < p[CAPACITY] ? power_w : p[CAPACITY] : 0;
    return SG_OK;
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

const sg_model sg_model_solar = {
    .name = "solar",
    .title = "photovoltaic array",
    .source = "pv, soiling and platform models; cell temperature: D. Faiman, Prog. Photovolt. 16 "
              "(2008) 307",
    .limits = "irradiance_on=horizontal needs a column time; no shading between rows",
    .example = "irradiance=0..1000 air_temperature=20 wind_speed=3 dt_s=3600",
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

const sg_kind sg_kind_solar = {
    .name = "solar",
    .title = "photovoltaic array",
    .role = SG_SOURCE,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .warning = warning,
    .model = &sg_model_solar,
};
