/* swarm_site.c - a random small site: one to three levels and more, sources, stores of every duty, loads of every class.
 * One draw a statement: a seed is the same site from every compiler. */
#include "base/hash.h"
#include "study/swarm_parts.h"

#include <string.h>

/* Sun, price, and what each load would draw. */
static void put_series(swarm_dice *d, sg_out *t, int loads)
{
    sg_out_text(t, "series:\n");
    double sun_min = swarm_between(d, 2, 120);
    double sun_deviation = swarm_between(d, 50, 500);
    double sun_mean = swarm_between(d, 200, 700);
    sg_out_format(t,
                  "  sun: {unit: W/m2, random: {mean: %.0f W/m2, deviation: %.0f W/m2, lowest: 0 "
                  "W/m2, highest: 1100 W/m2, correlation: %.0fmin, step: 20s, length: 12h}}\n",
                  sun_mean, sun_deviation, sun_min);
    double price_min = swarm_between(d, 30, 600);
    double price_deviation = swarm_between(d, 0, 0.2);
    double price_mean = swarm_between(d, 0.02, 0.3);
    sg_out_format(t,
                  "  price: {unit: EUR/kWh, random: {mean: %.3f EUR/kWh, deviation: %.3f EUR/kWh, "
                  "correlation: %.0fmin, step: 15min, length: 3d}}\n",
                  price_mean, price_deviation, price_min);
    for (int l = 0; l < loads; l++) {
        double step_s = swarm_below(d, 2) ? 1 : 10, kw = d->rating_kw[l];
        double correlation_s = swarm_between(d, 2, 600);
        double deviation = swarm_between(d, 0.05, 0.5);
        double mean = swarm_between(d, 0.2, 0.9);
        sg_out_format(t,
                      "  w%d: {unit: kW, random: {mean: %.3fkW, deviation: %.3fkW, lowest: 0kW, "
                      "highest: %.3fkW, correlation: %.1fs, step: %.0fs, length: %.0fs}}\n",
                      l, kw * mean, kw * deviation, kw, correlation_s, step_s, 2000 * step_s);
    }
}

/* More keys by dice of their own: what is drawn elsewhere stays what it is. */
static swarm_dice dice_of(uint64_t seed, const char *what, int i)
{
    return (swarm_dice){.seed = sg_hash_text(what) ^ (seed * 1024 + (uint64_t)i)};
}

static void put_curve(uint64_t seed, int n, sg_out *t)
{
    swarm_dice dice = dice_of(seed, "curve", n), *d = &dice;
    if (swarm_below(d, 2)) {
        sg_out_format(t, ", curve: ul489, trip_at_200: %.0fs", swarm_between(d, 5, 120));
        if (swarm_below(d, 2)) {
            sg_out_format(t, ", instantaneous: %.1f", swarm_between(d, 1.5, 10));
        }
    }
}

/* Stores and sources that take their time. */
static void put_pace(uint64_t seed, const char *what, int i, sg_out *t)
{
    swarm_dice dice = dice_of(seed, what, i), *d = &dice;
    if (swarm_below(d, 4) == 0) {
        sg_out_format(t, ", ramp: %.2fkW/s", swarm_between(d, 0.1, 50));
    }
    if (swarm_below(d, 4) == 0) {
        sg_out_format(t, ", dwell: %.1fs", swarm_between(d, 0.1, 120));
    }
}

static void put_nodes(swarm_dice *d, sg_out *t, int groups)
{
    sg_out_text(t, "nodes:\n  n0: {voltage: 400V");
    if (swarm_below(d, 4) > 0) {
        sg_out_format(t, ", limit: %.3fkW", swarm_between(d, 5, 300));
    }
    if (swarm_below(d, 3) == 0) {
        sg_out_format(t, ", cable_length: %.1fm, cable_section: 95mm2", swarm_between(d, 1, 150));
    }
    sg_out_text(t, "}\n");
    for (int n = 1; n < groups; n++) {
        int count = 1 + swarm_below(d, 2);
        int parent = swarm_below(d, n);
        sg_out_format(t, "  n%d: {parent: n%d, voltage: 400V, count: %d", n, parent, count);
        if (swarm_below(d, 3) > 0) {
            sg_out_format(t, ", limit: %.3fkW", swarm_between(d, 1, 90));
        }
        if (swarm_below(d, 3) == 0) {
            sg_out_format(t, ", breaker: %.1fA", swarm_between(d, 5, 160));
            put_curve(d->seed, n, t);
        }
        if (swarm_below(d, 2) == 0) {
            int section_mm2 = 4 << swarm_below(d, 5);
            double length_m = swarm_between(d, 1, 120);
            sg_out_format(t, ", cable_length: %.1fm, cable_section: %dmm2", length_m, section_mm2);
        }
        if (swarm_below(d, 3) == 0) {
            sg_out_format(t, ", efficiency: %.2f%%", swarm_between(d, 85, 100));
        }
        sg_out_text(t, "}\n");
    }
}

