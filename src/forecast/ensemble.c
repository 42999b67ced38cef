#include "forecast/ensemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 20000 };

static const int32_t block_ends[SG_ENSEMBLE_BLOCK_MAX] = {1,   6,    24,   96,
                                                          336, 1024, 2048, SG_FORECAST_HORIZON_MAX};

/* --- weights --- */

static void gradient(const double *a, int32_t count, const double *w, double *ret)
{
    for (int32_t i = 0; i < count; i++) {
        ret[i] = 0;
        for (int32_t j = 0; j < count; j++) {
            ret[i] += a[i * count + j] * w[j];
        }
    }
}

/* Moves weight between the two models that gain most by it, as far as it helps, until nothing is to be gained. */
void sg_mix_weights(const double *a, int32_t count, double *ret)
{
    double g[SG_FORECASTER_MAX], scale = 0;
    for (int32_t i = 0; i < count; i++) {
        ret[i] = 1.0 / count;
        scale = fmax(scale, a[i * count + i]);
    }
    for (int step = 0; step < STEPS_MAX; step++) {
        int32_t to = 0, from = -1;
        gradient(a, count, ret, g);
        for (int32_t i = 0; i < count; i++) {
            to = g[i] < g[to] ? i : to;
            from = ret[i] > 0 && (from < 0 || g[i] > g[from]) ? i : from;
        }
        double gain = g[from] - g[to];
        double bend = a[to * count + to] + a[from * count + from] - 2 * a[to * count + from];
        if (!(gain > 1e-12 * scale)) {
            return;
        }
        double move = bend > 0 ? fmin(gain / bend, ret[from]) : ret[from];
        ret[to] += move;
        ret[from] = move < ret[from] ? ret[from] - move : 0;
    }
}

/* --- life --- */

static sg_status choose(sg_ensemble *self, const char *models)
{
    for (int i = 0; !models && i < sg_forecaster_count; i++) {
        self->model[self->model_count++] = sg_forecasters[i];
    }
    while (models && *models) {
        char name[64];
        size_t length = strcspn(models, ",");
        const char *from = models;
        models += length + (models[length] == ',');
        if (length >= sizeof name || self->model_count == SG_FORECASTER_MAX) {
            return SG_MISSING;
        }
        memcpy(name, from, length);
        name[length] = '\0';
        const sg_forecaster *found = sg_forecaster_find(name);
        if (!found) {
            return SG_MISSING;
        }
        self->model[self->model_count++] = found;
    }
    return self->model_count > 0 ? SG_OK : SG_MISSING;
}

static size_t rounded(size_t size)
{
    return (size + 63) / 64 * 64;
}

sg_status sg_ensemble_create(sg_ensemble *self, const sg_forecast_shape *shape, const char *models)
{
    *self = (sg_ensemble){.shape = *shape};
    sg_status status = choose(self, models);
    if (status != SG_OK) {
        return status;
    }
    do {
        int32_t end = block_ends[self->block_count];
        self->block_end[self->block_count++] = end < shape->horizon ? end : shape->horizon;
    } while (self->block_end[self->block_count - 1] < shape->horizon);
    for (int32_t m = 0; m < self->model_count; m++) {
        self->state_size += rounded(self->model[m]->size(shape, self->model[m]->variant));
    }
    size_t models_count = (size_t)self->model_count, series = (size_t)shape->series_count;
    size_t blocks = series * (size_t)self->block_count;
    size_t guesses = (models_count + 1) * series * (size_t)shape->horizon;
    size_t doubles = blocks * models_count * (models_count + 1) + guesses;
    self->memory = calloc(1, 2 * self->state_size + doubles * sizeof(double));
    if (!self->memory) {
        return SG_NOMEM;
    }
    char *at = self->memory;
    for (int32_t m = 0; m < self->model_count; m++) {
        const sg_forecaster *model = self->model[m];
        self->state[m] = at;
        model->create(at, shape, model->variant);
        at += rounded(model->size(shape, model->variant));
    }
    self->kept = at;
    self->weight = (double *)(at + self->state_size);
    self->product = self->weight + blocks * models_count;
    self->guess = self->product + blocks * models_count * models_count;
    for (size_t b = 0; b < blocks; b++) {
        self->weight[b * models_count] = 1;
    }
    return SG_OK;
}

void sg_ensemble_free(sg_ensemble *self)
{
    free(self->memory);
    *self = (sg_ensemble){0};
}

sg_status sg_ensemble_fit(sg_ensemble *self, int32_t model, const sg_panel *panel, int64_t from,
                          int64_t to)
{
    const sg_forecaster *of = self->model[model];
    return of->fit ? of->fit(self->state[model], panel, from, to) : SG_OK;
}

