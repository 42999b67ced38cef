#include "site/difference.h"

#include "base/quantity.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX = 240 };

static const char *const role_names[SG_ROLE_COUNT] = {
    [SG_SOURCE] = "sources", [SG_STORE] = "stores", [SG_LOAD] = "loads", [SG_GRID] = "grid"};

typedef struct lines {
    const sg_site *before, *after;
    sg_out *out;
    int count;
} lines;

static void put(lines *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(lines *to, const char *format, ...)
{
    char text[LINE_MAX];
    va_list list;
    if (to->count++ >= SG_DIFFERENCE_MAX) {
        return;
    }
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    sg_json_text(to->out, NULL, text);
}

/* NaN is what NaN is. */
static bool differ(double a, double b)
{
    return !(a == b || (isnan(a) && isnan(b)));
}

static void value_text(double value, const sg_param *param, char *ret, size_t size)
{
    char number[SG_QUANTITY_TEXT];
    const char *at = param->choices;
    if (at && *at) {
        for (int i = 0; i < (int)value && strchr(at, '|'); i++) {
            at = strchr(at, '|') + 1;
        }
        snprintf(ret, size, "%.*s", (int)strcspn(at, "|"), at);
    } else if (isfinite(value)) {
        sg_quantity_format(value, param->dimension, number);
        snprintf(ret, size, "%s", number);
    } else {
        snprintf(ret, size, "none");
    }
}

static void put_value(lines *to, const char *what, const char *id, const sg_param *param,
                      double before, double after)
{
    char was[64], is[64];
    value_text(before, param, was, sizeof was);
    value_text(after, param, is, sizeof is);
    put(to, "%s %s: %s %s -> %s", what, id, param->name, was, is);
}

/* ---- nodes ---- */

static bool same_node_name(const lines *to, int32_t before, int32_t after)
{
    char was[SG_ID_MAX] = "", is[SG_ID_MAX] = "";
    if (before >= 0) {
        sg_site_node_name(to->before, before, was);
    }
    if (after >= 0) {
        sg_site_node_name(to->after, after, is);
    }
    return strcmp(was, is) == 0;
}

/* Of a pair of nodes all but the limit. */
static bool same_feeder(const lines *to, const sg_node *a, const sg_node *b)
{
    const double was[] = {a->breaker_a, a->voltage_v,    a->cable_m,           a->cable_mm2,
                          a->loss_ohm,  a->hard_limit_w, a->drop_frac,         a->converter_eff,
                          a->trip.dial, a->trip.tau_s,   a->trip.instantaneous};
    const double is[] = {b->breaker_a, b->voltage_v,    b->cable_m,           b->cable_mm2,
                         b->loss_ohm,  b->hard_limit_w, b->drop_frac,         b->converter_eff,
                         b->trip.dial, b->trip.tau_s,   b->trip.instantaneous};
    for (size_t i = 0; i < sizeof was / sizeof was[0]; i++) {
        if (differ(was[i], is[i])) {
            return false;
        }
    }
    return a->curve == b->curve && a->trip.curve == b->trip.curve &&
           same_node_name(to, a->parent, b->parent) && same_node_name(to, a->partner, b->partner);
}

static void compare_nodes(lines *to, const sg_node_group *before, const sg_node_group *after)
{
    static const sg_param limit = {.name = "limit", .dimension = SG_DIM_POWER};
    int32_t members = before->count < after->count ? before->count : after->count;
    bool limit_told = false, rest_told = false;
    if (before->count != after->count) {
        put(to, "nodes %s: %d -> %d", after->id, (int)before->count, (int)after->count);
    }
    for (int32_t i = 0; i < members; i++) {
        const sg_node *a = &to->before->nodes[before->first + i];
        const sg_node *b = &to->after->nodes[after->first + i];
        bool limited = differ(a->limit_w, b->limit_w);
        if (limited && !limit_told) {
            put_value(to, "nodes", after->id, &limit, a->limit_w, b->limit_w);
            limit_told = true;
        } else if (!limited && !rest_told && !same_feeder(to, a, b)) {
            put(to, "nodes %s: breaker, cable, converter or place", after->id);
            rest_told = true;
        }
    }
}

static const sg_node_group *node_group(const sg_site *site, int32_t guess, const char *id)
{
    if (guess < site->node_group_count && strcmp(site->node_groups[guess].id, id) == 0) {
        return &site->node_groups[guess];
    }
    for (int32_t g = 0; g < site->node_group_count; g++) {
        if (strcmp(site->node_groups[g].id, id) == 0) {
            return &site->node_groups[g];
        }
    }
    return NULL;
}

static void compare_node_groups(lines *to)
{
    int32_t was = to->before->node_group_count, is = to->after->node_group_count;
    if (was > SG_DIFFERENCE_NODE_GROUPS_MAX || is > SG_DIFFERENCE_NODE_GROUPS_MAX) {
        if (to->before->node_count != to->after->node_count) {
            put(to, "nodes: %d -> %d", (int)to->before->node_count, (int)to->after->node_count);
        }
        return;
    }
    for (int32_t g = 0; g < is; g++) {
        const sg_node_group *after = &to->after->node_groups[g];
        const sg_node_group *before = node_group(to->before, g, after->id);
        if (before) {
            compare_nodes(to, before, after);
        } else {
            put(to, "nodes %s: added (%d)", after->id, (int)after->count);
        }
    }
    for (int32_t g = 0; g < was; g++) {
        if (!node_group(to->after, g, to->before->node_groups[g].id)) {
            put(to, "nodes %s: removed", to->before->node_groups[g].id);
        }
    }
}

static bool same_ties(const lines *to)
{
    bool same = to->before->tie_count == to->after->tie_count;
    for (int32_t i = 0; same && i < to->after->tie_count; i++) {
        const sg_tie *a = &to->before->ties[i], *b = &to->after->ties[i];
        same = strcmp(a->id, b->id) == 0 && same_node_name(to, a->from, b->from) &&
               same_node_name(to, a->to, b->to) && a->limit_w == b->limit_w &&
               a->loss_ohm == b->loss_ohm && a->voltage_v == b->voltage_v;
    }
    return same;
}

/* ---- devices ---- */

static const char *series_id(const sg_site *site, int32_t series)
{
    return series >= 0 ? site->series[series].id : "";
}

static void compare_param(lines *to, const sg_group *before, const sg_group *after,
                          const sg_param *param, int at)
{
    int32_t members = before->count < after->count ? before->count : after->count;
    bool label = param->choices && !*param->choices;
    for (int32_t i = 0; i < members && !label; i++) {
        double a = to->before->devices[before->role][before->first + i].p[at];
        double b = to->after->devices[after->role][after->first + i].p[at];
        if (differ(a, b)) {
            put_value(to, role_names[after->role], after->id, param, a, b);
            return;
        }
    }
}

static bool same_input(const lines *to, const sg_device *a, const sg_device *b, int input)
{
    return strcmp(series_id(to->before, a->input_series[input]),
                  series_id(to->after, b->input_series[input])) == 0 &&
           !differ(a->input_value[input], b->input_value[input]);
}

static void compare_inputs(lines *to, const sg_group *before, const sg_group *after)
{
    int32_t members = before->count < after->count ? before->count : after->count;
    const sg_device *a = &to->before->devices[before->role][before->first];
    const sg_device *b = &to->after->devices[after->role][after->first];
    for (int input = 0; input < after->kind->input_count; input++) {
        int32_t i = 0;
        while (i < members && same_input(to, &a[i], &b[i], input)) {
            i++;
        }
        if (i < members) {
            put(to, "%s %s: %s", role_names[after->role], after->id,
                after->kind->inputs[input].name);
        }
    }
    for (int32_t i = 0; i < members; i++) {
        if (!same_node_name(to, a[i].node, b[i].node)) {
            put(to, "%s %s: node", role_names[after->role], after->id);
            return;
        }
    }
}

static void compare_devices(lines *to, const sg_group *before, const sg_group *after)
{
    int role_count;
    const sg_param *role = sg_role_params(after->kind->role, &role_count);
    if (before->count != after->count) {
        put(to, "%s %s: %d -> %d", role_names[after->role], after->id, (int)before->count,
            (int)after->count);
    }
    if (before->kind != after->kind) {
        put(to, "%s %s: type %s -> %s", role_names[after->role], after->id, before->kind->name,
            after->kind->name);
        return;
    }
    for (int i = 0; i < after->kind->param_count; i++) {
        compare_param(to, before, after, &after->kind->params[i], i);
    }
    for (int i = 0; i < role_count; i++) {
        compare_param(to, before, after, &role[i], after->kind->param_count + i);
    }
    compare_inputs(to, before, after);
}

static const sg_group *device_group(const sg_site *site, const sg_group *wanted)
{
    for (int32_t g = 0; g < site->group_count; g++) {
        if (site->groups[g].role == wanted->role && strcmp(site->groups[g].id, wanted->id) == 0) {
            return &site->groups[g];
        }
    }
    return NULL;
}

static void compare_groups(lines *to)
{
    for (int32_t g = 0; g < to->after->group_count; g++) {
        const sg_group *after = &to->after->groups[g], *before = device_group(to->before, after);
        if (before) {
            compare_devices(to, before, after);
        } else {
            put(to, "%s %s: added (%d)", role_names[after->role], after->id, (int)after->count);
        }
    }
    for (int32_t g = 0; g < to->before->group_count; g++) {
        const sg_group *before = &to->before->groups[g];
        if (!device_group(to->after, before)) {
            put(to, "%s %s: removed", role_names[before->role], before->id);
        }
    }
}

/* ---- the rest ---- */

static bool same_series(const sg_series *a, const sg_series *b)
{
    return a->start_us == b->start_us && a->step_us == b->step_us && a->count == b->count &&
           a->calendar_year == b->calendar_year && a->repeat == b->repeat &&
           a->linear == b->linear &&
           (a->count == 0 || memcmp(a->value, b->value, (size_t)a->count * sizeof *a->value) == 0);
}

static void compare_series(lines *to)
{
    int32_t was = to->before->series_count, is = to->after->series_count, i = 0;
    while (i < was && i < is && strcmp(to->before->series[i].id, to->after->series[i].id) == 0) {
        i++;
    }
    if (i < was || i < is) {
        put(to, "series: other ones (%d -> %d)", (int)was, (int)is);
        return;
    }
    for (i = 0; i < is; i++) {
        if (!same_series(&to->before->series[i], &to->after->series[i])) {
            put(to, "series %s: other values", to->after->series[i].id);
        }
    }
}

static bool same_faults(const sg_site *before, const sg_site *after)
{
    bool same = before->fault_count == after->fault_count;
    for (int32_t i = 0; same && i < after->fault_count; i++) {
        const sg_fault *a = &before->faults[i], *b = &after->faults[i];
        same = a->kind == b->kind && a->group == b->group && a->member == b->member &&
               a->at_s == b->at_s && a->duration_s == b->duration_s && a->severity == b->severity &&
               a->every_s == b->every_s;
    }
    return same;
}

static bool same_workflows(const sg_site *before, const sg_site *after)
{
    bool same = before->workflow_count == after->workflow_count;
    for (int32_t i = 0; same && i < after->workflow_count; i++) {
        const sg_workflow *a = &before->workflows[i], *b = &after->workflows[i];
        same = strcmp(a->task_id, b->task_id) == 0 && a->priority == b->priority &&
               a->power_w == b->power_w && a->duration_s == b->duration_s;
    }
    return same;
}

static bool same_schedules(const sg_site *before, const sg_site *after)
{
    return before->schedule_count == after->schedule_count &&
           (after->schedule_count == 0 ||
            memcmp(before->schedules, after->schedules,
                   sizeof *after->schedules * (size_t)after->schedule_count) == 0);
}

static void compare_alarms(lines *to)
{
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        sg_alarm_rule was = sg_alarm_rule_of(to->before->alarms, i);
        sg_alarm_rule is = sg_alarm_rule_of(to->after->alarms, i);
        if (!sg_alarm_rule_same(&was, &is)) {
            char text[180];
            sg_alarm_rule_sentence(&is, i, text, sizeof text);
            put(to, "alarms %s: %s", sg_alarm_kind_name(i), text);
        }
    }
}

