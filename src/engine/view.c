/* view.c - what people get to see: the published snapshot and the decisions worth telling. */
#include "engine/view.h"

#include "base/sweep.h"
#include "base/time.h"
#include "engine/layout.h"
#include "plan/slots.h"
#include "site/schedules.h"

#include <math.h>
#include <string.h>

static const double deaf_s_max = 1.0; /* converters follow their set-points sooner */

typedef struct group_state {
    double setpoint_w;
    int32_t reason, member; /* of the member whose set-point is largest */
} group_state;

/* The load that speaks for its group: the first one that is shed, else the first one that is cut, else the first. */
static int32_t worst_treated(const uint8_t *reason, int32_t first, int32_t size)
{
    const uint8_t *shed = size > 0 ? memchr(reason + first, SG_REASON_SHED, (size_t)size) : NULL;
    if (shed) {
        return (int32_t)(shed - reason);
    }
    for (int32_t i = first; i < first + size; i++) {
        if (reason[i] != SG_REASON_DEMAND) {
            return i;
        }
    }
    return first;
}

static group_state group_command(const sg_rooms *rooms, int g)
{
    const sg_plant *plant = &rooms->plant;
    const sg_control *control = &rooms->control;
    const double *setpoint = NULL;
    const uint8_t *reason = NULL;
    switch (plant->group_role[g]) {
    case SG_SOURCE:
        setpoint = control->source_limit_w;
        reason = control->source_reason;
        break;
    case SG_STORE:
        setpoint = control->store_w;
        reason = control->store_reason;
        break;
    case SG_LOAD:
        setpoint = control->load_cap_w;
        reason = control->load_reason;
        break;
    default:
        return (group_state){.reason = SG_REASON_NONE, .member = -1};
    }
    group_state state = {.reason = SG_REASON_NONE, .member = plant->group_first[g]};
    if (plant->group_role[g] == SG_LOAD) {
        state.member = worst_treated(reason, plant->group_first[g], plant->group_size[g]);
        state.reason = plant->group_size[g] > 0 ? reason[state.member] : SG_REASON_NONE;
        return state; /* its set-point is not made every time: there may be a million of them */
    }
    double largest = -1;
    for (int i = plant->group_first[g]; i < plant->group_first[g] + plant->group_size[g]; i++) {
        state.setpoint_w += setpoint[i];
        double weight = fabs(setpoint[i]); /* the member that moves most speaks for the group */
        if (weight > largest) {
            largest = weight;
            state.reason = reason[i];
            state.member = i;
        }
    }
    return state;
}

static double group_setpoint_w(const sg_rooms *rooms, int g, group_state now)
{
    const sg_plant *plant = &rooms->plant;
    return plant->group_role[g] == SG_LOAD
               ? sg_sweep_sum(NULL, rooms->control.load_cap_w + plant->group_first[g],
                              plant->group_size[g])
               : now.setpoint_w;
}

static void push_decision(sg_engine *self, const sg_decision *decision)
{
    memmove(&self->decision[1], &self->decision[0],
            sizeof self->decision - sizeof self->decision[0]);
    self->decision[0] = *decision;
    self->decision_count += self->decision_count < SG_DECISION_MAX;
}

/* The node that a store's relief is for. */
static int32_t taker_of(const sg_rooms *rooms, int g, group_state now)
{
    bool relief = now.reason == SG_REASON_NODE_RELIEF || now.reason == SG_REASON_MOVED;
    bool store = rooms->plant.group_role[g] == SG_STORE;
    return store && relief ? rooms->control.store_taker[now.member] : -1;
}

static double import_allowed_w(const sg_ride *ride, const sg_plant *plant)
{
    return ride->state == SG_RIDE_GRID     ? plant->head->import_w_max
           : ride->state == SG_RIDE_RESYNC ? fmin(ride->line_w, plant->head->import_w_max)
                                           : 0;
}

