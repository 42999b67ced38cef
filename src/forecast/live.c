#include "forecast/live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_ORIGINS = 192 }; /* of the rows that weights and intervals begin on */
static const double level = 0.8;
static const double drift_beyond = 0.5, drift_seasons = 0.5, drift_most = 4; /* usual misses */
static const double value_max = 1e150;                                       /* as in panel.c */

const char *sg_live_text(sg_live_state state)
{
    static const char *const texts[] = {
#define X(code, text) text,
        SG_LIVE_LIST(X)
#undef X
    };
    return texts[state];
}

static int32_t whole_of(const sg_live *self)
{
    return sg_ensemble_whole(&self->ensemble);
}

/* --- life --- */

static size_t lay_out(sg_live *self, char *at)
{
    size_t h = (size_t)self->shape.horizon, voices = (size_t)whole_of(self) + 1, total = 0;
    size_t rows = (size_t)self->panel.stride;
    const struct {
        void **to;
        size_t size;
    } parts[] = {{(void **)&self->panel.value, rows * sizeof(double)},
                 {(void **)&self->spoken, h * sizeof(int64_t)},
                 {(void **)&self->guess, h * voices * h * sizeof(float)},
                 {(void **)&self->low, h * h * sizeof(float)},
                 {(void **)&self->high, h * h * sizeof(float)},
                 {(void **)&self->sample, SAMPLE_ORIGINS * h * sizeof(float)},
                 {(void **)&self->sorted, SAMPLE_ORIGINS * sizeof(float)},
                 {(void **)&self->panel.missing, rows}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (at) {
            *parts[i].to = at + total;
        }
        total += (parts[i].size + 63) / 64 * 64;
    }
    return total;
}

static void forget_said(sg_live *self)
{
    for (int32_t h = 0; h < self->shape.horizon; h++) {
        self->spoken[h] = -1;
    }
}

sg_status sg_live_create(sg_live *self, const sg_live_shape *shape)
{
    *self = (sg_live){.shape = *shape, .state = SG_LIVE_YOUNG, .try_row = shape->rows_least};
    if (shape->horizon < 1 || shape->rows_anew < 1 || shape->rows_most < shape->rows_least ||
        shape->rows_least < 2 * (int64_t)shape->horizon + shape->season) {
        return SG_RANGE;
    }
    self->panel = (sg_panel){
        .series_count = 1, .season = shape->season, .stride = shape->rows_most + shape->rows_anew};
    sg_forecast_shape of = {.series_count = 1,
                            .horizon = shape->horizon,
                            .season = shape->season,
                            .fit_rows = self->panel.stride};
    sg_status status = sg_ensemble_create(&self->ensemble, &of, shape->models);
    status = status == SG_OK ? sg_bands_create(&self->bands, 1, shape->horizon, &level, 1) : status;
    if (status == SG_OK) {
        self->memory = calloc(1, lay_out(self, NULL));
        status = self->memory ? SG_OK : SG_NOMEM;
    }
    if (status != SG_OK) {
        sg_live_free(self);
        return status;
    }
    lay_out(self, self->memory);
    forget_said(self);
    return SG_OK;
}

void sg_live_free(sg_live *self)
{
    sg_ensemble_free(&self->ensemble);
    sg_bands_free(&self->bands);
    free(self->memory);
    self->memory = NULL;
}

/* --- what was said --- */

static int64_t origin_place(const sg_live *self, int64_t origin)
{
    return origin % self->shape.horizon;
}

static float *said(const sg_live *self, int64_t origin, int32_t voice)
{
    int64_t voices = whole_of(self) + 1;
    return self->guess + (origin_place(self, origin) * voices + voice) * self->shape.horizon;
}

/* --- drift --- */

static int64_t season_of(const sg_live *self)
{
    return self->shape.season > 0 ? self->shape.season : self->shape.horizon;
}

static void watch_anew(sg_live *self)
{
    self->drift = (sg_drift){.from_row = self->row + self->shape.horizon};
}

/* What a row showed: the mean size of what was missed of it. A season is waited for before anything counts as usual. */
static void watch(sg_live *self, int64_t row, double miss)
{
    sg_drift *d = &self->drift;
    if (row < d->from_row) {
        return;
    }
    d->count++;
    d->mean += (miss - d->mean) / (double)d->count;
    if (d->count <= season_of(self) || !(d->mean > 0)) {
        return;
    }
    d->sum += fmin(miss / d->mean, drift_most) - 1 - drift_beyond; /* one spike is no drift */
    d->least = fmin(d->least, d->sum);
    if (d->sum - d->least > drift_seasons * (double)season_of(self)) {
        int64_t fit_row = row + season_of(self); /* what is new has been seen for a season then */
        self->drift_count++;
        self->try_row = fit_row < self->try_row ? fit_row : self->try_row;
        *d = (sg_drift){.from_row = INT64_MAX}; /* until that fit */
    }
}

