/* The envelope alone, over every combination of a quantised domain: it only narrows, and what it leaves keeps ratings, reserves,
 * breakers from both sides, the connection and the law of no circulation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "control/breakers.h"
#include "control/flows.h"
#include "rig.h"

#include <math.h>
#include <string.h>

enum { STORES = 4, LOADS = 2, SOURCES = 1, NODES = 3, ARRAY = 8 };
enum { BATTERY, RELIEVER, BRIDGE, REMOTE }; /* stores in the order of the site */
static const double DT_S = 0.1;

static const char site_text[] =
    "nodes:\n"
    "  site: {limit: 100kW}\n"
    "  warm: {parent: site, breaker: 50A, curve: iec_ei, instantaneous: 4, voltage: 400V}\n"
    "  cold: {parent: site, limit: 16kW}\n"
    "grid: {import_max: 100kW, export_max: 6kW, import_price: 0.1 EUR/kWh}\n"
    "sources:\n"
    "  engine: {type: generator, node: cold, capacity: 10kW, cost: 0.3 EUR/kWh%s}\n"
    "loads:\n"
    "  one: {node: warm, rating: 40kW, demand: 30kW}\n"
    "  two: {node: cold, rating: 15kW, demand: 10kW}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, node: warm, capacity: 10kWh, discharge_rate: 8kW, charge_rate: "
    "8kW%s}\n"
    "  reliever: {type: lithium_ion, node: warm, capacity: 10kWh, discharge_rate: 8kW, "
    "charge_rate: 8kW, duty: power}\n"
    "  bridge: {type: lithium_ion, node: site, capacity: 10kWh, discharge_rate: 8kW, charge_rate: "
    "8kW, duty: bridge, "
    "reserve: 20%%}\n"
    "  remote: {type: lithium_ion, node: cold, capacity: 10kWh, discharge_rate: 8kW, charge_rate: "
    "8kW}\n";

typedef struct stand {
    sg_site site;
    void *plant_memory;
    sg_plant plant;
    sg_control control;
    sg_measure measure;
    sg_control_input in;
    sg_flows flows;
    void *news_memory;
    sg_news news;
    double memory[64][ARRAY]; /* one control array each */
    double value[128], age_s[128];
    uint8_t quality[128];
} stand;

static stand *stand_of(const char *source_more, const char *store_more)
{
    stand *t = calloc(1, sizeof *t);
    assert_non_null(t);
    char text[4096];
    int length = snprintf(text, sizeof text, site_text, source_more, store_more);
    rig_parse("envelope.yaml", text, (size_t)length, &t->site);
    t->plant_memory = rig_block(sg_plant_size(&t->site));
    sg_plant_create(t->plant_memory, &t->site);
    t->plant = sg_plant_at(t->plant_memory);
    assert_int_equal(t->plant.store_count, STORES);
    assert_int_equal(t->plant.node_count, NODES);
    assert_int_equal(t->plant.source_count, SOURCES);
    int k = 0;
#define X(name, type, count) t->control.name = (type *)(void *)t->memory[k++];
    SG_CONTROL_ARRAYS(X)
#undef X
    assert_true(k <= 64 && t->plant.points.count <= 128);
    double *stored_j = &t->value[t->plant.points.first[SG_POINT_STORE_ENERGY]];
    t->measure = (sg_measure){.value = t->value,
                              .age_s = t->age_s,
                              .quality = t->quality,
                              .low_j = stored_j,
                              .high_j = stored_j};
    size_t news_size = sg_news_size(t->plant.node_count, t->plant.load_count);
    t->news_memory = memset(rig_block(news_size), 0, news_size);
    t->news = sg_news_at(t->news_memory, &t->plant);
    t->in = (sg_control_input){.dt_s = DT_S, .news = &t->news};
    sg_plant_step_length(&t->plant, DT_S);
    t->flows = (sg_flows){.self = &t->control,
                          .plant = &t->plant,
                          .measure = &t->measure,
                          .in = &t->in,
                          .grid_up = true,
                          .import_w_max = 100e3,
                          .export_w_max = 6e3};
    for (int s = 0; s < STORES; s++) {
        t->value[t->plant.points.first[SG_POINT_STORE_ENERGY] + s] = 5 * 3.6e6;
    }
    for (int n = 0; n < NODES; n++) {
        t->control.node_allow_w[n] = t->plant.node_leaf_limit_w[n];
        t->control.node_leaf_w[n] = t->plant.node_leaf_limit_w[n];
        t->control.node_bear_w[n] = 2 * t->plant.node_leaf_limit_w[n];
    }
    return t;
}

