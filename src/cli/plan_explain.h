/* plan_explain.h - reasons and worths of a schedule, as a table or as two arrays of the schedule document.
 * Private to the command line. */
#ifndef SG_CLI_PLAN_EXPLAIN_H
#define SG_CLI_PLAN_EXPLAIN_H
#include "base/arena.h"
#include "base/text.h"
#include "plan/dispatch.h"

/* Where the schedule has no prices both say so: the table in a line, the document by two nulls.
 * SG_NOMEM is the only failure. @effects alloc=yes block=no */
SG_MUST_CHECK sg_status sg_plan_explain_table(const sg_dispatch *problem,
                                              const sg_schedule *schedule, sg_arena *arena,
                                              sg_out *out);
SG_MUST_CHECK sg_status sg_plan_explain_json(const sg_dispatch *problem,
                                             const sg_schedule *schedule, sg_arena *arena,
                                             sg_out *out);
#endif