/* Panel row `at` is the truth of what was said `ahead` rows before. */
static void learn_one(sg_live *self, int64_t origin, int32_t ahead, double truth)
{
    double miss[SG_VOICE_MAX];
    int32_t whole = whole_of(self);
    for (int32_t v = 0; v <= whole; v++) {
        miss[v] = truth - (double)said(self, origin, v)[ahead];
        if (!isfinite(miss[v])) {
            return;
        }
    }
    int64_t at = origin_place(self, origin) * self->shape.horizon + ahead;
    double low = (double)self->low[at], high = (double)self->high[at];
    uint8_t passed = (uint8_t)((miss[whole] < low) | (miss[whole] > high) << 1);
    sg_bands_take(&self->bands, 0, ahead, miss[whole], isnan(low) ? SG_BANDS_NONE : passed);
    sg_ensemble_take(&self->ensemble, 0, ahead, miss);
}

/* What a row shows of the forecasts made before. row: since the start; at: in the panel. */
static void learn_row(sg_live *self, int64_t row, int64_t at)
{
    double missed = 0, truth = self->panel.value[at];
    int32_t count = 0;
    for (int32_t h = 0; h < self->shape.horizon && h <= row && !self->panel.missing[at]; h++) {
        if (self->spoken[origin_place(self, row - h)] == row - h) {
            learn_one(self, row - h, h, truth);
            missed += fabs(truth - (double)said(self, row - h, whole_of(self))[h]);
            count++;
        }
    }
    sg_bands_settle(&self->bands);
    sg_ensemble_settle(&self->ensemble);
    if (self->begun && count == self->shape.horizon) {
        watch(self, row, missed / count);
    }
}

/* All voices from panel row `at`, kept under `row`; bounded: with the bounds of now. False: one of them is no number. */
static bool speak(sg_live *self, int64_t row, int64_t at, bool bounded)
{
    int32_t horizon = self->shape.horizon, whole = whole_of(self);
    bool finite = true;
    for (int32_t v = 0; v <= whole; v++) {
        const double *guess = sg_ensemble_predict(&self->ensemble, v, &self->panel, at);
        float *to = said(self, row, v);
        for (int32_t h = 0; h < horizon; h++) {
            to[h] = (float)guess[h];
            finite = finite && isfinite(to[h]);
        }
    }
    for (int32_t h = 0; h < horizon; h++) {
        double low = (double)NAN, high = (double)NAN;
        if (bounded) {
            sg_bands_bounds(&self->bands, 0, 0, h, &low, &high);
        }
        self->low[origin_place(self, row) * horizon + h] = (float)low;
        self->high[origin_place(self, row) * horizon + h] = (float)high;
    }
    self->spoken[origin_place(self, row)] = finite ? row : -1;
    return finite;
}

/* --- fits --- */

static sg_status fit(sg_live *self, int64_t to)
{
    sg_status status = SG_OK;
    for (int32_t m = 0; m < self->ensemble.model_count && status == SG_OK; m++) {
        status = sg_ensemble_fit(&self->ensemble, m, &self->panel, 0, to);
    }
    return status;
}

/* Misses in relation to their scale, for the bounds to begin with. */
static void keep_sample(sg_live *self, int64_t slot, int64_t row, int64_t at)
{
    for (int32_t h = 0; h < self->shape.horizon; h++) {
        bool known = at + h < self->panel.row_count && !self->panel.missing[at + h];
        double miss = known ? self->panel.value[at + h] - (double)said(self, row, whole_of(self))[h]
                            : (double)NAN;
        self->sample[slot * self->shape.horizon + h] =
            (float)(miss / sg_bands_scale(&self->bands, 0, h));
    }
}

/* Weights and bounds on the last fifth of the rows, of models that have learnt from those before. */
static sg_status begin(sg_live *self)
{
    int64_t count = self->panel.row_count, horizon = self->shape.horizon;
    int64_t val = count / 5 > horizon ? count / 5 : horizon, train = count - val;
    int64_t stride = (val + SAMPLE_ORIGINS - 1) / SAMPLE_ORIGINS, slot = 0;
    int64_t before = self->row - count; /* rows that are not in the panel any more */
    sg_status status = fit(self, train);
    for (int64_t at = train; at < count && status == SG_OK; at++) {
        if ((at - train) % stride == 0 && slot < SAMPLE_ORIGINS) {
            if (!speak(self, before + at, at, false)) {
                return SG_RANGE;
            }
            keep_sample(self, slot++, before + at, at);
        }
        sg_ensemble_update(&self->ensemble, &self->panel, at);
        learn_row(self, before + at, at);
    }
    if (status == SG_OK) {
        sg_bands_start(&self->bands, self->sample, slot, self->sorted);
    }
    return status;
}

