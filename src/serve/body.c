#include "serve/body.h"

#include "base/quantity.h"
#include "base/text.h"
#include "base/time.h"
#include "serve/rehearsal.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const double POWER_MAX_W = 100e9; /* more than any site; a slip of the unit */
static const double DURATION_MAX_S = 10 * 365.0 * 86400;

static const char *const keys[] = {"task_id", "power", "priority", "duration", "deadline"};
static const char *const priorities[] = {"critical", "high", "normal", "low"};

/* Copy for a message: at most `most` bytes, never half a character. */
static int shown(const char *text, int most)
{
    int length = (int)strnlen(text, (size_t)most + 1);
    if (length > most) {
        length = most;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    return length;
}

__attribute__((format(printf, 4, 5))) static sg_status
wrong(sg_body_error *error, const char *slug, const char *key, const char *format, ...)
{
    int used = 0;
    *error = (sg_body_error){.slug = slug, .byte = -1};
    if (key) { /* RFC 6901: ~ and / are escaped */
        error->pointer[used++] = '/';
        for (int i = 0, end = shown(key, 36); i < end && used < SG_BODY_POINTER - 3; i++) {
            if (key[i] == '~' || key[i] == '/') {
                error->pointer[used++] = '~';
                error->pointer[used++] = key[i] == '~' ? '0' : '1';
            } else {
                error->pointer[used++] = key[i];
            }
        }
        error->pointer[used] = '\0';
        used = snprintf(error->detail, sizeof error->detail, "%s: ", error->pointer);
    }
    va_list args;
    va_start(args, format);
    vsnprintf(error->detail + used, sizeof error->detail - (size_t)used, format, args);
    va_end(args);
    error->detail[shown(error->detail, SG_BODY_DETAIL - 2)] = '\0';
    /* A parser's message may quote half a character or a line end of what it could not read. */
    bool text = sg_text_is_utf8(error->detail, strlen(error->detail));
    for (char *at = error->detail; *at; at++) {
        *at = (unsigned char)*at < 0x20 ? ' ' : (unsigned char)*at >= 0x7F && !text ? '?' : *at;
    }
    return SG_FORMAT;
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_NULL:
        return "null";
    default:
        return "a truth value";
    }
}

static sg_status read_quantity(const json_t *value, const char *key, sg_dimension dimension,
                               double most, double *ret, sg_body_error *error)
{
    const char *example = sg_dimension_example(dimension), *what = NULL,
               *text = json_string_value(value);
    sg_quantity quantity;
    if (!text) {
        return wrong(error, "type", key,
                     "expected %s as a text with its unit, such as \"%s\", found %s",
                     sg_dimension_text(dimension), example, type_name(value));
    }
    if (sg_quantity_parse_as(text, json_string_length(value), dimension, &quantity, &what) !=
        SG_OK) {
        return wrong(error, "quantity", key, "expected %s such as \"%s\", found \"%.*s\"%s%s",
                     sg_dimension_text(dimension), example, shown(text, 40), text, what ? ": " : "",
                     what ? what : "");
    }
    if (!(quantity.value > 0) || quantity.value > most) {
        return wrong(error, "range", key, "expected more than 0 and at most %g %s, found \"%.*s\"",
                     most, sg_dimension_unit(dimension), shown(text, 40), text);
    }
    *ret = quantity.value;
    return SG_OK;
}

static sg_status read_task_id(const json_t *value, sg_request *ret, sg_body_error *error)
{
    const char *text = json_string_value(value);
    if (!text) {
        return wrong(error, "type", "task_id", "expected a text, found %s", type_name(value));
    }
    if (!sg_text_is_id(text)) {
        return wrong(
            error, "id", "task_id",
            "expected 1 to 63 letters, digits, '_', '-', '.' or ':', beginning with a letter or "
            "digit, found \"%.*s\"",
            shown(text, 64), text);
    }
    sg_text_copy(ret->task_id, sizeof ret->task_id, text);
    return SG_OK;
}

