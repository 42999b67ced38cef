#include "site/yaml.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct level {
    sg_yaml *node;
    sg_yaml *last; /* child: the key that waits for its value, or the last item */
    bool key_next; /* the next scalar is a key */
} level;

typedef struct builder {
    const sg_fragment *fragment;
    const char *file;
    sg_arena *arena;
    sg_diagnostics *diagnostics;
    sg_yaml *root;
    level levels[SG_YAML_DEPTH_MAX];
    int depth;
    int nodes;
    int documents;
} builder;

static sg_place place_at(const builder *b, size_t line, size_t column)
{
    size_t removed = 0;
    if (b->fragment->removed && line < (size_t)b->fragment->removed_count) {
        removed = b->fragment->removed[line];
    }
    size_t lines = line < 1u << 30 ? line : 1u << 30,
           columns = column < 1u << 30 ? column : 1u << 30;
    return (sg_place){b->file, b->fragment->line + (int)lines, (int)(columns + removed) + 1};
}

static bool refuse(builder *b, const yaml_mark_t *mark, const char *hint, const char *what)
{
    sg_diagnose(b->diagnostics, SG_ERROR, place_at(b, mark->line, mark->column), hint, "%s", what);
    return false;
}

static sg_yaml *node_new(builder *b, sg_yaml_kind kind, const yaml_mark_t *mark)
{
    if (++b->nodes > SG_YAML_NODE_MAX) {
        refuse(b, mark, "use count and templates for large sites", "too many values in one block");
        return NULL;
    }
    sg_yaml *node = sg_arena_alloc(b->arena, sizeof *node);
    if (!node) {
        refuse(b, mark, NULL, "the site file needs too much memory");
        return NULL;
    }
    sg_place place = place_at(b, mark->line, mark->column);
    node->kind = kind;
    node->line = place.line;
    node->column = place.column;
    return node;
}

/* ---- duplicate keys ---- */

static sg_yaml *duplicate_in_small(const sg_yaml *map, sg_yaml **ret_first)
{
    for (sg_yaml *a = map->first; a; a = a->next) {
        for (sg_yaml *c = a->next; c; c = c->next) {
            if (a->length == c->length && memcmp(a->text, c->text, a->length) == 0) {
                *ret_first = a;
                return c;
            }
        }
    }
    return NULL;
}

static sg_yaml *duplicate_in_large(const sg_yaml *map, sg_yaml **ret_first)
{
    size_t size = 16;
    while (size < (size_t)map->count * 2) {
        size *= 2;
    }
    sg_yaml **slots = calloc(size, sizeof *slots);
    sg_yaml *found = NULL;
    for (sg_yaml *key = map->first; key && slots && !found; key = key->next) {
        uint64_t hash = sg_hash(SG_HASH_START, key->text, key->length);
        size_t at = (size_t)(hash ^ hash >> 32) & (size - 1);
        while (slots[at] && !found) {
            if (slots[at]->length == key->length &&
                memcmp(slots[at]->text, key->text, key->length) == 0) {
                *ret_first = slots[at];
                found = key;
            }
            at = (at + 1) & (size - 1);
        }
        slots[at] = key;
    }
    free(slots);
    return found;
}

/* The tree stays usable: the first of the two counts, so reading goes on to find more. */
static void map_check(builder *b, const sg_yaml *map)
{
    sg_yaml *first = NULL;
    sg_yaml *again =
        map->count <= 12 ? duplicate_in_small(map, &first) : duplicate_in_large(map, &first);
    if (!again) {
        return;
    }
    char quoted[SG_QUOTE_MAX];
    sg_diagnose(b->diagnostics, SG_ERROR, (sg_place){b->file, again->line, again->column}, NULL,
                "the key %s stands here for the second time, first on line %d",
                sg_quote(again->text, again->length, quoted), first->line);
}

/* ---- events ---- */

/* Hang a node below the open level, as key, value or item. */
static bool attach(builder *b, sg_yaml *node, const yaml_mark_t *mark)
{
    if (b->depth == 0) {
        b->root = node;
        return true;
    }
    level *top = &b->levels[b->depth - 1];
    if (top->node->kind == SG_YAML_MAP && !top->key_next) {
        top->last->value = node;
        top->key_next = true;
        return true;
    }
    if (top->node->kind == SG_YAML_MAP) {
        if (node->kind != SG_YAML_SCALAR) {
            return refuse(b, mark, NULL, "expected a plain key, got a list or a map as a key");
        }
        if (strcmp(node->text, "<<") == 0) {
            return refuse(b, mark, "use a template", "merge keys are not supported");
        }
        top->key_next = false;
    }
    if (top->last) {
        top->last->next = node;
    } else {
        top->node->first = node;
    }
    top->last = node;
    top->node->count++;
    return true;
}