static bool holed(const sg_live *self)
{
    int64_t seen = 0;
    for (int64_t i = 0; i < self->panel.row_count; i++) {
        seen += !self->panel.missing[i];
    }
    return (double)seen < self->shape.seen_least * (double)self->panel.row_count;
}

static void learn_anew(sg_live *self)
{
    int64_t wait = season_of(self);
    if (holed(self)) {
        self->state = SG_LIVE_HOLES;
        self->try_row = self->row + wait;
        return;
    }
    sg_status status = self->begun ? SG_OK : begin(self);
    status = status == SG_OK ? fit(self, self->panel.row_count) : status;
    self->state = status == SG_OK ? SG_LIVE_READY : SG_LIVE_UNFITTED;
    self->begun = self->begun || status == SG_OK;
    self->fit_count += status == SG_OK;
    /* a young history is learnt from more often: whenever a quarter of it is new */
    int64_t anew = self->panel.row_count / 4;
    anew = anew > wait ? anew : wait;
    anew = anew < self->shape.rows_anew ? anew : self->shape.rows_anew;
    self->try_row = self->row + (status == SG_OK ? anew : wait);
    watch_anew(self);
}

void sg_live_fit_when_due(sg_live *self)
{
    if (self->row >= self->try_row) {
        learn_anew(self);
    }
}

/* --- rows --- */

static void make_room(sg_live *self)
{
    sg_panel *panel = &self->panel;
    if (panel->row_count < panel->stride) {
        return;
    }
    int64_t gone = self->shape.rows_anew, kept = panel->row_count - gone;
    memmove(panel->value, panel->value + gone, (size_t)kept * sizeof *panel->value);
    memmove(panel->missing, panel->missing + gone, (size_t)kept);
    panel->row_count = kept;
    self->state = SG_LIVE_UNFITTED; /* models may know rows by their place */
    self->try_row = self->row;      /* after the row that comes */
}

/* What is missing is as a day before, be that seen or filled in itself: after days in the dark the last one seen goes on. */
static void append(sg_live *self, double value)
{
    sg_panel *panel = &self->panel;
    int64_t at = panel->row_count++, day = at - panel->season;
    bool seen = fabs(value) <= value_max;
    bool of_day = panel->season >= 2 && day >= 0;
    panel->missing[at] = !seen;
    panel->value[at] = seen     ? value
                       : of_day ? panel->value[day]
                       : at > 0 ? panel->value[at - 1]
                                : 0;
}

void sg_live_take(sg_live *self, double value)
{
    if (self->panel.row_count == 0 && !(fabs(value) <= value_max)) {
        return; /* nothing begins with a hole */
    }
    make_room(self);
    append(self, value);
    int64_t at = self->panel.row_count - 1;
    if (self->state == SG_LIVE_READY || self->state == SG_LIVE_NOT_FINITE) {
        sg_ensemble_update(&self->ensemble, &self->panel, at);
        learn_row(self, self->row, at);
    }
    self->row++;
    sg_live_fit_when_due(self);
}

void sg_live_forget(sg_live *self)
{
    self->panel.row_count = 0;
    self->state = SG_LIVE_YOUNG;
    self->try_row = self->row + self->shape.rows_least;
    forget_said(self);
}

void sg_live_restore(sg_live *self, const double *value, int64_t count)
{
    int64_t over = count > self->shape.rows_most ? count - self->shape.rows_most : 0;
    sg_live_forget(self);
    for (int64_t i = over; i < count; i++) {
        if (self->panel.row_count > 0 || fabs(value[i]) <= value_max) {
            append(self, value[i]);
        }
    }
    self->row += self->panel.row_count;
    int64_t least = self->row - self->panel.row_count + self->shape.rows_least;
    self->try_row = self->row > least ? self->row : least;
}

bool sg_live_predict(sg_live *self, double *ret_mean, double *ret_low, double *ret_high)
{
    if (self->state != SG_LIVE_READY && self->state != SG_LIVE_NOT_FINITE) {
        return false;
    }
    bool finite = speak(self, self->row, self->panel.row_count, true);
    self->state = finite ? SG_LIVE_READY : SG_LIVE_NOT_FINITE;
    if (!finite) {
        return false;
    }
    const double *mean = self->ensemble.guess + (int64_t)whole_of(self) * self->shape.horizon;
    for (int32_t h = 0; h < self->shape.horizon; h++) {
        double low, high;
        sg_bands_bounds(&self->bands, 0, 0, h, &low, &high);
        ret_mean[h] = mean[h];
        ret_low[h] = mean[h] + low;
        ret_high[h] = mean[h] + high;
    }
    return true;
}
