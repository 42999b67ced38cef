#include "model/clock.h"

#include "model/gauss.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

void sg_clock_start(sg_clock *self, double offset_std_s, double drift_std)
{
    *self = (sg_clock){.p00 = offset_std_s * offset_std_s, .p11 = drift_std * drift_std};
}

void sg_clock_predict(sg_clock *self, const sg_clock_noise *noise, double dt_s)
{
    double dt2 = dt_s * dt_s;
    self->offset_s += self->drift * dt_s;
    self->p00 += 2 * dt_s * self->p01 + dt2 * self->p11 + noise->q1_s * dt_s +
                 noise->q2_per_s * dt2 * dt_s / 3;
    self->p01 += dt_s * self->p11 + noise->q2_per_s * dt2 / 2;
    self->p11 += noise->q2_per_s * dt_s;
}

double sg_clock_correct(sg_clock *self, double measured_s, double std_s)
{
    double r = std_s * std_s, s = self->p00 + r, y = measured_s - self->offset_s;
    double k0 = self->p00 / s, k1 = self->p01 / s;
    self->offset_s += k0 * y;
    self->drift += k1 * y;
    self->p11 -= k1 * self->p01;
    self->p01 *= r / s;
    self->p00 *= r / s;
    return y * y / s;
}

double sg_clock_holdover_std_s(const sg_clock *self, const sg_clock_noise *noise, double dt_s)
{
    sg_clock later = *self;
    sg_clock_predict(&later, noise, dt_s);
    return sqrt(later.p00);
}

/* --- the model: a true clock, measured now and then, and the filter beside it --- */

