#include "study/funding.h"

#include "study/figures.h"
#include "study/months.h"
#include "study/report_parts.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

sg_funding sg_funding_of_month(const sg_report_month *month)
{
    const sg_report_money *with = &month->money, *without = &month->baseline;
    double bought = with->import_cost - with->export_revenue - with->inventory_credit;
    double bought_without =
        without->import_cost - without->export_revenue - without->inventory_credit;
    double price = month->price_steps > 0 ? month->price_sum / (double)month->price_steps : 0.0;
    sg_funding self = {0}; /* services, tokens and maintenance stay 0: see funding.h */
    self.efficiency = (without->curtailed_j - with->curtailed_j) * price;
    self.arbitrage = bought_without - bought - self.efficiency;
    self.operation = with->demand_charge_cost - without->demand_charge_cost + with->fuel_cost -
                     without->fuel_cost + with->wear_cost - without->wear_cost +
                     with->unserved_cost - without->unserved_cost;
    self.system = self.arbitrage + self.services + self.tokens + self.efficiency - self.operation -
                  self.maintenance;
    return self;
}

sg_funding sg_funding_of(const sg_report *report)
{
    sg_funding sum = {0};
    for (int k = 0; k < report->month_count; k++) {
        sg_funding one = sg_funding_of_month(&report->month[k]);
        sum.arbitrage += one.arbitrage;
        sum.services += one.services;
        sum.tokens += one.tokens;
        sum.efficiency += one.efficiency;
        sum.operation += one.operation;
        sum.maintenance += one.maintenance;
        sum.system += one.system;
    }
    return sum;
}

void sg_funding_json(const sg_funding *self, sg_out *out)
{
    sg_json_begin(out, "self_funding", '{');
    sg_json_number(out, "arbitrage", self->arbitrage);
    sg_json_number(out, "services", self->services);
    sg_json_number(out, "tokens", self->tokens);
    sg_json_number(out, "efficiency", self->efficiency);
    sg_json_number(out, "operation", self->operation);
    sg_json_number(out, "maintenance", self->maintenance);
    sg_json_number(out, "system", self->system);
    sg_json_end(out, '}');
}

/* where: the place in the JSON report that has the line of each. */
static void html_row(sg_out *out, const char *name, const sg_funding *f, const char *where)
{
    static const char *const keys[] = {"arbitrage", "services",    "tokens", "efficiency",
                                       "operation", "maintenance", "system"};
    const double lines[] = {f->arbitrage, f->services,    f->tokens, f->efficiency,
                            f->operation, f->maintenance, f->system};
    sg_out_format(out, "<tr><th scope=\"row\">%s</th>", name);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        sg_out_text(out, "<td>");
        sg_page_value(out, SG_AS_MONEY, lines[i] + 0.0, "%s/self_funding/%s", where, keys[i]);
        sg_out_text(out, "</td>");
    }
    sg_out_text(out, "</tr>\n");
}

void sg_funding_html(const sg_report *report, sg_out *out)
{
    sg_funding all = sg_funding_of(report);
    if (report->month_count < 1 || !isfinite(all.system)) {
        return;
    }
    sg_out_text(
        out, "<h2>Does it pay for itself?</h2><div class=\"box\" tabindex=\"0\"><table><thead><tr>"
             "<th scope=\"col\">Month</th><th scope=\"col\">Arbitrage</th>"
             "<th scope=\"col\">Services</th><th scope=\"col\">Tokens</th>"
             "<th scope=\"col\">Efficiency</th><th scope=\"col\">Operation, taken off</th>"
             "<th scope=\"col\">Maintenance, taken off</th><th scope=\"col\">Together</th>"
             "</tr></thead><tbody>\n");
    for (int k = 0; k < report->month_count; k++) {
        char name[SG_MONTH_NAME], where[32];
        sg_funding one = sg_funding_of_month(&report->month[k]);
        sg_months_name(report, k, name);
        snprintf(where, sizeof where, "/months/%d", k);
        html_row(out, name, &one, where);
    }
    html_row(out, "All", &all, "/metrics");
    sg_out_text(out, "</tbody></table></div>\n<p class=\"soft\">Against the static baseline. "
                     "Services: 0, no market pays for them yet. Tokens: 0, a gain in value is no "
                     "revenue. Maintenance: 0, the same devices stand in both.</p>\n");
}
