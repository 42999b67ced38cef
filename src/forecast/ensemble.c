#include "forecast/ensemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 2000, WEIGH_ROWS = 4, EXPERT_MAX = SG_FORECASTER_MAX + SG_MIXTURE_COUNT };
enum { JUDGE = 1 }; /* the memory by which the memories are judged */

/* Rows until the past counts 1 / e; where windows of `windows_rows` and more rows overlap, there must be more of them to tell as
 * much. */
static const double memory_rows[SG_MEMORY_COUNT] = {250, 1000, 4000};
static const double windows_rows = 50;
static const double rate = 0.02; /* of the trust's fall, for each row                       */
static const double memory_rate = 0.05; /* among the memories, which are few and much alike */
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

/* Voices behind the models. */
static int32_t behind(const sg_ensemble *self)
{
    return sg_ensemble_whole(self) + 1 - self->model_count;
}

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

static void lay_out_record(sg_missed *record, char **at, size_t *total, size_t each, size_t voices,
                           size_t products)
{
    record->rows = part(at, total, each, sizeof(double));
    record->count = part(at, total, each, sizeof(double));
    record->square = part(at, total, each * voices, sizeof(double));
    record->size = part(at, total, each * voices, sizeof(double));
    record->product = part(at, total, each * products, sizeof(double));
    record->usual = part(at, total, each, sizeof(double));
}

