/* What `symgrid bench forecast` times: ticks of many series, fits of a few. */
#include "base/clock.h"
#include "base/pool.h"
#include "base/prng.h"
#include "cli/bench_forecast.h"
#include "cli/verbs.h"
#include "forecast/forecaster.h"
#include "forecast/nowcast.h"
#include "forecast/rls.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = SG_NOWCAST_STEP_MAX, PASS_BLOCK = 8192, WARM_TICKS = 96 };

static int exhausted(void)
{
    fputs("symgrid bench: memory is exhausted\n", stderr);
    return SG_EXIT_ENVIRONMENT;
}

/* --- values: racks about a level of their own, one in fifty does not answer --- */

static void draw_tick(double *value, int32_t series, int tick)
{
    for (int32_t s = 0; s < series; s++) {
        uint64_t draw = (uint64_t)tick * SG_BENCH_FORECAST_SERIES_MAX + (uint64_t)s;
        double u = sg_prng_unit(17, draw);
        value[s] = u < 0.02 ? (double)NAN : 1000 + 10 * (s % 500) + 300 * u;
    }
}

/* --- the pass: some memory read and written, some only written, in as many threads --- */

typedef struct pass {
    double *both, *out; /* of so many doubles: */
    size_t both_count, out_count;
} pass;

static void pass_part(void *context, int part)
{
    const pass *p = context;
    size_t from = (size_t)part * PASS_BLOCK, to = from + PASS_BLOCK;
    for (size_t i = from; i < to && i < p->both_count; i++) {
        p->both[i] = p->both[i] * 0.5 + 1;
    }
    for (size_t i = from; i < to && i < p->out_count; i++) {
        p->out[i] = 1;
    }
}

static double run_pass(sg_pool *pool, pass *p)
{
    size_t most = p->both_count > p->out_count ? p->both_count : p->out_count;
    double began_s = sg_clock_s();
    sg_pool_run(pool, pass_part, p, (int)((most + PASS_BLOCK - 1) / PASS_BLOCK));
    return sg_clock_s() - began_s;
}

/* --- ticks --- */

typedef struct rig {
    sg_pool *pool;
    void *state;
    double *value, *said;
    pass move;
    double *took_s[2]; /* ticks, passes */
    int ticks;
} rig;

static void rig_free(rig *r)
{
    sg_pool_free(r->pool);
    free(r->state);
    free(r->value);
    free(r->said);
    free(r->move.both);
    free(r->took_s[0]);
}

/* said: doubles; moved: bytes that a tick reads and writes. */
static bool rig_create(rig *r, int32_t series, int threads, int ticks, size_t state, size_t said,
                       size_t moved)
{
    *r = (rig){.pool = sg_pool_create(threads),
               .state = aligned_alloc(64, state),
               .value = malloc((size_t)series * sizeof(double)),
               .said = said > 0 ? aligned_alloc(64, (said * sizeof(double) + 63) / 64 * 64) : NULL,
               .ticks = ticks};
    r->move = (pass){calloc(moved / sizeof(double) + 1, sizeof(double)), r->said,
                     moved / sizeof(double), said};
    r->took_s[0] = malloc(2 * (size_t)ticks * sizeof(double));
    bool ready = r->state && r->value && (r->said || said == 0) && r->move.both && r->took_s[0];
    r->took_s[1] = ready ? r->took_s[0] + ticks : NULL;
    if (ready && said > 0) {
        memset(r->said, 0, said * sizeof(double));
    }
    return ready;
}

static void take_medians(rig *r, sg_bench_forecast_row *ret)
{
    ret->rounds = r->ticks;
    ret->median_s = sg_bench_median(r->took_s[0], r->ticks);
    ret->least_s = r->took_s[0][0]; /* sorted now */
    ret->pass_s = sg_bench_median(r->took_s[1], r->ticks);
}

/* A tick: new values of all series taken in, 60 steps ahead told of each. */
int sg_bench_nowcast(const sg_bench_forecast_task *task, sg_bench_forecast_row *ret)
{
    rig r;
    int threads = task->options->threads;
    size_t size = sg_nowcast_size(task->series), said = (size_t)task->series * STEPS;
    if (!rig_create(&r, task->series, threads, task->options->ticks, size, said, size)) {
        rig_free(&r);
        return exhausted();
    }
    sg_nowcast *self = sg_nowcast_create(r.state, task->series);
    for (int i = -WARM_TICKS; i < r.ticks; i++) {
        draw_tick(r.value, task->series, i + WARM_TICKS);
        sg_pool_wake(r.pool);
        double began_s = sg_clock_s();
        sg_nowcast_tick(self, r.pool, r.value, NULL, STEPS, r.said);
        double took_s = sg_clock_s() - began_s, pass_s = run_pass(r.pool, &r.move);
        sg_pool_park(r.pool);
        if (i >= 0) {
            r.took_s[0][i] = took_s;
            r.took_s[1][i] = pass_s;
        }
    }
    take_medians(&r, ret);
    snprintf(ret->name, sizeof ret->name, "nowcast, 60 steps");
    ret->threads = threads;
    ret->count = (double)said;
    ret->unit = "values";
    ret->bytes = (double)size / task->series;
    ret->peer_s = task->peer->holt_s * task->series;
    rig_free(&r);
    return SG_EXIT_DONE;
}

