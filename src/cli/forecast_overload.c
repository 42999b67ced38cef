#include "cli/forecast_overload.h"

#include "base/quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double chances[] = {0.1, 0.25, 0.5};
enum { CHANCES = sizeof chances / sizeof chances[0] };

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of the values that are there; between two of them linear. */
static double percentile(const sg_panel *panel, int32_t s, double share, double *scratch)
{
    int64_t count = 0;
    for (int64_t i = 0; i < panel->row_count; i++) {
        if (!panel->missing[(int64_t)s * panel->stride + i]) {
            scratch[count++] = sg_panel_series(panel, s)[i];
        }
    }
    if (count == 0) {
        return (double)INFINITY;
    }
    qsort(scratch, (size_t)count, sizeof *scratch, by_size);
    double at = share * (double)(count - 1);
    int64_t low = (int64_t)at, high = low + 1 < count ? low + 1 : low;
    return scratch[low] + (at - (double)low) * (scratch[high] - scratch[low]);
}

static bool scan(const char *text, bool *ret_share, double *ret)
{
    *ret_share = text[0] == 'p';
    const char *number = text + *ret_share;
    size_t length = strlen(number);
    bool ok = length > 0 && sg_number_scan(number, length, ret) == length && isfinite(*ret);
    return ok && (!*ret_share || (*ret >= 0 && *ret <= 100));
}

static void keep(void *of, const sg_backtest *it, const sg_panel *panel, int64_t origin)
{
    sg_forecast_overload *self = of;
    const sg_ensemble *e = &it->ensemble;
    int32_t voice = self->voice < 0 ? sg_ensemble_whole(e) : self->voice;
    const double *said = e->guess + (int64_t)voice * e->shape.series_count * e->shape.horizon;
    sg_overload_keep(&self->of, &it->bands[voice], said, panel, origin);
}

static bool make_room(sg_forecast_overload *self, int64_t series, int64_t windows, int64_t rows)
{
    size_t cells = (size_t)(series * windows);
    self->memory = malloc((size_t)(2 * series + rows) * sizeof(double) + 2 * cells * sizeof(float));
    if (!self->memory) {
        return false;
    }
    self->of.limit = self->memory;
    self->of.deviation = self->memory + series;
    self->of.chance = (float *)(self->memory + 2 * series + rows);
    self->of.near = self->of.chance + cells;
    for (size_t i = 0; i < 2 * cells; i++) {
        self->of.chance[i] = NAN;
    }
    return true;
}

int sg_forecast_overload_start(sg_forecast_overload *self, const char *text, int32_t voice,
                               const sg_forecast_rows *rows, sg_backtest_plan *plan)
{
    const sg_panel *panel = &rows->panel;
    double value;
    bool share;
    *self = (sg_forecast_overload){.voice = voice, .step_us = rows->step_us};
    if (!scan(text, &share, &value)) {
        fprintf(
            stderr,
            "symgrid forecast: --overload: expected a limit or a percentile like p98, got '%s'\n",
            text);
        return SG_EXIT_USAGE;
    }
    int64_t windows = plan->test - plan->horizon + 1, train = plan->train;
    self->of = (sg_overload){.from = plan->train + plan->val,
                             .count = windows > 0 ? windows : 0,
                             .series_count = panel->series_count,
                             .horizon = plan->horizon};
    if (!make_room(self, panel->series_count, self->of.count, panel->row_count)) {
        fprintf(stderr, "symgrid forecast: %s\n", sg_status_text(SG_NOMEM));
        return SG_EXIT_ENVIRONMENT;
    }
    double *limit = self->memory, *deviation = limit + panel->series_count;
    for (int32_t s = 0; s < panel->series_count; s++) {
        double mean, *scratch = deviation + panel->series_count;
        limit[s] = share ? percentile(panel, s, value / 100, scratch) : value;
        train = train < panel->row_count ? train : panel->row_count;
        sg_panel_scale(panel, s, 0, train, &mean, &deviation[s]);
    }
    plan->window = keep;
    plan->window_of = self;
    return SG_EXIT_DONE;
}

void sg_forecast_overload_free(sg_forecast_overload *self)
{
    free(self->memory);
    self->memory = NULL;
}

/* --- what is written --- */

static double ratio(int64_t part, int64_t of)
{
    return of > 0 ? (double)part / (double)of : (double)NAN;
}

/* At equal recall. */
static sg_overload_worth beside(const sg_forecast_overload *self, const sg_panel *panel,
                                int64_t right)
{
    double margin = (double)INFINITY;
    if (sg_overload_beside(&self->of, panel, right, &margin) != SG_OK) {
        margin = (double)INFINITY;
    }
    return sg_overload_judge(&self->of, panel, self->of.near,
                             isfinite(margin) ? margin : (double)INFINITY);
}

