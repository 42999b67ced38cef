/* hydrogen - electrolyser, tank and fuel cell. Energy is the lower heating value in the tank.
 *
 * Lumped   one efficiency each way.
 * Model    both machines have a minimum load, below which they give nothing, and a start that takes time: cold, starting,
 *          running; they stay warm for a while after their last request, and a start that was broken off goes on then.
 *          The fuel cell may have the part-load efficiencies of a table, scaled to its best, and ramps: what it makes
 *          beyond the request while it comes down is lost. A tank that runs empty, or full, within a step ends the power
 *          there; the power returned is the mean over the step. */
#include "model/hydrogen.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>

enum {
    CAPACITY,
    ELECTROLYSER,
    FUEL_CELL,
    ELECTROLYSER_EFF,
    FUEL_CELL_EFF,
    PART_LOAD,
    FUEL_CELL_MIN,
    ELECTROLYSER_MIN,
    FUEL_CELL_START,
    ELECTROLYSER_START,
    WARM,
    RAMP_UP,
    RAMP_DOWN,
    PARAM_COUNT
};

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e16, NULL,
                  "lower heating value of a full tank", ""},
    [ELECTROLYSER] = {"electrolyser", SG_DIM_POWER, NAN, 0, 1e11, NULL, "electrical input", ""},
    [FUEL_CELL] = {"fuel_cell", SG_DIM_POWER, NAN, 0, 1e11, NULL, "electrical output", ""},
    [ELECTROLYSER_EFF] = {"electrolyser_efficiency", SG_DIM_FRACTION, 0.65, 0.05, 1, NULL,
                          "to lower heating value", ""},
    [FUEL_CELL_EFF] = {"fuel_cell_efficiency", SG_DIM_FRACTION, 0.5, 0.05, 1, NULL,
                       "of the lower heating value, at its best load", ""},
    [PART_LOAD] = {"part_load", SG_DIM_NONE, 0, 0, 1, "flat|table",
                   "the same efficiency at each load, or as the table of a high-temperature cell",
                   "NREL System Advisor Model"},
    [FUEL_CELL_MIN] = {"fuel_cell_minimum", SG_DIM_FRACTION, 0.1, 0, 1, NULL,
                       "share of its rating below which it gives nothing", "engineering estimate"},
    [ELECTROLYSER_MIN] = {"electrolyser_minimum", SG_DIM_FRACTION, 0.1, 0, 1, NULL,
                          "share of its rating below which it takes nothing",
                          "engineering estimate"},
    [FUEL_CELL_START] = {"fuel_cell_start", SG_DIM_TIME, 60, 0, 1e6, NULL, "from cold to running",
                         "engineering estimate"},
    [ELECTROLYSER_START] = {"electrolyser_start", SG_DIM_TIME, 60, 0, 1e6, NULL,
                            "from cold to running", "engineering estimate"},
    [WARM] = {"warm", SG_DIM_TIME, 900, 0, 1e6, NULL,
              "time without a request after which a machine is cold again", "engineering estimate"},
    [RAMP_UP] = {"fuel_cell_ramp_up", SG_DIM_RAMP, 0, 0, 1e11, NULL, "0: no limit", ""},
    [RAMP_DOWN] = {"fuel_cell_ramp_down", SG_DIM_RAMP, 0, 0, 1e11, NULL, "0: no limit", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY],
        .charge_w_max = p[ELECTROLYSER],
        .discharge_w_max = p[FUEL_CELL],
        .charge_eff = p[ELECTROLYSER_EFF],
        .discharge_eff = p[FUEL_CELL_EFF],
    };
}

/* --- chemistry --- */

double sg_hydrogen_charge_ah_per_kg(void)
{
    const double faraday = 96485.33212, kg_per_mol = 2.01588e-3;
    return 2 * faraday / kg_per_mol / 3600;
}

double sg_hydrogen_electrolysis_j_per_kg(double cell_volt)
{
    return sg_hydrogen_charge_ah_per_kg() * 3600 * cell_volt;
}

static const struct point {
    double load, electric, heat;
} table[] = {
    {0.00, 0.00, 0.50}, {0.16, 0.21, 0.50}, {0.25, 0.25, 0.50}, {0.34, 0.32, 0.50},
    {0.44, 0.37, 0.50}, {0.53, 0.42, 0.50}, {0.62, 0.47, 0.49}, {0.72, 0.50, 0.48},
    {0.82, 0.52, 0.47}, {0.90, 0.52, 0.46}, {1.00, 0.51, 0.45},
};
static const double table_best = 0.52;