/* A line for each state of a grid failure, at once. */
static void note_ride(sg_rooms *rooms)
{
    sg_engine *self = rooms->head;
    const sg_ride *ride = &self->ride;
    if (ride->state == self->ride_told || !rooms->plant.head->grid_present) {
        return;
    }
    sg_decision decision = {.time_us = self->time_us,
                            .role = SG_GRID,
                            .index = 0,
                            .reason = (int32_t)sg_ride_reason(ride->state),
                            .from_w = self->ride_import_w,
                            .to_w = import_allowed_w(ride, &rooms->plant),
                            .hold_s = ride->hold_s};
    push_decision(self, &decision);
    self->ride_told = ride->state;
    self->ride_import_w = decision.to_w;
}

/* A change of class says nothing in W: what its first load is to get at least is told. */
void sg_decisions_scheduled(sg_rooms *rooms, uint64_t held)
{
    const sg_plant *plant = &rooms->plant;
    uint64_t changed = held ^ sg_schedules_held(plant);
    for (int i = 0; i < plant->schedule_count; i++) {
        const sg_load_rule *rule = &plant->schedule[i];
        if (changed >> i & 1) {
            double least_w = plant->load_minimum_w[rule->load_first];
            sg_decision decision = {.time_us = rooms->head->time_us,
                                    .role = SG_LOAD,
                                    .index = rule->load_first,
                                    .reason = SG_REASON_SCHEDULE,
                                    .node = -1,
                                    .from_w = least_w,
                                    .to_w = least_w};
            push_decision(rooms->head, &decision);
        }
    }
}

/* A line when a tie begins or ends to carry, or its reason changes; at most one in five seconds and tie. */
static void note_ties(sg_rooms *rooms)
{
    sg_engine *self = rooms->head;
    const sg_control *control = &rooms->control;
    for (int t = 0; t < rooms->plant.tie_count; t++) {
        int32_t told = control->tie_w[t] == 0 && control->tie_reason[t] == SG_REASON_NONE
                           ? 0
                           : 1 + control->tie_reason[t];
        bool lately =
            self->tie_told_us[t] != 0 && self->time_us - self->tie_told_us[t] < 5 * SG_US_PER_S;
        if (told == self->tie_told[t] || lately) {
            continue;
        }
        sg_decision decision = {.time_us = self->time_us,
                                .role = SG_DECISION_TIE,
                                .index = t,
                                .reason = control->tie_reason[t],
                                .node = control->tie_taker[t],
                                .from_w = self->tie_told_w[t],
                                .to_w = control->tie_w[t]};
        push_decision(self, &decision);
        self->tie_told[t] = told;
        self->tie_told_us[t] = self->time_us;
        self->tie_told_w[t] = control->tie_w[t];
    }
}

/* One line per group when its reason changes, at most one in five seconds and group: a log for people, not a trace. */
void sg_decisions_note(sg_rooms *rooms)
{
    sg_engine *self = rooms->head;
    for (int g = 0; g < rooms->plant.group_count; g++) {
        if (rooms->plant.group_role[g] == SG_GRID || rooms->plant.group_size[g] == 0) {
            continue;
        }
        group_state now = group_command(rooms, g);
        bool told_lately =
            self->group_told_us[g] != 0 && self->time_us - self->group_told_us[g] < 5 * SG_US_PER_S;
        if (now.reason == self->group_reason[g] || told_lately) {
            continue;
        }
        sg_decision decision = {.time_us = self->time_us,
                                .role = rooms->plant.group_role[g],
                                .index = now.member,
                                .reason = now.reason,
                                .node = taker_of(rooms, g, now),
                                .from_w = self->group_setpoint_w[g],
                                .to_w = group_setpoint_w(rooms, g, now)};
        push_decision(self, &decision);
        self->group_reason[g] = now.reason;
        self->group_told_us[g] = self->time_us;
        self->group_setpoint_w[g] = decision.to_w;
    }
    note_ties(rooms);
    note_ride(rooms);
    for (int i = 0; i < self->tasks.count; i++) {
        const sg_task *task = &self->tasks.task[i];
        bool news = task->ended_us == self->time_us || task->granted_us == self->time_us;
        if (news) {
            sg_decision decision = {.time_us = self->time_us,
                                    .role = SG_ROLE_COUNT,
                                    .index = -1,
                                    .reason = task->reason,
                                    .node = -1,
                                    .state = task->state,
                                    .to_w = task->request.power_w};
            memcpy(decision.task_id, task->request.task_id, SG_ID_MAX);
            push_decision(self, &decision);
        }
    }
}

