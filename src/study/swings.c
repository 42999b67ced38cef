#include "study/swings.h"

#include "base/check.h"
#include "base/time.h"
#include "study/figures.h"
#include "study/player.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 512, BINS = WINDOW / 2 + 1 };
static const double pi = 3.14159265358979323846;
static const double slack = 1e-6; /* relative: what rounding makes of a limit that is just kept */

const double sg_swings_period_s[SG_SWINGS_RANGES + 1] = {WINDOW, 120, 40, 15, 5, 2};

/* What takes part in each run. */
static const struct variant {
    const char *name;
    bool stores, contract;
} variants[SG_SWINGS_ROW_MAX] = {
    {"no stores", false, false}, {"smoothing", true, false}, {"contract", true, true}};

/* --- spectrum --- */

/* Adds the one-sided power of each frequency, W^2, of one window without its mean. */
static void add_window(const double *power_w, double ret_power[BINS])
{
    double tapered[WINDOW], mean = 0, taper_squares = 0;
    for (int i = 0; i < WINDOW; i++) {
        mean += power_w[i] / WINDOW;
    }
    for (int i = 0; i < WINDOW; i++) {
        double taper = 0.5 - 0.5 * cos(2 * pi * i / WINDOW);
        tapered[i] = (power_w[i] - mean) * taper;
        taper_squares += taper * taper;
    }
    for (int k = 1; k < BINS; k++) {
        double re = 0, im = 0;
        for (int i = 0; i < WINDOW; i++) {
            double angle = 2 * pi * (double)((int64_t)i * k % WINDOW) / WINDOW;
            re += tapered[i] * cos(angle);
            im -= tapered[i] * sin(angle);
        }
        double sides = k < BINS - 1 ? 2 : 1;
        ret_power[k] += sides * (re * re + im * im) / (WINDOW * taper_squares);
    }
}

bool sg_swings_spectrum(const double *power_w, int64_t count, double ret_rms_w[SG_SWINGS_RANGES])
{
    double power[BINS] = {0}, sum[SG_SWINGS_RANGES] = {0};
    int windows = 0;
    for (int64_t at = 0; at + WINDOW <= count; at += WINDOW / 2, windows++) {
        add_window(power_w + at, power);
    }
    for (int k = 1; k < BINS && windows > 0; k++) {
        double period_s = (double)WINDOW / k;
        int range = 0;
        while (range < SG_SWINGS_RANGES - 1 && period_s <= sg_swings_period_s[range + 1]) {
            range++;
        }
        sum[range] += power[k] / windows;
    }
    for (int range = 0; range < SG_SWINGS_RANGES; range++) {
        ret_rms_w[range] = windows > 0 ? sqrt(sum[range]) : (double)NAN;
    }
    return windows > 0;
}

/* --- one run --- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Ramps and distances from the trend, of means over one second. change_w: scratch, [count]. */
static void judge(const sg_swings_report *report, const double *power_w, int64_t count,
                  double *change_w, sg_swings_row *row)
{
    double trend_w = power_w[0];
    for (int64_t i = 1; i < count; i++) {
        double off_w = fabs(power_w[i] - trend_w);
        change_w[i - 1] = fabs(power_w[i] - power_w[i - 1]);
        trend_w += (power_w[i] - trend_w) / (report->trend_s + 1);
        bool steep =
            report->ramp_w_per_s > 0 && change_w[i - 1] > report->ramp_w_per_s * (1 + slack);
        bool far = report->band_w > 0 && off_w > report->band_w * (1 + slack);
        row->outside_s += steep || far;
        row->band_worst_w = fmax(row->band_worst_w, off_w);
        row->peak_w = fmax(row->peak_w, power_w[i]);
    }
    if (count > 1) {
        qsort(change_w, (size_t)count - 1, sizeof *change_w, by_size);
        row->ramp_worst_w_per_s = change_w[count - 2];
        row->ramp_p99_w_per_s = change_w[(count - 2) * 99 / 100];
    }
}

static void trace(const sg_swings_report *report, const double *power_w, int64_t count,
                  sg_swings_row *row)
{
    int64_t each = llround(report->trace_s);
    for (int64_t i = 0; i < count && i / each < report->trace_count; i++) {
        row->trace_w[i / each] += power_w[i] / (double)each;
    }
}

