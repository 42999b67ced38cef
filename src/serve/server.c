#include "base/clock.h"
#include "serve/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

const sg_site *sg_http_site(const sg_serve *self, const sg_view *view)
{
    return view && view->site ? view->site : self->config.site;
}

const sg_view *sg_http_view(sg_serve *self)
{
    return self->config.view(self->config.host);
}

void sg_http_wake(sg_serve *self)
{
    uint64_t one = 1;
    ssize_t written = write(self->event_fd, &one, sizeof one); /* a full counter wakes as well */
    (void)written;
}

void sg_http_say(sg_serve *self, const char *line)
{
    if (self->config.log) {
        self->config.log(self->config.host, line);
    } else {
        fprintf(stderr, "symgrid: %s\n", line);
    }
}

static void on_connection(void *serve, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    sg_serve *self = serve;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        sg_http_connection *record = calloc(1, sizeof *record);
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = record;
        if (record) {
            record->fd = info ? info->connect_fd : -1;
            record->since_ms = sg_clock_ms();
            sg_http_tls_begin(self, connection, record);
            record->next = self->connections;
            if (self->connections) {
                self->connections->previous = record;
            }
            self->connections = record;
            self->counters.connections++;
        }
        return;
    }
    sg_http_connection *record = *context;
    if (record) {
        *(record->previous ? &record->previous->next : &self->connections) = record->next;
        if (record->next) {
            record->next->previous = record->previous;
        }
        self->counters.connections--;
        sg_http_tls_end(record);
        free(record);
        *context = NULL;
    }
}

/* The library's time-out starts again with every byte; a client that trickles is ended here. */
static void sweep(sg_serve *self, int64_t now_ms)
{
    if (now_ms - self->swept_ms < 1000) {
        return;
    }
    self->swept_ms = now_ms;
    for (sg_http_connection *at = self->connections; at; at = at->next) {
        int64_t limit_ms = at->whole ? SG_HTTP_REPLY_MS : SG_HTTP_SLOW_MS;
        if (!at->stream && at->fd >= 0 && now_ms - at->since_ms > limit_ms) {
            shutdown(at->fd, SHUT_RDWR);
            at->since_ms = now_ms;
        }
    }
}

static int wait_ms(const sg_serve *self, int64_t now_ms)
{
    int64_t wait = 1000, due_ms = sg_http_stream_due_ms(self, now_ms);
    MHD_UNSIGNED_LONG_LONG library_ms;
    if (MHD_get_timeout(self->daemon, &library_ms) == MHD_YES &&
        library_ms < (MHD_UNSIGNED_LONG_LONG)wait) {
        wait = (int64_t)library_ms;
    }
    wait = due_ms >= 0 && due_ms < wait ? due_ms : wait;
    due_ms = sg_http_rehearsal_due_ms(self);
    wait = due_ms >= 0 && due_ms < wait ? due_ms : wait;
    for (int i = 0; i < SG_HTTP_PENDING; i++) {
        if (self->pending[i] && self->pending[i]->deadline_ms - now_ms < wait) {
            wait = self->pending[i]->deadline_ms - now_ms;
        }
    }
    return wait > 0 ? (int)wait : 0;
}

static void *work(void *argument)
{
    sg_serve *self = argument;
    struct epoll_event events[2];
    while (!atomic_load(&self->stop)) { /* ends: when told to */
        int count = epoll_wait(self->epoll_fd, events, 2, wait_ms(self, sg_clock_ms()));
        for (int i = 0; i < count; i++) {
            uint64_t counted;
            if (events[i].data.fd == self->event_fd &&
                read(self->event_fd, &counted, sizeof counted) != (ssize_t)sizeof counted) {
                continue; /* somebody was quicker: there is no one, and it does not matter */
            }
        }
        int64_t now_ms = sg_clock_ms();
        sg_http_allocate_poll(self, now_ms);
        sg_http_ask_poll(self);
        sg_http_tls_poll(self);
        sg_http_stream_poll(self, now_ms);
        sg_http_rehearsal_poll(self, now_ms);
        sweep(self, now_ms);
        MHD_run(self->daemon);
    }
    return NULL;
}

/* Room for all connections beside the program's own files, as far as the system allows. */
static unsigned connection_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return SG_HTTP_CONNECTIONS;
    }
    const rlim_t wanted = SG_HTTP_CONNECTIONS + 400;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            getrlimit(RLIMIT_NOFILE, &limit);
        }
    }
    return limit.rlim_cur >= wanted ? SG_HTTP_CONNECTIONS
           : limit.rlim_cur > 300   ? (unsigned)limit.rlim_cur - 200
                                    : 100;
}

