#include "site/reader.h"

#include "base/hash.h"
#include "base/text.h"
#include "site/bind.h"
#include "site/csv.h"
#include "site/maml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SITE_BYTES_MAX    ((size_t)3 * 1024 * 1024 * 1024)
#define SCRATCH_BYTES_MAX ((size_t)768 * 1024 * 1024)

static bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text), size = strlen(suffix);
    return length >= size && strcmp(text + length - size, suffix) == 0;
}

/* ---- whole texts ---- */

static bool check_text(sg_bind *b, const char *text, size_t length)
{
    sg_place whole = {b->file, 0, 0};
    if (length > SG_SITE_FILE_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR, whole,
                    "measured data belongs into CSV files that `series` names",
                    "a site file of %zu MB is over the limit of 16 MB", length >> 20);
        return false;
    }
    if (sg_text_is_utf8(text, length)) {
        return true;
    }
    int line = 1;
    for (const char *at = text, *stop = text + length; at < stop; line++) {
        const char *end = memchr(at, '\n', (size_t)(stop - at));
        size_t size = end ? (size_t)(end - at) : (size_t)(stop - at);
        if (!sg_text_is_utf8(at, size)) {
            break;
        }
        at += size + 1;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, (sg_place){b->file, line, 0}, NULL,
                "expected UTF-8 text without NUL characters");
    return false;
}

static void read_bare(sg_bind *b, const char *text, size_t length)
{
    sg_fragment whole = {.text = text, .length = length, .line = 1};
    int before = b->diagnostics->errors;
    const sg_yaml *tree = sg_yaml_parse(&whole, b->file, &b->scratch, b->diagnostics);
    if (tree) {
        sg_bind_front(b, tree, true);
        if (tree->kind == SG_YAML_MAP) {
            sg_bind_collect(b, tree, true);
        }
    } else if (b->diagnostics->errors == before) {
        sg_diagnose(b->diagnostics, SG_ERROR, (sg_place){b->file, 1, 0},
                    "`symgrid init` writes an example", "the site file is empty");
    }
}

static void read_document(sg_bind *b, const char *text, size_t length)
{
    sg_maml document;
    int before = b->diagnostics->errors;
    if (!sg_maml_scan(text, length, b->file, &b->scratch, b->diagnostics, &document)) {
        sg_bind_nomem(b);
        return;
    }
    if (document.title[0]) {
        const char *title = sg_arena_text(&b->site->arena, document.title, strlen(document.title));
        b->site->title = title ? title : "";
    }
    bool any = false;
    for (const sg_maml_block *block = document.blocks; block; block = block->next) {
        any = any || block->part != SG_MAML_FRONT;
        const sg_yaml *tree = sg_yaml_parse(&block->fragment, b->file, &b->scratch, b->diagnostics);
        if (!tree) {
            continue;
        }
        if (block->part == SG_MAML_FRONT) {
            sg_bind_front(b, tree, false);
        } else if (block->part == SG_MAML_NESTED_FRONT) {
            sg_bind_nested_front(b, tree);
        } else {
            sg_bind_collect(b, tree, false);
        }
    }
    if (!any && b->sections[SG_IN_WORKFLOWS].count == 0 && b->diagnostics->errors == before) {
        sg_diagnose(b->diagnostics, SG_ERROR, (sg_place){b->file, 1, 0},
                    "`symgrid init` writes an example",
                    "expected a yaml block below a heading that ends in _Schema, found none");
    }
}

/* ---- what only the whole site can tell ---- */

static void check_whole(sg_bind *b)
{
    const sg_site *site = b->site;
    sg_place whole = {b->file, 0, 0};
    int64_t from_us, to_us;
    if (site->device_count[SG_LOAD] == 0 && site->workflow_count == 0) {
        sg_diagnose(b->diagnostics, SG_WARNING, whole, NULL, "the site has no loads");
    }
    bool absolute = false;
    for (int32_t i = 0; i < site->series_count; i++) {
        absolute = absolute || (site->series[i].count > 0 && !site->series[i].repeat &&
                                site->series[i].calendar_year == 0);
    }
    if (absolute && sg_site_span(site, &from_us, &to_us) != SG_OK) {
        sg_diagnose(b->diagnostics, SG_WARNING, whole,
                    "repeat: true or align: calendar make series fit together",
                    "there is no time that all series cover");
    }
    for (int32_t i = 0; i < b->series_group_count; i++) {
        if (!b->series_used[i]) {
            sg_diagnose(b->diagnostics, SG_NOTE, sg_bind_place(b, b->series_at[i]), NULL,
                        "the series '%s' is not used", b->series_at[i]->text);
        }
    }
}

