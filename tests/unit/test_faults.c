/* The fault catalogue: every kind does what its line says, chance follows its law, and the seed decides all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "rig.h"

#include <math.h>

static const char site_text[] =
    "seed: 7\n"
    "nodes: {site: {limit: 100kW}}\n"
    "loads: {rack: {count: 4, rating: 10kW, demand: 5kW}}\n"
    "sources: {engine: {type: generator, count: 200, capacity: 1kW, cost: 0.3 EUR/kWh}}\n"
    "stores: {battery: {type: lithium_ion, capacity: 10kWh, discharge_rate: 10kW, "
    "round_trip_efficiency: 100%, packs: 4}}\n"
    "grid: {import_max: 100kW, import_price: 0.2 EUR/kWh}\n"
    "faults:\n";

typedef struct plant {
    sg_site site;
    sg_points points;
    sg_world *world;
    sg_readings readings;
} plant;

static void start(plant *self, const char *fault, uint64_t seed)
{
    char text[2048];
    int length = snprintf(text, sizeof text, "%s  - %s\n", site_text, fault);
    rig_parse("faults.yaml", text, (size_t)length, &self->site);
    sg_site_reseed(&self->site, seed);
    self->points = sg_points_of(&self->site);
    self->world = sg_world_create(&self->site, 0);
    assert_non_null(self->world);
}

static void stop(plant *self)
{
    sg_world_free(self->world);
    sg_site_free(&self->site);
}

static double read_point(plant *self, sg_point_kind kind, int index)
{
    return self->readings.value[self->points.first[kind] + index];
}

static uint8_t quality_of(plant *self, sg_point_kind kind, int index)
{
    return self->readings.quality[self->points.first[kind] + index];
}

static void go(plant *self, double dt_s)
{
    sg_world_read(self->world, dt_s, &self->readings);
}

static void command(plant *self, double battery_w, double cap_w)
{
    double source_limit_w[200], load_cap_w[4];
    for (int i = 0; i < 200; i++) {
        source_limit_w[i] = 0;
    }
    for (int i = 0; i < 4; i++) {
        load_cap_w[i] = cap_w;
    }
    sg_command all = {
        .source_limit_w = source_limit_w, .store_w = &battery_w, .load_cap_w = load_cap_w};
    sg_world_write(self->world, &all);
}

static double demand_w(plant *self)
{
    return read_point(self, SG_POINT_LOAD_DEMAND, 0);
}

static void sensors_lie_as_they_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        double first_w, later_w; /* in the step after 0 s and after 3599 s */
    } cases[] = {
        {"{kind: sensor_scale, target: rack, severity: 3, at: 0s}", 15e3, 15e3},
        {"{kind: sensor_sign, target: rack, at: 0s}", -5e3, -5e3},
        {"{kind: sensor_drift, target: rack, severity: 0.5, at: 0s}", 5e3, 7.5e3},
        {"{kind: sensor_stuck, target: rack, at: 0s}", 0, 0}, /* nothing was read before */
    };
    for (int i = 0; i < SG_COUNT(cases); i++) {
        plant p;
        start(&p, cases[i].fault, 1);
        go(&p, 1);
        assert_true(fabs(demand_w(&p) - cases[i].first_w) < 1e-6);
        for (int k = 0; k < 3600; k++) {
            go(&p, 1);
        }
        assert_true(fabs(demand_w(&p) - cases[i].later_w) < 1);
        stop(&p);
    }
}

static void noise_has_the_deviation_that_it_is_given(void **state)
{
    (void)state;
    plant p;
    double sum = 0, squares = 0;
    enum { STEPS = 20000 };
    start(&p, "{kind: sensor_noise, target: rack, severity: 0.1, at: 0s}", 3);
    for (int k = 0; k < STEPS; k++) {
        go(&p, 1);
        double off = demand_w(&p) / 5e3 - 1;
        sum += off;
        squares += off * off;
    }
    stop(&p);
    assert_true(fabs(sum / STEPS) < 4 * 0.1 / sqrt(STEPS));
    assert_true(fabs(sqrt(squares / STEPS) / 0.1 - 1) < 4 / sqrt(2.0 * STEPS));
}

