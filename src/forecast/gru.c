/* gru.c - a recurrent network, the same for all series, that reads a window segment by segment and says all steps ahead at once.
 *
 * Window   its last value taken off and divided by s, s^2 = the window's variance and a hundredth of the series' own over the train
 *          rows; what is further than 20 s from the last value counts as that. A window in which nothing moves says its last value.
 * Network  a gated recurrent unit of 32 (math/gru.h) over 14 segments of 24 rows, or 15 of 48, from a state of zeros; then each step
 *          ahead is one weighted sum of its last state, the last segment and a one: y = V (h, x, 1). Where there are fewer rows to
 *          learn from than four windows, the window has fewer segments.
 * Loss     Huber's, |y - truth| beyond 0.3 s, weighted by s in relation to the series' own deviation (at most 3), so that a
 *          miss counts by its size in the series' own units; what was missing counts nowhere.
 * Learning back through all steps of the window (Werbos 1990), Adam on batches of 64 windows drawn from all series with a seeded
 *          generator, the gradient cut to a length of 1. At most 30 passes of at most 4,096 windows. What speaks is the mean of the
 *          weights over some 500 batches, as it was after the pass at which it was best on windows in the last fifth of the rows;
 *          eight passes without a better one are the end.
 * Bits     nothing of libm but the square root, sums in one order: the same rows give the same weights on every machine.
 * Source   Cho et al., Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation, EMNLP 2014;
 *          Lin et al., SegRNN: Segment Recurrent Neural Network for Long-Term Time Series Forecasting, arXiv 2308.11200, 2023 (segments,
 *          last value off, one answer for all steps); Kingma and Ba, Adam, ICLR 2015; Pascanu, Mikolov and Bengio, ICML 2013 (cut
 *          gradient); Polyak and Juditsky, SIAM Journal on Control and Optimization 30, 1992 (mean weights); Huber, Annals of
 *          Mathematical Statistics 35, 1964. */
#include "forecast/forecaster.h"

#include "base/prng.h"
#include "math/gru.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS = 32, INPUTS_MAX = 56, WIDTH_MAX = INPUTS_MAX + UNITS };
/* Windows of a batch; of a forecast, whose answer is made some steps ahead at a time. */
enum { LANES = 64, FEW = 8, CHUNK = 64 };
enum { LEAST_ROWS = 4, LEAST_STEPS = 2, LEAST_WINDOWS = 64 };
enum { PASSES = 30, PATIENCE = 8, PASS_WINDOWS = 4096, TRIAL_WINDOWS = 1024, WARM_BATCHES = 20 };

static const struct form {
    int32_t segment, steps;
} forms[] = {{24, 14}, {48, 15}};

static const double least_scale = 0.1; /* of the series' deviation */
static const double far = 20;          /* scales */
static const double bend = 0.3;        /* scales: where squares become sizes */
static const double weight_most = 3;
static const double mean_batches = 500; /* that the averaged weights go back over */
static const float rate = 0.005F, first_moment = 0.9F, second_moment = 0.999F, tiny = 1e-8F;

/* What the network looks like: x[inputs] of a step is a segment, a one, and zeros up to a multiple of eight. */
typedef struct plan {
    int32_t segment, steps, inputs, width, horizon,
        rows;                   /* rows: the horizon up to a multiple of eight */
    size_t unit_floats, floats; /* weights of the unit; of all */
} plan;

/* The state: after the head the weights, unit then answer [rows][width], then of each series its deviation. */
typedef struct network {
    sg_forecast_shape shape;
    int32_t variant, learnt;
} network;

/* --- shapes --- */

static int32_t in_eights(int32_t count)
{
    return (count + 7) / 8 * 8;
}

static plan plan_of(const sg_forecast_shape *shape, int32_t variant)
{
    const struct form *form = &forms[variant];
    int64_t room = (shape->fit_rows - shape->horizon) / LEAST_ROWS / form->segment;
    plan p = {.segment = form->segment,
              .steps = room < form->steps ? (int32_t)(room > 0 ? room : 0) : form->steps,
              .inputs = in_eights(form->segment + 1),
              .horizon = shape->horizon,
              .rows = in_eights(shape->horizon)};
    p.width = p.inputs + UNITS;
    p.unit_floats = sg_gru_weights(p.inputs, UNITS);
    p.floats = p.unit_floats + (size_t)p.rows * (size_t)p.width;
    return p;
}

