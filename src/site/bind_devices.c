/* Devices: sources, stores, loads and the grid, all driven by their kinds' parameter tables. */
#include "site/bind.h"

#include "base/check.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* An input's values, dealt out in turn. */
typedef struct feed {
    int32_t *series; /* index into the site's series, -1 = the constant */
    double *value;
    int32_t count;
} feed;

/* One entry on its way to a group. */
typedef struct plan {
    const sg_item *item;
    sg_entry entry;
    sg_section section;
    const sg_kind *kind;
    sg_role role;
    sg_span nodes;
    int32_t host;       /* beside: index into plans, -1 = none */
    sg_span hosts;      /* its members                         */
    int64_t own, total; /* count per member, and in all        */
    sg_values params[SG_PARAM_MAX];
    int param_count; /* the kind's and the role's           */
    feed inputs[SG_INPUT_MAX];
    int32_t first; /* among the devices of its role       */
    bool good;
} plan;

static const char *role_section(sg_role role)
{
    static const char *const names[SG_ROLE_COUNT] = {
        [SG_SOURCE] = "sources", [SG_STORE] = "stores", [SG_LOAD] = "loads", [SG_GRID] = "grid"};
    return names[role];
}

static const char *role_noun(sg_role role)
{
    static const char *const names[SG_ROLE_COUNT] = {[SG_SOURCE] = "a source",
                                                     [SG_STORE] = "a store",
                                                     [SG_LOAD] = "a load",
                                                     [SG_GRID] = "a grid connection"};
    return names[role];
}

/* ---- kinds ---- */

static const sg_kind *kind_of(sg_bind *b, const plan *p)
{
    static const char *const presets[SG_SECTION_COUNT] = {
        [SG_IN_LOADS] = "load", [SG_IN_GRID] = "grid"};
    const sg_yaml *at = sg_entry_get(&p->entry, "type");
    const char *name = p->item->kind ? p->item->kind : presets[p->section];
    if (at && !sg_bind_text(b, at, "type", &name)) {
        return NULL;
    }
    const char *names[64];
    int count = sg_kind_count < 64 ? sg_kind_count : 64;
    for (int i = 0; i < count; i++) {
        names[i] = sg_kinds[i]->name;
    }
    if (!name) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key),
                    "`symgrid model --list` names the kinds",
                    "expected `type`, the kind of device, such as %s",
                    p->section == SG_IN_STORES ? "lithium_ion" : "solar");
        return NULL;
    }
    const sg_kind *kind = sg_kind_find(name);
    if (!kind) {
        char hint[96] = "`symgrid model --list` names the kinds", quoted[SG_QUOTE_MAX];
        const char *nearest = sg_text_nearest(name, names, count);
        if (nearest) {
            snprintf(hint, sizeof hint, "did you mean '%s'", nearest);
        }
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at ? at : p->item->key), hint,
                    "type: there is no kind of device called %s",
                    sg_quote(name, strlen(name), quoted));
    }
    return kind;
}

static bool section_fits(sg_bind *b, const plan *p)
{
    static const sg_role roles[SG_SECTION_COUNT] = {[SG_IN_SOURCES] = SG_SOURCE,
                                                    [SG_IN_STORES] = SG_STORE,
                                                    [SG_IN_LOADS] = SG_LOAD,
                                                    [SG_IN_GRID] = SG_GRID};
    sg_role wanted = roles[p->section];
    if (p->role == wanted || (wanted == SG_SOURCE && p->kind->role == SG_SOURCE)) {
        return true;
    }
    char hint[64];
    snprintf(hint, sizeof hint, "put it below `%s:`", role_section(p->role));
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), hint, "%s is %s, not %s",
                p->kind->name, role_noun(p->role), role_noun(wanted));
    return false;
}

/* ---- parameters ---- */

static void member_params(const plan *p, int count, int64_t member, double *ret)
{
    for (int i = 0; i < count; i++) {
        ret[i] = p->params[i].v[member % p->params[i].count];
    }
}

