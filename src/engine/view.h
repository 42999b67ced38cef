/* view.h - the engine as the outside may see it: one flat published snapshot.
 *
 * The loop fills one after each step and hands it to server and store through a mailbox; nobody reads live state.
 *
 * Units    W, J, money per J; fractions 0..1.
 * Sign     power > 0 flows into the site bus, except loads' and tasks', which are magnitudes.
 * Memory   one value without pointers; per-device detail is summed per group, so its size does not depend on the site.
 * Names    are the site's: group i is site->groups[i], node i is site->nodes[i]. */
#ifndef SG_ENGINE_VIEW_H
#define SG_ENGINE_VIEW_H
#include "engine/foretold.h"
#include "engine/frame.h"
#include "settle/meter.h"
#include "settle/regulation.h"
#include "site/alarm.h"

enum { SG_VIEW_SLOTS_EACH = 32, SG_VIEW_SLOT_MAX = SG_PLAN_STORE_MAX * SG_VIEW_SLOTS_EACH };
enum { SG_VIEW_TIE_MAX = 64 };
enum { SG_VIEW_NODE_MAX = 512 }; /* the first ones; node_count_all says how many there are */

typedef struct sg_view_group {
    int32_t role;        /* sg_role */
    int32_t quality;     /* worst of its members' readings */
    int32_t reason;      /* sg_reason of the member with the largest set-point change */
    int32_t shed_count;  /* loads: members below their minimum */
    int32_t load_class;  /* loads: of the first member, by its schedule */
    int32_t fault_count; /* sources: members that did not start; stores: that do not follow */
    double power_w;      /* measured sum                        */
    double setpoint_w;   /* commanded sum: source limit, store power, load cap */
    double available_w;  /* sources                             */
    double demand_w;     /* loads                               */
    double energy_j, capacity_j;                   /* stores                     */
    double floor_j, charge_w_max, discharge_w_max; /* stores: kept for the bridge; ratings */
} sg_view_group;

enum { SG_DECISION_TIE = SG_ROLE_COUNT + 1 };

typedef struct sg_decision {
    int64_t time_us;
    int32_t role, index; /* the device; SG_GRID: a state of control/ride.h, from and to
                            the import allowed; SG_ROLE_COUNT: a task, index -1;
                            SG_DECISION_TIE: a tie, > 0 as its own direction */
    int32_t reason;      /* sg_reason */
    int32_t state;       /* of a task */
    int32_t node;        /* whose overload a store or tie relieves, else -1 */
    int32_t pad;
    double from_w, to_w;
    double hold_s; /* of the grid connection: how long stores hold the load; INFINITY: for good */
    char task_id[SG_ID_MAX]; /* of a task, else "" */
} sg_decision;

typedef struct sg_view_forecast {
    double now_w, in_1h_w, in_24h_w;
    double mae_w,
        persistence_mae_w; /* one hour ahead, over the whole record; skill = 1 - mae / persistence */
    int32_t model_1h;      /* sg_forecast_model */
} sg_view_forecast;

/* What the planner is told of one series, and what such forecasts were worth (foretold.h); units as there. */
typedef struct sg_view_told {
    int32_t present, pad;
    int64_t rows, fits;
    sg_foretold_lead lead[SG_LEAD_COUNT];
    double mean[SG_LEAD_COUNT], low[SG_LEAD_COUNT], high[SG_LEAD_COUNT];
} sg_view_told;

/* The way that plan and forecasts expect, quarter hour by quarter hour or plan step by plan step; floats, for a page to draw. */
typedef struct sg_view_ahead {
    int64_t told_us; /* beginning of the first quarter hour of the forecasts */
    int32_t rows;    /* of the forecasts, 0: nothing was foretold */
    int32_t steps;   /* of the plan that is followed, 0: none; they begin at plan_start_us */
    float mean[SG_SERIES_COUNT][SG_FORETOLD_ROWS]; /* units as in foretold.h */
    float low[SG_SERIES_COUNT][SG_FORETOLD_ROWS], high[SG_SERIES_COUNT][SG_FORETOLD_ROWS];
    float net_w[SG_PLAN_STEP_MAX];   /* at the grid connection, > 0: import */
    float store_w[SG_PLAN_STEP_MAX]; /* of all stores, > 0: discharge */
} sg_view_ahead;

enum { SG_VIEW_DOUBT_MAX = 8 };

/* A reading that is not believed. */
typedef struct sg_view_doubt {
    int32_t kind;    /* sg_point_kind                       */
    int32_t index;   /* of the device or node               */
    int32_t verdict; /* sg_verdict                          */
    int32_t pad;
} sg_view_doubt;

enum { SG_VIEW_UNUSUAL_MAX = 8 };

/* A reading that is not as usual for this hour of the week. */
typedef struct sg_view_unusual {
    int32_t kind, index; /* SG_POINT_NODE_POWER or SG_POINT_LOAD_POWER; of the node or load */
    double value_w, usual_w, times; /* how far off, in what is still usual: > 1 */
} sg_view_unusual;

enum { SG_VIEW_STRAIN_MAX = 32 };

/* A node whose breaker is hot, or that carries more than it may, by the rules of the alarms that tell of it; warm = 1: it has just
 * ceased to be so. */
typedef struct sg_view_strain {
    int32_t node, warm;
    double heat;             /* share of its trip; 0 where no trip curve is known */
    double power_w, limit_w; /* limit: of nodes without a curve, else INFINITY */
} sg_view_strain;

/* What the site does for the grid (site/services.h), as of the last step. */
typedef struct sg_view_services {
    double capability_w, signal;                      /* offered; as read */
    double signal_w, droop_w, contract_w, recentre_w; /* asked of the stores */
    sg_score hour, total;  /* the last whole hour; since the journal began */
    int32_t any, tracking; /* agreed at all; the signal is followed */
} sg_view_services;