static void compare_front(lines *to)
{
    static const char *const modes[] = {
        [SG_OBSERVE] = "observe", [SG_ADVISE] = "advise", [SG_CONTROL] = "control"};
    const sg_site *a = to->before, *b = to->after;
    if (a->mode != b->mode) {
        put(to, "mode: %s -> %s", modes[a->mode], modes[b->mode]);
    }
    if (strcmp(a->title, b->title) != 0) {
        put(to, "title: %.60s -> %.60s", a->title, b->title);
    }
    if (a->zone_offset_s != b->zone_offset_s) {
        put(to, "timezone");
    }
    if (a->seed != b->seed) {
        put(to, "seed: %llu -> %llu", (unsigned long long)a->seed, (unsigned long long)b->seed);
    }
}

static void compare_blocks(lines *to)
{
    const sg_site *a = to->before, *b = to->after;
    const struct {
        const char *what;
        bool same;
    } blocks[] = {
        {"ties", same_ties(to)},
        {"schedules", same_schedules(a, b)},
        {"faults", same_faults(a, b)},
        {"workflows", same_workflows(a, b)},
        {"planning", memcmp(&a->planning, &b->planning, sizeof a->planning) == 0},
        {"regulation, droop or contract",
         memcmp(&a->services, &b->services, sizeof a->services) == 0},
    };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (!blocks[i].same) {
            put(to, "%s", blocks[i].what);
        }
    }
}

int sg_site_difference(const sg_site *before, const sg_site *after, sg_out *out)
{
    lines to = {.before = before, .after = after, .out = out};
    compare_front(&to);
    compare_node_groups(&to);
    compare_groups(&to);
    compare_blocks(&to);
    compare_alarms(&to);
    compare_series(&to);
    if (to.count == 0 && before->hash != after->hash) {
        put(&to, "order or details");
    }
    if (to.count > SG_DIFFERENCE_MAX) {
        char text[32];
        snprintf(text, sizeof text, "and %d more", to.count - SG_DIFFERENCE_MAX);
        sg_json_text(out, NULL, text);
    }
    return to.count;
}
