#include "study/swarm_parts.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/time.h"
#include "engine/journal.h"
#include "engine/replan.h"
#include "forecast/online.h"
#include "plan/rolling.h"
#include "site/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNAPSHOT_TICKS = 3000, TWIN_TICKS = 20, TASKS_NAMED = 12 };
static const double step_s = 0.1;

/* A plan on its way. */
typedef struct waiting {
    sg_plan plan;
    uint64_t due;
    bool sound;
} waiting;

typedef struct run {
    const sg_site *site;
    sg_swarm_result *result;
    sg_fault fault[SG_FAULT_MAX];
    sg_site own; /* the site under these faults */
    swarm_dice dice;
    swarm_ports ports;
    sg_policy policy;
    bool asks; /* requests are made in this run */
    sg_world *world;
    sg_engine *engine, *twin;
    size_t size, state_size;
    sg_checker *checker;
    uint64_t tick, ticks;
    /* journal: a snapshot, and records behind it */
    unsigned char *snapshot, *tail;
    size_t tail_size, tail_room;
    sg_frame_codec *codec;
    sg_plan_bytes packed;
    bool out_of_memory;
    sg_tick_twin replayed, clocked;
    uint64_t twin_from, twin_until, dead_until;
    /* planner */
    sg_replan replan;
    waiting queue[SWARM_WAITING];
    int queued;
    sg_plan first;
    bool any_first;
    sg_plan plan;
    uint64_t hit_until[SG_PORT_FAULT_COUNT];
} run;

/* --- journal --- */

static void append(run *r, uint8_t type, const void *payload, size_t size)
{
    size_t need = r->tail_size + sizeof(uint64_t) + size;
    if (need > r->tail_room) {
        size_t room = need + need / 2;
        unsigned char *grown = realloc(r->tail, room);
        if (!grown) {
            r->out_of_memory = true;
            return;
        }
        r->tail = grown;
        r->tail_room = room;
    }
    uint64_t head = (uint64_t)size << 8 | type;
    memcpy(r->tail + r->tail_size, &head, sizeof head);
    memcpy(r->tail + r->tail_size + sizeof head, payload, size);
    r->tail_size = need;
}

static void journal_frame(run *r, const sg_frame *frame)
{
    const void *bytes;
    size_t size;
    if (frame->plan) {
        append(r, SG_RECORD_PLAN, r->packed.byte, sg_plan_encode(frame->plan, &r->packed));
    }
    sg_frame_encode(r->codec, frame, &bytes, &size);
    append(r, SG_RECORD_FRAME, bytes, size);
}

static void take_snapshot(run *r)
{
    memcpy(r->snapshot, r->engine, r->state_size);
    sg_frame_codec_reset(r->codec);
    r->tail_size = 0;
}

static bool feed_tail(const run *r, sg_replay *replay)
{
    bool good = sg_replay_feed(replay, SG_RECORD_SNAPSHOT, r->snapshot, r->state_size) == SG_OK;
    for (size_t at = 0; good && at < r->tail_size;) {
        uint64_t head;
        memcpy(&head, r->tail + at, sizeof head);
        at += sizeof head;
        size_t size = (size_t)(head >> 8);
        good = sg_replay_feed(replay, (uint8_t)(head & 255), r->tail + at, size) == SG_OK;
        at += size;
    }
    return good && replay->mismatches == 0;
}

/* The engine dies and is there again, from what was journaled: nothing else is left of it. */
static void rebuild(run *r)
{
    sg_replay replay = {0};
    bool same = feed_tail(r, &replay) && memcmp(replay.engine, r->engine, r->state_size) == 0;
    r->replayed = same ? SG_TWIN_SAME : SG_TWIN_DIFFERS;
    if (same) {
        memset(r->engine, 0xA5, r->size);
        memset((unsigned char *)(void *)r->engine + r->state_size, 0, r->size - r->state_size);
        memcpy(r->engine, replay.engine, r->state_size);
    }
    sg_replay_free(&replay);
    take_snapshot(r);
}

/* --- planner --- */

static bool make_plan(run *r, sg_plan_cause cause, sg_plan *ret)
{
    sg_outlook *outlook = &r->replan.outlook;
    sg_replan_ask(&r->replan, cause, r->engine, &r->site->planning, 0, NULL);
    sg_world_prices(r->world, outlook->start_us, outlook->step_us, outlook->steps,
                    outlook->import_price, outlook->export_price);
    sg_outlook_terminal_values(outlook);
    return sg_plan_make(outlook, 10, NULL, ret) == SG_OK;
}

