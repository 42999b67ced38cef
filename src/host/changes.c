#include "host/changes.h"

#include "base/sweep.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINTS_MIN = 50000, THREADS_MAX = 4 };

struct sg_changes {
    int32_t point_count;
    bool begun;
    double *value; /* of the frame before */
    uint8_t *quality;
    int32_t *changed;
    int32_t *found; /* [block] so many */
    sg_pool *pool;
};

sg_changes *sg_changes_create(int32_t point_count)
{
    size_t points = (size_t)point_count;
    sg_changes *self = point_count >= POINTS_MIN ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        return NULL;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    self->point_count = point_count;
    self->value = calloc(points, sizeof *self->value);
    self->quality = calloc(points, 1);
    self->changed = malloc(points * sizeof *self->changed);
    self->found = malloc((size_t)sg_sweep_blocks(point_count) * sizeof *self->found);
    if (!self->value || !self->quality || !self->changed || !self->found) {
        sg_changes_free(self);
        return NULL;
    }
    self->pool = sg_pool_create(cores < 1 ? 1 : cores < THREADS_MAX ? (int)cores : THREADS_MAX);
    return self;
}

void sg_changes_free(sg_changes *self)
{
    if (self) {
        sg_pool_free(self->pool);
        free(self->value);
        free(self->quality);
        free(self->changed);
        free(self->found);
        free(self);
    }
}

/* A frame that is held against the one before, block by block. */
typedef struct looking {
    sg_changes *self;
    const sg_frame *frame;
} looking;

/* Bits are compared: a NaN is what it was. What a block finds is listed from where the block begins. */
static void look_part(void *context, int part)
{
    const looking *l = context;
    sg_changes *self = l->self;
    sg_span s = sg_sweep_span(part, self->point_count);
    const double *value = l->frame->value;
    const uint8_t *quality = l->frame->quality;
    int32_t *changed = self->changed + s.from, count = 0;
    for (int32_t p = s.from; p < s.to; p++) {
        uint64_t now, before;
        memcpy(&now, &value[p], sizeof now);
        memcpy(&before, &self->value[p], sizeof before);
        changed[count] = p;
        count += now != before || quality[p] != self->quality[p];
    }
    memcpy(self->value + s.from, value + s.from, sizeof *value * (size_t)(s.to - s.from));
    memcpy(self->quality + s.from, quality + s.from, (size_t)(s.to - s.from));
    self->found[part] = count;
}

/* The lists of all blocks, one behind the other. */
static int32_t join_lists(const sg_changes *self)
{
    int32_t count = 0;
    for (int32_t b = 0; b < sg_sweep_blocks(self->point_count); b++) {
        const int32_t *list = self->changed + sg_sweep_span(b, self->point_count).from;
        memmove(self->changed + count, list, sizeof *list * (size_t)self->found[b]);
        count += self->found[b];
    }
    return count;
}

void sg_changes_mark(sg_changes *self, sg_frame *frame)
{
    if (!self) {
        return;
    }
    sg_pool_wake(self->pool);
    sg_pool_run(self->pool, look_part, &(looking){self, frame}, sg_sweep_blocks(self->point_count));
    if (self->begun) {
        frame->changed_count = join_lists(self);
        frame->changed = self->changed;
    }
    self->begun = true;
    frame->pool = self->pool;
}

void sg_changes_rest(sg_changes *self)
{
    if (self) {
        sg_pool_park(self->pool);
    }
}
