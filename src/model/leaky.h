/* leaky.h - the store that loses at a rate: dE/dt = -rate E - drain, and what flows, less its losses.
 *
 * Exact for a constant power over the step: two half steps give what one step gives, as long as no limit is met between
 * them. An empty store stays empty: what would drain it further is not counted.
 *
 * Units    W at the bus, J held, s. Sign: power > 0 flows into the bus.
 * Memory   plain values; pure. */
#ifndef SG_MODEL_LEAKY_H
#define SG_MODEL_LEAKY_H

typedef struct sg_leaky {
    double capacity_j;                    /* > 0              */
    double charge_w_max, discharge_w_max; /* >= 0, at the bus */
    double charge_frac, discharge_frac;   /* 0 < x <= 1       */
    double rate_per_s;                    /* >= 0             */
    double drain_w;                       /* >= 0             */
} sg_leaky;

/* What a request comes to. *held_j goes to its value after dt_s, within 0 and capacity; returned is the power, of the
 * request's sign and not above it; *ret_loss_j = held before - held after - power dt_s.
 * @effects alloc=no block=no fails=never */
double sg_leaky_step(const sg_leaky *self, double request_w, double dt_s, double *held_j,
                     double *ret_loss_j);
#endif
