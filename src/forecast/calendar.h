/* calendar.h - what the clock tells of a row ahead, as inputs that linear models can use.
 *
 * Columns  the day as two harmonics (sine and cosine of one and two turns); whether it is a day off, alone and times each of them, so that
 *          days off have a shape of their own; whether it is a Sunday or holiday, and whether a Monday.
 * Time     local: the caller adds the zone. Days off are Saturday, Sunday and what the caller says is a holiday.
 * @effects alloc=no block=no fails=never */
#ifndef SG_FORECAST_CALENDAR_H
#define SG_FORECAST_CALENDAR_H
#include <stdbool.h>
#include <stdint.h>

enum { SG_CALENDAR_COUNT = 11 };

void sg_calendar_of(int64_t local_us, bool holiday, double ret[SG_CALENDAR_COUNT]);
#endif
