/* What an explanation is made of: items about one device, group or node, or about the site. */
#include "base/time.h"
#include "control/ride.h"
#include "host/moment.h"
#include "site/points.h"
#include "site/reason.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double near_limit_frac = 0.97; /* of a limit: what counts as being at it */

enum { TARGET_SITE = -1, TARGET_NODE = SG_ROLE_COUNT, TARGET_TIE, TARGET_TASK };

/* What is asked about. */
typedef struct target {
    int role;             /* sg_role or one of TARGET_* */
    int32_t first, count; /* devices or nodes */
    int32_t group;        /* of devices, -1: none */
    const sg_task *task;  /* of TARGET_TASK */
} target;

typedef struct teller {
    const sg_moment_source *source;
    const sg_site *site;
    const sg_view *view;
    const double *believed; /* [point] */
    sg_points points;
    sg_command command;
    target target;
    sg_moment *out;
} teller;

__attribute__((format(printf, 6, 7))) static void put(teller *t, sg_moment_part part,
                                                      const char *name, double value,
                                                      const char *reason, const char *format, ...)
{
    if (t->out->count == SG_MOMENT_ITEM_MAX) {
        return;
    }
    sg_moment_item *item = &t->out->item[t->out->count++];
    *item = (sg_moment_item){.part = part, .value = value, .reason = reason};
    snprintf(item->name, sizeof item->name, "%s", name);
    va_list args;
    va_start(args, format);
    vsnprintf(item->text, sizeof item->text, format, args);
    va_end(args);
}

/* Below a milliwatt it is rounding. */
static double kw(double power_w)
{
    return fabs(power_w) < 1e-3 ? 0 : power_w / 1e3;
}

/* ---- measured ---- */

/* One reading: as it came, and what is believed where that is something else. */
static void put_reading(teller *t, sg_point_kind kind, int32_t index, double unit, const char *name,
                        const char *label, const char *shown)
{
    int32_t point = t->points.first[kind] + index;
    double read = t->source->frame ? t->source->frame->value[point] / unit : (double)NAN;
    double believed = t->believed[point] / unit;
    int quality = t->source->frame ? t->source->frame->quality[point] : SG_NO_DATA;
    const char *marked = sg_quality_text((sg_quality)quality);
    read = fabs(read) < 1e-9 ? 0 : read;
    believed = fabs(believed) < 1e-9 ? 0 : believed;
    if (read == believed) {
        put(t, SG_MOMENT_MEASURED, name, read, NULL, "%s %.4g %s (%s)", label, read, shown, marked);
    } else {
        put(t, SG_MOMENT_MEASURED, name, believed, NULL,
            "%s %.4g %s was believed; read was %.4g %s (%s)", label, believed, shown, read, shown,
            marked);
    }
}

static void put_doubts(teller *t)
{
    for (int i = 0; i < t->view->doubt_count && i < SG_VIEW_DOUBT_MAX; i++) {
        const sg_view_doubt *doubt = &t->view->doubt[i];
        static const sg_role roles[SG_POINT_KIND_COUNT] = {
            [SG_POINT_SOURCE_AVAILABLE] = SG_SOURCE, [SG_POINT_SOURCE_POWER] = SG_SOURCE,
            [SG_POINT_STORE_ENERGY] = SG_STORE,      [SG_POINT_STORE_POWER] = SG_STORE,
            [SG_POINT_LOAD_DEMAND] = SG_LOAD,        [SG_POINT_LOAD_POWER] = SG_LOAD};
        char name[SG_ID_MAX] = "";
        if (doubt->kind == SG_POINT_NODE_POWER) {
            sg_site_node_name(t->site, doubt->index, name);
        } else if (doubt->kind < SG_POINT_NODE_POWER) {
            sg_site_device_name(t->site, roles[doubt->kind], doubt->index, name);
        }
        put(t, SG_MOMENT_MEASURED, name, (double)NAN, NULL,
            "a reading of %s is not believed: it %s", name[0] ? name : "the site",
            sg_verdict_text((sg_verdict)doubt->verdict));
    }
}

