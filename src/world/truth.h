/* truth.h - what the devices of a simulated plant really do: their kind's model where it has one, else its lumped equation.
 *
 * Units    SI; store power > 0 flows into the bus.
 * Memory   points into the caller's block of sg_truth_doubles() doubles; nothing is allocated in a step. */
#ifndef SG_WORLD_TRUTH_H
#define SG_WORLD_TRUTH_H
#include "model/model.h"
#include "site/plant.h"

typedef struct sg_truth_group {
    const sg_model *model; /* NULL: the lumped equation */
    double *state,
        *tried;      /* [member][model->state_count]: now, and after the step that was tried last */
    int packs_input; /* of the model's inputs, or -1 */
    int packs_param; /* of its parameters, or -1 */
    int soh_output;  /* of the model's outputs, or -1 */
} sg_truth_group;

/* A store's step. */
typedef struct sg_store_step {
    double power_w; /* that flows at the bus   */
    double energy_j;
    double loss_j;
    double soh_frac; /* NAN where the model has none */
} sg_store_step;

typedef struct sg_truth {
    const sg_site *site;
    const sg_plant *plant;
    sg_truth_group group[SG_GROUP_MAX];
    sg_store_step *tried; /* [store] */
    uint8_t *lumped;      /* [store] stepped by its lumped equation although it has a model */
} sg_truth;

/* What surrounds the devices in a step: when, and the means of the series over it. */
typedef struct sg_around {
    sg_now now;
    const double *series_mean; /* [series] */
} sg_around;

size_t sg_truth_doubles(const sg_site *site);
/* Every device at its start; stores hold energy_j[store]. */
void sg_truth_init(sg_truth *self, const sg_site *site, const sg_plant *plant, double *memory,
                   const double *energy_j);
void sg_truth_fill(sg_truth *self, int store, double energy_j);
/* From now on step stores by the lumped equation wherever it moves their energy to the same bits: many times as fast, and they
 * do not age. One that loses packs goes back to its model. */
void sg_truth_lump(sg_truth *self);

/* An input of a device as the step has it. */
double sg_truth_input(const sg_around *around, const sg_device *device, int input);

/* What the source could deliver in the step, W; asked_w tells one that must be started to run, and *ret_power_w (may be
 * NULL) is what that one gives. Its state moves on. */
double sg_truth_source_w(sg_truth *self, int source, double asked_w, const sg_around *around,
                         double *ret_power_w);

/* The store under a request, with energy_j in it and so many packs lost. Its state stays where it was. */
sg_store_step sg_truth_try(sg_truth *self, int store, double energy_j, double request_w,
                           double packs_lost, const sg_around *around);
/* What was tried last is what happened. */
const sg_store_step *sg_truth_commit(sg_truth *self, int store);
#endif
