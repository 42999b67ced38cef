#include "model/server.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>
#include <stddef.h>

static const sg_server_table tables[SG_SERVER_TABLES] = {
    [SG_SERVER_ML110_G4] = {"HP ProLiant ML110 G4, Xeon 3040",
                            {86, 89.4, 92.6, 96, 99.5, 102, 106, 108, 112, 114, 117},
                            {0}},
    [SG_SERVER_ML110_G5] = {"HP ProLiant ML110 G5, Xeon 3075",
                            {93.7, 97, 101, 105, 110, 116, 121, 125, 129, 133, 135},
                            {0, 9995, 19617, 29715, 38981, 49267, 59625, 69212, 79692, 90167,
                             98472}},
    [SG_SERVER_X3250] = {"IBM x3250 M3, Xeon X3470",
                         {41.6, 46.7, 52.3, 57.9, 65.4, 73, 80.7, 89.5, 99.6, 105, 113},
                         {0}},
    [SG_SERVER_X3550_X5670] = {"IBM x3550 M3, Xeon X5670",
                               {66, 107, 120, 131, 143, 156, 173, 191, 211, 229, 247},
                               {0}},
    [SG_SERVER_X3550_X5675] = {"IBM x3550 M3, Xeon X5675",
                               {58.4, 98, 109, 118, 128, 140, 153, 170, 189, 205, 222},
                               {0, 89918, 179398, 268151, 357958, 446975, 535435, 626127, 717822,
                                806317, 890651}},
};

const sg_server_table *sg_server_table_of(sg_server_form form)
{
    return (int)form >= 0 && (int)form < SG_SERVER_TABLES ? &tables[form] : NULL;
}

