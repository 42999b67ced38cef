/* plan.h - the plan that the step follows: one power per store group and step. An input like any other.
 *
 * Units    W at the bus, > 0 discharge; money per J; J.
 * Time     step i covers [start_us + i*step_us, + step_us). The engine follows it until its last step has passed or its
 *          age exceeds the limit of the fall-back ladder, whichever is first. It takes no plan that says it was made in the
 *          future or before the one it has, and none that does not cover the moment at which it comes in.
 * Memory   one flat value without pointers: it is copied, journaled and replayed byte for byte. */
#ifndef SG_SITE_PLAN_H
#define SG_SITE_PLAN_H
#include "base/limits.h"

#include <stdint.h>

enum { SG_PLAN_STORE_MAX = 8 }; /* store groups with duty `energy` that are planned */

/* How a site is planned: the block `planning` of the site file. */
typedef struct sg_planning {
    double horizon_s, step_s, period_s; /* how far, how fine, how often */
    double fresh_s_max;                 /* a plan no older than this is fresh */
    double last_s_max;                  /* one no older than this is still followed */
    double error_frac; /* of the load: a miss of the net load that calls for a new plan */
    double reserve_s;  /* for which energy is kept against misses of the net load, 0 = none */
} sg_planning;

/* The fall-back ladder, best first: which rung a step stands on. What a rung needs is all that decides it: a plan that covers
 * the moment and is young enough; readings that may be trusted. A policy that makes no plans stands on `rules`. */
#define SG_RUNG_LIST(X)                                                                \
    X(SG_RUNG_FRESH, "fresh", "a fresh plan is followed")                              \
    X(SG_RUNG_LAST, "last", "no fresh plan: the last one is followed while it may be") \
    X(SG_RUNG_RULES, "rules", "no plan: the rules decide on what is read now")         \
    X(SG_RUNG_SAFE, "safe", "the readings cannot be trusted: the safe set")

typedef enum sg_rung {
#define X(code, name, text) code,
    SG_RUNG_LIST(X)
#undef X
        SG_RUNG_COUNT
} sg_rung;

/* Why a plan was asked for. */
#define SG_PLAN_CAUSE_LIST(X)                                                    \
    X(SG_PLAN_CAUSE_NONE, "none", "no plan was due")                             \
    X(SG_PLAN_CAUSE_FIRST, "first", "there was no plan yet")                     \
    X(SG_PLAN_CAUSE_PERIOD, "period", "its time had come")                       \
    X(SG_PLAN_CAUSE_GRID, "grid", "the grid was lost or came back")              \
    X(SG_PLAN_CAUSE_DEVICE, "device", "a source or store was lost or came back") \
    X(SG_PLAN_CAUSE_PRICE, "price", "the price is not what the plan was told")   \
    X(SG_PLAN_CAUSE_FORECAST, "forecast", "load or generation went another way") \
    X(SG_PLAN_CAUSE_TASK, "task", "a task was granted or ended")

typedef enum sg_plan_cause {
#define X(code, name, text) code,
    SG_PLAN_CAUSE_LIST(X)
#undef X
        SG_PLAN_CAUSE_COUNT
} sg_plan_cause;

const char *sg_plan_cause_name(sg_plan_cause cause);
const char *sg_plan_cause_text(sg_plan_cause cause);
const char *sg_rung_name(sg_rung rung); /* "fresh" */
const char *sg_rung_text(sg_rung rung); /* "a fresh plan is followed" */

typedef struct sg_plan {
    int64_t made_us; /* the time of the frame it was made from */
    int64_t start_us, step_us;
    int32_t steps; /* 0 < steps <= SG_PLAN_STEP_MAX */
    int32_t store_count;
    int32_t outcome;                        /* sg_outcome */
    int32_t softened;                       /* constraints that gave way */
    int32_t cause, pad;                     /* sg_plan_cause */
    int32_t store_group[SG_PLAN_STORE_MAX]; /* index into the site's groups */
    double objective;                       /* money over the horizon */
    double store_w[SG_PLAN_STORE_MAX][SG_PLAN_STEP_MAX];
    /* what one more J in store after the step would save, money per J; NaN where the solver did not say */
    double energy_value[SG_PLAN_STORE_MAX][SG_PLAN_STEP_MAX];
    double net_w[SG_PLAN_STEP_MAX];     /* expected at the grid connection, > 0 import */
    double curtail_w[SG_PLAN_STEP_MAX]; /* local generation to hold back */
    double price[SG_PLAN_STEP_MAX];     /* marginal, money per J */
} sg_plan;

/* A group's turn in the plan (plan/slots.h). */
typedef enum sg_slot_kind { SG_SLOT_REST, SG_SLOT_CHARGE, SG_SLOT_DISCHARGE } sg_slot_kind;

typedef struct sg_plan_slot {
    int32_t group, kind; /* index into the site's groups; sg_slot_kind */
    int64_t start_us, end_us;
    double power_w, energy_j;
} sg_plan_slot;

/* What the planner is told: the future as far as it is known or guessed. */
typedef struct sg_outlook {
    int64_t made_us; /* the time of the frame it was made from */
    int64_t start_us, step_us;
    int32_t steps, cause; /* sg_plan_cause */
    double reserve_s;     /* for which a miss of the net load is kept in store, 0 = none */
    double load_w[SG_PLAN_STEP_MAX];      /* demand plus losses plus granted tasks */
    double available_w[SG_PLAN_STEP_MAX]; /* all local sources together */
    double miss_w[SG_PLAN_STEP_MAX];      /* what the net load is above this in one case of ten */
    double import_price[SG_PLAN_STEP_MAX], export_price[SG_PLAN_STEP_MAX]; /* money per J */
    double import_w_max, export_w_max;                                     /* 0 = none */
    double demand_charge; /* money per W of the month's highest quarter hour, 0 = none */
    double peak_so_far_w; /* in the month of the first step */
    int32_t month_steps;  /* steps from the first that lie in that month, > 0 */
    int32_t store_count;
    struct sg_outlook_store {
        int32_t group;
        double capacity_j, floor_j, energy_j;
        double charge_w_max, discharge_w_max, charge_eff, discharge_eff, standing_loss_per_h;
        double wear_per_j;
        double terminal_value_per_j; /* what a J in store is worth after the horizon */
    } store[SG_PLAN_STORE_MAX];
} sg_outlook;
#endif
