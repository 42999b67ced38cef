/* rig.h - a site with its engine and its simulated plant, wired as the host wires them; for tests.
 * Test programs run from the source root. Include after cmocka.h. */
#ifndef SG_TEST_RIG_H
#define SG_TEST_RIG_H
#include "base/time.h"
#include "engine/engine.h"
#include "site/reader.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rig {
    sg_site site;
    sg_points points;
    sg_world *world;
    void *memory;
    size_t size;
    sg_engine *engine;
    sg_readings readings; /* of the last step */
} rig;

static inline void *rig_block(size_t size)
{
    void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);
    assert_non_null(memory);
    return memory;
}

static inline void rig_parse(const char *path, const char *text, size_t length, sg_site *ret)
{
    static sg_diagnostics said;
    memset(&said, 0, sizeof said);
    sg_status status = sg_site_parse(path, text, length, true, ret, &said);
    for (int i = 0; status != SG_OK && i < said.count; i++) {
        print_error("%s:%d:%d: %s\n", said.items[i].file, said.items[i].line, said.items[i].column,
                    said.items[i].message);
    }
    sg_diagnostics_free(&said);
    assert_int_equal(status, SG_OK);
}

/* The file's text with `more` behind it: a further `..._Schema` section, say, or "". */
static inline void rig_load(const char *path, const char *more, sg_site *ret)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    enum { TEXT_MAX = 1 << 18 };
    char *text = malloc(TEXT_MAX);
    assert_non_null(text);
    size_t length = fread(text, 1, TEXT_MAX / 2, file);
    fclose(file);
    int added = snprintf(text + length, TEXT_MAX - length, "\n%s", more);
    assert_true(added > 0 && (size_t)added < TEXT_MAX - length);
    rig_parse(path, text, length + (size_t)added, ret);
    free(text);
}

/* Engine and plant for the site that self->site already holds. */
static inline void rig_start(rig *self, sg_policy policy, int64_t start_us)
{
    self->points = sg_points_of(&self->site);
    self->size = sg_engine_size(&self->site);
    self->memory = rig_block(self->size);
    sg_engine_config config = {.policy = policy, .mode = SG_CONTROL, .start_us = start_us};
    self->engine = sg_engine_create(self->memory, &self->site, &config);
    self->world = sg_world_create(&self->site, start_us);
    assert_non_null(self->world);
    sg_command command = sg_engine_command(self->engine);
    sg_world_write(self->world, &command);
}

static inline void rig_stop(rig *self)
{
    sg_world_free(self->world);
    free(self->memory);
    self->world = NULL;
    self->memory = NULL;
}

static inline void rig_free(rig *self)
{
    rig_stop(self);
    sg_site_free(&self->site);
}

static inline sg_frame rig_frame(const rig *self)
{
    return (sg_frame){.time_us = self->readings.time_us,
                      .dt_s = self->readings.dt_s,
                      .value = self->readings.value,
                      .quality = self->readings.quality};
}

/* Plant, engine, command: one interval. */
static inline void rig_step(rig *self, double dt_s)
{
    sg_world_read(self->world, dt_s, &self->readings);
    sg_frame frame = rig_frame(self);
    sg_engine_step(self->engine, &frame, NULL);
    sg_command command = sg_engine_command(self->engine);
    sg_world_write(self->world, &command);
}

/* A reading of the last step. */
static inline double rig_value(const rig *self, sg_point_kind kind, int index)
{
    return self->readings.value[self->points.first[kind] + index];
}

static inline int rig_group(const sg_site *site, const char *id)
{
    for (int g = 0; g < site->group_count; g++) {
        if (strcmp(site->groups[g].id, id) == 0) {
            return g;
        }
    }
    fail_msg("no group %s", id);
    return -1;
}

static inline int rig_node_group(const sg_site *site, const char *id)
{
    for (int g = 0; g < site->node_group_count; g++) {
        if (strcmp(site->node_groups[g].id, id) == 0) {
            return g;
        }
    }
    fail_msg("no node %s", id);
    return -1;
}

static inline int64_t rig_time(const char *text)
{
    int64_t time_us = 0;
    assert_int_equal(sg_time_parse(text, strlen(text), &time_us), SG_OK);
    return time_us;
}
#endif
