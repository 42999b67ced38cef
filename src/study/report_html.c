#include "base/time.h"
#include "control/control.h"
#include "study/figures.h"
#include "study/funding.h"
#include "study/months.h"
#include "study/plot.h"
#include "study/report.h"

#include <math.h>
#include <stdio.h>

static const double J_PER_KWH = 3.6e6;

/* Line by line: a single literal of this length is more than a C compiler must accept. */
static const char *const style[] = {
    ":root{color-scheme:light dark;--ground:#f3f5f3;--card:#fff;--ink:#17212a;--soft:#56646e;",
    "--rule:#dfe5e2;--load:#2f6bd0;--source:#b97f00;--grid:#7f55bd;--store:#0d8a74;--bad:#c0322b}",
    "@media (prefers-color-scheme:dark){:root{--ground:#0d1316;--card:#151d21;--ink:#e4eaec;",
    "--soft:#93a3ac;--rule:#263138;--load:#6ea3f7;--source:#e3b04b;--grid:#b292ea;",
    "--store:#3fc0a4;--bad:#f2786f}}",
    "*{box-sizing:border-box}",
    "body{margin:0 auto;max-width:1080px;padding:28px 20px 40px;background:var(--ground);",
    "color:var(--ink);font:15px/1.5 system-ui,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;",
    "font-variant-numeric:tabular-nums;overflow-wrap:break-word}",
    "h1{font-size:24px;line-height:1.25;letter-spacing:-.01em;margin:0}",
    "h2{font-size:16px;margin:30px 0 10px}",
    "header p,footer,.soft{color:var(--soft);font-size:13.5px;margin:4px 0 0}",
    "footer{margin-top:34px}",
    ".cards{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:12px;margin:20px 0 "
    "14px}",
    ".cards div,figure,.box{background:var(--card);border:1px solid "
    "var(--rule);border-radius:12px}",
    ".cards div{padding:11px 14px;border-top:3px solid var(--c,var(--rule))}",
    ".cards h3{margin:0;font-size:12.5px;font-weight:500;color:var(--soft)}",
    ".cards strong{display:block;font-size:23px;line-height:1.3;letter-spacing:-.02em}",
    ".cards small{font-size:12.5px;color:var(--soft)}",
    ".cards small.bad{color:var(--bad)}",
    "figure{margin:0 0 12px;padding:13px 16px;overflow-x:auto}",
    "figcaption{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;margin-bottom:8px}",
    "figcaption span{color:var(--soft)}",
    ".key::before{content:'';display:inline-block;width:14px;height:3px;border-radius:2px;",
    "background:var(--c);margin-right:6px;vertical-align:middle}",
    "svg{display:block;width:100%;min-width:600px}",
    "svg text{font-size:12px;fill:var(--soft)}",
    "svg .name{fill:var(--ink);font-weight:600;font-size:13px}",
    ".rule{stroke:var(--rule)}",
    ".zero{stroke:var(--soft)}",
    ".bus{fill:var(--ink)}",
    ".curve{fill:none;stroke:var(--c);stroke-width:1.6;stroke-linejoin:round}",
    ".area{fill:var(--c);fill-opacity:.22;stroke:var(--c);stroke-width:1}",
    ".band{fill:var(--c);fill-opacity:.3}",
    ".bar{fill:var(--c)}",
    ".load,.k0{--c:var(--load)}",
    ".source,.k2{--c:var(--source)}",
    ".grid,.k3{--c:var(--grid)}",
    ".store,.k1{--c:var(--store)}",
    ".bad,.k4{--c:var(--bad)}",
    ".loss,.k5{--c:var(--soft)}",
    ".k6{--c:#b04f7a}",
    ".k7{--c:#6c8f2e}",
    ".box{padding:6px 16px;overflow-x:auto}",
    "table{width:100%;border-collapse:collapse;font-size:14px}",
    "th,td{text-align:right;padding:6px 0 6px 14px;border-top:1px solid var(--rule);",
    "font-weight:400;white-space:nowrap}",
    "tr:first-child>*{border-top:0}",
    "tbody:not(:first-child) tr:first-child>*{border-top:1px solid var(--rule)}",
    "th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal}",
    "thead th{color:var(--soft);font-size:12.5px}",
    ".sum>*{font-weight:650}",
    ".pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:12px}",
    "ul{margin:0;padding:8px 0 8px 20px}",
    "dl{display:grid;grid-template-columns:auto 1fr;gap:4px 18px;font-size:13.5px;margin:8px 0}",
    "dt{font-weight:600}",
    "dd{margin:0;color:var(--soft)}",
    "@media (max-width:760px){.cards{grid-template-columns:repeat(2,minmax(0,1fr))}",
    ".pair{grid-template-columns:minmax(0,1fr)}dl{grid-template-columns:1fr}}",
    "@media "
    "print{:root{--ground:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#ccc;--load:#2f6bd0;",
    "--source:#b97f00;--grid:#7f55bd;--store:#0d8a74;--bad:#c0322b}",
    "body{max-width:none;padding:0;font-size:11pt}",
    "figure,.cards div,tr{break-inside:avoid}",
    "h2{break-after:avoid}",
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}",
};

