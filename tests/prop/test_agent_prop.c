/* A million random sequences of messages, steps, clock faults, slow writes, torn writes and restarts, against a model of the
 * rules that keeps no counters: it remembers absolute times, what is durable, and everything that was ever accepted.
 *
 * SYMGRID_PROP_SEED chooses another stream. ctest: timeout=300 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent_rig.h"
#include "base/prng.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEQUENCES = 1000000, EVENTS = 10, LIFE = 200 }; /* sequences until a new device */

static uint64_t seed, draws;

static uint32_t draw(uint32_t below)
{
    return (uint32_t)(sg_prng_u64(seed, draws++) >> 32) % below;
}

/* ---- the model ------------------------------------------------------------------------------------- */

typedef struct fact {
    uint64_t epoch;
    uint32_t boot;
} fact;

static struct {
    uint64_t now_ms;         /* device time */
    fact is, durable, known; /* of the device; in its store; as it was told */
    bool told;               /* anything, since the start */
    uint64_t obeyed_epoch;   /* greatest that ever took effect */
    uint32_t obeyed_sequence;
    sg_agent_order order;
    uint64_t accepted_at_ms, ends_ms;
    bool any;
    fact writing; /* on its way to the store */
    uint32_t writing_generation;
    int write_steps; /* until it is there; 0: none on its way */
    uint8_t image[SG_AGENT_IMAGE_SIZE];
    int32_t store_mw, cap_mw;
} world;

static bool live(const sg_agent_limits *limits)
{
    return world.any && world.now_ms < world.ends_ms &&
           world.now_ms - world.accepted_at_ms < limits->silence_ms;
}

static int32_t inside(int64_t x, int64_t low, int64_t high)
{
    return (int32_t)(x < low ? low : x > high ? high : x);
}

typedef struct sent {
    sg_agent_setpoint m;
    uint32_t size;
    bool broken_form, broken_tag;
} sent;

static sg_agent_verdict expected(const rig *r, const sent *s)
{
    const sg_agent_setpoint *m = &s->m;
    if (s->size != SG_AGENT_SETPOINT_SIZE) {
        return SG_AGENT_SIZE;
    }
    if (s->broken_form) {
        return SG_AGENT_FORM;
    }
    if (m->key_number != RIG_KEY_NUMBER) {
        return SG_AGENT_KEY;
    }
    if (m->device != RIG_DEVICE) {
        return SG_AGENT_DEVICE;
    }
    if (s->broken_tag) {
        return SG_AGENT_TAG;
    }
    if (m->epoch < world.is.epoch) {
        return SG_AGENT_EPOCH;
    }
    if (m->epoch > world.is.epoch) {
        world.is.epoch = m->epoch;
        world.obeyed_sequence = 0;
    }
    if (m->boot != world.is.boot) {
        return SG_AGENT_BOOT;
    }
    if (m->sequence <= world.obeyed_sequence) {
        return SG_AGENT_SEQUENCE;
    }
    if (m->from_ms > world.now_ms) {
        return SG_AGENT_FUTURE;
    }
    if (m->valid_ms < 1 || m->valid_ms > r->limits.valid_ms_max) {
        return SG_AGENT_SPAN;
    }
    if (m->from_ms + m->valid_ms <= world.now_ms) {
        return SG_AGENT_EXPIRED;
    }
    if (!world.told || world.known.epoch != world.is.epoch || world.known.boot != world.is.boot) {
        return SG_AGENT_UNSAVED;
    }
    world.obeyed_sequence = m->sequence;
    world.any = true;
    world.accepted_at_ms = world.now_ms;
    world.ends_ms = m->from_ms + m->valid_ms;
    world.order.mode = m->order.mode;
    world.order.cap_mw = inside(m->order.cap_mw, r->limits.cap_mw_min, r->limits.cap_mw_max);
    world.order.store_mw =
        inside(m->order.store_mw, -r->limits.charge_mw_max, r->limits.discharge_mw_max);
    return world.order.cap_mw == m->order.cap_mw && world.order.store_mw == m->order.store_mw
               ? SG_AGENT_ACCEPTED
               : SG_AGENT_CLAMPED;
}

/* ---- events ---------------------------------------------------------------------------------------- */

static long seen[SG_AGENT_VERDICTS], restarts, torn, lives;

