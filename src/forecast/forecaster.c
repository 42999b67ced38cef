#include "forecast/forecaster.h"

#include <string.h>

const sg_forecaster *const sg_forecasters[] = {
#define SG_FORECASTER(name) &sg_forecaster_##name,
#include "forecast/forecasters.def"
#undef SG_FORECASTER
};
const int sg_forecaster_count = sizeof sg_forecasters / sizeof sg_forecasters[0];

const sg_forecaster *sg_forecaster_find(const char *name)
{
    for (int i = 0; i < sg_forecaster_count; i++) {
        if (strcmp(sg_forecasters[i]->name, name) == 0) {
            return sg_forecasters[i];
        }
    }
    return NULL;
}
