#include "study/assumptions.h"

#include "base/time.h"
#include "control/control.h"
#include "study/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One row at a time to whoever writes them down. */
typedef struct writer {
    void (*row)(sg_out *out, const char *about, const char *what);
    sg_out *out;
    sg_out text; /* of the row under way */
} writer;

static void end_row(writer *w, const char *about)
{
    if (w->text.length > 0) {
        w->row(w->out, about, w->text.text);
    }
    sg_out_clear(&w->text);
}

static void separate(writer *w)
{
    sg_out_text(&w->text, w->text.length > 0 ? ", " : "");
}

/* The index-th of "none|gimbal|..." */
static void choice(writer *w, const char *choices, int index)
{
    for (; index > 0 && strchr(choices, '|'); index--) {
        choices = strchr(choices, '|') + 1;
    }
    sg_out_bytes(&w->text, choices, strcspn(choices, "|"));
}

static void value(writer *w, const sg_param *param, double x)
{
    char text[SG_QUANTITY_TEXT];
    if (param->choices) {
        choice(w, param->choices, (int)x);
    } else {
        sg_quantity_format(x, param->dimension, text);
        sg_out_text(&w->text, text);
    }
}

/* A parameter over the members [first, first + count) of a role. */
static void parameter(writer *w, const sg_device *first, int count, int at, const sg_param *param)
{
    double low = first->p[at], high = first->p[at];
    for (int i = 1; i < count; i++) {
        low = first[i].p[at] < low ? first[i].p[at] : low;
        high = first[i].p[at] > high ? first[i].p[at] : high;
    }
    bool label = param->choices && param->choices[0] == '\0';
    if (label || (low == param->preset && high == param->preset) || !isfinite(low) ||
        !isfinite(high)) {
        return;
    }
    separate(w);
    sg_out_format(&w->text, "%s ", param->name);
    value(w, param, low);
    if (high != low) {
        sg_out_text(&w->text, " to ");
        value(w, param, high);
    }
}

/* Which series, or what constant, stands behind each input of the members. */
static void inputs(writer *w, const sg_site *site, const sg_kind *kind, const sg_device *first,
                   int count)
{
    char text[SG_QUANTITY_TEXT];
    for (int k = 0; k < kind->input_count; k++) {
        const sg_input *input = &kind->inputs[k];
        int series = first->input_series[k];
        bool alike = true;
        for (int i = 1; i < count; i++) {
            alike = alike && first[i].input_series[k] == series;
        }
        if (series >= 0) {
            separate(w);
            sg_out_format(&w->text, "%s from series %s%s", input->name, site->series[series].id,
                          alike ? "" : " and others");
        } else if (isfinite(first->input_value[k]) && first->input_value[k] != input->preset) {
            sg_quantity_format(first->input_value[k], input->dimension, text);
            separate(w);
            sg_out_format(&w->text, "%s %s", input->name, text);
        }
    }
}

static void devices(writer *w, const sg_site *site)
{
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        const sg_kind *kind = group->kind;
        if (group->count <= 0 || !kind || !site->devices[group->role]) {
            continue;
        }
        const sg_device *first = &site->devices[group->role][group->first];
        int extra;
        const sg_param *of_role = sg_role_params(group->role, &extra);
        for (int i = 0; i < kind->param_count; i++) {
            parameter(w, first, group->count, i, &kind->params[i]);
        }
        for (int i = 0; i < extra; i++) {
            parameter(w, first, group->count, kind->param_count + i, &of_role[i]);
        }
        inputs(w, site, kind, first, group->count);
        char about[SG_ID_MAX + 96];
        snprintf(about, sizeof about, "%s: %s%s", group->id, kind->title,
                 kind->hypothetical ? " (hypothetical)" : "");
        if (group->count > 1) {
            size_t length = strlen(about);
            snprintf(about + length, sizeof about - length, ", %d of them", (int)group->count);
        }
        end_row(w, about);
    }
}

static void one_series(writer *w, const sg_site *site, int index)
{
    const sg_series *s = &site->series[index];
    char from[SG_TIME_TEXT], to[SG_TIME_TEXT], about[SG_ID_MAX + 16], length[SG_FIGURES_TEXT];
    int64_t end_us = s->start_us + s->count * s->step_us, suspect = 0;
    bool drawn = false;
    for (int i = 0; i < site->random_count; i++) {
        drawn = drawn || site->randoms[i].series == index;
    }
    for (int i = 0; s->quality && i < s->count; i++) {
        suspect += s->quality[i] != SG_GOOD;
    }
    sg_time_format(s->start_us, from);
    sg_time_format(end_us, to);
    sg_figures_duration((double)s->count * (double)s->step_us * 1e-6, length);
    if (drawn) {
        sg_out_format(&w->text, "drawn at random, %s long, then again", length);
    } else if (s->calendar_year > 0) {
        sg_out_format(&w->text, "of the year %d, by day of the year", s->calendar_year);
    } else if (s->repeat) {
        sg_out_format(&w->text, "%s long, then again", length);
    } else {
        sg_out_format(&w->text, "from %s to %s", from, to);
    }
    sg_figures_duration((double)s->step_us * 1e-6, length);
    sg_out_format(&w->text, ", steps of %s", length);
    if (suspect > 0) {
        char share[SG_FIGURES_TEXT];
        sg_figures_percent((double)suspect / s->count, 2, share);
        sg_out_format(&w->text, ", %s of it filled gaps", share);
    }
    snprintf(about, sizeof about, "series %s", s->id);
    end_row(w, about);
}

