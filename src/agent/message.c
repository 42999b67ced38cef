/* message.c - set-points in, reports out. Offsets: docs/agent.md. */
#include "agent/agent.h"

#include "agent/bounds.h"
#include "agent/bytes.h"
#include "agent/sha256.h"

static const uint8_t SETPOINT[4] = {'S', 'G', 'P', '1'}, REPORT[4] = {'S', 'G', 'R', '1'};

enum { SETPOINT_BODY = SG_AGENT_SETPOINT_SIZE - SG_AGENT_TAG_SIZE };
enum { REPORT_BODY = SG_AGENT_REPORT_SIZE - SG_AGENT_TAG_SIZE };
_Static_assert(REPORT_BODY == 104 + 4 * (SG_AGENT_VERDICTS - 1), "a counter for every verdict");

static void put_head(uint8_t *p, const uint8_t magic[4], uint16_t key_number)
{
    for (unsigned i = 0; i < 4; i++) {
        p[i] = magic[i];
    }
    p[4] = (uint8_t)key_number;
    p[5] = (uint8_t)(key_number >> 8);
}

void sg_agent_seal(const sg_agent_setpoint *setpoint, const uint8_t key[SG_AGENT_KEY_SIZE],
                   uint8_t ret[SG_AGENT_SETPOINT_SIZE])
{
    put_head(ret, SETPOINT, setpoint->key_number);
    ret[6] = setpoint->order.mode;
    ret[7] = 0;
    sg_agent_put_u64(ret + 8, setpoint->device);
    sg_agent_put_u64(ret + 16, setpoint->epoch);
    sg_agent_put_u64(ret + 24, setpoint->from_ms);
    sg_agent_put_u32(ret + 32, setpoint->boot);
    sg_agent_put_u32(ret + 36, setpoint->sequence);
    sg_agent_put_u32(ret + 40, setpoint->valid_ms);
    sg_agent_put_u32(ret + 44, (uint32_t)setpoint->order.cap_mw);
    sg_agent_put_u32(ret + 48, (uint32_t)setpoint->order.store_mw);
    sg_hmac_sha256(key, SG_AGENT_KEY_SIZE, ret, SETPOINT_BODY, ret + SETPOINT_BODY);
}

static void open_message(const uint8_t *p, sg_agent_setpoint *ret)
{
    ret->key_number = (uint16_t)(p[4] | p[5] << 8);
    ret->order.mode = p[6];
    ret->device = sg_agent_u64(p + 8);
    ret->epoch = sg_agent_u64(p + 16);
    ret->from_ms = sg_agent_u64(p + 24);
    ret->boot = sg_agent_u32(p + 32);
    ret->sequence = sg_agent_u32(p + 36);
    ret->valid_ms = sg_agent_u32(p + 40);
    ret->order.cap_mw = (int32_t)sg_agent_u32(p + 44);
    ret->order.store_mw = (int32_t)sg_agent_u32(p + 48);
}

/* Is it a set-point for this device, from one who has the key? */
static sg_agent_verdict authenticate(const sg_agent *self, const uint8_t *message, uint32_t size,
                                     sg_agent_setpoint *ret)
{
    uint8_t tag[SG_AGENT_TAG_SIZE];
    if (self->locked) {
        return SG_AGENT_LOCKED;
    }
    if (size != SG_AGENT_SETPOINT_SIZE) {
        return SG_AGENT_SIZE;
    }
    open_message(message, ret);
    if (!sg_agent_bytes_equal(message, SETPOINT, 4) || message[7] ||
        ret->order.mode > SG_AGENT_POWER ||
        (ret->order.mode == SG_AGENT_MARKS && ret->order.store_mw)) {
        return SG_AGENT_FORM;
    }
    if (ret->key_number != self->key_number) {
        return SG_AGENT_KEY;
    }
    if (ret->device != self->device) {
        return SG_AGENT_DEVICE;
    }
    sg_hmac_sha256(self->key, SG_AGENT_KEY_SIZE, message, SETPOINT_BODY, tag);
    return sg_agent_bytes_equal(tag, message + SETPOINT_BODY, SG_AGENT_TAG_SIZE) ? SG_AGENT_NOTHING
                                                                                 : SG_AGENT_TAG;
}

/* The fence comes first and moves with every good seal: that an epoch began stays true even where the message that says
 * so is late, or from before a restart. */
