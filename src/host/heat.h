/* heat.h - the newest cells (engine/cells.h) from the loop to the server, without a lock: three slots, as in mailbox.h, but sized
 * by the site.
 *
 * Work     filled at every publication while somebody looks, at every tenth while nobody does.
 * Reload   a change of the site file makes a new one that keeps the one before, since the reader may still look at it. */
#ifndef SG_HOST_HEAT_H
#define SG_HOST_HEAT_H
#include "engine/cells.h"
#include "engine/engine.h"

typedef struct sg_heat sg_heat;

/* before, which may be NULL, is released together with it. NULL: no memory. @effects alloc=yes */
sg_heat *sg_heat_create(const sg_site *site, sg_heat *before);
void sg_heat_free(sg_heat *self);

/* The loop's: hand over what the engine knows. @effects alloc=no block=no fails=never */
void sg_heat_post(sg_heat *self, const sg_engine *engine);
/* The server's: valid until its next call; false before the first. @effects alloc=no block=no */
bool sg_heat_read(sg_heat *self, sg_cells *ret);
#endif
