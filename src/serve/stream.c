#include "base/clock.h"
#include "serve/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* How a stream is sent. The library sends the head of the answer and the first events. When it has
 * nothing left to send it is put to sleep, and from then on each event goes out by one send() of
 * bytes that all streams share, framed as a chunk of HTTP/1.1. Waking 2,000 connections of the
 * library's for each event cost twice as much as the sending. Streams over TLS or HTTP/1.0 stay with the library. */

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

enum { CHUNK_HEAD = 8 }; /* "001b2c" and a line end; 16 MB are enough for an event */

/* Text that begins with room for a chunk's head and ends with its line end. NULL when memory is
 * exhausted; text is taken over. */
static sg_http_event *event_make(sg_out *text)
{
    sg_http_event *event = text->failed ? NULL : calloc(1, sizeof *event);
    if (!event) {
        sg_out_free(text);
        return NULL;
    }
    *event = (sg_http_event){.holders = 1, .length = text->length, .text = text->text};
    event->head = CHUNK_HEAD;
    event->body = text->length - CHUNK_HEAD - 2;
    char size[CHUNK_HEAD + 1];
    snprintf(size, sizeof size, "%06zx\r\n", event->body);
    memcpy(event->text, size, CHUNK_HEAD);
    return event;
}

static sg_http_event *event_of_view(sg_serve *self, const sg_view *view)
{
    sg_out text = {0};
    size_t length;
    const char *document = sg_http_document(self, view, &length);
    sg_out_format(&text, "%*sid: %llu\ndata: ", CHUNK_HEAD, "", (unsigned long long)view->tick);
    sg_out_bytes(&text, document, length);
    sg_out_text(&text, "\n\n\r\n");
    sg_http_event *event = event_make(&text);
    if (event) {
        event->tick = view->tick;
    }
    return event;
}

static void ring_drop(sg_serve *self)
{
    sg_http_event **oldest = &self->ring[self->ring_begin++ % SG_HTTP_RING];
    self->ring_bytes -= (*oldest)->length;
    event_drop(*oldest);
    *oldest = NULL;
}

static void ring_keep(sg_serve *self, sg_http_event *event)
{
    while (self->ring_begin < self->ring_end &&
           (self->ring_end - self->ring_begin == SG_HTTP_RING ||
            self->ring_bytes + event->length > SG_HTTP_RING_BYTES)) {
        ring_drop(self);
    }
    event->holders++;
    self->ring[self->ring_end++ % SG_HTTP_RING] = event;
    self->ring_bytes += event->length;
}

/* The first one after the tick that a reader has seen; UINT64_MAX: none, or a tick of another run. */
static uint64_t ring_after(const sg_serve *self, uint64_t tick)
{
    uint64_t found = UINT64_MAX;
    bool known = false;
    for (uint64_t at = self->ring_end; at > self->ring_begin; at--) {
        uint64_t its = self->ring[(at - 1) % SG_HTTP_RING]->tick;
        known = known || its >= tick;
        if (its <= tick) {
            break;
        }
        found = at - 1;
    }
    return known ? found : UINT64_MAX;
}

/* Make it the newest event, for every stream to send once. */
static void publish(sg_serve *self, sg_http_event *event, int64_t now_ms)
{
    /* Counted from when the last one was due: counted from when it left, each delay would put off
     * all that follow, and ten steps a second would be fewer events. */
    int64_t due_ms = self->event_ms + SG_HTTP_EVENT_MS;
    self->event_ms = now_ms - due_ms < SG_HTTP_EVENT_MS ? due_ms : now_ms;
    if (event) {
        event_drop(self->event);
        self->event = event;
        self->event_number++;
        if (event->tick) {
            ring_keep(self, event);
        }
    }
}

/* The next event for a stream, where there is one; whatever was published in between is skipped. */
static bool next_event(sg_http_stream *stream)
{
    sg_serve *self = stream->serve;
    if (stream->resume < self->ring_end) {
        uint64_t at = stream->resume > self->ring_begin ? stream->resume : self->ring_begin;
        stream->event = self->ring[at % SG_HTTP_RING];
        stream->resume = at + 1;
    } else {
        stream->resume = UINT64_MAX; /* caught up */
        bool seen = !self->event || stream->last == self->event_number ||
                    (self->event->tick && self->event->tick == stream->tick);
        if (seen) {
            return false;
        }
        stream->event = self->event;
        stream->last = self->event_number;
    }
    stream->event->holders++;
    stream->tick = stream->event->tick ? stream->event->tick : stream->tick;
    stream->sent = 0;
    return true;
}

static void event_done(sg_http_stream *stream)
{
    stream->serve->counters.events++;
    event_drop(stream->event);
    stream->event = NULL;
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t room)
{
    sg_http_stream *stream = context;
    sg_serve *self = stream->serve;
    static const char greeting[] = "retry: 2000\n\n";
    if (atomic_load(&self->stop) && !stream->broken) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (position == 0 && room >= sizeof greeting - 1) {
        memcpy(buffer, greeting, sizeof greeting - 1);
        return (ssize_t)(sizeof greeting - 1);
    }
    if (stream->broken) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (!stream->event && !next_event(stream)) {
        stream->asleep = true;
        MHD_suspend_connection(stream->connection);
        return 0;
    }
    const sg_http_event *event = stream->event;
    size_t left = event->body - stream->sent, part = left < room ? left : room;
    memcpy(buffer, event->text + event->head + stream->sent, part);
    stream->sent += part;
    if (stream->sent == event->body) {
        event_done(stream);
    }
    return (ssize_t)part;
}