/* Where the load lies: the point before it and the share of the way to the next. */
static const struct point *place(double load, double *ret_share)
{
    int i = 0;
    while (i + 2 < SG_COUNT(table) && load >= table[i + 1].load) {
        i++;
    }
    double share = (load - table[i].load) / (table[i + 1].load - table[i].load);
    *ret_share = share < 0 ? 0 : share > 1 ? 1 : share;
    return &table[i];
}

double sg_hydrogen_part_load_frac(double load_frac)
{
    double share;
    const struct point *at = place(load_frac, &share);
    return at[0].electric + share * (at[1].electric - at[0].electric);
}

double sg_hydrogen_part_load_heat_frac(double load_frac)
{
    double share;
    const struct point *at = place(load_frac, &share);
    return at[0].heat + share * (at[1].heat - at[0].heat);
}

static double fuel_cell_eff(const double *p, double load)
{
    return p[PART_LOAD] > 0 ? p[FUEL_CELL_EFF] * (sg_hydrogen_part_load_frac(load) / table_best)
                            : p[FUEL_CELL_EFF];
}

/* --- a step --- */

static const sg_input inputs[] = {
    {"power_w", SG_DIM_POWER, 0, "asked for at the bus; > 0: discharge"}};

enum { OUT_POWER, OUT_ENERGY, OUT_LOSS, OUT_TANK, OUT_MADE, OUT_HEAT, OUT_STATE, OUT_COUNT };
static const sg_output outputs[OUT_COUNT] = {
    [OUT_POWER] = {"power_w", "W", "that flows at the bus, mean of the step"},
    [OUT_ENERGY] = {"energy_j", "J", "in the tank, lower heating value"},
    [OUT_LOSS] = {"loss_j", "J", "lost in the step in conversion, or made and not asked for"},
    [OUT_TANK] = {"tank_kg", "kg", "of hydrogen"},
    [OUT_MADE] = {"fuel_cell_w", "W", "at which the fuel cell ran"},
    [OUT_HEAT] = {"heat_w", "W", "of the fuel cell that can be recovered, mean of the step"},
    [OUT_STATE] =
        {"state", "",
         "0 at rest; fuel cell 1 starting, 2 running; electrolyser 3 starting, 4 running"},
};

enum { TANK, CELL_STARTED, CELL_IDLE, CELL_MADE, LYSER_STARTED, LYSER_IDLE, STATE_COUNT };

static void start(const sg_model *self, const double *p, double *state)
{
    (void)self;
    state[TANK] = p[CAPACITY] / 2;
}

/* Seconds of the step in which a machine runs; progress of its start and time since the last request go on. */
static double running_s(bool wanted, double start_s, double warm_s, double dt_s, double *started_s,
                        double *idle_s)
{
    if (!wanted) {
        *idle_s = *idle_s + dt_s < warm_s ? *idle_s + dt_s : warm_s;
        *started_s = *idle_s < warm_s ? *started_s : 0;
        return 0;
    }
    double missing_s = start_s - *started_s;
    *idle_s = 0;
    *started_s = dt_s < missing_s ? *started_s + dt_s : start_s;
    return missing_s <= 0 ? dt_s : dt_s > missing_s ? dt_s - missing_s : 0;
}

/* The level at which the fuel cell runs: the request within its ramps; 0 when it stands. */
static double made_w(const double *p, double asked_w, double run_s, double dt_s, double last_w)
{
    double least_w = p[FUEL_CELL_MIN] * p[FUEL_CELL], made = 0;
    if (run_s > 0) {
        made = asked_w < p[FUEL_CELL] ? asked_w : p[FUEL_CELL];
        double highest_w = last_w + p[RAMP_UP] * run_s;
        highest_w = highest_w > least_w ? highest_w : least_w;
        made = p[RAMP_UP] > 0 && made > highest_w ? highest_w : made;
    }
    double lowest_w = p[RAMP_DOWN] > 0 ? last_w - p[RAMP_DOWN] * dt_s : 0;
    return lowest_w > made && lowest_w >= least_w ? lowest_w : made;
}

