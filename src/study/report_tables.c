/* report_tables - a report's page in tables: money, sources, stores, limits, service. */
#include "base/time.h"
#include "study/figures.h"
#include "study/limits.h"
#include "study/report_parts.h"

#include <math.h>
#include <stdio.h>

static void begin(sg_out *out, const char *title, const char *const *columns)
{
    sg_out_format(out, "<h2>%s</h2><div class=\"box\" tabindex=\"0\"><table><thead><tr>", title);
    for (; *columns; columns++) {
        sg_out_format(out, "<th scope=\"col\">%s</th>", *columns);
    }
    sg_out_text(out, "</tr></thead><tbody>\n");
}

static void end(sg_out *out)
{
    sg_out_text(out, "</tbody></table></div>\n");
}

static void cell(sg_out *out, const char *text)
{
    sg_out_format(out, "<td>%s</td>", text);
}

/* ---- money and carbon against the baseline ---- */

typedef struct line {
    const char *name, *key;
    double here, there;
    bool sum;
} line;

/* here, there, and the difference, which is no figure of the report. */
static void compare(sg_out *out, const line *l, sg_page_unit as, const char *there_key)
{
    char text[SG_FIGURES_TEXT];
    double more = l->here - l->there;
    sg_out_format(out, "<tr%s><th scope=\"row\">%s</th><td>", l->sum ? " class=\"sum\"" : "",
                  l->name);
    sg_page_value(out, as, l->here, "/metrics/%s", l->key);
    sg_out_text(out, "</td><td>");
    sg_page_value(out, as, l->there, "/metrics/%s", there_key);
    sg_out_text(out, "</td>");
    switch (as) {
    case SG_AS_MONEY:
        sg_figures_money(more, text);
        break;
    case SG_AS_MASS:
        sg_figures_mass(more, text);
        break;
    case SG_AS_POWER:
        sg_figures_power(more, text);
        break;
    default:
        sg_figures_energy(more, text);
    }
    cell(out, text);
    sg_out_text(out, "</tr>\n");
}

static void compare_all(sg_out *out, const line *lines, int count, sg_page_unit as)
{
    for (int i = 0; i < count; i++) {
        char key[64];
        snprintf(key, sizeof key, "baseline/%s", lines[i].key);
        compare(out, &lines[i], as, key);
    }
}

static void money_lines(const sg_report *report, sg_out *out)
{
    const sg_report_money *b = &report->baseline.money;
    const line lines[] = {
        {"Import", "import_cost", report->import_cost, b->import_cost, false},
        {"Demand charge", "demand_charge_cost", report->demand_charge_cost, b->demand_charge_cost,
         false},
        {"Fuel and cost of sources", "fuel_cost", report->fuel_cost, b->fuel_cost, false},
        {"Wear of stores", "wear_cost", report->wear_cost, b->wear_cost, false},
        {"Energy not served", "unserved_cost", report->unserved_cost, b->unserved_cost, false},
        {"Value of the change in store, taken off", "inventory_credit", report->inventory_credit,
         b->inventory_credit, false}};
    compare_all(out, lines, 5, SG_AS_MONEY);
    const line sold = {"Export revenue, taken off", "revenue/export", report->export_revenue,
                       b->export_revenue, false};
    compare(out, &sold, SG_AS_MONEY, "baseline/export_revenue");
    compare_all(out, lines + 5, 1, SG_AS_MONEY);
    const line cost = {"Cost", "cost", report->cost, report->baseline_cost, true};
    compare(out, &cost, SG_AS_MONEY, "baseline_cost");
}

void sg_page_money(const sg_report *report, sg_out *out)
{
    static const char *const columns[] = {"Part", "This run", "Static baseline", "Difference",
                                          NULL};
    const sg_report_baseline *b = &report->baseline;
    char title[64];
    const char *currency = report->site && report->site->currency ? report->site->currency : "";
    sg_out safe = {0};
    sg_out_html(&safe, currency);
    snprintf(title, sizeof title, "Money%s%.24s and carbon", currency[0] ? ", " : "",
             safe.text ? safe.text : "");
    sg_out_free(&safe);
    begin(out, title, columns);
    money_lines(report, out);
    const line carbon[] = {
        {"Carbon of imports", "carbon_kg", report->carbon_kg, b->money.carbon_kg, true},
        {"Carbon that exports displace elsewhere", "carbon_credit_kg", report->carbon_credit_kg,
         b->money.carbon_credit_kg, false}};
    const line energy[] = {
        {"Import", "import_kwh", report->import_j, b->import_j, false},
        {"Export", "export_kwh", report->export_j, b->export_j, false},
        {"Curtailed", "curtailed_kwh", report->curtailed_j, b->money.curtailed_j, false},
        {"Not served", "unserved_kwh", report->unserved_j, b->unserved_j, false},
        {"Lost in cables and converters", "losses_kwh", report->losses_j, b->losses_j, false},
        {"Lost in stores", "store_loss_kwh", report->store_loss_j, b->store_loss_j, false}};
    const line peak = {"Highest quarter hour of import", "peak_kw", report->peak_w, b->peak_w,
                       false};
    compare_all(out, carbon, 2, SG_AS_MASS);
    sg_out_text(out, "</tbody><tbody>\n");
    compare_all(out, energy, 6, SG_AS_ENERGY);
    compare_all(out, &peak, 1, SG_AS_POWER);
    end(out);
}

