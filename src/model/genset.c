/* genset - an engine and a generator: it starts, has a least load, and burns fuel by a straight line.
 *
 * fuel = idle rating + slope power, while it runs (the Willans line). Asked for less than its least load, it runs at that
 * and what is not wanted is dumped. What is asked for while it starts is not served; the step in which the start ends is
 * served in part, as its mean. After the start it warms up without load, then its load grows by a ramp. Told to stop it cools down
 * without load; asked again meanwhile it serves at once.
 * Source   coefficients: O. Skarstein and K. Uhlen, Wind Engineering 13 (1989) 72. */
#include "base/check.h"
#include "model/kind.h"
#include "model/model.h"

#include <math.h>

enum {
    RATING,
    MINIMUM,
    START,
    FUEL_IDLE,
    FUEL_SLOPE,
    HEATING_VALUE,
    WARM_UP,
    RAMP,
    COOLING,
    PARAM_COUNT
};
enum { LEAST_RUN = PARAM_COUNT, KEY_COUNT }; /* of a site file alone */

static const sg_param params[PARAM_COUNT] = {
    [RATING] = {"capacity", SG_DIM_POWER, 1e6, 1, 1e11, NULL, "continuous rating", ""},
    [MINIMUM] = {"minimum", SG_DIM_FRACTION, 0.3, 0, 1, NULL,
                 "least load, as a share of the rating", "usual advice against wet stacking"},
    [START] = {"start", SG_DIM_TIME, 10, 0, 1e5, NULL, "from the request to the load",
               "NFPA 110, type 10"},
    [FUEL_IDLE] = {"fuel_idle_l_per_kwh", SG_DIM_NONE, 0.08415, 0, 1, NULL,
                   "litres an hour per kW of rating, whatever the load", "Skarstein and Uhlen"},
    [FUEL_SLOPE] = {"fuel_slope_l_per_kwh", SG_DIM_NONE, 0.246, 0.12, 1, NULL,
                    "litres per kWh delivered", "Skarstein and Uhlen"},
    [HEATING_VALUE] = {"heating_value_j_per_l", SG_DIM_NONE, 35.9e6, 30e6, 40e6, NULL,
                       "lower, of the fuel", "diesel fuel"},
    [WARM_UP] = {"warm_up", SG_DIM_TIME, 0, 0, 1e5, NULL, "without load, after the start", ""},
    [RAMP] = {"ramp_time", SG_DIM_TIME, 0, 0, 1e5, NULL, "from no load to full load; 0: at once",
              ""},
    [COOLING] = {"cooling_time", SG_DIM_TIME, 0, 0, 1e5, NULL, "without load, before it stops", ""},
};

static const sg_input inputs[] = {
    {"power_w", SG_DIM_POWER, 0, "asked for; 0: not wanted, it stops"}};

enum { OUT_AVAILABLE, OUT_POWER, OUT_FUEL, OUT_EFFICIENCY, OUT_DUMPED, OUT_RUNNING, OUT_COUNT };
static const sg_output outputs[OUT_COUNT] = {
    [OUT_AVAILABLE] = {"available_w", "W", "that could be delivered, mean of the step"},
    [OUT_POWER] = {"power_w", "W", "delivered, mean of the step"},
    [OUT_FUEL] = {"fuel_l", "l", "burnt in the step"},
    [OUT_EFFICIENCY] = {"efficiency", "",
                        "delivered energy over the fuel's; 0 where none is burnt"},
    [OUT_DUMPED] = {"dumped_w", "W", "made for the least load and not wanted, mean of the step"},
    [OUT_RUNNING] = {"running", "", "0 off, 1 starting, 2 running, 3 cooling down"},
};

/* Seconds of its start that have passed, its load, seconds of cooling down that have passed. */
enum { STARTED, LOAD, COOLED, STATE_COUNT };