static const char *currency_of(const sg_report *report)
{
    return report->site && report->site->currency ? report->site->currency : "";
}

/* ---- head and cards ---- */

void sg_report_page(sg_out *out, const char *title)
{
    sg_out_text(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
                     "name=\"viewport\" "
                     "content=\"width=device-width, initial-scale=1\">\n<title>");
    sg_out_html(out, title);
    sg_out_text(out, ": Symgrid report</title>\n<style>\n");
    for (size_t i = 0; i < sizeof style / sizeof style[0]; i++) {
        sg_out_text(out, style[i]);
        sg_out_text(out, "\n");
    }
    sg_out_text(out, "</style>\n</head>\n<body>\n");
}

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
    if (report->site && report->site->id && report->site->id[0]) {
        sg_out_text(out, "<br>");
        sg_out_html(out, report->site->id);
    }
    sg_out_text(out, "</p></header>\n");
}

/* Texts are made here or escaped by the caller. */
static void card(sg_out *out, const char *role, const char *name, const char *value,
                 const char *note, bool bad)
{
    sg_out_format(out, "<div class=\"%s\"><h3>%s</h3><strong>", role, name);
    sg_out_html(out, value);
    sg_out_format(out, "</strong><small%s>", bad ? " class=\"bad\"" : "");
    sg_out_html(out, note);
    sg_out_text(out, "</small></div>\n");
}

static void cost_card(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    char value[SG_FIGURES_TEXT], text[SG_FIGURES_TEXT], note[2 * SG_FIGURES_TEXT];
    sg_figures_money(report->cost, value);
    if (isfinite(figures->saving_frac)) {
        sg_figures_percent(fabs(figures->saving_frac), 1, text);
        snprintf(note, sizeof note, "%s %s the static baseline", text,
                 figures->saving_frac < 0.0 ? "above" : "below");
    } else if (isfinite(figures->saving)) {
        sg_figures_money(fabs(figures->saving), text);
        snprintf(note, sizeof note, "%s %s than the static baseline", text,
                 figures->saving < 0.0 ? "dearer" : "cheaper");
    } else {
        snprintf(note, sizeof note, "no baseline was run");
    }
    char with_unit[SG_FIGURES_TEXT + 8];
    snprintf(with_unit, sizeof with_unit, "%s %.4s", value, currency_of(report));
    card(out, "", "Cost", with_unit, note, isfinite(figures->saving) && figures->saving < 0.0);
}

static void cards_of_energy(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    char value[SG_FIGURES_TEXT], text[SG_FIGURES_TEXT], note[2 * SG_FIGURES_TEXT];
    sg_figures_energy(report->load_j, value);
    sg_figures_energy(report->unserved_j, text);
    bool unserved = report->unserved_j > 0.0;
    snprintf(note, sizeof note, "%s%s", unserved ? text : "all of it",
             unserved ? " not served" : " served");
    card(out, "load", "Load", value, note, unserved);
    sg_figures_energy(figures->generation_j, value);
    sg_figures_percent(figures->surplus_frac, 1, text);
    snprintf(note, sizeof note, "surplus over load %s", text);
    card(out, "source", "Local generation", value, note, false);
    sg_figures_percent(figures->self_sufficiency_frac, 1, value);
    sg_figures_energy(report->import_j, text);
    snprintf(note, sizeof note, "%s imported", text);
    card(out, "grid", "Self-sufficiency", value, note, false);
    sg_figures_power(report->peak_w, value);
    card(out, "grid", "Peak of import", value, "highest quarter hour", false);
    sg_figures_mass(report->carbon_kg, value);
    sg_figures_mass(report->carbon_credit_kg, text);
    snprintf(note, sizeof note, "CO\xE2\x82\x82; exports displace %s", text);
    card(out, "", "Carbon of imports", value, note, false);
    sg_figures_energy(report->curtailed_j, value);
    sg_figures_percent(sg_figures_ratio(report->curtailed_j, figures->available_j), 1, text);
    snprintf(note, sizeof note, "%s of what was available", text);
    card(out, "source", "Curtailed", value, note, false);
    sg_figures_percent(figures->uptime_frac, 3, value);
    sg_figures_duration(report->downtime_s, text);
    snprintf(note, sizeof note, "down for %s", text);
    card(out, "load", "Uptime", value, note, report->downtime_s > 0.0);
}

