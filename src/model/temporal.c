/* temporal - work that may run earlier or later. Running ahead charges it, holding back discharges it; nothing is won or
 * lost, so the round trip is one. */
#include "model/kind.h"

#include <math.h>

enum { CAPACITY, POWER, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL,
                  "energy of the work that may be moved", ""},
    [POWER] = {"power", SG_DIM_POWER, NAN, 0, 1e11, NULL, "most that may be moved at a time", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){.capacity_j = p[CAPACITY],
                          .charge_w_max = p[POWER],
                          .discharge_w_max = p[POWER],
                          .charge_eff = 1,
                          .discharge_eff = 1};
}

const sg_kind sg_kind_temporal = {
    .name = "temporal",
    .title = "shiftable work",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
};
