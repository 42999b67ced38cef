/* The checker is able to see: each invariant's check is shown a tick that breaks it, and one beside it that does not. And the table
 * in docs/seeds.md is the table of the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "rig.h"
#include "study/swarm.h"
#include "world/checker.h"

#include <math.h>

static const char site_text[] =
    "mode: control\n"
    "nodes: {n0: {limit: 20kW, voltage: 400V}, n1: {parent: n0, limit: 10kW, voltage: 400V}}\n"
    "loads:\n"
    "  first: {node: n1, rating: 8kW, minimum: 4kW, class: 0, demand: 5kW}\n"
    "  second: {node: n1, rating: 8kW, minimum: 1kW, class: 1, demand: 5kW}\n"
    "sources: {engine: {node: n1, type: generator, capacity: 30kW, cost: 0.3 EUR/kWh}}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 10kWh, discharge_rate: 10kW, initial: 50%, reserve: "
    "20%}\n"
    "  other: {type: lithium_ion, capacity: 10kWh, discharge_rate: 10kW, initial: 50%}\n"
    "  dream: {type: quantum, capacity: 10kWh, power: 10kW}\n"
    "grid: {import_max: 20kW, export: forbidden, import_price: 0.2 EUR/kWh}\n";

/* A tick in which all is well, to be broken in one place. */
typedef struct scene {
    rig r;
    sg_checker *checker;
    sg_tick tick;
    sg_command command;
    sg_readings frame;
    double cap_w[2], store_w[3], limit_w[1], value[64];
    uint8_t quality[64], store_reason[3], load_reason[2], source_reason[1];
} scene;

static void open_scene(scene *self)
{
    memset(self, 0, sizeof *self);
    rig_parse("checker.yaml", site_text, sizeof site_text - 1, &self->r.site);
    rig_start(&self->r, SG_POLICY_STATIC, 0);
    self->checker = sg_checker_create(&self->r.site);
    assert_non_null(self->checker);
    sg_command now = sg_engine_command(self->r.engine);
    sg_checker_start(self->checker, &now);
    for (int i = 0; i < 3; i++) {
        rig_step(&self->r, 0.1);
    }
    now = sg_engine_command(self->r.engine);
    sg_checker_start(self->checker, &now);
    sg_world_read(self->r.world, 0.1, &self->frame);
    assert_true(self->r.points.count <= 64);
    memcpy(self->value, self->frame.value, sizeof(double) * (size_t)self->r.points.count);
    memcpy(self->quality, self->frame.quality, (size_t)self->r.points.count);
    self->frame.value = self->value;
    self->frame.quality = self->quality;
    memcpy(self->cap_w, now.load_cap_w, sizeof self->cap_w);
    memcpy(self->store_w, now.store_w, sizeof self->store_w);
    memcpy(self->limit_w, now.source_limit_w, sizeof self->limit_w);
    memcpy(self->store_reason, now.store_reason, sizeof self->store_reason);
    memcpy(self->load_reason, now.load_reason, sizeof self->load_reason);
    memcpy(self->source_reason, now.source_reason, sizeof self->source_reason);
    self->command = now;
    self->command.load_cap_w = self->cap_w;
    self->command.store_w = self->store_w;
    self->command.source_limit_w = self->limit_w;
    self->command.store_reason = self->store_reason;
    self->command.load_reason = self->load_reason;
    self->command.source_reason = self->source_reason;
    const sg_world_books *b = sg_world_books_of(self->r.world);
    self->tick = (sg_tick){.dt_s = 0.1,
                           .now = sg_world_look(self->r.world),
                           .in_j = b->import_j,
                           .frame = &self->frame,
                           .command = &self->command,
                           .rung = SG_RUNG_RULES};
}

static void close_scene(scene *self)
{
    sg_checker_free(self->checker);
    rig_free(&self->r);
}

typedef void breaker(scene *self);

