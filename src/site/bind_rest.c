/* What refers to devices: faults; and what stands by itself: workflows. */
#include "site/bind.h"

#include "base/check.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

static const char *const fault_keys[] = {"at",       "kind",     "target", "member",
                                         "severity", "duration", "every"};
static const char *const workflow_keys[] = {"task_id", "priority", "energy_budget", "power",
                                            "duration"};

#define X(code, name, severity, most, text) "|" name
static const char fault_kinds[] = SG_FAULT_LIST(X);
#undef X

static const struct severity {
    sg_fault_severity use;
    double most;
} severities[] = {
#define X(code, name, severity, most, text) {severity, most},
    SG_FAULT_LIST(X)
#undef X
};

/* ---- faults ---- */

static bool has_packs(const sg_kind *kind)
{
    for (int i = 0; i < kind->param_count; i++) {
        if (strcmp(kind->params[i].name, "packs") == 0) {
            return true;
        }
    }
    return false;
}

static bool fault_target(sg_bind *b, const sg_yaml *body, sg_fault *fault)
{
    const sg_yaml *target = sg_yaml_get(body, "target"), *member = sg_yaml_get(body, "member");
    fault->group = fault->member = -1;
    if (sg_fault_of_site(fault->kind)) {
        if (target || member) {
            sg_diagnose(b->diagnostics, SG_NOTE, sg_bind_place(b, target ? target : member), NULL,
                        "this kind always takes the whole site: target and member are not used");
        }
        return true;
    }
    if (!target) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, body), NULL,
                    "expected `target`, the id of a source, store or load");
        return false;
    }
    if (!sg_bind_device_ref(b, target, &fault->group, &fault->member)) {
        return false;
    }
    if (fault->kind == SG_FAULT_PACKS_LOST && fault->group >= 0 &&
        !has_packs(b->site->groups[fault->group].kind)) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, target),
                    "a lithium_ion store has packs",
                    "packs_lost: expected a store with the parameter `packs`");
        return false;
    }
    int64_t number;
    if (!member || fault->group < 0) {
        return true;
    }
    if (!sg_bind_whole(b, member, "member", 1, b->site->groups[fault->group].count, &number)) {
        return false;
    }
    fault->member = (int32_t)number - 1;
    return true;
}

static bool fault_severity(sg_bind *b, const sg_yaml *body, sg_fault *fault)
{
    const sg_yaml *severity = sg_yaml_get(body, "severity");
    const sg_param param = {
        "severity", SG_DIM_FRACTION, 1, 0, severities[fault->kind].most, NULL, "", ""};
    if (!severity && severities[fault->kind].use == SG_FAULT_GRADED) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, body), NULL,
                    "expected `severity`, which this kind of fault needs");
        return false;
    }
    return !severity || sg_bind_scalar(b, severity, &param, &fault->severity);
}

/* Once: `at`, for good or for `duration`. Again and again: `every`, with a `duration` to come back from. */
static bool fault_times(sg_bind *b, const sg_yaml *body, sg_fault *fault)
{
    static const sg_param at_param = {"at", SG_DIM_TIME, 0, 0, 1e10, NULL, "", ""};
    static const sg_param duration_param = {"duration", SG_DIM_TIME, HUGE_VAL, 1e-3,
                                            1e10,       NULL,        "",       ""};
    static const sg_param every_param = {"every", SG_DIM_TIME, 0, 1, 1e10, NULL, "", ""};
    const sg_yaml *at = sg_yaml_get(body, "at"), *duration = sg_yaml_get(body, "duration"),
                  *every = sg_yaml_get(body, "every");
    if ((!at && !every) || (every && !duration)) {
        sg_diagnose(
            b->diagnostics, SG_ERROR, sg_bind_place(b, body), NULL,
            every ? "expected `duration`, the mean time to repair of what fails `every` so often"
                  : "expected `at`, which is missing");
        return false;
    }
    bool good = !at || sg_bind_scalar(b, at, &at_param, &fault->at_s);
    good = (!duration || sg_bind_scalar(b, duration, &duration_param, &fault->duration_s)) && good;
    return (!every || sg_bind_scalar(b, every, &every_param, &fault->every_s)) && good;
}

static bool bind_fault(sg_bind *b, const sg_yaml *body, sg_fault *fault)
{
    if (!sg_bind_map(b, body, "a fault")) {
        return false;
    }
    sg_bind_unknown(b, &(sg_entry){.own = body}, fault_keys, SG_COUNT(fault_keys), "a fault");
    *fault = (sg_fault){.duration_s = HUGE_VAL, .severity = 1};
    const sg_yaml *kind = sg_yaml_get(body, "kind");
    if (!kind) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, body), NULL,
                    "expected `kind`, which is missing");
        return false;
    }
    int index;
    bool good = fault_times(b, body, fault);
    if (!sg_bind_choice(b, kind, "kind", fault_kinds + 1, &index)) {
        return false;
    }
    fault->kind = (sg_fault_kind)index;
    good = fault_severity(b, body, fault) && good;
    return fault_target(b, body, fault) && good;
}

