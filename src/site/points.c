#include "site/points.h"

sg_points sg_points_of(const sg_site *site)
{
    const int32_t lengths[SG_POINT_KIND_COUNT] = {site->device_count[SG_SOURCE],
                                                  site->device_count[SG_SOURCE],
                                                  site->device_count[SG_STORE],
                                                  site->device_count[SG_STORE],
                                                  site->device_count[SG_LOAD],
                                                  site->device_count[SG_LOAD],
                                                  site->node_count,
                                                  SG_SITE_POINT_COUNT};
    sg_points points = {0};
    for (int kind = 0; kind < SG_POINT_KIND_COUNT; kind++) {
        points.first[kind] = points.count;
        points.count += lengths[kind];
    }
    return points;
}
