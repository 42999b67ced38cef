/* The control step at scale: sites of a thousand to a million devices, tick by tick through the real engine. */
#include "cli/bench_control.h"

#include "base/clock.h"
#include "base/pages.h"
#include "base/prng.h"
#include "base/sweep.h"
#include "cli/bench.h"
#include "cli/verbs.h"
#include "control/allocate.h"
#include "engine/journal.h"
#include "plan/lp.h"
#include "site/plant.h"
#include "site/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RACK = 40,
    FEEDER = 25,
    ZONE = 10,
    CLASSES = 4,
    PASS_BLOCK = 8192,
    PEER_DEVICES_MAX = 10000
};
enum { FETCH_AHEAD = 24 }; /* changed points */
enum { WARM_TICKS = 3 };   /* not counted: pages, tables that are made once */

static const double SWING_W = 152; /* two per cent, up and down by half */

typedef struct rig {
    sg_site site;
    sg_points points;
    int32_t devices, changed_count;
    sg_engine *engine;
    sg_frame_codec *codec;
    sg_pool *pool;
    double *value, *about_w, *drawn_w, *news; /* news[i] is what point changed[i] reads */
    double *node_w;                           /* what the meters of the nodes show */
    uint8_t *quality;
    int32_t *changed;
    double *column[5]; /* of the pass */
    size_t engine_bytes, frame_bytes;
    int64_t tick;
} rig;

static void rig_free(rig *self)
{
    sg_pool_free(self->pool);
    sg_frame_codec_free(self->codec);
    sg_site_free(&self->site);
    free(self->engine);
    free(self->value);
    free(self->about_w);
    free(self->drawn_w);
    free(self->node_w);
    free(self->news);
    free(self->quality);
    free(self->changed);
    free(self->column[0]);
}

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* One page for any number of devices; the last rack, feeder and zone are as large as the others. */
static sg_status make_site(sg_site *ret, int32_t devices)
{
    char text[2048];
    int racks = divide_up(devices, RACK), feeders = divide_up(racks, FEEDER);
    int zones = divide_up(feeders, ZONE);
    racks = racks < FEEDER ? racks : FEEDER;
    feeders = feeders < ZONE ? feeders : ZONE;
    double feeder_mw = racks * 0.216, zone_mw = feeders * 0.985 * feeder_mw,
           site_mw = zones * 0.98 * zone_mw;
    int length = snprintf(text, sizeof text,
                          "nodes:\n"
                          "  site:   {limit: %.6fMW, voltage: 10kV}\n"
                          "  zone:   {parent: site, count: %d, limit: %.6fMW, voltage: 10kV}\n"
                          "  feeder: {parent: zone, count: %d, limit: %.6fMW, voltage: 690V}\n"
                          "  rack:   {parent: feeder, count: %d, limit: 240kW, voltage: 415V}\n"
                          "loads:\n"
                          "  server: {node: rack, count: %d, rating: 7.6kW, minimum: 2.2kW, "
                          "class: [0, 1, 2, 3], weight: [1, 2], demand: 6kW}\n"
                          "grid: {import_max: %.6fMW, import_price: 0.1 EUR/kWh}\n",
                          site_mw, zones, zone_mw, feeders, feeder_mw, racks,
                          devices < RACK ? devices : RACK, site_mw * 1.1);
    sg_diagnostics said = {0};
    sg_status status = length > 0 && length < (int)sizeof text
                           ? sg_site_parse("bench.yaml", text, (size_t)length, false, ret, &said)
                           : SG_RANGE;
    for (int i = 0; status != SG_OK && i < said.count; i++) {
        fprintf(stderr, "%s:%d: %s\n", said.items[i].file, said.items[i].line,
                said.items[i].message);
    }
    sg_diagnostics_free(&said);
    return status;
}

