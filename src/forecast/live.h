/* live.h - the mixture at work on one series: rows come one by one, are learnt from, foretold, and held against what was said.
 *
 * Life     create -> for each row that comes: take, then predict. Models are fitted inside take: first when there are rows_least
 *          rows (on the first four fifths; weights and intervals begin on the last one; then all learn from all), later whenever
 *          rows_anew more have come, or the series drifts. Between fits weights and bounds follow every truth, as in a backtest.
 * Drift    what is missed of a row, mean over all steps ahead, against its mean since the last fit (Page's test): where half as much
 *          again and more adds up to half a season's usual misses, models are fitted anew a season later, when what is new has been
 *          seen for so long.
 * Rows     equally spaced; the caller hands in NAN for those that were not seen. Of the past rows_most + rows_anew are kept.
 * Fails    a fit that fails leaves `ready` false and says why; rows go on being taken and the next fit is tried a season later.
 *          Whatever comes in, predict says finite numbers or that it cannot.
 * Memory   one heap block of its own besides those of ensemble and bands, all of it in create; a fit borrows more and gives it
 *          back. @effects alloc=create and fit only block=for a fit, up to seconds
 * Source   ensemble.h, bands.h; Page, Continuous Inspection Schemes, Biometrika 41, 1954. */
#ifndef SG_FORECAST_LIVE_H
#define SG_FORECAST_LIVE_H
#include "forecast/bands.h"
#include "forecast/ensemble.h"

#include <stdbool.h>

typedef struct sg_live_shape {
    int32_t horizon, season;                  /* rows */
    int64_t rows_least, rows_most, rows_anew; /* rows_least >= 2 horizon + season */
    const char *models;                       /* as in sg_ensemble_create() */
    double seen_least; /* share of the rows that must have been seen to learn from them */
} sg_live_shape;

/* Why there is no forecast of the mixture. */
#define SG_LIVE_LIST(X)                                           \
    X(SG_LIVE_READY, "the mixture of models speaks")              \
    X(SG_LIVE_YOUNG, "there is too little history to learn from") \
    X(SG_LIVE_HOLES, "too much of the history is missing")        \
    X(SG_LIVE_UNFITTED, "the models could not be fitted")         \
    X(SG_LIVE_NOT_FINITE, "a model said something that is no number")

typedef enum sg_live_state {
#define X(code, text) code,
    SG_LIVE_LIST(X)
#undef X
} sg_live_state;

const char *sg_live_text(sg_live_state state);

/* Misses since the last fit, from when all that is judged was said by the models that it made. */
typedef struct sg_drift {
    int64_t from_row, count;
    double mean, sum, least; /* of misses; of what went beyond, in usual misses; its least so far */
} sg_drift;

typedef struct sg_live {
    sg_live_shape shape;
    sg_panel panel; /* one series */
    sg_ensemble ensemble;
    sg_bands bands; /* of the whole, 80 % */
    int64_t row; /* rows taken since the start, those that were dropped from the panel included */
    int64_t try_row;                /* the next fit */
    int64_t fit_count, drift_count; /* fits; those of them that drift asked for */
    sg_drift drift;
    int32_t state; /* sg_live_state */
    bool begun;    /* weights and bounds have been found once */
    /* of the last `horizon` origins: */
    int64_t *spoken; /* [origin % horizon], -1: nothing */
    float *guess;    /* [origin % horizon][voice][ahead] */
    float *low,
        *high; /* [origin % horizon][ahead], relative to the whole's guess; NAN: none was told */
    float *sample, *sorted;
    char *memory;
} sg_live;

/* SG_MISSING: a model of that name; SG_RANGE: too few rows for the horizon; SG_NOMEM. */
SG_MUST_CHECK sg_status sg_live_create(sg_live *self, const sg_live_shape *shape);
void sg_live_free(sg_live *self);

/* The next row; NAN or beyond 1e150: it was not seen. */
void sg_live_take(sg_live *self, double value);

/* Begin with what was kept of an earlier life: the newest rows that fit in, NAN where not seen; a fit is due then. */
void sg_live_restore(sg_live *self, const double *value, int64_t count);
/* The history is of no use any more (the clock was set anew): begin without. */
void sg_live_forget(sg_live *self);

/* Fit, if a fit is due; take does so by itself. */
void sg_live_fit_when_due(sg_live *self);

/* What the rows to come will be, ret_*[horizon]: mean, and the bounds that eight in ten truths fall between. False, and nothing
 * is written: self->state says why. */
bool sg_live_predict(sg_live *self, double *ret_mean, double *ret_low, double *ret_high);
#endif
