#include "base/limits.h"
#include "cli/problem_json.h"

#include <math.h>
#include <string.h>

static const char *const TOP_KEYS[] = {"format", "nodes", "leaves", NULL};
static const char *const NODE_KEYS[] = {"id", "parent", "limit_kw", NULL};
static const char *const LEAF_KEYS[] = {"id",     "parent",    "class", "weight",
                                        "min_kw", "demand_kw", NULL};

enum { NO_PARENT = -1 };

/* One array of the allocation, checked to exist. */
static void *array_of(sg_json_in *in, sg_arena *arena, size_t count, size_t item_size)
{
    void *array = sg_arena_array(arena, count + 1, item_size);
    if (!array) {
        sg_json_in_fail_memory(in);
    }
    return array;
}

/* The nodes in the document's order, before they are sorted. */
typedef struct node_list {
    size_t count;
    const char **id;
    double *limit;
    int32_t *parent;
    int32_t *index; /* document order -> sorted order */
    json_t *by_id;  /* id -> document index           */
} node_list;

static const char *kept_id(sg_json_in *in, sg_arena *arena, json_t *object)
{
    const char *id = sg_json_in_id(in, object, "id");
    char *copy = sg_arena_text(arena, id, strlen(id));
    if (!copy) {
        sg_json_in_fail_memory(in);
    }
    return copy;
}

/* Remember the index under its id; an id may stand once. */
static void intern(sg_json_in *in, json_t *by_id, const char *id, size_t index)
{
    if (in->failed) {
        return;
    }
    if (json_object_get(by_id, id)) {
        sg_json_in_fail(in, "id", "expected each id once, found \"%s\" twice", id);
    } else if (json_object_set_new(by_id, id, json_integer((json_int_t)index)) != 0) {
        sg_json_in_fail_memory(in);
    }
}

static void read_nodes(sg_json_in *in, sg_arena *arena, json_t *list, node_list *ret)
{
    for (size_t i = 0; i < ret->count && !in->failed; i++) {
        size_t before;
        json_t *item = json_array_get(list, i);
        sg_json_in_enter_item(in, i, &before);
        if (sg_json_in_object(in, item, NODE_KEYS)) {
            ret->id[i] = kept_id(in, arena, item);
            ret->limit[i] =
                sg_json_in_number_or(in, item, "limit_kw", &SG_JSON_NOT_NEGATIVE, HUGE_VAL);
            intern(in, ret->by_id, ret->id[i], i);
        }
        sg_json_in_leave(in, before);
    }
}

/* The document index of the node that the member "parent" names. */
static int32_t parent_of(sg_json_in *in, json_t *object, json_t *by_id, bool required)
{
    if (!required && !json_object_get(object, "parent")) {
        return NO_PARENT;
    }
    const char *name = sg_json_in_text(in, object, "parent");
    json_t *found = in->failed ? NULL : json_object_get(by_id, name);
    if (!found) {
        sg_json_in_fail(in, "parent", "expected the id of a node, found \"%.63s\"", name);
        return NO_PARENT;
    }
    return (int32_t)json_integer_value(found);
}

/* Parents before children: each round of the walk hands out places along one chain upwards, so that
 * every node is visited once. A chain that meets itself is a cycle. */
static void sort_nodes(sg_json_in *in, node_list *self, int32_t *chain)
{
    enum { UNSEEN = -1, ON_CHAIN = -2 };
    int32_t next = 0;
    for (size_t i = 0; i < self->count; i++) {
        self->index[i] = UNSEEN;
    }
    for (size_t i = 0; i < self->count && !in->failed; i++) {
        size_t length = 0;
        int32_t at = (int32_t)i;
        while (at != NO_PARENT && self->index[at] == UNSEEN) {
            self->index[at] = ON_CHAIN;
            chain[length++] = at;
            at = self->parent[at];
        }
        if (at != NO_PARENT && self->index[at] == ON_CHAIN) {
            size_t before;
            sg_json_in_enter_item(in, (size_t)at, &before);
            sg_json_in_fail(in, "parent", "expected a tree, found a cycle through \"%s\"",
                            self->id[at]);
            sg_json_in_leave(in, before);
        }
        while (length > 0) {
            self->index[chain[--length]] = next++;
        }
    }
}

