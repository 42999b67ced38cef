/* ageing - see ageing.h for the laws; below them the model of that name. */
#include "model/ageing.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>

static const double zero_k = 273.15, day_s = 86400, together_s = 3600;

/* --- rates --- */

double sg_graphite_potential_v(double soc_frac)
{
    double x = 8.5e-3 + soc_frac * (0.78 - 8.5e-3); /* lithiation */
    return 0.6379 + 0.5416 * exp(-305.5309 * x) + 0.044 * tanh(-(x - 0.1958) / 0.1088) -
           0.1978 * tanh((x - 1.0571) / 0.0854) - 0.6875 * tanh((x + 0.0117) / 0.0529) -
           0.0175 * tanh((x - 0.5692) / 0.0875);
}

double sg_lfp_calendar_rate(double kelvin, double soc_frac)
{
    return 8.37e4 * exp((-5210 - 3560 * sg_graphite_potential_v(soc_frac)) / kelvin);
}

double sg_lfp_cycle_rate(double kelvin, double depth_frac, double rate_per_h)
{
    return (4.38e-8 + 1.55e-8 * depth_frac + 1.68e-7 * rate_per_h) *
           (exp(2190 / kelvin) + exp(-1.55e5 / kelvin));
}

double sg_smith_calendar_rate(double kelvin, double soc_frac)
{
    return 2.66e-3 * exp(-7280 * (1 / kelvin - 1.0 / 296)) *
           exp(930 * (soc_frac / kelvin - 1.0 / 296));
}

static double nmc_calendar_rate(double kelvin, double soc_frac)
{
    double t = kelvin / (zero_k + 35);
    return 2.66e7 * exp((-17.8 - 5.21 * sg_graphite_potential_v(soc_frac) / 0.123) / t);
}

static double nmc_cycle_rate(double kelvin, double depth_frac)
{
    double t = kelvin / (zero_k + 35);
    return 3.80e3 * exp(-18.4 / t) * exp(1.04 * exp(depth_frac * depth_frac));
}

/* --- curves --- */

/* loss = rate x^power, dx further on. */
static double along_power(double loss, double rate, double power, double dx)
{
    if (!(rate > 0) || !(dx > 0)) {
        return loss;
    }
    double x = loss > 0 ? pow(loss / rate, 1 / power) : 0;
    double next = rate * pow(x + dx, power);
    return next > loss ? (next < 1 ? next : 1) : loss;
}

/* loss = tanh((x / scale)^10 / 2), dx further on. */
static double along_knee(double loss, double scale, double dx)
{
    if (loss >= 1 || !(scale > 0)) {
        return 1;
    }
    double x = scale * pow(2 * atanh(loss), 0.1);
    double next = tanh(pow((x + dx) / scale, 10) / 2);
    return next > loss ? next : loss;
}

/* Straight through two points, and on beyond them. */
static double line(double x0, double y0, double x1, double y1, double at)
{
    return x1 > x0 ? y0 + (y1 - y0) * (at - x0) / (x1 - x0) : y0;
}

/* The curve of points [from, to), at a number of cycles. */
static double curve_frac(const sg_cycle_point *table, int from, int to, double cycles)
{
    int upper = from + 1;
    while (upper + 1 < to && table[upper].cycles < cycles) {
        upper++;
    }
    if (upper >= to) {
        return table[from].capacity_frac;
    }
    double frac = line(table[upper - 1].cycles, table[upper - 1].capacity_frac, table[upper].cycles,
                       table[upper].capacity_frac, cycles);
    return frac > 0 ? frac : 0;
}

double sg_cycle_table_frac(const sg_cycle_point *table, int count, double depth_frac, double cycles)
{
    double low_depth = 0, low_frac = 1;
    for (int from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && table[to].depth_frac == table[from].depth_frac;) {
            to++;
        }
        double frac = curve_frac(table, from, to, cycles);
        if (depth_frac <= table[from].depth_frac) {
            return line(low_depth, low_frac, table[from].depth_frac, frac, depth_frac);
        }
        low_depth = table[from].depth_frac;
        low_frac = frac;
    }
    return low_frac;
}

