#include "study/regulation.h"

#include "base/check.h"
#include "base/time.h"
#include "study/figures.h"
#include "study/player.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double step_s_max = 5;

static const struct variant {
    const char *name;
    bool recentre, slow, fast; /* recentring; stores with duty `energy`, with duty `power` */
} variants[SG_REGULATION_ROW_MAX] = {{"mix", true, true, true},
                                     {"no recentring", false, true, true},
                                     {"battery alone", true, true, false},
                                     {"flywheel alone", true, false, true}};

/* --- one run --- */

typedef struct watch {
    const sg_site *site;
    sg_regulation_row *row;
    sg_player player;
    double slow_capacity_j, fast_capacity_j;
    double slow_was_w; /* last power that was not rest */
} watch;

static double capacity_j(const sg_site *site, int duty)
{
    double sum_j = 0;
    for (int s = 0; s < site->device_count[SG_STORE]; s++) {
        sg_reservoir r;
        sg_device_kind(site, &site->devices[SG_STORE][s])
            ->reservoir(site->devices[SG_STORE][s].p, &r);
        sum_j += sg_player_duty(site, s) == duty ? r.capacity_j : 0;
    }
    return sum_j;
}

static void keep_range(double frac, double *low, double *high)
{
    *low = fmin(*low, frac);
    *high = fmax(*high, frac);
}

static void look(watch *w, double dt_s)
{
    const double *value = w->player.value;
    const int32_t *first = w->player.points.first;
    double slow_j = 0, fast_j = 0, slow_w = 0;
    for (int s = 0; s < w->site->device_count[SG_STORE]; s++) {
        int duty = sg_player_duty(w->site, s);
        double energy_j = value[first[SG_POINT_STORE_ENERGY] + s];
        double power_w = value[first[SG_POINT_STORE_POWER] + s];
        if (duty == SG_DUTY_ENERGY) {
            slow_j += energy_j;
            slow_w += power_w;
            w->row->slow_out_j += fmax(power_w, 0) * dt_s;
        } else if (duty == SG_DUTY_POWER) {
            fast_j += energy_j;
            w->row->fast_out_j += fmax(power_w, 0) * dt_s;
        }
    }
    if (w->slow_capacity_j > 0) {
        keep_range(slow_j / w->slow_capacity_j, &w->row->slow_low_frac, &w->row->slow_high_frac);
    }
    if (w->fast_capacity_j > 0) {
        keep_range(fast_j / w->fast_capacity_j, &w->row->fast_low_frac, &w->row->fast_high_frac);
    }
    if (slow_w != 0) {
        w->row->slow_turns += slow_w * w->slow_was_w < 0;
        w->slow_was_w = slow_w;
    }
}

/* Money per W for the hour that ended at to_us. */
static double price_of(const sg_site *site, int32_t series, double constant, int64_t to_us)
{
    sg_quality quality;
    return series >= 0
               ? sg_series_mean(&site->series[series], to_us - 3600 * SG_US_PER_S, to_us, &quality)
               : constant;
}

static void credit(watch *w, const sg_score_sum *hour, int64_t to_us)
{
    const sg_services *s = &w->site->services;
    double earned_w = s->capability_w * sg_score_mean(hour).total;
    w->row->capability_credit +=
        earned_w * price_of(w->site, s->capability_price_series, s->capability_price, to_us);
    w->row->performance_credit +=
        earned_w * s->mileage_ratio *
        price_of(w->site, s->performance_price_series, s->performance_price, to_us);
}

