#include "serve/document.h"

#include "site/reason.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const mode_names[] = {"observe", "advise", "control"};
static const char *const policy_names[] = {"static", "rules", "mpc", "perfect"};
static const char *const priority_names[] = {"critical", "high", "normal", "low"};
static const char *const duty_names[] = {"energy", "power", "bridge", "device"};
static const char *const state_names[] = {
#define X(code, name) name,
    SG_TASK_STATE_LIST(X)
#undef X
};

/* names[i], or NULL (JSON null) for a number that no name stands for. */
static const char *name_at(const char *const *names, int count, int i)
{
    return i >= 0 && i < count ? names[i] : NULL;
}
#define NAME_AT(names, i) name_at(names, (int)(sizeof(names) / sizeof *(names)), (i))

static const char *reason_name(int reason)
{
    return reason >= 0 && reason < SG_REASON_COUNT ? sg_reason_name((sg_reason)reason) : NULL;
}

static const char *reason_text(int reason)
{
    return reason >= 0 && reason < SG_REASON_COUNT ? sg_reason_text((sg_reason)reason) : NULL;
}

static const char *quality_name(int quality)
{
    return quality >= SG_GOOD && quality <= SG_NO_DATA ? sg_quality_text((sg_quality)quality)
                                                       : NULL;
}

static void put_kw(sg_out *out, const char *key, double power_w)
{
    sg_json_fixed(out, key, power_w / 1e3, 4);
}

static void put_kwh(sg_out *out, const char *key, double energy_j)
{
    sg_json_fixed(out, key, energy_j / 3.6e6, 4);
}

static void put_time(sg_out *out, const char *key, int64_t time_us)
{
    if (time_us > 0) {
        sg_json_time(out, key, time_us);
    } else {
        sg_json_null(out, key);
    }
}

static void put_site(const sg_site *site, const sg_view *view, sg_out *out)
{
    sg_json_begin(out, "site", '{');
    sg_json_text(out, "id", site->id);
    sg_json_text(out, "title", site->title);
    sg_json_text(out, "currency", site->currency);
    sg_json_text(out, "mode", NAME_AT(mode_names, view->mode));
    sg_json_text(out, "policy", NAME_AT(policy_names, view->policy));
    sg_json_fixed(out, "speed", view->speed, 3);
    sg_json_bool(out, "safe", view->safe != 0);
    sg_json_end(out, '}');
}

static void put_balance(const sg_view *view, sg_out *out)
{
    sg_json_begin(out, "balance", '{');
    put_kw(out, "load_kw", view->load_w);
    put_kw(out, "demand_kw", view->demand_w);
    put_kw(out, "generation_kw", view->generation_w);
    put_kw(out, "available_kw", view->available_w);
    put_kw(out, "import_kw", view->import_w);
    put_kw(out, "export_kw", view->export_w);
    put_kw(out, "charge_kw", view->charge_w);
    put_kw(out, "discharge_kw", view->discharge_w);
    put_kw(out, "losses_kw", view->losses_w);
    put_kw(out, "surplus_kw", view->surplus_w);
    put_kw(out, "unserved_kw", view->unserved_w);
    put_kw(out, "curtailed_kw", view->curtailed_w);
    put_kw(out, "task_kw", view->task_w);
    sg_json_end(out, '}');
    sg_json_begin(out, "price", '{');
    sg_json_fixed(out, "import_per_kwh", view->import_price * 3.6e6, 6);
    sg_json_fixed(out, "export_per_kwh", view->export_price * 3.6e6, 6);
    sg_json_fixed(out, "carbon_g_per_kwh", view->carbon_kg_per_j * 3.6e9, 2);
    sg_json_end(out, '}');
}

static void put_grid(const sg_site *site, const sg_view *view, sg_out *out)
{
    sg_json_begin(out, "grid", '{');
    sg_json_bool(out, "present", site->device_count[SG_GRID] > 0);
    sg_json_bool(out, "up", view->grid_up != 0);
    put_kw(out, "import_kw_max", view->import_w_max);
    put_kw(out, "export_kw_max", view->export_w_max);
    put_kw(out, "peak_kw", view->peak_w);
    sg_json_text(out, "state", reason_name((int)sg_ride_reason(view->ride)));
    sg_json_text(out, "text", reason_text((int)sg_ride_reason(view->ride)));
    sg_json_fixed(out, "state_s", view->ride_s, 1);
    sg_json_fixed(out, "hold_up_s", view->hold_s, 1);
    sg_json_integer(out, "classes_held_back", view->shed_classes);
    sg_json_end(out, '}');
}

