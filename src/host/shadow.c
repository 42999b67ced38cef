#include "host/shadow.h"

#include "base/pages.h"
#include "host/planner.h"
#include "plan/rolling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double cloud_left = 0.2, spike_factor = 1.5;

sg_shadow *sg_shadow_create(const sg_site *site)
{
    sg_shadow *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->site = *site;
    self->points = sg_points_of(site);
    int given = site->fault_count < SG_FAULT_MAX ? site->fault_count : SG_FAULT_MAX;
    for (int i = 0; i < SG_FAULT_MAX; i++) {
        self->faults[i] = i < given ? site->faults[i]
                                    : (sg_fault){.kind = SG_FAULT_TRIP,
                                                 .at_s = INFINITY,
                                                 .duration_s = INFINITY,
                                                 .group = -1,
                                                 .member = -1};
    }
    self->fault_next = given;
    self->site.faults = self->faults;
    self->site.fault_count = SG_FAULT_MAX;
    size_t sources = (size_t)site->device_count[SG_SOURCE],
           stores = (size_t)site->device_count[SG_STORE],
           loads = (size_t)site->device_count[SG_LOAD];
    self->below = calloc((size_t)site->node_count + 1, 1);
    self->mute[SG_SOURCE] = calloc(sources + stores + loads + 1, 1);
    if (self->mute[SG_SOURCE]) {
        self->mute[SG_STORE] = self->mute[SG_SOURCE] + sources;
        self->mute[SG_LOAD] = self->mute[SG_STORE] + stores;
    }
    self->quality = calloc((size_t)self->points.count + 1, 1);
    self->source_limit_w = calloc(sources + 1, sizeof(double));
    self->store_w = calloc(stores + 1, sizeof(double));
    self->load_cap_w = calloc(loads + 1, sizeof(double));
    self->source_start = calloc(sources + 1, 1);
    self->world = sg_world_create(&self->site, 0);
    if (!self->below || !self->mute[SG_SOURCE] || !self->quality || !self->source_limit_w ||
        !self->store_w || !self->load_cap_w || !self->source_start || !self->world) {
        sg_shadow_free(self);
        return NULL;
    }
    return self;
}

void sg_shadow_free(sg_shadow *self)
{
    if (self) {
        sg_world_free(self->world);
        sg_again_free(self->again);
        free(self->engine);
        free(self->below);
        free(self->mute[SG_SOURCE]);
        free(self->quality);
        free(self->source_limit_w);
        free(self->store_w);
        free(self->load_cap_w);
        free(self->source_start);
        free(self);
    }
}

bool sg_shadow_start(sg_shadow *self, const void *state, size_t size, const sg_foretold *told)
{
    size_t needed;
    if (sg_engine_restore_size(state, size, &needed) != SG_OK ||
        needed != sg_engine_size(&self->site)) {
        return false;
    }
    void *memory = aligned_alloc(64, (needed + 63) & ~(size_t)63);
    sg_pages_large(memory, needed);
    self->engine = memory ? sg_engine_restore(memory, needed, state, size) : NULL;
    if (!self->engine) {
        free(memory);
        return false;
    }
    self->told = *told;
    sg_world_lump(self->world);
    if (sg_engine_policy(self->engine) == SG_POLICY_MPC) {
        self->again = sg_again_create(); /* without it each plan is made from nothing */
    }
    return true;
}

/* --- faults --- */

/* Another fault of order i, from now on until its end. */
static bool add_fault(sg_shadow *self, int i, sg_fault fault)
{
    if (self->fault_next >= SG_FAULT_MAX) {
        return false;
    }
    fault.at_s = 0; /* the plant counts from its own start, which lies before */
    fault.duration_s = INFINITY;
    self->faults[self->fault_next++] = fault;
    self->fault_count[i]++;
    return true;
}

/* Has the store packs that can fail one by one? */
static bool has_packs(const sg_site *site, int group)
{
    const sg_kind *kind = site->groups[group].kind;
    const sg_device *first = &site->devices[SG_STORE][site->groups[group].first];
    for (int i = 0; i < kind->param_count && kind->model; i++) {
        if (strcmp(kind->params[i].name, "packs") == 0) {
            return first->p[i] > 1;
        }
    }
    return false;
}

