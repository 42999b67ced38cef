#include "serve/http.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_MAX = 1 << 20 };

/* The whole file, terminated; NULL after saying why in ret_error. */
static char *slurp(const char *option, const char *path, char ret_error[SG_SERVE_TEXT])
{
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(PEM_MAX) : NULL;
    size_t length = text ? fread(text, 1, PEM_MAX - 1, file) : 0;
    if (!text || ferror(file) || length == 0) {
        snprintf(ret_error, SG_SERVE_TEXT, "%s: cannot read %.150s: %s", option, path,
                 file ? "it is empty" : strerror(errno));
        free(text);
        text = NULL;
    } else {
        text[length] = '\0';
    }
    if (file) {
        fclose(file);
    }
    return text;
}

/* 0, or GnuTLS's own number: the pair is what the library will be given. */
static int try_pair(const char *cert, const char *key)
{
    union {
        const char *from;
        void *to;
    } c = {.from = cert}, k = {.from = key};
    gnutls_datum_t cert_text = {.data = c.to, .size = (unsigned)strlen(cert)};
    gnutls_datum_t key_text = {.data = k.to, .size = (unsigned)strlen(key)};
    gnutls_certificate_credentials_t pair;
    int why = gnutls_certificate_allocate_credentials(&pair);
    if (why >= 0) {
        why = gnutls_certificate_set_x509_key_mem(pair, &cert_text, &key_text, GNUTLS_X509_FMT_PEM);
        gnutls_certificate_free_credentials(pair);
    }
    return why < 0 ? why : 0;
}

sg_status sg_http_tls_read(sg_serve *self, char ret_error[SG_SERVE_TEXT])
{
    const char *cert = self->config.tls_cert, *key = self->config.tls_key;
    if (!cert && !key) {
        if (!self->loopback && !self->config.insecure_http) {
            snprintf(
                ret_error, SG_SERVE_TEXT,
                "cannot listen on %.80s: beyond loopback expected --tls-cert and --tls-key, or "
                "--insecure-http where something else protects the way",
                self->config.listen);
            return SG_FORMAT;
        }
        return SG_OK;
    }
    if (!cert || !key) {
        snprintf(ret_error, SG_SERVE_TEXT, "expected --tls-cert and --tls-key together");
        return SG_FORMAT;
    }
    self->tls_cert = slurp("--tls-cert", cert, ret_error);
    self->tls_key = self->tls_cert ? slurp("--tls-key", key, ret_error) : NULL;
    if (!self->tls_key) {
        return SG_FORMAT;
    }
    int why = try_pair(self->tls_cert, self->tls_key);
    if (why != 0) {
        snprintf(ret_error, SG_SERVE_TEXT,
                 "expected a certificate (chain) and its key as PEM in %.70s and %.70s: %s", cert,
                 key, gnutls_strerror(why));
        return SG_FORMAT;
    }
    self->tls = true;
    return SG_OK;
}

void sg_http_tls_free(sg_serve *self)
{
    if (self->tls_key) {
        explicit_bzero(self->tls_key, strlen(self->tls_key));
    }
    free(self->tls_key);
    free(self->tls_cert);
}