static void break_plan(run *r, waiting *w)
{
    sg_plan *p = &w->plan;
    int at = swarm_below(&r->dice, p->steps);
    switch (swarm_below(&r->dice, p->store_count > 0 ? 6 : 4)) {
    case 0:
        p->outcome = SG_LIMIT;
        break;
    case 1:
        p->outcome = SG_NUMERIC;
        break;
    case 2:
        p->net_w[at] = swarm_below(&r->dice, 2) ? INFINITY : -INFINITY;
        break;
    case 3:
        p->steps = 0;
        break;
    case 4:
        p->store_w[swarm_below(&r->dice, p->store_count)][at] = NAN;
        break;
    default:
        p->store_group[0] = r->site->group_count;
        break;
    }
    w->sound = false;
}

static void lead_astray(run *r, waiting *w)
{
    sg_plan *p = &w->plan;
    const int64_t hour_us = 3600 * SG_US_PER_S;
    switch (swarm_below(&r->dice, 4)) {
    case 0:
        p->start_us -= p->steps * p->step_us;
        break;
    case 1:
        p->made_us += 24 * hour_us;
        break;
    case 2:
        p->start_us += hour_us;
        break;
    default:
        *p = r->first;
        break;
    }
}

/* Now and then a powerful plan: whatever it asks for, the devices' limits are kept. */
static void exaggerate(run *r, sg_plan *p)
{
    for (int s = 0; s < p->store_count; s++) {
        for (int t = 0; t < p->steps; t++) {
            p->store_w[s][t] =
                swarm_below(&r->dice, 9) == 0 ? 1e300 : swarm_between(&r->dice, -2e5, 2e5);
        }
    }
}

static bool hit(run *r, sg_port_fault fault)
{
    bool now = r->ports.active[fault], again = r->hit_until[fault] == r->ports.turn[fault].until;
    r->ports.fired[fault] += now && !again; /* once for each time */
    r->hit_until[fault] = now ? r->ports.turn[fault].until : r->hit_until[fault];
    return now;
}

static void ask(run *r, sg_plan_cause cause)
{
    if (hit(r, SG_PORT_PLAN_NONE) || sg_world_plan_missing(r->world) ||
        r->queued == SWARM_WAITING) {
        return;
    }
    waiting *w = &r->queue[r->queued];
    if (!make_plan(r, cause, &w->plan)) {
        return;
    }
    r->queued++;
    r->result->plans++;
    w->due = r->tick;
    w->sound = w->plan.outcome == SG_SOLVED || w->plan.outcome == SG_INFEASIBLE;
    if (!r->any_first) {
        r->first = w->plan;
        r->any_first = true;
    }
    if (swarm_below(&r->dice, 10) == 0) {
        exaggerate(r, &w->plan);
    }
    /* plans are few: which one is hit is drawn at the plan, by how often the fault comes */
    bool often = r->result->plans % 4 == 0;
    swarm_ports *p = &r->ports;
    if (often && p->turn[SG_PORT_PLAN_LATE].every_s > 0 && swarm_below(&r->dice, 2)) {
        w->due += (uint64_t)(swarm_spread(&r->dice, 1, 18000) / step_s);
        p->fired[SG_PORT_PLAN_LATE]++;
    } else if (often && p->turn[SG_PORT_PLAN_BROKEN].every_s > 0 && swarm_below(&r->dice, 2)) {
        break_plan(r, w);
        p->fired[SG_PORT_PLAN_BROKEN]++;
    } else if (often && p->turn[SG_PORT_PLAN_ASTRAY].every_s > 0) {
        lead_astray(r, w);
        p->fired[SG_PORT_PLAN_ASTRAY]++;
    }
}

/* The oldest plan that is there by now, at most one with a frame. */
static const sg_plan *deliver(run *r, sg_tick_plan *ret)
{
    for (int i = 0; i < r->queued; i++) {
        waiting *w = &r->queue[i];
        if (w->due > r->tick) {
            continue;
        }
        r->plan = w->plan;
        *ret = (sg_tick_plan){.came = true,
                              .sound = w->sound,
                              .made_us = w->plan.made_us,
                              .start_us = w->plan.start_us,
                              .end_us = w->plan.start_us + w->plan.steps * w->plan.step_us};
        memmove(w, w + 1, sizeof *w * (size_t)(r->queued - i - 1));
        r->queued--;
        return &r->plan;
    }
    return NULL;
}

