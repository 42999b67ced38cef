#include "store/segment.h"

#include "base/hash.h"
#include "store/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIR_MAX = 256 };

struct sg_segment_log {
    sg_segment_calls calls;
    int dir_fd, lock_fd, fd;
    uint32_t number;
    uint64_t size;      /* of whole records and header in the file   */
    uint64_t elsewhere; /* bytes of all other segments              */
    bool tail_dirty;    /* the file may be longer than size          */
    bool untrusted;     /* a sync failed: only rotate helps          */
    bool unsynced;
    unsigned char *buffer;
    size_t used, room;
    char dir[DIR_MAX];
    char error[SG_SEGMENT_TEXT];
};

static int system_open(const char *path, int flags, mode_t mode)
{
    return open(path, flags, mode);
}

static const sg_segment_calls system_calls = {write, fdatasync, ftruncate, system_open};

__attribute__((format(printf, 3, 4))) static sg_status
failure(sg_segment_log *self, sg_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(self->error, sizeof self->error, format, args);
    va_end(args);
    return status;
}

static sg_status status_of(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG ? SG_FULL : SG_IO;
}

sg_status sg_segment_lock(const char *dir, int *ret_fd, char ret_error[SG_SEGMENT_TEXT])
{
    char path[DIR_MAX + 8], owner[24] = "";
    *ret_fd = -1;
    if (strlen(dir) >= DIR_MAX) {
        snprintf(ret_error, SG_SEGMENT_TEXT, "%.200s: the path is too long", dir);
        return SG_RANGE;
    }
    if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
        snprintf(ret_error, SG_SEGMENT_TEXT, "%s: cannot be made: %s", dir, strerror(errno));
        return SG_IO;
    }
    snprintf(path, sizeof path, "%s/lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        snprintf(ret_error, SG_SEGMENT_TEXT, "%s: %s", path, strerror(errno));
        return SG_IO;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t got = pread(fd, owner, sizeof owner - 1, 0);
        owner[got > 0 ? strspn(owner, "0123456789") : 0] = '\0';
        snprintf(ret_error, SG_SEGMENT_TEXT, "%s: another process%s%s is writing here", dir,
                 owner[0] ? ", number " : "", owner);
        close(fd);
        return SG_UNAVAILABLE;
    }
    int length = snprintf(owner, sizeof owner, "%ld\n", (long)getpid());
    /* Only a courtesy to whoever is refused: a failure here does not matter. */
    if (ftruncate(fd, 0) == 0) {
        (void)!pwrite(fd, owner, (size_t)length, 0);
    }
    *ret_fd = fd;
    return SG_OK;
}

/* Make segment `number` with its header on disk, and make it the one that is written. */
static sg_status begin_segment(sg_segment_log *self, uint32_t number)
{
    char name[SG_SEGMENT_NAME], path[sizeof self->dir + SG_SEGMENT_NAME + 2];
    unsigned char head[SG_SEGMENT_HEADER];
    sg_segment_name(number, name);
    sg_segment_header(number, head);
    snprintf(path, sizeof path, "%s/%s", self->dir, name);
    int fd = self->calls.open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        return failure(self, status_of(errno), "%s: cannot be made: %s", path, strerror(errno));
    }
    errno = ENOSPC; /* what a short write without an error means */
    bool whole = self->calls.write(fd, head, sizeof head) == (ssize_t)sizeof head &&
                 self->calls.fdatasync(fd) == 0 && fsync(self->dir_fd) == 0;
    if (!whole) {
        int why = errno;
        close(fd);
        unlinkat(self->dir_fd, name, 0);
        return failure(self, status_of(why), "%s: cannot be begun: %s", path, strerror(why));
    }
    if (self->fd >= 0) {
        close(self->fd);
        self->elsewhere += self->size;
    }
    self->fd = fd;
    self->number = number;
    self->size = sizeof head;
    self->tail_dirty = self->untrusted = self->unsynced = false;
    return SG_OK;
}

