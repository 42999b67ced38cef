#include "study/overload.h"

#include <math.h>
#include <stdlib.h>

typedef struct point {
    double below, bound; /* share of misses below the bound */
} point;

static int by_share(const void *a, const void *b)
{
    double x = ((const point *)a)->below, y = ((const point *)b)->below;
    return (x > y) - (x < y);
}

static int32_t points_of(const sg_bands *bands, int32_t s, int32_t h, point *ret)
{
    int32_t count = 0;
    for (int32_t l = 0; l < bands->level_count; l++, count += 2) {
        double tail = (1 - bands->level[l]) / 2;
        ret[count].below = tail;
        ret[count + 1].below = 1 - tail;
        sg_bands_bounds(bands, l, s, h, &ret[count].bound, &ret[count + 1].bound);
    }
    qsort(ret, (size_t)count, sizeof *ret, by_share);
    for (int32_t i = 1; i < count; i++) { /* each bound is followed by itself: they may cross */
        ret[i].bound = fmax(ret[i].bound, ret[i - 1].bound);
    }
    return count;
}

/* Share of misses above `room`. */
static double above(const point *at, int32_t count, double room)
{
    int32_t i = 0;
    while (i < count && at[i].bound < room) {
        i++;
    }
    if (i == 0) {
        return count > 0 ? 1 - at[0].below : room < 0;
    }
    const point *low = &at[i - 1];
    if (i < count) {
        double part = (room - low->bound) / (at[i].bound - low->bound);
        return 1 - (low->below + part * (at[i].below - low->below));
    }
    double width = count > 1 ? low->bound - at[count - 2].bound : 0;
    double fall = count > 1 ? log((1 - at[count - 2].below) / (1 - low->below)) : 0;
    return width > 0 ? (1 - low->below) * exp(-fall * (room - low->bound) / width) : 0;
}

double sg_overload_chance(const sg_bands *bands, const double *said, int32_t series, double limit)
{
    point points[2 * SG_BANDS_LEVEL_MAX];
    double ret = 0;
    for (int32_t h = 0; h < bands->horizon; h++) {
        int32_t count = points_of(bands, series, h, points);
        double room = limit - said[(int64_t)series * bands->horizon + h];
        ret = fmax(ret, above(points, count, room));
    }
    return ret;
}

static bool is_over(const sg_overload *self, const sg_panel *panel, int32_t s, int64_t row)
{
    int64_t at = (int64_t)s * panel->stride + row;
    return row < panel->row_count && !panel->missing[at] && panel->value[at] > self->limit[s];
}

void sg_overload_keep(sg_overload *self, const sg_bands *bands, const double *said,
                      const sg_panel *panel, int64_t origin)
{
    int64_t at = (origin - self->from) * self->series_count;
    for (int32_t s = 0; s < self->series_count && origin > 0; s++, at++) {
        double last = sg_panel_series(panel, s)[origin - 1];
        bool judged = !(last > self->limit[s]);
        double chance = sg_overload_chance(bands, said, s, self->limit[s]);
        self->chance[at] = judged ? (float)chance : NAN;
        self->near[at] = judged ? (float)((last - self->limit[s]) / self->deviation[s]) : NAN;
    }
}

static bool is_due(const sg_overload *self, const sg_panel *panel, int32_t s, int64_t origin)
{
    bool due = false;
    for (int32_t h = 0; h < self->horizon && !due; h++) {
        due = is_over(self, panel, s, origin + h);
    }
    return due;
}

/* An event at `row`: the first window that holds it and warned, in rows before the event; 0: none. */
static int64_t lead_of(const sg_overload *self, const float *of, double least, int32_t s,
                       int64_t row)
{
    for (int64_t origin = row - self->horizon + 1; origin <= row; origin++) {
        int64_t window = origin - self->from;
        if (window >= 0 && window < self->count &&
            (double)of[window * self->series_count + s] >= least) {
            return row - origin + 1;
        }
    }
    return 0;
}

sg_overload_worth sg_overload_judge(const sg_overload *self, const sg_panel *panel, const float *of,
                                    double least)
{
    sg_overload_worth ret = {0};
    for (int32_t s = 0; s < self->series_count; s++) {
        for (int64_t w = 0; w < self->count; w++) {
            double said = (double)of[w * self->series_count + s];
            int64_t origin = self->from + w;
            if (isnan(said)) {
                continue;
            }
            bool due = is_due(self, panel, s, origin), warned = said >= least;
            ret.judged++;
            ret.due += due;
            ret.warned += warned;
            ret.right += due && warned;
            if (is_over(self, panel, s, origin)) { /* the last row was not */
                int64_t lead = lead_of(self, of, least, s, origin);
                ret.events++;
                ret.caught += lead > 0;
                ret.lead_rows += (double)lead;
            }
        }
    }
    ret.lead_rows = ret.caught > 0 ? ret.lead_rows / (double)ret.caught : (double)NAN;
    return ret;
}

static int falling(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

sg_status sg_overload_beside(const sg_overload *self, const sg_panel *panel, int64_t right,
                             double *ret)
{
    int64_t due = 0, size = self->count * self->series_count;
    float *near = malloc((size_t)(size > 0 ? size : 1) * sizeof *near);
    *ret = -(double)INFINITY;
    if (!near) {
        return SG_NOMEM;
    }
    for (int64_t i = 0; i < size; i++) {
        int32_t s = (int32_t)(i % self->series_count);
        if (!isnan(self->near[i]) && is_due(self, panel, s, self->from + i / self->series_count)) {
            near[due++] = self->near[i];
        }
    }
    qsort(near, (size_t)due, sizeof *near, falling);
    if (right > 0 && right <= due) {
        *ret = (double)near[right - 1];
    }
    free(near);
    return SG_OK;
}