static bool start_daemon(sg_serve *self)
{
    unsigned limit = connection_limit();
    /* On loopback every client has the same address. */
    unsigned per_address = self->loopback ? limit : limit / 8;
    /* The library's strict mode answers some faults with two status lines; sg_http_guard refuses
     * them itself. */
    char only[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3", *cert, *key;
    sg_http_tls_texts(self, &cert, &key);
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_PRIORITIES, 0, only},
                                   {MHD_OPTION_HTTPS_MEM_CERT, 0, cert},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, key},
                                   {MHD_OPTION_END, 0, NULL}};
    self->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (self->pair ? MHD_USE_TLS : 0), 0, NULL, NULL,
        sg_http_handle, self, MHD_OPTION_ARRAY, self->pair ? tls : tls + 3,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket)self->listen_fd, MHD_OPTION_STRICT_FOR_CLIENT, (int)0,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SG_HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)SG_HTTP_MEMORY, MHD_OPTION_CONNECTION_LIMIT, limit,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address, MHD_OPTION_URI_LOG_CALLBACK,
        sg_http_request_begin, self, MHD_OPTION_NOTIFY_COMPLETED, sg_http_request_end, self,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, self, MHD_OPTION_END);
    if (!self->daemon) {
        return false;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct epoll_event library = {.events = EPOLLIN, .data.fd = info ? info->listen_fd : -1};
    struct epoll_event own = {.events = EPOLLIN, .data.fd = self->event_fd};
    return info && epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, library.data.fd, &library) == 0 &&
           epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->event_fd, &own) == 0;
}

static bool start_threads(sg_serve *self)
{
    return sg_http_ask_start(self) == SG_OK &&
           sg_thread_start(&self->thread, "sg-http", work, self);
}

static void release(sg_serve *self)
{
    sg_http_ask_stop(self);
    if (self->daemon) {
        MHD_stop_daemon(self->daemon); /* closes the listening socket too */
    } else if (self->listen_fd >= 0) {
        close(self->listen_fd);
    }
    sg_http_stream_free(self);
    if (self->answer) {
        MHD_destroy_response(self->answer);
    }
    sg_http_rehearsal_free(self);
    if (self->event_fd >= 0) {
        close(self->event_fd);
    }
    if (self->epoll_fd >= 0) {
        close(self->epoll_fd);
    }
    sg_http_tls_free(self);
    sg_ring_free(&self->answers);
    sg_out_free(&self->document);
    free(self);
}

sg_status sg_serve_start(const sg_serve_config *config, sg_serve **ret,
                         char ret_error[SG_SERVE_TEXT])
{
    ret_error[0] = '\0';
    sg_serve *self = calloc(1, sizeof *self);
    if (!self) {
        snprintf(ret_error, SG_SERVE_TEXT, "%s", sg_status_text(SG_NOMEM));
        return SG_NOMEM;
    }
    const char *listen = config->listen ? config->listen : SG_SERVE_LISTEN_DEFAULT;
    self->config = *config;
    self->counters.version = config->version ? config->version : "unknown";
    self->counters.start_s = (int64_t)time(NULL);
    self->started_ms = sg_clock_ms();
    self->listen_fd = self->event_fd = self->epoll_fd = -1;
    sg_status status =
        sg_http_listen(listen, &self->listen_fd, &self->port, &self->loopback, ret_error);
    if (status != SG_OK) {
        release(self);
        return status;
    }
    status = sg_http_tls_read(self, ret_error);
    if (status != SG_OK) {
        release(self);
        return status;
    }
    sg_http_login_start(self);
    self->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (self->event_fd < 0 || self->epoll_fd < 0 ||
        sg_ring_init(&self->answers, SG_HTTP_ANSWERS, sizeof(sg_http_answer)) != SG_OK ||
        !start_daemon(self) || !start_threads(self)) {
        snprintf(ret_error, SG_SERVE_TEXT, "cannot start the HTTP server on %.100s: %s", listen,
                 errno ? strerror(errno) : sg_status_text(SG_NOMEM));
        release(self);
        return SG_NOMEM;
    }
    if (!self->loopback) {
        char line[SG_SERVE_TEXT];
        snprintf(line, sizeof line,
                 "listening on %.100s%s: whoever reaches this address needs a token", listen,
                 self->pair ? " with TLS" : " WITHOUT TLS, so that tokens can be read on the way");
        sg_http_say(self, line);
    }
    *ret = self;
    return SG_OK;
}

int sg_serve_port(const sg_serve *self)
{
    return self->port;
}

void sg_serve_answer(sg_serve *self, uint64_t ticket, const sg_reply *reply, const sg_task *task,
                     bool durable)
{
    sg_http_answer answer = {.ticket = ticket, .reply = *reply, .durable = durable};
    if (task) {
        answer.task = *task;
    }
    /* Full only when hundreds of tickets were answered that nobody waits for any more. */
    sg_ring_push(&self->answers, &answer);
    sg_http_wake(self);
}

void sg_serve_tick(sg_serve *self)
{
    atomic_store_explicit(&self->ticked_ms, sg_clock_ms(), memory_order_relaxed);
    /* One wake for all ticks until the streams have taken it up. */
    if (!atomic_exchange(&self->fresh, true) && atomic_load(&self->hungry)) {
        sg_http_wake(self);
    }
}

void sg_serve_stop(sg_serve *self)
{
    if (!self) {
        return;
    }
    atomic_store(&self->stop, true);
    sg_http_wake(self);
    pthread_join(self->thread, NULL);
    sg_http_allocate_poll(self, sg_clock_ms());
    sg_http_ask_stop(self);
    sg_http_stream_stop(self);
    sg_http_rehearsal_poll(self, sg_clock_ms());
    MHD_run(self->daemon);
    release(self);
}
