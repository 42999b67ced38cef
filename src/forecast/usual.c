#include "forecast/usual.h"

#include "base/check.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { WEEKS_MOST = 255 };

static const double memory_weeks = 8, memory_hours = 336; /* of a cell, of a series' spread */
static const double clip = 4;                             /* spreads */
static const double shared_weeks = 4; /* as much as the series' own spread counts in a cell's */
static const double least_share = 0.005, least = 1e-12; /* of the spread, in middles and at all */
static const double first_limit = 8, limit_step = 0.2, limit_floor = 3;
static const double value_max = 1e30, unusual_max = 1e6;

struct sg_usual {
    int32_t series_count, hour; /* that is being summed up, -1: none */
    double alarm_rate;
    float data[]; /* parts in the order of `part` below */
};

/* Arrays behind each other in data[]; the weeks, a byte each, stand behind the floats. */
typedef enum part { MIDDLE, SPREAD, SERIES } part; /* [hour][series] the first two */
typedef enum of_series { SHARED, LIMIT, HOURS, SUM, SIZE, COUNT, FIRST, OF_SERIES } of_series;

static size_t cells(int32_t series_count)
{
    return (size_t)series_count * SG_USUAL_HOURS;
}

/* Where they begin in data[]. */
static size_t row_at(const sg_usual *self, part which, int32_t hour)
{
    return (size_t)which * cells(self->series_count) + (size_t)hour * (size_t)self->series_count;
}

static size_t array_at(const sg_usual *self, of_series which)
{
    return SERIES * cells(self->series_count) + (size_t)which * (size_t)self->series_count;
}

static float *array_of(sg_usual *self, of_series which)
{
    return self->data + array_at(self, which);
}

static uint8_t *weeks_of(sg_usual *self, int32_t hour)
{
    return (uint8_t *)array_of(self, OF_SERIES) + (size_t)hour * (size_t)self->series_count;
}

size_t sg_usual_size(int32_t series_count)
{
    size_t floats = SERIES * cells(series_count) + (size_t)OF_SERIES * (size_t)series_count;
    return (sizeof(sg_usual) + floats * sizeof(float) + cells(series_count) + 7) / 8 * 8;
}

sg_usual *sg_usual_create(void *memory, int32_t series_count, double alarm_rate)
{
    SG_CHECK(series_count >= 0 && alarm_rate > 0 && alarm_rate < 1);
    sg_usual *self = memory;
    memset(memory, 0, sg_usual_size(series_count));
    self->series_count = series_count;
    self->hour = -1;
    self->alarm_rate = alarm_rate;
    for (int32_t s = 0; s < series_count; s++) {
        array_of(self, LIMIT)[s] = (float)first_limit;
    }
    return self;
}

int32_t sg_usual_hour(int64_t local_us)
{
    const int64_t hour_us = INT64_C(3600000000), thursday = 72; /* 1970-01-01 was one */
    int64_t hour = local_us >= 0 ? local_us / hour_us : -((-local_us + hour_us - 1) / hour_us);
    return (int32_t)(((hour + thursday) % SG_USUAL_HOURS + SG_USUAL_HOURS) % SG_USUAL_HOURS);
}

static double spread_of(double own, double weeks, double shared, double middle)
{
    double mixed = (weeks * own + shared_weeks * shared) / (weeks + shared_weeks);
    return fmax(fmax(mixed, least_share * fabs(middle)), least);
}

/* The hour is over: its cell moves by what the readings said. */
static void fold(sg_usual *self)
{
    float *middle = self->data + row_at(self, MIDDLE, self->hour);
    float *spread = self->data + row_at(self, SPREAD, self->hour);
    float *shared = array_of(self, SHARED), *hours = array_of(self, HOURS);
    float *sum = array_of(self, SUM), *size = array_of(self, SIZE), *count = array_of(self, COUNT);
    uint8_t *weeks = weeks_of(self, self->hour);
    for (int32_t s = 0; s < self->series_count; s++) {
        if (count[s] == 0) {
            continue;
        }
        double off = (double)sum[s] / (double)count[s], missed = (double)size[s] / (double)count[s];
        double told = weeks[s], share = 1 / fmin(told + 1, memory_weeks);
        if (told == 0) {
            middle[s] = array_of(self, FIRST)[s];
        } else { /* what a cell said beforehand: the series' spread is of such alone */
            double seen = (double)hours[s];
            double part_of = 1 / fmin(seen + 1, memory_hours);
            shared[s] += (float)(part_of * (missed - (double)shared[s]));
            hours[s] = (float)fmin(seen + 1, memory_hours);
        }
        middle[s] += (float)((told == 0 ? 1 : share) * off);
        spread[s] += (float)(share * (missed - (double)spread[s]));
        weeks[s] = (uint8_t)(weeks[s] < WEEKS_MOST ? weeks[s] + 1 : WEEKS_MOST);
        sum[s] = size[s] = count[s] = 0;
    }
}

static void learn(sg_usual *self, int32_t s, double off, double most)
{
    double x = fmax(fmin(off, most), -most);
    array_of(self, SUM)[s] += (float)x;
    array_of(self, SIZE)[s] += (float)fabs(x);
    array_of(self, COUNT)[s] += 1;
}

/* Before an hour has been seen at all, its readings count from the first of them. */
static float first_week(sg_usual *self, int32_t s, double x)
{
    if (array_of(self, COUNT)[s] == 0) {
        array_of(self, FIRST)[s] = (float)x;
    }
    learn(self, s, x - (double)array_of(self, FIRST)[s], value_max);
    return 0;
}

static float judge(sg_usual *self, int32_t s, double x)
{
    int32_t weeks = weeks_of(self, self->hour)[s];
    if (weeks == 0) {
        return first_week(self, s, x);
    }
    sg_usual_cell cell = sg_usual_at(self, s, self->hour);
    double off = x - cell.middle, deviations = fabs(off) / cell.spread;
    bool told = weeks >= SG_USUAL_WEEKS;
    learn(self, s, off, told ? clip * cell.spread : value_max);
    if (!told) {
        return 0;
    }
    double limit = cell.limit * exp(limit_step * ((deviations > cell.limit) - self->alarm_rate));
    array_of(self, LIMIT)[s] = (float)fmin(fmax(limit, limit_floor), value_max);
    return (float)fmin(deviations / cell.limit, unusual_max);
}

void sg_usual_take(sg_usual *self, int32_t hour, const double *value, float *ret)
{
    SG_CHECK(hour >= 0 && hour < SG_USUAL_HOURS);
    if (self->hour >= 0 && self->hour != hour) {
        fold(self);
    }
    self->hour = hour;
    for (int32_t s = 0; s < self->series_count; s++) {
        ret[s] = fabs(value[s]) <= value_max ? judge(self, s, value[s]) : 0;
    }
}

sg_usual_cell sg_usual_at(const sg_usual *self, int32_t series, int32_t hour)
{
    const float *of_cell = self->data + row_at(self, MIDDLE, hour) + series;
    const uint8_t *weeks_first = (const uint8_t *)(self->data + array_at(self, OF_SERIES));
    double middle = (double)of_cell[0], own = (double)of_cell[cells(self->series_count)];
    double shared = (double)self->data[array_at(self, SHARED) + (size_t)series];
    int32_t weeks = weeks_first[(size_t)hour * (size_t)self->series_count + (size_t)series];
    return (sg_usual_cell){.middle = middle,
                           .spread = spread_of(own, weeks, shared, middle),
                           .limit = (double)self->data[array_at(self, LIMIT) + (size_t)series],
                           .weeks = weeks};
}