static void put_loads(swarm_dice *d, sg_out *t, int nodes, int loads)
{
    sg_out_text(t, "loads:\n");
    for (int l = 0; l < loads; l++) {
        double rating_kw = swarm_between(d, 0.5, 40);
        double weight = swarm_between(d, 0.2, 5);
        int class = swarm_below(d, 4);
        double minimum = swarm_between(d, 0, 0.6);
        int count = 1 + swarm_below(d, 2);
        int node = swarm_below(d, nodes);
        sg_out_format(t,
                      "  l%d: {node: n%d, count: %d, rating: %.3fkW, minimum: %.3fkW, class: %d, "
                      "weight: %.2f, idle_below: %.3fkW, demand: w%d}\n",
                      l, node, count, rating_kw, rating_kw * minimum, class, weight,
                      rating_kw * 0.2, l);
        d->rating_kw[l] = rating_kw;
    }
}

static void put_cells(swarm_dice *d, sg_out *t)
{
    int kind = swarm_below(d, 6);
    if (kind == 0) {
        sg_out_format(t, ", type: supercapacitor, modules: %d", 1 + swarm_below(d, 6));
    } else if (kind == 1) {
        sg_out_text(t, ", type: quantum, capacity: 10kWh, power: 10kW");
    } else if (kind == 2) {
        double power_kw = swarm_between(d, 1, 60);
        double capacity_kwh = swarm_between(d, 0.1, 10);
        sg_out_format(t, ", type: flywheel, capacity: %.2fkWh, power: %.2fkW", capacity_kwh,
                      power_kw);
    } else {
        double charge_kw = swarm_between(d, 0.1, 80);
        double discharge_kw = swarm_between(d, 0.1, 100);
        double capacity_kwh = swarm_between(d, 0.05, 150);
        sg_out_format(t,
                      ", type: lithium_ion, capacity: %.3fkWh, discharge_rate: %.2fkW, "
                      "charge_rate: %.2fkW",
                      capacity_kwh, discharge_kw, charge_kw);
    }
}

static void put_stores(swarm_dice *d, sg_out *t, int nodes, int loads, int stores)
{
    static const char *const duties[] = {"energy", "power", "bridge", "device", "energy"};
    sg_out_text(t, "stores:\n");
    for (int s = 0; s < stores; s++) {
        const char *duty = duties[swarm_below(d, 5)];
        bool device = strcmp(duty, "device") == 0;
        sg_out_format(t, device ? "  s%d: {beside: l%d" : "  s%d: {node: n%d", s,
                      swarm_below(d, device ? loads : nodes));
        put_cells(d, t);
        put_pace(d->seed, "store", s, t);
        double reserve = swarm_below(d, 2) ? 0.0 : swarm_between(d, 0, 60);
        double initial = swarm_between(d, 0, 100);
        sg_out_format(t, ", duty: %s, initial: %.1f%%, reserve: %.1f%%, wear: 0.01 EUR/kWh}\n",
                      duty, initial, reserve);
    }
}

/* One site in three with sources has a set that is started. */
static void put_set(uint64_t seed, sg_out *t, int nodes)
{
    swarm_dice dice = dice_of(seed, "set", 0), *d = &dice;
    if (swarm_below(d, 3) > 0) {
        return;
    }
    double dwell_s = swarm_between(d, 0, 120);
    double run_s = swarm_between(d, 0, 300);
    double start_s = swarm_between(d, 0, 20);
    double kw = swarm_between(d, 5, 100);
    int node = swarm_below(d, nodes);
    sg_out_format(t,
                  "  e0: {node: n%d, type: genset, capacity: %.1fkW, start_time: %.1fs, cost: 0.3 "
                  "EUR/kWh, least_run: %.0fs, dwell: %.0fs}\n",
                  node, kw, start_s, run_s, dwell_s);
}

