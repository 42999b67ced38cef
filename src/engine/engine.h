/* engine.h - the one function that runs a site: (state, frame) -> (state, command, reasons).
 *
 *     measure -> forecast -> plan -> control -> settle
 *
 * State    one block of memory without pointers to the outside: copying it is a snapshot, a rehearsal twin, a hot standby.
 *          It holds its own copy of the plant, so a snapshot needs no site file to go on.
 * Step     allocates nothing, locks nothing, blocks on nothing, reads no clock; every loop is bounded by the site's counts.
 * Plans    are inputs: a worker makes one from sg_engine_outlook(), the next frame brings it in.
 * Threads  one owner. Others read sg_view snapshots. */
#ifndef SG_ENGINE_ENGINE_H
#define SG_ENGINE_ENGINE_H
#include "engine/foretold.h"
#include "engine/view.h"
#include "settle/regulation.h"

#include <stddef.h>

typedef struct sg_engine sg_engine;

typedef struct sg_engine_config {
    sg_policy policy;
    sg_mode mode;
    double interval_s; /* settlement, 900 by default (0) */
    int64_t start_us;  /* time of the first frame's beginning */
    int32_t
        forecast_only; /* of load and generation: 0 = the best model, else 1 + sg_forecast_model */
} sg_engine_config;

/* @effects alloc=no block=no fails=never */
size_t sg_engine_size(const sg_site *site);

/* Build the engine in memory of sg_engine_size() bytes, 64-byte aligned. Its first command is the safe start: caps that keep
 * every breaker, stores at rest. @effects alloc=no block=no fails=never */
sg_engine *sg_engine_create(void *memory, const sg_site *site, const sg_engine_config *config);

/* One step. ret_replies[i] answers frame->requests[i]; it may be NULL when there are none.
 * @effects alloc=no block=no fails=never */
void sg_engine_step(sg_engine *self, const sg_frame *frame, sg_reply *ret_replies);

/* Set-points of the last step; valid until the next one. */
sg_command sg_engine_command(sg_engine *self);

/* Copy what the outside may see. The host's own fields are left as they are. */
void sg_engine_view(const sg_engine *self, sg_view *ret);
/* The strained nodes of the view once more, by the rules of a site (site/alarm.h). @effects alloc=no block=no fails=never */
void sg_engine_strains(const sg_engine *self, const sg_alarm_rule *rules, sg_view *ret);

/* The task of that name, or NULL. */
const sg_task *sg_engine_task(const sg_engine *self, const char *task_id);

/* What the planner needs: forecasts, and the stores as they are. told: forecasts made beside the engine (foresight.h); NULL, or older than
 * two hours: the engine's own simple ones. The caller overwrites the prices that it knows better. */
void sg_engine_outlook(const sg_engine *self, int64_t step_us, int32_t steps,
                       const sg_foretold *told, sg_outlook *ret);

/* True when the last step closed a settlement interval: *ret is it. */
bool sg_engine_settled(const sg_engine *self, sg_settlement *ret);

/* How well the regulation signal was followed since the engine was created; what was asked of the stores in the last step. */
const sg_regulation_meter *sg_engine_regulated(const sg_engine *self);
const sg_regulation *sg_engine_regulation(const sg_engine *self);

uint64_t sg_engine_hash(const sg_engine *self);                   /* of the whole state           */
uint64_t sg_engine_hash_by(const sg_engine *self, sg_pool *pool); /* the same, shared   */
uint64_t sg_engine_command_hash(const sg_engine *self);           /* of the last command          */
uint64_t sg_engine_tick(const sg_engine *self);
int64_t sg_engine_slot(
    const sg_engine *self); /* the last quarter hour that has ended, since 1970; -1: none */
int64_t sg_engine_time(const sg_engine *self); /* end of the last frame, or the start */
uint64_t sg_engine_site_hash(const sg_engine *self);
int32_t sg_engine_point_count(const sg_engine *self);
const double *sg_engine_values(const sg_engine *self); /* [point] as last trusted */
/* The readings of one kind, at most `most` of them, NAN where one was not good in the last step. Returns how many the site has. */
int32_t sg_engine_readings(const sg_engine *self, sg_point_kind kind, int32_t most, double *ret);

/* The state as bytes (a prefix of the block; the rest is scratch), and back. */
size_t sg_engine_state_size(const sg_engine *self);
size_t sg_engine_state_size_of(const sg_site *site); /* of an engine of that site */

/* Bytes of the block that are in use: scratch memory included, without what is kept for sites with more load classes. */
size_t sg_engine_used(const sg_engine *self);

/* How large a block the engine in these bytes needs; SG_CORRUPT when they are not a whole engine of this version. */
SG_MUST_CHECK sg_status sg_engine_restore_size(const void *state, size_t size, size_t *ret);
/* Rebuild the engine from bytes that sg_engine_restore_size() accepted; memory is 64-byte aligned and of that size. NULL when
 * what they hold is no engine that could be stepped. */
sg_engine *sg_engine_restore(void *memory, size_t memory_size, const void *state, size_t size);

/* Take over what outlives a change of the site file: tasks, meter, time. For a freshly created engine. */
void sg_engine_inherit(sg_engine *self, const sg_engine *from);

/* Take over what another engine has learnt of load, generation and prices: one that has lived through the days before. */
void sg_engine_learn(sg_engine *self, const sg_engine *from);

/* Where the last step stood on the ladder, and the books: what a view would copy. */
sg_rung sg_engine_rung(const sg_engine *self);
const sg_meter *sg_engine_meter(const sg_engine *self);
double sg_engine_granted_w(const sg_engine *self); /* to tasks */
/* The step of the plan that it followed, -1: none. */
int sg_engine_plan_step(const sg_engine *self);
/* The plan that it has, followed or not; NULL: none. Valid until the next step. */
const sg_plan *sg_engine_plan(const sg_engine *self);
/* Have both learnt the same of load, generation and prices? What the quarter hour under way has brought so far is left out. */
bool sg_engine_learnt_same(const sg_engine *a, const sg_engine *b);

int32_t sg_engine_policy(const sg_engine *self);
int32_t sg_engine_mode(const sg_engine *self);
#endif
