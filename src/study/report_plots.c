/* report_plots - a report's page in pictures. */
#include "base/time.h"
#include "study/days.h"
#include "study/figures.h"
#include "study/months.h"
#include "study/plot.h"
#include "study/report_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double J_PER_KWH = 3.6e6, LONG_S = 75 * 86400.0;

static const char *const styles[SG_PLOT_CURVE_MAX] = {"k1", "k0", "k2", "k3",
                                                      "k6", "k7", "k4", "k5"};

/* ---- where energy came from and went ---- */

static bool is_hypothetical(const sg_report *report, int group)
{
    const sg_kind *kind = report->site->groups[group].kind;
    return kind && kind->hypothetical;
}

void sg_page_flows(const sg_report *report, sg_out *out)
{
    sg_plot_band in[2 * SG_GROUP_MAX + 4], away[2 * SG_GROUP_MAX + 4];
    int in_count = 0, away_count = 0;
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        const sg_group *group = &report->site->groups[g];
        const char *note = is_hypothetical(report, g) ? "(hypothetical)" : "";
        if (group->role == SG_SOURCE) {
            in[in_count++] = (sg_plot_band){group->id, note, "source", report->source_j[g]};
        } else if (group->role == SG_STORE) {
            const sg_report_store *store = &report->store[g];
            in[in_count++] = (sg_plot_band){group->id, note[0] ? note : "(out of store)", "store",
                                            store->energy_out_j};
            away[away_count++] = (sg_plot_band){group->id, note[0] ? note : "(into store)", "store",
                                                store->energy_in_j};
        }
    }
    in[in_count++] = (sg_plot_band){"Import", "", "grid", report->import_j};
    away[away_count++] = (sg_plot_band){"Load", "", "load", report->load_j};
    away[away_count++] = (sg_plot_band){"Export", "", "grid", report->export_j};
    away[away_count++] = (sg_plot_band){"Cables and converters", "", "loss", report->losses_j};
    sg_plot_bands(in, in_count, away, away_count, out);
}

/* ---- months ---- */

static const char *const month_names[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void month_labels(const sg_report *report, char label[SG_MONTH_MAX][8])
{
    for (int k = 0; k < report->month_count; k++) {
        sg_civil civil;
        int64_t zone_us = report->site ? report->site->zone_offset_s * SG_US_PER_S : 0;
        sg_civil_from_time(report->month[k].start_us + zone_us, &civil);
        if (civil.month == 1 || k == 0) {
            snprintf(label[k], 8, "%s %02d", month_names[civil.month - 1], civil.year % 100);
        } else {
            snprintf(label[k], 8, "%s", month_names[civil.month - 1]);
        }
    }
}

static void month_energy(const sg_report *report, char (*label)[8], sg_out *out)
{
    double source[SG_PLOT_PART_MAX][SG_MONTH_MAX], import[SG_MONTH_MAX], load[SG_MONTH_MAX];
    sg_plot_bars plot = {.title = "Energy by month: local sources and import",
                         .unit = "MWh",
                         .factor = 1.0 / 3.6e9,
                         .count = report->month_count,
                         .label = label,
                         .stacked = true,
                         .height = 170};
    int parts = 0;
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        bool own = parts < SG_PLOT_PART_MAX - 1; /* the rest joins the last one */
        if (report->site->groups[g].role != SG_SOURCE || !(report->source_j[g] > 0.0)) {
            continue;
        }
        int p = own ? parts++ : parts - 1;
        for (int k = 0; k < report->month_count; k++) {
            source[p][k] = (own ? 0.0 : source[p][k]) + report->month[k].out_j[g];
        }
        plot.part[p] = (sg_plot_part){own ? report->site->groups[g].id : "all others",
                                      p == 0 ? "source" : styles[p % SG_PLOT_CURVE_MAX], source[p]};
    }
    for (int k = 0; k < report->month_count; k++) {
        import[k] = report->month[k].import_j;
        load[k] = report->month[k].load_j;
    }
    plot.part[parts] = (sg_plot_part){"import", "grid", import};
    const sg_plot_part mark = {"load served", "loss", load};
    plot.part_count = parts + 1;
    plot.mark = &mark;
    sg_plot_bars_svg(&plot, out);
}