static void stand_free(stand *t)
{
    free(t->plant_memory);
    free(t->news_memory);
    sg_site_free(&t->site);
    free(t);
}

/* The envelope on the caps that stand there. */
static void envelope(stand *t)
{
    for (int n = 0; n < NODES; n++) {
        sg_flows_told(&t->flows, n);
    }
    sg_envelope(&t->flows);
}

static double *energy(stand *t, int s)
{
    return &t->value[t->plant.points.first[SG_POINT_STORE_ENERGY] + s];
}

static void available(stand *t, double w)
{
    t->value[t->plant.points.first[SG_POINT_SOURCE_AVAILABLE]] = w;
}

/* --- what must hold --- */

typedef struct before {
    double store_w[STORES], cap_w[LOADS], limit_w;
} before;

static before note(const stand *t)
{
    before b = {.limit_w = t->control.source_limit_w[0]};
    memcpy(b.store_w, t->control.store_w, sizeof b.store_w);
    memcpy(b.cap_w, t->control.load_cap_w, sizeof b.cap_w);
    return b;
}

static void it_narrowed(const stand *t, const before *b)
{
    for (int s = 0; s < STORES; s++) {
        double w = t->control.store_w[s];
        assert_true(w * b->store_w[s] >= 0 && fabs(w) <= fabs(b->store_w[s]) * (1 + 1e-12));
        assert_true(w == b->store_w[s] || t->control.store_reason[s] != SG_REASON_NONE);
    }
    for (int l = 0; l < LOADS; l++) {
        assert_true(t->control.load_cap_w[l] >= 0 && t->control.load_cap_w[l] <= b->cap_w[l]);
        assert_true(t->control.load_cap_w[l] == b->cap_w[l] ||
                    t->control.load_reason[l] != SG_REASON_NONE);
    }
    assert_true(t->control.source_limit_w[0] <= b->limit_w);
}

static void it_keeps_everything(const stand *t, double source_w)
{
    const sg_control *c = &t->control;
    const sg_plant *p = &t->plant;
    double give = 0, take = 0, net = 0;
    double down[NODES] = {0}, up[NODES] = {0};
    for (int s = 0; s < STORES; s++) {
        double w = c->store_w[s], spare = fmax(w - c->store_help_w[s], 0);
        assert_true(w <= 8e3 && w >= -8e3);
        if (s != RELIEVER) {
            give += w > 0 ? spare : 0;
            take += fmax(-w, 0);
        }
        net += w;
        down[p->store_node[s]] += fmax(-w, 0);
        up[p->store_node[s]] += fmax(w, 0);
    }
    assert_true(fmin(give, take) <= 1e-6);
    for (int l = 0; l < LOADS; l++) {
        down[p->load_node[l]] += c->load_cap_w[l];
    }
    source_w = fmin(source_w, c->source_limit_w[0]);
    up[p->source_node[0]] += source_w;
    for (int n = NODES - 1; n > 0; n--) {
        assert_true(down[n] <= c->node_allow_w[n] * (1 + 2e-9) + 2e-6);
        assert_true(up[n] <= p->node_up_limit_w[n] * (1 + 1e-9));
        down[0] += down[n];
    }
    assert_true(down[0] <= c->node_allow_w[0] * (1 + 2e-9) + 2e-6);
    /* no store shows anything yet, so that no cap rests on relief: nothing leaves beyond the permission */
    double out = net + source_w - t->flows.served_w - t->flows.losses_w - t->flows.task_w;
    assert_true(out <= t->flows.export_w_max + 1e-3);
}