static void wake(sg_http_stream *stream)
{
    stream->asleep = false;
    MHD_resume_connection(stream->connection);
}

/* To a stream whose connection sleeps in the library: as much as its socket takes. The rest of an
 * event goes out the next time; until then the stream skips the events between. */
static void push(sg_http_stream *stream)
{
    while (stream->event || next_event(stream)) { /* ends: caught up, or the socket is full */
        const sg_http_event *event = stream->event;
        ssize_t part = send(stream->fd, event->text + stream->sent, event->length - stream->sent,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (part < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
            return;
        }
        if (part < 0) {
            stream->broken = true; /* the library closes it */
            wake(stream);
            return;
        }
        stream->sent += (size_t)part;
        if (stream->sent < event->length) {
            return;
        }
        event_done(stream);
    }
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
    self->left_ms = sg_clock_ms();
    free(stream);
}

/* Where to go on for a reader that says what it has seen last. Another id than ours is none. */
static uint64_t resume_of(const sg_http_request *request)
{
    const char *text =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Last-Event-ID");
    size_t digits = text ? strspn(text, "0123456789") : 0;
    return digits && digits < 19 && !text[digits]
               ? ring_after(request->serve, strtoull(text, NULL, 10))
               : UINT64_MAX;
}

enum MHD_Result sg_http_stream_open(sg_http_request *request)
{
    sg_serve *self = request->serve;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    sg_http_connection *record = info ? info->socket_context : NULL;
    if (self->counters.streams >= SG_HTTP_STREAMS) {
        return sg_http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "streams",
                               "Too many event streams", "2048 event streams are open", NULL,
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
    bool direct =
        !self->pair && record && record->fd >= 0 && strcmp(request->version, "HTTP/1.1") == 0;
    *stream = (sg_http_stream){.next = self->streams,
                               .serve = self,
                               .connection = request->connection,
                               .fd = direct ? record->fd : -1};
    if (self->streams) {
        self->streams->previous = stream;
    }
    self->streams = stream;
    self->counters.streams++;
    atomic_store(&self->hungry, true);
    if (record) {
        record->stream = true;
    }
    stream->last = self->event_number;
    stream->resume = resume_of(request);
    if (stream->resume == UINT64_MAX) { /* the present state at once */
        const sg_view *view = sg_http_view(self);
        stream->event = view ? event_of_view(self, view) : NULL;
        stream->tick = stream->event ? stream->event->tick : 0;
    }
    return sg_http_reply_events(request, response);
}

static void send_all(sg_serve *self)
{
    for (sg_http_stream *stream = self->streams; stream; stream = stream->next) {
        if (stream->asleep && stream->fd >= 0) {
            push(stream);
        } else if (stream->asleep) {
            wake(stream);
        }
    }
}

/* Views are taken up while somebody reads, and a little longer: they may come back. */
static bool is_read(const sg_serve *self, int64_t now_ms)
{
    return self->streams ||
           (self->ring_end > self->ring_begin && now_ms - self->left_ms < SG_HTTP_RESUME_MS);
}

void sg_http_stream_poll(sg_serve *self, int64_t now_ms)
{
    if (!is_read(self, now_ms)) {
        while (self->ring_begin < self->ring_end) {
            ring_drop(self);
        }
        atomic_store(&self->hungry, false);
        return;
    }
    int64_t since_ms = now_ms - self->event_ms;
    if (since_ms >= SG_HTTP_EVENT_MS && atomic_exchange(&self->fresh, false)) {
        const sg_view *view = sg_http_view(self);
        if (view) {
            publish(self, event_of_view(self, view), now_ms);
            send_all(self);
        }
    } else if (since_ms >= SG_HTTP_BEAT_MS) {
        sg_out text = {0};
        sg_out_format(&text, "%*s: still here\n\n\r\n", CHUNK_HEAD, "");
        publish(self, event_make(&text), now_ms);
        send_all(self);
    }
}

int64_t sg_http_stream_due_ms(const sg_serve *self, int64_t now_ms)
{
    if (!is_read(self, now_ms)) {
        return -1;
    }
    int64_t due_ms =
        self->event_ms + (atomic_load(&self->fresh) ? SG_HTTP_EVENT_MS : SG_HTTP_BEAT_MS) - now_ms;
    return due_ms > 0 ? due_ms : 0;
}

void sg_http_stream_stop(sg_serve *self)
{
    for (sg_http_stream *stream = self->streams; stream; stream = stream->next) {
        if (stream->asleep) {
            stream->broken = stream->event != NULL; /* no end may follow half a chunk */
            wake(stream);
        }
    }
}

void sg_http_stream_free(sg_serve *self)
{
    while (self->ring_begin < self->ring_end) {
        ring_drop(self);
    }
    event_drop(self->event);
    self->event = NULL;
}
