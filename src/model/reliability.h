/* reliability.h - how often units that fail and are mended leave a load without power.
 *
 * Redundancy   k of n like units, independent of each other; series and parallel blocks; calendar maintenance.
 * Adequacy     capacity outage probability table of unlike units, and what it means for a load: loss of load
 *              probability (LOLP), loss of load expectation (LOLE) and expected energy not served (EENS).
 * Simulation   the same units failing and being mended in sequence, for what a table cannot tell: frequency.
 *
 * Units    W, s, J; fractions 0..1. LOLE in hours and days as the field quotes it. A year of downtime is 365 d.
 * Memory   tables live in the caller's arrays; nothing is allocated. No function keeps anything.
 * Source   R. Billinton, R. N. Allan, Reliability Evaluation of Power Systems, 2nd ed., Plenum 1996, chapters 2 and 3
 *          (outage table, LOLE, EENS), and Reliability Evaluation of Engineering Systems, chapters 4 and 6 (k of n).
 * Limits   two states a unit (no derating), no network between unit and load, no common cause. */
#ifndef SG_MODEL_RELIABILITY_H
#define SG_MODEL_RELIABILITY_H
#include "base/status.h"

#include <stdint.h>

enum {
    SG_REDUNDANT_UNIT_MAX = 10000, /* like units of a k-of-n system           */
    SG_ADEQUACY_UNIT_MAX = 256     /* units of a simulation                   */
};

/* --- redundancy --- */

/* Share of time out of order: time to repair over time between repairs. Both >= 0, one of them > 0. The mean time between
 * failures is the mean running time from one repair to the next failure.
 * @effects alloc=no block=no fails=never */
double sg_unavailability(double mtbf_s, double mttr_s);

/* Share of time in which fewer than k of n like units work; each is out for unit_frac (0..1) of it. k <= 0: 0; k > n: 1.
 * Small results keep their digits. n <= SG_REDUNDANT_UNIT_MAX (checked). @effects alloc=no block=no fails=never */
double sg_unavailability_k_of_n(int k, int n, double unit_frac);

/* Availability of blocks that must all work, or of which one must. @effects alloc=no block=no fails=never */
double sg_availability_series(const double *unit_frac, int count);
double sg_availability_parallel(const double *unit_frac, int count);

/* k of n units that fail, and that are taken out one after the other for maintenance: each unit once in every
 * maintenance_cycle_s (0: never), for maintenance_s. */
typedef struct sg_redundancy {
    int k, n;                /* 1 <= k <= n <= SG_REDUNDANT_UNIT_MAX                  */
    double unit_unavailable; /* share of time that a unit has failed, 0..1            */
    double maintenance_cycle_s;
    double maintenance_s; /* n of them fit into a cycle: never two units out at once */
} sg_redundancy;

/* Share of time without k working units. SG_RANGE: outside what the fields say.
 * @effects alloc=no block=no fails=SG_RANGE */
SG_MUST_CHECK sg_status sg_redundancy_unavailability(const sg_redundancy *self, double *ret);

/* In a year of 365 days. @effects alloc=no block=no fails=never */
double sg_downtime_s_per_year(double unavailability_frac);

/* --- adequacy: the capacity outage probability table --- */

/* Outage of i steps has probability[i]; at_least[i] is that of i steps or more; excess_w[i] the mean of what an outage has
 * above i steps. */
typedef struct sg_outage_table {
    double step_w, installed_w;
    int32_t size; /* steps there is room for, the one of no outage included */
    int32_t top;  /* the largest outage so far, in steps                    */
    double *probability, *at_least, *excess_w;
} sg_outage_table;

/* An empty system. `memory` holds 3 * size doubles and outlives the table. SG_RANGE: step_w not above 0, size < 1.
 * @effects alloc=no block=no fails=SG_RANGE */
SG_MUST_CHECK sg_status sg_outage_table_init(sg_outage_table *self, double step_w, int32_t size,
                                             double *memory);

/* Convolve one more unit, out of order with probability outage_frac. A capacity of whole steps is exact; any other is shared
 * among its two neighbours so that the mean outage stays right. SG_RANGE: capacity_w < 0, outage_frac outside 0..1, or no
 * room for it; the table is unchanged then. @effects alloc=no block=no fails=SG_RANGE */
SG_MUST_CHECK sg_status sg_outage_table_add(sg_outage_table *self, double capacity_w,
                                            double outage_frac);

/* After the last unit: the sums that the questions below read. @effects alloc=no block=no fails=never */
void sg_outage_table_close(sg_outage_table *self);

/* Probability that a load finds less than it needs, and the mean power it then lacks, W (mean over all time).
 * @effects alloc=no block=no fails=never */
double sg_outage_table_lolp(const sg_outage_table *self, double load_w);
double sg_outage_table_unserved_w(const sg_outage_table *self, double load_w);

/* Rows of load, each dt_s long; rows_per_day of them are a day (a last day may be shorter). */
typedef struct sg_load_profile {
    const double *load_w;
    int64_t rows;
    double dt_s;
    int32_t rows_per_day;
} sg_load_profile;

typedef struct sg_adequacy {
    double lole_h;    /* hours of lost load over the rows */
    double lole_days; /* days whose peak is lost          */
    double eens_j;    /* energy not served                */
} sg_adequacy;

/* @effects alloc=no block=no fails=never */
void sg_outage_table_adequacy(const sg_outage_table *self, const sg_load_profile *load,
                              sg_adequacy *ret);

/* --- adequacy by simulation --- */

typedef struct sg_unit {
    double capacity_w; /* >= 0                                   */
    double up_s;       /* mean time to failure, exponential, > 0 */
    double down_s;     /* mean time to repair, exponential, > 0  */
} sg_unit;

typedef struct sg_estimate {
    double mean;
    double half_width; /* of the 95 % interval, from the spread between the years */
} sg_estimate;

typedef struct sg_simulated_adequacy {
    sg_estimate lole_h;    /* hours a year                           */
    sg_estimate eens_j;    /* J a year                               */
    sg_estimate frequency; /* times a year that load begins to be lost */
} sg_simulated_adequacy;

/* Runs `years` times, one after the other, through the rows of load, which are the year. Units start as they are found in the
 * long run, and change inside a row when they change. Equal arguments give equal bits. SG_RANGE: unit_count outside
 * 1..SG_ADEQUACY_UNIT_MAX, years < 2, no rows, dt_s or a mean time not above 0, a unit that would fail a million times a year.
 * @effects alloc=no block=no fails=SG_RANGE */
SG_MUST_CHECK sg_status sg_adequacy_simulate(const sg_unit *units, int unit_count,
                                             const sg_load_profile *load, int years, uint64_t seed,
                                             sg_simulated_adequacy *ret);
#endif