static void measured_device(teller *t)
{
    int32_t i = t->target.first;
    switch (t->target.role) {
    case SG_SOURCE:
        put_reading(t, SG_POINT_SOURCE_POWER, i, 1e3, "power_kw", "gave", "kW");
        put_reading(t, SG_POINT_SOURCE_AVAILABLE, i, 1e3, "available_kw", "could have given", "kW");
        break;
    case SG_STORE:
        put_reading(t, SG_POINT_STORE_POWER, i, 1e3, "power_kw", "gave (less than 0: took)", "kW");
        put_reading(t, SG_POINT_STORE_ENERGY, i, 3.6e6, "energy_kwh", "held", "kWh");
        break;
    default:
        put_reading(t, SG_POINT_LOAD_POWER, i, 1e3, "power_kw", "drew", "kW");
        put_reading(t, SG_POINT_LOAD_DEMAND, i, 1e3, "demand_kw", "wanted", "kW");
    }
}

static void measured_group(teller *t)
{
    const sg_view_group *g = &t->view->group[t->target.group];
    put(t, SG_MOMENT_MEASURED, "power_kw", kw(g->power_w), NULL,
        "%d members together %.4g kW (worst reading: %s)", (int)t->target.count, kw(g->power_w),
        sg_quality_text((sg_quality)g->quality));
    if (t->target.role == SG_SOURCE) {
        put(t, SG_MOMENT_MEASURED, "available_kw", kw(g->available_w), NULL,
            "could have given %.4g kW", kw(g->available_w));
    } else if (t->target.role == SG_STORE) {
        put(t, SG_MOMENT_MEASURED, "energy_kwh", g->energy_j / 3.6e6, NULL, "held %.4g of %.4g kWh",
            g->energy_j / 3.6e6, g->capacity_j / 3.6e6);
    } else {
        put(t, SG_MOMENT_MEASURED, "demand_kw", kw(g->demand_w), NULL, "wanted %.4g kW",
            kw(g->demand_w));
    }
}

static void measured_site(teller *t)
{
    const sg_view *v = t->view;
    put(t, SG_MOMENT_MEASURED, "load_kw", kw(v->load_w), NULL, "load %.4g kW of %.4g kW wanted",
        kw(v->load_w), kw(v->demand_w));
    put(t, SG_MOMENT_MEASURED, "generation_kw", kw(v->generation_w), NULL,
        "generation %.4g kW of %.4g kW that there was", kw(v->generation_w), kw(v->available_w));
    put(t, SG_MOMENT_MEASURED, "net_import_kw", kw(v->import_w - v->export_w), NULL,
        "%s %.4g kW, the grid is %s", v->export_w > 0 ? "exported" : "imported",
        kw(fmax(v->import_w, v->export_w)), v->grid_up ? "there" : "gone");
    put(t, SG_MOMENT_MEASURED, "stores_kw", kw(v->discharge_w - v->charge_w), NULL,
        "stores gave %.4g kW and took %.4g kW", kw(v->discharge_w), kw(v->charge_w));
    put(t, SG_MOMENT_MEASURED, "import_price_per_kwh", v->import_price * 3.6e6, NULL,
        "a kWh cost %.4g %s, fed in it brought %.4g", v->import_price * 3.6e6, t->site->currency,
        v->export_price * 3.6e6);
    put_doubts(t);
}

/* ---- predicted and planned ---- */

static void predicted(teller *t)
{
    const sg_view_forecast *load = &t->view->load_forecast, *sun = &t->view->generation_forecast;
    put(t, SG_MOMENT_PREDICTED, "load_in_1h_kw", kw(load->in_1h_w), NULL,
        "load %.4g kW in an hour, %.4g kW in a day (mean error one hour ahead %.3g kW)",
        kw(load->in_1h_w), kw(load->in_24h_w), kw(load->mae_w));
    if (t->site->device_count[SG_SOURCE] > 0) {
        put(t, SG_MOMENT_PREDICTED, "generation_in_1h_kw", kw(sun->in_1h_w), NULL,
            "generation %.4g kW in an hour, %.4g kW in a day (mean error %.3g kW)",
            kw(sun->in_1h_w), kw(sun->in_24h_w), kw(sun->mae_w));
    }
}

static void planned_store(teller *t, const sg_plan *plan, int step)
{
    for (int s = 0; s < plan->store_count; s++) {
        int32_t group = plan->store_group[s];
        if (t->target.role == TARGET_SITE || t->target.group == group) {
            double power_kw = kw(plan->store_w[s][step]);
            double worth = plan->energy_value[s][step] * 3.6e6;
            const char *id =
                group >= 0 && group < t->site->group_count ? t->site->groups[group].id : "?";
            put(t, SG_MOMENT_PLANNED, "store_kw", power_kw, NULL,
                isfinite(worth) ? "%s %s %.4g kW; a kWh kept in it is worth %.4g" : "%s %s %.4g kW",
                id,
                power_kw > 0   ? "gives"
                : power_kw < 0 ? "takes"
                               : "rests:",
                fabs(power_kw), worth);
        }
    }
}

