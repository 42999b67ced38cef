#include "site/csv.h"

#include "base/quantity.h"
#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIELD_MAX = 4096, ROW_MAX = 20000000, REPORT_MAX = 3 };

typedef struct reader {
    const sg_csv_query *query;
    const char *file;
    sg_place asked;
    sg_diagnostics *diagnostics;
    sg_csv *ret;
    int fields; /* of the header                          */
    int time_field[3];
    int time_fields; /* 1 or 3                                 */
    int where_field[SG_CSV_WHERE_MAX];
    int *value_field; /* [column_count]                         */
    const char *cell[FIELD_MAX];
    size_t cell_length[FIELD_MAX];
    int line;
    int reports;    /* bad cells told so far                  */
    int bad;        /* all of them                            */
    bool hour_zero; /* typical years: hours run from 0        */
    size_t room;
} reader;

char *sg_file_read(const char *path, size_t size_max, size_t *ret_length, const char **ret_why)
{
    *ret_why = "memory is exhausted";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *ret_why = strerror(errno);
        return NULL;
    }
    struct stat info;
    char *text = NULL;
    size_t length = 0;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        *ret_why = "it is not a regular file";
    } else if ((size_t)info.st_size > size_max) {
        *ret_why = "it is too large";
    } else if ((text = malloc((size_t)info.st_size + 1))) {
        ssize_t got = 1;
        while (length < (size_t)info.st_size && got > 0) {
            got = read(fd, text + length, (size_t)info.st_size - length);
            length += got > 0 ? (size_t)got : 0;
        }
        if (got < 0) {
            *ret_why = strerror(errno);
            free(text);
            text = NULL;
        } else {
            text[length] = '\0';
        }
    }
    close(fd);
    *ret_length = length;
    return text;
}

void sg_csv_free(sg_csv *self)
{
    free(self->time_us);
    free(self->value);
    free(self->line);
    *self = (sg_csv){0};
}

/* ---- lines and cells ---- */

static bool fail_at(reader *r, int column, const char *hint, const char *what)
{
    sg_diagnose(r->diagnostics, SG_ERROR, (sg_place){r->file, r->line, column}, hint, "%s", what);
    return false;
}

/* Split [at, end) into cells. False for an open quote or too many cells. */
static bool split(reader *r, const char *at, const char *end, int *ret_count)
{
    int count = 0;
    for (;;) {
        if (count == FIELD_MAX) {
            return false;
        }
        const char *from = at, *to;
        if (at < end && *at == '"') {
            from = ++at;
            while (at < end && (*at != '"' || (at + 1 < end && at[1] == '"'))) {
                at += *at == '"' ? 2 : 1;
            }
            if (at >= end) {
                return false;
            }
            to = at++;
            if (at < end && *at != ',') {
                return false;
            }
        } else {
            size_t rest = at < end ? (size_t)(end - at) : 0;
            const char *comma = memchr(at, ',', rest);
            at = to = comma ? comma : end;
        }
        while (from < to && (*from == ' ' || *from == '\t')) {
            from++;
        }
        while (to > from && (to[-1] == ' ' || to[-1] == '\t')) {
            to--;
        }
        r->cell[count] = from;
        r->cell_length[count++] = (size_t)(to - from);
        if (at >= end) {
            *ret_count = count;
            return true;
        }
        at++;
    }
}

static bool cell_is(const reader *r, int field, const char *text)
{
    return strlen(text) == r->cell_length[field] &&
           memcmp(r->cell[field], text, r->cell_length[field]) == 0;
}

static int find_field(reader *r, const char *name)
{
    for (int i = 0; i < r->fields; i++) {
        if (cell_is(r, i, name)) {
            return i;
        }
    }
    const char *names[64];
    char texts[64][64];
    int count = r->fields < 64 ? r->fields : 64;
    for (int i = 0; i < count; i++) {
        size_t size = r->cell_length[i] < 63 ? r->cell_length[i] : 63;
        memcpy(texts[i], r->cell[i], size);
        texts[i][size] = '\0';
        names[i] = texts[i];
    }
    const char *nearest = sg_text_nearest(name, names, count);
    char hint[96] = "", quoted[SG_QUOTE_MAX];
    if (nearest) {
        snprintf(hint, sizeof hint, "did you mean '%s'", nearest);
    }
    sg_diagnose(r->diagnostics, SG_ERROR, r->asked, hint, "%s has no column %s", r->file,
                sg_quote(name, strlen(name), quoted));
    return -1;
}