/* There may be a million of them. */
static void view_loads(const sg_rooms *rooms, int g, sg_view_group *ret)
{
    const sg_plant *plant = &rooms->plant;
    int32_t from = plant->group_first[g], size = plant->group_size[g];
    int32_t demand = plant->points.first[SG_POINT_LOAD_DEMAND] + from,
            power = plant->points.first[SG_POINT_LOAD_POWER] + from;
    const uint8_t *reason = rooms->control.load_reason + from,
                  *quality = rooms->measure.quality + demand;
    uint8_t worst = 0;
    ret->load_class = size > 0 ? plant->load_class[from] : 0;
    ret->power_w = sg_sweep_sum(NULL, rooms->measure.value + power, size);
    ret->demand_w = sg_sweep_sum(NULL, rooms->measure.value + demand, size);
    for (int32_t i = 0; i < size; i++) {
        ret->shed_count += reason[i] == SG_REASON_SHED;
        worst = quality[i] > worst ? quality[i] : worst;
    }
    ret->quality = worst;
}

static void view_group(const sg_rooms *rooms, int g, sg_view_group *ret)
{
    const sg_plant *plant = &rooms->plant;
    const double *value = rooms->measure.value;
    const uint8_t *quality = rooms->measure.quality;
    const int32_t *first = plant->points.first;
    group_state command = group_command(rooms, g);
    memset(ret, 0, sizeof *ret);
    ret->role = plant->group_role[g];
    ret->reason = command.reason;
    ret->setpoint_w = group_setpoint_w(rooms, g, command);
    if (ret->role == SG_LOAD) {
        view_loads(rooms, g, ret);
        return;
    }
    for (int i = plant->group_first[g]; i < plant->group_first[g] + plant->group_size[g]; i++) {
        int key = -1;
        switch (ret->role) {
        case SG_SOURCE:
            key = first[SG_POINT_SOURCE_AVAILABLE] + i;
            ret->power_w += value[first[SG_POINT_SOURCE_POWER] + i];
            ret->available_w += value[key];
            ret->fault_count += rooms->control.source_reason[i] == SG_REASON_START_FAILED;
            break;
        case SG_STORE:
            key = first[SG_POINT_STORE_ENERGY] + i;
            ret->power_w += value[first[SG_POINT_STORE_POWER] + i];
            ret->energy_j += value[key];
            ret->capacity_j += plant->store_reservoir[i].capacity_j;
            ret->floor_j += plant->store_reserve_j[i];
            ret->charge_w_max += plant->store_reservoir[i].charge_w_max;
            ret->discharge_w_max += plant->store_reservoir[i].discharge_w_max;
            ret->fault_count += rooms->control.store_deaf_s[i] > deaf_s_max;
            break;
        default:
            continue;
        }
        ret->quality = quality[key] > ret->quality ? quality[key] : ret->quality;
    }
}

static void view_doubts(const sg_rooms *rooms, sg_view *ret)
{
    sg_disbelief list[SG_VIEW_DOUBT_MAX];
    const int32_t *first = rooms->plant.points.first;
    ret->disbelieved = rooms->head->disbelieved;
    ret->doubt_count = sg_trust_list(&rooms->trust, &rooms->plant, SG_VIEW_DOUBT_MAX, list);
    for (int i = 0; i < ret->doubt_count; i++) {
        int kind = SG_POINT_KIND_COUNT - 1;
        while (first[kind] > list[i].point) {
            kind--;
        }
        ret->doubt[i] = (sg_view_doubt){
            .kind = kind, .index = list[i].point - first[kind], .verdict = list[i].verdict};
    }
}