void sg_ensemble_update(sg_ensemble *self, const sg_panel *panel, int64_t row)
{
    for (int32_t m = 0; m < self->model_count; m++) {
        if (self->model[m]->update) {
            self->model[m]->update(self->state[m], panel, row);
        }
    }
}

void sg_ensemble_keep(sg_ensemble *self)
{
    memcpy(self->kept, self->memory, self->state_size);
}

void sg_ensemble_back(sg_ensemble *self)
{
    memcpy(self->memory, self->kept, self->state_size);
}

/* --- speaking --- */

static double *guess_of(const sg_ensemble *self, int32_t voice, int32_t series)
{
    size_t at = (size_t)voice * (size_t)self->shape.series_count + (size_t)series;
    return self->guess + at * (size_t)self->shape.horizon;
}

const double *sg_ensemble_weights(const sg_ensemble *self, int32_t series, int32_t block)
{
    size_t at = (size_t)series * (size_t)self->block_count + (size_t)block;
    return self->weight + at * (size_t)self->model_count;
}

static void mix(const sg_ensemble *self, int32_t series)
{
    double *ret = guess_of(self, self->model_count, series);
    memset(ret, 0, (size_t)self->shape.horizon * sizeof *ret);
    for (int32_t b = 0, h = 0; b < self->block_count; h = self->block_end[b++]) {
        const double *weight = sg_ensemble_weights(self, series, b);
        for (int32_t m = 0; m < self->model_count; m++) {
            const double *guess = guess_of(self, m, series);
            for (int32_t i = h; weight[m] > 0 && i < self->block_end[b]; i++) {
                ret[i] += weight[m] * guess[i];
            }
        }
    }
}

const double *sg_ensemble_predict(sg_ensemble *self, int32_t voice, const sg_panel *panel,
                                  int64_t origin)
{
    if (voice < self->model_count) {
        self->model[voice]->predict(self->state[voice], panel, origin, guess_of(self, voice, 0));
    } else {
        for (int32_t s = 0; s < self->shape.series_count; s++) {
            mix(self, s);
        }
    }
    return guess_of(self, voice, 0);
}

/* --- learning whom to trust --- */

static double *products_of(const sg_ensemble *self, int32_t series, int32_t block)
{
    size_t at = (size_t)series * (size_t)self->block_count + (size_t)block;
    return self->product + at * (size_t)self->model_count * (size_t)self->model_count;
}

static void compare_step(sg_ensemble *self, int32_t series, int32_t block, int32_t ahead,
                         double truth)
{
    double miss[SG_FORECASTER_MAX];
    int32_t count = self->model_count;
    double *product = products_of(self, series, block);
    for (int32_t m = 0; m < count; m++) {
        miss[m] = guess_of(self, m, series)[ahead] - truth;
    }
    for (int32_t m = 0; m < count; m++) {
        for (int32_t k = 0; k < count; k++) {
            product[m * count + k] += miss[m] * miss[k];
        }
    }
}

void sg_ensemble_compare(sg_ensemble *self, const sg_panel *panel, int64_t origin)
{
    for (int32_t s = 0; s < self->shape.series_count; s++) {
        const double *value = sg_panel_series(panel, s) + origin;
        const uint8_t *missing = panel->missing + s * panel->stride + origin;
        for (int32_t h = 0, b = 0; h < self->shape.horizon; h++) {
            b += h == self->block_end[b];
            if (origin + h < panel->row_count && !missing[h]) {
                compare_step(self, s, b, h, value[h]);
            }
        }
    }
}

/* ret += share * products, where the best model's own is 1 */
static void add_products(const double *product, int32_t count, double share, double *ret)
{
    double least = INFINITY;
    for (int32_t m = 0; m < count; m++) {
        least = fmin(least, product[m * count + m]);
    }
    for (int32_t i = 0; i < count * count && least > 0 && isfinite(least); i++) {
        ret[i] += share * product[i] / least;
    }
}

void sg_ensemble_weigh(sg_ensemble *self)
{
    int32_t count = self->model_count, series = self->shape.series_count;
    double all[SG_FORECASTER_MAX * SG_FORECASTER_MAX], own[SG_FORECASTER_MAX * SG_FORECASTER_MAX];
    size_t size = (size_t)(count * count) * sizeof(double);
    for (int32_t b = 0; b < self->block_count; b++) {
        memset(all, 0, size);
        for (int32_t s = 0; s < series; s++) {
            add_products(products_of(self, s, b), count, 1.0 / series, all);
        }
        for (int32_t s = 0; s < series; s++) {
            memcpy(own, all, size);
            add_products(products_of(self, s, b), count, 1, own);
            double *weight =
                self->weight + ((size_t)s * (size_t)self->block_count + (size_t)b) * (size_t)count;
            sg_mix_weights(own, count, weight);
        }
    }
}
