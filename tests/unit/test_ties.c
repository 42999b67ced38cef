/* Ties between feeders: what is moved over them against hand calculations, against the smallest cut of small graphs (found by
 * trying all cuts) and against the exact voltage of a loaded cable; the plant's books; what happens when a tie is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "rig.h"

#include <math.h>

static const double STEP_S = 0.1;

static void start(rig *r, const char *text)
{
    memset(r, 0, sizeof *r);
    rig_parse("ties.yaml", text, strlen(text), &r->site);
    rig_start(r, SG_POLICY_STATIC, rig_time("2026-01-01T00:00:00Z"));
}

static void run(rig *r, int steps)
{
    for (int i = 0; i < steps; i++) {
        rig_step(r, STEP_S);
    }
}

static double tie_w(const rig *r, int tie)
{
    return rig_value(r, SG_POINT_TIE_POWER, tie);
}

/* Feeder a is to carry 60 kW behind a limit of 50 kW, its neighbour b carries 20 kW. The tie's loss is r (P/V)^2. */
static const char two_feeders[] =
    "mode: control\n"
    "nodes:\n"
    "  site: {}\n"
    "  a: {parent: site, limit: 50kW}\n"
    "  b: {parent: site, limit: 50kW}\n"
    "ties:\n"
    "  t: {from: b, to: a, limit: 20kW, resistance: 200mOhm, voltage: 400V}\n"
    "loads:\n"
    "  big:   {node: a, rating: 80kW, demand: 60kW}\n"
    "  small: {node: b, rating: 45kW, demand: 20kW}\n"
    "grid: {import_max: 200kW, import_price: 0.1 EUR/kWh}\n";

/* 10 kW are to arrive: P - 0.2 (P/400)^2 = 10 kW gives P = 10.1283 kW. */
static void a_feeder_is_relieved_over_a_tie(void **state)
{
    (void)state;
    rig r;
    start(&r, two_feeders);
    run(&r, 600);
    double loss_per_w = 0.2 / (400.0 * 400.0);
    double given_w = (1 - sqrt(1 - 4 * loss_per_w * 10e3)) / (2 * loss_per_w);
    assert_true(fabs(given_w - 10128.3) < 0.1);
    assert_true(fabs(tie_w(&r, 0) - given_w) < 0.01);
    assert_true(fabs(rig_value(&r, SG_POINT_LOAD_POWER, 0) - 60e3) < 0.01);
    assert_true(fabs(rig_value(&r, SG_POINT_LOAD_POWER, 1) - 20e3) < 0.01);
    assert_true(fabs(rig_value(&r, SG_POINT_NODE_POWER, 1) - 50e3) < 0.01);
    assert_true(fabs(rig_value(&r, SG_POINT_NODE_POWER, 2) - (20e3 + given_w)) < 0.01);
    double lost_w = rig_value(&r, SG_POINT_SITE, SG_SITE_LOSS_W);
    assert_true(fabs(lost_w - (given_w - 10e3)) < 0.01);
    sg_command command =
        sg_engine_command(r.engine); /* what is lent is not given out as room to grow */
    assert_true(fabs(command.load_cap_w[1] - (50e3 - given_w)) < 0.1);
    /* the books: an hour of it */
    const sg_world_books before = *sg_world_books_of(r.world);
    run(&r, 36000);
    const sg_world_books *after = sg_world_books_of(r.world);
    assert_true(fabs(after->losses_j - before.losses_j - lost_w * 3600) < 100);
    assert_true(fabs(after->import_j - before.import_j - (80e3 + lost_w) * 3600) < 100);
    assert_true(sg_world_balance_error_j(r.world) < 1e-6 * after->import_j);
    rig_free(&r);
}