static void put_score(const sg_score *score, const char *key, sg_out *out)
{
    sg_json_begin(out, key, '{');
    sg_json_fixed(out, "score", score->total, 6);
    sg_json_fixed(out, "correlation", score->correlation, 6);
    sg_json_fixed(out, "delay", score->delay, 6);
    sg_json_fixed(out, "precision", score->precision, 6);
    sg_json_integer(out, "windows", score->windows);
    sg_json_end(out, '}');
}

/* null where nothing was agreed. */
static void put_services(const sg_view *view, sg_out *out)
{
    const sg_view_services *s = &view->services;
    if (!s->any) {
        sg_json_text(out, "services", NULL);
        return;
    }
    sg_json_begin(out, "services", '{');
    put_kw(out, "capability_kw", s->capability_w);
    sg_json_fixed(out, "signal", s->signal, 4);
    sg_json_bool(out, "tracking", s->tracking != 0);
    put_kw(out, "signal_kw", s->signal_w);
    put_kw(out, "droop_kw", s->droop_w);
    put_kw(out, "contract_kw", s->contract_w);
    put_kw(out, "recentre_kw", s->recentre_w);
    put_score(&s->hour, "hour", out);
    put_score(&s->total, "total", out);
    sg_json_end(out, '}');
}

/* What the grid's state means, and "8 min 20 s left at this load" where that counts. */
static void put_grid_text(const sg_decision *decision, sg_out *out)
{
    char text[200];
    const char *words = reason_text(decision->reason);
    bool counts = decision->reason == SG_REASON_BRIDGING ||
                  decision->reason == SG_REASON_SHUTTING_DOWN ||
                  decision->reason == SG_REASON_BLACK_START;
    if (counts && decision->hold_s < 86400) {
        int seconds = (int)decision->hold_s;
        snprintf(text, sizeof text, "%s; %d min %d s left at this load", words, seconds / 60,
                 seconds % 60);
        words = text;
    }
    sg_json_text(out, "text", words);
}

static void put_group_head(const sg_group *group, const char *type, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "id", group->id);
    if (type) {
        sg_json_text(out, "type", type);
    }
    sg_json_text(out, "title", group->kind->title);
    sg_json_integer(out, "count", group->count);
}

static void put_source(const sg_group *group, const sg_view_group *now, sg_out *out)
{
    put_group_head(group, group->kind->name, out);
    put_kw(out, "power_kw", now->power_w);
    put_kw(out, "available_kw", now->available_w);
    put_kw(out, "limit_kw", now->setpoint_w);
    sg_json_text(out, "quality", quality_name(now->quality));
    sg_json_text(out, "reason", reason_name(now->reason));
    sg_json_bool(out, "hypothetical", group->kind->hypothetical);
    sg_json_end(out, '}');
}

static void put_store(const sg_site *site, const sg_group *group, const sg_view_group *now,
                      sg_out *out)
{
    const sg_device *first = &site->devices[SG_STORE][group->first];
    put_group_head(group, group->kind->name, out);
    put_kw(out, "power_kw", now->power_w);
    put_kw(out, "setpoint_kw", now->setpoint_w);
    put_kwh(out, "energy_kwh", now->energy_j);
    put_kwh(out, "capacity_kwh", now->capacity_j);
    sg_json_fixed(out, "soc_frac",
                  now->capacity_j > 0 ? now->energy_j / now->capacity_j : (double)NAN, 5);
    sg_json_fixed(out, "floor_frac",
                  now->capacity_j > 0 ? now->floor_j / now->capacity_j : (double)NAN, 5);
    put_kw(out, "charge_kw_max", now->charge_w_max);
    put_kw(out, "discharge_kw_max", now->discharge_w_max);
    sg_json_text(out, "duty",
                 NAME_AT(duty_names, (int)sg_device_role_param(site, first, SG_STORE_DUTY)));
    sg_json_text(out, "quality", quality_name(now->quality));
    sg_json_text(out, "reason", reason_name(now->reason));
    sg_json_bool(out, "hypothetical", group->kind->hypothetical);
    sg_json_end(out, '}');
}

