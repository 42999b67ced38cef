/* command.h - set-points for the next interval, in the site's dense device order.
 *
 * Units    W. Sign: store power > 0 flows into the site bus; limits and caps are magnitudes.
 * Memory   the arrays live in the engine's block and stay valid until the next step. */
#ifndef SG_SITE_COMMAND_H
#define SG_SITE_COMMAND_H
#include <stdbool.h>
#include <stdint.h>

/* What a source that must be started is told: to run in the middle two. The others are not asked, or have failed and rest. */
typedef enum sg_start { SG_START_OFF, SG_START_ASKED, SG_START_RUNNING, SG_START_RESTING } sg_start;

static inline bool sg_start_wanted(int start)
{
    return start == SG_START_ASKED || start == SG_START_RUNNING;
}

typedef struct sg_command {
    int64_t time_us;
    bool advisory;                /* mode is not `control`: nothing may be sent to a real device */
    bool safe;                    /* the safe set, because the inputs cannot be trusted          */
    const double *source_limit_w; /* [source] deliver at most this                               */
    const double *store_w;        /* [store] > 0 discharge                                       */
    const double *load_cap_w;     /* [load] draw at most this                                    */
    const uint8_t *source_reason, *store_reason, *load_reason; /* sg_reason                      */
    double task_w; /* granted to tasks at the site bus, W drawn                                  */
    bool island;   /* the switch to the grid is to be open                                       */
    const uint8_t *source_start; /* [source] sg_start; NULL: run where the limit lets them       */
    const double *tie_w; /* [tie] from `from` to `to`, at the end that gives; NULL: none carries */
    const uint8_t *tie_reason;   /* [tie] sg_reason; NULL with it                                */
} sg_command;
#endif