/* 2: strained, 1: hardly any more, 0: neither. A breaker whose curve is known may carry more than its limit until it is hot. */
static int strain_of(const sg_rooms *rooms, int n, double power_w, const sg_alarm_rule *hot,
                     const sg_alarm_rule *over, sg_view_strain *ret)
{
    bool curve = rooms->plant.node_curve[n] > 0;
    double limit_w = curve ? (double)INFINITY : rooms->plant.node_limit_w[n];
    double heat = curve ? rooms->control.node_heat[n] : 0;
    /* what was before the start is not known: heat begins at the bound */
    bool strained = heat > hot->setpoint + 1e-9 || power_w > limit_w * (1 + over->setpoint);
    bool warm = heat > hot->setpoint - hot->deadband ||
                power_w > limit_w * (1 + over->setpoint - over->deadband);
    *ret = (sg_view_strain){
        .node = n, .warm = !strained, .heat = heat, .power_w = power_w, .limit_w = limit_w};
    return strained ? 2 : warm ? 1 : 0;
}

static void view_strains(const sg_rooms *rooms, const sg_alarm_rule *rules, sg_view *ret)
{
    sg_alarm_rule hot = sg_alarm_rule_of(rules, SG_ALARM_BREAKER_HOT);
    sg_alarm_rule over = sg_alarm_rule_of(rules, SG_ALARM_FEEDER_OVER);
    const double *power_w = rooms->measure.value + rooms->plant.points.first[SG_POINT_NODE_POWER];
    sg_view_strain warm[SG_VIEW_STRAIN_MAX], one;
    int warm_count = 0;
    ret->strain_count = ret->strain_count_all = 0;
    for (int n = 0; n < rooms->plant.node_count; n++) {
        int strain = strain_of(rooms, n, fabs(power_w[n]), &hot, &over, &one);
        if (strain == 2 && ret->strain_count_all++ < SG_VIEW_STRAIN_MAX) {
            ret->strain[ret->strain_count++] = one;
        } else if (strain == 1 && warm_count < SG_VIEW_STRAIN_MAX) {
            warm[warm_count++] = one;
        }
    }
    for (int i = 0; i < warm_count && ret->strain_count < SG_VIEW_STRAIN_MAX; i++) {
        ret->strain[ret->strain_count++] = warm[i];
    }
}

static void view_forecast(const sg_forecast *forecast, sg_view_forecast *ret)
{
    ret->now_w = sg_forecast_at(forecast, 1);
    ret->in_1h_w = sg_forecast_at(forecast, 4);
    ret->in_24h_w = sg_forecast_at(forecast, SG_FORECAST_DAY_SLOTS);
    ret->model_1h = (int32_t)sg_forecast_choice(forecast, 4);
    double count = forecast->error_count > 0 ? (double)forecast->error_count : 1;
    ret->mae_w = forecast->error_sum_w / count;
    ret->persistence_mae_w = forecast->persistence_error_sum_w / count;
}