static void planned(teller *t)
{
    const sg_view *v = t->view;
    const sg_plan *plan = t->source->plan;
    int step = sg_engine_plan_step(t->source->engine);
    char made[SG_TIME_TEXT], end[SG_TIME_TEXT];
    if (v->policy != SG_POLICY_MPC && v->policy != SG_POLICY_PERFECT) {
        put(t, SG_MOMENT_PLANNED, "policy", (double)NAN, NULL, "the policy `%s` makes no plan",
            sg_policy_name((sg_policy)v->policy));
        return;
    }
    put(t, SG_MOMENT_PLANNED, "rung", v->rung, NULL, "%s", sg_rung_text((sg_rung)v->rung));
    if (!plan) {
        return;
    }
    sg_time_format(plan->made_us, made);
    sg_time_format(plan->start_us + plan->steps * plan->step_us, end);
    put(t, SG_MOMENT_PLANNED, "plan_age_s", v->plan_age_s, NULL,
        "the plan was made %s because %s; it reaches to %s", made,
        sg_plan_cause_text((sg_plan_cause)plan->cause), end);
    if (step >= 0 && step < plan->steps) {
        put(t, SG_MOMENT_PLANNED, "net_import_kw", kw(plan->net_w[step]), NULL,
            "for now it wants %s %.4g kW; a kWh more would cost %.4g",
            plan->net_w[step] < 0 ? "export" : "import", kw(fabs(plan->net_w[step])),
            plan->price[step] * 3.6e6);
        planned_store(t, plan, step);
    }
}

/* ---- commanded: the set-point, and the reason that it has ---- */

static void put_setpoint(teller *t, const char *name, double power_w, int reason, const char *words)
{
    put(t, SG_MOMENT_COMMANDED, name, kw(power_w), sg_reason_name((sg_reason)reason),
        "%s %.4g kW: %s", words, kw(fabs(power_w)), sg_reason_text((sg_reason)reason));
}

static void commanded_device(teller *t, int32_t i)
{
    const sg_command *c = &t->command;
    if (t->target.role == SG_SOURCE) {
        put_setpoint(t, "limit_kw", c->source_limit_w[i], c->source_reason[i], "may give");
    } else if (t->target.role == SG_STORE) {
        double w = c->store_w[i];
        put_setpoint(t, "setpoint_kw", w, c->store_reason[i],
                     w > 0   ? "is told to give"
                     : w < 0 ? "is told to take"
                             : "is told to rest at");
    } else {
        put_setpoint(t, "cap_kw", c->load_cap_w[i], c->load_reason[i], "may draw");
    }
}

static void commanded_task(teller *t, const sg_task *task)
{
    static const char *const states[] = {
#define X(code, name) name,
        SG_TASK_STATE_LIST(X)
#undef X
    };
    put(t, SG_MOMENT_COMMANDED, "task_kw", kw(task->request.power_w),
        sg_reason_name((sg_reason)task->reason), "asked for %.4g kW and is %s: %s",
        kw(task->request.power_w), states[task->state], sg_reason_text((sg_reason)task->reason));
    put(t, SG_MOMENT_LIMITED, "firm_kw", kw(task->firm_w), NULL,
        "%.4g kW of firm supply were free at the decision", kw(task->firm_w));
}

static void commanded_tie(teller *t, int32_t i)
{
    const sg_tie *tie = &t->site->ties[i];
    int reason = t->command.tie_reason ? t->command.tie_reason[i] : SG_REASON_NONE;
    double power_w = t->command.tie_w ? t->command.tie_w[i] : 0;
    put_setpoint(t, "setpoint_kw", power_w, reason, "is told to carry");
    put(t, SG_MOMENT_LIMITED, "limit_kw", kw(tie->limit_w), NULL, "it carries at most %.4g kW",
        kw(tie->limit_w));
}