static const sg_plan *plan_of_tick(run *r, sg_tick_plan *ret)
{
    if (r->policy != SG_POLICY_MPC) {
        return NULL;
    }
    sg_plan_cause cause = sg_replan_due(&r->replan, r->engine, &r->site->planning);
    if (cause != SG_PLAN_CAUSE_NONE && r->tick >= 20) {
        ask(r, cause);
    }
    return deliver(r, ret);
}

/* --- requests --- */

static int requests_of_tick(run *r, int64_t now_us, sg_request ret[1])
{
    if (!r->asks || swarm_below(&r->dice, 4000) > 0) {
        return 0;
    }
    sg_request *q = &ret[0];
    memset(q, 0, sizeof *q);
    snprintf(q->task_id, sizeof q->task_id, "task-%d",
             swarm_below(&r->dice, TASKS_NAMED) + TASKS_NAMED * (int)(r->tick / 60000));
    q->kind = swarm_below(&r->dice, 4) == 0 ? SG_REQUEST_WITHDRAW : SG_REQUEST_ALLOCATE;
    q->priority = swarm_below(&r->dice, 4);
    q->power_w = swarm_spread(&r->dice, 100, 1e5);
    q->duration_s = swarm_below(&r->dice, 4) == 0 ? 0 : swarm_spread(&r->dice, 1, 7200);
    int64_t deadline_us = now_us + (int64_t)(swarm_spread(&r->dice, 1, 3600)) * SG_US_PER_S;
    q->deadline_us = swarm_below(&r->dice, 2) && deadline_us > 0 && deadline_us < SG_TIME_US_MAX
                         ? deadline_us
                         : 0;
    r->result->requests++;
    return 1;
}

/* --- twins --- */

/* From a jump on a copy of the engine goes on under the clock as it was. */
static void start_clock_twin(run *r, const sg_frame *frame)
{
    double moved_s = (double)(frame->time_us - sg_engine_time(r->engine)) * 1e-6;
    bool jumps = fabs(moved_s - frame->dt_s) > SG_CLOCK_JUMP_S;
    if (r->ports.begins[SG_PORT_CLOCK_JUMP] && jumps) {
        memcpy(r->twin, r->engine, r->size);
        r->twin_from = r->tick;
        r->twin_until = r->tick + TWIN_TICKS;
    }
}

/* A clock that differs may mean another step of the plan, tasks whose time is over, or a peak of another month; and a quarter hour
 * that ends under one clock and not under the other ends rightly. */
static bool twins_comparable(const run *r)
{
    const sg_engine *a = r->engine, *b = r->twin;
    return sg_engine_rung(a) == sg_engine_rung(b) &&
           sg_engine_plan_step(a) == sg_engine_plan_step(b) &&
           sg_engine_granted_w(a) == sg_engine_granted_w(b) &&
           sg_engine_meter(a)->peak_w == sg_engine_meter(b)->peak_w && sg_engine_learnt_same(a, b);
}

/* The jump itself alters nothing that was learnt, and for two seconds both give the same set-points. */
static void step_clock_twin(run *r, const sg_frame *frame)
{
    sg_reply replies[SG_REQUEST_MAX];
    if (r->tick >= r->twin_until) {
        return;
    }
    if (frame->request_count > 0 || frame->plan) { /* their times are the clock's */
        r->twin_until = 0;
        return;
    }
    bool first = r->tick == r->twin_from;
    bool altered = first && !sg_engine_learnt_same(r->engine, r->twin);
    sg_frame same = *frame;
    same.time_us = sg_engine_time(r->twin) + llround(frame->dt_s * 1e6);
    sg_engine_step(r->twin, &same, replies);
    bool comparable = twins_comparable(r);
    bool differs =
        comparable && sg_engine_command_hash(r->twin) != sg_engine_command_hash(r->engine);
    r->clocked = altered || differs    ? SG_TWIN_DIFFERS
                 : first || comparable ? SG_TWIN_SAME
                                       : SG_TWIN_NONE;
    r->twin_until = comparable ? r->twin_until : 0; /* ramps go on from what differed rightly */
}

/* --- the run --- */

static sg_tick_books books_of(const sg_engine *engine)
{
    const sg_meter *m = sg_engine_meter(engine);
    return (sg_tick_books){.import_j = m->total.import_j + m->running.import_j,
                           .export_j = m->total.export_j + m->running.export_j,
                           .cost_u = m->total.cost_u + m->running.cost_u,
                           .settled = (int64_t)m->settled_count};
}

