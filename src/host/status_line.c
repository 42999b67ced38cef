#include "host/status_line.h"

#include "base/time.h"

#include <stdio.h>

/* The lower rungs of the ladder, for a policy that makes plans. */
static const char *rung_note(const sg_view *view)
{
    bool plans = view->policy == SG_POLICY_MPC;
    return plans && view->rung == SG_RUNG_LAST    ? "LAST PLAN "
           : plans && view->rung == SG_RUNG_RULES ? "NO PLAN: RULES "
                                                  : "";
}

void sg_status_line(const sg_view *view)
{
    const sg_site *site = view->site;
    char time[SG_TIME_TEXT];
    double energy_j = 0, capacity_j = 0;
    for (int g = 0; g < view->group_count; g++) {
        if (view->group[g].role == SG_STORE && !site->groups[g].kind->hypothetical) {
            energy_j += view->group[g].energy_j;
            capacity_j += view->group[g].capacity_j;
        }
    }
    sg_time_format(view->time_us, time);
    fprintf(stderr,
            "\r\033[K%.19s  load %.1f kW  local %.1f kW  grid %+.1f kW  stores %.0f %%  %s%s%s",
            time, view->load_w * 1e-3, view->generation_w * 1e-3,
            (view->import_w - view->export_w) * 1e-3,
            capacity_j > 0 ? 100 * energy_j / capacity_j : 0, view->safe ? "SAFE SET " : "",
            rung_note(view), view->journal_degraded ? "JOURNAL DEGRADED" : "");
    fflush(stderr);
}

void sg_status_line_end(void)
{
    fputs("\r\033[K", stderr);
}
