/* 100,000 steps with a planner that fails in every way it can. The ladder is worked out here again from what was delivered:
 * at every step the engine stands on exactly the rung that it must, and does what that rung says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "plan/rolling.h"
#include "rig.h"

#include <math.h>

enum { STEPS = 100000, ASK_EVERY = 5, WAITING_MAX = 64 };

static const char text[] =
    "nodes: {site: {limit: 90kW, voltage: 400V}}\n"
    "series:\n"
    "  price: {file: data/prices/DE-LU_2023.csv, time: time_utc, column: price_eur_mwh, unit: "
    "EUR/MWh}\n"
    "  sun: {file: data/coastal_met/apalachicola_east_bay_2012.csv, time: time_est, column: "
    "ghi_est_wm2,\n"
    "    unit: W/m2, timezone: UTC-5, align: calendar, gaps: zero, between: linear}\n"
    "planning: {horizon: 12h, step: 30min, period: 5min, fresh: 12min, last: 2h}\n"
    "loads: {server: {count: 4, rating: 8kW, minimum: 1kW, class: 1, demand: [3kW, 5kW, 6kW, "
    "7kW]}}\n"
    "sources: {roof: {type: solar, capacity: 30kW, coverage_area: 150m2, irradiance: sun}}\n"
    "stores:\n"
    "  battery: {type: lithium_ion, capacity: 50kWh, discharge_rate: 20kW, initial: 50%, reserve: "
    "10%}\n"
    "  second: {type: lithium_ion, capacity: 20kWh, discharge_rate: 20kW, wear: 0.02 EUR/kWh}\n"
    "grid: {import_max: 60kW, export_max: 60kW, import_price: price, export_price: price, "
    "import_fee: 0.1 EUR/kWh}\n"
    "faults:\n"
    "  - {kind: plan_missing, every: 60h, duration: 3h}\n"
    "  - {kind: grid_loss, every: 200h, duration: 1h}\n";

/* What the planner does with a question. */
typedef enum answer {
    GOOD,
    NOTHING,       /* it fails */
    UNFINISHED,    /* the time ran out: outcome `limit` */
    NUMERIC,       /* it gave up */
    NOT_A_NUMBER,  /* one step of one store */
    INFINITE,      /* one step of the exchange */
    LATE,          /* a good plan, up to five hours later */
    STALE_START,   /* all of its steps are over */
    FROM_TOMORROW, /* says it was made later than now */
    NOT_YET,       /* begins only in an hour */
    WRONG_STORE,   /* steers a load */
    OLD_ONE,       /* the first plan ever, once more */
    ANSWER_COUNT
} answer;

typedef struct waiting {
    sg_plan plan;
    int64_t due_us;
    bool valid; /* but for its time */
    answer kind;
} waiting;

typedef struct bench {
    rig r;
    uint64_t drawn; /* numbers of the stream so far */
    waiting waiting[WAITING_MAX];
    int waiting_count;
    sg_outlook outlook;
    sg_plan first;
    bool any_first;
    /* the ladder as it must be */
    bool present;
    int64_t made_us, start_us, end_us;
    int64_t kinds[ANSWER_COUNT], rungs[SG_RUNG_COUNT], taken, refused, recovered;
    int outage, blind; /* steps left */
    int blind_steps;   /* so far */
    int64_t shift_us;  /* of the clock */
} bench;

static bench b;
static sg_view view;
static const uint64_t seed = 20260;

static int below(int n)
{
    return (int)(sg_prng_unit(seed, b.drawn++) * n);
}

