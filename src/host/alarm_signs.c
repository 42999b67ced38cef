#include "host/alarm_signs.h"

#include "base/time.h"
#include "control/control.h"
#include "control/ride.h"
#include "site/reason.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double late_window_s = 60;
static const double late_steps_min = 100; /* fewer say nothing */

typedef struct list {
    sg_alarm_sign *sign;
    int count;
} list;

static void put(list *to, sg_alarm_kind kind, const char *source, double value, double limit,
                bool warm)
{
    if (to->count == SG_ALARMS_SIGN_MAX) {
        return;
    }
    sg_alarm_sign *sign = &to->sign[to->count++];
    *sign = (sg_alarm_sign){.kind = (int32_t)kind, .warm = warm, .value = value, .limit = limit};
    sg_text_copy(sign->source, sizeof sign->source, source);
}

static void put_plain(list *to, sg_alarm_kind kind, bool so)
{
    if (so) {
        put(to, kind, "", (double)NAN, (double)NAN, false);
    }
}

static void look_at_grid(const sg_site *site, const sg_view *view, list *to)
{
    put_plain(to, SG_ALARM_GRID_LOST, site->device_count[SG_GRID] > 0 && !view->grid_up);
    if (view->ride == SG_RIDE_SHUTDOWN) {
        put(to, SG_ALARM_SHUTTING_DOWN, "", view->hold_s, (double)NAN, false);
    }
    put_plain(to, SG_ALARM_SITE_DARK, view->ride == SG_RIDE_DARK);
}

static void look_at_nodes(const sg_site *site, const sg_view *view, list *to)
{
    sg_alarm_rule hot = sg_alarm_rule_of(site->alarms, SG_ALARM_BREAKER_HOT);
    char name[SG_ID_MAX];
    for (int i = 0; i < view->strain_count && i < SG_VIEW_STRAIN_MAX; i++) {
        const sg_view_strain *strain = &view->strain[i];
        if (strain->node < 0 || strain->node >= site->node_count) {
            continue;
        }
        sg_site_node_name(site, strain->node, name);
        if (isfinite(strain->limit_w)) {
            put(to, SG_ALARM_FEEDER_OVER, name, strain->power_w / 1e3, strain->limit_w / 1e3,
                strain->warm != 0);
        } else {
            put(to, SG_ALARM_BREAKER_HOT, name, 100 * strain->heat, 100 * hot.setpoint,
                strain->warm != 0);
        }
    }
}

static void look_at_store(const sg_site *site, const sg_view_group *now, const char *id, list *to)
{
    sg_alarm_rule rule = sg_alarm_rule_of(site->alarms, SG_ALARM_STORE_RESERVE);
    double under_j = now->floor_j - now->energy_j;
    double raised_j = rule.setpoint * now->capacity_j;
    double over_j = (rule.setpoint - rule.deadband) * now->capacity_j;
    if (now->quality <= SG_SUSPECT && now->floor_j > 0 && under_j > over_j) {
        put(to, SG_ALARM_STORE_RESERVE, id, now->energy_j / 3.6e6, now->floor_j / 3.6e6,
            !(under_j > raised_j));
    }
    if (now->fault_count > 0) {
        put(to, SG_ALARM_STORE_DEAF, id, now->fault_count, (double)NAN, false);
    }
}

static void look_at_groups(const sg_site *site, const sg_view *view, list *to)
{
    for (int g = 0; g < site->group_count && g < view->group_count; g++) {
        const sg_view_group *now = &view->group[g];
        const char *id = site->groups[g].id;
        if (site->groups[g].count < 1) {
            continue;
        }
        if (now->role == SG_STORE) {
            look_at_store(site, now, id, to);
        } else if (now->role == SG_SOURCE && now->fault_count > 0) {
            put(to, SG_ALARM_START_FAILED, id, now->fault_count, (double)NAN, false);
        } else if (now->role == SG_LOAD && now->shed_count > 0) {
            put(to, SG_ALARM_LOAD_SHED, id, now->shed_count, (double)NAN, false);
        }
        if (now->quality >= SG_STALE) {
            put(to, SG_ALARM_READINGS_STALE, id, (double)NAN, (double)NAN, false);
        }
    }
}

