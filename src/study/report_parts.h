/* report_parts.h - the parts of a report's page; private to src/study.
 *
 * Figures  every number of symgrid.report/1 that stands on the page is written by sg_page_value: rounded for people inside an
 *          element that carries the full number and its place in the JSON report, <data value="0.25" data-json="/metrics/..">, or
 *          <span data-json=".."> around a dash where the JSON has null. The tests hold all of them against the JSON.
 * Pictures say nothing that is not in the report; they carry a title for those who do not see them.
 * Units    SI in, kWh, kW and so on out. @effects of every function: alloc=yes (the buffer) block=no */
#ifndef SG_STUDY_REPORT_PARTS_H
#define SG_STUDY_REPORT_PARTS_H
#include "study/report.h"

typedef enum sg_page_unit {
    SG_AS_ENERGY, /* J, told in kWh: "12.3 MWh"                          */
    SG_AS_MWH,    /* J, told in kWh: "12.3" of a column that is all MWh  */
    SG_AS_POWER,  /* W, told in kW: "845 kW"                             */
    SG_AS_MASS,   /* kg: "3.20 t"                                        */
    SG_AS_DURATION,
    SG_AS_MONEY,
    SG_AS_PERCENT,      /* fraction: "27.1 %"   */
    SG_AS_PERCENT_FINE, /* fraction: "99.987 %" */
    SG_AS_NUMBER,       /* "0.53"               */
    SG_AS_COUNT
} sg_page_unit;

/* pointer: format of a JSON pointer; ids need no escape in it (they hold neither / nor ~). */
__attribute__((format(printf, 4, 5))) void sg_page_value(sg_out *out, sg_page_unit as, double value,
                                                         const char *pointer, ...);
/* <tr> and its first cell: the group's id. */
void sg_page_name_cell(const sg_report *report, int group, sg_out *out);

/* Pictures (report_plots.c). */
void sg_page_flows(const sg_report *report, sg_out *out); /* where energy came from and went */
void sg_page_month_energy(const sg_report *report, sg_out *out); /* both: of 40 days and more */
void sg_page_month_money(const sg_report *report, sg_out *out);
void sg_page_days(const sg_report *report, sg_out *out); /* hour by hour, a typical day, two days */
void sg_page_curves(const sg_report *report,
                    sg_out *out); /* power, charge, price over the period */

/* Tables (report_tables.c). */
void sg_page_money(const sg_report *report, sg_out *out);
void sg_page_sources(const sg_report *report, sg_out *out);
void sg_page_stores(const sg_report *report, sg_out *out);
void sg_page_limits(const sg_report *report, sg_out *out);
void sg_page_service(const sg_report *report, sg_out *out);
#endif