/* After the groups. */
static void view_balance(const sg_rooms *rooms, sg_view *ret)
{
    const sg_plant *plant = &rooms->plant;
    const double *site = rooms->measure.value + plant->points.first[SG_POINT_SITE];
    ret->load_w = ret->demand_w = ret->generation_w = ret->available_w = ret->charge_w =
        ret->discharge_w = ret->curtailed_w = 0;
    const double *value = rooms->measure.value;
    for (int g = 0; g < plant->group_count; g++) {
        bool load = plant->group_role[g] == SG_LOAD;
        ret->load_w += load ? ret->group[g].power_w : 0;
        ret->demand_w += load ? ret->group[g].demand_w : 0;
    }
    for (int s = 0; s < plant->source_count; s++) {
        ret->generation_w += value[plant->points.first[SG_POINT_SOURCE_POWER] + s];
        double could_w = value[plant->points.first[SG_POINT_SOURCE_AVAILABLE] + s];
        ret->available_w += could_w;
        /* a generator at rest is not held back */
        double held_w = could_w - value[plant->points.first[SG_POINT_SOURCE_POWER] + s];
        ret->curtailed_w += plant->source_cost[s] > 0 ? 0 : fmax(held_w, 0);
    }
    for (int s = 0; s < plant->store_count; s++) {
        double w = value[plant->points.first[SG_POINT_STORE_POWER] + s];
        *(w > 0 ? &ret->discharge_w : &ret->charge_w) += fabs(w);
    }
    ret->task_w = site[SG_SITE_TASK_W];
    ret->load_w += ret->task_w;
    ret->demand_w += ret->task_w;
    ret->losses_w = site[SG_SITE_LOSS_W];
    ret->unserved_w = site[SG_SITE_UNSERVED_W];
    /* the root's breaker carries the exchange with the grid */
    double net_w = value[plant->points.first[SG_POINT_NODE_POWER]];
    ret->import_w = net_w > 0 ? net_w : 0;
    ret->export_w = net_w < 0 ? -net_w : 0;
    ret->surplus_w = ret->generation_w - ret->load_w;
    ret->import_price = site[SG_SITE_IMPORT_PRICE];
    ret->export_price = site[SG_SITE_EXPORT_PRICE];
    ret->carbon_kg_per_j = site[SG_SITE_CARBON];
    ret->grid_up = plant->head->grid_present && site[SG_SITE_GRID_UP] > 0.5;
    const sg_ride *ride = &rooms->head->ride;
    ret->ride = ride->state;
    ret->ride_s = ride->state_s;
    ret->hold_s = ride->hold_s;
    ret->shed_classes = 0;
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        ret->shed_classes += ride->level[k] >= SG_LEVEL_MINIMUM;
    }
    ret->import_w_max = plant->head->import_w_max;
    ret->export_w_max = plant->head->export_w_max;
}

static void view_ties(const sg_rooms *rooms, sg_view *ret)
{
    const sg_plant *plant = &rooms->plant;
    const sg_control *control = &rooms->control;
    int first = plant->points.first[SG_POINT_TIE_POWER];
    ret->tie_count_all = plant->tie_count;
    ret->tie_count = plant->tie_count < SG_VIEW_TIE_MAX ? plant->tie_count : SG_VIEW_TIE_MAX;
    for (int t = 0; t < ret->tie_count; t++) {
        ret->tie[t] = (struct sg_view_tie){.power_w = rooms->measure.value[first + t],
                                           .setpoint_w = control->tie_w[t],
                                           .limit_w = plant->tie_limit_w[t],
                                           .reason = control->tie_reason[t],
                                           .node = control->tie_taker[t],
                                           .quality = rooms->measure.quality[first + t]};
    }
}

static void view_services(const sg_rooms *rooms, sg_view *ret)
{
    const sg_services *s = &rooms->plant.head->services;
    const sg_regulation *r = &rooms->head->regulation;
    const double *site = rooms->measure.value + rooms->plant.points.first[SG_POINT_SITE];
    ret->services = (sg_view_services){.capability_w = s->capability_w,
                                       .signal = site[SG_SITE_REGULATION],
                                       .signal_w = r->signal_w,
                                       .droop_w = r->droop_w,
                                       .contract_w = r->contract_w,
                                       .recentre_w = r->recentre_w,
                                       .hour = sg_score_mean(&rooms->head->regulated.closed),
                                       .total = sg_score_mean(&rooms->head->regulated.total),
                                       .any = sg_services_any(s),
                                       .tracking = r->tracking};
}

