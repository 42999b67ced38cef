/* site.h - the nouns: what stands where, what it is called and what limits it.
 *
 * Units    SI inside; the reader has converted everything.
 * Shape    nodes are ordered with parents first (node 0 is the root of the power tree); devices are dense per role, and a
 *          group is the contiguous run that one entry of the site file made (`count: 64` gives 64 devices).
 * Memory   the arena owns everything that the site points to; the site is immutable once loaded. */
#ifndef SG_SITE_SITE_H
#define SG_SITE_SITE_H
#include "base/arena.h"
#include "base/limits.h"
#include "model/breaker.h"
#include "model/kind.h"
#include "site/alarm.h"
#include "site/fault.h"
#include "site/plan.h"
#include "site/schedule.h"
#include "site/series.h"
#include "site/services.h"

#include <stdint.h>

typedef enum sg_mode { SG_OBSERVE, SG_ADVISE, SG_CONTROL } sg_mode;

typedef struct sg_node {
    int32_t parent;   /* -1 for the root (node 0)                                          */
    int32_t group;    /* index into node_groups                                            */
    double limit_w;   /* least of `limit` and 80 % of the breaker's rating; INFINITY = none */
    double breaker_a; /* rating, 0 = none                                                  */
    double voltage_v; /* nominal, line to line for three phases                            */
    double cable_m;   /* one way                                                           */
    double cable_mm2;
    double loss_ohm;      /* r with loss_w = r * (power_w / voltage_v)^2; 0 = no cable         */
    double converter_eff; /* of the converter above the node, 0 < x <= 1                      */
    double hard_limit_w;  /* `limit` alone; INFINITY = none                                   */
    double breaker_w;     /* the breaker's rating at nominal voltage, 0 = none                */
    bool curve;           /* its trip curve is known: it may carry more for a while           */
    sg_breaker trip;      /* where it is                                                      */
    int32_t partner;      /* sibling that takes its load over when its feeder is lost; 0 = none */
    double drop_frac;     /* lowest voltage that ties may leave, below nominal                 */
} sg_node;

/* A cable between two nodes beside the tree, with a converter that lets flow what it is told: none, when told nothing. */
typedef struct sg_tie {
    const char *id;        /* of its entry */
    int32_t member, count; /* of the entry's ties; number of them */
    int32_t from, to;
    double limit_w;             /* at the end that gives, either way */
    double loss_ohm, voltage_v; /* loss_w = loss_ohm * (power_w / voltage_v)^2 */
} sg_tie;

typedef struct sg_device {
    int32_t node;                       /* where it is connected                           */
    int32_t group;                      /* index into groups                               */
    int32_t beside;                     /* a store inside a load: the load's index; else -1 */
    int32_t input_series[SG_INPUT_MAX]; /* index into series, or -1: the constant below    */
    double input_value[SG_INPUT_MAX];
    double p[SG_PARAM_MAX]; /* the kind's parameters, then its role's          */
} sg_device;

typedef struct sg_group {
    const char *id;
    const sg_kind *kind;
    sg_role role; /* may differ from kind->role where kind->is_store() says so */
    int32_t first, count;
    int32_t line; /* in the site file */
} sg_group;

typedef struct sg_node_group {
    const char *id;
    int32_t first, count, line;
} sg_node_group;

/* A request for power that the site file brings along (the source's energy workflow). */
typedef struct sg_workflow {
    const char *task_id;
    int32_t priority; /* 0 critical, 1 high, 2 normal, 3 low */
    double power_w;
    double duration_s; /* 0 = until withdrawn */
} sg_workflow;

typedef struct sg_site {
    const char *id; /* urn:uuid:... or "" */
    const char *title;
    const char *path;
    const char *currency; /* ISO 4217 of every price, "" where none is given */
    sg_mode mode;
    int32_t zone_offset_s;
    uint64_t seed; /* of all that is random in a simulation */
    uint64_t hash; /* of the definition, for the journal */

    sg_node *nodes;
    int32_t node_count;
    sg_node_group *node_groups;
    int32_t node_group_count;
    sg_load_rule *schedules; /* as written: the later one counts */
    int32_t schedule_count;  /* <= SG_SCHEDULE_MAX */
    int32_t scheduled_count; /* loads that have any */
    sg_tie *ties;
    int32_t tie_count; /* <= SG_TIE_MAX */

    sg_device *devices[SG_ROLE_COUNT]; /* dense per role; at most one of role SG_GRID */
    int32_t device_count[SG_ROLE_COUNT];
    sg_group *groups;
    int32_t group_count; /* <= SG_GROUP_MAX */

    sg_series *series;
    int32_t series_count;
    sg_random *randoms; /* how the drawn ones among them were drawn */
    int32_t random_count;

    sg_workflow *workflows;
    int32_t workflow_count;
    sg_fault *faults;
    int32_t fault_count;
    sg_planning planning;
    sg_services services;
    const sg_alarm_rule *alarms; /* [SG_ALARM_KIND_COUNT]; NULL: as they come (site/alarm.h) */

    sg_arena arena;
} sg_site;

static inline const sg_kind *sg_device_kind(const sg_site *site, const sg_device *device)
{
    return site->groups[device->group].kind;
}

/* A parameter of the device's role (enum sg_store_param, sg_source_param). */
static inline double sg_device_role_param(const sg_site *site, const sg_device *device, int offset)
{
    return device->p[sg_device_kind(site, device)->param_count + offset];
}

/* "pdu" for a single one, "pdu-3" for the third of several. @effects alloc=no block=no */
void sg_site_device_name(const sg_site *site, sg_role role, int index, char ret[SG_ID_MAX]);
void sg_site_node_name(const sg_site *site, int index, char ret[SG_ID_MAX]);
void sg_site_tie_name(const sg_site *site, int index, char ret[SG_ID_MAX]);

/* The input's value for the device, averaged over the interval; quality says how far to trust it.
 * @effects alloc=no block=no fails=never */
double sg_site_input(const sg_site *site, const sg_device *device, int input, int64_t from_us,
                     int64_t to_us, sg_quality *ret_quality);

/* The span that every absolute (not repeating, not calendar-aligned) series covers; SG_MISSING when there is none. */
SG_MUST_CHECK sg_status sg_site_span(const sg_site *site, int64_t *ret_from_us, int64_t *ret_to_us);

/* Another seed: drawn series are drawn anew; faults follow it from the next run on. @effects alloc=no block=no */
void sg_site_reseed(sg_site *site, uint64_t seed);

/* Another period between plans; a plan stays in force at least until the next one can be there. @effects alloc=no block=no */
void sg_site_plan_every(sg_site *site, double period_s);

/* Release everything. Accepts a zeroed or half-loaded site. */
void sg_site_free(sg_site *self);
#endif
