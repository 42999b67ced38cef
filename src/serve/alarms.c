/* alarms.c - /energy/alarms: the list, one alarm, and what people do with it. */
#include "serve/http.h"

#include "base/time.h"
#include "port/alarms.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 100 };

static const sg_alarms_port *port_of(const sg_http_request *request)
{
    return request->serve->config.alarms;
}

static enum MHD_Result nobody_watches(sg_http_request *request)
{
    return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no-alarms",
                           "Alarms are not watched", "the program runs without alarms", NULL, NULL,
                           NULL);
}

/* 0, which is nobody's, where the text is no number. */
static uint64_t number_of(const char *text)
{
    size_t length = strspn(text, "0123456789");
    return length >= 1 && length <= 18 && text[length] == '\0' ? strtoull(text, NULL, 10) : 0;
}

static enum MHD_Result unknown_alarm(sg_http_request *request)
{
    return sg_http_problem(request, MHD_HTTP_NOT_FOUND, "unknown-alarm", "There is no such alarm",
                           "no alarm of that id is remembered", NULL, NULL, NULL);
}

/* --- reading --- */

/* One parameter of the list. False: *error says what was expected. */
static bool read_parameter(const char *name, size_t name_length, const char *value, size_t length,
                           int *which, int *limit, sg_body_error *error)
{
    char text[24] = "";
    snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text - 1),
             value);
    *error = (sg_body_error){.slug = "parameter", .byte = -1};
    if (name_length == 5 && memcmp(name, "limit", 5) == 0) {
        *limit =
            strspn(text, "0123456789") == length && length >= 1 && length <= 4 ? atoi(text) : 0;
        snprintf(error->detail, sizeof error->detail, "limit: expected a number from 1 to %d",
                 SG_ALARMS_LIST_MAX);
        return *limit >= 1 && *limit <= SG_ALARMS_LIST_MAX;
    }
    if (name_length == 5 && memcmp(name, "state", 5) == 0) {
        int state = sg_alarm_state_find(text);
        *which = strcmp(text, "all") == 0        ? SG_ALARMS_ALL
                 : strcmp(text, "standing") == 0 ? SG_ALARMS_STANDING
                                                 : state;
        snprintf(error->detail, sizeof error->detail,
                 "state: expected standing, all, unacknowledged, acknowledged, returned, shelved, "
                 "suppressed or cleared");
        return strlen(text) == length &&
               (*which == SG_ALARMS_ALL || state >= 0 || strcmp(text, "standing") == 0);
    }
    *error = (sg_body_error){.slug = "unknown-parameter", .byte = -1};
    snprintf(error->detail, sizeof error->detail, "the query parameters here are limit and state");
    return false;
}

static bool read_query(const char *query, int *which, int *limit, sg_body_error *error)
{
    for (const char *at = query; *at;) {
        size_t length = strcspn(at, "&"), name = strcspn(at, "=&");
        size_t skip = name < length ? name + 1 : length;
        if (length > 0 &&
            !read_parameter(at, name, at + skip, length - skip, which, limit, error)) {
            return false;
        }
        at += length + (at[length] == '&');
    }
    return true;
}

void sg_document_alarm_summary(const sg_alarm_summary *summary, const char *key, sg_out *out)
{
    sg_json_begin(out, key, '{');
    for (int i = 0; i < SG_PRIORITY_COUNT; i++) {
        sg_json_integer(out, sg_priority_name(i), summary->priority[i]);
    }
    sg_json_integer(out, "unacknowledged", summary->unacknowledged);
    sg_json_integer(out, "shelved", summary->shelved);
    sg_json_integer(out, "suppressed", summary->suppressed);
    sg_json_bool(out, "flood", summary->flood != 0);
    sg_json_end(out, '}');
}

enum MHD_Result sg_http_alarm_list(sg_http_request *request)
{
    const sg_alarms_port *port = port_of(request);
    const sg_view *view = sg_http_view(request->serve);
    int which = SG_ALARMS_STANDING, limit = LIMIT_DEFAULT;
    sg_body_error error;
    if (!port) {
        return nobody_watches(request);
    }
    if (!read_query(request->query, &which, &limit, &error)) {
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, error.slug,
                               "The query is not understood", NULL, &error, NULL, NULL);
    }
    sg_alarm *alarm = malloc(sizeof *alarm * (size_t)limit);
    if (!alarm) {
        return MHD_NO;
    }
    int count = port->list(port->self, which, limit, alarm);
    sg_out out = {0};
    sg_json_begin(&out, NULL, '{');
    sg_json_text(&out, "format", "symgrid.alarms/1");
    if (view) {
        sg_json_time(&out, "time", view->time_us);
        sg_document_alarm_summary(&view->alarms, "summary", &out);
    }
    sg_json_begin(&out, "alarms", '[');
    for (int i = 0; i < count; i++) {
        sg_alarm_json(&alarm[i], NULL, &out);
    }
    sg_json_end(&out, ']');
    sg_json_end(&out, '}');
    free(alarm);
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

static enum MHD_Result reply_alarm(sg_http_request *request, const sg_alarm *alarm)
{
    sg_out out = {0};
    sg_alarm_json(alarm, NULL, &out);
    return sg_http_reply(request, MHD_HTTP_OK, "application/json", &out, NULL, NULL);
}

/* The alarm that the path names; false: there is none, or no memory to look for it. */
static bool find(const sg_http_request *request, const sg_alarms_port *port, sg_alarm *ret)
{
    sg_alarm *alarm = malloc(sizeof *alarm * SG_ALARMS_LIST_MAX);
    uint64_t wanted = number_of(request->item);
    bool found = false;
    int count = alarm ? port->list(port->self, SG_ALARMS_ALL, SG_ALARMS_LIST_MAX, alarm) : 0;
    for (int i = 0; i < count && !found; i++) {
        found = alarm[i].id == wanted;
        *ret = found ? alarm[i] : *ret;
    }
    free(alarm);
    return found;
}

