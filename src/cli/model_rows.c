#include "cli/model_rows.h"

#include "base/time.h"
#include "cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_MAX = 256, EXAMPLE_ROWS = 97, CHUNK_ROWS = 1024, NUMBER_MAX = 32 };
enum { TIME_COLUMN = -1, DT_COLUMN = -2, IGNORED = -3 }; /* >= 0: the input of that number */

static int bad(const char *name, int64_t line, const char *what, const char *got, size_t length)
{
    char text[61]; /* a terminal obeys control bytes: what is no plain text is shown as '?' */
    length = length < sizeof text - 1 ? length : sizeof text - 1;
    for (size_t i = 0; i < length; i++) {
        text[i] = (char)(got[i] >= ' ' && got[i] < 0x7F ? got[i] : '?');
    }
    text[length] = '\0';
    fprintf(stderr, "%s:%lld: expected %s, got '%s'\n", name, (long long)line, what, text);
    return SG_EXIT_USAGE;
}

/* --- memory --- */

static bool reserve(const sg_model *model, int64_t count, bool timed, sg_rows *ret)
{
    int columns = model->input_count + model->output_count + 1;
    size_t rows = (size_t)(count > 0 ? count : 1);
    *ret = (sg_rows){.count = count};
    ret->memory = malloc(rows * (size_t)columns * sizeof(double));
    ret->times = timed ? malloc(rows * sizeof(int64_t)) : NULL;
    if (!ret->memory || (timed && !ret->times)) {
        sg_rows_free(ret);
        fputs("symgrid model: memory is exhausted\n", stderr);
        return false;
    }
    double *at = ret->memory;
    for (int i = 0; i < model->input_count; i++, at += rows) {
        ret->in[i] = at;
        for (size_t k = 0; k < rows; k++) {
            at[k] = isnan(model->inputs[i].preset) ? 0 : model->inputs[i].preset;
        }
    }
    for (int i = 0; i < model->output_count; i++, at += rows) {
        ret->out[i] = at;
    }
    ret->dt_s = at;
    ret->time_us = ret->times;
    return true;
}

void sg_rows_free(sg_rows *self)
{
    free(self->memory);
    free(self->times);
    *self = (sg_rows){0};
}

/* --- header --- */

typedef struct header {
    int column[CELL_MAX];
    int count;
    bool timed, stepped;
} header;

static size_t cell_length(const char *at, const char *end)
{
    const char *comma = memchr(at, ',', (size_t)(end - at));
    return (size_t)((comma ? comma : end) - at);
}

/* The name that the model knows the column by: its own, or the one that --columns gives it. */
static const char *name_of(const sg_rows_options *options, const char *cell, size_t *length)
{
    for (const char *at = options->columns; at && *at;) {
        size_t pair = strcspn(at, ",");
        const char *equals = memchr(at, '=', pair);
        size_t left = equals ? (size_t)(equals - at) : pair;
        const char *right = equals ? equals + 1 : at;
        size_t right_length = equals ? pair - left - 1 : pair;
        if (right_length == *length && memcmp(right, cell, right_length) == 0) {
            *length = left;
            return at;
        }
        at += pair + (at[pair] == ',');
    }
    return NULL;
}

static int column_of(const sg_model *model, const char *name, size_t length)
{
    if (length == 4 && memcmp(name, "time", 4) == 0) {
        return TIME_COLUMN;
    }
    if (length == 4 && memcmp(name, "dt_s", 4) == 0) {
        return DT_COLUMN;
    }
    for (int i = 0; i < model->input_count; i++) {
        if (strlen(model->inputs[i].name) == length &&
            memcmp(model->inputs[i].name, name, length) == 0) {
            return i;
        }
    }
    return IGNORED;
}

static int read_header(const sg_model *model, const sg_rows_options *options, const char *name,
                       const char *at, const char *end, header *ret)
{
    bool found[SG_MODEL_INPUT_MAX] = {false};
    *ret = (header){0};
    for (;; ret->count++) {
        size_t length = cell_length(at, end);
        if (ret->count == CELL_MAX) {
            return bad(name, 1, "at most 256 columns", at, length);
        }
        size_t known_length = length;
        const char *known = options->columns ? name_of(options, at, &known_length) : at;
        int column = known ? column_of(model, known, known_length) : IGNORED;
        if (column == IGNORED && (known || !options->columns)) {
            return bad(name, 1, "an input column of the model (see --help)", known ? known : at,
                       known_length);
        }
        if (column >= 0) {
            if (found[column]) {
                return bad(name, 1, "each column once", at, length);
            }
            found[column] = true;
        }
        ret->timed = ret->timed || column == TIME_COLUMN;
        ret->stepped = ret->stepped || column == DT_COLUMN;
        ret->column[ret->count] = column;
        at += length;
        if (at == end) {
            ret->count++;
            break;
        }
        at++;
    }
    if ((model->needs & SG_NEEDS_TIME) && !ret->timed) {
        return bad(name, 1, "a column 'time'", "none", 4);
    }
    for (int i = 0; i < model->input_count; i++) {
        if (isnan(model->inputs[i].preset) && !found[i]) {
            char what[96];
            snprintf(what, sizeof what, "a column '%s'", model->inputs[i].name);
            return bad(name, 1, what, "none", 4);
        }
    }
    return SG_EXIT_DONE;
}

