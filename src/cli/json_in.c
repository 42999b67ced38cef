#include "cli/json_in.h"

#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const sg_json_range SG_JSON_ANY = {.low = -HUGE_VAL, .high = HUGE_VAL};
const sg_json_range SG_JSON_NOT_NEGATIVE = {.low = 0.0, .high = HUGE_VAL};
const sg_json_range SG_JSON_POSITIVE = {.low = 0.0, .high = HUGE_VAL, .low_is_open = true};
const sg_json_range SG_JSON_EFFICIENCY = {.low = 0.0, .high = 1.0, .low_is_open = true};

/* Text from the document goes to a terminal: no control characters, and one line stays one line. */
static void make_printable(char *text)
{
    for (char *c = text; *c; c++) {
        if ((unsigned char)*c < 32 || *c == 127) {
            *c = '?';
        }
    }
}

void sg_json_in_fail(sg_json_in *self, const char *key, const char *format, ...)
{
    if (self->failed) {
        return;
    }
    char what[320];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    size_t before;
    if (key) {
        sg_json_in_enter(self, key, &before);
    }
    snprintf(self->message, sizeof self->message, "%.100s: %.80s: %s", self->file,
             self->place[0] ? self->place : "/", what);
    if (key) {
        sg_json_in_leave(self, before);
    }
    make_printable(self->message);
    self->failed = true;
}

void sg_json_in_fail_memory(sg_json_in *self)
{
    sg_json_in_fail(self, NULL, "memory is exhausted");
    self->environment = true;
}

static void place_add(sg_json_in *self, const char *text)
{
    size_t at = strlen(self->place);
    if (at + 1 < sizeof self->place) {
        self->place[at++] = '/';
    }
    for (const char *c = text; *c && at + 2 < sizeof self->place; c++) {
        if (*c == '~' || *c == '/') { /* RFC 6901 section 3 */
            self->place[at++] = '~';
            self->place[at++] = *c == '~' ? '0' : '1';
        } else {
            self->place[at++] = *c;
        }
    }
    self->place[at] = '\0';
}

void sg_json_in_enter(sg_json_in *self, const char *key, size_t *ret_before)
{
    *ret_before = strlen(self->place);
    place_add(self, key);
}

void sg_json_in_enter_item(sg_json_in *self, size_t index, size_t *ret_before)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", index);
    sg_json_in_enter(self, text, ret_before);
}

void sg_json_in_leave(sg_json_in *self, size_t before)
{
    self->place[before] = '\0';
}

bool sg_json_in_load(sg_json_in *self, const char *file, const char *text, size_t length,
                     const char *format)
{
    json_error_t error;
    *self = (sg_json_in){.file = file};
    self->root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!self->root) {
        self->failed = true;
        snprintf(self->message, sizeof self->message, "%.100s:%d:%d: expected JSON: %.159s", file,
                 error.line < 1 ? 1 : error.line, error.column < 1 ? 1 : error.column, error.text);
        make_printable(self->message);
        return false;
    }
    if (!json_is_object(self->root)) {
        sg_json_in_fail(self, NULL, "expected an object with \"format\": \"%s\"", format);
        return false;
    }
    const char *found = sg_json_in_text(self, self->root, "format");
    if (!self->failed && strcmp(found, format) != 0) {
        sg_json_in_fail(self, "format", "expected \"%s\", found \"%.60s\"", format, found);
    }
    return !self->failed;
}

/* All of a stream; NULL with *ret_error = 0 when it is too long, else errno. */
static char *read_all(FILE *stream, size_t *ret_length, int *ret_error)
{
    size_t size = 1 << 16, length = 0;
    char *text = malloc(size);
    *ret_error = text ? 0 : ENOMEM;
    while (text) {
        length += fread(text + length, 1, size - length, stream);
        if (length < size || length > SG_JSON_IN_BYTES_MAX) {
            break;
        }
        char *bigger = realloc(text, size *= 2);
        if (!bigger) {
            free(text);
            *ret_error = ENOMEM;
        }
        text = bigger;
    }
    if (text && (ferror(stream) || length > SG_JSON_IN_BYTES_MAX)) {
        *ret_error = ferror(stream) ? errno : 0;
        free(text);
        text = NULL;
    }
    *ret_length = length;
    return text;
}

