#include "site/schedule.h"

#include "base/time.h"

static bool among(int64_t day, const int32_t *days, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (days[i] == day) {
            return true;
        }
    }
    return false;
}

/* Does the window that begins on that day count? */
static bool on_day(const sg_load_rule *self, int64_t day)
{
    int weekday = (int)(((day + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    if (among(day, self->except, self->except_count)) {
        return false;
    }
    return (self->days >> weekday & 1) || among(day, self->date, self->date_count);
}

bool sg_schedule_holds(const sg_load_rule *self, int64_t time_us)
{
    int64_t now_s = time_us / SG_US_PER_S - (time_us % SG_US_PER_S < 0);
    int64_t local_s = now_s + sg_zone_offset_s(&self->zone, time_us);
    int64_t day = local_s / 86400 - (local_s % 86400 < 0), s = local_s - day * 86400;
    bool over_night = self->to_s <= self->from_s;
    bool today = s >= self->from_s && (over_night || s < self->to_s);
    bool since_yesterday = over_night && s < self->to_s;
    return (today && on_day(self, day)) || (since_yesterday && on_day(self, day - 1));
}