/* Every set-point from a handful of values: 5^4 of stores x 3 x 3 of caps x 2 of the source x 2 of relief x 2 of the grid, twice
 * for what the breaker may carry. */
static void every_command_is_only_narrowed_and_safe(void **state)
{
    (void)state;
    static const double store_w[] = {-9e3, -3e3, 0, 3e3, 9e3};
    static const double cap_one[] = {0, 20e3, 40e3}, cap_two[] = {0, 10e3, 15e3};
    stand *t = stand_of("", "");
    long count = 0, cut = 0;
    for (int k = 0; k < 625 * 9 * 16; k++) {
        int q = k;
        for (int s = 0; s < STORES; s++, q /= 5) {
            t->control.store_w[s] = store_w[q % 5];
        }
        t->control.load_cap_w[0] = cap_one[q % 3];
        t->control.load_cap_w[1] = cap_two[q / 3 % 3];
        q /= 9;
        double could_w = q & 1 ? 10e3 : 2e3;
        available(t, could_w);
        t->control.source_limit_w[0] = q & 1 ? (double)INFINITY : 10e3;
        double asked_w = t->control.store_w[RELIEVER];
        t->control.store_help_w[RELIEVER] = q & 2 && asked_w > 0 ? fmin(asked_w, 4e3) : 0;
        t->flows.grid_up = !(q & 4);
        t->flows.export_w_max = q & 4 ? 0 : 6e3;
        t->flows.import_w_max = q & 4 ? 0 : 100e3;
        t->control.node_allow_w[1] = q & 8 ? 18e3 : t->plant.node_leaf_limit_w[1];
        t->flows.served_w = fmin(t->control.load_cap_w[0], 12e3) + t->control.load_cap_w[1] / 2;
        memset(t->control.store_reason, 0, STORES);
        memset(t->control.load_reason, 0, LOADS);
        memset(t->control.source_reason, 0, SOURCES);
        before b = note(t);
        envelope(t);
        it_narrowed(t, &b);
        it_keeps_everything(t, could_w);
        count++;
        for (int s = 0; s < STORES; s++) {
            cut += t->control.store_w[s] != b.store_w[s];
        }
    }
    print_message("%ld commands, %ld set-points of stores cut\n", count, cut);
    assert_true(cut > count);
    stand_free(t);
}

/* --- one thing at a time --- */

static void run(stand *t)
{
    memset(t->control.store_reason, 0, STORES);
    memset(t->control.source_reason, 0, SOURCES);
    envelope(t);
}

static void power_grows_by_its_ramp_and_turns_after_its_dwell(void **state)
{
    (void)state;
    stand *t = stand_of("", ", ramp: 10kW/s, dwell: 1s");
    t->flows.served_w = 50e3;
    const double *w = t->control.store_w;
    for (int step = 1; step <= 10; step++) { /* a kilowatt a step up to the rating */
        t->control.store_w[BATTERY] = 8e3;
        run(t);
        assert_true(fabs(w[BATTERY] - fmin(step * 1e3, 8e3)) < 1e-9);
        assert_int_equal(t->control.store_reason[BATTERY],
                         step < 8 ? SG_REASON_RAMP : SG_REASON_NONE);
    }
    t->control.store_w[BATTERY] = 2e3; /* back at once */
    run(t);
    assert_true(w[BATTERY] == 2e3);
    int waited = 0;
    for (int step = 0; step < 20; step++) {
        t->control.store_w[BATTERY] = -5e3;
        run(t);
        waited += w[BATTERY] == 0;
        if (w[BATTERY] == 0) {
            assert_int_equal(t->control.store_reason[BATTERY], SG_REASON_DWELL);
        }
    }
    assert_true(waited >= 9 && waited <= 11 && w[BATTERY] == -5e3);
    stand_free(t);
}

