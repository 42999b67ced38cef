#include "model/frequency.h"

#include "model/model.h"
#include "model/powerflow.h"

#include <math.h>

double sg_swing_hz_per_s(double nominal_hz, double imbalance_w, double inertia_s, double rating_va)
{
    return nominal_hz * imbalance_w / (2 * inertia_s * rating_va);
}

double sg_droop_frac(double deviation_hz, double nominal_hz, double droop_frac)
{
    return -(deviation_hz / nominal_hz) / droop_frac;
}

double sg_droop_1547_frac(double frequency_hz, double nominal_hz, double deadband_hz,
                          double droop_frac)
{
    double low_hz = nominal_hz - deadband_hz, high_hz = nominal_hz + deadband_hz;
    if (frequency_hz < low_hz) {
        return (low_hz - frequency_hz) / (nominal_hz * droop_frac);
    }
    return frequency_hz > high_hz ? -(frequency_hz - high_hz) / (nominal_hz * droop_frac) : 0;
}

double sg_neso_containment_frac(double deviation_hz)
{
    double size_hz = fabs(deviation_hz), answer = 0;
    if (size_hz >= 0.5) {
        answer = 1;
    } else if (size_hz > 0.2) {
        answer = 0.05 + (size_hz - 0.2) / 0.3 * 0.95;
    } else if (size_hz > 0.015) {
        answer = (size_hz - 0.015) / 0.185 * 0.05;
    }
    return deviation_hz < 0 ? answer : -answer;
}

/* --- the model --- */

enum {
    NOMINAL,
    RATING,
    INERTIA,
    DAMPING,
    RESPONSE,
    RESPONSE_RATING,
    RESPONSE_TIME,
    DROOP,
    DEADBAND,
    SHORT_CIRCUIT,
    X_OVER_R,
    PARAM_COUNT
};
enum { IMBALANCE, IMPORT, IMPORT_VAR, INPUT_COUNT };
enum { AWAY, FREQUENCY, ROCOF, ANSWER, VOLTAGE, OUTPUT_COUNT };
enum { DEVIATION, ANSWERED, STATE_COUNT };
enum response { DROOP_1547, CONTAINMENT, NONE };
enum { SUBSTEPS_MAX = 100000 };