static sent drawn_message(const rig *r)
{
    sent s = {rig_setpoint(r), SG_AGENT_SETPOINT_SIZE, false, false};
    sg_agent_setpoint *m = &s.m;
    m->valid_ms = 10 + draw(3000);
    m->from_ms -= m->from_ms < 100 ? 0 : draw(100);
    m->order.cap_mw = (int32_t)draw(1200000) - 50000;
    m->order.mode = (uint8_t)draw(2);
    m->order.store_mw = m->order.mode ? (int32_t)draw(800000) - 300000 : 0;
    switch (draw(24)) { /* one thing that is not as it should be; mostly nothing is */
    case 0:
        m->epoch += draw(3);
        break;
    case 1:
        m->epoch -= m->epoch ? draw(2) : 0;
        break;
    case 2:
        m->boot += draw(3) - 1;
        break;
    case 3:
        m->sequence -= draw(4);
        break;
    case 4:
        m->from_ms += draw(4);
        break;
    case 5:
        m->from_ms -= m->from_ms < 4000 ? m->from_ms : draw(4000);
        break;
    case 6:
        m->valid_ms = draw(3) * 5001;
        break;
    case 7:
        m->device ^= UINT64_C(1) << draw(64);
        break;
    case 8:
        m->key_number ^= (uint16_t)(1 << draw(16));
        break;
    case 9:
        m->sequence += draw(1000);
        break;
    default:
        break;
    }
    return s;
}

static void send(rig *r)
{
    sent s = drawn_message(r);
    uint8_t bytes[SG_AGENT_SETPOINT_SIZE + 4] = {0};
    sg_agent_seal(&s.m, RIG_KEY, bytes);
    uint32_t what = draw(24);
    if (what == 0) {
        bytes[SG_AGENT_SETPOINT_SIZE - 1 - draw(SG_AGENT_TAG_SIZE)] ^= (uint8_t)(1 << draw(8));
        s.broken_tag = true;
    } else if (what == 1) { /* a field that the seal covers and no check sees */
        bytes[16 + draw(32)] ^= (uint8_t)(1 << draw(8));
        s.broken_tag = true;
    } else if (what == 2) {
        bytes[draw(4)] ^= (uint8_t)(1 << draw(8));
        s.broken_form = true;
    } else if (what == 3) {
        s.size = draw(sizeof bytes);
    }
    sg_agent_verdict want = expected(r, &s);
    sg_agent_verdict got = sg_agent_receive(&r->limits, &r->agent, bytes, s.size);
    assert_int_equal(got, want);
    seen[got]++;
    if (got == SG_AGENT_ACCEPTED || got == SG_AGENT_CLAMPED) {
        assert_true(s.m.epoch >= world.obeyed_epoch); /* over all restarts and torn writes */
        world.obeyed_epoch = s.m.epoch;
        assert_int_equal(sg_agent_receive(&r->limits, &r->agent, bytes, s.size), SG_AGENT_SEQUENCE);
    }
}

/* The store is slow; what it finished, the device is told at its next step. */
static void move_store(rig *r)
{
    if (world.write_steps > 0 && --world.write_steps == 0) {
        memcpy(r->slots[world.writing_generation & 1], world.image, sizeof world.image);
        world.durable = world.writing;
        r->in.saved_generation = world.writing_generation;
    }
}

static int32_t magnitude(int32_t x)
{
    return x < 0 ? -x : x;
}

static void check_outputs(const rig *r, uint32_t dt_ms)
{
    const sg_agent_limits *l = &r->limits;
    const sg_agent_outputs *o = &r->out;
    const sg_agent_order *order = live(l) ? &world.order : &l->safe;
    assert_int_equal(!!(o->flags & SG_AGENT_LIVE), live(l));
    assert_true(r->agent.time_ms == world.now_ms);
    int64_t ramp_ms = dt_ms < 1000 ? dt_ms : 10;
    int64_t rise_mw = world.cap_mw + ramp_ms * l->cap_ramp_mw_per_ms;
    int32_t cap_mw = r->in.stop ? l->cap_mw_min : order->cap_mw;
    assert_int_equal(o->cap_mw, cap_mw < rise_mw ? cap_mw : rise_mw);

    int64_t load_mw = r->in.load_good ? r->in.load_mw : 0;
    int64_t room_mw = r->in.load_good ? o->cap_mw - load_mw : 0;
    int64_t least = -inside(room_mw, 0, l->charge_mw_max);
    int64_t most = inside(load_mw + l->export_mw_max, 0, l->discharge_mw_max);
    least = r->in.stored_j < l->full_j ? least : 0;
    most = r->in.stored_j > l->floor_j ? most : 0;
    if (r->in.stop || !r->in.store_good) {
        least = most = 0;
    }
    assert_true(o->store_mw >= least && o->store_mw <= most);
    assert_true(magnitude(o->store_mw) <=
                magnitude(world.store_mw) + ramp_ms * l->store_ramp_mw_per_ms);
    if (order->mode == SG_AGENT_POWER) { /* as near to the order as ramp and limits let it come */
        int64_t want = inside(order->store_mw, least, most);
        int64_t ramp_mw = ramp_ms * l->store_ramp_mw_per_ms;
        want = inside(want, world.store_mw - ramp_mw, world.store_mw + ramp_mw);
        assert_int_equal(o->store_mw, inside(want, least, most));
    }
    world.store_mw = o->store_mw;
    world.cap_mw = o->cap_mw;
}

