#include "study/rolling.h"

#include "base/check.h"
#include "base/time.h"
#include "forecast/online.h"

#include <math.h>
#include <stdlib.h>

static const double warm_s = 10 * 86400;

typedef struct variant {
    const char *policy, *forecaster;
    sg_policy use;
    double period_s;
    int32_t forecast_only;
    bool simple;
    bool events; /* plan on events too, not only by the clock */
} variant;

static const struct period {
    const char *name;
    double period_s;
    bool events;
} periods[] = {{"plan once a day", 86400, false},
               {"plan every 30 min", 1800, false},
               {"  and on events", 1800, true},
               {"plan every 5 min", 300, false}};

static const struct forecaster {
    const char *name;
    int32_t only;
    bool simple;
} forecasters[] = {{"persistence", 1 + SG_FORECAST_PERSISTENCE, true},
                   {"same time yesterday", 1 + SG_FORECAST_YESTERDAY, true},
                   {"best of three", 0, true},
                   {"own", 0, false}};

static sg_status run_one(const sg_simulation *sim, const variant *v, sg_report *report,
                         sg_rolling *study)
{
    sg_simulation own = *sim;
    sg_site site = *sim->site; /* its own name for the same arrays: only `planning` differs */
    site.planning.error_frac = v->events ? site.planning.error_frac : 1e9;
    own.site = &site;
    own.policy = v->use;
    own.plan_period_s = v->period_s;
    own.forecast_only = v->forecast_only;
    own.simple = v->simple;
    own.baseline = false;
    own.warm_s = warm_s;
    sg_status status = sg_simulate(&own, report);
    if (status == SG_OK) {
        SG_CHECK(study->row_count < SG_ROLLING_ROW_MAX);
        bool planned = v->use == SG_POLICY_MPC;
        study->row[study->row_count++] =
            (sg_rolling_row){.policy = v->policy,
                             .forecaster = v->forecaster,
                             .period_s = v->period_s,
                             .cost = report->cost,
                             .plans = planned ? report->plans : 0,
                             .load_mae_w = planned ? report->forecast_mae_w[0] : (double)NAN,
                             .generation_mae_w = planned ? report->forecast_mae_w[1] : (double)NAN};
        study->to_us = report->to_us;
    }
    return status;
}

sg_status sg_rolling_study(const sg_simulation *sim, sg_rolling *ret)
{
    *ret = (sg_rolling){.site = sim->site, .from_us = sim->from_us, .step_s = sim->step_s};
    sg_report *report = malloc(sizeof *report);
    sg_status status = report ? SG_OK : SG_NOMEM;
    const variant first[] = {{"no store", "", SG_POLICY_STATIC, 0, 0, false, false},
                             {"rules", "", SG_POLICY_RULES, 0, 0, false, false}};
    for (int i = 0; i < SG_COUNT(first) && status == SG_OK; i++) {
        status = run_one(sim, &first[i], report, ret);
    }
    for (int f = 0; f < SG_COUNT(forecasters); f++) {
        for (int p = 0; p < SG_COUNT(periods) && status == SG_OK; p++) {
            const variant v = {periods[p].name,     forecasters[f].name, SG_POLICY_MPC,
                               periods[p].period_s, forecasters[f].only, forecasters[f].simple,
                               periods[p].events};
            status = run_one(sim, &v, report, ret);
        }
    }
    if (status == SG_OK) {
        status =
            run_one(sim, &(variant){"perfect knowledge", "", SG_POLICY_PERFECT, 0, 0, false, false},
                    report, ret);
    }
    double bound = status == SG_OK ? ret->row[ret->row_count - 1].cost : (double)NAN;
    for (int i = 0; i < ret->row_count; i++) {
        ret->row[i].regret = ret->row[i].cost - bound;
    }
    free(report);
    return status;
}

/* Of what perfect knowledge saves, how much this saves. */
static double captured(const sg_rolling *study, const sg_rolling_row *row)
{
    double most = study->row[0].regret;
    return most > 0 ? 1 - row->regret / most : (double)NAN;
}

void sg_rolling_table(const sg_rolling *study, sg_out *out)
{
    char from[SG_TIME_TEXT], to[SG_TIME_TEXT];
    sg_time_format(study->from_us, from);
    sg_time_format(study->to_us, to);
    sg_out_format(out, "%s, %.10s to %.10s, steps of %.0f s; money in %s\n\n", study->site->title,
                  from, to, study->step_s, study->site->currency);
    sg_out_format(out, "%-18s %-20s %7s %12s %10s %9s\n", "policy", "forecast", "plans", "cost",
                  "regret", "captured");
    for (int i = 0; i < study->row_count; i++) {
        const sg_rolling_row *row = &study->row[i];
        sg_out_format(out, "%-18s %-20s %7lld %12.4f %10.4f %7.1f %%\n", row->policy,
                      row->forecaster, (long long)row->plans, row->cost, row->regret,
                      100 * captured(study, row));
    }
}

void sg_rolling_json(const sg_rolling *study, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.rolling/1");
    sg_json_text(out, "site", study->site->title);
    sg_json_text(out, "currency", study->site->currency);
    sg_json_time(out, "from", study->from_us);
    sg_json_time(out, "to", study->to_us);
    sg_json_fixed(out, "step_s", study->step_s, 3);
    sg_json_begin(out, "rows", '[');
    for (int i = 0; i < study->row_count; i++) {
        const sg_rolling_row *row = &study->row[i];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "policy", row->policy);
        sg_json_text(out, "forecast", row->forecaster[0] ? row->forecaster : NULL);
        sg_json_fixed(out, "period_s", row->period_s > 0 ? row->period_s : (double)NAN, 0);
        sg_json_integer(out, "plans", row->plans);
        sg_json_fixed(out, "cost", row->cost, 6);
        sg_json_fixed(out, "regret", row->regret, 6);
        sg_json_fixed(out, "captured_frac", captured(study, row), 6);
        sg_json_fixed(out, "load_mae_kw", row->load_mae_w * 1e-3, 6);
        sg_json_fixed(out, "generation_mae_kw", row->generation_mae_w * 1e-3, 6);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
}
