/* lithium_ion.h - what a caller may know of the battery's truth beside its tables (kind.h, model.h).
 *
 * State    state[SG_LITHIUM_ENERGY] is the energy above the floor of the charge window, J: of all packs, in service or not. The
 *          part of it in packs out of service is state[SG_LITHIUM_LOCKED]: kept, not usable, back with its pack.
 * Units    SI; power_w > 0 flows from the battery into the site bus.
 * Memory   the caller's arrays. Nothing is allocated. */
#ifndef SG_MODEL_LITHIUM_ION_H
#define SG_MODEL_LITHIUM_ION_H
#include "model/ageing.h"

#include <stdint.h>

enum {
    SG_LITHIUM_ENERGY,      /* J                                      */
    SG_LITHIUM_LOCKED,      /* J of it in packs out of service        */
    SG_LITHIUM_OUT,         /* packs out of service                   */
    SG_LITHIUM_TEMPERATURE, /* degC of the cells                      */
    SG_LITHIUM_AGE,         /* ageing.h's places from here            */
    SG_LITHIUM_STATE = SG_LITHIUM_AGE + SG_AGEING_STATE
};

/* Columns of as many batteries. */
typedef struct sg_lithium_ion_columns {
    const double *asked_w; /* powers asked for                              */
    double *energy_j;      /* before the step, then after it                */
    double *power_w;       /* that flow; may be the column of those asked for */
    double *loss_j;        /* lost in the step                              */
} sg_lithium_ion_columns;

/* One step of `count` batteries of the same parameters by their energy alone. Limits, one-way efficiencies, standing loss,
 * auxiliaries and charge window count; packs out of service, tapering, resistance, temperature and ageing do not. With those at
 * their presets it gives the bits of the model's step. p as in the kind's table, dt_s > 0, powers finite; nothing is checked.
 * @effects alloc=no block=no fails=never */
void sg_lithium_ion_energy_batch(const double *p, double dt_s, int64_t count,
                                 const sg_lithium_ion_columns *columns);
#endif