static void a_source_stays_off_and_comes_up_slowly(void **state)
{
    (void)state;
    stand *t = stand_of(", ramp: 10kW/s, dwell: 1s", "");
    t->flows.served_w = 50e3;
    available(t, 10e3);
    double *limit_w = t->control.source_limit_w;
    int power = t->plant.points.first[SG_POINT_SOURCE_POWER];
    for (int step = 1; step <= 4; step++) {
        *limit_w = 10e3;
        run(t);
        assert_true(fabs(*limit_w - step * 1e3) < 1e-9);
        assert_int_equal(t->control.source_reason[0], SG_REASON_RAMP);
    }
    t->value[power] = 6e3; /* it shows more than that: from there on */
    *limit_w = 10e3;
    run(t);
    assert_true(fabs(*limit_w - 7e3) < 1e-9);
    t->quality[power] = SG_STALE; /* nothing shown counts: from the set-point on */
    *limit_w = INFINITY;
    run(t);
    assert_true(fabs(*limit_w - 8e3) < 1e-9);
    *limit_w = 0;
    run(t);
    *limit_w = 0; /* not asked: nothing to refuse */
    run(t);
    assert_int_equal(t->control.source_reason[0], SG_REASON_NONE);
    int off = 1;
    for (int step = 0; step < 20; step++) {
        *limit_w = 500;
        run(t);
        off += *limit_w == 0;
        assert_true(*limit_w == 0 ? t->control.source_reason[0] == SG_REASON_DWELL : off >= 9);
    }
    assert_true(off >= 9 && off <= 11);
    t->control.source_before_w[0] = t->control.source_off_s[0] = 0; /* one that never ran */
    *limit_w = 0;
    run(t);
    *limit_w = 500;
    run(t);
    assert_true(*limit_w == 500);
    t->control.source_off_s[0] =
        0.5; /* one that is started rests before that, not each time that it idles */
    t->plant.source_start_s[0] = 5;
    *limit_w = 500;
    run(t);
    assert_true(*limit_w == 500);
    t->control.source_before_w[0] = INFINITY; /* had no limit: what it shows counts */
    *limit_w = 10e3;
    run(t);
    assert_true(fabs(*limit_w - 1e3) < 1e-9);
    /* a reading that is held is from before it was told to give nothing; without a limit it stands */
    t->quality[power] = SG_SUSPECT;
    t->control.source_before_w[0] = 0;
    *limit_w = 10e3;
    run(t);
    assert_true(fabs(*limit_w - 1e3) < 1e-9);
    t->control.source_before_w[0] = INFINITY;
    *limit_w = 10e3;
    run(t);
    assert_true(fabs(*limit_w - 7e3) < 1e-9);
    stand_free(t);
}

