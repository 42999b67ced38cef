/* osmotic_loop - power kept as fresh water and brine: reverse osmosis fills two tanks, reverse electrodialysis empties them.
 *
 * Charging   sea water is parted; permeate goes to the fresh tank, brine to the brine tank as far as there is room, the
 *            rest back to the sea. What is kept in the tanks is their exergy: the Gibbs energy they would set free in the sea.
 * Giving     fresh water meets brine, topped up with sea water to the ratio in which reverse osmosis parted them, in the
 *            stack of electrodialysis.h. Tanks are drawn in proportion, so both run dry together; the mixture goes to the sea.
 * Laws       (1) no energy is won anywhere: blending in a tank only loses exergy, separation takes at least what it stores
 *            (desalination.h), a stack gives at most what mixing frees. (2) At most half of the energy put in comes back: a
 *            co-current stack gives at most half of what mixing frees, as long as the fresh water is the smaller stream,
 *            which recovery <= 1/2 sees to. No clamp enforces either. (3) With reverse osmosis off the tanks only fall.
 * Source     desalination.h, electrodialysis.h
 * Limits     one sea and one temperature; fouling is the stack's only and is gone after each maintenance_cycle of running;
 *            the energy held is exergy: a half of it at most can reach the bus. */
#include "base/check.h"
#include "model/desalination.h"
#include "model/electrodialysis.h"
#include "model/model.h"

#include <math.h>

enum {
    RO_POWER,
    RED_POWER,
    TANK,
    BRINE_TANK,
    SEA_SALINITY,
    TEMPERATURE,
    PRESSURE,
    DROP,
    RECOVERY,
    PASSAGE,
    PUMP,
    DEVICE,
    DEVICE_EFF,
    FRESH_SPEED,
    LOAD,
    MEMBRANES,
    PERMSELECTIVITY,
    GAP,
    NATURAL,
    FOULING_WORST,
    FOULING_TIME,
    MAINTENANCE,
    INITIAL,
    PARAM_COUNT
};