static void take_nodes(sg_json_in *in, sg_arena *arena, json_t *top, node_list *nodes,
                       sg_allocation_document *ret)
{
    json_t *list = sg_json_in_array(in, top, "nodes");
    nodes->count = list ? json_array_size(list) : 0;
    if (nodes->count == 0 || nodes->count > SG_NODE_MAX) {
        sg_json_in_fail(in, "nodes", "expected an array of 1 to %d nodes", SG_NODE_MAX);
        return;
    }
    nodes->id = array_of(in, arena, nodes->count, sizeof *nodes->id);
    nodes->limit = array_of(in, arena, nodes->count, sizeof *nodes->limit);
    nodes->parent = array_of(in, arena, nodes->count, sizeof *nodes->parent);
    nodes->index = array_of(in, arena, nodes->count, sizeof *nodes->index);
    int32_t *chain = array_of(in, arena, nodes->count, sizeof *chain);
    ret->node_id = array_of(in, arena, nodes->count, sizeof *ret->node_id);
    double *limit = array_of(in, arena, nodes->count, sizeof *limit);
    int32_t *parent = array_of(in, arena, nodes->count, sizeof *parent);
    if (in->failed) {
        return;
    }
    size_t before;
    sg_json_in_enter(in, "nodes", &before);
    read_nodes(in, arena, list, nodes);
    for (size_t i = 0; i < nodes->count && !in->failed; i++) {
        size_t before_item;
        sg_json_in_enter_item(in, i, &before_item);
        nodes->parent[i] = parent_of(in, json_array_get(list, i), nodes->by_id, false);
        sg_json_in_leave(in, before_item);
    }
    sort_nodes(in, nodes, chain);
    sg_json_in_leave(in, before);
    for (size_t i = 0; i < nodes->count && !in->failed; i++) {
        int32_t at = nodes->index[i], up = nodes->parent[i];
        ret->node_id[at] = nodes->id[i];
        limit[at] = nodes->limit[i];
        parent[at] = up == NO_PARENT ? NO_PARENT : nodes->index[up];
    }
    ret->allocation.node_count = (int)nodes->count;
    ret->allocation.node_parent = parent;
    ret->allocation.node_limit_w = limit;
}

static void take_leaves(sg_json_in *in, sg_arena *arena, json_t *top, const node_list *nodes,
                        json_t *by_id, sg_allocation_document *ret)
{
    json_t *list = sg_json_in_array(in, top, "leaves");
    size_t count = list ? json_array_size(list) : 0;
    if (!list || count > SG_DEVICE_MAX) {
        sg_json_in_fail(in, "leaves", "expected an array of at most %d leaves", SG_DEVICE_MAX);
    }
    int32_t *node = array_of(in, arena, count, sizeof *node);
    uint8_t *class = array_of(in, arena, count, sizeof *class);
    double *weight = array_of(in, arena, count, sizeof *weight);
    double *min = array_of(in, arena, count, sizeof *min);
    double *demand = array_of(in, arena, count, sizeof *demand);
    ret->leaf_id = array_of(in, arena, count, sizeof *ret->leaf_id);
    size_t before, before_item;
    sg_json_in_enter(in, "leaves", &before);
    for (size_t i = 0; i < count && !in->failed; i++) {
        json_t *item = json_array_get(list, i);
        sg_json_in_enter_item(in, i, &before_item);
        if (sg_json_in_object(in, item, LEAF_KEYS)) {
            int32_t parent = parent_of(in, item, nodes->by_id, true);
            ret->leaf_id[i] = kept_id(in, arena, item);
            intern(in, by_id, ret->leaf_id[i], i);
            node[i] = in->failed ? 0 : nodes->index[parent];
            class[i] = (uint8_t)sg_json_in_integer_or(in, item, "class", 0, SG_CLASS_MAX - 1, 0);
            weight[i] = sg_json_in_number_or(in, item, "weight", &SG_JSON_POSITIVE, 1.0);
            min[i] = sg_json_in_number_or(in, item, "min_kw", &SG_JSON_NOT_NEGATIVE, 0.0);
            demand[i] = sg_json_in_number(in, item, "demand_kw", &SG_JSON_NOT_NEGATIVE);
        }
        sg_json_in_leave(in, before_item);
    }
    sg_json_in_leave(in, before);
    ret->allocation.leaf_count = (int)count;
    ret->allocation.leaf_node = node;
    ret->allocation.leaf_class = class;
    ret->allocation.leaf_weight = weight;
    ret->allocation.leaf_min_w = min;
    ret->allocation.leaf_demand_w = demand;
}

bool sg_allocation_from_json(sg_json_in *in, sg_arena *arena, sg_allocation_document *ret)
{
    node_list nodes = {.by_id = json_object()};
    json_t *leaf_ids = json_object();
    *ret = (sg_allocation_document){0};
    if (!nodes.by_id || !leaf_ids) {
        sg_json_in_fail_memory(in);
    }
    if (sg_json_in_object(in, in->root, TOP_KEYS)) {
        take_nodes(in, arena, in->root, &nodes, ret);
    }
    if (!in->failed) {
        take_leaves(in, arena, in->root, &nodes, leaf_ids, ret);
    }
    json_decref(nodes.by_id);
    json_decref(leaf_ids);
    return !in->failed;
}