void sg_bind_faults(sg_bind *b)
{
    int count = b->sections[SG_IN_FAULTS].count;
    if (count == 0) {
        return;
    }
    if (count > SG_FAULT_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR,
                    sg_bind_place(b, b->sections[SG_IN_FAULTS].first->key), NULL,
                    "%d faults, more than %d", count, SG_FAULT_MAX);
        return;
    }
    b->site->faults = sg_arena_array(&b->site->arena, (size_t)count, sizeof(sg_fault));
    if (!b->site->faults) {
        sg_bind_nomem(b);
        return;
    }
    for (const sg_item *item = b->sections[SG_IN_FAULTS].first; item; item = item->next) {
        if (bind_fault(b, item->body, &b->site->faults[b->site->fault_count])) {
            b->site->fault_count++;
        }
    }
}

/* ---- workflows ---- */

/* The source writes `energy_budget: 6MW`, a power. An energy is taken too, with the time to spend it in. */
static bool workflow_power(sg_bind *b, const sg_yaml *body, sg_workflow *w)
{
    static const sg_param power_param = {"power", SG_DIM_POWER, 0, 0, 1e12, NULL, "", ""};
    static const sg_param duration_param = {"duration", SG_DIM_TIME, 0, 1e-3, 1e10, NULL, "", ""};
    const sg_yaml *budget = sg_yaml_get(body, "energy_budget"), *power = sg_yaml_get(body, "power");
    const sg_yaml *duration = sg_yaml_get(body, "duration");
    double energy_j = 0;
    if (duration && !sg_bind_scalar(b, duration, &duration_param, &w->duration_s)) {
        return false;
    }
    if (power && !sg_bind_scalar(b, power, &power_param, &w->power_w)) {
        return false;
    }
    if (!budget) {
        if (!power) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, body), NULL,
                        "expected `energy_budget` or `power`, such as 6MW");
        }
        return power != NULL;
    }
    sg_quantity quantity;
    bool is_energy = budget->kind == SG_YAML_SCALAR &&
                     sg_quantity_parse(budget->text, budget->length, &quantity, NULL) == SG_OK &&
                     quantity.dimension == SG_DIM_ENERGY;
    if (!is_energy) {
        sg_param param = power_param;
        param.name = "energy_budget";
        double budget_w;
        if (!sg_bind_scalar(b, budget, &param, &budget_w)) {
            return false;
        }
        w->power_w = power ? w->power_w : budget_w;
        return true;
    }
    energy_j = quantity.value;
    if (energy_j < 0 || (!duration && !(power && w->power_w > 0))) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, budget), NULL,
                    energy_j < 0
                        ? "energy_budget: expected an energy of at least 0"
                        : "energy_budget: with an energy expected `duration` or `power` too");
        return false;
    }
    if (power && w->power_w > 0) {
        w->duration_s =
            duration ? fmin(w->duration_s, energy_j / w->power_w) : energy_j / w->power_w;
    } else {
        w->power_w = energy_j / w->duration_s;
    }
    return true;
}

static bool bind_workflow(sg_bind *b, const sg_item *item, sg_workflow *w)
{
    const sg_yaml *body = item->body;
    if (!sg_bind_map(b, body, "a workflow")) {
        return false;
    }
    if (!item->id[0]) { /* front matter has other keys besides and was looked at already */
        sg_bind_unknown(b, &(sg_entry){.own = body}, workflow_keys, SG_COUNT(workflow_keys),
                        "a workflow");
    }
    *w = (sg_workflow){.task_id = "", .priority = 2};
    const sg_yaml *id = sg_yaml_get(body, "task_id"), *priority = sg_yaml_get(body, "priority");
    const char *text;
    int index = 2;
    if (!id) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, body), NULL,
                    "expected `task_id`, which is missing");
        return false;
    }
    if (!sg_bind_id(b, id, &text) ||
        (priority &&
         !sg_bind_choice(b, priority, "priority", "critical|high|normal|low", &index)) ||
        !workflow_power(b, body, w)) {
        return false;
    }
    const char *copy = sg_arena_text(&b->site->arena, text, strlen(text));
    w->task_id = copy ? copy : "";
    w->priority = index;
    for (int32_t i = 0; i < b->site->workflow_count; i++) {
        if (strcmp(b->site->workflows[i].task_id, w->task_id) == 0) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, id), NULL,
                        "a second workflow '%s'", w->task_id);
            return false;
        }
    }
    return true;
}

void sg_bind_workflows(sg_bind *b)
{
    int count = b->sections[SG_IN_WORKFLOWS].count;
    if (count == 0) {
        return;
    }
    if (count > SG_TASK_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR,
                    sg_bind_place(b, b->sections[SG_IN_WORKFLOWS].first->key), NULL,
                    "%d workflows, more than %d", count, SG_TASK_MAX);
        return;
    }
    b->site->workflows = sg_arena_array(&b->site->arena, (size_t)count, sizeof(sg_workflow));
    if (!b->site->workflows) {
        sg_bind_nomem(b);
        return;
    }
    for (const sg_item *item = b->sections[SG_IN_WORKFLOWS].first; item; item = item->next) {
        if (bind_workflow(b, item, &b->site->workflows[b->site->workflow_count])) {
            b->site->workflow_count++;
        }
    }
}
