/* body.h - what a client sent, read strictly: pure functions of bytes, made to be fuzzed.
 *
 * Errors say where: a JSON pointer for content, a byte offset for syntax. */
#ifndef SG_SERVE_BODY_H
#define SG_SERVE_BODY_H
#include "base/status.h"
#include "engine/frame.h"

#include <stddef.h>

enum { SG_BODY_MAX = 16384, SG_BODY_POINTER = 80, SG_BODY_DETAIL = 320 };

typedef struct sg_body_error {
    const char *slug; /* last part of the problem's type, static: "json", "unknown-key", ... */
    long byte;        /* of the body, -1 = see pointer */
    char pointer[SG_BODY_POINTER]; /* RFC 6901, "" = the whole document */
    char detail[SG_BODY_DETAIL];   /* one sentence, names the place */
} sg_body_error;

/* The body of POST /energy/allocate:
 * {"task_id": id, "power": "2MW", "priority": "critical"|"high"|"normal"|"low"|0..3, "duration":
 * "2h", "deadline": ISO time} with the first two required. SG_FORMAT with *error filled in; *ret is
 * written only on SG_OK.
 * @effects alloc=yes (jansson) block=no */
SG_MUST_CHECK sg_status sg_body_allocate(const char *body, size_t length, sg_request *ret,
                                         sg_body_error *error);

/* A raw request target ("/energy/query?sql=..."): the decoded path goes to ret_path, *ret_query
 * points behind the '?' in raw (or at its end). SG_FORMAT: control bytes, broken %-escapes, %00,
 * not UTF-8, no leading '/'; SG_FULL: path too long. */
SG_MUST_CHECK sg_status sg_uri_split(const char *raw, char *ret_path, size_t size,
                                     const char **ret_query);

/* The decoded value of the only parameter that the query may have. SG_MISSING: it is not there;
 * SG_FORMAT: broken, twice, or another parameter. ret holds up to `size` bytes, terminated; SG_FULL
 * beyond. */
SG_MUST_CHECK sg_status sg_uri_value(const char *query, const char *name, char *ret, size_t size,
                                     size_t *ret_length, sg_body_error *error);
/* SG_OK where every parameter is one of `known` (names between blanks) and none is there twice. */
SG_MUST_CHECK sg_status sg_uri_only(const char *query, const char *known, sg_body_error *error);
/* One of them, decoded. SG_MISSING: it is not there; SG_FORMAT, SG_FULL: broken, too long. */
SG_MUST_CHECK sg_status sg_uri_get(const char *query, const char *name, char *ret, size_t size,
                                   sg_body_error *error);
#endif
