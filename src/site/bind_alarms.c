/* How alarms are raised: the section `alarms`. */
#include "site/bind.h"

#include "base/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PRIORITY, ON_DELAY, OFF_DELAY, SETPOINT, DEADBAND, KEY_COUNT };

static const double on_s_max = 3600, off_s_max = 86400;

/* The keys of a kind, preset as they come. Returns how many: those without a limit have no setpoint, some that have one no
 * deadband. */
static int keys_of(int kind, sg_param ret[KEY_COUNT])
{
    sg_alarm_rule rule = sg_alarm_rule_of(NULL, kind);
    const sg_alarm_limit *limit = sg_alarm_kind_limit(kind);
    ret[PRIORITY] = (sg_param){
        "priority", SG_DIM_NONE, rule.priority, 0, 0, "critical|high|medium|low", "", ""};
    ret[ON_DELAY] = (sg_param){"on_delay", SG_DIM_TIME, rule.on_s, 0, on_s_max, NULL, "", ""};
    ret[OFF_DELAY] = (sg_param){"off_delay", SG_DIM_TIME, rule.off_s, 0, off_s_max, NULL, "", ""};
    if (!limit) {
        return SETPOINT;
    }
    ret[SETPOINT] = (sg_param){"setpoint",
                               limit->dimension,
                               limit->setpoint,
                               limit->setpoint_min,
                               limit->setpoint_max,
                               NULL,
                               "",
                               ""};
    ret[DEADBAND] = (sg_param){
        "deadband", limit->dimension, limit->deadband, 0, limit->deadband_max, NULL, "", ""};
    return isfinite(limit->deadband) ? KEY_COUNT : DEADBAND;
}

/* Else it would be held up by nothing at all, and never return. */
static void check_deadband(sg_bind *b, int kind, const sg_yaml *body, const sg_alarm_rule *rule)
{
    const sg_alarm_limit *limit = sg_alarm_kind_limit(kind);
    if (!limit || !limit->below || rule->deadband < rule->setpoint) {
        return;
    }
    const sg_yaml *own = sg_yaml_get(body, "deadband");
    char setpoint[SG_QUANTITY_TEXT], deadband[SG_QUANTITY_TEXT];
    sg_quantity_format(rule->setpoint, limit->dimension, setpoint);
    sg_quantity_format(rule->deadband, limit->dimension, deadband);
    sg_diagnose(b->diagnostics, SG_ERROR,
                sg_bind_place(b, own ? own : sg_yaml_get(body, "setpoint")), NULL,
                "deadband: expected less than the setpoint of %s, got %s%s", setpoint, deadband,
                own ? "" : ", the preset");
}

static void bind_alarm(sg_bind *b, int kind, const sg_yaml *body, sg_alarm_rule *rule)
{
    sg_param keys[KEY_COUNT];
    const char *names[KEY_COUNT];
    double v[KEY_COUNT] = {[SETPOINT] = (double)NAN, [DEADBAND] = (double)NAN};
    char what[64];
    int count = keys_of(kind, keys);
    snprintf(what, sizeof what, "an alarm of kind %s", sg_alarm_kind_name(kind));
    if (!sg_bind_map(b, body, sg_alarm_kind_name(kind))) {
        return;
    }
    bool good = true;
    for (int i = 0; i < count; i++) {
        const sg_yaml *at = sg_yaml_get(body, keys[i].name);
        names[i] = keys[i].name;
        v[i] = keys[i].preset;
        good = (!at || sg_bind_scalar(b, at, &keys[i], &v[i])) && good;
    }
    sg_bind_unknown(b, &(sg_entry){.own = body}, names, count, what);
    *rule = (sg_alarm_rule){.priority = (int32_t)v[PRIORITY],
                            .on_s = v[ON_DELAY],
                            .off_s = v[OFF_DELAY],
                            .setpoint = v[SETPOINT],
                            .deadband = v[DEADBAND]};
    if (good) {
        check_deadband(b, kind, body, rule);
    }
}

static void unknown_kind(sg_bind *b, const sg_item *item)
{
    const char *names[SG_ALARM_KIND_COUNT];
    char hint[120] = "docs/alarms.md lists them", quoted[SG_QUOTE_MAX];
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        names[i] = sg_alarm_kind_name(i);
    }
    const char *nearest = sg_text_nearest(item->id, names, SG_ALARM_KIND_COUNT);
    if (nearest) {
        snprintf(hint, sizeof hint, "did you mean '%s'", nearest);
    }
    sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, item->key), hint,
                "expected a kind of alarm, got %s", sg_quote(item->id, strlen(item->id), quoted));
}

void sg_bind_alarms(sg_bind *b)
{
    if (b->sections[SG_IN_ALARMS].count == 0) {
        return;
    }
    int lines[SG_ALARM_KIND_COUNT] = {0};
    sg_alarm_rule *rules =
        sg_arena_array(&b->site->arena, SG_ALARM_KIND_COUNT, sizeof(sg_alarm_rule));
    if (!rules) {
        sg_bind_nomem(b);
        return;
    }
    for (int i = 0; i < SG_ALARM_KIND_COUNT; i++) {
        rules[i] = sg_alarm_rule_of(NULL, i);
    }
    for (const sg_item *item = b->sections[SG_IN_ALARMS].first; item; item = item->next) {
        int kind = sg_alarm_kind_find(item->id);
        if (kind < 0) {
            unknown_kind(b, item);
        } else if (lines[kind] > 0) { /* of another block: within one the key would stand twice */
            sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, item->key), NULL,
                        "a second `%s`; the first one is on line %d", item->id, lines[kind]);
        } else {
            lines[kind] = item->key->line;
            bind_alarm(b, kind, item->body, &rules[kind]);
        }
    }
    b->site->alarms = rules;
}