/* ---- sources ---- */

void sg_page_sources(const sg_report *report, sg_out *out)
{
    static const char *const columns[] = {"Source", "Delivered",     "Available",
                                          "Used",   "Share of load", NULL};
    char text[SG_FIGURES_TEXT];
    begin(out, "Sources", columns);
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        const char *id = report->site->groups[g].id;
        if (report->site->groups[g].role != SG_SOURCE) {
            continue;
        }
        sg_page_name_cell(report, g, out);
        sg_out_text(out, "<td>");
        sg_page_value(out, SG_AS_ENERGY, report->source_j[g], "/metrics/energy_kwh/%s", id);
        sg_out_text(out, "</td><td>");
        sg_page_value(out, SG_AS_ENERGY, report->available_j[g], "/metrics/available_kwh/%s", id);
        sg_out_text(out, "</td>");
        sg_figures_percent(sg_figures_ratio(report->source_j[g], report->available_j[g]), 1, text);
        cell(out, text);
        sg_figures_percent(sg_figures_ratio(report->source_j[g], report->load_j), 1, text);
        cell(out, text);
        sg_out_text(out, "</tr>\n");
    }
    end(out);
}

/* ---- stores: use and wear ---- */

static void store_cell(sg_out *out, sg_page_unit as, double value, const char *id, const char *key)
{
    sg_out_text(out, "<td>");
    sg_page_value(out, as, value, "/metrics/stores/%s/%s", id, key);
    sg_out_text(out, "</td>");
}

/* Ten bars from empty to full, as high as the time spent there. */
static void levels(const sg_report_store *store, double duration_s, sg_out *out)
{
    sg_out_text(out, "<td><svg viewBox=\"0 0 104 26\" role=\"img\" style=\"min-width:84px;"
                     "width:84px;margin-left:auto\"><title>time spent in each tenth of the "
                     "capacity, from empty to full</title><line class=\"zero\" x1=\"0\" "
                     "x2=\"104\" y1=\"25.5\" y2=\"25.5\"/><g class=\"store\">");
    for (int i = 0; i < SG_LEVEL_COUNT; i++) {
        double share = sg_figures_ratio(store->level_s[i], duration_s);
        double height = isfinite(share) ? 24.0 * (share > 1.0 ? 1.0 : share) : 0.0;
        sg_out_format(out,
                      "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"9\" height=\"%.1f\"/>",
                      2 + i * 10.2, 25.0 - height, height);
    }
    sg_out_text(out, "</g></svg></td>");
}

static void store_row(const sg_report *report, int g, double duration_s, sg_out *out)
{
    const sg_report_store *store = &report->store[g];
    const char *id = report->site->groups[g].id;
    sg_page_name_cell(report, g, out);
    store_cell(out, SG_AS_ENERGY, store->capacity_j, id, "capacity_kwh");
    store_cell(out, SG_AS_ENERGY, store->energy_in_j, id, "energy_in_kwh");
    store_cell(out, SG_AS_ENERGY, store->energy_out_j, id, "energy_out_kwh");
    store_cell(out, SG_AS_NUMBER, store->cycles, id, "cycles");
    store_cell(out, SG_AS_ENERGY, store->energy_first_j, id, "energy_first_kwh");
    store_cell(out, SG_AS_ENERGY, store->energy_last_j, id, "energy_last_kwh");
    store_cell(out, SG_AS_ENERGY, store->energy_least_j, id, "energy_least_kwh");
    store_cell(out, SG_AS_ENERGY, store->energy_most_j, id, "energy_most_kwh");
    store_cell(out, SG_AS_MONEY, store->wear_cost, id, "wear_cost");
    store_cell(out, SG_AS_PERCENT, store->soh_frac, id, "soh_frac");
    levels(store, duration_s, out);
    sg_out_text(out, "</tr>\n");
}

void sg_page_stores(const sg_report *report, sg_out *out)
{
    static const char *const columns[] = {
        "Store", "Capacity", "In",   "Out",    "Full cycles",        "At start", "At end",
        "Least", "Most",     "Wear", "Health", "Time by<br/>charge", NULL};
    bool any = false;
    double duration_s = (double)(report->to_us - report->from_us) * 1e-6;
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        any = any || report->site->groups[g].role == SG_STORE;
    }
    if (!any) {
        return;
    }
    begin(out, "Stores: use and wear", columns);
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        if (report->site->groups[g].role == SG_STORE) {
            store_row(report, g, duration_s, out);
        }
    }
    end(out);
}

/* ---- limits ---- */