/* A source whose parameters make it a store; all its members have to agree. */
static bool settle_role(sg_bind *b, plan *p)
{
    p->role = p->kind->role;
    if (!p->kind->is_store) {
        return true;
    }
    double v[SG_PARAM_MAX] = {0};
    int64_t stores = 0;
    for (int64_t i = 0; i < p->total; i++) {
        member_params(p, p->kind->param_count, i, v);
        stores += p->kind->is_store(v);
    }
    if (stores > 0 && stores < p->total) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key),
                    "make two entries of it", "some members are stores and some are sources");
        return false;
    }
    if (stores > 0) {
        p->role = SG_STORE;
    }
    return true;
}

static bool read_params(sg_bind *b, plan *p)
{
    bool good = true;
    for (int i = 0; i < p->kind->param_count; i++) {
        good = sg_bind_param(b, &p->entry, &p->kind->params[i], p->item->key, p->total,
                             &p->params[i]) &&
               good;
    }
    if (!good || !settle_role(b, p) || !section_fits(b, p)) {
        return false;
    }
    int role_count;
    const sg_param *role_table = sg_role_params(p->role, &role_count);
    p->param_count = p->kind->param_count + role_count;
    SG_CHECK(p->param_count <= SG_PARAM_MAX && p->kind->input_count <= SG_INPUT_MAX);
    for (int i = 0; i < role_count; i++) {
        good = sg_bind_param(b, &p->entry, &role_table[i], p->item->key, p->total,
                             &p->params[p->kind->param_count + i]) &&
               good;
    }
    return good;
}

static void check_keys(sg_bind *b, const plan *p)
{
    const char *names[SG_KEY_MAX] = {"type", "node", "count", "template"};
    int count = 4;
    if (p->role == SG_STORE) {
        names[count++] = "beside";
    }
    if (p->role == SG_GRID) { /* blocks of their own: bind_services.c */
        names[count++] = "regulation";
        names[count++] = "droop";
        names[count++] = "contract";
    }
    for (int i = 0; i < p->kind->param_count && count < SG_KEY_MAX; i++) {
        names[count++] = p->kind->params[i].name;
    }
    for (int i = 0; i < p->kind->input_count && count < SG_KEY_MAX; i++) {
        names[count++] = p->kind->inputs[i].name;
    }
    int role_count;
    const sg_param *role_table = sg_role_params(p->role, &role_count);
    for (int i = 0; i < role_count && count < SG_KEY_MAX; i++) {
        names[count++] = role_table[i].name;
    }
    char what[64];
    snprintf(what, sizeof what, "%s of type %s", role_noun(p->role), p->kind->name);
    sg_bind_unknown(b, &p->entry, names, count, what);
}

/* ---- inputs ---- */

static bool series_fits(sg_bind *b, const sg_yaml *at, const sg_input *input, int32_t series)
{
    sg_dimension got = b->series_dimension[series];
    if (got == SG_DIM_COUNT || got == input->dimension ||
        (got == SG_DIM_NONE && input->dimension == SG_DIM_FRACTION)) {
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), "see the series' `unit`",
                "%s: expected a series of %s, but '%s' is %s", input->name,
                sg_dimension_text(input->dimension), b->site->series[series].id,
                got == SG_DIM_NONE ? "without a unit" : sg_dimension_text(got));
    return false;
}

/* "gpt3" with all its members, or "gpt3-7". */
static bool find_series(sg_bind *b, const char *text, sg_span *ret)
{
    int32_t group, member;
    char stem[SG_ID_MAX];
    if (sg_names_find(&b->series_names, text, &group)) {
        *ret = b->series_groups[group];
        b->series_used[group] = true;
        return true;
    }
    if (sg_name_split(text, stem, &member) && sg_names_find(&b->series_names, stem, &group) &&
        b->series_groups[group].count > 1 && member <= b->series_groups[group].count) {
        *ret = (sg_span){b->series_groups[group].first + member - 1, 1};
        b->series_used[group] = true;
        return true;
    }
    return false;
}

