#include "host/alarms.h"

#include "base/time.h"
#include "port/alarms.h"

#include <math.h>
#include <string.h>

static const double DT_S_MAX = 900;
static const int64_t FLOOD_US = 600 * SG_US_PER_S;

/* Kinds that say nothing new while another one is active. */
static const struct {
    sg_alarm_kind kind, follows;
} consequences[] = {{SG_ALARM_STORE_RESERVE, SG_ALARM_GRID_LOST},
                    {SG_ALARM_STORE_RESERVE, SG_ALARM_SITE_DARK},
                    {SG_ALARM_LOAD_SHED, SG_ALARM_SITE_DARK},
                    {SG_ALARM_PLAN_MISSING, SG_ALARM_SAFE_SET}};

const char *sg_alarm_news_name(int what)
{
    static const char *const names[] = {"raised", "cleared", "acknowledged", "shelved",
                                        "unshelved"};
    return what >= 0 && what <= SG_ALARM_WAS_UNSHELVED ? names[what] : "unknown";
}

void sg_alarms_init(sg_alarms *self)
{
    memset(self, 0, sizeof *self);
    self->next_id = 1;
    for (int i = 0; i < SG_ALARMS_STANDING_MAX; i++) {
        self->point[i].alarm.kind = -1;
    }
    sg_alarms_rules(self, NULL);
}

void sg_alarms_rules(sg_alarms *self, const sg_alarm_rule *rules)
{
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        self->rule[i] = sg_alarm_rule_of(rules, i);
    }
    for (int i = 0; i < self->point_end; i++) {
        sg_alarm *alarm = &self->point[i].alarm;
        if (alarm->kind >= 0 && alarm->priority != self->rule[alarm->kind].priority) {
            alarm->priority = self->rule[alarm->kind].priority;
            self->changed = true;
        }
    }
}

/* --- the table, the record, the news --- */

static bool is_raised(const sg_alarm_point *point)
{
    return point->alarm.kind >= 0 && point->alarm.id != 0;
}

static void tell(sg_alarms *self, sg_alarm_news what, const sg_alarm *alarm)
{
    if (self->event_end - self->event_begin == SG_ALARMS_EVENT_MAX) {
        self->event_begin++;
    }
    self->event[self->event_end++ % SG_ALARMS_EVENT_MAX] =
        (sg_alarm_event){.what = (int32_t)what, .time_us = self->time_us, .alarm = *alarm};
}

bool sg_alarms_take(sg_alarms *self, sg_alarm_event *ret)
{
    if (self->event_begin == self->event_end) {
        return false;
    }
    *ret = self->event[self->event_begin++ % SG_ALARMS_EVENT_MAX];
    return true;
}

static void remember(sg_alarms *self, const sg_alarm *alarm)
{
    self->past[self->past_next] = *alarm;
    self->past_next = (self->past_next + 1) % SG_ALARMS_PAST_MAX;
    self->past_count += self->past_count < SG_ALARMS_PAST_MAX;
}

/* Back to normal and nothing left to say: out of the table. */
static void finish(sg_alarms *self, sg_alarm_point *point)
{
    point->alarm.state = SG_ALARM_CLEARED;
    point->alarm.shelved_until_us = 0;
    remember(self, &point->alarm);
    point->alarm.kind = -1;
}

/* Signs come in the same order look by look, so the search begins behind what was found last. */
static sg_alarm_point *find(sg_alarms *self, int kind, const char *source)
{
    for (int i = 0, at = self->found + 1; i < self->point_end; i++, at++) {
        at = at < self->point_end ? at : 0;
        sg_alarm_point *point = &self->point[at];
        if (point->alarm.kind == kind && strcmp(point->alarm.source, source) == 0) {
            self->found = at;
            return point;
        }
    }
    return NULL;
}

/* A free place, or that of the alarm that returned first; NULL: there is none. */
static sg_alarm_point *place(sg_alarms *self)
{
    sg_alarm_point *oldest = NULL;
    for (int i = 0; i < SG_ALARMS_STANDING_MAX; i++) {
        sg_alarm_point *point = &self->point[i];
        if (point->alarm.kind < 0) {
            self->point_end = i < self->point_end ? self->point_end : i + 1;
            return point;
        }
        if (point->alarm.state == SG_ALARM_RETURNED && is_raised(point) &&
            (!oldest || point->alarm.cleared_us < oldest->alarm.cleared_us)) {
            oldest = point;
        }
    }
    if (oldest) {
        finish(self, oldest);
    }
    return oldest;
}

