#include "world/faults.h"

#include "base/prng.h"
#include "model/gauss.h"

#include <math.h>
#include <string.h>

enum { TURNS_PER_STEP_MAX = 64 }; /* of one member; a step that holds more has the last ones late */

static int member_count(const sg_site *site, const sg_fault *fault)
{
    return fault->group < 0 || fault->member >= 0 ? 1 : site->groups[fault->group].count;
}

int64_t sg_faults_members(const sg_site *site)
{
    int64_t sum = 0;
    for (int i = 0; i < site->fault_count && i < SG_FAULT_MAX; i++) {
        sum += site->faults[i].every_s > 0 ? member_count(site, &site->faults[i]) : 0;
    }
    return sum;
}

/* A stream of its own for each fault and member. */
static uint64_t stream(const sg_faults *self, int fault, int64_t member)
{
    return sg_prng_u64(self->site->seed, ((uint64_t)fault << 32) + (uint64_t)member);
}

static double exponential_s(uint64_t seed, uint64_t n, double mean_s)
{
    return -mean_s * log(1 - sg_prng_unit(seed, n));
}

void sg_faults_init(sg_faults *self, const sg_site *site, sg_fault_member *members,
                    sg_fault_tally *tally)
{
    *self = (sg_faults){.site = site, .tally = tally};
    self->count = site->fault_count < SG_FAULT_MAX ? site->fault_count : SG_FAULT_MAX;
    for (int i = 0; i < self->count; i++) {
        const sg_fault *fault = &site->faults[i];
        if (!(fault->every_s > 0)) {
            continue;
        }
        self->member[i] = members;
        for (int m = 0; m < member_count(site, fault); m++) {
            *members++ = (sg_fault_member){
                .until_s = fault->at_s + exponential_s(stream(self, i, m), 0, fault->every_s)};
        }
    }
}

/* Up, down, up ...: turn n lasts by draw n. Returns whether any member is down. */
static bool recur(sg_faults *self, int i)
{
    const sg_fault *fault = &self->site->faults[i];
    bool any = false;
    for (int m = 0; m < member_count(self->site, fault); m++) {
        sg_fault_member *member = &self->member[i][m];
        for (int n = 0; n < TURNS_PER_STEP_MAX && member->until_s <= self->now_s; n++) {
            member->turns++;
            double mean_s = member->turns % 2 ? fault->duration_s : fault->every_s;
            member->until_s += exponential_s(stream(self, i, m), member->turns, mean_s);
        }
        any = any || member->turns % 2 == 1;
    }
    return any;
}

void sg_faults_copy(sg_faults *self, const sg_faults *from)
{
    memcpy(self->active, from->active, sizeof self->active);
    memcpy(self->acting, from->acting, sizeof self->acting);
    self->acting_count = from->acting_count;
    self->kinds = from->kinds;
    self->ticks = from->ticks;
    self->now_s = from->now_s;
    self->before_s = from->before_s;
}

void sg_faults_at(sg_faults *self, double elapsed_s)
{
    self->kinds = 0;
    self->acting_count = 0;
    self->before_s = self->now_s;
    self->now_s = elapsed_s;
    for (int i = 0; i < self->count; i++) {
        const sg_fault *fault = &self->site->faults[i];
        bool was = self->active[i];
        self->active[i] = self->member[i] ? recur(self, i)
                                          : elapsed_s >= fault->at_s &&
                                                elapsed_s < fault->at_s + fault->duration_s;
        self->tally->seen[i] = self->tally->seen[i] && was;
        if (self->active[i]) {
            self->kinds |= SG_FAULT_BIT(fault->kind);
            self->acting[self->acting_count++] = (uint8_t)i;
        }
    }
}

/* Fault i has changed something. */
static void note(const sg_faults *self, int i)
{
    self->tally->fired[self->site->faults[i].kind] += !self->tally->seen[i];
    self->tally->seen[i] = true;
}