static bool constant(sg_bind *b, const sg_yaml *at, const sg_input *input, double *ret)
{
    sg_quantity quantity;
    const char *why = NULL;
    if (at->kind == SG_YAML_SCALAR &&
        sg_quantity_parse_as(at->text, at->length, input->dimension, &quantity, &why) == SG_OK) {
        *ret = quantity.value;
        return sg_bind_currency(b, at, quantity.currency);
    }
    char hint[96] = "", quoted[SG_QUOTE_MAX];
    double number;
    if (at->kind != SG_YAML_SCALAR || at->length == 0) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "%s: expected %s or the id of a series", input->name,
                    sg_dimension_text(input->dimension));
    } else if (sg_number_scan(at->text, at->length, &number) > 0) {
        snprintf(hint, sizeof hint, "write it like %s", sg_dimension_example(input->dimension));
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), hint,
                    "%s: expected %s or the id of a series, got %s (%s)", input->name,
                    sg_dimension_text(input->dimension), sg_quote(at->text, at->length, quoted),
                    why);
    } else {
        sg_names_hint(&b->series_names, at->text, hint, sizeof hint);
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), hint,
                    "%s: there is no series %s, and it is not %s such as %s either", input->name,
                    sg_quote(at->text, at->length, quoted), sg_dimension_text(input->dimension),
                    sg_dimension_example(input->dimension));
    }
    return false;
}

static bool feed_room(sg_bind *b, feed *ret, int64_t count)
{
    ret->count = 0;
    ret->series = count > SG_DEVICE_MAX
                      ? NULL
                      : sg_arena_array(&b->scratch, (size_t)count, sizeof *ret->series);
    ret->value =
        ret->series ? sg_arena_array(&b->scratch, (size_t)count, sizeof *ret->value) : NULL;
    if (!ret->value) {
        sg_bind_nomem(b);
    }
    return ret->value != NULL;
}

static bool read_feed(sg_bind *b, const sg_yaml *at, const sg_input *input, feed *ret)
{
    const sg_yaml *first = at->kind == SG_YAML_LIST ? at->first : at;
    int64_t room = at->kind == SG_YAML_LIST ? 0 : 1;
    sg_span span;
    for (const sg_yaml *item = first; item; item = at == item ? NULL : item->next) {
        room += item->kind == SG_YAML_SCALAR && find_series(b, item->text, &span) ? span.count : 1;
    }
    if (!feed_room(b, ret, room + 1)) {
        return false;
    }
    bool good = true;
    for (const sg_yaml *item = first; item; item = at == item ? NULL : item->next) {
        if (item->kind == SG_YAML_SCALAR && find_series(b, item->text, &span)) {
            good = series_fits(b, item, input, span.first) && good;
            for (int32_t i = 0; i < span.count; i++) {
                ret->series[ret->count++] = span.first + i;
            }
        } else {
            ret->series[ret->count] = -1;
            good = constant(b, item, input, &ret->value[ret->count++]) && good;
        }
    }
    if (ret->count == 0) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "%s: expected a value, got an empty list", input->name);
        return false;
    }
    return good;
}

bool sg_bind_feed(sg_bind *b, const sg_yaml *at, const sg_input *input, int32_t *ret_series,
                  double *ret_value)
{
    feed one;
    if (!read_feed(b, at, input, &one)) {
        return false;
    }
    if (one.count != 1) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "%s: expected one value or series, got %d", input->name, (int)one.count);
        return false;
    }
    *ret_series = one.series[0];
    *ret_value = one.series[0] >= 0 ? 0 : one.value[0];
    return true;
}

