/* twin.h - rehearsals: a twin of the running site in a thread of its own, on which incidents are played.
 *
 * Copy     the twin's thread makes room, then asks; the loop copies engine state and plant between two steps (sg_twin_door). That is
 *          all that it ever has of the live site, and nothing goes back.
 * Pace     1 to 60 times real time; a machine that is too slow for that runs it slower and says so. The thread gives way to all others.
 * Ends     half a minute of site time after the site is back where it was copied; an hour after the last incident is over at the
 *          latest; when told to. An internal check that fails ends the rehearsal, not the process.
 * Threads  create, destroy and the door are the loop's; order, stop and look are the server's. */
#ifndef SG_HOST_TWIN_H
#define SG_HOST_TWIN_H
#include "engine/engine.h"
#include "serve/rehearsal.h"
#include "world/world.h"

typedef struct sg_twin sg_twin;

/* step_s: of the control. NULL: no memory, or no thread. @effects alloc=yes block=no */
sg_twin *sg_twin_create(double step_s);
/* Accepts NULL. @effects block=for a step of the twin, or a plan of it */
void sg_twin_destroy(sg_twin *self);

/* Between two steps of the loop; accepts NULL. When a copy is wanted it is made here; world NULL: the devices are real.
 * @effects alloc=no block=no fails=never */
void sg_twin_door(sg_twin *self, const sg_site *site, const sg_engine *engine,
                  const sg_world *world, const sg_foretold *told);

/* Begin a rehearsal, or play another incident in the one that runs. SG_FULL: it holds as many as it can; SG_UNAVAILABLE: it runs
 * on the site as it was before its file was read again. @effects alloc=no block=moments */
SG_MUST_CHECK sg_status sg_twin_order(sg_twin *self, const sg_rehearsal_order *order);
void sg_twin_stop(sg_twin *self);
/* Which state of the document is the newest; where it is not `seen`, *ret (may be NULL) is that one. @effects alloc=no block=moments */
uint64_t sg_twin_look(sg_twin *self, uint64_t seen, sg_rehearsal *ret);
#endif