/* ---- pictures ---- */

static bool is_hypothetical(const sg_report *report, int group)
{
    const sg_kind *kind = report->site->groups[group].kind;
    return kind && kind->hypothetical;
}

static void bands(const sg_report *report, sg_out *out)
{
    sg_plot_band in[2 * SG_GROUP_MAX + 4], away[2 * SG_GROUP_MAX + 4];
    int in_count = 0, away_count = 0;
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        const sg_group *group = &report->site->groups[g];
        const char *note = is_hypothetical(report, g) ? "(hypothetical)" : "";
        if (group->role == SG_SOURCE) {
            in[in_count++] = (sg_plot_band){group->id, note, "source", report->source_j[g]};
        } else if (group->role == SG_STORE) {
            note = note[0] ? note : "(store)";
            in[in_count++] =
                (sg_plot_band){group->id, note, "store", report->store[g].energy_out_j};
            away[away_count++] =
                (sg_plot_band){group->id, note, "store", report->store[g].energy_in_j};
        }
    }
    in[in_count++] = (sg_plot_band){"Import", "", "grid", report->import_j};
    away[away_count++] = (sg_plot_band){"Load", "", "load", report->load_j};
    away[away_count++] = (sg_plot_band){"Export", "", "grid", report->export_j};
    away[away_count++] = (sg_plot_band){"Cables and converters", "", "loss", report->losses_j};
    sg_plot_bands(in, in_count, away, away_count, out);
}

static bool any(const double *values, int count)
{
    for (int i = 0; i < count; i++) {
        if (isfinite(values[i]) && values[i] > 0.0) {
            return true;
        }
    }
    return false;
}

static double largest_power(const sg_trace *trace)
{
    const double *arrays[] = {trace->load_w, trace->generation_w, trace->import_w, trace->export_w};
    double most = 0.0;
    for (int a = 0; a < 4; a++) {
        for (int i = 0; i < trace->count; i++) {
            most = isfinite(arrays[a][i]) && arrays[a][i] > most ? arrays[a][i] : most;
        }
    }
    return most;
}

static void power_plots(const sg_trace *trace, sg_out *out)
{
    bool mega = largest_power(trace) >= 2e6;
    double factor = mega ? 1e-6 : 1e-3;
    sg_plot plot = {"Load and generation",
                    mega ? "MW" : "kW",
                    trace->start_us,
                    trace->bin_us,
                    trace->count,
                    2,
                    {{"generation", "source", trace->generation_w, NULL, factor, true},
                     {"load", "load", trace->load_w, NULL, factor, false}},
                    0.0,
                    0.0,
                    210};
    if (any(trace->curtailed_w, trace->count)) {
        plot.curve[plot.curve_count++] =
            (sg_plot_curve){"curtailed", "loss", trace->curtailed_w, NULL, factor, false};
    }
    if (any(trace->unserved_w, trace->count)) {
        plot.curve[plot.curve_count++] =
            (sg_plot_curve){"unserved", "bad", trace->unserved_w, NULL, factor, false};
    }
    sg_plot_svg(&plot, out);
    sg_plot flows = {
        "Grid and stores, positive into the site",
        mega ? "MW" : "kW",
        trace->start_us,
        trace->bin_us,
        trace->count,
        2,
        {{"import less export", "grid", trace->import_w, trace->export_w, factor, true},
         {"stores", "store", trace->store_w, NULL, factor, false}},
        0.0,
        0.0,
        170};
    sg_plot_svg(&flows, out);
}

static void charge_plot(const sg_report *report, sg_out *out)
{
    static const char *const styles[SG_PLOT_CURVE_MAX] = {"k1", "k0", "k2", "k3",
                                                          "k6", "k7", "k4", "k5"};
    const sg_trace *trace = &report->trace;
    sg_plot plot = {.title = "State of charge",
                    .unit = "%",
                    .start_us = trace->start_us,
                    .bin_us = trace->bin_us,
                    .count = trace->count,
                    .low = 0.0,
                    .high = 100.0,
                    .height = 130};
    for (int s = 0; s < trace->store_count && s < SG_PLOT_CURVE_MAX && s < SG_PLAN_STORE_MAX; s++) {
        int group = trace->store_group[s];
        if (group < 0 || group >= sg_figures_group_count(report) ||
            !(report->store[group].capacity_j > 0.0)) {
            continue;
        }
        plot.curve[plot.curve_count] = (sg_plot_curve){report->site->groups[group].id,
                                                       styles[plot.curve_count],
                                                       trace->energy_j[s],
                                                       NULL,
                                                       100.0 / report->store[group].capacity_j,
                                                       false};
        plot.curve_count++;
    }
    sg_plot_svg(&plot, out);
}

