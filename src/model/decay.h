/* decay.h - exponential loss over a step, exactly.
 *
 * Under dE/dt = -k E - c, with c constant over the step,
 *     E(dt) = E(0) keep - c span,  keep = e^(-k dt),  span = (1 - keep) / k,
 * and two half steps give what one step gives. */
#ifndef SG_MODEL_DECAY_H
#define SG_MODEL_DECAY_H
#include <math.h>

/* A loss stated as a share an hour, 0 <= share < 1, as a rate, 1/s. @effects alloc=no block=no fails=never */
static inline double sg_decay_rate_per_s(double share_per_h)
{
    return -log1p(-share_per_h) / 3600;
}

/* And back. @effects alloc=no block=no fails=never */
static inline double sg_decay_share_per_h(double rate_per_s)
{
    return -expm1(-rate_per_s * 3600);
}

static inline double sg_decay_keep_frac(double rate_per_s, double dt_s)
{
    return exp(-rate_per_s * dt_s);
}

/* dt_s where nothing decays. @effects alloc=no block=no fails=never */
static inline double sg_decay_span_s(double rate_per_s, double dt_s)
{
    double x = rate_per_s * dt_s;
    return x > 1e-300 ? -expm1(-x) / rate_per_s : dt_s;
}
#endif