/* --- rows --- */

static const char *line_end(const char *at, const char *end)
{
    const char *to = memchr(at, '\n', (size_t)(end - at));
    return to ? to : end;
}

static const char *trimmed(const char *at, const char *end)
{
    return end > at && end[-1] == '\r' ? end - 1 : end;
}

static int read_cell(const sg_model *model, const sg_rows_options *options, int column,
                     const char *at, size_t length, int64_t k, sg_rows *ret, const char **ret_what)
{
    double *to = column >= 0 ? &ret->in[column][k] : &ret->dt_s[k];
    (void)model;
    if (column == TIME_COLUMN) {
        *ret_what = "a time such as 2023-06-01T12:00:00Z";
        if (sg_time_parse(at, length, &ret->times[k]) != SG_OK) {
            return SG_EXIT_USAGE;
        }
        bool zoned = length > 0 && (at[length - 1] == 'Z' ||
                                    (length > 16 && (memchr(at + 16, '+', length - 16) ||
                                                     memchr(at + 16, '-', length - 16))));
        ret->times[k] -= zoned ? 0 : (int64_t)options->zone_offset_s * SG_US_PER_S;
        return SG_EXIT_DONE;
    }
    if (length == 0) {
        *to = NAN; /* missing */
        return SG_EXIT_DONE;
    }
    *ret_what = "a finite number";
    return sg_number_scan(at, length, to) == length && isfinite(*to) ? SG_EXIT_DONE : SG_EXIT_USAGE;
}

static int read_row(const sg_model *model, const sg_rows_options *options, const header *head,
                    const char *name, int64_t line, const char *at, const char *end, int64_t k,
                    sg_rows *ret)
{
    for (int c = 0; c < head->count; c++) {
        size_t length = cell_length(at, end);
        const char *what = "";
        if (head->column[c] != IGNORED &&
            read_cell(model, options, head->column[c], at, length, k, ret, &what) != SG_EXIT_DONE) {
            return bad(name, line, what, at, length);
        }
        at += length;
        if ((at == end) != (c + 1 == head->count)) {
            return bad(name, line, "as many cells as the header has", at, (size_t)(end - at));
        }
        at += at < end;
    }
    return SG_EXIT_DONE;
}

/* The step of each row: its own, or the time to the next row. */
static int fill_steps(const header *head, const char *name, sg_rows *rows)
{
    for (int64_t k = 0; k < rows->count; k++) {
        if (head->stepped) {
            if (!(rows->dt_s[k] > 0)) {
                return bad(name, k + 2, "dt_s above zero", "", 0);
            }
        } else if (head->timed && rows->count > 1) {
            int64_t a = k + 1 < rows->count ? k : k - 1;
            rows->dt_s[k] = (double)(rows->time_us[a + 1] - rows->time_us[a]) * 1e-6;
            if (!(rows->dt_s[k] > 0)) {
                return bad(name, k + 2, "times that rise from row to row (or a column dt_s)", "",
                           0);
            }
        } else {
            rows->dt_s[k] = 1;
        }
    }
    return SG_EXIT_DONE;
}

int sg_rows_read(const sg_model *model, const sg_rows_options *options, const char *name,
                 char *text, sg_rows *ret)
{
    const char *at = text, *end = text + strlen(text);
    header head;
    *ret = (sg_rows){0};
    if (at == end) {
        return bad(name, 1, "a header with the input columns", "nothing", 7);
    }
    const char *to = line_end(at, end);
    int status = read_header(model, options, name, at, trimmed(at, to), &head);
    int64_t lines = 0;
    for (const char *seek = to; seek < end; seek = line_end(seek + 1, end)) {
        lines++;
    }
    if (status != SG_EXIT_DONE || !reserve(model, lines, head.timed, ret)) {
        return status != SG_EXIT_DONE ? status : SG_EXIT_ENVIRONMENT;
    }
    int64_t k = 0;
    for (int64_t line = 2; to < end && status == SG_EXIT_DONE; line++) {
        at = to + 1;
        to = line_end(at, end);
        if (at == end) {
            break; /* the last line feed */
        }
        status = read_row(model, options, &head, name, line, at, trimmed(at, to), k++, ret);
    }
    ret->count = k;
    status = status == SG_EXIT_DONE ? fill_steps(&head, name, ret) : status;
    if (status != SG_EXIT_DONE) {
        sg_rows_free(ret);
    }
    return status;
}

