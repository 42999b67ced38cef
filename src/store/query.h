/* query.h - questions to the telemetry: SQL with NOW(), durations and ISO times, read only and
 * bounded.
 *
 * Tables   of DIR/telemetry.db, and `alarm` of DIR/alarms.json (query_alarms.h).
 * Dialect  SQLite's SELECT; outside texts, comments and quoted names NOW() becomes the present, 90s
 *          15m 15min 1h 7d 2w become seconds, and a quoted ISO time ('2023-07-01',
 *          '2023-07-01T06:00:00Z') becomes seconds since 1970.
 * Bounds   2 s, 100,000 rows, 16 MiB of answer; reading only: no ATTACH, PRAGMA, extensions,
 *          writes.
 * Threads  every call opens a connection of its own. */
#ifndef SG_STORE_QUERY_H
#define SG_STORE_QUERY_H
#include "base/status.h"
#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

typedef struct sg_query_error {
    int position; /* byte of the question, from 0; -1 = none in particular */
    char text[400];
} sg_query_error;

typedef enum sg_query_format { SG_QUERY_JSON, SG_QUERY_CSV, SG_QUERY_TABLE } sg_query_format;

typedef struct sg_query_bounds {
    double seconds;
    int64_t rows;
    size_t bytes;
} sg_query_bounds;

extern const sg_query_bounds sg_query_bounds_default;

enum { SG_QUERY_EDIT_MAX = 256, SG_QUERY_SQL_MAX = 65536 };

/* Where the rewritten text and the question part ways, to give errors their place. */
typedef struct sg_query_edits {
    int count;
    struct {
        int before, after; /* offsets just behind a replacement */
    } at[SG_QUERY_EDIT_MAX];
} sg_query_edits;

/* Replace NOW(), durations and times. SG_FORMAT with error filled in; SG_FULL = too many
 * replacements or too long.
 * @effects alloc=yes (out) block=no */
SG_MUST_CHECK sg_status sg_query_rewrite(const char *sql, size_t length, double now_s, sg_out *out,
                                         sg_query_edits *edits, sg_query_error *error);

typedef struct sg_query_answer {
    int64_t rows;
    bool truncated; /* a bound was reached: there is more */
} sg_query_answer;

/* Ask DIR/telemetry.db. bounds NULL = the default. Answer (with SG_OK) in out and *ret:
 * JSON {"columns":[...],"rows":[[...]],"truncated":false}, CSV with a head line, or a table for
 * people. SG_MISSING = no database there; SG_FORMAT = a bad question; SG_RANGE = it took too long;
 * SG_IO.
 * @effects alloc=yes block=disk, at most bounds->seconds */
SG_MUST_CHECK sg_status sg_query_run(const char *dir, const char *sql, size_t length,
                                     sg_query_format format, const sg_query_bounds *bounds,
                                     sg_out *out, sg_query_answer *ret, sg_query_error *error);
#endif
