/* bands.h - intervals that hold what they promise: quantiles of what was missed, followed as rows come.
 *
 * Scale    a miss counts in relation to the root of the mean size of the newest misses of its block of steps ahead, each row one
 *          part in a hundred less than the next: half way between an interval of always the same width and one as wide as the
 *          last days were bad.
 * Start    the empirical quantiles on rows that the models did not learn from, each series and step ahead by itself.
 * Follow   adaptive conformal inference: a bound that was passed moves out by gain * level share, one that was not moves in by
 *          gain * the other share, so that in the long run it is passed as often as it should be whatever the series does. What
 *          counts is the bound that was told when the forecast was made, not the one that stands when its truth is known: those
 *          `ahead` rows late the newer bound has seen the same weather already. The gain is a tenth of the mean miss, and falls
 *          with the rows that a forecast waits for its truth: 2 / (ahead + 1).
 * Memory   one heap block, given back by sg_bands_free(). @effects alloc=create only block=no
 * Source   Gibbs and Candes, Adaptive Conformal Inference Under Distribution Shift, NeurIPS 2021; Angelopoulos, Candes and
 *          Tibshirani, Conformal PID Control for Time Series Prediction, NeurIPS 2023 (quantile tracking); Papadopoulos, Gammerman and
 *          Vovk, Normalized nonconformity measures for regression conformal prediction, 2008 (scale). */
#ifndef SG_FORECAST_BANDS_H
#define SG_FORECAST_BANDS_H
#include "base/status.h"

#include <stdint.h>

enum { SG_BANDS_LEVEL_MAX = 4, SG_BANDS_NONE = 0xFF };

typedef struct sg_bands {
    int32_t series_count, horizon, level_count, block_count;
    double level[SG_BANDS_LEVEL_MAX];
    double *low,
        *high; /* [level][series][horizon]: (truth - forecast) / scale lies between, so often */
    double *newest, *count, *ever,
        *ever_count; /* [series][block]: sizes of misses, fading and not */
    double *scale;   /* [series][block]: after the last row             */
    uint8_t *block; /* [horizon] */
    double *memory;
} sg_bands;

SG_MUST_CHECK sg_status sg_bands_create(sg_bands *self, int32_t series_count, int32_t horizon,
                                        const double *levels, int32_t level_count);
void sg_bands_free(sg_bands *self);

/* What a miss of a forecast made now counts in relation to. > 0; NAN until a truth has become known. */
double sg_bands_scale(const sg_bands *self, int32_t series, int32_t ahead);

/* miss: (truth - forecast) / scale of `count` origins, [origin][series][horizon], NAN where not known. sorted: `count` of
 * scratch. */
void sg_bands_start(sg_bands *self, const float *miss, int64_t count, float *sorted);

/* *ret_low <= truth - forecast <= *ret_high, of a forecast made now, so often as level[level] says. */
void sg_bands_bounds(const sg_bands *self, int32_t level, int32_t series, int32_t ahead,
                     double *ret_low, double *ret_high);

/* Which bounds of now a miss passes: bit 2 level the low one, bit 2 level + 1 the high one. */
uint8_t sg_bands_passed(const sg_bands *self, int32_t series, int32_t ahead, double miss);

/* One miss has become known. passed: of the bounds when the forecast was made; SG_BANDS_NONE: there were none. */
void sg_bands_take(sg_bands *self, int32_t series, int32_t ahead, double miss, uint8_t passed);
/* A row is over: the past fades. */
void sg_bands_settle(sg_bands *self);
#endif