/* Is member `index` of the fault's group down? */
static bool down(const sg_faults *self, int i, int member)
{
    const sg_fault *fault = &self->site->faults[i];
    if (!self->active[i] || (fault->member >= 0 && fault->member != member)) {
        return false;
    }
    return !self->member[i] || self->member[i][fault->member >= 0 ? 0 : member].turns % 2 == 1;
}

static bool hits(const sg_faults *self, int i, sg_role role, int index)
{
    const sg_fault *fault = &self->site->faults[i];
    if (!self->active[i] || fault->group < 0) {
        return false;
    }
    const sg_group *group = &self->site->groups[fault->group];
    int member = index - group->first;
    return group->role == role && member >= 0 && member < group->count && down(self, i, member);
}

bool sg_faults_site(const sg_faults *self, sg_fault_kind kind)
{
    for (int k = 0; sg_faults_any(self, SG_FAULT_BIT(kind)) && k < self->acting_count; k++) {
        int i = self->acting[k];
        if (self->site->faults[i].kind == kind) {
            note(self, i);
            return true;
        }
    }
    return false;
}

double sg_faults_site_factor(const sg_faults *self, sg_fault_kind kind)
{
    double factor = 1;
    for (int k = 0; sg_faults_any(self, SG_FAULT_BIT(kind)) && k < self->acting_count; k++) {
        int i = self->acting[k];
        if (self->site->faults[i].kind == kind) {
            note(self, i);
            factor *= self->site->faults[i].severity;
        }
    }
    return factor;
}

double sg_faults_factor(const sg_faults *self, sg_fault_kind kind, sg_role role, int index)
{
    bool plain = kind == SG_FAULT_TRIP || kind == SG_FAULT_START_FAILS;
    double factor = 1;
    for (int k = 0; sg_faults_any(self, SG_FAULT_BIT(kind)) && k < self->acting_count; k++) {
        int i = self->acting[k];
        if (self->site->faults[i].kind == kind && hits(self, i, role, index)) {
            note(self, i);
            factor *= plain ? 0 : self->site->faults[i].severity;
        }
    }
    return factor;
}

double sg_faults_sum(const sg_faults *self, sg_fault_kind kind, sg_role role, int index)
{
    double sum = 0;
    for (int k = 0; sg_faults_any(self, SG_FAULT_BIT(kind)) && k < self->acting_count; k++) {
        int i = self->acting[k];
        if (self->site->faults[i].kind == kind && hits(self, i, role, index)) {
            note(self, i);
            sum += self->site->faults[i].severity;
        }
    }
    return sum;
}

/* --- chance and renewal --- */

/* A number of [0, 1) for this tick; `what` tells the draws of one tick apart. */
static double draw(const sg_faults *self, int fault, int member, uint64_t what)
{
    return sg_prng_unit(stream(self, fault, (int64_t)1 << 31 | member), self->ticks * 8 + what);
}

/* Does a multiple of the period lie in the step that has just passed? */
static bool renewed(const sg_faults *self, double period_s)
{
    return !(period_s > 0) || floor(self->now_s / period_s) != floor(self->before_s / period_s);
}

double sg_faults_obeyed(const sg_faults *self, sg_role role, int index, double held, double asked)
{
    for (int k = 0; sg_faults_any(self, SG_FAULTS_OF_COMMANDS) && k < self->acting_count; k++) {
        int i = self->acting[k];
        const sg_fault *fault = &self->site->faults[i];
        if (!hits(self, i, role, index)) {
            continue;
        }
        double before = asked;
        bool keeps =
            fault->kind == SG_FAULT_IGNORES ||
            (fault->kind == SG_FAULT_COMMAND_DROP && draw(self, i, index, 0) < fault->severity) ||
            (fault->kind == SG_FAULT_COMMAND_SLOW && !renewed(self, fault->severity));
        if (keeps) {
            asked = held;
        } else if (fault->kind == SG_FAULT_PARTIAL && isfinite(held) && isfinite(asked)) {
            asked = held + fault->severity * (asked - held);
        }
        if (asked != before) {
            note(self, i);
        }
    }
    return asked;
}

