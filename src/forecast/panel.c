#include "forecast/panel.h"

#include <math.h>
#include <stddef.h>

static const double value_max =
    1e150; /* what is beyond is no measurement; its square must stay finite */

/* missing: NULL where nobody asks. */
static void fill(double *value, uint8_t *missing, int64_t rows, int32_t season)
{
    int64_t last = -1;
    for (int64_t i = 0; i < rows; i++) {
        bool lacks = !(fabs(value[i]) <= value_max);
        if (missing) {
            missing[i] = lacks;
        }
        if (!lacks) {
            last = i;
            continue;
        }
        int64_t before = i - season;
        bool seasonal =
            season >= 2 && before >= 0 && (missing ? !missing[before] : isfinite(value[before]));
        value[i] = seasonal ? value[before] : last >= 0 ? value[last] : (double)NAN;
    }
    double first = 0;
    for (int64_t i = rows - 1; i >= 0; i--) {
        value[i] = isnan(value[i]) ? first : value[i];
        first = value[i];
    }
}

void sg_panel_fill(sg_panel *self)
{
    for (int32_t s = 0; s < self->series_count; s++) {
        fill(self->value + s * self->stride, self->missing + s * self->stride, self->row_count,
             self->season);
    }
}

void sg_inputs_fill(sg_inputs *self, int32_t season)
{
    for (int32_t i = 0; i < self->count; i++) {
        fill(self->value + i * self->stride, NULL, self->row_count, season);
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

sg_input_scale sg_input_scale_of(const sg_inputs *self, int32_t input, int64_t from, int64_t to)
{
    const sg_panel as = {.series_count = self->count, .stride = self->stride, .value = self->value};
    double first = sg_input_at(self, input, from);
    sg_input_scale ret = {.low = first, .high = first};
    sg_panel_scale(&as, input, from, to, &ret.mean, &ret.deviation);
    for (int64_t i = from; i < to; i++) {
        ret.low = fmin(ret.low, sg_input_at(self, input, i));
        ret.high = fmax(ret.high, sg_input_at(self, input, i));
    }
    return ret;
}

double sg_input_scaled(const sg_input_scale *scale, double value)
{
    double margin = (scale->high - scale->low) / 2;
    double bounded = fmax(fmin(value, scale->high + margin), scale->low - margin);
    return (bounded - scale->mean) / scale->deviation;
}
