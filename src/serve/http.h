/* http.h - the server's inside: what its files share. All of it belongs to the HTTP thread unless
 * it says otherwise. */
#ifndef SG_SERVE_HTTP_H
#define SG_SERVE_HTTP_H
#include "base/ring.h"
#include "base/worker.h"
#include "serve/body.h"
#include "serve/document.h"
#include "serve/serve.h"
#include "serve/tokens.h"
#include "store/query.h"

#include <microhttpd.h>
#include <stdatomic.h>

enum {
    SG_HTTP_CONNECTIONS = 2400,
    SG_HTTP_STREAMS = 2048,
    SG_HTTP_PENDING = 256,  /* requests for power under way     */
    SG_HTTP_JOBS = 8,       /* queries waiting or running       */
    SG_HTTP_ANSWERS = 512,  /* of the loop, not yet picked up   */
    SG_HTTP_MEMORY = 16384, /* per connection                   */
    /* Of a body too large to be used: swallowed to this size, so that the answer arrives. */
    SG_HTTP_DRAIN = 1 << 20,
    SG_HTTP_IDLE_S = 10,
    SG_HTTP_SLOW_MS = 15000,  /* a request must be whole by then, however it trickles */
    SG_HTTP_REPLY_MS = 60000, /* an answer must be taken by then, streams excepted    */
    SG_HTTP_ANSWER_MS = 5000, /* the loop must have answered by then                  */
    SG_HTTP_EVENT_MS = 100,   /* between two events of a stream                       */
    SG_HTTP_RING = 300,       /* the last events, for readers that come back */
    SG_HTTP_RING_BYTES = 8 << 20,
    SG_HTTP_RESUME_MS = 30000, /* so long they are kept when the last reader has gone */
    SG_HTTP_BEAT_MS = 5000,    /* a comment keeps a silent stream alive                */
    SG_HTTP_PATH = 256,
    SG_HTTP_SESSIONS = 64,             /* browsers that are signed in              */
    SG_HTTP_SESSION_MS = 12 * 3600000, /* a session that is not used ends by then  */
    SG_HTTP_TOKENS_MS = 1000,          /* how often the tokens file is looked at   */
    SG_HTTP_PAGE = 1000                /* entries of a list in one answer, at most */
};

struct sg_http_request;
typedef enum MHD_Result sg_http_handler(struct sg_http_request *request);

/* A resource: who may use it and what answers. One row of the table in route.c each. */
typedef struct sg_http_route {
    const char *path;       /* one that ends in '/' is followed by an id: request->item */
    sg_access read, change; /* least role for GET and HEAD; for POST and DELETE */
    const char *parameters; /* that GET takes, between blanks; "" none, "*" looked at by `get` */
    sg_http_handler *get, *post, *withdraw; /* NULL: 405; `withdraw` answers DELETE */
    bool secret;                            /* bodies hold secrets: no audit entry quotes them */
} sg_http_route;

/* A browser that is signed in; its secret is in a cookie. */
typedef struct sg_http_session {
    bool open;
    unsigned char hash[SG_TOKEN_HASH];  /* of the cookie */
    unsigned char token[SG_TOKEN_HASH]; /* of the token it was opened with; zero: the run's code */
    int64_t used_ms;
} sg_http_session;

/* What a list is asked for: `limit`, `after`, `from`, `to`. */
typedef struct sg_http_page {
    int limit;
    char after[SG_ID_MAX]; /* the last entry seen, "" = from the newest on */
    int64_t from_us, to_us;
} sg_http_page;

typedef struct sg_http_pair sg_http_pair; /* of tls.c */

typedef struct sg_http_connection {
    struct sg_http_connection *next, *previous;
    sg_http_pair *pair; /* the certificate it began with, NULL: plain HTTP */
    int fd;
    bool whole, stream; /* a request is complete and being answered; it is an event stream */
    int64_t since_ms;   /* when waiting for it, or answering it, began */
} sg_http_connection;

