/* load - anything that draws power: a server, a rack, a pump. */
#include "model/kind.h"

#include <math.h>
#include <stdio.h>

static const sg_param params[SG_LOAD_PARAM_COUNT] = {
    [SG_LOAD_RATING] = {"rating", SG_DIM_POWER, NAN, 0, 1e11, NULL, "most it draws", ""},
    [SG_LOAD_MINIMUM] = {"minimum", SG_DIM_POWER, 0, 0, 1e11, NULL,
                         "it is shed rather than held below this", ""},
    [SG_LOAD_CLASS] = {"class", SG_DIM_NONE, 1, 0, SG_CLASS_MAX - 1, NULL, "0 is served first", ""},
    [SG_LOAD_WEIGHT] = {"weight", SG_DIM_NONE, 1, 1e-6, 1e6, NULL, "share inside its class", ""},
    [SG_LOAD_IDLE] = {"idle_below", SG_DIM_POWER, 0, 0, 1e11, NULL,
                      "it counts as idle at or below this", ""},
    [SG_LOAD_VALUE] = {"value", SG_DIM_PRICE_ENERGY, 2 / 3.6e6, 0, 1, NULL,
                       "of energy that it wants and does not get", ""},
    [SG_LOAD_CLOSING] = {"shutdown_time", SG_DIM_TIME, 0, 0, 86400, NULL,
                         "it is told to shut down this long before the stores are empty", ""},
};

static const sg_input inputs[SG_LOAD_INPUT_COUNT] = {
    [SG_LOAD_DEMAND] = {"demand", SG_DIM_POWER, NAN, "what it wants to draw"},
};

static bool warning(const double *p, int i, char ret[SG_WARNING_TEXT])
{
    if (i == 0 && p[SG_LOAD_MINIMUM] > p[SG_LOAD_RATING]) {
        snprintf(ret, SG_WARNING_TEXT,
                 "minimum %g W is above the rating %g W: it can only be fully on or off",
                 p[SG_LOAD_MINIMUM], p[SG_LOAD_RATING]);
        return true;
    }
    return false;
}

const sg_kind sg_kind_load = {
    .name = "load",
    .title = "load",
    .role = SG_LOAD,
    .params = params,
    .param_count = SG_LOAD_PARAM_COUNT,
    .inputs = inputs,
    .input_count = SG_LOAD_INPUT_COUNT,
    .warning = warning,
};
