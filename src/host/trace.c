#include "host/trace.h"

#include "base/check.h"
#include "base/sweep.h"

#include <math.h>
#include <string.h>

static const double sample_s_first = 0.5;
static const double load_every_s = 1, store_every_s = 10, store_steady_s = 1;
static const double again_s = 600; /* the same reason of the same stores */
static const double store_moves = 0.02, load_apart = 0.02, store_apart = 0.05, apart_over_s = 0.5;
enum { KEPT_FOR_GRID_AND_LOADS = SG_REHEARSAL_EVENT_MAX / 4 };

static sg_settlement metered(const sg_engine *engine)
{
    const sg_meter *meter = sg_engine_meter(engine);
    sg_settlement sum = meter->total;
    sg_settlement_add(&sum, &meter->running);
    return sum;
}

static void subtract(sg_settlement *sum, const sg_settlement *before)
{
    sum->load_j -= before->load_j;
    sum->generation_j -= before->generation_j;
    sum->import_j -= before->import_j;
    sum->export_j -= before->export_j;
    sum->charge_j -= before->charge_j;
    sum->discharge_j -= before->discharge_j;
    sum->losses_j -= before->losses_j;
    sum->unserved_j -= before->unserved_j;
    sum->curtailed_j -= before->curtailed_j;
    sum->cost_u -= before->cost_u;
    sum->revenue_u -= before->revenue_u;
    sum->wear_u -= before->wear_u;
    sum->fuel_u -= before->fuel_u;
    sum->demand_u -= before->demand_u;
    sum->carbon_mg -= before->carbon_mg;
    sum->carbon_credit_mg -= before->carbon_credit_mg;
    sum->suspect_steps -= before->suspect_steps;
    sum->steps -= before->steps;
}

static double unserved_value(const sg_shadow *shadow)
{
    return sg_world_books_of(shadow->world)->unserved_value;
}

/* What really is of a group: loads, what they want and do not get; stores, what they give. */
static double apart_of(const sg_shadow *shadow, const sg_world_now *now, int g)
{
    const sg_group *group = &shadow->site.groups[g];
    int first = group->first, count = group->count;
    return group->role == SG_LOAD ? sg_lanes_sum(now->load_want_w + first, count) -
                                        sg_lanes_sum(now->load_w + first, count)
           : group->role == SG_STORE ? sg_lanes_sum(now->store_w + first, count)
                                     : 0;
}

/* Of the whole site; ret_apart_w: of its groups. No load gets more than it wants. */
static void look(const sg_shadow *shadow, const sg_view *view, sg_rehearsal_sample *ret,
                 double ret_apart_w[SG_GROUP_MAX])
{
    const int32_t *count = shadow->site.device_count;
    sg_world_now now = sg_world_look(shadow->world);
    *ret = (sg_rehearsal_sample){.grid_w = now.net_w,
                                 .generation_w = sg_lanes_sum(now.source_w, count[SG_SOURCE]),
                                 .wanted_w = sg_lanes_sum(now.load_want_w, count[SG_LOAD]) +
                                             now.task_command_w,
                                 .load_w = sg_lanes_sum(now.load_w, count[SG_LOAD]) + now.task_w,
                                 .stored_j = sg_lanes_sum(now.store_j, count[SG_STORE])};
    for (int g = 0; g < shadow->site.group_count; g++) {
        sg_role role = shadow->site.groups[g].role;
        ret_apart_w[g] = apart_of(shadow, &now, g);
        ret->store_w += role == SG_STORE ? ret_apart_w[g] : 0;
        if (role == SG_LOAD) {
            ret->held_w[view->group[g].load_class] += fmax(ret_apart_w[g], 0);
        }
    }
}

static double import_allowed_w(const sg_view *view)
{
    return view->ride == SG_RIDE_GRID || view->ride == SG_RIDE_RESYNC ? view->import_w_max : 0;
}

static void start_group(sg_trace *self, const sg_site *site, int g)
{
    const sg_view_group *now = &self->view.group[g];
    const sg_group *group = &site->groups[g];
    sg_trace_group *of = &self->group[g];
    *of = (sg_trace_group){
        .reason = now->reason, .seen = now->reason, .told_s = -INFINITY, .power_w = now->power_w};
    for (int r = 0; r < SG_REASON_COUNT; r++) {
        of->reason_told_s[r] = -INFINITY;
    }
    for (int i = group->first; group->role == SG_STORE && i < group->first + group->count; i++) {
        sg_reservoir reservoir;
        int duty = (int)sg_device_role_param(site, &site->devices[SG_STORE][i], SG_STORE_DUTY);
        of->local = duty == SG_DUTY_POWER || duty == SG_DUTY_DEVICE;
        group->kind->reservoir(site->devices[SG_STORE][i].p, &reservoir);
        of->rating_w += reservoir.discharge_w_max;
    }
    if (group->role == SG_LOAD && now->load_class >= self->into->class_count) {
        self->into->class_count = now->load_class + 1;
    }
}