static void limit_row(const sg_report *report, int k, sg_out *out)
{
    static const char *const names[] = {"import of the connection", "export of the connection",
                                        "feeder", "reserve kept in store"};
    const sg_report_limit *limit = &report->limit[k];
    bool energy = limit->kind == SG_LIMIT_RESERVE, kept = !(limit->beyond_s > 0.0);
    char at[SG_TIME_TEXT];
    sg_time_format(limit->worst_us, at);
    sg_out_text(out, "<tr><th scope=\"row\">");
    sg_out_html(out, sg_limits_name(report, limit));
    sg_out_format(out, " <span class=\"soft\">%s</span></th><td>", names[limit->kind]);
    sg_page_value(out, energy ? SG_AS_ENERGY : SG_AS_POWER, limit->limit, "/limits/%d/%s", k,
                  energy ? "reserve_kwh" : "limit_kw");
    sg_out_text(out, "</td><td>");
    sg_page_value(out, energy ? SG_AS_ENERGY : SG_AS_POWER, limit->worst, "/limits/%d/%s", k,
                  energy ? "least_kwh" : "most_kw");
    sg_out_text(out, "</td><td>");
    sg_page_value(out, SG_AS_PERCENT, sg_limits_share(limit), "/limits/%d/used_frac", k);
    sg_out_format(out, "</td><td data-json=\"/limits/%d/at\">%s</td><td class=\"%s\">", k, at,
                  kept ? "good" : "wrong");
    if (kept) {
        sg_out_text(out, "yes</td></tr>\n");
        return;
    }
    sg_out_text(out, "not for ");
    sg_page_value(out, SG_AS_DURATION, limit->beyond_s, "/limits/%d/beyond_s", k);
    sg_out_text(out, "</td></tr>\n");
}

void sg_page_limits(const sg_report *report, sg_out *out)
{
    static const char *const columns[] = {"Limit", "Allowed", "Came to", "Used",
                                          "At",    "Kept",    NULL};
    if (report->limit_count <= 0) {
        return;
    }
    begin(out, "Limits", columns);
    for (int k = 0; k < report->limit_count; k++) {
        limit_row(report, k, out);
    }
    end(out);
    sg_out_text(out, "<p class=\"soft\">The worst of each group\xE2\x80\x99s members, from the "
                     "plant\xE2\x80\x99s own books. Loads were below their minimum for ");
    sg_page_value(out, SG_AS_DURATION, report->downtime_s, "/metrics/downtime_s");
    sg_out_text(out, ", a feeder above its limit for ");
    sg_page_value(out, SG_AS_DURATION, report->overload_s, "/metrics/overload_s");
    sg_out_text(out, "; breakers that tripped: ");
    sg_page_value(out, SG_AS_COUNT, (double)report->trips, "/metrics/breaker_trips");
    sg_out_text(out, ".</p>\n");
}

/* ---- service ---- */

static void service_row(sg_out *out, const char *name, sg_page_unit as, double value,
                        const char *pointer)
{
    sg_out_format(out, "<tr><th scope=\"row\">%s</th><td>", name);
    sg_page_value(out, as, value, "%s", pointer);
    sg_out_text(out, "</td></tr>\n");
}

static void regulation(const sg_score *score, sg_out *out)
{
    if (score->windows > 0) {
        service_row(out, "Regulation signal: score", SG_AS_PERCENT, score->total,
                    "/regulation/score");
        service_row(out, "Regulation signal: windows of five minutes", SG_AS_COUNT,
                    (double)score->windows, "/regulation/windows");
    }
}

void sg_page_service(const sg_report *report, sg_out *out)
{
    sg_figures figures = sg_figures_of(report);
    sg_out_text(out,
                "<h2>Service and honesty</h2><div class=\"box\" tabindex=\"0\"><table><tbody>\n");
    service_row(out, "Load forecast, mean error at 1 h", SG_AS_POWER, report->forecast_mae_w[0],
                "/metrics/forecast/load/mae_kw");
    service_row(out,
                "\xE2\x80\x83"
                "better than persistence by",
                SG_AS_PERCENT, figures.skill_frac[0],
                "/metrics/forecast/load/skill_vs_persistence");
    service_row(out, "Generation forecast, mean error at 1 h", SG_AS_POWER,
                report->forecast_mae_w[1], "/metrics/forecast/generation/mae_kw");
    service_row(out,
                "\xE2\x80\x83"
                "better than persistence by",
                SG_AS_PERCENT, figures.skill_frac[1],
                "/metrics/forecast/generation/skill_vs_persistence");
    regulation(&report->regulation, out);
    service_row(out, "Hottest breaker, of its trip", SG_AS_PERCENT, report->heat_worst,
                "/metrics/heat_worst_frac");
    service_row(out, "Error of the energy balance", SG_AS_ENERGY, report->balance_error_j,
                "/metrics/balance_error_kwh");
    service_row(out, "Steps computed", SG_AS_COUNT, (double)report->steps, "/metrics/steps");
    service_row(out, "Computing time", SG_AS_DURATION, report->wall_s, "/metrics/wall_s");
    end(out);
}
