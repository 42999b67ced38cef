#include "plan/slots.h"

#include <math.h>

static const double rest_frac = 0.01; /* of the most that the group does */

static double rest_below_w(const sg_plan *plan, int s)
{
    double most_w = 0;
    for (int t = 0; t < plan->steps; t++) {
        most_w = fmax(most_w, fabs(plan->store_w[s][t]));
    }
    return fmax(rest_frac * most_w, 1);
}

static sg_slot_kind kind_of(double power_w, double rest_w)
{
    return fabs(power_w) < rest_w ? SG_SLOT_REST : power_w > 0 ? SG_SLOT_DISCHARGE : SG_SLOT_CHARGE;
}

int sg_plan_slots(const sg_plan *plan, int s, int64_t now_us, int max, sg_plan_slot *ret)
{
    double rest_w = rest_below_w(plan, s), step_s = (double)plan->step_us * 1e-6;
    int count = 0;
    if (now_us < plan->start_us) {
        return 0;
    }
    int64_t now = (now_us - plan->start_us) / plan->step_us;
    for (int t = now < plan->steps ? (int)now : plan->steps; t < plan->steps; t++) {
        double w = plan->store_w[s][t];
        sg_slot_kind kind = kind_of(w, rest_w);
        if (count == 0 || ret[count - 1].kind != (int32_t)kind) {
            if (count == max) {
                break;
            }
            ret[count++] = (sg_plan_slot){.group = plan->store_group[s],
                                          .kind = (int32_t)kind,
                                          .start_us = plan->start_us + t * plan->step_us};
        }
        sg_plan_slot *slot = &ret[count - 1];
        slot->end_us = plan->start_us + (t + 1) * plan->step_us;
        slot->energy_j += kind == SG_SLOT_REST ? 0 : fabs(w) * step_s;
    }
    for (int i = 0; i < count; i++) {
        double mean_w = ret[i].energy_j / ((double)(ret[i].end_us - ret[i].start_us) * 1e-6);
        ret[i].power_w = ret[i].kind == SG_SLOT_CHARGE ? -mean_w : mean_w;
    }
    return count;
}
