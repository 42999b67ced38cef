/* schedule.h - what a schedule costs, misses and proves, by the rules of the format alone; private
 * to src/plan.
 *
 * Use      a solver writes powers, energies, unserved work and prices, then sg_schedule_finish
 *          derives the rest. No solver's word is taken for anything that can be computed here.
 * Units    as in dispatch.h.
 * Bound    the prices are multipliers of the balances, the stores' dynamics, the ramp, the peaks, the
 *          reserve and the work to be done. For any prices the least value of the Lagrangian over all other
 *          constraints is a lower bound of every schedule's cost (weak duality); it equals the cost
 *          when the prices are optimal. A power without limit whose reduced cost is below zero by
 *          rounding only (1e-7 of the prices it is made of) counts as zero.
 * Source   docs/formats.md, "symgrid.dispatch/1". */
#ifndef SG_PLAN_SCHEDULE_H
#define SG_PLAN_SCHEDULE_H
#include "plan/dispatch.h"

/* From powers, energies and prices to the rest: rounding below zero leaves the prices of
 * reserve and peaks, flows both ways that earn nothing are netted, then peaks, circulation, objective, residual_kw, bound and relative_gap are written.
 * @effects alloc=no block=no fails=never */
void sg_schedule_finish(const sg_dispatch *problem, sg_schedule *self);

/* The parts of it; the cost needs the peaks.
 * @effects alloc=no block=no fails=never */
void sg_schedule_net_out(const sg_dispatch *problem, sg_schedule *self);
void sg_schedule_find_peaks(const sg_dispatch *problem, sg_schedule *self);
void sg_schedule_find_circulation(const sg_dispatch *problem, sg_schedule *self);
double sg_schedule_cost(const sg_dispatch *problem, const sg_schedule *self);

/* Largest miss of a balance, limit, ramp, reserve, energy range or job, kW, or kWh for energies.
 * @effects alloc=no block=no fails=never */
double sg_schedule_residual_kw(const sg_dispatch *problem, const sg_schedule *self);

/* The bound that the schedule's prices prove; -INFINITY where they prove nothing.
 * @effects alloc=no block=no fails=never */
double sg_schedule_bound(const sg_dispatch *problem, const sg_schedule *self);
#endif