void sg_alarms_restore(sg_alarms *self, const sg_alarm *alarm)
{
    self->next_id = alarm->id >= self->next_id ? alarm->id + 1 : self->next_id;
    if (alarm->state == SG_ALARM_CLEARED) {
        remember(self, alarm);
        return;
    }
    sg_alarm_point *point = find(self, alarm->kind, alarm->source) ? NULL : place(self);
    if (point) {
        *point = (sg_alarm_point){.alarm = *alarm, .gone_s = -1};
    }
}

/* --- floods, and what follows from something else --- */

static bool kind_is_active(const sg_alarms *self, int kind)
{
    for (int i = 0; i < self->point_end; i++) {
        const sg_alarm_point *point = &self->point[i];
        if (point->alarm.kind == kind && is_raised(point) && point->alarm.active) {
            return true;
        }
    }
    return false;
}

static bool must_wait(const sg_alarms *self, int kind)
{
    for (size_t i = 0; i < sizeof consequences / sizeof consequences[0]; i++) {
        if ((int)consequences[i].kind == kind &&
            kind_is_active(self, (int)consequences[i].follows)) {
            return true;
        }
    }
    return self->flood && kind != SG_ALARM_FLOOD && self->rule[kind].priority >= SG_PRIORITY_MEDIUM;
}

/* Were `count` alarms raised within the last ten minutes? count <= SG_ALARMS_FLOOD_BEGINS */
static bool raised_lately(const sg_alarms *self, uint32_t count)
{
    if (self->raised_count < count) {
        return false;
    }
    uint32_t at = (self->raised_count - count) % SG_ALARMS_FLOOD_BEGINS;
    return self->time_us - self->raised_us[at] < FLOOD_US;
}

static void announce(sg_alarms *self, sg_alarm_point *point, sg_alarm_news what)
{
    point->alarm.state = SG_ALARM_UNACKNOWLEDGED;
    point->alarm.acknowledged_us = 0;
    self->summary.raised[point->alarm.priority]++;
    tell(self, what, &point->alarm);
}

/* --- one point --- */

static void raise_alarm(sg_alarms *self, sg_alarm_point *point)
{
    sg_alarm *alarm = &point->alarm;
    self->changed = true;
    alarm->active = 1;
    alarm->count++;
    alarm->raised_us = self->time_us;
    alarm->cleared_us = 0;
    point->gone_s = -1;
    if (alarm->id == 0) {
        alarm->id = self->next_id++;
        alarm->first_us = self->time_us;
    }
    if (alarm->state == SG_ALARM_SHELVED) {
        return;
    }
    if (alarm->kind != SG_ALARM_FLOOD) {
        self->raised_us[self->raised_count++ % SG_ALARMS_FLOOD_BEGINS] = self->time_us;
    }
    if (must_wait(self, alarm->kind)) {
        alarm->state = SG_ALARM_SUPPRESSED;
    } else {
        announce(self, point, SG_ALARM_WAS_RAISED);
    }
}

static void return_alarm(sg_alarms *self, sg_alarm_point *point)
{
    sg_alarm *alarm = &point->alarm;
    self->changed = true;
    alarm->active = 0;
    alarm->cleared_us = self->time_us;
    point->sign_s = 0;
    switch (alarm->state) {
    case SG_ALARM_UNACKNOWLEDGED:
        alarm->state = SG_ALARM_RETURNED;
        tell(self, SG_ALARM_WAS_CLEARED, alarm);
        break;
    case SG_ALARM_ACKNOWLEDGED:
        alarm->state = SG_ALARM_CLEARED;
        tell(self, SG_ALARM_WAS_CLEARED, alarm);
        finish(self, point);
        break;
    case SG_ALARM_SUPPRESSED:
        finish(self, point);
        break;
    default:
        break; /* shelved: nothing is said before its time is over */
    }
}

static void unshelve(sg_alarms *self, sg_alarm_point *point)
{
    self->changed = true;
    point->alarm.shelved_until_us = 0;
    if (point->alarm.active) {
        announce(self, point, SG_ALARM_WAS_UNSHELVED);
    } else {
        point->alarm.state = SG_ALARM_CLEARED;
        tell(self, SG_ALARM_WAS_UNSHELVED, &point->alarm);
        finish(self, point);
    }
}

