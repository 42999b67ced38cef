/* alarms.h - the alarms of a running site, as the server reads and changes them.
 *
 * Threads  both may be called from any thread but the loop's; each holds a lock for moments. */
#ifndef SG_PORT_ALARMS_H
#define SG_PORT_ALARMS_H
#include "base/status.h"
#include "site/alarm.h"

enum { SG_ALARMS_LIST_MAX = 1000 };
enum { SG_ALARMS_STANDING = -1, SG_ALARMS_ALL = -2 }; /* beside those of one sg_alarm_state */

typedef struct sg_alarms_port {
    void *self;
    /* The newest ones of a state, of all that stand (cleared ones do not) or of all, last raised first: at most `most` go to ret.
     * Returns how many. @effects alloc=no */
    int (*list)(void *self, int which, int most, sg_alarm *ret);
    /* SG_OK: *ret is how it stands now, also when there was nothing to change; SG_MISSING: no such alarm is remembered;
     * SG_RANGE: it cannot be done with an alarm in that state, *ret says which. @effects alloc=no */
    sg_status (*act)(void *self, const sg_alarm_order *order, sg_alarm *ret);
} sg_alarms_port;
#endif
