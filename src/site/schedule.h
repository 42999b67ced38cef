/* schedule.h - classes, weights and minimums of loads by time of day.
 *
 * Rule     from `from` to `to` of a local day (past midnight where `to` is not later), on certain weekdays and dates, some loads have
 *          another class, weight or minimum. A window belongs to the day on which it begins. Of two rules that hold at once the
 *          later one counts, key by key; where none holds, what stands with the load.
 * Clock    that of the frames, by the rule's zone: in spring a window within the hour that is left out does not come, in autumn one
 *          within the hour that comes twice comes twice.
 * Memory   rules are plain values; what loads have by themselves is kept in the plant's block. */
#ifndef SG_SITE_SCHEDULE_H
#define SG_SITE_SCHEDULE_H
#include "base/zone.h"

#include <stdbool.h>

enum { SG_SCHEDULE_MAX = 64, SG_SCHEDULE_DATE_MAX = 32 };

typedef struct sg_load_rule {
    double weight, minimum_w; /* 0 and < 0: not changed */
    int32_t load_class;       /* < 0: not changed       */
    int32_t load_first, load_count;
    int32_t from_s, to_s;             /* of the local day, to_s <= from_s: of the next one */
    int32_t days;                     /* bit 0: Sunday          */
    int32_t date_count, except_count; /* on these dates too, on those never: days since 1970 */
    int32_t date[SG_SCHEDULE_DATE_MAX], except[SG_SCHEDULE_DATE_MAX];
    sg_zone zone;
} sg_load_rule;

/* Does it hold at this instant? @effects alloc=no block=no fails=never */
bool sg_schedule_holds(const sg_load_rule *self, int64_t time_us);
#endif