static sg_agent_verdict place_in_time(const sg_agent_limits *limits, sg_agent *self,
                                      const sg_agent_setpoint *m)
{
    if (m->epoch < self->epoch) {
        return SG_AGENT_EPOCH;
    }
    if (m->epoch > self->epoch) {
        self->epoch = m->epoch;
        self->sequence = 0;
        self->fence_raised = true;
    }
    if (m->boot != self->boot) {
        return SG_AGENT_BOOT;
    }
    if (m->sequence <= self->sequence) {
        return SG_AGENT_SEQUENCE;
    }
    if (m->from_ms > self->time_ms) {
        return SG_AGENT_FUTURE;
    }
    if (m->valid_ms == 0 || m->valid_ms > limits->valid_ms_max) {
        return SG_AGENT_SPAN;
    }
    if (self->time_ms - m->from_ms >= m->valid_ms) {
        return SG_AGENT_EXPIRED;
    }
    return self->fence_raised || self->fence_saving ? SG_AGENT_UNSAVED : SG_AGENT_NOTHING;
}

static sg_agent_verdict take(const sg_agent_limits *limits, sg_agent *self,
                             const sg_agent_setpoint *m)
{
    sg_agent_order *order = &self->order;
    order->mode = m->order.mode;
    order->cap_mw = sg_agent_clamped(m->order.cap_mw, limits->cap_mw_min, limits->cap_mw_max);
    order->store_mw =
        sg_agent_clamped(m->order.store_mw, -limits->charge_mw_max, limits->discharge_mw_max);
    self->sequence = m->sequence;
    self->left_ms = m->valid_ms - (uint32_t)(self->time_ms - m->from_ms);
    self->silent_ms = 0;
    bool same = order->cap_mw == m->order.cap_mw && order->store_mw == m->order.store_mw;
    return same ? SG_AGENT_ACCEPTED : SG_AGENT_CLAMPED;
}

sg_agent_verdict sg_agent_receive(const sg_agent_limits *limits, sg_agent *self,
                                  const uint8_t *message, uint32_t size)
{
    sg_agent_setpoint m;
    sg_agent_verdict verdict = authenticate(self, message, size, &m);
    if (verdict == SG_AGENT_NOTHING) {
        verdict = place_in_time(limits, self, &m);
    }
    if (verdict == SG_AGENT_NOTHING) {
        verdict = take(limits, self, &m);
    }
    self->verdict = (uint8_t)verdict;
    sg_agent_count(&self->count[verdict]);
    return verdict;
}

void sg_agent_report(const sg_agent *self, const sg_agent_inputs *in, const sg_agent_outputs *out,
                     uint8_t ret[SG_AGENT_REPORT_SIZE])
{
    put_head(ret, REPORT, self->key_number);
    ret[6] = out->flags;
    ret[7] = self->verdict;
    sg_agent_put_u64(ret + 8, self->device);
    sg_agent_put_u64(ret + 16, self->epoch);
    sg_agent_put_u64(ret + 24, self->time_ms);
    sg_agent_put_u32(ret + 32, self->boot);
    sg_agent_put_u32(ret + 36, self->sequence);
    sg_agent_put_u32(ret + 40, (uint32_t)out->cap_mw);
    sg_agent_put_u32(ret + 44, (uint32_t)out->store_mw);
    sg_agent_put_u32(ret + 48, (uint32_t)in->load_mw);
    sg_agent_put_u32(ret + 52, in->stored_j);
    sg_agent_put_u32(ret + 56, in->frequency_mhz);
    sg_agent_put_u32(ret + 60, (uint32_t)out->request_mw);
    sg_agent_put_u32(ret + 64, (uint32_t)out->offer_mw);
    sg_agent_put_u64(ret + 68, self->load_uj);
    sg_agent_put_u64(ret + 76, self->charge_uj);
    sg_agent_put_u64(ret + 84, self->discharge_uj);
    sg_agent_put_u32(ret + 92, self->late_steps);
    sg_agent_put_u32(ret + 96, self->clock_faults);
    sg_agent_put_u32(ret + 100, self->gaps);
    for (unsigned i = 1; i < SG_AGENT_VERDICTS; i++) {
        sg_agent_put_u32(ret + 100 + 4 * i, self->count[i]);
    }
    sg_hmac_sha256(self->key, SG_AGENT_KEY_SIZE, ret, REPORT_BODY, ret + REPORT_BODY);
}
