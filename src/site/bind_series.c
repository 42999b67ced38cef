/* Series: declared in the site file, read from CSV files or written out as a daily schedule. */
#include "site/bind.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/time.h"
#include "site/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_MAX = 100000, CSV_BYTES_MAX = 1 << 30, DAILY_MAX = 1440 };
#define POINT_MAX INT64_C(64000000) /* values of all series together */

static const char *const keys[] = {"file",    "time",     "time_unit", "column",  "count",
                                   "unit",    "timezone", "scale",     "offset",  "gaps",
                                   "max_gap", "where",    "repeat",    "align",   "between",
                                   "stamp",   "daily",    "random",    "template"};

/* One entry on its way to `count` series. */
typedef struct plan {
    const sg_item *item;
    sg_entry entry;
    int64_t count;
    int32_t first; /* index into the site's series */
    sg_quantity unit;
    double scale, offset;
    int32_t zone_offset_s;
    sg_gap_rule gaps;
    double max_gap_s;
    bool repeat, repeat_given, calendar, linear, stamp_end;
    bool good;
} plan;

/* ---- options ---- */

static bool read_choice(sg_bind *b, const plan *p, const char *key, const char *choices, int *ret)
{
    const sg_yaml *at = sg_entry_get(&p->entry, key);
    return !at || sg_bind_choice(b, at, key, choices, ret);
}

static bool read_quantity(sg_bind *b, const plan *p, const char *key, sg_dimension dimension,
                          double *ret)
{
    const sg_yaml *at = sg_entry_get(&p->entry, key);
    return !at || sg_bind_quantity(b, at, key, dimension, ret);
}

static bool read_unit(sg_bind *b, plan *p)
{
    p->unit = (sg_quantity){.value = 1, .dimension = SG_DIM_NONE};
    const sg_yaml *at = sg_entry_get(&p->entry, "unit");
    const char *text, *why = NULL;
    if (!at) {
        return true;
    }
    if (!sg_bind_text(b, at, "unit", &text)) {
        return false;
    }
    if (sg_unit_parse(text, at->length, &p->unit, &why) != SG_OK) {
        char quoted[SG_QUOTE_MAX];
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "unit: expected a unit such as kW, W/m2, degC or EUR/MWh, got %s (%s)",
                    sg_quote(text, at->length, quoted), why);
        return false;
    }
    return sg_bind_currency(b, at, p->unit.currency);
}

static bool read_options(sg_bind *b, plan *p)
{
    int gaps = SG_GAP_HOLD, repeat = 1, align = 0, between = 0, stamp = 0;
    p->scale = 1;
    p->max_gap_s =
        86400; /* a longer gap wants a decision; zeros invent nothing, so they have no limit */
    p->zone_offset_s = b->site->zone_offset_s;
    bool good = read_unit(b, p);
    good = read_quantity(b, p, "scale", SG_DIM_NONE, &p->scale) && good;
    good = read_quantity(b, p, "offset", SG_DIM_NONE, &p->offset) && good;
    good = read_quantity(b, p, "max_gap", SG_DIM_TIME, &p->max_gap_s) && good;
    good = read_choice(b, p, "gaps", "hold|linear|zero|error", &gaps) && good;
    good = read_choice(b, p, "repeat", "true|false|yes|no", &repeat) && good;
    good = read_choice(b, p, "align", "none|calendar", &align) && good;
    good = read_choice(b, p, "between", "hold|linear", &between) && good;
    good = read_choice(b, p, "stamp", "start|end", &stamp) && good;
    const sg_yaml *zone = sg_entry_get(&p->entry, "timezone");
    good = (!zone || sg_bind_zone(b, zone, &p->zone_offset_s)) && good;
    p->gaps = (sg_gap_rule)gaps;
    if (p->gaps == SG_GAP_ZERO && !sg_entry_get(&p->entry, "max_gap")) {
        p->max_gap_s = HUGE_VAL;
    }
    p->repeat_given = sg_entry_get(&p->entry, "repeat") != NULL;
    p->repeat = repeat % 2 == 0;
    p->calendar = align == 1;
    p->linear = between == 1;
    p->stamp_end = stamp == 1;
    if (good && p->repeat && p->calendar) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "expected either `repeat` or `align: calendar`, got both");
        good = false;
    }
    return good;
}

