#include "forecast/calendar.h"

#include "base/time.h"

#include <math.h>

static const double turn = 6.283185307179586;

void sg_calendar_of(int64_t local_us, bool holiday, double ret[SG_CALENDAR_COUNT])
{
    int64_t day = local_us / SG_US_PER_DAY - (local_us % SG_US_PER_DAY < 0);
    double share = (double)(local_us - day * SG_US_PER_DAY) / (double)SG_US_PER_DAY;
    int64_t weekday = ((day + 3) % 7 + 7) % 7; /* 0: Monday; 1970 began on a Thursday */
    bool sunday = holiday || weekday == 6, off = sunday || weekday == 5;
    double harmonic[4] = {sin(turn * share), cos(turn * share), sin(2 * turn * share),
                          cos(2 * turn * share)};
    for (int i = 0; i < 4; i++) {
        ret[i] = harmonic[i];
        ret[5 + i] = off ? harmonic[i] : 0;
    }
    ret[4] = off;
    ret[9] = sunday;
    ret[10] = weekday == 0 && !holiday;
}
