#include "host/heat.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { NEW = 4, LOOKED_AT = 50, SELDOM = 10 };

struct sg_heat {
    sg_heat *before;
    const sg_site *site;
    uint8_t *block; /* of all slots */
    struct slot {
        int64_t time_us;
        uint64_t tick;
        int32_t count;
        uint8_t *bytes; /* [2 * room]: shares, then states */
    } slot[3];
    int32_t room;
    _Atomic unsigned middle; /* index, plus NEW when it was not read yet */
    unsigned writers, readers, skipped;
    bool any;             /* reader's: something came at all          */
    atomic_int looked_at; /* publications until nobody looks any more */
};

sg_heat *sg_heat_create(const sg_site *site, sg_heat *before)
{
    sg_heat *self = calloc(1, sizeof *self);
    int32_t room = site->device_count[SG_LOAD];
    size_t each = 2 * (size_t)room + 1; /* a site without loads has a slot too */
    uint8_t *bytes = calloc(3, each);
    if (!self || !bytes) {
        free(self);
        free(bytes);
        return NULL;
    }
    self->before = before;
    self->site = site;
    self->room = room;
    self->block = bytes;
    for (size_t i = 0; i < 3; i++) {
        self->slot[i].bytes = bytes + i * each;
    }
    self->readers = 1;
    self->skipped = SELDOM;
    atomic_init(&self->middle, 2);
    atomic_init(&self->looked_at, 0);
    return self;
}

void sg_heat_free(sg_heat *self)
{
    while (self) { /* ends: the first has none before it */
        sg_heat *before = self->before;
        free(self->block);
        free(self);
        self = before;
    }
}

void sg_heat_post(sg_heat *self, const sg_engine *engine)
{
    if (!self || sg_engine_site_hash(engine) != self->site->hash) {
        return; /* there was no memory for the new site */
    }
    int looked_at = atomic_load_explicit(&self->looked_at, memory_order_relaxed);
    if (looked_at > 0) {
        atomic_store_explicit(&self->looked_at, looked_at - 1, memory_order_relaxed);
    } else if (++self->skipped < SELDOM) {
        return;
    }
    self->skipped = 0;
    struct slot *slot = &self->slot[self->writers];
    slot->time_us = sg_engine_time(engine);
    slot->tick = sg_engine_tick(engine);
    slot->count = sg_engine_cells(engine, self->room, slot->bytes, slot->bytes + self->room);
    unsigned before =
        atomic_exchange_explicit(&self->middle, self->writers | NEW, memory_order_acq_rel);
    self->writers = before & 3;
}

bool sg_heat_read(sg_heat *self, sg_cells *ret)
{
    if (!self) {
        return false;
    }
    atomic_store_explicit(&self->looked_at, LOOKED_AT, memory_order_relaxed);
    if (atomic_load_explicit(&self->middle, memory_order_acquire) & NEW) {
        unsigned before =
            atomic_exchange_explicit(&self->middle, self->readers, memory_order_acq_rel);
        self->readers = before & 3;
        self->any = true;
    }
    const struct slot *slot = &self->slot[self->readers];
    *ret = (sg_cells){.site = self->site,
                      .time_us = slot->time_us,
                      .tick = slot->tick,
                      .count = slot->count,
                      .share = slot->bytes,
                      .state = slot->bytes + self->room};
    return self->any;
}
