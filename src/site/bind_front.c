/* Front matter and top-level keys. */
#include "site/bind.h"

#include "base/check.h"
#include "base/text.h"
#include "base/time.h"

#include <stdio.h>
#include <string.h>

static const char *const front_keys[] = {"maml_version", "id",          "type",       "origin",
                                         "requires",     "permissions", "created_at", "title",
                                         "timezone",     "mode",        "currency",   "seed"};
static const char *const workflow_keys[] = {"task_id", "priority", "energy_budget", "power",
                                            "duration"};

static const struct section {
    const char *name;
    sg_section section;
    const char *kind; /* of the source's own blocks, "" = needs `type` */
} sections[] = {
    {"series", SG_IN_SERIES, NULL},
    {"templates", SG_IN_TEMPLATES, NULL},
    {"nodes", SG_IN_NODES, NULL},
    {"sources", SG_IN_SOURCES, NULL},
    {"ties", SG_IN_TIES, NULL},
    {"schedules", SG_IN_SCHEDULES, NULL},
    {"stores", SG_IN_STORES, NULL},
    {"loads", SG_IN_LOADS, NULL},
    {"grid", SG_IN_GRID, NULL},
    {"faults", SG_IN_FAULTS, NULL},
    {"workflows", SG_IN_WORKFLOWS, NULL},
    {"planning", SG_IN_PLANNING, NULL},
    {"alarms", SG_IN_ALARMS, NULL},
    {"solar", SG_IN_SOURCES, "solar"},
    {"osmotic", SG_IN_SOURCES, "osmotic"},
    {"storage", SG_IN_STORES, NULL},
};

/* ---- sections ---- */

static void item_add(sg_bind *b, sg_section section, const char *id, const sg_yaml *key,
                     const sg_yaml *body, const char *kind)
{
    sg_item *item = sg_arena_alloc(&b->scratch, sizeof *item);
    if (!item) {
        sg_bind_nomem(b);
        return;
    }
    *item = (sg_item){.id = id, .key = key, .body = body, .kind = kind};
    sg_items *items = &b->sections[section];
    if (items->last) {
        items->last->next = item;
    } else {
        items->first = item;
    }
    items->last = item;
    items->count++;
}

static bool is_empty(const sg_yaml *at)
{
    return at->kind == SG_YAML_SCALAR && at->length == 0;
}

static void collect_map(sg_bind *b, const struct section *s, const sg_yaml *body)
{
    if (is_empty(body) || !sg_bind_map(b, body, s->name)) {
        return;
    }
    for (const sg_yaml *key = body->first; key; key = key->next) {
        const char *id;
        if (sg_bind_id(b, key, &id)) {
            item_add(b, s->section, id, key, key->value, s->kind);
        }
    }
}

static void collect_list(sg_bind *b, const struct section *s, const sg_yaml *body)
{
    if (is_empty(body)) {
        return;
    }
    if (body->kind != SG_YAML_LIST) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, body), NULL,
                    "%s: expected a list of `- key: value` items", s->name);
        return;
    }
    for (const sg_yaml *item = body->first; item; item = item->next) {
        item_add(b, s->section, "", item, item, NULL);
    }
}

static void collect_one(sg_bind *b, const struct section *s, const sg_yaml *key)
{
    switch (s->section) {
    case SG_IN_FAULTS:
    case SG_IN_WORKFLOWS:
        collect_list(b, s, key->value);
        return;
    case SG_IN_GRID:
    case SG_IN_PLANNING:
        if (b->sections[s->section].count > 0) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, key), NULL,
                        "a second `%s`; the first one is on line %d", s->name,
                        b->sections[s->section].first->key->line);
            return;
        }
        item_add(b, s->section, s->name, key, key->value, NULL);
        return;
    default:
        break;
    }
    bool block = strcmp(s->name, "solar") == 0 || strcmp(s->name, "osmotic") == 0 ||
                 strcmp(s->name, "storage") == 0;
    if (block) {
        item_add(b, s->section, s->name, key, key->value, s->kind);
    } else {
        collect_map(b, s, key->value);
    }
}

