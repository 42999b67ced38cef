/* Names, values and messages that all binding passes share. */
#include "site/bind.h"

#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void sg_bind_nomem(sg_bind *b)
{
    sg_diagnose(b->diagnostics, SG_ERROR, (sg_place){b->file, 0, 0}, NULL,
                "the site needs more memory than the reader may use");
}

const sg_yaml *sg_entry_get(const sg_entry *entry, const char *key)
{
    const sg_yaml *own = sg_yaml_get(entry->own, key);
    return own || !entry->base ? own : sg_yaml_get(entry->base, key);
}

bool sg_bind_entry(sg_bind *b, const sg_item *item, sg_entry *ret)
{
    *ret = (sg_entry){.own = item->body};
    const sg_yaml *name = sg_yaml_get(item->body, "template");
    if (!name) {
        return true;
    }
    const char *text;
    if (!sg_bind_text(b, name, "template", &text)) {
        return false;
    }
    for (const sg_item *t = b->sections[SG_IN_TEMPLATES].first; t; t = t->next) {
        if (strcmp(t->id, text) == 0) {
            ret->base = t->body;
            return true;
        }
    }
    char quoted[SG_QUOTE_MAX];
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, name), NULL, "there is no template %s",
                sg_quote(text, strlen(text), quoted));
    return false;
}

/* ---- names ---- */

static size_t slot_of(const sg_names *names, const char *key)
{
    uint64_t hash = sg_hash_text(key);
    size_t at = (size_t)(hash ^ hash >> 32) & (names->size - 1);
    while (names->keys[at] && strcmp(names->keys[at], key) != 0) {
        at = (at + 1) & (names->size - 1);
    }
    return at;
}

static bool names_grow(sg_bind *b, sg_names *names)
{
    sg_names larger = {.size = names->size ? names->size * 2 : 64, .count = names->count};
    larger.keys = sg_arena_array(&b->scratch, larger.size, sizeof *larger.keys);
    larger.values = sg_arena_array(&b->scratch, larger.size, sizeof *larger.values);
    if (!larger.keys || !larger.values) {
        sg_bind_nomem(b);
        return false;
    }
    for (size_t i = 0; i < names->size; i++) {
        if (names->keys[i]) {
            size_t at = slot_of(&larger, names->keys[i]);
            larger.keys[at] = names->keys[i];
            larger.values[at] = names->values[i];
        }
    }
    *names = larger;
    return true;
}

bool sg_names_add(sg_bind *b, sg_names *names, const char *key, int32_t value, int32_t *ret_old)
{
    if (names->count * 2 >= names->size && !names_grow(b, names)) {
        *ret_old = value;
        return false;
    }
    size_t at = slot_of(names, key);
    if (names->keys[at]) {
        *ret_old = names->values[at];
        return false;
    }
    names->keys[at] = key;
    names->values[at] = value;
    names->count++;
    return true;
}

bool sg_names_find(const sg_names *names, const char *key, int32_t *ret)
{
    if (names->size == 0) {
        return false;
    }
    size_t at = slot_of(names, key);
    if (names->keys[at]) {
        *ret = names->values[at];
    }
    return names->keys[at] != NULL;
}

bool sg_name_split(const char *text, char ret_stem[SG_ID_MAX], int32_t *ret_member)
{
    const char *dash = strrchr(text, '-');
    if (!dash || dash == text || dash - text >= SG_ID_MAX) {
        return false;
    }
    size_t digits = strspn(dash + 1, "0123456789");
    if (digits == 0 || digits > 8 || dash[1 + digits] || dash[1] == '0') {
        return false;
    }
    int32_t member = 0;
    for (const char *at = dash + 1; *at; at++) {
        member = member * 10 + (*at - '0');
    }
    memcpy(ret_stem, text, (size_t)(dash - text));
    ret_stem[dash - text] = '\0';
    *ret_member = member;
    return true;
}

const char *sg_names_hint(const sg_names *names, const char *text, char *ret, size_t size)
{
    const char *best = NULL;
    int least = (int)(strlen(text) / 3) + 2;
    size_t looked = 0;
    for (size_t i = 0; i < names->size && looked < 1000; i++) {
        if (names->keys[i]) {
            int distance = sg_text_distance(text, names->keys[i], least);
            if (distance < least) {
                least = distance;
                best = names->keys[i];
            }
            looked++;
        }
    }
    ret[0] = '\0';
    if (best) {
        snprintf(ret, size, "did you mean '%s'", best);
    }
    return ret;
}

/* ---- scalars ---- */

static const char *shape_text(const sg_yaml *at)
{
    return at->kind == SG_YAML_MAP ? "a map" : at->kind == SG_YAML_LIST ? "a list" : "a value";
}

bool sg_bind_map(sg_bind *b, const sg_yaml *at, const char *what)
{
    if (at->kind == SG_YAML_MAP) {
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                "%s: expected `key: value` lines, got %s", what,
                at->kind == SG_YAML_SCALAR && at->length == 0 ? "nothing" : shape_text(at));
    return false;
}