static void put_load(const sg_group *group, const sg_view_group *now, sg_out *out)
{
    put_group_head(group, NULL, out);
    sg_json_integer(out, "class", now->load_class);
    put_kw(out, "demand_kw", now->demand_w);
    put_kw(out, "power_kw", now->power_w);
    put_kw(out, "cap_kw", now->setpoint_w);
    sg_json_integer(out, "shed_count", now->shed_count);
    sg_json_text(out, "quality", quality_name(now->quality));
    sg_json_text(out, "reason", reason_name(now->reason));
    sg_json_end(out, '}');
}

static void put_groups(const sg_site *site, const sg_view *view, sg_out *out)
{
    static const char *const names[] = {"sources", "stores", "loads"};
    for (int role = SG_SOURCE; role <= SG_LOAD; role++) {
        sg_json_begin(out, names[role], '[');
        for (int i = 0; i < site->group_count && i < view->group_count; i++) {
            const sg_group *group = &site->groups[i];
            if ((int)group->role != role || group->count < 1) {
                continue;
            }
            if (role == SG_SOURCE) {
                put_source(group, &view->group[i], out);
            } else if (role == SG_STORE) {
                put_store(site, group, &view->group[i], out);
            } else {
                put_load(group, &view->group[i], out);
            }
        }
        sg_json_end(out, ']');
    }
}

