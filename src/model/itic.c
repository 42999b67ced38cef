#include "model/itic.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>

/* below `sag` or above `swell` for at most that long */
static const struct {
    double at, limit_s;
} sags[] = {{0.7, 0.02}, {0.8, 0.5}, {0.9, 10}}, swells[] = {{1.1, 0.5}, {1.2, 0.003}};
enum { SAGS = SG_COUNT(sags), SWELLS = SG_COUNT(swells) };

#define STEEP 1.4 /* above: log(time) over voltage */

static double steep_limit_s(double voltage_frac)
{
    static const double at[] = {STEEP, 2, 5}, log_s[] = {
                                                  -5.80914299031403977, /* ln 3 ms */
                                                  -6.90775527898213705, /* ln 1 ms */
                                                  -8.69951474821019107, /* ln (0.01 / 60 Hz) */
                                              };
    int i = voltage_frac > at[1] ? 2 : 1;
    if (voltage_frac > at[2]) {
        return 0;
    }
    double part = (voltage_frac - at[i - 1]) / (at[i] - at[i - 1]);
    return exp(log_s[i - 1] + part * (log_s[i] - log_s[i - 1]));
}

double sg_itic_limit_s(double voltage_frac)
{
    for (int i = 0; i < SAGS; i++) {
        if (voltage_frac < sags[i].at) {
            return sags[i].limit_s;
        }
    }
    if (voltage_frac > STEEP) {
        return steep_limit_s(voltage_frac);
    }
    for (int i = SWELLS - 1; i >= 0; i--) {
        if (voltage_frac > swells[i].at) {
            return swells[i].limit_s;
        }
    }
    return INFINITY;
}

bool sg_itic_rides_through(double voltage_frac, double duration_s)
{
    return duration_s <= sg_itic_limit_s(voltage_frac);
}

/* --- the model: each threshold has a clock of its own, which stops when the voltage is back within it --- */

enum { VOLTAGE, INPUT_COUNT };
enum { USED, TOLERATED, LIMIT, REGION, OUTPUT_COUNT };
enum { STATE_STEEP = SAGS + SWELLS, STATE_COUNT };
#define FOREVER_S 1e9

static const sg_input inputs[INPUT_COUNT] = {
    [VOLTAGE] = {"voltage", SG_DIM_FRACTION, NAN, "rms, of nominal, through the step"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [USED] = {"used_frac", "",
              "of the time that is allowed, the worst threshold; above 1: not tolerated"},
    [TOLERATED] = {"tolerated", "", "1: equipment rides through so far"},
    [LIMIT] = {"limit_s", "s", "allowed at this voltage; 1e9: for ever"},
    [REGION] = {"region", "1", "0: rides through, 1: may drop out undamaged, 2: may be damaged"},
};

static double clock_s(double was_s, bool outside, double dt_s)
{
    return outside ? was_s + dt_s : 0;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    double v = in[VOLTAGE], low = 0, high = 0;
    (void)self;
    (void)p;
    if (v < 0) {
        return SG_RANGE;
    }
    for (int i = 0; i < SAGS; i++) {
        state[i] = clock_s(state[i], v < sags[i].at, now->dt_s);
        low = state[i] / sags[i].limit_s > low ? state[i] / sags[i].limit_s : low;
    }
    for (int i = 0; i < SWELLS; i++) {
        double *at = &state[SAGS + i];
        *at = clock_s(*at, v > swells[i].at, now->dt_s);
        high = *at / swells[i].limit_s > high ? *at / swells[i].limit_s : high;
    }
    double steep_s = v > STEEP ? steep_limit_s(v) : 1;
    double share = now->dt_s / (steep_s > 1e-9 ? steep_s : 1e-9);
    state[STATE_STEEP] = clock_s(state[STATE_STEEP], v > STEEP, share);
    high = state[STATE_STEEP] > high ? state[STATE_STEEP] : high;
    double limit_s = sg_itic_limit_s(v);
    out[USED] = high > low ? high : low;
    out[TOLERATED] = out[USED] <= 1;
    out[LIMIT] = limit_s < FOREVER_S ? limit_s : FOREVER_S;
    out[REGION] = high > 1 ? 2 : low > 1 ? 1 : 0;
    return SG_OK;
}

const sg_model sg_model_itic = {
    .name = "itic",
    .title = "voltage tolerance of IT equipment",
    .source = "ITI (CBEMA) curve application note, Information Technology Industry Council, 2000",
    .limits = "single events at 120 V, 60 Hz single-phase equipment; a second event soon after a "
              "first is judged as if there had been none",
    .example = "voltage=1..0.72 dt_s=0.02",
    .needs = SG_NEEDS_DT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .state_count = STATE_COUNT,
    .step = step,
};