/* "node_{n:02}_w" and 3 -> "node_03_w". False when there is no {n} where one is needed. */
static bool column_name(const char *pattern, int64_t n, char *ret, size_t size)
{
    const char *open = strstr(pattern, "{n");
    const char *close = open ? strchr(open, '}') : NULL;
    if (!close) {
        return false;
    }
    int width = 0;
    if (open[2] == ':') {
        for (const char *at = open + 3; at < close; at++) {
            if (*at < '0' || *at > '9' || width > 9) {
                return false;
            }
            width = width * 10 + (*at - '0');
        }
    } else if (open + 2 != close) {
        return false;
    }
    int wrote = snprintf(ret, size, "%.*s%0*lld%s", (int)(open - pattern), pattern,
                         width < 19 ? width : 19, (long long)n, close + 1);
    return wrote > 0 && (size_t)wrote < size;
}

/* ---- from rows to series ---- */

static bool point_room(sg_bind *b, const plan *p, int64_t count)
{
    int64_t sum = b->points + count * p->count;
    if (sum <= POINT_MAX) {
        b->points = sum;
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                "the series of a site may hold %lld values together, with this one they are %lld",
                (long long)POINT_MAX, (long long)sum);
    return false;
}

static bool series_arrays(sg_bind *b, sg_series *s, int32_t count, double **ret_value,
                          double **ret_integral, uint8_t **ret_quality)
{
    sg_arena *arena = &b->site->arena;
    *ret_value = sg_arena_array(arena, (size_t)count, sizeof(double));
    *ret_integral = sg_arena_array(arena, (size_t)count + 1, sizeof(double));
    *ret_quality = sg_arena_array(arena, (size_t)count, 1);
    if (!*ret_value || !*ret_integral || !*ret_quality) {
        sg_bind_nomem(b);
        return false;
    }
    s->value = *ret_value;
    s->cumulative = *ret_integral;
    s->quality = *ret_quality;
    return true;
}

static int32_t line_of_slot(const sg_csv *csv, const sg_grid *grid, int32_t slot)
{
    int32_t low = 0, high = csv->rows; /* the first row at or after the slot */
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (grid->slot[middle] < slot) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < csv->rows ? csv->line[low] : csv->last_line;
}

static bool gaps_allowed(sg_bind *b, const plan *p, const sg_csv *csv, const sg_grid *grid,
                         const char *file, const char *column, const sg_gaps *gaps)
{
    double longest_s = (double)gaps->longest * (double)grid->step_us * 1e-6;
    char longest[SG_QUANTITY_TEXT], most[SG_QUANTITY_TEXT], hint[96];
    if (gaps->filled == 0 || (p->gaps != SG_GAP_ERROR && longest_s <= p->max_gap_s)) {
        return true;
    }
    bool any = p->gaps == SG_GAP_ERROR;
    int32_t line = line_of_slot(csv, grid, any ? gaps->first_slot : gaps->longest_slot);
    sg_quantity_format(longest_s, SG_DIM_TIME, longest);
    sg_quantity_format(p->max_gap_s, SG_DIM_TIME, most);
    sg_place place = {file, line, 0};
    if (any) {
        sg_diagnose(
            b->diagnostics, SG_ERROR, place, "choose `gaps: hold`, `linear` or `zero` to fill them",
            "column %s: %d values are missing, the first one here", column, (int)gaps->filled);
    } else {
        snprintf(hint, sizeof hint, "set `max_gap: %.0fh` on the series to accept it",
                 ceil(longest_s / 3600));
        sg_diagnose(b->diagnostics, SG_ERROR, place, hint,
                    "column %s: a gap of %s, longer than max_gap of %s", column, longest, most);
    }
    return false;
}