static void step_engine(run *r, const sg_readings *frame_in, sg_tick *tick)
{
    sg_request requests[SG_REQUEST_MAX];
    sg_reply replies[SG_REQUEST_MAX];
    sg_frame frame = {.time_us = frame_in->time_us,
                      .dt_s = frame_in->dt_s,
                      .value = frame_in->value,
                      .quality = frame_in->quality,
                      .requests = requests};
    frame.request_count = requests_of_tick(r, frame.time_us, requests);
    frame.plan = plan_of_tick(r, &tick->plan);
    start_clock_twin(r, &frame);
    journal_frame(r, &frame);
    sg_engine_step(r->engine, &frame, replies);
    sg_record_command record = sg_record_command_of(r->engine, NULL);
    append(r, SG_RECORD_COMMAND, &record, sizeof record);
    step_clock_twin(r, &frame);
    r->result->digest =
        sg_hash(r->result->digest, &record.command_hash, sizeof record.command_hash);
    r->result->rungs[sg_engine_rung(r->engine)]++;
    r->result->steps++;
    tick->granted_w = sg_engine_granted_w(r->engine);
    if (r->tick % SNAPSHOT_TICKS == 0) {
        take_snapshot(r);
    }
}

/* One tie in sixteen is lost, drawn anew every half minute, where things fail. */
static void lose_ties(run *r)
{
    enum { WINDOW_TICKS = 300 };
    bool fail = r->own.fault_count > 0 && r->tick % WINDOW_TICKS == 0;
    for (int t = 0; fail && t < r->site->tie_count; t++) {
        uint64_t draw = r->tick / WINDOW_TICKS * SG_TIE_MAX + (uint64_t)t;
        sg_world_tie(r->world, t, sg_prng_unit(r->site->seed ^ UINT64_C(0x71e), draw) < 1.0 / 16);
    }
}

static void one_tick(run *r)
{
    sg_readings readings;
    sg_tick tick = {.number = r->tick, .dt_s = step_s, .plans = r->policy == SG_POLICY_MPC};
    swarm_ports_tick(&r->ports, r->tick);
    r->clocked = SG_TWIN_NONE;
    lose_ties(r);
    sg_world_read(r->world, step_s, &readings);
    tick.now = sg_world_look(r->world);
    const sg_world_books *b = sg_world_books_of(r->world);
    tick.balance_error_j = sg_world_balance_error_j(r->world);
    tick.in_j = b->sources_j + b->import_j + b->discharge_j + b->charge_j;
    const sg_readings *frame = swarm_ports_frame(&r->ports, &readings);
    if (r->ports.begins[SG_PORT_RESTART]) {
        rebuild(r);
    }
    if (!r->ports.active[SG_PORT_STALL] && !r->ports.active[SG_PORT_RESTART]) {
        if (r->tick + 1 == r->ticks && !r->ports.begins[SG_PORT_RESTART]) {
            rebuild(r); /* the end of every run */
        }
        step_engine(r, frame, &tick);
        sg_command command = sg_engine_command(r->engine);
        tick.frame = frame;
        tick.command = &command;
        tick.rung = (int32_t)sg_engine_rung(r->engine);
        tick.books = books_of(r->engine);
        tick.replay = r->replayed; /* told with the first frame after it */
        r->replayed = SG_TWIN_NONE;
        tick.clock = r->clocked;
        swarm_ports_command(&r->ports, &command, r->world);
        r->result->violations += sg_checker_tick(r->checker, &tick) > 0;
    } else {
        r->result->violations += sg_checker_tick(r->checker, &tick) > 0;
    }
}

