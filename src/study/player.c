#include "study/player.h"

#include <stdlib.h>

sg_status sg_player_start(sg_player *self, const sg_site *site, sg_policy policy, int64_t from_us)
{
    *self = (sg_player){.site = site,
                        .points = sg_points_of(site),
                        .memory = aligned_alloc(64, (sg_engine_size(site) + 63) & ~(size_t)63),
                        .world = sg_world_create(site, from_us)};
    if (!self->memory || !self->world) {
        sg_player_stop(self);
        return SG_NOMEM;
    }
    sg_engine_config config = {.policy = policy, .mode = SG_CONTROL, .start_us = from_us};
    self->engine = sg_engine_create(self->memory, site, &config);
    return SG_OK;
}

void sg_player_step(sg_player *self, double dt_s)
{
    sg_readings readings;
    sg_world_read(self->world, dt_s, &readings);
    self->value = readings.value;
    sg_frame frame = {.time_us = readings.time_us,
                      .dt_s = dt_s,
                      .value = readings.value,
                      .quality = readings.quality};
    sg_engine_step(self->engine, &frame, NULL);
    sg_command command = sg_engine_command(self->engine);
    command.advisory = false; /* the plant is simulated: every mode may act on it */
    sg_world_write(self->world, &command);
}

void sg_player_stop(sg_player *self)
{
    sg_world_free(self->world);
    free(self->memory);
    *self = (sg_player){0};
}

int sg_player_duty(const sg_site *site, int s)
{
    const sg_device *device = &site->devices[SG_STORE][s];
    const sg_kind *kind = sg_device_kind(site, device);
    return kind->role == SG_STORE ? (int)device->p[kind->param_count + SG_STORE_DUTY]
                                  : SG_DUTY_ENERGY;
}

void sg_player_leave_out(const sg_site *site, sg_device *stores, int duty)
{
    for (int s = 0; s < site->device_count[SG_STORE]; s++) {
        const sg_kind *kind = sg_device_kind(site, &stores[s]);
        if (sg_player_duty(site, s) == duty && kind->role == SG_STORE) {
            stores[s].p[kind->param_count + SG_STORE_DUTY] = SG_DUTY_BRIDGE;
            stores[s].p[kind->param_count + SG_STORE_INITIAL] = 1;
        }
    }
}
