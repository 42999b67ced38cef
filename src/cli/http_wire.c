#include "cli/http_wire.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int dial(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct timeval wait = {.tv_sec = SG_HTTP_WAIT_S};
    int fd = -1;
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
            (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
            (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        }
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            int why = errno;
            close(fd);
            errno = why;
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* ---- TLS ---- */

static bool is_address(const char *host)
{
    unsigned char binary[16];
    return inet_pton(AF_INET, host, binary) == 1 || inet_pton(AF_INET6, host, binary) == 1;
}

/* Why the handshake failed: what is wrong with the certificate, where it is that. */
static void explain(sg_http_wire *self, int why, const char *ca, char ret_error[SG_HTTP_WIRE_ERROR])
{
    gnutls_datum_t text = {0};
    if (why == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR &&
        gnutls_certificate_verification_status_print(
            gnutls_session_get_verify_cert_status(self->session),
            gnutls_certificate_type_get2(self->session, GNUTLS_CTYPE_SERVER), &text, 0) >= 0) {
        size_t length = strcspn((const char *)text.data, "\n");
        while (length > 0 && (text.data[length - 1] == ' ' || text.data[length - 1] == '.')) {
            length--;
        }
        snprintf(ret_error, SG_HTTP_WIRE_ERROR, "%.*s%s", (int)(length < 120 ? length : 120),
                 text.data, ca ? "" : "; see --ca");
        gnutls_free(text.data);
        return;
    }
    snprintf(ret_error, SG_HTTP_WIRE_ERROR, "no TLS: %.120s", gnutls_strerror(why));
}

static sg_status trust(sg_http_wire *self, const char *ca, char ret_error[SG_HTTP_WIRE_ERROR])
{
    if (gnutls_certificate_allocate_credentials(&self->trust) < 0) {
        snprintf(ret_error, SG_HTTP_WIRE_ERROR, "%s", sg_status_text(SG_NOMEM));
        return SG_NOMEM;
    }
    if (!ca) {
        (void)gnutls_certificate_set_x509_system_trust(self->trust); /* none: nobody is trusted */
        return SG_OK;
    }
    int count = gnutls_certificate_set_x509_trust_file(self->trust, ca, GNUTLS_X509_FMT_PEM);
    if (count <= 0) {
        bool away = count == GNUTLS_E_FILE_ERROR;
        snprintf(ret_error, SG_HTTP_WIRE_ERROR, "--ca: %s %.90s",
                 away ? "cannot read" : "expected certificates as PEM in", ca);
        return away ? SG_IO : SG_FORMAT;
    }
    return SG_OK;
}

static sg_status shake_hands(sg_http_wire *self, const char *host, const char *ca,
                             char ret_error[SG_HTTP_WIRE_ERROR])
{
    int why = gnutls_init(&self->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
    why = why < 0 ? why : gnutls_set_default_priority(self->session);
    why =
        why < 0 ? why : gnutls_credentials_set(self->session, GNUTLS_CRD_CERTIFICATE, self->trust);
    if (why >= 0 && !is_address(host)) {
        why = gnutls_server_name_set(self->session, GNUTLS_NAME_DNS, host, strlen(host));
    }
    if (why >= 0) {
        gnutls_session_set_verify_cert(self->session, host, 0);
        gnutls_handshake_set_timeout(self->session, SG_HTTP_WAIT_S * 1000);
        gnutls_transport_set_int(self->session, self->fd);
        do { /* ends: the handshake has a time-out */
            why = gnutls_handshake(self->session);
        } while (why < 0 && gnutls_error_is_fatal(why) == 0);
    }
    if (why < 0) {
        explain(self, why, ca, ret_error);
        return SG_UNAVAILABLE;
    }
    return SG_OK;
}

/* ---- either ---- */

sg_status sg_http_wire_open(sg_http_wire *self, const char *host, const char *port, bool tls,
                            const char *ca, char ret_error[SG_HTTP_WIRE_ERROR])
{
    *self = (sg_http_wire){.fd = -1};
    sg_status status = tls ? trust(self, ca, ret_error) : SG_OK;
    if (status != SG_OK) {
        return status;
    }
    self->fd = dial(host, port);
    if (self->fd < 0) {
        snprintf(ret_error, SG_HTTP_WIRE_ERROR, "%s", strerror(errno));
        return SG_UNAVAILABLE;
    }
    return tls ? shake_hands(self, host, ca, ret_error) : SG_OK;
}

void sg_http_wire_close(sg_http_wire *self)
{
    if (self->session) {
        gnutls_deinit(self->session);
    }
    if (self->trust) {
        gnutls_certificate_free_credentials(self->trust);
    }
    if (self->fd >= 0) {
        close(self->fd);
    }
}

bool sg_http_wire_send(sg_http_wire *self, const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ptrdiff_t sent = self->session
                             ? gnutls_record_send(self->session, bytes + done, size - done)
                             : send(self->fd, bytes + done, size - done, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        done += (size_t)sent;
    }
    return true;
}

ptrdiff_t sg_http_wire_receive(sg_http_wire *self, char *ret, size_t size)
{
    if (!self->session) {
        return recv(self->fd, ret, size, 0);
    }
    ptrdiff_t got;
    double end_s = sg_clock_s() + SG_HTTP_WAIT_S;
    do { /* what is not the answer (tickets, new keys) comes as "once more", and so does a time-out */
        got = gnutls_record_recv(self->session, ret, size);
    } while (got < 0 && gnutls_error_is_fatal((int)got) == 0 && sg_clock_s() < end_s);
    self->abrupt = got == GNUTLS_E_PREMATURE_TERMINATION;
    return self->abrupt ? 0 : got;
}
