/* problem_json.h - the documents symgrid.dispatch/1 and symgrid.allocation/1, read but not yet
 * solved.
 *
 * Memory   everything lives in the arena, ids included: the reader may be closed afterwards.
 * Errors   as in json_in.h: false, and the reader's message says where and what was expected. */
#ifndef SG_CLI_PROBLEM_JSON_H
#define SG_CLI_PROBLEM_JSON_H
#include "base/arena.h"
#include "cli/json_in.h"
#include "control/allocate.h"
#include "plan/dispatch.h"

#include <stdbool.h>

#define SG_DISPATCH_FORMAT   "symgrid.dispatch/1"
#define SG_ALLOCATION_FORMAT "symgrid.allocation/1"

enum { SG_PLAN_JSON_STEP_MAX = 1000000 }; /* steps of a dispatch document */

/* An allocation with its names. Nodes stand in the order the method needs (parents first), which
 * need not be the document's; leaves keep the document's order. Powers are in kW: the method is the
 * same in any unit. */
typedef struct sg_allocation_document {
    sg_allocation allocation;
    const char **node_id; /* [node] */
    const char **leaf_id; /* [leaf] */
} sg_allocation_document;

/* @effects alloc=yes block=no */
SG_MUST_CHECK bool sg_dispatch_from_json(sg_json_in *in, sg_arena *arena, sg_dispatch *ret);
SG_MUST_CHECK bool sg_allocation_from_json(sg_json_in *in, sg_arena *arena,
                                           sg_allocation_document *ret);
#endif
