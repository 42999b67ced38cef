#include "model/powerflow.h"

#include "model/model.h"

#include <math.h>
#include <string.h>

sg_status sg_network_check(const sg_network *self)
{
    if (self->node_count < 1 || self->parent[0] != -1 || !(self->source_v > 0) ||
        !isfinite(self->source_v)) {
        return SG_RANGE;
    }
    for (int32_t i = 0; i < self->node_count; i++) {
        double current = self->current_share ? self->current_share[i] : 0;
        double impedance = self->impedance_share ? self->impedance_share[i] : 0;
        bool ok = current >= 0 && impedance >= 0 && current + impedance <= 1 &&
                  isfinite(self->shunt_g_s ? self->shunt_g_s[i] : 0) &&
                  isfinite(self->shunt_b_s ? self->shunt_b_s[i] : 0);
        if (self->nominal_v) {
            ok = ok && self->nominal_v[i] > 0 && isfinite(self->nominal_v[i]);
        }
        if (i > 0) {
            double ratio = self->ratio ? self->ratio[i] : 1;
            ok = ok && self->parent[i] >= 0 && self->parent[i] < i && isfinite(self->r_ohm[i]) &&
                 isfinite(self->x_ohm ? self->x_ohm[i] : 0) && ratio > 0 && isfinite(ratio);
        }
        if (!ok) {
            return SG_RANGE;
        }
    }
    return SG_OK;
}

size_t sg_powerflow_size(int32_t node_count)
{
    return (size_t)node_count * 5 * sizeof(double);
}

void sg_powerflow_invert_nominal(const sg_network *net, double *ret)
{
    for (int32_t i = 0; i < net->node_count; i++) {
        if (net->nominal_v) {
            ret[i] = 1 / net->nominal_v[i];
        } else if (i == 0) {
            ret[0] = 1 / net->source_v;
        } else {
            ret[i] = ret[net->parent[i]] / (net->ratio ? net->ratio[i] : 1);
        }
    }
}

/* --- one case --- */

typedef struct scalar_case {
    const sg_network *net;
    const double *p, *q, *inverse; /* q may be NULL */
    double *re, *im;               /* voltages */
    double *i_re, *i_im;           /* load currents, then what flows in the branches */
} scalar_case;

/* Current of load and shunt at a node. */
static inline void draw(const scalar_case *self, int32_t i)
{
    const sg_network *net = self->net;
    double a = self->re[i], b = self->im[i], p = self->p[i], q = self->q ? self->q[i] : 0;
    double square = a * a + b * b, weight = 1 / square;
    if (net->current_share || net->impedance_share) {
        double share_i = net->current_share ? net->current_share[i] : 0;
        double share_z = net->impedance_share ? net->impedance_share[i] : 0;
        weight = (1 - share_i - share_z) * weight + share_i * (self->inverse[i] / sqrt(square)) +
                 share_z * (self->inverse[i] * self->inverse[i]);
    }
    double re = (p * a + q * b) * weight, im = (p * b - q * a) * weight;
    if (net->shunt_g_s || net->shunt_b_s) {
        double g_s = net->shunt_g_s ? net->shunt_g_s[i] : 0;
        double b_s = net->shunt_b_s && net->x_ohm ? net->shunt_b_s[i] : 0;
        re += g_s * a - b_s * b;
        im += g_s * b + b_s * a;
    }
    self->i_re[i] = re;
    self->i_im[i] = im;
}

/* Currents of the branches from those of the loads. */
static void sweep_up(const scalar_case *self)
{
    const sg_network *net = self->net;
    for (int32_t i = net->node_count - 1; i > 0; i--) {
        int32_t parent = net->parent[i];
        double ratio = net->ratio ? net->ratio[i] : 1;
        self->i_re[parent] += ratio * self->i_re[i];
        self->i_im[parent] += ratio * self->i_im[i];
    }
}

