/* extremes.h - fmin and fmax without a call, for loops over time. Private to src/plan.
 *
 * As there, what is no number (b) is passed over. @effects alloc=no block=no fails=never */
#ifndef SG_PLAN_EXTREMES_H
#define SG_PLAN_EXTREMES_H

static inline double sg_lesser(double a, double b)
{
    return b < a ? b : a;
}

static inline double sg_larger(double a, double b)
{
    return b > a ? b : a;
}
#endif
