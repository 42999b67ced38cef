#include "study/months.h"

#include "base/time.h"
#include "study/figures.h"
#include "study/funding.h"
#include "study/report_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The first instant of the month that holds the time, in the site's zone, as UTC. */
static int64_t month_start(int64_t time_us, int32_t zone_offset_s)
{
    sg_civil civil;
    sg_civil_from_time(time_us + (int64_t)zone_offset_s * SG_US_PER_S, &civil);
    return sg_days_from_civil(civil.year, civil.month, 1) * SG_US_PER_DAY -
           (int64_t)zone_offset_s * SG_US_PER_S;
}

static sg_report_month *month_of(sg_report *report, int64_t from_us)
{
    int64_t start_us = month_start(from_us, report->site->zone_offset_s);
    bool fits = report->month_count < SG_MONTH_MAX;
    if (report->month_count == 0 ||
        (fits && report->month[report->month_count - 1].start_us != start_us)) {
        report->month[report->month_count++] = (sg_report_month){.start_us = start_us};
    }
    return &report->month[report->month_count - 1];
}

void sg_months_add(sg_report *report, const sg_points *points, const sg_readings *readings,
                   const sg_world_books *before, const sg_world_books *now)
{
    const double dt_s = readings->dt_s;
    const sg_site *site = report->site;
    sg_report_month *m = month_of(report, readings->time_us - llround(dt_s * 1e6));
    m->load_j += now->loads_j - before->loads_j + (now->tasks_j - before->tasks_j);
    m->unserved_j += now->unserved_j - before->unserved_j;
    m->import_j += now->import_j - before->import_j;
    m->export_j += now->export_j - before->export_j;
    m->losses_j += now->losses_j - before->losses_j;
    m->store_loss_j += now->store_losses_j - before->store_losses_j;
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        sg_point_kind kind =
            group->role == SG_SOURCE ? SG_POINT_SOURCE_POWER : SG_POINT_STORE_POWER;
        if (group->role != SG_SOURCE && group->role != SG_STORE) {
            continue;
        }
        for (int i = group->first; i < group->first + group->count; i++) {
            double w = readings->value[points->first[kind] + i];
            *(w > 0 ? &m->out_j[g] : &m->in_j[g]) += fabs(w) * dt_s;
        }
    }
}

static double generation_j(const sg_report *report, const sg_report_month *m)
{
    double sum = 0;
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        sum += report->site->groups[g].role == SG_SOURCE ? m->out_j[g] : 0;
    }
    return sum;
}

void sg_months_name(const sg_report *report, int month, char ret[SG_MONTH_NAME])
{
    const sg_report_month *m = &report->month[month];
    sg_civil civil;
    sg_civil_from_time(m->start_us + (int64_t)report->site->zone_offset_s * SG_US_PER_S, &civil);
    snprintf(ret, SG_MONTH_NAME, "%04d-%02d", civil.year % 10000, civil.month % 100);
}

void sg_months_json(const sg_report *report, sg_out *out)
{
    sg_json_begin(out, "months", '[');
    for (int k = 0; k < report->month_count; k++) {
        const sg_report_month *m = &report->month[k];
        char name[SG_MONTH_NAME];
        sg_months_name(report, k, name);
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "month", name);
        for (int role = SG_SOURCE; role <= SG_STORE; role++) {
            sg_json_begin(out, role == SG_SOURCE ? "sources" : "stores", '{');
            for (int g = 0; g < sg_figures_group_count(report); g++) {
                if ((int)report->site->groups[g].role == role) {
                    sg_json_begin(out, report->site->groups[g].id, '{');
                    sg_json_number(out, "energy_out_kwh", m->out_j[g] / 3.6e6);
                    sg_json_number(out, "energy_in_kwh", m->in_j[g] / 3.6e6);
                    sg_json_end(out, '}');
                }
            }
            sg_json_end(out, '}');
        }
        sg_json_number(out, "load_kwh", m->load_j / 3.6e6);
        sg_json_number(out, "unserved_kwh", m->unserved_j / 3.6e6);
        sg_json_number(out, "import_kwh", m->import_j / 3.6e6);
        sg_json_number(out, "export_kwh", m->export_j / 3.6e6);
        sg_json_number(out, "losses_kwh", m->losses_j / 3.6e6);
        sg_json_number(out, "store_loss_kwh", m->store_loss_j / 3.6e6);
        sg_json_number(out, "surplus_frac",
                       sg_figures_ratio(generation_j(report, m), m->load_j) - 1);
        sg_json_number(out, "cost", sg_figures_cost(&m->money));
        sg_json_number(out, "baseline_cost", sg_figures_cost(&m->baseline));
        sg_json_number(out, "carbon_kg", m->money.carbon_kg);
        sg_json_number(out, "baseline_carbon_kg", m->baseline.carbon_kg);
        sg_funding funding = sg_funding_of_month(m);
        sg_funding_json(&funding, out);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
}