static void look_at_doubts(const sg_site *site, const sg_view *view, list *to)
{
    static const char *const names[] = {"available", "power", "energy", "power",
                                        "demand",    "power", "power"};
    static const sg_role roles[] = {SG_SOURCE, SG_SOURCE, SG_STORE, SG_STORE, SG_LOAD, SG_LOAD};
    char name[SG_ID_MAX], source[SG_ID_MAX + 16];
    for (int i = 0; i < view->doubt_count && i < SG_VIEW_DOUBT_MAX; i++) {
        const sg_view_doubt *doubt = &view->doubt[i];
        if (doubt->kind < 0 || doubt->kind > SG_POINT_NODE_POWER) {
            continue;
        }
        if (doubt->kind == SG_POINT_NODE_POWER) {
            sg_site_node_name(site, doubt->index, name);
        } else {
            sg_site_device_name(site, roles[doubt->kind], doubt->index, name);
        }
        snprintf(source, sizeof source, "%s %s", name, names[doubt->kind]);
        put(to, SG_ALARM_DISBELIEVED, source, (double)NAN, (double)NAN, false);
    }
}

/* Both are told of the moment at which they happen; the off-delay makes them last. */
static void look_at_clock(const sg_alarm_watch *self, const sg_site *site, const sg_view *view,
                          double step_s, list *to)
{
    double jump_s = sg_alarm_rule_of(site->alarms, SG_ALARM_CLOCK_JUMP).setpoint;
    double passed_s = (double)(view->time_us - self->time_us) * 1e-6;
    double jumped_s = passed_s - step_s * (double)(view->tick - self->tick);
    if (self->any && view->tick > self->tick && fabs(jumped_s) > jump_s) {
        put(to, SG_ALARM_CLOCK_JUMP, "", jumped_s, jump_s, false);
    }
    put_plain(to, SG_ALARM_ROWS_DROPPED, self->any && view->dropped_rows > self->dropped_rows);
}

static void look_at_pace(sg_alarm_watch *self, const sg_site *site, const sg_view *view,
                         double step_s, list *to)
{
    sg_alarm_rule rule = sg_alarm_rule_of(site->alarms, SG_ALARM_LATE_STEPS);
    if (self->any && view->tick > self->tick && view->late_steps >= self->late_steps) {
        double steps = (double)(view->tick - self->tick);
        double kept = exp(-steps * step_s / late_window_s);
        self->recent_steps = self->recent_steps * kept + steps;
        self->recent_late =
            self->recent_late * kept + (double)(view->late_steps - self->late_steps);
    }
    double share = self->recent_steps > 0 ? self->recent_late / self->recent_steps : 0;
    if (self->recent_steps >= late_steps_min && share > rule.setpoint - rule.deadband) {
        put(to, SG_ALARM_LATE_STEPS, "", 100 * share, 100 * rule.setpoint,
            !(share > rule.setpoint));
    }
}

int sg_alarm_signs(sg_alarm_watch *self, const sg_site *site, const sg_view *view, double step_s,
                   bool webhook_failing, sg_alarm_sign ret[SG_ALARMS_SIGN_MAX])
{
    list to = {.sign = ret};
    look_at_grid(site, view, &to);
    put_plain(&to, SG_ALARM_SAFE_SET, view->safe != 0);
    put_plain(&to, SG_ALARM_JOURNAL_DEGRADED, view->journal_degraded != 0);
    put_plain(&to, SG_ALARM_PLAN_MISSING,
              view->policy == SG_POLICY_MPC && view->rung >= SG_RUNG_RULES);
    put_plain(&to, SG_ALARM_WEBHOOK_FAILING, webhook_failing);
    look_at_clock(self, site, view, step_s, &to);
    look_at_pace(self, site, view, step_s, &to);
    look_at_nodes(site, view, &to);
    look_at_groups(site, view, &to);
    look_at_doubts(site, view, &to);
    self->any = true;
    self->time_us = view->time_us;
    self->tick = view->tick;
    self->late_steps = view->late_steps;
    self->dropped_rows = view->dropped_rows;
    return to.count;
}
