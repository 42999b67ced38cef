/* dispatch.h - the day's schedule as a linear program (symgrid.dispatch/1, docs/formats.md).
 *
 * Units    kW, kWh and money per kWh: this is the one program whose published format speaks kW, and
 *          scaling it to kW keeps the solver's numbers near one.
 * Sign     every variable >= 0 as in the format; store power is charge or discharge, both
 *          magnitudes at the bus.
 * Shape    series have `steps` values; energy has steps + 1.
 * Memory   the problem points at the caller's arrays; a solution is one arena-owned bundle of
 *          arrays.
 * Bound    `bound` is proved by the duals of the solution (weak duality), not taken on the solver's
 *          word.
 * Softened where the program as stated has no solution, these give way, cheapest first: the ramp, the final energy, the
 *          reserve, a store's energy range, the balance (unserved load as a positive amount, power that has nowhere to go as a
 *          negative one). Nothing of a dearer one is given up for a cheaper one: of each in turn, the dearest first, the least
 *          sum over kW and hours (the final energy: kWh) is found and kept, then the cheapest schedule. Power limits of devices and
 *          of the grid connection never give way.
 * Source   docs/formats.md, "symgrid.dispatch/1". */
#ifndef SG_PLAN_DISPATCH_H
#define SG_PLAN_DISPATCH_H
#include "base/arena.h"
#include "base/pool.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { SG_DISPATCH_ZONE_MAX = 16 };

/* Part of a site with a balance of its own, e.g. a hall or a bus behind a transformer. */
typedef struct sg_dispatch_zone {
    const char *id;
    const double *load_kw;
} sg_dispatch_zone;

/* A line between two zones: what leaves one end arrives at the other less the loss. */
typedef struct sg_dispatch_link {
    const char *id;
    int from, to;                       /* zones                                    */
    double forward_kw_max, back_kw_max; /* at the sending end; INFINITY = unlimited */
    double loss_frac;                   /* 0 <= x < 1, of what is sent              */
} sg_dispatch_link;

typedef struct sg_dispatch_source {
    const char *id;
    int zone;
    const double *available_kw;
    const double *cost_per_kwh; /* NULL = 0 */
} sg_dispatch_source;

typedef struct sg_dispatch_store {
    const char *id;
    int zone;
    double energy_kwh_min, energy_kwh_max, charge_kw_max, discharge_kw_max;
    double charge_eff, discharge_eff;  /* 0 < x <= 1 */
    double standing_loss_per_h;        /* 0 <= x < 1 */
    double initial_kwh, final_kwh_min; /* final_kwh_min: use -INFINITY for none */
    double wear_cost_per_kwh, terminal_value_per_kwh;
} sg_dispatch_store;

typedef struct sg_dispatch_demand {
    int from, to; /* steps [from, to) */
    double charge_per_kw, peak_so_far_kw;
} sg_dispatch_demand;

typedef struct sg_dispatch_grid {
    bool present;
    int zone;
    double import_kw_max, export_kw_max;                       /* INFINITY = unlimited */
    const double *import_price_per_kwh, *export_price_per_kwh; /* NULL = 0 */
    double ramp_kw_per_step;                                   /* INFINITY = none */
    bool initial_net_given;
    double initial_net_kw;
    const sg_dispatch_demand *demand;
    int demand_count;
} sg_dispatch_grid;

typedef struct sg_dispatch_shed {
    const char *id;
    int zone;
    const double *max_kw;
    double cost_per_kwh;
} sg_dispatch_shed;

typedef struct sg_dispatch_shiftable {
    const char *id;
    int zone;
    int from, to;
    double energy_kwh, power_kw_max, unserved_cost_per_kwh;
} sg_dispatch_shiftable;

typedef struct sg_dispatch {
    int64_t start_us;
    double step_s;
    int steps;
    const double *load_kw;         /* of the only zone; NULL where zones are given */
    const sg_dispatch_zone *zones; /* NULL = one zone; everything then stands in zone 0 */
    int zone_count;
    const sg_dispatch_link *links;
    int link_count;
    sg_dispatch_grid grid;
    const sg_dispatch_source *sources;
    int source_count;
    const sg_dispatch_store *stores;
    int store_count;
    const sg_dispatch_shed *shed;
    int shed_count;
    const sg_dispatch_shiftable *shiftable;
    int shiftable_count;
    const double *reserve_up_kw, *reserve_down_kw; /* NULL = none */
    double reserve_duration_s;
} sg_dispatch;

typedef struct sg_dispatch_softened {
    char constraint[96]; /* e.g. "balance" ("zones/ID/balance" where there are zones),
                              "stores/bat/final_kwh_min", "reserve/up_kw" */
    int step;            /* -1 where the constraint has no step */
    double amount_kw;    /* kWh for energy constraints          */
} sg_dispatch_softened;

/* Duals are prices: what the objective would change by for one more unit of a right-hand side. They are NaN where the
 * program as stated has no solution, and where a solver gives none. */
