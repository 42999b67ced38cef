#include "cli/problem_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const TOP_KEYS[] = {"format", "start",     "step_s",  "steps", "load_kw",
                                       "zones",  "links",     "sources", "grid",  "stores",
                                       "shed",   "shiftable", "reserve", NULL};
static const char *const ZONE_KEYS[] = {"id", "load_kw", NULL};
static const char *const LINK_KEYS[] = {"id",          "from",      "to", "forward_kw_max",
                                        "back_kw_max", "loss_frac", NULL};
static const char *const SOURCE_KEYS[] = {"id", "zone", "available_kw", "cost_per_kwh", NULL};
static const char *const GRID_KEYS[] = {"zone",
                                        "import_kw_max",
                                        "export_kw_max",
                                        "import_price_per_kwh",
                                        "export_price_per_kwh",
                                        "ramp_kw_per_step",
                                        "initial_net_kw",
                                        "demand_periods",
                                        NULL};
static const char *const DEMAND_KEYS[] = {"from", "to", "charge_per_kw", "peak_so_far_kw", NULL};
static const char *const STORE_KEYS[] = {"id",
                                         "zone",
                                         "energy_kwh_min",
                                         "energy_kwh_max",
                                         "charge_kw_max",
                                         "discharge_kw_max",
                                         "charge_eff",
                                         "discharge_eff",
                                         "standing_loss_per_h",
                                         "initial_kwh",
                                         "final_kwh_min",
                                         "wear_cost_per_kwh",
                                         "terminal_value_per_kwh",
                                         NULL};
static const char *const SHED_KEYS[] = {"id", "zone", "max_kw", "cost_per_kwh", NULL};
static const char *const SHIFTABLE_KEYS[] = {
    "id", "zone", "from", "to", "energy_kwh", "power_kw_max", "unserved_cost_per_kwh", NULL};
static const char *const RESERVE_KEYS[] = {"up_kw", "down_kw", "duration_s", NULL};

static const sg_json_range LOSS = {.low = 0.0, .high = 1.0, .high_is_open = true};

/* What a list of the document needs while it is read. */
typedef struct context {
    sg_json_in *in;
    sg_arena *arena;
    int steps;
    const sg_dispatch_zone *zones; /* NULL until they are read, and where there are none */
    int zone_count;
} context;

static const char *kept_id(context *self, json_t *object)
{
    const char *id = sg_json_in_id(self->in, object, "id");
    char *copy = sg_arena_text(self->arena, id, strlen(id));
    if (!copy) {
        sg_json_in_fail_memory(self->in);
    }
    return copy;
}

typedef void item_reader(context *self, json_t *object, void *ret);

/* An array of objects into records; *ret_count stays 0 after an error. */
static void *read_list(context *self, json_t *object, const char *key, const char *const *keys,
                       size_t item_size, item_reader *read_item, int *ret_count)
{
    json_t *list = sg_json_in_array(self->in, object, key);
    size_t count = list ? json_array_size(list) : 0, before, before_item;
    unsigned char *items = count ? sg_arena_array(self->arena, count, item_size) : NULL;
    *ret_count = 0;
    if (!count) {
        return NULL;
    }
    if (!items) {
        sg_json_in_fail_memory(self->in);
        return NULL;
    }
    sg_json_in_enter(self->in, key, &before);
    for (size_t i = 0; i < count && !self->in->failed; i++) {
        json_t *item = json_array_get(list, i);
        sg_json_in_enter_item(self->in, i, &before_item);
        if (sg_json_in_object(self->in, item, keys)) {
            read_item(self, item, items + i * item_size);
        }
        sg_json_in_leave(self->in, before_item);
    }
    sg_json_in_leave(self->in, before);
    *ret_count = self->in->failed ? 0 : (int)count;
    return items;
}

static void read_zone(context *self, json_t *object, void *ret)
{
    sg_dispatch_zone *zone = ret;
    zone->id = kept_id(self, object);
    zone->load_kw =
        sg_json_in_series(self->in, object, "load_kw", self->steps, &SG_JSON_ANY, self->arena);
}

