/* accelerator.h - power of servers that train one model together: compute, communication and checkpoint in turn.
 *
 * Units    W and s; powers are of one server.
 * Sign     power is drawn from the supply, >= 0.
 * Memory   pure functions.
 * Source   the shape (synchronous steps, a dip in each, longer plateaus between them) after "Power stabilization for AI training
 *          datacenters", arXiv:2508.14318; presets fitted to data/training_power_h100 (data/README.md).
 * Limits   one job, all servers alike. */
#ifndef SG_MODEL_ACCELERATOR_H
#define SG_MODEL_ACCELERATOR_H
#include <stdint.h>

typedef struct sg_training {
    double idle_w;
    double compute_w;       /* for step_s - communication_s of each step           */
    double communication_w; /* for the rest of the step                             */
    double checkpoint_w;    /* for checkpoint_s after every steps_per_checkpoint    */
    double step_s, communication_s, checkpoint_s;
    double steps_per_checkpoint; /* a whole number >= 1                             */
    double spread_s;             /* over which servers (or their meters) follow one another */
    double jitter_s;             /* standard deviation of the time of each dip      */
    uint64_t seed;               /* of the jitter                                   */
} sg_training;

typedef enum sg_training_phase {
    SG_TRAINING_IDLE,
    SG_TRAINING_COMPUTE,
    SG_TRAINING_COMMUNICATION,
    SG_TRAINING_CHECKPOINT,
} sg_training_phase;

/* Mean power of a server after work_s >= 0 of uncapped work. @effects alloc=no block=no fails=never */
double sg_training_power_w(const sg_training *self, double work_s);

/* @effects alloc=no block=no fails=never */
sg_training_phase sg_training_phase_at(const sg_training *self, double work_s);
#endif