static void put_sources(swarm_dice *d, sg_out *t, int nodes, int sources)
{
    sg_out_text(t, "sources:\n");
    for (int s = 0; s < sources; s++) {
        double kw = swarm_between(d, 1, 60);
        if (swarm_below(d, 2)) {
            sg_out_format(
                t,
                "  g%d: {node: n%d, type: solar, capacity: %.2fkW, coverage_area: %.1fm2, "
                "irradiance: sun",
                s, swarm_below(d, nodes), kw, kw * 6);
        } else {
            const char *cost = swarm_below(d, 3) ? ", cost: 0.2 EUR/kWh" : "";
            sg_out_format(t, "  g%d: {node: n%d, type: generator, capacity: %.2fkW%s", s,
                          swarm_below(d, nodes), kw, cost);
        }
        put_pace(d->seed, "source", s, t);
        sg_out_text(t, "}\n");
    }
    put_set(d->seed, t, nodes);
}

static void put_grid(swarm_dice *d, sg_out *t)
{
    sg_out_format(
        t,
        "grid: {import_max: %.2fkW, import_price: price, export_price: price, import_fee: "
        "0.02 EUR/kWh",
        swarm_between(d, 1, 200));
    if (swarm_below(d, 2) == 0) {
        sg_out_format(t, ", export_max: %.2fkW", swarm_between(d, 0, 80));
    }
    sg_out_text(t, swarm_below(d, 3) == 0 ? ", export: forbidden" : "");
    sg_out_text(t, swarm_below(d, 2) == 0 ? ", demand_charge: 10 EUR/kW}\n" : "}\n");
}

/* Every other site of three nodes and more has ties. Their dice are their own: all else is as it is without them. */
static void put_ties(uint64_t seed, sg_out *t, int nodes)
{
    swarm_dice dice = {.seed = seed ^ UINT64_C(0x71e5)}, *d = &dice;
    if (nodes < 3 || swarm_below(d, 2) == 0) {
        return;
    }
    sg_out_text(t, "ties:\n");
    int ties = 1 + swarm_below(d, 3);
    for (int i = 0; i < ties; i++) { /* of groups with members, the first ones */
        int from = 1 + swarm_below(d, nodes - 1);
        int to = 1 + (from + swarm_below(d, nodes - 2)) % (nodes - 1);
        double milliohm = swarm_between(d, 0, 150);
        double limit_kw = swarm_between(d, 1, 40);
        sg_out_format(t,
                      "  t%d: {from: n%d, to: n%d, limit: %.3fkW, resistance: %.2fmOhm, voltage: "
                      "400V}\n",
                      i, from, to, limit_kw, milliohm);
    }
}

void sg_swarm_site(uint64_t seed, sg_out *ret)
{
    swarm_dice dice = {.seed = seed ^ UINT64_C(0x517e)}, *d = &dice;
    sg_out_clear(ret);
    int nodes = 1 + swarm_below(d, 5), loads = 1 + swarm_below(d, SWARM_LOADS),
        stores = swarm_below(d, 6), sources = swarm_below(d, 5);
    int mode = swarm_below(d, 12);
    sg_out_format(ret, "mode: %s\nseed: %llu\n",
                  mode == 0   ? "observe"
                  : mode == 1 ? "advise"
                              : "control",
                  (unsigned long long)(seed & INT32_MAX));
    int last_h = 1 + swarm_below(d, 3);
    int fresh_min = 4 + swarm_below(d, 20);
    int period_min = 4 + swarm_below(d, 12);
    int horizon_h = 4 + swarm_below(d, 9);
    sg_out_format(ret,
                  "planning: {horizon: %dh, step: 15min, period: %dmin, fresh: %dmin, last: %dh}\n",
                  horizon_h, period_min, fresh_min, last_h);
    put_nodes(d, ret, nodes);
    put_loads(d, ret, nodes, loads);
    put_series(d, ret, loads);
    if (stores > 0) {
        put_stores(d, ret, nodes, loads, stores);
    }
    if (sources > 0) {
        put_sources(d, ret, nodes, sources);
    }
    if (swarm_below(d, 5) > 0) {
        put_grid(d, ret);
    }
    put_ties(seed, ret, nodes);
}