static size_t size(const sg_forecast_shape *shape, int32_t variant)
{
    return sizeof(network) + plan_of(shape, variant).floats * sizeof(float) +
           (size_t)shape->series_count * sizeof(double);
}

static float *weights_of(const network *n)
{
    return (float *)((uintptr_t)n + sizeof *n);
}

static double *deviations_of(const network *n, const plan *p)
{
    return (double *)(uintptr_t)(weights_of(n) + p->floats);
}

static void create(void *self, const sg_forecast_shape *shape, int32_t variant)
{
    memset(self, 0, size(shape, variant));
    *(network *)self = (network){.shape = *shape, .variant = variant};
}

/* --- windows --- */

static double window_scale(const double *x, int32_t rows, double deviation)
{
    double mean = 0, squares = 0, floor = least_scale * deviation;
    bool moves = false;
    for (int32_t i = -rows; i < 0; i++) {
        mean += x[i] / rows;
        moves = moves || x[i] != x[-1];
    }
    for (int32_t i = -rows; i < 0; i++) {
        squares += (x[i] - mean) * (x[i] - mean) / rows;
    }
    return moves ? sqrt(squares + floor * floor) : 0;
}

static float scaled(double above, double scale)
{
    double z = above / scale;
    return (float)(z > far ? far : z < -far ? -far : z);
}

/* One lane's x of one step; x: where the segment begins. */
static void put_segment(const plan *p, const double *x, double last, double scale, float *ret,
                        int32_t lanes)
{
    for (int32_t i = 0; i < p->inputs; i++, ret += lanes) {
        bool measured = i < p->segment && scale > 0;
        *ret = measured ? scaled(x[i] - last, scale) : i == p->segment ? 1 : 0;
    }
}

/* --- learning --- */

typedef struct window {
    int32_t series;
    int64_t origin;
} window;

typedef struct school {
    const sg_panel *panel;
    const double *deviation;
    plan p;
    float *weight;
    /* One block: a tape for each step, then the last state below its segment; the answer; what the loss changes by. */
    float *tape, *last, *turned, *answer, *miss, *state_miss, *back, *answer_back, *scratch;
    float *gradient, *moment, *square, *mean, *best;
    size_t tape_floats;
    uint64_t drawn;
    int64_t batches;
    double moment_left, square_left; /* of the moments' start at zero */
    float *memory;
} school;

static float *part(float **at, size_t *total, size_t count)
{
    float *ret = *at;
    *at = *at ? *at + count : NULL;
    *total += count;
    return ret;
}

static size_t lay_out(school *s, float *at)
{
    size_t total = 0, width = (size_t)s->p.width, rows = (size_t)s->p.rows;
    s->tape_floats = sg_gru_tape_floats(s->p.inputs, UNITS, LANES);
    s->tape = part(&at, &total, s->tape_floats * (size_t)s->p.steps);
    s->last = part(&at, &total, width * LANES);
    s->turned = part(&at, &total, width * LANES);
    s->answer = part(&at, &total, rows * LANES);
    s->miss = part(&at, &total, rows * LANES);
    s->state_miss = part(&at, &total, (size_t)UNITS * LANES);
    s->back = part(&at, &total, 3 * (size_t)UNITS * UNITS);
    s->answer_back = part(&at, &total, rows * width);
    s->scratch = part(&at, &total, sg_gru_scratch_floats(s->p.inputs, UNITS, LANES));
    s->gradient = part(&at, &total, s->p.floats);
    s->moment = part(&at, &total, s->p.floats);
    s->square = part(&at, &total, s->p.floats);
    s->mean = part(&at, &total, s->p.floats);
    s->best = part(&at, &total, s->p.floats);
    return total;
}

static double drawn(school *s)
{
    return sg_prng_unit(1, s->drawn++);
}

/* Uniform, as wide as keeps sums of `width` numbers of size 1 below 1; answers begin near the last value. */
static void draw_weights(school *s)
{
    double most = 1 / sqrt((double)s->p.width);
    for (size_t i = 0; i < s->p.floats; i++) {
        double share = i < s->p.unit_floats ? 1 : 0.1;
        s->weight[i] = (float)((2 * drawn(s) - 1) * most * share);
    }
}

