#include "forecast/stagger.h"

#include "base/check.h"

void sg_stagger_init(sg_stagger *self, int32_t count, int32_t grain, int32_t period, int32_t phase)
{
    SG_CHECK(count >= 0 && grain > 0 && period > 0 && phase >= 0 && phase < period);
    *self = (sg_stagger){count, grain, period, phase};
}

static int64_t grains(const sg_stagger *self)
{
    return ((int64_t)self->count + self->grain - 1) / self->grain;
}

static int32_t begin_of(const sg_stagger *self, int64_t tick)
{
    int64_t from = tick * grains(self) / self->period * self->grain;
    return (int32_t)(from < self->count ? from : self->count);
}

sg_span sg_stagger_next(sg_stagger *self)
{
    sg_span due = {begin_of(self, self->tick), begin_of(self, (int64_t)self->tick + 1)};
    self->tick = (self->tick + 1) % self->period;
    return due;
}

int32_t sg_stagger_most(const sg_stagger *self)
{
    int64_t most = (grains(self) + self->period - 1) / self->period * self->grain;
    return (int32_t)(most < self->count ? most : self->count);
}