static void a_link_loses_the_share_that_it_is_told(void **state)
{
    (void)state;
    plant p;
    int lost = 0, both = 0;
    enum { STEPS = 20000 };
    start(&p, "{kind: link_drop, target: rack, severity: 0.2, at: 0s}", 3);
    for (int k = 0; k < STEPS; k++) {
        go(&p, 1);
        bool one = quality_of(&p, SG_POINT_LOAD_DEMAND, 0) == SG_NO_DATA;
        bool other = quality_of(&p, SG_POINT_LOAD_DEMAND, 1) == SG_NO_DATA;
        lost += one;
        both += one && other;
    }
    stop(&p);
    assert_true(fabs(lost - 0.2 * STEPS) < 4 * sqrt(0.16 * STEPS));
    assert_true(fabs(both - 0.04 * STEPS) < 4 * sqrt(0.0384 * STEPS)); /* members by themselves */
}

static void garbled_readings_are_any_bits(void **state)
{
    (void)state;
    plant p;
    int wrong = 0, wild = 0;
    start(&p, "{kind: link_garble, target: rack, severity: 0.5, at: 0s}", 5);
    for (int k = 0; k < 2000; k++) {
        go(&p, 1);
        wrong += demand_w(&p) != 5e3;
        wild += fabs(demand_w(&p)) > 1e100;
    }
    stop(&p);
    assert_true(wrong > 850 && wrong < 1150);
    assert_true(wild > 100);
}

static void slow_links_renew_once_in_a_period(void **state)
{
    (void)state;
    plant p;
    int renewed = 0;
    start(&p, "{kind: link_slow, target: battery, severity: 10, at: 0s}", 1);
    command(&p, 3.6e3, 1e4);
    double before = NAN;
    for (int k = 0; k < 100; k++) {
        go(&p, 1);
        double now = read_point(&p, SG_POINT_STORE_ENERGY, 0);
        renewed += now != before;
        before = now;
    }
    stop(&p);
    assert_true(renewed >= 10 && renewed <= 11);
}

static void set_points_are_lost_late_or_half_followed(void **state)
{
    (void)state;
    plant p;
    start(&p, "{kind: partial, target: battery, severity: 0.5, at: 0s}", 1);
    command(&p, 1000, 1e4); /* before the first step nothing is at fault yet */
    go(&p, 1);
    command(&p, 2000, 1e4);
    go(&p, 1);
    assert_true(fabs(read_point(&p, SG_POINT_STORE_POWER, 0) - 1500) < 1e-9);
    stop(&p);

    start(&p, "{kind: command_slow, target: battery, severity: 10, at: 0s}", 1);
    int changes = 0;
    double before = NAN;
    for (int k = 0; k < 100; k++) {
        command(&p, 10.0 * k, 1e4);
        go(&p, 1);
        changes += read_point(&p, SG_POINT_STORE_POWER, 0) != before;
        before = read_point(&p, SG_POINT_STORE_POWER, 0);
    }
    assert_true(changes >= 10 && changes <= 12);
    stop(&p);

    start(&p, "{kind: command_drop, target: battery, severity: 0.3, at: 0s}", 1);
    int taken = 0;
    for (int k = 1; k <= 5000; k++) {
        command(&p, k % 1000, 1e4);
        go(&p, 0.001);
        taken += read_point(&p, SG_POINT_STORE_POWER, 0) == k % 1000;
    }
    assert_true(abs(taken - 3500) < 4 * sqrt(5000 * 0.21));
    stop(&p);

    start(&p, "{kind: ignores, target: rack, member: 2, at: 1s}", 1);
    go(&p, 2);
    go(&p, 1); /* what is at fault in a step is so for the command that follows it */
    command(&p, 0, 1000);
    go(&p, 1);
    assert_true(read_point(&p, SG_POINT_LOAD_POWER, 0) == 1000);
    assert_true(read_point(&p, SG_POINT_LOAD_POWER, 1) == 5000);
    stop(&p);
}

static void derated_devices_give_and_take_their_share(void **state)
{
    (void)state;
    plant p;
    start(&p, "{kind: derate, target: battery, severity: 0.25, at: 0s}", 1);
    command(&p, 10e3, 1e4);
    go(&p, 1);
    assert_true(fabs(read_point(&p, SG_POINT_STORE_POWER, 0) - 2.5e3) < 1e-6);
    command(&p, -10e3, 1e4);
    go(&p, 1);
    assert_true(fabs(read_point(&p, SG_POINT_STORE_POWER, 0) + 2.5e3) < 1e-6);
    stop(&p);
    start(&p, "{kind: derate, target: engine, severity: 0.25, at: 0s}", 1);
    go(&p, 1);
    assert_true(fabs(read_point(&p, SG_POINT_SOURCE_AVAILABLE, 9) - 250) < 1e-9);
    stop(&p);
}

