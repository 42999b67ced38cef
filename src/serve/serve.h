/* serve.h - the HTTP door of a running site: telemetry, requests for power, queries, metrics,
 * dashboard.
 *
 * Threads  sg_serve_start makes two threads of its own: one speaks HTTP, one runs queries. They
 *          call `view` and `submit` (only the HTTP thread does). sg_serve_answer and sg_serve_tick
 *          are called by the host from ONE thread, its loop.
 * Order    publish a step's view before answering its requests, so that a client reads what it has
 *          just written.
 * Memory   the config's texts and the site must outlive the server; sg_serve_stop releases the
 *          rest.
 * TLS      the files of the certificate and its key are read at the start and by sg_serve_renew.
 * Roles    on loopback everybody reads, and in mode `observe` may do everything; whatever changes
 *          something in other modes, and all beyond loopback, needs a token with its role (tokens.h).
 * Bounds   2,400 connections, 16 KiB of request each, 256 requests for power under way, 8 queries
 *          waiting. */
#ifndef SG_SERVE_SERVE_H
#define SG_SERVE_SERVE_H
#include "base/status.h"
#include "base/text.h"
#include "engine/cells.h"
#include "engine/frame.h"
#include "engine/view.h"
#include "port/alarms.h"
#include "serve/rehearsal.h"
#include "serve/tokens.h"
#include "site/site.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SG_SERVE_LISTEN_DEFAULT "127.0.0.1:8048"

typedef struct sg_serve sg_serve;

enum { SG_SERVE_TEXT = 256 };

typedef struct sg_serve_config {
    /* "127.0.0.1:8048", "[::1]:8048", ":8048" (loopback); port 0 = any free one; NULL = the
     * default. Another address than loopback must be written out and is logged. */
    const char *listen;
    /* A further name that a Host header may carry, for a proxy in front; NULL = none. */
    const char *host_name;
    const char *data_dir; /* where telemetry.db and audit.jsonl lie; NULL = no queries, no audit */
    /* The tokens file (tokens.h), looked at once a second; NULL = nobody can sign in with a token. */
    const char *tokens;
    /* PEM files for TLS 1.3; NULL = plain HTTP, which beyond loopback is refused unless
     * insecure_http says that something else protects it. */
    const char *tls_cert, *tls_key;
    bool insecure_http;
    /* Whoever can connect to loopback may do everything, as in mode `observe`. */
    bool trust_loopback;
    /* NULL, or where sg_serve_start puts a one-time code: the first page that shows it is signed in
     * as operator until the program ends. */
    char *code;
    const char *version; /* of the program, for /healthz and metrics; NULL = "unknown" */
    const sg_site *site;
    double fresh_s; /* /readyz says no when no step came for so long (wall time); 0 = 2 s */

    void *host; /* first argument of the functions below */
    /* The newest view, valid until the next call; NULL before the first step. */
    const sg_view *(*view)(void *host);
    /* Every load at a glance, valid until the next call; false before the first step. NULL: there is no map. */
    bool (*cells)(void *host, sg_cells *ret);
    /* Hand a request to the loop, which answers with the same ticket; false = the queue is full.
     * Must not block. */
    bool (*submit)(void *host, const sg_request *request, uint64_t ticket);
    const sg_alarms_port *alarms; /* NULL: none are watched; outlives the server */
    /* Rehearsals on a twin of the site (serve/rehearsal.h); all NULL = none can be had. rehearse: SG_FULL or SG_UNAVAILABLE where
     * the one that runs cannot take it. rehearsal: the number of the newest state; *ret (may be NULL) is that state where it is
     * not `seen`. Must not block for longer than moments. */
    sg_status (*rehearse)(void *host, const sg_rehearsal_order *order);
    void (*rehearse_stop)(void *host);
    uint64_t (*rehearsal)(void *host, uint64_t seen, sg_rehearsal *ret);
    /* One moment of the past (us since 1970, INT64_MAX: the newest) in JSON, from the journal; device "" = the whole site. Called by
     * the query thread; *stop = give up. Errors as in host/moment.h, ret_error one line. NULL = there is no journal. */
    sg_status (*explain)(void *host, const sg_site *site, const char *device, int64_t at_us,
                         const atomic_bool *stop, sg_out *out, char ret_error[SG_SERVE_TEXT]);
    /* One line for the operator, without a line end; NULL = stderr. */
    void (*log)(void *host, const char *line);
} sg_serve_config;

/* Bind, listen and start. On failure ret_error holds one clear line: SG_FORMAT (the address cannot
 * be read, TLS is missing or its files are no good), SG_IO (port in use, no such address), SG_NOMEM.
 * @effects alloc=yes block=no */
SG_MUST_CHECK sg_status sg_serve_start(const sg_serve_config *config, sg_serve **ret,
                                       char ret_error[SG_SERVE_TEXT]);

/* The port that is listened on, where the config asked for port 0. */
int sg_serve_port(const sg_serve *self);

/* The answer to a request, after its step was journaled. `task` is copied; NULL where reply->task <
 * 0. durable = false: the journal took no more, so the client is told 503 and nothing counts as
 * acknowledged. An unknown ticket is ignored.
 * @effects alloc=no block=no fails=never */
void sg_serve_answer(sg_serve *self, uint64_t ticket, const sg_reply *reply, const sg_task *task,
                     bool durable);

/* A new view is there: event streams are woken, at most ten times a second; call it as often as
 * there are steps.
 * @effects alloc=no block=no fails=never */
void sg_serve_tick(sg_serve *self);

/* The certificate and its key were renewed: read them again, beside everything else. Connections that begin from then on get the new
 * one, those that are open go on. A pair that is no good changes nothing; either is told in one line and noted in the audit log.
 * pid, uid: whose signal said so, pid 0: the system's. Accepts NULL. @effects alloc=no block=no fails=never */
void sg_serve_renew(sg_serve *self, int64_t pid, int64_t uid);

/* Close every connection, end the threads, release. Accepts NULL. @effects alloc=no block=until the
 * threads ended */
void sg_serve_stop(sg_serve *self);
#endif