static void gaps_warn(sg_bind *b, const plan *p, const sg_grid *grid, int64_t filled,
                      int32_t longest)
{
    static const char *const rules[] = {"holding the value before", "straight lines", "zero", ""};
    if (filled == 0) {
        return;
    }
    char text[SG_QUANTITY_TEXT];
    sg_quantity_format((double)longest * (double)grid->step_us * 1e-6, SG_DIM_TIME, text);
    sg_diagnose(
        b->diagnostics, SG_WARNING, sg_bind_place(b, p->item->key), NULL,
        "series '%s': %lld of %lld values were missing and are filled by %s (longest gap %s)",
        p->item->id, (long long)filled, (long long)grid->count * p->count, rules[p->gaps], text);
}

static bool one_series(sg_bind *b, const plan *p, const sg_csv *csv, const sg_grid *grid,
                       int32_t member, const char *file, const char *column, sg_gaps *ret_gaps)
{
    sg_series *s = &b->site->series[p->first + member];
    double *value, *sums;
    uint8_t *quality;
    if (!series_arrays(b, s, grid->count, &value, &sums, &quality)) {
        return false;
    }
    for (int32_t i = 0; i < grid->count; i++) {
        value[i] = (double)NAN;
    }
    for (int32_t row = 0; row < csv->rows; row++) {
        double raw = csv->value[(size_t)row * (size_t)p->count + (size_t)member];
        if (isnan(value[grid->slot[row]])) { /* the first one stays */
            value[grid->slot[row]] = (raw * p->scale + p->offset) * p->unit.value;
        }
    }
    for (int32_t i = 0; i < grid->count; i++) {
        if (isinf(value[i])) {
            sg_diagnose(b->diagnostics, SG_ERROR, (sg_place){file, line_of_slot(csv, grid, i), 0},
                        NULL, "column %s: a value out of range", column);
            return false;
        }
    }
    if (!sg_grid_fill(value, quality, grid->count, p->gaps, ret_gaps)) {
        sg_diagnose(b->diagnostics, SG_ERROR, (sg_place){file, csv->line[0], 0}, NULL,
                    "column %s holds no value at all", column);
        return false;
    }
    if (!gaps_allowed(b, p, csv, grid, file, column, ret_gaps)) {
        return false;
    }
    sg_grid_integrate(value, grid->count, grid->step_us, p->linear, p->repeat, sums);
    s->start_us = csv->relative ? 0 : grid->start_us - (p->stamp_end ? grid->step_us : 0);
    s->step_us = grid->step_us;
    s->count = grid->count;
    s->repeat = p->repeat;
    s->linear = p->linear;
    if (p->calendar) {
        int64_t half_us = s->count * s->step_us / 2;
        sg_civil middle;
        sg_civil_from_time(
            s->start_us + (half_us < 182 * SG_US_PER_DAY ? half_us : 182 * SG_US_PER_DAY), &middle);
        s->calendar_year = middle.year;
    }
    return true;
}

static bool on_grid(sg_bind *b, plan *p, const sg_csv *csv, sg_grid *grid, const char *file,
                    const char *const *columns)
{
    const char *why = sg_grid_fit(csv, grid);
    char step[SG_QUANTITY_TEXT];
    sg_quantity_format((double)grid->step_us * 1e-6, SG_DIM_TIME, step);
    if (why) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "%s: %s (the most frequent step is %s)", file, why, step);
        return false;
    }
    if (!point_room(b, p, grid->count)) {
        return false;
    }
    int64_t filled = 0;
    int32_t longest = 0;
    for (int32_t i = 0; i < (int32_t)p->count; i++) {
        sg_gaps gaps;
        if (!one_series(b, p, csv, grid, i, file, columns[i], &gaps)) {
            return false;
        }
        filled += gaps.filled;
        longest = gaps.longest > longest ? gaps.longest : longest;
    }
    gaps_warn(b, p, grid, filled, longest);
    if (grid->moved > 0) {
        sg_diagnose(b->diagnostics, SG_WARNING, sg_bind_place(b, p->item->key), NULL,
                    "series '%s': %d of %d rows were not on the time grid of %s and were moved to "
                    "it, %d dropped",
                    p->item->id, (int)grid->moved, (int)csv->rows, step, (int)grid->dropped);
    }
    return true;
}

