/* What is told of load, generation, price and carbon ahead, by whom and why, and what such forecasts were worth. */
#include "serve/document.h"

#include <math.h>
#include <stdio.h>

/* From the view's units to those of people. */
static const struct unit {
    const char *suffix;
    double factor;
    int digits;
} units[SG_SERIES_COUNT] = {[SG_SERIES_LOAD] = {"kw", 1e-3, 4},
                            [SG_SERIES_SUN] = {"kw", 1e-3, 4},
                            [SG_SERIES_PRICE] = {"per_kwh", 3.6, 6},
                            [SG_SERIES_CARBON] = {"g_per_kwh", 3600, 3}};

static void put(sg_out *out, const char *name, const struct unit *unit, double value)
{
    char key[32];
    snprintf(key, sizeof key, "%s_%s", name, unit->suffix);
    sg_json_fixed(out, key, value * unit->factor, unit->digits);
}

static void put_lead(const sg_view_told *told, int i, const struct unit *unit, sg_out *out)
{
    const sg_foretold_lead *lead = &told->lead[i];
    bool fell = lead->fall > SG_FALL_NONE && lead->fall < SG_FALL_COUNT;
    bool known = lead->speaker >= 0 && lead->speaker < SG_SPEAKER_COUNT;
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "lead", sg_lead_names[i]);
    sg_json_text(out, "from", known ? sg_speaker_name((sg_speaker)lead->speaker) : NULL);
    sg_json_text(out, "why", fell ? sg_fall_text((sg_fall)lead->fall) : NULL);
    put(out, "mean", unit, told->mean[i]);
    put(out, "low", unit, told->low[i]);
    put(out, "high", unit, told->high[i]);
    sg_json_integer(out, "scored", lead->score.count);
    put(out, "mae", unit, sg_track_mae(&lead->score));
    sg_json_fixed(out, "skill_vs_persistence", sg_track_skill(&lead->score), 4);
    sg_json_fixed(out, "inside_80_frac", sg_track_inside(&lead->score), 4);
    sg_json_end(out, '}');
}

/* "the last value again: there is too little history to learn from", of an hour ahead. */
static void put_sentence(const sg_view_told *told, sg_out *out)
{
    char text[240];
    const sg_foretold_lead *lead = &told->lead[SG_LEAD_1H];
    bool fell = lead->fall > SG_FALL_NONE && lead->fall < SG_FALL_COUNT;
    bool known = lead->speaker >= 0 && lead->speaker < SG_SPEAKER_COUNT;
    snprintf(text, sizeof text, "the forecast is %s%s%s",
             known ? sg_speaker_text((sg_speaker)lead->speaker) : "", fell ? ": " : "",
             fell ? sg_fall_text((sg_fall)lead->fall) : "");
    sg_json_text(out, "text", text);
}

static void put_told(const sg_view *view, int which, sg_out *out)
{
    const sg_view_told *told = &view->told[which];
    put_sentence(told, out);
    sg_json_fixed(out, "history_days", (double)told->rows / 96, 2);
    sg_json_integer(out, "fits", told->fits);
    sg_json_begin(out, "leads", '[');
    for (int i = 0; i < SG_LEAD_COUNT; i++) {
        put_lead(told, i, &units[which], out);
    }
    sg_json_end(out, ']');
}

static void put_power(const sg_view *view, int which, const sg_view_forecast *forecast, sg_out *out)
{
    double skill = forecast->persistence_mae_w > 0
                       ? 1 - forecast->mae_w / forecast->persistence_mae_w
                       : (double)NAN;
    sg_json_begin(out, sg_series_class_name((sg_series_class)which), '{');
    sg_json_fixed(out, "now_kw", forecast->now_w / 1e3, 4);
    sg_json_fixed(out, "in_1h_kw", forecast->in_1h_w / 1e3, 4);
    sg_json_fixed(out, "in_24h_kw", forecast->in_24h_w / 1e3, 4);
    sg_json_fixed(out, "skill_vs_persistence", skill, 4);
    if (view->told_any) {
        put_told(view, which, out);
    }
    sg_json_end(out, '}');
}

static void put_nodes(const sg_view_nowcast *nowcast, sg_out *out)
{
    sg_json_begin(out, "nodes", '{');
    sg_json_fixed(out, "ahead_s", nowcast->ahead_s, 1);
    sg_json_fixed(out, "skill_vs_persistence", nowcast->skill_frac, 4);
    sg_json_fixed(out, "inside_80_frac", nowcast->inside_frac, 4);
    sg_json_integer(out, "may_pass", nowcast->warned_now);
    sg_json_bool(out, "silent", nowcast->silent);
    sg_json_fixed(out, "warned", nowcast->warned, 1);
    sg_json_fixed(out, "came", nowcast->came, 1);
    sg_json_fixed(out, "passed", nowcast->passed, 1);
    sg_json_end(out, '}');
}

void sg_document_forecast(const sg_view *view, sg_out *out)
{
    sg_json_begin(out, "forecast", '{');
    put_power(view, SG_SERIES_LOAD, &view->load_forecast, out);
    put_power(view, SG_SERIES_SUN, &view->generation_forecast, out);
    for (int c = SG_SERIES_PRICE; c <= SG_SERIES_CARBON; c++) {
        if (view->told_any && view->told[c].present) {
            sg_json_begin(out, sg_series_class_name((sg_series_class)c), '{');
            put_told(view, c, out);
            sg_json_end(out, '}');
        }
    }
    if (view->nowcast.ahead_s > 0) {
        put_nodes(&view->nowcast, out);
    }
    sg_json_end(out, '}');
}