static bool missing_input(sg_bind *b, const plan *p, const sg_input *input, double *ret)
{
    char hint[300];
    snprintf(hint, sizeof hint, "%s: add `%s: %s` or the id of a series", input->help, input->name,
             sg_dimension_example(input->dimension));
    *ret = 0;
    /* The source's own blocks name no inputs, and they load as they stand. */
    bool lenient = p->item->kind != NULL;
    if (lenient) {
        sg_diagnose(b->diagnostics, SG_WARNING, sg_bind_place(b, p->item->key), hint,
                    "no `%s` is given: it counts as 0", input->name);
    } else {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), hint,
                    "expected `%s`, which is missing", input->name);
    }
    return lenient;
}

static bool read_inputs(sg_bind *b, plan *p)
{
    bool good = true;
    for (int i = 0; i < p->kind->input_count; i++) {
        const sg_input *input = &p->kind->inputs[i];
        const sg_yaml *at = sg_entry_get(&p->entry, input->name);
        if (at) {
            good = read_feed(b, at, input, &p->inputs[i]) && good;
            continue;
        }
        if (!feed_room(b, &p->inputs[i], 1)) {
            return false;
        }
        p->inputs[i].count = 1;
        p->inputs[i].series[0] = -1;
        p->inputs[i].value[0] = input->preset;
        if (isnan(input->preset)) {
            good = missing_input(b, p, input, &p->inputs[i].value[0]) && good;
        }
    }
    return good;
}

/* ---- where and how many ---- */

static bool read_host(sg_bind *b, plan *p, const plan *plans, const sg_yaml *at, bool *ret_many)
{
    const char *text;
    char stem[SG_ID_MAX], hint[96], quoted[SG_QUOTE_MAX];
    int32_t found, member = 0;
    if (!sg_bind_text(b, at, "beside", &text)) {
        return false;
    }
    bool whole = sg_names_find(&b->ids, text, &found);
    bool part =
        !whole && sg_name_split(text, stem, &member) && sg_names_find(&b->ids, stem, &found);
    if ((!whole && !part) || found >= 0 || plans[-1 - found].section != SG_IN_LOADS) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at),
                    sg_names_hint(&b->ids, text, hint, sizeof hint), "beside: there is no load %s",
                    sg_quote(text, strlen(text), quoted));
        return false;
    }
    const plan *host = &plans[-1 - found];
    p->host = -1 - found;
    p->hosts = (sg_span){0, (int32_t)host->total};
    if (part) {
        if (member > host->total || host->total == 1) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                        "beside: '%s' has %lld members", host->item->id, (long long)host->total);
            return false;
        }
        p->hosts = (sg_span){member - 1, 1};
    }
    *ret_many = host->good;
    return host->good; /* else its mistake has been told */
}

static bool read_place(sg_bind *b, plan *p, const plan *plans)
{
    const sg_yaml *node = sg_entry_get(&p->entry, "node"),
                  *beside = sg_entry_get(&p->entry, "beside");
    const sg_yaml *count = sg_entry_get(&p->entry, "count");
    int64_t members = 1;
    bool ignored;
    p->host = -1;
    p->nodes = (sg_span){0, 1};
    p->own = 1;
    if (beside && p->section == SG_IN_STORES) {
        if (node) {
            sg_diagnose(
                b->diagnostics, SG_ERROR, sg_bind_place(b, node), NULL,
                "expected either `node` or `beside`: what is beside a load is at the load's node");
            return false;
        }
        if (!read_host(b, p, plans, beside, &ignored)) {
            return false;
        }
        members = p->hosts.count;
    } else if (node) {
        if (!sg_bind_node_ref(b, node, &p->nodes)) {
            return false;
        }
        members = p->nodes.count;
    }
    if (count && !sg_bind_whole(b, count, "count", 1, SG_DEVICE_MAX, &p->own)) {
        return false;
    }
    p->total = p->own * members; /* both at most SG_DEVICE_MAX */
    if (p->total > SG_DEVICE_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, count ? count : p->item->key), NULL,
                    "%lld devices, more than the %d that a site may have", (long long)p->total,
                    SG_DEVICE_MAX);
        return false;
    }
    if (p->section == SG_IN_GRID && p->total != 1) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "a site has one grid connection, this makes %lld", (long long)p->total);
        return false;
    }
    return true;
}