static const sg_param params[PARAM_COUNT] = {
    [NOMINAL] = {"nominal_frequency", SG_DIM_FREQUENCY, 60, 10, 1000, NULL,
                 "of the grid at balance", ""},
    [RATING] = {"rating", SG_DIM_POWER, 100e6, 1, 1e13, NULL, "of all machines together, VA", ""},
    [INERTIA] = {"inertia", SG_DIM_TIME, 5, 0.01, 100, NULL,
                 "energy in the rotating masses per rating (H)", "2 to 9 s for thermal units"},
    [DAMPING] = {"damping", SG_DIM_NONE, 1, 0, 100, NULL,
                 "load that goes with the frequency: per unit per unit", "1 to 2 is usual"},
    [RESPONSE] = {"response", SG_DIM_NONE, 0, 0, 2, "ieee_1547|neso_containment|none",
                  "what answers to the frequency", "IEEE 1547-2018; NESO"},
    [RESPONSE_RATING] = {"response_rating", SG_DIM_POWER, 10e6, 0, 1e13, NULL,
                         "of what answers, both ways", ""},
    [RESPONSE_TIME] = {"response_time", SG_DIM_TIME, 5, 0.01, 1000, NULL,
                       "to 90 % of an answer, as a first-order lag",
                       "IEEE 1547-2018: 5 s; containment: 1 s"},
    [DROOP] = {"droop", SG_DIM_FRACTION, 0.05, 0.001, 1, NULL,
               "change of frequency for the whole rating", "IEEE 1547-2018 default"},
    [DEADBAND] = {"deadband", SG_DIM_FREQUENCY, 0.036, 0, 5, NULL, "without an answer, each way",
                  "IEEE 1547-2018 default"},
    [SHORT_CIRCUIT] = {"short_circuit_power", SG_DIM_POWER, 500e6, 1, 1e13, NULL,
                       "of the grid at the connection, VA", "engineering estimate"},
    [X_OVER_R] = {"x_over_r", SG_DIM_NONE, 10, 0, 1000, NULL, "of the grid at the connection",
                  "engineering estimate"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [IMBALANCE] = {"imbalance", SG_DIM_POWER, NAN, "generation - load, before the answer"},
    [IMPORT] = {"import", SG_DIM_POWER, 0, "of the site at its connection; < 0: export"},
    [IMPORT_VAR] = {"import_var", SG_DIM_POWER, 0, "reactive, var; > 0: inductive"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [AWAY] = {"deviation_frac", "", "of the frequency at the end of the step, of nominal"},
    [FREQUENCY] = {"frequency_hz", "Hz", "at the end of the step"},
    [ROCOF] = {"rocof_hz_per_s", "Hz/s", "at the beginning of the step"},
    [ANSWER] = {"response_w", "W", "at the end of the step; > 0: feeds the system"},
    [VOLTAGE] = {"voltage_frac", "1", "at the connection, of nominal; 0: collapsed"},
};

static double wanted_w(const double *p, double deviation_hz)
{
    double part = 0;
    if (p[RESPONSE] < DROOP_1547 + 0.5) {
        part = sg_droop_1547_frac(p[NOMINAL] + deviation_hz, p[NOMINAL], p[DEADBAND], p[DROOP]);
    } else if (p[RESPONSE] < CONTAINMENT + 0.5) {
        part = sg_neso_containment_frac(deviation_hz);
    }
    return p[RESPONSE_RATING] * (part > 1 ? 1 : part < -1 ? -1 : part);
}

static void slopes(const double *p, double imbalance_w, const double *state, double *ret)
{
    double tau_s = p[RESPONSE_TIME] / 2.30258509299404568; /* ln 10 */
    double load_w = p[DAMPING] * p[RATING] * (state[DEVIATION] / p[NOMINAL]);
    ret[DEVIATION] = sg_swing_hz_per_s(p[NOMINAL], imbalance_w + state[ANSWERED] - load_w,
                                       p[INERTIA], p[RATING]);
    ret[ANSWERED] = (wanted_w(p, state[DEVIATION]) - state[ANSWERED]) / tau_s;
}

/* Classical Runge-Kutta of fourth order. */
static void advance(const double *p, double imbalance_w, double h_s, double *state)
{
    double k[4][STATE_COUNT], at[STATE_COUNT];
    static const double reach[] = {0.5, 0.5, 1};
    slopes(p, imbalance_w, state, k[0]);
    for (int stage = 0; stage < 3; stage++) {
        for (int i = 0; i < STATE_COUNT; i++) {
            at[i] = state[i] + reach[stage] * h_s * k[stage][i];
        }
        slopes(p, imbalance_w, at, k[stage + 1]);
    }
    for (int i = 0; i < STATE_COUNT; i++) {
        state[i] += h_s / 6 * (k[0][i] + 2 * k[1][i] + 2 * k[2][i] + k[3][i]);
    }
}

/* A substep well inside of the fastest time constant. */
static double substep_s(const double *p)
{
    double steepest = p[RESPONSE] < DROOP_1547 + 0.5    ? 1 / p[DROOP]
                      : p[RESPONSE] < CONTAINMENT + 0.5 ? 0.95 / 0.3 * p[NOMINAL]
                                                        : 0;
    double gain = p[DAMPING] + steepest * p[RESPONSE_RATING] / p[RATING];
    double h_s = p[RESPONSE_TIME] / 20;
    double swing_s = gain > 0 ? 2 * p[INERTIA] / gain / 10 : h_s;
    return swing_s < h_s ? swing_s : h_s;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    double begun[STATE_COUNT], left_s = now->dt_s, h_s = substep_s(p);
    double rated = p[SHORT_CIRCUIT], z = 1 / sqrt(1 + p[X_OVER_R] * p[X_OVER_R]);
    (void)self;
    slopes(p, in[IMBALANCE], state, begun);
    for (int i = 0; i < SUBSTEPS_MAX && left_s > 0; i++) {
        double pace_s = h_s < left_s ? h_s : left_s;
        advance(p, in[IMBALANCE], pace_s, state);
        left_s -= pace_s;
    }
    if (left_s > 0) {
        double slope[STATE_COUNT];
        slopes(p, in[IMBALANCE], state, slope);
        if (fabs(slope[DEVIATION]) * left_s > 1e-6 * p[NOMINAL]) {
            return SG_RANGE; /* a step of thousands of time constants that does not settle */
        }
    }
    out[AWAY] = state[DEVIATION] / p[NOMINAL];
    out[FREQUENCY] = p[NOMINAL] + state[DEVIATION];
    out[ROCOF] = begun[DEVIATION];
    out[ANSWER] = state[ANSWERED];
    out[VOLTAGE] =
        sg_branch_voltage_v(1, z, z * p[X_OVER_R], in[IMPORT] / rated, in[IMPORT_VAR] / rated);
    return SG_OK;
}

const sg_model sg_model_frequency = {
    .name = "frequency",
    .title = "frequency and voltage of a grid connection",
    .source = "swing equation; IEEE 1547-2018 frequency-droop; NESO dynamic containment",
    .limits = "one mass, small deviations; no governor of the machines but the response, no load "
              "shedding; steps up to some thousand time constants",
    .example = "imbalance=-5000000 dt_s=0.25",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .state_count = STATE_COUNT,
    .step = step,
};
