#include "engine/transfer.h"

#include "control/allocate.h"
#include "engine/layout.h"

#include <stdlib.h>
#include <string.h>

/* ---- who is who ------------------------------------------------------------------------------- */

typedef struct name {
    char text[SG_ID_MAX];
    int32_t index;
} name;

static int by_text(const void *a, const void *b)
{
    return strcmp(((const name *)a)->text, ((const name *)b)->text);
}

typedef void name_of(const sg_site *site, int role, int index, char ret[SG_ID_MAX]);

static void device_name(const sg_site *site, int role, int index, char ret[SG_ID_MAX])
{
    sg_site_device_name(site, (sg_role)role, index, ret);
}

static void node_name(const sg_site *site, int role, int index, char ret[SG_ID_MAX])
{
    (void)role;
    sg_site_node_name(site, index, ret);
}

static void tie_name(const sg_site *site, int role, int index, char ret[SG_ID_MAX])
{
    (void)role;
    sg_site_tie_name(site, index, ret);
}

/* A group is the same only in its role, which is made part of its name here. */
static void group_name(const sg_site *site, int role, int index, char ret[SG_ID_MAX])
{
    (void)role;
    memset(ret, 0, SG_ID_MAX);
    strncpy(ret + 1, site->groups[index].id, SG_ID_MAX - 2);
    ret[0] = (char)('0' + site->groups[index].role);
}

/* Of `count` things of the new site, which of `from_count` old ones each is. NULL when memory is exhausted. */
static int32_t *match(const sg_site *from, int32_t from_count, const sg_site *to, int32_t count,
                      name_of *name_it, int role)
{
    name *old = malloc(((size_t)from_count + 1) * sizeof *old);
    int32_t *map = malloc(((size_t)count + 1) * sizeof *map);
    if (!old || !map) {
        free(old);
        free(map);
        return NULL;
    }
    for (int32_t i = 0; i < from_count; i++) {
        name_it(from, role, i, old[i].text);
        old[i].index = i;
    }
    qsort(old, (size_t)from_count, sizeof *old, by_text);
    for (int32_t i = 0; i < count; i++) {
        name wanted;
        name_it(to, role, i, wanted.text);
        const name *found = bsearch(&wanted, old, (size_t)from_count, sizeof *old, by_text);
        map[i] = found ? found->index : -1;
    }
    free(old);
    return map;
}

static int32_t *match_points(const sg_transfer *self, const sg_site *from, const sg_site *to)
{
    const int32_t *maps[SG_POINT_KIND_COUNT] = {
        [SG_POINT_SOURCE_AVAILABLE] = self->source, [SG_POINT_SOURCE_POWER] = self->source,
        [SG_POINT_STORE_ENERGY] = self->store,      [SG_POINT_STORE_POWER] = self->store,
        [SG_POINT_LOAD_DEMAND] = self->load,        [SG_POINT_LOAD_POWER] = self->load,
        [SG_POINT_NODE_POWER] = self->node,         [SG_POINT_TIE_POWER] = self->tie};
    sg_points old = sg_points_of(from), new = sg_points_of(to);
    int32_t *map = malloc(((size_t) new.count + 1) * sizeof *map);
    for (int kind = 0; map && kind < SG_POINT_KIND_COUNT; kind++) {
        int32_t end = kind + 1 < SG_POINT_KIND_COUNT ? new.first[kind + 1] : new.count;
        for (int32_t p = new.first[kind]; p < end; p++) {
            int32_t i = p - new.first[kind];
            int32_t was = maps[kind] ? maps[kind][i] : i; /* those of the site are what they were */
            map[p] = was < 0 ? -1 : old.first[kind] + was;
        }
    }
    return map;
}

static int32_t count_new(const int32_t *map, int32_t count)
{
    int32_t found = 0;
    for (int32_t i = 0; i < count; i++) {
        found += map[i] < 0;
    }
    return found;
}

