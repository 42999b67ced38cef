/* segment.h - append-only files of checked records, cut cleanly after a crash. The journal's floor.
 *
 * Files    DIR/journal-00000001.sgj, -00000002, ...: 16 bytes of header (magic "SGJRNL1\n", u64
 *          number of the segment), then records { u32 length, u32 crc32c(type, payload), u8 type,
 *          payload }; integers little endian. DIR/lock is held (flock) by the one writer; readers
 *          need no lock.
 * Failure  append never touches the disk. A write that fails or falls short is cut off again and
 *          stays in the buffer: call flush again. After a failed sync the segment is not trusted
 *          any more: sync keeps failing until rotate.
 * Memory   one buffer of the size given at open; it grows by sg_segment_reserve alone. One thread. */
#ifndef SG_STORE_SEGMENT_H
#define SG_STORE_SEGMENT_H
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum {
    SG_SEGMENT_HEADER = 16,
    SG_SEGMENT_RECORD_HEADER = 9,
    SG_SEGMENT_TEXT = 512,
    SG_SEGMENT_RECORD_MAX = 256 * 1024 * 1024 /* bytes of a payload */
};

typedef struct sg_segment_log sg_segment_log;
typedef struct sg_segment_reader sg_segment_reader;

/* The four calls that may fail for want of a disk; tests put their own in place. NULL = the
 * system's. */
typedef struct sg_segment_calls {
    ssize_t (*write)(int fd, const void *bytes, size_t size);
    int (*fdatasync)(int fd);
    int (*ftruncate)(int fd, off_t size);
    int (*open)(const char *path, int flags, mode_t mode);
} sg_segment_calls;

/* What opening found. */
typedef struct sg_segment_report {
    uint32_t first, last; /* segments on disk, 0 = none before this open         */
    uint64_t records;     /* whole records in the last one                       */
    uint64_t bytes;       /* of all segments together                            */
    uint64_t cut_bytes;   /* of a torn tail, kept beside the segment as `.torn`  */
    /* One line when something was cut or is missing, with file and offset; else "". */
    char line[SG_SEGMENT_TEXT];
} sg_segment_report;

/* Open for writing; the directory is made where missing. Writing goes on in the last segment after
 * its tail is checked and, where torn, cut. On failure report->line says what: SG_UNAVAILABLE =
 * another process holds the lock, SG_IO, SG_NOMEM. buffer_bytes bounds one batch and one record
 * (with its 9 bytes of header).
 * @effects alloc=yes block=disk */
SG_MUST_CHECK sg_status sg_segment_open(const char *dir, size_t buffer_bytes,
                                        const sg_segment_calls *calls, sg_segment_log **ret,
                                        sg_segment_report *report);

/* The same in two steps, for a caller that has to be alone in the directory before it knows how large
 * a buffer it needs: take the lock (where it is held by another process ret_error says so) ... */
SG_MUST_CHECK sg_status sg_segment_lock(const char *dir, int *ret_fd,
                                        char ret_error[SG_SEGMENT_TEXT]);
/* ... and open under it. lock_fd becomes the log's, in failure too. */
SG_MUST_CHECK sg_status sg_segment_open_locked(const char *dir, int lock_fd, size_t buffer_bytes,
                                               const sg_segment_calls *calls, sg_segment_log **ret,
                                               sg_segment_report *report);

/* Room for at least so many bytes in the buffer; what waits in it stays. SG_NOMEM leaves it as it was. @effects alloc=yes block=no */
SG_MUST_CHECK sg_status sg_segment_reserve(sg_segment_log *self, size_t buffer_bytes);

/* Put a record into the buffer: all of it or nothing. SG_FULL = no room until a flush; SG_RANGE =
 * larger than the buffer.
 * @effects alloc=no block=no */
SG_MUST_CHECK sg_status sg_segment_append(sg_segment_log *self, uint8_t type, const void *payload,
                                          size_t length);
SG_MUST_CHECK sg_status sg_segment_append_parts(sg_segment_log *self, uint8_t type,
                                                const struct iovec *parts, int count);

/* Forget what waits in the buffer, after a flush that failed. @effects alloc=no block=no */
void sg_segment_discard(sg_segment_log *self);

/* Hand the buffer to the kernel in one write. SG_FULL = the disk is full, SG_IO = it failed; the
 * records stay in the buffer.
 * @effects alloc=no block=disk */
SG_MUST_CHECK sg_status sg_segment_flush(sg_segment_log *self);

/* Flush, then wait until the segment is on the disk. @effects alloc=no block=disk */
SG_MUST_CHECK sg_status sg_segment_sync(sg_segment_log *self);

/* Flush and sync, then go on in the next segment. Where the present one is no longer trusted (a
 * failed sync) it is left as it is and the next is begun; the failure was reported by sync.
 * @effects alloc=no block=disk */
SG_MUST_CHECK sg_status sg_segment_rotate(sg_segment_log *self);

/* Remove oldest segments while all together exceed bytes_max; never segment keep_from or a later
 * one. *ret_removed may be NULL. @effects alloc=yes block=disk */
SG_MUST_CHECK sg_status sg_segment_prune(sg_segment_log *self, uint64_t bytes_max,
                                         uint32_t keep_from, uint32_t *ret_removed);

uint32_t
sg_segment_number(const sg_segment_log *self); /* of the segment being written            */
uint64_t
sg_segment_size(const sg_segment_log *self); /* its bytes in the file, without the buffer */
uint64_t sg_segment_total(const sg_segment_log *self); /* bytes of all segments                   */
size_t
sg_segment_buffered(const sg_segment_log *self); /* bytes waiting for a flush               */
const char *
sg_segment_error(const sg_segment_log *self); /* one line about the last failure, "" = none */

/* Flush, sync, unlock, release. The status says whether everything reached the disk. Accepts NULL.
 * */
sg_status sg_segment_close(sg_segment_log *self);

/* Reading, for recovery and replay; a file that is being written may be read too. */
typedef struct sg_segment_record {
    uint32_t segment;
    uint64_t offset; /* of the record's header in its file */
    uint8_t type;
    const void *payload; /* valid until the next read */
    size_t length;
} sg_segment_record;

/* Segments from number `from` on (0 = the first there is). SG_MISSING = no segment there. */
SG_MUST_CHECK sg_status sg_segment_read_open(const char *dir, uint32_t from,
                                             sg_segment_reader **ret,
                                             char ret_error[SG_SEGMENT_TEXT]);

/* The next record. SG_MISSING = the end; SG_CORRUPT = a bad record or a gap (place and line in
 * sg_segment_read_error; the rest of that segment is skipped, and the next call goes on with the
 * following segment); SG_IO, SG_NOMEM = give up.
 * @effects alloc=grows with the largest record block=disk */
SG_MUST_CHECK sg_status sg_segment_read(sg_segment_reader *self, sg_segment_record *ret);
const char *sg_segment_read_error(const sg_segment_reader *self);
void sg_segment_read_close(sg_segment_reader *self);

/* The last segment with a number below `number`; SG_MISSING = none. */
SG_MUST_CHECK sg_status sg_segment_before(const char *dir, uint32_t number, uint32_t *ret);

/* First and last segment of a directory; SG_MISSING = none. */
SG_MUST_CHECK sg_status sg_segment_span(const char *dir, uint32_t *ret_first, uint32_t *ret_last);
#endif