static sg_status read_priority(const json_t *value, sg_request *ret, sg_body_error *error)
{
    const char *text = json_string_value(value), *near;
    if (json_is_integer(value) && json_integer_value(value) >= 0 &&
        json_integer_value(value) <= 3) {
        ret->priority = (int32_t)json_integer_value(value);
        return SG_OK;
    }
    for (int i = 0; text && i < 4; i++) {
        if (strcmp(text, priorities[i]) == 0) {
            ret->priority = i;
            return SG_OK;
        }
    }
    near = text ? sg_text_nearest(text, priorities, 4) : NULL;
    return wrong(error, text || json_is_integer(value) ? "range" : "type", "priority",
                 "expected \"critical\", \"high\", \"normal\", \"low\" or 0 to 3%s%s%s",
                 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static sg_status read_deadline(const json_t *value, sg_request *ret, sg_body_error *error)
{
    const char *text = json_string_value(value);
    if (!text || sg_time_parse(text, json_string_length(value), &ret->deadline_us) != SG_OK ||
        ret->deadline_us <= 0) {
        return wrong(error, text ? "time" : "type", "deadline",
                     "expected a time such as \"2030-01-01T12:00:00Z\"");
    }
    return SG_OK;
}

static sg_status read_member(const char *key, const json_t *value, sg_request *ret,
                             sg_body_error *error)
{
    if (strcmp(key, "task_id") == 0) {
        return read_task_id(value, ret, error);
    }
    if (strcmp(key, "power") == 0) {
        return read_quantity(value, key, SG_DIM_POWER, POWER_MAX_W, &ret->power_w, error);
    }
    if (strcmp(key, "priority") == 0) {
        return read_priority(value, ret, error);
    }
    if (strcmp(key, "duration") == 0) {
        return read_quantity(value, key, SG_DIM_TIME, DURATION_MAX_S, &ret->duration_s, error);
    }
    if (strcmp(key, "deadline") == 0) {
        return read_deadline(value, ret, error);
    }
    const char *near = sg_text_nearest(key, keys, 5);
    return wrong(
        error, "unknown-key", key, "this key is not known; %s%s%s", near ? "did you mean \"" : "",
        near ? near : "known are task_id, power, priority, duration, deadline", near ? "\"?" : "");
}

/* The one object that the body is; NULL with *error filled in. */
static json_t *read_object(const char *body, size_t length, sg_body_error *error)
{
    json_error_t place;
    if (length > SG_BODY_MAX) {
        wrong(error, "too-large", NULL, "a body of more than %d bytes", SG_BODY_MAX);
        return NULL;
    }
    json_t *root = json_loadb(body, length, JSON_REJECT_DUPLICATES, &place);
    if (!root) {
        wrong(error, "json", NULL, "byte %d (line %d, column %d): %s", place.position, place.line,
              place.column, place.text);
        error->byte = place.position;
        return NULL;
    }
    if (!json_is_object(root)) {
        wrong(error, "type", NULL, "expected an object, found %s", type_name(root));
        json_decref(root);
        return NULL;
    }
    return root;
}

sg_status sg_body_allocate(const char *body, size_t length, sg_request *ret, sg_body_error *error)
{
    sg_request request = {.kind = SG_REQUEST_ALLOCATE, .priority = 2};
    sg_status status = SG_OK;
    json_t *root = read_object(body, length, error);
    if (!root) {
        return SG_FORMAT;
    }
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        status = read_member(key, value, &request, error);
        if (status != SG_OK) {
            break;
        }
    }
    if (status == SG_OK && !request.task_id[0]) {
        status = wrong(error, "missing-key", "task_id", "this key is required");
    } else if (status == SG_OK && !(request.power_w > 0)) {
        status = wrong(error, "missing-key", "power", "this key is required, such as \"2MW\"");
    }
    json_decref(root);
    if (status == SG_OK) {
        *ret = request;
    }
    return status;
}

static sg_status read_rehearsed(const json_t *value, sg_rehearsal_order *ret, sg_body_error *error)
{
    static const char *const names[] = {
#define X(code, name, text, after) name,
        SG_REHEARSED_LIST(X)
#undef X
    };
    const char *text = json_string_value(value);
    for (int i = 0; text && i < SG_REHEARSED_COUNT; i++) {
        if (strcmp(text, names[i]) == 0) {
            ret->event = i;
            return SG_OK;
        }
    }
    const char *near = text ? sg_text_nearest(text, names, SG_REHEARSED_COUNT) : NULL;
    return wrong(error, text ? "range" : "type", "event",
                 "expected \"grid\", \"pack\", \"cloud\", \"spike\" or \"pdu\"%s%s%s",
                 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static sg_status read_order_member(const char *key, const json_t *value, sg_rehearsal_order *ret,
                                   sg_body_error *error)
{
    static const char *const known[] = {"event", "device", "for", "speed"};
    if (strcmp(key, "event") == 0) {
        return read_rehearsed(value, ret, error);
    }
    if (strcmp(key, "for") == 0) {
        return read_quantity(value, key, SG_DIM_TIME, SG_REHEARSAL_FOR_S_MAX, &ret->for_s, error);
    }
    if (strcmp(key, "device") == 0) {
        const char *text = json_string_value(value);
        if (!text || !sg_text_is_id(text)) {
            return wrong(error, text ? "id" : "type", key,
                         "expected the name of a device or node of this site");
        }
        sg_text_copy(ret->device, sizeof ret->device, text);
        return SG_OK;
    }
    if (strcmp(key, "speed") == 0) {
        double speed = json_is_number(value) ? json_number_value(value) : 0;
        if (!(speed >= 1 && speed <= SG_REHEARSAL_SPEED_MAX)) {
            return wrong(error, json_is_number(value) ? "range" : "type", key,
                         "expected a number from 1 (real time) to %g", SG_REHEARSAL_SPEED_MAX);
        }
        ret->speed = speed;
        return SG_OK;
    }
    const char *near = sg_text_nearest(key, known, 4);
    return wrong(error, "unknown-key", key, "this key is not known; %s%s%s",
                 near ? "did you mean \"" : "", near ? near : "known are event, device, for, speed",
                 near ? "\"?" : "");
}

sg_status sg_body_rehearsal(const char *body, size_t length, sg_rehearsal_order *ret,
                            sg_body_error *error)
{
    sg_rehearsal_order order = {.event = -1, .group = -1, .member = -1, .node = -1, .for_s = 120};
    sg_status status = SG_OK;
    json_t *root = read_object(body, length, error);
    const char *key;
    json_t *value;
    if (!root) {
        return SG_FORMAT;
    }
    json_object_foreach(root, key, value)
    {
        status = read_order_member(key, value, &order, error);
        if (status != SG_OK) {
            break;
        }
    }
    json_decref(root);
    if (status == SG_OK && order.event < 0) {
        status = wrong(error, "missing-key", "event", "this key is required, such as \"grid\"");
    }
    if (status == SG_OK) {
        *ret = order;
    }
    return status;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Decode [from, end) into ret. False: a broken or zero escape; *ret_full: no room. */
static bool decode(const char *from, const char *end, bool plus_is_space, char *ret, size_t size,
                   size_t *ret_length, bool *ret_full)
{
    size_t length = 0;
    *ret_full = false;
    while (from < end) {
        char c = *from++;
        if (c == '%') {
            int high = end - from >= 2 ? hex_value(from[0]) : -1;
            int low = end - from >= 2 ? hex_value(from[1]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                return false;
            }
            c = (char)(high * 16 + low);
            from += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (length + 1 >= size) {
            *ret_full = true;
            return false;
        }
        ret[length++] = c;
    }
    ret[length] = '\0';
    *ret_length = length;
    return sg_text_is_utf8(ret, length);
}

sg_status sg_uri_split(const char *raw, char *ret_path, size_t size, const char **ret_query)
{
    bool full;
    size_t length;
    for (const char *at = raw; *at; at++) {
        if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7F) {
            return SG_FORMAT;
        }
    }
    if (raw[0] != '/' || strchr(raw, '#')) {
        return SG_FORMAT;
    }
    const char *end = raw + strcspn(raw, "?");
    if (!decode(raw, end, false, ret_path, size, &length, &full)) {
        return full ? SG_FULL : SG_FORMAT;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)ret_path[i] < 0x20 || ret_path[i] == 0x7F) {
            return SG_FORMAT;
        }
    }
    *ret_query = *end ? end + 1 : end;
    return SG_OK;
}

sg_status sg_uri_value(const char *query, const char *name, char *ret, size_t size,
                       size_t *ret_length, sg_body_error *error)
{
    bool found = false, full;
    char key[48];
    size_t key_length;
    for (const char *at = query; *at;) {
        const char *end = at + strcspn(at, "&"), *equals = memchr(at, '=', (size_t)(end - at));
        const char *key_end = equals ? equals : end;
        if (end == at) {
            at += *at == '&';
            continue;
        }
        if (!decode(at, key_end, true, key, sizeof key, &key_length, &full) ||
            strcmp(key, name) != 0) {
            return wrong(error, "unknown-parameter", NULL,
                         "the only query parameter here is %s, found %.*s", name,
                         (int)(key_end - at < 40 ? key_end - at : 40), at);
        }
        if (found) {
            return wrong(error, "parameter", NULL, "the query parameter %s is there twice", name);
        }
        const char *value = equals ? equals + 1 : end;
        if (!decode(value, end, true, ret, size, ret_length, &full)) {
            wrong(error, "parameter", NULL,
                  full ? "the query parameter %s is too long"
                       : "the query parameter %s is not percent-encoded UTF-8",
                  name);
            return full ? SG_FULL : SG_FORMAT;
        }
        found = true;
        at = *end ? end + 1 : end;
    }
    if (!found) {
        wrong(error, "parameter", NULL, "the query parameter %s is required", name);
        return SG_MISSING;
    }
    return SG_OK;
}

/* The name of the parameter at *at goes to ret, *at to the next one, *ret_value to its raw value
 * (up to *ret_end). False: there is none, or (*ret_broken) it cannot be read. */
static bool next_parameter(const char **at, char *ret, size_t size, const char **ret_value,
                           const char **ret_end, bool *ret_broken)
{
    bool full;
    size_t length;
    *ret_broken = false;
    *at += strspn(*at, "&");
    if (!**at) {
        return false;
    }
    const char *end = *at + strcspn(*at, "&"), *equals = memchr(*at, '=', (size_t)(end - *at));
    *ret_broken = !decode(*at, equals ? equals : end, true, ret, size, &length, &full);
    *ret_value = equals ? equals + 1 : end;
    *ret_end = end;
    *at = end;
    return !*ret_broken;
}

static bool in_words(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; length && (at = strstr(at, word)); at += length) {
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length])) {
            return !strchr(word, ' ');
        }
    }
    return false;
}

