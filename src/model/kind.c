#include "model/kind.h"

#include "base/check.h"

#include <math.h>
#include <string.h>

#define SG_KIND(name) extern const sg_kind sg_kind_##name;
#include "model/kinds.def"
#undef SG_KIND

const sg_kind *const sg_kinds[] = {
#define SG_KIND(name) &sg_kind_##name,
#include "model/kinds.def"
#undef SG_KIND
};
const int sg_kind_count = SG_COUNT(sg_kinds);

const sg_kind *sg_kind_find(const char *name)
{
    for (int i = 0; i < sg_kind_count; i++) {
        if (strcmp(sg_kinds[i]->name, name) == 0) {
            return sg_kinds[i];
        }
    }
    return NULL;
}

static const sg_param store_params[SG_STORE_PARAM_COUNT] = {
    [SG_STORE_INITIAL] = {"initial", SG_DIM_FRACTION, 0.5, 0, 1, NULL, "charge at the start", ""},
    [SG_STORE_RESERVE] = {"reserve", SG_DIM_FRACTION, 0, 0, 1, NULL,
                          "kept for the bridge when the grid fails", ""},
    [SG_STORE_LOW_MARK] = {"low_mark", SG_DIM_FRACTION, 0.2, 0, 1, NULL,
                           "a device's cell asks for energy below it", ""},
    [SG_STORE_HIGH_MARK] = {"high_mark", SG_DIM_FRACTION, 0.8, 0, 1, NULL,
                            "a device's cell may give above it while its host is idle", ""},
    [SG_STORE_DUTY] = {"duty", SG_DIM_NONE, SG_DUTY_ENERGY, 0, 3, "energy|power|bridge|device",
                       "what the store is for: hours, seconds, ride-through, or its own device",
                       ""},
    [SG_STORE_WEAR] = {"wear", SG_DIM_PRICE_ENERGY, 0, 0, 1e-3, NULL,
                       "cost of wear per energy through the bus, each way", ""},
    [SG_STORE_RAMP] = {"ramp", SG_DIM_RAMP, HUGE_VAL, 1e-3, 1e12, NULL,
                       "its power grows no faster than this", ""},
    [SG_STORE_DWELL] = {"dwell", SG_DIM_TIME, 0, 0, 86400, NULL,
                        "rest before it turns from charging to giving or back", ""},
    [SG_STORE_FORMING] = {"forming", SG_DIM_NONE, 0, 0, 1, "no|yes",
                          "it holds an island's voltage: gives by itself what is missing", ""},
};

static const sg_param source_params[SG_SOURCE_PARAM_COUNT] = {
    [SG_SOURCE_COST] =
        {"cost", SG_DIM_PRICE_ENERGY, 0, 0, 1e-3, NULL,
         "fuel and running cost per energy; a source with a cost runs only when needed", ""},
    [SG_SOURCE_RAMP] = {"ramp", SG_DIM_RAMP, HUGE_VAL, 1e-3, 1e12, NULL,
                        "its limit grows no faster than this", ""},
    [SG_SOURCE_DWELL] = {"dwell", SG_DIM_TIME, 0, 0, 86400, NULL, "time off before it starts again",
                         ""},
};

const sg_param *sg_role_params(sg_role role, int *ret_count)
{
    switch (role) {
    case SG_STORE:
        *ret_count = SG_COUNT(store_params);
        return store_params;
    case SG_SOURCE:
        *ret_count = SG_COUNT(source_params);
        return source_params;
    case SG_LOAD:
    case SG_GRID:
    case SG_ROLE_COUNT:
        break;
    }
    *ret_count = 0;
    return NULL;
}
