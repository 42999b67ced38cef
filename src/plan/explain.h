/* explain.h - why a schedule does what it does, step by step, as comparisons that can be checked.
 *
 * Optimality means: whatever runs pays at the price of its step, whatever stands still would not, and what is at a limit
 * pays more than it costs. Each reason is one such comparison with its numbers; sg_why_text puts it into words.
 *
 * Units    kW, money per kWh at the bus of the device's zone; limit_per_kw is money for one more kW in one step (kWh where
 *          the limit is one of energy).
 * Shape    equal reasons in consecutive steps are one row [from, to); spans are the lowest and highest over its steps.
 * Order    by first step, then by kind of device and device.
 * Memory   rows live in the caller's arena.
 * Errors   SG_UNAVAILABLE where the schedule is not solved or has no prices; SG_NOMEM.
 * Source   complementary slackness of the dispatch program; docs/explain.md says what each reason claims. */
#ifndef SG_PLAN_EXPLAIN_H
#define SG_PLAN_EXPLAIN_H
#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "plan/dispatch.h"

/* code, id, list of the device. `price` is that of the step, `worth` is what it is held against. */
#define SG_WHY_LIST(X)                                                                           \
    X(SG_WHY_IMPORT, "import", SG_WHY_GRID)             /* price >= worth, the buying price */   \
    X(SG_WHY_PEAK, "peak", SG_WHY_DEMAND)               /* import at a peak that costs      */   \
    X(SG_WHY_EXPORT, "export", SG_WHY_GRID)             /* price <= worth, the selling price */  \
    X(SG_WHY_RAMP, "ramp", SG_WHY_GRID)                 /* the change from step to step binds */ \
    X(SG_WHY_CHARGE, "charge", SG_WHY_STORE)            /* price <= worth, of a kWh taken now */ \
    X(SG_WHY_DISCHARGE, "discharge", SG_WHY_STORE)      /* price >= worth, of a kWh kept     */  \
    X(SG_WHY_IDLE, "idle", SG_WHY_STORE)                /* price between the two             */  \
    X(SG_WHY_EMPTY, "empty", SG_WHY_STORE)              /* would discharge: price > worth    */  \
    X(SG_WHY_FULL, "full", SG_WHY_STORE)                /* would charge: price < worth       */  \
    X(SG_WHY_HOLD, "reserve_hold", SG_WHY_STORE)        /* the reserve decides, not the price */ \
    X(SG_WHY_CIRCULATE, "circulate", SG_WHY_STORE)      /* both at once: worth <= 0 in store */  \
    X(SG_WHY_CURTAIL, "curtail", SG_WHY_SOURCE)         /* price <= worth, its cost          */  \
    X(SG_WHY_RUN, "run", SG_WHY_SOURCE)                 /* price >= worth, its cost          */  \
    X(SG_WHY_OFF, "off", SG_WHY_SOURCE)                 /* price <= worth, its cost          */  \
    X(SG_WHY_SHED, "shed", SG_WHY_SHEDDABLE)            /* price >= worth, its cost          */  \
    X(SG_WHY_WORK, "work", SG_WHY_SHIFTABLE)            /* price <= worth, of a kWh of work  */  \
    X(SG_WHY_WAIT, "wait", SG_WHY_SHIFTABLE)            /* price >= worth                    */  \
    X(SG_WHY_UNDONE, "undone", SG_WHY_SHIFTABLE)        /* kWh left: cost <= worth           */  \
    X(SG_WHY_LINK_FORWARD, "link_forward", SG_WHY_LINK) /* full: price here < worth there */     \
    X(SG_WHY_LINK_BACK, "link_back", SG_WHY_LINK)                                                \
    X(SG_WHY_RESERVE_UP, "reserve_up", SG_WHY_SITE) /* the reserve has a price           */      \
    X(SG_WHY_RESERVE_DOWN, "reserve_down", SG_WHY_SITE)

