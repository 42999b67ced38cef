/* device.h - what stands behind the agent: a simulated load and store, or files as the kernel's hwmon, power_supply and powercap
 * classes have them (decimal numbers; power in uW, energy in uWh, frequency in mHz).
 *
 * Files are opened once and read with pread. One that cannot be read, or holds no number, is a missing sample: a value, not an
 * error. Units inside as in agent.h. */
#ifndef SG_AGENTD_DEVICE_H
#define SG_AGENTD_DEVICE_H
#include "agentd/config.h"

typedef struct sg_agentd_device {
    const sg_agentd_config *config;
    int load_fd, store_fd, stored_fd, frequency_fd, stop_fd; /* -1: none */
    int cap_fd, store_to_fd;
    int32_t cap_mw, store_mw; /* last told to it */
    bool told;
    uint32_t write_faults;
    int64_t simulated_uj; /* in the simulated store */
} sg_agentd_device;

/* False after one line on stderr: a file that is named must be there. @effects alloc=no block=yes */
bool sg_agentd_device_open(sg_agentd_device *self, const sg_agentd_config *config);
void sg_agentd_device_close(sg_agentd_device *self);
/* Samples into *ret; dt_ms since the last call, for the simulated store. */
void sg_agentd_device_read(sg_agentd_device *self, uint32_t dt_ms, sg_agent_inputs *ret);
/* Tells the device what changed. */
void sg_agentd_device_write(sg_agentd_device *self, const sg_agent_outputs *out);
#endif
