/* Nodes: the power tree, its limits and its losses.
 *
 * Source   resistivity at 20 degC 17.241 (annealed copper, IEC 60028) and 28.264 (aluminium, IEC 60889) ohm mm2/km;
 *          copper rises by 0.393 % a kelvin, so x 1.1965 at 70 degC, the limit of PVC insulation; aluminium
 *          (0.403 %, x 1.2015) is given copper's factor, 0.4 % below its own.
 *          80 % of a breaker's rating for continuous load: NEC 210.20. */
#include "site/bind.h"

#include "base/check.h"

#include <math.h>
#include <string.h>

enum {
    LIMIT,
    BREAKER,
    VOLTAGE,
    CABLE_LENGTH,
    CABLE_SECTION,
    CONDUCTOR,
    PHASES,
    EFFICIENCY,
    CURVE,
    TRIP_200,
    DIAL,
    RESET_TIME,
    INSTANTANEOUS,
    VOLTAGE_DROP,
    FIELD_COUNT
};
enum { THREE_PHASES, ONE_PHASE, DIRECT_CURRENT };

#define NODE_PHASES "3|1|dc"

static const sg_param fields[FIELD_COUNT] = {
    [LIMIT] = {"limit", SG_DIM_POWER, HUGE_VAL, 1, 1e12, NULL,
               "most that may flow through the node", ""},
    [BREAKER] = {"breaker", SG_DIM_CURRENT, 0, 0.1, 1e6, NULL, "rating", ""},
    [VOLTAGE] = {"voltage", SG_DIM_VOLTAGE, 0, 1, 1e6, NULL, "nominal, line to line", ""},
    [CABLE_LENGTH] = {"cable_length", SG_DIM_LENGTH, 0, 0.01, 1e6, NULL, "from the parent, one way",
                      ""},
    [CABLE_SECTION] = {"cable_section", SG_DIM_SECTION, 0, 1e-7, 1, NULL, "of one conductor", ""},
    [CONDUCTOR] = {"conductor", SG_DIM_NONE, 0, 0, 1, "copper|aluminium", "of the cable", ""},
    [PHASES] = {"phases", SG_DIM_NONE, THREE_PHASES, 0, 2, NODE_PHASES, "of the node's supply", ""},
    [EFFICIENCY] = {"efficiency", SG_DIM_FRACTION, 1, 0.5, 1, NULL,
                    "of the converter above the node", ""},
    [CURVE] = {"curve", SG_DIM_NONE, 0, 0, 7, "none|" SG_BREAKER_CURVES,
               "of the breaker's trip: it may carry more than 80 % for a while", ""},
    [TRIP_200] = {"trip_at_200", SG_DIM_TIME, 60, 0.1, 3600, NULL,
                  "curve ul489: trip from cold at twice the rating", "assumption"},
    [DIAL] = {"dial", SG_DIM_NONE, 1, 0.01, 100, NULL, "relays: time multiplier", ""},
    [RESET_TIME] = {"reset_time", SG_DIM_TIME, 30, 0.1, 1e5, NULL,
                    "relays: time constant of the heat below pickup", "assumption"},
    [INSTANTANEOUS] = {"instantaneous", SG_DIM_NONE, 0, 1.5, 1000, NULL,
                       "multiple of the rating that trips at once", ""},
    [VOLTAGE_DROP] = {"voltage_drop", SG_DIM_FRACTION, 0.05, 0.001, 0.5, NULL,
                      "most that ties may lower its voltage to, below nominal", ""},
};

static const char *const keys[] = {
    "parent",        "count",     "limit",      "breaker",       "voltage",  "cable_length",
    "cable_section", "conductor", "phases",     "efficiency",    "template", "curve",
    "trip_at_200",   "dial",      "reset_time", "instantaneous", "partner",  "voltage_drop"};

/* One entry on its way to a node group. */
typedef struct plan {
    const sg_item *item;
    sg_entry entry;
    int32_t parent; /* index into plans, -1 = root or unknown */
    int64_t own;    /* count per member of the parent         */
    int64_t total;
    int32_t depth; /* 1 for the root, 0 = not known yet      */
    int32_t group; /* index into node_groups                 */
} plan;

/* ---- tree ---- */

static void read_parent(sg_bind *b, plan *p)
{
    p->parent = -1;
    const sg_yaml *at = sg_entry_get(&p->entry, "parent");
    const char *text;
    if (!at || !sg_bind_text(b, at, "parent", &text)) {
        return;
    }
    int32_t found;
    if (sg_names_find(&b->ids, text, &found)) {
        p->parent = found;
        return;
    }
    char hint[96], quoted[SG_QUOTE_MAX];
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at),
                sg_names_hint(&b->ids, text, hint, sizeof hint), "parent: there is no node %s",
                sg_quote(text, strlen(text), quoted));
}

