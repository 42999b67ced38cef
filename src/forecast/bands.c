#include "forecast/bands.h"

#include <math.h>
#include <stdlib.h>

static const double gain = 0.1; /* of the mean miss */

sg_status sg_bands_create(sg_bands *self, int32_t series_count, int32_t horizon,
                          const double *levels, int32_t level_count)
{
    *self =
        (sg_bands){.series_count = series_count, .horizon = horizon, .level_count = level_count};
    size_t each = (size_t)series_count * (size_t)horizon, of_levels = each * (size_t)level_count;
    self->memory = calloc(2 * of_levels + each, sizeof(double));
    if (!self->memory) {
        return SG_NOMEM;
    }
    self->low = self->memory;
    self->high = self->low + of_levels;
    self->scale = self->high + of_levels;
    for (int32_t l = 0; l < level_count; l++) {
        self->level[l] = levels[l];
    }
    return SG_OK;
}

void sg_bands_free(sg_bands *self)
{
    free(self->memory);
    *self = (sg_bands){0};
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* With n misses the bound is the one that n + 1 of them would pass often enough. */
static double quantile(const float *sorted, int64_t count, double share)
{
    double at = share * (double)(count + 1) - 1;
    at = fmax(fmin(at, (double)(count - 1)), 0);
    int64_t below = (int64_t)at, above = below + 1 < count ? below + 1 : below;
    double low = (double)sorted[below], high = (double)sorted[above];
    return low + (at - (double)below) * (high - low);
}

static void start_one(sg_bands *self, int32_t s, int32_t h, const float *sorted, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += fabs((double)sorted[i]);
    }
    self->scale[sg_bands_at(self, 0, s, h)] = count > 0 ? sum / (double)count : 0;
    for (int32_t l = 0; l < self->level_count && count > 0; l++) {
        double tail = (1 - self->level[l]) / 2;
        self->low[sg_bands_at(self, l, s, h)] = quantile(sorted, count, tail);
        self->high[sg_bands_at(self, l, s, h)] = quantile(sorted, count, 1 - tail);
    }
}

void sg_bands_start(sg_bands *self, const float *miss, int64_t count, float *sorted)
{
    int64_t each = (int64_t)self->series_count * self->horizon;
    for (int32_t s = 0; s < self->series_count; s++) {
        for (int32_t h = 0; h < self->horizon; h++) {
            int64_t known = 0;
            for (int64_t i = 0; i < count; i++) {
                float value = miss[i * each + (int64_t)s * self->horizon + h];
                if (isfinite(value)) {
                    sorted[known++] = value;
                }
            }
            qsort(sorted, (size_t)known, sizeof *sorted, by_size);
            start_one(self, s, h, sorted, known);
        }
    }
}

void sg_bands_take(sg_bands *self, int32_t series, int32_t ahead, double miss)
{
    double step = gain * self->scale[sg_bands_at(self, 0, series, ahead)];
    for (int32_t l = 0; l < self->level_count; l++) {
        double tail = (1 - self->level[l]) / 2;
        double *low = &self->low[sg_bands_at(self, l, series, ahead)];
        double *high = &self->high[sg_bands_at(self, l, series, ahead)];
        *low -= step * ((miss < *low) - tail);
        *high += step * ((miss > *high) - tail);
        *low = fmin(*low, *high); /* they may not cross */
    }
}
