/* unusual.h - which readings of racks, feeders and loads are not as usual for this hour of the week (forecast/usual.h): flagged to be
 * measured, never acted upon.
 *
 * Readings what nodes and loads draw, as trusted: means over quarter hours of site time of a look a minute; of a site with more than
 *          20,000 of them the nodes first.
 * Judged   from the fourth week on, by the site's own clock (`timezone` of its file). One mean in a thousand is called unusual by
 *          design; one that stays where it is becomes usual, by the hour in its limit, by the week in its middle.
 * Kept     DIR/usual.state, written whole under another name and renamed, once an hour of site time and at the end. A file that cannot
 *          be used is told of in one line and replaced; so is what was learnt of a site that had other nodes or loads.
 * Threads  watch() and take() are the loop's, look() is the worker's; the caller sees to it that they do not meet.
 * Memory   about 1.5 kB a reading. */
#ifndef SG_HOST_UNUSUAL_H
#define SG_HOST_UNUSUAL_H
#include "engine/view.h"
#include "site/site.h"

#include <stdbool.h>

typedef struct sg_engine sg_engine;
typedef struct sg_unusual sg_unusual;

#define SG_UNUSUAL_FILE "usual.state"

typedef struct sg_unusual_list {
    int32_t judged, count; /* readings that could be judged; those that are unusual */
    sg_view_unusual most[SG_VIEW_UNUSUAL_MAX];
} sg_unusual_list;

/* dir: NULL = nothing is kept. NULL when there is no memory. @effects alloc=yes block=disk */
sg_unusual *sg_unusual_create(const sg_site *site, const char *dir, void (*log)(const char *line));
/* Keeps what there is. Accepts NULL. @effects block=disk */
void sg_unusual_destroy(sg_unusual *self);

/* After each step; looks once a minute. True: a quarter hour has ended, and its means wait to be taken. @effects alloc=no block=no */
bool sg_unusual_watch(sg_unusual *self, const sg_engine *engine);
void sg_unusual_take(sg_unusual *self); /* hands them over, for look() */

/* Judge and learn what was taken. @effects alloc=after a change of the site block=disk, once an hour */
void sg_unusual_look(sg_unusual *self, sg_unusual_list *ret);
#endif