static void count_changes(sg_transfer *self, const sg_site *from, const sg_site *to)
{
    const int32_t *maps[] = {self->source, self->store, self->load};
    const int roles[] = {SG_SOURCE, SG_STORE, SG_LOAD};
    self->added = count_new(self->node, to->node_count);
    self->removed = from->node_count - (to->node_count - self->added);
    int32_t ties = count_new(self->tie, to->tie_count);
    self->added += ties;
    self->removed += from->tie_count - (to->tie_count - ties);
    for (int k = 0; k < 3; k++) {
        int32_t count = to->device_count[roles[k]], added = count_new(maps[k], count);
        self->added += added;
        self->removed += from->device_count[roles[k]] - (count - added);
    }
}

sg_status sg_transfer_create(const sg_site *from, const sg_site *to, sg_transfer *ret)
{
    const int32_t *was = from->device_count, *is = to->device_count;
    *ret = (sg_transfer){
        .node = match(from, from->node_count, to, to->node_count, node_name, 0),
        .source = match(from, was[SG_SOURCE], to, is[SG_SOURCE], device_name, SG_SOURCE),
        .store = match(from, was[SG_STORE], to, is[SG_STORE], device_name, SG_STORE),
        .load = match(from, was[SG_LOAD], to, is[SG_LOAD], device_name, SG_LOAD),
        .group = match(from, from->group_count, to, to->group_count, group_name, 0),
        .tie = match(from, from->tie_count, to, to->tie_count, tie_name, 0)};
    bool done = ret->node && ret->source && ret->store && ret->load && ret->group && ret->tie;
    ret->point = done ? match_points(ret, from, to) : NULL;
    if (!ret->point) {
        sg_transfer_free(ret);
        return SG_NOMEM;
    }
    count_changes(ret, from, to);
    return SG_OK;
}

void sg_transfer_free(sg_transfer *self)
{
    free(self->point);
    free(self->node);
    free(self->source);
    free(self->store);
    free(self->load);
    free(self->group);
    free(self->tie);
    *self = (sg_transfer){0};
}

/* ---- state ------------------------------------------------------------------------------------ */

static int32_t index_now(const int32_t *map, int32_t count, int32_t was)
{
    for (int32_t i = 0; i < count; i++) {
        if (map[i] == was) {
            return i;
        }
    }
    return -1;
}

/* The plan goes on where each store group that it steers is still there. */
static void keep_plan(sg_engine *self, const sg_plant *plant, const sg_transfer *map)
{
    for (int k = 0; k < self->plan.store_count && self->plan_present; k++) {
        int32_t now = index_now(map->group, plant->group_count, self->plan.store_group[k]);
        self->plan_present = now >= 0;
        self->plan.store_group[k] = now;
    }
    if (!self->plan_present) {
        memset(&self->plan, 0, sizeof self->plan);
    }
}

static void keep_decisions(sg_engine *self, const sg_plant *plant, const sg_transfer *map)
{
    const int32_t *maps[SG_ROLE_COUNT] = {
        [SG_SOURCE] = map->source, [SG_STORE] = map->store, [SG_LOAD] = map->load};
    const int32_t counts[SG_ROLE_COUNT] = {[SG_SOURCE] = plant->source_count,
                                           [SG_STORE] = plant->store_count,
                                           [SG_LOAD] = plant->load_count};
    int kept = 0;
    for (int i = 0; i < self->decision_count; i++) {
        sg_decision d = self->decision[i];
        if (d.role == SG_GRID && !plant->head->grid_present) {
            continue;
        }
        if (d.role >= 0 && d.role < SG_ROLE_COUNT && maps[d.role] && d.index >= 0) {
            d.index = index_now(maps[d.role], counts[d.role], d.index);
            if (d.index < 0) {
                continue;
            }
        }
        if (d.role == SG_DECISION_TIE) {
            d.index = index_now(map->tie, plant->tie_count, d.index);
            if (d.index < 0) {
                continue;
            }
        }
        self->decision[kept++] = d;
    }
    memset(self->decision + kept, 0,
           (size_t)(self->decision_count - kept) * sizeof *self->decision);
    self->decision_count = kept;
}

