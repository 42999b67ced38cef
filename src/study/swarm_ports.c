/* swarm_ports.c - faults of devices drawn for a site, and faults of what lies between plant and engine. */
#include "study/swarm_parts.h"

#include "base/check.h"
#include "base/time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define X(code, name, text) name,
    SG_PORT_FAULT_LIST(X)
#undef X
};

static const char *const texts[] = {
#define X(code, name, text) text,
    SG_PORT_FAULT_LIST(X)
#undef X
};

const char *sg_port_fault_name(int fault)
{
    return names[fault];
}

const char *sg_port_fault_text(int fault)
{
    return texts[fault];
}

double swarm_spread(swarm_dice *self, double low, double high)
{
    return low * pow(high / low, swarm_unit(self));
}

/* --- devices --- */

static double severity_of(swarm_dice *d, sg_fault_kind kind)
{
    switch (kind) {
    case SG_FAULT_SENSOR_SCALE: /* biased by some percent, or off by a prefix */
        return swarm_below(d, 3) == 0 ? 1000 : swarm_below(d, 2) ? 0.001 : swarm_between(d, 0.5, 2);
    case SG_FAULT_SENSOR_DRIFT:
        return swarm_between(d, 0, 2);
    case SG_FAULT_SENSOR_NOISE:
        return swarm_spread(d, 0.001, 1);
    case SG_FAULT_LINK_SLOW:
    case SG_FAULT_COMMAND_SLOW:
        return swarm_spread(d, 0.2, 60);
    case SG_FAULT_PRICE_SCALE:
        return swarm_between(d, 0, 10);
    case SG_FAULT_LOAD_STEP:
        return swarm_between(d, 0, 5);
    case SG_FAULT_PACKS_LOST:
        return 1 + swarm_below(d, 3);
    default:
        return swarm_unit(d);
    }
}

/* Does the kind act on devices of the role at all? */
static bool fits(sg_fault_kind kind, sg_role role)
{
    switch (kind) {
    case SG_FAULT_TRIP:
    case SG_FAULT_DERATE:
        return role == SG_SOURCE || role == SG_STORE;
    case SG_FAULT_PACKS_LOST:
        return role == SG_STORE;
    case SG_FAULT_LOAD_STEP:
        return role == SG_LOAD;
    default:
        return role != SG_GRID;
    }
}

static int target_of(swarm_dice *d, const sg_site *site, sg_fault_kind kind)
{
    for (int tries = 0; tries < 20; tries++) {
        int g = swarm_below(d, site->group_count);
        if (site->groups[g].count > 0 && fits(kind, site->groups[g].role)) {
            return g;
        }
    }
    return -1;
}

int swarm_device_faults(swarm_dice *d, const sg_site *site, sg_fault *ret)
{
    int count = 0;
    double share = swarm_below(d, 8) == 0 ? 1 : swarm_between(d, 0.05, 0.5);
    for (int round = 0; round < 2; round++) {
        for (int k = 0; k < SG_FAULT_KIND_COUNT && count < SG_FAULT_MAX; k++) {
            sg_fault_kind kind = (sg_fault_kind)k;
            if (swarm_unit(d) >= share) {
                continue;
            }
            sg_fault fault = {.kind = kind, .group = -1, .member = -1};
            fault.at_s = swarm_between(d, 0, 1800); /* one draw a statement: their order is told */
            fault.duration_s = swarm_spread(d, 0.2, 900);
            fault.every_s = swarm_spread(d, 300, 20000);
            fault.severity = severity_of(d, kind);
            if (!sg_fault_of_site(kind)) {
                fault.group = target_of(d, site, kind);
                if (fault.group < 0) {
                    continue;
                }
                fault.member =
                    swarm_below(d, 3) > 0 ? swarm_below(d, site->groups[fault.group].count) : -1;
            } else if (kind == SG_FAULT_PRICE_MISSING && swarm_below(d, 2)) {
                fault.duration_s = 3 * 3600; /* longer than a price may be held */
            }
            ret[count++] = fault;
        }
    }
    return count;
}

