#include "engine/engine.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/sweep.h"
#include "base/time.h"
#include "control/allocate.h"
#include "engine/layout.h"
#include "site/schedules.h"

#include <math.h>
#include <string.h>

static size_t align_up(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

/* One of the two prepared trees. */
static size_t scratch_size(int32_t node_count, int32_t load_count)
{
    return align_up(sg_allocation_size(node_count, load_count));
}

static void place(unsigned char *at, sg_rooms *ret)
{
    sg_plant *plant = &ret->plant;
    int32_t point_count = plant->points.count, store_count = plant->store_count;
#define X(name, type, count)        \
    ret->name = (type *)(void *)at; \
    at += align_up(sizeof(type) * (size_t)count##_count);
    SG_ROOM_ARRAYS(X)
#undef X
#define X(name, type, count)              \
    ret->trust.name = (type *)(void *)at; \
    at += align_up(sizeof(type) * (size_t)plant->count##_count);
    SG_TRUST_ARRAYS(X)
#undef X
#define X(name, type, count)                \
    ret->control.name = (type *)(void *)at; \
    at += align_up(sizeof(type) * (size_t)plant->count##_count);
    SG_CONTROL_ARRAYS(X)
#undef X
    ret->control.caps = at;
    ret->control.spare = at + scratch_size(plant->node_count, plant->load_count);
    ret->news = at + 2 * scratch_size(plant->node_count, plant->load_count);
    ret->control.scratch =
        (unsigned char *)ret->news + align_up(sg_news_size(plant->node_count, plant->load_count));
    ret->control.ride = &ret->head->ride;
}

static size_t arrays_size(int32_t node_count, int32_t source_count, int32_t store_count,
                          int32_t load_count, int32_t point_count, int32_t tie_count)
{
    size_t size = 0;
#define X(name, type, count) size += align_up(sizeof(type) * (size_t)count##_count);
    SG_ROOM_ARRAYS(X)
    SG_TRUST_ARRAYS(X)
    SG_CONTROL_ARRAYS(X)
#undef X
    return size;
}

static size_t plant_offset(void)
{
    return align_up(sizeof(struct sg_engine));
}

sg_rooms sg_rooms_at(sg_engine *self)
{
    sg_rooms rooms = {.head = self};
    unsigned char *plant = (unsigned char *)self + plant_offset();
    rooms.plant = sg_plant_at(plant);
    place(plant + align_up((size_t)rooms.plant.head->size), &rooms);
    return rooms;
}

static size_t scratch_offset(const sg_site *site)
{
    return plant_offset() + align_up(sg_plant_size(site)) +
           arrays_size(site->node_count, site->device_count[SG_SOURCE],
                       site->device_count[SG_STORE], site->device_count[SG_LOAD],
                       sg_points_of(site).count, site->tie_count);
}

size_t sg_engine_size(const sg_site *site)
{
    int32_t nodes = site->node_count, loads = site->device_count[SG_LOAD];
    return scratch_offset(site) + 2 * scratch_size(nodes, loads) +
           align_up(sg_news_size(nodes, loads)) +
           align_up(sg_control_scratch_size(site->node_count, site->device_count[SG_STORE],
                                            site->tie_count));
}

static void control_now(sg_rooms *rooms, const sg_news *news, double dt_s, bool start,
                        sg_pool *pool);

sg_engine *sg_engine_create(void *memory, const sg_site *site, const sg_engine_config *config)
{
    size_t size = sg_engine_size(site);
    memset(memory, 0, size);
    sg_engine *self = memory;
    self->magic = SG_ENGINE_MAGIC;
    self->size = (int64_t)size;
    self->state_size = (int64_t)scratch_offset(site);
    self->site_hash = site->hash;
    self->time_us = config->start_us;
    self->policy = (int32_t)config->policy;
    self->mode = (int32_t)config->mode;
    self->price_slot = -1;
    sg_plant_create((unsigned char *)memory + plant_offset(), site);
    sg_rooms rooms = sg_rooms_at(self);
    for (int p = 0; p < rooms.plant.points.count; p++) {
        rooms.measure.age_s[p] = -1;
        rooms.measure.quality[p] = SG_NO_DATA;
    }
    sg_trust_start(&rooms.trust, &rooms.plant);
    for (int g = 0; g < SG_GROUP_MAX; g++) {
        self->group_reason[g] = -1;
    }
    sg_ride_init(&self->ride);
    self->ride_import_w = rooms.plant.head->import_w_max;
    sg_meter_init(&self->meter, config->interval_s > 0 ? config->interval_s : 900,
                  rooms.plant.head->demand_charge, site->zone_offset_s);
    sg_regulation_meter_init(&self->regulated);
    sg_forecast_init(&self->load, config->forecast_only);
    sg_forecast_init(&self->generation, config->forecast_only);
    sg_forecast_init(&self->price, 0);
    sg_schedules_apply(&rooms.plant, config->start_us);
    sg_news news = sg_news_at(rooms.news, &rooms.plant);
    control_now(&rooms, &news, 0.1, true, NULL);
    self->free_w = -1; /* nothing is promised before a step has found out what there is */
    self->ever_w = INFINITY;
    return self;
}

static double site_value(const sg_rooms *rooms, sg_site_point point)
{
    return rooms->measure.value[rooms->plant.points.first[SG_POINT_SITE] + (int)point];
}

/* --- forecast --- */

static double price_per_mj(const sg_rooms *rooms)
{
    return site_value(rooms, SG_SITE_IMPORT_PRICE) * 1e6;
}

/* Lower quartile, mean and upper quartile of the last day's prices, once a slot. Insertion sort: at most 96 values, once a quarter hour. */
static void price_quartiles(sg_engine *self)
{
    const sg_forecast *price = &self->price;
    int64_t count =
        price->slot_count < SG_FORECAST_DAY_SLOTS ? price->slot_count : SG_FORECAST_DAY_SLOTS;
    if (price->slot_count == self->price_slot || count < 16) {
        return;
    }
    self->price_slot = price->slot_count;
    double sorted[SG_FORECAST_DAY_SLOTS], sum = 0;
    for (int64_t i = 0; i < count; i++) {
        double value = price->mean[(price->slot_count - 1 - i) % SG_HISTORY_SLOT_MAX];
        int64_t at = i;
        for (; at > 0 && sorted[at - 1] > value; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = value;
        sum += value;
    }
    self->price_low = sorted[count / 4] * 1e-6;
    self->price_mid = sum / (double)count * 1e-6;
    self->price_high = sorted[count * 3 / 4] * 1e-6;
}

static void forecast_now(sg_rooms *rooms, const sg_news *news, int64_t time_us, double dt_s)
{
    sg_engine *self = rooms->head;
    const sg_plant *plant = &rooms->plant;
    /* without tasks: how long those last is known */
    double demand_w = site_value(rooms, SG_SITE_LOSS_W), available_w = 0;
    for (int n = 0; n < plant->node_count; n++) {
        demand_w += news->demand_w[n];
    }
    const double *available = rooms->measure.value + plant->points.first[SG_POINT_SOURCE_AVAILABLE];
    for (int s = 0; s < plant->source_count; s++) {
        available_w += plant->source_cost[s] > 0 ? 0 : available[s];
    }
    /* each value into the quarter hour that it is of */
    int64_t end_us = dt_s > SG_LONG_STEP_S ? time_us + llround(dt_s * 1e6) : time_us;
    sg_forecast_step(&self->load, end_us, dt_s, demand_w);
    sg_forecast_step(&self->generation, end_us, dt_s, available_w);
    sg_forecast_step(&self->price, end_us, dt_s, price_per_mj(rooms));
    price_quartiles(self);
}

/* --- plan --- */

bool sg_plan_valid(const sg_plan *plan, const sg_plant *plant)
{
    bool when = plan->made_us >= -SG_TIME_US_MAX && plan->made_us <= SG_TIME_US_MAX &&
                plan->start_us >= -SG_TIME_US_MAX && plan->start_us <= SG_TIME_US_MAX &&
                plan->step_us > 0 && plan->step_us <= SG_TIME_US_MAX;
    if (!when || plan->steps < 1 || plan->steps > SG_PLAN_STEP_MAX || plan->store_count < 0 ||
        plan->store_count > SG_PLAN_STORE_MAX || plan->cause < 0 ||
        plan->cause >= SG_PLAN_CAUSE_COUNT) {
        return false;
    }
    /* a program that had to give way says so; one that was not finished is no plan */
    if (plan->outcome != SG_SOLVED && plan->outcome != SG_INFEASIBLE) {
        return false;
    }
    for (int s = 0; s < plan->store_count; s++) {
        if (plan->store_group[s] < 0 || plan->store_group[s] >= plant->group_count ||
            plant->group_role[plan->store_group[s]] != SG_STORE) {
            return false;
        }
        for (int t = 0; t < plan->steps; t++) {
            if (!isfinite(plan->store_w[s][t])) {
                return false;
            }
        }
    }
    for (int t = 0; t < plan->steps; t++) {
        if (!isfinite(plan->net_w[t])) {
            return false;
        }
    }
    return true;
}

/* The step of the plan that covers the moment, or -1. */
static int step_now(const sg_plan *plan, int64_t now_us)
{
    if (now_us < plan->start_us || now_us < plan->made_us) {
        return -1;
    }
    int64_t step = (now_us - plan->start_us) / plan->step_us;
    return step < plan->steps ? (int)step : -1;
}

/* Without the steps that it does not have, so that a replay, which is not told them, comes to the same state. */
static void copy_plan(const sg_plan *from, sg_plan *ret)
{
    size_t bytes = sizeof(double) * (size_t)from->steps;
    memset(ret, 0, sizeof *ret);
    memcpy(ret, from, offsetof(sg_plan, store_w));
    for (int s = 0; s < from->store_count; s++) {
        memcpy(ret->store_w[s], from->store_w[s], bytes);
        memcpy(ret->energy_value[s], from->energy_value[s], bytes);
    }
    memcpy(ret->net_w, from->net_w, bytes);
    memcpy(ret->curtail_w, from->curtail_w, bytes);
    memcpy(ret->price, from->price, bytes);
}

/* A new plan is taken in when it covers this moment and is not older than the one that is there. After a step back of the clock
 * that one comes from the future and counts for nothing. */
static void take_plan(sg_engine *self, const sg_plan *plan, const sg_plant *plant)
{
    bool older = self->plan_present && self->plan.made_us <= self->time_us &&
                 plan->made_us < self->plan.made_us;
    if (!sg_plan_valid(plan, plant) || older || step_now(plan, self->time_us) < 0) {
        self->plans_refused++;
        return;
    }
    copy_plan(plan, &self->plan);
    self->plan_present = 1;
    self->plans_taken++;
}

/* --- control --- */

/* Where the step stands on the ladder; *ret_step is the plan's step to follow, or -1. */
static sg_rung rung_now(const sg_engine *self, const sg_plant_head *site, int *ret_step)
{
    bool plans = self->policy == SG_POLICY_MPC || self->policy == SG_POLICY_PERFECT;
    double age_s = (double)(self->time_us - self->plan.made_us) * 1e-6;
    bool young = plans && self->plan_present && age_s <= site->plan_last_s_max;
    *ret_step = young ? step_now(&self->plan, self->time_us) : -1;
    return *ret_step < 0                     ? SG_RUNG_RULES
           : age_s <= site->plan_fresh_s_max ? SG_RUNG_FRESH
                                             : SG_RUNG_LAST;
}

/* Stores meet what is above the month's peak so far, or the last day's mean load where that is more: a peak below the mean
 * could not be held. */
static double shave_threshold_w(const sg_engine *self)
{
    const sg_forecast *load = &self->load;
    int64_t count =
        load->slot_count < SG_FORECAST_DAY_SLOTS ? load->slot_count : SG_FORECAST_DAY_SLOTS;
    double sum_w = 0;
    for (int64_t i = 0; i < count; i++) {
        sum_w += load->mean[(load->slot_count - 1 - i) % SG_HISTORY_SLOT_MAX];
    }
    double mean_w = count > 0 ? 1.02 * sum_w / (double)count + sg_tasks_granted_w(&self->tasks)
                              : (double)INFINITY;
    return fmax(mean_w, sg_meter_peak_w(&self->meter, self->time_us));
}

/* The switch to the grid is opened when the site is to carry itself, and closed again on the ramp. */
static int32_t is_island(const sg_engine *self)
{
    return !sg_ride_connected(&self->ride);
}

static uint64_t hash_command(const sg_rooms *rooms, const sg_news *news, sg_pool *pool)
{
    const sg_control *c = &rooms->control;
    const sg_plant *p = &rooms->plant;
    const int64_t word = sizeof(double);
    uint64_t hash = sg_sweep_hash(pool, SG_HASH_START, c->source_limit_w, word * p->source_count);
    hash = sg_sweep_hash(pool, hash, c->store_w, word * p->store_count);
    hash = sg_sweep_hash(pool, hash, c->source_reason, p->source_count);
    hash = sg_sweep_hash(pool, hash, c->store_reason, p->store_count);
    for (int n = 0; n < p->node_count; n++) {
        hash = sg_hash(hash, &news->hash[n], sizeof news->hash[n]);
    }
    hash = sg_hash(hash, c->source_start, (size_t)p->source_count);
    hash = sg_hash(hash, c->tie_w, sizeof(double) * (size_t)p->tie_count);
    hash = sg_hash(hash, c->tie_reason, (size_t)p->tie_count);
    int32_t island = is_island(rooms->head);
    hash = sg_hash(hash, &island, sizeof island);
    return sg_hash(hash, &rooms->head->task_w, sizeof(double));
}

/* More than half of the demands unreadable: nothing is steered on guesses. Stores rest, caps stay, sources run free. */
static bool inputs_unusable(const sg_rooms *rooms, const sg_news *news)
{
    int64_t lost = 0;
    for (int n = 0; n < rooms->plant.node_count; n++) {
        lost += news->lost[n];
    }
    return lost * 2 > rooms->plant.load_count;
}

/* Loads swing: what is promised to tasks must also be free at the crest, so the highest want counts and fades over a quarter
 * hour. */
static double high_mark_w(double high_w, double now_w, double dt_s)
{
    return fmax(now_w, high_w + (now_w - high_w) * dt_s / (900 + dt_s));
}

static void control_now(sg_rooms *rooms, const sg_news *news, double dt_s, bool start,
                        sg_pool *pool)
{
    sg_engine *self = rooms->head;
    int step;
    sg_rung rung = rung_now(self, rooms->plant.head, &step);
    sg_control_input in = {
        .policy = (sg_policy)self->policy,
        .pool = pool,
        .news = news,
        .dt_s = dt_s,
        .start = start,
        .task_w = sg_tasks_granted_w(&self->tasks),
        .plan = step >= 0 ? &self->plan : NULL,
        .plan_step = step,
        .price_low = self->price_low,
        .price_mid = self->price_mid,
        .price_high = self->price_high,
        .price_known = self->price_slot >= 0,
        .peak_w = INFINITY,
        .shave_w = INFINITY,
        .regulation = &self->regulation,
    };
    if (rooms->plant.head->demand_charge > 0) {
        in.peak_w = sg_meter_peak_w(&self->meter, self->time_us);
        in.shave_w = shave_threshold_w(self);
    }
    self->safe = !start && inputs_unusable(rooms, news);
    self->rung = (int32_t)(self->safe || start ? SG_RUNG_SAFE : rung);
    if (self->safe) {
        in.task_w = self->task_w;
        sg_control_rest(&rooms->control, &rooms->plant, &rooms->measure, &in);
        self->regulation = (sg_regulation){0};
    } else {
        sg_control_result result =
            sg_control_step(&rooms->control, &rooms->plant, &rooms->measure, &in);
        self->task_w = result.task_w;
        self->curtailed_w = result.curtailed_w;
        self->wanted_high_w = high_mark_w(self->wanted_high_w, result.wanted_w, dt_s);
        self->free_w = result.free_w - (self->wanted_high_w - result.wanted_w);
        self->ever_w = result.ever_w;
    }
    self->command_hash = hash_command(rooms, news, pool);
}

/* --- settle --- */

static void settle_now(sg_rooms *rooms, const sg_news *news, int64_t time_us, double dt_s)
{
    sg_engine *self = rooms->head;
    const sg_plant *plant = &rooms->plant;
    const double *value = rooms->measure.value;
    int site = plant->points.first[SG_POINT_SITE];
    sg_metered step = {
        .import_register_j = value[site + SG_SITE_IMPORT_J],
        .export_register_j = value[site + SG_SITE_EXPORT_J],
        .registers_good = rooms->measure.quality[site + SG_SITE_IMPORT_J] == SG_GOOD &&
                          rooms->measure.quality[site + SG_SITE_EXPORT_J] == SG_GOOD,
        /* a wire carries as much one way as the other, whatever is permitted */
        .import_w_max = fmax(plant->head->import_w_max, plant->head->export_w_max),
        .export_w_max = fmax(plant->head->import_w_max, plant->head->export_w_max),
        .load_w = value[site + SG_SITE_TASK_W],
        .losses_w = value[site + SG_SITE_LOSS_W],
        .unserved_w = value[site + SG_SITE_UNSERVED_W],
        /* what the interval cost was in force when it began */
        .import_price = self->tick > 1 ? self->import_price : value[site + SG_SITE_IMPORT_PRICE],
        .export_price = self->tick > 1 ? self->export_price : value[site + SG_SITE_EXPORT_PRICE],
        .carbon_kg_per_j = self->tick > 1 ? self->carbon_kg_per_j : value[site + SG_SITE_CARBON],
    };
    for (int n = 0; n < plant->node_count; n++) {
        step.load_w += news->power_w[n];
    }
    self->import_price = value[site + SG_SITE_IMPORT_PRICE];
    self->export_price = value[site + SG_SITE_EXPORT_PRICE];
    self->carbon_kg_per_j = value[site + SG_SITE_CARBON];
    const double *source_w = value + plant->points.first[SG_POINT_SOURCE_POWER];
    const double *source_could_w = value + plant->points.first[SG_POINT_SOURCE_AVAILABLE];
    double free_w = 0, could_w = 0; /* of the sources without fuel cost */
    for (int s = 0; s < plant->source_count; s++) {
        bool fuelled = plant->source_cost[s] > 0;
        step.generation_w += source_w[s];
        step.fuel_per_s += source_w[s] * plant->source_cost[s];
        free_w += fuelled ? 0 : source_w[s];
        could_w += fuelled ? 0 : source_could_w[s];
    }
    step.curtailed_w = fmax((self->tick > 1 ? self->could_w : could_w) - free_w, 0);
    self->could_w = could_w;
    const double *store_w = value + plant->points.first[SG_POINT_STORE_POWER];
    for (int s = 0; s < plant->store_count; s++) {
        *(store_w[s] > 0 ? &step.discharge_w : &step.charge_w) += fabs(store_w[s]);
        step.wear_per_s += fabs(store_w[s]) * plant->store_wear[s];
    }
    self->settled = sg_meter_step(&self->meter, time_us, dt_s, &step);
}

/* What the mix delivered beyond what it would have done without the signal, against the signal that was in force. */
static void settle_regulation(sg_rooms *rooms, int64_t time_us, double dt_s)
{
    sg_engine *self = rooms->head;
    const sg_plant *plant = &rooms->plant;
    if (!self->regulation.tracking) {
        return;
    }
    const double *store_w = rooms->measure.value + plant->points.first[SG_POINT_STORE_POWER];
    double delivered_w = 0;
    for (int s = 0; s < plant->store_count; s++) {
        bool in = plant->store_duty[s] == SG_DUTY_ENERGY || plant->store_duty[s] == SG_DUTY_POWER;
        delivered_w += in ? store_w[s] : 0;
    }
    const sg_regulated step = {.signal = site_value(rooms, SG_SITE_REGULATION),
                               .response_w = delivered_w - self->regulation.base_w,
                               .capability_w = plant->head->services.capability_w};
    sg_regulation_meter_step(&self->regulated, time_us, dt_s, &step);
}

/* --- the step --- */

/* Who is served first, and with how much at least, by the time of day. */
static void schedule_now(sg_rooms *rooms, const sg_news *news, int64_t time_us)
{
    uint64_t held = sg_schedules_held(&rooms->plant);
    if (sg_schedules_apply(&rooms->plant, time_us)) {
        sg_allocator_forget(rooms->control.caps); /* their leaves stand in the order of classes */
        sg_allocator_forget(rooms->control.spare);
        sg_news_all(news);
        sg_decisions_scheduled(rooms, held);
    }
}

void sg_engine_step(sg_engine *self, const sg_frame *frame, sg_reply *ret_replies)
{
    SG_CHECK(frame->dt_s > 0 && frame->request_count >= 0 &&
             frame->request_count <= SG_REQUEST_MAX);
    sg_rooms rooms = sg_rooms_at(self);
    self->tick++;
    self->time_us = frame->time_us;
    self->dt_s = frame->dt_s;

    const sg_news news = sg_news_at(rooms.news, &rooms.plant);
    const sg_readings_in readings = {
        .value = frame->value, .quality = frame->quality, .dt_s = frame->dt_s, .pool = frame->pool};
    sg_news_begin(&news, &rooms.plant, frame->changed, frame->changed_count, frame->dt_s,
                  frame->pool);
    sg_trust_judge(&rooms.trust, &rooms.measure, &rooms.plant, &news, &readings);
    self->disbelieved = sg_trust_take(&rooms.trust, &rooms.measure, &rooms.plant, &news, &readings,
                                      self->quality_count);
    forecast_now(&rooms, &news, frame->time_us, frame->dt_s);
    if (frame->plan) {
        take_plan(self, frame->plan, &rooms.plant);
    }
    for (int i = 0; i < frame->request_count; i++) {
        ret_replies[i] = sg_tasks_request(&self->tasks, &frame->requests[i], frame->time_us);
    }
    /* decided on the supply that the last step found */
    sg_tasks_step(&self->tasks, frame->time_us,
                  (sg_supply){.free_w = self->free_w, .ever_w = self->ever_w});
    schedule_now(&rooms, &news, frame->time_us);
    settle_now(&rooms, &news, frame->time_us, frame->dt_s);
    settle_regulation(&rooms, frame->time_us, frame->dt_s);
    control_now(&rooms, &news, frame->dt_s, false, frame->pool);
    sg_decisions_note(&rooms);
}

sg_command sg_engine_command(sg_engine *self)
{
    sg_rooms rooms = sg_rooms_at(self);
    return (sg_command){
        .time_us = self->time_us,
        .advisory = self->mode != SG_CONTROL,
        .safe = self->safe != 0,
        .source_limit_w = rooms.control.source_limit_w,
        .store_w = rooms.control.store_w,
        .load_cap_w = rooms.control.load_cap_w,
        .source_reason = rooms.control.source_reason,
        .store_reason = rooms.control.store_reason,
        .load_reason = rooms.control.load_reason,
        .task_w = self->task_w,
        .island = is_island(self),
        .source_start = rooms.control.source_start,
        .tie_w = rooms.control.tie_w,
        .tie_reason = rooms.control.tie_reason,
    };
}

bool sg_engine_settled(const sg_engine *self, sg_settlement *ret)
{
    if (self->settled) {
        *ret = self->meter.last;
    }
    return self->settled != 0;
}

const sg_regulation_meter *sg_engine_regulated(const sg_engine *self)
{
    return &self->regulated;
}

const sg_regulation *sg_engine_regulation(const sg_engine *self)
{
    return &self->regulation;
}

/* --- the block --- */

uint64_t sg_engine_hash(const sg_engine *self)
{
    return sg_engine_hash_by(self, NULL);
}

uint64_t sg_engine_hash_by(const sg_engine *self, sg_pool *pool)
{
    return sg_sweep_hash(pool, SG_HASH_START, self, self->state_size);
}

uint64_t sg_engine_command_hash(const sg_engine *self)
{
    return self->command_hash;
}

uint64_t sg_engine_tick(const sg_engine *self)
{
    return self->tick;
}

int64_t sg_engine_slot(const sg_engine *self)
{
    return self->load.last;
}

int64_t sg_engine_time(const sg_engine *self)
{
    return self->time_us;
}

uint64_t sg_engine_site_hash(const sg_engine *self)
{
    return self->site_hash;
}

static const sg_plant_head *plant_head(const sg_engine *self)
{
    return (const sg_plant_head *)(const void *)((const unsigned char *)self + plant_offset());
}

int32_t sg_engine_point_count(const sg_engine *self)
{
    return plant_head(self)->point_count;
}

const double *sg_engine_values(const sg_engine *self)
{
    size_t at = plant_offset() + align_up((size_t)plant_head(self)->size);
    return (const double *)(const void *)((const unsigned char *)self + at);
}

int32_t sg_engine_readings(const sg_engine *self, sg_point_kind kind, int32_t most, double *ret)
{
    union { /* reading through the resolver, which hands out writable pointers */
        const sg_engine *read;
        sg_engine *write;
    } view = {.read = self};
    sg_rooms rooms = sg_rooms_at(view.write);
    const sg_points *points = &rooms.plant.points;
    int32_t first = points->first[kind],
            end = kind + 1 < SG_POINT_KIND_COUNT ? points->first[kind + 1] : points->count;
    for (int32_t i = 0; i < end - first && i < most; i++) {
        bool good = rooms.measure.quality[first + i] == SG_GOOD;
        ret[i] = good ? rooms.measure.value[first + i] : (double)NAN;
    }
    return end - first;
}

size_t sg_engine_used(const sg_engine *self)
{
    union { /* reading through the resolver, which hands out writable pointers */
        const sg_engine *read;
        sg_engine *write;
    } block = {.read = self};
    sg_rooms rooms = sg_rooms_at(block.write);
    return (size_t)self->state_size + sg_allocator_used(rooms.control.caps) +
           sg_allocator_used(rooms.control.spare) +
           sg_news_size(rooms.plant.node_count, rooms.plant.load_count);
}

size_t sg_engine_state_size(const sg_engine *self)
{
    return (size_t)self->state_size;
}

size_t sg_engine_state_size_of(const sg_site *site)
{
    return scratch_offset(site);
}

sg_rung sg_engine_rung(const sg_engine *self)
{
    return (sg_rung)self->rung;
}

double sg_engine_granted_w(const sg_engine *self)
{
    return sg_tasks_granted_w(&self->tasks);
}

int sg_engine_plan_step(const sg_engine *self)
{
    int step;
    rung_now(self, plant_head(self), &step);
    return step;
}

const sg_plan *sg_engine_plan(const sg_engine *self)
{
    return self->plan_present ? &self->plan : NULL;
}

bool sg_engine_learnt_same(const sg_engine *a, const sg_engine *b)
{
    return sg_forecast_same(&a->load, &b->load) &&
           sg_forecast_same(&a->generation, &b->generation) &&
           sg_forecast_same(&a->price, &b->price) && a->price_low == b->price_low &&
           a->price_mid == b->price_mid && a->price_high == b->price_high;
}

const sg_meter *sg_engine_meter(const sg_engine *self)
{
    return &self->meter;
}

int32_t sg_engine_policy(const sg_engine *self)
{
    return self->policy;
}

int32_t sg_engine_mode(const sg_engine *self)
{
    return self->mode;
}

static bool head_sane(const sg_plant_head *head)
{
    return head->node_count >= 1 && head->node_count <= SG_NODE_MAX && head->source_count >= 0 &&
           head->source_count <= SG_DEVICE_MAX && head->store_count >= 0 &&
           head->store_count <= SG_DEVICE_MAX && head->load_count >= 0 &&
           head->load_count <= SG_DEVICE_MAX && head->group_count >= 0 &&
           head->group_count <= SG_GROUP_MAX && head->tie_count >= 0 &&
           head->tie_count <= SG_TIE_MAX && head->schedule_count >= 0 &&
           head->schedule_count <= SG_SCHEDULE_MAX && head->scheduled_count >= 0 &&
           head->scheduled_count <= head->load_count &&
           head->size == (int64_t)sg_plant_block_size(head);
}

sg_status sg_engine_restore_size(const void *state, size_t size, size_t *ret)
{
    struct sg_engine self;
    sg_plant_head head;
    if (size < plant_offset() + sizeof head) {
        return SG_CORRUPT;
    }
    memcpy(&self, state, sizeof self);
    memcpy(&head, (const unsigned char *)state + plant_offset(), sizeof head);
    if (self.magic != SG_ENGINE_MAGIC || self.state_size != (int64_t)size || !head_sane(&head)) {
        return SG_CORRUPT;
    }
    sg_site counts = {.node_count = head.node_count,
                      .group_count = head.group_count,
                      .tie_count = head.tie_count,
                      .schedule_count = head.schedule_count,
                      .scheduled_count = head.scheduled_count};
    counts.device_count[SG_SOURCE] = head.source_count;
    counts.device_count[SG_STORE] = head.store_count;
    counts.device_count[SG_LOAD] = head.load_count;
    if (scratch_offset(&counts) != size || (size_t)self.size != sg_engine_size(&counts) ||
        head.point_count != sg_points_of(&counts).count) {
        return SG_CORRUPT;
    }
    *ret = (size_t)self.size;
    return SG_OK;
}

sg_engine *sg_engine_restore(void *memory, size_t memory_size, const void *state, size_t size)
{
    SG_CHECK(memory_size >= size);
    memcpy(memory, state, size);
    memset((unsigned char *)memory + size, 0, memory_size - size);
    sg_rooms rooms = sg_rooms_at(memory);
    return sg_rooms_sane(&rooms) ? memory : NULL;
}

static void learn(sg_forecast *self, const sg_forecast *from)
{
    int64_t only = self->only;
    *self = *from;
    self->only = only;
}

void sg_engine_learn(sg_engine *self, const sg_engine *from)
{
    learn(&self->load, &from->load);
    learn(&self->generation, &from->generation);
    learn(&self->price, &from->price);
}

void sg_engine_inherit(sg_engine *self, const sg_engine *from)
{
    self->time_us = from->time_us;
    self->tick = from->tick;
    self->tasks = from->tasks;
    sg_meter made = self->meter;
    self->meter = from->meter;
    self->meter.demand_charge = made.demand_charge;
    self->meter.zone_us = made.zone_us;
    self->regulated = from->regulated;
    /* the new plant's registers may be other ones: the first reading sets them */
    self->meter.import_register_j = self->meter.export_register_j = -1;
    self->ride = from->ride; /* a changed file does not bring the grid back */
    self->ride_told = from->ride_told;
    self->ride_import_w = from->ride_import_w;
    memcpy(self->decision, from->decision, sizeof self->decision);
    self->decision_count = from->decision_count;
    for (int i = 0; i < SG_DECISION_MAX; i++) {
        self->decision[i].node = -1; /* the nodes may be other ones */
    }
}