/* The load: of the one zone, or of each where there are zones. */
static void read_load(context *self, json_t *top, sg_dispatch *ret)
{
    sg_json_in *in = self->in;
    json_t *zones = sg_json_in_array(in, top, "zones");
    if (in->failed || !zones) {
        ret->load_kw =
            sg_json_in_series(in, top, "load_kw", self->steps, &SG_JSON_ANY, self->arena);
        return;
    }
    if (json_array_size(zones) < 1 || json_array_size(zones) > SG_DISPATCH_ZONE_MAX) {
        sg_json_in_fail(in, "zones", "expected 1 to %d zones, found %zu", SG_DISPATCH_ZONE_MAX,
                        json_array_size(zones));
    }
    if (json_object_get(top, "load_kw")) {
        sg_json_in_fail(in, "load_kw", "expected nothing beside zones: each has its own load");
    }
    ret->zones =
        read_list(self, top, "zones", ZONE_KEYS, sizeof *ret->zones, read_zone, &ret->zone_count);
    self->zones = ret->zones;
    self->zone_count = ret->zone_count;
}

/* The index of the zone that a member names. */
static int named_zone(context *self, json_t *object, const char *key)
{
    const char *id = sg_json_in_text(self->in, object, key);
    for (int zone = 0; zone < self->zone_count; zone++) {
        if (strcmp(self->zones[zone].id, id) == 0) {
            return zone;
        }
    }
    if (self->zones) {
        sg_json_in_fail(self->in, key, "expected the id of a zone, found \"%.40s\"", id);
    } else {
        sg_json_in_fail(self->in, key, "expected zones in the document that it could name");
    }
    return 0;
}

/* Where something stands: in the first zone unless it says otherwise. */
static int zone_of(context *self, json_t *object)
{
    return json_object_get(object, "zone") ? named_zone(self, object, "zone") : 0;
}

static void read_link(context *self, json_t *object, void *ret)
{
    sg_json_in *in = self->in;
    sg_dispatch_link *link = ret;
    link->id = kept_id(self, object);
    link->from = named_zone(self, object, "from");
    link->to = named_zone(self, object, "to");
    if (link->from == link->to) {
        sg_json_in_fail(in, "to", "expected another zone than from");
    }
    link->forward_kw_max =
        sg_json_in_number_or(in, object, "forward_kw_max", &SG_JSON_NOT_NEGATIVE, HUGE_VAL);
    link->back_kw_max =
        sg_json_in_number_or(in, object, "back_kw_max", &SG_JSON_NOT_NEGATIVE, HUGE_VAL);
    link->loss_frac = sg_json_in_number_or(in, object, "loss_frac", &LOSS, 0.0);
}

static void read_source(context *self, json_t *object, void *ret)
{
    sg_dispatch_source *source = ret;
    source->id = kept_id(self, object);
    source->zone = zone_of(self, object);
    source->available_kw = sg_json_in_series(self->in, object, "available_kw", self->steps,
                                             &SG_JSON_NOT_NEGATIVE, self->arena);
    source->cost_per_kwh = sg_json_in_series_optional(self->in, object, "cost_per_kwh", self->steps,
                                                      &SG_JSON_ANY, self->arena);
}

/* The two ends of a window of steps; `to` follows the last one. */
static void read_window(context *self, json_t *object, int *ret_from, int *ret_to)
{
    *ret_from = (int)sg_json_in_integer(self->in, object, "from", 0, self->steps);
    *ret_to = (int)sg_json_in_integer(self->in, object, "to", *ret_from, self->steps);
}

static void read_demand(context *self, json_t *object, void *ret)
{
    sg_dispatch_demand *demand = ret;
    read_window(self, object, &demand->from, &demand->to);
    demand->charge_per_kw =
        sg_json_in_number(self->in, object, "charge_per_kw", &SG_JSON_NOT_NEGATIVE);
    demand->peak_so_far_kw =
        sg_json_in_number_or(self->in, object, "peak_so_far_kw", &SG_JSON_NOT_NEGATIVE, 0.0);
}