/* Copy what stands behind `offset` to a file of its own, so that a cut destroys nothing. */
static sg_status keep_tail(sg_segment_log *self, const char *name, int fd, uint64_t offset,
                           char ret_kept[SG_SEGMENT_NAME + 16])
{
    int kept = -1;
    for (int n = 1; n <= 999 && kept < 0; n++) {
        snprintf(ret_kept, SG_SEGMENT_NAME + 16, n == 1 ? "%s.torn" : "%s.torn-%d", name, n);
        kept = openat(self->dir_fd, ret_kept, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (kept < 0 && errno != EEXIST) {
            break;
        }
    }
    if (kept < 0) {
        return failure(self, status_of(errno), "%s/%s: %s", self->dir, ret_kept, strerror(errno));
    }
    unsigned char block[16384];
    ssize_t got;
    bool whole = true;
    while (whole && (got = pread(fd, block, sizeof block, (off_t)offset)) > 0) {
        whole = write(kept, block, (size_t)got) == got;
        offset += (uint64_t)got;
    }
    whole = whole && got == 0 && fsync(kept) == 0;
    int why = errno;
    close(kept);
    if (!whole) {
        unlinkat(self->dir_fd, ret_kept, 0);
        return failure(self, status_of(why), "%s/%s: the torn tail cannot be kept: %s", self->dir,
                       ret_kept, strerror(why));
    }
    return SG_OK;
}

/* Cut the open last segment behind its last whole record. */
static sg_status cut_tail(sg_segment_log *self, const sg_segment_scan *scan,
                          sg_segment_report *report)
{
    char name[SG_SEGMENT_NAME], kept[SG_SEGMENT_NAME + 16];
    sg_segment_name(scan->number, name);
    sg_status status = keep_tail(self, name, fileno(scan->file), scan->offset, kept);
    if (status != SG_OK) {
        return status;
    }
    if (ftruncate(self->fd, (off_t)scan->offset) != 0 || fsync(self->fd) != 0 ||
        fsync(self->dir_fd) != 0) {
        return failure(self, SG_IO, "%s/%s: cannot be cut at byte %llu: %s", self->dir, name,
                       (unsigned long long)scan->offset, strerror(errno));
    }
    report->cut_bytes = scan->size - scan->offset;
    snprintf(report->line, sizeof report->line,
             "%s/%s at byte %llu: %s; cut there, %llu bytes kept in %s", self->dir, name,
             (unsigned long long)scan->offset, scan->why, (unsigned long long)report->cut_bytes,
             kept);
    return SG_OK;
}

/* A segment whose making was interrupted has no whole header: give it one. */
static sg_status mend_header(sg_segment_log *self, sg_segment_scan *scan, sg_segment_report *report)
{
    unsigned char head[SG_SEGMENT_HEADER];
    sg_status status = SG_OK;
    scan->offset = 0;
    if (scan->size > 0) {
        status = cut_tail(self, scan, report);
    }
    sg_segment_header(scan->number, head);
    if (status == SG_OK &&
        (write(self->fd, head, sizeof head) != (ssize_t)sizeof head || fsync(self->fd) != 0)) {
        status = failure(self, status_of(errno), "%s: header of segment %u: %s", self->dir,
                         scan->number, strerror(errno));
    }
    scan->offset = sizeof head;
    return status;
}

static sg_status resume_segment(sg_segment_log *self, uint32_t number, sg_segment_report *report)
{
    char name[SG_SEGMENT_NAME];
    sg_segment_scan scan = {0};
    sg_segment_record record;
    sg_segment_name(number, name);
    sg_status status = sg_segment_scan_open(&scan, self->dir_fd, number);
    if (status == SG_CORRUPT && scan.size >= SG_SEGMENT_HEADER) {
        snprintf(report->line, sizeof report->line,
                 "%s/%s at byte 0: %s; left as it is, the journal goes on in the next segment",
                 self->dir, name, scan.why);
        self->elsewhere += scan.size;
        sg_segment_scan_close(&scan);
        return begin_segment(self, number + 1);
    }
    bool headless = status == SG_CORRUPT;
    if (status != SG_OK && !headless) {
        return failure(self, SG_IO, "%s/%s: %s", self->dir, name, strerror(errno));
    }
    self->fd = openat(self->dir_fd, name, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (self->fd < 0) {
        status = failure(self, SG_IO, "%s/%s: %s", self->dir, name, strerror(errno));
    } else if (headless) {
        status = mend_header(self, &scan, report);
    } else {
        while ((status = sg_segment_scan_next(&scan, &record)) == SG_OK) {
            report->records++;
        }
        if (status == SG_CORRUPT) {
            status = cut_tail(self, &scan, report);
        } else if (status == SG_MISSING) {
            status = SG_OK;
        } else {
            failure(self, status, "%s/%s: %s", self->dir, name, sg_status_text(status));
        }
    }
    self->number = number;
    self->size = scan.offset;
    sg_segment_scan_close(&scan);
    free(scan.payload);
    return status;
}

static sg_status recover(sg_segment_log *self, sg_segment_report *report)
{
    uint32_t *numbers = NULL;
    int count = 0, gap = 0;
    sg_status status = sg_segment_list(self->dir_fd, &numbers, &count);
    if (status != SG_OK) {
        return failure(self, status, "%s: %s", self->dir, sg_status_text(status));
    }
    for (int i = 0; i + 1 < count; i++) {
        char name[SG_SEGMENT_NAME];
        struct stat about;
        sg_segment_name(numbers[i], name);
        if (fstatat(self->dir_fd, name, &about, 0) == 0) {
            self->elsewhere += (uint64_t)about.st_size;
        }
        gap = numbers[i + 1] != numbers[i] + 1 ? i + 1 : gap;
    }
    if (gap) {
        snprintf(report->line, sizeof report->line, "%s: segments %u to %u are missing", self->dir,
                 numbers[gap - 1] + 1, numbers[gap] - 1);
    }
    report->first = count ? numbers[0] : 0;
    report->last = count ? numbers[count - 1] : 0;
    status = count ? resume_segment(self, report->last, report) : begin_segment(self, 1);
    report->bytes = self->elsewhere + self->size;
    free(numbers);
    return status;
}

sg_status sg_segment_open_locked(const char *dir, int lock_fd, size_t buffer_bytes,
                                 const sg_segment_calls *calls, sg_segment_log **ret,
                                 sg_segment_report *report)
{
    *report = (sg_segment_report){0};
    sg_segment_log *self = calloc(1, sizeof *self);
    unsigned char *buffer = malloc(buffer_bytes ? buffer_bytes : 1);
    if (!self || !buffer) {
        snprintf(report->line, sizeof report->line, "%s: %s", dir, sg_status_text(SG_NOMEM));
        close(lock_fd);
        free(self);
        free(buffer);
        return SG_NOMEM;
    }
    self->calls = calls ? *calls : system_calls;
    self->fd = -1;
    self->lock_fd = lock_fd;
    self->buffer = buffer;
    self->room = buffer_bytes;
    snprintf(self->dir, sizeof self->dir, "%s", dir); /* as long as sg_segment_lock lets it be */
    self->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sg_status status = self->dir_fd < 0 ? failure(self, SG_IO, "%s: %s", dir, strerror(errno))
                                        : recover(self, report);
    if (status != SG_OK) {
        memcpy(report->line, self->error, sizeof report->line);
        self->used = 0;
        sg_segment_close(self);
        return status;
    }
    *ret = self;
    return SG_OK;
}

sg_status sg_segment_open(const char *dir, size_t buffer_bytes, const sg_segment_calls *calls,
                          sg_segment_log **ret, sg_segment_report *report)
{
    int lock_fd;
    *report = (sg_segment_report){0};
    sg_status status = sg_segment_lock(dir, &lock_fd, report->line);
    return status == SG_OK ? sg_segment_open_locked(dir, lock_fd, buffer_bytes, calls, ret, report)
                           : status;
}

sg_status sg_segment_append(sg_segment_log *self, uint8_t type, const void *payload, size_t length)
{
    union {
        const void *from;
        void *to;
    } base = {.from = payload}; /* iovec has no const form */
    return sg_segment_append_parts(self, type, &(struct iovec){base.to, length}, 1);
}

sg_status sg_segment_append_parts(sg_segment_log *self, uint8_t type, const struct iovec *parts,
                                  int count)
{
    size_t length = 0;
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > SG_SEGMENT_RECORD_MAX - length) {
            return failure(self, SG_RANGE, "a record of more than %d bytes", SG_SEGMENT_RECORD_MAX);
        }
        length += parts[i].iov_len;
    }
    if (SG_SEGMENT_RECORD_HEADER + length > self->room) {
        return failure(self, SG_RANGE, "a record of %zu bytes does not fit the buffer of %zu",
                       length, self->room);
    }
    if (SG_SEGMENT_RECORD_HEADER + length > self->room - self->used) {
        return SG_FULL;
    }
    unsigned char *head = self->buffer + self->used, *at = head + SG_SEGMENT_RECORD_HEADER;
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len) {
            memcpy(at, parts[i].iov_base, parts[i].iov_len);
        }
        at += parts[i].iov_len;
    }
    head[8] = type;
    sg_segment_put_u32(head, (uint32_t)length);
    sg_segment_put_u32(head + 4,
                       sg_crc32c(0, head + 8, length + 1)); /* the type stands before the payload */
    self->used += SG_SEGMENT_RECORD_HEADER + length;
    return SG_OK;
}

