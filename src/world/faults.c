#include "world/faults.h"

#include <math.h>

void sg_faults_init(sg_faults *self, const sg_site *site)
{
    *self = (sg_faults){.site = site};
    self->count = site->fault_count < SG_FAULT_MAX ? site->fault_count : SG_FAULT_MAX;
}

void sg_faults_at(sg_faults *self, double elapsed_s)
{
    self->any = self->grid_lost = false;
    for (int i = 0; i < self->count; i++) {
        const sg_fault *fault = &self->site->faults[i];
        self->active[i] = elapsed_s >= fault->at_s && elapsed_s < fault->at_s + fault->duration_s;
        self->any = self->any || self->active[i];
        self->grid_lost = self->grid_lost || (self->active[i] && fault->kind == SG_FAULT_GRID_LOSS);
    }
}

static bool hits(const sg_faults *self, int i, sg_role role, int index)
{
    const sg_fault *fault = &self->site->faults[i];
    if (!self->active[i] || fault->group < 0) {
        return false;
    }
    const sg_group *group = &self->site->groups[fault->group];
    int member = index - group->first;
    return group->role == role && member >= 0 && member < group->count &&
           (fault->member < 0 || fault->member == member);
}

double sg_faults_factor(const sg_faults *self, sg_fault_kind kind, sg_role role, int index)
{
    double factor = 1;
    for (int i = 0; self->any && i < self->count; i++) {
        if (self->site->faults[i].kind == kind && hits(self, i, role, index)) {
            factor *= kind == SG_FAULT_TRIP ? 0 : self->site->faults[i].severity;
        }
    }
    return factor;
}

bool sg_faults_ignores(const sg_faults *self, sg_role role, int index)
{
    for (int i = 0; self->any && i < self->count; i++) {
        if (self->site->faults[i].kind == SG_FAULT_IGNORES && hits(self, i, role, index)) {
            return true;
        }
    }
    return false;
}

static void spoil(const sg_fault *fault, int point, const double *last, double *value,
                  uint8_t *quality)
{
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
    case SG_FAULT_GRID_LOSS:
    case SG_FAULT_TRIP:
    case SG_FAULT_IGNORES:
    case SG_FAULT_LOAD_STEP:
    case SG_FAULT_KIND_COUNT:
        break;
    }
}

void sg_faults_readings(const sg_faults *self, const sg_plant *plant, const double *last,
                        double *value, uint8_t *quality)
{
    static const sg_point_kind sensors[SG_GRID][2] = {
        [SG_SOURCE] = {SG_POINT_SOURCE_AVAILABLE, SG_POINT_SOURCE_POWER},
        [SG_STORE] = {SG_POINT_STORE_ENERGY, SG_POINT_STORE_POWER},
        [SG_LOAD] = {SG_POINT_LOAD_DEMAND, SG_POINT_LOAD_POWER},
    };
    for (int i = 0; self->any && i < self->count; i++) {
        const sg_fault *fault = &self->site->faults[i];
        if (!self->active[i] || fault->group < 0) {
            continue;
        }
        const sg_group *group = &self->site->groups[fault->group];
        if (group->role >= SG_GRID) {
            continue;
        }
        int from = fault->member < 0 ? 0 : fault->member;
        int to = fault->member < 0 ? group->count : fault->member + 1;
        for (int m = from; m < to && m < group->count; m++) {
            for (int k = 0; k < 2; k++) {
                spoil(fault, plant->points.first[sensors[group->role][k]] + group->first + m, last,
                      value, quality);
            }
        }
    }
}