static void month_pair(sg_plot_bars *plot, const double *here, const double *there, bool compared,
                       sg_out *out)
{
    plot->stacked = false;
    plot->mark = NULL;
    plot->part_count = compared ? 2 : 1;
    plot->part[0] = (sg_plot_part){"this run", "store", here};
    plot->part[1] = (sg_plot_part){"static baseline", "loss", there};
    sg_plot_bars_svg(plot, out);
}

/* Bars want months to compare, not a month and the few hours that the zone puts into its neighbour. */
static bool has_months(const sg_report *report)
{
    return report->month_count >= 2 && report->to_us - report->from_us >= 40 * SG_US_PER_DAY;
}

void sg_page_month_energy(const sg_report *report, sg_out *out)
{
    char label[SG_MONTH_MAX][8];
    if (!has_months(report)) {
        return;
    }
    month_labels(report, label);
    month_energy(report, label, out);
}

void sg_page_month_money(const sg_report *report, sg_out *out)
{
    char label[SG_MONTH_MAX][8];
    double cost[2][SG_MONTH_MAX], carbon[2][SG_MONTH_MAX];
    if (!has_months(report)) {
        return;
    }
    for (int k = 0; k < report->month_count; k++) {
        const sg_report_month *m = &report->month[k];
        cost[0][k] = sg_figures_cost(&m->money);
        cost[1][k] = sg_figures_cost(&m->baseline);
        carbon[0][k] = m->money.carbon_kg;
        carbon[1][k] = m->baseline.carbon_kg;
    }
    month_labels(report, label);
    bool compared = isfinite(report->baseline_cost) && report->policy != SG_POLICY_STATIC;
    sg_plot_bars plot = {.count = report->month_count,
                         .label = label,
                         .height = 110,
                         .title = "Cost by month",
                         .unit =
                             report->site && report->site->currency ? report->site->currency : "",
                         .factor = 1.0};
    month_pair(&plot, cost[0], cost[1], compared, out);
    if (report->carbon_kg > 0.0) {
        plot.height = 90;
        plot.title = "Carbon of imports by month";
        plot.unit = "t";
        plot.factor = 1e-3;
        month_pair(&plot, carbon[0], carbon[1], compared, out);
    }
}

/* ---- days ---- */

static double carpet_at(const void *self, int column, int hour)
{
    const sg_report_hours *hours = self;
    double seconds = hours->carpet_s[column][hour];
    return seconds > 0.0 ? hours->carpet_j[column][hour] / seconds : (double)NAN;
}

static void carpet(const sg_report *report, sg_out *out)
{
    const sg_report_hours *hours = &report->hours;
    const sg_plot_carpet plot = {.title = "Bought and sold, hour by hour",
                                 .above = "bought",
                                 .below = "sold",
                                 .unit = "kW",
                                 .factor = 1e-3,
                                 .start_us = hours->first_day * SG_US_PER_DAY,
                                 .column_us = hours->days_each * SG_US_PER_DAY,
                                 .columns = hours->columns,
                                 .at = carpet_at,
                                 .self = hours};
    sg_plot_carpet_svg(&plot, out);
}

typedef struct day_curves {
    int bins;
    const double *load_w, *generation_w, *net_w, *store_w;
} day_curves;

static void power_of_a_day(const char *title, int64_t start_us, const day_curves *of, sg_out *out)
{
    const sg_plot plot = {.title = title,
                          .unit = "kW",
                          .start_us = start_us,
                          .bin_us = SG_US_PER_DAY / of->bins,
                          .count = of->bins,
                          .curve_count = 4,
                          .curve = {{"generation", "source", of->generation_w, NULL, 1e-3, true},
                                    {"load", "load", of->load_w, NULL, 1e-3, false},
                                    {"import less export", "grid", of->net_w, NULL, 1e-3, false},
                                    {"from stores", "store", of->store_w, NULL, 1e-3, false}},
                          .height = 150};
    sg_plot_svg(&plot, out);
}

