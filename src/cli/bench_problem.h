/* bench_problem.h - the programs that the planner is timed on. Private to the command line.
 *
 * DISP(T,S) a site over T steps with S stores: sun, a tariff with a spread, a demand charge per 730 h, a
 *           ramp, reserve in both directions, load that may be shed, batteries and flywheels by turns.
 * ARB(T)    one battery between the prices of buying and selling, and nothing else.
 * Steps     a quarter of an hour up to 3,000 of them and for a whole year (35,040); an hour between.
 * Units     as in plan/dispatch.h. Equal arguments give equal programs.
 * Memory    one block, freed by sg_bench_site_free. The record points into it. */
#ifndef SG_CLI_BENCH_PROBLEM_H
#define SG_CLI_BENCH_PROBLEM_H
#include "base/arena.h"
#include "base/status.h"
#include "plan/dispatch.h"

enum { SG_BENCH_STEP_MAX = 100000, SG_BENCH_STORE_MAX = 64 };

typedef struct sg_bench_site {
    sg_dispatch problem;
    double *load_kw;            /* what problem.load_kw points at */
    const double *load_base_kw; /* before any jitter              */
    sg_dispatch_source *source; /* what the problem points at     */
    sg_dispatch_store *stores;
    sg_dispatch_demand *demand;
    sg_dispatch_shed *batch;
    sg_arena arena;
} sg_bench_site;

/* @effects alloc=yes block=no */
SG_MUST_CHECK sg_status sg_bench_site_create(int steps, int stores, sg_bench_site *ret);
/* One whose horizon may move on by up to `ahead` steps. */
SG_MUST_CHECK sg_status sg_bench_site_create_ahead(int steps, int stores, int ahead,
                                                   sg_bench_site *ret);
SG_MUST_CHECK sg_status sg_bench_arbitrage_create(int steps, sg_bench_site *ret);
void sg_bench_site_free(sg_bench_site *self);

/* Every load within 1 % of what it was at first; each round draws anew. */
void sg_bench_site_jitter(sg_bench_site *self, int round);

/* A step later, of at most `ahead`, as the plan has it: what the stores hold, the ramp's last power, the peak so far. A new step
 * comes at the end; the last demand period grows with the horizon. */
void sg_bench_site_step(sg_bench_site *self, const sg_schedule *plan);

/* The money that the program leaves out of its objective: peaks that are paid for already. A peer, which sees
 * the linear program alone, counts it in. @effects alloc=no block=no fails=never */
double sg_bench_paid_already(const sg_dispatch *problem);
#endif
