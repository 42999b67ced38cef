#include "engine/cells.h"

#include "engine/layout.h"
#include "site/reason.h"

#include <math.h>

static uint8_t share_of(double power_w, double rating_w)
{
    double share = rating_w > 0 ? power_w / rating_w * SG_CELL_RATING : (double)NAN;
    if (!isfinite(share)) {
        return SG_CELL_UNKNOWN;
    }
    return share <= 0 ? 0 : share >= SG_CELL_MOST ? SG_CELL_MOST : (uint8_t)lround(share);
}

int32_t sg_engine_cells(const sg_engine *self, int32_t room, uint8_t *ret_share, uint8_t *ret_state)
{
    union {
        const sg_engine *read;
        sg_engine *write;
    } block = {.read = self};
    sg_rooms rooms = sg_rooms_at(block.write);
    const sg_plant *plant = &rooms.plant;
    const double *power_w = rooms.measure.value + plant->points.first[SG_POINT_LOAD_POWER];
    const uint8_t *quality = rooms.measure.quality + plant->points.first[SG_POINT_LOAD_POWER];
    const uint8_t *reason = rooms.control.load_reason;
    int32_t count = plant->load_count < room ? plant->load_count : room;
    for (int32_t l = 0; l < count; l++) {
        bool known = quality[l] != SG_NO_DATA;
        ret_share[l] = known ? share_of(power_w[l], plant->load_rating_w[l]) : SG_CELL_UNKNOWN;
        ret_state[l] = (uint8_t)((quality[l] & SG_CELL_QUALITY) |
                                 (reason[l] == SG_REASON_SHED     ? SG_CELL_SHED
                                  : reason[l] != SG_REASON_DEMAND ? SG_CELL_CUT
                                                                  : 0));
    }
    return count;
}
