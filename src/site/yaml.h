/* yaml.h - a guarded tree over libyaml's events; private to src/site.
 *
 * Refused, each with its place: anchors, aliases, merge keys, tags, several documents, duplicate or composite keys,
 * more than SG_YAML_DEPTH_MAX levels, more than SG_YAML_NODE_MAX values, NUL bytes in texts.
 * Types are the caller's business: every scalar is text (`no`, `010` and `12:30` stay what was written).
 * Memory   nodes live in the caller's arena. */
#ifndef SG_SITE_YAML_H
#define SG_SITE_YAML_H
#include "base/arena.h"
#include "site/diagnose.h"

#include <stdbool.h>
#include <stdint.h>

enum { SG_YAML_DEPTH_MAX = 32, SG_YAML_NODE_MAX = 2000000 };

typedef enum sg_yaml_kind { SG_YAML_SCALAR, SG_YAML_MAP, SG_YAML_LIST } sg_yaml_kind;

typedef struct sg_yaml {
    sg_yaml_kind kind;
    int32_t line, column; /* 1-based, in the file */
    int32_t count;        /* of children          */
    const char *text;     /* scalars and keys; terminated */
    size_t length;
    struct sg_yaml *first; /* children: items, or keys         */
    struct sg_yaml *next;  /* the next child of the same parent */
    struct sg_yaml *value; /* of a key                          */
} sg_yaml;

/* A piece of a file. Lines may be indented by the fence around them: `removed[i]` columns were taken off line i. */
typedef struct sg_fragment {
    const char *text;
    size_t length;
    int line;               /* of the first line in the file          */
    const uint8_t *removed; /* per line, or NULL; saturates at 255    */
    int removed_count;
} sg_fragment;

/* The tree, or NULL after a diagnostic (NULL without one for a fragment that holds nothing but comments).
 * @effects alloc=yes block=no */
sg_yaml *sg_yaml_parse(const sg_fragment *fragment, const char *file, sg_arena *arena,
                       sg_diagnostics *diagnostics);

/* The value under key, or NULL (also where `map` is none). Linear: for the short maps that people write. */
sg_yaml *sg_yaml_get(const sg_yaml *map, const char *key);
#endif
