#include "study/limits.h"

#include "study/figures.h"

#include <math.h>

static const double SLACK_FRAC = 1e-6, SLACK_W = 1.0;

static void add(sg_report *report, sg_limit_kind kind, int index, double limit)
{
    if (report->limit_count < SG_LIMIT_MAX) {
        report->limit[report->limit_count++] =
            (sg_report_limit){.kind = kind,
                              .index = index,
                              .limit = limit,
                              .worst = kind == SG_LIMIT_RESERVE ? (double)INFINITY : 0.0,
                              .worst_us = report->from_us};
    }
}

/* What the breaker may carry where its heat does not say it better. */
static double node_limit_w(const sg_node *node)
{
    return node->curve ? node->hard_limit_w : node->limit_w;
}

static int node_entry(const sg_node *node)
{
    return node->group < SG_GROUP_MAX ? node->group : SG_GROUP_MAX - 1;
}

static void start_nodes(sg_report *report)
{
    const sg_site *site = report->site;
    bool listed[SG_GROUP_MAX] = {0};
    for (int n = 0; n < site->node_count; n++) {
        int g = node_entry(&site->nodes[n]);
        if (isfinite(node_limit_w(&site->nodes[n])) && !listed[g]) {
            listed[g] = true;
            add(report, SG_LIMIT_NODE, g, node_limit_w(&site->nodes[n]));
        }
    }
}

static void start_stores(sg_report *report)
{
    const sg_site *site = report->site;
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        sg_report_store *store = &report->store[g];
        double reserve_j = 0;
        for (int s = group->first; group->role == SG_STORE && s < group->first + group->count;
             s++) {
            const sg_device *device = &site->devices[SG_STORE][s];
            sg_reservoir reservoir;
            sg_device_kind(site, device)->reservoir(device->p, &reservoir);
            store->capacity_j += reservoir.capacity_j;
            bool planned = sg_device_kind(site, device)->role == SG_STORE;
            reserve_j += planned ? reservoir.capacity_j *
                                       sg_device_role_param(site, device, SG_STORE_RESERVE)
                                 : 0;
        }
        store->energy_least_j = INFINITY;
        if (reserve_j > 0) {
            add(report, SG_LIMIT_RESERVE, g, reserve_j);
        }
    }
}

void sg_limits_start(sg_report *report)
{
    const sg_site *site = report->site;
    report->limit_count = 0;
    if (site->device_count[SG_GRID] > 0) {
        const double *p = site->devices[SG_GRID][0].p;
        add(report, SG_LIMIT_IMPORT, 0, p[SG_GRID_IMPORT_MAX]);
        add(report, SG_LIMIT_EXPORT, 0, p[SG_GRID_EXPORT_RULE] != 0 ? 0.0 : p[SG_GRID_EXPORT_MAX]);
    }
    start_nodes(report);
    start_stores(report);
}

/* Of a group the member with the largest share of its own limit counts. True when this one is beyond its limit. */
static bool power(sg_report_limit *limit, double limit_w, double w, int64_t time_us)
{
    bool nearer = w * limit->limit > limit->worst * limit_w || (limit->worst <= 0 && w > 0);
    if (nearer) {
        limit->limit = limit_w;
        limit->worst = w;
        limit->worst_us = time_us;
    }
    return w > limit_w * (1 + SLACK_FRAC) + SLACK_W;
}

static void add_nodes(sg_report *report, const sg_world_now *now, int64_t time_us, double dt_s)
{
    const sg_site *site = report->site;
    sg_report_limit *of[SG_GROUP_MAX] = {0};
    bool beyond[SG_GROUP_MAX] = {0};
    for (int k = 0; k < report->limit_count; k++) {
        if (report->limit[k].kind == SG_LIMIT_NODE) {
            of[report->limit[k].index] = &report->limit[k];
        }
    }
    for (int n = 0; n < site->node_count; n++) {
        double limit_w = node_limit_w(&site->nodes[n]);
        int g = node_entry(&site->nodes[n]);
        if (of[g] && isfinite(limit_w) && power(of[g], limit_w, fabs(now->node_in_w[n]), time_us)) {
            beyond[g] = true;
        }
    }
    for (int g = 0; g < SG_GROUP_MAX; g++) {
        if (of[g] && beyond[g]) {
            of[g]->beyond_s += dt_s;
        }
    }
}