static void check_front_key(sg_bind *b, const sg_yaml *key, bool bare, bool workflow)
{
    const char *names[SG_COUNT(front_keys) + SG_COUNT(workflow_keys) + SG_COUNT(sections)];
    int count = 0;
    for (int i = 0; i < SG_COUNT(front_keys); i++) {
        names[count++] = front_keys[i];
    }
    for (int i = 0; workflow && i < SG_COUNT(workflow_keys); i++) {
        names[count++] = workflow_keys[i];
    }
    for (int i = 0; bare && i < SG_COUNT(sections); i++) {
        names[count++] = sections[i].name;
    }
    for (int i = 0; i < count; i++) {
        if (strcmp(key->text, names[i]) == 0) {
            return;
        }
    }
    char hint[120] = "", quoted[SG_QUOTE_MAX];
    const char *nearest = sg_text_nearest(key->text, names, count);
    if (nearest) {
        snprintf(hint, sizeof hint, "did you mean '%s'", nearest);
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, key), hint, "%s has no key %s",
                bare ? "a site file" : "the front matter",
                sg_quote(key->text, key->length, quoted));
}

void sg_bind_collect(sg_bind *b, const sg_yaml *map, bool bare)
{
    if (!sg_bind_map(b, map, "this block")) {
        return;
    }
    for (const sg_yaml *key = map->first; key; key = key->next) {
        const struct section *found = NULL;
        for (int i = 0; i < SG_COUNT(sections) && !found; i++) {
            found = strcmp(key->text, sections[i].name) == 0 ? &sections[i] : NULL;
        }
        if (found) {
            collect_one(b, found, key);
        } else if (!bare) {
            const char *names[SG_COUNT(sections)];
            for (int i = 0; i < SG_COUNT(sections); i++) {
                names[i] = sections[i].name;
            }
            char hint[120] = "", quoted[SG_QUOTE_MAX];
            const char *nearest = sg_text_nearest(key->text, names, SG_COUNT(sections));
            if (nearest) {
                snprintf(hint, sizeof hint, "did you mean '%s'", nearest);
            }
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, key), hint,
                        "a site has no section %s", sg_quote(key->text, key->length, quoted));
        }
    }
}

/* ---- front matter ---- */

static bool is_uuid(const char *text)
{
    static const char lead[] = "urn:uuid:";
    if (strncmp(text, lead, sizeof lead - 1) != 0 || strlen(text) != sizeof lead - 1 + 36) {
        return false;
    }
    text += sizeof lead - 1;
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i])) {
            return false;
        }
    }
    return true;
}

static void keep_text(sg_bind *b, const sg_yaml *at, const char *what, const char **ret)
{
    const char *text;
    if (sg_bind_text(b, at, what, &text)) {
        const char *copy = sg_arena_text(&b->site->arena, text, strlen(text));
        *ret = copy ? copy : "";
    }
}

static void front_id(sg_bind *b, const sg_yaml *at)
{
    keep_text(b, at, "id", &b->site->id);
    if (b->site->id[0] && !is_uuid(b->site->id)) {
        char quoted[SG_QUOTE_MAX];
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), "`uuidgen` makes one",
                    "id: expected urn:uuid: and a UUID, got %s",
                    sg_quote(b->site->id, strlen(b->site->id), quoted));
    }
}

static void front_version(sg_bind *b, const sg_yaml *at)
{
    const sg_yaml *first = at->kind == SG_YAML_LIST ? at->first : at;
    bool good = first != NULL;
    for (const sg_yaml *item = first; item && good; item = at == item ? NULL : item->next) {
        good = item->kind == SG_YAML_SCALAR && item->length > 0 && item->length < 24 &&
               strspn(item->text, "0123456789.v-abcdefghijklmnopqrstuvwxyz") == item->length;
    }
    if (!good) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "maml_version: expected a version such as \"2.0.0\" or a list of them");
    }
}

