/* How the site is planned. */
#include "site/bind.h"

#include "base/check.h"

#include <math.h>

/* In the order of sg_planning. */
static const sg_param params[] = {
    {"horizon", SG_DIM_TIME, 24 * 3600, 3600, 7 * 86400, NULL, "how far a plan looks ahead", ""},
    {"step", SG_DIM_TIME, 900, 60, 3600, NULL, "how fine it is", ""},
    {"period", SG_DIM_TIME, 300, 1, 86400, NULL, "how often it is made anew", ""},
    {"fresh", SG_DIM_TIME, 900, 1, 7 * 86400, NULL, "the age up to which a plan is fresh", ""},
    {"last", SG_DIM_TIME, 3 * 3600, 1, 7 * 86400, NULL, "the age up to which it is followed", ""},
    {"reserve", SG_DIM_TIME, 0, 0, 86400, NULL, "for which energy is kept against misses", ""},
    {"error", SG_DIM_FRACTION, 0.2, 0.01, 10, NULL, "a miss, of the load, that asks for a new one",
     ""},
};

static bool read_values(sg_bind *b, const sg_yaml *body, double *ret)
{
    bool good = true;
    for (int i = 0; i < SG_COUNT(params); i++) {
        const sg_yaml *at = body ? sg_yaml_get(body, params[i].name) : NULL;
        ret[i] = params[i].preset;
        good = (!at || sg_bind_scalar(b, at, &params[i], &ret[i])) && good;
    }
    return good;
}

/* A plan stays in force at least until the next one can be there, which may take half a period more. */
static void keep_between(sg_planning *p, bool fresh_too)
{
    double age_s = 1.5 * p->period_s;
    p->fresh_s_max = fresh_too ? fmax(p->fresh_s_max, age_s) : p->fresh_s_max;
    p->last_s_max = fmax(p->last_s_max, fmax(p->fresh_s_max, age_s));
}

void sg_site_plan_every(sg_site *site, double period_s)
{
    site->planning.period_s = period_s;
    keep_between(&site->planning, true);
    site->hash = sg_site_hash(site);
}

static void check(sg_bind *b, const sg_yaml *body, sg_planning *p)
{
    const sg_yaml *step = sg_yaml_get(body, "step"), *horizon = sg_yaml_get(body, "horizon"),
                  *fresh = sg_yaml_get(body, "fresh"), *last = sg_yaml_get(body, "last");
    double steps = p->horizon_s / p->step_s;
    if (steps > SG_PLAN_STEP_MAX || steps < 1) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, step ? step : horizon),
                    "48h at 5min fit", "planning: expected 1 to %d steps in the horizon, got %.0f",
                    SG_PLAN_STEP_MAX, steps);
    }
    if (p->fresh_s_max > p->last_s_max && fresh && last) {
        sg_diagnose(b->diagnostics, SG_ERROR, sg_bind_place(b, last), NULL,
                    "last: expected an age of at least that of `fresh`");
    }
    if (last && p->last_s_max < p->period_s) {
        sg_diagnose(b->diagnostics, SG_WARNING, sg_bind_place(b, last), NULL,
                    "last: shorter than the period: between two plans the rules decide");
    }
    /* what was written is kept, what was not follows it */
    if (last && !fresh) {
        p->fresh_s_max = fmin(p->fresh_s_max, p->last_s_max);
    } else if (!last) {
        keep_between(p, !fresh);
    }
}

void sg_bind_planning(sg_bind *b)
{
    const sg_item *item = b->sections[SG_IN_PLANNING].first;
    const sg_yaml *body = item ? item->body : NULL;
    const char *names[SG_COUNT(params)];
    double v[SG_COUNT(params)];
    for (int i = 0; i < SG_COUNT(params); i++) {
        names[i] = params[i].name;
    }
    if (body && !sg_bind_map(b, body, "planning")) {
        return;
    }
    if (body) {
        sg_bind_unknown(b, &(sg_entry){.own = body}, names, SG_COUNT(names), "planning");
    }
    bool good = read_values(b, body, v);
    b->site->planning = (sg_planning){.horizon_s = v[0],
                                      .step_s = v[1],
                                      .period_s = v[2],
                                      .fresh_s_max = v[3],
                                      .last_s_max = v[4],
                                      .reserve_s = v[5],
                                      .error_frac = v[6]};
    if (body && good) {
        check(b, body, &b->site->planning);
    }
}
