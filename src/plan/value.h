/* value.h - what one more of each thing is worth to a schedule, and the reduced costs behind it.
 *
 * Everything here follows from a problem and its schedule alone: the prices of the schedule (the duals) and the format's
 * formulas (docs/formats.md) give the reduced cost of every variable, and a limit is worth the reduced costs of what it
 * holds back, summed over the horizon.
 *
 * Units    money over the horizon for one more unit of the thing; the table of things says which unit. Steps count as in
 *          the problem, kW and kWh as in dispatch.h.
 * Sign     a value is what the objective would fall by; only `initial_kwh` and the efficiencies can be negative.
 * Scaling  values are derivatives: right for a small change, an upper bound for a large one (the objective is convex in
 *          every limit), exact until some other limit takes over. A source's value is for one per cent of what it gives:
 *          per kW of rating, m² of array or stack use sg_value_per_part.
 * Unique   where several sets of prices are optimal (a degenerate schedule) the value is one between the saving of one
 *          more and the loss of one less. Demand periods that overlap share a step's price by length: the shortest
 *          period takes its charge first.
 * Memory   results live in the caller's arena.
 * Errors   SG_UNAVAILABLE where the schedule is not solved or has no prices; SG_NOMEM.
 * Source   linear programming duality, e.g. Bertsimas & Tsitsiklis, "Introduction to Linear Optimization", ch. 4-5. */
#ifndef SG_PLAN_VALUE_H
#define SG_PLAN_VALUE_H
#include "base/arena.h"
#include "base/status.h"
#include "plan/dispatch.h"

/* code, name of the limit in symgrid.dispatch/1, by how much, unit, what it means in words */
#define SG_VALUE_LIST(X)                                                                          \
    X(SG_VALUE_STORE_ENERGY_MAX, "energy_kwh_max", 1.0, "kWh", "room for one more kWh")           \
    X(SG_VALUE_STORE_ENERGY_MIN, "energy_kwh_min", -1.0, "kWh", "one kWh less kept at all times") \
    X(SG_VALUE_STORE_CHARGE, "charge_kw_max", 1.0, "kW", "charging one kW faster")                \
    X(SG_VALUE_STORE_DISCHARGE, "discharge_kw_max", 1.0, "kW", "discharging one kW faster")       \
    X(SG_VALUE_STORE_INITIAL, "initial_kwh", 1.0, "kWh", "one more kWh in store at the start")    \
    X(SG_VALUE_STORE_FINAL, "final_kwh_min", -1.0, "kWh", "one kWh less required at the end")     \
    X(SG_VALUE_STORE_CHARGE_EFF, "charge_eff", 0.01, "0.01",                                      \
      "one percentage point less lost on the way in")                                             \
    X(SG_VALUE_STORE_DISCHARGE_EFF, "discharge_eff", 0.01, "0.01",                                \
      "one percentage point less lost on the way out")                                            \
    X(SG_VALUE_GRID_IMPORT, "import_kw_max", 1.0, "kW", "one more kW of import allowed")          \
    X(SG_VALUE_GRID_EXPORT, "export_kw_max", 1.0, "kW", "one more kW of export allowed")          \
    X(SG_VALUE_GRID_RAMP, "ramp_kw_per_step", 1.0, "kW",                                          \
      "one more kW of change from step to step")                                                  \
    X(SG_VALUE_GRID_PEAK, "peak_so_far_kw", 1.0, "kW", "one more kW of peak already paid for")    \
    X(SG_VALUE_LINK_FORWARD, "forward_kw_max", 1.0, "kW", "one more kW through the link")         \
    X(SG_VALUE_LINK_BACK, "back_kw_max", 1.0, "kW", "one more kW back through the link")          \
    X(SG_VALUE_SOURCE, "available_kw", 0.01, "%", "one per cent more from the source")            \
    X(SG_VALUE_SHED, "max_kw", 1.0, "kW", "one more kW that may be left out")                     \
    X(SG_VALUE_SHIFT_ENERGY, "energy_kwh", -1.0, "kWh", "one kWh less of work to do")             \
    X(SG_VALUE_SHIFT_POWER, "power_kw_max", 1.0, "kW", "working one kW faster")                   \
    X(SG_VALUE_SHIFT_FROM, "from", -1.0, "kW", "each kW it may work one step earlier")            \
    X(SG_VALUE_SHIFT_TO, "to", 1.0, "kW", "each kW it may work one step later")                   \
    X(SG_VALUE_RESERVE_UP, "up_kw", -1.0, "kW", "one kW less of up reserve")                      \
    X(SG_VALUE_RESERVE_DOWN, "down_kw", -1.0, "kW", "one kW less of down reserve")