/* --- ports --- */

static size_t told_count(const swarm_ports *self)
{
    return (size_t)(self->sources + self->stores + self->loads + self->ties);
}

sg_status swarm_ports_open(swarm_ports *self, const sg_site *site, uint64_t seed, double dt_s,
                           bool faults)
{
    memset(self, 0, sizeof *self);
    self->dice.seed = seed ^ UINT64_C(0x9047);
    self->points = sg_points_of(site);
    self->dt_s = dt_s;
    self->sources = site->device_count[SG_SOURCE];
    self->stores = site->device_count[SG_STORE];
    self->loads = site->device_count[SG_LOAD];
    self->ties = site->tie_count;
    size_t points = (size_t)self->points.count, devices = told_count(self);
    self->value = calloc(SWARM_HISTORY * points + 1, sizeof *self->value);
    self->quality = calloc(SWARM_HISTORY * points + points + 1, 1);
    self->watts = calloc(SWARM_HISTORY * devices + 1, sizeof *self->watts);
    self->starts = calloc(SWARM_HISTORY * devices + 1, 1);
    if (!self->value || !self->quality || !self->watts || !self->starts) {
        swarm_ports_close(self);
        return SG_NOMEM;
    }
    memset(self->quality + SWARM_HISTORY * points, SG_NO_DATA,
           points); /* of a frame that is lost */
    double share = swarm_below(&self->dice, 8) == 0 ? 1 : swarm_between(&self->dice, 0.1, 0.7);
    for (int k = 0; k < SG_PORT_FAULT_COUNT; k++) {
        swarm_turn *turn = &self->turn[k];
        double every_s = swarm_spread(&self->dice, 60, 20000);
        bool on = swarm_unit(&self->dice) < share && faults;
        turn->every_s = on ? every_s : 0;
        turn->next =
            on ? (uint64_t)(swarm_between(&self->dice, 0, every_s) / dt_s) + 20 : UINT64_MAX;
    }
    return SG_OK;
}

void swarm_ports_close(swarm_ports *self)
{
    free(self->value);
    free(self->quality);
    free(self->watts);
    free(self->starts);
    memset(self, 0, sizeof *self);
}

/* How long it lasts, ticks. */
static int length_of(swarm_ports *self, sg_port_fault fault)
{
    swarm_dice *d = &self->dice;
    switch (fault) {
    case SG_PORT_FRAME_LOST:
        return (int)swarm_spread(d, 1, 100);
    case SG_PORT_FRAME_SWAPPED:
        return 2;
    case SG_PORT_FRAME_LATE:
        self->late = 1 + swarm_below(d, 10);
        return (int)swarm_spread(d, 2, 300);
    case SG_PORT_COMMAND_LOST:
        return (int)swarm_spread(d, 1, 20);
    case SG_PORT_COMMAND_LATE:
        self->command_late = 1 + swarm_below(d, 10);
        return (int)swarm_spread(d, 2, 300);
    case SG_PORT_STALL:
    case SG_PORT_RESTART:
        return 1 + swarm_below(d, 20);
    case SG_PORT_PLAN_NONE:
        return (int)swarm_spread(d, 100, 200000);
    default:
        return 1;
    }
}

static void jump(swarm_ports *self)
{
    swarm_dice *d = &self->dice;
    double s = swarm_spread(d, 1, 3.2e8);
    bool back = swarm_below(d, 2);
    self->shift_us = self->shift_us != 0 && swarm_below(d, 2)
                         ? 0 /* somebody sets it right */
                         : (int64_t)(back ? -s : s) * SG_US_PER_S;
}