/* The other way round: what is written as `from` gets. */
static void a_tie_carries_both_ways(void **state)
{
    (void)state;
    rig r;
    char text[sizeof two_feeders];
    memcpy(text, two_feeders, sizeof text);
    char *ends = strstr(text, "from: b, to: a");
    assert_non_null(ends);
    memcpy(ends, "from: a, to: b", 14);
    start(&r, text);
    run(&r, 600);
    assert_true(fabs(tie_w(&r, 0) + 10128.3) < 0.1);
    assert_true(fabs(rig_value(&r, SG_POINT_LOAD_POWER, 0) - 60e3) < 0.01);
    assert_true(fabs(rig_value(&r, SG_POINT_NODE_POWER, 1) - 50e3) < 0.01);
    rig_free(&r);
}

/* Who gave what to whom, and why. */
static void the_log_says_who_gave_to_whom(void **state)
{
    (void)state;
    rig r;
    start(&r, two_feeders);
    run(&r, 600);
    static sg_view view;
    sg_engine_view(r.engine, &view);
    assert_int_equal(view.tie_count, 1);
    assert_int_equal(view.tie[0].node, 1);
    assert_int_equal(view.tie[0].reason, SG_REASON_NODE_RELIEF);
    assert_true(fabs(view.tie[0].setpoint_w - 10128.3) < 0.1);
    int found = 0;
    for (int i = 0; i < view.decision_count; i++) {
        const sg_decision *d = &view.decision[i];
        if (d->role == SG_DECISION_TIE) {
            found++;
            assert_true(d->index == 0 && d->node == 1 && d->reason == SG_REASON_NODE_RELIEF);
            assert_true(d->from_w == 0 && d->to_w > 3e3 && d->to_w < 10.2e3);
        }
    }
    assert_int_equal(found, 1);
    rig_free(&r);
}

/* ---- all cuts --------------------------------------------------------------------------------- */

enum { FEEDERS = 5, TIES = 6, CASES = 150 };

typedef struct graph {
    int feeders, ties;
    double limit_w[FEEDERS], want_w[FEEDERS], tie_w[TIES];
    int from[TIES], to[TIES];
} graph;

/* The most that ties can bring to feeders that lack, out of those that have: the smallest cut over all sets of feeders. */
static double smallest_cut_w(const graph *g)
{
    double least_w = INFINITY;
    for (int set = 0; set < 1 << g->feeders; set++) { /* on the side of those that have */
        double cut_w = 0;
        for (int i = 0; i < g->feeders; i++) {
            double spare_w = g->limit_w[i] - g->want_w[i];
            cut_w += set >> i & 1 ? fmax(-spare_w, 0) : fmax(spare_w, 0);
        }
        for (int t = 0; t < g->ties; t++) {
            cut_w += (set >> g->from[t] & 1) != (set >> g->to[t] & 1) ? g->tie_w[t] : 0;
        }
        least_w = fmin(least_w, cut_w);
    }
    return least_w;
}

static graph random_graph(uint64_t seed)
{
    uint64_t n = 0;
#define U sg_prng_unit(seed, n++)
    graph g = {.feeders = 2 + (int)(U * (FEEDERS - 1))};
    g.ties = 1 + (int)(U * TIES);
    for (int i = 0; i < g.feeders; i++) {
        g.limit_w[i] = 1e3 * floor(20 + 60 * U);
        g.want_w[i] = g.limit_w[i] * (0.3 + 1.1 * U);
    }
    for (int t = 0; t < g.ties; t++) {
        g.from[t] = (int)(U * g.feeders);
        g.to[t] = (g.from[t] + 1 + (int)(U * (g.feeders - 1))) % g.feeders;
        g.tie_w[t] = 1e3 * floor(1 + 20 * U);
    }
#undef U
    return g;
}

static void write_graph(const graph *g, char *text, size_t size)
{
    size_t at = (size_t)snprintf(text, size, "mode: control\nnodes:\n  site: {}\n");
    for (int i = 0; i < g->feeders; i++) {
        at += (size_t)snprintf(text + at, size - at, "  f%d: {parent: site, limit: %.6fkW}\n", i,
                               g->limit_w[i] / 1e3);
    }
    at += (size_t)snprintf(text + at, size - at, "ties:\n");
    for (int t = 0; t < g->ties; t++) {
        at += (size_t)snprintf(text + at, size - at, "  t%d: {from: f%d, to: f%d, limit: %.6fkW}\n",
                               t, g->from[t], g->to[t], g->tie_w[t] / 1e3);
    }
    at += (size_t)snprintf(text + at, size - at, "loads:\n");
    for (int i = 0; i < g->feeders; i++) {
        at += (size_t)snprintf(text + at, size - at,
                               "  l%d: {node: f%d, rating: 200kW, demand: %.6fkW}\n", i, i,
                               g->want_w[i] / 1e3);
    }
    snprintf(text + at, size - at, "grid: {import_max: 2MW, import_price: 0.1 EUR/kWh}\n");
}

