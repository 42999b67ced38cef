/* backtest.h - forecasts held against what came: every window of the test rows, every model, the mixture and its intervals.
 *
 * Rows     in order: train, val, test. Models learn from the train rows; weights and intervals begin with the val rows and follow
 *          the truths as they become known, a forecast of h rows ahead h rows later. What a forecast looks at are rows before it.
 * Windows  those whose target lies wholly in the test rows (of the val rows in the same way), every `stride`th.
 * Errors   the mean over windows, series and steps ahead; what was missing counts nowhere.
 * Skill    1 - mae / mae of persistence on the same rows; NAN where persistence made no error.
 * smape    mean of 2 |f - x| / (|f| + |x|), 0 where both are 0; a share, not percent.
 * Memory   one heap block for each array, given back by sg_backtest_free(). @effects alloc=yes block=no */
#ifndef SG_STUDY_BACKTEST_H
#define SG_STUDY_BACKTEST_H
#include "forecast/bands.h"
#include "forecast/ensemble.h"

struct sg_backtest;

typedef struct sg_backtest_plan {
    int64_t train, val, test; /* rows; val 0: the last fifth of the train rows are kept for it */
    int32_t horizon, stride;
    bool standardize; /* each series by mean and deviation of the train rows; changes the panel */
    bool fixed;       /* weights stay as the val rows left them */
    const char *models;
    double level[SG_BANDS_LEVEL_MAX];
    int32_t level_count;
    void (*progress)(void *context, const char *what, double done); /* NULL: silent */
    void *context;
    /* NULL, or hears of each window of the test rows when all voices have spoken. */
    void (*window)(void *of, const struct sg_backtest *, const sg_panel *, int64_t origin);
    void *window_of;
} sg_backtest_plan;

typedef struct sg_voice_score {
    int64_t count;
    double mse, mae, rmse, smape, skill;
    double coverage[SG_BANDS_LEVEL_MAX], width[SG_BANDS_LEVEL_MAX]; /* mean width of the interval */
    double fit_s,
        predict_s; /* of the whole: with finding the weights and following them, without the models */
} sg_voice_score;

typedef struct sg_backtest {
    sg_ensemble ensemble;
    sg_bands bands[SG_VOICE_MAX];
    sg_voice_score score[SG_VOICE_MAX]; /* of each voice (ensemble.h) */
    int64_t window_count;
} sg_backtest;

/* SG_RANGE: fewer rows than the plan asks for, or none to learn from or to test on. SG_MISSING: a model of that name. */
SG_MUST_CHECK sg_status sg_backtest_run(const sg_backtest_plan *plan, sg_panel *panel,
                                        sg_backtest *ret);

/* The forecast after the panel's last row: models and weights found as in a backtest on train = 4/5 and val = 1/5 of the rows,
 * then all models learn from all rows. Each voice of ret->ensemble has its means, its bands the intervals. */
SG_MUST_CHECK sg_status sg_outlook_run(const sg_backtest_plan *plan, sg_panel *panel,
                                       sg_backtest *ret);

void sg_backtest_free(sg_backtest *self);
#endif
