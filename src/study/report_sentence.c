/* report_sentence - a report in one sentence: what it cost against leaving the stores alone, the carbon, and whether anything
 * was not served or beyond its limit. Plain text; the page escapes it. */
#include "study/figures.h"
#include "study/limits.h"
#include "study/report.h"

#include <math.h>

static void say_span(double duration_s, sg_out *out)
{
    char text[SG_FIGURES_TEXT];
    double days = duration_s / 86400;
    if (days >= 1 && days == floor(days)) {
        sg_out_format(out, "%.0f day%s ", days, days > 1 ? "s" : "");
    } else {
        sg_figures_duration(duration_s, text);
        sg_out_format(out, "%s ", text);
    }
}

static void say_cost(const sg_report *report, const sg_figures *figures, const char *currency,
                     sg_out *out)
{
    char text[SG_FIGURES_TEXT];
    sg_figures_money(fabs(report->cost), text);
    sg_out_format(out, "%s %s %s", report->cost < 0 ? "earned" : "cost", text, currency);
    if (report->policy == SG_POLICY_STATIC || !isfinite(figures->saving)) {
        sg_out_text(out, report->policy == SG_POLICY_STATIC ? " with the stores left alone" : "");
        return;
    }
    if (fabs(figures->saving) < 0.005) {
        sg_out_text(out, ", as much as with the stores left alone");
        return;
    }
    sg_figures_money(fabs(figures->saving), text);
    bool better = figures->saving > 0;
    sg_out_format(out, ", %s %s ", text, currency);
    if (fabs(figures->saving_frac) >= 0.0005) { /* what would not read 0.0 % */
        sg_figures_percent(fabs(figures->saving_frac), 1, text);
        sg_out_format(out, "(%s) ", text);
    }
    sg_out_format(out, "%s than with the stores left alone",
                  better == (report->cost < 0) ? "more" : "less");
}

static void say_carbon(const sg_report *report, const sg_figures *figures, sg_out *out)
{
    char text[SG_FIGURES_TEXT];
    if (!(report->carbon_kg > 0) || !isfinite(report->carbon_kg)) {
        return;
    }
    sg_figures_mass(report->carbon_kg, text);
    sg_out_format(out, "; what it bought came with %s of CO\xE2\x82\x82", text);
    if (report->policy == SG_POLICY_STATIC || !isfinite(figures->carbon_saving_frac)) {
        return;
    }
    if (fabs(figures->carbon_saving_frac) < 0.0005) {
        sg_out_text(out, ", as much as then");
    } else {
        sg_figures_percent(fabs(figures->carbon_saving_frac), 1, text);
        sg_out_format(out, ", %s %s", text, figures->carbon_saving_kg < 0 ? "more" : "less");
    }
}

static void say_service(const sg_report *report, sg_out *out)
{
    char text[SG_FIGURES_TEXT];
    if (report->unserved_j > 0) {
        sg_figures_energy(report->unserved_j, text);
        sg_out_format(out, "; %s of load was not served", text);
    } else {
        sg_out_text(out, "; all load was served");
    }
    sg_out_text(out, sg_limits_all_met(report) ? " and every limit was kept."
                                               : ", and a limit was not kept.");
}

void sg_report_sentence(const sg_report *report, sg_out *out)
{
    sg_figures figures = sg_figures_of(report);
    const sg_site *site = report->site;
    bool titled = site && site->title && site->title[0];
    sg_out_format(out, "%s: ", titled ? site->title : "The site");
    say_span(figures.duration_s, out);
    say_cost(report, &figures, site && site->currency ? site->currency : "", out);
    say_carbon(report, &figures, out);
    say_service(report, out);
}
