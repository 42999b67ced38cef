/* arena.h - memory that is freed all at once.
 *
 * For building definitions at start-up (sites, series); nothing in the step uses it.
 * Blocks come zeroed and aligned for any type. One owner, one thread. */
#ifndef SG_BASE_ARENA_H
#define SG_BASE_ARENA_H
#include <stddef.h>

typedef struct sg_arena {
    struct sg_arena_chunk *chunks;
    size_t bytes_used;
    size_t bytes_max; /* 0 = no limit; beyond it every call returns NULL */
} sg_arena;

/* NULL when memory or the arena's limit is exhausted.
 * @effects alloc=yes block=no */
void *sg_arena_alloc(sg_arena *self, size_t size);
void *sg_arena_array(sg_arena *self, size_t count, size_t item_size);
char *sg_arena_text(sg_arena *self, const char *text, size_t length);

/* Free everything; the arena may be used again. Accepts a zeroed arena. */
void sg_arena_free(sg_arena *self);
#endif
