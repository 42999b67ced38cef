/* bench_step.c - time of one control step: the hall on its measured series, and halls of many servers.
 *
 * usage: bench_step [SERVERS]...        default: the hall, then 1000 10000 100000
 *
 * Many servers: 40 to a rack, 25 racks to a PDU, a 50 Wh cell in each; demands swing by a seeded noise of 10 %, so that every
 * reading changes in every step. Columns: p50, p99 and the largest time of sg_engine_step, the time to encode the frame for the
 * journal, the state's size for each server. */
#include "base/prng.h"
#include "base/time.h"
#include "engine/journal.h"
#include "site/reader.h"
#include "world/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct timing {
    double *step_us, *encode_us;
    int count;
} timing;

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_step: %s\n", what);
        exit(3);
    }
}

static double quantile(double *values, int count, double share)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[(int)(share * (count - 1))];
}

static void load_many(int servers, sg_site *ret)
{
    static sg_diagnostics diagnostics;
    char text[2048];
    int racks = (servers + 39) / 40, pdus = (racks + 24) / 25;
    snprintf(text, sizeof text,
             "title: many\nmode: control\ncurrency: EUR\n"
             "nodes:\n  site: {limit: %dkW, voltage: 20kV}\n"
             "  pdu: {parent: site, count: %d, limit: 5.5MW, voltage: 415V}\n"
             "  rack: {parent: pdu, count: %d, limit: 220kW, voltage: 415V, cable_length: [8m, "
             "12m], cable_section: 300mm2}\n"
             "loads:\n  server: {node: rack, count: 40, rating: 7kW, minimum: 2kW, class: [0, 1, "
             "2, 3], weight: [1, 2], demand: 5.4kW}\n"
             "stores:\n  cell: {type: lithium_ion, beside: server, capacity: 50Wh, discharge_rate: "
             "400W, duty: device}\n"
             "grid: {import_max: %dkW, import_price: 0.1 EUR/kWh}\n",
             servers * 6, pdus, racks / pdus, servers * 6);
    sg_status status = sg_site_parse("many.yaml", text, strlen(text), false, ret, &diagnostics);
    must(status == SG_OK, diagnostics.count > 0 ? diagnostics.items[0].message : "no site");
    sg_diagnostics_free(&diagnostics);
}

static void load_hall(sg_site *ret)
{
    static sg_diagnostics diagnostics;
    must(sg_site_load("sites/hall.maml.md", ret, &diagnostics) == SG_OK,
         "run it from the project's folder");
    sg_diagnostics_free(&diagnostics);
}

/* Noise on top of what the plant read, so that no step is the same as the one before. */
static void shake(const sg_site *site, const sg_points *points, const sg_readings *from, int step,
                  double *ret)
{
    memcpy(ret, from->value, sizeof *ret * (size_t)points->count);
    for (int l = 0; l < site->device_count[SG_LOAD]; l++) {
        ret[points->first[SG_POINT_LOAD_DEMAND] + l] *=
            0.95 + 0.1 * sg_prng_unit(7, (uint64_t)step * 1000003u + (uint64_t)l);
    }
}

static void run(const sg_site *site, int steps, bool noisy, timing *ret, size_t *ret_state)
{
    size_t size = (sg_engine_size(site) + 63) & ~(size_t)63;
    int64_t start_us = sg_days_from_civil(2023, 6, 1) * SG_US_PER_DAY;
    void *memory = aligned_alloc(64, size);
    sg_world *world = sg_world_create(site, start_us);
    sg_points points = sg_points_of(site);
    double *value = malloc(sizeof *value * (size_t)points.count);
    must(memory && world && value, "memory");
    sg_engine_config config = {.policy = SG_POLICY_RULES, .mode = SG_CONTROL, .start_us = start_us};
    sg_engine *engine = sg_engine_create(memory, site, &config);
    sg_frame_codec *codec = sg_frame_codec_create(points.count);
    must(codec != NULL, "memory");
    sg_command command = sg_engine_command(engine);
    sg_world_write(world, &command);
    for (int i = 0; i < steps; i++) {
        sg_readings readings;
        sg_world_read(world, 0.1, &readings);
        sg_frame frame = {.time_us = readings.time_us,
                          .dt_s = 0.1,
                          .value = readings.value,
                          .quality = readings.quality};
        if (noisy) {
            shake(site, &points, &readings, i, value);
            frame.value = value;
        }
        const void *bytes;
        size_t length;
        double a = now_us();
        sg_frame_encode(codec, &frame, &bytes, &length);
        double b = now_us();
        sg_engine_step(engine, &frame, NULL);
        ret->step_us[i] = now_us() - b;
        ret->encode_us[i] = b - a;
        command = sg_engine_command(engine);
        sg_world_write(world, &command);
    }
    ret->count = steps;
    *ret_state = sg_engine_state_size(engine);
    sg_frame_codec_free(codec);
    sg_world_free(world);
    free(value);
    free(memory);
}

static void line(const char *name, const sg_site *site, int steps, bool noisy)
{
    timing t = {.step_us = malloc(sizeof(double) * (size_t)steps),
                .encode_us = malloc(sizeof(double) * (size_t)steps)};
    size_t state = 0;
    must(t.step_us && t.encode_us, "memory");
    run(site, steps, noisy, &t, &state);
    int servers = site->device_count[SG_LOAD];
    printf("%-8s %9d %10.1f %10.1f %10.1f %12.1f %10.0f\n", name, servers,
           quantile(t.step_us, steps, 0.5), quantile(t.step_us, steps, 0.99),
           quantile(t.step_us, steps, 1), quantile(t.encode_us, steps, 0.5),
           (double)state / servers);
    free(t.step_us);
    free(t.encode_us);
}

int main(int argc, char **argv)
{
    static const int usual[] = {1000, 10000, 100000};
    printf("%-8s %9s %10s %10s %10s %12s %10s\n", "site", "loads", "p50 us", "p99 us", "max us",
           "encode us", "B/load");
    sg_site site = {0};
    if (argc == 1) {
        load_hall(&site);
        line("hall", &site, 34200, false);
        sg_site_free(&site);
    }
    for (int i = 0; i < (argc > 1 ? argc - 1 : 3); i++) {
        int servers = argc > 1 ? (int)strtol(argv[i + 1], NULL, 10) : usual[i];
        must(servers >= 40 && servers <= 1000000, "expected 40 to 1000000 servers");
        load_many(servers, &site);
        line("many", &site, 2000000 / servers > 2000 ? 2000 : 2000000 / servers + 20, true);
        sg_site_free(&site);
    }
    return 0;
}
