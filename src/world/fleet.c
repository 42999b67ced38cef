#include "world/fleet.h"

#include "agent/sha256.h"
#include "base/prng.h"

#include <stdlib.h>

sg_agent_limits sg_fleet_limits(void)
{
    return (sg_agent_limits){
        .cap_mw_min = 100000,
        .cap_mw_max = 1000000,
        .charge_mw_max = 200000,
        .discharge_mw_max = 400000,
        .load_mw_max = 2000000,
        .idle_mw = 150000,
        .floor_j = 10000,
        .low_j = 30000,
        .high_j = 80000,
        .full_j = 100000,
        .store_ramp_mw_per_ms = 400,
        .cap_ramp_mw_per_ms = 500,
        .nominal_mhz = 50000,
        .deadband_mhz = 36,
        .droop_mw_per_mhz = 160, /* 5 % */
        .silence_ms = 2000,
        .valid_ms_max = 10000,
        .image_ms = 900000,
        .safe = {.cap_mw = 600000, .mode = SG_AGENT_MARKS},
    };
}

static void key_of(uint64_t seed, uint64_t device, uint8_t ret[SG_AGENT_KEY_SIZE])
{
    uint8_t master[8], number[8];
    for (int i = 0; i < 8; i++) {
        master[i] = (uint8_t)(seed >> 8 * i);
        number[i] = (uint8_t)(device >> 8 * i);
    }
    sg_hmac_sha256(master, sizeof master, number, sizeof number, ret);
}

static void open_device(sg_fleet *self, int64_t i)
{
    uint8_t key[SG_AGENT_KEY_SIZE], image[SG_AGENT_IMAGE_SIZE], none[SG_AGENT_IMAGE_SIZE] = {0};
    uint64_t number = (uint64_t)i + 1;
    uint64_t drawn = sg_prng_u64(self->seed, number) % ((uint64_t)self->limits.full_j + 1);
    key_of(self->seed, number, key);
    sg_agent_image_first(number, image);
    sg_agent_start(&self->agent[i], number, 0, key, none, image);
    self->device[i] = (sg_fleet_device){.stored_uj = (int64_t)drawn * 1000000,
                                        .cap_mw = self->limits.safe.cap_mw};
}

bool sg_fleet_open(sg_fleet *self, int64_t count, uint64_t seed, const sg_agent_limits *limits)
{
    *self = (sg_fleet){.limits = *limits, .count = count, .seed = seed};
    self->agent = calloc((size_t)count, sizeof *self->agent);
    self->device = calloc((size_t)count, sizeof *self->device);
    if (!self->agent || !self->device) {
        sg_fleet_close(self);
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        open_device(self, i);
    }
    return true;
}

void sg_fleet_close(sg_fleet *self)
{
    free(self->agent);
    free(self->device);
    self->agent = NULL;
    self->device = NULL;
}

size_t sg_fleet_bytes(void)
{
    return sizeof(sg_agent) + sizeof(sg_fleet_device);
}

/* Idle a third of the seconds, else anything up to 800 W; never above its cap. */
static int32_t load_mw(const sg_fleet *self, int64_t i, uint64_t second)
{
    uint64_t drawn = sg_prng_u64(self->seed ^ second << 32, (uint64_t)i);
    int32_t wants_mw = drawn % 3 == 0 ? 100000 : (int32_t)(drawn >> 32 & 0x7ffff) + 160000;
    return wants_mw < self->device[i].cap_mw ? wants_mw : self->device[i].cap_mw;
}

static void add(sg_fleet_sums *sums, const sg_fleet_device *d, const sg_agent_outputs *out,
                uint32_t dt_ms)
{
    sums->load_uj += (int64_t)d->load_mw * dt_ms;
    sums->charge_uj -= d->store_mw < 0 ? (int64_t)d->store_mw * dt_ms : 0;
    sums->discharge_uj += d->store_mw > 0 ? (int64_t)d->store_mw * dt_ms : 0;
    sums->load_mw += d->load_mw;
    sums->store_mw += out->store_mw;
    sums->cap_mw += out->cap_mw;
    sums->request_mw += out->request_mw;
    sums->offer_mw += out->offer_mw;
    sums->live += out->flags & SG_AGENT_LIVE;
}

void sg_fleet_step(sg_fleet *self, int64_t first, int64_t count, uint32_t now_ms, uint32_t dt_ms,
                   uint32_t frequency_mhz, sg_fleet_sums *ret)
{
    *ret = (sg_fleet_sums){0};
    for (int64_t i = first; i < first + count; i++) {
        sg_agent *agent = &self->agent[i];
        sg_fleet_device *d = &self->device[i];
        d->load_mw = load_mw(self, i, agent->time_ms / 1000);
        d->stored_uj -= (int64_t)d->store_mw * dt_ms;
        const sg_agent_inputs in = {.now_ms = now_ms,
                                    .load_mw = d->load_mw,
                                    .store_mw = d->store_mw,
                                    .stored_j =
                                        d->stored_uj > 0 ? (uint32_t)(d->stored_uj / 1000000) : 0,
                                    .frequency_mhz = frequency_mhz,
                                    .load_good = true,
                                    .store_good = true,
                                    .saved_generation = agent->generation};
        sg_agent_outputs out;
        sg_agent_step(&self->limits, agent, &in, &out);
        add(ret, d, &out, dt_ms);
        d->cap_mw = out.cap_mw;
        d->store_mw = out.store_mw;
    }
}

void sg_fleet_seal(const sg_fleet *self, int64_t device, const sg_agent_order *order,
                   uint32_t valid_ms, uint8_t ret[SG_AGENT_SETPOINT_SIZE])
{
    const sg_agent *agent = &self->agent[device];
    const sg_agent_setpoint setpoint = {.device = agent->device,
                                        .epoch = agent->epoch,
                                        .from_ms = agent->time_ms,
                                        .boot = agent->boot,
                                        .sequence = agent->sequence + 1,
                                        .valid_ms = valid_ms,
                                        .key_number = agent->key_number,
                                        .order = *order};
    sg_agent_seal(&setpoint, agent->key, ret);
}

int64_t sg_fleet_receive(sg_fleet *self, int64_t first, int64_t count,
                         const uint8_t messages[][SG_AGENT_SETPOINT_SIZE])
{
    int64_t taken = 0;
    for (int64_t i = 0; i < count; i++) {
        sg_agent_verdict verdict = sg_agent_receive(&self->limits, &self->agent[first + i],
                                                    messages[i], SG_AGENT_SETPOINT_SIZE);
        taken += verdict == SG_AGENT_ACCEPTED || verdict == SG_AGENT_CLAMPED;
    }
    return taken;
}