static bool read_header(reader *r, const char *at, const char *end)
{
    if (end - at >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) {
        at += 3;
    }
    if (!split(r, at, end, &r->fields)) {
        return fail_at(r, 1, NULL, "expected a header row of at most 4096 columns");
    }
    const sg_csv_query *q = r->query;
    r->time_fields = q->time[1] ? 3 : 1;
    bool good = true;
    for (int i = 0; i < r->time_fields; i++) {
        r->time_field[i] = find_field(r, q->time[i]);
        good = good && r->time_field[i] >= 0;
    }
    for (int i = 0; i < q->where_count && good; i++) {
        r->where_field[i] = find_field(r, q->where[i].column);
        good = good && r->where_field[i] >= 0;
    }
    for (int i = 0; i < q->column_count && good; i++) {
        r->value_field[i] = find_field(r, q->columns[i]);
        good = good && r->value_field[i] >= 0;
    }
    return good;
}

/* ---- values ---- */

static void bad_cell(reader *r, int field, const char *expected)
{
    r->bad++;
    if (r->reports++ < REPORT_MAX) {
        char quoted[SG_QUOTE_MAX];
        sg_diagnose(r->diagnostics, SG_ERROR, (sg_place){r->file, r->line, field + 1}, NULL,
                    "column %d: expected %s, got %s", field + 1, expected,
                    sg_quote(r->cell[field], r->cell_length[field], quoted));
    }
}