static void commanded(teller *t)
{
    const sg_view *v = t->view;
    if (t->target.role == TARGET_TASK) {
        commanded_task(t, t->target.task);
    } else if (t->target.role == TARGET_TIE) {
        commanded_tie(t, t->target.first);
    }
    static const char *const words[] = {
        [SG_SOURCE] = "may give", [SG_STORE] = "stand at", [SG_LOAD] = "may draw"};
    if (t->target.role >= 0 && t->target.role < SG_GRID && t->target.count == 1) {
        commanded_device(t, t->target.first);
    } else if (t->target.role >= 0 && t->target.role < SG_GRID) {
        const sg_view_group *g = &v->group[t->target.group];
        put_setpoint(t, "setpoint_kw", g->setpoint_w, g->reason, words[t->target.role]);
    }
    for (int32_t i = 0; t->target.role == TARGET_SITE && i < v->group_count; i++) {
        const sg_view_group *g = &v->group[i];
        if (g->role != SG_GRID && g->role < SG_ROLE_COUNT) {
            put(t, SG_MOMENT_COMMANDED, t->site->groups[i].id, kw(g->setpoint_w),
                sg_reason_name((sg_reason)g->reason), "%s %s %.4g kW: %s", t->site->groups[i].id,
                words[g->role], kw(g->setpoint_w), sg_reason_text((sg_reason)g->reason));
        }
    }
    if ((t->target.role == SG_GRID || t->target.role == TARGET_SITE) && t->command.island) {
        put(t, SG_MOMENT_COMMANDED, "island", 1, NULL, "the switch to the grid is to be open");
    }
    if (t->command.advisory) {
        put(t, SG_MOMENT_COMMANDED, "mode", v->mode, NULL,
            "the mode is not `control`: this is advice, nothing was sent");
    }
}

/* ---- limited: what stood in the way ---- */

static bool put_node(teller *t, int32_t node, bool always)
{
    double power_w = t->believed[t->points.first[SG_POINT_NODE_POWER] + node];
    double limit_w = t->site->nodes[node].limit_w;
    bool full = isfinite(limit_w) && power_w >= near_limit_frac * limit_w;
    char name[SG_ID_MAX], item[48];
    if (!full && !always) {
        return false;
    }
    sg_site_node_name(t->site, node, name);
    snprintf(item, sizeof item, "%.44s_kw", name);
    if (isfinite(limit_w)) {
        put(t, SG_MOMENT_LIMITED, item, kw(power_w), NULL, "%s carries %.4g of %.4g kW%s%s", name,
            kw(power_w), kw(limit_w), full ? ": it is full" : "",
            t->site->nodes[node].curve ? " (for a while its breaker may carry more)" : "");
    } else {
        put(t, SG_MOMENT_LIMITED, item, kw(power_w), NULL, "%s carries %.4g kW, without a limit",
            name, kw(power_w));
    }
    return full;
}

static void limited_store(teller *t, int32_t i)
{
    const sg_device *device = &t->site->devices[SG_STORE][i];
    sg_reservoir r;
    sg_device_kind(t->site, device)->reservoir(device->p, &r);
    double held_j = t->believed[t->points.first[SG_POINT_STORE_ENERGY] + i];
    double floor_j = r.capacity_j * sg_device_role_param(t->site, device, SG_STORE_RESERVE);
    put(t, SG_MOMENT_LIMITED, "charge_frac", r.capacity_j > 0 ? held_j / r.capacity_j : 0, NULL,
        "between its reserve of %.4g kWh and its capacity of %.4g kWh it holds %.4g kWh%s",
        floor_j / 3.6e6, r.capacity_j / 3.6e6, held_j / 3.6e6,
        held_j <= floor_j * 1.001        ? ": it has nothing to give"
        : held_j >= 0.999 * r.capacity_j ? ": it is full"
                                         : "");
    put(t, SG_MOMENT_LIMITED, "rating_kw", kw(r.discharge_w_max), NULL,
        "it gives at most %.4g kW and takes at most %.4g kW", kw(r.discharge_w_max),
        kw(r.charge_w_max));
}