static void packs_fail_alone_and_keep_their_energy(void **state)
{
    (void)state;
    plant p;
    start(&p, "{kind: packs_lost, target: battery, severity: 1, at: 10s, duration: 3600s}", 1);
    command(&p, 10e3, 1e4);
    for (int k = 0; k < 9; k++) {
        go(&p, 1);
        assert_true(fabs(read_point(&p, SG_POINT_STORE_POWER, 0) - 10e3) < 1e-6);
    }
    double out_j = 9 * 10e3, locked_j = (0.5 * 36e6 - 90e3 - 10e3) / 4;
    for (int k = 0; k < 3601; k++) {
        go(&p, 1);
        double w = read_point(&p, SG_POINT_STORE_POWER, 0);
        assert_true(k == 0 || w <= 7.5e3 * (1 + 1e-12)); /* three of four */
        out_j += w;
    }
    /* three packs are empty, the fourth has kept what it held */
    assert_true(fabs(read_point(&p, SG_POINT_STORE_ENERGY, 0) - locked_j) < 0.01 * locked_j);
    for (int k = 0; k < 3600; k++) {
        go(&p, 1);
        out_j += read_point(&p, SG_POINT_STORE_POWER, 0);
    }
    assert_true(fabs(out_j - 0.5 * 36e6) < 0.01 * 36e6); /* nothing was lost but what stands */
    stop(&p);
}

/* A measured count of packs is averaged over a step, or says more than there are: whole packs serve, and never none instead. */
static void packs_in_service_are_whole_and_at_most_all(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        double most_w;
    } cases[] = {{"4", 10e3}, {"2.5", 5e3}, {"7", 10e3}, {"0.5", 0}, {"0", 0}};
    for (int i = 0; i < SG_COUNT(cases); i++) {
        char text[512];
        int length = snprintf(text, sizeof text,
                              "stores: {b: {type: lithium_ion, capacity: 10kWh, discharge_rate: "
                              "10kW, packs: 4, packs_available: %s}}\n"
                              "loads: {l: {rating: 20kW, demand: 20kW}}\n"
                              "grid: {import_max: 100kW, import_price: 0.2 EUR/kWh}\n",
                              cases[i].given);
        sg_site site;
        sg_readings readings;
        rig_parse("packs.yaml", text, (size_t)length, &site);
        sg_world *world = sg_world_create(&site, 0);
        assert_non_null(world);
        double ask_w = 1e6, cap_w = 20e3;
        sg_command all = {.store_w = &ask_w, .load_cap_w = &cap_w};
        sg_world_write(world, &all);
        sg_world_read(world, 1, &readings);
        double w = readings.value[sg_points_of(&site).first[SG_POINT_STORE_POWER]];
        assert_true(fabs(w - cases[i].most_w) < 1e-6);
        sg_world_free(world);
        sg_site_free(&site);
    }
}

static void prices_spike_or_are_missing(void **state)
{
    (void)state;
    plant p;
    start(&p, "{kind: price_scale, severity: 10, at: 0s}", 1);
    go(&p, 1);
    assert_true(fabs(read_point(&p, SG_POINT_SITE, SG_SITE_IMPORT_PRICE) * 3.6e6 - 2) < 1e-9);
    assert_int_equal(quality_of(&p, SG_POINT_SITE, SG_SITE_IMPORT_PRICE), SG_GOOD);
    stop(&p);
    start(&p, "{kind: price_missing, at: 0s}", 1);
    go(&p, 1);
    assert_int_equal(quality_of(&p, SG_POINT_SITE, SG_SITE_IMPORT_PRICE), SG_NO_DATA);
    stop(&p);
    start(&p, "{kind: plan_missing, at: 10s, duration: 5s}", 1);
    for (int k = 0; k < 20; k++) {
        go(&p, 1);
        assert_int_equal(sg_world_plan_missing(p.world), k >= 10 && k < 15);
    }
    stop(&p);
}

/* 200 members, mean time between failures 100 h, to repair 25 h: in the long run each is up 80 % of the time, the number of
 * failures is that of a renewal process, and members fail by themselves. */