/* Means over one second of what the site draws. The first second passes under the safe start. */
static sg_status run_one(const sg_simulation *sim, const sg_site *site, int64_t seconds,
                         sg_swings_report *report, double *power_w)
{
    sg_swings_row *row = &report->row[report->row_count];
    sg_player player;
    sg_status status = sg_player_start(&player, site, SG_POLICY_RULES, sim->from_us);
    if (status != SG_OK) {
        return status;
    }
    int64_t each = llround(1 / sim->step_s);
    int drawn = player.points.first[SG_POINT_NODE_POWER];
    int given = player.points.first[SG_POINT_STORE_POWER];
    for (int64_t second = -1; second < seconds; second++) {
        double sum_w = 0;
        for (int64_t i = 0; i < each; i++) {
            sg_player_step(&player, sim->step_s);
            sum_w += player.value[drawn];
            for (int s = 0; s < site->device_count[SG_STORE]; s++) {
                row->out_j += fmax(player.value[given + s], 0) * sim->step_s;
            }
        }
        if (second >= 0) {
            power_w[second] = sum_w / (double)each;
        }
    }
    sg_player_stop(&player);
    judge(report, power_w, seconds, power_w + seconds, row);
    trace(report, power_w, seconds, row);
    sg_swings_spectrum(power_w, seconds, row->rms_w);
    report->row_count++;
    return SG_OK;
}

static sg_status run_all(const sg_simulation *sim, int64_t seconds, sg_device *stores,
                         double *power_w, sg_swings_report *ret)
{
    size_t bytes = (size_t)sim->site->device_count[SG_STORE] * sizeof(sg_device);
    sg_status status = SG_OK;
    for (int v = 0; v < SG_SWINGS_ROW_MAX && status == SG_OK; v++) {
        sg_site site = *sim->site; /* its own name for the same arrays, but for the stores */
        memcpy(stores, sim->site->devices[SG_STORE], bytes);
        site.devices[SG_STORE] = stores;
        site.services.capability_w = site.services.droop_w = 0; /* the contract alone */
        if (!variants[v].contract) {
            site.services.ramp_w_per_s = site.services.band_w = 0;
        }
        if (!variants[v].stores) {
            sg_player_leave_out(&site, stores, SG_DUTY_ENERGY);
            sg_player_leave_out(&site, stores, SG_DUTY_POWER);
        }
        ret->row[v] = (sg_swings_row){.name = variants[v].name};
        status = run_one(sim, &site, seconds, ret, power_w);
    }
    return status;
}

sg_status sg_swings_study(const sg_simulation *sim, sg_swings_report *ret)
{
    const sg_services *s = &sim->site->services;
    int64_t seconds = (int64_t)(sim->duration_s + 1e-9) - 1, each = llround(1 / sim->step_s);
    *ret = (sg_swings_report){.site = sim->site,
                              .from_us = sim->from_us + SG_US_PER_S,
                              .to_us = sim->from_us + (seconds + 1) * SG_US_PER_S,
                              .step_s = sim->step_s,
                              .ramp_w_per_s = s->ramp_w_per_s,
                              .band_w = s->band_w,
                              .trend_s = s->trend_s};
    if (!(sim->step_s > 0) || each < 1 || fabs((double)each * sim->step_s - 1) > 1e-9 ||
        seconds < 2) {
        return SG_RANGE;
    }
    if ((!(s->ramp_w_per_s > 0) && !(s->band_w > 0)) || sim->site->device_count[SG_STORE] == 0) {
        return SG_MISSING;
    }
    ret->trace_s = ceil((double)seconds / SG_SWINGS_TRACE_MAX);
    ret->trace_count = (int)((double)seconds / ret->trace_s);
    sg_device *stores = malloc((size_t)sim->site->device_count[SG_STORE] * sizeof *stores);
    double *power_w = calloc((size_t)seconds, 2 * sizeof *power_w);
    sg_status status = stores && power_w ? run_all(sim, seconds, stores, power_w, ret) : SG_NOMEM;
    free(stores);
    free(power_w);
    return status;
}

/* --- for people and programs --- */

