#include "base/clock.h"
#include "serve/http.h"
#include "serve/rehearsal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Rehearsals over HTTP: one document, whole at every change, asked for or streamed. The twin changes it five times a second. */

enum { WATCHES_MAX = 32, LOOK_MS = 100, BEAT_MS = 5000 };

typedef struct watch {
    struct watch *next, *previous;
    sg_serve *serve;
    struct MHD_Connection *connection;
    char *text; /* being sent */
    size_t length, sent;
    uint64_t seen; /* number of the newest document that was begun */
    int64_t sent_ms;
    bool asleep;
} watch;

struct sg_http_rehearsals {
    watch *first;
    int count;
    int64_t looked_ms;
};

static uint64_t newest(sg_serve *self)
{
    return self->config.rehearsal(self->config.host, 0, NULL);
}

/* The document into out; the number of the state that it shows. */
static uint64_t write_document(sg_serve *self, sg_out *out)
{
    sg_rehearsal *shown = calloc(1, sizeof *shown);
    uint64_t number = 0;
    if (shown) {
        number = self->config.rehearsal(self->config.host, 0, shown);
        sg_document_rehearsal(shown, out);
    } else {
        out->failed = true;
    }
    free(shown);
    return number;
}

static enum MHD_Result answer(sg_http_request *request, unsigned status)
{
    sg_out out = {0};
    write_document(request->serve, &out);
    return sg_http_reply(request, status, "application/json", &out, NULL, NULL);
}

static enum MHD_Result none(sg_http_request *request)
{
    return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no-rehearsal",
                           "Nothing can be rehearsed here",
                           "this server stands in front of no twin of its site", NULL, NULL, NULL);
}

/* --- the stream --- */

static bool begin_event(watch *w, const char *text, size_t length)
{
    w->text = malloc(length);
    if (w->text) {
        memcpy(w->text, text, length);
        w->length = length;
        w->sent = 0;
        w->sent_ms = sg_clock_ms();
    }
    return w->text != NULL;
}

/* What is to be sent next, if anything. False: no memory. */
static bool next_event(watch *w)
{
    static const char beat[] = ": still here\n\n";
    sg_serve *self = w->serve;
    if (newest(self) == w->seen) {
        return sg_clock_ms() - w->sent_ms < BEAT_MS || begin_event(w, beat, sizeof beat - 1);
    }
    sg_out document = {0}, event = {0};
    w->seen = write_document(self, &document);
    sg_out_format(&event, "id: %llu\ndata: ", (unsigned long long)w->seen);
    sg_out_bytes(&event, document.text ? document.text : "", document.length);
    sg_out_text(&event, "\n\n");
    bool made = !document.failed && !event.failed && begin_event(w, event.text, event.length);
    sg_out_free(&document);
    sg_out_free(&event);
    return made;
}

static ssize_t read_watch(void *context, uint64_t position, char *buffer, size_t room)
{
    watch *w = context;
    static const char greeting[] = "retry: 2000\n\n";
    if (atomic_load(&w->serve->stop)) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (position == 0 && room >= sizeof greeting - 1) {
        memcpy(buffer, greeting, sizeof greeting - 1);
        return (ssize_t)(sizeof greeting - 1);
    }
    if (!w->text && !next_event(w)) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (!w->text) {
        w->asleep = true;
        MHD_suspend_connection(w->connection);
        return 0;
    }
    size_t left = w->length - w->sent, part = left < room ? left : room;
    memcpy(buffer, w->text + w->sent, part);
    w->sent += part;
    if (w->sent == w->length) {
        free(w->text);
        w->text = NULL;
        w->serve->counters.events++;
    }
    return (ssize_t)part;
}

static void close_watch(void *context)
{
    watch *w = context;
    struct sg_http_rehearsals *all = w->serve->rehearsals;
    *(w->previous ? &w->previous->next : &all->first) = w->next;
    if (w->next) {
        w->next->previous = w->previous;
    }
    all->count--;
    free(w->text);
    free(w);
}

