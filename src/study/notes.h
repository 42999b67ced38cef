/* notes.h - what a site can really do, in sentences: where its file promises more than physics, what its sources came to, what the
 * steps averaged out.
 *
 * Memory   into the report's notes; what does not fit any more is left out. @effects alloc=no block=no fails=never */
#ifndef SG_STUDY_NOTES_H
#define SG_STUDY_NOTES_H
#include "study/report.h"

/* source_peak_w: of each group of sources, the most in any step. The report is otherwise complete. */
void sg_notes_write(sg_report *report, const double *source_peak_w);
#endif