/* What is not served is what no cut lets through, and nobody who had enough has less. */
static void all_that_ties_can_carry_is_carried(void **state)
{
    (void)state;
    int helped = 0, short_of = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        graph g = random_graph(seed);
        char text[4096];
        rig r;
        write_graph(&g, text, sizeof text);
        start(&r, text);
        run(&r, 1200);
        double lacking_w = 0, unserved_w = 0;
        for (int i = 0; i < g.feeders; i++) {
            double got_w = rig_value(&r, SG_POINT_LOAD_POWER, i);
            lacking_w += fmax(g.want_w[i] - g.limit_w[i], 0);
            unserved_w += g.want_w[i] - got_w;
            assert_true(g.want_w[i] > g.limit_w[i] || got_w > g.want_w[i] * (1 - 1e-6));
            assert_true(rig_value(&r, SG_POINT_NODE_POWER, 1 + i) < g.limit_w[i] * (1 + 1e-6));
        }
        double most_w = smallest_cut_w(&g);
        if (!(fabs(unserved_w - (lacking_w - most_w)) < 0.01 + 1e-5 * lacking_w)) {
            print_error("case %d: %.3f W unserved, %.3f W lack, %.3f W pass\n", (int)seed,
                        unserved_w, lacking_w, most_w);
            fail();
        }
        helped += most_w > 0;
        short_of += lacking_w > most_w * (1 + 1e-9);
        rig_free(&r);
    }
    print_message("%d of %d graphs helped, %d of them not wholly\n", helped, CASES, short_of);
    assert_true(helped > CASES / 3 && short_of > 10);
}

/* Two neighbours with ties of different loss: the split with the least loss, by trying splits of 1 W. */
static void the_split_between_two_ties_loses_least(void **state)
{
    (void)state;
    static const char text[] =
        "mode: control\n"
        "nodes:\n"
        "  site: {}\n"
        "  a: {parent: site, limit: 50kW}\n"
        "  b: {parent: site, limit: 50kW}\n"
        "  c: {parent: site, limit: 50kW}\n"
        "ties:\n"
        "  ba: {from: b, to: a, limit: 20kW, resistance: 200mOhm, voltage: 400V}\n"
        "  ca: {from: c, to: a, limit: 20kW, resistance: 500mOhm, voltage: 400V}\n"
        "loads:\n"
        "  big: {node: a, rating: 80kW, demand: 64kW}\n"
        "  one: {node: b, rating: 30kW, demand: 20kW}\n"
        "  two: {node: c, rating: 30kW, demand: 20kW}\n"
        "grid: {import_max: 200kW, import_price: 0.1 EUR/kWh}\n";
    rig r;
    start(&r, text);
    run(&r, 600);
    double b_per_w = 0.2 / 160e3, c_per_w = 0.5 / 160e3, least_w = INFINITY;
    for (int w = 0; w <= 14000; w++) { /* that arrive over the first */
        double x = (1 - sqrt(1 - 4 * b_per_w * w)) / (2 * b_per_w),
               y = (1 - sqrt(1 - 4 * c_per_w * (14000 - w))) / (2 * c_per_w);
        least_w = fmin(least_w, x + y - 14000);
    }
    double lost_w = rig_value(&r, SG_POINT_SITE, SG_SITE_LOSS_W);
    print_message("%.1f W and %.1f W: %.2f W lost, at least %.2f W\n", tie_w(&r, 0), tie_w(&r, 1),
                  lost_w, least_w);
    assert_true(fabs(rig_value(&r, SG_POINT_LOAD_POWER, 0) - 64e3) < 0.1);
    assert_true(lost_w >= least_w - 0.01 && lost_w < 1.03 * least_w);
    rig_free(&r);
}