/* Does the order mean group g? */
static bool meant(const sg_shadow *self, const sg_rehearsal_order *order, int g)
{
    static const sg_role roles[SG_REHEARSED_COUNT] = {[SG_REHEARSED_PACK] = SG_STORE,
                                                      [SG_REHEARSED_CLOUD] = SG_SOURCE,
                                                      [SG_REHEARSED_SPIKE] = SG_LOAD};
    const sg_group *group = &self->site.groups[g];
    bool sun = order->event != SG_REHEARSED_CLOUD || strcmp(group->kind->name, "solar") == 0;
    return group->role == roles[order->event] && group->count > 0 && sun &&
           (order->group < 0 || order->group == g);
}

static bool begin_faults(sg_shadow *self, int i, const sg_rehearsal_order *order)
{
    if (order->event == SG_REHEARSED_GRID) {
        return add_fault(self, i,
                         (sg_fault){.kind = SG_FAULT_GRID_LOSS, .group = -1, .member = -1});
    }
    bool room = true;
    for (int g = 0; g < self->site.group_count && room; g++) {
        if (!meant(self, order, g)) {
            continue;
        }
        sg_fault fault = {.group = g, .member = order->member, .severity = 1};
        if (order->event == SG_REHEARSED_PACK) {
            fault.kind = has_packs(&self->site, g) ? SG_FAULT_PACKS_LOST : SG_FAULT_TRIP;
        } else if (order->event == SG_REHEARSED_CLOUD) {
            fault.kind = SG_FAULT_DERATE;
            fault.severity = cloud_left;
        } else {
            fault.kind = SG_FAULT_LOAD_STEP;
            fault.severity = spike_factor;
        }
        room = add_fault(self, i, fault);
    }
    return room;
}

/* --- silence --- */

/* The set-points in force at the plant: what silent devices keep. */
static void keep_commands(sg_shadow *self)
{
    const int32_t *count = self->site.device_count;
    sg_world_now now = sg_world_look(self->world);
    sg_command newest = sg_engine_command(self->engine);
    memcpy(self->source_limit_w, now.source_limit_w, sizeof(double) * (size_t)count[SG_SOURCE]);
    memcpy(self->source_start, newest.source_start, (size_t)count[SG_SOURCE]);
    memcpy(self->store_w, now.store_command_w, sizeof(double) * (size_t)count[SG_STORE]);
    memcpy(self->load_cap_w, now.load_cap_w, sizeof(double) * (size_t)count[SG_LOAD]);
}

/* Which nodes are silent: parents come first. */
static void spread_silence(sg_shadow *self)
{
    for (int n = 0; n < self->site.node_count; n++) {
        int parent = self->site.nodes[n].parent;
        self->below[n] = parent >= 0 && self->below[parent];
        for (int i = 0; i < SG_REHEARSAL_ORDER_MAX; i++) {
            self->below[n] |= (self->silent >> i & 1) && self->silent_node[i] == n;
        }
    }
    for (int role = SG_SOURCE; role < SG_GRID; role++) {
        for (int d = 0; d < self->site.device_count[role]; d++) {
            self->mute[role][d] = self->below[self->site.devices[role][d].node];
        }
    }
}

/* The marks of a frame in which nothing came from what is silent. */
static const uint8_t *silence(sg_shadow *self, const uint8_t *quality)
{
    static const sg_point_kind points[SG_GRID][2] = {
        [SG_SOURCE] = {SG_POINT_SOURCE_AVAILABLE, SG_POINT_SOURCE_POWER},
        [SG_STORE] = {SG_POINT_STORE_ENERGY, SG_POINT_STORE_POWER},
        [SG_LOAD] = {SG_POINT_LOAD_DEMAND, SG_POINT_LOAD_POWER}};
    const int32_t *first = self->points.first;
    memcpy(self->quality, quality, (size_t)self->points.count);
    for (int role = SG_SOURCE; role < SG_GRID; role++) {
        for (int d = 0; d < self->site.device_count[role]; d++) {
            if (self->mute[role][d]) {
                self->quality[first[points[role][0]] + d] = SG_NO_DATA;
                self->quality[first[points[role][1]] + d] = SG_NO_DATA;
            }
        }
    }
    for (int n = 0; n < self->site.node_count; n++) {
        if (self->below[n]) {
            self->quality[first[SG_POINT_NODE_POWER] + n] = SG_NO_DATA;
        }
    }
    return self->quality;
}

