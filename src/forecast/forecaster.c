#include "forecast/forecaster.h"

#include <string.h>

const sg_forecaster *const sg_forecasters[] = {
#define SG_FORECASTER(name) &sg_forecaster_##name,
#include "forecast/forecasters.def"
#undef SG_FORECASTER
};
const int sg_forecaster_count = sizeof sg_forecasters / sizeof sg_forecasters[0];

static const int32_t block_ends[] = {1, 6, 24, 96, 336, 1024, 2048, SG_FORECAST_HORIZON_MAX};

int32_t sg_horizon_block(int32_t ahead)
{
    int32_t block = 0;
    while (ahead >= block_ends[block] && ahead < SG_FORECAST_HORIZON_MAX) {
        block++;
    }
    return block;
}

int32_t sg_horizon_block_end(int32_t block)
{
    return block_ends[block];
}

const sg_forecaster *sg_forecaster_find(const char *name)
{
    for (int i = 0; i < sg_forecaster_count; i++) {
        if (strcmp(sg_forecasters[i]->name, name) == 0) {
            return sg_forecasters[i];
        }
    }
    return NULL;
}
