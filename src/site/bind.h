/* bind.h - from YAML trees to a site; private to src/site.
 *
 * Binding goes in passes: sections are collected from all blocks (reader.c), series are declared and loaded
 * (bind_series.c), nodes counted and laid out (bind_nodes.c), devices counted, checked against the limits and only
 * then allocated and filled (bind_devices.c), what refers to them last (bind_rest.c), how it is planned
 * (bind_planning.c), what it does for the grid (bind_services.c) and how its alarms are raised (bind_alarms.c).
 * Every pass goes on after an error, so that a reader of the diagnostics sees all of them. */
#ifndef SG_SITE_BIND_H
#define SG_SITE_BIND_H
#include "site/yaml.h"

typedef enum sg_section {
    SG_IN_SERIES,
    SG_IN_TEMPLATES,
    SG_IN_NODES,
    SG_IN_TIES,
    SG_IN_SOURCES,
    SG_IN_STORES,
    SG_IN_LOADS,
    SG_IN_GRID,
    SG_IN_FAULTS,
    SG_IN_WORKFLOWS,
    SG_IN_PLANNING,
    SG_IN_SCHEDULES,
    SG_IN_ALARMS,
    SG_SECTION_COUNT
} sg_section;

/* One entry of a section. */
typedef struct sg_item {
    const char *id;     /* "" in faults and workflows */
    const sg_yaml *key; /* where it stands            */
    const sg_yaml *body;
    const char *kind; /* of the source's own blocks: the default type, else NULL */
    struct sg_item *next;
} sg_item;

typedef struct sg_items {
    sg_item *first, *last;
    int count;
} sg_items;

/* Ids to numbers; open addressing. */
typedef struct sg_names {
    const char **keys;
    int32_t *values;
    size_t size, count;
} sg_names;

/* What a group, node group or series of several members is called and where it lies. */
typedef struct sg_span {
    int32_t first, count;
} sg_span;

typedef struct sg_bind {
    sg_site *site;
    sg_diagnostics *diagnostics;
    sg_arena scratch; /* trees and tables, freed after binding */
    const char *file; /* in the diagnostics' memory */
    const char *path; /* as given, anchors relative paths */
    bool load_series;
    bool nodes_good; /* the tree is laid out: nodes can be referred to */
    bool devices_good;
    sg_items sections[SG_SECTION_COUNT];

    sg_names ids; /* nodes and devices: value = index into node_groups, or -1 - index into groups */
    sg_names series_names; /* value = index into series_groups */
    sg_span *series_groups;
    sg_dimension *series_dimension; /* [series_count]; SG_DIM_COUNT = a faulty series */
    int64_t points;                 /* values of all series so far */
    int32_t series_group_count;
    const sg_yaml **series_at;    /* [series_group_count] */
    bool *series_used;            /* [series_group_count] */
    const sg_yaml *front;         /* the document's front matter, or NULL */
    const sg_yaml *currency_from; /* the first price that named a currency */
} sg_bind;

static inline sg_place sg_bind_place(const sg_bind *b, const sg_yaml *at)
{
    return (sg_place){b->file, at ? at->line : 0, at ? at->column : 0};
}

/* An entry with its template below it. */
typedef struct sg_entry {
    const sg_yaml *own, *base; /* base may be NULL */
} sg_entry;

/* The item's map and the template that it names. */
bool sg_bind_entry(sg_bind *b, const sg_item *item, sg_entry *ret);
const sg_yaml *sg_entry_get(const sg_entry *entry, const char *key);

/* ---- names ---- */

/* False when the key is there already (then *ret_old is its value) or memory is out. */
bool sg_names_add(sg_bind *b, sg_names *names, const char *key, int32_t value, int32_t *ret_old);
bool sg_names_find(const sg_names *names, const char *key, int32_t *ret);
/* "pdu-3" -> "pdu" and 3; false when text does not end so. */
bool sg_name_split(const char *text, char ret_stem[SG_ID_MAX], int32_t *ret_member);
/* The known name nearest to text, as a hint: "did you mean 'x'", or "". */
const char *sg_names_hint(const sg_names *names, const char *text, char *ret, size_t size);

