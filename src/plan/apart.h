/* apart.h - a plan in which no store charges another; private to src/plan.
 *
 * Why      with negative prices, or where cost is equal, a schedule may let one store feed another: losses for nothing, which the
 *          envelope would refuse in the step. What flows between stores is taken out of both sides; what a store then does not
 *          have when the schedule counts on it, others of its side give or take, or else the grid.
 * Keeps    the sum of all stores' powers of a step plus the exchange with the grid, so the balance stands; each store within its
 *          power and between its floor and its capacity. */
#ifndef SG_PLAN_APART_H
#define SG_PLAN_APART_H
#include "site/plan.h"

/* @effects alloc=no block=no fails=never */
void sg_plan_keep_apart(const sg_outlook *outlook, sg_plan *plan);
#endif