typedef enum sg_value_thing {
#define X(code, name, change, unit, text) code,
    SG_VALUE_LIST(X)
#undef X
        SG_VALUE_COUNT
} sg_value_thing;

/* How the table of things describes one. */
typedef struct sg_value_info {
    const char *name; /* of the limit in the format                                      */
    double change;    /* of the limit that `money` pays for, in the format's own unit    */
    const char *unit; /* "kWh", "kW", "%" or "0.01"                                       */
    const char *text;
} sg_value_info;

typedef struct sg_value {
    sg_value_thing thing;
    int device;   /* index in its list (stores, demand periods, ...); -1 for grid and reserve */
    double money; /* saved over the horizon by one more                                       */
} sg_value;

typedef struct sg_values {
    sg_value *item;
    int count;
    double **peak_share_per_kw; /* [demand period][step] its part of the period's charge */
    double *import_per_kw;      /* [step] one more kW of import_kw_max in this step alone     */
} sg_values;

/* A store's reduced costs in one step. A variable's is 0 where it is free, positive where it rests at its lower bound
 * and negative at its upper bound. The prices of the four reserve rows are >= 0: one more kW of room for reserve. */
typedef struct sg_store_margin {
    double charge_per_kw, discharge_per_kw; /* money per kW for the length of the step */
    double energy_per_kwh;                  /* of the energy after the step            */
    double up_power_per_kw, up_energy_per_kwh, down_power_per_kw, down_energy_per_kwh;
    double up_kw, down_kw; /* of the reserve; what it holds where reserve has a price, else 0 */
} sg_store_margin;

/* The worth of everything. @effects alloc=yes (arena) block=no */
SG_MUST_CHECK sg_status sg_values_of(const sg_dispatch *problem, const sg_schedule *schedule,
                                     sg_arena *arena, sg_values *ret);

/* True where the schedule is solved and every price that the values need is a number. @effects alloc=no block=no fails=never */
bool sg_schedule_has_prices(const sg_dispatch *problem, const sg_schedule *schedule);

/* Of one store and step. The schedule has prices. @effects alloc=no block=no fails=never */
void sg_store_margin_at(const sg_dispatch *problem, const sg_schedule *schedule, int store,
                        int step, sg_store_margin *ret);

/* What one more kW of import (export) in this step would save, before peaks are paid for; <= 0 where it rests at 0.
 * @effects alloc=no block=no fails=never */
double sg_import_saving_per_kw(const sg_dispatch *problem, const sg_schedule *schedule, int step);
double sg_export_saving_per_kw(const sg_dispatch *problem, const sg_schedule *schedule, int step);

/* Price of the ramp row that ends in this step; 0 where there is none. @effects alloc=no block=no fails=never */
double sg_ramp_price_at(const sg_dispatch *problem, const sg_schedule *schedule, int step);

/* Static description. @effects alloc=no block=no fails=never */
const sg_value_info *sg_value_describe(sg_value_thing thing);

/* From the value of one per cent of a thing to that of one part, where `parts` of them make up the whole: kW of rating,
 * m² of array, stacks. A source of 5,000 kW on 25,000 m²: per kW parts = 5000, per 1,000 m² parts = 25. */
static inline double sg_value_per_part(double money_per_percent, double parts)
{
    return money_per_percent * 100.0 / parts;
}
#endif