typedef enum sg_http_refusal {
    SG_HTTP_WELCOME,
    SG_HTTP_UNKNOWN,  /* a token that is none            */
    SG_HTTP_NO_LOGIN, /* nobody signed in, and it needs somebody */
    SG_HTTP_TOO_LOW   /* somebody, without the role      */
} sg_http_refusal;

typedef enum sg_http_phase {
    SG_HTTP_READING,
    SG_HTTP_WAITING,
    SG_HTTP_ANSWERED,
    SG_HTTP_LATE
} sg_http_phase;

typedef struct sg_http_request {
    sg_serve *serve;
    struct MHD_Connection *connection;
    char *uri;         /* raw target */
    const char *query; /* inside uri */
    char path[SG_HTTP_PATH];
    const char *method, *host, *version;
    const sg_http_route *route; /* NULL: no such resource, or one of the page's files */
    const char *item;           /* the id behind the route's path */
    sg_access access;           /* what who asks may do */
    char who[SG_TOKEN_NAME];    /* name of the token, "" = nobody signed in */
    sg_http_refusal refusal;
    bool seen, replied;
    bool changes;  /* admitted to change something: goes to the audit log */
    sg_out before; /* JSON of what it changes, as it was */
    sg_http_phase phase;
    char *body;
    size_t length, received;
    /* request for power */
    uint64_t ticket;
    int64_t deadline_ms;
    sg_reply reply;
    sg_task task;
    bool durable;
    struct sg_http_job *job;
} sg_http_request;

typedef struct sg_http_event {
    int holders;
    uint64_t tick; /* of its view, 0 = none */
    /* The event is text[head .. head + body); the whole is that event as one chunk of HTTP/1.1. */
    size_t head, body, length;
    char *text;
} sg_http_event;

typedef struct sg_http_stream {
    struct sg_http_stream *next, *previous;
    sg_serve *serve;
    struct MHD_Connection *connection;
    sg_http_event *event; /* being sent */
    size_t sent;
    uint64_t last, tick; /* number of the last event begun, tick of the last view */
    uint64_t resume;     /* next one of the ring to send; UINT64_MAX: only the newest */
    bool asleep;
    int fd; /* where the server writes chunks itself; -1: the library does all the sending */
    bool broken;
} sg_http_stream;

/* A query on its way through the worker. */
typedef struct sg_http_job {
    struct sg_http_job *next;
    sg_http_request *request;
    char *sql; /* NULL: explain the moment below */
    size_t length;
    int64_t at_us;
    const sg_site *site;
    char device[SG_ID_MAX];
    sg_out out;
    sg_query_error error;
    sg_status status;
} sg_http_job;

/* What sg_serve_answer hands over. */
typedef struct sg_http_answer {
    uint64_t ticket;
    sg_reply reply;
    sg_task task;
    bool durable;
} sg_http_answer;

struct sg_serve {
    sg_serve_config config;
    struct MHD_Daemon *daemon;
    int listen_fd, event_fd, epoll_fd, port;
    bool loopback;
    sg_http_pair *pair; /* the newest certificate and key, NULL: plain HTTP */
    pthread_t thread;
    int64_t started_ms;
    atomic_bool stop;

    /* From the host's loop. */
    sg_ring answers;
    atomic_bool fresh, hungry; /* a view that no stream has seen; some stream waits for one */
    atomic_int_least64_t ticked_ms;

    sg_http_connection *connections;
    sg_http_request *pending[SG_HTTP_PENDING];
    uint64_t next_ticket;
    sg_serve_counters counters;
    int64_t swept_ms;

    sg_http_stream *streams;
    struct sg_http_rehearsals *rehearsals; /* NULL: no stream of it was asked for */
    sg_http_event *event;                  /* the newest */
    uint64_t event_number;
    /* Views sent before: numbers ring_begin to ring_end - 1, each at its number modulo the size. */
    sg_http_event *ring[SG_HTTP_RING];
    uint64_t ring_begin, ring_end;
    size_t ring_bytes;
    int64_t event_ms, left_ms;   /* of the newest event; when the last reader went */
    sg_out document;             /* telemetry of tick document_tick */
    struct MHD_Response *answer; /* the same as an answer, of tick answer_tick */
    uint64_t answer_tick;
    uint64_t document_tick;