static void limited_grid(teller *t)
{
    const sg_view *v = t->view;
    if (t->site->device_count[SG_GRID] == 0) {
        return;
    }
    put(t, SG_MOMENT_LIMITED, "import_max_kw", kw(v->import_w_max), NULL,
        "the grid connection: import %.4g of %.4g kW, export %.4g of %.4g kW%s", kw(v->import_w),
        kw(v->import_w_max), kw(v->export_w), kw(v->export_w_max),
        v->import_w >= near_limit_frac * v->import_w_max ? ": it is full" : "");
    put(t, SG_MOMENT_LIMITED, "hold_up_s", v->hold_s, sg_reason_name(sg_ride_reason(v->ride)),
        !isfinite(v->hold_s) ? "%s"
        : !(v->hold_s > 0)   ? "%s; the stores alone cannot carry all of this load"
        : v->grid_up         ? "%s; without it the stores would hold this load for %.0f s"
                             : "%s; the stores hold this load for another %.0f s",
        sg_reason_text(sg_ride_reason(v->ride)), v->hold_s);
}

static void limited_site(teller *t)
{
    int32_t shed = 0;
    limited_grid(t);
    for (int32_t n = 0; n < t->site->node_count && t->out->count < SG_MOMENT_ITEM_MAX - 24; n++) {
        (void)put_node(t, n, n == 0);
    }
    for (int32_t g = 0; g < t->view->group_count; g++) {
        shed += t->view->group[g].shed_count;
    }
    if (shed > 0 || t->view->shed_classes > 0) {
        put(t, SG_MOMENT_LIMITED, "loads_shed", shed, NULL,
            "%d loads are below their minimum, %d classes are held back", (int)shed,
            (int)t->view->shed_classes);
    }
}

static void limited(teller *t)
{
    if (t->view->safe) {
        put(t, SG_MOMENT_LIMITED, "safe", 1, sg_reason_name(SG_REASON_SAFE), "%s",
            sg_reason_text(SG_REASON_SAFE));
    }
    int32_t node = -1;
    if (t->target.role == TARGET_SITE) {
        limited_site(t);
        return;
    }
    if (t->target.role == TARGET_TIE) {
        (void)put_node(t, t->site->ties[t->target.first].from, true);
        (void)put_node(t, t->site->ties[t->target.first].to, true);
        return;
    }
    if (t->target.role == TARGET_TASK) {
        limited_grid(t);
        return;
    }
    if (t->target.role == SG_GRID) {
        limited_grid(t);
        node = 0;
    } else if (t->target.role == TARGET_NODE) {
        node = t->target.first;
    } else {
        node = t->site->devices[t->target.role][t->target.first].node;
        if (t->target.role == SG_STORE && t->target.count == 1) {
            limited_store(t, t->target.first);
        }
    }
    for (; node >= 0; node = t->site->nodes[node].parent) {
        (void)put_node(t, node, true);
    }
}

/* ---- decided ---- */

static bool concerns(const teller *t, const sg_decision *d)
{
    if (t->target.role == TARGET_SITE) {
        return true;
    }
    if (t->target.role == TARGET_NODE) {
        return d->node >= t->target.first && d->node < t->target.first + t->target.count;
    }
    if (t->target.role == TARGET_TASK) {
        return d->role == SG_ROLE_COUNT &&
               strncmp(d->task_id, t->target.task->request.task_id, SG_ID_MAX) == 0;
    }
    if (t->target.role == TARGET_TIE) {
        return d->role == SG_DECISION_TIE && d->index == t->target.first;
    }
    if (d->role != t->target.role || d->index < 0) {
        return false;
    }
    return t->target.role == SG_GRID ||
           t->site->devices[d->role][d->index].group == t->target.group;
}

static void decided(teller *t)
{
    for (int i = 0; i < t->view->decision_count && i < SG_DECISION_MAX; i++) {
        const sg_decision *d = &t->view->decision[i];
        char name[SG_ID_MAX] = "", time[SG_TIME_TEXT];
        if (!concerns(t, d)) {
            continue;
        }
        if (d->role == SG_DECISION_TIE) {
            sg_site_tie_name(t->site, d->index, name);
        } else if (d->role >= 0 && d->role < SG_ROLE_COUNT) {
            sg_site_device_name(t->site, (sg_role)d->role, d->index, name);
        } else {
            snprintf(name, sizeof name, "%.*s", SG_ID_MAX - 1, d->task_id);
        }
        sg_time_format(d->time_us, time);
        put(t, SG_MOMENT_DECIDED, name, kw(d->to_w), sg_reason_name((sg_reason)d->reason),
            "%s %s from %.4g to %.4g kW: %s", time, name, kw(d->from_w), kw(d->to_w),
            sg_reason_text((sg_reason)d->reason));
    }
}