/* How far its load may have grown in that time. */
static double ramped(const double *p, double load_w, double time_s)
{
    return p[RAMP] > 0 ? fmin(load_w + p[RATING] * time_s / p[RAMP], p[RATING]) : p[RATING];
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    if (in[0] < 0) {
        return SG_RANGE;
    }
    double dt_s = now->dt_s, start_s = p[START] + p[WARM_UP];
    double missing_s = start_s - state[STARTED];
    double ready_s = missing_s <= 0 ? dt_s : dt_s > missing_s ? dt_s - missing_s : 0;
    bool wanted = in[0] > 0;
    bool cooling = !wanted && missing_s <= 0 && state[COOLED] < p[COOLING];
    double run_s = wanted ? ready_s : 0, run = run_s / dt_s;
    double most_w = ramped(p, state[LOAD], ready_s);
    state[STARTED] =
        wanted ? (dt_s < missing_s ? state[STARTED] + dt_s : start_s) : (cooling ? start_s : 0);
    state[COOLED] = cooling ? state[COOLED] + dt_s : 0;

    double given_w = in[0] < most_w ? in[0] : most_w;
    double least_w = p[MINIMUM] * p[RATING];
    double made_w = given_w > least_w ? given_w : least_w;
    double litres_per_s =
        (p[FUEL_IDLE] * p[RATING] + p[FUEL_SLOPE] * made_w) / 3.6e6; /* per kWh to per J */
    state[LOAD] = wanted ? given_w * (run_s > 0) : 0;
    out[OUT_AVAILABLE] = p[RATING] * (ready_s / dt_s);
    out[OUT_POWER] = given_w * run;
    double idle_s = cooling ? fmin(dt_s, p[COOLING] - state[COOLED] + dt_s) : 0;
    out[OUT_FUEL] = litres_per_s * run_s + p[FUEL_IDLE] * p[RATING] / 3.6e6 * idle_s;
    out[OUT_EFFICIENCY] = run_s > 0 ? given_w / (litres_per_s * p[HEATING_VALUE]) : 0;
    out[OUT_DUMPED] = (made_w - given_w) * run;
    out[OUT_RUNNING] = run_s > 0 ? 2 : wanted ? 1 : cooling ? 3 : 0;
    return SG_OK;
}

const sg_model sg_model_genset = {
    .name = "genset",
    .title = "generator set with start, least load and fuel",
    .source = "O. Skarstein and K. Uhlen, Design Considerations with Respect to Long-Term Diesel "
              "Saving in Wind/Diesel Plants, Wind Engineering 13(2), 1989, 72-87",
    .limits =
        "no fuel for starting, idle fuel only while cooling down, none while warming up; no least "
        "running time; at sea level",
    .example = "dt_s=1 power_w=0..1000000",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = SG_COUNT(inputs),
    .outputs = outputs,
    .output_count = OUT_COUNT,
    .state_count = STATE_COUNT,
    .step = step,
};

/* The same table under the keys of a site file. */
static const sg_param keys[KEY_COUNT] = {
    [RATING] = {"capacity", SG_DIM_POWER, NAN, 1, 1e11, NULL, "continuous rating", ""},
    [MINIMUM] = {"minimum", SG_DIM_FRACTION, 0.3, 0, 1, NULL,
                 "least load, as a share of the rating", "usual advice against wet stacking"},
    [START] = {"start_time", SG_DIM_TIME, 10, 0, 1e5, NULL, "from the command to the load",
               "NFPA 110, type 10"},
    [FUEL_IDLE] = {"fuel_idle_l_per_kwh", SG_DIM_NONE, 0.08415, 0, 1, NULL,
                   "litres an hour per kW of rating, whatever the load", "Skarstein and Uhlen"},
    [FUEL_SLOPE] = {"fuel_slope_l_per_kwh", SG_DIM_NONE, 0.246, 0.12, 1, NULL,
                    "litres per kWh delivered", "Skarstein and Uhlen"},
    [HEATING_VALUE] = {"heating_value_j_per_l", SG_DIM_NONE, 35.9e6, 30e6, 40e6, NULL,
                       "lower, of the fuel", "diesel fuel"},
    [WARM_UP] = {"warm_up", SG_DIM_TIME, 0, 0, 1e5, NULL, "without load, after the start", ""},
    [RAMP] = {"ramp_time", SG_DIM_TIME, 0, 0, 1e5, NULL, "from no load to full load; 0: at once",
              ""},
    [COOLING] = {"cooling_time", SG_DIM_TIME, 0, 0, 1e5, NULL, "without load, before it stops", ""},
    [LEAST_RUN] = {"least_run", SG_DIM_TIME, 0, 0, 86400, NULL,
                   "runs at least so long before it is stopped", ""},
};

static void starting(const double *p, sg_starting *ret)
{
    *ret = (sg_starting){.start_s = p[START] + p[WARM_UP] + p[RAMP],
                         .rating_w = p[RATING],
                         .ramp_s = p[RAMP],
                         .run_s = p[LEAST_RUN]};
}

const sg_kind sg_kind_genset = {
    .name = "genset",
    .title = "generator set that is started when the grid fails",
    .role = SG_SOURCE,
    .params = keys,
    .param_count = KEY_COUNT,
    .starting = starting,
    .model = &sg_model_genset,
};