/* ---- files ---- */

static void full_path(const sg_bind *b, const char *name, char *ret, size_t size)
{
    const char *slash = strrchr(b->path, '/');
    if (name[0] == '/' || !slash) {
        snprintf(ret, size, "%s", name);
    } else {
        snprintf(ret, size, "%.*s/%s", (int)(slash - b->path), b->path, name);
    }
}

static bool load_file(sg_bind *b, plan *p, const sg_csv_query *query, const char *name,
                      const sg_yaml *at)
{
    char path[4096], quoted[SG_QUOTE_MAX];
    full_path(b, name, path, sizeof path);
    size_t length;
    const char *why;
    char *text = sg_file_read(path, CSV_BYTES_MAX, &length, &why);
    sg_place asked = sg_bind_place(b, at);
    if (!text) {
        sg_diagnose(b->diagnostics, SG_ERROR, asked, "paths are relative to the site file's folder",
                    "cannot read the series file %s: %s", sg_quote(name, strlen(name), quoted),
                    why);
        return false;
    }
    const char *file = sg_diagnose_file(b->diagnostics, path);
    sg_csv csv = {0};
    sg_grid grid = {0};
    bool good = false;
    if (length > 2 && memcmp(text, "\x1f\x8b", 2) == 0) {
        sg_diagnose(b->diagnostics, SG_ERROR, asked, "unpack it with gunzip", "%s is compressed",
                    file);
    } else if (sg_csv_parse(text, length, file, asked, query, b->diagnostics, &csv)) {
        good = true;
        if (csv.relative && p->repeat_given && !p->repeat) {
            sg_diagnose(b->diagnostics, SG_ERROR, asked, NULL,
                        "a series whose times are seconds has no date and must `repeat`");
            good = false;
        }
        p->repeat = p->repeat || csv.relative;
        p->calendar = p->calendar || query->time[1];
        good = good && on_grid(b, p, &csv, &grid, file, query->columns);
    }
    sg_grid_free(&grid);
    sg_csv_free(&csv);
    free(text);
    return good;
}

static bool read_time(sg_bind *b, const plan *p, sg_csv_query *query)
{
    const sg_yaml *at = sg_entry_get(&p->entry, "time");
    query->time_unit_s = 1;
    if (!read_quantity(b, p, "time_unit", SG_DIM_TIME, &query->time_unit_s)) {
        return false;
    }
    if (query->time_unit_s <= 0) {
        sg_diagnose(b->diagnostics, SG_ERROR,
                    sg_bind_place(b, sg_entry_get(&p->entry, "time_unit")), NULL,
                    "time_unit: expected a duration above 0");
        return false;
    }
    if (!at) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "expected `time`, the name of the column that holds the times");
        return false;
    }
    if (at->kind != SG_YAML_LIST) {
        return sg_bind_text(b, at, "time", &query->time[0]);
    }
    if (at->count != 3) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "time: expected one column, or the three columns month, day and hour of a "
                    "typical year");
        return false;
    }
    int i = 0;
    for (const sg_yaml *item = at->first; item; item = item->next) {
        if (!sg_bind_text(b, item, "time", &query->time[i++])) {
            return false;
        }
    }
    return true;
}

static bool read_where(sg_bind *b, const plan *p, sg_csv_query *query)
{
    const sg_yaml *at = sg_entry_get(&p->entry, "where");
    if (!at) {
        return true;
    }
    if (!sg_bind_map(b, at, "where")) {
        return false;
    }
    for (const sg_yaml *key = at->first; key; key = key->next) {
        if (query->where_count == SG_CSV_WHERE_MAX) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, key), NULL,
                        "where: more than %d conditions", SG_CSV_WHERE_MAX);
            return false;
        }
        query->where[query->where_count].column = key->text;
        if (!sg_bind_text(b, key->value, "where", &query->where[query->where_count++].text)) {
            return false;
        }
    }
    return true;
}