    /* The query worker; jobs_* and *_due under its lock. */
    sg_worker worker;
    bool working;
    sg_http_job *jobs_waiting, *jobs_done;
    int job_count;
    bool audit_due, pair_due;
    sg_http_pair *pair_next;    /* read by the worker, not yet taken; under its lock */
    char pair_print[65];        /* the worker's: SHA-256 of the certificate that it read last */
    unsigned char pair_sum[32]; /* and of its chain */
    int64_t pair_until_us;
    atomic_bool pair_asked; /* from the host's loop */
    atomic_int_least64_t pair_pid, pair_uid;

    /* login.c */
    sg_tokens tokens;
    int64_t tokens_ms;    /* when the file was last looked at */
    int64_t tokens_stamp; /* of the file as it was read */
    sg_http_session sessions[SG_HTTP_SESSIONS];
    bool code_open; /* the one-time code was made and not used */
    unsigned char code[SG_TOKEN_HASH];
    char cookie[24]; /* its name: cookies do not tell ports apart */
};

/* listen.c: a listening socket for "address:port". */
sg_status sg_http_listen(const char *text, int *ret_fd, int *ret_port, bool *ret_loopback,
                         char ret_error[SG_SERVE_TEXT]);
/* True for "localhost", loopback and other literal addresses, and extra (may be NULL); a port may
 * follow. */
bool sg_http_host_allowed(const char *host, const char *extra);

/* tls.c: reads and tries certificate and key where the config names them; SG_FORMAT says what is
 * wrong. Sets self->pair. */
sg_status sg_http_tls_read(sg_serve *self, char ret_error[SG_SERVE_TEXT]);
/* PEM texts, the pair's; NULL where there is none. */
void sg_http_tls_texts(const sg_serve *self, char **ret_cert, char **ret_key);
/* A connection begins, before its handshake; and is over. */
void sg_http_tls_begin(sg_serve *self, struct MHD_Connection *connection,
                       sg_http_connection *record);
void sg_http_tls_end(sg_http_connection *record);
/* The HTTP thread: has the worker read the files where somebody asked for it, and takes over what it read. */
void sg_http_tls_poll(sg_serve *self);
/* The worker: reads them. */
void sg_http_tls_work(sg_serve *self);
void sg_http_tls_free(sg_serve *self);

/* reply.c: every answer leaves through these. `body` is taken over. */
enum MHD_Result sg_http_reply(sg_http_request *request, unsigned status, const char *type,
                              sg_out *body, const char *header, const char *value);
/* The state of a view. One response object serves all who ask until the next step: making it anew for
 * each, headers and all, was most of what a request cost. */
enum MHD_Result sg_http_reply_telemetry(sg_http_request *request, const sg_view *view);
/* RFC 9457. pointer and byte from error, which may be NULL; header may be NULL. */
enum MHD_Result sg_http_problem(sg_http_request *request, unsigned status, const char *slug,
                                const char *title, const char *detail, const sg_body_error *error,
                                const char *header, const char *value);
void sg_http_common_headers(struct MHD_Response *response);
/* Begin a stream of server-sent events; response is taken. */
enum MHD_Result sg_http_reply_events(sg_http_request *request, struct MHD_Response *response);

/* route.c */
enum MHD_Result sg_http_handle(void *serve, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **context);
void *sg_http_request_begin(void *serve, const char *uri, struct MHD_Connection *connection);
void sg_http_request_end(void *serve, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode why);

const sg_http_route *sg_http_route_of(sg_http_request *request);
const sg_http_route *sg_http_routes(size_t *ret_count); /* the table */
bool sg_http_method_is(const sg_http_request *request, const char *method);

/* Whether the route answers the method. */
bool sg_http_answers(const sg_http_request *request);

