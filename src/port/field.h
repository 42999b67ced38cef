/* field.h - the port to the plant: readings in, set-points out. The simulated plant and real drivers stand behind it.
 *
 * Units    as site/points.h and site/command.h.
 * Memory   readings point at the port's own arrays, valid until the next read. */
#ifndef SG_PORT_FIELD_H
#define SG_PORT_FIELD_H
#include "base/status.h"
#include "site/command.h"
#include "site/points.h"

typedef struct sg_readings {
    int64_t time_us; /* end of the interval that the means cover */
    double dt_s;
    const double *value;    /* [points.count] */
    const uint8_t *quality; /* [points.count] */
    const int32_t *changed; /* points that may differ from the read before, ascending; NULL: any */
    int32_t changed_count;
} sg_readings;

typedef struct sg_field_port {
    void *self;
    /* The readings of the interval of dt_s that ends now. Never fails as a whole: what could not be read is marked. */
    void (*read)(void *self, double dt_s, sg_readings *ret);
    /* Hand the set-points to the devices; a real driver ignores an advisory command. */
    void (*write)(void *self, const sg_command *command);
} sg_field_port;
#endif