static void recurring_faults_follow_the_renewal_law(void **state)
{
    (void)state;
    enum { MEMBERS = 200, HOURS = 4000 };
    plant p;
    start(&p, "{kind: trip, target: engine, every: 100h, duration: 25h}", 11);
    long down = 0, failures = 0, all_down = 0;
    bool was_down[MEMBERS] = {false};
    for (int k = 0; k < HOURS; k++) {
        go(&p, 3600);
        int now_down = 0;
        for (int m = 0; m < MEMBERS; m++) {
            bool is_down = read_point(&p, SG_POINT_SOURCE_AVAILABLE, m) == 0;
            failures += is_down && !was_down[m];
            now_down += is_down;
            was_down[m] = is_down;
        }
        down += k >= 500 ? now_down : 0; /* past the first repairs */
        all_down += now_down > MEMBERS / 2;
    }
    stop(&p);
    double share = (double)down / ((double)MEMBERS * (HOURS - 500));
    assert_true(fabs(share - 0.2) < 0.01);
    /* one in 125 h; those repaired within the same hour are not seen (about 2 %) */
    double expected = (double)MEMBERS * HOURS / 125;
    assert_true(fabs((double)failures / expected - 1) < 0.06);
    assert_int_equal(all_down, 0);
}

static uint64_t failures_hash(uint64_t seed)
{
    plant p;
    uint64_t hash = 1;
    start(&p, "{kind: trip, target: engine, every: 100h, duration: 25h}", seed);
    for (int k = 0; k < 200; k++) {
        go(&p, 3600);
        for (int m = 0; m < 200; m++) {
            hash = hash * 31 + (read_point(&p, SG_POINT_SOURCE_AVAILABLE, m) == 0);
        }
    }
    stop(&p);
    return hash;
}

static void the_seed_decides(void **state)
{
    (void)state;
    assert_true(failures_hash(4) == failures_hash(4));
    assert_true(failures_hash(4) != failures_hash(5));
}

static void drawn_series_have_their_mean_deviation_and_memory(void **state)
{
    (void)state;
    static const char text[] = "nodes: {site: {limit: 100kW}}\n"
                               "loads: {rack: {count: 2, rating: 100kW, demand: draw}}\n"
                               "series: {draw: {count: 2, unit: kW, random: {mean: 50kW, "
                               "deviation: 5kW, correlation: 600s, "
                               "step: 60s, length: 1000h}}}\n";
    sg_site site;
    rig_parse("draw.yaml", text, sizeof text - 1, &site);
    const sg_series *s = &site.series[0], *other = &site.series[1];
    assert_int_equal(s->count, 60000);
    double sum = 0, squares = 0, lagged = 0, crossed = 0;
    for (int i = 0; i < s->count; i++) {
        double z = (s->value[i] - 50e3) / 5e3, next = (s->value[(i + 10) % s->count] - 50e3) / 5e3;
        sum += z;
        squares += z * z;
        lagged += z * next;
        crossed += z * (other->value[i] - 50e3) / 5e3;
    }
    double n = s->count,
           free = n / 20; /* independent values in so many: two correlation times apart */
    assert_true(fabs(sum / n) < 4 / sqrt(free));
    assert_true(fabs(squares / n - 1) < 4 * sqrt(2 / free));
    assert_true(fabs(lagged / n - exp(-1)) < 4 / sqrt(free)); /* 600 s later */
    assert_true(fabs(crossed / n) < 4 / sqrt(free));
    double first = s->value[100];
    sg_site_reseed(&site, 99);
    assert_true(s->value[100] != first);
    sg_site_reseed(&site, 0);
    assert_true(s->value[100] == first);
    sg_site_free(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sensors_lie_as_they_are_told),
        cmocka_unit_test(noise_has_the_deviation_that_it_is_given),
        cmocka_unit_test(a_link_loses_the_share_that_it_is_told),
        cmocka_unit_test(garbled_readings_are_any_bits),
        cmocka_unit_test(slow_links_renew_once_in_a_period),
        cmocka_unit_test(set_points_are_lost_late_or_half_followed),
        cmocka_unit_test(derated_devices_give_and_take_their_share),
        cmocka_unit_test(packs_fail_alone_and_keep_their_energy),
        cmocka_unit_test(packs_in_service_are_whole_and_at_most_all),
        cmocka_unit_test(prices_spike_or_are_missing),
        cmocka_unit_test(recurring_faults_follow_the_renewal_law),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(drawn_series_have_their_mean_deviation_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
