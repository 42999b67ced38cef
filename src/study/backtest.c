#include "study/backtest.h"

#include "base/clock.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VAL_WINDOWS = 720, BAND_WINDOWS = 256 }; /* of the val rows, at most */

typedef struct runner {
    const sg_backtest_plan *plan;
    sg_panel *panel;
    sg_backtest *it;
    int64_t row; /* the models know the rows before it */
    /* Of the last `horizon` origins: where (-1: nothing was said), misses and passed bounds. */
    int64_t *spoken;
    float *miss;     /* [target row modulo horizon][series][horizon][voice] */
    uint8_t *passed; /* the same                                        */
    float *sample;   /* [voice][BAND_WINDOWS][series][horizon]: miss / scale in the val rows */
} runner;

static void tell(const runner *r, const char *what, double done)
{
    if (r->plan->progress) {
        r->plan->progress(r->plan->context, what, done);
    }
}

static int32_t voices(const runner *r)
{
    return sg_ensemble_whole(&r->it->ensemble) + 1;
}

static int64_t each(const runner *r)
{
    return (int64_t)r->panel->series_count * r->plan->horizon;
}

static void go_to(runner *r, int64_t row)
{
    for (; r->row < row; r->row++) {
        sg_ensemble_update(&r->it->ensemble, r->panel, r->row);
    }
}

static void speak(runner *r, int64_t origin)
{
    for (int32_t v = 0; v < voices(r); v++) {
        double began = sg_clock_s();
        sg_ensemble_predict(&r->it->ensemble, v, r->panel, origin);
        r->it->score[v].predict_s += sg_clock_s() - began;
    }
}

/* --- what was said, until its truth is known --- */

static double miss_of(const runner *r, const double *guess, int64_t origin, int32_t s, int32_t h)
{
    int64_t at = (int64_t)s * r->panel->stride + origin + h;
    bool known = origin + h < r->panel->row_count && !r->panel->missing[at];
    return known ? r->panel->value[at] - guess[(int64_t)s * r->plan->horizon + h] : (double)NAN;
}

static int64_t slot_of(const runner *r, int64_t origin, int32_t s, int64_t h)
{
    int64_t slot = (origin + h) % r->plan->horizon; /* what one row decides lies together */
    return ((slot * r->panel->series_count + s) * r->plan->horizon + h) * voices(r);
}

static void remember(runner *r, int64_t origin, bool bounded)
{
    r->spoken[origin % r->plan->horizon] = origin;
    for (int32_t s = 0; s < r->panel->series_count; s++) {
        for (int32_t h = 0; h < r->plan->horizon; h++) {
            int64_t to = slot_of(r, origin, s, h);
            for (int32_t v = 0; v < voices(r); v++, to++) {
                double miss = miss_of(r, r->it->ensemble.guess + v * each(r), origin, s, h);
                r->miss[to] =
                    isnan(miss) ? NAN : (float)fmax(fmin(miss, (double)FLT_MAX), (double)-FLT_MAX);
                r->passed[to] =
                    bounded ? sg_bands_passed(&r->it->bands[v], s, h, miss) : SG_BANDS_NONE;
            }
        }
    }
}

static void learn_step(const runner *r, int64_t spoken, int32_t s, int32_t h, bool weights)
{
    double miss[SG_VOICE_MAX] = {0};
    int64_t at = slot_of(r, spoken, s, h);
    for (int32_t v = 0; v < voices(r); v++) {
        miss[v] = (double)r->miss[at + v];
    }
    if (isnan(miss[0])) {
        return;
    }
    for (int32_t v = 0; v < voices(r); v++) {
        sg_bands_take(&r->it->bands[v], s, h, miss[v], r->passed[at + v]);
    }
    if (weights) {
        sg_ensemble_take(&r->it->ensemble, s, h, miss);
    }
}

/* What row origin - 1 shows of the forecasts made before. */
static void learn_row(const runner *r, int64_t origin, bool weights)
{
    int32_t horizon = r->plan->horizon;
    for (int32_t h = 0; h < horizon && h < origin; h++) {
        int64_t spoken = origin - 1 - h;
        bool said = r->spoken[spoken % horizon] == spoken;
        for (int32_t s = 0; said && s < r->panel->series_count; s++) {
            learn_step(r, spoken, s, h, weights);
        }
    }
    for (int32_t v = 0; v < voices(r); v++) {
        sg_bands_settle(&r->it->bands[v]);
    }
    if (weights) {
        sg_ensemble_settle(&r->it->ensemble);
    }
}

/* --- learn --- */

static sg_status fit(runner *r, int64_t from, int64_t to)
{
    sg_ensemble *e = &r->it->ensemble;
    for (int32_t m = 0; m < e->model_count; m++) {
        tell(r, e->model[m]->name, (double)m / e->model_count);
        double began = sg_clock_s();
        sg_status status = sg_ensemble_fit(e, m, r->panel, from, to);
        r->it->score[m].fit_s += sg_clock_s() - began;
        if (status != SG_OK) {
            return status;
        }
    }
    r->row = to;
    return SG_OK;
}

