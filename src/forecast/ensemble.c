#include "forecast/ensemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 2000, WEIGH_ROWS = 4, EXPERT_MAX = SG_FORECASTER_MAX + SG_MIXTURE_COUNT };

/* Rows until the past counts 1 / e: windows of many rows overlap, so there must be more of them to tell as much. */
static const double memory_rows = 500, memory_windows = 10;
static const double rate = 0.02;    /* of the trust's fall, for each row                       */
static const double size_share = 3; /* of sizes beside squares: skill is measured by them       */
static const double least_size = 0.02; /* of the mean one: what was missed by less counts as this */
static const double miss_max = 1e120; /* so that sums of squares stay finite                      */

/* --- weights of a mixture --- */

static void gradient(const double *a, int32_t count, const double *w, double *ret)
{
    for (int32_t i = 0; i < count; i++) {
        ret[i] = 0;
        for (int32_t j = 0; j < count; j++) {
            ret[i] += a[i * count + j] * w[j];
        }
    }
}

static void begin(int32_t count, double *w)
{
    double sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += w[i];
    }
    for (int32_t i = 0; i < count && !(fabs(sum - 1) < 1e-6); i++) {
        w[i] = 1.0 / count;
    }
}

/* Moves weight between the two models that gain most by it, as far as it helps, until nothing is to be gained. */
void sg_mix_weights(const double *a, int32_t count, double *w)
{
    double g[SG_FORECASTER_MAX], scale = 0;
    begin(count, w);
    for (int32_t i = 0; i < count; i++) {
        scale = fmax(scale, a[i * count + i]);
    }
    gradient(a, count, w, g);
    for (int step = 0; step < STEPS_MAX; step++) {
        int32_t to = 0, from = -1;
        for (int32_t i = 0; i < count; i++) {
            to = g[i] < g[to] ? i : to;
            from = w[i] > 0 && (from < 0 || g[i] > g[from]) ? i : from;
        }
        if (from < 0) {
            return; /* no weight anywhere: there is nothing to move */
        }
        double gain = g[from] - g[to];
        double bend = a[to * count + to] + a[from * count + from] - 2 * a[to * count + from];
        if (!(gain > 1e-9 * scale)) {
            return;
        }
        double move = bend > 0 ? fmin(gain / bend, w[from]) : w[from];
        w[to] += move;
        w[from] = move < w[from] ? w[from] - move : 0;
        for (int32_t i = 0; i < count; i++) {
            g[i] += move * (a[i * count + to] - a[i * count + from]);
        }
    }
}

/* --- life --- */

static bool add(sg_ensemble *self, const sg_forecaster *model)
{
    for (int32_t m = 0; m < self->model_count; m++) {
        if (self->model[m] == model) {
            return true;
        }
    }
    if (!model || self->model_count == SG_FORECASTER_MAX) {
        return false;
    }
    self->model[self->model_count++] = model;
    return true;
}

static bool add_name(sg_ensemble *self, const char *name, size_t length)
{
    char text[64];
    if (length >= sizeof text) {
        return false;
    }
    memcpy(text, name, length);
    text[length] = '\0';
    bool ok = true, all = strcmp(text, "auto") == 0;
    for (int i = 0; all && ok && i < sg_forecaster_count; i++) {
        ok = !sg_forecaster_suits(sg_forecasters[i], &self->shape) || add(self, sg_forecasters[i]);
    }
    return all ? ok : add(self, sg_forecaster_find(text));
}

static sg_status choose(sg_ensemble *self, const char *models)
{
    bool ok = true;
    for (const char *at = models ? models : "auto"; ok && *at;) {
        size_t length = strcspn(at, ",");
        ok = add_name(self, at, length);
        at += length + (at[length] == ',');
    }
    return ok && self->model_count > 0 ? SG_OK : SG_MISSING;
}

static size_t rounded(size_t size)
{
    return (size + 63) / 64 * 64;
}

/* The next `count` of elements of `size` bytes in the block; measuring where there is none yet. */
static void *part(char **at, size_t *total, size_t count, size_t size)
{
    size_t bytes = rounded(count * size);
    void *ret = *at;
    *at = *at ? *at + bytes : NULL;
    *total += bytes;
    return ret;
}

static size_t lay_out(sg_ensemble *self, char *at)
{
    size_t total = 0, models = (size_t)self->model_count, series = (size_t)self->shape.series_count;
    size_t each = series * (size_t)self->block_count, experts = models + SG_MIXTURE_COUNT;
    for (int32_t m = 0; m < self->model_count; m++) {
        size_t size = self->model[m]->size(&self->shape, self->model[m]->variant);
        self->state[m] = part(&at, &total, size, 1);
    }
    self->rows = part(&at, &total, each, sizeof(double));
    self->count = part(&at, &total, each, sizeof(double));
    self->square = part(&at, &total, each * experts, sizeof(double));
    self->size = part(&at, &total, each * experts, sizeof(double));
    self->product = part(&at, &total, each * SG_MIXTURE_COUNT * models * models, sizeof(double));
    self->mixture = part(&at, &total, each * SG_MIXTURE_COUNT * models, sizeof(double));
    self->weight = part(&at, &total, each * models, sizeof(double));
    self->fresh = part(&at, &total, each, sizeof(bool));
    self->guess =
        part(&at, &total, (experts + 1) * series * (size_t)self->shape.horizon, sizeof(double));
    return total;
}

