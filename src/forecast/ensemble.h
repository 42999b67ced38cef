/* ensemble.h - many models and their mixture, whose weights were found on rows that no model learnt from.
 *
 * Weights  of each series and each block of steps ahead: not below zero, their sum one, the mean square of what the mixture
 *          missed on those rows the least, where half of what counts is the series' own record and half that of all series
 *          together: what one series shows by chance does not carry over, what all show does. Until they are found the mixture
 *          is the first model.
 * Voices   voice v < model_count is model v; voice model_count is the mixture.
 * Memory   one heap block, given back by sg_ensemble_free(). @effects alloc=create and fit only block=no
 * Source   Bates and Granger, The Combination of Forecasts, Operational Research Quarterly 20, 1969; for the pairwise descent
 *          Platt, Sequential Minimal Optimization, 1998. */
#ifndef SG_FORECAST_ENSEMBLE_H
#define SG_FORECAST_ENSEMBLE_H
#include "forecast/forecaster.h"

#include <stdbool.h>

enum { SG_ENSEMBLE_BLOCK_MAX = 8 };

typedef struct sg_ensemble {
    sg_forecast_shape shape;
    int32_t model_count, block_count;
    const sg_forecaster *model[SG_FORECASTER_MAX];
    int32_t block_end[SG_ENSEMBLE_BLOCK_MAX]; /* steps ahead before which it ends */
    void *state[SG_FORECASTER_MAX];
    double *weight;  /* [series][block][model]                       */
    double *product; /* [series][block][model][model], and the count */
    double *guess;   /* [voice][series][horizon]                     */
    char *memory, *kept;
    size_t state_size;
} sg_ensemble;

/* models: names apart from each other by commas, NULL: all. SG_MISSING: there is none of one name. */
SG_MUST_CHECK sg_status sg_ensemble_create(sg_ensemble *self, const sg_forecast_shape *shape,
                                           const char *models);
void sg_ensemble_free(sg_ensemble *self);

SG_MUST_CHECK sg_status sg_ensemble_fit(sg_ensemble *self, int32_t model, const sg_panel *panel,
                                        int64_t from, int64_t to);
/* Row `row` is known now: all models take it in. */
void sg_ensemble_update(sg_ensemble *self, const sg_panel *panel, int64_t row);

/* One voice from `origin`: [series][horizon] in self->guess. The mixture speaks after all models. */
const double *sg_ensemble_predict(sg_ensemble *self, int32_t voice, const sg_panel *panel,
                                  int64_t origin);

/* What the models said last time is held against rows that have come, for the weights. */
void sg_ensemble_compare(sg_ensemble *self, const sg_panel *panel, int64_t origin);
void sg_ensemble_weigh(sg_ensemble *self);

/* Keep the models' states, and go back to them. */
void sg_ensemble_keep(sg_ensemble *self);
void sg_ensemble_back(sg_ensemble *self);

const double *sg_ensemble_weights(const sg_ensemble *self, int32_t series, int32_t block);

/* Weights of a mixture: w' a w least, w >= 0, sum w = 1. a: [count][count]. count <= SG_FORECASTER_MAX.
 * @effects alloc=no block=no fails=never */
void sg_mix_weights(const double *a, int32_t count, double *ret);
#endif
