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
    sg_fault_tally *tally;     /* the caller's */
    bool active[SG_FAULT_MAX]; /* of recurring faults: any member is failed */
    uint64_t kinds;            /* bit k: one of sg_fault_kind k is active */
    int count, acting_count;
    uint8_t acting[SG_FAULT_MAX]; /* those that are active, ascending */
    uint64_t ticks;               /* readings handed out */
    double now_s, before_s;
    sg_fault_member *member[SG_FAULT_MAX]; /* NULL for those that act once */
} sg_faults;

/* Records that the site's recurring faults need. */
int64_t sg_faults_members(const sg_site *site);
void sg_faults_init(sg_faults *self, const sg_site *site, sg_fault_member *members,
                    sg_fault_tally *tally);
/* Be where another one stands, its members' records apart. The site of this one may have more faults that act once. */
void sg_faults_copy(sg_faults *self, const sg_faults *from);
/* What is at fault during the step that begins at elapsed_s after the start. */
void sg_faults_at(sg_faults *self, double elapsed_s);

/* Is any fault of these kinds (bit k: sg_fault_kind k) active? Most steps have none: one look, then, for many devices. */
static inline bool sg_faults_any(const sg_faults *self, uint64_t kinds)
{
    return (self->kinds & kinds) != 0;
}
#define SG_FAULT_BIT(kind) (UINT64_C(1) << (kind))
/* Those that keep a device from taking a set-point. */
static const uint64_t SG_FAULTS_OF_COMMANDS =
    SG_FAULT_BIT(SG_FAULT_IGNORES) | SG_FAULT_BIT(SG_FAULT_PARTIAL) |
    SG_FAULT_BIT(SG_FAULT_COMMAND_DROP) | SG_FAULT_BIT(SG_FAULT_COMMAND_SLOW);
/* Those that spoil readings. */
static const uint64_t SG_FAULTS_OF_READINGS =
    SG_FAULT_BIT(SG_FAULT_SENSOR_MISSING) | SG_FAULT_BIT(SG_FAULT_SENSOR_STUCK) |
    SG_FAULT_BIT(SG_FAULT_SENSOR_NAN) | SG_FAULT_BIT(SG_FAULT_SENSOR_SCALE) |
    SG_FAULT_BIT(SG_FAULT_SENSOR_SIGN) | SG_FAULT_BIT(SG_FAULT_SENSOR_DRIFT) |
    SG_FAULT_BIT(SG_FAULT_SENSOR_NOISE) | SG_FAULT_BIT(SG_FAULT_LINK_DROP) |
    SG_FAULT_BIT(SG_FAULT_LINK_SLOW) | SG_FAULT_BIT(SG_FAULT_LINK_GARBLE);

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
