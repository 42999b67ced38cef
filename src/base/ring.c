#include "base/ring.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct cell {
    atomic_size_t turn;
    _Alignas(16) unsigned char item[];
} cell;

static cell *cell_at(const sg_ring *self, size_t ticket)
{
    return (void *)(self->cells + (ticket & self->mask) * self->cell_size);
}

sg_status sg_ring_init(sg_ring *self, size_t count, size_t item_size)
{
    memset(self, 0, sizeof *self);
    self->item_size = item_size;
    self->cell_size = (sizeof(cell) + item_size + 63) & ~(size_t)63;
    self->mask = count - 1;
    self->cells = aligned_alloc(64, count * self->cell_size);
    if (!self->cells) {
        return SG_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        atomic_init(&cell_at(self, i)->turn, i);
    }
    atomic_init(&self->head, 0);
    atomic_init(&self->tail, 0);
    return SG_OK;
}

void sg_ring_free(sg_ring *self)
{
    free(self->cells);
    self->cells = NULL;
}

bool sg_ring_push(sg_ring *self, const void *item)
{
    size_t ticket = atomic_load_explicit(&self->head, memory_order_relaxed);
    for (;;) { /* ends: each repetition means that another thread has moved on */
        cell *at = cell_at(self, ticket);
        size_t turn = atomic_load_explicit(&at->turn, memory_order_acquire);
        intptr_t ahead = (intptr_t)turn - (intptr_t)ticket;
        if (ahead < 0) {
            return false;
        }
        if (ahead > 0) {
            ticket = atomic_load_explicit(&self->head, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(&self->head, &ticket, ticket + 1,
                                                         memory_order_relaxed,
                                                         memory_order_relaxed)) {
            memcpy(at->item, item, self->item_size);
            atomic_store_explicit(&at->turn, ticket + 1, memory_order_release);
            return true;
        }
    }
}

bool sg_ring_pop(sg_ring *self, void *ret)
{
    size_t ticket = atomic_load_explicit(&self->tail, memory_order_relaxed);
    for (;;) { /* ends: as above */
        cell *at = cell_at(self, ticket);
        size_t turn = atomic_load_explicit(&at->turn, memory_order_acquire);
        intptr_t ahead = (intptr_t)turn - (intptr_t)(ticket + 1);
        if (ahead < 0) {
            return false;
        }
        if (ahead > 0) {
            ticket = atomic_load_explicit(&self->tail, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak_explicit(&self->tail, &ticket, ticket + 1,
                                                         memory_order_relaxed,
                                                         memory_order_relaxed)) {
            memcpy(ret, at->item, self->item_size);
            atomic_store_explicit(&at->turn, ticket + self->mask + 1, memory_order_release);
            return true;
        }
    }
}
