#include "host/mailbox.h"

#include <string.h>

enum { NEW = 4 };

void sg_mailbox_init(sg_mailbox *self)
{
    memset(self->slot, 0, sizeof self->slot);
    self->writers = 0;
    self->readers = 1;
    self->any = false;
    atomic_init(&self->middle, 2);
}

sg_view *sg_mailbox_slot(sg_mailbox *self)
{
    return &self->slot[self->writers];
}

void sg_mailbox_post(sg_mailbox *self)
{
    unsigned before =
        atomic_exchange_explicit(&self->middle, self->writers | NEW, memory_order_acq_rel);
    self->writers = before & 3;
}

const sg_view *sg_mailbox_read(sg_mailbox *self)
{
    if (atomic_load_explicit(&self->middle, memory_order_acquire) & NEW) {
        unsigned before =
            atomic_exchange_explicit(&self->middle, self->readers, memory_order_acq_rel);
        self->readers = before & 3;
        self->any = true;
    }
    return self->any ? &self->slot[self->readers] : NULL;
}