/* What is too much for the connection is taken from stores that give, and what is left of it from sources. */
static void what_cannot_leave_is_not_made(void **state)
{
    (void)state;
    for (int up = 0; up <= 1; up++) {
        stand *t = stand_of("", "");
        t->flows.grid_up = up;
        t->flows.export_w_max = 0;
        t->flows.served_w = 5e3;
        available(t, 10e3);
        t->control.store_w[BATTERY] = 2e3;
        t->control.source_limit_w[0] = 8e3;
        run(t); /* 10 kW for 5 kW: 2 kW from the battery, 3 kW from the engine */
        sg_reason reason = up ? SG_REASON_EXPORT_LIMIT : SG_REASON_GRID_DOWN;
        assert_true(fabs(t->control.store_w[BATTERY]) < 1e-6);
        assert_true(fabs(t->control.source_limit_w[0] - 5e3) < 1e-3);
        assert_int_equal(t->control.source_reason[0], reason);
        t->control.store_w[BATTERY] = 2e3; /* and the battery alone where that is enough */
        t->control.source_limit_w[0] = 4e3;
        run(t);
        assert_true(fabs(t->control.store_w[BATTERY] - 1e3) < 1e-3);
        assert_true(t->control.source_limit_w[0] == 4e3);
        /* a second one, that has nothing to give: the arrays are a line long, and zero behind the first */
        t->plant.source_count = 2;
        t->control.source_limit_w[0] = 8e3;
        t->control.source_limit_w[1] = INFINITY;
        t->control.store_w[BATTERY] = 0;
        run(t);
        assert_true(fabs(t->control.source_limit_w[0] - 5e3) < 1e-3);
        assert_true(t->control.source_limit_w[1] == (double)INFINITY);
        t->plant.source_count = SOURCES;
        t->flows.served_w = -1; /* nothing is drawn, nothing can be made: nothing to hold back */
        t->control.store_w[BATTERY] = 0;
        t->control.source_limit_w[0] = 0;
        run(t);
        assert_true(t->control.source_limit_w[0] == 0);
        assert_int_equal(t->control.source_reason[0], SG_REASON_NONE);
        stand_free(t);
    }
}

/* Relief that begins may be meant for a tie that does not carry it: what is shown stands, what is not may be too much. */
static void relief_that_is_not_there_yet_does_not_leave(void **state)
{
    (void)state;
    stand *t = stand_of("", "");
    double *shown_w = &t->value[t->plant.points.first[SG_POINT_STORE_POWER] + RELIEVER];
    t->flows.export_w_max = 0;
    t->flows.served_w = 5e3;
    for (int step = 0; step < 3; step++) { /* 6 kW of relief where 5 kW are drawn */
        *shown_w = 2e3 * step;
        t->control.store_w[RELIEVER] = t->control.store_help_w[RELIEVER] = 6e3;
        run(t);
        assert_true(fabs(t->control.store_w[RELIEVER] - 5e3) < 1e-3);
        assert_int_equal(t->control.store_reason[RELIEVER], SG_REASON_NODE_RELIEF);
    }
    *shown_w = 5.5e3;
    t->control.store_w[RELIEVER] = 6e3;
    run(t);
    assert_true(fabs(t->control.store_w[RELIEVER] - 5.5e3) < 1e-3);
    stand_free(t);
}

/* However much helpers bring, no more is drawn than the breaker bears until their loss is answered. */
static void what_rests_on_helpers_is_bounded(void **state)
{
    (void)state;
    stand *t = stand_of("", "");
    t->flows.served_w = 50e3;
    t->control.node_allow_w[2] = 60e3;
    t->control.load_cap_w[1] = 15e3;
    t->control.node_bear_w[2] = 12e3;
    t->control.node_leaf_w[2] = 10e3;
    run(t);
    assert_true(fabs(t->control.load_cap_w[1] - 12e3) < 1);
    assert_int_equal(t->control.load_reason[1], SG_REASON_LOSS);
    stand_free(t);
}

/* In the safe set a paced store has rested, and a new rise begins at nothing. */
static void rest_is_remembered(void **state)
{
    (void)state;
    stand *t = stand_of("", ", ramp: 10kW/s, dwell: 1s");
    t->flows.served_w = 50e3;
    t->control.store_before_w[BATTERY] = 8e3;
    t->control.store_way[BATTERY] = 1;
    t->control.store_w[BATTERY] = 0;
    sg_envelope_rest(&t->flows, 0.7);
    assert_true(t->control.store_before_w[BATTERY] == 0);
    assert_true(t->control.store_rest_s[BATTERY] == 0.7);
    t->control.store_w[BATTERY] = 8e3;
    run(t);
    assert_true(fabs(t->control.store_w[BATTERY] - 1e3) < 1e-9);
    /* what may be counted on: from where it is by its ramp, nothing while it has to rest */
    t->control.store_before_w[BATTERY] = 3e3;
    assert_true(fabs(sg_store_pace_w(&t->flows, BATTERY) - 4e3) < 1e-9);
    t->control.store_before_w[BATTERY] = -3e3;
    t->control.store_way[BATTERY] = -1;
    t->control.store_rest_s[BATTERY] = 0;
    assert_true(sg_store_pace_w(&t->flows, BATTERY) == 0);
    t->control.store_rest_s[BATTERY] = 1;
    assert_true(fabs(sg_store_pace_w(&t->flows, BATTERY) - 1e3) < 1e-9);
    stand_free(t);
    t = stand_of("", ""); /* nobody is paced */
    assert_true(isinf(sg_store_pace_w(&t->flows, BATTERY)));
    t->control.store_before_w[BATTERY] = 8e3;
    sg_envelope_rest(&t->flows, 0.7);
    assert_true(t->control.store_before_w[BATTERY] == 8e3);
    stand_free(t);
}

