/* breakers.h - what feeders that are too small cost: the same days without control, with one cap for all, and with the engine,
 * once with fixed limits, once with limits that follow the heat of the breakers,
 * and once more with the ties between feeders, where there are any (the others leave them alone).
 *
 * Truth    heat and trips are the plant's (world/protection.h), not the engine's; trip curves come from the site file.
 * Work     energy that loads wanted and did not get, behind open breakers too. `slowest`: the mean over time of the least share
 *          that a member of the group got of what it wanted: what synchronous work can do at most.
 * Equal    every load gets the same share of what it wanted in the interval before, the largest share with which every breaker
 *          keeps 80 % of its rating; stores rest. */
#ifndef SG_STUDY_BREAKERS_H
#define SG_STUDY_BREAKERS_H
#include "study/simulate.h"

enum { SG_BREAKERS_ROW_MAX = 5, SG_BREAKERS_BIN_MAX = 600, SG_BREAKERS_GROUP_MAX = 16 };

typedef struct sg_breakers_row {
    const char *name;
    int64_t trips;
    double first_trip_s; /* after the start; NAN: none         */
    double heat_worst;   /* of any breaker, share of its trip  */
    double warm_s;       /* time with any breaker above 80 %   */
    double wanted_j, lost_j;
    double group_wanted_j[SG_BREAKERS_GROUP_MAX], group_lost_j[SG_BREAKERS_GROUP_MAX];
    double group_slowest[SG_BREAKERS_GROUP_MAX]; /* share 0..1 */
    double discharge_j;                          /* by stores  */
    double heat[SG_BREAKERS_BIN_MAX];            /* hottest breaker in each bin */
    double load_w[SG_BREAKERS_BIN_MAX];          /* mean draw of all loads      */
} sg_breakers_row;

typedef struct sg_breakers {
    const sg_site *site;
    int64_t from_us;
    double step_s;
    int64_t steps;
    int bin_count;
    double wanted_w[SG_BREAKERS_BIN_MAX];
    int group_count;
    int32_t group[SG_BREAKERS_GROUP_MAX]; /* of loads, index into site->groups */
    int row_count; /* one more where there are ties */
    sg_breakers_row row[SG_BREAKERS_ROW_MAX];
} sg_breakers;

/* sim->policy is the engine's. SG_MISSING: no node of the site has a trip curve.
 * @effects alloc=yes block=for four runs fails=SG_NOMEM, SG_RANGE (no step fits), SG_MISSING */
SG_MUST_CHECK sg_status sg_breakers_study(const sg_simulation *sim, sg_breakers *ret);

/* For a terminal. @effects alloc=yes (the buffer) block=no */
void sg_breakers_table(const sg_breakers *study, sg_out *out);
/* symgrid.breakers/1. */
void sg_breakers_json(const sg_breakers *study, sg_out *out);
/* One self-contained page with plots. */
void sg_breakers_html(const sg_breakers *study, sg_out *out);
#endif