static sg_status run_one(const sg_simulation *sim, const sg_site *site, sg_regulation_report *ret)
{
    watch w = {.site = site, .row = &ret->row[ret->row_count]};
    w.slow_capacity_j = capacity_j(site, SG_DUTY_ENERGY);
    w.fast_capacity_j = capacity_j(site, SG_DUTY_POWER);
    sg_status status = sg_player_start(&w.player, site, SG_POLICY_RULES, sim->from_us);
    if (status != SG_OK) {
        return status;
    }
    int64_t steps = (int64_t)(sim->duration_s / sim->step_s + 1e-9);
    int signal = w.player.points.first[SG_POINT_SITE] + SG_SITE_REGULATION;
    const sg_regulation_meter *meter = sg_engine_regulated(w.player.engine);
    int64_t hour = meter->hour_index;
    double sum = 0, size = 0;
    for (int64_t i = 0; i < steps; i++) {
        sg_player_step(&w.player, sim->step_s);
        look(&w, sim->step_s);
        sum += w.player.value[signal];
        size += fabs(w.player.value[signal]);
        if (meter->hour_index != hour) {
            bool whole = hour >= 0;
            hour = meter->hour_index;
            if (whole) {
                credit(&w, &meter->closed, hour * 3600 * SG_US_PER_S);
            }
        }
    }
    if (meter->hour.windows > 0) { /* the last hour ends with the run */
        credit(&w, &meter->hour, (meter->hour_index + 1) * 3600 * SG_US_PER_S);
    }
    w.row->score = sg_score_mean(&meter->total);
    w.row->worst_hour = isfinite(meter->worst) ? meter->worst : (double)NAN;
    w.row->up_j = meter->up_j;
    w.row->down_j = meter->down_j;
    ret->mileage = meter->mileage / (meter->regulated_s / 3600);
    ret->signal_mean = sum / (double)steps;
    ret->signal_size = size / (double)steps;
    sg_player_stop(&w.player);
    ret->row_count++;
    return SG_OK;
}

sg_status sg_regulation_study(const sg_simulation *sim, sg_regulation_report *ret)
{
    int64_t steps = (int64_t)(sim->duration_s / sim->step_s + 1e-9);
    *ret = (sg_regulation_report){.site = sim->site,
                                  .from_us = sim->from_us,
                                  .to_us = sim->from_us + steps * llround(sim->step_s * 1e6),
                                  .step_s = sim->step_s,
                                  .capability_w = sim->site->services.capability_w};
    if (!(sim->step_s > 0) || sim->step_s > step_s_max || steps < 1) {
        return SG_RANGE;
    }
    if (!(sim->site->services.capability_w > 0) || sim->site->device_count[SG_STORE] == 0) {
        return SG_MISSING;
    }
    size_t bytes = (size_t)sim->site->device_count[SG_STORE] * sizeof(sg_device);
    sg_device *stores = malloc(bytes);
    sg_status status = stores ? SG_OK : SG_NOMEM;
    for (int v = 0; v < SG_REGULATION_ROW_MAX && status == SG_OK; v++) {
        sg_site site = *sim->site; /* its own name for the same arrays, but for the stores */
        memcpy(stores, sim->site->devices[SG_STORE], bytes);
        site.devices[SG_STORE] = stores;
        site.services.recentre_frac = variants[v].recentre ? site.services.recentre_frac : 0;
        if (!variants[v].slow) {
            sg_player_leave_out(&site, stores, SG_DUTY_ENERGY);
        }
        if (!variants[v].fast) {
            sg_player_leave_out(&site, stores, SG_DUTY_POWER);
        }
        ret->row[v] = (sg_regulation_row){.name = variants[v].name,
                                          .slow_low_frac = INFINITY,
                                          .slow_high_frac = -INFINITY,
                                          .fast_low_frac = INFINITY,
                                          .fast_high_frac = -INFINITY};
        status = run_one(sim, &site, ret);
    }
    free(stores);
    return status;
}

/* --- for people and programs --- */

static void range_text(double low, double high, char ret[SG_FIGURES_TEXT])
{
    if (low <= high) {
        snprintf(ret, SG_FIGURES_TEXT, "%.0f-%.0f %%", 100 * low, 100 * high);
    } else {
        snprintf(ret, SG_FIGURES_TEXT, "-");
    }
}