static bool check_root(sg_bind *b, const plan *plans, int32_t count)
{
    const plan *root = NULL;
    bool good = true;
    for (int32_t i = 0; i < count; i++) {
        if (sg_entry_get(&plans[i].entry, "parent")) {
            continue;
        }
        if (root) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, plans[i].item->key),
                        "give it a `parent`",
                        "a second node without a parent; the first is '%s' on line %d",
                        root->item->id, root->item->key->line);
            good = false;
        } else {
            root = &plans[i];
        }
    }
    if (!root) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, plans[0].item->key), NULL,
                    "expected one node without a parent, the root of the power tree");
        return false;
    }
    if (root->own != 1) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, root->item->key), NULL,
                    "the root of the power tree must be a single node");
        return false;
    }
    return good;
}

/* Depth and total of a plan by walking up; the walk ends at a known depth or after as many steps as a tree may have. */
static bool settle(sg_bind *b, plan *plans, plan *p)
{
    plan *path[SG_TREE_DEPTH_MAX + 1];
    int steps = 0;
    for (plan *at = p; at->depth == 0; at = &plans[at->parent]) {
        for (int i = 0; i < steps; i++) {
            if (path[i] == at) {
                sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at->item->key), NULL,
                            "node '%s' is its own ancestor", at->item->id);
                return false;
            }
        }
        if (steps == SG_TREE_DEPTH_MAX) {
            break;
        }
        path[steps++] = at;
        if (at->parent < 0) {
            at->depth = 1;
            at->total = 1;
            steps--;
            break;
        }
    }
    while (steps-- > 0) {
        plan *at = path[steps];
        const plan *above = &plans[at->parent];
        at->depth = above->depth + 1;
        if (above->depth == 0 || at->depth > SG_TREE_DEPTH_MAX) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                        "more than %d nodes from here to the root", SG_TREE_DEPTH_MAX);
            return false;
        }
        at->total = above->total * at->own; /* both at most SG_NODE_MAX */
        if (at->total > SG_NODE_MAX) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at->item->key), NULL,
                        "%lld nodes, more than the %d that a site may have", (long long)at->total,
                        SG_NODE_MAX);
            return false;
        }
    }
    return true;
}

static bool settle_all(sg_bind *b, plan *plans, int32_t count)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        if (plans[i].depth == 0 && !settle(b, plans, &plans[i])) {
            return false; /* one broken chain would be told once per node on it */
        }
        sum += plans[i].total;
    }
    if (sum > SG_NODE_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, plans[0].item->key), NULL,
                    "%lld nodes, more than the %d that a site may have", (long long)sum,
                    SG_NODE_MAX);
        return false;
    }
    b->site->node_count = (int32_t)sum;
    return true;
}

/* ---- filling ---- */

static void electric(sg_node *node, const double *v)
{
    static const double ohm_mm2_per_km[] = {17.241, 28.264};
    double hot_ohm = 1.1965 * ohm_mm2_per_km[(int)v[CONDUCTOR]] / 1000 * v[CABLE_LENGTH];
    node->breaker_a = v[BREAKER];
    node->voltage_v = v[VOLTAGE];
    node->cable_m = v[CABLE_LENGTH];
    node->cable_mm2 = v[CABLE_SECTION] * 1e6;
    node->converter_eff = v[EFFICIENCY];
    node->drop_frac = v[VOLTAGE_DROP];
    bool three = (int)v[PHASES] == THREE_PHASES;
    if (v[CABLE_SECTION] > 0) {
        /* Three phases: 3 R I^2 with I = P / (sqrt 3 V) is R (P/V)^2. Else there and back: 2 R (P/V)^2. */
        node->loss_ohm = (three ? 1 : 2) * hot_ohm / node->cable_mm2;
    }
    node->limit_w = node->hard_limit_w = v[LIMIT];
    if (v[BREAKER] > 0) {
        node->breaker_w = (three ? sqrt(3.0) : 1) * v[VOLTAGE] * v[BREAKER];
        node->limit_w = fmin(node->limit_w, 0.8 * node->breaker_w);
    }
}

static void protective(sg_node *node, const double *v)
{
    node->curve = v[CURVE] > 0.5;
    if (node->curve) {
        node->trip = (sg_breaker){.curve = (sg_breaker_curve)((int)v[CURVE] - 1),
                                  .dial = v[DIAL],
                                  .instantaneous = v[INSTANTANEOUS]};
        node->trip.tau_s =
            node->trip.curve == SG_BREAKER_UL489 ? sg_breaker_tau_s(v[TRIP_200]) : v[RESET_TIME];
    }
}

