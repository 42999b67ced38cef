/* months.h - a report's table by calendar month of the site's zone: filled step by step, written as JSON and HTML.
 *
 * Units    J inside, kWh and MWh in the writers. */
#ifndef SG_STUDY_MONTHS_H
#define SG_STUDY_MONTHS_H
#include "study/report.h"
#include "world/world.h"

/* One step: its readings, and the world's books before and after it. Beyond SG_MONTH_MAX months all goes into the last one.
 * @effects alloc=no block=no fails=never */
void sg_months_add(sg_report *report, const sg_points *points, const sg_readings *readings,
                   const sg_world_books *before, const sg_world_books *now);
/* "2023-07". @effects alloc=no block=no fails=never */
enum { SG_MONTH_NAME = 16 };
void sg_months_name(const sg_report *report, int month, char ret[SG_MONTH_NAME]);
/* "months":[...]. @effects alloc=yes (the buffer) block=no */
void sg_months_json(const sg_report *report, sg_out *out);
/* A table, for reports over more than one month. @effects alloc=yes (the buffer) block=no */
void sg_months_html(const sg_report *report, sg_out *out);
#endif