static void read_plan(sg_bind *b, plan *p, const plan *plans)
{
    p->good = false;
    p->entry.own = p->item->body;
    if (!sg_bind_map(b, p->item->body, p->item->id) || !sg_bind_entry(b, p->item, &p->entry)) {
        return;
    }
    p->kind = kind_of(b, p);
    if (!p->kind || !read_place(b, p, plans) || !read_params(b, p)) {
        return;
    }
    check_keys(b, p);
    p->good = read_inputs(b, p);
}

/* ---- plausibility ---- */

static void check_store(sg_bind *b, const plan *p, const double *v)
{
    sg_reservoir r = {0};
    if (p->kind->reservoir) {
        p->kind->reservoir(v, &r);
    }
    sg_place place = sg_bind_place(b, p->item->key);
    bool good = r.capacity_j > 0 && isfinite(r.capacity_j) && r.charge_w_max >= 0 &&
                r.discharge_w_max >= 0 && r.charge_eff > 0 && r.charge_eff <= 1 &&
                r.discharge_eff > 0 && r.discharge_eff <= 1 && r.standing_loss_per_h >= 0 &&
                r.standing_loss_per_h < 1;
    if (!good) {
        sg_diagnose(b->diagnostics, SG_ERROR, place, NULL,
                    "these parameters make a store of %.4g kWh with efficiencies of %.4g and %.4g, "
                    "which cannot be",
                    r.capacity_j / 3.6e6, r.charge_eff, r.discharge_eff);
        return;
    }
    const double *role = v + p->kind->param_count;
    if (role[SG_STORE_LOW_MARK] > role[SG_STORE_HIGH_MARK]) {
        sg_diagnose(b->diagnostics, SG_ERROR, place, NULL,
                    "expected low_mark below high_mark, got %.4g and %.4g", role[SG_STORE_LOW_MARK],
                    role[SG_STORE_HIGH_MARK]);
    }
    if (role[SG_STORE_INITIAL] < role[SG_STORE_RESERVE]) {
        sg_diagnose(b->diagnostics, SG_WARNING, place, NULL,
                    "it starts at %.4g %%, below its reserve of %.4g %%",
                    100 * role[SG_STORE_INITIAL], 100 * role[SG_STORE_RESERVE]);
    }
}

static void check_member(sg_bind *b, const plan *p, const double *v, char last[SG_WARNING_TEXT])
{
    sg_place place = sg_bind_place(b, p->item->key);
    if (p->role == SG_STORE) {
        check_store(b, p, v);
    }
    if (p->role == SG_LOAD && v[SG_LOAD_CLASS] != floor(v[SG_LOAD_CLASS])) {
        sg_diagnose(b->diagnostics, SG_ERROR, place, NULL,
                    "class: expected a whole number from 0 to %d", SG_CLASS_MAX - 1);
    }
    enum { WARNING_MAX = 8 };
    char text[SG_WARNING_TEXT];
    for (int i = 0; p->kind->warning && i < WARNING_MAX && p->kind->warning(v, i, text); i++) {
        if (i > 0 || strcmp(text, last) != 0) {
            sg_diagnose(b->diagnostics, SG_WARNING, place, NULL, "%s: %s", p->item->id, text);
        }
        if (i == 0) {
            memcpy(last, text, sizeof text);
        }
    }
}

