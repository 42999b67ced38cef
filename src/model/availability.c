/* availability - how much of the time k of n like units are there.
 *
 * A = sum over i >= k of C(n, i) a^i (1 - a)^(n - i), a = MTBF / (MTBF + MTTR). While one unit is in maintenance the other n - 1
 * must do. Physics and limits: reliability.h. */
#include "base/check.h"
#include "model/model.h"
#include "model/reliability.h"

#include <math.h>

enum { CYCLE, DURATION, PARAM_COUNT };
enum { NEEDED, UNITS, UNIT_AVAILABILITY, MTBF, MTTR, INPUT_COUNT };
enum { AVAILABILITY, UNIT, DOWNTIME, OUTPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CYCLE] = {"maintenance_cycle", SG_DIM_TIME, 0, 0, 1e10, NULL,
               "from one maintenance of a unit to its next; 0: none", ""},
    [DURATION] = {"maintenance_duration", SG_DIM_TIME, 0, 0, 1e9, NULL,
                  "that a maintenance keeps the unit out", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [NEEDED] = {"k", SG_DIM_NONE, NAN, "units that must work"},
    [UNITS] = {"n", SG_DIM_NONE, NAN, "units there are, 1 to 10000"},
    [UNIT_AVAILABILITY] = {"unit_availability", SG_DIM_FRACTION, 0,
                           "of one unit; 0: from mtbf and mttr"},
    [MTBF] = {"mtbf", SG_DIM_TIME, 0, "mean running time from repair to failure; 0: not given"},
    [MTTR] = {"mttr", SG_DIM_TIME, 0, "mean time to repair"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [AVAILABILITY] = {"availability", "", "share of the time with k units or more"},
    [UNIT] = {"unit_availability", "", "of one unit, without maintenance"},
    [DOWNTIME] = {"downtime_s_per_year", "s", "in 365 days"},
};

/* One of the two must be given: the share itself, or the times. */
static bool unit_unavailable(const double *in, double *ret)
{
    double given = in[UNIT_AVAILABILITY];
    if (given < 0 || given > 1 || in[MTBF] < 0 || in[MTTR] < 0 || (given > 0) == (in[MTBF] > 0)) {
        return false;
    }
    *ret = given > 0 ? 1 - given : sg_unavailability(in[MTBF], in[MTTR]);
    return true;
}

static bool whole_units(double value)
{
    return value >= 1 && value <= SG_REDUNDANT_UNIT_MAX && value == floor(value);
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    double unit, system;
    if (!whole_units(in[NEEDED]) || !whole_units(in[UNITS]) || !unit_unavailable(in, &unit)) {
        return SG_RANGE;
    }
    sg_redundancy redundancy = {.k = (int)in[NEEDED],
                                .n = (int)in[UNITS],
                                .unit_unavailable = unit,
                                .maintenance_cycle_s = p[CYCLE],
                                .maintenance_s = p[DURATION]};
    sg_status status = sg_redundancy_unavailability(&redundancy, &system);
    if (status == SG_OK) {
        out[AVAILABILITY] = 1 - system;
        out[UNIT] = 1 - unit;
        out[DOWNTIME] = sg_downtime_s_per_year(system);
    }
    return status;
}

const sg_model sg_model_availability = {
    .name = "availability",
    .title = "k-of-n redundancy with repair and maintenance",
    .source = "R. Billinton, R. N. Allan, Reliability Evaluation of Engineering Systems, 2nd ed., "
              "Plenum 1992, chapters 4, 6 and 9",
    .limits = "like units that fail independently of each other; repair crews without end; no "
              "common cause; maintenance comes on a calendar, one unit at a time",
    .example = "k=4 n=6 unit_availability=0.3..1",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