static void mwh_cell(sg_out *out, double energy_j, int month, const char *key)
{
    sg_out_text(out, "<td>");
    sg_page_value(out, SG_AS_MWH, energy_j, "/months/%d/%s", month, key);
    sg_out_text(out, "</td>");
}

static void html_head(const sg_report *report, sg_out *out)
{
    sg_out_text(out,
                "<h2>Month by month, MWh</h2><div class=\"box\" tabindex=\"0\"><table><thead><tr>"
                "<th scope=\"col\">Month</th>");
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        const sg_group *group = &report->site->groups[g];
        if (group->role == SG_SOURCE || group->role == SG_STORE) {
            sg_out_text(out, "<th scope=\"col\">");
            sg_out_html(out, group->id);
            sg_out_text(out, group->role == SG_STORE ? "<br/>in / out</th>" : "</th>");
        }
    }
    sg_out_text(out, "<th scope=\"col\">Lost in stores</th><th scope=\"col\">Import</th>"
                     "<th scope=\"col\">Export</th><th scope=\"col\">Load served</th>"
                     "<th scope=\"col\">Surplus</th></tr></thead><tbody>\n");
}

static void html_month(const sg_report *report, int k, sg_out *out)
{
    const sg_report_month *m = &report->month[k];
    char name[SG_MONTH_NAME];
    sg_months_name(report, k, name);
    sg_out_format(out, "<tr><th scope=\"row\" data-json=\"/months/%d/month\">%s</th>", k, name);
    for (int g = 0; g < sg_figures_group_count(report); g++) {
        const sg_group *group = &report->site->groups[g];
        if (group->role != SG_SOURCE && group->role != SG_STORE) {
            continue;
        }
        bool store = group->role == SG_STORE;
        sg_out_text(out, "<td>");
        if (store) {
            sg_page_value(out, SG_AS_MWH, m->in_j[g], "/months/%d/stores/%s/energy_in_kwh", k,
                          group->id);
            sg_out_text(out, " / ");
        }
        sg_page_value(out, SG_AS_MWH, m->out_j[g], "/months/%d/%s/%s/energy_out_kwh", k,
                      store ? "stores" : "sources", group->id);
        sg_out_text(out, "</td>");
    }
    mwh_cell(out, m->store_loss_j, k, "store_loss_kwh");
    mwh_cell(out, m->import_j, k, "import_kwh");
    mwh_cell(out, m->export_j, k, "export_kwh");
    mwh_cell(out, m->load_j, k, "load_kwh");
    sg_out_text(out, "<td>");
    sg_page_value(out, SG_AS_PERCENT, sg_figures_ratio(generation_j(report, m), m->load_j) - 1,
                  "/months/%d/surplus_frac", k);
    sg_out_text(out, "</td></tr>\n");
}

void sg_months_html(const sg_report *report, sg_out *out)
{
    if (report->month_count < 2) {
        return;
    }
    html_head(report, out);
    for (int k = 0; k < report->month_count; k++) {
        html_month(report, k, out);
    }
    sg_out_text(out, "</tbody></table></div>\n");
}
