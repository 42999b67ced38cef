/* limits.h - which limits a run came near, and how stores were used: kept step by step from the plant's truth.
 *
 * Limits   import and export of the connection; each group of nodes with a limit (a breaker whose trip curve is known may be
 *          loaded up to `limit` alone: its heat is judged apart); each group of stores with a reserve.
 * Beyond   is more than a millionth over a limit. A reserve was not kept where the group gave although it was below it and the
 *          grid was there: losses at rest may take it lower, and without the grid it is what it is for.
 * Units    W, J, s. Node groups beyond the first SG_GROUP_MAX count to the last of these.
 * @effects of every function: alloc=no block=no fails=never */
#ifndef SG_STUDY_LIMITS_H
#define SG_STUDY_LIMITS_H
#include "study/report.h"
#include "world/world.h"

/* The list of limits, and the stores' capacities; report->site is set. */
void sg_limits_start(sg_report *report);
/* One step of dt_s that ended at time_us. */
void sg_limits_add(sg_report *report, const sg_world_now *now, int64_t time_us, double dt_s);
/* Means and costs of the stores, after the last step: their energies in and out are known by then. */
void sg_limits_finish(sg_report *report);

/* "import", "export", "node", "reserve". */
const char *sg_limits_kind_name(sg_limit_kind kind);
/* Of the group it is about; "grid" for the connection. */
const char *sg_limits_name(const sg_report *report, const sg_report_limit *limit);
/* worst / limit: the share of it that was used; NAN for a limit of nothing and for reserves. */
double sg_limits_share(const sg_report_limit *limit);
/* Nothing was beyond any of them, no load below its minimum, all was served, no breaker tripped. */
bool sg_limits_all_met(const sg_report *report);
#endif
