/* player.h - a site step by step: the engine against the simulated plant, for studies that look at every step.
 *
 * Memory   one engine and one world, made by sg_player_start(), released by sg_player_stop(). */
#ifndef SG_STUDY_PLAYER_H
#define SG_STUDY_PLAYER_H
#include "engine/engine.h"
#include "world/world.h"

typedef struct sg_player {
    const sg_site *site;
    sg_points points;
    void *memory;
    sg_engine *engine;
    sg_world *world;
    const double *value; /* of the last step, [points.count] */
} sg_player;

/* @effects alloc=yes block=no fails=SG_NOMEM */
SG_MUST_CHECK sg_status sg_player_start(sg_player *self, const sg_site *site, sg_policy policy,
                                        int64_t from_us);
/* One step of dt_s: the plant under the last command, then the engine. @effects alloc=no block=no fails=never */
void sg_player_step(sg_player *self, double dt_s);
/* enum sg_duty of store s. */
int sg_player_duty(const sg_site *site, int s);
/* In `stores`, a copy of the site's: those with the duty take no part, held full for the bridge, where they rest. */
void sg_player_leave_out(const sg_site *site, sg_device *stores, int duty);
/* Accepts a zeroed player. */
void sg_player_stop(sg_player *self);
#endif
