/* text.h - a growing text buffer and a JSON writer on top of it, plus small text helpers.
 *
 * Memory   sg_out owns a heap block that grows; sg_out_free releases it. On failed growth `failed` is set and
 *          further writes are dropped: test it once at the end.
 * Numbers  JSON numbers are written as the shortest decimal that reads back to the same double (at most 17
 *          digits); NaN and infinities become null. */
#ifndef SG_BASE_TEXT_H
#define SG_BASE_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sg_out {
    char *text; /* always terminated once anything was written */
    size_t length, size;
    int depth;  /* of open JSON objects and arrays           */
    bool comma; /* the next JSON item needs a comma before it */
    bool failed;
} sg_out;

void sg_out_free(sg_out *self);
void sg_out_clear(sg_out *self); /* keeps the block */
void sg_out_bytes(sg_out *self, const void *bytes, size_t size);
void sg_out_text(sg_out *self, const char *text);
__attribute__((format(printf, 2, 3))) void sg_out_format(sg_out *self, const char *format, ...);
/* Text with & < > " ' and control characters replaced, for HTML and SVG. */
void sg_out_html(sg_out *self, const char *text);

/* JSON: begin and end nest; key is NULL inside an array and at the top. */
void sg_json_begin(sg_out *self, const char *key, char bracket); /* '{' or '[' */
void sg_json_end(sg_out *self, char bracket);                    /* '}' or ']' */
void sg_json_number(sg_out *self, const char *key, double value);
void sg_json_fixed(sg_out *self, const char *key, double value,
                   int decimals); /* trailing zeros cut */
void sg_json_integer(sg_out *self, const char *key, int64_t value);
void sg_json_text(sg_out *self, const char *key, const char *value); /* NULL writes null */
void sg_json_bool(sg_out *self, const char *key, bool value);
void sg_json_null(sg_out *self, const char *key);
void sg_json_time(sg_out *self, const char *key, int64_t time_us);
/* Ready JSON text as a value. */
void sg_json_raw(sg_out *self, const char *key, const char *json);

/* Levenshtein distance, capped at limit + 1; texts longer than 64 bytes count as far apart. */
int sg_text_distance(const char *a, const char *b, int limit);
/* The candidate nearest to text within a third of its length, or NULL. */
const char *sg_text_nearest(const char *text, const char *const *candidates, int count);
/* Copy with truncation; the destination is always terminated. */
void sg_text_copy(char *ret, size_t size, const char *text);
/* True for 1..63 bytes of letters, digits, '_', '-', '.', ':' starting with a letter or digit. */
bool sg_text_is_id(const char *text);
/* Whole UTF-8 without NUL, overlong forms or surrogates. */
bool sg_text_is_utf8(const char *text, size_t length);
#endif
