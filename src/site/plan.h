/* plan.h - the plan that the step follows: one power per store group and step. An input like any other.
 *
 * Units    W at the bus, > 0 discharge; money per J; J.
 * Time     step i covers [start_us + i*step_us, + step_us). The engine follows it until its last step has passed or its
 *          age exceeds the limit of the fall-back ladder, whichever is first.
 * Memory   one flat value without pointers: it is copied, journaled and replayed byte for byte. */
#ifndef SG_SITE_PLAN_H
#define SG_SITE_PLAN_H
#include "base/limits.h"

#include <stdint.h>

enum { SG_PLAN_STORE_MAX = 8 }; /* store groups with duty `energy` that are planned */

typedef struct sg_plan {
    int64_t made_us; /* the time of the frame it was made from */
    int64_t start_us, step_us;
    int32_t steps; /* 0 < steps <= SG_PLAN_STEP_MAX */
    int32_t store_count;
    int32_t outcome;                        /* sg_outcome */
    int32_t softened;                       /* constraints that gave way */
    int32_t store_group[SG_PLAN_STORE_MAX]; /* index into the site's groups */
    double objective;                       /* money over the horizon */
    double store_w[SG_PLAN_STORE_MAX][SG_PLAN_STEP_MAX];
    double net_w[SG_PLAN_STEP_MAX];     /* expected at the grid connection, > 0 import */
    double curtail_w[SG_PLAN_STEP_MAX]; /* local generation to hold back */
    double price[SG_PLAN_STEP_MAX];     /* marginal, money per J */
} sg_plan;

/* What the planner is told: the future as far as it is known or guessed. */
typedef struct sg_outlook {
    int64_t start_us, step_us;
    int32_t steps;
    double load_w[SG_PLAN_STEP_MAX];      /* demand plus losses plus granted tasks */
    double available_w[SG_PLAN_STEP_MAX]; /* all local sources together */
    double import_price[SG_PLAN_STEP_MAX], export_price[SG_PLAN_STEP_MAX]; /* money per J */
    double import_w_max, export_w_max;                                     /* 0 = none */
    double demand_charge; /* money per W of the month's highest quarter hour, 0 = none */
    double peak_so_far_w;
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