static bool open_level(builder *b, const yaml_event_t *event, sg_yaml_kind kind)
{
    sg_yaml *node = node_new(b, kind, &event->start_mark);
    if (!node || !attach(b, node, &event->start_mark)) {
        return false;
    }
    if (b->depth == SG_YAML_DEPTH_MAX) {
        return refuse(b, &event->start_mark, NULL, "nested deeper than 32 levels");
    }
    b->levels[b->depth++] = (level){.node = node, .key_next = kind == SG_YAML_MAP};
    return true;
}

static bool take_scalar(builder *b, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(text, '\0', length)) {
        return refuse(b, &event->start_mark, NULL, "a text must not hold a NUL character");
    }
    sg_yaml *node = node_new(b, SG_YAML_SCALAR, &event->start_mark);
    if (!node) {
        return false;
    }
    node->text = sg_arena_text(b->arena, text, length);
    node->length = length;
    if (!node->text) {
        return refuse(b, &event->start_mark, NULL, "the site file needs too much memory");
    }
    return attach(b, node, &event->start_mark);
}

static const char *forbidden(const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return "aliases (*name) are not supported";
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    default:
        break;
    }
    return anchor ? "anchors (&name) are not supported"
           : tag  ? "tags (!name) are not supported"
                  : NULL;
}

static bool take_event(builder *b, const yaml_event_t *event)
{
    const char *why = forbidden(event);
    if (why) {
        return refuse(b, &event->start_mark, "quote the text if the sign belongs to it", why);
    }
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->documents++ > 0) {
            return refuse(b, &event->start_mark, NULL,
                          "expected one YAML document, got a second one");
        }
        return true;
    case YAML_MAPPING_START_EVENT:
        return open_level(b, event, SG_YAML_MAP);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(b, event, SG_YAML_LIST);
    case YAML_SCALAR_EVENT:
        return take_scalar(b, event);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: {
        sg_yaml *node = b->levels[--b->depth].node;
        if (node->kind == SG_YAML_MAP) {
            map_check(b, node);
        }
        return true;
    }
    default:
        return true;
    }
}

static void parser_failed(builder *b, const yaml_parser_t *parser)
{
    size_t line = parser->problem_mark.line, column = parser->problem_mark.column;
    if (parser->error == YAML_READER_ERROR) { /* has an offset only */
        line = column = 0;
        for (size_t i = 0; i < parser->problem_offset && i < b->fragment->length; i++) {
            line += b->fragment->text[i] == '\n';
            column = b->fragment->text[i] == '\n' ? 0 : column + 1;
        }
    }
    const char *problem = parser->problem ? parser->problem : "not YAML";
    sg_place place = place_at(b, line, column);
    if (parser->context && parser->context_mark.line != line) {
        int context_line = b->fragment->line + (int)parser->context_mark.line;
        sg_diagnose(b->diagnostics, SG_ERROR, place, NULL,
                    "not valid YAML: %s, %s that began on line %d", problem, parser->context,
                    context_line);
    } else {
        sg_diagnose(b->diagnostics, SG_ERROR, place, NULL, "not valid YAML: %s", problem);
    }
}

sg_yaml *sg_yaml_parse(const sg_fragment *fragment, const char *file, sg_arena *arena,
                       sg_diagnostics *diagnostics)
{
    builder b = {.fragment = fragment, .file = file, .arena = arena, .diagnostics = diagnostics};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        sg_diagnose(diagnostics, SG_ERROR, (sg_place){file, fragment->line, 1}, NULL,
                    "the site file needs too much memory");
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)fragment->text, fragment->length);
    bool good = true, end = false;
    while (good && !end) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            parser_failed(&b, &parser);
            good = false;
            break;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        good = take_event(&b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return good ? b.root : NULL;
}

sg_yaml *sg_yaml_get(const sg_yaml *map, const char *key)
{
    for (sg_yaml *at = map->kind == SG_YAML_MAP ? map->first : NULL; at; at = at->next) {
        if (strcmp(at->text, key) == 0) {
            return at->value;
        }
    }
    return NULL;
}
