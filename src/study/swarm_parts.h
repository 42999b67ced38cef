/* swarm_parts.h - what the parts of a swarm run share. Private to the swarm. */
#ifndef SG_STUDY_SWARM_PARTS_H
#define SG_STUDY_SWARM_PARTS_H
#include "base/prng.h"
#include "study/swarm.h"

enum { SWARM_LOADS = 5 };

/* Numbers of one seed, in the order in which they are asked for. */
typedef struct swarm_dice {
    uint64_t seed, drawn;
    double rating_kw[SWARM_LOADS];
} swarm_dice;

static inline double swarm_unit(swarm_dice *self)
{
    return sg_prng_unit(self->seed, self->drawn++);
}

static inline int swarm_below(swarm_dice *self, int n)
{
    return (int)(swarm_unit(self) * n);
}

static inline double swarm_between(swarm_dice *self, double low, double high)
{
    return low + (high - low) * swarm_unit(self);
}

/* Evenly over orders of magnitude. */
double swarm_spread(swarm_dice *self, double low, double high);

/* Random device faults for the site; at most SG_FAULT_MAX. Returns how many. */
int swarm_device_faults(swarm_dice *self, const sg_site *site, sg_fault *ret);

/* --- what lies between plant and engine --- */

enum { SWARM_HISTORY = 16, SWARM_WAITING = 8 };

typedef struct swarm_turn {
    double every_s;       /* mean; 0: never  */
    uint64_t next, until; /* ticks */
} swarm_turn;

typedef struct swarm_ports {
    swarm_dice dice;
    swarm_turn turn[SG_PORT_FAULT_COUNT];
    uint64_t fired[SG_PORT_FAULT_COUNT];
    bool begins[SG_PORT_FAULT_COUNT], active[SG_PORT_FAULT_COUNT]; /* in this tick */
    sg_points points;
    double dt_s;
    /* frames of the last ticks, at their number modulo SWARM_HISTORY */
    double *value;
    uint8_t *quality;
    sg_readings frame;
    uint64_t number;
    int late; /* ticks */
    int64_t shift_us;
    /* commands on their way */
    int command_late;
    sg_command command[SWARM_HISTORY];
    double *watts;
    uint8_t *starts;
    int sources, stores, loads, ties;
} swarm_ports;

/* faults: false leaves all of them out. */
sg_status swarm_ports_open(swarm_ports *self, const sg_site *site, uint64_t seed, double dt_s,
                           bool faults);
void swarm_ports_close(swarm_ports *self);

/* A tick begins: which faults begin and which are active. */
void swarm_ports_tick(swarm_ports *self, uint64_t tick);
/* The frame that arrives in place of what was read. Valid until the next one. */
const sg_readings *swarm_ports_frame(swarm_ports *self, const sg_readings *readings);
/* Hand the command to the plant, or what of it arrives. */
void swarm_ports_command(swarm_ports *self, const sg_command *command, sg_world *world);
#endif
