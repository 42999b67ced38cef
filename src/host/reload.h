/* reload.h - a changed site file into a running site: read, check and prepare beside the loop, swap between two steps.
 *
 * Threads  begin, take and destroy are the loop's; reading and preparing run in a thread of their own. A file with an error
 *          changes nothing: its diagnostics are written to stderr, and the site goes on as it was.
 * Memory   what take hands over is the caller's. */
#ifndef SG_HOST_RELOAD_H
#define SG_HOST_RELOAD_H
#include "engine/transfer.h"
#include "world/world.h"

typedef struct sg_reload sg_reload;

typedef struct sg_reload_plan {
    const char *path;    /* of the site file              */
    sg_policy policy;    /* of the new engine              */
    double plan_every_s; /* as --plan-every; 0: the file's */
    int64_t start_us;    /* faults of the simulated plant are counted from it */
} sg_reload_plan;

/* Everything that takes over at once. */
typedef struct sg_replacement {
    sg_site *site; /* heap */
    sg_engine *engine;
    sg_world *world;
    sg_transfer map;
} sg_replacement;

/* NULL when memory is exhausted. */
sg_reload *sg_reload_create(void);
void sg_reload_destroy(sg_reload *self);

/* Begin; `now` is the site that is running and must live until the take. False while one is under way. @effects block=no */
bool sg_reload_begin(sg_reload *self, const sg_reload_plan *plan, const sg_site *now);

/* The replacement, once it is ready. @effects block=no */
bool sg_reload_take(sg_reload *self, sg_replacement *ret);
#endif