static bool rig_memory(rig *self)
{
    size_t points = (size_t)self->points.count, devices = (size_t)self->devices;
    self->codec = sg_frame_codec_create(self->points.count);
    self->value = malloc(points * sizeof(double));
    self->quality = calloc(points, 1);
    self->about_w = malloc(devices * sizeof(double));
    self->drawn_w = calloc(devices, sizeof(double));
    self->node_w = calloc((size_t)self->site.node_count, sizeof(double));
    self->news = malloc(points * sizeof(double));
    self->changed = malloc(points * sizeof(int32_t));
    self->column[0] = malloc(5 * devices * sizeof(double));
    self->engine_bytes = (sg_engine_size(&self->site) + 63) & ~(size_t)63;
    self->engine = aligned_alloc(64, self->engine_bytes);
    sg_pages_large(self->engine, self->engine_bytes);
    sg_pages_large(self->value, points * sizeof(double));
    sg_pages_large(self->column[0], 5 * devices * sizeof(double));
    return self->codec && self->value && self->quality && self->about_w && self->drawn_w &&
           self->node_w && self->news && self->changed && self->column[0] && self->engine;
}

static void rig_values(rig *self)
{
    memset(self->value, 0, sizeof(double) * (size_t)self->points.count);
    double *demand = self->value + self->points.first[SG_POINT_LOAD_DEMAND];
    double *drawn = self->value + self->points.first[SG_POINT_LOAD_POWER];
    for (int32_t l = 0; l < self->devices; l++) {
        int rack = self->site.devices[SG_LOAD][l].node;
        self->about_w[l] = rack % 3 == 0 ? 6500 : 5200;
        self->about_w[l] += 800 * (sg_prng_unit(1, (uint64_t)l) - 0.5);
        demand[l] = drawn[l] = self->about_w[l];
    }
    self->value[self->points.first[SG_POINT_SITE] + SG_SITE_GRID_UP] = 1;
    for (int i = 1; i < 5; i++) {
        self->column[i] = self->column[0] + (size_t)i * (size_t)self->devices;
    }
    for (size_t i = 0; i < 5 * (size_t)self->devices; i++) {
        self->column[0][i] = 1 + (double)(i & 7);
    }
}

static sg_status rig_create(rig *self, int32_t devices, int threads)
{
    *self = (rig){0};
    sg_status status = make_site(&self->site, devices);
    if (status != SG_OK) {
        return status;
    }
    self->devices = self->site.device_count[SG_LOAD];
    self->points = sg_points_of(&self->site);
    if (!rig_memory(self)) {
        return SG_NOMEM;
    }
    sg_engine_config config = {.policy = SG_POLICY_RULES, .mode = SG_CONTROL};
    sg_engine_create(self->engine, &self->site, &config);
    rig_values(self);
    self->pool = sg_pool_create(threads);
    return SG_OK;
}

/* The meters show what is drawn below them: there are no losses on this site. */
static void read_meters(rig *self)
{
    int32_t nodes = self->site.node_count, first = self->points.first[SG_POINT_NODE_POWER];
    memset(self->node_w, 0, sizeof(double) * (size_t)nodes);
    for (int32_t l = 0; l < self->devices; l++) {
        self->node_w[self->site.devices[SG_LOAD][l].node] += self->drawn_w[l];
    }
    for (int32_t n = nodes - 1; n > 0; n--) {
        self->node_w[self->site.nodes[n].parent] += self->node_w[n];
    }
    for (int32_t n = 0; n < nodes; n++) {
        if (self->node_w[n] != self->value[first + n]) {
            self->changed[self->changed_count] = first + n;
            self->news[self->changed_count++] = self->node_w[n];
        }
    }
}