static const sg_param params[PARAM_COUNT] = {
    [RO_POWER] = {"desalination_power", SG_DIM_POWER, 2e6, 0, 1e11, NULL, "of the reverse osmosis",
                  ""},
    [RED_POWER] = {"capacity", SG_DIM_POWER, 2e6, 0, 1e11, NULL, "most that the stacks give, net",
                   ""},
    [TANK] = {"tank", SG_DIM_VOLUME, 5000, 1, 1e9, NULL, "of fresh water", ""},
    [BRINE_TANK] = {"brine_tank", SG_DIM_VOLUME, 5000, 0, 1e9, NULL,
                    "of brine; what finds no room goes to the sea", ""},
    [SEA_SALINITY] = {"sea_salinity", SG_DIM_SALINITY, 35, 5, 45, NULL, "of the sea", ""},
    [TEMPERATURE] = {"water_temperature", SG_DIM_TEMPERATURE, 25, 0, 50, NULL, "of all waters", ""},
    [PRESSURE] = {"pressure_pa", SG_DIM_NONE, 73.92e5, 4e6, 1.2e7, NULL,
                  "of the feed over that of the surroundings", "WaterTAP"},
    [DROP] = {"channel_drop_pa", SG_DIM_NONE, 1e5, 0, 1e6, NULL, "lost along the feed channel",
              "WaterTAP"},
    [RECOVERY] = {"recovery", SG_DIM_FRACTION, 0.5, 0.05, 0.5, NULL,
                  "of the feed's water; less where the pressure does not reach", "WaterTAP"},
    [PASSAGE] = {"salt_passage", SG_DIM_FRACTION, 0.008, 0.001, 0.1, NULL,
                 "molality of the permeate over that of the feed", "WaterTAP"},
    [PUMP] = {"pump_efficiency", SG_DIM_FRACTION, 0.8, 0.05, 0.95, NULL,
              "of the pumps of the reverse osmosis", "WaterTAP"},
    [DEVICE] = {"energy_recovery", SG_DIM_NONE, SG_RO_EXCHANGER, 0, 2,
                "pressure_exchanger|turbine|none", "where the brine's pressure goes", "WaterTAP"},
    [DEVICE_EFF] = {"recovery_efficiency", SG_DIM_FRACTION, 0.95, 0, 0.99, NULL,
                    "of exchanger or turbine", "WaterTAP"},
    [FRESH_SPEED] =
        {"fresh_speed", SG_DIM_SPEED, 0.002, 1e-4, 0.05, NULL,
         "of the fresh water in the stack: slow water gives more energy a volume and less "
         "power an area",
         "engineering choice"},
    [LOAD] = {"load_share", SG_DIM_FRACTION, 0.5, 0.05, 1, NULL,
              "load voltage over open-circuit voltage", ""},
    [MEMBRANES] = {"membranes_ohm_m2", SG_DIM_NONE, 4e-4, 0, 0.1, NULL,
                   "area resistance of both membranes of a pair", "commercial membranes"},
    [PERMSELECTIVITY] = {"permselectivity", SG_DIM_FRACTION, 0.9, 0.1, 1, NULL,
                         "mean of both membranes", "commercial membranes"},
    [GAP] = {"gap", SG_DIM_LENGTH, 200e-6, 20e-6, 2e-3, NULL, "between the membranes",
             "Veerman 2010"},
    [NATURAL] = {"natural_water_factor", SG_DIM_FRACTION, 1, 0.05, 1, NULL,
                 "gross power with other ions than those of NaCl in the waters",
                 "REAPower pilot: about 0.5 with real brines"},
    [FOULING_WORST] = {"fouling_worst", SG_DIM_FRACTION, 0.2, 0, 0.95, NULL,
                       "share of the power that fouling takes in the end", "engineering estimate"},
    [FOULING_TIME] = {"fouling_time", SG_DIM_TIME, 20 * 86400.0, 3600, 1e9, NULL,
                      "of running, in which 63 % of it builds up", "engineering estimate"},
    [MAINTENANCE] = {"maintenance_cycle", SG_DIM_TIME, 4320 * 3600.0, 3600, 1e9, NULL,
                     "time of running between cleanings", ""},
    [INITIAL] = {"initial", SG_DIM_FRACTION, 0.5, 0, 1, NULL, "filling of the tanks at the start",
                 ""},
};

enum { ENERGY, FRESH_WATER, FRESH_SALT, BRINE_WATER, BRINE_SALT, RUN, STATE_COUNT };

static const sg_input inputs[] = {
    {"power_w", SG_DIM_POWER, 0,
     "asked for at the bus; > 0: the stacks give, < 0: desalination takes"}};

static const sg_output outputs[] = {
    {"power_w", "W", "that flows at the bus"},
    {"energy_j", "J", "exergy of both tanks; at most half of it can come out"},
    {"loss_j", "J", "lost in the step"},
    {"fresh_m3", "m3", "in the fresh tank"},
    {"brine_m3", "m3", "in the brine tank"},
    {"fresh_psu", "psu", "of the fresh tank"},
    {"brine_psu", "psu", "of the brine tank"},
    {"give_w", "W", "most that it could have given over the step"},
    {"take_w", "W", "most that it could have taken over the step"},
    {"net_j_m3", "J/m3", "that a volume of fresh water gives now"},
};

static double volume_m3(sg_brine b, double temp_degc)
{
    return b.water_kg > 0
               ? b.water_kg * sg_nacl_volume_m3_per_kg(b.salt_mol / b.water_kg, temp_degc)
               : 0;
}

static double salinity_psu(sg_brine b)
{
    return b.water_kg > 0 ? sg_seawater_salinity_psu(b.salt_mol / b.water_kg) : 0;
}

