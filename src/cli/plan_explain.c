#include "cli/plan_explain.h"

#include "base/time.h"
#include "plan/explain.h"
#include "plan/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static sg_status find(const sg_dispatch *p, const sg_schedule *r, sg_arena *arena,
                      sg_explanation *ret_reasons, sg_values *ret_values)
{
    sg_status status = sg_explain(p, r, arena, ret_reasons);
    return status == SG_OK ? sg_values_of(p, r, arena, ret_values) : status;
}

static int64_t time_of(const sg_dispatch *p, int step)
{
    return p->start_us + (int64_t)((double)step * p->step_s * 1e6);
}

/* The device of a value as the schedule names it: "bat", "batch"; demand periods have a number. */
static const char *owner_of(const sg_dispatch *p, const sg_value *v)
{
    switch (v->thing) {
    case SG_VALUE_STORE_ENERGY_MAX:
    case SG_VALUE_STORE_ENERGY_MIN:
    case SG_VALUE_STORE_CHARGE:
    case SG_VALUE_STORE_DISCHARGE:
    case SG_VALUE_STORE_INITIAL:
    case SG_VALUE_STORE_FINAL:
    case SG_VALUE_STORE_CHARGE_EFF:
    case SG_VALUE_STORE_DISCHARGE_EFF:
        return p->stores[v->device].id;
    case SG_VALUE_LINK_FORWARD:
    case SG_VALUE_LINK_BACK:
        return p->links[v->device].id;
    case SG_VALUE_SOURCE:
        return p->sources[v->device].id;
    case SG_VALUE_SHED:
        return p->shed[v->device].id;
    case SG_VALUE_SHIFT_ENERGY:
    case SG_VALUE_SHIFT_POWER:
    case SG_VALUE_SHIFT_FROM:
    case SG_VALUE_SHIFT_TO:
        return p->shiftable[v->device].id;
    case SG_VALUE_RESERVE_UP:
    case SG_VALUE_RESERVE_DOWN:
        return "reserve";
    case SG_VALUE_GRID_IMPORT:
    case SG_VALUE_GRID_EXPORT:
    case SG_VALUE_GRID_RAMP:
    case SG_VALUE_GRID_PEAK:
    case SG_VALUE_COUNT:
    default:
        return "grid";
    }
}

static double days_of(const sg_dispatch *p)
{
    return p->step_s * p->steps / 86400.0;
}

static int compare(const void *left, const void *right)
{
    const sg_value *a = left, *b = right;
    if (a->money > b->money || a->money < b->money) {
        return a->money > b->money ? -1 : 1;
    }
    return a->thing != b->thing     ? (a->thing < b->thing ? -1 : 1)
           : a->device != b->device ? (a->device < b->device ? -1 : 1)
                                    : 0;
}

/* ---- tables ------------------------------------------------------------------------------------ */

static void reason_line(const sg_dispatch *p, const sg_why *why, sg_out *out)
{
    char from[SG_TIME_TEXT], to[SG_TIME_TEXT];
    sg_time_format(time_of(p, why->from), from);
    sg_time_format(time_of(p, why->to), to);
    sg_out_format(out, "%.10s %.5s-%.5s  ", from, from + 11, to + 11);
    sg_why_text(p, why, out);
    sg_out_text(out, "\n");
}

static void value_lines(const sg_dispatch *p, const sg_values *values, sg_out *out)
{
    double days = days_of(p);
    int nothing = 0;
    sg_out_format(out, "%14s %14s  %-16s %-18s %s\n", "worth", "per day", "of", "limit",
                  "which means");
    for (int i = 0; i < values->count; i++) {
        const sg_value *v = &values->item[i];
        const sg_value_info *info = sg_value_describe(v->thing);
        if (fabs(v->money) < 5e-5) {
            nothing++;
            continue;
        }
        sg_out_format(out, "%14.4f %14.4f  %-16s %-18s %s\n", v->money, v->money / days,
                      owner_of(p, v), info->name, info->text);
    }
    if (nothing > 0) {
        sg_out_format(out, "%d more are worth less than 0.0001\n", nothing);
    }
}

