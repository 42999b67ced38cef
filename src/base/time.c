#include "base/time.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

int64_t sg_days_from_civil(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

void sg_civil_from_time(int64_t time_us, sg_civil *ret)
{
    int64_t days = floor_div(time_us, SG_US_PER_DAY);
    int64_t rest_us = time_us - days * SG_US_PER_DAY;
    days += 719468;
    int64_t era = floor_div(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    ret->day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    ret->month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    ret->year = (int)(year_of_era + era * 400 + (ret->month <= 2));
    int64_t seconds = rest_us / SG_US_PER_S;
    ret->hour = (int)(seconds / 3600);
    ret->minute = (int)(seconds / 60 % 60);
    ret->second = (double)(seconds % 60) + (double)(rest_us % SG_US_PER_S) * 1e-6;
}

int64_t sg_time_from_civil(const sg_civil *civil)
{
    return sg_days_from_civil(civil->year, civil->month, civil->day) * SG_US_PER_DAY +
           ((int64_t)civil->hour * 3600 + (int64_t)civil->minute * 60) * SG_US_PER_S +
           (int64_t)llround(civil->second * 1e6);
}

int64_t sg_month_of(int64_t time_us, int64_t offset_us)
{
    sg_civil civil;
    sg_civil_from_time(time_us + offset_us, &civil);
    return (int64_t)civil.year * 12 + civil.month;
}

typedef struct cursor {
    const char *at, *end;
} cursor;

static bool digits(cursor *c, int count, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++, c->at++) {
        if (c->at >= c->end || *c->at < '0' || *c->at > '9') {
            return false;
        }
        value = value * 10 + (*c->at - '0');
    }
    *ret = value;
    return true;
}

static bool literal(cursor *c, char wanted)
{
    if (c->at < c->end && *c->at == wanted) {
        c->at++;
        return true;
    }
    return false;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool clock_part(cursor *c, sg_civil *civil)
{
    if (!digits(c, 2, &civil->hour) || !literal(c, ':') || !digits(c, 2, &civil->minute) ||
        civil->hour > 24 || civil->minute > 59) {
        return false;
    }
    if (literal(c, ':')) {
        int whole;
        if (!digits(c, 2, &whole) || whole > 59) {
            return false;
        }
        civil->second = whole;
        if (literal(c, '.')) {
            double scale = 0.1;
            int digit, count = 0;
            while (count < 9 && digits(c, 1, &digit)) {
                civil->second += digit * scale;
                scale /= 10;
                count++;
            }
            if (count == 0) {
                return false;
            }
        }
    }
    return civil->hour < 24 || (civil->minute == 0 && civil->second == 0.0);
}

sg_status sg_time_parse(const char *text, size_t length, int64_t *ret_us)
{
    cursor c = {text, text + length};
    sg_civil civil = {0};
    int32_t offset_s = 0;
    if (!digits(&c, 4, &civil.year) || !literal(&c, '-') || !digits(&c, 2, &civil.month) ||
        !literal(&c, '-') || !digits(&c, 2, &civil.day) || civil.month < 1 || civil.month > 12 ||
        civil.day < 1 || civil.day > days_in_month(civil.year, civil.month)) {
        return SG_FORMAT;
    }
    if (literal(&c, 'T') || literal(&c, ' ')) {
        if (!clock_part(&c, &civil)) {
            return SG_FORMAT;
        }
        if (c.at < c.end && sg_zone_parse(c.at, (size_t)(c.end - c.at), &offset_s) != SG_OK) {
            return SG_FORMAT;
        }
        c.at = c.end;
    }
    if (c.at != c.end) {
        return SG_FORMAT;
    }
    *ret_us = sg_time_from_civil(&civil) - offset_s * SG_US_PER_S;
    return SG_OK;
}

sg_status sg_zone_parse(const char *text, size_t length, int32_t *ret_offset_s)
{
    cursor c = {text, text + length};
    if (length == 1 && *text == 'Z') {
        *ret_offset_s = 0;
        return SG_OK;
    }
    bool named = length >= 3 && text[0] == 'U' && text[1] == 'T' && text[2] == 'C';
    if (named) {
        c.at += 3;
        if (c.at == c.end) {
            *ret_offset_s = 0;
            return SG_OK;
        }
    }
    int sign = literal(&c, '+') ? 1 : literal(&c, '-') ? -1 : 0;
    int hours, minutes = 0;
    if (sign == 0 || (!digits(&c, c.end - c.at >= 2 && c.at[1] != ':' ? 2 : 1, &hours))) {
        return SG_FORMAT;
    }
    if (c.at < c.end) {
        literal(&c, ':');
        if (!digits(&c, 2, &minutes)) {
            return SG_FORMAT;
        }
    }
    if (c.at != c.end || hours > 14 || minutes > 59) {
        return SG_FORMAT;
    }
    *ret_offset_s = sign * (hours * 3600 + minutes * 60);
    return SG_OK;
}

void sg_time_format(int64_t time_us, char ret[SG_TIME_TEXT])
{
    sg_civil civil;
    sg_civil_from_time(time_us, &civil);
    int64_t ms = (time_us - floor_div(time_us, SG_US_PER_S) * SG_US_PER_S) / 1000;
    int written = snprintf(ret, SG_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", civil.year,
                           civil.month, civil.day, civil.hour, civil.minute, (int)civil.second);
    if (written > 0 && written < SG_TIME_TEXT) {
        snprintf(ret + written, (size_t)(SG_TIME_TEXT - written), ms ? ".%03dZ" : "Z", (int)ms);
    }
}

int64_t sg_time_in_year(int64_t time_us, int year)
{
    sg_civil civil;
    sg_civil_from_time(time_us, &civil);
    if (civil.month == 2 && civil.day == 29 && days_in_month(year, 2) == 28) {
        civil.day = 28;
    }
    int64_t in_day = time_us - floor_div(time_us, SG_US_PER_DAY) * SG_US_PER_DAY;
    return sg_days_from_civil(year, civil.month, civil.day) * SG_US_PER_DAY + in_day;
}
