/* The device loop: marks, droop, meter, watchdog, clock, image. Expected numbers are worked out by hand from the limits in
 * agent_rig.h. Messages: tests/unit/test_agent_message.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent_rig.h"

#include <stdlib.h>

static rig the_rig;

static rig *opened(void)
{
    rig_open(&the_rig);
    return &the_rig;
}

static void accept(rig *r, int32_t cap_mw, int32_t store_mw, sg_agent_mode mode, uint32_t valid_ms)
{
    sg_agent_setpoint m = rig_setpoint(r);
    m.order = (sg_agent_order){cap_mw, store_mw, (uint8_t)mode};
    m.valid_ms = valid_ms;
    assert_int_equal(rig_send(r, &m), SG_AGENT_ACCEPTED);
}

/* ---- marks ---------------------------------------------------------------------------------------- */

static void below_the_low_mark_it_asks_and_charges_in_the_room_below_the_cap(void **state)
{
    (void)state;
    rig *r = opened();
    r->in.stored_j = 29999;
    rig_step(r, 10);
    assert_int_equal(r->out.request_mw, 200000);
    assert_true(r->out.flags & SG_AGENT_ASKS);
    assert_int_equal(r->out.store_mw, -10000); /* 1 W/ms, 10 ms */
    rig_steps(r, 30);
    assert_int_equal(r->out.store_mw, -200000); /* cap 300 W, load 100 W */
    r->in.load_mw = 250000;
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, -50000); /* at once, whatever the ramp */
    r->in.stored_j = 54999;                    /* half way between the marks is 55000 */
    rig_step(r, 10);
    assert_true(r->out.flags & SG_AGENT_ASKS);
    r->in.stored_j = 55000;
    rig_steps(r, 30);
    assert_int_equal(r->out.flags & SG_AGENT_ASKS, 0);
    assert_int_equal(r->out.request_mw, 0);
    assert_int_equal(r->out.store_mw, 0);
}

static void above_the_high_mark_it_gives_while_the_load_is_idle(void **state)
{
    (void)state;
    rig *r = opened();
    r->in.stored_j = 80001;
    r->in.load_mw = 150000;
    rig_steps(r, 20);
    assert_true(r->out.flags & SG_AGENT_GIVES);
    assert_int_equal(r->out.store_mw, 150000); /* what the load takes; nothing is exported */
    assert_int_equal(r->out.offer_mw, 150000);
    r->in.load_mw = 150001; /* no longer idle */
    rig_steps(r, 20);
    assert_int_equal(r->out.flags & SG_AGENT_GIVES, 0);
    assert_int_equal(r->out.store_mw, 0);
    r->in.load_mw = 100000;
    r->limits.export_mw_max = 1000000;
    rig_steps(r, 60);
    assert_int_equal(r->out.store_mw, 400000); /* its own rating */
    r->in.stored_j = 76876;                    /* 80000 - 50000 / 16 = 76875 */
    rig_step(r, 10);
    assert_true(r->out.flags & SG_AGENT_GIVES);
    r->in.stored_j = 76875;
    rig_step(r, 10);
    assert_int_equal(r->out.flags & SG_AGENT_GIVES, 0);
}

/* ---- limits --------------------------------------------------------------------------------------- */

static void what_is_not_known_is_neither_taken_nor_given(void **state)
{
    (void)state;
    rig *r = opened();
    accept(r, 800000, -150000, SG_AGENT_POWER, 10000);
    rig_steps(r, 100);
    assert_int_equal(r->out.store_mw, -150000);
    r->in.load_good = false; /* nobody knows the room below the cap */
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, 0);
    assert_true(r->out.flags & SG_AGENT_NO_LOAD);
    r->in.load_good = true;
    r->in.load_mw = -1;
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, 0);
    r->in.load_mw = 2000001; /* beyond what the load can draw */
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, 0);
    r->in.load_mw = 100000;
    r->in.store_good = false;
    rig_steps(r, 20);
    assert_int_equal(r->out.store_mw, 0);
    assert_true(r->out.flags & SG_AGENT_NO_STORE);
    r->in.store_good = true;
    rig_steps(r, 10);
    assert_int_equal(r->out.store_mw, -100000); /* the ramp leads back */
    static const int32_t wild[] = {INT32_MIN, INT32_MAX, 1000000, -1000000};
    for (int i = 0; i < 4; i++) {
        r->in.store_mw = wild[i];
        rig_step(r, 10);
        assert_int_equal(r->out.store_mw, 0);
    }
}