static const char **column_names(sg_bind *b, const plan *p)
{
    const sg_yaml *at = sg_entry_get(&p->entry, "column");
    const char *pattern;
    if (!at) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "expected `column`, the name of the column that holds the values");
        return NULL;
    }
    if (!sg_bind_text(b, at, "column", &pattern)) {
        return NULL;
    }
    const char **ret = sg_arena_array(&b->scratch, (size_t)p->count, sizeof *ret);
    for (int64_t i = 0; ret && i < p->count; i++) {
        char name[256];
        ret[i] = pattern;
        if (!sg_entry_get(&p->entry, "count")) {
            return ret;
        }
        if (!column_name(pattern, i + 1, name, sizeof name)) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                        "column: with `count` expected a name with {n} or {n:02} in it");
            return NULL;
        }
        ret[i] = sg_arena_text(&b->scratch, name, strlen(name));
        if (!ret[i]) {
            ret = NULL;
        }
    }
    if (!ret) {
        sg_bind_nomem(b);
    }
    return ret;
}

static bool from_file(sg_bind *b, plan *p)
{
    const sg_yaml *at = sg_entry_get(&p->entry, "file");
    const char *name;
    sg_csv_query query = {.zone_offset_s = p->zone_offset_s, .column_count = (int)p->count};
    if (!at) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "expected `file` (a CSV file), `daily` (a schedule) or `random`");
        return false;
    }
    bool good = sg_bind_text(b, at, "file", &name);
    good = read_time(b, p, &query) && good;
    good = read_where(b, p, &query) && good;
    query.columns = column_names(b, p);
    if (!good || !query.columns) {
        return false;
    }
    return !b->load_series || load_file(b, p, &query, name, at);
}

/* ---- daily schedules ---- */

typedef struct slot {
    int32_t minute;
    double value;
} slot;

static bool read_minute(sg_bind *b, const sg_yaml *at, int32_t *ret)
{
    int hour, minute;
    char rest;
    if (at && at->kind == SG_YAML_SCALAR && at->length == 5 && at->text[2] == ':' &&
        sscanf(at->text, "%2d:%2d%c", &hour, &minute, &rest) == 2 && hour >= 0 && hour < 24 &&
        minute >= 0 && minute < 60) {
        *ret = hour * 60 + minute;
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                "from: expected a time of day from 00:00 to 23:59");
    return false;
}

static bool read_slot(sg_bind *b, plan *p, const sg_yaml *at, slot *ret)
{
    static const char *const names[] = {"from", "value"};
    if (!sg_bind_map(b, at, "daily")) {
        return false;
    }
    sg_bind_unknown(b, &(sg_entry){.own = at}, names, 2, "an item of `daily`");
    const sg_yaml *from = sg_yaml_get(at, "from"), *value = sg_yaml_get(at, "value");
    if (!from || !value) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "expected `from` and `value`");
        return false;
    }
    if (!read_minute(b, from, &ret->minute)) {
        return false;
    }
    sg_quantity quantity;
    const char *why = NULL;
    char quoted[SG_QUOTE_MAX];
    if (value->kind != SG_YAML_SCALAR ||
        sg_quantity_parse(value->text, value->length, &quantity, &why) != SG_OK) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, value), NULL,
                    "value: expected a quantity such as 0.30 EUR/kWh, got %s (%s)",
                    value->kind == SG_YAML_SCALAR ? sg_quote(value->text, value->length, quoted)
                                                  : "something else",
                    why ? why : "not a scalar");
        return false;
    }
    ret->value = quantity.value;
    if (quantity.dimension == SG_DIM_NONE && sg_entry_get(&p->entry, "unit")) {
        ret->value *= p->unit.value;
        quantity.dimension = p->unit.dimension;
    }
    bool first = at == sg_entry_get(&p->entry, "daily")->first && !sg_entry_get(&p->entry, "unit");
    if (first) {
        p->unit.dimension = quantity.dimension;
    }
    if (quantity.dimension != p->unit.dimension) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, value), NULL,
                    "value: expected %s like the others, got %s",
                    sg_dimension_text(p->unit.dimension), sg_dimension_text(quantity.dimension));
        return false;
    }
    return sg_bind_currency(b, value, quantity.currency);
}