/* ---- stores ----------------------------------------------------------------------------------- */

/* The neighbour's feeder is full as well, but it has a store: that gives, and the tie carries what it frees. */
static void a_store_of_the_neighbour_gives_over_the_tie(void **state)
{
    (void)state;
    static const char text[] =
        "mode: control\n"
        "nodes:\n"
        "  site: {}\n"
        "  a: {parent: site, limit: 50kW}\n"
        "  b: {parent: site, limit: 50kW}\n"
        "ties:\n"
        "  t: {from: b, to: a, limit: 20kW}\n"
        "loads:\n"
        "  big:   {node: a, rating: 80kW, demand: 58kW}\n"
        "  other: {node: b, rating: 60kW, demand: 50kW}\n"
        "stores:\n"
        "  s: {type: lithium_ion, node: b, capacity: 20kWh, discharge_rate: 30kW, duty: energy, "
        "initial: 90%, reserve: 10%}\n"
        "grid: {import_max: 200kW, import_price: 0.1 EUR/kWh}\n";
    rig r;
    start(&r, text);
    run(&r, 900);
    assert_true(fabs(rig_value(&r, SG_POINT_LOAD_POWER, 0) - 58e3) < 1);
    assert_true(fabs(rig_value(&r, SG_POINT_LOAD_POWER, 1) - 50e3) < 1);
    assert_true(fabs(tie_w(&r, 0) - 8e3) < 1);
    assert_true(fabs(rig_value(&r, SG_POINT_STORE_POWER, 0) - 8e3) < 1);
    assert_true(rig_value(&r, SG_POINT_NODE_POWER, 2) < 50e3 + 1);
    rig_free(&r);
}

/* ---- voltage ---------------------------------------------------------------------------------- */

static const char long_feeder[] =
    "mode: control\n"
    "nodes:\n"
    "  site: {}\n"
    "  a: {parent: site, limit: 50kW}\n"
    "  b: {parent: site, limit: 90kW, voltage: 400V, cable_length: 300m, cable_section: 50mm2}\n"
    "ties:\n"
    "  t: {from: b, to: a, limit: 40kW}\n"
    "loads:\n"
    "  big:   {node: a, rating: 100kW, demand: 90kW}\n"
    "  small: {node: b, rating: 40kW, demand: 35kW}\n"
    "grid: {import_max: 300kW, import_price: 0.1 EUR/kWh}\n";

/* Voltage at the end of a cable of R that delivers P, both phases to phase: V^2 - V_s V + R P = 0. */
static double end_pu(double ohm, double volts, double power_w)
{
    double rho = ohm * power_w / (volts * volts);
    return (1 + sqrt(1 - 4 * rho)) / 2;
}

/* 300 m of 50 mm2 copper at 70 degC: 17.241 / 1000 x 1.1965 x 300 / 50 = 123.8 mOhm. The tie takes no more than leaves 95 %. */
static void the_voltage_limits_what_is_moved(void **state)
{
    (void)state;
    rig r;
    start(&r, long_feeder);
    run(&r, 900);
    double ohm = 17.241e-3 * 1.1965 * 300 / 50;
    double most_w = 0.95 * (1 - 0.95) * 160e3 / ohm - 35e3; /* that leaves 95 % exactly */
    double moved_w = tie_w(&r, 0), pu = end_pu(ohm, 400, 35e3 + moved_w);
    print_message("%.1f W moved of %.1f W that the voltage allows: %.4f\n", moved_w, most_w, pu);
    assert_true(most_w > 0 && most_w < 40e3);
    assert_true(fabs(end_pu(ohm, 400, 35e3 + most_w) - 0.95) < 1e-9);
    assert_true(pu >= 0.95 && moved_w > 0.6 * most_w && moved_w <= most_w);
    static sg_view view;
    sg_engine_view(r.engine, &view);
    assert_int_equal(view.tie[0].reason, SG_REASON_VOLTAGE);
    rig_free(&r);
}