void sg_segment_discard(sg_segment_log *self)
{
    self->used = 0;
}

/* Take off what a failed write may have left behind. */
static bool tail_clean(sg_segment_log *self)
{
    if (self->tail_dirty && self->calls.ftruncate(self->fd, (off_t)self->size) == 0) {
        self->tail_dirty = false;
    }
    return !self->tail_dirty;
}

sg_status sg_segment_flush(sg_segment_log *self)
{
    if (self->used == 0) {
        return SG_OK;
    }
    if (self->untrusted) {
        return failure(self, SG_IO, "%s: segment %u is not trusted after its failed sync",
                       self->dir, self->number);
    }
    ssize_t written = -1;
    int why = EINTR;
    for (int try = 0; why == EINTR && try < 8; try++) {
        if (!tail_clean(self)) {
            return failure(self, SG_IO, "%s: segment %u cannot be cut back to byte %llu: %s",
                           self->dir, self->number, (unsigned long long)self->size,
                           strerror(errno));
        }
        written = self->calls.write(self->fd, self->buffer, self->used);
        if (written == (ssize_t)self->used) {
            self->size += self->used;
            self->used = 0;
            self->unsynced = true;
            return SG_OK;
        }
        why = written < 0 ? errno : ENOSPC;
        self->tail_dirty = true;
    }
    tail_clean(self);
    return failure(self, status_of(why), "%s: segment %u at byte %llu: wrote %zd of %zu bytes: %s",
                   self->dir, self->number, (unsigned long long)self->size,
                   written < 0 ? (ssize_t)0 : written, self->used, strerror(why));
}