sg_status sg_ensemble_create(sg_ensemble *self, const sg_forecast_shape *shape, const char *models)
{
    *self = (sg_ensemble){.shape = *shape};
    sg_status status = choose(self, models);
    if (status != SG_OK) {
        return status;
    }
    self->block_count = sg_horizon_block(shape->horizon - 1) + 1;
    self->memory = calloc(1, lay_out(self, NULL));
    if (!self->memory) {
        return SG_NOMEM;
    }
    lay_out(self, self->memory);
    for (int32_t m = 0; m < self->model_count; m++) {
        self->model[m]->create(self->state[m], shape, self->model[m]->variant);
    }
    for (int32_t i = 0; i < shape->series_count * self->block_count; i++) {
        self->weight[(size_t)i * (size_t)self->model_count] = 1;
        for (int q = 0; q < SG_MIXTURE_COUNT; q++) {
            self->mixture[(size_t)(i * SG_MIXTURE_COUNT + q) * (size_t)self->model_count] = 1;
        }
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

/* --- speaking --- */

static size_t place(const sg_ensemble *self, int32_t series, int32_t block)
{
    return (size_t)series * (size_t)self->block_count + (size_t)block;
}

static double *guess_of(const sg_ensemble *self, int32_t voice, int32_t series)
{
    size_t at = (size_t)voice * (size_t)self->shape.series_count + (size_t)series;
    return self->guess + at * (size_t)self->shape.horizon;
}

const double *sg_ensemble_weights(const sg_ensemble *self, int32_t series, int32_t block)
{
    return self->weight + place(self, series, block) * (size_t)self->model_count;
}

static double *mixture_of(const sg_ensemble *self, size_t at, int32_t which)
{
    return self->mixture + (at * SG_MIXTURE_COUNT + (size_t)which) * (size_t)self->model_count;
}

static double *products_of(const sg_ensemble *self, size_t at, int32_t which)
{
    size_t models = (size_t)self->model_count;
    return self->product + (at * SG_MIXTURE_COUNT + (size_t)which) * models * models;
}

static void mix(const sg_ensemble *self, int32_t voice, int32_t series)
{
    double *ret = guess_of(self, voice, series);
    memset(ret, 0, (size_t)self->shape.horizon * sizeof *ret);
    for (int32_t b = 0, h = 0; b < self->block_count; b++) {
        int32_t end = sg_horizon_block_end(b);
        const double *weight =
            voice == sg_ensemble_whole(self)
                ? sg_ensemble_weights(self, series, b)
                : mixture_of(self, place(self, series, b), voice - self->model_count);
        end = end < self->shape.horizon ? end : self->shape.horizon;
        for (int32_t m = 0; m < self->model_count; m++) {
            const double *guess = guess_of(self, m, series);
            for (int32_t i = h; weight[m] > 0 && i < end; i++) {
                ret[i] += weight[m] * guess[i];
            }
        }
        h = end;
    }
}

const double *sg_ensemble_predict(sg_ensemble *self, int32_t voice, const sg_panel *panel,
                                  int64_t origin)
{
    if (voice < self->model_count) {
        self->model[voice]->predict(self->state[voice], panel, origin, guess_of(self, voice, 0));
    } else {
        for (int32_t s = 0; s < self->shape.series_count; s++) {
            mix(self, voice, s);
        }
    }
    return guess_of(self, voice, 0);
}

/* --- learning whom to trust --- */

/* Not below a share of 1e-12 of the most: what is perfect so far is no measure for others. */
static double least(const double *value, int32_t count, int32_t stride)
{
    double low = INFINITY, high = 0;
    for (int32_t i = 0; i < count; i++) {
        double x = value[i * stride];
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    return low > 1e-12 * high ? low : 1e-12 * high;
}

static void add_products(double *product, int32_t count, double share, const double *miss)
{
    for (int32_t i = 0; i < count; i++) {
        double a = share * miss[i];
        for (int32_t k = 0; k < count; k++) {
            product[i * count + k] += a * miss[k];
        }
    }
}

void sg_ensemble_take(sg_ensemble *self, int32_t series, int32_t ahead, const double *miss)
{
    int32_t experts = sg_ensemble_whole(self), models = self->model_count;
    size_t at = place(self, series, sg_horizon_block(ahead));
    double e[EXPERT_MAX] = {0}, *square = self->square + at * (size_t)experts;
    double *size = self->size + at * (size_t)experts;
    for (int32_t x = 0; x < experts; x++) {
        e[x] = fabs(miss[x]) < miss_max ? miss[x] : copysign(miss_max, miss[x]);
        square[x] += e[x] * e[x];
        size[x] += fabs(e[x]);
    }
    self->count[at] += 1;
    self->fresh[at] = true;
    double mean_square = least(square, experts, 1) / self->count[at];
    double mean_size = least(size, experts, 1) / self->count[at];
    /* A size is the square over itself; in a sum with squares, both in relation to the best. */
    double by_size[SG_MIXTURE_COUNT];
    for (int q = 0; q < SG_MIXTURE_COUNT; q++) {
        double own = fmax(fabs(e[models + q]), least_size * mean_size);
        by_size[q] = own > 0 ? mean_size / own : 1;
    }
    double ratio = mean_size > 0 ? mean_square / (mean_size * mean_size) : 1;
    add_products(products_of(self, at, 0), models, 1 + ratio / 2 * by_size[0], e);
    add_products(products_of(self, at, 1), models, by_size[1], e);
}

static void scale_by(double *value, size_t count, double share)
{
    for (size_t i = 0; i < count; i++) {
        value[i] *= share;
    }
}

static double memory_of(const sg_ensemble *self, int32_t block)
{
    int32_t end = sg_horizon_block_end(block);
    end = end < self->shape.horizon ? end : self->shape.horizon;
    return fmax(memory_rows, memory_windows * end);
}

static void fade(sg_ensemble *self, int32_t series, int32_t block)
{
    size_t at = place(self, series, block);
    size_t models = (size_t)self->model_count, experts = models + SG_MIXTURE_COUNT;
    double memory = memory_of(self, block), share = 1 - 1 / memory;
    self->rows[at] += self->fresh[at] ? memory_rows / memory : 0;
    self->fresh[at] = false;
    scale_by(self->rows + at, 1, share);
    scale_by(self->count + at, 1, share);
    scale_by(self->square + at * experts, experts, share);
    scale_by(self->size + at * experts, experts, share);
    scale_by(products_of(self, at, 0), SG_MIXTURE_COUNT * models * models, share);
}

/* ret += share * products, where the best model's own is 1 */
static void add_record(const double *product, int32_t count, double share, double *ret)
{
    double best = least(product, count, count + 1);
    for (int32_t i = 0; i < count * count && best > 0; i++) {
        ret[i] += share * product[i] / best;
    }
}

static void weigh_mixtures(sg_ensemble *self, int32_t block, int32_t which)
{
    int32_t count = self->model_count, series = self->shape.series_count;
    double all[SG_FORECASTER_MAX * SG_FORECASTER_MAX], own[SG_FORECASTER_MAX * SG_FORECASTER_MAX];
    size_t size = (size_t)(count * count) * sizeof(double);
    memset(all, 0, size);
    for (int32_t s = 0; s < series; s++) {
        add_record(products_of(self, place(self, s, block), which), count, 1.0 / series, all);
    }
    for (int32_t s = 0; s < series; s++) {
        size_t at = place(self, s, block);
        memcpy(own, all, size);
        add_record(products_of(self, at, which), count, 1, own);
        if (self->count[at] > 0) {
            sg_mix_weights(own, count, mixture_of(self, at, which));
        }
    }
}

/* ret[x] += share * how much x missed in relation to the best, each row by itself */
static void add_scores(const sg_ensemble *self, size_t at, double share, double *ret)
{
    int32_t experts = sg_ensemble_whole(self);
    const double *square = self->square + at * (size_t)experts;
    const double *size = self->size + at * (size_t)experts;
    double best_square = least(square, experts, 1), best_size = least(size, experts, 1);
    for (int32_t x = 0; x < experts && best_square > 0; x++) {
        ret[x] +=
            share * self->rows[at] * (square[x] / best_square + size_share * size[x] / best_size);
    }
}

static void weigh(sg_ensemble *self, size_t at, const double *all)
{
    int32_t experts = sg_ensemble_whole(self), models = self->model_count;
    double score[EXPERT_MAX], *weight = self->weight + at * (size_t)models, sum = 0;
    memcpy(score, all, (size_t)experts * sizeof *score);
    add_scores(self, at, 0.5, score);
    double best = INFINITY;
    for (int32_t x = 0; x < experts; x++) {
        best = fmin(best, score[x]);
    }
    for (int32_t x = 0; x < experts; x++) {
        score[x] = exp(-rate * (score[x] - best));
        sum += score[x];
    }
    for (int32_t m = 0; m < models; m++) {
        weight[m] = score[m] / sum;
        for (int q = 0; q < SG_MIXTURE_COUNT; q++) {
            weight[m] += score[models + q] / sum * mixture_of(self, at, q)[m];
        }
    }
}

void sg_ensemble_settle(sg_ensemble *self)
{
    bool anew = self->settled++ % WEIGH_ROWS == 0;
    int32_t series = self->shape.series_count;
    for (int32_t b = 0; b < self->block_count; b++) {
        double all[EXPERT_MAX] = {0};
        for (int32_t s = 0; s < series; s++) {
            fade(self, s, b);
        }
        for (int32_t q = 0; anew && q < SG_MIXTURE_COUNT; q++) {
            weigh_mixtures(self, b, q);
        }
        for (int32_t s = 0; s < series; s++) {
            add_scores(self, place(self, s, b), 0.5 / series, all);
        }
        for (int32_t s = 0; s < series; s++) {
            if (self->count[place(self, s, b)] > 0) {
                weigh(self, place(self, s, b), all);
            }
        }
    }
}
