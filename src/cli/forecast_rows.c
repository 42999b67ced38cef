#include "cli/forecast_rows.h"

#include "base/quantity.h"
#include "base/time.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNUSED = -1, TIME = -2 };

typedef struct cell {
    const char *text;
    size_t length;
} cell;

typedef struct table {
    const char *file;
    sg_forecast_rows *ret;
    int32_t column[SG_FORECAST_COLUMN_MAX]; /* series, UNUSED or TIME */
    cell head[SG_FORECAST_COLUMN_MAX];
    int32_t column_count;
    int64_t *time_us;
} table;

static int bad(const table *t, int64_t line, const char *what, cell got)
{
    char text[61];
    size_t length = got.length < sizeof text - 1 ? got.length : sizeof text - 1;
    for (size_t i = 0; i < length; i++) { /* a terminal obeys control bytes */
        text[i] = (char)(got.text[i] >= ' ' && got.text[i] < 0x7F ? got.text[i] : '?');
    }
    text[length] = '\0';
    fprintf(stderr, "%s:%lld: expected %s, got '%s'\n", t->file, (long long)line, what, text);
    return SG_EXIT_USAGE;
}

/* The cell at *at and *at behind its comma; NULL once the line is over. Quotes around it and blanks go. */
static cell next_cell(const char **at, const char *end)
{
    const char *comma = memchr(*at, ',', (size_t)(end - *at));
    const char *from = *at, *to = comma ? comma : end;
    *at = comma ? comma + 1 : NULL;
    while (from < to && (*from == ' ' || *from == '"' || *from == '\t')) {
        from++;
    }
    while (to > from && (to[-1] == ' ' || to[-1] == '"' || to[-1] == '\r' || to[-1] == '\t')) {
        to--;
    }
    return (cell){from, (size_t)(to - from)};
}

static bool is(cell c, const char *word, size_t length)
{
    return c.length == length && strncmp(c.text, word, length) == 0;
}

static const char *line_end(const char *at, const char *end)
{
    const char *to = memchr(at, '\n', (size_t)(end - at));
    return to ? to : end;
}

/* --- header --- */

/* "time", "time_utc", "timestamp", "date" and "datetime" are usual. */
static bool usual(cell head)
{
    return is(head, "date", 4) || is(head, "datetime", 8) ||
           (head.length >= 4 && strncmp(head.text, "time", 4) == 0);
}

static int find_time(table *t, const char *name)
{
    for (int32_t c = 0; c < t->column_count; c++) {
        if (name ? is(t->head[c], name, strlen(name)) : usual(t->head[c])) {
            t->column[c] = TIME;
            return SG_EXIT_DONE;
        }
    }
    return name ? bad(t, 1, "the column that --time names", (cell){name, strlen(name)})
                : SG_EXIT_DONE;
}

static int take_column(table *t, cell name)
{
    for (int32_t c = 0; c < t->column_count; c++) {
        if (t->column[c] == UNUSED && is(t->head[c], name.text, name.length)) {
            t->column[c] = t->ret->panel.series_count++;
            return SG_EXIT_DONE;
        }
    }
    return bad(t, 1, "a column of the file for --target, each once", name);
}

static int find_targets(table *t, const char *targets)
{
    int status = SG_EXIT_DONE;
    bool all = strcmp(targets, "all") == 0;
    for (int32_t c = 0; all && c < t->column_count; c++) {
        status = t->column[c] == UNUSED ? take_column(t, t->head[c]) : status;
    }
    for (const char *at = targets, *end = at + strlen(at); !all && at && status == SG_EXIT_DONE;) {
        status = take_column(t, next_cell(&at, end));
    }
    if (status == SG_EXIT_DONE && t->ret->panel.series_count == 0) {
        return bad(t, 1, "a column beside the time", (cell){"none", 4});
    }
    return status;
}

static bool has(const table *t, cell name)
{
    for (int32_t c = 0; c < t->column_count; c++) {
        if (is(t->head[c], name.text, name.length)) {
            return true;
        }
    }
    return false;
}

static int read_header(table *t, const char *at, const char *end, const char *time,
                       const char *targets)
{
    while (at) {
        if (t->column_count == SG_FORECAST_COLUMN_MAX) {
            return bad(t, 1, "at most 1024 columns", (cell){at, (size_t)(end - at)});
        }
        cell head = next_cell(&at, end);
        if (has(t, head)) {
            return bad(t, 1, "each column's name once", head);
        }
        t->head[t->column_count] = head;
        t->column[t->column_count++] = UNUSED;
    }
    int status = find_time(t, time);
    return status == SG_EXIT_DONE ? find_targets(t, targets) : status;
}

/* --- rows --- */