/* A tick on one core: every series learns a value. Flops of one: P u 578, P 459, the rest 119. */
int sg_bench_rls(const sg_bench_forecast_task *task, sg_bench_forecast_row *ret)
{
    enum { FLOPS = 1156 };
    rig r;
    size_t size = sg_rls_size(task->series), moved = size / SG_RLS_PERIOD;
    if (!rig_create(&r, task->series, 1, task->options->ticks, size, 0, moved)) {
        rig_free(&r);
        return exhausted();
    }
    sg_rls *self = sg_rls_create(r.state, task->series);
    for (int i = -WARM_TICKS; i < r.ticks; i++) {
        draw_tick(r.value, task->series, i + WARM_TICKS);
        double began_s = sg_clock_s();
        sg_rls_tick(self, NULL, r.value, NULL);
        double took_s = sg_clock_s() - began_s, pass_s = run_pass(NULL, &r.move);
        if (i >= 0) {
            r.took_s[0][i] = took_s;
            r.took_s[1][i] = pass_s;
        }
    }
    take_medians(&r, ret);
    snprintf(ret->name, sizeof ret->name, "rls of order 16");
    ret->threads = 1;
    ret->count = task->series;
    ret->unit = "updates";
    ret->flops = (double)FLOPS * task->series;
    ret->bytes = (double)size / task->series;
    ret->peer_s = task->peer->recursive_s * task->series;
    rig_free(&r);
    return SG_EXIT_DONE;
}

/* --- fits --- */

enum { COLUMNS = 7, ROWS = 8640, HORIZON = 96, DAY = 24, WEEK = 168, FITS_MAX = 9 };
static const double fits_s = 2;

static bool make_panel(sg_panel *ret)
{
    *ret = (sg_panel){.series_count = COLUMNS,
                      .row_count = ROWS,
                      .stride = ROWS,
                      .season = DAY,
                      .value = malloc(COLUMNS * ROWS * sizeof(double)),
                      .missing = calloc(COLUMNS, ROWS)};
    if (!ret->value || !ret->missing) {
        return false;
    }
    for (int i = 0; i < COLUMNS * ROWS; i++) {
        int s = i / ROWS, t = i % ROWS;
        double noise = 0, turn = 2 * 3.14159265358979;
        for (int k = 0; k < 12; k++) {
            noise += sg_prng_unit(23 + (uint64_t)k, (uint64_t)i) - 0.5;
        }
        ret->value[i] = 50 + s + 10 * sin(t * turn / DAY) + 3 * sin(t * turn / WEEK) + noise;
    }
    return true;
}

static int fit_once(const sg_forecaster *f, const sg_panel *panel, double *said, double *ret_s)
{
    sg_forecast_shape shape = {
        .series_count = COLUMNS, .horizon = HORIZON, .season = DAY, .fit_rows = ROWS};
    void *state = malloc(f->size(&shape, f->variant));
    if (!state) {
        return exhausted();
    }
    double began_s = sg_clock_s();
    f->create(state, &shape, f->variant);
    sg_status status = f->fit ? f->fit(state, panel, 0, ROWS) : SG_OK;
    if (status == SG_OK) {
        f->predict(state, panel, ROWS, said);
    }
    *ret_s = sg_clock_s() - began_s;
    free(state);
    return status == SG_OK ? SG_EXIT_DONE : exhausted();
}

int sg_bench_forecaster(const sg_bench_forecast_task *task, int model, sg_bench_forecast_row *ret)
{
    const sg_forecaster *f = sg_forecasters[model];
    static double said[COLUMNS * HORIZON];
    double took_s[FITS_MAX], began_s = sg_clock_s();
    sg_panel panel;
    int status = make_panel(&panel) ? SG_EXIT_DONE : exhausted(), rounds = 0;
    while (status == SG_EXIT_DONE && rounds < FITS_MAX &&
           (rounds == 0 || sg_clock_s() - began_s < fits_s)) {
        status = fit_once(f, &panel, said, &took_s[rounds++]);
    }
    free(panel.value);
    free(panel.missing);
    if (status != SG_EXIT_DONE) {
        return status;
    }
    snprintf(ret->name, sizeof ret->name, "fit %s", f->name);
    ret->series = COLUMNS;
    ret->threads = 1;
    ret->rounds = rounds;
    ret->median_s = sg_bench_median(took_s, rounds);
    ret->least_s = took_s[0];
    ret->count = COLUMNS;
    ret->unit = "series";
    ret->peer_s = strcmp(f->name, "autoregression") == 0 ? task->peer->autoreg_s * COLUMNS
                  : strcmp(f->name, "smoothing") == 0    ? task->peer->smoothing_s * COLUMNS
                                                         : (double)NAN;
    return SG_EXIT_DONE;
}
