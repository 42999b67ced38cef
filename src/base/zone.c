#include "base/zone.h"

#include "base/time.h"

#include <stdbool.h>

typedef struct scan {
    const char *at, *end;
} scan;

static bool take(scan *s, char c)
{
    bool found = s->at < s->end && *s->at == c;
    s->at += found;
    return found;
}

static bool take_whole(scan *s, int32_t least, int32_t most, int32_t *ret)
{
    const char *from = s->at;
    int32_t value = 0;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9' && s->at - from < 4) {
        value = value * 10 + (*s->at++ - '0');
    }
    *ret = value;
    return s->at > from && value >= least && value <= most;
}

/* Three letters and more, or anything within <>. */
static bool take_name(scan *s)
{
    const char *from = s->at;
    if (take(s, '<')) {
        while (s->at < s->end && *s->at != '>') {
            s->at++;
        }
        return take(s, '>') && s->at - from >= 5;
    }
    while (s->at < s->end && ((*s->at | 32) >= 'a' && (*s->at | 32) <= 'z')) {
        s->at++;
    }
    return s->at - from >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_time(scan *s, int32_t hours_max, int32_t *ret_s)
{
    int32_t h, m = 0, sec = 0;
    bool minus = take(s, '-');
    if (!minus) {
        take(s, '+');
    }
    bool good = take_whole(s, 0, hours_max, &h);
    if (good && take(s, ':')) {
        good = take_whole(s, 0, 59, &m);
        good = good && (!take(s, ':') || take_whole(s, 0, 59, &sec));
    }
    *ret_s = (minus ? -1 : 1) * (h * 3600 + m * 60 + sec);
    return good;
}

/* ,Mm.w.d[/time] */
static bool take_change(scan *s, sg_zone_change *ret)
{
    ret->time_s = 2 * 3600;
    return take(s, ',') && take(s, 'M') && take_whole(s, 1, 12, &ret->month) && take(s, '.') &&
           take_whole(s, 1, 5, &ret->week) && take(s, '.') && take_whole(s, 0, 6, &ret->weekday) &&
           (!take(s, '/') || take_time(s, 167, &ret->time_s));
}

sg_status sg_zone_rule_parse(const char *text, size_t length, sg_zone *ret)
{
    sg_zone zone = {0};
    if (sg_zone_parse(text, length, &zone.standard_s) == SG_OK) {
        *ret = zone;
        return SG_OK;
    }
    scan s = {text, text + length};
    int32_t west_s = 0;
    bool good = take_name(&s) && take_time(&s, 24, &west_s);
    zone.standard_s = -west_s;
    if (good && s.at < s.end) {
        zone.has_summer = 1;
        zone.summer_s = zone.standard_s + 3600;
        good = take_name(&s);
        if (good && s.at < s.end && *s.at != ',') {
            good = take_time(&s, 24, &west_s);
            zone.summer_s = -west_s;
        }
        good = good && take_change(&s, &zone.begin) && take_change(&s, &zone.end);
    }
    if (!good || s.at != s.end) {
        return SG_FORMAT;
    }
    *ret = zone;
    return SG_OK;
}

/* Seconds since 1970 by the local clock, at which the change happens in that year. */
static int64_t change_s(const sg_zone_change *c, int year)
{
    int64_t first = sg_days_from_civil(year, c->month, 1);
    int64_t next = c->month < 12 ? sg_days_from_civil(year, c->month + 1, 1)
                                 : sg_days_from_civil(year + 1, 1, 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = first + ((c->weekday - weekday) % 7 + 7) % 7 + (c->week - 1) * 7;
    day -= day >= next ? 7 : 0;
    return day * 86400 + c->time_s;
}

int32_t sg_zone_offset_s(const sg_zone *self, int64_t time_us)
{
    if (!self->has_summer) {
        return self->standard_s;
    }
    int64_t now_s = time_us / SG_US_PER_S - (time_us % SG_US_PER_S < 0);
    sg_civil local;
    sg_civil_from_time((now_s + self->standard_s) * SG_US_PER_S, &local);
    int64_t begin_s = change_s(&self->begin, local.year) - self->standard_s,
            end_s = change_s(&self->end, local.year) - self->summer_s;
    bool summer =
        begin_s < end_s ? now_s >= begin_s && now_s < end_s : now_s >= begin_s || now_s < end_s;
    return summer ? self->summer_s : self->standard_s;
}