static bool is_scalar(sg_bind *b, const sg_yaml *at, const char *what, const char *expected)
{
    if (at->kind == SG_YAML_SCALAR && at->length > 0) {
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL, "%s: expected %s, got %s",
                what, expected, at->kind == SG_YAML_SCALAR ? "nothing" : shape_text(at));
    return false;
}

bool sg_bind_text(sg_bind *b, const sg_yaml *at, const char *what, const char **ret)
{
    if (!is_scalar(b, at, what, "a text")) {
        return false;
    }
    *ret = at->text;
    return true;
}

bool sg_bind_id(sg_bind *b, const sg_yaml *at, const char **ret)
{
    enum { ROOM = 48 }; /* leaves room for "-2000000" */
    if (!is_scalar(b, at, "id", "a name")) {
        return false;
    }
    if (sg_text_is_id(at->text) && at->length <= ROOM) {
        *ret = at->text;
        return true;
    }
    char quoted[SG_QUOTE_MAX];
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                "expected an id of at most 48 letters, digits, '_', '-', '.', ':' that starts with "
                "a letter or digit, "
                "got %s",
                sg_quote(at->text, at->length, quoted));
    return false;
}

bool sg_bind_whole(sg_bind *b, const sg_yaml *at, const char *what, int64_t min, int64_t max,
                   int64_t *ret)
{
    double value;
    bool good = at->kind == SG_YAML_SCALAR && at->length > 0 &&
                sg_number_scan(at->text, at->length, &value) == at->length;
    if (good && value == floor(value) && value >= (double)min && value <= (double)max) {
        *ret = (int64_t)value;
        return true;
    }
    char quoted[SG_QUOTE_MAX];
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                "%s: expected a whole number from %lld to %lld, got %s", what, (long long)min,
                (long long)max,
                at->kind == SG_YAML_SCALAR ? sg_quote(at->text, at->length, quoted)
                                           : shape_text(at));
    return false;
}

/* "a|b|c" -> 1 for "b". */
static int choice_index(const char *choices, const char *text, size_t length)
{
    int index = 0;
    for (const char *at = choices;; index++) {
        size_t size = strcspn(at, "|");
        if (size == length && memcmp(at, text, length) == 0) {
            return index;
        }
        if (!at[size]) {
            return -1;
        }
        at += size + 1;
    }
}

/* "a|b|c" -> "a, b or c". */
static void choice_list(const char *choices, char *ret, size_t size)
{
    size_t used = 0;
    for (const char *at = choices; used < size;) {
        size_t length = strcspn(at, "|");
        bool last = !at[length];
        const char *lead = at == choices ? "" : last ? " or " : ", ";
        int wrote = snprintf(ret + used, size - used, "%s%.*s", lead, (int)length, at);
        used += wrote > 0 ? (size_t)wrote : 0;
        if (last) {
            return;
        }
        at += length + 1;
    }
}

bool sg_bind_choice(sg_bind *b, const sg_yaml *at, const char *what, const char *choices, int *ret)
{
    char list[200], expected[220], quoted[SG_QUOTE_MAX];
    choice_list(choices, list, sizeof list);
    snprintf(expected, sizeof expected, "%s", list);
    if (!is_scalar(b, at, what, expected)) {
        return false;
    }
    *ret = choice_index(choices, at->text, at->length);
    if (*ret >= 0) {
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL, "%s: expected %s, got %s",
                what, list, sg_quote(at->text, at->length, quoted));
    return false;
}

bool sg_bind_currency(sg_bind *b, const sg_yaml *at, const char *currency)
{
    if (!currency[0]) {
        return true;
    }
    if (!b->site->currency[0]) {
        const char *copy = sg_arena_text(&b->site->arena, currency, strlen(currency));
        b->site->currency = copy ? copy : "";
        b->currency_from = at;
        return true;
    }
    if (strcmp(b->site->currency, currency) == 0) {
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), "a site counts in one currency",
                "expected %s as on line %d, got %s", b->site->currency,
                b->currency_from ? b->currency_from->line : 0, currency);
    return false;
}

/* "a power between 0 W and 1 GW" */
static void range_text(const sg_param *param, char *ret, size_t size)
{
    char low[SG_QUANTITY_TEXT], high[SG_QUANTITY_TEXT];
    sg_quantity_format(param->min, param->dimension, low);
    sg_quantity_format(param->max, param->dimension, high);
    const char *what = sg_dimension_text(param->dimension);
    if (isfinite(param->min) && isfinite(param->max)) {
        snprintf(ret, size, "%s between %s and %s", what, low, high);
    } else if (isfinite(param->min)) {
        snprintf(ret, size, "%s of at least %s", what, low);
    } else {
        snprintf(ret, size, "%s such as %s", what, sg_dimension_example(param->dimension));
    }
}