static bool is_missing(const char *text, size_t length)
{
    static const char *const words[] = {"", "nan", "NaN", "NAN", "NA", "null", "N/A"};
    if (length > 4) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool number_cell(reader *r, int field, double *ret)
{
    const char *text = r->cell[field];
    size_t length = r->cell_length[field];
    if (length > 0 && sg_number_scan(text, length, ret) == length && isfinite(*ret)) {
        return true;
    }
    return false;
}

static double value_cell(reader *r, int field)
{
    double value;
    if (number_cell(r, field, &value)) {
        return value;
    }
    if (!is_missing(r->cell[field], r->cell_length[field])) {
        bad_cell(r, field, "a number or nothing");
    }
    return (double)NAN;
}

static bool has_zone(const char *text, size_t length)
{
    for (size_t i = 10; i < length; i++) {
        if (text[i] == 'Z' || text[i] == '+' || text[i] == '-' || text[i] == 'U') {
            return true;
        }
    }
    return false;
}

static bool typical_time(reader *r, int64_t *ret_us)
{
    double part[3];
    for (int i = 0; i < 3; i++) {
        static const double most[] = {12, 31, 24};
        if (!number_cell(r, r->time_field[i], &part[i]) || part[i] < (i < 2) || part[i] > most[i] ||
            part[i] != floor(part[i])) {
            static const char *const names[] = {"a month", "a day", "an hour 0 to 24"};
            bad_cell(r, r->time_field[i], names[i]);
            return false;
        }
    }
    r->hour_zero = r->hour_zero || part[2] == 0.0;
    int64_t days = sg_days_from_civil(SG_CSV_TYPICAL_YEAR, (int)part[0], (int)part[1]);
    *ret_us =
        days * SG_US_PER_DAY + ((int64_t)part[2] * 3600 - r->query->zone_offset_s) * SG_US_PER_S;
    return true;
}

static bool row_time(reader *r, int64_t *ret_us)
{
    if (r->time_fields == 3) {
        return typical_time(r, ret_us);
    }
    int field = r->time_field[0];
    const char *text = r->cell[field];
    size_t length = r->cell_length[field];
    bool first = r->ret->rows == 0;
    if (first || !r->ret->relative) {
        if (sg_time_parse(text, length, ret_us) == SG_OK) {
            *ret_us -= has_zone(text, length) ? 0 : r->query->zone_offset_s * SG_US_PER_S;
            return true;
        }
    }
    double number;
    if ((first || r->ret->relative) && number_cell(r, field, &number) &&
        fabs(number * r->query->time_unit_s) < 1e11) {
        r->ret->relative = true;
        *ret_us = (int64_t)llround(number * r->query->time_unit_s * 1e6);
        return true;
    }
    bad_cell(r, field,
             first              ? "a time such as 2023-01-01T00:15Z or a number of seconds"
             : r->ret->relative ? "a number of seconds"
                                : "a time such as 2023-01-01T00:15Z");
    return false;
}

static bool wanted(reader *r)
{
    for (int i = 0; i < r->query->where_count; i++) {
        const char *text = r->query->where[i].text;
        double asked, got;
        if (cell_is(r, r->where_field[i], text)) {
            continue;
        }
        if (sg_number_scan(text, strlen(text), &asked) != strlen(text) ||
            !number_cell(r, r->where_field[i], &got) || asked != got) {
            return false;
        }
    }
    return true;
}

static bool grow(reader *r)
{
    sg_csv *c = r->ret;
    if ((size_t)c->rows < r->room) {
        return true;
    }
    size_t room = r->room ? r->room * 2 : 4096;
    size_t columns = (size_t)r->query->column_count;
    int64_t *time_us = realloc(c->time_us, room * sizeof *time_us);
    c->time_us = time_us ? time_us : c->time_us;
    int32_t *lines = realloc(c->line, room * sizeof *lines);
    c->line = lines ? lines : c->line;
    double *value = realloc(c->value, room * columns * sizeof *value);
    c->value = value ? value : c->value;
    r->room = room;
    return time_us && lines && value;
}

/* Out of order and twice the same are different mistakes: the second is mostly a clock put back in autumn. */
static bool in_order(reader *r, int64_t time_us)
{
    if (r->ret->rows == 0 || time_us > r->ret->time_us[r->ret->rows - 1]) {
        return true;
    }
    r->bad++;
    if (r->reports++ < REPORT_MAX) {
        bool twice = time_us == r->ret->time_us[r->ret->rows - 1];
        fail_at(
            r, r->time_field[0] + 1,
            twice ? "local times with daylight saving repeat an hour in autumn: use a fixed offset"
                  : NULL,
            twice ? "the same time as in the row before"
                  : "an earlier time than in the row before");
    }
    return false;
}

static bool read_row(reader *r, const char *at, const char *end)
{
    int count;
    if (!split(r, at, end, &count) || count != r->fields) {
        r->bad++;
        if (r->reports++ < REPORT_MAX) {
            sg_diagnose(r->diagnostics, SG_ERROR, (sg_place){r->file, r->line, 1}, NULL,
                        "expected %d cells as in the header", r->fields);
        }
        return true;
    }
    int64_t time_us;
    if (!wanted(r) || !row_time(r, &time_us) || !in_order(r, time_us)) {
        return true;
    }
    if (r->ret->rows == ROW_MAX) {
        return fail_at(r, 1, NULL, "more than 20 million rows");
    }
    if (!grow(r)) {
        return fail_at(r, 1, NULL, "the series needs too much memory");
    }
    int32_t row = r->ret->rows++;
    r->ret->time_us[row] = time_us;
    r->ret->line[row] = r->line;
    int columns = r->query->column_count;
    for (int i = 0; i < columns; i++) {
        r->ret->value[(size_t)row * (size_t)columns + (size_t)i] = value_cell(r, r->value_field[i]);
    }
    return true;
}

static bool read_all(reader *r, const char *text, size_t length)
{
    const char *at = text, *stop = text + length;
    while (at < stop) {
        const char *end = memchr(at, '\n', (size_t)(stop - at));
        const char *next = end ? end + 1 : stop;
        end = end ? end : stop;
        end -= end > at && end[-1] == '\r';
        r->line++;
        bool good = true;
        if (r->line == 1) {
            good = read_header(r, at, end);
        } else if (end > at) {
            good = read_row(r, at, end);
        }
        if (!good) {
            return false;
        }
        at = next;
    }
    r->ret->last_line = r->line;
    if (r->bad > REPORT_MAX) {
        sg_diagnose(r->diagnostics, SG_ERROR, (sg_place){r->file, 0, 0}, NULL,
                    "%d more faulty rows or cells like these", r->bad - REPORT_MAX);
    }
    if (r->ret->rows < 2 && r->bad == 0) {
        sg_diagnose(r->diagnostics, SG_ERROR, r->asked, NULL,
                    r->query->where_count ? "%s has fewer than two rows that `where` lets through"
                                          : "%s has fewer than two rows of data",
                    r->file);
        return false;
    }
    return r->bad == 0;
}

bool sg_csv_parse(const char *text, size_t length, const char *file, sg_place asked,
                  const sg_csv_query *query, sg_diagnostics *diagnostics, sg_csv *ret)
{
    *ret = (sg_csv){0};
    reader *r = calloc(1, sizeof *r);
    int *fields = calloc((size_t)query->column_count, sizeof *fields);
    bool good = false;
    if (r && fields) {
        r->query = query;
        r->file = file;
        r->asked = asked;
        r->diagnostics = diagnostics;
        r->ret = ret;
        r->value_field = fields;
        good = read_all(r, text, length);
        /* Hours 1 to 24 name the end of their hour. */
        for (int32_t i = 0; good && r->time_fields == 3 && !r->hour_zero && i < ret->rows; i++) {
            ret->time_us[i] -= 3600 * SG_US_PER_S;
        }
    } else {
        sg_diagnose(diagnostics, SG_ERROR, asked, NULL, "the series needs too much memory");
    }
    free(fields);
    free(r);
    if (!good) {
        sg_csv_free(ret);
    }
    return good;
}
