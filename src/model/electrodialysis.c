#include "model/electrodialysis.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

static double thermal_v(double temp_degc)
{
    return SG_GAS_J_PER_MOL_K * (temp_degc + 273.15) / SG_FARADAY_C_PER_MOL;
}

static double ln_activity(double molality, double temp_degc)
{
    return log(molality) + sg_nacl_ln_gamma(molality, temp_degc);
}

double sg_red_voltage_v(double concentrated, double dilute, double temp_degc,
                        double permselectivity, int activity)
{
    double ratio = activity ? ln_activity(concentrated, temp_degc) - ln_activity(dilute, temp_degc)
                            : log(concentrated / dilute);
    return permselectivity * 2 * thermal_v(temp_degc) * ratio;
}

double sg_red_load_w_m2(double voltage_v, double r_ohm_m2, double load_ohm_m2)
{
    double current_a_m2 = voltage_v / (r_ohm_m2 + load_ohm_m2);
    return current_a_m2 * current_a_m2 * load_ohm_m2;
}

double sg_red_matched_w_m2(double voltage_v, double r_ohm_m2)
{
    return voltage_v * voltage_v / (4 * r_ohm_m2);
}

double sg_slit_pressure_pa(double viscosity_pa_s, double length_m, double speed_ms, double gap_m)
{
    return 12 * viscosity_pa_s * length_m * speed_ms / (gap_m * gap_m);
}

double sg_red_fouling_frac(double worst_frac, double settle_s, double since_cleaning_s)
{
    return 1 - worst_frac * (1 - exp(-since_cleaning_s / settle_s));
}

double sg_red_fouling_mean_frac(double worst_frac, double settle_s, double cycle_s)
{
    double x = cycle_s / settle_s;
    return 1 - worst_frac * (x > 1e-6 ? 1 - (1 - exp(-x)) / x : 0.5 * x);
}

double sg_red_age_frac(double loss_per_s, double age_s)
{
    return exp(-loss_per_s * age_s);
}

/* --- one pair of channels, per m2 --- */

typedef struct pair {
    sg_pitzer salt;
    double alpha_v; /* permselectivity x 2 R T / F                  */
    double load_v;  /* at the terminals                             */
    double electrode_v;
    double salt_kg_s, fresh_kg_s; /* water, per m2                               */
    double charge_c_mol;          /* charge that moves a mole of salt             */
    double leak_kg_s;             /* leak as water of which the salt passes       */
} pair;

static double resistance_ohm_m2(const sg_red_stack *s, double salt, double fresh, double temp_degc)
{
    double salt_s_m = sg_nacl_conductivity_s_m(salt, temp_degc) * s->spacer_open_frac;
    double fresh_s_m = sg_nacl_conductivity_s_m(fresh, temp_degc) * s->spacer_open_frac;
    return s->membranes_ohm_m2 + s->boundary_ohm_m2 + s->gap_salt_m / salt_s_m +
           s->gap_fresh_m / fresh_s_m;
}

/* Current through a segment whose waters leave with these molalities. */
static double current_a_m2(const pair *z, double r_ohm_m2, double salt, double fresh)
{
    double open_v = z->alpha_v * (log(salt / fresh) + sg_pitzer_ln_gamma(&z->salt, salt) -
                                  sg_pitzer_ln_gamma(&z->salt, fresh));
    double spare_v = open_v - z->load_v;
    /* the electrodes take their share of either direction */
    if (fabs(spare_v) <= z->electrode_v) {
        return 0;
    }
    return (spare_v > 0 ? spare_v - z->electrode_v : spare_v + z->electrode_v) / r_ohm_m2;
}

/* Salt that moves in a segment, mol/s per m2 of pair: the root of moved = what the outlet's waters drive. Newton's steps inside
 * a bracket; the driving side falls as moved rises, so there is one root. */
static double segment_moved(const pair *z, double r_ohm_m2, double salt, double fresh, double guess,
                            double *ret_current)
{
    const double share = 1.0 / SG_RED_SEGMENTS;
    double all = (salt - fresh) / (1 / z->salt_kg_s + 1 / z->fresh_kg_s);
    double high = all > 0 ? all : 0;             /* both waters are alike */
    double low = -0.999 * fresh * z->fresh_kg_s; /* the fresh water has no salt left to take */
    double moved = guess > low && guess < high ? guess : 0;
    for (int i = 0; i < 60; i++) {
        double s = salt - moved / z->salt_kg_s, f = fresh + moved / z->fresh_kg_s;
        double current = current_a_m2(z, r_ohm_m2, s, f);
        double driven = share * (current / z->charge_c_mol + z->leak_kg_s * (s - f));
        double error = moved - driven;
        *ret_current = current;
        if (error > 0) {
            high = moved;
        } else {
            low = moved;
        }
        double slope = 1 + share * ((z->alpha_v / (r_ohm_m2 * z->charge_c_mol)) *
                                        (1 / (s * z->salt_kg_s) + 1 / (f * z->fresh_kg_s)) +
                                    z->leak_kg_s * (1 / z->salt_kg_s + 1 / z->fresh_kg_s));
        double next = moved - error / slope;
        if (!(next > low && next < high)) {
            next = 0.5 * (low + high);
        }
        if (fabs(next - moved) <= 1e-13 * (fabs(moved) + fresh * z->fresh_kg_s)) {
            break;
        }
        moved = next;
    }
    return moved;
}