/* Voltages from the currents of the branches; the loads' currents at these. Returns the largest change, squared. */
static double sweep_down(const scalar_case *self)
{
    const sg_network *net = self->net;
    double worst = 0;
    draw(self, 0);
    for (int32_t i = 1; i < net->node_count; i++) {
        int32_t parent = net->parent[i];
        double ratio = net->ratio ? net->ratio[i] : 1;
        double r = net->r_ohm[i], x = net->x_ohm ? net->x_ohm[i] : 0;
        double re = ratio * self->re[parent] - (r * self->i_re[i] - x * self->i_im[i]);
        double im = ratio * self->im[parent] - (r * self->i_im[i] + x * self->i_re[i]);
        double d_re = re - self->re[i], d_im = im - self->im[i];
        double change = (d_re * d_re + d_im * d_im) * (self->inverse[i] * self->inverse[i]);
        worst = change > worst ? change : worst;
        self->re[i] = re;
        self->im[i] = im;
        draw(self, i);
    }
    return worst;
}

/* From the currents of the branches at the last voltages. */
static void sum_up(const scalar_case *self, sg_powerflow *ret)
{
    const sg_network *net = self->net;
    double loss_w = 0, lowest = INFINITY;
    for (int32_t i = 0; i < net->node_count; i++) {
        double a = self->re[i] * self->inverse[i], b = self->im[i] * self->inverse[i];
        double square = a * a + b * b;
        double r = i > 0 ? net->r_ohm[i] : 0;
        loss_w += r * (self->i_re[i] * self->i_re[i] + self->i_im[i] * self->i_im[i]);
        if (square < lowest) {
            lowest = square;
            ret->lowest_node = i;
        }
    }
    ret->lowest_pu = sqrt(lowest);
    ret->loss_w = loss_w;
    ret->source_w = net->source_v * self->i_re[0];
    ret->source_var = -(net->source_v * self->i_im[0]);
}

static void solve_case(const scalar_case *self, const sg_powerflow_limits *limits,
                       sg_powerflow *ret)
{
    const sg_network *net = self->net;
    double target = limits->tolerance_pu * limits->tolerance_pu, worst = INFINITY;
    for (int32_t i = 0; i < net->node_count; i++) {
        double ratio = i > 0 && net->ratio ? net->ratio[i] : 1;
        self->re[i] = i > 0 ? ratio * self->re[net->parent[i]] : net->source_v;
        self->im[i] = 0;
        draw(self, i);
    }
    *ret = (sg_powerflow){.outcome = SG_LIMIT};
    sweep_up(self);
    while (ret->outcome == SG_LIMIT && ret->sweeps < limits->sweep_max) {
        worst = sweep_down(self);
        sweep_up(self);
        ret->sweeps++;
        if (!isfinite(self->i_re[0]) || !isfinite(self->i_im[0])) {
            *ret = (sg_powerflow){.outcome = SG_NUMERIC, .sweeps = ret->sweeps};
        } else if (worst <= target) {
            ret->outcome = SG_SOLVED;
        }
    }
    if (ret->outcome != SG_NUMERIC) {
        sum_up(self, ret);
        ret->mismatch_pu = sqrt(worst);
    }
}

void sg_powerflow_solve(const sg_network *self, const sg_powerflow_limits *limits,
                        const sg_powerflow_cases *cases, void *memory)
{
    size_t count = (size_t)self->node_count;
    double *inverse = memory;
    sg_powerflow_invert_nominal(self, inverse);
    for (int64_t k = 0; k < cases->count; k++) {
        size_t at = (size_t)k * count;
        scalar_case c = {.net = self,
                         .p = cases->p_w + at,
                         .q = cases->q_var && self->x_ohm ? cases->q_var + at : NULL,
                         .inverse = inverse,
                         .i_re = inverse + count,
                         .i_im = inverse + 2 * count,
                         .re = cases->ret_v_re ? cases->ret_v_re + at : inverse + 3 * count,
                         .im = cases->ret_v_im ? cases->ret_v_im + at : inverse + 4 * count};
        solve_case(&c, limits, &cases->ret[k]);
    }
}

double sg_branch_voltage_v(double source_v, double r_ohm, double x_ohm, double p_w, double q_var)
{
    double half = source_v * source_v / 2 - (r_ohm * p_w + x_ohm * q_var);
    double z2 = r_ohm * r_ohm + x_ohm * x_ohm, s2 = p_w * p_w + q_var * q_var;
    double root = half * half - z2 * s2;
    return half > 0 && root >= 0 ? sqrt(half + sqrt(root)) : 0;
}

