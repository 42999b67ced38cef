/* funding.h - does the site's management pay for itself: the Pi0-QTEN study's statement (3.4), from the books.
 *
 *     R_system = R_arbitrage + R_services + R_tokens + R_efficiency - C_operation - C_maintenance
 *
 * Every line is what the policy did better or worse than the `static` baseline of the same period, so that R_system is the
 * saving of the report, exactly:
 *   arbitrage    energy bought, less sold, and the change of what is stored, less what efficiency is credited with
 *   services     0: no market pays for them yet
 *   tokens       0: that a token gains value is no revenue
 *   efficiency   local energy used that the baseline had to throw away, at the month's mean import price
 *   operation    more of demand charge, fuel, wear and energy not served
 *   maintenance  0: both runs have the same devices, and the site file knows no cost for it
 *
 * Units    money of the site's currency. NAN where it takes a baseline and none was run. */
#ifndef SG_STUDY_FUNDING_H
#define SG_STUDY_FUNDING_H
#include "study/report.h"

typedef struct sg_funding {
    double arbitrage, services, tokens, efficiency, operation, maintenance;
    double system; /* of all lines, with their signs */
} sg_funding;

/* Of one month; of the whole report: the sum over its months. @effects alloc=no block=no fails=never */
sg_funding sg_funding_of_month(const sg_report_month *month);
sg_funding sg_funding_of(const sg_report *report);

/* "self_funding":{...}. @effects alloc=yes (the buffer) block=no */
void sg_funding_json(const sg_funding *self, sg_out *out);
/* A table by month; nothing without a baseline. @effects alloc=yes (the buffer) block=no */
void sg_funding_html(const sg_report *report, sg_out *out);
#endif
