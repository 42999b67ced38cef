#include "site/grid.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The most frequent difference between neighbouring rows; the smaller one of two equally frequent. */
static int64_t usual_step(const sg_csv *csv)
{
    int32_t count = csv->rows - 1;
    int64_t first = csv->time_us[1] - csv->time_us[0];
    int32_t same = 0;
    while (same < count && csv->time_us[same + 1] - csv->time_us[same] == first) {
        same++;
    }
    if (same > count / 2) {
        return first;
    }
    int64_t *steps = malloc((size_t)count * sizeof *steps);
    if (!steps) {
        return 0;
    }
    for (int32_t i = 0; i < count; i++) {
        steps[i] = csv->time_us[i + 1] - csv->time_us[i];
    }
    qsort(steps, (size_t)count, sizeof *steps, compare);
    int64_t best = 0;
    for (int32_t i = 0, run = 0, most = 0; i < count; i++) {
        run = i > 0 && steps[i] == steps[i - 1] ? run + 1 : 1;
        if (run > most) {
            most = run;
            best = steps[i];
        }
    }
    free(steps);
    return best;
}

const char *sg_grid_fit(const sg_csv *csv, sg_grid *ret)
{
    enum { GRID_MAX = 100000000 };
    *ret = (sg_grid){.start_us = csv->time_us[0], .step_us = usual_step(csv)};
    if (ret->step_us <= 0) {
        return "the series needs too much memory";
    }
    int64_t span_us = csv->time_us[csv->rows - 1] - csv->time_us[0];
    int64_t steps = (span_us + ret->step_us / 2) / ret->step_us + 1;
    if (steps > GRID_MAX || steps / 64 > csv->rows) {
        return "the rows are too irregular for a time grid: most of its steps would be empty";
    }
    ret->slot = malloc((size_t)csv->rows * sizeof *ret->slot);
    if (!ret->slot) {
        return "the series needs too much memory";
    }
    ret->count = (int32_t)steps;
    int32_t far = 0;
    for (int32_t i = 0; i < csv->rows; i++) {
        int64_t from_start = csv->time_us[i] - ret->start_us;
        ret->slot[i] = (int32_t)((from_start + ret->step_us / 2) / ret->step_us);
        int64_t off = llabs(from_start - ret->slot[i] * ret->step_us);
        ret->moved += off > 0;
        far += off > ret->step_us / 4;
        ret->dropped += i > 0 && ret->slot[i] == ret->slot[i - 1];
    }
    return far > csv->rows / 5 ? "the rows are too irregular for a time grid" : NULL;
}

void sg_grid_free(sg_grid *self)
{
    free(self->slot);
    *self = (sg_grid){0};
}

static void fill_gap(double *value, int32_t from, int32_t to, int32_t count, sg_gap_rule rule)
{
    bool before = from > 0, after = to < count;
    double left = before ? value[from - 1] : value[to];
    double right = after ? value[to] : left;
    for (int32_t i = from; i < to; i++) {
        double part = (double)(i - from + 1) / (double)(to - from + 1);
        value[i] = rule == SG_GAP_ZERO                        ? 0
                   : rule == SG_GAP_LINEAR && before && after ? left + (right - left) * part
                                                              : left;
    }
}

bool sg_grid_fill(double *value, uint8_t *quality, int32_t count, sg_gap_rule rule, sg_gaps *ret)
{
    *ret = (sg_gaps){.first_slot = -1};
    for (int32_t i = 0; i < count;) {
        if (!isnan(value[i])) {
            quality[i++] = SG_GOOD;
            continue;
        }
        int32_t to = i;
        while (to < count && isnan(value[to])) {
            quality[to++] = SG_SUSPECT;
        }
        if (to - i == count) {
            return false;
        }
        fill_gap(value, i, to, count, rule);
        ret->filled += to - i;
        ret->first_slot = ret->first_slot < 0 ? i : ret->first_slot;
        if (to - i > ret->longest) {
            ret->longest = to - i;
            ret->longest_slot = i;
        }
        i = to;
    }
    return true;
}

void sg_grid_integrate(const double *value, int32_t count, int64_t step_us, bool linear,
                       bool repeat, double *ret)
{
    double step_s = (double)step_us * 1e-6, sum = 0;
    ret[0] = 0;
    for (int32_t i = 0; i < count; i++) {
        double next = !linear         ? value[i]
                      : i + 1 < count ? value[i + 1]
                      : repeat        ? value[0]
                                      : value[i];
        sum += (value[i] + next) / 2 * step_s;
        ret[i + 1] = sum;
    }
}
