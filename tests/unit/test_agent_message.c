/* Set-points: what is refused, why, and that nothing of a refused one takes effect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/sha256.h"
#include "agent_rig.h"

static rig the_rig;

static rig *opened(void)
{
    rig_open(&the_rig);
    rig_steps(&the_rig, 100);
    return &the_rig;
}

/* Nothing but counters may move when a message is refused. */
static void refused(rig *r, const uint8_t *message, uint32_t size, sg_agent_verdict why)
{
    sg_agent before = r->agent;
    assert_int_equal(sg_agent_receive(&r->limits, &r->agent, message, size), why);
    assert_int_equal(r->agent.count[why], before.count[why] + 1);
    assert_int_equal(r->agent.verdict, why);
    before.count[why]++;
    before.verdict = (uint8_t)why;
    assert_memory_equal(&before, &r->agent, sizeof before);
}

static void refused_sealed(rig *r, const sg_agent_setpoint *m, sg_agent_verdict why)
{
    sg_agent_seal(m, RIG_KEY, r->message);
    refused(r, r->message, sizeof r->message, why);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    rig *r = opened();
    sg_agent_setpoint m = rig_setpoint(r);
    m.order = (sg_agent_order){500000, 100000, SG_AGENT_POWER};
    sg_agent_seal(&m, RIG_KEY, r->message);
    for (int bit = 0; bit < 8 * SG_AGENT_SETPOINT_SIZE; bit++) {
        int byte = bit / 8;
        sg_agent_verdict why = byte < 4 || byte == 7 ? SG_AGENT_FORM
                               : byte < 6            ? SG_AGENT_KEY
                               : byte == 6           ? SG_AGENT_FORM
                               : byte < 16           ? SG_AGENT_DEVICE
                                                     : SG_AGENT_TAG;
        r->message[byte] ^= (uint8_t)(1 << bit % 8);
        refused(r, r->message, sizeof r->message, why);
        r->message[byte] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(rig_send(r, &m), SG_AGENT_ACCEPTED); /* unharmed it is good */
}

static void every_other_size_is_refused(void **state)
{
    (void)state;
    rig *r = opened();
    sg_agent_setpoint m = rig_setpoint(r);
    uint8_t bytes[2 * SG_AGENT_SETPOINT_SIZE] = {0};
    sg_agent_seal(&m, RIG_KEY, bytes);
    for (uint32_t size = 0; size < sizeof bytes; size++) {
        if (size != SG_AGENT_SETPOINT_SIZE) {
            refused(r, bytes, size, SG_AGENT_SIZE);
        }
    }
    uint8_t
        report[SG_AGENT_REPORT_SIZE]; /* a report is no set-point, though the same key seals it */
    sg_agent_report(&r->agent, &r->in, &r->out, report);
    refused(r, report, sizeof report, SG_AGENT_SIZE);
    refused(r, report, SG_AGENT_SETPOINT_SIZE, SG_AGENT_FORM);
}

static void another_key_device_or_boot_is_refused(void **state)
{
    (void)state;
    rig *r = opened();
    sg_agent_setpoint m = rig_setpoint(r);
    uint8_t key[SG_AGENT_KEY_SIZE];
    for (int bit = 0; bit < 8 * SG_AGENT_KEY_SIZE; bit++) {
        memcpy(key, RIG_KEY, sizeof key);
        key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sg_agent_seal(&m, key, r->message);
        refused(r, r->message, sizeof r->message, SG_AGENT_TAG);
    }
    m.device++;
    refused_sealed(r, &m, SG_AGENT_DEVICE);
    m = rig_setpoint(r);
    m.key_number++;
    refused_sealed(r, &m, SG_AGENT_KEY);
    m = rig_setpoint(r);
    m.boot--;
    refused_sealed(r, &m, SG_AGENT_BOOT);
    m.boot += 2;
    refused_sealed(r, &m, SG_AGENT_BOOT);
    m = rig_setpoint(r);
    m.order.mode = 2;
    refused_sealed(r, &m, SG_AGENT_FORM);
    m.order = (sg_agent_order){500000, 1, SG_AGENT_MARKS};
    refused_sealed(r, &m, SG_AGENT_FORM);
}

static void a_whole_session_replayed_is_refused(void **state)
{
    (void)state;
    enum { SESSION = 200 };
    static uint8_t session[SESSION][SG_AGENT_SETPOINT_SIZE];
    rig *r = opened();
    for (int i = 0; i < SESSION; i++) {
        sg_agent_setpoint m = rig_setpoint(r);
        m.valid_ms = 10000;
        m.sequence += (uint32_t)(i % 3); /* gaps are no fault: datagrams get lost */
        assert_int_equal(rig_send(r, &m), SG_AGENT_ACCEPTED);
        memcpy(session[i], r->message, sizeof session[i]);
        rig_step(r, 10);
    }
    for (int i = 0; i < SESSION; i++) {
        refused(r, session[i], sizeof session[i], SG_AGENT_SEQUENCE);
    }
    rig_restart(r);
    rig_steps(r, 3);
    for (int i = 0; i < SESSION; i++) {
        refused(r, session[i], sizeof session[i], SG_AGENT_BOOT);
    }
}

static void an_old_epoch_is_refused_for_ever(void **state)
{
    (void)state;
    rig *r = opened();
    sg_agent_setpoint old = rig_setpoint(r), new = old;
    new.epoch = UINT64_C(0x100000001); /* both halves of the number count */
    assert_int_equal(rig_send(r, &new), SG_AGENT_UNSAVED);
    assert_int_equal(rig_send(r, &old), SG_AGENT_EPOCH); /* at once, saved or not */
    rig_steps(r, 2);
    assert_int_equal(rig_send(r, &new), SG_AGENT_ACCEPTED);
    for (int restart = 0; restart < 50; restart++) {
        rig_restart(r);
        rig_steps(r, 3);
        old = rig_setpoint(r); /* it knows all but that its time is over */
        for (uint64_t e = 0; e < 64; e++) {
            old.epoch = new.epoch - 1 - (e < 33 ? UINT64_C(1) << e >> 1 : e);
            refused_sealed(r, &old, SG_AGENT_EPOCH);
        }
        new = rig_setpoint(r);
        assert_int_equal(rig_send(r, &new), SG_AGENT_ACCEPTED);
    }
}

/* A good seal proves that the epoch began, even on a message that comes too late to be obeyed. */
static void a_late_message_still_raises_the_fence(void **state)
{
    (void)state;
    rig *r = opened();
    sg_agent_setpoint old = rig_setpoint(r), late = old;
    late.epoch = 5;
    late.from_ms = 0;
    late.valid_ms = 10;
    assert_int_equal(rig_send(r, &late), SG_AGENT_EXPIRED);
    refused_sealed(r, &old, SG_AGENT_EPOCH);
    late.epoch = 6;
    late.boot = 0;
    assert_int_equal(rig_send(r, &late), SG_AGENT_BOOT);
    late.epoch = 5;
    late.boot = 1;
    refused_sealed(r, &late, SG_AGENT_EPOCH);
}

/* The crash may come at any moment after an epoch was heard: never is an older one obeyed after it was acted upon. */
static void no_crash_lets_an_old_epoch_in_again(void **state)
{
    (void)state;
    for (int crash_after = 0; crash_after < 6; crash_after++) {
        rig *r = opened();
        uint8_t slots[2][SG_AGENT_IMAGE_SIZE];
        bool obeyed = false;
        for (int i = 0; i <= crash_after; i++) {
            sg_agent_setpoint m = rig_setpoint(r);
            m.epoch = 9;
            memcpy(slots, r->slots, sizeof slots); /* what a write in this step may not reach */
            sg_agent_verdict verdict = rig_send(r, &m);
            obeyed |= verdict == SG_AGENT_ACCEPTED;
            rig_step(r, 10);
        }
        memcpy(r->slots, slots, sizeof slots);
        rig_restart(r);
        rig_steps(r, 3);
        sg_agent_setpoint old = rig_setpoint(r);
        old.epoch = 8;
        assert_true(!obeyed || rig_send(r, &old) == SG_AGENT_EPOCH);
        assert_true(obeyed == (crash_after >= 2));
    }
}

static void times_are_held_to_the_millisecond(void **state)
{
    (void)state;
    rig *r = opened();
    sg_agent_setpoint m = rig_setpoint(r);
    m.from_ms = r->agent.time_ms + 1;
    refused_sealed(r, &m, SG_AGENT_FUTURE);
    m.from_ms = UINT64_MAX;
    refused_sealed(r, &m, SG_AGENT_FUTURE);
    m.from_ms = r->agent.time_ms - 500;
    m.valid_ms = 500;
    refused_sealed(r, &m, SG_AGENT_EXPIRED);
    m.from_ms = 0;
    refused_sealed(r, &m, SG_AGENT_EXPIRED);
    m = rig_setpoint(r);
    m.valid_ms = 0;
    refused_sealed(r, &m, SG_AGENT_SPAN);
    m.valid_ms = 10001;
    refused_sealed(r, &m, SG_AGENT_SPAN);
    m.valid_ms = UINT32_MAX;
    refused_sealed(r, &m, SG_AGENT_SPAN);
    m.from_ms = r->agent.time_ms - 499;
    m.valid_ms = 500;
    assert_int_equal(rig_send(r, &m), SG_AGENT_ACCEPTED);
    assert_int_equal(r->agent.left_ms, 1);
}

/* Older than the 32-bit clock can count: no turn of it makes an old message new. */
static void a_message_held_back_for_a_turn_of_the_clock_is_expired(void **state)
{
    (void)state;
    rig *r = opened();
    sg_agent_setpoint m = rig_setpoint(r);
    sg_agent_seal(&m, RIG_KEY, r->message);
    for (int i = 0; i < 4; i++) {
        r->in.now_ms += UINT32_C(1) << 30;
        sg_agent_step(&r->limits, &r->agent, &r->in, &r->out);
    }
    assert_true(r->agent.time_ms == m.from_ms + (UINT64_C(1) << 32));
    refused(r, r->message, sizeof r->message, SG_AGENT_EXPIRED);
}

static void orders_are_narrowed_to_the_devices_own_limits(void **state)
{
    (void)state;
    static const struct {
        sg_agent_order asked, kept;
    } cases[] = {
        {{500000, 100000, 1}, {500000, 100000, 1}},
        {{99999, 0, 0}, {100000, 0, 0}},
        {{-1, 0, 0}, {100000, 0, 0}},
        {{INT32_MIN, INT32_MIN, 1}, {100000, -200000, 1}},
        {{INT32_MAX, INT32_MAX, 1}, {1000000, 400000, 1}},
        {{1000001, 400001, 1}, {1000000, 400000, 1}},
        {{1000000, -200001, 1}, {1000000, -200000, 1}},
        {{1000000, -200000, 1}, {1000000, -200000, 1}},
    };
    rig *r = opened();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sg_agent_setpoint m = rig_setpoint(r);
        m.order = cases[i].asked;
        bool same = cases[i].asked.cap_mw == cases[i].kept.cap_mw &&
                    cases[i].asked.store_mw == cases[i].kept.store_mw;
        assert_int_equal(rig_send(r, &m), same ? SG_AGENT_ACCEPTED : SG_AGENT_CLAMPED);
        assert_int_equal(r->agent.order.cap_mw, cases[i].kept.cap_mw);
        assert_int_equal(r->agent.order.store_mw, cases[i].kept.store_mw);
        assert_int_equal(r->agent.order.mode, cases[i].kept.mode);
    }
}