/* Series of many columns have many names with one beginning: the first tells for all. */
static bool same_family(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] && a[i] == b[i]) {
        i++;
    }
    while (i > 0 && a[i - 1] >= '0' && a[i - 1] <= '9') {
        i--;
    }
    return i > 0 && a[i] && b[i] && strspn(a + i, "0123456789") == strlen(a + i) &&
           strspn(b + i, "0123456789") == strlen(b + i);
}

static void all_series(writer *w, const sg_site *site)
{
    for (int i = 0; i < site->series_count; i++) {
        if (i == 0 || !same_family(site->series[i - 1].id, site->series[i].id)) {
            one_series(w, site, i);
        }
    }
}

static const char *policy_text(sg_policy policy)
{
    switch (policy) {
    case SG_POLICY_STATIC:
        return "stores stand still";
    case SG_POLICY_RULES:
        return "own surplus first, then cheap hours and peaks; no forecast is used";
    case SG_POLICY_MPC:
        return "a plan made anew from the site's own forecasts, which know nothing of what is to "
               "come but published prices";
    case SG_POLICY_PERFECT:
        return "a plan made with the true future: a bound that no real site reaches";
    }
    return "";
}

static void planning(writer *w, const sg_planning *p, double period_s)
{
    char every[SG_FIGURES_TEXT], ahead[SG_FIGURES_TEXT], step[SG_FIGURES_TEXT];
    sg_figures_duration(period_s, every);
    sg_figures_duration(p->horizon_s, ahead);
    sg_figures_duration(p->step_s, step);
    sg_out_format(&w->text, "every %s and on events, %s ahead, in steps of %s", every, ahead, step);
    end_row(w, "planning");
}

/* What is agreed with the grid's operator; nothing where nothing is. */
static void services(writer *w, const sg_services *s)
{
    static const char *const names[] = {"regulation", "droop", "ramp per second", "band"};
    const double watts[] = {s->capability_w, s->droop_w, s->ramp_w_per_s, s->band_w};
    char text[SG_FIGURES_TEXT];
    for (int i = 0; i < 4; i++) {
        if (watts[i] > 0) {
            sg_figures_power(watts[i], text);
            separate(w);
            sg_out_format(&w->text, "%s %s", names[i], text);
        }
    }
    if (w->text.length > 0) {
        sg_out_text(&w->text, "; what they are paid is not in the cost");
    }
    end_row(w, "services for the grid");
}

static void in_general(writer *w, const sg_report *report)
{
    char text[SG_FIGURES_TEXT];
    sg_out_format(&w->text, "%s: %s", sg_policy_name(report->policy), policy_text(report->policy));
    end_row(w, "policy");
    if (report->site && report->policy == SG_POLICY_MPC) {
        planning(w, &report->site->planning, report->plan_period_s);
    }
    sg_out_text(&w->text,
                "the same engine, plant and series with the stores left alone; not a site "
                "without them");
    end_row(w, "baseline");
    sg_figures_duration(report->step_s, text);
    sg_out_format(&w->text, "each step lasts %s; what swings faster is averaged out", text);
    end_row(w, "time");
    sg_out_text(&w->text, "nothing for purchase, financing, staff or taxes; what is stored at the "
                          "end is worth the mean import price of the period");
    end_row(w, "money");
    sg_out_text(&w->text,
                "of what is bought, by the intensity of the grid at that time; what exports "
                "displace elsewhere is told apart and not taken off");
    end_row(w, "carbon");
    sg_out_text(&w->text, "loads ask for what their series say, whatever the price");
    end_row(w, "loads");
    if (report->site) {
        services(w, &report->site->services);
    }
    if (report->site && report->site->fault_count > 0) {
        sg_out_format(&w->text, "%d of the site file happen in the run",
                      (int)report->site->fault_count);
        end_row(w, "faults");
    }
}

static void write(const sg_report *report, writer *w)
{
    in_general(w, report);
    if (report->site) {
        devices(w, report->site);
        all_series(w, report->site);
    }
    sg_out_free(&w->text);
}

static void json_row(sg_out *out, const char *about, const char *what)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "about", about);
    sg_json_text(out, "what", what);
    sg_json_end(out, '}');
}

static void html_row(sg_out *out, const char *about, const char *what)
{
    sg_out_text(out, "<tr><th scope=\"row\">");
    sg_out_html(out, about);
    sg_out_text(out, "</th><td>");
    sg_out_html(out, what);
    sg_out_text(out, "</td></tr>\n");
}

void sg_assumptions_json(const sg_report *report, sg_out *out)
{
    writer w = {.row = json_row, .out = out};
    sg_json_begin(out, "assumptions", '[');
    write(report, &w);
    sg_json_end(out, ']');
}

void sg_assumptions_html(const sg_report *report, sg_out *out)
{
    writer w = {.row = html_row, .out = out};
    sg_out_text(out, "<h2 id=\"assumptions\">Assumptions</h2><div class=\"box\" tabindex=\"0\">"
                     "<table class=\"words\"><tbody>\n");
    write(report, &w);
    sg_out_text(out, "</tbody></table></div>\n");
}