static void an_empty_store_gives_nothing_and_a_full_one_takes_nothing(void **state)
{
    (void)state;
    rig *r = opened();
    accept(r, 800000, 90000, SG_AGENT_POWER, 10000);
    rig_steps(r, 20);
    assert_int_equal(r->out.store_mw, 90000);
    r->in.stored_j = 10000;
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, 0);
    r->in.stored_j = 10001;
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, 10000);
    accept(r, 800000, -90000, SG_AGENT_POWER, 10000);
    rig_steps(r, 30);
    assert_int_equal(r->out.store_mw, -90000);
    r->in.stored_j = 100000;
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, 0);
}

static void a_cap_falls_at_once_and_rises_by_its_ramp(void **state)
{
    (void)state;
    rig *r = opened();
    assert_int_equal(r->out.cap_mw, 300000); /* from the first step on */
    accept(r, 800000, 0, SG_AGENT_MARKS, 10000);
    rig_step(r, 10);
    assert_int_equal(r->out.cap_mw, 305000);
    rig_steps(r, 150);
    assert_int_equal(r->out.cap_mw, 800000);
    accept(r, 200000, 0, SG_AGENT_MARKS, 10000);
    rig_step(r, 10);
    assert_int_equal(r->out.cap_mw, 200000);
}

static void the_local_stop_comes_before_every_order(void **state)
{
    (void)state;
    rig *r = opened();
    accept(r, 800000, 90000, SG_AGENT_POWER, 10000);
    rig_steps(r, 100);
    assert_int_equal(r->out.store_mw, 90000);
    r->in.stop = true;
    r->in.frequency_mhz = 49000;
    r->limits.droop_mw_per_mhz = 1000;
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, 0);
    assert_int_equal(r->out.cap_mw, 100000);
    assert_true(r->out.flags & SG_AGENT_STOPPED);
    accept(r, 900000, 100000, SG_AGENT_POWER, 10000);
    rig_steps(r, 50);
    assert_int_equal(r->out.store_mw, 0);
    assert_int_equal(r->out.cap_mw, 100000);
}

/* ---- droop ---------------------------------------------------------------------------------------- */

/* IEEE 1547-2018: dp = ((fn - db) - f) / (fn k). 400 W at 5 % and 50 Hz: 160 mW/mHz. */
static void droop_follows_the_frequency_beyond_its_dead_band(void **state)
{
    (void)state;
    static const struct {
        uint32_t frequency_mhz;
        int32_t store_mw;
    } cases[] = {{50000, 0},       {49980, 0},    {49979, 160},    {49930, 8000},   {49480, 80000},
                 {50020, 0},       {50021, -160}, {50520, -80000}, {49000, 100000}, /* the load */
                 {60000, -200000}, /* the cap's room */
                 {0, 0},           {10000, 0},    {90000, 0},      {UINT32_MAX, 0}};
    rig *r = opened();
    r->limits.droop_mw_per_mhz = 160;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        r->in.frequency_mhz = cases[i].frequency_mhz;
        rig_steps(r, 100);
        assert_int_equal(r->out.store_mw, cases[i].store_mw);
        assert_int_equal(!!(r->out.flags & SG_AGENT_DROOPING), cases[i].store_mw != 0);
    }
}

static void droop_stands_on_top_of_the_order(void **state)
{
    (void)state;
    rig *r = opened();
    r->limits.droop_mw_per_mhz = 160;
    r->in.load_mw = 400000;
    accept(r, 1000000, 50000, SG_AGENT_POWER, 10000);
    r->in.frequency_mhz = 49880; /* 100 mHz below the band */
    rig_steps(r, 100);
    assert_int_equal(r->out.store_mw, 66000);
    r->in.frequency_mhz = 50120;
    rig_steps(r, 50);
    assert_int_equal(r->out.store_mw, 34000);
}