/* Over the members of a group of stores. */
static double sum_of(const sg_report *report, int group, const double *of_store)
{
    const sg_group *g = &report->site->groups[group];
    double sum = 0;
    for (int s = g->first; s < g->first + g->count; s++) {
        sum += of_store[s];
    }
    return sum;
}

static void add_stores(sg_report *report, const sg_world_now *now, double dt_s)
{
    for (int g = 0; g < report->site->group_count; g++) {
        sg_report_store *store = &report->store[g];
        if (report->site->groups[g].role != SG_STORE || !(store->capacity_j > 0)) {
            continue;
        }
        double energy_j = sum_of(report, g, now->store_j);
        store->energy_least_j = fmin(store->energy_least_j, energy_j);
        store->energy_most_j = fmax(store->energy_most_j, energy_j);
        store->energy_mean_j += energy_j * dt_s; /* divided at the end */
        int level = (int)(energy_j / store->capacity_j * SG_LEVEL_COUNT);
        level = level < 0 ? 0 : level >= SG_LEVEL_COUNT ? SG_LEVEL_COUNT - 1 : level;
        store->level_s[level] += dt_s;
    }
}

/* A reserve is a floor for what is given away, kept for the time without a grid: standing losses may take the store below it, and
 * then it was made for this. True when the group gave although it should not have. */
static bool reserve(const sg_report *report, sg_report_limit *limit, const sg_world_now *now,
                    int64_t time_us)
{
    double energy_j = sum_of(report, limit->index, now->store_j);
    double slack_j = report->store[limit->index].capacity_j * SLACK_FRAC;
    if (energy_j < limit->worst) {
        limit->worst = energy_j;
        limit->worst_us = time_us;
    }
    bool gives = sum_of(report, limit->index, now->store_w) > SLACK_W;
    return now->grid_up && gives && energy_j < limit->limit - slack_j;
}

void sg_limits_add(sg_report *report, const sg_world_now *now, int64_t time_us, double dt_s)
{
    add_nodes(report, now, time_us, dt_s);
    add_stores(report, now, dt_s);
    for (int k = 0; k < report->limit_count; k++) {
        sg_report_limit *limit = &report->limit[k];
        if (limit->kind == SG_LIMIT_IMPORT || limit->kind == SG_LIMIT_EXPORT) {
            double w = fmax(limit->kind == SG_LIMIT_IMPORT ? now->net_w : -now->net_w, 0);
            limit->beyond_s += power(limit, limit->limit, w, time_us) ? dt_s : 0;
        } else if (limit->kind == SG_LIMIT_RESERVE) {
            limit->beyond_s += reserve(report, limit, now, time_us) ? dt_s : 0;
        }
    }
}

void sg_limits_finish(sg_report *report)
{
    const sg_site *site = report->site;
    double duration_s = (double)(report->to_us - report->from_us) * 1e-6;
    for (int g = 0; g < site->group_count; g++) {
        const sg_group *group = &site->groups[g];
        sg_report_store *store = &report->store[g];
        if (group->role != SG_STORE || group->count <= 0) {
            continue;
        }
        store->energy_mean_j /= duration_s;
        const sg_device *first = &site->devices[SG_STORE][group->first];
        bool planned = sg_device_kind(site, first)->role == SG_STORE;
        store->wear_cost = planned ? (store->energy_in_j + store->energy_out_j) *
                                         sg_device_role_param(site, first, SG_STORE_WEAR)
                                   : 0;
    }
}

const char *sg_limits_kind_name(sg_limit_kind kind)
{
    static const char *const names[] = {"import", "export", "node", "reserve"};
    return names[kind];
}

const char *sg_limits_name(const sg_report *report, const sg_report_limit *limit)
{
    if (limit->kind == SG_LIMIT_NODE) {
        return report->site->node_groups[limit->index].id;
    }
    return limit->kind == SG_LIMIT_RESERVE ? report->site->groups[limit->index].id : "grid";
}

double sg_limits_share(const sg_report_limit *limit)
{
    return limit->kind == SG_LIMIT_RESERVE ? (double)NAN
                                           : sg_figures_ratio(limit->worst, limit->limit);
}

bool sg_limits_all_met(const sg_report *report)
{
    bool met = !(report->overload_s > 0) && !(report->downtime_s > 0) && report->trips == 0;
    for (int k = 0; k < report->limit_count; k++) {
        met = met && !(report->limit[k].beyond_s > 0);
    }
    return met;
}
