/* The journal's files under torn writes, flipped bytes, full and failing disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[64], dir[96];

static int make_dir(void **state)
{
    (void)state;
    snprintf(base, sizeof base, "/tmp/sg-segment-XXXXXX");
    assert_non_null(mkdtemp(base));
    snprintf(dir, sizeof dir, "%s/journal", base);
    return 0;
}

static void empty_dir(const char *path)
{
    DIR *at = opendir(path);
    if (!at) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(at));) {
        if (entry->d_name[0] != '.') {
            unlinkat(dirfd(at), entry->d_name, 0);
        }
    }
    closedir(at);
}

static int drop_dir(void **state)
{
    (void)state;
    empty_dir(dir);
    rmdir(dir);
    rmdir(base);
    return 0;
}

static sg_segment_log *open_log(const sg_segment_calls *calls, sg_segment_report *report)
{
    sg_segment_log *log = NULL;
    sg_segment_report own;
    assert_int_equal(sg_segment_open(dir, 4096, calls, &log, report ? report : &own), SG_OK);
    return log;
}

/* Record n: type and length follow from n, so that a reader can tell which one it has. */
static size_t record_make(int n, uint8_t *type, unsigned char payload[64])
{
    size_t length = (size_t)(n * 7 % 41);
    *type = (uint8_t)(n % 5 + 1);
    for (size_t i = 0; i < length; i++) {
        payload[i] = (unsigned char)(n * 31 + (int)i);
    }
    return length;
}

static void append_number(sg_segment_log *log, int n)
{
    uint8_t type;
    unsigned char payload[64];
    size_t length = record_make(n, &type, payload);
    assert_int_equal(sg_segment_append(log, type, payload, length), SG_OK);
}

static bool is_number(const sg_segment_record *record, int n)
{
    uint8_t type;
    unsigned char payload[64];
    size_t length = record_make(n, &type, payload);
    return record->type == type && record->length == length &&
           memcmp(record->payload, payload, length) == 0;
}

/* How many of records 0, 1, 2, ... come back before the end; -1 when anything else comes back. */
static int count_back(uint32_t from, int *ret_corrupt)
{
    sg_segment_reader *reader = NULL;
    char error[SG_SEGMENT_TEXT];
    assert_int_equal(sg_segment_read_open(dir, from, &reader, error), SG_OK);
    int n = 0, corrupt = 0;
    sg_segment_record record;
    for (sg_status status; (status = sg_segment_read(reader, &record)) != SG_MISSING;) {
        if (status == SG_CORRUPT) {
            corrupt++;
        } else if (status != SG_OK || !is_number(&record, n)) {
            n = -1;
            break;
        } else {
            n++;
        }
    }
    sg_segment_read_close(reader);
    if (ret_corrupt) {
        *ret_corrupt = corrupt;
    }
    return n;
}

static size_t load(const char *name, unsigned char *bytes, size_t room)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

static void save(const char *name, const unsigned char *bytes, size_t size)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* CRC-32C bit by bit, as the polynomial is written down: independent of the table in src/base. */
static uint32_t crc_by_hand(const unsigned char *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0x82F63B78u : crc >> 1;
        }
    }
    return ~crc;
}

static void the_file_is_laid_out_as_documented(void **state)
{
    (void)state;
    assert_int_equal(crc_by_hand((const unsigned char *)"123456789", 9), 0xE3069283u);
    sg_segment_log *log = open_log(NULL, NULL);
    assert_int_equal(sg_segment_append(log, 7, "hello", 5), SG_OK);
    assert_int_equal(sg_segment_append(log, 8, "", 0), SG_OK);
    assert_int_equal(sg_segment_close(log), SG_OK);
    unsigned char bytes[128];
    size_t size = load("journal-00000001.sgj", bytes, sizeof bytes);
    assert_int_equal(size, 16 + 9 + 5 + 9);
    assert_memory_equal(bytes, "SGJRNL1\n\1\0\0\0\0\0\0\0", 16);
    assert_memory_equal(bytes + 16, "\5\0\0\0", 4);
    assert_memory_equal(bytes + 24, "\7hello", 6);
    uint32_t crc = crc_by_hand(bytes + 24, 6);
    unsigned char little[4] = {(unsigned char)crc, (unsigned char)(crc >> 8),
                               (unsigned char)(crc >> 16), (unsigned char)(crc >> 24)};
    assert_memory_equal(bytes + 20, little, 4);
}