double sg_calendar_table_frac(const double *days, const double *capacity_frac, int count,
                              double age_days)
{
    int upper = 1;
    while (upper + 1 < count && days[upper] < age_days) {
        upper++;
    }
    double frac = line(days[upper - 1], capacity_frac[upper - 1], days[upper], capacity_frac[upper],
                       age_days);
    return frac > 0 ? frac : 0;
}

/* --- time and cycles act --- */

/* The day's mean rate moves the loss on. */
static void act_day(const sg_ageing *self, double *s)
{
    if (!(s[SG_AGE_DAY_S] > 0)) {
        return;
    }
    double rate = s[SG_AGE_DAY_RATE] / s[SG_AGE_DAY_S], days = s[SG_AGE_DAY_S] / day_s;
    double power = self->law == SG_AGEING_LFP ? 0.526 : 0.357;
    s[SG_AGE_CALENDAR] = along_power(s[SG_AGE_CALENDAR], rate, power, days);
    s[SG_AGE_DAY_S] = s[SG_AGE_DAY_RATE] = 0;
}

/* The hour's mean charge and temperature make its rate. */
static void act_hour(const sg_ageing *self, double *s)
{
    double wait_s = s[SG_AGE_WAIT_S];
    if (!(wait_s > 0)) {
        return;
    }
    double soc = s[SG_AGE_WAIT_SOC] / wait_s, kelvin = s[SG_AGE_WAIT_K] / wait_s;
    s[SG_AGE_WAIT_S] = s[SG_AGE_WAIT_SOC] = s[SG_AGE_WAIT_K] = 0;
    if (self->law == SG_AGEING_LFP || self->law == SG_AGEING_NMC) {
        double rate = self->law == SG_AGEING_LFP ? sg_lfp_calendar_rate(kelvin, soc)
                                                 : nmc_calendar_rate(kelvin, soc);
        s[SG_AGE_DAY_S] += wait_s;
        s[SG_AGE_DAY_RATE] += rate * wait_s;
        if (s[SG_AGE_DAY_S] >= day_s) {
            act_day(self, s);
        }
    } else if (self->law == SG_AGEING_TABLE) {
        double rate = sg_smith_calendar_rate(kelvin, soc), loss = s[SG_AGE_CALENDAR];
        s[SG_AGE_CALENDAR] = sqrt(loss * loss + rate * rate * wait_s / day_s);
    }
}

static void act_cycles(const sg_ageing *self, double *s)
{
    double full = s[SG_AGE_PEND_FULL];
    if (!(full > 0)) {
        return;
    }
    double depth = s[SG_AGE_PEND_DEPTH] / full, soc = s[SG_AGE_PEND_SOC] / full;
    bool ran = s[SG_AGE_RUN_S] > 0;
    double kelvin = ran ? s[SG_AGE_RUN_K] / s[SG_AGE_RUN_S] : zero_k + 25;
    double rate_per_h = ran ? s[SG_AGE_RUN_PATH] / s[SG_AGE_RUN_S] * 3600 : 0;
    rate_per_h *= self->of_present ? sg_ageing_health_frac(self, s) : 1;
    if (self->law == SG_AGEING_LFP) {
        double rate = sg_lfp_cycle_rate(kelvin, depth, rate_per_h);
        s[SG_AGE_CYCLE] = along_power(s[SG_AGE_CYCLE], rate, 0.828, full);
    } else if (self->law == SG_AGEING_NMC) {
        double scale = 1e4 + 153 * (kelvin - zero_k - 55) * depth * (soc / 0.6);
        s[SG_AGE_CYCLE] = along_power(s[SG_AGE_CYCLE], nmc_cycle_rate(kelvin, depth), 0.778, full);
        s[SG_AGE_ACTIVE] = along_knee(s[SG_AGE_ACTIVE], scale, full);
    }
    s[SG_AGE_PEND_FULL] = s[SG_AGE_PEND_DEPTH] = s[SG_AGE_PEND_SOC] = 0;
    s[SG_AGE_RUN_S] = s[SG_AGE_RUN_K] = s[SG_AGE_RUN_PATH] = 0;
}