static void read_grid(context *self, json_t *top, sg_dispatch_grid *ret)
{
    sg_json_in *in = self->in;
    *ret = (sg_dispatch_grid){.ramp_kw_per_step = HUGE_VAL};
    json_t *grid = sg_json_in_member(in, top, "grid", GRID_KEYS);
    if (!grid) {
        return;
    }
    size_t before;
    sg_json_in_enter(in, "grid", &before);
    ret->present = true;
    ret->zone = zone_of(self, grid);
    ret->import_kw_max = sg_json_in_number(in, grid, "import_kw_max", &SG_JSON_NOT_NEGATIVE);
    ret->export_kw_max =
        sg_json_in_number_or(in, grid, "export_kw_max", &SG_JSON_NOT_NEGATIVE, 0.0);
    ret->import_price_per_kwh = sg_json_in_series_optional(in, grid, "import_price_per_kwh",
                                                           self->steps, &SG_JSON_ANY, self->arena);
    ret->export_price_per_kwh = sg_json_in_series_optional(in, grid, "export_price_per_kwh",
                                                           self->steps, &SG_JSON_ANY, self->arena);
    ret->ramp_kw_per_step =
        sg_json_in_number_or(in, grid, "ramp_kw_per_step", &SG_JSON_NOT_NEGATIVE, HUGE_VAL);
    ret->initial_net_given = json_object_get(grid, "initial_net_kw") != NULL;
    ret->initial_net_kw = sg_json_in_number_or(in, grid, "initial_net_kw", &SG_JSON_ANY, 0.0);
    ret->demand = read_list(self, grid, "demand_periods", DEMAND_KEYS, sizeof *ret->demand,
                            read_demand, &ret->demand_count);
    sg_json_in_leave(in, before);
}

static void read_store(context *self, json_t *object, void *ret)
{
    sg_json_in *in = self->in;
    sg_dispatch_store *s = ret;
    s->id = kept_id(self, object);
    s->zone = zone_of(self, object);
    s->energy_kwh_min =
        sg_json_in_number_or(in, object, "energy_kwh_min", &SG_JSON_NOT_NEGATIVE, 0.0);
    s->energy_kwh_max = sg_json_in_number(in, object, "energy_kwh_max", &SG_JSON_NOT_NEGATIVE);
    if (s->energy_kwh_max < s->energy_kwh_min) {
        sg_json_in_fail(in, "energy_kwh_max", "expected at least energy_kwh_min, %.12g",
                        s->energy_kwh_min);
    }
    s->charge_kw_max = sg_json_in_number(in, object, "charge_kw_max", &SG_JSON_NOT_NEGATIVE);
    s->discharge_kw_max = sg_json_in_number(in, object, "discharge_kw_max", &SG_JSON_NOT_NEGATIVE);
    s->charge_eff = sg_json_in_number(in, object, "charge_eff", &SG_JSON_EFFICIENCY);
    s->discharge_eff = sg_json_in_number(in, object, "discharge_eff", &SG_JSON_EFFICIENCY);
    s->standing_loss_per_h = sg_json_in_number_or(in, object, "standing_loss_per_h", &LOSS, 0.0);
    s->initial_kwh = sg_json_in_number(in, object, "initial_kwh", &SG_JSON_NOT_NEGATIVE);
    s->final_kwh_min =
        sg_json_in_number_or(in, object, "final_kwh_min", &SG_JSON_NOT_NEGATIVE, -HUGE_VAL);
    s->wear_cost_per_kwh = sg_json_in_number_or(in, object, "wear_cost_per_kwh", &SG_JSON_ANY, 0.0);
    s->terminal_value_per_kwh =
        sg_json_in_number_or(in, object, "terminal_value_per_kwh", &SG_JSON_ANY, 0.0);
}

static void read_shed(context *self, json_t *object, void *ret)
{
    sg_dispatch_shed *shed = ret;
    shed->id = kept_id(self, object);
    shed->zone = zone_of(self, object);
    shed->max_kw = sg_json_in_series(self->in, object, "max_kw", self->steps, &SG_JSON_NOT_NEGATIVE,
                                     self->arena);
    shed->cost_per_kwh = sg_json_in_number_or(self->in, object, "cost_per_kwh", &SG_JSON_ANY, 0.0);
}

static void read_shiftable(context *self, json_t *object, void *ret)
{
    sg_dispatch_shiftable *job = ret;
    job->id = kept_id(self, object);
    job->zone = zone_of(self, object);
    read_window(self, object, &job->from, &job->to);
    job->energy_kwh = sg_json_in_number(self->in, object, "energy_kwh", &SG_JSON_NOT_NEGATIVE);
    job->power_kw_max = sg_json_in_number(self->in, object, "power_kw_max", &SG_JSON_NOT_NEGATIVE);
    job->unserved_cost_per_kwh =
        sg_json_in_number_or(self->in, object, "unserved_cost_per_kwh", &SG_JSON_ANY, 0.0);
}

