/* lithium_ion - battery as an energy reservoir with fixed one-way losses.
 * Source   round trip 88 % AC to AC at the default, the middle of what utility systems report.
 * Limits   no ageing and no temperature yet: cycle_life only prices wear in reports. */
#include "model/kind.h"

#include <math.h>

enum { CAPACITY, DISCHARGE, CHARGE, EFFICIENCY, COOLING, CYCLE_LIFE, STANDING, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL, "usable energy", ""},
    [DISCHARGE] = {"discharge_rate", SG_DIM_POWER, NAN, 0, 1e11, NULL, "most it gives", ""},
    [CHARGE] = {"charge_rate", SG_DIM_POWER, -1, 0, 1e11, NULL,
                "most it takes; as discharge_rate if not given", ""},
    [EFFICIENCY] = {"round_trip_efficiency", SG_DIM_FRACTION, 0.88, 0.05, 1, NULL, "AC to AC", ""},
    [COOLING] = {"cooling", SG_DIM_NONE, 0, 0, 0, "", "label", ""},
    [CYCLE_LIFE] = {"cycle_life", SG_DIM_NONE, 5000, 1, 1e7, NULL,
                    "full cycles to the end of its life", ""},
    [STANDING] = {"standing_loss", SG_DIM_RATE, 0.02 / (30 * 86400.0), 0, 1e-5, NULL,
                  "share of the energy lost while it stands", "about 2 % a month"},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY],
        .charge_w_max = p[CHARGE] >= 0 ? p[CHARGE] : p[DISCHARGE],
        .discharge_w_max = p[DISCHARGE],
        .charge_eff = sqrt(p[EFFICIENCY]),
        .discharge_eff = sqrt(p[EFFICIENCY]),
        .standing_loss_per_h = p[STANDING] * 3600,
    };
}

const sg_kind sg_kind_lithium_ion = {
    .name = "lithium_ion",
    .title = "lithium-ion battery",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
};