static void the_greatest_powers_do_not_overflow(void **state)
{
    (void)state;
    const int32_t most_mw = SG_AGENT_POWER_MW_MAX;
    rig *r = opened();
    r->limits.cap_mw_max = r->limits.charge_mw_max = r->limits.discharge_mw_max = most_mw;
    r->limits.export_mw_max = r->limits.load_mw_max = most_mw;
    r->limits.store_ramp_mw_per_ms = r->limits.cap_ramp_mw_per_ms = (uint32_t)most_mw;
    r->limits.droop_mw_per_mhz = UINT32_MAX;
    r->in.load_mw = 0;
    r->in.frequency_mhz = 60000;
    accept(r, most_mw, -most_mw, SG_AGENT_POWER, 10000);
    rig_steps(r, 2);
    assert_int_equal(r->out.store_mw, -most_mw);
    assert_int_equal(r->out.cap_mw, most_mw);
    r->limits.store_ramp_mw_per_ms = 1;
    r->in.load_mw = most_mw; /* no room to charge: at once */
    r->in.frequency_mhz = 40000;
    accept(r, most_mw, most_mw, SG_AGENT_POWER, 10000);
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, 0);
    r->in.load_mw = 0;
    r->in.frequency_mhz = 60000;
    r->limits.store_ramp_mw_per_ms = (uint32_t)most_mw;
    accept(r, most_mw, -most_mw, SG_AGENT_POWER, 10000);
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, -most_mw);
    r->limits.store_ramp_mw_per_ms = 1;
    r->in.frequency_mhz = 40000;
    accept(r, most_mw, most_mw, SG_AGENT_POWER,
           10000); /* with the droop 3 MW away, rating by rating */
    rig_step(r, 10);
    assert_int_equal(r->out.store_mw, -most_mw + 10);
}

/* ---- meter ---------------------------------------------------------------------------------------- */

static void registers_add_up_power_times_time(void **state)
{
    (void)state;
    rig *r = opened();
    uint64_t load_uj = r->agent.load_uj, charge_uj = 0, discharge_uj = 0;
    assert_int_equal(load_uj,
                     2 * 100000 * 10); /* two of the rig's three steps had one before them */
    for (int i = 0; i < 100000; i++) {
        uint32_t dt_ms = 10 + (uint32_t)(i * 7 % 13);
        r->in.load_mw = i * 37 % 2000000;
        r->in.store_mw = i * 61 % 600000 - 200000;
        load_uj += (uint64_t)r->in.load_mw * dt_ms;
        charge_uj += r->in.store_mw < 0 ? (uint64_t)-r->in.store_mw * dt_ms : 0;
        discharge_uj += r->in.store_mw > 0 ? (uint64_t)r->in.store_mw * dt_ms : 0;
        rig_step(r, dt_ms);
    }
    assert_true(r->agent.load_uj == load_uj && r->agent.charge_uj == charge_uj);
    assert_true(r->agent.discharge_uj == discharge_uj);
    assert_int_equal(r->agent.gaps, 0);
}

static void gaps_are_counted_and_not_invented(void **state)
{
    (void)state;
    rig *r = opened();
    uint64_t load_uj = r->agent.load_uj;
    rig_step(r, 1000);
    assert_true(r->agent.load_uj == load_uj + 100000 * 1000);
    rig_step(r, 1001);
    assert_true(r->agent.load_uj == load_uj + 100000 * 1000);
    assert_int_equal(r->agent.gaps, 1);
    assert_int_equal(r->agent.late_steps, 2);
    r->in.load_good = false;
    rig_step(r, 10);
    assert_true(r->agent.load_uj == load_uj + 100000 * 1000);
    assert_int_equal(r->agent.gaps, 2);
}

/* ---- watchdog and clock ---------------------------------------------------------------------------- */

