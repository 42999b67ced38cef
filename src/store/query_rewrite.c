#include "base/time.h"
#include "store/query.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A walk over the question. `word` is the last identifier, "" after anything else but white space.
 * */
typedef struct walk {
    const char *sql;
    size_t length, at;
    double now_s;
    int depth, date_depth; /* open brackets; those of a date function, 0 = in none */
    char word[16];
    sg_out *out;
    sg_query_edits *edits;
    sg_query_error *error;
} walk;

__attribute__((format(printf, 3, 4))) static sg_status wrong(walk *w, size_t position,
                                                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(w->error->text, sizeof w->error->text, format, args);
    va_end(args);
    w->error->position = (int)position;
    return SG_FORMAT;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char peek(const walk *w, size_t ahead)
{
    return ahead < w->length - w->at ? w->sql[w->at + ahead] : '\0';
}

static void copy_until(walk *w, size_t end)
{
    sg_out_bytes(w->out, w->sql + w->at, end - w->at);
    w->at = end;
}

static sg_status replace_until(walk *w, size_t end, double seconds)
{
    if (w->edits->count == SG_QUERY_EDIT_MAX) {
        wrong(w, w->at, "more than %d times and durations", SG_QUERY_EDIT_MAX);
        return SG_FULL;
    }
    /* The spaces keep neighbours apart that were apart only by a quote or a bracket. */
    sg_out_format(w->out, " %.6f ", seconds);
    w->at = end;
    w->edits->at[w->edits->count].before = (int)end;
    w->edits->at[w->edits->count].after = (int)w->out->length;
    w->edits->count++;
    return SG_OK;
}

/* End of a quoted run that opens at w->at; 0 when it never closes. A doubled quote stands for
 * itself. */
static size_t quoted_end(const walk *w, char close)
{
    for (size_t i = w->at + 1; i < w->length; i++) {
        if (w->sql[i] == close) {
            if (close != ']' && i + 1 < w->length && w->sql[i + 1] == close) {
                i++;
                continue;
            }
            return i + 1;
        }
    }
    return 0;
}

static sg_status take_quoted(walk *w)
{
    char open = w->sql[w->at];
    size_t end = quoted_end(w, open == '[' ? ']' : open);
    int64_t time_us;
    if (end == 0) {
        return wrong(w, w->at, "this %c is never closed", open);
    }
    bool blob = strcasecmp(w->word, "x") == 0 && w->at > 0 && !is_space(w->sql[w->at - 1]);
    if (open == '\'' && !blob && w->date_depth == 0 &&
        sg_time_parse(w->sql + w->at + 1, end - w->at - 2, &time_us) == SG_OK) {
        return replace_until(w, end, (double)time_us / 1e6);
    }
    copy_until(w, end);
    return SG_OK;
}

static sg_status take_comment(walk *w)
{
    size_t end = w->at;
    if (w->sql[w->at] == '-') {
        while (end < w->length && w->sql[end] != '\n') {
            end++;
        }
    } else {
        end += 2;
        while (end + 1 < w->length && !(w->sql[end] == '*' && w->sql[end + 1] == '/')) {
            end++;
        }
        if (end + 1 >= w->length) {
            return wrong(w, w->at, "this comment is never closed");
        }
        end += 2;
    }
    copy_until(w, end);
    return SG_OK;
}

/* Length of "(" ")" with white space around, from `from`; 0 when it is not there. */
static size_t empty_brackets(const walk *w, size_t from)
{
    size_t i = from;
    while (i < w->length && is_space(w->sql[i])) {
        i++;
    }
    if (i >= w->length || w->sql[i] != '(') {
        return 0;
    }
    i++;
    while (i < w->length && is_space(w->sql[i])) {
        i++;
    }
    return i < w->length && w->sql[i] == ')' ? i + 1 - from : 0;
}

static sg_status take_word(walk *w)
{
    size_t end = w->at;
    while (end < w->length &&
           (is_letter(w->sql[end]) || is_digit(w->sql[end]) || w->sql[end] == '$')) {
        end++;
    }
    size_t length = end - w->at, brackets = empty_brackets(w, end);
    bool of_table = w->at > 0 && w->sql[w->at - 1] == '.';
    if (length == 3 && strncasecmp(w->sql + w->at, "now", 3) == 0 && brackets && !of_table) {
        w->word[0] = '\0';
        return replace_until(w, end + brackets, w->now_s);
    }
    snprintf(w->word, sizeof w->word, "%.*s", (int)(length < 15 ? length : 0), w->sql + w->at);
    copy_until(w, end);
    return SG_OK;
}

static const struct {
    const char *name;
    double seconds;
} units[] = {{"ms", 1e-3}, {"s", 1},    {"sec", 1},   {"m", 60},
             {"min", 60},  {"h", 3600}, {"d", 86400}, {"w", 604800}};

static sg_status take_number(walk *w)
{
    size_t end = w->at;
    if (w->sql[end] == '0' && (peek(w, 1) == 'x' || peek(w, 1) == 'X')) {
        end += 2;
        while (end < w->length && (is_digit(w->sql[end]) || is_letter(w->sql[end]))) {
            end++;
        }
        copy_until(w, end);
        return SG_OK;
    }
    for (bool point = false;
         end < w->length && (is_digit(w->sql[end]) || (w->sql[end] == '.' && !point)); end++) {
        point = point || w->sql[end] == '.';
    }
    if (end < w->length && (w->sql[end] == 'e' || w->sql[end] == 'E')) {
        size_t digits = end + 1;
        if (digits < w->length && (w->sql[digits] == '+' || w->sql[digits] == '-')) {
            digits++;
        }
        if (digits < w->length && is_digit(w->sql[digits])) {
            end = digits;
            while (end < w->length && is_digit(w->sql[end])) {
                end++;
            }
        }
    }
    size_t unit = end;
    while (end < w->length && (is_letter(w->sql[end]) || is_digit(w->sql[end]))) {
        end++;
    }
    if (end == unit) {
        copy_until(w, end);
        return SG_OK;
    }
    char digits[64];
    if (unit - w->at >= sizeof digits) {
        return wrong(w, w->at, "a number of more than 63 digits");
    }
    memcpy(digits, w->sql + w->at, unit - w->at);
    digits[unit - w->at] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (end - unit == strlen(units[i].name) &&
            strncmp(w->sql + unit, units[i].name, end - unit) == 0) {
            double seconds = strtod(digits, NULL) * units[i].seconds;
            if (!(fabs(seconds) < 1e15)) {
                return wrong(w, w->at, "a duration of more than 1e15 s");
            }
            return replace_until(w, end, seconds);
        }
    }
    return wrong(w, w->at,
                 "\"%.*s\" is neither a number nor a duration such as 90s, 15min, 1h, 7d, 2w",
                 (int)(end - w->at < 40 ? end - w->at : 40), w->sql + w->at);
}

