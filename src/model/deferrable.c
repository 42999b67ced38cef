/* deferrable - work that arrives, may wait, and has a deadline; nothing of it is ever lost.
 *
 * Model    a queue by age in AGES classes, each deadline / AGES wide. Arrivals count from the start of their step and an age
 *          from the start of its class, so the deadline is kept, early by a class and a step at most. Work runs oldest
 *          first, and unasked as soon as waiting longer would leave too little time at full `power` for what is queued:
 *          nothing is late that could have been done. What even full power cannot do waits on and is reported late.
 * Memory   state: the work of each class, youngest first, then the late work, then the time since the classes moved up. */
#include "base/check.h"
#include "model/model.h"

#include <math.h>

enum { AGES = 48, LATE = AGES, PHASE, STATE_COUNT };
enum { POWER, DEADLINE, PARAM_COUNT };
enum { RUN, ARRIVING, INPUT_COUNT };
enum { OUT_POWER, OUT_BACKLOG, OUT_FORCED, OUT_LATE, OUT_SHIFTED, OUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [POWER] = {"power", SG_DIM_POWER, 100e3, 0, 1e11, NULL, "most that can run at a time", ""},
    [DEADLINE] = {"deadline", SG_DIM_TIME, 86400, 60, 1e8, NULL,
                  "from arrival to the end of the work",
                  "a day: the window of Carbon-Aware Computing for Datacenters"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [RUN] = {"run_w", SG_DIM_POWER, 0, "power to spend on waiting work now; a magnitude"},
    [ARRIVING] = {"arriving_w", SG_DIM_POWER, 0, "work that arrives, as the power it would take"},
};

static const sg_output outputs[OUT_COUNT] = {
    [OUT_POWER] = {"running_w", "W", "spent on work; a magnitude"},
    [OUT_BACKLOG] = {"backlog_j", "J", "of work that waits"},
    [OUT_FORCED] = {"forced_w", "W", "of that power: beyond what was asked, for the deadline"},
    [OUT_LATE] = {"late_j", "J", "waiting beyond its deadline, for want of power"},
    [OUT_SHIFTED] = {"shifted_w", "W", "held back (> 0) or caught up: arriving less running"},
};

/* The classes move up by the whole class widths in dt_s; from the oldest, work becomes due. */
static void grow_old(double *state, double width_s, double dt_s)
{
    double phase_s = state[PHASE] + dt_s;
    double classes = floor(phase_s / width_s);
    int steps = classes < AGES ? (int)classes : AGES;
    for (int i = 0; i < steps; i++) {
        state[LATE] += state[AGES - 1];
        for (int age = AGES - 1; age > 0; age--) {
            state[age] = state[age - 1];
        }
        state[0] = 0;
    }
    phase_s -= classes * width_s;
    state[PHASE] = phase_s > 0 && phase_s < width_s ? phase_s : 0;
}

/* The energy that must run in this step so that all that waits can still be done in time at full power. */
static double must_run_j(const double *state, double width_s, double power_w)
{
    double older_j = state[LATE], must_j = state[LATE];
    for (int age = AGES - 1; age >= 0; age--) {
        older_j += state[age];
        double left_s = (AGES - age) * width_s - state[PHASE];
        double over_j = older_j - power_w * left_s;
        must_j = over_j > must_j ? over_j : must_j;
    }
    return must_j;
}

/* Takes up to energy_j off the oldest work; returns what was taken. */
static double run_oldest(double *state, double energy_j)
{
    double left_j = energy_j, taken_j = 0;
    for (int age = LATE; age >= 0 && left_j > 0; age--) {
        double done_j = state[age] < left_j ? state[age] : left_j;
        state[age] -= done_j;
        left_j -= done_j;
        taken_j += done_j;
    }
    return taken_j;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    if (in[RUN] < 0 || in[ARRIVING] < 0) {
        return SG_RANGE;
    }
    double dt_s = now->dt_s, width_s = p[DEADLINE] / AGES;
    state[0] += in[ARRIVING] * dt_s;
    grow_old(state, width_s, dt_s);

    double must_w = must_run_j(state, width_s, p[POWER]) / dt_s;
    double want_w = in[RUN] > must_w ? in[RUN] : must_w;
    want_w = want_w < p[POWER] ? want_w : p[POWER];
    double run_w = run_oldest(state, want_w * dt_s) / dt_s;
    run_w = run_w < want_w ? run_w : want_w;

    double backlog_j = 0;
    for (int age = 0; age <= LATE; age++) {
        backlog_j += state[age];
    }
    out[OUT_POWER] = run_w;
    out[OUT_BACKLOG] = backlog_j;
    out[OUT_FORCED] = run_w > in[RUN] ? run_w - in[RUN] : 0;
    out[OUT_LATE] = state[LATE];
    out[OUT_SHIFTED] = in[ARRIVING] - run_w;
    return SG_OK;
}

const sg_model sg_model_deferrable = {
    .name = "deferrable",
    .title = "work with a deadline",
    .source = "earliest deadline first: C. L. Liu and J. W. Layland, J. ACM 20(1), 1973; virtual "
              "store of deferrable load: A. Radovanovic et al., IEEE Trans. Power Systems 38(2), "
              "2023",
    .limits = "one deadline for all work, kept to 1/48 of it and a step, on the early side; work "
              "is divisible and can stop and go on; negative inputs are refused",
    .example = "dt_s=1800 run_w=10000 arriving_w=0..80000",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUT_COUNT,
    .state_count = STATE_COUNT,
    .step = step,
};
