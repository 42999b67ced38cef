#include "site/site.h"

#include <stdio.h>

static void member_name(const char *id, int32_t count, int32_t member, char ret[SG_ID_MAX])
{
    if (count == 1) {
        snprintf(ret, SG_ID_MAX, "%.48s", id);
    } else {
        snprintf(ret, SG_ID_MAX, "%.48s-%d", id, (int)member + 1);
    }
}

void sg_site_device_name(const sg_site *site, sg_role role, int index, char ret[SG_ID_MAX])
{
    const sg_group *group = &site->groups[site->devices[role][index].group];
    member_name(group->id, group->count, index - group->first, ret);
}

void sg_site_node_name(const sg_site *site, int index, char ret[SG_ID_MAX])
{
    const sg_node_group *group = &site->node_groups[site->nodes[index].group];
    member_name(group->id, group->count, index - group->first, ret);
}

void sg_site_tie_name(const sg_site *site, int index, char ret[SG_ID_MAX])
{
    const sg_tie *tie = &site->ties[index];
    member_name(tie->id, tie->count, tie->member, ret);
}

double sg_site_input(const sg_site *site, const sg_device *device, int input, int64_t from_us,
                     int64_t to_us, sg_quality *ret_quality)
{
    int32_t series = device->input_series[input];
    if (series >= 0) {
        return sg_series_mean(&site->series[series], from_us, to_us, ret_quality);
    }
    *ret_quality = SG_GOOD;
    return device->input_value[input];
}

sg_status sg_site_span(const sg_site *site, int64_t *ret_from_us, int64_t *ret_to_us)
{
    bool any = false;
    int64_t from_us = 0, to_us = 0;
    for (int32_t i = 0; i < site->series_count; i++) {
        const sg_series *s = &site->series[i];
        if (s->repeat || s->calendar_year > 0 || s->count == 0) {
            continue;
        }
        int64_t end_us = s->start_us + s->count * s->step_us;
        from_us = !any || s->start_us > from_us ? s->start_us : from_us;
        to_us = !any || end_us < to_us ? end_us : to_us;
        any = true;
    }
    if (!any || to_us <= from_us) {
        return SG_MISSING;
    }
    *ret_from_us = from_us;
    *ret_to_us = to_us;
    return SG_OK;
}

void sg_site_free(sg_site *self)
{
    sg_arena_free(&self->arena);
    *self = (sg_site){0};
}
