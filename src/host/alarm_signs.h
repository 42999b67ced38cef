/* alarm_signs.h - what in a view asks for attention: the thresholds of all kinds of alarms, by the site's rules (site/alarm.h).
 *
 * Deadband warm signs are inside it: below the limit of alarms.h's raise, not yet below that of its return.
 * Bounds   a pass over groups, doubts and strained nodes of the view; its size does not depend on the site.
 * Memory   plain values. @effects of all: alloc=no block=no fails=never */
#ifndef SG_HOST_ALARM_SIGNS_H
#define SG_HOST_ALARM_SIGNS_H
#include "engine/view.h"
#include "host/alarms.h"
#include "site/site.h"

/* What has to be remembered from one look to the next. */
typedef struct sg_alarm_watch {
    int64_t time_us;
    uint64_t tick, late_steps, dropped_rows;
    double recent_steps, recent_late; /* fading out over a minute */
    bool any;
} sg_alarm_watch;

/* Of the view after the one before; step_s is the length of a step by the plan, webhook_failing as the webhook says. Returns how
 * many went to ret. */
int sg_alarm_signs(sg_alarm_watch *self, const sg_site *site, const sg_view *view, double step_s,
                   bool webhook_failing, sg_alarm_sign ret[SG_ALARMS_SIGN_MAX]);
#endif
