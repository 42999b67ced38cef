#include "plan/apart.h"

#include <math.h>

static const double rounding_w = 1e-6; /* of the solver */

/* A store on its way through the plan. */
typedef struct walker {
    const struct sg_outlook_store *store;
    double energy_j, floor_j, keep_frac, step_s;
    double *power_w; /* [step] in the plan */
} walker;

static walker start(const sg_outlook *outlook, sg_plan *plan, int s)
{
    const struct sg_outlook_store *store = &outlook->store[s];
    double step_s = (double)outlook->step_us * 1e-6;
    double energy_j = fmin(fmax(store->energy_j, 0), store->capacity_j);
    return (walker){.store = store,
                    .energy_j = energy_j,
                    .floor_j = fmin(store->floor_j, energy_j),
                    .keep_frac = pow(1 - store->standing_loss_per_h, step_s / 3600),
                    .step_s = step_s,
                    .power_w = plan->store_w[s]};
}

static double most_out_w(const walker *w)
{
    double free_j = fmax(w->keep_frac * w->energy_j - w->floor_j, 0);
    return fmin(free_j * w->store->discharge_eff / w->step_s, w->store->discharge_w_max);
}

static double most_in_w(const walker *w)
{
    double room_j = fmax(w->store->capacity_j - w->keep_frac * w->energy_j, 0);
    return fmin(room_j / w->store->charge_eff / w->step_s, w->store->charge_w_max);
}

static void advance(walker *w, int t)
{
    double out_w = w->power_w[t];
    double used_w = out_w > 0 ? out_w / w->store->discharge_eff : out_w * w->store->charge_eff;
    w->energy_j = w->keep_frac * w->energy_j - used_w * w->step_s;
    w->floor_j = fmin(w->store->floor_j, fmax(w->floor_j, w->energy_j));
}

/* The smaller side of a step is taken from both, so that the sum stays. Returns the sum. */
static double cancel(walker *walkers, int count, int t)
{
    double give_w = 0, take_w = 0;
    for (int s = 0; s < count; s++) {
        double w = walkers[s].power_w[t];
        *(w > 0 ? &give_w : &take_w) += fabs(w);
    }
    double both_w = fmin(give_w, take_w);
    for (int s = 0; s < count && both_w > rounding_w; s++) {
        double *w = &walkers[s].power_w[t];
        *w *= 1 - both_w / (*w > 0 ? give_w : take_w);
    }
    return give_w - take_w;
}

/* Every store does what it can of its part, then what others could not; returns what is left for the grid. */
static double share_out(walker *walkers, int count, int t, double sum_w)
{
    double left_w = sum_w;
    for (int s = 0; s < count; s++) {
        double *w = &walkers[s].power_w[t];
        *w = fmax(fmin(*w, most_out_w(&walkers[s])), -most_in_w(&walkers[s]));
        left_w -= *w;
    }
    for (int s = 0; s < count && fabs(left_w) > rounding_w; s++) {
        double *w = &walkers[s].power_w[t];
        double more_w = sum_w > 0 ? fmin(left_w, most_out_w(&walkers[s]) - *w)
                                  : fmax(left_w, -most_in_w(&walkers[s]) - *w);
        *w += more_w;
        left_w -= more_w;
    }
    return left_w;
}

void sg_plan_keep_apart(const sg_outlook *outlook, sg_plan *plan)
{
    walker walkers[SG_PLAN_STORE_MAX];
    for (int s = 0; s < plan->store_count; s++) {
        walkers[s] = start(outlook, plan, s);
    }
    for (int t = 0; t < plan->steps; t++) {
        double sum_w = cancel(walkers, plan->store_count, t);
        double left_w = share_out(walkers, plan->store_count, t, sum_w);
        plan->net_w[t] += fabs(left_w) > rounding_w ? left_w : 0;
        for (int s = 0; s < plan->store_count; s++) {
            advance(&walkers[s], t);
        }
    }
}