static void typical_day(const sg_report *report, sg_out *out)
{
    const sg_report_hours *h = &report->hours;
    double load_w[24], generation_w[24], net_w[24], store_w[24];
    for (int i = 0; i < 24; i++) {
        if (!(h->seconds[i] > 0.0)) {
            return; /* not a whole day */
        }
        load_w[i] = h->load_j[i] / h->seconds[i];
        generation_w[i] = h->generation_j[i] / h->seconds[i];
        net_w[i] = h->net_j[i] / h->seconds[i];
        store_w[i] = h->store_j[i] / h->seconds[i];
    }
    const day_curves of = {24, load_w, generation_w, net_w, store_w};
    power_of_a_day("The mean day, hour by hour", 0, &of, out);
}

/* The sentence under a day's title, of figures of the report; `at` is its place in the list. */
static void day_figures(const sg_report *report, const sg_report_day *day, int at, sg_out *out)
{
    const char *currency = report->site && report->site->currency ? report->site->currency : "";
    sg_out_text(out, "<p class=\"soft\">Bought ");
    sg_page_value(out, SG_AS_ENERGY, day->import_j, "/days/%d/import_kwh", at);
    sg_out_text(out, ", at most ");
    sg_page_value(out, SG_AS_POWER, day->peak_w, "/days/%d/peak_kw", at);
    sg_out_text(out, "; sold ");
    sg_page_value(out, SG_AS_ENERGY, day->export_j, "/days/%d/export_kwh", at);
    sg_out_text(out, "; stores took ");
    sg_page_value(out, SG_AS_ENERGY, day->store_in_j, "/days/%d/store_in_kwh", at);
    sg_out_text(out, " and gave ");
    sg_page_value(out, SG_AS_ENERGY, day->store_out_j, "/days/%d/store_out_kwh", at);
    sg_out_text(out, "; energy bought less sold came to ");
    sg_page_value(out, SG_AS_MONEY, day->energy_cost, "/days/%d/energy_cost", at);
    sg_out_text(out, " ");
    sg_out_html(out, currency);
    sg_out_text(out, ".</p>\n");
}

static void shown_day(const sg_report *report, int k, int at, sg_out *out)
{
    const sg_report_day *day = &report->day[k];
    const char *currency = report->site && report->site->currency ? report->site->currency : "";
    char name[SG_DAYS_NAME], title[SG_DAYS_NAME + 64], unit[24];
    sg_days_name(report, day->start_us, name);
    snprintf(title, sizeof title, "%s: %s", name, sg_days_why(report, k));
    int64_t local_us =
        day->start_us + (report->site ? report->site->zone_offset_s * SG_US_PER_S : 0);
    sg_out_text(out, "<div class=\"day\">");
    const day_curves of = {day->bins, day->load_w, day->generation_w, day->net_w, day->store_w};
    power_of_a_day(title, local_us, &of, out);
    snprintf(unit, sizeof unit, "%.4s/kWh", currency);
    const sg_plot price = {
        .title = "Price of import on that day",
        .unit = unit,
        .start_us = local_us,
        .bin_us = SG_US_PER_DAY / day->bins,
        .count = day->bins,
        .curve_count = 1,
        .curve = {{"fees included", "grid", day->import_price, NULL, J_PER_KWH, false}},
        .height = 60};
    sg_plot_svg(&price, out);
    day_figures(report, day, at, out);
    sg_out_text(out, "</div>\n");
}

void sg_page_days(const sg_report *report, sg_out *out)
{
    if (report->hours.columns < 2) {
        return; /* the curves say it all */
    }
    sg_out_text(out, "<h2>Days</h2>\n");
    carpet(report, out);
    typical_day(report, out);
    for (int k = 0, at = 0; k < SG_DAY_SHOWN_MAX; k++) {
        if (sg_days_why(report, k)) {
            shown_day(report, k, at++, out);
        }
    }
}

/* ---- curves over the period ---- */

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