static void bind_all(sg_bind *b)
{
    sg_bind_series(b);
    sg_bind_nodes(b);
    sg_bind_devices(b);
    sg_bind_ties(b);
    sg_bind_schedules(b);
    sg_bind_faults(b);
    sg_bind_workflows(b);
    sg_bind_planning(b);
    sg_bind_services(b);
    sg_bind_alarms(b);
    if (b->diagnostics->errors == 0) {
        check_whole(b);
    }
}

static sg_status parse(const char *path, const char *text, size_t length, bool load_series,
                       sg_site *ret, sg_diagnostics *diagnostics)
{
    *ret = (sg_site){.id = "", .title = "", .path = "", .currency = ""};
    ret->arena.bytes_max = SITE_BYTES_MAX;
    sg_bind *b = calloc(1, sizeof *b);
    if (!b) {
        *ret = (sg_site){0};
        return SG_NOMEM;
    }
    b->site = ret;
    b->diagnostics = diagnostics;
    b->scratch.bytes_max = SCRATCH_BYTES_MAX;
    b->file = sg_diagnose_file(diagnostics, path);
    b->path = path;
    b->load_series = load_series;
    if (check_text(b, text, length)) {
        if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
            text += 3;
            length -= 3;
        }
        bool bare = ends_with(path, ".yaml") || ends_with(path, ".yml") || ends_with(path, ".json");
        if (bare) {
            read_bare(b, text, length);
        } else {
            read_document(b, text, length);
        }
        bind_all(b);
    }
    sg_arena_free(&b->scratch);
    free(b);
    if (diagnostics->errors > 0) {
        sg_site_free(ret);
        return SG_FORMAT;
    }
    const char *copy = sg_arena_text(&ret->arena, path, strlen(path));
    ret->path = copy ? copy : "";
    if (!ret->title[0]) {
        ret->title = ret->path;
    }
    ret->hash = sg_site_hash(ret);
    return SG_OK;
}

sg_status sg_site_parse(const char *path, const char *text, size_t length, bool load_series,
                        sg_site *ret, sg_diagnostics *diagnostics)
{
    *diagnostics = (sg_diagnostics){0};
    return parse(path, text, length, load_series, ret, diagnostics);
}

sg_status sg_site_load(const char *path, sg_site *ret, sg_diagnostics *diagnostics)
{
    *diagnostics = (sg_diagnostics){0};
    size_t length;
    const char *why;
    char *text = sg_file_read(path, SG_SITE_FILE_MAX, &length, &why);
    if (!text) {
        *ret = (sg_site){0};
        bool large = strcmp(why, "it is too large") == 0;
        sg_diagnose(diagnostics, SG_ERROR, (sg_place){sg_diagnose_file(diagnostics, path), 0, 0},
                    large ? "measured data belongs into CSV files that `series` names" : NULL,
                    large ? "the site file is over the limit of 16 MB"
                          : "cannot read the site file: %s",
                    why);
        return large ? SG_FORMAT : SG_IO;
    }
    sg_status status = parse(path, text, length, true, ret, diagnostics);
    free(text);
    return status;
}

/* ---- hash ---- */

static uint64_t mix_text(uint64_t hash, const char *text)
{
    uint64_t length = strlen(text);
    return sg_hash(sg_hash(hash, &length, sizeof length), text, length);
}

static uint64_t mix_whole(uint64_t hash, int64_t value)
{
    return sg_hash(hash, &value, sizeof value);
}

static uint64_t mix_real(uint64_t hash, double value)
{
    return sg_hash(hash, &value, sizeof value);
}