static void parts_are_joined_into_one_record(void **state)
{
    (void)state;
    char a[] = "one ", b[] = "two";
    sg_segment_log *log = open_log(NULL, NULL);
    struct iovec parts[3] = {{a, 4}, {NULL, 0}, {b, 3}};
    assert_int_equal(sg_segment_append_parts(log, 3, parts, 3), SG_OK);
    assert_int_equal(sg_segment_close(log), SG_OK);
    sg_segment_reader *reader = NULL;
    char error[SG_SEGMENT_TEXT];
    sg_segment_record record;
    assert_int_equal(sg_segment_read_open(dir, 0, &reader, error), SG_OK);
    assert_int_equal(sg_segment_read(reader, &record), SG_OK);
    assert_int_equal(record.length, 7);
    assert_memory_equal(record.payload, "one two", 7);
    assert_int_equal(sg_segment_read(reader, &record), SG_MISSING);
    sg_segment_read_close(reader);
}

static void a_full_buffer_takes_nothing_and_loses_nothing(void **state)
{
    (void)state;
    sg_segment_log *log = open_log(NULL, NULL);
    int n = 0;
    for (int round = 0; round < 40; round++) {
        for (;;) {
            uint8_t type;
            unsigned char payload[64];
            size_t length = record_make(n, &type, payload);
            sg_status status = sg_segment_append(log, type, payload, length);
            if (status == SG_FULL) {
                break;
            }
            assert_int_equal(status, SG_OK);
            n++;
        }
        assert_int_equal(sg_segment_flush(log), SG_OK);
    }
    static const unsigned char large[5000];
    assert_int_equal(sg_segment_append(log, 1, large, sizeof large), SG_RANGE);
    assert_int_equal(sg_segment_close(log), SG_OK);
    assert_true(n > 4000);
    assert_int_equal(count_back(0, NULL), n);
}

static void a_tail_torn_at_any_byte_costs_only_the_torn_record(void **state)
{
    (void)state;
    unsigned char bytes[512], kept[512];
    sg_segment_log *log = open_log(NULL, NULL);
    for (int n = 0; n < 5; n++) {
        append_number(log, n);
    }
    assert_int_equal(sg_segment_sync(log), SG_OK);
    size_t whole = sg_segment_size(log);
    append_number(log, 5);
    assert_int_equal(sg_segment_close(log), SG_OK);
    size_t size = load("journal-00000001.sgj", bytes, sizeof bytes);
    for (size_t cut = whole; cut < size; cut++) {
        empty_dir(dir);
        save("journal-00000001.sgj", bytes, cut);
        int corrupt;
        assert_int_equal(count_back(0, &corrupt), 5);
        assert_int_equal(corrupt, cut > whole);
        sg_segment_report report;
        log = open_log(NULL, &report);
        assert_int_equal(report.records, 5);
        assert_int_equal(report.cut_bytes, cut - whole);
        if (cut > whole) {
            char place[64];
            snprintf(place, sizeof place, "journal-00000001.sgj at byte %zu:", whole);
            assert_non_null(strstr(report.line, place));
            assert_int_equal(load("journal-00000001.sgj.torn", kept, sizeof kept), cut - whole);
            assert_memory_equal(kept, bytes + whole, cut - whole);
        } else {
            assert_string_equal(report.line, "");
        }
        append_number(log, 5);
        append_number(log, 6);
        assert_int_equal(sg_segment_close(log), SG_OK);
        assert_int_equal(count_back(0, &corrupt), 7);
        assert_int_equal(corrupt, 0);
    }
}