/* The scene is fine; broken, exactly `which` says so (others may too where they must). */
static void breaks(sg_invariant which, breaker *break_it)
{
    scene s;
    open_scene(&s);
    assert_int_equal(sg_checker_tick(s.checker, &s.tick), 0);
    close_scene(&s);
    open_scene(&s);
    break_it(&s);
    sg_checker_tick(s.checker, &s.tick);
    if (sg_checker_violations(s.checker)[which].count == 0) {
        fail_msg("%s/%s saw nothing", sg_invariants[which].id, sg_invariants[which].name);
    }
    assert_true(strlen(sg_checker_violations(s.checker)[which].text) > 0);
    close_scene(&s);
}

static int point(const scene *s, sg_point_kind kind, int index)
{
    return s->r.points.first[kind] + index;
}

static void lift_caps(scene *s)
{
    s->cap_w[0] = s->cap_w[1] = 8e3;
}
static void starve_first(scene *s)
{
    s->cap_w[0] = 1e3;
    s->cap_w[1] = 3e3;
    s->load_reason[0] = s->load_reason[1] = SG_REASON_SHED;
}
static void push_up(scene *s)
{
    s->limit_w[0] = 30e3;
}
static void below_reserve(scene *s)
{
    s->store_w[0] = 5e3;
    s->store_reason[0] = SG_REASON_DEAR;
    s->value[point(s, SG_POINT_STORE_ENERGY, 0)] = 0.2 * 10 * 3.6e6;
    ((double *)(uintptr_t)s->tick.now.store_j)[0] = 0.2 * 10 * 3.6e6;
}
static void circulate(scene *s)
{
    s->store_w[0] = 1e3;
    s->store_w[1] = -1e3;
    s->store_reason[0] = s->store_reason[1] = SG_REASON_PLAN;
}
static void not_a_number(scene *s)
{
    s->cap_w[0] = NAN;
}
static void overfill(scene *s)
{
    s->store_w[1] = -5e3;
    s->store_reason[1] = SG_REASON_CHEAP;
    s->value[point(s, SG_POINT_STORE_ENERGY, 1)] = 10 * 3.6e6;
    ((double *)(uintptr_t)s->tick.now.store_j)[1] = 10 * 3.6e6;
}
static void lose_energy(scene *s)
{
    s->tick.balance_error_j = 1e6;
}
static void leak(scene *s)
{
    s->tick.now.grid_up = false;
}
static void open_switch(scene *s)
{
    s->command.island = true;
}
static void export_it(scene *s)
{
    s->store_w[0] = s->store_w[1] = 9e3;
    s->store_reason[0] = s->store_reason[1] = SG_REASON_DEAR;
}
static void on_stale(scene *s)
{
    s->quality[point(s, SG_POINT_STORE_ENERGY, 1)] = SG_NO_DATA;
    s->store_w[1] = 1e3;
    s->store_reason[1] = SG_REASON_DEAR;
}
static void clock_twin(scene *s)
{
    s->tick.clock = SG_TWIN_DIFFERS;
}
static void replay_twin(scene *s)
{
    s->tick.replay = SG_TWIN_DIFFERS;
}
static void dark(scene *s)
{
    memset(s->quality, SG_NO_DATA, sizeof s->quality);
}
static void tasks_over(scene *s)
{
    s->command.task_w = 10;
}
static void advise(scene *s)
{
    s->command.advisory = true;
}
static void dream(scene *s)
{
    s->store_w[2] = 1;
    s->store_reason[2] = SG_REASON_PLAN;
}
static void no_reason(scene *s)
{
    s->store_w[1] = 1e3;
    s->store_reason[1] = SG_REASON_NONE;
}
static void wrong_rung(scene *s)
{
    s->tick.rung = SG_RUNG_FRESH;
}
static void more_than_metered(scene *s)
{
    s->tick.books.import_j = 1000000000;
}
static void free_energy(scene *s)
{
    s->tick.books.import_j = (int64_t)s->tick.now.import_j;
    s->tick.books.cost_u = -1000000;
}

