/* program.h - the dispatch problem written out as a linear program; private to src/plan.
 *
 * Units    kW, kWh and money per kWh as in dispatch.h; columns are named by their first index,
 *          blocks of `steps` columns follow one another.
 * Memory   the linear program is the caller's to free (sg_lp_free); the rest lives in the scratch
 *          arena.
 * Source   docs/formats.md, "symgrid.dispatch/1". */
#ifndef SG_PLAN_PROGRAM_H
#define SG_PLAN_PROGRAM_H
#include "base/arena.h"
#include "base/status.h"
#include "plan/dispatch.h"
#include "plan/lp.h"

#include <stdbool.h>

/* What may give way, dearest first. */
typedef enum sg_tier {
    SG_TIER_BALANCE,
    SG_TIER_RANGE,
    SG_TIER_RESERVE,
    SG_TIER_FINAL,
    SG_TIER_RAMP,
    SG_TIER_COUNT
} sg_tier;

typedef enum sg_slack_kind {
    SG_SLACK_SHORT,
    SG_SLACK_SURPLUS,
    SG_SLACK_ENERGY_MIN,
    SG_SLACK_ENERGY_MAX,
    SG_SLACK_RESERVE_UP,
    SG_SLACK_RESERVE_DOWN,
    SG_SLACK_FINAL,
    SG_SLACK_RAMP
} sg_slack_kind;

/* One column that lets a row give way for some hours (1 for an energy at the end). */
typedef struct sg_slack {
    sg_slack_kind kind;
    sg_tier tier;
    int column, step; /* -1 = of no step                                             */
    int item;         /* zone of a balance, store of an energy; -1 = of neither      */
    double hours;
} sg_slack;

typedef struct sg_program {
    const sg_dispatch *problem;
    sg_lp lp;
    double hours; /* of a step */
    bool elastic;
    int balance;                         /* first of `steps` rows per zone        */
    int dynamics;                        /* first of `steps` rows per store       */
    int ramp;                            /* first row, of step ramp_from; -1 none */
    int ramp_from;                       /* 1 where step 0 has nothing to follow  */
    int peak_rows;                       /* first row, period by period, step by step */
    int work;                            /* first row, one per shiftable          */
    int *reserve_up, *reserve_down;      /* [step] rows; -1 where there is no need */
    int source, link_forward, link_back; /* first columns, blocks of `steps`      */
    int import, export, peak;            /* first columns                         */
    int charge, discharge, energy, shed; /* energy + t stands for the energy after step t */
    int range_min, range_max; /* slacks beside energy, every second column; elastic only */
    int *shift;               /* [shiftable] first column, for step `from` */
    int unserved, share;      /* share: first column of the reserve */
    sg_slack *slacks;
    int slack_count, slack_size;
} sg_program;

/* Ranges and finiteness of everything the program reads. @effects alloc=no block=no */
bool sg_dispatch_is_valid(const sg_dispatch *problem);

/* Write out a valid problem into a zeroed program, or one of before, whose memory is used again; elastic adds a slack to every row and range that can make it
 * infeasible. On SG_NOMEM the linear program still has to be freed. @effects alloc=yes block=no */
SG_MUST_CHECK sg_status sg_program_build(sg_program *self, const sg_dispatch *problem, bool elastic,
                                         sg_arena *scratch);

/* Which variable (column, or columns + row) of a program each one was, ret_from[column_count + row_count], of a program
 * that begins `shift` steps later and has the same parts: each step takes what the same time had before, what is new at
 * the end what the last step had; -1 = there was none. False where they have not the same parts.
 * @effects alloc=no block=no */
bool sg_program_follow(const sg_program *before, const sg_program *now, int shift, int *ret_from);

/* Where the variables stand (pivot.h), told so. @effects alloc=no block=no fails=never */
void sg_program_tell(const sg_program *now, int shift, const int *from, const signed char *stand,
                     signed char *ret);

/* What counts as next to nothing. */
typedef struct sg_program_trace {
    double kw, price_per_kw;
} sg_program_trace;

/* A schedule of the program's problem as the values of its columns, ret[column_count]; not of an elastic program.
 * @effects alloc=no block=no fails=never */
void sg_program_point(const sg_program *self, const sg_schedule *schedule,
                      const sg_program_trace *trace, double *ret);

/* Powers, energies and unserved work from the columns. @effects alloc=no block=no fails=never */
void sg_program_read(const sg_program *self, const sg_lp_result *result, sg_schedule *ret);

/* Prices from the rows' duals, and the largest miss of a reduced cost; not of an elastic program,
 * whose duals are not money. @effects alloc=no block=no fails=never */
void sg_program_read_prices(const sg_program *self, const sg_lp_result *result, sg_schedule *ret);
#endif
