/* faults.h - the fault catalogue at work: what the site file asked for, reproducible to the step.
 *
 * A fault acts on a group or one member, once or again and again (site/fault.h). Sensor and link faults change what is read,
 * the others change what is or what is obeyed.
 * Chance   draws are counted, not chained: (seed, fault, member, count). Two runs of the same steps have the same faults.
 * Memory   points at the site's list; recurring faults keep a record per member in the caller's memory. */
#ifndef SG_WORLD_FAULTS_H
#define SG_WORLD_FAULTS_H
#include "site/plant.h"

#include <stdbool.h>

typedef struct sg_fault_member {
    double until_s; /* of the present turn, since the start */
    uint32_t turns; /* drawn so far; odd: failed            */
} sg_fault_member;

/* How many have happened: an activation counts once, when it first changes something that is, is read or is obeyed. */
typedef struct sg_fault_tally {
    uint64_t fired[SG_FAULT_KIND_COUNT];
    bool seen[SG_FAULT_MAX]; /* the present activation has been counted */
} sg_fault_tally;

typedef struct sg_faults {
    const sg_site *site;
    sg_fault_tally *tally; /* the caller's */
    bool active[SG_FAULT_MAX]; /* of recurring faults: any member is failed */
    bool any;
    int count;
    uint64_t ticks; /* readings handed out */
    double now_s, before_s;
    sg_fault_member *member[SG_FAULT_MAX]; /* NULL for those that act once */
} sg_faults;

/* Records that the site's recurring faults need. */
int64_t sg_faults_members(const sg_site *site);
void sg_faults_init(sg_faults *self, const sg_site *site, sg_fault_member *members,
                    sg_fault_tally *tally);
/* What is at fault during the step that begins at elapsed_s after the start. */
void sg_faults_at(sg_faults *self, double elapsed_s);

/* Is a fault of the site as a whole active? 1 without one; else its severity, 0 for kinds without. */
bool sg_faults_site(const sg_faults *self, sg_fault_kind kind);
double sg_faults_site_factor(const sg_faults *self, sg_fault_kind kind);
/* 1 without a fault; 0 for a tripped device or a failing start, else the product of the severities. */
double sg_faults_factor(const sg_faults *self, sg_fault_kind kind, sg_role role, int index);
/* Sum of the severities; 0 without a fault. */
double sg_faults_sum(const sg_faults *self, sg_fault_kind kind, sg_role role, int index);
/* The set-point that the device takes when `asked` comes and `held` was in force. */
double sg_faults_obeyed(const sg_faults *self, sg_role role, int index, double held, double asked);

/* Spoil the readings of devices whose sensors or links are at fault; `last` holds what was handed out a step ago. */
void sg_faults_readings(sg_faults *self, const sg_plant *plant, const double *last, double *value,
                        uint8_t *quality);
#endif