void sg_trace_start(sg_trace *self, const sg_shadow *with, const sg_shadow *without,
                    sg_rehearsal *into)
{
    memset(self, 0, sizeof *self);
    self->into = into;
    self->with0 = metered(with->engine);
    self->without0 = metered(without->engine);
    self->with0_value = unserved_value(with);
    self->without0_value = unserved_value(without);
    sg_engine_view(with->engine, &self->view);
    self->ride = self->ride_first = self->view.ride;
    self->shed_first = self->view.shed_classes;
    self->import_w = import_allowed_w(&self->view);
    into->sample_s = sample_s_first;
    for (int g = 0; g < with->site.group_count; g++) {
        start_group(self, &with->site, g);
    }
}

/* --- events --- */

static void tell(sg_trace *self, const sg_rehearsal_event *event, bool matters)
{
    sg_rehearsal *into = self->into;
    int room = SG_REHEARSAL_EVENT_MAX - (matters ? 0 : KEPT_FOR_GRID_AND_LOADS);
    if (into->event_count >= room) {
        into->events_left_out++;
        return;
    }
    into->event[into->event_count++] = *event;
}

void sg_trace_order(sg_trace *self, int i, int32_t what)
{
    const sg_rehearsal_event event = {
        .at_s = self->into->elapsed_s, .what = what, .index = i, .reason = SG_REASON_NONE};
    tell(self, &event, true);
}

static void note_ride(sg_trace *self)
{
    const sg_view *view = &self->view;
    if (view->ride == self->ride) {
        return;
    }
    const sg_rehearsal_event event = {.at_s = self->into->elapsed_s,
                                      .what = SG_GRID,
                                      .index = 0,
                                      .reason = (int32_t)sg_ride_reason(view->ride),
                                      .from_w = self->import_w,
                                      .to_w = import_allowed_w(view),
                                      .hold_s = view->hold_s};
    tell(self, &event, true);
    self->ride = view->ride;
    self->import_w = event.to_w;
}

/* Before the first incident, and on the untouched twin, all is everyday; and what local stores do all day. */
static void learn_everyday(sg_trace *self, int g)
{
    static const sg_reason local[] = {SG_REASON_SMOOTHING,   SG_REASON_RECENTRE,
                                      SG_REASON_NODE_RELIEF, SG_REASON_MOVED,
                                      SG_REASON_LOW_MARK,    SG_REASON_HIGH_MARK};
    sg_trace_group *of = &self->group[g];
    of->everyday[SG_REASON_NONE] = of->everyday[SG_REASON_DEMAND] = true;
    for (int i = 0; of->local && i < SG_COUNT(local); i++) {
        of->everyday[local[i]] = true;
    }
    of->everyday[self->other.group[g].reason] = true;
    if (self->into->order_count == 0 || !self->into->order[0].begun) {
        of->everyday[self->view.group[g].reason] = true;
    }
}

/* Is it clearly apart from its twin? Until it is by less than half of that. */
static bool is_apart(const sg_trace_group *of, const sg_view_group *now)
{
    double least_w = now->role == SG_LOAD                  ? load_apart * now->demand_w
                     : now->role == SG_STORE && !of->local ? store_apart * of->rating_w
                                                           : (double)INFINITY;
    bool gets_all = now->role == SG_LOAD && now->reason == SG_REASON_DEMAND;
    return fabs(of->apart_w) > least_w * (of->marked ? 0.5 : 1) && !gets_all;
}

/* May it be told now? */
static bool its_turn(const sg_trace_group *of, const sg_view_group *now, double at_s)
{
    if (now->role == SG_LOAD) {
        return at_s - of->told_s > load_every_s - 1e-6;
    }
    double least_w = store_moves * of->rating_w; /* 0 for sources */
    bool moves = fabs(of->power_w) > least_w || fabs(now->setpoint_w) > least_w;
    return moves && at_s - of->told_s > store_every_s - 1e-6 &&
           at_s - of->seen_s > store_steady_s - 1e-6 &&
           at_s - of->reason_told_s[now->reason] > again_s;
}