/* --- the example: "name=value" or "name=from..to", linear over the rows --- */

static bool example_value(const char *text, size_t length, bool is_time, double *ret)
{
    int64_t time_us;
    if (is_time) {
        bool ok = sg_time_parse(text, length, &time_us) == SG_OK;
        *ret = ok ? (double)time_us : 0;
        return ok;
    }
    return sg_number_scan(text, length, ret) == length;
}

int sg_rows_example(const sg_model *model, sg_rows *ret)
{
    *ret = (sg_rows){0};
    if (!model->example) {
        fprintf(stderr, "symgrid model: %s has no example\n", model->name);
        return SG_EXIT_USAGE;
    }
    bool timed =
        strncmp(model->example, "time=", 5) == 0 || strstr(model->example, " time=") != NULL;
    if (!reserve(model, EXAMPLE_ROWS, timed, ret)) {
        return SG_EXIT_ENVIRONMENT;
    }
    header head = {.timed = timed};
    for (const char *at = model->example; *at;) {
        size_t length = strcspn(at, " "), name = strcspn(at, "=");
        const char *from = at + name + 1, *end = at + length, *dots = strstr(from, "..");
        dots = dots && dots < end ? dots : NULL;
        int column = column_of(model, at, name);
        bool is_time = column == TIME_COLUMN;
        double low, high;
        if (name >= length || column == IGNORED ||
            !example_value(from, (size_t)((dots ? dots : end) - from), is_time, &low) ||
            !example_value(dots ? dots + 2 : from, (size_t)(end - (dots ? dots + 2 : from)),
                           is_time, &high)) {
            fprintf(stderr, "symgrid model: the example of %s is broken at '%s'\n", model->name,
                    at);
            return SG_EXIT_ENVIRONMENT;
        }
        for (int k = 0; k < EXAMPLE_ROWS; k++) {
            double value = low + (high - low) * k / (EXAMPLE_ROWS - 1);
            if (is_time) {
                ret->times[k] = llround(value);
            } else {
                (column >= 0 ? ret->in[column] : ret->dt_s)[k] = value;
            }
        }
        head.stepped = head.stepped || column == DT_COLUMN;
        at += length + (at[length] == ' ');
    }
    return fill_steps(&head, "example", ret);
}

/* --- run --- */

static int run_row(const sg_model *model, const double *p, const char *name, sg_rows *rows,
                   int64_t k, double *state)
{
    double in[SG_MODEL_INPUT_MAX], out[SG_MODEL_OUTPUT_MAX];
    bool missing = false;
    for (int i = 0; i < model->input_count; i++) {
        in[i] = rows->in[i][k];
        missing = missing || isnan(in[i]);
    }
    for (int i = 0; missing && i < model->output_count; i++) {
        out[i] = NAN;
    }
    double half_s = model->needs & SG_NEEDS_DT ? rows->dt_s[k] / 2 : 0;
    sg_now now = {.time_us = rows->time_us ? rows->time_us[k] + llround(half_s * 1e6) : 0,
                  .dt_s = rows->dt_s[k]};
    if (!missing && sg_model_step(model, p, &now, in, state, out) != SG_OK) {
        return bad(name, k + 2, "values that the model can take (see --help)", "this row", 8);
    }
    for (int i = 0; i < model->output_count; i++) {
        rows->out[i][k] = out[i];
    }
    return SG_EXIT_DONE;
}

/* Rows from k on that are as long as that one, as many as a chunk takes, at once. Returns how many. */
static int64_t run_chunk(const sg_model *model, const double *p, sg_rows *rows, int64_t k)
{
    int64_t middle_us[CHUNK_ROWS] = {0}, count = 0;
    const double *in[SG_MODEL_INPUT_MAX];
    double *out[SG_MODEL_OUTPUT_MAX], dt_s = rows->dt_s[k];
    int64_t half_us = model->needs & SG_NEEDS_DT ? llround(dt_s / 2 * 1e6) : 0;
    for (; count < CHUNK_ROWS && k + count < rows->count && rows->dt_s[k + count] == dt_s;
         count++) {
        middle_us[count] = rows->time_us ? rows->time_us[k + count] + half_us : 0;
    }
    for (int i = 0; i < model->input_count; i++) {
        in[i] = rows->in[i] + k;
    }
    for (int i = 0; i < model->output_count; i++) {
        out[i] = rows->out[i] + k;
    }
    model->batch(p, rows->time_us ? middle_us : NULL, dt_s, count, in, NULL, out);
    return count;
}