bool sg_json_in_open(sg_json_in *self, const char *file, const char *format)
{
    bool is_stdin = strcmp(file, "-") == 0;
    const char *name = is_stdin ? "standard input" : file;
    *self = (sg_json_in){.file = name};
    FILE *stream = is_stdin ? stdin : fopen(file, "rb");
    int error = errno;
    size_t length = 0;
    char *text = stream ? read_all(stream, &length, &error) : NULL;
    if (stream && !is_stdin) {
        fclose(stream);
    }
    if (!text) {
        self->failed = true;
        self->environment = error != 0;
        if (error) {
            snprintf(self->message, sizeof self->message,
                     "%.200s: expected a readable file: %.100s", name, strerror(error));
        } else {
            snprintf(self->message, sizeof self->message, "%.200s: expected at most %d bytes", name,
                     SG_JSON_IN_BYTES_MAX);
        }
        return false;
    }
    bool done = sg_json_in_load(self, name, text, length, format);
    free(text);
    return done;
}

void sg_json_in_close(sg_json_in *self)
{
    json_decref(self->root);
    self->root = NULL;
}

bool sg_json_in_object(sg_json_in *self, json_t *value, const char *const *keys)
{
    if (self->failed) {
        return false;
    }
    if (!json_is_object(value)) {
        sg_json_in_fail(self, NULL, "expected an object");
        return false;
    }
    for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
        const char *key = json_object_iter_key(at);
        int count = 0;
        while (keys[count] && strcmp(keys[count], key) != 0) {
            count++;
        }
        if (keys[count]) {
            continue;
        }
        const char *nearest = sg_text_nearest(key, keys, count);
        sg_json_in_fail(self, key, "expected a known key%s%s%s", nearest ? "; did you mean \"" : "",
                        nearest ? nearest : "", nearest ? "\"?" : "");
        return false;
    }
    return true;
}

/* The member, or NULL with an error when it is required and absent. */
static json_t *member(sg_json_in *self, json_t *object, const char *key, const char *expected,
                      bool required)
{
    if (self->failed) {
        return NULL;
    }
    json_t *value = json_object_get(object, key);
    if (!value && required) {
        sg_json_in_fail(self, key, "expected %s, found nothing", expected);
    }
    return value;
}

static bool in_range(double value, const sg_json_range *range)
{
    return isfinite(value) && (range->high_is_open ? value < range->high : value <= range->high) &&
           (range->low_is_open ? value > range->low : value >= range->low);
}

static void range_text(const sg_json_range *range, char *ret, size_t size)
{
    const char *above = range->low_is_open ? "above" : "of at least";
    const char *under = range->high_is_open ? "below" : "at most";
    if (isfinite(range->low) && isfinite(range->high)) {
        snprintf(ret, size, "a number %s %.12g and %s %.12g", above, range->low, under,
                 range->high);
    } else if (isfinite(range->low)) {
        snprintf(ret, size, "a number %s %.12g", above, range->low);
    } else {
        snprintf(ret, size, "a number");
    }
}

/* Check and convert one number at the current place (or its member key). */
static double number_of(sg_json_in *self, json_t *value, const char *key,
                        const sg_json_range *range)
{
    double number = json_is_number(value) ? json_number_value(value) : (double)NAN;
    if (in_range(number, range)) {
        return number;
    }
    char expected[96];
    range_text(range, expected, sizeof expected);
    if (json_is_number(value)) {
        sg_json_in_fail(self, key, "expected %s, found %.17g", expected, number);
    } else {
        sg_json_in_fail(self, key, "expected %s", expected);
    }
    return isfinite(range->low) ? range->low : 0.0;
}

double sg_json_in_number(sg_json_in *self, json_t *object, const char *key,
                         const sg_json_range *range)
{
    json_t *value = member(self, object, key, "a number", true);
    return value ? number_of(self, value, key, range) : 0.0;
}

double sg_json_in_number_or(sg_json_in *self, json_t *object, const char *key,
                            const sg_json_range *range, double if_absent)
{
    json_t *value = member(self, object, key, "a number", false);
    return value ? number_of(self, value, key, range) : if_absent;
}

static int64_t integer_of(sg_json_in *self, json_t *value, const char *key, int64_t low,
                          int64_t high)
{
    int64_t number = json_is_integer(value) ? (int64_t)json_integer_value(value) : low;
    if (!json_is_integer(value) || number < low || number > high) {
        sg_json_in_fail(self, key, "expected a whole number from %lld to %lld", (long long)low,
                        (long long)high);
        return low;
    }
    return number;
}