/* Every kind of state it can be in, then silence: how long until it keeps the safe behaviour? */
static void silence_leads_to_the_safe_behaviour_within_5_s_from_every_state(void **state)
{
    (void)state;
    static const int32_t stores[] = {-200000, 0, 400000};
    static const uint32_t energies[] = {5000, 20000, 50000, 90000, 100000},
                          frequencies[] = {0, 49500, 50000, 50500}, steps[] = {1, 10, 15, 100};
    static const int32_t safe_stores[] = {-200000, 0, 400000};
    int count = 0;
    for (int i = 0; i < 3 * 5 * 4 * 4 * 3 * 2; i++) {
        rig *r = opened();
        r->limits.silence_ms = 4379; /* 600 W at 1 W/ms and two steps are left: 5000 - 20 - 600 */
        r->limits.safe = (sg_agent_order){250000, safe_stores[i / 240 % 3], SG_AGENT_POWER};
        r->limits.droop_mw_per_mhz = i / 720 ? 160 : 0;
        r->limits.export_mw_max = 1000000;
        assert_int_equal(sg_agent_limits_check(&r->limits), SG_AGENT_SOUND);
        r->in.load_mw = 50000;
        r->in.stored_j = energies[i / 3 % 5];
        r->in.frequency_mhz = frequencies[i / 15 % 4];
        uint32_t dt_ms = steps[i / 60 % 4];
        for (int k = 0; k < 200; k++) {
            accept(r, 1000000, stores[i % 3], SG_AGENT_POWER, 10000);
            rig_steps(r, 1);
        }
        assert_true(r->out.flags & SG_AGENT_LIVE);
        uint32_t silent_ms = 0;
        while (silent_ms + dt_ms <= 5000) {
            rig_step(r, dt_ms);
            silent_ms += dt_ms;
        }
        assert_int_equal(r->out.flags & SG_AGENT_LIVE, 0);
        assert_int_equal(r->out.cap_mw, 250000);
        /* the order alone, and what limits and droop make of it, are where they stay */
        int32_t store_mw = r->out.store_mw;
        rig_steps(r, 1000);
        assert_int_equal(r->out.store_mw, store_mw);
        /* and it comes back */
        accept(r, 1000000, 0, SG_AGENT_POWER, 10000);
        rig_step(r, 10);
        assert_true(r->out.flags & SG_AGENT_LIVE);
        count++;
    }
    assert_int_equal(count, 1440);
}

static void a_set_point_ends_at_its_expiry(void **state)
{
    (void)state;
    rig *r = opened();
    accept(r, 800000, 0, SG_AGENT_MARKS, 100);
    rig_steps(r, 9);
    assert_true(r->out.flags & SG_AGENT_LIVE);
    rig_step(r, 10);
    assert_int_equal(r->out.flags & SG_AGENT_LIVE, 0);
    assert_int_equal(r->out.cap_mw, 300000);
}

static void refused_messages_are_no_sign_of_life(void **state)
{
    (void)state;
    rig *r = opened();
    accept(r, 800000, 0, SG_AGENT_MARKS, 10000);
    uint8_t replayed[SG_AGENT_SETPOINT_SIZE];
    memcpy(replayed, r->message, sizeof replayed);
    for (int i = 0; i < 200; i++) {
        r->in.message = replayed;
        r->in.message_size = sizeof replayed;
        rig_step(r, 10);
        assert_int_equal(r->out.verdict, SG_AGENT_SEQUENCE);
    }
    assert_int_equal(r->out.flags & SG_AGENT_LIVE, 0);
    assert_int_equal(r->agent.count[SG_AGENT_SEQUENCE], 200);
}

static void a_clock_that_stands_or_jumps_keeps_no_order_alive(void **state)
{
    (void)state;
    /* the jump at every step; what the clock shows then */
    static const uint32_t jumps[] = {0, UINT32_MAX, 0x80000001u, 0x80000000u, (uint32_t)-3600000};
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        rig *r = opened();
        accept(r, 800000, 0, SG_AGENT_MARKS, 10000);
        for (int k = 0; k < 199; k++) {
            rig_step(r, jumps[i]);
            assert_true(r->out.flags & SG_AGENT_LIVE);
        }
        rig_step(r, jumps[i]);
        assert_int_equal(r->out.flags & SG_AGENT_LIVE, 0);
        assert_int_equal(r->agent.clock_faults, 200);
    }
    rig *r = opened(); /* an hour forward is an hour of silence */
    accept(r, 800000, 0, SG_AGENT_MARKS, 10000);
    rig_step(r, 3600000);
    assert_int_equal(r->out.flags & SG_AGENT_LIVE, 0);
}