static void full_and_empty_stores_and_ratings_say_so(void **state)
{
    (void)state;
    stand *t = stand_of("", "");
    t->flows.served_w = 50e3;
    *energy(t, BATTERY) = 10 * 3.6e6;
    *energy(t, BRIDGE) = 2 * 3.6e6; /* its reserve */
    t->control.store_w[BATTERY] = -4e3;
    run(t);
    assert_int_equal(t->control.store_reason[BATTERY], SG_REASON_FULL);
    t->control.store_w[BATTERY] = 20e3;
    t->control.store_w[BRIDGE] = 4e3;
    run(t);
    assert_int_equal(t->control.store_reason[BATTERY], SG_REASON_RATING);
    assert_int_equal(t->control.store_reason[BRIDGE], SG_REASON_EMPTY);
    assert_true(t->control.store_w[BATTERY] == 8e3 && t->control.store_w[BRIDGE] == 0);
    *energy(t, BATTERY) = 5 * 3.6e6;
    t->control.store_w[BATTERY] = -20e3;
    run(t);
    assert_int_equal(t->control.store_reason[BATTERY], SG_REASON_RATING);
    /* a stale reading: nothing, either way */
    t->quality[t->plant.points.first[SG_POINT_STORE_ENERGY] + REMOTE] = SG_STALE;
    t->control.store_w[BATTERY] = 0;
    t->control.store_w[REMOTE] = 4e3;
    run(t);
    assert_true(t->control.store_w[REMOTE] == 0);
    t->quality[t->plant.points.first[SG_POINT_STORE_ENERGY] + RELIEVER] = SG_STALE;
    t->control.store_w[RELIEVER] = t->control.store_help_w[RELIEVER] = 3e3; /* relief neither */
    run(t);
    assert_true(t->control.store_w[RELIEVER] == 0);
    /* hypothetical physics: nothing */
    t->quality[t->plant.points.first[SG_POINT_STORE_ENERGY] + REMOTE] = SG_GOOD;
    t->plant.store_real[REMOTE] = 0;
    t->control.store_w[REMOTE] = 4e3;
    run(t);
    assert_true(t->control.store_w[REMOTE] == 0);
    stand_free(t);
}

/* A source that was not read pushes nothing, and where there is no limit upwards there is none for sources. */
static void sources_behind_a_breaker_are_limited_as_they_are_read(void **state)
{
    (void)state;
    stand *t = stand_of("", "");
    double *limit_w = t->control.source_limit_w;
    t->flows.served_w = 50e3;
    available(t, 10e3);
    *limit_w = 10e3;
    t->control.store_w[REMOTE] = 8e3; /* 18 kW where 16 fit: both give way alike */
    run(t);
    assert_true(fabs(t->control.store_w[REMOTE] - 8e3 * 16 / 18) < 1e-6);
    assert_true(fabs(*limit_w - 10e3 * 16 / 18) < 1e-6);
    assert_int_equal(t->control.source_reason[0], SG_REASON_NODE_LIMIT);
    t->quality[t->plant.points.first[SG_POINT_SOURCE_AVAILABLE]] = SG_STALE;
    *limit_w = 10e3;
    t->control.store_w[REMOTE] = 8e3;
    run(t);
    assert_true(t->control.store_w[REMOTE] == 8e3 && *limit_w < 10e3);
    t->plant.node_up_limit_w[2] = INFINITY;
    *limit_w = 10e3;
    run(t);
    assert_true(*limit_w == 10e3);
    stand_free(t);
}

