/* command.h - set-points for the next interval, in the site's dense device order.
 *
 * Units    W. Sign: store power > 0 flows into the site bus; limits and caps are magnitudes.
 * Memory   the arrays live in the engine's block and stay valid until the next step. */
#ifndef SG_SITE_COMMAND_H
#define SG_SITE_COMMAND_H
#include <stdbool.h>
#include <stdint.h>

typedef struct sg_command {
    int64_t time_us;
    bool advisory;                /* mode is not `control`: nothing may be sent to a real device */
    bool safe;                    /* the safe set, because the inputs cannot be trusted          */
    const double *source_limit_w; /* [source] deliver at most this                               */
    const double *store_w;        /* [store] > 0 discharge                                       */
    const double *load_cap_w;     /* [load] draw at most this                                    */
    const uint8_t *source_reason, *store_reason, *load_reason; /* sg_reason                      */
    double task_w; /* granted to tasks at the site bus, W drawn                                  */
} sg_command;
#endif
