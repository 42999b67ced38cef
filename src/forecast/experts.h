/* experts.h - whom to trust among forecasters, from what each of them missed.
 *
 * Experts  a forecaster's regret of a row is the mean loss by the weights so far, less its own loss. Weights
 *              w(x) ~ sum over memories m and rates e of e exp(e R(x, m) - e^2 V(x, m)),
 *          R the regrets summed up and V their squares, a row counting less by one part in the memory with each that follows;
 *          each in relation to x's largest of that memory, memories of a quarter, one and four times the given one, rates 1/2, 1/4 ...
 *          1/256: nobody has to choose how fast to learn and to forget, and who wins by a few large rows alone is believed less
 *          than who wins steadily. For one memory and without forgetting, the loss is that of the best expert x and at most of
 *          the order of sqrt(V(x) ln N) more.
 *          Half of what counts is a series' own record, half the mean of all series'.
 * Edge     how much of one forecast's advantage over another is to be believed: 1 - (2 v / m^2)^2, m the mean advantage of a row and
 *          v that mean's variance; 0 where m is not above sqrt(2 v), in the way of James and Stein's shrinkage but without a rest for
 *          what is sure. A forecast h rows ahead is judged in rows that overlap by h, so v is h times that of the advantage
 *          smoothed by an exponential window of (h + 1) / 2 rows.
 * Memory   the caller's: sg_experts_size() doubles for each place where weights are kept, zero to begin with; an sg_edge.
 * @effects of every function: alloc=no block=no fails=never. Losses >= 0 and finite; then weights are too, and their sum is one.
 * Source   Koolen and van Erven, Second-order Quantile Methods for Experts and Combinatorial Games, COLT 2015 (Squint); Cesa-Bianchi
 *          and Lugosi, Prediction, Learning, and Games, 2006, 2.11 (discount); James and Stein, Estimation with Quadratic Loss,
 *          1961 (positive part: Baranchik 1964). */
#ifndef SG_FORECAST_EXPERTS_H
#define SG_FORECAST_EXPERTS_H
#include <stddef.h>
#include <stdint.h>

enum { SG_EXPERT_MEMORIES = 3, SG_EXPERT_RATES = 8, SG_EXPERT_MAX = 64 };

/* In doubles, of `count` experts, at most SG_EXPERT_MAX. */
size_t sg_experts_size(int32_t count);
/* Of zeros: until something was missed the first expert has all the weight. */
void sg_experts_start(double *self);
/* What a row showed. memory: rows, of the middle one of three memories (a quarter, one, four of it). share: what the row counts. */
void sg_experts_take(double *self, int32_t count, const double *loss, double memory, double share);
/* all[SG_EXPERT_MEMORIES][2][count] += share * (regrets, squares), each in relation to the expert's largest. */
void sg_experts_add(const double *self, int32_t count, double share, double *all);
/* The weights anew, by own records and those of all alike. */
void sg_experts_weigh(double *self, int32_t count, const double *all);
/* [count] */
const double *sg_experts_weights(const double *self);

typedef struct sg_edge {
    double rows, square_rows, sum, square, smooth, smooth_square;
} sg_edge;

/* advantage: how much less was missed, in a row. ahead: rows, of the forecast. */
void sg_edge_take(sg_edge *self, double advantage, double ahead, double memory);
/* From 0 to 1. */
double sg_edge_share(const sg_edge *self, double ahead);
#endif