/* With a lower limit at that node more is moved; where the feeder is too weak for its own load, nothing. */
static void the_limit_is_the_nodes(void **state)
{
    (void)state;
    char text[2048];
    rig r;
    double moved_w[3];
    const char *const limits[] = {"3%", "5%", "8%"};
    for (int i = 0; i < 3; i++) {
        const char *at = strstr(long_feeder, "cable_length");
        snprintf(text, sizeof text, "%.*svoltage_drop: %s, %s", (int)(at - long_feeder),
                 long_feeder, limits[i], at);
        start(&r, text);
        run(&r, 900);
        moved_w[i] = tie_w(&r, 0);
        rig_free(&r);
    }
    assert_true(moved_w[0] < moved_w[1] && moved_w[1] < moved_w[2]);
    const char *at = strstr(long_feeder, "cable_length");
    snprintf(text, sizeof text, "%.*svoltage_drop: 1%%, %s", (int)(at - long_feeder), long_feeder,
             at);
    start(&r, text);
    run(&r, 900);
    assert_true(tie_w(&r, 0) == 0);
    rig_free(&r);
}

/* A store that fills itself at the end of that cable waits for what voltage the tie leaves, and fills at full power without it. */
static void charging_gives_way_to_a_tie(void **state)
{
    (void)state;
    char text[2048];
    rig r;
    double moved_w[2], ohm = 17.241e-3 * 1.1965 * 300 / 50;
    start(&r, long_feeder);
    run(&r, 900);
    moved_w[0] = tie_w(&r, 0);
    rig_free(&r);
    for (int need = 0; need <= 1; need++) {
        const char *at = strstr(long_feeder, "demand: 90kW");
        snprintf(text, sizeof text,
                 "%.*sdemand: %s}%sstores:\n  s: {type: lithium_ion, node: b, capacity: 100kWh, "
                 "discharge_rate: 20kW, charge_rate: 20kW, duty: bridge, initial: 30%%}\n",
                 (int)(at - long_feeder), long_feeder, need ? "90kW" : "40kW", strchr(at, '}') + 1);
        start(&r, text);
        run(&r, 900);
        double charging_w = -rig_value(&r, SG_POINT_STORE_POWER, 0);
        sg_command command = sg_engine_command(r.engine);
        double pu = end_pu(ohm, 400, 35e3 + charging_w + tie_w(&r, 0));
        print_message("%.0f W over the tie, %.0f W into the store: %.4f\n", tie_w(&r, 0),
                      charging_w, pu);
        moved_w[1] = tie_w(&r, 0);
        assert_true(pu >= 0.95);
        assert_true(need ? charging_w < 4e3 : charging_w > 19.9e3);
        assert_true(!need || moved_w[1] > 0.97 * moved_w[0]); /* losses at full load are more */
        assert_true(!need || command.store_reason[0] == SG_REASON_VOLTAGE);
        rig_free(&r);
    }
}

/* ---- what goes wrong -------------------------------------------------------------------------- */

/* Within a step of its loss the caps are back within the limit; after a second the neighbour has its room again. */
static void a_lost_tie_takes_no_feeder_with_it(void **state)
{
    (void)state;
    rig r;
    start(&r, two_feeders);
    run(&r, 600);
    sg_world_tie(r.world, 0, true);
    rig_step(&r, STEP_S); /* the command from before */
    assert_true(rig_value(&r, SG_POINT_NODE_POWER, 1) > 59e3);
    rig_step(&r, STEP_S);
    assert_true(rig_value(&r, SG_POINT_NODE_POWER, 1) < 50e3 * (1 + 1e-9));
    run(&r, 20);
    sg_command command = sg_engine_command(r.engine);
    assert_true(fabs(command.tie_w[0]) < 0.021 * 20e3); /* asked for little */
    assert_true(command.load_cap_w[1] >= 45e3 * (1 - 1e-9));
    sg_world_tie(r.world, 0, false);
    run(&r, 40);
    assert_true(fabs(tie_w(&r, 0) - 10128.3) < 1); /* and comes back */
    rig_free(&r);
}