/* Over a season and more whole days are drawn, where the bins make whole days: the hours stand in the carpet. */
static int day_bins(const sg_trace *trace)
{
    bool whole = trace->bin_us > 0 && SG_US_PER_DAY % trace->bin_us == 0;
    return whole && (double)trace->bin_us * 1e-6 * trace->count >= LONG_S
               ? (int)(SG_US_PER_DAY / trace->bin_us)
               : 1;
}

static sg_plot over_time(const sg_trace *trace, const char *title, const char *unit, int height)
{
    return (sg_plot){.title = title,
                     .unit = unit,
                     .start_us = trace->start_us,
                     .bin_us = trace->bin_us,
                     .count = trace->count,
                     .height = height,
                     .each = day_bins(trace)};
}

static void curve(sg_plot *plot, const char *name, const char *style, const double *value,
                  const double *minus, double factor, bool area)
{
    plot->curve[plot->curve_count++] = (sg_plot_curve){name, style, value, minus, factor, area};
}

static void power_plots(const sg_trace *trace, sg_out *out)
{
    bool mega = largest_power(trace) >= 2e6, daily = day_bins(trace) > 1;
    double factor = mega ? 1e-6 : 1e-3;
    const char *unit = mega ? "MW" : "kW";
    sg_plot plot = over_time(
        trace, daily ? "Load and generation, means of days" : "Load and generation", unit, 210);
    curve(&plot, "generation", "source", trace->generation_w, NULL, factor, true);
    curve(&plot, "load", "load", trace->load_w, NULL, factor, false);
    if (any(trace->curtailed_w, trace->count)) {
        curve(&plot, "curtailed", "loss", trace->curtailed_w, NULL, factor, false);
    }
    if (any(trace->unserved_w, trace->count)) {
        curve(&plot, "unserved", "bad", trace->unserved_w, NULL, factor, false);
    }
    sg_plot_svg(&plot, out);
    sg_plot flows = over_time(trace,
                              daily ? "Grid and stores, positive into the site, means of days"
                                    : "Grid and stores, positive into the site",
                              unit, 170);
    curve(&flows, "import less export", "grid", trace->import_w, trace->export_w, factor, true);
    curve(&flows, "stores", "store", trace->store_w, NULL, factor, false);
    sg_plot_svg(&flows, out);
}

static void charge_plot(const sg_report *report, sg_out *out)
{
    const sg_trace *trace = &report->trace;
    sg_plot plot = over_time(trace, "State of charge", "%", 130);
    plot.each = 1; /* the time of the day counts */
    plot.low = 0.0;
    plot.high = 100.0;
    for (int s = 0; s < trace->store_count && s < SG_PLOT_CURVE_MAX && s < SG_PLAN_STORE_MAX; s++) {
        int group = trace->store_group[s];
        if (group < 0 || group >= sg_figures_group_count(report) ||
            !(report->store[group].capacity_j > 0.0)) {
            continue;
        }
        curve(&plot, report->site->groups[group].id, styles[plot.curve_count], trace->energy_j[s],
              NULL, 100.0 / report->store[group].capacity_j, false);
    }
    sg_plot_svg(&plot, out);
}

static void price_plots(const sg_report *report, sg_out *out)
{
    const sg_trace *trace = &report->trace;
    char unit[24];
    snprintf(unit, sizeof unit, "%.4s/kWh",
             report->site && report->site->currency ? report->site->currency : "");
    sg_plot price = over_time(trace, "Price of import", unit, 110);
    curve(&price, "import, fees included", "grid", trace->import_price, NULL, J_PER_KWH, false);
    sg_plot_svg(&price, out);
    if (any(trace->carbon, trace->count)) {
        sg_plot carbon = over_time(trace, "Carbon intensity of import", "g/kWh", 90);
        curve(&carbon, "CO\xE2\x82\x82", "loss", trace->carbon, NULL, J_PER_KWH * 1e3, false);
        sg_plot_svg(&carbon, out);
    }
}

void sg_page_curves(const sg_report *report, sg_out *out)
{
    sg_out_text(out, "<h2>Over the period</h2>\n");
    power_plots(&report->trace, out);
    charge_plot(report, out);
    price_plots(report, out);
}
