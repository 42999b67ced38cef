#include "serve/audit_log.h"

#include "base/time.h"
#include "serve/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int open_log(const char *dir, int flags)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/audit.jsonl", dir);
    int fd = length < (int)sizeof path ? open(path, flags | O_CLOEXEC, 0640) : -1;
    if (fd >= 0 && (flags & O_CREAT)) {
        sg_owner_follow(fd, path);
    }
    return fd;
}

sg_status sg_audit_append(const char *dir, const char *entry)
{
    struct stat info;
    char last = '\n';
    int fd = open_log(dir, O_RDWR | O_APPEND | O_CREAT);
    if (fd < 0) {
        return SG_IO;
    }
    sg_out line = {0};
    /* After a power cut the last line may have no end. */
    if (fstat(fd, &info) == 0 && info.st_size > 0 && pread(fd, &last, 1, info.st_size - 1) == 1 &&
        last != '\n') {
        sg_out_text(&line, "\n");
    }
    sg_out_text(&line, entry);
    sg_out_text(&line, "\n");
    ssize_t written = line.failed ? -1 : write(fd, line.text, line.length);
    bool whole = written == (ssize_t)line.length;
    sg_out_free(&line);
    close(fd);
    return whole ? SG_OK : SG_IO;
}

void sg_audit_sync(const char *dir)
{
    int fd = open_log(dir, O_RDONLY);
    if (fd >= 0) {
        (void)fdatasync(fd);
        close(fd);
    }
}

static void name_of(const sg_audit_signal *signal, char *ret, size_t size)
{
    struct passwd entry, *found = NULL;
    char text[1024];
    if (signal->pid == 0) {
        snprintf(ret, size, "the system (signal)");
        return;
    }
    (void)getpwuid_r((uid_t)signal->uid, &entry, text, sizeof text, &found);
    if (found) {
        snprintf(ret, size, "%.60s (signal)", found->pw_name);
    } else {
        snprintf(ret, size, "user %lld (signal)", (long long)signal->uid);
    }
}

sg_status sg_audit_note_signal(const char *dir, const sg_audit_signal *signal)
{
    struct timespec now;
    char who[96], from[40];
    sg_out out = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    name_of(signal, who, sizeof who);
    snprintf(from, sizeof from, "process %lld", (long long)signal->pid);
    sg_json_begin(&out, NULL, '{');
    sg_json_time(&out, "time", (int64_t)now.tv_sec * SG_US_PER_S + now.tv_nsec / 1000);
    if (signal->site_time_us > 0) {
        sg_json_time(&out, "site_time", signal->site_time_us);
    } else {
        sg_json_null(&out, "site_time");
    }
    sg_json_text(&out, "who", who);
    sg_json_text(&out, "role", "admin");
    sg_json_text(&out, "from", signal->pid ? from : NULL);
    sg_json_text(&out, "method", "RELOAD");
    sg_json_text(&out, "path", signal->path);
    sg_json_integer(&out, "status", signal->taken ? 200 : 422);
    sg_json_raw(&out, "asked", signal->asked ? signal->asked : "null");
    sg_json_raw(&out, "before", signal->before ? signal->before : "null");
    sg_json_raw(&out, "after", signal->after ? signal->after : "null");
    sg_json_end(&out, '}');
    sg_status status = out.failed ? SG_NOMEM : sg_audit_append(dir, out.text);
    sg_out_free(&out);
    if (status == SG_OK) {
        sg_audit_sync(dir);
    }
    return status == SG_OK ? SG_OK : SG_IO;
}

/* Whether a line is a whole entry within [from, to). */
static bool fits(const char *line, size_t length, const sg_audit_range *range)
{
    static const char start[] = "{\"time\":\"";
    size_t skip = sizeof start - 1;
    int64_t time_us;
    if (length < skip || memcmp(line, start, skip) != 0) {
        return false;
    }
    const char *end = memchr(line + skip, '"', length - skip);
    if (!end || sg_time_parse(line + skip, (size_t)(end - line) - skip, &time_us) != SG_OK ||
        time_us < range->from_us || time_us >= range->to_us) {
        return false;
    }
    json_t *root = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    bool whole = json_is_object(root);
    json_decref(root);
    return whole;
}

/* The entries of text, which begins at byte `start` of the file, from its end back. */
static void list(const char *text, int64_t start, size_t size, const sg_audit_range *range,
                 sg_out *out, int64_t *ret_next)
{
    int listed = 0;
    size_t end = size;
    *ret_next = -1;
    while (end > 0) { /* ends: each turn takes a line off */
        const char *before = end > 1 ? memrchr(text, '\n', end - 1) : NULL;
        size_t begin = before ? (size_t)(before - text) + 1 : 0;
        if (begin == 0 && start > 0) {
            *ret_next = start + (int64_t)end; /* the rest of this line is not here */
            return;
        }
        size_t length = end - begin - (text[end - 1] == '\n');
        if (fits(text + begin, length, range)) {
            if (listed++ == range->limit) {
                *ret_next = start + (int64_t)end;
                return;
            }
            sg_out_text(out, out->comma ? "," : "");
            sg_out_bytes(out, text + begin, length);
            out->comma = true;
        }
        end = begin;
    }
}

sg_status sg_audit_read(const char *dir, const sg_audit_range *range, sg_out *out,
                        int64_t *ret_next)
{
    struct stat info;
    *ret_next = -1;
    int fd = open_log(dir, O_RDONLY);
    if (fd < 0) {
        return errno == ENOENT ? SG_OK : SG_IO;
    }
    if (fstat(fd, &info) != 0 || range->end > info.st_size) {
        close(fd);
        return SG_RANGE;
    }
    int64_t end = range->end < 0 ? info.st_size : range->end;
    int64_t start = end > SG_AUDIT_SCAN ? end - SG_AUDIT_SCAN : 0;
    size_t size = (size_t)(end - start);
    char *text = malloc(size + 1);
    bool read = text && pread(fd, text, size, start) == (ssize_t)size;
    close(fd);
    if (read) {
        list(text, start, size, range, out, ret_next);
    }
    free(text);
    return read ? SG_OK : text ? SG_IO : SG_NOMEM;
}