static const double *ahead_of(const school *s, window w)
{
    return sg_panel_series(s->panel, w.series) + w.origin;
}

static void forward(school *s, const float *weight, const window *w, int32_t count,
                    double *ret_scale)
{
    const plan *p = &s->p;
    const sg_gru unit = {p->inputs, UNITS, weight};
    size_t state = (size_t)p->inputs * LANES;
    int32_t rows = p->steps * p->segment;
    for (int32_t l = 0; l < count; l++) {
        ret_scale[l] = window_scale(ahead_of(s, w[l]), rows, s->deviation[w[l].series]);
    }
    memset(s->tape + state, 0, (size_t)UNITS * LANES * sizeof(float));
    for (int32_t t = 0; t < p->steps; t++) {
        float *tape = s->tape + (size_t)t * s->tape_floats;
        bool ends = t + 1 == p->steps;
        for (int32_t l = 0; l < count; l++) {
            const double *x = ahead_of(s, w[l]);
            put_segment(p, x - rows + t * p->segment, x[-1], ret_scale[l], tape + l, LANES);
        }
        sg_gru_forward(&unit, tape, LANES, (ends ? s->last : tape + s->tape_floats) + state);
        memcpy(s->last, tape, ends ? state * sizeof(float) : 0);
    }
    memset(s->answer, 0, (size_t)p->rows * LANES * sizeof(float));
    sg_product_add(s->answer, LANES, weight + p->unit_floats, p->width, s->last, LANES, p->rows,
                   LANES, p->width);
}

/* The loss of one lane, and what it changes by. share: of the whole. */
static double judge(school *s, window w, int32_t lane, double scale, double share)
{
    const double *x = ahead_of(s, w);
    const uint8_t *missing = s->panel->missing + w.series * s->panel->stride + w.origin;
    double sum = 0, weight = share * fmin(scale / s->deviation[w.series], weight_most);
    for (int32_t h = 0; h < s->p.horizon && scale > 0; h++) {
        int32_t at = h * LANES + lane;
        if (!missing[h]) {
            double e = (double)s->answer[at] - (double)scaled(x[h] - x[-1], scale), a = fabs(e);
            sum += weight * (a < bend ? 0.5 * e * e / bend : a - 0.5 * bend);
            s->miss[at] = (float)(weight * (a < bend ? e / bend : e > 0 ? 1 : -1));
        }
    }
    return sum;
}

/* Lanes beyond count are zeros or what stood there: nothing of them is judged. */
static double losses(school *s, const float *weight, const window *w, int32_t count)
{
    double scale[LANES], sum = 0, share = 1.0 / s->p.horizon / count;
    forward(s, weight, w, count, scale);
    memset(s->miss, 0, (size_t)s->p.rows * LANES * sizeof(float));
    for (int32_t l = 0; l < count; l++) {
        sum += judge(s, w[l], l, scale[l], share);
    }
    return sum;
}

static void backward(school *s)
{
    const plan *p = &s->p;
    const sg_gru unit = {p->inputs, UNITS, s->weight};
    const float *answer = s->weight + p->unit_floats;
    float *gradient = s->gradient + p->unit_floats;
    memset(s->gradient, 0, p->floats * sizeof(float));
    memset(s->state_miss, 0, (size_t)UNITS * LANES * sizeof(float));
    sg_gru_turn(&unit, s->back);
    sg_transpose(s->answer_back, p->rows, answer, p->width, p->rows, p->width);
    sg_product_add(s->state_miss, LANES, s->answer_back + (ptrdiff_t)p->inputs * p->rows, p->rows,
                   s->miss, LANES, UNITS, LANES, p->rows);
    sg_transpose(s->turned, p->width, s->last, LANES, p->width, LANES);
    sg_product_add(gradient, p->width, s->miss, LANES, s->turned, p->width, p->rows, p->width,
                   LANES);
    for (int32_t t = p->steps - 1; t >= 0; t--) {
        sg_gru_backward(&unit, s->back, s->tape + (size_t)t * s->tape_floats, LANES, s->state_miss,
                        s->gradient, s->scratch);
    }
}

