/* bench_plan.h - the planner and its peers on the same programs. Private to the command line.
 *
 * Peers    Clp through its C interface, and HiGHS through Python (module highspy, else SciPy's), each by
 *          every method of it. The program reaches them written out as one linear program.
 * Times    seconds, medians. `solve_s` is the solver alone with the program already in it; `call_s`
 *          is from the program in our memory, or in Python's arrays, to the answer.
 * Source   none: measured here. */
#ifndef SG_CLI_BENCH_PLAN_H
#define SG_CLI_BENCH_PLAN_H
#include "base/pool.h"
#include "base/status.h"
#include "cli/bench_problem.h"
#include "plan/lp_backend.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SG_BENCH_ROUND_MAX = 1000 };

/* How often and how long. A solver is asked `repeats` times, fewer where that takes longer than
 * seconds_max, at least once; HiGHS stops a solve that takes ten times that. */
typedef struct sg_bench_effort {
    int repeats;
    double seconds_max; /* for one solver on one program                 */
    sg_pool *pool;      /* threads for the planner's own; NULL = one     */
} sg_bench_effort;

/* One solver on one program. */
typedef struct sg_bench_answer {
    char solver[48]; /* "clp 1.17.6", "highs-ipm 1.7.2" */
    int repeats;     /* 0 = it is not here              */
    sg_outcome outcome;
    double solve_s, call_s; /* NAN where it cannot be told apart */
    double objective;       /* money, as in symgrid.schedule/1 */
    int64_t iterations;
} sg_bench_answer;

/* The planner's own solver on the program, from nothing. SG_UNAVAILABLE: it is not made for this shape.
 * @effects alloc=yes block=for the solves */
SG_MUST_CHECK sg_status sg_bench_own(const sg_bench_site *site, const sg_bench_effort *effort,
                                     sg_bench_answer *ret);
/* Again after every load moved by up to 1 %: by pivots from the basis it ended with, and by the interior point
 * from the plan it ended with. call_s of the first is a whole call of the planner, proof included. The site keeps
 * the loads of the last round. */
SG_MUST_CHECK sg_status sg_bench_own_again(sg_bench_site *site, const sg_bench_effort *effort,
                                           sg_bench_answer *ret);
SG_MUST_CHECK sg_status sg_bench_interior_again(sg_bench_site *site, const sg_bench_effort *effort,
                                                sg_bench_answer *ret);
/* One store between two prices by merging slopes (plan/arbitrage.h). */
SG_MUST_CHECK sg_status sg_bench_slope(const sg_bench_site *site, const sg_bench_effort *effort,
                                       sg_bench_answer *ret);
/* The block that it asks for; NAN where it is not made for this shape. */
double sg_bench_own_bytes(const sg_dispatch *problem);

/* One call of the planner with this solver: the time of everything. */
SG_MUST_CHECK sg_status sg_bench_call(const sg_dispatch *problem, sg_dispatch_solver solver,
                                      sg_pool *pool, double *ret_s);

/* Clp on the program, from nothing. @effects alloc=yes block=for the solves */
SG_MUST_CHECK sg_status sg_bench_clp(const sg_bench_site *site, const sg_bench_effort *effort,
                                     sg_bench_answer *ret);
/* The same model again after every load moved by up to 1 %, from the basis it ended with: dual simplex.
 * The site keeps the loads of the last round. */
SG_MUST_CHECK sg_status sg_bench_clp_again(sg_bench_site *site, const sg_bench_effort *effort,
                                           sg_bench_answer *ret);

/* What a point of a scaled program costs, as in symgrid.schedule/1. @effects alloc=no block=no fails=never */
double sg_bench_money(const sg_lp_model *model, const double *value, const sg_dispatch *problem);

/* Clp's dual simplex on the model from a basis that nobody has solved it from yet (pivot.h: stand). ret_s: without the
 * loading. @effects alloc=yes block=for the solve */
SG_MUST_CHECK sg_status sg_bench_clp_from(const sg_lp_model *model, const signed char *stand,
                                          const sg_dispatch *problem, double seconds_max,
                                          sg_bench_answer *ret, double *ret_s);

/* The same by HiGHS: a program and its basis behind others in a file, and the file through Python.
 * repeats = 0 where the module cannot. */
bool sg_bench_highs_put(FILE *file, const sg_lp_model *model, const signed char *stand);
SG_MUST_CHECK sg_status sg_bench_highs_from(const char *path, const sg_dispatch *last,
                                            const sg_bench_effort *effort, sg_bench_answer *ret);

enum { SG_BENCH_SHIFT_MAX = 3 };

/* The horizon moves on by a step, `repeats` times: what the first step of the last plan left is where the next begins. All
 * start from the same basis, that of the planner's last plan moved on by one step, and solve the same programs. The first
 * answer is the planner's own, whose call_s is the whole call; the others are there with `peers` only.
 * @effects alloc=yes block=for the solves; a temporary file */
SG_MUST_CHECK sg_status sg_bench_shift(int steps, int stores, const sg_bench_effort *effort,
                                       bool peers, sg_bench_answer ret[SG_BENCH_SHIFT_MAX],
                                       int *ret_count);

enum { SG_BENCH_HIGHS_MAX = 2 };

/* HiGHS by each of its methods from nothing, and `rounds` times again by dual simplex as above (repeats = 0
 * where the module cannot). SG_UNAVAILABLE: no Python here, or no HiGHS in it.
 * @effects alloc=yes block=for the solves, in another process; a temporary file */
SG_MUST_CHECK sg_status sg_bench_highs(sg_bench_site *site, const sg_bench_effort *effort,
                                       int rounds, sg_bench_answer ret_cold[SG_BENCH_HIGHS_MAX],
                                       int *ret_count, sg_bench_answer *ret_again);

/* A site of so many steps and stores, or the arbitrage of one store. */
typedef struct sg_bench_size {
    int steps, stores; /* stores = SG_BENCH_ARBITRAGE */
} sg_bench_size;

enum { SG_BENCH_ARBITRAGE = -1 };

enum { SG_BENCH_SIZE_MAX = 64 };

/* Ways of asking. A site is raced in the first three, a store between two prices in the last. */
enum {
    SG_BENCH_COLD = 1,
    SG_BENCH_AGAIN = 2,
    SG_BENCH_SHIFT = 4,
    SG_BENCH_SLOPES = 8,
    SG_BENCH_ALL_RACES = 15
};

typedef struct sg_bench_plan_options {
    const sg_bench_size *sizes;
    int size_count;
    unsigned races; /* sum of the above */
    int repeats;
    int threads; /* for the planner's own */
    bool peers, json;
} sg_bench_plan_options;

/* Everything, as a table or a symgrid.bench/1 document on stdout. An exit status. */
int sg_bench_plan(const sg_bench_plan_options *options);
#endif
