#include "serve/http.h"

#include <stdlib.h>
#include <string.h>

const char *sg_http_document(sg_serve *self, const sg_view *view, size_t *ret_length)
{
    if (self->document.length == 0 || self->document.failed || self->document_tick != view->tick) {
        sg_out_clear(&self->document);
        sg_document_telemetry(sg_http_site(self, view), view, &self->document);
        self->document_tick = view->tick;
    }
    *ret_length = self->document.failed ? 0 : self->document.length;
    return self->document.text ? self->document.text : "";
}

static void event_drop(sg_http_event *event)
{
    if (event && --event->holders == 0) {
        free(event->text);
        free(event);
    }
}

/* NULL when memory is exhausted; text is taken over. */
static sg_http_event *event_make(sg_out *text)
{
    sg_http_event *event = text->failed ? NULL : calloc(1, sizeof *event);
    if (!event) {
        sg_out_free(text);
        return NULL;
    }
    *event = (sg_http_event){.holders = 1, .length = text->length, .text = text->text};
    return event;
}

static sg_http_event *event_of_view(sg_serve *self, const sg_view *view)
{
    sg_out text = {0};
    size_t length;
    const char *document = sg_http_document(self, view, &length);
    sg_out_format(&text, "id: %llu\ndata: ", (unsigned long long)view->tick);
    sg_out_bytes(&text, document, length);
    sg_out_text(&text, "\n\n");
    sg_http_event *event = event_make(&text);
    if (event) {
        event->tick = view->tick;
    }
    return event;
}

/* Make it the newest event, for every stream to send once. */
static void publish(sg_serve *self, sg_http_event *event, int64_t now_ms)
{
    self->event_ms = now_ms;
    if (event) {
        event_drop(self->event);
        self->event = event;
        self->event_number++;
    }
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t room)
{
    sg_http_stream *stream = context;
    sg_serve *self = stream->serve;
    static const char greeting[] = "retry: 2000\n\n";
    if (atomic_load(&self->stop)) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (position == 0 && room >= sizeof greeting - 1) {
        memcpy(buffer, greeting, sizeof greeting - 1);
        return (ssize_t)(sizeof greeting - 1);
    }
    if (!stream->event) {
        bool seen = !self->event || stream->last == self->event_number ||
                    (self->event->tick && self->event->tick == stream->tick);
        if (seen) {
            stream->asleep = true;
            MHD_suspend_connection(stream->connection);
            return 0;
        }
        stream->event = self->event; /* whatever was published in between is skipped */
        stream->event->holders++;
        stream->last = self->event_number;
        stream->tick = self->event->tick ? self->event->tick : stream->tick;
        stream->sent = 0;
    }
    size_t left = stream->event->length - stream->sent, part = left < room ? left : room;
    memcpy(buffer, stream->event->text + stream->sent, part);
    stream->sent += part;
    if (stream->sent == stream->event->length) {
        self->counters.events++;
        event_drop(stream->event);
        stream->event = NULL;
    }
    return (ssize_t)part;
}

static void close_stream(void *context)
{
    sg_http_stream *stream = context;
    sg_serve *self = stream->serve;
    event_drop(stream->event);
    *(stream->previous ? &stream->previous->next : &self->streams) = stream->next;
    if (stream->next) {
        stream->next->previous = stream->previous;
    }
    self->counters.streams--;
    atomic_store(&self->hungry, self->counters.streams > 0);
    free(stream);
}

enum MHD_Result sg_http_stream_open(sg_http_request *request)
{
    sg_serve *self = request->serve;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    sg_http_connection *record = info ? info->socket_context : NULL;
    if (self->counters.streams >= SG_HTTP_STREAMS) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "streams",
                               "Too many event streams", "1000 event streams are open", NULL,
                               MHD_HTTP_HEADER_RETRY_AFTER, "10");
    }
    sg_http_stream *stream = calloc(1, sizeof *stream);
    struct MHD_Response *response =
        stream ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, stream,
                                                   close_stream)
               : NULL;
    if (!response) {
        free(stream);
        return MHD_NO;
    }
    *stream =
        (sg_http_stream){.next = self->streams, .serve = self, .connection = request->connection};
    if (self->streams) {
        self->streams->previous = stream;
    }
    self->streams = stream;
    self->counters.streams++;
    atomic_store(&self->hungry, true);
    if (record) {
        record->stream = true;
    }
    const sg_view *view = sg_http_view(self);
    stream->last = self->event_number;
    stream->event = view ? event_of_view(self, view) : NULL; /* the present state at once */
    stream->tick = stream->event ? stream->event->tick : 0;
    sg_http_common_headers(response);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    enum MHD_Result result = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    request->replied = true;
    self->counters.requests[2]++;
    return result;
}

static void wake_all(sg_serve *self)
{
    for (sg_http_stream *stream = self->streams; stream; stream = stream->next) {
        if (stream->asleep) {
            stream->asleep = false;
            MHD_resume_connection(stream->connection);
        }
    }
}

void sg_http_stream_poll(sg_serve *self, int64_t now_ms)
{
    if (!self->streams) {
        return;
    }
    int64_t since_ms = now_ms - self->event_ms;
    if (since_ms >= SG_HTTP_EVENT_MS && atomic_exchange(&self->fresh, false)) {
        const sg_view *view = sg_http_view(self);
        if (view) {
            publish(self, event_of_view(self, view), now_ms);
            wake_all(self);
        }
    } else if (since_ms >= SG_HTTP_BEAT_MS) {
        sg_out text = {0};
        sg_out_text(&text, ": still here\n\n");
        publish(self, event_make(&text), now_ms);
        wake_all(self);
    }
}

int64_t sg_http_stream_due_ms(const sg_serve *self, int64_t now_ms)
{
    if (!self->streams) {
        return -1;
    }
    int64_t due_ms =
        self->event_ms + (atomic_load(&self->fresh) ? SG_HTTP_EVENT_MS : SG_HTTP_BEAT_MS) - now_ms;
    return due_ms > 0 ? due_ms : 0;
}

void sg_http_stream_stop(sg_serve *self)
{
    wake_all(self);
}
