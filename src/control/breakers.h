/* breakers.h - how hot each breaker is, and what it may carry in the interval that begins. Private to the control room.
 *
 * Heat     of every node whose trip curve is known, as a share of its trip, from the measured power of the interval that ended
 *          (model/breaker.h, exact for a constant current). A reading that is held, stale or marked counts for no less than the
 *          worst that the command in force allowed. What was before the first step is not known: heat begins at the bound.
 * Limit    such that it could last for hold_s (two steps where those are longer) before the heat passes 80 % of the trip. It
 *          falls smoothly as the heat rises and ends at what the breaker holds below the bound for ever: 89 % of the rating for
 *          thermal-magnetic ones, the pickup for relays. Above the bound it is the continuous limit, 80 % of the rating. Never
 *          above `limit`, twice the rating, or 80 % of the instantaneous trip.
 * Nodes    without a curve have the limit that they always had, 80 % of the rating and no heat.
 * Voltage  the rating counts at the lowest voltage that the cables leave (plant.c): less voltage, more current.
 * Source   IEC 60255-151, IEEE C37.112, UL 489 by way of model/breaker.h; 80 %: notes on protection in docs/breakers.md. */
#ifndef SG_CONTROL_BREAKERS_H
#define SG_CONTROL_BREAKERS_H
#include "control/flows.h"

/* Fills node_heat, node_may_w, node_leaf_w and node_brief_w. Looks at the last command, so it comes before everything that
 * makes a new one. task_w: the most that tasks drew at the root. @effects alloc=no block=no fails=never */
void sg_breakers_step(const sg_flows *f, double dt_s, double task_w);

/* Feeders with a partner: node_leaf_w of both so that either can carry what both do, should the other be lost (N-1), or can
 * carry it now that it is lost. Looks at node_flow_w. True where there are such pairs: flows above them may be less then.
 * @effects alloc=no block=no fails=never */
bool sg_breakers_pairs(const sg_flows *f);
/* What loads below node n may draw at most because stores there give, as they say: what the breaker itself would bear for 6 s
 * before its heat passes 78 % of the trip, should it be a lie. By its own meter alone, so no store's reading is needed to be
 * true; 0 while that meter is not read, or not believed. Without a known curve, of a body that trips in 10 s at twice its
 * rating; INFINITY without a limit, or then in long steps. @effects alloc=no block=no fails=never */
double sg_breakers_bear_w(const sg_flows *f, int n);
/* What may be drawn below node n while its breaker is kept cool enough for relief: near the bound it would bear none. Its limit as it
 * is without a known curve. @effects alloc=no block=no fails=never */
double sg_breakers_cool_w(const sg_flows *f, int n);
#endif
