/* schedules.h - what the schedules of a site (schedule.h) make of its plant: once a minute, at no cost otherwise. */
#ifndef SG_SITE_SCHEDULES_H
#define SG_SITE_SCHEDULES_H
#include "site/plant.h"

/* Give every load that has rules the class, weight and minimum that hold at this instant. True where any rule has begun or ended:
 * what was prepared with the old ones is to be prepared anew. @effects alloc=no block=no fails=never */
bool sg_schedules_apply(const sg_plant *plant, int64_t time_us);

/* The rules that held when last looked at: bit i is rule i. */
static inline uint64_t sg_schedules_held(const sg_plant *plant)
{
    return plant->head->schedule_mask;
}
#endif