void swarm_ports_tick(swarm_ports *self, uint64_t tick)
{
    for (int k = 0; k < SG_PORT_FAULT_COUNT; k++) {
        swarm_turn *turn = &self->turn[k];
        self->begins[k] = tick == turn->next;
        if (self->begins[k]) {
            turn->until = tick + (uint64_t)length_of(self, (sg_port_fault)k);
            double wait_s = -turn->every_s * log(1 - swarm_unit(&self->dice));
            turn->next = turn->until + 1 + (uint64_t)(wait_s / self->dt_s);
            bool plan = k >= SG_PORT_PLAN_NONE; /* counted when a plan is hit */
            self->fired[k] += !plan;
            if (k == SG_PORT_CLOCK_JUMP) {
                jump(self);
            }
        }
        self->active[k] = tick < turn->until;
    }
}

/* The frame of a tick, under the time of this one. */
static void take_frame(swarm_ports *self, const sg_readings *readings, uint64_t number)
{
    size_t at = (size_t)(number % SWARM_HISTORY) * (size_t)self->points.count;
    self->frame = *readings;
    self->frame.time_us += self->shift_us;
    self->frame.value = self->value + at;
    self->frame.quality = self->quality + at;
}

const sg_readings *swarm_ports_frame(swarm_ports *self, const sg_readings *readings)
{
    size_t points = (size_t)self->points.count;
    uint64_t now = self->number++, back = 0;
    size_t at = (size_t)(now % SWARM_HISTORY) * points;
    memcpy(self->value + at, readings->value, sizeof(double) * points);
    memcpy(self->quality + at, readings->quality, points);
    bool lost = self->active[SG_PORT_FRAME_LOST];
    if (self->active[SG_PORT_FRAME_LATE]) {
        back = (uint64_t)self->late;
    }
    if (self->active[SG_PORT_FRAME_TWICE]) {
        back = 1;
    }
    if (self->active[SG_PORT_FRAME_SWAPPED]) { /* nothing yet, then the next one, then this */
        lost = lost || self->begins[SG_PORT_FRAME_SWAPPED];
    } else if (self->turn[SG_PORT_FRAME_SWAPPED].until == now && now > 2) {
        back = 2;
    }
    back = back > now ? now : back;
    take_frame(self, readings, now - back);
    if (lost) {
        self->frame.quality = self->quality + SWARM_HISTORY * points;
    }
    return &self->frame;
}

static void keep_command(swarm_ports *self, const sg_command *command, uint64_t number)
{
    size_t place = (size_t)(number % SWARM_HISTORY), devices = told_count(self);
    double *w = self->watts + place * devices;
    uint8_t *start = self->starts + place * devices;
    sg_command *kept = &self->command[place];
    *kept = *command;
    const double *const from[] = {command->source_limit_w, command->store_w, command->load_cap_w,
                                  command->tie_w};
    const double **const to[] = {&kept->source_limit_w, &kept->store_w, &kept->load_cap_w,
                                 &kept->tie_w};
    const int counts[] = {self->sources, self->stores, self->loads, self->ties};
    for (int i = 0; i < SG_COUNT(counts); i++) {
        memcpy(w, from[i], sizeof(double) * (size_t)counts[i]);
        *to[i] = w;
        w += counts[i];
    }
    kept->source_start = memcpy(start, command->source_start, (size_t)self->sources);
    kept->source_reason = kept->store_reason = kept->load_reason = start; /* not looked at */
}

void swarm_ports_command(swarm_ports *self, const sg_command *command, sg_world *world)
{
    uint64_t now = self->number - 1;
    keep_command(self, command, now);
    if (self->active[SG_PORT_COMMAND_LOST]) {
        return;
    }
    uint64_t back = self->active[SG_PORT_COMMAND_LATE] ? (uint64_t)self->command_late : 0;
    back = back > now ? now : back;
    sg_world_write(world, &self->command[(now - back) % SWARM_HISTORY]);
    if (self->active[SG_PORT_COMMAND_TWICE] && now > 0) {
        sg_world_write(world, &self->command[(now - 1) % SWARM_HISTORY]);
    }
}