static bool lay_day(sg_bind *b, plan *p, const slot *slots, int32_t count)
{
    int32_t step_min = 15;
    for (int32_t i = 0; i < count; i++) {
        step_min = slots[i].minute % 15 == 0 ? step_min : 1;
    }
    sg_series *s = &b->site->series[p->first];
    int32_t steps = 1440 / step_min;
    double *value, *sums;
    uint8_t *quality;
    if (!series_arrays(b, s, steps, &value, &sums, &quality)) {
        return false;
    }
    for (int32_t i = 0, at = count - 1; i < steps;
         i++) { /* before the first entry the last one still holds */
        int32_t next = (at + 1) % count;
        at = slots[next].minute == i * step_min ? next : at;
        value[i] = slots[at].value * p->scale;
    }
    s->start_us = -p->zone_offset_s * SG_US_PER_S;
    s->step_us = step_min * 60 * SG_US_PER_S;
    s->count = steps;
    s->repeat = true;
    sg_grid_integrate(value, steps, s->step_us, false, true, sums);
    return true;
}

static bool from_day(sg_bind *b, plan *p, const sg_yaml *at)
{
    static const char *const allowed[] = {"daily", "timezone", "unit", "scale", "template"};
    sg_bind_unknown(b, &p->entry, allowed, SG_COUNT(allowed), "a series with `daily`");
    if (at->kind != SG_YAML_LIST || at->count < 1 || at->count > DAILY_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "daily: expected a list such as [{from: \"00:00\", value: 0.10 EUR/kWh}]");
        return false;
    }
    slot *slots = sg_arena_array(&b->scratch, (size_t)at->count, sizeof *slots);
    if (!slots) {
        sg_bind_nomem(b);
        return false;
    }
    bool good = true;
    int32_t i = 0;
    for (const sg_yaml *item = at->first; item; item = item->next, i++) {
        bool read = read_slot(b, p, item, &slots[i]);
        if (read && good && i > 0 && slots[i].minute <= slots[i - 1].minute) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, item), NULL,
                        "from: expected a later time than in the item before");
            read = false;
        }
        good = read && good;
    }
    return good && lay_day(b, p, slots, at->count);
}

/* ---- drawn at random ---- */

static bool lay_random(sg_bind *b, plan *p, sg_random *r, int32_t member)
{
    sg_series *s = &b->site->series[p->first + member];
    double *value, *sums;
    uint8_t *quality;
    s->step_us = llround(r->step_s * 1e6);
    s->count = (int32_t)floor(r->length_s / r->step_s);
    s->repeat = true;
    s->linear = p->linear;
    if (!series_arrays(b, s, s->count, &value, &sums, &quality)) {
        return false;
    }
    sg_random *kept = &b->site->randoms[b->site->random_count];
    *kept = *r;
    kept->series = p->first + member;
    kept->value = value;
    kept->cumulative = sums;
    sg_random_draw(kept, s, b->site->seed, (uint64_t)b->site->random_count++);
    if (!isfinite(sums[s->count])) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                    "random: values out of range");
        return false;
    }
    return true;
}

static bool from_chance(sg_bind *b, plan *p, const sg_yaml *at)
{
    static const char *const allowed[] = {"random", "count", "unit", "between", "template"};
    sg_random r = {0};
    sg_bind_unknown(b, &p->entry, allowed, SG_COUNT(allowed), "a series with `random`");
    if (!sg_bind_random(b, at, p->unit.dimension, &r) ||
        !point_room(b, p, (int64_t)fmin(floor(r.length_s / r.step_s), (double)POINT_MAX + 1))) {
        return false;
    }
    for (int32_t i = 0; i < (int32_t)p->count; i++) {
        if (!lay_random(b, p, &r, i)) {
            return false;
        }
    }
    return true;
}