static void view_plan(const sg_engine *self, const sg_plant *plant, sg_view *ret)
{
    const sg_plan *plan = &self->plan;
    bool followed = self->rung == SG_RUNG_FRESH || self->rung == SG_RUNG_LAST;
    ret->rung = self->rung;
    ret->plan_fresh_s_max = plant->head->plan_fresh_s_max;
    ret->plan_last_s_max = plant->head->plan_last_s_max;
    ret->plans_taken = self->plans_taken;
    ret->plans_refused = self->plans_refused;
    ret->plan_outcome = self->plan_present ? plan->outcome : -1;
    ret->plan_steps = self->plan_present ? plan->steps : 0;
    ret->plan_cause = plan->cause;
    ret->plan_softened = plan->softened;
    ret->plan_age_s = self->plan_present ? (double)(self->time_us - plan->made_us) * 1e-6 : 0;
    ret->plan_made_us = plan->made_us;
    ret->plan_start_us = plan->start_us;
    ret->plan_end_us = plan->start_us + plan->steps * plan->step_us;
    ret->plan_step_s = (double)plan->step_us * 1e-6;
    ret->ahead.steps = followed ? plan->steps : 0;
    for (int t = 0; t < ret->ahead.steps; t++) {
        double store_w = 0;
        for (int s = 0; s < plan->store_count; s++) {
            store_w += plan->store_w[s][t];
        }
        ret->ahead.net_w[t] = (float)plan->net_w[t];
        ret->ahead.store_w[t] = (float)store_w;
    }
    ret->slot_count = 0;
    for (int s = 0; s < plan->store_count && followed; s++) {
        ret->slot_count +=
            sg_plan_slots(plan, s, self->time_us, SG_VIEW_SLOTS_EACH, &ret->slot[ret->slot_count]);
    }
}

/* Nothing below writes to them. */
static sg_rooms rooms_of(const sg_engine *self)
{
    union {
        const sg_engine *read;
        sg_engine *write;
    } block = {.read = self};
    return sg_rooms_at(block.write);
}

void sg_engine_strains(const sg_engine *self, const sg_alarm_rule *rules, sg_view *ret)
{
    sg_rooms rooms = rooms_of(self);
    view_strains(&rooms, rules, ret);
}

void sg_engine_view(const sg_engine *self, sg_view *ret)
{
    sg_rooms rooms = rooms_of(self);
    const sg_plant *plant = &rooms.plant;
    ret->time_us = self->time_us;
    ret->tick = self->tick;
    ret->mode = self->mode;
    ret->policy = self->policy;
    ret->safe = self->safe;
    ret->peak_w = sg_meter_peak_w(&self->meter, self->time_us);
    ret->peak_all_w = self->meter.peak_all_w;
    ret->group_count = plant->group_count;
    for (int g = 0; g < plant->group_count; g++) {
        view_group(&rooms, g, &ret->group[g]);
    }
    view_balance(&rooms, ret);
    ret->node_count_all = plant->node_count;
    ret->node_count = plant->node_count < SG_VIEW_NODE_MAX ? plant->node_count : SG_VIEW_NODE_MAX;
    memcpy(ret->node_w, rooms.measure.value + plant->points.first[SG_POINT_NODE_POWER],
           sizeof(double) * (size_t)ret->node_count);
    memcpy(ret->node_limit_w, plant->node_limit_w, sizeof(double) * (size_t)ret->node_count);
    view_ties(&rooms, ret);
    ret->task_count = self->tasks.count;
    for (int i = 0; i < self->tasks.count; i++) {
        ret->task[i] = self->tasks.task[self->tasks.count - 1 - i];
    }
    ret->decision_count = self->decision_count;
    memcpy(ret->decision, self->decision, sizeof ret->decision);
    view_services(&rooms, ret);
    view_plan(self, plant, ret);
    view_forecast(&self->load, &ret->load_forecast);
    view_forecast(&self->generation, &ret->generation_forecast);
    ret->settled_count = self->meter.settled_count;
    ret->settled = self->meter.last;
    ret->running = self->meter.running;
    ret->total = self->meter.total;
    memcpy(ret->quality_count, self->quality_count, sizeof ret->quality_count);
    view_doubts(&rooms, ret);
    view_strains(&rooms, NULL, ret);
    ret->command_hash = self->command_hash;
}

const sg_task *sg_engine_task(const sg_engine *self, const char *task_id)
{
    for (int i = 0; i < self->tasks.count; i++) {
        if (strncmp(self->tasks.task[i].request.task_id, task_id, SG_ID_MAX) == 0) {
            return &self->tasks.task[i];
        }
    }
    return NULL;
}
