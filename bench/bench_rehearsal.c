/* bench_rehearsal.c - how many times faster than real time the twin of a rehearsal is stepped, as fast as it goes.
 *
 * usage: bench_rehearsal [SERVERS [still|moving|cells]]        default: the hall, then 20000 servers, all three
 *
 * hall     sites/hall.maml.md (97 loads, 78 stores) through its measured series
 * still    N servers, 40 to a rack, ten racks to a PDU, four classes, a battery that forms a grid; demands stand still
 * moving   the same with the measured demands of 64 servers, each a few hundred times: all change in every step
 * cells    that with a 50 Wh cell in each server
 *
 * Columns  of one step of both twins and of what is written down of them, us: before the grid is cut, without it, and after its
 *          return; and what the three together come to, times real time. */
#include "base/check.h"
#include "base/time.h"
#include "host/shadow.h"
#include "host/trace.h"
#include "site/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RACK = 40, LEAD = 100, CUT = 300, AFTER = 200 };
static const double step_s = 0.1;

static void *must(void *block)
{
    if (!block) {
        fputs("out of memory\n", stderr);
        exit(3);
    }
    return block;
}

static double busy_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e6 * (double)now.tv_sec + 1e-3 * (double)now.tv_nsec;
}

static void loaded(sg_status status, sg_diagnostics *said)
{
    for (int i = 0; status != SG_OK && i < said->count; i++) {
        fprintf(stderr, "%s:%d: %s\n", said->items[i].file, said->items[i].line,
                said->items[i].message);
    }
    sg_diagnostics_free(said);
    if (status != SG_OK) {
        exit(3);
    }
}

static void make_site(sg_site *ret, int servers, bool cells, bool moving)
{
    char text[4096];
    int racks = (servers + RACK - 1) / RACK, pdus = (racks + 9) / 10;
    double mw = 0.0076 * servers;
    int length = snprintf(
        text, sizeof text,
        "series:\n"
        "  gpt3: {file: data/training_power_h100/gpt3_64node_run1.csv, time: t_s, "
        "column: \"node_{n:02}_w\", count: 64, unit: W, gaps: linear, repeat: true}\n"
        "nodes:\n"
        "  site: {limit: %.3fMW}\n"
        "  pdu:  {parent: site, count: %d, limit: 3MW, efficiency: 99%%}\n"
        "  rack: {parent: pdu, count: %d, limit: 290kW, voltage: 415V, cable_length: [6m, 9m], "
        "cable_section: 240mm2}\n"
        "loads:\n"
        "  server: {node: rack, count: %d, rating: 7.6kW, minimum: 2.2kW, class: [0, 1, 2, 3], "
        "shutdown_time: 2min, demand: %s}\n"
        "stores:\n"
        "  battery: {type: lithium_ion, capacity: %.3fMWh, discharge_rate: %.3fMW, duty: bridge, "
        "forming: yes, initial: 100%%}\n"
        "%s"
        "grid: {import_max: %.3fMW, import_price: 0.1 EUR/kWh, bridge_time: 5min, "
        "return_delay: 5s, return_ramp: %.3fMW/min}\n"
        "mode: control\n",
        mw, pdus, racks < 10 ? racks : 10, servers < RACK ? servers : RACK,
        moving ? "gpt3" : "[5kW, 6kW, 5.5kW, 7kW, 4kW]", mw / 4, mw,
        cells ? "  cell: {type: lithium_ion, beside: server, capacity: 50Wh, discharge_rate: 400W, "
                "charge_rate: 100W, duty: device, initial: [40%, 60%, 15%, 90%]}\n"
              : "",
        mw, mw * 4);
    SG_CHECK(length > 0 && length < (int)sizeof text);
    sg_diagnostics said = {0};
    loaded(sg_site_parse("bench.yaml", text, (size_t)length, true, ret, &said), &said);
}

static sg_shadow *twin_of(const sg_site *site, int64_t start_us)
{
    static const sg_foretold nothing;
    void *memory = must(aligned_alloc(64, (sg_engine_size(site) + 63) & ~(size_t)63));
    sg_engine_config config = {.policy = SG_POLICY_RULES, .mode = SG_CONTROL, .start_us = start_us};
    sg_engine *engine = sg_engine_create(memory, site, &config);
    sg_shadow *self = must(sg_shadow_create(site));
    sg_world_resume(self->world, start_us, NULL);
    sg_command command = sg_engine_command(engine);
    sg_world_write(self->world, &command);
    if (!sg_shadow_start(self, engine, sg_engine_state_size(engine), &nothing)) {
        must(NULL);
    }
    free(memory);
    return self;
}

typedef struct twins {
    sg_shadow *with, *without;
    sg_trace trace;
    sg_rehearsal into;
} twins;

static double run(twins *t, int steps)
{
    double began_us = busy_us();
    for (int i = 0; i < steps; i++) {
        sg_shadow_step(t->with, step_s);
        sg_shadow_step(t->without, step_s);
        sg_trace_step(&t->trace, t->with, t->without, step_s);
    }
    return (busy_us() - began_us) / steps;
}

static void bench(const char *name, sg_site *site)
{
    static twins t;
    static const sg_rehearsal_order cut = {.event = SG_REHEARSED_GRID, .group = -1, .member = -1};
    int64_t start_us = INT64_C(1688385600) * SG_US_PER_S;
    memset(&t, 0, sizeof t);
    t.with = twin_of(site, start_us);
    t.without = twin_of(site, start_us);
    t.into.site = site;
    sg_trace_start(&t.trace, t.with, t.without, &t.into);
    (void)run(&t, LEAD / 2); /* caches, and tables that are made once */
    double lead_us = run(&t, LEAD / 2);
    SG_CHECK(sg_shadow_begin(t.with, 0, &cut));
    double cut_us = run(&t, CUT);
    sg_shadow_end(t.with, 0);
    double after_us = run(&t, AFTER);
    double all_us = (lead_us * LEAD + cut_us * CUT + after_us * AFTER) / (LEAD + CUT + AFTER);
    printf("%-16s %9.1f %9.1f %9.1f %12.0f\n", name, lead_us, cut_us, after_us,
           step_s * 1e6 / all_us);
    fflush(stdout);
    sg_shadow_free(t.with);
    sg_shadow_free(t.without);
    sg_site_free(site);
}

static void bench_servers(int servers, const char *only)
{
    static const char *names[] = {"still", "moving", "cells"};
    for (int i = 0; i < SG_COUNT(names); i++) {
        sg_site site;
        char name[32];
        if (!only || strcmp(only, names[i]) == 0) {
            make_site(&site, servers, i == 2, i > 0);
            snprintf(name, sizeof name, "%d %s", site.device_count[SG_LOAD], names[i]);
            bench(name, &site);
        }
    }
}

int main(int argc, char **argv)
{
    int servers = argc > 1 ? atoi(argv[1]) : 20000;
    if (servers < 1 || servers > 1000000) {
        fprintf(stderr, "%s: expected a number of servers from 1 to 1000000\n", argv[1]);
        return 2;
    }
    printf("%-16s %9s %9s %9s %12s\n", "site", "before us", "cut us", "after us", "x real time");
    if (argc < 2) {
        sg_site site;
        sg_diagnostics said = {0};
        loaded(sg_site_load("sites/hall.maml.md", &site, &said), &said);
        bench("hall", &site);
    }
    bench_servers(servers, argc > 2 ? argv[2] : NULL);
    return 0;
}
