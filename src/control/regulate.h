/* regulate.h - what the site does for the grid with its stores, on top of the plan: a regulation signal, frequency droop, and a
 * contract on the site's own power.
 *
 * Sum      the stores with duty `energy` or `power` (the mix) give together, beyond what plan and rules have decided,
 *            contract   what the site would draw - a target that keeps within `band` of its own trend and moves by at most `ramp`
 *            signal     capability * signal
 *            droop      droop power by the frequency beyond its dead band
 *            recentring a slow drift towards the middle of the mix's energy, so that no day fills or empties it. It is
 *                       at most recentre * capability * (the signal's mean size)^3: what it costs of the score is its share of
 *                       the signal's mean size, so it works while the signal is large and nearly rests while it is small.
 *          within what the connection carries, the stores' ratings, energies and reserves, and the breakers above them.
 * Scales   each kind of store takes the part of its own time scale: stores with duty `energy` together the slowest, then the groups
 *          with duty `power`, those that last longest first. A stage leaves to the faster ones what a low pass with 15 %
 *          of the next one's duration at full power does not follow, and brings them back to half full. What one cannot do the others take over,
 *          so that the sum is given as long as any of them can.
 * Rests    in the policy `static`, without a grid, at steps over 5 s (swings of seconds are averaged out there).
 * Units    W, s, Hz. Sign: > 0 flows into the site bus.
 * Memory   one flat value in the engine's block; no padding. Nothing is allocated, loops are bounded by groups and stores.
 * Source   droop: IEEE 1547-2018 section 6.5.2.7. */
#ifndef SG_CONTROL_REGULATE_H
#define SG_CONTROL_REGULATE_H
#include "site/services.h"

typedef struct sg_regulation {
    double target_w, trend_w; /* contract: what the site is to draw, and its slow mean     */
    double net_w, change_w;   /* what it would draw, and how that has changed              */
    double size_frac;         /* running mean of |signal|                                  */
    double recentre_w;
    double contract_w, signal_w, droop_w; /* asked of the mix in the last step             */
    double base_w;    /* what the mix was to do without signal and recentring              */
    int32_t active;   /* in the last step                                                  */
    int32_t tracking; /* and the signal could be read                                      */
} sg_regulation;

/* Power that droop asks for at a frequency, -droop_w..droop_w. @effects alloc=no block=no fails=never */
double sg_droop_w(const sg_services *services, double frequency_hz);
#endif