/* login.c: who asks, and whether they may; sg_http_refuse says why not, once the body is read away. */
void sg_http_admit(sg_http_request *request);
enum MHD_Result sg_http_refuse(sg_http_request *request);
void sg_http_login_start(sg_serve *self);
sg_http_handler sg_http_session_show, sg_http_session_open, sg_http_session_close;

/* page.c: false after it has answered with *ret. `most` bounds limit, and is the default. */
bool sg_http_page_read(sg_http_request *request, int most, sg_http_page *ret_page,
                       enum MHD_Result *ret);

/* journal of changes, audit.c */
void sg_http_audit(sg_http_request *request, unsigned status, const sg_out *body);
sg_http_handler sg_http_audit_list;

/* guard.c: false after it has answered with *ret. */
bool sg_http_guard(sg_http_request *request, const char *version, enum MHD_Result *ret);

/* allocate.c */
enum MHD_Result sg_http_allocate(sg_http_request *request); /* POST, whole body */
enum MHD_Result sg_http_withdraw(sg_http_request *request);
enum MHD_Result sg_http_allocate_finish(sg_http_request *request); /* answered or late */
enum MHD_Result sg_http_task_list(sg_http_request *request);
enum MHD_Result sg_http_task(sg_http_request *request);
void sg_http_allocate_poll(sg_serve *self, int64_t now_ms); /* answers and time-outs */
void sg_http_allocate_forget(sg_http_request *request);

/* alarms.c */
enum MHD_Result sg_http_alarm_list(sg_http_request *request);
enum MHD_Result sg_http_alarm(sg_http_request *request);
enum MHD_Result sg_http_alarm_act(sg_http_request *request); /* POST, whole body */

/* racks.c */
enum MHD_Result sg_http_racks(sg_http_request *request);

/* ask.c: what the query thread does. sg_http_ask_queue takes the job over and sets the connection aside. */
enum MHD_Result sg_http_ask_queue(sg_http_request *request, sg_http_job *job);
sg_status sg_http_ask_start(sg_serve *self);
enum MHD_Result sg_http_ask(sg_http_request *request);
enum MHD_Result sg_http_ask_finish(sg_http_request *request);
void sg_http_ask_poll(sg_serve *self);
void sg_http_ask_forget(sg_http_request *request);
void sg_http_ask_stop(sg_serve *self);

/* explain.c */
enum MHD_Result sg_http_explain(sg_http_request *request);
void sg_http_explain_work(sg_serve *self, sg_http_job *job); /* on the query thread */
enum MHD_Result sg_http_explain_finish(sg_http_request *request, sg_http_job *job);

/* draft.c */
enum MHD_Result sg_http_draft(sg_http_request *request); /* POST, whole body */

/* stream.c */
const char *sg_http_document(sg_serve *self, const sg_view *view, size_t *ret_length);
enum MHD_Result sg_http_stream_open(sg_http_request *request);
void sg_http_stream_poll(sg_serve *self, int64_t now_ms);
int64_t sg_http_stream_due_ms(const sg_serve *self,
                              int64_t now_ms); /* until the next event may go, -1 = nothing waits */
void sg_http_stream_stop(sg_serve *self);
void sg_http_stream_free(sg_serve *self);

/* rehearsal_http.c */
enum MHD_Result sg_http_rehearsal(sg_http_request *request);      /* GET, or a stream */
enum MHD_Result sg_http_rehearse(sg_http_request *request);       /* POST, whole body */
enum MHD_Result sg_http_rehearsal_stop(sg_http_request *request); /* DELETE */
void sg_http_rehearsal_poll(sg_serve *self, int64_t now_ms);
int64_t sg_http_rehearsal_due_ms(const sg_serve *self); /* until the next look, -1 = no stream */
void sg_http_rehearsal_free(sg_serve *self);

const sg_view *sg_http_view(sg_serve *self);
/* The site that a view (may be NULL) is about. */
const sg_site *sg_http_site(const sg_serve *self, const sg_view *view);
void sg_http_wake(sg_serve *self);
/* One line for the operator. */
void sg_http_say(sg_serve *self, const char *line);
#endif
