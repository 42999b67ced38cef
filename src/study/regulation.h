/* regulation.h - what following the regulation signal comes to: the same days with the whole mix, without recentring, with the
 * battery alone, and with the flywheel alone (stores with duty `energy`, those with duty `power`).
 *
 * Score    settle/regulation.h, against the reference without recentring: what recentring moves counts as a miss.
 * Credit   capability * score * (capability price + mileage ratio * performance price), hour by hour, by the score of the windows
 *          that became known in the hour. */
#ifndef SG_STUDY_REGULATION_H
#define SG_STUDY_REGULATION_H
#include "base/text.h"
#include "settle/regulation.h"
#include "study/simulate.h"

enum { SG_REGULATION_ROW_MAX = 4 };

typedef struct sg_regulation_row {
    const char *name;
    sg_score score;
    double worst_hour; /* the least score of an hour, NAN without any */
    double slow_low_frac,
        slow_high_frac; /* energy of the stores with duty `energy`, of their capacity */
    double fast_low_frac, fast_high_frac; /* and of those with duty `power`; NAN without any */
    double slow_out_j, fast_out_j;        /* discharged, at the bus */
    int64_t slow_turns;                   /* changes between charging and discharging */
    double up_j, down_j;                  /* delivered for the signal */
    double capability_credit, performance_credit; /* money */
} sg_regulation_row;

typedef struct sg_regulation_report {
    const sg_site *site;
    int64_t from_us, to_us;
    double step_s, capability_w;
    double mileage;                  /* of the signal, per hour */
    double signal_mean, signal_size; /* means of the signal and of its absolute value */
    sg_regulation_row row[SG_REGULATION_ROW_MAX];
    int row_count;
} sg_regulation_report;

/* sim->site, from_us, duration_s and step_s (at most 5 s) count; the policy is `rules`.
 * @effects alloc=yes block=for four runs fails=SG_NOMEM, SG_RANGE (no step fits), SG_MISSING (the
 * site follows no signal) */
SG_MUST_CHECK sg_status sg_regulation_study(const sg_simulation *sim, sg_regulation_report *ret);

/* For a terminal. @effects alloc=yes (the buffer) block=no */
void sg_regulation_table(const sg_regulation_report *report, sg_out *out);
/* symgrid.regulation/1. */
void sg_regulation_json(const sg_regulation_report *report, sg_out *out);
#endif