static bool means_missing(cell c)
{
    static const char *const words[] = {"", "nan", "NaN", "NAN", "NA", "null", "None", "-"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is(c, words[i], strlen(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool read_time(cell c, int64_t *ret_us)
{
    double seconds;
    if (c.length > 0 && sg_number_scan(c.text, c.length, &seconds) == c.length) {
        *ret_us = llround(fmax(fmin(seconds, 2e11), -2e11) * 1e6);
        return isfinite(seconds);
    }
    return sg_time_parse(c.text, c.length, ret_us) == SG_OK;
}

static int read_row(table *t, int64_t line, const char *at, const char *end, int64_t row)
{
    for (int32_t c = 0; c < t->column_count; c++) {
        if (!at) {
            return bad(t, line, "as many cells as the header has", (cell){end, 0});
        }
        cell got = next_cell(&at, end);
        if (t->column[c] == TIME && !read_time(got, &t->time_us[row])) {
            return bad(t, line, "a time such as 2023-06-01 12:00, or seconds", got);
        }
        if (t->column[c] < 0) {
            continue;
        }
        double *to = t->ret->panel.value + t->column[c] * t->ret->panel.stride + row;
        *to = NAN;
        if (!means_missing(got) && sg_number_scan(got.text, got.length, to) != got.length) {
            return bad(t, line, "a number", got);
        }
        t->ret->missing += !isfinite(*to);
    }
    return at ? bad(t, line, "as many cells as the header has", (cell){at, (size_t)(end - at)})
              : SG_EXIT_DONE;
}

static bool reserve(table *t, int64_t rows)
{
    sg_panel *panel = &t->ret->panel;
    size_t series = (size_t)panel->series_count, room = (size_t)(rows > 0 ? rows : 1);
    size_t names = series * sizeof *t->ret->name;
    char *memory = malloc(series * room * (sizeof(double) + 1) + room * sizeof(int64_t) + names);
    if (!memory) {
        return false;
    }
    t->ret->memory = memory;
    panel->stride = (int64_t)room;
    panel->value = (double *)(void *)memory;
    t->time_us = (int64_t *)(panel->value + series * room);
    t->ret->name = (char(*)[SG_FORECAST_NAME_MAX])(t->time_us + room);
    panel->missing = (uint8_t *)t->ret->name + names;
    for (int32_t c = 0; c < t->column_count; c++) {
        if (t->column[c] >= 0) {
            char *name = t->ret->name[t->column[c]];
            snprintf(name, SG_FORECAST_NAME_MAX, "%.*s", (int)t->head[c].length, t->head[c].text);
        }
    }
    return true;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The step is the one in the middle of all. */
static int find_step(table *t)
{
    sg_forecast_rows *rows = t->ret;
    int64_t count = rows->panel.row_count - 1;
    int64_t *steps = count > 0 ? malloc((size_t)count * sizeof *steps) : NULL;
    if (count < 1) {
        return SG_EXIT_DONE;
    }
    if (!steps) {
        return SG_EXIT_ENVIRONMENT;
    }
    for (int64_t i = 0; i < count; i++) {
        steps[i] = t->time_us[i + 1] - t->time_us[i];
    }
    qsort(steps, (size_t)count, sizeof *steps, by_size);
    int64_t step = steps[count / 2];
    for (int64_t i = 0; i < count; i++) {
        rows->irregular += steps[i] != step;
    }
    free(steps);
    rows->step_us = step > 0 ? step : 0;
    rows->last_us = t->time_us[count];
    bool whole = step > 0 && SG_US_PER_DAY % step == 0 && SG_US_PER_DAY / step < INT32_MAX;
    rows->panel.season = whole ? (int32_t)(SG_US_PER_DAY / step) : 0;
    return SG_EXIT_DONE;
}

static int read_table(table *t, char *text, const char *time, const char *targets)
{
    const char *at = text, *end = text + strlen(text), *to = line_end(at, end);
    if (at == to || (to - at == 1 && *at == '\r')) {
        return bad(t, 1, "a header with the names of the columns", (cell){"nothing", 7});
    }
    int status = read_header(t, at, to, time, targets);
    int64_t lines = 0, row = 0;
    for (const char *seek = to; seek < end; seek = line_end(seek + 1, end)) {
        lines++;
    }
    if (status == SG_EXIT_DONE && !reserve(t, lines)) {
        status = SG_EXIT_ENVIRONMENT;
        fputs("symgrid forecast: memory is exhausted\n", stderr);
    }
    for (int64_t line = 2; to < end && status == SG_EXIT_DONE; line++) {
        at = to + 1;
        to = line_end(at, end);
        bool empty = at == to || (to - at == 1 && *at == '\r');
        if (!empty) {
            status = read_row(t, line, at, to, row++);
        }
    }
    t->ret->panel.row_count = row;
    if (status == SG_EXIT_DONE && row == 0) {
        return bad(t, 2, "rows of values", (cell){"none", 4});
    }
    if (status == SG_EXIT_DONE && t->ret->missing == row * t->ret->panel.series_count) {
        return bad(t, 2, "a value in some row", (cell){"only missing ones", 17});
    }
    return status;
}

int sg_forecast_rows_read(const char *file, char *text, const char *time, const char *targets,
                          sg_forecast_rows *ret)
{
    table *t = calloc(1, sizeof *t);
    *ret = (sg_forecast_rows){0};
    if (!t) {
        fputs("symgrid forecast: memory is exhausted\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    t->file = file;
    t->ret = ret;
    int status = read_table(t, text, time, targets);
    bool timed = false;
    for (int32_t c = 0; c < t->column_count; c++) {
        timed = timed || t->column[c] == TIME;
    }
    if (status == SG_EXIT_DONE && timed) {
        status = find_step(t);
    }
    if (status == SG_EXIT_DONE) {
        sg_panel_fill(&ret->panel);
    } else {
        sg_forecast_rows_free(ret);
    }
    free(t);
    return status;
}

void sg_forecast_rows_free(sg_forecast_rows *self)
{
    free(self->memory);
    *self = (sg_forecast_rows){0};
}