static void spoil(waiting *w)
{
    sg_plan *p = &w->plan;
    const int64_t hour_us = 3600 * SG_US_PER_S;
    switch (w->kind) {
    case UNFINISHED:
        p->outcome = SG_LIMIT;
        break;
    case NUMERIC:
        p->outcome = SG_NUMERIC;
        break;
    case NOT_A_NUMBER:
        p->store_w[below(p->store_count)][below(p->steps)] = NAN;
        break;
    case INFINITE:
        p->net_w[below(p->steps)] = below(2) ? INFINITY : -INFINITY;
        break;
    case LATE:
        w->due_us += below(300) * 60 * SG_US_PER_S;
        break;
    case STALE_START:
        p->start_us -= p->steps * p->step_us;
        break;
    case FROM_TOMORROW:
        p->made_us += 24 * hour_us;
        break;
    case NOT_YET:
        p->start_us += hour_us;
        break;
    case WRONG_STORE:
        p->store_group[0] = rig_group(&b.r.site, "server");
        break;
    case OLD_ONE:
        *p = b.first;
        break;
    default:
        return;
    }
}

static bool valid_but_for_time(answer kind)
{
    return kind == GOOD || kind >= LATE ? kind != WRONG_STORE : false;
}

static void ask(void)
{
    answer kind = below(2) ? GOOD : (answer)below(ANSWER_COUNT);
    kind = b.outage > 0 || sg_world_plan_missing(b.r.world) ? NOTHING : kind;
    b.kinds[kind]++;
    if (kind == NOTHING || b.waiting_count == WAITING_MAX) {
        return;
    }
    int64_t now_us = sg_engine_time(b.r.engine);
    waiting *w = &b.waiting[b.waiting_count];
    sg_engine_outlook(b.r.engine, 1800 * SG_US_PER_S, 24, NULL, &b.outlook);
    sg_world_prices(b.r.world, sg_world_time(b.r.world), 1800 * SG_US_PER_S, 24,
                    b.outlook.import_price, b.outlook.export_price);
    sg_outlook_terminal_values(&b.outlook);
    assert_int_equal(sg_plan_make(&b.outlook, 10, NULL, &w->plan), SG_OK);
    if (!b.any_first) {
        b.first = w->plan;
        b.any_first = true;
    }
    w->kind = kind;
    w->valid = valid_but_for_time(kind);
    w->due_us = now_us;
    spoil(w);
    b.waiting_count++;
}

/* The oldest answer that is due; at most one comes in with a frame. */
static bool deliver(int64_t now_us, waiting *ret)
{
    for (int i = 0; i < b.waiting_count; i++) {
        if (b.waiting[i].due_us <= now_us) {
            *ret = b.waiting[i];
            memmove(&b.waiting[i], &b.waiting[i + 1],
                    sizeof b.waiting[0] * (size_t)(b.waiting_count - i - 1));
            b.waiting_count--;
            return true;
        }
    }
    return false;
}

/* The rule of plan.h: nothing malformed, nothing from the future, nothing older than what is there, nothing that does not
 * cover the moment. */
static void expect_intake(const waiting *w, int64_t now_us)
{
    int64_t made_us = w->plan.made_us, start_us = w->plan.start_us;
    int64_t end_us = start_us + w->plan.steps * w->plan.step_us;
    bool have = b.present && b.made_us <= now_us;
    if (w->valid && made_us <= now_us && start_us <= now_us && now_us < end_us &&
        !(have && made_us < b.made_us)) {
        b.present = true;
        b.made_us = made_us;
        b.start_us = start_us;
        b.end_us = end_us;
        b.taken++;
    } else {
        b.refused++;
    }
}

static sg_rung expected_rung(int64_t now_us)
{
    double age_s = (double)(now_us - b.made_us) * 1e-6;
    bool covers = b.present && age_s >= 0 && now_us >= b.start_us && now_us < b.end_us;
    if (b.blind_steps >
        1) { /* at such long steps one missed reading is bridged by the one before */
        return SG_RUNG_SAFE;
    }
    return !covers || age_s > 2 * 3600 ? SG_RUNG_RULES
           : age_s <= 12 * 60          ? SG_RUNG_FRESH
                                       : SG_RUNG_LAST;
}

