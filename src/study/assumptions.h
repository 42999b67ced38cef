/* assumptions.h - what a report rests on: devices with their parameters, the connection, the series, and what the simulation
 * takes for granted. From the site alone, so that it says what was run and not what was meant.
 *
 * Presets  a parameter that stands at its kind's preset is left out: `symgrid model KIND --help` has it.
 * @effects of every function: alloc=yes (the buffer) block=no */
#ifndef SG_STUDY_ASSUMPTIONS_H
#define SG_STUDY_ASSUMPTIONS_H
#include "study/report.h"

/* "assumptions":[{"about":..,"what":..}]. */
void sg_assumptions_json(const sg_report *report, sg_out *out);
/* A table of the same rows. */
void sg_assumptions_html(const sg_report *report, sg_out *out);
#endif
