/* json_in.h - strict reading of JSON documents by the command line and the API.
 *
 * Use      open or load a document, then ask for its members. The first error is kept and every
 *          later call returns its default, so that a reader runs straight on and tests `failed`
 *          once at the end.
 * Errors   `message` is one line: "FILE:LINE:COLUMN: expected ..." for the syntax, "FILE:
 *          /json/pointer: expected ..." for the content. Duplicate keys, unknown keys, wrong types
 *          and numbers out of range are errors.
 * Place    the reader knows where it is: enter a member or an item before reading inside it, leave
 *          it afterwards. The pointer of a message is that place and the key that was asked for.
 * Memory   the document lives until sg_json_in_close; texts returned point into it; series come
 *          from the arena.
 * Limits   documents up to SG_JSON_IN_BYTES_MAX. One thread. */
#ifndef SG_CLI_JSON_IN_H
#define SG_CLI_JSON_IN_H
#include "base/arena.h"
#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SG_JSON_IN_BYTES_MAX = 1 << 30, SG_JSON_IN_PLACE_MAX = 256 };

typedef struct sg_json_in {
    const char *file; /* as the user wrote it, for messages */
    json_t *root;
    char place[SG_JSON_IN_PLACE_MAX]; /* JSON pointer of what is being read */
    bool failed;
    bool environment; /* the file cannot be read or memory is exhausted: not the content */
    char message[512];
} sg_json_in;

/* Range of a number; an end belongs to it unless it is open. */
typedef struct sg_json_range {
    double low, high; /* -HUGE_VAL, HUGE_VAL = no end */
    bool low_is_open, high_is_open;
} sg_json_range;

extern const sg_json_range SG_JSON_ANY;          /* every finite number */
extern const sg_json_range SG_JSON_NOT_NEGATIVE; /* >= 0 */
extern const sg_json_range SG_JSON_POSITIVE;     /* > 0  */
extern const sg_json_range SG_JSON_EFFICIENCY;   /* 0 < x <= 1 */

/* Read the document of a file, or of standard input for "-". The top must be an object whose
 * "format" is the one given. False after an error. @effects alloc=yes block=for the file */
SG_MUST_CHECK bool sg_json_in_open(sg_json_in *self, const char *file, const char *format);
/* The same from memory; file is the name for messages. @effects alloc=yes block=no */
SG_MUST_CHECK bool sg_json_in_load(sg_json_in *self, const char *file, const char *text,
                                   size_t length, const char *format);
/* Accepts a zeroed reader. */
void sg_json_in_close(sg_json_in *self);

/* Record an error at the place, or at its member `key` where one is given. Only the first one is
 * kept. */
__attribute__((format(printf, 3, 4))) void sg_json_in_fail(sg_json_in *self, const char *key,
                                                           const char *format, ...);
/* Record that memory is exhausted. */
void sg_json_in_fail_memory(sg_json_in *self);

/* Move into a member or an item; *ret_before takes what leave needs. */
void sg_json_in_enter(sg_json_in *self, const char *key, size_t *ret_before);
void sg_json_in_enter_item(sg_json_in *self, size_t index, size_t *ret_before);
void sg_json_in_leave(sg_json_in *self, size_t before);

/* The value at the place must be an object with no keys but these (NULL-terminated). False
 * otherwise. */
bool sg_json_in_object(sg_json_in *self, json_t *value, const char *const *keys);

/* Members of an object. Required ones fail when absent; optional ones return if_absent. null is
 * never accepted. */
double sg_json_in_number(sg_json_in *self, json_t *object, const char *key,
                         const sg_json_range *range);
double sg_json_in_number_or(sg_json_in *self, json_t *object, const char *key,
                            const sg_json_range *range, double if_absent);
/* Whole numbers from low to high. */
int64_t sg_json_in_integer(sg_json_in *self, json_t *object, const char *key, int64_t low,
                           int64_t high);
int64_t sg_json_in_integer_or(sg_json_in *self, json_t *object, const char *key, int64_t low,
                              int64_t high, int64_t if_absent);
/* "" after an error. An id is 1..63 characters as in sg_text_is_id. */
const char *sg_json_in_text(sg_json_in *self, json_t *object, const char *key);
const char *sg_json_in_id(sg_json_in *self, json_t *object, const char *key);
int64_t sg_json_in_time(sg_json_in *self, json_t *object, const char *key); /* us */
/* An array member, NULL when absent or after an error. */
json_t *sg_json_in_array(sg_json_in *self, json_t *object, const char *key);
/* An object member with no keys but these, NULL when absent or after an error. */
json_t *sg_json_in_member(sg_json_in *self, json_t *object, const char *key,
                          const char *const *keys);
/* `count` numbers, from an array of that length or from one number that stands for all. NULL after
 * an error; when absent: an error for sg_json_in_series, NULL for the optional form. */
const double *sg_json_in_series(sg_json_in *self, json_t *object, const char *key, int count,
                                const sg_json_range *range, sg_arena *arena);
const double *sg_json_in_series_optional(sg_json_in *self, json_t *object, const char *key,
                                         int count, const sg_json_range *range, sg_arena *arena);
#endif
