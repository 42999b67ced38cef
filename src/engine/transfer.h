/* transfer.h - one engine's state into the engine of a changed site: what stays keeps its readings, commands and counts.
 *
 * Rule     devices, nodes and groups are the same where their names (and roles) are. What is new starts as in a new engine; what
 *          is gone is forgotten. Time, meter, tasks, forecasts and decisions go on; a plan goes on if all its stores do.
 * Use      create beside the loop (it allocates); transfer between two steps. The next step has all commands made anew under the
 *          new limits before any leaves.
 * Memory   the maps are the caller's to free. */
#ifndef SG_ENGINE_TRANSFER_H
#define SG_ENGINE_TRANSFER_H
#include "engine/engine.h"
#include "site/site.h"

/* For each of the new site its index in the old one; -1: it is new. */
typedef struct sg_transfer {
    int32_t *point, *node, *source, *store, *load, *group, *tie;
    int32_t added, removed; /* devices, nodes and ties */
} sg_transfer;

/* SG_NOMEM leaves nothing to free. @effects alloc=yes block=no */
SG_MUST_CHECK sg_status sg_transfer_create(const sg_site *from, const sg_site *to,
                                           sg_transfer *ret);
void sg_transfer_free(sg_transfer *self);

/* self: an engine just created for the new site. from: the old site's. @effects alloc=no block=no fails=never */
void sg_engine_transfer(sg_engine *self, const sg_engine *from, const sg_transfer *map);
#endif