enum {
    OFFSET_START,
    DRIFT_START,
    OFFSET_STD,
    DRIFT_STD,
    WHITE,
    WALK,
    JITTER,
    TEMPERATURE_COEFFICIENT,
    TURNOVER,
    COMPENSATED,
    INTERVAL,
    MEASUREMENT,
    COVERAGE,
    QUANTUM,
    SEED,
    PARAM_COUNT
};
enum { REFERENCE, TEMPERATURE, INPUT_COUNT };
enum { ERROR, BOUND, STD, SYNC_BOUND, OFFSET, ESTIMATE, DRIFT, SINCE, NIS, OUTPUT_COUNT };
enum { TRUE_OFFSET, TRUE_DRIFT, FILTER, TICK = FILTER + 5, IDLE, STATE_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [OFFSET_START] = {"offset_start", SG_DIM_TIME, 1e-3, -1e6, 1e6, NULL, "true, at the start", ""},
    [DRIFT_START] = {"drift_start", SG_DIM_NONE, 2e-6, -1e-3, 1e-3, NULL, "true, at the start, s/s",
                     ""},
    [OFFSET_STD] = {"offset_std", SG_DIM_TIME, 1e-2, 0, 1e6, NULL,
                    "how little is known of the offset at the start", ""},
    [DRIFT_STD] = {"drift_std", SG_DIM_NONE, 1e-5, 0, 1, NULL,
                   "how little is known of the drift at the start, s/s", ""},
    [WHITE] = {"white_frequency_noise_s", SG_DIM_NONE, 1e-18, 0, 1, NULL,
               "square of the Allan deviation at 1 s", "engineering estimate: 1e-9 at 1 s, quartz"},
    [WALK] = {"drift_walk_per_s", SG_DIM_NONE, 1e-22, 0, 1, NULL,
              "variance of the drift that a second adds",
              "engineering estimate: 3e-9 a day, quartz"},
    [JITTER] = {"jitter", SG_DIM_TIME, 1e-7, 0, 1e3, NULL,
                "standard deviation of reading the clock", "engineering estimate"},
    [TEMPERATURE_COEFFICIENT] = {"temperature_coefficient_per_k2", SG_DIM_NONE, -3.5e-8, -1e-3,
                                 1e-3, NULL, "drift per squared kelvin off the turnover",
                                 "engineering estimate: tuning-fork quartz"},
    [TURNOVER] = {"turnover_temperature", SG_DIM_TEMPERATURE, 25, -50, 150, NULL,
                  "where the drift does not depend on temperature", "tuning-fork quartz"},
    [COMPENSATED] = {"compensated", SG_DIM_FRACTION, 0.95, 0, 1, NULL,
                     "share of the temperature's effect that the device takes out",
                     "engineering estimate"},
    [INTERVAL] = {"interval", SG_DIM_TIME, 300, 1e-6, 1e7, NULL, "between measurements", ""},
    [MEASUREMENT] = {"measurement_std", SG_DIM_TIME, 2e-5, 1e-15, 1e3, NULL,
                     "standard deviation of a measured offset",
                     "engineering estimate: NTP on a local network"},
    [COVERAGE] = {"coverage", SG_DIM_NONE, 3, 0.1, 20, NULL, "standard deviations in the bound",
                  "99.7 % of a normal error"},
    [QUANTUM] = {"energy_quantum", SG_DIM_ENERGY, 1, 1e-30, 1e15, NULL,
                 "E_min of the hypothetical bound", "hypothetical"},
    [SEED] = {"seed", SG_DIM_NONE, 1, 0, 4e9, NULL, "of all noise", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [REFERENCE] = {"reference", SG_DIM_NONE, 1, "above 0: the reference can be reached"},
    [TEMPERATURE] = {"temperature", SG_DIM_TEMPERATURE, 25, "of the crystal"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [ERROR] = {"error_s", "s", "true offset that is left after the correction"},
    [BOUND] = {"bound_s", "s", "what the filter vouches for: coverage times deviation, jitter too"},
    [STD] = {"std_s", "s", "standard deviation of the estimate"},
    [SYNC_BOUND] = {"hypothetical_sync_s", "s",
                    "hypothetical: h/(4 pi E_min), said to bound synchronisation; used nowhere"},
    [OFFSET] = {"offset_s", "s", "true offset of the clock left alone"},
    [ESTIMATE] = {"estimate_s", "s", "of that offset"},
    [DRIFT] = {"drift_estimate", "", "s/s"},
    [SINCE] = {"since_s", "s", "since the last measurement"},
    [NIS] = {"nis", "", "of a measurement in this step, chi-square of one degree; 0: none"},
};

static void start(const sg_model *self, const double *p, double *state)
{
    (void)self;
    sg_clock filter;
    sg_clock_start(&filter, p[OFFSET_STD], p[DRIFT_STD]);
    memcpy(state + FILTER, &filter, sizeof filter);
    state[TRUE_OFFSET] = p[OFFSET_START];
    state[TRUE_DRIFT] = p[DRIFT_START];
    state[IDLE] = p[INTERVAL]; /* the first measurement comes at once */
}

/* The noise of one step, drawn exactly: the drift's walk moves the offset as well, with correlation. */
static void move_truth(const double *p, double kelvin, uint64_t tick, double dt_s, double *state)
{
    double a = sg_gauss(sg_gauss_stream(p[SEED], 0), tick);
    double b = sg_gauss(sg_gauss_stream(p[SEED], 1), tick);
    double c = sg_gauss(sg_gauss_stream(p[SEED], 2), tick);
    double walk = sqrt(p[WALK] * dt_s) * b;
    double warm = p[TEMPERATURE_COEFFICIENT] * (1 - p[COMPENSATED]) * kelvin * kelvin;
    state[TRUE_OFFSET] += (state[TRUE_DRIFT] + warm + walk / 2) * dt_s + sqrt(p[WHITE] * dt_s) * a +
                          sqrt(p[WALK] * dt_s / 12) * dt_s * c;
    state[TRUE_DRIFT] += walk;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    const double hbar_js = 1.054571817e-34; /* h / (2 pi), exact to the digits given, SI 2019 */
    const sg_clock_noise noise = {p[WHITE], p[WALK]};
    uint64_t tick = (uint64_t)state[TICK];
    sg_clock filter;
    memcpy(&filter, state + FILTER, sizeof filter);
    move_truth(p, in[TEMPERATURE] - p[TURNOVER], tick, now->dt_s, state);
    sg_clock_predict(&filter, &noise, now->dt_s);
    state[IDLE] += now->dt_s;
    out[NIS] = 0;
    if (in[REFERENCE] > 0 && state[IDLE] >= p[INTERVAL]) {
        double std_s = sqrt(p[MEASUREMENT] * p[MEASUREMENT] + p[JITTER] * p[JITTER]);
        double read_s = state[TRUE_OFFSET] + std_s * sg_gauss(sg_gauss_stream(p[SEED], 3), tick);
        out[NIS] = sg_clock_correct(&filter, read_s, std_s);
        state[IDLE] = 0;
    }
    state[TICK] += 1;
    memcpy(state + FILTER, &filter, sizeof filter);
    out[ERROR] = state[TRUE_OFFSET] - filter.offset_s;
    out[STD] = sqrt(filter.p00);
    out[BOUND] = p[COVERAGE] * sqrt(filter.p00 + p[JITTER] * p[JITTER]);
    out[SYNC_BOUND] = hbar_js / (2 * p[QUANTUM]);
    out[OFFSET] = state[TRUE_OFFSET];
    out[ESTIMATE] = filter.offset_s;
    out[DRIFT] = filter.drift;
    out[SINCE] = state[IDLE];
    return SG_OK;
}

const sg_model sg_model_clock = {
    .name = "clock",
    .title = "clock that drifts, disciplined now and then",
    .source = "C. Zucca, P. Tavella, IEEE Trans. UFFC 52 (2005) 289; R. E. Kalman, J. Basic Eng. "
              "82 (1960) 35",
    .limits = "no flicker noise; one measurement a step at most; the filter knows nothing of the "
              "temperature: a change of it in holdover is not in the bound; hypothetical_sync_s is "
              "a claim beside it and bounds nothing",
    .example = "time=2026-01-01T00:00:00Z..2026-01-01T08:00:00Z reference=1..-1",
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
