#include "study/notes.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>

static void note(sg_report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(sg_report *report, const char *format, ...)
{
    if (report->note_count < SG_COUNT(report->note)) {
        va_list args;
        va_start(args, format);
        vsnprintf(report->note[report->note_count++], sizeof report->note[0], format, args);
        va_end(args);
    }
}

static void note_sources(sg_report *report, const double *source_peak_w)
{
    const sg_site *site = report->site;
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        char text[SG_WARNING_TEXT];
        const double *p = group->count > 0 ? site->devices[group->role][group->first].p : NULL;
        for (int i = 0; p && group->kind->warning && group->kind->warning(p, i, text); i++) {
            note(report, "%s: %s", group->id, text);
        }
        if (group->role == SG_SOURCE) {
            note(report, "%s delivered %.4g MWh and at most %.4g MW in any step", group->id,
                 report->source_j[g] / 3.6e9, source_peak_w[g] * 1e-6);
        }
    }
}

static void note_regulation(sg_report *report)
{
    const sg_score *s = &report->regulation;
    if (s->windows > 0) {
        note(
            report,
            "regulation of %.4g kW: score %.4f (correlation %.4f, delay %.4f, precision %.4f) over "
            "%lld windows of five minutes",
            report->site->services.capability_w * 1e-3, s->total, s->correlation, s->delay,
            s->precision, (long long)s->windows);
    } else if (report->site->services.capability_w > 0) {
        note(report, "the regulation signal was not followed: it takes a policy other than "
                     "static, steps of at most 5 s and ten minutes");
    }
}

void sg_notes_write(sg_report *report, const double *source_peak_w)
{
    double local_j = 0;
    for (int g = 0; g < SG_GROUP_MAX; g++) {
        local_j += report->source_j[g];
    }
    note_sources(report, source_peak_w);
    if (report->load_j > 0 && report->site->device_count[SG_SOURCE] > 0) {
        note(report, "local generation is %.1f %% of the load: a surplus of %.1f %%",
             100 * local_j / report->load_j, 100 * (local_j / report->load_j - 1));
    }
    if (report->overload_s > 0) {
        note(report, "a node was above its limit for %.0f s", report->overload_s);
    }
    if (report->step_s > 5) {
        note(report,
             "at steps of %.0f s swings of seconds are averaged out: stores with duty `power` rest",
             report->step_s);
    }
    note_regulation(report);
}