static void every_check_sees_what_it_is_for(void **state)
{
    (void)state;
    breaks(SG_INVARIANT_CAPS, lift_caps);
    breaks(SG_INVARIANT_ORDER, starve_first);
    breaks(SG_INVARIANT_UPWARD, push_up);
    breaks(SG_INVARIANT_RESERVE, below_reserve);
    breaks(SG_INVARIANT_CIRCULATION, circulate);
    breaks(SG_INVARIANT_RATING, not_a_number);
    breaks(SG_INVARIANT_BOUNDS, overfill);
    breaks(SG_INVARIANT_BALANCE, lose_energy);
    breaks(SG_INVARIANT_ISLAND, leak);
    breaks(SG_INVARIANT_SWITCH, open_switch);
    breaks(SG_INVARIANT_EXPORT, export_it);
    breaks(SG_INVARIANT_STALE, on_stale);
    breaks(SG_INVARIANT_CLOCK, clock_twin);
    breaks(SG_INVARIANT_REPLAY, replay_twin);
    breaks(SG_INVARIANT_SILENCE, dark);
    breaks(SG_INVARIANT_TASKS, tasks_over);
    breaks(SG_INVARIANT_MODE, advise);
    breaks(SG_INVARIANT_HYPOTHETICAL, dream);
    breaks(SG_INVARIANT_REASON, no_reason);
    breaks(SG_INVARIANT_LADDER, wrong_rung);
    breaks(SG_INVARIANT_MONOTONE, more_than_metered);
    breaks(SG_INVARIANT_MONEY, free_energy);
}

/* The body of a thermal breaker: dh/dt = (m^2 - h) / tau, tau = 10 s / ln(4/3). At the limit m is 0.8 and the heat ends at 0.64;
 * 20 % above it, m = 0.96 and 80.2 % of the trip is passed after tau ln(m^2 / (m^2 - 0.802)) = 71.0 s from cold. */
static void heat_is_that_of_a_breaker(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        scene s;
        open_scene(&s);
        double *load_w = (double *)(uintptr_t)s.tick.now.load_w,
               *node_w = (double *)(uintptr_t)s.tick.now.node_in_w;
        double w = over ? 12e3 : 10e3;
        load_w[0] = load_w[1] = w / 2;
        node_w[1] = w;
        s.cap_w[0] = s.cap_w[1] = 8e3;
        sg_checker_start(s.checker, &s.command);
        uint64_t tick = 0;
        for (; tick < 3000 && sg_checker_violations(s.checker)[SG_INVARIANT_HEAT].count == 0;
             tick++) {
            s.tick.number = tick;
            sg_checker_tick(s.checker, &s.tick);
        }
        assert_true(over ? fabs((double)tick * 0.1 - 71.0) < 0.3 : tick == 3000);
        close_scene(&s);
    }
}

static void the_same_seed_is_the_same_run(void **state)
{
    (void)state;
    static sg_swarm_result one, two;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        sg_swarm swarm = {.seed = seed, .duration_s = 600, .faults = true};
        assert_int_equal(sg_swarm_run(&swarm, &one), SG_OK);
        assert_int_equal(sg_swarm_run(&swarm, &two), SG_OK);
        assert_memory_equal(&one, &two, sizeof one);
        assert_int_equal(one.violations, 0);
    }
}

static void the_document_has_the_table(void **state)
{
    (void)state;
    static char text[1 << 16];
    FILE *file = fopen("docs/seeds.md", "rb");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    for (int i = 0; i < SG_INVARIANT_COUNT; i++) {
        const sg_invariant_row *row = &sg_invariants[i];
        char line[1024];
        snprintf(line, sizeof line, "| %s | `%s` | %s | %s |\n", row->id, row->name, row->text,
                 row->slack);
        if (!strstr(text, line)) {
            fail_msg("docs/seeds.md misses: %s", line);
        }
    }
    for (int k = 0; k < SG_PORT_FAULT_COUNT; k++) {
        char line[256];
        snprintf(line, sizeof line, "| `%s` | %s |\n", sg_port_fault_name(k),
                 sg_port_fault_text(k));
        if (!strstr(text, line)) {
            fail_msg("docs/seeds.md misses: %s", line);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_sees_what_it_is_for),
        cmocka_unit_test(heat_is_that_of_a_breaker),
        cmocka_unit_test(the_same_seed_is_the_same_run),
        cmocka_unit_test(the_document_has_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
