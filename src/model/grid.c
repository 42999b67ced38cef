/* grid - the connection to the public grid and what energy costs there. */
#include "model/kind.h"

#include <math.h>

static const sg_param params[SG_GRID_PARAM_COUNT] = {
    [SG_GRID_IMPORT_MAX] = {"import_max", SG_DIM_POWER, NAN, 0, 1e12, NULL,
                            "most it may draw from the grid", ""},
    [SG_GRID_EXPORT_MAX] = {"export_max", SG_DIM_POWER, 0, 0, 1e12, NULL, "most it may feed in",
                            ""},
    [SG_GRID_EXPORT_RULE] = {"export", SG_DIM_NONE, 0, 0, 1, "permitted|forbidden",
                             "may the site feed in at all", ""},
    [SG_GRID_IMPORT_FEE] = {"import_fee", SG_DIM_PRICE_ENERGY, 0, -1e-3, 1e-3, NULL,
                            "on top of the import price", ""},
    [SG_GRID_EXPORT_FEE] = {"export_fee", SG_DIM_PRICE_ENERGY, 0, -1e-3, 1e-3, NULL,
                            "taken off the export price", ""},
    [SG_GRID_DEMAND_CHARGE] = {"demand_charge", SG_DIM_PRICE_POWER, 0, 0, 1, NULL,
                               "for the highest quarter hour of import in a calendar month of the site's zone",
                               ""},
    [SG_GRID_DAY_AHEAD] = {"day_ahead", SG_DIM_NONE, 0, 0, 1, "yes|no",
                           "are prices known for the next 24 hours, as in a day-ahead market", ""},
    [SG_GRID_BRIDGE_TIME] = {"bridge_time", SG_DIM_TIME, 0, 0, 1e6, NULL,
                             "class 0 is to be carried this long without the grid", ""},
    [SG_GRID_RETURN_DELAY] = {"return_delay", SG_DIM_TIME, 5, 0, 86400, NULL,
                              "of steady voltage before the site connects again", ""},
    [SG_GRID_RETURN_RAMP] = {"return_ramp", SG_DIM_RAMP, 1e12, 1e-3, 1e12, NULL,
                             "import grows no faster after the grid's return; preset: at once", ""},
};

static const sg_input inputs[SG_GRID_INPUT_COUNT] = {
    [SG_GRID_IMPORT_PRICE] = {"import_price", SG_DIM_PRICE_ENERGY, NAN,
                              "of energy bought, without the fee"},
    [SG_GRID_EXPORT_PRICE] = {"export_price", SG_DIM_PRICE_ENERGY, 0,
                              "of energy sold, without the fee"},
    [SG_GRID_CARBON] = {"carbon", SG_DIM_CARBON, 0, "intensity of the grid's energy"},
};

const sg_kind sg_kind_grid = {
    .name = "grid",
    .title = "grid connection",
    .role = SG_GRID,
    .params = params,
    .param_count = SG_GRID_PARAM_COUNT,
    .inputs = inputs,
    .input_count = SG_GRID_INPUT_COUNT,
};
