#include "settle/regulation.h"

#include "base/time.h"

#include <math.h>
#include <string.h>

static const double still = 0.01; /* a signal that deviates less does not correlate with anything */
static const double better =
    1e-12; /* a later shift must beat an earlier one by more than rounding */
static const double constant = 1e-18; /* sum of squares of what does not move */

static double mean_of(const double v[SG_SCORE_WINDOW])
{
    double sum = 0;
    for (int i = 0; i < SG_SCORE_WINDOW; i++) {
        sum += v[i];
    }
    return sum / SG_SCORE_WINDOW;
}

static double product_of(const double *a, double mean_a, const double *b, double mean_b)
{
    double sum = 0;
    for (int i = 0; i < SG_SCORE_WINDOW; i++) {
        sum += (a[i] - mean_a) * (b[i] - mean_b);
    }
    return sum;
}

/* Of the straight line through the values, per window. */
static double slope_of(const double *v)
{
    double line[SG_SCORE_WINDOW];
    for (int i = 0; i < SG_SCORE_WINDOW; i++) {
        line[i] = (double)i / (SG_SCORE_WINDOW - 1);
    }
    return product_of(line, 0.5, v, mean_of(v)) / product_of(line, 0.5, line, 0.5);
}

static double precision_of(const double *signal, const double *response)
{
    double error = 0, size = 0;
    for (int i = 0; i < SG_SCORE_WINDOW; i++) {
        error += fabs(response[i] - signal[i]);
        size += fabs(signal[i]);
    }
    return size > 0 ? fmax(1 - error / size, 0) : error > 0 ? 0 : 1;
}

/* The greatest correlation over all shifts; *ret_shift in samples. */
static double correlate(const double *signal, double mean, double squares, const double *response,
                        int *ret_shift)
{
    double best = 0;
    *ret_shift = SG_SCORE_WINDOW;
    for (int shift = 0; shift <= SG_SCORE_WINDOW; shift++) {
        const double *shifted = response + shift;
        double shifted_mean = mean_of(shifted);
        double shifted_squares = product_of(shifted, shifted_mean, shifted, shifted_mean);
        double r = shifted_squares > constant ? product_of(signal, mean, shifted, shifted_mean) /
                                                    sqrt(squares * shifted_squares)
                                              : 0;
        if (r > best + better) {
            best = r;
            *ret_shift = shift;
        }
    }
    return fmin(best, 1);
}

sg_score sg_score_window(const double signal[SG_SCORE_WINDOW], const double response[SG_SCORE_SPAN])
{
    sg_score score = {.precision = precision_of(signal, response), .windows = 1};
    double mean = mean_of(signal), squares = product_of(signal, mean, signal, mean);
    int shift = 0;
    if (sqrt(squares / SG_SCORE_WINDOW) < still) {
        score.correlation = fmax(1 - fabs(slope_of(signal) - slope_of(response)), 0);
    } else {
        score.correlation = correlate(signal, mean, squares, response, &shift);
    }
    score.delay = fabs((double)shift - SG_SCORE_WINDOW) / SG_SCORE_WINDOW;
    score.total = (score.correlation + score.delay + score.precision) / 3;
    return score;
}

static void add(sg_score_sum *sum, const sg_score *one)
{
    sum->correlation += one->correlation;
    sum->delay += one->delay;
    sum->precision += one->precision;
    sum->windows++;
}

sg_score sg_score_mean(const sg_score_sum *sum)
{
    double n = sum->windows > 0 ? (double)sum->windows : (double)NAN;
    sg_score mean = {.correlation = sum->correlation / n,
                     .delay = sum->delay / n,
                     .precision = sum->precision / n,
                     .windows = sum->windows};
    mean.total = (mean.correlation + mean.delay + mean.precision) / 3;
    return mean;
}

sg_score sg_score_of(const double *signal, const double *response, int64_t samples)
{
    sg_score_sum sum = {0};
    for (int64_t at = 0; at + SG_SCORE_SPAN <= samples; at += SG_SCORE_WINDOW) {
        sg_score one = sg_score_window(signal + at, response + at);
        add(&sum, &one);
    }
    return sg_score_mean(&sum);
}

/* --- as it happens --- */

void sg_regulation_meter_init(sg_regulation_meter *self)
{
    memset(self, 0, sizeof *self);
    self->worst = INFINITY;
    self->hour_index = -1;
}

static void sample(sg_regulation_meter *self, double signal, double response)
{
    self->signal[self->filled] = signal;
    self->response[self->filled] = response;
    self->filled++;
    if (self->filled < SG_SCORE_SPAN) {
        return;
    }
    sg_score one = sg_score_window(self->signal, self->response);
    add(&self->hour, &one);
    add(&self->total, &one);
    size_t half = SG_SCORE_WINDOW * sizeof(double);
    memcpy(self->signal, self->signal + SG_SCORE_WINDOW, half);
    memcpy(self->response, self->response + SG_SCORE_WINDOW, half);
    self->filled = SG_SCORE_WINDOW;
}

static bool close_hour(sg_regulation_meter *self, int64_t hour_index)
{
    bool closed = self->hour_index >= 0 && self->hour.windows > 0;
    if (closed) {
        self->closed = self->hour;
        self->worst = fmin(self->worst, sg_score_mean(&self->closed).total);
    }
    self->hour = (sg_score_sum){0};
    self->hour_index = hour_index;
    return closed;
}

static int64_t index_of(int64_t time_us, double length_s)
{
    int64_t length_us = (int64_t)(length_s * 1e6);
    return time_us / length_us - (time_us % length_us < 0);
}

bool sg_regulation_meter_step(sg_regulation_meter *self, int64_t time_us, double dt_s,
                              const sg_regulated *step)
{
    double response = step->response_w / step->capability_w;
    *(step->response_w > 0 ? &self->up_j : &self->down_j) += fabs(step->response_w) * dt_s;
    self->missed_j += fabs(response - step->signal) * step->capability_w * dt_s;
    self->mileage += self->regulated_s > 0 ? fabs(step->signal - self->last_signal) : 0;
    self->last_signal = step->signal;
    self->regulated_s += dt_s;
    int64_t hour_index = index_of(time_us - 1, 3600);
    bool closed = hour_index != self->hour_index && close_hour(self, hour_index);
    int64_t now = index_of(time_us, SG_SCORE_SAMPLE_S);
    int64_t last = index_of(self->last_us, SG_SCORE_SAMPLE_S);
    if (self->last_us != 0 && now == last) {
        return closed;
    }
    if (self->last_us != 0 && now != last + 1) {
        self->filled = 0;
    }
    self->last_us = time_us;
    sample(self, step->signal, response);
    return closed;
}