static uint64_t mix_node(uint64_t hash, const sg_node *n)
{
    const double reals[] = {n->limit_w,   n->breaker_a, n->voltage_v,    n->cable_m,
                            n->cable_mm2, n->loss_ohm,  n->converter_eff};
    hash = sg_hash(mix_whole(mix_whole(hash, n->parent), n->group), reals, sizeof reals);
    if (n->partner > 0) {
        hash = mix_whole(hash, n->partner);
    }
    if (n->drop_frac != 0.05) {
        hash = mix_real(hash, n->drop_frac);
    }
    if (n->curve) { /* without one the hash is as it always was */
        const double trip[] = {n->hard_limit_w, n->trip.dial, n->trip.tau_s, n->trip.instantaneous};
        hash = mix_whole(sg_hash(hash, trip, sizeof trip), (int64_t)n->trip.curve);
    }
    return hash;
}

static uint64_t mix_device(uint64_t hash, const sg_device *d)
{
    hash = mix_whole(mix_whole(mix_whole(hash, d->node), d->group), d->beside);
    hash = sg_hash(hash, d->input_series, sizeof d->input_series);
    hash = sg_hash(hash, d->input_value, sizeof d->input_value);
    return sg_hash(hash, d->p, sizeof d->p);
}

static uint64_t mix_series(uint64_t hash, const sg_series *s)
{
    hash = mix_text(hash, s->id);
    hash = mix_whole(mix_whole(mix_whole(hash, s->start_us), s->step_us), s->count);
    hash = mix_whole(mix_whole(mix_whole(hash, s->calendar_year), s->repeat), s->linear);
    return s->count > 0 ? sg_hash(hash, s->value, (size_t)s->count * sizeof *s->value) : hash;
}

/* Field by field: padding between fields and addresses must not count. Nor do alarms: they change nothing that the engine does, so
 * a journal goes on and replays whatever they are. */
uint64_t sg_site_hash(const sg_site *site)
{
    uint64_t hash = mix_text(SG_HASH_START, site->id);
    hash = mix_whole(mix_text(hash, site->currency), site->mode);
    hash = mix_whole(hash, site->zone_offset_s);
    const double planning[] = {site->planning.horizon_s,  site->planning.step_s,
                               site->planning.period_s,   site->planning.fresh_s_max,
                               site->planning.last_s_max, site->planning.error_frac,
                               site->planning.reserve_s};
    hash = sg_hash(hash, planning, sizeof planning);
    if (sg_services_any(&site->services)) {
        hash = sg_hash(hash, &site->services, sizeof site->services);
    }
    for (int32_t i = 0; i < site->node_group_count; i++) {
        hash = mix_whole(mix_text(hash, site->node_groups[i].id), site->node_groups[i].count);
    }
    for (int32_t i = 0; i < site->node_count; i++) {
        hash = mix_node(hash, &site->nodes[i]);
    }
    for (int32_t i = 0; i < site->schedule_count; i++) { /* without padding, zero where not used */
        hash = sg_hash(hash, &site->schedules[i], sizeof site->schedules[i]);
    }
    for (int32_t i = 0; i < site->tie_count; i++) {
        const sg_tie *t = &site->ties[i];
        hash = mix_whole(mix_whole(mix_text(hash, t->id), t->from), t->to);
        hash = mix_real(mix_real(mix_real(hash, t->limit_w), t->loss_ohm), t->voltage_v);
    }
    for (int32_t i = 0; i < site->group_count; i++) {
        const sg_group *g = &site->groups[i];
        hash = mix_text(mix_text(hash, g->id), g->kind->name);
        hash = mix_whole(mix_whole(mix_whole(hash, g->role), g->first), g->count);
    }
    for (int role = 0; role < SG_ROLE_COUNT; role++) {
        for (int32_t i = 0; i < site->device_count[role]; i++) {
            hash = mix_device(hash, &site->devices[role][i]);
        }
    }
    for (int32_t i = 0; i < site->series_count; i++) {
        hash = mix_series(hash, &site->series[i]);
    }
    for (int32_t i = 0; i < site->workflow_count; i++) {
        const sg_workflow *w = &site->workflows[i];
        hash = mix_whole(mix_text(hash, w->task_id), w->priority);
        hash = mix_real(mix_real(hash, w->power_w), w->duration_s);
    }
    for (int32_t i = 0; i < site->fault_count; i++) {
        const sg_fault *f = &site->faults[i];
        hash = mix_whole(mix_whole(mix_whole(hash, f->kind), f->group), f->member);
        hash = mix_real(mix_real(mix_real(hash, f->at_s), f->duration_s), f->severity);
        hash = mix_real(hash, f->every_s);
    }
    return hash;
}