/* Pumps: both channels, per m2. */
static double pump_w_m2(const sg_red_stack *s, const sg_red_feed *feed)
{
    double viscosity = sg_water_viscosity_pa_s(feed->temp_degc) * s->spacer_drag;
    double salt_pa = sg_slit_pressure_pa(viscosity, s->length_m, feed->salt_ms, s->gap_salt_m);
    double fresh_pa = sg_slit_pressure_pa(viscosity, s->length_m, feed->fresh_ms, s->gap_fresh_m);
    return (salt_pa * feed->salt_ms * s->gap_salt_m + fresh_pa * feed->fresh_ms * s->gap_fresh_m) /
           (s->length_m * s->pump_eff);
}

static sg_brine stream(double water_kg_s, double molality)
{
    return (sg_brine){water_kg_s, water_kg_s * molality};
}

void sg_red_run(const sg_red_stack *self, const sg_red_feed *feed, double load_frac,
                sg_red_result *ret)
{
    double t = feed->temp_degc, salt = feed->salt_molality, fresh = feed->fresh_molality;
    memset(ret, 0, sizeof *ret);
    ret->pump_w_m2 = pump_w_m2(self, feed);
    ret->net_w_m2 = -ret->pump_w_m2;
    ret->salt_molality = salt;
    ret->fresh_molality = fresh;
    ret->fresh_m3_s_m2 = feed->fresh_ms * self->gap_fresh_m / self->length_m;
    if (!(salt > fresh) || !(fresh > 0)) {
        return;
    }
    pair z = {.salt = sg_pitzer_at(t),
              .alpha_v = self->permselectivity_frac * 2 * thermal_v(t),
              .electrode_v = self->electrode_v,
              .salt_kg_s = feed->salt_ms * self->gap_salt_m / self->length_m /
                           sg_nacl_volume_m3_per_kg(salt, t),
              .fresh_kg_s = ret->fresh_m3_s_m2 / sg_nacl_volume_m3_per_kg(fresh, t),
              .charge_c_mol = SG_FARADAY_C_PER_MOL / self->permselectivity_frac};
    z.leak_kg_s = self->leak_ms / sg_nacl_volume_m3_per_kg(salt, t);
    ret->open_v = z.alpha_v * (ln_activity(salt, t) - ln_activity(fresh, t));
    ret->r_ohm_m2 = resistance_ohm_m2(self, salt, fresh, t);
    ret->load_v = z.load_v = load_frac * ret->open_v;
    sg_brine before[2] = {stream(z.salt_kg_s, salt), stream(z.fresh_kg_s, fresh)};
    double moved = 0;
    for (int i = 0; i < SG_RED_SEGMENTS; i++) {
        double r = resistance_ohm_m2(self, salt, fresh, t), current = 0;
        moved = segment_moved(&z, r, salt, fresh, moved, &current);
        salt -= moved / z.salt_kg_s;
        fresh += moved / z.fresh_kg_s;
        ret->current_a_m2 += current / SG_RED_SEGMENTS;
    }
    sg_brine after[2] = {stream(z.salt_kg_s, salt), stream(z.fresh_kg_s, fresh)};
    ret->salt_molality = salt;
    ret->fresh_molality = fresh;
    ret->mixing_w_m2 = sg_brine_mixing_j(before[0], before[1], t);
    ret->released_w_m2 = ret->mixing_w_m2 - sg_brine_mixing_j(after[0], after[1], t);
    ret->gross_w_m2 = ret->load_v * ret->current_a_m2 * self->health_frac;
    ret->net_w_m2 = ret->gross_w_m2 - ret->pump_w_m2;
}

/* --- the model --- */

