/* flywheel - kinetic energy of a rotor between two speeds.
 * E = 1/2 J (w_max^2 - w_min^2); the standing loss is the bearing and windage drag at mean energy.
 * Source   defaults after a published 100 kW / 25 kWh unit at 16,000 rpm class; drag 2 %/h of the usable energy. */
#include "model/kind.h"

#include <math.h>

enum { CAPACITY, POWER, EFFICIENCY, STANDING, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, 25 * 3.6e6, 1, 1e13, NULL,
                  "usable energy between its speeds", ""},
    [POWER] = {"power", SG_DIM_POWER, 100e3, 0, 1e10, NULL, "of the motor-generator, both ways",
               ""},
    [EFFICIENCY] = {"round_trip_efficiency", SG_DIM_FRACTION, 0.85, 0.05, 1, NULL,
                    "electrical, without drag", ""},
    [STANDING] = {"drag", SG_DIM_RATE, 0.02 / 3600, 0, 1e-4, NULL,
                  "share of the energy lost to drag", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY],
        .charge_w_max = p[POWER],
        .discharge_w_max = p[POWER],
        .charge_eff = sqrt(p[EFFICIENCY]),
        .discharge_eff = sqrt(p[EFFICIENCY]),
        .standing_loss_per_h = p[STANDING] * 3600,
    };
}

const sg_kind sg_kind_flywheel = {
    .name = "flywheel",
    .title = "flywheel",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
};