/* Members differ only where lists were dealt out: look at a few. */
static void check_plan(sg_bind *b, const plan *p)
{
    enum { LOOKED_AT = 16 };
    int64_t members = 1;
    for (int i = 0; i < p->param_count; i++) {
        members = p->params[i].count > members ? p->params[i].count : members;
    }
    members = members < p->total ? members : p->total;
    members = members < LOOKED_AT ? members : LOOKED_AT;
    char last[SG_WARNING_TEXT] = "";
    int before = b->diagnostics->errors;
    for (int64_t i = 0; i < members && b->diagnostics->errors == before; i++) {
        double v[SG_PARAM_MAX] = {0};
        member_params(p, p->param_count, i, v);
        check_member(b, p, v, last);
    }
    if (p->kind->hypothetical) {
        sg_diagnose(b->diagnostics, SG_WARNING, sg_bind_place(b, p->item->key), NULL,
                    "%s is hypothetical: no such device exists; it is marked in every output and "
                    "commands nothing",
                    p->kind->name);
    }
}

/* ---- filling ---- */

static bool allocate(sg_bind *b, plan *plans, int count)
{
    sg_site *site = b->site;
    int64_t totals[SG_ROLE_COUNT] = {0}, sum = 0;
    for (int i = 0; i < count; i++) {
        plans[i].first = (int32_t)totals[plans[i].role];
        totals[plans[i].role] += plans[i].total;
        sum += plans[i].total;
        if (sum > SG_DEVICE_MAX) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, plans[i].item->key), NULL,
                        "%lld devices up to here, more than the %d that a site may have",
                        (long long)sum, SG_DEVICE_MAX);
            return false;
        }
    }
    for (int role = 0; role < SG_ROLE_COUNT; role++) {
        site->device_count[role] = (int32_t)totals[role];
        site->devices[role] = sg_arena_array(&site->arena, (size_t)totals[role], sizeof(sg_device));
        if (!site->devices[role]) {
            sg_bind_nomem(b);
            return false;
        }
    }
    site->groups = sg_arena_array(&site->arena, (size_t)count, sizeof *site->groups);
    if (!site->groups) {
        sg_bind_nomem(b);
    }
    return site->groups != NULL;
}

static void fill(sg_bind *b, const plan *plans, int index)
{
    sg_site *site = b->site;
    const plan *p = &plans[index];
    const char *id = sg_arena_text(&site->arena, p->item->id, strlen(p->item->id));
    site->groups[index] = (sg_group){.id = id ? id : "",
                                     .kind = p->kind,
                                     .role = p->role,
                                     .first = p->first,
                                     .count = (int32_t)p->total,
                                     .line = p->item->key->line};
    for (int32_t i = 0; i < (int32_t)p->total; i++) {
        sg_device *d = &site->devices[p->role][p->first + i];
        int32_t place = (int32_t)(i / p->own);
        d->group = index;
        d->beside = -1;
        d->node = p->nodes.first + place;
        if (p->host >= 0) {
            d->beside = plans[p->host].first + p->hosts.first + place;
            d->node = site->devices[SG_LOAD][d->beside].node;
        }
        member_params(p, p->param_count, i, d->p);
        for (int k = 0; k < SG_INPUT_MAX; k++) {
            d->input_series[k] = -1;
        }
        for (int k = 0; k < p->kind->input_count; k++) {
            const feed *f = &p->inputs[k];
            d->input_series[k] = f->series[i % f->count];
            d->input_value[k] = f->value[i % f->count];
        }
    }
}

/* An entry called "pdu-1" beside one called "pdu" with several members would make two things of one name. */
static void check_names(sg_bind *b)
{
    for (size_t i = 0; i < b->ids.size; i++) {
        char stem[SG_ID_MAX];
        int32_t member, found;
        if (!b->ids.keys[i] || !sg_name_split(b->ids.keys[i], stem, &member) ||
            !sg_names_find(&b->ids, stem, &found)) {
            continue;
        }
        int32_t count =
            found >= 0 ? b->site->node_groups[found].count : b->site->groups[-1 - found].count;
        if (count > 1 && member <= count) {
            int32_t own = b->ids.values[i];
            int line = own >= 0 ? b->site->node_groups[own].line : b->site->groups[-1 - own].line;
            sg_diagnose(b->diagnostics, SG_ERROR, (sg_place){b->file, line, 0},
                        "give one of them another id",
                        "the id '%s' is also the name of a member of '%s'", b->ids.keys[i], stem);
        }
    }
}

