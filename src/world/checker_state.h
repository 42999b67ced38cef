/* checker_state.h - what the checks share. Private to the checker. */
#ifndef SG_WORLD_CHECKER_STATE_H
#define SG_WORLD_CHECKER_STATE_H
#include "world/checker.h"

typedef struct checker_store {
    sg_reservoir reservoir;
    int32_t node, duty;
    bool hypothetical;
    double reserve_j;
    double ramp, dwell_s;
} checker_store;

struct sg_checker {
    const sg_site *site;
    sg_points points;
    int nodes, sources, stores, loads;
    bool has_grid;
    double export_w_max;
    checker_store *store;
    double *loss_per_w;       /* [node] */
    double *heat;             /* [node] fraction of the trip */
    double *flow_w, *below_w; /* [node] scratch */
    double heat_part;         /* 1 - exp(-dt / tau) */
    double dt_s;              /* that heat_part is for */
    /* what may be believed */
    double *low, *high, *trusted, *age_s; /* [point]; age < 0: never */
    double honest_s; /* since any reading of a device or meter lied or was missing */
    double *lie_s;   /* [store] since its readings were last far from the truth */
    /* what was told last */
    double *cap_w, *limit_w, *store_w, *tie_w;
    double *pu, *low_s; /* [node] voltage; how long ties have kept it below its limit */
    double task_w;
    bool told_on_grid;
    bool told_island; /* the switch was to be open */
    bool relief_left; /* more went out in the last step than may: relief of what had flowed */
    double apart_s,
        back_s; /* since the site was last told to be an island; that its return may take */
    double *way, *rest_s;                     /* [store] which way it went last; at rest since */
    double *off_s, *set_on, *ran_s, *stood_s; /* [source] */
    double *class_now, *least_w;              /* [load] by the site's schedules at this instant */
    /* the ladder */
    bool plan_present;
    int64_t made_us, start_us, end_us;
    /* the books */
    sg_tick_books books;
    double price, expected_cost, cost_slack;
    bool priced;
    const sg_tick *tick;
    sg_violation violation[SG_INVARIANT_COUNT];
    uint64_t looks[SG_INVARIANT_COUNT];
    int broken; /* in this tick */
};

/* Note a violation with its numbers. */
__attribute__((format(printf, 3, 4))) void checker_broken(sg_checker *self, sg_invariant which,
                                                          const char *format, ...);

static inline int checker_point(const sg_checker *self, sg_point_kind kind, int index)
{
    return self->points.first[kind] + index;
}

/* Does the value still carry a decision? */
static inline bool checker_fresh(const sg_checker *self, int point, double limit_s)
{
    return self->age_s[point] >= 0 && self->age_s[point] <= limit_s + 1e-6;
}

static inline double checker_fresh_value(const sg_checker *self, int point, double otherwise)
{
    return checker_fresh(self, point, 1) ? self->trusted[point] : otherwise;
}

bool checker_believes_grid(const sg_checker *self);

/* The grid is there, and this command has the site on it, the ramp after a return included: stores keep their reserve. */
bool checker_on_grid(const sg_checker *self);

/* Everything has been told rightly for so long that no doubt is left. */
static inline bool checker_all_honest(const sg_checker *self)
{
    return self->honest_s > 120;
}

/* A value as it can be known: as it may be believed, or as it is where that says more for the command. A reading that lies may be
 * seen through by the meters around it, or not: neither is held against the command. */
static inline double checker_known_most(const sg_checker *self, int point, double truth)
{
    double read = self->age_s[point] >= 0 ? self->trusted[point] : 0;
    return read > truth ? read : truth;
}

static inline double checker_known_least(const sg_checker *self, int point, double truth)
{
    double read = checker_fresh_value(self, point, 0);
    return read < truth ? read : truth;
}

/* below_w[node] holds what is drawn there; leaves flow_w[node], what flows into each from above. */
void checker_flows(sg_checker *self);

/* Every load at its cap; stores as told, those that give and ties only as far as this very frame shows it; without one store or tie
 * (-1: none). Left in flow_w. */
void checker_flows_at_caps(sg_checker *self, int lost_store, int lost_tie);

/* Classes and minimums of this instant. */
void checker_hours(sg_checker *self, int64_t time_us);

void checker_truth(sg_checker *self);   /* of the interval that ended */
void checker_command(sg_checker *self); /* electrical, of the new command */
void checker_paced(sg_checker *self);   /* losses, ramps, rests */
void checker_rules(sg_checker *self);   /* the others */
#endif