/* What silent devices go on doing is the set-point that reached them last; the others take the new one. */
static void pass_on(sg_shadow *self, sg_command *command)
{
    const int32_t *count = self->site.device_count;
    for (int d = 0; d < count[SG_SOURCE]; d++) {
        if (!self->mute[SG_SOURCE][d]) {
            self->source_limit_w[d] = command->source_limit_w[d];
            self->source_start[d] = command->source_start[d];
        }
    }
    for (int d = 0; d < count[SG_STORE]; d++) {
        self->store_w[d] = self->mute[SG_STORE][d] ? self->store_w[d] : command->store_w[d];
    }
    for (int d = 0; d < count[SG_LOAD]; d++) {
        self->load_cap_w[d] = self->mute[SG_LOAD][d] ? self->load_cap_w[d] : command->load_cap_w[d];
    }
    command->source_limit_w = self->source_limit_w;
    command->source_start = self->source_start;
    command->store_w = self->store_w;
    command->load_cap_w = self->load_cap_w;
}

bool sg_shadow_begin(sg_shadow *self, int i, const sg_rehearsal_order *order)
{
    if (order->event == SG_REHEARSED_PDU) {
        if (!self->silent) {
            keep_commands(self);
        }
        self->silent |= UINT64_C(1) << i;
        self->silent_node[i] = order->node;
        spread_silence(self);
        return true;
    }
    self->fault_first[i] = self->fault_next;
    self->fault_count[i] = 0;
    return begin_faults(self, i, order);
}

void sg_shadow_end(sg_shadow *self, int i)
{
    if (self->silent >> i & 1) {
        self->silent &= ~(UINT64_C(1) << i);
        spread_silence(self);
    }
    for (int k = 0; k < self->fault_count[i]; k++) {
        self->faults[self->fault_first[i] + k].at_s = INFINITY;
    }
}

/* --- the step --- */

static bool make_plan(sg_shadow *self)
{
    if (sg_engine_policy(self->engine) != SG_POLICY_MPC || sg_world_plan_missing(self->world)) {
        return false;
    }
    sg_plan_cause cause = sg_replan_due(&self->replan, self->engine, &self->site.planning);
    if (cause == SG_PLAN_CAUSE_NONE) {
        return false;
    }
    sg_outlook *outlook = &self->replan.outlook;
    sg_replan_ask(&self->replan, cause, self->engine, &self->site.planning, 0, &self->told);
    sg_world_prices(self->world, outlook->start_us, outlook->step_us, outlook->steps,
                    outlook->import_price, outlook->export_price);
    sg_outlook_terminal_values(outlook);
    return sg_planner_make(outlook, self->again, &self->plan);
}

void sg_shadow_step(sg_shadow *self, double dt_s)
{
    sg_readings readings;
    sg_world_read(self->world, dt_s, &readings);
    sg_frame frame = {.time_us = readings.time_us,
                      .dt_s = readings.dt_s,
                      .value = readings.value,
                      .quality = self->silent ? silence(self, readings.quality) : readings.quality,
                      .plan = make_plan(self) ? &self->plan : NULL};
    if (!self->silent && !self->was_silent) {
        frame.changed = readings.changed;
        frame.changed_count = readings.changed_count;
    }
    self->was_silent = self->silent != 0;
    sg_engine_step(self->engine, &frame, NULL);
    sg_command command = sg_engine_command(self->engine);
    command.advisory = false; /* nothing real hangs on it */
    if (self->silent) {
        pass_on(self, &command);
    }
    sg_world_write(self->world, &command);
}