static double clamped(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

double sg_server_power_w(const sg_server_curve *curve, double load_frac)
{
    const sg_server_table *table = sg_server_table_of(curve->form);
    double u = clamped(load_frac, 0, 1);
    if (table) {
        int i = u >= 1 ? SG_SERVER_POINTS - 2 : (int)(u * (SG_SERVER_POINTS - 1));
        double part = u * (SG_SERVER_POINTS - 1) - i;
        return table->power_w[i] + (table->power_w[i + 1] - table->power_w[i]) * part;
    }
    double shape = curve->form == SG_SERVER_LINEAR ? u : 2 * u - pow(u, curve->exponent);
    return curve->idle_w + (curve->max_w - curve->idle_w) * shape;
}

/* The shape 2u - u^r rises over 0..1 for r <= 2, so halving finds its inverse. */
static double fan_barroso_load(double shape, double exponent)
{
    double low = 0, high = 1;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (2 * middle - pow(middle, exponent) <= shape) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

double sg_server_load_frac(const sg_server_curve *curve, double power_w)
{
    const sg_server_table *table = sg_server_table_of(curve->form);
    double idle_w = sg_server_power_w(curve, 0), max_w = sg_server_power_w(curve, 1);
    if (!(power_w > idle_w)) {
        return 0;
    }
    if (power_w >= max_w) {
        return 1;
    }
    if (table) {
        int i = 0; /* power_w < the last point, so that the search ends before it */
        while (power_w >= table->power_w[i + 1]) {
            i++;
        }
        double part = (power_w - table->power_w[i]) / (table->power_w[i + 1] - table->power_w[i]);
        return (i + part) / (SG_SERVER_POINTS - 1);
    }
    double shape = (power_w - idle_w) / (max_w - idle_w);
    return curve->form == SG_SERVER_LINEAR ? shape : fan_barroso_load(shape, curve->exponent);
}

double sg_server_overall_ops_per_w(const sg_server_table *table)
{
    double ops = 0, power_w = 0;
    for (int i = 0; i < SG_SERVER_POINTS; i++) {
        ops += table->ops_per_s[i];
        power_w += table->power_w[i];
    }
    return ops / power_w;
}

/* --- the cap --- */

/* Integral over dt_s of min(level, limit) while the limit goes from limit_w to target_w, which is monotone: they cross once
 * at most. */
static double limited_j(double level_w, double limit_w, double target_w, double settle_s,
                        double dt_s)
{
    double decay = settle_s > 0 ? exp(-dt_s / settle_s) : 0;
    double end_w = target_w + (limit_w - target_w) * decay;
    if (limit_w >= level_w && end_w >= level_w) {
        return level_w * dt_s;
    }
    double from_s = 0, to_s = dt_s; /* while the limit binds */
    if (settle_s > 0 && limit_w > level_w) {
        from_s = clamped(settle_s * log((limit_w - target_w) / (level_w - target_w)), 0, dt_s);
    } else if (settle_s > 0 && end_w > level_w) {
        to_s = clamped(settle_s * log((limit_w - target_w) / (level_w - target_w)), 0, dt_s);
    } else if (settle_s <= 0) {
        return (target_w < level_w ? target_w : level_w) * dt_s;
    }
    double bent_j = settle_s > 0 ? (limit_w - target_w) * settle_s *
                                       (exp(-from_s / settle_s) - exp(-to_s / settle_s))
                                 : 0;
    return level_w * (dt_s - (to_s - from_s)) + target_w * (to_s - from_s) + bent_j;
}

void sg_cap_step(sg_cap *self, double cap_w, const sg_cap_lag *lag, double level_w, double dt_s,
                 double *ret_mean_w)
{
    double settle_s = lag->settle_s;
    double heard_w = self->wait_s > 0 ? self->pending_w : self->target_w;
    if (cap_w != heard_w) {
        self->pending_w = cap_w;
        self->wait_s = self->wait_s > 0 ? self->wait_s : lag->latency_s;
        if (!(self->wait_s > 0)) {
            self->target_w = cap_w;
        }
    }
    double sum_j = 0, left_s = dt_s;
    for (int part = 0; part < 2; part++) { /* before the command is heard, and after it */
        bool waiting = self->wait_s > 0;
        double part_s = waiting && self->wait_s < left_s ? self->wait_s : left_s;
        if (part_s > 0) {
            sum_j += limited_j(level_w, self->limit_w, self->target_w, settle_s, part_s);
            double decay = settle_s > 0 ? exp(-part_s / settle_s) : 0;
            self->limit_w = self->target_w + (self->limit_w - self->target_w) * decay;
        }
        left_s -= part_s;
        if (waiting) {
            self->wait_s -= part_s;
            self->target_w = self->wait_s > 0 ? self->target_w : self->pending_w;
        }
    }
    if (ret_mean_w) {
        *ret_mean_w = sum_j / dt_s;
    }
}

/* --- the model --- */

enum {
    FORM,
    IDLE,
    MAX,
    EXPONENT,
    COUNT,
    PATH,
    IN_BAND_SETTLE,
    OUT_OF_BAND_LATENCY,
    BRAKE_LATENCY,
    BRAKE_LEVEL,
    PARAM_COUNT
};
enum { UTILISATION, CAP, BRAKE, INPUT_COUNT };
enum { POWER, DEMAND, LIMIT, THROUGHPUT, LOAD, HELD, OUTPUT_COUNT };
enum { CAP_STATE = 0, BRAKE_STATE = 4, STATE_COUNT = 8 };

static const sg_param params[PARAM_COUNT] = {
    [FORM] = {"form", SG_DIM_NONE, SG_SERVER_X3550_X5675, 0, 6,
              "ml110_g4|ml110_g5|x3250_x3470|x3550_x5670|x3550_x5675|linear|fan_barroso",
              "power over load: a published table, or a curve", "SPECpower_ssj2008; ISCA 2007"},
    [IDLE] = {"idle_power", SG_DIM_POWER, 150, 0, 1e6, NULL, "of one server, for the curves",
              "engineering estimate"},
    [MAX] = {"max_power", SG_DIM_POWER, 500, 1, 1e6, NULL, "of one server, for the curves",
             "engineering estimate"},
    [EXPONENT] = {"exponent", SG_DIM_NONE, 1.4, 1, 2, NULL, "r of 2u - u^r",
                  "ISCA 2007, as commonly used"},
    [COUNT] = {"servers", SG_DIM_NONE, 1, 1, 1e7, NULL, "that share load and cap alike", ""},
    [PATH] = {"path", SG_DIM_NONE, 0, 0, 1, "in_band|out_of_band", "that a cap takes", ""},
    [IN_BAND_SETTLE] = {"settling", SG_DIM_TIME, 0.1, 0, 60, NULL,
                        "time constant of the limiter in the processor",
                        "engineering estimate: tens to hundreds of ms"},
    [OUT_OF_BAND_LATENCY] = {"out_of_band_latency", SG_DIM_TIME, 40, 0, 3600, NULL,
                             "until a cap through the management network is heard",
                             "engineering estimate"},
    [BRAKE_LATENCY] = {"brake_latency", SG_DIM_TIME, 5, 0, 3600, NULL,
                       "until the power brake is heard", "engineering estimate"},
    [BRAKE_LEVEL] = {"brake_level", SG_DIM_FRACTION, 0.5, 0, 1, NULL,
                     "of the highest power that the brake leaves", "engineering estimate"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [UTILISATION] = {"utilisation", SG_DIM_FRACTION, NAN, "work offered, of the most it can do"},
    [CAP] = {"cap_w", SG_DIM_POWER, 1e12, "commanded, for all servers together"},
    [BRAKE] = {"brake", SG_DIM_NONE, 0, "1: the power brake is pulled"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [POWER] = {"power_w", "W", "drawn, mean of the step"},
    [DEMAND] = {"demand_w", "W", "that the work would draw without a cap"},
    [LIMIT] = {"limit_w", "W", "in force at the end of the step"},
    [THROUGHPUT] = {"throughput_frac", "", "of the work offered that is done"},
    [LOAD] = {"load_frac", "", "of the most it can do that is done"},
    [HELD] = {"held", "", "1: power at the end of the step is at or below the cap commanded"},
};

static sg_server_curve curve_of(const double *p)
{
    return (sg_server_curve){.form = (sg_server_form)(int)p[FORM],
                             .idle_w = p[IDLE] < p[MAX] ? p[IDLE] : p[MAX],
                             .max_w = p[MAX],
                             .exponent = p[EXPONENT]};
}

static void cap_load(sg_cap *self, const double *state)
{
    *self = (sg_cap){state[0], state[1], state[2], state[3]};
}

static void cap_save(const sg_cap *self, double *state)
{
    state[0] = self->limit_w;
    state[1] = self->target_w;
    state[2] = self->pending_w;
    state[3] = self->wait_s;
}

static void start(const sg_model *self, const double *p, double *state)
{
    (void)self;
    sg_server_curve curve = curve_of(p);
    double top_w = sg_server_power_w(&curve, 1);
    cap_save(&(sg_cap){top_w, top_w, top_w, 0}, state + CAP_STATE);
    cap_save(&(sg_cap){top_w, top_w, top_w, 0}, state + BRAKE_STATE);
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    if (in[UTILISATION] < 0 || in[UTILISATION] > 1 || in[CAP] < 0) {
        return SG_RANGE;
    }
    sg_server_curve curve = curve_of(p);
    double top_w = sg_server_power_w(&curve, 1), idle_w = sg_server_power_w(&curve, 0);
    double demand_w = sg_server_power_w(&curve, in[UTILISATION]);
    double cap_w = clamped(in[CAP] / p[COUNT], 0, top_w);
    double brake_w = in[BRAKE] > 0 ? p[BRAKE_LEVEL] * top_w : top_w;
    sg_cap cap, brake;
    cap_load(&cap, state + CAP_STATE);
    cap_load(&brake, state + BRAKE_STATE);
    double by_cap_w, by_brake_w;
    const sg_cap_lag to_cap = {p[PATH] > 0 ? p[OUT_OF_BAND_LATENCY] : 0, p[IN_BAND_SETTLE]};
    const sg_cap_lag to_brake = {p[BRAKE_LATENCY], p[IN_BAND_SETTLE]};
    sg_cap_step(&cap, cap_w, &to_cap, demand_w, now->dt_s, &by_cap_w);
    sg_cap_step(&brake, brake_w, &to_brake, demand_w, now->dt_s, &by_brake_w);
    double mean_w = by_cap_w < by_brake_w ? by_cap_w : by_brake_w;
    double limit_w = cap.limit_w < brake.limit_w ? cap.limit_w : brake.limit_w;
    double end_w = limit_w < demand_w ? limit_w : demand_w;
    mean_w = mean_w > idle_w ? mean_w : idle_w; /* no cap stops the machine from idling */
    end_w = end_w > idle_w ? end_w : idle_w;
    double load = mean_w >= demand_w ? in[UTILISATION] : sg_server_load_frac(&curve, mean_w);
    load = load < in[UTILISATION] ? load : in[UTILISATION];
    out[POWER] = mean_w * p[COUNT];
    out[DEMAND] = demand_w * p[COUNT];
    out[LIMIT] = limit_w * p[COUNT];
    out[THROUGHPUT] = in[UTILISATION] > 0 ? load / in[UTILISATION] : 1;
    out[LOAD] = load;
    out[HELD] = end_w <= cap_w * (1 + 1e-6);
    cap_save(&cap, state + CAP_STATE);
    cap_save(&brake, state + BRAKE_STATE);
    return SG_OK;
}

const sg_model sg_model_server = {
    .name = "server",
    .title = "server with a power cap",
    .source = "SPECpower_ssj2008 result tables (spec.org); X. Fan, W.-D. Weber, L. Barroso, ISCA "
              "2007",
    .limits = "power follows load at once, only the cap lags; one curve for all servers; a cap "
              "below idle power is not held; the work lost is read off the same curve",
    .example = "utilisation=0..1 cap_w=170 dt_s=60",
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