/* What the nodes draw `ahead_s` from now (host/nowcaster.h); ahead_s 0: nothing is told. */
typedef struct sg_view_nowcast {
    double ahead_s, skill_frac, inside_frac; /* of 80 % intervals; NAN: not known yet */
    double warned, came, passed; /* rows of the past that counts: told that a node may pass its limit; of these, it did; it did, told or not */
    double told_w[SG_VIEW_NODE_MAX], high_w[SG_VIEW_NODE_MAX]; /* NAN: not known */
    uint8_t may_pass[SG_VIEW_NODE_MAX];
    int32_t warned_now; /* nodes, those beyond the first SG_VIEW_NODE_MAX included */
    int32_t silent;     /* 1: too few warnings came true, so none is told */
} sg_view_nowcast;

typedef struct sg_view {
    int64_t time_us;
    uint64_t tick;
    int32_t mode, policy; /* sg_mode, sg_policy */
    int32_t safe;
    /* balance, W */
    double load_w, demand_w, generation_w, available_w, import_w, export_w, charge_w, discharge_w,
        losses_w, surplus_w, unserved_w, curtailed_w, task_w;
    double import_price, export_price, carbon_kg_per_j; /* per J */
    int32_t grid_up;
    double import_w_max, export_w_max;
    int32_t ride, shed_classes; /* sg_ride_state; classes held back              */
    double ride_s, hold_s;      /* in that state; the stores hold the load for */
    double peak_w;              /* highest quarter hour of import this month          */
    double peak_all_w;          /* and since the journal began                        */

    int32_t group_count;
    sg_view_group group[SG_GROUP_MAX];
    int32_t node_count, node_count_all;
    double node_w[SG_VIEW_NODE_MAX];       /* measured */
    double node_limit_w[SG_VIEW_NODE_MAX]; /* INFINITY = none */

    int32_t tie_count, tie_count_all;
    struct sg_view_tie {
        double power_w, setpoint_w, limit_w; /* measured, told: > 0 from `from` to `to` */
        int32_t reason, node;                /* sg_reason; that it carries for, -1: none */
        int32_t quality, pad;
    } tie[SG_VIEW_TIE_MAX];

    int32_t task_count; /* newest first, ended ones included while remembered */
    sg_task task[SG_TASK_MAX];
    int32_t decision_count; /* newest first */
    sg_decision decision[SG_DECISION_MAX];

    int32_t rung;         /* sg_rung of the last step */
    int32_t plan_outcome; /* sg_outcome, -1 = no plan */
    int32_t plan_steps, plan_softened;
    int32_t plan_cause; /* sg_plan_cause */
    double plan_age_s;
    int64_t plan_made_us, plan_start_us, plan_end_us;
    double plan_step_s;
    /* the calendar of the plan that is followed, from now on: empty on the lower rungs of the ladder */
    int32_t slot_count;
    sg_plan_slot slot[SG_VIEW_SLOT_MAX];
    double plan_fresh_s_max, plan_last_s_max; /* ages of the ladder */
    int64_t plans_taken, plans_refused;       /* since the engine was created */
    sg_view_forecast load_forecast, generation_forecast;

    sg_view_services services;

    uint64_t settled_count; /* intervals settled since the journal began */
    sg_settlement settled;  /* the last finished one  */
    sg_settlement running;  /* the one under way      */
    sg_settlement total;    /* since the journal began */

    int64_t quality_count[4];         /* readings of the last frame per sg_quality */
    int32_t disbelieved, doubt_count; /* readings that were not believed; the first of them */
    sg_view_doubt doubt[SG_VIEW_DOUBT_MAX];
    int32_t strain_count;     /* hot ones first; the first of strain_count_all */
    int32_t strain_count_all; /* warm ones not counted */
    sg_view_strain strain[SG_VIEW_STRAIN_MAX];
    uint64_t command_hash; /* of the last command */

    /* Filled in by the host, not by the engine. */
    const struct sg_site *
        site; /* that all of this is about, for as long as the host lives; NULL: the one that was started with */
    uint64_t late_steps, dropped_rows;
    double step_us_p50, step_us_p99;
    uint64_t journal_bytes;
    int32_t
        journal_degraded; /* 1: the disk takes no more; control goes on, nothing is acknowledged */
    int32_t usual_judged,
        unusual_count; /* readings that could be judged in the last quarter hour; not as usual: the first of them */
    sg_view_unusual unusual[SG_VIEW_UNUSUAL_MAX];
    sg_view_nowcast nowcast;
    int32_t told_any, told_pad; /* 0: nothing was foretold yet */
    sg_view_told told[SG_SERIES_COUNT];
    sg_view_ahead ahead; /* the plan's part is the engine's */
    /* Since this start: the site as it was, and as it would have been with its stores at rest (host/baseline.h). Of both only what
     * was bought, sold and paid. */
    struct sg_view_compared {
        int32_t any, pad;
        int64_t since_us;
        double left_out_s, stored_j; /* without a grid; more in store than then */
        sg_settlement real, at_rest;
    } compared;
    sg_alarm_summary alarms; /* all 0 where none are watched */
    double speed;            /* of the clock, INFINITY = as fast as it goes; 1 = real time */
} sg_view;

/* Write down what is told at a time when `slot` was the last quarter hour that had ended; where it is too old, that the engine's own
 * forecasts are told instead. The hour and the day ahead of load and generation follow. told NULL: there was no memory. */
void sg_view_tell(sg_view *self, const sg_foretold *told, int64_t slot);
#endif
