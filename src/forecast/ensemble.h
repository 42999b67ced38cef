/* ensemble.h - many models and their mixture, which follows what each of them misses as the rows come.
 *
 * Memories three, in which a row counts less by one part in 250, in 1,000, in 4,000 with every row that follows: what was right last
 *          week, last month, last season. Nobody knows beforehand which of them is of use, so each weighs the models by itself.
 * Mixtures two, of each memory, each series and each block of steps ahead: weights not below zero, their sum one, that would have made
 *          the least of what was missed so far - the one by squares and sizes alike, each in relation to the best model's, the
 *          other by sizes alone. Half of what counts is the series' own record and half that of all series together: what one
 *          series shows by chance does not carry over, what all show does.
 * Trust    models and mixtures of a memory are mixed once more, weight falling off exponentially with how much more than the best
 *          each one missed: exp(-rate n (square / least square + 3 size / least size)), n rows. So the whole is soon no worse than
 *          the best of them where none of the mixtures holds, and all of them are tried. What the three memories say is mixed
 *          in the same way, by what was missed in the middle one.
 * Voices   0 .. model_count - 1 the models, then of each memory the two mixtures and what it says, then the whole; until anything
 *          has been missed it is the first model.
 * Memory   one heap block, given back by sg_ensemble_free(). @effects alloc=create and fit only block=no
 * Source   Bates and Granger, The Combination of Forecasts, Operational Research Quarterly 20, 1969; Cesa-Bianchi and Lugosi,
 *          Prediction, Learning, and Games, 2006, 2.1 and 2.11 (exponential weights, discounted); Hazan and Seshadhri, Efficient
 *          Learning Algorithms for Changing Environments, ICML 2009 (one learner for each length of memory); Holland and Welsch, Robust
 *          Regression Using Iteratively Reweighted Least-Squares, 1977 (sizes by weighted squares); for the pairwise descent
 *          Platt, Sequential Minimal Optimization, 1998. */
#ifndef SG_FORECAST_ENSEMBLE_H
#define SG_FORECAST_ENSEMBLE_H
#include "forecast/forecaster.h"

#include <stdbool.h>

enum {
    SG_MIXTURE_COUNT = 2,
    SG_MEMORY_COUNT = 3,
    SG_MEMORY_VOICES = SG_MIXTURE_COUNT + 1,
    SG_VOICE_MAX = SG_FORECASTER_MAX + SG_MEMORY_COUNT * SG_MEMORY_VOICES + 1
};

/* What was missed, [series][block] of: */
typedef struct sg_missed {
    double *rows, *count;  /* rows with a miss, misses */
    double *square, *size; /* [voice]: sums            */
    double *
        product; /* [..][model][model]: sums of products; then of products over the size that the second mixture of
                              the memory (in `now`: of each) missed by, times `usual` */
    double *usual; /* mean size of what the best one missed; not in `now` */
} sg_missed;

typedef struct sg_ensemble {
    sg_forecast_shape shape;
    int32_t model_count, block_count;
    int64_t settled; /* rows */
    const sg_forecaster *model[SG_FORECASTER_MAX];
    void *state[SG_FORECASTER_MAX];
    sg_missed now, past[SG_MEMORY_COUNT]; /* since the last row; fading */
    double *weight;                       /* [series][block][voice behind the models][model] */
    double *guess;                        /* [voice][series][horizon]                        */
    char *memory;
} sg_ensemble;

/* The voice that is the whole: the last one. */
static inline int32_t sg_ensemble_whole(const sg_ensemble *self)
{
    return self->model_count + SG_MEMORY_COUNT * SG_MEMORY_VOICES;
}

/* models: names apart from each other by commas, each counts once; auto among them: all that suit the shape; NULL: those alone.
 * SG_MISSING: there is none of one name. */
SG_MUST_CHECK sg_status sg_ensemble_create(sg_ensemble *self, const sg_forecast_shape *shape,
                                           const char *models);
void sg_ensemble_free(sg_ensemble *self);

SG_MUST_CHECK sg_status sg_ensemble_fit(sg_ensemble *self, int32_t model, const sg_panel *panel,
                                        int64_t from, int64_t to);
/* Row `row` is known now: all models take it in. */
void sg_ensemble_update(sg_ensemble *self, const sg_panel *panel, int64_t row);

/* One voice from `origin`: [series][horizon] in self->guess. Mixtures and the whole speak after all models. */
const double *sg_ensemble_predict(sg_ensemble *self, int32_t voice, const sg_panel *panel,
                                  int64_t origin);

/* Truth - forecast of one forecast `ahead` rows ahead (0: the next row), of all voices, has become known. */
void sg_ensemble_take(sg_ensemble *self, int32_t series, int32_t ahead, const double *miss);
/* A row is over: the past fades, the weights follow. */
void sg_ensemble_settle(sg_ensemble *self);

/* [model] of the whole, and of any voice behind the models; their sum is one. */
const double *sg_ensemble_weights(const sg_ensemble *self, int32_t series, int32_t block);
const double *sg_ensemble_voice_weights(const sg_ensemble *self, int32_t voice, int32_t series,
                                        int32_t block);

/* Weights of a mixture: w' a w least, w >= 0, sum w = 1. a: [count][count]. count <= SG_FORECASTER_MAX. w: where to begin (in), the
 * weights (out); not of sum one: all the same. @effects alloc=no block=no fails=never */
void sg_mix_weights(const double *a, int32_t count, double *w);
#endif