sg_status sg_uri_only(const char *query, const char *known, sg_body_error *error)
{
    char name[48], other[48];
    const char *value, *end;
    bool broken;
    for (const char *at = query; next_parameter(&at, name, sizeof name, &value, &end, &broken);) {
        if (!in_words(known, name)) {
            return wrong(error, "unknown-parameter", NULL, "expected only %s, found %.*s", known,
                         shown(name, 40), name);
        }
        for (const char *rest = at;
             next_parameter(&rest, other, sizeof other, &value, &end, &broken);) {
            if (strcmp(name, other) == 0) {
                return wrong(error, "parameter", NULL, "the query parameter %s is there twice",
                             name);
            }
        }
        if (broken) {
            break;
        }
    }
    return broken ? wrong(error, "parameter", NULL,
                          "expected names of query parameters as percent-encoded UTF-8")
                  : SG_OK;
}

sg_status sg_uri_get(const char *query, const char *name, char *ret, size_t size,
                     sg_body_error *error)
{
    char found[48];
    const char *value, *end;
    bool broken, full;
    size_t length;
    for (const char *at = query; next_parameter(&at, found, sizeof found, &value, &end, &broken);) {
        if (strcmp(found, name) != 0) {
            continue;
        }
        if (!decode(value, end, true, ret, size, &length, &full)) {
            wrong(error, "parameter", NULL, full ? "%s: too long" : "%s: not percent-encoded UTF-8",
                  name);
            return full ? SG_FULL : SG_FORMAT;
        }
        return SG_OK;
    }
    return SG_MISSING;
}
