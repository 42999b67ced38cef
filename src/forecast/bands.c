#include "forecast/bands.h"

#include "forecast/forecaster.h"

#include <math.h>
#include <stdlib.h>

static const double gain = 0.1, wait = 2; /* gain: of the mean miss, at most wait / rows of delay */
static const double fade = 1 - 1.0 / 100;
static const double least_scale = 0.01; /* of the mean of all misses */
static const double miss_max = 1e120;

sg_status sg_bands_create(sg_bands *self, int32_t series_count, int32_t horizon,
                          const double *levels, int32_t level_count)
{
    *self = (sg_bands){.series_count = series_count,
                       .horizon = horizon,
                       .level_count = level_count,
                       .block_count = sg_horizon_block(horizon - 1) + 1};
    size_t each = (size_t)series_count * (size_t)horizon, of_levels = each * (size_t)level_count;
    size_t blocks = (size_t)series_count * (size_t)self->block_count;
    self->memory =
        calloc(2 * of_levels + 5 * blocks + (size_t)horizon / sizeof(double) + 1, sizeof(double));
    if (!self->memory) {
        return SG_NOMEM;
    }
    self->low = self->memory;
    self->high = self->low + of_levels;
    self->newest = self->high + of_levels;
    self->count = self->newest + blocks;
    self->ever = self->count + blocks;
    self->ever_count = self->ever + blocks;
    self->scale = self->ever_count + blocks;
    self->block = (uint8_t *)(self->scale + blocks);
    for (int32_t h = 0; h < horizon; h++) {
        self->block[h] = (uint8_t)sg_horizon_block(h);
    }
    for (size_t i = 0; i < blocks; i++) {
        self->scale[i] = (double)NAN;
    }
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

static int64_t place(const sg_bands *self, int32_t level, int32_t series, int32_t ahead)
{
    return ((int64_t)level * self->series_count + series) * self->horizon + ahead;
}

static int64_t block_of(const sg_bands *self, int32_t series, int32_t ahead)
{
    return (int64_t)series * self->block_count + self->block[ahead];
}

double sg_bands_scale(const sg_bands *self, int32_t series, int32_t ahead)
{
    return self->scale[block_of(self, series, ahead)];
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
    for (int32_t l = 0; l < self->level_count && count > 0; l++) {
        double tail = (1 - self->level[l]) / 2;
        self->low[place(self, l, s, h)] = quantile(sorted, count, tail);
        self->high[place(self, l, s, h)] = quantile(sorted, count, 1 - tail);
    }
}

static int64_t known_of(const float *miss, int64_t count, int64_t stride, float *ret)
{
    int64_t known = 0;
    for (int64_t i = 0; i < count; i++) {
        if (isfinite(miss[i * stride])) {
            ret[known++] = miss[i * stride];
        }
    }
    return known;
}

void sg_bands_start(sg_bands *self, const float *miss, int64_t count, float *sorted)
{
    int64_t each = (int64_t)self->series_count * self->horizon;
    for (int32_t s = 0; s < self->series_count; s++) {
        for (int32_t h = 0; h < self->horizon; h++) {
            int64_t known = known_of(miss + (int64_t)s * self->horizon + h, count, each, sorted);
            qsort(sorted, (size_t)known, sizeof *sorted, by_size);
            start_one(self, s, h, sorted, known);
        }
    }
}

static double told_scale(const sg_bands *self, int32_t series, int32_t ahead)
{
    double scale = sg_bands_scale(self, series, ahead);
    return isnan(scale) ? 1 : scale;
}

void sg_bands_bounds(const sg_bands *self, int32_t level, int32_t series, int32_t ahead,
                     double *ret_low, double *ret_high)
{
    double scale = told_scale(self, series, ahead);
    int64_t at = place(self, level, series, ahead);
    *ret_low = scale * self->low[at];
    *ret_high = scale * self->high[at];
}

uint8_t sg_bands_passed(const sg_bands *self, int32_t series, int32_t ahead, double miss)
{
    unsigned passed = 0;
    double scale = told_scale(self, series, ahead);
    for (int32_t l = 0; l < self->level_count; l++) {
        int64_t at = place(self, l, series, ahead);
        passed |= (unsigned)(miss < scale * self->low[at]) << 2 * l;
        passed |= (unsigned)(miss > scale * self->high[at]) << (2 * l + 1);
    }
    return (uint8_t)passed;
}

void sg_bands_take(sg_bands *self, int32_t series, int32_t ahead, double miss, uint8_t passed)
{
    if (self->level_count == 0) {
        return; /* nobody asks */
    }
    int64_t at = block_of(self, series, ahead);
    double size = fabs(miss) < miss_max ? fabs(miss) : miss_max;
    self->newest[at] += size;
    self->count[at] += 1;
    self->ever[at] += size;
    self->ever_count[at] += 1;
    if (passed == SG_BANDS_NONE) {
        return;
    }
    double step = fmin(gain, wait / (ahead + 1)) * sqrt(self->ever[at] / self->ever_count[at]);
    for (int32_t l = 0; l < self->level_count; l++) {
        double tail = (1 - self->level[l]) / 2;
        double *low = &self->low[place(self, l, series, ahead)];
        double *high = &self->high[place(self, l, series, ahead)];
        *low -= step * ((passed >> 2 * l & 1) - tail);
        *high += step * ((passed >> (2 * l + 1) & 1) - tail);
        *low = *low < *high ? *low : *high; /* they may not cross */
    }
}

void sg_bands_settle(sg_bands *self)
{
    for (int64_t i = 0; i < (int64_t)self->series_count * self->block_count; i++) {
        if (self->count[i] > 0) {
            double floor = least_scale * self->ever[i] / self->ever_count[i];
            double size = fmax(self->newest[i] / self->count[i], floor);
            self->scale[i] = size > 0 ? sqrt(size) : 1;
        }
        self->newest[i] *= fade;
        self->count[i] *= fade;
    }
}