/* What the field brings next: the demand and the draw of each device that changes. */
static void make_news(rig *self, double changed_frac)
{
    int32_t demand = self->points.first[SG_POINT_LOAD_DEMAND], count = 0;
    int32_t drawn = self->points.first[SG_POINT_LOAD_POWER];
    sg_command command = sg_engine_command(self->engine);
    for (int32_t l = 0; l < self->devices; l++) {
        uint64_t draw = (uint64_t)self->tick * 4000037 + (uint64_t)l;
        if (changed_frac >= 1 || sg_prng_unit(2, draw) < changed_frac) {
            self->changed[count] = demand + l;
            self->news[count++] = self->about_w[l] + SWING_W * (sg_prng_unit(3, draw) - 0.5);
        }
    }
    for (int32_t i = 0; i < count; i++) { /* ascending: all demands come before all draws */
        int32_t l = self->changed[i] - demand;
        self->changed[count + i] = drawn + l;
        self->news[count + i] = self->drawn_w[l] = fmin(self->news[i], command.load_cap_w[l]);
    }
    self->changed_count = 2 * count;
    if (count > 0) {
        read_meters(self);
    }
}

static void ingest_part(void *context, int part)
{
    rig *self = context;
    sg_span s = sg_sweep_span(part, self->changed_count);
    const int32_t *changed = self->changed;
    const double *news = self->news;
    double *value = self->value;
    uint8_t *quality = self->quality;
    for (int32_t i = s.from; i < s.to; i++) {
        if (i + FETCH_AHEAD < s.to) {
            __builtin_prefetch(&value[changed[i + FETCH_AHEAD]], 1);
        }
        value[changed[i]] = news[i];
        quality[changed[i]] = SG_GOOD;
    }
}

static void ingest(rig *self)
{
    sg_pool_run(self->pool, ingest_part, self, sg_sweep_blocks(self->changed_count));
}

typedef struct tick_times {
    double ingest_s, step_s, journal_s;
} tick_times;

/* In the order of `symgrid run`: the frame is written down before the step, the command after it. */
static tick_times run_tick(rig *self, double changed_frac)
{
    const void *bytes;
    size_t size;
    make_news(self, self->tick == 0 ? 1 : changed_frac);
    sg_pool_wake(self->pool);
    double began_s = sg_clock_s();
    ingest(self);
    sg_frame frame = {.time_us = ++self->tick * INT64_C(100000),
                      .dt_s = 0.1,
                      .value = self->value,
                      .quality = self->quality,
                      .changed = self->tick > 1 ? self->changed : NULL,
                      .changed_count = self->changed_count,
                      .pool = self->pool};
    double ingested_s = sg_clock_s();
    sg_frame_encode(self->codec, &frame, &bytes, &size);
    double written_s = sg_clock_s();
    sg_engine_step(self->engine, &frame, NULL);
    double stepped_s = sg_clock_s();
    sg_record_command command = sg_record_command_of(self->engine, self->pool);
    double done_s = sg_clock_s();
    size += sizeof command;
    self->frame_bytes = size > self->frame_bytes ? size : self->frame_bytes;
    return (tick_times){ingested_s - began_s, stepped_s - written_s,
                        (written_s - ingested_s) + (done_s - stepped_s)};
}

/* --- what the machine lets a sweep do --- */

static void pass_part(void *context, int part)
{
    rig *self = context;
    int32_t from = part * PASS_BLOCK, to = from + PASS_BLOCK;
    to = to < self->devices ? to : self->devices;
    const double *a = self->column[0], *b = self->column[1], *c = self->column[2],
                 *d = self->column[3];
    double *restrict e = self->column[4];
    for (int32_t i = from; i < to; i++) {
        e[i] = a[i] + b[i] * c[i] + d[i];
    }
}

static double run_pass(rig *self)
{
    sg_pool_wake(self->pool);
    double began_s = sg_clock_s();
    sg_pool_run(self->pool, pass_part, self, divide_up(self->devices, PASS_BLOCK));
    return sg_clock_s() - began_s;
}

/* --- the allocation alone --- */

typedef struct allocation {
    void *plant_block, *scratch;
    double *want_w, *given_w;
    sg_allocation problem;
} allocation;

static void allocation_free(allocation *self)
{
    free(self->plant_block);
    free(self->scratch);
    free(self->want_w);
    free(self->given_w);
}