static void run_fuel_cell(const double *p, double asked_w, double dt_s, double *state, double *out)
{
    double least_w = p[FUEL_CELL_MIN] * p[FUEL_CELL], rating_w = p[FUEL_CELL];
    bool wanted = asked_w > 0 && rating_w > 0 && asked_w >= least_w;
    double run_s = running_s(wanted, p[FUEL_CELL_START], p[WARM], dt_s, &state[CELL_STARTED],
                             &state[CELL_IDLE]);
    double made = made_w(p, asked_w, run_s, dt_s, state[CELL_MADE]);
    run_s = made > 0 && !(run_s > 0) ? dt_s : run_s; /* coming down unasked */
    double used_w = made > 0 ? made / fuel_cell_eff(p, made / rating_w) : 0;
    double lasts_s = used_w > 0 ? state[TANK] / used_w : 0;
    run_s = lasts_s < run_s ? lasts_s : run_s;
    double before_j = state[TANK], next_j = before_j - used_w * run_s;
    state[TANK] = next_j > 0 ? next_j : 0;
    state[CELL_MADE] = run_s > 0 ? made : 0;
    double given_w = asked_w < made ? asked_w : made;
    double heat = sg_hydrogen_part_load_heat_frac(rating_w > 0 ? made / rating_w : 0);
    double spare = used_w > 0 ? 1 - made / used_w : 0;
    out[OUT_POWER] = given_w > 0 ? given_w * (run_s / dt_s) : 0;
    out[OUT_MADE] = state[CELL_MADE];
    out[OUT_HEAT] = used_w * (heat < spare ? heat : spare) * (run_s / dt_s);
    out[OUT_STATE] = run_s > 0 ? 2 : wanted ? 1 : 0;
}

static void run_electrolyser(const double *p, double asked_w, double dt_s, double *state,
                             double *out)
{
    double least_w = p[ELECTROLYSER_MIN] * p[ELECTROLYSER];
    bool wanted = asked_w > 0 && p[ELECTROLYSER] > 0 && asked_w >= least_w;
    double run_s = running_s(wanted, p[ELECTROLYSER_START], p[WARM], dt_s, &state[LYSER_STARTED],
                             &state[LYSER_IDLE]);
    double taken_w = asked_w < p[ELECTROLYSER] ? asked_w : p[ELECTROLYSER];
    if (run_s > 0) {
        double stored_w = taken_w * p[ELECTROLYSER_EFF];
        double room_s = (p[CAPACITY] - state[TANK]) / stored_w;
        run_s = room_s < run_s ? room_s : run_s;
        double next_j = state[TANK] + stored_w * run_s;
        state[TANK] = next_j < p[CAPACITY] ? next_j : p[CAPACITY];
        out[OUT_POWER] = -(taken_w * (run_s / dt_s));
    }
    out[OUT_STATE] = run_s > 0 ? 4 : wanted ? 3 : out[OUT_STATE];
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    double before_j = state[TANK];
    run_fuel_cell(p, in[0] > 0 ? in[0] : 0, now->dt_s, state, out);
    run_electrolyser(p, in[0] < 0 ? -in[0] : 0, now->dt_s, state, out);
    out[OUT_ENERGY] = state[TANK];
    out[OUT_LOSS] = before_j - state[TANK] - out[OUT_POWER] * now->dt_s;
    out[OUT_TANK] = state[TANK] / SG_HYDROGEN_LHV_J_PER_KG;
    return SG_OK;
}

const sg_model sg_model_hydrogen = {
    .name = "hydrogen",
    .title = "hydrogen store",
    .source = "Faraday's law (CODATA 2018); part load, minimum, start and ramps as in the fuel "
              "cell of NREL's System Advisor Model (ssc, lib_fuel_cell)",
    .limits = "constant electrolyser efficiency; no fuel for starting or for staying warm; no "
              "compression work, no ageing; the table is one of a high-temperature cell",
    .example = "dt_s=60 power_w=-100000..100000",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = SG_COUNT(inputs),
    .outputs = outputs,
    .output_count = OUT_COUNT,
    .state_count = STATE_COUNT,
    .start = start,
    .step = step,
};

const sg_kind sg_kind_hydrogen = {
    .name = "hydrogen",
    .title = "hydrogen store",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
    .model = &sg_model_hydrogen,
};
