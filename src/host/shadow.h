/* shadow.h - a copy of a running site: engine and plant of one moment, stepped on by the live code beside it.
 *
 * Plant    of its own: the simulated one at the same place, or, where devices are real, one made from the site file with the stores
 *          as they were read last. Commands always reach it, also where the live site only observes: nothing real hangs on it.
 * Faults   the site file's go on; those of a rehearsal are switched on and off between two steps.
 * Memory   one shadow holds all of its own; the site and what its series point to must outlive it. One thread. */
#ifndef SG_HOST_SHADOW_H
#define SG_HOST_SHADOW_H
#include "engine/replan.h"
#include "plan/dispatch.h"
#include "serve/rehearsal.h"
#include "world/world.h"

typedef struct sg_shadow {
    sg_site site; /* the live one's, but for the faults */
    sg_fault faults[SG_FAULT_MAX];
    int32_t fault_next; /* first free one */
    int32_t fault_first[SG_REHEARSAL_ORDER_MAX], fault_count[SG_REHEARSAL_ORDER_MAX];
    sg_points points;
    sg_engine *engine; /* NULL before sg_shadow_start() */
    sg_world *world;
    sg_replan replan;
    sg_foretold told;
    sg_again *again; /* of its plans */
    sg_plan plan;
    uint64_t silent; /* bit i: order i silences the devices below its node */
    int32_t silent_node[SG_REHEARSAL_ORDER_MAX];
    bool was_silent;                               /* in the step before */
    uint8_t *below;                                /* [node] is silent */
    uint8_t *mute[SG_GRID];                        /* [device of the role] so is its node */
    uint8_t *quality;                              /* [point] as the engine gets it */
    double *source_limit_w, *store_w, *load_cap_w; /* that silent devices keep */
    uint8_t *source_start;
} sg_shadow;

/* NULL when memory is exhausted. @effects alloc=yes block=no */
sg_shadow *sg_shadow_create(const sg_site *site);
void sg_shadow_free(sg_shadow *self); /* accepts NULL */

/* The engine from the bytes of a live one's state; its plant stands already where it should (self->world). False: no memory, or the
 * bytes are no engine of this site. @effects alloc=yes block=no */
bool sg_shadow_start(sg_shadow *self, const void *state, size_t size, const sg_foretold *told);

/* Order i begins, ends. False: there is no room for so many faults. @effects alloc=no block=no */
bool sg_shadow_begin(sg_shadow *self, int i, const sg_rehearsal_order *order);
void sg_shadow_end(sg_shadow *self, int i);

/* One control step, a plan before it where one is due. @effects alloc=for plans block=for plans */
void sg_shadow_step(sg_shadow *self, double dt_s);
#endif
