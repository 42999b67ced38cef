/* Schedules: classes, weights and minimums of loads by time of day. */
#include "site/bind.h"

#include "base/check.h"
#include "base/time.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const keys[] = {"loads",    "from",  "to",     "days",    "dates",   "except",
                                   "timezone", "class", "weight", "minimum", "template"};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
enum { ALL_DAYS = 127, WEEKDAYS = 62, WEEKEND = 65 };

static const sg_param weight_param = {"weight", SG_DIM_NONE, 1, 1e-6, 1e6, NULL, "", ""};
static const sg_param minimum_param = {"minimum", SG_DIM_POWER, 0, 0, 1e11, NULL, "", ""};

static bool read_clock(sg_bind *b, const sg_yaml *at, const char *what, bool end, int32_t *ret_s)
{
    int hour, minute;
    char rest;
    if (at->kind == SG_YAML_SCALAR && at->length == 5 && at->text[2] == ':' &&
        sscanf(at->text, "%2d:%2d%c", &hour, &minute, &rest) == 2 && hour >= 0 && minute >= 0 &&
        minute < 60 && (hour < 24 || (end && hour == 24 && minute == 0))) {
        *ret_s = hour * 3600 + minute * 60;
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                "%s: expected a time of day from 00:00 to %s", what, end ? "24:00" : "23:59");
    return false;
}

static bool read_day(sg_bind *b, const sg_yaml *at, int32_t *ret_days)
{
    const char *text = "";
    if (at->kind == SG_YAML_SCALAR) {
        text = at->text;
    }
    for (int d = 0; d < 7; d++) {
        *ret_days |= strcmp(text, day_names[d]) == 0 ? 1 << d : 0;
    }
    bool week = strcmp(text, "weekdays") == 0, end = strcmp(text, "weekend") == 0;
    *ret_days |= week ? WEEKDAYS : end ? WEEKEND : 0;
    bool known = week || end;
    for (int d = 0; d < 7; d++) {
        known = known || strcmp(text, day_names[d]) == 0;
    }
    if (!known) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "days: expected mon, tue, wed, thu, fri, sat, sun, weekdays or weekend");
    }
    return known;
}

static bool read_days(sg_bind *b, const sg_yaml *at, int32_t *ret_days)
{
    bool good = true;
    *ret_days = 0;
    if (at->kind != SG_YAML_LIST) {
        return read_day(b, at, ret_days);
    }
    for (const sg_yaml *item = at->first; item; item = item->next) {
        good = read_day(b, item, ret_days) && good;
    }
    return good;
}

static bool read_date(sg_bind *b, const sg_yaml *at, const char *what, int32_t *ret_day)
{
    int64_t time_us;
    if (at->kind == SG_YAML_SCALAR && at->length == 10 &&
        sg_time_parse(at->text, at->length, &time_us) == SG_OK) {
        *ret_day = (int32_t)floor((double)time_us / (double)SG_US_PER_DAY);
        return true;
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                "%s: expected a date such as 2026-12-25", what);
    return false;
}

static bool read_dates(sg_bind *b, const sg_yaml *at, const char *what, int32_t *ret,
                       int32_t *ret_count)
{
    bool list = at->kind == SG_YAML_LIST, good = true;
    int count = list ? at->count : 1;
    if (count > SG_SCHEDULE_DATE_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL,
                    "%s: %d dates, more than %d", what, count, SG_SCHEDULE_DATE_MAX);
        return false;
    }
    for (const sg_yaml *item = list ? at->first : at; item; item = list ? item->next : NULL) {
        good = read_date(b, item, what, &ret[(*ret_count)++]) && good;
    }
    return good;
}

static bool read_zone(sg_bind *b, const sg_yaml *at, sg_zone *ret)
{
    char quoted[SG_QUOTE_MAX];
    if (at->kind == SG_YAML_SCALAR && sg_zone_rule_parse(at->text, at->length, ret) == SG_OK) {
        return true;
    }
    sg_diagnose(
        b->diagnostics, SG_ERROR, sg_bind_place(b, at),
        "\"CET-1CEST,M3.5.0,M10.5.0/3\" is central Europe's",
        "timezone: expected a fixed offset such as UTC-5 or a rule as in POSIX's TZ, got %s",
        at->kind == SG_YAML_SCALAR ? sg_quote(at->text, at->length, quoted) : "something else");
    return false;
}

