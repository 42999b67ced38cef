/* wind - one wind turbine.
 *
 * power = min(capacity, 1/2 rho A c v^3) between cut-in and cut-out speed
 * Source   momentum theory; the power coefficient cannot pass 16/27 (A. Betz, 1920).
 * Limits   air density is fixed at 1.225 kg/m3 (15 degC, sea level); no wake, no yaw, no inertia. */
#include "model/kind.h"

#include <math.h>
#include <stdio.h>

enum { CAPACITY, DIAMETER, COEFFICIENT, CUT_IN, CUT_OUT, PARAM_COUNT };
enum { WIND_SPEED, INPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_POWER, NAN, 0, 1e9, NULL, "most the generator delivers", ""},
    [DIAMETER] = {"diameter", SG_DIM_LENGTH, NAN, 0.1, 500, NULL, "of the rotor", ""},
    [COEFFICIENT] = {"power_coefficient", SG_DIM_FRACTION, 0.42, 0.01, 16.0 / 27, NULL,
                     "share of the wind's power that the rotor takes", "typical of three blades"},
    [CUT_IN] = {"cut_in", SG_DIM_SPEED, 3, 0, 50, NULL, "stands still below it", ""},
    [CUT_OUT] = {"cut_out", SG_DIM_SPEED, 25, 1, 100, NULL, "stops above it", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [WIND_SPEED] = {"wind_speed", SG_DIM_SPEED, NAN, "at the hub"},
};

static double available_w(const double *p, const double *in)
{
    static const double density_kg_m3 = 1.225, pi = 3.14159265358979;
    double speed_ms = in[WIND_SPEED];
    if (!(speed_ms >= p[CUT_IN]) || speed_ms > p[CUT_OUT]) {
        return 0;
    }
    double area_m2 = pi / 4 * p[DIAMETER] * p[DIAMETER];
    double power_w = density_kg_m3 / 2 * area_m2 * p[COEFFICIENT] * speed_ms * speed_ms * speed_ms;
    return power_w < p[CAPACITY] ? power_w : p[CAPACITY];
}

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    if (i == 0 && p[CUT_OUT] <= p[CUT_IN]) {
        snprintf(ret, SG_WARNING_TEXT, "cut_out %g m/s is not above cut_in %g m/s: it never runs",
                 p[CUT_OUT], p[CUT_IN]);
        return true;
    }
    return false;
}

const sg_kind sg_kind_wind = {
    .name = "wind",
    .title = "wind turbine",
    .role = SG_SOURCE,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .available_w = available_w,
    .warning = warning,
};
