/* checker_paced.c - E2, E5, E9: what a loss would do, how fast set-points move, how often machines are switched. */
#include "world/checker_state.h"

#include "base/time.h"
#include "site/reason.h"

#include <math.h>

static const double answer_s = 2; /* from a loss to the caps that answer it */

/* --- E2: the loss of one --- */

/* The heat after so long with that much through the breaker of a node; as in checker_electrical.c where no curve is known. */
static double heat_after(const sg_checker *self, int node, double flow_w, double time_s)
{
    const sg_node *n = &self->site->nodes[node];
    if (n->curve) {
        return sg_breaker_heat(&n->trip, self->heat[node], flow_w / n->breaker_w, time_s);
    }
    static const double tau_s = 34.76;
    double multiple = 0.8 * flow_w / n->limit_w;
    return self->heat[node] + (multiple * multiple - self->heat[node]) * (1 - exp(-time_s / tau_s));
}

static void nothing_trips(sg_checker *self, const char *what, int which)
{
    self->looks[SG_INVARIANT_LOSS]++;
    for (int n = 0; n < self->nodes; n++) {
        if (!isfinite(self->site->nodes[n].limit_w)) {
            continue;
        }
        double heat = heat_after(self, n, fabs(self->flow_w[n]), answer_s);
        if (!(heat < 1)) {
            checker_broken(self, SG_INVARIANT_LOSS,
                           "node %d trips without %s %d: %.6g W of %.6g W, heat %.3f now", n, what,
                           which, self->flow_w[n], self->site->nodes[n].limit_w, self->heat[n]);
        }
    }
}

/* Every load at its cap, and one of those that help is gone: until that is answered no breaker trips. */
static void loss(sg_checker *self)
{
    const sg_command *c = self->tick->command;
    for (int s = 0; s < self->stores; s++) {
        if (c->store_w[s] > 0) {
            checker_flows_at_caps(self, s, -1);
            nothing_trips(self, "store", s);
        }
    }
    for (int t = 0; t < self->site->tie_count; t++) {
        if (c->tie_w[t] != 0) {
            checker_flows_at_caps(self, -1, t);
            nothing_trips(self, "tie", t);
        }
    }
}

/* --- E5: ramps and rests --- */

static void store_pace(sg_checker *self, int s)
{
    const checker_store *store = &self->store[s];
    double w = self->tick->command->store_w[s], before_w = self->store_w[s];
    double dt_s = self->tick->frame->dt_s;
    double from_w = w * before_w > 0 ? fabs(before_w) : 0;
    double slack_w = 1e-9 * (store->reservoir.discharge_w_max + store->reservoir.charge_w_max);
    self->looks[SG_INVARIANT_PACE]++;
    if (!(fabs(w) <= from_w + store->ramp * dt_s + slack_w)) {
        checker_broken(self, SG_INVARIANT_PACE, "store %d: from %.6g W to %.6g W at %.6g W/s", s,
                       before_w, w, store->ramp);
    }
    if (w * self->way[s] < 0 && !(self->rest_s[s] >= store->dwell_s - 1e-6)) {
        checker_broken(self, SG_INVARIANT_PACE, "store %d turns round after %.6g s of %.6g s", s,
                       self->rest_s[s], store->dwell_s);
    }
    self->way[s] = w > 0 ? 1 : w < 0 ? -1 : self->way[s];
    self->rest_s[s] = w == 0 ? self->rest_s[s] + dt_s : 0;
}

static void source_pace(sg_checker *self, int s)
{
    const sg_device *device = &self->site->devices[SG_SOURCE][s];
    double ramp = sg_device_role_param(self->site, device, SG_SOURCE_RAMP),
           dwell_s = sg_device_role_param(self->site, device, SG_SOURCE_DWELL);
    double limit_w = self->tick->command->source_limit_w[s], before_w = self->limit_w[s];
    double dt_s = self->tick->frame->dt_s;
    int power = checker_point(self, SG_POINT_SOURCE_POWER, s);
    double shown_w = checker_known_most(self, power, self->tick->now.source_w[s]);
    double from_w = fmax(isfinite(before_w) ? before_w : 0, shown_w);
    self->looks[SG_INVARIANT_PACE]++;
    if (limit_w > before_w && !(limit_w <= from_w + ramp * dt_s + 1e-6 * (1 + from_w))) {
        checker_broken(self, SG_INVARIANT_PACE, "source %d: from %.6g W to %.6g W at %.6g W/s", s,
                       from_w, limit_w, ramp);
    }
    bool set = sg_device_kind(self->site, device)->starting;
    if (!set && limit_w > 0 && self->off_s[s] > 0 && !(self->off_s[s] >= dwell_s - 1e-6)) {
        checker_broken(self, SG_INVARIANT_PACE, "source %d starts after %.6g s of %.6g s", s,
                       self->off_s[s], dwell_s);
    }
    bool ran = before_w > 0 || self->off_s[s] > 0;
    self->off_s[s] = limit_w > 0 || !ran ? 0 : self->off_s[s] + dt_s;
}

/* --- E9: sets are not switched on and off --- */