static void price_plots(const sg_report *report, sg_out *out)
{
    const sg_trace *trace = &report->trace;
    char unit[24];
    snprintf(unit, sizeof unit, "%.4s/kWh", currency_of(report));
    sg_plot price = {
        "Price of import",
        unit,
        trace->start_us,
        trace->bin_us,
        trace->count,
        1,
        {{"import, fees included", "grid", trace->import_price, NULL, J_PER_KWH, false}},
        0.0,
        0.0,
        110};
    sg_plot_svg(&price, out);
    if (any(trace->carbon, trace->count)) {
        sg_plot carbon = {"Carbon intensity of import",
                          "g/kWh",
                          trace->start_us,
                          trace->bin_us,
                          trace->count,
                          1,
                          {{"CO\xE2\x82\x82", "loss", trace->carbon, NULL, J_PER_KWH * 1e3, false}},
                          0.0,
                          0.0,
                          90};
        sg_plot_svg(&carbon, out);
    }
}

/* ---- tables ---- */

static void money_row(sg_out *out, const char *name, double money, bool sum)
{
    char text[SG_FIGURES_TEXT];
    sg_figures_money(money, text);
    sg_out_format(out, "<tr%s><th scope=\"row\">%s</th><td>%s</td></tr>\n",
                  sum ? " class=\"sum\"" : "", name, text);
}

static void money_table(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    sg_out_text(out, "<div><h2>Money");
    if (currency_of(report)[0]) {
        sg_out_text(out, ", ");
        sg_out_html(out, currency_of(report));
    }
    sg_out_text(out, "</h2><div class=\"box\"><table><tbody>\n");
    money_row(out, "Import", report->import_cost, false);
    money_row(out, "Demand charge", report->demand_charge_cost, false);
    money_row(out, "Fuel and cost of sources", report->fuel_cost, false);
    money_row(out, "Wear of stores", report->wear_cost, false);
    money_row(out, "Energy not served", report->unserved_cost, false);
    money_row(out, "Export revenue, taken off", report->export_revenue, false);
    money_row(out, "Value of the change in store", report->inventory_credit, false);
    money_row(out, "Cost", report->cost, true);
    money_row(out, "Cost of the static baseline", report->baseline_cost, false);
    money_row(out, "Saving", figures->saving, true);
    sg_out_text(out, "</tbody></table></div></div>\n");
}

static void cell(sg_out *out, const char *text)
{
    sg_out_format(out, "<td>%s</td>", text);
}

static void name_cell(const sg_report *report, int group, sg_out *out)
{
    sg_out_text(out, "<tr><th scope=\"row\">");
    sg_out_html(out, report->site->groups[group].id);
    sg_out_text(out, is_hypothetical(report, group)
                         ? " <span class=\"soft\">hypothetical</span></th>"
                         : "</th>");
}

static void source_table(const sg_report *report, sg_out *out)
{
    char text[SG_FIGURES_TEXT];
    sg_out_text(
        out,
        "<h2>Sources</h2><div class=\"box\"><table><thead><tr><th>Source</th><th>Delivered</th>"
        "<th>Available</th><th>Used</th><th>Share of load</th></tr></thead><tbody>\n");
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        if (report->site->groups[g].role != SG_SOURCE) {
            continue;
        }
        name_cell(report, g, out);
        sg_figures_energy(report->source_j[g], text);
        cell(out, text);
        sg_figures_energy(report->available_j[g], text);
        cell(out, text);
        sg_figures_percent(sg_figures_ratio(report->source_j[g], report->available_j[g]), 1, text);
        cell(out, text);
        sg_figures_percent(sg_figures_ratio(report->source_j[g], report->load_j), 1, text);
        cell(out, text);
        sg_out_text(out, "</tr>\n");
    }
    sg_out_text(out, "</tbody></table></div>\n");
}