/* The bytes as docs/agent.md has them, put together by hand. */
static void the_layout_is_the_documented_one(void **state)
{
    (void)state;
    static const uint8_t body[] = {
        'S',  'G',  'P',  '1',  0x03, 0x00, 0x01, 0x00, /* key number, mode              */
        0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, /* device 0x0102030405060708     */
        0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, /* epoch                         */
        0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21, /* from_ms                       */
        0x34, 0x33, 0x32, 0x31, 0x44, 0x43, 0x42, 0x41, /* boot, sequence                */
        0xe8, 0x03, 0x00, 0x00, 0x20, 0xa1, 0x07, 0x00, /* 1000 ms, cap 500000 mW        */
        0x60, 0x79, 0xfe, 0xff};                        /* store -100000 mW              */
    const sg_agent_setpoint m = {.device = UINT64_C(0x0102030405060708),
                                 .epoch = UINT64_C(0x1112131415161718),
                                 .from_ms = UINT64_C(0x2122232425262728),
                                 .boot = 0x31323334,
                                 .sequence = 0x41424344,
                                 .valid_ms = 1000,
                                 .key_number = 3,
                                 .order = {500000, -100000, SG_AGENT_POWER}};
    uint8_t message[SG_AGENT_SETPOINT_SIZE], tag[SG_AGENT_TAG_SIZE];
    sg_agent_seal(&m, RIG_KEY, message);
    assert_int_equal(sizeof body + sizeof tag, sizeof message);
    assert_memory_equal(message, body, sizeof body);
    sg_hmac_sha256(RIG_KEY, sizeof RIG_KEY, body, sizeof body, tag);
    assert_memory_equal(message + sizeof body, tag, sizeof tag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(every_other_size_is_refused),
        cmocka_unit_test(another_key_device_or_boot_is_refused),
        cmocka_unit_test(a_whole_session_replayed_is_refused),
        cmocka_unit_test(an_old_epoch_is_refused_for_ever),
        cmocka_unit_test(a_late_message_still_raises_the_fence),
        cmocka_unit_test(no_crash_lets_an_old_epoch_in_again),
        cmocka_unit_test(times_are_held_to_the_millisecond),
        cmocka_unit_test(a_message_held_back_for_a_turn_of_the_clock_is_expired),
        cmocka_unit_test(orders_are_narrowed_to_the_devices_own_limits),
        cmocka_unit_test(the_layout_is_the_documented_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