sg_status sg_plan_explain_table(const sg_dispatch *p, const sg_schedule *r, sg_arena *arena,
                                sg_out *out)
{
    sg_explanation reasons;
    sg_values values;
    sg_status status = find(p, r, arena, &reasons, &values);
    if (status == SG_UNAVAILABLE) {
        sg_out_text(out, "\nno reasons: only a solved schedule has prices to compare\n");
        return SG_OK;
    }
    if (status != SG_OK) {
        return status;
    }
    sg_out_text(out, "\nwhy\n");
    for (int i = 0; i < reasons.count; i++) {
        reason_line(p, &reasons.item[i], out);
    }
    sg_out_text(out, "\n");
    qsort(values.item, (size_t)values.count, sizeof *values.item, compare);
    value_lines(p, &values, out);
    return SG_OK;
}

/* ---- arrays of the document -------------------------------------------------------------------- */

static void write_span(sg_out *out, const char *key, sg_why_span span)
{
    if (isnan(span.low)) {
        sg_json_null(out, key);
        return;
    }
    sg_json_begin(out, key, '[');
    sg_json_number(out, NULL, span.low);
    sg_json_number(out, NULL, span.high);
    sg_json_end(out, ']');
}

static void write_reason(const sg_dispatch *p, const sg_why *why, sg_out *text, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_integer(out, "from", why->from);
    sg_json_integer(out, "to", why->to);
    sg_json_text(out, "reason", sg_why_reason_id(why->reason));
    sg_json_text(out, "device", sg_why_device_id(p, why));
    sg_json_text(out, "limit", sg_why_limit_id(why->limit));
    sg_json_text(out, "then", sg_why_then_id(why->then));
    if (why->then_step >= 0) {
        sg_json_integer(out, "then_step", why->then_step);
    } else {
        sg_json_null(out, "then_step");
    }
    write_span(out, "amount_kw", why->amount_kw);
    write_span(out, "price_per_kwh", why->price_per_kwh);
    write_span(out, "worth_per_kwh", why->worth_per_kwh);
    write_span(out, "limit_per_kw", why->limit_per_kw);
    sg_out_clear(text);
    sg_why_text(p, why, text);
    sg_json_text(out, "text", text->failed ? NULL : text->text);
    sg_json_end(out, '}');
}

static void write_value(const sg_dispatch *p, const sg_value *v, sg_out *out)
{
    const sg_value_info *info = sg_value_describe(v->thing);
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "device", owner_of(p, v));
    if (v->thing == SG_VALUE_GRID_PEAK) {
        sg_json_integer(out, "demand_period", v->device);
    }
    sg_json_text(out, "thing", info->name);
    sg_json_number(out, "change", info->change);
    sg_json_text(out, "unit", info->unit);
    sg_json_number(out, "value", v->money);
    sg_json_number(out, "value_per_day", v->money / days_of(p));
    sg_json_end(out, '}');
}

sg_status sg_plan_explain_json(const sg_dispatch *p, const sg_schedule *r, sg_arena *arena,
                               sg_out *out)
{
    sg_explanation reasons;
    sg_values values;
    sg_status status = find(p, r, arena, &reasons, &values);
    if (status == SG_UNAVAILABLE) {
        sg_json_null(out, "explain");
        sg_json_null(out, "values");
        return SG_OK;
    }
    if (status != SG_OK) {
        return status;
    }
    sg_out text = {0};
    sg_json_begin(out, "explain", '[');
    for (int i = 0; i < reasons.count; i++) {
        write_reason(p, &reasons.item[i], &text, out);
    }
    sg_json_end(out, ']');
    sg_out_free(&text);
    qsort(values.item, (size_t)values.count, sizeof *values.item, compare);
    sg_json_begin(out, "values", '[');
    for (int i = 0; i < values.count; i++) {
        write_value(p, &values.item[i], out);
    }
    sg_json_end(out, ']');
    return SG_OK;
}
