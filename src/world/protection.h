/* protection.h - the breakers of a simulated plant: they heat, and they trip.
 *
 * Heat     of every node whose trip curve is known, from the true current: power by the voltage that the cables really leave.
 * Trip     at the end of the interval in which the heat reaches the trip. An open breaker stays open: everything below it is
 *          dark, whatever stores and sources are there, and what the loads wanted is not served; but where the node has a
 *          partner that is closed, that one's breaker carries both from then on.
 * Units    W, s. Memory: the caller's arrays; nothing is allocated. @effects of every function: alloc=no block=no fails=never */
#ifndef SG_WORLD_PROTECTION_H
#define SG_WORLD_PROTECTION_H
#include "site/plant.h"

typedef struct sg_protection {
    const sg_site *site;
    const sg_plant *plant;
    double *heat; /* [node] share of the trip, 0..1                             */
    double *pu;   /* [node] voltage of its bus, after sg_protection_step        */
    double *
        state; /* [node] SG_BREAKER_CLOSED, _OPEN, _MOVED (its partner carries it) or _DARK: open above */
    double *carried_w; /* [node] through its breaker, after sg_protection_step   */
    double heat_worst;
    int64_t trips;
} sg_protection;

enum { SG_BREAKER_MOVED = -1, SG_BREAKER_CLOSED, SG_BREAKER_OPEN, SG_BREAKER_DARK };

/* Has node n no supply? */
static inline bool sg_protection_dark(const sg_protection *self, int n)
{
    return self->state[n] > 0;
}

/* The interval that ended: in_w[node] flowed into each node. */
void sg_protection_step(sg_protection *self, const double *in_w, double dt_s);

/* Open a breaker, as a fault of the feeder does. */
void sg_protection_open(sg_protection *self, int n);
#endif