static bool is_date_function(const char *word)
{
    static const char *const names[] = {"date",      "time",     "datetime", "julianday",
                                        "unixepoch", "strftime", "timediff"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(word, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void take_mark(walk *w)
{
    char c = w->sql[w->at];
    if (c == '(') {
        w->depth++;
        if (w->date_depth == 0 && is_date_function(w->word)) {
            w->date_depth = w->depth; /* 'YYYY-MM-DD' is a text to these */
        }
    } else if (c == ')') {
        if (w->depth == w->date_depth) {
            w->date_depth = 0;
        }
        w->depth--;
    }
    copy_until(w, w->at + 1);
}

sg_status sg_query_rewrite(const char *sql, size_t length, double now_s, sg_out *out,
                           sg_query_edits *edits, sg_query_error *error)
{
    walk w = {
        .sql = sql, .length = length, .now_s = now_s, .out = out, .edits = edits, .error = error};
    edits->count = 0;
    *error = (sg_query_error){.position = -1};
    if (length > SG_QUERY_SQL_MAX) {
        wrong(&w, SG_QUERY_SQL_MAX, "a question of more than %d bytes", SG_QUERY_SQL_MAX);
        return SG_FULL;
    }
    if (!sg_text_is_utf8(sql, length)) {
        return wrong(&w, 0, "not UTF-8, or with a NUL in it");
    }
    sg_status status = SG_OK;
    while (status == SG_OK && w.at < length) { /* every turn takes at least one byte */
        char c = sql[w.at], next = peek(&w, 1);
        bool keep_word = is_space(c);
        if (c == '\'' || c == '"' || c == '`' || c == '[') {
            status = take_quoted(&w);
        } else if ((c == '-' && next == '-') || (c == '/' && next == '*')) {
            status = take_comment(&w);
            keep_word = true;
        } else if (is_letter(c)) {
            status = take_word(&w);
            keep_word = true;
        } else if (is_digit(c) || (c == '.' && is_digit(next))) {
            status = take_number(&w);
        } else {
            take_mark(&w);
        }
        if (!keep_word) {
            w.word[0] = '\0';
        }
    }
    if (status == SG_OK && out->failed) {
        status = SG_NOMEM;
    }
    return status;
}
