/* hydrogen - electrolyser, tank and fuel cell. Energy is the lower heating value in the tank.
 * Limits   no minimum load and no start time yet. */
#include "model/kind.h"

#include <math.h>

enum { CAPACITY, ELECTROLYSER, FUEL_CELL, ELECTROLYSER_EFF, FUEL_CELL_EFF, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e16, NULL,
                  "lower heating value of a full tank", ""},
    [ELECTROLYSER] = {"electrolyser", SG_DIM_POWER, NAN, 0, 1e11, NULL, "electrical input", ""},
    [FUEL_CELL] = {"fuel_cell", SG_DIM_POWER, NAN, 0, 1e11, NULL, "electrical output", ""},
    [ELECTROLYSER_EFF] = {"electrolyser_efficiency", SG_DIM_FRACTION, 0.65, 0.05, 1, NULL,
                          "to lower heating value", ""},
    [FUEL_CELL_EFF] = {"fuel_cell_efficiency", SG_DIM_FRACTION, 0.5, 0.05, 1, NULL,
                       "of the lower heating value", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY],
        .charge_w_max = p[ELECTROLYSER],
        .discharge_w_max = p[FUEL_CELL],
        .charge_eff = p[ELECTROLYSER_EFF],
        .discharge_eff = p[FUEL_CELL_EFF],
    };
}

const sg_kind sg_kind_hydrogen = {
    .name = "hydrogen",
    .title = "hydrogen store",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
};