static void read_reserve(context *self, json_t *top, sg_dispatch *ret)
{
    json_t *reserve = sg_json_in_member(self->in, top, "reserve", RESERVE_KEYS);
    if (!reserve) {
        return;
    }
    size_t before;
    sg_json_in_enter(self->in, "reserve", &before);
    ret->reserve_up_kw = sg_json_in_series_optional(self->in, reserve, "up_kw", self->steps,
                                                    &SG_JSON_NOT_NEGATIVE, self->arena);
    ret->reserve_down_kw = sg_json_in_series_optional(self->in, reserve, "down_kw", self->steps,
                                                      &SG_JSON_NOT_NEGATIVE, self->arena);
    ret->reserve_duration_s =
        sg_json_in_number(self->in, reserve, "duration_s", &SG_JSON_NOT_NEGATIVE);
    sg_json_in_leave(self->in, before);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Ids are the keys of the answer, so a list must not repeat one. ids is sorted in place. */
static void refuse_repeats(context *self, const char *list, const char **ids, int count)
{
    if (self->in->failed || count < 2) {
        return;
    }
    qsort(ids, (size_t)count, sizeof *ids, compare_texts);
    for (int i = 1; i < count; i++) {
        if (strcmp(ids[i - 1], ids[i]) == 0) {
            sg_json_in_fail(self->in, list, "expected each id once, found \"%s\" twice", ids[i]);
        }
    }
}

static void check_ids(context *self, const sg_dispatch *p)
{
    size_t most = (size_t)p->source_count + (size_t)p->store_count + (size_t)p->shed_count +
                  (size_t)p->shiftable_count + (size_t)p->zone_count + (size_t)p->link_count;
    const char **ids = sg_arena_array(self->arena, most + 1, sizeof *ids);
    if (!ids) {
        sg_json_in_fail_memory(self->in);
        return;
    }
    for (int i = 0; i < p->zone_count; i++) {
        ids[i] = p->zones[i].id;
    }
    refuse_repeats(self, "zones", ids, p->zone_count);
    for (int i = 0; i < p->link_count; i++) {
        ids[i] = p->links[i].id;
    }
    refuse_repeats(self, "links", ids, p->link_count);
    for (int i = 0; i < p->source_count; i++) {
        ids[i] = p->sources[i].id;
    }
    refuse_repeats(self, "sources", ids, p->source_count);
    for (int i = 0; i < p->store_count; i++) {
        ids[i] = p->stores[i].id;
    }
    refuse_repeats(self, "stores", ids, p->store_count);
    for (int i = 0; i < p->shed_count; i++) {
        ids[i] = p->shed[i].id;
    }
    refuse_repeats(self, "shed", ids, p->shed_count);
    for (int i = 0; i < p->shiftable_count; i++) {
        ids[i] = p->shiftable[i].id;
    }
    refuse_repeats(self, "shiftable", ids, p->shiftable_count);
}

bool sg_dispatch_from_json(sg_json_in *in, sg_arena *arena, sg_dispatch *ret)
{
    context self = {.in = in, .arena = arena};
    json_t *top = in->root;
    *ret = (sg_dispatch){0};
    if (!sg_json_in_object(in, top, TOP_KEYS)) {
        return false;
    }
    ret->start_us = sg_json_in_time(in, top, "start");
    ret->step_s = sg_json_in_number(in, top, "step_s", &SG_JSON_POSITIVE);
    ret->steps = (int)sg_json_in_integer(in, top, "steps", 1, SG_PLAN_JSON_STEP_MAX);
    self.steps = ret->steps;
    read_load(&self, top, ret);
    ret->links =
        read_list(&self, top, "links", LINK_KEYS, sizeof *ret->links, read_link, &ret->link_count);
    ret->sources = read_list(&self, top, "sources", SOURCE_KEYS, sizeof *ret->sources, read_source,
                             &ret->source_count);
    read_grid(&self, top, &ret->grid);
    ret->stores = read_list(&self, top, "stores", STORE_KEYS, sizeof *ret->stores, read_store,
                            &ret->store_count);
    ret->shed =
        read_list(&self, top, "shed", SHED_KEYS, sizeof *ret->shed, read_shed, &ret->shed_count);
    ret->shiftable = read_list(&self, top, "shiftable", SHIFTABLE_KEYS, sizeof *ret->shiftable,
                               read_shiftable, &ret->shiftable_count);
    read_reserve(&self, top, ret);
    if (!in->failed) {
        check_ids(&self, ret);
    }
    return !in->failed;
}