typedef struct sg_schedule {
    sg_outcome outcome;
    double objective, bound, relative_gap; /* money */
    double residual_kw;           /* largest miss of a balance, a limit or a store's energy (kWh) */
    double dual_residual_per_kwh; /* largest miss of a reduced cost                               */
    int64_t iterations;
    double solve_s; /* wall time, for people; never enters state */
    const char *solver;
    double **source_kw;                       /* [source][step]   */
    double *import_kw, *export_kw;            /* [step]           */
    double *peak_kw;                          /* [demand period]  */
    double **charge_kw, **discharge_kw;       /* [store][step]    */
    double **energy_kwh;                      /* [store][step+1]  */
    double **shed_kw, **shift_kw;             /* [item][step]     */
    double *unserved_kwh;                     /* [shiftable]      */
    double **link_forward_kw, **link_back_kw; /* [link][step] at the sending end */
    double *marginal_price_per_kwh; /* [step] of zone 0: zone_price_per_kwh[0]           */
    double **zone_price_per_kwh;    /* [zone][step] what one more kWh of load would cost */
    double **
        energy_value_per_kwh; /* [store][step] what one more kWh in store after the step would save */
    double *reserve_up_price_per_kw,
        *reserve_down_price_per_kw; /* [step] of one kW more of the need */
    double *ramp_price_per_kw;      /* [step] of one kW more of (net - net before), either sign   */
    double **peak_price_per_kw;     /* [demand period][step - from] the share of the charge that a
                                       kW more of import in that step would add */
    double *shift_price_per_kwh;    /* [shiftable] of one kWh more to be served                   */
    bool *circulation;              /* [step]           */
    sg_dispatch_softened *softened; /* non-empty only where the program as stated has no solution */
    int softened_count;
} sg_schedule;

/* Who solves. AUTO is OWN, and CLP where that cannot finish: it also decides what is infeasible or unbounded. */
typedef enum sg_dispatch_solver {
    SG_SOLVER_AUTO,
    SG_SOLVER_OWN,  /* interior point over the stages of the program (interior.h) */
    SG_SOLVER_CLP,  /* the library's dual simplex                                 */
    SG_SOLVER_HIGHS /* libhighs, where this machine has it                        */
} sg_dispatch_solver;

/* What one program leaves for the next: the basis of a simplex with its factors. The next may have other numbers, and may
 * begin some steps later (start_us); one with other parts begins anew. Heap memory that grows to about 1 kB for
 * each step, store and limit, kept until it is freed. One owner, one thread.
 * NULL when memory is exhausted. @effects alloc=yes block=no */
typedef struct sg_again sg_again;
sg_again *sg_again_create(void);
void sg_again_free(sg_again *self); /* accepts NULL */

typedef struct sg_dispatch_options {
    sg_dispatch_solver solver;
    double seconds_max; /* <= 0 = no limit; a library looks at it now and then */
    bool
        vertex; /* end at a corner of the feasible set, not inside a face of equal cost; not with OWN */
    sg_again *again; /* AUTO and OWN begin where its last program ended; NULL = from nothing */
    sg_pool *pool; /* threads, two are of use to OWN on a long horizon; NULL = the caller alone. The
                        answer has the same bits. */
} sg_dispatch_options;

/* Solve the program. SG_OK with ret->outcome saying what the mathematics said; SG_NOMEM or SG_RANGE
 * (a malformed problem: NaN, negative limit, efficiency out of range) otherwise. When the program
 * is infeasible, the nearest one is solved with penalised slacks: outcome stays SG_INFEASIBLE, the
 * arrays hold that schedule and `softened` names what gave way; bound and relative_gap are then
 * NaN. Where there is no schedule to give (unbounded, or the time ran out before a feasible point)
 * objective is NaN and the series are zero: test isfinite(objective), not the outcome alone.
 * seconds_max <= 0 means no limit; a library may overrun a short one.
 * @effects alloc=yes (arena and solver) block=for the solve; not for the step */
SG_MUST_CHECK sg_status sg_dispatch_solve(const sg_dispatch *problem, double seconds_max,
                                          sg_arena *arena, sg_schedule *ret);

/* The same with a choice of solver. SG_UNAVAILABLE: that solver is not on this machine. */
SG_MUST_CHECK sg_status sg_dispatch_solve_with(const sg_dispatch *problem,
                                               const sg_dispatch_options *options, sg_arena *arena,
                                               sg_schedule *ret);

/* An empty schedule of the problem's shape: objective NaN, series zero, prices NaN. @effects alloc=yes (arena) block=no */
SG_MUST_CHECK sg_status sg_schedule_create(const sg_dispatch *problem, sg_arena *arena,
                                           sg_schedule *ret);

static inline int sg_dispatch_zone_count(const sg_dispatch *problem)
{
    return problem->zones ? problem->zone_count : 1;
}

static inline const double *sg_dispatch_load_kw(const sg_dispatch *problem, int zone)
{
    return problem->zones ? problem->zones[zone].load_kw : problem->load_kw;
}
#endif
