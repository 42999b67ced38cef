/* rainflow - see rainflow.h for the counting; below it the model of that name. */
#include "model/rainflow.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

static sg_rainflow_cycle cycle_of(double a, double b, double count)
{
    return (sg_rainflow_cycle){.range = fabs(a - b), .mean = (a + b) / 2, .count = count};
}

/* Takes one more turning point, or moves the last one on. Returns whether anything changed. */
static bool extend(double *state, double value)
{
    int held = (int)state[0];
    double *last = state + held;
    if (held > 0 && value == *last) {
        return false;
    }
    if (held > 1 && (value > *last) == (*last > last[-1])) {
        *last = value;
        return true;
    }
    last[1] = value;
    state[0] = held + 1;
    return true;
}

/* Room for one more: the oldest range, which is the widest, leaves as a half cycle. */
static int make_room(double *state, sg_rainflow_cycle *ret)
{
    if (state[0] < SG_RAINFLOW_POINTS) {
        return 0;
    }
    ret[0] = cycle_of(state[1], state[2], 0.5);
    memmove(state + 1, state + 2, sizeof(double) * (SG_RAINFLOW_POINTS - 1));
    state[0] -= 1;
    return 1;
}

int sg_rainflow_push(double *state, double value, sg_rainflow_cycle *ret)
{
    int closed = make_room(state, ret);
    if (!extend(state, value)) {
        return closed;
    }
    int held = (int)state[0];
    double *at = state + 1;
    while (held >= 3) { /* at most as often as there are points */
        double newest = fabs(at[held - 1] - at[held - 2]),
               before = fabs(at[held - 2] - at[held - 3]);
        if (newest < before) {
            break;
        }
        bool start = held == 3;
        ret[closed++] = cycle_of(at[held - 2], at[held - 3], start ? 0.5 : 1);
        if (start) {
            at[0] = at[1];
            at[1] = at[2];
            held = 2;
        } else {
            at[held - 3] = at[held - 1];
            held -= 2;
        }
    }
    state[0] = held;
    return closed;
}

int sg_rainflow_residue(const double *state, sg_rainflow_cycle *ret)
{
    int ranges = (int)state[0] - 1;
    for (int i = 0; i < ranges; i++) {
        ret[i] = cycle_of(state[1 + i], state[2 + i], 0.5);
    }
    return ranges > 0 ? ranges : 0;
}

int sg_rainflow_push_whole(double *state, double turning_point, double slack,
                           sg_rainflow_cycle *ret)
{
    int closed = make_room(state, ret), held = (int)state[0];
    double *at = state + 1;
    at[held++] = turning_point;
    while (held >= 3) {
        double newest = fabs(at[held - 1] - at[held - 2]),
               before = fabs(at[held - 2] - at[held - 3]);
        if (newest + slack < before) {
            break;
        }
        ret[closed++] = cycle_of(at[held - 2], at[held - 3], 1);
        at[held - 3] = at[held - 1];
        held -= 2;
    }
    state[0] = held;
    return closed;
}

/* --- a whole history --- */

/* The turning points of it, its ends with them, to ret; returns how many. No branch depends on the values. */
static int64_t turning_points(const double *value, int64_t count, double *ret)
{
    int64_t held = 0;
    double last = value[0];
    int direction = 0;
    for (int64_t i = 1; i < count; i++) {
        int next = (value[i] > last) - (value[i] < last);
        ret[held] = last;
        held += (next != direction) & (next != 0); /* at first direction is 0: the start is kept */
        direction = next ? next : direction;
        last = value[i];
    }
    ret[held] = last;
    return held + 1;
}

int64_t sg_rainflow_array(const double *value, int64_t count, double *work, sg_rainflow_cycle *ret)
{
    if (count < 2) {
        return 0;
    }
    int64_t points = turning_points(value, count, work), cycles = 0;
    int64_t first = 0, held = 0; /* open points are work[first .. first + held) */
    for (int64_t i = 0; i < points; i++) {
        double *at = work + first;
        at[held++] = work[i];
        while (held >= 3) {
            double c = at[held - 1], b = at[held - 2], a = at[held - 3];
            if (fabs(c - b) < fabs(b - a)) {
                break;
            }
            ret[cycles++] = cycle_of(b, a, held == 3 ? 0.5 : 1);
            if (held == 3) {
                first++;
                at++;
                held = 2;
            } else {
                at[held - 3] = c;
                held -= 2;
            }
        }
    }
    for (int64_t i = 0; i + 1 < held; i++) {
        ret[cycles++] = cycle_of(work[first + i], work[first + i + 1], 0.5);
    }
    return cycles;
}

/* --- the model: a value a row in, the cycles that it closes out --- */

enum { VALUE, INPUT_COUNT };
enum { RANGE, MEAN, OPEN_RANGE, COUNT, CLOSED, CYCLES, TRAVEL, OPEN, OUTPUT_COUNT };
enum { S_CYCLES = SG_RAINFLOW_STATE, S_TRAVEL, STATE_COUNT };

static const sg_input inputs[INPUT_COUNT] = {
    [VALUE] = {"value", SG_DIM_NONE, NAN, "of the history: state of charge, temperature, load"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [RANGE] = {"range", "", "of the widest cycle that this row closes, 0: none"},
    [MEAN] = {"mean", "", "of that cycle"},
    [OPEN_RANGE] = {"open_range", "", "the widest range that no later one has covered yet"},
    [COUNT] = {"count", "1", "1 for that cycle, 0.5 for a half cycle"},
    [CLOSED] = {"closed", "1", "cycles that this row closes, halves as halves"},
    [CYCLES] = {"cycles", "1", "closed so far"},
    [TRAVEL] = {"travel", "1", "count times range, summed: equivalent full cycles of a range of 1"},
    [OPEN] = {"open", "1", "still open, as half cycles: the residue if the history ended here"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)p;
    (void)now;
    sg_rainflow_cycle closed[SG_RAINFLOW_POINTS];
    int count = sg_rainflow_push(state, in[VALUE], closed);
    sg_rainflow_cycle widest = {0};
    double sum = 0;
    for (int i = 0; i < count; i++) {
        sum += closed[i].count;
        state[S_TRAVEL] += closed[i].count * closed[i].range;
        widest = closed[i].range >= widest.range ? closed[i] : widest;
    }
    state[S_CYCLES] += sum;
    out[RANGE] = widest.range;
    out[MEAN] = widest.mean;
    out[OPEN_RANGE] = state[0] > 1 ? fabs(state[1] - state[2]) : 0;
    out[COUNT] = widest.count;
    out[CLOSED] = sum;
    out[CYCLES] = state[S_CYCLES];
    out[TRAVEL] = state[S_TRAVEL];
    out[OPEN] = state[0] > 1 ? (state[0] - 1) / 2 : 0;
    return SG_OK;
}

const sg_model sg_model_rainflow = {
    .name = "rainflow",
    .title = "rainflow cycle counting",
    .source = "ASTM E1049-85 (2017), clause 5.4.4",
    .limits = "32 open turning points; beyond them the oldest range leaves as a half cycle",
    .example = "value=0..1",
    .needs = SG_NEEDS_DT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .state_count = STATE_COUNT,
    .step = step,
};

_Static_assert((int)STATE_COUNT <= (int)SG_MODEL_STATE_MAX, "the counter fits a model's state");