static bool allocation_create(allocation *self, const rig *r)
{
    size_t devices = (size_t)r->devices;
    *self = (allocation){.plant_block = calloc(1, sg_plant_size(&r->site)),
                         .scratch = malloc(sg_allocation_size(r->site.node_count, r->devices)),
                         .want_w = malloc(devices * sizeof(double)),
                         .given_w = malloc(devices * sizeof(double))};
    if (!self->plant_block || !self->scratch || !self->want_w || !self->given_w) {
        return false;
    }
    sg_pages_large(self->scratch, sg_allocation_size(r->site.node_count, r->devices));
    sg_plant_create(self->plant_block, &r->site);
    sg_plant plant = sg_plant_at(self->plant_block);
    memcpy(self->want_w, r->about_w, devices * sizeof(double));
    self->problem = (sg_allocation){.node_count = plant.node_count,
                                    .node_parent = plant.node_parent,
                                    .node_limit_w = plant.node_leaf_limit_w,
                                    .leaf_count = plant.load_count,
                                    .leaf_node = plant.load_node,
                                    .leaf_class = plant.load_class,
                                    .leaf_weight = plant.load_weight,
                                    .leaf_min_w = plant.load_minimum_w,
                                    .leaf_demand_w = self->want_w};
    return true;
}

static double time_allocation(rig *r, double changed_frac, int rounds, double *took_s)
{
    allocation a;
    bool ready = allocation_create(&a, r);
    sg_allocation_step how = {.news = SG_NEWS_DEMAND, .pool = r->pool};
    sg_allocator *self = ready ? sg_allocator_create(a.scratch, &a.problem) : NULL;
    for (int round = -1; ready && round < rounds; round++) {
        for (int32_t l = 0; l < r->devices; l++) {
            uint64_t draw = (uint64_t)(round + 1) * 4000037 + (uint64_t)l;
            if (changed_frac >= 1 || sg_prng_unit(4, draw) < changed_frac) {
                a.want_w[l] = r->about_w[l] + SWING_W * (sg_prng_unit(5, draw) - 0.5);
            }
        }
        sg_pool_wake(r->pool);
        double began_s = sg_clock_s();
        sg_allocator_step(self, &a.problem, &how, a.given_w, NULL);
        if (round >= 0) {
            took_s[round] = sg_clock_s() - began_s;
        }
    }
    allocation_free(&a);
    return ready ? sg_bench_median(took_s, rounds) : (double)NAN;
}

/* --- one linear program in its place: classes by price, limits on flows, nothing of fairness --- */

static void write_program(const rig *r, const sg_plant *plant, sg_lp *lp)
{
    for (int n = 0; n < plant->node_count; n++) {
        double limit_w = plant->node_leaf_limit_w[n];
        sg_lp_column(lp, 0, 0, isfinite(limit_w) ? limit_w : (double)INFINITY);
        sg_lp_row(lp, 0, 0);
        sg_lp_term(lp, n, n, -1);
        if (n > 0) {
            sg_lp_term(lp, plant->node_parent[n], n, 1);
        }
    }
    for (int l = 0; l < plant->load_count; l++) {
        double worth = pow(4, CLASSES - 1 - plant->load_class[l]) * plant->load_weight[l];
        int column = sg_lp_column(lp, -worth, 0, r->about_w[l]);
        sg_lp_term(lp, plant->load_node[l], column, 1);
    }
}

/* NAN where Clp is not here or does not solve it. */
static double time_peer(const rig *r)
{
    allocation a;
    sg_lp lp = {0};
    sg_lp_result result;
    double took_s = NAN;
    if (allocation_create(&a, r)) {
        sg_plant plant = sg_plant_at(a.plant_block);
        write_program(r, &plant, &lp);
        double began_s = sg_clock_s();
        if (sg_lp_solve(&lp, SG_LP_CLP, 0, &result) == SG_OK) {
            took_s = result.outcome == SG_SOLVED ? sg_clock_s() - began_s : (double)NAN;
            sg_lp_result_free(&result);
        }
    }
    sg_lp_free(&lp);
    allocation_free(&a);
    return took_s;
}

/* --- one size --- */

