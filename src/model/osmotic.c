/* osmotic - reverse electrodialysis between sea water and fresh water.
 *
 * With fresh water from outside it is a source: the stack of electrodialysis.h in the waters of the hour, scaled so that its
 * clean net output is the capacity at 35 psu against 0.3 psu and 25 degC. Fouling builds up until maintenance; planning sees its
 * mean over the cycle, as the time since the last cleaning is nobody's input here.
 * With fresh water from its own desalination it is a store: every m3 costs what reverse osmosis takes (desalination.h) and
 * gives the share red_efficiency of the Gibbs energy of permeate and brine back. Both may be stated instead.
 *
 * Law      no more than half of the energy put in comes back: mixing gives back at most what separation took, and a
 *          co-current stack at most half of that (electrodialysis.h), which is the limit of red_efficiency.
 * Source   electrodialysis.h, desalination.h
 * Limits   those of the two; osmotic_loop.c runs the store with tanks, concentrations and the stack itself. */
#include "model/desalination.h"
#include "model/electrodialysis.h"
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
    PRESSURE,
    RECOVERY,
    PUMP,
    DEVICE,
    DEVICE_EFF,
    NATURAL,
    FOULING_WORST,
    FOULING_TIME,
    PARAM_COUNT
};
enum { SEA_SALINITY, FRESH_SALINITY, WATER_TEMPERATURE, INPUT_COUNT };
enum { RIVER, TREATED_WASTEWATER, SOLAR_RO, SOLAR_POWERED_RO };

static const double rated_sea_psu = 35, rated_fresh_psu = 0.3, rated_degc = 25;

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_POWER, NAN, 0, 1e11, NULL,
                  "net output of all stacks, clean, at 35 psu against 0.3 psu and 25 degC", ""},
    [STACKS] = {"membrane_count", SG_DIM_NONE, 1000, 1, 1e7, NULL, "stacks", ""},
    [TECHNOLOGY] = {"technology", SG_DIM_NONE, 0, 0, 0, "reverse_electrodialysis", "the process",
                    ""},
    [MEMBRANE] = {"membrane_type", SG_DIM_NONE, 0, 0, 0, "", "label", ""},
    [FRESHWATER] =
        {"desalination_source", SG_DIM_NONE, RIVER, 0, 3,
         "river|treated_wastewater|solar_ro|solar_powered_ro",
         "where the fresh water comes from; its own desalination makes the plant a store", ""},
    [MAINTENANCE] = {"maintenance_cycle", SG_DIM_TIME, 4320 * 3600.0, 3600, 1e9, NULL,
                     "time between cleanings or membrane replacements", ""},
    [SPECIFIC_ENERGY] = {"specific_energy", SG_DIM_ENERGY_PER_VOLUME, -1, 0.5 * 3.6e6, 20 * 3.6e6,
                         NULL,
                         "to desalinate one cubic metre; from pressure and recovery if not given",
                         "2.73 kWh/m3 in WaterTAP's flowsheet"},
    [MIXING_ENERGY] = {"mixing_energy", SG_DIM_ENERGY_PER_VOLUME, -1, 0, 3 * 3.6e6, NULL,
                       "reversible, per cubic metre of permeate mixed with its brine; from the "
                       "recovery if not given",
                       "1.06 kWh/m3 by Gibbs energy, 35 psu, half recovered"},
    [RED_EFFICIENCY] = {"red_efficiency", SG_DIM_FRACTION, 0.35, 0.01, 0.5, NULL,
                        "share of the mixing energy that reaches the bus; half is the limit of a "
                        "co-current stack",
                        "Yip 2014: 0.33 to 0.44"},
    [RO_POWER] = {"desalination_power", SG_DIM_POWER, 2e6, 0, 1e11, NULL,
                  "of its own reverse osmosis", ""},
    [TANK] = {"tank", SG_DIM_VOLUME, 50000, 1, 1e9, NULL, "fresh water held", ""},
    [PRESSURE] = {"pressure_pa", SG_DIM_NONE, 73.92e5, 4e6, 1.2e7, NULL,
                  "of its reverse osmosis, over that of the surroundings", "WaterTAP"},
    [RECOVERY] = {"recovery", SG_DIM_FRACTION, 0.5, 0.05, 0.5, NULL,
                  "share of the sea water's water that is made fresh", "WaterTAP"},
    [PUMP] = {"pump_efficiency", SG_DIM_FRACTION, 0.8, 0.05, 0.95, NULL,
              "of the pumps of its reverse osmosis", "WaterTAP"},
    [DEVICE] = {"energy_recovery", SG_DIM_NONE, SG_RO_EXCHANGER, 0, 2,
                "pressure_exchanger|turbine|none", "where the brine's pressure goes", "WaterTAP"},
    [DEVICE_EFF] = {"recovery_efficiency", SG_DIM_FRACTION, 0.95, 0, 0.99, NULL,
                    "of exchanger or turbine", "WaterTAP"},
    [NATURAL] = {"natural_water_factor", SG_DIM_FRACTION, 0.5, 0.05, 1, NULL,
                 "gross power with the other ions of natural water, with fresh water from outside",
                 "REAPower pilot: about half with real brines"},
    [FOULING_WORST] = {"fouling_worst", SG_DIM_FRACTION, 0.4, 0, 0.95, NULL,
                       "share of the power that fouling takes in the end, with fresh water from "
                       "outside",
                       "with fouling_time: 18 % in 12 days; Rijnaarts 2019 measured 15 to 20 %"},
    [FOULING_TIME] = {"fouling_time", SG_DIM_TIME, 20 * 86400.0, 3600, 1e9, NULL,
                      "in which 63 % of it builds up", "with fouling_worst"},
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

