#include "site/series.h"

#include "base/time.h"

#include <math.h>

static int64_t floor_mod(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

/* The point that follows index for straight lines: at the end the first one again, or the last one held. */
static double next_value(const sg_series *s, int64_t index)
{
    return index + 1 < s->count ? s->value[index + 1] : s->repeat ? s->value[0] : s->value[index];
}

/* Integral from the start to at_us after it, 0 <= at_us <= count * step_us; value x seconds. */
static double integral_to(const sg_series *s, int64_t at_us)
{
    int64_t index = at_us / s->step_us;
    int64_t rest_us = at_us - index * s->step_us;
    double whole = s->cumulative[index];
    if (rest_us == 0) {
        return whole;
    }
    double rest_s = (double)rest_us * 1e-6, step_s = (double)s->step_us * 1e-6;
    double rise =
        s->linear ? (next_value(s, index) - s->value[index]) * rest_s * rest_s / (2 * step_s) : 0;
    return whole + s->value[index] * rest_s + rise;
}

/* Integral over [from, to) relative to the start, both inside the span. Inside one step the running sums are left out:
 * their difference would cost digits. */
static double integral(const sg_series *s, int64_t from_us, int64_t to_us)
{
    int64_t index = from_us / s->step_us;
    if (to_us <= (index + 1) * s->step_us) {
        double width_s = (double)(to_us - from_us) * 1e-6;
        double middle = (double)(from_us - index * s->step_us + to_us - index * s->step_us) /
                        (2 * (double)s->step_us);
        double value = s->value[index];
        return width_s * (s->linear ? value + (next_value(s, index) - value) * middle : value);
    }
    return integral_to(s, to_us) - integral_to(s, from_us);
}

static sg_quality worse(sg_quality a, sg_quality b)
{
    return a > b ? a : b;
}

static sg_quality quality_at(const sg_series *s, int64_t at_us)
{
    return (sg_quality)s->quality[at_us / s->step_us];
}

static double mean_repeating(const sg_series *s, int64_t from_us, int64_t width_us,
                             sg_quality *ret_quality)
{
    int64_t period_us = s->count * s->step_us;
    int64_t from = floor_mod(from_us, period_us);
    int64_t rounds = width_us / period_us;
    int64_t to = from + (width_us - rounds * period_us);
    double sum = (double)rounds * s->cumulative[s->count];
    if (to > period_us) {
        sum += integral(s, from, period_us) + integral(s, 0, to - period_us);
    } else if (to > from) {
        sum += integral(s, from, to);
    }
    *ret_quality =
        worse(quality_at(s, from), quality_at(s, floor_mod(from + width_us - 1, period_us)));
    return sum / ((double)width_us * 1e-6);
}

/* Inside the span plus the nearest value outside of it. */
static double mean_clamped(const sg_series *s, int64_t from_us, int64_t width_us,
                           sg_quality *ret_quality)
{
    int64_t span_us = s->count * s->step_us, to_us = from_us + width_us;
    int64_t from = from_us < 0 ? 0 : from_us > span_us ? span_us : from_us;
    int64_t to = to_us < 0 ? 0 : to_us > span_us ? span_us : to_us;
    double sum = to > from ? integral(s, from, to) : 0;
    double before_s = (double)((to_us < 0 ? to_us : 0) - (from_us < 0 ? from_us : 0)) * 1e-6;
    double after_s =
        (double)((to_us > span_us ? to_us : span_us) - (from_us > span_us ? from_us : span_us)) *
        1e-6;
    sum += before_s * s->value[0] + after_s * s->value[s->count - 1];
    *ret_quality = SG_NO_DATA;
    if (from_us >= 0 && to_us <= span_us) {
        *ret_quality = worse(quality_at(s, from_us), quality_at(s, to_us - 1));
    }
    return sum / ((double)width_us * 1e-6);
}

double sg_series_mean(const sg_series *self, int64_t from_us, int64_t to_us,
                      sg_quality *ret_quality)
{
    if (self->count <= 0 || to_us <= from_us) {
        *ret_quality = SG_NO_DATA;
        return self->count > 0 ? self->value[0] : 0;
    }
    int64_t width_us = to_us - from_us;
    if (self->calendar_year > 0) {
        int64_t year_us = (sg_days_from_civil(self->calendar_year + 1, 1, 1) -
                           sg_days_from_civil(self->calendar_year, 1, 1)) *
                          SG_US_PER_DAY;
        int64_t at_us = sg_time_in_year(from_us, self->calendar_year) - self->start_us;
        if (self->count * self->step_us == year_us) {
            return mean_repeating(self, at_us, width_us, ret_quality);
        }
        at_us = floor_mod(at_us, year_us); /* data of a winter, say, run over New Year */
        return mean_clamped(self, at_us, width_us, ret_quality);
    }
    if (self->repeat) {
        return mean_repeating(self, from_us - self->start_us, width_us, ret_quality);
    }
    return mean_clamped(self, from_us - self->start_us, width_us, ret_quality);
}