sg_status sg_segment_sync(sg_segment_log *self)
{
    sg_status status = sg_segment_flush(self);
    if (status != SG_OK || (!self->unsynced && !self->untrusted)) {
        return status;
    }
    /* Linux may call the second sync after a failed one a success although the pages are lost. */
    if (self->untrusted || self->calls.fdatasync(self->fd) != 0) {
        int why = self->untrusted ? EIO : errno;
        self->untrusted = true;
        return failure(self, status_of(why), "%s: segment %u may not be on the disk: %s", self->dir,
                       self->number, strerror(why));
    }
    self->unsynced = false;
    return SG_OK;
}

sg_status sg_segment_rotate(sg_segment_log *self)
{
    if (!self->untrusted) {
        sg_status status = sg_segment_sync(self);
        if (status != SG_OK) {
            return status;
        }
    }
    if (self->number == UINT32_MAX) {
        return failure(self, SG_FULL, "%s: no segment number is left", self->dir);
    }
    return begin_segment(self, self->number + 1);
}

sg_status sg_segment_prune(sg_segment_log *self, uint64_t bytes_max, uint32_t keep_from,
                           uint32_t *ret_removed)
{
    uint32_t *numbers = NULL, removed = 0;
    int count = 0;
    sg_status status = sg_segment_list(self->dir_fd, &numbers, &count);
    if (status != SG_OK) {
        return failure(self, status, "%s: %s", self->dir, sg_status_text(status));
    }
    for (int i = 0; i < count && sg_segment_total(self) > bytes_max; i++) {
        char name[SG_SEGMENT_NAME], torn[SG_SEGMENT_NAME + 8];
        struct stat about;
        if (numbers[i] >= keep_from || numbers[i] >= self->number) {
            break;
        }
        sg_segment_name(numbers[i], name);
        snprintf(torn, sizeof torn, "%s.torn", name);
        if (fstatat(self->dir_fd, name, &about, 0) != 0 || unlinkat(self->dir_fd, name, 0) != 0) {
            status = failure(self, SG_IO, "%s/%s: cannot be removed: %s", self->dir, name,
                             strerror(errno));
            break;
        }
        unlinkat(self->dir_fd, torn, 0);
        uint64_t size = (uint64_t)about.st_size;
        self->elsewhere -= size < self->elsewhere ? size : self->elsewhere;
        removed++;
    }
    free(numbers);
    if (ret_removed) {
        *ret_removed = removed;
    }
    return status;
}

uint32_t sg_segment_number(const sg_segment_log *self)
{
    return self->number;
}

uint64_t sg_segment_size(const sg_segment_log *self)
{
    return self->size;
}

uint64_t sg_segment_total(const sg_segment_log *self)
{
    return self->elsewhere + self->size;
}

sg_status sg_segment_reserve(sg_segment_log *self, size_t buffer_bytes)
{
    if (buffer_bytes <= self->room) {
        return SG_OK;
    }
    unsigned char *larger = realloc(self->buffer, buffer_bytes);
    if (!larger) {
        return SG_NOMEM;
    }
    self->buffer = larger;
    self->room = buffer_bytes;
    return SG_OK;
}

size_t sg_segment_buffered(const sg_segment_log *self)
{
    return self->used;
}

const char *sg_segment_error(const sg_segment_log *self)
{
    return self->error;
}

sg_status sg_segment_close(sg_segment_log *self)
{
    if (!self) {
        return SG_OK;
    }
    sg_status status = self->fd >= 0 ? sg_segment_sync(self) : SG_OK;
    if (self->fd >= 0) {
        close(self->fd);
    }
    if (self->lock_fd >= 0) {
        close(self->lock_fd); /* which also lets go of the lock */
    }
    if (self->dir_fd >= 0) {
        close(self->dir_fd);
    }
    free(self->buffer);
    free(self);
    return status;
}
