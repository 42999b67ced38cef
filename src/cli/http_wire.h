/* http_wire.h - a connection to a server, plain or TLS, for http_get.c.
 *
 * TLS      1.2 or 1.3. The server's certificate must be vouched for by one that the system trusts, or that a file of the caller's
 *          holds, and be for the host that was asked for (a name, or a literal address).
 * Waits    at most SG_HTTP_WAIT_S for each answer of the other side.
 * Errors   one line, without the place: "the connection is refused". */
#ifndef SG_CLI_HTTP_WIRE_H
#define SG_CLI_HTTP_WIRE_H
#include "base/status.h"

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

enum { SG_HTTP_WAIT_S = 5, SG_HTTP_WIRE_ERROR = 160 };

typedef struct sg_http_wire {
    int fd;
    gnutls_session_t session; /* NULL: plain */
    gnutls_certificate_credentials_t trust;
    bool
        abrupt; /* the other side ended without saying that it was the end, which anybody on the way could have done */
} sg_http_wire;

/* ca NULL: the system's. SG_FORMAT, SG_IO: ca is no file of certificates, or cannot be read; SG_UNAVAILABLE: nobody answers, or nobody who can be trusted.
 * Needs a close either way. @effects alloc=yes block=yes */
SG_MUST_CHECK sg_status sg_http_wire_open(sg_http_wire *self, const char *host, const char *port,
                                          bool tls, const char *ca,
                                          char ret_error[SG_HTTP_WIRE_ERROR]);
void sg_http_wire_close(sg_http_wire *self);

bool sg_http_wire_send(sg_http_wire *self, const char *bytes, size_t size);
/* How many came, 0: the end, < 0: it failed. */
ptrdiff_t sg_http_wire_receive(sg_http_wire *self, char *ret, size_t size);
#endif
