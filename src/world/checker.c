#include "world/checker.h"

#include "world/checker_state.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const sg_invariant_row sg_invariants[SG_INVARIANT_COUNT] = {
#define X(code, id, name, text, slack) {id, name, text, slack},
    SG_INVARIANT_LIST(X)
#undef X
};

/* --- memory --- */

static void fill_store(sg_checker *self, int s)
{
    const sg_device *device = &self->site->devices[SG_STORE][s];
    const sg_kind *kind = sg_device_kind(self->site, device);
    bool own = kind->role == SG_STORE; /* a source that is a store has the presets of one */
    int count;
    double reserve = own ? sg_device_role_param(self->site, device, SG_STORE_RESERVE)
                         : sg_role_params(SG_STORE, &count)[SG_STORE_RESERVE].preset;
    double duty = own ? sg_device_role_param(self->site, device, SG_STORE_DUTY)
                      : sg_role_params(SG_STORE, &count)[SG_STORE_DUTY].preset;
    checker_store *store = &self->store[s];
    kind->reservoir(device->p, &store->reservoir);
    store->node = device->node;
    store->duty = (int32_t)duty;
    store->hypothetical = kind->hypothetical;
    store->reserve_j = reserve * store->reservoir.capacity_j;
    store->ramp = own ? sg_device_role_param(self->site, device, SG_STORE_RAMP)
                      : sg_role_params(SG_STORE, &count)[SG_STORE_RAMP].preset;
    store->dwell_s = own ? sg_device_role_param(self->site, device, SG_STORE_DWELL)
                         : sg_role_params(SG_STORE, &count)[SG_STORE_DWELL].preset;
}

static void range(sg_checker *self, sg_point_kind kind, int index, double low, double high)
{
    self->low[checker_point(self, kind, index)] = low;
    self->high[checker_point(self, kind, index)] = high;
}

/* Within 5 % of what the device can do; elsewhere, what a number of its kind can be at all. */
static void fill_ranges(sg_checker *self)
{
    for (int s = 0; s < self->sources; s++) {
        range(self, SG_POINT_SOURCE_AVAILABLE, s, 0, 1e12);
        range(self, SG_POINT_SOURCE_POWER, s, -1e12, 1e12);
    }
    for (int s = 0; s < self->stores; s++) {
        const sg_reservoir *r = &self->store[s].reservoir;
        double most_w = 1.05 * fmax(r->charge_w_max, r->discharge_w_max) + 1;
        range(self, SG_POINT_STORE_ENERGY, s, 0, 1.05 * r->capacity_j + 1);
        range(self, SG_POINT_STORE_POWER, s, -most_w, most_w);
    }
    for (int l = 0; l < self->loads; l++) {
        double most_w = 1.05 * self->site->devices[SG_LOAD][l].p[SG_LOAD_RATING] + 1;
        range(self, SG_POINT_LOAD_DEMAND, l, 0, most_w);
        range(self, SG_POINT_LOAD_POWER, l, 0, most_w);
    }
    for (int n = 0; n < self->nodes; n++) {
        range(self, SG_POINT_NODE_POWER, n, -1e12, 1e12);
    }
    for (int t = 0; t < self->site->tie_count; t++) {
        double most_w = 1.05 * self->site->ties[t].limit_w + 1;
        range(self, SG_POINT_TIE_POWER, t, -most_w, most_w);
    }
    for (int i = 0; i < SG_SITE_POINT_COUNT; i++) {
        bool market = i == SG_SITE_IMPORT_PRICE || i == SG_SITE_EXPORT_PRICE || i == SG_SITE_CARBON;
        range(self, SG_POINT_SITE, i, market ? -1 : 0,
              market                 ? 1
              : i == SG_SITE_GRID_UP ? 1
                                     : 1e18);
    }
}

