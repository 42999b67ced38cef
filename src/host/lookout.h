/* lookout.h - the foresight of a running site: a worker that looks ahead once a quarter hour of site time, beside the loop, and says
 * at its end which readings are not as usual (unusual.h).
 *
 * Kept     DIR/forecast.state: history and records (engine/foresight.h), written whole under another name and renamed, at most once
 *          in ten seconds and at the end. A file that cannot be used is told of in one line and replaced.
 * Fails    without memory or thread the site goes on by the engine's own forecasts, and told says so.
 * Threads  create, step and destroy are the loop's; the worker has one of its own, unless `beside` is false: then a look is taken
 *          on the spot, so that equal inputs give equal journals. */
#ifndef SG_HOST_LOOKOUT_H
#define SG_HOST_LOOKOUT_H
#include "engine/foresight.h"
#include "host/unusual.h"

typedef struct sg_lookout sg_lookout;

#define SG_LOOKOUT_FILE "forecast.state"

/* dir: NULL = nothing is kept; log: one line for the operator, from either thread. NULL when there is no memory.
 * @effects alloc=yes block=disk */
sg_lookout *sg_lookout_create(const sg_site *site, const char *dir, bool beside,
                              void (*log)(const char *line));
/* Keeps what there is. Accepts NULL. @effects block=until a fit under way is over, and disk */
void sg_lookout_destroy(sg_lookout *self);

/* After each step; accepts NULL. True: *told is new. @effects alloc=no block=no where beside */
bool sg_lookout_step(sg_lookout *self, const sg_engine *engine, sg_foretold *told);

/* Of the last quarter hour that was judged; the lookout's, until the next step. */
const sg_unusual_list *sg_lookout_unusual(const sg_lookout *self);
#endif
