#include "model/accelerator.h"

#include "model/gauss.h"
#include "model/model.h"
#include "model/server.h"

#include <math.h>

static double clamped(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* The share of the servers that are inside [from, to], when they follow one another evenly over spread. */
static double share_inside(double at, double from, double to, double spread)
{
    if (!(spread > 0)) {
        return at >= from && at < to;
    }
    return (clamped(at - from + spread / 2, 0, spread) - clamped(at - to + spread / 2, 0, spread)) /
           spread;
}

static double cycle_s(const sg_training *self)
{
    return self->steps_per_checkpoint * self->step_s + self->checkpoint_s;
}

double sg_training_power_w(const sg_training *self, double work_s)
{
    double length_s = cycle_s(self);
    double cycle = floor(work_s / length_s), at_s = work_s - cycle * length_s;
    double steps = self->steps_per_checkpoint, first = floor(at_s / self->step_s);
    double dip = 0;
    for (int i = -1; i <= 1; i++) { /* the dips that may reach this instant */
        double k = first + i;
        if (k < 0 || k >= steps) {
            continue;
        }
        double number = cycle * steps + k;
        double late_s =
            self->jitter_s > 0 ? self->jitter_s * sg_gauss(self->seed, (uint64_t)number) : 0;
        late_s = clamped(late_s, -self->step_s / 4, self->step_s / 4);
        double end_s = (k + 1) * self->step_s + (k + 1 < steps ? late_s : 0);
        dip += share_inside(at_s, end_s - self->communication_s, end_s, self->spread_s);
    }
    double pause =
        self->checkpoint_s > 0
            ? share_inside(at_s, steps * self->step_s, length_s, self->spread_s) +
                  share_inside(at_s + length_s, steps * self->step_s, length_s, self->spread_s)
            : 0;
    pause = cycle > 0 || at_s > self->step_s ? pause : 0; /* nothing was saved before the start */
    dip = clamped(dip, 0, 1 - clamped(pause, 0, 1));
    return self->compute_w - (self->compute_w - self->communication_w) * dip -
           (self->compute_w - self->checkpoint_w) * clamped(pause, 0, 1);
}

sg_training_phase sg_training_phase_at(const sg_training *self, double work_s)
{
    double at_s = work_s - floor(work_s / cycle_s(self)) * cycle_s(self);
    if (at_s >= self->steps_per_checkpoint * self->step_s) {
        return SG_TRAINING_CHECKPOINT;
    }
    double in_step_s = at_s - floor(at_s / self->step_s) * self->step_s;
    return in_step_s < self->step_s - self->communication_s ? SG_TRAINING_COMPUTE
                                                            : SG_TRAINING_COMMUNICATION;
}

/* --- the model --- */

enum {
    SERVERS,
    IDLE,
    COMPUTE,
    COMMUNICATION,
    CHECKPOINT,
    STEP,
    COMMUNICATION_TIME,
    CHECKPOINT_TIME,
    STEPS,
    SPREAD,
    JITTER,
    NOISE,
    NOISE_TIME,
    RAMP_UP,
    RAMP_DOWN,
    CAP_LATENCY,
    CAP_SETTLE,
    SEED,
    PARAM_COUNT
};
enum { RUNNING, CAP, INPUT_COUNT };
enum { POWER, DEMAND, LIMIT, PROGRESS, PHASE, OUTPUT_COUNT };
enum { WORK, LEVEL, LIMIT_NOW, TARGET, PENDING, WAIT, WANDER, TICK, STATE_COUNT };
enum { PART_MIN = 8, PART_MAX = 1024 };

#define FITTED "fitted to MLPerf Training v4.0, GPT-3 175B on 64 servers of 8 H100"

static const sg_param params[PARAM_COUNT] = {
    [SERVERS] = {"servers", SG_DIM_NONE, 64, 1, 1e6, NULL, "that train together", FITTED},
    [IDLE] = {"idle_power", SG_DIM_POWER, 2000, 0, 1e6, NULL, "of a server without a job",
              "engineering estimate"},
    [COMPUTE] = {"compute_power", SG_DIM_POWER, 7109, 0, 1e6, NULL, "of a server computing",
                 FITTED},
    [COMMUNICATION] = {"communication_power", SG_DIM_POWER, 5800, 0, 1e6, NULL,
                       "of a server that waits for the others", FITTED},
    [CHECKPOINT] = {"checkpoint_power", SG_DIM_POWER, 6392, 0, 1e6, NULL,
                    "of a server that saves or evaluates", FITTED},
    [STEP] = {"step_time", SG_DIM_TIME, 10.79, 1e-3, 1e5, NULL, "of one step of training", FITTED},
    [COMMUNICATION_TIME] = {"communication_time", SG_DIM_TIME, 1.7, 0, 1e5, NULL,
                            "of the step, at its end", FITTED},
    [CHECKPOINT_TIME] = {"checkpoint_time", SG_DIM_TIME, 12.66, 0, 1e5, NULL,
                         "of one checkpoint or evaluation", FITTED},
    [STEPS] = {"steps_per_checkpoint", SG_DIM_NONE, 12, 1, 1e6, NULL, "a whole number", FITTED},
    [SPREAD] = {"spread", SG_DIM_TIME, 1.9, 0, 1e3, NULL,
                "over which the servers and their meters follow one another", FITTED},
    [JITTER] = {"jitter", SG_DIM_TIME, 0.3, 0, 1e3, NULL, "standard deviation of a dip's time",
                FITTED},
    [NOISE] = {"noise", SG_DIM_FRACTION, 0.003, 0, 0.2, NULL,
               "standard deviation of the rest, of the power", FITTED},
    [NOISE_TIME] = {"noise_time", SG_DIM_TIME, 2, 1e-3, 1e4, NULL, "correlation time of it",
                    "engineering estimate"},
    [RAMP_UP] = {"ramp_up", SG_DIM_TIME, 4, 0, 1e5, NULL, "from idle to the job's power", FITTED},
    [RAMP_DOWN] = {"ramp_down", SG_DIM_TIME, 1, 0, 1e5, NULL, "from the job's power to idle",
                   "engineering estimate"},
    [CAP_LATENCY] = {"cap_latency", SG_DIM_TIME, 0, 0, 3600, NULL, "until a cap is heard",
                     "engineering estimate"},
    [CAP_SETTLE] = {"cap_settling", SG_DIM_TIME, 0.1, 0, 60, NULL, "time constant of the limiter",
                    "engineering estimate"},
    [SEED] = {"seed", SG_DIM_NONE, 1, 0, 4e9, NULL, "of jitter and noise", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [RUNNING] = {"running", SG_DIM_NONE, 1, "1: the job runs; 0: it is stopped"},
    [CAP] = {"cap_w", SG_DIM_POWER, 1e12, "commanded, for all servers together"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [POWER] = {"power_w", "W", "drawn by all servers, mean of the step"},
    [DEMAND] = {"demand_w", "W", "that the job would draw at this point without a cap"},
    [LIMIT] = {"limit_w", "W", "in force at the end of the step"},
    [PROGRESS] = {"progress_frac", "", "work done, of what the time allows uncapped"},
    [PHASE] = {"phase", "", "at the end: 0 idle, 1 compute, 2 communication, 3 checkpoint"},
};

/* What no noise goes beyond: a cap there is none. */
static double uncapped_w(const double *p)
{
    double top = p[COMPUTE] > p[CHECKPOINT] ? p[COMPUTE] : p[CHECKPOINT];
    top = top > p[COMMUNICATION] ? top : p[COMMUNICATION];
    return (top > p[IDLE] ? top : p[IDLE]) * (1 + 10 * p[NOISE]);
}

static sg_training training_of(const double *p)
{
    return (sg_training){
        .idle_w = p[IDLE],
        .compute_w = p[COMPUTE],
        .communication_w = p[COMMUNICATION],
        .checkpoint_w = p[CHECKPOINT],
        .step_s = p[STEP],
        .communication_s = p[COMMUNICATION_TIME] < p[STEP] ? p[COMMUNICATION_TIME] : p[STEP],
        .checkpoint_s = p[CHECKPOINT_TIME],
        .steps_per_checkpoint = floor(p[STEPS]),
        .spread_s = p[SPREAD],
        .jitter_s = p[JITTER],
        .seed = sg_gauss_stream(p[SEED], 0),
    };
}

static void start(const sg_model *self, const double *p, double *state)
{
    (void)self;
    state[LIMIT_NOW] = state[TARGET] = state[PENDING] = uncapped_w(p);
}

/* Standard deviation of the mean over dt of a Gauss-Markov process of deviation 1. */
static double averaged(double dt_s, double time_s)
{
    double x = dt_s / time_s;
    return x < 1e-4 ? 1 : sqrt(2 / x * (1 - (1 - exp(-x)) / x));
}

/* What does not change within a step, and the sums over it. */
typedef struct pass {
    const double *p;
    sg_training job;
    bool running;
    double noise, cap_w, part_s;
    double drawn_j, wanted_j, work_s;
} pass;

/* The part of a step between two looks at the cap. */
static void run_part(pass *self, sg_cap *cap, double *state)
{
    const double *p = self->p;
    const sg_cap_lag lag = {p[CAP_LATENCY], p[CAP_SETTLE]};
    double part_s = self->part_s;
    double change = self->running ? part_s / (p[RAMP_UP] > part_s ? p[RAMP_UP] : part_s)
                                  : -part_s / (p[RAMP_DOWN] > part_s ? p[RAMP_DOWN] : part_s);
    double level = clamped(state[LEVEL] + change, 0, 1), middle = (level + state[LEVEL]) / 2;
    double job_w = sg_training_power_w(&self->job, state[WORK] + part_s / 2);
    double wanted_w = (p[IDLE] + (job_w - p[IDLE]) * middle) * self->noise;
    double floor_w =
        wanted_w < p[IDLE] ? wanted_w : p[IDLE]; /* no cap stops a server from idling */
    double got_w;
    sg_cap_step(cap, self->cap_w, &lag, wanted_w, part_s, &got_w);
    got_w = got_w > floor_w ? got_w : floor_w;
    double rate = wanted_w > got_w ? (got_w - floor_w) / (wanted_w - floor_w) : 1;
    double work_s = self->running && level >= 1 ? part_s * rate : 0;
    state[WORK] += work_s;
    state[LEVEL] = level;
    self->drawn_j += got_w * part_s;
    self->wanted_j += wanted_w * part_s;
    self->work_s += work_s;
}

/* The factor on the power over a step of dt_s. */
static double noise_of(const double *p, double dt_s, double *state)
{
    double keep = exp(-dt_s / p[NOISE_TIME]);
    double drawn = sg_gauss(sg_gauss_stream(p[SEED], 1), (uint64_t)state[TICK]);
    state[WANDER] = keep * state[WANDER] + sqrt(1 - keep * keep) * drawn;
    state[TICK] += 1;
    double noise = 1 + p[NOISE] * state[WANDER] * averaged(dt_s, p[NOISE_TIME]);
    return noise > 0 ? noise : 0;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    if (in[CAP] < 0) {
        return SG_RANGE;
    }
    sg_cap cap = {state[LIMIT_NOW], state[TARGET], state[PENDING], state[WAIT]};
    int parts = (int)clamped(ceil(now->dt_s / 0.05), PART_MIN, PART_MAX);
    pass run = {.p = p,
                .job = training_of(p),
                .running = in[RUNNING] > 0,
                .noise = noise_of(p, now->dt_s, state),
                .cap_w = clamped(in[CAP] / p[SERVERS], 0, uncapped_w(p)),
                .part_s = now->dt_s / parts};
    for (int i = 0; i < parts; i++) {
        run_part(&run, &cap, state);
    }
    out[POWER] = run.drawn_j / now->dt_s * p[SERVERS];
    out[DEMAND] = run.wanted_j / now->dt_s * p[SERVERS];
    out[LIMIT] = cap.limit_w * p[SERVERS];
    out[PROGRESS] = run.work_s / now->dt_s;
    out[PHASE] = state[LEVEL] > 0 ? (double)sg_training_phase_at(&run.job, state[WORK]) : 0;
    state[LIMIT_NOW] = cap.limit_w;
    state[TARGET] = cap.target_w;
    state[PENDING] = cap.pending_w;
    state[WAIT] = cap.wait_s;
    return SG_OK;
}

const sg_model sg_model_accelerator = {
    .name = "accelerator",
    .title = "servers that train one model together",
    .source = "shape after arXiv:2508.14318; presets fitted to MLCommons training_results_v4.0, "
              "GPT-3 175B",
    .limits = "one job, all servers alike, power as a 2 s meter sees it; work done under a cap is "
              "in proportion to power above idle; steps longer than 50 s are looked at 1024 times",
    .example = "running=1 cap_w=430000 dt_s=2",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .state_count = STATE_COUNT,
    .start = start,
    .step = step,
};
