/* reload.h - a changed site file into a running site: read, check and prepare beside the loop, swap between two steps.
 *
 * Audit    each reading is an entry in the audit log (serve/audit_log.h): who sent the signal, hashes of the file and of what it
 *          describes before and after, what changed in a line each; why, when it was not taken. Written by that thread.
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
    const char *dir;     /* with the audit log; NULL: there is none */
    int64_t pid, uid;    /* whose signal it was */
    int64_t now_us;      /* of the site */
} sg_reload_plan;

/* Everything that takes over at once. */
typedef struct sg_replacement {
    sg_site *site; /* heap */
    sg_engine *engine;
    sg_world *world;
    sg_transfer map;
} sg_replacement;

/* `path`: of the site file that is running. NULL when memory is exhausted. @effects alloc=yes block=reading it */
sg_reload *sg_reload_create(const char *path);
void sg_reload_destroy(sg_reload *self);

/* Begin; `now` is the site that is running and must live until destroy. False while one is under way. @effects block=no */
bool sg_reload_begin(sg_reload *self, const sg_reload_plan *plan, const sg_site *now);

/* The replacement, once it is ready; there is none where the file was refused or nothing changed. @effects block=no */
bool sg_reload_take(sg_reload *self, sg_replacement *ret);
#endif