static sg_bench_times times_of(double *took_s, int count)
{
    sg_bench_times t = {.median_s = sg_bench_median(took_s, count)}; /* sorts */
    t.least_s = took_s[0];
    t.p99_s = took_s[(int)(0.99 * (count - 1))];
    t.p999_s = took_s[(int)(0.999 * (count - 1))];
    t.worst_s = took_s[count - 1];
    return t;
}

/* Long runs say how far they are. */
static void say_progress(const rig *r, int done, int ticks, double *said_s)
{
    double now_s = sg_clock_s(), every_s = isatty(STDERR_FILENO) == 1 ? 5 : 30;
    if (now_s - *said_s >= every_s) {
        *said_s = now_s;
        fprintf(stderr, "%d devices: %d of %d ticks\n", r->devices, done, ticks);
    }
}

static void measure(rig *r, const sg_bench_control_options *options, double *took_s,
                    sg_bench_control_row *ret)
{
    int ticks = options->ticks;
    double *total_s = took_s, *ingest_s = took_s + ticks, *step_s = ingest_s + ticks,
           *journal_s = step_s + ticks, *pass_s = journal_s + ticks;
    double said_s = sg_clock_s();
    for (int i = -WARM_TICKS; i < ticks; i++) {
        say_progress(r, i > 0 ? i : 0, ticks, &said_s);
        tick_times t = run_tick(r, options->changed_frac);
        double pass = run_pass(r);
        if (i >= 0) {
            total_s[i] = t.ingest_s + t.step_s + t.journal_s;
            ingest_s[i] = t.ingest_s;
            step_s[i] = t.step_s;
            journal_s[i] = t.journal_s;
            pass_s[i] = pass;
        }
    }
    ret->tick = times_of(total_s, ticks);
    ret->ingest_s = sg_bench_median(ingest_s, ticks);
    ret->step_s = sg_bench_median(step_s, ticks);
    ret->journal_s = sg_bench_median(journal_s, ticks);
    ret->pass_s = sg_bench_median(pass_s, ticks);
    ret->pass_least_s = pass_s[0]; /* sorted now */
    ret->allocate_s = time_allocation(r, options->changed_frac, ticks < 101 ? ticks : 101, took_s);
}

int sg_bench_control_size(const sg_bench_control_options *options, int32_t devices,
                          sg_bench_control_row *ret)
{
    rig r;
    sg_status status = rig_create(&r, devices, options->threads);
    double *took_s = malloc(5 * (size_t)options->ticks * sizeof *took_s);
    if (status != SG_OK || !took_s) {
        fputs("symgrid bench: memory is exhausted\n", stderr);
        free(took_s);
        rig_free(&r);
        return SG_EXIT_ENVIRONMENT;
    }
    *ret = (sg_bench_control_row){.devices = r.devices, .ticks = options->ticks, .peer_s = NAN};
    measure(&r, options, took_s, ret);
    ret->engine_bytes = (double)sg_engine_used(r.engine) / r.devices;
    ret->journal_bytes = (9.0 * (double)r.points.count + (double)r.frame_bytes) / r.devices;
    if (options->peers && r.devices <= PEER_DEVICES_MAX) {
        ret->peer_s = time_peer(&r);
    }
    free(took_s);
    rig_free(&r);
    return SG_EXIT_DONE;
}

/* --- words --- */

static void write_head(const sg_bench_control_options *options)
{
    printf(
        "%.3g %% of the devices change in a tick, %d threads; ms, medians unless it says more\n\n"
        "%8s %6s | %8s %8s %8s %8s %8s | %8s %8s %8s | %8s | %8s %5s | %8s %7s | %8s\n",
        100 * options->changed_frac, options->threads, "devices", "ticks", "least", "tick", "p99",
        "p99.9", "worst", "ingest", "step", "journal", "allocate", "pass", "ratio", "B/device",
        "journal", "Clp");
}

