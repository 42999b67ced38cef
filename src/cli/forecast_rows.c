#include "cli/forecast_rows.h"

#include "base/quantity.h"
#include "base/time.h"
#include "cli/verbs.h"
#include "forecast/calendar.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum role { UNUSED, TIME, TARGET, INPUT } role;

typedef struct cell {
    const char *text;
    size_t length;
} cell;

typedef struct table {
    const char *file;
    const sg_forecast_wish *wish;
    sg_forecast_rows *ret;
    role role[SG_FORECAST_COLUMN_MAX];
    int32_t number[SG_FORECAST_COLUMN_MAX]; /* of the series or of the input */
    cell head[SG_FORECAST_COLUMN_MAX];
    int32_t column_count;
    int32_t made; /* inputs that are not columns: they come first */
    bool timed;   /* there is a time column */
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

static int find_time(table *t)
{
    const char *name = t->wish->time;
    for (int32_t c = 0; c < t->column_count; c++) {
        if (name ? is(t->head[c], name, strlen(name)) : usual(t->head[c])) {
            t->role[c] = TIME;
            t->timed = true;
            return SG_EXIT_DONE;
        }
    }
    return name ? bad(t, 1, "the column that --time names", (cell){name, strlen(name)})
           : t->made > 0
               ? bad(t, 1, "a column of times for --calendar and --sun", (cell){"none", 4})
               : SG_EXIT_DONE;
}

static int take_column(table *t, const char *expected, cell name, role as, int32_t *count)
{
    for (int32_t c = 0; c < t->column_count; c++) {
        if (t->role[c] == UNUSED && is(t->head[c], name.text, name.length)) {
            t->role[c] = as;
            t->number[c] = (*count)++;
            return SG_EXIT_DONE;
        }
    }
    return bad(t, 1, expected, name);
}

static int take_columns(table *t, const char *expected, const char *names, role as, int32_t *count)
{
    int status = SG_EXIT_DONE;
    const char *end = names ? names + strlen(names) : NULL;
    for (const char *at = names; at && status == SG_EXIT_DONE;) {
        status = take_column(t, expected, next_cell(&at, end), as, count);
    }
    return status;
}

/* Known ones stand before the others. */
static int find_inputs(table *t)
{
    sg_inputs *inputs = &t->ret->inputs;
    const sg_forecast_wish *wish = t->wish;
    inputs->count = t->made;
    inputs->sky = wish->sun != NULL;
    int status = take_columns(t, "a column of the file for --holidays, each once", wish->holidays,
                              INPUT, &inputs->count);
    status = status == SG_EXIT_DONE ? take_columns(t, "a column of the file for --known, each once",
                                                   wish->known, INPUT, &inputs->count)
                                    : status;
    inputs->known = inputs->count;
    return status == SG_EXIT_DONE ? take_columns(t, "a column of the file for --inputs, each once",
                                                 wish->inputs, INPUT, &inputs->count)
                                  : status;
}

static int find_targets(table *t)
{
    int32_t *count = &t->ret->panel.series_count;
    const char *expected = "a column of the file for --target, each once";
    int status = SG_EXIT_DONE;
    bool all = strcmp(t->wish->targets, "all") == 0;
    for (int32_t c = 0; all && c < t->column_count; c++) {
        status =
            t->role[c] == UNUSED ? take_column(t, expected, t->head[c], TARGET, count) : status;
    }
    status = all ? status : take_columns(t, expected, t->wish->targets, TARGET, count);
    if (status == SG_EXIT_DONE && *count == 0) {
        return bad(t, 1, "a column that is neither the time nor an input", (cell){"none", 4});
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

static int read_header(table *t, const char *at, const char *end)
{
    while (at) {
        if (t->column_count == SG_FORECAST_COLUMN_MAX) {
            return bad(t, 1, "at most 1024 columns", (cell){at, (size_t)(end - at)});
        }
        cell head = next_cell(&at, end);
        if (has(t, head)) {
            return bad(t, 1, "each column's name once", head);
        }
        t->head[t->column_count++] = head;
    }
    int status = find_time(t);
    status = status == SG_EXIT_DONE ? find_inputs(t) : status;
    return status == SG_EXIT_DONE ? find_targets(t) : status;
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

/* Does the text of a time end in Z or +02:00? */
static bool has_zone(cell c)
{
    const char *behind = c.length > 10 ? c.text + 10 : c.text + c.length; /* the date's dashes */
    size_t length = (size_t)(c.text + c.length - behind);
    return memchr(behind, 'Z', length) || memchr(behind, '+', length) ||
           memchr(behind, '-', length);
}

static bool read_time(const table *t, cell c, int64_t *ret_us)
{
    double seconds;
    if (c.length > 0 && sg_number_scan(c.text, c.length, &seconds) == c.length) {
        *ret_us = llround(fmax(fmin(seconds, 2e11), -2e11) * 1e6);
        return isfinite(seconds);
    }
    if (sg_time_parse(c.text, c.length, ret_us) != SG_OK) {
        return false;
    }
    *ret_us -= has_zone(c) ? 0 : t->wish->zone_s * SG_US_PER_S;
    return true;
}

static double *cell_of(const table *t, int32_t column, int64_t row)
{
    const sg_panel *panel = &t->ret->panel;
    const sg_inputs *inputs = &t->ret->inputs;
    int64_t number = t->number[column];
    return t->role[column] == TARGET ? panel->value + number * panel->stride + row
                                     : inputs->value + number * inputs->stride + row;
}

static int read_row(table *t, int64_t line, const char *at, const char *end, int64_t row)
{
    for (int32_t c = 0; c < t->column_count; c++) {
        if (!at) {
            return bad(t, line, "as many cells as the header has", (cell){end, 0});
        }
        cell got = next_cell(&at, end);
        if (t->role[c] == TIME && !read_time(t, got, &t->time_us[row])) {
            return bad(t, line, "a time such as 2023-06-01 12:00, or seconds", got);
        }
        if (t->role[c] < TARGET) {
            continue;
        }
        double *to = cell_of(t, c, row);
        *to = NAN;
        if (!means_missing(got) && sg_number_scan(got.text, got.length, to) != got.length) {
            return bad(t, line, "a number", got);
        }
    }
    return at ? bad(t, line, "as many cells as the header has", (cell){at, (size_t)(end - at)})
              : SG_EXIT_DONE;
}

static bool reserve(table *t, int64_t rows)
{
    sg_panel *panel = &t->ret->panel;
    sg_inputs *inputs = &t->ret->inputs;
    size_t series = (size_t)panel->series_count, room = (size_t)(rows > 0 ? rows : 1);
    size_t names = series * sizeof *t->ret->name, longer = room + (size_t)t->wish->ahead;
    size_t input_cells = (size_t)inputs->count * longer;
    char *memory = malloc(series * room * (sizeof(double) + 1) + input_cells * sizeof(double) +
                          room * sizeof(int64_t) + names);
    if (!memory) {
        return false;
    }
    t->ret->memory = memory;
    panel->stride = (int64_t)room;
    panel->value = (double *)(void *)memory;
    inputs->stride = (int64_t)longer;
    inputs->value = panel->value + series * room;
    for (size_t i = 0; i < input_cells; i++) {
        inputs->value[i] = NAN;
    }
    t->time_us = (int64_t *)(inputs->value + input_cells);
    t->ret->name = (char(*)[SG_FORECAST_NAME_MAX])(t->time_us + room);
    panel->missing = (uint8_t *)t->ret->name + names;
    for (int32_t c = 0; c < t->column_count; c++) {
        if (t->role[c] == TARGET) {
            char *name = t->ret->name[t->number[c]];
            snprintf(name, SG_FORECAST_NAME_MAX, "%.*s", (int)t->head[c].length, t->head[c].text);
        }
    }
    return true;
}

/* Rows behind the last one with a target are those that are known ahead, where columns are. */
static int count_rows(table *t, int64_t rows)
{
    sg_panel *panel = &t->ret->panel;
    bool ahead = t->ret->inputs.known > t->made;
    panel->row_count = ahead ? 0 : rows;
    for (int32_t s = 0; s < panel->series_count; s++) {
        const double *value = sg_panel_series(panel, s);
        for (int64_t i = rows; i > panel->row_count; i--) {
            panel->row_count = isfinite(value[i - 1]) ? i : panel->row_count;
        }
    }
    for (int32_t s = 0; s < panel->series_count; s++) {
        for (int64_t i = 0; i < panel->row_count; i++) {
            t->ret->missing += !isfinite(sg_panel_series(panel, s)[i]);
        }
    }
    if (rows == 0) {
        return bad(t, 2, "rows of values", (cell){"none", 4});
    }
    if (t->ret->missing == panel->row_count * panel->series_count) {
        return bad(t, 2, "a value in some row", (cell){"only missing ones", 17});
    }
    if (ahead && rows - panel->row_count < t->wish->ahead) {
        fprintf(stderr,
                "%s: expected %lld rows of the columns known ahead behind the last row with a "
                "target, got %lld\n",
                t->file, (long long)t->wish->ahead, (long long)(rows - panel->row_count));
        return SG_EXIT_USAGE;
    }
    return SG_EXIT_DONE;
}

/* --- time --- */

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

/* --- inputs --- */

/* Some loggers name an interval by its begin, some by its end: the light is that around the time. */
static void make_inputs(table *t, int64_t row, int64_t time_us)
{
    sg_inputs *inputs = &t->ret->inputs;
    double *to = inputs->value + row, columns[SG_CALENDAR_COUNT];
    if (t->wish->sun) {
        *to = sg_clear_sky_w_m2(t->wish->sun, time_us - t->ret->step_us / 2,
                                time_us + t->ret->step_us / 2);
        to += inputs->stride;
    }
    if (t->wish->calendar || t->wish->holidays) {
        const double *holiday = inputs->value + t->made * inputs->stride + row;
        bool off = t->wish->holidays && isfinite(*holiday) && *holiday != 0;
        sg_calendar_of(time_us + t->wish->zone_s * SG_US_PER_S, off, columns);
        for (int i = 0; i < SG_CALENDAR_COUNT; i++) {
            to[i * inputs->stride] = columns[i];
        }
    }
}

/* Of the others nothing is told behind the panel's last row. */
static void finish_inputs(table *t, int64_t lines)
{
    sg_inputs *inputs = &t->ret->inputs;
    int64_t count = t->ret->panel.row_count;
    inputs->row_count = count + t->wish->ahead;
    for (int32_t i = inputs->known; i < inputs->count; i++) {
        for (int64_t row = count; row < inputs->row_count; row++) {
            inputs->value[i * inputs->stride + row] = NAN;
        }
    }
    for (int64_t row = 0; t->made > 0 && row < inputs->row_count; row++) {
        make_inputs(t, row,
                    row < lines ? t->time_us[row]
                                : t->time_us[lines - 1] + (row - lines + 1) * t->ret->step_us);
    }
    sg_inputs_fill(inputs, t->ret->panel.season);
    t->ret->panel.inputs = inputs->count > 0 ? inputs : NULL;
}

/* --- the whole --- */

static int read_table(table *t, char *text)
{
    const char *at = text, *end = text + strlen(text), *to = line_end(at, end);
    if (at == to || (to - at == 1 && *at == '\r')) {
        return bad(t, 1, "a header with the names of the columns", (cell){"nothing", 7});
    }
    int status = read_header(t, at, to);
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
    status = status == SG_EXIT_DONE ? count_rows(t, row) : status;
    status = status == SG_EXIT_DONE && t->timed ? find_step(t) : status;
    if (status == SG_EXIT_DONE) {
        finish_inputs(t, row);
    }
    return status;
}

int sg_forecast_rows_read(const char *file, char *text, const sg_forecast_wish *wish,
                          sg_forecast_rows *ret)
{
    table *t = calloc(1, sizeof *t);
    *ret = (sg_forecast_rows){0};
    if (!t) {
        fputs("symgrid forecast: memory is exhausted\n", stderr);
        return SG_EXIT_ENVIRONMENT;
    }
    t->file = file;
    t->wish = wish;
    t->ret = ret;
    t->made = (wish->sun ? 1 : 0) + (wish->calendar || wish->holidays ? SG_CALENDAR_COUNT : 0);
    int status = read_table(t, text);
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