static void the_wrap_of_the_clock_changes_nothing(void **state)
{
    (void)state;
    static rig wraps, runs;
    rig_open(&wraps); /* half a second before the wrap */
    rig_open(&runs);
    runs.in.now_ms = runs.agent.clock_ms = 123456;
    for (int i = 0; i < 400; i++) {
        if (i < 100 && i % 10 == 0) {
            accept(&wraps, 800000, 50000, SG_AGENT_POWER, 1000);
            accept(&runs, 800000, 50000, SG_AGENT_POWER, 1000);
        }
        rig_step(&wraps, 10);
        rig_step(&runs, 10);
        assert_memory_equal(&wraps.out, &runs.out, sizeof wraps.out);
        assert_true(wraps.agent.time_ms == runs.agent.time_ms);
        assert_true(wraps.agent.load_uj == runs.agent.load_uj);
    }
    assert_true(wraps.in.now_ms < 5000);
    assert_int_equal(wraps.agent.clock_faults, 0);
}

/* ---- image ----------------------------------------------------------------------------------------- */

static void a_restart_keeps_fence_and_registers_and_counts_the_boot(void **state)
{
    (void)state;
    rig *r = opened();
    assert_int_equal(r->agent.boot, 1);
    sg_agent_setpoint m = rig_setpoint(r);
    m.epoch = 77;
    assert_int_equal(rig_send(r, &m), SG_AGENT_UNSAVED);
    rig_steps(r, 2); /* the image is made, and known to be saved */
    assert_int_equal(rig_send(r, &m), SG_AGENT_ACCEPTED);
    r->limits.image_ms = 1000;
    rig_steps(r, 200);
    uint64_t load_uj = r->agent.load_uj;
    rig_restart(r);
    assert_int_equal(r->agent.boot, 2);
    assert_int_equal(r->agent.epoch, 77);
    assert_true(r->agent.load_uj > 0 && load_uj - r->agent.load_uj <= 100000 * 1010);
    assert_int_equal(rig_send(r, &m), SG_AGENT_BOOT); /* what was heard before the restart */
    m.boot = 2;
    m.epoch = 76;
    assert_int_equal(rig_send(r, &m), SG_AGENT_EPOCH);
    m.epoch = 77;
    m.from_ms = 0;
    assert_int_equal(rig_send(r, &m), SG_AGENT_UNSAVED); /* this boot is not saved yet */
    rig_steps(r, 2);
    assert_int_equal(rig_send(r, &m), SG_AGENT_ACCEPTED);
}

/* A write cut off after any byte: what was there before stays, or what was new is whole. */
static void a_torn_write_falls_back_to_the_other_slot(void **state)
{
    (void)state;
    static const uint8_t fills[] = {0x00, 0xff, 0x5a};
    for (uint64_t generation = 0; generation < 4; generation++) {
        for (int torn = 0; torn < SG_AGENT_IMAGE_SIZE; torn++) {
            for (int fill = 0; fill < 4; fill++) {
                rig *r = opened();
                for (uint64_t i = 0; i < generation; i++) {
                    r->agent.epoch++;
                    r->agent.fence_raised = true;
                    rig_steps(r, 2);
                }
                uint64_t before = r->agent.epoch;
                uint8_t image[SG_AGENT_IMAGE_SIZE];
                r->agent.epoch++;
                r->agent.generation++;
                sg_agent_image(&r->agent, image);
                uint8_t *slot = r->slots[r->agent.generation & 1];
                if (fill < 3) { /* erased before it was written */
                    memset(slot, fills[fill], SG_AGENT_IMAGE_SIZE);
                }
                memcpy(slot, image, (size_t)torn);
                bool whole = memcmp(slot, image, sizeof image) == 0;
                sg_agent back;
                assert_true(sg_agent_start(&back, RIG_DEVICE, RIG_KEY_NUMBER, RIG_KEY, r->slots[0],
                                           r->slots[1]));
                assert_true(back.epoch == (whole ? before + 1 : before));
            }
        }
    }
}