static void write_row(const sg_bench_control_row *row)
{
    printf(
        "%8d %6d | %8.3f %8.3f %8.3f %8.3f %8.3f | %8.3f %8.3f %8.3f | %8.3f | %8.4f %5.1f | %8.1f "
        "%7.1f |",
        row->devices, row->ticks, 1e3 * row->tick.least_s, 1e3 * row->tick.median_s,
        1e3 * row->tick.p99_s, 1e3 * row->tick.p999_s, 1e3 * row->tick.worst_s, 1e3 * row->ingest_s,
        1e3 * row->step_s, 1e3 * row->journal_s, 1e3 * row->allocate_s, 1e3 * row->pass_s,
        row->tick.median_s / row->pass_s, row->engine_bytes, row->journal_bytes);
    if (isfinite(row->peer_s)) {
        printf(" %8.1f\n", 1e3 * row->peer_s);
    } else {
        printf(" %8s\n", "-");
    }
    fflush(stdout);
}

static void write_row_json(const sg_bench_control_row *row, sg_out *out)
{
    sg_json_begin(out, NULL, '{');
    sg_json_integer(out, "devices", row->devices);
    sg_json_integer(out, "ticks", row->ticks);
    sg_json_fixed(out, "tick_least_ms", 1e3 * row->tick.least_s, 6);
    sg_json_fixed(out, "tick_ms", 1e3 * row->tick.median_s, 6);
    sg_json_fixed(out, "tick_p99_ms", 1e3 * row->tick.p99_s, 6);
    sg_json_fixed(out, "tick_p999_ms", 1e3 * row->tick.p999_s, 6);
    sg_json_fixed(out, "tick_worst_ms", 1e3 * row->tick.worst_s, 6);
    sg_json_fixed(out, "ingest_ms", 1e3 * row->ingest_s, 6);
    sg_json_fixed(out, "step_ms", 1e3 * row->step_s, 6);
    sg_json_fixed(out, "journal_ms", 1e3 * row->journal_s, 6);
    sg_json_fixed(out, "allocate_ms", 1e3 * row->allocate_s, 6);
    sg_json_fixed(out, "pass_ms", 1e3 * row->pass_s, 6);
    sg_json_fixed(out, "pass_least_ms", 1e3 * row->pass_least_s, 6);
    sg_json_fixed(out, "tick_per_pass", row->tick.median_s / row->pass_s, 3);
    sg_json_fixed(out, "allocate_per_pass", row->allocate_s / row->pass_s, 3);
    sg_json_fixed(out, "bytes_per_device", row->engine_bytes, 1);
    sg_json_fixed(out, "journal_bytes_per_device", row->journal_bytes, 1);
    if (isfinite(row->peer_s)) {
        sg_json_fixed(out, "clp_ms", 1e3 * row->peer_s, 3);
    } else {
        sg_json_null(out, "clp_ms");
    }
    sg_json_end(out, '}');
}

int sg_bench_control(const sg_bench_control_options *options)
{
    sg_out out = {0};
    int status = SG_EXIT_DONE;
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "format", "symgrid.bench/1");
    sg_json_integer(&out, "threads", options->threads);
    sg_json_number(&out, "changed_frac", options->changed_frac);
    sg_json_begin(&out, "control", '[');
    if (!options->json) {
        write_head(options);
    }
    for (int i = 0; i < options->size_count && status == SG_EXIT_DONE; i++) {
        sg_bench_control_row row;
        status = sg_bench_control_size(options, options->sizes[i], &row);
        if (status == SG_EXIT_DONE && options->json) {
            write_row_json(&row, &out);
        } else if (status == SG_EXIT_DONE) {
            write_row(&row);
        }
    }
    sg_json_end(&out, ']');
    sg_json_end(&out, '}');
    sg_out_text(&out, "\n");
    bool written = status != SG_EXIT_DONE || !options->json ||
                   (!out.failed && fwrite(out.text, 1, out.length, stdout) == out.length);
    sg_out_free(&out);
    if (!written || fflush(stdout) != 0) {
        fputs("symgrid bench: the result cannot be written\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    return status;
}