static bool read_loads(sg_bind *b, const sg_entry *entry, const sg_yaml *where, sg_load_rule *ret)
{
    const sg_yaml *at = sg_entry_get(entry, "loads");
    int32_t group, member;
    if (!at) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, where), NULL,
                    "expected `loads`, the id of loads");
        return false;
    }
    if (!sg_bind_device_ref(b, at, &group, &member) || group < 0) {
        return false;
    }
    const sg_group *found = &b->site->groups[group];
    if (found->role != SG_LOAD) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, at), NULL, "loads: '%s' is no load",
                    found->id);
        return false;
    }
    ret->load_first = found->first + (member >= 0 ? member : 0);
    ret->load_count = member >= 0 ? 1 : found->count;
    return true;
}

static bool read_times(sg_bind *b, const sg_entry *entry, sg_load_rule *ret)
{
    const sg_yaml *from = sg_entry_get(entry, "from"), *to = sg_entry_get(entry, "to"),
                  *days = sg_entry_get(entry, "days"), *dates = sg_entry_get(entry, "dates"),
                  *except = sg_entry_get(entry, "except"), *zone = sg_entry_get(entry, "timezone");
    ret->to_s = 86400;
    ret->days = dates ? 0 : ALL_DAYS;
    ret->zone.standard_s = b->site->zone_offset_s;
    bool good = !from || read_clock(b, from, "from", false, &ret->from_s);
    good = (!to || read_clock(b, to, "to", true, &ret->to_s)) && good;
    good = (!days || read_days(b, days, &ret->days)) && good;
    good = (!dates || read_dates(b, dates, "dates", ret->date, &ret->date_count)) && good;
    good = (!except || read_dates(b, except, "except", ret->except, &ret->except_count)) && good;
    good = (!zone || read_zone(b, zone, &ret->zone)) && good;
    if (good && from && to && ret->from_s == ret->to_s) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, to), "leave both out",
                    "to: expected another time than `from`; all day is what holds without them");
        return false;
    }
    return good;
}

static bool read_changes(sg_bind *b, const sg_entry *entry, const sg_yaml *where, sg_load_rule *ret)
{
    const sg_yaml *class = sg_entry_get(entry, "class"), *weight = sg_entry_get(entry, "weight"),
                  *minimum = sg_entry_get(entry, "minimum");
    int64_t number = -1;
    ret->minimum_w = -1;
    bool good = !class || sg_bind_whole(b, class, "class", 0, SG_CLASS_MAX - 1, &number);
    ret->load_class = (int32_t)number;
    good = (!weight || sg_bind_scalar(b, weight, &weight_param, &ret->weight)) && good;
    good = (!minimum || sg_bind_scalar(b, minimum, &minimum_param, &ret->minimum_w)) && good;
    if (!class && !weight && !minimum) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, where), NULL,
                    "expected `class`, `weight` or `minimum`: it changes nothing");
        return false;
    }
    return good;
}

static bool bind_one(sg_bind *b, const sg_item *item, sg_load_rule *ret)
{
    sg_entry entry;
    memset(ret, 0, sizeof *ret);
    if (!sg_bind_map(b, item->body, item->id) || !sg_bind_entry(b, item, &entry)) {
        return false;
    }
    sg_bind_unknown(b, &entry, keys, SG_COUNT(keys), "a schedule");
    bool good = read_loads(b, &entry, item->key, ret);
    good = read_times(b, &entry, ret) && good;
    return read_changes(b, &entry, item->key, ret) && good;
}

/* How many loads have a rule. */
static int32_t count_loads(const sg_site *site)
{
    int32_t count = 0;
    for (int32_t l = 0; l < site->device_count[SG_LOAD]; l++) {
        bool any = false;
        for (int32_t i = 0; i < site->schedule_count && !any; i++) {
            const sg_load_rule *s = &site->schedules[i];
            any = l >= s->load_first && l < s->load_first + s->load_count;
        }
        count += any;
    }
    return count;
}

void sg_bind_schedules(sg_bind *b)
{
    sg_site *site = b->site;
    int count = b->sections[SG_IN_SCHEDULES].count;
    if (count == 0) {
        return;
    }
    if (count > SG_SCHEDULE_MAX) {
        sg_diagnose(b->diagnostics, SG_ERROR,
                    sg_bind_place(b, b->sections[SG_IN_SCHEDULES].first->key), NULL,
                    "%d schedules, more than %d", count, SG_SCHEDULE_MAX);
        return;
    }
    site->schedules = sg_arena_array(&site->arena, (size_t)count, sizeof *site->schedules);
    if (!site->schedules) {
        sg_bind_nomem(b);
        return;
    }
    for (const sg_item *item = b->sections[SG_IN_SCHEDULES].first; item; item = item->next) {
        site->schedule_count += bind_one(b, item, &site->schedules[site->schedule_count]);
    }
    site->scheduled_count = count_loads(site);
}