static void store_table(const sg_report *report, sg_out *out)
{
    char text[SG_FIGURES_TEXT];
    sg_out_text(
        out,
        "<h2>Stores</h2><div "
        "class=\"box\"><table><thead><tr><th>Store</th><th>Capacity</th><th>In</th><th>Out</th>"
        "<th>Full cycles</th><th>Charge at start</th><th>at "
        "end</th><th>Health</th></tr></thead><tbody>\n");
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        const sg_report_store *store = &report->store[g];
        if (report->site->groups[g].role != SG_STORE) {
            continue;
        }
        const double energies[3] = {store->capacity_j, store->energy_in_j, store->energy_out_j};
        const double charges[2] = {store->energy_first_j, store->energy_last_j};
        name_cell(report, g, out);
        for (int i = 0; i < 3; i++) {
            sg_figures_energy(energies[i], text);
            cell(out, text);
        }
        snprintf(text, sizeof text, "%.2f", isfinite(store->cycles) ? store->cycles : 0.0);
        cell(out, text);
        for (int i = 0; i < 2; i++) {
            sg_figures_percent(sg_figures_ratio(charges[i], store->capacity_j), 0, text);
            cell(out, text);
        }
        sg_figures_percent(store->soh_frac, 2, text);
        cell(out, text);
        sg_out_text(out, "</tr>\n");
    }
    sg_out_text(out, "</tbody></table></div>\n");
}

static void fact_row(sg_out *out, const char *name, const char *value)
{
    sg_out_format(out, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", name, value);
}

static void service_table(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    static const char *const errors[2] = {"Load forecast, mean error at 1 h",
                                          "Generation forecast, mean error at 1 h"};
    char text[SG_FIGURES_TEXT];
    sg_out_text(out, "<div><h2>Service and honesty</h2><div class=\"box\"><table><tbody>\n");
    for (int i = 0; i < 2; i++) {
        sg_figures_power(report->forecast_mae_w[i], text);
        fact_row(out, errors[i], text);
        sg_figures_percent(figures->skill_frac[i], 1, text);
        fact_row(out, "&emsp;better than persistence by", text);
    }
    sg_figures_duration(report->overload_s, text);
    fact_row(out, "Time with a node above its limit", text);
    sg_figures_energy(report->losses_j, text);
    fact_row(out, "Lost in cables and converters", text);
    sg_figures_energy(report->store_loss_j, text);
    fact_row(out, "Lost in stores", text);
    sg_figures_energy(report->balance_error_j, text);
    fact_row(out, "Error of the energy balance", text);
    snprintf(text, sizeof text, "%llu", (unsigned long long)report->steps);
    fact_row(out, "Steps computed", text);
    sg_figures_duration(report->wall_s, text);
    fact_row(out, "Wall time", text);
    snprintf(text, sizeof text, "%016llx", (unsigned long long)report->command_hash);
    fact_row(out, "Hash of all commands", text);
    sg_out_text(out, "</tbody></table></div></div>\n");
}

static void notes(const sg_report *report, sg_out *out)
{
    if (report->note_count <= 0) {
        return;
    }
    sg_out_text(out, "<h2>What this site can really do</h2><div class=\"box\"><ul>\n");
    for (int i = 0; i < report->note_count; i++) {
        sg_out_text(out, "<li>");
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
        "<dt>Surplus over load</dt><dd>local generation / load &minus; 1; below zero the site "
        "depends on imports</dd>\n"
        "<dt>Self-sufficiency</dt><dd>1 &minus; import / load, within 0 and 100 %</dd>\n"
        "<dt>Uptime</dt><dd>share of the time in which no load was held below its minimum</dd>\n"
        "<dt>Static baseline</dt><dd>the same engine over the same period with the stores left "
        "alone</dd>\n"
        "<dt>Better than persistence</dt><dd>1 &minus; mean error / mean error of &ldquo;as it is "
        "now&rdquo;</dd>\n"
        "<dt>Full cycles</dt><dd>energy delivered / capacity</dd>\n"
        "</dl>\n<footer>Powers are at the site&rsquo;s bus; times are UTC. Written by Symgrid, "
        "symgrid.report/1.</footer>\n");
}

void sg_report_html(const sg_report *report, sg_out *out)
{
    sg_figures figures = sg_figures_of(report);
    head(report, out);
    sg_out_text(out, "<main>\n<div class=\"cards\">\n");
    cost_card(report, &figures, out);
    cards_of_energy(report, &figures, out);
    sg_out_text(out, "</div>\n");
    notes(report, out);
    sg_out_text(out, "<h2>Energy</h2>\n");
    bands(report, out);
    power_plots(&report->trace, out);
    charge_plot(report, out);
    price_plots(report, out);
    source_table(report, out);
    store_table(report, out);
    sg_months_html(report, out);
    sg_funding_html(report, out);
    sg_out_text(out, "<div class=\"pair\">\n");
    money_table(report, &figures, out);
    service_table(report, &figures, out);
    sg_out_text(out, "</div>\n");
    definitions(out);
    sg_out_text(out, "</main>\n</body>\n</html>\n");
}