/* A rung is not a word: the set-points come from it. */
static void check_deeds(sg_rung rung, const sg_command *command)
{
    for (int s = 0; s < 2; s++) {
        int reason = command->store_reason[s];
        assert_true(isfinite(command->store_w[s]));
        if (rung == SG_RUNG_SAFE) {
            assert_true(command->safe && command->store_w[s] == 0);
            assert_int_equal(reason, SG_REASON_SAFE);
        } else if (!view.grid_up) {
            assert_int_not_equal(reason, SG_REASON_PLAN); /* an island follows its load */
        } else if (rung == SG_RUNG_RULES) {
            assert_int_not_equal(reason, SG_REASON_PLAN);
        } else {
            assert_true(reason != SG_REASON_PLAN_OLD && reason != SG_REASON_CHEAP &&
                        reason != SG_REASON_DEAR && reason != SG_REASON_DEFICIT &&
                        reason != SG_REASON_SURPLUS);
        }
    }
}

static void change_the_weather(void)
{
    b.outage = b.outage > 0 ? b.outage - 1 : below(3000) == 0 ? below(600) : 0;
    b.blind = b.blind > 0 ? b.blind - 1 : below(2000) == 0 ? 1 + below(30) : 0;
    if (below(25000) == 0) { /* somebody sets the clock back, or on */
        b.shift_us += (below(2) ? -1 : 1) * (1 + below(240)) * 60 * SG_US_PER_S;
    }
}

static void one_step(int step)
{
    static uint8_t quality[64];
    static waiting w;
    change_the_weather();
    if (step > 0 && step % ASK_EVERY == 0) {
        ask();
    }
    sg_world_read(b.r.world, 60, &b.r.readings);
    sg_frame frame = rig_frame(&b.r);
    frame.time_us += b.shift_us;
    memcpy(quality, frame.quality, (size_t)b.r.points.count);
    memset(quality + b.r.points.first[SG_POINT_LOAD_DEMAND], b.blind > 0 ? SG_NO_DATA : SG_GOOD, 4);
    frame.quality = quality;
    b.blind_steps = b.blind > 0 ? b.blind_steps + 1 : 0;
    if (deliver(frame.time_us, &w)) {
        frame.plan = &w.plan;
        expect_intake(&w, frame.time_us);
    }
    sg_engine_step(b.r.engine, &frame, NULL);
    sg_command command = sg_engine_command(b.r.engine);
    sg_world_write(b.r.world, &command);
    int before = view.rung;
    sg_engine_view(b.r.engine, &view);
    sg_rung rung = expected_rung(frame.time_us);
    if (view.rung != (int)rung) {
        fail_msg("step %d: on rung %s, must be on %s", step, sg_rung_name((sg_rung)view.rung),
                 sg_rung_name(rung));
    }
    check_deeds(rung, &command);
    b.recovered += frame.plan && before >= SG_RUNG_RULES && rung == SG_RUNG_FRESH;
    b.rungs[rung]++;
}

static void a_plan_or_a_named_rung_at_every_step(void **state)
{
    (void)state;
    rig_parse("ladder.yaml", text, sizeof text - 1, &b.r.site);
    rig_start(&b.r, SG_POLICY_MPC, rig_time("2023-03-01"));
    assert_true(b.r.points.count <= 64);
    for (int step = 0; step < STEPS; step++) {
        one_step(step);
    }
    print_message("fresh %lld, last %lld, rules %lld, safe %lld; taken %lld, refused %lld\n",
                  (long long)b.rungs[SG_RUNG_FRESH], (long long)b.rungs[SG_RUNG_LAST],
                  (long long)b.rungs[SG_RUNG_RULES], (long long)b.rungs[SG_RUNG_SAFE],
                  (long long)b.taken, (long long)b.refused);
    assert_int_equal(view.plans_taken, b.taken);
    assert_int_equal(view.plans_refused, b.refused);
    for (int kind = 0; kind < ANSWER_COUNT; kind++) { /* nothing of this was left out */
        assert_true(b.kinds[kind] > 100);
    }
    for (int rung = 0; rung < SG_RUNG_COUNT; rung++) {
        assert_true(b.rungs[rung] > 200);
    }
    assert_true(
        b.recovered >
        10); /* from the lower rungs straight to the top, in the step that brought the plan */
    rig_free(&b.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_plan_or_a_named_rung_at_every_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
