/* transfer.h - the Pi0-QTEN study's arbitrage over periods of time (3.3, 7.3), number for number, and the optimum beside it.
 *
 * Energy is moved from one period to another: bought at the first one's price, sold at the second's, with a cost and an
 * efficiency for each pair. The study's formula of the profit is
 *     3.3   sum over pairs of  energy * (price_to - price_from - cost) * efficiency.
 * Its program text (7.3) differs from it in ways that are kept and told:
 *   - the matrix already holds the profit of moving max_energy, and the plan's total multiplies that by the energies again;
 *   - a transfer is given `efficiency` units of energy, a share where an amount is meant;
 *   - max_energy is not asked for again, so the plan may take more from a period, or bring more to it, than that.
 * The optimum is the most that 3.3 gives where each period gives at most max_energy and receives at most max_energy (as
 * sent), all together at most available_energy, and no pair with an efficiency outside 0..1 is used. The formula charges the
 * price of what arrives, not of what was bought; what a store earns that pays for its losses is arbitrage.h's answer.
 *
 * Units    the caller's: money per unit of energy, energies in that unit; efficiencies 0..1, above 1 refused.
 * Shape    matrices are rows [from][to] of `periods` values.
 * Memory   the caller's arrays. */
#ifndef SG_PLAN_TRANSFER_H
#define SG_PLAN_TRANSFER_H
#include "base/status.h"

#include <stddef.h>

enum { SG_TRANSFER_PERIODS_MAX = 400 };

typedef struct sg_transfer {
    int periods;
    const double *price, *cost, *efficiency; /* [from]; [from][to]; [from][to] */
    double max_energy, available_energy;     /* >= 0 */
} sg_transfer;

typedef struct sg_transfer_plan {
    double *energy;        /* [from][to], the caller's */
    double profit;         /* by 3.3                                               */
    double printed_profit; /* by the study's own total; NAN for the optimum        */
    double bound;          /* proved: no plan earns more; NAN for the greedy one   */
    double remaining;      /* of the available energy                              */
    double excess;         /* most by which a limit of the optimum is passed, >= 0 */
    int refused;           /* pairs whose efficiency no device has, above 1 or below 0 */
} sg_transfer_plan;

/* 7.3, calculate_optimal_arbitrage. @effects alloc=no block=no fails=never */
void sg_transfer_matrix(const sg_transfer *self, double *ret_matrix);

/* 7.3, execute_arbitrage_plan on that matrix. SG_NOMEM. @effects alloc=yes (freed again) block=no */
SG_MUST_CHECK sg_status sg_transfer_greedy(const sg_transfer *self, const double *matrix,
                                           sg_transfer_plan *ret);

/* The optimum by linear programming. SG_NOMEM, SG_UNAVAILABLE (the solver failed).
 * @effects alloc=yes (freed again) block=for the solve */
SG_MUST_CHECK sg_status sg_transfer_optimum(const sg_transfer *self, sg_transfer_plan *ret);
#endif