/* --- readings --- */

static void spoil(const sg_faults *self, int i, int member, int k, int point, const double *last,
                  double *value, uint8_t *quality)
{
    const sg_fault *fault = &self->site->faults[i];
    uint64_t what = 1 + (uint64_t)k; /* two sensors a device */
    switch (fault->kind) {
    case SG_FAULT_SENSOR_MISSING:
        quality[point] = SG_NO_DATA;
        break;
    case SG_FAULT_SENSOR_STUCK:
        value[point] = last[point];
        break;
    case SG_FAULT_SENSOR_NAN:
        value[point] = NAN;
        break;
    case SG_FAULT_SENSOR_SCALE:
        value[point] *= fault->severity;
        break;
    case SG_FAULT_SENSOR_SIGN:
        value[point] = -value[point];
        break;
    case SG_FAULT_SENSOR_DRIFT:
        value[point] *= 1 + fault->severity * (self->now_s - fault->at_s) / 3600;
        break;
    case SG_FAULT_SENSOR_NOISE:
        value[point] *= 1 + fault->severity * sg_gauss(stream(self, i, (int64_t)1 << 30 | member),
                                                       self->ticks * 2 + (uint64_t)k);
        break;
    case SG_FAULT_LINK_DROP:
        quality[point] =
            draw(self, i, member, what) < fault->severity ? SG_NO_DATA : quality[point];
        break;
    case SG_FAULT_LINK_SLOW:
        value[point] = renewed(self, fault->severity) ? value[point] : last[point];
        break;
    case SG_FAULT_LINK_GARBLE:
        if (draw(self, i, member, what) < fault->severity) {
            uint64_t bits = sg_prng_u64(stream(self, i, member), self->ticks * 2 + (uint64_t)k);
            memcpy(&value[point], &bits, sizeof bits);
        }
        break;
    case SG_FAULT_GRID_LOSS:
    case SG_FAULT_PRICE_SCALE:
    case SG_FAULT_PRICE_MISSING:
    case SG_FAULT_PLAN_MISSING:
    case SG_FAULT_TRIP:
    case SG_FAULT_START_FAILS:
    case SG_FAULT_DERATE:
    case SG_FAULT_PACKS_LOST:
    case SG_FAULT_IGNORES:
    case SG_FAULT_PARTIAL:
    case SG_FAULT_COMMAND_DROP:
    case SG_FAULT_COMMAND_SLOW:
    case SG_FAULT_LOAD_STEP:
    case SG_FAULT_KIND_COUNT:
        break;
    }
}

void sg_faults_readings(sg_faults *self, const sg_plant *plant, const double *last, double *value,
                        uint8_t *quality)
{
    static const sg_point_kind sensors[SG_GRID][2] = {
        [SG_SOURCE] = {SG_POINT_SOURCE_AVAILABLE, SG_POINT_SOURCE_POWER},
        [SG_STORE] = {SG_POINT_STORE_ENERGY, SG_POINT_STORE_POWER},
        [SG_LOAD] = {SG_POINT_LOAD_DEMAND, SG_POINT_LOAD_POWER},
    };
    self->ticks++;
    for (int a = 0; sg_faults_any(self, SG_FAULTS_OF_READINGS) && a < self->acting_count; a++) {
        int i = self->acting[a];
        const sg_fault *fault = &self->site->faults[i];
        if (fault->group < 0 || !(SG_FAULTS_OF_READINGS >> fault->kind & 1)) {
            continue;
        }
        const sg_group *group = &self->site->groups[fault->group];
        for (int m = 0; group->role < SG_GRID && m < group->count; m++) {
            for (int k = 0; k < 2 && down(self, i, m); k++) {
                int point = plant->points.first[sensors[group->role][k]] + group->first + m;
                double before = value[point];
                uint8_t marked = quality[point];
                spoil(self, i, m, k, point, last, value, quality);
                if (value[point] != before || quality[point] != marked) {
                    note(self, i);
                }
            }
        }
    }
}