static void step(rig *r)
{
    static const uint32_t jumps[] = {0,   UINT32_MAX, 0x80000000u, (uint32_t)-60000, 1, 19, 20,
                                     999, 1000,       1500};
    uint32_t kind = draw(40);
    uint32_t clock_ms = kind < 10 ? jumps[kind] : kind < 20 ? draw(400) : 10;
    uint32_t dt_ms = clock_ms == 0 || clock_ms > INT32_MAX ? 10 : clock_ms;
    if (draw(8) == 0) {
        r->in.load_mw = (int32_t)draw(1200000);
        r->in.stored_j = draw(110000);
        r->in.load_good = draw(8) != 0;
        r->in.store_good = draw(8) != 0;
        r->in.stop = draw(16) == 0;
    }
    move_store(r);
    if (r->agent.image_due && r->in.saved_generation == r->agent.generation) {
        world.known = world.durable;
        world.told = true;
    }
    world.now_ms += dt_ms;
    r->in.now_ms += clock_ms;
    sg_agent_step(&r->limits, &r->agent, &r->in, &r->out);
    check_outputs(r, dt_ms);
    if (r->out.image_due && world.write_steps == 0 &&
        r->agent.generation != r->in.saved_generation) {
        world.writing = world.is;
        world.writing_generation = r->agent.generation;
        world.write_steps = 1 + (int)draw(3);
        sg_agent_image(&r->agent, world.image);
    }
}

/* The power goes. A write on its way is torn at some byte. */
static void restart(rig *r)
{
    if (world.write_steps > 0) {
        uint32_t bytes = draw(SG_AGENT_IMAGE_SIZE + 1);
        uint8_t *slot = r->slots[world.writing_generation & 1];
        memset(slot, 0xff, SG_AGENT_IMAGE_SIZE);
        memcpy(slot, world.image, bytes);
        if (bytes == SG_AGENT_IMAGE_SIZE) {
            world.durable = world.writing;
        }
        torn++;
    }
    rig_restart(r);
    restarts++;
    assert_false(r->agent.locked);
    world.write_steps = 0;
    world.is = (fact){world.durable.epoch, world.durable.boot + 1};
    world.told = world.any = false;
    world.now_ms = 0;
    world.obeyed_sequence = 0;
    world.store_mw = 0;
    world.cap_mw = r->limits.safe.cap_mw;
    assert_int_equal(r->agent.boot, world.is.boot);
    assert_true(r->agent.epoch == world.is.epoch);
    sg_agent_step(&r->limits, &r->agent, &r->in, &r->out); /* its clock begins */
    check_outputs(r, 0);
    world.write_steps = 0;
    if (r->out.image_due) {
        world.writing = world.is;
        world.writing_generation = r->agent.generation;
        world.write_steps = 1 + (int)draw(3);
        sg_agent_image(&r->agent, world.image);
    }
}

static void new_life(rig *r)
{
    memset(r, 0, sizeof *r);
    memset(&world, 0, sizeof world);
    r->limits = rig_limits();
    r->limits.image_ms = draw(2) ? 0 : 500;
    r->limits.export_mw_max = draw(2) ? 0 : 50000;
    r->limits.safe = draw(2) ? r->limits.safe
                             : (sg_agent_order){100000 + (int32_t)draw(900000),
                                                (int32_t)draw(600000) - 200000, SG_AGENT_POWER};
    sg_agent_image_first(RIG_DEVICE, r->slots[1]);
    r->in = (sg_agent_inputs){.now_ms = draw(UINT32_MAX),
                              .load_mw = 100000,
                              .stored_j = 50000,
                              .load_good = true,
                              .store_good = true};
    lives++;
    restart(r);
}

static void a_million_sequences_go_as_the_rules_say(void **state)
{
    (void)state;
    static rig r;
    const char *scale = getenv("SYMGRID_TIME_SCALE");
    int sequences = scale && strtod(scale, NULL) > 1 ? SEQUENCES / 20 : SEQUENCES;
    for (int i = 0; i < sequences; i++) {
        if (i % LIFE == 0) {
            new_life(&r);
        }
        for (int k = 0; k < EVENTS; k++) {
            uint32_t what = draw(100);
            if (what < 40) {
                send(&r);
            } else if (what < 99) {
                step(&r);
            } else {
                restart(&r);
            }
        }
    }
    printf("%d sequences, %ld devices, %ld restarts, %ld writes torn; verdicts:", sequences, lives,
           restarts, torn);
    for (int v = SG_AGENT_ACCEPTED; v < SG_AGENT_VERDICTS; v++) {
        printf(" %ld", seen[v]);
        assert_true(v == SG_AGENT_LOCKED || seen[v] > 0);
    }
    printf("\n");
    assert_true(torn > 0);
}

int main(void)
{
    const char *text = getenv("SYMGRID_PROP_SEED");
    seed = text ? strtoull(text, NULL, 10) : 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_sequences_go_as_the_rules_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