/* --- a source --- */

static double net_w_m2(const double *p, double sea_psu, double fresh_psu, double temp_degc)
{
    sg_red_stack stack;
    sg_red_result r;
    sg_red_preset(&stack);
    stack.health_frac = p[NATURAL];
    sg_red_feed feed = {.salt_molality = sg_seawater_molality(sea_psu),
                        .fresh_molality = sg_seawater_molality(fresh_psu),
                        .salt_ms = 0.01,
                        .fresh_ms = 0.01,
                        .temp_degc = temp_degc};
    sg_red_run(&stack, &feed, 0.5, &r);
    return r.net_w_m2;
}

static double available_w(const double *p, const double *in)
{
    double sea = in[SEA_SALINITY], t = in[WATER_TEMPERATURE];
    if (!(sea > in[FRESH_SALINITY]) || !(in[FRESH_SALINITY] > 0) || !isfinite(t)) {
        return 0;
    }
    sea = sea < 260 ? sea : 260; /* saturated */
    t = t < -2 ? -2 : t > 60 ? 60 : t;
    double now = net_w_m2(p, sea, in[FRESH_SALINITY], t);
    double rated = net_w_m2(p, rated_sea_psu, rated_fresh_psu, rated_degc);
    if (!(now > 0) || !(rated > 0)) {
        return 0;
    }
    double power_w = p[CAPACITY] * (now / rated) *
                     sg_red_fouling_mean_frac(p[FOULING_WORST], p[FOULING_TIME], p[MAINTENANCE]);
    return power_w < p[CAPACITY] ? power_w : p[CAPACITY];
}

/* --- a store --- */

typedef struct energies {
    double spent_j_per_m3, mixing_j_per_m3, trip_frac;
} energies;

static energies energies_of(const double *p)
{
    sg_ro ro = {.pressure_pa = p[PRESSURE],
                .drop_pa = 1e5,
                .recovery_frac = p[RECOVERY],
                .passage_frac = 0.008,
                .pump_eff = p[PUMP],
                .device_eff = p[DEVICE_EFF],
                .device = (sg_ro_device)p[DEVICE]};
    sg_ro_result r;
    sg_ro_run(&ro, rated_sea_psu, rated_degc, &r);
    energies e = {
        .spent_j_per_m3 = p[SPECIFIC_ENERGY] > 0 ? p[SPECIFIC_ENERGY] : r.specific_j_per_m3,
        .mixing_j_per_m3 = p[MIXING_ENERGY] >= 0 ? p[MIXING_ENERGY] : r.minimum_j_per_m3,
    };
    /* mixing gives back less than separating took; figures that say otherwise are warned of */
    double held = e.mixing_j_per_m3 / e.spent_j_per_m3;
    e.trip_frac = p[RED_EFFICIENCY] * (held < 1 ? held : 1);
    return e;
}

static void reservoir(const double *p, sg_reservoir *ret)
{
    energies e = energies_of(p);
    *ret = (sg_reservoir){
        .capacity_j = p[TANK] * e.mixing_j_per_m3 * p[RED_EFFICIENCY],
        .charge_w_max = p[RO_POWER],
        .discharge_w_max = p[CAPACITY],
        .charge_eff = e.trip_frac,
        .discharge_eff = 1,
    };
}

static bool store_warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    energies e = energies_of(p);
    if (i == 0) {
        snprintf(ret, SG_WARNING_TEXT,
                 "fed by its own desalination it is a store with a round trip of %.1f %%, not a "
                 "source of %.4g MW",
                 100 * e.trip_frac, p[CAPACITY] * 1e-6);
        return true;
    }
    if (i == 1 && e.mixing_j_per_m3 > e.spent_j_per_m3) {
        snprintf(
            ret, SG_WARNING_TEXT,
            "mixing_energy of %.3g kWh/m3 is more than the %.3g kWh/m3 that desalination takes: "
            "the smaller figure counts",
            e.mixing_j_per_m3 / 3.6e6, e.spent_j_per_m3 / 3.6e6);
        return true;
    }
    return false;
}

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    int before = 0;
    while (is_store(p) && store_warning(p, before, ret)) {
        if (i == before++) {
            return true;
        }
    }
    double per_stack_w = p[CAPACITY] / p[STACKS];
    if (i == before && per_stack_w > 1000) {
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
