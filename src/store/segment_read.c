#include "base/hash.h"
#include "store/segment_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sg_segment_reader {
    int dir_fd;
    uint32_t *numbers;
    int count, at; /* at: the segment that is open or comes next */
    bool open;
    sg_segment_scan scan;
    char error[SG_SEGMENT_TEXT];
};

void sg_segment_name(uint32_t number, char ret[SG_SEGMENT_NAME])
{
    snprintf(ret, SG_SEGMENT_NAME, "journal-%08u.sgj", number);
}

void sg_segment_header(uint32_t number, unsigned char ret[SG_SEGMENT_HEADER])
{
    memcpy(ret, SG_SEGMENT_MAGIC, 8);
    sg_segment_put_u32(ret + 8, number);
    sg_segment_put_u32(ret + 12, 0);
}

static int by_number(const void *a, const void *b)
{
    uint32_t left, right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return (left > right) - (left < right);
}

/* The number in a segment's name; 0 for every other file. */
static uint32_t number_of(const char *name)
{
    static const char front[] = "journal-";
    const size_t skip = sizeof front - 1;
    uint64_t number = 0;
    size_t digits = 0;
    if (strncmp(name, front, skip) != 0) {
        return 0;
    }
    for (; digits <= 10 && name[skip + digits] >= '0' && name[skip + digits] <= '9'; digits++) {
        number = number * 10 + (uint64_t)(name[skip + digits] - '0');
    }
    char again[SG_SEGMENT_NAME];
    if (digits < 8 || number == 0 || number > UINT32_MAX) {
        return 0;
    }
    sg_segment_name((uint32_t)number, again);
    return strcmp(again, name) == 0 ? (uint32_t)number : 0;
}

sg_status sg_segment_list(int dir_fd, uint32_t **ret, int *ret_count)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0) {
            close(fd);
        }
        return SG_IO;
    }
    uint32_t *numbers = NULL;
    int count = 0, room = 0;
    sg_status status = SG_OK;
    for (struct dirent *entry; status == SG_OK && (entry = readdir(dir));) {
        uint32_t number = number_of(entry->d_name);
        if (number == 0) {
            continue;
        }
        if (count == room) {
            room = room ? room * 2 : 64;
            uint32_t *more = realloc(numbers, (size_t)room * sizeof *numbers);
            if (!more) {
                status = SG_NOMEM;
                break;
            }
            numbers = more;
        }
        numbers[count++] = number;
    }
    closedir(dir);
    if (status != SG_OK) {
        free(numbers);
        return status;
    }
    if (count > 1) {
        qsort(numbers, (size_t)count, sizeof *numbers, by_number);
    }
    *ret = numbers;
    *ret_count = count;
    return SG_OK;
}

sg_status sg_segment_scan_open(sg_segment_scan *self, int dir_fd, uint32_t number)
{
    char name[SG_SEGMENT_NAME];
    sg_segment_name(number, name);
    self->number = number;
    self->size = self->offset = 0;
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? SG_MISSING : SG_IO;
    }
    struct stat about;
    self->file = fdopen(fd, "rb");
    if (!self->file || fstat(fd, &about) != 0) {
        if (!self->file) {
            close(fd);
        }
        sg_segment_scan_close(self);
        return SG_IO;
    }
    self->size = (uint64_t)about.st_size;
    unsigned char head[SG_SEGMENT_HEADER], want[SG_SEGMENT_HEADER];
    sg_segment_header(number, want);
    if (self->size < sizeof head || fread(head, 1, sizeof head, self->file) != sizeof head) {
        snprintf(self->why, sizeof self->why, "the header is not whole");
        return SG_CORRUPT;
    }
    if (memcmp(head, want, sizeof head) != 0) {
        snprintf(self->why, sizeof self->why, "not the header of journal segment %u", number);
        return SG_CORRUPT;
    }
    self->offset = sizeof head;
    return SG_OK;
}

static sg_status payload_room(sg_segment_scan *self, size_t length)
{
    if (length <= self->room) {
        return SG_OK;
    }
    unsigned char *more = realloc(self->payload, length);
    if (!more) {
        return SG_NOMEM;
    }
    self->payload = more;
    self->room = length;
    return SG_OK;
}

sg_status sg_segment_scan_next(sg_segment_scan *self, sg_segment_record *ret)
{
    unsigned char head[SG_SEGMENT_RECORD_HEADER];
    uint64_t left = self->size - self->offset;
    if (left == 0) {
        return SG_MISSING;
    }
    if (left < sizeof head || fread(head, 1, sizeof head, self->file) != sizeof head) {
        snprintf(self->why, sizeof self->why, "the record's header is cut short");
        return SG_CORRUPT;
    }
    uint32_t length = sg_segment_get_u32(head);
    if (length > SG_SEGMENT_RECORD_MAX || length > left - sizeof head) {
        snprintf(self->why, sizeof self->why, "the record's length is %u, %llu bytes are left",
                 length, (unsigned long long)(left - sizeof head));
        return SG_CORRUPT;
    }
    sg_status status = payload_room(self, length ? length : 1);
    if (status != SG_OK) {
        return status;
    }
    if (fread(self->payload, 1, length, self->file) != length) {
        if (ferror(self->file)) {
            return SG_IO;
        }
        snprintf(self->why, sizeof self->why, "the record is cut short");
        return SG_CORRUPT;
    }
    uint32_t crc = sg_crc32c(sg_crc32c(0, head + 8, 1), self->payload, length);
    if (crc != sg_segment_get_u32(head + 4)) {
        snprintf(self->why, sizeof self->why, "the record's checksum does not match");
        return SG_CORRUPT;
    }
    *ret = (sg_segment_record){.segment = self->number,
                               .offset = self->offset,
                               .type = head[8],
                               .payload = self->payload,
                               .length = length};
    self->offset += sizeof head + length;
    return SG_OK;
}