static sg_status open_run(run *r, const sg_swarm *swarm)
{
    r->own = *swarm->site;
    r->own.faults = r->fault;
    r->own.fault_count = 0;
    sg_site_reseed(&r->own, swarm->seed & INT32_MAX);
    r->site = &r->own;
    r->dice.seed = swarm->seed;
    r->own.fault_count = swarm->faults ? swarm_device_faults(&r->dice, &r->own, r->fault) : 0;
    static const sg_policy policies[] = {SG_POLICY_STATIC, SG_POLICY_RULES, SG_POLICY_RULES,
                                         SG_POLICY_MPC, SG_POLICY_MPC};
    r->policy = policies[swarm_below(&r->dice, SG_COUNT(policies))];
    r->asks = swarm_below(&r->dice, 2);
    int day = 1 + swarm_below(&r->dice, 30);
    int second = swarm_below(&r->dice, 86400);
    int64_t start_us = sg_days_from_civil(2023, 6, day) * SG_US_PER_DAY + second * SG_US_PER_S;
    int64_t first_us, end_us;
    if (sg_site_span(&r->own, &first_us, &end_us) == SG_OK &&
        (start_us < first_us || start_us + llround(swarm->duration_s * 1e6) > end_us)) {
        start_us = first_us;
    }
    r->size = (sg_engine_size(r->site) + 63) & ~(size_t)63;
    r->engine = aligned_alloc(64, r->size);
    r->twin = aligned_alloc(64, r->size);
    if (!r->engine || !r->twin) {
        return SG_NOMEM;
    }
    memset(r->twin, 0, r->size);
    sg_engine_config config = {.policy = r->policy, .mode = r->own.mode, .start_us = start_us};
    sg_engine_create(r->engine, r->site, &config);
    r->state_size = sg_engine_state_size(r->engine);
    r->snapshot = malloc(r->state_size);
    r->codec = sg_frame_codec_create(sg_points_of(r->site).count);
    r->world = sg_world_create(r->site, start_us);
    r->checker = sg_checker_create(r->site);
    if (!r->snapshot || !r->codec || !r->world || !r->checker) {
        return SG_NOMEM;
    }
    return swarm_ports_open(&r->ports, r->site, swarm->seed, step_s, swarm->faults);
}

static void close_run(run *r)
{
    swarm_ports_close(&r->ports);
    sg_checker_free(r->checker);
    sg_world_free(r->world);
    sg_frame_codec_free(r->codec);
    free(r->snapshot);
    free(r->tail);
    free(r->engine);
    free(r->twin);
    free(r);
}

static void fill_result(const run *r, sg_swarm_result *ret)
{
    ret->ticks = r->ticks;
    ret->simulated_s = (double)r->ticks * step_s;
    ret->policy = (int32_t)r->policy;
    ret->mode = (int32_t)r->own.mode;
    ret->nodes = r->own.node_count;
    ret->sources = r->own.device_count[SG_SOURCE];
    ret->stores = r->own.device_count[SG_STORE];
    ret->loads = r->own.device_count[SG_LOAD];
    memcpy(ret->fired, sg_world_faults_fired(r->world), sizeof ret->fired);
    memcpy(ret->port_fired, r->ports.fired, sizeof ret->port_fired);
    memcpy(ret->violation, sg_checker_violations(r->checker), sizeof ret->violation);
    memcpy(ret->looks, sg_checker_looks(r->checker), sizeof ret->looks);
}

static sg_status run_on(const sg_swarm *swarm, sg_swarm_result *ret)
{
    run *r = calloc(1, sizeof *r);
    if (!r) {
        return SG_NOMEM;
    }
    r->result = ret;
    ret->digest = SG_HASH_START;
    sg_status status = open_run(r, swarm);
    if (status == SG_OK) {
        sg_command command = sg_engine_command(r->engine);
        sg_world_write(r->world, &command);
        sg_checker_start(r->checker, &command);
        take_snapshot(r);
        r->ticks = (uint64_t)(swarm->duration_s / step_s + 0.5);
        for (r->tick = 0; r->tick < r->ticks && !r->out_of_memory; r->tick++) {
            one_tick(r);
        }
        fill_result(r, ret);
        status = r->out_of_memory ? SG_NOMEM : SG_OK;
    }
    close_run(r);
    return status;
}

sg_status sg_swarm_run(const sg_swarm *swarm, sg_swarm_result *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->seed = swarm->seed;
    if (swarm->site) {
        return run_on(swarm, ret);
    }
    sg_out text = {0};
    sg_diagnostics said = {0};
    sg_site site = {0};
    sg_swarm_site(swarm->seed, &text);
    sg_status status = text.failed
                           ? SG_NOMEM
                           : sg_site_parse("seed.yaml", text.text, text.length, true, &site, &said);
    if (status != SG_OK && said.count > 0) {
        const sg_diagnostic *first = &said.items[0];
        snprintf(ret->error, sizeof ret->error, "%s:%d:%d: %s", first->file, first->line,
                 first->column, first->message);
    }
    if (status == SG_OK) {
        sg_swarm own = *swarm;
        own.site = &site;
        status = run_on(&own, ret);
    }
    sg_diagnostics_free(&said);
    sg_out_free(&text);
    sg_site_free(&site);
    return status;
}