/* A batch checks nothing, but has no finite answer where step has none: step then says what is wrong with the row. */
static bool answered(const sg_model *model, const sg_rows *rows, int64_t k)
{
    bool all = true;
    for (int i = 0; i < model->input_count; i++) {
        all = all && isfinite(rows->in[i][k]);
    }
    for (int i = 0; i < model->output_count; i++) {
        all = all && isfinite(rows->out[i][k]);
    }
    return all;
}

int sg_rows_run(const sg_model *model, const double *p, const char *name, sg_rows *rows)
{
    double state[SG_MODEL_STATE_MAX];
    bool at_once = model->batch && model->state_count == 0;
    int64_t done = 0; /* rows that a batch went through */
    int status = SG_EXIT_DONE;
    sg_model_start(model, p, state);
    for (int64_t k = 0; k < rows->count && status == SG_EXIT_DONE; k++) {
        if (at_once && k == done) {
            done += run_chunk(model, p, rows, k);
        }
        if (!at_once || !answered(model, rows, k)) {
            status = run_row(model, p, name, rows, k, state);
        }
    }
    return status;
}

/* --- out --- */

/* Ten significant digits to `to`, or nothing for a missing value; returns the bytes used, up to NUMBER_MAX. printf would take
 * half of the time of a year's run. */
static size_t number_text(double value, char *to)
{
    static const double tens[] = {1e0, 1e1, 1e2, 1e3,  1e4,  1e5,  1e6,
                                  1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13};
    double size = fabs(value);
    if (isnan(value)) {
        return 0;
    }
    if (size == 0) {
        *to = '0';
        return 1;
    }
    if (!(size >= 1e-3 && size < 1e9)) {
        return (size_t)snprintf(to, NUMBER_MAX, "%.10g", value);
    }
    int decimals = size >= 1e6 ? 3 : size >= 1e3 ? 6 : size >= 1 ? 9 : 12;
    while (size * tens[decimals] >= 1e10) {
        decimals--;
    }
    int64_t scaled = llround(size * tens[decimals]);
    while (decimals > 0 && scaled % 10 == 0) {
        scaled /= 10;
        decimals--;
    }
    char text[NUMBER_MAX];
    int at = NUMBER_MAX;
    for (int d = 0; scaled > 0 || d <= decimals; d++) {
        if (d == decimals && decimals > 0) {
            text[--at] = '.';
        }
        text[--at] = (char)('0' + scaled % 10);
        scaled /= 10;
    }
    if (value < 0) {
        text[--at] = '-';
    }
    memcpy(to, text + at, (size_t)(NUMBER_MAX - at));
    return (size_t)(NUMBER_MAX - at);
}

static void put_number(sg_out *out, double value)
{
    char text[NUMBER_MAX];
    sg_out_bytes(out, text, number_text(value, text));
}

void sg_rows_write_outputs(const sg_model *model, const sg_rows *rows, sg_out *out)
{
    for (int i = 0; i < model->output_count; i++) {
        sg_out_format(out, "%s%s", i ? "," : "", model->outputs[i].name);
    }
    sg_out_bytes(out, "\n", 1);
    for (int64_t k = 0; k < rows->count; k++) {
        char line[SG_MODEL_OUTPUT_MAX * (NUMBER_MAX + 1)];
        size_t length = 0;
        for (int i = 0; i < model->output_count; i++) {
            length += number_text(rows->out[i][k], line + length);
            line[length++] = i + 1 < model->output_count ? ',' : '\n';
        }
        sg_out_bytes(out, line, length);
    }
}

void sg_rows_write_inputs(const sg_model *model, const sg_rows *rows, sg_out *out)
{
    bool stepped = (model->needs & SG_NEEDS_DT) && !rows->time_us;
    const char *comma = "";
    if (rows->time_us) {
        sg_out_text(out, "time");
        comma = ",";
    }
    if (stepped) {
        sg_out_format(out, "%sdt_s", comma);
        comma = ",";
    }
    for (int i = 0; i < model->input_count; i++) {
        sg_out_format(out, "%s%s", comma, model->inputs[i].name);
        comma = ",";
    }
    sg_out_bytes(out, "\n", 1);
    for (int64_t k = 0; k < rows->count; k++) {
        char time[SG_TIME_TEXT];
        comma = "";
        if (rows->time_us) {
            sg_time_format(rows->time_us[k], time);
            sg_out_text(out, time);
            comma = ",";
        }
        if (stepped) {
            sg_out_text(out, comma);
            put_number(out, rows->dt_s[k]);
            comma = ",";
        }
        for (int i = 0; i < model->input_count; i++) {
            sg_out_text(out, comma);
            put_number(out, rows->in[i][k]);
            comma = ",";
        }
        sg_out_bytes(out, "\n", 1);
    }
}
