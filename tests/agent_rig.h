/* agent_rig.h - a device for the tests of the agent: limits that are sound, a key, and set-points sealed for it. */
#ifndef AGENT_RIG_H
#define AGENT_RIG_H
#include "agent/agent.h"

#include <string.h>

static const uint8_t RIG_KEY[SG_AGENT_KEY_SIZE] = {
    0x3a, 0x1f, 0x90, 0x07, 0xc4, 0x55, 0xee, 0x21, 0x68, 0xb3, 0x0d, 0x7c, 0x92, 0xa6, 0xf1, 0x14,
    0x5e, 0x83, 0x2b, 0xd9, 0x40, 0xcf, 0x77, 0x06, 0xba, 0x19, 0xe8, 0x6d, 0x31, 0x9c, 0x02, 0xfd};
enum { RIG_DEVICE = 4711, RIG_KEY_NUMBER = 3 };

/* A server of 800 W with a cell of 100 kJ. */
static inline sg_agent_limits rig_limits(void)
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
        .store_ramp_mw_per_ms = 1000,
        .cap_ramp_mw_per_ms = 500,
        .nominal_mhz = 50000,
        .deadband_mhz = 20,
        .silence_ms = 2000,
        .valid_ms_max = 10000,
        .safe = {.cap_mw = 300000, .mode = SG_AGENT_MARKS},
    };
}

typedef struct rig {
    sg_agent_limits limits;
    sg_agent agent;
    sg_agent_inputs in;
    sg_agent_outputs out;
    uint8_t slots[2][SG_AGENT_IMAGE_SIZE];
    uint8_t message[SG_AGENT_SETPOINT_SIZE];
} rig;

/* A step of dt_ms; images are saved at once. */
static inline void rig_step(rig *r, uint32_t dt_ms)
{
    r->in.now_ms += dt_ms;
    sg_agent_step(&r->limits, &r->agent, &r->in, &r->out);
    if (r->out.image_due) {
        sg_agent_image(&r->agent, r->slots[r->agent.generation & 1]);
        r->in.saved_generation = r->agent.generation;
    }
    r->in.message = NULL;
}

static inline void rig_steps(rig *r, int count)
{
    for (int i = 0; i < count; i++) {
        rig_step(r, SG_AGENT_STEP_MS);
    }
}

static inline void rig_restart(rig *r)
{
    sg_agent_start(&r->agent, RIG_DEVICE, RIG_KEY_NUMBER, RIG_KEY, r->slots[0], r->slots[1]);
    r->in.saved_generation = 0;
}

/* Commissioned, started, its first image saved; the clock is about to wrap. */
static inline void rig_open(rig *r)
{
    memset(r, 0, sizeof *r);
    r->limits = rig_limits();
    sg_agent_image_first(RIG_DEVICE, r->slots[1]);
    rig_restart(r);
    r->in = (sg_agent_inputs){.now_ms = UINT32_MAX - 500,
                              .load_mw = 100000,
                              .stored_j = 50000,
                              .load_good = true,
                              .store_good = true};
    rig_steps(r, 3);
}

/* What a controller in order would send next. */
static inline sg_agent_setpoint rig_setpoint(const rig *r)
{
    return (sg_agent_setpoint){.device = RIG_DEVICE,
                               .epoch = r->agent.epoch,
                               .from_ms = r->agent.time_ms,
                               .boot = r->agent.boot,
                               .sequence = r->agent.sequence + 1,
                               .valid_ms = 1000,
                               .key_number = RIG_KEY_NUMBER,
                               .order = {500000, 0, SG_AGENT_MARKS}};
}

static inline sg_agent_verdict rig_send(rig *r, const sg_agent_setpoint *m)
{
    sg_agent_seal(m, RIG_KEY, r->message);
    return sg_agent_receive(&r->limits, &r->agent, r->message, sizeof r->message);
}
#endif