typedef enum sg_why_list {
    SG_WHY_GRID,
    SG_WHY_DEMAND,
    SG_WHY_STORE,
    SG_WHY_SOURCE,
    SG_WHY_SHEDDABLE,
    SG_WHY_SHIFTABLE,
    SG_WHY_LINK,
    SG_WHY_SITE
} sg_why_list;

typedef enum sg_why_reason {
#define X(code, id, list) code,
    SG_WHY_LIST(X)
#undef X
        SG_WHY_COUNT
} sg_why_reason;

/* What stops a device from doing more of it. */
#define SG_WHY_LIMIT_LIST(X)                                        \
    X(SG_BY_NOTHING, "none") /* price and worth are equal        */ \
    X(SG_BY_POWER, "power")  /* its own power, or all there is   */ \
    X(SG_BY_FULL, "energy_kwh_max")                                 \
    X(SG_BY_EMPTY, "energy_kwh_min")                                \
    X(SG_BY_FINAL, "final_kwh_min")                                 \
    X(SG_BY_RESERVE, "reserve")                                     \
    X(SG_BY_EXPORT, "export_kw_max")                                \
    X(SG_BY_RAMP, "ramp_kw_per_step")                               \
    X(SG_BY_LINK, "link")

typedef enum sg_why_limit {
#define X(code, id) code,
    SG_WHY_LIMIT_LIST(X)
#undef X
} sg_why_limit;

/* Where the worth of a store's energy comes from. */
#define SG_WHY_THEN_LIST(X)                                                                \
    X(SG_THEN_NOTHING, "none")  /* from no single step: the energy's value as such */      \
    X(SG_THEN_USE, "use")       /* discharged at then_step                         */      \
    X(SG_THEN_PAID, "paid")     /* charged at then_step, before now                */      \
    X(SG_THEN_REFILL, "refill") /* bought (back) at then_step                      */      \
    X(SG_THEN_END_VALUE, "terminal_value_per_kwh")                                         \
    X(SG_THEN_END_NEED, "final_kwh_min")                                                   \
    X(SG_THEN_FLOOR, "energy_kwh_min") /* must not fall below its floor at then_step    */ \
    X(SG_THEN_RESERVE, "reserve")      /* the reserve needs it at then_step             */

typedef enum sg_why_then {
#define X(code, id) code,
    SG_WHY_THEN_LIST(X)
#undef X
} sg_why_then;

typedef struct sg_why_span {
    double low, high; /* NaN where the reason has none */
} sg_why_span;

typedef struct sg_why {
    sg_why_reason reason;
    sg_why_limit limit;
    sg_why_then then;
    int device;                     /* index in the reason's list; -1 for grid and site          */
    int from, to;                   /* steps [from, to)                                          */
    int then_step;                  /* -1 where there is none                                    */
    sg_why_span amount_kw;          /* what it does (kWh for undone work)       */
    sg_why_span price_per_kwh;      /* of the zone in these steps               */
    sg_why_span worth_per_kwh;      /* what price is compared with              */
    sg_why_span limit_per_kw;       /* what one more of the limit would save    */
    sg_why_span then_price_per_kwh; /* of the zone at then_step                 */
} sg_why;

typedef struct sg_explanation {
    sg_why *item;
    int count;
} sg_explanation;

/* @effects alloc=yes (arena) block=no */
SG_MUST_CHECK sg_status sg_explain(const sg_dispatch *problem, const sg_schedule *schedule,
                                   sg_arena *arena, sg_explanation *ret);

/* One sentence without a full stop, times of day in UTC. @effects alloc=yes (out) block=no fails=never */
void sg_why_text(const sg_dispatch *problem, const sg_why *why, sg_out *out);

/* Ids for programs; static text. @effects alloc=no block=no fails=never */
const char *sg_why_reason_id(sg_why_reason reason);
const char *sg_why_limit_id(sg_why_limit limit);
const char *sg_why_then_id(sg_why_then then);
sg_why_list sg_why_list_of(sg_why_reason reason);

/* Id of the device that a reason speaks of; NULL for grid, demand periods and site. @effects alloc=no block=no fails=never */
const char *sg_why_device_id(const sg_dispatch *problem, const sg_why *why);
#endif
