/* quantum - hypothetical: no device of this kind exists. It can be declared and shown; it commands and delivers nothing. */
#include "model/kind.h"

#include <math.h>

enum { CAPACITY, POWER, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [CAPACITY] = {"capacity", SG_DIM_ENERGY, NAN, 1, 1e15, NULL, "hypothetical", ""},
    [POWER] = {"power", SG_DIM_POWER, NAN, 0, 1e11, NULL, "hypothetical", ""},
};

static void reservoir(const double *p, sg_reservoir *ret)
{
    *ret = (sg_reservoir){.capacity_j = p[CAPACITY], .charge_eff = 1, .discharge_eff = 1};
}

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    (void)p;
    if (i > 0) {
        return false;
    }
    const char text[] =
        "hypothetical physics: it is shown in outputs, and nothing is ever dispatched to it";
    for (size_t c = 0; c < sizeof text; c++) {
        ret[c] = text[c];
    }
    return true;
}

const sg_kind sg_kind_quantum = {
    .name = "quantum",
    .title = "quantum store (hypothetical)",
    .role = SG_STORE,
    .hypothetical = true,
    .params = params,
    .param_count = PARAM_COUNT,
    .reservoir = reservoir,
    .warning = warning,
};