enum MHD_Result sg_http_alarm(sg_http_request *request)
{
    const sg_alarms_port *port = port_of(request);
    sg_alarm alarm = {0};
    if (!port) {
        return nobody_watches(request);
    }
    return find(request, port, &alarm) ? reply_alarm(request, &alarm) : unknown_alarm(request);
}

/* --- acting --- */

__attribute__((format(printf, 4, 5))) static bool
wrong(sg_body_error *error, const char *slug, const char *pointer, const char *format, ...)
{
    *error = (sg_body_error){.slug = slug, .byte = -1};
    snprintf(error->pointer, sizeof error->pointer, "%s", pointer);
    int lead =
        snprintf(error->detail, sizeof error->detail, "%s%s", pointer, pointer[0] ? ": " : "");
    va_list args;
    va_start(args, format);
    vsnprintf(error->detail + lead, sizeof error->detail - (size_t)lead, format, args);
    va_end(args);
    return false;
}

static bool read_note(const json_t *value, sg_alarm_order *ret, sg_body_error *error)
{
    const char *text = json_string_value(value);
    bool good = text && json_string_length(value) < sizeof ret->note;
    for (const char *at = good ? text : ""; *at; at++) {
        good = good && (unsigned char)*at >= 0x20 && *at != 0x7F;
    }
    if (!good) {
        return wrong(error, "range", "/note",
                     "expected a text of at most %d bytes without control characters",
                     SG_ALARM_NOTE - 1);
    }
    sg_text_copy(ret->note, sizeof ret->note, text);
    return true;
}

static bool read_minutes(const json_t *value, sg_alarm_order *ret, sg_body_error *error)
{
    double minutes = json_is_number(value) ? json_number_value(value) : (double)NAN;
    ret->shelve_s = minutes * 60;
    if (!(minutes > 0) || ret->shelve_s > SG_SHELVE_S_MAX) {
        return wrong(error, json_is_number(value) ? "range" : "type", "/minutes",
                     "expected a number above 0 and at most %g", SG_SHELVE_S_MAX / 60);
    }
    return true;
}

static bool read_action(const json_t *value, sg_alarm_order *ret, sg_body_error *error)
{
    const char *text = json_string_value(value);
    int action = text ? sg_alarm_action_find(text) : -1;
    if (action < 0) {
        return wrong(error, text ? "range" : "type", "/action",
                     "expected \"acknowledge\", \"shelve\" or \"unshelve\"");
    }
    ret->action = (sg_alarm_action)action;
    return true;
}

static bool read_members(json_t *root, sg_alarm_order *ret, sg_body_error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        bool known = true, good = true;
        if (strcmp(key, "action") == 0) {
            good = read_action(value, ret, error);
        } else if (strcmp(key, "minutes") == 0) {
            good = read_minutes(value, ret, error);
        } else if (strcmp(key, "note") == 0) {
            good = read_note(value, ret, error);
        } else {
            known = false;
        }
        if (!known) {
            return wrong(error, "unknown-key", "",
                         "a key is not known; known are action, minutes, note");
        }
        if (!good) {
            return false;
        }
    }
    if (!json_object_get(root, "action")) {
        return wrong(error, "missing-key", "/action", "this key is required");
    }
    bool shelves = ret->action == SG_ALARM_SHELVE;
    if (shelves != (json_object_get(root, "minutes") != NULL)) {
        return wrong(error, shelves ? "missing-key" : "unknown-key", "/minutes",
                     shelves ? "this key is required to shelve: nothing is shelved for good"
                             : "this key belongs to \"shelve\" alone");
    }
    return true;
}

static bool read_order(const sg_http_request *request, sg_alarm_order *ret, sg_body_error *error)
{
    json_error_t place;
    json_t *root = json_loadb(request->body ? request->body : "", request->length,
                              JSON_REJECT_DUPLICATES, &place);
    if (!root) {
        wrong(error, "json", "", "byte %d (line %d, column %d): the body is not JSON",
              place.position, place.line, place.column);
        error->byte = place.position;
        return false;
    }
    bool good = json_is_object(root) ? read_members(root, ret, error)
                                     : wrong(error, "type", "", "expected an object");
    json_decref(root);
    return good;
}

enum MHD_Result sg_http_alarm_act(sg_http_request *request)
{
    const sg_alarms_port *port = port_of(request);
    sg_alarm_order order = {.id = number_of(request->item)};
    sg_body_error error;
    sg_alarm alarm = {0};
    if (!port) {
        return nobody_watches(request);
    }
    if (!read_order(request, &order, &error)) {
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, error.slug,
                               "The body does not say what to do with the alarm", NULL, &error,
                               NULL, NULL);
    }
    if (find(request, port, &alarm)) {
        sg_alarm_json(&alarm, NULL, &request->before);
    }
    sg_status status = port->act(port->self, &order, &alarm);
    if (status == SG_MISSING) {
        return unknown_alarm(request);
    }
    if (status != SG_OK) {
        char detail[96];
        snprintf(detail, sizeof detail, "an alarm that is %s: %s does nothing to it",
                 sg_alarm_state_name(alarm.state), sg_alarm_action_name((int)order.action));
        return sg_http_problem(request, MHD_HTTP_CONFLICT, "alarm-state",
                               "Not with an alarm in this state", detail, NULL, NULL, NULL);
    }
    return reply_alarm(request, &alarm);
}
