/* maml.h - finds the YAML in a `.maml.md` document; private to src/site.
 *
 * A line scanner, not a Markdown reader: front matter, headings, fences, comments. Rules that differ from CommonMark:
 *   - a fence may be indented as deep as it likes (lists), its content loses that indentation;
 *   - inside an open ```markdown fence an opening fence nests instead of being text (a note says so once);
 *   - inside any other open fence a line that opens a fence of the same sort is an error, for one of the two was
 *     forgotten to be closed and everything after it would silently change sides.
 * Only yaml fences below a heading that ends in `_Schema` are taken; deeper headings stay in that section.
 * Memory   fragments point into the text or into the arena. */
#ifndef SG_SITE_MAML_H
#define SG_SITE_MAML_H
#include "site/yaml.h"

typedef enum sg_maml_part { SG_MAML_FRONT, SG_MAML_SCHEMA, SG_MAML_NESTED_FRONT } sg_maml_part;

typedef struct sg_maml_block {
    sg_maml_part part;
    sg_fragment fragment;
    struct sg_maml_block *next;
} sg_maml_block;

typedef struct sg_maml {
    sg_maml_block *blocks; /* in the order of the document */
    const char *title;     /* the first heading, "" = none */
} sg_maml;

/* Nesting of fences that is followed. */
enum { SG_MAML_FENCE_MAX = 8 };

/* Scan the whole document. Mistakes become diagnostics; false only when memory is exhausted.
 * @effects alloc=yes block=no */
bool sg_maml_scan(const char *text, size_t length, const char *file, sg_arena *arena,
                  sg_diagnostics *diagnostics, sg_maml *ret);
#endif