/* Loads alone push nothing upwards; what they draw is bounded all the same. */
static void loads_alone_are_bounded(void **state)
{
    (void)state;
    stand *t = stand_of("", "");
    t->plant.store_count = 0;
    t->control.load_cap_w[1] = 15e3;
    run(t);
    assert_true(t->control.load_cap_w[1] == 15e3);
    t->plant.source_count = 0;
    t->control.node_allow_w[2] = 12e3;
    run(t);
    assert_true(fabs(t->control.load_cap_w[1] - 12e3) < 1);
    stand_free(t);
}

static void relief_keeps_its_reason(void **state)
{
    (void)state;
    stand *t = stand_of("", "");
    t->flows.served_w = 50e3;
    for (int early = 0; early <= 1; early++) {
        t->control.store_w[RELIEVER] = t->control.store_help_w[RELIEVER] = 3e3;
        t->control.store_early[RELIEVER] = (uint8_t)early;
        run(t);
        assert_true(t->control.store_w[RELIEVER] == 3e3);
        assert_int_equal(t->control.store_reason[RELIEVER],
                         early ? SG_REASON_MOVED : SG_REASON_NODE_RELIEF);
    }
    t->control.store_w[RELIEVER] = 8e3; /* more than relief, and nothing against it */
    run(t);
    assert_int_equal(t->control.store_reason[RELIEVER], SG_REASON_NONE);
    /* with more than its relief, what is beside it may be withdrawn: exports */
    t->flows.served_w = 0;
    t->control.store_w[RELIEVER] = 8e3;
    t->control.store_w[REMOTE] = 8e3;
    run(t);
    assert_true(t->control.store_w[RELIEVER] >= 3e3 && t->control.store_w[RELIEVER] < 8e3);
    assert_int_equal(t->control.store_reason[RELIEVER], SG_REASON_MOVED);
    assert_int_equal(t->control.store_reason[REMOTE], SG_REASON_EXPORT_LIMIT);
    stand_free(t);
}

static void the_node_that_binds_names_the_reason(void **state)
{
    (void)state;
    stand *t = stand_of("", "");
    t->control.load_cap_w[0] = 20e3;
    t->control.load_cap_w[1] = 15e3;
    t->control.store_w[REMOTE] = -5e3;
    t->flows.served_w = 30e3;
    t->control.node_allow_w[1] = 10e3;
    t->control.node_allow_w[2] = 10e3;
    run(t);
    assert_int_equal(t->control.load_reason[0], SG_REASON_BREAKER_HEAT);
    assert_int_equal(t->control.load_reason[1], SG_REASON_NODE_LIMIT);
    assert_int_equal(t->control.store_reason[REMOTE], SG_REASON_NODE_LIMIT);
    assert_true(fabs(t->control.load_cap_w[1] - 7.5e3) < 1 &&
                fabs(t->control.store_w[REMOTE] + 2.5e3) < 1);
    /* the root above both */
    t->control.load_cap_w[0] = 10e3;
    t->control.load_cap_w[1] = 10e3;
    t->control.store_w[REMOTE] = 0;
    t->control.node_allow_w[0] = 5e3;
    run(t);
    assert_true(fabs(t->control.load_cap_w[0] - 2.5e3) < 1);
    assert_int_equal(t->control.load_reason[0], SG_REASON_NODE_LIMIT);
    /* only one node binds: the other is left alone */
    t->control.node_allow_w[0] = 100e3;
    t->control.load_cap_w[0] = 20e3;
    t->control.load_cap_w[1] = 5e3;
    run(t);
    assert_true(t->control.load_cap_w[1] == 5e3 && fabs(t->control.load_cap_w[0] - 10e3) < 1);
    stand_free(t);
}

