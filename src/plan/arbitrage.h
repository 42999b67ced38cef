/* arbitrage.h - one store against the grid: the exact optimum of the dispatch program in a few microseconds.
 *
 * A dispatch program with a single store and nothing that ties steps together but the store's energy is a shortest path
 * over a convex cost. The cost of ending a step with some energy is convex and made of straight pieces; a step adds the
 * pieces of its own cost, sorted by slope, and cuts what leaves the energy range off either end. Steps x pieces, no
 * pivots, no factorisation. What is cut off gives the price of stored energy by itself, the prices give the schedule,
 * and prices and schedule prove each other (sg_schedule.bound).
 *
 * Charging and discharging at once is allowed by the program and pays where energy costs less than nothing: it is one
 * more piece of a step's cost, so that the optimum is that of the linear program in every case.
 *
 * Units    kW, kWh, money per kWh, as in dispatch.h.
 * Memory   the caller's: sg_arbitrage_size bytes, aligned for double; nothing is allocated.
 * Source   slope merging: the infimal convolution of convex piecewise linear functions (R. T. Rockafellar, Convex
 *          Analysis, 1970, sections 5 and 16); for one store also J. Cruise et al., arXiv 1406.3653. */
#ifndef SG_PLAN_ARBITRAGE_H
#define SG_PLAN_ARBITRAGE_H
#include "plan/dispatch.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether the problem has the form: one zone, one store, no shiftable load, no reserve, no ramp, no demand charge above
 * zero. Sources, sheddable load and any prices may be there. Only the form is read, not the series.
 * @effects alloc=no block=no fails=never */
bool sg_arbitrage_fits(const sg_dispatch *problem);

/* Bytes that a solve needs, 0 for a problem that does not fit. @effects alloc=no block=no fails=never */
size_t sg_arbitrage_size(const sg_dispatch *problem);

/* Solve a valid problem (finite series, ranges as in docs/formats.md) into a schedule of sg_schedule_create. SG_RANGE: it
 * does not fit; SG_NOMEM: size is too small. Otherwise SG_OK, and the outcome is one of
 *   SG_SOLVED      the whole schedule, its prices and the bound they prove
 *   SG_INFEASIBLE  the limits cannot be met: objective NaN, series zero
 *   SG_UNBOUNDED   a grid without limits that buys dearer than it sells: objective NaN, series zero
 *   SG_NUMERIC     numbers too large for a double
 * Of several optima the one that moves the store least at each step is taken.
 * @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_arbitrage_solve(const sg_dispatch *problem, void *memory, size_t size,
                                           sg_schedule *ret);
#endif
