#include "engine/replan.h"

#include "base/hash.h"
#include "engine/layout.h"

#include <math.h>

static const double deaf_s_max = 1.0;   /* as the control judges it */
static const double slot_s_min = 60;    /* a younger mean is noise */
static const double price_slack = 0.01; /* of the spread of the prices ahead */

static sg_rooms rooms_of(const sg_engine *engine)
{
    union { /* reading through the resolver, which hands out writable pointers */
        const sg_engine *read;
        sg_engine *write;
    } view = {.read = engine};
    return sg_rooms_at(view.write);
}

static double site_value(const sg_rooms *rooms, sg_site_point point)
{
    return rooms->measure.value[rooms->plant.points.first[SG_POINT_SITE] + (int)point];
}

/* Which sources and planned stores can be counted on. */
static uint64_t devices_of(const sg_rooms *rooms)
{
    const sg_plant *plant = &rooms->plant;
    uint64_t hash = SG_HASH_START;
    for (int s = 0; s < plant->source_count; s++) {
        int point = plant->points.first[SG_POINT_SOURCE_AVAILABLE] + s;
        uint8_t good = sg_measure_fresh(&rooms->measure, point);
        hash = sg_hash(hash, &good, 1);
    }
    for (int s = 0; s < plant->store_count; s++) {
        int point = plant->points.first[SG_POINT_STORE_ENERGY] + s;
        bool planned = plant->store_duty[s] == SG_DUTY_ENERGY && plant->store_real[s];
        uint8_t good = planned && sg_measure_fresh(&rooms->measure, point) &&
                       rooms->control.store_deaf_s[s] <= deaf_s_max;
        hash = sg_hash(hash, &good, 1);
    }
    return hash;
}

/* The step of the outlook that covers the moment, or -1. */
static int step_of(const sg_outlook *outlook, int64_t now_us)
{
    if (now_us < outlook->start_us || outlook->step_us <= 0) {
        return -1;
    }
    int64_t step = (now_us - outlook->start_us) / outlook->step_us;
    return step < outlook->steps ? (int)step : -1;
}

/* A price changes somewhere inside a step of the plan: what was told for the steps around is not news. */
static bool price_is_news(const sg_outlook *o, int now, double price)
{
    double low = o->import_price[now], high = low, least = low, most = low;
    for (int t = 0; t < o->steps; t++) {
        double told = o->import_price[t];
        least = fmin(least, told);
        most = fmax(most, told);
        low = t >= now - 1 && t <= now + 1 ? fmin(low, told) : low;
        high = t >= now - 1 && t <= now + 1 ? fmax(high, told) : high;
    }
    double slack = price_slack * (most - least) + 1e-9 * fabs(price);
    return price < low - slack || price > high + slack;
}

static bool load_is_news(const sg_outlook *o, int now, const sg_engine *engine, double error_frac)
{
    if (engine->load.sum_s < slot_s_min) {
        return false;
    }
    double load_w = sg_forecast_now(&engine->load) + sg_tasks_granted_w(&engine->tasks);
    double net_w = load_w - sg_forecast_now(&engine->generation);
    double told_w = o->load_w[now] - o->available_w[now];
    return fabs(net_w - told_w) > error_frac * fmax(load_w, o->load_w[now]);
}

static int64_t turn_us(const sg_planning *planning)
{
    return llround(fmin(fmax(planning->period_s / 10, 10), 60) * 1e6);
}

/* Whole periods since 1970, so that plans of an hour are made on the hour. */
static int64_t period_of(int64_t time_us, const sg_planning *planning)
{
    int64_t period_us = llround(planning->period_s * 1e6);
    return time_us >= 0 ? time_us / period_us : -1 - (-1 - time_us) / period_us;
}

sg_plan_cause sg_replan_due(const sg_replan *self, const sg_engine *engine,
                            const sg_planning *planning)
{
    int64_t now_us = engine->time_us;
    if (engine->tick == 0) {
        return SG_PLAN_CAUSE_NONE; /* nothing was read yet */
    }
    if (self->cause == SG_PLAN_CAUSE_NONE) {
        return SG_PLAN_CAUSE_FIRST;
    }
    if (period_of(now_us, planning) != period_of(self->asked_us, planning)) {
        return SG_PLAN_CAUSE_PERIOD;
    }
    if (now_us - self->asked_us < turn_us(planning)) {
        return SG_PLAN_CAUSE_NONE;
    }
    sg_rooms rooms = rooms_of(engine);
    int step = step_of(&self->outlook, now_us);
    bool price_read = sg_measure_fresh(&rooms.measure, rooms.plant.points.first[SG_POINT_SITE] +
                                                           SG_SITE_IMPORT_PRICE);
    double price = site_value(&rooms, SG_SITE_IMPORT_PRICE);
    return self->grid_up != (site_value(&rooms, SG_SITE_GRID_UP) > 0.5) ? SG_PLAN_CAUSE_GRID
           : self->devices != devices_of(&rooms)                        ? SG_PLAN_CAUSE_DEVICE
           : self->task_w != sg_tasks_granted_w(&engine->tasks)         ? SG_PLAN_CAUSE_TASK
           : step < 0                                                   ? SG_PLAN_CAUSE_PERIOD
           : price_read && price_is_news(&self->outlook, step, price)   ? SG_PLAN_CAUSE_PRICE
           : load_is_news(&self->outlook, step, engine, planning->error_frac)
               ? SG_PLAN_CAUSE_FORECAST
               : SG_PLAN_CAUSE_NONE;
}

void sg_replan_ask(sg_replan *self, sg_plan_cause cause, const sg_engine *engine,
                   const sg_planning *planning, double step_s_min, const sg_foretold *told)
{
    sg_rooms rooms = rooms_of(engine);
    double step_s = fmax(planning->step_s, step_s_min);
    int steps = (int)(planning->horizon_s / step_s);
    steps = steps < 1 ? 1 : steps > SG_PLAN_STEP_MAX ? SG_PLAN_STEP_MAX : steps;
    self->asked_us = engine->time_us;
    self->cause = (int32_t)cause;
    self->grid_up = site_value(&rooms, SG_SITE_GRID_UP) > 0.5;
    self->devices = devices_of(&rooms);
    self->task_w = sg_tasks_granted_w(&engine->tasks);
    sg_engine_outlook(engine, llround(step_s * 1e6), steps, told, &self->outlook);
    self->outlook.cause = (int32_t)cause;
    self->outlook.reserve_s = planning->reserve_s;
}