/* ---- the target ---- */

static bool find_member(const char *id, int32_t count, const char *name, int32_t *ret_member)
{
    size_t length = strlen(id);
    char *end;
    if (strcmp(id, name) == 0) {
        *ret_member = -1;
        return true;
    }
    if (strncmp(id, name, length) != 0 || name[length] != '-') {
        return false;
    }
    long member = strtol(name + length + 1, &end, 10);
    *ret_member = (int32_t)(member - 1);
    return *end == '\0' && end != name + length + 1 && member >= 1 && member <= count;
}

static bool find_tie(const sg_site *site, const char *name, target *ret)
{
    char id[SG_ID_MAX];
    for (int32_t i = 0; i < site->tie_count; i++) {
        sg_site_tie_name(site, i, id);
        if (strcmp(id, name) == 0) {
            *ret = (target){TARGET_TIE, i, 1, -1, NULL};
            return true;
        }
    }
    return false;
}

static bool find_target(const sg_moment_source *source, const char *name, target *ret)
{
    const sg_site *site = source->site;
    int32_t member;
    *ret = (target){.role = TARGET_SITE, .group = -1};
    if (!name || !name[0]) {
        return true;
    }
    for (int32_t g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        if (find_member(group->id, group->count, name, &member)) {
            *ret = (target){(int)group->role, group->first + (member < 0 ? 0 : member),
                            member < 0 ? group->count : 1, g, NULL};
            return true;
        }
    }
    for (int32_t g = 0; g < site->node_group_count; g++) {
        const sg_node_group *group = &site->node_groups[g];
        if (find_member(group->id, group->count, name, &member)) {
            *ret = (target){TARGET_NODE, group->first + (member < 0 ? 0 : member),
                            member < 0 ? group->count : 1, -1, NULL};
            return true;
        }
    }
    const sg_task *task = sg_engine_task(source->engine, name);
    if (task) {
        *ret = (target){TARGET_TASK, 0, 0, -1, task};
        return true;
    }
    return find_tie(site, name, ret);
}

static sg_status unknown(const sg_site *site, const char *name, char ret_error[SG_MOMENT_ERROR])
{
    const char *names[SG_GROUP_MAX + 64];
    int count = 0;
    for (int32_t g = 0; g < site->group_count; g++) {
        names[count++] = site->groups[g].id;
    }
    for (int32_t g = 0; g < site->node_group_count && g < 64; g++) {
        names[count++] = site->node_groups[g].id;
    }
    const char *near = sg_text_nearest(name, names, count);
    snprintf(ret_error, SG_MOMENT_ERROR,
             "there is no device, group or node '%.60s'%s%s%s; groups are named as in the site "
             "file, members like %s-1",
             name, near ? ", did you mean '" : "", near ? near : "", near ? "'" : "",
             count > 0 ? names[0] : "rack");
    return SG_FORMAT;
}

sg_status sg_moment_tell(const sg_moment_source *source, const char *device, sg_moment *ret,
                         char ret_error[SG_MOMENT_ERROR])
{
    sg_view *view = calloc(1, sizeof *view);
    if (!view) {
        snprintf(ret_error, SG_MOMENT_ERROR, "memory is exhausted");
        return SG_NOMEM;
    }
    teller t = {.source = source,
                .site = source->site,
                .view = view,
                .believed = sg_engine_values(source->engine),
                .points = sg_points_of(source->site),
                .command = sg_engine_command(source->engine),
                .out = ret};
    sg_engine_view(source->engine, view);
    sg_status status = SG_OK;
    if (!find_target(source, device, &t.target)) {
        status = unknown(source->site, device, ret_error);
    } else {
        snprintf(ret->device, sizeof ret->device, "%s", device ? device : "");
        if (t.target.role == TARGET_SITE || t.target.role == SG_GRID ||
            t.target.role == TARGET_NODE) {
            measured_site(&t);
        } else if (t.target.role == TARGET_TASK) {
            measured_site(&t);
        } else if (t.target.role == TARGET_TIE) {
            put_reading(&t, SG_POINT_TIE_POWER, t.target.first, 1e3, "power_kw", "carried", "kW");
        } else if (t.target.count == 1) {
            measured_device(&t);
        } else {
            measured_group(&t);
        }
        predicted(&t);
        planned(&t);
        commanded(&t);
        limited(&t);
        decided(&t);
    }
    free(view);
    return status;
}
