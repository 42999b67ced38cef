/* information - work computed ahead and kept: answers in a cache are energy that need not be spent later.
 * The share of the stored work that is really asked for (hit_probability) is its discharge efficiency. */
#include "model/kind.h"

#include <math.h>

enum { CAPACITY, POWER, HIT, STANDING, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL,
                  "energy of the work that can be kept", ""},
    [POWER] = {"power", SG_DIM_POWER, NAN, 0, 1e11, NULL, "spent ahead, or saved later", ""},
    [HIT] = {"hit_probability", SG_DIM_FRACTION, 0.6, 0.01, 1, NULL,
             "share of the kept work that is asked for", ""},
    [STANDING] = {"expiry", SG_DIM_RATE, 0.02 / 3600, 0, 1e-3, NULL,
                  "share of the kept work that grows stale", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){
        .capacity_j = p[CAPACITY],
        .charge_w_max = p[POWER],
        .discharge_w_max = p[POWER],
        .charge_eff = 1,
        .discharge_eff = p[HIT],
        .standing_loss_per_h = p[STANDING] * 3600,
    };
}

const sg_kind sg_kind_information = {
    .name = "information",
    .title = "work computed ahead",
    .role = SG_STORE,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
};
