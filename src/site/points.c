#include "site/points.h"

sg_points sg_points_from(int32_t sources, int32_t stores, int32_t loads, int32_t nodes,
                         int32_t ties)
{
    const int32_t lengths[SG_POINT_KIND_COUNT] = {[SG_POINT_SOURCE_AVAILABLE] = sources,
                                                  [SG_POINT_SOURCE_POWER] = sources,
                                                  [SG_POINT_STORE_ENERGY] = stores,
                                                  [SG_POINT_STORE_POWER] = stores,
                                                  [SG_POINT_LOAD_DEMAND] = loads,
                                                  [SG_POINT_LOAD_POWER] = loads,
                                                  [SG_POINT_NODE_POWER] = nodes,
                                                  [SG_POINT_SITE] = SG_SITE_POINT_COUNT,
                                                  [SG_POINT_TIE_POWER] = ties};
    sg_points points = {0};
    for (int kind = 0; kind < SG_POINT_KIND_COUNT; kind++) {
        points.first[kind] = points.count;
        points.count += lengths[kind];
    }
    return points;
}

sg_points sg_points_of(const sg_site *site)
{
    return sg_points_from(site->device_count[SG_SOURCE], site->device_count[SG_STORE],
                          site->device_count[SG_LOAD], site->node_count, site->tie_count);
}