void sg_segment_scan_close(sg_segment_scan *self)
{
    if (self->file) {
        fclose(self->file);
        self->file = NULL;
    }
}

sg_status sg_segment_read_open(const char *dir, uint32_t from, sg_segment_reader **ret,
                               char ret_error[SG_SEGMENT_TEXT])
{
    ret_error[0] = '\0';
    sg_segment_reader *self = calloc(1, sizeof *self);
    if (!self) {
        return SG_NOMEM;
    }
    self->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->dir_fd < 0) {
        snprintf(ret_error, SG_SEGMENT_TEXT, "%s: %s", dir, strerror(errno));
        sg_status status = errno == ENOENT || errno == ENOTDIR ? SG_MISSING : SG_IO;
        sg_segment_read_close(self);
        return status;
    }
    sg_status status = sg_segment_list(self->dir_fd, &self->numbers, &self->count);
    while (status == SG_OK && self->at < self->count && self->numbers[self->at] < from) {
        self->at++;
    }
    if (status == SG_OK && (self->at == self->count || (from && self->numbers[self->at] != from))) {
        snprintf(ret_error, SG_SEGMENT_TEXT, "%s: there is no journal segment%s", dir,
                 from ? " of that number" : "");
        status = SG_MISSING;
    } else if (status != SG_OK) {
        snprintf(ret_error, SG_SEGMENT_TEXT, "%s: %s", dir, sg_status_text(status));
    }
    if (status != SG_OK) {
        sg_segment_read_close(self);
        return status;
    }
    *ret = self;
    return SG_OK;
}

static sg_status explain(sg_segment_reader *self, sg_status status, uint32_t number,
                         const char *why)
{
    char name[SG_SEGMENT_NAME];
    sg_segment_name(number, name);
    snprintf(self->error, sizeof self->error, "%s at byte %llu: %s%s", name,
             (unsigned long long)self->scan.offset, why,
             status != SG_CORRUPT         ? ""
             : self->at + 1 < self->count ? "; the rest of this segment is skipped"
                                          : "; this is the end of the journal");
    return status;
}

static void leave_segment(sg_segment_reader *self)
{
    sg_segment_scan_close(&self->scan);
    self->open = false;
    self->at++;
}

static sg_status enter_segment(sg_segment_reader *self)
{
    uint32_t number = self->numbers[self->at];
    sg_status status = sg_segment_scan_open(&self->scan, self->dir_fd, number);
    if (status == SG_OK) {
        self->open = true;
        return SG_OK;
    }
    if (status == SG_CORRUPT || status == SG_MISSING) {
        explain(self, SG_CORRUPT, number,
                status == SG_MISSING ? "the file is gone" : self->scan.why);
        leave_segment(self);
        return SG_CORRUPT;
    }
    return explain(self, status, number, strerror(errno));
}

sg_status sg_segment_read(sg_segment_reader *self, sg_segment_record *ret)
{
    for (;;) {
        if (!self->open) {
            if (self->at >= self->count) {
                return SG_MISSING;
            }
            sg_status status = enter_segment(self);
            if (status != SG_OK) {
                return status;
            }
        }
        sg_status status = sg_segment_scan_next(&self->scan, ret);
        if (status == SG_OK) {
            return SG_OK;
        }
        uint32_t number = self->numbers[self->at];
        if (status == SG_MISSING) {
            leave_segment(self);
            if (self->at < self->count && self->numbers[self->at] != number + 1) {
                char why[96];
                snprintf(why, sizeof why, "segments %u to %u are missing after it", number + 1,
                         self->numbers[self->at] - 1);
                self->scan.offset = self->scan.size;
                return explain(self, SG_CORRUPT, number, why);
            }
            continue;
        }
        explain(self, status, number,
                status == SG_CORRUPT ? self->scan.why : sg_status_text(status));
        if (status == SG_CORRUPT) {
            leave_segment(self);
        }
        return status;
    }
}

const char *sg_segment_read_error(const sg_segment_reader *self)
{
    return self->error;
}

void sg_segment_read_close(sg_segment_reader *self)
{
    if (!self) {
        return;
    }
    sg_segment_scan_close(&self->scan);
    if (self->dir_fd >= 0) {
        close(self->dir_fd);
    }
    free(self->scan.payload);
    free(self->numbers);
    free(self);
}

static sg_status list_dir(const char *dir, uint32_t **ret, int *ret_count)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? SG_MISSING : SG_IO;
    }
    sg_status status = sg_segment_list(fd, ret, ret_count);
    close(fd);
    return status;
}

sg_status sg_segment_before(const char *dir, uint32_t number, uint32_t *ret)
{
    uint32_t *numbers = NULL;
    int count = 0;
    sg_status status = list_dir(dir, &numbers, &count);
    while (count > 0 && numbers[count - 1] >= number) {
        count--;
    }
    if (status == SG_OK && count > 0) {
        *ret = numbers[count - 1];
    }
    free(numbers);
    return status == SG_OK && count == 0 ? SG_MISSING : status;
}

sg_status sg_segment_span(const char *dir, uint32_t *ret_first, uint32_t *ret_last)
{
    uint32_t *numbers = NULL;
    int count = 0;
    sg_status status = list_dir(dir, &numbers, &count);
    if (status == SG_OK && count == 0) {
        status = SG_MISSING;
    }
    if (status == SG_OK) {
        *ret_first = numbers[0];
        *ret_last = numbers[count - 1];
    }
    free(numbers);
    return status;
}
