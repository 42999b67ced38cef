/* osmotic - reverse electrodialysis between sea water and fresh water.
 *
 * With fresh water from outside it is a source: the stack voltage follows Nernst, so power at matched load scales with
 * (T ln(s_sea / s_fresh))^2, rated at 35 psu against 0.3 psu and 25 degC. With fresh water from its own desalination it
 * is a store: every m3 costs specific_energy to make and gives mixing_energy x red_efficiency back.
 *
 * Source   reversible mixing energy 1.064 kWh per m3 of permeate (35 g/kg, 50 % recovery, Gibbs energy of NaCl solutions);
 *          2.727 kWh/m3 for reverse osmosis with pressure exchanger (WaterTAP reference flowsheet). Their ratio at 35 % is a
 *          round trip of 13.6 %, inside the 13.6-22.7 % that these methods reach.
 * Limits   lumped: no concentration polarisation, fouling or multivalent ions. */
#include "model/kind.h"

#include <math.h>
#include <stdio.h>

enum {
    CAPACITY,
    STACKS,
    TECHNOLOGY,
    MEMBRANE,
    FRESHWATER,
    MAINTENANCE,
    SPECIFIC_ENERGY,
    MIXING_ENERGY,
    RED_EFFICIENCY,
    RO_POWER,
    TANK,
    PARAM_COUNT
};
enum { SEA_SALINITY, FRESH_SALINITY, WATER_TEMPERATURE, INPUT_COUNT };
enum { RIVER, TREATED_WASTEWATER, SOLAR_RO, SOLAR_POWERED_RO };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_POWER, NAN, 0, 1e11, NULL, "net output of all stacks", ""},
    [STACKS] = {"membrane_count", SG_DIM_NONE, 1000, 1, 1e7, NULL, "stacks", ""},
    [TECHNOLOGY] = {"technology", SG_DIM_NONE, 0, 0, 0, "reverse_electrodialysis", "the process",
                    ""},
    [MEMBRANE] = {"membrane_type", SG_DIM_NONE, 0, 0, 0, "", "label", ""},
    [FRESHWATER] =
        {"desalination_source", SG_DIM_NONE, RIVER, 0, 3,
         "river|treated_wastewater|solar_ro|solar_powered_ro",
         "where the fresh water comes from; its own desalination makes the plant a store", ""},
    [MAINTENANCE] = {"maintenance_cycle", SG_DIM_TIME, 4320 * 3600.0, 3600, 1e9, NULL,
                     "time between membrane replacements", ""},
    [SPECIFIC_ENERGY] = {"specific_energy", SG_DIM_ENERGY_PER_VOLUME, 2.727 * 3.6e6, 0.5 * 3.6e6,
                         20 * 3.6e6, NULL, "to desalinate one cubic metre",
                         "WaterTAP RO with pressure exchanger"},
    [MIXING_ENERGY] = {"mixing_energy", SG_DIM_ENERGY_PER_VOLUME, 1.064 * 3.6e6, 0, 3 * 3.6e6, NULL,
                       "reversible, per cubic metre of permeate mixed with its brine",
                       "Gibbs energy of mixing"},
    [RED_EFFICIENCY] = {"red_efficiency", SG_DIM_FRACTION, 0.35, 0.01, 1, NULL,
                        "share of the mixing energy that reaches the bus",
                        "published stacks reach 0.2-0.45"},
    [RO_POWER] = {"desalination_power", SG_DIM_POWER, 2e6, 0, 1e11, NULL,
                  "of its own reverse osmosis", ""},
    [TANK] = {"tank", SG_DIM_VOLUME, 50000, 1, 1e9, NULL, "fresh water held", ""},
};

static const sg_input inputs[INPUT_COUNT] = {
    [SEA_SALINITY] = {"sea_salinity", SG_DIM_SALINITY, 35, "of the sea water"},
    [FRESH_SALINITY] = {"fresh_salinity", SG_DIM_SALINITY, 0.3, "of the fresh water"},
    [WATER_TEMPERATURE] = {"water_temperature", SG_DIM_TEMPERATURE, 25, "of both"},
};

static bool is_store(const double *p)
{
    return p[FRESHWATER] >= SOLAR_RO;
}

static double available_w(const double *p, const double *in)
{
    if (!(in[SEA_SALINITY] > in[FRESH_SALINITY]) || !(in[FRESH_SALINITY] > 0)) {
        return 0;
    }
    double rated = 298.15 * log(35 / 0.3);
    double now = (273.15 + in[WATER_TEMPERATURE]) * log(in[SEA_SALINITY] / in[FRESH_SALINITY]);
    double power_w = p[CAPACITY] * (now / rated) * (now / rated);
    return power_w < p[CAPACITY] ? power_w : p[CAPACITY];
}

static void reservoir(const double *p, sg_reservoir *ret)
{
    double recovered_j_per_m3 = p[MIXING_ENERGY] * p[RED_EFFICIENCY];
    double round_trip = recovered_j_per_m3 / p[SPECIFIC_ENERGY];
    *ret = (sg_reservoir){
        .capacity_j = p[TANK] * recovered_j_per_m3,
        .charge_w_max = p[RO_POWER],
        .discharge_w_max = p[CAPACITY],
        .charge_eff =
            round_trip < 1 ? round_trip : 1, /* mixing gives back less than separating took */
        .discharge_eff = 1,
    };
}

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    if (i == 0 && is_store(p)) {
        snprintf(ret, SG_WARNING_TEXT,
                 "fed by its own desalination it is a store with a round trip of %.1f %%, not a "
                 "source of %.4g MW",
                 100 * p[MIXING_ENERGY] * p[RED_EFFICIENCY] / p[SPECIFIC_ENERGY],
                 p[CAPACITY] * 1e-6);
        return true;
    }
    double per_stack_w = p[CAPACITY] / p[STACKS];
    if (i == (is_store(p) ? 1 : 0) && per_stack_w > 1000) {
        snprintf(ret, SG_WARNING_TEXT,
                 "%.4g kW a stack is %.3g m2 of membrane each at 2.7 W/m2: larger than any stack "
                 "built so far",
                 per_stack_w * 1e-3, per_stack_w / 2.7);
        return true;
    }
    return false;
}

const sg_kind sg_kind_osmotic = {
    .name = "osmotic",
    .title = "reverse electrodialysis plant",
    .role = SG_SOURCE,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .available_w = available_w,
    .reservoir = reservoir,
    .warning = warning,
    .is_store = is_store,
};