static void contract_text(const sg_swings_report *report, sg_out *out)
{
    sg_out_text(out, "contract:");
    if (report->ramp_w_per_s > 0) {
        sg_out_format(out, " at most %.3g kW/s", report->ramp_w_per_s * 1e-3);
    }
    if (report->band_w > 0) {
        sg_out_format(out, "%s within %.3g kW of the trend of %.0f s",
                      report->ramp_w_per_s > 0 ? "," : "", report->band_w * 1e-3, report->trend_s);
    }
    sg_out_text(out, "\n\n");
}

void sg_swings_table(const sg_swings_report *report, sg_out *out)
{
    char from[SG_TIME_TEXT], to[SG_TIME_TEXT];
    sg_time_format(report->from_us, from);
    sg_time_format(report->to_us, to);
    sg_out_format(out, "%s, %.19s to %.19s, steps of %.3g s\n", report->site->title, from, to,
                  report->step_s);
    contract_text(report, out);
    sg_out_format(out, "%-10s %11s %11s %9s %9s %8s |", "", "worst ramp", "99 % below",
                  "from trend", "outside", "peak");
    for (int i = 0; i < SG_SWINGS_RANGES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%.0f-%.0f s", sg_swings_period_s[i],
                 sg_swings_period_s[i + 1]);
        sg_out_format(out, " %9s", name);
    }
    sg_out_text(out, "\n");
    for (int r = 0; r < report->row_count; r++) {
        const sg_swings_row *row = &report->row[r];
        sg_out_format(out, "%-10s %6.1f kW/s %6.1f kW/s %7.1f kW %7.0f s %5.0f kW |", row->name,
                      row->ramp_worst_w_per_s * 1e-3, row->ramp_p99_w_per_s * 1e-3,
                      row->band_worst_w * 1e-3, row->outside_s, row->peak_w * 1e-3);
        for (int i = 0; i < SG_SWINGS_RANGES; i++) {
            sg_out_format(out, " %6.2f kW", row->rms_w[i] * 1e-3);
        }
        sg_out_text(out, "\n");
    }
    sg_out_text(out,
                "\nright of the bar: root mean square of the swings with periods in the range\n");
}

void sg_swings_json(const sg_swings_report *report, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.swings/1");
    sg_json_text(out, "site", report->site->title);
    sg_json_time(out, "from", report->from_us);
    sg_json_time(out, "to", report->to_us);
    sg_json_fixed(out, "step_s", report->step_s, 3);
    sg_json_fixed(out, "ramp_kw_per_s",
                  report->ramp_w_per_s > 0 ? report->ramp_w_per_s * 1e-3 : (double)NAN, 6);
    sg_json_fixed(out, "band_kw", report->band_w > 0 ? report->band_w * 1e-3 : (double)NAN, 6);
    sg_json_fixed(out, "trend_s", report->trend_s, 3);
    sg_json_begin(out, "rows", '[');
    for (int r = 0; r < report->row_count; r++) {
        const sg_swings_row *row = &report->row[r];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "name", row->name);
        sg_json_fixed(out, "ramp_worst_kw_per_s", row->ramp_worst_w_per_s * 1e-3, 6);
        sg_json_fixed(out, "ramp_p99_kw_per_s", row->ramp_p99_w_per_s * 1e-3, 6);
        sg_json_fixed(out, "band_worst_kw", row->band_worst_w * 1e-3, 6);
        sg_json_fixed(out, "outside_s", row->outside_s, 0);
        sg_json_fixed(out, "peak_kw", row->peak_w * 1e-3, 6);
        sg_json_fixed(out, "out_kwh", row->out_j / 3.6e6, 6);
        sg_json_begin(out, "spectrum", '[');
        for (int i = 0; i < SG_SWINGS_RANGES; i++) {
            sg_json_begin(out, NULL, '{');
            sg_json_fixed(out, "longest_s", sg_swings_period_s[i], 0);
            sg_json_fixed(out, "shortest_s", sg_swings_period_s[i + 1], 0);
            sg_json_fixed(out, "rms_kw", row->rms_w[i] * 1e-3, 6);
            sg_json_end(out, '}');
        }
        sg_json_end(out, ']');
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
}
