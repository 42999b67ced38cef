/* layout.h - the engine's block: one head, the plant, then the arrays of the rooms. Private to the engine room. */
#ifndef SG_ENGINE_LAYOUT_H
#define SG_ENGINE_LAYOUT_H
#include "control/tasks.h"
#include "engine/engine.h"
#include "forecast/online.h"
#include "measure/measure.h"
#include "measure/trust.h"
#include "settle/regulation.h"
#include "site/plant.h"

#define SG_ENGINE_MAGIC UINT64_C(0x30314E474E454753) /* "SGENGN10" */

/* No padding anywhere in it: the block is hashed and journaled as bytes. */
struct sg_engine {
    uint64_t magic;
    int64_t size, state_size; /* of the block; of the part that carries state */
    uint64_t site_hash, tick;
    int64_t time_us;
    int32_t policy, mode;
    int32_t settled, safe; /* of the last step */
    int32_t plan_present, decision_count;
    int32_t rung, disbelieved; /* sg_rung of the last step; readings that it did not believe */
    int64_t plans_taken, plans_refused;
    int64_t quality_count[4];
    double dt_s;
    uint64_t command_hash;
    double task_w, curtailed_w, losses_w;
    double import_price, export_price, carbon_kg_per_j,
        could_w; /* in force when the interval began */
    double price_low, price_mid, price_high;
    int64_t price_slot;
    double free_w, ever_w, wanted_high_w;
    sg_ride ride;
    sg_meter meter;
    sg_regulation regulation;
    sg_regulation_meter regulated;
    sg_forecast load, generation, price; /* price: money per MJ, so that numbers are near one */
    sg_plan plan;
    sg_tasks tasks;
    sg_decision decision[SG_DECISION_MAX]; /* newest first */
    int32_t ride_told, ride_pad;           /* last state told */
    double ride_import_w;                  /* allowed then    */
    int32_t group_reason[SG_GROUP_MAX];    /* last one told */
    int64_t group_told_us[SG_GROUP_MAX];
    double group_setpoint_w[SG_GROUP_MAX];
    int32_t tie_told[SG_TIE_MAX]; /* 1 + reason, 0: it carried nothing */
    int64_t tie_told_us[SG_TIE_MAX];
    double tie_told_w[SG_TIE_MAX];
};

typedef struct sg_rooms {
    sg_engine *head;
    sg_plant plant;
    sg_measure measure;
    sg_trust trust;
    sg_control control;
    void *news; /* sg_news_size() bytes */
} sg_rooms;

/* The arrays of the rooms behind the plant, in this order. Scratch comes last: what it carries from step to step saves
 * work and changes nothing, so it is left out of the state. */
#define SG_ROOM_ARRAYS(X)              \
    X(measure.value, double, point)    \
    X(measure.age_s, double, point)    \
    X(measure.quality, uint8_t, point) \
    X(measure.low_j, double, store)    \
    X(measure.high_j, double, store)

/* Resolve the block to pointers. */
sg_rooms sg_rooms_at(sg_engine *self);

/* Is all of it such that it may be stepped? Counts and sizes are checked before (validate.c). */
bool sg_rooms_sane(const sg_rooms *rooms);

/* May the plan be followed on this plant? */
bool sg_plan_valid(const sg_plan *plan, const sg_plant *plant);

/* Keep a decision for people to read (view.c). */
void sg_decisions_note(sg_rooms *rooms);
/* A rule of the site's schedules began or ended; held: those that held before. */
void sg_decisions_scheduled(sg_rooms *rooms, uint64_t held);
#endif