void sg_regulation_table(const sg_regulation_report *report, sg_out *out)
{
    char from[SG_TIME_TEXT], to[SG_TIME_TEXT];
    sg_time_format(report->from_us, from);
    sg_time_format(report->to_us, to);
    sg_out_format(out, "%s, %.16s to %.16s, steps of %.3g s\n", report->site->title, from, to,
                  report->step_s);
    sg_out_format(
        out, "signal: mean %+.3f, mean size %.3f, mileage %.1f per hour; %.0f kW offered\n\n",
        report->signal_mean, report->signal_size, report->mileage, report->capability_w * 1e-3);
    sg_out_format(out, "%-15s %7s %7s %7s %9s %7s %9s %9s %9s %7s %9s\n", "", "score", "correl.",
                  "delay", "precision", "worst h", "slow", "fast", "slow out", "turns", "credit");
    for (int i = 0; i < report->row_count; i++) {
        const sg_regulation_row *row = &report->row[i];
        char slow[SG_FIGURES_TEXT], fast[SG_FIGURES_TEXT], energy[SG_FIGURES_TEXT];
        range_text(row->slow_low_frac, row->slow_high_frac, slow);
        range_text(row->fast_low_frac, row->fast_high_frac, fast);
        sg_figures_energy(row->slow_out_j, energy);
        sg_out_format(out, "%-15s %7.4f %7.4f %7.4f %9.4f %7.4f %9s %9s %9s %7lld %9.2f\n",
                      row->name, row->score.total, row->score.correlation, row->score.delay,
                      row->score.precision, row->worst_hour, slow, fast, energy,
                      (long long)row->slow_turns, row->capability_credit + row->performance_credit);
    }
    sg_out_text(out, "\nslow, fast: least and greatest energy of the stores with duty `energy` and "
                     "`power`; turns: of the slow ones, between\ncharging and discharging\n");
}

void sg_regulation_json(const sg_regulation_report *report, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_text(out, "format", "symgrid.regulation/1");
    sg_json_text(out, "site", report->site->title);
    sg_json_text(out, "currency", report->site->currency);
    sg_json_time(out, "from", report->from_us);
    sg_json_time(out, "to", report->to_us);
    sg_json_fixed(out, "step_s", report->step_s, 3);
    sg_json_fixed(out, "capability_kw", report->capability_w * 1e-3, 3);
    sg_json_fixed(out, "mileage_per_h", report->mileage, 4);
    sg_json_fixed(out, "signal_mean", report->signal_mean, 6);
    sg_json_fixed(out, "signal_size", report->signal_size, 6);
    sg_json_begin(out, "rows", '[');
    for (int i = 0; i < report->row_count; i++) {
        const sg_regulation_row *row = &report->row[i];
        sg_json_begin(out, NULL, '{');
        sg_json_text(out, "name", row->name);
        sg_json_fixed(out, "score", row->score.total, 6);
        sg_json_fixed(out, "correlation", row->score.correlation, 6);
        sg_json_fixed(out, "delay", row->score.delay, 6);
        sg_json_fixed(out, "precision", row->score.precision, 6);
        sg_json_integer(out, "windows", row->score.windows);
        sg_json_fixed(out, "worst_hour", row->worst_hour, 6);
        sg_json_fixed(out, "slow_low_frac", row->slow_low_frac, 6);
        sg_json_fixed(out, "slow_high_frac", row->slow_high_frac, 6);
        sg_json_fixed(out, "fast_low_frac", row->fast_low_frac, 6);
        sg_json_fixed(out, "fast_high_frac", row->fast_high_frac, 6);
        sg_json_fixed(out, "slow_out_kwh", row->slow_out_j / 3.6e6, 3);
        sg_json_fixed(out, "fast_out_kwh", row->fast_out_j / 3.6e6, 3);
        sg_json_integer(out, "slow_turns", row->slow_turns);
        sg_json_fixed(out, "up_kwh", row->up_j / 3.6e6, 3);
        sg_json_fixed(out, "down_kwh", row->down_j / 3.6e6, 3);
        sg_json_fixed(out, "capability_credit", row->capability_credit, 4);
        sg_json_fixed(out, "performance_credit", row->performance_credit, 4);
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
}