/* ---- all of them ---- */

static void declare(sg_bind *b, const plan *p, int32_t group)
{
    b->series_groups[group] = (sg_span){p->first, (int32_t)p->count};
    b->series_at[group] = p->item->key;
    for (int32_t i = 0; i < (int32_t)p->count; i++) {
        char name[SG_ID_MAX];
        bool many = sg_entry_get(&p->entry, "count");
        snprintf(name, sizeof name, many ? "%.48s-%d" : "%.48s", p->item->id, (int)i + 1);
        const char *id = sg_arena_text(&b->site->arena, name, strlen(name));
        b->site->series[p->first + i].id = id ? id : "";
        b->series_dimension[p->first + i] = p->good ? p->unit.dimension : SG_DIM_COUNT;
    }
}

static bool prepare(sg_bind *b, const sg_item *item, plan *p)
{
    *p = (plan){.item = item, .count = 1, .entry = {.own = item->body}};
    if (!sg_bind_map(b, item->body, item->id) || !sg_bind_entry(b, item, &p->entry)) {
        return false;
    }
    sg_bind_unknown(b, &p->entry, keys, SG_COUNT(keys), "a series");
    const sg_yaml *count = sg_entry_get(&p->entry, "count");
    bool good = !count || sg_bind_whole(b, count, "count", 1, SERIES_MAX, &p->count);
    return read_options(b, p) && good;
}

static bool tables(sg_bind *b, size_t entries, size_t series)
{
    b->series_groups = sg_arena_array(&b->scratch, entries + 1, sizeof *b->series_groups);
    b->series_at = sg_arena_array(&b->scratch, entries + 1, sizeof *b->series_at);
    b->series_used = sg_arena_array(&b->scratch, entries + 1, sizeof *b->series_used);
    b->series_dimension = sg_arena_array(&b->scratch, series + 1, sizeof *b->series_dimension);
    b->site->series = sg_arena_array(&b->site->arena, series + 1, sizeof *b->site->series);
    b->site->randoms = sg_arena_array(&b->site->arena, series + 1, sizeof *b->site->randoms);
    if (b->series_groups && b->series_at && b->series_used && b->series_dimension &&
        b->site->series && b->site->randoms) {
        return true;
    }
    sg_bind_nomem(b);
    return false;
}

void sg_bind_series(sg_bind *b)
{
    int32_t count = b->sections[SG_IN_SERIES].count;
    plan *plans = sg_arena_array(&b->scratch, (size_t)count + 1, sizeof *plans);
    if (!plans) {
        sg_bind_nomem(b);
        return;
    }
    int64_t total = 0;
    int32_t i = 0;
    for (const sg_item *item = b->sections[SG_IN_SERIES].first; item; item = item->next, i++) {
        plans[i].good = prepare(b, item, &plans[i]);
        plans[i].first = (int32_t)total;
        total += plans[i].count;
        if (total > SERIES_MAX) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, item->key), NULL,
                        "more than %d series", SERIES_MAX);
            return;
        }
    }
    if (!tables(b, (size_t)count, (size_t)total)) {
        return;
    }
    for (i = 0; i < count; i++) {
        plan *p = &plans[i];
        int32_t old;
        if (!sg_names_add(b, &b->series_names, p->item->id, i, &old)) {
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, p->item->key), NULL,
                        "the id '%s' is taken by the series on line %d", p->item->id,
                        plans[old].item->key->line);
        }
        const sg_yaml *daily = p->good ? sg_entry_get(&p->entry, "daily") : NULL;
        const sg_yaml *chance = p->good ? sg_entry_get(&p->entry, "random") : NULL;
        p->good = p->good && (daily    ? from_day(b, p, daily)
                              : chance ? from_chance(b, p, chance)
                                       : from_file(b, p));
        declare(b, p, i);
    }
    b->series_group_count = count;
    b->site->series_count = (int32_t)total;
}