enum {
    LENGTH,
    GAP_SALT,
    GAP_FRESH,
    SPEED_SALT,
    SPEED_FRESH,
    MEMBRANES,
    BOUNDARY,
    PERMSELECTIVITY,
    SPACER_OPEN,
    SPACER_DRAG,
    LEAK,
    PUMP,
    ELECTRODE,
    PAIRS,
    AREA,
    LOAD,
    NATURAL,
    FOULING_WORST,
    FOULING_TIME,
    AGEING,
    PARAM_COUNT
};

static const sg_param params[PARAM_COUNT] = {
    [LENGTH] = {"channel_length", SG_DIM_LENGTH, 0.75, 0.01, 10, NULL, "along the flow",
                "stack of Veerman 2010: 25 x 75 cm"},
    [GAP_SALT] = {"salt_gap", SG_DIM_LENGTH, 200e-6, 20e-6, 5e-3, NULL,
                  "between membranes, salt side", "Veerman 2010: 200 um"},
    [GAP_FRESH] = {"fresh_gap", SG_DIM_LENGTH, 200e-6, 20e-6, 5e-3, NULL,
                   "between membranes, fresh side", "Veerman 2010: 200 um"},
    [SPEED_SALT] = {"salt_speed", SG_DIM_SPEED, 0.01, 1e-4, 0.2, NULL,
                    "of the water in its channel", "engineering choice"},
    [SPEED_FRESH] = {"fresh_speed", SG_DIM_SPEED, 0.01, 1e-4, 0.2, NULL,
                     "of the water in its channel", "engineering choice"},
    [MEMBRANES] = {"membranes_ohm_m2", SG_DIM_NONE, 4e-4, 0, 0.1, NULL,
                   "area resistance of both membranes of a pair",
                   "commercial membranes: 1 to 3 ohm cm2 each"},
    [BOUNDARY] = {"boundary_ohm_m2", SG_DIM_NONE, 1e-4, 0, 0.1, NULL,
                  "area resistance of the boundary layers", "engineering estimate"},
    [PERMSELECTIVITY] = {"permselectivity", SG_DIM_FRACTION, 0.9, 0.1, 1, NULL,
                         "mean of both membranes; 0.5 to 0.8 in a cell of Krakhella 2020",
                         "commercial membranes"},
    [SPACER_OPEN] = {"spacer_open", SG_DIM_FRACTION, 0.6, 0.05, 1, NULL,
                     "of the channel's conductance that the spacer leaves", "engineering estimate"},
    [SPACER_DRAG] = {"spacer_drag", SG_DIM_NONE, 4, 1, 100, NULL,
                     "pressure drop over that of an open slit", "engineering estimate"},
    [LEAK] = {"salt_leak_ms", SG_DIM_NONE, 1e-8, 0, 1e-5, NULL,
              "salt permeability of a pair of membranes, m/s", "engineering estimate"},
    [PUMP] = {"pump_efficiency", SG_DIM_FRACTION, 0.75, 0.05, 0.95, NULL, "of the water pumps",
              "engineering estimate"},
    [ELECTRODE] = {"electrode_loss", SG_DIM_VOLTAGE, 0.5, 0, 5, NULL,
                   "at the stack's two electrodes", "engineering estimate"},
    [PAIRS] = {"cell_pairs", SG_DIM_NONE, 500, 1, 1e5, NULL, "of a stack", "50 in Veerman 2010"},
    [AREA] = {"cell_area", SG_DIM_AREA, 0.1875, 1e-4, 100, NULL, "of one membrane",
              "Veerman 2010: 25 x 75 cm"},
    [LOAD] =
        {"load_share", SG_DIM_FRACTION, 0.5, 0.01, 1, NULL,
         "load voltage over open-circuit voltage: 0.5 is a matched load, above it the stack is "
         "limited",
         ""},
    [NATURAL] = {"natural_water_factor", SG_DIM_FRACTION, 0.5, 0.05, 1, NULL,
                 "gross power with magnesium, calcium and sulphate in the waters; 1 for pure NaCl",
                 "REAPower pilot, Trapani: about half with real brines"},
    [FOULING_WORST] = {"fouling_worst", SG_DIM_FRACTION, 0.4, 0, 0.95, NULL,
                       "share of the power that fouling takes in the end",
                       "with fouling_time: 18 % in 12 days; Rijnaarts 2019 measured 15 to 20 %"},
    [FOULING_TIME] = {"fouling_time", SG_DIM_TIME, 20 * 86400.0, 3600, 1e9, NULL,
                      "in which 63 % of it builds up", "with fouling_worst"},
    [AGEING] = {"membrane_ageing", SG_DIM_RATE, 0.05 / 31536000, 0, 1e-7, NULL,
                "power lost to the membranes' age", "engineering estimate"},
};

enum { IN_SEA, IN_FRESH, IN_TEMPERATURE, IN_CLEANED, IN_AGE, INPUT_COUNT };