static void take_cycles(const sg_ageing *self, const sg_rainflow_cycle *cycle, int count, double *s)
{
    double health = self->of_present ? sg_ageing_health_frac(self, s) : 1;
    for (int i = 0; i < count; i++) {
        double full = cycle[i].count * cycle[i].range * health;
        s[SG_AGE_PEND_FULL] += full;
        s[SG_AGE_PEND_DEPTH] += full * cycle[i].range;
        s[SG_AGE_PEND_SOC] += full * cycle[i].mean;
        if (self->law == SG_AGEING_CYCLE_LIFE) {
            s[SG_AGE_CYCLE] += 0.2 * full / self->cycle_life;
        } else if (self->law == SG_AGEING_TABLE) {
            double n = s[SG_AGE_CYCLES], range = cycle[i].range;
            double loss = sg_cycle_table_frac(self->table, self->table_count, range, n) -
                          sg_cycle_table_frac(self->table, self->table_count, range, n + 1);
            s[SG_AGE_CYCLE] += loss > 0 ? loss * cycle[i].count : 0;
        }
        s[SG_AGE_CYCLES] += cycle[i].count;
        s[SG_AGE_FULL_CYCLES] += full;
    }
}

void sg_ageing_begin(double soc_frac, double *s)
{
    s[SG_AGE_RAINFLOW] = 1;
    s[SG_AGE_RAINFLOW + 1] = s[SG_AGE_LAST_SOC] = soc_frac;
}

void sg_ageing_step(const sg_ageing *self, double soc_frac, double temperature_degc, double dt_s,
                    double *s)
{
    sg_rainflow_cycle closed[SG_RAINFLOW_POINTS];
    bool first = s[SG_AGE_RAINFLOW] < 1;
    double kelvin_s = (temperature_degc + zero_k) * dt_s, before = s[SG_AGE_LAST_SOC];
    s[SG_AGE_LAST_SOC] = soc_frac;
    s[SG_AGE_WAIT_S] += dt_s;
    s[SG_AGE_WAIT_SOC] += (first ? soc_frac : (soc_frac + before) / 2) * dt_s;
    s[SG_AGE_WAIT_K] += kelvin_s;
    s[SG_AGE_RUN_S] += dt_s;
    s[SG_AGE_RUN_K] += kelvin_s;
    s[SG_AGE_RUN_PATH] += first ? 0 : fabs(soc_frac - before);
    int count = sg_rainflow_push(s + SG_AGE_RAINFLOW, soc_frac, closed);
    if (count > 0) {
        take_cycles(self, closed, count, s);
    }
    if (s[SG_AGE_WAIT_S] >= together_s) {
        act_hour(self, s);
        act_cycles(self, s);
    }
}

void sg_ageing_finish(const sg_ageing *self, double *s)
{
    sg_rainflow_cycle open[SG_RAINFLOW_POINTS];
    take_cycles(self, open, sg_rainflow_residue(s + SG_AGE_RAINFLOW, open), s);
    act_hour(self, s);
    act_day(self, s);
    act_cycles(self, s);
    s[SG_AGE_RAINFLOW] = 0; /* what follows is another history */
}

double sg_ageing_health_frac(const sg_ageing *self, const double *s)
{
    double health = 1 - s[SG_AGE_CALENDAR] - s[SG_AGE_CYCLE];
    if (self->law == SG_AGEING_NMC) {
        double active = 1.01 - s[SG_AGE_ACTIVE];
        health = active < health ? active : health;
    } else if (self->law == SG_AGEING_TABLE) {
        double standing = 1.02 - s[SG_AGE_CALENDAR], cycling = 1 - s[SG_AGE_CYCLE];
        health = standing < cycling ? standing : cycling;
    }
    return health > 0 ? (health < 1 ? health : 1) : 0;
}

/* --- the model: state of charge and temperature in, what is left of the capacity out --- */