/* --- the model: one branch with a load at its end --- */

enum { CURRENT_SHARE, IMPEDANCE_SHARE, PARAM_COUNT };
enum { SOURCE_VOLTAGE, RESISTANCE, REACTANCE, POWER, REACTIVE_POWER, INPUT_COUNT };
enum { VOLTAGE, DROP, ANGLE, LOSS, SOURCE_POWER, SOLVED, OUTPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CURRENT_SHARE] = {"current_share", SG_DIM_FRACTION, 0, 0, 1, NULL,
                       "of the load that follows the voltage", ""},
    [IMPEDANCE_SHARE] = {"impedance_share", SG_DIM_FRACTION, 0, 0, 1, NULL,
                         "of the load that follows its square; the rest is constant power", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [SOURCE_VOLTAGE] = {"source_voltage", SG_DIM_VOLTAGE, 400,
                        "line to line, or of the direct-current pair"},
    [RESISTANCE] = {"resistance", SG_DIM_RESISTANCE, 0.05,
                    "of a phase, or of both conductors of the pair"},
    [REACTANCE] = {"reactance", SG_DIM_RESISTANCE, 0, "of a phase; 0 for direct current"},
    [POWER] = {"power", SG_DIM_POWER, NAN, "of the load at the source's voltage; < 0: generates"},
    [REACTIVE_POWER] = {"reactive_power", SG_DIM_POWER, 0, "of the load, var; > 0: inductive"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [VOLTAGE] = {"voltage_v", "V", "at the load; 0: no operating point, the voltage collapses"},
    [DROP] = {"drop_frac", "", "of the source's voltage; < 0: a rise"},
    [ANGLE] = {"angle_rad", "rad", "of the load's voltage; < 0: behind the source"},
    [LOSS] = {"loss_w", "W", "in the branch"},
    [SOURCE_POWER] = {"source_w", "W", "out of the source: the load at its voltage and the loss"},
    [SOLVED] = {"solved", "", "1: an operating point; 0: none, and the other figures are 0"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    static const sg_powerflow_limits patient = {1e-12, 100000};
    const int32_t parent[] = {-1, 0};
    const double r[] = {0, in[RESISTANCE]}, x[] = {0, in[REACTANCE]};
    const double share_i[] = {0, p[CURRENT_SHARE]}, share_z[] = {0, p[IMPEDANCE_SHARE]};
    const double power_w[] = {0, in[POWER]}, power_var[] = {0, in[REACTIVE_POWER]};
    const sg_network net = {.node_count = 2,
                            .parent = parent,
                            .r_ohm = r,
                            .x_ohm = x,
                            .current_share = share_i,
                            .impedance_share = share_z,
                            .source_v = in[SOURCE_VOLTAGE]};
    double memory[10], re[2], im[2]; /* sg_powerflow_size(2) */
    sg_powerflow flow;
    const sg_powerflow_cases one = {1, power_w, power_var, re, im, &flow};
    (void)self;
    (void)now;
    (void)state;
    if (sg_network_check(&net) != SG_OK || r[1] < 0) {
        return SG_RANGE;
    }
    sg_powerflow_solve(&net, &patient, &one, memory);
    memset(out, 0, sizeof *out * OUTPUT_COUNT);
    if (flow.outcome != SG_SOLVED) {
        return SG_OK;
    }
    out[VOLTAGE] = sqrt(re[1] * re[1] + im[1] * im[1]);
    out[DROP] = 1 - out[VOLTAGE] / net.source_v;
    out[ANGLE] = atan2(im[1], re[1]);
    out[LOSS] = flow.loss_w;
    out[SOURCE_POWER] = flow.source_w;
    out[SOLVED] = 1;
    return SG_OK;
}

const sg_model sg_model_powerflow = {
    .name = "powerflow",
    .title = "voltage and loss at the end of a feeder",
    .source =
        "Shirmohammadi et al., IEEE Trans. Power Systems 3 (1988) 753: backward-forward sweep",
    .limits = "balanced phases; one branch with a load at its end (a whole radial network: "
              "model/powerflow.h)",
    .example = "source_voltage=400 resistance=0.05 reactance=0.02 power=0..768000",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .step = step,
};
