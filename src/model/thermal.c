/* thermal - cold or heat made ahead. Energy is counted as the electricity that the chillers do not need later.
 * Limits   `discharge` is avoided cooling power, so it is useful only up to the cooling load of the site. */
#include "model/kind.h"

#include <math.h>

enum { CAPACITY, POWER, EFFICIENCY, STANDING, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL, "electrical equivalent", ""},
    [POWER] = {"power", SG_DIM_POWER, NAN, 0, 1e11, NULL, "electrical, both ways", ""},
    [EFFICIENCY] = {"round_trip_efficiency", SG_DIM_FRACTION, 0.9, 0.05, 1, NULL,
                    "electricity in to electricity avoided", ""},
    [STANDING] = {"standing_loss", SG_DIM_RATE, 0.01 / 3600, 0, 1e-4, NULL,
                  "through the insulation", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY],
        .charge_w_max = p[POWER],
        .discharge_w_max = p[POWER],
        .charge_eff = p[EFFICIENCY],
        .discharge_eff = 1,
        .standing_loss_per_h = p[STANDING] * 3600,
    };
}

const sg_kind sg_kind_thermal = {
    .name = "thermal",
    .title = "thermal store",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
};
