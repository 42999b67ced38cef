#include "world/parts.h"

#include <string.h>

/* Is a series past its span in this interval? */
static bool any_missing(const sg_world *self)
{
    for (int i = 0; i < self->site->series_count; i++) {
        if (self->series_read[i] && self->series_quality[i] == SG_NO_DATA) {
            return true;
        }
    }
    return false;
}

/* Outside the span of its series a device has no reading. (A gap that the reader filled is part of the plant's truth.) */
static void mark_missing(sg_world *self, sg_role role, int point)
{
    for (int i = 0; i < self->site->device_count[role]; i++) {
        const sg_device *device = &self->site->devices[role][i];
        int inputs = sg_device_kind(self->site, device)->input_count;
        for (int k = 0; k < inputs; k++) {
            int series = device->input_series[k];
            if (series >= 0 && self->series_quality[series] == SG_NO_DATA) {
                self->quality[point + i] = SG_NO_DATA;
            }
        }
    }
}

/* Values of one kind into the readings; those that are new go on the list. Most of a large site stands still. */
static void put(sg_world *self, sg_point_kind kind, const double *from, int32_t count)
{
    enum { CHUNK = 32 };
    int32_t first = self->plant.points.first[kind], listed = self->changed_count;
    for (int32_t at = 0; at < count; at += CHUNK) {
        int32_t size = count - at < CHUNK ? count - at : CHUNK;
        double *to = self->value + first + at;
        if (memcmp(to, from + at, sizeof *to * (size_t)size) == 0) {
            continue;
        }
        for (int32_t i = 0; i < size; i++) { /* by their bits: a NAN is what it was */
            self->changed[listed] = first + at + i;
            listed += memcmp(&to[i], &from[at + i], sizeof *to) != 0;
        }
        memcpy(to, from + at, sizeof *to * (size_t)size);
    }
    self->changed_count = listed;
}

static void put_site(sg_world *self)
{
    const double site[SG_SITE_POINT_COUNT] = {[SG_SITE_IMPORT_J] = self->import_register_j,
                                              [SG_SITE_EXPORT_J] = self->export_register_j,
                                              [SG_SITE_GRID_UP] = self->grid_up,
                                              [SG_SITE_IMPORT_PRICE] = self->import_price,
                                              [SG_SITE_EXPORT_PRICE] = self->export_price,
                                              [SG_SITE_CARBON] = self->carbon,
                                              [SG_SITE_LOSS_W] = self->losses_w,
                                              [SG_SITE_TASK_W] = self->task_w,
                                              [SG_SITE_UNSERVED_W] = self->unserved_w,
                                              [SG_SITE_REGULATION] = self->signal,
                                              [SG_SITE_FREQUENCY] = self->frequency_hz};
    int32_t first = self->plant.points.first[SG_POINT_SITE];
    memcpy(self->value + first, site, sizeof site);
    for (int32_t i = 0; i < SG_SITE_POINT_COUNT; i++) { /* their quality changes too */
        self->changed[self->changed_count++] = first + i;
    }
}

/* Kinds in the order of their points. */
static void put_all(sg_world *self)
{
    const sg_plant *plant = &self->plant;
    self->changed_count = 0;
    put(self, SG_POINT_SOURCE_AVAILABLE, self->source_could_w, plant->source_count);
    put(self, SG_POINT_SOURCE_POWER, self->source_w, plant->source_count);
    put(self, SG_POINT_STORE_ENERGY, self->store_j, plant->store_count);
    put(self, SG_POINT_STORE_POWER, self->store_w, plant->store_count);
    put(self, SG_POINT_LOAD_DEMAND, self->load_want_w, plant->load_count);
    put(self, SG_POINT_LOAD_POWER, self->load_w, plant->load_count);
    put(self, SG_POINT_NODE_POWER, self->protection.carried_w, plant->node_count);
    put_site(self);
    put(self, SG_POINT_TIE_POWER, self->tie_w, plant->tie_count);
}

void sg_world_write_readings(sg_world *self)
{
    const sg_plant *plant = &self->plant;
    const int32_t *first = plant->points.first;
    bool spoilt = sg_faults_any(&self->faults, SG_FAULTS_OF_READINGS), missing = any_missing(self);
    if (spoilt) {
        memcpy(self->last, self->value, sizeof(double) * (size_t)plant->points.count);
    }
    put_all(self);
    memset(self->quality, SG_GOOD, (size_t)plant->points.count);
    memcpy(self->quality + first[SG_POINT_SITE] + SG_SITE_REGULATION, self->service_quality,
           sizeof self->service_quality);
    memcpy(self->quality + first[SG_POINT_SITE] + SG_SITE_IMPORT_PRICE, self->market_quality,
           sizeof self->market_quality);
    if (missing) {
        mark_missing(self, SG_SOURCE, first[SG_POINT_SOURCE_AVAILABLE]);
        mark_missing(self, SG_LOAD, first[SG_POINT_LOAD_DEMAND]);
    }
    sg_faults_readings(&self->faults, plant, self->last, self->value, self->quality);
    bool was_plain = self->plain;
    self->plain = !spoilt && !missing;
    self->changed_count = was_plain && self->plain ? self->changed_count : -1;
}