/* ---- values ---- */

/* Each reader diagnoses what it refuses and returns false. */
bool sg_bind_map(sg_bind *b, const sg_yaml *at, const char *what);
bool sg_bind_text(sg_bind *b, const sg_yaml *at, const char *what, const char **ret);
bool sg_bind_id(sg_bind *b, const sg_yaml *at, const char **ret);
bool sg_bind_whole(sg_bind *b, const sg_yaml *at, const char *what, int64_t min, int64_t max,
                   int64_t *ret);
bool sg_bind_choice(sg_bind *b, const sg_yaml *at, const char *what, const char *choices, int *ret);
/* One scalar by a parameter's row of a table. */
bool sg_bind_scalar(sg_bind *b, const sg_yaml *at, const sg_param *param, double *ret);
/* A quantity of the dimension without limits. */
bool sg_bind_quantity(sg_bind *b, const sg_yaml *at, const char *what, sg_dimension dimension,
                      double *ret);
bool sg_bind_zone(sg_bind *b, const sg_yaml *at, int32_t *ret_offset_s);
/* Remember the currency of a price, or refuse a second one. */
bool sg_bind_currency(sg_bind *b, const sg_yaml *at, const char *currency);

/* A parameter's values, dealt out in turn: member i has v[i % count]. */
typedef struct sg_values {
    double *v;
    int32_t count;
} sg_values;

/* The parameter of an entry, its preset where absent. `members` only serves a warning about left-over items. */
bool sg_bind_param(sg_bind *b, const sg_entry *entry, const sg_param *param, const sg_yaml *where,
                   int64_t members, sg_values *ret);

enum { SG_KEY_MAX = 64 };
/* Error for every key of the entry that is not among the names. */
void sg_bind_unknown(sg_bind *b, const sg_entry *entry, const char *const *names, int count,
                     const char *what);
void sg_bind_nomem(sg_bind *b);

/* ---- passes, in this order ---- */

/* Front matter: the document's, or that of a bare YAML file, whose other keys are sections. */
void sg_bind_front(sg_bind *b, const sg_yaml *map, bool bare);
/* The front matter of a nested document: a workflow, or nothing. */
void sg_bind_nested_front(sg_bind *b, const sg_yaml *map);
/* Sort a map's keys into the sections. */
void sg_bind_collect(sg_bind *b, const sg_yaml *map, bool bare);
void sg_bind_series(sg_bind *b);
/* The map behind `random`, values in the dimension. */
bool sg_bind_random(sg_bind *b, const sg_yaml *at, sg_dimension dimension, sg_random *ret);
void sg_bind_nodes(sg_bind *b);
void sg_bind_devices(sg_bind *b);
void sg_bind_ties(sg_bind *b);
void sg_bind_schedules(sg_bind *b);
void sg_bind_faults(sg_bind *b);
void sg_bind_workflows(sg_bind *b);
void sg_bind_planning(sg_bind *b);
void sg_bind_services(sg_bind *b);
void sg_bind_alarms(sg_bind *b);

/* One input of a block: a series (*ret_series >= 0) or a constant. */
bool sg_bind_feed(sg_bind *b, const sg_yaml *at, const sg_input *input, int32_t *ret_series,
                  double *ret_value);

/* Resolve "pdu" or "pdu-3" among nodes. */
bool sg_bind_node_ref(sg_bind *b, const sg_yaml *at, sg_span *ret);
/* Resolve "rack" or "rack-3" among devices; member -1 = all. */
bool sg_bind_device_ref(sg_bind *b, const sg_yaml *at, int32_t *ret_group, int32_t *ret_member);
uint64_t sg_site_hash(const sg_site *site);
#endif
