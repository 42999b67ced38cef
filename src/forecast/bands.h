/* bands.h - intervals that hold what they promise: quantiles of what was missed, followed as rows come.
 *
 * Start    the empirical quantiles of misses on rows that the models did not learn from, each series and step ahead by itself.
 * Follow   adaptive conformal inference: a bound that was passed moves out by gain * level share, one that was not moves in by
 *          gain * the other share, so that in the long run it is passed as often as it should be whatever the series does. The
 *          gain is a share of the mean miss.
 * Memory   one heap block, given back by sg_bands_free(). @effects alloc=create only block=no
 * Source   Gibbs and Candes, Adaptive Conformal Inference Under Distribution Shift, NeurIPS 2021; Angelopoulos, Candes and
 *          Tibshirani, Conformal PID Control, NeurIPS 2023 (quantile tracking). */
#ifndef SG_FORECAST_BANDS_H
#define SG_FORECAST_BANDS_H
#include "base/status.h"

#include <stdint.h>

enum { SG_BANDS_LEVEL_MAX = 4 };

typedef struct sg_bands {
    int32_t series_count, horizon, level_count;
    double level[SG_BANDS_LEVEL_MAX];
    double *low, *high; /* [level][series][horizon]: truth - forecast lies between, so often */
    double *scale;      /* [series][horizon]: mean size of a miss */
    double *memory;
} sg_bands;

SG_MUST_CHECK sg_status sg_bands_create(sg_bands *self, int32_t series_count, int32_t horizon,
                                        const double *levels, int32_t level_count);
void sg_bands_free(sg_bands *self);

/* miss: truth - forecast of `count` origins, [origin][series][horizon], NAN where the truth is not known. sorted: `count` of
 * scratch. */
void sg_bands_start(sg_bands *self, const float *miss, int64_t count, float *sorted);

/* One miss has become known. */
void sg_bands_take(sg_bands *self, int32_t series, int32_t ahead, double miss);

static inline int64_t sg_bands_at(const sg_bands *self, int32_t level, int32_t series,
                                  int32_t ahead)
{
    return ((int64_t)level * self->series_count + series) * self->horizon + ahead;
}
#endif