/* One that gives nothing, in truth or by its reading, has failed and may be told to stop; it runs from when it first gave something,
 * in truth or by its reading. */
static void set_cycles(sg_checker *self, int s)
{
    const sg_device *device = &self->site->devices[SG_SOURCE][s];
    const sg_kind *kind = sg_device_kind(self->site, device);
    const uint8_t *start = self->tick->command->source_start;
    if (!kind->starting || !start) {
        return;
    }
    sg_starting starting;
    kind->starting(device->p, &starting);
    double dwell_s = sg_device_role_param(self->site, device, SG_SOURCE_DWELL);
    double dt_s = self->tick->frame->dt_s;
    int available = checker_point(self, SG_POINT_SOURCE_AVAILABLE, s);
    bool on = sg_start_wanted(start[s]), was_on = self->set_on[s] > 0;
    bool able = checker_known_least(self, available, self->tick->now.source_could_w[s]) > 0;
    self->looks[SG_INVARIANT_CYCLES] += on != was_on;
    if (!on && was_on && able && self->ran_s[s] > 0 &&
        !(self->ran_s[s] >= starting.run_s - 1.5 * dt_s)) {
        checker_broken(self, SG_INVARIANT_CYCLES, "set %d stops after %.6g s of %.6g s", s,
                       self->ran_s[s], starting.run_s);
    }
    if (on && !was_on && self->stood_s[s] > 0 && !(self->stood_s[s] >= dwell_s - 1.5 * dt_s)) {
        checker_broken(self, SG_INVARIANT_CYCLES, "set %d starts after %.6g s of %.6g s", s,
                       self->stood_s[s], dwell_s);
    }
    bool ran = self->ran_s[s] > 0;
    bool shows = checker_known_most(self, available, self->tick->now.source_could_w[s]) > 0;
    self->ran_s[s] = on && (shows || ran) ? self->ran_s[s] + dt_s : 0;
    self->stood_s[s] = on ? 0 : ran || self->stood_s[s] > 0 ? self->stood_s[s] + dt_s : 0;
    self->set_on[s] = on;
}

/* --- S9: who comes first at this hour --- */

/* Days since 1970, for comparing with a rule's dates, and the weekday (0 Sunday) by Sakamoto's rule. */
static int64_t date_of(const sg_civil *c)
{
    return sg_days_from_civil(c->year, c->month, c->day);
}

static int weekday_of(const sg_civil *c)
{
    static const int shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
    int y = c->year - (c->month < 3);
    return (y + y / 4 - y / 100 + y / 400 + shift[c->month - 1] + c->day) % 7;
}

static bool listed(const int32_t *days, int count, int64_t day)
{
    bool found = false;
    for (int i = 0; i < count; i++) {
        found = found || days[i] == day;
    }
    return found;
}

/* The day on which the window that holds this instant began: the hour is set back by the window's beginning. */
static bool holds(const sg_load_rule *rule, int64_t time_us)
{
    int64_t local_us = time_us + sg_zone_offset_s(&rule->zone, time_us) * SG_US_PER_S;
    int32_t long_s =
        rule->to_s > rule->from_s ? rule->to_s - rule->from_s : rule->to_s + 86400 - rule->from_s;
    sg_civil began;
    sg_civil_from_time(local_us - rule->from_s * SG_US_PER_S, &began);
    bool within = began.hour * 3600 + began.minute * 60 + began.second < long_s;
    int64_t day = date_of(&began);
    bool named =
        (rule->days >> weekday_of(&began)) % 2 == 1 || listed(rule->date, rule->date_count, day);
    return within && named && !listed(rule->except, rule->except_count, day);
}

void checker_hours(sg_checker *self, int64_t time_us)
{
    for (int l = 0; l < self->loads; l++) {
        self->class_now[l] = self->site->devices[SG_LOAD][l].p[SG_LOAD_CLASS];
        self->least_w[l] = self->site->devices[SG_LOAD][l].p[SG_LOAD_MINIMUM];
    }
    for (int i = 0; i < self->site->schedule_count; i++) {
        const sg_load_rule *rule = &self->site->schedules[i];
        for (int k = 0; k < rule->load_count && holds(rule, time_us); k++) {
            int l = rule->load_first + k;
            self->class_now[l] = rule->load_class >= 0 ? rule->load_class : self->class_now[l];
            self->least_w[l] = rule->minimum_w >= 0 ? rule->minimum_w : self->least_w[l];
        }
    }
}

void checker_paced(sg_checker *self)
{
    if (!self->tick->command->safe) {
        loss(self);
    }
    for (int s = 0; s < self->stores; s++) {
        if (isfinite(self->store[s].ramp) || self->store[s].dwell_s > 0) {
            store_pace(self, s);
        }
    }
    for (int s = 0; s < self->sources; s++) {
        const sg_device *device = &self->site->devices[SG_SOURCE][s];
        if (isfinite(sg_device_role_param(self->site, device, SG_SOURCE_RAMP)) ||
            sg_device_role_param(self->site, device, SG_SOURCE_DWELL) > 0) {
            source_pace(self, s);
        }
        set_cycles(self, s);
    }
}
