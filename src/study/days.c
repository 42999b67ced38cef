#include "study/days.h"

#include "base/time.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BY_IMPORT, BY_STORES };

static int64_t zone_us(const sg_report *report)
{
    return (int64_t)report->site->zone_offset_s * SG_US_PER_S;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

void sg_days_start(sg_days *self, sg_report *report)
{
    sg_report_hours *hours = &report->hours;
    memset(self, 0, sizeof *self);
    memset(hours, 0, sizeof *hours);
    hours->first_day = floor_div(report->from_us + zone_us(report), SG_US_PER_DAY);
    int64_t last = floor_div(report->to_us - 1 + zone_us(report), SG_US_PER_DAY);
    int64_t days = last - hours->first_day + 1;
    hours->days_each = (int32_t)((days + SG_CARPET_MAX - 1) / SG_CARPET_MAX);
    hours->columns = (int32_t)((days + hours->days_each - 1) / hours->days_each);
}

/* Sums become means; a day that the run saw only in part is not shown. */
static void close_day(sg_days *self, sg_report *report)
{
    sg_report_day *day = &self->today;
    double seconds = 0;
    for (int b = 0; b < day->bins; b++) {
        double s = day->seconds[b];
        seconds += s;
        if (s > 0) {
            day->load_w[b] /= s;
            day->generation_w[b] /= s;
            day->net_w[b] /= s;
            day->store_w[b] /= s;
            day->import_price[b] /= s;
            day->peak_w = fmax(day->peak_w, day->net_w[b]);
        }
    }
    if (!self->open || seconds < 86400 * (1 - 1e-6)) {
        return;
    }
    sg_report_day *best = report->day;
    if (day->peak_w > best[BY_IMPORT].peak_w) {
        best[BY_IMPORT] = *day;
    }
    if (day->store_out_j > best[BY_STORES].store_out_j) {
        best[BY_STORES] = *day;
    }
}

static void open_day(sg_days *self, const sg_report *report, int64_t day)
{
    double bin_s = fmax(report->step_s, 86400.0 / SG_DAY_BIN_MAX);
    memset(&self->today, 0, sizeof self->today);
    self->day = day;
    self->open = true;
    self->today.start_us = day * SG_US_PER_DAY - zone_us(report);
    self->today.bins = (int32_t)(86400.0 / bin_s);
}

static void add_to_day(sg_report_day *day, int64_t into_us, const sg_days_step *step)
{
    int bin = (int)(into_us * day->bins / SG_US_PER_DAY);
    double dt_s = step->dt_s;
    day->seconds[bin] += dt_s;
    day->load_w[bin] += step->load_w * dt_s;
    day->generation_w[bin] += step->generation_w * dt_s;
    day->net_w[bin] += step->net_w * dt_s;
    day->store_w[bin] += step->store_w * dt_s;
    day->import_price[bin] += step->import_price * dt_s;
    day->load_j += step->load_w * dt_s;
    day->generation_j += step->generation_w * dt_s;
    *(step->net_w > 0 ? &day->import_j : &day->export_j) += fabs(step->net_w) * dt_s;
    *(step->store_w > 0 ? &day->store_out_j : &day->store_in_j) += fabs(step->store_w) * dt_s;
    day->energy_cost +=
        step->net_w * dt_s * (step->net_w > 0 ? step->import_price : step->export_price);
}

void sg_days_add(sg_days *self, sg_report *report, const sg_days_step *step)
{
    int64_t local_us = step->end_us - llround(step->dt_s * 1e6) + zone_us(report);
    int64_t day = floor_div(local_us, SG_US_PER_DAY), into_us = local_us - day * SG_US_PER_DAY;
    if (!self->open || day != self->day) {
        close_day(self, report);
        open_day(self, report, day);
    }
    add_to_day(&self->today, into_us, step);
    sg_report_hours *hours = &report->hours;
    int hour = (int)(into_us / (3600 * SG_US_PER_S));
    int64_t column = (day - hours->first_day) / hours->days_each;
    hours->seconds[hour] += step->dt_s;
    hours->load_j[hour] += step->load_w * step->dt_s;
    hours->generation_j[hour] += step->generation_w * step->dt_s;
    hours->net_j[hour] += step->net_w * step->dt_s;
    hours->store_j[hour] += step->store_w * step->dt_s;
    hours->price_s[hour] += step->import_price * step->dt_s;
    if (column >= 0 && column < SG_CARPET_MAX) {
        hours->carpet_j[column][hour] += step->net_w * step->dt_s;
        hours->carpet_s[column][hour] += step->dt_s;
    }
}

void sg_days_finish(sg_days *self, sg_report *report)
{
    close_day(self, report);
    self->open = false;
}

void sg_days_name(const sg_report *report, int64_t start_us, char ret[SG_DAYS_NAME])
{
    sg_civil civil;
    sg_civil_from_time(start_us + zone_us(report), &civil);
    snprintf(ret, SG_DAYS_NAME, "%04d-%02d-%02d", civil.year % 10000, civil.month % 100,
             civil.day % 100);
}

const char *sg_days_why(const sg_report *report, int day)
{
    bool same = report->day[BY_IMPORT].bins > 0 && report->day[BY_STORES].bins > 0 &&
                report->day[BY_IMPORT].start_us == report->day[BY_STORES].start_us;
    if (report->day[day].bins <= 0 || (same && day == BY_STORES)) {
        return NULL;
    }
    return same               ? "highest import and most work of the stores"
           : day == BY_IMPORT ? "highest import"
                              : "most work of the stores";
}