static void a_segment_torn_inside_its_header_is_begun_again(void **state)
{
    (void)state;
    unsigned char bytes[16];
    sg_segment_close(open_log(NULL, NULL));
    assert_int_equal(load("journal-00000001.sgj", bytes, sizeof bytes), 16);
    for (size_t cut = 0; cut < 16; cut++) {
        empty_dir(dir);
        save("journal-00000001.sgj", bytes, cut);
        sg_segment_log *log = open_log(NULL, NULL);
        append_number(log, 0);
        assert_int_equal(sg_segment_close(log), SG_OK);
        assert_int_equal(count_back(0, NULL), 1);
    }
}

static void no_flipped_bit_passes_for_a_record(void **state)
{
    (void)state;
    unsigned char bytes[512];
    sg_segment_log *log = open_log(NULL, NULL);
    size_t ends[5];
    for (int n = 0; n < 5; n++) {
        append_number(log, n);
        assert_int_equal(sg_segment_flush(log), SG_OK);
        ends[n] = sg_segment_size(log);
    }
    assert_int_equal(sg_segment_close(log), SG_OK);
    size_t size = load("journal-00000001.sgj", bytes, sizeof bytes);
    for (size_t bit = 0; bit < size * 8; bit++) {
        int before = 0, corrupt;
        while (before < 5 && ends[before] <= bit / 8) {
            before++;
        }
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        save("journal-00000001.sgj", bytes, size);
        assert_int_equal(count_back(0, &corrupt), bit / 8 < 16 ? 0 : before);
        assert_int_equal(corrupt, 1);
        if (bit % 8 == 3) { /* recovery at every byte: what was cut is kept, writing goes on */
            sg_segment_report report;
            log = open_log(NULL, &report);
            assert_true(report.line[0] != '\0');
            append_number(log, bit / 8 < 16 ? 0 : before);
            assert_int_equal(sg_segment_close(log), SG_OK);
            assert_int_equal(count_back(0, NULL), bit / 8 < 16 ? 1 : before + 1);
            empty_dir(dir);
        }
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

static void damage_in_an_older_segment_is_named_and_passed_over(void **state)
{
    (void)state;
    unsigned char bytes[512];
    sg_segment_log *log = open_log(NULL, NULL);
    append_number(log, 0);
    append_number(log, 1);
    assert_int_equal(sg_segment_rotate(log), SG_OK);
    append_number(log, 1); /* the reader below loses the first "1" */
    append_number(log, 2);
    assert_int_equal(sg_segment_close(log), SG_OK);
    size_t size = load("journal-00000001.sgj", bytes, sizeof bytes);
    bytes[size - 1] ^= 0x40;
    save("journal-00000001.sgj", bytes, size);

    sg_segment_reader *reader = NULL;
    char error[SG_SEGMENT_TEXT];
    sg_segment_record record;
    assert_int_equal(sg_segment_read_open(dir, 0, &reader, error), SG_OK);
    assert_int_equal(sg_segment_read(reader, &record), SG_OK);
    assert_int_equal(sg_segment_read(reader, &record), SG_CORRUPT);
    assert_non_null(strstr(sg_segment_read_error(reader), "journal-00000001.sgj at byte 25:"));
    assert_int_equal(sg_segment_read(reader, &record), SG_OK);
    assert_int_equal(record.segment, 2);
    sg_segment_read_close(reader);
    assert_int_equal(count_back(0, NULL), 3);

    sg_segment_report report; /* the writer does not touch the older one */
    assert_int_equal(sg_segment_close(open_log(NULL, &report)), SG_OK);
    assert_int_equal(load("journal-00000001.sgj", bytes, sizeof bytes), size);
}

static void a_missing_segment_is_reported(void **state)
{
    (void)state;
    char path[160];
    sg_segment_log *log = open_log(NULL, NULL);
    for (int n = 0; n < 4; n++) {
        append_number(log, n);
        assert_int_equal(sg_segment_rotate(log), SG_OK);
    }
    assert_int_equal(sg_segment_close(log), SG_OK);
    snprintf(path, sizeof path, "%s/journal-00000002.sgj", dir);
    assert_int_equal(unlink(path), 0);
    sg_segment_report report;
    assert_int_equal(sg_segment_close(open_log(NULL, &report)), SG_OK);
    assert_non_null(strstr(report.line, "segments 2 to 2 are missing"));
    sg_segment_reader *reader = NULL;
    char error[SG_SEGMENT_TEXT];
    sg_segment_record record;
    assert_int_equal(sg_segment_read_open(dir, 0, &reader, error), SG_OK);
    assert_int_equal(sg_segment_read(reader, &record), SG_OK);
    assert_int_equal(sg_segment_read(reader, &record), SG_CORRUPT);
    assert_int_equal(sg_segment_read(reader, &record), SG_OK);
    assert_int_equal(record.segment, 3);
    sg_segment_read_close(reader);
    assert_int_equal(sg_segment_read_open(dir, 2, &reader, error), SG_MISSING);
}

static void a_second_writer_is_refused_by_name(void **state)
{
    (void)state;
    sg_segment_log *log = open_log(NULL, NULL), *other = NULL;
    sg_segment_report report;
    char owner[24];
    assert_int_equal(sg_segment_open(dir, 4096, NULL, &other, &report), SG_UNAVAILABLE);
    snprintf(owner, sizeof owner, "number %ld ", (long)getpid());
    assert_non_null(strstr(report.line, owner));
    assert_null(strchr(report.line, '\n'));
    assert_int_equal(sg_segment_close(log), SG_OK);
    assert_int_equal(sg_segment_close(open_log(NULL, NULL)), SG_OK);
}

static void pruning_removes_the_oldest_and_never_what_is_needed(void **state)
{
    (void)state;
    sg_segment_log *log = open_log(NULL, NULL);
    static unsigned char block[1000];
    for (int n = 0; n < 9; n++) {
        assert_int_equal(sg_segment_append(log, 1, block, sizeof block), SG_OK);
        assert_int_equal(sg_segment_rotate(log), SG_OK);
    }
    assert_int_equal(sg_segment_number(log), 10);
    uint32_t removed, first, last;
    assert_int_equal(sg_segment_prune(log, 5000, 100, &removed), SG_OK);
    assert_true(sg_segment_total(log) <= 5000);
    assert_int_equal(removed, 5);
    assert_int_equal(sg_segment_prune(log, 0, 8, &removed), SG_OK);
    assert_int_equal(sg_segment_span(dir, &first, &last), SG_OK);
    assert_int_equal(first, 8);
    assert_int_equal(sg_segment_prune(log, 0, 100, &removed), SG_OK);
    assert_int_equal(sg_segment_span(dir, &first, &last), SG_OK);
    assert_int_equal(first, 10);
    assert_int_equal(last, 10);
    assert_int_equal(sg_segment_close(log), SG_OK);
}

static void a_full_disk_costs_nothing_once_there_is_room_again(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t child = fork(); /* the limit must not outlive the test */
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        struct rlimit before, tight;
        getrlimit(RLIMIT_FSIZE, &before);
        sg_segment_log *log = open_log(NULL, NULL);
        for (int n = 0; n < 20; n++) {
            append_number(log, n);
        }
        tight = before;
        tight.rlim_cur = 100; /* in the middle of a record: the write falls short */
        setrlimit(RLIMIT_FSIZE, &tight);
        struct stat about;
        char path[160];
        snprintf(path, sizeof path, "%s/journal-00000001.sgj", dir);
        bool good = sg_segment_flush(log) == SG_FULL && sg_segment_error(log)[0] &&
                    stat(path, &about) == 0 && about.st_size == 16;
        good = good && sg_segment_sync(log) == SG_FULL && sg_segment_rotate(log) == SG_FULL;
        setrlimit(RLIMIT_FSIZE, &before);
        append_number(log, 20);
        good = good && sg_segment_sync(log) == SG_OK && sg_segment_close(log) == SG_OK;
        _exit(good && count_back(0, NULL) == 21 ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

/* A disk whose n-th call fails, in one of several ways. */
static struct {
    int calls, fail_at, fail_count, error;
    bool shorten;
} disk;

static bool falls_out(void)
{
    int n = disk.calls++;
    if (n >= disk.fail_at && n < disk.fail_at + disk.fail_count) {
        errno = disk.error;
        return true;
    }
    return false;
}

static ssize_t bad_write(int fd, const void *bytes, size_t size)
{
    if (!falls_out()) {
        return write(fd, bytes, size);
    }
    if (size > 1) { /* some of it does reach the file */
        ssize_t part = write(fd, bytes, size / 2);
        if (disk.shorten) {
            return part;
        }
    }
    errno = disk.error;
    return -1;
}

static int bad_sync(int fd)
{
    return falls_out() ? -1 : fdatasync(fd);
}

static int bad_truncate(int fd, off_t size)
{
    return falls_out() ? -1 : ftruncate(fd, size);
}

static int bad_open(const char *path, int flags, mode_t mode)
{
    return falls_out() ? -1 : open(path, flags, mode);
}

static const sg_segment_calls bad_disk = {bad_write, bad_sync, bad_truncate, bad_open};

/* 60 records in batches with syncs and rotations on the bad disk; every call is tried again until
 * it works. */
static void write_through(void)
{
    sg_segment_log *log = NULL;
    sg_segment_report report;
    for (int try = 0; !log && try < 20; try++) {
        sg_status status = sg_segment_open(dir, 4096, &bad_disk, &log, &report);
        assert_true(status == SG_OK || report.line[0]);
    }
    assert_non_null(log);
    for (int n = 0; n < 60; n++) {
        append_number(log, n);
        sg_status status = SG_OK;
        for (int try = 0; n % 4 == 3 && try < 20; try++) {
            status = n % 20 == 19 ? sg_segment_rotate(log) : sg_segment_sync(log);
            if (status == SG_OK) {
                break;
            }
            assert_true(status == SG_IO || status == SG_FULL);
            assert_true(sg_segment_error(log)[0] != '\0');
            if (try > 8 && sg_segment_rotate(log) == SG_OK) { /* a segment that lost its trust */
                status = SG_OK;
            }
        }
        assert_int_equal(status, SG_OK);
    }
    for (int try = 0; sg_segment_sync(log) != SG_OK && try < 9; try++) {
        if (sg_segment_rotate(log) == SG_OK) {
            break;
        }
    }
    assert_int_equal(sg_segment_close(log), SG_OK);
}

static void every_single_disk_failure_is_survived_without_loss_or_doubles(void **state)
{
    (void)state;
    static const int errors[] = {EIO, ENOSPC, EINTR};
    for (int kind = 0; kind < 12; kind++) {
        bool reached = true;
        for (int n = 0; reached; n++) { /* until a run has fewer calls than that */
            memset(&disk, 0, sizeof disk);
            disk.fail_at = n;
            disk.fail_count = kind % 4 < 2 ? 1 : 3; /* three in a row: the cutting back fails too */
            disk.error = errors[kind / 4];
            disk.shorten = kind % 2 == 1;
            write_through();
            reached = disk.calls > n;
            assert_true(reached || n > 30);
            int corrupt;
            assert_int_equal(count_back(0, &corrupt), 60);
            /* Only a segment that was given up after its failed sync may end in a torn tail. */
            assert_true(corrupt <= 1);
            empty_dir(dir);
        }
    }
}

static void a_failed_sync_is_not_forgotten(void **state)
{
    (void)state;
    memset(&disk, 0, sizeof disk);
    disk.fail_at = 1000000;
    disk.fail_count = 1;
    disk.error = EIO;
    sg_segment_log *log = open_log(&bad_disk, NULL);
    append_number(log, 0);
    assert_int_equal(sg_segment_flush(log), SG_OK);
    disk.fail_at = disk.calls;
    assert_int_equal(sg_segment_sync(log), SG_IO);
    for (int try = 0; try < 3; try++) { /* the disk works again, the pages are gone all the same */
        assert_int_equal(sg_segment_sync(log), SG_IO);
    }
    append_number(log, 1);
    assert_int_equal(sg_segment_flush(log), SG_IO);
    assert_int_equal(sg_segment_rotate(log), SG_OK);
    assert_int_equal(sg_segment_number(log), 2);
    assert_int_equal(sg_segment_sync(log), SG_OK);
    assert_int_equal(sg_segment_close(log), SG_OK);
    assert_int_equal(count_back(0, NULL), 2);
}

static void a_length_that_lies_is_not_believed(void **state)
{
    (void)state;
    static const uint32_t lies[] = {UINT32_MAX, SG_SEGMENT_RECORD_MAX, 40, 1000, 0};
    unsigned char bytes[64] = "SGJRNL1\n\1"; /* 39 bytes of payload are there */
    sg_segment_close(open_log(NULL, NULL));
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        memcpy(bytes + 16, &lies[i], 4);
        save("journal-00000001.sgj", bytes, sizeof bytes);
        int corrupt;
        assert_int_equal(count_back(0, &corrupt), 0);
        assert_int_equal(corrupt, 1);
    }
}

static void other_files_and_bad_places_are_left_alone(void **state)
{
    (void)state;
    sg_segment_log *log = NULL;
    sg_segment_report report;
    sg_segment_reader *reader = NULL;
    char error[SG_SEGMENT_TEXT];
    uint32_t first, last;
    assert_int_equal(sg_segment_open("/proc/none/journal", 4096, NULL, &log, &report), SG_IO);
    assert_non_null(strstr(report.line, "/proc/none/journal"));
    assert_int_equal(sg_segment_read_open("/proc/none", 0, &reader, error), SG_MISSING);
    assert_int_equal(sg_segment_span(base, &first, &last), SG_MISSING);
    mkdir(dir, 0755);
    save("journal-1.sgj", (const unsigned char *)"x", 1);
    save("journal-00000000.sgj", (const unsigned char *)"x", 1);
    save("journal-00000007.sgj.torn", (const unsigned char *)"x", 1);
    save("journal-99999999999.sgj", (const unsigned char *)"x", 1);
    log = open_log(NULL, &report);
    assert_int_equal(report.last, 0);
    assert_int_equal(sg_segment_number(log), 1);
    assert_int_equal(sg_segment_close(log), SG_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_dir, drop_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_file_is_laid_out_as_documented),
        CASE(parts_are_joined_into_one_record),
        CASE(a_full_buffer_takes_nothing_and_loses_nothing),
        CASE(a_tail_torn_at_any_byte_costs_only_the_torn_record),
        CASE(a_segment_torn_inside_its_header_is_begun_again),
        CASE(no_flipped_bit_passes_for_a_record),
        CASE(damage_in_an_older_segment_is_named_and_passed_over),
        CASE(a_missing_segment_is_reported),
        CASE(a_second_writer_is_refused_by_name),
        CASE(pruning_removes_the_oldest_and_never_what_is_needed),
        CASE(a_full_disk_costs_nothing_once_there_is_room_again),
        CASE(every_single_disk_failure_is_survived_without_loss_or_doubles),
        CASE(a_failed_sync_is_not_forgotten),
        CASE(a_length_that_lies_is_not_believed),
        CASE(other_files_and_bad_places_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
