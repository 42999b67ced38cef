#include "base/time.h"
#include "control/control.h"
#include "study/assumptions.h"
#include "study/figures.h"
#include "study/funding.h"
#include "study/limits.h"
#include "study/months.h"
#include "study/report_parts.h"

#include <math.h>
#include <stdio.h>

/* The order of the page: what it came to, why, what stands behind it. */

static const char *currency_of(const sg_report *report)
{
    return report->site && report->site->currency ? report->site->currency : "";
}

/* ---- head ---- */

static void head(const sg_report *report, sg_out *out)
{
    const char *title = report->site && report->site->title && report->site->title[0]
                            ? report->site->title
                            : "Site";
    char from[SG_TIME_TEXT], to[SG_TIME_TEXT], span[SG_FIGURES_TEXT];
    sg_time_format(report->from_us, from);
    sg_time_format(report->to_us, to);
    sg_figures_duration((double)(report->to_us - report->from_us) / 1e6, span);
    sg_report_page(out, title);
    sg_out_text(out, "<header><h1>");
    sg_out_html(out, title);
    sg_out_format(out, "</h1><p>%s to %s (%s), policy <b>%s</b>, step %g s", from, to, span,
                  sg_policy_name(report->policy), isfinite(report->step_s) ? report->step_s : 0.0);
    sg_out_text(out, "</p></header>\n<main>\n<p class=\"result\" data-json=\"/result\">");
    sg_out sentence = {0};
    sg_report_sentence(report, &sentence);
    sg_out_html(out, sentence.text ? sentence.text : "");
    sg_out_free(&sentence);
    sg_out_text(out, "</p>\n");
}

/* ---- cards ---- */

static void card(sg_out *out, const char *role, const char *name)
{
    sg_out_format(out, "<div class=\"%s\"><p>%s</p><strong>", role, name);
}

static void card_note(sg_out *out, bool bad)
{
    sg_out_format(out, "</strong><small%s>", bad ? " class=\"bad\"" : "");
}

static void card_end(sg_out *out)
{
    sg_out_text(out, "</small></div>\n");
}

/* By how much it is better than the baseline. */
static void against(sg_out *out, sg_page_unit as, double saving, double frac, const char *what)
{
    if (isfinite(frac)) {
        sg_page_value(out, SG_AS_PERCENT, frac, "/metrics/%s_frac", what);
        sg_out_text(out, " saved against the static baseline");
    } else if (isfinite(saving)) {
        sg_page_value(out, as, saving, "/metrics/%s%s", what, as == SG_AS_MASS ? "_kg" : "");
        sg_out_text(out, " saved against the static baseline");
    } else {
        sg_out_text(out, "no baseline was run");
    }
}

static void cards_of_result(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    card(out, "", "Cost");
    sg_page_value(out, SG_AS_MONEY, report->cost, "/metrics/cost");
    sg_out_text(out, " ");
    sg_out_html(out, currency_of(report));
    card_note(out, figures->saving < 0.0);
    against(out, SG_AS_MONEY, figures->saving, figures->saving_frac, "saving");
    card_end(out);
    card(out, "", "Carbon of imports, CO\xE2\x82\x82");
    sg_page_value(out, SG_AS_MASS, report->carbon_kg, "/metrics/carbon_kg");
    card_note(out, figures->carbon_saving_kg < 0.0);
    against(out, SG_AS_MASS, figures->carbon_saving_kg, figures->carbon_saving_frac,
            "carbon_saving");
    card_end(out);
    card(out, "load", "Load");
    sg_page_value(out, SG_AS_ENERGY, report->load_j, "/metrics/load_kwh");
    card_note(out, report->unserved_j > 0.0);
    if (report->unserved_j > 0.0) {
        sg_page_value(out, SG_AS_ENERGY, report->unserved_j, "/metrics/unserved_kwh");
        sg_out_text(out, " not served");
    } else {
        sg_out_text(out, "all of it served");
    }
    card_end(out);
    card(out, "load", "Uptime");
    sg_page_value(out, SG_AS_PERCENT_FINE, figures->uptime_frac, "/metrics/uptime_frac");
    card_note(out, report->downtime_s > 0.0);
    sg_out_text(out, "down for ");
    sg_page_value(out, SG_AS_DURATION, report->downtime_s, "/metrics/downtime_s");
    card_end(out);
}

static void cards_of_energy(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    char text[SG_FIGURES_TEXT];
    card(out, "source", "Local generation");
    sg_figures_energy(figures->generation_j, text);
    sg_out_text(out, text);
    card_note(out, false);
    sg_out_text(out, "surplus over load ");
    sg_page_value(out, SG_AS_PERCENT, figures->surplus_frac, "/metrics/surplus_frac");
    card_end(out);
    card(out, "grid", "Self-sufficiency");
    sg_page_value(out, SG_AS_PERCENT, figures->self_sufficiency_frac,
                  "/metrics/self_sufficiency_frac");
    card_note(out, false);
    sg_page_value(out, SG_AS_ENERGY, report->import_j, "/metrics/import_kwh");
    sg_out_text(out, " imported");
    card_end(out);
    card(out, "grid", "Peak of import");
    sg_page_value(out, SG_AS_POWER, report->peak_w, "/metrics/peak_kw");
    card_note(out, false);
    sg_out_text(out, "a quarter hour");
    if (isfinite(report->baseline.peak_w)) {
        sg_out_text(out, "; baseline ");
        sg_page_value(out, SG_AS_POWER, report->baseline.peak_w, "/metrics/baseline/peak_kw");
    }
    card_end(out);
    card(out, "source", "Curtailed");
    sg_page_value(out, SG_AS_ENERGY, report->curtailed_j, "/metrics/curtailed_kwh");
    card_note(out, false);
    double frac = sg_figures_ratio(report->curtailed_j, figures->available_j);
    sg_figures_percent(frac, 1, text);
    sg_out_format(out, isfinite(frac) ? "%s of what was available" : "nothing was available", text);
    card_end(out);
}

