#include "forecast/experts.h"

#include <math.h>

static const double least = 1e-150; /* what is below counts as no regret */
static const double memories[SG_EXPERT_MEMORIES] = {0.25, 1, 4};
static const double first_rate = 0.5;
static const double least_proof =
    2; /* variances that an advantage's square must be, to be believed at all */

/* Of a place: weight[count], then for each memory most[count], regret[count], square[count]. */
size_t sg_experts_size(int32_t count)
{
    return (size_t)count * (1 + 3 * SG_EXPERT_MEMORIES);
}

void sg_experts_start(double *self)
{
    self[0] = 1;
}

const double *sg_experts_weights(const double *self)
{
    return self;
}

void sg_experts_take(double *self, int32_t count, const double *loss, double memory, double share)
{
    double mean = 0, *most = self + count;
    for (int32_t x = 0; x < count; x++) {
        mean += self[x] * loss[x];
    }
    for (int m = 0; m < SG_EXPERT_MEMORIES; m++, most += 3 * count) {
        double keep = 1 - 1 / (memories[m] * memory);
        double *regret = most + count, *square = regret + count;
        for (int32_t x = 0; x < count; x++) {
            double now = mean - loss[x];
            most[x] = fmax(keep * most[x], fabs(now));
            regret[x] = keep * regret[x] + share * now;
            square[x] = keep * square[x] + share * now * now;
        }
    }
}

void sg_experts_add(const double *self, int32_t count, double share, double *all)
{
    const double *most = self + count;
    for (int m = 0; m < SG_EXPERT_MEMORIES; m++, most += 3 * count, all += 2 * count) {
        const double *regret = most + count, *square = regret + count;
        for (int32_t x = 0; x < count; x++) {
            double unit = most[x] > least ? most[x] : (double)INFINITY;
            all[x] += share * regret[x] / unit;
            all[count + x] += share * square[x] / unit / unit;
        }
    }
}

/* ret[x]: the sum over rates, in relation to exp(top). */
static void add_rates(int32_t count, const double *record, double top, double *ret)
{
    double rate = first_rate;
    for (int r = 0; r < SG_EXPERT_RATES; r++, rate /= 2) {
        for (int32_t x = 0; x < count; x++) {
            ret[x] += rate * exp(rate * record[x] - rate * rate * record[count + x] - top);
        }
    }
}

static double highest(int32_t count, const double *record)
{
    double ret = -INFINITY, rate = first_rate;
    for (int r = 0; r < SG_EXPERT_RATES; r++, rate /= 2) {
        for (int32_t x = 0; x < count; x++) {
            ret = fmax(ret, rate * record[x] - rate * rate * record[count + x]);
        }
    }
    return ret;
}

void sg_experts_weigh(double *self, int32_t count, const double *all)
{
    double record[2 * SG_EXPERT_MEMORIES * SG_EXPERT_MAX], top = -INFINITY, sum = 0;
    int32_t each = 2 * count;
    for (int32_t i = 0; i < SG_EXPERT_MEMORIES * each; i++) {
        record[i] = 0.5 * all[i];
    }
    sg_experts_add(self, count, 0.5, record);
    for (int m = 0; m < SG_EXPERT_MEMORIES; m++) {
        top = fmax(top, highest(count, record + m * each));
    }
    for (int32_t x = 0; x < count; x++) {
        self[x] = 0;
    }
    for (int m = 0; m < SG_EXPERT_MEMORIES; m++) {
        add_rates(count, record + m * each, top, self);
    }
    for (int32_t x = 0; x < count; x++) {
        sum += self[x];
    }
    for (int32_t x = 0; x < count; x++) {
        self[x] /= sum;
    }
}

void sg_edge_take(sg_edge *self, double advantage, double ahead, double memory)
{
    double keep = 1 - 1 / memory, window = (ahead + 1) / 2;
    self->smooth = self->rows > 0 ? self->smooth + (advantage - self->smooth) / window : advantage;
    self->rows = keep * self->rows + 1;
    self->square_rows = keep * keep * self->square_rows + 1;
    self->sum = keep * self->sum + advantage;
    self->square = keep * self->square + advantage * advantage;
    self->smooth_square = keep * self->smooth_square + self->smooth * self->smooth;
}

double sg_edge_share(const sg_edge *self, double ahead)
{
    double mean = self->sum / self->rows, rows = self->rows * self->rows / self->square_rows;
    if (!(mean > 0)) {
        return 0;
    }
    double square = mean * mean, of_row = self->square / self->rows - square;
    double of_window =
        self->smooth_square / self->rows - square; /* falls by 2 window - 1 = ahead */
    double few = 1 + 2 * ahead / rows; /* the variance of few windows is not well known */
    double variance = fmax(fmax(of_row, ahead * of_window), 0) / rows * few;
    double doubt = least_proof * variance / square;
    return fmax(0, 1 - doubt * doubt);
}
