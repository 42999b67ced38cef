#include "host/changes.h"

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
    self->value = malloc(points * sizeof *self->value);
    self->quality = malloc(points);
    self->changed = malloc(points * sizeof *self->changed);
    if (!self->value || !self->quality || !self->changed) {
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
        free(self);
    }
}

/* Bits are compared: a NaN is what it was. */
static int32_t find_changed(sg_changes *self, const sg_frame *frame)
{
    int32_t count = 0;
    for (int32_t p = 0; p < self->point_count; p++) {
        uint64_t now, before;
        memcpy(&now, &frame->value[p], sizeof now);
        memcpy(&before, &self->value[p], sizeof before);
        self->changed[count] = p;
        count += now != before || frame->quality[p] != self->quality[p];
    }
    return count;
}

void sg_changes_mark(sg_changes *self, sg_frame *frame)
{
    if (!self) {
        return;
    }
    if (self->begun) {
        frame->changed_count = find_changed(self, frame);
        frame->changed = self->changed;
    }
    self->begun = true;
    memcpy(self->value, frame->value, sizeof *self->value * (size_t)self->point_count);
    memcpy(self->quality, frame->quality, (size_t)self->point_count);
    frame->pool = self->pool;
    sg_pool_wake(self->pool);
}

void sg_changes_rest(sg_changes *self)
{
    if (self) {
        sg_pool_park(self->pool);
    }
}
