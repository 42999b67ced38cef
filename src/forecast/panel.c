#include "forecast/panel.h"

#include <math.h>
#include <stdbool.h>

static const double value_max =
    1e150; /* what is beyond is no measurement; its square must stay finite */

static void fill(const sg_panel *self, double *value, uint8_t *missing)
{
    int64_t last = -1;
    for (int64_t i = 0; i < self->row_count; i++) {
        missing[i] = !(fabs(value[i]) <= value_max);
        if (!missing[i]) {
            last = i;
            continue;
        }
        int64_t before = i - self->season;
        bool seasonal = self->season >= 2 && before >= 0 && !missing[before];
        value[i] = seasonal ? value[before] : last >= 0 ? value[last] : (double)NAN;
    }
    double first = 0;
    for (int64_t i = self->row_count - 1; i >= 0; i--) {
        value[i] = isnan(value[i]) ? first : value[i];
        first = value[i];
    }
}

void sg_panel_fill(sg_panel *self)
{
    for (int32_t s = 0; s < self->series_count; s++) {
        fill(self, self->value + s * self->stride, self->missing + s * self->stride);
    }
}

void sg_panel_scale(const sg_panel *self, int32_t series, int64_t from, int64_t to,
                    double *ret_mean, double *ret_deviation)
{
    const double *value = sg_panel_series(self, series);
    double mean = 0, squares = 0, count = (double)(to - from);
    for (int64_t i = from; i < to; i++) {
        mean += value[i] / count;
    }
    for (int64_t i = from; i < to; i++) {
        squares += (value[i] - mean) * (value[i] - mean) / count;
    }
    double deviation = sqrt(squares);
    *ret_mean = to > from ? mean : 0;
    *ret_deviation = deviation > 0 && isfinite(deviation) ? deviation : 1;
}
