/* ring.h - a bounded queue between threads that never makes anyone wait.
 *
 * Source   D. Vyukov, "Bounded MPMC queue", 1024cores.net: a ticket per cell says whose turn it is.
 * Threads  any number may push and pop. Each is lock free and copies one item.
 * Memory   one block, made at init. */
#ifndef SG_BASE_RING_H
#define SG_BASE_RING_H
#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct sg_ring {
    unsigned char *cells;
    size_t cell_size, item_size, mask;
    /* Cache lines apart, without an alignment that calloc() of a larger whole would not give. */
    unsigned char before_head[64];
    atomic_size_t head; /* next to push */
    unsigned char before_tail[64];
    atomic_size_t tail; /* next to pop  */
    unsigned char after_tail[64];
} sg_ring;

/* count is a power of two. @effects alloc=yes block=no */
SG_MUST_CHECK sg_status sg_ring_init(sg_ring *self, size_t count, size_t item_size);
void sg_ring_free(sg_ring *self);
/* false = full. @effects alloc=no block=no */
bool sg_ring_push(sg_ring *self, const void *item);
/* false = empty. @effects alloc=no block=no */
bool sg_ring_pop(sg_ring *self, void *ret);
#endif