static jmp_buf back;

static void jump(const char *condition, const char *file, int line)
{
    (void)condition;
    (void)file;
    (void)line;
    longjmp(back, 1);
}

static bool stops(stand *t)
{
    volatile bool stopped = true;
    sg_check_on_failure(jump);
    if (setjmp(back) == 0) {
        envelope(t);
        stopped = false;
    }
    sg_check_on_failure(NULL);
    return stopped;
}

/* Our own bugs end the process before a command leaves it. */
static void what_cannot_be_is_not_sent(void **state)
{
    (void)state;
    for (int bug = 0; bug < 6; bug++) {
        stand *t = stand_of("", "");
        t->flows.served_w = 50e3;
        double *w = t->control.store_w, *cap_w = t->control.load_cap_w;
        if (bug == 1) {
            w[BATTERY] = NAN;
        } else if (bug == 2) {
            cap_w[0] = -1;
        } else if (bug == 3) {
            cap_w[1] = 16e3;
        } else if (bug == 4) {
            t->control.source_limit_w[0] = -1;
        } else if (bug == 5) { /* hypothetical, and told to give */
            t->plant.store_real[REMOTE] = 0;
            w[REMOTE] = NAN;
        }
        assert_true(stops(t) == (bug > 0));
        stand_free(t);
    }
}

/* --- what the breakers may carry --- */

/* Over a grid of heats and times, for all seven curves: what is allowed lasts ten seconds below 80 %, in any number of steps. */
static void the_limit_lasts(void **state)
{
    (void)state;
    long checked = 0;
    for (int curve = 0; curve < 7; curve++) {
        for (int instant = 0; instant <= 1; instant++) {
            sg_breaker b = {.curve = (sg_breaker_curve)curve,
                            .dial = 0.5,
                            .tau_s = 208,
                            .instantaneous = instant ? 4 : 0};
            for (int h = 0; h < 800; h++) {
                double heat = h * 1e-3, m = sg_breaker_multiple_below(&b, heat, 0.8, 10);
                assert_true(m >= (curve == SG_BREAKER_UL489 ? sqrt(0.8) : 1) - 1e-12);
                assert_true(!instant || m < 4);
                for (int steps = 1; steps <= 100; steps *= 10) {
                    double now = heat;
                    for (int k = 0; k < steps; k++) {
                        now = sg_breaker_heat(&b, now, m, 10.0 / steps);
                        assert_true(now <= 0.8 + 1e-9);
                    }
                    /* and no more would: the bound is reached, unless the trip at once stands before it */
                    double over = sg_breaker_heat(&b, heat, m * 1.01, 10);
                    assert_true(over > 0.8 || m > 3.9 || m > 900);
                    checked++;
                }
            }
        }
    }
    assert_true(checked == 7L * 2 * 800 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_only_narrowed_and_safe),
        cmocka_unit_test(power_grows_by_its_ramp_and_turns_after_its_dwell),
        cmocka_unit_test(a_source_stays_off_and_comes_up_slowly),
        cmocka_unit_test(what_cannot_leave_is_not_made),
        cmocka_unit_test(relief_that_is_not_there_yet_does_not_leave),
        cmocka_unit_test(what_rests_on_helpers_is_bounded),
        cmocka_unit_test(rest_is_remembered),
        cmocka_unit_test(full_and_empty_stores_and_ratings_say_so),
        cmocka_unit_test(sources_behind_a_breaker_are_limited_as_they_are_read),
        cmocka_unit_test(loads_alone_are_bounded),
        cmocka_unit_test(relief_keeps_its_reason),
        cmocka_unit_test(the_node_that_binds_names_the_reason),
        cmocka_unit_test(what_cannot_be_is_not_sent),
        cmocka_unit_test(the_limit_lasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