static double lead_of(const sg_forecast_overload *self, const sg_overload_worth *worth)
{
    return self->step_us > 0 ? worth->lead_rows * (double)self->step_us * 1e-6 : worth->lead_rows;
}

static double chance_of(const sg_forecast_overload *self, const sg_backtest *next, int32_t s)
{
    const sg_ensemble *e = &next->ensemble;
    int32_t voice = self->voice < 0 ? sg_ensemble_whole(e) : self->voice;
    const double *said = e->guess + (int64_t)voice * e->shape.series_count * e->shape.horizon;
    return sg_overload_chance(&next->bands[voice], said, s, self->of.limit[s]);
}

static void write_worth(const sg_forecast_overload *self, const sg_overload_worth *worth,
                        sg_out *out)
{
    sg_json_number(out, "precision", ratio(worth->right, worth->warned));
    sg_json_number(out, "recall", ratio(worth->right, worth->due));
    sg_json_integer(out, "events_caught", worth->caught);
    sg_json_number(out, self->step_us > 0 ? "lead_s" : "lead_rows", lead_of(self, worth));
}

void sg_forecast_overload_json(const sg_forecast_overload *self, const sg_forecast_rows *rows,
                               const sg_backtest *next, sg_out *out)
{
    sg_overload_worth all = sg_overload_judge(&self->of, &rows->panel, self->of.chance, 0);
    sg_json_begin(out, "overload", '{');
    sg_json_begin(out, "limit", '{');
    for (int32_t s = 0; s < self->of.series_count; s++) {
        sg_json_number(out, rows->name[s], self->of.limit[s]);
    }
    sg_json_end(out, '}');
    sg_json_integer(out, "within_rows", self->of.horizon);
    if (next) {
        sg_json_begin(out, "chance", '{');
        for (int32_t s = 0; s < self->of.series_count; s++) {
            sg_json_number(out, rows->name[s], chance_of(self, next, s));
        }
        sg_json_end(out, '}');
    }
    sg_json_integer(out, "windows", all.judged);
    sg_json_integer(out, "windows_over", all.due);
    sg_json_integer(out, "events", all.events);
    sg_json_begin(out, "test", '[');
    for (int c = 0; c < CHANCES; c++) {
        sg_overload_worth worth =
            sg_overload_judge(&self->of, &rows->panel, self->of.chance, chances[c]);
        sg_overload_worth other = beside(self, &rows->panel, worth.right);
        sg_json_begin(out, NULL, '{');
        sg_json_number(out, "warned_from_chance", chances[c]);
        write_worth(self, &worth, out);
        sg_json_begin(out, "persistence_with_margin", '{');
        write_worth(self, &other, out);
        sg_json_end(out, '}');
        sg_json_end(out, '}');
    }
    sg_json_end(out, ']');
    sg_json_end(out, '}');
}

static void write_line(const sg_forecast_overload *self, const char *name,
                       const sg_overload_worth *worth, int64_t events, sg_out *out)
{
    sg_out_format(out, "%-32s %8.1f%% %8.1f%% %6lld of %-6lld %8.1f\n", name,
                  100 * ratio(worth->right, worth->warned), 100 * ratio(worth->right, worth->due),
                  (long long)worth->caught, (long long)events, lead_of(self, worth));
}

void sg_forecast_overload_table(const sg_forecast_overload *self, const sg_forecast_rows *rows,
                                const sg_backtest *next, sg_out *out)
{
    sg_overload_worth all = sg_overload_judge(&self->of, &rows->panel, self->of.chance, 0);
    sg_out_format(
        out, "\nover the limit within %d rows: %lld of %lld windows\n\n%-32s %9s %9s %16s %8s\n",
        self->of.horizon, (long long)all.due, (long long)all.judged, "warned from", "precision",
        "recall", "events caught", self->step_us > 0 ? "lead, s" : "lead, rows");
    for (int c = 0; c < CHANCES; c++) {
        char name[40];
        sg_overload_worth worth =
            sg_overload_judge(&self->of, &rows->panel, self->of.chance, chances[c]);
        sg_overload_worth other = beside(self, &rows->panel, worth.right);
        snprintf(name, sizeof name, "chance %.0f %%", 100 * chances[c]);
        write_line(self, name, &worth, all.events, out);
        write_line(self, "  last value + margin beside it", &other, all.events, out);
    }
    for (int32_t s = 0; next && s < self->of.series_count; s++) {
        sg_out_format(out, "%s%-24s limit %12.6g  chance now %5.1f %%\n", s == 0 ? "\n" : "",
                      rows->name[s], self->of.limit[s], 100 * chance_of(self, next, s));
    }
}