static size_t lay_out(sg_ensemble *self, char *at)
{
    size_t total = 0, models = (size_t)self->model_count, series = (size_t)self->shape.series_count;
    size_t each = series * (size_t)self->block_count, voices = (size_t)sg_ensemble_whole(self) + 1;
    for (int32_t m = 0; m < self->model_count; m++) {
        size_t size = self->model[m]->size(&self->shape, self->model[m]->variant);
        self->state[m] = part(&at, &total, size, 1);
    }
    lay_out_record(&self->now, &at, &total, each, voices, (1 + SG_MEMORY_COUNT) * models * models);
    for (int k = 0; k < SG_MEMORY_COUNT; k++) {
        lay_out_record(&self->past[k], &at, &total, each, voices, 2 * models * models);
    }
    self->weight = part(&at, &total, each * (voices - models) * models, sizeof(double));
    self->guess = part(&at, &total, voices * series * (size_t)self->shape.horizon, sizeof(double));
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
    int32_t mixed = shape->series_count * self->block_count * behind(self);
    for (int32_t i = 0; i < mixed; i++) {
        self->weight[(size_t)i * (size_t)self->model_count] = 1;
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

/* voice: behind the models */
static double *weights_at(const sg_ensemble *self, int32_t voice, size_t at)
{
    size_t index = at * (size_t)behind(self) + (size_t)(voice - self->model_count);
    return self->weight + index * (size_t)self->model_count;
}

const double *sg_ensemble_voice_weights(const sg_ensemble *self, int32_t voice, int32_t series,
                                        int32_t block)
{
    return weights_at(self, voice, place(self, series, block));
}

const double *sg_ensemble_weights(const sg_ensemble *self, int32_t series, int32_t block)
{
    return weights_at(self, sg_ensemble_whole(self), place(self, series, block));
}

static void mix(const sg_ensemble *self, int32_t voice, int32_t series)
{
    double *ret = guess_of(self, voice, series);
    memset(ret, 0, (size_t)self->shape.horizon * sizeof *ret);
    for (int32_t b = 0, h = 0; b < self->block_count; b++) {
        int32_t end = sg_horizon_block_end(b);
        const double *weight = weights_at(self, voice, place(self, series, b));
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

/* --- what was missed --- */

/* Of memory `k`: its mixtures, and behind them what it says. */
static int32_t voice_of(const sg_ensemble *self, int k, int which)
{
    return self->model_count + k * SG_MEMORY_VOICES + which;
}

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

/* The triangle k >= i alone. */
static void add_products(double *product, int32_t count, double share, const double *miss)
{
    for (int32_t i = 0; i < count; i++) {
        double a = share * miss[i];
        for (int32_t k = i; k < count; k++) {
            product[i * count + k] += a * miss[k];
        }
    }
}

/* product: the first of `of` at each place; ret: the `which`th there */
static double *products_of(const sg_ensemble *self, double *product, int of, size_t at, int which)
{
    size_t models = (size_t)self->model_count;
    return product + (at * (size_t)of + (size_t)which) * models * models;
}

void sg_ensemble_take(sg_ensemble *self, int32_t series, int32_t ahead, const double *miss)
{
    int32_t voices = sg_ensemble_whole(self) + 1, models = self->model_count;
    size_t at = place(self, series, sg_horizon_block(ahead));
    sg_missed *now = &self->now;
    double e[SG_VOICE_MAX], *square = now->square + at * (size_t)voices;
    double *size = now->size + at * (size_t)voices;
    for (int32_t v = 0; v < voices; v++) {
        e[v] = fabs(miss[v]) < miss_max ? miss[v] : copysign(miss_max, miss[v]);
        square[v] += e[v] * e[v];
        size[v] += fabs(e[v]);
    }
    now->count[at] += 1;
    now->rows[at] = 1;
    add_products(products_of(self, now->product, 1 + SG_MEMORY_COUNT, at, 0), models, 1, e);
    for (int k = 0; k < SG_MEMORY_COUNT; k++) {
        double usual = self->past[k].usual[at];
        double own = fmax(fabs(e[voice_of(self, k, 1)]), least_size * usual);
        add_products(products_of(self, now->product, 1 + SG_MEMORY_COUNT, at, 1 + k), models,
                     usual > 0 ? usual / own : 1, e);
    }
}

/* past = share (past + now) */
static void fade(double *past, const double *now, size_t count, double share)
{
    for (size_t i = 0; i < count; i++) {
        past[i] = share * (past[i] + now[i]);
    }
}

/* ret: what is weighed in memory `k`, the models and its mixtures, of value[voice] */
static void experts_of(const sg_ensemble *self, int k, const double *value, double *ret)
{
    size_t models = (size_t)self->model_count;
    memcpy(ret, value, models * sizeof *ret);
    memcpy(ret + models, value + voice_of(self, k, 0), SG_MIXTURE_COUNT * sizeof *ret);
}

static void remember(sg_ensemble *self, int k, size_t at, int32_t block)
{
    int32_t end = sg_horizon_block_end(block);
    end = end < self->shape.horizon ? end : self->shape.horizon;
    double longer = fmax(1, end / windows_rows), share = 1 - 1 / (memory_rows[k] * longer);
    size_t voices = (size_t)sg_ensemble_whole(self) + 1;
    size_t cells = (size_t)self->model_count * (size_t)self->model_count;
    sg_missed *past = &self->past[k], *now = &self->now;
    past->rows[at] = share * (past->rows[at] + now->rows[at] / longer);
    fade(past->count + at, now->count + at, 1, share);
    fade(past->square + at * voices, now->square + at * voices, voices, share);
    fade(past->size + at * voices, now->size + at * voices, voices, share);
    for (int q = 0; q < 2; q++) {
        fade(products_of(self, past->product, 2, at, q),
             products_of(self, now->product, 1 + SG_MEMORY_COUNT, at, q == 0 ? 0 : 1 + k), cells,
             share);
    }
    double size[EXPERT_MAX];
    experts_of(self, k, past->size + at * voices, size);
    double sum = least(size, self->model_count + SG_MIXTURE_COUNT, 1);
    past->usual[at] = past->count[at] > 0 ? sum / past->count[at] : 0;
}

static void forget_now(sg_ensemble *self, size_t at)
{
    size_t voices = (size_t)sg_ensemble_whole(self) + 1;
    size_t cells = (size_t)self->model_count * (size_t)self->model_count;
    self->now.rows[at] = self->now.count[at] = 0;
    memset(self->now.square + at * voices, 0, voices * sizeof(double));
    memset(self->now.size + at * voices, 0, voices * sizeof(double));
    memset(products_of(self, self->now.product, 1 + SG_MEMORY_COUNT, at, 0), 0,
           (1 + SG_MEMORY_COUNT) * cells * sizeof(double));
}

/* --- learning whom to trust --- */

/* ret += share * products of a mixture, where the best model's own is 1. The first one's are squares and sizes in relation to the
 * best one's: e^2 / S + |e| / A, of which A is the usual size and |e| is e^2 / |e of before|, halved as its slope is. */
static void add_record(const sg_ensemble *self, const sg_missed *past, size_t at, int which,
                       double share, double *ret)
{
    int32_t count = self->model_count;
    size_t voices = (size_t)sg_ensemble_whole(self) + 1;
    const double *plain = products_of(self, past->product, 2, at, 0);
    const double *by_size = products_of(self, past->product, 2, at, 1);
    double square = least(past->square + at * voices, count, 1), size = past->usual[at];
    double ratio = size > 0 ? square / past->count[at] / (size * size) : 1;
    double a = which == 0 ? 1 : 0, b = which == 0 ? ratio / 2 : 1, own[SG_FORECASTER_MAX];
    for (int32_t i = 0; i < count; i++) {
        own[i] = a * plain[i * (count + 1)] + b * by_size[i * (count + 1)];
    }
    double best = least(own, count, 1);
    for (int32_t i = 0; i < count && best > 0; i++) {
        for (int32_t k = i; k < count; k++) {
            double x = share * (a * plain[i * count + k] + b * by_size[i * count + k]) / best;
            ret[i * count + k] += x;
            ret[k * count + i] += k > i ? x : 0;
        }
    }
}

static void weigh_mixtures(sg_ensemble *self, int k, int32_t block, int which)
{
    int32_t count = self->model_count, series = self->shape.series_count;
    double all[SG_FORECASTER_MAX * SG_FORECASTER_MAX], own[SG_FORECASTER_MAX * SG_FORECASTER_MAX];
    size_t size = (size_t)(count * count) * sizeof(double);
    const sg_missed *past = &self->past[k];
    memset(all, 0, size);
    for (int32_t s = 0; s < series; s++) {
        add_record(self, past, place(self, s, block), which, 1.0 / series, all);
    }
    for (int32_t s = 0; s < series; s++) {
        size_t at = place(self, s, block);
        memcpy(own, all, size);
        add_record(self, past, at, which, 1, own);
        if (past->count[at] > 0) {
            sg_mix_weights(own, count, weights_at(self, voice_of(self, k, which), at));
        }
    }
}

/* ret[x] += share * how much x missed in relation to the best, each row by itself */
static void add_scores(const double *square, const double *size, int32_t count, double share,
                       double *ret)
{
    double best_square = least(square, count, 1), best_size = least(size, count, 1);
    for (int32_t x = 0; x < count && best_square > 0; x++) {
        ret[x] += share * (square[x] / best_square + size_share * size[x] / best_size);
    }
}

/* How much the models and the mixtures of memory `k` missed. */
static void add_expert_scores(const sg_ensemble *self, int k, size_t at, double share, double *ret)
{
    const sg_missed *past = &self->past[k];
    size_t voices = (size_t)sg_ensemble_whole(self) + 1;
    double square[EXPERT_MAX], size[EXPERT_MAX];
    experts_of(self, k, past->square + at * voices, square);
    experts_of(self, k, past->size + at * voices, size);
    add_scores(square, size, self->model_count + SG_MIXTURE_COUNT, share * past->rows[at], ret);
}

/* How much what each memory says missed. */
static void add_memory_scores(const sg_ensemble *self, size_t at, double share, double *ret)
{
    const sg_missed *past = &self->past[JUDGE];
    size_t voices = (size_t)sg_ensemble_whole(self) + 1;
    double square[SG_MEMORY_COUNT], size[SG_MEMORY_COUNT];
    for (int k = 0; k < SG_MEMORY_COUNT; k++) {
        size_t from = at * voices + (size_t)voice_of(self, k, SG_MIXTURE_COUNT);
        square[k] = past->square[from];
        size[k] = past->size[from];
    }
    add_scores(square, size, SG_MEMORY_COUNT, share * past->rows[at], ret);
}

/* Scores become weights: exp(-fall * score), their sum one. */
static void trust(double *score, int32_t count, double fall)
{
    double best = INFINITY, sum = 0;
    for (int32_t x = 0; x < count; x++) {
        best = fmin(best, score[x]);
    }
    for (int32_t x = 0; x < count; x++) {
        score[x] = exp(-fall * (score[x] - best));
        sum += score[x];
    }
    for (int32_t x = 0; x < count; x++) {
        score[x] /= sum;
    }
}

static void weigh_memory(sg_ensemble *self, int k, size_t at, const double *all)
{
    int32_t models = self->model_count, experts = models + SG_MIXTURE_COUNT;
    double score[EXPERT_MAX], *weight = weights_at(self, voice_of(self, k, SG_MIXTURE_COUNT), at);
    memcpy(score, all, (size_t)experts * sizeof *score);
    add_expert_scores(self, k, at, 0.5, score);
    trust(score, experts, rate);
    for (int32_t m = 0; m < models; m++) {
        weight[m] = score[m];
        for (int q = 0; q < SG_MIXTURE_COUNT; q++) {
            weight[m] += score[models + q] * weights_at(self, voice_of(self, k, q), at)[m];
        }
    }
}

static void weigh_whole(sg_ensemble *self, size_t at, const double *all)
{
    double score[SG_MEMORY_COUNT], *weight = weights_at(self, sg_ensemble_whole(self), at);
    memcpy(score, all, sizeof score);
    add_memory_scores(self, at, 0.5, score);
    trust(score, SG_MEMORY_COUNT, memory_rate);
    memset(weight, 0, (size_t)self->model_count * sizeof *weight);
    for (int k = 0; k < SG_MEMORY_COUNT; k++) {
        const double *of = weights_at(self, voice_of(self, k, SG_MIXTURE_COUNT), at);
        for (int32_t m = 0; m < self->model_count; m++) {
            weight[m] += score[k] * of[m];
        }
    }
}

/* Half of what counts is what all series show. */
static void settle_block(sg_ensemble *self, int32_t block, bool anew)
{
    int32_t series = self->shape.series_count;
    double all[SG_MEMORY_COUNT][EXPERT_MAX] = {{0}}, all_memories[SG_MEMORY_COUNT] = {0};
    for (int k = 0; k < SG_MEMORY_COUNT; k++) {
        for (int32_t s = 0; s < series; s++) {
            remember(self, k, place(self, s, block), block);
        }
        for (int q = 0; anew && q < SG_MIXTURE_COUNT; q++) {
            weigh_mixtures(self, k, block, q);
        }
        for (int32_t s = 0; s < series; s++) {
            add_expert_scores(self, k, place(self, s, block), 0.5 / series, all[k]);
        }
    }
    for (int32_t s = 0; s < series; s++) {
        forget_now(self, place(self, s, block));
        add_memory_scores(self, place(self, s, block), 0.5 / series, all_memories);
    }
    for (int32_t s = 0; s < series; s++) {
        size_t at = place(self, s, block);
        if (self->past[JUDGE].count[at] > 0) {
            for (int k = 0; k < SG_MEMORY_COUNT; k++) {
                weigh_memory(self, k, at, all[k]);
            }
            weigh_whole(self, at, all_memories);
        }
    }
}

void sg_ensemble_settle(sg_ensemble *self)
{
    bool anew = self->settled++ % WEIGH_ROWS == 0;
    for (int32_t b = 0; b < self->block_count; b++) {
        settle_block(self, b, anew);
    }
}