/* ---- the end of the page ---- */

static void notes(const sg_report *report, sg_out *out)
{
    if (report->note_count <= 0) {
        return;
    }
    sg_out_text(out,
                "<h2>What this site can really do</h2><div class=\"box\" tabindex=\"0\"><ul>\n");
    for (int i = 0; i < report->note_count; i++) {
        sg_out_format(out, "<li data-json=\"/notes/%d\">", i);
        sg_out_html(out, report->note[i]);
        sg_out_text(out, "</li>\n");
    }
    sg_out_text(out, "</ul></div>\n");
}

static void definitions(sg_out *out)
{
    sg_out_text(
        out,
        "<h2>How to read it</h2><dl>\n"
        "<dt>Static baseline</dt><dd>the same engine over the same period with the stores left "
        "alone</dd>\n"
        "<dt>Surplus over load</dt><dd>local generation / load \xE2\x88\x92 1; below zero the site "
        "depends on imports</dd>\n"
        "<dt>Self-sufficiency</dt><dd>1 \xE2\x88\x92 import / load, within 0 and 100 %</dd>\n"
        "<dt>Uptime</dt><dd>share of the time in which no load was held below its minimum</dd>\n"
        "<dt>Better than persistence</dt><dd>1 \xE2\x88\x92 mean error / mean error of "
        "\xE2\x80\x9C"
        "as it is now\xE2\x80\x9D</dd>\n"
        "<dt>Full cycles</dt><dd>energy delivered / capacity</dd>\n"
        "<dt>Powers</dt><dd>at the site\xE2\x80\x99s bus; times are UTC, days and months those of "
        "the site\xE2\x80\x99s zone</dd>\n"
        "</dl>\n");
}

static void fact(sg_out *out, const char *name, const char *pointer, const char *text)
{
    sg_out_format(out, "<tr><th scope=\"row\">%s</th><td data-json=\"%s\">", name, pointer);
    sg_out_html(out, text);
    sg_out_text(out, "</td></tr>\n");
}

static void reproduce(const sg_report *report, sg_out *out)
{
    char text[24];
    sg_out_text(out, "<h2>How to reproduce it</h2><div class=\"box\" tabindex=\"0\">");
    if (report->origin.command) {
        sg_out_text(out, "<pre data-json=\"/reproduce/command\">");
        sg_out_html(out, report->origin.command);
        sg_out_text(out, "</pre>");
    }
    sg_out_text(out, "<table class=\"words\"><tbody>\n");
    if (report->origin.version) {
        fact(out, "Program", "/reproduce/version", report->origin.version);
    }
    if (report->site) {
        fact(out, "Site", "/site/id", report->site->id ? report->site->id : "");
        snprintf(text, sizeof text, "%016llx", (unsigned long long)report->site->hash);
        fact(out, "Hash of the site as read", "/reproduce/site_hash", text);
        snprintf(text, sizeof text, "%llu", (unsigned long long)report->site->seed);
        fact(out, "Seed of all that is drawn", "/reproduce/seed", text);
    }
    snprintf(text, sizeof text, "%016llx", (unsigned long long)report->command_hash);
    fact(out, "Hash of all commands", "/metrics/command_hash", text);
    sg_out_text(
        out, "</tbody></table><p class=\"soft\">The same program on the same site file and "
             "series gives the same hash of all commands, and with it every figure of this page "
             "but the computing time. The same figures as data: <code>--report FILE.json</code>, "
             "<code>--report FILE.csv</code>.</p></div>\n");
}

void sg_report_html(const sg_report *report, sg_out *out)
{
    sg_figures figures = sg_figures_of(report);
    head(report, out);
    sg_out_text(out, "<div class=\"cards\">\n");
    cards_of_result(report, &figures, out);
    cards_of_energy(report, &figures, out);
    sg_out_text(out, "</div>\n<h2>Energy</h2>\n");
    sg_page_flows(report, out);
    sg_page_month_energy(report, out);
    sg_page_money(report, out);
    sg_page_month_money(report, out);
    sg_page_stores(report, out);
    sg_page_limits(report, out);
    sg_page_days(report, out);
    sg_page_curves(report, out);
    sg_page_sources(report, out);
    sg_months_html(report, out);
    sg_funding_html(report, out);
    sg_page_service(report, out);
    notes(report, out);
    sg_assumptions_html(report, out);
    reproduce(report, out);
    definitions(out);
    sg_out_text(out, "<footer>Written by Symgrid, symgrid.report/1.</footer>\n</main>\n</body>\n"
                     "</html>\n");
}