static void fill(sg_checker *self)
{
    const sg_site *site = self->site;
    for (int n = 0; n < self->nodes; n++) {
        const sg_node *node = &site->nodes[n];
        self->loss_per_w[n] =
            node->voltage_v > 0 ? node->loss_ohm / (node->voltage_v * node->voltage_v) : 0;
        self->heat[n] = 0;
    }
    for (int s = 0; s < self->stores; s++) {
        fill_store(self, s);
        self->lie_s[s] = INFINITY;
    }
    self->honest_s = self->apart_s = INFINITY;
    fill_ranges(self);
    for (int p = 0; p < self->points.count; p++) {
        self->age_s[p] = -1;
    }
    double ratings_w = 0;
    for (int l = 0; l < self->loads; l++) {
        ratings_w += site->devices[SG_LOAD][l].p[SG_LOAD_RATING];
    }
    self->has_grid = site->device_count[SG_GRID] > 0;
    if (self->has_grid) {
        const double *grid = site->devices[SG_GRID][0].p;
        self->export_w_max = grid[SG_GRID_EXPORT_RULE] < 0.5 ? grid[SG_GRID_EXPORT_MAX] : 0;
        self->back_s = 1.5 * (grid[SG_GRID_IMPORT_MAX] + ratings_w) / grid[SG_GRID_RETURN_RAMP];
    }
}

sg_checker *sg_checker_create(const sg_site *site)
{
    size_t nodes = (size_t)site->node_count, sources = (size_t)site->device_count[SG_SOURCE],
           stores = (size_t)site->device_count[SG_STORE],
           loads = (size_t)site->device_count[SG_LOAD], points = (size_t)sg_points_of(site).count;
    size_t ties = (size_t)site->tie_count;
    size_t doubles = nodes * 6 + points * 4 + stores * 4 + loads * 3 + sources * 5 + ties;
    sg_checker *self =
        calloc(1, sizeof *self + doubles * sizeof(double) + stores * sizeof(checker_store));
    if (!self) {
        return NULL;
    }
    double *at = (double *)(void *)(self + 1);
    double **arrays[] = {&self->loss_per_w, &self->heat,      &self->flow_w,  &self->below_w,
                         &self->low,        &self->high,      &self->trusted, &self->age_s,
                         &self->lie_s,      &self->store_w,   &self->cap_w,   &self->limit_w,
                         &self->tie_w,      &self->pu,        &self->low_s,   &self->way,
                         &self->rest_s,     &self->off_s,     &self->set_on,  &self->ran_s,
                         &self->stood_s,    &self->class_now, &self->least_w};
    const size_t sizes[] = {nodes,  nodes,   nodes,   nodes,   points,  points, points, points,
                            stores, stores,  loads,   sources, ties,    nodes,  nodes,  stores,
                            stores, sources, sources, sources, sources, loads,  loads};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        *arrays[i] = at;
        at += sizes[i];
    }
    self->store = (checker_store *)(void *)at;
    self->site = site;
    self->points = sg_points_of(site);
    self->nodes = site->node_count;
    self->sources = site->device_count[SG_SOURCE];
    self->stores = site->device_count[SG_STORE];
    self->loads = site->device_count[SG_LOAD];
    fill(self);
    return self;
}

void sg_checker_free(sg_checker *self)
{
    free(self);
}

const sg_violation *sg_checker_violations(const sg_checker *self)
{
    return self->violation;
}

const uint64_t *sg_checker_looks(const sg_checker *self)
{
    return self->looks;
}

void checker_broken(sg_checker *self, sg_invariant which, const char *format, ...)
{
    sg_violation *violation = &self->violation[which];
    if (violation->count++ == 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(violation->text, sizeof violation->text, format, args);
        va_end(args);
        violation->tick = self->tick->number;
    }
    self->broken++;
}

/* --- what may be believed --- */

static void believe(sg_checker *self, const sg_readings *frame)
{
    for (int p = 0; p < self->points.count; p++) {
        double v = frame->value[p];
        if (frame->quality[p] <= SG_SUSPECT && v >= self->low[p] && v <= self->high[p]) {
            self->age_s[p] = 0; /* a NaN has failed both comparisons */
            self->trusted[p] = v;
        } else if (self->age_s[p] >= 0) {
            self->age_s[p] += frame->dt_s;
        }
    }
}

bool checker_believes_grid(const sg_checker *self)
{
    int up = checker_point(self, SG_POINT_SITE, SG_SITE_GRID_UP);
    return self->has_grid && checker_fresh_value(self, up, 0) > 0.5;
}

bool checker_on_grid(const sg_checker *self)
{
    return checker_believes_grid(self) && self->apart_s > self->back_s;
}

