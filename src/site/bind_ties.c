/* Ties: cables between nodes beside the tree. */
#include "site/bind.h"

#include "base/check.h"

#include <math.h>
#include <string.h>

enum { LIMIT, RESISTANCE, VOLTAGE, FIELD_COUNT };

static const sg_param fields[FIELD_COUNT] = {
    [LIMIT] = {"limit", SG_DIM_POWER, NAN, 1, 1e12, NULL, "most that may flow, either way", ""},
    [RESISTANCE] = {"resistance", SG_DIM_RESISTANCE, 0, 0, 1e3, NULL,
                    "its loss is this x (power / voltage)^2", ""},
    [VOLTAGE] = {"voltage", SG_DIM_VOLTAGE, 0, 1, 1e6, NULL, "nominal, line to line", ""},
};

static const char *const keys[] = {"from", "to", "limit", "resistance", "voltage", "template"};

typedef struct plan {
    const sg_item *item;
    sg_entry entry;
    sg_span from, to;
    sg_values values[FIELD_COUNT];
} plan;

static bool read_end(sg_bind *b, const plan *p, const char *key, sg_span *ret)
{
    const sg_yaml *at = sg_entry_get(&p->entry, key);
    if (!at) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "expected `%s`, a node", key);
        return false;
    }
    return sg_bind_node_ref(b, at, ret);
}

/* Member by member; the smaller end is dealt out in turn. */
static bool check_ends(sg_bind *b, const plan *p)
{
    bool good = p->from.count % p->to.count == 0 || p->to.count % p->from.count == 0;
    int32_t count = p->from.count > p->to.count ? p->from.count : p->to.count;
    for (int32_t i = 0; good && i < count; i++) {
        good = p->from.first + i % p->from.count != p->to.first + i % p->to.count;
    }
    if (!good) {
        sg_diagnose(
            b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
            "expected a tie between different nodes, as many on one side as on the other or "
            "a multiple");
    }
    return good;
}

static bool check_voltage(sg_bind *b, const plan *p)
{
    bool resists = sg_entry_get(&p->entry, "resistance"),
         voltage = sg_entry_get(&p->entry, "voltage");
    if (resists && !voltage) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), "add `voltage: 400V`",
                    "expected `voltage` beside `resistance`: the losses depend on it");
    }
    return !resists || voltage;
}

/* Half of what is put in would be lost where loss_ohm P / V^2 is one half; beyond that less arrives for more. */
static bool check_loss(sg_bind *b, const plan *p, const sg_tie *tie)
{
    double lost_frac =
        tie->loss_ohm > 0 ? tie->loss_ohm * tie->limit_w / (tie->voltage_v * tie->voltage_v) : 0;
    if (lost_frac > 0.25) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "at its limit %.0f %% would be lost on the way: expected 25 %% at most",
                    100 * lost_frac);
    }
    return lost_frac <= 0.25;
}

static bool read_plan(sg_bind *b, const sg_item *item, plan *ret)
{
    *ret = (plan){.item = item, .entry = {.own = item->body}};
    if (!sg_bind_map(b, item->body, item->id) || !sg_bind_entry(b, item, &ret->entry)) {
        return false;
    }
    sg_bind_unknown(b, &ret->entry, keys, SG_COUNT(keys), "a tie");
    bool good = read_end(b, ret, "from", &ret->from);
    good = read_end(b, ret, "to", &ret->to) && good;
    good = good && b->nodes_good && check_ends(b, ret);
    good = check_voltage(b, ret) && good;
    int32_t members = ret->from.count > ret->to.count ? ret->from.count : ret->to.count;
    for (int f = 0; f < FIELD_COUNT; f++) {
        good =
            sg_bind_param(b, &ret->entry, &fields[f], item->key, members, &ret->values[f]) && good;
    }
    return good;
}

static bool id_is_free(sg_bind *b, const sg_item *item)
{
    int32_t found;
    bool taken = sg_names_find(&b->ids, item->id, &found);
    for (const sg_item *other = b->sections[SG_IN_TIES].first; other != item; other = other->next) {
        taken = taken || strcmp(other->id, item->id) == 0;
    }
    if (taken) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, item->key), NULL,
                    "the id '%s' is taken already", item->id);
    }
    return !taken;
}

static bool fill(sg_bind *b, const plan *p)
{
    sg_site *site = b->site;
    int32_t count = p->from.count > p->to.count ? p->from.count : p->to.count;
    if (site->tie_count + count > SG_TIE_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "more than %d ties up to here", SG_TIE_MAX);
        return false;
    }
    const char *id = sg_arena_text(&site->arena, p->item->id, strlen(p->item->id));
    bool good = true;
    for (int32_t i = 0; i < count && good; i++) {
        sg_tie tie = {.id = id ? id : "",
                      .member = i,
                      .count = count,
                      .from = p->from.first + i % p->from.count,
                      .to = p->to.first + i % p->to.count,
                      .limit_w = p->values[LIMIT].v[i % p->values[LIMIT].count],
                      .loss_ohm = p->values[RESISTANCE].v[i % p->values[RESISTANCE].count],
                      .voltage_v = p->values[VOLTAGE].v[i % p->values[VOLTAGE].count]};
        good = check_loss(b, p, &tie);
        site->ties[site->tie_count++] = tie;
    }
    return good;
}

void sg_bind_ties(sg_bind *b)
{
    if (b->sections[SG_IN_TIES].count == 0) {
        return;
    }
    b->site->ties = sg_arena_array(&b->site->arena, SG_TIE_MAX, sizeof *b->site->ties);
    if (!b->site->ties) {
        sg_bind_nomem(b);
        return;
    }
    bool good = true;
    for (const sg_item *item = b->sections[SG_IN_TIES].first; item && good; item = item->next) {
        plan p;
        good = id_is_free(b, item) && read_plan(b, item, &p) && fill(b, &p);
    }
    if (good && b->site->node_count > SG_TIE_NODE_MAX) {
        sg_diagnose(b->diagnostics, SG_WARNING,
                    sg_bind_place(b, b->sections[SG_IN_TIES].first->key), NULL,
                    "ties carry nothing in a site of more than %d nodes", SG_TIE_NODE_MAX);
    }
}
