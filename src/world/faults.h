/* faults.h - the fault catalogue at work: what the site file asked for, reproducible to the step.
 *
 * A fault acts on a group or one member from at_s for duration_s after the start. Sensor faults change what is read, the
 * others change what is. Memory: points at the site's list. */
#ifndef SG_WORLD_FAULTS_H
#define SG_WORLD_FAULTS_H
#include "site/plant.h"

#include <stdbool.h>

typedef struct sg_faults {
    const sg_site *site;
    bool active[SG_FAULT_MAX];
    bool any, grid_lost;
    int count;
} sg_faults;

void sg_faults_init(sg_faults *self, const sg_site *site);
void sg_faults_at(sg_faults *self, double elapsed_s);

/* 1 without a fault; 0 for a tripped device, `severity` for a load step. */
double sg_faults_factor(const sg_faults *self, sg_fault_kind kind, sg_role role, int index);
bool sg_faults_ignores(const sg_faults *self, sg_role role, int index);

/* Spoil the readings of devices whose sensors are at fault; `last` holds what was handed out a step ago. */
void sg_faults_readings(const sg_faults *self, const sg_plant *plant, const double *last,
                        double *value, uint8_t *quality);
#endif
