/* The device loop under any bytes: a program of steps with any inputs, messages raw and sealed, restarts with any damage to one
 * slot. Whatever comes, outputs stay inside the limits, the fence never falls and registers never run backwards. */
#include "agent/agent.h"
#include "base/check.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t KEY[SG_AGENT_KEY_SIZE] = "a key that everybody may know..";
enum { DEVICE = 7, KEY_NUMBER = 1 };

typedef struct bytes {
    const uint8_t *at;
    size_t left;
} bytes;

/* Zeros after the end. */
static uint64_t take(bytes *in, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value = value << 8 | (in->left ? *in->at : 0);
        in->at += in->left > 0;
        in->left -= in->left > 0;
    }
    return value;
}

/* Any limits at all; only sound ones are used. */
static sg_agent_limits taken_limits(bytes *in)
{
    sg_agent_limits l = {.cap_mw_min = 100,
                         .cap_mw_max = 1000,
                         .charge_mw_max = (int32_t)take(in, 4),
                         .discharge_mw_max = (int32_t)take(in, 4),
                         .export_mw_max = (int32_t)take(in, 4),
                         .load_mw_max = SG_AGENT_POWER_MW_MAX,
                         .idle_mw = 50,
                         .low_j = 10,
                         .high_j = 20,
                         .full_j = UINT32_MAX,
                         .store_ramp_mw_per_ms = (uint32_t)take(in, 4),
                         .cap_ramp_mw_per_ms = (uint32_t)take(in, 4),
                         .nominal_mhz = 50000,
                         .deadband_mhz = 20,
                         .droop_mw_per_mhz = (uint32_t)take(in, 4),
                         .silence_ms = 1000,
                         .valid_ms_max = 5000,
                         .image_ms = 100,
                         .safe = {.cap_mw = 500}};
    if (take(in, 1) & 1) {
        l.cap_mw_max = SG_AGENT_POWER_MW_MAX;
    }
    return l;
}

typedef struct device {
    sg_agent_limits limits;
    sg_agent agent;
    sg_agent_inputs in;
    sg_agent_outputs out;
    uint8_t slots[2][SG_AGENT_IMAGE_SIZE];
} device;

static void step(device *d, bytes *in)
{
    uint8_t kind = (uint8_t)take(in, 1);
    d->in.now_ms += kind & 1 ? 10 : (uint32_t)take(in, 4);
    if (kind & 2) {
        d->in.load_mw = (int32_t)take(in, 4);
        d->in.store_mw = (int32_t)take(in, 4);
        d->in.stored_j = (uint32_t)take(in, 4);
        d->in.frequency_mhz = (uint32_t)take(in, 4);
    }
    d->in.load_good = kind & 4;
    d->in.store_good = kind & 8;
    d->in.stop = kind & 16;
    uint64_t load_uj = d->agent.load_uj, time_ms = d->agent.time_ms;
    sg_agent_step(&d->limits, &d->agent, &d->in, &d->out);
    const sg_agent_limits *l = &d->limits;
    SG_CHECK(d->out.store_mw >= -l->charge_mw_max && d->out.store_mw <= l->discharge_mw_max);
    SG_CHECK(d->out.cap_mw >= l->cap_mw_min && d->out.cap_mw <= l->cap_mw_max);
    SG_CHECK(d->agent.load_uj >= load_uj && d->agent.time_ms >= time_ms);
    SG_CHECK(!(kind & 16) || d->out.store_mw == 0);
    SG_CHECK((kind & 8) || d->out.store_mw == 0);
    if (d->out.image_due && !(kind & 32)) {
        sg_agent_image(&d->agent, d->slots[d->agent.generation & 1]);
        d->in.saved_generation = d->agent.generation;
    }
}

static void receive(device *d, bytes *in, bool sealed)
{
    uint8_t message[SG_AGENT_SETPOINT_SIZE + 8];
    uint64_t epoch = d->agent.epoch;
    uint32_t size = SG_AGENT_SETPOINT_SIZE;
    if (sealed) {
        uint8_t how = (uint8_t)take(in, 1);
        sg_agent_setpoint m = {.device = DEVICE,
                               .epoch = epoch + (how & 3),
                               .from_ms = d->agent.time_ms - (how & 4 ? take(in, 2) : 0),
                               .boot = d->agent.boot,
                               .sequence = d->agent.sequence + (how >> 3 & 3),
                               .valid_ms = how & 32 ? (uint32_t)take(in, 4) : 1000,
                               .key_number = KEY_NUMBER,
                               .order = {(int32_t)take(in, 4), (int32_t)take(in, 4), how >> 6 & 1}};
        sg_agent_seal(&m, KEY, message);
    } else {
        size = (uint32_t)take(in, 1) % sizeof message;
        for (uint32_t i = 0; i < size; i++) {
            message[i] = (uint8_t)take(in, 1);
        }
    }
    uint32_t sequence = d->agent.sequence;
    sg_agent_verdict verdict = sg_agent_receive(&d->limits, &d->agent, message, size);
    bool obeyed = verdict == SG_AGENT_ACCEPTED || verdict == SG_AGENT_CLAMPED;
    SG_CHECK(verdict > SG_AGENT_NOTHING && verdict < SG_AGENT_VERDICTS);
    SG_CHECK(sealed || !obeyed); /* nobody guesses a tag */
    SG_CHECK(d->agent.epoch >= epoch);
    SG_CHECK(!obeyed || d->agent.epoch > epoch || d->agent.sequence > sequence);
}

static void restart(device *d, bytes *in)
{
    uint64_t epoch = d->agent.epoch;
    /* one that is locked has lost its images, and finds one again where the damage is undone */
    bool saved =
        !d->agent.locked && d->in.saved_generation == d->agent.generation && !d->agent.fence_raised;
    uint8_t *slot = d->slots[(d->agent.generation + 1) & 1]; /* the older one */
    for (unsigned i = (unsigned)take(in, 1) % SG_AGENT_IMAGE_SIZE; i < SG_AGENT_IMAGE_SIZE; i++) {
        slot[i] ^= (uint8_t)take(in, 1);
    }
    sg_agent_start(&d->agent, DEVICE, KEY_NUMBER, KEY, d->slots[0], d->slots[1]);
    SG_CHECK(!saved || d->agent.locked || d->agent.epoch == epoch);
    d->in.saved_generation = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes in = {data, size};
    device d = {.limits = taken_limits(&in)};
    if (sg_agent_limits_check(&d.limits) != SG_AGENT_SOUND) {
        return 0;
    }
    sg_agent_image_first(DEVICE, d.slots[1]);
    sg_agent_start(&d.agent, DEVICE, KEY_NUMBER, KEY, d.slots[0], d.slots[1]);
    while (in.left) {
        switch (take(&in, 1) & 7) {
        case 0:
            receive(&d, &in, false);
            break;
        case 1:
        case 2:
            receive(&d, &in, true);
            break;
        case 3:
            restart(&d, &in);
            break;
        default:
            step(&d, &in);
            break;
        }
    }
    uint8_t report[SG_AGENT_REPORT_SIZE];
    sg_agent_report(&d.agent, &d.in, &d.out, report);
    return 0;
}
