#include "base/text.h"

#include "base/time.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sg_out_free(sg_out *self)
{
    free(self->text);
    *self = (sg_out){0};
}

void sg_out_clear(sg_out *self)
{
    self->length = 0;
    self->depth = 0;
    self->comma = false;
    self->failed = false;
    if (self->text) {
        self->text[0] = '\0';
    }
}

static bool reserve(sg_out *self, size_t more)
{
    if (self->failed) {
        return false;
    }
    if (self->size - self->length > more) {
        return true;
    }
    size_t size = self->size ? self->size : 256;
    while (size - self->length <= more) {
        if (size > SIZE_MAX / 2) {
            self->failed = true;
            return false;
        }
        size *= 2;
    }
    char *text = realloc(self->text, size);
    if (!text) {
        self->failed = true;
        return false;
    }
    self->text = text;
    self->size = size;
    return true;
}

void sg_out_bytes(sg_out *self, const void *bytes, size_t size)
{
    if (reserve(self, size)) {
        if (size) {
            memcpy(self->text + self->length, bytes, size);
        }
        self->length += size;
        self->text[self->length] = '\0';
    }
}

void sg_out_text(sg_out *self, const char *text)
{
    sg_out_bytes(self, text, strlen(text));
}

void sg_out_format(sg_out *self, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need >= 0 && reserve(self, (size_t)need + 1)) {
        vsnprintf(self->text + self->length, (size_t)need + 1, format, again);
        self->length += (size_t)need;
    }
    va_end(again);
}

void sg_out_html(sg_out *self, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            sg_out_text(self, "&amp;");
            break;
        case '<':
            sg_out_text(self, "&lt;");
            break;
        case '>':
            sg_out_text(self, "&gt;");
            break;
        case '"':
            sg_out_text(self, "&quot;");
            break;
        case '\'':
            sg_out_text(self, "&#39;");
            break;
        default:
            if ((unsigned char)*text < 0x20 && *text != '\t' && *text != '\n' && *text != '\r') {
                sg_out_text(
                    self,
                    "\xEF\xBF\xBD"); /* no page may hold it: the mark of what cannot be shown */
            } else {
                sg_out_bytes(self, text, 1);
            }
        }
    }
}

static void json_string(sg_out *self, const char *value)
{
    sg_out_bytes(self, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)value; *at; at++) {
        if (*at == '"' || *at == '\\') {
            char pair[2] = {'\\', (char)*at};
            sg_out_bytes(self, pair, 2);
        } else if (*at < 0x20) {
            sg_out_format(self, "\\u%04x", *at);
        } else {
            sg_out_bytes(self, at, 1);
        }
    }
    sg_out_bytes(self, "\"", 1);
}

/* Everything before a value: the comma that the previous one left due, and the key. */
static void json_lead(sg_out *self, const char *key)
{
    if (self->comma) {
        sg_out_bytes(self, ",", 1);
    }
    if (key) {
        json_string(self, key);
        sg_out_bytes(self, ":", 1);
    }
    self->comma = true;
}

void sg_json_begin(sg_out *self, const char *key, char bracket)
{
    json_lead(self, key);
    sg_out_bytes(self, &bracket, 1);
    self->depth++;
    self->comma = false;
}

void sg_json_end(sg_out *self, char bracket)
{
    sg_out_bytes(self, &bracket, 1);
    self->depth--;
    self->comma = self->depth > 0;
}

void sg_json_number(sg_out *self, const char *key, double value)
{
    if (!isfinite(value)) {
        sg_json_null(self, key);
        return;
    }
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (precision == 17 || strtod(digits, NULL) == value) {
            break;
        }
    }
    json_lead(self, key);
    sg_out_text(self, digits);
}