static double length_of(const float *value, size_t count)
{
    double lane[8] = {0};
    for (size_t i = 0; i + 8 <= count; i += 8) {
        for (int k = 0; k < 8; k++) {
            lane[k] += (double)value[i + (size_t)k] * (double)value[i + (size_t)k];
        }
    }
    return sqrt(((lane[0] + lane[4]) + (lane[2] + lane[6])) +
                ((lane[1] + lane[5]) + (lane[3] + lane[7])));
}

/* done: share of the longest possible course; the rate rises over the first batches and falls along 1 - 3 done^2 + 2 done^3. */
static void step(school *s, double done)
{
    double length = length_of(s->gradient, s->p.floats);
    float cut = (float)(length > 1 ? 1 / length : 1);
    s->moment_left *= (double)first_moment;
    s->square_left *= (double)second_moment;
    double pace = fmin(1, (double)++s->batches / WARM_BATCHES) * (1 - done * done * (3 - 2 * done));
    float move = (float)((double)rate * pace * sqrt(1 - s->square_left) / (1 - s->moment_left));
    float follow = (float)fmax(1 / mean_batches, 1.0 / (double)s->batches);
    for (size_t i = 0; i < s->p.floats; i++) {
        float g = cut * s->gradient[i];
        s->moment[i] = first_moment * s->moment[i] + (1 - first_moment) * g;
        s->square[i] = second_moment * s->square[i] + (1 - second_moment) * g * g;
        s->weight[i] -= move * s->moment[i] / (sqrtf(s->square[i]) + tiny);
        s->mean[i] += follow * (s->weight[i] - s->mean[i]);
    }
}

/* Origins whose window and target lie in rows [from, to): their first, and how many in each series. */
typedef struct origins {
    int64_t first, each;
} origins;

static window drawn_window(school *s, origins of)
{
    double series = drawn(s) * s->panel->series_count, origin = drawn(s) * (double)of.each;
    return (window){(int32_t)series, of.first + (int64_t)origin};
}

static void pass(school *s, origins of, int64_t batches)
{
    window w[LANES];
    for (int64_t b = 0; b < batches; b++) {
        for (int l = 0; l < LANES; l++) {
            w[l] = drawn_window(s, of);
        }
        losses(s, s->weight, w, LANES);
        backward(s);
        step(s, (double)(s->batches + 1) / (double)(batches * PASSES));
    }
}

static double trial(school *s, const float *weight, origins of)
{
    int64_t total = of.each * s->panel->series_count, stride = total / TRIAL_WINDOWS + 1;
    window w[LANES];
    int32_t count = 0;
    double sum = 0;
    for (int64_t i = 0; i < total; i += stride) {
        int32_t series = (int32_t)(i % s->panel->series_count);
        w[count++] = (window){series, of.first + i / s->panel->series_count};
        if (count == LANES || i + stride >= total) {
            sum += losses(s, weight, w, count) * count;
            count = 0;
        }
    }
    return sum;
}

static void learn(school *s, origins train, origins val)
{
    int64_t windows = train.each * s->panel->series_count;
    int64_t batches = ((windows < PASS_WINDOWS ? windows : PASS_WINDOWS) + LANES - 1) / LANES;
    double least = INFINITY;
    s->moment_left = s->square_left = 1;
    draw_weights(s);
    for (int i = 0, idle = 0; i < PASSES && idle < PATIENCE; i++, idle++) {
        pass(s, train, batches);
        double loss = trial(s, s->mean, val);
        if (loss < least) {
            least = loss;
            idle = -1;
            memcpy(s->best, s->mean, s->p.floats * sizeof(float));
        }
    }
    memcpy(s->weight, s->best, s->p.floats * sizeof(float));
}

static sg_status fit(void *self, const sg_panel *panel, int64_t from, int64_t to)
{
    network *n = self;
    school s = {.panel = panel, .p = plan_of(&n->shape, n->variant), .weight = weights_of(n)};
    int32_t rows = s.p.steps * s.p.segment;
    int64_t split = to - (to - from) / 5;
    origins train = {from + rows, split - from - rows - s.p.horizon + 1};
    origins val = {split, to - split - s.p.horizon + 1};
    n->learnt = 0;
    if (s.p.steps < LEAST_STEPS || train.each < LEAST_WINDOWS || val.each < 1) {
        return SG_OK;
    }
    double *deviation = deviations_of(n, &s.p), mean;
    for (int32_t k = 0; k < panel->series_count; k++) {
        sg_panel_scale(panel, k, from, to, &mean, &deviation[k]);
    }
    s.deviation = deviation;
    s.memory = calloc(lay_out(&s, NULL), sizeof(float));
    if (!s.memory) {
        return SG_NOMEM;
    }
    lay_out(&s, s.memory);
    learn(&s, train, val);
    free(s.memory);
    n->learnt = 1;
    return SG_OK;
}

