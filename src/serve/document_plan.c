/* symgrid.plan/1: who does what, when. */
#include "serve/document.h"

#include <math.h>

static const char *const kinds[] = {"rest", "charge", "discharge"};

static void put_slots(const sg_view *view, int group, sg_out *out)
{
    sg_json_begin(out, "slots", '[');
    for (int i = 0; i < view->slot_count && i < SG_VIEW_SLOT_MAX; i++) {
        const sg_plan_slot *slot = &view->slot[i];
        if (slot->group != group || slot->kind < SG_SLOT_REST || slot->kind > SG_SLOT_DISCHARGE) {
            continue;
        }
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "kind", kinds[slot->kind]);
        sg_json_time(out, "start", slot->start_us);
        sg_json_time(out, "end", slot->end_us);
        sg_json_fixed(out, "power_kw", slot->power_w * 1e-3, 4);
        sg_json_fixed(out, "energy_kwh", slot->energy_j / 3.6e6, 4);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

/* Granted tasks have their slot too: from the grant until their time is over. */
static void put_tasks(const sg_view *view, sg_out *out)
{
    sg_json_begin(out, "tasks", '[');
    for (int i = 0; i < view->task_count && i < SG_TASK_MAX; i++) {
        const sg_task *task = &view->task[i];
        if (task->state != SG_TASK_GRANTED) {
            continue;
        }
        double duration_s = task->request.duration_s;
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "task_id", task->request.task_id);
        sg_json_time(out, "start", task->granted_us);
        if (duration_s > 0 && duration_s < 1e10) {
            sg_json_time(out, "end", task->granted_us + llround(duration_s * 1e6));
        } else {
            sg_json_null(out, "end");
        }
        sg_json_fixed(out, "power_kw", task->request.power_w * 1e-3, 4);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void put_times(const sg_view *view, bool any, sg_out *out)
{
    const struct {
        const char *key;
        int64_t time_us;
    } times[] = {
        {"made", view->plan_made_us}, {"start", view->plan_start_us}, {"end", view->plan_end_us}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        if (any) {
            sg_json_time(out, times[i].key, times[i].time_us);
        } else {
            sg_json_null(out, times[i].key);
        }
    }
    sg_json_fixed(out, "step_s", any ? view->plan_step_s : (double)NAN, 3);
}

static void put_row(sg_out *out, const char *key, const float *value, int count, double factor,
                    int digits)
{
    sg_json_begin(out, key, '[');
    for (int i = 0; i < count; i++) {
        sg_json_fixed(out, NULL, (double)value[i] * factor, digits);
    }
    sg_json_end(out, ']');
}

/* What the plan that is followed expects of the connection and of all stores, step by step. */
static void put_expected(const sg_view *view, sg_out *out)
{
    const sg_view_ahead *ahead = &view->ahead;
    if (ahead->steps < 1 || ahead->steps > SG_PLAN_STEP_MAX) {
        sg_json_null(out, "expected");
        return;
    }
    sg_json_begin(out, "expected", '{');
    put_row(out, "grid_kw", ahead->net_w, ahead->steps, 1e-3, 2);
    put_row(out, "stores_kw", ahead->store_w, ahead->steps, 1e-3, 2);
    sg_json_end(out, '}');
}

/* Forecasts by quarter hour, with the interval that is to hold four truths of five. */
static void put_told(const sg_view *view, sg_out *out)
{
    static const struct {
        const char *key, *mean, *low, *high;
        double factor;
        int digits;
    } series[SG_SERIES_COUNT] = {
        [SG_SERIES_LOAD] = {"load", "mean_kw", "low_kw", "high_kw", 1e-3, 2},
        [SG_SERIES_SUN] = {"generation", "mean_kw", "low_kw", "high_kw", 1e-3, 2},
        [SG_SERIES_PRICE] = {"price", "mean_per_kwh", "low_per_kwh", "high_per_kwh", 3.6, 5},
        [SG_SERIES_CARBON] = {"carbon", "mean_g_per_kwh", "low_g_per_kwh", "high_g_per_kwh", 3600,
                              1}};
    const sg_view_ahead *ahead = &view->ahead;
    if (ahead->rows < 1 || ahead->rows > SG_FORETOLD_ROWS) {
        sg_json_null(out, "forecast");
        return;
    }
    sg_json_begin(out, "forecast", '{');
    sg_json_time(out, "start", ahead->told_us);
    sg_json_fixed(out, "step_s", 900, 3);
    for (int c = 0; c < SG_SERIES_COUNT; c++) {
        sg_json_begin(out, series[c].key, '{');
        put_row(out, series[c].mean, ahead->mean[c], ahead->rows, series[c].factor,
                series[c].digits);
        put_row(out, series[c].low, ahead->low[c], ahead->rows, series[c].factor, series[c].digits);
        put_row(out, series[c].high, ahead->high[c], ahead->rows, series[c].factor,
                series[c].digits);
        sg_json_end(out, '}');
    }
    sg_json_end(out, '}');
}

void sg_document_plan(const sg_site *site, const sg_view *view, sg_out *out)
{
    bool on_rung = view->rung >= 0 && view->rung < SG_RUNG_COUNT;
    bool any = view->plan_outcome >= SG_SOLVED;
    bool caused = any && view->plan_cause >= 0 && view->plan_cause < SG_PLAN_CAUSE_COUNT;
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.plan/1");
    sg_json_time(out, "time", view->time_us);
    sg_json_text(out, "rung", on_rung ? sg_rung_name((sg_rung)view->rung) : NULL);
    sg_json_text(out, "cause", caused ? sg_plan_cause_name((sg_plan_cause)view->plan_cause) : NULL);
    put_times(view, any, out);
    sg_json_begin(out, "groups", '[');
    for (int g = 0; g < site->group_count; g++) {
        bool planned = false;
        for (int i = 0; i < view->slot_count && i < SG_VIEW_SLOT_MAX; i++) {
            planned = planned || view->slot[i].group == g;
        }
        if (planned) {
            sg_json_begin(out, NULL, '{');
            sg_json_text(out, "id", site->groups[g].id);
            put_slots(view, g, out);
            sg_json_end(out, '}');
        }
    }
    sg_json_end(out, ']');
    put_tasks(view, out);
    put_expected(view, out);
    put_told(view, out);
    sg_json_end(out, '}');
}
