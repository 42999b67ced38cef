/* days.h - a period by the hour of the day, and two of its days in detail: kept step by step.
 *
 * Zone     hours and days are those of the site's zone. A step counts to the hour and the bin in which it begins.
 * Days     only whole ones are shown: the one with the highest bin of import, the one whose stores delivered most. The bins of a
 *          day are quarter hours, or as long as a step where that is longer.
 * Units    W, J, s; money per J.
 * @effects of every function: alloc=no block=no fails=never */
#ifndef SG_STUDY_DAYS_H
#define SG_STUDY_DAYS_H
#include "study/report.h"

typedef struct sg_days {
    sg_report_day today; /* the one under way: sums until it is closed */
    int64_t day;         /* since 1970, of the site's zone */
    bool open;
} sg_days;

/* Means over dt_s that ended at end_us; generation_w of all sources, net_w > 0 import, store_w > 0 discharge, prices in force
 * during the step, fees included. */
typedef struct sg_days_step {
    int64_t end_us;
    double dt_s, load_w, generation_w, net_w, store_w, import_price, export_price;
} sg_days_step;

/* report: from_us, to_us, step_s and site are set. */
void sg_days_start(sg_days *self, sg_report *report);
void sg_days_add(sg_days *self, sg_report *report, const sg_days_step *step);
/* Close the last day. */
void sg_days_finish(sg_days *self, sg_report *report);

/* "2023-07-05", of the site's zone. */
enum { SG_DAYS_NAME = 24 };
void sg_days_name(const sg_report *report, int64_t start_us, char ret[SG_DAYS_NAME]);
/* Why a day is shown: "highest import", "most work of the stores", or both. NULL: it is not. */
const char *sg_days_why(const sg_report *report, int day);
#endif
