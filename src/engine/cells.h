/* cells.h - every load of a site at a glance, in two bytes each: for a map of twenty thousand servers.
 *
 * Shape    share[i] and state[i] are of load i in the site's dense order.
 * Units    share: power / rating in steps of 1/200, so 200 is the rating and 254 is 127 % of it or more; 255: not known.
 *          state: the sg_quality of its power in bits 0..1, plus SG_CELL_CUT and SG_CELL_SHED.
 * Memory   the caller's arrays. */
#ifndef SG_ENGINE_CELLS_H
#define SG_ENGINE_CELLS_H
#include "engine/view.h"

struct sg_engine;

enum { SG_CELL_RATING = 200, SG_CELL_MOST = 254, SG_CELL_UNKNOWN = 255 };
enum {
    SG_CELL_QUALITY = 3, /* mask */
    SG_CELL_CUT = 4,     /* may draw less than it wants     */
    SG_CELL_SHED = 8     /* stands below its minimum        */
};

typedef struct sg_cells {
    const sg_site *site; /* that it is about; lives as long as the host */
    int64_t time_us;
    uint64_t tick;
    int32_t count, pad;
    const uint8_t *share, *state;
} sg_cells;

/* Fill room loads at most; returns how many were filled. @effects alloc=no block=no fails=never */
int32_t sg_engine_cells(const struct sg_engine *self, int32_t room, uint8_t *ret_share,
                        uint8_t *ret_state);
#endif
