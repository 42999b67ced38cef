/* trace_svg.h - a run over time: as one picture that stands alone, power above, what is stored below; and as lines.
 *
 * Units    kW and kWh on the axes, minutes or hours of the run below. Means over the bins of the report's trace.
 * Memory   into the caller's buffer. @effects alloc=yes (the buffer) block=no */
#ifndef SG_STUDY_TRACE_SVG_H
#define SG_STUDY_TRACE_SVG_H
#include "base/text.h"
#include "study/report.h"

/* Nothing is drawn for fewer than 2 bins. */
void sg_trace_svg(const sg_report *report, sg_out *out);
/* CSV (RFC 4180): a header line, then one line for each bin of the trace: when it begins, the means over it (stores: positive out of
 * the store), and what each group of stores holds at its end. */
void sg_trace_csv(const sg_report *report, sg_out *out);
#endif
