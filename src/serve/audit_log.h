/* audit_log.h - who changed what, when: one JSON object a line in DATA/audit.jsonl, only ever appended to.
 *
 * Entry    {"time", "site_time", "who", "role", "from", "method", "path", "status", "asked", "before", "after"};
 *          `time` (wall clock, UTC) comes first, so that entries can be found by it without reading them whole.
 * File     opened for each entry, so that it may be renamed away at any time (logrotate); mode 0640, and
 *          the folder's owner's where root makes it.
 *          One write each: entries of several programs do not mix. */
#ifndef SG_SERVE_AUDIT_LOG_H
#define SG_SERVE_AUDIT_LOG_H
#include "base/status.h"
#include "base/text.h"

#include <stdbool.h>

enum { SG_AUDIT_SCAN = 4 << 20 }; /* of the file, looked through by one call */

typedef struct sg_audit_range {
    int limit;
    int64_t end;            /* byte where to begin going back, -1 = at the end of the file */
    int64_t from_us, to_us; /* of the entries, [from, to) */
} sg_audit_range;

/* `entry` is one JSON object without a line end. SG_IO: it was not written.
 * @effects alloc=yes block=as long as the write */
SG_MUST_CHECK sg_status sg_audit_append(const char *dir, const char *entry);
/* What a signal changed, or was to change: SIGHUP reads files again. */
typedef struct sg_audit_signal {
    int64_t pid, uid;     /* whose it was, as the system says; pid 0: the system's own */
    int64_t site_time_us; /* 0: not known */
    const char *path;     /* the file */
    bool taken;           /* status 200, else 422 */
    const char *asked, *before, *after; /* JSON; NULL writes null */
} sg_audit_signal;

/* One entry, on the disk when it returns: "root (signal)", role admin, method RELOAD. SG_IO: it was not written.
 * @effects alloc=yes block=as long as the disk, and the list of users */
SG_MUST_CHECK sg_status sg_audit_note_signal(const char *dir, const sg_audit_signal *signal);
/* Until what was appended is on the disk. @effects alloc=no block=yes */
void sg_audit_sync(const char *dir);
/* The items of a JSON array, newest first; *ret_next is the `end` to go on with, -1 = there is no
 * more. Lines that a power cut tore are left out. SG_OK also where there is no file; SG_RANGE: `end` is beyond
 * the file; SG_IO, SG_NOMEM. @effects alloc=up to SG_AUDIT_SCAN block=reading */
SG_MUST_CHECK sg_status sg_audit_read(const char *dir, const sg_audit_range *range, sg_out *out,
                                      int64_t *ret_next);
#endif
