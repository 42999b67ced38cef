#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)256 * 1024)

typedef struct sg_arena_chunk {
    struct sg_arena_chunk *next;
    size_t used, size;
    _Alignas(16) unsigned char data[]; /* what calloc() gives, and every block begins so */
} chunk;

void *sg_arena_alloc(sg_arena *self, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (self->bytes_max && size > self->bytes_max - self->bytes_used) {
        return NULL;
    }
    chunk *top = self->chunks;
    if (!top || top->size - top->used < size) {
        size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
        top = calloc(1, sizeof(chunk) + room);
        if (!top) {
            return NULL;
        }
        top->size = room;
        top->next = self->chunks;
        self->chunks = top;
    }
    void *block = top->data + top->used;
    top->used += size;
    self->bytes_used += size;
    return block;
}

void *sg_arena_array(sg_arena *self, size_t count, size_t item_size)
{
    if (item_size && count > SIZE_MAX / 2 / item_size) {
        return NULL;
    }
    return sg_arena_alloc(self, count * item_size);
}

char *sg_arena_text(sg_arena *self, const char *text, size_t length)
{
    char *copy = sg_arena_alloc(self, length + 1);
    if (copy) {
        memcpy(copy, text, length);
    }
    return copy;
}

void sg_arena_free(sg_arena *self)
{
    for (chunk *at = self->chunks, *next; at; at = next) {
        next = at->next;
        free(at);
    }
    *self = (sg_arena){.bytes_max = self->bytes_max};
}