/* A tie whose meter is silent carries nothing after a second. */
static void an_unread_tie_carries_nothing(void **state)
{
    (void)state;
    rig r;
    start(&r, two_feeders);
    run(&r, 600);
    uint8_t quality[256];
    assert_true(r.points.count <= 256);
    for (int i = 0; i < 15; i++) {
        sg_world_read(r.world, STEP_S, &r.readings);
        memcpy(quality, r.readings.quality, (size_t)r.points.count);
        quality[r.points.first[SG_POINT_TIE_POWER]] = SG_NO_DATA;
        sg_frame frame = rig_frame(&r);
        frame.quality = quality;
        sg_engine_step(r.engine, &frame, NULL);
        sg_command command = sg_engine_command(r.engine);
        assert_true(command.load_cap_w[0] <= 50e3 * (1 + 1e-9)); /* at once */
        sg_world_write(r.world, &command);
    }
    assert_true(sg_engine_command(r.engine).tie_w[0] == 0);
    rig_free(&r);
}

/* Behind an open breaker there is no voltage: the tie is open too, and the plant's books close. */
static void a_tie_to_a_dark_feeder_is_open(void **state)
{
    (void)state;
    rig r;
    start(&r, two_feeders);
    run(&r, 600);
    sg_world_open(r.world, 2);
    run(&r, 10);
    assert_true(tie_w(&r, 0) == 0);
    assert_true(rig_value(&r, SG_POINT_LOAD_POWER, 0) <= 50e3 * (1 + 1e-9));
    assert_true(sg_world_balance_error_j(r.world) < 1);
    rig_free(&r);
}

/* On an island that has nothing left no load is served, no tie carries anything, and nothing comes from nowhere. */
static void a_tie_of_a_dead_island_carries_nothing(void **state)
{
    (void)state;
    rig r;
    char text[sizeof two_feeders];
    memcpy(text, two_feeders, sizeof text);
    *strstr(text, "grid:") = '\0';
    start(&r, text);
    sg_command command = sg_engine_command(r.engine);
    double told_w = 5e3;
    command.tie_w = &told_w;
    sg_world_write(r.world, &command);
    sg_world_read(r.world, STEP_S, &r.readings);
    assert_true(tie_w(&r, 0) == 0);
    assert_true(sg_world_look(r.world).net_w == 0);
    rig_free(&r);
}

/* The neighbour's own demand comes first, also when it has only begun to rise. */
static void the_neighbour_comes_first(void **state)
{
    (void)state;
    static const char text[] = "mode: control\n"
                               "nodes:\n"
                               "  site: {}\n"
                               "  a: {parent: site, limit: 50kW}\n"
                               "  b: {parent: site, limit: 50kW}\n"
                               "ties:\n"
                               "  t: {from: b, to: a, limit: 20kW}\n"
                               "loads:\n"
                               "  big:   {node: a, rating: 80kW, demand: 60kW}\n"
                               "  small: {node: b, rating: 60kW, demand: 20kW}\n"
                               "grid: {import_max: 200kW, import_price: 0.1 EUR/kWh}\n"
                               "faults:\n"
                               "  - {kind: load_step, target: small, at: 60s, severity: 2.4}\n";
    rig r;
    start(&r, text);
    run(&r, 600);
    assert_true(fabs(tie_w(&r, 0) - 10e3) < 1);
    run(&r, 10);
    assert_true(fabs(rig_value(&r, SG_POINT_LOAD_POWER, 1) - 48e3) < 1);
    assert_true(tie_w(&r, 0) <= 2e3 + 1);
    assert_true(rig_value(&r, SG_POINT_NODE_POWER, 2) <= 50e3 * (1 + 1e-9));
    rig_free(&r);
}