static void front_currency(sg_bind *b, const sg_yaml *at)
{
    const char *text, *why;
    sg_quantity unit;
    if (!sg_bind_text(b, at, "currency", &text)) {
        return;
    }
    if (sg_unit_parse(text, at->length, &unit, &why) == SG_OK && unit.dimension == SG_DIM_MONEY) {
        if (!sg_bind_currency(b, at, unit.currency)) {
            return; /* told */
        }
        return;
    }
    char quoted[SG_QUOTE_MAX];
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                "currency: expected three capital letters such as EUR, got %s",
                sg_quote(text, at->length, quoted));
}

static void front_time(sg_bind *b, const sg_yaml *at)
{
    const char *text;
    int64_t ignored;
    if (sg_bind_text(b, at, "created_at", &text) &&
        sg_time_parse(text, at->length, &ignored) != SG_OK) {
        char quoted[SG_QUOTE_MAX];
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "created_at: expected a time such as 2025-01-31T12:00:00Z, got %s",
                    sg_quote(text, at->length, quoted));
    }
}

static bool is_workflow(sg_bind *b, const sg_yaml *map)
{
    const sg_yaml *at = sg_yaml_get(map, "type");
    int type = 0;
    if (at && sg_bind_choice(b, at, "type", "site|workflow", &type)) {
        return type == 1;
    }
    return sg_yaml_get(map, "task_id") != NULL;
}

void sg_bind_front(sg_bind *b, const sg_yaml *map, bool bare)
{
    if (!sg_bind_map(b, map, bare ? "the site file" : "front matter")) {
        return;
    }
    b->front = map;
    bool workflow = is_workflow(b, map);
    const sg_yaml *at;
    int mode = SG_OBSERVE;
    if ((at = sg_yaml_get(map, "maml_version"))) {
        front_version(b, at);
    } else if (!bare) {
        sg_diagnose(b->diagnostics, SG_WARNING, sg_bind_place(b, map),
                    "add `maml_version: \"2.0.0\"`", "the front matter has no maml_version");
    }
    if ((at = sg_yaml_get(map, "id"))) {
        front_id(b, at);
    } else if (!bare && !workflow) {
        sg_diagnose(b->diagnostics, SG_WARNING, sg_bind_place(b, map),
                    "`uuidgen` makes one: `id: urn:uuid:...`", "the front matter has no id");
    }
    if ((at = sg_yaml_get(map, "title"))) {
        keep_text(b, at, "title", &b->site->title);
    }
    if ((at = sg_yaml_get(map, "created_at"))) {
        front_time(b, at);
    }
    if ((at = sg_yaml_get(map, "timezone")) && !sg_bind_zone(b, at, &b->site->zone_offset_s)) {
        b->site->zone_offset_s = 0;
    }
    if ((at = sg_yaml_get(map, "mode")) &&
        sg_bind_choice(b, at, "mode", "observe|advise|control", &mode)) {
        b->site->mode = (sg_mode)mode;
    }
    if ((at = sg_yaml_get(map, "currency"))) {
        front_currency(b, at);
    }
    int64_t seed;
    if ((at = sg_yaml_get(map, "seed")) && sg_bind_whole(b, at, "seed", 0, INT32_MAX, &seed)) {
        b->site->seed = (uint64_t)seed;
    }
    for (const sg_yaml *key = map->first; key; key = key->next) {
        check_front_key(b, key, bare, workflow);
    }
    if (workflow) {
        item_add(b, SG_IN_WORKFLOWS, "front", map, map, NULL);
    }
}

void sg_bind_nested_front(sg_bind *b, const sg_yaml *map)
{
    if (map->kind != SG_YAML_MAP ||
        (!sg_yaml_get(map, "task_id") && !sg_yaml_get(map, "energy_budget"))) {
        sg_diagnose(b->diagnostics, SG_NOTE, sg_bind_place(b, map), NULL,
                    "this front matter in a markdown block is no workflow (it has no task_id) and "
                    "is not read");
        return;
    }
    for (const sg_yaml *key = map->first; key; key = key->next) {
        check_front_key(b, key, false, true);
    }
    item_add(b, SG_IN_WORKFLOWS, "front", map, map, NULL);
}
