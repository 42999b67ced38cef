/* genset - an engine and a generator: it starts, has a least load, and burns fuel by a straight line.
 *
 * fuel = idle rating + slope power, while it runs (the Willans line). Asked for less than its least load, it runs at that
 * and what is not wanted is dumped. What is asked for while it starts is not served; the step in which the start ends is
 * served in part, as its mean.
 * Source   coefficients: O. Skarstein and K. Uhlen, Wind Engineering 13 (1989) 72. */
#include "base/check.h"
#include "model/model.h"

#include <math.h>

enum { RATING, MINIMUM, START, FUEL_IDLE, FUEL_SLOPE, HEATING_VALUE, PARAM_COUNT };

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
    [OUT_RUNNING] = {"running", "", "0 off, 1 starting, 2 running"},
};

enum { STARTED, STATE_COUNT }; /* seconds of its start that have passed */

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    if (in[0] < 0) {
        return SG_RANGE;
    }
    double dt_s = now->dt_s, missing_s = p[START] - state[STARTED];
    double ready_s = missing_s <= 0 ? dt_s : dt_s > missing_s ? dt_s - missing_s : 0;
    bool wanted = in[0] > 0;
    double run_s = wanted ? ready_s : 0, run = run_s / dt_s;
    state[STARTED] = !wanted ? 0 : dt_s < missing_s ? state[STARTED] + dt_s : p[START];

    double given_w = in[0] < p[RATING] ? in[0] : p[RATING];
    double least_w = p[MINIMUM] * p[RATING];
    double made_w = given_w > least_w ? given_w : least_w;
    double litres_per_s =
        (p[FUEL_IDLE] * p[RATING] + p[FUEL_SLOPE] * made_w) / 3.6e6; /* per kWh to per J */
    out[OUT_AVAILABLE] = p[RATING] * (ready_s / dt_s);
    out[OUT_POWER] = given_w * run;
    out[OUT_FUEL] = litres_per_s * run_s;
    out[OUT_EFFICIENCY] = run_s > 0 ? given_w / (litres_per_s * p[HEATING_VALUE]) : 0;
    out[OUT_DUMPED] = (made_w - given_w) * run;
    out[OUT_RUNNING] = run_s > 0 ? 2 : wanted ? 1 : 0;
    return SG_OK;
}

const sg_model sg_model_genset = {
    .name = "genset",
    .title = "generator set with start, least load and fuel",
    .source = "O. Skarstein and K. Uhlen, Design Considerations with Respect to Long-Term Diesel "
              "Saving in Wind/Diesel Plants, Wind Engineering 13(2), 1989, 72-87",
    .limits = "no fuel for starting or cooling down, no least running time, no ramps; warm and at "
              "sea level; stops at once",
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