/* A demand that grows by 1 kW a second from 45 kW: the tie carries before the feeder's 50 kW are passed, and nothing is cut. */
static void a_growing_demand_is_met_before_it_is_there(void **state)
{
    (void)state;
    char csv[] = "/tmp/symgrid-ramp-XXXXXX", text[2048];
    int file = mkstemp(csv);
    assert_true(file >= 0);
    FILE *out = fdopen(file, "w");
    assert_non_null(out);
    fprintf(out, "t,kw\n");
    for (int s = 0; s <= 60; s++) {
        fprintf(out, "%d,%d\n", s, s < 20 ? 45 : s < 30 ? 25 + s : 55);
    }
    fclose(out);
    const char *at = strstr(two_feeders, "demand: 60kW");
    snprintf(
        text, sizeof text,
        "%.*sdemand: ramp%sseries:\n  ramp: {file: %s, time: t, column: kw, unit: kW, between: "
        "linear, repeat: true}\n",
        (int)(at - two_feeders), two_feeders, at + 12, csv);
    rig r = {0};
    rig_parse("ties.yaml", text, strlen(text), &r.site);
    rig_start(&r, SG_POLICY_STATIC, 0);
    double first_kw = 0, cut_w = 0;
    static sg_view view;
    for (int i = 0; i < 350; i++) {
        rig_step(&r, STEP_S);
        double want_w = rig_value(&r, SG_POINT_LOAD_DEMAND, 0);
        if (i > 10) {
            cut_w = fmax(cut_w, want_w - rig_value(&r, SG_POINT_LOAD_POWER, 0));
        }
        if (tie_w(&r, 0) > 0 && first_kw == 0) {
            first_kw = want_w / 1e3;
            sg_engine_view(r.engine, &view);
            assert_int_equal(view.decision[0].role, SG_DECISION_TIE);
            assert_int_equal(view.decision[0].reason, SG_REASON_MOVED);
        }
    }
    print_message("begins at %.2f kW of 50 kW; at most %.3f W cut\n", first_kw, cut_w);
    assert_true(first_kw > 48.5 && first_kw < 49.9);
    assert_true(cut_w < 1);
    rig_free(&r);
    remove(csv);
}

/* A restart from the state alone goes on with the very same commands. */
static void the_state_carries_the_ties(void **state)
{
    (void)state;
    rig r;
    start(&r, two_feeders);
    run(&r, 600);
    size_t size = sg_engine_state_size(r.engine), whole;
    void *copy = rig_block(size);
    memcpy(copy, r.engine, size);
    assert_int_equal(sg_engine_restore_size(copy, size, &whole), SG_OK);
    void *memory = rig_block(whole);
    sg_engine *twin = sg_engine_restore(memory, whole, copy, size);
    assert_non_null(twin);
    for (int i = 0; i < 30; i++) {
        rig_step(&r, STEP_S);
        sg_frame frame = rig_frame(&r);
        sg_engine_step(twin, &frame, NULL);
        assert_true(sg_engine_command_hash(twin) == sg_engine_command_hash(r.engine));
        assert_true(sg_engine_command(twin).tie_w[0] == sg_engine_command(r.engine).tie_w[0]);
    }
    free(memory);
    free(copy);
    rig_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_feeder_is_relieved_over_a_tie),
        cmocka_unit_test(a_tie_carries_both_ways),
        cmocka_unit_test(the_log_says_who_gave_to_whom),
        cmocka_unit_test(all_that_ties_can_carry_is_carried),
        cmocka_unit_test(the_split_between_two_ties_loses_least),
        cmocka_unit_test(a_store_of_the_neighbour_gives_over_the_tie),
        cmocka_unit_test(the_voltage_limits_what_is_moved),
        cmocka_unit_test(the_limit_is_the_nodes),
        cmocka_unit_test(charging_gives_way_to_a_tie),
        cmocka_unit_test(a_tie_of_a_dead_island_carries_nothing),
        cmocka_unit_test(a_lost_tie_takes_no_feeder_with_it),
        cmocka_unit_test(an_unread_tie_carries_nothing),
        cmocka_unit_test(a_tie_to_a_dark_feeder_is_open),
        cmocka_unit_test(the_neighbour_comes_first),
        cmocka_unit_test(a_growing_demand_is_met_before_it_is_there),
        cmocka_unit_test(the_state_carries_the_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