static const sg_input inputs[INPUT_COUNT] = {
    [IN_SEA] = {"sea_salinity", SG_DIM_SALINITY, 35, "of the salt water"},
    [IN_FRESH] = {"fresh_salinity", SG_DIM_SALINITY, 0.3, "of the fresh water"},
    [IN_TEMPERATURE] = {"water_temperature", SG_DIM_TEMPERATURE, 25, "of both"},
    [IN_CLEANED] = {"since_cleaning", SG_DIM_TIME, 0, "time that fouling had"},
    [IN_AGE] = {"membrane_age", SG_DIM_TIME, 0, "of the membranes"},
};

static const sg_output outputs[] = {
    {"net_w", "W", "of the stack, pumps taken off"},
    {"gross_w", "W", "of the stack"},
    {"pump_w", "W", "of both pumps"},
    {"mixing_w_m2", "W/m2", "Gibbs energy of mixing of what flows through, per area of cell pair"},
    {"open_v", "V", "of a cell pair"},
    {"resistance_ohm_m2", "ohm m2", "of a cell pair at the inlet"},
    {"net_w_m2", "W/m2", "per area of cell pair; half of it per area of membrane"},
    {"efficiency", "", "gross power over Gibbs energy of mixing"},
    {"net_j_m3", "J/m3", "net energy per volume of fresh water"},
};

static void stack_of(const double *p, double health_frac, sg_red_stack *ret)
{
    *ret = (sg_red_stack){.length_m = p[LENGTH],
                          .gap_salt_m = p[GAP_SALT],
                          .gap_fresh_m = p[GAP_FRESH],
                          .membranes_ohm_m2 = p[MEMBRANES],
                          .boundary_ohm_m2 = p[BOUNDARY],
                          .permselectivity_frac = p[PERMSELECTIVITY],
                          .spacer_open_frac = p[SPACER_OPEN],
                          .spacer_drag = p[SPACER_DRAG],
                          .leak_ms = p[LEAK],
                          .pump_eff = p[PUMP],
                          .electrode_v = p[ELECTRODE] / p[PAIRS],
                          .health_frac = health_frac};
}

void sg_red_preset(sg_red_stack *ret)
{
    double p[PARAM_COUNT];
    for (int i = 0; i < PARAM_COUNT; i++) {
        p[i] = params[i].preset;
    }
    stack_of(p, 1, ret);
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    double t = in[IN_TEMPERATURE];
    if (in[IN_SEA] < 0 || in[IN_SEA] > 260 || in[IN_FRESH] < 0 || in[IN_FRESH] > 260 || t < -2 ||
        t > 60 || in[IN_CLEANED] < 0 || in[IN_AGE] < 0) {
        return SG_RANGE;
    }
    sg_red_stack stack;
    sg_red_result r;
    stack_of(p,
             p[NATURAL] * sg_red_age_frac(p[AGEING], in[IN_AGE]) *
                 sg_red_fouling_frac(p[FOULING_WORST], p[FOULING_TIME], in[IN_CLEANED]),
             &stack);
    sg_red_feed feed = {.salt_molality = sg_seawater_molality(in[IN_SEA]),
                        .fresh_molality = sg_seawater_molality(in[IN_FRESH]),
                        .salt_ms = p[SPEED_SALT],
                        .fresh_ms = p[SPEED_FRESH],
                        .temp_degc = t};
    sg_red_run(&stack, &feed, p[LOAD], &r);
    double area_m2 = p[PAIRS] * p[AREA];
    out[0] = r.net_w_m2 * area_m2;
    out[1] = r.gross_w_m2 * area_m2;
    out[2] = r.pump_w_m2 * area_m2;
    out[3] = r.mixing_w_m2;
    out[4] = r.open_v;
    out[5] = r.r_ohm_m2;
    out[6] = r.net_w_m2;
    out[7] = r.mixing_w_m2 > 0 ? r.gross_w_m2 / r.mixing_w_m2 : 0;
    out[8] = r.net_w_m2 / r.fresh_m3_s_m2;
    return SG_OK;
}

const sg_model sg_model_electrodialysis = {
    .name = "electrodialysis",
    .title = "stack of reverse electrodialysis: power from sea water and fresh water",
    .source =
        "Veerman 2009 and 2011 (lumped stack), Vermaas 2012 (net power), Pitzer equations for NaCl",
    .limits = "co-current; NaCl with one factor for all other ions; no water transport; against "
              "stacks +-20 to 30 %",
    .example = "fresh_salinity=0.05..5 sea_salinity=35 water_temperature=15",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = SG_COUNT(outputs),
    .step = step,
};