enum { LAW, CYCLE_LIFE, SHALLOW, SHALLOW_CYCLES, DEEP, DEEP_CYCLES, PARAM_COUNT };
enum { SOC, TEMPERATURE, INPUT_COUNT };
enum { CALENDAR, CYCLE, HEALTH, CYCLES, FULL_CYCLES, OUTPUT_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [LAW] = {"law", SG_DIM_NONE, 0, 0, SG_AGEING_TABLE, "lfp|nmc|cycle_life|none|table",
             "how capacity is lost",
             "NREL BLAST-Lite: LFP 250 Ah prismatic; NMC111 Kokam 75 Ah; NREL SAM for table"},
    [CYCLE_LIFE] = {"cycle_life", SG_DIM_NONE, 5000, 1, 1e7, NULL,
                    "of law cycle_life: full cycles to 80 %", ""},
    [SHALLOW] = {"shallow_depth", SG_DIM_FRACTION, 0.2, 0.01, 0.5, NULL,
                 "of law table: depth of its gentle cycles", "NREL SAM, table of its tests"},
    [SHALLOW_CYCLES] = {"shallow_cycles", SG_DIM_NONE, 5000, 1, 1e8, NULL,
                        "of law table: cycles of that depth to 80 %",
                        "NREL SAM, table of its tests"},
    [DEEP] = {"deep_depth", SG_DIM_FRACTION, 0.8, 0.51, 1, NULL,
              "of law table: depth of its hard cycles", "NREL SAM, table of its tests"},
    [DEEP_CYCLES] = {"deep_cycles", SG_DIM_NONE, 1000, 1, 1e8, NULL,
                     "of law table: cycles of that depth to 80 %", "NREL SAM, table of its tests"},
};

static const sg_input inputs[INPUT_COUNT] = {
    [SOC] = {"soc", SG_DIM_FRACTION, NAN, "state of charge at the end of the step"},
    [TEMPERATURE] = {"temperature", SG_DIM_TEMPERATURE, 25, "of the cells, over the step"},
};

static const sg_output outputs[OUTPUT_COUNT] = {
    [CALENDAR] = {"calendar_loss_frac", "", "lost by standing"},
    [CYCLE] = {"cycle_loss_frac", "",
               "lost by cycling (nmc: of lithium or of active material, the greater)"},
    [HEALTH] = {"soh_frac", "1", "capacity left, of the capacity when new"},
    [CYCLES] = {"cycles", "1", "closed, by rainflow counting; halves as halves"},
    [FULL_CYCLES] = {"full_cycles", "1", "equivalent full cycles closed"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    if (in[SOC] < 0 || in[SOC] > 1 || in[TEMPERATURE] < -100 || in[TEMPERATURE] > 200) {
        return SG_RANGE;
    }
    const sg_cycle_point table[] = {{p[SHALLOW], 0, 1},
                                    {p[SHALLOW], p[SHALLOW_CYCLES], 0.8},
                                    {p[DEEP], 0, 1},
                                    {p[DEEP], p[DEEP_CYCLES], 0.8}};
    sg_ageing ageing = {.law = (sg_ageing_law)p[LAW],
                        .of_present = true,
                        .cycle_life = p[CYCLE_LIFE],
                        .table = table,
                        .table_count = SG_COUNT(table)};
    sg_ageing_step(&ageing, in[SOC], in[TEMPERATURE], now->dt_s, state);
    out[HEALTH] = sg_ageing_health_frac(&ageing, state);
    out[CALENDAR] = state[SG_AGE_CALENDAR];
    out[CYCLE] =
        state[SG_AGE_CYCLE] > state[SG_AGE_ACTIVE] ? state[SG_AGE_CYCLE] : state[SG_AGE_ACTIVE];
    out[CYCLES] = state[SG_AGE_CYCLES];
    out[FULL_CYCLES] = state[SG_AGE_FULL_CYCLES];
    return SG_OK;
}

const sg_model sg_model_ageing = {
    .name = "ageing",
    .title = "capacity fade of a lithium-ion battery",
    .source =
        "NREL BLAST-Lite (Gasper et al.; LFP-Gr 250 Ah prismatic 2019, NMC111-Gr Kokam 75 Ah "
        "2017); NREL SAM (ssc) calendar model 1 and cycle table; Smith et al., ACC 2017; Safari "
        "and Delacourt, JES 158 (2011) A562; ASTM E1049-85",
    .limits = "lfp fitted to 10 to 45 degC and depths of 80 to 100 %, nmc to 0 to 45 degC at 1 C; "
              "capacity only, no growth of resistance; the cycle still open has not acted yet",
    .example = "soc=0.5 temperature=35 dt_s=3284210",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = OUTPUT_COUNT,
    .state_count = SG_AGEING_STATE,
    .step = step,
};

_Static_assert((int)SG_AGEING_STATE <= (int)SG_MODEL_STATE_MAX, "the history fits a model's state");
