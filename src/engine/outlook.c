/* outlook.c - what the planner is told, from the engine's own forecasts and the stores and tasks as they are. */
#include "base/check.h"
#include "engine/foretold.h"
#include "engine/layout.h"

#include <math.h>
#include <string.h>

/* What a store that does not follow is asked for, of its rating: enough to see it come back. */
static const double probe_frac = 0.01;
static const double deaf_s_max = 1.0;

static double site_value(const sg_rooms *rooms, sg_site_point point)
{
    return rooms->measure.value[rooms->plant.points.first[SG_POINT_SITE] + (int)point];
}

/* In store when the plan begins: until then the command that is in force goes on. */
static double energy_then_j(const sg_rooms *rooms, int s, double energy_j)
{
    const sg_reservoir *r = &rooms->plant.store_reservoir[s];
    double w = rooms->control.store_w[s];
    energy_j -= (w > 0 ? w / r->discharge_eff : w * r->charge_eff) * rooms->head->dt_s;
    return fmin(fmax(energy_j, 0), r->capacity_j);
}

static void add_member(const sg_rooms *rooms, int s, struct sg_outlook_store *store)
{
    const sg_plant *plant = &rooms->plant;
    const sg_reservoir *r = &plant->store_reservoir[s];
    int energy = plant->points.first[SG_POINT_STORE_ENERGY] + s;
    if (!sg_measure_fresh(&rooms->measure, energy)) {
        return; /* the control does not touch it either */
    }
    bool deaf = rooms->control.store_deaf_s[s] > deaf_s_max;
    store->capacity_j += r->capacity_j;
    store->floor_j += plant->store_reserve_j[s];
    store->energy_j += energy_then_j(rooms, s, rooms->measure.value[energy]);
    store->charge_w_max += r->charge_w_max;
    store->discharge_w_max += r->discharge_w_max * (deaf ? probe_frac : 1);
}

static void outlook_stores(const sg_rooms *rooms, sg_outlook *ret)
{
    const sg_plant *plant = &rooms->plant;
    for (int g = 0; g < plant->group_count && ret->store_count < SG_PLAN_STORE_MAX; g++) {
        int first = plant->group_first[g], size = plant->group_size[g];
        if (plant->group_role[g] != SG_STORE || size == 0 || !plant->store_real[first] ||
            plant->store_duty[first] != SG_DUTY_ENERGY) {
            continue;
        }
        struct sg_outlook_store *store = &ret->store[ret->store_count];
        const sg_reservoir *r = &plant->store_reservoir[first];
        *store = (struct sg_outlook_store){.group = g,
                                           .charge_eff = r->charge_eff,
                                           .discharge_eff = r->discharge_eff,
                                           .standing_loss_per_h = r->standing_loss_per_h,
                                           .wear_per_j = plant->store_wear[first]};
        for (int s = first; s < first + size; s++) {
            add_member(rooms, s, store);
        }
        ret->store_count += store->capacity_j > 0;
    }
}

/* Granted tasks draw until their time is over; a part of a step counts as that part. */
static void outlook_tasks(const sg_tasks *tasks, sg_outlook *ret)
{
    for (int i = 0; i < tasks->count; i++) {
        const sg_task *task = &tasks->task[i];
        if (task->state != SG_TASK_GRANTED) {
            continue;
        }
        double left_us = task->request.duration_s > 0 ? (double)(task->granted_us - ret->start_us) +
                                                            task->request.duration_s * 1e6
                                                      : (double)INFINITY;
        for (int t = 0; t < ret->steps; t++) {
            double part = (left_us - (double)ret->step_us * t) / (double)ret->step_us;
            ret->load_w[t] += task->request.power_w * fmin(fmax(part, 0), 1);
        }
    }
}

/* What is said of one series in one quarter hour: its mean, and what nine truths in ten are not above and not below. */
typedef struct word {
    double mean, low, high;
} word;

static word word_of(const sg_forecast *own, const sg_foretold *told, sg_series_class which,
                    int64_t slot)
{
    if (told) {
        const sg_foretold_series *of = &told->series[which];
        int at = sg_foretold_place(told, slot - told->slot);
        return (word){of->mean[at], of->low[at], of->high[at]};
    }
    int64_t ahead = slot - own->last;
    double above, below, mean = sg_forecast_at(own, (int)(ahead > 1 ? ahead : 1));
    sg_forecast_miss(own, (int)ahead, &above, &below);
    return (word){mean, mean - below, mean + above};
}

static void outlook_step(const sg_engine *self, const sg_foretold *told, int t, double spread,
                         sg_outlook *ret)
{
    const int64_t slot_us = (int64_t)SG_FORECAST_SLOT_S * SG_US_PER_S;
    int64_t slot = (ret->start_us + ret->step_us * t + ret->step_us / 2) / slot_us;
    word load = word_of(&self->load, told, SG_SERIES_LOAD, slot);
    word sun = word_of(&self->generation, told, SG_SERIES_SUN, slot);
    ret->load_w[t] = load.mean;
    ret->available_w[t] = sun.mean;
    /* the load above its forecast and the generation below it: independent of each other, as far as we know */
    ret->miss_w[t] = hypot(fmax(load.high - load.mean, 0), fmax(sun.mean - sun.low, 0));
    ret->import_price[t] = word_of(&self->price, told, SG_SERIES_PRICE, slot).mean * 1e-6;
    ret->export_price[t] = ret->import_price[t] - spread;
}

/* The month's peak so far, and how many of the steps it is for: later ones begin a month without one. */
static void outlook_month(const sg_meter *meter, sg_outlook *ret)
{
    int64_t month = sg_month_of(ret->start_us, meter->zone_us);
    ret->peak_so_far_w = sg_meter_peak_w(meter, ret->start_us);
    ret->month_steps = 1;
    while (ret->month_steps < ret->steps &&
           sg_month_of(ret->start_us + ret->step_us * ret->month_steps, meter->zone_us) == month) {
        ret->month_steps++;
    }
}

void sg_engine_outlook(const sg_engine *self, int64_t step_us, int32_t steps,
                       const sg_foretold *told, sg_outlook *ret)
{
    SG_CHECK(steps > 0 && steps <= SG_PLAN_STEP_MAX && step_us > 0);
    union { /* reading through the resolver, which hands out writable pointers */
        const sg_engine *read;
        sg_engine *write;
    } view = {.read = self};
    sg_rooms rooms = sg_rooms_at(view.write);
    const sg_plant *plant = &rooms.plant;
    memset(ret, 0, sizeof *ret);
    /* the next frame brings the plan in, and its command covers the interval that begins then */
    ret->made_us = self->time_us;
    ret->start_us = self->time_us + llround(self->dt_s * 1e6);
    ret->step_us = step_us;
    ret->steps = steps;
    told = sg_foretold_fresh(told, self->load.last) ? told : NULL;
    double spread =
        site_value(&rooms, SG_SITE_IMPORT_PRICE) - site_value(&rooms, SG_SITE_EXPORT_PRICE);
    for (int t = 0; t < steps; t++) {
        outlook_step(self, told, t, spread, ret);
    }
    ret->load_w[0] = sg_forecast_now(&self->load);
    ret->available_w[0] = sg_forecast_now(&self->generation);
    outlook_tasks(&self->tasks, ret);
    bool up = site_value(&rooms, SG_SITE_GRID_UP) > 0.5;
    ret->import_w_max = up ? plant->head->import_w_max : 0;
    ret->export_w_max = up ? plant->head->export_w_max : 0;
    ret->demand_charge = plant->head->demand_charge;
    outlook_month(&self->meter, ret);
    outlook_stores(&rooms, ret);
}
