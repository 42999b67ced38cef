/* slots.h - a plan as a calendar: for each group of stores, when it charges, discharges and rests.
 *
 * Slot     contiguous steps of one kind, from the step that covers the moment on. A power below a hundredth of the most that the
 *          group does in the plan is rest.
 * Units    W at the bus, mean of the slot, > 0 discharge; J at the bus, a magnitude. */
#ifndef SG_PLAN_SLOTS_H
#define SG_PLAN_SLOTS_H
#include "site/plan.h"

/* The slots of the plan's store s from now_us on, at most `max`; returns how many. 0 when the plan does not cover the moment.
 * @effects alloc=no block=no fails=never */
int sg_plan_slots(const sg_plan *plan, int s, int64_t now_us, int max, sg_plan_slot *ret);
#endif