static double exergy_j(const double *p, sg_brine fresh, sg_brine brine)
{
    double sea = sg_seawater_molality(p[SEA_SALINITY]);
    double in_fresh_j = fresh.water_kg > 0 ? sg_brine_exergy_j(fresh, sea, p[TEMPERATURE]) : 0;
    return in_fresh_j + (brine.water_kg > 0 ? sg_brine_exergy_j(brine, sea, p[TEMPERATURE]) : 0);
}

static void part(const double *p, sg_ro_result *ret)
{
    sg_ro ro = {.pressure_pa = p[PRESSURE],
                .drop_pa = p[DROP],
                .recovery_frac = p[RECOVERY],
                .passage_frac = p[PASSAGE],
                .pump_eff = p[PUMP],
                .device_eff = p[DEVICE_EFF],
                .device = (sg_ro_device)p[DEVICE]};
    sg_ro_run(&ro, p[SEA_SALINITY], p[TEMPERATURE], ret);
}

static sg_brine times(sg_brine b, double factor)
{
    return (sg_brine){b.water_kg * factor, b.salt_mol * factor};
}

/* Share of the brine of so much parted water that finds room. */
static double brine_kept(const double *p, const sg_ro_result *ro, double parted, sg_brine brine)
{
    double room_m3 = p[BRINE_TANK] - volume_m3(brine, p[TEMPERATURE]);
    double made_m3 = volume_m3(times(ro->brine, parted), p[TEMPERATURE]);
    return !(room_m3 > 0) ? 0 : made_m3 > room_m3 ? room_m3 / made_m3 : 1;
}

static void store(const double *p, sg_brine fresh, sg_brine brine, double *state)
{
    state[ENERGY] = exergy_j(p, fresh, brine);
    state[FRESH_WATER] = fresh.water_kg;
    state[FRESH_SALT] = fresh.salt_mol;
    state[BRINE_WATER] = brine.water_kg;
    state[BRINE_SALT] = brine.salt_mol;
}

static void start(const sg_model *self, const double *p, double *state)
{
    (void)self;
    sg_ro_result ro;
    part(p, &ro);
    double parted = ro.permeate_m3 > 0 ? p[INITIAL] * p[TANK] / ro.permeate_m3 : 0;
    sg_brine none = {0, 0};
    store(p, times(ro.permeate, parted), times(ro.brine, parted * brine_kept(p, &ro, parted, none)),
          state);
    state[RUN] = 0;
}

/* Net energy of one kg of the fresh tank's water, met by its share of the brine and by sea water. */
static double net_j_per_kg(const double *p, const sg_ro_result *ro, sg_brine fresh, sg_brine brine,
                           double run_s)
{
    double t = p[TEMPERATURE], sea = sg_seawater_molality(p[SEA_SALINITY]);
    if (!(fresh.water_kg > 0) || !(fresh.salt_mol > 0)) {
        return 0;
    }
    double wanted = ro->brine.water_kg / ro->permeate.water_kg; /* kg per kg of fresh water, >= 1 */
    double from_tank = brine.water_kg / fresh.water_kg;
    from_tank = from_tank < wanted ? from_tank : wanted;
    double brine_molality = brine.water_kg > 0 ? brine.salt_mol / brine.water_kg : sea;
    double blend = (from_tank * brine_molality + (wanted - from_tank) * sea) / wanted;
    double fresh_molality = fresh.salt_mol / fresh.water_kg;
    sg_red_stack stack;
    sg_red_result r;
    sg_red_preset(&stack);
    stack.gap_salt_m = stack.gap_fresh_m = p[GAP];
    stack.membranes_ohm_m2 = p[MEMBRANES];
    stack.permselectivity_frac = p[PERMSELECTIVITY];
    stack.health_frac = p[NATURAL] * sg_red_fouling_frac(p[FOULING_WORST], p[FOULING_TIME], run_s);
    sg_red_feed feed = {.salt_molality = blend,
                        .fresh_molality = fresh_molality,
                        .fresh_ms = p[FRESH_SPEED],
                        .temp_degc = t};
    feed.salt_ms = p[FRESH_SPEED] * wanted * sg_nacl_volume_m3_per_kg(blend, t) /
                   sg_nacl_volume_m3_per_kg(fresh_molality, t);
    sg_red_run(&stack, &feed, p[LOAD], &r);
    double fresh_kg_s_m2 = r.fresh_m3_s_m2 / sg_nacl_volume_m3_per_kg(fresh_molality, t);
    return r.net_w_m2 > 0 ? r.net_w_m2 / fresh_kg_s_m2 : 0;
}