/* --- looking ahead: eight series at a time --- */

typedef struct view {
    int32_t count; /* of series, <= FEW */
    double last[FEW], scale[FEW];
    float
        state[WIDTH_MAX * FEW]; /* the last segment, a one, and what the unit made of the window */
} view;

static void read_window(const network *n, const plan *p, const sg_panel *panel, int64_t origin,
                        int32_t series, view *v)
{
    const sg_gru unit = {p->inputs, UNITS, weights_of(n)};
    float tape[(INPUTS_MAX + 5 * UNITS) * FEW] = {0};
    float *state = tape + (ptrdiff_t)p->inputs * FEW;
    int32_t rows = p->steps * p->segment;
    for (int32_t l = 0; l < v->count; l++) {
        const double *x = sg_panel_series(panel, series + l) + origin;
        v->last[l] = x[-1];
        v->scale[l] = window_scale(x, rows, deviations_of(n, p)[series + l]);
    }
    for (int32_t t = 0; t < p->steps; t++) {
        for (int32_t l = 0; l < v->count; l++) {
            const double *x = sg_panel_series(panel, series + l) + origin - rows + t * p->segment;
            put_segment(p, x, v->last[l], v->scale[l], tape + l, FEW);
        }
        sg_gru_forward(&unit, tape, FEW, state);
    }
    memcpy(v->state, tape, (size_t)p->width * FEW * sizeof(float));
}

static void answer(const network *n, const plan *p, const view *v, double *ret)
{
    const float *weight = weights_of(n) + p->unit_floats;
    for (int32_t from = 0; from < p->horizon; from += CHUNK) {
        float y[CHUNK * FEW] = {0};
        int32_t count = p->horizon - from < CHUNK ? p->horizon - from : CHUNK;
        sg_product_add(y, FEW, weight + (ptrdiff_t)from * p->width, p->width, v->state, FEW, count,
                       FEW, p->width);
        for (int32_t l = 0; l < v->count; l++) {
            for (int32_t h = 0; h < count; h++) {
                ret[(int64_t)l * p->horizon + from + h] =
                    v->last[l] + v->scale[l] * (double)y[h * FEW + l];
            }
        }
    }
}

static void say_last(const sg_panel *panel, int64_t origin, int32_t horizon, double *ret)
{
    for (int32_t s = 0; s < panel->series_count; s++) {
        for (int32_t h = 0; h < horizon; h++) {
            *ret++ = origin > 0 ? sg_panel_series(panel, s)[origin - 1] : 0;
        }
    }
}

static void predict(const void *self, const sg_panel *panel, int64_t origin, double *ret)
{
    const network *n = self;
    plan p = plan_of(&n->shape, n->variant);
    if (!n->learnt || origin < (int64_t)p.steps * p.segment) {
        say_last(panel, origin, p.horizon, ret);
        return;
    }
    for (int32_t s = 0; s < n->shape.series_count; s += FEW, ret += (int64_t)FEW * p.horizon) {
        view v = {.count = n->shape.series_count - s < FEW ? n->shape.series_count - s : FEW};
        read_window(n, &p, panel, origin, s, &v);
        answer(n, &p, &v, ret);
    }
}

#define GRU(which, text, number)                                                             \
    const sg_forecaster sg_forecaster_##which = {                                            \
        .name = #which,                                                                      \
        .title = (text),                                                                     \
        .source = "Cho et al., EMNLP 2014 (gated recurrent unit); Lin et al., SegRNN, 2023", \
        .variant = (number),                                                                 \
        .size = size,                                                                        \
        .create = create,                                                                    \
        .fit = fit,                                                                          \
        .predict = predict,                                                                  \
    }

GRU(gru, "a recurrent network over the last 336 rows", 0);
GRU(gru_long, "a recurrent network over the last 720 rows", 1);