static void put_nodes(const sg_site *site, const sg_view *view, sg_out *out)
{
    char name[SG_ID_MAX];
    sg_json_begin(out, "nodes", '[');
    for (int i = 0; i < view->node_count && i < SG_VIEW_NODE_MAX && i < site->node_count; i++) {
        sg_json_begin(out, NULL, '{');
        sg_site_node_name(site, i, name);
        sg_json_text(out, "id", name);
        if (site->nodes[i].parent >= 0) {
            sg_site_node_name(site, site->nodes[i].parent, name);
            sg_json_text(out, "parent", name);
        } else {
            sg_json_null(out, "parent");
        }
        put_kw(out, "power_kw", view->node_w[i]);
        put_kw(out, "limit_kw", view->node_limit_w[i]);
        if (view->nowcast.ahead_s > 0) {
            put_kw(out, "expected_kw", view->nowcast.told_w[i]);
            put_kw(out, "expected_high_kw", view->nowcast.high_w[i]);
            sg_json_bool(out, "may_pass", view->nowcast.may_pass[i]);
        }
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

void sg_document_task(const sg_task *task, const char *key, sg_out *out)
{
    const sg_request *request = &task->request;
    bool ends = task->granted_us > 0 && request->duration_s > 0;
    int64_t until_us = ends ? task->granted_us + (int64_t)(request->duration_s * 1e6) : 0;
    sg_json_begin(out, key, '{');
    sg_json_text(out, "task_id", request->task_id);
    sg_json_text(out, "state", NAME_AT(state_names, task->state));
    sg_json_text(out, "priority", NAME_AT(priority_names, request->priority));
    put_kw(out, "power_kw", request->power_w);
    sg_json_text(out, "reason", reason_name(task->reason));
    sg_json_text(out, "reason_text", reason_text(task->reason));
    put_kw(out, "firm_kw", task->firm_w);
    sg_json_fixed(out, "duration_s", request->duration_s > 0 ? request->duration_s : (double)NAN,
                  3);
    put_time(out, "deadline", request->deadline_us);
    put_time(out, "received", task->received_us);
    put_time(out, "granted", task->granted_us);
    put_time(out, "ended", task->ended_us);
    put_time(out, "until", task->ended_us ? task->ended_us : until_us);
    sg_json_end(out, '}');
}

/* Who gives to whom over a tie, or did, and why. */
static void put_tie_text(const sg_site *site, const sg_decision *decision, sg_out *out)
{
    const sg_tie *tie = &site->ties[decision->index];
    double w = decision->to_w != 0 ? decision->to_w : decision->from_w;
    char gives[SG_ID_MAX], gets[SG_ID_MAX], text[2 * SG_ID_MAX + 128];
    sg_site_node_name(site, w < 0 ? tie->to : tie->from, gives);
    sg_site_node_name(site, w < 0 ? tie->from : tie->to, gets);
    snprintf(text, sizeof text, "%s %s %s: %s", gives, decision->to_w != 0 ? "gives to" : "gave to",
             gets, reason_text(decision->reason));
    sg_json_text(out, "text", text);
    sg_json_text(out, "gives", gives);
    sg_json_text(out, "gets", gets);
}

static void put_ties(const sg_site *site, const sg_view *view, sg_out *out)
{
    char name[SG_ID_MAX];
    sg_json_begin(out, "ties", '[');
    for (int t = 0; t < view->tie_count && t < SG_VIEW_TIE_MAX && t < site->tie_count; t++) {
        const struct sg_view_tie *now = &view->tie[t];
        sg_json_begin(out, NULL, '{');
        sg_site_tie_name(site, t, name);
        sg_json_text(out, "id", name);
        sg_site_node_name(site, site->ties[t].from, name);
        sg_json_text(out, "from", name);
        sg_site_node_name(site, site->ties[t].to, name);
        sg_json_text(out, "to", name);
        put_kw(out, "power_kw", now->power_w);
        put_kw(out, "setpoint_kw", now->setpoint_w);
        put_kw(out, "limit_kw", now->limit_w);
        if (now->node >= 0 && now->node < site->node_count) {
            sg_site_node_name(site, now->node, name);
            sg_json_text(out, "for", name);
        }
        sg_json_text(out, "quality", quality_name(now->quality));
        sg_json_text(out, "reason", reason_name(now->reason));
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void put_decisions(const sg_site *site, const sg_view *view, sg_out *out)
{
    sg_json_begin(out, "decisions", '[');
    for (int i = 0; i < view->decision_count && i < SG_DECISION_MAX; i++) {
        const sg_decision *decision = &view->decision[i];
        char name[SG_ID_MAX] = "";
        if (decision->role == SG_DECISION_TIE && decision->index < site->tie_count) {
            sg_site_tie_name(site, decision->index, name);
        } else if (decision->role >= 0 && decision->role < SG_ROLE_COUNT) {
            sg_site_device_name(site, (sg_role)decision->role, decision->index, name);
        } else {
            sg_text_copy(name, sizeof name, decision->task_id);
        }
        sg_json_begin(out, NULL, '{');
        sg_json_time(out, "time", decision->time_us);
        sg_json_text(out, "device", name);
        sg_json_text(out, "reason", reason_name(decision->reason));
        if (decision->role == SG_DECISION_TIE && decision->index < site->tie_count) {
            put_tie_text(site, decision, out);
        } else if (decision->role == SG_GRID) {
            put_grid_text(decision, out);
            sg_json_fixed(out, "hold_up_s", decision->hold_s, 1);
        } else {
            sg_json_text(out, "text", reason_text(decision->reason));
        }
        if (decision->node >= 0 && decision->node < site->node_count &&
            (decision->role == SG_STORE || decision->role == SG_DECISION_TIE)) {
            sg_site_node_name(site, decision->node, name);
            sg_json_text(out, "for", name);
        }
        if (decision->role == SG_ROLE_COUNT) {
            sg_json_text(out, "state", NAME_AT(state_names, decision->state));
        }
        put_kw(out, "from_kw", decision->from_w);
        put_kw(out, "to_kw", decision->to_w);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void put_plan(const sg_view *view, sg_out *out)
{
    bool known = view->plan_outcome >= SG_SOLVED && view->plan_outcome <= SG_NUMERIC;
    sg_json_begin(out, "plan", '{');
    bool on_rung = view->rung >= 0 && view->rung < SG_RUNG_COUNT;
    sg_json_text(out, "rung", on_rung ? sg_rung_name((sg_rung)view->rung) : NULL);
    sg_json_text(out, "text", on_rung ? sg_rung_text((sg_rung)view->rung) : NULL);
    sg_json_text(out, "outcome", known ? sg_outcome_text((sg_outcome)view->plan_outcome) : NULL);
    bool caused = known && view->plan_cause >= 0 && view->plan_cause < SG_PLAN_CAUSE_COUNT;
    sg_json_text(out, "cause", caused ? sg_plan_cause_name((sg_plan_cause)view->plan_cause) : NULL);
    sg_json_text(out, "cause_text",
                 caused ? sg_plan_cause_text((sg_plan_cause)view->plan_cause) : NULL);
    sg_json_fixed(out, "age_s", known ? view->plan_age_s : (double)NAN, 1);
    sg_json_integer(out, "steps", view->plan_steps);
    sg_json_integer(out, "softened", view->plan_softened);
    sg_json_fixed(out, "fresh_s_max", view->plan_fresh_s_max, 1);
    sg_json_fixed(out, "last_s_max", view->plan_last_s_max, 1);
    sg_json_integer(out, "taken", view->plans_taken);
    sg_json_integer(out, "refused", view->plans_refused);
    sg_json_end(out, '}');
}

void sg_document_settlement(const sg_settlement *interval, const char *key, sg_out *out)
{
    sg_json_begin(out, key, '{');
    put_time(out, "start", interval->start_us);
    put_time(out, "end", interval->end_us);
    put_kwh(out, "import_kwh", (double)interval->import_j);
    put_kwh(out, "export_kwh", (double)interval->export_j);
    put_kwh(out, "load_kwh", (double)interval->load_j);
    put_kwh(out, "generation_kwh", (double)interval->generation_j);
    put_kwh(out, "charge_kwh", (double)interval->charge_j);
    put_kwh(out, "discharge_kwh", (double)interval->discharge_j);
    put_kwh(out, "losses_kwh", (double)interval->losses_j);
    put_kwh(out, "unserved_kwh", (double)interval->unserved_j);
    put_kwh(out, "curtailed_kwh", (double)interval->curtailed_j);
    sg_json_fixed(out, "cost", (double)interval->cost_u / 1e6, 6);
    sg_json_fixed(out, "revenue", (double)interval->revenue_u / 1e6, 6);
    sg_json_fixed(out, "wear_cost", (double)interval->wear_u / 1e6, 6);
    sg_json_fixed(out, "fuel_cost", (double)interval->fuel_u / 1e6, 6);
    sg_json_fixed(out, "demand_cost", (double)interval->demand_u / 1e6, 6);
    sg_json_fixed(out, "carbon_kg", (double)interval->carbon_mg / 1e6, 6);
    sg_json_fixed(out, "carbon_credit_kg", (double)interval->carbon_credit_mg / 1e6, 6);
    sg_json_integer(out, "suspect_steps", interval->suspect_steps);
    sg_json_integer(out, "steps", interval->steps);
    sg_json_end(out, '}');
}

/* What was bought and sold, with a sum: what it all came to. */
static void put_paid(const sg_settlement *paid, const char *key, sg_out *out)
{
    int64_t net_u = paid->cost_u - paid->revenue_u + paid->wear_u + paid->fuel_u + paid->demand_u;
    sg_json_begin(out, key, '{');
    put_kwh(out, "import_kwh", (double)paid->import_j);
    put_kwh(out, "export_kwh", (double)paid->export_j);
    sg_json_fixed(out, "cost", (double)paid->cost_u / 1e6, 6);
    sg_json_fixed(out, "revenue", (double)paid->revenue_u / 1e6, 6);
    sg_json_fixed(out, "wear_cost", (double)paid->wear_u / 1e6, 6);
    sg_json_fixed(out, "fuel_cost", (double)paid->fuel_u / 1e6, 6);
    sg_json_fixed(out, "demand_cost", (double)paid->demand_u / 1e6, 6);
    sg_json_fixed(out, "net_cost", (double)net_u / 1e6, 6);
    sg_json_fixed(out, "carbon_kg", (double)(paid->carbon_mg - paid->carbon_credit_mg) / 1e6, 6);
    sg_json_end(out, '}');
}

/* null on a site without a grid, and before the first step. */
static void put_compared(const sg_view *view, sg_out *out)
{
    const struct sg_view_compared *c = &view->compared;
    if (!c->any) {
        sg_json_null(out, "baseline");
        return;
    }
    sg_json_begin(out, "baseline", '{');
    sg_json_text(out, "text", "loads and sources as they were, every store at rest");
    sg_json_time(out, "since", c->since_us);
    sg_json_fixed(out, "left_out_s", c->left_out_s, 1);
    put_kwh(out, "stored_kwh", c->stored_j);
    put_paid(&c->real, "site", out);
    put_paid(&c->at_rest, "at_rest", out);
    sg_json_end(out, '}');
}

static const char *const reading_names[] = {"available", "power", "energy", "power",
                                            "demand",    "power", "power",  "site"};
static const sg_role reading_roles[] = {SG_SOURCE, SG_SOURCE, SG_STORE, SG_STORE, SG_LOAD, SG_LOAD};

static void reading_name(const sg_site *site, int32_t kind, int32_t index, char name[SG_ID_MAX])
{
    if (kind == SG_POINT_NODE_POWER) {
        sg_site_node_name(site, index, name);
    } else {
        sg_site_device_name(site, reading_roles[kind], index, name);
    }
}

static void put_unusual(const sg_site *site, const sg_view *view, sg_out *out)
{
    char name[SG_ID_MAX];
    sg_json_integer(out, "usual_judged", view->usual_judged);
    sg_json_integer(out, "unusual_count", view->unusual_count);
    sg_json_begin(out, "unusual", '[');
    for (int i = 0; i < view->unusual_count && i < SG_VIEW_UNUSUAL_MAX; i++) {
        const sg_view_unusual *odd = &view->unusual[i];
        reading_name(site, odd->kind, odd->index, name);
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "id", name);
        sg_json_text(out, "reading", NAME_AT(reading_names, odd->kind));
        put_kw(out, "power_kw", odd->value_w);
        put_kw(out, "usual_kw", odd->usual_w);
        sg_json_fixed(out, "times", odd->times, 2);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void put_doubts(const sg_site *site, const sg_view *view, sg_out *out)
{
    char name[SG_ID_MAX];
    sg_json_integer(out, "disbelieved", view->disbelieved);
    sg_json_begin(out, "doubts", '[');
    for (int i = 0; i < view->doubt_count && i < SG_VIEW_DOUBT_MAX; i++) {
        const sg_view_doubt *doubt = &view->doubt[i];
        if (doubt->kind < 0 || doubt->kind > SG_POINT_NODE_POWER || doubt->verdict < 0 ||
            doubt->verdict >= SG_VERDICT_COUNT) {
            continue;
        }
        reading_name(site, doubt->kind, doubt->index, name);
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "id", name);
        sg_json_text(out, "reading", NAME_AT(reading_names, doubt->kind));
        sg_json_text(out, "text", sg_verdict_text((sg_verdict)doubt->verdict));
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void put_health(const sg_site *site, const sg_view *view, sg_out *out)
{
    sg_json_begin(out, "health", '{');
    sg_json_begin(out, "quality", '{');
    for (int i = SG_GOOD; i <= SG_NO_DATA; i++) {
        sg_json_integer(out, sg_quality_text((sg_quality)i), view->quality_count[i]);
    }
    sg_json_end(out, '}');
    put_doubts(site, view, out);
    put_unusual(site, view, out);
    sg_json_fixed(out, "step_us_p50", view->step_us_p50, 1);
    sg_json_fixed(out, "step_us_p99", view->step_us_p99, 1);
    sg_json_integer(out, "late_steps", (int64_t)view->late_steps);
    sg_json_text(out, "journal", view->journal_degraded ? "degraded" : "ok");
    sg_json_fixed(out, "journal_mb", (double)view->journal_bytes / 1e6, 3);
    sg_json_integer(out, "dropped_rows", (int64_t)view->dropped_rows);
    sg_json_end(out, '}');
}

void sg_document_telemetry(const sg_site *site, const sg_view *view, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.telemetry/1");
    sg_json_time(out, "time", view->time_us);
    sg_json_integer(out, "tick", (int64_t)view->tick);
    put_site(site, view, out);
    put_balance(view, out);
    put_grid(site, view, out);
    put_services(view, out);
    put_groups(site, view, out);
    put_nodes(site, view, out);
    put_ties(site, view, out);
    sg_json_begin(out, "tasks", '[');
    for (int i = 0; i < view->task_count && i < SG_TASK_MAX; i++) {
        sg_document_task(&view->task[i], NULL, out);
    }
    sg_json_end(out, ']');
    put_decisions(site, view, out);
    put_plan(view, out);
    sg_document_forecast(view, out);
    sg_json_begin(out, "settlement", '{');
    sg_document_settlement(&view->running, "running", out);
    sg_document_settlement(&view->settled, "last", out);
    sg_document_settlement(&view->total, "total", out);
    sg_json_integer(out, "intervals", (int64_t)view->settled_count);
    sg_json_end(out, '}');
    put_compared(view, out);
    put_health(site, view, out);
    sg_document_alarm_summary(&view->alarms, "alarms", out);
    sg_json_end(out, '}');
}