static void note_group(sg_trace *self, int g)
{
    const sg_view_group *now = &self->view.group[g];
    sg_trace_group *was = &self->group[g];
    double at_s = self->into->elapsed_s;
    if (now->reason != was->seen) {
        was->seen = now->reason;
        was->seen_s = at_s;
    }
    bool marked = !was->everyday[now->reason] || is_apart(was, now);
    bool news = marked ? !was->marked || now->reason != was->reason : was->marked;
    if (news && its_turn(was, now, at_s)) {
        const sg_rehearsal_event event = {.at_s = at_s,
                                          .what = now->role,
                                          .index = g,
                                          .reason = now->reason,
                                          .from_w = was->power_w,
                                          .to_w = now->setpoint_w};
        tell(self, &event, now->role == SG_LOAD);
        was->reason = now->reason;
        was->told_s = was->reason_told_s[now->reason] = at_s;
        was->marked = marked;
        news = false;
    }
    was->power_w = news ? was->power_w : now->power_w;
}

/* What loads are held back by beyond their twins, what stores give beyond theirs. */
static void note_apart(sg_trace *self, int g, double apart_w, double dt_s)
{
    self->group[g].apart_w += (apart_w - self->group[g].apart_w) * dt_s / (apart_over_s + dt_s);
}

/* --- curves --- */

static void add(sg_rehearsal_sample *sum, const sg_rehearsal_sample *one, double s)
{
    sum->grid_w += one->grid_w * s;
    sum->store_w += one->store_w * s;
    sum->generation_w += one->generation_w * s;
    sum->load_w += one->load_w * s;
    sum->wanted_w += one->wanted_w * s;
    sum->stored_j = one->stored_j;
    sum->at_s = one->at_s;
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        sum->held_w[k] += one->held_w[k] * s;
    }
}

static sg_rehearsal_sample mean(const sg_rehearsal_sample *sum, double s)
{
    sg_rehearsal_sample mean = {0};
    add(&mean, sum, 1 / s);
    return mean;
}

static void halve(sg_rehearsal *into)
{
    for (int i = 0; i < into->sample_count / 2; i++) {
        sg_rehearsal_sample sum = {0};
        add(&sum, &into->sample[2 * i], 1);
        add(&sum, &into->sample[2 * i + 1], 1);
        into->sample[i] = mean(&sum, 2);
    }
    into->sample_count /= 2;
    into->sample_s *= 2;
}

static void sample(sg_trace *self, const sg_rehearsal_sample *now, double dt_s)
{
    sg_rehearsal *into = self->into;
    add(&self->sum, now, dt_s);
    self->summed_s += dt_s;
    if (self->summed_s < into->sample_s - 1e-9) {
        return;
    }
    into->sample[into->sample_count++] = mean(&self->sum, self->summed_s);
    memset(&self->sum, 0, sizeof self->sum);
    self->summed_s = 0;
    if (into->sample_count == SG_REHEARSAL_SAMPLE_MAX) {
        halve(into);
    }
}

/* --- the bill --- */

static void bill(sg_rehearsal_bill *ret, const sg_shadow *shadow, const sg_settlement *before,
                 const sg_rehearsal_sample *now, double dt_s)
{
    ret->metered = metered(shadow->engine);
    subtract(&ret->metered, before);
    ret->stored_j = now->stored_j;
    ret->peak_w = sg_meter_peak_w(sg_engine_meter(shadow->engine), sg_engine_time(shadow->engine));
    for (int k = 0; k < SG_CLASS_MAX; k++) {
        ret->held_j[k] += now->held_w[k] * dt_s;
    }
}

void sg_trace_step(sg_trace *self, const sg_shadow *with, const sg_shadow *without, double dt_s)
{
    sg_rehearsal *into = self->into;
    sg_rehearsal_sample now;
    double apart_w[SG_GROUP_MAX], other_apart_w[SG_GROUP_MAX];
    into->elapsed_s += dt_s;
    sg_engine_view(without->engine, &self->other);
    look(without, &self->other, &now, other_apart_w);
    bill(&into->without, without, &self->without0, &now, dt_s);
    into->without.unserved_value = unserved_value(without) - self->without0_value;
    sg_engine_view(with->engine, &self->view);
    look(with, &self->view, &now, apart_w);
    now.at_s = into->elapsed_s;
    bill(&into->with, with, &self->with0, &now, dt_s);
    into->with.unserved_value = unserved_value(with) - self->with0_value;
    into->import_price = self->view.import_price;
    note_ride(self);
    for (int g = 0; g < with->site.group_count; g++) {
        if (with->site.groups[g].role != SG_GRID && with->site.groups[g].count > 0) {
            learn_everyday(self, g);
            note_apart(self, g, apart_w[g] - other_apart_w[g], dt_s);
            note_group(self, g);
        }
    }
    sample(self, &now, dt_s);
    bool back = self->view.ride == self->ride_first && self->view.shed_classes <= self->shed_first;
    self->quiet_s = back ? self->quiet_s + dt_s : 0;
}

double sg_trace_quiet_s(const sg_trace *self)
{
    return self->quiet_s;
}