int64_t sg_json_in_integer(sg_json_in *self, json_t *object, const char *key, int64_t low,
                           int64_t high)
{
    json_t *value = member(self, object, key, "a whole number", true);
    return value ? integer_of(self, value, key, low, high) : low;
}

int64_t sg_json_in_integer_or(sg_json_in *self, json_t *object, const char *key, int64_t low,
                              int64_t high, int64_t if_absent)
{
    json_t *value = member(self, object, key, "a whole number", false);
    return value ? integer_of(self, value, key, low, high) : if_absent;
}

const char *sg_json_in_text(sg_json_in *self, json_t *object, const char *key)
{
    json_t *value = member(self, object, key, "a text", true);
    if (value && !json_is_string(value)) {
        sg_json_in_fail(self, key, "expected a text");
    }
    return json_is_string(value) ? json_string_value(value) : "";
}

const char *sg_json_in_id(sg_json_in *self, json_t *object, const char *key)
{
    const char *text = sg_json_in_text(self, object, key);
    if (!self->failed && !sg_text_is_id(text)) {
        sg_json_in_fail(self, key,
                        "expected an id of 1 to 63 letters, digits, '_', '-', '.' or ':'");
    }
    return text;
}

int64_t sg_json_in_time(sg_json_in *self, json_t *object, const char *key)
{
    const char *text = sg_json_in_text(self, object, key);
    int64_t time_us = 0;
    if (!self->failed && sg_time_parse(text, strlen(text), &time_us) != SG_OK) {
        sg_json_in_fail(self, key, "expected a time such as \"2023-07-01T00:00:00Z\"");
    }
    return time_us;
}

json_t *sg_json_in_array(sg_json_in *self, json_t *object, const char *key)
{
    json_t *value = member(self, object, key, "an array", false);
    if (value && !json_is_array(value)) {
        sg_json_in_fail(self, key, "expected an array");
        return NULL;
    }
    return value;
}

json_t *sg_json_in_member(sg_json_in *self, json_t *object, const char *key,
                          const char *const *keys)
{
    json_t *value = member(self, object, key, "an object", false);
    if (!value) {
        return NULL;
    }
    size_t before;
    sg_json_in_enter(self, key, &before);
    bool valid = sg_json_in_object(self, value, keys);
    sg_json_in_leave(self, before);
    return valid ? value : NULL;
}

static const double *series_of(sg_json_in *self, json_t *value, const char *key, int count,
                               const sg_json_range *range, sg_arena *arena)
{
    bool is_array = json_is_array(value);
    if (!is_array && !json_is_number(value)) {
        sg_json_in_fail(self, key, "expected a number or an array of %d numbers", count);
        return NULL;
    }
    if (is_array && json_array_size(value) != (size_t)count) {
        sg_json_in_fail(self, key, "expected %d numbers, found %zu", count, json_array_size(value));
        return NULL;
    }
    double *series = sg_arena_array(arena, (size_t)count, sizeof *series);
    if (!series) {
        sg_json_in_fail_memory(self);
        return NULL;
    }
    size_t before;
    sg_json_in_enter(self, key, &before);
    for (int t = 0; t < count && !self->failed; t++) {
        json_t *item = is_array ? json_array_get(value, (size_t)t) : value;
        series[t] = json_is_number(item) ? json_number_value(item) : (double)NAN;
        if (!in_range(series[t], range)) {
            char index[16];
            snprintf(index, sizeof index, "%d", t);
            number_of(self, item, is_array ? index : NULL, range);
        }
    }
    sg_json_in_leave(self, before);
    return self->failed ? NULL : series;
}

const double *sg_json_in_series(sg_json_in *self, json_t *object, const char *key, int count,
                                const sg_json_range *range, sg_arena *arena)
{
    json_t *value = member(self, object, key, "a number or an array of numbers", true);
    return value ? series_of(self, value, key, count, range, arena) : NULL;
}

const double *sg_json_in_series_optional(sg_json_in *self, json_t *object, const char *key,
                                         int count, const sg_json_range *range, sg_arena *arena)
{
    json_t *value = member(self, object, key, "a number or an array of numbers", false);
    return value ? series_of(self, value, key, count, range, arena) : NULL;
}