static enum MHD_Result open_watch(sg_http_request *request)
{
    sg_serve *self = request->serve;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    sg_http_connection *record = info ? info->socket_context : NULL;
    if (!self->rehearsals) {
        self->rehearsals = calloc(1, sizeof *self->rehearsals);
    }
    if (!self->rehearsals || self->rehearsals->count >= WATCHES_MAX) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "streams",
                               "Too many event streams", "32 streams of the rehearsal are open",
                               NULL, MHD_HTTP_HEADER_RETRY_AFTER, "10");
    }
    watch *w = calloc(1, sizeof *w);
    struct MHD_Response *response =
        w ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_watch, w, close_watch)
          : NULL;
    if (!response) {
        free(w);
        return MHD_NO;
    }
    *w = (watch){.next = self->rehearsals->first, .serve = self, .connection = request->connection};
    if (w->next) {
        w->next->previous = w;
    }
    self->rehearsals->first = w;
    self->rehearsals->count++;
    if (record) {
        record->stream = true;
    }
    return sg_http_reply_events(request, response);
}

void sg_http_rehearsal_poll(sg_serve *self, int64_t now_ms)
{
    struct sg_http_rehearsals *all = self->rehearsals;
    bool stop = atomic_load(&self->stop);
    if (!all || !all->first || (!stop && now_ms - all->looked_ms < LOOK_MS)) {
        return;
    }
    all->looked_ms = now_ms;
    uint64_t number = newest(self);
    for (watch *w = all->first; w; w = w->next) {
        if (w->asleep && (stop || w->seen != number || now_ms - w->sent_ms >= BEAT_MS)) {
            w->asleep = false;
            MHD_resume_connection(w->connection);
        }
    }
}

int64_t sg_http_rehearsal_due_ms(const sg_serve *self)
{
    return self->rehearsals && self->rehearsals->first ? LOOK_MS : -1;
}

/* --- the routes --- */

enum MHD_Result sg_http_rehearsal(sg_http_request *request)
{
    sg_serve *self = request->serve;
    const char *accept =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    if (!self->config.rehearsal) {
        return none(request);
    }
    bool stream = accept && strcasestr(accept, "text/event-stream") &&
                  strcmp(request->method, MHD_HTTP_METHOD_GET) == 0;
    return stream ? open_watch(request) : answer(request, MHD_HTTP_OK);
}

enum MHD_Result sg_http_rehearse(sg_http_request *request)
{
    sg_serve *self = request->serve;
    sg_rehearsal_order order;
    sg_body_error error;
    const sg_view *view = self->config.rehearsal ? sg_http_view(self) : NULL;
    if (!self->config.rehearsal) {
        return none(request);
    }
    if (!view) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "not-ready", "Not ready",
                               "the first step is not done", NULL, MHD_HTTP_HEADER_RETRY_AFTER,
                               "1");
    }
    if (sg_body_rehearsal(request->body ? request->body : "", request->length, &order, &error) !=
            SG_OK ||
        sg_rehearsal_find(sg_http_site(self, view), &order, &error) != SG_OK) {
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, error.slug,
                               "The body is not something to rehearse", NULL, &error, NULL, NULL);
    }
    sg_status status = self->config.rehearse(self->config.host, &order);
    if (status != SG_OK) {
        return sg_http_problem(
            request, MHD_HTTP_CONFLICT, "rehearsal", "The rehearsal that runs cannot take it",
            status == SG_FULL
                ? "it holds 16 incidents; stop it (DELETE) and begin another one"
                : "it runs on the site as it was before its file was read again; stop it (DELETE)",
            NULL, NULL, NULL);
    }
    return answer(request, MHD_HTTP_ACCEPTED);
}

enum MHD_Result sg_http_rehearsal_stop(sg_http_request *request)
{
    sg_serve *self = request->serve;
    if (!self->config.rehearsal) {
        return none(request);
    }
    if (request->received > 0) {
        return sg_http_problem(request, MHD_HTTP_BAD_REQUEST, "body", "A body is not expected here",
                               "DELETE takes no body", NULL, NULL, NULL);
    }
    self->config.rehearse_stop(self->config.host);
    return answer(request, MHD_HTTP_OK);
}

void sg_http_rehearsal_free(sg_serve *self)
{
    free(self->rehearsals); /* its streams ended with the daemon */
    self->rehearsals = NULL;
}