/* Told at the later one of the two. */
static void taken(sg_bind *b, const sg_item *item, const sg_yaml *other, int32_t node_group)
{
    const sg_yaml *later = item->key;
    int line = other ? other->line : b->nodes_good ? b->site->node_groups[node_group].line : 0;
    if (other && other->line > later->line) {
        line = later->line;
        later = other;
    }
    if (line > 0) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, later), NULL,
                    "the id '%s' is taken already, on line %d", item->id, line);
    } else {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, later), NULL,
                    "the id '%s' is taken by a node", item->id);
    }
}

static int collect(sg_bind *b, plan *plans)
{
    static const sg_section order[] = {SG_IN_SOURCES, SG_IN_STORES, SG_IN_LOADS, SG_IN_GRID};
    int count = 0;
    for (int s = 0; s < SG_COUNT(order); s++) {
        for (const sg_item *item = b->sections[order[s]].first; item; item = item->next) {
            if (count == SG_GROUP_MAX) {
                sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, item->key),
                            "an entry may stand for many devices: use count and lists",
                            "more than %d entries of sources, stores, loads and grid",
                            SG_GROUP_MAX);
                return -1;
            }
            int32_t old;
            plans[count] = (plan){.item = item, .section = order[s]};
            if (!sg_names_add(b, &b->ids, item->id, -1 - count, &old)) {
                taken(b, item, old < 0 ? plans[-1 - old].item->key : NULL, old);
            }
            count++;
        }
    }
    return count;
}

void sg_bind_devices(sg_bind *b)
{
    plan *plans = sg_arena_array(&b->scratch, SG_GROUP_MAX, sizeof *plans);
    if (!plans) {
        sg_bind_nomem(b);
        return;
    }
    int count = collect(b, plans);
    bool good = count >= 0;
    for (int pass = 0; pass < 2; pass++) { /* loads first: stores may stand beside them */
        for (int i = 0; i < count; i++) {
            if ((plans[i].section == SG_IN_LOADS) == (pass == 0)) {
                read_plan(b, &plans[i], plans);
                good = good && plans[i].good;
            }
        }
    }
    if (!good || !allocate(b, plans, count)) {
        return;
    }
    for (int i = 0; i < count; i++) {
        check_plan(b, &plans[i]);
    }
    if (!b->nodes_good) {
        return;
    }
    b->site->group_count = count;
    for (int i = 0; i < count; i++) {
        if (plans[i].role == SG_LOAD) {
            fill(b, plans, i);
        }
    }
    for (int i = 0; i < count; i++) {
        if (plans[i].role != SG_LOAD) {
            fill(b, plans, i);
        }
    }
    b->devices_good = true;
    check_names(b);
}

bool sg_bind_device_ref(sg_bind *b, const sg_yaml *at, int32_t *ret_group, int32_t *ret_member)
{
    const char *text;
    char stem[SG_ID_MAX], hint[96], quoted[SG_QUOTE_MAX];
    int32_t found, member = 0;
    *ret_group = *ret_member = -1;
    if (!sg_bind_text(b, at, "target", &text)) {
        return false;
    }
    if (!b->devices_good) {
        return true; /* what is wrong with the devices has been told */
    }
    if (sg_names_find(&b->ids, text, &found) && found < 0) {
        *ret_group = -1 - found;
        return true;
    }
    if (sg_name_split(text, stem, &member) && sg_names_find(&b->ids, stem, &found) && found < 0 &&
        member <= b->site->groups[-1 - found].count && b->site->groups[-1 - found].count > 1) {
        *ret_group = -1 - found;
        *ret_member = member - 1;
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at),
                sg_names_hint(&b->ids, text, hint, sizeof hint),
                "target: there is no source, store or load %s",
                sg_quote(text, strlen(text), quoted));
    return false;
}
