/* fleet.h - simulated devices by the million, each with the very code that runs on a device (agent/agent.h).
 *
 * Every device is a load that is busy or idle, drawn anew each second, under the cap it was given, and a store that does what it
 * is told. The fleet keeps books of its own, so that the agents' registers can be held against them.
 *
 * Units    as in agent.h: mW, uJ, ms. Sign: store power > 0 flows into the bus.
 * Memory   one allocation; about sg_fleet_bytes() a device. A range of devices may be stepped by one thread at a time. */
#ifndef SG_WORLD_FLEET_H
#define SG_WORLD_FLEET_H
#include "agent/agent.h"

#include <stddef.h>

typedef struct sg_fleet_device {
    int64_t stored_uj;
    int32_t load_mw, store_mw; /* over the step that ended */
    int32_t cap_mw;
} sg_fleet_device;

/* Sums over the devices and steps of one call. */
typedef struct sg_fleet_sums {
    int64_t load_uj, charge_uj, discharge_uj;
    int64_t load_mw, store_mw, cap_mw, request_mw, offer_mw; /* now */
    int64_t live;
} sg_fleet_sums;

typedef struct sg_fleet {
    sg_agent_limits limits; /* of all */
    int64_t count;
    uint64_t seed;
    sg_agent *agent;
    sg_fleet_device *device;
} sg_fleet;

/* A server of 800 W with a cell of 28 Wh. */
sg_agent_limits sg_fleet_limits(void);
/* Device i has number i + 1 and the key HMAC-SHA-256(seed, number); stores are filled anyhow, images saved. False when
 * memory is exhausted. @effects alloc=yes block=no */
bool sg_fleet_open(sg_fleet *self, int64_t count, uint64_t seed, const sg_agent_limits *limits);
void sg_fleet_close(sg_fleet *self);
size_t sg_fleet_bytes(void); /* a device */

/* All devices from first on: one step of dt_ms that ends at now_ms. *ret is overwritten. @effects alloc=no block=no */
void sg_fleet_step(sg_fleet *self, int64_t first, int64_t count, uint32_t now_ms, uint32_t dt_ms,
                   uint32_t frequency_mhz, sg_fleet_sums *ret);

/* The next set-point for a device, as its controller seals it. */
void sg_fleet_seal(const sg_fleet *self, int64_t device, const sg_agent_order *order,
                   uint32_t valid_ms, uint8_t ret[SG_AGENT_SETPOINT_SIZE]);
/* How many devices from first on took these messages, one each. */
int64_t sg_fleet_receive(sg_fleet *self, int64_t first, int64_t count,
                         const uint8_t messages[][SG_AGENT_SETPOINT_SIZE]);
#endif
