/* ageing.h - how a lithium-ion battery loses capacity by standing and by cycling.
 *
 * Each law is a sum (or the worse) of powers of time and of charge throughput, whose rates depend on temperature, state of charge
 * and depth of discharge. Rates change while the battery ages, so each loss is moved on along the curve of the present rate, from
 * the point of that curve that has the loss reached so far: exact for constant rates, whatever the step.
 *
 *   lfp         q = 1 - kcal t^0.526 - kcyc N^0.828            N equivalent full cycles, t days
 *   nmc         q = min(1 - q1 t^0.357 - q3 N^0.778, 1.01 - tanh((N/q5)^10 / 2))
 *   table       q = min(1.02 - sqrt(integral of k^2 dt), 1 - sum over cycles of the table's slope)
 *   cycle_life  q = 1 - 0.2 N / cycle_life
 *
 * Time     the calendar rate is that of each hour's mean temperature and charge; lfp and nmc act on the mean rate of a day, as
 *          BLAST-Lite does: the state equation would weigh the hours otherwise.
 * Cycles   come from the state of charge by rainflow counting (rainflow.h); those closed in an hour act together.
 *          A full cycle is the charge of the capacity when new.
 * Units    fractions of the capacity when new, days and kelvin inside, s and degC at the functions.
 * Memory   SG_AGEING_STATE doubles of the caller, zeros at the start.
 * Source   lfp, nmc: P. Gasper et al., NREL BLAST-Lite (LFP-Gr 250 Ah prismatic, 2019; NMC111-Gr Kokam 75 Ah, 2017, after
 *          K. Smith et al., ACC 2017). Anode potential: M. Safari, C. Delacourt, J. Electrochem. Soc. 158 (2011) A562.
 *          table: NREL SAM, calendar model 1 and capacity fade from a table of cycles.
 * Limits   lfp was fitted to 10 to 45 degC, depths of 80 to 100 %, slow charging; nmc to 0 to 45 degC at 1 C. Beyond: a guess.
 *          The range that is still open has done no harm yet: at most half a cycle of each nested depth. */
#ifndef SG_MODEL_AGEING_H
#define SG_MODEL_AGEING_H
#include "model/rainflow.h"

#include <stdbool.h>

typedef enum sg_ageing_law {
    SG_AGEING_LFP,
    SG_AGEING_NMC,
    SG_AGEING_CYCLE_LIFE,
    SG_AGEING_NONE,
    SG_AGEING_TABLE
} sg_ageing_law;

/* A point of a curve of capacity over cycles, at one depth. */
typedef struct sg_cycle_point {
    double depth_frac, cycles, capacity_frac;
} sg_cycle_point;

enum { SG_CYCLE_POINT_MAX = 32 };

typedef struct sg_ageing {
    sg_ageing_law law;
    double cycle_life;           /* SG_AGEING_CYCLE_LIFE: full cycles to 80 %                   */
    bool of_present;             /* state of charge is of the capacity left, not of that when new */
    const sg_cycle_point *table; /* SG_AGEING_TABLE: by rising depth, then by rising cycles */
    int table_count;
} sg_ageing;

/* The state's places. */
enum {
    SG_AGE_CALENDAR,    /* capacity lost by standing                              */
    SG_AGE_CYCLE,       /* capacity lost by cycling (of lithium, for nmc)         */
    SG_AGE_ACTIVE,      /* active material lost by cycling (nmc)                  */
    SG_AGE_CYCLES,      /* cycles closed                                          */
    SG_AGE_FULL_CYCLES, /* equivalent full cycles closed                          */
    SG_AGE_WAIT_S,      /* of the hour that runs: time, soc x time, kelvin x time */
    SG_AGE_WAIT_SOC,
    SG_AGE_WAIT_K,
    SG_AGE_DAY_S, /* of the day that runs: time, calendar rate x time */
    SG_AGE_DAY_RATE,
    SG_AGE_RUN_S, /* since cycles last acted: time, kelvin x time, path of the soc */
    SG_AGE_RUN_K,
    SG_AGE_RUN_PATH,
    SG_AGE_PEND_FULL, /* cycles closed that have not acted: full cycles, by depth, by mean soc */
    SG_AGE_PEND_DEPTH,
    SG_AGE_PEND_SOC,
    SG_AGE_LAST_SOC,
    SG_AGE_RAINFLOW,
    SG_AGEING_STATE = SG_AGE_RAINFLOW + SG_RAINFLOW_STATE
};

/* The state of charge that a history begins with; without it the first step's is taken for it. state as zeros.
 * @effects alloc=no block=no fails=never */
void sg_ageing_begin(double soc_frac, double *state);

/* dt_s at that temperature, ending at that state of charge. @effects alloc=no block=no fails=never */
void sg_ageing_step(const sg_ageing *self, double soc_frac, double temperature_degc, double dt_s,
                    double *state);

/* Capacity left, 0..1. @effects alloc=no block=no fails=never */
double sg_ageing_health_frac(const sg_ageing *self, const double *state);

/* Ends a history: what waits acts, and the ranges still open count as half cycles. @effects alloc=no block=no fails=never */
void sg_ageing_finish(const sg_ageing *self, double *state);

/* --- the parts --- */

/* Potential of graphite against lithium at a state of charge of the cell, V. @effects alloc=no block=no fails=never */
double sg_graphite_potential_v(double soc_frac);

/* Rates of the lfp law: per day^0.526, and per full cycle^0.828 at a depth and a mean current (share of capacity an hour).
 * @effects alloc=no block=no fails=never */
double sg_lfp_calendar_rate(double kelvin, double soc_frac);
double sg_lfp_cycle_rate(double kelvin, double depth_frac, double rate_per_h);

/* k of SAM's calendar model 1, per day^0.5. @effects alloc=no block=no fails=never */
double sg_smith_calendar_rate(double kelvin, double soc_frac);

/* Capacity after that many cycles of one depth: linear along each curve, its last slope going on, and between the curves of the
 * depths beside; no loss at depth 0, above the deepest curve that curve. count 1 to SG_CYCLE_POINT_MAX.
 * @effects alloc=no block=no fails=never */
double sg_cycle_table_frac(const sg_cycle_point *table, int count, double depth_frac,
                           double cycles);

/* Capacity after that many days, linear between the points of rising days, the last slope going on. count >= 2.
 * @effects alloc=no block=no fails=never */
double sg_calendar_table_frac(const double *days, const double *capacity_frac, int count,
                              double age_days);
#endif