/* A store whose believed readings are further from the truth than a held reading can be is lied about. */
static void find_liars(sg_checker *self, const sg_tick *tick)
{
    for (int s = 0; s < self->stores; s++) {
        const sg_reservoir *r = &self->store[s].reservoir;
        int energy = checker_point(self, SG_POINT_STORE_ENERGY, s),
            power = checker_point(self, SG_POINT_STORE_POWER, s);
        double most_w = fmax(r->charge_w_max, r->discharge_w_max / r->discharge_eff);
        double slack_j = 1.3 * most_w + 0.001 * r->capacity_j;
        bool lied = (self->age_s[energy] >= 0 &&
                     fabs(self->trusted[energy] - tick->now.store_j[s]) > slack_j) ||
                    (self->age_s[power] == 0 &&
                     self->trusted[power] > tick->now.store_w[s] + 0.001 * most_w);
        self->lie_s[s] = lied ? 0 : self->lie_s[s] + tick->dt_s;
    }
}

/* The readings of one kind against the truth. Meters of the last tick may lie by what a step changes, not by more. */
static bool honest(const sg_checker *self, sg_point_kind kind, int count, const double *truth)
{
    int first = self->points.first[kind];
    for (int i = 0; i < count; i++) {
        double read = self->tick->frame->value[first + i];
        double slack = 0.01 * fabs(truth[i]) + 1e-3; /* what trust takes for an honest miss */
        if (self->age_s[first + i] != 0 || !(fabs(read - truth[i]) <= slack)) {
            return false;
        }
    }
    return true;
}

static void find_honesty(sg_checker *self)
{
    const sg_world_now *now = &self->tick->now;
    bool all = honest(self, SG_POINT_SOURCE_AVAILABLE, self->sources, now->source_could_w) &&
               honest(self, SG_POINT_SOURCE_POWER, self->sources, now->source_w) &&
               honest(self, SG_POINT_STORE_ENERGY, self->stores, now->store_j) &&
               honest(self, SG_POINT_STORE_POWER, self->stores, now->store_w) &&
               honest(self, SG_POINT_LOAD_DEMAND, self->loads, now->load_want_w) &&
               honest(self, SG_POINT_LOAD_POWER, self->loads, now->load_w) &&
               honest(self, SG_POINT_NODE_POWER, self->nodes, now->node_in_w) &&
               honest(self, SG_POINT_TIE_POWER, self->site->tie_count, now->tie_w);
    self->honest_s = all ? self->honest_s + self->tick->dt_s : 0;
}

/* --- flows --- */

void checker_flows(sg_checker *self)
{
    for (int n = self->nodes - 1; n >= 0; n--) {
        double w = self->below_w[n], eff = self->site->nodes[n].converter_eff;
        double through_w = w > 0 ? w / eff : w * eff;
        self->flow_w[n] = through_w + self->loss_per_w[n] * w * w;
        if (n > 0) {
            self->below_w[self->site->nodes[n].parent] += self->flow_w[n];
        }
    }
}

/* --- a tick --- */

static void remember(sg_checker *self, const sg_command *command)
{
    memcpy(self->store_w, command->store_w, sizeof(double) * (size_t)self->stores);
    memcpy(self->cap_w, command->load_cap_w, sizeof(double) * (size_t)self->loads);
    memcpy(self->limit_w, command->source_limit_w, sizeof(double) * (size_t)self->sources);
    for (int t = 0; t < self->site->tie_count; t++) {
        self->tie_w[t] = command->tie_w ? command->tie_w[t] : 0;
    }
    self->task_w = command->task_w;
    self->told_on_grid = checker_on_grid(self);
    self->told_island = command->island;
}

void sg_checker_start(sg_checker *self, const sg_command *command)
{
    remember(self, command);
}

int sg_checker_tick(sg_checker *self, const sg_tick *tick)
{
    static const double tau_s = 34.76; /* 10 s at twice the rating: 10 / ln(4 / 3) */
    self->tick = tick;
    self->broken = 0;
    if (self->dt_s != tick->dt_s) {
        self->dt_s = tick->dt_s;
        self->heat_part = 1 - exp(-tick->dt_s / tau_s);
    }
    checker_truth(self);
    if (tick->frame) {
        believe(self, tick->frame);
        checker_hours(self, tick->frame->time_us);
        find_liars(self, tick);
        find_honesty(self);
        self->apart_s = tick->command->island ? 0 : self->apart_s + tick->dt_s;
        checker_command(self);
        checker_paced(self);
        checker_rules(self);
        remember(self, tick->command);
    }
    return self->broken;
}
