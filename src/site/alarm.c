#include "site/alarm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct kind {
    const char *name;
    sg_priority priority;
    double on_s, off_s;
    const char *unit, *text, *advice;
} kind;

static const kind kinds[] = {
#define X(code, name, priority, on_s, off_s, unit, text, advice) \
    {name, priority, on_s, off_s, unit, text, advice},
    SG_ALARM_LIST(X)
#undef X
};

static const sg_alarm_limit limits[SG_ALARM_KIND_COUNT] = {
#define X(code, dimension, setpoint, least, most, deadband, deadband_most, below, text) \
    [code] = {dimension, setpoint, least, most, deadband, deadband_most, below, text},
    SG_ALARM_LIMIT_LIST(X)
#undef X
};

static const char *const priorities[] = {
#define X(code, name) name,
    SG_PRIORITY_LIST(X)
#undef X
};

static const char *const states[] = {
#define X(code, name) name,
    SG_ALARM_STATE_LIST(X)
#undef X
};

static const char *const actions[] = {"acknowledge", "shelve", "unshelve"};

static const kind *kind_at(int i)
{
    static const kind unknown = {"unknown", SG_PRIORITY_LOW, 0, 0, "", "unknown", ""};
    return i >= 0 && i < SG_ALARM_KIND_COUNT ? &kinds[i] : &unknown;
}

const char *sg_priority_name(int priority)
{
    return priority >= 0 && priority < SG_PRIORITY_COUNT ? priorities[priority] : "unknown";
}

const char *sg_alarm_kind_name(int i)
{
    return kind_at(i)->name;
}

const char *sg_alarm_kind_text(int i)
{
    return kind_at(i)->text;
}

const char *sg_alarm_kind_advice(int i)
{
    return kind_at(i)->advice;
}

const char *sg_alarm_kind_unit(int i)
{
    return kind_at(i)->unit;
}

const sg_alarm_limit *sg_alarm_kind_limit(int i)
{
    return i >= 0 && i < SG_ALARM_KIND_COUNT && limits[i].text ? &limits[i] : NULL;
}

sg_alarm_rule sg_alarm_rule_of(const sg_alarm_rule *rules, int i)
{
    if (rules && i >= 0 && i < SG_ALARM_KIND_COUNT) {
        return rules[i];
    }
    const kind *of = kind_at(i);
    const sg_alarm_limit *limit = sg_alarm_kind_limit(i);
    return (sg_alarm_rule){.priority = (int32_t)of->priority,
                           .on_s = of->on_s,
                           .off_s = of->off_s,
                           .setpoint = limit ? limit->setpoint : (double)NAN,
                           .deadband = limit ? limit->deadband : (double)NAN};
}

/* NaN is what NaN is. */
static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

bool sg_alarm_rule_same(const sg_alarm_rule *a, const sg_alarm_rule *b)
{
    return a->priority == b->priority && a->on_s == b->on_s && a->off_s == b->off_s &&
           same_number(a->setpoint, b->setpoint) && same_number(a->deadband, b->deadband);
}

/* " above 5 %", or "" where there is none */
static void edge_text(const sg_alarm_limit *limit, const char *word, double value, char ret[64])
{
    char number[SG_QUANTITY_TEXT];
    ret[0] = '\0';
    if (limit && isfinite(value)) {
        sg_quantity_format(value, limit->dimension, number);
        snprintf(ret, 64, " %s %s", word, number);
    }
}

void sg_alarm_rule_sentence(const sg_alarm_rule *rule, int i, char *ret, size_t size)
{
    const sg_alarm_limit *limit = sg_alarm_kind_limit(i);
    char above[64], below[64], on[SG_QUANTITY_TEXT], off[SG_QUANTITY_TEXT];
    edge_text(limit, "above", rule->setpoint, above);
    edge_text(limit, "below", rule->setpoint - rule->deadband, below);
    sg_quantity_format(rule->on_s, SG_DIM_TIME, on);
    sg_quantity_format(rule->off_s, SG_DIM_TIME, off);
    snprintf(ret, size, "%s; raised%s after %s, returns%s after %s",
             sg_priority_name(rule->priority), above, on, below, off);
}

const char *sg_alarm_state_name(int state)
{
    return state >= 0 && state < SG_ALARM_STATE_COUNT ? states[state] : "unknown";
}

const char *sg_alarm_action_name(int action)
{
    return action >= 0 && action < SG_ALARM_ACTION_COUNT ? actions[action] : "unknown";
}

int sg_alarm_kind_find(const char *name)
{
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int sg_priority_find(const char *name)
{
    for (int i = 0; i < SG_PRIORITY_COUNT; i++) {
        if (strcmp(priorities[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

int sg_alarm_state_find(const char *name)
{
    for (int i = 0; i < SG_ALARM_STATE_COUNT; i++) {
        if (strcmp(states[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

int sg_alarm_action_find(const char *name)
{
    for (int i = 0; i < SG_ALARM_ACTION_COUNT; i++) {
        if (strcmp(actions[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

void sg_alarm_sentence(const sg_alarm *alarm, char *ret, size_t size)
{
    const kind *of = kind_at(alarm->kind);
    char numbers[96] = "";
    const char *space = of->unit[0] ? " " : "";
    if (isfinite(alarm->value) && isfinite(alarm->limit)) {
        snprintf(numbers, sizeof numbers, " (%.4g%s%s, limit %.4g%s%s)", alarm->value, space,
                 of->unit, alarm->limit, space, of->unit);
    } else if (isfinite(alarm->value)) {
        snprintf(numbers, sizeof numbers, " (%.4g%s%s)", alarm->value, space, of->unit);
    }
    snprintf(ret, size, "%s%s%s%s", alarm->source, alarm->source[0] ? ": " : "", of->text, numbers);
}

static void put_time(sg_out *out, const char *key, int64_t time_us)
{
    if (time_us > 0) {
        sg_json_time(out, key, time_us);
    } else {
        sg_json_null(out, key);
    }
}

void sg_alarm_json(const sg_alarm *alarm, const char *key, sg_out *out)
{
    const kind *of = kind_at(alarm->kind);
    char text[320], id[24];
    sg_alarm_sentence(alarm, text, sizeof text);
    snprintf(id, sizeof id, "%llu", (unsigned long long)alarm->id);
    sg_json_begin(out, key, '{');
    sg_json_text(out, "id", id);
    sg_json_text(out, "kind", of->name);
    sg_json_text(out, "source", alarm->source[0] ? alarm->source : NULL);
    sg_json_text(out, "priority", sg_priority_name(alarm->priority));
    sg_json_text(out, "state", sg_alarm_state_name(alarm->state));
    sg_json_bool(out, "active", alarm->active != 0);
    sg_json_text(out, "text", text);
    sg_json_text(out, "advice", of->advice);
    sg_json_fixed(out, "value", alarm->value, 4);
    sg_json_fixed(out, "limit", alarm->limit, 4);
    sg_json_text(out, "unit", of->unit[0] ? of->unit : NULL);
    sg_json_integer(out, "count", alarm->count);
    put_time(out, "first", alarm->first_us);
    put_time(out, "raised", alarm->raised_us);
    put_time(out, "cleared", alarm->cleared_us);
    put_time(out, "acknowledged", alarm->acknowledged_us);
    put_time(out, "shelved_until", alarm->shelved_until_us);
    sg_json_text(out, "note", alarm->note[0] ? alarm->note : NULL);
    sg_json_end(out, '}');
}