static void charge(const double *p, const sg_ro_result *ro, double taken_j, sg_brine *fresh,
                   sg_brine *brine)
{
    double parted = taken_j / (ro->specific_j_per_m3 * ro->permeate_m3);
    double kept = parted * brine_kept(p, ro, parted, *brine);
    fresh->water_kg += parted * ro->permeate.water_kg;
    fresh->salt_mol += parted * ro->permeate.salt_mol;
    brine->water_kg += kept * ro->brine.water_kg;
    brine->salt_mol += kept * ro->brine.salt_mol;
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    double t = p[TEMPERATURE], dt_s = now->dt_s;
    sg_brine fresh = {state[FRESH_WATER], state[FRESH_SALT]};
    sg_brine brine = {state[BRINE_WATER], state[BRINE_SALT]};
    sg_ro_result ro;
    part(p, &ro);
    bool works = ro.permeate_m3 > 0;
    double j_per_kg = works ? net_j_per_kg(p, &ro, fresh, brine, state[RUN]) : 0;
    double all_w = j_per_kg * fresh.water_kg / dt_s;
    double room_m3 = p[TANK] - volume_m3(fresh, t);
    double fill_w = works && room_m3 > 0 ? room_m3 * ro.specific_j_per_m3 / dt_s : 0;
    double give_w = all_w < p[RED_POWER] ? all_w : p[RED_POWER];
    double take_w = fill_w < p[RO_POWER] ? fill_w : p[RO_POWER];
    double w = in[0] > give_w ? give_w : in[0] < -take_w ? -take_w : in[0];
    double before_j = state[ENERGY];
    if (w < 0) {
        charge(p, &ro, -w * dt_s, &fresh, &brine);
    } else if (w > 0) {
        double left = 1 - w / all_w;
        left = left > 0 ? left : 0;
        fresh = times(fresh, left);
        brine = times(brine, left);
        double run_s = state[RUN] + dt_s;
        state[RUN] = run_s < p[MAINTENANCE] ? run_s : 0;
    }
    store(p, fresh, brine, state);
    out[0] = w;
    out[1] = state[ENERGY];
    out[2] = before_j - state[ENERGY] - w * dt_s;
    out[3] = volume_m3(fresh, t);
    out[4] = volume_m3(brine, t);
    out[5] = salinity_psu(fresh);
    out[6] = salinity_psu(brine);
    out[7] = give_w;
    out[8] = take_w;
    out[9] = out[3] > 0 ? j_per_kg * fresh.water_kg / out[3] : 0;
    return SG_OK;
}

const sg_model sg_model_osmotic_loop = {
    .name = "osmotic_loop",
    .title =
        "power kept as fresh water and brine: reverse osmosis, two tanks, reverse electrodialysis",
    .source = "reverse osmosis as in WaterTAP's flowsheet; lumped stack after Veerman 2009; Pitzer "
              "equations for NaCl",
    .limits = "one sea and one temperature; NaCl; at most half of what is put in comes back, in "
              "practice a tenth",
    .example = "power_w=-2000000..2000000 dt_s=600",
    .needs = SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = SG_COUNT(inputs),
    .outputs = outputs,
    .output_count = SG_COUNT(outputs),
    .state_count = STATE_COUNT,
    .start = start,
    .step = step,
};
