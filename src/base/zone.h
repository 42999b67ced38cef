/* zone.h - local time by rule: an offset from UTC, and another one in summer.
 *
 * Text     "UTC-5" and the like (time.h), or the rule of POSIX's TZ in its M form: "CET-1CEST,M3.5.0,M10.5.0/3". There the sign is
 *          POSIX's: "EST5" is five hours behind UTC. Names are ignored. Dates by day of the year (Jn, n) are not taken.
 * Limits   one rule for all years.
 * Source   POSIX.1-2017, Base Definitions, 8.3, TZ; hours of a change from -167 to 167 as in RFC 8536. */
#ifndef SG_BASE_ZONE_H
#define SG_BASE_ZONE_H
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Day `weekday` (0 Sunday) of week `week` (1..5, 5: the last one) of a month, at time_s after midnight. */
typedef struct sg_zone_change {
    int32_t month, week, weekday, time_s;
} sg_zone_change;

typedef struct sg_zone {
    int32_t standard_s, summer_s; /* east of UTC */
    int32_t has_summer, pad;
    sg_zone_change begin, end; /* of summer time: in local standard and in local summer time */
} sg_zone;

/* Whole text or SG_FORMAT. @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_zone_rule_parse(const char *text, size_t length, sg_zone *ret);

/* Seconds east of UTC at an instant. @effects alloc=no block=no fails=never */
int32_t sg_zone_offset_s(const sg_zone *self, int64_t time_us);
#endif