/* The sign is there. */
static void hold(sg_alarms *self, sg_alarm_point *point, double dt_s)
{
    if (point->alarm.active) {
        point->gone_s = -1;
    } else if (point->warm) {
        point->sign_s = 0;
        if (!is_raised(point)) {
            point->alarm.kind = -1;
        }
    } else {
        point->sign_s += dt_s;
        if (point->sign_s >= self->rule[point->alarm.kind].on_s) {
            raise_alarm(self, point);
        }
    }
}

/* The sign is not there. */
static void miss(sg_alarms *self, sg_alarm_point *point, double dt_s)
{
    if (!is_raised(point)) {
        point->alarm.kind = -1;
    } else if (point->alarm.active) {
        point->gone_s = point->gone_s < 0 ? 0 : point->gone_s + dt_s;
        if (point->gone_s >= self->rule[point->alarm.kind].off_s) {
            return_alarm(self, point);
        }
    } else {
        point->sign_s = 0;
    }
}

/* --- a look --- */

static void see(sg_alarms *self, const sg_alarm_sign *sign)
{
    sg_alarm_point *point = find(self, sign->kind, sign->source);
    if (!point) {
        point = sign->warm ? NULL : place(self);
        if (!point) {
            self->summary.lost += !sign->warm;
            return;
        }
        *point = (sg_alarm_point){
            .alarm = {.kind = sign->kind, .priority = self->rule[sign->kind].priority},
            .sign_s = -1,
            .gone_s = -1};
        memcpy(point->alarm.source, sign->source, sizeof point->alarm.source);
    }
    if (point->seen) {
        return; /* said twice */
    }
    point->seen = true;
    point->warm = sign->warm;
    point->alarm.value = sign->value;
    point->alarm.limit = sign->limit;
}

static void look_at_flood(sg_alarms *self)
{
    bool flood = raised_lately(self, self->flood ? SG_ALARMS_FLOOD_ENDS : SG_ALARMS_FLOOD_BEGINS);
    self->changed = self->changed || flood != self->flood;
    self->flood = flood;
}

static void step_point(sg_alarms *self, sg_alarm_point *point, double dt_s)
{
    if (point->alarm.kind >= 0 && point->seen) {
        bool first = point->sign_s < 0;
        point->sign_s = first ? 0 : point->sign_s;
        hold(self, point, first ? 0 : dt_s);
    } else if (point->alarm.kind >= 0) {
        miss(self, point, dt_s);
    }
    if (point->alarm.kind >= 0 && point->alarm.state == SG_ALARM_SHELVED &&
        self->time_us >= point->alarm.shelved_until_us) {
        unshelve(self, point);
    }
}

static void count_up(sg_alarms *self)
{
    sg_alarm_summary *s = &self->summary;
    memset(s->active, 0, sizeof s->active);
    memset(s->priority, 0, sizeof s->priority);
    s->unacknowledged = s->shelved = s->suppressed = 0;
    s->flood = self->flood;
    for (int i = 0; i < self->point_end; i++) {
        const sg_alarm *alarm = &self->point[i].alarm;
        if (!is_raised(&self->point[i])) {
            continue;
        }
        bool shelved = alarm->state == SG_ALARM_SHELVED;
        bool suppressed = alarm->state == SG_ALARM_SUPPRESSED;
        s->shelved += shelved;
        s->suppressed += suppressed;
        s->unacknowledged +=
            alarm->state == SG_ALARM_UNACKNOWLEDGED || alarm->state == SG_ALARM_RETURNED;
        if (alarm->active && !shelved && !suppressed) {
            s->active[alarm->kind]++;
            s->priority[alarm->priority]++;
        }
    }
}

void sg_alarms_look(sg_alarms *self, int64_t time_us, const sg_alarm_sign *sign, int count)
{
    double dt_s = self->time_us ? (double)(time_us - self->time_us) * 1e-6 : 0;
    dt_s = dt_s > 0 ? fmin(dt_s, DT_S_MAX) : 0;
    self->time_us = time_us;
    for (int i = 0; i < self->point_end; i++) {
        self->point[i].seen = false;
    }
    for (int i = 0; i < count; i++) {
        see(self, &sign[i]);
    }
    if (self->flood) {
        const sg_alarm_sign flood = {.kind = SG_ALARM_FLOOD, .value = NAN, .limit = NAN};
        see(self, &flood);
    }
    for (int i = 0; i < self->point_end; i++) {
        step_point(self, &self->point[i], dt_s);
    }
    look_at_flood(self);
    for (int i = 0; i < self->point_end; i++) {
        sg_alarm_point *point = &self->point[i];
        if (point->alarm.kind >= 0 && point->alarm.state == SG_ALARM_SUPPRESSED &&
            !must_wait(self, point->alarm.kind)) {
            self->changed = true;
            announce(self, point, SG_ALARM_WAS_RAISED);
        }
    }
    count_up(self);
    while (self->point_end > 0 && self->point[self->point_end - 1].alarm.kind < 0) {
        self->point_end--;
    }
}

