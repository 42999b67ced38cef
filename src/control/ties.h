/* ties.h - what flows over the ties between feeders. Private to the control room.
 *
 * When     a feeder is to carry more than it may, now or in a second (relief.c), the min-cost flow says which ties carry how much of
 *          it, beside the stores below it: least loss first, out of what feeders and stores elsewhere have left.
 * Limits   the tie's rating; what the feeders of the giving side have left beyond what is wanted behind them; what may flow up
 *          through those of the taking side, should the loads there fall away; and the voltage: no node behind the feeders of the
 *          giving side falls below its limit. Voltages are those of a radial feeder, V_r = V_s - R P_s / V_s per unit, with what is
 *          expected to be drawn and its losses at full load, both a little high.
 * Trust    what is told is taken off the giving side's limits at once; the taking side's rise only by what the tie was measured to
 *          carry in the interval before, and never beyond what their breakers bear until its loss is answered. A tie that does not
 *          follow for a second is asked for little more than it shows; one that is not read carries nothing.
 * Sign     tie_w > 0 flows from `from` to `to`, counted at the end that gives.
 * Source   DistFlow, M. E. Baran, F. F. Wu, IEEE Trans. Power Delivery 4 (1989) 725, for a power factor of one. */
#ifndef SG_CONTROL_TIES_H
#define SG_CONTROL_TIES_H
#include "control/flows.h"

/* Looks at the last command, so it comes first in the step; then all rest. @effects alloc=no block=no fails=never */
void sg_ties_begin(const sg_flows *f);
/* Where a neighbour has something to lend, the breakers that want it are kept cooler: they give up the last of what they could carry
 * for ever, and may rely on several times that. Lowers node_leaf_w and node_room_w; after node_expect_w is known.
 * @effects alloc=no block=no fails=never */
void sg_ties_cool(const sg_flows *f);
/* Fills tie_can_w and tie_fixed for the min-cost flow. @effects alloc=no block=no fails=never */
void sg_ties_able(const sg_flows *f);
/* Of what the min-cost flow put into tie_w, is more than voltages allow by what is wanted now? Then tie_can_w is less, and the flow
 * is to be found anew, so that others carry the rest. @effects alloc=no block=no fails=never */
bool sg_ties_sag(const sg_flows *f);
/* From what the min-cost flow put into tie_w and tie_taker to what is told; after the stores' relief. Changes node_room_w and
 * node_flow_w. @effects alloc=no block=no fails=never */
void sg_ties_carry(const sg_flows *f);
/* What stores take behind a feeder that gives is cut to what the voltages there leave. In the envelope, before any sum is taken;
 * overwrites node_used_w and node_room_w. @effects alloc=no block=no fails=never */
void sg_ties_charging(const sg_flows *f);
/* Nothing is carried. @effects alloc=no block=no fails=never */
void sg_ties_rest(const sg_flows *f, sg_reason reason);
/* What may arrive at each node's feeder from below over ties, onto power_w[node]. @effects alloc=no block=no fails=never */
void sg_ties_upwards(const sg_flows *f, double *power_w);
/* Last: what is told is finite and within its limits. @effects alloc=no block=no fails=never */
void sg_ties_check(const sg_flows *f);
#endif
