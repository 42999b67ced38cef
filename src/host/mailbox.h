/* mailbox.h - the newest value from one writer to one reader, without a lock: three slots, one exchanged.
 *
 * The writer fills its slot and swaps it with the middle one; the reader swaps the middle one in when it is newer. Neither
 * ever waits, and the reader's slot stands still until its next call.
 * Source   the classic triple buffer; one atomic exchange each. */
#ifndef SG_HOST_MAILBOX_H
#define SG_HOST_MAILBOX_H
#include "engine/view.h"

#include <stdatomic.h>

typedef struct sg_mailbox {
    sg_view slot[3];
    _Atomic unsigned middle; /* index, plus NEW when it was not read yet */
    unsigned writers, readers;
    bool any; /* reader's: something came at all */
} sg_mailbox;

void sg_mailbox_init(sg_mailbox *self);
sg_view *sg_mailbox_slot(sg_mailbox *self);       /* the writer's, to fill         */
void sg_mailbox_post(sg_mailbox *self);           /* hand it over                  */
const sg_view *sg_mailbox_read(sg_mailbox *self); /* the newest, NULL before the first */
#endif