/* --- what people do --- */

static void acknowledge(sg_alarms *self, sg_alarm_point *point)
{
    bool returned = point->alarm.state == SG_ALARM_RETURNED;
    self->changed = true;
    point->alarm.acknowledged_us = self->time_us;
    point->alarm.state = returned ? SG_ALARM_CLEARED : SG_ALARM_ACKNOWLEDGED;
    tell(self, SG_ALARM_WAS_ACKNOWLEDGED, &point->alarm);
    if (returned) {
        finish(self, point);
    }
}

static void shelve(sg_alarms *self, sg_alarm_point *point, double shelve_s)
{
    self->changed = true;
    point->alarm.state = SG_ALARM_SHELVED;
    point->alarm.shelved_until_us =
        self->time_us + (int64_t)(fmin(shelve_s, SG_SHELVE_S_MAX) * (double)SG_US_PER_S);
    tell(self, SG_ALARM_WAS_SHELVED, &point->alarm);
}

static sg_status act_on(sg_alarms *self, sg_alarm_point *point, const sg_alarm_order *order)
{
    int state = point->alarm.state;
    bool hidden = state == SG_ALARM_SHELVED || state == SG_ALARM_SUPPRESSED;
    if (order->action == SG_ALARM_ACKNOWLEDGE && hidden) {
        return SG_RANGE; /* nobody was shown it */
    }
    if (order->note[0]) {
        memcpy(point->alarm.note, order->note, sizeof point->alarm.note);
        self->changed = true;
    }
    if (order->action == SG_ALARM_SHELVE) {
        shelve(self, point, order->shelve_s);
    } else if (order->action == SG_ALARM_UNSHELVE && state == SG_ALARM_SHELVED) {
        unshelve(self, point);
    } else if (order->action == SG_ALARM_ACKNOWLEDGE && state != SG_ALARM_ACKNOWLEDGED) {
        acknowledge(self, point);
    }
    return SG_OK;
}

sg_status sg_alarms_act(sg_alarms *self, const sg_alarm_order *order, sg_alarm *ret)
{
    for (int i = 0; i < self->point_end; i++) {
        sg_alarm_point *point = &self->point[i];
        if (is_raised(point) && point->alarm.id == order->id) {
            sg_status status = act_on(self, point, order);
            *ret = point->alarm;
            if (ret->kind < 0) { /* it went into the record */
                *ret = self->past[(self->past_next + SG_ALARMS_PAST_MAX - 1) % SG_ALARMS_PAST_MAX];
            }
            count_up(self);
            return status;
        }
    }
    for (int i = 0; i < self->past_count; i++) {
        if (self->past[i].id == order->id) {
            *ret = self->past[i];
            return order->action == SG_ALARM_SHELVE ? SG_RANGE : SG_OK;
        }
    }
    return SG_MISSING;
}

/* --- the list --- */

/* Into its place among those that were raised before it. */
static int sort_in(const sg_alarm **order, int count, const sg_alarm *alarm)
{
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        const sg_alarm *other = order[middle];
        bool newer = alarm->raised_us > other->raised_us ||
                     (alarm->raised_us == other->raised_us && alarm->id > other->id);
        *(newer ? &high : &low) = newer ? middle : middle + 1;
    }
    memmove(order + low + 1, order + low, sizeof(const sg_alarm *) * (size_t)(count - low));
    order[low] = alarm;
    return count + 1;
}

int sg_alarms_list(const sg_alarms *self, int which, int most, sg_alarm *ret)
{
    const sg_alarm *order[SG_ALARMS_STANDING_MAX + SG_ALARMS_PAST_MAX];
    int count = 0;
    for (int i = 0; i < self->point_end; i++) {
        const sg_alarm *alarm = &self->point[i].alarm;
        if (is_raised(&self->point[i]) && (which < 0 || which == alarm->state)) {
            count = sort_in(order, count, alarm);
        }
    }
    for (int i = 0; i < self->past_count; i++) {
        if (which == SG_ALARM_CLEARED || which == SG_ALARMS_ALL) {
            count = sort_in(order, count, &self->past[i]);
        }
    }
    count = count < most ? count : most;
    for (int i = 0; i < count; i++) {
        ret[i] = *order[i];
    }
    return count;
}
