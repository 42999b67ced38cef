/* changes.h - how the step of a large site is gone about: which points differ from the frame before, and threads that share it.
 *
 * Rule     neither changes what a step comes to (engine/frame.h), so journals of any machine replay on any other. A site of a few
 *          thousand points is stepped sooner than threads wake up, and is left as it is.
 * Threads  called by the loop alone; the pool's threads sleep between steps. */
#ifndef SG_HOST_CHANGES_H
#define SG_HOST_CHANGES_H
#include "engine/frame.h"

typedef struct sg_changes sg_changes;

/* NULL when the site is small, or memory is exhausted: its frames stay as they are. @effects alloc=yes */
sg_changes *sg_changes_create(int32_t point_count);
void sg_changes_free(sg_changes *self);

/* Complete a frame; its list is valid until the next one. The first frame is whole. @effects alloc=no block=a lock held for
 * moments fails=never */
void sg_changes_mark(sg_changes *self, sg_frame *frame);
/* After the step, and what is written down of it. */
void sg_changes_rest(sg_changes *self);
#endif
