/* loop.h - the loop that runs a site: one thread owns the engine, everything else stands behind a queue.
 *
 *     read the field -> requests and plan in -> journal -> step -> journal -> command out -> answers and view out
 *
 * Time     steps are due at start + k * step / speed on the monotonic clock; a late step is counted, not skipped. Site time comes
 *          from the frames, never from a clock.
 * Reload   SIGHUP has the site file read again beside the loop; what it changes takes over between two steps (reload.h). The
 *          certificate is read again, too (serve.h).
 * Threads  the server, the telemetry store and the planner have one each; the loop waits for none of them (with speed = INFINITY
 *          it waits for the planner, so that the same inputs give the same journal). */
#ifndef SG_HOST_LOOP_H
#define SG_HOST_LOOP_H
#include "engine/engine.h"
#include "site/site.h"

typedef struct sg_host_config {
    const sg_site *site;
    const char *listen;   /* NULL: the default; "" = no server */
    const char *data_dir; /* journal and telemetry; NULL = keep nothing */
    /* Who may connect, and how: serve.h. tokens NULL: nobody can sign in with one. */
    const char *tokens, *tls_cert, *tls_key, *host_name;
    bool insecure_http, trust_loopback;
    bool login_code; /* make a one-time code for the page and print it on stderr */
    const char *version;
    sg_policy policy;
    int64_t from_us; /* where the simulated field starts, unless a journal goes on */
    bool from_given;
    double duration_s;          /* of site time, INFINITY = until a signal */
    double step_s, speed;       /* speed: INFINITY = as fast as it goes    */
    double plan_every_s;        /* over the site file's, also after a reload; 0: the file's */
    const char *webhook;        /* URL that alarms are sent to; NULL: none */
    const char *webhook_ca;     /* PEM file of who may sign for its name; NULL: the system's */
    const char *webhook_secret; /* file with the key that signs them */
    bool status_line;           /* keep one on stderr */
} sg_host_config;

typedef struct sg_host_summary {
    uint64_t steps, late_steps;
    int64_t from_us, to_us;
    sg_settlement total; /* of this run, settled and running intervals together */
    double step_us_p50, step_us_p99;
    uint64_t state_hash;
    uint64_t recovered_frames;
    bool recovered, stopped_by_signal, journal_degraded;
} sg_host_summary;

/* Run until the duration is over or SIGINT or SIGTERM comes. SG_OK, or a failure that one line on stderr has explained:
 * SG_IO, SG_UNAVAILABLE (port or data folder in use), SG_CORRUPT, SG_NOMEM.
 * @effects alloc=at start block=between steps */
SG_MUST_CHECK sg_status sg_host_run(const sg_host_config *config, sg_host_summary *ret);
#endif