static int64_t step_of(int64_t windows, int64_t most)
{
    return (windows + most - 1) / most;
}

/* Misses in relation to their scale, for the bounds to begin with; of targets in the val rows alone. */
static void keep_sample(runner *r, int64_t slot, int64_t origin)
{
    for (int32_t v = 0; v < voices(r); v++) {
        float *sample = r->sample + (v * (int64_t)BAND_WINDOWS + slot) * each(r);
        for (int32_t s = 0; s < r->panel->series_count; s++) {
            for (int32_t h = 0; h < r->plan->horizon; h++) {
                double miss = (double)r->miss[slot_of(r, origin, s, h) + v];
                *sample++ = (float)(miss / sg_bands_scale(&r->it->bands[v], s, h));
            }
        }
    }
}

static sg_status start_bands(runner *r, int64_t slots)
{
    float *sorted = malloc((size_t)(slots > 0 ? slots : 1) * sizeof *sorted);
    for (int32_t v = 0; sorted && v < voices(r); v++) {
        sg_bands_start(&r->it->bands[v], r->sample + v * (int64_t)BAND_WINDOWS * each(r), slots,
                       sorted);
    }
    bool room = sorted != NULL;
    free(sorted);
    return room ? SG_OK : SG_NOMEM;
}

/* Models, weights, intervals; the models stand at the val rows' end then. */
static sg_status learn(runner *r, int64_t train, int64_t val)
{
    int64_t to = train + val, windows = val - r->plan->horizon + 1, slot = 0;
    int64_t step = step_of(val, VAL_WINDOWS), kept = step_of(windows, step * BAND_WINDOWS) * step;
    sg_status status = fit(r, 0, train);
    double began = sg_clock_s();
    for (int64_t origin = train; origin < to && status == SG_OK; origin++) {
        go_to(r, origin);
        learn_row(r, origin, true);
        if ((origin - train) % step == 0) {
            tell(r, "weights", (double)(origin - train) / (double)val);
            speak(r, origin);
            remember(r, origin, false);
        }
        if ((origin - train) % kept == 0 && origin + r->plan->horizon <= to) {
            keep_sample(r, slot++, origin);
        }
    }
    for (int32_t v = 0; v < voices(r); v++) {
        r->it->score[v].predict_s = 0; /* what counts is the test */
    }
    r->it->score[voices(r) - 1].fit_s += sg_clock_s() - began;
    return status == SG_OK ? start_bands(r, slot) : status;
}

/* --- test --- */

static void score_step(const runner *r, int32_t v, int32_t s, int32_t h, double miss, double said)
{
    sg_voice_score *score = &r->it->score[v];
    const sg_bands *bands = &r->it->bands[v];
    double size = fabs(miss + said) + fabs(said);
    if (isnan(miss)) {
        return;
    }
    score->count++;
    score->mse += miss * miss;
    score->mae += fabs(miss);
    score->smape += size > 0 ? 2 * fabs(miss) / size : 0;
    for (int32_t l = 0; l < bands->level_count; l++) {
        double low, high;
        sg_bands_bounds(bands, l, s, h, &low, &high);
        score->coverage[l] += miss >= low && miss <= high;
        score->width[l] += high - low;
    }
}

static void score_window(const runner *r, int64_t origin)
{
    for (int32_t v = 0; v < voices(r); v++) {
        const double *guess = r->it->ensemble.guess + v * each(r);
        for (int32_t s = 0; s < r->panel->series_count; s++) {
            for (int32_t h = 0; h < r->plan->horizon; h++) {
                double said = guess[(int64_t)s * r->plan->horizon + h];
                score_step(r, v, s, h, miss_of(r, guess, origin, s, h), said);
            }
        }
    }
}

static void test(runner *r, int64_t from, int64_t to)
{
    int64_t windows = to - from - r->plan->horizon + 1;
    for (int64_t origin = from; origin < from + windows; origin++) {
        go_to(r, origin);
        double began = sg_clock_s();
        learn_row(r, origin, !r->plan->fixed);
        r->it->score[voices(r) - 1].predict_s += sg_clock_s() - began;
        if ((origin - from) % r->plan->stride == 0) {
            tell(r, "test", (double)(origin - from) / (double)windows);
            speak(r, origin);
            score_window(r, origin);
            if (r->plan->window) {
                r->plan->window(r->plan->window_of, r->it, r->panel, origin);
            }
            remember(r, origin, true);
            r->it->window_count++;
        }
    }
}

static void finish(const runner *r)
{
    double reference = NAN;
    for (int32_t v = 0; v < voices(r); v++) {
        sg_voice_score *score = &r->it->score[v];
        double count = (double)score->count;
        score->mse /= count;
        score->mae /= count;
        score->smape /= count;
        score->rmse = sqrt(score->mse);
        for (int32_t l = 0; l < r->it->bands[v].level_count; l++) {
            score->coverage[l] /= count;
            score->width[l] /= count;
        }
        const sg_forecaster *of = v < r->it->ensemble.model_count ? r->it->ensemble.model[v] : NULL;
        reference = of && strcmp(of->name, "persistence") == 0 ? score->mae : reference;
    }
    for (int32_t v = 0; v < voices(r); v++) {
        double mae = r->it->score[v].mae;
        r->it->score[v].skill = reference > 0 ? 1 - mae / reference : (double)NAN;
    }
}

