/* bench_step.c - time of one engine step and of writing its frame down.
 *
 * usage: bench_step [SERVERS]...        default: the hall, then 1000 10000 100000 servers
 *
 * hall     sites/hall.maml.md (97 loads, 78 stores) through its measured series: 34,140 steps of 100 ms
 * N        N servers with a cell each, 40 to a rack, 25 racks to a feeder. Their demands move by 1 % of the rating a step;
 *          slack = all of it fits, short = two racks in three want more than their breaker carries
 *
 * Columns  step p50, p99 and max; bytes of state per server; size and p50 of encoding a frame; one pass of reads over the
 *          state, the least that a step which looks at everything could take. */
#include "base/check.h"
#include "base/prng.h"
#include "base/time.h"
#include "engine/journal.h"
#include "site/reader.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RACK = 40, FEEDER = 25, HALL_STEPS = 34140 };

typedef struct bench {
    sg_site site;
    sg_points points;
    size_t size;
    sg_engine *engine;
    sg_frame_codec *codec;
    double *step_us, *encode_us;
    size_t frame_bytes;
} bench;

static void *must(void *block)
{
    if (!block) {
        fputs("out of memory\n", stderr);
        exit(3);
    }
    return block;
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e6 * (double)now.tv_sec + 1e-3 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void loaded(sg_status status, const sg_diagnostics *said)
{
    for (int i = 0; status != SG_OK && i < said->count; i++) {
        fprintf(stderr, "%s:%d: %s\n", said->items[i].file, said->items[i].line,
                said->items[i].message);
    }
    if (status != SG_OK) {
        exit(3);
    }
}

static void bench_open(bench *self, int steps, int64_t start_us)
{
    self->points = sg_points_of(&self->site);
    self->size = (sg_engine_size(&self->site) + 63) & ~(size_t)63;
    sg_engine_config config = {.policy = SG_POLICY_RULES, .mode = SG_CONTROL, .start_us = start_us};
    self->engine = sg_engine_create(must(aligned_alloc(64, self->size)), &self->site, &config);
    self->codec = must(sg_frame_codec_create(self->points.count));
    self->step_us = must(calloc((size_t)steps, sizeof(double)));
    self->encode_us = must(calloc((size_t)steps, sizeof(double)));
}

static void bench_close(bench *self)
{
    free(self->engine);
    sg_frame_codec_free(self->codec);
    free(self->step_us);
    free(self->encode_us);
    sg_site_free(&self->site);
}

static void bench_step(bench *self, int step, const sg_frame *frame)
{
    double began = now_us();
    sg_engine_step(self->engine, frame, NULL);
    double stepped = now_us();
    const void *bytes;
    sg_frame_encode(self->codec, frame, &bytes, &self->frame_bytes);
    self->step_us[step] = stepped - began;
    self->encode_us[step] = now_us() - stepped;
}

/* One pass over the state, summed so that it is not optimised away. */
static double read_pass_us(const bench *self)
{
    const uint64_t *at = (const uint64_t *)(const void *)self->engine;
    size_t words = sg_engine_state_size(self->engine) / sizeof *at;
    double best = 1e300;
    for (int round = 0; round < 9; round++) {
        uint64_t sum[8] = {0};
        double began = now_us();
        for (size_t i = 0; i + 8 <= words; i += 8) {
            for (int lane = 0; lane < 8; lane++) {
                sum[lane] += at[i + (size_t)lane];
            }
        }
        static volatile uint64_t sink;
        sink = sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
        double took = now_us() - began;
        (void)sink;
        best = took < best ? took : best;
    }
    return best;
}

/* The first steps are left out: caches, and tables that are made once. */
static void bench_print(bench *self, const char *name, int steps, int servers)
{
    enum { SKIP = 5 };
    double *step_us = self->step_us + SKIP, *encode_us = self->encode_us + SKIP;
    size_t count = (size_t)(steps - SKIP);
    qsort(step_us, count, sizeof *step_us, compare);
    qsort(encode_us, count, sizeof *encode_us, compare);
    printf("%-14s %9.1f %9.1f %9.1f %9.0f %10zu %9.1f %9.1f\n", name, step_us[count / 2],
           step_us[count * 99 / 100], step_us[count - 1],
           (double)sg_engine_state_size(self->engine) / servers, self->frame_bytes,
           encode_us[count / 2], read_pass_us(self));
    fflush(stdout);
}

static void run_hall(void)
{
    bench b = {0};
    sg_diagnostics said = {0};
    loaded(sg_site_load("sites/hall.maml.md", &b.site, &said), &said);
    sg_diagnostics_free(&said);
    int64_t period_us = 3414 * SG_US_PER_S,
            start_us = INT64_C(1688385600000000) / period_us * period_us;
    bench_open(&b, HALL_STEPS, start_us);
    sg_world *world = must(sg_world_create(&b.site, start_us));
    sg_command command = sg_engine_command(b.engine);
    sg_world_write(world, &command);
    for (int step = 0; step < HALL_STEPS; step++) {
        sg_readings readings;
        sg_world_read(world, 0.1, &readings);
        sg_frame frame = {.time_us = readings.time_us,
                          .dt_s = 0.1,
                          .value = readings.value,
                          .quality = readings.quality};
        bench_step(&b, step, &frame);
        command = sg_engine_command(b.engine);
        sg_world_write(world, &command);
    }
    bench_print(&b, "hall", HALL_STEPS, b.site.device_count[SG_LOAD]);
    sg_world_free(world);
    bench_close(&b);
}

/* One page for any number of servers. */
static void make_site(sg_site *ret, int servers)
{
    char text[2048];
    int racks = (servers + RACK - 1) / RACK, feeders = (racks + FEEDER - 1) / FEEDER;
    int per_feeder = racks < FEEDER ? racks : FEEDER;
    double site_mw = 0.0072 * servers;
    int length = snprintf(
        text, sizeof text,
        "nodes:\n"
        "  site:   {limit: %.3fMW, voltage: 10kV}\n"
        "  feeder: {parent: site, count: %d, limit: 7.4MW, voltage: 690V, efficiency: 99%%}\n"
        "  rack:   {parent: feeder, count: %d, limit: 300kW, voltage: 415V, cable_length: [6m, 9m, "
        "12m], "
        "cable_section: 240mm2}\n"
        "loads:\n"
        "  server: {node: rack, count: %d, rating: 7.6kW, minimum: 2.2kW, class: [0, 1, 2, 3], "
        "weight: [1, 2], idle_below: 2.5kW, "
        "demand: 6kW}\n"
        "stores:\n"
        "  cell:    {type: lithium_ion, beside: server, capacity: 50Wh, discharge_rate: 400W, "
        "charge_rate: 100W, "
        "duty: device, initial: [40%%, 60%%, 15%%, 90%%]}\n"
        "  battery: {type: lithium_ion, capacity: %dMWh, discharge_rate: %.3fMW}\n"
        "grid: {import_max: %.3fMW, import_price: 0.1 EUR/kWh}\n",
        site_mw, feeders, per_feeder, servers < RACK ? servers : RACK, 1 + servers / 1000,
        site_mw / 4, site_mw);
    SG_CHECK(length > 0 && length < (int)sizeof text);
    sg_diagnostics said = {0};
    loaded(sg_site_parse("bench.yaml", text, (size_t)length, false, ret, &said), &said);
    sg_diagnostics_free(&said);
}

typedef struct readings {
    double *value;
    uint8_t *quality;
    double *about_w; /* [load] what the server's demand moves about */
} readings;

static readings readings_new(const bench *b, bool scarce)
{
    int32_t loads = b->site.device_count[SG_LOAD];
    readings r = {must(calloc((size_t)b->points.count, sizeof(double))),
                  must(calloc((size_t)b->points.count, 1)),
                  must(calloc((size_t)loads, sizeof(double)))};
    for (int l = 0; l < loads; l++) {
        int rack = b->site.devices[SG_LOAD][l].node;
        r.about_w[l] = !scarce ? 5500 : rack % 3 ? 7500 : 5000;
        r.about_w[l] += 400 * (sg_prng_unit(1, (uint64_t)l) - 0.5);
    }
    for (int s = 0; s < b->site.device_count[SG_STORE];
         s++) { /* 15 % to 90 % full, as at the start */
        sg_reservoir reservoir;
        const sg_device *device = &b->site.devices[SG_STORE][s];
        sg_device_kind(&b->site, device)->reservoir(device->p, &reservoir);
        r.value[b->points.first[SG_POINT_STORE_ENERGY] + s] =
            reservoir.capacity_j * sg_device_role_param(&b->site, device, SG_STORE_INITIAL);
    }
    r.value[b->points.first[SG_POINT_SITE] + SG_SITE_GRID_UP] = 1;
    return r;
}

static void readings_next(readings *r, const bench *b, int step)
{
    int32_t loads = b->site.device_count[SG_LOAD];
    double *demand = r->value + b->points.first[SG_POINT_LOAD_DEMAND];
    double *drawn = r->value + b->points.first[SG_POINT_LOAD_POWER];
    double *store_w = r->value + b->points.first[SG_POINT_STORE_POWER];
    sg_command command = sg_engine_command(b->engine);
    for (int l = 0; l < loads; l++) {
        demand[l] =
            r->about_w[l] + 76 * (sg_prng_unit(2, (uint64_t)step * 4000037 + (uint64_t)l) - 0.5);
        drawn[l] = demand[l] < command.load_cap_w[l] ? demand[l] : command.load_cap_w[l];
    }
    memcpy(store_w, command.store_w, sizeof(double) * (size_t)b->site.device_count[SG_STORE]);
}

static void run_servers(int servers, bool scarce)
{
    bench b = {0};
    make_site(&b.site, servers);
    int steps = servers > 20000 ? 205 : 2005;
    bench_open(&b, steps, 0);
    readings r = readings_new(&b, scarce);
    for (int step = 0; step < steps; step++) {
        readings_next(&r, &b, step);
        sg_frame frame = {.time_us = (step + 1) * INT64_C(100000),
                          .dt_s = 0.1,
                          .value = r.value,
                          .quality = r.quality};
        bench_step(&b, step, &frame);
    }
    char name[32];
    snprintf(name, sizeof name, "%d %s", b.site.device_count[SG_LOAD], scarce ? "short" : "slack");
    bench_print(&b, name, steps, b.site.device_count[SG_LOAD]);
    free(r.value);
    free(r.quality);
    free(r.about_w);
    bench_close(&b);
}

int main(int argc, char **argv)
{
    static const int preset[] = {1000, 10000, 100000};
    printf("%-14s %9s %9s %9s %9s %10s %9s %9s\n", "servers", "p50 us", "p99 us", "max us",
           "B/server", "frame B", "encode us", "read us");
    if (argc < 2) {
        run_hall();
    }
    for (int i = 0; i < (argc < 2 ? SG_COUNT(preset) : argc - 1); i++) {
        int servers = argc < 2 ? preset[i] : atoi(argv[i + 1]);
        if (servers < 1 || servers > 1000000) {
            fprintf(stderr, "%s: expected a number of servers from 1 to 1000000\n", argv[i + 1]);
            return 2;
        }
        run_servers(servers, false);
        run_servers(servers, true);
    }
    return 0;
}