bool sg_bind_scalar(sg_bind *b, const sg_yaml *at, const sg_param *param, double *ret)
{
    if (param->choices && !*param->choices) {
        *ret = 0;
        return is_scalar(b, at, param->name, "a label");
    }
    if (param->choices) {
        int index;
        bool good = sg_bind_choice(b, at, param->name, param->choices, &index);
        *ret = good ? index : 0;
        return good;
    }
    char expected[160], quoted[SG_QUOTE_MAX];
    range_text(param, expected, sizeof expected);
    if (!is_scalar(b, at, param->name, expected)) {
        return false;
    }
    sg_quantity quantity;
    const char *why = NULL;
    if (sg_quantity_parse_as(at->text, at->length, param->dimension, &quantity, &why) != SG_OK) {
        char hint[80];
        snprintf(hint, sizeof hint, "write it like %s", sg_dimension_example(param->dimension));
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), hint,
                    "%s: expected %s, got %s (%s)", param->name, expected,
                    sg_quote(at->text, at->length, quoted), why);
        return false;
    }
    /* Rounding in a unit's factor must not push a limit value out of its range. */
    double least = param->min - (isfinite(param->min) ? 1e-12 * fabs(param->min) : 0);
    double most = param->max + (isfinite(param->max) ? 1e-12 * fabs(param->max) : 0);
    if (!(quantity.value >= least && quantity.value <= most)) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL, "%s: expected %s, got %s",
                    param->name, expected, sg_quote(at->text, at->length, quoted));
        return false;
    }
    *ret = fmin(fmax(quantity.value, param->min), param->max);
    return sg_bind_currency(b, at, quantity.currency);
}

bool sg_bind_quantity(sg_bind *b, const sg_yaml *at, const char *what, sg_dimension dimension,
                      double *ret)
{
    sg_param param = {.name = what, .dimension = dimension, .min = -HUGE_VAL, .max = HUGE_VAL};
    return sg_bind_scalar(b, at, &param, ret);
}

bool sg_bind_zone(sg_bind *b, const sg_yaml *at, int32_t *ret_offset_s)
{
    if (!is_scalar(b, at, "timezone", "a fixed offset such as UTC+1")) {
        return false;
    }
    if (sg_zone_parse(at->text, at->length, ret_offset_s) == SG_OK) {
        return true;
    }
    char quoted[SG_QUOTE_MAX];
    bool named = strchr(at->text, '/') != NULL;
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at),
                named ? "regional names with daylight saving are not supported: give the standard "
                        "time's offset"
                      : NULL,
                "timezone: expected a fixed offset such as UTC, UTC-5 or +05:30, got %s%s",
                named ? "the regional name " : "", sg_quote(at->text, at->length, quoted));
    return false;
}

/* ---- parameters ---- */

bool sg_bind_param(sg_bind *b, const sg_entry *entry, const sg_param *param, const sg_yaml *where,
                   int64_t members, sg_values *ret)
{
    const sg_yaml *at = sg_entry_get(entry, param->name);
    bool list = at && at->kind == SG_YAML_LIST;
    int32_t count = list ? at->count : 1;
    *ret = (sg_values){sg_arena_array(&b->scratch, (size_t)(count > 0 ? count : 1), sizeof(double)),
                       1};
    if (!ret->v) {
        sg_bind_nomem(b);
        return false;
    }
    ret->v[0] = param->preset;
    if (!at) {
        if (!isnan(param->preset)) {
            return true;
        }
        char hint[300];
        snprintf(hint, sizeof hint, "%s: add `%s: %s`", param->help, param->name,
                 param->choices ? "..." : sg_dimension_example(param->dimension));
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, where), hint,
                    "expected `%s`, which is missing", param->name);
        return false;
    }
    if (!list) {
        return sg_bind_scalar(b, at, param, &ret->v[0]);
    }
    if (count == 0) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "%s: expected a value, got an empty list", param->name);
        return false;
    }
    if (count > members) {
        sg_diagnose(b->diagnostics, SG_WARNING, sg_bind_place(b, at), NULL,
                    "%s: %d values for %lld members, the last ones are not used", param->name,
                    (int)count, (long long)members);
    }
    bool good = true;
    ret->count = count;
    int32_t i = 0;
    for (const sg_yaml *item = at->first; item; item = item->next) {
        good = sg_bind_scalar(b, item, param, &ret->v[i++]) && good;
    }
    return good;
}

static void unknown_in(sg_bind *b, const sg_yaml *map, const char *const *names, int count,
                       const char *what)
{
    for (const sg_yaml *key = map->first; key; key = key->next) {
        bool known = false;
        for (int i = 0; i < count && !known; i++) {
            known = strcmp(key->text, names[i]) == 0;
        }
        if (known) {
            continue;
        }
        char hint[120] = "", quoted[SG_QUOTE_MAX];
        const char *nearest = b->diagnostics->errors < 2 * SG_DIAGNOSTIC_MAX
                                  ? sg_text_nearest(key->text, names, count)
                                  : NULL;
        if (nearest) {
            snprintf(hint, sizeof hint, "did you mean '%s'", nearest);
        }
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, key), hint, "%s has no key %s", what,
                    sg_quote(key->text, key->length, quoted));
    }
}

void sg_bind_unknown(sg_bind *b, const sg_entry *entry, const char *const *names, int count,
                     const char *what)
{
    unknown_in(b, entry->own, names, count, what);
    if (entry->base) {
        unknown_in(b, entry->base, names, count, what);
    }
}