/* --- the whole --- */

static void standardize(sg_panel *panel, int64_t train)
{
    for (int32_t s = 0; s < panel->series_count; s++) {
        double mean, deviation, *value = panel->value + s * panel->stride;
        sg_panel_scale(panel, s, 0, train, &mean, &deviation);
        for (int64_t i = 0; i < panel->row_count; i++) {
            value[i] = (value[i] - mean) / deviation;
        }
    }
}

static sg_status start(runner *r, int64_t train)
{
    sg_forecast_shape shape = {.series_count = r->panel->series_count,
                               .horizon = r->plan->horizon,
                               .season = r->panel->season,
                               .fit_rows = train};
    if (r->panel->inputs) {
        shape.input_count = r->panel->inputs->count;
        shape.known_count = r->panel->inputs->known;
        shape.sky = r->panel->inputs->sky;
    }
    sg_status status = sg_ensemble_create(&r->it->ensemble, &shape, r->plan->models);
    for (int32_t v = 0; status == SG_OK && v < voices(r); v++) {
        const sg_ensemble *e =
            &r->it->ensemble; /* the mixtures are heard through the whole alone */
        bool alone = v < e->model_count || v == sg_ensemble_whole(e);
        status = sg_bands_create(&r->it->bands[v], shape.series_count, shape.horizon,
                                 r->plan->level, alone ? r->plan->level_count : 0);
    }
    if (status != SG_OK) {
        return status;
    }
    size_t size = (size_t)voices(r) * (size_t)each(r), ring = size * (size_t)shape.horizon;
    r->spoken = malloc((size_t)shape.horizon * sizeof *r->spoken);
    r->miss = malloc(ring * sizeof *r->miss);
    r->passed = malloc(ring);
    r->sample = malloc(size * BAND_WINDOWS * sizeof *r->sample);
    for (int32_t h = 0; r->spoken && h < shape.horizon; h++) {
        r->spoken[h] = -1;
    }
    return r->spoken && r->miss && r->passed && r->sample ? SG_OK : SG_NOMEM;
}

static void stop(runner *r, sg_status status)
{
    free(r->spoken);
    free(r->miss);
    free(r->passed);
    free(r->sample);
    if (status != SG_OK) {
        sg_backtest_free(r->it);
    }
}

static bool fits(const sg_backtest_plan *plan, const sg_panel *panel, int64_t train, int64_t val,
                 int64_t test)
{
    return plan->horizon >= 1 && plan->horizon <= SG_FORECAST_HORIZON_MAX && plan->stride >= 1 &&
           panel->series_count >= 1 && train >= 2 && val >= plan->horizon &&
           train + val + test <= panel->row_count;
}

sg_status sg_backtest_run(const sg_backtest_plan *plan, sg_panel *panel, sg_backtest *ret)
{
    int64_t val = plan->val > 0 ? plan->val : plan->train / 5;
    int64_t train = plan->val > 0 ? plan->train : plan->train - val;
    runner r = {.plan = plan, .panel = panel, .it = ret};
    memset(ret, 0, sizeof *ret);
    if (!fits(plan, panel, train, val, plan->test) || plan->test < plan->horizon) {
        return SG_RANGE;
    }
    if (plan->standardize) {
        standardize(panel, plan->train);
    }
    sg_status status = start(&r, train);
    status = status == SG_OK ? learn(&r, train, val) : status;
    if (status == SG_OK) {
        int64_t from = train + val;
        go_to(&r, from);
        test(&r, from, from + plan->test);
        finish(&r);
    }
    stop(&r, status);
    return status;
}

sg_status sg_outlook_run(const sg_backtest_plan *plan, sg_panel *panel, sg_backtest *ret)
{
    int64_t rows = panel->row_count, val = rows / 5 > plan->horizon ? rows / 5 : plan->horizon;
    runner r = {.plan = plan, .panel = panel, .it = ret};
    memset(ret, 0, sizeof *ret);
    if (!fits(plan, panel, rows - val, val, 0)) {
        return SG_RANGE;
    }
    sg_status status = start(&r, rows);
    status = status == SG_OK ? learn(&r, rows - val, val) : status;
    if (status == SG_OK) {
        go_to(&r, rows);
        learn_row(&r, rows, true);
        status = fit(&r, 0, rows);
    }
    if (status == SG_OK) {
        speak(&r, rows);
    }
    stop(&r, status);
    return status;
}

void sg_backtest_free(sg_backtest *self)
{
    for (int v = 0; v < SG_VOICE_MAX; v++) {
        sg_bands_free(&self->bands[v]);
    }
    sg_ensemble_free(&self->ensemble);
}