void sg_json_fixed(sg_out *self, const char *key, double value, int decimals)
{
    if (!isfinite(value)) {
        sg_json_null(self, key);
        return;
    }
    char digits[400];
    int length = snprintf(digits, sizeof digits, "%.*f", decimals, value);
    if (decimals > 0) {
        while (digits[length - 1] == '0') {
            digits[--length] = '\0';
        }
        if (digits[length - 1] == '.') {
            digits[--length] = '\0';
        }
    }
    json_lead(self, key);
    sg_out_text(self, strcmp(digits, "-0") == 0 ? "0" : digits);
}

void sg_json_integer(sg_out *self, const char *key, int64_t value)
{
    json_lead(self, key);
    sg_out_format(self, "%lld", (long long)value);
}

void sg_json_text(sg_out *self, const char *key, const char *value)
{
    json_lead(self, key);
    if (value) {
        json_string(self, value);
    } else {
        sg_out_text(self, "null");
    }
}

void sg_json_bool(sg_out *self, const char *key, bool value)
{
    json_lead(self, key);
    sg_out_text(self, value ? "true" : "false");
}

void sg_json_null(sg_out *self, const char *key)
{
    json_lead(self, key);
    sg_out_text(self, "null");
}

void sg_json_time(sg_out *self, const char *key, int64_t time_us)
{
    char text[SG_TIME_TEXT];
    sg_time_format(time_us, text);
    sg_json_text(self, key, text);
}

void sg_json_raw(sg_out *self, const char *key, const char *json)
{
    json_lead(self, key);
    sg_out_text(self, json);
}

int sg_text_distance(const char *a, const char *b, int limit)
{
    size_t rows = strlen(a), columns = strlen(b);
    if (rows > 64 || columns > 64) {
        return limit + 1;
    }
    int line[65];
    for (size_t c = 0; c <= columns; c++) {
        line[c] = (int)c;
    }
    for (size_t r = 1; r <= rows; r++) {
        int diagonal = line[0];
        line[0] = (int)r;
        for (size_t c = 1; c <= columns; c++) {
            int replace = diagonal + (a[r - 1] != b[c - 1]);
            int insert = line[c - 1] + 1, remove = line[c] + 1;
            diagonal = line[c];
            line[c] = replace < insert ? replace : insert;
            line[c] = line[c] < remove ? line[c] : remove;
        }
    }
    return line[columns] > limit ? limit + 1 : line[columns];
}

const char *sg_text_nearest(const char *text, const char *const *candidates, int count)
{
    int best = (int)strlen(text) / 3 + 1;
    const char *nearest = NULL;
    for (int i = 0; i < count; i++) {
        int distance = sg_text_distance(text, candidates[i], best);
        if (distance < best || (distance == best && !nearest)) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

void sg_text_copy(char *ret, size_t size, const char *text)
{
    size_t length = strlen(text);
    if (length >= size) {
        length = size - 1;
    }
    memcpy(ret, text, length);
    ret[length] = '\0';
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool sg_text_is_id(const char *text)
{
    size_t length = strlen(text);
    if (length < 1 || length > 63 || !is_alnum(text[0])) {
        return false;
    }
    for (size_t i = 1; i < length; i++) {
        if (!is_alnum(text[i]) && !strchr("_-.:", text[i])) {
            return false;
        }
    }
    return true;
}

bool sg_text_is_utf8(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    while (at < end) {
        unsigned char lead = *at++;
        int more = lead < 0x80                   ? 0
                   : lead >= 0xC2 && lead < 0xE0 ? 1
                   : (lead & 0xF0) == 0xE0       ? 2
                   : lead >= 0xF0 && lead < 0xF5 ? 3
                                                 : -1;
        if (lead == 0 || more < 0 || end - at < more) {
            return false;
        }
        if ((lead == 0xE0 && at[0] < 0xA0) || (lead == 0xED && at[0] > 0x9F) ||
            (lead == 0xF0 && at[0] < 0x90) || (lead == 0xF4 && at[0] > 0x8F)) {
            return false;
        }
        for (; more > 0; more--) {
            if ((*at++ & 0xC0) != 0x80) {
                return false;
            }
        }
    }
    return true;
}
