#include "study/backtest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Windows of the val rows that are looked at: for the weights, for the intervals. */
enum { WEIGH_WINDOWS = 720, BAND_WINDOWS = 256 };

typedef struct runner {
    const sg_backtest_plan *plan;
    sg_panel *panel;
    sg_backtest *it;
    int64_t row; /* the models know the rows before it */
    float *
        miss; /* [voice][origin][series][horizon] of the val rows, then of the last `horizon` origins */
} runner;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void tell(const runner *r, const char *what, double done)
{
    if (r->plan->progress) {
        r->plan->progress(r->plan->context, what, done);
    }
}

static int32_t voices(const runner *r)
{
    return r->it->ensemble.model_count + 1;
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

static void speak(runner *r, int32_t voice_count, int64_t origin)
{
    for (int32_t v = 0; v < voice_count; v++) {
        double began = now_s();
        sg_ensemble_predict(&r->it->ensemble, v, r->panel, origin);
        r->it->score[v].predict_s += now_s() - began;
    }
}

/* --- learn --- */

static sg_status fit(runner *r, int64_t from, int64_t to)
{
    sg_ensemble *e = &r->it->ensemble;
    for (int32_t m = 0; m < e->model_count; m++) {
        tell(r, e->model[m]->name, (double)m / e->model_count);
        double began = now_s();
        sg_status status = sg_ensemble_fit(e, m, r->panel, from, to);
        r->it->score[m].fit_s += now_s() - began;
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

static void weigh(runner *r, int64_t from, int64_t to)
{
    int64_t windows = to - from - r->plan->horizon + 1, step = step_of(windows, WEIGH_WINDOWS);
    double began = now_s();
    for (int64_t origin = from; origin < from + windows; origin += step) {
        tell(r, "weights", (double)(origin - from) / (double)windows);
        go_to(r, origin);
        for (int32_t m = 0; m < r->it->ensemble.model_count; m++) {
            sg_ensemble_predict(&r->it->ensemble, m, r->panel, origin);
        }
        sg_ensemble_compare(&r->it->ensemble, r->panel, origin);
    }
    sg_ensemble_weigh(&r->it->ensemble);
    r->it->score[r->it->ensemble.model_count].fit_s += now_s() - began;
}

static double miss_of(const runner *r, const double *guess, int64_t origin, int32_t s, int32_t h)
{
    int64_t at = (int64_t)s * r->panel->stride + origin + h;
    bool known = origin + h < r->panel->row_count && !r->panel->missing[at];
    return known ? r->panel->value[at] - guess[(int64_t)s * r->plan->horizon + h] : (double)NAN;
}

static void keep_misses(runner *r, int64_t slot, int64_t slots, int64_t origin)
{
    int64_t size = each(r);
    for (int32_t v = 0; v < voices(r); v++) {
        const double *guess = r->it->ensemble.guess + v * size;
        float *to = r->miss + (v * slots + slot) * size;
        for (int32_t s = 0; s < r->panel->series_count; s++) {
            for (int32_t h = 0; h < r->plan->horizon; h++) {
                *to++ = (float)miss_of(r, guess, origin, s, h);
            }
        }
    }
}

static sg_status find_bands(runner *r, int64_t from, int64_t to)
{
    int64_t windows = to - from - r->plan->horizon + 1, step = step_of(windows, BAND_WINDOWS);
    int64_t slots = (windows + step - 1) / step, slot = 0;
    float *sorted = malloc((size_t)slots * sizeof *sorted);
    r->miss = malloc((size_t)(slots * voices(r) * each(r)) * sizeof *r->miss);
    bool room = sorted && r->miss;
    for (int64_t origin = from; room && origin < from + windows; origin += step, slot++) {
        tell(r, "intervals", (double)(origin - from) / (double)windows);
        go_to(r, origin);
        for (int32_t v = 0; v < voices(r); v++) {
            sg_ensemble_predict(&r->it->ensemble, v, r->panel, origin);
        }
        keep_misses(r, slot, slots, origin);
    }
    for (int32_t v = 0; room && v < voices(r); v++) {
        sg_bands_start(&r->it->bands[v], r->miss + v * slots * each(r), slots, sorted);
    }
    free(sorted);
    free(r->miss);
    r->miss = NULL;
    return room ? SG_OK : SG_NOMEM;
}

/* Models, weights, intervals; the models stand at the val rows' end then. */
static sg_status learn(runner *r, int64_t train, int64_t val)
{
    sg_status status = fit(r, 0, train);
    if (status != SG_OK) {
        return status;
    }
    sg_ensemble_keep(&r->it->ensemble);
    weigh(r, train, train + val);
    sg_ensemble_back(&r->it->ensemble);
    r->row = train;
    return find_bands(r, train, train + val);
}

/* --- test --- */

static void score_step(const runner *r, int32_t v, int32_t s, int32_t h, double truth, double guess)
{
    sg_voice_score *score = &r->it->score[v];
    const sg_bands *bands = &r->it->bands[v];
    double miss = truth - guess, size = fabs(truth) + fabs(guess);
    score->count++;
    score->mse += miss * miss;
    score->mae += fabs(miss);
    score->smape += size > 0 ? 2 * fabs(miss) / size : 0;
    for (int32_t l = 0; l < bands->level_count; l++) {
        int64_t at = sg_bands_at(bands, l, s, h);
        score->coverage[l] += miss >= bands->low[at] && miss <= bands->high[at];
        score->width[l] += bands->high[at] - bands->low[at];
    }
}

static void score_window(const runner *r, int64_t origin)
{
    for (int32_t v = 0; v < voices(r); v++) {
        const double *guess = r->it->ensemble.guess + v * each(r);
        for (int32_t s = 0; s < r->panel->series_count; s++) {
            for (int32_t h = 0; h < r->plan->horizon; h++) {
                double miss = miss_of(r, guess, origin, s, h);
                double said = guess[(int64_t)s * r->plan->horizon + h];
                if (!isnan(miss)) {
                    score_step(r, v, s, h, miss + said, said);
                }
            }
        }
    }
}

/* What row origin - 1 shows of the forecasts made before: miss is a ring of the last `horizon` origins. */
static void follow(const runner *r, int64_t first, int64_t origin)
{
    int32_t horizon = r->plan->horizon;
    for (int32_t h = 0; h < horizon && origin - 1 - h >= first; h++) {
        int64_t spoken = origin - 1 - h;
        if ((spoken - first) % r->plan->stride != 0) {
            continue;
        }
        for (int32_t v = 0; v < voices(r); v++) {
            const float *miss = r->miss + (v * horizon + spoken % horizon) * each(r);
            for (int32_t s = 0; s < r->panel->series_count; s++) {
                double value = (double)miss[(int64_t)s * horizon + h];
                if (!isnan(value)) {
                    sg_bands_take(&r->it->bands[v], s, h, value);
                }
            }
        }
    }
}

static sg_status test(runner *r, int64_t from, int64_t to)
{
    int64_t windows = to - from - r->plan->horizon + 1;
    r->miss = malloc((size_t)(r->plan->horizon * voices(r) * each(r)) * sizeof *r->miss);
    if (!r->miss) {
        return SG_NOMEM;
    }
    for (int64_t origin = from; origin < from + windows; origin++) {
        go_to(r, origin);
        follow(r, from, origin);
        if ((origin - from) % r->plan->stride == 0) {
            tell(r, "test", (double)(origin - from) / (double)windows);
            speak(r, voices(r), origin);
            score_window(r, origin);
            keep_misses(r, origin % r->plan->horizon, r->plan->horizon, origin);
            r->it->window_count++;
        }
    }
    free(r->miss);
    r->miss = NULL;
    return SG_OK;
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
        for (int32_t l = 0; l < r->plan->level_count; l++) {
            score->coverage[l] /= count;
            score->width[l] /= count;
        }
        const sg_forecaster *of = v < voices(r) - 1 ? r->it->ensemble.model[v] : NULL;
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
    sg_status status = sg_ensemble_create(&r->it->ensemble, &shape, r->plan->models);
    for (int32_t v = 0; status == SG_OK && v < voices(r); v++) {
        status = sg_bands_create(&r->it->bands[v], shape.series_count, shape.horizon,
                                 r->plan->level, r->plan->level_count);
    }
    return status;
}

static bool fits(const sg_backtest_plan *plan, const sg_panel *panel, int64_t train, int64_t val)
{
    return plan->horizon >= 1 && plan->horizon <= SG_FORECAST_HORIZON_MAX && plan->stride >= 1 &&
           panel->series_count >= 1 && train >= 2 && val >= plan->horizon &&
           train + val + plan->test <= panel->row_count;
}

sg_status sg_backtest_run(const sg_backtest_plan *plan, sg_panel *panel, sg_backtest *ret)
{
    int64_t val = plan->val > 0 ? plan->val : plan->train / 5;
    int64_t train = plan->val > 0 ? plan->train : plan->train - val;
    runner r = {.plan = plan, .panel = panel, .it = ret};
    memset(ret, 0, sizeof *ret);
    if (!fits(plan, panel, train, val) || plan->test < plan->horizon) {
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
        status = test(&r, from, from + plan->test);
        finish(&r);
    }
    if (status != SG_OK) {
        sg_backtest_free(ret);
    }
    return status;
}

sg_status sg_outlook_run(const sg_backtest_plan *plan, sg_panel *panel, sg_backtest *ret)
{
    int64_t rows = panel->row_count, val = rows / 5 > plan->horizon ? rows / 5 : plan->horizon;
    runner r = {.plan = plan, .panel = panel, .it = ret};
    memset(ret, 0, sizeof *ret);
    if (!fits(plan, panel, rows - val, val)) {
        return SG_RANGE;
    }
    sg_status status = start(&r, rows);
    status = status == SG_OK ? learn(&r, rows - val, val) : status;
    status = status == SG_OK ? fit(&r, 0, rows) : status;
    if (status == SG_OK) {
        speak(&r, voices(&r), rows);
    } else {
        sg_backtest_free(ret);
    }
    return status;
}

void sg_backtest_free(sg_backtest *self)
{
    for (int v = 0; v <= SG_FORECASTER_MAX; v++) {
        sg_bands_free(&self->bands[v]);
    }
    sg_ensemble_free(&self->ensemble);
}