static bool check_fields(sg_bind *b, const plan *p)
{
    bool breaker = sg_entry_get(&p->entry, "breaker"), voltage = sg_entry_get(&p->entry, "voltage");
    bool length = sg_entry_get(&p->entry, "cable_length"),
         section = sg_entry_get(&p->entry, "cable_section");
    sg_place place = sg_bind_place(b, p->item->key);
    if (breaker && !voltage) {
        sg_diagnose(b->diagnostics, SG_ERROR, place, "add `voltage: 400V`",
                    "expected `voltage` beside `breaker`: a rating in amperes says nothing about "
                    "power alone");
        return false;
    }
    if (sg_entry_get(&p->entry, "curve") && !breaker) {
        sg_diagnose(b->diagnostics, SG_ERROR, place, "add `breaker: 100A`",
                    "expected `breaker` beside `curve`: the curve is in multiples of its rating");
        return false;
    }
    if (length != section) {
        sg_diagnose(b->diagnostics, SG_ERROR, place, NULL, "expected `%s` beside `%s`",
                    length ? "cable_section" : "cable_length",
                    length ? "cable_length" : "cable_section");
        return false;
    }
    if (length && !voltage) {
        sg_diagnose(b->diagnostics, SG_ERROR, place, "add `voltage: 400V`",
                    "expected `voltage` beside the cable: its losses depend on it");
        return false;
    }
    return true;
}

static void fill(sg_bind *b, const plan *plans, const plan *p)
{
    sg_values values[FIELD_COUNT];
    bool good = check_fields(b, p);
    for (int f = 0; f < FIELD_COUNT; f++) {
        good = sg_bind_param(b, &p->entry, &fields[f], p->item->key, p->total, &values[f]) && good;
    }
    if (!good) {
        return;
    }
    const sg_node_group *group = &b->site->node_groups[p->group];
    int32_t above = p->parent >= 0 ? b->site->node_groups[plans[p->parent].group].first : 0;
    for (int32_t i = 0; i < group->count; i++) {
        double v[FIELD_COUNT];
        for (int f = 0; f < FIELD_COUNT; f++) {
            v[f] = values[f].v[i % values[f].count];
        }
        sg_node *node = &b->site->nodes[group->first + i];
        node->parent = p->parent >= 0 ? above + (int32_t)(i / p->own) : -1;
        node->group = p->group;
        electric(node, v);
        protective(node, v);
    }
}

static bool lay_out(sg_bind *b, plan *plans, int32_t count)
{
    sg_site *site = b->site;
    site->nodes = sg_arena_array(&site->arena, (size_t)site->node_count, sizeof *site->nodes);
    site->node_groups = sg_arena_array(&site->arena, (size_t)count, sizeof *site->node_groups);
    if (!site->nodes || !site->node_groups) {
        sg_bind_nomem(b);
        site->node_count = 0;
        return false;
    }
    int32_t next = 0;
    for (int32_t depth = 1; depth <= SG_TREE_DEPTH_MAX;
         depth++) { /* parents first, else as written */
        for (int32_t i = 0; i < count; i++) {
            if (plans[i].depth != depth) {
                continue;
            }
            plans[i].group = site->node_group_count++;
            const char *id =
                sg_arena_text(&site->arena, plans[i].item->id, strlen(plans[i].item->id));
            site->node_groups[plans[i].group] = (sg_node_group){
                id ? id : "", next, (int32_t)plans[i].total, plans[i].item->key->line};
            next += (int32_t)plans[i].total;
        }
    }
    return true;
}

static void implicit_root(sg_bind *b)
{
    sg_site *site = b->site;
    site->nodes = sg_arena_array(&site->arena, 1, sizeof *site->nodes);
    site->node_groups = sg_arena_array(&site->arena, 1, sizeof *site->node_groups);
    if (!site->nodes || !site->node_groups) {
        sg_bind_nomem(b);
        return;
    }
    site->nodes[0] = (sg_node){.parent = -1,
                               .limit_w = HUGE_VAL,
                               .hard_limit_w = HUGE_VAL,
                               .converter_eff = 1,
                               .drop_frac = 0.05};
    site->node_groups[0] = (sg_node_group){"site", 0, 1, 0};
    site->node_count = site->node_group_count = 1;
    b->nodes_good = true;
    int32_t old;
    if (!sg_names_add(b, &b->ids, "site", 0, &old)) {
        return; /* memory, already told */
    }
}