static void keep_head(sg_engine *self, const sg_engine *from, const sg_plant *plant,
                      const sg_transfer *map)
{
    struct sg_engine made = *self;
    *self = *from;
    self->magic = made.magic;
    self->size = made.size;
    self->state_size = made.state_size;
    self->site_hash = made.site_hash;
    self->policy = made.policy;
    self->mode = made.mode;
    self->meter.demand_charge = made.meter.demand_charge;
    self->meter.zone_us = made.meter.zone_us;
    for (int g = 0; g < SG_GROUP_MAX; g++) {
        int32_t was = g < plant->group_count ? map->group[g] : -1;
        self->group_reason[g] = was < 0 ? -1 : from->group_reason[was];
        self->group_told_us[g] = was < 0 ? 0 : from->group_told_us[was];
        self->group_setpoint_w[g] = was < 0 ? 0 : from->group_setpoint_w[was];
    }
    for (int t = 0; t < SG_TIE_MAX; t++) {
        int32_t was = t < plant->tie_count ? map->tie[t] : -1;
        self->tie_told[t] = was < 0 ? 0 : from->tie_told[was];
        self->tie_told_us[t] = was < 0 ? 0 : from->tie_told_us[was];
        self->tie_told_w[t] = was < 0 ? 0 : from->tie_told_w[was];
    }
    keep_plan(self, plant, map);
    keep_decisions(self, plant, map);
}

#define KEEP(to, from, count)                                          \
    for (int32_t i = 0; i < count##_count; i++) {                      \
        (to)[i] = map->count[i] < 0 ? (to)[i] : (from)[map->count[i]]; \
    }

static void keep_arrays(const sg_rooms *to, const sg_rooms *from, const sg_transfer *map)
{
    int32_t point_count = to->plant.points.count, node_count = to->plant.node_count,
            source_count = to->plant.source_count, store_count = to->plant.store_count,
            load_count = to->plant.load_count, tie_count = to->plant.tie_count;
#define X(name, type, count) KEEP(to->name, from->name, count)
    SG_ROOM_ARRAYS(X)
#undef X
#define X(name, type, count) KEEP(to->trust.name, from->trust.name, count)
    SG_TRUST_ARRAYS(X)
#undef X
#define X(name, type, count) KEEP(to->control.name, from->control.name, count)
    SG_CONTROL_ARRAYS(X)
#undef X
}

/* Verdicts name points by their old numbers: the trials begin anew. A new store holds what the site file says, until it is read. */
static void begin_new(const sg_rooms *to, const sg_transfer *map)
{
    const sg_plant *plant = &to->plant;
    for (int n = 0; n < plant->node_count; n++) {
        to->trust.node_liar[n] = to->trust.node_jumped[n] = to->trust.node_found[n] = -1;
        to->trust.node_doubt[n] = 0;
    }
    for (int t = 0; t < plant->tie_count; t++) {
        to->control.tie_taker[t] = -1;
        to->control.tie_w[t] = 0; /* it may connect other nodes now */
    }
    for (int s = 0; s < plant->store_count; s++) {
        if (map->store[s] < 0) {
            to->measure.value[plant->points.first[SG_POINT_STORE_ENERGY] + s] =
                plant->store_initial_j[s];
        }
    }
}

void sg_engine_transfer(sg_engine *self, const sg_engine *from, const sg_transfer *map)
{
    sg_rooms to = sg_rooms_at(self);
    /* the block is only resolved, not written */
    const sg_rooms old = sg_rooms_at((sg_engine *)(uintptr_t)from);
    keep_head(self, from, &to.plant, map);
    keep_arrays(&to, &old, map);
    sg_allocator_forget(to.control.caps); /* what they gave is not what stands there now */
    sg_allocator_forget(to.control.spare);
    const sg_news news = sg_news_at(to.news, &to.plant);
    sg_news_forget(&news);
    memset(self->quality_count, 0, sizeof self->quality_count); /* until there is a frame */
    begin_new(&to, map);
}