static void any_flipped_bit_of_an_image_is_seen(void **state)
{
    (void)state;
    rig *r = opened();
    sg_agent back;
    uint8_t slots[2][SG_AGENT_IMAGE_SIZE] = {{0}};
    memcpy(slots[0], r->slots[r->agent.generation & 1], SG_AGENT_IMAGE_SIZE);
    assert_true(sg_agent_start(&back, RIG_DEVICE, RIG_KEY_NUMBER, RIG_KEY, slots[0], slots[1]));
    for (int bit = 0; bit < 8 * SG_AGENT_IMAGE_SIZE; bit++) {
        slots[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(
            sg_agent_start(&back, RIG_DEVICE, RIG_KEY_NUMBER, RIG_KEY, slots[0], slots[1]));
        slots[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_false(
        sg_agent_start(&back, RIG_DEVICE + 1, RIG_KEY_NUMBER, RIG_KEY, slots[0], slots[1]));
}

static void without_an_image_it_is_safe_and_refuses_everything(void **state)
{
    (void)state;
    rig *r = opened();
    memset(r->slots, 0xff, sizeof r->slots);
    rig_restart(r);
    sg_agent_setpoint m = rig_setpoint(r);
    for (int i = 0; i < 10; i++) {
        m.sequence++;
        assert_int_equal(rig_send(r, &m), SG_AGENT_LOCKED);
        rig_step(r, 10);
        assert_false(r->out.image_due); /* it must not make itself a new one */
    }
    assert_true(r->out.flags & SG_AGENT_IS_LOCKED);
    assert_int_equal(r->out.cap_mw, 300000);
    assert_true(r->agent.load_uj > 0);
}

static void the_last_boot_number_is_not_used_twice(void **state)
{
    (void)state;
    rig *r = opened();
    r->agent.boot = UINT32_MAX;
    r->agent.generation = 10;
    sg_agent_image(&r->agent, r->slots[0]);
    rig_restart(r);
    assert_true(r->agent.locked);
}

/* While one image is on its way no other may be made: it would go over the last good one. */
static void a_write_that_fails_blocks_the_next_one(void **state)
{
    (void)state;
    rig *r = opened();
    r->limits.image_ms = 100;
    r->in.saved_generation = r->agent.generation;
    rig_step(r, 10);
    for (int i = 0; i < 100; i++) { /* nothing is written */
        r->in.now_ms += 10;
        sg_agent_step(&r->limits, &r->agent, &r->in, &r->out);
    }
    assert_true(r->out.image_due);
    assert_int_equal(r->agent.generation, r->in.saved_generation + 1);
    sg_agent_setpoint m = rig_setpoint(r);
    assert_int_equal(rig_send(r, &m), SG_AGENT_ACCEPTED); /* registers may wait, the fence not */
    m.epoch++;
    assert_int_equal(rig_send(r, &m), SG_AGENT_UNSAVED);
    r->in.saved_generation = r->agent.generation; /* that image was made before the fence moved */
    r->in.now_ms += 10;
    sg_agent_step(&r->limits, &r->agent, &r->in, &r->out);
    assert_true(r->out.image_due);
    assert_int_equal(rig_send(r, &m), SG_AGENT_UNSAVED);
    r->in.saved_generation = r->agent.generation;
    r->in.now_ms += 10;
    sg_agent_step(&r->limits, &r->agent, &r->in, &r->out);
    assert_int_equal(rig_send(r, &m), SG_AGENT_ACCEPTED);
}

/* ---- limits that cannot be kept -------------------------------------------------------------------- */

static void unsound_limits_are_named(void **state)
{
    (void)state;
    sg_agent_limits l = rig_limits();
    assert_int_equal(sg_agent_limits_check(&l), SG_AGENT_SOUND);
#define REFUSED(change, fault)                              \
    do {                                                    \
        l = rig_limits();                                   \
        l.change;                                           \
        assert_int_equal(sg_agent_limits_check(&l), fault); \
    } while (0)
    REFUSED(cap_mw_min = -1, SG_AGENT_BAD_POWER);
    REFUSED(charge_mw_max = SG_AGENT_POWER_MW_MAX + 1, SG_AGENT_BAD_POWER);
    REFUSED(discharge_mw_max = INT32_MIN, SG_AGENT_BAD_POWER);
    REFUSED(cap_mw_min = 1000001, SG_AGENT_BAD_CAP);
    REFUSED(floor_j = 30001, SG_AGENT_BAD_MARKS);
    REFUSED(low_j = 80001, SG_AGENT_BAD_MARKS);
    REFUSED(full_j = 79999, SG_AGENT_BAD_MARKS);
    REFUSED(safe.cap_mw = 99999, SG_AGENT_BAD_SAFE);
    REFUSED(safe.cap_mw = 1000001, SG_AGENT_BAD_SAFE);
    REFUSED(safe.store_mw = 1, SG_AGENT_BAD_SAFE); /* the marks decide */
    REFUSED(safe.mode = 2, SG_AGENT_BAD_SAFE);
    REFUSED(silence_ms = 0, SG_AGENT_BAD_SILENCE);
    REFUSED(silence_ms = 4381, SG_AGENT_BAD_SILENCE); /* 4380 + 600 W at 1 W/ms + 20 = 5000 */
    REFUSED(silence_ms = 4981, SG_AGENT_BAD_SILENCE);
    REFUSED(silence_ms = UINT32_MAX, SG_AGENT_BAD_SILENCE);
    REFUSED(silence_ms = 4380, SG_AGENT_SOUND);
    REFUSED(valid_ms_max = 9, SG_AGENT_BAD_VALIDITY);
    REFUSED(valid_ms_max = 3600001, SG_AGENT_BAD_VALIDITY);
    REFUSED(nominal_mhz = 39999, SG_AGENT_BAD_FREQUENCY);
    REFUSED(deadband_mhz = 5001, SG_AGENT_BAD_FREQUENCY);
#undef REFUSED
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_the_low_mark_it_asks_and_charges_in_the_room_below_the_cap),
        cmocka_unit_test(above_the_high_mark_it_gives_while_the_load_is_idle),
        cmocka_unit_test(what_is_not_known_is_neither_taken_nor_given),
        cmocka_unit_test(an_empty_store_gives_nothing_and_a_full_one_takes_nothing),
        cmocka_unit_test(a_cap_falls_at_once_and_rises_by_its_ramp),
        cmocka_unit_test(the_local_stop_comes_before_every_order),
        cmocka_unit_test(droop_follows_the_frequency_beyond_its_dead_band),
        cmocka_unit_test(droop_stands_on_top_of_the_order),
        cmocka_unit_test(the_greatest_powers_do_not_overflow),
        cmocka_unit_test(registers_add_up_power_times_time),
        cmocka_unit_test(gaps_are_counted_and_not_invented),
        cmocka_unit_test(silence_leads_to_the_safe_behaviour_within_5_s_from_every_state),
        cmocka_unit_test(a_set_point_ends_at_its_expiry),
        cmocka_unit_test(refused_messages_are_no_sign_of_life),
        cmocka_unit_test(a_clock_that_stands_or_jumps_keeps_no_order_alive),
        cmocka_unit_test(the_wrap_of_the_clock_changes_nothing),
        cmocka_unit_test(a_restart_keeps_fence_and_registers_and_counts_the_boot),
        cmocka_unit_test(a_torn_write_falls_back_to_the_other_slot),
        cmocka_unit_test(any_flipped_bit_of_an_image_is_seen),
        cmocka_unit_test(without_an_image_it_is_safe_and_refuses_everything),
        cmocka_unit_test(the_last_boot_number_is_not_used_twice),
        cmocka_unit_test(a_write_that_fails_blocks_the_next_one),
        cmocka_unit_test(unsound_limits_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