static bool plan_one(sg_bind *b, const sg_item *item, plan *ret)
{
    *ret = (plan){.item = item, .own = 1, .parent = -1, .entry = {.own = item->body}};
    if (!sg_bind_map(b, item->body, item->id) || !sg_bind_entry(b, item, &ret->entry)) {
        return false;
    }
    sg_bind_unknown(b, &ret->entry, keys, SG_COUNT(keys), "a node");
    const sg_yaml *at = sg_entry_get(&ret->entry, "count");
    return !at || sg_bind_whole(b, at, "count", 1, SG_NODE_MAX, &ret->own);
}

/* Two feeders of one parent of which either can carry both. Said on one of them, it holds for both. */
static void read_partner(sg_bind *b, const plan *p)
{
    const sg_yaml *at = sg_entry_get(&p->entry, "partner");
    sg_span span;
    if (!at || !sg_bind_node_ref(b, at, &span)) {
        return;
    }
    sg_node *nodes = b->site->nodes;
    const sg_node_group *group = &b->site->node_groups[p->group];
    bool good = span.count == group->count;
    for (int32_t i = 0; good && i < span.count; i++) {
        int32_t one = group->first + i, other = span.first + i;
        good = one != other && nodes[one].parent == nodes[other].parent &&
               (nodes[one].partner == 0 || nodes[one].partner == other) &&
               (nodes[other].partner == 0 || nodes[other].partner == one);
        if (good) {
            nodes[one].partner = other;
            nodes[other].partner = one;
        }
    }
    if (!good) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "partner: expected as many other nodes with the same parent, each the partner "
                    "of one node only");
    }
}

void sg_bind_nodes(sg_bind *b)
{
    int32_t count = b->sections[SG_IN_NODES].count;
    if (count == 0) {
        implicit_root(b);
        return;
    }
    if (count > SG_NODE_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, b->sections[SG_IN_NODES].first->key),
                    NULL, "more than %d nodes", SG_NODE_MAX);
        return;
    }
    plan *plans = sg_arena_array(&b->scratch, (size_t)count, sizeof *plans);
    if (!plans) {
        sg_bind_nomem(b);
        return;
    }
    bool good = true;
    int32_t i = 0;
    for (const sg_item *item = b->sections[SG_IN_NODES].first; item; item = item->next, i++) {
        good = plan_one(b, item, &plans[i]) && good;
        int32_t old;
        if (!sg_names_add(b, &b->ids, item->id, i, &old)) {
            good = false;
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, item->key), NULL,
                        "the id '%s' is taken by the node on line %d", item->id,
                        plans[old].item->key->line);
        }
    }
    if (!good) {
        return;
    }
    int before = b->diagnostics->errors;
    for (i = 0; i < count; i++) {
        read_parent(b, &plans[i]);
    }
    if (!check_root(b, plans, count) || b->diagnostics->errors > before ||
        !settle_all(b, plans, count) || !lay_out(b, plans, count)) {
        return;
    }
    for (i = 0; i < count; i++) {
        fill(b, plans, &plans[i]);
    }
    for (size_t slot = 0; slot < b->ids.size; slot++) { /* from plans to groups */
        if (b->ids.keys[slot]) {
            b->ids.values[slot] = plans[b->ids.values[slot]].group;
        }
    }
    b->nodes_good = true;
    for (i = 0; i < count; i++) {
        read_partner(b, &plans[i]);
    }
}

bool sg_bind_node_ref(sg_bind *b, const sg_yaml *at, sg_span *ret)
{
    const char *text;
    *ret = (sg_span){0, 1};
    if (!sg_bind_text(b, at, "node", &text)) {
        return false;
    }
    if (!b->nodes_good) {
        return true; /* the mistake in the tree has been told */
    }
    int32_t found, member = 0;
    char stem[SG_ID_MAX];
    if (sg_names_find(&b->ids, text, &found) && found >= 0) {
        *ret = (sg_span){b->site->node_groups[found].first, b->site->node_groups[found].count};
        return true;
    }
    if (sg_name_split(text, stem, &member) && sg_names_find(&b->ids, stem, &found) && found >= 0 &&
        b->site->node_groups[found].count > 1) {
        if (member <= b->site->node_groups[found].count) {
            *ret = (sg_span){b->site->node_groups[found].first + member - 1, 1};
            return true;
        }
    }
    char hint[96], quoted[SG_QUOTE_MAX];
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at),
                sg_names_hint(&b->ids, text, hint, sizeof hint), "node: there is no node %s",
                sg_quote(text, strlen(text), quoted));
    return false;
}
